"""Where sound begins in a recording: measured from its samples, without any knowledge of what was played."""

import array
import sys
import wave
from pathlib import Path

QUIET_S = 0.9
"""Silence that parts two calls; inside a sentence there is less."""
AUDIBLE = 300
"""Of 32,767: below it is silence."""


def onsets_s(file: Path) -> list[float]:
    """Seconds from the start of the file at which sound begins after at least `QUIET_S` of silence."""
    with wave.open(str(file)) as recording:
        rate = recording.getframerate()
        samples = array.array("h", recording.readframes(recording.getnframes()))
    if sys.byteorder == "big":
        samples.byteswap()
    found, last = [], -QUIET_S * rate
    for n in range(len(samples)):
        if abs(samples[n]) > AUDIBLE:
            if n - last >= QUIET_S * rate:
                found.append(n / rate)
            last = n
    return found
