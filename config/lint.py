"""What is wrong with a plan in sense: classes nobody calls, windows that overlap, calls after the end. Pure.

One mistake is one finding: what only follows from another fault is not reported.
"""

import difflib
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from config import limits
from config.alerts import RAISED
from config.extends import Near, owner
from config.findings import Finding
from config.lint_calendar import calendar_faults, make_up_findings
from config.lint_days import day_findings, doubts, heavy
from config.lint_windows import listed_twice, strange, window_findings
from config.parsing import shown
from config.plan import CLOSED, NORMAL, Closure, Plan, PlanError, WindowEntry, expand
from config.plan_read import Draft, draft
from config.schoolyear import Weekday
from config.voice import MUTE, Voice


def read(text: str, file: str, voice: Voice = MUTE, near: Near | None = None) -> tuple[Plan, tuple[Finding, ...]]:
    """A plan and its warnings. Raises PlanError with everything that is wrong, at once. `near`: the files beside it."""
    made, findings = draft(text, near)
    findings += tuple(_findings(made, voice))
    plan = None if any(finding.severity == "error" for finding in findings) else made.plan()
    if plan is not None:
        findings += tuple(heavy(plan)) or tuple(doubts(plan, voice))
    findings = tuple(replace(one, file=one.file or owner(made.files, one.place)) for one in findings)
    if plan is None or any(finding.severity == "error" for finding in findings):
        raise PlanError(file, findings)
    return plan, findings


def _findings(made: Draft, voice: Voice) -> Iterator[Finding]:
    yield from _ids(made)
    yield from _names(made, voice)
    yield from _school(made)
    yield from _references(made)
    yield from _sentences(made, voice)
    for window in made.windows:
        yield from window_findings(window, made.named.get("day_types", ()))
        yield from listed_twice(made, window)
    certain = _certain(made)
    yield from day_findings(made, certain=certain, known=certain and _known_places(made))


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
    yield from (Finding("twin", f"groups.{group.id}", group.id) for group in made.groups if group.id in owner)
    reserved = (NORMAL, CLOSED, *get_args(Weekday))
    yield from (Finding("reserved", f"day_types.{one.id}", one.id) for one in made.day_types if one.id in reserved)


def _names(made: Draft, voice: Voice) -> Iterator[Finding]:
    """Nobody can tell two of one name, or of one sound, apart, however they are written. One finding a grade."""
    own = _readings(made, voice)
    first: dict[str, tuple[str, str]] = {}
    found: set[str] = set()
    called = [(f"classes.{one.entry}", one.id, one.name) for one in made.classes]
    called += [(f"groups.{one.id}", one.id, one.name) for one in made.groups if one.name and not one.each]
    for place, own_id, name in called:
        sound = voice.sounds(name, own) if voice.sounds else _heard(name)
        other_id, other = first.setdefault(sound, (own_id, name))
        if other_id != own_id and place not in found:
            found.add(place)
            same = _heard(name) == _heard(other)
            code, told = ("same_name", other_id) if same else ("sound_alike", other)
            yield Finding(code, place, name, {"other": told})
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
        if made.school.owners is not None and len(made.school.owners) == 1:
            yield Finding("one_owner", "school.owners", made.school.owners[0], severity="warning")
    if made.calendar is not None:
        parts = ("campuses", "gates", "classes", "groups")
        certain = made.whole(*parts) and all(entry.fault is None for entry in made.entries)
        named = {part: {*made.named.get(part, ())} for part in parts}
        named["classes"] |= {one.id for one in made.classes}
        scopes = Counter(one for ids in named.values() for one in ids)
        types = made.named.get("day_types", ()) if made.whole("day_types") else ()
        zone = made.school.zone if made.school else "Asia/Shanghai"
        yield from calendar_faults(made.calendar, types, scopes if certain else None, zone)
        yield from make_up_findings(made.calendar)


