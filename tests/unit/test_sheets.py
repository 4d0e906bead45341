"""A plan as a workbook and back: nothing is lost, every mistake has its cell, no cell is a surprise."""

import math
import tomllib
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.lint import read
from config.plan import PlanError
from config.plan_text import plan_text
from config.sheet_cells import DATE, DAY, DAYS, NAMES, NUMBER, PAIRS, SPANS, TEXT, TIME, Cell, Codec, Formula
from config.sheet_layout import ABOUT, MORE, SHEETS
from config.sheets import Workbook, letter, read_workbook, workbook
from school_samples import SCHOOLS, raw_of

Book = dict[str, list[list[Cell]]]


def village() -> Book:
    return workbook(raw_of("village"))


def at(book: Book, title: str, place: str, value: Cell) -> None:
    """Writes a cell, of a column up to Z."""
    column, row = ord(place[0]) - ord("A"), int(place[1:]) - 1
    rows = book[title]
    rows += [[] for _ in range(row + 1 - len(rows))]
    rows[row] += [None] * (column + 1 - len(rows[row]))
    rows[row][column] = value


def found(book: Workbook) -> list[tuple[str, str]]:
    """Code and place of everything that is wrong."""
    got = read_workbook(book)
    try:
        read(plan_text(got.raw), "book.xlsx")
    except PlanError as error:
        return [(one.code, one.place) for one in got.located(error.findings)]
    return [(one.code, one.place) for one in got.located(())]


@pytest.mark.parametrize("name", SCHOOLS)
def test_a_school_comes_back_as_it_was_and_needs_no_toml(name: str) -> None:
    raw, book = raw_of(name), workbook(raw_of(name))
    got = read_workbook(book)
    assert (got.raw, got.findings) == (raw, [])
    assert tomllib.loads(plan_text(got.raw)) == raw
    assert workbook(got.raw) == book
    more = [row[-1] for sheet in SHEETS if sheet.form != "fields" for row in book[sheet.title][1:]]
    assert set(more) <= {None}
    assert book["学校"][-1] == [MORE, None]


def test_a_village_reads_like_a_village() -> None:
    book = village()
    assert book["班级"][1][:6] == ["g", None, None, "一年级、二年级、三年级、四年级、五年级、六年级", None, "a"]
    assert book["叫班"][1] == ["afternoon", "16:15", None, "all", None, None, None]
    assert book["校历"][1] == ["2026-09-20", None, "四", None, "国庆调休，上周四的课", None]


SOME = st.recursive(
    st.booleans() | st.integers(-1000, 1000) | st.floats(allow_nan=False, allow_infinity=False) | st.text(
        st.characters(exclude_categories=["Cs"]), max_size=8)
    | st.sampled_from(["16:15", "2026-09-20", "mon", "g1", "=1+1", "'x", "无", "一", "是", "放学", "call"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["from", "to", "g1", "call"]), inner),
    max_leaves=4,
)  # fmt: skip


def tables(title: str) -> st.SearchStrategy[dict[str, Any]]:
    """A table with any values under the keys that this sheet's columns have, and others."""
    (sheet,) = [one for one in SHEETS if one.title == title]
    keys = sorted({column.key[0] for column in sheet.columns if column.key and column.key != (MORE,)} - {"id"})
    return st.dictionaries(st.sampled_from([*keys, "other", "calls", "on", "closures"]), SOME, max_size=5)


SLUGS = st.sampled_from(["a", "b", "g1"])


@settings(max_examples=150)
@given(
    st.dictionaries(SLUGS, tables("校门"), max_size=3),
    st.lists(
        st.builds(lambda own, table: {"id": own, **table}, SLUGS, tables("时段")), unique_by=lambda one: one["id"]
    ),
    st.lists(tables("校历规则").filter(bool), max_size=3),
)
def test_whatever_stands_in_a_plan_comes_back(
    gates: dict[str, Any], windows: list[dict[str, Any]], rules: list[dict[str, Any]]
) -> None:
    raw = {"v": 1, "gates": gates, "windows": windows, "calendar": {"rules": rules}}
    got = read_workbook(workbook(raw))
    assert got.findings == []
    assert {key: value for key, value in got.raw.items() if value} == raw_without_nothing(raw)
    assert tomllib.loads(plan_text(got.raw)) == got.raw


def raw_without_nothing(raw: dict[str, Any]) -> dict[str, Any]:
    """An empty table of tables says what none says."""
    return {key: value for key, value in raw.items() if value}


CELLS = st.sampled_from(
    [None, "", "x", "=1", "g", "all", "11：30", math.inf, math.nan, 1, 2.5, True, time(16, 15), date(2026, 9, 1),
     datetime(2026, 9, 1, tzinfo=UTC), timedelta(hours=24, minutes=10), Formula("=A1"), "calls = 3", "on = [1]",
     "gates = 3", "calendar = 1", "windows = 'x'", "[", "编号", "校门", "无", 10**30]
)  # fmt: skip


@settings(max_examples=150)
@given(st.data())
def test_no_workbook_stops_the_reader(data: st.DataObject) -> None:
    book = village()
    for _ in range(data.draw(st.integers(1, 12))):
        rows = book[data.draw(st.sampled_from([*book]))]
        row = rows[data.draw(st.integers(0, len(rows) - 1))]
        row[data.draw(st.integers(0, len(row) - 1))] = data.draw(CELLS)
    got = read_workbook(book)
    assert tomllib.loads(plan_text(got.raw)) == got.raw
    assert isinstance(found(book), list)


