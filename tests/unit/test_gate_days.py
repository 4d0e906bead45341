"""Days, live cues, holds and quiet that come to a gate: the newest word counts, and nothing is said for it twice."""

from datetime import timedelta

import pytest

from broker.wire.messages import LiveCue
from config import limits
from config.alerts import SENTENCES
from config.day import GateDay, Hold, Quiet
from edge.alphabet import Accept, LiveCame, Refused, Tick
from edge.view import waiting_here
from gate_rig import DATE, Rig, at, call, came, day, window

HOLD = Hold.model_validate({"id": "h1", "from": at(5), "to": None, "why": None, "by": "王老师"})
ENDED = Hold.model_validate({"id": "h1", "from": at(5), "to": at(125), "why": None, "by": "王老师"})


def live(cue_n: int, at_s: float, *, revision: int = 1, due_s: float | None = None) -> LiveCame:
    cue = call(cue_n, at_s)
    due = at(at_s if due_s is None else due_s)
    return LiveCame(LiveCue(v=1, sent_at=at(at_s - 2), revision=revision, due=due, window=window(), cue=cue), receipt=9)


def test_an_older_or_equal_revision_changes_nothing() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0), revision=3)))
    book = rig.state.book
    rig.send(came(day(revision=3)))
    rig.send(came(day(revision=2)))
    assert rig.state.book == book
    assert [one for one in rig.effects if isinstance(one, Accept)] == [Accept(7)] * 3


def test_a_new_revision_never_says_again_what_was_said() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0), call(2, 20))))
    rig.run(10)
    rig.send(came(day(call(1, 15), call(2, 40), revision=2)))
    rig.run(90)
    assert rig.classes() == [(0.0, "1"), (40.0, "2")]


def test_a_cue_cancelled_in_the_lead_is_not_heard() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0))))
    rig.run(-0.5)
    rig.send(came(day(call(1, 0, state="cancelled"), revision=2)))
    rig.run(70)
    assert rig.classes() == []
    assert rig.results() == [("c1", 1, "cancelled", True)]


def test_a_missed_call_is_reopened_by_a_revision_with_a_later_until_and_by_no_other() -> None:
    rig = Rig(before_s=-120)
    rig.send(came(day(call(1, 0))))
    rig.run(130)
    rig.send(came(day(call(1, 0), revision=2)))
    rig.run(140)
    assert rig.results() == [("c1", 0, "missed", True)]
    rig.send(came(day(call(1, 150), revision=3)))
    rig.run(220)
    assert rig.classes() == [(150.0, "1")]
    assert rig.results() == [("c1", 0, "missed", True), ("c1", 1, "announced", True)]


def test_who_was_not_called_before_the_window_closed_is_called_when_it_is_extended() -> None:
    """The gate was without a network when staff extended it, and gave the class up meanwhile."""
    rig = Rig(before_s=-65)
    rig.send(came(day(call(1, 50), noon=window(closes_s=60))))
    rig.run(70)
    assert rig.results() == [("c1", 0, "missed", True)]
    rig.send(came(day(call(1, 50), revision=2, noon=window(closes_s=60))))
    rig.run(75)
    assert rig.results() == [("c1", 0, "missed", True)]
    rig.send(came(day(call(1, 50), revision=3, noon=window(closes_s=600))))
    rig.run(120)
    assert [name for _, name in rig.classes()] == ["1"]
    assert rig.results()[1:] == [("c1", 1, "late", True)]


def test_a_class_that_waited_for_a_person_when_the_window_closed_waits_again_when_it_is_extended() -> None:
    rig = Rig(before_s=-65)
    rig.send(came(day(call(1, 50), noon=window(closes_s=60, pacing="guarded"))))
    rig.run(70)
    assert [result for _, _, result, final in rig.results() if final] == ["missed"]
    rig.send(came(day(call(1, 50), revision=2, noon=window(closes_s=600, pacing="guarded"))))
    rig.send(Tick())
    assert [one.cue.id for one in waiting_here(rig.state, rig.now())] == [call(1, 50).id]


