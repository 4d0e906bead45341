"""Which day type a date is, which weekday's table runs on it, and why. Pure, total, and never a guess.

What the calendar does not know is closed and says so. Of several rules the last of this list wins, in each line the
later one: weekdays and terms; the national table; rules; rules that list the date; the same two for a part of the
school. Each of the two answers has its own winner. Only a rule that lists the date gives school where there is none.
"""

from calendar import monthrange
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Literal, get_args

from config.national import Holiday, National, entry, knows
from config.national_cn import CN
from config.schoolyear import Calendar, Rule, SpecialDate, Term, Weekday

Source = Literal["national", "school", "default", "none"]
Doubt = Literal["term", "year", "make_up"]
"""Why nobody knows: outside every term; a year without a national table; a make-up day whose table is not said."""
CLOSED, NORMAL = "closed", "normal"
_DAY = timedelta(days=1)
_WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)


@dataclass(frozen=True, slots=True)
class DayOf:
    """`why`: the rule that won, by its name; by default the weekday. `doubt`: it is closed because nobody knows."""

    day_type: str
    weekday: Weekday
    source: Source
    why: str = ""
    doubt: Doubt | None = None

    @property
    def unknown(self) -> bool:
        return self.doubt is not None


@dataclass(frozen=True, slots=True)
class _Told:
    """What was read for a date: of some rules those that hold on it, whatever their weekdays and scope."""

    calendar: Calendar
    on: date
    among: Sequence[Rule]
    rules: tuple[Rule, ...]
    answers: dict[frozenset[str], DayOf] = field(default_factory=dict)
    """Those given, by the scopes that some rule names: a school has many classes and few kinds of them."""


@dataclass(frozen=True, slots=True)
class SchoolDay(DayOf):
    """The answer for the whole school; `of` for a part, where a rule with a scope says more."""

    told: _Told | None = field(default=None, repr=False, compare=False)

    def of(self, scopes: Collection[str]) -> DayOf:
        """`scopes`: the slugs that a class belongs to: campus, grade, group, gate, its own."""
        rules = () if self.told is None else self.told.calendar.rules
        named = frozenset(one for rule in rules for one in rule.scope or () if one in scopes)
        if self.told is None or not named:
            return DayOf(self.day_type, self.weekday, self.source, self.why, self.doubt)
        if named not in self.told.answers:
            self.told.answers[named] = _answer(self.told, named)
        return self.told.answers[named]


def day_of(calendar: Calendar, on: date) -> SchoolDay:
    """What a date is for the whole school."""
    told = _told(calendar, on, calendar.rules)
    whole = _answer(told, ())
    return SchoolDay(whole.day_type, whole.weekday, whole.source, whole.why, whole.doubt, told)


def tables(calendar: Calendar) -> tuple[National, ...] | None:
    """The national tables that count, the first wins; None: the school has none, only what it says itself."""
    match calendar.national:
        case "none":
            return None
        case "cn":
            return (CN,)
    own = () if calendar.table is None else (calendar.table,)
    return (*own, CN) if any(one.extends == "cn" for one in own) else own


def term_of(calendar: Calendar, on: date) -> Term | None:
    return next((term for term in calendar.terms if term.begins <= on <= term.to), None)


def _told(calendar: Calendar, on: date, among: Sequence[Rule]) -> _Told:
    return _Told(calendar, on, among, tuple(rule for rule in among if _holds(calendar, rule, on)))


# The answer ---------------------------------------------------------------------------------------


