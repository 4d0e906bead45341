"""What a person is asked about before it is done: the question's code and its words, or nothing to ask. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from broker.situation import Situation, class_name, gate_name
from broker.wish import Wish
from config import limits
from config.changes import Change
from config.day import Cue, GateDay, Quiet
from config.pacing import NEVER
from config.timetable import timetable

Asks = Iterator[tuple[str, str]]


def unheard(here: Situation, days: Sequence[GateDay], at: datetime, asks: str) -> Asks:
    """What is said in quiet only lights up."""
    gates = [
        gate_name(here, day.gate) for day in days if any(span.begins <= at < (span.to or NEVER) for span in day.quiet)
    ]
    if gates:
        yield "quiet", f"{'、'.join(gates)}正在静音，只亮灯、不出声：{asks}"


def together(here: Situation, wish: Wish, cues: Sequence[Cue], what: str) -> Asks:
    """Who is called with this class goes with it."""
    others = dict.fromkeys(one for cue in cues for one in cue.classes if one != wish.cls)
    if others:
        names = "、".join(class_name(here, one) for one in others)
        yield "together", f"{class_name(here, wish.cls)}和{names}在一句里叫，会一起{what}。确定吗？"


def silenced(here: Situation, change: Change) -> Asks:
    """Quiet that begins, or whose end is undone, silences who is still to be called."""
    if change.kind not in ("quiet", "undo"):
        return
    then = {day.gate: day.quiet for day in timetable(here.plan, here.on, (*here.changes, change))}
    silent = [
        cue
        for day, cue in here.cues(None)
        if cue.kind == "call" and cue.state == "planned" and not here.over(day, cue)
        if _quiet(cue, then.get(day.gate, ())) and not _quiet(cue, day.quiet)
    ]
    if silent:
        yield "sure", f"静音时只亮灯、不出声，还有 {len(silent)} 个班会叫不出声。确定静音吗？"


def _quiet(cue: Cue, spans: Sequence[Quiet]) -> bool:
    """Whether it begins in quiet, on time or late."""
    late = timedelta(seconds=limits.LATE_S)
    return any(span.begins <= cue.at + late and cue.at < (span.to or NEVER) for span in spans)
