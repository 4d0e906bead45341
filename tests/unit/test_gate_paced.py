"""Guarded and ready windows at a gate: a person lets each class go; the clock says in which order, and how long."""

from dataclasses import replace
from datetime import timedelta
from typing import Literal

import pytest

from config.day import Hold, Window
from edge.alphabet import ButtonMoved, Tick
from edge.book import Pressed
from edge.gate import wake
from gate_rig import DATE, Rig, at, call, came, day, linked, window

CALLS = (call(1, 0), call(2, 20), call(3, 40))


def guarded(max_wait_s: float = 0, on_timeout: str = "pass_over", **more: object) -> Window:
    fields = {"pacing": "guarded", "max_wait_s": max_wait_s, "on_timeout": on_timeout, **more}
    return window().but(**fields)


def ready(noon: Window | None = None, before_s: float = 60.0, **more: object) -> Rig:
    rig = Rig(before_s, **more)  # type: ignore[arg-type]  # of the rig
    rig.send(linked())
    rig.send(came(day(*CALLS, noon=noon or guarded())))
    return rig


def press(rig: Rig, at_s: float, button: Literal["next", "hold"] = "next") -> None:
    rig.run(at_s - 0.05)
    rig.send(ButtonMoved(button, True, rig.monotonic_s))
    rig.run(at_s)
    rig.send(ButtonMoved(button, False, rig.monotonic_s))
    rig.run(at_s + 0.05)


def presses(rig: Rig) -> list[tuple[str | None, str]]:
    found = [entry.press for entry in rig.state.book.outbox if isinstance(entry, Pressed)]
    return [(one.target and one.target.split("/")[2], one.result) for one in found if one.button == "next"]


def names(rig: Rig) -> list[str]:
    return [name for _, name in rig.classes()]


def test_nothing_is_called_until_the_guard_lets_it_go_and_then_in_the_order_of_the_plan() -> None:
    rig = ready()
    rig.run(100)
    assert rig.classes() == []
    press(rig, 101)
    press(rig, 131)
    rig.run(200)
    assert rig.classes() == [(101.58, "1"), (131.58, "2")]
    assert [(one.result, one.source, one.slip_s) for one in rig.records] == [("announced", "guard", 0.0)] * 2
    rig.run(1510)
    assert rig.results()[-1] == ("c3", 0, "missed", True)


@pytest.mark.parametrize(
    ("at_s", "why"), [(-400, "before the window opens"), (1510, "after it closed")], ids=["before", "after"]
)
def test_a_press_outside_the_window_is_refused(at_s: float, why: str) -> None:
    rig = ready(before_s=1000)
    press(rig, at_s)
    rig.run(at_s + 1)
    assert (presses(rig)[0][1], rig.lights().amber) == ("refused", "fast"), why


def test_one_released_class_may_wait_and_no_more() -> None:
    rig = ready()
    press(rig, 0)
    press(rig, 2)  # the first speaks: the second may wait
    press(rig, 4)
    press(rig, 5.5)
    rig.run(60)
    assert presses(rig) == [("c1", "done"), ("c2", "done"), ("c3", "refused"), ("c3", "refused")]
    assert names(rig) == ["1", "2"]


def test_in_a_hold_next_is_refused_and_a_release_waits_for_the_resume() -> None:
    rig = ready()
    press(rig, 0)
    press(rig, 2)
    press(rig, 4, "hold")
    press(rig, 5)
    rig.run(30)
    assert (names(rig), presses(rig)[-1]) == (["1"], ("c3", "refused"))
    press(rig, 31, "hold")
    rig.run(50)
    assert names(rig) == ["1", "2"]


def test_a_release_is_over_after_a_while_and_needs_a_new_one() -> None:
    rig = ready()
    press(rig, 0)
    press(rig, 2)
    press(rig, 4, "hold")
    rig.run(70)  # until - at is 60 s
    press(rig, 80, "hold")
    rig.run(200)
    assert names(rig) == ["1"]
    press(rig, 201)
    rig.run(230)
    assert names(rig) == ["1", "2"]


def test_a_release_survives_a_short_power_cut_and_the_class_stays_callable_over_a_long_one() -> None:
    for for_s, called in ((20, ["1"]), (90, [])):
        rig = ready()
        rig.run(0)
        rig.send(ButtonMoved("next", True, rig.monotonic_s))
        rig.run(0.1)
        rig.cut_power(for_s=for_s)
        rig.run(for_s + 30)
        assert names(rig) == called
        press(rig, for_s + 40)
        rig.run(for_s + 60)
        assert names(rig) == [*called, str(len(called) + 1)]


def test_a_releases_clock_may_be_poor_but_not_outside_the_window() -> None:
    rig = ready(bound_s=120.0)
    press(rig, 0)
    rig.run(30)
    assert names(rig) == ["1"]  # a call by the clock would not be made: tolerance is 30 s
    early = ready(before_s=400, bound_s=120.0)
    press(early, -250)  # open for 50 s, or not yet for 70
    assert presses(early) == [("c1", "refused")]
    none = ready(bound_s=None)
    press(none, 0)
    rig.run(30)
    assert (names(none), presses(none)) == ([], [("c1", "refused")])


def test_a_class_that_waits_too_long_is_called_never_before_its_own_instant() -> None:
    rig = ready(guarded(10, "call"))
    rig.run(100)
    assert rig.classes() == [(10.6, "1"), (30.6, "2"), (50.6, "3")]
    assert {one.source for one in rig.records} == {"timer"}
    assert {one.result for one in rig.records} == {"announced"}


