"""Raw speech to the samples of a clip: silence, chime, the sentence at one loudness. PURE.

Loudness and true peak are BS.1770 (K-weighted, gated; four times oversampled) of one channel. Peaks above the knee are
bent, not cut. It needs numpy: only the rendering child imports it, and `ship`.
"""

import math
from array import array
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from audio.samples import FULL, Samples
from config.errors import OutsideError
from config.limits import CLIP_LUFS, CLIP_MAX_S, CLIP_MIN_S, CLIP_PEAK_DBFS, CLIP_RATE_HZ, CLIP_SILENCE_MS

Levels: TypeAlias = NDArray[np.float64]
"""Samples to count with, in their own size: 32767 is full scale."""
_Answer: TypeAlias = NDArray[np.complex128]
"""Of a filter, to each frequency of a block."""

_CHIME = ((880.0, 0.4), (698.46, 0.4))
"""Tone and length; a falling third that no voice makes."""
_CHIME_PEAK = 0.4
_CHIME_DECAY_S = 0.15
_CHIME_FADE_S = 0.004
_GAP_S = 0.1
_QUIET = 200
"""Of 32767 (-44 dBFS): below it is silence at the ends of a sentence."""
_TAIL_S = 0.05
_SILENT_LUFS = -50.0
_LUFS_ERROR = 1.0
_SYLLABLE_MIN_S = 0.1
_SYLLABLE_MAX_S = 1.0
"""Shorter than the one a syllable, a sentence was not spoken whole; longer than the other, it is another sentence."""
_RUMBLE_HZ = 250.0
"""Hum, wind and what a voice has there tell no class from another, and no horn at a gate plays them."""
_CLEAR_HZ, _CLEAR_DB = 2000.0, 6.0
"""From here on the consonants are: lifted, fewer syllables are misheard in noise of the same strength."""
_EVEN_S, _EVEN_OVER = 0.01, 11
_EVEN_SHARE, _EVEN_MAX_DB, _EVEN_FLOOR_DB = 2 / 3, 16.0, 30.0
"""Loudness in steps of the one, smoothed over so many. What is softer than the loud tenth of a sentence is lifted by a
share of what it lacks, so much at most; what is softer than the floor is a pause. A voice drops its last syllable, and
noise takes it. By the ear of `./run bench voice`, two voices at 5 dB: 0.02 and 0.03 of the syllables are misheard; 0.09
and 0.13 without this, with the lift above of 4 dB alone; 0.11 and 0.19 without either.
"""
_FLAT = 32700
_FLAT_MAX = 0.001
"""Speech of which a larger share than this is at full scale was recorded too loud."""
_TRIES = 5
_KNEE_DB = 3.0
_SPARE_DB = 0.2


def clip_of(speech: Samples, syllables: int) -> Samples:
    """The clip of a sentence of so many syllables. Raises OutsideError when the speech is none, or not whole."""
    levels = _levels(speech)
    if np.count_nonzero(abs(levels) >= _FLAT) > _FLAT_MAX * len(levels):
        message = "the speech is clipped: recorded too loud"
        raise OutsideError(message)
    (levels,) = _filtered(levels, _VOICING)
    spoken = _evened(levels[_spoken(levels)])
    spoken_s = len(spoken) / CLIP_RATE_HZ
    raw_lufs = _loudness_lufs(spoken)
    if raw_lufs < _SILENT_LUFS:
        message = "the speech engine gave silence"
        raise OutsideError(message)
    opening = _silence(CLIP_SILENCE_MS / 1000) + chime() + _silence(_GAP_S)
    length_s = len(opening) / CLIP_RATE_HZ + spoken_s
    if not CLIP_MIN_S <= length_s <= CLIP_MAX_S:
        message = f"the clip has {length_s:.1f} s, outside {CLIP_MIN_S} to {CLIP_MAX_S} s"
        raise OutsideError(message)
    if not syllables * _SYLLABLE_MIN_S <= spoken_s <= (syllables + 1) * _SYLLABLE_MAX_S:
        message = f"the speech engine gave {spoken_s:.1f} s for {syllables} syllables"
        raise OutsideError(message)
    return opening + _samples(_mastered(spoken, raw_lufs))


