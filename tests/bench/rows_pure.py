"""Computing: a school's day out of its plan, a day out of its JSON, each beside `json` on the same bytes."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from bench.row import Row
from broker.wire.messages import decode, encode
from config.day import GateDay
from config.limits import GATE_DAY_MAX_BYTES
from config.lint import read
from config.plan import Plan
from config.timetable import timetable
from process_rig import CLOCK

ON = date(2026, 11, 25)
SAMPLE = Path(__file__).resolve().parents[2] / "deploy/examples/shifan.toml"
LEAST_S = 0.02
"""One sample repeats its work for at least this long: a scheduler's slice is no result."""


def large() -> str:
    """A plan of 72 classes at 4 gates, two dismissals a day."""
    gates = "".join(
        f'[gates.n{n}]\nname = "{n}号门"\n[zones.z{n}]\nname = "{n}区"\ngate = "n{n}"\n'
        f'[[classes]]\nid = "c{n}"\ngrade = "{n}年级"\ncount = 18\nzone = "z{n}"\n'
        for n in range(1, 5)
    )
    windows = "".join(
        f'[[windows]]\nid = "{own}"\nname = "{own}"\nkind = "dismissal"\n'
        f'opens = "{hour}:25"\nstarts = "{hour}:30"\ncloses = "{hour}:50"\nevery_s = 45\n'
        for own, hour in (("noon", 11), ("late", 16))
    )
    return (
        'v = 1\n[school]\nid = "large"\nname = "大学校"\ncontact = "教务处"\n'
        f'{gates}{windows}[calendar]\nterms = [{{ from = "2026-09-01", to = "2027-01-22" }}]\n'
    )


def a_time_ms(work: Callable[[], object]) -> float:
    """Milliseconds of one time."""
    times, began_s = 0, CLOCK.monotonic_s()
    while (took_s := CLOCK.monotonic_s() - began_s) < LEAST_S:
        work()
        times += 1
    return took_s / times * 1000


def _rows(text: str, name: str, pairs: int) -> Iterator[Row]:
    plan: Plan = read(text, name)[0]
    days = timetable(plan, ON)
    assert len([cue for day in days for cue in day.cues]) >= len(plan.classes), "a day without calls is no day"
    whole = b"[" + b",".join(encode(day) for day in days) + b"]"
    one = encode(days[0])
    size = f"{len(plan.classes)} classes, {len(days)} gates"
    yield Row(
        f"timetable: {size}", "ms", f"json.loads + dumps of its {len(whole) / 1024:.0f} KiB", pairs,
        lambda: a_time_ms(lambda: timetable(plan, ON)),
        lambda: a_time_ms(lambda: json.dumps(json.loads(whole), ensure_ascii=False)),
    )  # fmt: skip
    yield Row(
        f"read a gate's day: {len(days[0].cues)} cues", "ms", f"json.loads of its {len(one) / 1024:.0f} KiB", pairs,
        lambda: a_time_ms(lambda: decode(one, GateDay, GATE_DAY_MAX_BYTES)),
        lambda: a_time_ms(lambda: json.loads(one)),
    )  # fmt: skip


@contextmanager
def rows(_: Path, pairs: int) -> Iterator[list[Row]]:
    yield [*_rows(SAMPLE.read_text("utf-8"), "shifan.toml", pairs), *_rows(large(), "large.toml", pairs)]