def test_a_power_cut_between_a_day_and_what_it_brings_back_loses_nothing() -> None:
    rig = Rig(before_s=-65)
    rig.send(came(day(call(1, 50), noon=window(closes_s=60))))
    rig.run(70)
    rig.send(came(day(call(1, 50), revision=2, noon=window(closes_s=600))))
    reopened = [line for line in rig.journal if b'"reopened"' in line]
    assert len(reopened) == 1
    rig.journal.remove(reopened[0])
    rig.cut_power()
    rig.run(120)
    assert [name for _, name in rig.classes()] == ["1"]


def test_what_a_live_cue_took_back_stays_so_over_a_power_cut() -> None:
    """The newer word is gone with the process; the stored day still plans the call, and its record says cancelled."""
    rig = Rig()
    rig.send(came(day(call(1, 0))))
    rig.run(-0.5)
    word = live(1, 0, revision=2).live
    rig.send(LiveCame(word.but(cue=word.cue.but(state="cancelled")), receipt=9))
    rig.run(0.5)
    assert rig.results() == [("c1", 1, "cancelled", True)]
    rig.cut_power()
    rig.run(90)
    assert rig.classes() == []


def test_a_live_cue_of_a_day_that_is_held_says_nothing_twice() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0))))
    rig.run(-2)
    rig.send(live(1, 0))
    rig.run(60)
    assert rig.classes() == [(0.0, "1")]


def test_a_gate_without_the_day_calls_by_the_live_cue_and_its_due() -> None:
    rig = Rig()
    rig.run(-3)
    rig.send(live(1, 0, due_s=4))
    rig.run(60)
    assert rig.classes() == [(4.0, "1")]
    assert [(one.source, one.slip_s, one.result) for one in rig.records] == [("live", 4.0, "announced")]


def test_the_day_that_comes_after_a_live_cue_does_not_say_it_again() -> None:
    rig = Rig()
    rig.run(-3)
    rig.send(live(1, 0))
    rig.run(10)
    rig.send(came(day(call(1, 0), call(2, 30))))
    rig.run(60)
    assert rig.classes() == [(0.0, "1"), (30.0, "2")]


def test_a_refused_message_is_accepted_so_that_it_does_not_come_again_and_noted_once() -> None:
    rig = Rig()
    rig.send(Refused("day", "no JSON", 3))
    rig.send(Refused("day", "no JSON either", 4))
    assert rig.problems() == ["refused-day"]
    assert [one for one in rig.effects if isinstance(one, Accept)] == [Accept(3), Accept(4)]


# Holds, quiet -------------------------------------------------------------------------------------


def test_in_a_hold_nothing_begins_and_after_it_the_distances_are_kept() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0), call(2, 20), call(3, 40))))
    rig.run(5)
    rig.send(came(day(call(1, 0), call(2, 20), call(3, 40), revision=2, holds=(HOLD,))))
    assert rig.lights().red == "on"
    rig.run(125)
    rig.send(came(day(call(1, 0), call(2, 20), call(3, 40), revision=3, holds=(ENDED,))))
    rig.run(200)
    times = [at_s for at_s, _ in rig.classes()]
    assert times == [0.0, pytest.approx(125.6, abs=0.1), pytest.approx(145, abs=0.7)]
    assert [one.result for one in rig.records] == ["announced"] * 3


def test_after_a_hold_of_twelve_minutes_nobody_is_left_inside() -> None:
    long = HOLD.but(to=at(725))
    rig = Rig()
    rig.send(came(day(call(1, 0), call(2, 20), call(3, 40), noon=window(closes_s=60))))
    rig.run(5)
    rig.send(came(day(call(1, 0), call(2, 20), call(3, 40), revision=2, holds=(HOLD,), noon=window(closes_s=60))))
    rig.run(725)
    rig.send(came(day(call(1, 0), call(2, 20), call(3, 40), revision=3, holds=(long,), noon=window(closes_s=60))))
    rig.run(900)
    assert [one for _, one in rig.classes()] == ["1", "2", "3"]
    assert [one.result for one in rig.records] == ["announced"] * 3


