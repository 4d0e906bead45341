"""A sound card for tests: ALSA plays into a FIFO that is drained at the true rate, and every sample has its instant.

ALSA's `file` plugin keeps one buffer (100 ms) to itself, which is gone when its aplay is killed, as with a card. The
samples go through the FIFO eight times as wide as they are, so that its least size is 6 ms of sound.
"""

import contextlib
import fcntl
import os
import select
import threading
from array import array
from dataclasses import dataclass
from pathlib import Path

from audio.samples import Samples
from config.clock import SystemClock
from config.limits import CLIP_RATE_HZ

NAME = "paced"
DEVICE = f"plug:{NAME}"
UNPACED = "plug:unpaced"
_FRAME_BYTES = 32
"""8 channels of S32_LE: all the same sample, in the upper half."""
_PIECE_BYTES = 110 * _FRAME_BYTES
"""5 ms."""
_PIPE_BYTES = 4096
_TICK_S = 0.002
_DRY_S = 0.1
_WAIT_S = 20.0
_CONFIG = threading.Lock()


@dataclass(frozen=True, slots=True)
class Run:
    """Samples that sounded without a hole: number n at `begins_s` + n / CLIP_RATE_HZ, by the monotonic clock."""

    begins_s: float
    samples: Samples

    @property
    def ends_s(self) -> float:
        return self.begins_s + len(self.samples) / CLIP_RATE_HZ


