"""Who vouches for the centre's clock: a table of sources, confirmations and ages."""

from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from broker.vouch import error_s
from config import limits

NOW = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)
CASES: list[tuple[str, Literal["kernel", "owner"], float | None, float | None, float | None]] = [
    ("a synchronised kernel", "kernel", 0.02, None, 0.02),
    ("a kernel that is exactly right", "owner", 0.0, 3600, 0.0),
    ("a kernel nobody synchronises", "kernel", None, None, None),
    ("a confirmation that the setting does not allow", "kernel", None, 60, None),
    ("no confirmation", "owner", None, None, None),
    ("a confirmation of now", "owner", None, 0, 2.0),
    ("a confirmation of a day ago drifted 4.32 s", "owner", None, 86400, 6.32),
    ("a confirmation of six days ago", "owner", None, limits.OWNER_VALID_S, 27.92),
    ("a confirmation older than six days", "owner", None, limits.OWNER_VALID_S + 1, None),
    ("a confirmation of the future: the clock was set back", "owner", None, -1, None),
    ("the kernel before the owner", "owner", 0.5, 60, 0.5),
]


@pytest.mark.parametrize(("name", "source", "kernel_s", "age_s", "bound_s"), CASES, ids=[case[0] for case in CASES])
def test_the_bound(
    name: str,
    source: Literal["kernel", "owner"],
    kernel_s: float | None,
    age_s: float | None,
    bound_s: float | None,
) -> None:
    confirmed_at = None if age_s is None else NOW - timedelta(seconds=age_s)
    found = error_s(source, kernel_s, confirmed_at, NOW)
    assert found == (None if bound_s is None else pytest.approx(bound_s))


def test_as_long_as_an_owners_word_counts_gates_call_by_it() -> None:
    """A gate adds its way to the centre, and its own crystal since it last asked."""
    way_s = limits.ASK_AGAIN_S / 4 + 2 * limits.WIRE_INSTANT_S + limits.ASK_EVERY_S * limits.DRIFT_PPM / 1e6
    at_the_end_s = error_s("owner", None, NOW - timedelta(seconds=limits.OWNER_VALID_S), NOW)
    assert at_the_end_s is not None
    assert at_the_end_s + way_s <= limits.TOLERANCE_S
