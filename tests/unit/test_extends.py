"""A plan may extend a base plan: one rule of merging, every finding with its file, and one text for the store."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

import fangxue
from broker.cli_plan import loaded
from config import limits
from config.extends import Near, flattened, whole
from config.lint import read
from config.plan import Plan, PlanError
from plan_days import AFTERNOON, CALENDAR, SCHOOL, SMALL, day

CITY = (
    "v = 1\n"
    + AFTERNOON
    + """
[[windows]]
id = "evening"
name = "晚自习放学"
kind = "evening"
opens = "18:00"
closes = "18:30"
notice = "晚自习放学。"
[sentences]
bus = "请{classes}上车。"
[day_types.rain]
name = "雨天"
"""
    + CALENDAR
)
OWN = SCHOOL.replace("v = 1\n", 'v = 1\nextends = "city.toml"\n') + SMALL
"""A school that says only what is its own."""


def near(files: Mapping[str, str]) -> Near:
    return lambda name: files[name].encode() if name in files else "No such file"


def made(own: str, **files: str) -> Plan:
    return read(own, "own.toml", near=near({f"{name}.toml": text for name, text in files.items()}))[0]


def found(own: str, **files: str) -> list[tuple[str, str, str, str]]:
    """Code, file, place, value."""
    with pytest.raises(PlanError) as caught:
        made(own, **files)
    return [(one.code, one.file, one.place, one.value) for one in caught.value.findings]


def test_a_school_says_only_what_is_its_own() -> None:
    plan = made(OWN, city=CITY)
    assert plan == made(SCHOOL + SMALL + CITY.removeprefix("v = 1\n"))
    assert day(plan) == [
        "16:30 东门 请注意，一年级一班正在放学。",
        "16:30 西门 请注意，二年级一班正在放学。",
        "16:31 东门 请注意，一年级二班正在放学。",
        "16:31 西门 请注意，二年级二班正在放学。",
        "18:00 东门 晚自习放学。",
        "18:00 西门 晚自习放学。",
    ]


def test_what_the_school_says_wins_key_by_key_and_lists_are_replaced_whole() -> None:
    own = (
        OWN
        + """
