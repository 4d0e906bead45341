"""A centre restored from an old backup asks whose days count, sends nothing until then, and afterwards little."""

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from broker.situation import RefusedError
from broker.wish import Choice, Chosen, Wish
from centre_rig import LOG
from config import limits
from config.errors import OutsideError
from school_rig import TEN, TEXT, School

ON = TEN.date()
TODAY = f"day/{ON}"
NOTICE = {"key": "n1", "by": "王老师", "kind": "notice", "text": "请家长稍候。"}


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    """At 10:00 the store of the morning came back. The east gate had 12 revisions of today, the west gate 4."""
    folder = tmp_path / "store"
    folder.mkdir()
    made = School(folder)
    made.settle_in()
    made.stop()
    shutil.copytree(folder, tmp_path / "backup")
    made.start()
    made.go(1)
    for n in range(11):
        more = {} if n < 3 else {"gate": "east"}
        made.centre.submit(Wish.model_validate({**NOTICE, "key": f"k{n}", **more}))
        made.go()
    made.settle_in()
    made.stop()
    shutil.rmtree(folder)
    (tmp_path / "backup").rename(folder)
    made.start()
    made.go(1)
    yield made
    made.stop()


def choose(school: School, choice: str, key: str = "c1", **more: object) -> Chosen:
    fields = {"key": key, "by": "李主任", "choose": choice, "confirmed": True}
    made = school.centre.choose(Choice.model_validate({**fields, **more}))
    school.go()
    return made


def tell(school: School) -> None:
    """Both gates say what they hold, and what came before is forgotten."""
    school.east.took()
    school.west.took()
    school.east.status()
    school.west.status()
    school.go(2)


def whats(school: School) -> list[list[str]]:
    """What each gate was sent."""
    return [[what for what, _ in gate.took()] for gate in (school.east, school.west)]


def asked(school: School) -> list[tuple[str, str, int, int]]:
    return [(str(one.date), one.name, one.revision, one.issued) for one in school.centre.view().newer]


def refusal(do: Callable[[], object]) -> str:
    with pytest.raises(RefusedError) as caught:
        do()
    return caught.value.code


def held(school: School) -> tuple[int, ...]:
    return tuple(gate.days[str(ON)]["revision"] for gate in (school.east, school.west))


def hours(school: School, n: float) -> tuple[int, int]:
    """How many messages each gate is sent while both say every 30 s how they are."""
    school.east.took()
    school.west.took()
    for _ in range(int(n * 3600 / limits.STATUS_EVERY_S)):
        school.east.status()
        school.west.status()
        school.go(limits.STATUS_EVERY_S, step_s=5)
    return len(school.east.took()), len(school.west.took())


QUESTION = [(str(ON), "东门", 12, 1), (str(ON), "西门", 4, 1)]


def test_the_question_is_asked_and_until_it_is_answered_only_acks_leave(school: School) -> None:
    assert asked(school) == QUESTION  # the broker remembers the statuses
    tell(school)
    assert whats(school) == [["ack"], ["ack"]]
    cached = {topic.split("/down/")[1] for topic in school.broker.retained if "/down/" in topic}
    assert cached == {"day/2026-11-26"}
    assert refusal(lambda: school.centre.submit(Wish.model_validate(NOTICE))) == "newer_at_gate"
    assert refusal(lambda: school.centre.preview(Wish.model_validate(NOTICE))) == "newer_at_gate"
    assert school.store.changes(ON) == ()


def test_a_changed_plan_does_not_answer_the_question(school: School) -> None:
    tell(school)
    school.plan('closes = "11:55"', 'closes = "11:58"')
    came = [what for what, _ in school.east.took()]
    assert "day/2026-11-27" in came
    assert (TODAY in came, asked(school)) == (False, QUESTION)
    choose(school, "mine")
    assert {day.revision for day in school.centre.situation().days} == {13}
    assert {str(window.closes)[11:16] for day in school.centre.situation().days for window in day.windows} >= {"03:58"}


