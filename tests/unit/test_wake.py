"""The alarm on the real APScheduler: it rings, late rather than not, and once. Waits are on a queue, with a limit."""

import queue
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from broker.wake import Alarm
from config.clock import SystemClock

LIMIT_S = 10.0
"""Ten times and more what is seen (0.2 s)."""
CLOCK = SystemClock()


class Bell:
    """An alarm and the instants at which it rang."""

    def __init__(self) -> None:
        self.rung: queue.Queue[datetime] = queue.Queue()
        self.alarm = Alarm(lambda: self.rung.put(CLOCK.utc()))

    def set(self, in_s: float) -> datetime:
        at = CLOCK.utc() + timedelta(seconds=in_s)
        self.alarm.set(at)
        return at

    def wait(self) -> datetime:
        return self.rung.get(timeout=LIMIT_S)


@pytest.fixture
def bell() -> Iterator[Bell]:
    made = Bell()
    yield made
    made.alarm.close()


def test_it_rings_at_its_instant_and_not_before(bell: Bell) -> None:
    at = bell.set(0.2)
    assert bell.wait() >= at


def test_an_instant_long_past_still_rings(bell: Bell) -> None:
    bell.set(-3600)
    bell.wait()


def test_it_rings_again_for_the_next_instant(bell: Bell) -> None:
    for _ in range(3):
        at = bell.set(0.02)
        assert bell.wait() >= at
    assert bell.rung.empty()


def test_moved_to_an_earlier_instant_it_rings_then_and_once(bell: Bell) -> None:
    late = bell.set(3600)
    soon = bell.set(0.05)
    assert soon <= bell.wait() < late
    last = bell.set(0.2)
    assert bell.wait() >= last, "nothing of the first two was left to ring"
    assert bell.rung.empty()


def test_moved_to_a_later_instant_it_does_not_ring_at_the_first(bell: Bell) -> None:
    bell.set(0.3)
    later = bell.set(0.6)
    assert bell.wait() >= later
    assert bell.rung.empty()


def test_the_same_instant_twice_rings_once(bell: Bell) -> None:
    at = bell.set(0.05)
    bell.alarm.set(at)
    bell.wait()
    bell.alarm.set(at)
    later = Bell()
    later.set(0.2)
    later.wait()
    later.alarm.close()
    assert bell.rung.empty()


def test_a_look_at_the_clock_rings_nothing(bell: Bell) -> None:
    at = bell.set(0.2)
    bell.alarm.check()
    assert bell.wait() >= at
    assert bell.rung.empty()


def test_a_bell_that_fails_rings_again() -> None:
    rung: queue.Queue[int] = queue.Queue()

    def ring() -> None:
        rung.put(1)
        message = "the inbox is gone"
        raise RuntimeError(message)

    alarm = Alarm(ring)
    for _ in range(2):
        alarm.set(CLOCK.utc() + timedelta(seconds=0.02))
        rung.get(timeout=LIMIT_S)
    alarm.close()


def test_closed_it_rings_no_more_and_leaves_no_thread(bell: Bell) -> None:
    before = threads()
    closed = Bell()
    closed.set(0.2)
    closed.alarm.close()
    bell.set(0.4)
    bell.wait()
    assert closed.rung.empty()
    assert threads() == before


def threads() -> int:
    return len([thread for thread in threading.enumerate() if thread.name == "APScheduler"])