[[windows]]
id = "noon"
name = "午放学"
kind = "dismissal"
opens = "11:30"
closes = "11:50"
every_s = 45
[[windows]]
id = "evening"
opens = "18:10"
gates = ["east"]
[day_types.rain]
name = "下雨"
[calendar]
weekdays = ["mon", "wed"]
"""
    )
    plan = made(own, city=CITY.replace('"18:30"', '"18:30"\ngates = ["west", "east"]'))
    assert [(one.id, one.name, one.opens, one.gates) for one in plan.windows] == [
        ("afternoon", "下午放学", 16 * 3600 + 25 * 60, None),
        ("evening", "晚自习放学", 18 * 3600 + 600, ("east",)),
        ("noon", "午放学", 11 * 3600 + 30 * 60, None),
    ]
    assert ([one.name for one in plan.day_types], plan.sentences.bus) == (["下雨"], "请{classes}上车。")
    assert (plan.calendar.weekdays, len(plan.calendar.terms)) == (("mon", "wed"), 1)


def test_a_school_leaves_out_what_it_has_not() -> None:
    plan = made(OWN.replace("v = 1\n", 'v = 1\nwithout = ["windows.evening", "day_types.rain"]\n'), city=CITY)
    assert ([one.id for one in plan.windows], plan.day_types) == (["afternoon"], ())


def test_a_district_may_extend_its_city() -> None:
    district = 'v = 1\nextends = "city.toml"\n[sentences]\ncall = "{classes}放学了。"\n'
    plan = made(OWN.replace("city", "district"), city=CITY, district=district)
    assert plan.sentences.call == "{classes}放学了。"
    assert plan.sentences.bus == "请{classes}上车。"


def test_one_reading_finds_the_mistakes_of_every_file_and_says_in_which() -> None:
    own = OWN.replace('zone = "b"', 'zone = "x"') + '[[windows]]\nid = "evening"\ncloses = "17:30"\n'
    city = CITY.replace("every_s = 60", "evry_s = 60").replace(
        'id = "afternoon"', 'id = "afternoon"\norder = ["g1", "g7"]'
    )
    assert found(own, city=city) == [
        ("unknown_key", "city.toml", "windows.afternoon.evry_s", ""),
        ("no_such", "", "classes.g2.zone", "x"),
        ("order", "", "windows.evening.closes", "17:30"),
    ]


def test_a_list_that_the_school_replaced_is_no_longer_the_citys() -> None:
    city = CITY.replace('id = "afternoon"', 'id = "afternoon"\norder = ["g1", "g7"]')
    assert found(OWN, city=city) == [("no_such", "city.toml", "windows.afternoon.order[1]", "g7")]
    own = OWN + '[[windows]]\nid = "afternoon"\norder = ["g1", "g8", "g2"]\n'
    assert found(own, city=city) == [("no_such", "", "windows.afternoon.order[1]", "g8")]


BASE = 'extends = "city.toml"'
CHAIN = {f"b{n}": f'v = 1\nextends = "b{n + 1}.toml"\n' for n in range(9)}
ALONE = [("base_unread", "", "extends", '"city.toml"')]


@pytest.mark.parametrize(
    ("own", "files", "expected"),
    [
        (OWN, {}, ALONE),
        (OWN.replace(BASE, "extends = 5"), {}, [("base_name", "", "extends", "5")]),
        (OWN.replace("city", "../city"), {"city": CITY}, [("base_name", "", "extends", '"../city.toml"')]),
        (OWN.replace("city", "/etc/city"), {"city": CITY}, [("base_name", "", "extends", '"/etc/city.toml"')]),
        (OWN.replace("city", ".."), {"city": CITY}, [("base_name", "", "extends", '"...toml"')]),
        (OWN, {"city": f"v = 1\n{BASE}\n"}, [("base_circle", "city.toml", "extends", '"city.toml"')]),
        (
            OWN,
            {"city": 'v = 1\nextends = "b.toml"\n', "b": f"v = 1\n{BASE}\n"},
            [("base_circle", "b.toml", "extends", '"city.toml"')],
        ),
        (
            OWN,
            {
                "city": 'v = 1\nextends = "b0.toml"\n',
                **{f"b{n}": f'v = 1\nextends = "b{n + 1}.toml"\n' for n in range(9)},
            },
            [("base_circle", "b2.toml", "extends", '"b3.toml"')],
        ),
        (OWN, {"city": "v = \n"}, [("toml", "city.toml", "-", "")]),
        (OWN, {"city": "#" * (limits.PLAN_MAX_BYTES + 1)}, [("too_large", "city.toml", "-", "")]),
        (OWN, {"city": CITY.replace("v = 1\n", "v = 2\n")}, [("v", "city.toml", "v", "2")]),
        (
            OWN.replace(BASE, f'{BASE}\nwithout = ["windows.noon"]'),
            {"city": CITY},
            [("without", "", "without[0]", '"windows.noon"')],
        ),
        (OWN.replace(BASE, f"{BASE}\nwithout = 5"), {"city": CITY}, [("without", "", "without[0]", "5")]),
        (
            SCHOOL.replace("v = 1\n", 'v = 1\nwithout = ["windows.noon"]\n') + SMALL + AFTERNOON + CALENDAR,
            {},
            [("without", "", "without", '["windows.noon"]')],
        ),
    ],
)
def test_a_base_that_cannot_be_taken_is_a_finding(
    own: str, files: dict[str, str], expected: list[tuple[str, str, str, str]]
) -> None:
    assert found(own, **files) == expected


def test_a_base_is_read_beside_the_plan_alone() -> None:
    with pytest.raises(PlanError, match="base plan cannot be read"):
        read(OWN, "own.toml")


def test_what_the_store_keeps_is_the_whole_plan_in_one_text() -> None:
    own = OWN.replace("实验小学", '实验\\"小学').replace('contact = "教务处"', 'contact = "教务处"\nmode = "trial"')
    text = flattened(own, near({"city.toml": CITY}))
    assert read(text, "store") == read(own, "own.toml", near=near({"city.toml": CITY}))
    assert tomllib.loads(text) == whole(own, near({"city.toml": CITY})).raw


def test_the_command_names_the_file_of_each_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "own.toml").write_text(OWN, "utf-8")
    (tmp_path / "city.toml").write_text(CITY.replace("every_s = 60", "every_s = 0"), "utf-8")
    assert fangxue.main(["plan", "check", str(tmp_path / "own.toml")]) == 2
    said = capsys.readouterr().err
    assert f"{tmp_path / 'city.toml'}: " in said
    assert "windows.afternoon.every_s" in said
    (tmp_path / "city.toml").unlink()
    assert fangxue.main(["plan", "check", str(tmp_path / "own.toml")]) == 2
    assert f"{tmp_path / 'own.toml'}: " in capsys.readouterr().err


def test_the_national_table_that_a_city_names_is_read_for_its_schools(tmp_path: Path) -> None:
    table = 'v = 1\nname = "2027"\nextends = "cn"\n[[years]]\nyear = 2027\nholidays = []\n'
    (tmp_path / "own.toml").write_text(OWN, "utf-8")
    (tmp_path / "city.toml").write_text(CITY.replace('"none"', '"2027.toml"'), "utf-8")
    (tmp_path / "2027.toml").write_text(table, "utf-8")
    plan, text = loaded(tmp_path / "own.toml", "en")
    assert plan.calendar.table is not None
    assert read(text, "store")[0] == plan  # it needs no file beside it
