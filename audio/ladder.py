"""The fallback ladder: which engines speak a sentence, the best first, and what is played of what they made.

Each rung says the same sentence. Below the last is what ships: an alert in its own words; for a class call that nothing
can speak, `STAND_IN`, which names no class. Never silence, never a wrong class. What a slow rung has not spoken yet,
the next one says meanwhile.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from audio import synthesizer_kokoro, synthesizer_recorded
from audio.clips import ENGINES, Clips
from audio.reading import NO_OWN
from audio.shipped import ALERTS, STAND_IN_CLIP

ALWAYS = "pyttsx3"
"""Works everywhere. The tones speak for nobody: they are for trials."""
TRIAL = "tone"
SLOW = frozenset(synthesizer_kokoro.VOICES)
"""They take seconds a sentence, on a Pi a quarter of a minute: a notice for now cannot wait for them."""


@dataclass(frozen=True, slots=True)
class Rung:
    """An engine, and the store of what it spoke."""

    engine: str
    clips: Clips

    @property
    def slow(self) -> bool:
        return self.engine in SLOW


class Ladder:
    """`voice`: the engine of the settings; `recorded`: a folder of recordings, which come before it; `own`: the
    school's readings.
    """

    def __init__(self, voice: str, folder: Path, recorded: Path | None = None) -> None:
        assert voice in ENGINES, f"no engine {voice}"
        identities = {} if recorded is None else {"recorded": synthesizer_recorded.identity(recorded)}
        identities[voice] = ENGINES[voice]
        if voice != TRIAL:
            identities[ALWAYS] = ENGINES[ALWAYS]
        self.folder = folder
        self.recorded = recorded
        self.own = NO_OWN
        self.rungs = tuple(Rung(engine, Clips(folder, identity)) for engine, identity in identities.items())
        self._ships = voice != TRIAL

    def reading(self, own: Mapping[str, str]) -> Self:
        """The same, with other readings."""
        other = copy.copy(self)
        other.own = own
        other.rungs = tuple(Rung(one.engine, Clips(self.folder, one.clips.identity, own)) for one in self.rungs)
        return other

    def rungs_of(self, say: str) -> tuple[Rung, ...]:
        """An alert ships in the voice that always works: only a better one is waited for."""
        if self._ships and say in ALERTS:
            return tuple(rung for rung in self.rungs if rung.engine != ALWAYS)
        return self.rungs

    def shipped(self, say: str) -> Path:
        return ALERTS.get(say, STAND_IN_CLIP)

    def path(self, say: str) -> Path | None:
        """The best clip that is there now."""
        return next((rung.clips.path(say) for rung in self.rungs_of(say) if rung.clips.length_s(say)), None)
