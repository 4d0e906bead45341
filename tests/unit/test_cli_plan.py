"""`fangxue plan`: what a person gets for a file and a date: words, a table, JSON, and an exit status."""

import io
import json
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import fangxue
from config import limits
from plan_samples import AFTER, CALL, MORNING, NOON, TERMS, changed
from wire_samples import PLAN, ROOT

SAMPLE = str(ROOT / "deploy/examples/shifan.toml")
SCHEMA = json.loads((ROOT / "docs/wire/day.schema.json").read_text("utf-8"))
FOREIGN = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)


@pytest.fixture(params=["zh_CN.UTF-8", "C.UTF-8"])
def lang(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", request.param)
    return "zh" if request.param.startswith("zh") else "en"


class Said:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *argv: str) -> tuple[int, str, str]:
        """Status, stdout, stderr of a run."""
        status = fangxue.main(["plan", *argv])
        return status, *self._capsys.readouterr()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Said:
    return Said(capsys)


def test_a_good_plan_is_said_to_be_good(run: Said, lang: str) -> None:
    words = {"zh": "没有发现错误", "en": "no errors found"}[lang]
    assert run("check", SAMPLE) == (0, f"{SAMPLE}: {words}\n", "")


def test_the_days_of_a_date_are_one_array_that_a_foreign_validator_takes(run: Said) -> None:
    status, out, err = run("day", SAMPLE, "--date", "2026-11-25", "--json")
    assert (status, err, out.count("\n")) == (0, "", 1)
    days = json.loads(out)
    assert [error.message for day in days for error in FOREIGN.iter_errors(day)] == []
    assert [(day["gate"], day["day_type"], day["revision"], day["issued_at"]) for day in days] == [
        ("east", "normal", 0, "2026-11-24T16:00:00Z"),
        ("west", "normal", 0, "2026-11-24T16:00:00Z"),
    ]
    assert [
        (day["gate"], cue["say"]) for day in days for cue in day["cues"] if cue["at"] == "2026-11-25T03:30:00Z"
    ] == [("east", "请注意，三年级一班正在放学。"), ("west", "请注意，六年级一班正在放学。")]
    assert sum(len(cue["classes"]) for day in days for cue in day["cues"]) == 2 * 36


@pytest.mark.parametrize(
    ("on", "zh", "en"),
    [
        ("2026-11-28", "停课：星期六不在方案的上课日内", "is closed: sat is no school day of the plan"),
        ("2026-09-25", "停课：中秋节", "is closed: 中秋节"),
        (
            "2026-08-31",
            "停课：不在方案的任何学期内，方案说不清这一天；请问 教务处 0635-0000000",
            "is closed: it lies in no term of the plan, which cannot say; ask 教务处 0635-0000000",
        ),
    ],
)
def test_a_day_without_school_has_no_cues_and_says_why(run: Said, lang: str, on: str, zh: str, en: str) -> None:
    status, out, err = run("day", SAMPLE, "--date", on, "--json")
    assert (status, err) == (0, f"{on} {zh if lang == 'zh' else en}\n")
    days = json.loads(out)
    assert [(day["gate"], day["day_type"], day["windows"], day["cues"]) for day in days] == [
        ("east", "closed", [], []),
        ("west", "closed", [], []),
    ]
    assert [error.message for day in days for error in FOREIGN.iter_errors(day)] == []


def test_a_person_reads_the_day_as_a_table(run: Said) -> None:
    status, out, err = run("day", SAMPLE, "--date", "2026-11-25")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert [line for line in lines if not line.startswith(" ")] == [
        "东门  2026-11-25  normal",
        "西门  2026-11-25  normal",
    ]
    assert lines[1] == "  07:20:00       早上好，请从人行道有序进校。"
    assert lines[2] == "  11:30:00  C区   请注意，三年级一班正在放学。"
    assert len(lines) == 2 + 36 * 2 + 5


FIVE = changed(
    ('opens = "07:20"', 'opens = "25:70"'),
    ('zone = "c"', 'zone = "cc"'),
    (CALL, 'call = "放学了 {class}"'),
    ('name = "东门"', 'nam = "东门"'),
    (TERMS, '{ from = "2026-09-01", to = "2026-01-22" }'),
)


