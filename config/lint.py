"""What is wrong with a plan in sense: classes nobody calls, windows that overlap, calls after the end. Pure.

One mistake is one finding: what only follows from another fault is not reported.
"""

import difflib
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from config import limits
from config.alerts import RAISED
from config.findings import Finding
from config.lint_calendar import calendar_faults, make_up_findings
from config.parsing import shown
from config.plan import Draft, Gate, Plan, PlanError, SchoolClass, WindowEntry, draft, expand
from config.timetable import calls, folded, ordered

Unreadable = Callable[[str], str]
"""The characters of a sentence that the voice cannot read; empty when it can."""


def read(text: str, file: str, unreadable: Unreadable = lambda _: "") -> tuple[Plan, tuple[Finding, ...]]:
    """A plan and its warnings. Raises PlanError with everything that is wrong, at once."""
    made, findings = draft(text)
    findings += tuple(_findings(made, unreadable))
    plan = None if any(finding.severity == "error" for finding in findings) else made.plan()
    if plan is None or (heavy := tuple(_heavy(plan))):
        raise PlanError(file, findings if plan is None else findings + heavy)
    return plan, findings


def _findings(made: Draft, unreadable: Unreadable) -> Iterator[Finding]:
    yield from _ids(made)
    yield from _names(made)
    yield from _school(made)
    yield from _references(made)
    yield from _sentences(made, unreadable)
    for window in made.windows:
        yield from _window(window)
        yield from _twice(made, window)
        yield from _last_call(made, window)
    yield from _overlaps(made)
    yield from _never_called(made)
    yield from _gates(made)


def _ids(made: Draft) -> Iterator[Finding]:
    twins = {
        kind: [own for own, count in Counter(made.named.get(kind, ())).items() if count > 1]
        for kind in ("classes", "windows")
    }
    for kind, ids in twins.items():
        yield from (Finding("twin", f"{kind}.{own}", own) for own in ids)
    owner: dict[str, str] = {}
    for entry in made.entries:
        own = [one.id for one in expand(entry)] if entry.fault is None else []
        taken = [one for one in (entry.id, *own) if owner.setdefault(one, entry.id) != entry.id]
        yield from (Finding("twin", f"classes.{entry.id}", one) for one in taken[:1])


def _names(made: Draft) -> Iterator[Finding]:
    """Nobody can tell two of one name apart; width and spaces are not heard. One finding a grade."""
    first: dict[str, str] = {}
    found: set[str] = set()
    for one in made.classes:
        other = first.setdefault(_heard(one.name), one.id)
        if other != one.id and one.entry not in found:
            found.add(one.entry)
            yield Finding("same_name", f"classes.{one.entry}", one.name, {"other": other})
    gates: dict[str, str] = {}
    for gate in made.gates:
        if (other := gates.setdefault(_heard(gate.name), gate.id)) != gate.id:
            yield Finding("same_name", f"gates.{gate.id}", gate.name, {"other": other})


