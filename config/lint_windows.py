"""What is wrong in a window by itself: its times on each kind of day, what it lacks, keys that nobody reads. Pure."""

from collections.abc import Collection, Iterator
from typing import get_args

from config.findings import Finding, clock
from config.plan import CLOSED, NORMAL, WindowEntry, WindowOn
from config.plan_read import Draft
from config.schoolyear import Weekday


def window_findings(window: WindowEntry, types: Collection[str]) -> Iterator[Finding]:
    """`types`: the day types of the plan."""
    yield from _times(f"windows.{window.id}", window)
    wrong: set[str] = set()
    for days, changed in _variants(window):
        if window.in_order and not changed.in_order and not wrong & {*days}:
            wrong |= {*days}
            yield from _times(f"windows.{window.id}.on.{days[0]}", changed, _beside(days))
    yield from _calls(window)
    place = f"windows.{window.id}"
    if window.kind == "dismissal":
        bare = window.order is None and window.calls
        if window.every_s is None and not bare:
            yield Finding("every_s", f"{place}.every_s")
        paced = any(part.pacing not in (None, "timed") for part in window.parts.values())
        for key, part in window.parts.items() if not paced else ():
            if keys := waits(part):
                yield Finding("not_for_pacing", f"{key}.{keys[0]}", args={"keys": ", ".join(keys)})
    elif keys := strange(window):
        one = f"{place}.{keys[0]}"
        where, value = (one, "") if len(keys) == 1 else (f"{place}.kind", window.kind)
        yield Finding("not_for_kind", where, value, {"kind": window.kind, "keys": ", ".join(keys)})
    if window.kind != "dismissal" and window.notice is None and not window.notices and len(strange(window)) <= 1:
        yield Finding("notice", f"{place}.notice")
    if CLOSED in (window.day_types or ()):
        yield Finding("reserved", f"{place}.day_types", CLOSED)
    for key, on in window.on.items():
        keys = strange(window, on)
        if _never(window, key, types):
            yield Finding("never_on", f"{place}.on.{key}")
        elif keys and len(strange(window)) <= 1:
            args = {"kind": window.kind, "keys": ", ".join(keys)}
            yield Finding("not_for_kind", f"{place}.on.{key}.{keys[0]}", args=args)


def _never(window: WindowEntry, day: str, types: Collection[str]) -> bool:
    """Whether it is not there on such a day. One that the plan does not know is another mistake."""
    if day in get_args(Weekday):
        return window.weekdays is not None and day not in window.weekdays
    return day == CLOSED or (day in (NORMAL, *types) and window.day_types is not None and day not in window.day_types)


def _variants(window: WindowEntry) -> Iterator[tuple[tuple[str, ...], WindowEntry]]:
    """As it is where something differs: on each day type and weekday alone, then on both at once."""
    days = [key for key in window.on if key in get_args(Weekday)]
    types = [key for key in window.on if key not in days]
    yield from (((key,), window.variant(key, key)) for key in window.on)
    both = ((one, day) for one in types for day in days if window.runs(one, day))
    yield from ((keys, window.variant(*keys)) for keys in both)


def _beside(days: tuple[str, ...]) -> str:
    """By which other day it is so: behind the value, as the place names only the first."""
    return "".join(f" (on.{day})" for day in days[1:])


def _times(place: str, window: WindowEntry, beside: str = "") -> Iterator[Finding]:
    if not window.in_order:
        times = {"opens": clock(window.opens), "starts": clock(window.starts_s), "closes": clock(window.closes)}
        key = "starts" if window.starts_s < window.opens < window.closes else "closes"
        yield Finding("order", f"{place}.{key}", times[key] + beside, times)


def _calls(window: WindowEntry) -> Iterator[Finding]:
    """One instant each, inside the window."""
    place = f"windows.{window.id}"
    parts = [(place, "", window)]
    parts += [(f"{place}.on.{days[0]}", _beside(days), part) for days, part in _variants(window)]
    told: set[tuple[str, int]] = set()
    for key, beside, part in parts:
        for n, call in enumerate(part.calls):
            if (call.at is None) == (call.after_s is None) and ("call", n) not in told:
                told.add(("call", n))
                yield Finding("at_or_after", f"{key}.calls[{n}]")
        times = [(f"{key}.calls[{n}].at", call.at) for n, call in enumerate(part.calls) if call.at is not None]
        times += [(f"{key}.notices[{n}].at", notice.at) for n, notice in enumerate(part.notices)]
        for where, at_s in times if part.in_order and (part is window or not told) else ():
            if not part.opens <= at_s <= part.closes:
                told.add((where, 0))
                args = {"opens": clock(part.opens), "closes": clock(part.closes)}
                yield Finding("outside", where, clock(at_s) + beside, args)


def listed_twice(made: Draft, window: WindowEntry) -> Iterator[Finding]:
    seen: set[str] = set()
    groups = {group.id for group in made.groups}
    for n, name in enumerate(window.order or ()):
        meant = {name} if name in groups else {one.id for one in made.classes if name in (one.id, one.entry)}
        if meant & seen and window.kind == "dismissal":
            yield Finding("twice", f"windows.{window.id}.order[{n}]", name, {"name": name})
        seen |= meant


def strange(window: WindowEntry, on: WindowOn | None = None) -> list[str]:
    """Keys that only a dismissal has, in the window or in what differs `on` a day. Several in the window: its kind is
    wrong, not each of them.
    """
    part = on or window
    if window.kind == "dismissal":
        return []
    keys = [key for key in ("every_s", "order", "starts", "ending") if getattr(part, key) is not None]
    keys += [key for key in ("calls", "reverse") if getattr(part, key)]
    return keys + ["pacing"] * (part.pacing not in (None, "timed")) + waits(part)


def waits(part: WindowEntry | WindowOn) -> list[str]:
    """Keys written here that only a window paced by people has."""
    return [key for key in ("max_wait_s", "on_timeout") if key in part.model_fields_set]
