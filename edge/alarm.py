"""An alert at a gate: it cuts what is being said, repeats until it is cleared, and survives a power cut. Pure.

1. An actual alert ends by a clear that names it, and by nothing else; then a hold stays until a person resumes.
2. A drill never takes the place of an actual, speaks neither in quiet nor on trial, and ends at its `until`. After a
   start it is silent until somebody vouches for the time: it may be long over.
3. `hold` kept down silences the voice at this gate; red and state stay.
"""

from dataclasses import replace
from datetime import timedelta

from broker.wire.messages import Alert
from config import limits
from config.alerts import sentence
from config.pacing import by_hand
from edge.alphabet import (
    Accept,
    Alarming,
    AlertCame,
    Cut,
    GateEvent,
    Idle,
    Leading,
    Pausing,
    Play,
    PlayerAnswered,
    Saying,
)
from edge.book import Alerted, Cleared, Said
from edge.records import begun_at, ended, heard
from edge.turn import Turn
from edge.view import alert_gain_db, quiet, today


def came(turn: Turn, event: AlertCame) -> None:
    """One that is not newer than what was heard already is a cached copy, and changes nothing; but a clear that was
    overtaken by a drill still clears what it names.
    """
    alert, book = event.alert, turn.state.book
    named = alert.action == "clear" and book.alert is not None and alert.clears == book.alert.alert.id
    if alert.seq > book.alert_seq or named:
        on = today(turn.state, turn.now) if turn.decides else None
        turn.write(Alerted(alert=alert, at=turn.now.utc, gate=turn.state.address.gate, on=on))
        astray = alert.action == "clear" and book.alert is not None and not named
        turn.problem("refused-alert", f"clears {alert.clears}, which is not the alert that stands" if astray else "")
        since_s = turn.state.alert_since_s if turn.state.book.alert is book.alert else None
        turn.set(status=None, alert_since_s=since_s)
    turn.effects.append(Accept(event.receipt))


def watch(turn: Turn) -> None:
    """With every event: begin, end or replace the alarm. It asks for no clock and no bound."""
    if turn.state.book.alert is None:
        turn.set(alert_since_s=None)
    elif turn.state.alert_since_s is None:
        turn.set(alert_since_s=turn.now.monotonic_s)
    _end_drill(turn)
    standing, doing = turn.state.book.alert, turn.state.doing
    if isinstance(doing, Alarming) and (standing is None or standing.alert.id != doing.alert):
        if doing.speaking:
            turn.effects.append(Cut())
        rest_s = turn.now.monotonic_s + limits.REST_S
        turn.set(
            doing=Idle(),
            free_from_s=max(turn.state.free_from_s, rest_s),
            cutting=doing.token if doing.speaking else turn.state.cutting,
        )
    if standing is not None and not isinstance(turn.state.doing, Alarming):
        _begin(turn, standing.alert)


def _end_drill(turn: Turn) -> None:
    standing, since_s = turn.state.book.alert, turn.state.alert_since_s
    if standing is None or standing.alert.status == "actual" or since_s is None:
        return
    alert = standing.alert
    until = alert.until or alert.raised_at + timedelta(seconds=limits.DRILL_MAX_S)
    lasts_s = (until - alert.raised_at).total_seconds()
    if turn.now.monotonic_s - since_s >= lasts_s or (turn.decides and turn.now.utc >= until):
        turn.write(Cleared(id=alert.id))
        turn.set(alert_since_s=None)


def _begin(turn: Turn, alert: Alert) -> None:
    """Cut, and speak as soon as the player has let go; an amplifier that was off takes its lead."""
    doing, now_s = turn.state.doing, turn.now.monotonic_s
    start_s = now_s + (limits.LEAD_MS - limits.PLAY_AHEAD_MS) / 1000
    cutting, cut = turn.state.cutting, turn.state.cut
    match doing:
        case Saying(silent=False):
            turn.effects.append(Cut())
            cutting = f"{doing.cue.id}|{doing.record.attempt}"
            cut = _cut_short(turn, doing)
        case Pausing():
            start_s = now_s
            said = turn.state.book.said[doing.cue.id]
            turn.record(ended(doing.record, heard(doing.record, paced=by_hand(doing.cue, doing.window)), said.ended))
        case Leading():
            turn.record(doing.record.but(actual=None, heard="no"))
        case _:
            pass
    until_s = now_s + limits.CUT_WITHIN_S if cutting else start_s
    turn.set(doing=Alarming(alert.id, "", 0, until_s), cutting=cutting, cut=cut)


