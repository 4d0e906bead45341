"""Which day type a date is, and why. Never a guess: a date that the calendar does not know is closed and says so."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from config.schoolyear import Calendar, Weekday


@dataclass(frozen=True, slots=True)
class DayOf:
    """`source`: the rule that decided; `why` its name for people. `unknown`: outside every term, somebody must say."""

    day_type: Literal["normal", "closed"]
    source: Literal["date", "weekday", "none"]
    why: str = ""

    @property
    def unknown(self) -> bool:
        return self.source == "none"


def day_of(calendar: Calendar, on: date) -> DayOf:
    """A listed date wins over the weekday; outside all terms nothing is known."""
    if special := calendar.dates.get(on):
        return DayOf(special.day_type, "date", special.why)
    if not any(term.begins <= on <= term.to for term in calendar.terms):
        return DayOf("closed", "none")
    weekday = get_args(Weekday)[on.weekday()]
    return DayOf("normal" if weekday in calendar.weekdays else "closed", "weekday", weekday)
