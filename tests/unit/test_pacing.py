"""The queue rule: who is next, and what moves when a call is late."""

from datetime import timedelta

import pytest

from config.pacing import Waiting, first, slip_key, slip_of, slipped, waiting
from gate_rig import DATE, at, call, day, window

KEY = slip_key(DATE, "noon")


def queue(*cues_at_s: float, slip_s: float = 0.0) -> list[Waiting]:
    cues = [call(n, at_s) for n, at_s in enumerate(cues_at_s, 1)]
    return waiting(day(*cues), (), {KEY: slip_s})


def test_what_is_done_or_cancelled_does_not_wait() -> None:
    cues = (call(1, 0), call(2, 20, state="cancelled"), call(3, 40))
    assert [one.cue.id for one in waiting(day(*cues), {call(1, 0).id}, {})] == [call(3, 40).id]


def test_until_moves_with_the_slip_and_never_past_closes() -> None:
    one = Waiting(call(1, 0, until_s=60), window(closes_s=100), slip_s=30)
    assert (one.begins, one.ends) == (at(30), at(90))
    assert Waiting(one.cue, one.window, slip_s=80).ends == at(100)


def test_the_earliest_is_first_and_ties_go_by_id() -> None:
    assert first([]) is None
    found = first([Waiting(call(3, 0), window()), Waiting(call(2, 0), window()), Waiting(call(1, 5), window())])
    assert found is not None
    assert found.cue.id == call(2, 0).id


def test_only_calls_slip() -> None:
    notice = call(1, 0, id=f"{DATE}/noon/n1/notice", kind="notice", classes=())
    assert (slip_of(call(1, 0), {KEY: 7.0}), slip_of(notice, {KEY: 7.0})) == (7.0, 0.0)


@pytest.mark.parametrize(
    ("free_s", "slip_s", "returned_s", "expected"),
    [
        (-5, 0, None, {}),  # free before the first call
        (0, 0, None, {}),  # just in time
        (12, 0, None, {KEY: 12.0}),  # late by 12 s
        (12, 30, None, {}),  # an earlier slip is larger: it stays, nothing is added
        (50, 30, None, {KEY: 50.0}),  # larger: taken, not added
        (12, 0, 3, {}),  # it was due when power returned: that time moves nothing
        (12, 0, -3, {KEY: 12.0}),  # it came due afterwards
        (90, 0, 25, {KEY: 50.0}),  # of three, the one at 40 is the first that came due afterwards
    ],
)
def test_slip_becomes_the_larger_never_a_sum(
    free_s: float, slip_s: float, returned_s: float | None, expected: dict[str, float]
) -> None:
    returned = None if returned_s is None else at(returned_s)
    assert slipped(queue(0, 20, 40, slip_s=slip_s), at(free_s), returned) == expected


def test_applying_a_slip_twice_changes_nothing() -> None:
    new = slipped(queue(0, 20), at(12), None)
    assert slipped(queue(0, 20, slip_s=new[KEY]), at(12), None) == {}
    assert queue(0, slip_s=new[KEY])[0].begins == at(0) + timedelta(seconds=12)
