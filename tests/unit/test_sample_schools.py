"""The sample schools (`deploy/examples/schools/`): nothing is wrong with them, and a typical day of each at a gate."""

import os
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from pathlib import Path

import pytest

import fangxue
from audio.lasting import VOICE
from config.lint import read
from config.plan import Plan, numeral
from config.timetable import left_out, local, timetable
from plan_days import lines, quiet
from school_samples import FOLDER, SCHOOLS, beside

MEANT = {"high-boarding": ["neighbours"]}
"""Warnings that the school knows of."""


@cache
def school(name: str) -> Plan:
    text = (FOLDER / f"{name}.toml").read_text("utf-8")
    plan, warnings = read(text, name, VOICE, beside)
    assert [one.code for one in warnings] == MEANT.get(name, [])
    return plan


def day(name: str, on: str, gate: str) -> list[str]:
    plan = school(name)
    own = [each for each in timetable(plan, date.fromisoformat(on)) if each.gate == gate]
    name = next(one.name for one in plan.gates if one.id == gate)
    return [line.replace(f" {name} ", " ") for line in lines(plan, own)]


def row(at: str, every_s: int, names: Sequence[str], say: str = "请注意，{}正在放学。") -> Iterator[str]:
    """These classes one after another, from an instant on; a whole minute is written without seconds."""
    hours, minutes = (int(part) for part in at.split(":"))
    for n, name in enumerate(names):
        at_s = hours * 3600 + minutes * 60 + n * every_s
        seconds = f":{at_s % 60:02}" if at_s % 60 else ""
        yield f"{at_s // 3600:02}:{at_s // 60 % 60:02}{seconds} {say.format(name)}"


def classes(count: int, *grades: str) -> list[str]:
    return [f"{grade}{numeral(n)}班" for grade in grades for n in range(1, count + 1)]


def test_every_file_is_a_school_or_what_one_extends() -> None:
    assert sorted(file.stem for file in FOLDER.glob("*.toml")) == sorted({*SCHOOLS, "city"})