def test_a_hold_in_a_sentence_lets_it_end_and_drops_its_repeat() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0, repeat=3))))
    rig.run(3)
    rig.send(came(day(call(1, 0, repeat=3), revision=2, holds=(HOLD,))))
    rig.run(60)
    assert len(rig.heard) == 1
    assert rig.results() == [("c1", 1, "announced", True)]


def test_in_quiet_and_in_a_trial_a_cue_is_shown_and_recorded_suppressed() -> None:
    lock = Quiet.model_validate({"id": "q1", "from": at(-60), "to": at(60)})
    for more in ({"quiet": (lock,)}, {"mode": "trial"}):
        rig = Rig()
        rig.send(came(day(call(1, 0), **more)))
        rig.run(1)
        assert (rig.lights().green, rig.lights().amplifier) == ("on", False)
        rig.run(30)
        assert (rig.heard, rig.results()) == ([], [("c1", 1, "suppressed", True)])


def test_a_hold_that_a_newer_day_does_not_name_stays_and_an_ended_one_never_opens_again() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 20), holds=(HOLD,))))
    rig.send(came(day(call(1, 20), revision=2)))
    assert rig.state.held
    rig.cut_power()
    assert rig.state.held
    rig.send(came(day(call(1, 20), revision=3, holds=(ENDED,))))
    rig.send(came(day(call(1, 20), revision=4, holds=(HOLD,))))
    assert not rig.state.held


@pytest.mark.parametrize("cut_s", [25, 112])
def test_a_power_cut_in_a_hold_costs_no_call_that_the_hold_kept_waiting(cut_s: float) -> None:
    rig = Rig()
    cues = tuple(call(n, 20.0 * n, until_s=30) for n in range(6))
    rig.send(came(day(*cues, holds=(HOLD,))))
    rig.run(cut_s)
    rig.cut_power(for_s=5)
    rig.run(125)
    rig.send(came(day(*cues, revision=2, holds=(ENDED,))))
    rig.run(400)
    assert [one[0] for one in rig.results() if one[2] == "announced"] == [f"c{n}" for n in range(1, 6)]


def test_a_hold_that_ends_while_nobody_vouches_for_the_clock_sets_no_slip() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 20), call(2, 90), holds=(HOLD,))))
    rig.run(30)
    rig.bound_s, rig.skew_s = None, 7200.0
    rig.send(came(day(call(1, 20), call(2, 90), revision=2, holds=(ENDED,))))
    rig.bound_s, rig.skew_s = 0.1, 0.0
    rig.run(120)
    assert rig.state.book.slips == {}
    assert [one for _, one in rig.classes()] == ["1", "2"]


def test_a_sentence_that_would_not_end_before_quiet_is_shown_alone() -> None:
    lock = Quiet.model_validate({"id": "q1", "from": at(5), "to": at(60)})
    rig = Rig()
    rig.send(came(day(call(1, 0), quiet=(lock,))))
    rig.run(30)
    assert (rig.heard, rig.results()) == ([], [("c1", 1, "suppressed", True)])


def test_quiet_that_comes_in_the_lead_is_in_time_and_between_two_sayings_drops_the_second() -> None:
    lock = Quiet.model_validate({"id": "q1", "from": at(-60), "to": None})
    for comes_s, heard, result in ((-0.3, 0, "suppressed"), (6.3, 1, "announced")):
        rig = Rig()
        rig.send(came(day(call(1, 0, repeat=2))))
        rig.run(comes_s)
        rig.send(came(day(call(1, 0, repeat=2), revision=2, quiet=(lock,))))
        rig.run(40)
        assert (len(rig.heard), rig.results()) == (heard, [("c1", 1, result, True)])


