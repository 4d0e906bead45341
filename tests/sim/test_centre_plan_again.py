"""A plan that is read again after a window began: nobody who may be out already is called once more today."""

from datetime import timedelta
from pathlib import Path

import pytest

from broker.fold import FromTomorrowError, called_otherwise
from centre_rig import EAST, OPENS, WEST, cue, day, window
from config import limits
from config.day import Cue
from school_rig import TEN, TEXT, School
from whole_rig import Whole

ON = OPENS.date()
MOVED = TEXT.replace('zone = "a"', 'zone = "b"')
GONE = TEXT.replace('[gates.east]\nname = "东门"\n', "").replace('gate = "east"', 'gate = "west"')
GONE = GONE.replace('gates = ["east"]', 'gates = ["west"]')
NO_LONGER = TEXT.replace(
    'name = "东门"', 'name = "东门"\nclosures = [{ from = "2026-12-02", to = "2026-11-30", why = "修路" }]'
)
"""A plan that an older program took; this one finds an error in it."""


@pytest.fixture
def school(tmp_path: Path) -> School:
    made = School(tmp_path)
    made.settle_in()
    return made


def go_to(school: School, minute: int) -> None:
    """So many minutes after eleven."""
    at = TEN.replace(hour=3, minute=minute, second=20)
    school.clock.advance((at - school.clock.utc()).total_seconds())


def east_and_west(school: School, on: int = 25) -> list[set[str]]:
    """The classes that each gate calls at noon of a day of November."""
    days = [one.day for (_, of), one in sorted(school.centre.state.days.items(), key=str) if of.day == on]
    return [{own for cue in day.cues if cue.window == "noon" for own in cue.classes} for day in days]


@pytest.mark.parametrize(
    ("minute", "old", "new"),
    [
        pytest.param(24, 'zone = "a"', 'zone = "b"', id="not open yet"),
        pytest.param(30, "every_s = 45", "every_s = 60", id="the same calls at other instants"),
        pytest.param(30, 'count = 2\nzone = "a"', 'count = 3\nzone = "a"', id="a class more"),
        pytest.param(30, 'opens = "18:00"', 'opens = "18:10"', id="a window that is still to come"),
    ],
)
def test_a_plan_that_calls_nobody_otherwise_counts_at_once(school: School, minute: int, old: str, new: str) -> None:
    go_to(school, minute)
    before = school.centre.situation().days
    school.plan(old, new)
    assert school.centre.situation().days != before


@pytest.mark.parametrize("minute", [30, 57], ids=["open", "over"])
def test_a_plan_that_calls_a_class_otherwise_counts_from_tomorrow(school: School, minute: int) -> None:
    """The class may be out already, also where no record has come; and what was heard stays in the sheet of today."""
    go_to(school, minute)
    before = school.centre.situation().days
    with pytest.raises(
        FromTomorrowError, match="照这份方案 一年级一班、一年级二班 会换门、换组、来不及叫或不再叫：它从明天起用"
    ):
        school.plan('zone = "a"', 'zone = "b"')
    school.go(2 * limits.PLAN_RETRY_S, step_s=10)
    assert school.centre.situation().days == before
    assert "新方案从明天起用" in "".join(school.centre.view().doubts)
    school.go(13 * 3600, step_s=600)
    assert east_and_west(school, 26) == [set(), {"g1c1", "g1c2", "g2c1", "g2c2"}]
    assert school.store.plan() == MOVED
    assert school.centre.view().doubts == ()


def test_a_plan_by_which_it_is_too_late_for_a_class_counts_from_tomorrow(school: School) -> None:
    go_to(school, 30)
    with pytest.raises(FromTomorrowError, match=r"照这份方案 .*二年级二班 会.*来不及叫"):
        school.plan('starts = "11:30"', 'starts = "11:27"')


