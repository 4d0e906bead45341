"""The clock's bound: what an exchange proves, and what ends it."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from broker.wire.messages import Time
from config import limits
from edge import trust
from edge.trust import Trust

T0 = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
WRONG = datetime(1970, 1, 1, tzinfo=UTC)


def time(n: int, school: datetime, *, kept_s: float = 0.0, error_s: float | None = 0.0, start: int = 5) -> Time:
    sent_at = school + timedelta(seconds=kept_s)
    return Time(v=1, start=start, n=n, received_at=school, sent_at=sent_at, error_s=error_s)


def exchanged(
    one: Trust, at_s: float, school: datetime, rtt_s: float, *, kept_s: float = 0.0, error_s: float = 0.0
) -> Trust:
    """Asked at `at_s`, when the school's time was `school`; answered `rtt_s` later."""
    one, question = trust.ask(one, at_s)
    assert question is not None
    answer = time(question.n, school + timedelta(seconds=rtt_s / 2), kept_s=kept_s, error_s=error_s)
    return trust.answered(one, answer, at_s + rtt_s + kept_s)


def test_without_an_exchange_nothing_vouches() -> None:
    now = trust.now(Trust(start=5), WRONG, 10.0)
    assert (now.utc, now.bound_s) == (WRONG, None)


def test_an_exchange_gives_the_schools_time_whatever_the_wall_says() -> None:
    one = exchanged(Trust(start=5), 10.0, T0, 0.2, error_s=1.5)
    now = trust.now(one, WRONG, 10.2)
    assert now.utc == T0 + timedelta(seconds=0.2)
    assert now.bound_s == pytest.approx(0.1 + 1.5, abs=0.003)


def test_the_bound_grows_by_the_crystals_drift_and_the_time_goes_on() -> None:
    one = exchanged(Trust(start=5), 10.0, T0, 0.0)
    later = trust.now(one, WRONG, 10.0 + 86400)
    assert later.utc == T0 + timedelta(days=1)
    assert later.bound_s == pytest.approx(86400 * limits.DRIFT_PPM / 1e6, abs=0.003)


def test_the_time_the_centre_kept_the_question_is_no_error() -> None:
    one = exchanged(Trust(start=5), 10.0, T0, 0.2, kept_s=3.0)
    assert one.anchor is not None
    assert one.anchor.error_s == pytest.approx(0.1, abs=0.003)


def test_the_best_of_a_burst_stays() -> None:
    one = exchanged(Trust(start=5), 10.0, T0, 0.02)
    best = one.anchor
    assert exchanged(one, 10.3, T0 + timedelta(seconds=0.3), 0.5).anchor == best
    better = exchanged(one, 10.3, T0 + timedelta(seconds=0.3), 0.001)
    assert better.anchor is not None
    assert better.anchor != best


def test_a_centre_whose_clock_was_set_is_followed() -> None:
    one = exchanged(Trust(start=5), 10.0, T0, 0.02)
    set_back = exchanged(one, 11.0, T0 - timedelta(minutes=5), 0.5)
    assert trust.now(set_back, WRONG, 11.5).utc == T0 - timedelta(minutes=5) + timedelta(seconds=0.5)


@pytest.mark.parametrize(
    "answer",
    [
        time(2, T0),  # of another question
        time(1, T0, start=4),  # of an older process
        time(1, T0, error_s=None),  # nobody vouches for the centre
        time(1, T0, kept_s=-1),  # sent before it was received
        time(1, T0, kept_s=60),  # kept longer than the question was away
    ],
)
def test_an_answer_that_cannot_be_true_changes_nothing(answer: Time) -> None:
    asked, _ = trust.ask(Trust(start=5), 10.0)
    assert trust.answered(asked, answer, 10.1) == asked


def test_an_answer_counts_once() -> None:
    one = exchanged(Trust(start=5), 10.0, T0, 0.02)
    assert trust.answered(one, time(1, T0 + timedelta(hours=1)), 10.5) == one


def test_a_step_of_the_wall_clock_ends_the_bound_and_asks_at_once() -> None:
    one = trust.watched(exchanged(Trust(start=5), 10.0, T0, 0.02), T0, 10.02)
    same = trust.watched(one, T0 + timedelta(seconds=60.05), 70.02)
    assert trust.now(same, T0, 70.02).bound_s is not None
    stepped = trust.watched(one, T0 + timedelta(seconds=90), 70.02)
    assert trust.now(stepped, T0, 70.02).bound_s is None
    assert trust.ask(stepped, 70.02)[1] is not None


def test_slow_drift_of_the_wall_clock_is_no_step() -> None:
    one = exchanged(Trust(start=5), 10.0, T0, 0.02)
    for minute in range(1000):
        one = trust.watched(one, T0 + timedelta(seconds=60.05 * minute), 10.0 + 60 * minute)
    assert one.anchor is not None


@pytest.mark.parametrize(("vouched", "every_s"), [(True, limits.ASK_EVERY_S), (False, limits.ASK_AGAIN_S)])
def test_it_asks_eight_times_at_short_distance_and_then_seldom_once_it_knows(vouched: bool, every_s: float) -> None:
    one, asked = trust.asking(Trust(start=5), 0.0), []
    for tenth in range(7000):
        one, question = trust.ask(one, tenth / 10)
        if question is not None:
            asked.append(tenth / 10)
            answer = time(question.n, T0 + timedelta(seconds=tenth / 10), error_s=0.1 if vouched else None)
            one = trust.answered(one, answer, tenth / 10)
    burst, rest = asked[: limits.ASK_BURST], asked[limits.ASK_BURST - 1 :]
    assert burst[-1] < 10
    assert {round(later - earlier, 1) for earlier, later in pairwise(rest)} == {every_s}


def test_an_answer_that_waited_for_the_centre_to_come_back_gives_no_time() -> None:
    """A broker keeps questions for a centre that is away; half of 20 s would have been the error of every call."""
    assert exchanged(Trust(start=5), 10.0, T0, 20.0).anchor is None
    assert exchanged(Trust(start=5), 10.0, T0, 0.2, kept_s=20.0).anchor is not None