def _cut_short(turn: Turn, doing: Saying) -> Saying | None:
    """After one whole saying a call is announced; before it, it is said again once people resumed."""
    if said := turn.state.book.said.get(doing.cue.id):
        result = heard(doing.record, paced=by_hand(doing.cue, doing.window))
        turn.record(ended(doing.record, result, said.ended))
        return None
    turn.record(doing.record.but(result="cut_short", ended=turn.now.utc))
    return doing


def let_go(turn: Turn, event: PlayerAnswered) -> None:
    """What was cut is silent. A sentence that had ended before the cut reached the player: nobody calls that class a
    second time, also where the alert is over by now.
    """
    cut, doing = turn.state.cut, turn.state.doing
    if cut is None or event.token != turn.state.cutting:
        return
    turn.set(cut=None)
    if event.result == "whole" and not (isinstance(doing, Leading) and doing.cue.id == cut.cue.id):
        record = begun_at(turn.now, cut, event)
        turn.write(Said(cue=cut.cue.id, ended=turn.now.utc))
        turn.record(ended(record, heard(record, paced=by_hand(cut.cue, cut.window)), turn.now.utc))


def alarming(turn: Turn, event: GateEvent) -> None:
    """The row of the gate's table: speak, pause, speak; three times, then every 30 s."""
    doing, now_s = turn.state.doing, turn.now.monotonic_s
    assert isinstance(doing, Alarming)
    if not doing.speaking and isinstance(event, PlayerAnswered) and event.token == turn.state.cutting:
        _speak(turn, doing)
    elif doing.speaking and isinstance(event, PlayerAnswered) and event.token == doing.token:
        if event.result != "cut":  # silenced here, by a person
            turn.problem("player", "" if event.result == "whole" else event.why or event.result)
        if event.result == "failed":
            turn.doubt(_sentences(turn))
        again_s = now_s + limits.SAYING_GAP_S
        if doing.sayings >= limits.ALERT_SAYINGS:
            again_s = max(again_s, doing.begun_s + limits.ALERT_EVERY_S)
        turn.set(doing=replace(doing, speaking=False, until_s=again_s))
    elif now_s < doing.until_s:
        return
    elif doing.speaking:  # no answer: the player hangs
        turn.effects.append(Cut())
        turn.problem("player", "no answer")
        turn.set(doing=replace(doing, speaking=False, until_s=now_s + limits.SAYING_GAP_S), cutting=doing.token)
    else:
        _speak(turn, doing)


def _speak(turn: Turn, doing: Alarming) -> None:
    now_s, say = turn.now.monotonic_s, _say(turn)
    turn.set(cutting="", cut=None)
    if say is None:
        turn.set(doing=replace(doing, until_s=now_s + limits.TICK_MAX_S))
        return
    token = f"alert-{doing.alert}|{doing.sayings + 1}"
    until_s = now_s + turn.state.clips[say] + limits.PLAYED_GRACE_S
    turn.set(doing=Alarming(doing.alert, token, doing.sayings + 1, until_s, now_s, speaking=True))
    assert turn.state.book.alert is not None
    gain_db = alert_gain_db(turn.state, turn.now, turn.state.book.alert.alert.status)
    turn.effects.append(Play(token, say, gain_db))


def _say(turn: Turn) -> str | None:
    """Its own sentence, else the shipped one, also where the last saying failed: its clip may be broken. None while
    neither is ready, or it must be silent here.
    """
    book, clips = turn.state.book, turn.state.clips
    says = [say for say in _sentences(turn) if say in clips]
    if not says or book.silenced:
        return None
    say = says[-1] if "player" in book.problems else says[0]
    if book.alert is None or book.alert.alert.status == "actual":
        return say
    perhaps_over = book.alert.alert.id == turn.state.recalled and not turn.decides
    return None if perhaps_over or quiet(turn.state, turn.now, turn.now.utc, turn.after(clips[say])) else say


def _sentences(turn: Turn) -> tuple[str, str]:
    assert turn.state.book.alert is not None
    alert = turn.state.book.alert.alert
    return alert.say, sentence(alert.action, alert.status)
