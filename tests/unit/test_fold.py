"""What the fold takes for the day that stands: the store's, whatever the days in force say."""

from pathlib import Path

from broker.fold import stored
from broker.issued import as_issued
from broker.store import Store
from broker.wire.messages import encode
from centre_rig import EAST, TODAY, day


def test_a_day_in_force_is_not_read_anew_and_what_the_store_says_counts(tmp_path: Path) -> None:
    store = Store(tmp_path / "centre.sqlite")
    one, two = as_issued(encode(day(revision=1))), as_issued(encode(day(revision=2)))
    assert stored(store, EAST, TODAY, {(EAST, TODAY): one}) is None
    store.keep_days([(EAST, TODAY, 2, two.payload)])
    assert stored(store, EAST, TODAY, {}) == two
    assert stored(store, EAST, TODAY, {(EAST, TODAY): one}) == two
    assert stored(store, EAST, TODAY, {(EAST, TODAY): two}) is two
    store.keep_days([(EAST, TODAY, 3, b"{}")])  # damaged: no day, and not the one before
    assert stored(store, EAST, TODAY, {(EAST, TODAY): two}) is None
    store.close()
