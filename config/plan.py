"""A school's plan: read from TOML into frozen models. All structural faults are found in one reading, as Findings."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, PlainValidator
from pydantic_core import PydanticCustomError

from config import limits
from config.alerts import DRILL, Action
from config.day import Mode, Pacing, WindowKind
from config.errors import BadInputError
from config.findings import Finding, words
from config.parsing import loaded, made, once, plain, shown, unknown
from config.schoolyear import Calendar
from config.types import Frozen, Name, Say, Slug, WindowId

T = TypeVar("T", bound=Frozen)
_TIME = re.compile(r"([01][0-9]|2[0-9]):([0-5][0-9])(?::([0-5][0-9]))?")
_NUMERAL_MAX = 99
_NUMERALS = "零一二三四五六七八九十"


def _time(value: Any) -> int:
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise PydanticCustomError("bad_time", "is no time of day such as 11:30")
    return int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3] or 0)


TimeOfDay = Annotated[int, PlainValidator(_time)]
"""Seconds after the date's midnight by the school's clocks; up to 29:59:59, for what crosses midnight."""
ClassKind = Literal["class", "club", "bus", "other"]


class School(Frozen):
    """`contact`: whom to ask when the plan cannot say."""

    id: Slug
    name: Name
    zone: Annotated[str, Field(max_length=64)] = "Asia/Shanghai"
    mode: Mode = "live"
    contact: Name


class Gate(Frozen):
    id: Slug
    name: Name


class Zone(Frozen):
    """A pick-up zone outside one gate."""

    id: Slug
    name: Name
    gate: Slug


class ClassEntry(Frozen):
    """One `[[classes]]`: a grade of `count` classes (`g3` makes g3c1 三年级一班 …), or a single class by `name`."""

    id: Slug
    grade: Name | None = None
    count: Annotated[int, Field(ge=1, le=40)] | None = None
    name: Name | None = None
    kind: ClassKind = "class"
    zone: Slug
    route: Name | None = None

    @property
    def fault(self) -> Literal["count_or_name", "bad_id", "bad_text"] | None:
        """Why it cannot be expanded: neither one nor the other, or its classes would have too long an id or name."""
        if self.name is not None or self.grade is None or self.count is None:
            single = self.name is not None and self.grade is None and self.count is None
            return None if single else "count_or_name"
        if len(f"{self.id}c{self.count}") > limits.ID_MAX:
            return "bad_id"
        names = (f"{self.grade}{numeral(n)}班" for n in range(1, self.count + 1))
        return "bad_text" if max(map(len, names)) > limits.NAME_MAX else None


class SchoolClass(Frozen):
    """A class as it is called; `entry` is the grade or class of the file it came from."""

    id: Slug
    entry: Slug
    name: Name
    kind: ClassKind
    zone: Slug
    route: Name | None


class WindowEntry(Frozen):
    """One `[[windows]]`, at the gates listed, or all. `order`: grades and classes as they leave.

    Each gate calls its own of them, `every_s` apart, from `starts` (without it from `opens`). Where people pace them
    that is their order alone; one that waited for `max_wait_s` (0: for ever) is called, or passed over.
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
    late_s: Annotated[float, Field(ge=5, le=600)] = limits.LATE_S
    repeat: Annotated[int, Field(ge=1, le=5)] = 2
    order: Annotated[tuple[Slug, ...], Field(min_length=1, max_length=limits.CLASS_ENTRIES_MAX)] | None = None
    notice: Say | None = None
    gates: Annotated[tuple[Slug, ...], Field(min_length=1, max_length=limits.GATES_MAX)] | None = None
    gain_db: Annotated[float, Field(ge=-40, le=12)] = 0.0

    def at_gate(self, gate: str) -> bool:
        return self.gates is None or gate in self.gates

    @property
    def in_order(self) -> bool:
        starts_s = self.opens if self.starts is None else self.starts
        return self.opens <= starts_s < self.closes


class Sentences(Frozen):
    call: Say = "请注意，{classes}正在放学。"


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
    gates: tuple[Gate, ...]
    zones: tuple[Zone, ...]
    classes: tuple[SchoolClass, ...]
    windows: tuple[WindowEntry, ...]
    sentences: Sentences
    alerts: Alerts
    calendar: Calendar

    def gate_of(self, of: SchoolClass) -> str:
        """The gate whose zone the class waits in."""
        return next(zone.gate for zone in self.zones if zone.id == of.zone)


class PlanError(BadInputError):
    """A plan was refused; `findings` holds every reason."""

    def __init__(self, file: str, findings: tuple[Finding, ...]) -> None:
        self.file, self.findings = file, findings
        super().__init__("\n".join(f"{file}: {words(finding, 'en')}" for finding in findings))


class Draft(Frozen):
    """What of a file could be read: the parts that are well formed, the ids that stand there at all, what is broken.

    `lint.py` looks at a draft, so that faults of form and of sense are found in one run, each once.
    """

    school: School | None = None
    gates: tuple[Gate, ...] = ()
    zones: tuple[Zone, ...] = ()
    entries: tuple[ClassEntry, ...] = ()
    windows: tuple[WindowEntry, ...] = ()
    sentences: Sentences | None = None
    alerts: Alerts | None = None
    calendar: Calendar | None = None
    named: dict[str, tuple[str, ...]] = {}
    broken: tuple[str, ...] = ()

    @property
    def classes(self) -> tuple[SchoolClass, ...]:
        return tuple(one for entry in self.entries if entry.fault is None for one in expand(entry))

    def whole(self, *keys: str) -> bool:
        """Whether everything under these keys of the file could be read."""
        return not any(place.split(".")[0].split("[")[0] in keys for place in self.broken)

    def plan(self) -> Plan:
        """Legal only when nothing was found."""
        assert self.school is not None and self.calendar is not None
        assert self.sentences is not None and self.alerts is not None
        return Plan(
            school=self.school,
            gates=self.gates,
            zones=self.zones,
            classes=self.classes,
            windows=self.windows,
            sentences=self.sentences,
            alerts=self.alerts,
            calendar=self.calendar,
        )


