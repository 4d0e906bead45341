"""The desk: a wish becomes a change, or a reason why not."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from broker.desk import chosen, propose
from broker.issued import Newer
from broker.preview import described
from broker.situation import RefusedError, Situation
from broker.view import view
from broker.wire.messages import Record, Status
from broker.wire.topics import Address
from broker.wish import Choice, Wish
from centre_rig import status
from config.changes import applied
from config.clock import Instant
from config.lint import read
from config.timetable import timetable
from gate_rig import DATE, NOON, at
from plan_days import AFTERNOON, RAIN, SMALL, change, taken

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
SKIPPED = Situation(
    PLAN, DATE, applied(DAYS, [propose(HERE, wish("skip", **{"class": "g3c1", "window": "noon"}), 1, NOON)])
)


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


def test_a_class_called_in_rain_is_called_where_it_waits_today_with_the_words_of_the_day() -> None:
    made = taken(SMALL, AFTERNOON, RAIN)
    rain = change(made, 1, "day_type", "07:00", day_type="rain")
    here = Situation(made, DATE, timetable(made, DATE, (rain,)), (rain,))
    called = propose(here, wish("call", **{"class": "g1c2"}), 2, change(made, 2, "call", "16:30").at)
    assert (called.gate, called.cues, called.text) == (
        "west",
        (f"{DATE}/afternoon/g1c2/call",),
        "请一年级二班的家长到体育馆接孩子。",
    )


def test_a_class_that_was_heard_is_called_again_only_when_asked_twice() -> None:
    once = wish("call", **{"class": "g3c1"})
    assert refusal(LATER, once, at(60)) == ("again", True)
    assert propose(LATER, once.but(confirmed=True), 1, at(60)).cues == (f"{FIRST}#2",)


def test_a_class_that_was_heard_in_a_call_of_its_group_is_called_again_only_when_asked_twice() -> None:
    pair = '[groups.pair]\nname = "合唱团"\nmembers = ["g1c1", "g1c2"]\n'
    made = taken(SMALL, pair, f'{AFTERNOON}order = ["pair", "g2"]\n')
    days, cue, when = timetable(made, DATE), f"{DATE}/afternoon/pair/call", change(made, 1, "hold", "16:31").at
    one = wish("call", **{"class": "g1c2"})
    assert refusal(Situation(made, DATE, days), one, when) == ("to_come", True)  # its group will be called too
    here = Situation(made, DATE, days, records={f"east {cue}": (heard(cue),)})
    assert refusal(here, one, when) == ("again", True)
    assert propose(here, one.but(confirmed=True), 1, when).cues == (f"{DATE}/afternoon/g1c2/call",)


WAVES = (
    AFTERNOON.replace('"16:30"', '"16:30"\norder = ["g1c1", "g2"]')
    + """
