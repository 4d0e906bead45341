"""The store of clips: a WAV file a sound, named by its digest; a link for each reading, and one for each sentence to
that of its reading, so a full store needs no engine.

A file under its final name is whole: it was verified, synced and renamed. Nothing is ever changed in place; what the
disk changed no longer has its name's digest and is removed. A gate finds a clip by its sentence; only who renders
reads it. Sentences of one reading share a clip.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path

from audio import synthesizer_kokoro, synthesizer_pyttsx3, synthesizer_tone, wav_file
from audio.reading import NO_OWN, concerning
from audio.samples import Samples
from audio.syllables import Reading, toned
from config.errors import OutsideError
from config.limits import CLIPS_SPARE_MAX

TEMPLATE = 5
"""Part of a clip's key: raise it with every change of `mastering.py` by which a clip sounds otherwise."""
ENGINES = {
    "pyttsx3": synthesizer_pyttsx3.IDENTITY,
    "tone": synthesizer_tone.IDENTITY,
    **synthesizer_kokoro.IDENTITIES,
}
"""Engines by the name settings use, and what each of them would announce; none is loaded to know it."""


class Clips:
    """The clips of one engine in one folder; several programs may share the folder. `own`: the school's readings."""

    def __init__(self, folder: Path, identity: str, own: Mapping[str, str] = NO_OWN) -> None:
        self.folder = folder
        self.identity = identity
        self.own = own

    def path(self, say: str) -> Path:
        """Where the clip of a sentence is, or will be. Its reading follows from sentence, identity and own readings."""
        return self._named("say", say, json.dumps(sorted(concerning(say, self.own).items())))

    def _clip(self, reading: Reading) -> Path:
        return self._named("reading", toned(reading))

    def _named(self, *parts: str) -> Path:
        return self.folder / _name("\0".join((*parts, self.identity, str(TEMPLATE))).encode())

    def length_s(self, say: str) -> float | None:
        """Seconds of the clip; None when it is missing or broken. Reads only its header."""
        try:
            return wav_file.length_s(self.path(say))
        except OutsideError:
            return None

    def whole_s(self, say: str) -> float | None:
        """Seconds of the clip after a look at every byte, on the disk itself. What is broken is removed: None."""
        length_s = self.length_s(say)
        try:
            sound = self.path(say).resolve(strict=True)
        except OSError:
            return None
        with contextlib.suppress(OSError):
            if length_s is not None and _digested(sound) == sound.name:
                return length_s
        with contextlib.suppress(OSError):
            sound.unlink()
        return None

    def touch(self, say: str) -> None:
        """It was asked for: it is younger than what nobody asks for."""
        with contextlib.suppress(OSError):
            os.utime(self.path(say))

    def share(self, say: str, reading: Reading, work: Path) -> float | None:
        """Let a sentence have the clip of its reading: its length, or None while there is none. Raises OutsideError."""
        try:
            length_s = wav_file.length_s(self._clip(reading))
        except OutsideError:
            return None
        try:
            _link(self.path(say), self._clip(reading).name, work)
        except OSError as error:
            raise self._full(error) from error
        return length_s

    def publish(self, say: str, reading: Reading, clip: Samples, work: Path) -> float:
        """Put a clip into the store by way of `work`, a folder on the same disk; its length. Raises OutsideError."""
        draft, content = work / "clip.wav", wav_file.wav_bytes(clip)
        name = _name(content)
        try:
            draft.write_bytes(content)
            with draft.open("rb") as file:
                os.fsync(file.fileno())
            if _digested(draft) != name:  # a full disk can end a file early
                message = f"the clip cannot be stored in {self.folder}: it reads back otherwise"
                raise OutsideError(message)
            draft.replace(self.folder / name)
            _link(self._clip(reading), name, work)
        except OSError as error:
            raise self._full(error) from error
        length_s = self.share(say, reading, work)
        if length_s is None:
            message = f"the clip in {self.folder} is gone"
            raise OutsideError(message)
        return length_s

    def _full(self, error: OSError) -> OutsideError:
        return (
            error
            if isinstance(error, OutsideError)
            else OutsideError(f"the clip cannot be stored in {self.folder}: {error}")
        )


def prune(folder: Path, kept: Collection[Path], spare_max: int = CLIPS_SPARE_MAX) -> None:
    """Remove what is neither kept nor among the `spare_max` that were asked for last, and links that lead nowhere.

    `kept`: paths of sentences. What an older voice left goes so, and a voice that comes back finds its newest.
    """
    with contextlib.suppress(OSError):  # a disk that cannot be read or written keeps what it has
        files = sorted(folder.glob("*.wav"))
        keep = {path.resolve() for path in kept}
        spare = [path for path in files if not path.is_symlink() and path.resolve() not in keep]
        spare.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
        for path in spare[spare_max:]:
            path.unlink()
        for path in files:
            if path.is_symlink() and not path.exists():
                path.unlink()


def _name(content: bytes) -> str:
    return f"{hashlib.sha256(content).hexdigest()[:32]}.wav"


def _digested(path: Path) -> str:
    """The name that a file's content would have; read from the disk, not from what memory has kept of it."""
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return _name(file.read())


def _link(path: Path, to: str, work: Path) -> None:
    link = work / "link"
    link.unlink(missing_ok=True)
    link.symlink_to(to)
    link.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Without it a power cut can undo the rename."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
