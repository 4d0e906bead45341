"""The queue rule: who is next, and what moves when a call is late."""

from datetime import timedelta

import pytest

from config.day import Hold, Quiet
from config.pacing import Waiting, first, slip_key, slip_of, slipped, waiting, windows_now
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


def hold(begins_s: float, to_s: float | None, own: str = "h1") -> Hold:
    to = None if to_s is None else at(to_s)
    return Hold.model_validate({"id": own, "from": at(begins_s), "to": to, "why": None, "by": "王老师"})


@pytest.mark.parametrize(
    ("holds", "now_s", "closes_s"),
    [
        ([], 0, 1500),
        ([hold(100, 160)], 500, 1560),  # the time it lasted
        ([hold(100, None)], 400, 1800),  # still open: until now
        ([hold(100, 200), hold(150, 260, "h2")], 500, 1660),  # two at once count once
        ([hold(-900, -240)], 0, 1560),  # only what lay inside the window, which opens at -300
        ([hold(-900, -400)], 0, 1500),  # all of it before
        ([hold(1600, 1700)], 1800, 1500),  # after the end
        ([hold(0, 9000)], 9000, 1500 + 3600),  # and never more than an hour
    ],
)
def test_the_time_of_a_hold_inside_a_window_moves_its_end(holds: list[Hold], now_s: float, closes_s: float) -> None:
    assert windows_now(day(), holds, at(now_s)) == {"noon": window(closes_s=closes_s)}


def test_a_hold_never_moves_the_end_into_quiet() -> None:
    lock = Quiet.model_validate({"id": "q1", "from": at(1510), "to": at(4000)})
    assert windows_now(day(quiet=(lock,)), [hold(0, 600)], at(600)) == {"noon": window(closes_s=1510)}
