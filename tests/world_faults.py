"""What goes wrong on a day: named faults, each alone; which come together stands in world_mixes.py.

A fault draws from a source of its own, so that one left out moves no other. All of it has ended at CALM.
"""

import random
from collections.abc import Callable
from enum import Enum
from functools import partial
from pathlib import Path

from audio.player_fake import Outcome
from broker.store import Store
from broker.wire.transport_memory import Weather
from config import limits
from world import Fuse, Machine, Told, World
from world_machines import CentreMachine, GateMachine
from world_people import Staff

CALM = 165.0
"""Seconds after START: from now on nothing more goes wrong, so that every cue can end."""


class School:
    """The machines and people of one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.names = tuple(gate.id for gate in world.scene.plan.gates)
        self.centre = CentreMachine(world)
        self.gates = {gate: GateMachine(world, gate) for gate in self.names}
        self.staff = Staff(world, self.centre)
        self.dead: set[str] = set()
        self.restored = False
        world.machines = [self.centre, *self.gates.values()]

    def link(self, gate: str) -> str:
        """A gate's name at the broker."""
        return str(self.world.address(gate))

    def boot(self) -> None:
        for machine in self.world.machines:
            machine.boot()

    def calm(self) -> None:
        """Every fault ends; staff resume what is held."""
        self.world.saw("world", Told("calm"))
        self.world.broker.weather.clear()
        if not self.world.broker._running:
            self.world.broker.start()
        for machine in self.gates.values():
            machine.fuse = None
            self.world.broker.plug(self.link(machine.name))
            machine.disk.broken, machine.disk.free_bytes = "", float("inf")
            machine.player.outcome = lambda _: "whole"
            machine.lamps.broken = ""
            machine.clips.takes_s = lambda _: 0.5
        self.centre.fuse = None
        self.world.broker.plug("centre")
        if self.centre.source == "kernel":
            self.centre.clock.error_s = 0.1
        else:
            self.confirm()
        self.staff.taps = 1
        self.staff.resume_all()

    def confirm(self) -> None:
        """An owner says that the centre's time is right, once it agrees with the telephone."""
        centre = self.centre.centre
        if abs((self.centre.clock.utc() - self.world.utc).total_seconds()) > limits.OWNER_ERROR_S:
            self.world.after(10.0, self.confirm)
        elif centre is not None:
            self.centre.guarded(lambda: centre.confirm_time("校长"))


class Fault(Enum):
    """One name a fault; what it does stands in `_ARMS`."""

    POWER_CUT = "a gate's power, at any effect"
    CENTRE_KILLED = "the centre's process, at any effect"
    BROKER_EMPTY = "the broker, back without its memory"
    GATE_OFFLINE = "the link of one gate"
    ALL_OFFLINE = "the link of everybody"
    LOSSES = "messages lost"
    DOUBLES = "messages doubled"
    DELAYS = "messages late, and overtaken"
    LARGE_LOST = "messages of more than 1200 bytes: days do not arrive, live cues do"
    HALF_OPEN = "a link that stands, and carries nothing"
    DISK_FULL = "a gate's disk is full"
    DISK_READ_ONLY = "a gate's disk cannot be written"
    GATE_CLOCK_STEPS = "a gate's wall clock, 300 s for 20 s"
    CENTRE_CLOCK_STEPS = "the centre's wall clock, 300 s for 20 s; its kernel says that it is not synchronised"
    CLOCKS_OFF = "walls that are off and drift"
    UNVOUCHED = "nobody vouches for the centre's clock at first"
    PLAYER = "a loudspeaker that breaks off, is silent, stalls or vanishes"
    RENDERER = "sentences that take long, or cannot be made"
    PANEL = "lamps that cannot be driven"
    RESTORED = "the centre's store of two minutes ago"
    DEAD = "a gate that never comes back"
    DOUBLE_TAPS = "fingers that hit twice"


Arm = Callable[[School, random.Random], None]


def _any(school: School, source: random.Random) -> GateMachine:
    return school.gates[source.choice(school.names)]


def _spans(source: random.Random, most: int = 2) -> list[tuple[float, float]]:
    """Some instants of the day, and how long it lasts from there."""
    return [
        (source.uniform(5, 120), source.choice([0.5, 3.0, 10.0, 40.0, 100.0])) for _ in range(source.randint(1, most))
    ]


