"""Small promises of the gate that a changed line broke and no other test saw; found by tests/mutate.py."""

from dataclasses import replace

import pytest

from broker.wire.messages import Time
from config import limits
from config.day import Cap
from crossing_rig import alert, clear, lock, names, press
from edge import trust
from edge.alphabet import Play, PlayerAnswered, Render, TimeKept, Write
from edge.book import Begun
from edge.sources import Anchored
from edge.trust import Trust
from gate_rig import DATE, LENGTH_S, Rig, at, call, came, day, window


def told(rig: Rig) -> dict[str, object]:
    """The words of the problems that stand."""
    return {code: problem.args["why"] for code, problem in rig.state.book.problems.items()}


def results(rig: Rig) -> list[tuple[int, str, str, bool]]:
    return [(one.attempt, one.result, one.heard, one.final) for one in rig.records]


def test_what_could_not_be_played_is_looked_at_by_the_renderer_before_it_is_tried_again() -> None:
    rig = Rig(60)
    rig.send(came(day(call(1, 0))))
    rig.run(-1)
    asked = len([one for one in rig.effects if isinstance(one, Render)])
    rig.answers = lambda _: ("silent", LENGTH_S)
    rig.run(LENGTH_S + 1)
    rig.answers = lambda _: ("whole", LENGTH_S)
    rig.run(60)
    assert [one.says for one in rig.effects if isinstance(one, Render)][asked:] == [(call(1, 0).say,)]
    assert [(attempt, result) for attempt, result, _, final in results(rig) if final] == [(2, "announced")]


# Time ---------------------------------------------------------------------------------------------


def test_what_vouches_for_the_time_is_written_down() -> None:
    rig = Rig()
    kept = Anchored(source="centre", boot="b", utc=at(0), monotonic_s=1.0, error_s=0.1, wall_s=0.0)
    rig.send(TimeKept(kept))
    assert rig.state.book.anchored == kept
    assert Write(kept) in rig.effects


@pytest.mark.parametrize(
    ("bound_s", "why"),
    [(None, "no source vouches for the time"), (limits.TOLERANCE_S + 1, "bound too wide")],
)
def test_a_clock_that_is_not_there_is_a_problem_with_its_reason_once_the_boot_is_over(
    bound_s: float | None, why: str
) -> None:
    rig = Rig(bound_s=bound_s)
    rig.run(-58)
    assert told(rig) == {}
    rig.run(-56)
    assert told(rig) == {"clock": why}


def test_a_clock_that_is_lost_again_moves_nothing_again() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0), call(2, 10), call(3, 60))))
    rig.run(-5)
    rig.bound_s = None
    rig.run(15)
    rig.bound_s = 0.1
    rig.run(90)
    assert (names(rig), rig.state.book.slips) == (["1", "2", "3"], {})


def test_a_call_whose_until_is_its_instant_is_in_time_at_that_instant() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0, until_s=0))))
    rig.run(30)
    assert (rig.classes(), rig.results()) == ([(0.0, "1")], [("c1", 1, "announced", True)])


def test_a_call_cancelled_in_its_lead_makes_room_for_the_next_at_once() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0), call(2, 0))))
    rig.run(-0.3)
    known = len(rig.effects)
    rig.send(came(day(call(1, 0, state="cancelled"), call(2, 0), revision=2)))
    written = [one.entry for one in rig.effects[known:] if isinstance(one, Write)]
    assert [entry.record.cue for entry in written if isinstance(entry, Begun)] == [call(2, 0).id]


def test_a_sentence_that_could_not_be_made_is_asked_for_again_though_nothing_else_happens() -> None:
    rig, say = Rig(), call(1, 0).say
    made = {say: [None, LENGTH_S]}
    rig.rendering = lambda asked: (0.5, made[asked].pop(0) if asked in made else LENGTH_S)
    rig.send(came(day(call(1, 600))))
    rig.run(-60 + limits.RENDER_RETRY_S - 1)
    assert say not in rig.state.clips
    rig.run(-60 + limits.RENDER_RETRY_S + 3)
    assert rig.state.clips[say] == LENGTH_S