class SoundCard:
    """`config` goes into ALSA_CONFIG_PATH: it names all cards of the folder. `runs` is what sounded, and when.

    A sample later than `hole_s` begins a run of its own, one later than `dry_s` tells who plays that the card ran dry.
    Below `hole_s` it catches up, as the clock of a card does not know what else this machine has to do.
    """

    def __init__(self, folder: Path, name: str = NAME, hole_s: float = 0.3, dry_s: float = 1.0) -> None:
        self.config = folder / "asound.conf"
        self.name = name
        self.runs: list[Run] = []
        self.hole_s = hole_s
        self._dry_s = dry_s
        self._clock = SystemClock()
        self._changed = threading.Condition()
        self._taken = 0
        self._stalled = threading.Event()
        self._plugs = 0
        self._run: Run | None = None
        self._due_s = 0.0
        self._thread: threading.Thread | None = None
        self.plug_in()

    @property
    def heard(self) -> bytes:
        """Every sample, without the silence in which nobody played."""
        with self._changed:
            return b"".join(run.samples.tobytes() for run in self.runs)

    def instant_s(self, sample: int) -> float:
        """When the card played a sample, by its number in `heard`."""
        with self._changed:
            for run in self.runs:
                if sample < len(run.samples):
                    return run.begins_s + sample / CLIP_RATE_HZ
                sample -= len(run.samples)
        raise IndexError(sample)

    def time_line(self) -> Run:
        """Everything since the first sample, with silence where nothing sounded."""
        with self._changed:
            first_s, line = self.runs[0].begins_s, array("h")
            for run in self.runs:
                line.extend([0] * (round((run.begins_s - first_s) * CLIP_RATE_HZ) - len(line)))
                line.extend(run.samples)
        return Run(first_s, line)

    def wait_taken(self, total: int) -> None:
        """Until the card took so many samples since it was made."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._taken >= total, _WAIT_S), f"{self._taken} samples came"

    @property
    def taken(self) -> int:
        return self._taken

    def wait_idle(self) -> None:
        """Until nobody has the card open, and what was in its pipe sounded."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._run is None, _WAIT_S), "somebody still plays"

    def stall(self) -> None:
        """Take no more samples, as a card whose clock stopped."""
        self._stalled.set()

    def go_on(self) -> None:
        self._stalled.clear()

    def run_dry(self) -> None:
        """As if no sample had come in time: silence sounds, and who plays is told what ALSA would tell it."""
        with self._changed:
            assert self._run is not None, "nobody plays"
            self._run.samples.extend([0] * round(_DRY_S * CLIP_RATE_HZ))
            self._due_s += _DRY_S
        for process in players_of(self.fifo):
            with contextlib.suppress(OSError), Path(f"/proc/{process}/fd/2").open("wb", buffering=0) as told:
                told.write(b"underrun!!! (at least 100.000 ms long)\n")

    def plug_in(self) -> None:
        self._plugs += 1  # a new FIFO each time: an aplay on its way to the old one would make a file of that name
        self.fifo = self.config.with_name(f"{self.name}{self._plugs}.fifo")
        os.mkfifo(self.fifo)
        self._opened = os.open(self.fifo, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        fcntl.fcntl(self._opened, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._names(
            f'pcm.{self.name}_raw {{ type file slave.pcm "null" file "{self.fifo}" format "raw" }}\n'
            f"pcm.{self.name} {{ type plug slave {{ pcm {self.name}_raw format S32_LE channels 8"
            f" rate {CLIP_RATE_HZ} }} }}\n"
        )
        self._out = threading.Event()
        self._thread = threading.Thread(target=self._drain, daemon=True)
        self._thread.start()

    def pull_out(self) -> None:
        """Gone: who writes gets an error, and nobody knows the name."""
        if self._thread is None:
            return
        self._names("")
        self._out.set()
        self._thread.join()
        self._thread = None
        os.close(self._opened)
        self.fifo.unlink()
        with self._changed:
            self._run = None

    def close(self) -> None:
        self.pull_out()

    def _names(self, pcm: str) -> None:
        """What this card adds to the configuration, which is never seen half written."""
        with _CONFIG:
            self.config.with_name(f"{self.name}.pcm").write_text(pcm)
            parts = "".join(part.read_text() for part in sorted(self.config.parent.glob("*.pcm")))
            draft = self.config.with_suffix(".draft")
            draft.write_text(f"</usr/share/alsa/alsa.conf>\npcm.unpaced {{ type null }}\n{parts}")
            draft.replace(self.config)

    def _drain(self) -> None:
        while not self._out.wait(max(0.0, self._due_s - self._clock.monotonic_s())):
            if self._stalled.is_set():
                self._due_s = self._clock.monotonic_s() + _TICK_S
                continue
            try:
                piece = os.read(self._opened, _PIECE_BYTES)
            except BlockingIOError:  # somebody has it open, and is behind
                self._wait(_TICK_S if self._run else 0.1)
                if self._run and self._clock.monotonic_s() - self._due_s > self._dry_s:
                    self.run_dry()
                continue
            with self._changed:
                if piece:
                    self._take(piece)
                else:
                    self._listen_anew()
                    self._run = None
                self._changed.notify_all()
            if not piece:
                self._wait(0.1)

    def _take(self, piece: bytes) -> None:
        now_s = self._clock.monotonic_s()
        if self._run is None or now_s - self._due_s > self.hole_s:
            self._run, self._due_s = Run(now_s, array("h")), now_s
            self.runs.append(self._run)
        samples = bytearray(len(piece) // _FRAME_BYTES * 2)
        samples[0::2], samples[1::2] = piece[2::_FRAME_BYTES], piece[3::_FRAME_BYTES]
        self._run.samples.frombytes(samples)
        self._taken += len(samples) // 2
        self._due_s += len(samples) / 2 / CLIP_RATE_HZ

    def _wait(self, seconds: float) -> None:
        poll = select.poll()
        poll.register(self._opened, select.POLLIN)
        poll.poll(seconds * 1000)

    def _listen_anew(self) -> None:
        """Else poll would report for ever that the last one who played went away."""
        old, self._opened = self._opened, os.open(self.fifo, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        os.close(old)


def players_of(fifo: Path) -> list[int]:
    """The aplay processes that have it open."""
    found = []
    for name in Path("/proc").glob("[0-9]*/comm"):
        with contextlib.suppress(OSError):  # ended meanwhile, or another's
            if name.read_text() == "aplay\n" and any(one.readlink() == fifo for one in (name.parent / "fd").iterdir()):
                found.append(int(name.parent.name))
    return found


def children(parent: int) -> list[int]:
    """Its child processes, those that ended and were not waited for among them."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # ended meanwhile
            after_name = stat.read_text().rpartition(")")[2].split()
            if int(after_name[1]) == parent:
                found.append(int(stat.parent.name))
    return found
