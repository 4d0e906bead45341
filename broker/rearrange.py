"""What staff rearrange of a day: the order, the gate, the day type, quiet. A change, or a reason why not. Pure.

Nobody who was heard is called a second time elsewhere: that is refused, whatever the change is.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from audio.lasting import lasts
from audio.reading import unreadable
from broker.due import due, held, slips_of
from broker.preview import day_type_name, day_types, left, stands
from broker.second_thoughts import together, unheard
from broker.situation import RefusedError, Situation, asked, class_name, gate_name, window_named
from broker.wish import Wish
from config import limits
from config.changes import Change, standing
from config.day import Cue, GateDay, order
from config.roster import WholeDay
from config.schooldays import day_of
from config.timetable import folded, local, timetable, zones

_LINES = 4
"""How much of a preview stands in a question."""
_TOLD_S = 3.0
"""By then a gate that began a call has said so."""


def moved(here: Situation, wish: Wish) -> dict[str, object]:
    """`classes` of one window and gate in their new order: they exchange their instants."""
    if len(set(wish.classes)) != len(wish.classes) or len(wish.classes) < 2:  # noqa: PLR2004 - one alone has no order
        raise RefusedError("no_classes", "换顺序要写至少两个班，每班一次，按新的先后：classes")
    first = _to_come(here, wish.classes[0], wish.gate, wish.window)[0]
    window, gate = first[1].window, first[0].gate
    cues = []
    for one in wish.classes:
        found = [cue for day, cue in _to_come(here, one, None, window) if day.gate == gate]
        if not found:
            raise RefusedError(
                "other_gate", f"{class_name(here, one)}不在{gate_name(here, gate)}叫：同一个门的班才能换顺序"
            )
        cues.append(found[0])
    if cues == sorted(cues, key=order):
        raise RefusedError("same_order", "本来就是这个先后")
    return {"window": window, "gate": gate, "cues": tuple(dict.fromkeys(cue.id for cue in cues))}


def _to_come(here: Situation, cls: str, gate: str | None, window: str | None) -> list[tuple[GateDay, Cue]]:
    """The calls of a class that are still to come, the next one first. Raises RefusedError when there is none."""
    name = class_name(here, cls)
    if window is not None:
        window_named(here, window)
    own = [
        row
        for row in here.cues(gate)
        if cls in row[1].classes and row[1].kind == "call" and window in (None, row[1].window)
    ]
    found = [(day, cue) for day, cue in own if cue.state == "planned" and not here.over(day, cue)]
    if not found:
        words = f"{name}已经叫过或正在叫，来不及改" if own else f"{name}今天这里没有叫班"
        raise RefusedError("already_spoken" if own else "not_called", words)
    return sorted(found, key=lambda row: order(row[1]))


def rerouted(here: Situation, wish: Wish, at: datetime) -> dict[str, object]:
    """`class`, in its next window, or all that is left at the gate `from_gate`: called at `gate` instead."""
    if wish.gate is None:
        raise RefusedError("no_gate", "没有写改到哪个校门：gate")
    if (wish.cls is None) == (wish.from_gate is None):
        raise RefusedError("no_class", "换门要写一个班（class），或一个关了的校门（from_gate），二者取一")
    if wish.from_gate is not None:
        rows = _at_gate(here, wish.from_gate, wish.window, at)
        if wish.from_gate == wish.gate:
            raise RefusedError("same_gate", "改到的校门就是原来的校门")
    else:
        rows = _own(here, wish, at)
    target, asks = gate_name(here, wish.gate), list[tuple[str, str]]()
    if wish.from_gate is not None:
        waiting = [cue for _, cue in rows if cue.state == "planned"]
        asks.append(("sure", f"{gate_name(here, wish.from_gate)}还没叫的 {len(waiting)} 个班都改到{target}叫？"))
    else:
        asks += together(here, wish, [cue for _, cue in rows], f"改到{target}")
        places = zones(here.plan, here.on, here.changes)
        named = [zone.name for day, cue in rows if (zone := places.get((day.gate, cue.id))) and zone.name in cue.say]
        if named:
            asks.append(("says_zone", f"句子里说的是原来的接送区“{named[0]}”，改到{target}也照说。仍要改吗？"))
    asked(wish, asks)
    cues = tuple(dict.fromkeys(cue.id for _, cue in rows))
    return {"class": wish.cls, "from_gate": wish.from_gate, "window": rows[0][1].window, "cues": cues}


def _own(here: Situation, wish: Wish, at: datetime) -> list[tuple[GateDay, Cue]]:
    """The next call of a class, also one that was missed: it may be moved."""
    assert wish.cls is not None
    name = class_name(here, wish.cls)
    calls = [row for row in here.cues(None) if wish.cls in row[1].classes and row[1].kind == "call"]
    calls = [row for row in calls if wish.window in (None, row[1].window)]
    rows = [row for row in calls if row[1].state == "planned" and not _spoken(here, *row, at)]
    rows.sort(key=lambda row: (here.over(*row), *order(row[1])))
    if not rows:
        words = f"{name}已经叫过或正要叫，来不及换门" if calls else f"{name}今天没有叫班"
        raise RefusedError("already_spoken" if calls else "not_called", words)
    rows = [row for row in rows if row[1].window == rows[0][1].window]
    rows = [row for row in rows if row[0].gate != wish.gate]
    if not rows:
        raise RefusedError("same_gate", f"{name}本来就在{gate_name(here, wish.gate or '')}叫")
    return rows


def _at_gate(here: Situation, gate: str, window: str | None, at: datetime) -> list[tuple[GateDay, Cue]]:
    if gate not in {one.id for one in here.plan.gates}:
        raise RefusedError("no_gate", f"没有校门 {gate}")
    """All that is left there, with who was skipped: taken back, they are called where the others are."""
    rows = [(day, cue) for day, cue in here.cues(gate) if cue.kind == "call" and not here.over(day, cue)]
    rows = [row for row in rows if window in (None, row[1].window) and not _spoken(here, *row, at)]
    if all(cue.state != "planned" for _, cue in rows):
        raise RefusedError("nothing_left", f"{gate_name(here, gate)}没有还没叫的班")
    return rows


def turned(here: Situation, wish: Wish, at: datetime) -> dict[str, object]:
    """Today becomes of another day type, for all, or for a gate, class, grade, group or campus; asked twice."""
    plan = here.plan
    known = day_types(plan)
    if wish.day_type not in known:
        names = "、".join(f"{one}（{day_type_name(plan, one)}）" for one in known)
        raise RefusedError("no_day_type", f"方案里没有日型 {wish.day_type or '（未写）'}。可选：{names}")
    parts = {one.entry for one in plan.classes} | {one.id for one in plan.classes}
    parts |= {one.id for one in plan.groups} | {one.id for one in plan.campuses}
    if wish.cls is not None and wish.cls not in parts:
        raise RefusedError("no_class", f"没有班级、年级、组或校区 {wish.cls}，请用方案里的编号")
    whole = wish.gate is None and wish.cls is None
    if whole and all(day.day_type == wish.day_type for day in here.days):
        raise RefusedError("same_day_type", f"今天已经是“{day_type_name(plan, wish.day_type)}”")
    new = folded(plan, here.on, WholeDay(wish.day_type, day_of(plan.calendar, here.on).weekday))
    over = {cue.id for day, cue in here.cues(None) if here.over(day, cue) or _spoken(here, day, cue, at)}
    made, at_gates = _called(here), stands(here.days)
    # Whom a person called at the gate where its own call stands; one called elsewhere leaves its own to the new day.
    over |= {
        cue.id for day, cue in here.cues(None) if (day.gate, cue.id) in made and at_gates.get(cue.id) == [day.gate]
    }
    rest = [cue.id for day, cue in here.cues(None) if cue.state == "planned"]
    # What only the new day has belongs to it too: a change without a cue would leave all to the clock.
    rest += [cue.id for day in new for cue in day.cues if cue.at > at]
    cues = [one for one in dict.fromkeys(rest) if one not in over][: limits.CUES_MAX]
    if not cues:
        raise RefusedError("nothing_left", "今天已经没有还没播的口令，改日型没有用")
    return {"day_type": wish.day_type, "class": wish.cls, "cues": tuple(cues)}


def sure(here: Situation, change: Change, lines: Sequence[str]) -> RefusedError:
    """The second question before a day type, with what it would do."""
    more = [f"…共 {len(lines)} 项"] if len(lines) > _LINES else []
    name = day_type_name(here.plan, change.day_type or "")
    text = "\n".join([f"今天改成“{name}”？已经叫过的不变。", *lines[:_LINES], *more])
    return RefusedError("sure", text, ask_again=True)


def hushed(here: Situation, wish: Wish, at: datetime) -> dict[str, object]:
    """Quiet: `ids` end; without them it begins, now or `from`, until `to` or until somebody ends it."""
    days = [day for day in here.days if wish.gate in (None, day.gate)]
    if wish.ids:
        spans = {span.id for day in days for span in day.quiet if span.to is None or span.to > at}
        if not spans & set(wish.ids):
            raise RefusedError("not_quiet", "没有这段静音，或它已经结束；请刷新后再看")
        if any(one.startswith("plan-") for one in wish.ids) and not wish.confirmed:
            raise RefusedError(
                "plan_quiet", "这段静音是方案里写的（例如考试）。现在就结束，校门会出声，确定吗？", ask_again=True
            )
        return {"ids": wish.ids}
    begins = wish.begins or at
    if wish.begins is not None and (begins < at - timedelta(seconds=limits.LATE_S) or not _today(here, begins)):
        raise RefusedError("too_early", "静音的开始要在今天，不早于现在")
    if wish.to is not None and wish.to <= begins:
        raise RefusedError("order", "静音的结束（to）要晚于开始")
    if wish.to is not None and not _today(here, wish.to - timedelta(seconds=1)):
        raise RefusedError("too_late", "静音只管今天：结束（to）要在今夜 24:00 以前；明天的静音请写在方案的日型里")
    if all(any(span.begins <= begins and span.to is None for span in day.quiet) for day in days):
        raise RefusedError("already_quiet", "已经在静音，直到有人结束")
    if any(len(day.quiet) >= limits.WINDOWS_MAX for day in days):
        raise RefusedError("too_many", f"一天至多 {limits.WINDOWS_MAX} 段静音")
    return {"from": wish.begins, "to": wish.to}


def told_at(here: Situation, wish: Wish, at: datetime) -> dict[str, object]:
    """A notice, now or at an instant of today (`from`)."""
    if wish.text is None:
        raise RefusedError("no_text", "通知没有文字：请写上要播的一句话")
    if signs := unreadable(wish.text, here.plan.readings):
        raise RefusedError("unreadable", f"通知里有读不出的字符：{'、'.join(signs)}。请改用汉字、数字或英文字母")
    if (takes_s := lasts(wish.text, here.plan.readings)) > limits.SAYING_MAX_S:
        most = f"{limits.SAYING_MAX_S:.0f} 秒"
        raise RefusedError("too_long", f"这句话约要 {takes_s:.0f} 秒，最长 {most}：请写短一些，或分成几次播")
    if wish.begins is not None and (wish.begins < at or not _today(here, wish.begins)):
        when = f"{local(wish.begins, here.plan):%m-%d %H:%M:%S}"
        raise RefusedError("too_early", f"通知的时刻（{when}）要在今天，不早于现在")
    begins, days = wish.begins or at, [day for day in here.days if wish.gate in (None, day.gate)]
    held_now = [day for day in days if wish.begins is None and here.held(day.gate)]
    gates = "、".join(gate_name(here, day.gate) for day in held_now)
    if days and held_now == days:
        raise RefusedError("held", f"{gates}正在暂停，恢复后才能播通知")
    asks = [("held", f"{gates}正在暂停，那里不会播。仍要播吗？")] if held_now else []
    asked(wish, [*asks, *unheard(here, days, begins, "那里听不到通知。仍要播吗？")])
    return {"text": wish.text, "from": wish.begins}


def _today(here: Situation, at: datetime) -> bool:
    return local(at, here.plan).date() == here.on


def guard(here: Situation, change: Change) -> None:
    """Raises RefusedError when a class that was spoken at one gate would be called once more at another.

    Also where its own gate keeps the call: a person made it there (叫班), and the way the class came there is undone.
    """
    if change.kind not in ("reroute", "day_type", "undo"):
        return
    was, now = stands(here.days), stands(timetable(here.plan, here.on, (*here.changes, change)))
    made = _called(here)
    for day, cue in here.cues(None):
        stays = day.gate in now.get(cue.id, ())
        others = [one for one in now.get(cue.id, ()) if one != day.gate and one not in was.get(cue.id, ())]
        twice = f"会在{'、'.join(gate_name(here, one) for one in others)}再播一次"
        who, own = "、".join(class_name(here, one) for one in cue.classes) or cue.say, gate_name(here, day.gate)
        waits = (day.gate, cue.id) in made and cue.state == "planned" and not here.over(day, cue)
        if waits and (others if stays else change.kind == "day_type"):
            words = f"{who}已点“叫班”，正等{own}叫，这样改{twice if stays else '就叫不到它了'}"
            raise RefusedError("called", f"{words}：等它叫完，或先撤销那次“叫班”")
        if others and _spoken(here, day, cue, change.at):
            remedy = "，撤销不了：要换回，请再做一次“换门”或“日型”，只管还没叫的班" if change.kind == "undo" else ""
            raise RefusedError("already_spoken", f"{who}已在{own}播过或正要播，这样改{twice}{remedy}")


def _called(here: Situation) -> set[tuple[str | None, str]]:
    """The calls that a person asked for by 叫班: each stands at the gate that was named, whatever the day becomes."""
    return {(one.gate, own) for one in standing(here.changes) if one.kind == "call" for own in one.cues}


def _spoken(here: Situation, day: GateDay, cue: Cue, at: datetime) -> bool:
    """Whether it was heard there, or its gate may have begun it by now: at another gate it would be heard twice."""
    if here.spoken(day, cue):
        return True
    status = here.statuses.get(day.gate)
    if cue.state != "planned" or here.over(day, cue) or held(status, day):
        return False
    begins = due(day, cue, slips_of(status, day))
    soon, told = timedelta(seconds=limits.LIVE_AHEAD_S), timedelta(seconds=_TOLD_S)
    return begins is not None and begins - soon <= at <= begins + told


def may_call(here: Situation) -> dict[str, tuple[str, ...]]:
    """By gate: whom it lost to another one today, and may still call, for it has not confirmed its day since."""
    held = {gate: status.days.get(here.on) for gate, status in here.statuses.items()}
    waits = [day.gate for day in here.days if (has := held.get(day.gate)) is None or has.revision != day.revision]
    places = {one.n for one in here.changes if one.kind in ("reroute", "day_type")}
    moves = [one.n for one in here.changes if one.n in places or one.undoes in places]
    if not waits or not moves:
        return {}
    before, found = (
        timetable(here.plan, here.on, [one for one in here.changes if one.n < moves[0]]),
        dict[str, list[str]](),
    )
    now = {(day.gate, cue.id) for day, cue in here.cues(None) if cue.state == "planned"}
    for n in moves:
        then = timetable(here.plan, here.on, [one for one in here.changes if one.n <= n])
        cues = {(day.gate, cue.id): cue for day in before for cue in day.cues}
        for gate, own in left(before, then):
            done = any(record.final for record in here.records.get(f"{gate} {own}", ()))
            if gate in waits and (gate, own) not in now and not done:
                found.setdefault(gate, []).extend(class_name(here, one) for one in cues[gate, own].classes)
        before = then
    return {gate: tuple(dict.fromkeys(names)) for gate, names in found.items()}