def _mastered(speech: Levels, lufs: float) -> Levels:
    """At the one loudness, below the one peak. What is bent is softer, and a bend can overshoot: both are measured."""
    gain_db, ceiling_db, over_db, levelled = CLIP_LUFS - lufs, CLIP_PEAK_DBFS - _SPARE_DB, 0.0, speech
    for _ in range(_TRIES):
        levelled = _levelled(speech, gain_db, ceiling_db)
        lufs, over_db = _loudness_lufs(levelled), _true_peak_dbfs(levelled) - CLIP_PEAK_DBFS
        if over_db <= 0 and abs(lufs - CLIP_LUFS) <= _LUFS_ERROR / 2:
            return levelled
        gain_db += CLIP_LUFS - lufs
        ceiling_db -= over_db + _SPARE_DB if over_db > 0 else 0.0
    if over_db <= 0 and abs(lufs - CLIP_LUFS) <= _LUFS_ERROR:
        return levelled
    message = f"the sentence has {lufs:.1f} LUFS and a peak {over_db:+.1f} dB over after levelling, not {CLIP_LUFS}"
    raise OutsideError(message)


@cache
def chime() -> Samples:
    """Made once; nobody changes it."""
    samples = array("h")
    for tone_hz, length_s in _CHIME:
        count, fade = round(length_s * CLIP_RATE_HZ), round(_CHIME_FADE_S * CLIP_RATE_HZ)
        n = np.arange(count)
        # Faded at both ends: a jump would click.
        level = np.exp(-n / CLIP_RATE_HZ / _CHIME_DECAY_S) * np.minimum(1.0, np.minimum(n, count - n) / fade)
        samples += _samples(np.round(FULL * _CHIME_PEAK * level * np.sin(math.tau * tone_hz * n / CLIP_RATE_HZ)))
    return samples


def loudness_lufs(samples: Samples) -> float:
    """Integrated loudness by BS.1770-4; -inf when nothing passes the gates."""
    return _loudness_lufs(_levels(samples))


def true_peak_dbfs(samples: Samples) -> float:
    """The largest level; from -7 dBFS also between the samples, at four times the rate. Nothing less comes near 0."""
    return _true_peak_dbfs(_levels(samples))


def _levels(samples: Samples) -> Levels:
    return np.frombuffer(samples, np.int16).astype(np.float64)


def _samples(levels: Levels) -> Samples:
    """Cut to whole numbers."""
    return array("h", levels.astype(np.int16).tobytes())


def _loudness_lufs(levels: Levels) -> float:
    return _gated_lufs(*_filtered(levels, _WEIGHTING))


