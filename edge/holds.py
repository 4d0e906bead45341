"""The holds that a gate knows of, as newer days and its own button add to them and end them. Pure."""

from collections.abc import Mapping
from datetime import datetime

from config import limits
from config.day import Hold


def newer(standing: tuple[Hold, ...], named: tuple[Hold, ...], at: datetime | None) -> tuple[Hold, ...]:
    """A newer day adds holds and ends those it names; absence ends nothing, and an ended one never opens again.

    One that stood here lasted until the word came, at `at`: nobody was called before.
    """
    holds = {hold.id: hold for hold in standing}
    for hold in named:
        if hold.id not in holds:
            holds[hold.id] = hold
        elif (stood := holds[hold.id]).to is None:
            holds[hold.id] = hold.but(to=max(hold.to, at, stood.begins)) if hold.to and at else hold
    over = [hold for hold in holds.values() if hold.to is not None]
    left = [hold for hold in holds.values() if hold.to is None]
    return (*over[-limits.HOLDS_MAX :], *left[-limits.HOLDS_MAX :])


def ended(holds: tuple[Hold, ...], over: Mapping[str, Hold]) -> tuple[Hold, ...]:
    """A hold without a date stands in every day that came meanwhile, and ends in all of them."""
    return tuple(over.get(hold.id, hold) if hold.to is None else hold for hold in holds)
