"""`fangxue gate`, `fangxue fleet`: choose the parts of one gate, or of many that are simulated, and run them."""

import argparse
import contextlib
import os
import random
import resource
import secrets
import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from audio.player import OnPlayed, Played
from audio.player_alsa import AlsaPlayer
from audio.player_thread import PlayerThread
from audio.player_wav import WavPlayer
from audio.renderer import Rendered as Clip
from audio.renderer import Renderer
from broker.wire import topics
from broker.wire.network import Network
from broker.wire.transport_paho import PahoTransport
from config import limits
from config.clock import Clock, SystemClock
from config.errors import BadInputError
from config.language import language
from config.log_line import log
from config.settings import BrokerSettings, GateSettings, PlayerSettings, read
from edge.alphabet import ButtonMoved, Rendered
from edge.card import CardWatch
from edge.chip import RtcChip
from edge.fleet import Fleet, FleetParts
from edge.inbox import Inbox
from edge.journal import FileJournal, Journal
from edge.journal_fake import MemoryJournal
from edge.panel_gpiozero import GpioPanel, dark, mock_panel
from edge.runtime import Parts, Runtime
from edge.watchdog import Watchdog
from fangxue import __version__


class _Clips:
    """The renderer as the runtime sees it."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer
        self.render, self.path, self.close = renderer.render, renderer.path, renderer.close


def gate(argv: Sequence[str]) -> int:
    """Run one gate. 0 after SIGTERM or Ctrl-C: the sentence that is being said ends first; a second one cuts it."""
    parser = argparse.ArgumentParser(prog="fangxue gate", description="一个校门：按时播报、灯光。One gate.")
    parser.add_argument(
        "--settings", type=Path, required=True, metavar="FILE", help="校门设置 the gate's settings (TOML)"
    )
    parser.add_argument(
        "--dark",
        action="store_true",
        help="只关灯、断开功放，然后退出；校门程序被杀之后用 lamps and relay off, for after a gate that was killed",
    )
    options = parser.parse_args(argv)
    settings = _settings(options.settings)
    clock = SystemClock()
    if options.dark:
        if settings.panel.kind == "gpio":
            dark(settings.panel, clock)
        return 0
    inbox = Inbox()
    with contextlib.ExitStack() as ends:  # a part that was made is closed, whatever becomes of the next one
        runtime, works = _made(settings, options.settings.parent, inbox, clock, ends)
        watchdog = Watchdog(os.environ, clock, works)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: inbox.put(None))
        if settings.panel.kind == "mock":  # the buttons of a gate that has none
            signal.signal(signal.SIGUSR1, lambda *_: _pressed(inbox, clock, "hold"))
            signal.signal(signal.SIGUSR2, lambda *_: _pressed(inbox, clock, "next"))
        runtime.parts.transport.start(inbox.put)
        watchdog.ready()
        runtime.run(inbox, watchdog.turned)
    return 0


def fleet(argv: Sequence[str]) -> int:
    """Run simulated gates. 0 after SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="fangxue fleet", description="一个进程里的许多模拟校门，编号 g1、g2 …。Simulated gates in one process."
    )
    parser.add_argument(
        "--school", action="append", required=True, help="学校编号，可写多次，每所各 N 个校门 a school's id, repeatable"
    )
    parser.add_argument("--gates", type=int, required=True, metavar="N", help="每所学校的校门数 gates of each school")
    parser.add_argument(
        "--port", type=int, default=1883, help="本机消息服务器的端口 port of the broker on this machine"
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="日志目录；不写则只在内存 journals; else in memory")
    parser.add_argument("--every", type=float, default=60.0, metavar="S", help="每隔几秒报告一行 seconds between lines")
    options = parser.parse_args(argv)
    try:
        addresses = [topics.Address(of, f"g{n + 1}") for of in options.school for n in range(options.gates)]
        broker = BrokerSettings(port=options.port)
    except ValueError as error:
        raise BadInputError(str(error)) from error
    clock, ended = SystemClock(), threading.Event()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)  # three a gate
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    def journal(address: topics.Address) -> Journal:
        return FileJournal(options.data / str(address) / "journal") if options.data else MemoryJournal()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    before_kb = _resident_kb()

    def tell(line: str) -> None:
        log(f"{line}，每个校门内存 each {(_resident_kb() - before_kb) // len(addresses)} kB")

    parts = FleetParts(clock, Network(clock), broker, journal)
    gates = Fleet(addresses, __version__, parts, tell, every_s=options.every, rng=random.Random())
    try:
        gates.run(ended.is_set)
    finally:
        gates.close()
    gates.tell()
    return 0


