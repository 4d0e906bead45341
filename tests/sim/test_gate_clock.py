"""Where the gate's real runtime has its time from: the centre, the kernel, a chip, or the process before it."""

from datetime import datetime, timedelta

import pytest

from broker.wire.messages import Ask, Time, decode, encode
from config import limits
from config.clock_fake import FakeClock
from edge.book import ENTRY, Begun
from edge.chip_fake import FakeChip
from edge.journal_fake import MemoryJournal
from edge.sources import Reading
from gate_life import Life, ready
from gate_rig import NOON, at, call, day

DAY_S = 86400
BURST_S = limits.ASK_BURST * limits.ASK_BURST_EVERY_S
CHIP_SET_S = limits.CHIP_EVERY_S + 5
FIRST = call(1, 0)


def answer(life: Life, utc: datetime) -> None:
    """The centre says that it is `utc`."""
    ask = decode(life.newest("ask"), Ask)
    life.say("time", encode(Time(v=1, start=ask.start, n=ask.n, received_at=utc, sent_at=utc, error_s=0.0)))


def exchanged(life: Life, utc: datetime) -> None:
    """The centre answers once, and the burst comes to its end."""
    answer(life, utc)
    life.run(BURST_S)


def heard_at(life: Life) -> list[tuple[str, float]]:
    """What was played and when, in seconds after 11:30 by the gate's own time."""
    entries = [ENTRY.validate_json(line) for line in life.journal.entries]
    actual = [one.record.actual for one in entries if isinstance(one, Begun)]
    return [(say, (on - NOON).total_seconds()) for say, on in zip(life.player.played, actual, strict=True) if on]


# The process before -------------------------------------------------------------------------------


def test_a_gate_restarted_while_the_centre_is_away_calls_the_next_class_on_time() -> None:
    life = ready()
    life.run(BURST_S)
    life.runtime.close()
    again = Life(journal=life.journal, clock=life.clock)
    assert again.runtime.now().bound_s == pytest.approx(0.003, abs=0.003)
    again.run(58)
    assert (heard_at(again), again.problems()) == ([(FIRST.say, 0.0)], [])


def test_a_wall_clock_that_was_set_between_two_processes_ends_it() -> None:
    life = ready()
    life.run(BURST_S)
    life.runtime.close()
    life.clock.step(5)
    again = Life(journal=life.journal, clock=life.clock)
    again.run(90)
    assert (again.player.played, again.lit("amber"), again.problems()) == ([], True, ["clock"])


def test_a_gate_that_was_without_power_knows_no_time_until_somebody_says_it() -> None:
    clock = FakeClock(at(-400))
    life = Life(clock=clock)
    exchanged(life, at(-400))
    life.say(f"day/{day().date}", encode(day(FIRST)))
    clock.reboot(off_s=20)
    again = Life(journal=life.journal, clock=clock)
    again.run(20)
    assert (again.player.played, again.lit("amber"), again.problems()) == ([], True, ["clock"])
    again.run(BURST_S - limits.ASK_BURST_EVERY_S + 4 * limits.ASK_AGAIN_S - 20)  # the next question
    answer(again, at(-400 + clock.passed_s))
    again.run(400.5 - clock.passed_s)
    assert (heard_at(again), again.problems()) == ([(FIRST.say, 0.0)], [])


def test_time_is_kept_seldom() -> None:
    life = ready()
    life.run(BURST_S)
    for _ in range(6 * 12):
        life.clock.advance(limits.ASK_EVERY_S)
        life.run(0.01)
        life.exchange()
    kept = [line for line in life.journal.entries if b'"anchored"' in line]
    assert 5 <= len(kept) <= 7  # in six hours


class PutAside(FakeClock):
    """A clock of a process that is put aside for `aside_s` just after it read the wall."""

    aside_s = 0.0

    def utc(self) -> datetime:
        seen, aside_s, self.aside_s = super().utc(), self.aside_s, 0.0
        self.advance(aside_s)
        return seen


