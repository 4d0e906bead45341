"""A school's calendar as its plan writes it: terms, weekdays, dates that differ. Frozen; read like the rest of a plan.

Not `calendar.py`: a program of this folder that is run by its path would take it for the standard library's.
"""

from typing import Annotated, Literal

from pydantic import Field

from config.types import Day, Frozen, Name

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Term(Frozen):
    begins: Day = Field(alias="from")
    to: Day


class SpecialDate(Frozen):
    day_type: Literal["normal", "closed"]
    why: Name


class Calendar(Frozen):
    """Terms and weekdays on which there is school, and the dates that differ. Outside terms: unknown, so closed."""

    terms: Annotated[tuple[Term, ...], Field(min_length=1, max_length=20)]
    weekdays: Annotated[tuple[Weekday, ...], Field(max_length=7)] = ("mon", "tue", "wed", "thu", "fri")
    dates: Annotated[dict[Day, SpecialDate], Field(max_length=1000)] = {}
