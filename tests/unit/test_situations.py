"""Days of real schools, each told once: the plan and what staff did in, the whole list of cues out."""

from datetime import date

from config.roster import WholeDay
from config.timetable import folded, timetable, zones
from plan_days import AFTERNOON, NORMAL, RAIN, SMALL, WEDNESDAY, Parted, call, change, day, quiet, taken, typed


def test_rain_moves_grade_one_into_the_hall_and_asks_the_parents_in() -> None:
    made = taken(SMALL, AFTERNOON, RAIN)
    assert day(made) == NORMAL
    assert typed(made, "rain") == [
        "16:30 西门 请一年级一班的家长到体育馆接孩子。",
        "16:31 西门 请一年级二班的家长到体育馆接孩子。",
        "16:32 西门 请二年级一班的家长到B区接孩子。",
        "16:33 西门 请二年级二班的家长到B区接孩子。",
    ]


def test_rain_that_begins_in_the_middle_moves_who_is_still_inside() -> None:
    made = taken(SMALL, AFTERNOON, RAIN)
    inside = (call("afternoon", "g1c2"), call("afternoon", "g2c2"))
    rain = change(made, 1, "day_type", "16:30:40", day_type="rain", cues=inside)
    assert day(made, rain) == [
        "16:30 东门 请注意，一年级一班正在放学。",
        "16:30 西门 请注意，二年级一班正在放学。",
        "16:31 西门 请一年级二班的家长到体育馆接孩子。",
        "16:33 西门 请二年级二班的家长到B区接孩子。",
    ]
    assert day(made, rain, change(made, 2, "undo", "16:30:45", undoes=1)) == NORMAL


MEETING = """
[day_types.meeting]
name = "家长会"
[[windows]]
id = "meeting"
name = "家长会入场"
kind = "arrival"
opens = "15:00"
closes = "15:30"
notice = "请各位家长从东门进校，先到体育馆签到。"
gates = ["east"]
day_types = ["meeting"]
"""
MEETING_AFTERNOON = (
    AFTERNOON
    + """
[windows.on.meeting]
opens = "17:25"
starts = "17:30"
closes = "17:45"
reverse = true
"""
)


def test_on_the_day_of_a_parents_meeting_parents_come_in_first_and_the_order_is_reversed() -> None:
    made = taken(SMALL, MEETING_AFTERNOON, MEETING)
    assert day(made) == NORMAL
    assert typed(made, "meeting") == [
        "15:00 东门 请各位家长从东门进校，先到体育馆签到。",
        "17:30 东门 请注意，一年级二班正在放学。",
        "17:30 西门 请注意，二年级二班正在放学。",
        "17:31 东门 请注意，一年级一班正在放学。",
        "17:31 西门 请注意，二年级一班正在放学。",
    ]


FRIDAY = (
    AFTERNOON
    + """
[windows.on.fri]
opens = "15:00"
starts = "15:10"
closes = "15:30"
order = ["g2", "g1"]
places = { g2 = "a" }
"""
)


def test_a_make_up_saturday_runs_the_plan_of_friday() -> None:
    made = taken(SMALL, FRIDAY)
    friday = [
        "15:10 东门 请注意，二年级一班正在放学。",
        "15:11 东门 请注意，二年级二班正在放学。",
        "15:12 东门 请注意，一年级一班正在放学。",
        "15:13 东门 请注意，一年级二班正在放学。",
    ]
    assert typed(made, WholeDay("normal", "fri"), on=date(2026, 10, 10)) == friday
    assert typed(made, WholeDay("normal", "sat"), on=date(2026, 10, 10)) == NORMAL
    assert day(made, on=date(2026, 11, 27)) == friday


TWO_CAMPUSES = """
[campuses.north]
name = "北校区"
[campuses.south]
name = "南校区"
[day_types.site]
name = "考点"
dismissal = false
quiet = [{ from = "08:50", to = "11:40" }]
""" + SMALL.replace('name = "东门"', 'name = "东门"\ncampus = "north"').replace(
    'name = "西门"', 'name = "西门"\ncampus = "south"'
)


def test_an_exam_site_is_quiet_at_its_campus_and_the_other_goes_home_as_ever() -> None:
    schooldays = AFTERNOON + 'day_types = ["normal"]\n'
    made = taken(TWO_CAMPUSES, schooldays)
    of = Parted("normal", "wed", {"north": WholeDay("site", "wed")})
    assert typed(made, of) == [
        "16:30 西门 请注意，二年级一班正在放学。",
        "16:31 西门 请注意，二年级二班正在放学。",
    ]
    days = folded(made, WEDNESDAY, of)
    assert quiet(made, days) == ["东门 08:50–11:40"]
    assert [each.day_type for each in days] == ["site", "normal"]


EVEN = """
[day_types.even]
name = "双周"
"""
EVEN_AFTERNOON = (
    AFTERNOON
    + """
[windows.on.even]
starts = "16:40"
order = ["g2"]
"""
)
NOON = """
[[windows]]
id = "noon"
name = "午放学"
kind = "dismissal"
opens = "12:00"
closes = "12:10"
calls = [{ at = "12:00", who = ["g1"], every_s = 0 }]
day_types = ["even"]
"""


def test_in_an_even_week_grade_one_goes_at_noon_and_grade_two_ten_minutes_later_than_else() -> None:
    made = taken(SMALL, EVEN, NOON, EVEN_AFTERNOON)
    assert day(made) == NORMAL
    assert typed(made, "even") == [
        "12:00 东门 请注意，一年级一班正在放学。",
        "12:00 东门 请注意，一年级二班正在放学。",
        "16:40 西门 请注意，二年级一班正在放学。",
        "16:41 西门 请注意，二年级二班正在放学。",
    ]
    # Of grade one alone it is an even week: grade two knows nothing of it.
    assert typed(made, Parted("normal", "wed", {"g1": WholeDay("even", "wed")})) == [
        "12:00 东门 请注意，一年级一班正在放学。",
        "12:00 东门 请注意，一年级二班正在放学。",
        "16:30 西门 请注意，二年级一班正在放学。",
        "16:31 西门 请注意，二年级二班正在放学。",
    ]