@pytest.mark.parametrize("verb", [["check"], ["day", "--date", "2026-11-25"]])
def test_five_mistakes_are_five_lines_with_file_place_value_and_remedy(
    run: Said, lang: str, verb: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(FIVE, "utf-8")
    status, out, err = run(verb[0], str(file), *verb[1:])
    assert (status, out) == (2, "")
    head = f"{file}: " + {"zh": "错误 ", "en": "error "}[lang]
    lines = err.splitlines()
    assert [line.split(": ")[1].removeprefix({"zh": "错误 ", "en": "error "}[lang]) for line in lines] == [
        "gates.east.nam",
        'windows.morning.opens = "25:70"',
        "calendar.terms[0] = 2026-09-01 – 2026-01-22",
        "classes.g3.zone = cc",
        "sentences.call = 放学了 {class}",
    ]
    assert all(line.startswith(head) and " → " in line for line in lines)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.toml"]
    assert file.read_text("utf-8") == FIVE


def test_a_sign_the_voice_cannot_read_is_an_error(run: Said, lang: str, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text(changed((MORNING, 'notice = "早上好 😀"')), "utf-8")
    status, out, err = run("check", str(tmp_path / "bad.toml"))
    assert (status, out) == (2, "")
    assert {"zh": "这些字读不出来：😀", "en": "cannot be read aloud: 😀"}[lang] in err


BYTES = {
    "a large file": (b"# " + b"x" * 1024 * 1024, "文件超过 524288 字节", "larger than 524288 bytes"),
    "a binary file": (
        b"\x7fELF\x02\x01\x01\xff\xfe\x00",
        "不是 UTF-8 编码的文本（第 7 字节）",
        "no text in UTF-8 (byte 7)",
    ),
    "a file in GBK": (PLAN.encode("gbk", "replace"), "不是 UTF-8 编码的文本", "no text in UTF-8"),
    "NULs": (b"\0" * 100, "不是有效的 TOML", "is no valid TOML"),
    "UTF-16": (PLAN.encode("utf-16"), "不是 UTF-8 编码的文本（第 0 字节）", "no text in UTF-8 (byte 0)"),
    "an empty file": (b"", "school: 缺少这一项", "school: is missing"),
    "nesting": (b"v = " + b"[" * 100_000, "不是有效的 TOML", "is no valid TOML"),
    "a number without end": (b"v = " + b"9" * 10_000, "不是有效的 TOML", "is no valid TOML"),
}


@pytest.mark.parametrize("name", BYTES)
def test_bytes_that_are_no_plan_are_refused_in_clear_words(run: Said, lang: str, name: str, tmp_path: Path) -> None:
    data, zh, en = BYTES[name]
    file = tmp_path / "x.toml"
    file.write_bytes(data)
    for argv in (["check", str(file)], ["day", str(file), "--date", "2026-11-25", "--json"]):
        status, out, err = run(*argv)
        assert (status, out) == (2, "")
        assert err.startswith(f"{file}: ")
        assert (zh if lang == "zh" else en) in err
        assert "Traceback" not in err
    assert file.read_bytes() == data


def test_a_file_that_cannot_be_read_is_refused_in_clear_words(run: Said, lang: str, tmp_path: Path) -> None:
    head = {"zh": "读不到（{}）→ 检查文件名和权限", "en": "cannot be read ({}) → check its name and rights"}[lang]
    missing = tmp_path / "missing.toml"
    assert run("check", str(missing)) == (2, "", f"{missing}: {head.format('No such file or directory')}\n")
    assert run("check", str(tmp_path)) == (2, "", f"{tmp_path}: {head.format('Is a directory')}\n")


def test_no_more_of_a_file_is_read_than_a_plan_may_have(run: Said) -> None:
    assert run("check", "/dev/zero")[0] == 2


@pytest.mark.parametrize("text", ["\ufeff" + PLAN, PLAN.replace("\n", "\r\n")], ids=["BOM", "CRLF"])
def test_a_file_as_other_systems_write_it_is_the_same_plan(run: Said, text: str, tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_bytes(text.encode())
    assert run("check", str(file))[0] == 0
    same = [run("day", one, "--date", "2026-11-25", "--json") for one in (str(file), SAMPLE)]
    assert same[0] == same[1]


@pytest.mark.parametrize(
    "text", ["2026-02-30", "20261125", "2026-W48-3", "25.11.2026", "0001-01-01", "9999-12-31", "today", ""]
)
def test_what_is_no_date_is_refused(run: Said, lang: str, text: str) -> None:
    words = {"zh": "不是日期 → 写成 2026-11-25", "en": "is no date → write it as 2026-11-25"}[lang]
    assert run("day", SAMPLE, "--date", text) == (2, "", f'--date = "{text}": {words}\n')


def test_a_terminal_of_another_encoding_stops_nothing(run: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    _, utf8, _ = run("day", SAMPLE, "--date", "2026-11-25", "--json")
    said = {}
    for argv in (["day", SAMPLE, "--date", "2026-11-25", "--json"], ["day", SAMPLE, "--date", "2026-11-25"]):
        out = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
        monkeypatch.setattr(sys, "stdout", out)
        assert fangxue.main(["plan", *argv]) == 0
        out.seek(0)
        said[argv[-1]] = out.read()
        monkeypatch.undo()
    assert json.loads(said["--json"]) == json.loads(utf8)
    assert said["2026-11-25"].startswith("\\u4e1c\\u95e8  2026-11-25  normal\n")


def change(n: int, kind: str, **more: object) -> str:
    return json.dumps({"v": 1, "n": n, "key": f"k{n}", "at": "2026-11-25T03:00:00Z", "by": "王", "kind": kind, **more})


def test_changes_of_a_file_are_folded_into_the_day(run: Said, tmp_path: Path) -> None:
    own = "2026-11-25/noon/g3c1/call"
    file = tmp_path / "changes"
    file.write_text("\n".join([change(1, "delay", cues=[own], delay_s=120), change(2, "hold", gate="east")]) + "\n")
    code, out, _ = run("day", str(SAMPLE), "--date", "2026-11-25", "--changes", str(file), "--json")
    east, west = json.loads(out)
    assert code == 0
    assert [cue["at"] for cue in east["cues"] if cue["id"] == own] == ["2026-11-25T03:32:00Z"]
    assert ([hold["id"] for hold in east["holds"]], west["holds"]) == (["change-2"], [])


def test_every_bad_line_of_changes_is_named_at_once(run: Said, tmp_path: Path, lang: str) -> None:
    file = tmp_path / "changes"
    file.write_text("\n".join([change(1, "fly"), "{", change(3, "hold"), change(3, "hold")]))
    code, out, err = run("day", str(SAMPLE), "--date", "2026-11-25", "--changes", str(file))
    assert (code, out) == (2, "")
    assert [line.split(": ")[0] for line in err.splitlines()] == [f"{file}:1", f"{file}:2", str(file)]


@pytest.mark.parametrize("argv", [[], ["day", SAMPLE], ["check"], ["weekly", SAMPLE]])
def test_a_command_without_what_it_needs_shows_its_usage(
    run: Said, argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        run(*argv)
    assert stopped.value.code == 2
    assert capsys.readouterr().err.startswith("usage: fangxue plan")


def test_the_documents_limits_are_the_programs() -> None:
    document = (ROOT / "docs/plan.md").read_text("utf-8")
    numbers = (
        f"{limits.PLAN_MAX_BYTES // 1024} KiB",
        f"{limits.GATES_MAX} 个校门",
        f"{limits.ZONES_MAX} 个接送区",
        f"{limits.CLASS_ENTRIES_MAX} 条 `[[classes]]`",
        f"{limits.WINDOWS_MAX} 个时段",
        f"{limits.CUES_MAX} 条口令",
        f"{limits.PLAN_DAY_MAX_BYTES // 1024} KiB",
        f"1–{limits.ID_MAX} 个",
        f"名称至多 {limits.NAME_MAX} 字",
        f"句子至多 {limits.SAY_MAX} 字",
    )
    assert [one for one in numbers if one not in document] == []


def test_where_people_pace_the_table_promises_no_time(run: Said, tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    paced = [(NOON, NOON + '\npacing = "guarded"'), (AFTER, AFTER + '\npacing = "ready"')]
    file.write_text(changed(*paced), "utf-8")
    status, out, err = run("day", str(file), "--date", "2026-11-25")
    assert (status, err) == (0, "")
    assert (out.count("  按键放行  "), out.count("  整队放行  ")) == (36, 36)
    assert out.splitlines()[2] == "  按键放行  C区   请注意，三年级一班正在放学。"