def test_a_process_put_aside_between_two_clocks_sees_no_step() -> None:
    clock = PutAside(at(-60))
    life = Life(clock=clock)
    life.exchange()
    clock.aside_s = 0.4
    life.run(1)
    assert life.runtime.now().bound_s is not None


# The kernel ---------------------------------------------------------------------------------------


def test_a_synchronised_kernel_lets_a_gate_call_that_no_centre_answers() -> None:
    life = Life(clock=FakeClock(at(-60), error_s=0.02))
    life.say(f"day/{day().date}", encode(day(FIRST)))
    life.run(60.5)
    assert (heard_at(life), life.problems()) == ([(FIRST.say, 0.0)], [])


def test_a_kernel_that_contradicts_the_centre_is_a_problem_and_the_centres_time_counts() -> None:
    life = Life(clock=FakeClock(at(-90), error_s=0.02))
    exchanged(life, at(-60))
    life.say(f"day/{day().date}", encode(day(FIRST)))
    life.run(60.5 - BURST_S)
    assert (heard_at(life), life.problems()) == ([(FIRST.say, 0.0)], ["clock-disagree"])
    life.clock.error_s = None
    life.clock.step(30)
    life.run(1)
    exchanged(life, life.clock.utc())
    assert life.problems() == []


# The chip -----------------------------------------------------------------------------------------


def with_chip(days: float, *, ppm: float = 5.0, drift_ppm: float = 0.0) -> tuple[Life, FakeChip]:
    """A gate that learned the time and its day so many days before 11:30, and a chip that it set; then it ran on."""
    clock = FakeClock(at(-60 - days * DAY_S))
    chip = FakeChip(clock, datetime(2000, 1, 1, tzinfo=NOON.tzinfo), ppm=ppm, drift_ppm=drift_ppm)
    life = Life(clock=clock, chip=chip)
    exchanged(life, clock.utc())
    life.say(f"day/{day().date}", encode(day(FIRST)))
    life.run(CHIP_SET_S)
    assert (len(chip.history), life.problems()) == (1, [])
    return life, chip


def without_power(life: Life, chip: FakeChip, *, before_s: float = 60.0) -> Life:
    """The power was off until so long before 11:30; no centre answers."""
    begun = at(0).timestamp() - before_s - chip.history[0].timestamp()
    life.clock.reboot(off_s=begun - (life.clock.utc() - chip.history[0]).total_seconds())
    return Life(journal=life.journal, clock=life.clock, chip=chip)


@pytest.mark.parametrize("days", [1, 7, 14])
@pytest.mark.parametrize("drift_ppm", [-5.0, 0.0, 5.0])
def test_a_chip_set_by_this_gate_carries_it_over_two_weeks_without_power_and_centre(
    days: float, drift_ppm: float
) -> None:
    again = without_power(*with_chip(days, drift_ppm=drift_ppm))
    now = again.runtime.now()
    assert now.bound_s is not None
    assert abs((now.utc - at(-60)).total_seconds()) <= now.bound_s < limits.BOUND_PROBLEM_S
    again.run((at(0) - now.utc).total_seconds() + 1)
    assert (heard_at(again), again.problems()) == ([(FIRST.say, 0.0)], [])


def test_a_chip_set_too_long_ago_for_its_kind_lets_nothing_be_called() -> None:
    again = without_power(*with_chip(30, ppm=20))
    again.run(90)
    assert (again.player.played, again.lit("amber"), again.problems()) == ([], True, ["clock", "clock-wide"])


def test_a_chip_whose_bound_is_wide_still_calls_and_is_told() -> None:
    again = without_power(*with_chip(30, ppm=5))
    again.run(65)
    assert (len(again.player.played), again.problems()) == (1, ["clock-wide"])


def test_a_chip_that_others_set_vouches_for_nothing_however_right_it_is() -> None:
    clock = FakeClock(at(-60))
    life = Life(clock=clock, chip=FakeChip(clock, at(-60)))
    life.say(f"day/{day().date}", encode(day(FIRST)))
    life.run(90)
    assert (life.player.played, life.lit("amber"), life.problems()) == ([], True, ["clock"])


