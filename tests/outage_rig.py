"""A school whose broker, centre and gate are processes of their own: each is killed, emptied and brought back alone.

Windows are put into the plan as a test goes on, each once the one before is over, so that no instant depends on how
fast this machine is. The school's zone is the one where it is noon now: no test meets midnight.
"""

import json
import os
import queue
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from zoneinfo import ZoneInfo

from audio.recorder import Recorder
from broker.embedded import mosquitto_settings
from broker.wire.messages import Status, decode
from broker.wire.transport import Arrived, TransportEvent
from broker.wire.transport_paho import PahoTransport
from config import limits
from config.findings import clock as clock_text
from onsets import sounds_s
from process_rig import CLOCK, WITHIN_S, Program, free_port
from transport_rig import Soonest

EVERY_S = 3.0
"""Sentence and rest last 2.4 s: no call is late because of the one before."""
ON_TIME_S = 1.0
"""A third of the distance between calls, half of what is recorded as late: a call is at its own instant, or it is not.
What is seen is 0.02 s, on a machine with nothing to spare 0.2 s."""
NAMES = "一二三四五"
Records = list[dict[str, Any]]


def noon_zone() -> str:
    """Where clocks show about 12:00 now."""
    ahead_h = 12 - CLOCK.utc().hour
    return f"Etc/GMT{-ahead_h:+d}" if ahead_h else "Etc/GMT"  # the sign is the other way round there


class Mosquitto:
    """A broker that no program of ours starts. Its log names every message."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self._starts = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Takes connections soon: who wants one tries again."""
        program = shutil.which("mosquitto")
        assert program is not None, "mosquitto is needed: sudo apt install mosquitto"
        self.folder.mkdir(exist_ok=True)
        self._starts += 1
        settings = self.folder / "mosquitto.conf"
        lines = mosquitto_settings(self.folder, self.port, as_root=os.geteuid() == 0)
        settings.write_text(f"{lines}log_type all\n")
        with self._log().open("wb") as log:
            self._process = subprocess.Popen([program, "-c", str(settings)], stdout=log, stderr=log)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(WITHIN_S)

    def forget(self) -> None:
        """Its memory is lost, as on a new machine."""
        (self.folder / "mosquitto.db").unlink()

    def received(self, client: str, what: str) -> list[str]:
        """Topics of what a client published since the last start, `what` after `up/` or `down/`."""
        pattern = rf"Received PUBLISH from {client} .*'fangxue/v1/lab/east/(?:up|down)/({what}[^']*)'"
        return re.findall(pattern, self._log().read_text())

    def _log(self) -> Path:
        return self.folder.with_name(f"mosquitto-{self._starts}.log")


