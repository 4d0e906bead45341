"""The record sheet of a day: planned, actual, difference; n calls, late, missed; how long the dismissal took. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from broker.alerts import WORDS
from broker.wire.messages import Alert, Record, Result
from config.day import Cue, GateDay
from config.plan import Plan
from config.timetable import local

_HEARD: tuple[Result, ...] = ("announced",)
_WORDS: dict[Result, str] = {
    "announced": "已播",
    "late": "晚播",
    "missed": "未播(已过时)",
    "suppressed": "静音(只亮灯)",
    "passed_over": "已让过",
    "interrupted": "中断",
    "cut_short": "被警报打断",
    "cancelled": "已取消",
    "unreported": "校门未报告",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One call: the record that counts, and how often it was begun."""

    cue: Cue
    record: Record | None
    attempts: int

    @property
    def off_s(self) -> float | None:
        if self.record is None or self.record.actual is None:
            return None
        return (self.record.actual - self.record.planned).total_seconds()


def lines(day: GateDay, records: Iterable[Record]) -> list[Line]:
    """Every call of the day, in order. What was heard counts before what was not, the last attempt before the first."""
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(record.cue, []).append(record)
    return [_line(cue, found.get(cue.id, [])) for cue in day.cues if cue.kind == "call"]


def _line(cue: Cue, records: list[Record]) -> Line:
    best = max(records, key=lambda one: (one.heard == "yes", one.final, one.attempt), default=None)
    return Line(cue, best, len([one for one in records if one.attempt]))


def took(all_lines: Iterable[Line]) -> timedelta | None:
    """今天放学用时: from the first audible call of a window to the end of its last; of several windows the sum."""
    spans: dict[str | None, list[datetime]] = {}
    for line in all_lines:
        if line.record is not None and line.record.heard == "yes" and line.record.actual and line.record.ended:
            spans.setdefault(line.cue.window, []).extend((line.record.actual, line.record.ended))
    return sum((max(instants) - min(instants) for instants in spans.values()), timedelta()) if spans else None


def word(line: Line) -> str:
    """The result as staff read it."""
    if line.record is None:
        return _WORDS["cancelled"] if line.cue.state == "cancelled" else "尚未播报"
    text = _WORDS[line.record.result]
    if line.record.result == "late" and line.off_s is not None:
        text = f"晚播 {line.off_s:.0f} 秒"
    return f"{text}(第 {line.record.attempt} 次)" if line.record.attempt > 1 else text


def unreported(day: GateDay, window: str | None, records: Iterable[Record], now: datetime) -> list[Record]:
    """What stands for each cue of a window that is over and has no final record: silence is recorded too.

    `window` None: what stands outside windows; it ends one by one.
    """
    final = {record.cue for record in records if record.final}
    ended = [cue for cue in day.cues if cue.window == window and (window is not None or cue.until < now)]
    silent = [cue for cue in ended if cue.state == "planned" and cue.id not in final]
    return [
        Record(
            cue=cue.id, attempt=0, revision=day.revision, result="unreported", final=False, planned=cue.at,
            actual=None, ended=None, bound_s=None, slip_s=0, source="timer", volume_pct=0, heard="unknown",
        )
        for cue in silent
    ]  # fmt: skip


def alert_line(alert: Alert, plan: Plan) -> str:
    """One alert of the day, as staff read it: when, what, in earnest or as a drill, who."""
    what = "解除" if alert.action == "clear" else f"警报：{WORDS[alert.action]}"
    until = f"，至 {local(alert.until, plan):%H:%M:%S}" if alert.until else ""
    kind = {"actual": "实警", "drill": "演练"}[alert.status]
    return f"{local(alert.raised_at, plan):%H:%M:%S}  {what}（{kind}{until}）  {alert.by}"


def summary(all_lines: list[Line]) -> str:
    """n calls, late, missed, in one sentence."""
    results = [line.record.result for line in all_lines if line.record is not None]
    heard = results.count("announced") + results.count("late")
    parts = [f"已播 {heard}/{len(all_lines)}"]
    parts += [f"{text} {n}" for name, text in _WORDS.items() if name not in _HEARD and (n := results.count(name))]
    if waiting := len([line for line in all_lines if line.record is None and line.cue.state == "planned"]):
        parts.append(f"尚未播报 {waiting}")
    return "，".join(parts)
