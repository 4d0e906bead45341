"""The synthesizer's seam: one suite for the real engine and for the fake that ships."""

import functools
import os
import re
import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path

import pytest

import audio
from audio.clips import ENGINES
from audio.mastering import chime, clip_of, loudness_lufs, true_peak_dbfs
from audio.reading import read
from audio.samples import amplified
from audio.shipped import ALERTS, STAND_IN, STAND_IN_CLIP
from audio.syllables import PAUSES, SOUNDS, Syllable, parsed, toned
from audio.synthesizer import Synthesizer
from audio.synthesizer_pyttsx3 import Pyttsx3Synthesizer
from audio.synthesizer_tone import ToneSynthesizer, decode, encode
from audio.wav_file import length_s, read_wav

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(audio.__path__[0]).parent)}
ENGINE: dict[str, Callable[[], Synthesizer]] = {
    "pyttsx3": functools.cache(Pyttsx3Synthesizer),
    "tone": ToneSynthesizer,
}
"""One speech engine is all a process can have."""


@pytest.fixture(params=ENGINE)
def synthesizer(request: pytest.FixtureRequest) -> Synthesizer:
    return ENGINE[request.param]()


def test_a_right_engine_passes_its_check_and_is_who_the_store_expects(synthesizer: Synthesizer) -> None:
    synthesizer.check()

    assert synthesizer.identity in ENGINES.values()


def test_each_reading_has_one_result_in_order(synthesizer: Synthesizer, tmp_path: Path) -> None:
    readings = [read(text) for text in ("一年级一班", "二年级二班", "一年级一班")]

    spoken = list(synthesizer.speak(readings, tmp_path))

    assert [one.reading for one in spoken] == readings
    assert len({one.wav for one in spoken}) == 3
    assert [one.why for one in spoken] == ["", "", ""]


def test_a_file_is_mono_16_bit_at_the_rate_of_clips_and_sounds(synthesizer: Synthesizer, tmp_path: Path) -> None:
    (spoken,) = synthesizer.speak([read("三年级一班正在放学")], tmp_path)

    assert spoken.wav is not None
    with wave.open(str(spoken.wav)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 22050)
    samples = read_wav(spoken.wav)
    assert len(samples) > 9 * 0.1 * 22050
    assert loudness_lufs(samples) > -30


def test_a_clip_of_every_engine_has_the_one_loudness_and_peak(synthesizer: Synthesizer, tmp_path: Path) -> None:
    readings = [
        read(text) for text in ("请注意，三年级一班正在放学。", "四班", "高三（12）班、初二（3）班，请到西门。")
    ]

    for spoken in synthesizer.speak(readings, tmp_path):
        assert spoken.wav is not None
        clip = clip_of(read_wav(spoken.wav), len(spoken.reading))
        assert loudness_lufs(clip[round(1.05 * 22050) :]) == pytest.approx(-16, abs=1)
        assert true_peak_dbfs(clip) <= -1


def test_two_classes_sound_different(synthesizer: Synthesizer, tmp_path: Path) -> None:
    readings = [read("一班"), read("七班")]
    one, other = (read_wav(spoken.wav) for spoken in synthesizer.speak(readings, tmp_path) if spoken.wav)

    assert one != other


# Speech


@functools.cache
def phonemes(pinyin: str) -> str:
    engine = ENGINE["pyttsx3"]()
    assert isinstance(engine, Pyttsx3Synthesizer)
    return engine._phonemes(pinyin)


def test_every_syllable_of_mandarin_can_be_spoken() -> None:
    """espeak-ng falls silently into English where it knows none: jiong, qiong and xiong, as in 熊老师."""
    engine = ENGINE["pyttsx3"]()
    assert isinstance(engine, Pyttsx3Synthesizer)

    assert [why for sound in SOUNDS for tone in range(1, 6) if (why := engine._misread((Syllable(sound, tone),)))] == []
    assert "(en)" in phonemes("xiong2")


def test_what_ships_is_as_long_as_its_words_spoken_now(tmp_path: Path) -> None:
    """So no file has another's words, and `audio.ship` would make the same again."""
    files = {STAND_IN: STAND_IN_CLIP, **ALERTS}
    for spoken, file in zip(
        ENGINE["pyttsx3"]().speak([read(say) for say in files], tmp_path), files.values(), strict=True
    ):
        assert spoken.wav is not None
        loud = [n for n, sample in enumerate(read_wav(spoken.wav)) if abs(sample) > 200]
        # silence, chime and gap before it, and the breath behind it
        assert length_s(file) == pytest.approx(1.05 + (loud[-1] - loud[0]) / 22050 + 0.05, abs=0.05)


