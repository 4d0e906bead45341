"""A date's day type and the weekday whose table runs: which rule wins, and that nobody guesses."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_samples import AUTUMN, calendar, dated, rule
from config.schooldays import DayOf, SchoolDay, day_of, has_school
from config.schoolyear import Calendar

PLAIN = calendar()


def on(month: int, day: int, year: int = 2026) -> date:
    return date(year, month, day)


def told(of: DayOf) -> tuple[str, str, str, str]:
    return of.day_type, of.weekday, of.source, of.why


def days_of(school: Calendar, day_type: str, *scopes: str, month: int = 9) -> list[int]:
    """The days of a month that are of a type."""
    dates = [on(month, 1) + timedelta(days=n) for n in range(31)]
    return [one.day for one in dates if one.month == month and day_of(school, one).of(scopes).day_type == day_type]


# What holds by itself -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("date_", "expected"),
    [
        (on(11, 25), SchoolDay("normal", "wed", "default", "wed")),
        (on(11, 28), SchoolDay("closed", "sat", "default", "sat")),
        (on(9, 25), SchoolDay("closed", "fri", "national", "中秋")),
        (on(10, 7), SchoolDay("closed", "wed", "national", "国庆节")),
        (on(10, 8), SchoolDay("normal", "thu", "default", "thu")),
        (on(9, 20), SchoolDay("closed", "sun", "national", "国庆节", "make_up")),
        (on(8, 31), SchoolDay("closed", "mon", "none", "", "term")),
        (on(9, 1), SchoolDay("normal", "tue", "default", "tue")),
        (on(12, 31), SchoolDay("normal", "thu", "default", "thu")),
        (on(1, 1, 2027), SchoolDay("closed", "fri", "national", "2027", "year")),
        (on(1, 22, 2027), SchoolDay("closed", "fri", "national", "2027", "year")),
        (on(1, 23, 2027), SchoolDay("closed", "sat", "none", "", "term")),
        (on(2, 17), SchoolDay("closed", "tue", "national", "春节")),
    ],
)
def test_without_rules_the_national_table_comes_before_the_weekday(date_: date, expected: SchoolDay) -> None:
    assert day_of(PLAIN, date_) == expected
    assert day_of(PLAIN, date_).unknown == (expected.doubt is not None)


def test_a_school_without_a_national_table_is_not_closed_by_our_ignorance() -> None:
    abroad = calendar('national = "none"')
    for date_ in (on(10, 1), on(9, 20) + timedelta(days=1), on(1, 1, 2027), on(1, 22, 2027)):
        assert told(day_of(abroad, date_))[::2] == ("normal", "default")
    assert told(day_of(abroad, on(9, 20))) == ("closed", "sun", "default", "sun")
    assert not day_of(abroad, on(9, 20)).unknown


# A make-up day ------------------------------------------------------------------------------------


def test_a_make_up_day_runs_the_table_that_is_said() -> None:
    said = calendar(dated("2026-10-10", 'as_weekday = "wed"', why="国庆调休，上周三的课"))
    assert day_of(said, on(10, 10)) == SchoolDay("normal", "wed", "school", "国庆调休，上周三的课")


def test_a_make_up_day_whose_table_is_not_said_is_closed_whatever_else_holds() -> None:
    loose = calendar(
        rule('weekdays = ["sat", "sun"]', 'as_weekday = "fri"'), rule('day_type = "rain"', 'from = "2026-09-01"')
    )
    assert (day_of(loose, on(10, 10)).day_type, day_of(loose, on(10, 10)).doubt) == ("closed", "make_up")


@pytest.mark.parametrize("scope", ["", 'scope = ["g1"]'])
def test_a_make_up_day_that_is_said_to_be_open_is_closed_until_its_table_is_said(scope: str) -> None:
    half = calendar(rule('on = ["2026-10-10"]', 'day_type = "normal"', scope, why="上课"))
    assert day_of(half, on(10, 10)).of({"g1"}) == DayOf("closed", "sat", "national", "国庆节", "make_up")
    said = calendar(rule('on = ["2026-10-10"]', 'day_type = "normal"', 'as_weekday = "sat"', scope, why="上课"))
    assert day_of(said, on(10, 10)).of({"g1"}) == DayOf("normal", "sat", "school", "上课")


def test_a_make_up_day_of_a_weekday_with_a_rule_follows_the_rule() -> None:
    said = calendar(
        rule('weekdays = ["wed"]', 'day_type = "half-day"', why="周三半天"),
        dated("2026-10-10", 'as_weekday = "wed"', why="国庆调休"),
    )
    assert told(day_of(said, on(10, 10))) == ("half-day", "wed", "school", "周三半天；国庆调休")
    assert told(day_of(said, on(10, 14))) == ("half-day", "wed", "school", "周三半天")
    assert told(day_of(said, on(10, 15))) == ("normal", "thu", "default", "thu")


def test_a_day_as_another_date_is_what_that_date_would_have_been() -> None:
    said = calendar(
        rule('weekdays = ["wed"]', 'weeks = "even"', 'day_type = "half-day"', why="双周周三半天"),
        dated("2026-10-10", 'as_date = "2026-09-30"', why="补第五周周三"),  # itself in week 6
        dated("2026-09-20", 'as_date = "2026-10-07"', why="补国庆周三"),  # itself in week 3
    )
    assert told(day_of(said, on(10, 10))) == ("normal", "wed", "school", "补第五周周三")
    assert told(day_of(said, on(9, 20))) == ("half-day", "wed", "school", "双周周三半天；补国庆周三")


def test_the_third_wednesday_is_that_of_the_month_not_a_make_up_day_that_runs_its_table() -> None:
    third = rule('weekdays = ["wed"]', "nth = 3", 'day_type = "half-day"', why="第三个周三")
    for how, expected in (('as_weekday = "wed"', "normal"), ('as_date = "2026-10-21"', "half-day")):
        assert day_of(calendar(third, dated("2026-09-20", how)), on(9, 20)).day_type == expected


def test_a_day_that_was_made_by_hand_is_the_same_for_every_part() -> None:
    assert SchoolDay("rain", "fri", "school", "雨").of({"g1"}) == DayOf("rain", "fri", "school", "雨")


def test_day_type_and_weekday_are_decided_each_by_its_own_rule() -> None:
    said = calendar(
        rule('on = ["2026-10-10", "2026-10-12"]', 'day_type = "exam"', why="期中考试"),
        dated("2026-10-10", 'as_weekday = "wed"', why="国庆调休"),
    )
    assert told(day_of(said, on(10, 10))) == ("exam", "wed", "school", "期中考试；国庆调休")
    assert told(day_of(said, on(10, 12))) == ("exam", "mon", "school", "期中考试")


# Which rule wins ----------------------------------------------------------------------------------

CLOSED, EXAM = 'day_type = "closed"', 'day_type = "exam"'
WEDNESDAY = on(11, 25)
LADDER = [
    rule('from = "2026-11-01"', 'day_type = "a"', why="a"),
    rule('from = "2026-11-02"', 'day_type = "b"', why="b"),
    rule('on = ["2026-11-25"]', 'day_type = "c"', why="c"),
    rule('on = ["2026-11-25"]', 'day_type = "d"', why="d"),
    dated("2026-11-25", 'day_type = "e"', why="e"),
    rule('from = "2026-11-03"', 'day_type = "f"', 'scope = ["g1"]', why="f"),
    rule('from = "2026-11-04"', 'day_type = "g"', 'scope = ["east"]', why="g"),
    rule('on = ["2026-11-25"]', 'day_type = "h"', 'scope = ["g1"]', why="h"),
]
"""From the weakest to the strongest."""


@pytest.mark.parametrize("count", range(1, len(LADDER) + 1))
def test_of_several_rules_the_one_further_down_the_table_wins(count: int) -> None:
    name = "abcdefgh"[count - 1]
    school = calendar(*LADDER[:count])
    assert told(day_of(school, WEDNESDAY).of({"g1", "east"})) == (name, "wed", "school", name)
    assert day_of(school, WEDNESDAY).day_type == "abcdeeee"[count - 1]


def test_the_order_in_the_file_does_not_matter_between_the_lines_of_the_table() -> None:
    dates = LADDER[4]
    for turned in (LADDER[2:4] + LADDER[:2], LADDER[5:] + LADDER[:4]):
        parts = [one for one in turned if "scope" in one]
        school = calendar(*turned, dates)
        assert day_of(school, WEDNESDAY).day_type == "e"
        assert day_of(school, WEDNESDAY).of({"g1", "east"}).day_type == ("h" if parts else "e")


def test_a_rule_that_lists_no_date_gives_no_school_where_there_is_none() -> None:
    summer = calendar(rule('season = { from = "09-01", to = "10-15" }', 'day_type = "summer"', why="夏季作息"))
    assert told(day_of(summer, on(10, 1))) == ("closed", "thu", "national", "国庆节")
    assert told(day_of(summer, on(9, 5))) == ("closed", "sat", "default", "sat")
    assert day_of(summer, on(8, 31)).doubt == "term"
    assert told(day_of(summer, on(9, 4))) == ("summer", "fri", "school", "夏季作息")


def test_a_date_that_is_listed_has_school_on_any_day() -> None:
    listed = calendar(
        dated("2026-10-03", 'day_type = "normal"', why="高三"), dated("2026-08-28", 'as_weekday = "fri"', why="报到")
    )
    assert told(day_of(listed, on(10, 3))) == ("normal", "sat", "school", "高三")
    assert told(day_of(listed, on(8, 28))) == ("normal", "fri", "school", "报到")


def test_a_vacation_is_a_rule_that_closes_outside_of_terms_too() -> None:
    resting = calendar(rule(CLOSED, 'from = "2027-01-23"', 'to = "2027-02-21"', why="寒假"))
    assert told(day_of(resting, on(2, 1, 2027))) == ("closed", "mon", "school", "寒假")
    assert not day_of(resting, on(2, 1, 2027)).unknown
    assert day_of(resting, on(2, 22, 2027)).unknown


def test_a_closed_school_stays_closed_for_a_part_that_says_nothing_of_the_day() -> None:
    snow = calendar(
        rule('weekdays = ["wed"]', 'day_type = "half-day"', 'scope = ["g1"]'), dated("2026-11-25", CLOSED, why="大雪")
    )
    assert told(day_of(snow, WEDNESDAY).of({"g1"})) == ("closed", "wed", "school", "大雪")


# Parts of the school ------------------------------------------------------------------------------


def test_grades_start_one_after_the_other() -> None:
    phased = calendar(
        rule(CLOSED, 'scope = ["g1"]', 'to = "2026-09-06"', why="一年级 9 月 7 日开学"),
        rule(CLOSED, 'scope = ["g9"]', 'from = "2026-09-28"', why="九年级离校"),
        dated("2026-09-05", 'as_weekday = "mon"', why="补课"),
    )
    assert days_of(phased, "normal") == [1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 14, 15, 16, 17, 18, 21, 22, 23, 24, 28, 29, 30]
    assert days_of(phased, "normal", "g1", "east") == days_of(phased, "normal")[5:]
    assert days_of(phased, "normal", "g9", "east") == days_of(phased, "normal")[:-3]
    assert told(day_of(phased, on(9, 5)).of({"g1"})) == ("closed", "mon", "school", "一年级 9 月 7 日开学")


def test_an_exam_site_closes_one_campus() -> None:
    site = calendar(rule(CLOSED, 'on = ["2026-12-26", "2026-12-25"]', 'scope = ["south"]', why="南校区考点"))
    assert told(day_of(site, on(12, 25)).of({"south", "g3", "g3c1"})) == ("closed", "fri", "school", "南校区考点")
    assert told(day_of(site, on(12, 25)).of({"north", "g3", "g3c2"})) == ("normal", "fri", "default", "fri")
    assert told(day_of(site, on(12, 25))) == ("normal", "fri", "default", "fri")


def test_a_part_runs_another_weekdays_table() -> None:
    split = calendar(
        dated("2026-10-10", 'as_weekday = "wed"', why="调休"),
        rule('on = ["2026-10-10"]', 'as_weekday = "thu"', 'scope = ["g6"]', why="六年级补周四"),
        rule('weekdays = ["thu"]', 'day_type = "club"', why="周四社团"),
    )
    assert told(day_of(split, on(10, 10))) == ("normal", "wed", "school", "调休")
    assert told(day_of(split, on(10, 10)).of(["g6"])) == ("club", "thu", "school", "周四社团；六年级补周四")


def test_a_scope_asked_in_any_order_and_form_gives_the_same() -> None:
    school = calendar(*LADDER)
    asked = [day_of(school, WEDNESDAY).of(scopes) for scopes in (["g1", "east"], {"east", "g1"}, ("x", "east", "g1"))]
    assert asked == [asked[0]] * 3


# When a rule holds --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("conditions", "september"),
    [
        (['from = "2026-09-28"'], [28, 29, 30]),
        (['to = "2026-09-02"'], [1, 2]),
        (['from = "2026-09-03"', 'to = "2026-09-07"'], [3, 4, 7]),
        (['season = { from = "09-28", to = "09-29" }'], [28, 29]),
        (['season = { from = "09-28", to = "09-02" }'], [1, 2, 28, 29, 30]),
        (['on = ["2026-09-08", "2026-09-12"]'], [8, 12]),
        (['weekdays = ["wed"]'], [2, 9, 16, 23, 30]),
        (['weekdays = ["wed"]', "nth = 3"], [16]),
        (['weekdays = ["wed"]', "nth = 5"], [30]),
        (['weekdays = ["mon"]', "nth = 2"], [14]),
        (['season = { from = "09-28", to = "09-28" }'], [28]),
        (['weekdays = ["thu", "wed"]', "nth = -1"], [24, 30]),
        (['weekdays = ["fri"]', 'weeks = "odd"'], [4, 18]),
        (['weekdays = ["fri"]', 'weeks = "even"'], [11]),
        (['weekdays = ["fri"]', 'weeks = "odd"', 'week_one = "2026-09-07"'], [11]),
        (["first_days = 3"], [1, 2, 3]),
        (["first_days = 3", 'from = "2026-09-10"'], [10, 11, 14]),
        (["first_days = 3", 'from = "2026-07-10"'], [1, 2, 3]),
        (["first_days = 5", 'weekdays = ["mon"]'], [7]),
        (['last_before = "国庆节"'], [30]),
        (['last_before = "holiday"'], [24, 30]),
        (['last_before = "2026-09-14"'], [11]),
        (["turn = 1", "turns = 6"], [1, 9, 17, 28]),
        (["turn = 2", "turns = 6", 'turn_one = "2026-09-07"'], [8, 16, 24]),
    ],
)  # fmt: skip
def test_a_rule_holds_on_these_days(conditions: list[str], september: list[int]) -> None:
    assert days_of(calendar(rule('day_type = "so"', *conditions)), "so") == september


def test_weeks_without_a_school_day_may_not_count() -> None:
    closed = rule('on = ["2026-10-08", "2026-10-09"]', CLOSED, why="秋假")
    for skip, even in (("count", [19]), ("skip", [12, 26])):
        school = calendar(
            closed, rule('weekdays = ["mon"]', 'weeks = "even"', f'holiday_weeks = "{skip}"', 'day_type = "so"')
        )
        assert days_of(school, "so", month=10) == even


def test_a_week_counts_by_its_own_seven_days() -> None:
    closed = rule('on = ["2026-09-14", "2026-09-15", "2026-09-16", "2026-09-17", "2026-09-18"]', CLOSED, why="军训")
    school = calendar(closed, rule('weekdays = ["wed"]', 'weeks = "odd"', 'holiday_weeks = "skip"', 'day_type = "so"'))
    assert days_of(school, "so") == [2, 23]


@pytest.mark.parametrize(
    "conditions",
    [
        ['weeks = "odd"', 'holiday_weeks = "skip"'],
        ['weeks = "even"', 'holiday_weeks = "skip"'],
        ["first_days = 60"],
        ['last_before = "holiday"'],
        ["turn = 1", "turns = 2"],
    ],
)
def test_what_counts_school_days_decides_no_day_that_is_none(conditions: list[str]) -> None:
    school = calendar(rule(CLOSED, *conditions))
    assert told(day_of(school, on(8, 30))) == told(day_of(PLAIN, on(8, 30)))
    if "weeks" not in conditions[0]:
        assert told(day_of(school, on(9, 19))) == told(day_of(PLAIN, on(9, 19)))


def test_a_date_that_is_listed_is_counted_as_the_school_day_that_it_became() -> None:
    school = calendar(rule('on = ["2026-09-05"]', 'as_weekday = "mon"'), rule("first_days = 5", 'day_type = "so"'))
    assert has_school(school, on(9, 5))
    assert days_of(school, "so") == [1, 2, 3, 4, 5]


def test_a_rule_for_several_parts_is_for_each_of_them() -> None:
    school = calendar(rule('scope = ["east", "g1"]', 'weekdays = ["wed"]', 'day_type = "so"'))
    for scope in ("east", "g1"):
        assert days_of(school, "so", scope) == [2, 9, 16, 23, 30]
    assert days_of(school, "so", "g2") == []


def test_counting_follows_what_the_school_says_of_its_days() -> None:
    school = calendar(
        rule("first_days = 3", 'day_type = "so"'),
        rule(CLOSED, 'from = "2026-09-02"', 'to = "2026-09-03"', why="军训"),
        dated("2026-09-05", 'as_weekday = "wed"'),
    )
    assert days_of(school, "so") == [1, 4, 5]
    assert [has_school(school, on(9, n)) for n in (1, 2, 5, 6)] == [True, False, True, False]


def test_every_third_wednesday_grade_one_leaves_at_noon() -> None:
    school = calendar(rule('scope = ["g1"]', 'weekdays = ["wed"]', "nth = 3", 'day_type = "half-day"', why="教研"))
    assert days_of(school, "half-day", "g1", month=12) == [16]
    assert days_of(school, "half-day", "g2", month=12) == []


def test_odd_weeks_swap_two_tables() -> None:
    school = calendar(rule('weekdays = ["fri"]', 'weeks = "odd"', 'as_weekday = "mon"', why="单周周五上周一的课"))
    assert told(day_of(school, on(9, 4))) == ("normal", "mon", "school", "单周周五上周一的课")
    assert told(day_of(school, on(9, 11))) == ("normal", "fri", "default", "fri")
    assert told(day_of(school, on(9, 25))) == ("closed", "fri", "national", "中秋")


# Whatever is written ------------------------------------------------------------------------------

CONDITIONS = st.sampled_from(
    [
        'from = "2026-09-28"', 'to = "2026-11-02"', 'season = { from = "11-28", to = "02-02" }', "first_days = 40",
        'weekdays = ["wed", "sat"]', 'weekdays = ["mon"]\nnth = -1', 'weeks = "even"', 'last_before = "holiday"',
        'weeks = "odd"\nholiday_weeks = "skip"\nweek_one = "2026-02-28"', "turn = 2\nturns = 3",
        'last_before = "2026-12-25"',
        'on = ["2026-10-10", "2026-11-25", "2030-01-01"]', 'turn = 1\nturns = 2\nturn_one = "2026-08-01"',
    ]
)  # fmt: skip
SAYS = st.sampled_from(['day_type = "closed"', 'day_type = "rain"', 'as_weekday = "fri"', 'day_type = "normal"'])
WHOM = st.sampled_from(["", 'scope = ["g1"]', 'scope = ["east", "g1"]', 'scope = ["east"]'])


@st.composite
def schools(draw: st.DrawFn) -> Calendar:
    rules = draw(st.lists(st.tuples(CONDITIONS, SAYS, WHOM), max_size=6))
    dates = draw(st.sets(st.sampled_from(["2026-10-10", "2026-10-01", "2026-11-25", "2101-01-01"])))
    return calendar(
        f'national = "{draw(st.sampled_from(["cn", "none", "2027.toml"]))}"',
        *(rule(*lines, why=f"第{n}条") for n, lines in enumerate(rules)),
        *(dated(one, draw(SAYS), why=one) for one in sorted(dates)),
        *(dated(one, f'as_date = "{one}"', why=one) for one in draw(st.sampled_from([[], ["2026-12-31"]]))),
        terms=draw(st.sampled_from([AUTUMN, 'terms = [{ from = "1970-01-01", to = "1970-02-01" }]\n'])),
    )


DATES = st.one_of(st.dates(date(1970, 1, 1), date(2100, 12, 31)), st.dates(on(9, 1), on(1, 31, 2027)), st.dates())


@given(schools(), DATES, st.sets(st.sampled_from(["g1", "east", "g2"])))
def test_any_date_of_any_calendar_has_one_answer_and_a_reason(school: Calendar, date_: date, scopes: set[str]) -> None:
    day = day_of(school, date_)
    names = {one.why for one in (*school.rules, *school.dates.values())}
    for of in (day, day.of(scopes)):
        assert of.source != "school" or set(of.why.split("；")) <= names
        assert of.source == "none" or of.why
        assert not of.unknown or of.day_type == "closed"
        assert of.unknown or of.source != "none"
    assert (day_of(school, date_), day_of(school, date_).of(sorted(scopes))) == (day, day.of(scopes))
    if not any(scopes & set(one.scope or ()) for one in school.rules):
        assert told(day.of(scopes)) == told(day)


@given(schools(), st.dates(on(9, 1), on(1, 22, 2027)))
def test_a_day_that_nobody_listed_has_school_only_where_weekday_and_table_allow_it(
    school: Calendar, date_: date
) -> None:
    listed = date_ in school.dates or any(date_ in (one.on or ()) for one in school.rules)
    if not listed and day_of(school, date_).day_type != "closed":
        assert any(term.begins <= date_ <= term.to for term in school.terms)
        assert school.national == "none" or (school.national == "cn" and date_.year == 2026)
        assert date_.weekday() < 5
