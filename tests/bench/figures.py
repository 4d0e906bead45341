"""What a bench makes of its samples: pairs in shuffled order, medians of ratios, and what cannot be true refused. Pure.

A subject and its baseline are measured in pairs, one straight after the other, so that what else the machine does
touches both; the figure that counts is the median of the ratios of the pairs.
"""

import math
import random
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

Side = Literal["subject", "baseline"]


@dataclass(frozen=True, slots=True)
class Spread:
    """A median and its range."""

    median: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Samples:
    """What was measured of one row, pair by pair; `wanted` pairs were asked for."""

    wanted: int
    subject: tuple[float, ...]
    baseline: tuple[float, ...]
    failure: str = ""
    """Why the measuring ended early."""


def orders(pairs: int, rng: random.Random) -> tuple[tuple[Side, Side], ...]:
    """Who goes first in each pair: each side as often as the other, shuffled."""
    first: list[tuple[Side, Side]] = [
        ("subject", "baseline") if n % 2 == 0 else ("baseline", "subject") for n in range(pairs)
    ]
    rng.shuffle(first)
    return tuple(first)


def spread(values: Sequence[float]) -> Spread:
    return Spread(median(values), min(values), max(values))


def ratios(samples: Samples) -> tuple[float, ...]:
    """Of each pair, subject / baseline. Only of samples without a fault."""
    return tuple(one / other for one, other in zip(samples.subject, samples.baseline, strict=True))


def fault(samples: Samples) -> str:
    """Why these samples are no result, or nothing."""
    least = min(len(samples.subject), len(samples.baseline))
    if samples.failure:
        return f"{least} of {samples.wanted} pairs: {samples.failure}"
    if least < samples.wanted or len(samples.subject) != len(samples.baseline):
        return f"{least} of {samples.wanted} pairs"
    for side, values in (("subject", samples.subject), ("baseline", samples.baseline)):
        if bad := [value for value in values if not math.isfinite(value) or value <= 0]:
            return f"impossible: a {side} of {bad[0]:g}"
    return ""


def cells(samples: Samples) -> tuple[str, str, str, str]:
    """Subject, baseline, ratio and number of pairs, as a table shows them."""
    if fault(samples):
        return ("-", "-", "REFUSED", str(min(len(samples.subject), len(samples.baseline))))
    return (
        shown(spread(samples.subject)),
        shown(spread(samples.baseline)),
        shown(spread(ratios(samples))),
        str(samples.wanted),
    )


def shown(of: Spread) -> str:
    return f"{_number(of.median)} ({_number(of.least)}..{_number(of.most)})"


def _number(value: float) -> str:
    """Three digits that say something."""
    digits = 2 - math.floor(math.log10(abs(value))) if value else 0
    return f"{value:.{max(0, min(digits, 6))}f}"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Columns under each other, a line below the first row."""
    widths = [max(_width(row[n]) for row in rows) for n in range(len(rows[0]))]
    lines = [
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)) for row in rows
    ]
    return "\n".join(line.rstrip() for line in [lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def _width(text: str) -> int:
    """On a terminal a hanzi is two wide."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
