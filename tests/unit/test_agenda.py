"""The agenda, case by case: what gates are sent when they tell what they hold, whole lists of effects compared."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from broker.agenda import (
    AgendaEvent,
    AskCame,
    Complain,
    DaysIssued,
    Effect,
    EventCame,
    EventStored,
    Linked,
    Send,
    Settle,
    State,
    StatusCame,
    Store,
    Tick,
    asked,
    step,
    wake,
)
from broker.issued import Newer
from broker.wire import topics
from broker.wire.messages import Ask, Held, Time
from broker.wire.topics import Address
from centre_rig import (
    DAYS,
    EAST,
    EAST_LATER,
    EAST_TODAY,
    EAST_TOMORROW,
    LATER,
    LOG,
    MORNING,
    OPENS,
    TODAY,
    TOMORROW,
    WEST,
    WEST_TODAY,
    ack,
    cleared,
    day,
    event,
    held,
    instant,
    issued,
    live,
    running,
    sent,
    status,
    told,
    window,
)
from config import limits


@dataclass(frozen=True)
class Case:
    name: str
    event: AgendaEvent
    effects: tuple[Effect, ...]
    state: State | None = None
    at_s: float = MORNING + 60


NEWER = issued(day(EAST, TOMORROW, revision=2))
OTHER = issued(day(EAST, TOMORROW, cues=()))
OLD = issued(day(EAST, TODAY, revision=3))
SAME = Held(revision=9, digest=EAST_TOMORROW.digest)
ABSURD = Held(revision=10**12, digest="0" * 16)
GAP = f"{EAST} {TOMORROW}: 2 > 1"

ANSWERS = [
    Case(
        "an empty gate gets every day, then the ack",
        StatusCame(EAST, status()),
        (sent(EAST_TODAY, retain=True), sent(EAST_TOMORROW, retain=True), sent(EAST_LATER), ack()),
    ),
    Case(
        "a gate gets only what it lacks",
        StatusCame(EAST, status(days=held(EAST_TODAY, EAST_LATER))),
        (sent(EAST_TOMORROW, retain=True), ack()),
    ),
    Case(
        "a gate that has everything gets the ack alone",
        StatusCame(EAST, status(days=held(EAST_TODAY, EAST_TOMORROW, EAST_LATER))),
        (ack(),),
    ),
    Case(
        "an older revision is replaced",
        StatusCame(EAST, status(days=held(EAST_TODAY, EAST_TOMORROW, EAST_LATER))),
        (sent(OLD, retain=True), ack()),
        running(OLD, EAST_TOMORROW, EAST_LATER, WEST_TODAY),
    ),
    Case(
        "no day is sent to a gate that holds a newer one, nor kept for it at the broker",
        StatusCame(EAST, status(days=held(EAST_TODAY, NEWER, EAST_LATER))),
        (cleared(EAST, TOMORROW), Complain("newer-at-gate", GAP), ack()),
    ),
    Case(
        "nor to one that holds another day under the same number",
        StatusCame(EAST, status(days=held(EAST_TODAY, OTHER, EAST_LATER))),
        (cleared(EAST, TOMORROW), Complain("newer-at-gate", f"{EAST} {TOMORROW}: 1 > 1"), ack()),
    ),
    Case(
        "a higher revision with the digest of ours is no other day",
        StatusCame(EAST, status(days={**held(EAST_TODAY, EAST_LATER), TOMORROW: SAME})),
        (ack(),),
    ),
    Case(
        "one that claims an absurd revision is at fault, and silences nobody else",
        StatusCame(EAST, status(days={**held(EAST_TODAY, EAST_LATER), TOMORROW: ABSURD})),
        (Complain("newer-at-gate", f"{EAST} {TOMORROW}: {10**12} > 1"), ack()),
    ),
    Case(
        "an unknown gate is not answered",
        StatusCame(Address("shifan", "north"), status(Address("shifan", "north"))),
        (Complain("unknown-gate", "shifan/north"),),
    ),
    Case(
        "a status of another gate than its topic's is not answered",
        StatusCame(EAST, status(WEST)),
        (Complain("unknown-gate", "shifan/east"),),
    ),
    Case("a goodbye is not answered", StatusCame(EAST, status(link="closed")), ()),
    Case("a will is not answered", StatusCame(EAST, status(link="lost")), ()),
    Case(
        "the ack tells what is stored of the gate's own log",
        StatusCame(EAST, status(days=held(EAST_TODAY, EAST_TOMORROW, EAST_LATER))),
        (ack(seq=7),),
        told(
            running(), (instant(MORNING), EventStored(EAST, LOG, 7)), (instant(MORNING), EventStored(EAST, "f" * 8, 9))
        )[0],
    ),
    Case("an event is stored, not acknowledged", EventCame(EAST, event(EAST, 3)), (Store(EAST, event(EAST, 3)),)),
    Case("what is stored is acknowledged", EventStored(EAST, LOG, 3), (ack(seq=3),)),
    Case(
        "a question of the time is answered with the bound",
        AskCame(EAST, Ask(v=1, start=4, n=5), OPENS),
        (
            Send(
                topics.down(EAST, "time"),
                Time(v=1, start=4, n=5, received_at=OPENS, sent_at=instant(MORNING + 60).utc, error_s=0.1),
            ),
        ),
    ),
    Case("time alone sends nothing", Tick(), ()),
]


@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: case.name)
def test_what_an_event_brings(case: Case) -> None:
    _, effects = step(case.state or running(), instant(case.at_s), case.event)
    assert effects == case.effects


def test_a_status_is_answered_at_most_once_a_second_and_not_forgotten() -> None:
    all_days = held(EAST_TODAY, EAST_TOMORROW, EAST_LATER)
    state, effects = told(running(), *((instant(n / 10), StatusCame(EAST, status(days=all_days))) for n in range(10)))
    assert effects == [ack()]
    assert wake(state, instant(0.9)) == instant(0.9 + limits.STATUS_LEAST_S).utc
    state, effects = told(state, (instant(0.99), Tick()), (instant(1.0), Tick()), (instant(2.0), Tick()))
    assert effects == [ack()]


def test_a_status_that_came_without_a_link_is_answered_when_it_is_up() -> None:
    all_days = held(EAST_TODAY, EAST_TOMORROW, EAST_LATER)
    state, effects = told(
        running(), (instant(0), Linked(up=False)), (instant(1), StatusCame(EAST, status(days=all_days)))
    )
    assert effects == []
    _, effects = told(state, (instant(2), Linked(up=True)))
    assert effects[-1] == ack()


def test_a_newer_day_at_a_gate_is_complained_of_once_a_day() -> None:
    came = StatusCame(EAST, status(days=held(EAST_TODAY, NEWER, EAST_LATER)))
    state, effects = told(running(), (instant(0), came), (instant(30), came), (instant(60), came))
    assert effects == [cleared(EAST, TOMORROW), Complain("newer-at-gate", GAP), ack(), ack(), ack()]
    state, _ = told(state, (instant(46000), DaysIssued((EAST, WEST), DAYS, TOMORROW)))
    assert told(state, (instant(46001), came), (instant(46031), came))[1] == [
        Complain("newer-at-gate", GAP),
        ack(),
        ack(),
    ]


# A restored backup --------------------------------------------------------------------------------

NEWER_TODAY = issued(day(EAST, TODAY, revision=9))
ALL_BUT_TODAY = (EAST_TOMORROW, EAST_LATER)
WEST_ALIKE = issued(day(WEST, TODAY))


def test_while_a_gate_holds_a_newer_day_nothing_of_its_date_leaves_for_any_gate() -> None:
    state = running(EAST_TODAY, *ALL_BUT_TODAY, WEST_ALIKE)
    state, effects = told(
        state,
        (instant(0), StatusCame(EAST, status(days=held(NEWER_TODAY, *ALL_BUT_TODAY)))),
        (instant(1), StatusCame(WEST, status(WEST))),
        (instant(2), Linked(up=False)),
        (instant(3), Linked(up=True)),
        (instant(298), Tick()),
    )
    assert effects == [
        cleared(EAST, TODAY),
        cleared(WEST, TODAY),
        Complain("newer-at-gate", f"{EAST} {TODAY}: 9 > 1"),
        ack(),
        ack(WEST),
        sent(EAST_TOMORROW, retain=True),
    ]
    assert asked(state, instant(298)) == (Newer(EAST, TODAY, 9, 1),)


def test_a_kept_date_is_silent_and_not_asked_about() -> None:
    days = (EAST_TODAY, *ALL_BUT_TODAY, WEST_ALIKE)
    came = (instant(0), StatusCame(EAST, status(days=held(NEWER_TODAY, *ALL_BUT_TODAY))))
    kept = DaysIssued((EAST, WEST), days, TODAY, frozenset({TODAY}))
    state, effects = told(
        State(kept=frozenset({TODAY})),
        (instant(-1), kept),
        (instant(-1), Linked(up=True)),
        came,
        (instant(1), StatusCame(WEST, status(WEST))),
        (instant(298), Tick()),
    )
    past = [TODAY - timedelta(days=n) for n in range(1, 15)]
    assert effects == [
        *(cleared(address, on) for address in (EAST, WEST) for on in (*past, TODAY)),
        sent(EAST_TOMORROW, retain=True),
        ack(),
        ack(WEST),
    ]
    assert asked(state, instant(298)) == ()


def test_days_above_what_the_gate_holds_end_the_question() -> None:
    came = (instant(0), StatusCame(EAST, status(days=held(NEWER_TODAY, *ALL_BUT_TODAY))))
    state, _ = told(running(EAST_TODAY, *ALL_BUT_TODAY, WEST_ALIKE), came)
    above = issued(day(EAST, TODAY, revision=10))
    state, effects = told(
        state,
        (instant(60), DaysIssued((EAST, WEST), (above, *ALL_BUT_TODAY, WEST_ALIKE), TODAY)),
        (instant(298), Tick()),
    )
    assert asked(state, instant(298)) == ()
    assert effects == [
        sent(above, retain=True),
        sent(WEST_ALIKE, retain=True),
        sent(above, retain=True),
        ack(),
        live(above, 0, instant(298)),
        live(WEST_ALIKE, 0, instant(298), address=WEST),
    ]


@pytest.mark.parametrize(("after_s", "is_asked"), [(1799, True), (1800, False)])
def test_of_a_date_that_is_over_nobody_is_asked(after_s: float, is_asked: bool) -> None:
    """Yesterday's window is open over midnight, and its end comes."""
    late = issued(day(EAST, TODAY, windows=(window(TODAY),)))
    state, _ = told(running(late, today=TOMORROW), (instant(0), StatusCame(EAST, status(days=held(NEWER_TODAY)))))
    assert bool(asked(state, instant(after_s))) is is_asked


