"""The page 现在: a state as regions of HTML. One set of templates makes the first page and every later event of it."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from broker.alerts import WORDS
from broker.desk import dates_words
from broker.view import AlertView, ChangeView, ClassView, GateView, UncalledView, View
from config import limits

KINDS = {
    "delay": "顺延", "hold": "暂停", "resume": "恢复", "skip": "本班暂缓", "move": "换顺序", "reroute": "换门",
    "release": "放行下一班", "call": "叫班", "repeat": "重播", "notice": "插播通知", "extend": "延长",
    "day_type": "日型", "ready": "整队完成", "left": "已带出", "quiet": "静音", "undo": "撤销",
}  # fmt: skip
STATES = {
    "none": "", "waiting": "", "next": "下一个", "released": "已放行", "calling": "正在叫", "called": "已叫",
    "missed": "未播", "skipped": "暂缓", "left": "已带出",
}  # fmt: skip
CHECKS = {
    "clock": "时间", "day": "放学表", "clips": "语音", "network": "网络", "player": "播放", "journal": "日志",
    "lights": "灯",
}  # fmt: skip
PROBLEMS = {
    "clock": "没有可信的时间，不会自动叫班", "clock-disagree": "几个时间来源互相不一致", "clock-wide": "时间误差太大",
    "clock-chip": "时钟芯片不正常", "player": "声音放不出来", "clip": "有的句子没做好", "panel": "灯或继电器控制不了",
    "journal": "日志写不进去", "journal-renew": "日志整理不了", "journal-damaged": "日志有坏行",
    "outbox": "等待上报的记录太多，最早的丢了", "window-short": "这个时段叫不完了",
    "set-aside": "一条消息曾使程序停止，已搁置",
    "refused-day": "没有接受一份放学表", "refused-cue": "没有接受一条口令", "refused-alert": "没有接受一条警报",
    "refused-ack": "没有接受一次确认", "refused-time": "没有接受一次对时", "refused-topic": "收到不认识的消息",
    "button-hold": "暂停键一直按着", "button-next": "放行键一直按着",
}  # fmt: skip
"""By their code; another one is shown by it."""
PACED = {"guarded": "按键放行", "ready": "整队放行"}
ALERTS = {"actual": "真警报", "drill": "演练"}
DELAY_S = 120
EXTEND_S = 600
_TEXT = 16
"""So much of a notice names it in the list."""
DRILL_S = 300
"""How long a drill lasts that is raised on the page."""


class Page:
    """Templates of a folder, read once; a missing name in one is an error, not a blank."""

    def __init__(self, folder: Path) -> None:
        self._env = Environment(
            loader=FileSystemLoader(folder),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._env.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "sort_keys": True}
        self._env.globals |= {
            "KINDS": KINDS,
            "STATES": STATES,
            "CHECKS": CHECKS,
            "PROBLEMS": PROBLEMS,
            "DELAY_S": DELAY_S,
            "EXTEND_S": EXTEND_S,
            "SAY_MAX": limits.SAY_MAX,
            "PACED": PACED,
            "WORDS": WORDS,
            "ALERTS": ALERTS,
        }
        self._env.globals |= {"state_of": state_of, "hold_words": hold_words, "day_type_name": day_type_name}
        self._env.globals |= {"newer_words": newer_words, "newer_dates": newer_dates, "dates_words": dates_words}
        self._env.globals |= {"uncalled": uncalled}
        self._env.filters |= {"ms": _ms, "names": names}

    def whole(self, view: View) -> str:
        """The page itself, complete without a script."""
        stale_ms = round(limits.STALE_S * 1000)
        return self._env.get_template("now.html").render(
            view=view, regions=self.regions(view), stale_ms=stale_ms, drill_ms=DRILL_S * 1000
        )

    def event(self, view: View) -> bytes:
        """The same regions as an event; the script swaps those that differ."""
        gates = [
            {
                "id": one.id,
                "name": one.name,
                "revision": one.revision,
                "confirmed": one.confirmed,
                "age": one.age_s,
                "alert_seq": one.alert_seq,
            }
            for one in view.gates
        ]  # fmt: skip
        homes = [[one.id, one.gate] for one in view.classes]
        data = {"at": _ms(view.server_time), "gates": gates, "homes": homes, "regions": self.regions(view)}
        return b"event: page\ndata: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n"

    def regions(self, view: View) -> dict[str, str]:
        macros: Any = self._env.get_template("regions.html").make_module({"at": _clock_of(view)})
        made = {
            "top": macros.top(view, day_type_name(view, view.day_type)),
            "banner": macros.banner(view),
            "missed": macros.missed(view),
            "all": macros.everywhere(view),
            "alert": macros.alert(view),
            "changes": macros.changes(_done(view)),
            "today": macros.today(view),
        }
        for gate in view.gates:
            made[f"gate-{gate.id}"] = macros.gate(view, gate, calling(view, gate), following(view, gate))
            made[f"act-{gate.id}"] = macros.act(view, gate, following(view, gate))
        for one in view.classes:
            made[f"class-{one.id}"] = macros.tile(one)
        return {name: str(text) for name, text in made.items()}


# Words --------------------------------------------------------------------------------------------


def day_type_name(view: View, of: str) -> str:
    """As the plan calls it; of a plan that has it no more, its id."""
    return next((one.name for one in view.day_types if one.id == of), of)


def calling(view: View, gate: GateView) -> str:
    """Who is called at a gate now: the class, else what is being said."""
    names = [one.name for one in view.classes if one.gate == gate.id and one.state == "calling"]
    return "、".join(names) or gate.now or ""


def following(view: View, gate: GateView) -> ClassView | None:
    """The class that is next there; where people pace, the one that a release would let go."""
    own = [one for one in view.classes if one.gate == gate.id]
    named = gate.next_class if gate.pacing != "timed" else None
    return next((one for one in own if (one.id == named if named else one.state == "next")), None)


def names(of: ClassView) -> str:
    """All whom its call calls; what a button does to one is done to them."""
    return "、".join((of.name, *of.together))


def state_of(gate: GateView) -> tuple[str, str]:
    """A gate's state as a style and a word; each style has a shape of its own."""
    if gate.link == "never":
        return "lost", "从未连接"
    if gate.link == "lost":
        return "lost", "没有消息"
    if gate.doing == "alert":
        return "held", "警报"
    if gate.holds:
        return "held", {"held": "已暂停", "calling": "说完这句就停"}.get(gate.doing, "暂停待确认")
    return {"calling": ("calling", "正在叫班"), "held": ("held", "已暂停"), "idle": ("idle", "待命")}[gate.doing]