def expand(entry: ClassEntry) -> Iterator[SchoolClass]:
    """The classes of one entry without fault, in their order."""
    if entry.count is None:
        names = [(entry.id, entry.name or entry.id)]
    else:
        names = [(f"{entry.id}c{n}", f"{entry.grade}{numeral(n)}班") for n in range(1, entry.count + 1)]
    for own, name in names:
        yield SchoolClass(id=own, entry=entry.id, name=name, kind=entry.kind, zone=entry.zone, route=entry.route)


def numeral(n: int) -> str:
    """1 to 99 as people say it: 二, 十二, 三十."""
    assert 1 <= n <= _NUMERAL_MAX, "classes of a grade are numbered up to 40"
    tens, ones = divmod(n, 10)
    return ("" if tens == 0 else "十" if tens == 1 else f"{_NUMERALS[tens]}十") + (_NUMERALS[ones] if ones else "")


_KEYS = ("v", "school", "gates", "zones", "classes", "windows", "sentences", "alerts", "calendar")


def draft(text: str) -> tuple[Draft, tuple[Finding, ...]]:
    """Read what can be read of a plan file, with a finding for everything else."""
    raw, findings = loaded(text, limits.PLAN_MAX_BYTES)
    if raw is None:
        return Draft(broken=_KEYS), findings
    reader = _Reader(raw)
    if raw.get("v") != 1 or not isinstance(raw["v"], int) or isinstance(raw["v"], bool):
        reader.findings.append(Finding("v", "v", shown(raw.get("v"))))
    drafted = Draft(
        school=reader.one("school", School),
        gates=reader.tables("gates", Gate, limits.GATES_MAX),
        zones=reader.tables("zones", Zone, limits.ZONES_MAX),
        entries=reader.array("classes", ClassEntry, limits.CLASS_ENTRIES_MAX),
        windows=reader.array("windows", WindowEntry, limits.WINDOWS_MAX),
        sentences=reader.one("sentences", Sentences, default={}),
        alerts=reader.one("alerts", Alerts, default={}),
        calendar=reader.one("calendar", Calendar),
        named=reader.named,
        broken=tuple(finding.place for finding in reader.findings),
    )
    reader.findings += [unknown(plain(key), key, _KEYS) for key in raw if key not in _KEYS]
    return drafted, once(reader.findings)


class _Reader:
    """Validates a raw file table by table, so that one bad window does not hide the faults of the next."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = raw
        self.findings: list[Finding] = []
        self.named: dict[str, tuple[str, ...]] = {}

    def one(self, key: str, model: type[T], default: dict[str, Any] | None = None) -> T | None:
        value = self.raw.get(key, default)
        if value is None:
            self.findings.append(Finding("missing", key))
            return None
        return self._made(key, value, model)

    def tables(self, key: str, model: type[T], most: int) -> tuple[T, ...]:
        """`[gates.east]`: the key is the id."""
        value = self.raw.get(key, {})
        if not isinstance(value, dict):
            self.findings.append(Finding("not_table", key, shown(value)))
            return ()
        if not self._counted(key, len(value), most):
            return ()
        self.named[key] = tuple(value)
        entries = []
        for own, table in value.items():
            place = f"{key}.{plain(own)}"
            entry = {**table, "id": own} if isinstance(table, dict) else table
            one, findings = made(place, entry, model)
            entries.append(one)
            if isinstance(table, dict) and "id" in table:
                self.findings.append(unknown(f"{place}.id", "id", ()))
            self.findings += [replace(each, place=each.place.removesuffix(".id")) for each in findings]
        return tuple(one for one in entries if one is not None)

    def array(self, key: str, model: type[T], most: int) -> tuple[T, ...]:
        """`[[windows]]`: each has an `id`, and is named by it in findings."""
        value = self.raw.get(key, [])
        if not isinstance(value, list):
            self.findings.append(Finding("not_table", key, shown(value)))
            return ()
        if not self._counted(key, len(value), most):
            return ()
        ids = [table.get("id") if isinstance(table, dict) else None for table in value]
        self.named[key] = tuple(own for own in ids if isinstance(own, str))
        places = [f"{key}.{plain(own)}" if isinstance(own, str) else f"{key}[{n}]" for n, own in enumerate(ids)]
        entries = (self._made(place, table, model) for place, table in zip(places, value, strict=True))
        return tuple(one for one in entries if one is not None)

    def _counted(self, key: str, count: int, most: int) -> bool:
        if count == 0:
            self.findings.append(Finding("missing", key))
        elif count > most:
            self.findings.append(Finding("bad_range", key, str(count), {"limit": f"≤ {most}"}))
        return 0 < count <= most

    def _made(self, place: str, value: Any, model: type[T]) -> T | None:
        one, findings = made(place, value, model)
        self.findings += findings
        return one
