"""A network that can be bad: a TCP proxy on loopback that delays, stalls, drops, cuts, or leaves a link half open.

It reads whole MQTT packets, so that a PUBLISH can also be doubled, or overtaken by a later one. One thread.
"""

import asyncio
import contextlib
import random
import socket
import struct
import threading
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

WITHIN_S = 30.0
Leaving = Sequence[tuple[float, bytes]]
"""What leaves instead of a packet, each after so many seconds; nothing: it is lost."""


@dataclass
class Way:
    """One direction, for all connections; change it at any time.

    `lost`: what comes vanishes. `cut_after`: bytes of a connection, then it is reset. `packets`: what a packet becomes.
    """

    delay_s: float = 0.0
    lost: bool = False
    cut_after: int | None = None
    packets: Callable[[bytes], Leaving] = lambda packet: [(0.0, packet)]
    open: asyncio.Event = field(default_factory=asyncio.Event)


class FaultProxy:
    """Between clients and the broker at `target`. `up` is from the clients to it."""

    def __init__(self, target: int) -> None:
        self._target = target
        self.up, self.down = Way(), Way()
        self.up.open.set()
        self.down.open.set()
        self._links: set[_Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault proxy", daemon=True)
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._accepted, "127.0.0.1", 0))
        self.port: int = self._server.sockets[0].getsockname()[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(WITHIN_S)
        self._loop.close()

    def shake(self, fault: Callable[[bytes], Leaving]) -> None:
        """Both directions."""
        self.up.packets = self.down.packets = fault

    def stall(self, way: Way) -> None:
        """Nothing more is passed on, and nothing is lost: it waits."""
        self._loop.call_soon_threadsafe(way.open.clear)

    def flow(self, way: Way) -> None:
        self._loop.call_soon_threadsafe(way.open.set)

    def half_open(self) -> None:
        """Nobody is told, and everything vanishes, a goodbye and new connections too."""
        self.up.lost = self.down.lost = True

    def last(self, seconds: float) -> None:
        """Let the faults go on for so long."""
        self._do(asyncio.sleep(max(0.0, seconds)), seconds + WITHIN_S)

    def heal(self) -> None:
        """A link that lost bytes cannot go on: as a router does that knows it no more, it is reset."""
        self.up.lost = self.down.lost = False
        self.reset()

    def reset(self) -> None:
        self._do(self._reset())

    def _do(self, what: Coroutine[Any, Any, Any], within_s: float = WITHIN_S) -> Any:  # noqa: ANN401 - what it returns
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(within_s)

    # On the proxy's thread ------------------------------------------------------------------------

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link(reader, writer, self.up, self.down)
        self._links.add(link)
        if not self.up.lost:
            with contextlib.suppress(OSError):
                await link.connect(self._target)
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await link.run()
        finally:
            self._tasks.discard(task)
            self._links.discard(link)

    async def _reset(self) -> None:
        for link in tuple(self._links):
            link.reset()

    async def _close(self) -> None:
        self._server.close()
        await self._reset()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class _Link:
    """One client's connection and the proxy's own to the broker; without that one everything vanishes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, up: Way, down: Way) -> None:
        self._client = (reader, writer)
        self._broker: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._up, self._down = up, down

    async def connect(self, port: int) -> None:
        self._broker = await asyncio.open_connection("127.0.0.1", port)

    async def run(self) -> None:
        """Until both sides have ended."""
        if self._broker is None:
            await self._client[0].read()
        else:
            ways = ((self._up, self._client[0], self._broker[1]), (self._down, self._broker[0], self._client[1]))
            await asyncio.gather(*(self._pump(*way) for way in ways))
        self.reset()

    def reset(self) -> None:
        for _, writer in filter(None, (self._client, self._broker)):
            sock = writer.get_extra_info("socket")
            with contextlib.suppress(OSError):  # it may be closed already
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def _pump(self, way: Way, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop, passed, last = asyncio.get_running_loop(), 0, 0.0
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                packet = await _packet(reader)
                await way.open.wait()
                if way.lost:
                    continue
                passed += len(packet)
                if way.cut_after is not None and passed > way.cut_after:
                    writer.write(packet[: len(packet) - (passed - way.cut_after)])
                    with contextlib.suppress(TimeoutError):  # the peer must have it before the reset overtakes it
                        await asyncio.wait_for(reader.read(), 0.05)
                    self.reset()
                    return
                for after_s, leaving in way.packets(packet):
                    due = loop.time() + way.delay_s + after_s
                    if after_s == 0:  # what is not moved stays in order
                        due = last = max(due, last + 1e-6)
                    loop.call_at(due, writer.write, leaving)
        if not way.lost:
            writer.close()


async def _packet(reader: asyncio.StreamReader) -> bytes:
    """One MQTT packet: a byte, the length in one to four bytes of seven bits, and so many bytes."""
    head, length, shift = await reader.readexactly(1), 0, 0
    while True:
        byte = await reader.readexactly(1)
        head += byte
        length |= (byte[0] & 0x7F) << shift
        shift += 7
        if not byte[0] & 0x80:
            return head + await reader.readexactly(length)


def is_publish(packet: bytes) -> bool:
    return packet[0] & 0xF0 == 0x30


def again(packet: bytes) -> bytes:
    """The same PUBLISH as its sender would repeat it."""
    return bytes([packet[0] | 0x08]) + packet[1:]


class Shaken:
    """Every PUBLISH comes twice, each copy by its own delay up to `most_s`: late and in any order. By seed."""

    def __init__(self, seed: int, most_s: float) -> None:
        self._rng, self._most_s = random.Random(seed), most_s
        self.publishes = 0

    def __call__(self, packet: bytes) -> Leaving:
        if not is_publish(packet):
            return [(0.0, packet)]
        self.publishes += 1
        first_s, second_s = sorted(self._rng.uniform(0.001, self._most_s) for _ in range(2))
        return [(first_s, packet), (second_s, again(packet))]
