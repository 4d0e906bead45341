"""What players share: one thread, one clip at a time, one answer for each. A player adds how a clip sounds."""

import math
import os
import select
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from audio.player import OnPlayed, Played
from config.clock import Clock
from config.limits import CLIP_MAX_S, PLAYED_GRACE_S, PLAYER_STOP_S


@dataclass(frozen=True, slots=True)
class Job:
    """A clip to play, and the monotonic instant it was asked for."""

    token: str
    clip: Path
    gain_db: float
    asked_s: float


class PlayerThread(ABC):
    """`_sound` runs on the thread. A cut makes `_cut_fd` readable: it waits for that and for its device at once."""

    def __init__(self, on_played: OnPlayed, clock: Clock) -> None:
        self._on_played = on_played
        self._clock = clock
        self._changed = threading.Condition()
        self._job: Job | None = None
        self._next: Job | None = None
        self._cutting = False
        self._answer_by_s = math.inf
        self._closed = False
        self._cut_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._thread = threading.Thread(target=self._run, name=type(self).__name__, daemon=True)
        self._thread.start()

    @abstractmethod
    def _sound(self, job: Job) -> Played:
        """Play to the end or to a cut. An OSError becomes the answer `failed`."""

    @abstractmethod
    def check(self) -> str:
        """As the seam says."""

    def play(self, token: str, clip: Path, gain_db: float) -> None:
        with self._changed:
            assert not self._closed, "the player was closed"
            assert self._job is None or (self._cutting and self._next is None), f"{self._job} still plays"
            job = Job(token, clip, gain_db, self._clock.monotonic_s())
            if self._job is None:
                self._begin(job)
            else:
                self._next = job  # an alert does not wait for the answer of a device that lets go late

    def cut(self) -> None:
        with self._changed:
            if self._job is None:
                return
            self._cutting, waiting, self._next = True, self._next, None
            os.eventfd_write(self._cut_fd, 1)
            self._answer_by_s = min(self._answer_by_s, self._clock.monotonic_s() + PLAYED_GRACE_S)
        if waiting is not None:
            self._on_played(Played(waiting.token, "cut", None))

    def _begin(self, job: Job) -> None:
        self._job = job
        self._answer_by_s = job.asked_s + CLIP_MAX_S + PLAYED_GRACE_S
        self._changed.notify_all()

    @property
    def answers(self) -> bool:
        """The thread lives, and is not stuck in a clip longer than it lasts, or after a cut."""
        with self._changed:
            return self._thread.is_alive() and (self._job is None or self._clock.monotonic_s() < self._answer_by_s)

    def close(self) -> None:
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._changed.notify_all()
        self.cut()
        self._thread.join(PLAYER_STOP_S)
        if not self._thread.is_alive():  # else it may still look at it
            os.close(self._cut_fd)

    def _cut_within(self, seconds: float) -> bool:
        """Wait; True as soon as there is a cut."""
        return bool(ready({self._cut_fd: select.POLLIN}, seconds))

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._job is not None or self._closed)
                job = self._job
            if job is None:
                return
            try:
                played = self._sound(job)
            except OSError as error:
                played = Played(job.token, "failed", None, str(error))
            with self._changed:
                self._job = None  # before the answer: whoever gets it may play the next
                self._cutting, following, self._next = False, self._next, None
                if self._cut_within(0):
                    os.eventfd_read(self._cut_fd)
                if following is not None:
                    self._begin(replace(following, asked_s=self._clock.monotonic_s()))
            self._on_played(played)


def ready(waits: Mapping[int, int], seconds: float) -> set[int]:
    """Of descriptors and the poll events wanted of each, those that have one now or within `seconds`."""
    poll = select.poll()  # select.select refuses descriptors above 1023, and a fleet has more
    for descriptor, events in waits.items():
        poll.register(descriptor, events)
    return {descriptor for descriptor, _ in poll.poll(max(0.0, seconds) * 1000)}
