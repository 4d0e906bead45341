"""The gate's `step`: the right class, at the right instant, exactly once, or a record that says why not."""

from dataclasses import replace

import pytest

from broker.wire.messages import Ack, LiveCue
from config import limits
from config.day import Hold, Quiet
from edge.alphabet import Accept, AckCame, Cut, LiveCame, Play, PlayerAnswered, Refused, Rendered, Tick, Write
from edge.book import Begun
from gate_rig import Rig, at, call, came, day, linked, window

HOLD = Hold.model_validate({"id": "h1", "from": at(5), "to": None, "why": None, "by": "王老师"})
ENDED = Hold.model_validate({"id": "h1", "from": at(5), "to": at(125), "why": None, "by": "王老师"})


def live(cue_n: int, at_s: float, *, revision: int = 1, due_s: float | None = None) -> LiveCame:
    cue = call(cue_n, at_s)
    due = at(at_s if due_s is None else due_s)
    return LiveCame(LiveCue(v=1, sent_at=at(at_s - 2), revision=revision, due=due, window=window(), cue=cue), receipt=9)


def test_calls_are_heard_at_their_instants_in_order_once() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0), call(2, 20), call(3, 40))))
    rig.run(80)
    assert rig.classes() == [(0.0, "1"), (20.0, "2"), (40.0, "3")]
    assert rig.results() == [("c1", 1, "announced", True), ("c2", 1, "announced", True), ("c3", 1, "announced", True)]
    assert [one.actual for one in rig.records] == [at(0), at(20), at(40)]


def test_the_journal_is_written_before_the_sound() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0))))
    rig.run(20)
    order = [type(one).__name__ for one in rig.effects if isinstance(one, Play) or _begins(one)]
    assert order == ["Write", "Play"]


def _begins(effect: object) -> bool:
    return isinstance(effect, Write) and isinstance(effect.entry, Begun)


def test_the_amplifier_has_its_lead_and_is_open_after_the_sentence() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0))))
    rig.run(-0.61)
    assert not rig.lights().amplifier
    rig.run(-0.59)
    assert rig.lights().amplifier
    rig.run(7)
    assert not rig.lights().amplifier


def test_two_sayings_of_one_call_are_a_second_apart_and_one_record() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0, repeat=2))))
    rig.run(30)
    assert rig.classes() == [(0.0, "1"), (6.85, "1")]
    assert rig.results() == [("c1", 1, "announced", True)]


def test_a_long_sentence_moves_the_window_by_the_larger_lateness_never_a_sum() -> None:
    rig = Rig()
    rig.answers = lambda play: ("whole", 20.0 if "一班" in play.say or "级1班" in play.say else 6.0)
    rig.lengths_s = {call(1, 0).say: 20.0}
    rig.send(came(day(call(1, 0), call(2, 20), call(3, 40))))
    rig.run(90)
    first, second, third = (at_s for at_s, _ in rig.classes())
    assert second == pytest.approx(20 - 0.15 + 3, abs=0.05)
    assert third - second == pytest.approx(20)
    assert [one.result for one in rig.records] == ["announced"] * 3
    assert [one.slip_s for one in rig.records] == [0, pytest.approx(2.85, abs=0.05), pytest.approx(2.85, abs=0.05)]
    assert first == 0


@pytest.mark.parametrize("bound_s", [None, limits.TOLERANCE_S + 0.1])
def test_without_a_clock_bound_nothing_is_called_or_missed_and_a_problem_stands(bound_s: float | None) -> None:
    rig = Rig(bound_s=bound_s)
    rig.send(came(day(call(1, 0))))
    rig.run(100)
    assert (rig.classes(), rig.results(), rig.problems()) == ([], [], ["clock"])
    assert rig.lights().amber == "on"


def test_when_the_bound_returns_due_calls_are_said_and_set_no_slip() -> None:
    rig = Rig(bound_s=None)
    rig.send(came(day(call(1, 0), call(2, 20), call(3, 40))))
    rig.run(25)
    rig.bound_s = 0.2
    rig.run(80)
    assert [one for _, one in rig.classes()] == ["1", "2", "3"]
    assert rig.classes()[2][0] == pytest.approx(44, abs=0.7)  # behind the rest, not 25 s late
    assert [(one.result, one.slip_s) for one in rig.records[:2]] == [("late", 0), ("late", 0)]
    assert rig.problems() == []


