"""The desk, when staff rearrange a day: order, gate, day type, quiet, a notice at an instant; or a reason why not."""

import dataclasses
from datetime import datetime
from typing import Any

import pytest

from broker.desk import foreseen, propose
from broker.situation import RefusedError, Situation
from broker.wire.messages import Record
from broker.wish import Wish
from centre_rig import status
from config.changes import Change
from config.plan import Plan
from config.timetable import timetable
from plan_days import AFTERNOON, RAIN, SMALL, WEDNESDAY, call, change, day, taken

EXAM = '[day_types.exam]\nname = "考试"\nquiet = [{ from = "16:20", to = "16:45" }]\n'
MADE = taken(SMALL, AFTERNOON, RAIN, EXAM)
FIRST, SECOND = call("afternoon", "g1c1"), call("afternoon", "g1c2")


def wish(kind: str, **more: object) -> Wish:
    return Wish.model_validate({"key": "k1", "by": "王老师", "kind": kind, **more})


def clock(text: str) -> datetime:
    return change(MADE, 1, "hold", text).at


def situation(*changes: Change, made: Plan = MADE, **more: Any) -> Situation:  # noqa: ANN401 - the fields of Situation
    return Situation(made, WEDNESDAY, timetable(made, WEDNESDAY, changes), changes, **more)


def record(cue: str, result: str = "announced", heard: str = "yes") -> Record:
    at = clock("16:30")
    return Record.model_validate(
        {
            "cue": cue, "attempt": 1, "revision": 1, "result": result, "final": True, "planned": at,
            "actual": at if heard == "yes" else None, "ended": at if heard == "yes" else None, "bound_s": 0.1,
            "slip_s": 0.0, "source": "timer", "volume_pct": 100, "heard": heard,
        }
    )  # fmt: skip


def refusal(here: Situation, one: Wish, when: str = "16:00") -> tuple[str, bool, str]:
    with pytest.raises(RefusedError) as caught:
        propose(here, one, 9, clock(when))
    return caught.value.code, caught.value.ask_again, str(caught.value)


def heard(*rows: str, changes: tuple[Change, ...] = ()) -> Situation:
    """`rows`: “east g1c1”, what was heard where."""
    found = [row.split() for row in rows]
    records = {f"{gate} {call('afternoon', own)}": (record(call("afternoon", own)),) for gate, own in found}
    return situation(*changes, records=records)


# The order ----------------------------------------------------------------------------------------


def test_two_classes_exchange_their_instants_and_nobody_else_moves() -> None:
    here = situation()
    made = propose(
        here,
        wish(
            "move",
            classes=(
                "g1c2",
                "g1c1",
            ),
        ),
        1,
        clock("16:00"),
    )
    assert (made.gate, made.window, made.cues) == ("east", "afternoon", (SECOND, FIRST))
    assert foreseen(here, made) == ("一年级二班 16:31:00 → 16:30:00 东门", "一年级一班 16:30:00 → 16:31:00 东门")


@pytest.mark.parametrize(
    ("here", "one", "code"),
    [
        (situation(), wish("move", classes=("g1c1",)), "no_classes"),
        (
            situation(),
            wish(
                "move",
                classes=(
                    "g1c1",
                    "g1c1",
                ),
            ),
            "no_classes",
        ),
        (
            situation(),
            wish(
                "move",
                classes=(
                    "g1c1",
                    "g9",
                ),
            ),
            "no_class",
        ),
        (
            situation(),
            wish(
                "move",
                classes=(
                    "g1c1",
                    "g2c1",
                ),
            ),
            "other_gate",
        ),
        (
            situation(),
            wish(
                "move",
                classes=(
                    "g1c1",
                    "g1c2",
                ),
                window="night",
            ),
            "no_window",
        ),
        (
            heard("east g1c1"),
            wish(
                "move",
                classes=(
                    "g1c2",
                    "g1c1",
                ),
            ),
            "already_spoken",
        ),
        (
            situation(statuses={"east": status().but(now=FIRST)}),
            wish(
                "move",
                classes=(
                    "g1c1",
                    "g1c2",
                ),
            ),
            "already_spoken",
        ),
    ],
)
def test_an_order_that_cannot_be_is_refused(here: Situation, one: Wish, code: str) -> None:
    assert refusal(here, one)[0] == code