def _made(
    settings: GateSettings, folder: Path, inbox: Inbox, clock: Clock, ends: contextlib.ExitStack
) -> tuple[Runtime, Callable[[], bool]]:
    """The gate of parts by its settings, which `ends` closes; and whether its player goes on."""
    address, data = topics.Address(settings.school, settings.gate), folder / settings.data
    journal = FileJournal(data / "journal")  # first: of two gates in one folder the second touches nothing
    ends.callback(journal.close)
    recorded = folder / settings.recorded if settings.recorded is not None else None
    model = folder / settings.model if settings.model is not None else None
    renderer = Renderer(settings.voice, data / "clips", _answers(inbox), recorded=recorded, model=model)
    ends.callback(renderer.close)
    clip_failed = threading.Event()
    player = _player(settings.player, folder, _heard(inbox, clip_failed), clock)
    ends.callback(player.close)
    panel = (GpioPanel if settings.panel.kind == "gpio" else mock_panel)(settings.panel, inbox.put, clock)
    ends.callback(panel.close)
    transport = PahoTransport(
        str(address),
        settings.broker.host,
        settings.broker.port,
        [topics.down_filter(address)],
        lambda: runtime.will(),  # noqa: PLW0108 - the runtime needs the transport first
        clock=clock,
        random=random.Random(),
    )
    chip = RtcChip(settings.clock.chip_ppm) if settings.clock.chip_ppm is not None else None
    parts = Parts(clock, journal, transport, player, panel, _Clips(renderer), log, chip)
    runtime = Runtime(address, __version__, parts, secrets.token_hex(4))
    ends.callback(runtime.close)
    watch = CardWatch(player.check, inbox.put, clip_failed, trouble="player" in runtime.state.book.problems)
    ends.callback(watch.close)
    return runtime, lambda: player.answers


def _settings(file: Path) -> GateSettings:
    try:
        content = file.read_bytes()
    except OSError as error:
        message = f"{file}: {error}"
        raise BadInputError(message) from error
    return read(content, str(file), GateSettings, language(os.environ))


def _player(settings: PlayerSettings, folder: Path, on_played: OnPlayed, clock: Clock) -> PlayerThread:
    match settings.kind:
        case "alsa":
            if settings.card is None:
                message = "player.card: 缺少声卡编号（aplay -l） is missing: name the card as aplay -l shows it"
                raise BadInputError(message)
            return AlsaPlayer(settings.card, on_played, clock)
        case "wav" if settings.file is not None:
            return WavPlayer(folder / settings.file, on_played, clock)
        case "wav" | "null":
            return WavPlayer(None, on_played, clock)


def _heard(inbox: Inbox, failed: threading.Event) -> OnPlayed:
    """What takes the player's answers: to the gate; and the card is looked at."""

    def played(answer: Played) -> None:
        inbox.put(answer)
        if answer.result == "failed":
            failed.set()

    return played


def _answers(inbox: Inbox) -> Callable[[Clip], None]:
    """What takes the renderer's answers: to the gate; and to the log, once, which rungs of the ladder failed."""
    told: dict[str, str] = {}

    def answered(clip: Clip) -> None:
        if clip.why and told.get(clip.say) != clip.why:
            log(f"语音 voice: {clip.say} {clip.why}")
            told[clip.say] = clip.why
        elif not clip.why:
            told.pop(clip.say, None)
        inbox.put(Rendered(clip.say, clip.length_s, clip.why, clip.stand_in))

    return answered


def _pressed(inbox: Inbox, clock: Clock, button: Literal["hold", "next"]) -> None:
    """As if a finger had just let go."""
    now_s = clock.monotonic_s()
    inbox.put(ButtonMoved(button, down=True, at_s=now_s - 2 * limits.DEBOUNCE_S))
    inbox.put(ButtonMoved(button, down=False, at_s=now_s))


def _resident_kb() -> int:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() // 1024