def _for(school: School, t: float, lasts_s: float, begin: Callable[[], None], end: Callable[[], None]) -> None:
    school.world.on(t, begin)
    school.world.on(min(t + lasts_s, CALM - 1), end)


def _light(machine: Machine, source: random.Random, kinds: tuple[str, ...]) -> None:
    """The fuse burns from here on, effect by effect; or before one of the effects after which much is different."""
    off_s = source.choice([0.0, 0.0, 0.5, 1.0, 5.0, 20.0, 45.0])
    left, sent = source.choice(["nothing", "half", "all"]), source.random() < 0.5
    only = source.choice(["", *kinds])
    machine.fuse = Fuse(source.randint(0, 2 if only else 12), off_s, left, sent, only)


def _near_a_call(source: random.Random) -> float:
    return (
        60 + 15 * source.randint(0, 5) + source.choice([-0.7, -0.65, -0.1, 0.0, 2.0, 4.0, 4.2, source.uniform(-5, 15)])
    )


def _power_cut(school: School, source: random.Random) -> None:
    for _ in range(source.randint(2, 4)):
        gate = _any(school, source)
        school.world.on(_near_a_call(source), partial(_light, gate, source, ("write", "play")))


def _centre_killed(school: School, source: random.Random) -> None:
    for _ in range(source.randint(1, 4)):
        t = source.choice([0.5, _near_a_call(source), source.uniform(0, 150)])
        school.world.on(t, partial(_light, school.centre, source, ("keep_event", "keep_change", "keep_days")))


def _broker_empty(school: School, source: random.Random) -> None:
    broker = school.world.broker

    def back() -> None:
        if not broker._running:
            broker.forget()
            broker.start()

    for t, lasts_s in _spans(source):
        _for(school, t, lasts_s, broker.stop, back)


def _offline(school: School, source: random.Random, names: list[str]) -> None:
    broker = school.world.broker
    for t, lasts_s in _spans(source):
        for name in names:
            _for(school, t, lasts_s, partial(broker.unplug, name), partial(broker.plug, name))


def _weather(school: School, source: random.Random, **what: float) -> None:
    names = source.choice([["centre"], [*map(school.link, school.names)], [school.link(school.names[0])]])
    for name in names:
        standing = school.world.broker.weather.get(name, Weather(source))
        shares = {
            own: max(what.get(own, 0.0), getattr(standing, own))
            for own in ("loses", "doubles", "delays", "delay_max_s")
        }
        school.world.broker.weather[name] = Weather(source, **shares)


def _large_lost(school: School, source: random.Random) -> None:
    name = school.link(_any(school, source).name)
    lossy = Weather(source, most_bytes=1200)
    school.world.on(source.choice([0.0, 20.0, 61.0]), lambda: school.world.broker.weather.update({name: lossy}))


def _half_open(school: School, source: random.Random) -> None:
    """A keepalive finds it in 25 s; the link is torn then."""
    broker, name = school.world.broker, school.link(_any(school, source).name)

    def begin() -> None:
        broker.weather[name] = Weather(source, loses=1.0)

    def end() -> None:
        broker.weather.pop(name, None)
        broker.cut(name)

    for t, _ in _spans(source):
        _for(school, t, source.choice([3.0, 10.0, 25.0]), begin, end)


def _disk(school: School, source: random.Random, *, full: bool) -> None:
    disk = _any(school, source).disk

    def fail() -> None:
        if full:
            disk.free_bytes = source.choice([0, 300, 900])
        else:
            disk.broken = "journal: read-only"

    def mend() -> None:
        disk.free_bytes, disk.broken = float("inf"), ""

    for t, lasts_s in _spans(source):
        _for(school, t, lasts_s, fail, mend)


def _steps(machine: Machine, school: School, source: random.Random) -> None:
    by_s = source.choice([300.0, 300.0, -300.0, 3600.0, 0.5])
    synchronised: list[float | None] = []

    def step() -> None:
        synchronised.append(machine.clock.error_s)
        machine.clock.step(by_s)
        machine.clock.error_s = None

    def back() -> None:
        machine.clock.step(-by_s)
        school.world.after(3.0, lambda: setattr(machine.clock, "error_s", synchronised[-1]))

    _for(school, _near_a_call(source) - source.choice([0, 10]), 20.0, step, back)


