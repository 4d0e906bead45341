"""WAV files of our one kind of sound, in and out. A file that is not whole is an error, never shorter sound.

What ships with the program is the same sound in 8 bits (G.711 mu-law), packed: `.wav.gz`, a third of the bytes.
"""

import gzip
import io
import struct
import wave
import zlib
from array import array
from pathlib import Path

from audio.samples import SAMPLE_BYTES, Samples
from config.errors import OutsideError
from config.limits import CLIP_RATE_HZ

PACKED = ".wav.gz"
_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_PCM, _LAW = 1, 7
_BIAS, _CLIP = 132, 32635
"""Of G.711."""


def length_s(wav: Path) -> float:
    """Seconds of a file, from its header and size alone. Raises OutsideError when they disagree or it is not ours."""
    if wav.name.endswith(PACKED):
        return len(read_wav(wav)) / CLIP_RATE_HZ
    try:
        with wav.open("rb") as file:
            header, size = file.read(_HEADER.size), wav.stat().st_size
    except OSError as error:
        raise _unreadable(wav, error) from error
    return _data_bytes(wav, header, size, _PCM) / SAMPLE_BYTES / CLIP_RATE_HZ


def read_wav(wav: Path) -> Samples:
    """The samples of a WAV file. Raises OutsideError as `length_s` does."""
    try:
        content = wav.read_bytes()
        if packed := wav.name.endswith(PACKED):
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(wav, error) from error
    _data_bytes(wav, content, len(content), _LAW if packed else _PCM)
    samples = array("h")
    samples.frombytes(_widened(content[_HEADER.size :]) if packed else content[_HEADER.size :])
    return samples


def write_wav(wav: Path, samples: Samples) -> None:
    wav.write_bytes(wav_bytes(samples))


def wav_bytes(samples: Samples) -> bytes:
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(SAMPLE_BYTES)
        file.setframerate(CLIP_RATE_HZ)
        file.writeframes(samples.tobytes())
    return content.getvalue()


def packed(samples: Samples) -> bytes:
    """What a file named `.wav.gz` holds."""
    data = bytes(map(_law, samples))
    size = _HEADER.size - 8 + len(data)
    shape = (16, _LAW, 1, CLIP_RATE_HZ, CLIP_RATE_HZ, 1, 8)
    header = _HEADER.pack(b"RIFF", size, b"WAVE", b"fmt ", *shape, b"data", len(data))
    return gzip.compress(header + data, 9, mtime=0)


def _data_bytes(wav: Path, header: bytes, size: int, kind: int) -> int:
    """The bytes of sound in a file of so many bytes. Raises OutsideError when it is not one of ours, whole."""
    if len(header) < _HEADER.size:
        raise _unreadable(wav, "it has no header")
    riff, _, form, _, _, *shape, word, count = _HEADER.unpack_from(header)
    width = SAMPLE_BYTES if kind == _PCM else 1
    ours = [kind, 1, CLIP_RATE_HZ, CLIP_RATE_HZ * width, width, width * 8]
    if (riff, form, word) != (b"RIFF", b"WAVE", b"data"):
        raise _unreadable(wav, "it is no WAV file as we write them")
    if shape != ours or size != _HEADER.size + count or count % width:
        message = f"{wav} is broken or not a clip: {shape}, {count} bytes of sound, {size} bytes"
        raise OutsideError(message)
    return int(count)


def _unreadable(wav: Path, why: object) -> OutsideError:
    return OutsideError(f"{wav} is not a readable WAV file: {why}")


def _law(sample: int) -> int:
    """A sample in 8 bits: sign, 3 bits of size, 4 bits of detail, all turned over."""
    biased = min(abs(sample), _CLIP) + _BIAS
    size = biased.bit_length() - 8
    return ~((0x80 if sample < 0 else 0) | size << 4 | biased >> (size + 3) & 15) & 255


def _wide(byte: int) -> int:
    turned = ~byte & 255
    level = ((turned & 15) << 3 | _BIAS) << (turned >> 4 & 7)
    return _BIAS - level if turned & 0x80 else level - _BIAS


_WIDE = array("h", map(_wide, range(256))).tobytes()
_LOW, _HIGH = _WIDE[0::2], _WIDE[1::2]


def _widened(law: bytes) -> bytes:
    """By table, both halves of each sample at once: an alert cannot wait for a loop."""
    wide = bytearray(2 * len(law))
    wide[0::2], wide[1::2] = law.translate(_LOW), law.translate(_HIGH)
    return bytes(wide)
