"""A broker and its clients inside one thread: nothing moves but in `MemoryBroker.deliver()`, always in the same order.

It keeps what MQTT 3.1.1 keeps: retained messages, sessions with what was not accepted, wills, one client a name. Not
thread-safe. What a bad network does to messages is the `Weather` of a name; links are cut between two calls.
"""

import heapq
import math
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from broker.wire.handover import Handover, Message, check_size
from broker.wire.transport import Arrived, LinkDown, LinkUp, OnTransportEvent, TransportEvent, Will
from config import limits
from config.clock import Clock

_ROUNDS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Weather:
    """What the network does to each message from and to one name: shares of 0 to 1, drawn from `source`.

    A delayed message is overtaken by later ones; each copy of a doubled one is delayed by itself. Above `most_bytes`
    nothing gets through, as on a path that drops large packets.
    """

    source: random.Random
    loses: float = 0.0
    doubles: float = 0.0
    delays: float = 0.0
    delay_max_s: float = 0.0
    most_bytes: float = math.inf

    def copies(self, size: int) -> list[float]:
        """The delay of each copy that gets through."""
        if size > self.most_bytes or self.source.random() < self.loses:
            return []
        copies = 1 + (self.source.random() < self.doubles)
        return [self._delay_s() for _ in range(copies)]

    def _delay_s(self) -> float:
        return self.source.uniform(0, self.delay_max_s) if self.source.random() < self.delays else 0.0


class MemoryTransport:
    """A `Transport` to a `MemoryBroker`. It connects, and connects again, once in each `deliver()`.

    As with the real brokers, what the session kept arrives before `LinkUp`.

    A message handed over leaves with the next `deliver()`; a link cut before that loses it.
    """

    def __init__(
        self,
        broker: "MemoryBroker",
        name: str,
        subscriptions: Sequence[str],
        will: Callable[[], Will] | None,
        clock: Clock | None = None,
    ) -> None:
        self.name = name
        self.subscriptions = tuple(subscriptions)
        self.why = "not started"
        self.up = False
        self.clock = clock
        """Of the client's machine; None: the broker's will do."""
        self._broker = broker
        self.ask_will = will
        self.will: Will | None = None
        self.handover = Handover()
        self.inbox: deque[TransportEvent] = deque()
        self._on_event: OnTransportEvent | None = None
        self._told_down = False
        self._stopped = False

    @property
    def alive(self) -> bool:
        """Started and not stopped."""
        return self._on_event is not None and not self._stopped

    @property
    def unsent(self) -> int:
        """Messages handed over that did not reach the broker yet; after `stop()`, those left behind."""
        return self.handover.unsent

    def start(self, on_event: OnTransportEvent) -> None:
        assert self._on_event is None, "a transport starts once"
        assert not self._stopped, "a stopped transport does not start again"
        self._on_event = on_event
        self._broker.join(self)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        check_size(topic, payload)
        return not self._stopped and self.handover.offer(Message(topic, payload, retain))

    def accept(self, receipt: int) -> None:
        self.handover.accept(receipt)

    def stop(self) -> None:
        if self.alive:
            self._broker.leave(self)
        self._stopped = True
        self.inbox.clear()

    # For the broker -------------------------------------------------------------------------------

    def connected(self, will: Will | None) -> None:
        """The broker let it in."""
        self.up, self.will = True, will
        self._told_down, self.why = False, ""
        self.handover.open()

    def lost(self, why: str) -> None:
        """The link is gone, or did not come up. Messages that had not been told yet come again with the next one."""
        self.up, self.why = False, why
        self.handover.close(forget=True)
        self.inbox = deque(event for event in self.inbox if not isinstance(event, Arrived))
        if not self._told_down:
            self._told_down = True
            self.inbox.append(LinkDown(why))

    def tell(self) -> bool:
        """Hand the next event to the receiver; False: there is none. Raises what the receiver raises."""
        if self._stopped or not self.inbox:
            return False
        assert self._on_event is not None
        self._on_event(self.inbox.popleft())
        return True


