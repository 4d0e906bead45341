"""`./run demo`: a broker, the centre and two gates of the sample school on this machine, as separate processes.

The noon window begins 20 s after everything is ready. It ends with the record sheet, after the window or `--minutes`.
"""

import argparse
import contextlib
import ctypes
import json
import os
import queue
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from audio.player_alsa import AlsaPlayer
from audio.recorder import Recorder
from audio.synthesizer_kokoro import installed
from broker.wire import topics
from broker.wire.messages import Status, decode
from broker.wire.transport import Arrived, TransportEvent
from broker.wire.transport_paho import PahoTransport
from config.clock import SystemClock
from config.errors import BadInputError, OutsideError
from config.findings import clock as clock_text
from config.lint import read
from config.plan import Plan
from deploy.demo_now import Now, Stream
from deploy.demo_qr import address
from deploy.demo_screen import Screen

SAMPLE = Path(__file__).parent / "examples" / "shifan.toml"
WINDOW = "noon"
EVERY_S = 12
BEGINS_AFTER_S = 20
READY_WITHIN_S = 300
IDLE_WITHIN_S = 20
END_WITHIN_S = 10
CLOCK = SystemClock()
SCREEN = Screen(sys.stdout)
_PR_SET_PDEATHSIG = 1


class Over(Exception):  # noqa: N818 - not an error: SIGTERM or Ctrl-C
    """The person has seen enough."""


def main(argv: Sequence[str] | None = None) -> int:
    """0 after the window, the minutes, or 130 after Ctrl-C; 1 when something did not start."""
    parser = argparse.ArgumentParser(prog="./run demo", description="在本机演示一次午放学。A noon dismissal here.")
    parser.add_argument("--minutes", type=float, metavar="N", help="就绪后 N 分钟结束 end N minutes after ready")
    parser.add_argument("--audio", type=Path, metavar="DIR", help="每个校门录一个 WAV one WAV a gate into DIR")
    options = parser.parse_args(argv)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _over)
    with tempfile.TemporaryDirectory(prefix="fangxue-demo-") as folder, contextlib.ExitStack() as stack:
        try:
            _run(Path(folder), options, stack)
        except Over:
            SCREEN.print("已中断 stopped")
            return 130
        except (BadInputError, OutsideError) as error:
            print(error, file=sys.stderr)
            return 1
        finally:
            _no_more_signals()
    return 0


def _over(*_: object) -> None:
    _no_more_signals()
    raise Over


