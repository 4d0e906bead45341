"""A console without a centre: a counter that answers as it is told, and a box that runs at once or never."""

import asyncio
import json
import queue
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

import httpx

from broker.called import ClassState
from broker.console.app import made
from broker.console.feed import Feed
from broker.console.line import Line
from broker.situation import RefusedError
from broker.view import (
    ChangeView,
    ClassView,
    GateView,
    HoldView,
    NewerView,
    View,
    WindowView,
)
from broker.wish import AlertAnswer, AlertWish, Answer, Choice, Chosen, Wish
from config.errors import OutsideError

LIMIT_S = 30.0
NOW = datetime(2026, 11, 25, 3, 31, tzinfo=UTC)
NOON = WindowView(
    id="noon", name="午放学", kind="dismissal", opens=NOW - timedelta(minutes=5), closes=NOW + timedelta(minutes=25),
    open=True,
)  # fmt: skip
NAMES = "一二三四五六"
DAY_TYPES = {"normal": "正常", "closed": "停课", "rain": "雨天"}


def gate(own: str, **changes: object) -> GateView:
    made = {
        "id": own, "name": {"east": "东门", "west": "西门"}[own], "link": "up", "age_s": 3.0, "doing": "idle",
        "now": None, "next": "请注意，三年级三班正在放学。", "next_at": NOW + timedelta(seconds=45),
        "window": NOON, "pacing": "timed", "next_class": None, "released": (),
        "said": 2, "total": 12, "holds": (), "revision": 3, "confirmed": True, "check": (),
        "alert_seq": 0,
    }  # fmt: skip
    return GateView.model_validate({**made, **changes})


def classes() -> tuple[ClassView, ...]:
    states: tuple[ClassState, ...] = ("called", "called", "next", "waiting", "skipped", "missed")
    return tuple(
        ClassView(
            id=f"g{grade}c{n + 1}", name=f"{NAMES[grade - 1]}年级{NAMES[n]}班", gate="east" if grade % 2 else "west",
            zone="A区", state="calling" if (grade, n) == (4, 2) else states[n], at=NOW + timedelta(seconds=45 * n),
            pacing="timed", window="noon",
        )
        for grade in (3, 4) for n in range(6)
    )  # fmt: skip


def state(**changes: object) -> View:
    rest = {"at": NOW, "by": "王老师", "why": None, "gate": "east", "class_id": None, "window": None, "undoes": None}
    changed = (
        ChangeView.model_validate({"n": 2, "kind": "delay", "delay_s": 120.0, "undone": False, **rest}),
        ChangeView.model_validate(
            {"n": 1, "kind": "skip", "delay_s": None, "undone": True, **rest, "class_id": "g3c5"}
        ),
    )
    gates = (
        gate("east"),
        gate("west", doing="calling", now="请注意，四年级三班正在放学。", said=3),
    )
    made = {
        "v": 1, "school": "shifan", "name": "示范小学", "zone": "Asia/Shanghai", "date": "2026-11-25",
        "day_type": "normal", "server_time": NOW, "vouched": True, "bound_s": 0.1, "window": NOON, "windows": (NOON,),
        "gates": gates, "confirmed": 2, "classes": classes(), "changes": changed, "alert": None, "alerts": (),
        "strays": (), "newer": (), "kept": (),
        "day_types": tuple({"id": own, "name": name} for own, name in DAY_TYPES.items()),
    }  # fmt: skip
    return View.model_validate({**made, **changes})


def held() -> View:
    one = HoldView(id="change-7", since=NOW, by="王老师", why="校车没到")
    gates = (gate("east", doing="held", holds=(one,)), gate("west", confirmed=False, age_s=42.0, link="up"))
    return state(gates=gates, confirmed=1, vouched=False)


def restored() -> View:
    """A centre of an old backup: the east gate holds two days that it did not issue; of a third it was decided."""
    newer = tuple(
        NewerView(date=NOW.date() + timedelta(days=n), gate="east", name="东门", revision=12 - n, issued=3)
        for n in range(2)
    )
    return state(newer=newer, kept=(NOW.date() + timedelta(days=4),))


@dataclass
class FakeCentre:
    """Does what a test says. `wishes`, `choices`: what came, in order."""

    shown: View = field(default_factory=state)
    fails: Exception | None = None
    wishes: list[Wish] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    alarms: list[AlertWish] = field(default_factory=list)
    confirmed: list[str] = field(default_factory=list)

    def submit(self, wish: Wish) -> Answer:
        self.wishes.append(wish)
        if self.fails is not None:
            raise self.fails
        if wish.kind == "call" and not wish.confirmed:
            raise RefusedError("outside", "现在不在放学时段内，仍要叫三年级一班吗？", ask_again=True)
        revisions = {one.id: one.revision for one in self.shown.gates}
        return Answer(n=1, kind=wish.kind, lines=("东门 暂停",), revisions=revisions, again=False)

    def preview(self, wish: Wish) -> tuple[str, ...]:
        return self.submit(wish).lines

    def choose(self, choice: Choice) -> Chosen:
        self.choices.append(choice)
        if self.fails is not None:
            raise self.fails
        if not choice.confirmed:
            raise RefusedError("sure", "11月25日以中心的为准？", ask_again=True)
        revisions = {} if choice.choose == "keep" else {one.id: one.revision for one in self.shown.gates}
        return Chosen(choose=choice.choose, dates=choice.dates, revisions=revisions, again=False)

    def alert(self, wish: AlertWish) -> AlertAnswer:
        self.alarms.append(wish)
        if self.fails is not None:
            raise self.fails
        if wish.action == "clear" and not wish.confirmed:
            raise RefusedError("sure", "确认已经安全，解除“疏散”警报？", ask_again=True)
        status: Literal["actual", "drill"] = "drill" if wish.drill else "actual"
        return AlertAnswer(seq=7, action=wish.action, status=status, replaces=None, again=False)

    def confirm_time(self, by: str) -> None:
        if isinstance(self.fails, OutsideError):
            raise self.fails
        self.confirmed.append(by)

    def view(self) -> View:
        return self.shown


class Now:
    """A box whose loop takes at once."""

    def put_nowait(self, item: Callable[[], None], /) -> None:
        item()


@dataclass
class Never:
    """A box whose loop stands still; with `full`, one that takes nothing more."""

    full: bool = False
    waiting: list[Callable[[], None]] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    def put_nowait(self, item: Callable[[], None], /) -> None:
        if self.full:
            raise queue.Full
        self.waiting.append(item)
        self.came.set()

    async def filled(self) -> None:
        """Until something waits; on the loop that puts it there."""
        await asyncio.wait_for(self.came.wait(), 30)


class Rig:
    """The application, and a client that looks like the page."""

    def __init__(self, box: Now | Never | None = None, *, answer_s: float = LIMIT_S, beat_s: float = LIMIT_S) -> None:
        self.centre, self.log, self.now_s = FakeCentre(), list[str](), 0.0
        box = box or Now()
        self.feed = Feed(self.centre, box, lambda: self.now_s, beat_s)
        self.app = made(Line(self.centre, box, self.log.append, answer_s), self.feed, 8300)

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8300") as client:
                raw = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
                sent = {"content-type": "application/json", **headers} if raw is not None else headers
                return await client.request(method, path, content=raw, headers=sent)

        return asyncio.run(once())

    def post(self, body: object, path: str = "/v1/changes", **headers: str) -> httpx.Response:
        return self.ask("POST", path, body, **headers)
