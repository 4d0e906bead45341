"""`fangxue plan month`: a month for people; and a plan whose national table lies beside it."""

import re
from pathlib import Path

import pytest

import fangxue
from broker.cli_plan import loaded
from config.errors import BadInputError
from config.lint import read
from plan_samples import TERMS, changed
from wire_samples import ROOT

SAMPLE = str(ROOT / "deploy/examples/shifan.toml")
DOCUMENT = (ROOT / "docs/calendar.zh-CN.md").read_text("utf-8")
TABLE = next(block for block in re.findall(r"```toml\n(.*?)```", DOCUMENT, re.DOTALL) if block.startswith("v = 1"))
IMPORTING = changed(('national = "cn"', 'national = "2027.toml"'))
RULE = """
[[calendar.rules]]
why = "一年级 10 月 9 日起"
scope = ["g1", "west"]
on = ["2026-10-08", "2026-10-01"]
day_type = "closed"
"""


@pytest.fixture(params=["zh_CN.UTF-8", "C.UTF-8"])
def lang(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", request.param)
    return "zh" if request.param.startswith("zh") else "en"


def month(capsys: pytest.CaptureFixture[str], file: Path | str, text: str) -> tuple[int, list[str], str]:
    status = fangxue.main(["plan", "month", str(file), "--month", text])
    out, err = capsys.readouterr()
    return status, out.splitlines(), err


def test_a_month_names_each_day_its_source_and_the_rule_that_won(capsys: pytest.CaptureFixture[str], lang: str) -> None:
    status, lines, err = month(capsys, SAMPLE, "2026-10")
    assert (status, err, len(lines)) == (0, "", 1 + 1 + 31)
    assert [lines[0], lines[1], *(lines[n + 1] for n in (1, 8, 10, 11))] == {
        "zh": [
            "2026-10  示范小学",
            "日期   星期  日型  按哪天的课  来源  依据",
            "10-01  四    停课  —           全国  国庆节",
            "10-08  四    正常  四          默认  星期四上课",
            "10-10  六    正常  三          学校  国庆调休，上周三的课",
            "10-11  日    停课  —           默认  星期日不在方案的上课日内",
        ],
        "en": [
            "2026-10  示范小学",
            "date   weekday  day type  runs  source    rule",
            "10-01  thu      closed    —     national  国庆节",
            "10-08  thu      normal    thu   default   thu is a school day",
            "10-10  sat      normal    wed   school    国庆调休，上周三的课",
            "10-11  sun      closed    —     default   sun is no school day of the plan",
        ],
    }[lang]


def test_a_part_of_the_school_that_differs_has_a_line_of_its_own(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    file = tmp_path / "plan.toml"
    file.write_text(changed() + RULE, "utf-8")
    _, lines, _ = month(capsys, file, "2026-10")
    eighth = next(n for n, line in enumerate(lines) if line.startswith("10-08"))
    assert lines[eighth + 1 : eighth + 4] == [
        "             停课  —           学校  一年级一班–一年级六班：一年级 10 月 9 日起",
        "             停课  —           学校  西门：一年级 10 月 9 日起",
        "10-09  五    正常  五          默认  星期五上课",
    ]


def test_days_that_are_not_known_are_marked_and_say_whom_to_ask(capsys: pytest.CaptureFixture[str], lang: str) -> None:
    _, lines, _ = month(capsys, SAMPLE, "2027-01")
    assert {line.split()[2] for line in lines[2:-1]} == {"停课?" if lang == "zh" else "closed?"}
    assert (
        lines[-1]
        == {
            "zh": "有 ? 的日子说不清，不叫班；请问 教务处 0635-0000000",
            "en": "? is not known: no call; ask 教务处 0635-0000000",
        }[lang]
    )
    why = {
        "zh": ["没有 2027 年的全国节假日表", "不在方案的任何学期内，方案说不清这一天"],
        "en": ["the national table has no 2027", "it lies in no term of the plan, which cannot say"],
    }[lang]
    assert [lines[n].endswith(text) for n, text in ((3, why[0]), (31, why[1]))] == [True, True]


def test_every_month_has_its_days(capsys: pytest.CaptureFixture[str]) -> None:
    for text, days in (("2026-02", 28), ("2028-02", 29), ("2026-12", 31), ("1970-01", 31), ("2899-12", 31)):
        _, lines, _ = month(capsys, SAMPLE, text)
        assert len([line for line in lines if re.match(r"\d\d-\d\d ", line)]) == days


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "2026", "2026-02-01", "02-2026", "9999-12", ""])
def test_a_month_that_is_none_is_refused(capsys: pytest.CaptureFixture[str], lang: str, text: str) -> None:
    status, lines, err = month(capsys, SAMPLE, text)
    words = {"zh": "不是月份 → 写成 2026-02", "en": "is no month → write it as 2026-02"}[lang]
    assert (status, lines, err) == (2, [], f'--month = "{text}": {words}\n')