def test_no_cue_leaves_for_a_date_in_question_nor_for_one_that_is_kept(school: School) -> None:
    school.clock.advance(85 * 60)
    school.go(1)
    school.settle_in()
    school.go(299, step_s=0.5)
    assert [what for what, _ in school.east.took() if what == "cue"] == []
    choose(school, "keep")
    school.go(60, step_s=0.5)
    assert [what for gate in whats(school) for what in gate if what == "cue"] == []


def test_mine_issues_a_revision_above_everything_any_gate_said(school: School) -> None:
    tell(school)
    assert choose(school, "mine").revisions == {"east": 13, "west": 13}
    assert held(school) == (13, 13)
    assert TODAY in whats(school)[1]
    tell(school)
    assert (asked(school), whats(school)) == ([], [["ack"], ["ack"]])
    assert school.centre.view().confirmed == 2
    school.centre.submit(Wish.model_validate(NOTICE))
    school.go()
    assert held(school) == (14, 14)


def test_a_gate_that_says_later_what_it_held_is_replaced_as_well(tmp_path: Path, school: School) -> None:
    """`mine` was said while nobody had heard of the west gate."""
    school.stop()
    school.broker.retained.pop("fangxue/v1/shifan/west/up/status")
    school.start()
    school.go(1)
    assert asked(school) == QUESTION[:1]
    choose(school, "mine")
    tell(school)
    tell(school)
    assert (asked(school), held(school)) == ([], (13, 13))


def test_a_gate_that_agrees_gets_no_new_revision(school: School) -> None:
    day = next(one for (at, on), one in school.centre.state.days.items() if at.gate == "west" and on == ON)
    school.west.days[str(ON)] = {"revision": 1, "digest": day.digest}
    tell(school)
    assert asked(school) == QUESTION[:1]
    assert choose(school, "mine").revisions == {"east": 13, "west": 1}
    assert [what for what in whats(school)[1] if what != "ack"] == [TODAY]  # back into the cache


def test_keep_sends_nothing_asks_nothing_and_survives_a_restart(school: School) -> None:
    tell(school)
    assert choose(school, "keep").revisions == {}
    for _ in range(2):
        tell(school)
        assert (whats(school), asked(school), held(school)) == ([["ack"], ["ack"]], [], (12, 4))
        assert school.centre.view().kept == (ON,)
        assert refusal(lambda: school.centre.submit(Wish.model_validate(NOTICE))) == "gates_own"
        school.stop()
        school.start(TEXT.replace("every_s = 45", "every_s = 60"))
        school.go(1)
    assert [what for gate in whats(school) for what in gate if what == TODAY and gate] == [TODAY, TODAY]  # cleared
    assert not [topic for topic in school.broker.retained if topic.endswith(TODAY)]
    assert choose(school, "mine", key="c2").dates == (ON,)
    tell(school)
    assert (held(school), school.centre.view().kept) == ((13, 13), ())


def test_a_kept_date_ends_and_the_next_one_is_normal(school: School) -> None:
    choose(school, "keep")
    school.clock.advance(14 * 3600)
    school.go(1)
    tell(school)
    assert (school.centre.view().kept, asked(school)) == ((), [])
    school.centre.submit(Wish.model_validate(NOTICE))
    school.go()
    assert [gate.days["2026-11-26"]["revision"] for gate in (school.east, school.west)] == [2, 2]


def test_one_answer_covers_the_dates_that_were_shown_and_a_later_one_is_asked_about(school: School) -> None:
    tomorrow = ON + timedelta(days=1)
    school.east.days[str(tomorrow)] = {"revision": 5, "digest": "0" * 16}
    tell(school)
    assert choose(school, "keep", dates=(ON, tomorrow)).dates == (ON, tomorrow)
    school.east.days["2026-11-29"] = {"revision": 7, "digest": "0" * 16}
    tell(school)
    assert asked(school) == [("2026-11-29", "东门", 7, 1)]
    assert choose(school, "mine", key="c2", dates=("2026-11-29",)).dates == (ON + timedelta(days=4),)
    school.go(2)
    assert (school.east.days["2026-11-29"]["revision"], held(school)) == (8, (12, 4))


