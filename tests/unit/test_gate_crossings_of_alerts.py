"""An alert and something else at once at a gate: another, an answer, a clear, a full card, a lost clock."""

import pytest

from config import limits
from config.alerts import sentence
from crossing_rig import CALLS, SAY, alert, clear, drill, names, press, presses, ready, statuses
from edge.alphabet import (
    Accept,
    Alarming,
    Cut,
    GateEvent,
    Idle,
    PartFailed,
    Pausing,
    Play,
    PlayerAnswered,
    Rendered,
    Saying,
)
from edge.book import Entry
from gate_rig import DATE, LENGTH_S, Rig, at, call, came, day


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


def test_a_clear_that_a_drill_overtook_clears_what_it_names_and_a_copy_of_it_nothing() -> None:
    rig = ready()
    rig.run(2)
    rig.send(alert(1))
    rig.send(drill(3))
    rig.send(clear(2))
    assert (rig.state.book.alert, rig.state.held, rig.problems()) == (None, True, [])
    rig.send(alert(4))
    rig.send(clear(2))
    assert rig.state.book.alert is not None
    assert (rig.state.book.alert_seq, rig.lights().red) == (4, "fast")


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
    assert [second - first, third - second] == pytest.approx([20, 20])
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


def test_two_actual_alerts_the_second_stands_and_leaves_one_hold_since_the_first() -> None:
    rig = ready(120)
    rig.send(alert(1))
    rig.run(-100)
    rig.send(alert(2, action="evacuate", say="请立即疏散。"))
    rig.send(clear(3, of="a1"))
    assert (rig.problems(), rig.lights().red) == (["refused-alert"], "fast")
    rig.run(-80)
    rig.send(clear(4, of="a2"))
    (own,) = rig.state.book.own.values()
    assert (own.hold.id, own.hold.begins, own.hold.to) == ("east/alert-1", at(-120), None)


# What no other test saw when a line of alarm.py was broken ------------------------------------------


def test_every_alert_is_taken_whatever_becomes_of_it() -> None:
    rig = ready()
    for event in (alert(2), alert(1), clear(3, of="a2"), clear(4, of="a9")):
        taken = len([one for one in rig.effects if isinstance(one, Accept)])
        rig.send(event)
        assert [one.receipt for one in rig.effects if isinstance(one, Accept)][taken:] == [5]


def test_an_actual_alert_outlasts_any_drill_and_an_end_that_its_message_names() -> None:
    for until in (None, at(600)):
        rig = ready()
        rig.send(alert(until=until))
        rig.run(limits.DRILL_MAX_S + 120)
        assert (rig.lights().red, rig.state.book.alert is not None) == ("fast", True)


def test_a_drill_without_an_end_of_its_own_lasts_an_hour() -> None:
    rig = ready()
    rig.send(drill(until=None, raised_at=at(-60)))
    rig.run(limits.DRILL_MAX_S - 70)
    assert rig.lights().red == "fast"
    rig.run(limits.DRILL_MAX_S - 50)
    assert rig.lights().red == "off"


def test_an_alert_between_two_sayings_leaves_the_call_announced() -> None:
    rig = ready(today=day(call(1, 0, repeat=2)))
    rig.run(LENGTH_S + 0.4)
    assert isinstance(rig.state.doing, Pausing)
    rig.send(alert())
    assert rig.results() == [("c1", 1, "announced", True)]


def test_a_player_that_hangs_in_an_alert_is_cut_and_asked_again_after_the_pause() -> None:
    rig = ready()
    rig.run(-30)
    rig.answers = lambda _: ("never", 4.0)
    did: list[tuple[str, float]] = []
    rig.on_effect = lambda one: (
        did.append((type(one).__name__, rig.monotonic_s)) if isinstance(one, Cut | Play) else None
    )
    rig.send(alert())
    rig.run(-17)
    hung_s = LENGTH_S + limits.PLAYED_GRACE_S
    did = [one for one in did if one[0] in ("Play", "Cut")]
    assert [name for name, _ in did] == ["Play", "Cut", "Play"]
    assert [round(at_s - did[0][1], 1) for _, at_s in did] == [0, hung_s, hung_s + limits.SAYING_GAP_S]


