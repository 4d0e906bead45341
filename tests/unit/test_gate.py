"""The gate's `step`: the right class, at the right instant, exactly once, or a record that says why not."""

import pytest

from config import limits
from edge.alphabet import Cut, Play, PlayerAnswered, Rendered, Write
from edge.book import Begun
from gate_rig import Rig, at, call, came, day, window


def test_calls_are_heard_at_their_instants_in_order_once() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0), call(2, 20), call(3, 40))))
    rig.run(80)
    assert rig.classes() == [(0.0, "1"), (20.0, "2"), (40.0, "3")]
    assert rig.results() == [("c1", 1, "announced", True), ("c2", 1, "announced", True), ("c3", 1, "announced", True)]
    assert [one.actual for one in rig.records] == [at(0), at(20), at(40)]


def test_the_journal_is_written_before_the_sound() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0))))
    rig.run(20)
    order = [type(one).__name__ for one in rig.effects if isinstance(one, Play) or _begins(one)]
    assert order == ["Write", "Play"]


def _begins(effect: object) -> bool:
    return isinstance(effect, Write) and isinstance(effect.entry, Begun)


def test_the_amplifier_has_its_lead_and_is_open_after_the_sentence() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0))))
    rig.run(-0.61)
    assert not rig.lights().amplifier
    rig.run(-0.59)
    assert rig.lights().amplifier
    rig.run(7)
    assert not rig.lights().amplifier


def test_two_sayings_of_one_call_are_a_second_apart_and_one_record() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0, repeat=2))))
    rig.run(30)
    assert rig.classes() == [(0.0, "1"), (6.85, "1")]
    assert rig.results() == [("c1", 1, "announced", True)]


def test_a_long_sentence_moves_the_window_by_the_larger_lateness_never_a_sum() -> None:
    rig = Rig()
    rig.answers = lambda play: ("whole", 20.0 if "一班" in play.say or "级1班" in play.say else 6.0)
    rig.lengths_s = {call(1, 0).say: 20.0}
    rig.send(came(day(call(1, 0), call(2, 20), call(3, 40))))
    rig.run(90)
    first, second, third = (at_s for at_s, _ in rig.classes())
    assert second == pytest.approx(20 - 0.15 + 3, abs=0.05)
    assert third - second == pytest.approx(20)
    assert [one.result for one in rig.records] == ["announced"] * 3
    assert [one.slip_s for one in rig.records] == [0, pytest.approx(2.85, abs=0.05), pytest.approx(2.85, abs=0.05)]
    assert first == 0


@pytest.mark.parametrize("bound_s", [None, limits.TOLERANCE_S + 0.1])
def test_without_a_clock_bound_nothing_is_called_or_missed_and_a_problem_stands(bound_s: float | None) -> None:
    rig = Rig(bound_s=bound_s)
    rig.send(came(day(call(1, 0))))
    rig.run(100)
    assert (rig.classes(), rig.results(), rig.problems()) == ([], [], ["clock"])
    assert rig.lights().amber == "on"


def test_when_the_bound_returns_due_calls_are_said_and_set_no_slip() -> None:
    rig = Rig(bound_s=None)
    rig.send(came(day(call(1, 0), call(2, 20), call(3, 40))))
    rig.run(25)
    rig.bound_s = 0.2
    rig.run(80)
    assert [one for _, one in rig.classes()] == ["1", "2", "3"]
    assert rig.classes()[2][0] == pytest.approx(44, abs=0.7)  # behind the rest, not 25 s late
    assert [(one.result, one.slip_s) for one in rig.records[:2]] == [("late", 0), ("late", 0)]
    assert rig.problems() == []


def test_started_two_minutes_late_the_passed_are_missed_once_and_the_next_is_called() -> None:
    rig = Rig(before_s=-120)
    rig.send(came(day(call(1, 0), call(2, 45), call(3, 135))))
    rig.run(200)
    assert rig.classes() == [(135.0, "3")]
    assert rig.results() == [("c1", 0, "missed", True), ("c2", 0, "missed", True), ("c3", 1, "announced", True)]


def test_a_call_inside_its_until_is_said_late_and_recorded_so() -> None:
    rig = Rig(before_s=-30)
    rig.send(came(day(call(1, 0))))
    rig.run(60)
    assert rig.classes() == [(33.0, "1")]
    assert rig.results() == [("c1", 1, "late", True)]


def test_power_cut_in_a_sentence_it_is_said_once_more_and_recorded_so() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0), call(2, 20))))
    rig.run(3)
    rig.cut_power(for_s=5)
    rig.run(60)
    assert rig.classes() == [(0.0, "1"), (11.0, "1"), (20.0, "2")]
    assert rig.results() == [("c1", 1, "interrupted", False), ("c1", 2, "late", True), ("c2", 1, "announced", True)]


def test_power_cut_twice_in_one_call_it_is_not_said_a_third_time() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0, until_s=300))))
    rig.run(3)
    rig.cut_power(for_s=5)
    rig.run(14)
    rig.cut_power(for_s=5)
    rig.run(100)
    assert [one for _, one in rig.classes()] == ["1", "1"]
    assert rig.results() == [("c1", 1, "interrupted", False), ("c1", 2, "interrupted", True)]


def test_power_cut_after_one_whole_saying_the_call_is_announced() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0, repeat=2))))
    rig.run(8)
    rig.cut_power(for_s=5)
    rig.run(60)
    assert [one for _, one in rig.classes()] == ["1", "1"]
    assert rig.results() == [("c1", 1, "announced", True)]


