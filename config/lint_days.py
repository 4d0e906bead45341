"""What is wrong with the days that a plan makes, for every day type and weekday on which they differ. Pure.

One mistake is one finding: what is wrong on several days is told of the first.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

from config import limits
from config.findings import Finding, clock
from config.parsing import plain
from config.plan import CLOSED, NORMAL, Plan, SchoolClass, Sentences, WindowEntry, expand
from config.plan_read import Draft
from config.roster import Called, Kind, Roster, WholeDay
from config.schooldays import day_of, weekday_of
from config.schoolyear import Calendar
from config.timetable import call_sentence, folded
from config.voice import Voice

Calls = list[list[Called]]
"""What each window of the plan calls, in its order."""
_NAMED = 3
"""So many classes are named; of more their number."""
_CLOSED_DAYS_MAX = 366
"""Of one closure: a longer one shows all that a year has."""
_WEEKDAYS = {
    "mon": "星期一",
    "tue": "星期二",
    "wed": "星期三",
    "thu": "星期四",
    "fri": "星期五",
    "sat": "星期六",
    "sun": "星期日",
}


def day_findings(made: Draft, *, certain: bool, known: bool) -> Iterator[Finding]:
    """`certain`: it is known which classes the windows call; `known`: also where."""
    days = {kind: Roster(made, WholeDay(*kind)) for kind in kinds(made)}
    called = {kind: [roster.called(window) for window in made.windows] for kind, roster in days.items()}
    found: set[str] = set()
    for finding in (
        *(one for kind, roster in days.items() for one in _of_a_day(made, roster, kind, called[kind])),
        *_while_closed(made),
    ):
        if finding.place not in found:
            found.add(finding.place)
            yield finding
    if certain:
        yield from _never_called(made, called)
    yield from _gates(made, days, called, certain=known)


def _of_a_day(made: Draft, roster: Roster, kind: Kind, called: Calls) -> Iterator[Finding]:
    yield from _last_calls(made, roster, kind, called)
    yield from _overlaps(made, roster, kind)
    yield from _twice(made, roster)
    yield from _shut(made, called)
    yield from _crowds(made, called)


def _while_closed(made: Draft) -> Iterator[Finding]:
    """The dates on which a gate stands in for another: once for each kind of day and closed gate."""
    if made.calendar is None:
        return
    closures = [(gate, closure) for gate in made.gates for closure in gate.closures if closure.instead]
    dates = [
        (gate, closure.begins + timedelta(n))
        for gate, closure in closures
        for n in range(min((closure.to - closure.begins).days + 1, _CLOSED_DAYS_MAX))
    ]
    seen: set[tuple[str, Kind]] = set()
    for gate, on in dates:
        day = day_of(made.calendar, on)
        kind = Kind(day.day_type, day.weekday)
        if (gate.id, kind) not in seen:
            seen.add((gate.id, kind))
            roster, why = Roster(made, day, on), f"（{on} {gate.name}不开）"
            called = [[replace(one, name=one.name + why) for one in roster.called(own)] for own in made.windows]
            yield from (*_last_calls(made, roster, kind, called), *_twice(made, roster, why))
            yield from (*_shut(made, called), *_crowds(made, called))


def kinds(made: Draft | Plan) -> tuple[Kind, ...]:
    """Every kind of day that may differ: each day type, on each weekday that is named and on one that is not."""
    school = made.calendar.weekdays if made.calendar is not None else ("mon",)
    named: list[str] = []
    for window in made.windows:
        named += [key for key in window.on if key in _WEEKDAYS]
        named += window.weekdays or ()
        for part in window.parts.values():
            named += [day for call in part.calls or () for day in call.weekdays or ()]
            named += [day for notice in part.notices or () for day in notice.weekdays or ()]
    named += [day for one in made.classes for day in one.leaves or ()]
    plain = [day for day in school if day not in named][:1]
    weekdays = [day for day in _WEEKDAYS if day in (*plain, *named)] or ["mon"]
    return tuple(Kind(one, day) for one in (NORMAL, *(each.id for each in made.day_types)) for day in weekdays)


def words_of(made: Draft | Plan, kind: Kind) -> str:
    """“雨天 星期三”."""
    name = next((one.name for one in made.day_types if one.id == kind.day_type), "正常")
    return f"{name} {_WEEKDAYS[kind.weekday]}"


def _last_calls(made: Draft, roster: Roster, kind: Kind, called: Calls) -> Iterator[Finding]:
    names = {gate.id: gate.name for gate in made.gates}
    for window, calls in zip(made.windows, called, strict=True):
        variant = window.variant(*kind)
        unspaced = variant.every_s is None and not variant.calls
        late = [one for one in calls if one.at_s > variant.closes and one.gate in names]
        if late and variant.in_order and not unspaced and roster.runs(window, kind):
            last = max(late, key=lambda one: one.at_s)
            args = {"gate": names[last.gate], "name": last.name, "at": clock(last.at_s)}
            yield Finding("late_last", f"windows.{window.id}.closes", clock(variant.closes), args)


def _overlaps(made: Draft, roster: Roster, kind: Kind) -> Iterator[Finding]:
    """One finding for windows that hang together: usually one time is wrong."""
    own = [window.variant(*kind) for window in made.windows if roster.runs(window, kind)]
    windows = list({window.id: window for window in own if window.in_order}.values())
    windows.sort(key=lambda window: (window.opens, window.id))
    found: set[str] = set()
    for n, other in enumerate(windows):
        clash = [one for one in windows[:n] if other.opens < one.closes and _share_a_gate(one, other, made)]
        if clash and not found & {one.id for one in clash}:
            yield Finding("overlap", f"windows.{other.id}.opens", clock(other.opens), {"other": clash[0].name})
        if clash:
            found |= {other.id, *(one.id for one in clash)}


def _twice(made: Draft, roster: Roster, why: str = "") -> Iterator[Finding]:
    """Who is named in two calls, or in a call and in the order, of one window; or twice by other ways at one gate.

    A group that reads out its classes may have a sentence of its own for its kind: that is another way.
    """
    table = made.sentences or Sentences()
    for window in made.windows:
        for first, one in roster.twice(window):
            alike = (table.of(first.kind) or table.call) == (table.of(one.kind) or table.call)
            if first.subject == one.subject or alike:
                key = "calls" if one.window.calls else "order"
                yield Finding("twice", f"windows.{window.id}.{key}", one.subject, {"name": one.name + why})
                break


def _share_a_gate(one: WindowEntry, other: WindowEntry, made: Draft) -> bool:
    return any(one.at_gate(gate) and other.at_gate(gate) for gate in made.named.get("gates", ()))


def _shut(made: Draft, called: Calls) -> Iterator[Finding]:
    """A gate that is not open at its call."""
    for gate in made.gates:
        if gate.hours is None:
            continue
        calls = (one for calls in called for one in calls if one.gate == gate.id)
        early = next((one for one in calls if not any(span.begins <= one.at_s <= span.to for span in gate.hours)), None)
        if early is not None:
            args = {"gate": gate.name, "name": early.name, "window": early.window.name}
            yield Finding("gate_shut", f"gates.{gate.id}.hours", clock(early.at_s), args)


def _crowds(made: Draft, called: Calls) -> Iterator[Finding]:
    """More classes in a zone than it takes, until the first of them is gone."""
    calls = sorted((one for calls in called for one in calls), key=lambda one: one.at_s)
    for zone in made.zones:
        if zone.most is None:
            continue
        own = [(one.at_s, cls.id) for one in calls if one.zone.id == zone.id for cls in one.classes]
        for at_s, _ in own:
            there = {cls for since_s, cls in own if since_s <= at_s < since_s + zone.clear_s}
            if len(there) > zone.most:
                args = {"zone": zone.name, "at": clock(at_s), "count": str(len(there)), "most": str(zone.most)}
                yield Finding("crowd", f"zones.{zone.id}.most", str(zone.most), args)
                break


def _never_called(made: Draft, called: dict[Kind, Calls]) -> Iterator[Finding]:
    if not any(window.kind == "dismissal" for window in made.windows):
        yield Finding("no_dismissal", "windows")
        return
    on = {kind: _who(each) | _nowhere(made) for kind, each in called.items()}
    ever = frozenset[str]().union(*on.values())
    staying = {one.id for one in made.day_types if not one.dismissal}
    school = made.calendar.weekdays if made.calendar is not None else ()
    for entry in made.entries:
        classes = list(expand(entry))
        if entry.leaves == ():
            continue
        left = [one for one in classes if one.id not in ever]
        if len(left) > 1 and len(left) == len(classes):
            name = entry.grade or "、".join(entry.called)
            yield Finding("never_called", f"classes.{entry.id}", entry.id, {"name": name})
        else:
            yield from (Finding("never_called", f"classes.{entry.id}", one.id, {"name": one.name}) for one in left)
        for kind, there in on.items() if not left else ():
            goes = kind.day_type not in staying and kind.weekday in (school if entry.leaves is None else entry.leaves)
            if goes and (missing := [one for one in classes if one.id not in there]):
                args = {"name": _names(missing), "day": words_of(made, kind)}
                yield Finding("not_called_on", f"classes.{entry.id}", words_of(made, kind), args)
                break
    yield from _on_other_weekdays(made, ever, staying)


def _on_other_weekdays(made: Draft, ever: Collection[str], staying: Collection[str]) -> Iterator[Finding]:
    """The dates on which the calendar runs the table of a weekday that has no school else; of each place the first."""
    if made.calendar is None:
        return
    found: set[str] = set()
    for on, place in _moved(made.calendar):
        if place in found:
            continue
        roster = Roster(made, day_of(made.calendar, on))
        there = _who([roster.called(window) for window in made.windows])
        missing = []
        for one in made.classes:
            kind = roster.day_of[one.id]
            goes = kind.day_type not in (CLOSED, *staying) and (one.leaves is None or kind.weekday in one.leaves)
            if goes and kind.weekday not in made.calendar.weekdays and one.id in ever and one.id not in there:
                missing.append(one)
        if missing:
            found.add(place)
            day = f"{on} {words_of(made, roster.day_of[missing[0].id])}"
            yield Finding("not_called_on", place, day, {"name": _names(missing), "day": day})


def _names(of: Sequence[SchoolClass]) -> str:
    """The first of them, and how many they are."""
    return "、".join(one.name for one in of[:_NAMED]) + (f"等 {len(of)} 个班" if len(of) > _NAMED else "")


def _moved(calendar: Calendar) -> Iterator[tuple[date, str]]:
    """Dates that may run such a table, and where that stands."""
    said = [(on, one, f"calendar.dates.{on}") for on, one in calendar.dates.items()]
    for n, rule in enumerate(calendar.rules):
        place = f"calendar.rules[{n}]"
        said += [(on, rule, place) for on in rule.on or ()]
        if rule.on is None and rule.as_weekday not in (None, *calendar.weekdays):
            days = (
                term.begins + timedelta(m) for term in calendar.terms for m in range((term.to - term.begins).days + 1)
            )
            yield from ((on, place) for on in days)
    for on, one, place in said:
        if (one.as_weekday or weekday_of(one.as_date or on)) not in calendar.weekdays and one.day_type != CLOSED:
            yield on, place


def _who(called: Calls) -> set[str]:
    return {cls.id for calls in called for one in calls for cls in one.classes}


def _nowhere(made: Draft) -> set[str]:
    """Classes whose own zone cannot be read: that is told already."""
    zones = {zone.id for zone in made.zones}
    return {one.id for one in made.classes if one.zone not in zones}


def _gates(made: Draft, days: dict[Kind, Roster], called: dict[Kind, Calls], *, certain: bool) -> Iterator[Finding]:
    """What every gate gets of the day."""
    told = {kind: [one for window in made.windows for one in days[kind].told(window)] for kind in days}
    for gate in made.gates:
        counts = [
            sum(one.gate == gate.id for calls in called[kind] for one in calls)
            + sum(one.gate == gate.id for one in told[kind])
            for kind in days
        ]
        if not any(counts) and certain:
            yield Finding("no_classes", f"gates.{gate.id}", args={"gate": gate.name})
        if (count := max(counts, default=0)) > limits.CUES_MAX:
            args = {"gate": gate.name, "count": str(count), "most": str(limits.CUES_MAX)}
            yield Finding("too_many", f"gates.{gate.id}", args=args)


_RESTS = ((0, limits.QUIET_UNTIL_S), (limits.NOON_REST_S, limits.NOON_REST_ENDS_S), (limits.QUIET_FROM_S, 36 * 3600))


def doubts(plan: Plan, voice: Voice) -> Iterator[Finding]:
    """What may be meant so: warnings, once a place."""
    for window in plan.windows:
        speaks = window.kind == "dismissal" or window.notice is not None or window.notices
        if window.in_order and speaks and any(window.opens < to and begins < window.closes for begins, to in _RESTS):
            args = {"opens": clock(window.opens), "closes": clock(window.closes)}
            yield Finding("neighbours", f"windows.{window.id}.opens", clock(window.opens), args, "warning")
    takes: dict[str, float] = {}
    often: dict[Kind, Counter[SchoolClass]] = {}
    found: set[str] = set()
    for kind in kinds(plan):
        roster = Roster(plan, WholeDay(*kind))
        every = [one for window in plan.windows for one in roster.called(window)]
        often[kind] = Counter(cls for one in every for cls in one.classes)
        calls = sorted((one for one in every if one.window.pacing == "timed"), key=lambda one: one.at_s)
        says = {id(one): call_sentence(plan, one, roster.day_type(one.day_type)) for one in calls}
        takes |= {say: voice.lasts(say, plan.readings) for say in says.values() if say not in takes}
        for finding in (
            *_too_close(calls, {own: takes[say] for own, say in says.items()}),
            *_same_segment(plan, calls),
            *_busy(plan, calls),
            *_more_often(plan, kind, often),
        ):
            if finding.place not in found:
                found.add(finding.place)
                yield finding


def _more_often(plan: Plan, kind: Kind, often: Mapping[Kind, Counter[SchoolClass]]) -> Iterator[Finding]:
    """Called once more than on a normal day: a window was added, and those it stands for were not taken away."""
    usual = often[Kind(NORMAL, kind.weekday)]
    more = next((one for one, count in often[kind].items() if count > usual[one]), None)
    if more is not None and usual[more]:
        args = {"name": more.name, "count": str(often[kind][more]), "usual": str(usual[more])}
        yield Finding("more_often", f"day_types.{kind.day_type}", words_of(plan, kind), args, "warning")


def _too_close(calls: list[Called], say_s: Mapping[int, float]) -> Iterator[Finding]:
    """Sayings and rest last longer than it is to the gate's next call; what is due at one instant waits by intent."""
    following: dict[tuple[str, str], Called] = {}
    for one in reversed(calls):
        own, window = (one.gate, one.window.id), one.window
        later = following.get(own)
        if later is None or later.at_s > one.at_s:
            takes_s = window.repeat * say_s[id(one)] + (window.repeat - 1) * limits.SAYING_GAP_S + window.rest_s
            gap_s = later.at_s - one.at_s if later else takes_s
            if takes_s > gap_s:
                key = "every_s" if gap_s == window.every_s else "calls"
                args = {"takes": f"{takes_s:.0f}", "repeat": str(window.repeat)}
                yield Finding("too_close", f"windows.{window.id}.{key}", f"{gap_s:g}", args, "warning")
        following[own] = one


