"""Mistakes in the sense of a plan: what is changed in the sample, and exactly what is found."""

from plan_samples import (
    AFTER,
    CALL,
    CLASSES,
    G3,
    GATES,
    MORNING,
    NOON,
    TERMS,
    WINDOWS,
    Findings,
    Swaps,
    arrivals,
    dismissals,
    single,
    window,
)

SENSE: dict[str, tuple[Swaps, Findings]] = {
    "an id twice": (
        [('id = "g3"', 'id = "g2"'), (NOON, NOON.replace('"g3", ', "")), (AFTER, AFTER.replace('"g3", ', ""))],
        [("twin", "classes.g2", "g2")],
    ),
    "a window twice": ([('id = "after-school"', 'id = "noon"')], [("twin", "windows.noon", "noon")]),
    "a class called like one of a grade": (
        [(CLASSES, CLASSES + single("g3c1", "足球社"))],
        [("twin", "classes.g3c1", "g3c1")],
    ),
    "two of one name": ([('grade = "四年级"', 'grade = "三年级"')], [("same_name", "classes.g4", "三年级一班")]),
    "two of one name in other signs": (
        [
            (
                CLASSES,
                CLASSES + single("f1", "A 班") + single("f2", "Ａ班"),
            ),
            (AFTER, AFTER.replace('["g1"', '["f1", "f2", "g1"')),
        ],
        [("same_name", "classes.f2", "Ａ班")],
    ),
    "two gates of one name": ([('name = "西门"', 'name = "东门"')], [("same_name", "gates.west", "东门")]),
    "no such gate": (
        [('name = "C区"\ngate = "east"', 'name = "C区"\ngate = "eats"')],
        [("no_such", "zones.c.gate", "eats")],
    ),
    "no such zone": ([('zone = "c"', 'zone = "x"')], [("no_such", "classes.g3.zone", "x")]),
    "no such class": ([(NOON, NOON.replace('"g3"', '"g7"'))], [("no_such", "windows.noon.order[0]", "g7")]),
    "no such class of a grade": (
        [(NOON, NOON.replace('"g3"', '"g3c7"'))],
        [("no_such", "windows.noon.order[0]", "g3c7")],
    ),
    "a window at no such gate": (
        [('gates = ["east"]', 'gates = ["north"]')],
        [("no_such", "windows.evening.gates[0]", "north")],
    ),
    "no such zone of the clock": (
        [('"Asia/Shanghai"', '"Asia/Liaocheng"')],
        [("zone_name", "school.zone", '"Asia/Liaocheng"')],
    ),
    "a zone that is a path": (
        [('"Asia/Shanghai"', '"../../etc/hosts"')],
        [("zone_name", "school.zone", '"../../etc/hosts"')],
    ),
    "a zone with an escape": ([('"Asia/Shanghai"', '"\\u001b[31m"')], [("zone_name", "school.zone", '"\\u001b[31m"')]),
    "neither grade nor name": ([('count = 6\nzone = "c"', 'zone = "c"')], [("count_or_name", "classes.g3", "")]),
    "grade and name": ([(G3, G3 + '\nname = "三年级"')], [("count_or_name", "classes.g3", "")]),
    "no grade": (
        [('grade = "三年级"\n', ""), ('grade = "四年级"\n', "")],
        [("count_or_name", "classes.g3", ""), ("count_or_name", "classes.g4", "")],
    ),
    "closes before it opens": ([('closes = "11:55"', 'closes = "10:55"')], [("order", "windows.noon.closes", "10:55")]),
    "starts before it opens": ([('starts = "11:30"', 'starts = "11:20"')], [("order", "windows.noon.starts", "11:20")]),
    "starts as it closes": ([('starts = "11:30"', 'starts = "11:55"')], [("order", "windows.noon.closes", "11:55")]),
    "the last class is called too late": (
        [(NOON, NOON.replace("45", "90"))],
        [("late_last", "windows.noon.closes", "11:55")],
    ),
    "no distance": ([(NOON, NOON.replace("every_s = 45\n", ""))], [("every_s", "windows.noon.every_s", "")]),
    "nothing to say": ([(MORNING, "")], [("notice", "windows.morning.notice", "")]),
    "an order where none is called": (
        [(MORNING, MORNING + "\nevery_s = 30")],
        [("not_for_kind", "windows.morning.every_s", "")],
    ),
    "a dismissal called arrival": (
        [('name = "午放学"\nkind = "dismissal"', 'name = "午放学"\nkind = "arrival"')],
        [("not_for_kind", "windows.noon.kind", "arrival")],
    ),
    "a grade twice": ([(NOON, NOON.replace('"g5"]', '"g5", "g3"]'))], [("twice", "windows.noon.order[6]", "g3")]),
    "a class twice": ([(NOON, NOON.replace('"g5"]', '"g5", "g3c2"]'))], [("twice", "windows.noon.order[6]", "g3c2")]),
    "a grade nobody calls": (
        [(NOON, NOON.replace('"g3", ', "")), (AFTER, AFTER.replace('"g3", ', ""))],
        [("never_called", "classes.g3", "g3")],
    ),
    "a class nobody calls": (
        [(NOON, NOON.replace('"g3", ', "")), (AFTER, AFTER.replace('"g3"', '"g3c1", "g3c2", "g3c3", "g3c4", "g3c6"'))],
        [("never_called", "classes.g3", "g3c5")],
    ),
    "a window where the class is not": (
        [(NOON, NOON + '\ngates = ["east"]'), (AFTER, AFTER.replace(', "g4"', ""))],
        [("never_called", "classes.g4", "g4")],
    ),
    "no dismissal": ([(WINDOWS, arrivals(2))], [("no_dismissal", "windows", "")]),
    "windows overlap": ([('opens = "13:30"', 'opens = "11:50"')], [("overlap", "windows.afternoon.opens", "11:50")]),
    "one wrong time overlaps with many": (
        [('closes = "11:55"', 'closes = "21:55"')],
        [("overlap", "windows.afternoon.opens", "13:30")],
    ),
    "windows overlap across one of another gate": (
        [
            (
                WINDOWS,
                WINDOWS + window("x", "17:00", "20:00") + window("y", "19:00", "21:00"),
            )
        ],
        [("overlap", "windows.y.opens", "19:00")],
    ),
    "a gate without anything": (
        [
            (GATES, GATES + '[gates.north]\nname = "北门"\n'),
            (MORNING, MORNING + '\ngates = ["east"]'),
            ('notice = "下午好，请从人行道有序进校。"', 'notice = "下午好。"\ngates = ["west"]'),
        ],
        [("no_classes", "gates.north", "")],
    ),
    "a sentence without its class": (
        [(CALL, 'call = "请注意，正在放学。"')],
        [("template", "sentences.call", "请注意，正在放学。")],
    ),
    "a sentence with a strange brace": (
        [(CALL, 'call = "{classes}放学{0!r}{"')],
        [("template", "sentences.call", "{classes}放学{0!r}{")],
    ),
    **{
        f"a sentence with {wrong}": ([(CALL, f'call = "{wrong}"')], [("template", "sentences.call", wrong)])
        for wrong in ("{classes}{classes}", "{classes}{zone}{zone}", "{classes}{", "{classes}}", "{zone}")
    },
    "a sentence too long with a zone in it": (
        [(CALL, f'call = "{{classes}}{{zone}}{"放" * 185}"'), ('name = "A区"', 'name = "学校东侧人行道停车场入口"')],
        [("too_long", "sentences.call", '"{classes}{zone}' + "放" * 43 + "…")],
    ),
    "a sentence too long with a class in it": (
        [(CALL, f'call = "{{classes}}{"放" * 190}"'), ('grade = "三年级"', 'grade = "三年级国际部实验班"')],
        [("too_long", "sentences.call", '"{classes}' + "放" * 49 + "…")],
    ),
    "a term that ends before it begins": (
        [(TERMS, '{ from = "2026-09-01", to = "2026-01-22" }')],
        [("term", "calendar.terms[0]", "2026-09-01 – 2026-01-22")],
    ),
    "terms that overlap": (
        [(TERMS, TERMS + ', { from = "2027-01-20", to = "2027-07-01" }')],
        [("term", "calendar.terms[1]", "2027-01-20 – 2027-07-01")],
    ),
    "too many cues": (
        [
            ('count = 6\nzone = "c"', 'count = 40\nzone = "c"'),
            (
                WINDOWS,
                WINDOWS + dismissals(8),
            ),
            (NOON, NOON.replace("45", "1")),
            (AFTER, AFTER.replace("45", "1")),
        ],
        [("too_many", "gates.east", "")],
    ),
    "a day too heavy for its message": (
        [
            (CALL, f'call = "{{classes}}{"放" * 54}"'),
            ('count = 6\nzone = "c"', 'count = 40\nzone = "c"'),
            ('grade = "三年级"', 'grade = "三"'),
            *((f'grade = "{n}年级"', f'grade = "{n}"') for n in "一二四五六"),
            (
                WINDOWS,
                WINDOWS + dismissals(6),
            ),
            (NOON, NOON.replace("45", "1")),
            (AFTER, AFTER.replace("45", "1")),
        ],
        [("too_heavy", "gates.east", "")],
    ),
    "a wait where the clock calls": (
        [(NOON, NOON + '\nmax_wait_s = 60\non_timeout = "call"')],
        [("not_for_pacing", "windows.noon.max_wait_s", "")],
    ),
    "a pacing where nobody is called": (
        [(MORNING, MORNING + '\npacing = "guarded"')],
        [("not_for_kind", "windows.morning.pacing", "")],
    ),
    "waits where nobody is called": (
        [(MORNING, MORNING + '\nmax_wait_s = 0\non_timeout = "call"')],
        [("not_for_kind", "windows.morning.kind", "arrival")],
    ),
}
