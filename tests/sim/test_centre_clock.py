"""The centre's time through the whole centre: who vouches for it, and when nobody does any more."""

from pathlib import Path

import pytest

from config import limits
from config.clock_fake import FakeClock
from school_rig import TEN, School, asked


@pytest.fixture
def school(tmp_path: Path) -> School:
    return School(tmp_path)


def test_a_question_is_answered_with_the_instants_it_came_and_left(school: School) -> None:
    school.settle_in()
    assert asked(school, 3) == {
        "v": 1, "start": 1, "n": 3, "received_at": "2026-11-25T02:00:04Z", "sent_at": "2026-11-25T02:00:04Z",
        "error_s": 0.1,
    }  # fmt: skip


def test_a_step_of_the_wall_clock_ends_an_owners_word_also_after_a_restart(school: School) -> None:
    school.settle_in()
    school.clock.error_s = None
    assert asked(school, 1)["error_s"] is None
    school.centre.confirm_time("李主任")
    assert asked(school, 2)["error_s"] == pytest.approx(limits.OWNER_ERROR_S)
    school.clock.step(3600)
    assert asked(school, 3)["error_s"] is None
    assert school.alarm.checks == 1
    school.stop()
    school.start()
    school.go(1)
    assert asked(school, 4)["error_s"] is None


class BusyClock(FakeClock):
    """The machine does something else before every third reading of the monotonic clock."""

    readings = 0

    def monotonic_s(self) -> float:
        self.readings += 1
        if self.readings % 3 == 0:
            self.advance(0.4)
        return super().monotonic_s()


def test_a_busy_machine_is_no_step_of_the_clock(tmp_path: Path) -> None:
    school = School(tmp_path, BusyClock(TEN))
    school.centre.confirm_time("李主任")
    for _ in range(50):
        assert school.centre.now().bound_s is not None
    assert school.store.confirmed() is not None


def test_an_owners_word_does_not_survive_a_reboot(school: School) -> None:
    """Without a clock chip the wall then goes on where it stopped, hours ago."""
    school.clock.error_s = None
    school.centre.confirm_time("李主任")
    school.clock.advance(600)
    school.stop()
    school.clock.reboot(3 * 3600)
    school.clock.advance(40)
    school.start()
    assert school.centre.now().bound_s is None
    assert [line for line in school.said if "机器重启过" in line]
    school.centre.confirm_time("李主任")
    school.stop()
    school.start()
    assert school.centre.now().bound_s == pytest.approx(limits.OWNER_ERROR_S, abs=0.01)


def test_an_owners_word_given_after_a_step_nobody_had_noticed_counts(school: School) -> None:
    school.clock.error_s = None
    school.clock.step(90)
    school.centre.confirm_time("李主任")
    school.go(1)
    assert asked(school, 1)["error_s"] == pytest.approx(limits.OWNER_ERROR_S, abs=0.01)


def test_an_owners_word_survives_a_restart_and_six_days(school: School) -> None:
    school.clock.error_s = None
    school.centre.confirm_time("李主任")
    school.stop()
    school.clock.advance(24 * 3600)
    school.start()
    school.go(1)
    assert asked(school, 1)["error_s"] == pytest.approx(limits.OWNER_ERROR_S + 4.32, abs=0.01)
    school.clock.advance(5 * 24 * 3600)
    school.go(1)
    assert asked(school, 2)["error_s"] is None
