"""What an event changes in what the gate knows: days, live cues, acknowledgements, clips, buttons. Pure.

`gate.py` decides by it what is said. What is over is forgotten here too.
"""

import math
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Literal

from broker.wire.messages import Press
from config import limits
from config.alerts import SENTENCES
from config.day import Cue, Window
from config.pacing import EVER, latest, slip_of, upcoming
from edge.alphabet import (
    Accept,
    AckCame,
    Alarming,
    ButtonMoved,
    Cut,
    DayCame,
    Idle,
    Leading,
    LiveCame,
    Render,
    Rendered,
    State,
)
from edge.book import Acked, Book, Forgot, Kept, Opened, Pressed, Reopened, Started, Whole
from edge.button import Button, looked, moved
from edge.pace import one_waits, shown_next
from edge.records import ended, heard, last
from edge.turn import Turn
from edge.view import knows, open_holds, paced, today, zone_known


def woke(turn: Turn) -> None:
    turn.write(Started(start=turn.state.book.start + 1))
    turn.set(recalled=turn.state.book.alert.alert.id if turn.state.book.alert else "")
    up = Button(since_s=turn.now.monotonic_s, down=False)  # until the panel says how it found them
    turn.set(buttons=dict.fromkeys(turn.state.buttons, up))
    turn.set(zone=next((stored.day.zone for stored in turn.state.book.days.values()), turn.state.zone))
    rests_s = [window.rest_s for stored in turn.state.book.days.values() for window in stored.day.windows]
    turn.set(free_from_s=turn.now.monotonic_s + max([limits.BOOT_PAUSE_S, limits.REST_S, *rests_s]))
    for cue, begun in turn.state.book.open.items():
        if said := turn.state.book.said.get(cue):
            turn.record(ended(begun.record, heard(begun.record, paced=paced(turn.state, cue)), said.ended))
        else:
            turn.record(begun.record.but(final=last(turn.state, begun.record)))
    # The power may have gone between a day and what it brings back. Not so what was taken back, until its own instant:
    # the word that did it may be gone with the process.
    for stored in turn.state.book.days.values():
        for one in stored.day.cues:
            if turn.state.book.unheard.get(one.id, one.at) != one.at:
                _reopen(turn, one, stored.day.window(one))


def day_came(turn: Turn, event: DayCame) -> None:
    """A newer revision is kept; an older or the same one is a cached copy and changes nothing."""
    day, book = event.day, turn.state.book
    standing = book.days.get(day.date)
    if not zone_known(day.zone):
        turn.problem("refused-day", f"{day.date}: no time zone {day.zone}")
    elif standing is None and len(book.days) >= 2 * limits.HORIZON_DAYS:
        turn.problem("refused-day", f"{day.date}: {len(book.days)} days are kept already")
    elif standing is None or day.revision > standing.day.revision:
        at = turn.now.utc if turn.decides else None
        turn.write(Kept(at=at, digest=event.digest, payload=event.payload))
        turn.set(zone=day.zone, lives={cue: live for cue, live in turn.state.lives.items() if not knows(day, live)})
        for cue in day.cues:
            _reopen(turn, cue, day.window(cue))
        if standing is None and day.date == today(turn.state, turn.now):
            turn.set(gaps=((EVER, turn.now.utc),))
        turn.problem("refused-day", "")
    turn.effects.append(Accept(event.receipt))


def _reopen(turn: Turn, cue: Cue, window: Window | None) -> None:
    """Nobody heard it, and it may now be said later than was known when it was given up."""
    until = turn.state.book.unheard.get(cue.id)
    slip_s = slip_of(cue, turn.state.book.slips, window)
    if cue.state == "planned" and until is not None and latest(cue, window, slip_s) > until:
        turn.write(Reopened(cue=cue.id))


def live_came(turn: Turn, event: LiveCame) -> None:
    """A gate that has the day keeps its own queue; one without (a new card) uses the live cue."""
    live, book = event.live, turn.state.book
    cue, lives = live.cue, {of: one for of, one in turn.state.lives.items() if of not in book.done}
    known = any(knows(stored.day, live) for stored in book.days.values())
    standing = lives.get(cue.id)
    older = standing is not None and live.revision < standing.revision
    if not known and not older and (standing or len(lives) < limits.LIVE_MAX):
        _reopen(turn, cue, live.window)
        if cue.id not in turn.state.book.done:
            turn.set(lives={**lives, cue.id: live}, status=None)
    turn.problem("refused-cue", "")
    turn.effects.append(Accept(event.receipt))


