"""What the transport's suite needs of a broker under test: clients that remember their events, and faults to make."""

import contextlib
import queue
import random
import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from broker.embedded import start_broker
from broker.wire.transport import Arrived, LinkDown, LinkUp, Transport, TransportEvent, Will
from broker.wire.transport_memory import MemoryBroker, MemoryTransport
from broker.wire.transport_paho import PahoTransport
from config.clock import SystemClock

LIMIT_S = 30.0
"""Ten times the slowest thing seen: a link that comes back with its third attempt."""


class Soonest(random.Random):
    """Draws less than the least: the first attempt after a lost link comes at once, the next ones after 50 ms."""

    def uniform(self, a: float, _b: float) -> float:
        return a / 20


class WatchedTransport(Transport, Protocol):
    """A transport and what a doctor asks it."""

    @property
    def alive(self) -> bool: ...

    @property
    def unsent(self) -> int: ...


class Client:
    """A transport under test and the events it told, in order."""

    def __init__(self, name: str, transport: WatchedTransport, settle: Callable[[], None], limit_s: float) -> None:
        self.name = name
        self.transport = transport
        self.accept_at_once = False
        self.raise_at: Callable[[TransportEvent], bool] = lambda _: False
        self._events: queue.Queue[TransportEvent] = queue.Queue()
        self._early: deque[Arrived] = deque()
        self._settle = settle
        self._limit_s = limit_s

    def on_event(self, event: TransportEvent) -> None:
        self._events.put(event)
        if self.accept_at_once and isinstance(event, Arrived):
            self.transport.accept(event.receipt)
        if self.raise_at(event):
            raise RuntimeError("the receiver failed")

    def event(self) -> TransportEvent:
        """The next event; fails when none comes in time."""
        if self._events.empty():
            self._settle()
        return self._events.get(timeout=self._limit_s)

    def start(self) -> "Client":
        self.transport.start(self.on_event)
        return self

    def up(self) -> "Client":
        """The link comes up; what the session kept may arrive before."""
        while (event := self.event()) != LinkUp():
            assert isinstance(event, Arrived), event
            self._early.append(event)
        return self

    def down(self) -> str:
        event = self.event()
        assert isinstance(event, LinkDown), event
        return event.why

    def arrived(self, *, accept: bool = True) -> Arrived:
        event = self._early.popleft() if self._early else self.event()
        assert isinstance(event, Arrived), event
        if accept:
            self.transport.accept(event.receipt)
        return event

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        assert self.transport.publish(topic, payload, retain=retain)

    def told_nothing(self) -> bool:
        self._settle()
        return self._events.empty()


class Rig(Protocol):
    """A broker under test."""

    kind: str

    def client(self, name: str, *subscriptions: str, will: Callable[[], Will] | None = None) -> Client:
        """A client, not started yet."""
        ...

    def cut(self, client: Client) -> None:
        """Tear its link without a goodbye; it may come back at once."""
        ...

    def unplug(self, client: Client) -> None: ...

    def plug(self, client: Client) -> None: ...

    def stop_broker(self) -> None: ...

    def start_broker(self) -> None: ...

    def close(self) -> None: ...


class MemoryRig:
    """The in-process broker; every wait is one `deliver()`."""

    kind = "memory"

    def __init__(self) -> None:
        self.broker = MemoryBroker(SystemClock())
        self._clients: list[Client] = []

    def client(self, name: str, *subscriptions: str, will: Callable[[], Will] | None = None) -> Client:
        transport = MemoryTransport(self.broker, name, subscriptions, will)
        client = Client(name, transport, self.broker.deliver, 0.001)
        self._clients.append(client)
        return client

    def cut(self, client: Client) -> None:
        self.broker.cut(client.name)

    def unplug(self, client: Client) -> None:
        self.broker.unplug(client.name)

    def plug(self, client: Client) -> None:
        self.broker.plug(client.name)

    def stop_broker(self) -> None:
        self.broker.stop()

    def start_broker(self) -> None:
        self.broker.start()

    def close(self) -> None:
        for client in self._clients:
            client.transport.stop()


class Cable:
    """A TCP proxy for one client, which can be cut and unplugged. One thread."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._wake_out, self._wake_in = socket.socketpair()
        self._wanted: queue.SimpleQueue[tuple[str, threading.Event]] = queue.SimpleQueue()
        self._plugged = True
        self._ends: dict[socket.socket, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._wake_out, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="cable", daemon=True)
        self._thread.start()

    def do(self, what: str) -> None:
        """cut, unplug, plug or end; done when it returns."""
        done = threading.Event()
        self._wanted.put((what, done))
        self._wake_in.send(b"\0")
        assert done.wait(LIMIT_S)
        if what == "end":
            self._thread.join(LIMIT_S)

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select():
                end = key.fileobj
                if end is self._listener:
                    self._accept()
                elif end is self._wake_out:
                    self._wake_out.recv(1)
                    what, done = self._wanted.get()
                    self._plugged = {"plug": True, "unplug": False}.get(what, self._plugged)
                    if what != "plug":
                        for sock in tuple(self._ends):
                            self._close(sock)
                    done.set()
                    if what == "end":
                        for sock in (self._listener, self._wake_out, self._wake_in):
                            sock.close()
                        self._selector.close()
                        return
                elif end in self._ends:
                    assert isinstance(end, socket.socket)
                    self._pass_on(end)

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        try:
            far = socket.create_connection(("127.0.0.1", self._target))
        except OSError:
            near.close()
            return
        if not self._plugged:
            near.close()
            far.close()
            return
        for sock, other in ((near, far), (far, near)):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._ends[sock] = other
            self._selector.register(sock, selectors.EVENT_READ)

    def _pass_on(self, end: socket.socket) -> None:
        data = b""
        with contextlib.suppress(OSError):
            data = end.recv(65536)
            self._ends[end].sendall(data)
        if not data:
            self._close(end)

    def _close(self, end: socket.socket) -> None:
        other = self._ends.pop(end, None)
        if other is not None:
            self._selector.unregister(end)
            end.close()
            self._close(other)


class PahoRig:
    """A real broker; each client has a cable of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.broker = start_broker(folder)
        self.kind = self.broker.kind
        self._clients: list[Client] = []
        self._cables: dict[int, Cable] = {}

    def client(self, name: str, *subscriptions: str, will: Callable[[], Will] | None = None) -> Client:
        cable = Cable(self.broker.port)
        transport = PahoTransport(
            name, "127.0.0.1", cable.port, subscriptions, will, clock=SystemClock(), random=Soonest()
        )
        client = Client(name, transport, lambda: None, LIMIT_S)
        self._clients.append(client)
        self._cables[id(client)] = cable
        return client

    def cut(self, client: Client) -> None:
        self._cables[id(client)].do("cut")

    def unplug(self, client: Client) -> None:
        self._cables[id(client)].do("unplug")

    def plug(self, client: Client) -> None:
        self._cables[id(client)].do("plug")

    def stop_broker(self) -> None:
        self.broker.stop()

    def start_broker(self) -> None:
        self.broker = start_broker(self._folder, port=self.broker.port)

    def close(self) -> None:
        for client in self._clients:
            client.transport.stop()
        for cable in self._cables.values():
            cable.do("end")
        self.broker.stop()
