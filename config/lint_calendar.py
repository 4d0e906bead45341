"""What is wrong with a calendar, and what it does not know yet. Pure; the date of today is an argument."""

import difflib
from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta

from config.findings import Finding
from config.national import faults, knows
from config.parsing import shown
from config.schooldays import CLOSED, NORMAL, day_of, tables
from config.schoolyear import Calendar, Rule, SpecialDate

_CHINA = {"Asia/Shanghai", "Asia/Urumqi", "Asia/Chongqing", "Asia/Harbin", "Asia/Kashgar", "PRC"}
DECEMBER = 12
"""From its first day the next year's table is asked for: the notice comes in November."""
YEAR_DAYS = 400
"""A term is no longer, and what is counted begins no further from one."""
ASKED_DAYS = 30
"""A make-up day is asked about so long before."""


def calendar_faults(
    calendar: Calendar, day_types: Collection[str], scopes: Mapping[str, int] | None, zone: str
) -> Iterator[Finding]:
    """Mistakes. `day_types` and `scopes`: what the plan declares, these with how many sorts of things are called so;
    `scopes` None when that is not known.
    """
    terms = sorted(enumerate(calendar.terms), key=lambda one: (one[1].begins, one[0]))
    before = None
    for n, term in terms:
        long = (term.to - term.begins).days > YEAR_DAYS
        if term.to < term.begins or long or (before is not None and term.begins <= before):
            yield Finding("term", f"calendar.terms[{n}]", f"{term.begins} – {term.to}")
        before = term.to if before is None else max(before, term.to)
    if zone not in _CHINA and "national" not in calendar.model_fields_set:
        yield Finding("national_zone", "calendar.national", args={"zone": zone})
    if calendar.table is not None:
        yield from faults(calendar.table, "calendar.table.")
    elif calendar.national not in ("cn", "none"):
        yield Finding("no_table", "calendar.national", shown(calendar.national))
    for on, special in calendar.dates.items():
        yield from _said(special, f"calendar.dates.{on}", day_types)
    for n, rule in enumerate(calendar.rules):
        place = f"calendar.rules[{n}]"
        yield from _said(rule, place, day_types)
        yield from _conditions(calendar, rule, place)
        for m, scope in enumerate(rule.scope or ()):
            if scopes is not None:
                yield from _known("校区、校门、年级、班级或组 (scope)", f"{place}.scope[{m}]", scope, scopes)
                if scopes.get(scope, 0) > 1:
                    yield Finding("two_meanings", f"{place}.scope[{m}]", scope)


def _said(one: SpecialDate, place: str, day_types: Collection[str]) -> Iterator[Finding]:
    if one.day_type is not None:
        yield from _known("日型 (day type)", f"{place}.day_type", one.day_type, {NORMAL, CLOSED, *day_types})
    said = [one.day_type, one.as_weekday, one.as_date]
    if not any(said) or (one.as_weekday and one.as_date) or (one.day_type == CLOSED and any(said[1:])):
        yield Finding("rule_says", place, one.why)


def _conditions(calendar: Calendar, rule: Rule, place: str) -> Iterator[Finding]:
    written = rule.model_fields_set - set(SpecialDate.model_fields) - {"scope"}
    if not written and not rule.scope:
        yield Finding("rule_when", place, rule.why)
    if rule.on is not None and len(written) > 1:
        keys = [_WRITTEN.get(key, key) for key in Rule.model_fields if key in written - {"on"}]
        yield Finding("rule_on", f"{place}.{keys[0]}", args={"keys": ", ".join(keys)})
    needs = [
        ("as_date", "on", rule.as_date is not None and rule.on is None),
        ("nth", "weekdays", rule.nth is not None and rule.weekdays is None),
        ("week_one", "weeks", rule.week_one is not None and rule.weeks is None),
        ("holiday_weeks", "weeks", "holiday_weeks" in written and rule.weeks is None),
        ("turn", "turns", rule.turn is not None and rule.turns is None),
        ("turns", "turn", rule.turns is not None and rule.turn is None),
        ("turn_one", "turn", rule.turn_one is not None and rule.turn is None),
    ]
    yield from (Finding("rule_needs", f"{place}.{key}", args={"other": other}) for key, other, lacks in needs if lacks)
    if rule.begins is not None and rule.to is not None and rule.to < rule.begins:
        yield Finding("rule_range", f"{place}.to", str(rule.to), {"begins": str(rule.begins)})
    for key, first in (("week_one", rule.week_one), ("turn_one", rule.turn_one)):
        if first is not None and all(abs((term.begins - first).days) > YEAR_DAYS for term in calendar.terms):
            yield Finding("rule_first", f"{place}.{key}", str(first))
    if rule.turn is not None and rule.turns is not None and rule.turn > rule.turns:
        yield Finding("bad_range", f"{place}.turn", str(rule.turn), {"limit": f"≤ turns = {rule.turns}"})
    if rule.last_before is not None:
        yield from _last_before(calendar, rule.last_before, f"{place}.last_before")


_WRITTEN = {"begins": "from"}


def _last_before(calendar: Calendar, name: str, place: str) -> Iterator[Finding]:
    holidays = {day.name for one in tables(calendar) or () for day in one.days.values()}
    try:
        if date.fromisoformat(name).isoformat() != name:  # 20261201: a date is compared as it is written
            yield Finding("bad_date", place, name)
    except ValueError:
        yield from _known("日期或节日 (date or holiday)", place, name, {"holiday", *holidays} if holidays else set())


def _known(kind: str, place: str, value: str, known: Collection[str]) -> Iterator[Finding]:
    if value not in known:
        near = difflib.get_close_matches(value, sorted(known), n=1)
        yield Finding("no_such", place, value, {"kind": kind, "hint": f"（{near[0]}?）" if near else ""})


# What is not known yet ----------------------------------------------------------------------------


def unsaid_make_ups(calendar: Calendar) -> tuple[tuple[date, str], ...]:
    """The make-up days in a term of which nobody said whose table they run, with the holiday's name; by date."""
    days = sorted({on for one in tables(calendar) or () for on in one.days})
    asked = [(on, day_of(calendar, on)) for on in days]
    return tuple((on, day.why) for on, day in asked if day.doubt == "make_up")


def unknown_years(calendar: Calendar, today: date) -> tuple[int, ...]:
    """The years that no national table knows: this one, and from 1 December the next."""
    known = tables(calendar)
    asked = (today.year, today.year + 1) if today.month == DECEMBER else (today.year,)
    return () if known is None else tuple(year for year in asked if not knows(known, year))


def make_up_findings(calendar: Calendar) -> Iterator[Finding]:
    """A warning for each: the day stays closed until it is said."""
    for on, name in unsaid_make_ups(calendar):
        listed = calendar.dates.get(on)
        if listed is None or listed.day_type is not None:  # else it says nothing, which is a finding of its own
            yield Finding("make_up", f"calendar.dates.{on}", args={"name": name}, severity="warning")


def doubts(calendar: Calendar, today: date) -> tuple[Finding, ...]:
    """What a person must say soon: today is in no term, a make-up day comes, a year has no table."""
    found = [
        Finding("year_unknown", "calendar.national", calendar.national, {"year": str(year)}, "warning")
        for year in unknown_years(calendar, today)
    ]
    if day_of(calendar, today).doubt == "term":
        found.append(Finding("no_term", "calendar.terms", str(today), severity="warning"))
    until = today + timedelta(days=ASKED_DAYS)
    soon = {f"calendar.dates.{on}" for on, _ in unsaid_make_ups(calendar) if today <= on <= until}
    return (*found, *(one for one in make_up_findings(calendar) if one.place in soon))