LATE_WILLS = [
    ("a late will of an older start changes nothing", status(start=1, link="lost"), False),
    ("a will of this start counts", status(start=2, link="lost"), True),
    ("another journal counts its starts anew", status(start=1, log="f" * 8, link="lost"), True),
]


@pytest.mark.parametrize(("name", "will", "counts"), LATE_WILLS, ids=[case[0] for case in LATE_WILLS])
def test_late_wills(name: str, will: object, counts: bool) -> None:
    first = status(start=2, days=held(EAST_TODAY, EAST_TOMORROW, EAST_LATER))
    state, _ = told(running(), (instant(0), StatusCame(EAST, first)))
    after, effects = step(state, instant(5), StatusCame(EAST, will))  # type: ignore[arg-type]  # a table of three kinds
    assert effects == ()
    assert (after.statuses[EAST].link == "lost") is counts
    assert (after == state) is not counts


def test_a_spare_card_that_was_copied_early_is_heard_and_answered() -> None:
    """It has the log of the one that broke, and fewer starts. An old session's `up` that came late does the same: it
    is answered with what the gate has by now, and the next status, 30 s later at most, puts it right.
    """
    broken, spare = status(start=5, days=held(EAST_TODAY)), status(start=2, days=held(EAST_TODAY, EAST_TOMORROW))
    state, _ = told(running(), (instant(0), StatusCame(EAST, broken.but(link="lost"))))
    state, effects = step(state, instant(5), StatusCame(EAST, spare))
    assert state.statuses[EAST] == spare
    assert effects == (sent(EAST_LATER), ack())
    state, _ = step(state, instant(9), StatusCame(EAST, broken))
    assert state.statuses[EAST] == broken
    state, _ = step(state, instant(10), StatusCame(EAST, spare))
    assert state.statuses[EAST] == spare


