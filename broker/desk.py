"""The desk: what a person asks becomes a Change, or is refused with the reason; in words before it is done. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from broker.issued import Newer
from broker.wire.messages import Record, Status
from config import limits
from config.changes import Change, applied, standing
from config.day import Cue, GateDay, Window, cue_id, order
from config.errors import BadInputError
from config.pacing import windows_now
from config.plan import Plan
from config.timetable import local
from config.types import CueId, Day, Frozen, Id, Name, Say, Slug

WishKind = Literal["hold", "resume", "delay", "skip", "call", "repeat", "notice", "extend", "undo"]


class Wish(Frozen):
    """What a person asks, as REST takes it. `key` makes it once. `confirmed`: asked twice, and meant.

    hold [gate] · resume ids · delay window delay_s [gate] · skip class [window] · call class [gate] · repeat [cue]
    [gate] · notice text [gate] · extend window delay_s · undo undoes
    """

    key: Id
    by: Name
    why: Name | None = None
    kind: WishKind
    gate: Slug | None = None
    window: Slug | None = None
    cls: Slug | None = Field(default=None, alias="class")
    cue: CueId | None = None
    ids: Annotated[tuple[Id, ...], Field(max_length=limits.HOLDS_MAX)] = ()
    delay_s: Annotated[float, Field(ge=-7200, le=7200)] | None = None
    text: Say | None = None
    undoes: Annotated[int, Field(ge=0, lt=2**53)] | None = None
    confirmed: bool = False


class Choice(Frozen):
    """Whose days count where gates hold newer ones than the centre issued. `dates`: those that were shown, or all."""

    key: Id
    by: Name
    choose: Literal["keep", "mine"]
    dates: Annotated[tuple[Day, ...], Field(max_length=limits.HORIZON_DAYS + 1)] = ()
    confirmed: bool = False


class RefusedError(BadInputError):
    """Nothing was changed. `code` for programs, the text for people; `ask_again`: a second yes would do it."""

    def __init__(self, code: str, text: str, *, ask_again: bool = False) -> None:
        self.code, self.ask_again = code, ask_again
        super().__init__(text)


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


def propose(here: Situation, wish: Wish, n: int, at: datetime) -> Change:
    """The change that does what is asked at `at`. Raises RefusedError."""
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
        case "call":
            more = _call(here, wish, at)
        case "repeat":
            more = _repeat(here, wish)
        case "notice":
            if wish.text is None:
                raise RefusedError("no_text", "通知没有文字：请写上要播的一句话")
            more = {"text": wish.text}
        case "extend":
            more = _extend(here, wish)
        case "undo":
            more = _undo(here, wish)
    fields = {"v": 1, "n": n, "key": wish.key, "at": at, "by": wish.by, "why": wish.why, "kind": wish.kind}
    return Change.model_validate({**fields, "gate": wish.gate, **more})


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


def _ours(here: Situation) -> None:
    """What the centre may not issue it does not promise either."""
    remedy = "请先选“以中心的为准”；要马上停，请门卫按门口的暂停键"
    if here.on in here.kept:
        raise RefusedError("gates_own", f"今天校门按自己的放学表走，中心改不了：{remedy}")
    if not here.ours:
        raise RefusedError("newer_at_gate", f"校门上有比中心更新的放学表，中心改不了：{remedy}")


def after(here: Situation, base: Iterable[GateDay], change: Change) -> tuple[GateDay, ...]:
    """The days with the change: what the centre would issue. `base`: the days as the plan alone makes them."""
    return applied(tuple(base), (*here.changes, change))


def described(plan: Plan, before: Iterable[GateDay], then: Iterable[GateDay]) -> tuple[str, ...]:
    """What a change does, by cue: “三年级一班 16:30:00 → 16:32:00 东门”."""
    gates = {gate.id: gate.name for gate in plan.gates}
    names = {one.id: one.name for one in plan.classes}
    lines = []
    for old, new in zip(before, then, strict=True):
        was = {cue.id: cue for cue in old.cues}
        now = {cue.id: cue for cue in new.cues}
        for cue in sorted({**was, **now}.values(), key=order):
            first, second = _shown(was.get(cue.id), plan), _shown(now.get(cue.id), plan)
            if first != second:
                who = "、".join(names.get(one, one) for one in cue.classes) or cue.say
                lines.append(f"{who} {first} → {second} {gates[new.gate]}")
        lines += _moved_windows(old, new, plan, gates[new.gate])
        opened = {hold.id for hold in new.holds if hold.to is None} - {hold.id for hold in old.holds if hold.to is None}
        ended = {hold.id for hold in new.holds if hold.to} - {hold.id for hold in old.holds if hold.to}
        lines += [f"{gates[new.gate]} 暂停"] * bool(opened) + [f"{gates[new.gate]} 恢复"] * bool(ended)
    return tuple(lines)


def _shown(cue: Cue | None, plan: Plan) -> str:
    if cue is None:
        return "—"
    return "本班暂缓" if cue.state == "cancelled" else f"{local(cue.at, plan):%H:%M:%S}"


def _moved_windows(old: GateDay, new: GateDay, plan: Plan, gate: str) -> list[str]:
    was = {window.id: window.closes for window in old.windows}
    return [
        f"{window.name}结束 {local(was[window.id], plan):%H:%M:%S} → {local(window.closes, plan):%H:%M:%S} {gate}"
        for window in new.windows
        if window.id in was and was[window.id] != window.closes
    ]


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
    window = _window(here, wish.window)
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
    name = _class(here, wish.cls)
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
    return {"class": wish.cls, "cues": tuple(cue.id for cue in rest if cue.window == rest[0].window)}


def _call(here: Situation, wish: Wish, at: datetime) -> dict[str, object]:
    name = _class(here, wish.cls)
    own = next(one for one in here.plan.classes if one.id == wish.cls)
    gate = wish.gate or here.plan.gate_of(own)
    if here.held(gate):
        raise RefusedError("held", f"{_gate(here, gate)}正在暂停，恢复后才能叫班")
    day = next(day for day in here.days if day.gate == gate)
    text = here.plan.sentences.call.replace("{classes}", name)
    windows = windows_now(day, day.holds, at).values()
    window = next((one for one in windows if one.opens <= at < one.closes and one.kind == "dismissal"), None)
    if window is None and not wish.confirmed:
        raise RefusedError("outside", f"现在不在放学时段内，仍要叫{name}吗？", ask_again=True)
    slot = cue_id(here.on, window.id if window else None, own.id, "call")
    free = _free_id(here, day, slot)
    if free != slot and not wish.confirmed:
        raise RefusedError("again", f"{name}已经叫过，再叫一次吗？", ask_again=True)
    return {"class": own.id, "gate": gate, "cues": (free,), "text": text}


def _repeat(here: Situation, wish: Wish) -> dict[str, object]:
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
        raise RefusedError("held", f"{_gate(here, day.gate)}正在暂停，恢复后才能重播")
    return {"gate": day.gate, "cues": (_free_id(here, day, cue.id.split("#")[0]),)}


def _free_id(here: Situation, day: GateDay, slot: str) -> str:
    """The slot itself while it was not heard; afterwards `#2`, `#3` …, so that it is a call of its own."""
    known = {cue.id: cue for cue in day.cues}
    if slot not in known or not here.over(day, known[slot]):
        return slot
    told = {key.split(" ")[1] for key in here.records}  # also what a restored backup forgot, and a gate knows
    return next(own for n in range(2, 1000) if (own := f"{slot}#{n}") not in {*known, *told})


def _extend(here: Situation, wish: Wish) -> dict[str, object]:
    window = _window(here, wish.window)
    if not wish.delay_s or wish.delay_s < 0:
        raise RefusedError("no_delay", "没有写延长多少秒：delay_s 要大于 0")
    to = window.closes + timedelta(seconds=wish.delay_s)
    later = [one for day in here.days for one in day.windows if window.closes <= one.opens < to]
    if later:
        raise RefusedError("overlap", f"会与{later[0].name}重叠，最多延长到 {local(later[0].opens, here.plan):%H:%M}")
    return {"window": window.id, "to": to}


def _undo(here: Situation, wish: Wish) -> dict[str, object]:
    done = next((one for one in standing(here.changes) if one.n == wish.undoes), None)
    if done is None:
        raise RefusedError("not_done", "没有这项变更，或它已经撤销")
    if done.kind == "hold":
        raise RefusedError("use_resume", "暂停不能撤销：请按“恢复”结束它")
    if done.kind == "resume":
        raise RefusedError("use_hold", "恢复不能撤销，结束的暂停不会再开始：要停，请重新按“暂停”")
    if done.kind in ("call", "repeat", "notice"):
        ids = {*done.cues, f"{here.on}/none/n{done.n}/notice"}
        if any(here.over(day, cue) for day, cue in here.cues(None) if cue.id in ids):
            raise RefusedError("already_spoken", "已经播出，撤销不了")
    return {"undoes": done.n}


def _window(here: Situation, wanted: str | None) -> Window:
    found = next((one for day in here.days for one in day.windows if one.id == wanted), None)
    if found is None:
        known = dict.fromkeys(f"{one.id}（{one.name}）" for day in here.days for one in day.windows)
        raise RefusedError(
            "no_window", f"今天没有时段 {wanted or '（未写）'}。可选：{'、'.join(known) or '无，今天停课'}"
        )
    return found


def _class(here: Situation, wanted: str | None) -> str:
    found = next((one.name for one in here.plan.classes if one.id == wanted), None)
    if found is None:
        raise RefusedError(
            "no_class", f"没有班级 {wanted or '（未写）'}，请用方案里的编号，例如 {here.plan.classes[0].id}"
        )
    return found


def _gate(here: Situation, wanted: str) -> str:
    return next(gate.name for gate in here.plan.gates if gate.id == wanted)
