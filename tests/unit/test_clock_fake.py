"""The fake clock: what moves its wall does not move what lasts, and the other way round."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from config.clock_fake import FakeClock

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


def test_a_step_of_the_wall_is_not_noticed_by_what_lasts() -> None:
    clock = FakeClock(NOON)
    clock.advance(10)
    clock.step(-3600)
    assert (clock.utc(), clock.monotonic_s()) == (NOON + timedelta(seconds=10 - 3600), 10)


def test_a_drifting_wall_runs_away_from_what_lasts() -> None:
    clock = FakeClock(NOON, drift_ppm=50)
    clock.advance(24 * 3600)
    assert (clock.utc() - NOON - timedelta(days=1), clock.monotonic_s()) == (timedelta(seconds=4.32), 24 * 3600)


def test_the_kernel_vouches_only_when_told() -> None:
    clock = FakeClock(NOON)
    assert clock.kernel_error_s() is None
    clock.error_s = 0.02
    assert clock.kernel_error_s() == 0.02


def test_misuse_is_refused_with_no_change() -> None:
    clock = FakeClock(NOON)
    with pytest.raises(AssertionError, match="does not go back"):
        clock.advance(-1)
    assert (clock.utc(), clock.monotonic_s()) == (NOON, 0)
    with pytest.raises(AssertionError, match="aware UTC"):
        FakeClock(NOON.astimezone(timezone(timedelta(hours=8))))


def test_a_reboot_begins_monotonic_time_anew_and_the_wall_knows_nothing_of_the_time_off() -> None:
    clock = FakeClock(NOON, error_s=0.02)
    before = clock.boot_id()
    clock.advance(10)
    clock.reboot(off_s=3600)
    assert (clock.utc(), clock.monotonic_s(), clock.kernel_error_s()) == (NOON + timedelta(seconds=10), 0, None)
    assert (clock.passed_s, clock.boot_id() != before) == (3610, True)
