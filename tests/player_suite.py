"""The suite of the `Player` seam: run on the wav player, with and without a recorder, and on ALSA with a paced card."""

import math
import queue
from array import array
from pathlib import Path
from typing import Protocol

import pytest

from audio.player import OnPlayed, Played, Player
from audio.wav_file import write_wav
from config.clock import Clock, SystemClock

LIMIT_S = 20.0
CLIP_S = 1.0
DAMAGED = b"RIFF\xff\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x22\x56\0\0\x44\xac\0\0\2\0\x10\0dat\0\xff\xff\0\0"
"""A WAV file, one chunk of which says that it is longer than the file."""


class MakePlayer(Protocol):
    def __call__(self, on_played: OnPlayed, clock: Clock) -> Player: ...


def tone(seconds: float, level: int = 10_000) -> "array[int]":
    return array("h", (round(level * math.sin(math.tau * 440 * n / 22050)) for n in range(round(seconds * 22050))))


def ramp(seconds: float, lowest: int = 1) -> "array[int]":
    """Samples no two of which near each other are the same, and none of which is silence."""
    return array("h", (lowest + n % 20_000 for n in range(round(seconds * 22050))))


def clip(folder: Path, seconds: float = CLIP_S) -> Path:
    wav = folder / f"{seconds}.wav"
    write_wav(wav, tone(seconds))
    return wav


class Playing:
    """A player of a rig, its answers and when they came."""

    def __init__(self, make: MakePlayer) -> None:
        self.clock: Clock = SystemClock()
        self._answers: queue.Queue[tuple[Played, float]] = queue.Queue()
        self.player = make(lambda played: self._answers.put((played, self.clock.monotonic_s())), self.clock)

    def answer(self) -> tuple[Played, float]:
        return self._answers.get(timeout=LIMIT_S)

    def no_answer_within(self, seconds: float) -> bool:
        try:
            self._answers.get(timeout=seconds)
        except queue.Empty:
            return True
        return False


class PlayerSuite:
    """Subclasses give the fixture `playing`: a player on which a call can be heard."""

    def test_a_player_that_can_be_heard_has_nothing_to_say(self, playing: Playing) -> None:
        assert playing.player.check() == ""

    def test_a_clip_is_whole_after_its_length_and_began_at_once(self, playing: Playing, tmp_path: Path) -> None:
        asked_s = playing.clock.monotonic_s()
        playing.player.play("2026/a#1", clip(tmp_path), -6.0)
        played, ended_s = playing.answer()

        assert (played.token, played.result, played.why) == ("2026/a#1", "whole", "")
        assert played.began_s is not None
        assert 0.0 <= played.began_s - asked_s < 0.3
        assert CLIP_S - 0.3 <= ended_s - asked_s <= CLIP_S + 1.5

    def test_a_cut_is_answered_at_once_and_the_next_clip_plays(self, playing: Playing, tmp_path: Path) -> None:
        playing.player.play("long", clip(tmp_path, 10.0), 0.0)
        assert playing.no_answer_within(0.3)
        cut_s = playing.clock.monotonic_s()
        playing.player.cut()
        played, ended_s = playing.answer()

        assert (played.token, played.result) == ("long", "cut")
        assert played.began_s is not None
        assert ended_s - cut_s < 0.3  # the contract says 0.05; a busy machine is not a fault

        playing.player.play("next", clip(tmp_path), 0.0)
        assert playing.answer()[0].result == "whole"

    def test_a_clip_may_follow_a_cut_before_its_answer(self, playing: Playing, tmp_path: Path) -> None:
        playing.player.play("long", clip(tmp_path, 10.0), 0.0)
        assert playing.no_answer_within(0.1)
        playing.player.cut()
        playing.player.play("alert", clip(tmp_path), 0.0)

        answers = [playing.answer()[0] for _ in range(2)]
        assert [(one.token, one.result) for one in answers] == [("long", "cut"), ("alert", "whole")]

    def test_a_cut_without_a_clip_does_nothing_to_the_next(self, playing: Playing, tmp_path: Path) -> None:
        playing.player.cut()
        playing.player.play("a", clip(tmp_path), 0.0)

        assert playing.answer()[0].result == "whole"

    @pytest.mark.parametrize(
        "content", [None, b"", b"RIFF no sound", DAMAGED], ids=["missing", "empty", "broken", "damaged"]
    )
    def test_a_clip_that_is_not_there_or_broken_fails(
        self, playing: Playing, tmp_path: Path, content: bytes | None
    ) -> None:
        wav = tmp_path / "broken.wav"
        if content is not None:
            wav.write_bytes(content)
        playing.player.play("a", wav, 0.0)
        played, _ = playing.answer()

        assert (played.token, played.result, played.began_s) == ("a", "failed", None)
        assert str(wav) in played.why

    def test_a_second_clip_while_one_plays_is_refused_and_the_first_goes_on(
        self, playing: Playing, tmp_path: Path
    ) -> None:
        wav = clip(tmp_path)
        playing.player.play("first", wav, 0.0)
        with pytest.raises(AssertionError, match="first"):
            playing.player.play("second", wav, 0.0)

        assert (playing.answer()[0].token, playing.no_answer_within(0.1)) == ("first", True)

    def test_closing_cuts_and_may_be_done_twice(self, playing: Playing, tmp_path: Path) -> None:
        playing.player.play("a", clip(tmp_path, 10.0), 0.0)
        playing.player.close()
        playing.player.close()

        assert playing.answer()[0].result == "cut"
