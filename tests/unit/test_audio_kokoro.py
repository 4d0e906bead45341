"""The neural voice without its model: what is refused, what the model is given, what becomes of its sound.

The model itself is heard in `./run bench voice`: it is 92 MB, and nobody who runs the tests has to fetch it.
"""

import hashlib
import importlib
import math
import random
import sys
import tomllib
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import get_args

import pytest

from audio.clips import ENGINES
from audio.mastering import clip_of
from audio.phonemes import numbers
from audio.reading import read
from audio.synthesizer_kokoro import (
    IDENTITIES,
    MODEL,
    MODEL_SHA256,
    PARTS,
    VOICES,
    Floats,
    KokoroSynthesizer,
    _styles,
    installed,
    model_bytes,
)
from audio.wav_file import length_s, read_wav
from config.errors import OutsideError
from config.settings import GateSettings

ROOT = Path(__file__).resolve().parents[2]
RATE_HZ = 24_000


class Model:
    """In place of the real one: a hum with overtones, 0.06 s a phoneme; remembers what it was given."""

    def __init__(self, sound: Callable[[int], float] | None = None, each_s: float = 0.06) -> None:
        self.given: list[tuple[list[int], Floats]] = []
        self._sound = sound or (lambda n: 0.2 * sum(math.sin(math.tau * hz * n / RATE_HZ) for hz in (220, 660, 1100)))
        self._each_s = each_s

    def __call__(self, given: Sequence[int], style: Floats) -> Floats:
        self.given.append((list(given), style))
        return array("f", map(self._sound, range(round(len(given) * self._each_s * RATE_HZ))))


def test_the_model_is_given_our_phonemes_and_the_style_of_that_length(tmp_path: Path) -> None:
    model, styles = Model(), _styles(*VOICES["kokoro"])
    readings = [read(text) for text in ("四班", "请注意，三年级一班正在放学。")]

    spoken = list(KokoroSynthesizer("kokoro", session=model).speak(readings, tmp_path))

    assert [one.reading for one in spoken] == readings
    assert [given for given, _ in model.given] == [numbers(reading) for reading in readings]
    for given, style in model.given:
        assert style == styles[(len(given) - 1) * 256 : len(given) * 256]
        assert len(style) == 256


def test_its_sound_becomes_a_clip_as_long_as_it_was(tmp_path: Path) -> None:
    reading = read("请注意，三年级一班正在放学。")

    [spoken] = KokoroSynthesizer("kokoro", session=Model()).speak([reading], tmp_path)

    assert spoken.wav is not None
    assert length_s(spoken.wav) == pytest.approx(0.06 * len(numbers(reading)), abs=0.001)
    assert clip_of(read_wav(spoken.wav), len(reading))


def test_a_voice_above_full_scale_is_not_cut_off(tmp_path: Path) -> None:
    loud = Model(lambda n: 1.2 * math.sin(math.tau * 300 * n / RATE_HZ))

    [spoken] = KokoroSynthesizer("kokoro", session=loud).speak([read("三年级一班")], tmp_path)

    assert spoken.wav is not None
    assert max(read_wav(spoken.wav)) == pytest.approx(1.2 * 0.7 * 32767, rel=0.02)


def test_a_sentence_that_is_too_long_fails_alone(tmp_path: Path) -> None:
    readings = [read("班" * 200), read("三年级一班")]

    long, short = KokoroSynthesizer("kokoro", session=Model()).speak(readings, tmp_path)

    assert long.wav is None
    assert long.why == "Kokoro speaks at most 510 phonemes at once, not 900"
    assert short.wav is not None


def test_a_right_voice_passes_its_check_and_is_who_the_store_expects() -> None:
    for voice in VOICES:
        synthesizer = KokoroSynthesizer(voice, session=Model(each_s=0.12))
        synthesizer.check()
        assert synthesizer.identity == ENGINES[voice] == IDENTITIES[voice]


