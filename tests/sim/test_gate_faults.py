"""One seed is one gate's day of faults; the checkers of gate_checks.py see every effect of it."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import pytest

from broker.wire.messages import Ack, LiveCue
from config.day import Cue, GateDay, Hold, Quiet
from edge.alphabet import AckCame, Linked, LiveCame, Play
from gate_checks import Checks
from gate_rig import PowerCutError, Rig, at, call, came, day, window

DAYS = 200
CLOSES_S = 330.0
CALM_S = 250.0
"""From now on nothing more goes wrong, so that every cue can end."""
END_S = 420.0


@dataclass
class FaultyDay:
    """What a random source makes of a day: revisions of it, and what happens when."""

    rng: random.Random
    revisions: list[GateDay] = field(default_factory=list)
    todo: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)

    def run(self) -> None:
        rng = self.rng
        self.rig = Rig(before_s=rng.choice([60.0, 20.0, 5.0]), bound_s=rng.choice([0.1, 0.1, 29.0, None]))
        self.checks = Checks(self.rig)
        self.players()
        self.make_revisions()
        self.checks.issued = {one.revision: one for one in self.revisions}
        self.plan_deliveries()
        for _ in range(rng.randint(0, 6)):
            self.plan_fault()
        self.on(CALM_S, self.calm)
        for at_s, _, act in sorted(self.todo):
            self.until(at_s)
            self.guarded(act)
        self.until(END_S)
        self.until(self.checks.last_s() + 5)
        self.checks.finish()

    def on(self, at_s: float, act: Callable[[], None]) -> None:
        self.todo.append((at_s, len(self.todo), act))

    def until(self, at_s: float) -> None:
        while self.rig.utc < at(at_s):
            self.guarded(lambda: self.rig.run(at_s))

    def guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except PowerCutError:
            self.checks.say("power cut")
            self.rig.cut_power(self.rng.choice([0.0, 0.5, 5.0, 40.0]))

    # What is planned ------------------------------------------------------------------------------

    def make_revisions(self) -> None:
        rng = self.rng
        every_s = rng.choice([8, 12, 15])
        cues = [
            call(n, (n - 1) * every_s, until_s=rng.choice([10, 30, 60]), repeat=rng.randint(1, 3))
            for n in range(1, rng.randint(6, 12) + 1)
        ]
        holds: dict[str, Hold] = {}
        quiet: tuple[Quiet, ...] = ()
        noon = window(closes_s=CLOSES_S, every_s=every_s)
        for revision in range(1, rng.randint(1, 6) + 1):
            if revision > 1:
                cues = [self.changed(cue) for cue in cues]
                quiet = quiet or self.quiet()
                self.change_holds(holds, revision)
            in_order = sorted(cues, key=lambda cue: (cue.at, cue.id))
            given = tuple(holds.values()) if rng.random() < 0.8 else tuple(holds.values())[1:]
            self.revisions.append(day(*in_order, revision=revision, holds=given, quiet=quiet, noon=noon))
        ended = tuple(hold(one.id, CALM_S) for one in holds.values())
        last = self.revisions[-1]
        cues = [Cue.model_validate(dict(cue)) for cue in last.cues]
        self.revisions.append(day(*cues, revision=last.revision + 1, holds=ended, quiet=quiet, noon=noon))

    def changed(self, cue: Cue) -> Cue:
        rng = self.rng
        fields = dict(cue)
        match rng.randint(0, 11):
            case 0:
                fields["state"] = "cancelled"
            case 1:
                fields["state"] = "planned"
            case 2:
                moved_s = (cue.at - at(0)).total_seconds() + rng.choice([10, 20, 90])
                fields |= {"at": at(moved_s), "until": at(moved_s + rng.choice([5, 30, 60]))}
            case _:
                pass
        return Cue.model_validate(fields)

    def change_holds(self, holds: dict[str, Hold], revision: int) -> None:
        for name, standing in holds.items():
            if standing.to is None and self.rng.random() < 0.6:
                holds[name] = hold(name, revision)
        if self.rng.random() < 0.3:
            name = f"h{revision}"
            holds[name] = hold(name, None)

    def quiet(self) -> tuple[Quiet, ...]:
        if self.rng.random() > 0.1:
            return ()
        begins_s = self.rng.uniform(0, 100)
        return (Quiet.model_validate({"id": "q1", "from": at(begins_s), "to": at(begins_s + 40)}),)

    # What goes wrong ------------------------------------------------------------------------------

    def players(self) -> None:
        rng = self.rng
        bad = rng.choice([0.0, 0.0, 0.1, 0.4])
        lengths_s: dict[str, float] = {}

        def answer(play: Play) -> tuple[str, float]:
            length_s = lengths_s.get(play.say, 6.0)
            if rng.random() >= bad:
                return "whole", length_s
            kind = rng.choice(["failed", "silent", "never", "late"])
            return kind, length_s if kind in ("never", "late") else rng.uniform(0.1, length_s)

        def rendered(say: str) -> tuple[float, float | None]:
            length_s = lengths_s.setdefault(say, rng.choice([2.0, 4.0, 6.0]))
            kind = rng.random()
            return (rng.uniform(0, 50) if kind < 0.1 else 0.5), (None if kind > 0.95 else length_s)

        self.rig.answers, self.rig.rendering = answer, rendered

    def plan_deliveries(self) -> None:
        rng, at_s = self.rng, self.rng.uniform(-10, 5)
        self.on(-55 if rng.random() < 0.7 else at_s, lambda: self.rig.send(came(self.revisions[0])))
        for one in self.revisions[1:-1]:
            at_s += rng.uniform(0, 60)
            for _ in range(rng.choice([0, 1, 1, 1, 2])):
                self.on(at_s + rng.choice([0, 0, 0, 40]), partial(self.rig.send, came(one)))
        self.on(CALM_S + 1, lambda: self.rig.send(came(self.revisions[-1])))

    def plan_fault(self) -> None:
        rng, rig = self.rng, self.rig
        at_s = rng.uniform(-20, CALM_S)
        match rng.randint(0, 6):
            case 0 | 1:
                self.on(at_s, lambda: rig.cut_power(rng.choice([0.0, 1.0, 10.0, 40.0])))
            case 2 | 3:
                self.on(at_s, lambda: setattr(rig, "effects_left", rng.randint(0, 9)))
            case 4:
                self.on(at_s, lambda: self.clock(None, rng.choice([0, 3600, -7200, 86400])))
                self.on(at_s + rng.choice([0.3, 5, 60]), lambda: self.clock(0.2, 0))
            case 5:
                cue = rng.choice(rng.choice(self.revisions).cues)
                on = rng.choice([one for one in self.revisions if cue in one.cues])
                due_s = (cue.at - at(0)).total_seconds() + rng.choice([0, 0, 4])
                live = LiveCue(
                    v=1, sent_at=at(due_s - 2), revision=on.revision, due=at(due_s), window=on.windows[0], cue=cue
                )
                if cue.state == "planned":
                    for _ in range(rng.randint(1, 2)):
                        self.on(due_s + rng.choice([-2, -0.3, 1, 50]), lambda: rig.send(LiveCame(live, 9)))
            case _:
                self.on(at_s, lambda: rig.send(Linked(up=rng.random() < 0.7)))
                self.on(at_s + 3, lambda: rig.send(AckCame(Ack(v=1, log="0badcafe", seq=rig.state.book.seq // 2), 1)))

    def clock(self, bound_s: float | None, skew_s: float) -> None:
        self.rig.bound_s, self.rig.skew_s = bound_s, skew_s

    def calm(self) -> None:
        self.clock(0.2, 0)
        self.rig.effects_left = None
        self.rig.answers = lambda _: ("whole", 4.0)


def hold(name: str, to_s: float | None) -> Hold:
    to = None if to_s is None else at(to_s)
    return Hold.model_validate({"id": name, "from": at(0), "to": to, "why": None, "by": "王老师"})


def run(seed: int) -> None:
    faulty = FaultyDay(random.Random(seed))
    try:
        faulty.run()
    except Exception as error:  # of any kind: raised again with its seed
        raise AssertionError("\n".join([f"seed {seed}: {error}", *faulty.checks.trace])) from error


@pytest.mark.parametrize("first", range(0, DAYS, 50))
def test_whatever_happens_on_a_day_the_gate_tells_the_truth_and_calls_once(first: int) -> None:
    for seed in range(first, first + 50):
        run(seed)