# The sentence -------------------------------------------------------------------------------------


def test_a_call_is_said_as_often_as_it_is_planned() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0, repeat=3))))
    rig.run(60)
    assert rig.classes() == [(0.0, "1"), (6.85, "1"), (13.7, "1")]
    assert results(rig) == [(1, "announced", "yes", True)]


def test_the_silence_after_a_sentence_is_that_of_its_window() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0), call(2, 8), noon=window(rest_s=10))))
    rig.run(60)
    assert rig.classes() == [(0.0, "1"), (15.85, "2")]


def gains_db(rig: Rig) -> list[float]:
    return [one.gain_db for one in rig.effects if isinstance(one, Play)]


def cap(begins_s: float, to_s: float, gain_db: float) -> Cap:
    return Cap.model_validate({"from": at(begins_s), "to": at(to_s), "gain_db": gain_db})


@pytest.mark.parametrize(("gate", "heard"), [(0.0, [-6.0, 0.0]), (4.0, [-2.0, 4.0]), (-20.0, [-24.0, -20.0])])
def test_the_gain_is_that_of_the_gate_and_the_window_together(gate: float, heard: list[float]) -> None:
    rig = Rig()
    outside = call(2, 20, id=f"{DATE}/none/c2/call", window=None)
    rig.send(came(day(call(1, 0), outside, noon=window(gain_db=-6.0), gain_db=gate)))
    rig.run(60)
    assert gains_db(rig) == heard


def test_an_hour_caps_what_begins_in_it_and_the_record_says_how_loud_it_was() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0), call(2, 45), call(3, 90), gain_db=6.0, caps=(cap(-10, 40, -20), cap(90, 100, 9)))))
    rig.run(130)
    assert gains_db(rig) == [-20.0, 6.0, 6.0]
    assert [one.volume_pct for one in rig.records if one.final] == [10, 100, 100]


@pytest.mark.parametrize(("status", "heard"), [("actual", 11.0), ("drill", -20.0)])
def test_an_hour_binds_a_drill_and_not_an_actual_alert(status: str, heard: float) -> None:
    rig = Rig()
    rig.send(came(day(call(1, 300), noon=window(gain_db=-6.0), gain_db=11.0, caps=(cap(-600, 600, -20),))))
    rig.send(alert(status=status))
    rig.run(5)
    assert set(gains_db(rig)) == {heard}


def test_an_actual_alert_is_as_loud_as_the_gate_also_on_a_day_without_a_window() -> None:
    rig = Rig()
    rig.send(came(day(gain_db=9.0).but(windows=())))
    rig.send(alert())
    rig.run(5)
    assert set(gains_db(rig)) == {9.0}


def test_an_alert_is_never_softer_than_its_clip_nor_louder_than_a_gain_may_be() -> None:
    for gain_db, heard in ((-9.0, 0.0), (12.0, 12.0)):
        rig = Rig()
        rig.send(came(day(call(1, 300), noon=window(gain_db=gain_db), gain_db=gain_db)))
        rig.send(alert())
        rig.run(5)
        assert set(gains_db(rig)) == {heard}


@pytest.mark.parametrize(
    ("lock_s", "repeat", "heard"),
    [(500, 1, 1), (20, 1, 1), (7.5, 1, 1), (6.5, 1, 0), (10, 2, 0), (13.5, 2, 0), (14.5, 2, 2)],
)
def test_a_call_that_would_not_end_before_quiet_is_shown_and_one_that_would_is_said(
    lock_s: float, repeat: int, heard: int
) -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0, repeat=repeat), quiet=(lock(lock_s, None),))))
    rig.run(30)
    assert len(rig.heard) == heard
    assert [one.result for one in rig.records] == ["announced" if heard else "suppressed"]


