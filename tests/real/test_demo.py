"""The demo: a person's first look. It runs to its sheet, and however it is ended it leaves no process behind."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from onsets import onsets_s
from process_rig import CLOCK, WITHIN_S, Program
from terminal_double import Terminal

ROOT = Path(__file__).parent.parent.parent


class Demo:
    """A running demo, on a pipe or on a terminal, whose children are known by a mark in their environment."""

    def __init__(self, folder: Path, *arguments: str, terminal: Terminal | None = None) -> None:
        self.mark = f"DEMO_TEST={uuid.uuid4()}"
        name, value = self.mark.split("=")
        self.process = subprocess.Popen(
            [sys.executable, "-P", str(ROOT / "deploy" / "demo.py"), *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=terminal.out if terminal else subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, name: value, "PYTHONPATH": str(ROOT), "TERM": "xterm"},
        )
        if terminal:
            terminal.started()
        self.out = self.process.stdout or io.StringIO()

    def until(self, pattern: str) -> str:
        """The first line with the pattern; the demo's own limits keep this from lasting."""
        for line in self.out:
            if re.search(pattern, line):
                return line
        raise AssertionError(f"it ended without {pattern!r}")

    def left(self) -> list[int]:
        """Processes with the mark."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != self.process.pid:
                try:
                    marked = self.mark.encode() in (entry / "environ").read_bytes().split(b"\0")
                except OSError:
                    continue
                if marked:
                    found.append(int(entry.name))
        return found

    def wait_gone(self) -> None:
        tick, end_s = threading.Event(), CLOCK.monotonic_s() + WITHIN_S
        while self.left():
            assert CLOCK.monotonic_s() < end_s, f"still there: {self.left()}"
            tick.wait(0.05)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.out.close()
        for pid in self.left():
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[list[Demo]]:
    started: list[Demo] = []
    yield started
    for one in started:
        one.end()


@dataclass
class Seen:
    """A demo on a terminal, from its start to its sheet: the rows at moments, and what it left."""

    folder: Path
    ready: list[str]
    held: list[str]
    resumed: list[str]
    calling: list[str]
    rows: list[str]
    code: int
    left: list[int]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """One run for several tests, since the first call is 20 s away; the hold ends before it, so it delays nothing."""
    folder, terminal = tmp_path_factory.mktemp("demo"), Terminal()
    one = Demo(folder, "--minutes", "0.56", "--audio", "out", terminal=terminal)
    try:
        ready = terminal.until(drawn("西门 .*待命 .*还有", "校门已确认"))
        url = next(found[1] for line in ready if (found := re.search(r"页面 page: (http://[\d.:]+)/", line)))
        change(url, "hold", "--gate", "east")
        held = terminal.until(drawn("东门 .*已暂停", "暂停：东门 王老师"))
        change(url, "resume", "--gate", "east", "--ids", "change-1")
        resumed = terminal.until(drawn("东门 .*待命", "恢复 东门 王老师"))
        calling = terminal.until(drawn("东门 .*正在叫班", "王老师"))
        rows = terminal.rest()
        yield Seen(folder, ready, held, resumed, calling, rows, one.process.wait(WITHIN_S), one.left())
    finally:
        one.end()
        terminal.close()


def change(url: str, kind: str, *arguments: str) -> None:
    asked = Program("change", kind, "--url", url, "--by", "王老师", *arguments)
    assert asked.process.wait(WITHIN_S) == 0
    asked.end()


def drawn(gate: str, last: str) -> Callable[[list[str]], bool]:
    """A block with such a row, read to the end of its last one: a read of the terminal may end inside a drawing."""
    return lambda rows: row(rows, gate) != "" and rows[-1].endswith(last)


def row(rows: list[str], pattern: str) -> str:
    """The row of the block that matches, or nothing."""
    return next((one for one in rows[-3:] if re.match(pattern, one)), "")


def test_it_runs_to_its_sheet_and_every_call_is_in_the_recording_at_its_instant(seen: Seen) -> None:
    assert seen.code == 0
    assert [one for one in seen.rows if "今天放学用时" in one]
    about = json.loads((seen.folder / "out" / "demo.json").read_text())
    for gate, begins in about["first_sample_at"].items():
        records = sorted((r for r in about["records"] if r["gate"] == gate), key=lambda r: r["planned"])
        assert [r["result"] for r in records] == ["announced"] * len(records)
        assert len(records) >= 2
        begun = datetime.fromisoformat(begins)
        heard = [begun + timedelta(seconds=at_s) for at_s in onsets_s(seen.folder / "out" / f"{gate}.wav")]
        for key in ("planned", "actual"):
            off = [(at - datetime.fromisoformat(r[key])).total_seconds() for at, r in zip(heard, records, strict=True)]
            assert max(map(abs, off)) < 0.15
    assert seen.left == []


def test_it_shows_the_address_and_its_code_and_that_a_phone_cannot_follow(seen: Seen) -> None:
    first = next(at for at, line in enumerate(seen.ready) if line.startswith("页面 page: "))
    assert "示范小学" in seen.ready[first - 1]
    assert {*"".join(seen.ready[first + 1 : first + 16])} == set("█▀▄ ")
    assert "手机扫码还打不开" in seen.ready[first + 16]


def test_below_the_log_stands_what_the_page_says(seen: Seen) -> None:
    assert re.match(r"东门  已叫 0/18  待命 +下一个 三年级一班 还有 0:\d\d$", row(seen.ready, "东门"))
    assert re.match(r"东门  已叫 0/18  已暂停 +下一个 三年级一班$", row(seen.held, "东门"))
    assert re.match(r"西门  已叫 0/18  待命 +下一个 六年级一班 还有 0:\d\d$", row(seen.held, "西门"))
    assert re.match(r"午放学 离结束 \d+:\d\d  ./2 校门已确认  暂停：东门 王老师$", seen.held[-1])
    assert seen.resumed[-1].endswith("变更：恢复 东门 王老师")
    assert re.match(r"东门  已叫 0/18  正在叫班 三年级一班 +下一个 三年级二班 还有 0:1\d$", row(seen.calling, "东门"))
    blocks = [one for one in seen.rows if re.match("[东西]门  已叫", one)]
    assert blocks == []  # redrawn in place, and gone at the end


@pytest.mark.parametrize("moment", ["embedded broker", "preparing"])
def test_ctrl_c_leaves_no_process(moment: str, demo: list[Demo], tmp_path: Path) -> None:
    demo.append(one := Demo(tmp_path))
    one.until(moment)
    interrupt(one)
    one.out.read()
    assert one.process.wait(WITHIN_S) == 130
    one.wait_gone()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Demo, Terminal, Demo]]:
    """One on a terminal and one on a pipe, started at once: a start takes long."""
    folder, terminal = tmp_path_factory.mktemp("pair"), Terminal()
    shown, piped = Demo(folder, terminal=terminal), Demo(folder)
    yield shown, terminal, piped
    shown.end()
    piped.end()
    terminal.close()


def test_ctrl_c_on_a_terminal_leaves_a_clean_line_and_the_cursor(pair: tuple[Demo, Terminal, Demo]) -> None:
    one, terminal, _ = pair
    terminal.until(lambda rows: row(rows, "东门  已叫"))
    interrupt(one)
    rows = terminal.rest()
    assert one.process.wait(WITHIN_S) == 130, "\n".join(rows)
    assert "已中断 stopped" in rows
    assert [line for line in rows if line.startswith("东门  已叫")] == []
    assert rows[-1] == ""
    assert "\x1b[?25l" not in terminal.raw  # never hidden
    one.wait_gone()


def interrupt(one: Demo) -> None:
    one.process.send_signal(signal.SIGINT)
    one.process.send_signal(signal.SIGINT)  # people press it twice


def test_on_a_pipe_it_tells_the_state_in_lines_and_killed_it_leaves_no_process(
    pair: tuple[Demo, Terminal, Demo],
) -> None:
    *_, one = pair
    assert "示范小学" in one.until("就绪")
    assert one.until("").startswith("页面 page: http")
    assert one.until("").startswith("本机浏览器打开；手机扫码还打不开")  # and no code between
    told = one.until("现在.*东门")
    assert re.match(r"\[现在\] 东门 待命，下一个 三年级一班 \d\d:\d\d:\d\d，已叫 0/18$", told)
    one.process.kill()
    one.wait_gone()
