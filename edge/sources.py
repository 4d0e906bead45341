"""What vouches for the gate's time, as data: the sources, what each of them says, the two entries of the journal. Pure;
`trust.py` judges it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from config import limits
from config.types import Frozen, Seconds, Utc

Source = Literal["centre", "kernel", "chip"]
RANK: tuple[Source, ...] = ("centre", "kernel", "chip")
Text = Annotated[str, Field(max_length=128)]


@dataclass(frozen=True, slots=True)
class Anchor:
    """A source's time was `utc` at `monotonic_s`, at most `error_s` wrong then."""

    utc: datetime
    monotonic_s: float
    error_s: float

    def at(self, monotonic_s: float) -> datetime:
        return self.utc + timedelta(seconds=monotonic_s - self.monotonic_s)

    def bound_s(self, monotonic_s: float) -> float:
        return self.error_s + abs(monotonic_s - self.monotonic_s) * limits.DRIFT_PPM / 1e6

    def ahead_s(self, other: "Anchor") -> float:
        return (self.at(other.monotonic_s) - other.utc).total_seconds()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a clock chip shows, in whole seconds. `chip`: which one it is; `ppm`: what it may be off."""

    chip: str
    ppm: float
    utc: datetime


class Anchored(Frozen):
    """Entry of the journal: the anchor that a restarted process of the same `boot` goes on from. `wall_s`: wall clock
    minus monotonic clock then.
    """

    kind: Literal["anchored"] = "anchored"
    source: Literal["centre", "kernel"]
    boot: Text
    utc: Utc
    monotonic_s: float
    error_s: Seconds
    wall_s: float

    def anchor(self) -> Anchor:
        return Anchor(self.utc, self.monotonic_s, self.error_s)


class ChipSet(Frozen):
    """Entry of the journal: this chip was set to `utc`, which was at most so wrong."""

    kind: Literal["chip_set"] = "chip_set"
    chip: Text
    utc: Utc
    error_s: Seconds
