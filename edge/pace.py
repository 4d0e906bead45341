"""Who may begin, and how long a class waits for a person: guarded and ready windows at a gate. Pure.

A person's release asks less of the clock than a call by the clock: only that now, give or take its bound, is inside the
window. A class is never called for having waited before its own `at`.
"""

import math

from config import limits
from config.clock import Instant
from config.day import Cue, Window
from config.pacing import NEVER, Waiting, by_hand
from edge.book import Released
from edge.records import passed_over
from edge.turn import Turn
from edge.view import trusted

_NO_WAIT_S = 1e-6
"""Sums of seconds are off by less; a rest that is no time would wake the gate again at the same instant, for ever."""


def may_begin(now: Instant, cue: Cue, window: Window | None) -> bool:
    """Whether the clock is good enough for this cue."""
    if window is not None and by_hand(cue, window):
        return inside(now, window)
    return trusted(now)


def inside(now: Instant, window: Window) -> bool:
    """Whether now is in the window, whatever the clock's error is within its bound."""
    if now.bound_s is None:
        return False
    return (now.utc - window.opens).total_seconds() >= now.bound_s < (window.closes - now.utc).total_seconds()


def shown_next(queue: list[Waiting], now: Instant) -> Waiting | None:
    """The call that a press of `next` releases: the first that waits for a person in an open window."""
    heads = [one for one in queue if one.by_hand and one.released is None and one.window and inside(now, one.window)]
    return min(heads, key=lambda one: one.order, default=None)


def one_waits(queue: list[Waiting], now: Instant) -> bool:
    """Whether a released call of an open window has not begun yet: one may wait, no more."""
    return any(one.by_hand and one.released is not None and one.window and inside(now, one.window) for one in queue)


def wait(turn: Turn) -> None:
    """With every event: count how long calls wait, and let go or pass over what has waited long enough."""
    now_s, state = turn.now.monotonic_s, turn.state
    queue = turn.queue
    names = {one.cue.id for one in queue if one.released is None}  # a release that is over needs a whole new wait
    waited = {cue: s + (now_s - state.counted_s) * (cue in state.counting) for cue, s in state.waited.items()}
    waited = {cue: s for cue, s in waited.items() if cue in names}
    counting = [] if state.held or not turn.decides else _counting(turn, queue)
    left_s = [at_s for one in queue if one.by_hand and (at_s := (one.cue.at - turn.now.utc).total_seconds()) > 0]
    for one in counting:
        assert one.window is not None, "what waits for a person has a window"
        rest_s = one.window.max_wait_s - waited.setdefault(one.cue.id, 0.0)
        if rest_s > _NO_WAIT_S:
            left_s.append(rest_s)
        elif one.window.on_timeout == "call":
            turn.write(Released(cue=one.cue.id, at=turn.now.utc))
        else:
            turn.record(passed_over(state, turn.now, one))
    late = _no_longer_fits(queue)[: limits.WHY_MAX]
    if (standing := turn.state.book.problems.get("window-short")) is not None and standing.args["why"] != late:
        turn.problem("window-short", "")  # other classes: said anew
    turn.problem("window-short", late)
    turn.set(
        waited=waited,
        counting=tuple(one.cue.id for one in counting),
        counted_s=now_s,
        waits_until_s=now_s + min(left_s, default=math.inf),
    )


def _no_longer_fits(queue: list[Waiting]) -> str:
    """The calls by the clock that would begin after their window: somebody extends it, or they are not called."""
    late = [one for one in queue if one.window and one.cue.kind == "call" and one.window.closes <= one.begins < NEVER]
    return " ".join(one.cue.id.split("/")[2] for one in late)


def _counting(turn: Turn, queue: list[Waiting]) -> list[Waiting]:
    """In `guarded` the class that is next, in `ready` each that is due; one that was passed over waits for ever."""
    heads: set[str] = set()
    counting = []
    for one in queue:
        window = one.window
        if window is None or not one.by_hand or one.released or one.passed or not inside(turn.now, window):
            continue
        key = one.cue.id.rsplit("/", 2)[0]
        if (window.pacing == "ready" or key not in heads) and one.cue.at <= turn.now.utc and window.max_wait_s > 0:
            counting.append(one)
        heads.add(key)
    return counting
