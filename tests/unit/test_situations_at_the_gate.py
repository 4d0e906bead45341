"""What happens at the gates of real schools, each told once: plan and changes in, the whole list of cues out."""

from datetime import date

from config.timetable import left_out, timetable
from plan_days import AFTERNOON, NORMAL, SMALL, WEDNESDAY, call, change, day, taken


def test_a_late_class_goes_behind_the_others_and_is_called_when_it_is_there() -> None:
    made = taken(SMALL, AFTERNOON + 'places = { g2c1 = "a" }\n')
    order = ("g1c2", "g2c1", "g1c1")
    late = change(made, 1, "move", "16:29", gate="east", cues=tuple(call("afternoon", one) for one in order))
    moved = [
        "16:30 东门 请注意，一年级二班正在放学。",
        "16:30 西门 请注意，二年级二班正在放学。",
        "16:31 东门 请注意，二年级一班正在放学。",
    ]
    assert day(made, late) == [*moved, "16:32 东门 请注意，一年级一班正在放学。"]
    skipped = change(made, 2, "skip", "16:31:30", cues=(call("afternoon", "g1c1"),))
    called = change(made, 3, "call", "16:41", gate="east", **{"class": "g1c1"}, cues=(call("afternoon", "g1c1"),))
    assert day(made, late, skipped) == [*moved, "16:32 东门 请注意，一年级一班正在放学。 ×"]
    assert day(made, late, skipped, called) == [*moved, "16:41 东门 请注意，一年级一班正在放学。"]


CARE = """
[groups.care]
members = ["g1", "g2c1"]
each = true
zone = "a"
call = "请注意，{classes}参加课后服务的同学正在放学。"
[groups.chess]
name = "棋社"
kind = "club"
members = ["g1c1", "g2c2"]
zone = "b"
"""
SECOND = """
[[windows]]
id = "second"
name = "第二批放学"
kind = "dismissal"
opens = "17:50"
closes = "18:10"
every_s = 90
order = ["care"]
calls = [{ at = "18:05", who = ["chess"] }]
"""


def test_after_school_care_is_a_second_wave_class_by_class_and_a_club_in_one_call() -> None:
    made = taken(SMALL, CARE, AFTERNOON, SECOND)
    assert day(made) == [
        *NORMAL,
        "17:50 东门 请注意，一年级一班参加课后服务的同学正在放学。",
        "17:51:30 东门 请注意，一年级二班参加课后服务的同学正在放学。",
        "17:53 东门 请注意，二年级一班参加课后服务的同学正在放学。",
        "18:05 西门 请注意，棋社正在放学。",
    ]
    chess = timetable(made, WEDNESDAY)[1].cues[-1]
    assert (chess.id, chess.classes) == ("2026-11-25/second/chess/call", ("g1c1", "g2c2"))


BUSES = """
[groups.bus1]
name = "1号校车"
kind = "bus"
members = ["g1c1", "g2"]
zone = "b"
[groups.bus2]
name = "2号校车"
kind = "bus"
members = ["g1c2", "g2"]
zone = "b"
[sentences]
bus = "请注意，{classes}开始上车。"
[[windows]]
id = "buses"
name = "校车"
kind = "dismissal"
opens = "16:00"
closes = "16:10"
calls = [{ at = "16:01", who = ["bus1"] }, { at = "16:05", who = ["bus2"] }]
"""


def test_school_buses_leave_by_the_clock_then_walkers_as_the_guard_lets_them_go() -> None:
    made = taken(SMALL, BUSES, AFTERNOON + 'pacing = "guarded"\n')
    assert day(made) == [
        "16:01 西门 请注意，1号校车开始上车。",
        "16:05 西门 请注意，2号校车开始上车。",
        "放行 东门 请注意，一年级一班正在放学。",
        "放行 西门 请注意，二年级一班正在放学。",
        "放行 东门 请注意，一年级二班正在放学。",
        "放行 西门 请注意，二年级二班正在放学。",
    ]


def test_a_gate_closed_now_sends_who_is_left_to_the_other_behind_its_own() -> None:
    made = taken(SMALL, AFTERNOON)
    left = (call("afternoon", "g1c1"), call("afternoon", "g1c2"))
    closed = change(made, 1, "reroute", "16:29", gate="west", cues=left, why="东门有救护车")
    assert day(made, closed) == [
        "16:30 西门 请注意，二年级一班正在放学。",
        "16:31 西门 请注意，二年级二班正在放学。",
        "16:32 西门 请注意，一年级一班正在放学。",
        "16:33 西门 请注意，一年级二班正在放学。",
    ]
    one = change(made, 1, "reroute", "16:30:30", gate="west", cues=left[1:])
    assert day(made, one)[-1] == "16:32 西门 请注意，一年级二班正在放学。"
    assert day(made, closed, change(made, 2, "undo", "16:29:30", undoes=1)) == NORMAL


def test_a_gate_closed_by_plan_calls_its_classes_at_the_other_in_the_windows_order() -> None:
    repair = 'closures = [{ from = "2026-11-24", to = "2026-11-26", why = "修路", instead = "west" }]'
    made = taken(SMALL.replace('name = "东门"', f'name = "东门"\n{repair}'), AFTERNOON)
    assert day(made) == [
        "16:30 西门 请注意，一年级一班正在放学。",
        "16:31 西门 请注意，一年级二班正在放学。",
        "16:32 西门 请注意，二年级一班正在放学。",
        "16:33 西门 请注意，二年级二班正在放学。",
    ]
    assert day(made, on=date(2026, 11, 27)) == NORMAL
    shut = repair.replace(', instead = "west"', "")
    alone = taken(SMALL.replace('name = "东门"', f'name = "东门"\n{shut}'), AFTERNOON)
    assert day(alone) == [NORMAL[1], NORMAL[3]]
    assert [(one.cls, one.window, one.why) for one in left_out(alone, WEDNESDAY)] == [
        ("g1c1", "afternoon", "gate_closed"),
        ("g1c2", "afternoon", "gate_closed"),
    ]
