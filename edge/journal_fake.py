"""A journal in memory that survives a simulated power cut and fails on demand."""

from config.errors import OutsideError


class MemoryJournal:
    """`entries` is the disk; set `broken` to a reason and nothing can be written."""

    def __init__(self) -> None:
        self.entries: list[bytes] = []
        self.broken = ""

    def read(self) -> tuple[list[bytes], int]:
        return list(self.entries), 0

    def append(self, entry: bytes) -> None:
        assert b"\n" not in entry, "an entry is one line"
        if self.broken:
            raise OutsideError(self.broken)
        self.entries.append(entry)

    def renew(self, entry: bytes) -> None:
        if self.broken:
            raise OutsideError(self.broken)
        self.entries = [entry]

    def close(self) -> None:
        """Nothing to close; the entries stay."""