@pytest.mark.parametrize(
    ("sound", "each_s", "why"),
    [
        (lambda _: 0.0, 0.12, "0.000 loud"),
        (lambda _: math.nan, 0.12, "nan loud"),
        (lambda n: 0.9 * math.sin(math.tau * 300 * n / RATE_HZ), 0.12, "0.636 loud"),
        (lambda n: random.Random(n).uniform(-0.3, 0.3), 0.12, "rough"),
        (lambda n: 0.2 * math.sin(math.tau * 50 * n / RATE_HZ), 0.12, "rough"),
        (None, 0.02, r"0\.380 s, not 1"),
        (None, 0.3, r"5\.700 s, not 1"),
        (None, 0.0, r"0\.000 s, not 1"),
    ],
)
def test_arithmetic_that_goes_wrong_is_found_out(sound: Callable[[int], float] | None, each_s: float, why: str) -> None:
    with pytest.raises(OutsideError, match=why):
        KokoroSynthesizer("kokoro", session=Model(sound, each_s)).check()


def test_an_identity_names_engine_version_model_and_voice() -> None:
    assert MODEL_SHA256[:8] in IDENTITIES["kokoro"]
    assert "zf_xiaobei" in IDENTITIES["kokoro"]
    assert "onnxruntime" in IDENTITIES["kokoro"]
    assert IDENTITIES["kokoro"] != IDENTITIES["kokoro-man"]


# What is missing, or not what we know -------------------------------------------------------------


def test_a_model_in_a_folder_is_taken_when_it_is_the_one(tmp_path: Path) -> None:
    (tmp_path / MODEL).write_bytes(b"model")

    assert model_bytes(tmp_path, hashlib.sha256(b"model").hexdigest()) == b"model"


def test_a_model_of_parts_is_joined_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package, part in zip(PARTS, (b"mo", b"d", b"e", b"l"), strict=True):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
        (tmp_path / package / "part.bin").write_bytes(part)
    monkeypatch.syspath_prepend(tmp_path)

    assert model_bytes(None, hashlib.sha256(b"model").hexdigest()) == b"model"
    with pytest.raises(OutsideError, match="不是认识的那个"):
        model_bytes(None)


def test_another_model_is_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / MODEL).write_bytes(b"another")

    with pytest.raises(OutsideError, match=rf"{MODEL}：不是认识的那个 .*pip install 'fangxue\[neural\]'"):
        KokoroSynthesizer("kokoro", tmp_path)


def test_a_missing_model_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(OutsideError, match=rf"没有 Kokoro 的模型 .*{MODEL}.*pip install 'fangxue\[neural\]'"):
        KokoroSynthesizer("kokoro", tmp_path)


def test_a_voice_file_that_changed_is_refused() -> None:
    with pytest.raises(OutsideError, match="不是认识的那个"):
        _styles(VOICES["kokoro"][0], VOICES["kokoro-man"][1])
    with pytest.raises(OutsideError, match="没有声音文件"):
        _styles("zf_nobody", "")


def test_the_notice_tells_both_voice_files_and_their_hashes() -> None:
    notice = (ROOT / "audio/voices/README.md").read_text("utf-8")
    for file, sha256 in VOICES.values():
        assert file in notice
        assert sha256 in notice
    assert {f"{file}.bin" for file, _ in VOICES.values()} == {
        path.name for path in (ROOT / "audio/voices").iterdir() if path.suffix == ".bin"
    }


def test_the_extra_holds_what_the_voice_needs() -> None:
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]["neural"]
    assert {one.split("=")[0].split(">")[0] for one in extra} == {
        "onnxruntime",
        *(part.replace("_", "-") for part in PARTS),
    }


def test_the_extra_is_there_when_its_runtime_and_every_part_of_the_model_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    packages = ("onnxruntime", *PARTS)
    for package in packages:
        monkeypatch.delitem(sys.modules, package, raising=False)
    for package in packages:
        assert not installed()
        (tmp_path / package).mkdir()
        importlib.invalidate_caches()
    assert installed()


def test_a_gate_may_have_every_engine_there_is() -> None:
    assert set(get_args(GateSettings.model_fields["voice"].annotation)) == set(ENGINES)
