"""A guard's hold button, as the centre hears of it: once, for that gate alone, in whatever order things arrive."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from broker.view import GateView
from broker.wish import Wish
from centre_rig import LOG
from school_rig import TEN, TEXT, ForeignGate, School, fill, unfill

ON = TEN.date()
HELD = f"east/{LOG}-3"
"""The id of the hold that the press in event 3 opened."""


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    made = School(tmp_path)
    made.settle_in()
    yield made
    made.stop()


def changes(school: School, on: date = ON) -> list[tuple[str, str | None, tuple[str, ...], str]]:
    return [(one.kind, one.gate, one.ids, one.by) for one in school.store.changes(on)]


def page(school: School, n: int = 0) -> GateView:
    return school.centre.view().gates[n]


def days(gate: ForeignGate) -> list[dict[str, Any]]:
    """The revisions of today that a gate was sent since the last time; one comes as an answer and for the cache."""
    came = {message["revision"]: message for what, message in gate.took() if what == f"day/{ON}" and message}
    return list(came.values())


def resume(school: School, key: str = "k1", **more: object) -> None:
    wish = {
        "key": key,
        "by": "王老师",
        "kind": "resume",
        "gate": "east",
        "ids": tuple(h.id for h in page(school).holds),
    }
    school.centre.submit(Wish.model_validate({**wish, **more}))
    school.go()


def again(school: School) -> None:
    """The centre dies and starts again."""
    school.stop()
    school.start()
    school.go(2)


OPENED = [("hold", "east", (HELD,), "门卫")]


def test_a_press_holds_its_gate_in_the_centres_day_and_no_other(school: School) -> None:
    school.east.event(3, presses=[school.east.press(3)])
    school.go()
    assert changes(school) == OPENED
    [held] = days(school.east)
    assert held["revision"] == 2
    assert [(one["id"], one["from"], one["to"], one["by"], one["why"]) for one in held["holds"]] == [
        (HELD, "2026-11-25T02:00:00Z", None, "门卫", None)
    ]
    assert (days(school.west), page(school, 1).revision, page(school, 1).holds) == ([], 1, ())
    assert [(hold.id, hold.by) for hold in page(school).holds] == [(HELD, "门卫")]


def test_a_second_press_ends_what_it_says_also_a_hold_of_the_centre(school: School) -> None:
    school.centre.submit(Wish.model_validate({"key": "k0", "by": "王老师", "kind": "hold"}))
    school.go()
    assert [hold.id for hold in page(school).holds] == ["change-1"]
    school.east.event(3, presses=[school.east.press(3)])
    school.east.event(4, presses=[school.east.press(4, at="2026-11-25T02:05:00Z", ends=["change-1", HELD])])
    school.go()
    assert changes(school)[1:] == [*OPENED, ("resume", "east", ("change-1", HELD), "门卫")]
    assert [hold["to"] for hold in days(school.east)[-1]["holds"]] == ["2026-11-25T02:05:00Z"] * 2
    assert (page(school).holds, [hold.id for hold in page(school, 1).holds]) == ((), ["change-1"])


def test_a_doubled_press_and_an_event_sent_again_make_one_change(school: School) -> None:
    press = school.east.press(3)
    school.east.event(3, presses=[press, press])
    school.go()
    assert len(days(school.east)) == 1
    for _ in range(3):
        school.east.event(3, presses=[press])
        school.go(6)
    assert [what for what, _ in school.east.took()] == ["ack"] * 3
    again(school)
    school.east.event(3, presses=[press])
    school.go(6)
    assert changes(school) == OPENED
    assert [day["revision"] for day in days(school.east)] == [2]  # the cache, after the start


def test_an_event_the_disk_does_not_take_changes_nothing_until_it_does(school: School) -> None:
    """Event and change are one transaction: neither is ever without the other."""
    presses = [school.east.press(n, at="2026-11-25T02:00:00Z") for n in range(3, 23)]
    fill(school.store)
    school.east.event(22, presses=presses)
    school.go()
    assert (changes(school), school.store.seqs(), school.east.took(), page(school).holds) == ([], {}, [], ())
    unfill(school.store)
    again(school)
    assert changes(school) == []
    school.east.took()
    school.east.event(22, presses=presses)
    school.go()
    assert (len(changes(school)), len(page(school).holds)) == (20, 20)
    assert ("ack", {"v": 1, "log": LOG, "seq": 22}) in school.east.took()


def test_a_centre_that_dies_before_the_fold_folds_at_its_start(school: School) -> None:
    school.east.event(3, presses=[school.east.press(3)])
    school.centre._fold_again = lambda: None  # type: ignore[method-assign] # it died here
    school.go()
    assert (changes(school), days(school.east)) == (OPENED, [])
    again(school)
    assert [[hold["id"] for hold in day["holds"]] for day in days(school.east)] == [[HELD]]
    assert [hold.id for hold in page(school).holds] == [HELD]


def test_a_press_in_another_gates_name_is_stored_refused_and_said(school: School) -> None:
    presses = [school.west.press(3), school.east.press(4, id=HELD.replace("east", "eastern")), school.east.press(5)]
    school.east.event(5, presses=presses)
    school.go()
    assert changes(school) == [("hold", "east", (f"east/{LOG}-5",), "门卫")]
    assert [line for line in school.said if "refused shifan/east" in line] == [
        f"拒收 refused shifan/east: 按键 {own}-{n} 不是这个校门的 is not a press of this gate"
        for own, n in ((f"west/{LOG}", 3), (f"eastern/{LOG}", 3))
    ]
    assert school.store.seqs()[school.centre.state.gates[0], LOG] == 5


def test_other_presses_are_stored_and_change_nothing(school: School) -> None:
    school.east.event(4, presses=[school.east.press(3, result="refused"), school.east.press(4, button="next")])
    school.go()
    assert (changes(school), days(school.east), page(school).revision) == ([], [], 1)
    assert school.store.seqs()[school.centre.state.gates[0], LOG] == 4


def test_a_press_of_yesterday_is_of_its_own_date_and_leaves_today_alone(school: School) -> None:
    school.east.event(3, presses=[school.east.press(3, at="2026-11-24T08:30:00Z")])
    school.go()
    assert (changes(school, ON - timedelta(days=1)), changes(school)) == (OPENED, [])
    assert (days(school.east), page(school).holds) == ([], ())


def test_a_press_after_midnight_by_the_schools_clocks_is_of_the_new_date(school: School) -> None:
    school.clock.advance(15 * 3600)
    school.go(1)
    school.east.event(3, presses=[school.east.press(3, at="2026-11-25T16:30:00Z")])
    school.go()
    assert (changes(school), changes(school, ON + timedelta(days=1))) == ([], OPENED)


def test_a_press_by_a_clock_that_runs_ahead_holds_today_and_not_the_day_it_claims(school: School) -> None:
    school.east.event(3, presses=[school.east.press(3, at="2026-12-01T03:00:00Z")])
    school.go()
    assert (changes(school), changes(school, date(2026, 12, 1))) == (OPENED, [])


def test_a_hold_only_its_gate_knows_is_shown_and_ended_from_the_page_before_the_press_arrives(school: School) -> None:
    school.east.status(holds=[HELD], doing="held")
    school.go(2)
    assert [(hold.id, hold.by, hold.since) for hold in page(school).holds] == [(HELD, "门卫", None)]
    school.clock.advance(60)
    resume(school)
    assert page(school).holds == ()
    [ended] = days(school.east)
    assert [(hold["id"], hold["to"] is not None) for hold in ended["holds"]] == [(HELD, True)]
    school.east.event(3, presses=[school.east.press(3)])
    school.go()
    [late] = days(school.east)
    assert [(hold["id"], hold["from"], hold["by"]) for hold in late["holds"]] == [
        (HELD, "2026-11-25T02:00:00Z", "门卫")
    ]
    assert late["holds"][0]["to"] == ended["holds"][0]["to"]
    assert (page(school).holds, days(school.west)) == ((), [])
    again(school)
    assert page(school).holds == ()


def test_an_offline_hold_and_its_end_arrive_together_in_any_order(school: School) -> None:
    end = school.east.press(4, at="2026-11-25T02:05:00Z", ends=[HELD])
    school.east.event(4, presses=[end])
    school.east.event(3, presses=[school.east.press(3)])
    school.go()
    [hold] = days(school.east)[-1]["holds"]
    assert (hold["from"], hold["to"]) == ("2026-11-25T02:00:00Z", "2026-11-25T02:05:00Z")
    assert page(school).holds == ()


def test_what_staff_change_in_a_window_that_is_open_over_midnight_reaches_the_gates(tmp_path: Path) -> None:
    """The day they work on is yesterday's then."""
    late = TEXT.replace('opens = "18:00"\ncloses = "18:30"', 'opens = "23:30"\ncloses = "24:30"')
    assert late != TEXT
    school = School(tmp_path)
    school.stop()
    school.start(late)
    school.settle_in()
    school.clock.advance(14 * 3600 + 600)
    school.go(1)
    school.settle_in()
    assert school.centre.view().date == str(ON)
    school.centre.submit(Wish.model_validate({"key": "k0", "by": "王老师", "kind": "hold", "gate": "east"}))
    school.go()
    assert [hold["id"] for hold in days(school.east)[-1]["holds"]] == ["change-1"]
    assert [hold.id for hold in page(school).holds] == ["change-1"]
    school.stop()