def test_a_will_says_that_a_gate_is_lost_and_leaves_what_it_said_itself() -> None:
    """It was written when the gate connected, with no day yet; the page would call its last minutes a fault."""
    late = status(start=2, days=held(EAST_TODAY), holds=("h1",), slip={"noon": 30.0}, now=EAST_TODAY.day.cues[0].id)
    will = status(start=2, link="lost", check=("clock", "day"))
    state, _ = told(running(), (instant(0), StatusCame(EAST, late)), (instant(5), StatusCame(EAST, will)))
    assert state.statuses[EAST] == late.but(link="lost", now=None)
    assert state.status_at_s[EAST] == instant(0).monotonic_s  # so long nobody heard of it


# A new fold ---------------------------------------------------------------------------------------


def test_a_new_revision_goes_at_once_and_only_to_gates_that_lack_it() -> None:
    east = StatusCame(EAST, status(days=held(EAST_TODAY, EAST_TOMORROW, EAST_LATER)))
    west = StatusCame(WEST, status(WEST, days=held(WEST_TODAY)))
    state, _ = told(running(), (instant(0), east), (instant(0), west))
    new = issued(day(EAST, LATER, revision=2, cues=()))
    days = (EAST_TODAY, EAST_TOMORROW, new, WEST_TODAY)
    state, effects = step(state, instant(0.1), DaysIssued((EAST, WEST), days, TODAY))
    assert effects == (sent(new), ack())
    _, effects = step(state, instant(9), DaysIssued((EAST, WEST), days, TODAY))
    assert effects == ()


