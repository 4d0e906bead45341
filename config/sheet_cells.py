"""What stands in a cell of a school's workbook, and the value of a plan that it means. Pure; nothing is ever refused.

What cannot be read stays as the text that it is: the plan's own check then says what is wrong with it, in its words.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Formula:
    """A cell that would have to be evaluated."""

    text: str


Cell = str | int | float | bool | datetime | date | time | timedelta | Formula | None


@dataclass(frozen=True, slots=True)
class Codec:
    """One kind of column. `tells`: for whoever fills it in."""

    read: Callable[[Cell], Any]
    write: Callable[[Any], Cell]
    tells: str = ""

    def fits(self, value: Any) -> Cell:
        """The cell of a value; None when it would not be read back as the same."""
        try:
            cell = self.write(value)
        except (AttributeError, KeyError, TypeError, ValueError):
            return None
        return cell if text_of(cell) and self.read(cell) == value else None


_GUARDED = ("=", "+", "-", "@", "'", "\t", "\r")
"""A program of tables would take such a text for a formula, if not now then when somebody touches the cell."""
_BETWEEN = re.compile(r"[、，,;；\n]+")
_TIME = re.compile(r"([0-9]{1,2})[:：]([0-9]{2})(?:[:：]([0-9]{2}))?")
_DATE = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,9})?")
_TO = re.compile(r"\s*[-–—~～至]\s*")
_NONE = "无"
_DAYS = dict(zip("一二三四五六日", ("mon", "tue", "wed", "thu", "fri", "sat", "sun"), strict=True))
_DAY_WORDS = {day: word for word, day in _DAYS.items()}


def guarded(text: str) -> str:
    return f"'{text}" if text.startswith(_GUARDED) else text


def text_of(cell: Cell) -> str:
    """A cell as text, without the sign that keeps it from being a formula."""
    match cell:
        case None:
            return ""
        case Formula():
            return cell.text
        case bool():
            return "是" if cell else "否"
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case float() if math.isfinite(cell) and cell.is_integer():
            return str(int(cell))
        case time():
            return cell.strftime("%H:%M:%S" if cell.second else "%H:%M")
        case timedelta():
            minutes, seconds = divmod(round(cell.total_seconds()), 60)
            return f"{minutes // 60:02}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")
        case date():
            return cell.isoformat()
    return str(cell).strip().removeprefix("'")


def _read_time(cell: Cell) -> str:
    text = text_of(cell)
    found = _TIME.fullmatch(text)
    return text if found is None else f"{int(found[1]):02}:{found[2]}" + (f":{found[3]}" if found[3] else "")


def _read_date(cell: Cell) -> str:
    text = text_of(cell)
    found = _DATE.fullmatch(text)
    return text if found is None else f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}"


def _read_number(cell: Cell) -> Any:
    text = text_of(cell)
    if not _NUMBER.fullmatch(text):
        return text
    return float(text) if "." in text else int(text)


def _write_number(value: Any) -> Cell:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _write_text(value: Any) -> Cell:
    return guarded(value) if isinstance(value, str) else None


def _parts(cell: Cell) -> list[str]:
    text = text_of(cell)
    return [] if text == _NONE else [part.strip() for part in _BETWEEN.split(text) if part.strip()]


def _joined(parts: Sequence[str]) -> Cell:
    return guarded("、".join(parts)) if parts else _NONE


def _read_days(cell: Cell) -> list[str]:
    parts = _parts(cell)
    if len(parts) == 1 and set(parts[0]) <= {*_DAYS, "天"}:
        parts = list(parts[0])
    plain = [re.sub(r"^(星期|周|礼拜)", "", part).replace("天", "日") for part in parts]
    return [_DAYS.get(day, part) for day, part in zip(plain, parts, strict=True)]


def _read_spans(cell: Cell) -> Any:
    pairs = [_TO.split(part) for part in _parts(cell)]
    if any(len(pair) != 2 for pair in pairs):  # noqa: PLR2004 (from and to)
        return text_of(cell)
    return [{"from": _read_time(begins), "to": _read_time(to)} for begins, to in pairs]


def _write_spans(value: Any) -> Cell:
    return _joined([f"{span['from']}-{span['to']}" for span in value])


def _read_pairs(cell: Cell) -> Any:
    pairs = [re.split(r"\s*[=＝→]\s*", part) for part in _parts(cell)]
    return text_of(cell) if any(len(pair) != 2 for pair in pairs) else dict(pairs)  # noqa: PLR2004 (who and where)


def _write_pairs(value: Any) -> Cell:
    return _joined([f"{one}={other}" for one, other in value.items()])


def choice(words: Mapping[str, str]) -> Codec:
    """One of these; the value itself is taken too."""
    codes = {word: code for code, word in words.items()}
    return Codec(lambda cell: codes.get(text_of(cell), text_of(cell)), words.get, " / ".join(words.values()))


def listed(one: Codec, tells: str) -> Codec:
    return Codec(
        lambda cell: [one.read(part) for part in _parts(cell)],
        lambda value: _joined([str(one.write(each)) for each in value]),
        tells,
    )


def _read_bool(cell: Cell) -> Any:
    text = text_of(cell)
    return {"是": True, "否": False, "true": True, "false": False}.get(text.lower(), text)


TEXT = Codec(text_of, _write_text)
SLUG = Codec(text_of, _write_text, "小写字母、数字、连字符，例如 g3")
TIME = Codec(_read_time, _write_text, "例如 11:30")
DATE = Codec(_read_date, _write_text, "例如 2026-09-01")
NUMBER = Codec(_read_number, _write_number, "数")
BOOL = Codec(_read_bool, lambda value: "是" if value is True else "否" if value is False else None, "是 / 否")
NAMES = listed(TEXT, "几个之间用顿号，例如 g1、g2")
DATES = listed(DATE, "几个之间用顿号，例如 2026-12-18、2026-12-19")
DAYS = Codec(
    _read_days,
    lambda value: _joined([_DAY_WORDS.get(each, each) for each in value]),
    "星期，例如 一、三、五；“无”是一天也没有",
)
DAY = Codec(
    lambda cell: days[0] if len(days := _read_days(cell)) == 1 else text_of(cell),
    lambda value: _DAY_WORDS.get(value) or _write_text(value),
    "例如 四",
)
SPANS = Codec(_read_spans, _write_spans, "例如 07:10-08:10、11:20-14:10")
PAIRS = Codec(_read_pairs, _write_pairs, "例如 g1=hall、g2=hall")
