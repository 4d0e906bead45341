"""From sentences to whole clips in the store, beside the engine alone: the same sentences into files, one child."""

import json
import os
import queue
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from pathlib import Path

from audio.reading import read
from audio.renderer import Rendered, Renderer
from bench.row import NoSampleError, Row
from process_rig import CLOCK, WITHIN_S

HERE = Path(__file__).resolve()
SAYS = [f"请注意，{grade}年级{n}班正在放学。" for grade in "一二三四五六" for n in "一二三四五六七八九十"]


@contextmanager
def rows(_: Path, pairs: int) -> Iterator[list[Row]]:
    name, against = f"{len(SAYS)} classes rendered, pyttsx3", "the engine alone, the same sentences"
    yield [Row(name, "s", against, pairs, lambda: rendered_s(SAYS), lambda: bare_s(SAYS))]


def rendered_s(says: Sequence[str]) -> float:
    """Until the last answer; in an empty store."""
    answers: queue.Queue[Rendered] = queue.Queue()
    with tempfile.TemporaryDirectory() as folder:
        began_s = CLOCK.monotonic_s()
        renderer = Renderer("pyttsx3", Path(folder), answers.put)
        try:
            renderer.render(says)
            for _ in says:
                answer = answers.get(timeout=WITHIN_S)
                if answer.why:
                    raise NoSampleError(f"{answer.say} {answer.why}")
            return CLOCK.monotonic_s() - began_s
        except queue.Empty:
            raise NoSampleError(f"no answer in {WITHIN_S:.0f} s") from None
        finally:
            renderer.close()


def bare_s(says: Sequence[str]) -> float:
    """From the start of the child to its end."""
    readings = json.dumps([[astuple(one) for one in read(say)] for say in says])
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, HERE.parents[1:3]))}
    with tempfile.TemporaryDirectory() as folder:
        began_s = CLOCK.monotonic_s()
        told = subprocess.run(
            [sys.executable, "-P", "-m", "bench.bare_engine", folder],
            env=environ, input=readings, capture_output=True, text=True, check=False,
        )  # fmt: skip
        took_s = CLOCK.monotonic_s() - began_s
        if told.returncode or len(list(Path(folder).iterdir())) < len(says):
            raise NoSampleError(told.stderr or "a file is missing")
        return took_s
