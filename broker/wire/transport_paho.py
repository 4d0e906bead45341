"""The transport over paho-mqtt: one client a connection, one network thread, and nothing survives a lost link here.

paho is used by the network thread alone; other threads only put messages and receipts on a queue and wake it. So no
paho lock, no paho queue and no paho reconnect is relied upon. Many transports can share one thread: see `life`.
"""

import contextlib
import random as randomness
import select
import socket
import ssl
import threading
from collections.abc import Callable, Generator, Sequence

from broker.wire.handover import Handover, Message, check_size
from broker.wire.link_paho import Access, Link
from broker.wire.network import Life, Ready, Wait, drive
from broker.wire.transport import Arrived, LinkDown, LinkUp, OnTransportEvent, TransportEvent, Will
from config import limits
from config.clock import Clock
from config.errors import OutsideError


class PahoTransport:
    """A `Transport` by MQTT 3.1.1 and QoS 1 (several brokers refuse 5).

    `name` gives the client id and must be unique at the broker: `{school}/{gate}` or `centre`. `will` is asked before
    each connect. The session is persistent: what was not accepted comes again after a reconnect, which `Arrived`
    promises, and a broker's node that dies loses nothing (clean sessions lost 256 acknowledged cues of a city,
    persistent ones none). A broker that forgot the session is no loss: a gate sends its status on every connect.

    What the session kept arrives before `LinkUp` and must be accepted: iotcore grants no subscription while a whole
    window of it is not. `LinkDown` comes once for each time the link is down; `why` has the newest reason. A link that
    lived shorter than `LINK_STABLE_S` lets the waits go on growing. After `stop()` begins no event comes.
    """

    def __init__(
        self,
        name: str,
        host: str,
        port: int,
        subscriptions: Sequence[str],
        will: Callable[[], Will] | None,
        *,
        clock: Clock,
        random: randomness.Random,
        username: str | None = None,
        password: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        assert name, "a client without a name has no session"
        self._access = Access(name, host, port, tuple(subscriptions), username, password, tls)
        self._will = will
        self._clock = clock
        self._random = random
        self.why = "not started"
        self._on_event: OnTransportEvent | None = None
        self._thread: threading.Thread | None = None
        self._life: Life | None = None
        self._running = False
        self._stopping = threading.Event()
        self._beat_s = 0.0
        self._told_down = False
        self._failures = 0
        self._short_lives = 0
        self._handover = Handover()
        self._wake_out, self._wake_in = socket.socketpair()
        self._wake_out.setblocking(False)
        self._wake_in.setblocking(False)

    # Any thread -----------------------------------------------------------------------------------

    @property
    def alive(self) -> bool:
        """The network thread runs and turned within `LINK_STALL_S`; whether the link is up is another matter."""
        return self._running and self._clock.monotonic_s() - self._beat_s < limits.LINK_STALL_S

    @property
    def unsent(self) -> int:
        """Messages handed over that the broker did not acknowledge yet; after `stop()`, those it left behind."""
        return self._handover.unsent

    def start(self, on_event: OnTransportEvent) -> None:
        self._thread = threading.Thread(
            target=drive, args=(self.life(on_event),), name=f"mqtt {self._access.name}", daemon=True
        )
        self._thread.start()

    def life(self, on_event: OnTransportEvent) -> Life:
        """In place of `start`: the network thread's work, for a `Network` that drives many on the caller's thread.

        Connecting blocks that thread. Events come on it; `stop`, called there, drives this life to its end itself.
        """
        assert self._life is None, "a transport starts once"
        assert not self._stopping.is_set(), "a stopped transport does not start again"
        self._on_event = on_event
        self._beat_s = self._clock.monotonic_s()
        self._running = True
        self._life = self._lived()
        return self._life

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        check_size(topic, payload)
        if self._stopping.is_set() or not self._handover.offer(Message(topic, payload, retain)):
            return False
        self._wake()
        return True

    def accept(self, receipt: int) -> None:
        if self._handover.accept(receipt):
            self._wake()

    def stop(self) -> None:
        self._stopping.set()
        self._wake()
        if self._life is None:
            self._wake_in.close()
            self._wake_out.close()
        elif self._thread is None:
            drive(self._life)
        elif self._thread is not threading.current_thread():
            self._thread.join(limits.STOP_JOIN_S)

    def _wake(self) -> None:
        # A full pipe wakes as well; a closed one has nobody left to wake.
        with contextlib.suppress(OSError):
            self._wake_in.send(b"\0")

    # The network thread ---------------------------------------------------------------------------

    def _lived(self) -> Life:
        while not self._stopping.is_set():
            try:
                yield from self._keep_connecting()
            except GeneratorExit:  # forgotten by whoever drove it
                raise
            except BaseException as fault:  # noqa: BLE001 - the top of a thread: nothing may end it unheard
                self._down(f"fault in the network thread: {type(fault).__name__}: {fault}")
                yield from self._pause(limits.RECONNECT_MIN_S)
        self._running = False
        self._wake_in.close()
        self._wake_out.close()

    def _keep_connecting(self) -> Life:
        while not self._stopping.is_set():
            link = Link(self._access, self._arrived, self._handover.done)
            since_s = self._clock.monotonic_s()
            try:
                yield from self._serve(link)
            except OSError as error:  # OutsideError is one
                why = str(error)
            except Exception as fault:  # noqa: BLE001 - ours or the receiver's: told as a reason, then tried again
                why = f"fault: {type(fault).__name__}: {fault}"
            else:
                return
            finally:
                link.close()
                # After a stop, `unsent` goes on telling what was left behind.
                was_up = self._handover.close(forget=not self._stopping.is_set())
            why += self._judge(was_up, self._clock.monotonic_s() - since_s)
            self._down(why)
            yield from self._pause(self._pause_s())

    def _serve(self, link: Link) -> Life:
        """One connection, until it is stopped in order (returns) or lost (raises)."""
        self._beat_s = self._clock.monotonic_s()
        granted_by_s = self._beat_s + limits.LINK_WAIT_S
        link.open(self._will() if self._will else None)
        while not link.granted:
            if self._stopping.is_set():
                link.disconnect()
                return
            self._pump(link)
            if (yield from self._turn(link)) > granted_by_s:
                raise OutsideError(f"the broker did not let us in within {limits.LINK_WAIT_S:.0f} s")
        self._handover.open()
        self._told_down = False
        self.why = ""
        self._tell(LinkUp())
        while not self._stopping.is_set():
            self._pump(link)
            yield from self._turn(link)
        flushed_by_s = self._clock.monotonic_s() + limits.STOP_FLUSH_S
        while self._handover.unsent or link.want_write:
            self._pump(link)
            if (yield from self._turn(link)) > flushed_by_s:
                break
        link.disconnect()

    def _turn(self, link: Link) -> Generator[Wait, Ready, float]:
        """Wait for network or other threads, do what is due; returns the monotonic instant after."""
        wait = link.waits()
        ready = yield from self._woken(wait)
        link.turn(ready)
        self._beat_s = self._clock.monotonic_s()
        return self._beat_s

    def _pause(self, seconds: float) -> Life:
        end_s = self._clock.monotonic_s() + seconds
        while not self._stopping.is_set() and (left_s := end_s - self._clock.monotonic_s()) > 0:
            yield from self._woken(Wait({}, left_s))

    def _woken(self, wait: Wait) -> Generator[Wait, Ready, Ready]:
        """Wait for other threads too."""
        wake = self._wake_out.fileno()
        ready = yield Wait({**wait.events, wake: select.POLLIN}, wait.seconds)
        if wake in ready:
            self._wake_out.recv(65536)
        return ready

    def _pump(self, link: Link) -> None:
        """Pass on what other threads handed over: receipts first, they keep messages coming."""
        for mid in self._handover.accepted():
            link.acknowledge(mid)
        for message in self._handover.take(limits.PUBLISH_INFLIGHT_MAX - link.in_flight):
            link.publish(message)

    def _arrived(self, topic: str, payload: bytes, retained: bool, mid: int | None) -> None:
        if self._stopping.is_set():
            return  # not accepted: it comes again with the next session
        now_s = self._clock.monotonic_s()
        self._tell(Arrived(topic, payload, retained, self._handover.receipt(mid), now_s))

    def _tell(self, event: TransportEvent) -> None:
        assert self._on_event is not None
        if not self._stopping.is_set():
            self._on_event(event)

    def _judge(self, was_up: bool, lived_s: float) -> str:
        """Count failures and short lives; returns what to add to the reason."""
        if was_up and lived_s >= limits.LINK_STABLE_S:
            self._failures = self._short_lives = 0
        elif was_up:
            self._short_lives += 1
            if self._short_lives > 1:
                # MQTT 3.1.1 gives no reason when a client is thrown out; this is what it looks like.
                return (
                    f" ({self._short_lives} times within {limits.LINK_STABLE_S:.0f} s of letting us in; is another"
                    f" client using the name {self._access.name!r}?)"
                )
        return ""

    def _pause_s(self) -> float:
        """Full jitter: the first attempt after a good link comes soon, later ones further and further apart."""
        ceiling_s = min(limits.RECONNECT_MAX_S, limits.RECONNECT_MIN_S * 2.0 ** min(self._failures, 32))
        floor_s = limits.RECONNECT_MIN_S if self._failures else 0.0
        self._failures += 1
        return self._random.uniform(floor_s, ceiling_s)

    def _down(self, why: str) -> None:
        self.why = why
        if self._told_down:
            return
        self._told_down = True
        # The receiver is the one who failed, or will be told by the next LinkUp; `why` keeps the reason.
        with contextlib.suppress(Exception):
            self._tell(LinkDown(why))