def _same_segment(plan: Plan, calls: list[Called]) -> Iterator[Finding]:
    """Calls of two gates, each spaced by itself, that meet on the stairs. A gate's own calls are `every_s` apart."""
    names = {gate.id: gate.name for gate in plan.gates}
    for n, one in enumerate(calls):
        for other in calls[n + 1 :]:
            if other.at_s - one.at_s >= limits.SEGMENT_CLEAR_S:
                break
            both = [part for part in _segments(one) if part in _segments(other) and part not in names.values()]
            if both and one.gate != other.gate:
                args = {
                    "segment": both[0], "at": clock(one.at_s), "name": one.name, "gate": names[one.gate],
                    "other": other.name, "other_gate": names[other.gate],
                }  # fmt: skip
                yield Finding("same_segment", f"classes.{one.classes[0].entry}.route", both[0], args, "warning")


def _segments(of: Called) -> list[str]:
    return [part.strip() for one in of.classes for part in (one.route or "").split("→") if part.strip()]


def _busy(plan: Plan, calls: list[Called]) -> Iterator[Finding]:
    """A zone whose clearing time was written, called to again before it is over; with `most` that many may be there."""
    for zone in plan.zones:
        own = [one for one in calls if one.zone.id == zone.id]
        if zone.most is not None or "clear_s" not in zone.model_fields_set:
            continue
        for one, other in pairwise(own):
            if other.at_s - one.at_s < zone.clear_s:
                args = {"zone": zone.name, "at": clock(other.at_s), "name": other.name, "other": one.name}
                yield Finding("zone_busy", f"zones.{zone.id}.clear_s", f"{zone.clear_s:g}", args, "warning")
                break


def heavy(plan: Plan) -> Iterator[Finding]:
    """A day must be one that a message can carry, and fit into it."""
    on = plan.calendar.terms[0].begins
    for kind in kinds(plan):
        try:
            days = folded(plan, on, WholeDay(*kind))
        except ValueError as error:
            yield Finding("bad_value", "windows", words_of(plan, kind), {"detail": plain(str(error))[:120]})
            return
        for gate, day in zip(plan.gates, days, strict=True):
            if (count := len(day.model_dump_json(by_alias=True).encode())) > limits.PLAN_DAY_MAX_BYTES:
                args = {"gate": gate.name, "count": str(count), "most": str(limits.PLAN_DAY_MAX_BYTES)}
                yield Finding("too_heavy", f"gates.{gate.id}", args=args)
                return
