"""Who vouches for the centre's clock, and how far it can be off then. Pure."""

from datetime import datetime
from typing import Literal

from config import limits


def error_s(
    source: Literal["kernel", "owner"], kernel_error_s: float | None, confirmed_at: datetime | None, utc: datetime
) -> float | None:
    """The bound on the centre's clock; None: nobody vouches.

    A synchronised kernel always counts. `owner`: a confirmation of the last 6 days counts too, with the crystal's drift
    since; one from the future says that the clock was set back, and counts nothing.
    """
    if kernel_error_s is not None or source == "kernel" or confirmed_at is None:
        return kernel_error_s
    age_s = (utc - confirmed_at).total_seconds()
    if not 0 <= age_s <= limits.OWNER_VALID_S:
        return None
    return limits.OWNER_ERROR_S + age_s * limits.DRIFT_PPM / 1e6
