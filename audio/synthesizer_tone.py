"""The synthesizer without speech: a tone sequence a syllable, always the same bytes, and back. For fleet and tests.

A syllable is a mark, which says what pause follows, and three digits to the base 16: its number. `decode` tells from
captured sound which syllables were played and when; loudness, a chime and silence around do not matter.
"""

import math
from array import array
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from audio import synthesizer
from audio.samples import Samples
from audio.syllables import PAUSES, SOUNDS, Reading, Syllable
from audio.synthesizer import Spoken
from audio.wav_file import write_wav
from config.limits import CLIP_RATE_HZ

IDENTITY = synthesizer.identity("tone", "2")

_TONES = 5
_DIGITS = 3
_BASE = 16
_DIGIT_HZ = tuple(1000 + 100 * n for n in range(_BASE))
_MARK_HZ = tuple(3000 + 150 * n for n in range(len(PAUSES)))
"""Away from the chime (880, 698 Hz) and from the digits."""
_SYMBOL = round(0.03 * CLIP_RATE_HZ)
_FADE = round(0.002 * CLIP_RATE_HZ)
_LOUD = 12000

_WINDOW = round(0.02 * CLIP_RATE_HZ)
"""Inside a symbol with 5 ms to spare on both sides; tones 50 Hz apart would be told apart."""
_HOP = round(0.005 * CLIP_RATE_HZ)
_QUIET = 100
"""Root mean square below which nobody listens, of 32,767."""
_SURE = 0.6
"""The least share of a window's energy that one tone has."""


class ToneSynthesizer:
    """Deterministic and fast."""

    identity = IDENTITY

    def check(self) -> None:
        """Nothing can be missing."""

    def speak(self, readings: Sequence[Reading], folder: Path) -> Iterator[Spoken]:
        for number, reading in enumerate(readings):
            wav = folder / f"{number}.wav"
            write_wav(wav, encode(reading))
            yield Spoken(reading, wav)


def encode(reading: Reading) -> Samples:
    samples = array("h")
    for one in reading:
        number = SOUNDS.index(one.sound) * _TONES + one.tone - 1
        samples.extend(_symbol(_MARK_HZ[PAUSES.index(one.pause)]))
        for place in reversed(range(_DIGITS)):
            samples.extend(_symbol(_DIGIT_HZ[number // _BASE**place % _BASE]))
    return samples


def decode(samples: Samples) -> tuple[tuple[float, Syllable], ...]:
    """The whole syllables in a recording at CLIP_RATE_HZ, each with the second at which it begins."""
    heard = []
    at = 0
    while at + _DIGITS * _SYMBOL + _WINDOW <= len(samples):
        if _heard(samples, at, _MARK_HZ) is None:
            at += _HOP
            continue
        # The window that holds most of the mark is its middle, within a hop.
        steps = range(at, at + _SYMBOL, _HOP // 4)
        start, mark = max(
            ((step, found) for step in steps if (found := _heard(samples, step, _MARK_HZ))), key=lambda one: one[1][1]
        )
        digits = [_heard(samples, start + n * _SYMBOL, _DIGIT_HZ) for n in range(1, _DIGITS + 1)]
        if (number := _number([found[0] for found in digits if found])) is not None:
            sound, tone = divmod(number, _TONES)
            begin_s = max(0, start - (_SYMBOL - _WINDOW) // 2) / CLIP_RATE_HZ
            heard.append((begin_s, Syllable(SOUNDS[sound], tone + 1, PAUSES[mark[0]])))
            at = start + _DIGITS * _SYMBOL + _WINDOW
        else:
            at = start + _SYMBOL
    return tuple(heard)


def _number(digits: Sequence[int]) -> int | None:
    number = sum(digit * _BASE**place for place, digit in enumerate(reversed(digits)))
    return number if len(digits) == _DIGITS and number < len(SOUNDS) * _TONES else None


def _heard(samples: Samples, at: int, tones_hz: Sequence[int]) -> tuple[int, float] | None:
    """The tone of a window, by its place among `tones_hz`, and its energy; None when no tone stands out."""
    window = samples[at : at + _WINDOW]
    energy = sum(sample * sample for sample in window)
    if len(window) < _WINDOW or energy < _WINDOW * _QUIET**2:
        return None
    strengths = [_goertzel(window, tone_hz) for tone_hz in tones_hz]
    most = max(strengths)
    return (strengths.index(most), most) if most > _SURE * energy else None


def _goertzel(window: Samples, tone_hz: int) -> float:
    """The energy of a window at one tone."""
    coefficient, a, b = 2 * math.cos(math.tau * tone_hz / CLIP_RATE_HZ), 0.0, 0.0
    for sample in window:
        a, b = sample + coefficient * a - b, a
    return (a * a + b * b - coefficient * a * b) * 2 / len(window)


@cache
def _symbol(tone_hz: int) -> Samples:
    """One tone, faded at both ends: a jump would click."""
    step = math.tau * tone_hz / CLIP_RATE_HZ
    return array(
        "h",
        (int(_LOUD * min(1.0, n / _FADE, (_SYMBOL - n) / _FADE) * math.sin(step * n)) for n in range(_SYMBOL)),
    )
