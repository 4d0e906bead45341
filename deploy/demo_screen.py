"""What the demo prints: lines that scroll and, on a terminal, a block below them that is redrawn in place.

Elsewhere (a pipe, CI) there is no block. The cursor is never hidden: however the demo ends, it is there.
"""

import contextlib
import os
import threading
import unicodedata
from collections.abc import Sequence
from typing import TextIO


class Screen:
    """Any thread prints; each change is one write, so lines of several children do not mix."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self.live = out.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._lock = threading.Lock()
        self._block: tuple[str, ...] = ()
        self._drawn: tuple[str, ...] = ()

    def print(self, text: str) -> None:
        with self._lock:
            self._write(f"{text}\n")

    def show(self, block: Sequence[str]) -> None:
        """The block from now on, on a terminal; an empty one takes it away."""
        with self._lock:
            self._block = tuple(block) if self.live else ()
            self._write("")

    def size(self) -> tuple[int, int]:
        """Columns and rows, as they are now: people resize a window."""
        size = os.get_terminal_size(self._out.fileno()) if self.live else os.terminal_size((0, 0))
        return size.columns or 80, size.lines or 24

    def _write(self, above: str) -> None:
        columns, rows = self.size()
        old, self._drawn = self._drawn, tuple(cut(line, columns - 1) for line in self._block[: rows - 1])
        with contextlib.suppress(BrokenPipeError):
            self._out.write(_erased(old, columns) + above + "\n".join(self._drawn))
            self._out.flush()


def cells(text: str) -> int:
    """Columns that a text takes. What a terminal may show in one or in two counts as two: no line may wrap."""
    return sum(map(_cells, text))


def cut(text: str, columns: int) -> str:
    """As much of it as fits."""
    used = 0
    for at, character in enumerate(text):
        used += _cells(character)
        if used > columns:
            return text[:at]
    return text


def padded(text: str, columns: int) -> str:
    return text + " " * (columns - cells(text))


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WFA" else 1


def _erased(drawn: Sequence[str], columns: int) -> str:
    """From the end of the block to its beginning, and all away. In a narrowed window its lines stand in more rows."""
    if not drawn:
        return ""
    up = sum(_rows(line, columns) for line in drawn) - 1
    return "\r" + (f"\x1b[{up}A" if up else "") + "\x1b[J"


def _rows(text: str, columns: int) -> int:
    rows, used = 1, 0
    for width in map(_cells, text):
        rows, used = (rows + 1, width) if used + width > columns else (rows, used + width)
    return rows