@dataclass(slots=True)
class _Session:
    """What the broker keeps of a name, connected or not."""

    name: str
    subscriptions: tuple[str, ...] = ()
    holder: MemoryTransport | None = None
    queue: deque[tuple[Message, bool]] = field(default_factory=deque)
    in_flight: dict[int, tuple[Message, bool]] = field(default_factory=dict)
    mids: int = 0


class MemoryBroker:
    """Retained messages and sessions outlive `stop()`, as with a broker that stores them, until `forget()`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.retained: dict[str, bytes] = {}
        self.weather: dict[str, Weather] = {}
        """Of a name; none: everything arrives at once, in order."""
        self._on_the_way: list[tuple[float, int, Callable[[], None]]] = []
        self._delayed = 0
        self._sessions: dict[str, _Session] = {}
        self._clients: list[MemoryTransport] = []
        self._unplugged: set[str] = set()
        self._running = True

    def deliver(self) -> None:
        """Let in who knocks, then carry and tell until nothing moves."""
        while self._on_the_way and self._on_the_way[0][0] <= self._clock.monotonic_s():
            heapq.heappop(self._on_the_way)[2]()
        for client in tuple(self._clients):
            if not client.up:
                self._knock(client)
        for _ in range(_ROUNDS_MAX):
            moved = [self._carry(client) + self._tell(client) for client in tuple(self._clients)]
            if not any(moved):
                return
        raise AssertionError("clients answer each other without end")

    @property
    def due_s(self) -> float | None:
        """Monotonic instant at which a delayed message arrives."""
        return self._on_the_way[0][0] if self._on_the_way else None

    def cut(self, name: str, why: str = "the link was cut") -> None:
        """Tear the links of that name without a goodbye: the will is published. They come back with `deliver()`."""
        for client in tuple(self._clients):
            if client.name == name and client.up:
                self._lose(client, why)

    def unplug(self, name: str) -> None:
        """Cut, and keep out until `plug`."""
        self._unplugged.add(name)
        self.cut(name, "the cable is unplugged")

    def plug(self, name: str) -> None:
        self._unplugged.discard(name)

    def stop(self) -> None:
        """The broker ends: no wills, nobody is let in until `start`; what was on the way is gone."""
        self._running = False
        self._on_the_way.clear()
        for client in tuple(self._clients):
            if client.up:
                self._part(client)
                client.lost("the broker closed the connection, or it broke")

    def start(self) -> None:
        self._running = True

    def forget(self) -> None:
        """Lose everything kept: a broker killed without storage. Only while it is stopped."""
        assert not self._running, "a running broker forgets nothing"
        self.retained.clear()
        self._sessions.clear()

    # For its clients ------------------------------------------------------------------------------

    def join(self, client: MemoryTransport) -> None:
        self._clients.append(client)

    def leave(self, client: MemoryTransport) -> None:
        """An orderly goodbye: what was handed over arrives, no will is published."""
        if client.up:
            self._carry(client)
            self._part(client)
            client.up = False
            client.handover.close(forget=False)
        self._clients.remove(client)

    # Inside ---------------------------------------------------------------------------------------

    def _knock(self, client: MemoryTransport) -> None:
        if not self._running or client.name in self._unplugged:
            client.lost("cannot reach the broker")
            return
        try:
            will = client.ask_will() if client.ask_will else None
            if will is not None:
                check_size(will.topic, will.payload)
        except Exception as fault:  # noqa: BLE001 - as on the network thread: told as a reason, then tried again
            client.lost(f"fault: {type(fault).__name__}: {fault}")
            return
        self._let_in(client, will)

    def _let_in(self, client: MemoryTransport, will: Will | None) -> None:
        session = self._sessions.setdefault(client.name, _Session(client.name))
        if session.holder is not None:
            # Real brokers throw the older one out, and publish no will: its name is still connected.
            older = session.holder
            self._part(older)
            older.lost(f"another client is using the name {client.name!r}")
        session.holder, session.subscriptions = client, client.subscriptions
        # What was not accepted comes first; subscribing, also again, brings what is retained.
        session.queue.extendleft(reversed(session.in_flight.values()))
        session.in_flight.clear()
        client.connected(will)
        self._fill(client, session)  # real brokers send it before they grant the subscriptions
        client.inbox.append(LinkUp())
        for topic in sorted(self.retained):
            self._send(session, Message(topic, self.retained[topic], retain=True), retained=True)

    def _part(self, client: MemoryTransport) -> None:
        session = self._sessions[client.name]
        assert session.holder is client, "only the holder of a session leaves it"
        session.holder = None

    def _lose(self, client: MemoryTransport, why: str) -> None:
        self._part(client)
        client.lost(why)
        if client.will is not None:
            self._publish(Message(client.will.topic, client.will.payload, retain=True))

    def _carry(self, client: MemoryTransport) -> bool:
        """Take what a client handed over, and give it what the window allows. Returns whether anything moved."""
        if not client.up:
            return False
        session = self._sessions[client.name]
        accepted = client.handover.accepted()
        for mid in accepted:
            del session.in_flight[mid]
        messages = client.handover.take(limits.PUBLISH_HANDED_MAX)
        for message in messages:
            self._pass(client.name, message, partial(self._publish, message))
            client.handover.done(len(message.payload))
        return self._fill(client, session) or bool(accepted or messages)

    def _fill(self, client: MemoryTransport, session: _Session) -> bool:
        """Give a client what its window of messages not accepted still allows. Returns whether there was any."""
        given = False
        while session.queue and len(session.in_flight) < limits.BROKER_INFLIGHT_MAX:
            session.mids += 1
            message, retained = session.in_flight[session.mids] = session.queue.popleft()
            clock = client.clock or self._clock
            receipt, now_s = client.handover.receipt(session.mids), clock.monotonic_s()
            client.inbox.append(Arrived(message.topic, message.payload, retained, receipt, now_s))
            given = True
        return given

    def _tell(self, client: MemoryTransport) -> bool:
        try:
            return client.tell()
        except Exception as fault:  # noqa: BLE001 - as on the network thread: the link goes down with a reason
            if client.up:
                self._lose(client, f"fault: {type(fault).__name__}: {fault}")
            return True

    def _publish(self, message: Message) -> None:
        if message.retain and message.payload:
            self.retained[message.topic] = message.payload
        elif message.retain:
            self.retained.pop(message.topic, None)
        for session in self._sessions.values():
            self._send(session, message, retained=False)

    def _send(self, session: _Session, message: Message, *, retained: bool) -> None:
        """One copy for one client, if it wants it and there is room."""
        wanted = any(matches(wish, message.topic) for wish in session.subscriptions)
        if wanted:
            self._pass(session.name, message, partial(self._enqueue, session, (message, retained)))

    def _enqueue(self, session: _Session, copy: tuple[Message, bool]) -> None:
        if len(session.queue) < limits.BROKER_QUEUED_MAX:
            session.queue.append(copy)

    def _pass(self, name: str, message: Message, arrive: Callable[[], None]) -> None:
        """Through the weather between the broker and a name."""
        weather = self.weather.get(name)
        for delay_s in weather.copies(len(message.payload)) if weather else [0.0]:
            if delay_s:
                self._delayed += 1
                heapq.heappush(self._on_the_way, (self._clock.monotonic_s() + delay_s, self._delayed, arrive))
            else:
                arrive()


def matches(wish: str, topic: str) -> bool:
    """Whether an MQTT filter (`+` one level, `#` the rest, also none) takes a topic."""
    wishes, levels = wish.split("/"), topic.split("/")
    if wishes[-1] == "#":
        wishes = wishes[:-1]
        levels = levels[: len(wishes)]
    return len(wishes) == len(levels) and all(w in ("+", level) for w, level in zip(wishes, levels, strict=True))
