"""The transport over paho-mqtt: one client a connection, one network thread, and nothing survives a lost link here.

paho is used by the network thread alone; other threads only put messages and receipts on a queue and wake it. So no
paho lock, no paho queue and no paho reconnect is relied upon.
"""

import contextlib
import random as randomness
import select
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from broker.wire.handover import Handover, Message, check_size
from broker.wire.transport import Arrived, LinkDown, LinkUp, OnTransportEvent, TransportEvent, Will
from config import limits
from config.clock import Clock
from config.errors import OutsideError


@dataclass(frozen=True, slots=True)
class _Access:
    """Where the broker is, who we are there and what we want to hear."""

    name: str
    host: str
    port: int
    subscriptions: tuple[str, ...]
    username: str | None
    password: str | None
    tls: ssl.SSLContext | None


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
        self._access = _Access(name, host, port, tuple(subscriptions), username, password, tls)
        self._will = will
        self._clock = clock
        self._random = random
        self.why = "not started"
        self._on_event: OnTransportEvent | None = None
        self._thread: threading.Thread | None = None
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
        if self._thread is None or not self._thread.is_alive():
            return False
        return self._clock.monotonic_s() - self._beat_s < limits.LINK_STALL_S

    @property
    def unsent(self) -> int:
        """Messages handed over that the broker did not acknowledge yet; after `stop()`, those it left behind."""
        return self._handover.unsent

    def start(self, on_event: OnTransportEvent) -> None:
        assert self._thread is None, "a transport starts once"
        assert not self._stopping.is_set(), "a stopped transport does not start again"
        self._on_event = on_event
        self._beat_s = self._clock.monotonic_s()
        self._thread = threading.Thread(target=self._main, name=f"mqtt {self._access.name}", daemon=True)
        self._thread.start()

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
        if self._thread is None:
            self._wake_in.close()
            self._wake_out.close()
        elif self._thread is not threading.current_thread():
            self._thread.join(limits.STOP_JOIN_S)

    def _wake(self) -> None:
        # A full pipe wakes as well; a closed one has nobody left to wake.
        with contextlib.suppress(OSError):
            self._wake_in.send(b"\0")

    # The network thread ---------------------------------------------------------------------------

    def _main(self) -> None:
        while not self._stopping.is_set():
            try:
                self._keep_connecting()
            except BaseException as fault:  # noqa: BLE001 - the top of a thread: nothing may end it unheard
                self._down(f"fault in the network thread: {type(fault).__name__}: {fault}")
                self._stopping.wait(limits.RECONNECT_MIN_S)
        self._wake_in.close()
        self._wake_out.close()

    def _keep_connecting(self) -> None:
        while not self._stopping.is_set():
            link = _Link(self._access, self._arrived, self._handover.done)
            since_s = self._clock.monotonic_s()
            try:
                self._serve(link)
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
            self._stopping.wait(self._pause_s())

    def _serve(self, link: "_Link") -> None:
        """One connection, until it is stopped in order (returns) or lost (raises)."""
        self._beat_s = self._clock.monotonic_s()
        granted_by_s = self._beat_s + limits.LINK_WAIT_S
        link.open(self._will() if self._will else None)
        while not link.granted:
            if self._stopping.is_set():
                link.disconnect()
                return
            self._pump(link)
            if self._turn(link) > granted_by_s:
                raise OutsideError(f"the broker did not let us in within {limits.LINK_WAIT_S:.0f} s")
        self._handover.open()
        self._told_down = False
        self.why = ""
        self._tell(LinkUp())
        while not self._stopping.is_set():
            self._pump(link)
            self._turn(link)
        flushed_by_s = self._clock.monotonic_s() + limits.STOP_FLUSH_S
        while self._handover.unsent or link.want_write:
            self._pump(link)
            if self._turn(link) > flushed_by_s:
                break
        link.disconnect()

    def _turn(self, link: "_Link") -> float:
        """Wait for network or other threads, do what is due; returns the monotonic instant after."""
        link.turn(self._wake_out)
        self._beat_s = self._clock.monotonic_s()
        return self._beat_s

    def _pump(self, link: "_Link") -> None:
        """Pass on what other threads handed over: receipts first, they keep messages coming."""
        for mid in self._handover.accepted():
            link.acknowledge(mid)
        for message in self._handover.take(limits.PUBLISH_INFLIGHT_MAX - link.in_flight):
            link.publish(message)

    def _arrived(self, message: mqtt.MQTTMessage) -> None:
        if self._stopping.is_set():
            return  # not accepted: it comes again with the next session
        now_s = self._clock.monotonic_s()
        receipt = self._handover.receipt(message.mid if message.qos else None)
        self._tell(Arrived(message.topic, bytes(message.payload), message.retain, receipt, now_s))

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


