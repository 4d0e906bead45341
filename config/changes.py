"""What staff did today, and what it makes of the day: `applied(days, changes)`. Pure and total; order by `n` decides.

A change stores what staff saw (the ids it moves), so the same set gives the same day in any order of arrival. What no
longer fits a newer plan changes nothing.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from config import limits
from config.day import Cue, GateDay, Hold, Quiet, order
from config.pacing import by_hand
from config.types import CueId, Frozen, Id, Name, Say, Slug, Utc

Kind = Literal[
    "delay", "hold", "resume", "skip", "move", "reroute", "release", "call", "repeat",
    "notice", "extend", "day_type", "ready", "left", "quiet", "undo",
]  # fmt: skip


class Change(Frozen):
    """One thing that somebody did. `key` makes it once, whatever a phone sends again; `n` is its place."""

    v: Literal[1]
    n: Annotated[int, Field(ge=0, lt=2**53)]
    key: Id
    at: Utc
    by: Name
    why: Name | None = None
    kind: Kind
    gate: Slug | None = None
    from_gate: Slug | None = None
    window: Slug | None = None
    cls: Slug | None = Field(default=None, alias="class")
    cues: Annotated[tuple[CueId, ...], Field(max_length=limits.CUES_MAX)] = ()
    ids: Annotated[tuple[Id, ...], Field(max_length=limits.HOLDS_MAX)] = ()
    delay_s: Annotated[float, Field(ge=-86400, le=86400)] | None = None
    begins: Utc | None = Field(default=None, alias="from")
    to: Utc | None = None
    text: Say | None = None
    undoes: Annotated[int, Field(ge=0, lt=2**53)] | None = None
    day_type: Slug | None = None


def standing(changes: Iterable[Change]) -> list[Change]:
    """Those that were not undone, by `n`. An undo and a resume cannot be: do the thing again instead."""
    known = sorted(changes, key=lambda change: change.n)
    undone = {change.undoes for change in known if change.kind == "undo"}
    undone -= {change.n for change in known if change.kind == "resume"}
    return [change for change in known if change.kind != "undo" and change.n not in undone]


def applied(days: Sequence[GateDay], changes: Sequence[Change]) -> tuple[GateDay, ...]:
    """The days after these changes, which are of the same date."""
    if not changes:
        return tuple(days)
    known = sorted(changes, key=lambda change: change.n)
    kept, done = {change.n for change in standing(changes)}, {change.n: change for change in known}
    for change in known:
        if change.kind == "undo":
            # In its place: what a later change saw is what was brought back, a delay then moves it from there.
            undone = done.pop(change.undoes if change.undoes is not None else -1, None)
            if undone is not None:
                ids = {*undone.cues, *_placed_between(known, undone, change)}
                ids = ids.intersection(change.cues) if change.cues else ids
                days = [_brought_back(day, ids, undone, change) for day in days]
        elif change.n not in kept:
            continue
        elif change.kind == "reroute":
            days = _rerouted(days, change)
        else:
            days = [_FOLDS[change.kind](day, change) if _concerns(change, day) else day for day in days]
    return tuple(day.but(holds=_holds(day, changes)) for day in days)


def turned(days: Sequence[GateDay], new: Sequence[GateDay], change: Change) -> tuple[GateDay, ...]:
    """The days turned into those of another day type, also in the middle of a window.

    `cues`: what moves, all that were still to come when staff looked; without them what lies after the change. The rest
    stays where it was said. A slot is the same under every day type, so nobody is called twice.
    """
    known = {cue.id for day in days for cue in day.cues}

    def moves(cue: Cue) -> bool:
        return cue.id in change.cues if change.cues and cue.id in known else cue.at > change.at

    kept = {day.gate: [cue for cue in day.cues if not moves(cue)] for day in days}
    said = {cue.id for cues in kept.values() for cue in cues}
    return tuple(
        _turned(day, kept[day.gate], [cue for cue in fresh.cues if cue.id not in said and moves(cue)], fresh, change)
        for day, fresh in zip(days, new, strict=True)
    )


def _turned(day: GateDay, kept: Sequence[Cue], to_come: Sequence[Cue], fresh: GateDay, change: Change) -> GateDay:
    used = {cue.window for cue in kept} - {window.id for window in fresh.windows}
    windows = (*fresh.windows, *(window for window in day.windows if window.id in used))
    made = fresh.but(windows=tuple(sorted(windows, key=lambda one: (one.opens, one.id))), cues=tuple(kept))
    earliest = change.at + timedelta(seconds=limits.BACK_AFTER_S)
    # What is late goes behind the rest, so the rest comes first.
    to_come = sorted(to_come, key=lambda cue: cue.at < earliest)
    for cue in to_come[: limits.CUES_MAX - len(kept)]:
        made = _with_cues(made, [*made.cues, cue if cue.at >= earliest else _behind(made, cue, earliest)])
    return made


def hold_id(change: Change) -> str:
    """The name of the hold that a change opens; one that a guard's button opened has its own."""
    return change.ids[0] if change.ids else f"change-{change.n}"


