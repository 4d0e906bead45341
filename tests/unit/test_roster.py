"""Who is called where and when: the words of a plan, one by one."""

from config.roster import WholeDay
from config.timetable import folded, timetable
from plan_days import AFTERNOON, NORMAL, RAIN, SMALL, WEDNESDAY, Parted, day, taken, typed

MORE = """
[zones.c]
name = "C区"
gate = "east"
[zones.d]
name = "D区"
gate = "west"
[sentences]
call = "{classes}到{zone}"
[day_types.rain]
name = "雨天"
places = { g1 = "d", g2c1 = "d" }
"""


def where(*lines: str, day_type: str = "rain") -> dict[str, str]:
    made = taken(SMALL, MORE, AFTERNOON, "\n".join(lines))
    return dict(line.split(" ", 2)[2].split("到") for line in typed(made, day_type))


def test_where_a_class_waits_is_what_is_said_for_that_day_and_window_before_what_is_said_in_general() -> None:
    names = ("一年级一班", "一年级二班", "二年级一班", "二年级二班")
    window = 'places = { g1c1 = "c", g2 = "c" }'
    rain = '[windows.on.rain]\nplaces = { g1c1 = "b" }'
    wednesday = '[windows.on.wed]\nplaces = { g2c2 = "d" }'
    assert [where(day_type="normal")[name] for name in names] == ["A区", "A区", "B区", "B区"]
    assert [where(window, day_type="normal")[name] for name in names] == ["C区", "A区", "C区", "C区"]
    assert [where(window, wednesday, day_type="normal")[name] for name in names] == ["C区", "A区", "C区", "D区"]
    grade = '[windows.on.wed]\nplaces = { g1 = "b" }'
    assert [where(window, grade, day_type="normal")[name] for name in names] == ["B区", "B区", "C区", "C区"]
    assert [where()[name] for name in names] == ["D区", "D区", "D区", "B区"]
    assert [where(window)[name] for name in names] == ["D区", "D区", "D区", "C区"]
    assert [where(window, wednesday, rain)[name] for name in names] == ["B区", "D区", "D区", "D区"]


def test_a_day_type_that_the_plan_does_not_know_calls_nobody() -> None:
    made = taken(SMALL, AFTERNOON, RAIN)
    assert typed(made, "snow") == typed(made, "closed") == []


def test_a_class_is_called_only_on_the_weekdays_on_which_it_leaves() -> None:
    boarders = "".join(
        f'[[classes]]\nid = "{own}"\nname = "{name}"\nzone = "b"\nleaves = {leaves}\n'
        for own, name, leaves in (("b1", "高一", '["fri"]'), ("b2", "高二", "[]"))
    )
    group = '[groups.both]\nname = "合唱团"\nmembers = ["g1c1", "b1"]\nzone = "b"\n'
    made = taken(SMALL, boarders, group, AFTERNOON + 'order = ["g1", "g2", "b1", "b2", "both"]\n')
    chorus = "西门 请注意，合唱团正在放学。"
    assert typed(made, WholeDay("normal", "wed")) == [*NORMAL, f"16:32 {chorus}"]
    assert typed(made, WholeDay("normal", "fri")) == [*NORMAL, "16:32 西门 请注意，高一正在放学。", f"16:33 {chorus}"]
    _, west = timetable(made, WEDNESDAY)
    assert west.cues[-1].classes == ("g1c1",)


SPLIT = """
[groups.walk]
members = ["g1"]
zone = "a"
each = true
[groups.car]
members = ["g1"]
zone = "b"
each = true
call = "请注意，{classes}乘车的同学正在放学。"
[groups.siblings]
members = ["g1c1", "g2c2"]
"""


def test_a_class_split_by_how_it_goes_home_is_called_at_two_gates_at_one_instant_and_again_in_a_later_wave() -> None:
    first = AFTERNOON + 'order = ["walk", "car", "g2"]\n'
    second = AFTERNOON.replace('"afternoon"', '"late"').replace("16:", "17:") + 'order = ["car", "siblings"]\n'
    assert day(taken(SMALL, SPLIT, first, second)) == [
        "16:30 东门 请注意，一年级一班正在放学。",
        "16:30 西门 请注意，一年级一班乘车的同学正在放学。",
        "16:31 东门 请注意，一年级二班正在放学。",
        "16:31 西门 请注意，一年级二班乘车的同学正在放学。",
        "16:32 西门 请注意，二年级一班正在放学。",
        "16:33 西门 请注意，二年级二班正在放学。",
        # Brothers and sisters wait where their classes do: one call at each gate.
        "17:30 东门 请注意，一年级一班正在放学。",
        "17:30 西门 请注意，一年级一班乘车的同学正在放学。",
        "17:31 西门 请注意，一年级二班乘车的同学正在放学。",
        "17:32 西门 请注意，二年级二班正在放学。",
    ]


