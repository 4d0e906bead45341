"""The buttons of a gate: a hold at once, by anybody, without a network or a clock, until a person ends it."""

from datetime import timedelta
from typing import Literal

import pytest

from broker.wire.messages import Event, Press, Status
from config import limits
from config.day import Hold
from edge.alphabet import ButtonMoved, PartFailed, Tick
from edge.book import Pressed
from gate_rig import DATE, Rig, at, call, came, day, linked, window

DAY = day(call(1, 0), call(2, 20), call(3, 40), call(4, 60))


def press(rig: Rig, button: Literal["hold", "next"] = "hold") -> None:
    """A finger of 200 ms."""
    rig.send(ButtonMoved(button, True, rig.monotonic_s))
    begun_s = (rig.utc - at(0)).total_seconds()
    rig.run(begun_s + 0.2)
    rig.send(ButtonMoved(button, False, rig.monotonic_s))
    rig.run(begun_s + 0.4)


def presses(rig: Rig) -> list[Press]:
    return [entry.press for entry in rig.state.book.outbox if isinstance(entry, Pressed)]


def ready(before_s: float = 60.0) -> Rig:
    rig = Rig(before_s)
    rig.send(linked())
    rig.send(came(DAY))
    return rig


def test_a_press_holds_and_the_next_resumes_with_the_distances_kept() -> None:
    rig = ready()
    rig.run(10)
    press(rig)
    assert (rig.lights().red, rig.state.held) == ("on", True)
    rig.run(95)
    assert rig.classes() == [(0.0, "1")]
    press(rig)
    assert (rig.lights().red, rig.state.held) == ("off", False)
    rig.run(160)
    assert [name for _, name in rig.classes()] == ["1", "2", "3", "4"]
    assert [round(at_s, 2) for at_s, _ in rig.classes()[1:]] == [95.63, 115.63, 135.63]  # the press and the lead
    assert [(one.id, one.button, one.ends, one.result) for one in presses(rig)] == [
        (presses(rig)[0].id, "hold", (), "done"),
        (presses(rig)[1].id, "hold", (presses(rig)[0].id,), "done"),
    ]
    assert presses(rig)[0].at == at(10)


def test_it_answers_before_a_finger_is_let_go() -> None:
    rig = ready()
    rig.run(10)
    rig.send(ButtonMoved("hold", True, rig.monotonic_s))
    assert rig.lights().red == "off"
    rig.run(10.04)
    assert rig.lights().red == "on"


def test_a_press_in_a_sentence_lets_it_end_and_one_in_the_lead_stops_it() -> None:
    rig = ready()
    rig.run(2)
    press(rig)
    assert rig.lights().red == "on"
    rig.run(30)
    assert (rig.classes(), rig.results()) == ([(0.0, "1")], [("c1", 1, "announced", True)])
    late = ready()
    late.run(-0.4)
    press(late)
    late.run(30)
    assert late.classes() == []


def test_a_press_survives_a_power_cut_without_network_or_clock() -> None:
    rig = Rig(before_s=30, bound_s=None)
    rig.send(came(DAY))
    press(rig)
    rig.cut_power(for_s=20)
    assert (rig.state.held, rig.lights().red) == (True, "on")
    rig.bound_s = 0.1
    rig.send(Tick())
    rig.run(70)
    assert (rig.classes(), rig.state.held) == ([], True)
    press(rig)
    rig.run(80)
    assert [name for _, name in rig.classes()] == ["1"]


@pytest.mark.parametrize("effects_left", range(4))
def test_a_power_cut_at_any_effect_of_a_press_leaves_it_held_or_not_pressed(effects_left: int) -> None:
    rig = ready()
    rig.run(10)
    rig.effects_left = effects_left
    try:
        press(rig)
    except Exception:  # noqa: BLE001 - the power is cut here, or the press had fewer effects
        rig.effects_left = None
    rig.cut_power()
    assert rig.state.held == bool(presses(rig))


def test_a_newer_day_does_not_lift_it_and_one_that_names_it_does() -> None:
    rig = ready()
    rig.run(10)
    press(rig)
    own = presses(rig)[0].id
    delayed = [call(n, 60 + 20 * n) for n in (2, 3, 4)]
    rig.send(came(day(call(1, 0), *delayed, revision=2)))
    assert rig.state.held
    ended = Hold.model_validate({"id": own, "from": at(10), "to": at(60), "why": None, "by": "王老师"})
    rig.run(60)
    rig.send(came(day(call(1, 0), *delayed, revision=3, holds=(ended,))))
    assert not rig.state.held
    rig.run(110)
    assert rig.classes() == [(0.0, "1"), (100.0, "2")]


