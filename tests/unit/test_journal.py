"""The journal: what was appended is read again, whatever was cut, flipped or full."""

import errno
import fcntl
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest

from config.errors import OutsideError
from edge.book import ENTRY, Book, Opened, Started, apply
from edge.journal import FileJournal, Journal
from edge.journal_fake import MemoryJournal

LINES = [b'{"n":%d,"say":"\xe4\xb8\x89"}' % n for n in range(12)]
Made = Callable[[Path], Journal]


def filled(file: Path, lines: list[bytes] = LINES) -> None:
    journal = FileJournal(file)
    journal.read()
    for line in lines:
        journal.append(line)
    journal.close()


def read(file: Path) -> tuple[list[bytes], int]:
    journal = FileJournal(file)
    try:
        return journal.read()
    finally:
        journal.close()


@pytest.mark.parametrize("made", [lambda folder: FileJournal(folder / "journal"), lambda _: MemoryJournal()])
def test_the_seam(made: Made, tmp_path: Path) -> None:
    journal = made(tmp_path)
    assert journal.read() == ([], 0)
    for line in LINES:
        journal.append(line)
    with pytest.raises(AssertionError):
        journal.append(b"two\nlines")
    journal.renew(b'{"whole":1}')
    journal.append(LINES[1])
    journal.close()
    journal.close()
    again = journal if isinstance(journal, MemoryJournal) else made(tmp_path)
    assert again.read() == ([b'{"whole":1}', LINES[1]], 0)
    again.close()


def test_entries_come_back_in_order(tmp_path: Path) -> None:
    filled(tmp_path / "journal")
    assert read(tmp_path / "journal") == (LINES, 0)


def test_cut_at_every_byte_every_whole_line_comes_back_and_the_next_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "journal"
    filled(file)
    whole = file.read_bytes()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        journal = FileJournal(file)
        entries, damaged = journal.read()
        journal.append(b"{}")
        journal.close()
        assert entries == LINES[: whole[:length].count(b"\n")]
        assert damaged == (length > 0 and not whole[:length].endswith(b"\n"))
        assert read(file) == ([*entries, b"{}"], 0)


def test_a_flipped_bit_costs_lines_and_never_makes_one(tmp_path: Path) -> None:
    file, rng = tmp_path / "journal", random.Random(4)
    filled(file)
    whole = file.read_bytes()
    for _ in range(400):
        flipped = bytearray(whole)
        place = rng.randrange(len(flipped))
        flipped[place] ^= 1 << rng.randrange(8)
        file.write_bytes(flipped)
        entries, damaged = read(file)
        assert damaged >= 1
        assert all(entry in LINES for entry in entries)


def test_a_full_disk_is_an_error_and_the_next_good_line_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = FileJournal(tmp_path / "journal")
    journal.read()
    journal.append(LINES[0])
    pwrite = os.pwrite
    monkeypatch.setattr(
        os, "pwrite", lambda fd, data, at: pwrite(fd, data[:5], at)
    )  # what the kernel does before ENOSPC
    with pytest.raises(OutsideError, match="full"):
        journal.append(LINES[1])
    monkeypatch.undo()
    journal.append(LINES[2])
    journal.close()
    assert read(tmp_path / "journal") == ([LINES[0], LINES[2]], 0)


def test_of_two_on_one_folder_the_second_is_told_which_and_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "gate" / "journal"
    first = FileJournal(file)
    first.read()
    first.append(LINES[0])
    first.renew(LINES[1])
    for _ in range(2):
        with pytest.raises(OutsideError, match=r"gate：另一个校门程序正在用.*of its own"):
            FileJournal(file)
    first.append(LINES[2])
    FileJournal(tmp_path / "other" / "journal").close()
    first.close()
    assert read(file) == ([LINES[1], LINES[2]], 0)


def test_a_disk_that_knows_no_locks_is_used_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_fd: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refused)
    filled(tmp_path / "journal")
    assert read(tmp_path / "journal") == (LINES, 0)


def test_a_folder_that_cannot_be_used_names_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutsideError, match="folder"):
        FileJournal(tmp_path / "file" / "journal")


def test_a_fake_that_is_broken_writes_nothing() -> None:
    journal = MemoryJournal()
    journal.broken = "disk full"
    with pytest.raises(OutsideError, match="disk full"):
        journal.append(b"{}")
    assert journal.read() == ([], 0)


def test_every_entry_survives_its_own_json() -> None:
    book = Book()
    for entry in (Opened(log="0badcafe"), Started(start=3)):
        book = apply(book, ENTRY.validate_json(entry.model_dump_json()))
    assert (book.log, book.start) == ("0badcafe", 3)


