"""What an outsider can know of a gate: what it wrote to its disk, and what the changes of the day said."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from broker.wire.messages import LiveCue, Record
from config import limits
from config.day import Cue, GateDay


@dataclass
class GateBook:
    """One gate, as its disk and the changes tell it."""

    day: GateDay | None = None
    opened: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    held_s: float = 0.0
    begun: dict[tuple[str, int], Record] = field(default_factory=dict)
    said: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)
    slips: dict[str, float] = field(default_factory=dict)
    rendered: set[str] = field(default_factory=set)
    lives: dict[str, LiveCue] = field(default_factory=dict)

    @property
    def held(self) -> set[str]:
        return self.opened - self.ended

    def cue(self, of: str) -> Cue | None:
        """As the newest that reached the gate has it."""
        live = self.lives.get(of)
        if live is not None and (self.day is None or live.revision > self.day.revision):
            return live.cue
        return next((cue for cue in self.day.cues if cue.id == of), None) if self.day else None

    def slip_s(self, cue: Cue) -> float:
        return self.slips.get(cue.id.rsplit("/", 2)[0], 0.0) if cue.kind == "call" and cue.released is None else 0.0

    def ends(self, cue: Cue) -> datetime:
        """The last instant at which it may begin; a generous one where holds moved the window's end."""
        until = cue.until + timedelta(seconds=self.slip_s(cue))
        windows = {window.id: window for window in self.day.windows} if self.day else {}
        live = self.lives.get(cue.id)
        window = windows.get(cue.window or "") or (live.window if live else None)
        held = timedelta(seconds=min(self.held_s, limits.HOLD_MOVES_MAX_S))
        return min(until, window.closes + held) if window else until
