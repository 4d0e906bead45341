"""What is wrong with a plan in sense: classes nobody calls, windows that overlap, calls after the end. Pure."""

import difflib
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from config import limits
from config.findings import Finding
from config.plan import Draft, Gate, Plan, PlanError, WindowEntry, draft
from config.timetable import called_at, ordered

Unreadable = Callable[[str], str]
"""The characters of a sentence that the voice cannot read; empty when it can."""


def read(text: str, file: str, unreadable: Unreadable = lambda _: "") -> tuple[Plan, tuple[Finding, ...]]:
    """A plan and its warnings. Raises PlanError with everything that is wrong, at once."""
    made, findings = draft(text)
    findings += tuple(_findings(made, unreadable))
    if any(finding.severity == "error" for finding in findings):
        raise PlanError(file, findings)
    return made.plan(), findings


def _findings(made: Draft, unreadable: Unreadable) -> Iterator[Finding]:
    yield from _ids(made)
    yield from _school(made)
    yield from _references(made)
    yield from _sentences(made, unreadable)
    for window in made.windows:
        yield from _window(window)
        yield from _last_call(made, window)
    yield from _overlaps(made)
    yield from _calls(made)


def _ids(made: Draft) -> Iterator[Finding]:
    for kind in ("classes", "windows"):
        for own, count in Counter(made.named.get(kind, ())).items():
            if count > 1:
                yield Finding("twin", f"{kind}.{own}", own)
    ids = Counter(one.id for one in made.classes) + Counter(
        entry.id for entry in made.entries if entry.count is not None
    )
    seen = set(made.named.get("classes", ()))
    yield from (Finding("twin", f"classes.{own}", own) for own, n in ids.items() if n > 1 and own not in seen)
    first: dict[str, str] = {}
    for one in made.classes:
        if one.name in first and first[one.name] != one.id:
            yield Finding("same_name", f"classes.{one.entry}", one.name, {"other": first[one.name]})
        first.setdefault(one.name, one.id)