def test_a_card_moved_to_a_machine_with_another_chip_does_not_trust_it() -> None:
    life, chip = with_chip(1)
    chip.name = "fake 2"
    again = without_power(life, chip)
    again.run(90)
    assert (again.player.played, again.problems()) == ([], ["clock"])


def test_a_chip_that_was_set_but_not_written_down_is_not_trusted() -> None:
    clock = FakeClock(at(-60 - DAY_S))
    chip, journal = FakeChip(clock, at(-60 - DAY_S)), MemoryJournal()
    life = Life(journal=journal, clock=clock, chip=chip)
    exchanged(life, clock.utc())
    journal.broken = "disk full"
    life.run(CHIP_SET_S)
    journal.broken = ""
    again = without_power(life, chip)
    assert (len(chip.history), again.runtime.now().bound_s) == (1, None)


def test_a_chip_ten_seconds_from_the_centre_is_a_problem_then_set_and_the_centres_time_counts() -> None:
    life, chip = with_chip(0.5)
    chip.show(life.clock.utc() + timedelta(seconds=10))
    life.run(limits.CHIP_EVERY_S)
    now = life.runtime.now()
    assert (now.utc, life.problems(), len(chip.history)) == (life.clock.utc(), ["clock-disagree"], 2)
    life.run(limits.CHIP_EVERY_S + 5)
    assert (life.problems(), len(chip.history)) == ([], 2)


def test_a_chip_whose_battery_is_empty_is_told_and_set_again() -> None:
    life, chip = with_chip(1)
    chip.show(datetime(2000, 1, 1, tzinfo=NOON.tzinfo))
    again = without_power(life, chip)
    again.run(3.5)
    assert (again.runtime.now().bound_s, again.problems()) == (None, ["clock", "clock-disagree"])
    exchanged(again, at(-56.5))
    again.run(2 * limits.CHIP_EVERY_S + 10)
    assert (len(chip.history), again.problems()) == (2, ["player"])  # nobody answered for the loudspeaker


def test_a_chip_of_the_settings_that_is_not_there_is_a_problem_and_the_centre_suffices() -> None:
    clock = FakeClock(at(-60))
    chip = FakeChip(clock, at(-60))
    chip.fault = "no such file"
    life = Life(clock=clock, chip=chip)
    life.exchange()
    life.say(f"day/{day().date}", encode(day(FIRST)))
    life.run(60.5)
    assert (heard_at(life), life.problems()) == ([(FIRST.say, 0.0)], ["clock-chip"])
    chip.fault = ""
    life.player.answer()
    life.run(limits.CHIP_EVERY_S)
    assert life.problems() == []


class Protected(FakeChip):
    def set(self, utc: datetime) -> None:
        self.fault = "permission denied"
        try:
            self._check()
        finally:
            self.fault = ""


def test_a_chip_that_may_not_be_set_is_told_once() -> None:
    clock = FakeClock(at(-60))
    life = Life(clock=clock, chip=Protected(clock, at(-60)))
    life.exchange()
    life.run(4 * limits.CHIP_EVERY_S)
    assert life.problems() == ["clock-chip"]
    assert len([line for line in life.journal.entries if b'"clock-chip"' in line]) == 1


class Hanging(FakeChip):
    """On a bus that answers after a second."""

    reads = 0

    def read(self) -> Reading:
        self.reads += 1
        self._clock.advance(1.0)
        return super().read()


def test_a_bus_that_hangs_delays_no_call() -> None:
    lead_s = limits.LEAD_MS / 1000
    clock = FakeClock(at(-limits.CHIP_EVERY_S - 1 - lead_s - 0.1))
    chip = Hanging(clock, clock.utc())
    life = Life(clock=clock, chip=chip)
    life.exchange()
    life.say(f"day/{day().date}", encode(day(FIRST)))
    life.run(limits.CHIP_EVERY_S + 1)  # the next reading is due 0.1 s before the lead begins
    assert (heard_at(life), chip.reads) == ([(FIRST.say, 0.0)], 1)
    life.run(6)
    life.player.answer()
    life.settle()
    life.run(10)
    assert chip.reads == 2
