"""The queue rule: who is next, and what moves when a call is late."""

from datetime import timedelta

import pytest

from config.clock import Instant
from config.day import Hold, Quiet, Window
from config.pacing import (
    EVER,
    NOBODY,
    Hands,
    Waiting,
    first,
    release,
    slip_key,
    slip_of,
    slipped,
    upcoming,
    waiting,
    windows_now,
)
from edge.pace import inside
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
        (12, 0, 0, {}),  # due at that very instant
        (3 * 86400, 0, None, {KEY: 86400.0}),  # a record can carry a day
        (90, 0, 25, {KEY: 50.0}),  # of three, the one at 40 is the first that came due afterwards
    ],
)
def test_slip_becomes_the_larger_never_a_sum(
    free_s: float, slip_s: float, returned_s: float | None, expected: dict[str, float]
) -> None:
    gaps = [] if returned_s is None else [(EVER, at(returned_s))]
    assert slipped(queue(0, 20, 40, slip_s=slip_s), at(free_s), gaps) == expected


def test_applying_a_slip_twice_changes_nothing() -> None:
    new = slipped(queue(0, 20), at(12))
    assert slipped(queue(0, 20, slip_s=new[KEY]), at(12)) == {}
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
    for begins_s in (1510, 1500):  # at `closes` itself: nothing is left to move
        lock = Quiet.model_validate({"id": "q1", "from": at(begins_s), "to": at(4000)})
        assert windows_now(day(quiet=(lock,)), [hold(0, 600)], at(600)) == {"noon": window(closes_s=begins_s)}


GUARDED = window().but(pacing="guarded")


@pytest.mark.parametrize(
    ("noon", "cue_s", "here_s", "now_s", "expected_s"),
    [
        (GUARDED, None, None, 0, None),
        (GUARDED, 0, None, 59.999, 0),
        (GUARDED, 0, None, 60, None),  # it lives `until - at`
        (GUARDED, 0, 50, 100, 50),  # the newest counts
        (GUARDED, 50, 0, 100, 50),
        (GUARDED, -400, None, -241, -400),  # before the window opened: it lives from there
        (GUARDED, -400, None, -240, None),
        (window(), 0, None, 5000, 0),  # in a timed window it was called at an instant
        (window(), 0, 50, 5000, 50),
        (GUARDED, 0, 50, None, 50),
    ],
)
def test_a_release_lives_as_long_as_a_call_may_be_late(
    noon: Window, cue_s: float | None, here_s: float | None, now_s: float | None, expected_s: float | None
) -> None:
    cue = call(1, 0, released=None if cue_s is None else at(cue_s))
    hands = NOBODY if here_s is None else Hands({cue.id: at(here_s)}, frozenset())
    expected = None if expected_s is None else at(expected_s)
    assert release(cue, noon, hands, None if now_s is None else at(now_s)) == expected


def test_a_release_before_the_window_begins_as_it_opens_and_goes_before_what_was_not_released() -> None:
    early = Waiting(call(1, 0), GUARDED, released=at(-400))
    assert early.begins == at(-300)
    timed, called = Waiting(call(2, 0), window()), Waiting(call(3, 10), window(), released=at(5))
    assert first([timed, called]) == called


def test_a_class_that_waits_for_a_person_does_not_slip_with_a_window_that_did() -> None:
    (one,) = waiting(day(call(1, 0), noon=GUARDED), (), {KEY: 9.0})
    assert one == Waiting(call(1, 0), GUARDED, 0.0, None, False, False)
    assert Waiting(call(1, 0), GUARDED) == one


@pytest.mark.parametrize(
    ("now_s", "expected"),
    [(-300.001, 1), (-300, 2), (0, 1), (1499.999, 1), (1500, 1)],
)
def test_people_expect_what_may_begin_then_who_waits_for_them_then_the_next(now_s: float, expected: int) -> None:
    timed = Waiting(call(1, 0), window().but(id="other"))
    assert upcoming([Waiting(call(2, 20), GUARDED), timed], at(now_s)) == (
        timed if expected == 1 else Waiting(call(2, 20), GUARDED)
    )


def test_who_waits_for_a_person_is_expected_until_the_window_closes() -> None:
    timed, hand = Waiting(call(1, 5000), None), Waiting(call(2, 20), GUARDED)
    assert [upcoming([hand, timed], at(now_s)) for now_s in (-301, -300, 1499, 1500)] == [timed, hand, hand, timed]


@pytest.mark.parametrize(
    ("now_s", "bound_s", "expected"),
    [(-298, 2, True), (-298.001, 2, False), (1498, 2, False), (1497.999, 2, True), (0, None, False)],
)
def test_inside_is_inside_whatever_the_clock_is_wrong(now_s: float, bound_s: float | None, expected: bool) -> None:
    assert inside(Instant(at(now_s), 0.0, bound_s), window()) is expected
