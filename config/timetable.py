"""The fold: a plan and a date become each gate's cues. Pure and total; the same input gives the same day everywhere."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from config.changes import Change, applied, standing, turned
from config.day import Cap, Cue, GateDay, Light, OwnReading, Quiet, Window, cue_id, order
from config.plan import CLOSED, NORMAL, DayType, Plan, WindowEntry, Zone
from config.roster import AnyDay, Called, DayPart, LeftOut, Roster, Told, WholeDay
from config.schooldays import day_of


def timetable(plan: Plan, on: date, changes: Sequence[Change] = ()) -> tuple[GateDay, ...]:
    """One GateDay a gate, in the plan's order, with revision 0 and issued at the date's first instant."""
    (first, _), *later = _turns(plan, on, changes)
    days = folded(plan, on, first)
    for of, change in later:
        assert change is not None
        days = turned(days, folded(plan, on, of), change)
    return applied(days, changes)


def zones(plan: Plan, on: date, changes: Sequence[Change] = ()) -> dict[tuple[str, str], Zone]:
    """Where those wait who are called, by gate and cue. Of a call that somebody sent to another gate: unknown."""
    found: dict[tuple[str, str], Zone] = {}
    for of, _ in _turns(plan, on, changes):
        roster = Roster(plan, of, on)
        for window in plan.windows:
            found |= {(one.gate, cue_id(on, window.id, one.subject, "call")): one.zone for one in roster.called(window)}
    return found


def _turns(plan: Plan, on: date, changes: Sequence[Change]) -> list[tuple[AnyDay, Change | None]]:
    """What day it is by the calendar, and then by each change that made another of it."""
    days: list[tuple[AnyDay, Change | None]] = [(day_of(plan.calendar, on), None)]
    known = (NORMAL, CLOSED, *(one.id for one in plan.day_types))
    for change in standing(changes):
        if change.kind == "day_type" and change.day_type in known:
            scopes = frozenset(one for one in (change.gate, change.cls) if one)
            days.append((_Turned(days[-1][0], change.day_type or NORMAL, scopes), change))
    return days


@dataclass(frozen=True, slots=True)
class _Turned:
    """A day of which all, or the parts with one of these scopes, became of another day type."""

    was: AnyDay
    to: str
    scopes: frozenset[str]

    def of(self, scopes: Sequence[str]) -> DayPart:
        part = self.was.of(scopes)
        return part if self.scopes and not self.scopes & set(scopes) else WholeDay(self.to, part.weekday)


def folded(plan: Plan, on: date, of: AnyDay) -> tuple[GateDay, ...]:
    """The same for a date that is such a day, whatever the calendar says."""
    roster = Roster(plan, of, on)
    called = {window.id: roster.called(window) for window in plan.windows}
    told = {window.id: roster.told(window) for window in plan.windows}
    days = _Days(plan, on, roster)
    return tuple(
        days.at(
            gate.id,
            {window: [one for one in calls if one.gate == gate.id] for window, calls in called.items()},
            {window: [one for one in tells if one.gate == gate.id] for window, tells in told.items()},
        )
        for gate in plan.gates
    )


def left_out(plan: Plan, on: date) -> tuple[LeftOut, ...]:
    """Whom the day's windows do not call, and why."""
    roster = Roster(plan, day_of(plan.calendar, on), on)
    return tuple(one for window in plan.windows for one in roster.left_out(window))


def issued(day: GateDay, revision: int, at: datetime) -> GateDay:
    """The same day as its `revision`."""
    return day.but(revision=revision, issued_at=at)


def same(one: GateDay, other: GateDay) -> bool:
    """Whether two days differ in more than when and as what they were issued."""
    return issued(one, 0, other.issued_at) == issued(other, 0, other.issued_at)


def instant(plan: Plan, on: date, time_s: float) -> datetime:
    """When the school's clocks show this time of day (seconds after 00:00 as clocks count), in UTC.

    A time that summer time leaves out comes as much after the switch; of a time that comes twice, it is the first.
    """
    midnight = datetime.combine(on, time(), ZoneInfo(plan.school.zone))
    return (midnight + timedelta(seconds=time_s)).astimezone(UTC)


def local(at: datetime, plan: Plan) -> datetime:
    """An instant as the school's clocks show it."""
    return at.astimezone(ZoneInfo(plan.school.zone))


def call_sentence(plan: Plan, one: Called, day_type: DayType | None) -> str:
    """Its own sentence, else that of its kind, else that for all; the day type's before the plan's."""
    texts = (one.say, day_type and day_type.sentences.of(one.kind), plan.sentences.of(one.kind))
    default = (day_type and day_type.sentences.call) or plan.sentences.call
    say = next((text for text in texts if text), default)
    return say.replace("{zone}", one.zone.name).replace("{classes}", one.name)


