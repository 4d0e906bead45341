"""`fangxue plan export` and `import`: a school's plan as a workbook, and back.

Bad input: every error at once, by its sheet and cell, and nothing is written.
"""

from collections.abc import Sequence
from pathlib import Path

from audio.lasting import VOICE
from broker import sheets_openpyxl
from broker.plan_file import standing_alone
from config import limits
from config.errors import BadInputError
from config.extends import Near, whole
from config.findings import Finding, Lang, words
from config.lint import read
from config.parsing import decoded
from config.plan import PlanError
from config.plan_text import plan_text
from config.sheets import Read, read_workbook, workbook

_LOST: dict[Lang, str] = {
    "zh": "{file}: 写不进表格：没有列的项太多，一格至多 32767 字 → 把大的日型、规则分成几条",
    "en": "{file}: does not fit: a cell holds 32767 characters of what has no column → divide large day types or rules",
}
_FORM = ("bad_id", "bad_time", "bad_date", "bad_choice", "bad_type")
_TELLS: dict[Lang, str] = {"zh": "；此格填：{tells}", "en": "; in this cell: {tells}"}


def exported(text: str, near: Near, file: Path, lang: Lang) -> bytes:
    """A plan that was read without fault as a workbook, with all that it extends; of an empty text, the template."""
    raw = whole(text, near).raw if text else {"v": 1}
    assert raw is not None, "a plan that was taken can be read again"
    try:
        data = sheets_openpyxl.written(workbook(raw))
        if read_workbook(sheets_openpyxl.read(data)).raw == raw:
            return data
    except ValueError:
        pass  # the words below are for people
    raise BadInputError(_LOST[lang].format(file=file))


def imported(file: Path, out: Path, lang: Lang, beside: Near) -> tuple[str, tuple[str, ...]]:
    """The text of the plan in a workbook, and warnings in words. `beside`: the files beside `out`."""
    try:
        with file.open("rb") as stream:
            data = stream.read(limits.WORKBOOK_MAX_BYTES + 1)
        found = read_workbook(sheets_openpyxl.read(data))
    except OSError as error:
        message = f"{file}: {error.strerror}"
        raise BadInputError(message) from error
    except BadInputError as error:
        message = f"{file}: {error}"
        raise BadInputError(message) from error
    text = plan_text(found.raw)
    alone, bad = text, []
    try:
        alone, table, wrong = standing_alone(text, out.parent, lambda one, most: _text(one, most, lang, beside))
        bad = [f"{table}: {words(one, lang)}" for one in wrong]
    except FileNotFoundError:
        pass  # the plan's own check says it of the cell that names it
    except BadInputError as error:
        bad = [str(error)]
    try:
        _, warnings = read(alone, str(file), VOICE, beside)
    except PlanError as error:
        findings = [one for one in error.findings if not (bad and one.code == "no_table")]
        raise BadInputError("\n".join([*bad, *_lines(file, found, findings, lang)])) from error
    if bad or found.findings:
        raise BadInputError("\n".join([*bad, *_lines(file, found, (), lang)]))
    return text, tuple(_lines(file, found, warnings, lang))


def saved(out: Path, data: bytes) -> None:
    """The whole file or none of it."""
    part = out.with_name(f".{out.name}.part")
    try:
        part.write_bytes(data)
        part.replace(out)
    except OSError as error:
        message = f"{out}: {error.strerror}"
        raise BadInputError(message) from error


def _text(file: Path, most: int, lang: Lang, beside: Near) -> str:
    """The text of a file beside the plan. Raises BadInputError, or FileNotFoundError."""
    data = beside(file.name)
    if isinstance(data, str):
        raise FileNotFoundError(data)
    text, findings = decoded(data, most)
    if text is None:
        raise BadInputError("\n".join(f"{file}: {words(one, lang)}" for one in findings))
    return text


def _lines(file: Path, found: Read, findings: Sequence[Finding], lang: Lang) -> list[str]:
    """Each finding in words; of a cell that was filled in wrongly also how its column is filled in."""
    located = found.located(findings)
    tells = [found.tells.get(one.place, "") if one.code in _FORM else "" for one in located]
    return [
        f"{file}: {words(one, lang)}" + (_TELLS[lang].format(tells=told) if told else "")
        for one, told in zip(located, tells, strict=True)
    ]
