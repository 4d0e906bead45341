"""A sound card for tests: ALSA writes into a FIFO that is drained at the true rate. It can stall and be pulled out."""

import fcntl
import os
import threading
from pathlib import Path

from config.clock import SystemClock

DEVICE = "plug:paced"
UNPACED = "plug:unpaced"
_BYTES_A_S = 22050 * 2
_PIPE_BYTES = 4096
"""0.09 s: the least a pipe can hold."""


class SoundCard:
    """`config` goes into ALSA_CONFIG_PATH. `heard` is what came; `sounding` is set by the first of it."""

    def __init__(self, folder: Path) -> None:
        fifo = folder / "card"
        os.mkfifo(fifo)
        self.config = folder / "asound.conf"
        self.config.write_text(
            "</usr/share/alsa/alsa.conf>\n"
            f'pcm.paced {{ type file slave.pcm "null" file "{fifo}" format "raw" }}\n'
            "pcm.unpaced { type null }\n"
        )
        self.heard = bytearray()
        self.sounding = threading.Event()
        self._clock = SystemClock()
        self._fifo = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
        fcntl.fcntl(self._fifo, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._stalled = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._drain, daemon=True)
        self._thread.start()

    def stall(self) -> None:
        """Take no more samples, as a card whose clock stopped."""
        self._stalled.set()

    def pull_out(self) -> None:
        """Gone: who writes gets an error."""
        self.close()

    def close(self) -> None:
        if not self._closed.is_set():
            self._closed.set()
            self._thread.join()
            os.close(self._fifo)

    def _drain(self) -> None:
        due_s = self._clock.monotonic_s()
        while not self._closed.wait(max(0.0, due_s - self._clock.monotonic_s())):
            try:
                piece = b"" if self._stalled.is_set() else os.read(self._fifo, _PIPE_BYTES // 4)
            except BlockingIOError:
                piece = b""
            self.heard += piece
            if piece:
                self.sounding.set()
                due_s += len(piece) / _BYTES_A_S
            else:
                due_s = self._clock.monotonic_s() + 0.005
