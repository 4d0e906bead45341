"""Another gate, a day type and quiet, through the real centre, its store and the wire: the old gate must confirm."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from broker.situation import RefusedError
from broker.wish import Answer, Wish
from plan_days import HALL
from school_rig import TEXT, ForeignGate, School, record
from whole_rig import Whole

ON = "2026-11-25"
CALL = f"{ON}/noon/g1c1/call"
RAIN = TEXT.replace("[[windows]]", f"{HALL}[[windows]]", 1)


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    folder = tmp_path / "store"
    folder.mkdir()
    made = School(folder)
    made.stop()
    made.start(RAIN)
    made.go()
    made.settle_in()
    yield made
    made.stop()


def ask(school: School, kind: str, **more: object) -> Answer:
    key = f"k{school.store.next_n()}"
    answer = school.centre.submit(Wish.model_validate({"key": key, "by": "王老师", "kind": kind, **more}))
    school.go()
    return answer


def calls(gate: ForeignGate) -> list[str]:
    """The newest day of today that a gate was sent."""
    days: list[dict[str, Any]] = [message for what, message in gate.took() if what == f"day/{ON}" and message]
    return [f"{cue['at'][11:16]} {cue['id'].split('/')[2]}" for cue in days[-1]["cues"] if cue["kind"] == "call"]


def may_call(school: School) -> dict[str, tuple[str, ...]]:
    return {one.id: one.may_call for one in school.centre.view().gates}


def test_a_class_at_another_gate_may_be_called_at_the_old_one_until_that_confirms(school: School) -> None:
    answer = ask(school, "reroute", gate="west", **{"class": "g1c1"})
    assert answer.lines == ("一年级一班 11:30:00 东门 → 11:31:30 西门", "东门未确认以前，可能仍会播报")
    assert (calls(school.east), calls(school.west)) == (["03:30 g1c2"], ["03:30 g2c1", "03:30 g2c2", "03:31 g1c1"])
    assert may_call(school) == {"east": ("一年级一班",), "west": ()}
    school.west.status()
    school.go(2)
    assert may_call(school) == {"east": ("一年级一班",), "west": ()}
    school.east.status()
    school.go(2)
    assert may_call(school) == {"east": (), "west": ()}


def test_an_undo_takes_it_back_and_then_the_new_gate_must_confirm(school: School) -> None:
    ask(school, "reroute", gate="west", **{"class": "g1c1"})
    school.settle_in()
    ask(school, "undo", undoes=1)
    assert may_call(school) == {"east": (), "west": ("一年级一班",)}
    school.settle_in()
    assert may_call(school) == {"east": (), "west": ()}


def test_once_the_new_gate_called_it_the_undo_is_refused_and_nothing_changes(school: School) -> None:
    answer = ask(school, "reroute", gate="west", **{"class": "g1c1"})
    school.settle_in()
    school.west.event(1, record(CALL, revision=answer.revisions["west"]))
    school.go()
    with pytest.raises(RefusedError) as refused:
        ask(school, "undo", undoes=1)
    assert refused.value.code == "already_spoken"
    assert len(school.store.changes(school.centre.situation().on)) == 1


def test_a_day_type_of_today_turns_the_days_of_both_gates_and_is_shown(school: School) -> None:
    with pytest.raises(RefusedError) as asked:
        ask(school, "day_type", day_type="rain")
    assert (asked.value.code, asked.value.ask_again) == ("sure", True)
    ask(school, "day_type", day_type="rain", confirmed=True)
    assert (calls(school.east), len(calls(school.west))) == ([], 4)
    view = school.centre.view()
    assert (view.day_type, [one.name for one in view.day_types]) == ("rain", ["正常", "停课", "雨天"])
    assert view.changes[0].day_type == "rain"
    assert may_call(school) == {"east": ("一年级一班", "一年级二班"), "west": ()}


def test_quiet_is_on_from_now_until_somebody_ends_it(school: School) -> None:
    ask(school, "quiet", gate="east", confirmed=True)
    shown = school.centre.view().gates
    assert [[(span.id, span.to) for span in one.quiet] for one in shown] == [[("change-1", None)], []]
    school.go(60)
    assert ask(school, "quiet", gate="east", ids=("change-1",)).lines == ("东门 静音结束 10:01:04",)
    assert [one.quiet for one in school.centre.view().gates] == [(), ()]


# A call that a person made stands at its gate, whatever the way that brought the class there --------


RAINY = TEXT.replace("[calendar]", '[day_types.rain]\nname = "雨天"\n[day_types.rain.places]\ng1 = "b"\n[calendar]')
WAYS = [
    pytest.param("reroute", {"gate": "west", "class": "g1c1", "confirmed": True}, id="reroute"),
    pytest.param("day_type", {"day_type": "rain", "confirmed": True}, id="day type"),
]


@pytest.fixture
def whole(tmp_path: Path) -> Whole:
    made = Whole(tmp_path, RAINY)
    made.until("11:28:00")
    return made


def heard(whole: Whole) -> list[list[str]]:
    return [[say for say in gate.heard() if "一年级一班" in say] for gate in whole.gates]


@pytest.mark.parametrize(("kind", "more"), WAYS)
@pytest.mark.parametrize("waits_s", [0.2, 25.0], ids=["that waits", "that was heard"])
def test_the_way_is_not_undone_under_a_call(whole: Whole, kind: str, more: dict[str, object], waits_s: float) -> None:
    whole.ask(kind, "k1", **more)
    for n in range(2):  # the gate is busy meanwhile
        whole.ask("notice", f"n{n}", text="请各位家长在黄线后面等候，注意安全。", gate="west")
    way = next(one.n for one in whole.centre.situation().changes if one.kind == kind)
    whole.ask("call", "k2", **{"class": "g1c1"})
    whole.go(waits_s)
    with pytest.raises(RefusedError) as refused:
        whole.ask("undo", "k3", undoes=way)
    assert refused.value.code == ("called" if waits_s < 1 else "already_spoken")
    whole.go(240)
    assert [len(says) for says in heard(whole)] == [0, 2]  # two sayings of one call


def test_a_day_type_leaves_a_call_that_waits_where_it_was_made(whole: Whole) -> None:
    whole.ask("notice", "k0", text="请各位家长在黄线后面等候，注意安全。", gate="east")
    whole.ask("call", "k1", **{"class": "g1c1"})
    whole.ask("day_type", "k2", day_type="rain", confirmed=True)
    whole.go(240)
    assert [len(says) for says in heard(whole)] == [2, 0]


def test_a_day_type_that_would_lose_a_call_that_waits_is_refused(whole: Whole) -> None:
    whole.ask("notice", "k0", text="请各位家长在黄线后面等候，注意安全。", gate="west")
    whole.ask("call", "k1", gate="west", confirmed=True, **{"class": "g1c1"})
    with pytest.raises(RefusedError) as refused:
        whole.ask("day_type", "k2", day_type="closed", confirmed=True)
    assert refused.value.code == "called"
    whole.go(60)
    assert [bool(says) for says in heard(whole)] == [False, True]


BUS = '[groups.bus]\nkind = "bus"\nmembers = ["g1c2", "g2c2"]\n[[windows]]\nid = "noon"'
ORDER = 'every_s = 45\norder = ["g1c1", "g2c1", "bus"]'


@pytest.mark.parametrize("whom", [{"class": "g2c2"}, {"from_gate": "west"}], ids=["a class", "all of a gate"])
def test_a_group_that_is_called_at_the_new_gate_as_well_loses_nobody(tmp_path: Path, whom: dict[str, object]) -> None:
    text = TEXT.replace('[[windows]]\nid = "noon"', BUS).replace("every_s = 45", ORDER, 1)
    whole = Whole(tmp_path, text)
    whole.until("11:28:00")
    whole.ask("reroute", "k1", gate="east", confirmed=True, **whom)
    whole.go(420)
    said = [say for gate in whole.gates for say in gate.heard()]
    for name in ("一年级一班", "一年级二班", "二年级一班", "二年级二班"):
        assert sum(name in say for say in said) == 2, name


def test_an_undone_delay_brings_back_who_is_left_and_gives_nobody_else_a_place(tmp_path: Path) -> None:
    whole = Whole(tmp_path, TEXT.replace("count = 2", "count = 6"))
    whole.until("11:29:00")
    whole.ask("delay", "k1", window="noon", delay_s=300)
    whole.go(450)  # the first two were called, the third is
    whole.ask("undo", "k2", undoes=1)
    east = {cue.id.split("/")[2]: cue.at for cue in whole.centre.situation().days[0].cues if cue.kind == "call"}
    assert east["g1c4"] - whole.clock.utc() < timedelta(seconds=30)


def test_back_from_rain_in_the_middle_of_a_window_the_late_go_behind_the_rest(tmp_path: Path) -> None:
    rain = '[day_types.rain]\nname = "雨天"\n[day_types.rain.places]\ng2 = "a"\n[calendar]'
    whole = Whole(tmp_path, TEXT.replace("count = 2", "count = 4").replace("[calendar]", rain))
    whole.until("11:29:00")
    whole.ask("day_type", "k1", day_type="rain", confirmed=True)
    whole.go(120)
    whole.ask("day_type", "k2", day_type="normal", confirmed=True)
    west = sorted(cue.at for cue in whole.centre.situation().days[1].cues if cue.kind == "call")
    assert all((later - one).total_seconds() >= 45 for one, later in pairwise(west))


@pytest.mark.parametrize("wish", [{"kind": "call", "class": "g1c2"}, {"kind": "repeat", "gate": "east"}])
def test_in_quiet_a_call_and_a_repeat_are_asked_about(whole: Whole, wish: dict[str, str]) -> None:
    whole.until("11:30:20")
    whole.ask("quiet", "k1", gate="east", confirmed=True)
    with pytest.raises(RefusedError, match="不出声") as refused:
        whole.ask(key="k2", **wish)
    assert (refused.value.code, refused.value.ask_again) == ("quiet", True)
    whole.ask(key="k2", confirmed=True, **wish)


def test_an_undone_closure_of_one_gate_brings_back_its_late_classes_behind_the_rest(whole: Whole) -> None:
    whole.ask("day_type", "k1", day_type="closed", gate="east", confirmed=True)
    whole.ask("notice", "k0", text="请慢走。", gate="west", **{"from": whole.clock.utc() + timedelta(minutes=30)})
    whole.go(900)  # its own instant is long over
    way = next(one.n for one in whole.centre.situation().changes if one.kind == "day_type")
    whole.ask("undo", "k2", undoes=way)
    whole.go(200)
    assert [len(says) for says in heard(whole)] == [2, 0]
