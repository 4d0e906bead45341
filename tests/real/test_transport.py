"""The transport's suite on the real brokers, and what only a network and a thread can do."""

import random
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.embedded import start_broker
from broker.wire.transport import Arrived, TransportEvent
from broker.wire.transport_paho import PahoTransport
from broker_double import CONNECT, DISCONNECT, PUBACK, Answers, BrokerDouble
from config import limits
from config.clock import SystemClock
from transport_rig import LIMIT_S, Client, PahoRig, Soonest
from transport_suite import CUE, DOWN, GATE, TransportSuite


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[PahoRig]:
    made = PahoRig(tmp_path)
    yield made
    made.close()


class TestMosquitto(TransportSuite):
    @pytest.fixture(autouse=True)
    def _needs_it(self) -> None:
        if shutil.which("mosquitto") is None:
            pytest.fail("mosquitto is needed: sudo apt install mosquitto")

    def test_a_window_of_messages_not_accepted_stops_delivery(self, rig: PahoRig) -> None:
        _window_stops_delivery(rig, limits.BROKER_INFLIGHT_MAX)


class TestInProcess(TransportSuite):
    @pytest.fixture(autouse=True)
    def _hide_mosquitto(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        empty = tmp_path / "bin"
        empty.mkdir()
        monkeypatch.setenv("PATH", str(empty))

    def test_a_window_of_messages_not_accepted_stops_delivery(self, rig: PahoRig) -> None:
        _window_stops_delivery(rig, 100)


def _window_stops_delivery(rig: PahoRig, window: int) -> None:
    """So many arrive; what was published after them arrives only after an accept."""
    gate, centre = rig.client(GATE, DOWN).start().up(), rig.client("centre", DOWN).start().up()
    centre.accept_at_once = True
    for n in range(window + 1):
        centre.publish(CUE, b"%d" % n)
    assert [centre.arrived().payload for _ in range(window + 1)][-1] == b"%d" % window
    # The broker has sent everything it was going to send.
    receipts = [gate.arrived(accept=False).receipt for _ in range(window)]
    accepted_s = SystemClock().monotonic_s()
    for receipt in receipts:
        gate.transport.accept(receipt)
    last = gate.arrived()
    assert (last.payload, last.monotonic_s > accepted_s) == (b"%d" % window, True)


def test_a_round_trip_waits_for_nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A small message must not wait 40 ms for the acknowledgement of the one before, whichever side would wait.

    The in-process broker: it does not set TCP_NODELAY, and it waits for no disk.
    """
    monkeypatch.setenv("PATH", str(tmp_path))
    broker = start_broker(tmp_path)
    asks, answers = f"fangxue/v1/{GATE}/up/ask", f"fangxue/v1/{GATE}/down/time"
    gate, centre = (
        PahoTransport(name, broker.host, broker.port, [wanted], None, clock=SystemClock(), random=Soonest())
        for name, wanted in ((GATE, answers), ("centre", asks))
    )

    def answer(event: TransportEvent) -> None:
        if isinstance(event, Arrived):
            centre.accept(event.receipt)
            centre.publish(answers, event.payload)
        else:
            ready.set()

    ready = threading.Event()
    centre.start(answer)
    assert ready.wait(LIMIT_S)
    asker = Client(GATE, gate, lambda: None, LIMIT_S).start().up()
    trips_s = []
    for n in range(51):
        asked_s = SystemClock().monotonic_s()
        asker.publish(asks, b"%d" % n)
        trips_s.append(asker.arrived().monotonic_s - asked_s)
    gate.stop()
    centre.stop()
    broker.stop()
    assert sorted(trips_s)[25] < 0.02


# A broker that answers as told -------------------------------------------------------------------


class ShiftingClock(SystemClock):
    """This machine's clock, moved forward on demand; or failing once."""

    def __init__(self) -> None:
        self.shift_s = 0.0
        self.fail_at: int | None = None
        self.asked = 0

    def monotonic_s(self) -> float:
        self.asked += 1
        if self.asked == self.fail_at:
            raise RuntimeError("no time today")
        return super().monotonic_s() + self.shift_s


class Bench:
    """A transport before a double."""

    def __init__(self, broker: BrokerDouble) -> None:
        self.broker = broker
        self.answers = broker.answers
        self.clock = ShiftingClock()
        self.transport = PahoTransport(GATE, "127.0.0.1", broker.port, [DOWN], None, clock=self.clock, random=Soonest())
        self.client = Client(GATE, self.transport, lambda: None, LIMIT_S)

    def round_trip(self) -> None:
        """All that was to be sent has been: a message went there and its accept came back."""
        self.broker.send(b"\x32\x08\x00\x01t\x12\x34ask")
        self.client.arrived()
        self.heard(PUBACK)

    def heard(self, kind: int) -> None:
        """Wait for a packet of that type."""
        while self.broker.heard.get(timeout=LIMIT_S) != kind:
            pass


@pytest.fixture
def bench() -> Iterator[Bench]:
    broker = BrokerDouble(Answers())
    made = Bench(broker)
    yield made
    broker.close()  # first: a transport that stops waits for a broker that keeps silent
    made.transport.stop()


@pytest.mark.parametrize(
    ("granted", "why"),
    [(b"\x80", "refused the subscription"), (b"\x01\x01", "2 of 1"), (b"", "0 of 1")],
)
def test_a_subscription_not_granted_is_a_reason_and_tried_again(bench: Bench, granted: bytes, why: str) -> None:
    bench.answers.granted = granted
    bench.client.start()
    assert why in bench.client.down()
    assert not bench.transport.publish(CUE, b"not up")
    bench.answers.granted = b"\x01"
    bench.client.up()
    assert bench.transport.why == ""


@pytest.mark.parametrize(("code", "why"), [(1, "protocol"), (4, "user name or password"), (5, "not authorized")])
def test_a_refused_connect_is_a_reason_and_tried_again(bench: Bench, code: int, why: str) -> None:
    bench.answers.connack = bytes((0, code))
    bench.client.start()
    told = bench.client.down()
    assert why in told.lower()
    bench.answers.connack = b"\x00\x00"
    bench.client.up()


def test_a_broker_that_never_answers_is_left_after_a_while(bench: Bench) -> None:
    bench.answers.connack = None
    bench.client.start()
    bench.heard(CONNECT)
    bench.clock.shift_s = limits.LINK_WAIT_S
    assert "did not let us in" in bench.client.down()


def test_no_more_than_the_limit_is_in_flight_and_the_rest_follows(bench: Bench) -> None:
    bench.answers.puback = False
    bench.client.start().up()
    for n in range(limits.PUBLISH_INFLIGHT_MAX + 2):
        bench.client.publish(CUE, b"%d" % n)
    sent = [bench.broker.published.get(timeout=LIMIT_S) for _ in range(limits.PUBLISH_INFLIGHT_MAX)]
    bench.round_trip()
    assert bench.broker.published.empty()
    bench.broker.send(b"\x40\x02" + sent[0][0])
    assert bench.broker.published.get(timeout=LIMIT_S)[1] == b"%d" % limits.PUBLISH_INFLIGHT_MAX
    bench.round_trip()
    assert bench.broker.published.empty()


def test_too_many_handed_over_are_refused_until_some_have_left(bench: Bench) -> None:
    bench.answers.puback = False
    bench.client.start().up()
    for _ in range(limits.PUBLISH_HANDED_MAX):
        bench.client.publish(CUE, b"x")
    assert not bench.transport.publish(CUE, b"one too many")
    assert bench.transport.unsent == limits.PUBLISH_HANDED_MAX


def test_nothing_of_a_lost_link_is_sent_on_the_next(bench: Bench) -> None:
    bench.answers.puback = False
    bench.client.start().up()
    for n in range(limits.PUBLISH_INFLIGHT_MAX * 2):
        bench.client.publish(CUE, b"old %d" % n)
    bench.broker.published.get(timeout=LIMIT_S)
    bench.broker.send(b"\xf0\x00")  # a packet that does not exist: the link is torn
    bench.client.down()
    bench.client.up()
    while not bench.broker.published.empty():
        bench.broker.published.get()
    bench.client.publish(CUE, b"new")
    assert bench.broker.published.get(timeout=LIMIT_S)[1] == b"new"


def test_a_stop_leaves_a_silent_broker_in_time_and_says_what_stayed_behind(bench: Bench) -> None:
    bench.answers.puback = False
    bench.client.start().up()
    for _ in range(3):
        bench.client.publish(CUE, b"x")
    before_s = bench.clock.monotonic_s()
    bench.transport.stop()
    took_s = bench.clock.monotonic_s() - before_s
    assert limits.STOP_FLUSH_S <= took_s < limits.STOP_JOIN_S
    assert bench.transport.unsent == 3
    assert not bench.transport.alive
    bench.heard(DISCONNECT)


def test_a_stop_ends_the_wait_for_the_next_attempt() -> None:
    class Latest(random.Random):
        def uniform(self, _a: float, _b: float) -> float:
            return limits.RECONNECT_MAX_S

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    transport = PahoTransport(GATE, "127.0.0.1", port, [DOWN], None, clock=SystemClock(), random=Latest())
    client = Client(GATE, transport, lambda: None, LIMIT_S).start()
    assert "cannot reach the broker" in client.down()
    before_s = SystemClock().monotonic_s()
    transport.stop()
    assert SystemClock().monotonic_s() - before_s < limits.STOP_JOIN_S
    assert not transport.alive


def test_attempts_come_soon_at_first_then_further_apart_with_full_jitter() -> None:
    drawn: list[tuple[float, float]] = []
    enough = threading.Event()

    class Noting(random.Random):
        def uniform(self, a: float, b: float) -> float:
            drawn.append((a, b))
            if len(drawn) == 9:
                enough.set()
            return 0.0 if len(drawn) < 9 else limits.RECONNECT_MAX_S

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    transport = PahoTransport(GATE, "127.0.0.1", port, [DOWN], None, clock=SystemClock(), random=Noting())
    transport.start(lambda _: None)
    assert enough.wait(LIMIT_S)
    transport.stop()
    assert drawn == [(0, 1), (1, 2), (1, 4), (1, 8), (1, 16), (1, 32), (1, 60), (1, 60), (1, 60)]


def test_a_link_that_lasted_makes_the_next_attempt_soon(bench: Bench) -> None:
    drawn: list[float] = []

    class Noting(Soonest):
        def uniform(self, a: float, b: float) -> float:
            drawn.append(b)
            return super().uniform(a, b)

    transport = PahoTransport(GATE, "127.0.0.1", bench.broker.port, [DOWN], None, clock=bench.clock, random=Noting())
    client = Client(GATE, transport, lambda: None, LIMIT_S).start().up()
    for shift_s in (0.0, 0.0, limits.LINK_STABLE_S):
        bench.clock.shift_s += shift_s
        bench.broker.send(b"\xf0\x00")
        client.down()
        client.up()
    transport.stop()
    assert drawn == [1, 2, 1]


# The thread --------------------------------------------------------------------------------------


def test_whatever_ends_the_loop_is_told_and_the_loop_begins_again(bench: Bench) -> None:
    bench.clock.fail_at = 2  # outside everything that guards a single connection
    bench.client.start()
    assert bench.client.down() == "fault in the network thread: RuntimeError: no time today"
    bench.client.up()
    assert bench.transport.alive


def test_a_receiver_that_exits_does_not_end_the_thread(bench: Bench) -> None:
    exits = iter((True, False))

    def on_event(event: TransportEvent) -> None:
        bench.client.on_event(event)
        if not isinstance(event, Arrived) and next(exits, False):
            raise SystemExit(1)

    bench.transport.start(on_event)
    bench.client.up()
    assert "SystemExit" in bench.client.down()
    bench.client.up()


def test_a_thread_that_hangs_counts_as_dead_until_it_turns_again(bench: Bench) -> None:
    hangs, told, go_on = True, threading.Event(), threading.Event()

    def on_event(event: TransportEvent) -> None:
        bench.client.on_event(event)
        if hangs:
            told.set()
            assert go_on.wait(LIMIT_S)

    assert not bench.transport.alive
    bench.transport.start(on_event)
    assert told.wait(LIMIT_S)
    assert bench.transport.alive
    bench.clock.shift_s = limits.LINK_STALL_S + 1
    assert not bench.transport.alive
    hangs = False
    go_on.set()
    bench.client.up()
    for _ in range(2):  # the second answer begins after the turn that gave the first one ended
        bench.round_trip()
    assert bench.transport.alive


def test_a_stop_from_the_network_thread_does_not_wait_for_itself(bench: Bench) -> None:
    stopped = threading.Event()

    def on_event(_: TransportEvent) -> None:
        bench.transport.stop()
        stopped.set()

    bench.transport.start(on_event)
    assert stopped.wait(LIMIT_S)
    bench.heard(DISCONNECT)
