"""The desk: what a person asks becomes a Change, or is refused with the reason; in words before it is done. Pure."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from broker import alerts
from broker.paced import let_go
from broker.preview import described, left
from broker.rearrange import guard, hushed, moved, rerouted, sure, told_at, turned
from broker.second_thoughts import silenced, together, unheard
from broker.situation import RefusedError, Situation, asked, class_name, gate_name, window_named
from broker.wish import Choice, Wish
from config import limits
from config.changes import Change, standing
from config.day import Cue, GateDay, Window, cue_id, order
from config.timetable import local, timetable, zones


def propose(here: Situation, wish: Wish, n: int, at: datetime) -> Change:
    """The change that does what is asked at `at`. Raises RefusedError."""
    asks: list[tuple[str, str]] = []
    if not here.vouched and wish.kind not in ("hold", "resume"):  # which nobody waits with
        asks.append(
            ("clock", f"中心的时间没有人确认，现在是 {local(at, here.plan):%m-%d %H:%M:%S}，对吗？不对就先核对时间。")
        )
    try:
        change = _proposed(here, wish, n, at)
    except RefusedError as refused:
        if refused.ask_again:
            asked(wish, [*asks, (refused.code, str(refused))])
        raise
    asked(wish, asks)
    return change


def _proposed(here: Situation, wish: Wish, n: int, at: datetime) -> Change:
    _calm(here, wish, at)
    _ours(here)
    known = {gate.id for gate in here.plan.gates}
    if wish.gate is not None and wish.gate not in known:
        raise RefusedError("no_gate", f"没有校门 {wish.gate}。可选：{'、'.join(sorted(known))}")
    more: dict[str, object] = {}
    match wish.kind:
        case "hold":
            pass
        case "resume":
            more = _resume(here, wish)
        case "delay":
            more = _delay(here, wish, at)
        case "skip":
            more = _skip(here, wish)
        case "release" | "ready":
            more = let_go(here, wish, at)
        case "call":
            more = _call(here, wish, at)
        case "repeat":
            more = _repeat(here, wish, at)
        case "notice":
            more = told_at(here, wish, at)
        case "extend":
            more = _extend(here, wish, at)
        case "move":
            more = moved(here, wish)
        case "reroute":
            more = rerouted(here, wish, at)
        case "day_type":
            more = turned(here, wish, at)
        case "left":
            more = _led_out(here, wish, at)
        case "quiet":
            more = hushed(here, wish, at)
        case "undo":
            more = _undo(here, wish)
    fields = {"v": 1, "n": n, "key": wish.key, "at": at, "by": wish.by, "why": wish.why, "kind": wish.kind}
    change = Change.model_validate({**fields, "gate": wish.gate, **more})
    guard(here, change)
    asked(wish, silenced(here, change))
    if change.kind == "day_type" and not wish.confirmed and (lines := foreseen(here, change)):
        raise sure(here, change, lines)
    return change


def chosen(here: Situation, choice: Choice) -> tuple[date, ...]:
    """The dates that a choice decides. Raises RefusedError; every choice is asked twice."""
    open_dates = sorted({one.on for one in here.newer} | ({*here.kept} if choice.choose == "mine" else set()))
    dates = tuple(on for on in open_dates if on in choice.dates or not choice.dates)
    if not dates:
        raise RefusedError("not_asked", "这几天没有要选的：已经选过，或校门与中心一致；请刷新后再看")
    if choice.confirmed:
        return dates
    days = dates_words(dates)
    texts = {
        "keep": f"{days}按校门上的放学表走？中心不再下发这些天的放学表和口令，也不能改；这一次回答管所有这些天。",
        "mine": f"{days}以中心的为准？校门上较新的放学表会被换掉，其中的变更会丢失；这一次回答管所有这些天。",
    }
    raise RefusedError("sure", texts[choice.choose], ask_again=True)


def dates_words(dates: Sequence[date]) -> str:
    """“11月25日”, or “11月25日至12月8日共 14 天”."""
    first, last = (f"{on.month}月{on.day}日" for on in (dates[0], dates[-1]))
    return first if len(dates) == 1 else f"{first}至{last}共 {len(dates)} 天"


def _calm(here: Situation, wish: Wish, at: datetime) -> None:
    """While an actual alert stands, a gate may only be held as well: nobody leaves. In a drill nothing else is said."""
    stands = alerts.standing(here.alerts, at)
    now = wish.kind in ("call", "repeat", "notice") and wish.begins is None
    if now and stands is not None and stands.status == "drill":
        raise RefusedError("drill", "正在演练，现在叫不出声：先按“结束演练”，或等它结束")
    if stands is not None and stands.status == "actual" and wish.kind != "hold":
        what = alerts.WORDS[stands.action]
        remedy = "解除后各门仍暂停，再按“恢复”" if wish.kind == "resume" else "解除并恢复以后再做"
        raise RefusedError("alert", f"“{what}”警报还没有解除，现在不能做：先确认安全、按“解除”；{remedy}")


def _ours(here: Situation) -> None:
    """What the centre may not issue it does not promise either."""
    remedy = "请先选“以中心的为准”；要马上停，请门卫按门口的暂停键"
    if here.on in here.kept:
        raise RefusedError("gates_own", f"今天校门按自己的放学表走，中心改不了：{remedy}")
    if not here.ours:
        raise RefusedError("newer_at_gate", f"校门上有比中心更新的放学表，中心改不了：{remedy}")


def foreseen(here: Situation, change: Change) -> tuple[str, ...]:
    """What the change does, by cue; and which gates may still call what they lost, until they confirm it."""
    changes = (*here.changes, change)
    then = timetable(here.plan, here.on, changes)
    places = zones(here.plan, here.on, here.changes), zones(here.plan, here.on, changes)
    lines = described(here.plan, here.days, then, places=places)
    lost = dict.fromkeys(gate for gate, _ in left(here.days, then))
    return (*lines, *(f"{gate_name(here, gate)}未确认以前，可能仍会播报" for gate in lost))


# One kind each ------------------------------------------------------------------------------------


def _resume(here: Situation, wish: Wish) -> dict[str, object]:
    gates = [wish.gate] if wish.gate else [gate.id for gate in here.plan.gates]
    held = {own for gate in gates for own in here.held(gate)}
    if not wish.ids or not held & set(wish.ids):
        raise RefusedError("not_held", "没有这个暂停：它已经结束，或页面不是最新的；请刷新后再看")
    if not {own for gate in gates for own in here.ends(gate)} & set(wish.ids):
        raise RefusedError("unknown_hold", "中心不认识这个暂停（例如恢复备份以前的），结束不了它：请门卫按门口的暂停键")
    return {"ids": wish.ids}


def _delay(here: Situation, wish: Wish, at: datetime) -> dict[str, object]:
    window = window_named(here, wish.window)
    if not wish.delay_s:
        raise RefusedError("no_delay", "没有写顺延多少秒：delay_s 不能为空或 0")
    calls = [(day, cue) for day, cue in here.cues(wish.gate) if cue.window == window.id and cue.kind == "call"]
    rest = [(day, cue) for day, cue in calls if cue.state == "planned" and not here.over(day, cue) and not cue.released]
    if not rest:
        raise RefusedError("nothing_left", f"{window.name}没有还没叫的班，无可顺延")
    if wish.delay_s < 0:
        if len(rest) < len([one for one in calls if one[1].state == "planned"]):
            raise RefusedError("already_begun", f"{window.name}已经开始叫班，不能再提前")
        earliest = min(cue.at for _, cue in rest) + timedelta(seconds=wish.delay_s)
        if earliest < max(at + timedelta(seconds=limits.BACK_AFTER_S), window.opens):
            raise RefusedError(
                "too_early", f"提前后第一个班在 {local(earliest, here.plan):%H:%M:%S}，早于现在或时段开始"
            )
    return {"window": window.id, "delay_s": wish.delay_s, "cues": tuple(cue.id for _, cue in rest)}


def _skip(here: Situation, wish: Wish) -> dict[str, object]:
    name = class_name(here, wish.cls)
    rest = [
        cue
        for day, cue in sorted(here.cues(wish.gate), key=lambda row: order(row[1]))
        if wish.cls in cue.classes
        and cue.kind == "call"
        and cue.state == "planned"
        and wish.window in (None, cue.window)
        and not here.over(day, cue)
    ]
    if not rest:
        if any(wish.cls in cue.classes and cue.state == "cancelled" for _, cue in here.cues(wish.gate)):
            raise RefusedError("already_skipped", f"{name}已经暂缓")
        raise RefusedError("already_spoken", f"{name}已经叫过，或今天没有它的口令，来不及暂缓")
    rest = [cue for cue in rest if cue.window == rest[0].window]
    asked(wish, together(here, wish, rest, "暂缓"))
    return {"class": wish.cls, "cues": tuple(cue.id for cue in rest)}


def _led_out(here: Situation, wish: Wish, at: datetime) -> dict[str, object]:
    """The class is out, with whom it waited for: it moves nothing, so no call of it may be still to come."""
    name = class_name(here, wish.cls)
    rows = [row for row in here.cues(None) if wish.cls in row[1].classes and row[1].kind == "call"]
    rows = [row for row in rows if wish.window in (None, row[1].window)]
    if not rows:
        raise RefusedError("not_called", f"{name}今天这里没有叫班")
    done = [cue for day, cue in rows if not _comes(here, day, cue, at) and (cue.state == "planned" or cue.at <= at)]
    window = max(done, key=order).window if done else None
    own = [(day, cue) for day, cue in rows if cue.window == window]
    if not done or any(_comes(here, day, cue, at) for day, cue in own):
        raise RefusedError("to_come", f"{name}还没叫：已经带出就先按“本班暂缓”，免得再叫它")
    if (wish.cls, window) in here.led_out:
        raise RefusedError("already_left", f"{name}已经报过带出")
    return {"class": wish.cls, "window": window, "cues": tuple(dict.fromkeys(cue.id for _, cue in own))}


def _call(here: Situation, wish: Wish, at: datetime) -> dict[str, object]:
    name = class_name(here, wish.cls)
    own = next(one for one in here.plan.classes if one.id == wish.cls)
    # Where it waits and what is said today (in rain, while a gate is closed) is known from its call nearest to now.
    known = [(cue, day.gate) for day, cue in here.cues(wish.gate) if _calls(cue, own.id)]
    nearest = min(known, key=lambda row: (abs(row[0].at - at), row[0].id, row[1]), default=None)
    gate = wish.gate or (nearest[1] if nearest else here.plan.gate_of(own))
    if here.held(gate):
        raise RefusedError("held", f"{gate_name(here, gate)}正在暂停，恢复后才能叫班")
    day = next(day for day in here.days if day.gate == gate)
    rows = [row for row in here.cues(None) if own.id in row[1].classes and row[1].kind == "call"]
    to_come = [(one, cue) for one, cue in rows if _comes(here, one, cue, at)]
    awaited = {cue.window for one, cue in to_come if one.gate == gate}
    windows = [one for one in _open(here, day, at) if one.kind == "dismissal"]
    window = max(windows, key=lambda one: one.id in awaited, default=None)  # of two its own
    own_window = window.id if window else None
    slot = cue_id(here.on, own_window, own.id, "call")
    free = _free_id(here, day, slot)
    asks: list[tuple[str, str]] = []
    if any(cue.window == own_window and here.over(one, cue) for one, cue in rows):
        asks.append(("again", f"{name}已经叫过，再叫一次吗？"))
    elif (own.id, own_window) in here.led_out:
        asks.append(("again", f"{name}已经报过带出，仍要叫吗？"))
    twice = [
        (one.gate, cue) for one, cue in to_come if (one.gate, cue.id) != (gate, slot) and _soon(here, one, cue, at)
    ]
    if twice:
        there, cue = min(twice, key=lambda row: order(row[1]))
        when = f"{local(cue.at, here.plan):%H:%M}在{gate_name(here, there)}"
        asks.append(("to_come", f"{name}{when}还要叫一次：现在叫了，到时还会再叫。仍要叫吗？"))
    if window is None:
        asks.append(("outside", f"现在不在放学时段内，仍要叫{name}吗？"))
    elif window.closes - at < timedelta(seconds=limits.CLIP_MAX_S):  # behind a sentence it may not begin any more
        ends = f"{local(window.closes, here.plan):%H:%M:%S}"
        asks.append(
            ("ends", f"{window.name}{ends}就结束，{name}可能来不及叫：结束以后再叫，才一定会播。仍要现在叫吗？")
        )
    asked(wish, [*asks, *unheard(here, [day], at, f"现在叫，{name}听不到。仍要叫吗？")])
    zone = next(zone.name for zone in here.plan.zones if zone.id == own.zone)
    text = here.plan.sentences.call.replace("{zone}", zone).replace("{classes}", name)
    return {"class": own.id, "gate": gate, "cues": (free,), "text": nearest[0].say if nearest else text}


def _comes(here: Situation, day: GateDay, cue: Cue, at: datetime) -> bool:
    """Whether a call is still to come: nothing of a window that is over is, also where its gate has not said so."""
    window = here.windows(day, at).get(cue.window or "")
    return cue.state == "planned" and not here.over(day, cue) and (window is None or at < window.closes)


def _open(here: Situation, day: GateDay, at: datetime) -> list[Window]:
    """The windows that are open at a gate, as holds moved their ends."""
    return [one for one in here.windows(day, at).values() if one.opens <= at < one.closes]


def _soon(here: Situation, day: GateDay, cue: Cue, at: datetime) -> bool:
    """Whether a call that is to come belongs to the same dismissal: a class leaves at noon, and in the evening."""
    soon = at + timedelta(seconds=limits.SAME_PEAK_S)
    return cue.at <= soon or cue.window in {one.id for one in _open(here, day, at)}


def _calls(cue: Cue, subject: str) -> bool:
    """Whether it is a planned call of this class, not of a group that it is in."""
    return cue.kind == "call" and "#" not in cue.id and cue.id.split("/")[2] == subject


def _repeat(here: Situation, wish: Wish, at: datetime) -> dict[str, object]:
    """The cue that is named, or the newest that was heard at the gate."""
    done = [
        (max(record.actual for record in records if record.actual), day, cue)
        for day, cue in here.cues(wish.gate)
        if (records := [one for one in here.records.get(f"{day.gate} {cue.id}", ()) if one.final and one.actual])
        and wish.cue in (None, cue.id)
        and cue.kind == "call"
    ]
    if not done:
        raise RefusedError("not_spoken", "还没有播完的口令可以重播；正在播的请等它播完")
    _, day, cue = max(done, key=lambda row: (row[0], row[2].id))
    if here.held(day.gate):
        raise RefusedError("held", f"{gate_name(here, day.gate)}正在暂停，恢复后才能重播")
    if cue.window is not None and cue.window not in {one.id for one in _open(here, day, at)}:
        raise RefusedError("over", f"{window_named(here, cue.window).name}已经结束，重播不了：请点班级，按“叫班”")
    asked(wish, unheard(here, [day], at, "现在重播，没有人听到。仍要重播吗？"))
    return {"gate": day.gate, "cues": (_free_id(here, day, cue.id.split("#")[0]),)}


def _free_id(here: Situation, day: GateDay, slot: str) -> str:
    """The slot itself while it was not heard; afterwards `#2`, `#3` …, so that it is a call of its own."""
    known = {cue.id: cue for cue in day.cues}
    if slot not in known or not here.over(day, known[slot]):
        return slot
    told = {key.split(" ")[1] for key in here.records}  # also what a restored backup forgot, and a gate knows
    return next(own for n in range(2, 1000) if (own := f"{slot}#{n}") not in {*known, *told})


def _extend(here: Situation, wish: Wish, at: datetime) -> dict[str, object]:
    window = window_named(here, wish.window)
    if not wish.delay_s or wish.delay_s < 0:
        raise RefusedError("no_delay", "没有写延长多少秒：delay_s 要大于 0")
    days = [day for day in here.days if wish.gate in (None, day.gate)]
    if all(one is None or one.closes <= at for one in (here.windows(day, at).get(window.id) for day in days)):
        raise RefusedError("over", f"{window.name}已经结束，延长不了：没叫到的班请点班级，按“叫班”")
    by = timedelta(seconds=wish.delay_s)
    own = [(day, one) for day in days for one in day.windows if one.id == window.id]
    later = [one for day, ends in own for one in day.windows if ends.closes <= one.opens < ends.closes + by]
    if later:
        raise RefusedError("overlap", f"会与{later[0].name}重叠，最多延长到 {local(later[0].opens, here.plan):%H:%M}")
    return {"window": window.id, "delay_s": wish.delay_s}


def _undo(here: Situation, wish: Wish) -> dict[str, object]:
    done = next((one for one in standing(here.changes) if one.n == wish.undoes), None)
    if done is None:
        raise RefusedError("not_done", "没有这项变更，或它已经撤销")
    if done.kind == "hold":
        raise RefusedError("use_resume", "暂停不能撤销：请按“恢复”结束它")
    if done.kind == "resume":
        raise RefusedError("use_hold", "恢复不能撤销，结束的暂停不会再开始：要停，请重新按“暂停”")
    if done.kind in ("call", "repeat", "notice", "release", "ready"):
        ids = {*done.cues, f"{here.on}/none/n{done.n}/notice"}
        if any(here.over(day, cue) for day, cue in here.cues(None) if cue.id in ids):
            raise RefusedError("already_spoken", "已经播出或正在播，撤销不了")
    # What was heard meanwhile is not brought back: it would take a place in the order.
    rows = [(cue.id, here.over(day, cue)) for day, cue in here.cues(None) if cue.state == "planned"]
    spoken = {own for own, over in rows if over} - {own for own, over in rows if not over}
    known = dict.fromkeys((*done.cues, *(cue.id for _, cue in here.cues(None))))  # also what a closed day has not
    return {"undoes": done.n, "cues": tuple(own for own in known if own not in spoken)[: limits.CUES_MAX]}
