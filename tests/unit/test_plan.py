"""A plan file becomes a frozen plan, or a PlanError; nothing else, whatever stands in the file."""

import json
import re
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from config.day import GateDay
from config.findings import Finding
from config.lint import read
from config.plan import (
    Alerts,
    CallEntry,
    Campus,
    ClassEntry,
    Closure,
    DayType,
    Gate,
    Group,
    NoticeEntry,
    Plan,
    PlanError,
    School,
    Sentences,
    WindowEntry,
    WindowOn,
    Zone,
    numeral,
)
from config.plan_read import draft
from config.schoolyear import Calendar, Rule, SpecialDate, Term
from config.timetable import timetable
from config.types import Frozen
from key_tables import rows, untrue
from plan_samples import AFTER, CALL, CLASSES, NOON, changed, plan
from wire_samples import PLAN, ROOT

DOCUMENT = (ROOT / "docs/plan.md").read_text("utf-8")


def test_the_sample_is_read_whole() -> None:
    made = plan()
    assert made.school == School(
        id="shifan", name="示范小学", zone="Asia/Shanghai", mode="live", contact="教务处 0635-0000000"
    )
    assert made.gates == (Gate(id="east", name="东门"), Gate(id="west", name="西门"))
    assert [(zone.id, zone.gate) for zone in made.zones] == [
        *((z, "east") for z in "abc"),
        *((z, "west") for z in "def"),
    ]
    assert [(one.id, one.name) for one in made.classes if one.entry == "g3"] == [
        ("g3c1", "三年级一班"),
        ("g3c2", "三年级二班"),
        ("g3c3", "三年级三班"),
        ("g3c4", "三年级四班"),
        ("g3c5", "三年级五班"),
        ("g3c6", "三年级六班"),
    ]
    assert {one.route for one in made.classes if one.entry == "g3"} == {"二号楼东梯 → 花坛南 → 东门"}
    assert [(made.gate_of(one), one.zone) for one in made.classes if one.id in {"g3c1", "g4c6"}] == [
        ("east", "c"),
        ("west", "d"),
    ]
    assert [(window.id, window.kind, window.opens, window.closes) for window in made.windows] == [
        ("morning", "arrival", 7 * 3600 + 20 * 60, 8 * 3600),
        ("noon", "dismissal", 11 * 3600 + 25 * 60, 11 * 3600 + 55 * 60),
        ("afternoon", "arrival", 13 * 3600 + 30 * 60, 14 * 3600),
        ("after-school", "dismissal", 16 * 3600 + 25 * 60, 16 * 3600 + 55 * 60),
        ("evening", "evening", 18 * 3600, 18 * 3600 + 30 * 60),
    ]


def test_what_is_not_written_has_its_default() -> None:
    noon = plan().windows[1]
    assert (noon.pacing, noon.rest_s, noon.waits_s, noon.repeat, noon.gain_db, noon.notice, noon.gates) == (
        "timed", 3, 60, 2, 0.0, None, None
    )  # fmt: skip
    assert plan(("[sentences]\n", ""), (CALL, "")).sentences == Sentences(call="请注意，{classes}正在放学。")
    assert plan(('zone = "Asia/Shanghai"\n', "")).school.zone == "Asia/Shanghai"


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (1, "一"),
        (9, "九"),
        (10, "十"),
        (11, "十一"),
        (19, "十九"),
        (20, "二十"),
        (21, "二十一"),
        (40, "四十"),
        (99, "九十九"),
    ],
)
def test_a_class_is_numbered_as_people_say_it(n: int, text: str) -> None:
    assert numeral(n) == text


def test_a_grade_and_a_single_class_stand_in_the_files_order() -> None:
    club = '[[classes]]\nid = "chess"\nname = "棋社"\nkind = "club"\nzone = "a"\n'
    made = plan((CLASSES, club + CLASSES), (AFTER, AFTER.replace('["g1"', '["chess", "g1"')))
    assert [one.name for one in made.classes][:2] == ["棋社", "一年级一班"]
    assert (made.classes[0].kind, made.classes[0].entry, made.classes[1].kind) == ("club", "chess", "class")