VILLAGE = """
[gates.south]
name = "南门"
[zones.a]
name = "A区"
gate = "south"
[[classes]]
id = "y"
names = ["一年级", "二年级", "三年级", "四年级", "五年级", "六年级"]
zone = "a"
[groups.all]
members = ["y"]
[[windows]]
id = "afternoon"
name = "下午放学"
kind = "dismissal"
opens = "16:10"
closes = "16:30"
calls = [{ at = "16:15", who = ["all"] }]
"""


def test_a_village_school_calls_its_six_classes_in_one_call() -> None:
    made = taken(VILLAGE)
    assert day(made) == ["16:15 南门 请注意，一年级、二年级、三年级、四年级、五年级、六年级正在放学。"]
    (south,) = timetable(made, WEDNESDAY)
    assert [(cue.id, cue.classes) for cue in south.cues] == [
        ("2026-11-25/afternoon/all/call", ("yc1", "yc2", "yc3", "yc4", "yc5", "yc6"))
    ]


MATRIX = """
[[windows]]
id = "noon"
name = "午放学"
kind = "dismissal"
opens = "12:00"
closes = "12:10"
calls = [{ at = "12:03", who = ["g1"], weekdays = ["wed"], every_s = 37 }]
"""


def test_one_grade_leaves_at_noon_on_wednesdays_and_in_the_afternoon_else() -> None:
    made = taken(SMALL, MATRIX, AFTERNOON + '[windows.on.wed]\norder = ["g2"]\n')
    assert typed(made, WholeDay("normal", "wed")) == [
        "12:03 东门 请注意，一年级一班正在放学。",
        "12:03:37 东门 请注意，一年级二班正在放学。",
        "16:30 西门 请注意，二年级一班正在放学。",
        "16:31 西门 请注意，二年级二班正在放学。",
    ]
    assert typed(made, WholeDay("normal", "thu")) == NORMAL


def test_an_offset_moves_with_the_start_of_the_window() -> None:
    offsets = 'calls = [{ after_s = 0, who = ["g1"] }, { after_s = 300, who = ["g2"], every_s = 0 }]\n'
    made = taken(
        SMALL, RAIN.replace("places", "# places"), AFTERNOON + offsets + '[windows.on.rain]\nstarts = "16:35"\n'
    )
    assert [line[:5] for line in day(made)] == ["16:30", "16:31", "16:35", "16:35"]
    assert [line[:5] for line in typed(made, "rain")] == ["16:35", "16:36", "16:40", "16:40"]


def test_a_group_of_which_a_part_has_another_day_is_called_once_with_those_who_are_there() -> None:
    groups = '[groups.both]\nname = "合唱团"\nmembers = ["g1c1", "g2c1"]\nzone = "a"\n'
    made = taken(SMALL, groups, RAIN, AFTERNOON + 'order = ["both", "g1", "g2"]\n')
    parts = Parted("normal", "wed", {"g2": WholeDay("rain", "wed")})
    east, _ = folded(made, WEDNESDAY, parts)
    assert [cue.classes for cue in east.cues if "both" in cue.id] == [("g1c1", "g2c1")]
    away = Parted("normal", "wed", {"g2": WholeDay("closed", "wed")})
    east, west = folded(made, WEDNESDAY, away)
    assert [cue.classes for cue in east.cues] == [("g1c1",), ("g1c1",), ("g1c2",)]
    assert (west.windows, west.cues) == ((), ())


