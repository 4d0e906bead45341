"""What can happen to a gate (events), what it can do (effects), what it is doing and knows (state). No behaviour."""

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from broker.wire.messages import Ack, Alert, Event, LiveCue, Record, Status
from broker.wire.topics import Address
from config.day import Cue, GateDay, Window
from config.pacing import EVER, Gap
from config.types import Readings
from edge.book import Book, Entry
from edge.button import Button
from edge.sources import Anchored, ChipSet

# What happens to a gate ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed. The only timer there is."""


@dataclass(frozen=True, slots=True)
class Woke:
    """The process started and the book was read."""


@dataclass(frozen=True, slots=True)
class Linked:
    """The way to the broker is open, or (`up` False) was lost."""

    up: bool


@dataclass(frozen=True, slots=True)
class DayCame:
    """A day, checked; `payload` is kept as it came, `receipt` is accepted once it is durable."""

    day: GateDay
    payload: str
    digest: str
    receipt: int


@dataclass(frozen=True, slots=True)
class LiveCame:
    live: LiveCue
    receipt: int


@dataclass(frozen=True, slots=True)
class AlertCame:
    alert: Alert
    receipt: int


@dataclass(frozen=True, slots=True)
class AckCame:
    ack: Ack
    receipt: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that is not of the contract; `what` names its topic."""

    what: str
    why: str
    receipt: int


@dataclass(frozen=True, slots=True)
class PlayerAnswered:
    """`began_s`: monotonic instant of the clip's first sample, None if nothing sounded."""

    token: str
    result: str
    began_s: float | None
    why: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """A sentence is ready to be played (`length_s`), or could not be made. `why` beside a length: not as it should be.

    `stand_in`: the shipped recording that names no class is there in its place.
    """

    say: str
    length_s: float | None
    why: str = ""
    stand_in: bool = False


@dataclass(frozen=True, slots=True)
class ButtonMoved:
    """An edge of a button as the wire gave it, at a monotonic instant; also its level when the gate starts."""

    button: Literal["next", "hold"]
    down: bool
    at_s: float


@dataclass(frozen=True, slots=True)
class PartFailed:
    """A part of this gate (journal, player, panel) works (`why` empty) or does not."""

    part: str
    why: str


@dataclass(frozen=True, slots=True)
class TimeKept:
    """What vouches for the time must outlive this process."""

    entry: Anchored | ChipSet


GateEvent = (
    Tick
    | Woke
    | Linked
    | DayCame
    | LiveCame
    | AlertCame
    | AckCame
    | Refused
    | PlayerAnswered
    | Rendered
    | ButtonMoved
    | PartFailed
    | TimeKept
)

# What a gate does ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Write:
    """Durable, or failed as an event, before the next effect."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class Play:
    token: str
    say: str
    gain_db: float


@dataclass(frozen=True, slots=True)
class Cut:
    pass


@dataclass(frozen=True, slots=True)
class Render:
    says: tuple[str, ...]
    readings: Readings = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Publish:
    what: str
    message: Status | Event
    retain: bool = False


@dataclass(frozen=True, slots=True)
class Accept:
    receipt: int


Effect = Write | Play | Cut | Render | Publish | Accept

# What a gate is doing -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Idle:
    pass


@dataclass(frozen=True, slots=True)
class Leading:
    """The relay is closed; the player starts at `until_s`. `saying` counts from 1; `silent`: shown, not spoken."""

    cue: Cue
    window: Window | None
    record: Record
    until_s: float
    saying: int = 1
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Saying(Leading):
    """No answer of the player by `until_s`: the end is unknown."""


@dataclass(frozen=True, slots=True)
class Pausing(Leading):
    """Between two sayings of one call; the next begins at `until_s`."""


@dataclass(frozen=True, slots=True)
class Alarming:
    """An alert: speaking the saying `sayings` that began at `begun_s`, or waiting for the next, until `until_s`."""

    alert: str
    token: str
    sayings: int
    until_s: float
    begun_s: float = 0.0
    speaking: bool = False


Doing = Idle | Leading | Saying | Pausing | Alarming


@dataclass(frozen=True, slots=True)
class State:
    """Everything `step` knows. `book` is durable; the rest begins anew with the process.

    `gaps`: calls that came due in them, without power, day or clock, set no slip; `lost`: since when there is no clock,
    all that this process knows. `clips`: length of each sentence that can be played.
    `waited`: seconds that calls waited for a person; those in `counting` do so since `counted_s`, and `waits_until_s`
    is when the first has waited long enough. `alert_since_s`: since when this process knows of the alert that stands;
    `recalled`: one that stood when it started.
    `cutting`: what the player was told to cut, until it answers; `cut`: the call that it was. It may have been over.
    `readings`: those by which the clips were asked for. `stand_ins`: those of `clips` for which the recording
    stands in that names no class.
    `refused_until_s`: the lamp refuses a press. `renew_at_s`: not before it the journal is made new by its length.
    """

    address: Address
    version: str
    book: Book
    zone: str = "Asia/Shanghai"
    doing: Doing = Idle()
    free_from_s: float = 0.0
    gaps: tuple[Gap, ...] = ()
    lost: datetime = EVER
    held: bool = False
    vouched: bool = False
    lives: dict[str, LiveCue] = field(default_factory=dict)
    clips: dict[str, float] = field(default_factory=dict)
    stand_ins: frozenset[str] = frozenset()
    asked: dict[str, float] = field(default_factory=dict)
    readings: Readings = field(default_factory=dict)
    buttons: dict[Literal["next", "hold"], Button] = field(default_factory=lambda: {"hold": Button(), "next": Button()})
    waited: dict[str, float] = field(default_factory=dict)
    counting: tuple[str, ...] = ()
    counted_s: float = 0.0
    waits_until_s: float = math.inf
    alert_since_s: float | None = None
    recalled: str = ""
    cutting: str = ""
    cut: Leading | None = None
    refused_until_s: float = 0.0
    renew_at_s: float = 0.0
    link_up: bool = False
    answered: bool = False
    status: Status | None = None
    status_at_s: float = 0.0
    event_at_s: float | None = None
    event_seq: int = 0
