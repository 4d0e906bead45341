"""One step of the gate while it is made: the state as it changes, and the effects so far. Pure."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from broker.wire.messages import Problem, Record
from config import limits
from config.clock import Instant
from config.pacing import Waiting
from edge.alphabet import Effect, State, Write
from edge.book import Entry, Noted, Recorded, apply
from edge.view import trusted, waiting_here


class Turn:
    """The state as it changes within one step, and the effects so far."""

    def __init__(self, state: State, now: Instant) -> None:
        self.state, self.now = state, now
        self.effects: list[Effect] = []
        self._queue: list[Waiting] = []
        self._made_of: tuple[object, ...] = ()

    @property
    def queue(self) -> list[Waiting]:
        """What this gate may still have to say, in order; worked out anew only when what it follows from changed."""
        made_of = (self.state.book, self.state.lives, self.state.doing, self.state.zone)
        if not self._made_of or any(one is not other for one, other in zip(made_of, self._made_of, strict=True)):
            self._queue, self._made_of = waiting_here(self.state, self.now), made_of
        return self._queue

    def set(self, **changes: Any) -> None:  # noqa: ANN401 - the fields of State, checked by replace()
        """What stays as it is costs nothing: most events change little."""
        if new := {name: value for name, value in changes.items() if getattr(self.state, name) != value}:
            self.state = replace(self.state, **new)

    def write(self, entry: Entry) -> None:
        self.state = replace(self.state, book=apply(self.state.book, entry))
        self.effects.append(Write(entry))

    def record(self, record: Record, until: datetime | None = None) -> None:
        self.write(Recorded(seq=self.state.book.seq + 1, record=record, until=until))

    def problem(self, code: str, why: str) -> None:
        """Open a problem (`why`), or close it (empty). Said once, whatever the reason becomes."""
        book, at = self.state.book, self.now.utc
        seq, standing = book.seq + 1, book.problems.get(code)
        if why and standing is None:
            made = Problem(
                id=f"{book.log}-{seq}", code=code, args={"why": why[: limits.WHY_MAX]}, opened_at=at, closed_at=None
            )
            self.write(Noted(seq=seq, problem=made))
        elif not why and standing is not None:
            self.write(Noted(seq=seq, problem=standing.but(closed_at=at)))

    def doubt(self, says: Iterable[str]) -> None:
        """What could not be played is asked for again: perhaps its clip is broken, and the renderer makes it anew."""
        self.set(asked={**self.state.asked, **dict.fromkeys(says, self.now.monotonic_s)})

    def after(self, seconds: float) -> datetime:
        return self.now.utc + timedelta(seconds=seconds)

    @property
    def decides(self) -> bool:
        """Whether the clock is good enough for what it alone decides: calls by the clock, missed, slip."""
        return trusted(self.now)