def notice_id(day: GateDay, change: Change) -> str:
    """A notice is named by its change."""
    return f"{day.date}/none/n{change.n}/notice"


def _concerns(change: Change, day: GateDay) -> bool:
    return change.gate is None or change.gate == day.gate


# Holds, a set by id -------------------------------------------------------------------------------


def _holds(day: GateDay, changes: Iterable[Change]) -> tuple[Hold, ...]:
    """The holds of a gate, the same in whatever order they were opened and ended: an ended id never opens again.

    So an undone hold is ended, not absent, for absence ends nothing at a gate. A resume may come before the press of
    this gate's own button that it ends: the hold is known as ended then, and the gate learns it.
    """
    own = sorted((change for change in changes if _concerns(change, day)), key=lambda change: change.n)
    holds = {hold.id: hold for hold in day.holds}
    for change in own:
        if change.kind == "hold":
            holds.setdefault(hold_id(change), _opened(hold_id(change), change))
    for name, end in _ends(own, changes):
        if name in holds or name.startswith(f"{day.gate}/"):
            hold = holds.get(name) or _opened(name, end)
            holds[name] = hold if hold.to else hold.but(to=max(end.at, hold.begins))
    # Room for what is open: those that ended go first, the oldest of them before the rest.
    kept = sorted(holds.values(), key=lambda hold: (hold.to is None, hold.begins, hold.id))[-limits.HOLDS_MAX :]
    return tuple(sorted(kept, key=lambda hold: (hold.begins, hold.id)))


def _opened(name: str, change: Change) -> Hold:
    why = change.why if change.kind == "hold" else None
    return Hold.model_validate({"id": name, "from": _since(name, change), "to": None, "why": why, "by": change.by})


def _since(name: str, change: Change) -> datetime:
    """When a hold began. Without the instant of an alert its time would not move `closes` any more."""
    return alert_raised(name, change.at) or change.at


def alert_raised(hold: str, latest: datetime) -> datetime | None:
    """When the alert was raised that left this hold at a gate, which never tells: its number is the instant in ms.

    None: it is another hold, or that number is no instant of these days.
    """
    _, found, seq = hold.partition("/alert-")
    if not found or not seq.isdecimal():
        return None
    at = datetime.fromtimestamp(min(int(seq), round(latest.timestamp() * 1000)) / 1000, UTC)
    return at if latest - at < timedelta(days=limits.HORIZON_DAYS) else None


def _ends(own: Iterable[Change], changes: Iterable[Change]) -> list[tuple[str, Change]]:
    """Which change ended which hold, the earliest first. One that is named by its number was not ended before it."""
    opened = {change.n: hold_id(change) for change in own if change.kind == "hold"}
    since = {hold_id(change): change.n for change in own if change.kind == "hold" and not change.ids}
    ends = [(name, change) for change in own if change.kind == "resume" for name in change.ids]
    ends = [(name, change) for name, change in ends if since.get(name, 0) <= change.n]
    ends += [(opened[one.undoes], one) for one in changes if one.kind == "undo" and one.undoes in opened]
    return sorted(ends, key=lambda end: (end[1].at, end[1].n))


# One fold a kind ----------------------------------------------------------------------------------


def _delay(day: GateDay, change: Change) -> GateDay:
    by = timedelta(seconds=change.delay_s or 0)
    return _moved(day, change, lambda cue: cue.but(at=cue.at + by, until=cue.until + by))


def _skip(day: GateDay, change: Change) -> GateDay:
    return _moved(day, change, lambda cue: cue.but(state="cancelled"))