def test_an_order_that_stands_already_is_no_change() -> None:
    moved = propose(situation(), wish("move", classes=("g1c2", "g1c1")), 1, clock("16:00"))
    assert refusal(situation(), wish("move", classes=("g1c1", "g1c2")))[:2] == ("same_order", False)
    assert refusal(situation(moved), wish("move", classes=("g1c2", "g1c1")))[:2] == ("same_order", False)


# Another gate -------------------------------------------------------------------------------------


def test_a_class_sent_to_another_gate_may_be_called_at_the_old_one_until_that_confirms() -> None:
    here = situation()
    made = propose(here, wish("reroute", gate="west", **{"class": "g1c1"}), 1, clock("16:00"))
    assert (made.gate, made.cls, made.cues) == ("west", "g1c1", (FIRST,))
    assert foreseen(here, made) == ("一年级一班 16:30:00 东门 → 16:32:00 西门", "东门未确认以前，可能仍会播报")


def test_all_that_is_left_at_a_gate_that_closes_goes_to_the_other_when_asked_twice() -> None:
    here = heard("east g1c1")
    one = wish("reroute", gate="west", from_gate="east")
    assert refusal(here, one) == ("sure", True, "东门还没叫的 1 个班都改到西门叫？")
    assert propose(here, one.but(confirmed=True), 1, clock("16:30:30")).cues == (SECOND,)


def test_a_sentence_that_names_the_old_zone_is_asked_twice() -> None:
    rain = change(MADE, 1, "day_type", "07:00", day_type="rain")
    one = wish("reroute", gate="east", **{"class": "g1c1"})
    assert refusal(situation(rain), one)[:2] == ("says_zone", True)
    assert propose(situation(rain), one.but(confirmed=True), 2, clock("16:00")).cues == (FIRST,)


def test_a_class_that_was_missed_may_still_be_sent_to_another_gate() -> None:
    missed = situation(records={f"east {FIRST}": (record(FIRST, "missed", "no"),)})
    assert propose(missed, wish("reroute", gate="west", **{"class": "g1c1"}), 1, clock("16:33")).cues == (FIRST,)


@pytest.mark.parametrize(
    ("here", "one", "code"),
    [
        (situation(), wish("reroute", **{"class": "g1c1"}), "no_gate"),
        (situation(), wish("reroute", gate="north", **{"class": "g1c1"}), "no_gate"),
        (situation(), wish("reroute", gate="west"), "no_class"),
        (situation(), wish("reroute", gate="west", from_gate="east", **{"class": "g1c1"}), "no_class"),
        (situation(), wish("reroute", gate="west", **{"class": "g9"}), "no_class"),
        (situation(), wish("reroute", gate="east", **{"class": "g1c1"}), "same_gate"),
        (situation(), wish("reroute", gate="east", from_gate="east"), "same_gate"),
        (situation(), wish("reroute", gate="east", from_gate="north"), "no_gate"),
        (situation(), wish("reroute", gate="west", window="none", **{"class": "g1c1"}), "not_called"),
        (heard("east g1c1", "east g1c2"), wish("reroute", gate="west", from_gate="east"), "nothing_left"),
        (heard("east g1c1"), wish("reroute", gate="west", **{"class": "g1c1"}), "already_spoken"),
    ],
)
def test_a_gate_that_cannot_be_is_refused(here: Situation, one: Wish, code: str) -> None:
    assert refusal(here, one)[0] == code


@pytest.mark.parametrize(
    ("when", "refused"),
    [("16:29:57", False), ("16:29:58", True), ("16:30:03", True), ("16:30:04", False)],
)
def test_in_the_lead_of_a_call_and_until_its_gate_said_so_it_stays_where_it_is(when: str, refused: bool) -> None:
    one, here = wish("reroute", gate="west", **{"class": "g1c1"}), situation()
    if refused:
        assert refusal(here, one, when)[0] == "already_spoken"
    else:
        assert propose(here, one, 1, clock(when)).cues == (FIRST,)
    rain = propose(here, wish("day_type", day_type="rain", confirmed=True), 1, clock(when))
    assert (FIRST in rain.cues) is not refused
    closing = propose(here, wish("reroute", gate="west", from_gate="east", confirmed=True), 1, clock(when))
    assert (FIRST in closing.cues) is not refused


