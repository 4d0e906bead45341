"""What the desk knows when somebody asks: the days in force, what was heard, what stands; and how it refuses. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from broker.due import windows_at
from broker.issued import Newer
from broker.wire.messages import Alert, Problem, Record, Status
from broker.wish import Wish
from config import limits
from config.changes import Change, standing
from config.day import Cue, GateDay, Window
from config.errors import BadInputError
from config.plan import Plan


class RefusedError(BadInputError):
    """Nothing was changed. `code` for programs, the text for people; `ask_again`: a second yes would do it."""

    def __init__(self, code: str, text: str, *, ask_again: bool = False) -> None:
        self.code, self.ask_again = code, ask_again
        super().__init__(text)


def asked(wish: Wish, asks: Iterable[tuple[str, str]]) -> None:
    """Raises RefusedError with all questions in one, each a code and a text: one yes answers them."""
    if not wish.confirmed and (questions := tuple(asks)):
        raise RefusedError(questions[0][0], "\n".join(text for _, text in questions), ask_again=True)


@dataclass(frozen=True, slots=True)
class Situation:
    """What the desk knows: the days in force as the gates have them, what was heard, what is being said."""

    plan: Plan
    on: date
    days: tuple[GateDay, ...]
    changes: tuple[Change, ...] = ()
    records: Mapping[str, tuple[Record, ...]] = field(default_factory=dict)
    statuses: Mapping[str, Status] = field(default_factory=dict)
    """By gate."""
    newer: tuple[Newer, ...] = ()
    """Days at gates that this centre did not issue: a person must choose."""
    kept: tuple[date, ...] = ()
    """Dates for which the gates' own days were chosen."""
    problems: Mapping[str, tuple[Problem, ...]] = field(default_factory=dict)
    """Those that stand, by gate."""
    alerts: tuple[Alert, ...] = ()
    """By number, of all dates."""
    vouched: bool = True
    """Somebody vouches for the centre's clock."""
    doubts: tuple[str, ...] = ()
    """What the calendar does not know, and whom to ask."""

    def windows(self, day: GateDay, at: datetime) -> dict[str, Window]:
        """Those of a gate by id, as holds and alerts moved their ends."""
        return windows_at(day, self.statuses.get(day.gate), self.alerts, at)

    def cues(self, gate: str | None) -> Iterator[tuple[GateDay, Cue]]:
        for day in self.days:
            if gate in (None, day.gate):
                yield from ((day, cue) for cue in day.cues)

    def over(self, day: GateDay, cue: Cue) -> bool:
        """Spoken, being spoken, or decided: too late to change."""
        status = self.statuses.get(day.gate)
        return (status is not None and status.now == cue.id) or any(
            record.final or record.heard == "yes" for record in self.records.get(f"{day.gate} {cue.id}", ())
        )

    def spoken(self, day: GateDay, cue: Cue) -> bool:
        """Whether somebody heard it, or may have, or hears it now; what was missed was not."""
        status = self.statuses.get(day.gate)
        records = self.records.get(f"{day.gate} {cue.id}", ())
        return (status is not None and status.now == cue.id) or any(record.heard != "no" for record in records)

    @property
    def led_out(self) -> frozenset[tuple[str | None, str | None]]:
        """Classes that were reported to be out (已带出), each with its window."""
        return frozenset((one.cls, one.window) for one in standing(self.changes) if one.kind == "left")

    @property
    def ours(self) -> bool:
        """Whether the gates run what the centre issued."""
        return self.on not in self.kept and all(one.on != self.on for one in self.newer)

    def held(self, gate: str) -> tuple[str, ...]:
        """The ids of the holds that are open at a gate: of the day while it is ours, and of its own button."""
        status = self.statuses.get(gate)
        own = status.holds if status is not None else ()
        day = next((day for day in self.days if day.gate == gate), None)
        open_ids = [hold.id for hold in day.holds if hold.to is None] if day and self.ours else []
        ended = {hold.id for hold in day.holds if hold.to is not None} if day and self.ours else set()
        return tuple(dict.fromkeys([*open_ids, *(one for one in own if one not in ended)]))[: limits.HOLDS_MAX]

    def ends(self, gate: str) -> frozenset[str]:
        """The ids that a resume can end at a gate: of the day, and of its own button whatever the centre knows."""
        known = {hold.id for day in self.days if day.gate == gate for hold in day.holds}
        return frozenset(one for one in self.held(gate) if one in known or one.startswith(f"{gate}/"))


def told_of(strangers: Iterable[str], *, plan_waits: bool) -> Iterator[str]:
    """What people should know beside the calendar's doubts: gates that no plan has, a plan that waits."""
    if plan_waits:
        yield "新方案从明天起用：今天已经开始的时段里，有班级会换门、换组或不再叫"
    for gate in strangers:
        yield f"校门 {gate} 不在方案里，却还在运行，会照手里的放学表叫班：请断开它的电源，或把它写回方案"


def window_named(here: Situation, wanted: str | None) -> Window:
    found = next((one for day in here.days for one in day.windows if one.id == wanted), None)
    if found is None:
        known = dict.fromkeys(f"{one.id}（{one.name}）" for day in here.days for one in day.windows)
        raise RefusedError(
            "no_window", f"今天没有时段 {wanted or '（未写）'}。可选：{'、'.join(known) or '无，今天停课'}"
        )
    return found


def class_name(here: Situation, wanted: str | None) -> str:
    found = next((one.name for one in here.plan.classes if one.id == wanted), None)
    if found is None:
        raise RefusedError(
            "no_class", f"没有班级 {wanted or '（未写）'}，请用方案里的编号，例如 {here.plan.classes[0].id}"
        )
    return found


def gate_name(here: Situation, wanted: str) -> str:
    return next(gate.name for gate in here.plan.gates if gate.id == wanted)
