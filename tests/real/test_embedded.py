"""The embedded broker, both kinds: it comes, keeps to this machine, remembers, and never outlives its parent."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from broker.embedded import EmbeddedBroker, mosquitto_settings, start_broker
from broker.wire.transport_paho import PahoTransport
from config import limits
from config.clock import SystemClock
from config.errors import OutsideError
from transport_rig import LIMIT_S, Client, Soonest

Start = Callable[..., EmbeddedBroker]
ALERT = "fangxue/v1/school/east/down/alert"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    made: list[EmbeddedBroker] = []

    def begin(folder: str = "broker", port: int | None = None) -> EmbeddedBroker:
        made.append(start_broker(tmp_path / folder, port=port))
        return made[-1]

    yield begin
    for broker in made:
        broker.stop()


@pytest.fixture(params=["mosquitto", "in-process"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    if request.param == "in-process":
        monkeypatch.setenv("PATH", str(tmp_path))
    elif shutil.which("mosquitto") is None:
        pytest.fail("mosquitto is needed: sudo apt install mosquitto")
    return str(request.param)


@pytest.fixture
def mosquitto_that(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Put a mosquitto on PATH that does as told, in sh."""

    def put(what: str) -> None:
        program = tmp_path / "bin" / "mosquitto"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\n{what}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")

    return put


def client(broker: EmbeddedBroker, name: str, *subscriptions: str) -> Client:
    transport = PahoTransport(
        name, broker.host, broker.port, subscriptions, None, clock=SystemClock(), random=Soonest()
    )
    return Client(name, transport, lambda: None, LIMIT_S)


def keep_alert(broker: EmbeddedBroker, payload: bytes) -> None:
    centre = client(broker, "centre").start().up()
    centre.publish(ALERT, payload, retain=True)
    centre.transport.stop()


def alert_kept(broker: EmbeddedBroker) -> bytes:
    gate = client(broker, "school/east", ALERT).start().up()
    try:
        return gate.arrived().payload
    finally:
        gate.transport.stop()


def held(broker: EmbeddedBroker) -> socket.socket:
    """A connection whose end tells that the broker ended."""
    return socket.create_connection((broker.host, broker.port), timeout=LIMIT_S)


def ended(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_it_takes_connections_when_it_returns(start: Start, kind: str) -> None:
    broker = start()
    assert (broker.kind, broker.host, broker.alive()) == (kind, "127.0.0.1", True)
    keep_alert(broker, b"evacuate")
    assert alert_kept(broker) == b"evacuate"


def test_two_run_on_one_machine(start: Start, kind: str) -> None:
    one, two = start("one"), start("two with a space")
    assert one.port != two.port
    keep_alert(one, b"one")
    keep_alert(two, b"two")
    assert (alert_kept(one), alert_kept(two)) == (b"one", b"two")


@pytest.mark.usefixtures("kind")
def test_only_this_machine_reaches_it(start: Start) -> None:
    broker = start()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", broker.port))


@pytest.mark.usefixtures("kind")
def test_a_stop_ends_it_and_gives_the_port_back(start: Start) -> None:
    broker = start()
    with held(broker) as connection:
        broker.stop()
        broker.stop()
        assert ended(connection)
    assert not broker.alive()
    assert start("another", port=broker.port).port == broker.port


@pytest.mark.usefixtures("kind")
def test_a_broker_that_died_is_seen_and_comes_back_on_its_port(start: Start) -> None:
    broker = start()
    port, pid = broker.port, broker.pid
    with held(broker) as connection:
        os.kill(pid, signal.SIGKILL)
        assert ended(connection)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert not broker.alive()
    broker.restart()
    assert (broker.alive(), broker.port) == (True, port)
    keep_alert(broker, b"after")


@pytest.mark.usefixtures("kind")
def test_it_ends_with_its_parent_however_that_ended(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from broker.embedded import start_broker\n"
        "broker = start_broker(Path(sys.argv[1]))\n"
        "print(broker.port, flush=True); sys.stdin.read()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "broker")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    with parent:
        assert parent.stdout is not None
        port = int(parent.stdout.readline())
        with socket.create_connection(("127.0.0.1", port), timeout=LIMIT_S) as connection:
            parent.kill()
            assert ended(connection)


def test_a_port_in_use_is_named(start: Start, kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(OutsideError, match=f"port {port} of 127.0.0.1 is not free"):
            start(port=port)


def test_a_broker_that_does_not_come_is_quoted(start: Start, mosquitto_that: Callable[[str], None]) -> None:
    mosquitto_that("echo 'the moon is wrong' >&2; exit 3")
    with pytest.raises(OutsideError, match=r"mosquitto.*\n.*the moon is wrong"):
        start()


def test_another_port_is_tried_when_somebody_was_faster(
    start: Start, mosquitto_that: Callable[[str], None], tmp_path: Path
) -> None:
    tried = tmp_path / "tried"
    mosquitto_that(f"grep ^listener $2 >> {tried}; echo 'Error: Address already in use' >&2; exit 1")
    with pytest.raises(OutsideError, match="Address already in use"):
        start()
    assert len(set(tried.read_text().splitlines())) == limits.PORT_TRIES


class TestMosquitto:
    @pytest.fixture(autouse=True)
    def _needs_it(self) -> None:
        if shutil.which("mosquitto") is None:
            pytest.fail("mosquitto is needed: sudo apt install mosquitto")

    def test_a_damaged_memory_is_set_aside(self, start: Start, tmp_path: Path) -> None:
        start().stop()
        memory = tmp_path / "broker" / "mosquitto.db"
        memory.write_bytes(b"not a memory" * 100)
        broker = start()
        keep_alert(broker, b"a new one")
        assert (tmp_path / "broker" / "mosquitto.db.damaged").read_bytes() == b"not a memory" * 100

    def test_what_is_retained_outlives_a_kill(self, start: Start) -> None:
        broker = start()
        keep_alert(broker, b"evacuate")
        # It stores a change before it looks at the network again, but after it has acknowledged.
        client(broker, "another").start().up().transport.stop()
        (mosquitto,) = children(broker.pid)
        os.kill(mosquitto, signal.SIGKILL)
        os.waitid(os.P_PID, broker.pid, os.WEXITED | os.WNOWAIT)
        assert not broker.alive()
        broker.restart()
        assert alert_kept(broker) == b"evacuate"

    def test_it_ends_when_the_process_that_watches_it_is_killed(self, start: Start) -> None:
        broker = start()
        with held(broker) as connection:
            os.kill(broker.pid, signal.SIGKILL)
            assert ended(connection)

    def test_root_stays_root_to_write_its_folder(self) -> None:
        assert "\nuser root\n" in mosquitto_settings(Path("/srv"), 1883, as_root=True)
        assert "user" not in mosquitto_settings(Path("/srv"), 1883, as_root=False)