def test_a_held_gate_begins_nothing_so_its_next_call_may_leave() -> None:
    hold = change(MADE, 1, "hold", "16:29", gate="east")
    one = wish("reroute", gate="west", **{"class": "g1c1"})
    assert propose(situation(hold), one, 2, clock("16:30")).cues == (FIRST,)


def test_a_reroute_is_not_undone_once_a_call_of_it_was_heard_at_the_new_gate() -> None:
    reroute = change(MADE, 1, "reroute", "16:00", gate="west", cues=(FIRST, SECOND))
    assert propose(situation(reroute), wish("undo", undoes=1), 2, clock("16:10")).undoes == 1
    assert refusal(heard("west g1c1", changes=(reroute,)), wish("undo", undoes=1), "16:33")[0] == "already_spoken"
    now = situation(reroute, statuses={"west": status(gate="west").but(now=FIRST)})
    code, _, words = refusal(now, wish("undo", undoes=1), "16:33")
    assert (code, words.split("，")[:2]) == (
        "already_spoken",
        ["一年级一班已在西门播过或正要播", "这样改会在东门再播一次"],
    )


# The day type -------------------------------------------------------------------------------------


def test_a_day_type_is_asked_twice_with_what_it_would_do() -> None:
    here = heard("east g1c1")
    code, again, words = refusal(here, wish("day_type", day_type="rain"), "16:30:30")
    assert (code, again) == ("sure", True)
    assert words.splitlines() == [
        "今天改成“雨天”？已经叫过的不变。",
        "东门 日型 正常 → 雨天",
        "西门 日型 正常 → 雨天",
        "一年级二班 16:31:00 东门 → 16:31:00 西门，接送区 A区 → 体育馆，改说“请一年级二班的家长到体育馆接孩子。”",
        "二年级一班 16:30:00 → 16:32:00 西门，改说“请二年级一班的家长到B区接孩子。”",
        "…共 6 项",
    ]
    made = propose(here, wish("day_type", day_type="rain", confirmed=True), 1, clock("16:30:30"))
    assert FIRST not in made.cues
    assert day(MADE, made)[0] == "16:30 东门 请注意，一年级一班正在放学。"


def test_what_was_called_early_is_not_called_again_by_another_day_type() -> None:
    early = change(MADE, 1, "call", "16:00", gate="east", cues=(FIRST,), **{"class": "g1c1"}, text="一班")
    here = heard("east g1c1", changes=(early,))
    rain = wish("day_type", day_type="rain", confirmed=True)
    made = propose(here, rain, 2, clock("16:00:30"))
    assert [row for row in day(MADE, early, made) if "一班" in row] == [
        "16:00 东门 一班",
        "16:32 西门 请二年级一班的家长到B区接孩子。",
    ]


def test_when_nothing_is_left_the_day_type_changes_nothing() -> None:
    here = heard("east g1c1", "east g1c2", "west g2c1", "west g2c2")
    assert refusal(here, wish("day_type", day_type="rain", confirmed=True), "16:35")[0] == "nothing_left"


def test_a_part_of_the_school_may_have_a_day_type_of_its_own() -> None:
    made = propose(
        situation(), wish("day_type", day_type="closed", confirmed=True, **{"class": "g1"}), 1, clock("16:00")
    )
    assert day(MADE, made) == [
        "16:30 西门 请注意，二年级一班正在放学。",
        "16:31 西门 请注意，二年级二班正在放学。",
    ]


@pytest.mark.parametrize(
    ("one", "code"),
    [
        (wish("day_type"), "no_day_type"),
        (wish("day_type", day_type="snow"), "no_day_type"),
        (wish("day_type", day_type="normal"), "same_day_type"),
        (wish("day_type", day_type="rain", **{"class": "g7"}), "no_class"),
    ],
)
def test_a_day_type_that_the_plan_does_not_declare_is_refused(one: Wish, code: str) -> None:
    assert refusal(situation(), one)[0] == code
    assert "雨天" in refusal(situation(), wish("day_type", day_type="snow"))[2]