def test_a_higher_revision_with_our_digest_is_no_question(school: School) -> None:
    for (address, on), one in school.centre.state.days.items():
        gate = school.east if address.gate == "east" else school.west
        gate.days[str(on)] = {"revision": 99, "digest": one.digest}
    tell(school)
    assert asked(school) == []
    tell(school)
    assert whats(school) == [["ack"], ["ack"]]


def test_the_same_choice_again_does_nothing_and_an_unsaved_one_is_not_made(school: School) -> None:
    tell(school)
    first = choose(school, "mine")
    again = choose(school, "mine")
    assert (again.again, again.dates, again.revisions) == (True, first.dates, first.revisions)
    assert refusal(lambda: choose(school, "mine", key="c2")) == "not_asked"
    assert refusal(lambda: choose(school, "keep", key="c2")) == "not_asked"


def test_a_choice_the_disk_does_not_take_is_not_made(school: School) -> None:
    tell(school)
    with school.store._engine.begin() as connection:
        refuse = "CREATE TRIGGER full BEFORE INSERT ON days BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        connection.exec_driver_sql(refuse)
    with pytest.raises(OutsideError, match="full"):
        choose(school, "mine")
    assert school.store.choice_of("c1") == ()
    with school.store._engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER full")
    tell(school)
    assert (asked(school), whats(school), held(school)) == (QUESTION, [["ack"], ["ack"]], (12, 4))
    assert (choose(school, "mine").again, held(school)) == (False, (13, 13))


def test_after_mine_a_hold_has_a_name_that_no_gate_knows_as_ended(school: School) -> None:
    """The lost changes had the numbers 1 to 11; a gate never opens again what it knows as ended."""
    tell(school)
    choose(school, "mine")
    school.centre.submit(Wish.model_validate({"key": "h", "by": "王老师", "kind": "hold"}))
    school.go()
    [hold] = [hold.id for hold in school.centre.view().gates[0].holds]
    assert int(hold.removeprefix("change-")) > TEN.timestamp()


def test_a_press_of_a_date_in_question_is_kept_and_counts_when_the_centre_does(school: School) -> None:
    tell(school)
    school.east.took()
    school.east.event(3, presses=[school.east.press(3)])
    school.go()
    assert [what for what, _ in school.east.took()] == ["ack"]
    choose(school, "mine")
    assert [hold.id for hold in school.centre.view().gates[0].holds] == [f"east/{LOG}-3"]
    assert held(school) == (13, 13)


STATUSES = int(3600 / limits.STATUS_EVERY_S)


@pytest.mark.parametrize("answer", ["keep", "mine"])
def test_no_storm_before_or_after_an_answer(school: School, answer: str) -> None:
    """An hour of a gate and a centre that disagree is an ack for each status; an answer costs a few messages once."""
    tell(school)
    assert hours(school, 1) == (STATUSES, STATUSES)
    choose(school, answer)
    once = [[what for what in gate if what != "ack"] for gate in whats(school)]
    assert once == ([[], []] if answer == "keep" else [[TODAY, TODAY]] * 2)
    east, west = hours(school, 1)
    cues = 0 if answer == "keep" else 4
    assert STATUSES <= east <= STATUSES + cues
    assert STATUSES <= west <= STATUSES + cues


def test_a_gate_that_cannot_stop_talking_is_answered_once_a_second(school: School) -> None:
    tell(school)
    school.east.took()
    for _ in range(100):
        school.east.status()
        school.go(0.1, step_s=0.1)
    assert 9 <= len(school.east.took()) <= 11
