"""Days as they were issued, and those at gates that this centre did not issue: after a restored backup. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from broker.wire.messages import Held, Status, decode, digest
from broker.wire.topics import Address
from config import limits
from config.day import GateDay
from config.pacing import windows_now

Key = tuple[Address, date]
REVISION_MAX = 10**9
"""No day is issued that often: a gate that claims more is at fault, and our numbers stay where they are."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A day as it is sent: the bytes and their digest are made once."""

    day: GateDay
    payload: bytes
    digest: str

    @property
    def address(self) -> Address:
        return Address(self.day.school, self.day.gate)


@dataclass(frozen=True, slots=True)
class Newer:
    """A gate holds a revision of a date that this centre did not issue, and not an older one."""

    address: Address
    on: date
    held: int
    issued: int


def as_issued(payload: bytes) -> Issued:
    """Raises BadInputError."""
    return Issued(decode(payload, GateDay, limits.GATE_DAY_MAX_BYTES), payload, digest(payload))


def is_newer(held: Held | None, issued: Issued) -> bool:
    return held is not None and held.digest != issued.digest and held.revision >= issued.day.revision


def is_open(day: GateDay, now: datetime) -> bool:
    """Whether a window of the day is open now, as holds moved it."""
    return any(window.opens <= now < window.closes for window in windows_now(day, day.holds, now).values())


def newer(
    days: Mapping[Key, Issued], statuses: Mapping[Address, Status], today: date, now: datetime
) -> tuple[Newer, ...]:
    """All of them, of dates that are not over; by date and gate."""
    found = [
        Newer(address, on, held.revision, issued.day.revision)
        for address, status in statuses.items()
        for on, held in status.days.items()
        if (issued := days.get((address, on))) and is_newer(held, issued) and held.revision <= REVISION_MAX
        if on >= today or is_open(issued.day, now)
    ]
    return tuple(sorted(found, key=lambda one: (one.on, one.address.gate)))
