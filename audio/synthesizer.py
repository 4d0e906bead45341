"""The synthesizer's seam: readings in, raw WAV files out. Engines are behind it; `clips.py` makes clips of them."""

import importlib.metadata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from audio.reading import VERSION
from audio.syllables import Reading


@dataclass(frozen=True, slots=True)
class Spoken:
    """One sentence's result: its WAV file (mono, 16 bit), or None and why."""

    reading: Reading
    wav: Path | None
    why: str = ""


class Synthesizer(Protocol):
    """Blocks; called only in the rendering child, never in a program that fires calls."""

    identity: str
    """Engine, version, voice, rate, version of the reading: part of a clip's key, so a changed voice renders anew."""

    def check(self) -> None:
        """Tell a right voice from a wrong one. Raises OutsideError with what is missing."""
        ...

    def speak(self, readings: Sequence[Reading], folder: Path) -> Iterator[Spoken]:
        """Speak each reading into a file in `folder`; one result each, in order. A sentence that failed is a result.

        Raises OutsideError when the engine itself is lost: the rest needs a new one.
        """
        ...


def version(package: str) -> str:
    try:
        return f"{package} {importlib.metadata.version(package)}"
    except importlib.metadata.PackageNotFoundError:
        return f"no {package}"


def identity(*engine: str) -> str:
    """An engine's name for itself, with what reads for it: a new dictionary may read a sentence in another way."""
    return "/".join((*engine, f"reading {VERSION}", version("pypinyin")))
