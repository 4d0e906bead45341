"""A clock chip beside a fake clock: it counts on while the machine is off; ships with the product for simulations."""

from datetime import datetime, timedelta

from config.clock_fake import FakeClock
from config.errors import OutsideError
from edge.sources import Reading


class FakeChip:
    """Shows `utc` from now on, `drift_ppm` too fast, of a claimed `ppm`. `fault`: why nobody can read or set it."""

    def __init__(self, clock: FakeClock, utc: datetime, *, ppm: float = 5.0, drift_ppm: float = 0.0) -> None:
        self._clock, self._ppm, self._drift = clock, ppm, drift_ppm / 1e6
        self.name, self.fault = "fake 1", ""
        self.history: list[datetime] = []
        """What it was set to."""
        self.show(utc)

    def show(self, utc: datetime) -> None:
        """As if somebody else had set it."""
        self._utc, self._since_s = utc, self._clock.passed_s

    def read(self) -> Reading:
        self._check()
        passed_s = (self._clock.passed_s - self._since_s) * (1 + self._drift)
        return Reading(self.name, self._ppm, (self._utc + timedelta(seconds=passed_s)).replace(microsecond=0))

    def set(self, utc: datetime) -> None:
        self._check()
        assert utc.utcoffset() == timedelta(0), "a chip holds UTC"
        assert utc.microsecond == 0, "a chip holds whole seconds"
        self.history.append(utc)
        self.show(utc)

    def _check(self) -> None:
        if self.fault:
            raise OutsideError(self.fault)
