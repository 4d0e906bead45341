"""The checked kinds of value that plans, days and messages are made of; what may be spoken, shown or sent is said here once."""

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator, WithJsonSchema

from config import limits

SLUG_PATTERN = r"^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$"
INSTANT_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,3})?Z$"
DATE_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
CUE_ID_PATTERN = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}/[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?/[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?"
    r"/(?:open|call|notice|close)(?:#[2-9]|#[1-9][0-9]{1,2})?$"
)
_INSTANT = re.compile(INSTANT_PATTERN[1:-1])
_DATE = re.compile(DATE_PATTERN[1:-1])


class Frozen(BaseModel):
    """Base of everything that travels: never changed, unknown fields refused, no NaN, nothing converted."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def _text(value: str) -> str:
    for character in value:
        # Cc control, Cf invisible and bidirectional, Cs half a pair, Co private, Zl/Zp line ends: none can be read aloud or shown
        if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}:
            msg = f"holds an invisible or control character (U+{ord(character):04X})"
            raise ValueError(msg)
    if value != value.strip() or not value:
        msg = "is empty, or begins or ends with a space"
        raise ValueError(msg)
    return value


def _instant(value: Any) -> datetime:
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return datetime.fromisoformat(value)
    if isinstance(value, datetime) and value.utcoffset() == timedelta(0):
        return value.replace(microsecond=value.microsecond // 1000 * 1000)
    msg = "is not a UTC instant such as 2026-11-24T08:30:00Z"
    raise ValueError(msg)


def _date(value: Any) -> date:
    if isinstance(value, str) and _DATE.fullmatch(value):
        return date.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    msg = "is not a date such as 2026-11-24"
    raise ValueError(msg)


def _no_centre(value: str) -> str:
    if value == "centre":
        msg = "is reserved: the centre is called so"
        raise ValueError(msg)
    return value


def _no_none(value: str) -> str:
    if value == "none":
        msg = "is reserved: cues outside windows are called so"
        raise ValueError(msg)
    return value


def written(instant: datetime) -> str:
    """An instant as it stands on the wire: UTC, at most milliseconds."""
    text = instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return text.replace(".000Z", "Z")


Slug = Annotated[str, Field(pattern=SLUG_PATTERN), AfterValidator(_no_centre)]
WindowId = Annotated[Slug, AfterValidator(_no_none)]
CueId = Annotated[str, Field(pattern=CUE_ID_PATTERN, max_length=96)]
Name = Annotated[str, Field(min_length=1, max_length=limits.NAME_MAX), AfterValidator(_text)]
Say = Annotated[str, Field(min_length=1, max_length=limits.SAY_MAX), AfterValidator(_text)]
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