def _references(made: Draft) -> Iterator[Finding]:
    gates, zones = made.named.get("gates"), made.named.get("zones")
    for gate in made.gates:
        yield from _known("campus", f"gates.{gate.id}.campus", gate.campus, made.named.get("campuses"))
        for n, closure in enumerate(gate.closures):
            yield from _known("gate", f"gates.{gate.id}.closures[{n}].instead", closure.instead, gates)
            yield from _closure(made, closure, f"gates.{gate.id}.closures[{n}]")
    for zone in made.zones:
        yield from _known("gate", f"zones.{zone.id}.gate", zone.gate, gates)
    for entry in made.entries:
        yield from _known("zone", f"classes.{entry.id}.zone", entry.zone, zones)
        match entry.fault:
            case "bad_id":
                yield Finding("bad_id", f"classes.{entry.id}.id", shown(f"{entry.id}c{len(entry.called)}"))
            case "bad_text":
                key = "names" if entry.names else "grade"
                yield Finding("bad_text", f"classes.{entry.id}.{key}", shown(entry.names or entry.grade))
            case "count_or_name":
                yield Finding("count_or_name", f"classes.{entry.id}")
            case None:
                pass
    for group in made.groups:
        yield from _known("zone", f"groups.{group.id}.zone", group.zone, zones)
    for place, name in _unknown_classes(made):
        yield from _known("class", place, name, _classes_named(made))
    for place, name in _gates_named(made):
        yield from _known("gate", place, name, gates)
    for place, table in _places(made):
        for own, name in table.items():
            yield from _known("zone", f"{place}.{own}", name, zones)
    types = None if "day_types" not in made.named else [NORMAL, CLOSED, *made.named["day_types"]]
    for window in made.windows:
        for n, name in enumerate(window.day_types or ()):
            yield from _known("day_type", f"windows.{window.id}.day_types[{n}]", name, types)
        for key in window.on:
            days = None if types is None else [*types, *get_args(Weekday)]
            yield from _known("day", f"windows.{window.id}.on.{key}", key, days)


def _closure(made: Draft, one: Closure, place: str) -> Iterator[Finding]:
    """Nobody is called at a gate that is itself closed: there is no second one `instead`."""
    if one.to < one.begins:
        yield Finding("rule_range", f"{place}.to", str(one.to), {"begins": str(one.begins)})
        return
    for gate in made.gates:
        shut = [max(one.begins, other.begins) for other in gate.closures if _meet(one, other)]
        if gate.id == one.instead and shut:
            args = {"gate": gate.name, "on": str(min(shut))}
            yield Finding("instead_shut", f"{place}.instead", one.instead, args)


def _meet(one: Closure, other: Closure) -> bool:
    return max(one.begins, other.begins) <= min(one.to, other.to)


def _known(kind: str, place: str, value: str | None, known: Sequence[str] | None) -> Iterator[Finding]:
    if known is not None and value is not None and value not in known:
        near = difflib.get_close_matches(value, known, n=1)
        kinds = {
            "gate": "校门 (gate)", "zone": "接送区 (zone)", "class": "班级 (class)", "campus": "校区 (campus)",
            "day_type": "日型 (day type)", "day": "日型或星期 (day type or weekday)",
        }  # fmt: skip
        yield Finding("no_such", place, value, {"kind": kinds[kind], "hint": f"（{near[0]}?）" if near else ""})


def _classes_named(made: Draft) -> list[str]:
    """What may stand where classes are named: classes, grades and groups."""
    return [*made.named.get("classes", ()), *(one.id for one in made.classes), *made.named.get("groups", ())]


def _unknown_classes(made: Draft) -> list[tuple[str, str]]:
    """Where something is named that does not exist; it may, when an entry is broken whose classes begin so."""
    if "classes" not in made.named or any(place.startswith("classes[") for place in made.broken):
        return []
    known = set(_classes_named(made))
    vague = set(made.named["classes"]) - {entry.id for entry in made.entries if entry.fault is None}
    named = [*_members(made), *(one for window in made.windows for one in _who(window))]
    named += [(f"{place}.{own}", own) for place, table in _places(made) for own in table]
    return [(place, name) for place, name in named if name not in known and not name.startswith(tuple(vague))]


def _members(made: Draft) -> Iterator[tuple[str, str]]:
    for group in made.groups:
        yield from ((f"groups.{group.id}.members[{n}]", name) for n, name in enumerate(group.members))


def _who(window: WindowEntry) -> Iterator[tuple[str, str]]:
    """Every place of a window where classes, grades and groups are called by name."""
    for place, part in window.parts.items():
        lists = {f"{place}.order": part.order or ()}
        lists |= {f"{place}.calls[{n}].who": call.who for n, call in enumerate(part.calls or ())}
        lists |= {f"{place}.notices[{n}].who": notice.who or () for n, notice in enumerate(part.notices or ())}
        for key, names in lists.items():
            yield from ((f"{key}[{n}]", name) for n, name in enumerate(names))


def _gates_named(made: Draft) -> Iterator[tuple[str, str]]:
    for window in made.windows:
        for key, part in window.parts.items():
            lists = {f"{key}.gates": part.gates or ()}
            lists |= {f"{key}.notices[{n}].gates": notice.gates or () for n, notice in enumerate(part.notices or ())}
            yield from ((f"{each}[{n}]", name) for each, names in lists.items() for n, name in enumerate(names))
    for n, cap in enumerate(made.school.caps if made.school else ()):
        yield from ((f"school.caps[{n}].gates[{k}]", name) for k, name in enumerate(cap.gates or ()))
    for one in made.day_types:
        for n, span in enumerate(one.quiet):
            for k, name in enumerate(span.gates or ()):
                yield f"day_types.{one.id}.quiet[{n}].gates[{k}]", name


