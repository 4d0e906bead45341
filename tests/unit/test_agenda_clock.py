"""The agenda and time: live cues, the end of a window, the next look; whole lists of effects compared."""

from collections.abc import Sequence
from typing import Any

import pytest

from broker.agenda import AgendaEvent, DaysIssued, Linked, Send, Settle, State, StatusCame, Tick, step, wake
from broker.wire.messages import LiveCue
from centre_rig import (
    DAYS,
    EAST,
    EAST_LATER,
    EAST_TODAY,
    EAST_TOMORROW,
    OPENS,
    TODAY,
    TOMORROW,
    WEST,
    WEST_TODAY,
    YESTERDAY,
    ack,
    cleared,
    cue,
    day,
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
from config.clock import Instant
from config.day import Hold, Quiet

# Live cues ----------------------------------------------------------------------------------------


def ticks(*after_s: float, bound_s: float | None = 0.1) -> list[tuple[Instant, AgendaEvent]]:
    return [(instant(at_s, bound_s=bound_s), Tick()) for at_s in after_s]


def test_a_cue_leaves_once_two_seconds_ahead() -> None:
    _, effects = told(running(), *ticks(297.999, 298.0, 298.5, 300.0, 300.1, 343.0, 344.0))
    assert effects == [live(EAST_TODAY, 0, instant(298)), live(EAST_TODAY, 1, instant(343))]


def test_in_a_hold_no_cue_leaves() -> None:
    fields = {"id": "change-1", "from": instant(290).utc, "to": None, "why": None, "by": "王老师"}
    stopped = issued(EAST_TODAY.day.but(revision=2, holds=(Hold.model_validate(fields),)))
    state, _ = step(running(), instant(290), DaysIssued((EAST, WEST), (stopped, EAST_TOMORROW, WEST_TODAY), TODAY))
    assert told(state, *ticks(298.0, 343.0))[1] == []


@pytest.mark.parametrize(
    ("changes", "leaves"),
    [
        ({"mode": "trial"}, False),
        ({"quiet": ((290, 600),)}, False),
        ({"quiet": ((329, None),)}, False),  # the sentence would run into it
        ({"quiet": ((331, None),)}, True),
        ({"quiet": ((200, 300),)}, True),
    ],
)
def test_what_may_not_sound_does_not_leave(changes: dict[str, Any], leaves: bool) -> None:
    """A gate that lacks the day knows neither its quiet nor that it is on trial: it would speak in an exam."""
    spans = [
        {"id": "exam", "from": instant(begins).utc, "to": None if ends is None else instant(ends).utc}
        for begins, ends in changes.get("quiet", ())
    ]
    muted = issued(EAST_TODAY.day.but(**{**changes, "quiet": tuple(map(Quiet.model_validate, spans))}))
    effects = told(running(muted), *ticks(298.0))[1]
    assert effects == ([live(muted, 0, instant(298))] if leaves else [])


def test_a_cue_whose_instant_is_over_does_not_leave() -> None:
    _, effects = told(running(), *ticks(300.001, 342.9))
    assert effects == []


def test_each_revision_of_a_cue_leaves_once() -> None:
    new = issued(day(EAST, TODAY, revision=2))
    now = instant(299)
    state, effects = told(running(), *ticks(298))
    state, more = step(state, now, DaysIssued((EAST, WEST), (new, EAST_TOMORROW, EAST_LATER, WEST_TODAY), TODAY))
    assert effects == [live(EAST_TODAY, 0, instant(298))]
    assert more == (sent(new, retain=True), live(new, 0, now))
    assert step(state, instant(299.5), Tick())[1] == ()


def test_a_slipped_gate_gets_its_cue_by_its_own_slip_and_the_next_gate_does_not() -> None:
    west = issued(day(WEST, TODAY))
    state = running(EAST_TODAY, west)
    slipped = status(days=held(EAST_TODAY), slip={"noon": 12.5})
    state, effects = told(state, (instant(0), StatusCame(EAST, slipped)), *ticks(298, 310.4, 310.5))
    assert effects == [
        ack(),
        live(west, 0, instant(298), address=WEST),
        live(EAST_TODAY, 0, instant(310.5), 12.5),
    ]


@pytest.mark.parametrize(
    ("bound_s", "leaves"), [(None, False), (limits.TOLERANCE_S, True), (limits.TOLERANCE_S + 0.1, False)]
)
def test_a_cue_leaves_only_while_somebody_vouches_for_the_clock(bound_s: float | None, leaves: bool) -> None:
    _, effects = told(running(), *ticks(298, 299, bound_s=bound_s))
    assert effects == ([live(EAST_TODAY, 0, instant(298, bound_s=bound_s))] if leaves else [])


def test_a_cancelled_cue_never_leaves() -> None:
    cancelled = issued(day(cues=(cue(TODAY, "g1c1", 300, state="cancelled"),)))
    assert told(running(cancelled), *ticks(298, 299))[1] == []


def test_no_cue_leaves_without_a_link() -> None:
    assert told(running(), (instant(0), Linked(up=False)), *ticks(298, 299))[1] == []


def test_a_cue_at_midnight_leaves_once() -> None:
    late = issued(day(cues=(cue(TODAY, "g1c1", 300),), windows=(window(TODAY, closes_s=90000),)))
    state, effects = told(running(late), *ticks(298))
    assert effects == [live(late, 0, instant(298))]
    _, effects = told(state, (instant(299), DaysIssued((EAST, WEST), (late,), TOMORROW)), *ticks(299.5))
    assert effects == [cleared(EAST, TODAY)]


# The end of a window ------------------------------------------------------------------------------


def test_a_window_is_settled_once_two_minutes_after_it_closed() -> None:
    state, effects = told(running(), *ticks(1919.9, 1920, 1921, 5000))
    assert effects == [Settle(EAST, EAST_TODAY.day, "noon"), Settle(WEST, WEST_TODAY.day, "noon")]
    again = DaysIssued((EAST, WEST), DAYS, TOMORROW)
    assert not any(isinstance(one, Settle) for one in step(state, instant(46000), again)[1])


def test_a_window_that_was_made_longer_is_settled_once_more() -> None:
    state, _ = told(running(), *ticks(1920))
    longer = issued(day(revision=2, windows=(window(TODAY, closes_s=3600),)))
    state, _ = step(state, instant(1930), DaysIssued((EAST, WEST), (longer, WEST_TODAY), TODAY))
    assert told(state, *ticks(3719, 3720, 3721))[1] == [Settle(EAST, longer.day, "noon")]


def test_what_stands_outside_windows_is_settled_one_by_one() -> None:
    notices = [cue(TODAY, f"n{n}", 60 * n, id=f"{TODAY}/none/n{n}/notice", window=None, kind="notice") for n in (1, 5)]
    quiet = issued(day(cues=notices, windows=()))
    _, effects = told(running(quiet), *ticks(239.9, 240, 241, 479.9, 480, 900))
    assert [one for one in effects if isinstance(one, Settle)] == [Settle(EAST, quiet.day, None)] * 2


def test_yesterdays_late_window_is_settled_after_midnight() -> None:
    over = issued(day(EAST, YESTERDAY, windows=(window(YESTERDAY, closes_s=86400 - 60),)))
    _, effects = told(running(over, EAST_TODAY, at_s=0), *ticks(59, 60))
    assert effects == [Settle(EAST, over.day, "noon")]


# The next look ------------------------------------------------------------------------------------

WAKES: Sequence[tuple[str, float, float]] = [
    ("the first cue, two seconds ahead", 250, 298),
    ("the next cue, when the first has left", 298, 343),
    ("two minutes after the window closed", 1900, 1920),
    ("nothing: a look now and then", 400, 400 + limits.LOST_AFTER_S),
]


@pytest.mark.parametrize(("name", "at_s", "next_s"), WAKES, ids=[one[0] for one in WAKES])
def test_the_next_look_is_at(name: str, at_s: float, next_s: float) -> None:
    assert wake(running(), instant(at_s)) == instant(next_s).utc


def test_the_next_look_is_at_the_slipped_instant() -> None:
    slipped = status(days=held(EAST_TODAY, EAST_TOMORROW, EAST_LATER), slip={"noon": 10.0})
    state, _ = told(running(), (instant(250), StatusCame(EAST, slipped)))
    assert wake(state, instant(251)) == instant(308).utc


def test_an_idle_agenda_looks_now_and_then() -> None:
    assert wake(State(), instant(0)) == instant(limits.LOST_AFTER_S).utc


def test_a_hold_in_a_window_moves_its_settling_as_it_moves_its_end() -> None:
    fields = {"id": "change-1", "from": instant(0).utc, "to": instant(600).utc, "why": None, "by": "王老师"}
    stopped = issued(EAST_TODAY.day.but(revision=2, holds=(Hold.model_validate(fields),)))
    state, _ = step(running(), instant(700), DaysIssued((EAST,), (stopped, EAST_TOMORROW), TODAY))
    end_s = 1800.0 + limits.UNREPORTED_AFTER_S
    assert told(state, *ticks(end_s, end_s + 599))[1] == []
    assert told(state, *ticks(end_s + 600))[1] == [Settle(EAST, stopped.day, "noon")]


# Windows that people pace -------------------------------------------------------------------------


def paced(pacing: str = "guarded", released_s: float | None = None) -> State:
    """Its day, and the second one in it let go at an instant."""
    let_go = None if released_s is None else instant(released_s).utc
    cues = [cue(TODAY, "g1c1", 300), cue(TODAY, "g1c2", 345, released=let_go)]
    return running(issued(day(cues=cues, windows=[window(TODAY, pacing=pacing)])))


def leaves(state: State, *after_s: float) -> list[tuple[str, float]]:
    _, effects = told(state, *ticks(*after_s))
    lives = [one.message for one in effects if isinstance(one, Send) and isinstance(one.message, LiveCue)]
    return [(one.cue.classes[0], (one.due - OPENS).total_seconds()) for one in lives]


@pytest.mark.parametrize("pacing", ["guarded", "ready"])
def test_a_class_that_waits_for_a_person_never_leaves_as_a_live_cue(pacing: str) -> None:
    state = paced(pacing)
    assert leaves(state, 298.0, 300.0, 343.0, 345.0, 600.0) == []
    assert instant(298).utc not in (wake(state, instant(290)), wake(state, instant(250)))


@pytest.mark.parametrize(
    ("released_s", "ticks_s", "due"),
    [
        (310.0, (309.0, 310.0, 310.2, 311.0), [("g1c2", 310.0)]),
        (310.0, (369.9,), [("g1c2", 310.0)]),  # it counts for as long as a call may be late
        (310.0, (370.1,), []),
        (-60.0, (-50.0, -2.0, 0.0), [("g1c2", 0.0)]),  # a class that lined up early: when the window opens
    ],
)
def test_one_that_was_let_go_leaves_at_once(
    released_s: float, ticks_s: tuple[float, ...], due: list[tuple[str, float]]
) -> None:
    assert leaves(paced(released_s=released_s), *ticks_s) == due


def test_where_the_gate_itself_is_held_none_leaves() -> None:
    state, _ = step(running(), instant(290), StatusCame(EAST, status(holds=("east/alert-7",))))
    assert leaves(state, 298.0) == []