def test_a_live_cue_newer_than_the_day_replaces_its_cue() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0, until_s=5))))
    rig.run(-2)
    rig.send(live(1, 15, revision=2))
    rig.run(60)
    assert rig.classes() == [(15.0, "1")]
    assert rig.results() == [("c1", 1, "announced", True)]


def test_a_live_cue_that_the_older_day_does_not_have_is_said() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0))))
    rig.run(10)
    rig.send(live(2, 15, revision=2))
    rig.run(60)
    assert rig.classes() == [(0.0, "1"), (15.0, "2")]


def test_a_live_cue_reopens_what_was_missed() -> None:
    rig = Rig(before_s=-100)
    rig.send(came(day(call(1, 0))))
    rig.run(110)
    rig.send(live(1, 120, revision=2))
    rig.run(140)
    assert rig.classes() == [(120.0, "1")]


def test_an_older_live_cue_does_not_replace_a_newer() -> None:
    rig = Rig()
    rig.run(-2)
    rig.send(live(1, 10, revision=2))
    rig.send(live(1, 0, revision=1))
    rig.run(30)
    assert rig.classes() == [(10.0, "1")]


def test_a_gate_without_the_day_calls_more_live_cues_than_it_keeps_and_misses_none_in_its_name() -> None:
    rig = Rig()
    for n in range(limits.LIVE_MAX + 5):
        rig.run(20 * n - 2)
        rig.send(live(n, 20 * n))
    assert len(rig.heard) == limits.LIVE_MAX + 4
    rig.send(live(99, 0))  # came a quarter of an hour late
    rig.run(20 * limits.LIVE_MAX + 120)
    assert len(rig.heard) == limits.LIVE_MAX + 5
    assert {one.result for one in rig.records} == {"announced"}
    assert len(rig.state.lives) == 1


def test_a_cancelled_cue_that_comes_back_unchanged_is_said() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0))))
    rig.run(-0.5)
    rig.send(came(day(call(1, 0, state="cancelled"), revision=2)))
    rig.run(10)
    rig.send(came(day(call(1, 0), revision=3)))
    rig.run(30)
    assert [one for _, one in rig.classes()] == ["1"]


def test_more_days_than_a_horizon_and_its_past_are_refused() -> None:
    rig = Rig(bound_s=None)
    for n in range(3 * limits.HORIZON_DAYS):
        on = DATE + timedelta(days=n)
        rig.send(came(GateDay.model_validate({**dict(day()), "date": on, "windows": (), "holds": (), "quiet": ()})))
    assert len(rig.state.book.days) == 2 * limits.HORIZON_DAYS
    assert "refused-day" in rig.problems()
    rig.send(came(day(revision=2)))
    assert rig.state.book.days[DATE].day.revision == 2


def test_sentences_of_days_that_are_over_are_forgotten() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0))))
    rig.run(30)
    rig.utc = at(3 * 86400)
    rig.send(Tick())
    assert rig.state.clips.keys() == rig.state.asked.keys() == set(SENTENCES)


def test_classes_that_no_longer_fit_their_window_are_named_until_it_is_extended() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0), call(2, 20), call(3, 40), noon=window(closes_s=60))))
    rig.run(5)
    assert rig.problems() == []
    rig.send(came(day(call(1, 0), call(2, 50), call(3, 70), revision=2, noon=window(closes_s=60))))
    assert [one.args["why"] for one in rig.state.book.problems.values()] == ["c3"]
    rig.send(came(day(call(1, 0), call(2, 50), call(3, 70), revision=3, noon=window(closes_s=120))))
    assert rig.problems() == []
    rig.run(90)
    assert [name for _, name in rig.classes()] == ["1", "2", "3"]


def test_a_cue_delayed_in_the_lead_is_said_at_its_new_instant_alone() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0))))
    rig.run(-0.3)
    rig.send(came(day(call(1, 20), revision=2)))
    rig.run(40)
    assert rig.classes() == [(20.0, "1")]
    assert rig.results() == [("c1", 1, "interrupted", False), ("c1", 2, "announced", True)]
