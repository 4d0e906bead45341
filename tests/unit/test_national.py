"""The national table is right on every day, and a file brings the years that are not shipped."""

import json
import re
from datetime import date, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_samples import YEAR, calendar, dated
from config.national import MakeUp, National, Year, entry, knows, table, written
from config.national_cn import CN
from config.schooldays import day_of, tables
from config.schoolyear import Calendar
from deploy.national_table import module, national
from key_tables import rows, untrue
from wire_samples import ROOT

DAYS = [date(2024, 1, 1) + timedelta(days=n) for n in range(366 + 365 + 365)]
OPEN = calendar(terms=YEAR)
DOCUMENT = (ROOT / "docs/calendar.zh-CN.md").read_text("utf-8")
EXAMPLE = next(block for block in re.findall(r"```toml\n(.*?)```", DOCUMENT, re.DOTALL) if block.startswith("v = 1"))


def read(text: str) -> National:
    made, findings = table(text)
    assert made is not None, findings
    return made


def brought(text: str, *lines: str) -> Calendar:
    """A calendar with an imported table, as the centre keeps it."""
    own = written(read(text), "table")
    return calendar('national = "2027.toml"', *lines, own, terms=YEAR)


CHINESE = {one.value: one.chinese for one in chinese_calendar.Holiday}


def theirs(on: date) -> tuple[str, str, str | None]:
    """What chinesecalendar's own functions say: closed or not, of which kind, its name."""
    off, name = chinese_calendar.get_holiday_detail(on)
    kind = "" if name is None else "Holiday" if off else "MakeUp"
    assert chinese_calendar.is_workday(on) != off == chinese_calendar.is_holiday(on)
    return "closed" if off or kind == "MakeUp" else "normal", kind, CHINESE.get(name)


def ours(on: date) -> tuple[str, str, str | None]:
    found, day = entry((CN,), on), day_of(OPEN, on)
    assert day.unknown == isinstance(found, MakeUp)
    assert day.source == ("default" if found is None else "national")
    return day.day_type, "" if found is None else type(found).__name__, found.name if found else None


def test_each_day_of_three_years_is_what_chinesecalendar_says() -> None:
    assert len(DAYS) == 1096
    assert {on: ours(on) for on in DAYS} == {on: theirs(on) for on in DAYS}


def test_the_make_up_days_of_2026_ask_whose_table_they_run() -> None:
    asked = [on for on in DAYS if on.year == 2026 and day_of(OPEN, on).doubt == "make_up"]
    assert [f"{on:%m-%d %a}" for on in asked] == [
        "01-04 Sun", "02-14 Sat", "02-28 Sat", "05-09 Sat", "09-20 Sun", "10-10 Sat",
    ]  # fmt: skip
    said = calendar(*(dated(str(on), 'as_weekday = "fri"', why="调休") for on in asked), terms=YEAR)
    assert {(day_of(said, on).day_type, day_of(said, on).weekday, day_of(said, on).source) for on in asked} == {
        ("normal", "fri", "school")
    }


def test_2027_is_closed_and_says_so_every_day() -> None:
    year = [date(2027, 1, 1) + timedelta(days=n) for n in range(365)]
    assert {(day.day_type, day.source, day.why, day.doubt) for day in (day_of(OPEN, on) for on in year)} == {
        ("closed", "national", "2027", "year")
    }


def test_with_an_imported_file_2027_is_right_and_2026_stays() -> None:
    school = brought(EXAMPLE, dated("2027-01-09", 'as_weekday = "mon"', why="元旦调休"))
    days = {n: day_of(school, date(2027, 1, n)) for n in (1, 2, 3, 4, 8, 9, 10)}
    assert {n: (day.day_type, day.weekday, day.source, day.why) for n, day in days.items()} == {
        1: ("closed", "fri", "national", "元旦"),
        2: ("closed", "sat", "national", "元旦"),
        3: ("closed", "sun", "national", "元旦"),
        4: ("normal", "mon", "default", "mon"),
        8: ("normal", "fri", "default", "fri"),
        9: ("normal", "mon", "school", "元旦调休"),
        10: ("closed", "sun", "default", "sun"),
    }
    assert day_of(brought(EXAMPLE), date(2027, 1, 9)).doubt == "make_up"
    assert [day_of(school, on) for on in DAYS] == [day_of(OPEN, on) for on in DAYS]
    assert day_of(school, date(2028, 1, 3)).doubt == "term"