def ack_came(turn: Turn, event: AckCame) -> None:
    book = turn.state.book
    if event.ack.log == book.log and event.ack.seq > book.seq:
        # Another went on with this log: a copy of the card, or this one before its full disk lost the end of it. What
        # is told under a number that is taken would never arrive, so all that is not acknowledged is told anew.
        turn.write(Opened(log=blake2b(f"{book.log} {event.ack.seq}".encode(), digest_size=4).hexdigest()))
        turn.set(answered=False, status=None, event_at_s=None)
    elif event.ack.log == book.log:
        turn.set(answered=True)
        if event.ack.seq != book.acked:  # else it answers a status, and what was just sent is still on its way
            turn.write(Acked(seq=event.ack.seq))
            turn.set(event_at_s=None)
    turn.problem("refused-ack", "")
    turn.effects.append(Accept(event.receipt))


def rendered(turn: Turn, event: Rendered) -> None:
    """What was not made as it should be is asked for again. A recording stands in for class calls alone: for a notice,
    or an alert of the plan's own, it would say what is not so.
    """
    state, doing = turn.state, turn.state.doing
    fits = not event.stand_in or any(cue.kind == "call" and cue.say == event.say for cue in _cues(state))
    if event.length_s is not None and fits:
        turn.set(clips={**state.clips, event.say: event.length_s})
        turn.set(stand_ins=state.stand_ins | {event.say} if event.stand_in else state.stand_ins - {event.say})
    elif not (isinstance(doing, Leading) and doing.cue.say == event.say):  # whose length is still asked for
        turn.set(clips={say: length_s for say, length_s in state.clips.items() if say != event.say})
    if event.why:
        turn.problem("clip", f"{event.say}: {event.why}")
        spoken = event.length_s is not None and not event.stand_in
        retry_s = limits.RENDER_BETTER_S if spoken else limits.RENDER_RETRY_S
        turn.set(asked={**turn.state.asked, event.say: turn.now.monotonic_s + retry_s})
    elif event.say in turn.state.asked:
        turn.set(asked={**turn.state.asked, event.say: math.inf})
    _clips_well(turn)


def _clips_well(turn: Turn) -> None:
    if not any(map(math.isfinite, turn.state.asked.values())):
        turn.problem("clip", "")


def _cues(state: State) -> list[Cue]:
    days = (stored.day.cues for stored in state.book.days.values())
    return [*(cue for cues in days for cue in cues), *(live.cue for live in state.lives.values())]


def render(turn: Turn) -> None:
    """Every sentence is made before it is due; a failed one is asked for again after a while; all of them, when the
    school reads something otherwise.
    """
    state, now_s = turn.state, turn.now.monotonic_s
    cues = sorted(_cues(state), key=lambda cue: (cue.at, cue.id))
    alert = state.book.alert
    says = [
        *([alert.alert.say] if alert else []),
        *(cue.say for cue in cues if cue.at >= turn.after(-86400)),
        *SENTENCES,
    ]
    asked = {say: state.asked.get(say, math.inf if say in state.clips else 0) for say in dict.fromkeys(says)}
    newest = max((stored.day for stored in state.book.days.values()), key=lambda day: day.issued_at, default=None)
    readings = state.readings if newest is None else {one.text: one.pinyin for one in newest.readings}
    new = [say for say, again_s in asked.items() if again_s <= now_s or readings != state.readings]
    if new:
        turn.set(asked={**state.asked, **dict.fromkeys(new, math.inf)}, readings=readings)
        # With what still waits, in the order of its instants: a notice for now is not made after next week.
        waits = {*new, *(say for say, again_s in asked.items() if again_s == math.inf and say not in state.clips)}
        turn.effects.append(Render(tuple(say for say in asked if say in waits), readings))


def button_moved(turn: Turn, event: ButtonMoved) -> None:
    buttons = turn.state.buttons
    turn.set(buttons={**buttons, event.button: moved(buttons[event.button], event.at_s, down=event.down)})


