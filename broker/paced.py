"""Windows that people pace: who may be let go there, who was, and who is next. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from broker.situation import RefusedError, Situation, class_name, gate_name
from broker.wish import Wish
from config import limits
from config.day import Cue, GateDay, Window
from config.pacing import NOBODY, Hands, by_hand, release, upcoming, waiting
from config.timetable import local


def let_go(here: Situation, wish: Wish, at: datetime) -> dict[str, object]:
    """What the change of a `release` or a `ready` names: one waiting call of one gate. Raises RefusedError."""
    name = class_name(here, wish.cls)
    found = [row for row in _paced(here, at) if wish.cls in row[2].classes and wish.gate in (None, row[0].gate)]
    found = [row for row in found if wish.window in (None, row[1].id)]
    if not found:
        raise RefusedError("not_paced", f"{name}今天没有由人放行的时段，到时刻自动叫；要现在叫，请用“叫班”")
    if wish.kind == "ready":
        found = [row for row in found if row[1].pacing == "ready"]
        if not found:
            raise RefusedError("not_ready", f"{name}的时段是按键放行，不用报整队完成：请按“放行下一班”")
    # A class may line up before the gates open; a guard lets nobody go before that.
    before = timedelta(seconds=limits.SELF_CHECK_S if wish.kind == "ready" else 0)
    now = [row for row in found if row[1].opens - before <= at < row[1].closes]
    if not now:
        spans = "、".join(_span(here, window) for _, window, _ in found)
        raise RefusedError("outside", f"现在不在{name}的时段内（{spans}）：时段内再放行；要现在叫，请用“叫班”")
    day, window, cue = next((row for row in now if not here.over(row[0], row[2])), now[0])
    _free(here, day, cue, name, at)
    # Who reported ready for a window that is not open yet keeps nobody here waiting.
    others = [one for one in waits(here, day, at) if (own := day.window(one)) is not None and own.opens <= at]
    if wish.kind == "release" and others:
        who = class_name(here, others[0].classes[0])
        raise RefusedError("one_waits", f"{who}已经放行，还没有叫到：叫到它以后再放行{name}")
    return {"gate": day.gate, "window": window.id, "class": wish.cls, "cues": (cue.id,)}


def _free(here: Situation, day: GateDay, cue: Cue, name: str, at: datetime) -> None:
    if here.over(day, cue):
        raise RefusedError("already_spoken", f"{name}已经叫过，或正在叫；再叫一次请用“叫班”")
    if cue.state == "cancelled":
        raise RefusedError("skipped", f"{name}已经暂缓：先在“今天的变更”里撤销“本班暂缓”")
    if here.held(day.gate):
        raise RefusedError("held", f"{gate_name(here, day.gate)}正在暂停，恢复后才能放行")
    if cue in waits(here, day, at):
        raise RefusedError("already_released", f"{name}已经放行，等校门叫到它")


def waits(here: Situation, day: GateDay, at: datetime) -> list[Cue]:
    """The calls of a gate that were let go, here or by its guard, and have not begun."""
    status = here.statuses.get(day.gate)
    begins = () if status is None else status.waiting
    return [
        cue
        for owner, window, cue in _paced(here, at)
        if owner.gate == day.gate and cue.state == "planned" and not here.over(day, cue) and at < window.closes
        if cue.id in begins or release(cue, window, NOBODY, at) is not None
    ]


def next_call(here: Situation, day: GateDay, at: datetime) -> Cue | None:
    """What people should expect next at a gate: as it says itself, else by the queue rule where people pace."""
    if (status := here.statuses.get(day.gate)) is not None:
        return next((cue for cue in day.cues if cue.id == status.next), None)
    if all(window.pacing == "timed" for window in day.windows):
        return None
    done = [cue.id for cue in day.cues if here.over(day, cue)]
    hands = Hands({}, frozenset(cue.id for cue in day.cues if _passed_over(here, day, cue)))
    queue = waiting(day, done, {}, here.windows(day, at), hands=hands, now=at)
    found = upcoming([one for one in queue if one.ends >= at], at)
    return found.cue if found else None


def next_to_release(here: Situation, day: GateDay, window: str, at: datetime) -> Cue | None:
    """Whom a release would let go in this window: who the gate says is next, else the first that still waits."""
    gone, coming = waits(here, day, at), next_call(here, day, at)
    left = [
        cue
        for owner, _, cue in _paced(here, at)
        if owner.gate == day.gate and cue.window == window and cue.state == "planned"
        if cue not in gone and not here.over(owner, cue)
    ]
    return min(left, key=lambda cue: (cue != coming, _passed_over(here, day, cue), cue.at, cue.id), default=None)


def _passed_over(here: Situation, day: GateDay, cue: Cue) -> bool:
    return any(record.result == "passed_over" for record in here.records.get(f"{day.gate} {cue.id}", ()))


def _paced(here: Situation, at: datetime) -> Iterator[tuple[GateDay, Window, Cue]]:
    for day in here.days:
        windows = here.windows(day, at)
        for cue in day.cues:
            if (window := windows.get(cue.window or "")) is not None and by_hand(cue, window):
                yield day, window, cue


def _span(here: Situation, window: Window) -> str:
    return f"{window.name} {local(window.opens, here.plan):%H:%M}–{local(window.closes, here.plan):%H:%M}"