class Site(AbstractContextManager["Site"]):
    """One gate `east`, five classes g3c1 …, its recorder, and a watch at the broker. Entered it is up and idle."""

    status: Status
    """The last one that was waited for."""

    def __init__(self, folder: Path, *, sentence: str = "{classes}放学。") -> None:
        self.folder, self._sentence = folder, sentence
        self.zone = noon_zone()
        self.on: date = CLOCK.utc().astimezone(ZoneInfo(self.zone)).date()
        self.page = free_port()
        self.broker = Mosquitto(folder / "broker")
        self.recorder = Recorder(folder / "gate.fifo", folder / "gate.wav", CLOCK)
        self.statuses: queue.Queue[tuple[float, Status]] = queue.Queue()
        self._acked = threading.Event()
        self._programs: list[Program] = []
        self._watch = self._client("watch", ["fangxue/v1/lab/east/#"])
        self._windows: dict[str, tuple[datetime, int, float]] = {}
        self._plans = 1
        self.start_s = 0.0

    def __enter__(self) -> Self:
        self.recorder.start()
        self.broker.start()
        self._watch.start(self._take)
        self.put_window("later", CLOCK.utc() + timedelta(hours=2))
        return self

    def __exit__(self, _: type[BaseException] | None, fault: BaseException | None, __: TracebackType | None) -> None:
        self._watch.stop()
        for program in self._programs:
            program.end(signal.SIGKILL)
        self.broker.kill()
        self.recorder.close()

    def up(self) -> Self:
        """Everything runs, and the gate has all its days and sentences."""
        self.start_centre("--time-confirmed-by", "测试")
        self.start_gate()
        self.wait_ready()
        return self

    # The programs ---------------------------------------------------------------------------------

    def start_centre(self, *more: str, start: tuple[str, ...] = ("-m", "fangxue")) -> None:
        """Until it is connected; how long that takes tells what to expect of this machine."""
        settings = 'v = 1\nplan = "plan.toml"\ndata = "centre"\n[clock]\nsource = "owner"\n'
        file = self.folder / "centre.toml"
        file.write_text(f"{settings}[console]\nport = {self.page}\n[broker]\nport = {self.broker.port}\n")
        since_s = CLOCK.monotonic_s()
        self.centre = Program("centre", "--settings", str(file), *more, start=start)
        self._programs.append(self.centre)
        self.centre.wait_for("已连接服务器")
        self.start_s = max(self.start_s, CLOCK.monotonic_s() - since_s)

    def start_gate(self) -> None:
        file = self.folder / "gate.toml"
        file.write_text(f"""
v = 1
school = "lab"
gate = "east"
data = "gate"
voice = "tone"
[broker]
port = {self.broker.port}
[player]
kind = "wav"
file = "gate.fifo"
[panel]
kind = "mock"
""")
        self.gate = Program("gate", "--settings", str(file))
        self._programs.append(self.gate)

    # The plan -------------------------------------------------------------------------------------

    def put_window(self, own: str, first: datetime, calls: int = 5, every_s: float = EVERY_S) -> None:
        """Into the plan's file, or there at another time."""
        self._windows[own] = (first, calls, every_s)
        (self.folder / "plan.toml").write_text(f"""
v = 1
[school]
id = "lab"
name = "测试小学"
contact = "教务处"
zone = "{self.zone}"
[sentences]
call = "{self._sentence}"
[gates.east]
name = "东门"
[zones.a]
name = "A区"
gate = "east"
[[classes]]
id = "g3"
grade = "三年级"
count = 5
zone = "a"
{"".join(self._window(one, *at) for one, at in self._windows.items())}
[calendar]
terms = [{{ from = "{self.on - timedelta(days=9)}", to = "{self.on + timedelta(days=30)}" }}]
national = "none"
weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
""")

    def read_plan(self) -> None:
        """The centre reads the file again; when this returns, what follows of it is done."""
        self.centre.process.send_signal(signal.SIGHUP)
        self.centre.wait_for("放学表 .* days folded")
        self._plans += 1
        self.state()

    def open_window(
        self, own: str, *, calls: int = 5, every_s: float = EVERY_S, after_starts: float = 3.0
    ) -> list[datetime]:
        """The instants of a new window that the gate holds before it begins; far enough for so many starts of ours."""
        over = [first + timedelta(seconds=(n + 3) * each_s) for first, n, each_s in list(self._windows.values())[1:]]
        earliest = CLOCK.utc() + timedelta(seconds=max(6.0, after_starts * self.start_s))
        first = max([earliest, *over]).replace(microsecond=0)
        self.put_window(own, first, calls, every_s)
        self.read_plan()
        self.wait_ready()
        assert CLOCK.utc() < first, "the gate did not have the day in time"
        return [first + timedelta(seconds=n * every_s) for n in range(calls)]

    def _window(self, own: str, first: datetime, calls: int, every_s: float) -> str:
        midnight = datetime.combine(self.on, datetime.min.time(), ZoneInfo(self.zone))
        starts_s = int((first - midnight).total_seconds())
        order = ", ".join(f'"g3c{n + 1}"' for n in range(calls))
        return f"""
[[windows]]
id = "{own}"
name = "{own}"
kind = "dismissal"
opens = "{clock_text(starts_s)}"
closes = "{clock_text(starts_s + round((calls + 2) * every_s))}"
order = [{order}]
every_s = {every_s}
rest_s = 1
late_s = 5
repeat = 1
"""

    def wait_until(self, at: datetime) -> None:
        """By the centre's clock, as REST shows it."""
        self.wait_state(lambda state: datetime.fromisoformat(state["server_time"]) >= at, at)

    # What is known --------------------------------------------------------------------------------

    def wait_status(self, good: Callable[[Status], bool], due: datetime | None = None) -> tuple[Status, float]:
        """The first good status that nobody waited for yet, and when it came; the ceiling counts from `due`."""
        end_s, last = _ceiling_s(due), None
        while True:
            try:
                at_s, last = self.statuses.get(timeout=max(0.0, end_s - CLOCK.monotonic_s()))
            except queue.Empty:
                raise AssertionError(f"no such status came; the last was {last}") from None
            if good(last):
                self.status = last
                return last, at_s

    def wait_called(self, window: str, count: int) -> Records:
        """The day's records, once the gate has nothing left in the window and the centre has so many final ones of it.

        They are not asked for earlier: a command costs a second of this machine, and a starved gate says things twice.
        """
        first, calls, every_s = self._windows[window]
        over = first + timedelta(seconds=calls * every_s)
        self.wait_status(lambda one: one.doing == "idle" and f"/{window}/" not in (one.next or f"/{window}/"), over)
        return self.wait_records(_all_final(window, count))

    def wait_ready(self) -> Status:
        """The gate holds the day that was issued, and found nothing wrong with itself."""
        revision = self.state()["gates"][0]["revision"]
        return self.wait_status(lambda status: self.holds(status, revision) and not status.check)[0]

    def holds(self, status: Status, revision: int) -> bool:
        """All days of the horizon: today's as this revision, the others as the plan that was read last made them."""
        dates = [self.on + timedelta(days=n) for n in range(limits.HORIZON_DAYS)]
        wanted = {on: revision if on == self.on else self._plans for on in dates}
        return status.link == "up" and {on: held.revision for on, held in status.days.items()} == wanted

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.ask("GET", "/v1/state")[1]
        return state

    def wait_state(self, good: Callable[[dict[str, Any]], bool], due: datetime | None = None) -> dict[str, Any]:
        """What REST shows, as soon as it is good."""
        tick, end_s = threading.Event(), _ceiling_s(due)
        while not good(state := self.state()):
            tick.wait(0.3)
            assert CLOCK.monotonic_s() < end_s, f"no such state came; the last was {state}"
        return state

    def ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> tuple[int, Any]:
        connection = HTTPConnection("127.0.0.1", self.page, timeout=WITHIN_S)
        try:
            connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def command(self, *words: str) -> str:
        """What a command of ours printed; it must have gone well."""
        program = Program(*words)
        assert program.end(0) == 0, program.said
        return "".join(program.said)

    def wait_records(self, good: Callable[[Records], bool]) -> Records:
        """What `fangxue records day --json` prints, by planned instant and attempt, as soon as it is good."""
        ask = ["records", "day", "--settings", str(self.folder / "centre.toml"), "--date", str(self.on), "--json"]
        end_s = CLOCK.monotonic_s() + WITHIN_S
        while True:
            self._acked.clear()
            found: Records = json.loads(self.command(*ask))
            if good(found):
                return sorted(found, key=lambda one: (one["planned"], one["attempt"], one["revision"]))
            more = self._acked.wait(max(0.0, end_s - CLOCK.monotonic_s()))
            assert more, f"such records did not come; there are {found}"

    def heard(self) -> list[tuple[datetime, datetime]]:
        """Begin and end of each sound at the gate. The recording ends with it."""
        self.recorder.close()
        begins = self.recorder.begins_utc
        assert begins is not None
        return [(begins + timedelta(seconds=a), begins + timedelta(seconds=b)) for a, b in sounds_s(self._wav)]

    def retained(self, topics: Iterable[str]) -> dict[str, bytes]:
        """What stands at the broker under these topics, once something came under each."""
        wanted = frozenset(topics)
        self._read(wanted, standing=False)
        return self._read(wanted, standing=True)

    def _read(self, wanted: frozenset[str], *, standing: bool) -> dict[str, bytes]:
        came: queue.Queue[tuple[str, bytes]] = queue.Queue()
        reader = self._client("reader", sorted(wanted))

        def take(event: TransportEvent) -> None:
            if isinstance(event, Arrived):
                reader.accept(event.receipt)
                if event.retained or not standing:
                    came.put((event.topic, event.payload))

        reader.start(take)
        found: dict[str, bytes] = {}
        end_s = CLOCK.monotonic_s() + WITHIN_S
        try:
            while found.keys() != wanted:  # other topics go on coming: the limit is one for all of it
                found |= [came.get(timeout=max(0.0, end_s - CLOCK.monotonic_s()))]
        except queue.Empty:
            raise AssertionError(f"nothing stands under {sorted(wanted - found.keys())}") from None
        finally:
            reader.stop()
        return found

    @property
    def _wav(self) -> Path:
        return self.folder / "gate.wav"

    def _client(self, name: str, filters: list[str]) -> PahoTransport:
        return PahoTransport(name, "127.0.0.1", self.broker.port, filters, None, clock=CLOCK, random=Soonest())

    def _take(self, event: TransportEvent) -> None:
        if isinstance(event, Arrived):
            self._watch.accept(event.receipt)
            if event.topic.endswith("up/status"):
                self.statuses.put((event.monotonic_s, decode(event.payload, Status)))
            elif event.topic.endswith("down/ack"):
                self._acked.set()