def test_a_press_ends_the_centres_hold() -> None:
    hold = Hold.model_validate({"id": "change-7", "from": at(5), "to": None, "why": None, "by": "王老师"})
    rig = ready()
    rig.run(10)
    rig.send(came(day(*DAY.cues, revision=2, holds=(hold,))))
    press(rig)
    assert (presses(rig)[0].ends, rig.state.held) == (("change-7",), False)
    rig.send(came(day(*DAY.cues, revision=3, holds=(hold,))))
    assert not rig.state.held


def test_next_is_refused_in_a_timed_window_by_the_lamp_and_recorded() -> None:
    rig = ready()
    rig.run(10)
    press(rig, "next")
    assert rig.lights().amber == "fast"
    assert [(one.button, one.target, one.result) for one in presses(rig)] == [("next", DAY.cues[1].id, "refused")]
    rig.run(19)
    assert rig.lights().amber == "off"
    rig.run(30)
    assert rig.classes() == [(0.0, "1"), (20.0, "2")]


def test_a_press_is_told_to_the_centre_until_it_is_acknowledged() -> None:
    rig = ready()
    rig.run(10)
    press(rig)
    rig.run(30)
    told = [one.message.presses for one in rig.published("event") if isinstance(one.message, Event)]
    assert [one for one in told if one] == [tuple(presses(rig))] * len([one for one in told if one])
    assert len([one for one in told if one]) > 2
    statuses = [one.message.holds for one in rig.published("status") if isinstance(one.message, Status)]
    assert statuses[-1] == (presses(rig)[0].id,)


def test_a_hold_moves_the_end_of_its_window() -> None:
    rig = Rig(before_s=30)
    rig.send(came(day(call(1, 0), call(2, 30), noon=window(closes_s=40))))
    rig.run(10)
    press(rig)
    rig.run(100)
    press(rig)
    rig.run(140)
    assert [name for _, name in rig.classes()] == ["1", "2"]


def test_a_hold_of_yesterday_holds_nothing_today_and_nobody_knows_a_hold_without_a_date() -> None:
    tomorrow = DATE + timedelta(days=1)
    for bound_s, held in ((0.1, False), (None, True)):
        rig = ready()
        rig.bound_s = bound_s
        rig.send(Tick())
        press(rig)
        rig.bound_s = 0.1
        rig.utc += timedelta(days=1)
        rig.send(Tick())
        assert (rig.now().utc.date(), rig.state.held) == (tomorrow, held)


def test_an_impatient_guard_ends_where_the_last_press_that_counts_says() -> None:
    rig = ready()
    rig.run(10)
    for _ in range(8):  # every 0.4 s
        press(rig)
    assert [bool(one.ends) for one in presses(rig)] == [False, True, False]
    assert rig.state.held


def test_a_stuck_button_is_a_problem_and_no_second_press() -> None:
    rig = ready()
    rig.send(ButtonMoved("next", True, rig.monotonic_s))
    rig.run(0)
    assert (rig.problems(), len(presses(rig))) == (["button-next"], 1)
    rig.send(ButtonMoved("next", False, rig.monotonic_s))
    rig.run(1)
    assert rig.problems() == []


def test_a_press_holds_though_nothing_can_be_written() -> None:
    rig = ready()
    rig.run(10)
    rig.send(PartFailed("journal", "disk full"))
    press(rig)
    rig.run(60)
    assert rig.classes() == [(0.0, "1")]


# What grows is made new ---------------------------------------------------------------------------


def test_after_a_day_the_journal_is_one_line_that_knows_everything() -> None:
    rig = ready()
    rig.run(90)
    rig.utc += timedelta(days=2)
    rig.send(Tick())
    assert len(rig.journal) == 1
    assert rig.replayed() == rig.state.book
    assert (rig.state.book.days, rig.state.book.done) == ({}, frozenset())
    assert len(rig.state.book.outbox) == 4


def test_a_long_journal_is_made_new_when_nothing_is_due_and_not_tried_again_at_once() -> None:
    rig = ready(before_s=3600)
    for n in range(limits.JOURNAL_LINES_MAX):
        rig.send(PartFailed("panel", "loose wire" if n % 2 == 0 else ""))
    assert len(rig.journal) < 10
    assert rig.replayed() == rig.state.book
    busy = ready(before_s=30)
    for n in range(limits.JOURNAL_LINES_MAX):
        busy.send(PartFailed("panel", "loose wire" if n % 2 == 0 else ""))
    assert len(busy.journal) > limits.JOURNAL_LINES_MAX


def test_an_outbox_that_loses_its_oldest_is_a_problem_until_the_centre_has_the_rest() -> None:
    rig = ready(before_s=3600)
    for n in range(limits.OUTBOX_MAX):
        rig.send(PartFailed("panel", "loose wire" if n % 2 == 0 else ""))
    assert "outbox" in rig.problems()
    assert len(rig.state.book.outbox) == limits.OUTBOX_MAX
