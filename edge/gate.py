"""The gate: `step(state, now, event) -> (state, effects)`. No clock, file, network, random source or log inside. Pure.

Its rules, in the order in which they win:

1. Nothing is decided without a clock bound inside `tolerance_s`, nor in the first seconds after a start.
2. A cue is spoken once. `Begun` is durable before its sound; an attempt whose end is unknown is said once more.
3. The queue of `config/pacing.py` says who is next; not begun by `until` + slip it is missed, and recorded.
4. The amplifier gets its lead, the first audible sample is the instant, and silence of `rest_s` follows.
5. Every cue ends in a final record, and a record is sent until the centre has it.

A gate is doing one of four things: idle, leading (relay closed, not yet heard), saying, pausing (between two sayings).
`_TABLE` says what each does when time passes or the player answers; everything else is the same whatever it is doing.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from broker.wire.messages import Record
from config import limits
from config.clock import Instant
from config.day import Cue
from config.pacing import Waiting, first, slipped
from edge import report
from edge.alphabet import (
    Accept,
    AckCame,
    Cut,
    DayCame,
    Doing,
    Effect,
    GateEvent,
    Idle,
    Leading,
    Linked,
    LiveCame,
    PartFailed,
    Pausing,
    Play,
    PlayerAnswered,
    Refused,
    Render,
    Rendered,
    Saying,
    State,
    Tick,
    Woke,
)
from edge.book import Acked, Begun, Forgot, Kept, Reopened, Said, Slipped, Started
from edge.records import begun_at, ended, given_up, heard, last
from edge.records import planned as planned_record
from edge.turn import Turn
from edge.view import day_of, knows, open_holds, quiet, today, waiting_here, withdrawn, zone_known


def step(state: State, now: Instant, event: GateEvent) -> tuple[State, tuple[Effect, ...]]:
    """One event; every event is legal in every state. The effects are performed in order."""
    turn = Turn(state, now)
    match event:
        case Woke():
            _woke(turn)
        case Linked():
            turn.set(link_up=event.up, answered=False, status=None, event_at_s=None)
        case DayCame():
            _day_came(turn, event)
        case LiveCame():
            _live_came(turn, event)
        case AckCame():
            _ack_came(turn, event)
        case Refused():
            turn.effects.append(Accept(event.receipt))
            turn.problem(f"refused-{event.what}", event.why)
        case Rendered():
            _rendered(turn, event)
        case PartFailed():
            turn.problem(event.part, event.why)
        case PlayerAnswered() | Tick():
            pass
    _clock(turn)
    _holds(turn)
    for _ in range(4):  # leading → saying needs no second event; bounded, in case two rows ever chase each other
        before = turn.state.doing
        _TABLE[type(before)](turn, event)
        if turn.state.doing == before:
            break
    if not isinstance(event, Tick) or any(again_s <= now.monotonic_s for again_s in turn.state.asked.values()):
        _render(turn)
    _forget(turn)
    told, messages = report.due(turn.state, now)
    return told, (*turn.effects, *messages)


def wake(state: State, now: Instant) -> float:
    """Monotonic instant of the next `Tick` that could change something; at most 1 s ahead."""
    latest_s, doing = now.monotonic_s + limits.TICK_MAX_S, state.doing
    if isinstance(doing, Leading):
        return min(latest_s, doing.until_s)
    due = (now.monotonic_s + (one.begins - now.utc).total_seconds() for one in waiting_here(state, now))
    leads = (max(at_s, state.free_from_s) - limits.LEAD_MS / 1000 for at_s in due)
    return min([latest_s, *(lead_s for lead_s in leads if lead_s > now.monotonic_s)])


# What every event may bring -----------------------------------------------------------------------


def _woke(turn: Turn) -> None:
    turn.write(Started(start=turn.state.book.start + 1))
    turn.set(zone=next((stored.day.zone for stored in turn.state.book.days.values()), turn.state.zone))
    rests_s = [window.rest_s for stored in turn.state.book.days.values() for window in stored.day.windows]
    turn.set(free_from_s=turn.now.monotonic_s + max([limits.BOOT_PAUSE_S, limits.REST_S, *rests_s]))
    for cue, begun in turn.state.book.open.items():
        if said := turn.state.book.said.get(cue):
            turn.record(ended(begun.record, heard(begun.record), said.ended))
        else:
            turn.record(begun.record.but(final=last(turn.state, begun.record)))


def _day_came(turn: Turn, event: DayCame) -> None:
    """A newer revision is kept; an older or the same one is a cached copy and changes nothing."""
    day, book = event.day, turn.state.book
    standing = book.days.get(day.date)
    if any(window.pacing != "timed" for window in day.windows):
        turn.problem("refused-day", f"{day.date}: pacing is not timed")
    elif not zone_known(day.zone):
        turn.problem("refused-day", f"{day.date}: no time zone {day.zone}")
    elif standing is None and len(book.days) >= 2 * limits.HORIZON_DAYS:
        turn.problem("refused-day", f"{day.date}: {len(book.days)} days are kept already")
    elif standing is None or day.revision > standing.day.revision:
        turn.write(Kept(digest=event.digest, payload=event.payload))
        turn.set(zone=day.zone, lives={cue: live for cue, live in turn.state.lives.items() if not knows(day, live)})
        for cue in day.cues:
            _reopen(turn, cue)
        if standing is None and day.date == today(turn.state, turn.now):
            turn.set(returned=turn.now.utc)
        turn.problem("refused-day", "")
    turn.effects.append(Accept(event.receipt))


def _reopen(turn: Turn, cue: Cue) -> None:
    """Nobody heard it, and it may now be said later than was known when it was given up."""
    until = turn.state.book.unheard.get(cue.id)
    if cue.state == "planned" and until is not None and cue.until > until:
        turn.write(Reopened(cue=cue.id))


def _live_came(turn: Turn, event: LiveCame) -> None:
    """A gate that has the day keeps its own queue; one without (a new card) uses the live cue."""
    live, book = event.live, turn.state.book
    cue, lives = live.cue, {of: one for of, one in turn.state.lives.items() if of not in book.done}
    known = any(knows(stored.day, live) for stored in book.days.values())
    standing = lives.get(cue.id)
    older = standing is not None and live.revision < standing.revision
    if not known and not older and (standing or len(lives) < limits.LIVE_MAX):
        _reopen(turn, cue)
        if cue.id not in turn.state.book.done:
            turn.set(lives={**lives, cue.id: live}, status=None)
    turn.problem("refused-cue", "")
    turn.effects.append(Accept(event.receipt))


def _ack_came(turn: Turn, event: AckCame) -> None:
    book = turn.state.book
    if event.ack.log == book.log and event.ack.seq <= book.seq:
        turn.set(answered=True)
        if event.ack.seq != book.acked:
            turn.write(Acked(seq=event.ack.seq))
        turn.set(event_at_s=None)
    turn.effects.append(Accept(event.receipt))


def _rendered(turn: Turn, event: Rendered) -> None:
    if event.length_s is None:
        turn.problem("clip", f"{event.say}: {event.why}")
        turn.set(asked={**turn.state.asked, event.say: turn.now.monotonic_s + limits.RENDER_RETRY_S})
        return
    turn.set(clips={**turn.state.clips, event.say: event.length_s})
    if not any(math.isfinite(again_s) and say not in turn.state.clips for say, again_s in turn.state.asked.items()):
        turn.problem("clip", "")


def _clock(turn: Turn) -> None:
    """The bound came or went; the time without it moves nothing."""
    if turn.decides and not turn.state.vouched:
        turn.set(vouched=True, returned=turn.now.utc)
        turn.problem("clock", "")
    elif not turn.decides:
        turn.set(vouched=False)
        if turn.now.monotonic_s >= turn.state.free_from_s:
            turn.problem("clock", "no source vouches for the time" if turn.now.bound_s is None else "bound too wide")


def _holds(turn: Turn) -> None:
    was, held = turn.state.held, bool(open_holds(turn.state, turn.now))
    turn.set(held=held)
    if was and not held:
        _freed(turn, turn.now.utc)


def _freed(turn: Turn, free: datetime) -> None:
    if not turn.decides:  # without a clock nobody knows how late a call is
        return
    for window, slip_s in slipped(waiting_here(turn.state, turn.now), free, turn.state.returned).items():
        turn.write(Slipped(window=window, slip_s=round(slip_s, 3)))


def _render(turn: Turn) -> None:
    """Every sentence is made before it is due; a failed one is asked for again after a while."""
    state, now_s = turn.state, turn.now.monotonic_s
    cues = [cue for stored in state.book.days.values() for cue in stored.day.cues]
    cues += [live.cue for live in state.lives.values()]
    cues.sort(key=lambda cue: (cue.at, cue.id))
    says = [cue.say for cue in cues if cue.at >= turn.after(-86400)]
    new = [say for say in dict.fromkeys(says) if say not in state.clips and state.asked.get(say, 0) <= now_s]
    if new:
        turn.set(asked={**state.asked, **dict.fromkeys(new, math.inf)})
        turn.effects.append(Render(tuple(new)))


def _forget(turn: Turn) -> None:
    """A date that has passed, by a trusted clock, is over; yesterday's windows may still be open."""
    before, book = today(turn.state, turn.now) - timedelta(days=1), turn.state.book
    if not turn.decides or not (
        any(of < before for of in book.days) or any(cue < str(before) for cue in book.attempts)
    ):
        return
    turn.write(Forgot(before=before))
    lives = {cue: live for cue, live in turn.state.lives.items() if cue >= str(before)}
    cues = [cue for stored in turn.state.book.days.values() for cue in stored.day.cues]
    says = {cue.say for cue in (*cues, *(live.cue for live in lives.values()))}
    clips = {say: length_s for say, length_s in turn.state.clips.items() if say in says}
    turn.set(lives=lives, clips=clips, asked={say: at_s for say, at_s in turn.state.asked.items() if say in says})


