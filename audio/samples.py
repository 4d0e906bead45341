"""Sound as this project has it: mono, 16 bit, CLIP_RATE_HZ, little endian; and gain. PURE."""

from array import array
from typing import TypeAlias

Samples: TypeAlias = "array[int]"
"""A string because Python 3.11 cannot subscript it."""
FULL = 32767
SAMPLE_BYTES = 2


def amplified(samples: Samples, gain_db: float) -> Samples:
    """Louder or softer; what would be above full scale is held there."""
    if gain_db == 0:
        return samples
    factor = 10 ** (gain_db / 20)
    if factor <= 1:
        return array("h", [int(sample * factor) for sample in samples])
    return array("h", [max(-FULL, min(FULL, int(sample * factor))) for sample in samples])
