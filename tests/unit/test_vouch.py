"""Who vouches for the centre's clock: a table of sources, confirmations and ages."""

from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from broker.vouch import error_s

NOW = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)
WEEK_S = 7 * 24 * 3600.0
CASES: list[tuple[str, Literal["kernel", "owner"], float | None, float | None, float | None]] = [
    ("a synchronised kernel", "kernel", 0.02, None, 0.02),
    ("a kernel that is exactly right", "owner", 0.0, 3600, 0.0),
    ("a kernel nobody synchronises", "kernel", None, None, None),
    ("a confirmation that the setting does not allow", "kernel", None, 60, None),
    ("no confirmation", "owner", None, None, None),
    ("a confirmation of now", "owner", None, 0, 2.0),
    ("a confirmation of a day ago drifted 4.32 s", "owner", None, 86400, 6.32),
    ("a confirmation of a week ago", "owner", None, WEEK_S, 32.24),
    ("a confirmation older than a week", "owner", None, WEEK_S + 1, None),
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