@pytest.mark.parametrize("name", SCHOOLS)
def test_a_sample_is_checked_by_the_command_and_never_in_doubt(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    file = os.path.relpath(FOLDER / f"{name}.toml", Path.cwd())
    assert fangxue.main(["plan", "check", file]) == 0
    said = capsys.readouterr()
    assert said.out == f"{file}: 没有发现错误\n"
    assert said.err.count("\n") == len(MEANT.get(name, []))


def test_six_classes_in_one_call() -> None:
    assert day("village", "2026-11-25", "south") == ["16:15 请注意，一至六年级正在放学。"]
    assert [len(cue.classes) for each in timetable(school("village"), date(2026, 11, 25)) for cue in each.cues] == [6]
    assert len((FOLDER / "village.toml").read_text("utf-8").splitlines()) <= 40  # one screen


def test_a_tuesday_of_36_classes() -> None:
    """Noon runs the other way round, the afternoon is the guard's, buses and clubs come after it."""
    third = ["放行 " + one.split(" ", 1)[1] for one in row("16:30", 45, classes(6, "一年级", "二年级", "三年级"))]
    assert day("primary", "2026-11-24", "east") == [
        "07:20 早上好，请从人行道有序进校。",
        *row("11:30", 45, classes(6, "一年级", "二年级", "三年级")[::-1]),
        "13:35 下午好，请从人行道有序进校。",
        *third,
        "17:30 一号校车请上车。",
        "17:31 二号校车请上车。",
        "17:33 合唱团活动结束，请家长到A区接孩子。",
        "17:34 足球队活动结束，请家长到A区接孩子。",
        "17:35 机器人社团活动结束，请家长到A区接孩子。",
    ]


def test_the_parents_meeting_comes_first() -> None:
    plan = school("primary")
    (window,) = [one for one in timetable(plan, date(2026, 11, 27))[0].windows if one.id == "afternoon"]
    assert f"{local(window.opens, plan):%H:%M}" == "16:55"


def test_boarders_hear_the_evening_by_grade_and_go_home_on_friday() -> None:
    assert day("high-boarding", "2026-11-25", "south-gate") == [
        "21:10 高一晚自习结束，请安静回宿舍。",
        "21:40 高二晚自习结束，请安静回宿舍。",
    ]
    assert day("high-boarding", "2026-11-25", "north-gate") == ["22:10 高三晚自习结束，请安静回宿舍。"]
    friday = list(row("17:00", 30, classes(12, "高三")))
    assert day("high-boarding", "2026-11-27", "north-gate") == friday
    # The last school day before a holiday is a Friday to them: 30 September is a Wednesday.
    assert day("high-boarding", "2026-09-30", "north-gate") == friday


def test_an_exam_at_one_campus_is_quiet_there_alone() -> None:
    plan = school("high-boarding")
    days = timetable(plan, date(2026, 12, 17))
    assert quiet(plan, days) == ["北校区正门 08:50–11:40", "北校区正门 14:20–16:10"]


def test_72_classes_at_4_gates_and_one_of_them_closed() -> None:
    grades = ["一年级", "二年级", "三年级", "四年级", "五年级", "六年级"]
    assert day("big", "2026-11-25", "north") == [
        *row("11:40", 60, classes(12, *grades[4:])),
        *row("16:35", 60, classes(12, *grades[4:])),
    ]
    # A Tuesday, so the other way round; the north gate's classes leave by the west gate.
    assert day("big", "2026-12-01", "north") == []
    assert day("big", "2026-12-01", "west") == [
        *row("11:40", 60, classes(12, *grades[3:])[::-1]),
        *row("16:35", 60, classes(12, *grades[3:])[::-1]),
    ]
    assert sum(len(one.cues) for one in timetable(school("big"), date(2026, 12, 1))) == 2 * 72


def test_a_kindergarten_in_two_halves() -> None:
    here = "{}的小朋友准备好了，请家长到秋千旁接。"
    later = "放行 {}的小朋友准备好了，请家长到滑梯旁接。"
    assert day("kindergarten", "2026-11-25", "garden") == [
        "07:40 小朋友早上好。",
        *(f"放行 {here.format(name)}" for name in ("小一班", "小二班", "小三班")),
        *(later.format(name) for name in ("中一班", "中二班", "中三班")),
        "17:30 延时班的小朋友准备好了，请家长到秋千旁接。",
    ]


def test_new_children_stay_half_a_day_for_five_days() -> None:
    plan = school("kindergarten")
    windows = {
        on: [cue.window for each in timetable(plan, date(2026, 9, on)) for cue in each.cues if "smallc1" in cue.classes]
        for on in (1, 7, 8)
    }
    assert windows == {1: ["noon"], 7: ["noon"], 8: ["first", "care"]}


def test_abroad_buses_go_by_the_clock_then_cars_then_walkers() -> None:
    all_of_them = ["TK", "Reception", "Year 1", "Year 2", "Year 3", "Year 4"]
    assert day("abroad", "2026-11-03", "river") == [
        "15:15 Bus North is boarding now.",
        "15:18 Bus South is boarding now.",
        *(f"放行 {one}, to the cars please." for one in all_of_them),
    ]
    assert day("abroad", "2026-11-03", "park") == [f"放行 {one}, walkers please." for one in all_of_them]


def test_summer_time_ends_abroad_and_the_school_keeps_its_clocks() -> None:
    plan = school("abroad")
    first = {on: timetable(plan, on)[0].cues[0].at for on in (date(2026, 10, 23), date(2026, 11, 2))}
    assert [f"{at:%H:%M}" for at in first.values()] == ["14:15", "15:15"]  # UTC
    assert day("abroad", "2026-10-28", "river") == []  # half term; China's holidays are none here
    assert day("abroad", "2026-10-05", "river")


@pytest.mark.parametrize(
    ("on", "afternoon"),
    [
        ("2026-11-25", [("11:30", 3, "一", "二"), ("16:20", 2, "三", "四"), ("17:10", 2, "五", "六")]),
        ("2026-11-26", [("15:30", 3, "一", "二"), ("16:20", 2, "三", "四"), ("17:10", 2, "五", "六")]),
        ("2026-11-27", [("15:30", 3, "一", "二"), ("16:20", 2, "三", "四"), ("16:40", 2, "五", "六")]),
        ("2026-09-24", [("15:30", 3, "一", "二"), ("16:20", 2, "三", "四"), ("16:40", 2, "五", "六")]),  # 中秋 follows
    ],
)
def test_the_citys_matrix_of_weekday_and_grade(on: str, afternoon: list[tuple[str, int, str, str]]) -> None:
    expected = ["07:20 早上好，请从人行道有序进校。"]
    for at, count, left, right in afternoon:
        said = [f"{one}正在放学，请家长到门左等候。" for one in classes(count, f"{left}年级")]
        said += [f"{one}正在放学，请家长到门右等候。" for one in classes(count, f"{right}年级")]
        expected += row(at, 60, said, "请注意，{}")
    assert day("city-school", on, "main") == expected


@pytest.mark.parametrize("name", SCHOOLS)
def test_nobody_is_left_out_on_a_plain_friday(name: str) -> None:
    plan, on = school(name), date(2026, 11, 6)
    called = {own for each in timetable(plan, on) for cue in each.cues for own in cue.classes}
    reasons = {one.cls for one in left_out(plan, on)}
    assert {one.id for one in plan.classes} - called <= reasons | {one.id for one in plan.classes if one.leaves}
