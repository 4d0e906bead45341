"""A terminal on a pseudo-terminal: what a program wrote, as rows on glass. Narrowed, it wraps anew, as most do.

It knows what our programs use, and takes it as a fault when text is written over text or the cursor leaves the top.
"""

import codecs
import os
import pty
import queue
import re
import termios
import threading
import unicodedata
from collections.abc import Callable, Iterator

from config.clock import SystemClock

WITHIN_S = 60.0
CLOCK = SystemClock()
TOKEN = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])|\r|\n|[^\x1b\r\n]+")


class Terminal:
    """`out`: the end for a program; give it away with `started` when another process has it."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self._master, out = pty.openpty()
        self.out = os.fdopen(out, "w", encoding="utf-8")
        self.raw = ""
        self.resize(columns, rows)
        self._lines, self._row = [""], -1
        self._rest, self._decode = "", codecs.getincrementaldecoder("utf-8")().decode
        self._parts: queue.Queue[bytes] = queue.Queue()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def resize(self, columns: int, rows: int = 24) -> None:
        self.columns = columns
        termios.tcsetwinsize(self._master, (rows, columns))

    def started(self) -> None:
        self.out.close()

    def close(self) -> None:
        self.out.close()
        self._thread.join(WITHIN_S)
        os.close(self._master)

    def rows(self) -> list[str]:
        """Everything, with what scrolled away; the last is the cursor's."""
        return [text for text, _ in self._wrapped()]

    def until(self, good: Callable[[list[str]], object]) -> list[str]:
        """The rows, as soon as they are good."""
        end_s = CLOCK.monotonic_s() + WITHIN_S
        while not good(self.rows()):
            try:
                part = self._parts.get(timeout=max(0.0, end_s - CLOCK.monotonic_s()))
            except queue.Empty:
                part = b""
            if not part:
                raise AssertionError("it never came to that; at last it was\n" + "\n".join(self.rows()))
            self._feed(part)
        return self.rows()

    def rest(self) -> list[str]:
        """The rows after the last program let go of it."""
        while part := self._parts.get(timeout=WITHIN_S):
            self._feed(part)
        return self.rows()

    def _read(self) -> None:
        try:
            while part := os.read(self._master, 4096):
                self._parts.put(part)
        except OSError:  # EIO: nobody has the other end
            self._parts.put(b"")

    def _feed(self, part: bytes) -> None:
        text = self._decode(part)
        self.raw += text
        self._rest += text
        while found := TOKEN.match(self._rest):
            self._rest = self._rest[found.end() :]
            self._take(found[0], found[1], found[2])

    def _take(self, token: str, number: str | None, letter: str | None) -> None:
        rows = self._wrapped()
        last = len(rows) - 1
        if token == "\r":
            self._row = last
        elif token == "\n":
            assert self._row in {-1, last}
            self._lines, self._row = [*self._lines, ""], -1
        elif letter == "A":
            self._row -= int(number or 1)
            assert 0 <= self._row < last, "above the top"
        elif letter == "J":
            kept = [*rows[: self._row], ("", rows[self._row][1])]
            self._lines, self._row = [], -1
            for text, goes_on in kept:
                self._lines = [*self._lines[:-1], self._lines[-1] + text] if goes_on else [*self._lines, text]
        elif letter is None:
            assert self._row == -1 or (self._row == last and not rows[last][0]), f"{token!r} over {rows[self._row :]}"
            self._lines[-1], self._row = self._lines[-1] + token, -1
        else:
            assert letter == "m", f"{token!r} is unknown here"

    def _wrapped(self) -> list[tuple[str, bool]]:
        return [row for line in self._lines for row in _rows(line, self.columns)]


def width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else not unicodedata.combining(one) for one in text)


def _rows(line: str, columns: int) -> Iterator[tuple[str, bool]]:
    text, goes_on = "", False
    for character in line:
        if width(text + character) > columns:
            yield text, goes_on
            text, goes_on = "", True
        text += character
    yield text, goes_on
