"""The player's seam: one clip at a time, asynchronous, one answer for each. Fakes and devices pass one suite."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Played:
    """What became of one clip.

    `token` is the caller's, handed back. `whole` only when all of it was heard; `cut` when `cut()` ended it; `failed`
    for anything else, with `why`. `began_s`: monotonic instant of the clip's first sample, None if none sounded.
    """

    token: str
    result: Literal["whole", "cut", "failed"]
    began_s: float | None
    why: str = ""


OnPlayed = Callable[[Played], None]


class Player(Protocol):
    """Plays WAV clips (mono, 16 bit). `on_played`, given when it is made, is called once a `play`, on any thread."""

    def play(self, token: str, clip: Path, gain_db: float) -> None:
        """Begin at once, without blocking. A missing or broken file is an answer `failed`. Illegal while one plays.

        After `cut` it is legal before the answer came, once: it begins as soon as the device lets go.
        """
        ...

    def cut(self) -> None:
        """Silence now (within 50 ms). Its answer is `cut`; without a clip playing nothing happens."""
        ...

    def check(self) -> str:
        """Empty when a call could be heard now, else what is wrong, in words for the journal."""
        ...

    def close(self) -> None:
        """Cut and release everything; may be called twice."""
        ...