def test_quiet_that_comes_in_a_sentence_leaves_the_second_saying_that_still_fits() -> None:
    for lock_s, heard in ((14.5, 2), (13.5, 1)):
        rig, cue = Rig(), call(1, 0, repeat=2)
        rig.send(came(day(cue)))
        rig.run(3)
        rig.send(came(day(cue, revision=2, quiet=(lock(lock_s, None),))))
        rig.run(30)
        assert (len(rig.heard), results(rig)) == (heard, [(1, "announced", "yes", True)])


def test_what_is_shown_in_quiet_is_shown_as_long_as_it_would_be_said() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0), quiet=(lock(-30, None),))))
    rig.run(30)
    (record,) = rig.records
    assert record.ended is not None
    assert (record.ended - at(0)).total_seconds() == pytest.approx(LENGTH_S - limits.PLAY_AHEAD_MS / 1000, abs=0.01)


# The player ---------------------------------------------------------------------------------------


def fails(rig: Rig, *answers: str) -> None:
    """The player does so, one time after the other, and then works."""
    coming = list(answers)
    rig.answers = lambda _: (coming.pop(0) if coming else "whole", LENGTH_S)


def test_a_player_that_fails_in_the_sentence_leaves_an_unknown_end_and_a_problem_with_a_reason() -> None:
    rig = Rig()
    fails(rig, "failed")
    rig.send(came(day(call(1, 0))))
    rig.run(7)
    assert (told(rig), results(rig)) == ({"player": "failed"}, [(1, "interrupted", "unknown", False)])
    rig.run(30)
    assert (told(rig), results(rig)[1:]) == ({}, [(2, "announced", "yes", True)])


def test_a_player_without_a_card_says_so() -> None:
    rig = Rig()
    fails(rig, "silent")
    rig.send(came(day(call(1, 0))))
    rig.run(7)
    assert (told(rig), results(rig)) == ({"player": "no card"}, [(1, "interrupted", "no", False)])


def test_after_one_whole_saying_a_failure_in_the_next_leaves_it_announced() -> None:
    for failure in ("failed", "silent", "never"):
        rig = Rig()
        fails(rig, "whole", failure)
        rig.send(came(day(call(1, 0, repeat=2))))
        rig.run(60)
        assert (results(rig), rig.state.book.open) == ([(1, "announced", "yes", True)], {})


@pytest.mark.parametrize(
    ("answers", "reopened"),
    [
        (["silent"] * 5, True),  # nobody heard anything of it
        (["failed", "never"], False),  # somebody may have, twice
        (["failed", *["silent"] * 4], False),  # somebody may have, once
    ],
)
def test_a_later_revision_brings_back_only_what_nobody_can_have_heard(answers: list[str], reopened: bool) -> None:
    rig = Rig()
    fails(rig, *answers)
    rig.send(came(day(call(1, 0, until_s=100))))
    rig.run(90)
    assert [final for *_, final in results(rig)] == [False] * (len(answers) - 1) + [True]
    rig.send(came(day(call(1, 0, until_s=200), revision=2)))
    rig.run(120)
    assert (results(rig)[-1][1] == "late") is reopened


def test_what_the_player_was_told_to_cut_is_forgotten_when_it_answers() -> None:
    rig = Rig()
    rig.send(alert())
    rig.run(-58)
    rig.send(clear())
    rig.send(PlayerAnswered("of another time|1", "cut", None, ""))
    assert rig.state.cutting == "alert-a1|1"
    rig.run(-57)
    assert rig.state.cutting == ""


# People -------------------------------------------------------------------------------------------


def paced(**more: object) -> Rig:
    rig = Rig()
    noon = window().but(**{"pacing": "guarded", "on_timeout": "pass_over", "max_wait_s": 0, **more})
    rig.send(came(day(call(1, 0), call(2, 20), noon=noon)))
    return rig


def test_calls_that_wait_for_a_person_are_not_short_of_time() -> None:
    rig = paced()
    rig.run(30)
    assert told(rig) == {}