def _answer(told: _Told, scopes: Collection[str]) -> DayOf:
    calendar, on = told.calendar, told.on
    whole: list[SpecialDate] = [rule for rule in told.rules if rule.on and not rule.scope]
    whole += [calendar.dates[on]] if on in calendar.dates else []
    part = [rule for rule in told.rules if rule.on and rule.scope and _within(rule, scopes)]
    mover = next((one for one in reversed([*whole, *part]) if one.as_weekday or one.as_date), None)
    base = _base(calendar, on)
    now = _Draft(base)
    rules = told.rules
    if mover is not None:
        asked = mover.as_date or on
        rules = rules if mover.as_date is None else _told(calendar, asked, told.among).rules
        day = DayOf(NORMAL, mover.as_weekday or weekday_of(asked), "school", mover.why)
        now = _Draft(day, mover.why)
    weekday = now.day.weekday
    own = weekday_of(mover.as_date) if mover is not None and mover.as_date else weekday_of(on)
    usual = [
        rule
        for rule in rules
        if not rule.on and (rule.weekdays is None or (own if rule.nth else weekday) in rule.weekdays)
    ]
    for one in usual:
        now = now if one.scope else now.after(one)
    for special in whole:
        now = now.listed(special, mover=special is mover)
    for one in usual:
        now = now.after(one) if one.scope and _within(one, scopes) else now
    for special in part:
        now = now.listed(special, mover=special is mover)
    if base.doubt == "make_up" and not now.why_weekday and now.day.day_type != CLOSED:
        return base  # that it is open was said, but not whose table runs
    return now.done()


@dataclass(frozen=True, slots=True)
class _Draft:
    """An answer on its way; `why_weekday`: the rule that chose another weekday's table."""

    day: DayOf
    why_weekday: str = ""

    def after(self, rule: Rule) -> "_Draft":
        """A rule that lists no date: it closes, or changes a day that has school."""
        if self.day.day_type == CLOSED and rule.day_type != CLOSED:
            return self
        now = self
        if rule.as_weekday is not None:
            now = _Draft(replace(now.day, weekday=rule.as_weekday), rule.why)
        return now if rule.day_type is None else now._typed(rule, rule.day_type)

    def listed(self, one: SpecialDate, *, mover: bool) -> "_Draft":
        """What is said of this very date. The table that the `mover` chose began the answer; here it wins."""
        now = self
        if mover:
            now = _Draft(replace(now.day, weekday=one.as_weekday or now.day.weekday), one.why)
        return now if one.day_type is None else now._typed(one, one.day_type)

    def _typed(self, one: SpecialDate, day_type: str) -> "_Draft":
        return replace(self, day=DayOf(day_type, self.day.weekday, "school", one.why))

    def done(self) -> DayOf:
        """With the names of both winners, where the weekday has its own."""
        day = self.day
        if not self.why_weekday or day.day_type == CLOSED:
            return day
        own = () if day.source == "default" else (day.why,)
        return replace(day, source="school", why="；".join(dict.fromkeys((*own, self.why_weekday))))


def _base(calendar: Calendar, on: date) -> DayOf:
    """What holds where no rule of the school says anything."""
    weekday, known = weekday_of(on), tables(calendar)
    found = None if known is None else entry(known, on)
    if isinstance(found, Holiday):
        return DayOf(CLOSED, weekday, "national", found.name)
    if term_of(calendar, on) is None:
        return DayOf(CLOSED, weekday, "none", "", "term")
    if known is not None and not knows(known, on.year):
        return DayOf(CLOSED, weekday, "national", str(on.year), "year")
    if found is not None:
        return DayOf(CLOSED, weekday, "national", found.name, "make_up")
    return DayOf(NORMAL if weekday in calendar.weekdays else CLOSED, weekday, "default", weekday)


def weekday_of(on: date) -> Weekday:
    return _WEEKDAYS[on.weekday()]


def _within(rule: Rule, scopes: Collection[str]) -> bool:
    return any(one in scopes for one in rule.scope or ())


# When a rule holds --------------------------------------------------------------------------------


def _holds(calendar: Calendar, rule: Rule, on: date) -> bool:
    """All conditions but `weekdays`, which look at the table that runs."""
    if rule.on is not None:
        return on in rule.on
    return (
        (rule.begins is None or rule.begins <= on)
        and (rule.to is None or on <= rule.to)
        and (rule.season is None or _in_season(rule, on))
        and (rule.nth is None or _nth(rule.nth, on))
        and (rule.weeks is None or _in_weeks(calendar, rule, on))
        and (rule.first_days is None or _in_first_days(calendar, rule, rule.first_days, on))
        and (rule.last_before is None or _is_last_before(calendar, rule.last_before, on))
        and (rule.turn is None or _has_turn(calendar, rule, on))
    )


