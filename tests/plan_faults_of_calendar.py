"""Mistakes in a calendar: what is changed in the sample, and exactly what is found."""

from plan_samples import Findings, Swaps

SEPTEMBER = '[calendar.dates."2026-09-20"]\n'


def rule(*lines: str) -> Swaps:
    """The sample with one rule."""
    return [(SEPTEMBER, "\n".join(["[[calendar.rules]]", 'why = "规则"', *lines, SEPTEMBER]))]


def table(*lines: str) -> Swaps:
    """The sample with a national table of its own, of 2026."""
    head = ["[calendar.table]", "v = 1", 'name = "表"', "[[calendar.table.years]]", "year = 2026"]
    return [('national = "cn"', 'national = "2026.toml"'), (SEPTEMBER, "\n".join([*head, *lines, SEPTEMBER]))]


CLOSED = 'day_type = "closed"'
CALENDAR_FAULTS: dict[str, tuple[Swaps, Findings]] = {
    "a national table by a wrong name": (
        [('national = "cn"', 'national = "china"')],
        [("bad_value", "calendar.national", '"china"')],
    ),
    "a national table outside of the folder": (
        [('national = "cn"', 'national = "../2027.toml"')],
        [("bad_value", "calendar.national", '"../2027.toml"')],
    ),
    "a national table that nobody read": (
        [('national = "cn"', 'national = "2027.toml"')],
        [("no_table", "calendar.national", '"2027.toml"')],
    ),
    "a school abroad that does not say whose holidays": (
        [('"Asia/Shanghai"', '"Europe/Berlin"'), ('national = "cn"\n', "")],
        [("national_zone", "calendar.national", "")],
    ),
    "a holiday that ends before it begins": (
        table('holidays = [{ name = "元旦", from = "2026-01-03", to = "2026-01-01" }]'),
        [("holiday", "calendar.table.years[0].holidays[0]", "2026-01-03 – 2026-01-01")],
    ),
    "a holiday of another year": (
        table('holidays = [{ name = "元旦", from = "2027-01-01", to = "2027-01-03" }]'),
        [("holiday", "calendar.table.years[0].holidays[0]", "2027-01-01 – 2027-01-03")],
    ),
    "a make-up day inside a holiday": (
        table(
            'holidays = [{ name = "元旦", from = "2026-01-01", to = "2026-01-03" }]',
            'make_up = [{ on = "2026-01-03", name = "元旦" }]',
        ),
        [("holiday", "calendar.table.years[0].make_up[0]", "2026-01-03")],
    ),
    "a make-up day of another year": (
        table("holidays = []", 'make_up = [{ on = "2024-01-07", name = "元旦" }]'),
        [("holiday", "calendar.table.years[0].make_up[0]", "2024-01-07")],
    ),
    "a year twice": (
        table("holidays = []", "[[calendar.table.years]]", "year = 2026", "holidays = []"),
        [("twin", "calendar.table.years[1].year", "2026")],
    ),
    "a date that says nothing": (
        [('as_weekday = "thu"\n', "")],
        [("rule_says", "calendar.dates.2026-09-20", "国庆调休，上周四的课")],
    ),
    "no such day type": (
        [('day_type = "closed"', 'day_type = "close"')],
        [("no_such", "calendar.dates.2026-09-25.day_type", "close")],
    ),
    "no such weekday": (
        [('as_weekday = "thu"', 'as_weekday = "Thu"')],
        [("bad_choice", "calendar.dates.2026-09-20.as_weekday", '"Thu"')],
    ),
    "two tables for a day": (
        [('as_weekday = "thu"', 'as_weekday = "thu"\nas_date = "2026-10-07"')],
        [("rule_says", "calendar.dates.2026-09-20", "国庆调休，上周四的课")],
    ),
    "closed, and whose table": (
        [('as_weekday = "thu"', 'as_weekday = "thu"\nday_type = "closed"')],
        [("rule_says", "calendar.dates.2026-09-20", "国庆调休，上周四的课")],
    ),
    "a rule that says nothing": (rule('on = ["2026-12-24"]'), [("rule_says", "calendar.rules[0]", "规则")]),
    "a rule for always": (rule(CLOSED), [("rule_when", "calendar.rules[0]", "规则")]),
    "a rule without a name": (
        [(SEPTEMBER, f'[[calendar.rules]]\non = ["2026-12-24"]\n{CLOSED}\n{SEPTEMBER}')],
        [("missing", "calendar.rules[0].why", "")],
    ),
    "no such part of the school": (
        rule(CLOSED, 'scope = ["g1", "g3c6", "east", "g33"]'),
        [("no_such", "calendar.rules[0].scope[3]", "g33")],
    ),
    "a part of the school whose id a gate has too": (
        [
            *rule(CLOSED, 'scope = ["g1", "east"]'),
            ("[gates.east]\n", '[campuses.east]\nname = "东校区"\n[gates.east]\n'),
        ],
        [("two_meanings", "calendar.rules[0].scope[1]", "east")],
    ),
    "dates and more": (
        rule(CLOSED, 'on = ["2026-12-24"]', 'from = "2026-12-01"', 'weekdays = ["thu"]'),
        [("rule_on", "calendar.rules[0].from", "")],
    ),
    "another date's table without a date": (
        rule('as_date = "2026-10-07"', 'weekdays = ["sat"]'),
        [("rule_needs", "calendar.rules[0].as_date", "")],
    ),
    "the third of nothing": (rule(CLOSED, "nth = 3"), [("rule_needs", "calendar.rules[0].nth", "")]),
    "the sixth Wednesday": (
        rule(CLOSED, 'weekdays = ["wed"]', "nth = 6"),
        [("bad_choice", "calendar.rules[0].nth", "6")],
    ),
    "a first week of nothing": (
        rule(CLOSED, 'week_one = "2026-09-07"', 'holiday_weeks = "skip"'),
        [("rule_needs", "calendar.rules[0].week_one", ""), ("rule_needs", "calendar.rules[0].holiday_weeks", "")],
    ),
    "a turn of nothing": (
        rule(CLOSED, "turn = 1", 'turn_one = "2026-09-07"'),
        [("rule_needs", "calendar.rules[0].turn", "")],
    ),
    "turns of nobody": (
        rule(CLOSED, "turns = 2", 'turn_one = "2026-09-07"'),
        [("rule_needs", "calendar.rules[0].turns", ""), ("rule_needs", "calendar.rules[0].turn_one", "")],
    ),
    "turns from long ago": (
        rule(CLOSED, "turn = 1", "turns = 2", 'turn_one = "2006-09-01"'),
        [("rule_first", "calendar.rules[0].turn_one", "2006-09-01")],
    ),
    "weeks that are counted from long ago": (
        rule(CLOSED, 'week_one = "2006-09-04"', 'weeks = "odd"'),
        [("rule_first", "calendar.rules[0].week_one", "2006-09-04")],
    ),
    "a term of years": (
        [('to = "2027-01-22"', 'to = "2037-01-22"')],
        [("term", "calendar.terms[0]", "2026-09-01 – 2037-01-22")],
    ),
    "a third turn of two": (
        rule(CLOSED, "turn = 3", "turns = 2"),
        [("bad_range", "calendar.rules[0].turn", "3")],
    ),
    "an end before the beginning": (
        rule(CLOSED, 'from = "2026-12-24"', 'to = "2026-12-01"'),
        [("rule_range", "calendar.rules[0].to", "2026-12-01")],
    ),
    "no day of the year": (
        rule(CLOSED, 'season = { from = "5-1", to = "09-30" }'),
        [("bad_value", "calendar.rules[0].season.from", '"5-1"')],
    ),
    "a last day before a date in another form": (
        rule(CLOSED, 'last_before = "20261201"'),
        [("bad_date", "calendar.rules[0].last_before", "20261201")],
    ),
    "before what is no holiday": (
        rule(CLOSED, 'last_before = "国庆"'),
        [("no_such", "calendar.rules[0].last_before", "国庆")],
    ),
    "before a holiday where there is no table": (
        [('national = "cn"', 'national = "none"'), *rule(CLOSED, 'last_before = "holiday"')],
        [("no_such", "calendar.rules[0].last_before", "holiday")],
    ),
}
