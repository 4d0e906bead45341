"""What the supervisor hears: READY once, WATCHDOG four times in its time, and nothing where there is none."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.clock_fake import FakeClock
from edge.watchdog import Watchdog
from gate_rig import NOON


class Supervisor:
    """Its end of the socket."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(0)

    def heard(self) -> list[bytes]:
        said = []
        while True:
            try:
                said.append(self.socket.recv(100))
            except BlockingIOError:
                return said


@pytest.fixture(params=["file", "abstract"])
def supervisor(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Supervisor, str]]:
    name = str(tmp_path / "notify") if request.param == "file" else f"@fangxue-test-{os.getpid()}"
    made = Supervisor(name.replace("@", "\0", 1))
    yield made, name
    made.socket.close()


def test_it_is_told_that_the_gate_is_ready_and_fed_in_time(supervisor: tuple[Supervisor, str]) -> None:
    heard, name = supervisor
    clock = FakeClock(NOON)
    watchdog = Watchdog({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "30000000"}, clock, lambda: True)
    watchdog.ready()
    assert heard.heard() == [b"READY=1"]
    watchdog.turned()
    assert heard.heard() == []
    clock.advance(7.5)
    watchdog.turned()
    watchdog.turned()
    assert heard.heard() == [b"WATCHDOG=1"]


def test_what_does_not_go_on_is_not_fed_until_it_does(supervisor: tuple[Supervisor, str]) -> None:
    heard, name = supervisor
    clock, works = FakeClock(NOON), [False]
    watchdog = Watchdog({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "30000000"}, clock, lambda: works[0])
    clock.advance(20)
    watchdog.turned()
    assert heard.heard() == []
    works[0] = True
    watchdog.turned()
    assert heard.heard() == [b"WATCHDOG=1"]


@pytest.mark.parametrize(
    "more", [{}, {"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}], ids=["not wanted", "of another process"]
)
def test_a_watchdog_that_is_not_ours_is_not_fed(supervisor: tuple[Supervisor, str], more: dict[str, str]) -> None:
    heard, name = supervisor
    clock = FakeClock(NOON)
    watchdog = Watchdog({"NOTIFY_SOCKET": name, **more}, clock, lambda: True)
    clock.advance(60)
    watchdog.turned()
    assert heard.heard() == []


def test_without_a_supervisor_or_with_one_that_is_gone_nothing_happens(tmp_path: Path) -> None:
    for environment in ({}, {"NOTIFY_SOCKET": str(tmp_path / "gone"), "WATCHDOG_USEC": "1000"}):
        clock = FakeClock(NOON)
        watchdog = Watchdog(environment, clock, lambda: True)
        watchdog.ready()
        clock.advance(60)
        watchdog.turned()
