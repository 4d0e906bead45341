"""The synthesizer without speech: each character is its own chord. For fleet and tests; always the same bytes."""

import math
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path

from audio.samples import Samples
from audio.synthesizer import Spoken
from audio.wav_file import write_wav
from config.limits import CLIP_RATE_HZ

IDENTITY = "tone/1"

_SIGN_S = 0.12
_FADE_S = 0.01
_LOUD = 8000


class ToneSynthesizer:
    """Deterministic and fast; a sentence without a letter or digit fails, as it would with speech."""

    identity = IDENTITY

    def check(self) -> None:
        """Nothing can be missing."""

    def speak(self, texts: Sequence[str], folder: Path) -> Iterator[Spoken]:
        for number, text in enumerate(texts):
            signs = [sign for sign in text if sign.isalnum()]
            if not signs:
                yield Spoken(text, None, f"“{text}” has nothing to say")
                continue
            samples = array("h")
            for sign in signs:
                samples.extend(_chord(ord(sign)))
            wav = folder / f"{number}.wav"
            write_wav(wav, samples)
            yield Spoken(text, wav)


def _chord(code: int) -> Samples:
    """Two tones that together tell any two characters of the basic plane apart."""
    low = math.tau * (300 + 4 * (code % 256)) / CLIP_RATE_HZ
    high = math.tau * (1600 + 16 * (code // 256 % 256)) / CLIP_RATE_HZ
    count, fade = round(_SIGN_S * CLIP_RATE_HZ), round(_FADE_S * CLIP_RATE_HZ)
    return array(
        "h",
        (
            int(_LOUD * min(1.0, n / fade, (count - n) / fade) * (math.sin(low * n) + math.sin(high * n)))
            for n in range(count)
        ),
    )
