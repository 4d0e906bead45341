"""The checked kinds of value that plans, days and messages are made of: what may be spoken, shown or sent.

A refusal carries the code of a finding (`findings.py`), so that people read it in their language.
"""

import contextlib
import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from config import limits

SLUG_PATTERN = r"^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$"
# Years in which no sum of an instant and a wait, in any zone, leaves the calendar.
INSTANT_PATTERN = r"^(?:19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,3})?Z$"
_YEARS = range(1900, 3000)
DATE_PATTERN = r"^(?:19[7-9]|2[0-8][0-9])[0-9]-[0-9]{2}-[0-9]{2}$"
_DATE_YEARS = range(1970, 2900)
CUE_ID_PATTERN = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}/[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?/[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?"
    r"/(?:open|call|notice|close)(?:#[2-9]|#[1-9][0-9]{1,2})?$"
)
# For the schemas, which foreign programs check by; `seen` knows more.
TEXT_PATTERN = (
    r"^[^ \u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
    r"(?:[^\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]*"
    r"[^ \u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff])?$"
)
_INSTANT = re.compile(INSTANT_PATTERN[1:-1])
_DATE = re.compile(DATE_PATTERN[1:-1])
# Cc control, Cf invisible and bidirectional, Cs half a pair, Co private, Zl/Zp line ends: nobody can read them aloud.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
# Of other categories and as invisible: joiners, Hangul fillers, variation selectors, the blank of Braille.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufffc\ufffe\uffff\U000e0100-\U000e01ef]"
)


class Frozen(BaseModel):
    """Base of everything that travels: never changed, unknown fields refused, no NaN, nothing converted."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    def but(self, **new: object) -> Self:
        """The same with other values by field name, checked anew; `model_copy` would not check."""
        fields = type(self).model_fields
        assert new.keys() <= fields.keys(), f"no such field: {new.keys() - fields.keys()}"
        return self.model_validate({f.alias or name: new.get(name, getattr(self, name)) for name, f in fields.items()})


@lru_cache(maxsize=10_000)  # the sentences of a school's days: of a fold of 200 cues half the time went here
def seen(value: str) -> str:
    """Text that people can see and hear as it is: nothing invisible in it, no space at its ends."""
    for character in value:
        if unicodedata.category(character) in _UNSEEN or _BLANK.match(character):
            unseen = f"holds an invisible or control character (U+{ord(character):04X})"
            raise PydanticCustomError("bad_text", unseen)
    if value != value.strip() or not value:
        raise PydanticCustomError("bad_text", "is empty, or begins or ends with a space")
    return value


def _instant(value: Any) -> datetime:
    if type(value) is datetime and value.tzinfo is UTC and value.year in _YEARS:  # what a fold makes
        return value if value.microsecond % 1000 == 0 else value.replace(microsecond=value.microsecond // 1000 * 1000)
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        with contextlib.suppress(ValueError):  # such as 2026-02-30
            return datetime.fromisoformat(value)
    elif isinstance(value, datetime) and value.utcoffset() == timedelta(0) and _INSTANT.fullmatch(written(value)):
        return value.replace(microsecond=value.microsecond // 1000 * 1000, tzinfo=UTC)
    raise PydanticCustomError("bad_instant", "is not a UTC instant such as 2026-11-24T08:30:00Z")


def _date(value: Any) -> date:
    if type(value) is date and value.year in _DATE_YEARS:
        return value
    if not isinstance(value, str):
        raise PydanticCustomError("bad_date", "is not a date such as 2026-11-24")
    return _day(value)


@lru_cache(maxsize=1000)  # a status tells of two weeks of days each time, and all cues of a day begin with one date
def _day(value: str) -> date:
    if _DATE.fullmatch(value):
        with contextlib.suppress(ValueError):  # such as 2026-02-30
            return date.fromisoformat(value)
    raise PydanticCustomError("bad_date", "is not a date such as 2026-11-24")


def _dated(value: str) -> str:
    _day(value.partition("/")[0])
    return value


def _no_centre(value: str) -> str:
    if value == "centre":
        raise PydanticCustomError("bad_id", "is reserved: the centre is called so")
    return value


def _no_none(value: str) -> str:
    if value == "none":
        raise PydanticCustomError("bad_id", "is reserved: cues outside windows are called so")
    return value


def written(instant: datetime) -> str:
    """An instant as it stands on the wire: UTC, at most milliseconds."""
    text = instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return text.replace(".000Z", "Z")


_SEEN: dict[str, JsonValue] = {"pattern": TEXT_PATTERN}
Slug = Annotated[
    str, Field(pattern=SLUG_PATTERN, json_schema_extra={"not": {"const": "centre"}}), AfterValidator(_no_centre)
]
WindowId = Annotated[
    str,
    Field(pattern=SLUG_PATTERN, json_schema_extra={"not": {"enum": ["centre", "none"]}}),
    AfterValidator(_no_centre),
    AfterValidator(_no_none),
]
CueId = Annotated[str, Field(pattern=CUE_ID_PATTERN, max_length=96), AfterValidator(_dated)]
"""`{date}/{window}/{subject}/{kind}`, as `day.cue_id` makes it."""
Name = Annotated[str, Field(min_length=1, max_length=limits.NAME_MAX, json_schema_extra=_SEEN), AfterValidator(seen)]
Say = Annotated[str, Field(min_length=1, max_length=limits.SAY_MAX, json_schema_extra=_SEEN), AfterValidator(seen)]
Gain = Annotated[float, Field(ge=limits.GAIN_MIN_DB, le=limits.GAIN_MAX_DB)]
"""Decibels beside the loudness at which clips are made."""
OwnText = Annotated[
    str, Field(min_length=1, max_length=limits.OWN_TEXT_MAX, json_schema_extra=_SEEN), AfterValidator(seen)
]
OwnPinyin = Annotated[
    str, Field(min_length=1, max_length=limits.OWN_PINYIN_MAX, json_schema_extra=_SEEN), AfterValidator(seen)
]
Readings = Annotated[dict[OwnText, OwnPinyin], Field(max_length=limits.OWN_READINGS_MAX)]
"""A school's own readings: what is written, to its pinyin (茌平: chí píng)."""
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9./:#_-]{0,95}$")]
Utc = Annotated[
    datetime,
    PlainValidator(_instant),
    PlainSerializer(written, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": INSTANT_PATTERN}),
]
Day = Annotated[
    date,
    PlainValidator(_date),
    PlainSerializer(date.isoformat, return_type=str),
    WithJsonSchema({"type": "string", "format": "date", "pattern": DATE_PATTERN}),
]
Seconds = Annotated[float, Field(ge=0, le=86400)]
