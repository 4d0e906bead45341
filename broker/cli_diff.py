"""`fangxue plan diff`: what two plans make differently of the same dates, in words and by cue."""

from collections.abc import Iterator
from datetime import date, timedelta

from broker.preview import described
from config.findings import Lang
from config.plan import CLOSED, Plan
from config.schooldays import day_of
from config.timetable import timetable, zones

_SAME: dict[Lang, str] = {"zh": "没有差别", "en": "no difference"}
_AS: dict[Lang, str] = {"zh": "同 {date}", "en": "as on {date}"}
_SCHOOL: dict[Lang, str] = {
    "zh": "学校 {one} → {other}：两份不是同一所学校的方案",
    "en": "school {one} → {other}: these are not plans of one school",
}
_WEEKDAYS: dict[Lang, tuple[str, ...]] = {
    "zh": ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日"),
    "en": ("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
}
_SCHOOL_DAYS = 14
_LOOKED_AT = 400
"""Dates in which the school days are looked for: longer than any vacation."""


def school_days(one: Plan, other: Plan, first: date) -> list[date]:
    """The next dates from `first` on that are a school day by one of the plans, also for a part of the school."""
    found: list[date] = []
    for on in (first + timedelta(days=n) for n in range(_LOOKED_AT)):
        if any(_has_school(made, on) for made in (one, other)):
            found.append(on)
        if len(found) == _SCHOOL_DAYS:
            break
    return found


def _has_school(made: Plan, on: date) -> bool:
    return day_of(made.calendar, on).day_type != CLOSED or any(day.cues for day in timetable(made, on))


def difference(one: Plan, other: Plan, dates: list[date], lang: Lang) -> Iterator[str]:
    """A line for each cue, under its date; a date that differs as an earlier one names that."""
    if one.school.id != other.school.id:
        yield _SCHOOL[lang].format(one=one.school.id, other=other.school.id)
    seen: dict[tuple[str, ...], date] = {}
    for on in dates:
        places = zones(one, on), zones(other, on)
        lines = described(other, timetable(one, on), timetable(other, on), was=one, places=places)
        if lines:
            same = f"  {_AS[lang].format(date=seen[lines])}" if lines in seen else ""
            yield f"{on} {_WEEKDAYS[lang][on.weekday()]}{same}"
            yield from () if same else (f"  {line}" for line in lines)
            seen.setdefault(lines, on)
    if not seen:
        span = f"{dates[0]} – {dates[-1]}: " if dates else ""
        yield span + _SAME[lang]
