"""The messages of wire contract 1: frozen models, and the one place where bytes become them or are refused."""

import hashlib
import json
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import Field, ValidationError, model_validator

from config import limits
from config.day import Cue, GateDay, Window
from config.errors import BadInputError
from config.types import CueId, Day, Frozen, Id, Name, Say, Seconds, Slug, Utc

VERSION = 1
M = TypeVar("M", bound=Frozen)
Counter = Annotated[int, Field(ge=0, lt=2**53)]
Log = Annotated[str, Field(pattern=r"^[0-9a-f]{8}$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
Label = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.+-]{0,63}$")]
Bound = Annotated[float, Field(ge=0, le=1e9)]
Result = Literal[
    "announced", "late", "missed", "suppressed", "passed_over", "interrupted", "cut_short", "cancelled", "unreported"
]
Source = Literal["timer", "live", "guard", "console", "class"]


class LiveCue(Frozen):
    """The central scheduler's word for one cue, 2 s ahead. `due`: its instant with the slip the centre knows."""

    v: Literal[1]
    sent_at: Utc
    revision: Counter
    due: Utc
    window: Window | None
    cue: Cue

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.window and self.window.id) != self.cue.window:
            msg = f"cue {self.cue.id}: comes with the window {self.window and self.window.id}"
            raise ValueError(msg)
        return self


class Alert(Frozen):
    """Pre-empts everything until all clear. `clears`: the id a `clear` ends."""

    v: Literal[1]
    school: Slug
    seq: Counter
    id: Id
    action: Literal["return", "evacuate", "shelter", "clear"]
    clears: Id | None
    status: Literal["actual", "drill"]
    say: Say
    raised_at: Utc
    until: Utc | None
    by: Name


class Ack(Frozen):
    """Everything of this log up to `seq` is stored at the centre."""

    v: Literal[1]
    log: Log
    seq: Counter


class Ask(Frozen):
    """A gate asks the time; `n` counts within a process start."""

    v: Literal[1]
    start: Counter
    n: Counter


class Time(Frozen):
    """The centre's answer; `error_s` None: its own clock is vouched for by nobody."""

    v: Literal[1]
    start: Counter
    n: Counter
    received_at: Utc
    sent_at: Utc
    error_s: Bound | None


class Held(Frozen):
    """A stored day as its gate knows it."""

    revision: Counter
    digest: Digest


class Status(Frozen):
    """What a gate is and does now; retained, also its last will."""

    v: Literal[1]
    school: Slug
    gate: Slug
    start: Counter
    log: Log
    link: Literal["up", "closed", "lost"]
    doing: Literal["idle", "calling", "held", "alert"]
    days: Annotated[dict[Day, Held], Field(max_length=40)]
    alert_seq: Counter
    now: CueId | None
    next: CueId | None
    waiting: Annotated[tuple[CueId, ...], Field(max_length=limits.LIVE_MAX)]
    holds: Annotated[tuple[Id, ...], Field(max_length=limits.HOLDS_MAX)]
    slip: Annotated[dict[Slug, Seconds], Field(max_length=limits.WINDOWS_MAX)]
    bound_s: Bound | None
    check: Annotated[tuple[Label, ...], Field(max_length=20)]
    problems: Counter
    version: Label
    reads_v: Counter


class Record(Frozen):
    """What a gate did with a cue. `final`: nothing more will be said of it; `actual`: its first audible sample."""

    cue: CueId
    attempt: Counter
    revision: Counter
    result: Result
    final: bool
    planned: Utc
    actual: Utc | None
    ended: Utc | None
    bound_s: Bound | None
    slip_s: Seconds
    source: Source
    volume_pct: Annotated[int, Field(ge=0, le=100)]
    heard: Literal["yes", "no", "unknown"]


class Press(Frozen):
    """A button at the gate and what came of it. `silence`: `hold` kept down, the voice of an alert ends here.

    `id`: `{gate}/{log}-{seq}`. `hold` toggles: with an empty `ends` it opened the hold of its own id, else it ended
    those.
    """

    id: Id
    button: Literal["next", "hold", "silence"]
    at: Utc
    target: CueId | None
    ends: Annotated[tuple[Id, ...], Field(max_length=limits.HOLDS_MAX)]
    result: Literal["done", "refused"]


class Problem(Frozen):
    """Something a person must look at; its words are made where people read."""

    id: Id
    code: Label
    args: Annotated[dict[Label, Annotated[str, Field(max_length=200)]], Field(max_length=10)]
    opened_at: Utc
    closed_at: Utc | None


class Event(Frozen):
    """From a gate's outbox; sent again until its `seq` is acknowledged. `seq`: the last entry it holds."""

    v: Literal[1]
    school: Slug
    gate: Slug
    log: Log
    seq: Counter
    records: Annotated[tuple[Record, ...], Field(max_length=limits.EVENT_RECORDS_MAX)]
    presses: Annotated[tuple[Press, ...], Field(max_length=limits.EVENT_RECORDS_MAX)]
    problems: Annotated[tuple[Problem, ...], Field(max_length=limits.EVENT_RECORDS_MAX)]


MESSAGES: dict[str, type[Frozen]] = {
    "day": GateDay,
    "cue": LiveCue,
    "alert": Alert,
    "ack": Ack,
    "time": Time,
    "ask": Ask,
    "status": Status,
    "event": Event,
}
"""What a topic carries, by its last word (`day` before the date). A Change travels by REST."""


def encode(message: Frozen) -> bytes:
    """One line of JSON in UTF-8."""
    return message.model_dump_json(by_alias=True).encode()


def digest(payload: bytes) -> str:
    """How a gate and the centre compare a stored day: of the payload's bytes, so that any serialiser will do."""
    return hashlib.sha256(payload).hexdigest()[:16]


def decode(payload: bytes, model: type[M], max_bytes: int = limits.MESSAGE_MAX_BYTES) -> M:
    """Parse one message. Raises BadInputError; `v` is read first, so that a newer contract is named as such."""
    if len(payload) > max_bytes:
        msg = f"{len(payload)} bytes, at most {max_bytes}"
        raise BadInputError(msg)
    if b"\n" in payload:
        msg = "more than one line: signed payloads need a joined gate"
        raise BadInputError(msg)
    try:
        raw = json.loads(payload.decode("utf-8"), object_pairs_hook=_no_twins, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        msg = f"no JSON: {str(error)[:120]}"
        raise BadInputError(msg) from error
    if not isinstance(raw, dict) or type(raw.get("v")) is not int:
        msg = "no object with a whole number `v`"
        raise BadInputError(msg)
    if raw["v"] != VERSION:
        msg = f"contract v {str(raw['v'])[:20]} is not read here (this program reads {VERSION})"
        raise BadInputError(msg)
    try:
        return model.model_validate_json(payload)
    except ValidationError as error:
        found = "; ".join(f"{'.'.join(map(str, e['loc'])) or '-'}: {e['msg']}" for e in error.errors()[:5])
        raise BadInputError(found[:400]) from error


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        msg = "one key stands twice in an object"
        raise ValueError(msg)
    return made


def _no_constant(name: str) -> None:
    msg = f"{name} is no number"
    raise ValueError(msg)