def test_every_mistake_is_named_at_once_by_its_sheet_and_cell() -> None:
    book = workbook(raw_of("primary"))
    at(book, "学校", "B3", None)
    at(book, "校门", "D2", "07:10到08:10")
    at(book, "接送区", "C3", "estt")
    at(book, "班级", "C4", "六")
    at(book, "班级", "F5", "q")
    at(book, "时段", "F3", "25：70")
    at(book, "时段", "C4", "上课")
    at(book, "叫班", "B2", "17：3O")
    at(book, "叫班", "A3", "secnd")
    at(book, "校历", "A3", "2026-09-20")
    at(book, "校历", "C2", "星期八")
    at(book, "学期", "B2", "开学后二十周")
    at(book, "那天不同", "G2", Formula("=TRUE()"))
    book["日型"][0][3] = "在哪等"
    book["备注2"] = [["随便"]]
    assert found(book) == [
        ("unknown_key", "备注2!A1"),
        ("unknown_key", "日型!D1"),
        ("unknown_key", "日型!D2"),
        ("no_such", "叫班!A3"),
        ("bad_value", "那天不同!G2"),
        ("twin", "校历!A3"),
        ("missing", "学校!B3"),
        ("bad_type", "校门!D2"),
        ("bad_type", "班级!C4"),
        ("bad_time", "时段!F3"),
        ("bad_choice", "时段!C4"),
        ("bad_time", "叫班!B2"),
        ("bad_date", "学期!B2"),
        ("bad_choice", "校历!C2"),
        ("no_such", "接送区!C3"),
        ("no_such", "班级!F5"),
    ]


@pytest.mark.parametrize(
    ("codec", "cell", "value"),
    [
        (TIME, time(11, 30), "11:30"),
        (TIME, "7：20", "07:20"),
        (TIME, timedelta(hours=24, minutes=10), "24:10"),
        (TIME, "中午", "中午"),
        (DATE, datetime(2026, 9, 20, tzinfo=UTC), "2026-09-20"),
        (DATE, "2026/9/20", "2026-09-20"),
        (DATE, "2026年9月20日", "2026-09-20"),
        (TEXT, 1.0, "1"),
        (TEXT, " 东门 ", "东门"),
        (TEXT, "'=东门", "=东门"),
        (NUMBER, "45", 45),
        (NUMBER, 2.5, 2.5),
        (NUMBER, "六", "六"),
        (NUMBER, math.inf, "inf"),
        (NAMES, "g1，g2; g3\ng4", ["g1", "g2", "g3", "g4"]),
        (NAMES, 1, ["1"]),
        (DAYS, "一三五", ["mon", "wed", "fri"]),
        (DAYS, "周一、星期天、fri", ["mon", "sun", "fri"]),
        (DAYS, "无", []),
        (DAY, "星期四", "thu"),
        (DAY, "rain", "rain"),
        (SPANS, "7:10～8:10、11:20-14:10", [{"from": "07:10", "to": "08:10"}, {"from": "11:20", "to": "14:10"}]),
        (PAIRS, "g1=hall、g2＝hall", {"g1": "hall", "g2": "hall"}),
        (PAIRS, "体育馆", "体育馆"),
    ],
)
def test_a_cell_as_schools_fill_it_in(codec: Codec, cell: Cell, value: object) -> None:
    assert codec.read(cell) == value


def test_a_text_that_looks_like_a_formula_is_kept_from_being_one() -> None:
    raw = raw_of("village")
    raw["gates"]["south"]["name"] = "=HYPERLINK(1)"
    raw["zones"]["a"]["name"] = "'旗杆"
    raw["school"]["contact"] = "@刘老师"
    book = workbook(raw)
    assert (book["校门"][1][1], book["接送区"][1][1]) == ("'=HYPERLINK(1)", "''旗杆")
    texts = [cell for rows in book.values() for row in rows for cell in row if isinstance(cell, str)]
    assert [text for text in texts if text.startswith(("=", "+", "-", "@"))] == []
    assert read_workbook(book).raw == raw


def test_what_has_no_column_stands_in_the_last_one() -> None:
    raw = raw_of("village")
    raw["windows"][0]["on"] = {"rain": {"calls": [{"at": "16:20", "who": ["all"]}]}}
    raw["day_types"] = {"rain": {"name": "雨、雪天", "quiet": [{"from": "08:50", "to": "11:40", "gates": ["south"]}]}}
    raw["classes"][0]["names"][0] = "音乐、美术班"
    book = workbook(raw)
    assert book["那天不同"][1][-1] == 'calls = [{"at" = "16:20", "who" = ["all"]}]'
    assert str(book["班级"][1][-1]).startswith('names = ["音乐、美术班"')
    assert read_workbook(book).raw == raw
    at(book, "班级", "D2", "一年级、二年级")
    assert ("twin", "班级!J2") in found(book)  # it stands in both


def test_a_misspelt_heading_is_one_finding_and_order_is_free() -> None:
    book = village()
    book["班级"] = [row[::-1] for row in book["班级"]]
    assert found(book) == []
    book = village()
    at(book, "班级", "F1", "接送曲")
    assert found(book) == [("unknown_key", "班级!F1"), ("unknown_key", "班级!F2")]


def test_the_template_is_empty_and_says_how_each_column_is_filled_in() -> None:
    book = workbook({"v": 1})
    assert [title for title, rows in book.items() if len(rows) > 1] == [ABOUT, "学校"]
    assert book["学校"][1] == ["格式版本", 1]
    assert {row[1] for row in book[ABOUT][1:]} == {head for sheet in SHEETS for head in sheet.heads}
    codes = [code for code, _ in found(book)]
    assert codes == ["missing"] * 6


def test_columns_have_letters() -> None:
    assert [letter(k) for k in (0, 25, 26, 51, 52)] == ["A", "Z", "AA", "AZ", "BA"]
