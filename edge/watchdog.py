"""The supervisor's watchdog (systemd's notify protocol), fed by the loop that turned, while the player answers.

The loop writes the journal itself, so a disk that hangs, like a step that does, feeds nothing. Without a supervisor
nothing happens.
"""

import contextlib
import os
import socket
from collections.abc import Callable, Mapping

from config import limits
from config.clock import Clock


class Watchdog:
    """`environment`: of a unit with Type=notify and WatchdogSec. `works`: what the loop does not see goes on."""

    def __init__(self, environment: Mapping[str, str], clock: Clock, works: Callable[[], bool]) -> None:
        name = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + name[1:] if name.startswith("@") else name
        ours = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        asked_s = int(environment.get("WATCHDOG_USEC", "0")) / 1e6 if ours else 0.0
        self._every_s = asked_s / limits.WATCHDOG_FEEDS or None
        self._clock, self._works = clock, works
        self._fed_s = clock.monotonic_s()

    def ready(self) -> None:
        """This gate can make a status: it knows its days, and what is said to it is heard."""
        self._tell("READY=1")

    def turned(self) -> None:
        """The loop handled an event to its end."""
        now_s = self._clock.monotonic_s()
        if self._every_s is not None and now_s >= self._fed_s + self._every_s and self._works():
            self._fed_s = now_s
            self._tell("WATCHDOG=1")

    def _tell(self, state: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            out.settimeout(0)
            with contextlib.suppress(OSError):  # a supervisor that does not listen restarts us, or is gone
                out.sendto(state.encode(), self._address)
