"""A plan that is read again while a window is open: nobody who may be out already is called once more."""

from datetime import timedelta
from pathlib import Path

import pytest

from broker.fold import called_anew
from centre_rig import EAST, OPENS, WEST, cue, day, window
from config.day import Cue
from config.errors import BadInputError
from config.lint import read
from school_rig import TEN, TEXT, School

PLAN, _ = read(TEXT, "plan.toml")
ON = OPENS.date()


@pytest.fixture
def school(tmp_path: Path) -> School:
    made = School(tmp_path)
    made.settle_in()
    return made


def go_to(school: School, minute: int) -> None:
    """So many minutes after eleven."""
    at = TEN.replace(hour=3, minute=minute, second=20)
    school.clock.advance((at - school.clock.utc()).total_seconds())


@pytest.mark.parametrize(
    ("minute", "old", "new"),
    [
        pytest.param(24, 'zone = "a"', 'zone = "b"', id="not open yet"),
        pytest.param(55, 'zone = "a"', 'zone = "b"', id="over"),
        pytest.param(30, "every_s = 45", "every_s = 60", id="the same calls at other instants"),
        pytest.param(30, 'count = 2\nzone = "a"', 'count = 3\nzone = "a"', id="a class more"),
    ],
)
def test_a_plan_that_calls_nobody_anew_is_taken(school: School, minute: int, old: str, new: str) -> None:
    go_to(school, minute)
    before = school.centre.situation().days
    school.plan(old, new)
    assert school.centre.situation().days != before


def test_a_plan_that_calls_a_class_anew_waits_for_the_end_of_the_window(school: School) -> None:
    """It may be out already, also where no record has come yet."""
    go_to(school, 30)
    before = school.centre.situation().days
    with pytest.raises(BadInputError, match="照这份方案 一年级一班、一年级二班 会换门或换组再叫一次"):
        school.plan('zone = "a"', 'zone = "b"')
    assert school.centre.situation().days == before
    assert school.store.plan() == TEXT


def test_a_centre_that_starts_with_such_a_plan_goes_on_with_the_days_it_issued_until_then(school: School) -> None:
    go_to(school, 30)
    before = school.centre.situation().days
    school.stop()
    school.start(TEXT.replace('zone = "a"', 'zone = "b"'))
    assert school.centre.situation().days == before
    assert [line for line in school.said if "再叫一次" in line]
    school.go(1500, step_s=10)
    assert {cue.id.split("/")[2] for cue in school.centre.situation().days[1].cues} >= {"g1c1", "g1c2"}


ONE, OTHER = cue(ON, "g1c1", 300), cue(ON, "g2c1", 345)
BOTH = cue(ON, "bus", 600, classes=("g1c1", "g2c1"))


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        pytest.param(([ONE], []), ([ONE, BOTH], []), ["一年级一班"], id="in a group as well"),
        pytest.param(([ONE, OTHER], []), ([BOTH], []), ["一年级一班", "二年级一班"], id="in a group instead"),
        pytest.param(([BOTH], [BOTH]), ([], [BOTH]), [], id="a group that was called at both gates"),
        pytest.param(([ONE], []), ([ONE], [OTHER]), [], id="a class that had no call"),
    ],
)
def test_classes_are_compared_not_cues(
    before: tuple[list[Cue], list[Cue]], after: tuple[list[Cue], list[Cue]], names: list[str]
) -> None:
    was, then = ([day(EAST, cues=east), day(WEST, cues=west)] for east, west in (before, after))
    assert list(called_anew(PLAN, was, then, OPENS)) == names
    assert called_anew(PLAN, was, then, OPENS - timedelta(seconds=1)) == ()
    assert called_anew(PLAN, was, then, OPENS + timedelta(minutes=30)) == ()


def test_a_window_that_is_over_and_would_open_once_more_counts() -> None:
    was, then = [day(EAST, cues=[ONE])], [day(WEST, cues=[ONE], windows=[window(ON, closes_s=2400)])]
    assert called_anew(PLAN, was, then, OPENS + timedelta(minutes=31)) == ("一年级一班",)


def test_of_a_gate_that_left_the_plan_too(school: School) -> None:
    go_to(school, 30)
    gone = TEXT.replace('[gates.east]\nname = "东门"\n', "").replace('gate = "east"', 'gate = "west"')
    with pytest.raises(BadInputError, match="一年级一班、一年级二班"):
        school.plan(TEXT, gone.replace('gates = ["east"]', 'gates = ["west"]'))
