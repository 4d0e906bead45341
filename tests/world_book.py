"""What an outsider can know of a gate: what it wrote to its disk, and what the changes of the day said."""

from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from broker.wire.messages import Alert, LiveCue, Press, Record
from config import limits
from config.changes import Change
from config.day import Cue, GateDay, Window
from config.pacing import by_hand
from edge.book import Alerted, Begun, Cleared, Entry, Pressed, Recorded, Released, Reopened, Said, Slipped


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
    cut: Counter[str] = field(default_factory=Counter)
    """How often an alert cut it."""
    slips: dict[str, float] = field(default_factory=dict)
    rendered: set[str] = field(default_factory=set)
    lives: dict[str, LiveCue] = field(default_factory=dict)
    own: dict[str, datetime] = field(default_factory=dict)
    """Holds of the gate's own: its button's, and what an alert left; since when."""
    own_s: dict[str, float] = field(default_factory=dict)
    """How long each lasted, once it has ended."""
    released: dict[str, float] = field(default_factory=dict)
    """Calls let go at the gate: when, by the true time."""
    alert: Alert | None = None
    alerted_s: float = 0.0
    alerted: datetime | None = None
    first: int = 0
    """Since when, and the number then: of the first of actual alerts that replaced each other."""
    silenced: bool = False

    def afresh(self) -> "GateBook":
        """As a process knows it that starts from one line with all of it."""
        return replace(deepcopy(self), rendered=set(), lives={})

    def take(self, entry: Entry, t: float) -> None:
        """What an entry changes, but for the day."""
        match entry:
            case Begun(record=record):
                self.begun[record.cue, record.attempt] = record
            case Said(cue=cue):
                self.said.add(cue)
            case Recorded(record=record) if record.final:
                self.done.add(record.cue)
            case Reopened(cue=cue):
                self.done.discard(cue)
            case Slipped(window=window, slip_s=slip_s):
                self.slips[window] = slip_s
            case Pressed(press=press) if press.result == "done":
                self._pressed(press, t)
            case Recorded(record=record):
                self.cut[record.cue] += record.result == "cut_short"
            case Released(cue=cue):
                self.released[cue] = t
            case Cleared(id=own) if self.alert is not None and self.alert.id == own:
                self.alert = None
            case Alerted(alert=alert, at=at, gate=gate):
                self._alerted(alert, at, gate, t)
            case _:
                pass

    def _pressed(self, press: Press, t: float) -> None:
        if press.button == "silence":
            self.silenced = True
        elif press.button == "next":
            self.released[press.target or ""] = t
        elif press.ends:
            for own in press.ends:
                self.end(own, press.at)
        else:
            self.open(press.id, press.at)

    def _alerted(self, alert: Alert, at: datetime, gate: str, t: float) -> None:
        standing = self.alert
        if alert.action != "clear":
            if standing is None or standing.status == "drill" or alert.status == "actual":
                if standing is None or standing.status == "drill" or alert.status == "drill":
                    self.alerted, self.first = at, alert.seq
                self.alert, self.alerted_s, self.silenced = alert, t, False
        elif standing is not None and standing.id == alert.clears:
            self.alert, self.silenced = None, False
            if standing.status == "actual":
                self.open(f"{gate}/alert-{self.first}", self.alerted or at)

    def open(self, own: str, at: datetime) -> None:
        self.opened.add(own)
        self.own.setdefault(own, at)

    def end(self, own: str, at: datetime) -> None:
        self.ended.add(own)
        if own in self.own:
            self.own_s.setdefault(own, (at - self.own[own]).total_seconds())

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

    def window(self, cue: Cue) -> Window | None:
        windows = {window.id: window for window in self.day.windows} if self.day else {}
        live = self.lives.get(cue.id)
        return windows.get(cue.window or "") or (live.window if live else None)

    def by_hand(self, cue: Cue) -> bool:
        """Whether a person paces it."""
        return by_hand(cue, self.window(cue))

    def ends(self, cue: Cue) -> datetime:
        """The last instant at which it may begin; a generous one where holds moved the window's end."""
        until = cue.until + timedelta(seconds=self.slip_s(cue))
        window = self.window(cue)
        held_s = self.held_s + sum(max(0.0, own_s) for own_s in self.own_s.values())
        closes = window.closes + timedelta(seconds=min(held_s, limits.HOLD_MOVES_MAX_S)) if window else until
        return closes if self.by_hand(cue) or cue.kind == "close" else min(until, closes)


def hold_of(change: Change) -> str:
    """The hold that a change opened; one of a button has a name already."""
    return change.ids[0] if change.ids else f"change-{change.n}"


def split(token: str) -> tuple[str, int]:
    cue, _, attempt = token.rpartition("|")
    return cue, int(attempt)