def test_a_late_answer_to_the_cut_is_no_reason_to_speak_at_once() -> None:
    rig = ready()
    rig.answers = lambda play: ("never" if "班" in play.say else "whole", 4.0)
    rig.run(2)
    doing = rig.state.doing
    assert isinstance(doing, Saying)
    rig.send(alert())
    rig.run(2 + limits.CUT_WITHIN_S + 4.3)  # it spoke without waiting longer, and pauses
    assert isinstance(rig.state.doing, Alarming)
    assert not rig.state.doing.speaking
    heard = len(rig.heard)
    rig.send(PlayerAnswered(f"{doing.cue.id}|1", "cut", None, ""))
    assert len(rig.heard) == heard


def begins_after_s(rig: Rig) -> float:
    """From now until the player is asked for the next sound."""
    asked_s: list[float] = []
    rig.on_effect = lambda one: asked_s.append(rig.monotonic_s) if isinstance(one, Play) else None
    now_s = rig.monotonic_s
    rig.run((rig.utc - at(0)).total_seconds() + 3)
    return round(asked_s[0] - now_s, 3)


def test_an_alert_waits_for_the_amplifier_and_no_longer() -> None:
    lead_s = (limits.LEAD_MS - limits.PLAY_AHEAD_MS) / 1000
    rig = ready()
    rig.run(-30)
    rig.send(alert(1))
    assert begins_after_s(rig) == pytest.approx(lead_s, abs=0.002)
    rig.run(-23.2)
    assert isinstance(rig.state.doing, Alarming)
    assert not rig.state.doing.speaking
    rig.send(clear(2))  # nothing was cut, so nothing is waited for
    rig.send(alert(3))
    assert begins_after_s(rig) == pytest.approx(lead_s, abs=0.002)


def test_a_copy_of_a_drill_that_ended_by_itself_is_not_heard_again() -> None:
    rig = ready(bound_s=None)
    rig.send(drill())
    rig.run(45)
    heard = len(rig.heard)
    rig.send(drill())
    rig.run(90)
    assert (rig.lights().red, len(rig.heard)) == ("off", heard)


def test_an_alert_is_confirmed_at_once_however_short_ago_a_status_was_sent() -> None:
    rig = ready()
    rig.run(-30)
    rig.send(PartFailed("journal", "full"))
    sent = len(statuses(rig))
    rig.send(alert(7))
    assert [one.alert_seq for one in statuses(rig)][sent:] == [7]


@pytest.mark.parametrize(
    "after", [[clear(2)], [alert(2, action="evacuate"), clear(3, "a2")]], ids=["cleared", "another alert"]
)
def test_a_sentence_that_was_over_before_its_alert_is_not_said_again_however_late_the_player_says_so(
    after: list[GateEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its answer stands in the queue behind the alert, and what ends or replaces it."""
    rig = ready()
    rig.run(5.8)
    assert isinstance(rig.state.doing, Saying)
    monkeypatch.setattr(rig, "_cut", lambda: None)  # the player had ended by itself: nothing is left to cut
    for event in (alert(1), *after):
        rig.send(event)
    rig.run(12)
    press(rig)  # resumed
    rig.run(300)
    assert names(rig).count("1") == 1
    assert [one for one in rig.results() if one[0] == "c1"] == [
        ("c1", 1, "cut_short", False), ("c1", 1, "announced", True),
    ]  # fmt: skip
    assert (rig.state.cutting, rig.state.cut) == ("", None)


def test_the_hold_that_an_alert_leaves_stands_until_a_person_resumes_also_over_midnight() -> None:
    rig = ready(-12.4 * 3600)  # six minutes before midnight
    rig.send(alert(1))
    rig.send(clear(2))
    rig.run(12.6 * 3600)
    assert (rig.state.held, rig.lights().red) == (True, "on")
    press(rig)
    assert (rig.state.held, rig.lights().red) == (False, "off")


def test_an_alert_waits_for_no_player_that_never_said_it_let_go() -> None:
    rig = ready()
    rig.run(3)
    rig._coming.clear()  # it never answers
    rig.send(drill(1))
    rig.send(clear(2))
    rig.run(50)
    assert isinstance(rig.state.doing, Saying)
    assert (rig.state.cutting, rig.state.cut) == ("", None)