def test_power_cut_between_two_calls_nothing_is_said_twice() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0), call(2, 30))))
    rig.run(10)
    rig.cut_power(for_s=5)
    rig.run(60)
    assert rig.classes() == [(0.0, "1"), (30.0, "2")]


def test_power_cut_past_until_the_end_stays_unknown() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0))))
    rig.run(3)
    rig.cut_power(for_s=120)
    rig.run(150)
    assert rig.results() == [("c1", 1, "interrupted", False), ("c1", 1, "interrupted", True)]
    assert len(rig.classes()) == 1


def test_no_answer_of_the_player_is_an_unknown_end_and_is_cut() -> None:
    rig = Rig()
    rig.answers = lambda _: ("never", 0.0)
    rig.send(came(day(call(1, 0))))
    rig.run(60)
    assert rig.results() == [("c1", 1, "interrupted", False), ("c1", 2, "interrupted", True)]
    assert [one for one in rig.effects if isinstance(one, Cut)] == [Cut(), Cut()]
    assert "player" in rig.problems()


def test_a_late_answer_to_an_older_attempt_is_rejected() -> None:
    rig = Rig()
    rig.answers = lambda _: ("never", 0.0)
    rig.send(came(day(call(1, 0))))
    rig.run(16)
    doing = rig.state.doing
    rig.send(PlayerAnswered(f"{call(1, 0).id}|1", "whole", 1.0, ""))
    assert rig.state.doing == doing


def test_a_player_that_never_sounds_is_tried_again_and_the_problem_closes_when_it_does() -> None:
    rig = Rig()
    rig.answers = lambda _: ("silent", 0.1) if len(rig.records) < 2 else ("whole", 6.0)
    rig.send(came(day(call(1, 0))))
    rig.run(1)
    assert rig.problems() == ["player"]
    rig.run(60)
    assert [one[2:] for one in rig.results()] == [("interrupted", False), ("interrupted", False), ("announced", True)]
    assert rig.records[2].slip_s == pytest.approx(6, abs=1)  # the gate became free while this call waited
    assert rig.problems() == []


def test_a_sentence_that_is_not_rendered_is_never_called_and_the_next_is_not_held_up() -> None:
    rig = Rig(renders=False)
    rig.send(came(day(call(1, 0), call(2, 20))))
    rig.send(Rendered(call(2, 20).say, 6.0))
    rig.send(Rendered(call(1, 0).say, None, "engine died"))
    assert rig.problems() == ["clip"]
    rig.run(90)
    assert rig.classes() == [(20.0, "2")]
    assert ("c1", 0, "missed", True) in rig.results()


def test_nothing_begins_after_the_window_closes() -> None:
    rig = Rig(before_s=-30)
    rig.send(came(day(call(1, 0, until_s=300), noon=window(closes_s=32))))
    rig.run(400)
    assert rig.results() == [("c1", 0, "missed", True)]


# A clock that goes -------------------------------------------------------------------------------


def test_a_clock_lost_in_the_lead_still_stops_the_call_and_it_is_said_when_the_clock_is_back() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0))))
    rig.run(-0.4)
    rig.bound_s = None
    rig.run(5)
    assert rig.heard == []
    rig.bound_s = 0.1
    rig.run(30)
    assert [one for _, one in rig.classes()] == ["1"]
    assert rig.results() == [("c1", 1, "interrupted", False), ("c1", 2, "late", True)]


def test_a_clock_lost_between_two_sayings_ends_the_call_as_announced() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0, repeat=2))))
    rig.run(6.3)
    rig.bound_s = None
    rig.run(30)
    assert (len(rig.heard), rig.results()) == (1, [("c1", 1, "announced", True)])


def test_a_wrong_clock_without_a_bound_sets_no_slip_and_no_instant() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0), call(2, 20))))
    rig.run(3)
    rig.bound_s, rig.skew_s = None, 3600.0
    rig.run(12)
    assert (rig.state.book.slips, rig.records[0].actual) == ({}, at(0))
    rig.bound_s, rig.skew_s = 0.1, 0.0
    rig.run(40)
    assert rig.classes() == [(0.0, "1"), (20.0, "2")]


def test_after_a_start_the_rest_of_the_window_is_kept_too() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0), noon=window(rest_s=10))))
    rig.run(3)
    rig.cut_power()
    rig.run(60)
    assert rig.classes() == [(0.0, "1"), (13.0, "1")]


# Truth of records --------------------------------------------------------------------------------


def test_of_an_attempt_that_never_sounded_no_instant_is_claimed() -> None:
    rig = Rig()
    rig.answers = lambda _: ("silent", 0.1)
    rig.send(came(day(call(1, 0), noon=window(closes_s=2))))
    rig.run(30)
    assert [(one.actual, one.heard, one.final) for one in rig.records] == [(None, "no", False), (None, "no", True)]


def test_a_call_of_which_nothing_sounded_is_reopened_by_a_later_until() -> None:
    rig = Rig()
    rig.answers = lambda _: ("silent", 0.1) if rig.utc < at(50) else ("whole", 6.0)
    rig.send(came(day(call(1, 0, until_s=2))))
    rig.run(30)
    rig.send(came(day(call(1, 60), revision=2)))
    rig.run(90)
    assert rig.classes() == [(71.8, "1")]  # the attempts before moved the window


def test_one_rendered_sentence_does_not_close_the_problem_of_another() -> None:
    rig = Rig(renders=False)
    rig.send(came(day(call(1, 0), call(2, 20))))
    rig.send(Rendered(call(1, 0).say, None, "engine died"))
    rig.send(Rendered(call(2, 20).say, 6.0))
    assert rig.problems() == ["clip"]
    rig.send(Rendered(call(1, 0).say, 6.0))
    assert rig.problems() == []
