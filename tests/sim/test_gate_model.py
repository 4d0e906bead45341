"""People, power, clock and player do what they like to a gate; a small model says what may begin and what is owed.

The model knows DESIGN and nothing of `step`. `FANGXUE_FUZZ=night`: 2,000 lives under a new seed, `night:7` those of 7.
"""

from collections import Counter
from math import inf

from hypothesis import HealthCheck, note, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine as Machine
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test

from broker.wire.messages import Press, Record
from config.day import Hold
from crossing_rig import alert, clear, drill, lock
from edge.alphabet import ButtonMoved, Effect, GateEvent, Play, PlayerAnswered, Tick, Write
from edge.book import Begun, Cleared, Pressed, Recorded, Released, Reopened, Slipped
from fuzz_payloads import NIGHT, SEED
from gate_model import LEAD_S, REST_S, Model, s
from gate_rig import LENGTH_S, Rig, at, call, came, day, window

LIVES_OF = SEED if NIGHT else 2
GAP_S, EPS_S = 1.0, 0.01
OWED_S = LEAD_S + 1.1
"""What may begin has begun by then: the lead, and a loop that waits at most 1 s."""
DRILL_S = 50.0


WHEN = st.sampled_from(["lead", "saying", "at once", "later"])
"""The next thing happens then."""


# What the gate did, held against it -----------------------------------------------------------------


def begun(model: Model, record: Record) -> None:
    audible_s = max(model.t + LEAD_S, model.free_s)
    sayable = [
        of for of in model.queue()
        if model.begins(of) <= model.t + LEAD_S + EPS_S and model.ends(of) >= audible_s - EPS_S
    ]  # fmt: skip
    assert not model.silent(), "begun in a hold, an alert or without a clock"
    assert sayable[:1] == [record.cue], f"in turn: {sayable}"
    assert record.slip_s == (0 if model.by_hand else model.slip_s)
    assert record.cue not in model.whole, "begun again after a whole saying"
    assert model.unknown[record.cue] < 2, "begun again after two unknown ends"
    model.doing = record.cue


def sounds(model: Model, play: Play, plays: Counter[str]) -> None:
    of = play.token.partition("|")[0]
    if of.startswith("alert-"):
        assert model.alert, "an alert that does not stand"
        assert not model.silenced
        assert model.alert == "actual" or not model.hushed(model.t, LENGTH_S)
        return
    plays[play.token] += 1
    assert (model.doing, model.silent()) == (of, False)
    assert model.t + 0.18 >= model.free_s - EPS_S, "no silence before it"
    assert plays[play.token] <= model.cues[of].repeat
    assert plays[play.token] == 1 or of in model.whole
    assert model.by_hand or plays[play.token] > 1 or model.t + 0.18 >= s(model.cues[of].at) + model.slip_s - EPS_S
    assert not model.hushed(model.t + 0.18 + EPS_S, LENGTH_S - EPS_S), "in quiet"
    model.sounding = True


def recorded(model: Model, record: Record) -> None:
    of, cue = record.cue, model.cues[record.cue]
    assert of not in model.done, "two ends"
    match record.result:
        case "announced" | "late":
            late_s = s(record.actual) - s(record.planned) - record.slip_s
            assert (of in model.whole, record.result == "late") == (True, late_s > 2 and not model.by_hand)
        case "missed":
            assert (model.silent(), model.doing) == (False, ""), "missed by a gate that is not free"
            assert (of in model.whole, model.unknown[of]) == (False, 0), "missed and heard"
            assert model.ends(of) < max(model.t + LEAD_S, model.free_s) + EPS_S, "missed before its end"
        case "suppressed":
            assert model.hushed(model.t - LENGTH_S - EPS_S, (LENGTH_S + GAP_S) * cue.repeat)
        case "cancelled":
            assert (cue.state, model.doing, model.sounding) == ("cancelled", of, False)
        case "passed_over":
            assert model.waited[of] >= model.noon.max_wait_s - EPS_S
            model.passed.add(of)
        case "cut_short":
            assert (bool(model.alert), model.sounding) == (True, True)
        case "interrupted" if of == model.doing:
            model.unknown[of] += record.heard == "unknown"
            last = model.unknown[of] >= 2 or record.attempt >= 5
            assert record.final == (last and (record.heard == "unknown" or model.sounding))
        case _:
            assert (record.result, record.final, record.attempt > 0) == ("interrupted", True, True)
            assert model.ends(of) < max(model.t + LEAD_S, model.free_s) + EPS_S
    if record.final:
        model.done[of] = record.result
        model.released.pop(of, None)
    if of == model.doing:
        model.doing, rests = "", (model.sounding or record.result == "suppressed") and not model.alert
        model.sounding = False
        if rests:
            model.free_s = model.t + REST_S
            model.frees(model.free_s)


