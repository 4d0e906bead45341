"""What a calendar does not know yet is said in time; mistakes in it are in `plan_faults_of_calendar.py`."""

from collections.abc import Sequence
from datetime import date

import pytest

from calendar_samples import YEAR, calendar, dated, rule
from config.findings import Finding, words
from config.lint import read
from config.lint_calendar import calendar_faults, doubts, make_up_findings, unknown_years, unsaid_make_ups
from config.schoolyear import Calendar
from plan_samples import changed

PLAIN = calendar()
SAID = dated("2026-09-20", 'as_weekday = "thu"')


def make_up(on: str, name: str) -> Finding:
    return Finding("make_up", f"calendar.dates.{on}", args={"name": name}, severity="warning")


TENTH = [(date(2026, 10, 10), "国庆节")]


def no_term(on: str) -> Finding:
    return Finding("no_term", "calendar.terms", on, severity="warning")


def year(number: int, national: str = "cn") -> Finding:
    return Finding("year_unknown", "calendar.national", national, {"year": str(number)}, "warning")


@pytest.mark.parametrize(
    ("school", "expected"),
    [
        (PLAIN, [(date(2026, 9, 20), "国庆节"), (date(2026, 10, 10), "国庆节")]),
        (calendar(SAID), TENTH),
        (calendar(SAID, rule('on = ["2026-10-10"]', 'day_type = "closed"')), []),
        (calendar(SAID, rule('on = ["2026-10-10"]', 'as_weekday = "wed"', 'scope = ["g1"]')), TENTH),
        (calendar(SAID, dated("2026-10-10", 'day_type = "normal"')), TENTH),
        (calendar('national = "none"'), []),
        (calendar('national = "x.toml"'), []),
    ],
)  # fmt: skip
def test_the_make_up_days_of_a_term_that_nobody_spoke_of(school: Calendar, expected: list[tuple[date, str]]) -> None:
    assert list(unsaid_make_ups(school)) == expected
    assert list(make_up_findings(school)) == [make_up(str(on), name) for on, name in expected]


def test_a_term_may_be_one_day_and_no_shorter() -> None:
    for to, found in (("2026-09-01", []), ("2026-08-31", ["term"])):
        terms = f'terms = [{{ from = "2026-09-01", to = "{to}" }}]\n'
        assert [one.code for one in calendar_faults(calendar(terms=terms), (), None, "Asia/Shanghai")] == found


def faults_of(terms: Sequence[tuple[str, str]], *lines: str) -> list[tuple[str, str]]:
    spans = ", ".join(f'{{ from = "{begins}", to = "{to}" }}' for begins, to in terms)
    school = calendar(*lines, terms=f"terms = [{spans}]\n")
    return [(one.code, one.place) for one in calendar_faults(school, (), None, "Asia/Shanghai")]


def test_a_term_has_four_hundred_days_at_most() -> None:
    assert faults_of([("2026-09-01", "2027-10-06")]) == []
    assert faults_of([("2026-09-01", "2027-10-07")]) == [("term", "calendar.terms[0]")]


def test_a_term_inside_another_hides_none_that_begins_in_it() -> None:
    terms = [("2026-09-01", "2027-01-22"), ("2026-10-01", "2026-10-31"), ("2026-12-01", "2027-02-01")]
    assert faults_of(terms) == [("term", "calendar.terms[1]"), ("term", "calendar.terms[2]")]


def test_what_is_counted_may_begin_near_any_term() -> None:
    odd = rule('weeks = "odd"', 'week_one = "2026-09-07"', 'day_type = "closed"')
    assert faults_of([("2023-09-01", "2024-01-22"), ("2026-09-01", "2027-01-22")], odd) == []


@pytest.mark.parametrize(
    ("lines", "others"),
    [
        (("turn = 1",), ["turns"]),
        (("turns = 2",), ["turn"]),
        (("turns = 2", 'turn_one = "2026-09-07"'), ["turn", "turn"]),
        (("nth = 2",), ["weekdays"]),
        (('week_one = "2026-09-07"', 'holiday_weeks = "skip"'), ["weeks", "weeks"]),
    ],
)
def test_what_else_must_be_said_is_named(lines: tuple[str, ...], others: list[str]) -> None:
    found = list(calendar_faults(calendar(rule(*lines, 'day_type = "closed"')), (), None, "Asia/Shanghai"))
    assert [(one.code, one.args["other"]) for one in found] == [("rule_needs", other) for other in others]


@pytest.mark.parametrize(("name", "hint"), [("国庆", "（国庆节?）"), ("xyz", "")])
def test_what_was_meant_is_told_when_it_is_near(name: str, hint: str) -> None:
    school = calendar(rule(f'last_before = "{name}"', 'day_type = "closed"'))
    (found,) = calendar_faults(school, (), None, "Asia/Shanghai")
    assert (found.code, found.args["hint"]) == ("no_such", hint)


@pytest.mark.parametrize(
    ("today", "years"),
    [
        (date(2026, 1, 1), ()),
        (date(2026, 11, 30), ()),
        (date(2026, 12, 1), (2027,)),
        (date(2026, 12, 31), (2027,)),
        (date(2027, 1, 1), (2027,)),
        (date(2027, 12, 1), (2027, 2028)),
    ],
)
def test_the_next_year_is_asked_for_from_the_first_of_december(today: date, years: tuple[int, ...]) -> None:
    assert unknown_years(PLAIN, today) == years
    assert unknown_years(calendar('national = "none"'), today) == ()


@pytest.mark.parametrize(
    ("school", "today", "expected"),
    [
        (PLAIN, date(2026, 11, 25), []),
        (PLAIN, date(2026, 8, 31), [no_term("2026-08-31"), make_up("2026-09-20", "国庆节")]),
        (PLAIN, date(2026, 8, 20), [no_term("2026-08-20")]),
        (PLAIN, date(2026, 9, 10), [make_up("2026-09-20", "国庆节"), make_up("2026-10-10", "国庆节")]),
        (PLAIN, date(2026, 10, 10), [make_up("2026-10-10", "国庆节")]),
        (PLAIN, date(2026, 10, 11), []),
        (PLAIN, date(2026, 12, 1), [year(2027)]),
        (calendar(terms=YEAR), date(2027, 3, 1), [year(2027)]),
        (calendar(rule('day_type = "closed"', 'to = "2026-08-31"')), date(2026, 8, 20), []),
    ],
)  # fmt: skip
def test_what_a_person_must_say_soon(school: Calendar, today: date, expected: list[Finding]) -> None:
    assert list(doubts(school, today)) == expected


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_doubt_in_words_names_place_and_remedy(lang: str) -> None:
    found = [*doubts(PLAIN, date(2026, 8, 31)), year(2027)]
    assert {one.code for one in found} == {"no_term", "make_up", "year_unknown"}
    for one in found:
        wrong, remedy = words(one, "zh" if lang == "zh" else "en").split(" → ")
        assert one.place in wrong
        assert one.value in wrong
        assert remedy
        assert "{" not in wrong + remedy


def test_a_check_warns_of_a_make_up_day_and_takes_the_plan() -> None:
    _, warnings = read(
        changed(('as_weekday = "wed"\nwhy = "国庆调休，上周三的课"\n', 'day_type = "normal"\nwhy = "x"\n')), "p"
    )
    assert warnings == (make_up("2026-10-10", "国庆节"),)  # that it is open was said, but not whose table runs
    text = changed(('[calendar.dates."2026-10-10"]\nas_weekday = "wed"\nwhy = "国庆调休，上周三的课"\n', ""))
    assert read(text, "p")[1] == (make_up("2026-10-10", "国庆节"),)
