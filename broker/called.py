"""Who was called, is to be, or was not: of a class in the window that its gate shows. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

from broker.paced import next_call, waits
from broker.situation import Situation
from broker.wire.messages import Record
from config.day import Cue, GateDay, Window

ClassState = Literal["none", "waiting", "next", "released", "calling", "called", "missed", "skipped", "left"]

_ORDER: tuple[ClassState, ...] = ("calling", "released", "next", "waiting", "called", "missed", "skipped")
"""Of several calls of a class that one is told which comes first here: who was missed and called again was called."""


def shown_at(windows: Iterable[Window], at: datetime) -> Window | None:
    """The dismissal that runs at a gate, or comes next there; gates may have theirs at different times."""
    own = [one for one in windows if one.kind == "dismissal" and one.closes > at]
    return min(own, key=lambda one: (one.opens, one.id), default=None)


def call_of(
    here: Situation, cls: str, shown: Mapping[str, str], at: datetime
) -> tuple[GateDay, Cue, ClassState] | None:
    """The call of a class that counts, in the window that is `shown` at its gate; and how it stands."""
    rows = [
        (day, cue, _state(here, day, cue, at))
        for day in here.days
        for cue in day.cues
        if cls in cue.classes and cue.kind == "call" and cue.window == shown.get(day.gate, "")
    ]
    return min(rows, key=lambda row: _ORDER.index(row[2]), default=None)


def heard(here: Situation, day: GateDay, cue: Cue) -> bool:
    return any(record.heard == "yes" for record in records_of(here, day, cue))


def records_of(here: Situation, day: GateDay, cue: Cue) -> tuple[Record, ...]:
    return here.records.get(f"{day.gate} {cue.id}", ())


def _state(here: Situation, day: GateDay, cue: Cue, at: datetime) -> ClassState:
    status = here.statuses.get(day.gate)
    if status is not None and status.now == cue.id:
        return "calling"
    if heard(here, day, cue):
        return "called"
    if cue.state == "cancelled":
        return "skipped"
    if any(record.final for record in records_of(here, day, cue)):
        return "missed"
    if cue in waits(here, day, at):
        return "released"
    return "next" if cue == next_call(here, day, at) else "waiting"
