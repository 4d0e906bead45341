"""One connection over paho-mqtt, without a thread: the transport waits for what it names and lets it turn."""

import contextlib
import select
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from broker.wire.handover import Message, check_size
from broker.wire.network import Ready, Wait
from broker.wire.transport import Will
from config import limits
from config.errors import OutsideError


@dataclass(frozen=True, slots=True)
class Access:
    """Where the broker is, who we are there and what we want to hear."""

    name: str
    host: str
    port: int
    subscriptions: tuple[str, ...]
    username: str | None
    password: str | None
    tls: ssl.SSLContext | None


class Link:
    """One connection: a paho client that is thrown away with it. Used by its network thread alone."""

    def __init__(
        self,
        access: Access,
        on_message: Callable[[str, bytes, bool, int | None], None],
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

    def waits(self) -> Wait:
        """For its socket, at most `NETWORK_TURN_S`; OutsideError when it has none any more."""
        sock = self._socket()
        decrypted = isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
        events = select.POLLIN | (select.POLLOUT if self._client.want_write() else 0)
        return Wait({sock.fileno(): events}, 0.0 if decrypted else limits.NETWORK_TURN_S)

    def turn(self, ready: Ready) -> None:
        """Do what is due after that wait; OutsideError when the connection is lost."""
        sock = self._socket()
        event = ready.get(sock.fileno(), 0)
        decrypted = isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
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

    def _socket(self) -> socket.socket:
        sock = self._client.socket()
        if not isinstance(sock, socket.socket):
            raise OutsideError(self._refusal or "the connection is closed")
        return sock

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
        self._on_message(message.topic, bytes(message.payload), message.retain, message.mid if message.qos else None)

    def _published(
        self, _client: mqtt.Client, _userdata: object, mid: int, _reason: ReasonCode, _p: Properties | None
    ) -> None:
        self._on_acknowledged(self._sizes.pop(mid))
