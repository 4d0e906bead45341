"""`fangxue plan`: check a plan, show a day of it, carry it to a workbook and back. Changes nothing in force."""

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from audio.lasting import VOICE
from broker.cli_diff import difference, school_days
from broker.cli_month import month, why
from broker.plan_file import standing_alone
from broker.wall import Printed, page
from broker.wire.messages import decode, digest
from config import limits
from config.changes import Change
from config.clock import SystemClock
from config.day import GateDay
from config.errors import BadInputError
from config.extends import flattened
from config.findings import Finding, Lang, words
from config.language import language
from config.lint import read
from config.pacing import by_hand
from config.parsing import decoded, shown
from config.plan import Plan, PlanError, Zone
from config.schooldays import DayOf, day_of
from config.timetable import local, timetable, zones
from config.types import Day

_CLOSED: dict[Lang, str] = {"zh": "{date} 停课：{why}", "en": "{date} is closed: {why}"}
_ASK: dict[Lang, str] = {"zh": "；请问 {contact}", "en": "; ask {contact}"}
_UNREAD: dict[Lang, str] = {
    "zh": "读不到（{detail}）→ 检查文件名和权限",
    "en": "cannot be read ({detail}) → check its name and rights",
}
_UNWRITTEN: dict[Lang, str] = {
    "zh": "写不了（{detail}）→ 换一个文件夹，或检查权限",
    "en": "cannot be written ({detail}) → take another folder, or check its rights",
}
_NO_DATE: dict[Lang, str] = {
    "zh": "--date = {text}: 不是日期 → 写成 2026-11-25",
    "en": "--date = {text}: is no date → write it as 2026-11-25",
}
_TWIN: dict[Lang, str] = {
    "zh": "{file}: n = {n} 用了两次 → 每条变更一个号",
    "en": "{file}: n = {n} stands twice → each change has its own number",
}


def plan(argv: Sequence[str]) -> int:
    """`plan check FILE`, `plan day FILE --date D` … 0: good; bad input raises, with every error at once."""
    options, lang = _options(argv), language(os.environ)
    if options.verb == "diff":
        made, other = _both(options.file, options.other, lang)
        now = local(SystemClock().utc(), made).date()
        dates = [_date(options.date, lang)] if options.date else school_days(made, other, now)
        _say("\n".join(difference(made, other, dates, lang)))
        return 0
    if options.verb in {"export", "import"}:
        return _sheets(options, lang)
    made, text = loaded(options.file, lang)
    match options.verb:
        case "check":
            _say(f"{options.file}: " + ("没有发现错误" if lang == "zh" else "no errors found"))
        case "month":
            _say(month(made, options.month, lang))
        case "day":
            _day(options, made, text, lang)
    return 0


def _both(one: Path, other: Path, lang: Lang) -> tuple[Plan, Plan]:
    """Two plans; raises with the errors of both."""
    plans, bad = [], []
    for file in (one, other):
        try:
            plans.append(load(file, lang))
        except BadInputError as error:
            bad.append(str(error))
    if bad:
        raise BadInputError("\n".join(bad))
    return plans[0], plans[1]


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fangxue plan", description="放学方案：检查、预览。Check and preview a plan.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    check = verbs.add_parser("check", help="检查方案 find everything that is wrong")
    day = verbs.add_parser("day", help="某一天的放学表 the timetable of a date")
    out = verbs.add_parser("export", help="写成表格 the plan as a workbook")
    back = verbs.add_parser("import", help="从表格读 a workbook as a plan")
    out.add_argument(
        "file", nargs="?", type=Path, metavar="FILE", help="方案；不写就是空表格 the plan; none: a template"
    )
    back.add_argument("file", type=Path, metavar="X.xlsx", help="表格 the workbook")
    out.add_argument("--out", required=True, type=Path, metavar="X.xlsx", help="写到哪里 where to")
    back.add_argument("--out", required=True, type=Path, metavar="FILE", help="写到哪里 where to (TOML)")
    whole = verbs.add_parser("month", help="某一个月的校历 the calendar of a month")
    diff = verbs.add_parser("diff", help="两份方案的差别 what two plans make differently")
    for verb in (check, day, whole):
        verb.add_argument("file", type=Path, metavar="FILE", help="方案文件 the plan (TOML)")
    diff.add_argument("file", type=Path, metavar="A", help="现在的方案 the plan as it is (TOML)")
    diff.add_argument("other", type=Path, metavar="B", help="新的方案 the new one (TOML)")
    diff.add_argument("--date", metavar="D", help="只看这一天；不写是今后 14 个上课日 one date; else 14 school days")
    whole.add_argument("--month", required=True, metavar="M", help="月份 the month, as 2026-02")
    day.add_argument("--date", required=True, metavar="D", help="日期 the date, as 2026-11-25")
    day.add_argument("--json", action="store_true", help="GateDay 数组 the GateDays as one JSON array")
    day.add_argument("--changes", type=Path, metavar="FILE", help="变更，一行一条 one Change a line")
    day.add_argument("--print", type=Path, metavar="OUT.html", dest="wall", help="墙上的放学表 the sheet on the wall")
    return parser.parse_args(argv)


