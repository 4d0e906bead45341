"""The chip: what Linux shows is read, what it is told is in the kernel's form; the fake counts on without power."""

import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.clock import SystemClock
from config.clock_fake import FakeClock
from config.errors import OutsideError
from edge.chip import Chip, RtcChip, rtc_time
from edge.chip_fake import FakeChip
from edge.sources import Reading

T0 = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)


@pytest.fixture
def shown(tmp_path: Path) -> Path:
    (tmp_path / "since_epoch").write_text(f"{T0.timestamp():.0f}\n")
    (tmp_path / "name").write_text("rtc-ds1307 1-0068\n")
    (tmp_path / "serial-number").write_bytes(b"10000000abcdef01\0")
    return tmp_path


def rtc(folder: Path) -> RtcChip:
    return RtcChip(5.0, shown=folder, device=folder / "rtc0", serial=folder / "serial-number")


def test_both_say_who_they_are_what_they_may_be_off_and_the_second(shown: Path) -> None:
    chips: list[Chip] = [rtc(shown), FakeChip(FakeClock(T0), T0)]
    assert [chip.read() for chip in chips] == [
        Reading("rtc-ds1307 1-0068 10000000abcdef01", 5.0, T0),
        Reading("fake 1", 5.0, T0),
    ]


@pytest.mark.parametrize("text", ["", "soon", "99999999999999999"])
def test_a_chip_that_lost_its_time_or_is_not_there_says_so(shown: Path, text: str) -> None:
    (shown / "since_epoch").write_text(text)
    with pytest.raises(OutsideError, match="clock chip"):
        rtc(shown).read()
    with pytest.raises(OutsideError, match="clock chip"):
        rtc(shown / "none").read()


def test_a_board_without_a_number_has_a_chip_too(shown: Path) -> None:
    (shown / "serial-number").unlink()
    assert rtc(shown).read().chip == "rtc-ds1307 1-0068"


def test_a_chip_that_cannot_be_set_says_so(shown: Path) -> None:
    with pytest.raises(OutsideError, match="cannot be set: No such file"):
        rtc(shown).set(T0)
    (shown / "rtc0").write_text("")
    with pytest.raises(OutsideError, match="cannot be set: Inappropriate ioctl"):
        rtc(shown).set(T0)


def test_what_the_kernel_is_told_is_the_utc_of_a_calendar() -> None:
    assert struct.unpack("9i", rtc_time(T0)) == (0, 0, 3, 25, 10, 126, 0, 0, 0)


def test_the_fake_goes_on_without_power_at_its_own_pace() -> None:
    clock = FakeClock(T0)
    chip = FakeChip(clock, T0, drift_ppm=10)
    clock.reboot(off_s=200_000.5)
    assert chip.read().utc == T0 + timedelta(seconds=200_002)
    chip.set(T0)
    clock.advance(9.9)
    assert (chip.read().utc, chip.history) == (T0 + timedelta(seconds=9), [T0])


def test_the_fake_refuses_what_no_chip_holds() -> None:
    chip = FakeChip(FakeClock(T0), T0)
    with pytest.raises(AssertionError, match="whole seconds"):
        chip.set(T0 + timedelta(milliseconds=1))
    chip.fault = "gone"
    with pytest.raises(OutsideError, match="gone"):
        chip.set(T0)
    assert chip.history == []


def test_one_run_of_the_machine_has_one_name() -> None:
    assert SystemClock().boot_id() == SystemClock().boot_id()
