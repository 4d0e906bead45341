"""The topics of wire contract 1: built and taken apart here alone, with the size each may have."""

import re
from dataclasses import dataclass
from datetime import date as calendar_date

from config import limits

ROOT = "fangxue/v1"
_SLUG = r"(?!centre/)[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?"
_DOWN = re.compile(rf"{ROOT}/({_SLUG})/({_SLUG})/down/(day/([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})|cue|alert|ack|time)")
_UP = re.compile(rf"{ROOT}/({_SLUG})/({_SLUG})/up/(status|event|ask)")


@dataclass(frozen=True, slots=True)
class Address:
    """A gate of a school; `{school}/{gate}` is its name at the broker."""

    school: str
    gate: str

    def __str__(self) -> str:
        return f"{self.school}/{self.gate}"


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic taken apart. `what`: day, cue, alert, ack, time, status, event or ask; `date` only with day."""

    address: Address
    what: str
    date: calendar_date | None = None


def down(address: Address, what: str) -> str:
    return f"{ROOT}/{address}/down/{what}"


def day(address: Address, of: calendar_date) -> str:
    return f"{ROOT}/{address}/down/day/{of.isoformat()}"


def up(address: Address, what: str) -> str:
    return f"{ROOT}/{address}/up/{what}"


def down_filter(address: Address) -> str:
    """The one subscription of a gate."""
    return f"{ROOT}/{address}/down/#"


def up_filter() -> str:
    """The one subscription of the centre."""
    return f"{ROOT}/+/+/up/#"


def parse(topic: str) -> Topic | None:
    """None for a topic that is not of this contract (also an impossible date)."""
    if found := _DOWN.fullmatch(topic):
        school, gate, what, written = found.groups()
        if written is None:
            return Topic(Address(school, gate), what)
        try:
            return Topic(Address(school, gate), "day", calendar_date.fromisoformat(written))
        except ValueError:
            return None
    if found := _UP.fullmatch(topic):
        return Topic(Address(found[1], found[2]), found[3])
    return None


def max_bytes(topic: str) -> int:
    """The largest payload that may be published there."""
    return limits.GATE_DAY_MAX_BYTES if "/down/day/" in topic else limits.MESSAGE_MAX_BYTES
