"""Raw speech to the samples of a clip: silence, chime, the sentence at one loudness. PURE.

Loudness and true peak are BS.1770 (K-weighted, gated; four times oversampled) of one channel, in plain Python: 0.6 s
for a sentence of 6 s. Peaks above the knee are bent, not cut.
"""

import math
from array import array
from functools import cache
from operator import mul

from audio.samples import FULL, Samples
from config.errors import OutsideError
from config.limits import CLIP_LUFS, CLIP_MAX_S, CLIP_MIN_S, CLIP_PEAK_DBFS, CLIP_RATE_HZ, CLIP_SILENCE_MS

TEMPLATE = 2
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
_SYLLABLE_MAX_S = 1.0
"""Shorter than the one a syllable, a sentence was not spoken whole; longer than the other, it is another sentence."""
_RUMBLE_HZ = 100.0
"""Hum and wind are below it, and no horn at a gate plays them."""
_FLAT = 32700
_FLAT_MAX = 0.001
"""Speech of which a larger share than this is at full scale was recorded too loud."""
_TRIES = 5
_KNEE_DB = 3.0
_SPARE_DB = 0.2


def clip_of(speech: Samples, syllables: int) -> Samples:
    """The clip of a sentence of so many syllables. Raises OutsideError when the speech is none, or not whole."""
    if sum(abs(sample) >= _FLAT for sample in speech) > _FLAT_MAX * len(speech):
        message = "the speech is clipped: recorded too loud"
        raise OutsideError(message)
    speech = _trimmed(_without_rumble(speech))
    spoken_s = len(speech) / CLIP_RATE_HZ
    raw_lufs = loudness_lufs(speech)
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
    return opening + _mastered(speech, raw_lufs)


def _mastered(speech: Samples, lufs: float) -> Samples:
    """At the one loudness, below the one peak. What is bent is softer, and a bend can overshoot: both are measured."""
    gain_db, ceiling_db, over_db, levelled = CLIP_LUFS - lufs, CLIP_PEAK_DBFS - _SPARE_DB, 0.0, speech
    for _ in range(_TRIES):
        levelled = _levelled(speech, gain_db, ceiling_db)
        lufs, over_db = loudness_lufs(levelled), true_peak_dbfs(levelled) - CLIP_PEAK_DBFS
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


def true_peak_dbfs(samples: Samples) -> float:
    """The largest level; from -7 dBFS also between the samples, at four times the rate. Nothing less comes near 0."""
    most = max(map(abs, samples), default=0)
    padded = _silence(_AROUND / CLIP_RATE_HZ) + samples + _silence(_AROUND / CLIP_RATE_HZ)
    floor, peak = max(0.6 * most, _NEAR), float(most)
    for n in range(len(samples) - 1):
        if abs(samples[n]) > floor or abs(samples[n + 1]) > floor:
            piece = padded[n + 1 : n + 1 + 2 * _AROUND]
            peak = max(peak, *(abs(sum(map(mul, weights, piece))) for weights in _BETWEEN))
    return 20 * math.log10(peak / FULL) if peak else -math.inf


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
_NEAR = 0.5 * 10 ** (CLIP_PEAK_DBFS / 20) * FULL
_AROUND = 8
"""Samples on each side that make a level between two."""


def _between(part: float) -> tuple[float, ...]:
    """Weights of the samples around an instant that lies so far behind one (windowed sinc)."""
    aways = [n - part for n in range(1 - _AROUND, _AROUND + 1)]
    window = [0.5 + 0.5 * math.cos(math.pi * away / (_AROUND + 0.5)) for away in aways]
    return tuple(math.sin(math.pi * a) / (math.pi * a) * w for a, w in zip(aways, window, strict=True))


_BETWEEN = tuple(map(_between, (0.25, 0.5, 0.75)))


def _trimmed(samples: Samples) -> Samples:
    """Without the silence at both ends, but for a breath after the last syllable."""
    first = next((n for n, sample in enumerate(samples) if abs(sample) > _QUIET), len(samples))
    last = next((n for n in range(len(samples) - 1, -1, -1) if abs(samples[n]) > _QUIET), -1)
    return samples[first : last + 1 + round(_TAIL_S * CLIP_RATE_HZ)]


def _levelled(samples: Samples, gain_db: float, ceiling_db: float) -> Samples:
    """With gain; what passes the knee approaches the ceiling and never reaches it."""
    factor, ceiling, knee = 10 ** (gain_db / 20) / FULL, 10 ** (ceiling_db / 20), 10 ** ((ceiling_db - _KNEE_DB) / 20)
    room = ceiling - knee
    levels = [sample * factor for sample in samples]
    bent = [
        level if abs(level) <= knee else math.copysign(knee + room * math.tanh((abs(level) - knee) / room), level)
        for level in levels
    ]
    return array("h", [int(level * FULL) for level in bent])


def _without_rumble(samples: Samples) -> Samples:
    """A Butterworth high-pass of the second order."""
    k = math.tan(math.pi * _RUMBLE_HZ / CLIP_RATE_HZ)
    a0 = 1 + math.sqrt(2) * k + k * k
    a1, a2 = 2 * (k * k - 1) / a0, (1 - math.sqrt(2) * k + k * k) / a0
    x1 = x2 = y1 = y2 = 0.0
    passed = []
    for x in samples:
        y = (x - 2 * x1 + x2) / a0 - a1 * y1 - a2 * y2
        x2, x1, y2, y1 = x1, x, y1, y
        passed.append(max(-FULL, min(FULL, int(y))))
    return array("h", passed)


def _silence(seconds: float) -> Samples:
    return array("h", bytes(2 * round(seconds * CLIP_RATE_HZ)))
