"""What differs between two makings of a date: by cue, in words; and `fangxue plan diff`."""

from pathlib import Path

import pytest

import fangxue
from broker.cli_diff import difference, school_days
from broker.preview import described
from config.lint import read
from config.plan import Plan
from config.timetable import timetable, zones
from plan_days import AFTERNOON, CALENDAR, RAIN, SCHOOL, SMALL, WEDNESDAY, call, change, taken
from plan_samples import changed
from wire_samples import ROOT

SAMPLE = str(ROOT / "deploy/examples/shifan.toml")
MADE = taken(SMALL, AFTERNOON, RAIN)


def after(made: Plan, *changes: object) -> tuple[str, ...]:
    """What these changes make of the Wednesday."""
    then, there = timetable(made, WEDNESDAY, changes), zones(made, WEDNESDAY, changes)  # type: ignore[arg-type] # Changes
    return described(made, timetable(made, WEDNESDAY), then, places=(zones(made, WEDNESDAY), there))


def between(one: Plan, other: Plan) -> list[str]:
    return list(difference(one, other, [WEDNESDAY], "zh"))


def test_a_call_that_leaves_a_gate_for_another_is_one_line() -> None:
    reroute = change(MADE, 1, "reroute", "16:00", gate="west", cues=(call("afternoon", "g1c1"),))
    assert after(MADE, reroute) == ("一年级一班 16:30:00 东门 → 16:32:00 西门",)


def test_how_loud_a_gate_is_and_how_a_name_is_read_are_told_too() -> None:
    caps = 'contact = "教务处"\ncaps = [{ from = "12:30", to = "14:00", gain_db = -10, gates = ["west"] }]'
    louder = taken(SMALL.replace('name = "东门"', 'name = "东门"\ngain_db = 3'), AFTERNOON, RAIN)
    assert between(MADE, louder) == ["2026-11-25 星期三", "  东门 音量 +0 → +3 分贝"]
    text = SCHOOL.replace('contact = "教务处"', caps) + SMALL + AFTERNOON + RAIN + CALENDAR
    capped, _ = read(text + '[readings]\n"茌平" = "chí píng"\n', "plan.toml")
    assert between(MADE, capped) == [
        "2026-11-25 星期三",
        "  东门 “茌平”读 chí píng",
        "  西门 12:30:00 至 14:00:00 音量至多 -10 分贝",
        "  西门 “茌平”读 chí píng",
    ]
    assert between(capped, MADE)[2] == "  西门 12:30:00 至 14:00:00 音量不再限 -10 分贝"
    assert between(capped, MADE)[1] == "  东门 “茌平”读 词典的音"


def test_a_day_type_of_today_says_what_becomes_of_every_call() -> None:
    rain = change(MADE, 1, "day_type", "16:00", day_type="rain")
    assert after(MADE, rain) == (
        "东门 日型 正常 → 雨天",
        "西门 日型 正常 → 雨天",
        "一年级一班 16:30:00 东门 → 16:30:00 西门，接送区 A区 → 体育馆，改说“请一年级一班的家长到体育馆接孩子。”",
        "一年级二班 16:31:00 东门 → 16:31:00 西门，接送区 A区 → 体育馆，改说“请一年级二班的家长到体育馆接孩子。”",
        "二年级一班 16:30:00 → 16:32:00 西门，改说“请二年级一班的家长到B区接孩子。”",
        "二年级二班 16:31:00 → 16:33:00 西门，改说“请二年级二班的家长到B区接孩子。”",
    )


def test_quiet_is_said_with_its_span_and_its_end() -> None:
    on = change(MADE, 1, "quiet", "16:00", gate="east")
    till = change(MADE, 2, "quiet", "16:00", gate="west", to="2026-11-25T08:40:00Z")
    assert after(MADE, on, till) == ("东门 静音 16:00:00 起，直到有人结束", "西门 静音 16:00:00 起至 16:40:00")
    off = change(MADE, 3, "quiet", "16:10", ids=("change-1",))
    before, then = timetable(MADE, WEDNESDAY, (on,)), timetable(MADE, WEDNESDAY, (on, off))
    assert described(MADE, before, then) == ("东门 静音结束 16:10:00",)


