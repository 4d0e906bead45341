"""What other threads hand to a transport's network thread: messages, with a limit, and receipts of one connection."""

import threading
from collections import deque
from dataclasses import dataclass

from broker.wire import topics
from config import limits
from config.errors import BadInputError


@dataclass(frozen=True, slots=True)
class Message:
    """A message to be published at QoS 1."""

    topic: str
    payload: bytes
    retain: bool


class Handover:
    """Thread-safe; closed until `open()`. Whatever it holds is forgotten when the link goes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = False
        self._messages: deque[Message] = deque()
        self._handed = 0
        self._handed_bytes = 0
        self._receipts = 0
        self._mids: dict[int, int] = {}
        self._accepted: deque[int] = deque()

    @property
    def unsent(self) -> int:
        """Messages taken in whose end was not reported by `done`."""
        with self._lock:
            return self._handed

    def open(self) -> None:
        """Take messages from now on."""
        with self._lock:
            self._open = True

    def close(self, *, forget: bool) -> bool:
        """Take no more; receipts are void, and so are messages if `forget`. Returns whether it was open."""
        with self._lock:
            was_open, self._open = self._open, False
            self._mids.clear()
            self._accepted.clear()
            if forget:
                self._messages.clear()
                self._handed = self._handed_bytes = 0
        return was_open

    def offer(self, message: Message) -> bool:
        """False: closed, or full in number or bytes; nothing was taken."""
        size = len(message.payload)
        with self._lock:
            if not self._open or self._handed >= limits.PUBLISH_HANDED_MAX:
                return False
            if self._handed_bytes + size > limits.PUBLISH_HANDED_MAX_BYTES:
                return False
            self._handed += 1
            self._handed_bytes += size
            self._messages.append(message)
        return True

    def take(self, most: int) -> list[Message]:
        """The oldest messages, at most so many."""
        with self._lock:
            return [self._messages.popleft() for _ in range(min(most, len(self._messages)))]

    def done(self, size: int) -> None:
        """The broker acknowledged a taken message of that many bytes."""
        with self._lock:
            self._handed -= 1
            self._handed_bytes -= size

    def receipt(self, mid: int | None) -> int:
        """A number for an arrived message, never used twice; None: there is nothing to acknowledge."""
        with self._lock:
            self._receipts += 1
            if mid is not None:
                self._mids[self._receipts] = mid
            return self._receipts

    def accept(self, receipt: int) -> bool:
        """False: of an old connection, or accepted before; there is nothing to acknowledge."""
        with self._lock:
            mid = self._mids.pop(receipt, None)
            if mid is None:
                return False
            self._accepted.append(mid)
        return True

    def accepted(self) -> deque[int]:
        """The message ids to acknowledge now."""
        with self._lock:
            accepted, self._accepted = self._accepted, deque()
        return accepted


def check_size(topic: str, payload: bytes) -> None:
    """Refuse what the topic may not carry: the broker would cut the connection, again and again."""
    assert topic, "a message has a topic"
    assert not set(topic) & set("+#\0"), f"{topic!r} is a filter, not a topic"
    if len(payload) > (most := topics.max_bytes(topic)):
        raise BadInputError(
            f"message for {topic}: {len(payload)} bytes, at most {most}; shorten it or send it in parts"
        )
