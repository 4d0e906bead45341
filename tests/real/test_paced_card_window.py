"""A window of a real gate on a real ALSA, from the samples its card played: right class, in order, in time, none cut.

With FANGXUE_NIGHT it is as long as a large school's.
"""

import os
from array import array
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import accumulate
from pathlib import Path

import pytest

from audio.clips import ENGINES, Clips
from audio.mastering import loudness_lufs
from audio.reading import read
from audio.samples import SAMPLE_BYTES, Samples
from audio.synthesizer_tone import decode
from audio.wav_file import read_wav
from config.limits import CLIP_LUFS, CLIP_RATE_HZ, CLIP_SILENCE_MS
from process_rig import CLOCK, School, now
from sound_card import DEVICE, SoundCard

NIGHT = bool(os.environ.get("FANGXUE_NIGHT"))
ONES = "一二三四五六七八九"
NUMBERS = (
    (*ONES, "十", *(f"十{one}" for one in ONES), "二十", *(f"二十{one}" for one in ONES[:4])) if NIGHT else ONES[:5]
)
SAYS = [f"请注意，三年级{number}班正在放学。" for number in NUMBERS]
EVERY_S = 4
STARTS_S = 0.05
NEAR_S = 0.15
"""From a planned instant, on a busy machine."""
IN_TIME = 0.8
"""The share that must start in `STARTS_S`: other programs are busy too, and a fault of ours delays all."""


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundCard]:
    made = SoundCard(tmp_path)
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(made.config))
    yield made
    made.close()


def test_a_window_is_heard_as_it_was_planned(tmp_path: Path, card: SoundCard) -> None:
    school = School(tmp_path, first=now() + timedelta(seconds=10), every_s=EVERY_S, classes=len(SAYS))
    plan = tmp_path / "plan.toml"
    plan.write_text(plan.read_text().replace("every_s = 10\n", "every_s = 2\n"))  # else a long early window is too long
    school.player = f'kind = "alsa"\ncard = "{DEVICE}"'
    effects_s = []
    with school.centre():
        gate = school.gate()
        for say in SAYS:
            gate.wait_for(f"播报 {say}")
            effects_s.append(gate.found_at_s)
        records = school.wait_records(final=2 * len(SAYS))[len(SAYS) :]  # the early window was missed before it began
        assert gate.end() == 0, gate.said
    card.wait_idle()
    utc = CLOCK.utc() - timedelta(seconds=CLOCK.monotonic_s())
    heard = array("h", card.heard)

    assert [(one["attempt"], one["result"], one["final"]) for one in records] == [(1, "announced", True)] * len(SAYS)
    clips = [read_wav(Clips(tmp_path / "gate" / "clips", ENGINES["tone"]).path(say)) for say in SAYS]
    begins = whole(heard, clips)
    syllables = decode(heard)
    assert [one for _, one in syllables] == [one for say in SAYS for one in read(say)]
    starts_s = [card.instant_s(begin) for begin in begins]
    late_s = [start_s - effect_s for start_s, effect_s in zip(starts_s, effects_s, strict=True)]
    assert len([one for one in late_s if one <= STARTS_S]) >= IN_TIME * len(SAYS), late_s
    audible = [utc + timedelta(seconds=start_s + CLIP_SILENCE_MS / 1000) for start_s in starts_s]
    assert (
        apart_s(audible, [school.first + timedelta(seconds=EVERY_S * number) for number in range(len(SAYS))]) < NEAR_S
    )
    assert apart_s(audible, [datetime.fromisoformat(str(one["actual"])) for one in records]) < NEAR_S
    firsts = accumulate((len(read(say)) for say in SAYS[:-1]), initial=0)
    for first, begin, clip in zip(firsts, begins, clips, strict=True):
        speech = round(syllables[first][0] * CLIP_RATE_HZ)
        assert abs(loudness_lufs(heard[speech : begin + len(clip)]) - CLIP_LUFS) < 1.0


def whole(heard: Samples, clips: list[Samples]) -> list[int]:
    """Where each clip begins, sample for sample, one after the other; around them is silence."""
    begins, end = [], 0
    for number, clip in enumerate(clips):
        at = heard.tobytes().find(clip.tobytes(), end * SAMPLE_BYTES)
        assert at >= 0, f"clip {number} is not there whole"
        begins.append(at // SAMPLE_BYTES)
        assert not any(heard[end : begins[-1]]), f"something sounded before clip {number}"
        end = begins[-1] + len(clip)
    assert not any(heard[end:]), "something sounded after the last clip"
    return begins


def apart_s(some: list[datetime], others: list[datetime]) -> float:
    """The most."""
    return max(abs((one - other).total_seconds()) for one, other in zip(some, others, strict=True))
