"""Clips: how raw speech becomes one, and the store that a gate plays from."""

import cmath
import math
import os
from array import array
from pathlib import Path

import pytest

from audio import mastering
from audio.clips import Clips, prune
from audio.mastering import chime, clip_of, loudness_lufs, true_peak_dbfs
from audio.reading import read
from audio.samples import amplified
from audio.shipped import ALERTS, STAND_IN_CLIP
from audio.wav_file import length_s, packed, read_wav, write_wav
from config.alerts import SENTENCES
from config.errors import OutsideError

RATE_HZ = 22050
SAY = "三年级一班"


def sine(tone_hz: float, seconds: float, level: float = 0.5) -> "array[int]":
    return array(
        "h",
        (round(32767 * level * math.sin(math.tau * tone_hz * n / RATE_HZ)) for n in range(round(seconds * RATE_HZ))),
    )


def strength(samples: "array[int]", tone_hz: float) -> float:
    """The share of a piece's energy at one tone (Goertzel)."""
    coefficient, a, b = 2 * math.cos(math.tau * tone_hz / RATE_HZ), 0.0, 0.0
    for sample in samples:
        a, b = sample + coefficient * a - b, a
    energy = sum(sample * sample for sample in samples)
    return (a * a + b * b - coefficient * a * b) / (energy * len(samples) / 2)


# Mastering


def standard_lufs(tone_hz: float) -> float:
    """Of a full tone, by the filters that BS.1770 prints, for 48 kHz."""
    z = cmath.exp(-1j * math.tau * tone_hz / 48000)
    shelf = (1.53512485958697 - 2.69169618940638 * z + 1.19839281085285 * z * z) / (
        1 - 1.69065929318241 * z + 0.73248077421585 * z * z
    )
    high_pass = (1 - 2 * z + z * z) / (1 - 1.99004745483398 * z + 0.99007225036621 * z * z)
    return -0.691 + 10 * math.log10(abs(shelf * high_pass) ** 2 / 2)


@pytest.mark.parametrize("tone_hz", [30, 100, 300, 997, 2000, 4000])
def test_loudness_of_a_full_tone_is_that_of_the_standard(tone_hz: float) -> None:
    assert standard_lufs(997) == pytest.approx(-3.01, abs=0.01)
    assert loudness_lufs(sine(tone_hz, 3, level=1.0)) == pytest.approx(standard_lufs(tone_hz), abs=0.2)


