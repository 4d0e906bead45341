"""Alerts and stopped messages in the store, on real SQLite: kept for good, each once, damage left out."""

import contextlib
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from broker.store import Store
from broker.wire.messages import Alert
from centre_rig import OPENS, TODAY
from config import limits
from config.errors import OutsideError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "centre.sqlite"


@pytest.fixture
def store(file: Path) -> Iterator[Store]:
    made = Store(file)
    yield made
    made.close()


def alert(seq: int, **more: object) -> Alert:
    fields = {
        "v": 1, "school": "shifan", "seq": seq, "id": f"alert-{seq}", "action": "return", "clears": None,
        "status": "actual", "say": "请返回校内。", "raised_at": OPENS, "until": None, "by": "王老师",
    }  # fmt: skip
    return Alert.model_validate({**fields, **more})


def test_alerts_outlive_the_program_by_number_date_and_key(store: Store, file: Path) -> None:
    clears = (alert(9, action="clear", clears="alert-7"), alert(10, action="clear", clears="alert-6"))
    store.keep_alerts("k2", TODAY + timedelta(days=1), clears)
    store.keep_alerts("k1", TODAY, (alert(7),))
    store.close()
    again = Store(file)
    assert again.alerts() == (alert(7), *clears)
    assert (again.alerts(TODAY), again.alerts(key="k2"), again.alerts(key="k3")) == ((alert(7),), clears, ())
    with pytest.raises(OutsideError):
        again.keep_alerts("k4", TODAY, (alert(11), alert(9)))  # a number is used once; none of them is kept
    assert [one.seq for one in again.alerts()] == [7, 9, 10]
    again.close()


def test_a_damaged_alert_is_left_out_and_the_newest_are_kept_at_hand(store: Store, file: Path) -> None:
    store.keep_alerts("k1", TODAY, tuple(alert(n) for n in range(1, limits.ALERTS_KEPT + 3)))
    assert (len(store.alerts()), store.alerts()[0].seq) == (limits.ALERTS_KEPT, 3)
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alerts SET crc = 0 WHERE seq = 5")
    assert [one.seq for one in store.alerts()][:3] == [3, 4, 6]


def test_what_stopped_the_program_is_known_after_a_restart_the_newest_of_it(store: Store, file: Path) -> None:
    for n in range(limits.STOPPED_MAX + 1):
        store.keep_stopped(f"{n:016}")
    store.close()
    again = Store(file)
    assert again.stopped() == {f"{n:016}" for n in range(1, limits.STOPPED_MAX + 1)}
    again.close()