def _no_more_signals() -> None:
    """The second Ctrl-C must not leave a process behind, nor a stack trace on the screen."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _run(folder: Path, options: argparse.Namespace, stack: contextlib.ExitStack) -> None:
    plan, _ = read(SAMPLE.read_text("utf-8"), str(SAMPLE))
    zone = ZoneInfo(plan.school.zone)
    school = _School(folder, plan, zone, _free_port())
    school.write_plan(CLOCK.utc().astimezone(zone), hours_ahead=2)
    centre, port = _start_centre(school, stack)
    recorders = _recorders(plan, folder, options.audio, stack)
    for number, gate in enumerate(plan.gates):
        player = _player(folder / f"{gate.id}.fifo" if options.audio else None, first=number == 0)
        settings = folder / f"{gate.id}.toml"
        settings.write_text(_gate_settings(plan, gate.id, port, player))
        stack.enter_context(_Child(gate.name, ["gate", "--settings", str(settings)]).running())
    watch = stack.enter_context(_Watch(plan, port).watching())
    SCREEN.print("准备语音与校门 … preparing voices and gates")
    watch.wait(
        READY_WITHIN_S,
        lambda gate: gate.ready(CLOCK.utc().astimezone(zone).date()),
        "校门未就绪 a gate did not get ready",
    )
    for recorder in recorders.values():
        recorder.start()
    on, first = school.write_plan(CLOCK.utc().astimezone(zone), hours_ahead=0)
    before = {gate.id: gate.revision(on) for gate in watch.gates.values()}
    centre.signal(signal.SIGHUP)
    watch.wait(READY_WITHIN_S, lambda gate: gate.revision(on) > before[gate.id], "没有新表 no new day")
    begins = f"{plan.school.name}，{len(plan.classes)} 个班，{first:%H:%M:%S} 开始{plan.windows[1].name}"
    SCREEN.print(f"就绪 ready：{begins}\n{address(f'http://127.0.0.1:{school.page}/', SCREEN)}")
    stack.callback(SCREEN.show, ())
    stack.enter_context(Stream(school.page, Now(SCREEN).take).reading())
    _watch_window(watch, options.minutes, on, first)
    stack.pop_all().close()
    _report(school, on, options.audio, recorders)


def _watch_window(watch: "_Watch", minutes: float | None, on: date, first: datetime) -> None:
    """Until every call was decided, or the minutes are over; a sentence in progress may end."""
    until_s = (first - CLOCK.utc()).total_seconds() - BEGINS_AFTER_S + (minutes or 24 * 60) * 60
    watch.wait(until_s, lambda gate: gate.over(on), "")
    watch.wait(IDLE_WITHIN_S, lambda gate: gate.idle(), "")


def _report(school: "_School", on: date, audio: Path | None, recorders: dict[str, Recorder]) -> None:
    ask = [sys.executable, "-P", "-m", "fangxue", "records", "day", "--settings", str(school.centre), "--date", str(on)]
    sheet = subprocess.run(ask, capture_output=True, text=True, check=False)
    SCREEN.print(sheet.stdout + sheet.stderr)
    if audio is not None:
        begins = {gate: recorder.begins_utc.isoformat() for gate, recorder in recorders.items() if recorder.begins_utc}
        records = subprocess.run([*ask, "--json"], capture_output=True, text=True, check=True).stdout
        about = {"date": on.isoformat(), "first_sample_at": begins, "records": json.loads(records)}
        (audio / "demo.json").write_text(json.dumps(about, ensure_ascii=False, indent=1))
        SCREEN.print(f"录音 recordings: {audio}/*.wav，{audio}/demo.json")


# The school ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _School:
    """The sample school, copied so that every day is a normal one with nothing but the noon window."""

    folder: Path
    plan: Plan
    zone: ZoneInfo
    page: int
    """The port of the page: a free one, so that a demo runs beside a real centre."""

    @property
    def centre(self) -> Path:
        return self.folder / "centre.toml"

    def write_plan(self, now: datetime, *, hours_ahead: int) -> tuple[date, datetime]:
        """The date and the instant of the first call: at a full second `BEGINS_AFTER_S` from now."""
        sample = next(window for window in self.plan.windows if window.id == WINDOW)
        first = (now + timedelta(hours=hours_ahead, seconds=BEGINS_AFTER_S + 1)).replace(microsecond=0)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        starts_s = int((first - midnight).total_seconds())
        head = SAMPLE.read_text("utf-8").split("[[windows]]")[0]
        text = f"""{head}[[windows]]
id = "{WINDOW}"
name = "{sample.name}"
kind = "dismissal"
opens = "{clock_text(max(0, starts_s - 60))}"
starts = "{clock_text(starts_s)}"
closes = "{clock_text(starts_s + 600)}"
every_s = {EVERY_S}
repeat = 1
order = {json.dumps(sample.order)}

[calendar]
terms = [{{ from = "{midnight.date() - timedelta(days=7)}", to = "{midnight.date() + timedelta(days=30)}" }}]
national = "none"
weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
"""
        (self.folder / "plan.toml").write_text(text, "utf-8")
        settings = 'v = 1\nplan = "plan.toml"\ndata = "centre"\n[clock]\nsource = "owner"\n'
        self.centre.write_text(f"{settings}[console]\nport = {self.page}\n")
        return midnight.date(), first


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _gate_settings(plan: Plan, gate: str, port: int, player: str) -> str:
    return f"""v = 1
