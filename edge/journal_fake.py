"""A journal in memory: a disk that fills, becomes read-only, and is torn by a power cut; all on demand."""

import math
from typing import Literal

from config.errors import OutsideError


class MemoryJournal:
    """`entries` is the disk. Set `broken` to a reason and nothing can be written, `fixed` and no file made anew;
    `free_bytes` is its room.
    """

    def __init__(self) -> None:
        self.entries: list[bytes] = []
        self.broken = self.fixed = ""
        self.free_bytes = math.inf
        self._torn = False

    def read(self) -> tuple[list[bytes], int]:
        damaged, self._torn = int(self._torn), False
        return list(self.entries), damaged

    def append(self, entry: bytes) -> None:
        assert b"\n" not in entry, "an entry is one line"
        if self.broken:
            raise OutsideError(self.broken)
        if len(entry) > self.free_bytes:
            message = "journal: disk full"
            raise OutsideError(message)
        self.free_bytes -= len(entry)
        self.entries.append(entry)

    def renew(self, entry: bytes) -> None:
        if self.broken or self.fixed:
            raise OutsideError(self.broken or self.fixed)
        if len(entry) > self.free_bytes:  # the old one goes only when the new one stands
            message = "journal: disk full"
            raise OutsideError(message)
        self.free_bytes += sum(map(len, self.entries)) - len(entry)
        self.entries = [entry]

    def cut_power(self, writing: bytes, left: Literal["nothing", "half", "all"]) -> None:
        """The power goes while `writing` is on its way, so before `append` returned: all is not yet a promise."""
        if self.broken:
            return
        self._torn = left == "half"
        if left == "all":
            self.entries.append(writing)

    def close(self) -> None:
        """Nothing to close; the entries stay."""
