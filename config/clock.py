"""The one source of time: a Clock is an argument everywhere, and only this file reads the machine's."""

import ctypes
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Instant:
    """A reading of the clocks: `utc` for the calendar, `monotonic_s` for everything that lasts.

    `bound_s` is how far `utc` can be from the school's time; None: nothing vouches for it.
    """

    utc: datetime
    monotonic_s: float
    bound_s: float | None = None


class Clock(Protocol):
    """What the programs know of time. The fake of `clock_fake.py` steps and drifts on demand."""

    def utc(self) -> datetime:
        """Wall clock of this machine, aware, UTC; may be wrong and may step."""
        ...

    def monotonic_s(self) -> float:
        """Seconds from an arbitrary origin; never steps."""
        ...

    def kernel_error_s(self) -> float | None:
        """The kernel's bound on the wall clock's error, or None while it is not synchronised."""
        ...

    def boot_id(self) -> str:
        """Which run of the machine `monotonic_s` counts in; empty: unknown."""
        ...


class SystemClock:
    """This machine's clocks."""

    def utc(self) -> datetime:
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        return time.monotonic()

    def kernel_error_s(self) -> float | None:
        # adjtimex(2) with modes = 0 reads without rights; STA_UNSYNC (0x40) means "not vouched for".
        buffer = (ctypes.c_byte * 256)()
        try:
            state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(buffer))
        except (AttributeError, OSError):  # a libc without it
            return None
        if state < 0:  # forbidden, as in containers and under ProtectClock=yes: nothing told is not "no error"
            return None
        fields = (ctypes.c_long * 6).from_buffer(buffer)  # modes, offset, freq, maxerror, esterror, status
        status = ctypes.c_int.from_buffer(buffer, 5 * ctypes.sizeof(ctypes.c_long)).value
        return None if status & 0x40 else fields[3] / 1e6

    def boot_id(self) -> str:
        try:
            with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:  # noqa: PTH123 (pure files import us)
                return file.read().strip()
        except (OSError, ValueError):  # no such thing here: a restarted process begins without trust
            return ""
