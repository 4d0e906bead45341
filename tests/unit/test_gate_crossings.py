"""Two things at once at a gate: a hold and a repeat, quiet and a sentence, a late change, midnight."""

from datetime import timedelta

import pytest

from broker.wire.messages import Ack
from config import limits
from config.day import GateDay
from crossing_rig import CALLS, alert, clear, hold, lock, names, press, presses, ready
from edge.alphabet import (
    AckCame,
    ButtonMoved,
    PartFailed,
    Tick,
)
from edge.book import ENTRY, Book, Whole, apply
from edge.report import Lights
from gate_rig import DATE, Rig, at, call, came, day, window

# A hold and … -------------------------------------------------------------------------------------


def test_hold_pressed_between_two_sayings_drops_the_second_and_after_the_resume_the_class_is_not_said_again() -> None:
    rig = ready(today=day(call(1, 0, repeat=3), call(2, 60)))
    rig.run(6.3)
    press(rig)
    rig.run(20)
    assert (rig.classes(), rig.results()) == ([(0.0, "1")], [("c1", 1, "announced", True)])
    press(rig)
    rig.run(90)
    assert names(rig) == ["1", "2"]


def test_hold_under_a_glove_at_boot_holds_nothing_silences_nothing_and_counts_once_it_was_let_go() -> None:
    rig = Rig(60)
    rig.send(ButtonMoved("hold", True, rig.monotonic_s - 0.2))  # the panel looked before the journal was read
    rig.send(came(day(*CALLS)))
    rig.run(-50)
    rig.send(alert())
    rig.run(-20)
    assert (presses(rig), rig.problems(), rig.state.book.silenced) == ([], ["button-hold"], False)
    rig.send(ButtonMoved("hold", False, rig.monotonic_s))
    rig.send(clear())
    rig.run(-10)
    assert rig.problems() == []
    press(rig)
    assert (presses(rig), rig.state.held) == ([("hold", "done")], False)  # it ends the hold that the alert left


def test_an_open_hold_of_tomorrow_holds_nothing_today_and_is_not_ended_by_todays_button() -> None:
    rig = ready()
    tomorrow = DATE + timedelta(days=1)
    fields = {**dict(day()), "date": tomorrow, "windows": (), "holds": (hold(own="t1", begins_s=86400),)}
    rig.send(came(GateDay.model_validate(fields)))
    rig.run(10)
    assert (rig.state.held, names(rig)) == (False, ["1"])
    press(rig)
    press_again_s = 12
    rig.run(press_again_s)
    press(rig)
    assert not rig.state.held
    rig.utc += timedelta(days=1)
    rig.send(Tick())
    assert rig.state.held


def test_a_hold_pressed_without_a_clock_and_ended_by_the_office_is_over_on_every_day() -> None:
    rig = ready(bound_s=None)
    press(rig)
    own = next(iter(rig.state.book.own))
    rig.bound_s = 0.1
    tomorrow = GateDay.model_validate({**dict(day()), "date": DATE + timedelta(days=1), "windows": ()})
    rig.send(came(tomorrow))
    assert rig.state.held
    rig.send(came(day(*CALLS, revision=2, holds=(hold(10, own=own),))))
    assert not rig.state.held
    rig.utc += timedelta(days=1)
    rig.send(Tick())
    assert not rig.state.held


def test_a_window_open_over_midnight_keeps_its_hold_and_an_alert_and_is_called_to_its_end() -> None:
    midnight_s = 12.5 * 3600  # of the school
    late = window(opens=at(midnight_s - 600), closes_s=midnight_s + 600)
    calls = [call(n, midnight_s + n * 20) for n in (-2, -1, 1, 2)]
    named = [one.but(say=f"请注意，三年级{n}班正在放学。") for n, one in enumerate(calls, 1)]
    rig = ready(before_s=-midnight_s + 120, today=day(*named, noon=late))
    tomorrow = GateDay.model_validate({**dict(day()), "date": DATE + timedelta(days=1), "windows": ()})
    rig.send(came(tomorrow))
    rig.run(midnight_s - 30)
    press(rig)
    rig.run(midnight_s + 5)
    assert (names(rig), rig.state.held) == (["1"], True)
    rig.send(alert())
    rig.run(midnight_s + 60)
    rig.send(clear())
    rig.run(midnight_s + 70)
    press(rig)
    assert not rig.state.held
    rig.run(midnight_s + 700)
    assert names(rig) == ["1", "2", "3", "4"]
    assert {one.result for one in rig.records} == {"announced"}


# Quiet, the end, changes --------------------------------------------------------------------------


def test_quiet_ended_in_the_lead_of_a_call_gives_the_amplifier_its_lead() -> None:
    rig = ready(today=day(call(1, 0), quiet=(lock(-600, None),)))
    rig.run(-0.3)
    assert rig.lights() == Lights(green="on")
    rig.send(came(day(call(1, 0), revision=2, quiet=(lock(-600, -0.3),))))
    assert rig.lights() == Lights(green="on", amplifier=True)
    rig.run(20)
    assert rig.classes() == [(0.3, "1")]
    assert rig.results() == [("c1", 1, "interrupted", False), ("c1", 2, "announced", True)]


