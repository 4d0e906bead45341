"""Who is called where and when on a day, in seconds of the school's clocks; `timetable.py` makes cues of it.

Pure and total: what a plan names and does not have is left out, for `lint.py` looks at drafts through it too.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, NamedTuple, Protocol

from config import limits
from config.day import CueKind
from config.plan import CLOSED, NORMAL, ClassKind, DayType, Gate, Group, SchoolClass, WindowEntry, Zone


class Kind(NamedTuple):
    """What decides a day's table: its day type, and the weekday whose table runs."""

    day_type: str
    weekday: str


class DayPart(Protocol):
    """The day of a part of the school; `schooldays.DayOf` is one."""

    @property
    def day_type(self) -> str: ...
    @property
    def weekday(self) -> str: ...


class AnyDay(Protocol):
    """The day of a school, of which a part (by its campus, gate, grade, groups, own id) may differ."""

    def of(self, scopes: Sequence[str]) -> DayPart: ...


@dataclass(frozen=True, slots=True)
class WholeDay:
    """One day type and weekday for the whole school, whatever the calendar says."""

    day_type: str
    weekday: str

    def of(self, _: Sequence[str]) -> "WholeDay":
        return self


class Parts(Protocol):
    """What is read of a plan: a Plan, or the Draft of one."""

    @property
    def gates(self) -> tuple[Gate, ...]: ...
    @property
    def zones(self) -> tuple[Zone, ...]: ...
    @property
    def classes(self) -> tuple[SchoolClass, ...]: ...
    @property
    def groups(self) -> tuple[Group, ...]: ...
    @property
    def day_types(self) -> tuple[DayType, ...]: ...


