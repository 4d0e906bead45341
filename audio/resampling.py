"""Sound of another rate at ours, by windowed sinc. PURE.

Plain Python: a second of 48 kHz takes about 0.1 s, in the rendering child.
"""

import math
from array import array
from functools import cache
from operator import mul

from audio.samples import FULL, Samples
from config.limits import CLIP_RATE_HZ

_ZEROS = 12
"""Zero crossings of the sinc on each side: what would fold back is 50 dB down."""
_PASSED = 0.92
"""Of the band that both rates have: the filter needs the rest to close."""


def resampled(samples: Samples, rate_hz: int) -> Samples:
    """As many seconds, at CLIP_RATE_HZ."""
    if rate_hz == CLIP_RATE_HZ:
        return samples
    reach = _reach(rate_hz)
    padded = array("h", bytes(2 * reach)) + samples + array("h", bytes(2 * (reach + 1)))
    made = array("h")
    for n in range(len(samples) * CLIP_RATE_HZ // rate_hz):
        at, phase = divmod(n * rate_hz, CLIP_RATE_HZ)
        level = sum(map(mul, _weights(rate_hz, phase), padded[at : at + 2 * reach + 1]))
        made.append(max(-FULL, min(FULL, round(level))))
    return made


def _reach(rate_hz: int) -> int:
    """Samples on each side that count."""
    return math.ceil(_ZEROS * max(1.0, rate_hz / CLIP_RATE_HZ))


@cache
def _weights(rate_hz: int, phase: int) -> tuple[float, ...]:
    """Of the samples around an instant that lies `phase` of CLIP_RATE_HZ parts after the middle one; they sum to 1."""
    reach, band = _reach(rate_hz), _PASSED * min(1.0, CLIP_RATE_HZ / rate_hz)
    weights = []
    for n in range(-reach, reach + 1):
        away = n - phase / CLIP_RATE_HZ
        sinc = 1.0 if away == 0 else math.sin(math.pi * band * away) / (math.pi * band * away)
        weights.append(sinc * (0.5 + 0.5 * math.cos(math.pi * away / (reach + 1))))
    total = sum(weights)
    return tuple(weight / total for weight in weights)
