"""Raw speech to the samples of a clip: silence, chime, the sentence at one loudness. PURE.

Loudness is BS.1770 (K-weighted, gated) of one channel, computed in plain Python: 0.1 s for a sentence of 5 s. Peaks
above the knee are bent, not cut: sample peaks, not true peaks.
"""

import math
from array import array

from audio.samples import FULL, Samples
from config.errors import OutsideError
from config.limits import CLIP_LUFS, CLIP_MAX_S, CLIP_MIN_S, CLIP_PEAK_DBFS, CLIP_RATE_HZ, CLIP_SILENCE_MS

TEMPLATE = 1
"""Part of a clip's key: raise it with every change of what a clip sounds like."""

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
"""A sentence shorter than this a syllable was not spoken whole."""
_PEAK = 10 ** (CLIP_PEAK_DBFS / 20)
_KNEE = 10 ** ((CLIP_PEAK_DBFS - 3) / 20)


def clip_of(speech: Samples, syllables: int) -> Samples:
    """The clip of a sentence of so many syllables. Raises OutsideError when the speech is none, or not whole."""
    speech = _trimmed(speech)
    spoken_s = len(speech) / CLIP_RATE_HZ
    raw_lufs = loudness_lufs(speech)
    if raw_lufs < _SILENT_LUFS:
        message = "the speech engine gave silence"
        raise OutsideError(message)
    if spoken_s < syllables * _SYLLABLE_MIN_S:
        message = f"the speech engine gave {spoken_s:.1f} s for {syllables} syllables"
        raise OutsideError(message)
    levelled = _levelled(speech, CLIP_LUFS - raw_lufs)
    if abs(loudness_lufs(levelled) - CLIP_LUFS) > _LUFS_ERROR:
        message = f"the sentence has {loudness_lufs(levelled):.1f} LUFS after levelling, not {CLIP_LUFS}"
        raise OutsideError(message)
    clip = _silence(CLIP_SILENCE_MS / 1000) + chime() + _silence(_GAP_S) + levelled
    length_s = len(clip) / CLIP_RATE_HZ
    if not CLIP_MIN_S <= length_s <= CLIP_MAX_S:
        message = f"the clip has {length_s:.1f} s, outside {CLIP_MIN_S} to {CLIP_MAX_S} s"
        raise OutsideError(message)
    return clip


def chime() -> Samples:
    samples = array("h")
    for tone_hz, length_s in _CHIME:
        count, fade = round(length_s * CLIP_RATE_HZ), round(_CHIME_FADE_S * CLIP_RATE_HZ)
        for n in range(count):
            # Faded at both ends: a jump would click.
            level = _CHIME_PEAK * math.exp(-n / CLIP_RATE_HZ / _CHIME_DECAY_S) * min(1.0, n / fade, (count - n) / fade)
            samples.append(round(FULL * level * math.sin(math.tau * tone_hz * n / CLIP_RATE_HZ)))
    return samples


def loudness_lufs(samples: Samples) -> float:
    """Integrated loudness by BS.1770-4; -inf when nothing passes the gates."""
    hop = CLIP_RATE_HZ // 10
    samples = samples + array("h", bytes(2 * max(0, 4 * hop - len(samples))))  # one block at least
    energies = _weighted_energies(samples, hop)
    blocks = [sum(energies[n : n + 4]) / (4 * hop) for n in range(len(energies) - 3)]  # 400 ms, three quarters shared
    loud = [block for block in blocks if _lufs(block) > -70]  # noqa: PLR2004 (the standard's absolute gate)
    if loud:
        gate = _lufs(sum(loud) / len(loud)) - 10
        loud = [block for block in loud if _lufs(block) > gate]
    return _lufs(sum(loud) / len(loud)) if loud else -math.inf


def _lufs(mean_square: float) -> float:
    return -0.691 + 10 * math.log10(mean_square) if mean_square > 0 else -math.inf


def _weighted_energies(samples: Samples, hop: int) -> list[float]:
    """Sum of squares after the K filter, for each whole `hop` of samples; full scale is 1."""
    (b0, b1, b2, a1, a2), (d0, d1, d2, c1, c2) = _SHELF, _HIGH_PASS
    x1 = x2 = y1 = y2 = z1 = z2 = 0.0
    energies = []
    for start in range(0, len(samples) - hop + 1, hop):
        energy = 0.0
        for sample in samples[start : start + hop]:
            x = sample / FULL
            y = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
            z = d0 * y + d1 * y1 + d2 * y2 - c1 * z1 - c2 * z2
            x2, x1, y2, y1, z2, z1 = x1, x, y1, y, z1, z
            energy += z * z
        energies.append(energy)
    return energies


def _filters(rate_hz: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The two filters of BS.1770 (given there for 48 kHz) at another rate: b0 b1 b2 a1 a2 each."""
    k, q, high = math.tan(math.pi * 1681.9744509555319 / rate_hz), 0.7071752369554193, 10 ** (3.99984385397 / 20)
    band, a0 = high**0.4996667741545416, 1 + k / q + k * k
    shelf = (high + band * k / q + k * k, 2 * (k * k - high), high - band * k / q + k * k)
    poles = (2 * (k * k - 1), 1 - k / q + k * k)
    first = tuple(value / a0 for value in (*shelf, *poles))
    k, q = math.tan(math.pi * 38.13547087613982 / rate_hz), 0.5003270373253953
    a0 = 1 + k / q + k * k
    return first, (1.0, -2.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0)


_SHELF, _HIGH_PASS = _filters(CLIP_RATE_HZ)


def _trimmed(samples: Samples) -> Samples:
    """Without the silence at both ends, but for a breath after the last syllable."""
    first = next((n for n, sample in enumerate(samples) if abs(sample) > _QUIET), len(samples))
    last = next((n for n in range(len(samples) - 1, -1, -1) if abs(samples[n]) > _QUIET), -1)
    return samples[first : last + 1 + round(_TAIL_S * CLIP_RATE_HZ)]


def _levelled(samples: Samples, gain_db: float) -> Samples:
    """With gain; what passes the knee approaches the peak and never reaches it."""
    factor, room = 10 ** (gain_db / 20) / FULL, _PEAK - _KNEE
    levels = [sample * factor for sample in samples]
    bent = [
        level if abs(level) <= _KNEE else math.copysign(_KNEE + room * math.tanh((abs(level) - _KNEE) / room), level)
        for level in levels
    ]
    return array("h", [int(level * FULL) for level in bent])


def _silence(seconds: float) -> Samples:
    return array("h", bytes(2 * round(seconds * CLIP_RATE_HZ)))
