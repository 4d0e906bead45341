"""What the fold takes for the day that stands, and who stays where it was heard."""

from pathlib import Path

import pytest

from broker.fold import stays, stored
from broker.issued import as_issued
from broker.store import Store
from broker.wire.messages import encode
from broker.wire.topics import Address
from centre_rig import EAST, TODAY, WEST, cue, day, window
from config.day import Cue, GateDay, order


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


ONE, TWO, GROUP = (cue(TODAY, name, at_s) for name, at_s in (("g1c1", 300), ("g1c2", 345), ("bus", 390)))
LATER = cue(TODAY, "g1c1", 600)


def at(address: Address, *cues: Cue) -> GateDay:
    return day(address, cues=sorted(cues, key=order))


@pytest.mark.parametrize(
    ("before", "new", "after"),
    [
        pytest.param(([ONE, TWO], []), ([TWO], [LATER]), ([ONE, TWO], []), id="moved by a newer plan"),
        pytest.param(([ONE, TWO], []), ([], [LATER]), ([ONE], []), id="its gate has no other call left"),
        pytest.param(([ONE, TWO], []), ([TWO], []), ([TWO], []), id="called nowhere any more"),
        pytest.param(([GROUP, ONE], [GROUP]), ([GROUP], [GROUP, LATER]), ([ONE, GROUP], [GROUP]), id="a group at both"),
        pytest.param(([ONE], [LATER]), ([], [LATER]), ([ONE], [LATER]), id="it was planned at both"),
        pytest.param(([TWO], []), ([], [TWO]), ([], [TWO]), id="not heard yet"),
    ],
)
def test_a_class_stays_at_the_gate_where_it_was_heard(
    before: tuple[list[Cue], list[Cue]], new: tuple[list[Cue], list[Cue]], after: tuple[list[Cue], list[Cue]]
) -> None:
    had = {"east": at(EAST, *before[0]), "west": at(WEST, *before[1])}
    heard = {("east", ONE.id), ("east", GROUP.id)}
    made = stays((at(EAST, *new[0]), at(WEST, *new[1])), had, heard)
    assert made == (at(EAST, *after[0]), at(WEST, *after[1]))
    assert stays((at(EAST, *new[0]), at(WEST, *new[1])), {one.gate: one for one in made}, heard) == made


def test_with_a_class_that_stays_its_window_stays() -> None:
    east, west = at(EAST, ONE), at(WEST)
    made = stays((day(cues=(), windows=()), at(WEST, LATER)), {"east": east, "west": west}, {("east", ONE.id)})
    assert made == (east.but(windows=(window(TODAY),)), west)


def test_of_a_gate_that_left_the_plan_too_what_was_heard_is_not_called_again() -> None:
    assert stays((at(WEST, LATER),), {"west": at(WEST)}, {("east", ONE.id)}) == (at(WEST),)


def test_a_gate_that_is_new_does_not_call_whom_another_called() -> None:
    made = stays((at(EAST), at(WEST, LATER)), {"east": at(EAST, ONE)}, {("east", ONE.id)})
    assert made == (at(EAST, ONE), at(WEST))