def test_two_plans_differ_by_cue_window_and_mode() -> None:
    other = AFTERNOON.replace('"16:30"', '"16:32"').replace("every_s = 60", "every_s = 60\nrepeat = 1\nlate_s = 90")
    other = other.replace("16:45", "16:50").replace("16:25", "16:20") + "rest_s = 5\n"
    assert between(taken(SMALL, AFTERNOON), taken(SMALL, other))[:3] == [
        "2026-11-25 星期三",
        "  一年级一班 16:30:00 → 16:32:00 东门，播 2 遍 → 1 遍，晚 60 秒不再播 → 90 秒",
        "  一年级二班 16:31:00 → 16:33:00 东门，播 2 遍 → 1 遍，晚 60 秒不再播 → 90 秒",
    ]
    assert between(taken(SMALL, AFTERNOON), taken(SMALL, other))[3:6] == [
        "  下午放学结束 16:45:00 → 16:50:00 东门",
        "  下午放学开始 16:25:00 → 16:20:00 东门",
        "  下午放学的 rest_s 3.0 → 5.0 东门",
    ]
    paced = taken(SMALL, AFTERNOON.replace("every_s", 'pacing = "guarded"\nevery_s'))
    lines = between(taken(SMALL, AFTERNOON), paced)
    assert "  一年级一班 16:30:00 → 等放行（排在 16:30:00） 东门" in lines
    assert "  下午放学 按时 → 按键放行 东门" in lines
    made = taken(SMALL, AFTERNOON)
    trial = made.but(school=made.school.but(mode="trial"))
    assert "  东门 正式 → 试运行" in between(made, trial)


def test_a_gate_or_a_class_that_is_only_in_one_of_them_is_told_by_its_name() -> None:
    north = SMALL.replace("[gates.west]", '[gates.north]\nname = "北门"\n[gates.west]')
    north = north.replace('[zones.b]\nname = "B区"\ngate = "west"', '[zones.b]\nname = "B区"\ngate = "north"')
    other = taken(north.replace('[gates.west]\nname = "西门"\n', ""), AFTERNOON)
    assert between(taken(SMALL, AFTERNOON), other)[1:] == [
        "  二年级一班 16:30:00 西门 → 16:30:00 北门",
        "  二年级二班 16:31:00 西门 → 16:31:00 北门",
    ]
    fewer = taken(SMALL.replace('count = 2\nzone = "b"', 'count = 1\nzone = "b"'), AFTERNOON)
    assert between(taken(SMALL, AFTERNOON), fewer)[1:] == ["  二年级二班 16:31:00 → — 西门"]
    assert between(fewer, taken(SMALL, AFTERNOON))[1:] == ["  二年级二班 — → 16:31:00 西门"]


def test_a_plan_is_as_itself_and_of_another_school_it_is_said() -> None:
    assert between(MADE, MADE) == ["2026-11-25 – 2026-11-25: 没有差别"]
    lines = between(MADE, MADE.but(school=MADE.school.but(id="other")))
    assert lines[0] == "学校 lab → other：两份不是同一所学校的方案"


def test_the_next_fourteen_school_days_pass_over_weekends_and_stop_at_the_end() -> None:
    days = school_days(MADE, MADE, WEDNESDAY)
    assert (len(days), str(days[0]), str(days[-1])) == (14, "2026-11-25", "2026-12-14")
    assert all(on.weekday() < 5 for on in days)
    assert school_days(MADE, MADE, WEDNESDAY.replace(year=2028)) == []


def test_the_command_names_a_date_that_differs_as_an_earlier_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    other = tmp_path / "other.toml"
    other.write_text(changed(('starts = "16:30"', 'starts = "16:32"')), "utf-8")
    assert fangxue.main(["plan", "diff", SAMPLE, str(other), "--date", "2026-11-25"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert (len(out), out[:2]) == (37, ["2026-11-25 星期三", "  一年级一班 16:30:00 → 16:32:00 东门"])
    assert fangxue.main(["plan", "diff", SAMPLE, SAMPLE]) == 0
    assert "没有差别" in capsys.readouterr().out
    assert fangxue.main(["plan", "diff", SAMPLE, str(other), "--date", "morgen"]) == 2


def test_days_that_differ_alike_are_told_once() -> None:
    later = taken(SMALL, AFTERNOON.replace('"16:30"', '"16:32"'))
    days = school_days(MADE, MADE, WEDNESDAY)[:2]
    assert list(difference(taken(SMALL, AFTERNOON), later, days, "zh"))[-1] == "2026-11-26 星期四  同 2026-11-25"


def test_what_is_wrong_with_either_plan_is_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [tmp_path / "a.toml", tmp_path / "b.toml"]
    for file in files:
        file.write_text(changed(('zone = "c"', 'zone = "cc"')), "utf-8")
    assert fangxue.main(["plan", "diff", *map(str, files)]) == 2
    assert [line.split(":")[0] for line in capsys.readouterr().err.splitlines()] == [str(file) for file in files]
