"""Reads the clocks, the kernel and the chip for `trust.py`, and sets the chip: its hands, with nothing to decide."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from broker.wire.messages import Ask, Time
from config import limits
from config.clock import Clock, Instant
from config.errors import OutsideError
from edge import trust
from edge.chip import Chip
from edge.sources import Anchored, ChipSet


class Timekeeper:
    """`chip` None: this gate has none."""

    def __init__(self, clock: Clock, chip: Chip | None, begun: trust.Trust) -> None:
        self._clock, self._chip, self._trust = clock, chip, begun

    def now(self) -> Instant:
        """The school's time, as far as it is known here."""
        wall, monotonic_s = self._clocks()
        self._trust = trust.watched(self._trust, wall, monotonic_s)
        return trust.now(self._trust, wall, monotonic_s)

    def tend(self, calm: Callable[[], bool]) -> list[Anchored | ChipSet]:
        """Read what is due; what the journal must hold now. A slow card or a bus that hangs waits until it is calm."""
        at_s = self.now().monotonic_s
        if at_s >= self._trust.kernel_at_s:
            wall, at_s = self._clocks()
            self._trust = trust.kernel_read(self._trust, wall, at_s, self._clock.kernel_error_s())
        chip = self._chip if at_s >= self._trust.chip_at_s else None
        anchored = trust.to_keep(self._trust, at_s)
        if (chip is None and anchored is None) or not calm():
            return []
        chip_set = self._tend_chip(chip) if chip else None
        if anchored:
            self._trust = replace(self._trust, kept=anchored)
        return [entry for entry in (anchored, chip_set) if entry]

    def _tend_chip(self, chip: Chip) -> ChipSet | None:
        """Set before it is written down: a power cut between leaves a chip that is better than the book says."""
        begun_s = self._clock.monotonic_s()
        try:
            reading, fault = chip.read(), ""
        except OutsideError as error:
            reading, fault = None, str(error)
        at_s = self._clock.monotonic_s()
        self._trust = trust.chip_read(self._trust, reading, at_s, at_s - begun_s, fault)
        due = trust.set_chip(self._trust, at_s) if reading else None
        if due is None:
            return None
        try:
            chip.set(due.utc)
        except OutsideError as error:
            self._trust = replace(self._trust, chip_fault=str(error))
            return None
        done = due.but(error_s=due.error_s + self._clock.monotonic_s() - at_s)
        self._trust = replace(self._trust, chip_set=done)
        return done

    def problems(self) -> dict[str, str]:
        """By code; empty text: well."""
        return trust.problems(self._trust, self._clock.monotonic_s())

    def asks_s(self) -> float:
        """When the next question to the centre is due."""
        return self._trust.ask_at_s

    def linked(self) -> None:
        self._trust = trust.asking(self._trust, self._clock.monotonic_s())

    def ask(self) -> Ask | None:
        self._trust, question = trust.ask(self._trust, self._clock.monotonic_s())
        return question

    def answered(self, time: Time, monotonic_s: float) -> None:
        self._trust = trust.answered(self._trust, time, monotonic_s)

    def _clocks(self) -> tuple[datetime, float]:
        """Both clocks at one moment: a process put aside between the two would see a step that never was."""
        tries = 0
        while True:
            before_s = self._clock.monotonic_s()
            wall, monotonic_s = self._clock.utc(), self._clock.monotonic_s()
            tries += 1
            if monotonic_s - before_s < limits.CLOCK_STEP_S / 2 or tries >= limits.CLOCK_READS:
                return wall, monotonic_s