def test_on_a_read_only_disk_the_journal_is_read_and_says_why_nothing_is_written_until_it_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "journal"
    filled(file)
    with file.open("ab") as torn:
        torn.write(b"0000")
    real = os.open

    def refused(path: object, flags: int, *more: object, **named: object) -> int:
        if flags & os.O_RDWR:
            raise OSError(errno.EROFS, "Read-only file system")
        return real(path, flags, *more, **named)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(os, "open", refused)
    journal = FileJournal(file)
    assert journal.read() == (LINES, 1)
    for write in (journal.append, journal.renew):
        with pytest.raises(OutsideError, match="read-only"):
            write(b"{}")
    journal.close()
    with pytest.raises(OutsideError, match="folder"):
        FileJournal(tmp_path / "new")
    journal = FileJournal(file)
    journal.read()
    monkeypatch.undo()  # it was mounted anew
    journal.append(b"{}")
    journal.close()
    assert read(file) == ([*LINES, b"{}"], 0)


# Made new -----------------------------------------------------------------------------------------

WHOLE = b'{"kind":"whole"}'


def renewed(file: Path) -> None:
    filled(file)
    journal = FileJournal(file)
    journal.read()
    journal.renew(WHOLE)
    journal.append(b'{"n":99}')
    journal.close()


def test_a_journal_made_new_whose_first_line_is_damaged_is_read_with_the_one_before_it(tmp_path: Path) -> None:
    file = tmp_path / "journal"
    renewed(file)
    assert read(file) == ([WHOLE, b'{"n":99}'], 0)
    file.write_bytes(b"x" + file.read_bytes()[1:])
    assert read(file) == ([*LINES, b'{"n":99}'], 1)
    renewed(tmp_path / "again")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again", "again.old", "journal", "journal.old"]


@pytest.mark.parametrize("left", [b"", b"0", b"0badcafe {"])
def test_a_journal_made_new_that_lost_its_first_line_goes_on_from_the_one_before_it_at_every_start(
    left: bytes, tmp_path: Path
) -> None:
    file = tmp_path / "journal"
    renewed(file)
    file.write_bytes(left)
    for n in range(3):
        journal = FileJournal(file)
        assert journal.read() == ([*LINES, *[b'{"n":99}'] * n], 1)
        journal.append(b'{"n":99}')
        journal.close()


def test_a_journal_made_new_that_is_gone_is_read_from_the_one_before_it(tmp_path: Path) -> None:
    file = tmp_path / "journal"
    renewed(file)
    file.unlink()
    assert read(file) == (LINES, 1)


def test_a_first_line_that_lacks_nothing_but_its_end_counts(tmp_path: Path) -> None:
    file = tmp_path / "journal"
    renewed(file)
    file.write_bytes(file.read_bytes().split(b"\n")[0])
    assert (read(file), read(file)) == (([WHOLE], 0), ([WHOLE], 0))


class PowerCutError(Exception):
    pass


@pytest.mark.parametrize("name", ["write", "fsync", "fdatasync", "link", "unlink", "replace", "close"])
def test_a_power_cut_anywhere_while_it_is_made_new_leaves_the_old_or_the_new(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "journal"
    renewed(file)  # so that there is a `journal.old` in the way
    before = read(file)[0]
    journal = FileJournal(file)
    journal.read()

    def cut(*_: object, **__: object) -> None:
        raise PowerCutError

    monkeypatch.setattr(os, name, cut)
    try:
        journal.renew(b'{"kind":"newer"}')
        journal.append(b'{"n":100}')
    except PowerCutError:
        pass
    monkeypatch.undo()
    journal.close()
    assert read(file)[0] in (before, [b'{"kind":"newer"}'], [b'{"kind":"newer"}', b'{"n":100}'])


def test_a_full_disk_leaves_the_journal_as_it_was_and_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "journal"
    filled(file)
    journal = FileJournal(file)
    journal.read()
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:5]))  # what the kernel does before ENOSPC
    with pytest.raises(OutsideError, match="made new"):
        journal.renew(WHOLE)
    monkeypatch.undo()
    journal.append(b'{"n":99}')
    journal.close()
    assert read(file) == ([*LINES, b'{"n":99}'], 0)
    assert [path.name for path in tmp_path.iterdir()] == ["journal"]


@pytest.mark.parametrize(
    ("left", "entries", "damaged"), [("nothing", [b"1"], 0), ("half", [b"1"], 1), ("all", [b"1", b"2"], 0)]
)
def test_a_power_cut_leaves_of_the_entry_on_its_way_what_a_disk_may_leave(
    left: Literal["nothing", "half", "all"], entries: list[bytes], damaged: int
) -> None:
    disk = MemoryJournal()
    disk.append(b"1")
    disk.cut_power(b"2", left)
    assert (disk.read(), disk.read()) == ((entries, damaged), (entries, 0))


def test_the_fake_disk_fills_and_what_it_refused_does_not_stand_there() -> None:
    disk = MemoryJournal()
    disk.free_bytes = 3
    disk.append(b"12")
    with pytest.raises(OutsideError, match="full"):
        disk.append(b"34")
    disk.append(b"5")
    assert disk.read() == ([b"12", b"5"], 0)
