"""The centre's time, and who vouches for it: the kernel, or an owner until the wall is set or the machine rebooted."""

from collections.abc import Callable

from broker.store import Store
from broker.vouch import error_s
from config import limits
from config.clock import Clock, Instant
from config.errors import OutsideError
from config.settings import ClockSettings


class SchoolClock:
    """`on_step` is called when the wall was set; `log` takes a line for people."""

    def __init__(
        self,
        settings: ClockSettings,
        clock: Clock,
        store: Store,
        *,
        on_step: Callable[[], None],
        log: Callable[[str], None],
    ) -> None:
        self._settings, self._clock, self._store = settings, clock, store
        self._on_step, self._log = on_step, log
        confirmed = store.confirmed()
        self._confirmed_at = confirmed[0] if confirmed else None
        # After a reboot it differs: the wall may be what it was at the last shutdown, and nobody compared that.
        self._wall_s = confirmed[1] if confirmed else self._offset_s()

    def now(self) -> Instant:
        """A step of the wall clock, or a reboot, ends an owner's confirmation."""
        wall_s = self._offset_s()
        if abs(wall_s - self._wall_s) > limits.CLOCK_STEP_S:
            self._confirmed_at = None
            self._unconfirm()
            self._on_step()
            self._log(
                "时钟被改动或机器重启过，请负责人重新确认时间 clock set, or machine rebooted: confirm the time again"
            )
        self._wall_s = wall_s
        utc = self._clock.utc()
        bound_s = error_s(self._settings.source, self._clock.kernel_error_s(), self._confirmed_at, utc)
        return Instant(utc, self._clock.monotonic_s(), bound_s)

    def confirm(self, by: str) -> None:
        """An owner says that it is right. Raises OutsideError, and then it does not count."""
        at = self.now().utc
        self._store.confirm(at, by, self._wall_s)
        self._confirmed_at = at

    def _unconfirm(self) -> None:
        try:
            self._store.unconfirm()
        except OutsideError as error:
            self._log(f"问题 problem store: {error}")

    def _offset_s(self) -> float:
        """Wall less monotonic. A pause between the two readings looks like a step: the largest of a few is true."""
        return max(self._clock.utc().timestamp() - self._clock.monotonic_s() for _ in range(3))