def test_a_wait_that_is_over_but_for_a_rounding_does_not_wake_the_gate_at_the_same_instant_for_ever() -> None:
    rig = ready(guarded(10, "pass_over"))
    rig.run(9.9)
    rig.state = replace(rig.state, waited=dict.fromkeys(rig.state.waited, 9.999999999999993), counted_s=rig.monotonic_s)
    rig.send(Tick())
    assert wake(rig.state, rig.now()) > rig.monotonic_s
    assert rig.results() == [("c1", 0, "passed_over", False)]


def test_a_class_passed_over_goes_to_the_end_and_may_still_be_called() -> None:
    rig = ready(guarded(10, "pass_over"))
    rig.run(12)
    assert rig.results() == [("c1", 0, "passed_over", False)]
    press(rig, 15)
    rig.run(40)
    press(rig, 45)
    rig.run(60)
    press(rig, 65)
    rig.run(100)
    assert (names(rig), presses(rig)) == (["2", "3", "1"], [("c2", "done"), ("c3", "done"), ("c1", "done")])
    assert rig.results()[-1] == ("c1", 1, "announced", True)


def test_the_wait_does_not_count_in_a_hold() -> None:
    rig = ready(guarded(30, "call"))
    press(rig, 10, "hold")
    press(rig, 200, "hold")
    rig.run(219)
    assert rig.classes() == []
    rig.run(222)
    assert names(rig) == ["1"]


def test_in_ready_each_class_waits_from_its_own_instant_and_not_for_the_one_before_it() -> None:
    rig = ready(guarded(30, "call", pacing="ready", rest_s=1))
    rig.run(49)
    assert rig.classes() == [(30.6, "1")]
    rig.run(100)
    assert rig.classes() == [(30.6, "1"), (50.6, "2"), (70.6, "3")]


def test_a_report_of_the_day_lets_a_class_go_out_of_turn() -> None:
    rig = ready(guarded(pacing="ready"))
    rig.run(5)
    reported = [CALLS[0], CALLS[1], CALLS[2].but(released=at(5))]
    rig.send(came(day(*reported, revision=2, noon=guarded(pacing="ready"))))
    rig.run(30)
    assert (rig.classes(), rig.records[-1].source) == ([(5.6, "3")], "class")


def test_a_person_at_the_page_lets_a_class_go_in_a_guarded_window() -> None:
    rig = ready()
    rig.run(5)
    rig.send(came(day(*CALLS[:1], CALLS[1].but(released=at(5)), CALLS[2], revision=2, noon=guarded())))
    rig.run(30)
    assert (names(rig), rig.records[-1].source, rig.state.book.slips) == (["2"], "console", {})


def test_a_notice_passes_a_class_that_waits_and_a_closing_one_waits_for_all() -> None:
    notice = call(1, 10, id=f"{DATE}/noon/n1/notice", kind="notice", classes=(), say="通知 1级 9班")
    close = call(1, 20, id=f"{DATE}/noon/all/close", kind="close", classes=(), say="结束 1级 8班")
    rig = Rig()
    rig.send(came(day(call(1, 0), notice, close, noon=guarded())))
    rig.run(60)
    assert names(rig) == [" 9"]
    press(rig, 70)
    rig.run(100)
    assert names(rig) == [" 9", "1", " 8"]


def test_a_timed_window_beside_a_guarded_one_goes_by_its_clock() -> None:
    other = window(id="bus", name="校车")
    bus = call(9, 15, id=f"{DATE}/bus/c9/call", window="bus")
    rig = Rig()
    rig.send(came(day(call(1, 0), bus, windows=(guarded(), other))))
    rig.run(60)
    assert rig.classes() == [(15.0, "9")]


def test_a_hold_of_the_office_keeps_the_next_one_shown() -> None:
    rig = ready()
    hold = Hold.model_validate({"id": "change-1", "from": at(5), "to": None, "why": None, "by": "王老师"})
    rig.run(5)
    rig.send(came(day(*CALLS, revision=2, noon=guarded(), holds=(hold,))))
    press(rig, 10)
    assert presses(rig) == [("c1", "refused")]
    assert [getattr(one.message, "next", None) for one in rig.published("status")][-1] == CALLS[0].id


def test_what_waits_is_missed_once_when_the_window_closes() -> None:
    rig = ready(before_s=-1490)
    rig.run(1600)
    assert rig.results() == [("c1", 0, "missed", True), ("c2", 0, "missed", True), ("c3", 0, "missed", True)]


def test_what_was_let_go_or_passed_over_is_forgotten_with_its_day() -> None:
    rig = ready(guarded(10, "pass_over"))
    rig.run(12)
    press(rig, 15)
    assert rig.state.book.passed
    rig.utc += timedelta(days=3)
    rig.send(Tick())
    assert (rig.state.book.passed, rig.state.book.released, rig.state.waited) == (frozenset(), {}, {})


def test_a_class_that_is_ready_for_a_later_window_keeps_nobody_waiting_in_this_one() -> None:
    later = guarded(opens=at(600), closes=at(1800)).but(id="after", pacing="ready")
    last = call(9, 620).but(id=f"{DATE}/after/c9/call", window="after")
    of = day(*CALLS, noon=guarded()).but(windows=(guarded(closes=at(550)), later), cues=(*CALLS, last))
    rig = Rig()
    rig.send(came(of))
    press(rig, 25)
    rig.send(came(of.but(revision=2, cues=(*CALLS, last.but(released=at(30))))))
    press(rig, 60)
    press(rig, 120)
    rig.run(700)
    assert presses(rig) == [("c1", "done"), ("c2", "done"), ("c3", "done")]
    assert names(rig) == ["1", "2", "3", "9"]
