"""What staff ask, through the real centre, its store and the wire: once, durable, at both gates, and undone."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from broker.situation import RefusedError
from broker.store import Store
from broker.wish import Answer, Wish
from config import limits
from config.changes import Change
from config.day import GateDay
from config.errors import BadInputError, OutsideError
from config.plan import Plan
from config.timetable import timetable
from school_rig import ForeignGate, School, fill, record, unfill

ON = "2026-11-25"
CALL = f"{ON}/noon/g1c1/call"


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    folder = tmp_path / "store"
    folder.mkdir()
    made = School(folder)
    made.settle_in()
    yield made
    made.stop()


def ask(school: School, kind: str, key: str = "k1", **more: object) -> Answer:
    wish = Wish.model_validate({"key": key, "by": "王老师", "kind": kind, **more})
    answer = school.centre.submit(wish)
    school.go()
    return answer


def refusal(school: School, kind: str, **more: object) -> str:
    with pytest.raises(RefusedError) as caught:
        ask(school, kind, str(more.pop("key", "k1")), **more)
    return caught.value.code


def came(gate: ForeignGate) -> dict[str, Any]:
    """The newest day of today that a gate was sent."""
    found: list[dict[str, Any]] = [message for what, message in gate.took() if what == f"day/{ON}" and message]
    assert found, f"{gate.name} was sent no day"
    return found[-1]


def cues(school: School) -> list[object]:
    return [(day.gate, cue) for day in school.centre.situation().days for cue in day.cues]


def times(day: dict[str, Any]) -> list[str]:
    return [cue["at"][11:19] for cue in day["cues"] if cue["kind"] == "call"]


def test_a_hold_reaches_both_gates_in_a_new_revision_and_a_resume_ends_it_by_its_id(school: School) -> None:
    answer = ask(school, "hold")
    assert (answer.n, answer.lines) == (1, ("东门 暂停", "西门 暂停"))
    for gate in (school.east, school.west):
        day = came(gate)
        assert day["revision"] == answer.revisions[gate.name] == 2
        assert [(hold["id"], hold["to"], hold["by"]) for hold in day["holds"]] == [("change-1", None, "王老师")]
    assert [[hold.id for hold in gate.holds] for gate in school.centre.view().gates] == [["change-1"]] * 2
    assert refusal(school, "resume", key="k2") == "not_held"
    assert refusal(school, "resume", key="k2", ids=("change-9",)) == "not_held"
    ask(school, "resume", key="k3", gate="east", ids=("change-1",))
    assert came(school.east)["holds"][0]["to"] is not None
    assert [bool(gate.holds) for gate in school.centre.view().gates] == [False, True]


def test_the_view_says_which_gate_has_not_confirmed(school: School) -> None:
    assert school.centre.view().confirmed == 2
    ask(school, "hold")
    school.east.status()
    school.go(42)
    view = school.centre.view()
    assert [(gate.id, gate.confirmed) for gate in view.gates] == [("east", True), ("west", False)]
    assert view.gates[1].age_s is not None
    assert 42 <= view.gates[1].age_s < 50


def test_a_delay_moves_the_rest_of_a_window_at_one_gate(school: School) -> None:
    answer = ask(school, "delay", window="noon", delay_s=120, gate="east")
    assert answer.revisions == {"east": 2, "west": 1}
    assert times(came(school.east)) == ["03:32:00", "03:32:45"]
    assert [what for what, _ in school.west.took() if what.startswith("day/")] == []
    assert answer.lines[0] == "一年级一班 11:30:00 → 11:32:00 东门"


def test_a_call_out_of_order_is_asked_twice_outside_a_window_and_released_at_once(school: School) -> None:
    assert refusal(school, "call", **{"class": "g2c2"}) == "outside"
    answer = ask(school, "call", confirmed=True, **{"class": "g2c2"})
    cue = next(one for one in came(school.west)["cues"] if one["classes"] == ["g2c2"] and one["window"] is None)
    assert (cue["released"] is not None, answer.revisions) == (True, {"east": 1, "west": 2})
    assert cue["say"] == "请注意，二年级二班正在放学。"


def test_an_undo_brings_the_day_back_in_a_newer_revision(school: School) -> None:
    before = cues(school)
    ask(school, "skip", **{"class": "g1c1"})
    assert cues(school) != before
    answer = ask(school, "undo", key="k2", undoes=1)
    assert (cues(school), answer.revisions["east"]) == (before, 3)
    assert [(one.kind, one.undone) for one in school.centre.view().changes] == [("undo", False), ("skip", True)]
    assert refusal(school, "undo", key="k3", undoes=1) == "not_done"


def test_one_key_is_one_change(school: School) -> None:
    first = ask(school, "delay", window="noon", delay_s=120)
    again = ask(school, "delay", window="noon", delay_s=120)
    assert (again.n, again.again, again.revisions) == (first.n, True, first.revisions)
    assert len(school.store.changes(school.centre.situation().on)) == 1


def test_a_key_outlives_a_restart_between_a_tap_and_its_answer(school: School) -> None:
    first = ask(school, "hold", gate="east")
    school.stop()
    school.start()
    school.go()
    again = ask(school, "hold", gate="east")
    assert (again.n, again.again, again.revisions["east"]) == (first.n, True, first.revisions["east"])
    assert len(school.store.changes(school.centre.situation().on)) == 1


@pytest.mark.parametrize(
    ("kind", "more", "code"),
    [
        ("hold", {"gate": "north"}, "no_gate"), ("delay", {"window": "noon"}, "no_delay"),
        ("delay", {"window": "night", "delay_s": 60}, "no_window"), ("skip", {"class": "g9c9"}, "no_class"),
        ("repeat", {"gate": "west"}, "not_spoken"), ("notice", {}, "no_text"), ("undo", {"undoes": 5}, "not_done"),
        ("skip", {"class": "g1c1"}, "already_spoken"),
    ],
)  # fmt: skip
def test_a_refusal_leaves_store_and_days_as_they_were(
    school: School, kind: str, more: dict[str, object], code: str
) -> None:
    school.clock.advance(5400)
    school.east.event(1, record(CALL))
    school.settle_in()
    before = (cues(school), [gate.revision for gate in school.centre.view().gates])
    assert refusal(school, kind, **more) == code
    assert (cues(school), [gate.revision for gate in school.centre.view().gates]) == before
    assert school.store.changes(school.centre.situation().on) == ()
    assert [what for gate in (school.east, school.west) for what, _ in gate.took() if what.startswith("day/")] == []


def test_a_change_that_was_not_saved_is_not_done(school: School) -> None:
    fill(school.store)
    with pytest.raises(OutsideError):
        until_the_last_page_is_full(school)
    unfill(school.store)
    known = school.store.changes(school.centre.situation().on)
    assert ask(school, "notice", key=f"n{len(known)}", text="请家长稍候").again is False


def test_a_change_whose_day_does_not_fit_on_the_disk_is_not_done(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row of a change is small, the days that follow are not: staff must not read “done” of what reached nobody."""
    before = [gate.revision for gate in school.centre.view().gates]
    write = type(school.store)._write

    def without_days(store: Store, *statements: Any) -> None:  # noqa: ANN401 - what SQLAlchemy makes
        if any("INTO days" in str(one) for one, rows in statements if rows):
            raise OutsideError("disk full")
        write(store, *statements)

    monkeypatch.setattr(type(school.store), "_write", without_days)
    with pytest.raises(OutsideError):
        ask(school, "hold", gate="east")
    assert school.store.changes(school.centre.situation().on) == ()
    assert [gate.revision for gate in school.centre.view().gates] == before
    monkeypatch.undo()
    answer = ask(school, "hold", gate="east")
    assert (answer.again, answer.revisions["east"]) == (False, before[0] + 1)


