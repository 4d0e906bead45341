"""The store of clips: a WAV file a sentence, found by sentence and engine alone, so a full store needs no engine.

A file under its final name is whole: it was verified, synced and renamed. Nothing is ever changed in place.
"""

import hashlib
import os
from pathlib import Path

from audio import synthesizer_pyttsx3, synthesizer_tone, wav_file
from audio.mastering import TEMPLATE
from audio.samples import Samples
from config.errors import OutsideError

ENGINES = {"pyttsx3": synthesizer_pyttsx3.IDENTITY, "tone": synthesizer_tone.IDENTITY}
"""Engines by the name settings use, and what each of them would announce; none is loaded to know it."""


class Clips:
    """The clips of one engine in one folder; several programs may share the folder."""

    def __init__(self, folder: Path, identity: str) -> None:
        self.folder = folder
        self.identity = identity

    def path(self, say: str) -> Path:
        """Where the clip of a sentence is, or will be. The reading follows from sentence and identity."""
        key = hashlib.sha256("\0".join((say, self.identity, str(TEMPLATE))).encode()).hexdigest()
        return self.folder / f"{key[:32]}.wav"

    def length_s(self, say: str) -> float | None:
        """Seconds of the clip; None when it is missing or broken. Reads only its header."""
        try:
            return wav_file.length_s(self.path(say))
        except OutsideError:
            return None

    def publish(self, say: str, clip: Samples, work: Path) -> float:
        """Put a clip into the store by way of `work`, a folder on the same disk; its length. Raises OutsideError."""
        draft = work / "clip.wav"
        try:
            wav_file.write_wav(draft, clip)
            with draft.open("rb") as file:
                os.fsync(file.fileno())
            length_s = wav_file.length_s(draft)  # a full disk can end a file early
            draft.replace(self.path(say))
            _sync_folder(self.folder)
        except OSError as error:
            message = f"the clip cannot be stored in {self.folder}: {error}"
            raise OutsideError(message) from error
        return length_s


def _sync_folder(folder: Path) -> None:
    """Without it a power cut can undo the rename."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
