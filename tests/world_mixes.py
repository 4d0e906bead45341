"""Which things come together on a day; `MIXES` are the days that find something.

A uniform draw of faults flagged 2 of 40 days with every rule of a prototype wrong, so a day draws a directed mix.
"""

import random
import zlib

import world_faults
from world_faults import Fault, School
from world_people import Deed
from world_trouble import Trouble, plan

Happening = Fault | Deed | Trouble


def arm(school: School, happening: Happening) -> None:
    """Let it happen on this school's day, at instants of its own."""
    source = random.Random(f"{school.world.seed} {happening.name}")
    match happening:
        case Fault():
            world_faults.arm(school, happening)
        case Deed():
            school.staff.plan(happening, source)
        case Trouble():
            plan(school, happening, source)


F, D, T = Fault, Deed, Trouble
MIXES: tuple[tuple[Happening, ...], ...] = (
    (),
    (F.POWER_CUT,),
    (F.POWER_CUT, F.PLAYER),
    (F.POWER_CUT, D.HOLD, F.CENTRE_KILLED),
    (F.POWER_CUT, F.GATE_OFFLINE, D.CALL),
    (F.POWER_CUT, F.DISK_FULL, D.CALL),
    (F.DISK_READ_ONLY, F.PLAYER, D.HOLD),
    (D.HOLD, D.DELAY, F.GATE_OFFLINE),
    (D.HOLD, D.CALL, F.LOSSES, F.DOUBLE_TAPS),
    (D.HOLD, D.SKIP, D.UNDO, F.POWER_CUT),
    (D.HOLD, D.EXTEND, D.NOTICE, F.ALL_OFFLINE),
    (D.HOLD_TWICE, D.CALL),
    (D.HOLD_TWICE, F.DELAYS, F.POWER_CUT),
    (D.DELAY, D.CALL, F.LOSSES),
    (F.LARGE_LOST, D.DELAY),
    (F.LARGE_LOST, D.SKIP_LATE, F.POWER_CUT),
    (D.SKIP_LATE,),
    (D.HOLD_LATE,),
    (D.DELAY_LATE, F.DELAYS),
    (D.SKIP_LATE, F.DELAYS),
    (D.SKIP_LATE, D.UNDO, D.CALL, F.DOUBLES),
    (D.DELAY, D.UNDO, F.CENTRE_KILLED, F.DOUBLE_TAPS),
    (D.REPEAT, D.CALL, F.PLAYER, F.DOUBLE_TAPS),
    (F.GATE_CLOCK_STEPS, D.CALL),
    (F.GATE_CLOCK_STEPS, F.GATE_OFFLINE, F.CLOCKS_OFF),
    (F.CENTRE_CLOCK_STEPS, D.HOLD),
    (F.CLOCKS_OFF, F.UNVOUCHED, F.DELAYS),
    (F.UNVOUCHED, F.POWER_CUT, D.DELAY),
    (F.CENTRE_KILLED, F.BROKER_EMPTY),
    (F.CENTRE_KILLED, F.LOSSES, D.SKIP),
    (F.BROKER_EMPTY, F.POWER_CUT, D.DELAY),
    (F.LOSSES, F.DOUBLES, F.DELAYS),
    (F.HALF_OPEN, D.HOLD, D.DELAY),
    (F.RENDERER, F.POWER_CUT),
    (F.PANEL, D.HOLD),
    (F.DEAD, D.NOTICE),
    (F.RESTORED, D.HOLD),
    (F.RESTORED, D.DELAY, F.CENTRE_KILLED),
)  # fmt: skip


PEOPLE: tuple[tuple[Happening, ...], ...] = (
    (T.ALERT,),
    (T.ALERT, F.POWER_CUT),
    (T.ALERT_STANDS, F.CENTRE_KILLED, F.GATE_OFFLINE),
    (T.ALERT, F.RESTORED),
    (T.ALERT, F.PLAYER, D.HOLD),
    (T.ALERT, F.RENDERER, F.GATE_CLOCK_STEPS),
    (T.ALERTS_AT_ONCE, F.LOSSES),
    (T.ALERT, T.DRILL, F.DELAYS),
    (T.DRILL, F.POWER_CUT, D.CALL),
    (T.CLEAR_ASTRAY, T.ALERT),
    (T.SILENCED, T.ALERT, F.POWER_CUT),
    (T.HOLD_PRESSED, F.GATE_OFFLINE, F.POWER_CUT),
    (T.HOLD_PRESSED, D.HOLD, F.DISK_FULL),
    (T.EIGHT_HOLDS, F.LOSSES),
    (T.STUCK, D.HOLD, F.POWER_CUT),
    (T.GUARDED,),
    (T.GUARDED, T.NEXT_PRESSED, F.POWER_CUT),
    (T.GUARDED, T.EIGHT_NEXTS, T.HOLD_PRESSED),
    (T.GUARDED, T.NEXT_PRESSED, T.ALERT),
    (T.GUARDED, D.CALL, D.UNDO, F.DELAYS),
    (T.TWO_STAFF, F.DELAYS),
    (T.TWO_CENTRES, D.DELAY),
    (T.QUIET, D.HOLD, F.DELAYS),
    (T.QUIET, F.POWER_CUT, D.CALL),
    (T.QUIET, T.ALERT),
    (T.QUIET, T.GUARDED, D.NOTICE),
)  # fmt: skip
"""Days of alerts, buttons and guarded windows."""


A_NIGHT_MAX = 10_000
"""Days of one mix; more would be days of the next night."""


def days(
    mix: tuple[Happening, ...], count: int, night: int = 0, *, rarely: bool = True
) -> list[tuple[int, tuple[Happening, ...]]]:
    """Seeds of a mix, its own whatever other mixes there are, and others each night; `rarely`: now and then with one
    thing more.
    """
    first = zlib.crc32(" ".join(one.name for one in mix).encode()) % 1_000_000 + night * A_NIGHT_MAX
    rare = (Fault.RESTORED, Fault.DEAD)
    more: list[Happening] = [one for one in (*Fault, *Deed) if one not in rare]
    drawn = []
    for seed in range(first, first + count):
        source = random.Random(f"{seed} mix")
        extra = () if source.random() < 0.7 or not rarely else (source.choice(more),)
        drawn.append((seed, tuple(dict.fromkeys((*mix, *extra)))))
    return drawn