def look_at_buttons(turn: Turn) -> None:
    """With every event: what became of each button since the last one."""
    for name, button in turn.state.buttons.items():
        seen, turned = looked(button, turn.now.monotonic_s)
        if seen != button:
            turn.set(buttons={**turn.state.buttons, name: seen})
        if turned == "pressed":
            _pressed(turn, name, turn.after(seen.since_s - turn.now.monotonic_s))
        elif turned == "kept":
            _silenced(turn, name)
        elif turned is not None:
            turn.problem(f"button-{name}", "is held down" if turned == "stuck" else "")


def _pressed(turn: Turn, name: Literal["next", "hold"], at: datetime) -> None:
    """`hold` opens a hold, or ends all that this gate has. `next` releases the class that is next, by name; before
    the window, in a hold, or while one waits already, the lamp refuses. In an alert both are refused.
    """
    state, now = turn.state, turn.now
    if name == "hold":
        ends = tuple(hold.id for hold in open_holds(state, now)[: limits.HOLDS_MAX])
        _press(turn, name, at, done=state.book.alert is None, ends=ends)
        return
    queue = turn.queue
    head = shown_next(queue, now)
    done = head is not None and not state.held and not one_waits(queue, now)
    shown = head or upcoming(queue, now.utc)
    _press(turn, name, at, done=done, target=shown.cue.id if shown else None)


def _silenced(turn: Turn, name: Literal["next", "hold"]) -> None:
    if name == "hold" and turn.state.book.alert is not None and not turn.state.book.silenced:
        _press(turn, "silence", turn.now.utc, done=True)
        if isinstance(turn.state.doing, Alarming) and turn.state.doing.speaking:
            turn.effects.append(Cut())


def _press(
    turn: Turn,
    button: Literal["next", "hold", "silence"],
    at: datetime,
    *,
    done: bool,
    target: str | None = None,
    ends: tuple[str, ...] = (),
) -> None:
    state = turn.state
    seq = state.book.seq + 1
    made = f"{state.address.gate}/{state.book.log}-{seq}"
    result: Literal["done", "refused"] = "done" if done else "refused"
    press = Press(id=made, button=button, at=at, target=target, ends=ends if done else (), result=result)
    turn.write(Pressed(seq=seq, press=press, on=today(state, turn.now) if turn.decides else None))
    if not done:
        turn.set(refused_until_s=turn.now.monotonic_s + limits.REFUSED_S)


def forget(turn: Turn) -> None:
    """A date that has passed, by a trusted clock, is over; yesterday's windows may still be open. Then, and when it has
    grown long, the journal is made new: only while nothing is due, because a slow card takes its time.
    """
    book, now = turn.state.book, turn.now
    turn.problem("outbox", "full: the oldest are lost" if _overflows(book) else "")
    gap = "journal-renew" in book.problems  # what was not written while nothing could be is in no file yet
    soon = turn.after(limits.JOURNAL_GAP_S if gap else limits.JOURNAL_CALM_S)
    if not isinstance(turn.state.doing, Idle) or any(one.begins < soon for one in turn.queue):
        return
    before = today(turn.state, now) - timedelta(days=1)
    over = any(of < before for of in book.days) or any(cue < str(before) for cue in book.attempts)
    if turn.decides and over:
        for code in ("set-aside", "refused-topic"):  # a day later a person has seen it, or it comes again
            turn.problem(code, "")
        turn.write(Forgot(before=before))
        _forget_clips(turn, str(before))
    elif now.monotonic_s < turn.state.renew_at_s or (book.lines <= limits.JOURNAL_LINES_MAX and not gap):
        return
    turn.set(renew_at_s=now.monotonic_s + (limits.JOURNAL_GAP_S if gap else limits.JOURNAL_RETRY_S))
    turn.write(Whole(book=turn.state.book))


def _overflows(book: Book) -> bool:
    return len(book.outbox) >= limits.OUTBOX_MAX and book.outbox[0].seq > book.acked


def _forget_clips(turn: Turn, first_day: str) -> None:
    lives = {cue: live for cue, live in turn.state.lives.items() if cue >= first_day}
    cues = [cue for stored in turn.state.book.days.values() for cue in stored.day.cues]
    says = {*SENTENCES, *(cue.say for cue in (*cues, *(live.cue for live in lives.values())))}
    clips = {say: length_s for say, length_s in turn.state.clips.items() if say in says}
    turn.set(lives=lives, clips=clips, asked={say: at_s for say, at_s in turn.state.asked.items() if say in says})
    _clips_well(turn)
