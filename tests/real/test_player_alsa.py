"""The ALSA player with the real `aplay`: the seam's suite on a paced card, and what is *not* taken for a heard call."""

import os
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from audio.player import Played
from audio.player_alsa import AlsaPlayer
from audio.samples import amplified
from player_suite import PlayerSuite, Playing, clip, tone
from sound_card import DEVICE, UNPACED, SoundCard, children

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundCard]:
    made = SoundCard(tmp_path)
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(made.config))
    yield made
    made.close()


class TestPaced(PlayerSuite):
    """Everything of the seam."""


def test_the_card_gets_every_sample_with_its_gain(playing: Playing, card: SoundCard, tmp_path: Path) -> None:
    playing.player.play("a", clip(tmp_path), -12.0)
    assert playing.answer()[0].result == "whole"

    card.wait_idle()
    samples = amplified(tone(1.0), -12.0).tobytes()
    assert card.heard[: len(samples)] == samples
    assert not card.heard[len(samples) :].strip(b"\0")  # aplay fills up its last period


def played_on(device: str, wav: Path) -> Played:
    playing = Playing(lambda on_played, clock: AlsaPlayer(device, on_played, clock))
    playing.player.play("a", wav, 0.0)
    played, _ = playing.answer()
    playing.player.close()
    return played


def test_a_card_that_swallows_sound_faster_than_it_can_be_heard_failed(card: SoundCard, tmp_path: Path) -> None:
    """What a card that is none does: aplay returns 0."""
    played = played_on(UNPACED, clip(tmp_path))

    assert played.result == "failed"
    assert "too soon" in played.why


def test_a_card_that_is_missing_failed_and_is_named(tmp_path: Path) -> None:
    played = played_on("Nowhere", clip(tmp_path))

    assert (played.result, played.began_s) == ("failed", None)
    assert "Nowhere" in played.why


@pytest.mark.parametrize("card_id", ["Nowhere", "default", "7"])
def test_a_card_that_is_missing_is_found_by_the_check(card_id: str) -> None:
    playing = Playing(lambda on_played, clock: AlsaPlayer(card_id, on_played, clock))

    assert playing.player.check().startswith(f"there is no sound card {card_id}")
    playing.player.close()


def test_without_aplay_the_check_says_what_to_install_and_a_clip_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    playing = Playing(lambda on_played, clock: AlsaPlayer(DEVICE, on_played, clock))

    assert "alsa-utils" in playing.player.check()
    playing.player.play("a", clip(tmp_path), 0.0)
    played, _ = playing.answer()
    assert (played.result, played.began_s) == ("failed", None)
    playing.player.close()


def test_a_card_that_stands_still_failed_and_the_next_clip_can_be_tried(
    playing: Playing, card: SoundCard, tmp_path: Path
) -> None:
    card.stall()
    asked_s = playing.clock.monotonic_s()
    playing.player.play("a", clip(tmp_path, 20.0), 0.0)
    played, answered_s = playing.answer()

    assert played.result == "failed"
    assert "did not end" in played.why
    assert answered_s - asked_s < 20.0  # it does not wait for the end of what is not sounding
    playing.player.play("b", clip(tmp_path), 0.0)  # not refused: the first is over


def test_a_card_that_is_pulled_out_failed(playing: Playing, card: SoundCard, tmp_path: Path) -> None:
    playing.player.play("a", clip(tmp_path, 10.0), 0.0)
    assert playing.no_answer_within(0.5)
    card.pull_out()

    assert playing.answer()[0].result == "failed"


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ('/bin/cat >/dev/null; /bin/sleep 1; echo "underrun!!! (at least 3.2 ms long)" >&2', "ran dry"),
        ("echo 'aplay: main:831: audio open error: Device or resource busy' >&2; exit 1", "busy"),
        ("/bin/cat >/dev/null; /bin/sleep 1; exit 3", "ended with 3"),
        ("/bin/cat >/dev/null; /bin/sleep 1; kill -KILL $$", "ended with -9"),
    ],
)
def test_an_aplay_that_tells_of_a_fault_failed(
    script: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An aplay of our own, for what a test cannot make a card do."""
    aplay = tmp_path / "aplay"
    aplay.write_text(f"#!/bin/sh\n{script}\n")
    aplay.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    played = played_on(DEVICE, clip(tmp_path))
    assert played.result == "failed"
    assert why in played.why


@pytest.mark.parametrize(
    ("amixer", "result"),
    [("echo \"Simple mixer control 'PCM',0\"; echo '  Mono: Playback 0 [0%] [off]'", "failed"),
     ("echo \"Simple mixer control 'PCM',0\"; echo '  Mono: Playback 9 [90%] [on]'", "whole"),
     ("echo no such card >&2; exit 1", "whole"), ("exec /bin/sleep 60", "whole")],
)  # fmt: skip
def test_a_card_that_is_muted_is_a_fault_and_nobody_knows_what_was_heard(
    amixer: str, result: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, script in {"aplay": "/bin/cat >/dev/null; /bin/sleep 1", "amixer": amixer}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    played = played_on("plughw:CARD=Gate", clip(tmp_path))
    assert played.result == result
    if result == "failed":
        assert played.began_s is not None  # said once more, not five times
        assert "the card is muted (PCM)" in played.why


def test_aplay_is_silent_soon_after_its_gate_was_killed(card: SoundCard, tmp_path: Path) -> None:
    gate = subprocess.Popen(
        [sys.executable, "-c", GATE, DEVICE, str(clip(tmp_path, 20.0))],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
    )
    with gate:
        card.wait_taken(1)
        (aplay,) = children(gate.pid)
        ended = os.pidfd_open(aplay)
        gate.kill()
    try:
        poll = select.poll()
        poll.register(ended, select.POLLIN)
        assert poll.poll(10_000), "aplay outlives its gate"  # 0.6 s are seen
    finally:
        os.close(ended)


GATE = """
import sys, pathlib
from audio.player_alsa import AlsaPlayer
from config.clock import SystemClock
AlsaPlayer(sys.argv[1], print, SystemClock()).play("a", pathlib.Path(sys.argv[2]), 0.0)
sys.stdin.read()
"""
