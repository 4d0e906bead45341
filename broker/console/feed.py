"""Event streams: the whole state to every subscriber, one slot each: a slow phone sees the newest, no queue.

The centre's thread calls `stir` after it handled something; everything else lives on the web's loop.
"""

import asyncio
import contextlib
import queue
import threading
from collections.abc import AsyncIterator, Callable

from broker.console.line import Box, Counter
from broker.view import View
from config import limits

Framed = Callable[[View], bytes]
"""A state as one event of a stream."""


class _Slot:
    """What one subscriber gets next: the newest state, or that it is over."""

    def __init__(self, framed: Framed, first: View) -> None:
        self.framed = framed
        self.filled = asyncio.Event()
        self.filled.set()
        self.view: View | None = first
        self.over = False


class Feed:
    """Streams of views. `monotonic_s`: the clock of the centre's thread."""

    def __init__(
        self, counter: Counter, box: Box, monotonic_s: Callable[[], float], beat_s: float = limits.BEAT_S
    ) -> None:
        self._beat_s = beat_s
        self._counter = counter
        self._box = box
        self._monotonic_s = monotonic_s
        self._loop: asyncio.AbstractEventLoop | None = None
        self._slots: list[_Slot] = []
        self._frames: dict[Framed, bytes] = {}
        self._of: View | None = None
        self._wanted = threading.Event()  # somebody listens
        self._last_s = float("-inf")
        self._later = False

    # The centre's thread --------------------------------------------------------------------------

    def stir(self) -> None:
        """Something was handled. The state is made once for all, and at most every `VIEW_EVERY_S`."""
        loop = self._loop
        if loop is None or not self._wanted.is_set():
            return
        now_s = self._monotonic_s()
        wait_s = self._last_s + limits.VIEW_EVERY_S - now_s
        try:
            if wait_s <= 0:
                self._last_s, self._later = now_s, False
                loop.call_soon_threadsafe(self._publish, self._counter.view())
            elif not self._later:
                self._later = True
                loop.call_soon_threadsafe(loop.call_later, wait_s, self._poke)
        except RuntimeError:  # the web's loop has ended; the centre goes on
            self._loop = None

    # The web's loop -------------------------------------------------------------------------------

    def _poke(self) -> None:
        """The centre's loop turns once more, and its hook finds the time come. Full: it turns anyway."""
        with contextlib.suppress(queue.Full):
            self._box.put_nowait(_nothing)

    def _publish(self, view: View) -> None:
        self._of, self._frames = view, {}
        for slot in self._slots:
            slot.view = view
            slot.filled.set()

    def _frame(self, view: View, framed: Framed) -> bytes:
        """Made once for all that want it so."""
        if view is not self._of:
            return framed(view)
        if framed not in self._frames:
            self._frames[framed] = framed(view)
        return self._frames[framed]

    def full(self) -> bool:
        return len(self._slots) >= limits.CONSOLE_SUBSCRIBERS_MAX

    async def stream(self, first: View, framed: Framed) -> AsyncIterator[bytes]:
        """`first` at once, then every newer state, until the subscriber goes or the server stops."""
        self._loop = asyncio.get_running_loop()
        slot = _Slot(framed, first)
        self._slots.append(slot)  # here, not before: a response that never starts leaves nothing behind
        self._wanted.set()
        try:
            yield b"retry: 2000\n\n"
            while not slot.over:
                try:
                    await asyncio.wait_for(slot.filled.wait(), self._beat_s)
                except TimeoutError:
                    yield b": beat\n\n"
                    continue
                slot.filled.clear()
                if slot.view is not None and not slot.over:
                    view, slot.view = slot.view, None
                    yield self._frame(view, framed)
        finally:
            self._slots.remove(slot)
            if not self._slots:
                self._wanted.clear()

    def stop(self) -> None:
        """STOP into every slot: an open stream would hold up the end for the whole grace."""
        for slot in self._slots:
            slot.over = True
            slot.filled.set()


def _nothing() -> None:
    pass