def test_a_time_may_have_seconds_and_lie_past_midnight() -> None:
    late = ('opens = "18:00"\ncloses = "18:30"', 'opens = "23:50:30"\ncloses = "24:10"')
    evening = plan(late).windows[4]
    assert (evening.opens, evening.closes) == (23 * 3600 + 50 * 60 + 30, 24 * 3600 + 10 * 60)


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + PLAN,
        PLAN.replace("\n", "\r\n"),
        changed(('to = "2027-01-22"', "to = 2027-01-22")),
        changed(('opens = "11:25"', "opens = 11:25:00")),
        changed((NOON, NOON.replace("45", "45.0"))),
    ],
    ids=["BOM", "CRLF", "a date of TOML", "a time of TOML", "45.0"],
)
def test_another_way_to_write_the_same_is_the_same_plan(text: str) -> None:
    assert read(text, "x") == read(PLAN, "x")


def test_a_plan_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        plan().school.name = "x"


def test_a_refused_plan_is_bad_input_and_says_all_of_it() -> None:
    with pytest.raises(PlanError) as caught:
        read("v = 9\n", "x.toml")
    assert caught.value.file == "x.toml"
    assert [(one.code, one.place) for one in caught.value.findings] == [
        ("v", "v"),
        *(("missing", key) for key in ("school", "gates", "zones", "classes", "windows", "calendar")),
    ]


VALUES = [found.span(1) for found in re.finditer(r"^[a-z_]+ = ([^#\n]+)", PLAN, re.MULTILINE)]
LINES = [found.start() for found in re.finditer(r"^", PLAN, re.MULTILINE)]
SCALARS = st.one_of(
    st.integers().map(str),
    st.floats().map(lambda one: repr(one)),
    st.booleans().map(lambda one: str(one).lower()),
    st.text(max_size=80).map(lambda one: json.dumps(one, ensure_ascii=False)),
    st.sampled_from(
        [
            '""', '"none"',
            '"centre"', '"g3"', '"east"', '"24:10"', '"29:59:59"', "07:30:00", "1979-05-27", "0001-01-01",
            "1979-05-27T07:32:00Z", "9" * 400, "1e999", "-nan", "'{'", "'{classes}'", '"\\u0000"', '"\\U000e0100"',
        ]
    ),
)  # fmt: skip
LITERALS = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda many: f"[{', '.join(many)}]")
        | st.lists(inner, max_size=2).map(
            lambda many: f"{{{', '.join(f'k{n} = {one}' for n, one in enumerate(many))}}}"
        )
    ),
    max_leaves=4,
)


def taken(text: str) -> tuple[GateDay, ...]:
    """The days of a plan that is taken; a refused one has findings."""
    try:
        made, _ = read(text, "fuzz.toml")
    except PlanError as error:
        return () if error.findings and str(error) else pytest.fail("refused without a reason")
    return timetable(made, date(2026, 11, 25))


@given(st.sampled_from(VALUES), LITERALS)
@example(VALUES[0], "{}")
def test_any_value_at_any_place_is_taken_or_refused(span: tuple[int, int], literal: str) -> None:
    taken(PLAN[: span[0]] + literal + PLAN[span[1] :])


@given(st.sampled_from(LINES), st.text(max_size=40) | LITERALS.map(lambda one: f"more = {one}"))
def test_any_line_at_any_place_is_taken_or_refused(start: int, text: str) -> None:
    taken(PLAN[:start] + text + "\n" + PLAN[start:])


@given(st.integers(0, len(PLAN)), st.integers(0, len(PLAN)))
def test_any_part_of_a_plan_is_taken_or_refused(start: int, end: int) -> None:
    taken(PLAN[:start] + PLAN[end:])


@given(st.text())
def test_any_text_is_refused(text: str) -> None:
    assert taken(text) == ()


@given(st.lists(st.sampled_from("[]{}=\"'\n.,-ab1 "), max_size=60).map("".join))
def test_any_signs_of_toml_are_refused(text: str) -> None:
    assert taken(text) == ()


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(PlanError):
        read(f"v = {'[' * 5000}", "x")
    with pytest.raises(PlanError):
        read(f"v = {'[' * 5000}{']' * 5000}", "x")


