"""What needs a voice or a day: names that sound alike are refused; calls too close, stairs and zones are warnings."""

import pytest

from audio.alike import alike
from audio.lasting import ENDS_S, SYLLABLE_S, VOICE, heard, lasts
from config import limits
from config.findings import Finding, words
from config.lint import read
from config.plan import PlanError
from config.voice import MUTE
from plan_days import AFTERNOON, CALENDAR, SCHOOL, SMALL

TWO = AFTERNOON.replace("every_s = 60", "every_s = 60\nrepeat = 1")


def warned(*tables: str) -> list[Finding]:
    return list(read(SCHOOL + "".join(tables) + CALENDAR, "plan.toml", VOICE)[1])


def told(*tables: str) -> list[tuple[str, str, str]]:
    found = warned(*tables)
    assert {one.severity for one in found} <= {"warning"}
    return [(one.code, one.place, one.value) for one in found]


def refused(*tables: str) -> list[Finding]:
    with pytest.raises(PlanError) as caught:
        warned(*tables)
    return [one for one in caught.value.findings if one.severity == "error"]


def test_a_plan_without_a_doubt_has_no_warning() -> None:
    assert told(SMALL, TWO) == []


HALF = """
[day_types.half]
name = "半天"
[[windows]]
id = "early"
name = "提前放学"
kind = "dismissal"
opens = "11:55"
starts = "12:00"
closes = "12:30"
every_s = 60
repeat = 1
day_types = ["half"]
"""


def test_a_day_type_that_adds_a_window_and_keeps_those_it_stands_for_is_told() -> None:
    assert told(SMALL, TWO, HALF) == [("more_often", "day_types.half", "半天 星期一")]
    assert told(SMALL, f'{TWO}day_types = ["normal"]\n', HALF) == []


def test_a_day_on_which_nobody_leaves_otherwise_is_not_called_more_often() -> None:
    week = 'weekdays = ["mon", "tue", "wed", "thu", "fri"]\n'
    assert told(SMALL, TWO + week, HALF + 'weekdays = ["sat"]\n') == []


# Names --------------------------------------------------------------------------------------------


def named(*names: str) -> str:
    return "".join(f'[[classes]]\nid = "n{n}"\nname = "{name}"\nzone = "a"\n' for n, name in enumerate(names))


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("程班", "成班"), [("sound_alike", "classes.n1", "成班")]),
        (("3班", "三班"), [("sound_alike", "classes.n1", "三班")]),
        (("3A班", "３ａ班"), [("same_name", "classes.n1", "３ａ班")]),
        (("城班", "诚班", "程班"), [("sound_alike", "classes.n1", "诚班"), ("sound_alike", "classes.n2", "程班")]),
    ],
)
def test_two_names_of_one_sound_are_refused(names: tuple[str, ...], found: list[tuple[str, str, str]]) -> None:
    assert [(one.code, one.place, one.value) for one in refused(SMALL, named(*names), TWO)] == found


def test_names_that_are_only_near_each_other_are_not() -> None:
    assert told(SMALL, named("四班", "十班"), TWO) == []


def test_the_schools_own_reading_tells_two_names_apart_and_another_makes_them_one() -> None:
    """With the remedy the page of findings names; an own reading that is no pinyin does not count."""
    apart = '[readings]\n"诚班" = "cheng2 xin4 ban1"\n'
    assert told(SMALL, named("城班", "诚班"), TWO, apart) == []
    wrong = refused(SMALL, named("城班", "诚班"), TWO, '[readings]\n"诚班" = "chxng"\n')
    assert {one.code for one in wrong} == {"pinyin", "sound_alike"}
    one_sound = '[readings]\n"梅班" = "lan2 ban1"\n'
    assert [one.value for one in refused(SMALL, named("兰班", "梅班"), TWO, one_sound)] == ["梅班"]


