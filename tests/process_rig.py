"""A school of real processes: `fangxue centre` with its broker and `fangxue gate`, in the test's folder."""

import json
import os
import queue
import random
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from broker.wire import topics
from broker.wire.messages import LiveCue, Status, decode
from broker.wire.transport import Arrived, TransportEvent
from broker.wire.transport_paho import PahoTransport
from config.clock import SystemClock
from config.findings import clock as clock_text

WITHIN_S = 60.0
"""Ceiling of every wait, ten times what is seen."""
ZONE = ZoneInfo("Asia/Shanghai")
CLOCK = SystemClock()


def now() -> datetime:
    return CLOCK.utc().astimezone(ZONE)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Program:
    """One child; its lines can be waited for. `start`: what Python runs, when that is not our command itself."""

    found_at_s = 0.0
    """When the line came that was waited for last."""

    def __init__(
        self,
        *arguments: str,
        path: str | None = None,
        start: tuple[str, ...] = ("-m", "fangxue"),
        more: dict[str, str] | None = None,
    ) -> None:
        env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), **(more or {})}
        self.process = subprocess.Popen(
            [sys.executable, "-P", *start, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            env={**env, **({"PATH": path} if path else {})},
        )
        self._lines: queue.Queue[tuple[float, str]] = queue.Queue()
        self.said: list[str] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def wait_for(self, pattern: str) -> re.Match[str]:
        """The first line, not yet waited for, that holds the pattern."""
        end_s = CLOCK.monotonic_s() + WITHIN_S
        while True:
            try:
                at_s, line = self._lines.get(timeout=max(0.0, end_s - CLOCK.monotonic_s()))
            except queue.Empty:
                pytest_lines = "".join(self.said)
                raise AssertionError(f"no line with {pattern!r} in {WITHIN_S} s; it said:\n{pytest_lines}") from None
            if found := re.search(pattern, line):
                self.found_at_s = at_s
                return found

    def end(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(WITHIN_S)
        self._thread.join(WITHIN_S)
        return code

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self.said.append(line)
                self._lines.put((CLOCK.monotonic_s(), line))


class School:
    """One gate, `classes` calls `every_s` apart from `first` on, said once; the same 10 s apart 2 min before."""

    player = 'kind = "wav"\nfile = "gate.fifo"'
    """The gate's [player]."""

    def __init__(self, folder: Path, *, first: datetime, every_s: float, classes: int, path: str | None = None) -> None:
        self.folder, self.path, self.first = folder, path, first.replace(microsecond=0)
        self.on: date = (self.first - timedelta(seconds=240)).date()
        self.write_plan(self.first, every_s, classes)
        self.page = free_port()
        settings = 'v = 1\nplan = "plan.toml"\ndata = "centre"\n[clock]\nsource = "owner"\n'
        (folder / "centre.toml").write_text(f"{settings}[console]\nport = {self.page}\n")
        self.statuses: queue.Queue[Status] = queue.Queue()
        self.lives: list[LiveCue] = []
        self._gates: list[Program] = []
        self._stirs: queue.Queue[None] = queue.Queue()

    def write_plan(self, first: datetime, every_s: float, classes: int) -> None:
        midnight = datetime.combine(self.on, datetime.min.time(), ZONE)
        starts_s = int((first - midnight).total_seconds())
        (self.folder / "plan.toml").write_text(f"""
v = 1
[school]
id = "lab"
name = "测试小学"
contact = "教务处"
[gates.east]
name = "东门"
[zones.a]
name = "A区"
gate = "east"
[[classes]]
id = "g3"
grade = "三年级"
count = {classes}
zone = "a"
[[windows]]
id = "early"
name = "早放学"
kind = "dismissal"
opens = "{clock_text(starts_s - 120)}"
closes = "{clock_text(starts_s - 60)}"
every_s = 10
late_s = 20
[[windows]]
id = "noon"
name = "午放学"
kind = "dismissal"
opens = "{clock_text(starts_s)}"
closes = "{clock_text(starts_s + 1800)}"
every_s = {every_s}
rest_s = 1
repeat = 1
[calendar]
terms = [{{ from = "{self.on - timedelta(days=9)}", to = "{self.on + timedelta(days=30)}" }}]
national = "none"
weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
""")

    @contextmanager
    def centre(self) -> Iterator[Program]:
        settings = str(self.folder / "centre.toml")
        program = Program("centre", "--settings", settings, "--time-confirmed-by", "测试", path=self.path)
        try:
            self.kind, port = program.wait_for(r"embedded broker: (\S+), 127\.0\.0\.1:(\d+)").groups()
            self.port = int(port)
            with self._watched():
                yield program
        finally:
            for gate in self._gates:
                gate.end(signal.SIGKILL)
            program.end()

    def gate(self) -> Program:
        (self.folder / "gate.toml").write_text(f"""
v = 1
school = "lab"
gate = "east"
data = "gate"
voice = "tone"
[broker]
port = {self.port}
[player]
{self.player}
[panel]
kind = "mock"
""")
        self._gates.append(Program("gate", "--settings", str(self.folder / "gate.toml")))
        return self._gates[-1]

    def wait_status(self, good: Callable[[Status], bool]) -> Status:
        """The first status from now on that is good."""
        end_s, last = CLOCK.monotonic_s() + WITHIN_S, None
        while True:
            try:
                last = self.statuses.get(timeout=max(0.0, end_s - CLOCK.monotonic_s()))
            except queue.Empty:
                raise AssertionError(f"no such status in {WITHIN_S} s; the last was {last}") from None
            if good(last):
                return last

    def records(self) -> list[dict[str, Any]]:
        """What `fangxue records day --json` prints, by planned instant and attempt."""
        ask = ["records", "day", "--settings", str(self.folder / "centre.toml"), "--date", str(self.on), "--json"]
        program = Program(*ask)
        assert program.end(0) == 0, program.said
        found: list[dict[str, Any]] = json.loads("".join(program.said))
        return sorted(found, key=lambda one: (one["planned"], one["attempt"]))

    def wait_records(self, final: int) -> list[dict[str, Any]]:
        """Until so many calls have a final record at the centre; looked at whenever it acknowledges something."""
        end_s = CLOCK.monotonic_s() + WITHIN_S
        while True:
            found = self.records()
            if len([one for one in found if one["final"]]) >= final:
                return found
            try:
                self._stirs.get(timeout=max(0.0, end_s - CLOCK.monotonic_s()))
            except queue.Empty:
                raise AssertionError(f"{final} final records did not come; there are {found}") from None

    @contextmanager
    def _watched(self) -> Iterator[None]:
        address = topics.Address("lab", "east")
        filters = [topics.up(address, "status"), topics.down(address, "cue"), topics.down(address, "ack")]
        rng = random.Random()
        watch = PahoTransport("watch", "127.0.0.1", self.port, filters, None, clock=CLOCK, random=rng)

        def take(event: TransportEvent) -> None:
            if isinstance(event, Arrived):
                watch.accept(event.receipt)
                if event.topic.endswith("status"):
                    self.statuses.put(decode(event.payload, Status))
                elif event.topic.endswith("ack"):
                    self._stirs.put(None)
                else:
                    self.lives.append(decode(event.payload, LiveCue))

        watch.start(take)
        try:
            yield
        finally:
            watch.stop()