def test_a_group_that_reads_out_its_classes_reads_all_of_them_where_a_closed_gate_brings_them_together() -> None:
    shut = 'closures = [{ from = "2026-11-25", to = "2026-11-25", why = "修路", instead = "east" }]\n'
    gates = SMALL.replace('name = "西门"\n', f'name = "西门"\n{shut}')
    groups = '[groups.pair]\nmembers = ["g1c1", "g2c1"]\n'
    made = taken(gates, groups, AFTERNOON + 'order = ["pair", "g1c2", "g2c2"]\n')
    assert day(made)[0] == "16:30 东门 请注意，一年级一班、二年级一班正在放学。"


def test_a_class_may_be_read_out_by_a_group_that_has_its_own_sentence_and_be_called_alone() -> None:
    bus = '[groups.bus]\nkind = "bus"\nmembers = ["g1c1"]\n'
    own = '[sentences]\nbus = "{classes}的校车到了。"\n'
    made = taken(SMALL, bus, own, AFTERNOON + 'order = ["bus", "g1", "g2"]\n')
    assert [line for line in day(made) if "一年级一班" in line] == [
        "16:30 东门 一年级一班的校车到了。",
        "16:31 东门 请注意，一年级一班正在放学。",
    ]


def test_notices_go_to_the_gates_of_whom_they_concern() -> None:
    notices = """
notices = [
  { at = "16:26", say = "一年级家长请看A区。", who = ["g1"] },
  { at = "16:27", say = "请靠右走。" },
  { at = "16:28", say = "西门右转。", gates = ["west"], weekdays = ["wed"] },
  { at = "16:29", say = "明天见。", weekdays = ["fri"] },
]
"""
    made = taken(SMALL, AFTERNOON + notices)
    assert day(made)[:4] == [
        "16:26 东门 一年级家长请看A区。",
        "16:27 东门 请靠右走。",
        "16:27 西门 请靠右走。",
        "16:28 西门 西门右转。",
    ]
    assert [cue.id.split("/", 2)[2] for cue in timetable(made, WEDNESDAY)[1].cues][:2] == ["n2/notice", "n3/notice"]


def test_two_parts_of_a_gate_with_different_days_hear_each_its_own_notices() -> None:
    own = 'notices = [{ at = "16:26", say = "一年级请注意。", who = ["g1"] }]\n'
    half = '[windows.on.half]\nnotices = [{ at = "16:27", say = "一班请注意。", who = ["g1c1"] }]\n'
    made = taken(SMALL, '[day_types.half]\nname = "半天"\n', AFTERNOON + own + half)
    east, _ = folded(made, WEDNESDAY, Parted("normal", "wed", {"g1c1": WholeDay("half", "wed")}))
    assert [(cue.id, cue.say) for cue in east.cues if cue.kind == "notice"] == [
        ("2026-11-25/afternoon/n101/notice", "一年级请注意。"),
        ("2026-11-25/afternoon/n1/notice", "一班请注意。"),
    ]
    both = taken(SMALL, '[day_types.half]\nname = "半天"\n', AFTERNOON + own)
    east, _ = folded(both, WEDNESDAY, Parted("normal", "wed", {"g1c1": WholeDay("half", "wed")}))
    assert [cue.say for cue in east.cues if cue.kind == "notice"] == ["一年级请注意。"]


def test_a_sentence_is_the_groups_own_then_that_of_its_kind_then_that_of_the_day() -> None:
    groups = """
[groups.bus1]
name = "1号校车"
kind = "bus"
members = ["g1c1"]
zone = "a"
[groups.bus2]
name = "2号校车"
kind = "bus"
members = ["g1c2"]
zone = "a"
call = "{classes}走"
[sentences]
call = "{classes}放学"
bus = "{classes}上车"
[day_types.rain]
name = "雨天"
sentences = { call = "{classes}雨天放学" }
[day_types.exam]
name = "考试"
sentences = { bus = "{classes}考完上车" }
"""
    order = 'order = ["bus1", "bus2", "g2"]\nplaces = { g2c1 = "a" }\n'
    made = taken(SMALL, groups, AFTERNOON + order)

    def said(day_type: str) -> list[str]:
        return [line.split(" ", 2)[2] for line in typed(made, day_type) if "东门" in line]

    assert said("normal") == ["1号校车上车", "2号校车走", "二年级一班放学"]
    assert said("rain") == ["1号校车上车", "2号校车走", "二年级一班雨天放学"]
    assert said("exam") == ["1号校车考完上车", "2号校车走", "二年级一班放学"]
