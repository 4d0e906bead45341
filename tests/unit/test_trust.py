"""The clock's bound: what each source proves, which one counts, and what ends it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from broker.wire.messages import Time
from config import limits
from edge import trust
from edge.sources import Anchor, Anchored, ChipSet, Reading, Source
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
    assert one.anchors["centre"].error_s == pytest.approx(0.1, abs=0.003)


def test_the_best_of_a_burst_stays() -> None:
    one = exchanged(Trust(start=5), 10.0, T0, 0.02)
    best = one.anchors.get("centre")
    assert exchanged(one, 10.3, T0 + timedelta(seconds=0.3), 0.5).anchors.get("centre") == best
    better = exchanged(one, 10.3, T0 + timedelta(seconds=0.3), 0.001)
    assert better.anchors.get("centre") is not None
    assert better.anchors.get("centre") != best


@pytest.mark.parametrize("by_s", [-300.0, -0.7, 0.7, 86400.0])
def test_a_centre_whose_clock_was_set_is_followed(by_s: float) -> None:
    one = exchanged(Trust(start=5), 10.0, T0, 0.02)
    set_anew = exchanged(one, 11.0, T0 + timedelta(seconds=1 + by_s), 0.5)
    assert trust.now(set_anew, WRONG, 11.5).utc == T0 + timedelta(seconds=1.5 + by_s)


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


@pytest.mark.parametrize("by_s", [30.0, 0.11, -0.11, -3600.0])
def test_a_step_of_the_wall_clock_ends_the_bound_and_asks_at_once(by_s: float) -> None:
    one = trust.watched(exchanged(Trust(start=5), 10.0, T0, 0.02), T0, 10.02)
    same = trust.watched(one, T0 + timedelta(seconds=60.05), 70.02)
    assert trust.now(same, T0, 70.02).bound_s is not None
    stepped = trust.watched(one, T0 + timedelta(seconds=60 + by_s), 70.02)
    assert trust.now(stepped, T0, 70.02).bound_s is None
    assert trust.ask(stepped, 70.02)[1] is not None


def test_slow_drift_of_the_wall_clock_is_no_step() -> None:
    one = exchanged(Trust(start=5), 10.0, T0, 0.02)
    for minute in range(1000):
        one = trust.watched(one, T0 + timedelta(seconds=60.05 * minute), 10.0 + 60 * minute)
    assert one.anchors.get("centre") is not None


def test_an_answer_that_waited_for_the_centre_to_come_back_gives_no_time() -> None:
    """A broker keeps questions for a centre that is away; half of 20 s would have been the error of every call."""
    assert exchanged(Trust(start=5), 10.0, T0, 20.0).anchors == {}
    assert exchanged(Trust(start=5), 10.0, T0, 0.2, kept_s=20.0).anchors != {}


# Several sources ----------------------------------------------------------------------------------

BOOT = "b1"
FAR = 50.0
"""A monotonic instant at which the tables below look."""


def anchor(off_s: float, error_s: float) -> Anchor:
    """Of a source whose time is T0 + `off_s` at FAR."""
    return Anchor(T0 + timedelta(seconds=off_s), FAR, error_s)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("anchors", "source", "off_s", "bound_s", "apart"),
    [
        ({}, None, None, None, ""),
        ({"kernel": anchor(0, 0.6)}, "kernel", 0, 0.6, ""),
        ({"chip": anchor(0, 3.0)}, "chip", 0, 3.0, ""),
        ({"centre": anchor(0, 0.1), "kernel": anchor(1, 0.6), "chip": anchor(2, 3)}, "centre", 0, 0.1, ""),
        ({"centre": anchor(0, 9.0), "kernel": anchor(1, 0.6), "chip": anchor(2, 3)}, "kernel", 1, 0.6, ""),
        ({"centre": anchor(0, 9.0), "chip": anchor(2, 3)}, "chip", 2, 3.0, ""),
        # 2 s and both bounds apart they may still both be right; further apart one is wrong, and rank decides
        ({"centre": anchor(0, 0.5), "chip": anchor(5.5, 3)}, "centre", 0, 0.5, ""),
        ({"centre": anchor(0, 0.5), "chip": anchor(5.6, 3)}, "centre", 0, 0.5, "chip +5.6 s from centre"),
        ({"centre": anchor(0, 5.0), "chip": anchor(-10.1, 3)}, "centre", 0, 5.0, "chip -10.1 s from centre"),
        ({"centre": anchor(0, 5.0), "kernel": anchor(60, 0.5)}, "centre", 0, 5.0, "kernel +60.0 s from centre"),
        ({"kernel": anchor(0, 2.0), "chip": anchor(9, 1.5)}, "kernel", 0, 2.0, "chip +9.0 s from kernel"),
        # a chip and a kernel that contradict each other, both inside the bound of an old exchange
        (
            {"centre": anchor(0, 9.0), "kernel": anchor(-5, 2), "chip": anchor(5, 1.5)},
            "kernel", -5, 2.0, "chip +10.0 s from kernel",
        ),
        # two lower ones that agree with each other do not outvote the centre
        (
            {"centre": anchor(0, 1.0), "kernel": anchor(60, 0.5), "chip": anchor(60, 1.5)},
            "centre", 0, 1.0, "kernel +60.0 s from centre; chip +60.0 s from centre",
        ),
    ],
)  # fmt: skip
def test_the_smallest_bound_counts_and_a_contradiction_is_settled_by_rank_and_told(
    anchors: dict[Source, Anchor], source: str | None, off_s: float | None, bound_s: float | None, apart: str
) -> None:
    one = Trust(5, anchors=anchors)
    seen = trust.now(one, WRONG, FAR)
    assert trust.chosen(one, FAR) == source
    assert (seen.utc, seen.bound_s) == (WRONG if off_s is None else at(off_s), bound_s)
    assert trust.problems(one, FAR)["clock-disagree"] == apart


def test_a_bound_above_ten_seconds_is_a_problem_long_before_calls_end() -> None:
    one = Trust(5, anchors={"centre": anchor(0, 9.9)})
    assert trust.problems(one, FAR)["clock-wide"] == ""
    assert trust.problems(one, FAR + 3600)["clock-wide"] == "the time may be 10 s wrong"


# The kernel ---------------------------------------------------------------------------------------


def kept(at_s: float = 0.0, *, boot: str = BOOT, error_s: float = 0.1, wall_s: float = 0.0) -> Anchored:
    """The centre's time T0 + `at_s` - 1000 at monotonic `at_s`."""
    return Anchored(source="centre", boot=boot, utc=at(at_s), monotonic_s=1000 + at_s, error_s=error_s, wall_s=wall_s)


