"""A gate's calls while the neural voice renders beside them, and while nothing does: what does its work cost a call?"""

import contextlib
import itertools
import queue
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from audio.renderer import Rendered, Renderer
from bench import figures, rows_instant
from bench.row import NoSampleError, measured

LIMIT_S = 120.0
ROW = "call beside kokoro"


def lines(folder: Path, pairs: int, seed: int) -> list[str]:
    """In words: both sides, and the most by which a call came later than the median of the calls alone."""
    rng, numbers = random.Random(f"{seed} beside"), itertools.count()
    with rows_instant.rows(folder, pairs) as (row,):

        def busy() -> float:
            with speaking(folder / f"busy{next(numbers)}"):
                return row.subject()

        samples = measured(replace(row, name=ROW, subject=busy, baseline=row.subject), rng)
    if fault := figures.fault(samples):
        return [f"REFUSED {ROW}: {fault}"]
    subject, alone, _, _ = figures.cells(samples)
    later = max(samples.subject) - figures.spread(samples.baseline).median
    return [f"{ROW}: {subject} ms, alone {alone} ms, {pairs} pairs; none later by more than {later:.1f} ms"]


@contextlib.contextmanager
def speaking(folder: Path) -> Iterator[None]:
    """It has loaded its model, has said one sentence, and has enough for a minute."""
    answers: queue.Queue[Rendered] = queue.Queue()
    renderer = Renderer("kokoro", folder, answers.put, meanwhile=False)
    try:
        renderer.render([f"请{n}年级的家长到东门接孩子。" for n in range(10, 50)])
        try:
            first = answers.get(timeout=LIMIT_S)
        except queue.Empty:
            raise NoSampleError("kokoro said nothing") from None
        if first.why:
            raise NoSampleError(first.why)
        yield
        if answers.qsize() > 35:
            raise NoSampleError("kokoro had nothing left to say")
    finally:
        renderer.close()
