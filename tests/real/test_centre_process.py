"""The centre as a process: it starts with its broker, reads its plan again on SIGHUP, and ends on SIGTERM."""

import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from broker import agenda
from broker.centre import Inbox
from broker.cli import _each_second, _plan, _ring
from broker.store import Store
from config.errors import BadInputError
from process_rig import free_port
from school_rig import TEXT

LIMIT_S = 60.0
"""Ten times and more what is seen (1 to 3 s)."""
SETTINGS = 'v = 1\nplan = "plan.toml"\ndata = "data"\n'


class Running:
    """The program, and what it printed."""

    def __init__(self, folder: Path) -> None:
        self.lines: queue.Queue[str] = queue.Queue()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fangxue", "centre", "--settings", str(folder / "centre.toml")],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line)

    def until(self, text: str) -> str:
        seen = ""
        while text not in seen:
            try:
                seen += self.lines.get(timeout=LIMIT_S)
            except queue.Empty:
                pytest.fail(f"{text} never came:\n{seen}")
        return seen

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(LIMIT_S)
        finally:
            self.process.kill()
            self._reader.join()
            assert self.process.stdout is not None
            self.process.stdout.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "centre.toml").write_text(f"{SETTINGS}[console]\nport = {free_port()}\n")
    (tmp_path / "plan.toml").write_text(TEXT, "utf-8")
    return tmp_path


@pytest.fixture
def running(folder: Path) -> Iterator[Running]:
    made = Running(folder)
    yield made
    made.end()


def test_it_reads_its_plan_again_refuses_a_bad_one_and_ends_in_order(folder: Path, running: Running) -> None:
    running.until("connected to the broker")
    for bad in (TEXT.replace("every_s = 45", "every_s = 4500"), RAINY_WEDNESDAY):
        (folder / "plan.toml").write_text(bad, "utf-8")
        running.process.send_signal(signal.SIGHUP)
        assert "份新版" not in running.until("the plan was refused")
    (folder / "plan.toml").write_text(TEXT.replace("every_s = 45", "every_s = 60"), "utf-8")
    running.process.send_signal(signal.SIGHUP)
    assert "28 份新版" in running.until("days folded")
    assert running.end() == 0


# Each alone in order, both together not: a day that no message can carry.
RAINY_WEDNESDAY = TEXT.replace(
    "\n[calendar]",
    """
[windows.on.wed]
opens = "17:00"
closes = "17:20"
[windows.on.rain]
opens = "17:30"
[day_types.rain]
name = "雨天"
[calendar]""",
    1,
)


@pytest.mark.parametrize("bad", ["not a plan", RAINY_WEDNESDAY])
def test_a_start_with_a_bad_plan_goes_on_with_the_last_good_one(folder: Path, bad: str) -> None:
    assert bad != TEXT
    first = Running(folder)
    first.until("connected to the broker")
    assert first.end() == 0
    (folder / "plan.toml").write_text(bad, "utf-8")
    second = Running(folder)
    assert "0 份新版" in second.until("connected to the broker")
    assert second.end() == 0


def test_a_newer_program_that_finds_more_in_the_plan_goes_on_with_it(folder: Path) -> None:
    (folder / "plan.toml").write_text(RAINY_WEDNESDAY, "utf-8")
    store = Store(folder / "centre.sqlite")
    store.keep_plan(RAINY_WEDNESDAY)
    made, text = _plan(folder / "plan.toml", store)
    store.close()
    assert (set(made.windows[-1].on), text) == ({"wed", "rain"}, RAINY_WEDNESDAY)


def test_a_start_without_any_good_plan_says_so(folder: Path) -> None:
    (folder / "plan.toml").write_text("not a plan", "utf-8")
    store = Store(folder / "centre.sqlite")
    with pytest.raises(BadInputError, match=r"plan\.toml"):
        _plan(folder / "plan.toml", store)
    store.keep_plan("v = 9")
    with pytest.raises(BadInputError, match="store"):
        _plan(folder / "plan.toml", store)
    store.close()


def test_what_a_signal_asked_for_waits_for_room_in_the_inbox() -> None:
    inbox = Inbox(1)
    asked: deque[Callable[[], None] | None] = deque([None])
    _ring(inbox)
    _ring(inbox)
    _each_second(inbox, asked, None)
    assert (list(asked), inbox.get_nowait()) == ([None], agenda.Tick())
    _each_second(inbox, asked, None)
    assert (list(asked), inbox.get_nowait(), inbox.qsize()) == ([], None, 0)
