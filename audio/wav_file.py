"""WAV files of our one kind of sound, in and out. A file that is not whole is an error, never shorter sound."""

import wave
from array import array
from pathlib import Path

from audio.samples import SAMPLE_BYTES, Samples
from config.errors import OutsideError
from config.limits import CLIP_RATE_HZ

_HEADER_BYTES = 44


def length_s(wav: Path) -> float:
    """Seconds of a file, from its header and size alone. Raises OutsideError when they disagree or it is not ours."""
    try:
        with wave.open(str(wav), "rb") as file:
            shape, frames = (file.getnchannels(), file.getsampwidth(), file.getframerate()), file.getnframes()
        size = wav.stat().st_size
    except (OSError, EOFError, RuntimeError, wave.Error) as error:  # RuntimeError: a chunk longer than its file
        message = f"{wav} is not a readable WAV file: {error}"
        raise OutsideError(message) from error
    if shape != (1, SAMPLE_BYTES, CLIP_RATE_HZ) or size != _HEADER_BYTES + frames * SAMPLE_BYTES:
        message = f"{wav} is broken or not a clip: {shape}, {frames} frames, {size} bytes"
        raise OutsideError(message)
    return frames / CLIP_RATE_HZ


def read_wav(wav: Path) -> Samples:
    """The samples of a WAV file. Raises OutsideError as `length_s` does."""
    length_s(wav)
    samples = array("h")
    samples.frombytes(wav.read_bytes()[_HEADER_BYTES:])
    return samples


def write_wav(wav: Path, samples: Samples) -> None:
    with wave.open(str(wav), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(SAMPLE_BYTES)
        file.setframerate(CLIP_RATE_HZ)
        file.writeframes(samples.tobytes())