# A table beside the plan --------------------------------------------------------------------------


@pytest.fixture
def importing(tmp_path: Path) -> Path:
    (tmp_path / "2027.toml").write_text(TABLE, "utf-8")
    file = tmp_path / "plan.toml"
    file.write_text(IMPORTING, "utf-8")
    return file


def test_a_plan_takes_the_table_that_lies_beside_it(
    capsys: pytest.CaptureFixture[str], importing: Path, lang: str
) -> None:
    status, lines, err = month(capsys, importing, "2027-01")
    unsaid = {
        "zh": "元旦调休上班日，方案没有说按星期几放学",
        "en": "a make-up day (元旦) of which the plan does not say whose table runs",
    }
    assert (status, err.count("calendar.dates.2027-01-09")) == (0, 1)
    assert [lines[n + 1].split()[-1] for n in (1, 4)] == ["元旦", "星期一上课" if lang == "zh" else "day"]
    assert lines[10].endswith(unsaid[lang])


def test_the_text_that_is_kept_needs_no_file_beside_it(importing: Path) -> None:
    plan, text = loaded(importing, "zh")
    (importing.parent / "2027.toml").unlink()
    assert read(text, "store")[0] == plan
    importing.write_text(text, "utf-8")
    assert loaded(importing, "zh") == (plan, text)


def test_a_plan_without_a_table_of_its_own_is_kept_as_it_stands() -> None:
    assert loaded(Path(SAMPLE), "zh")[1] == Path(SAMPLE).read_text("utf-8")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (None, "2027.toml: 读不到"),
        ("v = ", "2027.toml: 错误 -: 不是有效的 TOML"),
        (TABLE.replace("year = 2027", "year = 2026"), "2027.toml: 错误 years[0].holidays[0] = 2027-01-01 – 2027-01-03"),
        ("#" * 70000, "2027.toml: 错误 -: 文件超过 65536 字节"),
        ("叫\udcff", "2027.toml: 错误 -: 不是 UTF-8"),
    ],
)
def test_a_bad_table_and_a_bad_plan_are_said_in_one_run(importing: Path, table: str | None, said: str) -> None:
    beside = importing.parent / "2027.toml"
    beside.unlink()
    if table is not None:
        beside.write_bytes(table.encode("utf-8", "surrogateescape"))
    importing.write_text(IMPORTING.replace(TERMS, '{ from = "2026-09-01", to = "2026-01-22" }'), "utf-8")
    with pytest.raises(BadInputError) as caught:
        loaded(importing, "zh")
    first, *rest = str(caught.value).splitlines()
    assert first.startswith(f"{importing.parent}/{said}")
    assert [line for line in rest if "calendar.terms[0]" in line] == rest[-1:]
    assert "no_table" not in str(caught.value)


def test_only_a_bad_table_is_bad_too(importing: Path) -> None:
    (importing.parent / "2027.toml").write_text("", "utf-8")
    with pytest.raises(BadInputError) as caught:
        loaded(importing, "en")
    assert [line.split(": ")[1] for line in str(caught.value).splitlines()] == [
        "error v", "error name", "error years",
    ]  # fmt: skip
