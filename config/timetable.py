"""The fold: a plan and a date become each gate's cues. Pure and total; the same input gives the same day everywhere."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from config.changes import Change, applied
from config.day import Cue, GateDay, Light, Window, cue_id, order
from config.plan import Gate, Plan, SchoolClass, WindowEntry
from config.schooldays import day_of


def timetable(plan: Plan, on: date, changes: Sequence[Change] = ()) -> tuple[GateDay, ...]:
    """One GateDay a gate, in the plan's order, with revision 0 and issued at the date's first instant."""
    return applied(folded(plan, on, day_of(plan.calendar, on).day_type), changes)


def folded(plan: Plan, on: date, day_type: str) -> tuple[GateDay, ...]:
    """The same for a date that is of this day type, whatever the calendar says."""
    windows = plan.windows if day_type == "normal" else ()
    return tuple(_gate_day(plan, gate, on, windows, day_type) for gate in plan.gates)


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


def called_at(plan: Plan, window: WindowEntry, gate: Gate) -> Iterator[tuple[SchoolClass, float]]:
    """The classes a window calls at a gate, in order, each with its time of day in seconds."""
    return calls([one for one in plan.classes if plan.gate_of(one) == gate.id], window, gate)


def calls(own: Sequence[SchoolClass], window: WindowEntry, gate: Gate) -> Iterator[tuple[SchoolClass, float]]:
    """The same for a gate with these classes."""
    if window.kind == "dismissal" and window.at_gate(gate.id):
        starts_s, every_s = window.starts if window.starts is not None else window.opens, window.every_s or 0.0
        for n, one in enumerate(ordered(own, window.order)):
            yield one, starts_s + n * every_s


def ordered(classes: Sequence[SchoolClass], names: Sequence[str] | None) -> list[SchoolClass]:
    """The classes that `names` (of grades or classes) lists, in its order; without it all, as they stand."""
    if names is None:
        return list(classes)
    return [one for name in names for one in classes if name in (one.id, one.entry)]


def _gate_day(plan: Plan, gate: Gate, on: date, windows: Sequence[WindowEntry], day_type: str) -> GateDay:
    cues = {entry.id: tuple(_cues(plan, entry, gate, on)) for entry in windows}
    own = [_window(plan, entry, on) for entry in windows if cues[entry.id]]
    return GateDay(
        v=1,
        school=plan.school.id,
        gate=gate.id,
        date=on,
        zone=plan.school.zone,
        revision=0,
        issued_at=instant(plan, on, 0),
        day_type=day_type,
        mode=plan.school.mode,
        quiet=(),
        holds=(),
        windows=tuple(own),
        cues=tuple(sorted((cue for window in cues.values() for cue in window), key=order)),
    )


def _instant(plan: Plan, entry: WindowEntry, on: date, time_s: float) -> datetime:
    """A window opens by the school's clocks and keeps its length and distances, also over a switch of summer time."""
    return instant(plan, on, entry.opens) + timedelta(seconds=time_s - entry.opens)


def _window(plan: Plan, entry: WindowEntry, on: date) -> Window:
    return Window(
        id=entry.id,
        kind=entry.kind,
        name=entry.name,
        opens=_instant(plan, entry, on, entry.opens),
        closes=_instant(plan, entry, on, entry.closes),
        pacing=entry.pacing,
        every_s=entry.every_s or 0,
        rest_s=entry.rest_s,
        max_wait_s=0 if entry.pacing == "timed" else entry.max_wait_s,
        on_timeout=entry.on_timeout,
        gain_db=entry.gain_db,
    )


def _cues(plan: Plan, entry: WindowEntry, gate: Gate, on: date) -> Iterator[Cue]:
    if entry.notice is not None and entry.at_gate(gate.id):
        at = _instant(plan, entry, on, entry.opens)
        light: Light = "ready" if entry.kind == "dismissal" else "go"
        yield Cue(
            id=cue_id(on, entry.id, "all", "open"),
            window=entry.id,
            at=at,
            until=at + timedelta(seconds=entry.late_s),
            kind="open",
            classes=(),
            say=entry.notice,
            repeat=1,
            light=light,
            released=None,
            state="planned",
        )
    for one, time_s in called_at(plan, entry, gate):
        at = _instant(plan, entry, on, time_s)
        yield Cue(
            id=cue_id(on, entry.id, one.id, "call"),
            window=entry.id,
            at=at,
            until=at + timedelta(seconds=entry.late_s),
            kind="call",
            classes=(one.id,),
            say=plan.sentences.call.replace("{classes}", one.name),
            repeat=entry.repeat,
            light="go",
            released=None,
            state="planned",
        )
