"""Two things at once at a gate: an alert and an answer, a hold and a repeat, a lost clock, a full card, midnight."""

from datetime import timedelta
from typing import Literal

import pytest

from broker.wire.messages import Ack, Alert, Status
from config import limits
from config.alerts import sentence
from config.day import GateDay, Hold, Quiet
from edge.alphabet import (
    AckCame,
    AlertCame,
    ButtonMoved,
    Cut,
    Idle,
    PartFailed,
    Play,
    PlayerAnswered,
    Rendered,
    Saying,
    Tick,
)
from edge.book import ENTRY, Book, Entry, Pressed, Whole, apply
from gate_rig import DATE, LENGTH_S, Rig, at, call, came, day, linked, window

CALLS = (call(1, 0), call(2, 20), call(3, 40), call(4, 60))
SAY = "请立即返回校内。"


def alert(seq: int = 1, **more: object) -> AlertCame:
    fields = {
        "v": 1, "school": "shifan", "seq": seq, "id": f"a{seq}", "action": "return", "clears": None,
        "status": "actual", "say": SAY, "raised_at": at(0), "until": None, "by": "王老师",
    }  # fmt: skip
    return AlertCame(Alert.model_validate({**fields, **more}), receipt=5)


def clear(seq: int = 2, of: str = "a1") -> AlertCame:
    return alert(seq, action="clear", clears=of, say="警报解除。")


def drill(seq: int = 1, until_s: float = 100, **more: object) -> AlertCame:
    return alert(seq, **{"status": "drill", "until": at(until_s), "say": f"现在是演练。{SAY}", **more})


def hold(to_s: float | None = None, own: str = "h1", begins_s: float = 5) -> Hold:
    to = None if to_s is None else at(to_s)
    return Hold.model_validate({"id": own, "from": at(begins_s), "to": to, "why": None, "by": "王老师"})


def lock(begins_s: float, to_s: float | None) -> Quiet:
    return Quiet.model_validate({"id": "q1", "from": at(begins_s), "to": None if to_s is None else at(to_s)})


def ready(before_s: float = 60.0, *, bound_s: float | None = 0.1, today: GateDay | None = None) -> Rig:
    rig = Rig(before_s, bound_s=bound_s)
    rig.send(linked())
    rig.send(came(today or day(*CALLS)))
    return rig


def press(rig: Rig, button: Literal["hold", "next"] = "hold", for_s: float = 0.2) -> None:
    rig.send(ButtonMoved(button, True, rig.monotonic_s))
    rig.run((rig.utc - at(0)).total_seconds() + for_s)
    rig.send(ButtonMoved(button, False, rig.monotonic_s))
    rig.run((rig.utc - at(0)).total_seconds() + 0.1)


def presses(rig: Rig) -> list[tuple[str, str]]:
    return [(one.press.button, one.press.result) for one in rig.state.book.outbox if isinstance(one, Pressed)]


def names(rig: Rig) -> list[str]:
    return [name for _, name in rig.classes()]


def statuses(rig: Rig) -> list[Status]:
    return [one.message for one in rig.published("status") if isinstance(one.message, Status)]


# An alert and … -----------------------------------------------------------------------------------


def test_a_drill_over_an_actual_is_confirmed_and_its_end_ends_nothing_also_over_a_power_cut() -> None:
    rig = ready()
    rig.run(-30)
    rig.send(alert(1))
    rig.send(drill(2, until_s=10))
    rig.run(0)
    rig.cut_power(for_s=4)
    rig.run(100)
    assert (rig.lights().red, statuses(rig)[-1].alert_seq, {say for _, say in rig.heard}) == (
        "fast", 2, {SAY, sentence("return", "actual")},
    )  # fmt: skip


def test_a_clear_that_overtakes_its_alert_keeps_it_from_being_heard() -> None:
    rig = ready(120)
    rig.send(clear(2))
    rig.send(alert(1))
    rig.run(-60)
    assert (rig.heard, rig.state.book.alert, statuses(rig)[-1].alert_seq) == ([], None, 2)


def test_a_number_below_what_was_heard_is_no_news_and_the_next_above_it_speaks() -> None:
    rig = ready(120)
    rig.send(alert(1000))
    rig.send(clear(1001, of="a1000"))
    rig.send(alert(7))
    rig.run(-90)
    assert (rig.state.book.alert, statuses(rig)[-1].alert_seq) == (None, 1001)
    rig.send(alert(1002))
    assert rig.lights().red == "fast"


def test_an_alert_while_no_sentence_can_be_made_is_red_and_speaks_as_soon_as_one_is_ready() -> None:
    rig = Rig(120, renders=False)
    rig.send(alert())
    rig.send(Rendered(SAY, None, "engine died"))
    rig.run(-70)
    assert (rig.lights().red, rig.heard, rig.problems()) == ("fast", [], ["clip"])
    rig.send(Rendered(SAY, 4.0))
    rig.run(-68)
    assert [say for _, say in rig.heard] == [SAY]