@pytest.mark.parametrize(("ends_s", "heard"), [(-0.3, ["1"]), (0.0, ["1"]), (0.1, [])])
def test_quiet_that_ends_by_itself_in_the_lead_decides_once_by_the_first_word(ends_s: float, heard: list[str]) -> None:
    rig = ready(today=day(call(1, 0), quiet=(lock(-600, ends_s),)))
    rig.run(-0.5)
    assert rig.lights().amplifier == bool(heard)
    rig.run(20)
    assert (names(rig), rig.results()) == (heard, [("c1", 1, "announced" if heard else "suppressed", True)])


def test_quiet_ordered_in_a_sentence_lets_it_end_and_the_next_are_shown_alone() -> None:
    rig = ready(today=day(call(1, 0, repeat=2), call(2, 20)))
    rig.run(3)
    rig.send(came(day(call(1, 0, repeat=2), call(2, 20), revision=2, quiet=(lock(0, None),))))
    rig.run(60)
    assert rig.classes() == [(0.0, "1")]
    assert rig.results() == [("c1", 1, "announced", True), ("c2", 1, "suppressed", True)]


def test_a_closing_notice_waits_for_every_call_that_a_hold_left_open() -> None:
    close = call(1, 45, id=f"{DATE}/noon/all/close", kind="close", classes=(), say="放学结束，9级 9班")
    cues = (call(1, 0), call(2, 20), call(3, 40), close)
    rig = ready(today=day(*cues))
    rig.run(5)
    rig.send(came(day(*cues, revision=2, holds=(hold(),))))
    rig.run(100)
    rig.send(came(day(*cues, revision=3, holds=(hold(100),))))
    rig.run(200)
    assert names(rig) == ["1", "2", "3", " 9"]


def test_a_class_delayed_while_the_amplifier_warms_up_is_not_called_now() -> None:
    rig = ready()
    rig.run(-0.3)
    assert rig.lights().amplifier
    rig.send(came(day(call(2, 20), call(3, 40), call(1, 50), call(4, 70), revision=2)))
    rig.run(100)
    assert rig.classes() == [(20.0, "2"), (40.0, "3"), (50.0, "1"), (70.0, "4")]
    assert {one.result for one in rig.records if one.final} == {"announced"}


def test_another_day_type_in_the_middle_of_a_window_ends_what_is_being_said_and_goes_on_by_the_new_day() -> None:
    rig = ready()
    rig.run(2)
    rig.send(came(day(call(5, 15), call(3, 35), revision=2, day_type="rain")))
    rig.run(100)
    assert rig.classes() == [(0.0, "1"), (15.0, "5"), (35.0, "3")]
    assert [one[0] for one in rig.results()] == ["c1", "c5", "c3"]
    rig.send(came(day(call(1, 110), call(2, 130), revision=3)))
    rig.run(160)
    assert names(rig) == ["1", "5", "3", "2"]  # the slot of c1 was heard


def test_two_windows_close_together_the_first_late_keep_their_own_distances() -> None:
    second = window(id="wave-2", name="第二批放学", opens=at(50))
    cues = [call(1, 0), call(2, 20), call(3, 40)]
    cues += [call(n, 20 * n - 14, id=f"{DATE}/wave-2/c{n}/call", window="wave-2") for n in (4, 5)]
    today = day(*cues, windows=(window(closes_s=130), second))
    rig = ready(today=today)
    rig.run(2)
    rig.send(came(today.but(revision=2, holds=(hold(begins_s=2),))))
    rig.run(62)
    rig.send(came(today.but(revision=3, holds=(hold(62, begins_s=2),))))
    rig.run(300)
    times = {name: begun_s for begun_s, name in rig.classes()}
    assert sorted(times) == ["1", "2", "3", "4", "5"]
    assert times["3"] - times["2"] == pytest.approx(20)
    assert times["5"] - times["4"] == pytest.approx(20, abs=0.2)
    assert times["2"] < times["4"] < times["3"] < times["5"]
    assert rig.state.book.slips == {f"{DATE}/noon": 42.6, f"{DATE}/wave-2": pytest.approx(times["4"] - 66, abs=0.2)}


# Books --------------------------------------------------------------------------------------------


def test_an_ack_that_goes_back_is_answered_with_the_rest_once_and_one_that_stays_is_no_storm() -> None:
    rig = ready()
    rig.run(30)
    rig.send(AckCame(Ack(v=1, log="0badcafe", seq=rig.state.book.seq), receipt=1))
    before = len(rig.published("event"))
    rig.send(AckCame(Ack(v=1, log="0badcafe", seq=0), receipt=1))
    assert (len(rig.published("event")), rig.state.book.acked) == (before + 1, 0)
    for _ in range(5):  # a centre that cannot store answers with what it has
        rig.send(AckCame(Ack(v=1, log="0badcafe", seq=0), receipt=1))
    assert len(rig.published("event")) == before + 1
    rig.run(36)
    assert len(rig.published("event")) == before + 2


def test_the_journal_made_new_in_a_hold_with_presses_knows_the_same_book() -> None:
    rig = ready(before_s=7200)
    press(rig, "next")
    press(rig)
    for n in range(limits.JOURNAL_LINES_MAX):
        rig.send(PartFailed("panel", "loose wire" if n % 2 == 0 else ""))
    rig.run(-7000.123)
    rig.send(alert())
    rig.run(-6990)
    rig.send(clear())
    press(rig)
    assert rig.replayed() == rig.state.book
    made = ENTRY.dump_json(Whole(book=rig.state.book), by_alias=True)
    assert apply(Book(), ENTRY.validate_json(made)).own == rig.state.book.own
