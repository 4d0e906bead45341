"""What players share when their device hangs: it is seen, and a program that ends does not wait for ever."""

import queue
import threading
from pathlib import Path

import pytest

from audio.player import Played
from audio.player_thread import Job, PlayerThread
from config import limits
from config.clock_fake import FakeClock
from gate_rig import NOON

CEILING_S = 20.0


class Hanging(PlayerThread):
    """A device that lets go when the test says so, whatever it is told."""

    def __init__(self, clock: FakeClock) -> None:
        self.let_go, self.answered = threading.Event(), threading.Event()
        self.answers_came: queue.SimpleQueue[Played] = queue.SimpleQueue()
        super().__init__(self._came, clock)

    def _came(self, played: Played) -> None:
        self.answers_came.put(played)
        self.answered.set()

    def check(self) -> str:
        return ""

    def _sound(self, job: Job) -> Played:
        assert self.let_go.wait(CEILING_S)
        return Played(job.token, "whole", job.asked_s)


def test_a_player_is_stuck_when_no_clip_can_last_that_long() -> None:
    clock = FakeClock(NOON)
    player = Hanging(clock)
    assert player.answers
    player.play("a", Path("a.wav"), 0.0)
    clock.advance(limits.CLIP_MAX_S + limits.PLAYED_GRACE_S - 0.1)
    assert player.answers
    clock.advance(0.2)
    assert not player.answers
    player.let_go.set()
    assert player.answered.wait(CEILING_S)
    assert player.answers
    player.close()
    assert not player.answers


def test_a_player_that_was_cut_and_holds_on_is_stuck_sooner() -> None:
    clock = FakeClock(NOON)
    player = Hanging(clock)
    player.play("a", Path("a.wav"), 0.0)
    player.cut()
    assert player.answers
    clock.advance(limits.PLAYED_GRACE_S + 0.1)
    assert not player.answers
    player.cut()
    assert not player.answers
    player.let_go.set()
    player.close()


def test_a_device_that_hangs_does_not_keep_the_program_from_ending() -> None:
    player = Hanging(FakeClock(NOON))
    player.play("a", Path("a.wav"), 0.0)
    player.close()
    assert not player.answered.is_set()
    player.let_go.set()
    assert player.answered.wait(CEILING_S)


def test_after_a_cut_one_clip_waits_for_a_device_that_lets_go_late_and_can_be_cut_too() -> None:
    player = Hanging(FakeClock(NOON))
    player.play("speech", Path("a.wav"), 0.0)
    player.cut()
    player.play("alert|1", Path("b.wav"), 0.0)
    with pytest.raises(AssertionError, match="speech"):
        player.play("alert|2", Path("b.wav"), 0.0)
    player.cut()
    assert player.answers_came.get(timeout=CEILING_S) == Played("alert|1", "cut", None)
    player.play("alert|2", Path("b.wav"), 0.0)
    player.let_go.set()
    answers = [player.answers_came.get(timeout=CEILING_S) for _ in range(2)]
    assert [(one.token, one.result) for one in answers] == [("speech", "whole"), ("alert|2", "whole")]
    player.close()


def test_a_clip_that_waited_for_a_device_is_not_late_when_it_begins() -> None:
    clock = FakeClock(NOON)
    player = Hanging(clock)
    player.play("speech", Path("a.wav"), 0.0)
    player.cut()
    player.play("alert", Path("b.wav"), 0.0)
    clock.advance(limits.PLAYED_GRACE_S - 0.1)
    player.let_go.set()
    answers = [player.answers_came.get(timeout=CEILING_S) for _ in range(2)]
    assert answers[1] == Played("alert", "whole", clock.monotonic_s())
    player.close()
