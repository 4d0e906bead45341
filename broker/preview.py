"""What differs between two makings of a date, in words and by cue: a change before it is done, or two plans. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from config.day import Cue, GateDay, Hold, Quiet, Window, order
from config.pacing import by_hand
from config.plan import CLOSED, NORMAL, Plan, Zone
from config.timetable import local

Places = Mapping[tuple[str, str], Zone]
"""Where those wait who are called, by gate and cue."""
_PACED = {"timed": "按时", "guarded": "按键放行", "ready": "整队放行"}
_MODES = {"trial": "试运行", "live": "正式"}


def day_type_name(plan: Plan, of: str) -> str:
    """As people call it."""
    return {one.id: one.name for one in plan.day_types}.get(of) or {"normal": "正常", "closed": "停课"}.get(of, of)


def day_types(plan: Plan) -> tuple[str, ...]:
    """All that a day of it may be."""
    return (NORMAL, CLOSED, *(one.id for one in plan.day_types))


def described(
    plan: Plan,
    before: Iterable[GateDay],
    then: Iterable[GateDay],
    *,
    was: Plan | None = None,
    places: tuple[Places, Places] = ({}, {}),
) -> tuple[str, ...]:
    """What becomes of `before`, by cue: “三年级一班 16:30:00 → 16:32:00 东门”. `was`: the plan it is of, if another."""
    old, new = _Side(was or plan, _by_gate(before), places[0]), _Side(plan, _by_gate(then), places[1])
    return tuple(_Both(old, new, whole=was is not None).lines())


def left(before: Iterable[GateDay], then: Iterable[GateDay]) -> dict[tuple[str, str], list[str]]:
    """What is no longer called at its gate but at others: by old gate and cue, the gates that it came to."""
    was, now = stands(before), stands(then)
    return {
        (gate, own): came
        for own, gates in was.items()
        for gate in gates
        if gate not in now.get(own, ()) and (came := [one for one in now.get(own, ()) if one not in gates])
    }


def stands(days: Iterable[GateDay]) -> dict[str, list[str]]:
    """The gates of each planned cue."""
    found: dict[str, list[str]] = {}
    for day in days:
        for cue in day.cues:
            if cue.state == "planned":
                found.setdefault(cue.id, []).append(day.gate)
    return found


def _by_gate(days: Iterable[GateDay]) -> dict[str, GateDay]:
    return {day.gate: day for day in days}


@dataclass(frozen=True, slots=True)
class _Side:
    """The days of one making, by gate."""

    plan: Plan
    days: dict[str, GateDay]
    places: Places

    def cue(self, gate: str, own: str) -> Cue | None:
        return next((cue for cue in self.days[gate].cues if cue.id == own), None) if gate in self.days else None

    def gates_of(self) -> dict[str, list[str]]:
        """Where each cue stands."""
        found: dict[str, list[str]] = {}
        for gate, day in self.days.items():
            for cue in day.cues:
                found.setdefault(cue.id, []).append(gate)
        return found

    def gate_name(self, of: str) -> str:
        return next((gate.name for gate in self.plan.gates if gate.id == of), of)

    def who(self, cue: Cue) -> str:
        names = {one.id: one.name for one in self.plan.classes}
        return "、".join(names.get(one, one) for one in cue.classes) or cue.say

    def shown(self, gate: str, cue: Cue | None) -> str:
        """When it is called; where people pace, that it was let go, or its place."""
        if cue is None:
            return "—"
        at = f"{local(cue.at, self.plan):%H:%M:%S}"
        if cue.state == "cancelled":
            return "本班暂缓"
        if not by_hand(cue, self.days[gate].window(cue)):
            return at
        return f"{local(cue.released, self.plan):%H:%M:%S} 放行" if cue.released else f"等放行（排在 {at}）"

    def zone(self, gate: str, cue: Cue) -> str | None:
        found = self.places.get((gate, cue.id))
        return found.name if found else None


@dataclass(frozen=True, slots=True)
class _Both:
    """`whole`: two plans, of which also what only a plan can change is told."""

    old: _Side
    new: _Side
    whole: bool
    moved: dict[str, str] = field(default_factory=dict)
    """Cues that left a gate for another one: where they were."""

    def lines(self) -> Iterator[str]:
        was, now = self.old.gates_of(), self.new.gates_of()
        for own, at in now.items():
            if len(at) == 1 and len(was.get(own, ())) == 1 and was[own] != at:
                self.moved[own] = was[own][0]
        for gate in dict.fromkeys([*self.new.days, *self.old.days]):
            yield from self._gate(gate)

    def _gate(self, gate: str) -> Iterator[str]:
        name = (self.new if gate in self.new.days else self.old).gate_name(gate)
        one, other = self.old.days.get(gate), self.new.days.get(gate)
        if one is not None and other is not None and one.day_type != other.day_type:
            types = (day_type_name(self.old.plan, one.day_type), day_type_name(self.new.plan, other.day_type))
            yield f"{name} 日型 {types[0]} → {types[1]}"
        if one is not None and other is not None and one.mode != other.mode:
            yield f"{name} {_MODES[one.mode]} → {_MODES[other.mode]}"
        cues = {cue.id: cue for day in (one, other) if day is not None for cue in day.cues}
        for cue in sorted(cues.values(), key=order):
            yield from self._cue(gate, name, cue.id)
        if one is not None and other is not None:
            yield from self._windows(one, other, name)
            yield from self._quiet(one.quiet, other.quiet, name)
            yield from self._sound(one, other, name)
            opened, ended = _open(other.holds) - _open(one.holds), _ended(other.holds) - _ended(one.holds)
            yield from [f"{name} 暂停"] * bool(opened) + [f"{name} 恢复"] * bool(ended)

    def _cue(self, gate: str, name: str, own: str) -> Iterator[str]:
        came_from, one, other = self.moved.get(own), self.old.cue(gate, own), self.new.cue(gate, own)
        if came_from is not None and other is None:
            return  # told at the gate where it is now
        before = self.old.shown(gate, one)
        if came_from is not None:
            one = self.old.cue(came_from, own)
            before = f"{self.old.shown(came_from, one)} {self.old.gate_name(came_from)}"
        then = self.new.shown(gate, other)
        side, cue = (self.old, one) if other is None else (self.new, other)
        assert cue is not None, "it stands on one of the sides"
        more = "".join(f"，{each}" for each in self._more(came_from or gate, gate, one, other))
        who = self.old.who(one) if one is not None and not one.classes else side.who(cue)
        if before != then:
            yield f"{who} {before} → {then} {name}{more}"
        elif more:
            yield f"{who} {then} {name}{more}"

    def _more(self, came_from: str, gate: str, one: Cue | None, other: Cue | None) -> Iterator[str]:
        """What differs beside the instant."""
        if one is None or other is None:
            return
        zones = (self.old.zone(came_from, one), self.new.zone(gate, other))
        if None not in zones and zones[0] != zones[1]:
            yield f"接送区 {zones[0]} → {zones[1]}"
        if one.say != other.say:
            yield f"改说“{other.say}”"
        if self.whole and one.repeat != other.repeat:
            yield f"播 {one.repeat} 遍 → {other.repeat} 遍"
        if self.whole and one.until - one.at != other.until - other.at:
            yield f"晚 {_seconds(one)} 秒不再播 → {_seconds(other)} 秒"

    def _windows(self, one: GateDay, other: GateDay, gate: str) -> Iterator[str]:
        was = {window.id: window for window in one.windows}
        for window in other.windows:
            if (old := was.get(window.id)) is None:
                continue
            instants = {"结束": (old.closes, window.closes)}
            instants |= {"开始": (old.opens, window.opens)} if self.whole else {}
            for what, (first, second) in instants.items():
                if first != second:
                    yield f"{window.name}{what} {self._clock(first)} → {self._clock(second)} {gate}"
            if self.whole and old.pacing != window.pacing:
                yield f"{window.name} {_PACED[old.pacing]} → {_PACED[window.pacing]} {gate}"
            if self.whole and (others := _others(old, window)):
                yield f"{window.name}的 {others} {gate}"

    def _quiet(self, one: Iterable[Quiet], other: Iterable[Quiet], gate: str) -> Iterator[str]:
        was, now = ({span.id: span for span in spans} for spans in (one, other))
        for span in now.values():
            if (old := was.get(span.id)) is None or old.begins != span.begins:
                to = f"至 {self._clock(span.to)}" if span.to else "，直到有人结束"
                yield f"{gate} 静音 {self._clock(span.begins)} 起{to}"
            elif old.to != span.to:
                yield f"{gate} 静音结束 {self._clock(span.to)}" if span.to else f"{gate} 静音直到有人结束"
        yield from (f"{gate} 静音取消 {self._clock(span.begins)}" for own, span in was.items() if own not in now)

    def _sound(self, one: GateDay, other: GateDay, gate: str) -> Iterator[str]:
        """How loud it is and how it is read: only a plan changes these."""
        if one.gain_db != other.gain_db:
            yield f"{gate} 音量 {one.gain_db:+g} → {other.gain_db:+g} 分贝"
        for what, caps, others in (("至多", other.caps, one.caps), ("不再限", one.caps, other.caps)):
            for cap in (cap for cap in caps if cap not in others):
                when = f"{self._clock(cap.begins)} 至 {self._clock(cap.to)}"
                yield f"{gate} {when} 音量{what} {cap.gain_db:+g} 分贝"
        was, now = ({own.text: own.pinyin for own in day.readings} for day in (one, other))
        for text in sorted({*was, *now}):
            if was.get(text) != now.get(text):
                yield f"{gate} “{text}”读 {now.get(text, '词典的音')}"

    def _clock(self, at: datetime) -> str:
        return f"{local(at, self.new.plan):%H:%M:%S}"


def _open(holds: Iterable[Hold]) -> set[str]:
    return {hold.id for hold in holds if hold.to is None}


def _ended(holds: Iterable[Hold]) -> set[str]:
    return {hold.id for hold in holds if hold.to}


def _seconds(cue: Cue) -> str:
    return f"{(cue.until - cue.at).total_seconds():g}"


def _others(old: Window, new: Window) -> str:
    """The rest of a window, as the plan's file calls it; what only spaces the calls is seen by cue."""
    keys = ("name", "rest_s", "max_wait_s", "on_timeout", "gain_db")
    pairs = [(key, getattr(old, key), getattr(new, key)) for key in keys]
    return "、".join(f"{key} {first} → {second}" for key, first, second in pairs if first != second)
