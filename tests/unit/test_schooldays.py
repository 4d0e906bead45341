"""A date is a school day or not for a reason; where the calendar says nothing, nobody guesses."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.schooldays import DayOf, day_of
from plan_samples import TERMS, plan

CALENDAR = plan((TERMS, TERMS + ', { from = "2027-02-22", to = "2027-07-02" }')).calendar


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2026, 11, 25), DayOf("normal", "weekday", "wed")),
        (date(2026, 11, 28), DayOf("closed", "weekday", "sat")),
        (date(2026, 11, 29), DayOf("closed", "weekday", "sun")),
        (date(2026, 9, 20), DayOf("normal", "date", "国庆调休，上周四的课")),
        (date(2026, 9, 25), DayOf("closed", "date", "中秋节")),
        (date(2027, 1, 1), DayOf("closed", "date", "元旦")),
        (date(2026, 8, 31), DayOf("closed", "none")),
        (date(2026, 9, 1), DayOf("normal", "weekday", "tue")),
        (date(2027, 1, 22), DayOf("normal", "weekday", "fri")),
        (date(2027, 1, 23), DayOf("closed", "none")),
        (date(2027, 2, 21), DayOf("closed", "none")),
        (date(2027, 2, 22), DayOf("normal", "weekday", "mon")),
        (date(2027, 7, 2), DayOf("normal", "weekday", "fri")),
        (date(2027, 7, 3), DayOf("closed", "none")),
    ],
)
def test_a_listed_date_comes_before_the_weekday_and_outside_terms_nothing_is_known(on: date, expected: DayOf) -> None:
    assert day_of(CALENDAR, on) == expected
    assert day_of(CALENDAR, on).unknown == (expected.source == "none")


def test_a_listed_date_counts_outside_of_terms_too() -> None:
    summer = plan(('dates."2026-09-25"', 'dates."2026-08-28"')).calendar
    assert day_of(summer, date(2026, 8, 28)) == DayOf("closed", "date", "中秋节")


@given(st.dates())
def test_any_date_has_an_answer_and_is_normal_only_in_a_term_or_by_name(on: date) -> None:
    of = day_of(CALENDAR, on)
    in_term = any(term.begins <= on <= term.to for term in CALENDAR.terms)
    assert of.unknown == (not in_term and on not in CALENDAR.dates)
    assert of.day_type == "closed" or in_term or on in CALENDAR.dates
