"""The synthesizer's seam: one suite for the real engine and for the fake that ships."""

import functools
import os
import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path

import pytest

import audio
from audio.clips import ENGINES
from audio.mastering import loudness_lufs
from audio.synthesizer import Synthesizer
from audio.synthesizer_pyttsx3 import Pyttsx3Synthesizer
from audio.synthesizer_tone import ToneSynthesizer
from audio.wav_file import read_wav

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


def test_each_text_has_one_result_in_order(synthesizer: Synthesizer, tmp_path: Path) -> None:
    texts = ["一年级一班", "二年级二班", "一年级一班"]

    spoken = list(synthesizer.speak(texts, tmp_path))

    assert [one.text for one in spoken] == texts
    assert len({one.wav for one in spoken}) == 3
    assert [one.why for one in spoken] == ["", "", ""]


def test_a_file_is_mono_16_bit_at_the_rate_of_clips_and_sounds(synthesizer: Synthesizer, tmp_path: Path) -> None:
    (spoken,) = synthesizer.speak(["三年级一班正在放学"], tmp_path)

    assert spoken.wav is not None
    with wave.open(str(spoken.wav)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 22050)
    samples = read_wav(spoken.wav)
    assert len(samples) > 9 * 0.1 * 22050
    assert loudness_lufs(samples) > -30


def test_a_text_that_cannot_be_spoken_is_a_result_and_the_next_is_spoken(
    synthesizer: Synthesizer, tmp_path: Path
) -> None:
    spoken = list(synthesizer.speak(["，", "三年级一班"], tmp_path))

    assert spoken[0].wav is None
    assert spoken[0].why
    assert spoken[1].wav is not None


def test_two_classes_sound_different(synthesizer: Synthesizer, tmp_path: Path) -> None:
    one, other = (read_wav(spoken.wav) for spoken in synthesizer.speak(["一班", "七班"], tmp_path) if spoken.wav)

    assert one != other


def test_any_two_characters_have_their_own_tones(tmp_path: Path) -> None:
    signs = ["\u4e00", "\u4e01", "\u4f00", "1"]  # the first three differ in one byte of the code alone

    heard = [read_wav(spoken.wav).tobytes() for spoken in ToneSynthesizer().speak(signs, tmp_path) if spoken.wav]
    assert len(set(heard)) == len(signs)


def test_tones_are_the_same_each_time(tmp_path: Path) -> None:
    one, other = (
        read_wav(spoken.wav) for spoken in ToneSynthesizer().speak(["三年级一班"] * 2, tmp_path) if spoken.wav
    )

    assert one == other


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
        f"print(list(s.speak(['三年级一班', '三年级二班'], pathlib.Path({str(tmp_path)!r}))))"
    )

    assert "lost “三年级一班”" in said


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