[[windows]]
id = "later"
name = "第二批"
kind = "dismissal"
opens = "16:50"
starts = "16:55"
closes = "17:10"
every_s = 60
order = ["g1c2"]
[[windows]]
id = "evening"
name = "晚自习"
kind = "dismissal"
opens = "20:00"
starts = "20:05"
closes = "20:30"
every_s = 60
order = ["g1"]
"""
)


def test_who_is_to_be_called_in_another_window_soon_is_called_now_only_when_asked_twice() -> None:
    """In the first wave somebody calls a class of the second: the clock would call it once more."""
    made = taken(SMALL, WAVES)
    here = Situation(made, DATE, timetable(made, DATE))
    when = change(made, 1, "hold", "16:40").at
    second = wish("call", **{"class": "g1c2"})
    assert refusal(here, second, when) == ("to_come", True)
    with pytest.raises(RefusedError, match="一年级二班16:55在东门还要叫一次") as caught:
        propose(here, second, 1, when)
    assert caught.value.ask_again
    assert propose(here, second.but(confirmed=True), 1, when).cues == (f"{DATE}/afternoon/g1c2/call",)
    # Who leaves again in the evening does not count: that is another dismissal.
    assert propose(here, wish("call", **{"class": "g1c1"}), 1, when).cues == (f"{DATE}/afternoon/g1c1/call",)


def test_of_two_windows_that_a_hold_left_open_a_class_is_called_in_its_own() -> None:
    made = taken(SMALL, WAVES)
    hold = change(made, 1, "hold", "16:40")
    end = change(made, 2, "resume", "16:57", ids=("change-1",))
    here = Situation(made, DATE, timetable(made, DATE, (hold, end)), (hold, end))
    when = change(made, 3, "hold", "16:58").at
    assert propose(here, wish("call", **{"class": "g1c2"}), 3, when).cues == (f"{DATE}/later/g1c2/call",)
    assert propose(here, wish("call", **{"class": "g1c1"}), 3, when).cues == (f"{DATE}/afternoon/g1c1/call",)


def test_a_call_at_another_gate_than_the_class_waits_at_is_asked_twice() -> None:
    one = wish("call", gate="west", **{"class": "g3c4"})
    assert refusal(HERE, one) == ("to_come", True)


def test_what_would_never_be_said_or_reopen_nobody_is_refused() -> None:
    """The window of the newest call is over: its repeat would be missed at once, and its end moves nobody."""
    noon = next(window for window in DAYS[0].windows if window.id == "noon")
    ends_s = (noon.closes - NOON).total_seconds()
    assert refusal(LATER, wish("repeat", gate="east"), at(ends_s)) == ("over", False)
    assert refusal(LATER, wish("extend", window="noon", delay_s=600), at(ends_s)) == ("over", False)
    assert propose(LATER, wish("repeat", gate="east"), 1, at(ends_s - 1)).cues == (f"{FIRST}#2",)
    assert propose(LATER, wish("extend", window="noon", delay_s=600), 1, at(ends_s - 1)).window == "noon"


def test_a_notice_longer_than_a_clip_is_refused_with_its_length() -> None:
    with pytest.raises(RefusedError, match="约要 46 秒，最长 28 秒") as caught:
        propose(HERE, wish("notice", text="请" * 100), 1, NOON)
    assert caught.value.code == "too_long"
    assert propose(HERE, wish("notice", text="请" * 59), 1, NOON).text == "请" * 59


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
        (SKIPPED, wish("skip", window="noon", **{"class": "g3c1"}), "already_skipped"),
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
    resume = propose(held, wish("resume", ids=("change-1",)), 2, at(60))
    resumed = Situation(PLAN, DATE, applied(DAYS, [hold, resume]), (hold, resume))
    assert refusal(resumed, wish("undo", undoes=2)) == ("use_hold", False)
    assert propose(held, wish("resume", ids=("change-1",)), 2, at(60)).ids == ("change-1",)


def led_out(window: str | None = None, cls: str = "g3c1") -> Wish:
    return wish("left", **{"class": cls}, **({"window": window} if window else {}))


def test_who_was_called_is_reported_to_be_out_once_and_an_undo_takes_it_back() -> None:
    change = propose(LATER, led_out(), 1, at(60))
    assert (change.cls, change.window, change.cues) == ("g3c1", "noon", (FIRST,))
    assert applied(DAYS, [change]) == DAYS
    out = Situation(PLAN, DATE, DAYS, (change,), LATER.records)
    assert (refusal(out, led_out())[0], refusal(out, led_out("noon"))[0]) == ("already_left", "already_left")
    undo = propose(out, wish("undo", undoes=1), 2, at(90))
    assert propose(Situation(PLAN, DATE, DAYS, (change, undo), LATER.records), led_out(), 3, at(99)).window == "noon"
    shown = [seen(here)["g3c1"] for here in (LATER, out, Situation(PLAN, DATE, DAYS, (change, undo), LATER.records))]
    assert shown == ["called", "left", "called"]


def test_who_was_passed_by_is_reported_to_be_out_from_its_instant_on() -> None:
    skip = propose(HERE, wish("skip", **{"class": "g3c1"}), 1, NOON - timedelta(minutes=9))
    here = Situation(PLAN, DATE, applied(DAYS, [skip]), (skip,))
    assert refusal(here, led_out(), NOON - timedelta(minutes=5))[0] == "to_come"
    out = propose(here, led_out(), 2, NOON)
    assert out.window == "noon"
    assert seen(Situation(PLAN, DATE, applied(DAYS, [skip, out]), (skip, out)))["g3c1"] == "left"


@pytest.mark.parametrize(
    ("here", "one", "code"),
    [
        (HERE, led_out(), "to_come"),
        (HERE, led_out("noon"), "to_come"),
        (LATER, led_out(cls="g3c2"), "to_come"),
        (LATER, led_out("afternoon"), "not_called"),
        (LATER, led_out("night"), "not_called"),
        (LATER, led_out(cls="g9"), "no_class"),
    ],
)
def test_nobody_is_reported_out_whose_call_is_to_come(here: Situation, one: Wish, code: str) -> None:
    assert refusal(here, one, at(60))[0] == code


def test_a_class_that_is_called_once_more_is_shown_so_though_it_was_reported_out() -> None:
    change = propose(LATER, led_out(), 1, at(60))
    now = {"east": status().but(now=FIRST)}
    assert seen(Situation(PLAN, DATE, DAYS, (change,), LATER.records, now))["g3c1"] == "calling"


def seen(here: Situation) -> dict[str, str]:
    """The state of each class on the page, at the first minute of the noon window."""
    return {one.id: one.state for one in view(here, Instant(at(60), 0.0, 0.1), {}).classes}


def test_a_delay_moves_what_was_not_heard_and_says_so_by_cue() -> None:
    change = propose(LATER, wish("delay", window="noon", gate="east", delay_s=120), 1, at(10))
    assert FIRST not in change.cues
    assert len(change.cues) == 17
    assert described(PLAN, DAYS, applied(DAYS, [change]))[0] == "三年级二班 11:30:45 → 11:32:45 东门"


def test_a_repeat_is_of_the_newest_that_was_heard() -> None:
    assert propose(LATER, wish("repeat", gate="east"), 1, at(60)).cues == (f"{FIRST}#2",)


def gate_says(*holds: str) -> dict[str, Status]:
    return {"east": status(holds=holds)}


def test_a_hold_that_only_the_gate_knows_is_resumed_by_its_id() -> None:
    here = Situation(PLAN, DATE, DAYS, statuses=gate_says("east/0123abcd-7"))
    resume = propose(here, wish("resume", gate="east", ids=("east/0123abcd-7",)), 1, at(60))
    assert (resume.gate, resume.ids) == ("east", ("east/0123abcd-7",))
    assert described(PLAN, DAYS, applied(DAYS, [resume])) == ("东门 恢复",)
    after = Situation(PLAN, DATE, applied(DAYS, [resume]), (resume,), statuses=here.statuses)
    assert (here.held("east"), after.held("east")) == (("east/0123abcd-7",), ())


def test_a_hold_that_the_centre_cannot_end_is_left_to_the_guard() -> None:
    here = Situation(PLAN, DATE, DAYS, statuses=gate_says("change-77"))
    assert refusal(here, wish("resume", gate="east", ids=("change-77",))) == ("unknown_hold", False)


def test_a_number_that_only_a_record_knows_is_not_used_again() -> None:
    """A restored backup forgot that the class was called again; the gate's outbox brought the record back."""
    records = {**LATER.records, f"east {FIRST}#2": (heard(f"{FIRST}#2"),)}
    here = Situation(PLAN, DATE, DAYS, records=records)
    assert propose(here, wish("repeat", gate="east"), 1, at(60)).cues == (f"{FIRST}#3",)


