"""The log of a program that runs for years: lines on stdout, for its supervisor to keep."""

import contextlib


def log(line: str) -> None:
    """A full disk, a reader that has gone or signs that a terminal lacks are no reason to stop."""
    with contextlib.suppress(OSError, ValueError):
        print(line, flush=True)
