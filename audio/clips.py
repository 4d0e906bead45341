"""The store of clips: a WAV file a reading, and for each sentence a link to it, so a full store needs no engine.

A file under its final name is whole: it was verified, synced and renamed. Nothing is ever changed in place. A gate
finds a clip by its sentence; only who renders reads it. Sentences of one reading share a clip.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from audio import synthesizer_pyttsx3, synthesizer_tone, wav_file
from audio.mastering import TEMPLATE
from audio.reading import NO_OWN
from audio.samples import Samples
from audio.syllables import Reading, toned
from config.errors import OutsideError

ENGINES = {"pyttsx3": synthesizer_pyttsx3.IDENTITY, "tone": synthesizer_tone.IDENTITY}
"""Engines by the name settings use, and what each of them would announce; none is loaded to know it."""


class Clips:
    """The clips of one engine in one folder; several programs may share the folder. `own`: the school's readings."""

    def __init__(self, folder: Path, identity: str, own: Mapping[str, str] = NO_OWN) -> None:
        self.folder = folder
        self.identity = identity
        self._own = json.dumps(sorted(own.items()))

    def path(self, say: str) -> Path:
        """Where the clip of a sentence is, or will be. Its reading follows from sentence, identity and own readings."""
        return self._named("say", say, self._own)

    def _clip(self, reading: Reading) -> Path:
        return self._named("reading", toned(reading))

    def _named(self, *parts: str) -> Path:
        key = hashlib.sha256("\0".join((*parts, self.identity, str(TEMPLATE))).encode()).hexdigest()
        return self.folder / f"{key[:32]}.wav"

    def length_s(self, say: str) -> float | None:
        """Seconds of the clip; None when it is missing or broken. Reads only its header."""
        try:
            return wav_file.length_s(self.path(say))
        except OutsideError:
            return None

    def share(self, say: str, reading: Reading, work: Path) -> float | None:
        """Let a sentence have the clip of its reading: its length, or None while there is none. Raises OutsideError."""
        try:
            length_s = wav_file.length_s(self._clip(reading))
        except OutsideError:
            return None
        link = work / "link"
        try:
            link.unlink(missing_ok=True)
            link.symlink_to(self._clip(reading).name)
            link.replace(self.path(say))
            _sync_folder(self.folder)
        except OSError as error:
            raise self._full(error) from error
        return length_s

    def publish(self, say: str, reading: Reading, clip: Samples, work: Path) -> float:
        """Put a clip into the store by way of `work`, a folder on the same disk; its length. Raises OutsideError."""
        draft = work / "clip.wav"
        try:
            wav_file.write_wav(draft, clip)
            with draft.open("rb") as file:
                os.fsync(file.fileno())
            wav_file.length_s(draft)  # a full disk can end a file early
            draft.replace(self._clip(reading))
            _sync_folder(self.folder)
        except OSError as error:
            raise self._full(error) from error
        length_s = self.share(say, reading, work)
        if length_s is None:
            message = f"the clip in {self.folder} is gone"
            raise OutsideError(message)
        return length_s

    def _full(self, error: OSError) -> OutsideError:
        return OutsideError(f"the clip cannot be stored in {self.folder}: {error}")


def _sync_folder(folder: Path) -> None:
    """Without it a power cut can undo the rename."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
