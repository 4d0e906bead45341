"""The days of the horizon as plan and changes make them; one that is not as it was issued becomes a new revision."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from broker.issued import REVISION_MAX, Issued, Key, as_issued, is_open
from broker.store import DayRow, Store
from broker.wire.messages import Status, encode
from broker.wire.topics import Address
from config import limits
from config.changes import Change
from config.day import Cue, GateDay, Window
from config.errors import BadInputError
from config.pacing import by_hand, ends
from config.plan import Plan
from config.timetable import issued, local, same, timetable


class FromTomorrowError(BadInputError):
    """The plan is good, and today is too late for it."""


@dataclass(frozen=True, slots=True)
class Folded:
    """`new`: what is not stored yet."""

    today: date
    days: tuple[Issued, ...]
    new: tuple[DayRow, ...]


def gates(plan: Plan) -> tuple[Address, ...]:
    return tuple(Address(plan.school.id, gate.id) for gate in plan.gates)


def folded(
    plan: Plan,
    store: Store,
    now: datetime,
    frozen: Collection[date],
    *,
    known: Mapping[Key, Issued],
    numbers: Mapping[Key, int] | None = None,
    wished: tuple[date, Change] | None = None,
) -> Folded:
    """The days of the horizon, and yesterday's. Raises BadInputError or OutsideError.

    A plan that calls classes otherwise in a window that has begun today raises FromTomorrowError.

    `frozen`: dates of which nothing may be issued, they stay as they were; `known`: the days in force; `numbers`: days
    that are issued anew, with these revisions; `wished`: a change that is not stored yet: of its date alone, the other
    days stay as they are in force.
    """
    today = local(now, plan).date()
    before = today - timedelta(days=1)
    yesterday = [one for gate in gates(plan) if (one := stored(store, gate, before, known))]
    late = any(is_open(one.day, now) for one in yesterday)
    days, new = [] if late else yesterday, []
    otherwise: tuple[str, ...] = ()
    try:
        for on in (today + timedelta(days=n) for n in range(-1 if late else 0, limits.HORIZON_DAYS)):
            if wished and wished[0] != on:
                days += [one for address in gates(plan) if (one := known.get((address, on)))]
                continue
            made = timetable(plan, on, (*store.changes(on), *(wished[1:] if wished else ())))
            had = {address: stored(store, address, on, known) for address in gates(plan)}
            if wished is None and numbers is None and on <= today and on not in frozen:
                was = [stored(store, one, on, known) for one in store.gates(on)]  # also gates that left the plan
                otherwise += called_otherwise([one.day for one in was if one], made, now)
            for day in made:
                address = Address(day.school, day.gate)
                one, number = had[address], (numbers or {}).get((address, on))
                if one is None or number or (on not in frozen and not same(day, one.day)):
                    revision = number or store.revision(address, on) + 1
                    one = as_issued(encode(issued(day, revision, now)))
                    new.append((address, on, revision, one.payload))
                days.append(one)
    except ValueError as error:  # a sentence, a day or a clock change that no message can carry
        message = f"方案排不出放学表 the plan makes no timetable: {str(error)[:400]}"
        raise BadInputError(message) from error
    if otherwise:
        names = {one.id: one.name for one in plan.classes}
        who = "、".join(dict.fromkeys(names.get(one, one) for one in otherwise))
        message = (
            f"今天已经开始的时段里，照这份方案 {who} 会换门、换组、来不及叫或不再叫：它从明天起用，今天要改请用页面 "
            "in windows that have begun today these are called otherwise by this plan: it counts from tomorrow"
        )
        raise FromTomorrowError(message)
    return Folded(today, tuple(days), tuple(new))


def called_otherwise(before: Sequence[GateDay], after: Sequence[GateDay], now: datetime) -> tuple[str, ...]:
    """The classes that `after` does not call as `before` does, in windows that have begun: at other gates, in another
    group or window, once more, when it is too late, or not at all. They may be out already, and no record tells it yet.
    Who was not called there at all may be added.
    """
    begun = {window.id for day in before for window in day.windows if window.opens <= now}
    was, then = _rows(before), _rows(after)
    called = {(cue.split("/")[1], cls) for _, cue, cls in was}
    anew = {row for row in then - was if (row[1].split("/")[1], row[2]) in called}
    lost = _to_come(before, now).difference(_to_come(after, now))
    return tuple(cls for _, cue, cls in sorted((was - then) | anew | lost) if cue.split("/")[1] in begun)


def _to_come(days: Sequence[GateDay], now: datetime) -> set[tuple[str, str, str]]:
    """The rows of those whose instant, or where people pace whose window's end, is still to come."""
    left = ((day, [cue for cue in day.cues if _due(cue, day.window(cue)) > now]) for day in days)
    return _rows([day.but(cues=tuple(cues)) for day, cues in left])


def _due(cue: Cue, window: Window | None) -> datetime:
    return ends(cue, window) if by_hand(cue, window) else cue.at


def _rows(days: Sequence[GateDay]) -> set[tuple[str, str, str]]:
    """Gate, cue and class of each planned call."""
    calls = ((day.gate, cue) for day in days for cue in day.cues if cue.kind == "call" and cue.state == "planned")
    return {(gate, cue.id, cls) for gate, cue in calls for cls in cue.classes}


def standing(plan: Plan, store: Store, now: datetime) -> tuple[Issued, ...]:
    """The days of the horizon, and yesterday's, as they were issued. Raises OutsideError."""
    today = local(now, plan).date()
    dates = [today + timedelta(days=n) for n in range(-1, limits.HORIZON_DAYS)]
    return tuple(one for on in dates for gate in gates(plan) if (one := stored(store, gate, on, {})))


def numbers_above(
    plan: Plan, store: Store, statuses: Mapping[Address, Status], days: Mapping[Key, Issued], dates: Collection[date]
) -> dict[Key, int]:
    """The revisions by which the centre's days of these dates replace what the gates hold: above everything any said.

    A gate that holds what was issued needs none; one that has not said what it holds gets one all the same.
    """
    numbers: dict[Key, int] = {}
    for on in dates:
        held = {one: status.days[on] for one, status in statuses.items() if on in status.days}
        said = [one.revision for one in held.values() if one.revision <= REVISION_MAX]
        top = max([*said, *(store.revision(gate, on) for gate in gates(plan))], default=0) + 1
        for gate in gates(plan):
            known = days.get((gate, on))
            if known is None or gate not in held or held[gate].digest != known.digest:
                numbers[gate, on] = top
    return numbers


def stored(store: Store, address: Address, on: date, known: Mapping[Key, Issued]) -> Issued | None:
    """As it was issued; None also for one that is damaged, or written by another version.

    One that is `known` is not read anew: a change folds two weeks of days, and most stay as they were.
    """
    payload, one = store.day(address, on), known.get((address, on))
    if one is not None and one.payload == payload:
        return one
    try:
        return None if payload is None else as_issued(payload)
    except BadInputError:
        return None
