"""A day as a person reads it: a plan and changes in, every cue out as one line of text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from config.changes import Change, applied
from config.day import Cue, GateDay
from config.lint import read
from config.pacing import by_hand
from config.plan import Plan
from config.roster import AnyDay, WholeDay
from config.timetable import folded, instant, local, timetable

HALL = """[zones.hall]
name = "体育馆"
gate = "west"
[day_types.rain]
name = "雨天"
places = { g1 = "hall" }
"""
"""In rain the first grade waits at the west gate."""
WEDNESDAY = date(2026, 11, 25)
SCHOOL = """v = 1
[school]
id = "lab"
name = "实验小学"
contact = "教务处"
"""
CALENDAR = """
[calendar]
national = "none"
terms = [{ from = "2026-09-01", to = "2027-01-22" }]
"""
SMALL = """
[gates.east]
name = "东门"
[gates.west]
name = "西门"
[zones.a]
name = "A区"
gate = "east"
[zones.b]
name = "B区"
gate = "west"
[[classes]]
id = "g1"
grade = "一年级"
count = 2
zone = "a"
[[classes]]
id = "g2"
grade = "二年级"
count = 2
zone = "b"
"""
"""Two grades of two classes, at two gates."""
AFTERNOON = """
[[windows]]
id = "afternoon"
name = "下午放学"
kind = "dismissal"
opens = "16:25"
starts = "16:30"
closes = "16:45"
every_s = 60
"""

RAIN = """
[zones.hall]
name = "体育馆"
gate = "west"
[day_types.rain]
name = "雨天"
places = { g1 = "hall" }
[day_types.rain.sentences]
call = "请{classes}的家长到{zone}接孩子。"
"""
"""Rain moves grade one into the hall."""
NORMAL = [
    "16:30 东门 请注意，一年级一班正在放学。",
    "16:30 西门 请注意，二年级一班正在放学。",
    "16:31 东门 请注意，一年级二班正在放学。",
    "16:31 西门 请注意，二年级二班正在放学。",
]
"""Its afternoon as ever."""


@dataclass(frozen=True, slots=True)
class Parted:
    """A day of which parts differ: by a scope (campus, grade, group, gate, class), the last one that is named."""

    day_type: str
    weekday: str
    parts: Mapping[str, WholeDay] = field(default_factory=dict)

    def of(self, scopes: Sequence[str]) -> WholeDay:
        found = [self.parts[scope] for scope in scopes if scope in self.parts]
        return found[-1] if found else WholeDay(self.day_type, self.weekday)


def taken(*tables: str) -> Plan:
    """The plan of these tables; without a fault, and without a warning but for what sounds in the evening."""
    made, warnings = read(SCHOOL + "".join(tables) + CALENDAR, "plan.toml")
    assert {one.code for one in warnings} <= {"neighbours"}
    return made


def day(made: Plan, *changes: Change, on: date = WEDNESDAY) -> list[str]:
    return lines(made, timetable(made, on, changes))


def typed(made: Plan, of: AnyDay | str, *changes: Change, on: date = WEDNESDAY) -> list[str]:
    """A date that the calendar says is so."""
    return lines(made, applied(folded(made, on, WholeDay(of, "wed") if isinstance(of, str) else of), changes))


def lines(made: Plan, days: Sequence[GateDay]) -> list[str]:
    """“16:30:00 东门 请注意，…”, by instant and gate."""
    gates = {gate.id: gate.name for gate in made.gates}
    order = {gate.id: n for n, gate in enumerate(made.gates)}
    rows = sorted(((cue.at, order[each.gate], cue.id, each, cue) for each in days for cue in each.cues), key=_first)
    return [f"{_when(made, each, cue)} {gates[each.gate]} {cue.say}{_state(cue)}" for _, _, _, each, cue in rows]


def _first(row: tuple[datetime, int, str, GateDay, Cue]) -> tuple[datetime, int, str]:
    return row[:3]


def _when(made: Plan, of: GateDay, cue: Cue) -> str:
    if by_hand(cue, of.window(cue)):
        return "放行"
    at = local(cue.at, made)
    return f"{at:%H:%M}" if at.second == 0 else f"{at:%H:%M:%S}"


def _state(cue: Cue) -> str:
    return " ×" if cue.state == "cancelled" else ""


def quiet(made: Plan, days: Sequence[GateDay]) -> list[str]:
    """“北门 08:50–11:40”."""
    names = {gate.id: gate.name for gate in made.gates}
    return [
        f"{names[each.gate]} {local(span.begins, made):%H:%M}–" + (f"{local(span.to, made):%H:%M}" if span.to else "")
        for each in days
        for span in each.quiet
    ]


def change(made: Plan, n: int, kind: str, at: str, **more: object) -> Change:
    """What somebody did at this time of the school's clocks on the Wednesday."""
    hours, minutes, *seconds = (int(part) for part in at.split(":"))
    when = instant(made, WEDNESDAY, 0) + timedelta(hours=hours, minutes=minutes, seconds=sum(seconds))
    return Change.model_validate({"v": 1, "n": n, "key": f"k{n}", "at": when, "by": "王老师", "kind": kind, **more})


def call(window: str, subject: str, on: date = WEDNESDAY) -> str:
    return f"{on}/{window}/{subject}/call"