class _Link:
    """One connection: a paho client that is thrown away with it. Used by the network thread alone."""

    def __init__(
        self,
        access: _Access,
        on_message: Callable[[mqtt.MQTTMessage], None],
        on_acknowledged: Callable[[int], None],
    ) -> None:
        self._access = access
        self._on_message = on_message
        self._on_acknowledged = on_acknowledged
        self._sizes: dict[int, int] = {}
        self._subscribe_mid: int | None = None
        self._refusal: str | None = None
        self.granted = False
        self._client = client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            # iotcore's rumqttd drops a client with a slash in its id. No slug has `_`: ids stay unique.
            client_id=access.name.replace("/", "_"),
            clean_session=False,
            protocol=MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.max_inflight_messages = 0  # no limit of its own: the handover keeps what may not leave yet
        client.username_pw_set(access.username, access.password)
        if access.tls is not None:
            client.tls_set_context(access.tls)
        # No callback catches: an exception leaves paho through `turn` and ends this connection with a reason.
        client.on_socket_open = self._opened
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_message = self._received
        client.on_publish = self._published

    @property
    def in_flight(self) -> int:
        return len(self._sizes)

    @property
    def want_write(self) -> bool:
        return self._client.want_write()

    def open(self, will: Will | None) -> None:
        if will is not None:
            check_size(will.topic, will.payload)
            self._client.will_set(will.topic, will.payload, qos=1, retain=True)
        try:
            self._check(self._client.connect(self._access.host, self._access.port, keepalive=limits.KEEPALIVE_S))
        except OSError as error:
            raise OutsideError(
                f"cannot reach the broker at {self._access.host}:{self._access.port}: {error}"
            ) from error

    def turn(self, wake: socket.socket) -> None:
        """Wait for the socket or a wake-up, at most `NETWORK_TURN_S`, and do what is due; OutsideError when lost."""
        sock = self._client.socket()
        if not isinstance(sock, socket.socket):
            raise OutsideError(self._refusal or "the connection is closed")
        # poll and not select: a centre with a thousand open pages has file numbers that select refuses.
        poll = select.poll()
        poll.register(wake, select.POLLIN)
        poll.register(sock, select.POLLIN | (select.POLLOUT if self._client.want_write() else 0))
        decrypted = isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
        ready = dict(poll.poll(0 if decrypted else limits.NETWORK_TURN_S * 1000))
        if wake.fileno() in ready:
            wake.recv(65536)
        event = ready.get(sock.fileno(), 0)
        if decrypted or event & ~select.POLLOUT:
            # A broker without TCP_NODELAY (iotcore) holds a second small packet until the first is acknowledged, which
            # Linux puts off for 40 ms. The option lasts for a few packets only, so it is set again for each.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            self._check(self._client.loop_read())
        if event & select.POLLOUT:
            self._check(self._client.loop_write())
        self._check(self._client.loop_misc())
        if self._refusal:
            raise OutsideError(self._refusal)

    def publish(self, message: Message) -> None:
        info = self._client.publish(message.topic, message.payload, qos=1, retain=message.retain)
        # Before the next turn, so before its acknowledgement can be read.
        self._sizes[info.mid] = len(message.payload)
        self._check(info.rc)

    def acknowledge(self, mid: int) -> None:
        self._check(self._client.ack(mid, 1))

    def disconnect(self) -> None:
        """In order: the broker publishes no will."""
        self._client.disconnect()
        if self._client.want_write():
            with contextlib.suppress(OSError):
                self._client.loop_write()

    def close(self) -> None:
        """Let go of the socket; without a `disconnect` before, the broker publishes the will."""
        sock = self._client.socket()
        if isinstance(sock, socket.socket):
            sock.close()

    def _check(self, code: MQTTErrorCode) -> None:
        if code == MQTTErrorCode.MQTT_ERR_CONN_LOST:
            raise OutsideError(self._refusal or "the broker closed the connection, or it broke")
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise OutsideError(self._refusal or mqtt.error_string(code))

    # Called by paho -------------------------------------------------------------------------------

    def _opened(self, _client: mqtt.Client, _userdata: object, sock: object) -> None:
        assert isinstance(sock, socket.socket)
        # With the broker's own, a round trip takes 0.65 ms; without either, 43 to 83 ms.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _connected(
        self,
        client: mqtt.Client,
        _userdata: object,
        _flags: mqtt.ConnectFlags,
        reason: ReasonCode,
        _p: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._refusal = f"the broker refused us: {reason}"
        elif not self._access.subscriptions:
            self.granted = True
        else:
            code, self._subscribe_mid = client.subscribe([(wanted, 1) for wanted in self._access.subscriptions])
            self._check(code)

    def _subscribed(
        self, _client: mqtt.Client, _userdata: object, mid: int, reasons: list[ReasonCode], _p: Properties | None
    ) -> None:
        if mid != self._subscribe_mid:
            return
        wanted = self._access.subscriptions
        if len(reasons) != len(wanted):
            self._refusal = f"the broker answered {len(reasons)} of {len(wanted)} subscriptions"
        elif refused := [topic for topic, reason in zip(wanted, reasons, strict=True) if reason.is_failure]:
            self._refusal = f"the broker refused the subscription {', '.join(refused)}: look at its rights"
        else:
            self.granted = True

    def _received(self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        self._on_message(message)

    def _published(
        self, _client: mqtt.Client, _userdata: object, mid: int, _reason: ReasonCode, _p: Properties | None
    ) -> None:
        self._on_acknowledged(self._sizes.pop(mid))
