"""What a gate tells and keeps to itself: status, records until they are acknowledged, lights."""

from dataclasses import replace

from broker.wire.messages import Ack, LiveCue
from edge.alphabet import AckCame, GateEvent, LiveCame, PlayerAnswered, Refused, Tick
from gate_rig import Rig, at, call, came, day, linked, window


def live(cue_n: int, at_s: float, *, revision: int = 1, due_s: float | None = None) -> LiveCame:
    cue = call(cue_n, at_s)
    due = at(at_s if due_s is None else due_s)
    return LiveCame(LiveCue(v=1, sent_at=at(at_s - 2), revision=revision, due=due, window=window(), cue=cue), receipt=9)


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
    assert [one.message.seq for one in rig.published("event")] == [1, 1, 1]  # type: ignore[union-attr]  # an event
    rig.send(AckCame(Ack(v=1, log="0badcafe", seq=1), receipt=1))
    rig.run(27)
    assert [one.message.seq for one in rig.published("event")][3:] == [2]  # type: ignore[union-attr]  # an event


def test_an_ack_that_tells_nothing_new_sends_nothing_again() -> None:
    rig = Rig()
    rig.send(linked())
    rig.send(came(day(call(1, 0))))
    rig.run(6)
    sent = len(rig.published("event"))
    assert sent > 0
    rig.send(AckCame(Ack(v=1, log="0badcafe", seq=0), receipt=1))
    assert len(rig.published("event")) == sent


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
    events: list[GateEvent] = [
        linked(),
        live(3, 30),
        Refused("cue", "x", 1),
        PlayerAnswered("other|1", "whole", None, ""),
        Tick(),
    ]
    for seconds in (-1, -0.3, 2, 6.5, 7, 12, 25):
        rig.run(seconds)
        for event in events:
            rig.send(event)
    before = rig.state.book
    rig.cut_power()
    assert replace(rig.state.book, start=0) == replace(before, start=0) or rig.state.book.open != before.open
