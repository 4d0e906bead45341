"""The sheet on the wall: a date as one A4 page a gate, by which people call when nothing else works. Pure.

One HTML file that needs nothing beside it: no script, no picture, no network. All that a plan says is escaped.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from broker.preview import day_type_name
from config.day import Cue, GateDay, Window
from config.pacing import by_hand
from config.plan import Plan, Zone
from config.timetable import local

_LAMPS = (
    ("绿灯慢闪", "快放学了，校门自检正常"),
    ("绿灯亮", "正在叫班：这个班走"),
    ("红灯亮", "暂停：谁都不走，等人恢复"),
    ("红灯快闪", "警报：听广播，照广播做"),
    ("黄灯快闪", "刚才按的键没有被接受"),
)
_BY_HAND = "黄灯亮，或放学前 15 分钟还没有灯亮：校门不会自动叫班。马上打电话，并按这张表到点人工叫班。"
_WEEKDAYS = "一二三四五六日"
_PACED = {"timed": "", "guarded": "按门口的 next 键放行，时刻只是顺序", "ready": "整队完成后放行，时刻只是顺序"}
_TWO_COLUMNS = 12
"""Calls of a window from which on they stand in two columns."""
_STYLE = """
@page { size: A4; margin: 12mm; }
* { box-sizing: border-box; }
body { margin: 0; color: #000; background: #fff;
  font: 12pt/1.25 "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "WenQuanYi Zen Hei", sans-serif; }
.gate { max-width: 186mm; margin: 0 auto; }
.gate + .gate { break-before: page; }
header { display: flex; justify-content: space-between; align-items: flex-end; border-bottom: 1mm solid #000; }
h1 { margin: 0; font-size: 34pt; line-height: 1.1; }
header p { margin: 0; text-align: right; font-size: 14pt; }
h2 { margin: 2.5mm 0 .5mm; font-size: 16pt; break-after: avoid; }
h2 small { font-size: 12pt; font-weight: 400; }
ol { margin: 0; padding: 0; list-style: none; }
ol.two { columns: 2; column-gap: 8mm; }
li { display: flex; gap: 3mm; align-items: baseline; break-inside: avoid;
  border-bottom: .2mm solid #888; font-size: 15pt; }
li time { min-width: 23mm; font-weight: 700; font-variant-numeric: tabular-nums; white-space: nowrap; }
li b { flex: 1; min-width: 0; overflow-wrap: anywhere; } li span { white-space: nowrap; }
li.told { font-size: 12pt; } li.told time { min-width: 0; } li.told b { font-weight: 400; }
li.off { text-decoration: line-through; }
.none { font-size: 24pt; margin: 10mm 0; }
footer { margin-top: 3mm; break-inside: avoid; }
.ring { border: .8mm solid #000; padding: 2mm 3mm; font-size: 14pt; margin: 0 0 2mm; } .ring b { font-size: 18pt; }
dl { display: grid; grid-template-columns: max-content 1fr max-content 1fr; gap: 0 3mm; margin: 0; font-size: 11pt; }
dt { font-weight: 700; } dd { margin: 0; } .version { margin: 2mm 0 0; font-size: 9pt; }
"""


@dataclass(frozen=True, slots=True)
class Printed:
    """What a sheet is of. `version`: of the plan's text; `closed`: why there is no school, or empty."""

    plan: Plan
    days: Sequence[GateDay]
    places: Mapping[tuple[str, str], Zone]
    version: str
    at: datetime
    closed: str = ""


def page(of: Printed) -> str:
    """The whole file."""
    title = escape(f"放学表 {of.plan.school.name} {of.days[0].date}")
    gates = "\n".join(_gate(of, day) for day in of.days)
    head = f'<meta charset="utf-8">\n<title>{title}</title>\n<style>{_STYLE}</style>'
    return f'<!doctype html>\n<html lang="zh-CN">\n<head>\n{head}\n</head>\n<body>\n{gates}\n</body>\n</html>\n'


def _gate(of: Printed, day: GateDay) -> str:
    name = next(gate.name for gate in of.plan.gates if gate.id == day.gate)
    when = f"{day.date.year}年{day.date.month}月{day.date.day}日 星期{_WEEKDAYS[day.date.weekday()]}"
    trial = " · 试运行" if day.mode == "trial" else ""
    kind = day_type_name(of.plan, day.day_type) + trial
    rows = "\n".join(_windows(of, day)) or f'<p class="none">{escape(of.closed or "今天这里没有时段")}</p>'
    return (
        f'<section class="gate">\n<header><h1>{escape(name)}</h1><p>{escape(of.plan.school.name)}　放学表<br>'
        f"<b>{escape(when)}</b> · {escape(kind)}</p></header>\n{rows}\n{_foot(of)}\n</section>"
    )


def _windows(of: Printed, day: GateDay) -> Iterator[str]:
    windows: list[Window | None] = [*sorted(day.windows, key=lambda one: (one.opens, one.id)), None]
    for window in windows:
        cues = [cue for cue in day.cues if cue.window == (window.id if window else None)]
        if not cues:
            continue
        calls = sum(cue.kind == "call" for cue in cues)
        shape = ' class="two"' if calls >= _TWO_COLUMNS else ""
        items = "\n".join(_item(of, day, cue) for cue in cues)
        yield f"<h2>{_head(of, window)}</h2>\n<ol{shape}>\n{items}\n</ol>"
    for span in day.quiet:
        to = f"–{_clock(of, span.to)}" if span.to else " 起"
        yield f"<h2>静音 {_clock(of, span.begins)}{to}<small>　只亮灯，不出声</small></h2>"


def _head(of: Printed, window: Window | None) -> str:
    if window is None:
        return "时段以外"
    paced = _PACED[window.pacing]
    span = f"{_clock(of, window.opens)}–{_clock(of, window.closes)}"
    return f"{escape(window.name)} {span}" + (f"<small>　{paced}</small>" if paced else "")


def _item(of: Printed, day: GateDay, cue: Cue) -> str:
    names = {one.id: one.name for one in of.plan.classes}
    zone = of.places.get((day.gate, cue.id))
    what = "、".join(names.get(one, one) for one in cue.classes) or cue.say
    at = f"（{_clock(of, cue.at)}）" if by_hand(cue, day.window(cue)) else _clock(of, cue.at)
    shape = " class=" + ('"off"' if cue.state == "cancelled" else '"told"') if not _plain(cue) else ""
    where = f"<span>{escape(zone.name)}</span>" if zone else ""
    return f"<li{shape}><time>{at}</time><b>{escape(what)}</b>{where}</li>"


def _plain(cue: Cue) -> bool:
    return cue.kind == "call" and cue.state == "planned"


def _clock(of: Printed, at: datetime) -> str:
    there = local(at, of.plan)
    return f"{there:%H:%M:%S}" if there.second else f"{there:%H:%M}"


def _foot(of: Printed) -> str:
    lamps = "".join(f"<dt>{lamp}</dt><dd>{means}</dd>" for lamp, means in _LAMPS)
    owners = f"　方案负责人：{'、'.join(of.plan.school.owners)}" if of.plan.school.owners else ""
    printed = f"{local(of.at, of.plan):%Y-%m-%d %H:%M}"
    return (
        f'<footer><p class="ring">{_BY_HAND}<br>电话 <b>{escape(of.plan.school.contact)}</b>{escape(owners)}</p>\n'
        f'<dl>{lamps}</dl>\n<p class="version">方案版本 {escape(of.version)}　打印于 {printed}　'
        f"当天有变更时，以页面上的“今天的变更”为准。这不是消防报警系统。</p></footer>"
    )
