"""A school's calendar as its plan writes it: terms, weekdays, dates that differ, rules. Frozen; read like the rest.

Not `calendar.py`: a program of this folder that is run by its path would take it for the standard library's.
"""

import re
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PlainValidator
from pydantic_core import PydanticCustomError

from config.national import National
from config.types import Day, Frozen, Name, Slug

_FILE = re.compile(r"[\w-][\w.-]{0,58}\.toml")
_DAY_OF_YEAR = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")


def _source(value: str) -> str:
    if value not in ("cn", "none") and not _FILE.fullmatch(value):
        wrong = '应为 "cn"、"none" 或方案同一文件夹里的文件名，如 "2027.toml" (cn, none, or a file beside the plan)'
        raise PydanticCustomError("bad_source", wrong)
    return value


def _day_of_year(value: Any) -> tuple[int, int]:
    found = _DAY_OF_YEAR.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise PydanticCustomError("bad_day_of_year", '应为月-日，如 "05-01" (month and day)')
    return int(found[1]), int(found[2])


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DayOfYear = Annotated[tuple[int, int], PlainValidator(_day_of_year)]
"""Month and day of every year."""


class Term(Frozen):
    begins: Day = Field(alias="from")
    to: Day


class Season(Frozen):
    """The same days of each year, both ends among them; it may go over the new year."""

    begins: DayOfYear = Field(alias="from")
    to: DayOfYear


class SpecialDate(Frozen):
    """What is so on a date: its day type, and which weekday's table runs (that of another date, if so)."""

    day_type: Slug | None = None
    as_weekday: Weekday | None = None
    as_date: Day | None = None
    why: Name


class Rule(SpecialDate):
    """One `[[calendar.rules]]`: every condition that it names must hold. With `scope` it is for these parts alone.

    A rule that lists its dates (`on`) decides them; any other changes only days that have school, or closes them.
    """

    scope: Annotated[tuple[Slug, ...], Field(min_length=1, max_length=200)] | None = None
    on: Annotated[tuple[Day, ...], Field(min_length=1, max_length=366)] | None = None
    begins: Day | None = Field(default=None, alias="from")
    to: Day | None = None
    season: Season | None = None
    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=7)] | None = None
    nth: Literal[1, 2, 3, 4, 5, -1] | None = None
    weeks: Literal["odd", "even"] | None = None
    week_one: Day | None = None
    holiday_weeks: Literal["count", "skip"] = "count"
    first_days: Annotated[int, Field(ge=1, le=60)] | None = None
    last_before: Name | None = None
    turn: Annotated[int, Field(ge=1, le=60)] | None = None
    turns: Annotated[int, Field(ge=2, le=60)] | None = None
    turn_one: Day | None = None

    @property
    def counts(self) -> bool:
        """Whether it counts school days: such a rule cannot itself say which days those are."""
        return (
            self.first_days is not None
            or self.last_before is not None
            or self.turn is not None
            or self.holiday_weeks == "skip"
        )


class Calendar(Frozen):
    """Terms and weekdays on which there is school, and what differs. Outside terms: unknown, so closed.

    `national`: the shipped table of China, none, or a file beside the plan, which is put in as `table`.
    """

    terms: Annotated[tuple[Term, ...], Field(min_length=1, max_length=20)]
    national: Annotated[str, AfterValidator(_source)] = "cn"
    weekdays: Annotated[tuple[Weekday, ...], Field(max_length=7)] = ("mon", "tue", "wed", "thu", "fri")
    dates: Annotated[dict[Day, SpecialDate], Field(max_length=1000)] = {}
    rules: Annotated[tuple[Rule, ...], Field(max_length=200)] = ()
    table: National | None = None

    @cached_property
    def counted(self) -> dict[date, bool]:
        """Which dates were found to be school days: `schooldays.has_school` remembers them, for it is asked often."""
        return {}
