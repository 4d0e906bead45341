"""A whole school: the real centre and real gates over a broker in memory. Clock, loudspeakers and buttons by hand."""

from dataclasses import dataclass
from pathlib import Path

from gpiozero.pins.mock import MockFactory

from audio.player import OnPlayed, Played
from broker.agenda import Tick as Look
from broker.centre import Centre
from broker.centre import Parts as CentreParts
from broker.store import Store
from broker.view import GateView
from broker.wire import topics
from broker.wire.topics import Address
from broker.wire.transport_memory import MemoryBroker, MemoryTransport
from broker.wish import AlertAnswer, AlertWish, Answer, Wish
from config.clock_fake import FakeClock
from config.lint import read
from config.settings import ClockSettings, PanelSettings
from edge.alphabet import Tick
from edge.inbox import Inbox
from edge.journal_fake import MemoryJournal
from edge.panel_gpiozero import GpioPanel
from edge.runtime import Parts, Runtime
from gate_life import Clips
from school_rig import TEN, TEXT, FakeAlarm

LENGTH_S = 6.0
PACED = TEXT.replace("every_s = 45", 'every_s = 45\npacing = "guarded"\nmax_wait_s = 0')


@dataclass
class Speaker:
    """Plays each clip for its length. `said`: what was begun, and when."""

    on_played: OnPlayed
    clock: FakeClock

    def __post_init__(self) -> None:
        self.said: list[tuple[float, str]] = []
        self.playing: tuple[str, float] | None = None

    def play(self, token: str, clip: Path, gain_db: float) -> None:
        self.said.append((self.clock.monotonic_s(), clip.name))
        self.playing = (token, self.clock.monotonic_s() + 0.03)

    def turn(self) -> None:
        if self.playing and self.clock.monotonic_s() >= self.playing[1] + LENGTH_S:
            self._ended("whole")

    def cut(self) -> None:
        if self.playing:
            self._ended("cut")

    def _ended(self, how: str) -> None:
        assert self.playing is not None
        (token, began_s), self.playing = self.playing, None
        self.on_played(Played(token, "whole" if how == "whole" else "cut", began_s))

    def check(self) -> str:
        return ""

    def close(self) -> None:
        pass


class RealGate:
    """One gate; its journal outlives it."""

    def __init__(self, name: str, broker: MemoryBroker, clock: FakeClock, journal: MemoryJournal | None = None) -> None:
        self.address, self.clock, self.journal = Address("shifan", name), clock, journal or MemoryJournal()
        self.inbox = Inbox()
        self.speaker = Speaker(self.inbox.put, clock)
        self.transport = MemoryTransport(
            broker, str(self.address), [topics.down_filter(self.address)], lambda: self.runtime.will()
        )
        panel = GpioPanel(PanelSettings(kind="mock"), self.inbox.put, clock, MockFactory())
        parts = Parts(clock, self.journal, self.transport, self.speaker, panel, Clips(self.inbox), lambda _: None)
        self.runtime = Runtime(self.address, "test", parts, "0badcafe")
        self.transport.start(self.inbox.put)

    def turn(self) -> None:
        self.speaker.turn()
        self.runtime.handle(Tick())
        self.settle()

    def settle(self) -> bool:
        """Whether something came."""
        came = False
        while not self.inbox.empty():
            event = self.inbox.get()
            assert event is not None
            self.runtime.handle(event)
            came = True
        return came

    def heard(self) -> list[str]:
        return [say for _, say in self.speaker.said]


class Whole:
    """The school. `go`: time passes for all of it."""

    def __init__(self, folder: Path, text: str = TEXT) -> None:
        self.clock = FakeClock(TEN, error_s=0.1)
        self.broker = MemoryBroker(self.clock)
        self.folder, self.text = folder, text
        self.said: list[str] = []
        self.start_centre()
        self.gates = [RealGate(name, self.broker, self.clock) for name in ("east", "west")]
        self.go(5)

    @property
    def east(self) -> RealGate:
        return self.gates[0]

    def start_centre(self) -> None:
        self.store = Store(self.folder / "centre.sqlite")
        self.transport = MemoryTransport(self.broker, "centre", [topics.up_filter()], None)
        parts = CentreParts(self.clock, self.store, self.transport, FakeAlarm(), self.said.append)
        self.centre = Centre(read(self.text, "plan.toml")[0], self.text, ClockSettings(source="owner"), parts)
        self.transport.start(self.centre.handle)

    def stop_centre(self) -> None:
        self.transport.stop()
        self.store.close()

    def go(self, seconds: float = 0.0, step_s: float = 0.5) -> None:
        self._turn()
        while seconds > 0:
            self.clock.advance(min(step_s, seconds))
            seconds -= step_s
            self._turn()

    def _turn(self) -> None:
        self.centre.handle(Look())
        for gate in self.gates:
            gate.turn()
        for _ in range(50):
            self.broker.deliver()
            came = [gate.settle() for gate in self.gates]  # each of them, not up to the first
            if not any(came):
                return
        raise AssertionError("it never settled")

    def until(self, clock: str) -> None:
        """To a time of the day, as the school's clocks show it."""
        hours, minutes, seconds = (int(part) for part in clock.split(":"))
        now = self.clock.utc()
        there = TEN.replace(hour=hours - 8, minute=minutes, second=seconds)
        left_s = (there - now).total_seconds()
        if left_s > 120:
            self.go(left_s - 60, step_s=60.0)
        self.go((there - self.clock.utc()).total_seconds())

    def ask(self, kind: str, key: str, **more: object) -> Answer:
        answer = self.centre.submit(Wish.model_validate({"key": key, "by": "王老师", "kind": kind, **more}))
        self.go(0.1, 0.1)
        return answer

    def alert(self, action: str, key: str, **more: object) -> AlertAnswer:
        seen = {"clears": self.centre.view().clears} if action == "clear" else {}
        wish = {"key": key, "by": "李主任", "action": action, **seen, **more}
        answer = self.centre.alert(AlertWish.model_validate(wish))
        self.go(0.1, 0.1)
        return answer

    def shown(self, name: str = "east") -> GateView:
        return next(one for one in self.centre.view().gates if one.id == name)