def test_a_day_type_is_not_undone_once_somebody_was_heard_elsewhere_by_it() -> None:
    rain = propose(situation(), wish("day_type", day_type="rain", confirmed=True), 1, clock("16:00"))
    here = heard("west g1c1", changes=(rain,))
    assert refusal(here, wish("undo", undoes=1), "16:31")[0] == "already_spoken"
    back = propose(here, wish("day_type", day_type="normal", confirmed=True), 2, clock("16:31"))
    assert "16:30 西门 请一年级一班的家长到体育馆接孩子。" in day(MADE, rain, back)
    assert not any("东门 请注意，一年级一班" in row for row in day(MADE, rain, back))


# Quiet, and a notice at an instant ----------------------------------------------------------------


def test_quiet_that_silences_calls_is_asked_twice_and_ends_by_its_id() -> None:
    here = situation()
    assert refusal(here, wish("quiet", gate="east"))[:2] == ("sure", True)
    on = propose(here, wish("quiet", gate="east", confirmed=True), 1, clock("16:00"))
    assert foreseen(here, on) == ("东门 静音 16:00:00 起，直到有人结束",)
    quiet = situation(on)
    assert refusal(quiet, wish("quiet", gate="east", confirmed=True), "16:10")[0] == "already_quiet"
    off = propose(quiet, wish("quiet", ids=("change-1",)), 2, clock("16:10"))
    assert foreseen(quiet, off) == ("东门 静音结束 16:10:00",)
    assert refusal(situation(on, off), wish("quiet", ids=("change-1",)), "16:11")[0] == "not_quiet"


def test_a_notice_where_no_gate_has_a_day_is_not_refused_for_a_hold() -> None:
    nobody = Situation(MADE, WEDNESDAY, ())
    assert propose(nobody, wish("notice", text="请稍候。"), 1, clock("16:00")).kind == "notice"


def test_quiet_before_the_calls_is_not_asked_twice() -> None:
    span = {"from": clock("14:00"), "to": clock("16:00")}
    made = propose(situation(), wish("quiet", **span), 1, clock("13:00"))
    assert (made.begins, made.to) == (clock("14:00"), clock("16:00"))


def test_the_quiet_of_an_exam_is_ended_only_when_asked_twice() -> None:
    exam = change(MADE, 1, "day_type", "07:00", day_type="exam")
    off = wish("quiet", ids=("plan-1",))
    assert refusal(situation(exam), off, "16:25")[:2] == ("plan_quiet", True)
    assert propose(situation(exam), off.but(confirmed=True), 2, clock("16:25")).ids == ("plan-1",)


@pytest.mark.parametrize(
    ("one", "code"),
    [
        (wish("quiet", ids=("change-7",)), "not_quiet"),
        (wish("quiet", **{"from": clock("15:00")}), "too_early"),
        (wish("quiet", **{"from": "2026-11-26T08:00:00Z"}), "too_early"),
        (wish("quiet", to=clock("15:00")), "order"),
        (wish("notice", text="请等候", **{"from": clock("15:59")}), "too_early"),
        (wish("notice", text="请等候", **{"from": "2026-11-26T08:00:00Z"}), "too_early"),
        (wish("notice", **{"from": clock("16:10")}), "no_text"),
    ],
)
def test_an_instant_or_a_span_that_cannot_be_is_refused(one: Wish, code: str) -> None:
    assert refusal(situation(), one)[0] == code


def test_a_notice_that_no_voice_can_read_is_refused_with_its_signs() -> None:
    code, _, text = refusal(situation(), wish("notice", text="校车晚到😀，请等候。"))
    assert (code, "读不出的字符：😀。" in text) == ("unreadable", True)


def test_what_the_school_reads_itself_can_be_a_notice() -> None:
    here = situation()
    own = dataclasses.replace(here, plan=here.plan.but(readings={"𠮷": "jí"}))
    assert propose(own, wish("notice", text="请𠮷老师到东门。"), 4, clock("16:00")).text == "请𠮷老师到东门。"
    assert refusal(here, wish("notice", text="请𠮷老师到东门。"))[0] == "unreadable"


def test_a_notice_may_be_said_at_an_instant() -> None:
    here = situation()
    made = propose(here, wish("notice", text="校车晚到", gate="east", **{"from": clock("16:20")}), 4, clock("16:00"))
    assert foreseen(here, made) == ("校车晚到 — → 16:20:00 东门",)
