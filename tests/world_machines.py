"""A gate and a centre of the world: the real runtimes, with hands that tell the world what they do."""

from collections import deque
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal, cast

from audio.player_fake import FakePlayer
from broker.agenda import Tick as CentreTick
from broker.centre import Centre
from broker.centre import Parts as CentreParts
from broker.situation import RefusedError
from broker.store import Store
from broker.wire import topics
from broker.wire.transport import TransportEvent, Will
from broker.wire.transport_memory import MemoryTransport
from broker.wish import Answer, Wish
from config import limits
from config.errors import OutsideError
from config.settings import ClockSettings
from config.types import Readings
from edge.alphabet import ButtonMoved, Rendered, Tick
from edge.book import ENTRY
from edge.inbox import Inbox
from edge.journal_fake import MemoryJournal
from edge.report import Lights
from edge.runtime import Parts, Runtime
from world import Machine, Plays, Renders, Sends, Shows, Started, Told, World, Wrote

LENGTH_S = 4.0
"""Of every sentence."""
CENTRE_TICK_S = 5.0
"""The real loop looks each second; what is due at an instant the alarm rings for."""


class Wire(MemoryTransport):
    """A link whose messages are seen."""

    def __init__(self, machine: Machine, name: str, wish: str, will: Callable[[], Will] | None) -> None:
        super().__init__(machine.world.broker, name, [wish], will, machine.clock)
        self._machine = machine

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        self._machine.effect("publish")
        self._machine.saw(Sends(topic, payload))
        return super().publish(topic, payload, retain=retain)

    def accept(self, receipt: int) -> None:
        self._machine.effect("accept")
        super().accept(receipt)


class Disk(MemoryJournal):
    """A journal whose entries are seen, and torn when the power goes while one is written."""

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self._machine = machine

    def append(self, entry: bytes) -> None:
        try:
            self._machine.effect("write")
        except BaseException:
            assert self._machine.fuse is not None
            self.cut_power(entry, cast("Any", self._machine.fuse.left))
            raise
        try:
            super().append(entry)
        except OutsideError:
            self._machine.saw(Wrote(ENTRY.validate_json(entry), durable=False))
            raise
        self._machine.saw(Wrote(ENTRY.validate_json(entry), durable=True))

    def renew(self, entry: bytes) -> None:
        self._machine.effect("renew")
        super().renew(entry)
        self._machine.saw(Wrote(ENTRY.validate_json(entry), durable=True))


class Loudspeaker(FakePlayer):
    """A player whose sounds are seen; `true` is when each began, in the world's time."""

    def __init__(self, machine: "GateMachine") -> None:
        super().__init__(lambda played: machine.inbox.put(played), machine.clock, lambda _: LENGTH_S)
        self._machine = machine

    def play(self, token: str, clip: Path, gain_db: float) -> None:
        self._machine.effect("play")
        sounds = len(self.heard)
        super().play(token, clip, gain_db)
        self._machine.saw(Plays(token, len(self.heard) > sounds))


