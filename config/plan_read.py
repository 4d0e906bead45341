"""Reading a plan file: TOML to models, table by table. All structural faults are found in one reading, as Findings."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from config import limits
from config.extends import Near, whole
from config.findings import Finding
from config.parsing import made, once, plain, shown, unknown
from config.plan import (
    Alerts,
    Campus,
    ClassEntry,
    DayType,
    Gate,
    Group,
    Plan,
    PlanError,
    School,
    SchoolClass,
    Sentences,
    WindowEntry,
    Zone,
    expand,
)  # fmt: skip
from config.schoolyear import Calendar
from config.types import Frozen, Readings

T = TypeVar("T", bound=Frozen)


class Draft(Frozen):
    """What of a file could be read: the parts that are well formed, the ids that stand there at all, what is broken.

    `lint.py` looks at a draft, so that faults of form and of sense are found in one run, each once.
    """

    school: School | None = None
    campuses: tuple[Campus, ...] = ()
    gates: tuple[Gate, ...] = ()
    zones: tuple[Zone, ...] = ()
    entries: tuple[ClassEntry, ...] = ()
    groups: tuple[Group, ...] = ()
    day_types: tuple[DayType, ...] = ()
    windows: tuple[WindowEntry, ...] = ()
    sentences: Sentences | None = None
    alerts: Alerts | None = None
    calendar: Calendar | None = None
    readings: Readings = {}
    named: dict[str, tuple[str, ...]] = {}
    broken: tuple[str, ...] = ()
    files: dict[str, str] = {}

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
            campuses=self.campuses,
            gates=self.gates,
            zones=self.zones,
            classes=self.classes,
            groups=self.groups,
            day_types=self.day_types,
            windows=self.windows,
            sentences=self.sentences,
            alerts=self.alerts,
            calendar=self.calendar,
            readings=self.readings,
        )


class _Spoken(Frozen):
    readings: Readings = {}


_KEYS = (
    "v", "school", "campuses", "gates", "zones", "classes", "groups", "day_types", "windows", "sentences", "alerts",
    "calendar", "readings",
)  # fmt: skip


def draft(text: str, near: Near | None = None) -> tuple[Draft, tuple[Finding, ...]]:
    """Read what can be read of a plan file and what it extends, with a finding for everything else."""
    read = whole(text, near)
    if read.raw is None:
        return Draft(broken=_KEYS), read.findings
    raw, reader = read.raw, _Reader(read.raw)
    reader.findings += read.findings
    drafted = Draft(
        school=reader.one("school", School),
        campuses=reader.tables("campuses", Campus, limits.CAMPUSES_MAX, needed=False),
        gates=reader.tables("gates", Gate, limits.GATES_MAX),
        zones=reader.tables("zones", Zone, limits.ZONES_MAX),
        entries=reader.array("classes", ClassEntry, limits.CLASS_ENTRIES_MAX),
        groups=reader.tables("groups", Group, limits.GROUPS_MAX, needed=False),
        day_types=reader.tables("day_types", DayType, limits.DAY_TYPES_MAX, needed=False),
        windows=reader.array("windows", WindowEntry, limits.WINDOWS_MAX),
        sentences=reader.one("sentences", Sentences, default={}),
        alerts=reader.one("alerts", Alerts, default={}),
        calendar=reader.one("calendar", Calendar),
        readings=reader.readings(),
        named=reader.named,
        broken=tuple(finding.place for finding in reader.findings),
        files=read.files,
    )
    reader.findings += [unknown(plain(key), key, _KEYS) for key in raw if key not in _KEYS]
    return drafted, once(reader.findings)


def taken(text: str) -> Plan:
    """A plan that was checked when it was stored: a newer program that finds more in it must not end a school's day.

    Raises PlanError when this program cannot read its form.
    """
    made, findings = draft(text)
    if findings:
        raise PlanError("store", findings)
    return made.plan()


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

    def tables(self, key: str, model: type[T], most: int, *, needed: bool = True) -> tuple[T, ...]:
        """`[gates.east]`: the key is the id."""
        if not needed and self.raw.get(key, {}) == {}:
            self.named[key] = ()
            return ()
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

    def readings(self) -> Readings:
        one = self._made("", {"readings": self.raw.get("readings", {})}, _Spoken)
        return {} if one is None else one.readings

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
