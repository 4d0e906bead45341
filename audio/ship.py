"""Makes the recordings of `shipped.py` anew: `python -m audio.ship`. For whoever changes their words or the chain."""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from audio.mastering import clip_of
from audio.reading import read
from audio.samples import amplified
from audio.shipped import ALERTS, STAND_IN, STAND_IN_CLIP
from audio.synthesizer_pyttsx3 import Pyttsx3Synthesizer
from audio.wav_file import packed, read_wav
from config.errors import OutsideError

_SPARE_DB = -0.3
"""The 8 bits of the file may lift a peak by 0.05 dB."""


def main(arguments: Sequence[str] = ()) -> None:
    """Into the folder of the package, or another."""
    files = {STAND_IN: STAND_IN_CLIP, **ALERTS}
    synthesizer = Pyttsx3Synthesizer()
    synthesizer.check()
    with tempfile.TemporaryDirectory() as work:
        for say, spoken in zip(files, synthesizer.speak([read(say) for say in files], Path(work)), strict=True):
            if spoken.wav is None:
                raise OutsideError(spoken.why)
            clip = amplified(clip_of(read_wav(spoken.wav), len(spoken.reading)), _SPARE_DB)
            file = Path(*arguments, files[say].name) if arguments else files[say]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(packed(clip))


if __name__ == "__main__":
    main(sys.argv[1:])
