"""What a gate owes and may do, from outside: one gate, one window, one day. It knows DESIGN and nothing of `step`."""

from collections import Counter
from datetime import datetime
from math import inf

from config.day import Cue, Quiet, Window
from gate_rig import NOON

LEAD_S, REST_S = 0.6, 3.0


def s(instant: datetime | None) -> float:
    assert instant is not None
    return (instant - NOON).total_seconds()


class Model:
    """One gate, one window, one day, from outside; instants in seconds after 11:30."""

    def __init__(self, noon: Window, cues: dict[str, Cue], quiet: Quiet | None, t: float) -> None:
        self.noon, self.cues, self.quiet, self.t = noon, cues, quiet, t
        self.free_s, self.calm_s, self.lost_s, self.kept_s, self.gaps = t + REST_S, t, -inf, t, [(-inf, t)]
        self.holds, self.alert, self.silenced, self.clock = set[str](), "", False, True
        self.doing, self.sounding, self.slip_s, self.held_s = "", False, 0.0, 0.0
        self.done, self.released = dict[str, str](), dict[str, float]()
        self.whole, self.passed, self.unknown, self.waited = set[str](), set[str](), Counter[str](), Counter[str]()

    @property
    def by_hand(self) -> bool:
        return self.noon.pacing != "timed"

    def silent(self) -> bool:
        """Nothing may begin."""
        return bool(self.holds or self.alert) or not self.clock

    def queue(self) -> list[str]:
        left = [of for of, cue in self.cues.items() if cue.state == "planned" and of not in {*self.done, self.doing}]
        return sorted(left, key=self.order)

    def order(self, of: str) -> tuple[object, ...]:
        return self.begins(of) == inf, self.begins(of), of in self.passed, self.cues[of].at, of

    def begins(self, of: str) -> float:
        cue = self.cues[of]
        if not self.by_hand:
            return s(cue.at) + self.slip_s
        released_s = max(self.released.get(of, -inf), s(cue.released) if cue.released else -inf)
        begins_s = max(released_s, s(self.noon.opens))
        return begins_s if released_s > -inf and self.t < begins_s + s(cue.until) - s(cue.at) else inf

    def ends(self, of: str) -> float:
        closes_s = s(self.noon.closes) + self.held_s
        return closes_s if self.by_hand else min(s(self.cues[of].until) + self.slip_s, closes_s)

    def unreleased(self) -> list[str]:
        return [of for of in self.queue() if self.by_hand and self.begins(of) == inf and self.inside()]

    def inside(self) -> bool:
        return self.clock and s(self.noon.opens) + 0.1 <= self.t < s(self.noon.closes) + self.held_s - 0.1

    def counting(self) -> list[str]:
        """Who waits for a person, and it counts."""
        left = [] if self.silent() else [of for of in self.unreleased() if of not in self.passed]
        return [of for of in left[: None if self.noon.pacing == "ready" else 1] if s(self.cues[of].at) <= self.t]

    def passes(self, t: float) -> None:
        """Time, from step to step."""
        waits = (of for of in self.waited if self.begins(of) == inf and self.cues[of].state == "planned")
        self.waited = Counter({of: self.waited[of] for of in waits})
        self.waited.update(dict.fromkeys(self.counting(), t - self.t))
        if self.holds or self.alert == "actual":
            inside = self.t < s(self.noon.closes) + self.held_s
            self.held_s += inside * (t - max(self.t, min(t, s(self.noon.opens))))
        elif t > self.t:
            self.kept_s = t
        self.calm_s = t if self.silent() or self.doing or self.t < self.free_s else self.calm_s
        self.t = t

    def frees(self, free_s: float) -> None:
        """The loudspeaker is free then: the slip is the larger of itself and how late the first waiting call is."""
        fresh = (of for of in self.queue() if not any(lost <= self.begins(of) <= back for lost, back in self.gaps))
        late = [free_s - s(self.cues[of].at) for of in fresh]
        if late and self.clock and not self.by_hand:
            self.slip_s = round(max(self.slip_s, late[0]), 3)

    def resumes(self) -> None:
        if not (self.holds or self.alert):
            self.frees(max(self.t + LEAD_S, self.free_s))

    def hushed(self, since_s: float, for_s: float) -> bool:
        return self.quiet is not None and since_s < s(self.quiet.to) and s(self.quiet.begins) < since_s + for_s