def test_a_change_that_makes_a_day_no_message_can_carry_is_refused(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(*_: object, **__: object) -> None:
        raise BadInputError("too large")

    monkeypatch.setattr("broker.centre.folded", too_large)
    assert refusal(school, "hold", gate="east") == "no_fold"
    assert school.store.changes(school.centre.situation().on) == ()


def test_a_fault_on_another_date_does_not_keep_staff_from_changing_today(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    def only_today(plan: Plan, on: date, changes: Sequence[Change] = ()) -> tuple[GateDay, ...]:
        if on.isoformat() != ON:
            raise ValueError("a clock change")
        return timetable(plan, on, changes)

    monkeypatch.setattr("broker.fold.timetable", only_today)
    answer = ask(school, "hold", gate="east")
    assert came(school.east)["revision"] == answer.revisions["east"]
    assert len(school.centre.state.days) == 2 * limits.HORIZON_DAYS


def until_the_last_page_is_full(school: School) -> None:
    for n in range(400):
        ask(school, "notice", key=f"n{n}", text="请" * 55)


def test_a_preview_changes_nothing(school: School) -> None:
    before = cues(school)
    wish = Wish.model_validate({"key": "k", "by": "王", "kind": "delay", "window": "noon", "delay_s": 60})
    assert school.centre.preview(wish)[0] == "一年级一班 11:30:00 → 11:31:00 东门"
    assert (cues(school), school.store.changes(school.centre.situation().on)) == (before, ())


def test_a_class_that_is_out_is_stored_and_shown_and_moves_nothing(school: School) -> None:
    school.clock.advance(5400)
    school.east.event(1, record(CALL))
    school.settle_in()
    before = cues(school)
    assert (ask(school, "left", **{"class": "g1c1"}).n, cues(school)) == (1, before)
    assert next(one.state for one in school.centre.view().classes if one.id == "g1c1") == "left"
    assert (ask(school, "undo", "k2", undoes=1).n, cues(school)) == (2, before)
    assert next(one.state for one in school.centre.view().classes if one.id == "g1c1") == "called"
