"""`./run bench`: what Fangxue costs beside the least that could do it; subject and baseline in turn, in one table.

Exit status 0 when every row has a result, 1 when one was refused (impossible, or fewer samples than asked for).
"""

import argparse
import contextlib
import functools
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from bench import figures, rows_city, rows_clips, rows_instant, rows_process, rows_pure, rows_tap
from bench.row import NoSampleError, Row, measured, reason
from process_rig import CLOCK

Group = Callable[[Path, int], AbstractContextManager[list[Row]]]
HEAD = ("row", "unit", "Fangxue", "baseline", "ratio", "pairs", "the baseline is")
PAIRS = {"process": 4, "instant": 7, "tap": 6, "pure": 15, "city": 3, "clips": 4}


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="./run bench", description="What it costs, beside the least that could do it. Below 3 minutes in all."
    )
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"only these: {' '.join(PAIRS)}")
    parser.add_argument("--pairs", type=int, metavar="N", help="measure each row N times")
    parser.add_argument("--seed", type=int, metavar="N", help="the order of a run before; it stands above its table")
    options = parser.parse_args(argv)
    if unknown := [name for name in options.groups if name not in PAIRS]:
        parser.error(f"no such group: {' '.join(unknown)}; there are {' '.join(PAIRS)}")
    if options.pairs is not None and options.pairs < 1:
        parser.error("--pairs: at least 1")
    seed = random.SystemRandom().randrange(10**6) if options.seed is None else options.seed
    began_s = CLOCK.monotonic_s()
    lines: list[Sequence[str]] = [HEAD]
    refused: list[str] = []
    for name in options.groups or PAIRS:
        for row, samples in measured_group(name, options.pairs or PAIRS[name], random.Random(f"{seed} {name}")):
            lines.append(line(row, samples))
            if wrong := figures.fault(samples):
                refused.append(f"REFUSED {row.name}: {wrong}")
            sys.stderr.write(f"… {row.name}: {wrong or lines[-1][4]}\n")
    head = f"seed {seed}, {CLOCK.monotonic_s() - began_s:.0f} s; median (least..most), ratios pair by pair"
    sys.stdout.write("\n".join(["", head, "", figures.table(lines), *refused, ""]))
    return 1 if refused else 0


def measured_group(name: str, pairs: int, rng: random.Random) -> Iterator[tuple[Row, figures.Samples]]:
    """Every row of a group. One that cannot even begin is a row too."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fangxue-bench-")))
        try:
            rows = stack.enter_context(_groups(rng)[name](folder, pairs))
        except (NoSampleError, AssertionError, OSError) as error:
            empty = Row(name, "-", "-", pairs, lambda: 0.0, lambda: 0.0)
            yield empty, figures.Samples(pairs, (), (), reason(error))
            return
        for row in rows:
            yield row, measured(row, rng)


def line(row: Row, samples: figures.Samples) -> tuple[str, ...]:
    late = ""
    if row.exact and not figures.fault(samples):
        late = ", late by " + " and ".join(
            f"{figures.spread(values).median - row.exact:+.1f}" for values in (samples.subject, samples.baseline)
        )
    return (row.name + late, row.unit, *figures.cells(samples), row.against)


def _groups(rng: random.Random) -> dict[str, Group]:
    return {
        "process": rows_process.rows,
        "instant": rows_instant.rows,
        "tap": functools.partial(rows_tap.rows, rng=rng),
        "pure": rows_pure.rows,
        "city": rows_city.rows,
        "clips": rows_clips.rows,
    }


if __name__ == "__main__":
    sys.exit(main())
