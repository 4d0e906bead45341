"""The gate: `step(state, now, event) -> (state, effects)`. No clock, file, network, random source or log inside. Pure.

Its rules, in the order in which they win:

1. An alert cuts what is being said and speaks until it is cleared; nothing else ever cuts.
2. In a hold nothing begins. What is being said ends. What is due in quiet is shown, and not said.
3. Nothing is called by the clock without a bound inside `tolerance_s`, nor in the first seconds after a start; a class
   that a person lets go asks only that now, give or take the bound, is inside its window.
4. A cue is spoken once. `Begun` is durable before its sound; an attempt whose end is unknown is said once more.
5. The queue of `config/pacing.py` says who is next; not begun by `until` + slip or `closes` it is missed, and recorded.
6. The amplifier gets its lead, the first audible sample is the instant, and silence of `rest_s` follows.
7. Every cue ends in a final record, and a record is sent until the centre has it.

A gate is doing one of five things: idle, leading (relay closed, not yet heard), saying, pausing (between two sayings),
alarming. The three in the middle carry one call, so saying and pausing are kinds of leading. `_TABLE` says what each
does when time passes or the player answers (docs/gate.md draws it); all else is the same whatever it is doing, and
stands in the files that `step` calls: what came in, who waits for a person, alerts.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Literal

from broker.wire.messages import Record
from config import limits
from config.clock import Instant
from config.day import Cue
from config.pacing import Waiting, by_hand, first, slipped
from edge import alarm, intake, pace, report
from edge.alphabet import (
    Accept,
    AckCame,
    Alarming,
    AlertCame,
    ButtonMoved,
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
    Rendered,
    Saying,
    State,
    Tick,
    TimeKept,
    Woke,
)
from edge.book import Begun, Said, Slipped, Whole
from edge.button import settles_s
from edge.pace import may_begin
from edge.records import begun_at, ended, given_up, heard, last
from edge.records import planned as planned_record
from edge.turn import Turn
from edge.view import (
    day_of,
    gain_db,
    gaps,
    last_call,
    left_over,
    open_holds,
    otherwise,
    put_off,
    quiet,
    waiting_here,
    withdrawn,
)


def step(state: State, now: Instant, event: GateEvent) -> tuple[State, tuple[Effect, ...]]:
    """One event; every event is legal in every state. The effects are performed in order."""
    turn = Turn(state, now)
    match event:
        case Woke():
            intake.woke(turn)
        case Linked():
            turn.set(link_up=event.up, answered=False, status=None, event_at_s=None)
        case DayCame():
            intake.day_came(turn, event)
        case LiveCame():
            intake.live_came(turn, event)
        case AlertCame():
            alarm.came(turn, event)
        case AckCame():
            intake.ack_came(turn, event)
        case Refused():
            turn.effects.append(Accept(event.receipt))
            turn.problem(f"refused-{event.what}", event.why)
        case Rendered():
            intake.rendered(turn, event)
        case ButtonMoved():
            intake.button_moved(turn, event)
        case PartFailed():
            if event.part == "journal" and not event.why:  # it works again: what it did not take is in no file yet
                turn.write(Whole(book=turn.state.book))
            turn.problem(event.part, event.why)
        case TimeKept():
            turn.write(event.entry)
            turn.problem("refused-time", "")
        case PlayerAnswered():
            alarm.let_go(turn, event)
        case Tick():
            pass
    _clock(turn)
    intake.look_at_buttons(turn)
    alarm.watch(turn)
    _holds(turn)
    pace.wait(turn)
    for _ in range(4):  # what ends makes room for the next at once; bounded, in case two rows ever chase each other
        before = turn.state.doing
        _TABLE[type(before)](turn, event)
        if turn.state.doing == before:
            break
    if isinstance(event, PlayerAnswered) and event.token == turn.state.cutting:  # it has let go
        turn.set(cutting="")
    if not isinstance(event, Tick) or any(again_s <= now.monotonic_s for again_s in turn.state.asked.values()):
        intake.render(turn)
    intake.forget(turn)
    told, messages = report.due(turn.state, now, turn.queue)
    return told, (*turn.effects, *messages)


def wake(state: State, now: Instant) -> float:
    """Monotonic instant of the next `Tick` that could change something; at most 1 s ahead."""
    doing, latest_s = state.doing, min([now.monotonic_s + limits.TICK_MAX_S, *map(settles_s, state.buttons.values())])
    if isinstance(doing, Leading | Alarming):
        return min(latest_s, doing.until_s)
    latest_s = min(latest_s, state.waits_until_s)
    due = (now.monotonic_s + (one.begins - now.utc).total_seconds() for one in waiting_here(state, now))
    leads = (max(at_s, state.free_from_s) - limits.LEAD_MS / 1000 for at_s in due)
    return min([latest_s, *(lead_s for lead_s in leads if lead_s > now.monotonic_s)])


# What time and people change ----------------------------------------------------------------------


def _clock(turn: Turn) -> None:
    """The bound came or went; the time without it moves nothing."""
    state, utc = turn.state, turn.now.utc
    if turn.decides and not state.vouched:
        turn.set(vouched=True, gaps=(*state.gaps, (state.lost, utc))[-limits.GAPS_MAX :])
        turn.problem("clock", "")
    elif not turn.decides:
        turn.set(vouched=False, lost=utc if state.vouched else state.lost)
        if turn.now.monotonic_s >= turn.state.free_from_s:
            turn.problem("clock", "no source vouches for the time" if turn.now.bound_s is None else "bound too wide")


def _holds(turn: Turn) -> None:
    was, held = turn.state.held, bool(open_holds(turn.state, turn.now)) or turn.state.book.alert is not None
    turn.set(held=held)
    if was and not held:  # free for the loudspeaker: the amplifier takes its lead, and then the distances are kept
        lead_s = max(limits.LEAD_MS / 1000, turn.state.free_from_s - turn.now.monotonic_s)
        _freed(turn, turn.after(lead_s))


def _freed(turn: Turn, free: datetime) -> None:
    """Nothing keeps the loudspeaker from then on: the slip of each window whose first call is late by then. One that
    lacks its clip keeps nobody waiting: the others are called before it. Just after a start none is known yet.
    """
    if not turn.decides:  # without a clock nobody knows how late a call is
        return
    sayable = [one for one in turn.queue if not turn.state.clips or one.cue.say in turn.state.clips]
    for window, slip_s in slipped(sayable, free, gaps(turn.state, turn.now)).items():
        turn.write(Slipped(window=window, slip_s=round(slip_s, 3)))


# Doing × (time passes, the player answers) --------------------------------------------------------


def _idle(turn: Turn, _: GateEvent) -> None:
    """Take the first cue whose lead may begin now; what can no longer begin is missed."""
    now, lead_s = turn.now, limits.LEAD_MS / 1000
    if turn.state.held or now.monotonic_s < turn.state.free_from_s - lead_s:
        return
    audible_s = max(now.monotonic_s + lead_s, turn.state.free_from_s)
    audible = turn.after(audible_s - now.monotonic_s)
    queue = turn.queue
    for one in (*queue, *left_over(turn.state, now)) if turn.decides else ():
        if one.ends < audible:
            _missed(turn, one)
    next_lead = turn.after(lead_s)  # later ones are a later tick's
    sayable = (one for one in queue if one.begins <= next_lead and one.ends >= audible)
    head = first(one for one in sayable if one.cue.say in turn.state.clips and may_begin(now, one.cue, one.window))
    if head is None:
        return
    audible_s = max(audible_s, now.monotonic_s + (head.begins - now.utc).total_seconds())
    record = planned_record(turn.state, now, head, turn.after(audible_s - now.monotonic_s))
    turn.write(Begun(record=record))
    start_s = audible_s - limits.PLAY_AHEAD_MS / 1000
    turn.set(doing=Leading(head.cue, head.window, record, start_s, silent=_hushed(turn, head.cue, audible_s)))


def _hushed(turn: Turn, cue: Cue, audible_s: float, sayings: int | None = None) -> bool:
    """Whether the cue, begun then, would still be heard when it must be quiet. `sayings`: those left; all of them."""
    one_s = turn.state.clips[cue.say] + limits.SAYING_GAP_S
    begins_s = audible_s - turn.now.monotonic_s
    return quiet(turn.state, turn.now, turn.after(begins_s), turn.after(begins_s + one_s * (sayings or cue.repeat)))


def _missed(turn: Turn, one: Waiting) -> None:
    """Too late. A gate without the day does not know what it missed: it forgets a live cue that it never began."""
    cue, book = one.cue, turn.state.book
    if cue.id not in book.attempts and day_of(turn.state, cue.id) is None:
        turn.set(lives={of: live for of, live in turn.state.lives.items() if of != cue.id})
        return
    turn.record(
        given_up(turn.state, turn.now, one), until=None if cue.id in book.unknown else last_call(turn.state, one)
    )


def _leading(turn: Turn, _: GateEvent) -> None:
    """Until the player starts, a newer day that cancels the cue, puts it off, has other words or rules for it or holds
    the gate is still in time, and so is a clock that is lost: the machine may have slept. What may be heard after all,
    because quiet was ended, leads once more: the amplifier was off.
    """
    doing = turn.state.doing
    assert isinstance(doing, Leading)
    silent = _hushed(turn, doing.cue, doing.until_s + limits.PLAY_AHEAD_MS / 1000)
    if withdrawn(turn.state, doing.cue):
        record = doing.record.but(result="cancelled", final=True, actual=None, heard="no")
        turn.record(record, until=doing.cue.at)  # whatever plans it again reopens it
        turn.set(doing=Idle())
    elif (
        turn.state.held
        or put_off(turn.state, doing)
        or otherwise(turn.state, turn.now, doing)
        or not may_begin(turn.now, doing.cue, doing.window)
        or (doing.silent and not silent)
    ):
        turn.record(doing.record.but(actual=None, heard="no"))
        turn.set(doing=Idle())
    elif turn.now.monotonic_s >= doing.until_s:
        _say(turn, doing if silent == doing.silent else replace(doing, silent=silent))


def _saying(turn: Turn, event: GateEvent) -> None:
    doing = turn.state.doing
    assert isinstance(doing, Saying)
    token = f"{doing.cue.id}|{doing.record.attempt}"
    if isinstance(event, PlayerAnswered) and event.token == token:
        _answered(turn, doing, event)
    elif turn.now.monotonic_s >= doing.until_s:
        if doing.silent:  # shown for as long as it would have been heard
            turn.record(ended(doing.record.but(heard="no"), "suppressed", turn.now.utc))
            _rest(turn)
            return
        turn.effects.append(Cut())
        turn.problem("player", "no answer")
        _interrupted(turn, doing, "unknown")


def _answered(turn: Turn, doing: Saying, event: PlayerAnswered) -> None:
    if event.result != "whole":
        turn.problem("player", event.why or event.result)
        if event.result == "failed":
            turn.doubt([doing.cue.say])
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
    turn.record(ended(record, heard(record, paced=by_hand(doing.cue, doing.window)), turn.now.utc))
    _rest(turn)


def _pausing(turn: Turn, _: GateEvent) -> None:
    """What was said once is announced: a hold, a lost clock, quiet or a change only keeps it from being repeated."""
    doing = turn.state.doing
    assert isinstance(doing, Pausing)
    if (
        turn.state.held
        or withdrawn(turn.state, doing.cue)
        or not may_begin(turn.now, doing.cue, doing.window)
        or _hushed(turn, doing.cue, turn.now.monotonic_s, 1)
    ):
        said = turn.state.book.said[doing.cue.id]
        turn.record(ended(doing.record, heard(doing.record, paced=by_hand(doing.cue, doing.window)), said.ended))
        _rest(turn)
    elif turn.now.monotonic_s >= doing.until_s:
        _say(turn, replace(doing, saying=doing.saying + 1))


def _say(turn: Turn, doing: Leading) -> None:
    length_s = turn.state.clips[doing.cue.say]
    until_s = turn.now.monotonic_s + length_s + (0 if doing.silent else limits.PLAYED_GRACE_S)
    turn.set(doing=Saying(doing.cue, doing.window, doing.record, until_s, doing.saying, doing.silent))
    if not doing.silent:
        gain = gain_db(turn.state, turn.now, doing.cue, doing.window)
        turn.set(cutting="", cut=None)  # a player that never said that it let go is not waited for any more
        turn.effects.append(Play(f"{doing.cue.id}|{doing.record.attempt}", doing.cue.say, gain))


def _interrupted(turn: Turn, doing: Saying, unheard: Literal["no", "unknown"]) -> None:
    """After one whole saying a call is announced; before it, it is said once more."""
    record = doing.record
    if said := turn.state.book.said.get(doing.cue.id):
        turn.record(ended(record, heard(record, paced=by_hand(doing.cue, doing.window)), said.ended))
    else:
        record = record.but(heard=unheard, actual=None if unheard == "no" else record.actual)
        final = last(turn.state, record)
        # What nobody heard a revision with a later `until` brings back.
        unheard_until = last_call(turn.state, doing) if final and not _sounded(turn, record) else None
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
    Alarming: alarm.alarming,
}
