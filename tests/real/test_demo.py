"""The demo: a person's first look. It runs to its sheet, and however it is ended it leaves no process behind."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from onsets import onsets_s
from process_rig import CLOCK, WITHIN_S

ROOT = Path(__file__).parent.parent.parent


class Demo:
    """A running demo whose children are known by a mark in their environment."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.mark = f"DEMO_TEST={uuid.uuid4()}"
        name, value = self.mark.split("=")
        self.process = subprocess.Popen(
            [sys.executable, "-P", str(ROOT / "deploy" / "demo.py"), *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, name: value, "PYTHONPATH": str(ROOT)},
        )
        assert self.process.stdout is not None
        self.out = self.process.stdout

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


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[list[Demo]]:
    started: list[Demo] = []
    yield started
    for one in started:
        one.process.kill()
        one.process.wait()
        one.out.close()
        for pid in one.left():
            os.kill(pid, signal.SIGKILL)


def test_it_runs_to_its_sheet_and_every_call_is_in_the_recording_at_its_instant(
    demo: list[Demo], tmp_path: Path
) -> None:
    demo.append(one := Demo(tmp_path, "--minutes", "0.75", "--audio", "out"))
    assert "示范小学" in one.until("就绪")
    rest = one.out.read()
    assert one.process.wait(WITHIN_S) == 0
    assert "今天放学用时" in rest
    about = json.loads((tmp_path / "out" / "demo.json").read_text())
    for gate, begins in about["first_sample_at"].items():
        records = sorted((r for r in about["records"] if r["gate"] == gate), key=lambda r: r["planned"])
        assert [r["result"] for r in records] == ["announced"] * len(records)
        assert len(records) >= 2
        begun = datetime.fromisoformat(begins)
        heard = [begun + timedelta(seconds=at_s) for at_s in onsets_s(tmp_path / "out" / f"{gate}.wav")]
        for key in ("planned", "actual"):
            off = [(at - datetime.fromisoformat(r[key])).total_seconds() for at, r in zip(heard, records, strict=True)]
            assert max(map(abs, off)) < 0.15
    assert one.left() == []


@pytest.mark.parametrize("moment", ["embedded broker", "preparing", "就绪"])
def test_ctrl_c_leaves_no_process(moment: str, demo: list[Demo], tmp_path: Path) -> None:
    demo.append(one := Demo(tmp_path))
    one.until(moment)
    one.process.send_signal(signal.SIGINT)
    one.process.send_signal(signal.SIGINT)  # people press it twice
    one.out.read()
    assert one.process.wait(WITHIN_S) == 130
    one.wait_gone()


def test_killed_it_leaves_no_process_either(demo: list[Demo], tmp_path: Path) -> None:
    demo.append(one := Demo(tmp_path))
    one.until("preparing")
    one.process.kill()
    one.wait_gone()
