"""The queue rule, written once: the gate steps by it, the centre forecasts by it, pages show it. Pure.

One queue a gate. A call waits for `at` + the slip of its window; `until` moves with it; nothing begins after `closes`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from config import limits
from config.day import Cue, GateDay, Hold, Window

SLIP_MAX_S = 86400.0
"""What a record can carry."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A cue nobody has heard yet, with its window and the slip that moves it."""

    cue: Cue
    window: Window | None
    slip_s: float = 0.0

    @property
    def begins(self) -> datetime:
        """The first audible sample is due now."""
        return self.cue.at + timedelta(seconds=self.slip_s)

    @property
    def ends(self) -> datetime:
        """Not begun by now: never spoken."""
        until = self.cue.until + timedelta(seconds=self.slip_s)
        return until if self.window is None else min(until, self.window.closes)


def windows_now(day: GateDay, holds: Iterable[Hold], now: datetime) -> dict[str, Window]:
    """The windows of a day by id, each with the time that holds lasted inside it added to its `closes`.

    At most 60 min, so that there is an end, and never into quiet.
    """
    spans = sorted((hold.begins, hold.to or now) for hold in holds)
    locks = [span.begins for span in day.quiet]
    return {window.id: _held_open(window, spans, locks) for window in day.windows}


def _held_open(window: Window, spans: Iterable[tuple[datetime, datetime]], locks: Iterable[datetime]) -> Window:
    latest = min(
        [window.closes + timedelta(seconds=limits.HOLD_MOVES_MAX_S), *(at for at in locks if at >= window.closes)]
    )
    closes, counted = window.closes, window.opens
    for began, to in spans:
        inside = max(began, counted)
        if inside < min(to, closes):
            closes, counted = min(closes + (to - inside), latest), to
    return window if closes == window.closes else window.but(closes=closes)


def waiting(
    day: GateDay, done: Iterable[str], slips: Mapping[str, float], windows: Mapping[str, Window] | None = None
) -> list[Waiting]:
    """The cues of a day that may still be spoken. `slips`: seconds by `slip_key`; `windows`: as holds moved them."""
    closed = set(done)
    windows = {window.id: window for window in day.windows} if windows is None else windows
    return [
        Waiting(cue, windows.get(cue.window or ""), slip_of(cue, slips))
        for cue in day.cues
        if cue.state == "planned" and cue.id not in closed
    ]


def first(queue: Iterable[Waiting]) -> Waiting | None:
    """Who is next: what a person released, then by the instant it may begin, ties by id."""
    return min(queue, key=lambda one: (one.cue.released is None, one.begins, one.cue.id), default=None)


def slip_key(of: date, window: str) -> str:
    """A window of a date: what has a slip."""
    return f"{of.isoformat()}/{window}"


def slip_of(cue: Cue, slips: Mapping[str, float]) -> float:
    """Calls move with their window; what is said to everybody (open, notice, close) or was released does not."""
    return slips.get(cue.id.rsplit("/", 2)[0], 0.0) if cue.kind == "call" and cue.released is None else 0.0


def slipped(queue: Iterable[Waiting], free: datetime, returned: datetime | None) -> dict[str, float]:
    """The new slips of windows whose first waiting call is late at the instant the gate becomes `free`.

    The larger of the slip and how late that call is, never a sum. A call that was already due when power, day or
    clock `returned` sets none, that time moves nothing; the first that came due after it does.
    """
    calls = [one for one in queue if one.cue.kind == "call" and one.cue.window and one.cue.released is None]
    new = {}
    for key in dict.fromkeys(one.cue.id.rsplit("/", 2)[0] for one in calls):
        fresh = (one for one in calls if returned is None or one.begins > returned)
        head = first(one for one in fresh if one.cue.id.rsplit("/", 2)[0] == key)
        late_s = (free - head.cue.at).total_seconds() if head else 0.0
        if head and late_s > head.slip_s:
            new[key] = min(late_s, SLIP_MAX_S)
    return new
