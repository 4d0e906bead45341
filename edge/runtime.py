"""The gate's runtime: takes one event, steps, performs the effects in order. No thread inside; the loop is `run`.

A Pi and the simulator call the same `handle`. Everything that can block is elsewhere and answers as an event.
"""

import contextlib
import math
import queue
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from audio.player import Played, Player
from broker.wire import topics
from broker.wire.messages import Ack, Alert, LiveCue, Time, decode, digest, encode
from broker.wire.transport import Arrived, LinkDown, LinkUp, Transport, TransportEvent, Will
from config import limits
from config.clock import Clock, Instant
from config.day import GateDay
from config.errors import BadInputError, OutsideError
from config.types import Readings
from edge import report, trust
from edge.alphabet import (
    Accept,
    AckCame,
    Alarming,
    AlertCame,
    Cut,
    DayCame,
    Effect,
    GateEvent,
    Idle,
    Leading,
    Linked,
    LiveCame,
    PartFailed,
    Play,
    PlayerAnswered,
    Publish,
    Refused,
    Render,
    Saying,
    State,
    Tick,
    TimeKept,
    Woke,
    Write,
)
from edge.book import ENTRY, Book, Noted, Opened, Stopped, Whole, apply
from edge.chip import Chip
from edge.gate import step, wake
from edge.inbox import Inbox
from edge.journal import Journal
from edge.panel import Panel
from edge.timekeeper import Timekeeper


class ClipStore(Protocol):
    """Where clips are and who makes them."""

    def render(self, says: tuple[str, ...], own: Readings) -> None: ...
    def path(self, say: str) -> Path: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """The hands of a gate. `log` takes a line for people: what it did, in words."""

    clock: Clock
    journal: Journal
    transport: Transport
    player: Player
    panel: Panel
    clips: ClipStore
    log: Callable[[str], None]
    chip: Chip | None = None


