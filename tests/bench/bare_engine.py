"""The least that could speak: sentences to the engine one by one, as our rendering child does it, and nothing more.

    python -P -m bench.bare_engine FOLDER

stdin: the readings in JSON, a list of syllables each. The files stay in FOLDER.
"""

import json
import os
import sys
from pathlib import Path

from audio.syllables import Syllable
from audio.synthesizer_pyttsx3 import Pyttsx3Synthesizer
from config.limits import RENDER_NICE


def main(folder: Path) -> None:
    os.nice(RENDER_NICE)
    readings = [tuple(Syllable(*one) for one in reading) for reading in json.load(sys.stdin)]
    for spoken in Pyttsx3Synthesizer().speak(readings, folder):
        assert spoken.wav, spoken.why


if __name__ == "__main__":
    main(Path(sys.argv[1]))