def _places(made: Draft) -> Iterator[tuple[str, Mapping[str, str]]]:
    yield from ((f"day_types.{one.id}.places", one.places) for one in made.day_types)
    for window in made.windows:
        yield f"windows.{window.id}.places", window.places
        yield from ((f"windows.{window.id}.on.{key}.places", on.places or {}) for key, on in window.on.items())


def _sentences(made: Draft, voice: Voice) -> Iterator[Finding]:
    said: list[tuple[str, str]] = []
    whole: list[tuple[str, str]] = []
    names = [one.name for one in made.classes]
    for group in made.groups:
        own = {one.id: one.name for name in group.members for one in made.classes if name in (one.id, one.entry)}
        names.append(group.name or "、".join(own.values()))
        if len(own) > limits.CLASSES_A_CUE_MAX and not group.each:
            limit = {"limit": f"≤ {limits.CLASSES_A_CUE_MAX}"}
            yield Finding("bad_range", f"groups.{group.id}.members", str(len(own)), limit)
    zone = max((one.name for one in made.zones), key=len, default="")
    for place, call in _templates(made):
        rest = call.replace("{classes}", "", 1).replace("{zone}", "", 1)
        if "{classes}" not in call or "{" in rest or "}" in rest:
            yield Finding("template", place, call)
            continue
        said.append((place, rest))
        longest = max(names, key=len, default="")
        whole.append((place, call.replace("{zone}", zone).replace("{classes}", longest)))
        count = len(rest) + len(longest) + (len(zone) if "{zone}" in call else 0)
        if count > limits.SAY_MAX:
            args = {"name": longest, "count": str(count), "most": str(limits.SAY_MAX)}
            yield Finding("too_long", place, shown(call), args)
    for entry in made.entries:
        said += [(f"classes.{entry.id}.{key}", text) for key in ("name", "grade") if (text := getattr(entry, key))]
        said += [(f"classes.{entry.id}.names[{n}]", text) for n, text in enumerate(entry.names or ())]
    said += [(f"groups.{group.id}.name", group.name) for group in made.groups if group.name]
    if any("{zone}" in call for _, call in _templates(made)):
        said += [(f"zones.{one.id}.name", one.name) for one in made.zones]
    parts = len(said)
    for window in made.windows:
        for key, part in window.parts.items():
            said += [(f"{key}.{own}", text) for own in ("notice", "ending") if (text := getattr(part, own))]
            said += [(f"{key}.notices[{n}].say", notice.say) for n, notice in enumerate(part.notices or ())]
    said += [(f"alerts.{one}", say) for one in RAISED if made.alerts and (say := made.alerts.own(one))]
    own = _readings(made, voice)
    yield from (Finding("pinyin", f"readings.{text}", made.readings[text]) for text in made.readings if text not in own)
    for place, text in said:
        if characters := voice.unreadable(text, own):
            yield Finding("readable", place, text, {"characters": characters})
    for place, text in (*whole, *said[parts:]) if voice is not MUTE else ():
        if len(text) <= limits.SAY_MAX and (takes_s := voice.lasts(text, own)) > limits.SAYING_MAX_S:
            args = {"takes": f"{takes_s:.0f}", "most": f"{limits.SAYING_MAX_S:.0f}"}
            yield Finding("too_long_said", place, shown(text), args)


def _readings(made: Draft, voice: Voice) -> dict[str, str]:
    """The school's own that can be spoken."""
    return {text: pinyin for text, pinyin in made.readings.items() if voice.is_pinyin(pinyin)}


def _templates(made: Draft) -> Iterator[tuple[str, str]]:
    """Every sentence with a class in it."""
    tables = {} if made.sentences is None else {"sentences": made.sentences}
    everything = {**tables, **{f"day_types.{one.id}.sentences": one.sentences for one in made.day_types}}
    for place, table in everything.items():
        for key in ("call", "club", "bus", "other"):
            if (text := getattr(table, key)) is not None:
                yield f"{place}.{key}", text
    yield from ((f"groups.{group.id}.call", group.call) for group in made.groups if group.call is not None)


def _certain(made: Draft) -> bool:
    """Whether it is known which classes the windows call: nothing of it is broken, misspelt or of the wrong kind."""
    return (
        made.whole("classes", "windows", "groups", "day_types")
        and all(entry.fault is None for entry in made.entries)
        and not _unknown_classes(made)
        and not any(len(strange(window)) > 1 for window in made.windows)
    )


def _known_places(made: Draft) -> bool:
    """Whether every gate and zone that is named is there."""
    gates, zones = made.named.get("gates", ()), made.named.get("zones", ())
    return (
        made.whole("gates", "zones")
        and all(zone.gate in gates for zone in made.zones)
        and all(entry.zone in zones for entry in made.entries)
        and all(zone in zones for _, table in _places(made) for zone in table.values())
        and all(name in gates for _, name in _gates_named(made))
    )
