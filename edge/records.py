"""The records of what a gate did with a cue: made before the sound, corrected by what was heard. Pure."""

from datetime import datetime, timedelta

from broker.wire.messages import Record, Result, Source
from config import limits
from config.clock import Instant
from config.pacing import Waiting
from edge.alphabet import Leading, PlayerAnswered, State
from edge.view import day_of, gain_db, trusted


def planned(state: State, now: Instant, one: Waiting, actual: datetime) -> Record:
    """What will be true of this attempt if nothing more is heard of it."""
    book, cue = state.book, one.cue
    day, live = day_of(state, cue.id), state.lives.get(cue.id)
    return Record(
        cue=cue.id,
        attempt=book.attempts.get(cue.id, 0) + 1,
        revision=live.revision if live else day.revision if day else 0,
        result="interrupted",
        final=False,
        planned=cue.at,
        actual=actual,
        ended=None,
        bound_s=None if now.bound_s is None else round(now.bound_s, 3),
        slip_s=round(one.slip_s, 3),
        source=_source(state, one),
        volume_pct=min(100, round(100 * 10 ** (gain_db(state, now, cue, one.window) / 20))),
        heard="unknown",
    )


def _source(state: State, one: Waiting) -> Source:
    """Who let it go: the newest word counts."""
    cue, here = one.cue, state.book.released.get(one.cue.id)
    if here is not None and (cue.released is None or here.at >= cue.released):
        return here.source
    if cue.released is not None:
        return "class" if one.window is not None and one.window.pacing == "ready" else "console"
    return "live" if cue.id in state.lives else "timer"


def passed_over(state: State, now: Instant, one: Waiting) -> Record:
    """It waited long enough; others go first, and it may still be called."""
    tried = state.book.attempts.get(one.cue.id, 0)
    record = planned(state, now, one, now.utc).but(attempt=tried, actual=None, ended=now.utc)
    return record.but(result="passed_over", heard="no")


def given_up(state: State, now: Instant, one: Waiting) -> Record:
    """The end of a cue that can no longer begin: missed, or, after attempts, interrupted for good."""
    tried, unknown = state.book.attempts.get(one.cue.id, 0), one.cue.id in state.book.unknown
    record = planned(state, now, one, now.utc).but(final=True, actual=None, attempt=tried)
    return record.but(result="interrupted" if tried else "missed", heard="unknown" if unknown else "no")


def begun_at(now: Instant, doing: Leading, event: PlayerAnswered) -> Record:
    """The record with the instant that the player saw, for the first saying, if the clock can still tell it."""
    if doing.saying > 1 or event.began_s is None or not trusted(now):
        return doing.record
    silence_s = limits.CLIP_SILENCE_MS / 1000
    return doing.record.but(actual=now.utc + timedelta(seconds=event.began_s + silence_s - now.monotonic_s))


def heard(record: Record, *, paced: bool) -> Result:
    """A call that a person paces has no instant that it could miss; it waits for the sentence before it."""
    assert record.actual is not None
    late_s = (record.actual - record.planned).total_seconds() - record.slip_s
    by_clock = not paced and record.source != "console"
    return "late" if late_s > limits.LATE_RECORD_S and by_clock else "announced"


def ended(record: Record, result: Result, at: datetime) -> Record:
    sounded = record.heard if result == "suppressed" else "yes"
    return record.but(result=result, ended=at, final=True, heard=sounded)


def last(state: State, record: Record) -> bool:
    """Whether a failed attempt was the last: an unknown end is repeated once, a silent one a few times."""
    unknown = state.book.unknown.get(record.cue, 0) + (record.heard != "no")
    return unknown >= limits.ATTEMPTS_MAX or record.attempt >= limits.ATTEMPTS_SILENT_MAX
