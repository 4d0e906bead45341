"""A broker that answers as a test tells it: refuses, keeps silent, acknowledges late. Just enough MQTT 3.1.1."""

import contextlib
import queue
import socket
import threading
from dataclasses import dataclass
from typing import BinaryIO

CONNECT, PUBLISH, PUBACK, SUBSCRIBE, PING, DISCONNECT = 0x10, 0x30, 0x40, 0x80, 0xC0, 0xE0


@dataclass
class Answers:
    """What it does; change it at any time."""

    connack: bytes | None = b"\x00\x00"
    granted: bytes | None = b"\x01"
    puback: bool = True


class BrokerDouble:
    """One connection at a time. `heard` has the packets' types, `published` the payloads, in order."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.heard: queue.Queue[int] = queue.Queue()
        self.published: queue.Queue[tuple[bytes, bytes]] = queue.Queue()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._current: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def send(self, packet: bytes) -> None:
        assert self._current is not None
        self._current.sendall(packet)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        if self._current is not None:
            with contextlib.suppress(OSError):
                self._current.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._listener.close()

    def _run(self) -> None:
        while True:
            try:
                self._current, _ = self._listener.accept()
            except OSError:
                return
            with self._current, self._current.makefile("rb") as stream, contextlib.suppress(OSError, IndexError):
                while True:
                    self._answer(stream.read(1)[0], stream.read(_length(stream)))

    def _answer(self, head: int, body: bytes) -> None:
        kind = head & 0xF0
        self.heard.put(kind)
        if kind == CONNECT and self.answers.connack is not None:
            self.send(b"\x20\x02" + self.answers.connack)
        elif kind == SUBSCRIBE and self.answers.granted is not None:
            self.send(bytes((0x90, 2 + len(self.answers.granted))) + body[:2] + self.answers.granted)
        elif kind == PUBLISH:
            topic = 2 + int.from_bytes(body[:2], "big")
            mid = body[topic : topic + 2]
            self.published.put((mid, body[topic + 2 :]))
            if self.answers.puback:
                self.send(b"\x40\x02" + mid)
        elif kind == PING:
            self.send(b"\xd0\x00")


def _length(stream: BinaryIO) -> int:
    """The remaining length of a packet: seven bits a byte, the lowest first."""
    length = shift = 0
    while True:
        byte = stream.read(1)[0]
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return length