def _ceiling_s(due: datetime | None) -> float:
    """Monotonic: `WITHIN_S` after now, or after the instant that is waited for."""
    ahead_s = 0.0 if due is None else max(0.0, (due - CLOCK.utc()).total_seconds())
    return CLOCK.monotonic_s() + ahead_s + WITHIN_S


def results(records: Records, window: str) -> list[tuple[str, int, str, bool]]:
    """Class, attempt, result, final of a window's records."""
    rows = [(one["cue"].split("/"), one) for one in records]
    return [(cue[2], one["attempt"], one["result"], one["final"]) for cue, one in rows if cue[1] == window]


def _all_final(window: str, count: int) -> Callable[[Records], bool]:
    """So many records of the window are there, and nothing is open."""

    def good(found: Records) -> bool:
        rows = results(found, window)
        return len(rows) >= count and all(final for *_, final in rows)

    return good


def announced(*classes: int) -> list[tuple[str, int, str, bool]]:
    """Each called once, in time, in one piece."""
    return [(f"g3c{n}", 1, "announced", True) for n in classes]


def on_time(sounds: Iterable[tuple[datetime, datetime]], planned: Iterable[datetime]) -> bool:
    """As many sounds as instants, each at its own."""
    begun = [begin for begin, _ in sounds]
    wanted = sorted(planned)
    off_s = [(one - other).total_seconds() for one, other in zip(begun, wanted, strict=False)]
    assert len(begun) == len(wanted), f"{len(begun)} sounds, not {len(wanted)}: {begun} {wanted}"
    assert all(abs(one) < ON_TIME_S for one in off_s), f"off by {off_s} s"
    return True