@pytest.mark.parametrize(("tone_hz", "level_db"), [(50, -28), (250, -3), (800, 1.4), (3000, 4.9), (8000, 5.9)])
def test_what_tells_no_class_is_taken_away_and_consonants_are_lifted(tone_hz: float, level_db: float) -> None:
    levels = mastering._levels(sine(tone_hz, 1.0))
    [made] = mastering._filtered(levels, mastering._VOICING)
    middle = slice(RATE_HZ // 4, -RATE_HZ // 4)
    found_db = 20 * math.log10(float(abs(made[middle]).max() / abs(levels[middle]).max()))
    assert found_db == pytest.approx(level_db, abs=0.4)


@pytest.mark.parametrize("count", [0, 1, 6143, 6144, 6145, 40_000])
def test_a_filter_in_blocks_is_the_recursion_that_it_stands_for(count: int) -> None:
    """Rumble of 7 Hz rings longest; a seam would show."""
    samples = array("h", (20000 if n % 3150 < 1575 else -20000 for n in range(count)))
    k = math.tan(math.pi * 100 / RATE_HZ)
    a0 = 1 + math.sqrt(2) * k + k * k
    x1 = x2 = y1 = y2 = 0.0
    wanted = []
    for x in samples:
        y = (x - 2 * x1 + x2 - 2 * (k * k - 1) * y1 - (1 - math.sqrt(2) * k + k * k) * y2) / a0
        x2, x1, y2, y1 = x1, x, y1, y
        wanted.append(y)

    [made] = mastering._filtered(mastering._levels(samples), mastering._butterworth(RATE_HZ, 100))

    assert made.tolist() == pytest.approx(wanted, abs=1e-4)


@pytest.mark.parametrize("turn", [0.0, 0.125, 0.25, 0.4])
def test_a_true_peak_is_that_of_the_tone_wherever_its_samples_lie(turn: float) -> None:
    """At a quarter of the rate, an eighth of a turn late, no sample is above 0.71 of it."""
    tone = array("h", (round(26000 * math.sin(math.tau * (n / 4 + turn))) for n in range(2000)))

    faded = array("h", (round(sample * min(1.0, n / 200, (1999 - n) / 200)) for n, sample in enumerate(tone)))
    assert true_peak_dbfs(faded) == pytest.approx(20 * math.log10(26000 / 32767), abs=0.3)


def test_hum_below_the_voice_is_taken_out() -> None:
    mixed = array("h", (a + b + 2000 for a, b in zip(sine(500, 3, 0.2), sine(50, 3, 0.2), strict=True)))

    clip = clip_of(mixed, 5)[round(1.2 * RATE_HZ) :]

    assert strength(clip, 500) > 10 * strength(clip, 50)
    assert abs(sum(clip) / len(clip)) < 30


def test_what_hums_between_words_does_not_make_a_sentence_softer() -> None:
    word, hum = sine(500, 1), sine(500, 3, 0.01)

    assert loudness_lufs(word + hum + word) == pytest.approx(loudness_lufs(word), abs=1)


def test_a_clip_is_silence_then_the_chime_then_the_sentence() -> None:
    clip = clip_of(sine(300, 2), 5)

    def at(begin_s: float, end_s: float) -> "array[int]":
        return clip[round(begin_s * RATE_HZ) : round(end_s * RATE_HZ)]

    assert not any(at(0, 0.149))
    first, second = at(0.15, 0.54), at(0.56, 0.94)
    assert strength(first, 880) > 0.5 > 10 * strength(first, 698.46)
    assert strength(second, 698.46) > 0.5 > 10 * strength(second, 880)
    assert strength(at(1.1, 3.0), 300) > 0.9
    assert len(clip) / RATE_HZ == pytest.approx(0.15 + 0.8 + 0.1 + 2, abs=0.01)


@pytest.mark.parametrize("level", [0.02, 0.2, 0.9])
def test_every_sentence_has_one_loudness_and_no_peak_above_the_limit(level: float) -> None:
    clip = clip_of(sine(700, 2, level), 5)

    assert loudness_lufs(clip[round(1.05 * RATE_HZ) :]) == pytest.approx(-16, abs=0.5)
    assert true_peak_dbfs(clip) <= -1


@pytest.mark.parametrize(("softer_db", "then_db"), [(0, 0), (9, 3), (21, 7), (28, 12), (36, 26), (48, 48)])
def test_a_soft_syllable_comes_two_thirds_of_the_way_to_the_loud_ones_and_a_pause_stays(
    softer_db: float, then_db: float
) -> None:
    """At most 16 dB; from 30 dB down it is no syllable, and is lifted less and less."""
    soft = sine(700, 0.4, 0.5 * 10 ** (-softer_db / 20))
    parts = [sine(700, 1.2), array("h", [0]) * 4000, soft, array("h", [0]) * 4000, sine(700, 1.2)]
    clip = clip_of(sum(parts, array("h")), 5)[round(1.05 * RATE_HZ) :]
    loud, middle = (clip[round(at_s * RATE_HZ) :][: round(0.2 * RATE_HZ)] for at_s in (0.5, 1.48))
    assert 20 * math.log10(max(loud) / max(middle)) == pytest.approx(then_db, abs=1.2)


def test_a_sentence_with_sharp_peaks_is_bent_below_the_limit_and_keeps_its_loudness() -> None:
    speech = sine(700, 2, 0.1)
    for n in range(0, len(speech), 3000):
        speech[n : n + 3] = array("h", [12000, 20000, 12000])

    clip = clip_of(speech, 5)

    assert true_peak_dbfs(clip) <= -1
    assert loudness_lufs(clip[round(1.05 * RATE_HZ) :]) == pytest.approx(-16, abs=1)


def test_silence_around_the_sentence_is_trimmed() -> None:
    silence = array("h", bytes(2 * RATE_HZ))

    assert len(clip_of(silence + sine(300, 2) + silence, 5)) / RATE_HZ == pytest.approx(3.1, abs=0.02)


@pytest.mark.parametrize(
    ("speech", "signs", "why"),
    [
        (array("h", bytes(4 * RATE_HZ)), 5, "silence"),
        (array("h"), 5, "silence"),
        (sine(300, 1), 14, "1.0 s for 14 syllables"),
        (sine(300, 8), 5, "8.0 s for 5 syllables"),
        (amplified(sine(300, 2), 9), 5, "recorded too loud"),
        (sine(300, 30), 14, "outside 0.5 to 30.0 s"),
    ],
)
def test_speech_that_is_none_or_not_whole_is_refused(speech: "array[int]", signs: int, why: str) -> None:
    with pytest.raises(OutsideError, match=why):
        clip_of(speech, signs)


def test_gain_is_in_decibels_and_holds_at_full_scale() -> None:
    assert list(amplified(array("h", [1000, -1000, 30000]), -20)) == [100, -100, 3000]
    assert list(amplified(array("h", [100, 30000, -30000]), 20)) == [1000, 32767, -32767]


# The store


@pytest.fixture
def clips(tmp_path: Path) -> Clips:
    (tmp_path / "work").mkdir()
    return Clips(tmp_path, "engine 1")


def test_a_published_clip_is_found_with_its_length(clips: Clips) -> None:
    assert clips.length_s(SAY) is None

    published_s = clips.publish(SAY, read(SAY), chime(), clips.folder / "work")

    assert clips.length_s(SAY) == published_s == pytest.approx(0.8)
    assert read_wav(clips.path(SAY)) == chime()
    assert list((clips.folder / "work").iterdir()) == []


def test_sentences_of_one_reading_share_a_clip(clips: Clips) -> None:
    work, other, third = clips.folder / "work", "３年级（1）班", "三年级二班"
    assert clips.share(other, read(other), work) is None
    length_s = clips.publish(SAY, read(SAY), chime(), work)

    assert clips.share(other, read(other), work) == length_s == clips.length_s(other)
    assert clips.path(other).samefile(clips.path(SAY))
    assert clips.share(third, read(third), work) is None


def test_a_changed_own_reading_makes_a_new_clip(clips: Clips) -> None:
    work, say = clips.folder / "work", "莘班"
    clips.publish(say, read(say), chime(), work)
    own = {"莘": "xīn"}
    changed = Clips(clips.folder, "engine 1", own)

    assert changed.length_s(say) is None  # what was rendered says shēn
    assert changed.share(say, read(say, own), work) is None
    changed.publish(say, read(say, own), sine(300, 1), work)
    assert changed.length_s(say) == pytest.approx(1)
    assert clips.length_s(say) == pytest.approx(0.8)


def test_a_new_own_reading_of_another_word_keeps_the_sound(clips: Clips) -> None:
    own, work = {"莘": "xīn", "": "x"}, clips.folder / "work"
    clips.publish(SAY, read(SAY), chime(), work)
    changed = Clips(clips.folder, "engine 1", own)

    assert changed.length_s(SAY) == pytest.approx(0.8)
    assert changed.path(SAY) == clips.path(SAY)


def test_a_link_without_its_clip_is_none(clips: Clips) -> None:
    clips.publish(SAY, read(SAY), chime(), clips.folder / "work")

    clips.path(SAY).resolve().unlink()

    assert clips.length_s(SAY) is None


def test_a_clip_belongs_to_its_sentence_and_engine(clips: Clips) -> None:
    paths = {clips.path(SAY), clips.path(SAY + "。"), Clips(clips.folder, "engine 2").path(SAY)}

    assert len(paths) == 3
    assert clips.path(SAY) == Clips(clips.folder, "engine 1").path(SAY)


def damaged(clip: Path, at: int) -> None:
    content = bytearray(clip.read_bytes())
    content[at] ^= 1
    clip.write_bytes(content)


@pytest.mark.parametrize("at", [4, 24, 44, 20_000, -1])
def test_a_clip_of_which_one_bit_changed_is_removed(clips: Clips, at: int) -> None:
    published_s = clips.publish(SAY, read(SAY), chime(), clips.folder / "work")
    assert clips.whole_s(SAY) == published_s

    damaged(clips.path(SAY), at)

    assert clips.whole_s(SAY) is None
    assert clips.length_s(SAY) is None


def test_a_clip_that_is_spoken_again_serves_every_sentence_of_its_reading(clips: Clips) -> None:
    work, other = clips.folder / "work", "３年级（1）班"
    clips.publish(SAY, read(SAY), chime(), work)
    clips.share(other, read(other), work)
    damaged(clips.path(SAY), 99)
    assert clips.whole_s(SAY) is clips.whole_s(other) is None

    clips.publish(SAY, read(SAY), sine(300, 1), work)

    assert clips.whole_s(SAY) == clips.whole_s(other) == 1.0


def test_clips_in_use_stay_and_of_the_others_those_asked_for_last(clips: Clips) -> None:
    says = [f"{number}班" for number in "一二三四五"]
    for n, say in enumerate(says):
        clips.publish(say, read(say), sine(300 + n, 1), clips.folder / "work")
    for n, say in enumerate(says):
        os.utime(clips.path(say), (1000 + n, 1000 + n))
    clips.touch(says[1])

    prune(clips.folder, [clips.path(says[0]), clips.path("九班")], spare_max=2)

    assert [say for say in says if clips.whole_s(say)] == [says[0], says[1], says[4]]
    assert len(list(clips.folder.glob("*.wav"))) == 3 * 3  # a sound, and the links of its reading and its sentence


@pytest.mark.parametrize("kept_bytes", [0, 20, 44, 45, 20_000])
def test_a_clip_cut_short_by_the_disk_is_none(clips: Clips, kept_bytes: int) -> None:
    clips.publish(SAY, read(SAY), chime(), clips.folder / "work")
    whole = clips.path(SAY).read_bytes()

    clips.path(SAY).write_bytes(whole[:kept_bytes])

    assert clips.length_s(SAY) is None


def test_a_clip_of_another_rate_is_none(clips: Clips) -> None:
    clips.publish(SAY, read(SAY), chime(), clips.folder / "work")
    header = bytearray(clips.path(SAY).read_bytes())
    header[24:28] = (24000).to_bytes(4, "little")

    clips.path(SAY).write_bytes(header)

    assert clips.length_s(SAY) is None


def test_a_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(OutsideError, match="cannot be stored"):
        Clips(tmp_path / "missing", "engine 1").publish(SAY, read(SAY), chime(), tmp_path)


def test_a_wav_file_reads_back_as_it_was_written(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", array("h", [1, -2, 32767]))

    assert list(read_wav(tmp_path / "a.wav")) == [1, -2, 32767]
    assert length_s(tmp_path / "a.wav") == 3 / RATE_HZ


# What ships


SHIPPED = [STAND_IN_CLIP, *ALERTS.values()]


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.name)
def test_what_ships_is_a_clip_as_any(file: Path) -> None:
    clip = read_wav(file)

    assert 5 < length_s(file) == len(clip) / RATE_HZ < 10
    assert not any(abs(sample) > 8 for sample in clip[: round(0.149 * RATE_HZ)])
    assert strength(clip[round(0.15 * RATE_HZ) : round(0.54 * RATE_HZ)], 880) > 0.5
    assert loudness_lufs(clip[round(1.05 * RATE_HZ) :]) == pytest.approx(-16, abs=1)
    assert true_peak_dbfs(clip) <= -1


def test_every_alert_ships_in_the_words_that_gates_use() -> None:
    assert tuple(ALERTS) == SENTENCES


def test_what_ships_is_small_and_no_file_too_many() -> None:
    there = sorted(STAND_IN_CLIP.parent.iterdir())

    assert there == sorted(SHIPPED)
    assert sum(file.stat().st_size for file in there) < 1_000_000


def test_a_packed_file_sounds_as_before_and_a_broken_one_is_an_error(tmp_path: Path) -> None:
    file, speech = tmp_path / "a.wav.gz", sine(700, 1)
    file.write_bytes(packed(speech))

    assert all(abs(a - b) <= 16 + abs(b) // 32 for a, b in zip(read_wav(file), speech, strict=True))

    for broken in (file.read_bytes()[:-9], b"", b"RIFF", packed(speech).replace(b"\x1f", b"\x00", 1)):
        file.write_bytes(broken)
        with pytest.raises(OutsideError, match="not a readable WAV"):
            read_wav(file)
