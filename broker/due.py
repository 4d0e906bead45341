"""When a cue may be called at a gate, as far as the centre knows. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import dropwhile, takewhile

from broker.wire.messages import Alert, Status
from config import limits
from config.changes import alert_raised
from config.day import Cue, GateDay, Hold, Window
from config.pacing import by_hand, hushed, slip_key, slip_of, windows_now


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


def windows_at(day: GateDay, status: Status | None, alerts: Sequence[Alert], now: datetime) -> dict[str, Window]:
    """The windows by id, as the gate's holds move them: the day's, and those of alerts, of which no day tells.

    An actual alert moves them as a hold does, and when it is cleared goes on as one until somebody resumes; one that
    replaced another goes on with its hold. `alerts`: by number, clears too.
    """
    own = set(status.holds) if status is not None else set()
    if status is not None and status.doing == "alert":  # until it says that it heard the clear
        heard = dropwhile(lambda one: one.action == "clear", reversed(alerts))
        raised = [*takewhile(lambda one: one.action != "clear", heard)]
        own |= {f"{day.gate}/{one.id}" for one in raised[-1:] if one.status == "actual"}
    own -= {hold.id for hold in day.holds}
    left = [
        Hold.model_validate({"id": name, "from": since, "to": None, "why": None, "by": "-"})
        for name in sorted(own)
        if (since := alert_raised(name, now)) is not None
    ]
    return windows_now(day, (*day.holds, *left), now)


def silent_from(day: GateDay, at: datetime) -> bool:
    """Whether a sentence that begins then may not sound, however long it is."""
    return hushed(day, at, at + timedelta(seconds=limits.CLIP_MAX_S))


def slips_of(status: Status | None, day: GateDay) -> dict[str, float]:
    """The slips of the day's windows, as the gate said them."""
    return {} if status is None else {slip_key(day.date, window): slip_s for window, slip_s in status.slip.items()}
