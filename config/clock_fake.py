"""A clock that moves only when told: it advances, steps and drifts; ships with the product for simulations."""

from datetime import datetime, timedelta


class FakeClock:
    """Starts at `utc` (aware); `drift_ppm` is how much faster its wall runs than its monotonic clock."""

    def __init__(self, utc: datetime, *, drift_ppm: float = 0.0, error_s: float | None = None) -> None:
        assert utc.utcoffset() == timedelta(0), "a fake clock starts at an aware UTC instant"
        self._utc = utc
        self._monotonic_s = 0.0
        self._drift = drift_ppm / 1e6
        self.error_s = error_s
        self.boots = 1
        self.passed_s = 0.0
        """Since it was made, also with the power off: what a clock chip counts."""

    def utc(self) -> datetime:
        return self._utc

    def monotonic_s(self) -> float:
        return self._monotonic_s

    def kernel_error_s(self) -> float | None:
        return self.error_s

    def boot_id(self) -> str:
        return f"boot-{self.boots}"

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        assert seconds >= 0, "monotonic time does not go back; use step()"
        self._monotonic_s += seconds
        self.passed_s += seconds
        self._utc += timedelta(seconds=seconds * (1 + self._drift))

    def step(self, seconds: float) -> None:
        """Set the wall clock by hand; monotonic time does not notice."""
        self._utc += timedelta(seconds=seconds)

    def reboot(self, off_s: float) -> None:
        """The power was off: the monotonic clock begins anew, the wall goes on where it stopped, unsynchronised."""
        assert off_s >= 0, "time does not go back"
        self.passed_s += off_s
        self.boots += 1
        self._monotonic_s, self.error_s = 0.0, None
