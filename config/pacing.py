"""The queue rule, written once: the gate steps by it, the centre forecasts by it, pages show it. Pure.

One queue a gate. In a `timed` window a call waits for `at` + the slip of its window, and `until` moves with it. In a
`guarded` or `ready` window `at` gives the order alone: a call waits for a person, and may until the window closes.
Nothing begins after `closes`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from config import limits
from config.day import Cue, GateDay, Hold, Window

SLIP_MAX_S = 86400.0
"""What a record can carry."""
NEVER = datetime.max.replace(tzinfo=UTC)
"""When a call begins that still waits for a person."""
EVER = datetime.min.replace(tzinfo=UTC)
"""Since when a gap lasts of which nobody knows the beginning: the power was off."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A cue nobody has heard yet, with its window and the slip that moves it.

    `released`: when a person, or the end of a wait, let it go, if that still counts. `passed`: it was passed over.
    `blocked`: a closing notice while a call of its window is open.
    """

    cue: Cue
    window: Window | None
    slip_s: float = 0.0
    released: datetime | None = None
    passed: bool = False
    blocked: bool = False

    @property
    def by_hand(self) -> bool:
        """Whether it waits for a person, not for the clock."""
        return by_hand(self.cue, self.window)

    @property
    def begins(self) -> datetime:
        """The first audible sample is due now."""
        if self.blocked or (self.by_hand and self.released is None):
            return NEVER
        if self.by_hand and self.released is not None and self.window is not None:
            return max(self.released, self.window.opens)
        return self.cue.at + timedelta(seconds=self.slip_s)

    @property
    def ends(self) -> datetime:
        """Not begun by now: never spoken."""
        return ends(self.cue, self.window, self.slip_s)

    @property
    def order(self) -> tuple[object, ...]:
        """What is released first, then by the instant it may begin; those that wait for a person by their place."""
        return self.released is None, self.begins, self.passed, self.cue.at, self.cue.id


def ends(cue: Cue, window: Window | None, slip_s: float = 0.0) -> datetime:
    """The last instant at which a cue may begin."""
    if window is not None and (by_hand(cue, window) or cue.kind == "close"):
        return window.closes
    until = cue.until + timedelta(seconds=slip_s)
    return until if window is None else min(until, window.closes)


def latest(cue: Cue, window: Window | None, slip_s: float) -> datetime:
    """The last instant at which a cue could be planned and still begin: what a slip does to both ends is taken off."""
    return ends(cue, window, slip_s) - timedelta(seconds=slip_s)


def by_hand(cue: Cue, window: Window | None) -> bool:
    """Whether a person paces this cue: calls of guarded and ready windows; a notice goes by the clock."""
    return window is not None and window.pacing != "timed" and cue.kind == "call"


def hushed(day: GateDay, begins: datetime, ends: datetime) -> bool:
    """Nothing that lasts from `begins` to `ends` may speak: a trial, or an exam lock that touches it."""
    locked = (span.begins < ends and (span.to is None or begins < span.to) for span in day.quiet)
    return day.mode == "trial" or any(locked)


def windows_now(day: GateDay, holds: Iterable[Hold], now: datetime) -> dict[str, Window]:
    """The windows of a day by id, each with the time that holds lasted inside it added to its `closes`.

    At most 60 min, so that there is an end, and never into quiet of the plan: an exam. Quiet that a person began may
    end at any moment; what is due in it is shown.
    """
    spans = sorted((hold.begins, hold.to or now) for hold in holds)
    locks = [span.begins for span in day.quiet if not span.id.startswith("change-")]
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


@dataclass(frozen=True, slots=True)
class Hands:
    """What people and waits did with the calls of a gate, by cue: `released` at an instant, `passed` over."""

    released: Mapping[str, datetime]
    passed: frozenset[str]


NOBODY = Hands({}, frozenset())


def waiting(
    day: GateDay,
    done: Iterable[str],
    slips: Mapping[str, float],
    windows: Mapping[str, Window] | None = None,
    *,
    hands: Hands = NOBODY,
    now: datetime | None = None,
) -> list[Waiting]:
    """The cues of a day that may still be spoken. `slips`: seconds by `slip_key`; `windows`: as holds moved them;
    `now`: what was released too long ago is released no more.
    """
    closed = set(done)
    windows = {window.id: window for window in day.windows} if windows is None else windows
    left = [cue for cue in day.cues if cue.state == "planned" and cue.id not in closed]
    calling = {cue.window for cue in left if cue.kind == "call"}
    return [
        Waiting(
            cue,
            windows.get(cue.window or ""),
            slip_of(cue, slips, windows.get(cue.window or "")),
            release(cue, windows.get(cue.window or ""), hands, now),
            cue.id in hands.passed,
            cue.kind == "close" and cue.window in calling,
        )
        for cue in left
    ]


def release(cue: Cue, window: Window | None, hands: Hands, now: datetime | None) -> datetime | None:
    """When a cue was released, by the day or at the gate, if that still counts. It counts for `until - at`."""
    instants = [at for at in (cue.released, hands.released.get(cue.id)) if at is not None]
    if not instants or not by_hand(cue, window) or now is None:
        return max(instants, default=None)
    newest = max(instants)
    return newest if now < max(newest, window.opens if window else newest) + (cue.until - cue.at) else None


def first(queue: Iterable[Waiting]) -> Waiting | None:
    """Who is next."""
    return min(queue, key=lambda one: one.order, default=None)


def upcoming(queue: Iterable[Waiting], now: datetime) -> Waiting | None:
    """What people should expect next: what may begin now, else who waits for a person in an open window, else the
    next by the clock.
    """
    ordered = sorted(queue, key=lambda one: one.order)
    ready = (one for one in ordered if one.begins <= now)
    hands = (one for one in ordered if one.by_hand and one.window and one.window.opens <= now < one.window.closes)
    return next(ready, None) or next(hands, None) or next(iter(ordered), None)


def slip_key(of: date, window: str) -> str:
    """A window of a date: what has a slip."""
    return f"{of.isoformat()}/{window}"


def slip_of(cue: Cue, slips: Mapping[str, float], window: Window | None = None) -> float:
    """Calls move with their window; what is said to everybody (open, notice, close), was released or waits for a
    person does not.
    """
    moves = cue.kind == "call" and cue.released is None and not by_hand(cue, window)
    return slips.get(cue.id.rsplit("/", 2)[0], 0.0) if moves else 0.0


Gap = tuple[datetime, datetime]


def slipped(queue: Iterable[Waiting], free: datetime, gaps: Sequence[Gap] = ()) -> dict[str, float]:
    """The new slips of windows whose first waiting call is late at the instant the gate becomes `free`.

    The larger of the slip and how late that call is, never a sum. A call that came due in one of the `gaps`, without
    power, day or clock, sets none, that time moves nothing; the first that came due at another time does.
    """
    calls = [
        one for one in queue
        if one.cue.kind == "call" and one.cue.window and one.cue.released is None and not one.by_hand
    ]  # fmt: skip
    new = {}
    for key in dict.fromkeys(one.cue.id.rsplit("/", 2)[0] for one in calls):
        fresh = (one for one in calls if not any(lost <= one.begins <= back for lost, back in gaps))
        head = first(one for one in fresh if one.cue.id.rsplit("/", 2)[0] == key)
        late_s = (free - head.cue.at).total_seconds() if head else 0.0
        if head and late_s > head.slip_s:
            new[key] = min(late_s, SLIP_MAX_S)
    return new