def _heard(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()


def _school(made: Draft) -> Iterator[Finding]:
    if made.school is not None:
        try:
            ZoneInfo(made.school.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            yield Finding("zone_name", "school.zone", shown(made.school.zone))
    if made.calendar is not None:
        certain = made.whole("gates", "classes") and all(entry.fault is None for entry in made.entries)
        scopes = {*made.named.get("gates", ()), *_classes_named(made)} if certain else None
        zone = made.school.zone if made.school else "Asia/Shanghai"
        yield from calendar_faults(made.calendar, ("normal", "closed"), scopes, zone)
        yield from make_up_findings(made.calendar)


def _references(made: Draft) -> Iterator[Finding]:
    for zone in made.zones:
        yield from _known("gate", f"zones.{zone.id}.gate", zone.gate, made.named.get("gates"))
    for entry in made.entries:
        yield from _known("zone", f"classes.{entry.id}.zone", entry.zone, made.named.get("zones"))
        match entry.fault:
            case "bad_id":
                yield Finding("bad_id", f"classes.{entry.id}.id", shown(f"{entry.id}c{entry.count}"))
            case "bad_text":
                yield Finding("bad_text", f"classes.{entry.id}.grade", shown(entry.grade))
            case "count_or_name":
                yield Finding("count_or_name", f"classes.{entry.id}")
            case None:
                pass
    for window in made.windows:
        for place, name in _unknown_classes(made, window):
            yield from _known("class", place, name, _classes_named(made))
        for n, name in enumerate(window.gates or ()):
            yield from _known("gate", f"windows.{window.id}.gates[{n}]", name, made.named.get("gates"))


def _known(kind: str, place: str, value: str, known: Sequence[str] | None) -> Iterator[Finding]:
    if known is not None and value not in known:
        near = difflib.get_close_matches(value, known, n=1)
        kinds = {"gate": "校门 (gate)", "zone": "接送区 (zone)", "class": "班级 (class)"}
        yield Finding("no_such", place, value, {"kind": kinds[kind], "hint": f"（{near[0]}?）" if near else ""})


def _classes_named(made: Draft) -> list[str]:
    return [*made.named.get("classes", ()), *(one.id for one in made.classes)]


def _unknown_classes(made: Draft, window: WindowEntry) -> list[tuple[str, str]]:
    """Where `order` names what does not exist; it may, when an entry is broken whose classes begin so."""
    if "classes" not in made.named or any(place.startswith("classes[") for place in made.broken):
        return []
    known = set(_classes_named(made))
    vague = set(made.named["classes"]) - {entry.id for entry in made.entries if entry.fault is None}
    return [
        (f"windows.{window.id}.order[{n}]", name)
        for n, name in enumerate(window.order or ())
        if name not in known and not name.startswith(tuple(vague))
    ]


def _sentences(made: Draft, unreadable: Unreadable) -> Iterator[Finding]:
    said: list[tuple[str, str]] = []
    if made.sentences is not None:
        call = made.sentences.call
        rest = call.replace("{classes}", "", 1)
        if rest == call or "{" in rest or "}" in rest:
            yield Finding("template", "sentences.call", call)
        else:
            said.append(("sentences.call", rest))
            longest = max((one.name for one in made.classes), key=len, default="")
            if (count := len(rest) + len(longest)) > limits.SAY_MAX:
                args = {"name": longest, "count": str(count), "most": str(limits.SAY_MAX)}
                yield Finding("too_long", "sentences.call", shown(call), args)
    said += [(f"classes.{entry.id}.name", entry.name) for entry in made.entries if entry.name]
    said += [(f"classes.{entry.id}.grade", entry.grade) for entry in made.entries if entry.grade]
    said += [(f"windows.{window.id}.notice", window.notice) for window in made.windows if window.notice]
    said += [(f"alerts.{one}", say) for one in RAISED if made.alerts and (say := made.alerts.own(one))]
    for place, text in said:
        if characters := unreadable(text):
            yield Finding("readable", place, text, {"characters": characters})


def _window(window: WindowEntry) -> Iterator[Finding]:
    place = f"windows.{window.id}"
    starts_s = window.opens if window.starts is None else window.starts
    if not window.in_order:
        times = {"opens": clock(window.opens), "starts": clock(starts_s), "closes": clock(window.closes)}
        key = "starts" if starts_s < window.opens < window.closes else "closes"
        yield Finding("order", f"{place}.{key}", times[key], times)
    if window.kind == "dismissal":
        if window.every_s is None:
            yield Finding("every_s", f"{place}.every_s")
        if window.pacing == "timed" and (keys := _waits(window)):
            yield Finding("not_for_pacing", f"{place}.{keys[0]}", args={"keys": ", ".join(keys)})
    elif keys := _strange(window):
        one = f"{place}.{keys[0]}"
        where, value = (one, "") if len(keys) == 1 else (f"{place}.kind", window.kind)
        yield Finding("not_for_kind", where, value, {"kind": window.kind, "keys": ", ".join(keys)})
    if window.kind != "dismissal" and window.notice is None and len(_strange(window)) <= 1:
        yield Finding("notice", f"{place}.notice")


def _strange(window: WindowEntry) -> list[str]:
    """Keys that only a dismissal has. Several: its kind is wrong, not each of them."""
    if window.kind == "dismissal":
        return []
    keys = [key for key in ("every_s", "order", "starts") if getattr(window, key) is not None]
    return keys + ["pacing"] * (window.pacing != "timed") + _waits(window)


def _waits(window: WindowEntry) -> list[str]:
    """Keys written here that only a window paced by people has."""
    return [key for key in ("max_wait_s", "on_timeout") if key in window.model_fields_set]


def _twice(made: Draft, window: WindowEntry) -> Iterator[Finding]:
    seen: set[str] = set()
    for n, name in enumerate(window.order or ()):
        meant = {one.id for one in made.classes if name in (one.id, one.entry)}
        if meant & seen and window.kind == "dismissal":
            yield Finding("twice", f"windows.{window.id}.order[{n}]", name, {"name": name})
        seen |= meant


def _last_call(made: Draft, window: WindowEntry) -> Iterator[Finding]:
    if window.every_s is None or not window.in_order:
        return
    late = []
    for gate in made.gates:
        for one, at_s in calls(_at(made, gate), window, gate):
            if at_s > window.closes:
                late.append((at_s, gate.name, one.name))
    if late:
        at_s, gate_name, name = max(late, key=lambda one: one[0])
        args = {"gate": gate_name, "name": name, "at": clock(at_s)}
        yield Finding("late_last", f"windows.{window.id}.closes", clock(window.closes), args)


def _at(made: Draft, gate: Gate) -> list[SchoolClass]:
    """The classes known to wait at a gate."""
    zones = {zone.id for zone in made.zones if zone.gate == gate.id}
    return [one for one in made.classes if one.zone in zones]


def _overlaps(made: Draft) -> Iterator[Finding]:
    """One finding for windows that hang together: usually one time is wrong."""
    windows = list({window.id: window for window in made.windows if window.in_order}.values())
    windows.sort(key=lambda window: (window.opens, window.id))
    found: set[str] = set()
    for n, other in enumerate(windows):
        clash = [one for one in windows[:n] if other.opens < one.closes and _share_a_gate(one, other, made)]
        if clash and not found & {one.id for one in clash}:
            yield Finding("overlap", f"windows.{other.id}.opens", clock(other.opens), {"other": clash[0].name})
        if clash:
            found |= {other.id, *(one.id for one in clash)}


def _share_a_gate(one: WindowEntry, other: WindowEntry, made: Draft) -> bool:
    return any(one.at_gate(gate) and other.at_gate(gate) for gate in made.named.get("gates", ()))


def _certain(made: Draft) -> bool:
    """Whether it is known which classes the windows call: nothing of it is broken, misspelt or of the wrong kind."""
    return (
        made.whole("classes", "windows")
        and all(entry.fault is None for entry in made.entries)
        and not any(_unknown_classes(made, window) or len(_strange(window)) > 1 for window in made.windows)
    )


def _never_called(made: Draft) -> Iterator[Finding]:
    if not _certain(made):
        return
    dismissals = [window for window in made.windows if window.kind == "dismissal"]
    if not dismissals:
        yield Finding("no_dismissal", "windows")
        return
    gate_of = {zone.id: zone.gate for zone in made.zones}
    called = {
        one.id
        for window in dismissals
        for one in ordered(made.classes, window.order)
        if one.zone not in gate_of or window.at_gate(gate_of[one.zone])
    }
    for entry in made.entries:
        left = [one for one in expand(entry) if one.id not in called]
        if len(left) > 1 and len(left) == entry.count:
            yield Finding("never_called", f"classes.{entry.id}", entry.id, {"name": entry.grade or ""})
        else:
            yield from (Finding("never_called", f"classes.{entry.id}", one.id, {"name": one.name}) for one in left)


def _gates(made: Draft) -> Iterator[Finding]:
    """What every gate gets of the day."""
    known = made.named.get("gates", ())
    certain = (
        _certain(made)
        and made.whole("gates", "zones")
        and all(zone.gate in known for zone in made.zones)
        and all(entry.zone in made.named.get("zones", ()) for entry in made.entries)
        and all(gate in known for window in made.windows for gate in window.gates or ())
    )
    for gate in made.gates:
        own = _at(made, gate)
        count = sum(
            len(list(calls(own, window, gate))) + (window.notice is not None and window.at_gate(gate.id))
            for window in made.windows
        )
        if not count and certain:
            yield Finding("no_classes", f"gates.{gate.id}", args={"gate": gate.name})
        if count > limits.CUES_MAX:
            args = {"gate": gate.name, "count": str(count), "most": str(limits.CUES_MAX)}
            yield Finding("too_many", f"gates.{gate.id}", args=args)


def _heavy(plan: Plan) -> Iterator[Finding]:
    """A day must fit into its message."""
    for gate, day in zip(plan.gates, folded(plan, plan.calendar.terms[0].begins, "normal"), strict=True):
        if (count := len(day.model_dump_json(by_alias=True).encode())) > limits.PLAN_DAY_MAX_BYTES:
            args = {"gate": gate.name, "count": str(count), "most": str(limits.PLAN_DAY_MAX_BYTES)}
            yield Finding("too_heavy", f"gates.{gate.id}", args=args)


def clock(time_s: float) -> str:
    """Seconds after midnight as a plan writes them."""
    minutes, seconds = divmod(int(time_s), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")
