"""The bad network itself, and our transport over it: what a fault does, and that the link comes back whole."""

import queue
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.embedded import start_broker
from broker.wire.transport_paho import PahoTransport
from fault_proxy import FaultProxy, Leaving, Shaken, again, is_publish
from process_rig import CLOCK
from transport_rig import LIMIT_S, Client, Soonest

TOPIC = "fangxue/v1/lab/east/down/cue"
UP = "fangxue/v1/lab/east/up/event"


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    broker = start_broker(tmp_path)
    yield broker.port
    broker.stop()


@pytest.fixture
def proxy(port: int) -> Iterator[FaultProxy]:
    with FaultProxy(port) as made:
        yield made


def client(name: str, port: int, *topics: str, rng: random.Random | None = None) -> Client:
    transport = PahoTransport(name, "127.0.0.1", port, topics, None, clock=CLOCK, random=rng or Soonest())
    made = Client(name, transport, lambda: None, LIMIT_S)
    return made.start().up()


@pytest.fixture
def near(port: int) -> Iterator[Client]:
    """Beside the broker, with a good link."""
    made = client("near", port, UP)
    yield made
    made.transport.stop()


@pytest.fixture
def far(proxy: FaultProxy) -> Iterator[Client]:
    """Behind the bad network."""
    made = client("far", proxy.port, TOPIC)
    yield made
    made.transport.stop()


def test_what_is_delayed_comes_late(proxy: FaultProxy, near: Client, far: Client) -> None:
    proxy.down.delay_s = 0.3
    begun_s = CLOCK.monotonic_s()
    near.publish(TOPIC, b"late")
    assert far.arrived().payload == b"late"
    assert CLOCK.monotonic_s() - begun_s >= 0.3


def test_what_is_stalled_comes_when_it_flows_again(proxy: FaultProxy, near: Client, far: Client) -> None:
    proxy.stall(proxy.down)
    near.publish(TOPIC, b"waits")
    far.publish(UP, b"the other way is open")
    assert near.arrived().payload == b"the other way is open"
    assert far.told_nothing()
    proxy.flow(proxy.down)
    assert far.arrived().payload == b"waits"


@pytest.mark.parametrize("after", [1, 3, 40, 1000, 2900])
def test_a_link_cut_within_a_message_brings_it_whole_when_it_is_back(
    after: int, proxy: FaultProxy, near: Client, far: Client
) -> None:
    """Bytes of the connection's down way; CONNACK and SUBACK take the first 9."""
    proxy.down.cut_after = 9 + after
    near.publish(TOPIC, b"x" * 3000)
    far.down()
    proxy.down.cut_after = None
    far.up()
    assert far.arrived().payload == b"x" * 3000


def test_a_dropped_message_is_gone_and_the_link_is_not(proxy: FaultProxy, near: Client, far: Client) -> None:
    dropped = queue.SimpleQueue[bytes]()

    def drop(packet: bytes) -> Leaving:
        if not is_publish(packet) or not dropped.empty():
            return [(0.0, packet)]
        dropped.put(packet)
        return []

    proxy.up.packets = drop
    far.publish(UP, b"dropped")
    far.publish(UP, b"passed")
    assert near.arrived().payload == b"passed"
    assert dropped.get(timeout=LIMIT_S).endswith(b"dropped")


def test_a_half_open_link_tells_nobody_until_it_is_healed(proxy: FaultProxy, near: Client, far: Client) -> None:
    proxy.half_open()
    near.publish(TOPIC, b"kept by the broker")
    far.publish(UP, b"vanished")
    near.publish(UP, b"meanwhile")
    assert near.arrived().payload == b"meanwhile"
    assert far.told_nothing()
    proxy.heal()
    far.down()
    far.up()
    assert far.arrived().payload == b"kept by the broker"


def test_messages_come_twice_and_overtake_each_other_and_the_link_stays(
    proxy: FaultProxy, near: Client, far: Client
) -> None:
    proxy.shake(Shaken(1, 0.3))
    sent = [f"{n}".encode() for n in range(10)]
    for payload in sent:
        near.publish(TOPIC, payload)
        far.publish(UP, payload)
    for one in (near, far):
        came = [one.arrived().payload for _ in range(20)]
        assert sorted(came) == sorted(sent * 2)
        assert came != sorted(came)
    assert again(b"\x32\x00") == b"\x3a\x00"
