"""What a gate tells: status, lights, outbox, by (state, now); what was told last decides what is sent. Pure."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from broker.wire.messages import VERSION, Event, Held, Status
from config import limits
from config.clock import Instant
from config.day import GateDay, Window
from config.pacing import Waiting, slip_key, upcoming
from edge.alphabet import Alarming, Effect, Idle, Leading, Pausing, Publish, Saying, State
from edge.book import Noted, Pressed, Recorded, Reported
from edge.view import in_force, open_holds, today, trusted, waiting_here

Pattern = Literal["off", "on", "slow", "fast"]


@dataclass(frozen=True, slots=True)
class Lights:
    """What people at the gate see; `amplifier` is the relay of the loudspeaker."""

    red: Pattern = "off"
    amber: Pattern = "off"
    green: Pattern = "off"
    amplifier: bool = False


def lights(state: State, now: Instant) -> Lights:
    """Green: a class leaves. Red: held. Amber: this gate cannot call; flashing: a press was refused.
    Green slow: checked, and the window is near.
    """
    if now.monotonic_s < state.refused_until_s:
        return replace(_lights(state, now), amber="fast")
    return _lights(state, now)


def _lights(state: State, now: Instant) -> Lights:
    doing = state.doing
    amplifier = isinstance(doing, Leading | Saying | Pausing) and not doing.silent
    if isinstance(doing, Alarming):
        return Lights(red="fast", amplifier=not state.book.silenced)
    if state.held:
        return Lights(red="on", amplifier=amplifier)
    if isinstance(doing, Leading):
        green, red = doing.cue.light in ("go", "ready"), doing.cue.light == "stop"
        return Lights(green="on" if green else "off", red="on" if red else "off", amplifier=amplifier)
    if not trusted(now) or "player" in state.book.problems:
        return Lights(amber="on")
    near = any(_near(state, now, day, window) for day in in_force(state, now) for window in day.windows)
    return Lights(green="slow") if near and not check(state, now) else Lights()


def _near(state: State, now: Instant, day: GateDay, window: Window) -> bool:
    """From a quarter of an hour before it opens until its first call; where nobody is called, until it opens."""
    if not window.opens - timedelta(seconds=limits.SELF_CHECK_S) <= now.utc < window.closes:
        return False
    calls = [cue.id for cue in day.cues if cue.window == window.id and cue.kind == "call" and cue.state == "planned"]
    begun = any(one in state.book.attempts or one in state.book.done for one in calls)
    return now.utc < window.opens or (bool(calls) and not begun)


def check(state: State, now: Instant) -> tuple[str, ...]:
    """What is not in order for the next call, by code; empty: all is well."""
    date_now = today(state, now)
    says = {cue.say for stored in state.book.days.values() if stored.day.date == date_now for cue in stored.day.cues}
    found = {
        "clock": not trusted(now),
        "day": date_now not in state.book.days,
        "clips": not says <= state.clips.keys() - state.stand_ins,
        "network": not state.link_up,
        "player": "player" in state.book.problems,
        "journal": not state.book.problems.keys().isdisjoint(("journal", "journal-renew")),
        "lights": "panel" in state.book.problems,
    }
    return tuple(code for code, wrong in found.items() if wrong)


def status(
    state: State, now: Instant, link: Literal["up", "closed", "lost"] = "up", queue: Sequence[Waiting] | None = None
) -> Status:
    """The gate's whole picture of itself. `queue`: what `waiting_here` gives, for who has it already."""
    book, doing = state.book, state.doing
    queue = waiting_here(state, now) if queue is None else queue
    late = [one.cue.id for one in queue if one.begins <= now.utc]
    slips = {
        window.id: slip_s
        for day in in_force(state, now)
        for window in day.windows
        if (slip_s := book.slips.get(slip_key(day.date, window.id)))
    }
    return Status(
        v=1,
        school=state.address.school,
        gate=state.address.gate,
        start=book.start,
        log=book.log,
        link=link,
        doing=_doing(state),
        days=_held(state),
        alert_seq=book.alert_seq,
        now=doing.cue.id if isinstance(doing, Leading) else None,
        next=coming.cue.id if (coming := upcoming(queue, now.utc)) else None,
        waiting=tuple(late[: limits.LIVE_MAX]),
        holds=tuple(hold.id for hold in open_holds(state, now)[: limits.HOLDS_MAX]),
        slip=slips,
        bound_s=None if now.bound_s is None else round(now.bound_s, 3),
        check=check(state, now),
        problems=len(book.problems),
        version=state.version,
        reads_v=VERSION,
    )


def _held(state: State) -> dict[date, Held]:
    """By date; what the last status said already is not made again: it is looked at each second."""
    said = state.status.days if state.status is not None else {}
    return {
        of: known
        if (known := said.get(of)) is not None and known.digest == stored.digest
        else Held(revision=stored.day.revision, digest=stored.digest)
        for of, stored in state.book.days.items()
    }


def _doing(state: State) -> Literal["idle", "calling", "held", "alert"]:
    if state.book.alert is not None:
        return "alert"
    if not isinstance(state.doing, Idle):  # also while a hold waits for the end of the sentence
        return "calling"
    return "held" if state.held else "idle"


def due(state: State, now: Instant, queue: Sequence[Waiting]) -> tuple[State, list[Effect]]:
    """The messages that are due now: a status on change and every 30 s, records until they are acknowledged."""
    effects: list[Effect] = []
    if not state.link_up:
        return state, effects
    last, since_s = state.status, now.monotonic_s - state.status_at_s
    retry_s = limits.STATUS_EVERY_S if state.answered else limits.STATUS_RETRY_S
    if last is None or since_s >= limits.STATUS_LEAST_S:
        made = status(state, now, queue=queue)
        if last is None or since_s >= retry_s or _lasting(made) != _lasting(last):
            state = replace(state, status=made, status_at_s=now.monotonic_s)
            effects.append(Publish("status", made, retain=True))
    unsent = state.book.outbox[bisect_right(state.book.outbox, state.book.acked, key=lambda entry: entry.seq) :]
    waited = state.event_at_s is None or now.monotonic_s - state.event_at_s >= limits.EVENT_RETRY_S
    if unsent and waited:
        state = replace(state, event_at_s=now.monotonic_s)
        effects.append(Publish("event", _event(state, list(_batch(unsent[: limits.EVENT_RECORDS_MAX])))))
    return state, effects


def _lasting(of: Status) -> tuple[object, ...]:
    return tuple(getattr(of, name) for name in Status.model_fields if name != "bound_s")


def _batch(unsent: Sequence[Reported]) -> Iterator[Reported]:
    """The oldest entries that fit one message."""
    size = 0
    for entry in unsent:
        size += len(entry.model_dump_json().encode())
        if size > limits.MESSAGE_MAX_BYTES * 3 // 4:
            return
        yield entry


def _event(state: State, batch: list[Reported]) -> Event:
    return Event(
        v=1,
        school=state.address.school,
        gate=state.address.gate,
        log=state.book.log,
        seq=batch[-1].seq,
        records=tuple(entry.record for entry in batch if isinstance(entry, Recorded)),
        presses=tuple(entry.press for entry in batch if isinstance(entry, Pressed)),
        problems=tuple(entry.problem for entry in batch if isinstance(entry, Noted)),
    )
