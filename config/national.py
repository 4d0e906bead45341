"""A national table: which dates are holidays, and which weekends are worked instead. Data by year; a file brings more.

A year that no table holds is not known: nobody guesses it.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field

from config import limits
from config.findings import Finding
from config.parsing import loaded, made
from config.types import Day, Frozen, Name

_HOLIDAY_MAX_DAYS = 400
"""A longer one is a slip of the pen, which `faults` finds."""


class Holiday(Frozen):
    name: Name
    begins: Day = Field(alias="from")
    to: Day


class MakeUp(Frozen):
    """A day of the weekend that is worked (调休). Which weekday's table a school runs on it, the school must say."""

    on: Day
    name: Name


class Year(Frozen):
    """All of one year, as its notice says it; days of the neighbouring years may be among them."""

    year: Annotated[int, Field(ge=1970, le=2899)]
    holidays: Annotated[tuple[Holiday, ...], Field(max_length=50)]
    make_up: Annotated[tuple[MakeUp, ...], Field(max_length=50)] = ()


class National(Frozen):
    """`extends`: years that are not in this table are taken from the shipped one of China, or are not known."""

    v: Literal[1]
    name: Name
    extends: Literal["cn", "none"] = "none"
    years: Annotated[tuple[Year, ...], Field(min_length=1, max_length=50)]

    @cached_property
    def days(self) -> dict[date, Holiday | MakeUp]:
        """Every date that is not an ordinary one."""
        days: dict[date, Holiday | MakeUp] = {}
        for year in self.years:
            days.update((day.on, day) for day in year.make_up)
            for one in year.holidays:
                length = min((one.to - one.begins).days + 1, _HOLIDAY_MAX_DAYS)
                days.update((one.begins + timedelta(days=n), one) for n in range(length))
        return days

    @cached_property
    def known(self) -> frozenset[int]:
        return frozenset(year.year for year in self.years)


def table(text: str) -> tuple[National | None, tuple[Finding, ...]]:
    """A file as a table, or everything that is wrong with it."""
    raw, findings = loaded(text, limits.NATIONAL_MAX_BYTES)
    if raw is None:
        return None, findings
    read, findings = made("", raw, National)
    findings += tuple(faults(read, "")) if read else ()
    return (None if findings else read), findings


def faults(read: National, place: str) -> Iterator[Finding]:
    """What no table can mean; `place`: where it stands, ending in a point."""
    seen: set[int] = set()
    for n, one in enumerate(read.years):
        where = f"{place}years[{n}]"
        if one.year in seen:
            yield Finding("twin", f"{where}.year", str(one.year))
        seen.add(one.year)
        for m, holiday in enumerate(one.holidays):
            if not _fits(holiday, one.year):
                span = f"{holiday.begins} – {holiday.to}"
                yield Finding("holiday", f"{where}.holidays[{m}]", span, {"year": str(one.year)})
        for m, day in enumerate(one.make_up):
            inside = any(holiday.begins <= day.on <= holiday.to for holiday in one.holidays if _fits(holiday, one.year))
            if inside or abs(day.on.year - one.year) > 1:
                yield Finding("holiday", f"{where}.make_up[{m}]", str(day.on), {"year": str(one.year)})


def entry(tables: Sequence[National], on: date) -> Holiday | MakeUp | None:
    """What the first table that knows says of a date; None: an ordinary day, or one of a year that no table holds."""
    for one in tables:
        if found := one.days.get(on):
            return found
        if on.year in one.known:
            return None
    return None


def knows(tables: Sequence[National], year: int) -> bool:
    return any(year in one.known for one in tables)


def written(of: National, under: str = "") -> str:
    """The table as TOML: a file of its own, or a part of a plan, `under` a key of it."""
    lines = [f"[{under}]"] if under else []
    lines += [f"v = {of.v}", f"name = {_text(of.name)}", f"extends = {_text(of.extends)}"]
    for year in of.years:
        lines += ["", f"[[{under}.years]]" if under else "[[years]]", f"year = {year.year}", "holidays = ["]
        for one in year.holidays:
            lines.append(f'  {{ name = {_text(one.name)}, from = "{one.begins}", to = "{one.to}" }},')
        lines += ["]", "make_up = ["]
        lines += [f'  {{ on = "{day.on}", name = {_text(day.name)} }},' for day in year.make_up]
        lines.append("]")
    return "\n".join(lines) + "\n"


def _fits(holiday: Holiday, year: int) -> bool:
    length = (holiday.to - holiday.begins).days
    return 0 <= length < _HOLIDAY_MAX_DAYS and year in (holiday.begins.year, holiday.to.year)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