TABLES: dict[str, type[Frozen]] = {
    "### `[school]`": School,
    "### `[campuses.": Campus,
    "### `[gates.": Gate,
    "`closures` 的每一段": Closure,
    "### `[zones.": Zone,
    "### `[[classes]]`": ClassEntry,
    "### `[groups.": Group,
    "### `[day_types.": DayType,
    "### `[[windows]]`": WindowEntry,
    "`[[windows.calls]]` 每次叫班": CallEntry,
    "`[[windows.notices]]` 每句话": NoticeEntry,
    "### `[sentences]`": Sentences,
    "### `[alerts]`": Alerts,
    "### `[calendar]`": Calendar,
    "`terms` 的每一项": Term,
    '`[calendar.dates."2026-10-10"]`': SpecialDate,
    "`[[calendar.rules]]`，": Rule,
}


def test_what_may_differ_on_a_day_is_named_like_what_it_differs_from() -> None:
    fixed = {"id", "name", "kind", "day_types", "weekdays", "on"}
    assert list(WindowOn.model_fields) == [key for key in WindowEntry.model_fields if key not in fixed]
    assert all(not field.is_required() and field.default is None for field in WindowOn.model_fields.values())


@pytest.mark.parametrize("heading", TABLES)
def test_the_document_names_every_key_with_its_default_and_limits(heading: str) -> None:
    model = TABLES[heading]
    assert DOCUMENT.count(heading) == 1
    own = re.split(r"\n\n(?!\|)", DOCUMENT[DOCUMENT.index(heading) :].replace("\n\n|", "\n|"), maxsplit=9)
    table = next(rows(part) for part in own if rows(part))
    named = {field.alias or name: field for name, field in model.model_fields.items()}
    if model in (Campus, Gate, Zone, Group, DayType):
        del named["id"]  # the name of its table
    assert [key for key, _, _ in table] == list(named)
    assert {row[0]: faults for row in table if row[0] in named and (faults := untrue(row, named[row[0]]))} == {}


def test_the_document_names_every_table() -> None:
    tables = [
        "[school]", "[campuses.", "[gates.", "[zones.", "[[classes]]", "[groups.", "[day_types.", "[[windows]]",
        "[sentences]", "[alerts]", "[calendar]", "[readings]",
    ]  # fmt: skip
    assert [table.strip("[].") for table in tables] == list(Plan.model_fields)
    assert [table for table in ("v", *tables) if f"`{table}" not in DOCUMENT] == []


def test_the_documents_village_school_is_a_good_plan() -> None:
    text = next(block for block in re.findall(r"```toml\n(.*?)```", DOCUMENT, re.DOTALL))
    made, warnings = read(text, "docs/plan.md")
    assert warnings == ()
    (south,) = timetable(made, date(2026, 11, 25))
    assert [cue.say for cue in south.cues] == [f"请注意，{n}年级正在放学。" for n in "一二三四五六"]


def test_what_the_document_shows_beside_it_can_be_written_so() -> None:
    village, *parts = re.findall(r"```toml\n(.*?)```", DOCUMENT, re.DOTALL)
    base, split, types, windows = (
        next(part for part in parts if own in part)
        for own in ("extends", "[groups.walk]", "[day_types.exam]", "[windows.on.rain]")
    )
    grade = '[[classes]]\nid = "g{n}"\ngrade = "{n}年"\ncount = 2\nzone = "a"\n'
    zones = '[zones.e]\nname = "E区"\ngate = "south"\n[zones.hall]\nname = "体育馆"\ngate = "south"\n'
    classes = "".join(grade.format(n=n) for n in range(1, 5))
    head, calendar = village[: village.index("[[classes]]")], village[village.index("[calendar]") :]
    made, _ = read(head + zones + classes + split + types + windows + calendar, "docs/plan.md")
    assert [one.id for one in made.day_types] == ["rain", "exam"]
    rain = made.windows[0].variant("rain", "mon")
    assert [call.at for call in rain.calls] == [17 * 3600 + 25 * 60, 17 * 3600 + 35 * 60]
    assert draft(base.replace("windows.evening", "windows.afternoon"), lambda _: village.encode())[1] == (
        Finding("missing", "windows"),
    )