def _extend(day: GateDay, change: Change) -> GateDay:
    windows = [
        window.but(closes=window.closes + timedelta(seconds=max(0.0, change.delay_s or 0)))
        if window.id == change.window
        else window
        for window in day.windows
    ]
    return day.but(windows=tuple(windows))


def _call(day: GateDay, change: Change) -> GateDay:
    """Now: the class's own cue moves here, so it is not called a second time; else a cue is made."""
    return _at_once(day, change, say=change.text)


def _repeat(day: GateDay, change: Change) -> GateDay:
    """A cue that was spoken, said once more under an id of its own (`#2`)."""
    return _at_once(day, change, say=None)


def _at_once(day: GateDay, change: Change, say: str | None) -> GateDay:
    for own in change.cues:
        on, _, _, kind = own.split("#")[0].split("/")
        if kind != "call" or on != day.date.isoformat():
            continue
        original = next((cue for cue in day.cues if cue.id == own.split("#")[0]), None)
        text = say or (original.say if original else None)
        if text is None:
            continue
        window = own.split("/")[1]
        made = Cue(
            id=own,
            window=None if window == "none" else window,
            at=change.at,
            until=change.at + timedelta(seconds=limits.CALLED_LATE_S),
            kind="call",
            classes=original.classes if original else (change.cls,) if change.cls else (),
            say=text,
            repeat=original.repeat if original and change.kind == "call" else 1,
            light="go",
            released=change.at,
            state="planned",
        )
        if made.window is None or any(one.id == made.window for one in day.windows):
            day = _with_cues(day, [*(cue for cue in day.cues if cue.id != own), made])
    return day


def _notice(day: GateDay, change: Change) -> GateDay:
    at = change.begins or change.at
    made = Cue(
        id=notice_id(day, change),
        window=None,
        at=at,
        until=at + timedelta(seconds=limits.LATE_S),
        kind="notice",
        classes=(),
        say=change.text or "",
        repeat=1,
        light="ready",
        released=None,
        state="planned",
    )
    return _with_cues(day, [*day.cues, made])


def _release(day: GateDay, change: Change) -> GateDay:
    """A person lets a waiting call go; where the clock calls, there is nothing to let go."""
    return _moved(day, change, lambda cue: cue.but(released=change.at) if by_hand(cue, day.window(cue)) else cue)


def _move(day: GateDay, change: Change) -> GateDay:
    """`cues`: calls in their new order. They exchange their instants; nobody else moves."""
    own = {cue.id: cue for cue in day.cues if cue.id in change.cues and cue.kind == "call" and cue.state == "planned"}
    instants = sorted(cue.at for cue in own.values())
    wanted = [own[name] for name in dict.fromkeys(change.cues) if name in own]
    new = {cue.id: cue.but(at=at, until=at + (cue.until - cue.at)) for cue, at in zip(wanted, instants, strict=True)}
    return _with_cues(day, [new.get(cue.id, cue) for cue in day.cues])


def _rerouted(days: Sequence[GateDay], change: Change) -> list[GateDay]:
    """`cues` leave through `gate`: behind that gate's own calls of the window, and not before their instant.

    The day of the old gate has them no more; until it confirmed that day, staff see that it may still call.
    """
    target = next((day for day in days if day.gate == change.gate), None)
    if target is None:
        return list(days)
    here = {cue.id for cue in target.cues}
    rows = [(cue, day) for day in days if day.gate != change.gate for cue in day.cues]
    moved = [(cue, day) for cue, day in rows if cue.id in change.cues and cue.state == "planned"]
    moved = [row for row in moved if change.cls is None or change.cls in row[0].classes]
    moved = [row for row in moved if change.from_gate in (None, row[1].gate)]
    earliest = change.at + timedelta(seconds=limits.BACK_AFTER_S)
    gone: set[tuple[str, str]] = set()
    for cue, day in sorted(moved, key=lambda row: order(row[0])):
        own = cue.id
        if own in here and not any(one.id == own and _calls(one, cue, target) for one in target.cues):
            # A group that is called there as well: these of it are others, or leave another way, and are called too.
            own = next(name for n in range(2, 1000) if (name := f"{cue.id.split('#')[0]}#{n}") not in here)
        if own not in here and len(target.cues) < limits.CUES_MAX:
            if (window := day.window(cue)) is not None and target.window(cue) is None:
                windows = sorted((*target.windows, window), key=lambda one: (one.opens, one.id))
                target = target.but(windows=tuple(windows))
            target = _with_cues(target, [*target.cues, _behind(target, cue, max(earliest, cue.at)).but(id=own)])
            here.add(own)
        if own in here:
            gone.add((day.gate, cue.id))
    return [
        target
        if day.gate == change.gate
        else day.but(cues=tuple(cue for cue in day.cues if (day.gate, cue.id) not in gone))
        for day in days
    ]


