"""One seed is one school day of the whole system; the checkers of world_checkers.py see every effect of it.

`FANGXUE_SEEDS=20000` lives that many days, `20000:7` others: each night its own. A seed that was found stays in
seeds.txt, with what it needs.
"""

import gc
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

from world import GATES
from world_days import least, live, report
from world_faults import Fault
from world_mixes import MIXES, PEOPLE, Happening, days
from world_people import Deed
from world_trouble import Trouble

HERE = Path(__file__).resolve().parent
_COUNT, _, _NIGHT = os.environ.get("FANGXUE_SEEDS", "300").partition(":")
SEEDS, NIGHT = int(_COUNT), int(_NIGHT or 0)
OF_PEOPLE = SEEDS // 15
"""So many of them are days of alerts, buttons and guarded windows."""
NAMES: dict[str, Happening] = {one.name: one for one in (*Fault, *Deed, *Trouble)}


@pytest.fixture(autouse=True, scope="module")
def seldom_collected() -> Iterator[None]:
    """What the test runner holds is not searched for garbage again and again: a twelfth of a day's time."""
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)
    yield
    gc.set_threshold(*usual)
    gc.unfreeze()


def name(mix: Sequence[Happening]) -> str:
    return "-".join(one.name.lower() for one in mix) or "calm"


def found() -> list[tuple[int, tuple[Happening, ...]]]:
    lines = [line.split("#")[0].split() for line in (HERE / "seeds.txt").read_text("utf-8").splitlines()]
    return [(int(line[0]), tuple(NAMES[one] for one in line[1:])) for line in lines if line]


@pytest.mark.parametrize("mix", MIXES, ids=name)
def test_whatever_happens_on_a_day_the_school_hears_the_truth_once(
    mix: tuple[Happening, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    seeds, began_s = days(mix, -(-(SEEDS - OF_PEOPLE) // len(MIXES)), NIGHT), time.process_time()
    for seed, happenings in seeds:
        told = live(seed, happenings)
        assert not told.violations, report(told)
    rate = len(seeds) * len(GATES) / (time.process_time() - began_s)
    with capsys.disabled():
        print(f" {rate:.0f} gate-days/s", end="")  # noqa: T201 - the figure is asked for


@pytest.mark.parametrize("mix", PEOPLE, ids=name)
def test_whoever_raises_an_alert_presses_or_forgets_lights_voice_and_records_say_so(
    mix: tuple[Happening, ...],
) -> None:
    for seed, happenings in days(mix, -(-OF_PEOPLE // len(PEOPLE)), NIGHT, rarely=False):
        told = live(seed, happenings)
        assert not told.violations, report(told)


@pytest.mark.parametrize(("seed", "mix"), found())
def test_a_seed_that_was_found_stays_found(seed: int, mix: tuple[Happening, ...]) -> None:
    told = live(seed, mix)
    assert not told.violations, report(told)


@pytest.mark.parametrize(
    "happening", [one for one in (*Fault, *Deed) if one is not Deed.DELAY], ids=lambda one: one.name.lower()
)
def test_each_thing_can_happen_alone_and_makes_a_difference(happening: Happening) -> None:
    """Beside a delay, so that there is something to take back, to tap twice and to lose."""
    for seed in range(1, 9):
        told = live(seed, (Deed.DELAY, happening))
        assert not told.violations, report(told)
        if told.trace_hash != with_a_delay(seed):
            return
    pytest.fail("nothing happened on eight days")


@cache
def with_a_delay(seed: int) -> str:
    return live(seed, (Deed.DELAY,)).trace_hash


def test_the_same_seed_is_the_same_day_in_another_process_and_hash_seed() -> None:
    code = "from world_days import live; from world_mixes import MIXES; print(live(23, MIXES[3]).trace_hash)"
    paths = os.pathsep.join([str(HERE.parent), str(HERE.parent.parent)])
    hashes = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": paths, "PYTHONHASHSEED": hash_seed},
            capture_output=True, text=True, timeout=120, check=True,
        ).stdout.strip()
        for hash_seed in ("1", "2")
    }  # fmt: skip
    assert hashes == {live(23, MIXES[3]).trace_hash}


def test_another_seed_is_another_day() -> None:
    assert live(23, MIXES[3]).trace_hash != live(24, MIXES[3]).trace_hash


def test_the_smallest_mix_that_still_fails_is_told() -> None:
    mix = (Fault.LOSSES, Deed.HOLD, Fault.POWER_CUT, Deed.SKIP)
    assert least(mix, lambda of: Deed.HOLD in of and Deed.SKIP in of) == (Deed.HOLD, Deed.SKIP)
    assert least(mix, lambda _: True) == ()