def test_two_groups_of_one_sound_are_refused_and_a_grade_is_told_once() -> None:
    group = '[groups.bus]\nname = "一号校车"\nmembers = ["g1"]\n[groups.bus1]\nname = "1号校车"\nmembers = ["g2"]\n'
    assert [(one.code, one.place, one.value) for one in refused(SMALL, group, TWO)] == [
        ("sound_alike", "groups.bus1", "1号校车")
    ]
    twins = '[[classes]]\nid = "g3"\nnames = ["一年级1班", "一年级2班"]\nzone = "a"\n'
    (finding,) = refused(SMALL, twins, TWO)
    assert (finding.place, finding.value) == ("classes.g3", "一年级1班")
    assert words(finding, "zh") == (
        "错误 classes.g3 = 一年级1班: 与“一年级一班”听起来一样，家长分不清 → 改一个名称，或在 [readings] 写明读音"
    )


def test_what_sounds_alike_is_what_the_voice_takes_for_each_other() -> None:
    for one, other in (("程班", "成班"), ("3班", "三班"), ("四班", "十班"), ("三年级一班", "三年级七班")):
        assert (heard(one) == heard(other)) == alike(one, other)
    assert heard("😀") == "😀"


# Length -------------------------------------------------------------------------------------------

NOTICE = TWO.replace("every_s = 60", 'notice = "放"\nevery_s = 60')


@pytest.mark.parametrize(
    ("tables", "place"),
    [
        ((SMALL, NOTICE.replace("放", "放" * 60)), "windows.afternoon.notice"),
        ((SMALL, TWO, f'[sentences]\ncall = "{{classes}}{"放" * 56}"\n'), "sentences.call"),
        ((SMALL, named("红" * 54), TWO), "sentences.call"),
    ],
)
def test_what_no_clip_can_hold_is_refused(tables: tuple[str, ...], place: str) -> None:
    """A gate would say the sentence that names no class, day after day, or nothing."""
    assert [(one.code, one.place) for one in refused(*tables)] == [("too_long_said", place)]


def test_the_longest_sentence_that_a_clip_can_hold_is_taken() -> None:
    longest = int((limits.SAYING_MAX_S - ENDS_S) / SYLLABLE_S)
    assert told(SMALL, NOTICE.replace("放", "放" * longest)) == []
    (finding,) = refused(SMALL, NOTICE.replace("放", "放" * (longest + 1)))
    assert words(finding, "zh").endswith("说出来约 28 秒，最长 28 秒，校门说不了 → 缩短句子，或分成几句、几组")


# Time ---------------------------------------------------------------------------------------------


def test_the_estimate_is_near_what_the_engine_said() -> None:
    measured = {
        "一班放学。": 2.67,
        "请注意，三年级一班正在放学。": 6.13,
        "晚自习放学，请家长在东门接送区等候。": 8.11,
        "请注意，三年级一班正在放学，请家长到北广场接送区等候。": 11.61,
    }
    assert all(abs(lasts(say) / took_s - 1) < 0.05 for say, took_s in measured.items())
    dense = {"请安静，" * 10 + "好。": 17.54, "请等，" * 15 + "好。": 20.75, "请，" * 20 + "好。": 19.54}
    assert all(abs(lasts(say) / took_s - 1) < 0.05 for say, took_s in dense.items())
    classes = "、".join(f"一年级{n}班" for n in "一二三四五六七八九十")  # took 24.1 s
    assert lasts(f"请注意，{classes}正在放学。") < limits.SAYING_MAX_S
    assert lasts("😀😀") == pytest.approx(1.7)
    assert MUTE.lasts("一班放学。", {}) == pytest.approx(2.0)


def spaced(every_s: int, *more: str) -> str:
    return TWO.replace("every_s = 60", "\n".join([f"every_s = {every_s}", *more]))


