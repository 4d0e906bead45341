"""What follows from a gate's state at an instant: the days in force, the queue. Pure; `gate.py` decides by it."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from broker.wire.messages import LiveCue
from config import limits, pacing
from config.clock import Instant
from config.day import Cue, GateDay, Hold, Window
from config.pacing import SLIP_MAX_S, Gap, Hands, Waiting, by_hand, hushed, release, waiting, windows_now
from edge.alphabet import Leading, State
from edge.book import Stored, holds_of


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
    return [stored.day for stored in _in_force(state, now)]


def open_holds(state: State, now: Instant) -> list[Hold]:
    """The gate is held while there is one: of a day in force, or of its own button on such a date or without one."""
    dates = {today(state, now), *(stored.day.date for stored in _in_force(state, now))}
    of_days = [hold for on in sorted(dates) for hold in holds_of(state.book, on)]
    return list({hold.id: hold for hold in of_days if hold.to is None}.values())


def _in_force(state: State, now: Instant) -> list[Stored]:
    date_now, utc = today(state, now), now.utc
    return [
        stored
        for of, stored in state.book.days.items()
        if of == date_now or (stored.day.reach[0] <= utc < stored.day.reach[1] and _open(state, stored.day, now))
    ]


def _open(state: State, day: GateDay, now: Instant) -> bool:
    return any(window.opens <= now.utc < window.closes for window in _windows(state, day, now).values())


def _windows(state: State, day: GateDay, now: Instant) -> dict[str, Window]:
    """As this gate's holds moved them."""
    return windows_now(day, holds_of(state.book, day.date), now.utc)


def waiting_here(state: State, now: Instant) -> list[Waiting]:
    """Everything this gate may still have to say, without what it is saying now; in order.

    A live cue stands here only while it is newer than the day: it replaces the day's cue.
    """
    done = set(state.book.done)
    if isinstance(state.doing, Leading):
        done.add(state.doing.cue.id)
    known = done | state.lives.keys()
    hands = Hands({cue: one.at for cue, one in state.book.released.items()}, state.book.passed)
    queue = [
        one
        for stored in _in_force(state, now)
        for one in waiting(
            stored.day, known, state.book.slips, _windows(state, stored.day, now), hands=hands, now=now.utc
        )
    ]
    fresh = [live for cue, live in state.lives.items() if cue not in done and live.cue.state == "planned"]
    if fresh:
        queue += [_live(state, live, hands, now) for live in fresh]
        calling = {one.cue.id.rsplit("/", 2)[0] for one in queue if one.cue.kind == "call"}
        queue = [
            replace(one, blocked=one.blocked or (one.cue.kind == "close" and one.cue.id.rsplit("/", 2)[0] in calling))
            for one in queue
        ]
    return sorted(queue, key=lambda one: one.order)


def _live(state: State, live: LiveCue, hands: Hands, now: Instant) -> Waiting:
    """Its window comes as the plan has it; where the day is known, the gate's holds move it like the day's own."""
    window, day = live.window, day_of(state, live.cue.id)
    if window is not None and day is not None:
        window = _windows(state, day.but(windows=(window,), cues=()), now)[window.id]
    slip_s = min(max(0.0, (live.due - live.cue.at).total_seconds()), SLIP_MAX_S)
    return Waiting(live.cue, window, slip_s, release(live.cue, window, hands, now.utc), live.cue.id in hands.passed)


def gaps(state: State, now: Instant) -> list[Gap]:
    """When nobody could be called here, less the time that a person held, which kept them waiting anyway."""
    holds = [hold for stored in _in_force(state, now) for hold in holds_of(state.book, stored.day.date)]
    spans = sorted(((hold.begins, hold.to or now.utc) for hold in holds), reverse=True)
    found = []
    for lost, back in state.gaps:
        kept = back
        for begins, to in spans:
            kept = begins if begins <= kept <= to else kept
        found.append((lost, kept))
    return found


def left_over(state: State, now: Instant) -> list[Waiting]:
    """What yesterday's day never said, when none of its windows is open any more: nobody calls it now."""
    stored = state.book.days.get(today(state, now) - timedelta(days=1))
    if stored is None or stored in _in_force(state, now):
        return []
    if all(cue.id in state.book.done for cue in stored.day.cues if cue.state == "planned"):
        return []
    windows = _windows(state, stored.day, now)
    return [one for one in waiting(stored.day, state.book.done, state.book.slips, windows) if one.ends < now.utc]


