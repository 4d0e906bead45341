"""The clock chip: it counts on its battery while the power is off. Linux shows it under /sys and sets it through /dev.

What it shows is only read here; whether it is believed is decided in `trust.py`.
"""

import fcntl
import os
import struct
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from config.errors import OutsideError
from edge.sources import Reading

_RTC_SET_TIME = 0x4024700A
"""linux/rtc.h: _IOW('p', 0x0a, struct rtc_time), nine ints."""


class Chip(Protocol):
    """The fake of `chip_fake.py` goes on while its machine is off."""

    def read(self) -> Reading:
        """Raises OutsideError: no chip, or it lost its time and says so."""
        ...

    def set(self, utc: datetime) -> None:
        """To a whole second. Raises OutsideError."""
        ...


class RtcChip:
    """The first chip that Linux knows, UTC. Setting it needs CAP_SYS_TIME and the right to open /dev/rtc0.

    It is named after its driver and the serial number of the board: a card that was moved to another Pi does not know
    who set the chip there.
    """

    def __init__(
        self,
        ppm: float,
        shown: Path = Path("/sys/class/rtc/rtc0"),
        device: Path = Path("/dev/rtc0"),
        serial: Path = Path("/proc/device-tree/serial-number"),
    ) -> None:
        self._ppm, self._shown, self._device, self._serial = ppm, shown, device, serial

    def read(self) -> Reading:
        try:
            shown = int((self._shown / "since_epoch").read_text("ascii"))
            name = (self._shown / "name").read_text("ascii").strip()
            utc = datetime.fromtimestamp(shown, UTC)
        except (OSError, ValueError, OverflowError) as error:
            message = f"clock chip {self._shown}: {error}"
            raise OutsideError(message) from error
        return Reading(f"{name} {self._board()}"[:128].strip(), self._ppm, utc)

    def _board(self) -> str:
        try:
            return self._serial.read_text("ascii").strip("\0\n")
        except (OSError, ValueError):  # no board with a number: the driver's name must do
            return ""

    def set(self, utc: datetime) -> None:
        try:
            device = os.open(self._device, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.ioctl(device, _RTC_SET_TIME, rtc_time(utc))
            finally:
                os.close(device)
        except OSError as error:
            message = f"clock chip {self._device} cannot be set: {error.strerror}"
            raise OutsideError(message) from error


def rtc_time(utc: datetime) -> bytes:
    """`struct rtc_time`: months from 0, years from 1900; weekday, day of the year and summer time are not used."""
    return struct.pack("9i", utc.second, utc.minute, utc.hour, utc.day, utc.month - 1, utc.year - 1900, 0, 0, 0)
