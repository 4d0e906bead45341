"""The one queue of a gate: every other thread puts, the loop takes. `put` never blocks, not even in a signal handler.

So a program that ends never waits for a thread that waits for the loop. Only messages can flood: above `INBOX_MAX` the
newest is refused, not accepted, and comes again after a reconnect; every other event is the one answer to a question.
"""

import queue

from audio.player import Played
from broker.wire.transport import Arrived, TransportEvent
from config import limits
from edge.alphabet import GateEvent

Item = TransportEvent | GateEvent | Played | None
"""None: the loop shall end."""


class Inbox:
    """Of any number of threads."""

    def __init__(self) -> None:
        self._items: queue.SimpleQueue[Item] = queue.SimpleQueue()  # Queue.put in a signal handler can lock for ever

    def put(self, item: Item) -> None:
        if not isinstance(item, Arrived) or self._items.qsize() < limits.INBOX_MAX:
            self._items.put(item)

    def get(self, timeout: float | None = None) -> Item:
        """Raises queue.Empty."""
        return self._items.get(timeout=timeout)

    def empty(self) -> bool:
        return self._items.empty()