class Runtime:
    """One gate. `new_log`: the name of the journal if it is new, 8 random hex digits."""

    def __init__(self, address: topics.Address, version: str, parts: Parts, new_log: str) -> None:
        self.parts = parts
        self._lights: report.Lights | None = None
        book, damaged = _replayed(parts.journal, new_log)
        _check_owner(book, address)
        self.state = State(address, version, book)
        begun = trust.begun(book.start + 1, parts.clock.boot_id(), book.anchored, book.chip_set)
        self.time = Timekeeper(parts.clock, parts.chip, begun)
        self.link_up = False
        self._stepped = self._seen = self.now()
        self.handle(Woke())
        self.handle(PartFailed("player", parts.player.check()))
        self.handle(PartFailed("journal-damaged", f"{damaged} lines could not be read" if damaged else ""))

    def handle(self, event: TransportEvent | GateEvent | Played) -> None:
        """One event, to its end. A message that stops the program is remembered first: met again, it is set aside."""
        if not isinstance(event, Arrived):
            self._handle(event)
        elif (key := digest(event.topic.encode() + event.payload)) in self.state.book.stopped:
            self.parts.transport.accept(event.receipt)
            self._handle(PartFailed("set-aside", event.topic))
        else:
            try:
                self._handle(event)
            except OutsideError:  # a device's fault, not the message's: it may be right the next time
                raise
            except Exception:  # whatever it was: known before the restart, raised again below
                with contextlib.suppress(OutsideError):
                    self.parts.journal.append(Stopped(key=key).model_dump_json().encode())
                raise  # the supervisor starts this program again

    def _handle(self, event: TransportEvent | GateEvent | Played) -> None:
        """Parts that fail while it is handled come as further events, in order."""
        self._steps([] if (known := self._known(event)) is None else [known])
        self._steps(self._tended())
        self._ask()

    def _steps(self, waiting: list[GateEvent]) -> None:
        while waiting:
            self._stepped = self.now()
            self.state, effects = step(self.state, self._stepped, waiting.pop(0))
            failures = [*(self._perform(effect) for effect in effects), self._show()]
            waiting += [failed for failed in failures if failed is not None]

    def _tended(self) -> list[GateEvent]:
        """What became of the clocks."""
        entries = [TimeKept(entry) for entry in self.time.tend(self._calm)]
        found, standing = self.time.problems().items(), self.state.book.problems
        return [*entries, *(PartFailed(code, why) for code, why in found if bool(why) != (code in standing))]

    def _calm(self) -> bool:
        now = self.now()
        wakes_s = wake(self.state, self._stepped)
        return isinstance(self.state.doing, Idle) and wakes_s > now.monotonic_s + limits.TICK_MAX_S / 2

    def now(self) -> Instant:
        """The school's time, as far as it is known here."""
        self._seen = self.time.now()
        return self._seen

    def next_wake_s(self) -> float:
        """Seconds until the loop must call `handle(Tick())`. What came due since the last step, while a card wrote or a
        part was slow, is due now: `wake` leaves out what that step has seen.
        """
        now = self.now()
        asks_s = self.time.asks_s() if self.link_up else now.monotonic_s + limits.TICK_MAX_S
        return max(0.0, min(wake(self.state, self._stepped), asks_s) - now.monotonic_s)

    def run(self, inbox: Inbox, turned: Callable[[], None] = lambda: None) -> None:
        """The loop: events as they come, a Tick when something is due, until None comes. `turned` after each.

        Then the sentence that is being said ends, and its record is written; a second None, or `STOP_SAYING_S`, cuts.
        """
        self._loop(inbox, turned, lambda: True, math.inf)
        if self._speaking():
            self._log("说完这一句就结束 ending after this sentence")
        self._loop(inbox, turned, self._speaking, limits.STOP_SAYING_S)
        if self._sounding():  # who leads or pauses says no more; what the journal holds of it is true
            self.parts.player.cut()
            self._loop(inbox, turned, self._sounding, limits.CUT_WITHIN_S)

    def _loop(self, inbox: Inbox, turned: Callable[[], None], on: Callable[[], bool], limit_s: float) -> None:
        """While `on`, until None comes or the time is over."""
        end_s = self.parts.clock.monotonic_s() + limit_s
        while on() and (left_s := end_s - self.parts.clock.monotonic_s()) > 0:
            try:
                event = inbox.get(timeout=min(self.next_wake_s(), left_s))
            except queue.Empty:
                event = Tick()
            if event is None:
                return
            self.handle(event)
            turned()

    def _speaking(self) -> bool:
        """Something was begun that has no record yet."""
        doing = self.state.doing
        return isinstance(doing, Leading) or (isinstance(doing, Alarming) and doing.speaking)

    def _sounding(self) -> bool:
        doing = self.state.doing
        return isinstance(doing, Saying) or (isinstance(doing, Alarming) and doing.speaking)

    def will(self) -> Will:
        """What the broker says of this gate when it is lost. On the transport's thread: reads, changes nothing."""
        lost = report.status(self.state, self._seen, link="lost")
        return Will(topics.up(self.state.address, "status"), encode(lost))

    def close(self) -> None:
        """Silent, dark, goodbye; each whatever becomes of the others."""
        parts = self.parts
        with contextlib.ExitStack() as last_first:
            last_first.callback(parts.journal.close)
            last_first.callback(parts.transport.stop)
            last_first.callback(self._goodbye)
            last_first.callback(parts.panel.close)
            last_first.callback(parts.player.close)

    def _goodbye(self) -> None:
        goodbye = encode(report.status(self.state, self.now(), link="closed"))
        self.parts.transport.publish(topics.up(self.state.address, "status"), goodbye, retain=True)

    # What comes in --------------------------------------------------------------------------------

    def _known(self, event: TransportEvent | GateEvent | Played) -> GateEvent | None:
        match event:
            case LinkUp():
                self.link_up = True
                self.time.linked()
                self._log("已连接 connected")
                return Linked(up=True)
            case LinkDown(why):
                self.link_up = False
                self._log(f"未连接 not connected: {why}")
                return Linked(up=False)
            case Arrived():
                return self._arrived(event)
            case Played(token, result, began_s, why):
                return PlayerAnswered(token, result, began_s, why)
            case _:
                return event

    def _arrived(self, message: Arrived) -> GateEvent | None:
        topic = topics.parse(message.topic)
        what = topic.what if topic is not None and topic.address == self.state.address else "topic"
        if what in ("day", "alert") and not message.payload:  # the cache was cleared; what is stored here stays
            self.parts.transport.accept(message.receipt)
            return None
        try:
            return self._parsed(what, message, None if topic is None else topic.date)
        except BadInputError as error:
            return Refused(what, str(error), message.receipt)

    def _parsed(self, what: str, message: Arrived, on: date | None) -> GateEvent | None:
        payload, receipt = message.payload, message.receipt
        match what:
            case "day":
                day = decode(payload, GateDay, limits.GATE_DAY_MAX_BYTES)
                own = self.state.address
                if (day.school, day.gate, day.date) != (own.school, own.gate, on):
                    wrong = f"a day of {day.school}/{day.gate}, {day.date}"
                    raise BadInputError(wrong)
                return DayCame(day, payload.decode(), digest(payload), receipt)
            case "cue":
                return LiveCame(decode(payload, LiveCue), receipt)
            case "alert":
                alert = decode(payload, Alert)
                if alert.school != self.state.address.school:
                    wrong = f"an alert of {alert.school}"
                    raise BadInputError(wrong)
                return AlertCame(alert, receipt)
            case "ack":
                return AckCame(decode(payload, Ack), receipt)
            case "time":
                self.time.answered(decode(payload, Time), message.monotonic_s)
                self.parts.transport.accept(receipt)
                return Tick()
            case _:
                unknown = f"{message.topic[:80]}: this version does not know it"
                raise BadInputError(unknown)

    # What goes out --------------------------------------------------------------------------------

    def _perform(self, effect: Effect) -> GateEvent | None:
        """Carry out one effect; a part that failed, or (journal, panel) works again, is an event."""
        parts = self.parts
        match effect:
            case Write(entry):
                if isinstance(entry, Noted):
                    told = entry.problem
                    over = "已好 over" if told.closed_at else told.args.get("why", "")
                    self._log(f"问题 problem {told.code}: {over}")
                # Parts of their own: where a line can be written and no file be made, each failure would be a line.
                anew = isinstance(entry, Whole)
                part, write = ("journal-renew", parts.journal.renew) if anew else ("journal", parts.journal.append)
                return self._part(part, lambda: write(ENTRY.dump_json(entry, by_alias=True)))
            case Play(token, say, gain_db):
                self._log(f"播报 {say}" + (f"（{gain_db:+g} 分贝）" if gain_db else ""))
                parts.player.play(token, parts.clips.path(say), gain_db)
            case Cut():
                parts.player.cut()
            case Render(says, readings):
                parts.clips.render(says, readings)
            case Accept(receipt):
                parts.transport.accept(receipt)
            case Publish(what, message, retain):
                parts.transport.publish(topics.up(self.state.address, what), encode(message), retain=retain)
        return None

    def _show(self) -> GateEvent | None:
        lights = report.lights(self.state, self.now())
        if lights == self._lights:
            return None
        failed = self._part("panel", lambda: self._shown(lights))
        lamps = {"red": "红灯", "amber": "黄灯", "green": "绿灯"}
        lit = [
            f"{name}{_PATTERNS[getattr(lights, lamp)]}"
            for lamp, name in lamps.items()
            if getattr(lights, lamp) != "off"
        ]
        if lights == self._lights:
            self._log(" ".join(lit) or "灯灭")
        return failed

    def _shown(self, lights: report.Lights) -> None:
        self.parts.panel.show(lights)
        self._lights = lights  # what could not be shown is tried again with the next event

    def _log(self, what: str) -> None:
        local = self._seen.utc.astimezone(ZoneInfo(self.state.zone))
        self.parts.log(f"{local:%H:%M:%S} {what}")

    def _part(self, part: str, act: Callable[[], None]) -> GateEvent | None:
        """Only a change is an event: a failure when it was well, a success when it was not."""
        why = ""
        try:
            act()
        except OutsideError as error:
            why = str(error)
        return PartFailed(part, why) if bool(why) != (part in self.state.book.problems) else None

    def _ask(self) -> None:
        if self.link_up and (question := self.time.ask()) is not None:
            self.parts.transport.publish(topics.up(self.state.address, "ask"), encode(question))


_PATTERNS = {"on": "亮", "slow": "慢闪", "fast": "快闪"}


def _replayed(journal: Journal, new_log: str) -> tuple[Book, int]:
    """The book as the journal tells it. A new journal opens with its name."""
    entries, damaged = journal.read()
    book = Book()
    for line in entries:
        try:
            book = apply(book, ENTRY.validate_json(line))
        except ValueError:  # written by a newer version, or damaged in a way the checksum passed
            damaged += 1
    if book.log == Book().log:
        opened = Opened(log=new_log)
        with contextlib.suppress(OutsideError):  # the next entry fails too, and becomes a Problem
            journal.append(opened.model_dump_json().encode())
        book = apply(book, opened)
    return book, damaged


def _check_owner(book: Book, address: topics.Address) -> None:
    """A copied card, or a gate that was renamed: it would call another gate's classes."""
    for stored in book.days.values():
        if (stored.day.school, stored.day.gate) != (address.school, address.gate):
            raise BadInputError(
                f"journal: 属于另一个校门 is of {stored.day.school}/{stored.day.gate}, this gate is {address}; "
                "请改用空的 data 文件夹 give this gate an empty folder `data`"
            )
