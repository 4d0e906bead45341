"""A gate and payloads that nobody should send: it stays up, keeps its day, says so within its limits, and goes on."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audio.player import Played
from broker.wire import topics
from broker.wire.handover import Message
from broker.wire.messages import MESSAGES, Alert, decode, digest, encode
from broker.wire.transport import Arrived, LinkUp, TransportEvent
from broker.wire.transport_memory import MemoryBroker, MemoryTransport
from config import limits
from config.clock_fake import FakeClock
from config.day import GateDay
from config.errors import BadInputError
from config.types import Frozen, Readings, written
from edge.alphabet import Rendered
from edge.book import ENTRY, Book, apply
from edge.inbox import Inbox
from edge.journal_fake import MemoryJournal
from edge.report import Lights, status
from edge.runtime import Parts, Runtime
from edge.trust import Trust
from fuzz_payloads import Payload, line, payloads, wrong
from gate_rig import DATE, HERE, at, call, day
from wire_samples import ALERT

LOG = "0badcafe"


class Hands:
    """Player, panel and clips in one: nothing sounds here, every sentence is made at once."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    def play(self, token: str, clip: Path, gain_db: float) -> None:
        """A cue that was moved to now by a good message may sound."""
        self._inbox.put(Played(token, "whole", 0.0))

    def cut(self) -> None: ...

    def check(self) -> str:
        return ""

    def show(self, lights: Lights) -> None: ...

    def render(self, says: tuple[str, ...], own: Readings) -> None:
        for say in says:
            self._inbox.put(Rendered(say, 6.0))

    def path(self, say: str) -> Path:
        return Path("clip")

    def close(self) -> None: ...


class Life:
    """A gate at 02:30 that has its day and the time; nothing is due before 11:30."""

    def __init__(self) -> None:
        self.clock, self.inbox, self.journal = FakeClock(at(-9 * 3600)), Inbox(), MemoryJournal()
        self.broker = MemoryBroker(self.clock)
        hands = Hands(self.inbox)
        transport = MemoryTransport(self.broker, str(HERE), [topics.down_filter(HERE)], lambda: self.runtime.will())
        parts = Parts(self.clock, self.journal, transport, hands, hands, hands, lambda _: None)
        self.runtime = Runtime(HERE, "test", parts, LOG)
        self.asks: list[Any] = []
        self.centre = MemoryTransport(self.broker, "centre", [topics.up_filter()], None)
        self.centre.start(self._hear)
        transport.start(self.inbox.put)
        self.settle()
        self.say("day/2026-11-25", encode(day(call(1, 0), call(2, 20))))
        self.exchange()

    def _hear(self, event: TransportEvent) -> None:
        if isinstance(event, Arrived):
            self.centre.accept(event.receipt)
            if event.topic.endswith("/ask"):
                self.asks.append(json.loads(event.payload))

    def settle(self) -> None:
        for _ in range(50):
            self.broker.deliver()
            if self.inbox.empty():
                return
            while not self.inbox.empty():
                event = self.inbox.get()
                assert event is not None
                self.runtime.handle(event)
        raise AssertionError("it never settled")

    def say(self, what: str, payload: bytes) -> None:
        """As a broker would carry it from anybody: no size of ours is checked."""
        self.broker._publish(Message(f"{topics.ROOT}/{HERE}/down/{what}", payload, retain=False))
        self.settle()

    def revision(self) -> int:
        """The highest of the day and the live cue."""
        live = self.runtime.state.lives.get(_CUE["cue"]["id"])
        return max(self.runtime.state.book.days[DATE].day.revision, live.revision if live else 0)

    def asked(self) -> dict[str, Any]:
        """The answer to a question of just now."""
        self.runtime.handle(LinkUp())
        self.settle()
        asked, utc = self.asks[-1], written(self.clock.utc())
        return {"v": 1, "start": asked["start"], "n": asked["n"], "received_at": utc, "sent_at": utc, "error_s": 0.01}

    def exchange(self) -> None:
        self.say("time", line(self.asked()))
        assert self.trust().asked is None
        assert self.trust().anchors

    def trust(self) -> Trust:
        return self.runtime.time._trust

    def known(self) -> tuple[object, ...]:
        """All that a refused message must leave as it was: the book but for problems and kept time, cues, anchors."""
        book, state = self.runtime.state.book, self.runtime.state
        kept = replace(book, seq=0, problems={}, outbox=(), lines=0, anchored=None)
        return kept, state.lives, state.held, state.doing, self.trust().anchors

    def bounded(self) -> None:
        book, state = self.runtime.state.book, self.runtime.state
        assert set(book.problems) <= PROBLEMS
        assert all(len(text) <= 200 for one in book.problems.values() for text in one.args.values())
        assert len(book.days) <= 2 * limits.HORIZON_DAYS
        assert len(state.lives) <= limits.LIVE_MAX
        assert len(book.outbox) <= limits.OUTBOX_MAX
        assert len(encode(status(state, self.runtime.now()))) <= limits.MESSAGE_MAX_BYTES
        session = self.broker._sessions[str(HERE)]
        assert (len(session.in_flight), len(session.queue)) == (0, 0), "what came was not accepted"
        assert apply_all(self.journal.entries) == book, "the journal tells another story"


