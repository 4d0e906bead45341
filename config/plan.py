"""A school's plan (一校一策) as frozen models; `plan_read.py` reads them from a file, `lint.py` looks for sense."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PlainValidator, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from config import limits
from config.alerts import DRILL, Action
from config.day import Mode, Pacing, WindowKind
from config.errors import BadInputError
from config.findings import Finding, words
from config.schoolyear import Calendar, Weekday
from config.types import Day, Frozen, Gain, Name, Readings, Say, Slug, WindowId

_TIME = re.compile(r"([01][0-9]|2[0-9]):([0-5][0-9])(?::([0-5][0-9]))?")
_NUMERAL_MAX = 99
_NUMERALS = "零一二三四五六七八九十"
NORMAL, CLOSED = "normal", "closed"
"""The day types that every plan has."""


def _time(value: Any, info: ValidationInfo) -> int:
    if info.mode == "python" and isinstance(value, int):
        return value  # of a model that is made anew
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise PydanticCustomError("bad_time", "is no time of day such as 11:30")
    return int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3] or 0)


TimeOfDay = Annotated[int, PlainValidator(_time)]
"""Seconds after the date's midnight by the school's clocks; up to 29:59:59, for what crosses midnight."""
Weekdays = Annotated[tuple[Weekday, ...], Field(max_length=7)]
ClassKind = Literal["class", "club", "bus", "other"]
Names = Annotated[tuple[Slug, ...], Field(min_length=1, max_length=limits.CLASS_ENTRIES_MAX)]
"""Ids of classes, grades or groups, as the key says."""
Gates = Annotated[tuple[Slug, ...], Field(min_length=1, max_length=limits.GATES_MAX)]
Places = Annotated[dict[Slug, Slug], Field(max_length=limits.CLASS_ENTRIES_MAX)]
"""Where a class, grade or group waits: the id of a zone, and so of a gate."""
Every = Annotated[float, Field(ge=0, le=3600)]


class Span(Frozen):
    begins: TimeOfDay = Field(alias="from")
    to: TimeOfDay

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.to <= self.begins:
            raise PydanticCustomError("bad_span", "to 要晚于 from (it ends before it begins)")
        return self


class CapEntry(Span):
    """In these hours nothing but an actual alert is louder, at these gates, or all."""

    gain_db: Gain
    gates: Gates | None = None


class School(Frozen):
    """`contact`: whom to ask when the plan cannot say; `owners`: who keeps the plan, best two."""

    id: Slug
    name: Name
    zone: Annotated[str, Field(max_length=64)] = "Asia/Shanghai"
    mode: Mode = "live"
    contact: Name
    owners: Annotated[tuple[Name, ...], Field(min_length=1, max_length=20)] | None = None
    caps: Annotated[tuple[CapEntry, ...], Field(max_length=limits.WINDOWS_MAX)] = ()


class Campus(Frozen):
    """A part of the school that may have a day of its own."""

    id: Slug
    name: Name


class Closure(Frozen):
    """A gate closed for some dates; its classes are called at the gate `instead`, or not at all."""

    begins: Day = Field(alias="from")
    to: Day
    why: Name
    instead: Slug | None = None


class Gate(Frozen):
    id: Slug
    name: Name
    campus: Slug | None = None
    hours: Annotated[tuple[Span, ...], Field(min_length=1, max_length=20)] | None = None
    closures: Annotated[tuple[Closure, ...], Field(max_length=100)] = ()
    gain_db: Gain = 0.0


class Zone(Frozen):
    """A pick-up zone outside one gate, for `most` classes at once: each needs `clear_s` until it is gone."""

    id: Slug
    name: Name
    gate: Slug
    most: Annotated[int, Field(ge=1, le=100)] | None = None
    clear_s: Annotated[float, Field(ge=1, le=3600)] = 180


class ClassEntry(Frozen):
    """One `[[classes]]`: a grade of `count` classes (`g3` makes g3c1 三年级一班 …), of `names`, or one class by `name`.

    `leaves`: the weekdays on which it goes home, if not on every school day.
    """

    id: Slug
    grade: Name | None = None
    count: Annotated[int, Field(ge=1, le=40)] | None = None
    names: Annotated[tuple[Name, ...], Field(min_length=1, max_length=40)] | None = None
    name: Name | None = None
    kind: ClassKind = "class"
    zone: Slug
    route: Name | None = None
    leaves: Weekdays | None = None

    @property
    def fault(self) -> Literal["count_or_name", "bad_id", "bad_text"] | None:
        """Why it cannot be expanded: not one of the three ways, or its classes would have too long an id or name."""
        given = [key for key in ("grade", "count", "names", "name") if getattr(self, key) is not None]
        if given not in (["grade", "count"], ["names"], ["name"]):
            return "count_or_name"
        if self.name is None and len(f"{self.id}c{self.count or len(self.names or ())}") > limits.ID_MAX:
            return "bad_id"
        return "bad_text" if max(map(len, self.called)) > limits.NAME_MAX else None

    @property
    def called(self) -> tuple[str, ...]:
        """The names of its classes."""
        if self.count is not None:
            return tuple(f"{self.grade}{numeral(n)}班" for n in range(1, self.count + 1))
        return self.names or (self.name or self.id,)


class SchoolClass(Frozen):
    """A class as it is called; `entry` is the grade or class of the file it came from."""

    id: Slug
    entry: Slug
    name: Name
    kind: ClassKind
    zone: Slug
    route: Name | None
    leaves: Weekdays | None = None


class Group(Frozen):
    """`[groups.bus1]`: classes and grades that are called together, in one cue under the group's name.

    `zone`: where it waits; without it where its members do, once at each of their gates. `each`: it is a means of
    transport, not a call: its members are called one by one, where and as the group says.
    """

    id: Slug
    name: Name | None = None
    kind: ClassKind = "other"
    members: Names
    zone: Slug | None = None
    each: bool = False
    call: Say | None = None


class CallEntry(Frozen):
    """One `[[windows.calls]]`: these classes, grades and groups at an instant, or `after_s` after `starts`.

    Several begin `every_s` apart (0: at one instant, and one after another); without it as far as in the window.
    """

    at: TimeOfDay | None = None
    after_s: Annotated[float, Field(ge=0, le=36000)] | None = None
    who: Names
    every_s: Every | None = None
    weekdays: Weekdays | None = None


class NoticeEntry(Frozen):
    """One `[[windows.notices]]`: a sentence at the gates of these classes, grades and groups, at `gates`, or at all."""

    at: TimeOfDay
    say: Say
    who: Names | None = None
    gates: Gates | None = None
    weekdays: Weekdays | None = None


class WindowOn(Frozen):
    """`[windows.on.rain]`, `[windows.on.wed]`: what differs on a day type or weekday; the day type has the last say."""

    opens: TimeOfDay | None = None
    closes: TimeOfDay | None = None
    starts: TimeOfDay | None = None
    pacing: Pacing | None = None
    max_wait_s: Annotated[float, Field(ge=0, le=3600)] | None = None
    on_timeout: Literal["call", "pass_over"] | None = None
    every_s: Annotated[float, Field(ge=1, le=3600)] | None = None
    rest_s: Annotated[float, Field(ge=1, le=60)] | None = None
    late_s: Annotated[float, Field(ge=5, le=600)] | None = None
    repeat: Annotated[int, Field(ge=1, le=5)] | None = None
    order: Names | None = None
    reverse: bool | None = None
    calls: Annotated[tuple[CallEntry, ...], Field(max_length=limits.CALLS_MAX)] | None = None
    notice: Say | None = None
    ending: Say | None = None
    notices: Annotated[tuple[NoticeEntry, ...], Field(max_length=limits.CALLS_MAX)] | None = None
    places: Places | None = None
    gates: Gates | None = None
    gain_db: Gain | None = None


class WindowEntry(Frozen):
    """One `[[windows]]`, at the gates listed, or all. `order`: grades, classes and groups as they leave.

    Each gate calls its own of them, `every_s` apart, from `starts` (without it from `opens`); `calls` have instants of
    their own. Where people pace them that is their order alone; one that waited for `max_wait_s` (0: for ever) is
    called, or passed over. `ending` is said once no call of the gate is open any more. It is on the `day_types` and
    `weekdays` listed; without them on every day with school.
    """

    id: WindowId
    name: Name
    kind: WindowKind
    opens: TimeOfDay
    closes: TimeOfDay
    starts: TimeOfDay | None = None
    pacing: Pacing = "timed"
    max_wait_s: Annotated[float, Field(ge=0, le=3600)] = limits.MAX_WAIT_S
    on_timeout: Literal["call", "pass_over"] = "pass_over"
    every_s: Annotated[float, Field(ge=1, le=3600)] | None = None
    rest_s: Annotated[float, Field(ge=1, le=60)] = limits.REST_S
    late_s: Annotated[float, Field(ge=5, le=600)] | None = None
    repeat: Annotated[int, Field(ge=1, le=5)] = 2
    order: Names | None = None
    reverse: bool = False
    calls: Annotated[tuple[CallEntry, ...], Field(max_length=limits.CALLS_MAX)] = ()
    notice: Say | None = None
    ending: Say | None = None
    notices: Annotated[tuple[NoticeEntry, ...], Field(max_length=limits.CALLS_MAX)] = ()
    places: Places = {}
    gates: Gates | None = None
    gain_db: Gain = 0.0
    day_types: Annotated[tuple[Slug, ...], Field(min_length=1, max_length=limits.DAY_TYPES_MAX)] | None = None
    weekdays: Annotated[Weekdays, Field(min_length=1)] | None = None
    on: Annotated[dict[Slug, WindowOn], Field(max_length=limits.DAY_TYPES_MAX)] = {}

    def at_gate(self, gate: str) -> bool:
        return self.gates is None or gate in self.gates

    @property
    def waits_s(self) -> float:
        """How late a call of it may begin, or how long a release counts. Who reports ready does so together."""
        return self.late_s or (limits.READY_LATE_S if self.pacing == "ready" else limits.LATE_S)

    def runs(self, day_type: str, weekday: str) -> bool:
        """Whether there is this window on a day type that the plan knows."""
        if self.weekdays is not None and weekday not in self.weekdays:
            return False
        return day_type in self.day_types if self.day_types is not None else day_type != CLOSED

    def variant(self, day_type: str, weekday: str) -> Self:
        """As it is on such a day."""
        found = [self.on[key] for key in (weekday, day_type) if key in self.on]
        if not found:
            return self
        return self.but(**{key: getattr(one, key) for one in found for key in one.model_fields_set - {"places"}})

    def places_on(self, key: str) -> Places:
        """Where classes wait, as the window says for a day type or a weekday."""
        return (self.on[key].places if key in self.on else None) or {}

    @property
    def parts(self) -> dict[str, "WindowEntry | WindowOn"]:
        """The window, and what differs on some days, by their places in the file."""
        place = f"windows.{self.id}"
        return {place: self, **{f"{place}.on.{key}": on for key, on in self.on.items()}}

    @property
    def starts_s(self) -> int:
        return self.opens if self.starts is None else self.starts

    @property
    def in_order(self) -> bool:
        return self.opens <= self.starts_s < self.closes


class SentencesOn(Frozen):
    """What is said instead on a day type; a kind's own sentence comes before the one for all."""

    call: Say | None = None
    club: Say | None = None
    bus: Say | None = None
    other: Say | None = None

    def of(self, kind: ClassKind) -> str | None:
        return {"class": self.call, "club": self.club, "bus": self.bus, "other": self.other}[kind]


