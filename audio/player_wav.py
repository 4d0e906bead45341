"""Plays into a file or FIFO in real time, or nowhere: raw samples, S16_LE mono CLIP_RATE_HZ, nothing between clips.

It is paced like a sound card, so what a recorder gets is what would have been heard, when it would have been.
"""

import errno
import os
from pathlib import Path

from audio.player import OnPlayed, Played
from audio.player_thread import Job, PlayerThread
from audio.samples import amplified
from audio.wav_file import read_wav
from config.clock import Clock
from config.limits import CLIP_RATE_HZ, FEED_CHUNK_S, FEED_LATE_S, PLAYER_START_MS

_CHUNK = round(FEED_CHUNK_S * CLIP_RATE_HZ)


class WavPlayer(PlayerThread):
    """`file`: a FIFO somebody reads, or a plain file, appended to and made when missing. None: silence, same pacing."""

    def __init__(self, file: Path | None, on_played: OnPlayed, clock: Clock) -> None:
        self._file = file
        super().__init__(on_played, clock)

    def check(self) -> str:
        try:
            output = self._opened()
        except OSError as error:
            return str(error)
        if output is not None:
            os.close(output)
        return ""

    def _sound(self, job: Job) -> Played:
        samples = read_wav(job.clip)
        output = self._opened()
        began_s, start = job.asked_s + PLAYER_START_MS / 1000, 0
        try:
            for start in range(0, len(samples), _CHUNK):
                due_s = began_s + start / CLIP_RATE_HZ
                if self._cut_within(due_s - self._clock.monotonic_s()):
                    return Played(job.token, "cut", began_s if start else None)
                late_s = self._clock.monotonic_s() - due_s
                if late_s > FEED_LATE_S:
                    return Played(job.token, "failed", began_s if start else None, f"a hole of {late_s:.1f} s")
                if output is not None:
                    _write(output, amplified(samples[start : start + _CHUNK], job.gain_db).tobytes())
        except OSError as error:
            return Played(job.token, "failed", began_s if start else None, f"{self._file}: {error}")
        finally:
            if output is not None:
                os.close(output)
        if self._cut_within(began_s + len(samples) / CLIP_RATE_HZ - self._clock.monotonic_s()):
            return Played(job.token, "cut", began_s)
        return Played(job.token, "whole", began_s)

    def _opened(self) -> int | None:
        """The output, opened for one clip; without blocking, though nobody reads the FIFO."""
        if self._file is None:
            return None
        try:
            return os.open(self._file, os.O_WRONLY | os.O_NONBLOCK | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            if error.errno == errno.ENXIO:
                raise OSError(errno.ENXIO, f"nobody reads {self._file}") from error
            raise


def _write(output: int, data: bytes) -> None:
    """All of it or an error: a full pipe is a reader that stands still, a short write a full disk."""
    written = os.write(output, data)
    if written != len(data):
        raise OSError(errno.ENOSPC, f"{written} of {len(data)} bytes written")
