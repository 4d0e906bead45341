"""A program: gates that are killed with SIGKILL at chosen points of a cue and started again, many side by side.

Each life is a forked child with the real runtime, a real journal and a real player into a FIFO; the transport leads
nowhere. Time runs `speed` times as fast for all of them and for who listens.

`python killed_gates.py` says `ready`, reads one line of JSON, {origin_s, speed, gates: [{folder, lives: [[mark,
after_s] …]}]}, and prints how each life ended: one line of JSON by folder, -9 for a kill. The last life has no mark.
"""

import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from audio.player import OnPlayed
from audio.player_wav import WavPlayer
from broker.wire.transport import LinkUp, OnTransportEvent
from config.clock import SystemClock
from config.settings import PanelSettings
from config.types import Readings
from edge.alphabet import Effect, GateEvent, Idle, Play, Publish, Rendered, Write
from edge.inbox import Inbox, Item
from edge.journal import FileJournal, _line
from edge.panel_gpiozero import mock_panel
from edge.runtime import Parts, Runtime
from gate_rig import HERE, NOON

LENGTH_S = 0.55
"""Of the one clip: 0.15 s of silence and a tone."""


class FastClock(SystemClock):
    """It was 11:29:50 at `origin_s`, and time runs faster; a kernel vouches for it. Every process sees the same."""

    def __init__(self, origin_s: float, speed: float) -> None:
        self.origin_s, self.speed = origin_s, speed

    def monotonic_s(self) -> float:
        return (super().monotonic_s() - self.origin_s) * self.speed

    def utc(self) -> datetime:
        return NOON + timedelta(seconds=self.monotonic_s() - 10)

    def kernel_error_s(self) -> float:
        return 0.01

    def boot_id(self) -> str:
        return "one"


class Doom:
    """`here` kills this process where the mark is, or `after_s` later."""

    def __init__(self, mark: str, after_s: float, clock: FastClock) -> None:
        self.mark, self.wait_s = mark, after_s / clock.speed

    def here(self, mark: str) -> None:
        if mark != self.mark:
            return
        self.mark = ""
        if self.wait_s == 0:
            die()
        timer = threading.Timer(self.wait_s, die)
        timer.daemon = True
        timer.start()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class DoomedJournal(FileJournal):
    def __init__(self, file: Path, doom: Doom) -> None:
        super().__init__(file)
        self._doom = doom

    def append(self, entry: bytes) -> None:
        kind, line = json.loads(entry)["kind"], _line(entry)
        for part, mark in ((line[: len(line) // 2], f"half {kind}"), (line, f"unsynced {kind}")):
            if self._doom.mark == mark:
                os.pwrite(self._fd, part, self._size)
                self._doom.here(mark)
        super().append(entry)


class DoomedRuntime(Runtime):
    """A wrapper around `perform`: a mark before and after each effect."""

    def __init__(self, doom: Doom, parts: Parts) -> None:
        self._doom, self._plays = doom, 0
        doom.here("born")
        super().__init__(HERE, "test", parts, "0badcafe")

    def _perform(self, effect: Effect) -> GateEvent | None:
        what = self._named(effect)
        self._doom.here(f"before {what}")
        made = super()._perform(effect)
        self._doom.here(f"after {what}")
        return made

    def _named(self, effect: Effect) -> str:
        match effect:
            case Write(entry):
                return entry.kind
            case Play():
                self._plays += 1
                return f"play {self._plays}"
            case Publish(name):
                return name
            case _:
                return type(effect).__name__


class FastInbox(Inbox):
    def __init__(self, speed: float) -> None:
        super().__init__()
        self._speed = speed

    def get(self, timeout: float | None = None) -> Item:
        return super().get(None if timeout is None else timeout / self._speed)


class FastPlayer(WavPlayer):
    def __init__(self, file: Path, on_played: OnPlayed, clock: FastClock) -> None:
        self._speed = clock.speed
        super().__init__(file, on_played, clock)

    def _cut_within(self, seconds: float) -> bool:
        return super()._cut_within(seconds / self._speed)


class Nowhere:
    """A transport whose messages reach nobody."""

    def start(self, on_event: OnTransportEvent) -> None: ...
    def accept(self, receipt: int) -> None: ...
    def stop(self) -> None: ...
    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        return True


class OneClip:
    def __init__(self, clip: Path, inbox: Inbox) -> None:
        self._clip, self._inbox = clip, inbox

    def render(self, says: tuple[str, ...], own: Readings) -> None:
        for say in says:
            self._inbox.put(Rendered(say, LENGTH_S))

    def path(self, say: str) -> Path:
        return self._clip


def live(folder: Path, clock: FastClock, doom: Doom) -> None:
    """One process of a gate, until every cue of its day has its end."""
    inbox = FastInbox(clock.speed)
    player = FastPlayer(folder / "gate.fifo", inbox.put, clock)
    panel = mock_panel(PanelSettings(kind="mock"), inbox.put, clock)
    clips = OneClip(folder.parent / "clip.wav", inbox)
    parts = Parts(clock, DoomedJournal(folder / "journal", doom), Nowhere(), player, panel, clips, lambda _: None)
    runtime = DoomedRuntime(doom, parts)
    inbox.put(LinkUp())

    def turned() -> None:
        book = runtime.state.book
        cues = {cue.id for stored in book.days.values() for cue in stored.day.cues}
        if cues <= book.done and isinstance(runtime.state.doing, Idle):
            inbox.put(None)

    runtime.run(inbox, turned)
    runtime.close()


def forked(act: Callable[[], None]) -> int:
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        act()
        status = 0
    except BaseException:  # noqa: BLE001 - of any kind: the child must not go on as its parent
        traceback.print_exc()
    finally:
        os._exit(status)


def main() -> None:
    print("ready", flush=True)  # noqa: T201 - a program of its own
    asked = json.loads(sys.stdin.readline())
    clock = FastClock(asked["origin_s"], asked["speed"])
    lives = {gate["folder"]: [*gate["lives"], ["", 0.0]] for gate in asked["gates"]}
    ended: dict[str, list[int]] = {folder: [] for folder in lives}
    living: dict[int, str] = {}

    def born(folder: str) -> None:
        mark, after_s = lives[folder][len(ended[folder])]
        living[forked(lambda: live(Path(folder), clock, Doom(mark, after_s, clock)))] = folder

    for folder in lives:
        born(folder)
    while living:
        child, status = os.wait()
        folder = living.pop(child)
        ended[folder].append(os.waitstatus_to_exitcode(status))
        if ended[folder][-1] == -signal.SIGKILL:
            born(folder)
    print(json.dumps(ended), flush=True)  # noqa: T201 - a program of its own


if __name__ == "__main__":
    main()