def _gated_lufs(weighted: Levels) -> float:
    hop = CLIP_RATE_HZ // 10
    weighted = np.pad(weighted, (0, max(0, 4 * hop - len(weighted)))) / FULL  # one block at least
    energies = (weighted[: len(weighted) // hop * hop].reshape(-1, hop) ** 2).sum(axis=1)
    blocks = np.convolve(energies, np.ones(4), "valid") / (4 * hop)  # 400 ms, three quarters shared
    loud = blocks[blocks > _mean_square(-70)]
    if len(loud):
        loud = loud[loud > loud.mean() / 10]  # 10 LU below
    return -0.691 + 10 * math.log10(loud.mean()) if len(loud) else -math.inf


def _true_peak_dbfs(levels: Levels) -> float:
    sizes = abs(levels)
    peak = sizes.max(initial=0.0)
    near = sizes > max(0.6 * peak, _NEAR)
    around = np.flatnonzero(near[:-1] | near[1:])[:, None] + np.arange(2 * _AROUND)
    between = np.pad(levels, _AROUND)[1:][around] @ _BETWEEN
    peak = abs(between).max(initial=peak)
    return 20 * math.log10(peak / FULL) if peak else -math.inf


def _mean_square(lufs: float) -> float:
    return float(10 ** ((lufs + 0.691) / 10))


def _filtered(levels: Levels, *answers: _Answer) -> list[Levels]:
    """Through each filter, in blocks: each begins so long before what is kept of it that nothing older still rings."""
    step = _BLOCK - _RINGS
    padded = np.pad(levels, (_RINGS, step - len(levels) % step))
    spectra = np.fft.rfft(sliding_window_view(padded, _BLOCK)[::step])
    return [np.fft.irfft(spectra * one, _BLOCK)[:, _RINGS:].ravel()[: len(levels)] for one in answers]


def _answer(b0: float, b1: float, b2: float, a1: float, a2: float) -> _Answer:
    """Of a filter of the second order to each frequency of a block."""
    z = np.exp(-1j * math.tau / _BLOCK * np.arange(_BLOCK // 2 + 1))
    answer: _Answer = (b0 + z * (b1 + z * b2)) / (1 + z * (a1 + z * a2))
    return answer


def _weighting(rate_hz: int) -> _Answer:
    """The two filters of BS.1770 (given there for 48 kHz) at another rate."""
    k, q, high = math.tan(math.pi * 1681.9744509555319 / rate_hz), 0.7071752369554193, 10 ** (3.99984385397 / 20)
    band, a0 = high**0.4996667741545416, 1 + k / q + k * k
    shelf = (high + band * k / q + k * k, 2 * (k * k - high), high - band * k / q + k * k)
    poles = (2 * (k * k - 1), 1 - k / q + k * k)
    first = _answer(*(value / a0 for value in (*shelf, *poles)))
    k, q = math.tan(math.pi * 38.13547087613982 / rate_hz), 0.5003270373253953
    a0 = 1 + k / q + k * k
    return first * _answer(1.0, -2.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0)


def _butterworth(rate_hz: int, pass_hz: float) -> _Answer:
    """A high-pass of the second order."""
    k = math.tan(math.pi * pass_hz / rate_hz)
    a0 = 1 + math.sqrt(2) * k + k * k
    return _answer(1 / a0, -2 / a0, 1 / a0, 2 * (k * k - 1) / a0, (1 - math.sqrt(2) * k + k * k) / a0)


def _shelf(rate_hz: int, from_hz: float, gain_db: float) -> _Answer:
    """A lift of the first order."""
    k, gain = math.tan(math.pi * from_hz / rate_hz), 10 ** (gain_db / 20)
    return _answer((k + gain) / (k + 1), (k - gain) / (k + 1), 0.0, (k - 1) / (k + 1), 0.0)


_BLOCK, _RINGS = 8192, 2048
"""Samples; after the second number the slowest filter, 38 Hz, is 190 dB down."""
_WEIGHTING = _weighting(CLIP_RATE_HZ)
_VOICING = _butterworth(CLIP_RATE_HZ, _RUMBLE_HZ) * _shelf(CLIP_RATE_HZ, _CLEAR_HZ, _CLEAR_DB)
_NEAR = 0.5 * 10 ** (CLIP_PEAK_DBFS / 20) * FULL
_AROUND = 8
"""Samples on each side that make a level between two."""


def _between(part: float) -> Levels:
    """Weights of the samples around an instant that lies so far behind one (windowed sinc)."""
    aways = np.arange(1 - _AROUND, _AROUND + 1) - part
    weights: Levels = np.sinc(aways) * (0.5 + 0.5 * np.cos(math.pi * aways / (_AROUND + 0.5)))
    return weights


_BETWEEN = np.column_stack([_between(part) for part in (0.25, 0.5, 0.75)])


def _spoken(levels: Levels) -> slice:
    """Without the silence at both ends, but for a breath after the last syllable."""
    loud = np.flatnonzero(abs(levels) > _QUIET)
    return slice(loud[0], loud[-1] + 1 + round(_TAIL_S * CLIP_RATE_HZ)) if len(loud) else slice(0)


def _evened(levels: Levels) -> Levels:
    """Soft syllables and consonants nearer to the loud ones, pauses as they are."""
    step = round(_EVEN_S * CLIP_RATE_HZ)
    energies = (np.pad(levels, (0, -len(levels) % step)).reshape(-1, step) ** 2).mean(axis=1)
    if len(energies) < _EVEN_OVER:
        return levels
    over = np.hanning(_EVEN_OVER)
    level_db = 10 * np.log10(np.convolve(energies, over / over.sum(), "same") + 1)
    lacks_db = np.maximum(np.percentile(level_db, 90) - level_db, 0)
    lift_db = np.minimum(lacks_db * _EVEN_SHARE, _EVEN_MAX_DB) - np.maximum(lacks_db - _EVEN_FLOOR_DB, 0)
    at = (np.arange(len(energies)) + 0.5) * step
    evened: Levels = levels * np.interp(np.arange(len(levels)), at, 10 ** (np.maximum(lift_db, 0) / 20))
    return evened


def _levelled(levels: Levels, gain_db: float, ceiling_db: float) -> Levels:
    """With gain, in whole numbers; what passes the knee approaches the ceiling and never reaches it."""
    ceiling, knee = (FULL * 10 ** (level_db / 20) for level_db in (ceiling_db, ceiling_db - _KNEE_DB))
    levels = levels * 10 ** (gain_db / 20)
    loud = np.flatnonzero(abs(levels) > knee)
    over = (abs(levels[loud]) - knee) / (ceiling - knee)
    levels[loud] = np.copysign(knee + (ceiling - knee) * np.tanh(over), levels[loud])
    return np.trunc(levels)


def _silence(seconds: float) -> Samples:
    return array("h", bytes(2 * round(seconds * CLIP_RATE_HZ)))
