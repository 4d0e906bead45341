"""How far the gate's time can be from the school's: exchanges with the centre, and the crystal's drift since. Pure.

From the best exchange on, the monotonic clock carries the school's time, so the gate's wall clock does not matter; a
step of it still ends the bound until the next exchange, because then nobody knows what happened to the machine.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from broker.wire.messages import Ask, Time
from config import limits
from config.clock import Instant


@dataclass(frozen=True, slots=True)
class Anchor:
    """The school's time `utc` at `monotonic_s`, at most `error_s` wrong then."""

    utc: datetime
    monotonic_s: float
    error_s: float

    def at(self, monotonic_s: float) -> datetime:
        return self.utc + timedelta(seconds=monotonic_s - self.monotonic_s)

    def bound_s(self, monotonic_s: float) -> float:
        return self.error_s + abs(monotonic_s - self.monotonic_s) * limits.DRIFT_PPM / 1e6


@dataclass(frozen=True, slots=True)
class Trust:
    """`asked`: (n, monotonic_s) of the question on its way; `burst`: questions left at short distance."""

    start: int
    n: int = 0
    asked: tuple[int, float] | None = None
    burst: int = limits.ASK_BURST
    ask_at_s: float = 0.0
    anchor: Anchor | None = None
    wall_s: float | None = None
    """Wall clock minus monotonic clock; a change is a step."""


def now(trust: Trust, wall: datetime, monotonic_s: float) -> Instant:
    """The school's time; without an anchor the wall clock, vouched for by nobody."""
    if trust.anchor is None:
        return Instant(wall, monotonic_s, None)
    return Instant(trust.anchor.at(monotonic_s), monotonic_s, trust.anchor.bound_s(monotonic_s))


def watched(trust: Trust, wall: datetime, monotonic_s: float) -> Trust:
    """Notice a step of the wall clock: the bound ends, and the centre is asked at once."""
    wall_s = wall.timestamp() - monotonic_s
    if trust.wall_s is None or abs(wall_s - trust.wall_s) <= limits.CLOCK_STEP_S:
        return replace(trust, wall_s=wall_s)
    return replace(asking(trust, monotonic_s), wall_s=wall_s, anchor=None)


def asking(trust: Trust, monotonic_s: float) -> Trust:
    """Begin a burst of questions: after a connect, or a step."""
    return replace(trust, burst=limits.ASK_BURST, ask_at_s=monotonic_s, asked=None)


def ask(trust: Trust, monotonic_s: float) -> tuple[Trust, Ask | None]:
    """The question that is due now, if one is."""
    if monotonic_s < trust.ask_at_s:
        return trust, None
    n, burst = trust.n + 1, max(0, trust.burst - 1)
    pause_s = limits.ASK_AGAIN_S if trust.anchor is None else limits.ASK_EVERY_S
    next_s = monotonic_s + (limits.ASK_BURST_EVERY_S if burst else pause_s)
    made = replace(trust, n=n, burst=burst, asked=(n, monotonic_s), ask_at_s=next_s)
    return made, Ask(v=1, start=trust.start, n=n)


def answered(trust: Trust, time: Time, monotonic_s: float) -> Trust:
    """An answer that came at `monotonic_s`. One to an old question, too late or impossible changes nothing."""
    if trust.asked is None or (time.start, time.n) != (trust.start, trust.asked[0]) or time.error_s is None:
        return trust
    spent_s = monotonic_s - trust.asked[1]
    kept_s = (time.sent_at - time.received_at).total_seconds()
    if kept_s < 0 or kept_s > spent_s + 2 * limits.WIRE_INSTANT_S or spent_s - kept_s > limits.ASK_AGAIN_S:
        return trust
    half_s = max(0.0, spent_s - kept_s) / 2
    error_s = half_s + 2 * limits.WIRE_INSTANT_S + time.error_s
    new = Anchor(time.sent_at + timedelta(seconds=half_s), monotonic_s, error_s)
    old = trust.anchor
    if old is not None:
        apart_s = abs((old.at(monotonic_s) - new.utc).total_seconds())
        agree = apart_s <= old.bound_s(monotonic_s) + new.error_s
        if agree and old.bound_s(monotonic_s) <= new.error_s:
            return replace(trust, asked=None)  # what is held is better: the best of a burst stays
    return replace(trust, asked=None, anchor=new)