class Sentences(SentencesOn):
    call: Say = "请注意，{classes}正在放学。"


class QuietEntry(Span):
    """Nothing but an actual alert speaks, at these gates, or all."""

    gates: Gates | None = None


class DayType(Frozen):
    """`[day_types.rain]`: a kind of school day beside `normal` and `closed`. `dismissal` false: nobody goes home."""

    id: Slug
    name: Name
    dismissal: bool = True
    places: Places = {}
    quiet: Annotated[tuple[QuietEntry, ...], Field(max_length=limits.WINDOWS_MAX)] = ()
    sentences: SentencesOn = SentencesOn()


AlertSay = Annotated[Say, Field(max_length=limits.SAY_MAX - len(DRILL))]


class Alerts(Frozen):
    """What the school says instead of the shipped sentences; a drill puts its own before it."""

    back: AlertSay | None = Field(default=None, alias="return")
    evacuate: AlertSay | None = None
    shelter: AlertSay | None = None

    def own(self, action: Action) -> str | None:
        return {"return": self.back, "evacuate": self.evacuate, "shelter": self.shelter}.get(action)


class Plan(Frozen):
    """一校一策: everything the timetable of a day is folded from."""

    school: School
    campuses: tuple[Campus, ...] = ()
    gates: tuple[Gate, ...]
    zones: tuple[Zone, ...]
    classes: tuple[SchoolClass, ...]
    groups: tuple[Group, ...] = ()
    day_types: tuple[DayType, ...] = ()
    windows: tuple[WindowEntry, ...]
    sentences: Sentences
    alerts: Alerts
    calendar: Calendar
    readings: Readings = {}

    def gate_of(self, of: SchoolClass) -> str:
        """The gate whose zone the class waits in, when nothing says otherwise."""
        return next(zone.gate for zone in self.zones if zone.id == of.zone)


class PlanError(BadInputError):
    """A plan was refused; `findings` holds every reason."""

    def __init__(self, file: str, findings: tuple[Finding, ...]) -> None:
        self.file, self.findings = file, findings
        super().__init__("\n".join(f"{finding.file or file}: {words(finding, 'en')}" for finding in findings))


def expand(entry: ClassEntry) -> Iterator[SchoolClass]:
    """The classes of one entry without fault, in their order."""
    single = entry.name is not None
    for n, name in enumerate(entry.called, 1):
        own = entry.id if single else f"{entry.id}c{n}"
        yield SchoolClass(
            id=own, entry=entry.id, name=name, kind=entry.kind, zone=entry.zone, route=entry.route, leaves=entry.leaves
        )


def numeral(n: int) -> str:
    """1 to 99 as people say it: 二, 十二, 三十."""
    assert 1 <= n <= _NUMERAL_MAX, "classes of a grade are numbered up to 40"
    tens, ones = divmod(n, 10)
    return ("" if tens == 0 else "十" if tens == 1 else f"{_NUMERALS[tens]}十") + (_NUMERALS[ones] if ones else "")