def _school(made: Draft) -> Iterator[Finding]:
    if made.school is not None:
        try:
            ZoneInfo(made.school.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            yield Finding("zone_name", "school.zone", made.school.zone)
    terms = made.calendar.terms if made.calendar else ()
    for n, term in enumerate(terms):
        if term.to < term.begins or (n and term.begins <= terms[n - 1].to):
            yield Finding("term", f"calendar.terms[{n}]", f"{term.begins} – {term.to}")


def _references(made: Draft) -> Iterator[Finding]:
    gates, zones = made.named.get("gates", ()), made.named.get("zones", ())
    groups = made.named.get("classes", ())
    for zone in made.zones:
        yield from _known("gate", f"zones.{zone.id}.gate", zone.gate, gates)
    for entry in made.entries:
        yield from _known("zone", f"classes.{entry.id}.zone", entry.zone, zones)
        single, grade = entry.name is not None, entry.grade is not None and entry.count is not None
        if single == grade or (single and (entry.grade is not None or entry.count is not None)):
            yield Finding("count_or_name", f"classes.{entry.id}")
    known = [*groups, *(one.id for one in made.classes)]
    for window in made.windows:
        for n, name in enumerate(window.order or ()):
            if not any(name.startswith(group) for group in set(groups) - {one.id for one in made.entries}):
                yield from _known("class", f"windows.{window.id}.order[{n}]", name, known)
        for n, name in enumerate(window.gates or ()):
            yield from _known("gate", f"windows.{window.id}.gates[{n}]", name, gates)


def _known(kind: str, place: str, value: str, known: tuple[str, ...] | list[str]) -> Iterator[Finding]:
    if value not in known:
        near = difflib.get_close_matches(value, known, n=1)
        kinds = {"gate": "校门 (gate)", "zone": "接送区 (zone)", "class": "班级 (class)"}
        yield Finding("no_such", place, value, {"kind": kinds[kind], "hint": f"（{near[0]}?）" if near else ""})


def _sentences(made: Draft, unreadable: Unreadable) -> Iterator[Finding]:
    said: list[tuple[str, str]] = []
    if made.sentences is not None:
        rest = made.sentences.call.replace("{classes}", "", 1)
        if rest == made.sentences.call or "{" in rest or "}" in rest:
            yield Finding("template", "sentences.call", made.sentences.call)
        else:
            said.append(("sentences.call", rest))
    said += [(f"classes.{entry.id}", entry.name or entry.grade or "") for entry in made.entries]
    said += [(f"windows.{window.id}.notice", window.notice) for window in made.windows if window.notice]
    for place, text in said:
        if characters := unreadable(text):
            yield Finding("readable", place, text, {"characters": characters})


def _window(window: WindowEntry) -> Iterator[Finding]:
    place = f"windows.{window.id}"
    starts_s = window.opens if window.starts is None else window.starts
    if not window.opens <= starts_s < window.closes:
        times = {"opens": clock(window.opens), "starts": clock(starts_s), "closes": clock(window.closes)}
        yield Finding("order", f"{place}.closes", clock(window.closes), times)
    if window.pacing != "timed":
        yield Finding("pacing", f"{place}.pacing", window.pacing)
    if window.kind == "dismissal":
        if window.every_s is None:
            yield Finding("every_s", f"{place}.every_s")
        return
    if window.notice is None:
        yield Finding("notice", f"{place}.notice")
    for key in ("every_s", "order", "starts"):
        if getattr(window, key) is not None:
            yield Finding("not_for_kind", f"{place}.{key}", args={"kind": window.kind})


def _last_call(made: Draft, window: WindowEntry) -> Iterator[Finding]:
    if (plan := _sound(made)) is None or window.every_s is None:
        return
    names = [one.id for one in ordered(plan.classes, window.order)]
    for own, count in Counter(names).items():
        if count > 1:
            yield Finding("twice", f"windows.{window.id}.order", own, {"name": own})
    for gate in plan.gates:
        called = list(called_at(plan, window, gate))
        if called and called[-1][1] > window.closes:
            one, at_s = called[-1]
            args = {"gate": gate.name, "name": one.name, "at": clock(at_s)}
            yield Finding("late_last", f"windows.{window.id}.closes", clock(window.closes), args)


def _overlaps(made: Draft) -> Iterator[Finding]:
    windows = sorted(made.windows, key=lambda window: (window.opens, window.id))
    for one, other in pairwise(windows):
        if other.opens < one.closes and _gates(one, made) & _gates(other, made):
            yield Finding("overlap", f"windows.{other.id}.opens", clock(other.opens), {"other": one.name})


def _gates(window: WindowEntry, made: Draft) -> set[str]:
    return {gate.id for gate in made.gates} & set(window.gates or (gate.id for gate in made.gates))


def _calls(made: Draft) -> Iterator[Finding]:
    """What every class and gate of the school gets of the day."""
    if (plan := _sound(made)) is None or len(made.windows) < len(made.named.get("windows", ())):
        return  # a window that could not be read may be the one that calls them
    dismissals = [window for window in plan.windows if window.kind == "dismissal"]
    called = {one.id for window in dismissals for one in ordered(plan.classes, window.order)}
    for one in plan.classes:
        if one.id not in called:
            yield Finding("never_called", f"classes.{one.entry}", one.id, {"name": one.name})
    for gate in plan.gates:
        count = sum(len(list(called_at(plan, window, gate))) for window in dismissals) + _notices(plan, gate)
        if not count:
            yield Finding("no_classes", f"gates.{gate.id}", args={"gate": gate.name})
        if count > limits.CUES_MAX:
            yield Finding("too_many", f"gates.{gate.id}", args={"gate": gate.name, "count": str(count)})


def _notices(plan: Plan, gate: Gate) -> int:
    return sum(window.notice is not None and gate.id in (window.gates or (gate.id,)) for window in plan.windows)


def _sound(made: Draft) -> Plan | None:
    """The draft as a plan, when its parts are there and every class leads to a gate."""
    if made.school is None or made.sentences is None or made.calendar is None:
        return None
    gates, zones = {gate.id for gate in made.gates}, {zone.id: zone.gate for zone in made.zones}
    if not all(entry.zone in zones and zones[entry.zone] in gates for entry in made.entries):
        return None
    return made.plan()


def clock(time_s: float) -> str:
    """Seconds after midnight as a plan writes them."""
    minutes, seconds = divmod(int(time_s), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")
