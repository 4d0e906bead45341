"""From the instant to the first audible sample: a gate's call, beside a bare wait, one durable write, the same aplay.

What is measured begins when a player that knows nothing of its own start would have to begin: `PLAY_AHEAD_MS` before
`at`. So both sides are that long when they are exactly on time, and what is beyond it is their lateness.
"""

import fcntl
import os
import select
import subprocess
import threading
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from audio.clips import ENGINES, Clips
from audio.samples import SAMPLE_BYTES
from audio.wav_file import read_wav
from bench.row import NoSampleError, Row
from bench.school import School, pause
from config.limits import CLIP_RATE_HZ, PLAY_AHEAD_MS
from onsets import AUDIBLE
from process_rig import CLOCK, now

EVERY_S = 5
BEGINS_AFTER_S = 15
AHEAD = timedelta(milliseconds=PLAY_AHEAD_MS)
NEAR_S = 1.5
"""The two sides begin so far from each other: a gate prepares before its instant."""
LINE = b"x" * 499 + b"\n"
_CHUNK = 1024
_BYTES_A_S = CLIP_RATE_HZ * SAMPLE_BYTES


class Card:
    """A sound card whose first sample has an instant: ALSA writes into a FIFO that is drained at the true rate."""

    def __init__(self, folder: Path, name: str) -> None:
        self.device = f"plug:{name}"
        fifo = folder / name
        os.mkfifo(fifo)
        self.settings = f'pcm.{name} {{ type file slave.pcm "null" file "{fifo}" format "raw" }}\n'
        self._fifo = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
        fcntl.fcntl(self._fifo, fcntl.F_SETPIPE_SZ, 4096)  # 0.09 s, the least: a card takes nothing in advance
        self._stop = os.eventfd(0)
        self._changed = threading.Condition()
        self._onsets: list[datetime] = []
        self._thread = threading.Thread(target=self._drain, daemon=True)
        self._thread.start()

    def onset(self, after: datetime, within_s: float) -> datetime:
        """The first audible sample that sounded after that instant."""
        with self._changed:
            if not self._changed.wait_for(lambda: any(one > after for one in self._onsets), within_s):
                raise NoSampleError("nothing was heard")
            return next(one for one in self._onsets if one > after)

    def close(self) -> None:
        os.eventfd_write(self._stop, 1)
        self._thread.join()
        os.close(self._fifo)
        os.close(self._stop)

    def _drain(self) -> None:
        """A clip begins with the first sample after none came for long; each later one has its place behind it."""
        began: datetime | None = None
        taken, told = 0, False
        while True:
            data = self._piece(None if began is None else 0.3)
            if data is None:
                return
            if not data:
                began, taken, told = None, 0, False
                continue
            if began is None:
                began = CLOCK.utc()
            loud = next((n for n, one in enumerate(array("h", data)) if abs(one) > AUDIBLE), None)
            if loud is not None and not told:
                told = True
                with self._changed:
                    self._onsets.append(began + timedelta(seconds=taken / _BYTES_A_S + loud / CLIP_RATE_HZ))
                    self._changed.notify_all()
            taken += len(data)
            pause((began - CLOCK.utc()).total_seconds() + taken / _BYTES_A_S)

    def _piece(self, within_s: float | None) -> bytes | None:
        """What a card takes next; empty when nothing came, None at the end."""
        poll = select.poll()
        poll.register(self._fifo, select.POLLIN)
        poll.register(self._stop, select.POLLIN)
        happened = {descriptor for descriptor, _ in poll.poll(None if within_s is None else within_s * 1000)}
        if self._stop in happened:
            return None
        return os.read(self._fifo, _CHUNK) if happened else b""


class Instants:
    """Both sides, on one time line: the gate's planned calls, and the bare ones between them."""

    def __init__(self, school: School, folder: Path, gate: Card, beside: Card) -> None:
        self.school, self.folder, self.gate, self.beside = school, folder, gate, beside
        self.clip = folder / "clip.raw"
        self.clip.write_bytes(read_wav(Clips(folder / "g1/clips", ENGINES["tone"]).path("甲一班放学")).tobytes())
        self.free = now()

    def planned(self, after: datetime) -> datetime:
        n = max(0, -(-(after - self.school.first) // timedelta(seconds=self.school.every_s)))
        if n >= self.school.classes:
            raise NoSampleError("the plan has no call left")
        return self.school.first + n * timedelta(seconds=self.school.every_s)

    def call(self) -> float:
        """The gate's next call."""
        at = self.planned(now() + timedelta(seconds=NEAR_S))
        begin = at - AHEAD
        return self._ms(begin, self.gate.onset(begin, (at - now()).total_seconds() + NEAR_S))

    def bare(self) -> float:
        """Wait, make a line durable, start aplay."""
        at = now() + timedelta(seconds=1)  # what was heard before has left the card
        call = self.planned(at - timedelta(seconds=NEAR_S))
        if call - at < timedelta(seconds=NEAR_S):
            at = call + timedelta(seconds=NEAR_S)
        begin = at - AHEAD
        command = ["aplay", "-q", "-D", self.beside.device, "--buffer-time=100000", "-t", "raw", "-f", "S16_LE"]
        command += ["-c", "1", "-r", str(CLIP_RATE_HZ), str(self.clip)]
        with (self.folder / "line").open("ab", buffering=0) as line:
            pause((begin - now()).total_seconds())
            line.write(LINE)
            os.fdatasync(line.fileno())
            with subprocess.Popen(command) as aplay:
                try:
                    return self._ms(begin, self.beside.onset(begin, NEAR_S))
                finally:
                    aplay.kill()  # the rest of the clip measures nothing

    @staticmethod
    def _ms(begin: datetime, onset: datetime) -> float:
        return (onset - begin.astimezone(UTC)).total_seconds() * 1000


@contextmanager
def rows(folder: Path, pairs: int) -> Iterator[list[Row]]:
    gate, beside = Card(folder, "gate"), Card(folder, "beside")
    settings = folder / "asound.conf"
    settings.write_text(f"</usr/share/alsa/alsa.conf>\n{gate.settings}{beside.settings}")
    os.environ["ALSA_CONFIG_PATH"] = str(settings)
    first = now() + timedelta(seconds=BEGINS_AFTER_S)
    school = School(folder, first, classes=40, every_s=EVERY_S)
    try:
        with school.running(f'kind = "alsa"\ncard = "{gate.device}"'):
            made = Instants(school, folder, gate, beside)
            name, against = "instant → first sample", "sleep + fdatasync + the same aplay"
            yield [Row(name, "ms", against, pairs, made.call, made.bare, exact=float(PLAY_AHEAD_MS))]
    finally:
        del os.environ["ALSA_CONFIG_PATH"]
        gate.close()
        beside.close()
