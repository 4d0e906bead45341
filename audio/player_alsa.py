"""Plays on a sound card by one `aplay` child a clip. The card is opened for each: who holds it hangs after an unplug.

`aplay` returns 0 for much that nobody heard, so every clip is judged: its exit, its length, underruns, and whether it
took all of it: told to end it drops what it has not read, and returns 0. Its sound comes through a pipe, which holds
0.4 s: when this process dies, it is silent that soon.
"""

import fcntl
import os
import re
import select
import shutil
import subprocess
import termios
from array import array
from pathlib import Path
from typing import Literal, Self

from audio.mixer import muted
from audio.player import OnPlayed, Played
from audio.player_thread import Job, PlayerThread, ready
from audio.samples import SAMPLE_BYTES, Samples, amplified
from audio.wav_file import read_wav
from config.clock import Clock
from config.limits import CLIP_RATE_HZ, FEED_PIPE_BYTES, MIXER_WITHIN_S, PLAYED_EARLY_S, PLAYED_LATE_S, PLAYER_START_MS

_BUFFER_US = 100_000
_PIECE = select.PIPE_BUF // SAMPLE_BYTES
_CARDS = Path("/proc/asound")
_WHY_MAX = 200
Ending = Literal["ended", "cut", "late"]
"""What came first: aplay was over, a cut, or neither in time."""


class AlsaPlayer(PlayerThread):
    """`card`: the id of a card in /proc/asound, never its number or `default`; or a whole ALSA device, with a colon."""

    def __init__(self, card: str, on_played: OnPlayed, clock: Clock) -> None:
        self._device = card if ":" in card else f"plughw:CARD={card}"
        named = re.search(r"CARD=(\w+)", self._device)
        self._card = named[1] if named else ""
        super().__init__(on_played, clock)

    def check(self) -> str:
        if shutil.which("aplay") is None:
            return "aplay is missing: install alsa-utils"
        if self._card and not (_CARDS / self._card).is_dir():
            cards = sorted(path.name for path in _CARDS.glob("*") if path.is_symlink())
            return f"there is no sound card {self._card}; cards here: {', '.join(cards) or 'none'}"
        return self._muted()

    def _sound(self, job: Job) -> Played:
        samples = read_wav(job.clip)
        length_s = len(samples) / CLIP_RATE_HZ
        with _Feed(samples, job.gain_db) as feed, self._aplay(feed.aplay_end) as aplay:
            forked_s = self._clock.monotonic_s()
            try:
                ended = self._fed(aplay, feed, forked_s + length_s + PLAYED_LATE_S)
            finally:
                aplay.kill()  # not SIGTERM: that goes on sounding for the whole buffer
                code = aplay.wait()
            elapsed_s = self._clock.monotonic_s() - forked_s
            assert aplay.stderr is not None
            said = aplay.stderr.read(4096).decode(errors="replace").strip()
            taken = feed.taken()
        # A card that cannot be opened, however long that takes, is found before the first sample is read.
        began_s = forked_s + PLAYER_START_MS / 1000 if taken and elapsed_s * 1000 > PLAYER_START_MS else None
        if ended == "cut" and code < 0:
            return Played(job.token, "cut", began_s)
        # A card that says it is muted may have sounded all the same: only what took no sample surely was not heard.
        why = _fault(ended, code, elapsed_s, length_s, said, left=len(samples) - taken) or self._muted()
        return Played(job.token, "failed" if why else "whole", began_s, why)

    def _muted(self) -> str:
        """Asked after the sound: it costs a call nothing. A card that does not tell is taken for open."""
        if not self._card:
            return ""
        asks = ("amixer", "-D", f"hw:CARD={self._card}", "scontents")
        plain = {**os.environ, "LC_ALL": "C"}
        try:
            told = subprocess.run(
                asks, check=False, capture_output=True, text=True, errors="replace", timeout=MIXER_WITHIN_S, env=plain
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        silent = muted(told.stdout)
        return f"the card is muted ({silent}): alsamixer -c {self._card}, then alsactl store" if silent else ""

    def _aplay(self, sound: int) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [
                *("aplay", "-q", "-D", self._device, f"--buffer-time={_BUFFER_US}"),
                *("-t", "raw", "-f", "S16_LE", "-c", "1", "-r", str(CLIP_RATE_HZ)),
            ],
            stdin=sound,
            stderr=subprocess.PIPE,
            env={**os.environ, "LC_ALL": "C"},  # the word `underrun` is translated otherwise
            bufsize=0,
            start_new_session=True,  # Ctrl-C is for us
        )

    def _fed(self, aplay: "subprocess.Popen[bytes]", feed: "_Feed", deadline_s: float) -> Ending:
        """Hand out the sound and wait. A card that takes nothing for as long as it may be late in all stands still."""
        fcntl.fcntl(feed.our_end, fcntl.F_SETPIPE_SZ, FEED_PIPE_BYTES)
        process = os.pidfd_open(aplay.pid)
        try:
            while True:
                left_s = deadline_s - self._clock.monotonic_s()
                waits = {process: select.POLLIN, self._cut_fd: select.POLLIN}
                if feed.left:
                    waits[feed.our_end] = select.POLLOUT
                    left_s = min(left_s, PLAYED_LATE_S)
                happened = ready(waits, left_s)
                if self._cut_fd in happened:
                    return "cut"
                if process in happened:
                    return "ended"
                if not happened:
                    return "late"
                feed.write()
        finally:
            os.close(process)


class _Feed:
    """A clip's samples on their way into a pipe, amplified piece by piece: all at once would delay the first.

    Both ends stay open here: what aplay left in the pipe can be seen.
    """

    def __init__(self, samples: Samples, gain_db: float) -> None:
        self._samples = samples
        self._gain_db = gain_db
        self._next = 0
        self.aplay_end, self.our_end = os.pipe()
        os.set_blocking(self.our_end, False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        os.close(self.aplay_end)

    @property
    def left(self) -> bool:
        return self._next < len(self._samples)

    def write(self) -> None:
        """One piece, if there is room; after the last, the end of the sound."""
        piece = amplified(self._samples[self._next : self._next + _PIECE], self._gain_db).tobytes()
        try:
            written = os.write(self.our_end, piece)
        except BlockingIOError:
            return
        assert written == len(piece), "a write of PIPE_BUF bytes is whole or none"
        self._next += _PIECE
        if not self.left:
            self._end()

    def taken(self) -> int:
        """How many samples aplay read."""
        unread = array("i", [0])
        fcntl.ioctl(self.aplay_end, termios.FIONREAD, unread)
        return min(self._next, len(self._samples)) - unread[0] // SAMPLE_BYTES

    def _end(self) -> None:
        if self.our_end >= 0:
            os.close(self.our_end)
            self.our_end = -1


def _fault(ended: Ending, code: int, elapsed_s: float, length_s: float, said: str, *, left: int) -> str:
    """Why a clip was not heard whole, or nothing."""
    lasted = f"{elapsed_s:.1f} s for a clip of {length_s:.1f} s. {said[:_WHY_MAX]}".strip()
    if "underrun" in said:
        return f"the card ran dry: {said[:_WHY_MAX]}"
    if ended == "late" or elapsed_s > length_s + PLAYED_LATE_S:
        return f"aplay did not end: {lasted}"
    if code != 0:
        return f"aplay ended with {code}: {said[:_WHY_MAX]}"
    if elapsed_s < length_s - PLAYED_EARLY_S:
        return f"aplay ended too soon: {lasted}"
    return f"aplay did not take all of the clip: {lasted}" if left else ""