def test_a_year_of_the_file_replaces_the_shipped_one_whole() -> None:
    holiday = '{ name = "元旦", from = "2025-12-31", to = "2026-01-01" }'
    school = brought(f'v = 1\nname = "改"\nextends = "cn"\n[[years]]\nyear = 2026\nholidays = [{holiday}]\n')
    assert [day_of(school, on).why for on in (date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 2))] == [
        "元旦", "元旦", "fri",
    ]  # fmt: skip
    assert day_of(school, date(2026, 10, 1)).source == "default"
    assert day_of(school, date(2025, 10, 1)).why == "国庆节"


def test_a_file_that_extends_nothing_knows_its_own_years_alone() -> None:
    school = brought(EXAMPLE.replace('extends = "cn"', 'extends = "none"'))
    assert (day_of(school, date(2027, 1, 4)).day_type, day_of(school, date(2026, 11, 25)).doubt) == ("normal", "year")
    assert tables(calendar('national = "none"')) is None


def test_a_plan_that_names_a_file_nobody_read_knows_no_year() -> None:
    school = calendar('national = "2027.toml"', terms=YEAR)
    assert {day_of(school, on).doubt for on in DAYS} == {"year"}


def test_the_shipped_table_is_what_its_program_makes() -> None:
    assert module() == (ROOT / "config/national_cn.py").read_text("utf-8")
    assert [year.year for year in CN.years] == [2024, 2025, 2026]


def test_a_year_as_a_file_is_that_year_as_it_is_shipped() -> None:
    again = read(written(national([2026], extends="cn")))
    assert (again.extends, again.years) == ("cn", CN.years[2:])
    with pytest.raises(SystemExit, match=r"has no \[2099\]"):
        national([2026, 2099])


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("v = 1", "v = 2", [("bad_choice", "v", "2")]),
        ('name = "2027 年放假安排"\n', "", [("missing", "name", "")]),
        ("year = 2027", "year = 1027", [("bad_range", "years[0].year", "1027")]),
        ('to = "2027-01-03"', 'to = "2026-01-03"', [("holiday", "years[0].holidays[0]", "2027-01-01 – 2026-01-03")]),
        ('to = "2027-01-03"', 'to = "2029-01-03"', [("holiday", "years[0].holidays[0]", "2027-01-01 – 2029-01-03")]),
        ('on = "2027-01-09"', 'on = "2027-01-03"', [("holiday", "years[0].make_up[0]", "2027-01-03")]),
        ('on = "2027-01-09"', 'on = "27-01-09"', [("bad_date", "years[0].make_up[0].on", '"27-01-09"')]),
        ("[[years]]", "[years]", [("bad_type", "years", "")]),
        ("holidays = [", "holidays = ", [("toml", "-", "")]),
    ],
)
def test_a_mistake_in_a_table_is_found_with_its_place(old: str, new: str, expected: list[tuple[str, str, str]]) -> None:
    assert EXAMPLE.count(old) == 1
    made, findings = table(EXAMPLE.replace(old, new))
    assert made is None
    assert [(one.code, one.place, one.value) for one in findings] == expected


NAMES = st.text("春节 \"'\\n元a{}é", min_size=1, max_size=9).filter(lambda one: one == one.strip() and "\n" not in one)


@given(NAMES, st.lists(NAMES, max_size=4))
def test_a_table_that_is_written_reads_back_the_same(name: str, names: list[str]) -> None:
    raw = national([2026]).model_dump(mode="json", by_alias=True)
    raw["name"] = name
    raw["years"][0]["make_up"] = [{"on": f"2026-01-{10 + n}", "name": one} for n, one in enumerate(names)]
    made = National.model_validate_json(json.dumps(raw))
    assert read(written(made)) == made
    assert knows((made,), 2026)
    assert not knows((made,), 2027)


@pytest.mark.parametrize(("model", "first"), [(National, "v"), (Year, "year")])
def test_the_document_names_every_key_of_a_table(model: type[National] | type[Year], first: str) -> None:
    found = next(rows(part) for part in DOCUMENT.split("\n\n") if (own := rows(part)) and own[0][0] == first)
    assert [key for key, _, _ in found] == list(model.model_fields)
    assert {row[0]: faults for row in found if (faults := untrue(row, model.model_fields[row[0]]))} == {}