def test_a_gate_that_was_never_heard_of_is_sent_nothing_but_the_cache() -> None:
    new = issued(day(EAST, TODAY, revision=2, cues=()))
    _, effects = step(running(), instant(0), DaysIssued((EAST, WEST), (new, EAST_TOMORROW, WEST_TODAY), TODAY))
    assert effects == (sent(new, retain=True),)


def test_a_start_clears_what_an_earlier_process_left_and_caches_today_and_tomorrow() -> None:
    _, effects = told(State(), (instant(0), DaysIssued((EAST, WEST), DAYS, TODAY)), (instant(0), Linked(up=True)))
    past = [TODAY - timedelta(days=n) for n in range(1, 15)]
    assert effects == [
        *(cleared(address, on) for address in (EAST, WEST) for on in past),
        sent(EAST_TODAY, retain=True),
        sent(EAST_TOMORROW, retain=True),
        sent(WEST_TODAY, retain=True),
    ]


def test_a_reconnect_caches_again_what_belongs_there() -> None:
    _, effects = told(running(), (instant(0), Linked(up=False)), (instant(9), Linked(up=True)), (instant(10), Tick()))
    assert effects == [sent(EAST_TODAY, retain=True), sent(EAST_TOMORROW, retain=True), sent(WEST_TODAY, retain=True)]


def test_midnight_clears_yesterday_and_caches_the_new_tomorrow() -> None:
    _, effects = told(running(), (instant(46000), DaysIssued((EAST, WEST), DAYS, TOMORROW)))
    settled = [Settle(EAST, EAST_TODAY.day, "noon"), Settle(WEST, WEST_TODAY.day, "noon")]
    assert effects == [cleared(EAST, TODAY), cleared(WEST, TODAY), sent(EAST_LATER, retain=True), *settled]


def test_a_midnight_without_a_link_clears_yesterday_later() -> None:
    _, effects = told(
        running(),
        (instant(0), Linked(up=False)),
        (instant(1), DaysIssued((EAST, WEST), DAYS, TOMORROW)),
        (instant(2), Linked(up=True)),
    )
    assert effects == [
        cleared(EAST, TODAY),
        cleared(WEST, TODAY),
        sent(EAST_TOMORROW, retain=True),
        sent(EAST_LATER, retain=True),
    ]


def test_a_gate_that_left_the_plan_is_cleared_and_not_answered() -> None:
    state, effects = told(
        running(),
        (instant(0), DaysIssued((EAST,), (EAST_TODAY, EAST_TOMORROW, EAST_LATER), TODAY)),
        (instant(1), StatusCame(WEST, status(WEST))),
    )
    assert effects == [cleared(WEST, TODAY), Complain("unknown-gate", str(WEST))]
    assert WEST not in state.statuses
