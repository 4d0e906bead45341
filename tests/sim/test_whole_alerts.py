"""An alert through the real centre and real gates: raised, confirmed, cleared, resumed, and the calls go on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.situation import RefusedError
from config.alerts import sentence
from gate_rig import DATE
from whole_rig import PACED, RealGate, Whole

RETURN = sentence("return", "actual")
FIRST, SECOND = (f"请注意，一年级{n}班正在放学。" for n in "一二")


@pytest.fixture
def school(tmp_path: Path) -> Iterator[Whole]:
    made = Whole(tmp_path)
    yield made
    made.stop_centre()


def confirmed(school: Whole) -> tuple[int, list[str]]:
    shown = school.centre.view().alert
    assert shown is not None
    return shown.confirmed, [one.name for one in shown.missing]


def results(school: Whole) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for address, record in school.store.records(DATE):
        if address.gate == "east" and record.attempt:
            found.setdefault(record.cue.split("/")[2], []).append(record.result)
    return found


def test_an_alert_is_raised_confirmed_cleared_and_after_the_resume_the_calls_go_on(school: Whole) -> None:
    school.until("11:30:02")
    assert school.east.heard() == [FIRST]
    answer = school.alert("return", "a1")
    school.go(2)
    assert (confirmed(school), [one.doing for one in school.centre.view().gates]) == ((2, []), ["alert", "alert"])
    assert {gate.heard()[-1] for gate in school.gates} == {RETURN}
    with pytest.raises(RefusedError, match="还没有解除"):
        school.ask("resume", "k1", ids=(f"east/alert-{answer.seq}",))
    with pytest.raises(RefusedError, match="解除后各门仍暂停"):
        school.alert("clear", "a2")
    school.go(30)
    school.alert("clear", "a3", confirmed=True)
    school.go(2)
    assert confirmed(school) == (2, [])
    holds = [hold.id for gate in school.centre.view().gates for hold in gate.holds]
    assert holds == [f"east/alert-{answer.seq}", f"west/alert-{answer.seq}"]
    calls = school.east.heard().count(SECOND)
    school.go(60)
    assert school.east.heard().count(SECOND) == calls == 0
    school.ask("resume", "k2", ids=tuple(holds))
    school.go(90)
    assert [gate.holds for gate in school.centre.view().gates] == [(), ()]
    (hold,) = [own.hold for own in school.east.runtime.state.book.own.values()]
    assert hold.to is not None
    assert 90 < (hold.to - hold.begins).total_seconds() < 100  # so `closes` moves by all of it
    assert school.centre.view().alert is None
    assert school.east.heard().count(FIRST) == 3  # cut once, then said twice
    assert school.east.heard().count(SECOND) == 2
    assert results(school) == {"g1c1": ["cut_short", "announced"], "g1c2": ["announced"]}


def test_a_gate_that_was_away_hears_of_it_when_it_comes_back_and_is_named_until_then(school: Whole) -> None:
    school.until("11:20:00")
    west = school.gates.pop()
    west.transport.stop()
    school.alert("evacuate", "a1")
    school.go(3)
    assert confirmed(school) == (1, ["西门"])
    school.gates.append(RealGate("west", school.broker, school.clock, west.journal))
    school.go(3)
    assert confirmed(school) == (2, [])
    assert school.gates[1].heard()[-1] == sentence("evacuate", "actual")


@pytest.mark.parametrize("replaced", [False, True])
def test_an_alert_past_the_end_of_a_window_keeps_it_open_on_the_page_and_silences_no_class(
    school: Whole, *, replaced: bool
) -> None:
    school.until("11:30:02")
    school.alert("return", "a1")
    if replaced:
        school.until("11:59:00")
        school.alert("evacuate", "a1b")
    for clock in ("12:05:00", "12:09:00"):
        school.until(clock)
        shown = school.centre.view().window
        assert shown is not None
        assert (shown.id, shown.open) == ("noon", True)
        assert "unreported" not in [record.result for _, record in school.store.records(DATE)]
        if clock == "12:05:00":
            school.alert("clear", "a2", confirmed=True)
    holds = tuple(hold.id for gate in school.centre.view().gates for hold in gate.holds)
    school.ask("extend", "k1", window="noon", delay_s=60)
    school.ask("resume", "k2", ids=holds)
    school.go(120)
    assert results(school) == {"g1c1": ["cut_short", "announced"], "g1c2": ["announced"]}


def test_a_gate_that_dies_in_an_alert_is_written_down_as_silent_when_holds_move_the_window_no_more(
    school: Whole,
) -> None:
    school.until("11:30:02")
    school.alert("return", "a1")
    school.gates.pop().transport.stop()
    for clock, silent in (("12:54:00", set()), ("12:57:00", {"g2c1", "g2c2"})):
        school.until(clock)
        rows = [(at.gate, one) for at, one in school.store.records(DATE)]
        assert {one.cue.split("/")[2] for gate, one in rows if (gate, one.result) == ("west", "unreported")} == silent


def test_a_gate_that_missed_the_replacement_is_cleared_too(school: Whole) -> None:
    school.until("11:20:00")
    school.alert("return", "a1")
    school.go(2)
    west = school.gates.pop()
    west.transport.stop()
    school.alert("evacuate", "a2")
    school.alert("clear", "a3", confirmed=True)
    school.gates.append(RealGate("west", school.broker, school.clock, west.journal))
    school.go(10)
    assert [gate.doing for gate in school.centre.view().gates] == ["held", "held"]
    assert confirmed(school) == (2, [])


def test_a_gate_that_was_away_at_the_clear_is_cleared_though_a_drill_came_first(school: Whole) -> None:
    school.until("11:20:00")
    school.alert("return", "a1")
    school.go(2)
    west = school.gates.pop()
    west.transport.stop()
    school.alert("clear", "a2", confirmed=True)
    school.go(2)
    school.alert("shelter", "a3", drill=True, until="2026-11-25T03:24:00Z")
    school.broker.stop()
    school.broker.forget()  # else the clear waits there for the gate
    school.broker.start()
    school.go(2)
    school.gates.append(RealGate("west", school.broker, school.clock, west.journal))
    school.until("11:24:10")
    assert [gate.doing for gate in school.centre.view().gates] == ["held", "held"]
    assert school.centre.view().alert is None


def test_it_survives_the_centre_and_the_brokers_memory(school: Whole) -> None:
    school.until("11:20:00")
    answer = school.alert("return", "a1")
    school.stop_centre()
    school.broker.stop()
    school.broker.forget()
    school.broker.start()
    school.gates.pop().transport.stop()
    school.start_centre()
    school.gates.append(RealGate("west", school.broker, school.clock))  # with a new card
    school.go(5)
    view = school.centre.view()
    assert view.alert is not None
    assert (view.alert.alert.seq, confirmed(school)) == (answer.seq, (2, []))
    assert school.alert("return", "a1").again
    school.alert("clear", "a2", confirmed=True)
    school.go(3)
    assert {gate.doing for gate in school.centre.view().gates} == {"held"}


def test_a_drill_speaks_ends_by_itself_and_holds_nobody(school: Whole) -> None:
    school.until("11:20:00")
    until = "2026-11-25T03:22:00Z"
    school.alert("shelter", "a1", drill=True, until=until)
    school.go(30)
    assert school.east.heard()[-1] == sentence("shelter", "drill")
    school.until("11:22:10")
    view = school.centre.view()
    assert (view.alert, [gate.doing for gate in view.gates], [gate.holds for gate in view.gates]) == (
        None, ["idle", "idle"], [(), ()],
    )  # fmt: skip
    school.until("11:30:20")
    assert FIRST in school.east.heard()


def test_where_people_pace_a_release_and_its_undo_reach_the_gate(tmp_path: Path) -> None:
    school = Whole(tmp_path, PACED)
    school.until("11:31:00")
    assert (school.east.heard(), school.shown().next_class, school.shown().next_at) == ([], "g1c1", None)
    school.ask("hold", "k0", gate="east")
    hold = school.shown().holds[0].id
    school.ask("resume", "k1", gate="east", ids=(hold,))
    second = school.ask("release", "k2", **{"class": "g1c2"})
    school.go(3)
    assert school.shown().doing == "calling"
    with pytest.raises(RefusedError, match="正在播"):
        school.ask("undo", "k3", undoes=second.n)
    first = school.ask("release", "k4", **{"class": "g1c1"})
    assert school.shown().released == ("一年级一班",)
    school.ask("undo", "k5", undoes=first.n)
    school.go(60)
    assert school.east.heard() == [SECOND, SECOND]
    assert (school.shown().next_class, results(school)) == ("g1c1", {"g1c2": ["announced"]})
    school.stop_centre()