school = "{plan.school.id}"
gate = "{gate}"
data = "{gate}"
voice = "{"kokoro" if installed() else "pyttsx3"}"
[broker]
port = {port}
[player]
{player}
[panel]
kind = "mock"
"""


def _player(fifo: Path | None, *, first: bool) -> str:
    """With --audio the recorder listens; else a sound card sounds, if there is one, for one gate."""
    if fifo is not None:
        return f'kind = "wav"\nfile = "{fifo}"'
    cards = re.findall(r"^ *[0-9]+ \[(\w+)", _read("/proc/asound/cards"), re.MULTILINE)
    for card in cards if first else ():
        player = AlsaPlayer(card, lambda _: None, CLOCK)
        why = player.check()
        player.close()
        if not why:
            return f'kind = "alsa"\ncard = "{card}"'
        SCREEN.print(f"不用声卡 {card} is not used: {why}")  # one that is muted would never be ready
    return 'kind = "null"'


def _read(file: str) -> str:
    with contextlib.suppress(OSError):
        return Path(file).read_text()
    return ""


def _recorders(plan: Plan, folder: Path, audio: Path | None, stack: contextlib.ExitStack) -> dict[str, Recorder]:
    if audio is None:
        return {}
    audio.mkdir(parents=True, exist_ok=True)
    made = {gate.id: Recorder(folder / f"{gate.id}.fifo", audio / f"{gate.id}.wav", CLOCK) for gate in plan.gates}
    for recorder in made.values():
        stack.callback(recorder.close)
    return made


# Processes ----------------------------------------------------------------------------------------


class _Child:
    """A program of ours; what it prints appears behind its name. It ends with us, however we end."""

    def __init__(self, name: str, arguments: Sequence[str], on_line: Callable[[str], None] = lambda _: None) -> None:
        self._name, self._on_line = name, on_line
        self._arguments = [sys.executable, "-P", "-m", "fangxue", *arguments]

    @contextlib.contextmanager
    def running(self) -> Iterator["_Child"]:
        self._process = subprocess.Popen(
            self._arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,  # Ctrl-C is ours: they end in order
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - prctl takes no lock
        )
        reader = threading.Thread(target=self._read, daemon=True)
        reader.start()
        try:
            yield self
        finally:
            self._process.terminate()
            try:
                self._process.wait(END_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            reader.join(END_WITHIN_S)

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                SCREEN.print(f"[{self._name}] {line.rstrip()}")
                self._on_line(line)


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _start_centre(school: _School, stack: contextlib.ExitStack) -> tuple[_Child, int]:
    """The centre with its broker; which one it runs stands in its first lines, with its port."""
    ports: queue.Queue[int] = queue.Queue()

    def look(line: str) -> None:
        if found := re.search(r"embedded broker: \S+, [\d.]+:(\d+)", line):
            ports.put(int(found[1]))

    centre = _Child("中心", ["centre", "--settings", str(school.centre), "--time-confirmed-by", "演示"], look)
    stack.enter_context(centre.running())
    try:
        return centre, ports.get(timeout=READY_WITHIN_S)
    except queue.Empty:
        raise OutsideError("中心没有启动 the centre did not start") from None


# What is seen of the gates ------------------------------------------------------------------------


@dataclass
class _Gate:
    """A gate as its status shows it."""

    id: str
    status: Status | None = field(default=None)

    def ready(self, today: date) -> bool:
        return self.status is not None and not self.status.check and today in self.status.days

    def revision(self, on: date) -> int:
        return self.status.days[on].revision if self.status is not None and on in self.status.days else 0

    def idle(self) -> bool:
        return self.status is not None and self.status.now is None

    def over(self, on: date) -> bool:
        """Nothing of that date is left; after midnight the next day's calls wait already."""
        following = "" if self.status is None else self.status.next or ""
        return self.idle() and not following.startswith(on.isoformat())


class _Watch:
    """Listens to the gates' statuses at the broker."""

    def __init__(self, plan: Plan, port: int) -> None:
        self.gates = {gate.id: _Gate(gate.id) for gate in plan.gates}
        self._events: queue.Queue[TransportEvent] = queue.Queue()
        name = f"demo-{os.getpid()}"
        filters = [topics.up(topics.Address(plan.school.id, gate), "status") for gate in self.gates]
        self._transport = PahoTransport(name, "127.0.0.1", port, filters, None, clock=CLOCK, random=random.Random())

    @contextlib.contextmanager
    def watching(self) -> Iterator["_Watch"]:
        self._transport.start(self._events.put)
        try:
            yield self
        finally:
            self._transport.stop()

    def wait(self, seconds: float, good: Callable[[_Gate], bool], otherwise: str) -> None:
        """Until every gate is good. After `seconds` it is an error `otherwise`; without these words just the end."""
        end_s = CLOCK.monotonic_s() + seconds
        while not all(good(gate) for gate in self.gates.values()):
            try:
                self._take(self._events.get(timeout=max(0.0, end_s - CLOCK.monotonic_s())))
            except queue.Empty:
                if otherwise:
                    raise OutsideError(otherwise) from None
                return

    def _take(self, event: TransportEvent) -> None:
        if isinstance(event, Arrived):
            self._transport.accept(event.receipt)
            topic = topics.parse(event.topic)
            if topic is not None and topic.address.gate in self.gates:
                self.gates[topic.address.gate].status = decode(event.payload, Status)


if __name__ == "__main__":
    sys.exit(main())