def pressed(model: Model, press: Press) -> None:
    if press.button == "silence":
        assert model.alert
        model.silenced = True
    elif press.button == "next":
        heads = model.unreleased()
        waits = [of for of in model.queue() if model.by_hand and model.begins(of) < inf]
        done = bool(heads) and not waits and not model.silent()
        assert (press.result, not done or press.target == heads[0]) == ("done" if done else "refused", True)
        if done:
            model.released[heads[0]] = s(press.at)
    else:
        assert (press.result == "refused") == bool(model.alert)
        if press.result == "done" and model.holds:
            model.holds.clear()
            model.resumes()
        elif press.result == "done":
            model.holds.add("button")


class Gate(Machine):
    """The real `step` on its rig, and what can happen to it."""

    @initialize(
        pacing=st.sampled_from(["timed", "timed", "guarded", "ready"]),
        on_timeout=st.sampled_from(["call", "pass_over"]),
        repeat=st.sampled_from([1, 2]),
        quiet_s=st.sampled_from([None, None, 25, 60]),
        closes_s=st.sampled_from([90, 600]),
    )
    def begins(self, pacing: str, on_timeout: str, repeat: int, quiet_s: float | None, closes_s: float) -> None:
        note(f"FANGXUE_FUZZ=night:{LIVES_OF}")
        self.rig = Rig()
        noon = window(closes_s=closes_s, opens=at(-30), pacing=pacing, max_wait_s=15, on_timeout=on_timeout)
        cues = {cue.id: cue for cue in (call(n, 20 * n, until_s=40, repeat=repeat) for n in range(4))}
        self.model = Model(noon, cues, lock(quiet_s, quiet_s + 30) if quiet_s else None, self.t)
        self.offices, self.seq, self.revision, self.recalled = dict[str, Hold](), 0, 0, False
        self.plays, self.woken_s, self.spoke_s, self.until_s = Counter[str](), self.t, 0.0, 0.0
        self.rig.on_step, self.rig.on_effect = self.steps, self.acts
        self.told()
        self.rig.run(-8)

    @property
    def t(self) -> float:
        return s(self.rig.utc)

    def steps(self, event: GateEvent) -> None:
        self.model.passes(self.t)
        token = event.token.partition("|")[0] if isinstance(event, PlayerAnswered) and event.result == "whole" else ""
        if token and token == self.model.doing:
            self.model.whole.add(token)

    def acts(self, effect: Effect) -> None:
        model = self.model
        match effect:
            case Play():
                sounds(model, effect, self.plays)
                self.spoke_s = self.t if model.alert else 0.0
            case Write(Begun(record=record)):
                begun(model, record)
            case Write(Recorded(record=record)):
                recorded(model, record)
                SEEN.add(record.result)
            case Write(Pressed(press=press)):
                pressed(model, press)
            case Write(Released(cue=of)):
                assert model.waited[of] >= model.noon.max_wait_s - EPS_S
                model.released[of] = model.t
            case Write(Slipped(slip_s=slip_s)):
                assert slip_s == model.slip_s
            case Write(Reopened(cue=of)):
                assert model.done.pop(of) in ("missed", "cancelled", "interrupted")
                assert of not in model.whole
                assert not model.unknown[of]
            case Write(Cleared()):
                assert (model.alert, self.t >= self.until_s) == ("drill", True)
                self.over()
            case _:
                pass

    def told(self) -> None:
        """A newer day."""
        self.revision += 1
        cues = sorted(self.model.cues.values(), key=lambda cue: (cue.at, cue.id))
        quiet = () if self.model.quiet is None else (self.model.quiet,)
        holds = tuple(self.offices.values())
        self.rig.send(came(day(*cues, noon=self.model.noon, revision=self.revision, quiet=quiet, holds=holds)))

    def over(self) -> None:
        self.model.holds |= {"alert"} if self.model.alert == "actual" else set()
        self.model.alert, self.model.silenced = "", False
        self.model.free_s = max(self.model.free_s, self.t + REST_S)
        self.model.resumes()

    # What happens -----------------------------------------------------------------------------------

    def waits(self, when: str) -> None:
        self.rig.run(self.t + (10 if when == "later" else 0))
        end_s = self.t + 30
        while when in ("lead", "saying") and not self.model.doing and self.t < end_s:
            self.rig.run(self.t + 0.25)
        self.rig.run(self.t + (2 if when == "saying" else 0))

    @rule(for_s=st.sampled_from([20, 45, 5]))
    def passes(self, for_s: float) -> None:
        self.rig.run(self.t + for_s)

    @rule(button=st.sampled_from(["hold", "next", "next"]), for_s=st.sampled_from([0.1, 0.1, 11]))
    def presses(self, button: str, for_s: float) -> None:
        self.rig.send(ButtonMoved(button, True, self.rig.monotonic_s))  # type: ignore[arg-type]  # one of the two
        self.rig.run(self.t + for_s)
        self.rig.send(ButtonMoved(button, False, self.rig.monotonic_s))  # type: ignore[arg-type]  # the same
        self.rig.run(self.t + 1)

    @rule(when=WHEN)
    def the_office_holds_or_resumes(self, when: str) -> None:
        self.waits(when)
        standing = [of for of in self.offices if of in self.model.holds]
        of = standing[0] if standing else f"office-{len(self.offices)}"
        fields = {"id": of, "from": self.rig.utc, "to": None, "why": None, "by": "王老师"}
        self.offices[of] = self.offices[of].but(to=self.rig.utc) if standing else Hold.model_validate(fields)
        self.model.holds ^= {of}
        if standing:
            self.model.resumes()
        self.told()

    @rule(n=st.integers(0, 3), what=st.sampled_from(["skip", "later", "plan", "release"]), when=WHEN)
    def the_office_changes_its_mind(self, n: int, what: str, when: str) -> None:
        self.waits(when)
        of = list(self.model.cues)[n]
        cue, was = self.model.cues[of], self.model.done.get(of)
        if what == "release" and self.model.by_hand and of not in self.model.done:
            self.model.cues[of] = cue.but(released=self.rig.utc)
        elif what in ("skip", "plan"):
            self.model.cues[of] = cue.but(state="cancelled" if what == "skip" else "planned")
        elif what == "later":
            self.model.cues[of] = cue.but(at=at(s(cue.at) + 30), until=at(s(cue.until) + 30))
        known = len(self.rig.effects)
        self.told()
        reopened = Write(Reopened(cue=of)) in self.rig.effects[known:]
        fits = s(cue.until) + self.model.slip_s < s(self.model.noon.closes)
        later = what == "later" and not self.model.by_hand and fits
        assert reopened or not (was == "missed" and later and cue.state == "planned")

    @precondition(lambda self: not self.model.alert)
    @rule(status=st.sampled_from(["actual", "drill"]), when=WHEN)
    def an_alert(self, status: str, when: str) -> None:
        self.waits(when)
        self.seq, self.model.alert, self.until_s, self.spoke_s = self.seq + 1, status, self.t + DRILL_S, self.t
        self.recalled = False
        sounds = [one for one in self.rig.sounds if one.ends > self.rig.utc]
        if status == "drill":
            self.rig.send(drill(self.seq, self.until_s, raised_at=self.rig.utc))
        else:
            self.rig.send(alert(self.seq, raised_at=self.rig.utc))
        assert all(one.ends <= self.rig.utc for one in sounds), "it cuts at once"

    @precondition(lambda self: self.model.alert)
    @rule()
    def the_alert_is_cleared(self) -> None:
        self.seq += 1
        self.over()
        self.rig.send(clear(self.seq, of=f"a{self.seq - 1}"))

    @rule(for_s=st.sampled_from([0.5, 8, 30, 70]))
    def the_power_is_cut(self, for_s: float) -> None:
        model = self.model
        model.passes(self.t + for_s)
        model.waited.clear()
        model.sounding, model.free_s, model.calm_s = False, model.t + REST_S, model.t
        model.lost_s, model.gaps = -inf, [(-inf, model.kept_s)] * model.clock
        self.rig.cut_power(for_s)
        self.woken_s = self.spoke_s = self.t
        self.recalled = bool(model.alert)
        assert not model.doing

    @rule(when=WHEN)
    def the_clock_is_lost_or_found(self, when: str) -> None:
        self.waits(when)
        self.model.clock = not self.model.clock
        self.model.gaps += [(self.model.lost_s, self.model.kept_s)] * self.model.clock
        self.model.lost_s = self.model.lost_s if self.model.clock else self.t
        self.spoke_s = self.t if self.recalled and self.model.clock else self.spoke_s
        self.rig.bound_s = 0.1 if self.model.clock else None
        self.rig.send(Tick())

    @rule(result=st.sampled_from(["whole", "whole", "failed", "silent", "never"]), when=WHEN)
    def the_player_becomes(self, result: str, when: str) -> None:
        self.waits(when)
        self.rig.answers = lambda _: (result, LENGTH_S)

    # What is owed -----------------------------------------------------------------------------------

    @invariant()
    def nobody_is_forgotten(self) -> None:
        model = self.model
        for of in model.queue():
            due_s = min(max(model.begins(of), model.calm_s), max(model.ends(of), model.calm_s)) + OWED_S
            assert model.doing or model.silent() or due_s > self.t, f"{of} is owed since {due_s}"
        for of in model.counting():
            assert model.waited[of] < model.noon.max_wait_s + OWED_S, f"{of} waits for ever"

    @invariant()
    def an_alert_speaks_until_it_is_over(self) -> None:
        model = self.model
        until_s = self.until_s if model.clock else max(self.until_s, self.woken_s + DRILL_S)
        assert model.alert != "drill" or self.t < until_s + OWED_S
        perhaps_over = self.recalled and not model.clock
        hushed = model.silenced or (model.alert == "drill" and (model.quiet is not None or perhaps_over))
        assert not model.alert or hushed or self.t < self.spoke_s + 30 + OWED_S


LIVES = settings(
    max_examples=2000 if NIGHT else 50, stateful_step_count=15, deadline=None, database=None, print_blob=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)  # fmt: skip
SEEN = set[str]()
"""What became of the calls of all lives."""


def test_a_gate_does_what_the_model_allows_and_owes() -> None:
    run_state_machine_as_test(seed(LIVES_OF)(Gate), settings=LIVES)
    assert len(SEEN) > 5, "lives in which nothing happens"