class _Days:
    """Makes the days of one date."""

    def __init__(self, plan: Plan, on: date, roster: Roster) -> None:
        self.plan, self.on, self.roster = plan, on, roster
        self._opens: dict[int, datetime] = {}

    def at(self, gate: str, called: dict[str, list[Called]], told: dict[str, list[Told]]) -> GateDay:
        kind = self.roster.day_at[gate]
        cues = [self._call(one) for calls in called.values() for one in calls]
        cues += [self._tell(one) for tells in told.values() for one in tells]
        windows = (
            self._window(
                entry,
                self.roster.at_gate(entry, gate),
                [*(one.window for one in called[entry.id]), *(one.window for one in told[entry.id])],
            )
            for entry in self.plan.windows
        )
        return GateDay(
            v=1,
            school=self.plan.school.id,
            gate=gate,
            date=self.on,
            zone=self.plan.school.zone,
            revision=0,
            issued_at=instant(self.plan, self.on, 0),
            day_type=kind.day_type,
            mode=self.plan.school.mode,
            quiet=tuple(self._quiet(gate, self.roster.day_type(kind.day_type))),
            holds=(),
            windows=tuple(one for one in windows if one is not None),
            cues=tuple(sorted(cues, key=order)),
            readings=tuple(OwnReading(text=text, pinyin=pinyin) for text, pinyin in self.plan.readings.items()),
            gain_db=next(one.gain_db for one in self.plan.gates if one.id == gate),
            caps=tuple(self._caps(gate)),
        )

    def _window(self, entry: WindowEntry, own: WindowEntry | None, used: Sequence[WindowEntry]) -> Window | None:
        """As it is on the gate's own day; open as long as any part of the school needs it."""
        if not used:
            return None
        as_it_is = own or used[0]
        return Window(
            id=entry.id,
            kind=entry.kind,
            name=entry.name,
            opens=min(self._instant(one, one.opens) for one in (as_it_is, *used)),
            closes=max(self._instant(one, one.closes) for one in (as_it_is, *used)),
            pacing=as_it_is.pacing,
            every_s=as_it_is.every_s or 0,
            rest_s=as_it_is.rest_s,
            max_wait_s=0 if as_it_is.pacing == "timed" else as_it_is.max_wait_s,
            on_timeout=as_it_is.on_timeout,
            gain_db=as_it_is.gain_db,
        )

    def _instant(self, entry: WindowEntry, time_s: float) -> datetime:
        """A window opens by the school's clocks and keeps its length and distances, also when these are switched."""
        if entry.opens not in self._opens:
            self._opens[entry.opens] = instant(self.plan, self.on, entry.opens)
        return self._opens[entry.opens] + timedelta(seconds=time_s - entry.opens)

    def _call(self, one: Called) -> Cue:
        at = self._instant(one.window, one.at_s)
        return Cue(
            id=cue_id(self.on, one.window.id, one.subject, "call"),
            window=one.window.id,
            at=at,
            until=at + timedelta(seconds=one.window.waits_s),
            kind="call",
            classes=tuple(cls.id for cls in one.classes),
            say=call_sentence(self.plan, one, self.roster.day_type(one.day_type)),
            repeat=one.window.repeat,
            light="go",
            released=None,
            state="planned",
        )

    def _tell(self, one: Told) -> Cue:
        at = self._instant(one.window, one.at_s)
        waits: Light = "off" if one.kind == "close" else "ready"
        light: Light = waits if one.window.kind == "dismissal" else "go"
        return Cue(
            id=cue_id(self.on, one.window.id, one.subject, one.kind),
            window=one.window.id,
            at=at,
            until=at + timedelta(seconds=one.window.waits_s),
            kind=one.kind,
            classes=(),
            say=one.say,
            repeat=1,
            light=light,
            released=None,
            state="planned",
        )

    def _caps(self, gate: str) -> Iterator[Cap]:
        for cap in self.plan.school.caps:
            if cap.gates is None or gate in cap.gates:
                begins, to = (instant(self.plan, self.on, one) for one in (cap.begins, cap.to))
                yield Cap.model_validate({"from": begins, "to": to, "gain_db": cap.gain_db})

    def _quiet(self, gate: str, day_type: DayType | None) -> Iterator[Quiet]:
        for n, span in enumerate(day_type.quiet if day_type else (), 1):
            if span.gates is None or gate in span.gates:
                begins, to = (instant(self.plan, self.on, one) for one in (span.begins, span.to))
                yield Quiet.model_validate({"id": f"plan-{n}", "from": begins, "to": to})