def test_a_synchronised_kernel_is_a_source_and_what_it_said_is_carried_on_when_it_no_longer_is() -> None:
    one = trust.kernel_read(Trust(5), T0, 10.0, 0.02)
    assert one.kernel_at_s == 10.0 + limits.KERNEL_EVERY_S
    assert trust.now(one, WRONG, 10.0).bound_s == pytest.approx(0.02 + limits.KERNEL_ERROR_S)
    lost = trust.kernel_read(one, at(3600), 3610.0, None)
    seen = trust.now(lost, WRONG, 3610.0)
    assert seen.utc == at(3600)
    assert seen.bound_s == pytest.approx(0.52 + 3600 * limits.DRIFT_PPM / 1e6)


def test_a_kernel_that_is_not_synchronised_says_nothing() -> None:
    one = trust.kernel_read(Trust(5), T0, 10.0, None)
    assert (one.anchors, trust.now(one, T0, 10.0).bound_s) == ({}, None)


def test_the_floor_refuses_a_kernel_below_it_vouches_for_nothing_and_never_binds_the_centre() -> None:
    one = trust.begun(5, "b2", kept(), None)
    assert trust.now(one, at(60), 10.0).bound_s is None
    below = trust.kernel_read(one, at(-60), 10.0, 0.02)
    assert below.anchors == {}
    assert trust.problems(below, 10.0)["clock-disagree"] == "kernel: 2026-11-25 02:59:00 is before 2026-11-25 03:00:00"
    far = trust.kernel_read(below, at(-2.64), 20.0, 0.02)
    assert far.refused
    near = trust.kernel_read(below, at(-2.6), 20.0, 0.02)  # both errors and 2 s: they may both be right
    assert (list(near.anchors), trust.problems(near, 20.0)["clock-disagree"]) == (["kernel"], "")
    back = exchanged(one, 10.0, at(-86400), 0.02)
    assert list(back.anchors) == ["centre"]
    back = replace(back, burst=0, wall_s=0.0)
    moved = trust.to_keep(back, 11.0)
    assert moved is not None
    assert moved.utc < at(-86000)  # the floor goes back with the centre


def test_a_kernel_that_falls_below_the_floor_loses_what_it_said_before() -> None:
    one = trust.kernel_read(trust.begun(5, "b2", kept(), None), at(60), 10.0, 0.02)
    assert trust.kernel_read(one, at(-60), 20.0, 0.02).anchors == {}
    assert trust.kernel_read(trust.kernel_read(one, at(-60), 20.0, 0.02), at(-60), 30.0, None).refused == {}


# The chip -----------------------------------------------------------------------------------------

DAY_S = 86400
SET = ChipSet(chip="c1", utc=T0, error_s=1.1)