def hold_words(gate: GateView) -> str:
    """By whom, and why; a hold of the gate's own, but that of an alert, was opened by its button."""
    return "；".join(
        f"{one.by}{'（门口按键）' if _by_button(one.id) else ''}{'：' + one.why if one.why else ''}"
        for one in gate.holds
    )


def _by_button(hold: str) -> bool:
    return "/" in hold and "/alert-" not in hold


def newer_words(view: View) -> str:
    """“东门 第 12 版，中心 第 3 版”, of the first date in question."""
    first = [one for one in view.newer if one.date == view.newer[0].date]
    return "；".join(f"{one.name} 第 {one.revision} 版，中心 第 {one.issued} 版" for one in first)


def newer_dates(view: View) -> list[date]:
    return list(dict.fromkeys(one.date for one in view.newer))


def uncalled(view: View) -> list[tuple[str, str, list[UncalledView]]]:
    """Whom nobody heard called, by gate and window, with their names."""
    gates, windows = {one.id: one.name for one in view.gates}, {one.id: one.name for one in view.windows}
    found: dict[tuple[str, str], list[UncalledView]] = {}
    for one in view.uncalled:
        found.setdefault((one.gate, one.window), []).append(one)
    return [(gates[gate], windows[window], rows) for (gate, window), rows in found.items()]


def about(view: View, change: ChangeView) -> str:
    """What a change was about, in words."""
    return " ".join(_about(view, change))


def _done(view: View) -> list[tuple[AlertView | ChangeView, str]]:
    """What was changed and alerted today, the newest first."""
    rows: list[tuple[AlertView | ChangeView, str]] = [(one, about(view, one)) for one in view.changes]
    alerts = [(one, WORDS[one.action]) for one in view.alerts]
    return sorted([*rows, *alerts], key=lambda row: row[0].at, reverse=True) if alerts else rows


def _about(view: View, change: ChangeView) -> Iterator[str]:
    names = {"class": {one.id: one.name for one in view.classes}, "gate": {one.id: one.name for one in view.gates}}
    if change.class_id:
        yield names["class"].get(change.class_id, change.class_id)
    if change.window:
        yield next((one.name for one in view.windows if one.id == change.window), change.window)
    if change.delay_s:
        minutes, seconds = divmod(round(abs(change.delay_s)), 60)
        sign = "−" if change.delay_s < 0 else ""
        yield sign + (f"{minutes} 分" if minutes else "") + (f"{seconds} 秒" if seconds else "")
    if change.day_type:
        yield day_type_name(view, change.day_type)
    if change.text:
        yield f"“{change.text if len(change.text) <= _TEXT else change.text[:_TEXT] + '…'}”"
    if change.undoes is not None:
        yield f"第 {change.undoes} 项"
    if change.ends:
        yield "结束"
    if change.kind == "reroute":
        yield "→"
    if change.gate:
        yield names["gate"].get(change.gate, change.gate)
    elif change.kind in {"hold", "resume", "delay", "notice", "quiet"}:
        yield "全部校门"


def _clock_of(view: View) -> object:
    zone = ZoneInfo(view.zone)

    def at(instant: datetime, form: str = "%H:%M:%S") -> str:
        return instant.astimezone(zone).strftime(form)

    return at


def _ms(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)