def test_a_sentence_and_its_rest_must_fit_between_two_calls() -> None:
    # 0.8 + 12 × 0.45 + 3 s of rest are 9.2 s.
    assert told(SMALL, spaced(10)) == []
    assert told(SMALL, spaced(9)) == [("too_close", "windows.afternoon.every_s", "9")]
    assert told(SMALL, spaced(10, "rest_s = 4")) == [("too_close", "windows.afternoon.every_s", "10")]
    assert told(SMALL, spaced(9, 'pacing = "ready"')) == []
    long = (
        '[day_types.rain]\nname = "雨天"\n[day_types.rain.sentences]\ncall = "请{classes}的家长到体育馆东侧接孩子。"\n'
    )
    assert told(SMALL, long, spaced(10)) == [("too_close", "windows.afternoon.every_s", "10")]


def test_calls_with_instants_of_their_own_must_fit_too_and_those_at_one_instant_wait_by_intent() -> None:
    calls = '[[windows.calls]]\nat = "16:30"\nwho = ["g1c1", "g2"]\nevery_s = 0\n'
    calls += '[[windows.calls]]\nat = "{}"\nwho = ["g1c2"]\n'
    bare = TWO.replace("every_s = 60\n", "")
    assert told(SMALL, bare + calls.format("16:30:10")) == []
    assert told(SMALL, bare + calls.format("16:30:09")) == [("too_close", "windows.afternoon.calls", "9")]


# Places -------------------------------------------------------------------------------------------


def routed(first: str, second: str) -> str:
    grades = SMALL.split("[[classes]]")
    return grades[0] + "".join(
        f'[[classes]]{grade}route = "{route}"\n' for grade, route in zip(grades[1:], (first, second), strict=True)
    )


def test_two_gates_that_call_over_the_same_stairs_are_told_once() -> None:
    (finding,) = warned(routed("东梯 → 旗台 → 东门", "西梯 → 旗台 → 西门"), TWO)
    assert (finding.code, finding.place, finding.value) == ("same_segment", "classes.g1.route", "旗台")
    assert "16:30 前后一年级一班（东门）和二年级一班（西门）都走这一段" in words(finding, "zh")
    assert told(routed("东梯 → 东门", "西梯 → 西门"), TWO) == []
    assert told(routed("东梯 → 旗台", "旗台 → 西门"), TWO.replace("every_s", 'pacing = "guarded"\nevery_s')) == []
    at_gates = (
        TWO
        + '[[windows]]\nid = "late"\nname = "晚"\nkind = "dismissal"\nopens = "17:00"\ncloses = "17:10"\nevery_s = 60\n'
    )
    own = at_gates.replace("every_s = 60\nrepeat", 'order = ["g1"]\nevery_s = 60\nrepeat') + 'order = ["g2"]\n'
    assert told(routed("旗台", "旗台"), own) == []


@pytest.mark.parametrize(("after_s", "found"), [(19, True), (20, False)])
def test_stairs_are_clear_after_twenty_seconds(after_s: int, found: bool) -> None:
    calls = (
        f'[[windows.calls]]\nat = "16:30"\nwho = ["g1"]\nevery_s = 60\n'
        f'[[windows.calls]]\nat = "16:30:{after_s}"\nwho = ["g2"]\nevery_s = 60\n'
    )
    tables = (routed("旗台", "旗台"), TWO.replace("every_s = 60\n", "") + calls)
    assert [code for code, _, _ in told(*tables)] == ["same_segment"] * found


def test_a_zone_is_called_to_again_only_when_it_is_clear() -> None:
    def zoned(*keys: str) -> str:
        return SMALL.replace('name = "A区"', "\n".join(['name = "A区"', *keys]))

    assert told(zoned("clear_s = 60"), TWO) == []
    assert told(zoned("clear_s = 61"), TWO) == [("zone_busy", "zones.a.clear_s", "61")]
    assert told(zoned("clear_s = 61", "most = 2"), TWO) == []
    (finding,) = warned(zoned("clear_s = 90"), TWO)
    assert "16:31 叫一年级二班到A区，一年级一班还没走完" in words(finding, "zh")
