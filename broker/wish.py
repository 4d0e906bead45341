"""What people ask, as REST takes it, and what comes of it: a wish for today, an alert, a choice of days. Pure."""

from typing import Annotated, Literal

from pydantic import Field

from config import limits
from config.alerts import Action
from config.types import CueId, Day, Frozen, Id, Name, Say, Slug, Utc

WishKind = Literal[
    "hold", "resume", "delay", "skip", "move", "reroute", "release", "ready", "call", "repeat",
    "notice", "extend", "day_type", "left", "quiet", "undo",
]  # fmt: skip


class Wish(Frozen):
    """What a person asks, as REST takes it. `key` makes it once. `confirmed`: asked twice, and meant.

    hold [gate] · resume ids · delay window delay_s [gate] · skip class [window] · release class [gate] [window] · ready
    class [gate] [window] · call class [gate] · repeat [cue] [gate] · notice text [gate] [from] · extend window delay_s
    · move classes [gate] [window] · reroute gate class [window], or all that is left: gate from_gate [window] ·
    day_type day_type [gate] [class] · left class [window] · quiet [gate] [from] [to], and its end: ids [gate] ·
    undo undoes
    """

    key: Id
    by: Name
    why: Name | None = None
    kind: WishKind
    gate: Slug | None = None
    window: Slug | None = None
    cls: Slug | None = Field(default=None, alias="class")
    classes: Annotated[tuple[Slug, ...], Field(max_length=limits.CUES_MAX)] = ()
    """Of a move, in their new order."""
    from_gate: Slug | None = None
    cue: CueId | None = None
    ids: Annotated[tuple[Id, ...], Field(max_length=limits.HOLDS_MAX)] = ()
    delay_s: Annotated[float, Field(ge=-7200, le=7200)] | None = None
    begins: Utc | None = Field(default=None, alias="from")
    to: Utc | None = None
    text: Say | None = None
    day_type: Slug | None = None
    undoes: Annotated[int, Field(ge=0, lt=2**53)] | None = None
    confirmed: bool = False


class AlertWish(Frozen):
    """An alert, or its end: `clears` is the number of the alert that the person saw. `until` with a drill alone.

    A clear is asked twice.
    """

    key: Id
    by: Name
    action: Action
    drill: bool = False
    until: Utc | None = None
    clears: Annotated[int, Field(ge=1, lt=2**53)] | None = None
    confirmed: bool = False


class Choice(Frozen):
    """Whose days count where gates hold newer ones than the centre issued. `dates`: those that were shown, or all."""

    key: Id
    by: Name
    choose: Literal["keep", "mine"]
    dates: Annotated[tuple[Day, ...], Field(max_length=limits.HORIZON_DAYS + 1)] = ()
    confirmed: bool = False


class Answer(Frozen):
    """What came of a wish. `revisions`: of each gate's day now; a gate that reports it has the change."""

    n: int
    kind: str
    lines: tuple[str, ...]
    revisions: dict[str, int]
    again: bool


class AlertAnswer(Frozen):
    """What came of an alert. A gate whose status tells `seq` or more has it. `replaces`: what stood before."""

    seq: int
    action: Action
    status: Literal["actual", "drill"]
    replaces: Action | None
    again: bool


class Chosen(Frozen):
    """What came of a choice, for these dates. `revisions` as in `Answer`; none where the gates' own days count."""

    choose: Literal["keep", "mine"]
    dates: tuple[Day, ...]
    revisions: dict[str, int]
    again: bool