def test_a_call_that_would_begin_as_its_window_closes_no_longer_fits() -> None:
    for closes_s, problems in ((60, {"window-short": "c1"}), (60.001, {})):
        rig = Rig()
        rig.send(came(day(call(1, 60), noon=window(closes_s=closes_s))))
        assert told(rig) == problems


def test_a_class_that_may_wait_a_second_waits_a_second_and_only_the_first_waits() -> None:
    rig = paced(max_wait_s=1)
    rig.run(25)
    assert [(one.cue, one.result) for one in rig.records] == [
        (call(1, 0).id, "passed_over"),
        (call(2, 20).id, "passed_over"),
    ]
    endless = paced()
    endless.run(300)
    assert endless.records == []


def test_a_class_behind_the_first_does_not_wait_yet() -> None:
    rig = Rig()
    noon = window().but(pacing="guarded", on_timeout="pass_over", max_wait_s=30)
    rig.send(came(day(call(1, 0), call(2, 0), noon=noon)))
    rig.run(31)
    assert [one.cue for one in rig.records] == [call(1, 0).id]
    press(rig, "next")
    rig.run(62)
    assert [one.result for one in rig.records] == ["passed_over", "announced"]


def test_of_two_windows_the_first_class_of_each_waits() -> None:
    noon = window().but(pacing="guarded", max_wait_s=10)
    bus = call(9, 0, id=f"{DATE}/bus/c9/call", window="bus")
    rig = Rig()
    rig.send(came(day(bus, call(1, 0), windows=(noon, noon.but(id="bus")))))
    rig.run(11)
    assert [one.cue for one in rig.records] == [bus.id, call(1, 0).id]


def test_a_class_whose_release_an_alert_outlived_waits_anew() -> None:
    rig = paced(max_wait_s=15, on_timeout="call")
    rig.run(15)  # in its lead
    rig.send(alert())
    rig.run(80)
    rig.send(clear())
    rig.run(90)
    press(rig)
    resumed = rig.utc
    rig.run(130)
    assert [(one.result, one.heard) for one in rig.records[:2]] == [
        ("interrupted", "no"),
        ("announced", "yes"),
    ]
    assert rig.records[1].actual is not None
    assert (rig.records[1].actual - resumed).total_seconds() == pytest.approx(15.6, abs=0.5)


# Trust in the clock -------------------------------------------------------------------------------


def vouched(at_s: float = 10.0, kept_s: float = 0.0) -> Trust:
    """Asked and answered by the centre at once; it says that it kept the question for `kept_s`."""
    one, question = trust.ask(trust.begun(5, "boot", None, None), at_s)
    assert question is not None
    answer = Time(v=1, start=5, n=question.n, received_at=at(0), sent_at=at(kept_s), error_s=0.0)
    return trust.answered(one, answer, at_s)


@pytest.mark.parametrize(("kept_s", "believed"), [(0.002, True), (0.003, False)])
def test_a_centre_that_kept_a_question_longer_than_it_was_away_is_not_believed(kept_s: float, believed: bool) -> None:
    assert ("centre" in vouched(kept_s=kept_s).anchors) is believed


def test_a_gate_that_read_no_chip_sets_none_and_one_just_set_is_not_set_again() -> None:
    one = vouched()
    assert trust.set_chip(one, 10.0) is None
    made = trust.set_chip(replace(one, chip="c"), 10.25)
    assert made is not None
    assert (made.chip, made.utc) == ("c", at(0))  # whole seconds
    assert trust.set_chip(replace(one, chip="c", chip_set=made), 10.0) is None


def test_the_time_of_a_kernel_is_kept_for_the_next_process_also_while_the_centre_is_asked() -> None:
    one = trust.watched(trust.begun(5, "boot", None, None), at(0), 10.0)
    kept = trust.to_keep(trust.kernel_read(one, at(0), 10.0, 0.0), 10.0)
    assert kept is not None
    assert (kept.source, kept.utc) == ("kernel", at(0))