def _day(options: argparse.Namespace, made: Plan, text: str, lang: Lang) -> None:
    on = _date(options.date, lang)
    changes = () if options.changes is None else _changes(options.changes, lang)
    days, places = timetable(made, on, changes), zones(made, on, changes)
    closed = why_closed(made, on, of, lang) if (of := day_of(made.calendar, on)).day_type == "closed" else ""
    if closed:
        print(closed, file=sys.stderr)
    if options.wall is not None:
        version = digest(text.encode())[:8]
        sheet = page(Printed(made, days, places, version, SystemClock().utc(), closed))
        try:
            options.wall.write_text(sheet, "utf-8")
        except OSError as error:
            message = f"{options.wall}: {_UNWRITTEN[lang].format(detail=error.strerror)}"
            raise BadInputError(message) from error
    elif options.json:
        plain = sys.stdout.encoding.lower() not in {"utf-8", "utf8"}
        _say(json.dumps([day.model_dump(mode="json", by_alias=True) for day in days], ensure_ascii=plain))
    else:
        _say("\n".join(_table(made, days, places)))


def _sheets(options: argparse.Namespace, lang: Lang) -> int:
    from broker.cli_sheets import exported, imported, saved  # noqa: PLC0415 (a centre needs no library for workbooks)

    file, out = options.file, options.out
    if options.verb == "export":
        text = "" if file is None else _text(file, lang)
        if file is not None:
            load(file, lang)
        saved(out, exported(text, lambda name: _beside(file, name), file or out, lang))
    else:
        text, warnings = imported(file, out, lang, lambda name: _beside(out, name))
        saved(out, text.encode())
        for line in warnings:
            print(line, file=sys.stderr)
    _say(f"{out}: " + ("已写好" if lang == "zh" else "written"))
    return 0


def _say(text: str) -> None:
    """A terminal that lacks a sign shows its number."""
    encoding = sys.stdout.encoding
    print(text.encode(encoding, "backslashreplace").decode(encoding))


def load(file: Path, lang: Lang) -> Plan:
    """A plan out of its file; warnings go to stderr. Raises BadInputError with every finding in words."""
    return loaded(file, lang)[0]


def loaded(file: Path, lang: Lang) -> tuple[Plan, str]:
    """The same with its text, which then needs no file beside it: what a store keeps."""
    text, bad = _text(file, lang), ""
    try:
        text, beside, wrong = standing_alone(
            text, file.parent, lambda one, most: _text(one, lang, most), lambda name: _beside(file, name)
        )
        bad = _lines(beside, wrong, lang) if beside else ""
    except BadInputError as error:
        bad = str(error)
    try:
        made, warnings = read(text, str(file), VOICE, lambda name: _beside(file, name))
    except PlanError as error:
        findings = [one for one in error.findings if not (bad and one.code == "no_table")]
        raise BadInputError("\n".join(filter(None, [bad, _lines(file, findings, lang)]))) from error
    for one in warnings:
        print(_lines(file, [one], lang), file=sys.stderr)
    return made, flattened(text, lambda name: _beside(file, name)) if "extends" in text else text


def _beside(file: Path, name: str) -> bytes | str:
    try:
        with (file.parent / name).open("rb") as stream:
            return stream.read(limits.PLAN_MAX_BYTES + 1)
    except OSError as error:
        return error.strerror or str(error)


def _text(file: Path, lang: Lang, most: int = limits.PLAN_MAX_BYTES) -> str:
    """A file's text, as far as it may be long. Raises BadInputError."""
    try:
        with file.open("rb") as stream:
            data = stream.read(most + 1)
    except OSError as error:
        message = f"{file}: {_UNREAD[lang].format(detail=error.strerror)}"
        raise BadInputError(message) from error
    text, findings = decoded(data, most)
    if text is None:
        raise BadInputError(_lines(file, findings, lang))
    return text


def why_closed(made: Plan, on: date, of: DayOf, lang: Lang) -> str:
    """The reason in words, or whom to ask."""
    text = _CLOSED[lang].format(date=on, why=why(of, lang))
    return text + _ASK[lang].format(contact=made.school.contact) if of.unknown else text


def _changes(file: Path, lang: Lang) -> tuple[Change, ...]:
    """The changes of a file. Raises BadInputError with every bad line at once."""
    found, bad = [], []
    for number, line in enumerate(_text(file, lang).splitlines(), 1):
        try:
            found.append(decode(line.encode(), Change))
        except BadInputError as error:
            bad.append(f"{file}:{number}: {error} → docs/wire/change.schema.json")
    twins = [n for n, times in Counter(change.n for change in found).items() if times > 1]
    bad += [_TWIN[lang].format(file=file, n=n) for n in twins]
    if bad:
        raise BadInputError("\n".join(bad))
    return tuple(found)


def _date(text: str, lang: Lang) -> date:
    try:
        return TypeAdapter(Day).validate_python(text)
    except ValidationError as error:
        raise BadInputError(_NO_DATE[lang].format(text=shown(text))) from error


def _lines(file: Path, findings: Sequence[Finding], lang: Lang) -> str:
    return "\n".join(f"{file.parent / one.file if one.file else file}: {words(one, lang)}" for one in findings)


def _table(made: Plan, days: Sequence[GateDay], at: Mapping[tuple[str, str], Zone]) -> list[str]:
    names = {gate.id: gate.name for gate in made.gates}
    lines = []
    for day in days:
        lines.append(f"{names[day.gate]}  {day.date}  {day.day_type}")
        for cue in day.cues:
            zone = at.get((day.gate, cue.id))
            where = zone.name if zone else ""
            window = day.window(cue)
            when = f"{local(cue.at, made):%H:%M:%S}"
            if window is not None and by_hand(cue, window):  # no promise of a time where a person paces
                when = {"guarded": "按键放行", "ready": "整队放行"}[window.pacing]
            lines.append(f"  {when}  {where:<4} {cue.say}")
    return lines
