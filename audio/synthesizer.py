"""The synthesizer's seam: sentences in, raw WAV files out. Engines are behind it; `clips.py` makes clips of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Spoken:
    """One sentence's result: its WAV file (mono, 16 bit), or None and why."""

    text: str
    wav: Path | None
    why: str = ""


class Synthesizer(Protocol):
    """Blocks; called only in the rendering child, never in a program that fires calls."""

    identity: str
    """Engine, version, voice, rate: part of a clip's key, so that a changed voice renders anew."""

    def check(self) -> None:
        """Tell a right voice from a wrong one. Raises OutsideError with what is missing."""
        ...

    def speak(self, texts: Sequence[str], folder: Path) -> Iterator[Spoken]:
        """Speak each text into a file in `folder`; one result a text, in order. A sentence that failed is a result.

        Raises OutsideError when the engine itself is lost: the rest needs a new one.
        """
        ...