@pytest.mark.parametrize("alert_first", [True, False])
def test_an_alert_in_the_instant_of_the_answer_calls_nobody_twice(alert_first: bool) -> None:
    rig = ready()
    rig.answers = lambda play: ("never", 0.0) if play.say != SAY and "班" in play.say else ("whole", 4.0)
    rig.run(LENGTH_S - 0.2)
    doing = rig.state.doing
    assert isinstance(doing, Saying)
    answer = PlayerAnswered(f"{doing.cue.id}|1", "whole", rig.monotonic_s - LENGTH_S, "")
    for event in (alert(), answer) if alert_first else (answer, alert()):
        rig.send(event)
    rig.run(20)
    assert rig.results()[-1] == ("c1", 1, "announced", True)
    rig.send(clear())
    rig.run(25)
    press(rig)
    rig.answers = lambda _: ("whole", LENGTH_S)
    rig.run(60)
    assert names(rig)[:2] == ["1", "2"]


def test_a_clear_while_it_speaks_is_silence_at_once_and_no_fault_of_the_player() -> None:
    rig = ready(before_s=60)
    rig.run(-30)
    rig.send(alert())
    rig.run(-28)
    rig.send(clear())
    assert isinstance([one for one in rig.effects if isinstance(one, Cut | Play)][-1], Cut)
    rig.run(-20)
    assert (isinstance(rig.state.doing, Idle), rig.state.held, rig.problems(), len(rig.heard)) == (True, True, [], 1)


def test_a_silenced_voice_is_no_fault_of_the_player() -> None:
    rig = ready(before_s=60)
    rig.run(-40)
    rig.send(alert())
    rig.run(-34.9)
    press(rig, for_s=limits.KEPT_S + 0.5)
    assert presses(rig) == [("hold", "refused"), ("silence", "done")]
    rig.run(-20)
    assert rig.problems() == []


def test_a_clock_lost_in_an_alert_changes_nothing_and_its_hold_waits_for_a_person() -> None:
    rig = ready()
    rig.run(-30)
    rig.send(alert())
    rig.bound_s, rig.skew_s = None, -86400.0
    rig.run(35)
    assert (rig.lights().red, len(rig.heard) >= 4) == ("fast", True)
    rig.send(clear())
    rig.run(36)
    assert (rig.lights().red, rig.state.held, rig.state.book.slips) == ("on", True, {})
    rig.bound_s, rig.skew_s = 0.1, 0.0
    rig.run(40)
    press(rig)
    rig.run(140)
    assert names(rig) == ["1", "2", "3", "4"]


def test_after_a_drill_the_distances_are_kept_by_one_slip_that_a_copy_of_the_day_does_not_move() -> None:
    rig = ready()
    rig.run(10)
    rig.send(drill(until_s=50))
    rig.run(70)
    slip = dict(rig.state.book.slips)
    rig.send(came(day(*CALLS)))
    rig.run(160)
    first, second, third = [begun_s for begun_s, name in rig.classes() if name in "234"]
    assert (second - first, third - second) == (pytest.approx(20), pytest.approx(20))
    assert first == pytest.approx(50 + limits.REST_S, abs=0.7)
    assert rig.state.book.slips == slip == {f"{DATE}/noon": pytest.approx(first - 20, abs=0.05)}


class FullCard(Rig):
    """From `full` on nothing reaches the journal."""

    full = False

    def _write(self, entry: Entry) -> None:
        if not self.full:
            super()._write(entry)


def test_with_a_full_card_an_alert_speaks_and_after_a_power_cut_the_retained_copy_brings_it_back() -> None:
    rig = FullCard(60)
    rig.send(came(day(*CALLS)))
    rig.run(-30)
    rig.full = True
    rig.send(PartFailed("journal", "disk full"))
    rig.send(alert())
    rig.run(-20)
    assert rig.heard[0][0] < -29
    rig.cut_power(for_s=5)
    assert rig.state.book.alert is None
    rig.send(alert())
    rig.run(0)
    assert (rig.lights().red, [at_s > -15 for at_s, _ in rig.heard][-1]) == ("fast", True)


def test_two_actual_alerts_the_second_stands_and_leaves_the_one_hold() -> None:
    rig = ready(120)
    rig.send(alert(1))
    rig.run(-100)
    rig.send(alert(2, action="evacuate", say="请立即疏散。"))
    rig.send(clear(3, of="a1"))
    assert (rig.problems(), rig.lights().red) == (["refused-alert"], "fast")
    rig.run(-80)
    rig.send(clear(4, of="a2"))
    assert [own for own, one in rig.state.book.own.items() if one.hold.to is None] == ["east/alert-2"]


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
