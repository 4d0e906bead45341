"""The desk: a wish becomes a change, or a reason why not."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from broker.desk import RefusedError, Situation, Wish, described, propose
from broker.wire.messages import Record
from config.changes import applied
from config.lint import read
from config.timetable import timetable
from gate_rig import DATE, NOON, at

SAMPLE = Path(__file__).parents[2] / "deploy" / "examples" / "shifan.toml"
PLAN, _ = read(SAMPLE.read_text("utf-8"), str(SAMPLE))
DAYS = timetable(PLAN, DATE)
FIRST = f"{DATE}/noon/g3c1/call"


def wish(kind: str, **more: object) -> Wish:
    return Wish.model_validate({"key": "k1", "by": "王老师", "kind": kind, **more})


def heard(cue: str = FIRST) -> Record:
    return Record(
        cue=cue, attempt=1, revision=1, result="announced", final=True, planned=NOON, actual=NOON, ended=at(6),
        bound_s=0.1, slip_s=0, source="timer", volume_pct=100, heard="yes",
    )  # fmt: skip


HERE = Situation(PLAN, DATE, DAYS)
LATER = Situation(PLAN, DATE, DAYS, records={f"east {FIRST}": (heard(),)})


def refusal(here: Situation, one: Wish, when: datetime = NOON) -> tuple[str, bool]:
    with pytest.raises(RefusedError) as caught:
        propose(here, one, 1, when)
    assert str(caught.value)
    return caught.value.code, caught.value.ask_again


def test_a_class_called_now_in_its_window_moves_its_own_cue() -> None:
    change = propose(HERE, wish("call", **{"class": "g3c4"}), 1, at(20))
    assert (change.gate, change.cues, change.text) == (
        "east",
        (f"{DATE}/noon/g3c4/call",),
        "请注意，三年级四班正在放学。",
    )
    assert described(PLAN, DAYS, applied(DAYS, [change])) == ("三年级四班 11:32:15 → 11:30:20 东门",)


def test_a_class_that_was_heard_is_called_again_only_when_asked_twice() -> None:
    once = wish("call", **{"class": "g3c1"})
    assert refusal(LATER, once, at(60)) == ("again", True)
    assert propose(LATER, once.but(confirmed=True), 1, at(60)).cues == (f"{FIRST}#2",)


def test_a_call_outside_every_window_is_asked_twice() -> None:
    early = wish("call", **{"class": "g3c1"})
    when = NOON - timedelta(hours=2)
    assert refusal(HERE, early, when) == ("outside", True)
    assert propose(HERE, early.but(confirmed=True), 1, when).cues == (f"{DATE}/none/g3c1/call",)


@pytest.mark.parametrize(
    ("here", "one", "code"),
    [
        (HERE, wish("hold", gate="north"), "no_gate"),
        (HERE, wish("resume", ids=("change-9",)), "not_held"),
        (HERE, wish("delay", window="night", delay_s=60), "no_window"),
        (HERE, wish("delay", window="noon"), "no_delay"),
        (LATER, wish("delay", window="noon", delay_s=-60), "already_begun"),
        (HERE, wish("delay", window="noon", delay_s=-600), "too_early"),
        (LATER, wish("skip", window="noon", **{"class": "g3c1"}), "already_spoken"),
        (HERE, wish("skip", **{"class": "g9"}), "no_class"),
        (HERE, wish("repeat", gate="east"), "not_spoken"),
        (HERE, wish("notice"), "no_text"),
        (HERE, wish("extend", window="noon"), "no_delay"),
        (HERE, wish("extend", window="noon", delay_s=7000), "overlap"),
        (HERE, wish("undo", undoes=4), "not_done"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(here: Situation, one: Wish, code: str) -> None:
    assert refusal(here, one)[0] == code


def test_in_a_hold_nothing_is_called_or_repeated() -> None:
    hold = propose(HERE, wish("hold", gate="east"), 1, at(0))
    held = Situation(PLAN, DATE, applied(DAYS, [hold]), (hold,), LATER.records)
    assert refusal(held, wish("call", **{"class": "g3c4"})) == ("held", False)
    assert refusal(held, wish("repeat", gate="east")) == ("held", False)
    assert refusal(held, wish("undo", undoes=1)) == ("use_resume", False)
    assert propose(held, wish("resume", ids=("change-1",)), 2, at(60)).ids == ("change-1",)


def test_a_delay_moves_what_was_not_heard_and_says_so_by_cue() -> None:
    change = propose(LATER, wish("delay", window="noon", gate="east", delay_s=120), 1, at(10))
    assert FIRST not in change.cues
    assert len(change.cues) == 17
    assert described(PLAN, DAYS, applied(DAYS, [change]))[0] == "三年级二班 11:30:45 → 11:32:45 东门"


def test_a_repeat_is_of_the_newest_that_was_heard() -> None:
    assert propose(LATER, wish("repeat", gate="east"), 1, at(60)).cues == (f"{FIRST}#2",)