def test_started_two_minutes_late_the_passed_are_missed_once_and_the_next_is_called() -> None:
    rig = Rig(before_s=-120)
    rig.send(came(day(call(1, 0), call(2, 45), call(3, 135))))
    rig.run(200)
    assert rig.classes() == [(135.0, "3")]
    assert rig.results() == [("c1", 0, "missed", True), ("c2", 0, "missed", True), ("c3", 1, "announced", True)]


def test_a_call_inside_its_until_is_said_late_and_recorded_so() -> None:
    rig = Rig(before_s=-30)
    rig.send(came(day(call(1, 0))))
    rig.run(60)
    assert rig.classes() == [(33.0, "1")]
    assert rig.results() == [("c1", 1, "late", True)]


def test_power_cut_in_a_sentence_it_is_said_once_more_and_recorded_so() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0), call(2, 20))))
    rig.run(3)
    rig.cut_power(for_s=5)
    rig.run(60)
    assert rig.classes() == [(0.0, "1"), (11.0, "1"), (20.0, "2")]
    assert rig.results() == [("c1", 1, "interrupted", False), ("c1", 2, "late", True), ("c2", 1, "announced", True)]


def test_power_cut_twice_in_one_call_it_is_not_said_a_third_time() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0, until_s=300))))
    rig.run(3)
    rig.cut_power(for_s=5)
    rig.run(14)
    rig.cut_power(for_s=5)
    rig.run(100)
    assert [one for _, one in rig.classes()] == ["1", "1"]
    assert rig.results() == [("c1", 1, "interrupted", False), ("c1", 2, "interrupted", True)]


def test_power_cut_after_one_whole_saying_the_call_is_announced() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0, repeat=2))))
    rig.run(8)
    rig.cut_power(for_s=5)
    rig.run(60)
    assert [one for _, one in rig.classes()] == ["1", "1"]
    assert rig.results() == [("c1", 1, "announced", True)]


def test_power_cut_between_two_calls_nothing_is_said_twice() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0), call(2, 30))))
    rig.run(10)
    rig.cut_power(for_s=5)
    rig.run(60)
    assert rig.classes() == [(0.0, "1"), (30.0, "2")]


def test_power_cut_past_until_the_end_stays_unknown() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0))))
    rig.run(3)
    rig.cut_power(for_s=120)
    rig.run(150)
    assert rig.results() == [("c1", 1, "interrupted", False), ("c1", 1, "interrupted", True)]
    assert len(rig.classes()) == 1


def test_no_answer_of_the_player_is_an_unknown_end_and_is_cut() -> None:
    rig = Rig()
    rig.answers = lambda _: ("never", 0.0)
    rig.send(came(day(call(1, 0))))
    rig.run(60)
    assert rig.results() == [("c1", 1, "interrupted", False), ("c1", 2, "interrupted", True)]
    assert [one for one in rig.effects if isinstance(one, Cut)] == [Cut(), Cut()]
    assert "player" in rig.problems()


def test_a_late_answer_to_an_older_attempt_is_rejected() -> None:
    rig = Rig()
    rig.answers = lambda _: ("never", 0.0)
    rig.send(came(day(call(1, 0))))
    rig.run(16)
    doing = rig.state.doing
    rig.send(PlayerAnswered(f"{call(1, 0).id}|1", "whole", 1.0, ""))
    assert rig.state.doing == doing


def test_a_player_that_never_sounds_is_tried_again_and_the_problem_closes_when_it_does() -> None:
    rig = Rig()
    rig.answers = lambda _: ("silent", 0.1) if len(rig.records) < 2 else ("whole", 6.0)
    rig.send(came(day(call(1, 0))))
    rig.run(1)
    assert rig.problems() == ["player"]
    rig.run(60)
    assert [one[2:] for one in rig.results()] == [("interrupted", False), ("interrupted", False), ("announced", True)]
    assert rig.records[2].slip_s == pytest.approx(6, abs=1)  # the gate became free while this call waited
    assert rig.problems() == []


def test_a_sentence_that_is_not_rendered_is_never_called_and_the_next_is_not_held_up() -> None:
    rig = Rig(renders=False)
    rig.send(came(day(call(1, 0), call(2, 20))))
    rig.send(Rendered(call(2, 20).say, 6.0))
    rig.send(Rendered(call(1, 0).say, None, "engine died"))
    assert rig.problems() == ["clip"]
    rig.run(90)
    assert rig.classes() == [(20.0, "2")]
    assert ("c1", 0, "missed", True) in rig.results()


