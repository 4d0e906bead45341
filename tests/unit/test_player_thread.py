"""What players share when their device hangs: it is seen, and a program that ends does not wait for ever."""

import threading
from pathlib import Path

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
        super().__init__(lambda _: self.answered.set(), clock)

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
