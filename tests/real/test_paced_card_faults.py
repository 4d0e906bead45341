"""The ALSA player against a card whose every sample is seen: a result is `whole` exactly when all of it sounded."""

import os
import random
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from audio.player import Played
from audio.player_alsa import AlsaPlayer
from audio.wav_file import write_wav
from config.limits import CLIP_RATE_HZ
from player_suite import Playing, ramp
from sound_card import SoundCard, players_of

NIGHT = bool(os.environ.get("FANGXUE_NIGHT"))
TIMES = 50 if NIGHT else 1
"""How often every fault is tried, each time at another moment."""
CLIP_S = 1.0
FAULTS = ("none", "cut", "SIGTERM", "SIGINT", "SIGKILL", "runs dry", "stalls", "is pulled out")


@pytest.fixture
def cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[SoundCard]]:
    """One for each fault: they are played on at once."""
    made = [SoundCard(tmp_path, f"card{number}") for number in range(len(FAULTS))]
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(made[0].config))
    yield made
    for one in made:
        one.close()


@dataclass
class Life:
    """One clip on one card, and what befalls it when the card took `strikes_at` samples in all."""

    fault: str
    card: SoundCard
    playing: Playing
    strikes_at: int

    def strike(self) -> None:
        self.card.wait_taken(self.strikes_at)
        match self.fault:
            case "cut":
                self.playing.player.cut()
            case "runs dry":
                self.card.run_dry()
            case "stalls":
                self.card.stall()
            case "is pulled out":
                self.card.pull_out()
            case "SIGTERM" | "SIGINT" | "SIGKILL":
                for process in players_of(self.card.fifo):
                    os.kill(process, signal.Signals[self.fault])

    def ended(self) -> Played:
        played, _ = self.playing.answer()
        self.playing.player.close()
        self.card.go_on()
        self.card.wait_idle()
        return played


def test_a_result_is_whole_exactly_when_all_of_it_sounded(cards: list[SoundCard], tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6) if NIGHT else 8
    rng = random.Random(seed)
    samples, wav = ramp(CLIP_S), tmp_path / "clip.wav"
    write_wav(wav, samples)
    seen: dict[str, set[str]] = {fault: set() for fault in FAULTS}
    for _ in range(TIMES):
        lives = [begun(fault, card, wav, rng) for fault, card in zip(FAULTS, cards, strict=True)]
        for life in sorted(lives, key=lambda one: one.strikes_at - one.card.taken):
            life.strike()
        for life in lives:
            played = life.ended()
            complete = life.card.heard.startswith(samples.tobytes())
            # ALSA's file plugin, which is this card, may abort by itself when it is told to end as it drains.
            if "snd_pcm_file_drain" not in played.why:
                assert (played.result == "whole") == complete, f"seed {seed}, {life}: {played}"
            seen[life.fault].add(played.result)
            if life.fault == "is pulled out":
                life.card.plug_in()
    assert (seen["none"], seen["cut"]) == ({"whole"}, {"cut"})
    assert [seen[fault] for fault in ("SIGKILL", "runs dry", "stalls", "is pulled out")] == [{"failed"}] * 4


def begun(fault: str, card: SoundCard, wav: Path, rng: random.Random) -> Life:
    """Told to end, aplay returns 0: no other length betrays what is missing in the last 0.3 s."""
    earliest_s, latest_s = (0.6, CLIP_S) if fault in ("SIGTERM", "SIGINT") else (0.01, CLIP_S - 0.2)
    card.runs.clear()
    playing = playing_on(card)
    strikes_at = card.taken + round(rng.uniform(earliest_s, latest_s) * CLIP_RATE_HZ)
    playing.player.play(fault, wav, 0.0)
    return Life(fault, card, playing, strikes_at)


def playing_on(card: SoundCard) -> Playing:
    return Playing(lambda on_played, clock: AlsaPlayer(f"plug:{card.name}", on_played, clock))
