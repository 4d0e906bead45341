"""`fangxue plan month`: each date of a month with its day type, the weekday whose table runs, and the rule that won."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from unicodedata import east_asian_width

from pydantic import TypeAdapter, ValidationError

from config.errors import BadInputError
from config.findings import Lang
from config.parsing import shown
from config.plan import Plan
from config.schooldays import CLOSED, DayOf, day_of, weekday_of
from config.types import Day

_NO_MONTH: dict[Lang, str] = {
    "zh": "--month = {text}: 不是月份 → 写成 2026-02",
    "en": "--month = {text}: is no month → write it as 2026-02",
}
_WEEKDAYS: dict[Lang, dict[str, str]] = {
    "zh": dict(zip(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "一二三四五六日", strict=True)),
    "en": {one: one for one in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
}
_HEADS: dict[Lang, tuple[str, ...]] = {
    "zh": ("日期", "星期", "日型", "按哪天的课", "来源", "依据"),
    "en": ("date", "weekday", "day type", "runs", "source", "rule"),
}
_SOURCES: dict[Lang, dict[str, str]] = {
    "zh": {"national": "全国", "school": "学校", "default": "默认", "none": "不知道"},
    "en": {"national": "national", "school": "school", "default": "default", "none": "unknown"},
}
_DAY_TYPES: dict[Lang, dict[str, str]] = {"zh": {"normal": "正常", "closed": "停课"}, "en": {}}
_WHY: dict[Lang, dict[str, str]] = {
    "zh": {
        "term": "不在方案的任何学期内，方案说不清这一天",
        "year": "没有 {why} 年的全国节假日表",
        "make_up": "{why}调休上班日，方案没有说按星期几放学",
        "default": "星期{weekday}上课",
        "off": "星期{weekday}不在方案的上课日内",
    },
    "en": {
        "term": "it lies in no term of the plan, which cannot say",
        "year": "the national table has no {why}",
        "make_up": "a make-up day ({why}) of which the plan does not say whose table runs",
        "default": "{weekday} is a school day",
        "off": "{weekday} is no school day of the plan",
    },
}
_ASK: dict[Lang, str] = {
    "zh": "有 ? 的日子说不清，不叫班；请问 {contact}",
    "en": "? is not known: no call; ask {contact}",
}


def why(of: DayOf, lang: Lang) -> str:
    """The rule that won, or what is not known, in words."""
    code = of.doubt or (("off" if of.day_type == CLOSED else "default") if of.source == "default" else "")
    return _WHY[lang][code].format(why=of.why, weekday=_WEEKDAYS[lang][of.weekday]) if code else of.why


def month(made: Plan, text: str, lang: Lang) -> str:
    """The month as a table for people. Raises BadInputError when `text` is no month."""
    try:
        first: date = TypeAdapter(Day).validate_python(f"{text}-01")
    except ValidationError as error:
        raise BadInputError(_NO_MONTH[lang].format(text=shown(text))) from error
    days = [first.replace(day=n + 1) for n in range(monthrange(first.year, first.month)[1])]
    rows = [_HEADS[lang], *(row for on in days for row in _rows(made, on, lang))]
    widths = [max(map(_width, column)) for column in zip(*(row[:-1] for row in rows), strict=True)]
    lines = [f"{text}  {made.school.name}"]
    for row in rows:
        cells = [cell + " " * (width - _width(cell)) for cell, width in zip(row[:-1], widths, strict=True)]
        lines.append("  ".join([*cells, row[-1]]))
    if any(day_of(made.calendar, on).unknown for on in days):
        lines.append(_ASK[lang].format(contact=made.school.contact))
    return "\n".join(lines)


def _rows(made: Plan, on: date, lang: Lang) -> Iterator[tuple[str, ...]]:
    """The whole school's, and those of parts that differ."""
    day = day_of(made.calendar, on)
    whole = day.of(())
    yield (f"{on:%m-%d}", _WEEKDAYS[lang][weekday_of(on)], *_cells(whole, lang))
    for scope in dict.fromkeys(one for rule in made.calendar.rules for one in rule.scope or ()):
        if (part := day.of({scope})) != whole:
            yield ("", "", *_cells(part, lang)[:-1], f"{_named(made, scope)}：{why(part, lang)}")


def _cells(of: DayOf, lang: Lang) -> tuple[str, ...]:
    day_type = _DAY_TYPES[lang].get(of.day_type, of.day_type) + ("?" if of.unknown else "")
    runs = "—" if of.day_type == CLOSED else _WEEKDAYS[lang][of.weekday]
    return day_type, runs, _SOURCES[lang][of.source], why(of, lang)


def _named(made: Plan, scope: str) -> str:
    """A part as people call it; a grade by its first and last class."""
    names = [gate.name for gate in made.gates if gate.id == scope]
    names += [one.name for one in made.classes if scope in (one.id, one.entry)]
    return scope if not names else names[0] if len(names) == 1 else f"{names[0]}–{names[-1]}"


def _width(text: str) -> int:
    """Columns on a terminal: a Chinese sign takes two."""
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)
