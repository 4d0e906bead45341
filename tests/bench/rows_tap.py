"""From a tap to n/n: a hold posted to a real centre until every gate confirmed it, beside one bare round trip on the
same broker with one durable write in it."""

import os
import queue
import random
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from bench.row import NoSampleError, Row
from bench.school import School, pause
from config.limits import STATUS_LEAST_S
from process_rig import CLOCK, WITHIN_S, now

GATES = 2
LINE = b"x" * 499 + b"\n"
LOOK_S = 0.005
"""The state is asked for so often: no figure is finer."""


class Taps:
    """A person who holds the school, and then resumes it, which is not measured."""

    def __init__(self, school: School, rng: random.Random) -> None:
        self.school, self._rng = school, rng

    def hold(self) -> float:
        # A gate tells its status at most once a second: a person taps at any moment of that second.
        pause(2 * STATUS_LEAST_S + self._rng.random() * STATUS_LEAST_S)
        tapped_s = CLOCK.monotonic_s()
        self._done(kind="hold")
        took_s = CLOCK.monotonic_s() - tapped_s
        open_now = {hold["id"] for gate in self.school.ask("GET", "/v1/state")["gates"] for hold in gate["holds"]}
        self._done(kind="resume", ids=sorted(open_now))
        return took_s * 1000

    def _done(self, **wish: Any) -> None:  # noqa: ANN401 - any field of a wish
        answer = self.school.ask("POST", "/v1/changes", {"key": uuid.uuid4().hex, "by": "王老师", **wish})
        wanted = answer["revisions"]
        assert len(wanted) == GATES, answer

        def confirmed(state: dict[str, Any]) -> bool:
            shown = {gate["id"]: gate["revision"] for gate in state["gates"] if gate["confirmed"]}
            return all(shown.get(gate, -1) >= revision for gate, revision in wanted.items())

        self.school.wait(confirmed, LOOK_S)


class Echo:
    """Two bare clients: what one asks the other makes durable and answers."""

    def __init__(self, folder: Path, port: int) -> None:
        self._came: queue.Queue[None] = queue.Queue()
        self._line = (folder / "echo").open("ab", buffering=0)
        self._clients = [self._client("asks", "bare/answer", port), self._client("answers", "bare/ask", port)]
        self._clients[0].on_message = lambda *_: self._came.put(None)
        self._clients[1].on_message = self._answer

    def trip(self) -> float:
        asked_s = CLOCK.monotonic_s()
        self._clients[0].publish("bare/ask", b"x" * 500, qos=1)
        try:
            self._came.get(timeout=WITHIN_S)
        except queue.Empty:
            raise NoSampleError("no answer came back") from None
        return (CLOCK.monotonic_s() - asked_s) * 1000

    def close(self) -> None:
        for client in self._clients:
            client.disconnect()
            client.loop_stop()
        self._line.close()

    def _answer(self, client: mqtt.Client, *_: object) -> None:
        self._line.write(LINE)
        os.fdatasync(self._line.fileno())
        client.publish("bare/answer", b"x" * 500, qos=1)

    @staticmethod
    def _client(name: str, topic: str, port: int) -> mqtt.Client:
        up = threading.Event()
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name)
        client.on_socket_open = _at_once
        client.on_subscribe = lambda *_: up.set()
        client.connect("127.0.0.1", port)
        client.loop_start()
        client.subscribe(topic, qos=1)
        if not up.wait(WITHIN_S):
            raise NoSampleError(f"{name}: no broker")
        return client


def _at_once(_client: mqtt.Client, _userdata: object, sock: object) -> None:
    """The baseline is as fast as it can be: without this each answer waits 40 ms."""
    assert isinstance(sock, socket.socket)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


@contextmanager
def rows(folder: Path, pairs: int, rng: random.Random) -> Iterator[list[Row]]:
    school = School(folder, now() + timedelta(hours=1), gates=GATES)
    with school.running():
        echo = Echo(folder, school.port)
        try:
            taps = Taps(school, rng)
            against = "bare round trip + fdatasync"
            yield [Row(f"tap → {GATES}/{GATES} confirmed", "ms", against, pairs, taps.hold, echo.trip)]
        finally:
            echo.close()
