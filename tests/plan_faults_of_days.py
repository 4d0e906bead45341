"""Mistakes that show on some days alone: groups, day types, weekdays, explicit calls, places, gates with hours."""

from plan_faults_of_calendar import rule
from plan_samples import AFTER, CLASSES, GATES, MORNING, NOON, WINDOWS, ZONES, Findings, Swaps, single, window

TYPES = '[day_types.rain]\nname = "雨天"\n'
WINDOW = "[[windows]]\n"
BUS = '[groups.bus1]\nname = "1号校车"\nkind = "bus"\nmembers = ["g1c1", "g2"]\n'


def more(*tables: str) -> tuple[str, str]:
    """The sample with more tables before its sentences."""
    return "[sentences]\n", "".join(tables) + "[sentences]\n"


def noon(*lines: str) -> tuple[str, str]:
    return NOON, "\n".join((NOON, *lines))


def after(*lines: str) -> tuple[str, str]:
    return AFTER, "\n".join((AFTER, *lines))


EVENING = 'notice = "晚自习放学，请家长在东门接送区等候。"'
FIVE = 'order = ["g1", "g2", "g3", "g4", "g5"]'
SHUT = 'closures = [{ from = "2026-12-01", to = "2026-12-02", why = "修路", instead = "x" }]'
EARLY_ON_WEDNESDAY = ("[windows.on.wed]", 'opens = "15:00"', 'starts = "15:05"', 'closes = "15:40"')
LATE_IN_RAIN = ("[windows.on.rain]", 'opens = "16:35"', 'starts = "16:36"')
LATE = 'calls = [{ at = "16:27", who = ["bus1"] }]'
FIVE_DAYS = 'weekdays = ["mon", "tue", "wed", "thu", "fri"]'
WEEK = [noon(FIVE_DAYS), after(FIVE_DAYS)]
SATURDAY = (
    "[calendar]\n",
    window("sat", "11:00", "11:20", 'kind = "dismissal"', "every_s = 60", 'order = ["g1"]', 'weekdays = ["sat"]')
    + "[calendar]\n",
)
WAYS = [
    f'[groups.{one}]\nmembers = ["g1"]\nzone = "{zone}"\neach = true\n' for one, zone in (("walk", "a"), ("car", "b"))
]
DAYS: dict[str, tuple[Swaps, Findings]] = {
    "a group called like a class": (
        [more(BUS.replace("bus1]", "g1c2]"))],
        [("twin", "groups.g1c2", "g1c2")],
    ),
    "a group named like a class": (
        [more(BUS.replace("1号校车", "一年级一班"))],
        [("same_name", "groups.bus1", "一年级一班")],
    ),
    "a member that does not exist": (
        [more(BUS.replace('"g2"', '"g9"'))],
        [("no_such", "groups.bus1.members[1]", "g9")],
    ),
    "a group in a zone that does not exist": (
        [more(BUS + 'zone = "x"\n')],
        [("no_such", "groups.bus1.zone", "x")],
    ),
    "a group larger than a cue": (
        [
            more('[groups.all]\nname = "全校"\nmembers = ["g1", "g2", "g3"]\n'),
            *((f'grade = "{n}年级"\ncount = 6', f'grade = "{n}年级"\ncount = 40') for n in "一二三"),
            (NOON, NOON.replace("45", "1")),
            (AFTER, AFTER.replace("45", "1")),
        ],
        [("bad_range", "groups.all.members", "120")],
    ),
    "a group's sentence without its name": (
        [more(BUS + 'call = "上车。"\n')],
        [("template", "groups.bus1.call", "上车。")],
    ),
    "a rainy sentence with a strange brace": (
        [more(TYPES, '[day_types.rain.sentences]\nbus = "{classes}{gate}"\n')],
        [("template", "day_types.rain.sentences.bus", "{classes}{gate}")],
    ),
    "a sentence too long with a group in it": (
        [more('[groups.all]\nmembers = ["g1", "g2", "g3", "g4", "g5", "g6"]\n')],
        [("too_long", "sentences.call", '"请注意，{classes}正在放学。"')],
    ),
    "a day type of a name that is taken": (
        [more('[day_types.wed]\nname = "星期三"\n')],
        [("reserved", "day_types.wed", "wed")],
    ),
    "a window on closed days": (
        [after('day_types = ["normal", "closed"]')],
        [("reserved", "windows.after-school.day_types", "closed")],
    ),
    "a day type that does not exist": (
        [more(TYPES), after('day_types = ["normal", "rian"]')],
        [("no_such", "windows.after-school.day_types[1]", "rian")],
    ),
    "something differs on a day that does not exist": (
        [more(TYPES), after('day_types = ["normal", "rain"]', "[windows.on.rian]", "every_s = 30")],
        [("no_such", "windows.after-school.on.rian", "rian")],
    ),
    "a place that does not exist": (
        [more(TYPES + 'places = { g1 = "hall" }\n')],
        [("no_such", "day_types.rain.places.g1", "hall")],
    ),
    "a place of nobody": (
        [after('places = { g9 = "a" }')],
        [("no_such", "windows.after-school.places.g9", "g9")],
    ),
    "a campus that does not exist": (
        [(GATES, GATES.replace('name = "东门"', 'name = "东门"\ncampus = "north"'))],
        [("no_such", "gates.east.campus", "north")],
    ),
    "a gate that stands in and does not exist": (
        [
            (GATES, GATES.replace('name = "东门"', f'name = "东门"\n{SHUT}')),
        ],
        [("no_such", "gates.east.closures[0].instead", "x")],
    ),
    "a closure that ends before it begins": (
        [
            (
                GATES,
                GATES.replace('"东门"', '"东门"\n' + SHUT.replace("2026-12-02", "2026-11-30").replace('"x"', '"west"')),
            )
        ],
        [("rule_range", "gates.east.closures[0].to", "2026-11-30")],
    ),
    "a gate that stands in for itself": (
        [(GATES, GATES.replace('"东门"', '"东门"\n' + SHUT.replace('"x"', '"east"')))],
        [("instead_shut", "gates.east.closures[0].instead", "east")],
    ),
    "a gate that stands in while it is closed itself": (
        [
            (
                GATES,
                GATES.replace('"东门"', '"东门"\n' + SHUT.replace('"x"', '"west"')).replace(
                    '"西门"', '"西门"\nclosures = [{ from = "2026-12-02", to = "2026-12-09", why = "修路" }]'
                ),
            ),
            (NOON, NOON.replace("45", "20")),
            (AFTER, AFTER.replace("45", "20")),
        ],
        [("instead_shut", "gates.east.closures[0].instead", "west")],
    ),
    "a quiet span that ends before it begins": (
        [more(TYPES + 'quiet = [{ from = "09:00", to = "08:00" }]\n')],
        [("bad_value", "day_types.rain.quiet[0]", "")],
    ),
    "a cap at a gate that does not exist": (
        [('id = "shifan"', 'id = "shifan"\ncaps = [{ from = "08:00", to = "09:00", gain_db = -9, gates = ["x"] }]')],
        [("no_such", "school.caps[0].gates[0]", "x")],
    ),
    "a gate that would be silenced by its gain": (
        [('name = "西门"', 'name = "西门"\ngain_db = -60')],
        [("bad_range", "gates.west.gain_db", "-60")],
    ),
    "quiet at a gate that does not exist": (
        [more(TYPES + 'quiet = [{ from = "08:00", to = "09:00", gates = ["x"] }]\n')],
        [("no_such", "day_types.rain.quiet[0].gates[0]", "x")],
    ),
    "a call without an instant": (
        [more(BUS), after('calls = [{ who = ["bus1"] }]')],
        [("at_or_after", "windows.after-school.calls[0]", "")],
    ),
    "a call before its window": (
        [more(BUS), after(LATE.replace("16:27", "16:20"))],
        [("outside", "windows.after-school.calls[0].at", "16:20")],
    ),
    "a notice after its window": (
        [after('notices = [{ at = "17:00", say = "请回家。" }]')],
        [("outside", "windows.after-school.notices[0].at", "17:00")],
    ),
    "a call before its window, also in rain, told once": (
        [more(BUS, TYPES), after(LATE.replace("16:27", "16:20"), "[windows.on.rain]", "every_s = 40")],
        [("outside", "windows.after-school.calls[0].at", "16:20")],
    ),
    "a call before its window in rain alone": (
        [more(BUS, TYPES), after("[windows.on.rain]", 'opens = "16:28"', LATE)],
        [("outside", "windows.after-school.on.rain.calls[0].at", "16:27")],
    ),
    "waits in a window that nobody paces, also not in rain": (
        [more(TYPES), after("max_wait_s = 30", "[windows.on.rain]", 'pacing = "timed"')],
        [("not_for_pacing", "windows.after-school.max_wait_s", "")],
    ),
    "waits in rain in a window that nobody paces": (
        [more(TYPES), after("[windows.on.rain]", "max_wait_s = 30")],
        [("not_for_pacing", "windows.after-school.on.rain.max_wait_s", "")],
    ),
    "an order in rain where none is called": (
        [more(TYPES), (MORNING, MORNING + '\n[windows.on.rain]\nevery_s = 45\norder = ["g1"]\npacing = "guarded"')],
        [("not_for_kind", "windows.morning.on.rain.every_s", "")],
    ),
    "what differs on a day type that the window does not have": (
        [more(TYPES), after('day_types = ["normal"]', "[windows.on.rain]", "every_s = 40")],
        [("never_on", "windows.after-school.on.rain", "")],
    ),
    "what differs on a weekday that the window does not have": (
        [after('weekdays = ["mon", "tue", "thu", "fri"]', "[windows.on.wed]", "every_s = 40")],
        [("never_on", "windows.after-school.on.wed", "")],
    ),
    "what differs on closed days": (
        [after("[windows.on.closed]", "every_s = 40")],
        [("never_on", "windows.after-school.on.closed", "")],
    ),
    "an order and calls without a distance": (
        [more(BUS), (AFTER, "\n".join((AFTER.replace("every_s = 45\n", ""), LATE)))],
        [("every_s", "windows.after-school.every_s", "")],
    ),
    "a window out of order, also in rain, told once": (
        [more(TYPES), (AFTER, AFTER.replace("16:55", "16:10") + "\n[windows.on.rain]\nrepeat = 1")],
        [("order", "windows.after-school.closes", "16:10")],
    ),
    "an evening with a distance in place of a sentence": (
        [(EVENING, "every_s = 45")],
        [("not_for_kind", "windows.evening.every_s", ""), ("notice", "windows.evening.notice", "")],
    ),
    "an evening that is a dismissal": (
        [(EVENING, "every_s = 45\nreverse = true")],
        [("not_for_kind", "windows.evening.kind", "evening")],
    ),
    "a place in rain that does not exist": (
        [more(TYPES), after("[windows.on.rain]", 'places = { g1 = "x" }')],
        [("no_such", "windows.after-school.on.rain.places.g1", "x")],
    ),
    "a call of nobody": (
        [more(BUS), after(LATE.replace("bus1", "bus2"))],
        [("no_such", "windows.after-school.calls[0].who[0]", "bus2")],
    ),
    "the last class of a rainy day is called too late": (
        [more(TYPES), after("[windows.on.rain]", "every_s = 90")],
        [("late_last", "windows.after-school.closes", "16:55")],
    ),
    "times of a weekday out of order": (
        [after("[windows.on.wed]", 'closes = "16:10"')],
        [("order", "windows.after-school.on.wed.closes", "16:10")],
    ),
    "times of a rainy Wednesday out of order, each of both alone in order": (
        [more(TYPES), after(*EARLY_ON_WEDNESDAY, *LATE_IN_RAIN)],
        [("order", "windows.after-school.on.rain.closes", "15:40 (on.wed)")],
    ),
    "a start before the opening on a rainy Wednesday": (
        [more(TYPES), after("[windows.on.wed]", 'opens = "16:30"', "[windows.on.rain]", 'starts = "16:28"')],
        [("order", "windows.after-school.on.rain.starts", "16:28 (on.wed)")],
    ),
    "a notice outside its window on a rainy Wednesday alone": (
        [
            more(TYPES),
            after(
                "[windows.on.wed]",
                'notices = [{ at = "16:26", say = "请排队。" }]',
                "[windows.on.rain]",
                'opens = "16:28"',
            ),
        ],
        [("outside", "windows.after-school.on.rain.notices[0].at", "16:26 (on.wed)")],
    ),
    "windows that overlap in rain": (
        [more(TYPES), noon("[windows.on.rain]", 'closes = "13:40"')],
        [("overlap", "windows.afternoon.opens", "13:30")],
    ),
    "a grade nobody calls on Wednesday": (
        [noon('weekdays = ["mon", "tue"]'), after("[windows.on.wed]", FIVE)],
        [("not_called_on", "classes.g6", "正常 星期三")],
    ),
    "a make-up day that runs the table of a day without windows": (
        [*WEEK, ('"2026-10-10"]\nas_weekday = "wed"', '"2026-10-10"]\nas_weekday = "sat"')],
        [("not_called_on", "calendar.dates.2026-10-10", "2026-10-10 正常 星期六")],
    ),
    "a make-up day that runs its own table": (
        [*WEEK, ('"2026-10-10"]\nas_weekday = "wed"', '"2026-10-10"]\nas_date = "2026-10-10"')],
        [("not_called_on", "calendar.dates.2026-10-10", "2026-10-10 正常 星期六")],
    ),
    "a Saturday with school and without windows": (
        [*WEEK, *rule('on = ["2026-11-21", "2026-11-28"]', 'day_type = "normal"')],
        [("not_called_on", "calendar.rules[0]", "2026-11-21 正常 星期六")],
    ),
    "a Friday that runs the table of a Saturday": (
        [*WEEK, *rule('weekdays = ["fri"]', "nth = -1", 'as_weekday = "sat"')],
        [("not_called_on", "calendar.rules[0]", "2026-10-30 正常 星期六")],
    ),
    "a Saturday of one grade that its window forgets": (
        [*WEEK, SATURDAY, *rule('on = ["2026-11-28"]', 'day_type = "normal"', 'scope = ["g1", "g2"]')],
        [("not_called_on", "calendar.rules[0]", "2026-11-28 正常 星期六")],
    ),
    "a class nobody calls in rain": (
        [
            more(TYPES),
            noon('day_types = ["normal"]'),
            after("[windows.on.rain]", 'order = ["g1", "g2", "g3", "g4", "g5"]'),
        ],
        [("not_called_on", "classes.g6", "雨天 星期一")],
    ),
    "a gate that is not open at a call": (
        [(GATES, GATES.replace('name = "东门"', 'name = "东门"\nhours = [{ from = "11:00", to = "12:00" }]'))],
        [("gate_shut", "gates.east.hours", "16:30")],
    ),
    "a gate that takes over more classes than its window has time for": (
        [(GATES, GATES.replace('"东门"', '"东门"\n' + SHUT.replace('"x"', '"west"')))],
        [("late_last", "windows.noon.closes", "11:55"), ("late_last", "windows.after-school.closes", "16:55")],
    ),
    "a gate that takes over calls while it is not open": (
        [
            (
                GATES,
                GATES.replace('"东门"', '"东门"\n' + SHUT.replace('"x"', '"west"')).replace(
                    'name = "西门"',
                    'name = "西门"\nhours = [{ from = "11:00", to = "11:50" }, { from = "16:25", to = "17:30" }]',
                ),
            ),
            (NOON, NOON.replace("45", "40")),
            (AFTER, AFTER.replace("45", "40")),
        ],
        [("gate_shut", "gates.west.hours", "11:50:40")],
    ),
    "more classes than a zone takes": (
        [(ZONES, ZONES.replace('name = "C区"', 'name = "C区"\nmost = 3'))],
        [("crowd", "zones.c.most", "3")],
    ),
    "names and a count": (
        [(CLASSES, CLASSES + single("s1", "小班").replace("zone", 'names = ["小一班"]\nzone'))],
        [("count_or_name", "classes.s1", "")],
    ),
    "a group twice": (
        [more(BUS), (AFTER, AFTER.replace('"g6"]', '"g6", "bus1", "bus1"]'))],
        [("twice", "windows.after-school.order[7]", "bus1")],
    ),
    "a class in a call and in the order": (
        [after('calls = [{ at = "16:27", who = ["g1c2"] }]')],
        [("twice", "windows.after-school.calls", "g1c2")],
    ),
    "a class at one gate by two means": (
        [
            more(*(f'[groups.{one}]\nmembers = ["g1"]\neach = true\n' for one in ("walk", "car"))),
            after('calls = [{ at = "16:26", who = ["walk"] }, { at = "16:29", who = ["car"] }]'),
            (AFTER, AFTER.replace('"g1", ', "")),
        ],
        [("twice", "windows.after-school.calls", "g1c1")],
    ),
    "a class by two ways in two zones of one gate": (
        [more(*WAYS), (AFTER, AFTER.replace('"g1"', '"walk", "car"'))],
        [("twice", "windows.after-school.order", "g1c1")],
    ),
    "a class by two ways that meet in rain": (
        [
            more(*WAYS, TYPES, 'places = { car = "b" }\n'),
            (AFTER, AFTER.replace('"g1"', '"walk", "car"') + '\nplaces = { car = "d" }'),
        ],
        [("twice", "windows.after-school.order", "g1c1")],
    ),
    "a class by two ways that meet while a gate is closed": (
        [
            more(*WAYS),
            (GATES, GATES.replace('"西门"', '"西门"\n' + SHUT.replace('"x"', '"east"'))),
            (NOON, NOON.replace("45", "20")),
            (AFTER, AFTER.replace('"g1"', '"walk", "car"').replace("45", "20") + '\nplaces = { car = "d" }'),
        ],
        [("twice", "windows.after-school.order", "g1c1")],
    ),
    "a class alone that a group has read out already": (
        [more('[groups.pair]\nmembers = ["g1c1", "g1c2"]\n'), (AFTER, AFTER.replace('"g1"', '"pair", "g1"'))],
        [("twice", "windows.after-school.order", "g1c1")],
    ),
    "two groups that read out one class": (
        [
            more('[groups.one]\nmembers = ["g1c1", "g1c2"]\n[groups.two]\nmembers = ["g1c2", "g1c3"]\n'),
            (AFTER, AFTER.replace('"g1"', '"one", "two", "g1c4", "g1c5", "g1c6"')),
        ],
        [("twice", "windows.after-school.order", "two")],
    ),
    "calls where none is called": (
        [
            (
                WINDOWS,
                WINDOWS.replace('gates = ["east"]', 'gates = ["east"]\ncalls = [{ at = "18:10", who = ["g1"] }]'),
            )
        ],
        [("not_for_kind", "windows.evening.calls", "")],
    ),
}
