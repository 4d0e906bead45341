"""Sound of another rate at ours, by windowed sinc. PURE. It needs numpy: only the rendering child imports it."""

import math
from array import array

import numpy as np
from numpy.typing import NDArray

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
    reach = math.ceil(_ZEROS * max(1.0, rate_hz / CLIP_RATE_HZ))
    padded = np.pad(np.frombuffer(samples, np.int16).astype(np.float64), (reach, reach + 1))
    at, phase = np.divmod(np.arange(len(samples) * CLIP_RATE_HZ // rate_hz) * rate_hz, CLIP_RATE_HZ)
    phases, row = np.unique(phase, return_inverse=True)
    levels = np.zeros(len(at))
    for n, weights in enumerate(_weights(rate_hz, reach, phases)):
        levels += weights[row] * padded[at + n]
    return array("h", levels.round().clip(-FULL, FULL).astype(np.int16).tobytes())


def _weights(rate_hz: int, reach: int, phases: NDArray[np.int64]) -> NDArray[np.float64]:
    """Of the samples around an instant that lies `phase` of CLIP_RATE_HZ parts after the middle one, a column for each
    phase; they sum to 1.
    """
    aways = np.arange(-reach, reach + 1)[:, None] - phases / CLIP_RATE_HZ
    band = _PASSED * min(1.0, CLIP_RATE_HZ / rate_hz)
    weights: NDArray[np.float64] = np.sinc(band * aways) * (0.5 + 0.5 * np.cos(math.pi * aways / (reach + 1)))
    weights /= weights.sum(axis=0)
    return weights
