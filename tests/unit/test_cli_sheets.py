"""`fangxue plan export` and `import` on real files: the seven schools, damaged and hostile workbooks."""

import io
import random
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import openpyxl
import pytest

import fangxue
from broker import sheets_openpyxl
from broker.cli_sheets import exported
from config import limits
from config.errors import BadInputError
from config.lint import read
from config.plan import Plan
from config.sheets import workbook
from school_samples import FOLDER, SCHOOLS, beside, raw_of
from wire_samples import ROOT

VILLAGE = sheets_openpyxl.written(workbook(raw_of("village")))
SHEET = "xl/worksheets/sheet2.xml"
"""Of 学校; the first is for people."""


@pytest.fixture(autouse=True)
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)


def plan_of(file: Path) -> Plan:
    return read(file.read_text("utf-8"), file.name, near=beside)[0]


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def packed(files: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return file.getvalue()


def changed(name: str, old: bytes, new: bytes) -> bytes:
    files = parts(VILLAGE)
    assert old in files[name]
    return packed({**files, name: files[name].replace(old, new, 1)})


def edited(change: Callable[[openpyxl.Workbook], object]) -> bytes:
    """The village's workbook after somebody worked on it."""
    book = openpyxl.load_workbook(io.BytesIO(VILLAGE))
    change(book)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def refused(data: bytes) -> str:
    with pytest.raises(BadInputError) as caught:
        sheets_openpyxl.read(data)
    return str(caught.value)


@pytest.mark.parametrize("name", SCHOOLS)
def test_excel_to_plan_to_excel_to_plan_changes_nothing(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = tmp_path / "1.xlsx", tmp_path / "2.xlsx"
    first, second = tmp_path / "1.toml", tmp_path / "2.toml"
    assert fangxue.main(["plan", "export", str(FOLDER / f"{name}.toml"), "--out", str(one)]) == 0
    assert fangxue.main(["plan", "import", str(one), "--out", str(first)]) == 0
    assert fangxue.main(["plan", "export", str(first), "--out", str(two)]) == 0
    assert fangxue.main(["plan", "import", str(two), "--out", str(second)]) == 0
    assert plan_of(first) == plan_of(second) == plan_of(FOLDER / f"{name}.toml")
    assert tomllib.loads(first.read_text("utf-8")) == raw_of(name)
    assert first.read_bytes() == second.read_bytes()
    assert sheets_openpyxl.read(one.read_bytes()) == sheets_openpyxl.read(two.read_bytes())
    assert capsys.readouterr().out.splitlines() == [f"{file}: 已写好" for file in (one, first, two, second)]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["1.toml", "1.xlsx", "2.toml", "2.xlsx"]


def test_the_template_filled_in_is_a_school(tmp_path: Path) -> None:
    file, out = tmp_path / "空表.xlsx", tmp_path / "plan.toml"
    assert fangxue.main(["plan", "export", "--out", str(file)]) == 0
    book = openpyxl.load_workbook(file)
    fields = {row[0].value: row[1] for row in book["学校"].iter_rows(min_row=2)}
    for head, text in {"编号": "liuzhuang", "校名": "刘庄小学", "联系人": "刘老师"}.items():
        fields[head].value = text
    book["校门"].append(["south", "南门"])
    book["接送区"].append(["a", "旗杆前", "south"])
    book["班级"].append(["g", None, None, "一年级、二年级", None, "a"])
    book["时段"].append(["afternoon", "下午放学", "放学", "16:10", "16:15", "16:30", 60])
    book["学期"].append(["2026/9/1", "2027-01-22"])
    book.save(file)
    assert fangxue.main(["plan", "import", str(file), "--out", str(out)]) == 0
    plan = plan_of(out)
    assert [one.name for one in plan.classes] == ["一年级", "二年级"]


def test_every_error_has_its_cell_and_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def spoil(book: openpyxl.Workbook) -> None:
        book["时段"]["D2"] = "16点10"
        book["时段"]["C2"] = "下课"
        book["班级"]["F2"] = "b"
        book["校门"]["B2"] = "=CONCAT(A1)"

    file, out = tmp_path / "x.xlsx", tmp_path / "x.toml"
    file.write_bytes(edited(spoil))
    out.write_text("what was there", "utf-8")
    assert fangxue.main(["plan", "import", str(file), "--out", str(out)]) == 2
    said = capsys.readouterr().err.splitlines()
    assert [line.removeprefix(f"{file}: 错误 ").split(" ")[0].rstrip(":") for line in said] == [
        "校门!B2", "时段!C2", "时段!D2", "班级!F2"
    ]  # fmt: skip
    assert said[2].endswith("；此格填：例如 11:30")
    assert "公式不计算" in said[0]
    assert (out.read_text("utf-8"), sorted(one.name for one in tmp_path.iterdir())) == (
        "what was there", ["x.toml", "x.xlsx"]
    )  # fmt: skip


def test_what_nobody_reads_is_an_error_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, out = tmp_path / "x.xlsx", tmp_path / "x.toml"
    file.write_bytes(edited(lambda book: book.create_sheet("接送曲")))
    assert fangxue.main(["plan", "import", str(file), "--out", str(out)]) == 2
    assert capsys.readouterr().err.startswith(f'{file}: 错误 接送曲!A1 = "接送曲": 没有这个名称的项（接送区?）')
    assert not out.exists()


def test_a_national_table_lies_beside_the_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def other(book: openpyxl.Workbook) -> None:
        book["学校"]["B10"] = "2027.toml"

    file, out, table = tmp_path / "x.xlsx", tmp_path / "x.toml", tmp_path / "2027.toml"
    file.write_bytes(edited(other))
    assert fangxue.main(["plan", "import", str(file), "--out", str(out)]) == 2
    assert capsys.readouterr().err.startswith(f'{file}: 错误 学校!B10 = "2027.toml": 没有读到这张全国节假日表')
    table.write_text('v = 1\nname = "2027"\nextends = "cn"\n[[years]]\nyear = 2027\nholidays = []\n', "utf-8")
    assert fangxue.main(["plan", "import", str(file), "--out", str(out)]) == 0
    assert 'national = "2027.toml"' in out.read_text("utf-8")
    table.write_text("v = 2", "utf-8")
    capsys.readouterr()
    out.unlink()
    assert fangxue.main(["plan", "import", str(file), "--out", str(out)]) == 2
    assert capsys.readouterr().err.startswith(f"{table}: 错误 ")
    assert not out.exists()


def test_no_formula_is_ever_written() -> None:
    raw = raw_of("village")
    raw["gates"]["south"]["name"] = '=cmd|" /C calc"!A0'
    raw["zones"]["a"]["name"] = "#N/A"
    files = parts(sheets_openpyxl.written(workbook(raw)))
    assert not any(b"<f>" in data or b"<f " in data for name, data in files.items() if "sheet" in name)
    assert not any(b't="e"' in data for data in files.values())
    assert any(b"<t>'=cmd" in data for data in files.values())
    assert sheets_openpyxl.read(packed(files))["接送区"][1][1] == "#N/A"


def test_macros_links_and_pictures_are_not_looked_at() -> None:
    files = parts(VILLAGE)
    files["xl/vbaProject.bin"] = b"\xd0\xcf macro"
    files["xl/externalLinks/externalLink1.xml"] = b"not even xml"
    files["[Content_Types].xml"] = files["[Content_Types].xml"].replace(
        b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    )
    assert sheets_openpyxl.read(packed(files)) == sheets_openpyxl.read(VILLAGE)


# Hostile and damaged -------------------------------------------------------------------------------


def test_a_bomb_that_says_its_size_is_refused() -> None:
    bomb = b"<worksheet>" + b" " * (limits.WORKBOOK_UNPACKED_MAX_BYTES + 1)
    assert "解压后字节" in refused(packed({**parts(VILLAGE), SHEET: bomb}))


def test_a_bomb_that_lies_about_its_size_is_refused() -> None:
    bomb = packed({**parts(VILLAGE), SHEET: b"<worksheet>" + b" " * (4 * limits.WORKBOOK_UNPACKED_MAX_BYTES)})
    at = bomb.rindex(b"PK\x01\x02", 0, bomb.rindex(SHEET.encode()))
    lied = bomb[: at + 24] + (1000).to_bytes(4, "little") + bomb[at + 28 :]  # the size in the directory
    with zipfile.ZipFile(io.BytesIO(lied)) as seen:
        assert seen.getinfo(SHEET).file_size == 1000
    assert "已损坏" in refused(lied)


def test_many_small_bombs_are_refused_by_their_ratio() -> None:
    bomb = b"<worksheet>" + b" " * (2 * limits.WORKBOOK_SMALL_BYTES)
    assert "压缩比" in refused(packed({**parts(VILLAGE), SHEET: bomb}))


def test_too_many_parts_are_refused() -> None:
    many = {f"x{n}": b"" for n in range(limits.WORKBOOK_PARTS_MAX)}
    assert "部件" in refused(packed({**parts(VILLAGE), **many}))


def test_entities_are_not_opened() -> None:
    sheet = parts(VILLAGE)[SHEET]
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + sheet
    assert "已损坏" in refused(packed({**parts(VILLAGE), SHEET: bomb}))
    outside = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>' + sheet
    assert "已损坏" in refused(packed({**parts(VILLAGE), SHEET: outside}))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda book: book["班级"].cell(limits.WORKBOOK_ROWS_MAX + 1, 1, "x"), "班级 行"),
        (lambda book: book["班级"].cell(2, limits.WORKBOOK_COLUMNS_MAX + 1, "x"), "班级 列"),
        (lambda book: [book.create_sheet() for _ in range(limits.WORKBOOK_SHEETS_MAX)], "表 sheets"),
    ],
)
def test_what_is_too_long_is_refused_and_not_cut_off(change: Callable[[openpyxl.Workbook], object], what: str) -> None:
    assert what in refused(edited(change))