def _clocks_off(school: School, source: random.Random) -> None:
    for gate in school.gates.values():
        gate.clock.step(source.choice([-86400.0, -300.0, 2.0, 40.0, 3600.0]))
        gate.clock._drift = source.uniform(-200, 200) / 1e6
    school.centre.clock.step(source.uniform(-0.09, 0.09))


def _unvouched(school: School, source: random.Random) -> None:
    school.centre.clock.error_s = None
    if source.random() < 0.5:
        school.world.on(source.uniform(5, 120), lambda: setattr(school.centre.clock, "error_s", 0.1))
        return
    school.centre.source = "owner"
    school.centre.clock.step(source.uniform(-1.5, 1.5))

    school.world.on(source.uniform(5, 120), school.confirm)


def _player(school: School, source: random.Random) -> None:
    bad = source.choice([0.2, 0.5, 0.9])

    def outcome(_: str) -> Outcome:
        kinds: list[Outcome] = ["fails", "silent", "stalls", "vanishes"]
        return source.choice(kinds) if source.random() < bad else "whole"

    for gate in source.choice([school.names, school.names[:1]]):
        school.gates[gate].player.outcome = outcome


def _renderer(school: School, source: random.Random) -> None:
    def takes_s(_: str) -> float | None:
        return source.choice([0.5, 0.5, 20.0, 70.0, None])

    _any(school, source).clips.takes_s = takes_s


def _panel(school: School, source: random.Random) -> None:
    lamps = _any(school, source).lamps
    for t, lasts_s in _spans(source):
        _for(school, t, lasts_s, lambda: setattr(lamps, "broken", "no pins"), lambda: setattr(lamps, "broken", ""))


def _restored(school: School, source: random.Random) -> None:
    old = Store(Path(":memory:"))
    taken = source.uniform(5, 80)

    def back_up() -> None:
        with school.centre.store._engine.connect() as there, old._engine.connect() as here:
            there.connection.driver_connection.backup(here.connection.driver_connection)  # type: ignore[union-attr]  # sqlite3's own

    def restore() -> None:
        school.restored = True
        school.centre.cut_power(source.choice([0.5, 10.0]))
        school.centre.store = old

    school.world.on(taken, back_up)
    school.world.on(taken + source.uniform(1, 60), restore)


def _dead(school: School, source: random.Random) -> None:
    gate = _any(school, source)

    def die() -> None:
        school.dead.add(gate.name)
        gate.cut_power(1e9)

    school.world.on(_near_a_call(source), die)


def _double_taps(school: School, source: random.Random) -> None:
    school.staff.taps = 2


_ARMS: dict[Fault, Arm] = {
    Fault.POWER_CUT: _power_cut,
    Fault.CENTRE_KILLED: _centre_killed,
    Fault.BROKER_EMPTY: _broker_empty,
    Fault.GATE_OFFLINE: lambda school, source: _offline(school, source, [school.link(source.choice(school.names))]),
    Fault.ALL_OFFLINE: lambda school, source: _offline(school, source, ["centre", *map(school.link, school.names)]),
    Fault.LOSSES: lambda school, source: _weather(school, source, loses=source.choice([0.1, 0.4])),
    Fault.DOUBLES: lambda school, source: _weather(school, source, doubles=0.5),
    Fault.DELAYS: lambda school, source: _weather(
        school, source, delays=source.choice([0.3, 1.0]), delay_max_s=source.choice([0.2, 5.0, 20.0])
    ),
    Fault.LARGE_LOST: _large_lost,
    Fault.HALF_OPEN: _half_open,
    Fault.DISK_FULL: partial(_disk, full=True),
    Fault.DISK_READ_ONLY: partial(_disk, full=False),
    Fault.GATE_CLOCK_STEPS: lambda school, source: _steps(_any(school, source), school, source),
    Fault.CENTRE_CLOCK_STEPS: lambda school, source: _steps(school.centre, school, source),
    Fault.CLOCKS_OFF: _clocks_off,
    Fault.UNVOUCHED: _unvouched,
    Fault.PLAYER: _player,
    Fault.RENDERER: _renderer,
    Fault.PANEL: _panel,
    Fault.RESTORED: _restored,
    Fault.DEAD: _dead,
    Fault.DOUBLE_TAPS: _double_taps,
}


def arm(school: School, fault: Fault) -> None:
    """Let it happen on this school's day, at instants of its own."""
    _ARMS[fault](school, random.Random(f"{school.world.seed} {fault.name}"))
