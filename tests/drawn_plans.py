"""Drawn plans: schools of any shape the format allows, and what staff may do on a day of theirs."""

from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from config.changes import Change
from config.day import GateDay
from config.extends import written
from config.plan import Plan
from config.plan_read import draft
from plan_days import CALENDAR, SCHOOL

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
TYPES = ("rain", "exam")
ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Africa/Cairo")
Table = dict[str, Any]
Lists = st.SearchStrategy[list[str]]


@st.composite
def plans(draw: st.DrawFn, hour: int = 10) -> Plan:
    """Any school: gates, zones, grades, groups, day types; windows from `hour` on, each in its own way."""
    gates = [f"p{n}" for n in range(draw(st.integers(1, 3)))]
    zones = [f"z{n}" for n in range(draw(st.integers(1, 4)))]
    grades = [f"g{n}" for n in range(draw(st.integers(1, 4)))]
    counts = {grade: draw(st.integers(1, 3)) for grade in grades}
    classes = [f"{grade}c{n}" for grade in grades for n in range(1, counts[grade] + 1)]
    groups = [f"u{n}" for n in range(draw(st.integers(0, 3)))]
    zone, gate, some = st.sampled_from(zones), st.sampled_from(gates), st.sampled_from([*grades, *classes])
    anybody = st.lists(st.sampled_from([*grades, *classes, *groups]), min_size=1, max_size=6)
    places = st.dictionaries(st.sampled_from([*grades, *classes, *groups]), zone, max_size=3)
    flag = st.booleans()
    raw: Table = {
        "gates": {one: _gate(draw, gates, one) for one in gates},
        "zones": {one: {"name": one, "gate": draw(gate)} for one in zones},
        "classes": [{"id": one, "grade": one, "count": counts[one], "zone": draw(zone)} for one in grades],
        "groups": {
            one: {"members": draw(st.lists(some, min_size=1, max_size=4)), "each": draw(flag)}
            | ({"zone": draw(zone)} if draw(flag) else {})
            for one in groups
        },
        "day_types": {one: {"name": one, "places": draw(places)} for one in TYPES},
        "windows": [_window(draw, hour + 2 * n, anybody, places, gates) for n in range(draw(st.integers(1, 3)))],
        "sentences": {"call": "{classes}到{zone}"},
    }
    text = (
        SCHOOL.replace('contact = "教务处"', f'contact = "教务处"\nzone = "{draw(st.sampled_from(ZONES))}"') + CALENDAR
    )
    made, findings = draft(f"v = 1\n{written(raw)}{text.removeprefix('v = 1')}")
    assert findings == ()
    return made.plan()


def _gate(draw: st.DrawFn, gates: list[str], own: str) -> Table:
    if draw(st.integers(0, 3)):
        return {"name": own}
    closure = {"from": "2026-11-25", "to": "2026-11-25", "why": "修路"}
    return {
        "name": own,
        "closures": [closure | ({"instead": draw(st.sampled_from(gates))} if draw(st.booleans()) else {})],
    }


def _window(draw: st.DrawFn, hour: int, anybody: Lists, places: st.SearchStrategy[Table], gates: list[str]) -> Table:
    flag, day = st.booleans(), st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=3, unique=True)

    def calls() -> list[Table]:
        return [
            {"at": f"{hour:02}:{draw(st.integers(10, 59))}", "who": draw(anybody)}
            | ({"every_s": draw(st.integers(0, 60))} if draw(flag) else {})
            | ({"weekdays": draw(day)} if draw(flag) else {})
            for _ in range(draw(st.integers(0, 2)))
        ]

    def differs() -> Table:
        keys: Table = {
            "order": draw(anybody),
            "reverse": draw(flag),
            "places": draw(places),
            "every_s": 30,
            "calls": calls(),
        }
        keys |= {
            "opens": f"{hour:02}:05",
            "starts": f"{hour:02}:20",
            "gates": draw(st.lists(st.sampled_from(gates), min_size=1, max_size=4)),
        }
        return {key: value for key, value in keys.items() if draw(flag)}

    window: Table = {
        "id": f"w{hour}", "name": f"w{hour}", "kind": "dismissal", "opens": f"{hour:02}:00", "starts": f"{hour:02}:10",
        "closes": f"{hour + 2:02}:59", "every_s": 45, "calls": calls(), "places": draw(places),
    }  # fmt: skip
    more: Table = {
        "order": draw(anybody),
        "weekdays": draw(day),
        "day_types": ["normal", "rain"],
        "notice": "请看屏幕。",
    }
    more |= {
        "notices": [
            {"at": f"{hour:02}:30", "say": "请靠右走。", "who": draw(anybody)},
            {"at": f"{hour:02}:31", "say": "再见。"},
        ]
    }
    on = {key: differs() for key in draw(st.lists(st.sampled_from([*TYPES, *WEEKDAYS]), max_size=2, unique=True))}
    return window | {key: value for key, value in more.items() if draw(flag)} | ({"on": on} if on else {})


KINDS = (
    "delay",
    "skip",
    "move",
    "reroute",
    "notice",
    "extend",
    "day_type",
    "quiet",
    "call",
    "release",
    "hold",
    "resume",
)


@st.composite
def changes(draw: st.DrawFn, days: tuple[GateDay, ...], at: datetime, kinds: tuple[str, ...] = KINDS) -> list[Change]:
    """Up to four changes made from `at` on, by cues that are there and some that are not."""
    # Few of them, so that several changes concern one.
    ids = draw(st.permutations([cue.id for day in days for cue in day.cues]))[:4]
    gate = st.sampled_from([day.gate for day in days])
    windows = [window.id for day in days for window in day.windows] or ["w10"]
    made = []
    for n in range(1, draw(st.integers(1, 4)) + 1):
        when = at + timedelta(seconds=draw(st.integers(0, 300)))
        some = draw(st.lists(st.sampled_from([*ids, "2026-11-25/w9/g9c9/call"]), max_size=5, unique=True))
        fields: Table = {
            "cues": tuple(some), "delay_s": draw(st.integers(-300, 900)), "text": "通知。",
            "window": draw(st.sampled_from(windows)), "to": when + timedelta(hours=draw(st.integers(0, 5))),
            "day_type": draw(st.sampled_from([*TYPES, "normal", "snow"])),
            "ids": draw(st.sampled_from([(), (), ("change-1",), ("plan-1",)])), "undoes": None,
        }  # fmt: skip
        kind = draw(st.sampled_from(kinds))
        gated = draw(gate) if kind == "reroute" or draw(st.booleans()) else None
        made.append(
            Change.model_validate(
                {"v": 1, "n": n, "key": f"k{n}", "at": when, "by": "王老师", "kind": kind, "gate": gated, **fields}
            )
        )
    return made


DATES = st.sampled_from([date(2026, 11, 25), date(2026, 11, 27), date(2026, 10, 25), date(2027, 1, 4)])
