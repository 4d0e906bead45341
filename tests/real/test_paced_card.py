"""An alert over speech, play and cut, unplug and plug in again: the ALSA player, measured in what its card played.

With FANGXUE_NIGHT as often as in some years.
"""

import os
import random
import threading
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

from audio.samples import Samples
from audio.wav_file import write_wav
from config.limits import CLIP_RATE_HZ
from player_suite import Playing, ramp
from sound_card import SoundCard, children

NIGHT = bool(os.environ.get("FANGXUE_NIGHT"))
ALERTS = 200 if NIGHT else 10
CUTS = 10_000 if NIGHT else 100
PLUGS = 1_000 if NIGHT else 20
SPEECH, ALERT = 1, -30_000
"""The sample with which each begins: speech is what is above silence, an alert what is below."""
ALERT_S, CUT_S = 0.1, 0.05
IN_TIME = 0.99 if NIGHT else 0.9
"""The share that must be: other programs are busy too, and a fault of ours delays them all."""


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundCard]:
    made = SoundCard(tmp_path, hole_s=0.01)  # else what is late would seem to be in time
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(made.config))
    yield made
    made.close()


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    return clip(tmp_path / "speech.wav", 10.0, SPEECH)


def clip(wav: Path, seconds: float, lowest: int) -> Path:
    write_wav(wav, ramp(seconds, lowest))
    return wav


def heard(playing: Playing, card: SoundCard, wav: Path, seconds: float) -> None:
    """Play until so much came out of the loudspeaker."""
    taken = card.taken
    playing.player.play(wav.stem, wav, 0.0)
    card.wait_taken(taken + round(seconds * CLIP_RATE_HZ))


def held() -> dict[str, int]:
    """What a leak would make more of. Zombies are children."""
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    return {"descriptors": descriptors, "threads": threading.active_count(), "children": len(children(os.getpid()))}


def more(before: dict[str, int]) -> dict[str, int]:
    """What became more; fewer there are when something of an earlier test is collected meanwhile."""
    return {name: number for name, number in held().items() if number > before[name]}


def test_speech_ends_at_a_cut_and_the_alert_begins_within_100_ms(
    playing: Playing, card: SoundCard, speech: Path, tmp_path: Path
) -> None:
    alert = clip(tmp_path / "alert.wav", 10.0, ALERT)
    cuts_s = []
    for _ in range(ALERTS):
        heard(playing, card, speech, 0.1)
        cuts_s.append(playing.clock.monotonic_s())
        playing.player.cut()
        assert playing.answer()[0].result == "cut"
        heard(playing, card, alert, 0.05)
        playing.player.cut()
        assert playing.answer()[0].result == "cut"
    card.wait_idle()
    line = card.time_line()
    speeches, alerts = sounds(line.samples, 1), sounds(line.samples, -1)
    assert len(speeches) == len(alerts) == ALERTS
    gaps_s = [(alert[0] - speech[1]) / CLIP_RATE_HZ for speech, alert in zip(speeches, alerts, strict=True)]
    after_s = [line.begins_s + speech[1] / CLIP_RATE_HZ - cut_s for speech, cut_s in zip(speeches, cuts_s, strict=True)]
    assert len([one for one in gaps_s if 0 <= one <= ALERT_S]) >= IN_TIME * ALERTS, gaps_s
    assert len([one for one in after_s if one <= CUT_S]) >= IN_TIME * ALERTS, after_s


def sounds(samples: Samples, sign: int) -> list[tuple[int, int]]:
    """Where the sounds of one sign begin and end; silence in the midst of one does not part it."""
    found: list[tuple[int, list[int]]] = []
    for of, group in groupby(range(len(samples)), lambda n: (samples[n] > 0) - (samples[n] < 0)):
        places = list(group)
        if of and found and found[-1][0] == of:
            found[-1][1].extend(places)
        elif of:
            found.append((of, places))
    return [(places[0], places[-1] + 1) for of, places in found if of == sign]


def test_played_and_cut_at_any_moment_nothing_is_left_behind(playing: Playing, card: SoundCard, speech: Path) -> None:
    rng = random.Random(8)
    heard(playing, card, speech, 0.01)
    playing.player.cut()
    playing.answer()
    card.wait_idle()
    before = held()
    for number in range(CUTS):
        playing.player.play(str(number), speech, 0.0)
        assert playing.no_answer_within(rng.uniform(0.0, 0.04))  # before aplay lives, before it sounds, after that
        playing.player.cut()
        played, _ = playing.answer()
        assert (played.token, played.result) == (str(number), "cut")
    card.wait_idle()
    assert more(before) == {}


def test_a_card_pulled_out_and_plugged_in_again_and_again(
    playing: Playing, card: SoundCard, speech: Path, tmp_path: Path
) -> None:
    before = held()
    for _ in range(PLUGS):
        heard(playing, card, speech, 0.05)
        card.pull_out()
        pulled, _ = playing.answer()
        assert (pulled.result, pulled.began_s is None) == ("failed", False)
        playing.player.play("out", speech, 0.0)
        out, _ = playing.answer()
        assert (out.result, out.began_s) == ("failed", None)
        assert card.name in out.why
        card.plug_in()
    assert more(before) == {}
    card.runs.clear()
    short = clip(tmp_path / "short.wav", 0.5, SPEECH)
    playing.player.play("in", short, 0.0)
    assert playing.answer()[0].result == "whole"
    card.wait_idle()
    assert card.heard.startswith(ramp(0.5, SPEECH).tobytes())
