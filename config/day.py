"""One gate's day: the cues, windows and holds that the timetable makes and a gate runs. Frozen; defined here once."""

from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from config import limits
from config.types import CueId, Day, Frozen, Gain, Id, Name, OwnPinyin, OwnText, Say, Seconds, Slug, Utc, WindowId

CueKind = Literal["open", "call", "notice", "close"]
Light = Literal["go", "ready", "stop", "off"]
WindowKind = Literal["arrival", "dismissal", "evening"]
Pacing = Literal["timed", "guarded", "ready"]
Mode = Literal["trial", "live"]


class Quiet(Frozen):
    """A span in which only an actual alert speaks (exam lock); `to` None: until a newer day ends it."""

    id: Id
    begins: Utc = Field(alias="from")
    to: Utc | None


class OwnReading(Frozen):
    """How the school reads a name: 茌平 is chí píng."""

    text: OwnText
    pinyin: OwnPinyin


class Cap(Frozen):
    """A span in which nothing but an actual alert is louder than `gain_db`."""

    begins: Utc = Field(alias="from")
    to: Utc
    gain_db: Gain


class Hold(Frozen):
    """Nothing new begins while one is open; `to` is set when it was ended."""

    id: Id
    begins: Utc = Field(alias="from")
    to: Utc | None
    why: Name | None
    by: Name


class Window(Frozen):
    """One peak at one gate. `every_s`: start to start of calls; `rest_s`: least silence between two sentences."""

    id: WindowId
    kind: WindowKind
    name: Name
    opens: Utc
    closes: Utc
    pacing: Pacing
    every_s: Seconds
    rest_s: Seconds
    max_wait_s: Seconds
    on_timeout: Literal["call", "pass_over"]
    gain_db: Gain

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.opens >= self.closes:
            msg = f"window {self.id}: closes {self.closes} is not after opens {self.opens}"
            raise ValueError(msg)
        return self


class Cue(Frozen):
    """At `at`: say this, show this; not begun by `until` (+ slip): not at all. `repeat`: sayings in all."""

    id: CueId
    window: WindowId | None
    at: Utc
    until: Utc
    kind: CueKind
    classes: Annotated[tuple[Slug, ...], Field(max_length=limits.CLASSES_A_CUE_MAX)]
    say: Say
    repeat: Annotated[int, Field(ge=1, le=5)]
    light: Light
    released: Utc | None
    state: Literal["planned", "cancelled"]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _, window, _, kind = self.id.split("/")
        if window != (self.window or "none") or kind.split("#")[0] != self.kind:
            msg = f"cue {self.id}: its id does not name its window and kind"
            raise ValueError(msg)
        if self.until < self.at:
            msg = f"cue {self.id}: until is before at"
            raise ValueError(msg)
        return self


class GateDay(Frozen):
    """All of one gate on one date of the school. Cues are sorted by (`at`, `id`). State, never a delta.

    `readings`: how its sentences are read where the dictionary is wrong. `gain_db`: of the gate, beside its windows'.
    """

    v: Literal[1]
    school: Slug
    gate: Slug
    date: Day
    zone: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_+/-]{0,63}$")]
    revision: Annotated[int, Field(ge=0, lt=2**53)]
    issued_at: Utc
    day_type: Slug
    mode: Mode
    quiet: Annotated[tuple[Quiet, ...], Field(max_length=limits.WINDOWS_MAX)]
    holds: Annotated[tuple[Hold, ...], Field(max_length=limits.HOLDS_MAX)]
    windows: Annotated[tuple[Window, ...], Field(max_length=limits.WINDOWS_MAX)]
    cues: Annotated[tuple[Cue, ...], Field(max_length=limits.CUES_MAX)]
    readings: Annotated[tuple[OwnReading, ...], Field(max_length=limits.OWN_READINGS_MAX)] = ()
    gain_db: Gain = 0.0
    caps: Annotated[tuple[Cap, ...], Field(max_length=limits.WINDOWS_MAX)] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for what, ids in (
            ("window", [window.id for window in self.windows]),
            ("cue", [cue.id for cue in self.cues]),
            ("hold", [hold.id for hold in self.holds]),
            ("quiet span", [quiet.id for quiet in self.quiet]),
            ("reading", [reading.text for reading in self.readings]),
        ):
            if len(set(ids)) != len(ids):
                msg = f"two {what}s have one name"
                raise ValueError(msg)
        known = {window.id for window in self.windows}
        for cue in self.cues:
            if cue.window is not None and cue.window not in known:
                msg = f"cue {cue.id}: no window {cue.window} in this day"
                raise ValueError(msg)
            if not cue.id.startswith(f"{self.date.isoformat()}/"):
                msg = f"cue {cue.id}: is not of {self.date}"
                raise ValueError(msg)
        if list(self.cues) != sorted(self.cues, key=order):
            msg = "cues are not sorted by (at, id)"
            raise ValueError(msg)
        return self

    @cached_property
    def reach(self) -> tuple[datetime, datetime]:
        """Outside of it no window is open, whatever holds move. A gate asks it of 14 days with every event."""
        moved = timedelta(seconds=limits.HOLD_MOVES_MAX_S)
        opens, closes = [one.opens for one in self.windows], [one.closes + moved for one in self.windows]
        return min(opens, default=self.issued_at), max(closes, default=self.issued_at)

    def window(self, of: Cue) -> Window | None:
        """The window a cue belongs to."""
        return next((window for window in self.windows if window.id == of.window), None)


def order(cue: Cue) -> tuple[object, str]:
    """The order in which ties are broken everywhere."""
    return cue.at, cue.id


def cue_id(of: date, window: str | None, subject: str, kind: CueKind) -> str:
    """A cue's name, the same in every revision of its day."""
    return f"{of.isoformat()}/{window or 'none'}/{subject}/{kind}"