def test_nothing_begins_after_the_window_closes() -> None:
    rig = Rig(before_s=-30)
    rig.send(came(day(call(1, 0, until_s=300), noon=window(closes_s=32))))
    rig.run(400)
    assert rig.results() == [("c1", 0, "missed", True)]


# Days and live cues -------------------------------------------------------------------------------


def test_an_older_or_equal_revision_changes_nothing() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0), revision=3)))
    book = rig.state.book
    rig.send(came(day(revision=3)))
    rig.send(came(day(revision=2)))
    assert rig.state.book == book
    assert [one for one in rig.effects if isinstance(one, Accept)] == [Accept(7)] * 3


def test_a_new_revision_never_says_again_what_was_said() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0), call(2, 20))))
    rig.run(10)
    rig.send(came(day(call(1, 15), call(2, 40), revision=2)))
    rig.run(90)
    assert rig.classes() == [(0.0, "1"), (40.0, "2")]


def test_a_cue_cancelled_in_the_lead_is_not_heard() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0))))
    rig.run(-0.5)
    rig.send(came(day(call(1, 0, state="cancelled"), revision=2)))
    rig.run(70)
    assert rig.classes() == []
    assert rig.results() == [("c1", 1, "cancelled", True)]


def test_a_missed_call_is_reopened_by_a_revision_with_a_later_until_and_by_no_other() -> None:
    rig = Rig(before_s=-120)
    rig.send(came(day(call(1, 0))))
    rig.run(130)
    rig.send(came(day(call(1, 0), revision=2)))
    rig.run(140)
    assert rig.results() == [("c1", 0, "missed", True)]
    rig.send(came(day(call(1, 150), revision=3)))
    rig.run(220)
    assert rig.classes() == [(150.0, "1")]
    assert rig.results() == [("c1", 0, "missed", True), ("c1", 1, "announced", True)]


def test_a_live_cue_of_a_day_that_is_held_says_nothing_twice() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0))))
    rig.run(-2)
    rig.send(live(1, 0))
    rig.run(60)
    assert rig.classes() == [(0.0, "1")]


def test_a_gate_without_the_day_calls_by_the_live_cue_and_its_due() -> None:
    rig = Rig()
    rig.run(-3)
    rig.send(live(1, 0, due_s=4))
    rig.run(60)
    assert rig.classes() == [(4.0, "1")]
    assert [(one.source, one.slip_s, one.result) for one in rig.records] == [("live", 4.0, "announced")]


def test_the_day_that_comes_after_a_live_cue_does_not_say_it_again() -> None:
    rig = Rig()
    rig.run(-3)
    rig.send(live(1, 0))
    rig.run(10)
    rig.send(came(day(call(1, 0), call(2, 30))))
    rig.run(60)
    assert rig.classes() == [(0.0, "1"), (30.0, "2")]


def test_pacing_that_this_version_does_not_run_is_refused_with_a_problem() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0), noon=window(pacing="guarded"))))
    rig.run(60)
    assert (rig.classes(), rig.problems(), rig.state.book.days) == ([], ["refused-day"], {})


def test_a_refused_message_is_accepted_so_that_it_does_not_come_again_and_noted_once() -> None:
    rig = Rig()
    rig.send(Refused("day", "no JSON", 3))
    rig.send(Refused("day", "no JSON either", 4))
    assert rig.problems() == ["refused-day"]
    assert [one for one in rig.effects if isinstance(one, Accept)] == [Accept(3), Accept(4)]


# Holds, quiet -------------------------------------------------------------------------------------


def test_in_a_hold_nothing_begins_and_after_it_the_distances_are_kept() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0), call(2, 20), call(3, 40))))
    rig.run(5)
    rig.send(came(day(call(1, 0), call(2, 20), call(3, 40), revision=2, holds=(HOLD,))))
    assert rig.lights().red == "on"
    rig.run(125)
    rig.send(came(day(call(1, 0), call(2, 20), call(3, 40), revision=3, holds=(ENDED,))))
    rig.run(200)
    times = [at_s for at_s, _ in rig.classes()]
    assert times == [0.0, pytest.approx(125.6, abs=0.1), pytest.approx(145, abs=0.7)]
    assert [one.result for one in rig.records] == ["announced"] * 3


