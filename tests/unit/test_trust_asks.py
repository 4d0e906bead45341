"""When a gate asks the centre for the time: a burst, then seldom once it knows, often while nothing vouches."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from broker.wire.messages import Time
from config import limits
from edge import trust
from edge.sources import Anchor
from edge.trust import Trust

T0 = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(("vouched", "every_s"), [(True, limits.ASK_EVERY_S), (False, limits.ASK_AGAIN_S)])
def test_it_asks_eight_times_at_short_distance_and_then_seldom_once_it_knows(vouched: bool, every_s: float) -> None:
    one, asked = trust.asking(Trust(start=5), 0.0), []
    for tenth in range(7000):
        one, question = trust.ask(one, tenth / 10)
        if question is not None:
            asked.append(tenth / 10)
            now = T0 + timedelta(seconds=tenth / 10)
            answer = Time(v=1, start=5, n=question.n, received_at=now, sent_at=now, error_s=0.1 if vouched else None)
            one = trust.answered(one, answer, tenth / 10)
    burst, rest = asked[: limits.ASK_BURST], asked[limits.ASK_BURST - 1 :]
    assert burst[-1] < 10
    assert {round(later - earlier, 1) for earlier, later in pairwise(rest)} == {every_s}


@pytest.mark.parametrize(
    ("old_s", "every_s"),
    [(0.0, limits.ASK_EVERY_S), (6.9 * 86400, limits.ASK_EVERY_S), (7 * 86400, limits.ASK_AGAIN_S)],
)
def test_what_is_too_old_to_call_by_is_asked_for_again_soon(old_s: float, every_s: float) -> None:
    """An owner may confirm the centre's time at any moment; what vouches for nothing is no reason to wait."""
    one = Trust(start=5, burst=0, anchors={"centre": Anchor(T0, 10.0, 0.01)})
    asked, _ = trust.ask(one, 10.0 + old_s)
    assert asked.ask_at_s == 10.0 + old_s + every_s


def test_a_burst_begins_at_once_and_forgets_the_question_on_its_way() -> None:
    busy = Trust(5, n=3, asked=(3, 1.0), burst=0, ask_at_s=900.0)
    assert trust.asking(busy, 10.0) == Trust(5, n=3, asked=None, burst=limits.ASK_BURST, ask_at_s=10.0)
