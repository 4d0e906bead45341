"""The whole system under one clock: a centre, two gates, their broker, disks and loudspeakers; the product's own parts.

`World` jumps from instant to instant. Every effect passes through a machine's `effect`, where checkers see it and where
the power can go. True time is `world.t`, seconds after START; what a machine believes is its own clock's matter.
"""

import hashlib
import heapq
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from broker.wire.topics import Address
from broker.wire.transport_memory import MemoryBroker, MemoryTransport
from config.clock_fake import FakeClock
from config.lint import read
from config.plan import Plan
from edge.book import Entry, Whole
from edge.report import Lights

START = datetime(2026, 11, 25, 3, 24, 30, tzinfo=UTC)
"""11:24:30 by the school's clocks; the window of sim/day.toml opens half a minute later."""
DATE = START.date()
TEXT = Path(__file__).with_name("sim").joinpath("day.toml").read_text("utf-8")
GATES = ("east", "west")
STEPS_MAX = 60
"""Turns of the world in one instant; more is a machine that never sleeps."""


class PowerCutError(BaseException):
    """The machine is gone before an effect. A BaseException, so that nothing in the product catches it."""


# What can be seen ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wrote:
    """A journal entry; `durable` False: the disk refused it."""

    entry: Entry
    durable: bool

    def __str__(self) -> str:
        if isinstance(self.entry, Whole):
            return "wrote all anew"
        fields = {**self.entry.model_dump(mode="json", exclude={"payload"}), "durable": self.durable}
        record = fields.pop("record", None) or {}
        shown = ("cue", "attempt", "revision", "result", "final", "actual", "heard", "slip_s", "bound_s", "source")
        return "wrote " + " ".join(f"{key}={value}" for key, value in [*fields.items(), *_only(record, shown)])


@dataclass(frozen=True, slots=True)
class Plays:
    """The loudspeaker was told to play; `sounds`: and something will be heard."""

    token: str
    sounds: bool


@dataclass(frozen=True, slots=True)
class Shows:
    lights: Lights


@dataclass(frozen=True, slots=True)
class Sends:
    topic: str
    payload: bytes

    def __str__(self) -> str:
        return f"sends {self.topic.split('/', 3)[3]} {len(self.payload)} bytes {zlib.crc32(self.payload):08x}"


@dataclass(frozen=True, slots=True)
class Renders:
    """A sentence is ready at a gate."""

    say: str


@dataclass(frozen=True, slots=True)
class Started:
    """A process; the first thing seen of it."""


@dataclass(frozen=True, slots=True)
class Told:
    """What people did and were told, what happened to a machine: words for the trace."""

    text: str


What = Wrote | Plays | Shows | Sends | Renders | Started | Told


def _only(fields: dict[str, Any], names: tuple[str, ...]) -> Iterator[tuple[str, object]]:
    return ((name, fields[name]) for name in names if name in fields)


@dataclass(frozen=True, slots=True)
class Scene:
    """A school, and where its time begins: t = 0 is `start`, a minute before the first call that things happen around.

    `near`: spans of t around the windows; outside of them the machines look at the clock each `idle_tick_s` alone.
    """

    plan: Plan
    text: str
    start: datetime
    near: tuple[tuple[float, float], ...]
    idle_tick_s: float = 5.0


SCENE = Scene(read(TEXT, "day.toml")[0], TEXT, START, ((20.0, 200.0),))


def address(gate: str) -> Address:
    return Address(SCENE.plan.school.id, gate)


# Machines -----------------------------------------------------------------------------------------


@dataclass(slots=True)
class Fuse:
    """The power goes before so many more effects; `only`: of this kind ("": of any).

    `left`: what the disk keeps of an entry on its way; `sent`: what was handed to the network just before still leaves.
    """

    effects_left: int
    off_s: float
    left: str = "nothing"
    sent: bool = False
    only: str = ""