@dataclass(frozen=True, slots=True)
class Called:
    """One call: `subject` (a class or group) at a gate. `say`: a sentence of its own; `window`: as it is that day."""

    window: WindowEntry
    day_type: str
    gate: str
    subject: str
    name: str
    kind: ClassKind
    classes: tuple[SchoolClass, ...]
    zone: Zone
    say: str | None
    at_s: float = 0.0

    def placed(self, gate: str, at_s: float) -> "Called":
        """The same at its gate and instant; `dataclasses.replace` takes a fifth of a fold."""
        return Called(
            self.window, self.day_type, gate, self.subject, self.name, self.kind, self.classes, self.zone, self.say,
            at_s,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """One sentence to everybody at a gate."""

    window: WindowEntry
    gate: str
    subject: str
    kind: CueKind
    at_s: float
    say: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A class that a window does not call, and why: its gate is closed, or the window is not on the class's day."""

    cls: str
    window: str
    why: Literal["gate_closed", "other_day"]


class Roster:
    """A plan seen on one day. `on`: the date, for the closures of gates."""

    def __init__(self, parts: Parts, of: AnyDay, on: date | None = None) -> None:
        self.gates = parts.gates
        self._zones = {zone.id: zone for zone in parts.zones}
        self._groups = {group.id: group for group in parts.groups}
        self._types = {one.id: one for one in parts.day_types}
        self._named: dict[str, list[SchoolClass]] = {}
        classes = parts.classes
        for one in classes:
            for name in dict.fromkeys((one.id, one.entry)):
                self._named.setdefault(name, []).append(one)
        self._all = list(dict.fromkeys(one.id for one in classes))
        self._members = {group.id: self._classes(group.members) for group in parts.groups}
        self._shut = {
            gate.id: closure.instead
            for gate in parts.gates
            for closure in gate.closures
            if on is not None and closure.begins <= on <= closure.to
        }
        campus = {gate.id: gate.campus for gate in parts.gates}
        groups_of: dict[str, list[str]] = {}
        for group, members in self._members.items():
            for one in members:
                groups_of.setdefault(one.id, []).append(group)
        self.day_of: dict[str, Kind] = {}
        for one in classes:
            gate = self._zones[one.zone].gate if one.zone in self._zones else ""
            own = (campus.get(gate), one.entry, *groups_of.get(one.id, ()), gate, one.id)
            self.day_of[one.id] = _kind(of.of([scope for scope in own if scope]))
        self.day_at = {
            gate.id: _kind(of.of([scope for scope in (gate.campus, gate.id) if scope])) for gate in self.gates
        }
        self.kinds = tuple(dict.fromkeys([*self.day_of.values(), *self.day_at.values()]))

    def day_type(self, of: str) -> DayType | None:
        """A day type of the plan by its id; None for the two that every plan has."""
        return self._types.get(of)

    def runs(self, window: WindowEntry, kind: Kind) -> bool:
        """Whether there is this window on such a day. Of a day type that the plan does not know: never a guess."""
        known = kind.day_type in (NORMAL, CLOSED) or kind.day_type in self._types
        return known and window.runs(*kind)

    def called(self, window: WindowEntry) -> list[Called]:
        """Its calls at all gates, each class and group once a gate."""
        found: dict[tuple[str, str], Called] = {}
        for kind in self.kinds if window.kind == "dismissal" else ():
            if self.runs(window, kind):
                for one in self._calls(window, kind):
                    key = one.gate, one.subject
                    if key not in found:
                        found[key] = one
                    elif (group := self._groups.get(one.subject)) is not None:  # a part of it has another day or gate
                        classes = tuple(dict.fromkeys((*found[key].classes, *one.classes)))
                        name = group.name or "、".join(cls.name for cls in classes)
                        found[key] = replace(found[key], classes=classes, name=name)
        return list(found.values())

    def told(self, window: WindowEntry) -> list[Told]:
        """Its sentences to everybody: as it opens, its notices, and behind its last call."""
        found: dict[tuple[str, str, CueKind], Told] = {}
        for kind in self.kinds:
            if self.runs(window, kind):
                variant = window.variant(*kind)
                for one in self._tells(variant, window, kind):
                    had = found.setdefault((one.gate, one.subject, one.kind), one)
                    if one.kind == "notice" and (had.at_s, had.say) != (one.at_s, one.say):
                        # What another kind of day tells at this gate; beyond every number of its own.
                        more = limits.CALLS_MAX * self.kinds.index(kind)
                        other = replace(one, subject=f"n{more + int(one.subject[1:])}")
                        found[one.gate, other.subject, one.kind] = other
        return list(found.values())

    def at_gate(self, window: WindowEntry, gate: str) -> WindowEntry | None:
        """The window as it is on this gate's own day, if it is there."""
        kind = self.day_at[gate]
        variant = window.variant(*kind) if self.runs(window, kind) else None
        return variant if variant is not None and variant.at_gate(gate) else None

    def twice(self, window: WindowEntry) -> list[tuple[Called, Called]]:
        """Who is named at a gate where it is called already, in another row, by another way, or by a group that reads
        out its name: the call that counts, and this one. What is the same in one row is one call.
        """
        found: list[tuple[Called, Called]] = []
        for kind in self.kinds if window.kind == "dismissal" else ():
            seen: dict[tuple[str, str], tuple[Called, object]] = {}
            variant = window.variant(*kind)
            blocks = self._blocks(variant, window, kind) if self.runs(window, kind) else ()
            for n, (units, _, _) in enumerate(blocks):
                for one in units:
                    gate = self._open(one.zone.gate)
                    if gate is None or not variant.at_gate(one.zone.gate):
                        continue
                    group = self._groups.get(one.subject)
                    way = (n, one.subject) if group else (n, one.zone.id, one.kind, one.say)
                    aloud = group is not None and not group.name and not group.call
                    named = [cls.id for cls in one.classes] if aloud else [one.subject]
                    before = [seen.setdefault((gate, name), (one, way)) for name in named]
                    found += [(first, one) for first, other in before if other != way][:1]
        return found

    def left_out(self, window: WindowEntry) -> tuple[LeftOut, ...]:
        """Which classes it does not call today although it would on another day."""
        if window.kind != "dismissal":
            return ()
        out = [LeftOut(own, window.id, "other_day") for own, kind in self.day_of.items() if not self.runs(window, kind)]
        for kind in self.kinds:
            if self.runs(window, kind):
                variant = window.variant(*kind)
                units = [unit for block in self._blocks(variant, window, kind) for unit in block[0]]
                shut = [unit for unit in units if variant.at_gate(unit.zone.gate) and not self._open(unit.zone.gate)]
                closed = dict.fromkeys(one.id for unit in shut for one in unit.classes)
                out += [LeftOut(own, window.id, "gate_closed") for own in closed]
        return tuple(out)

    # One kind of day ------------------------------------------------------------------------------

    def _calls(self, window: WindowEntry, kind: Kind) -> Iterator[Called]:
        variant = window.variant(*kind)
        for units, begins_s, every_s in self._blocks(variant, window, kind):
            count: Counter[str] = Counter()
            for unit in units:
                gate = self._open(unit.zone.gate)
                if gate is not None and variant.at_gate(unit.zone.gate):
                    yield unit.placed(gate, begins_s + count[gate] * every_s)
                    count[gate] += 1

    def _blocks(
        self, variant: WindowEntry, window: WindowEntry, kind: Kind
    ) -> Iterator[tuple[list[Called], float, float]]:
        """Rows of classes and groups in order, when the first is called and how far apart they are at a gate."""
        for call in variant.calls:
            if call.weekdays is None or kind.weekday in call.weekdays:
                begins_s = call.at if call.at is not None else variant.starts_s + (call.after_s or 0)
                every_s = call.every_s if call.every_s is not None else variant.every_s or 0
                yield self._units(call.who, variant, window, kind), begins_s, every_s
        if variant.order is not None or not variant.calls:
            units = self._units(variant.order or self._all, variant, window, kind)
            yield units[::-1] if variant.reverse else units, variant.starts_s, variant.every_s or 0

    def _units(self, names: Sequence[str], variant: WindowEntry, window: WindowEntry, kind: Kind) -> list[Called]:
        """What these names stand for, as far as it has this kind of day and leaves on it."""
        places = self._places(window, kind)
        units: list[Called] = []
        for name in names:
            group = self._groups.get(name)
            own = [one for one in self._classes([name]) if self.day_of[one.id] == kind]
            own = [one for one in own if one.leaves is None or kind.weekday in one.leaves]
            if group is not None and not group.each:
                units += self._together(group, own, places, variant, kind)
                continue
            for one in own:
                zone = self._zone(places, (group.id,), group.zone) if group else None
                zone = zone or self._zone(places, (one.id, one.entry), one.zone)
                if zone is not None:
                    sort, say = (group.kind, group.call) if group else (one.kind, None)
                    unit = Called(variant, kind.day_type, zone.gate, one.id, one.name, sort, (one,), zone, say)
                    units.append(unit)
        return units

    def _together(
        self, group: Group, own: Sequence[SchoolClass], places: "_Chain", variant: WindowEntry, kind: Kind
    ) -> Iterator[Called]:
        """A group's own call, at each gate where members of it wait."""
        fixed = self._zone(places, (group.id,), group.zone)
        at: dict[str, tuple[Zone, list[SchoolClass]]] = {}
        for one in own:
            zone = fixed or self._zone(places, (one.id, one.entry), one.zone)
            if zone is not None:
                at.setdefault(zone.gate, (zone, []))[1].append(one)
        for gate, (zone, members) in at.items():
            name = group.name or "、".join(one.name for one in members)
            yield Called(variant, kind.day_type, gate, group.id, name, group.kind, tuple(members), zone, group.call)

    def _tells(self, variant: WindowEntry, window: WindowEntry, kind: Kind) -> Iterator[Told]:
        here = [one for one in self.gates if self.day_at[one.id] == kind and one.id not in self._shut]
        if variant.notice is not None:
            for gate in here:
                if variant.at_gate(gate.id):
                    yield Told(variant, gate.id, "all", "open", variant.opens, variant.notice)
        if variant.ending is not None and window.kind == "dismissal":
            last_s: dict[str, float] = {}
            for one in self._calls(window, kind):
                last_s[one.gate] = max(one.at_s, last_s.get(one.gate, one.at_s))
            for at, since_s in last_s.items():
                ends_s = min(since_s + (variant.every_s or 0), variant.closes)
                yield Told(variant, at, "all", "close", ends_s, variant.ending)
        for n, notice in enumerate(variant.notices, 1):
            if notice.weekdays is None or kind.weekday in notice.weekdays:
                named = [gate.id for gate in here] if notice.who is None else self._waiting(notice.who, window, kind)
                own = [gate for gate in named if variant.at_gate(gate) and gate in (notice.gates or named)]
                for there in dict.fromkeys(self._open(one) for one in own):
                    if there is not None:
                        yield Told(variant, there, f"n{n}", "notice", notice.at, notice.say)

    def _waiting(self, who: Sequence[str], window: WindowEntry, kind: Kind) -> list[str]:
        """The gates where they wait."""
        places = self._places(window, kind)
        own = [one for one in self._classes(who) if self.day_of[one.id] == kind]
        zones = (self._zone(places, (one.id, one.entry), one.zone) for one in own)
        return list(dict.fromkeys(zone.gate for zone in zones if zone is not None))

    # Names and places -----------------------------------------------------------------------------

    def _classes(self, names: Sequence[str]) -> list[SchoolClass]:
        """The classes that are meant, each once: by their own name, their grade's or that of a group."""
        found = (one for name in names for one in self._named.get(name) or self._of_group(name))
        return list({one.id: one for one in found}.values())

    def _of_group(self, name: str) -> Sequence[SchoolClass]:
        """A group's members are classes and grades, never groups: no circle can be written."""
        group = self._groups.get(name)
        return [one for member in (group.members if group else ()) for one in self._named.get(member, ())]

    def _places(self, window: WindowEntry, kind: Kind) -> "_Chain":
        of_type = self._types[kind.day_type].places if kind.day_type in self._types else {}
        return window.places_on(kind.day_type), of_type, window.places_on(kind.weekday), window.places

    def _zone(self, places: "_Chain", names: tuple[str, ...], default: str | None) -> Zone | None:
        """Where it waits: what stands for the day type in this window comes first, the class before its grade."""
        for table in places:
            for name in names:
                if name in table and table[name] in self._zones:
                    return self._zones[table[name]]
        return self._zones.get(default or "")

    def _open(self, gate: str) -> str | None:
        """The gate, or the one that stands in for it while it is closed."""
        if gate not in self._shut:
            return gate
        instead = self._shut[gate]
        return None if instead in self._shut else instead


_Chain = tuple[dict[str, str], ...]
"""Where things wait, by name; the first table that has one of its names counts."""


def _kind(day: DayPart) -> Kind:
    return Kind(day.day_type, day.weekday)
