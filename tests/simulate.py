"""`./run simulate PLAN`: days of a plan under one virtual clock, with chosen faults; the end is the record sheet.

The centre and the gates are the real ones, of memory are the broker, the disks and the loudspeakers; every day begins
with empty ones. The same plan, date, seed and faults give the same sheet. Exit status 0: every call was announced;
1: some were late or were not called, or a program of ours broke; 2: bad input.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from broker import sheet
from broker.cli import record_sheet
from broker.cli_plan import loaded
from broker.wire.messages import decode
from config import limits
from config.clock import SystemClock
from config.day import GateDay
from config.errors import BadInputError
from config.language import language
from config.plan import Plan
from config.timetable import local, timetable
from world import Scene, World
from world_faults import CALM, Fault, School
from world_mixes import Happening, arm
from world_people import Deed
from world_trouble import Trouble, calm

BEFORE_S, AFTER_S = 120.0, 140.0
"""The day begins so long before its first cue, for days to arrive; it ends so long after the last window closed."""
FIRST_S = 60.0
"""Faults are drawn around t = 0 to CALM, with the first call of the day at this instant."""
NEAR_S = 60.0
IDLE_TICK_S = 25.0
"""Between windows, as long as a status every 30 s allows: a day is 15 hours, most of them idle."""
NAMES: dict[str, Happening] = {one.name.lower().replace("_", "-"): one for one in (*Fault, *Deed, *Trouble)}


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="./run simulate",
        description="一份方案的一天或许多天，虚拟的钟、真的中心和校门，结果是播报记录。Days of a plan, simulated.",
        epilog="故障 faults: " + "; ".join(f"{name} ({one.value})" for name, one in NAMES.items()),
    )
    parser.add_argument("plan", type=Path, metavar="PLAN", help="方案文件 the plan's file")
    parser.add_argument("--date", type=date.fromisoformat, metavar="D", help="从哪天起；不写是今天 the first; today")
    parser.add_argument("--days", type=int, default=1, metavar="N", help="几天；多天每天一行 several: a line a day")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="随机数 of the faults and their instants")
    parser.add_argument("--faults", nargs="+", default=[], choices=sorted(NAMES), metavar="FAULT", help="见下 as below")
    options = parser.parse_args(argv)
    try:
        plan, text = loaded(options.plan, language(os.environ))
    except BadInputError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    first = options.date or local(SystemClock().utc(), plan).date()
    well = True
    for n in range(options.days):
        on = first + timedelta(days=n)
        lines, good = day(plan, text, on, options.seed, [NAMES[one] for one in options.faults])
        _say("\n".join(lines if options.days == 1 else lines[-1:]))
        well = well and good
    return 0 if well else 1


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def day(plan: Plan, text: str, on: date, seed: int, mix: Sequence[Happening]) -> tuple[list[str], bool]:
    """One date: its record sheet, last its sum; and whether every call was announced."""
    days = timetable(plan, on)
    cues = [cue for one in days for cue in one.cues]
    if not cues:
        return [f"{on}  没有口令 nothing to call ({days[0].day_type})"], True
    first = min((cue.at for cue in cues if cue.kind == "call"), default=min(cue.at for cue in cues))
    start = first - timedelta(seconds=FIRST_S)
    near = [(one.at, one.until) for one in cues]
    if mix:  # holds and what comes late may move anything as far as its window goes
        near += [(one.opens, one.closes) for each in days for one in each.windows]
    spans = tuple(
        ((begins - start).total_seconds() - NEAR_S, (ends - start).total_seconds() + NEAR_S) for begins, ends in near
    )
    begins = min(cue.at for cue in cues) - timedelta(seconds=BEFORE_S)
    world = World(seed, Scene(plan, text, start, spans, IDLE_TICK_S), t=(begins - start).total_seconds())
    school = School(world)
    for happening in mix:
        arm(school, happening)
    school.boot()
    if mix:
        world.on(CALM, school.calm)
        world.on(CALM, partial(calm, school))
    end = _end(school) + AFTER_S
    while not world.violations and world.t < end:
        world.run(end)
        end = max(end, _end(school) + AFTER_S)
    return _told(school, plan, on)


def _end(school: School) -> float:
    """When the last window closes, as holds and changes moved it."""
    centre = school.centre.centre
    closes = [window.closes for window in centre.view().windows] if centre is not None else []
    return max(((at - school.world.scene.start).total_seconds() for at in closes), default=0.0)


def _told(school: School, plan: Plan, on: date) -> tuple[list[str], bool]:
    store = school.centre.store
    found = store.records(on)
    lines = [*record_sheet(store, plan, on, found), *(f"坏了 BROKE {what}" for what in school.world.violations)]
    calls = [line for gate in school.names for line in _calls(school, gate, on)]
    heard = [line for line in calls if line.record is not None and line.record.result == "announced"]
    wanted = [line for line in calls if line.cue.state == "planned"]
    good = not school.world.violations and {id(line) for line in wanted} <= {id(line) for line in heard}
    return [*lines, f"{on}  {'好 well' if good else '有事 look'}  {sheet.summary(calls)}"], good


def _calls(school: School, gate: str, on: date) -> Iterator[sheet.Line]:
    address = school.world.address(gate)
    payload = school.centre.store.day(address, on)
    if payload is not None:
        records = [record for owner, record in school.centre.store.records(on) if owner == address]
        yield from sheet.lines(decode(payload, GateDay, limits.GATE_DAY_MAX_BYTES), records)


if __name__ == "__main__":
    sys.exit(main())
