"""`fangxue gate`: chooses the parts of one gate by its settings and runs them until it is told to end."""

import argparse
import os
import random
import secrets
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from audio.player import OnPlayed, Player
from audio.player_alsa import AlsaPlayer
from audio.player_wav import WavPlayer
from audio.renderer import Rendered as Clip
from audio.renderer import Renderer
from broker.wire import topics
from broker.wire.transport_paho import PahoTransport
from config import limits
from config.clock import Clock, SystemClock
from config.errors import BadInputError
from config.language import language
from config.settings import GateSettings, PlayerSettings, read
from edge.alphabet import ButtonMoved, Rendered
from edge.chip import RtcChip
from edge.inbox import Inbox
from edge.journal import FileJournal
from edge.panel_gpiozero import GpioPanel, mock_panel
from edge.runtime import Parts, Runtime
from fangxue import __version__


class _Clips:
    """The renderer as the runtime sees it."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer
        self.render, self.path, self.close = renderer.render, renderer.clips.path, renderer.close


def gate(argv: Sequence[str]) -> int:
    """Run one gate. 0 after SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="fangxue gate", description="一个校门：按时播报、灯光。One gate.")
    parser.add_argument(
        "--settings", type=Path, required=True, metavar="FILE", help="校门设置 the gate's settings (TOML)"
    )
    options = parser.parse_args(argv)
    settings = _settings(options.settings)
    data = options.settings.parent / settings.data
    inbox = Inbox()
    clock, address = SystemClock(), topics.Address(settings.school, settings.gate)
    renderer = Renderer(settings.voice, data / "clips", lambda clip: inbox.put(_rendered(clip)))
    player = _player(settings.player, options.settings.parent, inbox.put, clock)
    made = GpioPanel if settings.panel.kind == "gpio" else mock_panel
    panel = made(settings.panel, inbox.put, clock)
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
    parts = Parts(clock, FileJournal(data / "journal"), transport, player, panel, _Clips(renderer), _log, chip)
    runtime = Runtime(address, __version__, parts, secrets.token_hex(4))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: inbox.put(None))
    if settings.panel.kind == "mock":  # the buttons of a gate that has none
        signal.signal(signal.SIGUSR1, lambda *_: _pressed(inbox, clock, "hold"))
        signal.signal(signal.SIGUSR2, lambda *_: _pressed(inbox, clock, "next"))
    transport.start(inbox.put)
    try:
        runtime.run(inbox)
    finally:
        runtime.close()
        renderer.close()
    return 0


def _settings(file: Path) -> GateSettings:
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{file}: {error}"
        raise BadInputError(message) from error
    return read(text, str(file), GateSettings, language(os.environ))


def _player(settings: PlayerSettings, folder: Path, on_played: OnPlayed, clock: Clock) -> Player:
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


def _rendered(clip: Clip) -> Rendered:
    return Rendered(clip.say, clip.length_s, clip.why)


def _pressed(inbox: Inbox, clock: Clock, button: Literal["hold", "next"]) -> None:
    """As if a finger had just let go."""
    now_s = clock.monotonic_s()
    inbox.put(ButtonMoved(button, down=True, at_s=now_s - 2 * limits.DEBOUNCE_S))
    inbox.put(ButtonMoved(button, down=False, at_s=now_s))


def _log(line: str) -> None:
    print(line, flush=True)
