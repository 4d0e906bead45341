"""A centre and payloads that nobody should send: it stays up, keeps what is stored, and answers the next good one."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from broker.wire import topics
from broker.wire.handover import Message
from broker.wire.messages import MESSAGES, Event, Status, decode
from broker.wire.topics import Address
from broker.wire.transport import Arrived, TransportEvent
from broker.wire.transport_memory import MemoryTransport
from centre_rig import EAST, LOG
from config import limits
from config.errors import BadInputError
from config.types import Frozen
from fuzz_payloads import Payload, payloads, wrong
from school_rig import School, record
from wire_samples import EVENT, STATUS

GATES = (
    "shifan/east",
    "shifan/east",
    "shifan/west",
    "shifan/north",
    "other/east",
    "centre/east",
    "shifan/Ost",
    "x" * 40,
)
_CALL = "2026-11-25/noon/g1c1/call"


class Rig:
    """A school that has settled in; what is sent comes as a broker would carry it from anybody."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.school = School(folder)
        self.faults: list[Exception] = []
        self.school.transport._on_event = self._handle
        self.school.settle_in()
        self.seq = 0
        self.told = set[str]()
        """Whom the centre sent anything."""
        watch = MemoryTransport(self.school.broker, "watch", ["fangxue/v1/+/+/down/#"], None)

        def tell(event: TransportEvent) -> None:
            if isinstance(event, Arrived):
                self.told.add(event.topic.removeprefix(f"{topics.ROOT}/").partition("/down/")[0])
                watch.accept(event.receipt)

        watch.start(tell)

    def _handle(self, event: TransportEvent) -> None:
        """The broker in memory takes a fault for a lost link, as the network thread does; here it must be seen."""
        try:
            self.school.centre.handle(event)
        except Exception as fault:  # of any kind: raised again with its seed
            self.faults.append(fault)
            raise

    def say(self, topic: str, data: bytes) -> None:
        self.school.broker._publish(Message(topic, data, retain=False))
        self.school.go()
        if self.faults:
            raise self.faults[0]

    def known(self) -> tuple[object, ...]:
        """All that a refused message must leave as it was."""
        school, state = self.school, self.school.centre.state
        stored = (school.store.records(school.centre.situation().on), school.store.seqs(), school.store.next_n())
        return state.days, state.statuses, state.seqs, state.unanswered, state.settled, stored

    def bounded(self) -> None:
        state = self.school.centre.state
        assert set(state.statuses) | set(state.status_at_s) | set(state.answered_s) <= set(state.gates)
        assert len(state.complained) <= limits.INBOX_MAX
        assert len(state.cached) <= 4 * limits.HORIZON_DAYS
        assert len(state.live) <= 100
        assert self.told <= {"shifan/east", "shifan/west"}, "another school's gate, or an unknown one, was answered"
        session = self.school.broker._sessions["centre"]
        assert (len(session.in_flight), len(session.queue)) == (0, 0), "what came was not accepted"
        assert self.school.centre.view().confirmed <= 2

    def still_takes(self) -> None:
        """A good message of each kind, right after."""
        self.school.go(2)
        self.school.east.took()
        start = 2**53 - 1  # above whatever was taken
        self.school.east.status(start=start)
        self.school.go(2)
        assert self.school.centre.state.statuses[EAST].start == start
        assert self.school.east.took()[-1] == ("ack", {"v": 1, "log": LOG, "seq": self.seq})
        self.school.east.say("ask", {"v": 1, "start": 1, "n": 7})
        self.school.go()
        assert self.school.east.took()[-1][1]["n"] == 7
        self.seq += 1
        self.school.east.event(self.seq, record(_CALL, attempt=self.seq))
        self.school.go()
        assert self.school.east.took() == [("ack", {"v": 1, "log": LOG, "seq": self.seq})]


def _status(rng: random.Random) -> dict[str, Any]:
    return {**STATUS, "gate": rng.choice(("east", "east", "west", "north")), "start": rng.choice((1, 2, 3)), "log": LOG}


def _event(rng: random.Random) -> dict[str, Any]:
    log = rng.choice(("0badcafe", "feedbeef"))
    return {**EVENT, "gate": rng.choice(("east", "east", "west", "north")), "log": log, "seq": rng.randrange(50)}


_GOOD: dict[str, Callable[[random.Random], Any]] = {
    "status": _status,
    "event": _event,
    "ask": lambda rng: {"v": 1, "start": rng.randrange(9), "n": rng.randrange(9)},
    "unknown": _status,
}
_WORDS = {"unknown": ("alarm", "", "status ", "Status", "../down/cue", "day", "\U0001f600", "x" * 9999)}


def taken(topic: str, data: bytes) -> Frozen | None:
    """The message, if the contract takes it there; a good status or event of a gate nobody knows is none."""
    parsed = topics.parse(topic)
    if parsed is None or parsed.what not in MESSAGES:
        return None
    try:
        made = decode(data, MESSAGES[parsed.what])
    except BadInputError:
        return None
    assert wrong(parsed.what, data) == [], data
    if isinstance(made, Status | Event) and Address(made.school, made.gate) != parsed.address:
        return None
    return made if parsed.what == "ask" or parsed.address.gate in ("east", "west") else None


def sent(rig: Rig, topic: str, payload: Payload) -> bool:
    known = rig.known()
    rig.say(topic, payload.data)
    made = taken(topic, payload.data)
    if made is None or topic.endswith("/ask"):
        assert rig.known() == known, "it was refused and changed something"
    if isinstance(made, Event):
        address = Address(made.school, made.gate)
        assert rig.school.centre.state.seqs[address, made.log] >= made.seq
    return made is not None


@pytest.fixture
def rigs(tmp_path: Path) -> Iterator[Callable[[], Rig]]:
    """Makes schools; each new one ends the one before."""
    made: list[Rig] = []

    def new() -> Rig:
        if made:
            made[-1].school.stop()
        made.append(Rig(tmp_path / f"school{len(made)}"))
        return made[-1]

    yield new
    made[-1].school.stop()


@pytest.mark.parametrize("kind", _GOOD)
def test_a_centre_refuses_what_is_wrong_keeps_its_books_and_goes_on(kind: str, rigs: Callable[[], Rig]) -> None:
    rig, took = rigs(), 0
    for n, payload in enumerate(payloads(f"up/{kind}", _GOOD[kind])):
        rng = random.Random(payload.name)
        topic = f"{topics.ROOT}/{rng.choice(GATES)}/up/{rng.choice(_WORDS.get(kind, (kind,)))}"
        try:
            took += sent(rig, topic, payload)
            rig.school.clock.advance(0.01)
            if n % 50 == 0:
                rig.still_takes()
                rig.bounded()
        except Exception as fault:  # of any kind: raised again with its seed
            raise AssertionError(f"{payload.name} on {topic[:200]!r}: {payload.data[:2000]!r}") from fault
        if n % 1000 == 999:
            rig = rigs()  # what was well made stays in its books
    rig.still_takes()
    rig.bounded()
    assert (took > 0) == (kind in MESSAGES)
