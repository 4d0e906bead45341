"""A row of the bench: what is measured beside what, and the measuring of its pairs."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from bench import figures


@dataclass(frozen=True, slots=True)
class Row:
    """`subject` and `baseline` measure once, in `unit`. `against`: what the baseline is, in words."""

    name: str
    unit: str
    against: str
    pairs: int
    subject: Callable[[], float]
    baseline: Callable[[], float]
    exact: float = 0.0
    """A value that would be exactly on time; the table tells how far from it both are."""


class NoSampleError(Exception):
    """A measurement that did not happen, and why."""


def measured(row: Row, rng: random.Random) -> figures.Samples:
    """All its pairs; the first that fails ends it."""
    found: dict[figures.Side, list[float]] = {"subject": [], "baseline": []}
    failure = ""
    try:
        for pair in figures.orders(row.pairs, rng):
            for side in pair:
                found[side].append(row.subject() if side == "subject" else row.baseline())
    except (NoSampleError, AssertionError, OSError) as error:
        failure = reason(error)
    return figures.Samples(row.pairs, tuple(found["subject"]), tuple(found["baseline"]), failure)


def reason(error: Exception) -> str:
    """Why, in one line; of a program's words the last."""
    return " / ".join((str(error) or type(error).__name__).split("\n"))[-300:].strip()