def apply_all(entries: list[bytes]) -> Book:
    book = Book()
    for entry in entries:
        book = apply(book, ENTRY.validate_json(entry))
    return book


PROBLEMS = {
    "clock", "outbox", "player", "clip", "refused-topic", "refused-day", "refused-cue", "refused-ack", "refused-time",
    "refused-alert", "refused-status", "refused-event", "refused-ask",
}  # fmt: skip
_DAY = json.loads(encode(day(call(1, 0), call(2, 20), call(3, 40, repeat=2), revision=2)))
_CUE: dict[str, Any] = {
    "v": 1, "sent_at": written(at(-2)), "revision": 3, "due": written(at(0)), "window": _DAY["windows"][0],
    "cue": _DAY["cues"][0],
}  # fmt: skip
_GOOD: dict[str, Callable[[Life], Any]] = {
    "day": lambda life: {**_DAY, "revision": life.revision() + 1},
    "cue": lambda life: {**_CUE, "revision": life.revision() + 1},
    "ack": lambda life: {"v": 1, "log": LOG, "seq": life.runtime.state.book.seq},
    "time": Life.asked,
    "alert": lambda _: ALERT,
    "unknown": lambda _: {"v": 1, "school": HERE.school, "gate": HERE.gate},
}
_TOPICS: dict[str, tuple[str, ...]] = {
    "day": ("day/2026-11-25", "day/2026-11-25", "day/2026-11-26", "day/2026-02-30", "day/x", "day", "day/2026-11-25/1"),
    "unknown": (
        "",
        "alerts",
        "day/",
        "cue/1",
        "status",
        "../up/ask",
        "/",
        "\U0001f600",
        "v2/day",
        "time/" + "x" * 9999,
    ),
}


def taken(what: str, data: bytes) -> Frozen | None:
    """The message, if the contract takes it there."""
    kind, _, on = what.partition("/")
    try:
        if on != (str(DATE) if kind == "day" else "") or kind not in ("day", "cue", "ack", "time", "alert"):
            return None
        model = MESSAGES[kind]
        made = decode(data, model, topics.max_bytes(f"x/down/{what}"))
    except BadInputError:
        return None
    assert wrong(kind, data) == [], data
    of = (made.school, made.gate, made.date) if isinstance(made, GateDay) else (HERE.school, HERE.gate, DATE)
    of = (made.school, *of[1:]) if isinstance(made, Alert) else of
    return made if of == (HERE.school, HERE.gate, DATE) else None


def sent(life: Life, what: str, payload: Payload) -> bool:
    """Whether it was taken; if it was not, nothing but the problem may tell of it."""
    known = life.known()
    life.say(what, payload.data)
    if taken(what, payload.data) is not None:
        return True
    assert life.known() == known, "it was refused and changed something"
    empty_day = (
        what.startswith(("day/", "alert")) and not payload.data and topics.parse(f"{topics.ROOT}/{HERE}/down/{what}")
    )
    kind = what.partition("/")[0]
    code = kind if topics.parse(f"{topics.ROOT}/{HERE}/down/{what}") else "topic"
    assert f"refused-{code}" in life.runtime.state.book.problems or empty_day
    return False


def still_takes(life: Life) -> None:
    """A good message of each kind, right after."""
    standing = life.revision()
    payload = encode(day(call(1, 0), call(2, 25), revision=standing + 1))
    life.say(f"day/{DATE}", payload)
    assert life.runtime.state.book.days[DATE].digest == digest(payload)
    life.say("cue", line({**_CUE, "revision": standing + 2}))
    assert life.runtime.state.lives[_CUE["cue"]["id"]].revision == standing + 2
    seq = life.runtime.state.book.seq
    life.say("ack", line({"v": 1, "log": life.runtime.state.book.log, "seq": seq}))
    assert life.runtime.state.book.acked == seq
    life.exchange()
    assert {"refused-day", "refused-cue"} & set(life.runtime.state.book.problems) == set()


@pytest.mark.parametrize("kind", _GOOD)
def test_a_gate_refuses_what_is_wrong_keeps_its_day_and_goes_on(kind: str) -> None:
    lives, took = [Life()], 0
    for n, payload in enumerate(payloads(f"down/{kind}", lambda _: _GOOD[kind](lives[-1]))):
        life = lives[-1]
        what = random.Random(payload.name).choice(_TOPICS.get(kind, (kind,)))
        try:
            if sent(life, what, payload):
                took += 1
            life.clock.advance(0.1)
            if n % 50 == 0:
                still_takes(life)
                life.bounded()
        except Exception as fault:  # of any kind: raised again with its seed
            raise AssertionError(f"{payload.name} on {what!r}: {payload.data[:2000]!r}") from fault
        if (
            life.runtime.state.book.alert_seq
            or life.revision() > 10**6
            or len(life.runtime.state.lives) == limits.LIVE_MAX
        ):
            lives[:] = [Life()]  # an alert stands, nothing is newer than this, or all places are taken
    still_takes(lives[-1])
    lives[-1].bounded()
    assert (took > 0) == (kind != "unknown")
