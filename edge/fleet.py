"""Many simulated gates in one process and on one thread: real runtimes and a real broker, no sound and no pins.

It shows what a centre, a broker and a plan do with two hundred gates; the code of a gate is the one that runs on a Pi.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from audio.player import OnPlayed, Played
from broker.wire import topics
from broker.wire.messages import Record
from broker.wire.network import Network
from broker.wire.transport_paho import PahoTransport
from config import limits
from config.clock import Clock
from config.settings import BrokerSettings
from config.types import Readings
from edge.alphabet import Rendered, Tick
from edge.book import Recorded
from edge.inbox import Inbox
from edge.journal import Journal
from edge.report import Lights
from edge.runtime import Parts, Runtime

_SIGN_S = 0.4
"""A sign spoken: "请注意，三年级一班正在放学。" lasts 4.7 to 6.9 s."""


def length_s(say: str) -> float:
    """How long a sentence would last."""
    return min(limits.CLIP_MAX_S, max(limits.CLIP_MIN_S, _SIGN_S * len(say)))


@dataclass(slots=True)
class Tally:
    """What gates recorded: `late_s` holds how late each call began."""

    missed: int = 0
    late: int = 0
    late_s: list[float] = field(default_factory=list)

    def add(self, record: Record) -> None:
        if record.final:
            self.missed += record.result == "missed"
            self.late += record.result == "late"
            if record.result in ("announced", "late") and record.actual is not None:
                self.late_s.append((record.actual - record.planned).total_seconds() - record.slip_s)

    def words(self) -> str:
        """One line."""
        ordered = sorted(self.late_s)
        worst = f"，最多晚 late by at most {ordered[-1]:.3f} s" if ordered else ""
        p99 = f"，p99 {ordered[len(ordered) * 99 // 100]:.3f} s" if ordered else ""
        return f"已播 calls {len(ordered)}，晚播 late {self.late}，未播 missed {self.missed}{p99}{worst}"


class Mute:
    """A player that is silent for the length of the sentence, which is its clip's name. `turn` lets its time pass."""

    def __init__(self, on_played: OnPlayed, clock: Clock) -> None:
        self._on_played, self._clock = on_played, clock
        self._playing: tuple[str, float, float] | None = None

    @property
    def due_s(self) -> float:
        return self._playing[2] if self._playing else float("inf")

    def play(self, token: str, clip: Path, gain_db: float) -> None:  # noqa: ARG002 - the seam's
        assert self._playing is None, f"{self._playing} still plays"
        began_s = self._clock.monotonic_s() + limits.PLAYER_START_MS / 1000
        self._playing = (token, began_s, began_s + length_s(str(clip)))

    def cut(self) -> None:
        self._end("cut")

    def turn(self) -> None:
        if self._clock.monotonic_s() >= self.due_s:
            self._end("whole")

    def check(self) -> str:
        return ""

    def close(self) -> None:
        self.cut()

    def _end(self, result: str) -> None:
        if self._playing is not None:
            (token, began_s, _), self._playing = self._playing, None
            self._on_played(Played(token, "whole" if result == "whole" else "cut", began_s))


class _Unlit:
    def show(self, lights: Lights) -> None:
        """Nobody looks."""

    def close(self) -> None:
        """There is nothing to give back."""


class _Texts:
    """Clips that are their sentences."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    def render(self, says: Sequence[str], own: Readings) -> None:  # noqa: ARG002 - a text reads itself
        for say in says:
            self._inbox.put(Rendered(say, length_s(say)))

    def path(self, say: str) -> Path:
        return Path(say)


class _Gate:
    """One of them."""

    def __init__(
        self, address: topics.Address, version: str, parts: "FleetParts", rng: random.Random, tally: Tally
    ) -> None:
        self._tally = tally
        self._clock = parts.clock
        self._inbox = Inbox()
        self._player = Mute(self._inbox.put, parts.clock)
        self.transport = PahoTransport(
            str(address),
            parts.broker.host,
            parts.broker.port,
            [topics.down_filter(address)],
            lambda: self.runtime.will(),  # noqa: PLW0108 - the runtime needs the transport first
            clock=parts.clock,
            random=rng,
        )
        hands = Parts(
            parts.clock,
            parts.journal(address),
            self.transport,
            self._player,
            _Unlit(),
            _Texts(self._inbox),
            lambda _: None,
        )
        self.runtime = Runtime(address, version, hands, f"{rng.getrandbits(32):08x}")
        self._seen = self.runtime.state.book.seq
        self._tick_s = parts.clock.monotonic_s()
        parts.network.add(self.transport.life(self._inbox.put))

    @property
    def due_s(self) -> float:
        return min(self._tick_s, self._player.due_s) if self._inbox.empty() else 0.0

    def turn(self) -> None:
        """What came in, or is due; what it recorded meanwhile goes to the tally."""
        self._player.turn()
        if self._inbox.empty():
            self.runtime.handle(Tick())
        while not self._inbox.empty():
            event = self._inbox.get()
            assert event is not None, "nobody tells one gate of a fleet to end"
            self.runtime.handle(event)
        self._tick_s = self._clock.monotonic_s() + self.runtime.next_wake_s()
        book = self.runtime.state.book
        if book.seq != self._seen:
            for entry in book.outbox:
                if entry.seq > self._seen and isinstance(entry, Recorded):
                    self._tally.add(entry.record)
            self._seen = book.seq


@dataclass(frozen=True, slots=True)
class FleetParts:
    """What the gates share; `journal` makes one for each."""

    clock: Clock
    network: Network
    broker: BrokerSettings
    journal: Callable[[topics.Address], Journal]


class Fleet:
    """`addresses`: one gate each. `log` takes a line every `every_s`."""

    def __init__(
        self,
        addresses: Sequence[topics.Address],
        version: str,
        parts: FleetParts,
        log: Callable[[str], None],
        *,
        every_s: float,
        rng: random.Random,
    ) -> None:
        self._parts, self._log, self._every_s = parts, log, every_s
        self.tally = Tally()
        self._gates = [_Gate(address, version, parts, rng, self.tally) for address in addresses]

    @property
    def up(self) -> int:
        return sum(gate.runtime.link_up for gate in self._gates)

    def run(self, over: Callable[[], bool]) -> None:
        """Until it is over, looked at once a second at least."""
        clock = self._parts.clock
        line_s = clock.monotonic_s() + self._every_s
        while not over():
            now_s = clock.monotonic_s()
            due_s = min(line_s, *(gate.due_s for gate in self._gates))
            self._parts.network.turn(min(limits.TICK_MAX_S, max(0.0, due_s - now_s)))
            for gate in self._gates:
                if gate.due_s <= clock.monotonic_s():
                    gate.turn()
            if clock.monotonic_s() >= line_s:
                line_s += self._every_s
                self.tell()

    def tell(self) -> None:
        """How it stands, for people."""
        self._log(f"在线 gates up {self.up}/{len(self._gates)}，{self.tally.words()}")

    def close(self) -> None:
        """Each gate says goodbye."""
        for gate in self._gates:
            gate.runtime.close()
