"""The player's suite on the fake, whose time is a virtual clock, and what only the fake can do: stall and vanish."""

from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from audio.player import Played
from audio.player_fake import FakePlayer, Outcome
from config.clock_fake import FakeClock
from player_suite import PlayerSuite, Playing, clip

NOON = datetime(2026, 11, 25, 4, tzinfo=UTC)


class Virtual(Playing):
    """Waiting is to let the clock go on until there is an answer."""

    def __init__(self) -> None:
        self.clock = self.virtual = FakeClock(NOON)
        self.answers: deque[Played] = deque()
        self.player = self.fake = FakePlayer(self.answers.append, self.clock)

    def answer(self) -> tuple[Played, float]:
        if not self.answers and self.fake.due_s is not None:
            self.virtual.advance(max(0.0, self.fake.due_s - self.virtual.monotonic_s()))
            self.fake.turn()
        return self.answers.popleft(), self.virtual.monotonic_s()

    def no_answer_within(self, seconds: float) -> bool:
        self.virtual.advance(seconds)
        self.fake.turn()
        return not self.answers


@pytest.fixture
def playing() -> Virtual:
    return Virtual()


class TestFake(PlayerSuite):
    """Everything of the seam."""


@pytest.mark.parametrize("outcome", get_args(Outcome))
def test_what_was_heard_is_known_and_the_next_clip_plays_after_a_cut(
    playing: Virtual, tmp_path: Path, outcome: Outcome
) -> None:
    playing.fake.outcome = lambda _: outcome
    playing.fake.play("a", clip(tmp_path, 4.0), 0.0)
    silent = playing.no_answer_within(10.0)
    heard = [(sound.token, round(sound.ends_s - sound.begins_s, 3), sound.whole) for sound in playing.fake.heard]
    told = [(played.result, played.began_s is not None) for played in playing.answers]
    assert (heard, told) == {
        "whole": ([("a", 4.0, True)], [("whole", True)]),
        "fails": ([("a", 2.0, False)], [("failed", True)]),
        "silent": ([], [("failed", False)]),
        "stalls": ([("a", 4.0, True)], []),
        "vanishes": ([], []),
    }[outcome]
    assert silent == (outcome in ("stalls", "vanishes"))
    playing.fake.cut()
    playing.fake.outcome = lambda _: "whole"
    playing.answers.clear()
    playing.fake.play("b", clip(tmp_path), 0.0)
    assert playing.answer()[0].token == "b"


def test_power_that_goes_ends_the_sound_and_nobody_is_told(playing: Virtual, tmp_path: Path) -> None:
    playing.fake.play("a", clip(tmp_path, 4.0), 0.0)
    playing.virtual.advance(1.03)
    playing.fake.lose_power()
    assert playing.no_answer_within(10.0)
    assert [(round(sound.ends_s - sound.begins_s, 3), sound.whole) for sound in playing.fake.heard] == [(1.0, False)]
