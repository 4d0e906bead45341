"""Records what a `WavPlayer` feeds into a FIFO, on the true time line: what a microphone at the gate would have got.

Samples are placed by their arrival. Gates come and go; the recording goes on, with silence where nothing arrived.
"""

import os
import select
import threading
import wave
from datetime import datetime
from pathlib import Path

from audio.samples import SAMPLE_BYTES
from config.clock import Clock
from config.limits import CLIP_RATE_HZ, FEED_CHUNK_S, RECORD_GAP_S, RECORD_MAX_S

_BYTES_A_S = CLIP_RATE_HZ * SAMPLE_BYTES


class Recorder:
    """Makes the FIFO, records from `start()` to `close()`. `begins_utc` is the wall instant of the first sample."""

    begins_utc: datetime | None = None

    def __init__(self, fifo: Path, wav: Path, clock: Clock) -> None:
        self._clock = clock
        self._fifo_path = fifo
        self._wav_path = wav
        self._thread: threading.Thread | None = None
        os.mkfifo(fifo)
        # For reading *and* writing: with a writer of our own there is never an end of file.
        self._fifo = os.open(fifo, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self._stop = os.eventfd(0, os.EFD_CLOEXEC)

    def start(self) -> None:
        assert self._thread is None, "started already"
        self._file = wave.open(str(self._wav_path), "wb")  # noqa: SIM115 (closed in close)
        self._file.setnchannels(1)
        self._file.setsampwidth(SAMPLE_BYTES)
        self._file.setframerate(CLIP_RATE_HZ)
        self._began_s, self.begins_utc = self._clock.monotonic_s(), self._clock.utc()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Fill up to this instant and finish the file; may be called twice, and without a start."""
        if self._fifo < 0:
            return
        if self._thread is not None:
            os.eventfd_write(self._stop, 1)
            self._thread.join()
            self._fill(self._clock.monotonic_s() - self._began_s)
            self._file.close()
        os.close(self._fifo)
        os.close(self._stop)
        self._fifo = -1
        self._fifo_path.unlink(missing_ok=True)

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._fifo, select.POLLIN)
        poll.register(self._stop, select.POLLIN)
        while True:
            happened = {descriptor for descriptor, _ in poll.poll()}
            if self._fifo in happened:
                self._place(os.read(self._fifo, 65536))
            if self._stop in happened:
                return

    def _place(self, data: bytes) -> None:
        """Write samples where they belong. Of a backlog only the last piece arrived now."""
        length_s = len(data) / _BYTES_A_S
        arrived_s = self._clock.monotonic_s() - self._began_s - max(0.0, length_s - FEED_CHUNK_S)
        if arrived_s - self._written_s() > RECORD_GAP_S:
            self._fill(arrived_s)
        if self._written_s() < RECORD_MAX_S:
            self._file.writeframes(data[: len(data) // SAMPLE_BYTES * SAMPLE_BYTES])

    def _written_s(self) -> float:
        return self._file.getnframes() / CLIP_RATE_HZ

    def _fill(self, until_s: float) -> None:
        """Silence up to an instant of the recording."""
        frames = round((min(until_s, RECORD_MAX_S) - self._written_s()) * CLIP_RATE_HZ)
        while frames > 0:
            piece = min(frames, CLIP_RATE_HZ)
            self._file.writeframes(bytes(piece * SAMPLE_BYTES))
            frames -= piece
