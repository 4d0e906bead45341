"""Where sound begins in a recording: measured from its samples, without any knowledge of what was played."""

import array
import sys
import wave
from pathlib import Path

QUIET_S = 0.9
"""Silence that parts two calls; inside a sentence there is less."""
AUDIBLE = 300
"""Of 32,767: below it is silence."""
BLOCK = 1024
"""Samples that are passed over at once when all are silent: most of a recording is."""


def onsets_s(file: Path) -> list[float]:
    """Seconds from the start of the file at which sound begins after at least `QUIET_S` of silence."""
    return [begin_s for begin_s, _ in sounds_s(file)]


def sounds_s(file: Path) -> list[tuple[float, float]]:
    """The same with the end of each sound: its last audible sample before such a silence, or the file's end."""
    with wave.open(str(file)) as recording:
        rate = recording.getframerate()
        samples = array.array("h", recording.readframes(recording.getnframes()))
    if sys.byteorder == "big":
        samples.byteswap()
    found: list[tuple[float, float]] = []
    last = -QUIET_S * rate
    for block in range(0, len(samples), BLOCK):
        if not any(samples[block : block + BLOCK]):
            continue
        for n in range(block, min(block + BLOCK, len(samples))):
            if abs(samples[n]) > AUDIBLE:
                begin_s = n / rate if n - last >= QUIET_S * rate else found.pop()[0]
                found.append((begin_s, n / rate))
                last = n
    return found