def test_a_million_empty_rows_are_nothing_and_one_cell_below_them_is_an_error() -> None:
    def style(book: openpyxl.Workbook) -> None:
        book["班级"].cell(1_048_576, 1).number_format = "0.00"

    assert sheets_openpyxl.read(edited(style)) == sheets_openpyxl.read(VILLAGE)
    assert "班级 行" in refused(edited(lambda book: book["班级"].cell(1_000_000, 1, "x")))


def test_what_a_cell_cannot_hold_is_not_exported() -> None:
    text = (FOLDER / "village.toml").read_text("utf-8")
    who = ", ".join(['"all"'] * 60)
    calls = ", ".join([f'{{ at = "16:15", who = [{who}] }}'] * 100)
    large = text.replace("[calendar]\n", f"[windows.on.rain]\ncalls = [{calls}]\n[calendar]\n")
    assert exported(text, beside, FOLDER, "zh")
    with pytest.raises(BadInputError, match="32767"):
        exported(large, beside, FOLDER, "zh")


@pytest.mark.parametrize(
    "data",
    [b"", b"v = 1\n", b"\xd0\xcf\x11\xe0" + bytes(600), VILLAGE[:-200], VILLAGE[:3000], packed({"a.txt": b"a"})],
    ids=["empty", "toml", "xls", "cut", "cut short", "zip"],
)
def test_what_is_no_workbook_is_refused_in_words(data: bytes) -> None:
    assert refused(data).startswith("不是 .xlsx 文件")


