"""The transport's seam: what gates and centre ask of a broker. Nothing is queued here and nothing is promised.

Events arrive on the adapter's own thread; the receiver only puts them on its queue.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class LinkUp:
    """Connected, and every subscription granted."""


@dataclass(frozen=True, slots=True)
class LinkDown:
    """Not connected any more, or the attempt failed; `why` in words for the log. The adapter tries again for ever."""

    why: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message. It is delivered again after a reconnect unless `Transport.accept(receipt)` was called."""

    topic: str
    payload: bytes
    retained: bool
    receipt: int
    monotonic_s: float
    """When it came off the network, for the clock exchange."""


TransportEvent = LinkUp | LinkDown | Arrived
OnTransportEvent = Callable[[TransportEvent], None]


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes, retained, when this client is lost."""

    topic: str
    payload: bytes


class Transport(Protocol):
    """One client of one broker, made with its name, subscriptions and will."""

    def start(self, on_event: OnTransportEvent) -> None:
        """Connect, and keep connecting, in the background. Illegal twice (assert)."""
        ...

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Hand a message to the broker at QoS 1. False: not connected, or too many in flight; nothing was sent.

        A payload above its topic's limit is a BadInputError: the broker would cut the connection for ever.
        """
        ...

    def accept(self, receipt: int) -> None:
        """The message is durable, or needs not be: acknowledge it."""
        ...

    def stop(self) -> None:
        """Send what was handed over (at most 2 s), disconnect in order and end the thread; may be called twice."""
        ...
