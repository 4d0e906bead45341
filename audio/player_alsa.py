"""Plays on a sound card by one `aplay` child a clip. The card is opened for each: who holds it hangs after an unplug.

`aplay` returns 0 for much that nobody heard, so every clip is judged: its exit, its length, underruns. Its sound comes
through a pipe, which holds 0.4 s: when this process dies, it is silent that soon.
"""

import fcntl
import os
import re
import select
import shutil
import subprocess
from pathlib import Path

from audio.player import OnPlayed, Played
from audio.player_thread import Job, PlayerThread, ready
from audio.samples import SAMPLE_BYTES, Samples, amplified
from audio.wav_file import read_wav
from config.clock import Clock
from config.limits import CLIP_RATE_HZ, FEED_PIPE_BYTES, PLAYED_EARLY_S, PLAYED_LATE_S, PLAYER_START_MS

_BUFFER_US = 100_000
_PIECE = select.PIPE_BUF // SAMPLE_BYTES
_CARDS = Path("/proc/asound")
_WHY_MAX = 200


class AlsaPlayer(PlayerThread):
    """`card`: the id of a card in /proc/asound, never its number or `default`; or a whole ALSA device, with a colon."""

    def __init__(self, card: str, on_played: OnPlayed, clock: Clock) -> None:
        self._device = card if ":" in card else f"plughw:CARD={card}"
        super().__init__(on_played, clock)

    def check(self) -> str:
        if shutil.which("aplay") is None:
            return "aplay is missing: install alsa-utils"
        named = re.search(r"CARD=(\w+)", self._device)
        if named and not (_CARDS / named[1]).is_dir():
            cards = sorted(path.name for path in _CARDS.glob("*") if path.is_symlink())
            return f"there is no sound card {named[1]}; cards here: {', '.join(cards) or 'none'}"
        return ""

    def _sound(self, job: Job) -> Played:
        samples = read_wav(job.clip)
        length_s = len(samples) / CLIP_RATE_HZ
        # LC_ALL: the word `underrun` is translated otherwise.
        with subprocess.Popen(
            [
                *("aplay", "-q", "-D", self._device, f"--buffer-time={_BUFFER_US}"),
                *("-t", "raw", "-f", "S16_LE", "-c", "1", "-r", str(CLIP_RATE_HZ)),
            ],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "LC_ALL": "C"},
            bufsize=0,
            start_new_session=True,  # Ctrl-C is for us
        ) as aplay:
            forked_s = self._clock.monotonic_s()
            try:
                ended = self._fed(aplay, _Feed(samples, job.gain_db), forked_s + length_s + PLAYED_LATE_S)
            finally:
                aplay.kill()  # not SIGTERM: that goes on sounding for the whole buffer
                code = aplay.wait()
            elapsed_s = self._clock.monotonic_s() - forked_s
            assert aplay.stderr is not None
            said = aplay.stderr.read(4096).decode(errors="replace").strip()
        began_s = forked_s + PLAYER_START_MS / 1000 if elapsed_s * 1000 > PLAYER_START_MS else None
        if ended == "cut" and code < 0:
            return Played(job.token, "cut", began_s)
        why = _fault(code, elapsed_s, length_s, said)
        return Played(job.token, "failed" if why else "whole", began_s, why)

    def _fed(self, aplay: subprocess.Popen[bytes], feed: "_Feed", deadline_s: float) -> str:
        """Hand out the sound and wait. Returns what came first: `ended`, `cut` or `late`."""
        assert aplay.stdin is not None
        pipe = aplay.stdin.fileno()
        os.set_blocking(pipe, False)
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, FEED_PIPE_BYTES)
        process = os.pidfd_open(aplay.pid)
        try:
            while True:
                left_s = max(0.0, deadline_s - self._clock.monotonic_s())
                waits = {process: select.POLLIN, self._cut_fd: select.POLLIN}
                if not aplay.stdin.closed:
                    waits[pipe] = select.POLLOUT
                happened = ready(waits, left_s)
                if self._cut_fd in happened:
                    return "cut"
                if process in happened:
                    return "ended"
                if not happened:
                    return "late"
                if not feed.write(pipe):
                    aplay.stdin.close()
        finally:
            os.close(process)


class _Feed:
    """A clip's samples on their way into a pipe, amplified piece by piece: all at once would delay the first."""

    def __init__(self, samples: Samples, gain_db: float) -> None:
        self._samples = samples
        self._gain_db = gain_db
        self._next = 0

    def write(self, pipe: int) -> bool:
        """One piece, if there is room. False when all is written, or nobody takes it any more."""
        piece = amplified(self._samples[self._next : self._next + _PIECE], self._gain_db).tobytes()
        if not piece:
            return False
        try:
            written = os.write(pipe, piece)
        except BlockingIOError:
            return True
        except BrokenPipeError:
            return False
        assert written == len(piece), "a write of PIPE_BUF bytes is whole or none"
        self._next += _PIECE
        return True


def _fault(code: int, elapsed_s: float, length_s: float, said: str) -> str:
    """Why a clip was not heard whole, or nothing."""
    if "underrun" in said:
        return f"the card ran dry: {said[:_WHY_MAX]}"
    if elapsed_s > length_s + PLAYED_LATE_S:
        return f"aplay did not end: {elapsed_s:.1f} s for a clip of {length_s:.1f} s. {said[:_WHY_MAX]}".strip()
    if code != 0:
        return f"aplay ended with {code}: {said[:_WHY_MAX]}"
    if elapsed_s < length_s - PLAYED_EARLY_S:
        return f"aplay ended too soon: {elapsed_s:.1f} s for a clip of {length_s:.1f} s. {said[:_WHY_MAX]}".strip()
    return ""
