"""A damaged WAV file is an error that a player answers with, never one that ends its thread."""

from array import array
from pathlib import Path

import pytest

from audio.samples import Samples
from audio.wav_file import read_wav, write_wav
from config.errors import OutsideError

HEADER_BYTES = 44


@pytest.mark.parametrize("place", range(HEADER_BYTES))
def test_a_header_with_a_damaged_byte_is_read_whole_or_refused(place: int, tmp_path: Path) -> None:
    samples, wav = array("h", range(100)), tmp_path / "clip.wav"
    write_wav(wav, samples)
    content = wav.read_bytes()
    for damaged in {0, 1, 2, 127, 255, content[place] ^ 0x80} - {content[place]}:
        wav.write_bytes(content[:place] + bytes([damaged]) + content[place + 1 :])
        assert read_or_refused(wav) in (samples, None)


def read_or_refused(wav: Path) -> "Samples | None":
    try:
        return read_wav(wav)
    except OutsideError:
        return None


@pytest.mark.parametrize("length", range(HEADER_BYTES + 199))
def test_a_file_that_ends_too_soon_is_refused(length: int, tmp_path: Path) -> None:
    wav = tmp_path / "clip.wav"
    write_wav(wav, array("h", range(100)))
    wav.write_bytes(wav.read_bytes()[:length])
    with pytest.raises(OutsideError, match=r"clip\.wav"):
        read_wav(wav)
