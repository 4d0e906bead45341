"""Mistakes in the form of a plan: what is changed in the sample, and exactly what is found."""

from config import limits
from plan_samples import (
    AFTER,
    CALENDAR,
    CLASSES,
    GATES,
    NOON,
    TERMS,
    WINDOWS,
    ZONES,
    Findings,
    Swaps,
    arrivals,
    single,
)

FORM: dict[str, tuple[Swaps, Findings]] = {
    "no TOML": ([("v = 1\n", "v = \n")], [("toml", "-", "")]),
    "a key twice": ([("v = 1\n", "v = 1\nv = 1\n")], [("toml", "-", "")]),
    "no v": ([("v = 1\n", "")], [("v", "v", "")]),
    "a newer v": ([("v = 1\n", "v = 2\n")], [("v", "v", "2")]),
    "v is no number": ([("v = 1\n", "v = true\n")], [("v", "v", "true")]),
    "v is a fraction": ([("v = 1\n", "v = 1.0\n")], [("v", "v", "1.0")]),
    "no gates": ([(GATES, "")], [("missing", "gates", "")]),
    "no zones": ([(ZONES, "")], [("missing", "zones", "")]),
    "no classes": ([(CLASSES, "")], [("missing", "classes", "")]),
    "no windows": ([(WINDOWS, "")], [("missing", "windows", "")]),
    "no calendar": ([(CALENDAR, "")], [("missing", "calendar", "")]),
    "no name": ([('name = "C区"\n', "")], [("missing", "zones.c.name", "")]),
    "no id": ([('id = "noon"\n', "")], [("missing", "windows[1].id", "")]),
    "a class without id": ([('id = "g3"\n', "")], [("missing", "classes[2].id", "")]),
    "unknown key": (
        [('count = 6\nzone = "c"', 'count = 6\ncolour = "red"\nzone = "c"')],
        [("unknown_key", "classes.g3.colour", "")],
    ),
    "a key without a name": ([("[sentences]", '[""]\n[sentences]')], [("unknown_key", '""', "")]),
    "misspelt key": ([('opens = "11:25"', 'openz = "11:25"')], [("unknown_key", "windows.noon.openz", "")]),
    "misspelt table": ([("[sentences]", "[sentence]")], [("unknown_key", "sentence", "")]),
    "misspelt needed table": (
        [("[calendar]", "[calender]"), (CALENDAR[CALENDAR.index("[calendar.dates.") :], "")],
        [("unknown_key", "calender", "")],
    ),
    "misspelt inner key": (
        [('to = "2027-01-22"', 'too = "2027-01-22"')],
        [("unknown_key", "calendar.terms[0].too", "")],
    ),
    "an id inside": ([("[gates.east]\n", '[gates.east]\nid = "west"\n')], [("unknown_key", "gates.east.id", "")]),
    "no table": (
        [("v = 1\n", 'v = 1\ngates = ["east"]\n'), (GATES, "")],
        [("not_table", "gates", '["east"]')],
    ),
    "no array": ([("v = 1\n", "v = 1\nwindows = 5\n"), (WINDOWS, "")], [("not_table", "windows", "5")]),
    "a gate is no table": (
        [(GATES, '[gates]\neast = "东门"\n[gates.west]\nname = "西门"\n')],
        [("not_table", "gates.east", '"东门"')],
    ),
    "a term is no table": ([(TERMS, '"2026-09-01"')], [("not_table", "calendar.terms[0]", '"2026-09-01"')]),
    "bad id": ([('id = "noon"', 'id = "Noon"')], [("bad_id", "windows.Noon.id", '"Noon"')]),
    "id none": ([('id = "noon"', 'id = "none"')], [("bad_id", "windows.none.id", '"none"')]),
    "id centre": ([('id = "shifan"', 'id = "centre"')], [("bad_id", "school.id", '"centre"')]),
    "bad gate id": (
        [("[zones.b]", "[zones.B]"), ('zone = "b"', 'zone = "B"')],
        [("bad_id", "zones.B", '"B"'), ("bad_id", "classes.g2.zone", '"B"')],
    ),
    "an id too long for its classes": (
        [
            ('id = "g3"', f'id = "g3{"x" * 29}"'),
            (NOON, NOON.replace('"g3"', f'"g3{"x" * 29}"')),
            (AFTER, AFTER.replace('"g3"', f'"g3{"x" * 29}"')),
        ],
        [("bad_id", f"classes.g3{'x' * 29}.id", f'"g3{"x" * 29}c6"')],
    ),
    "a grade too long for its classes": (
        [('grade = "三年级"', f'grade = "{"三" * 63}"')],
        [("bad_text", "classes.g3.grade", '"' + "三" * 58 + "…")],
    ),
    "bad time": ([('opens = "11:25"', 'opens = "25:70"')], [("bad_time", "windows.noon.opens", '"25:70"')]),
    "time without quotes": ([('opens = "11:25"', "opens = 1125")], [("bad_time", "windows.noon.opens", "1125")]),
    "time past 29:59": (
        [('closes = "18:30"', 'closes = "30:00"')],
        [("bad_time", "windows.evening.closes", '"30:00"')],
    ),
    "bad date": ([('to = "2027-01-22"', 'to = "2027-02-30"')], [("bad_date", "calendar.terms[0].to", '"2027-02-30"')]),
    "bad special date": (
        [('dates."2026-09-25"', 'dates."25.9.2026"')],
        [("bad_date", "calendar.dates.25.9.2026", '"25.9.2026"')],
    ),
    "a date of no century": (
        [('dates."2026-09-25"', 'dates."0026-09-25"')],
        [("bad_date", "calendar.dates.0026-09-25", '"0026-09-25"')],
    ),
    "bad choice": ([('kind = "evening"', 'kind = "party"')], [("bad_choice", "windows.evening.kind", '"party"')]),
    "bad weekday": ([('"thu", "fri"', '"thu", "Fri"')], [("bad_choice", "calendar.weekdays[4]", '"Fri"')]),
    "bad type": ([('count = 6\nzone = "c"', 'count = "6"\nzone = "c"')], [("bad_type", "classes.g3.count", '"6"')]),
    "a fraction of classes": (
        [('count = 6\nzone = "c"', 'count = 6.5\nzone = "c"')],
        [("bad_type", "classes.g3.count", "6.5")],
    ),
    "no number": ([(NOON, NOON.replace("45", "nan"))], [("bad_type", "windows.noon.every_s", "NaN")]),
    "a name is no text": ([('name = "C区"', "name = 3")], [("bad_type", "zones.c.name", "3")]),
    "a list is none": ([('gates = ["east"]', 'gates = "east"')], [("bad_type", "windows.evening.gates", '"east"')]),
    "too small": ([(NOON, NOON.replace("45", "0"))], [("bad_range", "windows.noon.every_s", "0")]),
    "too many classes of a grade": (
        [('count = 6\nzone = "c"', 'count = 41\nzone = "c"')],
        [("bad_range", "classes.g3.count", "41")],
    ),
    "an empty order": (
        [(NOON, NOON.replace('["g3", "g1", "g2", "g6", "g4", "g5"]', "[]"))],
        [("bad_range", "windows.noon.order", "[]")],
    ),
    "too many entries": (
        [(CLASSES, CLASSES + "".join(single(f"x{n}", f"社团{n}") for n in range(limits.CLASS_ENTRIES_MAX)))],
        [("bad_range", "classes", "506")],
    ),
    "too many windows": ([(WINDOWS, WINDOWS + arrivals(20))], [("bad_range", "windows", "25")]),
    "empty text": ([('name = "C区"', 'name = ""')], [("bad_text", "zones.c.name", '""')]),
    "a space at the end": ([('name = "C区"', 'name = "C区 "')], [("bad_text", "zones.c.name", '"C区 "')]),
    "invisible text": ([('name = "C区"', 'name = "C\\u202e区"')], [("bad_text", "zones.c.name", '"C\\u202e区"')]),
    "long text": ([('name = "C区"', f'name = "{"区" * 65}"')], [("bad_text", "zones.c.name", '"' + "区" * 58 + "…")]),
    "deep nesting": (
        [('name = "C区"', f"name = {'[' * 250}{']' * 250}")],
        [("bad_value", "zones.c", '"{\\"name\\": ' + "[" * 47 + "…")],
    ),
}