class Lamps:
    """A panel; `broken` is why it cannot be driven."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.broken = ""
        self.lights = Lights()

    def show(self, lights: Lights) -> None:
        self._machine.effect("show")
        if self.broken:
            raise OutsideError(self.broken)
        self.lights = lights
        self._machine.saw(Shows(lights))

    def close(self) -> None:
        self.lights = Lights()


class Clips:
    """A renderer: a sentence takes `takes_s` once, then it is there; None: it could not be made."""

    def __init__(self, machine: "GateMachine") -> None:
        self._machine = machine
        self.takes_s: Callable[[str], float | None] = lambda _: 0.5
        self._made: set[str] = set()

    def render(self, says: tuple[str, ...], own: Readings) -> None:
        self._machine.effect("render")
        for say in says:
            takes_s = 0.01 if say in self._made else self.takes_s(say)
            done = partial(self._done, say, self._machine.starts, good=takes_s is not None)
            self._machine.world.after(takes_s or 0.5, done)

    def _done(self, say: str, start: int, *, good: bool) -> None:
        if not self._machine.up or self._machine.starts != start:
            return
        if good:
            self._made.add(say)
            self._machine.saw(Renders(say))
        self._machine.inbox.put(Rendered(say, LENGTH_S if good else None, "" if good else "engine died"))

    def path(self, say: str) -> Path:
        return Path(say)


class GateMachine(Machine):
    """A Pi at a gate: what survives a power cut is its disk and the clips."""

    def __init__(self, world: World, name: str) -> None:
        super().__init__(world, name)
        self.inbox = Inbox()
        self.disk, self.lamps, self.clips = Disk(self), Lamps(self), Clips(self)
        self.player = Loudspeaker(self)
        self.starts = 0
        self.fingers: set[Literal["hold", "next"]] = set()
        """On its buttons; the panel tells of them when the gate starts."""
        self.runtime: Runtime | None = None

    def start(self) -> None:
        self.starts += 1
        self.inbox = Inbox()
        self.saw(Started())
        here = self.world.address(self.name)
        wire = Wire(self, str(here), topics.down_filter(here), lambda: cast("Runtime", self.runtime).will())
        parts = Parts(self.clock, self.disk, wire, self.player, self.lamps, self.clips, lambda _: None)
        self.runtime = Runtime(here, "sim", parts, f"{self.world.seed % 0xFFFF:04x}{self.name.encode().hex()[:4]}")
        self.transport = wire
        wire.start(self.inbox.put)
        for button in sorted(self.fingers):
            self.inbox.put(ButtonMoved(button, down=True, at_s=self.clock.monotonic_s()))

    def stop(self) -> None:
        self.player.lose_power()
        self.lamps.lights = Lights()
        if self.transport is not None:
            self.world.broker.cut(self.transport.name)
            self.transport.stop()
        self.runtime = self.transport = None

    def turn(self) -> bool:
        moved = not self.inbox.empty() or self.wake_s <= self.clock.monotonic_s()
        if moved:
            self.guarded(self._turn)
        return moved

    def _turn(self) -> None:
        runtime = self.runtime
        assert runtime is not None
        self.player.turn()
        ticks = self.inbox.empty()
        while not self.inbox.empty():
            event = self.inbox.get()
            assert event is not None
            runtime.handle(event)
        if ticks:
            runtime.handle(Tick())
        now_s = self.clock.monotonic_s()
        wait_s = runtime.next_wake_s()
        nothing_near = self.world.idle and wait_s > limits.TICK_MAX_S - 0.01
        self.wake_s = now_s + (self.world.scene.idle_tick_s if nothing_near else wait_s)
        if self.player.due_s is not None:
            self.wake_s = min(self.wake_s, max(now_s, self.player.due_s))


class FakeAlarm:
    def __init__(self) -> None:
        self.at: datetime | None = None

    def set(self, at: datetime) -> None:
        self.at = at

    def check(self) -> None:
        """The world looks at it each second anyway."""


class WatchedStore:
    """A store whose writes are effects: the centre can be killed before and after each."""

    def __init__(self, store: Store, machine: Machine) -> None:
        self.inner, self._machine = store, machine

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the store has
        method = getattr(self.inner, name)
        if not name.startswith(("keep", "confirm_", "unconfirm")):
            return method

        def effect(*args: object) -> object:
            self._machine.effect(name)
            kept = method(*args)
            self._machine.saw(Told(f"store {name}"))
            return kept

        return effect


class CentreMachine(Machine):
    """The school's server: what survives a kill is its store."""

    def __init__(self, world: World) -> None:
        super().__init__(world, "centre")
        self.clock.error_s = 0.1
        self.source = "kernel"
        self.store = Store(Path(":memory:"))
        self.alarm = FakeAlarm()
        self.inbox: deque[TransportEvent] = deque()
        self.centre: Centre | None = None

    def start(self) -> None:
        self.inbox.clear()
        self.saw(Started())
        self.alarm = FakeAlarm()
        wire = Wire(self, self.name, topics.up_filter(), None)
        store = cast("Store", WatchedStore(self.store, self))
        parts = CentreParts(self.clock, store, wire, self.alarm, lambda _: None)
        scene, clock = self.world.scene, ClockSettings(source=cast("Any", self.source))
        self.centre = Centre(scene.plan, scene.text, clock, parts)
        self.transport = wire
        wire.start(self.inbox.append)

    def stop(self) -> None:
        if self.transport is not None:
            self.world.broker.cut(self.name)
            self.transport.stop()
        self.centre = self.transport = None

    def turn(self) -> bool:
        moved = bool(self.inbox) or self.wake_s <= self.clock.monotonic_s()
        if moved:
            self.guarded(self._turn)
        return moved

    def _turn(self) -> None:
        assert self.centre is not None
        while self.inbox:
            self.centre.handle(self.inbox.popleft())
        now_s, utc = self.clock.monotonic_s(), self.clock.utc()
        if self.wake_s <= now_s:
            self.centre.handle(CentreTick())
            self.wake_s = now_s + (self.world.scene.idle_tick_s if self.world.idle else CENTRE_TICK_S)
        if self.alarm.at is not None and self.alarm.at > utc:
            self.wake_s = min(self.wake_s, now_s + (self.alarm.at - utc).total_seconds())

    def submit(self, wish: Wish) -> Answer | RefusedError | None:
        """None: no answer; it may have been done all the same."""
        answers: list[Answer | RefusedError] = []

        def ask() -> None:
            assert self.centre is not None
            try:
                answers.append(self.centre.submit(wish))
            except RefusedError as refused:
                answers.append(refused)

        if self.up:
            self.guarded(ask)
        return answers[0] if answers else None
