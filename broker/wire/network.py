"""What network threads have in common: a life says what it waits for, and one thread drives one of them, or many."""

import contextlib
import select
from collections.abc import Generator, Mapping
from dataclasses import dataclass

from config.clock import Clock

Ready = Mapping[int, int]
"""Descriptors on which something happened, with their poll events; none: the time is over."""


@dataclass(frozen=True, slots=True)
class Wait:
    """For any of the poll events of these descriptors, at most so long."""

    events: Mapping[int, int]
    seconds: float


Life = Generator[Wait, Ready, None]
"""The work of a network thread. It does what is due, yields what it waits for, and goes on with what is ready."""


def drive(life: Life) -> None:
    """To its end, on this thread."""
    with contextlib.suppress(StopIteration):
        wait = next(life)
        while True:
            # poll and not select: a centre with a thousand open pages has file numbers that select refuses.
            poll = select.poll()
            for descriptor, events in wait.events.items():
                poll.register(descriptor, events)
            wait = life.send(dict(poll.poll(max(0.0, wait.seconds) * 1000)))


@dataclass(slots=True)
class _Lived:
    life: Life
    wait: Wait
    by_s: float


class Network:
    """Many lives on the caller's thread. Whoever ends a life elsewhere does so after the last `turn`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._poll = select.poll()
        self._owners: dict[int, _Lived] = {}
        self._all: list[_Lived] = []

    def add(self, life: Life) -> None:
        one = _Lived(life, Wait({}, 0.0), self._clock.monotonic_s())
        self._all.append(one)
        self._waits(one, next(life))

    def turn(self, seconds: float) -> None:
        """Wait at most so long, and let every life go on that has what it waited for."""
        due_s = min((one.by_s for one in self._all), default=self._clock.monotonic_s() + seconds)
        left_s = min(seconds, due_s - self._clock.monotonic_s())
        happened: dict[int, dict[int, int]] = {}
        for descriptor, events in self._poll.poll(max(0.0, left_s) * 1000):
            happened.setdefault(id(self._owners[descriptor]), {})[descriptor] = events
        now_s = self._clock.monotonic_s()
        for one in tuple(self._all):
            ready = happened.get(id(one))
            if ready or one.by_s <= now_s:
                self._go_on(one, ready or {})

    def _go_on(self, one: _Lived, ready: Ready) -> None:
        try:
            wait = one.life.send(ready)
        except StopIteration:
            self._all.remove(one)
            wait = Wait({}, 0.0)
        self._waits(one, wait)

    def _waits(self, one: _Lived, wait: Wait) -> None:
        for descriptor in one.wait.events.keys() - wait.events.keys():
            self._poll.unregister(descriptor)
            del self._owners[descriptor]
        for descriptor, events in wait.events.items():
            self._poll.register(descriptor, events)
            self._owners[descriptor] = one
        one.wait, one.by_s = wait, self._clock.monotonic_s() + wait.seconds