# Doing × (time passes, the player answers) --------------------------------------------------------


def _idle(turn: Turn, _: GateEvent) -> None:
    """Take the first cue whose lead may begin now; what can no longer begin is missed."""
    now, lead_s = turn.now, limits.LEAD_MS / 1000
    if not turn.decides or turn.state.held or now.monotonic_s < turn.state.free_from_s - lead_s:
        return
    audible_s = max(now.monotonic_s + lead_s, turn.state.free_from_s)
    audible = turn.after(audible_s - now.monotonic_s)
    queue = waiting_here(turn.state, now)
    for one in queue:
        if one.ends < audible:
            _missed(turn, one)
    leads = turn.after(lead_s)
    sayable = (one for one in queue if one.begins <= leads and one.ends >= audible)
    head = first(one for one in sayable if one.cue.say in turn.state.clips)
    if head is None:
        return
    audible_s = max(audible_s, now.monotonic_s + (head.begins - now.utc).total_seconds())
    record = planned_record(turn.state, now, head, turn.after(audible_s - now.monotonic_s))
    turn.write(Begun(record=record))
    start_s = audible_s - limits.PLAY_AHEAD_MS / 1000
    turn.set(doing=Leading(head.cue, head.window, record, start_s, silent=_hushed(turn, head.cue, audible_s)))


