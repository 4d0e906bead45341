"""Speech that a person recorded: a folder of WAV files, each named by its sentence. A teacher's voice, checked as any.

A file speaks for every sentence that is read as its name is, pauses included; the end of the sentence does not count.
What has no recording is spoken by the next engine; a recording that is there and no good says so.
"""

import hashlib
import os
import sys
import wave
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from audio import synthesizer
from audio.reading import read
from audio.samples import SAMPLE_BYTES, Samples
from audio.syllables import Reading
from audio.synthesizer import Spoken
from audio.wav_file import write_wav
from config.errors import BadInputError, OutsideError
from config.limits import CLIP_MAX_S, RECORDING_MAX_BYTES, RECORDINGS_MAX

_RATES_HZ = range(16_000, 96_001)


class RecordedSynthesizer:
    """`own`: the school's readings, by which names are read too."""

    def __init__(self, recordings: Path, own: Mapping[str, str]) -> None:
        self.identity = identity(recordings)
        self._recordings = recordings
        self._own = own
        self._files: dict[Reading, list[Path]] = {}

    def check(self) -> None:
        """Look at every name. What cannot be read is told on stderr: no sentence will ever ask for it."""
        for file in _files(self._recordings):
            try:
                reading = read(file.stem, self._own)
            except BadInputError as error:
                sys.stderr.write(f"{file}：{error}\n")
            else:
                self._files.setdefault(_open_ended(reading), []).append(file)

    def speak(self, readings: Sequence[Reading], folder: Path) -> Iterator[Spoken]:
        for number, reading in enumerate(readings):
            files = self._files.get(_open_ended(reading), [])
            if len(files) > 1:
                names = "、".join(file.name for file in files)
                yield Spoken(reading, None, f"读音相同的录音有两个 two recordings are read alike: {names}")
            elif files:
                yield _spoken(reading, files[0], folder / f"{number}.wav")
            else:
                yield Spoken(reading, None)


def identity(recordings: Path) -> str:
    """With the names, sizes and times of all files: a recording that was replaced is made a clip anew."""
    digest = hashlib.sha256()
    try:
        for file in _files(recordings):
            stat = file.stat()
            digest.update(os.fsencode(f"{file.name}\0{stat.st_size}\0{stat.st_mtime_ns}\0"))  # a name is any bytes
    except OSError:  # the child says why
        return synthesizer.identity("recorded", "unreadable")
    return synthesizer.identity("recorded", digest.hexdigest()[:16])


def _files(recordings: Path) -> list[Path]:
    """Raises OutsideError."""
    try:
        files = (file for file in recordings.iterdir() if file.suffix.lower() == ".wav" and file.is_file())
        found = sorted(islice(files, RECORDINGS_MAX + 1))
    except OSError as error:
        message = f"录音文件夹读不了 the folder of recordings cannot be read: {error}"
        raise OutsideError(message) from error
    if len(found) > RECORDINGS_MAX:
        message = f"{recordings}：录音超过 more than {RECORDINGS_MAX} recordings"
        raise OutsideError(message)
    return found


def _open_ended(reading: Reading) -> Reading:
    """Without what follows the last syllable; pauses inside tell 三（12）班 from 三十二班."""
    return (*reading[:-1], replace(reading[-1], pause=""))


def _spoken(reading: Reading, file: Path, wav: Path) -> Spoken:
    try:
        write_wav(wav, _heard(file))
    except OSError as error:
        return Spoken(reading, None, f"{file.name}：{error}")
    except (EOFError, wave.Error) as error:  # mp3 under another name, float, or the longer header of some programs
        remedy = "请另存为普通的 16 位 WAV（PCM） save it as a plain 16-bit WAV (PCM)"
        return Spoken(reading, None, f"{file.name}：{str(error) or 'empty'}；{remedy}")
    return Spoken(reading, wav)


def _heard(file: Path) -> Samples:
    """The samples of a recording at our rate, of both channels together. Raises OutsideError for another kind."""
    if file.stat().st_size > RECORDING_MAX_BYTES:
        message = f"超过 larger than {RECORDING_MAX_BYTES} bytes"
        raise OutsideError(message)
    with wave.open(str(file), "rb") as recording:
        channels, rate_hz, count = recording.getnchannels(), recording.getframerate(), recording.getnframes()
        if recording.getsampwidth() != SAMPLE_BYTES or channels not in {1, 2} or rate_hz not in _RATES_HZ:
            message = (
                f"{8 * recording.getsampwidth()} bit, {channels} channels, {rate_hz} Hz；"
                "请存为 16 位、单声道或立体声、16000–96000 Hz 的 WAV save it as 16 bit, mono or stereo"
            )
            raise OutsideError(message)
        samples = array("h")
        samples.frombytes(recording.readframes(count))
    if len(samples) != count * channels:
        message = "文件不完整 the file is cut short"
        raise OutsideError(message)
    if count > CLIP_MAX_S * rate_hz:
        message = f"超过 longer than {CLIP_MAX_S:g} s"
        raise OutsideError(message)
    if channels == 2:  # noqa: PLR2004 (left and right)
        samples = array("h", ((left + right) // 2 for left, right in zip(samples[0::2], samples[1::2], strict=True)))
    from audio.resampling import resampled  # noqa: PLC0415 (only the child loads numpy)

    return resampled(samples, rate_hz)