EXAM = """
[day_types.exam]
name = "考试"
quiet = [{ from = "08:50", to = "11:40" }, { from = "14:20", to = "16:32" }]
"""


def test_in_a_quiet_exam_cues_stay_for_the_lights_and_staff_end_or_add_quiet() -> None:
    made = taken(SMALL, AFTERNOON, EXAM)
    assert typed(made, "exam") == NORMAL
    days = folded(made, WEDNESDAY, WholeDay("exam", "wed"))
    assert quiet(made, days[:1]) == ["东门 08:50–11:40", "东门 14:20–16:32"]
    exam = change(made, 1, "day_type", "07:00", day_type="exam")
    ended = change(made, 2, "quiet", "16:10", ids=("plan-2",))
    more = change(made, 3, "quiet", "16:20", gate="west", to="2026-11-25T08:40:00Z")
    assert quiet(made, timetable(made, WEDNESDAY, (exam, ended, more))) == [
        "东门 08:50–11:40",
        "东门 14:20–16:10",
        "西门 08:50–11:40",
        "西门 14:20–16:10",
        "西门 16:20–16:40",
    ]
    off = change(made, 4, "quiet", "16:30", ids=("change-3",))
    assert quiet(made, timetable(made, WEDNESDAY, (exam, ended, more, off)))[-1] == "西门 16:20–16:30"


def test_after_a_complaint_the_west_gate_is_quiet_at_noon_and_softer_later() -> None:
    noon = NOON.replace('\nday_types = ["even"]', "").replace('"12:10"', '"12:30"')
    made = taken(SMALL, noon, AFTERNOON + "gain_db = -9\nrepeat = 1\n")
    told = change(made, 1, "quiet", "11:58", why="邻居投诉", to="2026-11-25T05:00:00Z")
    notice = change(made, 2, "notice", "11:59", text="请各位家长看屏幕。", **{"from": "2026-11-25T03:59:30Z"})
    assert day(made, told, notice) == [
        "11:59:30 东门 请各位家长看屏幕。",
        "11:59:30 西门 请各位家长看屏幕。",
        "12:00 东门 请注意，一年级一班正在放学。",
        "12:00 东门 请注意，一年级二班正在放学。",
        *NORMAL,
    ]
    days = timetable(made, WEDNESDAY, (told, notice))
    assert quiet(made, days) == ["东门 11:58–13:00", "西门 11:58–13:00"]
    assert [(window.id, window.gain_db) for window in days[0].windows] == [("noon", 0), ("afternoon", -9)]
    assert {cue.repeat for cue in days[1].cues if cue.window} == {1}


HIGH = """
[gates.south]
name = "南门"
[zones.a]
name = "停车场"
gate = "south"
[[classes]]
id = "h1"
grade = "高一"
count = 20
zone = "a"
leaves = []
[[classes]]
id = "h2"
grade = "高二"
count = 20
zone = "a"
leaves = ["fri"]
[[classes]]
id = "h3"
grade = "高三"
count = 20
zone = "a"
leaves = []
[[windows]]
id = "evening"
name = "晚自习放学"
kind = "evening"
opens = "21:10"
closes = "22:50"
[[windows.notices]]
at = "21:10"
say = "高一晚自习结束，请走读生从南门离校。"
who = ["h1"]
[[windows.notices]]
at = "21:50"
say = "高二晚自习结束，请走读生从南门离校。"
who = ["h2"]
[[windows.notices]]
at = "22:40"
say = "高三晚自习结束，请走读生从南门离校。"
who = ["h3"]
[[windows]]
id = "weekend"
name = "周末离校"
kind = "dismissal"
opens = "16:00"
closes = "16:30"
order = ["grade2"]
every_s = 60
weekdays = ["fri"]
[groups.grade2]
name = "高二年级"
members = ["h2"]
"""


def test_a_high_school_has_a_notice_a_grade_in_the_evening_and_calls_nobody_but_on_friday() -> None:
    made = taken(HIGH)
    evening = [
        "21:10 南门 高一晚自习结束，请走读生从南门离校。",
        "21:50 南门 高二晚自习结束，请走读生从南门离校。",
        "22:40 南门 高三晚自习结束，请走读生从南门离校。",
    ]
    assert day(made) == evening
    assert day(made, on=date(2026, 11, 27)) == ["16:00 南门 请注意，高二年级正在放学。", *evening]
    assert {cue.kind for cue in timetable(made, WEDNESDAY)[0].cues} == {"notice"}


def test_it_is_known_where_each_call_is_waited_for_also_after_the_day_turned() -> None:
    made = taken(SMALL, AFTERNOON, RAIN)
    at = {(gate, own.split("/")[2]): zone.name for (gate, own), zone in zones(made, WEDNESDAY).items()}
    assert at == {("east", "g1c1"): "A区", ("east", "g1c2"): "A区", ("west", "g2c1"): "B区", ("west", "g2c2"): "B区"}
    rain = change(made, 1, "day_type", "16:30:40", day_type="rain", cues=(call("afternoon", "g1c2"),))
    turned = zones(made, WEDNESDAY, (rain,))
    assert turned["west", call("afternoon", "g1c2")].name == "体育馆"
    assert turned["east", call("afternoon", "g1c1")].name == "A区"
