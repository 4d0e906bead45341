"""What gates send, opened: bytes become an event of the agenda, or are refused. Pure."""

from collections.abc import Collection
from datetime import timedelta

from broker.agenda import AgendaEvent, AskCame, EventCame, StatusCame
from broker.wire import topics
from broker.wire.messages import Ask, Event, Status, decode
from broker.wire.topics import Address
from broker.wire.transport import Arrived
from config.clock import Instant
from config.errors import BadInputError


def opened(message: Arrived, now: Instant, gates: Collection[Address]) -> AgendaEvent | None:
    """None: nothing for this centre. Raises BadInputError."""
    topic, payload = topics.parse(message.topic), message.payload
    match topic.what if topic else "":
        case "status" if topic:
            return StatusCame(topic.address, decode(payload, Status))
        case "event" if topic:
            reported = decode(payload, Event)
            if (reported.school, reported.gate) != (topic.address.school, topic.address.gate):
                wrong = f"an event of {reported.school}/{reported.gate}"
                raise BadInputError(wrong)
            return EventCame(topic.address, reported) if topic.address in gates else None
        case "ask" if topic and topic.address in gates:  # gates of other schools have a centre of their own
            received = now.utc - timedelta(seconds=now.monotonic_s - message.monotonic_s)
            return AskCame(topic.address, decode(payload, Ask), received)
        case _:
            return None
