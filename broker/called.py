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


def uncalled(here: Situation, at: datetime) -> list[tuple[GateDay, Window, str, bool]]:
    """Classes that nobody heard called in a window that is over; True: its gate has not said what became of it.

    Not who was silent on purpose (cancelled, quiet, a trial), was called since, or was reported to be out.
    """
    done, found = here.led_out, dict[tuple[str, str, str], tuple[GateDay, Window, str, bool]]()
    for day in here.days:
        over = {own: window for own, window in here.windows(day, at).items() if window.closes <= at}
        for cue in day.cues:
            window, results = over.get(cue.window or ""), _results(here, day, cue)
            if cue.kind != "call" or cue.state != "planned" or window is None or not results or "suppressed" in results:
                continue
            for cls in cue.classes:
                if (cls, window.id) not in done and not _called_since(here, cls, window):
                    found[day.gate, window.id, cls] = day, window, cls, results == {"unreported"}
    return list(found.values())


def _results(here: Situation, day: GateDay, cue: Cue) -> set[str]:
    """What is decided of a call; that its gate is silent is decided too, until that reports."""
    return {one.result for one in records_of(here, day, cue) if one.final or one.result == "unreported"}


def _called_since(here: Situation, cls: str, window: Window) -> bool:
    """Whether it was heard in this window, or a person called it after that opened."""
    return any(
        cls in cue.classes and cue.kind == "call" and heard(here, day, cue)
        for day, cue in here.cues(None)
        if cue.window == window.id or (cue.window is None and cue.at >= window.opens)
    )


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