def _in_season(rule: Rule, on: date) -> bool:
    assert rule.season is not None
    begins, to, day = rule.season.begins, rule.season.to, (on.month, on.day)
    return begins <= day <= to if begins <= to else day >= begins or day <= to


def _nth(nth: int, on: date) -> bool:
    """The first … fifth of its weekday in the month, or the last."""
    return on.day + 7 > monthrange(on.year, on.month)[1] if nth < 0 else (on.day + 6) // 7 == nth


def _in_weeks(calendar: Calendar, rule: Rule, on: date) -> bool:
    """Weeks begin on Monday; the first is that of `week_one`, or of the term's first day, and is odd."""
    first = _first(calendar, rule.week_one, on)
    if first is None or _monday(on) < _monday(first):
        return False
    first, last = _monday(first), _monday(on)
    weeks = (last - first).days // 7
    if rule.holiday_weeks == "skip":
        if term_of(calendar, on) is None:
            return False
        between = (first + 7 * n * _DAY for n in range(weeks))
        weeks = sum(any(has_school(calendar, monday + n * _DAY) for n in range(7)) for monday in between)
    return (weeks % 2 == 0) == (rule.weeks == "odd")


def _in_first_days(calendar: Calendar, rule: Rule, count: int, on: date) -> bool:
    """Of the term; where the rule has a `from` inside it, from there."""
    term = term_of(calendar, on)
    if term is None or not has_school(calendar, on):
        return False
    first = max(term.begins, rule.begins or term.begins)
    return _school_days(calendar, first, on, count) < count


def _is_last_before(calendar: Calendar, name: str, on: date) -> bool:
    """`name`: a date, a holiday of the national table, or `holiday` for each of them."""
    if not has_school(calendar, on):
        return False
    known = tables(calendar) or ()
    for day in (on + n * _DAY for n in range(1, min(_AHEAD, (date.max - on).days))):
        found = entry(known, day)
        named = isinstance(found, Holiday) and name in ("holiday", found.name)
        if named or day.isoformat() == name:
            return True
        if has_school(calendar, day):
            return False
    return False


def _has_turn(calendar: Calendar, rule: Rule, on: date) -> bool:
    """School days take turns from `turn_one`, or from the term's first day, which has turn 1."""
    first = _first(calendar, rule.turn_one, on)
    if (
        first is None
        or on < first
        or rule.turns is None
        or term_of(calendar, on) is None
        or not has_school(calendar, on)
    ):
        return False
    return _school_days(calendar, first, on) % rule.turns + 1 == rule.turn


_AHEAD = 100
"""Days looked ahead for a holiday: longer than any vacation."""


def has_school(calendar: Calendar, on: date) -> bool:
    """Whether a date is a school day where school days are counted: as the whole school has it, without counting."""
    known = calendar.counted
    if on not in known:
        plain = [rule for rule in calendar.rules if not rule.counts and not rule.scope and _decides(rule)]
        known[on] = _answer(_told(calendar, on, plain), ()).day_type != CLOSED
    return known[on]


def _decides(rule: Rule) -> bool:
    """Whether a rule may give school to a date, or take it."""
    return rule.on is not None or rule.day_type == CLOSED


def _school_days(calendar: Calendar, first: date, before: date, most: int = 10**6) -> int:
    """The school days from `first` on, before a date; not counted beyond `most`."""
    count, day = 0, first
    while day < before and count < most:
        count += has_school(calendar, day)
        day += _DAY
    return count


def _first(calendar: Calendar, given: date | None, on: date) -> date | None:
    """Where counting begins."""
    term = term_of(calendar, on)
    return given or (term.begins if term else None)


def _monday(on: date) -> date:
    return on - on.weekday() * _DAY
