"""What staff are asked before it is done, through the real centre and real gates: all questions at once, one yes."""

from datetime import timedelta
from pathlib import Path

import pytest

from broker.situation import RefusedError
from school_rig import TEXT
from whole_rig import Whole

BUS = TEXT.replace("[[windows]]", '[groups.bus]\nname = "校车"\nmembers = ["g1c2", "g2c2"]\nzone = "a"\n[[windows]]', 1)
BUS = BUS.replace("every_s = 45", 'every_s = 45\norder = ["g1c1", "bus", "g2c1"]')


@pytest.fixture
def whole(tmp_path: Path) -> Whole:
    return Whole(tmp_path)


def question(school: Whole, kind: str, **more: object) -> tuple[str, str]:
    """What is asked; a yes then does it."""
    with pytest.raises(RefusedError) as asked:
        school.ask(kind, "k-asked", **more)
    assert asked.value.ask_again
    school.ask(kind, "k-meant", confirmed=True, **more)
    return asked.value.code, str(asked.value)


def test_while_nobody_vouches_for_the_time_a_person_says_that_it_is_right(whole: Whole) -> None:
    whole.until("11:30:20")
    whole.clock.error_s = None
    code, words = question(whole, "call", **{"class": "g1c2"})
    assert (code, words) == ("clock", "中心的时间没有人确认，现在是 11-25 11:30:20，对吗？不对就先核对时间。")
    whole.ask("hold", "k2")  # waits for nobody
    whole.ask("resume", "k3", ids=("change-2",))


def test_all_questions_are_asked_at_once(whole: Whole) -> None:
    whole.until("14:00:00")
    whole.ask("quiet", "k1", gate="east")
    whole.clock.error_s = None
    _, words = question(whole, "call", **{"class": "g1c2"})
    assert [part in words for part in ("没有人确认", "不在放学时段内", "正在静音")] == [True] * 3


@pytest.mark.parametrize("wish", [{"kind": "skip"}, {"kind": "reroute", "gate": "west"}])
def test_who_is_called_with_a_class_goes_with_it_and_is_named(tmp_path: Path, wish: dict[str, str]) -> None:
    school = Whole(tmp_path, BUS)
    code, words = question(school, **{"class": "g1c2"}, **wish)
    assert (code, "一年级二班和二年级二班在一句里叫，会一起" in words) == ("together", True)


def test_a_class_that_was_reported_out_is_called_only_when_asked_twice(whole: Whole) -> None:
    whole.until("11:30:10")
    whole.ask("skip", "k1", **{"class": "g1c2"})
    whole.until("11:31:10")
    whole.ask("left", "k2", **{"class": "g1c2"})
    assert question(whole, "call", **{"class": "g1c2"}) == ("again", "一年级二班已经报过带出，仍要叫吗？")


def test_a_call_just_before_the_end_of_its_window_may_come_too_late(whole: Whole) -> None:
    whole.until("11:54:40")
    code, words = question(whole, "call", **{"class": "g1c2"})
    assert (code, "午放学11:55:00就结束" in words) == ("again", True)


def test_a_notice_that_a_hold_or_quiet_would_swallow_is_not_promised(whole: Whole) -> None:
    whole.ask("hold", "k1", gate="east")
    assert question(whole, "notice", text="请慢走。")[0] == "held"  # at the other gate it is heard
    with pytest.raises(RefusedError, match="东门正在暂停，恢复后才能播通知"):
        whole.ask("notice", "k2", text="请慢走。", gate="east")
    later = {"from": whole.clock.utc() + timedelta(minutes=30)}
    whole.ask("notice", "k3", text="请慢走。", gate="east", **later)
    whole.ask("quiet", "k4", gate="west", confirmed=True)
    assert question(whole, "notice", text="请慢走。", gate="west")[0] == "quiet"


def test_quiet_that_comes_back_by_an_undo_asks_as_it_did_when_it_began(whole: Whole) -> None:
    whole.until("11:26:00")
    assert question(whole, "quiet", gate="east")[1].endswith("还有 2 个班会叫不出声。确定静音吗？")
    over = whole.ask("quiet", "k1", ids=("change-1",))
    assert question(whole, "undo", undoes=over.n)[1].endswith("还有 2 个班会叫不出声。确定静音吗？")


def test_quiet_ends_today(whole: Whole) -> None:
    midnight = whole.clock.utc().replace(hour=16, minute=0, second=0, microsecond=0)
    with pytest.raises(RefusedError, match="静音只管今天"):
        whole.ask("quiet", "k1", to=midnight + timedelta(seconds=30))
    whole.ask("quiet", "k2", to=midnight, confirmed=True)


def test_who_was_skipped_before_its_gate_closed_is_called_at_the_other_one_when_that_is_undone(whole: Whole) -> None:
    skip = whole.ask("skip", "k1", **{"class": "g1c2"})
    assert "还没叫的 1 个班" in question(whole, "reroute", from_gate="east", gate="west")[1]
    whole.ask("undo", "k2", undoes=skip.n)
    at_gates = [[cue.classes for cue in day.cues if cue.window == "noon"] for day in whole.centre.situation().days]
    assert at_gates == [[], [("g2c1",), ("g2c2",), ("g1c1",), ("g1c2",)]]