def shown(days: float, *, chip: str = "c1", ppm: float = 5.0, off_s: float = 0.0) -> Reading:
    return Reading(chip, ppm, at(days * DAY_S + off_s))


@pytest.mark.parametrize(
    ("chip_set", "reading", "bound_s"),
    [
        (None, shown(1), None),  # nobody knows who set it
        (SET, shown(1, chip="c2"), None),  # the card was moved to a machine whose chip others set
        (SET, None, None),
        (SET, shown(0), 1.6),
        (SET, shown(1), 1.6 + 0.432),
        (SET, shown(14), 1.6 + 6.048),
        (SET, shown(30), 1.6 + 12.96),
        (SET, shown(66), 1.6 + 28.512),  # more than two months at 5 ppm
        (SET, shown(30, ppm=20), 1.6 + 51.84),  # above the tolerance: no call
        (SET, shown(-1), None),  # before it was set: its battery is empty
        (SET, shown(-9000), None),
    ],
)
def test_a_chip_counts_from_the_instant_this_gate_set_it(
    chip_set: ChipSet | None, reading: Reading | None, bound_s: float | None
) -> None:
    one = trust.chip_read(trust.begun(5, BOOT, None, chip_set), reading, 10.0, 0.0)
    seen = trust.now(one, WRONG, 10.0)
    assert seen.bound_s == (None if bound_s is None else pytest.approx(bound_s))
    if bound_s and reading:
        assert seen.utc == reading.utc + timedelta(seconds=0.5)


def test_a_chip_that_shows_the_time_before_the_floor_is_refused_and_told() -> None:
    one = trust.chip_read(trust.begun(5, "b2", kept(DAY_S), SET), shown(0.5), 10.0, 0.0)
    assert one.anchors == {}
    assert trust.problems(one, 10.0)["clock-disagree"] == "chip: 2026-11-25 15:00:00 is before 2026-11-26 03:00:00"


def test_a_slow_bus_is_part_of_the_error_and_a_fault_is_told_until_the_next_reading() -> None:
    one = trust.chip_read(trust.begun(5, BOOT, None, SET), shown(0), 10.0, 0.8)
    assert one.anchors["chip"].error_s == pytest.approx(2.4)
    bad = trust.chip_read(one, None, 610.0, 0.0, "no such chip")
    assert (one.chip_at_s, bad.chip_at_s) == (10.0 + limits.CHIP_EVERY_S, 610.0 + limits.CHIP_EVERY_S)
    assert (bad.anchors, trust.problems(bad, 610.0)["clock-chip"]) == (one.anchors, "no such chip")
    assert trust.problems(trust.chip_read(bad, shown(0, off_s=1200), 1210.0, 0.0), 1210.0)["clock-chip"] == ""


@pytest.mark.parametrize(
    ("anchors", "chip_set", "reading", "expected"),
    [
        ({}, None, shown(0), None),  # nothing to set it from
        ({"kernel": anchor(0.4, 0.6)}, None, shown(-3), ChipSet(chip="c1", utc=T0, error_s=1.6)),
        ({"centre": anchor(0.4, 0.1)}, None, shown(-3), ChipSet(chip="c1", utc=T0, error_s=1.1)),
        ({"centre": anchor(0, 5.0)}, None, shown(0), ChipSet(chip="c1", utc=T0, error_s=6.0)),
        ({"centre": anchor(0, 5.1)}, None, shown(0), None),  # not good enough
        ({"centre": anchor(0, 0.1)}, SET.but(utc=at(-DAY_S + 1)), shown(0), None),  # less than a day ago
        ({"centre": anchor(0, 0.1)}, SET.but(utc=at(-DAY_S)), shown(0), ChipSet(chip="c1", utc=T0, error_s=1.1)),
        ({"centre": anchor(0, 0.1)}, SET.but(chip="c2"), shown(0), ChipSet(chip="c1", utc=T0, error_s=1.1)),
        # after a large correction: it is wrong, or the centre was
        ({"centre": anchor(0, 0.1)}, SET.but(utc=at(-60)), shown(0, off_s=9), ChipSet(chip="c1", utc=T0, error_s=1.1)),
        (
            {"centre": anchor(0, 0.1)},
            SET.but(utc=at(900)),
            shown(0, off_s=900),
            ChipSet(chip="c1", utc=T0, error_s=1.1),
        ),
        # battery empty since it was set: below the floor
        ({"centre": anchor(0, 0.1)}, SET.but(utc=at(-60)), shown(-9000), ChipSet(chip="c1", utc=T0, error_s=1.1)),
    ],
)
def test_the_chip_is_set_once_a_day_and_when_it_is_wrong_from_a_good_time_that_is_not_its_own(
    anchors: dict[Source, Anchor], chip_set: ChipSet | None, reading: Reading, expected: ChipSet | None
) -> None:
    one = trust.chip_read(Trust(5, BOOT, anchors=anchors, chip_set=chip_set), reading, FAR, 0.0)
    assert trust.set_chip(one, FAR) == expected