def quiet(state: State, now: Instant, begins: datetime, ends: datetime) -> bool:
    """Nothing that lasts from `begins` to `ends` may speak: a trial, or an exam lock that touches it."""
    return any(hushed(day, begins, ends) for day in in_force(state, now))


def gain_db(state: State, now: Instant, cue: Cue, window: Window | None) -> float:
    """How loud a sentence is that begins now, as the gate, its window and the hour say."""
    day = day_of(state, cue.id)
    own = (day.gain_db if day else 0.0) + (window.gain_db if window else 0.0)
    return _within(min([own, *_caps(in_force(state, now), now)]))


def alert_gain_db(state: State, now: Instant, status: Literal["actual", "drill"]) -> float:
    """An alert is as loud as any sentence of the day, and never softer than clips are made; the hour binds a drill."""
    days = in_force(state, now)
    own = max([0.0, *(day.gain_db + gain for day in days for gain in (0.0, *(one.gain_db for one in day.windows)))])
    return _within(own if status == "actual" else min([own, *_caps(days, now)]))


def _caps(days: list[GateDay], now: Instant) -> list[float]:
    return [cap.gain_db for day in days for cap in day.caps if cap.begins <= now.utc < cap.to]


def _within(gain: float) -> float:
    return max(limits.GAIN_MIN_DB, min(limits.GAIN_MAX_DB, gain))


def day_of(state: State, cue: str) -> GateDay | None:
    """The stored day a cue belongs to."""
    return next((of.day for of in state.book.days.values() if cue.startswith(of.day.date.isoformat())), None)


def last_call(state: State, one: Waiting | Leading) -> datetime:
    """Until when its cue may begin as the day says, whatever was held: a later day says more, or not."""
    day = day_of(state, one.cue.id)
    window = day.window(one.cue) if day else one.window
    return pacing.latest(one.cue, window, pacing.slip_of(one.cue, state.book.slips, window))


def paced(state: State, cue: str) -> bool:
    """Whether a person paces this cue, as far as its day is known."""
    day = day_of(state, cue)
    return day is not None and any(one.id == cue and by_hand(one, day.window(one)) for one in day.cues)


def newest(state: State, cue: Cue) -> Cue | None:
    """The cue as the newest word has it, the stored day or a newer live cue; None: it is gone."""
    day, live = day_of(state, cue.id), state.lives.get(cue.id)
    if live is not None:
        return live.cue
    return cue if day is None else next((one for one in day.cues if one.id == cue.id), None)


def withdrawn(state: State, cue: Cue) -> bool:
    """Whether the newest word on the cue cancels it or no longer has it."""
    one = newest(state, cue)
    return one is None or one.state == "cancelled"


def put_off(state: State, doing: Leading) -> bool:
    """Whether the newest word gives the cue a later instant, or takes back its release."""
    cue, one = doing.cue, newest(state, doing.cue)
    if one is None or not by_hand(cue, doing.window):
        return one is not None and one.at > cue.at
    return cue.released is not None and one.released is None and cue.id not in state.book.released


def otherwise(state: State, now: Instant, doing: Leading) -> bool:
    """Whether the newest day has other words for the cue, or its window, as holds moved it, other rules: look anew."""
    one, day, was = newest(state, doing.cue), day_of(state, doing.cue.id), doing.window
    if one is None or day is None or one.id in state.lives:
        return False
    window, audible = _windows(state, day, now).get(one.window or ""), doing.record.actual
    if (one.say, one.repeat) != (doing.cue.say, doing.cue.repeat) or window is None or was is None or audible is None:
        return (one.say, one.repeat, window) != (doing.cue.say, doing.cue.repeat, was)
    return (window.pacing, window.opens) != (was.pacing, was.opens) or window.closes < audible


def knows(day: GateDay, live: LiveCue) -> bool:
    """Whether the stored day is at least as new as the live cue."""
    return live.cue.id.startswith(day.date.isoformat()) and day.revision >= live.revision
