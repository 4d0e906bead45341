"""When a cue may be called at a gate, as far as the centre knows. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from broker.wire.messages import Status
from config import limits
from config.day import Cue, GateDay
from config.pacing import by_hand, hushed, slip_key, slip_of


def due(day: GateDay, cue: Cue, slips: Mapping[str, float]) -> datetime | None:
    """Its instant there; None: it waits for a person."""
    window = day.window(cue)
    if window is not None and by_hand(cue, window):
        return None if cue.released is None else max(cue.released, window.opens)
    return cue.at + timedelta(seconds=slip_of(cue, slips, window))


def held(status: Status | None, day: GateDay) -> bool:
    """By the day, or as the gate says: its own button's holds, and that of an alert."""
    ended = {hold.id for hold in day.holds if hold.to is not None}
    own = set(status.holds) - ended if status is not None else set()
    return bool(own) or any(hold.to is None for hold in day.holds)


def silent_from(day: GateDay, at: datetime) -> bool:
    """Whether a sentence that begins then may not sound, however long it is."""
    return hushed(day, at, at + timedelta(seconds=limits.CLIP_MAX_S))


def slips_of(status: Status | None, day: GateDay) -> dict[str, float]:
    """The slips of the day's windows, as the gate said them."""
    return {} if status is None else {slip_key(day.date, window): slip_s for window, slip_s in status.slip.items()}