def test_a_chip_is_never_set_from_itself() -> None:
    one = trust.chip_read(trust.begun(5, BOOT, None, SET), shown(3), FAR, 0.0)
    assert (trust.chosen(one, FAR), trust.set_chip(one, FAR)) == ("chip", None)


# What outlives a process --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("boot", "stored", "wall", "bound_s"),
    [
        (BOOT, kept(), at(-1000 + 4600), 0.1 + 3600 * 50e-6),
        ("b2", kept(), at(-1000 + 4600), None),  # a reboot: the monotonic clock began anew
        ("", kept(boot=""), at(-1000 + 4600), None),  # nobody knows
        (BOOT, None, at(-1000 + 4600), None),
        (BOOT, kept(), at(-1000 + 4600.2), None),  # a step came between
    ],
)
def test_a_process_goes_on_from_the_stored_anchor_of_its_boot(
    boot: str, stored: Anchored | None, wall: datetime, bound_s: float | None
) -> None:
    """The stored wall clock showed T0 - 1000 s when the monotonic clock began."""
    stored = stored and stored.but(wall_s=at(-1000).timestamp())
    one = trust.watched(trust.begun(6, boot, stored, None), wall, 4600.0)
    seen = trust.now(one, wall, 4600.0)
    assert seen.bound_s == (None if bound_s is None else pytest.approx(bound_s))
    assert bound_s is None or seen.utc == at(3600)


def test_an_anchor_is_kept_after_a_burst_then_once_an_hour_and_anew_after_a_step_or_a_set_centre() -> None:
    begun_s = 1e5
    one = trust.watched(trust.begun(5, BOOT, None, None), T0, begun_s)
    one = exchanged(replace(one, ask_at_s=begun_s), begun_s, T0, 0.02)
    assert trust.to_keep(one, begun_s + 0.1) is None  # the burst may bring a better one
    one = replace(one, burst=0)
    first = trust.to_keep(one, begun_s + 2)
    assert first == Anchored(
        source="centre", boot=BOOT, utc=at(0.02), monotonic_s=begun_s + 0.02,
        error_s=one.anchors["centre"].error_s + 0.001, wall_s=T0.timestamp() - begun_s,
    )  # fmt: skip
    one = replace(one, kept=first)
    assert trust.to_keep(one, begun_s + 9000) is None  # the same anchor, whatever time passed
    for later_s, due in ((3500.0, False), (3700.0, True)):
        better = exchanged(one, begun_s + later_s, at(later_s), 0.002)
        assert (trust.to_keep(better, begun_s + later_s + 1) is not None) == due
    set_back = exchanged(one, begun_s + 60, at(-300), 0.02)
    assert trust.to_keep(set_back, begun_s + 61) is not None  # a restart shall not undo it
    stepped = trust.watched(one, at(600), begun_s + 60)
    assert trust.to_keep(stepped, begun_s + 60) is None
    again = replace(exchanged(stepped, begun_s + 60, at(60), 0.02), burst=0)
    assert trust.to_keep(again, begun_s + 61) is not None


def test_an_anchor_that_lets_nothing_be_called_is_not_kept() -> None:
    one = trust.watched(trust.begun(5, BOOT, None, None), T0, 10.0)
    assert trust.to_keep(replace(exchanged(one, 10.0, T0, 0.02, error_s=1e9), burst=0), 12.0) is None


def test_a_chips_time_is_never_kept_as_an_anchor() -> None:
    one = trust.chip_read(trust.watched(trust.begun(5, BOOT, None, SET), T0, FAR), shown(3), FAR, 0.0)
    assert trust.to_keep(replace(one, burst=0), FAR) is None


def test_a_step_ends_every_source_and_all_are_asked_at_once() -> None:
    one = trust.watched(trust.begun(5, BOOT, None, SET), T0, 10.0)
    one = trust.kernel_read(trust.chip_read(exchanged(one, 10.0, T0, 0.02), shown(0), 10.1, 0.0), T0, 10.1, 0.1)
    assert sorted(one.anchors) == ["centre", "chip", "kernel"]
    one = replace(one, refused={"chip": "it was before"})
    stepped = trust.watched(one, at(3600), 11.0)
    assert (stepped.anchors, stepped.refused) == ({}, {})
    assert (stepped.kernel_at_s, stepped.chip_at_s) == (11.0, 11.0)