def _calls(there: Cue, cue: Cue, day: GateDay) -> bool:
    """Whether a call of the same name at another gate calls all of these, by the plan or because a person made it."""
    made = there.released is not None and not by_hand(there, day.window(there))
    return set(cue.classes) <= set(there.classes) and (made or there.say == cue.say)


def _quiet(day: GateDay, change: Change) -> GateDay:
    """On: from now or `from`, until `to` or until somebody ends it. Off: `ids` end now."""
    if not change.ids:
        begins = change.begins or change.at
        if (change.to is not None and change.to <= begins) or len(day.quiet) >= limits.WINDOWS_MAX:
            return day
        span = Quiet.model_validate({"id": quiet_id(change), "from": begins, "to": change.to})
        return day.but(quiet=(*day.quiet, span))
    ended = [
        span.but(to=min(change.at, span.to or change.at)) if span.id in change.ids else span
        for span in day.quiet
        if span.id not in change.ids or span.begins < change.at
    ]
    return day.but(quiet=tuple(ended))


def quiet_id(change: Change) -> str:
    """A span of quiet is named by its change."""
    return f"change-{change.n}"


def _as_it_is(day: GateDay, _: Change) -> GateDay:
    """Kinds that change no cue here: the day type was folded before, what holds are left is seen at the end."""
    return day


_FOLDS: dict[Kind, Callable[[GateDay, Change], GateDay]] = {
    "delay": _delay,
    "skip": _skip,
    "extend": _extend,
    "call": _call,
    "repeat": _repeat,
    "notice": _notice,
    "release": _release,
    "ready": _release,
    "move": _move,
    "quiet": _quiet,
    # Rerouted are several days at once, the day type is folded by the timetable, and holds by `_holds`.
    **dict.fromkeys(("hold", "resume", "reroute", "day_type", "left", "undo"), _as_it_is),
}


def _placed_between(known: Sequence[Change], undone: Change, undo: Change) -> set[str]:
    """The cues that were put among those that a change had moved, before it was undone."""
    between = (one for one in known if undone.n < one.n < undo.n and one.kind in ("move", "reroute"))
    return {own for one in between for own in one.cues}


def _brought_back(day: GateDay, ids: Collection[str], change: Change, undo: Change) -> GateDay:
    """What an undo brings back after its instant goes behind the rest, and not before undo + 5 s."""
    earliest = undo.at + timedelta(seconds=limits.BACK_AFTER_S)
    late = [cue for cue in day.cues if cue.id in ids and cue.state == "planned" and cue.at < earliest]
    if change.kind not in ("skip", "delay", "move", "reroute", "day_type") or not late:
        return day
    for cue in sorted(late, key=order):
        others = day.but(cues=tuple(one for one in day.cues if one.id != cue.id))
        day = _with_cues(day, [*others.cues, _behind(others, cue, earliest)])
    return day


def _behind(day: GateDay, cue: Cue, earliest: datetime) -> Cue:
    """The cue behind the planned calls of its window at this gate, and not before `earliest`."""
    every = timedelta(seconds=next((window.every_s for window in day.windows if window.id == cue.window), 0))
    calls = (one for one in day.cues if one.window == cue.window and one.kind == "call" and one.state == "planned")
    at = max([earliest, *(one.at + every for one in calls)])
    return cue.but(at=at, until=at + (cue.until - cue.at))


# New days, checked anew ---------------------------------------------------------------------------


def _moved(day: GateDay, change: Change, made: Callable[[Cue], Cue]) -> GateDay:
    return _with_cues(day, [made(cue) if cue.id in change.cues else cue for cue in day.cues])


def _with_cues(day: GateDay, cues: Iterable[Cue]) -> GateDay:
    return day.but(cues=tuple(sorted(cues, key=order)))