def test_a_hold_in_a_sentence_lets_it_end_and_drops_its_repeat() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0, repeat=3))))
    rig.run(3)
    rig.send(came(day(call(1, 0, repeat=3), revision=2, holds=(HOLD,))))
    rig.run(60)
    assert len(rig.heard) == 1
    assert rig.results() == [("c1", 1, "announced", True)]


def test_in_quiet_and_in_a_trial_a_cue_is_shown_and_recorded_suppressed() -> None:
    lock = Quiet.model_validate({"id": "q1", "from": at(-60), "to": at(60)})
    for more in ({"quiet": (lock,)}, {"mode": "trial"}):
        rig = Rig()
        rig.send(came(day(call(1, 0), **more)))
        rig.run(1)
        assert (rig.lights().green, rig.lights().amplifier) == ("on", False)
        rig.run(30)
        assert (rig.heard, rig.results()) == ([], [("c1", 1, "suppressed", True)])


# Status and outbox --------------------------------------------------------------------------------


def test_a_status_goes_out_on_connect_until_it_is_answered_and_then_every_30_s() -> None:
    rig = Rig(before_s=600)
    rig.send(linked())
    rig.run(-588)
    assert len(rig.published("status")) == 3
    rig.send(AckCame(Ack(v=1, log="0badcafe", seq=0), receipt=1))
    before = len(rig.published("status"))
    rig.run(-528)
    assert len(rig.published("status")) - before == 2


def test_records_are_sent_until_they_are_acknowledged_then_the_rest() -> None:
    rig = Rig()
    rig.send(linked())
    rig.send(came(day(call(1, 0), call(2, 20))))
    rig.run(18)
    assert [one.message.seq for one in rig.published("event")] == [1, 1, 1]  # type: ignore[union-attr]
    rig.send(AckCame(Ack(v=1, log="0badcafe", seq=1), receipt=1))
    rig.run(27)
    assert [one.message.seq for one in rig.published("event")][3:] == [2]  # type: ignore[union-attr]


def test_an_ack_of_another_log_or_of_the_future_acknowledges_nothing() -> None:
    rig = Rig(bound_s=None)
    rig.send(linked())
    rig.run(-50)
    rig.send(AckCame(Ack(v=1, log="00000001", seq=1), receipt=1))
    rig.send(AckCame(Ack(v=1, log="0badcafe", seq=99), receipt=1))
    assert rig.state.book.acked == 0


def test_an_ack_that_goes_back_is_answered_with_the_rest() -> None:
    rig = Rig()
    rig.send(linked())
    rig.send(came(day(call(1, 0))))
    rig.run(10)
    rig.send(AckCame(Ack(v=1, log="0badcafe", seq=1), receipt=1))
    sent = len(rig.published("event"))
    rig.send(AckCame(Ack(v=1, log="0badcafe", seq=0), receipt=1))
    assert len(rig.published("event")) == sent + 1


def test_before_a_window_a_gate_that_checked_itself_well_blinks_green_slowly() -> None:
    rig = Rig(before_s=3600)
    rig.send(linked())
    rig.send(came(day(call(1, 0))))
    rig.run(-1300)
    assert rig.lights().green == "off"
    rig.run(-600)
    assert rig.lights().green == "slow"
    rig.bound_s = None
    rig.send(Tick())
    assert (rig.lights().green, rig.lights().amber) == ("off", "on")


def test_days_that_are_over_are_forgotten_and_an_unacknowledged_record_is_not() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0))))
    rig.run(60)
    rig.utc = at(3 * 86400)
    rig.send(Tick())
    book = rig.state.book
    assert (book.days, book.done, len(book.outbox)) == ({}, frozenset(), 1)


def test_every_event_is_legal_in_every_state_and_replay_knows_what_step_knew() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0, repeat=2), call(2, 20))))
    events = [linked(), live(3, 30), Refused("cue", "x", 1), PlayerAnswered("other|1", "whole", None, ""), Tick()]
    for seconds in (-1, -0.3, 2, 6.5, 7, 12, 25):
        rig.run(seconds)
        for event in events:
            rig.send(event)
    before = rig.state.book
    rig.cut_power()
    assert replace(rig.state.book, start=0) == replace(before, start=0) or rig.state.book.open != before.open
