"""The centre's store opened on a disk without room: it is read, and written to as soon as there is room."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from broker.store import Store
from config.errors import OutsideError


@contextmanager
def full() -> Iterator[None]:
    """No file may grow, nor be made larger than two pages."""
    least, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (least, most))


def test_a_store_opens_on_a_full_disk_and_keeps_what_comes_when_there_is_room(tmp_path: Path) -> None:
    """An actual alert goes out whatever the disk does; so does the one that stands when the centre starts."""
    file = tmp_path / "centre.sqlite"
    before = Store(file)
    before.keep_plan("before")
    before.close()
    with full():
        store = Store(file)
        assert (store.plan(), store.alerts(), store.seqs()) == ("before", (), {})
        with pytest.raises(OutsideError):
            store.keep_plan("x" * 100_000)
    store.keep_plan("after")
    store.close()
    again = Store(file)
    assert again.plan() == "after"
    again.close()


def test_a_store_that_cannot_be_made_on_a_full_disk_says_so(tmp_path: Path) -> None:
    with full(), pytest.raises(OutsideError):
        Store(tmp_path / "centre.sqlite")