def test_a_reading_that_the_voice_would_not_speak_fails_alone(tmp_path: Path) -> None:
    readings = [(Syllable("xyz", 1),), read("三年级一班")]

    spoken = list(ENGINE["pyttsx3"]().speak(readings, tmp_path))

    assert spoken[0].wav is None
    assert "espeak-ng reads xyz1 as (en)" in spoken[0].why
    assert spoken[1].wav is not None


def test_the_voice_is_given_the_tones_as_they_are_said() -> None:
    engine = ENGINE["pyttsx3"]()
    assert isinstance(engine, Pyttsx3Synthesizer)
    assert engine._misread(parsed("ni3hao3")) == ""
    assert re.findall(r"\d+", phonemes("ni3hao3")) == ["214", "214"]  # it would not change them in its phonemes


# Tones


@pytest.mark.parametrize(
    "text", ["请注意，三年级一班正在放学。", "三（12）班", "一班", "四四四四", "熊老师，女生绿灯。", "A班、B班"]
)
def test_tones_tell_what_was_said(text: str) -> None:
    assert tuple(one for _, one in decode(encode(read(text)))) == read(text)


def test_every_syllable_has_its_own_tones() -> None:
    every = tuple(Syllable(sound, 1 + n % 5, PAUSES[n % len(PAUSES)]) for n, sound in enumerate(SOUNDS[::5]))

    assert tuple(one for _, one in decode(encode(every))) == every
    assert len({bytes(encode((Syllable(sound, tone),))) for sound in SOUNDS for tone in range(1, 6)}) == 5 * len(SOUNDS)


@pytest.mark.parametrize("gain_db", [-24, 0, 12])
def test_tones_are_heard_in_a_clip_with_its_chime_at_any_volume(gain_db: float) -> None:
    reading = read("请注意，三年级四班正在放学。")
    clip = clip_of(encode(reading), len(reading))

    heard = decode(amplified(clip, gain_db))

    assert tuple(one for _, one in heard) == reading
    assert [at_s for at_s, _ in heard] == pytest.approx([1.05 + 0.12 * n for n in range(len(reading))], abs=0.005)


def test_a_chime_alone_says_nothing() -> None:
    assert decode(chime()) == ()


@pytest.mark.parametrize("cut_s", [0.05, 0.3, 0.33, 0.41, 0.47])
def test_of_a_sentence_that_was_cut_the_whole_syllables_are_heard(cut_s: float) -> None:
    reading = read("三年级一班")

    heard = decode(encode(reading)[: round(cut_s * 22050)])

    assert tuple(one for _, one in heard) == reading[: int(cut_s / 0.12)]


def test_a_sentence_that_begins_in_its_middle_is_heard_from_the_next_syllable() -> None:
    reading = read("三年级一班")

    heard = decode(encode(reading)[round(0.16 * 22050) :])

    assert toned(tuple(one for _, one in heard)) == toned(reading[2:])


def test_tones_are_the_same_each_time(tmp_path: Path) -> None:
    one, other = (
        read_wav(spoken.wav) for spoken in ToneSynthesizer().speak([read("三年级一班")] * 2, tmp_path) if spoken.wav
    )

    assert one == other


# A wrong voice, each in a process of its own


@pytest.mark.parametrize(
    ("voice", "why"), [("sit/nowhere", "no voice sit/nowhere"), ("gmw/en", "not Mandarin"), ("sit/yue", "not Mandarin")]
)
def test_a_voice_that_does_not_read_pinyin_is_found_out(voice: str, why: str) -> None:
    assert why in refusal(f"Pyttsx3Synthesizer({voice!r}).check()")


def test_a_rate_that_was_lost_is_found_out() -> None:
    """pyttsx3 sometimes cancels it; the class would be spoken nearly twice as fast."""
    said = refusal(
        "s = Pyttsx3Synthesizer(); s._espeak.espeak_SetParameter(1, 200, 0); s._espeak.espeak_Synchronize(); s.check()"
    )

    assert "200 words a minute, not 120" in said


def test_a_sentence_that_pyttsx3_cancelled_ends_the_engine(tmp_path: Path) -> None:
    """What espeak still says of it could end up in the file of the next one."""
    said = refusal(
        "s = Pyttsx3Synthesizer(); s._on_finished(completed=False); "
        "from audio.reading import read; "
        f"print(list(s.speak([read('三年级一班'), read('三年级二班')], pathlib.Path({str(tmp_path)!r}))))"
    )

    assert "lost “san1nian2ji2 yi1ban1”" in said


def refusal(program: str) -> str:
    """What a process of its own says of the error that ended it."""
    imports = "import pathlib; from audio.synthesizer_pyttsx3 import Pyttsx3Synthesizer; "
    done = subprocess.run(
        [sys.executable, "-c", imports + program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=ENVIRONMENT,
    )
    assert "config.errors.OutsideError" in done.stderr
    return done.stderr
