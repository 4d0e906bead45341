"""What follows from a gate's state at an instant: the days in force, the queue. Pure; `gate.py` decides by it."""

from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from broker.wire.messages import LiveCue
from config import limits
from config.clock import Instant
from config.day import Cue, GateDay
from config.pacing import Waiting, waiting
from edge.alphabet import Leading, State


def trusted(now: Instant) -> bool:
    """Whether the clock is good enough for calls by the clock."""
    return now.bound_s is not None and now.bound_s <= limits.TOLERANCE_S


def today(state: State, now: Instant) -> date:
    """The school's date."""
    return now.utc.astimezone(ZoneInfo(state.zone)).date()


def zone_known(zone: str) -> bool:
    """Whether this machine knows the time zone."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def in_force(state: State, now: Instant) -> list[GateDay]:
    """Today's day, and any other whose window is still open."""
    date_now = today(state, now)
    days = (stored.day for stored in state.book.days.values())
    return [
        day
        for day in days
        if day.date == date_now or any(window.opens <= now.utc < window.closes for window in day.windows)
    ]


def waiting_here(state: State, now: Instant) -> list[Waiting]:
    """Everything this gate may still have to say, without what it is saying now; in order."""
    done = set(state.book.done)
    if isinstance(state.doing, Leading):
        done.add(state.doing.cue.id)
    queue = [one for day in in_force(state, now) for one in waiting(day, done, state.book.slips)]
    queue += [
        Waiting(live.cue, live.window, max(0.0, (live.due - live.cue.at).total_seconds()))
        for cue, live in state.lives.items()
        if cue not in done
    ]
    return sorted(queue, key=lambda one: (one.begins, one.cue.id))


def quiet(state: State, now: Instant) -> bool:
    """Nothing but an actual alert may speak: an exam lock, or a trial."""
    days = in_force(state, now)
    locked = (span.begins <= now.utc and (span.to is None or now.utc < span.to) for day in days for span in day.quiet)
    return any(day.mode == "trial" for day in days) or any(locked)


def withdrawn(state: State, cue: Cue) -> bool:
    """Whether the day that is stored now cancels the cue, or no longer has it."""
    stored = next((s.day for s in state.book.days.values() if cue.id.startswith(s.day.date.isoformat())), None)
    if stored is None:
        return False
    return next((one.state == "cancelled" for one in stored.cues if one.id == cue.id), True)


def knows(day: GateDay, live: LiveCue) -> bool:
    """Whether the stored day is at least as new as the live cue."""
    return live.cue.id.startswith(day.date.isoformat()) and day.revision >= live.revision