class Machine(ABC):
    """A computer with its own clock. Subclasses say what runs on it."""

    def __init__(self, world: "World", name: str) -> None:
        self.world, self.name = world, name
        self.clock = FakeClock(world.utc, error_s=None)
        self.up = False
        self.fuse: Fuse | None = None
        self.wake_s = 0.0
        self.transport: MemoryTransport | None = None

    def saw(self, what: What) -> None:
        self.world.saw(self.name, what)

    def effect(self, kind: str) -> None:
        """About to do something that the outside can see."""
        if self.fuse is not None and self.fuse.only in ("", kind):
            self.fuse.effects_left -= 1
            if self.fuse.effects_left < 0:
                raise PowerCutError

    def boot(self) -> None:
        """The process starts."""
        self.up = True
        self.guarded(self.start)
        self.wake_s = self.clock.monotonic_s()

    def guarded(self, act: Callable[[], None]) -> None:
        """Do it; the power may go meanwhile. An error of ours is a violation."""
        try:
            act()
        except PowerCutError:
            assert self.fuse is not None
            self.cut_power(self.fuse.off_s)
        except Exception as error:  # of any kind: reported as a violation with its seed
            self.world.violate("crashed", f"{self.name}: {type(error).__name__}: {error}")
            if self.world.reraise:
                raise

    def cut_power(self, off_s: float) -> None:
        """Now, without a goodbye, for so long."""
        if self.fuse is not None and self.fuse.sent:
            self.flush()
        self.fuse = None
        if self.up:
            self.up = False
            self.saw(Told(f"power cut for {off_s:.1f} s"))
            self.stop()
            self.world.after(off_s, self.boot)

    def flush(self) -> None:
        """What was handed to the network leaves."""
        if self.transport is not None:
            self.world.broker._carry(self.transport)

    @abstractmethod
    def turn(self) -> bool:
        """Whatever waits or is due; whether anything moved."""

    @abstractmethod
    def start(self) -> None: ...

    @abstractmethod
    def stop(self) -> None: ...


class Watches(Protocol):
    """Who sees every effect, and tells what is wrong: the rule and the words."""

    def look(self, where: str, what: What) -> Iterator[tuple[str, str]]: ...


class World:
    """`machines` are turned until nothing moves, then time jumps; `after(seconds, act)` is how else things happen."""

    def __init__(self, seed: int, scene: Scene = SCENE, t: float = 0.0) -> None:
        self.seed, self.scene = seed, scene
        self.t = t
        self.reraise = False
        self.broker_clock = FakeClock(self.utc)
        self.broker = MemoryBroker(self.broker_clock)
        self.machines: list[Machine] = []
        self.watch: Watches | None = None
        self.violations: list[str] = []
        self.lines: list[str] = []
        self._digest = hashlib.sha256()
        self._coming: list[tuple[float, int, Callable[[], None]]] = []
        self._n = 0

    def address(self, gate: str) -> Address:
        return Address(self.scene.plan.school.id, gate)

    @property
    def idle(self) -> bool:
        """No window is near."""
        return not any(begins < self.t < ends for begins, ends in self.scene.near)

    @property
    def utc(self) -> datetime:
        """The true time."""
        return self.scene.start + timedelta(seconds=self.t)

    @property
    def trace_hash(self) -> str:
        return self._digest.hexdigest()

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        self._n += 1
        heapq.heappush(self._coming, (self.t + seconds, self._n, act))

    def on(self, t: float, act: Callable[[], None]) -> None:
        self.after(t - self.t, act)

    def saw(self, where: str, what: What) -> None:
        line = f"{self.t:9.3f} {where:6} {what}"
        self._digest.update(line.encode())
        self.lines.append(line)
        del self.lines[:-60]
        for rule, found in self.watch.look(where, what) if self.watch else ():
            self.violate(rule, f"{where}: {found}")

    def violate(self, rule: str, text: str) -> None:
        self.lines.append(f"{self.t:9.3f} VIOLATED {rule}: {text}")
        self.violations.append(f"{rule}: {text}")

    def run(self, until: float) -> None:
        """Until this instant, or the first violation."""
        while self.t < until and not self.violations:
            self._settle()
            self._advance(min(until, max(self._next(), self.t + 0.001)))
            while self._coming and self._coming[0][0] <= self.t + 1e-9:
                heapq.heappop(self._coming)[2]()

    def _settle(self) -> None:
        for _ in range(STEPS_MAX):
            self.broker.deliver()
            moved = [machine.turn() for machine in self.machines if machine.up]
            if not any(moved) or self.violations:
                return
        self.violate("bounded", "they answer each other without end")

    def _next(self) -> float:
        due = [self._coming[0][0]] if self._coming else []
        if self.broker.due_s is not None:
            due.append(self.t + self.broker.due_s - self.broker_clock.monotonic_s())
        due += [self.t + one.wake_s - one.clock.monotonic_s() for one in self.machines if one.up]
        return min(due)

    def _advance(self, to: float) -> None:
        seconds, self.t = to - self.t, to
        for clock in (self.broker_clock, *(machine.clock for machine in self.machines)):
            clock.advance(seconds)