def _hushed(turn: Turn, cue: Cue, audible_s: float, sayings: int | None = None) -> bool:
    """Whether the cue, begun then, would still be heard when it must be quiet."""
    one_s = turn.state.clips[cue.say] + limits.SAYING_GAP_S
    return quiet(turn.state, turn.now, turn.after(audible_s - turn.now.monotonic_s + one_s * (sayings or cue.repeat)))


def _missed(turn: Turn, one: Waiting) -> None:
    """Too late. A gate without the day does not know what it missed: it forgets a live cue that it never began."""
    cue, book = one.cue, turn.state.book
    if cue.id not in book.attempts and day_of(turn.state, cue.id) is None:
        turn.set(lives={of: live for of, live in turn.state.lives.items() if of != cue.id})
        return
    turn.record(given_up(turn.state, turn.now, one), until=None if cue.id in book.unknown else cue.until)


def _leading(turn: Turn, _: GateEvent) -> None:
    """Until the player starts, a newer day that cancels the cue or holds the gate is still in time, and so is a
    clock that is lost: the machine may have slept.
    """
    doing = turn.state.doing
    assert isinstance(doing, Leading)
    if withdrawn(turn.state, doing.cue):
        record = doing.record.but(result="cancelled", final=True, actual=None, heard="no")
        turn.record(record, until=doing.cue.at)  # whatever plans it again reopens it
        turn.set(doing=Idle())
    elif turn.state.held or not turn.decides:
        turn.record(doing.record.but(actual=None, heard="no"))
        turn.set(doing=Idle())
    elif turn.now.monotonic_s >= doing.until_s:
        silent = _hushed(turn, doing.cue, doing.until_s)
        _say(turn, doing if silent == doing.silent else replace(doing, silent=silent))


