"""A gate's real runtime over the transport in memory; clock, loudspeaker and centre are played by the test."""

from pathlib import Path

from gpiozero.pins.mock import MockFactory

from audio.player import OnPlayed, Played
from broker.wire import topics
from broker.wire.messages import Ask, Time, decode, encode
from broker.wire.transport import Arrived, TransportEvent
from broker.wire.transport_memory import MemoryBroker, MemoryTransport
from config.clock_fake import FakeClock
from config.settings import PanelSettings
from config.types import Readings
from edge.alphabet import Rendered, Tick
from edge.chip import Chip
from edge.inbox import Inbox
from edge.journal_fake import MemoryJournal
from edge.panel_gpiozero import GpioPanel
from edge.runtime import Parts, Runtime
from gate_rig import HERE, at, call, day

PINS = PanelSettings(kind="mock")


class Loudspeaker:
    """A player that answers `whole` once its time is over; `fault` is what check() says."""

    def __init__(self, on_played: OnPlayed, clock: FakeClock) -> None:
        self.on_played, self.clock, self.fault = on_played, clock, ""
        self.played: list[str] = []

    def play(self, token: str, clip: Path, gain_db: float) -> None:
        self.played.append(clip.name)
        self.token, self.began_s = token, self.clock.monotonic_s() + 0.03

    def answer(self) -> None:
        self.on_played(Played(self.token, "whole", self.began_s))

    def cut(self) -> None:
        self.on_played(Played(self.token, "cut", self.began_s))

    def check(self) -> str:
        return self.fault

    def close(self) -> None:
        pass


class Clips:
    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox

    def render(self, says: tuple[str, ...], own: Readings) -> None:
        for say in says:
            self.inbox.put(Rendered(say, 6.0))

    def path(self, say: str) -> Path:
        return Path(say)


class Life:
    """One gate, a broker in memory, and a centre played by hand."""

    def __init__(
        self, *, journal: MemoryJournal | None = None, clock: FakeClock | None = None, chip: Chip | None = None
    ) -> None:
        self.clock = clock or FakeClock(at(-60))
        self.broker = MemoryBroker(self.clock)
        self.inbox = Inbox()
        self.journal = journal or MemoryJournal()
        self.pins = MockFactory()
        self.log: list[str] = []
        transport = MemoryTransport(self.broker, str(HERE), [topics.down_filter(HERE)], lambda: self.runtime.will())
        self.player = Loudspeaker(self.inbox.put, self.clock)
        panel = GpioPanel(PINS, self.inbox.put, self.clock, self.pins)
        parts = Parts(self.clock, self.journal, transport, self.player, panel, Clips(self.inbox), self.log.append, chip)
        self.runtime = Runtime(HERE, "test", parts, "0badcafe")
        self.heard: list[Arrived] = []
        self.centre = MemoryTransport(self.broker, "centre", [topics.up_filter()], None)
        self.centre.start(self._hear)
        transport.start(self.inbox.put)
        self.settle()

    def _hear(self, event: TransportEvent) -> None:
        if isinstance(event, Arrived):
            self.heard.append(event)
            self.centre.accept(event.receipt)

    def settle(self) -> None:
        """Deliver and handle until nothing moves."""
        for _ in range(50):
            self.broker.deliver()
            if self.inbox.empty():
                return
            while not self.inbox.empty():
                event = self.inbox.get()
                assert event is not None
                self.runtime.handle(event)
        raise AssertionError("it never settled")

    def say(self, what: str, payload: bytes, *, retain: bool = False) -> None:
        topic = f"{topics.ROOT}/{HERE}/down/{what}"
        self.centre.publish(topic, payload, retain=retain)
        self.settle()

    def exchange(self) -> None:
        """Answer the newest question."""
        ask = decode(self.newest("ask"), Ask)
        utc = self.clock.utc()
        answer = Time(v=1, start=ask.start, n=ask.n, received_at=utc, sent_at=utc, error_s=0.0)
        self.say("time", encode(answer))

    def newest(self, what: str) -> bytes:
        return next(one.payload for one in reversed(self.heard) if one.topic.endswith(f"/up/{what}"))

    def run(self, seconds: float) -> None:
        end_s = self.clock.monotonic_s() + seconds
        while (left_s := end_s - self.clock.monotonic_s()) > 0:
            self.clock.advance(min(left_s, max(0.01, self.runtime.next_wake_s())))
            self.runtime.handle(Tick())
            self.settle()

    def problems(self) -> list[str]:
        return sorted(self.runtime.state.book.problems)

    def lit(self, name: str) -> bool:
        return bool(self.pins.pin(getattr(PINS, name)).state)


def ready() -> Life:
    life = Life()
    life.exchange()
    life.say(f"day/{day().date}", encode(day(call(1, 0), call(2, 20))), retain=True)
    return life