def test_a_plan_that_is_right_again_takes_the_place_of_one_that_waits(school: School) -> None:
    go_to(school, 30)
    with pytest.raises(FromTomorrowError):
        school.plan('zone = "a"', 'zone = "b"')
    school.plan("every_s = 45", "every_s = 60")
    school.go(14 * 3600, step_s=600)
    assert east_and_west(school, 26) == [{"g1c1", "g1c2"}, {"g2c1", "g2c2"}]


def test_of_a_gate_that_left_the_plan_too_also_at_a_start(school: School) -> None:
    go_to(school, 30)
    with pytest.raises(FromTomorrowError):
        school.plan(TEXT, GONE)
    school.stop()
    school.start(GONE)
    assert east_and_west(school) == [{"g1c1", "g1c2"}, {"g2c1", "g2c2"}]


@pytest.mark.parametrize(
    ("kind", "stored"),
    [("hold", TEXT), ("notice", TEXT), ("skip", TEXT), ("call", TEXT), pytest.param("call", NO_LONGER, id="no longer")],
)
def test_a_centre_that_starts_with_such_a_plan_goes_on_by_the_old_one_whatever_staff_ask(
    tmp_path: Path, kind: str, stored: str
) -> None:
    whole = Whole(tmp_path)
    whole.until("11:29:50")
    whole.go(20)
    whole.store.keep_plan(stored)
    whole.stop_centre()
    whole.text = MOVED
    whole.start_centre()
    whole.go(5)
    more = {"notice": {"text": "请慢走。"}, "hold": {}}.get(kind, {"class": "g2c2"})
    whole.ask(kind, "k1", confirmed=True, **more)
    if kind == "hold":
        whole.ask("resume", "k2", ids=whole.centre.situation().held("east"))
    whole.go(300)
    assert [sum("一年级一班" in say for say in gate.heard()) for gate in whole.gates] == [2, 0]
    assert len([line for line in whole.said if "从明天起用" in line]) == 1


ONE, OTHER = cue(ON, "g1c1", 300), cue(ON, "g2c1", 345)
BOTH = cue(ON, "bus", 600, classes=("g1c1", "g2c1"))
LATE = cue(ON, "g1c1", 900, id=f"{ON}/late/g1c1/call", window="late")
SKIPPED = ONE.but(state="cancelled")


@pytest.mark.parametrize(
    ("before", "after", "classes"),
    [
        pytest.param(([ONE], []), ([ONE, BOTH], []), ["g1c1"], id="in a group as well"),
        pytest.param(([ONE, OTHER], []), ([BOTH], []), ["g1c1", "g2c1"] * 2, id="in a group instead"),
        pytest.param(([BOTH], [BOTH]), ([], [BOTH]), ["g1c1", "g2c1"], id="a group that one gate called too"),
        pytest.param(([ONE], []), ([], []), ["g1c1"], id="no more"),
        pytest.param(([ONE], []), ([ONE], [OTHER]), [], id="a class that had no call"),
        pytest.param(([ONE], []), ([ONE, LATE], []), [], id="in another window as well"),
        pytest.param(([ONE], []), ([LATE], []), ["g1c1"], id="in another window instead"),
        pytest.param(([SKIPPED], []), ([], [SKIPPED]), [], id="who was skipped"),
    ],
)
def test_classes_are_compared_at_their_gates(
    before: tuple[list[Cue], list[Cue]], after: tuple[list[Cue], list[Cue]], classes: list[str]
) -> None:
    windows = (window(ON), window(ON, id="late", opens=OPENS + timedelta(minutes=2)))
    was, then = (
        [day(EAST, cues=east, windows=windows), day(WEST, cues=west, windows=windows)] for east, west in (before, after)
    )
    assert sorted(called_otherwise(was, then, OPENS)) == sorted(classes)
    assert called_otherwise(was, then, OPENS - timedelta(seconds=1)) == ()
    assert sorted(called_otherwise(was, then, OPENS + timedelta(hours=3))) == sorted(classes)