@pytest.mark.parametrize(
    "change",
    [
        {
            SHEET: parts(VILLAGE)[SHEET].replace(
                b"</sheetData>", b'<row r="900"><c r="A900" t="s"><v>99999</v></c></row></sheetData>'
            )
        },
        {
            SHEET: parts(VILLAGE)[SHEET].replace(
                b"</sheetData>", b'<row r="900"><c r="A900" t="d"><v>99999-99-99</v></c></row></sheetData>'
            )
        },
        {"[Content_Types].xml": b"<a/>"},
        {"xl/_rels/workbook.xml.rels": b"<a/>"},
        {"xl/styles.xml": b""},
    ],
    ids=["a text that is not there", "a date that cannot be", "no workbook", "sheets nowhere", "no styles"],
)
def test_a_part_that_is_damaged_is_refused_in_words(change: dict[str, bytes]) -> None:
    assert refused(packed({**parts(VILLAGE), **change})).startswith("不是 .xlsx 文件")


@pytest.mark.parametrize(("at", "value"), [(10, 99), (8, 1)], ids=["packed as nobody knows", "with a password"])
def test_a_part_that_cannot_be_unpacked_is_refused_in_words(at: int, value: int) -> None:
    packing = bytearray(packed(parts(VILLAGE)))
    packing[packing.index(b"PK\x01\x02") + at] = value  # of the first part, in the directory
    assert refused(bytes(packing)).startswith("不是 .xlsx 文件")


def test_too_large_a_file_is_not_even_opened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "x.xlsx"
    file.write_bytes(VILLAGE + bytes(limits.WORKBOOK_MAX_BYTES))
    assert fangxue.main(["plan", "import", str(file), "--out", str(tmp_path / "x.toml")]) == 2
    assert "文件字节" in capsys.readouterr().err


def test_no_damage_stops_the_reader() -> None:
    """Bytes of the parts, not of the packing: those its checksums see."""
    files = parts(VILLAGE)
    random_ = random.Random(7)
    read_well = 0
    for _ in range(60):
        name = random_.choice([one for one in files if one.endswith((".xml", ".rels"))])
        data = bytearray(files[name])
        for _ in range(random_.randint(1, 3)):
            data[random_.randrange(len(data))] = random_.choice(b"<>&\"'/0aA9 ")
        try:
            sheets_openpyxl.read(packed({**files, name: bytes(data)}))
            read_well += 1
        except BadInputError:
            pass
    assert 0 < read_well < 60


def test_a_centre_does_not_load_the_library() -> None:
    code = "import broker.cli, sys; sys.exit('openpyxl' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60, check=False).returncode == 0