# Whose days count ---------------------------------------------------------------------------------

TOMORROW = DATE + timedelta(days=1)
EAST = Address("shifan", "east")
ASKED = Situation(PLAN, DATE, DAYS, newer=tuple(Newer(EAST, on, 12, 3) for on in (DATE, TOMORROW)))
KEPT = Situation(PLAN, DATE, DAYS, kept=(DATE, TOMORROW))


def choice(choose: str, **more: object) -> Choice:
    return Choice.model_validate({"key": "k1", "by": "王老师", "choose": choose, "confirmed": True, **more})


@pytest.mark.parametrize(
    ("here", "one", "dates"),
    [
        (ASKED, choice("keep"), (DATE, TOMORROW)),
        (ASKED, choice("mine", dates=(TOMORROW,)), (TOMORROW,)),
        (ASKED, choice("mine", dates=(TOMORROW, TOMORROW + timedelta(days=9))), (TOMORROW,)),
        (KEPT, choice("mine"), (DATE, TOMORROW)),
    ],
)
def test_a_choice_decides_the_dates_that_were_shown(here: Situation, one: Choice, dates: tuple[date, ...]) -> None:
    assert chosen(here, one) == dates


@pytest.mark.parametrize(
    ("here", "one", "code", "again"),
    [
        (ASKED, choice("keep", confirmed=False), "sure", True),
        (ASKED, choice("mine", confirmed=False), "sure", True),
        (ASKED, choice("mine", dates=(DATE - timedelta(days=1),)), "not_asked", False),
        (KEPT, choice("keep"), "not_asked", False),
        (HERE, choice("mine"), "not_asked", False),
    ],
)
def test_a_choice_is_asked_twice_and_of_what_is_open(here: Situation, one: Choice, code: str, again: bool) -> None:
    with pytest.raises(RefusedError) as caught:
        chosen(here, one)
    assert (caught.value.code, caught.value.ask_again) == (code, again)
    assert code != "sure" or "这一次回答管所有这些天" in str(caught.value)


@pytest.mark.parametrize(("here", "code"), [(ASKED, "newer_at_gate"), (KEPT, "gates_own")])
def test_what_the_centre_may_not_issue_it_does_not_promise(here: Situation, code: str) -> None:
    for one in (wish("hold"), wish("notice", text="请等一等。"), wish("undo", undoes=1)):
        with pytest.raises(RefusedError, match="请先选“以中心的为准”") as caught:
            propose(here, one, 1, NOON)
        assert caught.value.code == code
    other = Situation(PLAN, DATE, DAYS, newer=ASKED.newer[1:], kept=(TOMORROW,))
    assert propose(other, wish("hold"), 1, NOON).kind == "hold"


def test_while_the_gates_run_their_own_day_only_what_they_say_is_held() -> None:
    """The old backup knows a hold that was ended since, and an end that was not."""
    hold = propose(HERE, wish("hold"), 1, at(0))
    end = propose(Situation(PLAN, DATE, DAYS, statuses=gate_says("east/1")), wish("resume", ids=("east/1",)), 2, at(5))
    days = applied(DAYS, [hold, end])
    own = Situation(PLAN, DATE, days, statuses=gate_says("east/1"), kept=(DATE,))
    assert (own.held("east"), own.held("west")) == (("east/1",), ())
    assert Situation(PLAN, DATE, days, statuses=gate_says("east/1")).held("east") == ("change-1",)
