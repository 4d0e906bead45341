"""The agenda and alerts: to every gate, as state, before all else, until each has it."""

from datetime import timedelta

from broker.agenda import AgendaEvent, AlertsKept, DaysIssued, Effect, Linked, Send, State, StatusCame, Tick, wake
from broker.wire import topics
from broker.wire.messages import Alert, Held, LiveCue
from broker.wire.topics import Address
from centre_rig import DAYS, EAST, EAST_TODAY, OPENS, TODAY, WEST, ack, held, instant, running, sent, status, told
from config.clock import Instant

RAISED = Alert(
    v=1, school="shifan", seq=7, id="alert-7", action="return", clears=None, status="actual", say="请返回校内。",
    raised_at=OPENS, until=None, by="王老师",
)  # fmt: skip
DRILL = RAISED.but(status="drill", until=OPENS + timedelta(seconds=300))
CLEARED = RAISED.but(seq=8, id="alert-8", action="clear", clears="alert-7")
ALL = held(EAST_TODAY, DAYS[1], DAYS[2])


def alert(to: Address, one: Alert | None = RAISED) -> Send:
    return Send(topics.down(to, "alert"), one or b"", retain=True)


def alerts(effects: list[Effect]) -> list[Effect]:
    return [one for one in effects if isinstance(one, Send) and one.topic.endswith("/alert")]


def after(state: State, *events: tuple[float, AgendaEvent]) -> tuple[State, list[Effect]]:
    steps: list[tuple[Instant, AgendaEvent]] = [(instant(at_s), event) for at_s, event in events]
    return told(state, *steps)


def test_it_goes_to_every_gate_at_once_and_retained() -> None:
    state, effects = after(running(), (0, AlertsKept((RAISED,))))
    assert effects == [alert(EAST), alert(WEST)]
    assert after(state, (1, Tick()), (2, Tick()))[1] == []


def test_a_gate_that_shows_an_older_number_is_sent_it_again_before_its_days() -> None:
    state, _ = after(running(), (0, AlertsKept((RAISED,))))
    _, effects = after(state, (5, StatusCame(EAST, status(EAST, alert_seq=6))))
    assert effects == [alert(EAST), *(sent(one, retain=one != DAYS[2]) for one in DAYS[:3]), ack(EAST)]
    _, effects = after(state, (5, StatusCame(EAST, status(EAST, ALL, alert_seq=7))))
    assert effects == [ack(EAST)]


def test_a_broker_that_forgot_is_given_it_again() -> None:
    state, _ = after(running(), (0, AlertsKept((RAISED,))), (1, StatusCame(EAST, status(EAST, ALL, alert_seq=7))))
    _, effects = after(state, (9, Linked(up=False)), (10, Linked(up=True)))
    assert alerts(effects) == [alert(EAST), alert(WEST)]


def test_nothing_leaves_while_the_link_is_down_and_then_what_is_true_leaves() -> None:
    state, effects = after(
        running(), (0, Linked(up=False)), (1, AlertsKept((RAISED,))), (2, AlertsKept((RAISED, CLEARED)))
    )
    assert effects == []
    assert alerts(after(state, (3, Linked(up=True)))[1]) == [alert(EAST, CLEARED), alert(WEST, CLEARED)]


def test_a_gate_with_a_newer_one_of_a_lost_database_keeps_it() -> None:
    state, _ = after(running(), (0, StatusCame(EAST, status(EAST, ALL, alert_seq=9))))
    assert after(state, (1, AlertsKept((RAISED,))))[1] == [alert(WEST)]


def test_an_open_question_of_days_does_not_keep_an_alert_back() -> None:
    state, _ = after(running(), (0, StatusCame(EAST, status(EAST, {**ALL, TODAY: Held(revision=9, digest="f" * 16)}))))
    assert alerts(after(state, (1, AlertsKept((RAISED,))))[1]) == [alert(EAST), alert(WEST)]


def test_a_drill_that_is_over_is_taken_from_the_broker_and_sent_to_nobody() -> None:
    state, effects = after(running(), (0, AlertsKept((DRILL,))))
    assert effects == [alert(EAST, DRILL), alert(WEST, DRILL)]
    assert wake(state, instant(250)) <= DRILL.until  # type: ignore[operator]  # of a drill
    state, effects = after(state, (301, Tick()))
    assert effects[:2] == [alert(EAST, None), alert(WEST, None)]
    assert alerts(after(state, (310, StatusCame(EAST, status(EAST, ALL))))[1]) == []


def test_no_live_cue_leaves_in_an_alert_nor_in_the_hold_after_it() -> None:
    def lives(*events: tuple[float, AgendaEvent]) -> int:
        _, effects = after(running(), *events, (298, Tick()), (343, Tick()))
        return len([one for one in effects if isinstance(one, Send) and isinstance(one.message, LiveCue)])

    kept = status(EAST, ALL, alert_seq=8, doing="held", holds=("east/alert-7",))
    assert lives() == 2
    assert lives((0, AlertsKept((RAISED,)))) == 0
    assert lives((0, AlertsKept((RAISED, CLEARED))), (1, StatusCame(EAST, kept))) == 0
    assert lives((0, AlertsKept((RAISED, CLEARED))), (1, StatusCame(EAST, kept.but(holds=())))) == 2


def test_a_new_gate_of_the_plan_is_told_too() -> None:
    state, _ = after(running(), (0, AlertsKept((RAISED,))))
    north = Address("shifan", "north")
    _, effects = after(state, (1, DaysIssued((EAST, WEST, north), DAYS, TODAY)))
    assert alerts(effects) == [alert(north)]
