"""Of any plan and any changes: a day is total, always the same and whole; an undo in time takes everything back."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from config.changes import Change
from config.findings import clock
from config.plan import Plan, SchoolClass, WindowEntry
from config.roster import Kind, Roster, WholeDay
from config.timetable import folded, instant, local, timetable
from drawn_plans import DATES, TYPES, WEEKDAYS, changes, plans
from plan_days import WEDNESDAY

FEWER = settings(max_examples=50)
KINDS_OF_DAY = st.builds(Kind, st.sampled_from(["normal", *TYPES, "closed", "snow"]), st.sampled_from(WEEKDAYS))
OPEN = date(2026, 11, 27)
"""No gate is closed."""
EARLY = datetime(2026, 11, 25, 0, tzinfo=UTC)


@FEWER
@given(plans(), DATES, KINDS_OF_DAY)
def test_any_plan_has_one_day_a_gate_always_the_same_and_no_id_twice(made: Plan, on: date, kind: Kind) -> None:
    days = folded(made, on, WholeDay(*kind))
    assert [day.gate for day in days] == [gate.id for gate in made.gates]
    assert folded(made, on, WholeDay(*kind)) == days
    for day in days:
        assert len({cue.id for cue in day.cues}) == len(day.cues)
        assert all(cue.say for cue in day.cues)
        if kind.day_type in ("closed", "snow"):  # closed, or a day type that the plan does not know
            assert (day.windows, day.cues) == ((), ())


def wanted(made: Plan, kind: Kind, on: date) -> set[tuple[str, str, str]]:
    """Window, class, gate: what the plan says, found by looking class by class."""
    return {
        (window.id, one.id, gate)
        for window in made.windows
        if window.runs(*kind) and kind.day_type in ("normal", *TYPES)
        for one in made.classes
        for gate in gates_of(made, window, one, kind, on)
    }


def gates_of(made: Plan, window: WindowEntry, one: SchoolClass, kind: Kind, on: date) -> Iterator[str]:
    variant = window.variant(*kind)
    named = [name for call in variant.calls if kind.weekday in (call.weekdays or WEEKDAYS) for name in call.who]
    named += variant.order or ([] if variant.calls else [one.id])
    groups = {group.id: group for group in made.groups}
    for name in named:
        group = groups.get(name)
        if name in {one.id, one.entry} or (group and {one.id, one.entry} & {*group.members}):
            own = [[one.id, one.entry]] if group is None or group.zone is None else [[group.id]]
            own = [[group.id], *own] if group is not None and group.zone is None else own
            default = group.zone if group is not None and group.zone is not None else one.zone
            zone = place(made, window, kind, *own) or default
            gate: str | None = next(each.gate for each in made.zones if each.id == zone)
            if not variant.at_gate(gate or ""):
                continue
            closures = [(each.id, span) for each in made.gates for span in each.closures]
            shut = {each: span.instead for each, span in closures if span.begins <= on <= span.to}
            if gate in shut:
                gate = shut[gate] if shut[gate] not in shut else None
            if gate is not None:
                yield gate


def place(made: Plan, window: WindowEntry, kind: Kind, *asked: list[str]) -> str | None:
    """The most special table that has one of the names: the names one after the other, then the next ones."""
    of_type = {each.id: each.places for each in made.day_types}.get(kind.day_type, {})
    on = {key: each.places or {} for key, each in window.on.items()}
    tables = (on.get(kind.day_type, {}), of_type, on.get(kind.weekday, {}), window.places)
    for names in asked:
        for table in tables:
            for name in names:
                if name in table:
                    return table[name]
    return None


@FEWER
@given(plans(), KINDS_OF_DAY, st.sampled_from([WEDNESDAY, OPEN]))
def test_every_class_that_the_plan_names_is_called_once_a_window_and_gate_or_has_a_reason(
    made: Plan, kind: Kind, on: date
) -> None:
    days = folded(made, on, WholeDay(*kind))
    called = [
        (cue.window or "", one, day.gate, cue.id.split("/")[2] == one)
        for day in days
        for cue in day.cues
        if cue.kind == "call"
        for one in cue.classes
    ]
    assert {row[:3] for row in called} == wanted(made, kind, on)
    alone = [row for row in called if row[3]]
    assert len(set(alone)) == len(alone)
    roster = Roster(made, WholeDay(*kind), on)
    out = {(one.window, one.cls): one.why for window in made.windows for one in roster.left_out(window)}
    named = {row[:2] for row in wanted(made, kind, OPEN)}
    assert all(out[row] == "gate_closed" for row in named - {row[:2] for row in called})
    known = kind.day_type in ("normal", "closed", *TYPES)
    not_today = {window.id for window in made.windows if not (known and window.runs(*kind))}
    assert {window for (window, _), why in out.items() if why == "other_day"} == not_today


@FEWER
@given(st.data(), plans())
def test_whatever_staff_did_there_is_a_day_and_only_the_numbers_order_counts(data: st.DataObject, made: Plan) -> None:
    days = timetable(made, WEDNESDAY)
    noon = instant(made, WEDNESDAY, 10.2 * 3600)
    done = data.draw(changes(days, noon))
    undos = [undo(20 + one.n, one, one.at + timedelta(seconds=30)) for one in done if data.draw(st.booleans())]
    every = [*done, *undos]
    result = timetable(made, WEDNESDAY, every)
    assert timetable(made, WEDNESDAY, every[::-1]) == result
    assert timetable(made, WEDNESDAY, data.draw(st.permutations(every))) == result
    assert [day.gate for day in result] == [day.gate for day in days]


REVERSIBLE = ("delay", "skip", "move", "reroute", "notice", "extend", "day_type", "quiet")


@FEWER
@given(st.data(), plans())
def test_what_is_undone_before_its_instant_was_never_done(data: st.DataObject, made: Plan) -> None:
    days = timetable(made, WEDNESDAY)
    early = instant(made, WEDNESDAY, 5 * 3600)
    done = data.draw(changes(days, early, REVERSIBLE))
    kept = done[: data.draw(st.integers(0, len(done) - 1))]
    undos = [undo(20 + one.n, one, early + timedelta(minutes=10)) for one in done[len(kept) :]]
    assert timetable(made, WEDNESDAY, [*done, *undos]) == timetable(made, WEDNESDAY, kept)


def undo(n: int, of: Change, at: datetime) -> Change:
    return Change.model_validate(
        {"v": 1, "n": n, "key": f"u{n}", "at": at, "by": "王老师", "kind": "undo", "undoes": of.n}
    )


@FEWER
@given(st.data(), plans())
def test_no_class_is_lost_or_doubled_by_moving_rerouting_or_another_day_type(data: st.DataObject, made: Plan) -> None:
    days = timetable(made, WEDNESDAY)
    done = data.draw(changes(days, EARLY, ("move", "reroute", "skip", "delay")))
    result = timetable(made, WEDNESDAY, done)
    before = {cue.id for day in days for cue in day.cues}
    assert {cue.id for day in result for cue in day.cues} == before
    turned = data.draw(changes(days, instant(made, WEDNESDAY, 10.3 * 3600), ("day_type",)))
    for day in timetable(made, WEDNESDAY, turned):
        assert len({cue.id for cue in day.cues}) == len(day.cues)


SWITCHES = {
    "Europe/Berlin": (date(2026, 3, 29), date(2026, 10, 25)),
    "America/St_Johns": (date(2026, 3, 8), date(2026, 11, 1)),
    "Australia/Lord_Howe": (date(2026, 4, 5), date(2026, 10, 4)),
    "Africa/Cairo": (date(2026, 4, 24), date(2026, 10, 30)),
    "Asia/Shanghai": (WEDNESDAY,),
}


@FEWER
@given(st.data(), plans(hour=1))
def test_when_clocks_change_a_window_opens_by_them_and_keeps_its_length(data: st.DataObject, made: Plan) -> None:
    on = data.draw(st.sampled_from(SWITCHES[made.school.zone]))
    for day in folded(made, on, WholeDay("normal", "wed")):
        for window in day.windows:
            entry = next(each for each in made.windows if each.id == window.id).variant("normal", "wed")
            assert f"{local(window.opens, made):%H:%M}" == clock(entry.opens)
            assert window.closes - window.opens == timedelta(seconds=entry.closes - entry.opens)
            assert all(window.opens <= cue.at for cue in day.cues if cue.window == window.id)
