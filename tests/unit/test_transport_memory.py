"""The transport's suite on the memory, and what only the memory can do: forget, and be filled to the brim."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from broker.wire.transport import Arrived, LinkDown, LinkUp, TransportEvent
from broker.wire.transport_memory import MemoryBroker, MemoryTransport, Weather, matches
from config import limits
from config.clock_fake import FakeClock
from transport_rig import Client, MemoryRig
from transport_suite import ALERT, CUE, DAY, DOWN, GATE, STATUS, UP, TransportSuite


@pytest.fixture
def rig() -> Iterator[MemoryRig]:
    made = MemoryRig()
    yield made
    made.close()


class TestMemory(TransportSuite):
    """Everything of the seam."""


def pair(rig: MemoryRig) -> tuple[Client, Client]:
    return rig.client(GATE, DOWN).start().up(), rig.client("centre", UP).start().up()


def test_nothing_moves_before_deliver(rig: MemoryRig) -> None:
    told: list[TransportEvent] = []
    gate = MemoryTransport(rig.broker, GATE, [DOWN], None)
    gate.start(told.append)
    assert told == []
    rig.broker.deliver()
    assert told == [LinkUp()]
    assert gate.publish(CUE, b"to myself")
    assert told == [LinkUp()]
    rig.broker.deliver()
    assert [type(event) for event in told] == [LinkUp, Arrived]
    rig.broker.cut(GATE)
    assert len(told) == 2
    rig.broker.deliver()
    assert told[2] == LinkDown("the link was cut")
    gate.stop()


def test_a_link_cut_before_deliver_loses_what_was_handed_over(rig: MemoryRig) -> None:
    gate, centre = pair(rig)
    centre.publish(CUE, b"lost")
    rig.cut(centre)
    centre.down()
    centre.up()
    centre.publish(CUE, b"arrives")
    assert gate.arrived().payload == b"arrives"


def test_a_broker_that_forgets_has_no_retained_message_and_no_session(rig: MemoryRig) -> None:
    gate, centre = pair(rig)
    centre.publish(ALERT, b"evacuate", retain=True)
    assert gate.arrived(accept=False).payload == b"evacuate"
    rig.stop_broker()
    rig.broker.forget()
    rig.start_broker()
    gate.down()
    gate.up()
    assert gate.told_nothing()
    assert rig.broker.retained == {}


def test_a_running_broker_forgets_nothing(rig: MemoryRig) -> None:
    with pytest.raises(AssertionError):
        rig.broker.forget()


def test_a_window_of_messages_not_accepted_stops_delivery(rig: MemoryRig) -> None:
    gate, centre = pair(rig)
    for n in range(limits.BROKER_INFLIGHT_MAX + 1):
        centre.publish(CUE, b"%d" % n)
    first = gate.arrived(accept=False)
    for _ in range(limits.BROKER_INFLIGHT_MAX - 1):
        gate.arrived(accept=False)
    assert gate.told_nothing()
    gate.transport.accept(first.receipt)
    assert gate.arrived().payload == b"%d" % limits.BROKER_INFLIGHT_MAX


def test_a_full_session_drops_the_newest(rig: MemoryRig) -> None:
    gate, centre = pair(rig)
    gate.accept_at_once = True
    rig.unplug(gate)
    gate.down()
    for n in range(limits.BROKER_QUEUED_MAX + 1):
        centre.publish(CUE, b"%d" % n)
    assert centre.told_nothing()
    rig.plug(gate)
    gate.up()
    got = [gate.arrived().payload for _ in range(limits.BROKER_QUEUED_MAX)]
    assert got[-1] == b"%d" % (limits.BROKER_QUEUED_MAX - 1)
    assert gate.told_nothing()


def test_too_many_messages_handed_over_are_refused(rig: MemoryRig) -> None:
    _, centre = pair(rig)
    for _ in range(limits.PUBLISH_HANDED_MAX):
        centre.publish(CUE, b"x")
    assert not centre.transport.publish(CUE, b"one too many")
    rig.broker.deliver()
    centre.publish(CUE, b"room again")


def test_too_many_bytes_handed_over_are_refused(rig: MemoryRig) -> None:
    _, centre = pair(rig)
    day = b"x" * limits.GATE_DAY_MAX_BYTES
    for _ in range(limits.PUBLISH_HANDED_MAX_BYTES // limits.GATE_DAY_MAX_BYTES):
        centre.publish(DAY, day)
    assert not centre.transport.publish(DAY, day)
    rig.cut(centre)  # what was handed over is forgotten, so there is room
    centre.down()
    centre.up()
    centre.publish(DAY, day)


def test_two_that_answer_each_other_without_end_are_stopped(rig: MemoryRig) -> None:
    gate = rig.client(GATE, DOWN)
    gate.accept_at_once = True
    gate.raise_at = lambda event: isinstance(event, Arrived) and not gate.transport.publish(CUE, b"again")
    gate.start().up()
    gate.publish(CUE, b"again")
    with pytest.raises(AssertionError, match="without end"):
        rig.broker.deliver()


@pytest.mark.parametrize(
    ("wish", "topic", "takes"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/c", False),
        ("a/b", "a/b/c", False),
        ("a/b/c", "a/b", False),
        ("a/+", "a/b", True),
        ("a/+", "a", False),
        ("a/+", "a/b/c", False),
        ("+/+/up", "a/b/up", True),
        ("+/+/up", "a/b/down", False),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("a/#", "b", False),
        ("a/+/#", "a/b", True),
        ("a/+/#", "a", False),
        ("#", "a/b", True),
        ("fangxue/v1/+/+/up/#", "fangxue/v1/school/east/up/status", True),
        ("fangxue/v1/+/+/up/#", "fangxue/v1/school/east/down/cue", False),
    ],
)
def test_a_filter_takes_what_mqtt_says(wish: str, topic: str, takes: bool) -> None:
    assert matches(wish, topic) is takes


class Draws(random.Random):
    """Gives what a case wants drawn, in order."""

    def __init__(self, *draws: float) -> None:
        super().__init__(0)
        self.draws = list(draws)

    def random(self) -> float:
        return self.draws.pop(0)


def test_weather_loses_doubles_and_delays_on_both_ways(rig: MemoryRig) -> None:
    clock = FakeClock(datetime(2026, 11, 25, 4, tzinfo=UTC))
    rig.broker = broker = MemoryBroker(clock)
    gate, centre = pair(rig)
    # Each message: lost? doubled? then each copy: delayed? and if so, for which share of 10 s.
    broker.weather[GATE] = Weather(
        Draws(0.0, *(0.9, 0.0, 0.9, 0.0, 0.5), *(0.9, 0.9, 0.9)), loses=0.1, doubles=0.1, delays=0.1, delay_max_s=10.0
    )
    for payload in (b"lost", b"doubled", b"plain"):
        centre.publish(CUE, payload)
    assert [gate.arrived().payload, gate.arrived().payload] == [b"doubled", b"plain"]
    assert gate.told_nothing()
    assert broker.due_s == 5.0
    clock.advance(5.0)
    assert gate.arrived().payload == b"doubled"
    broker.weather[GATE] = Weather(Draws(0.9, 0.9, 0.9, 0.9), most_bytes=5)
    for payload in (b"larger", b"small"):
        centre.publish(CUE, payload)
    assert gate.arrived().payload == b"small"
    broker.weather[GATE] = Weather(Draws(0.0), loses=0.1)
    gate.publish(STATUS, b"lost")
    assert centre.told_nothing()
    broker.weather.clear()
    gate.publish(STATUS, b"plain")
    assert centre.arrived().payload == b"plain"


def test_what_is_on_its_way_is_gone_with_the_broker(rig: MemoryRig) -> None:
    clock = FakeClock(datetime(2026, 11, 25, 4, tzinfo=UTC))
    rig.broker = broker = MemoryBroker(clock)
    gate, centre = pair(rig)
    broker.weather[GATE] = Weather(random.Random(1), delays=1.0, delay_max_s=5.0)
    centre.publish(CUE, b"late")
    assert gate.told_nothing()
    broker.stop()
    broker.start()
    clock.advance(10.0)
    gate.down()
    gate.up()
    assert gate.told_nothing()