def _saying(turn: Turn, event: GateEvent) -> None:
    doing = turn.state.doing
    assert isinstance(doing, Saying)
    token = f"{doing.cue.id}|{doing.record.attempt}"
    if isinstance(event, PlayerAnswered) and event.token == token:
        _answered(turn, doing, event)
    elif turn.now.monotonic_s >= doing.until_s:
        if doing.silent:
            turn.record(ended(doing.record.but(heard="no"), "suppressed", turn.now.utc))
            _rest(turn)
            return
        turn.effects.append(Cut())
        turn.problem("player", "no answer")
        _interrupted(turn, doing, "unknown")


def _answered(turn: Turn, doing: Saying, event: PlayerAnswered) -> None:
    if event.result != "whole":
        turn.problem("player", event.why or event.result)
        _interrupted(turn, doing, "no" if event.began_s is None else "unknown")
        return
    turn.problem("player", "")
    if doing.saying == 1:
        turn.write(Said(cue=doing.cue.id, ended=turn.now.utc))
    if doing.saying < doing.cue.repeat and not turn.state.held:
        until_s = turn.now.monotonic_s + limits.SAYING_GAP_S - limits.PLAY_AHEAD_MS / 1000
        turn.set(doing=Pausing(doing.cue, doing.window, begun_at(turn.now, doing, event), until_s, doing.saying))
        return
    record = begun_at(turn.now, doing, event)
    turn.record(ended(record, heard(record), turn.now.utc))
    _rest(turn)


def _pausing(turn: Turn, _: GateEvent) -> None:
    doing = turn.state.doing
    assert isinstance(doing, Pausing)
    if turn.state.held or not turn.decides or _hushed(turn, doing.cue, turn.now.monotonic_s, 1):
        said = turn.state.book.said[doing.cue.id]
        turn.record(ended(doing.record, heard(doing.record), said.ended))
        _rest(turn)
    elif turn.now.monotonic_s >= doing.until_s:
        _say(turn, replace(doing, saying=doing.saying + 1))


def _say(turn: Turn, doing: Leading) -> None:
    length_s = turn.state.clips[doing.cue.say]
    until_s = turn.now.monotonic_s + length_s + (0 if doing.silent else limits.PLAYED_GRACE_S)
    turn.set(doing=Saying(doing.cue, doing.window, doing.record, until_s, doing.saying, doing.silent))
    if not doing.silent:
        gain_db = doing.window.gain_db if doing.window else 0.0
        turn.effects.append(Play(f"{doing.cue.id}|{doing.record.attempt}", doing.cue.say, gain_db))


def _interrupted(turn: Turn, doing: Saying, unheard: Literal["no", "unknown"]) -> None:
    """After one whole saying a call is announced; before it, it is said once more."""
    record = doing.record
    if said := turn.state.book.said.get(doing.cue.id):
        turn.record(ended(record, heard(record), said.ended))
    else:
        record = record.but(heard=unheard, actual=None if unheard == "no" else record.actual)
        final = last(turn.state, record)
        unheard_until = doing.cue.until if final and not _sounded(turn, record) else None
        turn.record(record.but(ended=turn.now.utc, final=final), until=unheard_until)
    _rest(turn)


def _sounded(turn: Turn, record: Record) -> bool:
    """Whether somebody may have heard something of the cue."""
    return record.heard != "no" or record.cue in turn.state.book.unknown


def _rest(turn: Turn) -> None:
    doing = turn.state.doing
    assert isinstance(doing, Leading)
    rest_s = doing.window.rest_s if doing.window else limits.REST_S
    turn.set(doing=Idle(), free_from_s=turn.now.monotonic_s + rest_s)
    _freed(turn, turn.after(rest_s))


_TABLE: dict[type[Doing], Callable[[Turn, GateEvent], None]] = {
    Idle: _idle,
    Leading: _leading,
    Saying: _saying,
    Pausing: _pausing,
}
