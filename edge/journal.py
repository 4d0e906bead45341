"""The journal: one line an entry, each with its checksum; an entry is on the disk when `append` returns.

A line is `crc32 json`. A torn tail is cut off before anything is appended, else the next good line would be lost too.
A journal made new begins with one line that is everything; the file before it stays beside it, as `journal.old`, and is
read when that one line is damaged, cut short or gone.
"""

import contextlib
import errno
import fcntl
import os
import zlib
from pathlib import Path
from typing import Protocol

from config.errors import OutsideError


class Journal(Protocol):
    """Where entries go and come from. The fake of `journal_fake.py` passes the same suite."""

    def read(self) -> tuple[list[bytes], int]:
        """Every whole entry in order, and how many damaged lines were passed over. Called once, before `append`."""
        ...

    def append(self, entry: bytes) -> None:
        """Durable on return. Raises OutsideError (disk full, read-only, gone); then it counts as not written."""
        ...

    def renew(self, entry: bytes) -> None:
        """Durable on return: the journal is this entry. Raises OutsideError; then it is what it was."""
        ...

    def close(self) -> None: ...


class FileJournal:
    """A journal in one file, made when missing. Its folder is this process's alone: two gates would call twice."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._fd = self._alone = -1
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._alone = _locked(file.parent)
            self._fd, self._read_only = _opened(file)
        except BlockingIOError as error:
            message = (
                f"{file.parent}：另一个校门程序正在用这个文件夹；请先停掉它，或在设置里另给一个 data "
                "another gate runs in this folder: stop it, or give this one a folder `data` of its own"
            )
            raise OutsideError(message) from error
        except OSError as error:
            self.close()
            message = f"journal {file}: {error.strerror}; give the gate a folder it may write"
            raise OutsideError(message) from error
        self._size = 0
        self._old = file.with_suffix(".old")

    def read(self) -> tuple[list[bytes], int]:
        data = self._file.read_bytes()
        if beheaded := b"\n" not in data and self._old.exists():
            data += b"\n"  # what is left stays, as a damaged line: else the next entry would hide the file before it
        lines = data.split(b"\n")[:-1]
        damaged = int(not data.endswith(b"\n") and data != b"")
        if lines and _entry(lines[0]) is None and self._old.exists():
            lines = [*self._old.read_bytes().split(b"\n")[:-1], *lines]
        entries = [entry for line in lines if (entry := _entry(line)) is not None]
        damaged += len(lines) - len(entries)
        self._size = data.rfind(b"\n") + 1
        if not self._read_only:
            os.ftruncate(self._fd, self._size)
            if beheaded:
                with contextlib.suppress(OSError):  # a full disk: the next start reads it so again
                    os.pwrite(self._fd, b"\n", self._size - 1)
            os.fsync(self._fd)
        return entries, damaged

    def append(self, entry: bytes) -> None:
        line = _line(entry)
        self._writable()
        try:
            written = os.pwrite(self._fd, line, self._size)
            os.fdatasync(self._fd)
        except OSError as error:
            message = f"journal: {error.strerror}"
            raise OutsideError(message) from error
        if written < len(line):  # a full disk: what stands there is overwritten by the next entry
            message = "journal: disk full"
            raise OutsideError(message)
        self._size += written

    def renew(self, entry: bytes) -> None:
        new, line = self._file.with_suffix(".new"), _line(entry)
        self._writable()
        try:
            fd = os.open(new, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
            try:
                _filled(fd, line)
                self._old.unlink(missing_ok=True)
                self._old.hardlink_to(self._file)
                new.replace(self._file)
            except OSError:
                os.close(fd)
                new.unlink(missing_ok=True)
                raise
            os.close(self._fd)
            self._fd, self._size = fd, len(line)
            _sync_folder(self._file.parent)
        except OSError as error:
            message = f"journal: cannot be made new: {error.strerror}"
            raise OutsideError(message) from error

    def _writable(self) -> None:
        """A disk that was read-only at the start is tried again each time: it may have been mounted anew."""
        if not self._read_only:
            return
        try:
            fd = os.open(self._file, os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            message = "journal: read-only"
            raise OutsideError(message) from error
        os.close(self._fd)
        self._fd, self._read_only = fd, False

    def close(self) -> None:
        for fd in (self._fd, self._alone):
            if fd >= 0:
                os.close(fd)
        self._fd = self._alone = -1


def _locked(folder: Path) -> int:
    """Keep the folder until the descriptor is closed, however this process ends. Not the file, which `renew` replaces.

    Raises BlockingIOError when another has it; a disk that knows no locks is no reason not to call.
    """
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise
    except OSError:
        pass
    return fd


def _opened(file: Path) -> tuple[int, bool]:
    """On a disk that became read-only the gate still calls by what it has."""
    try:
        fd = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    except OSError as error:
        if error.errno not in {errno.EROFS, errno.EACCES, errno.EPERM} or not file.exists():
            raise
        return os.open(file, os.O_RDONLY | os.O_CLOEXEC), True
    _sync_folder(file.parent)
    return fd, False


def _line(entry: bytes) -> bytes:
    assert b"\n" not in entry, "an entry is one line"
    return b"%08x %s\n" % (zlib.crc32(entry), entry)


def _filled(fd: int, line: bytes) -> None:
    if os.write(fd, line) < len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fsync(fd)


def _entry(line: bytes) -> bytes | None:
    crc, _, entry = line.partition(b" ")
    return entry if crc == b"%08x" % zlib.crc32(entry) else None


def _sync_folder(folder: Path) -> None:
    """Without it a power cut can take the new file away."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
