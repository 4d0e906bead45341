"""A gate on a bench: the real `step`, a clock that only this file moves, a loudspeaker that answers by its length.

What is heard stands in `heard` as (first audible sample, sentence). `cut_power()` keeps nothing but the journal.
The rig's `utc` is the school's true time; what the gate is told is `skew_s` off.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from broker.wire.messages import Record, digest, encode
from broker.wire.topics import Address
from config import limits
from config.clock import Instant
from config.day import Cue, GateDay, Window
from edge import report
from edge.alphabet import (
    Cut,
    DayCame,
    Effect,
    GateEvent,
    Linked,
    Play,
    PlayerAnswered,
    Publish,
    Render,
    Rendered,
    State,
    Tick,
    Woke,
    Write,
)
from edge.book import ENTRY, Book, Entry, Opened, Recorded, Whole, apply
from edge.gate import step, wake

HERE = Address("shifan", "east")
DATE = date(2026, 11, 25)
NOON = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)
"""11:30 at the school."""
LENGTH_S = 6.0


def at(seconds: float) -> datetime:
    """Seconds after 11:30."""
    return NOON + timedelta(seconds=seconds)


def call(n: int, at_s: float, *, until_s: float = 60.0, repeat: int = 1, **more: object) -> Cue:
    """The call of class n, `at_s` after 11:30."""
    fields = {
        "id": f"{DATE}/noon/c{n}/call",
        "window": "noon",
        "at": at(at_s),
        "until": at(at_s + until_s),
        "kind": "call",
        "classes": (f"c{n}",),
        "say": f"请注意，三年级{n}班正在放学。",
        "repeat": repeat,
        "light": "go",
        "released": None,
        "state": "planned",
    }
    return Cue.model_validate({**fields, **more})


def window(*, closes_s: float = 1500, every_s: float = 20, **more: object) -> Window:
    fields = {
        "id": "noon", "kind": "dismissal", "name": "午放学", "opens": at(-300), "closes": at(closes_s),
        "pacing": "timed", "every_s": every_s, "rest_s": 3, "max_wait_s": 0, "on_timeout": "pass_over", "gain_db": 0,
    }  # fmt: skip
    return Window.model_validate({**fields, **more})


def day(*cues: Cue, revision: int = 1, noon: Window | None = None, **more: object) -> GateDay:
    fields = {
        "v": 1, "school": HERE.school, "gate": HERE.gate, "date": DATE, "zone": "Asia/Shanghai", "revision": revision,
        "issued_at": at(-3600), "day_type": "normal", "mode": "live", "quiet": (), "holds": (),
        "windows": (noon or window(),), "cues": cues,
    }  # fmt: skip
    return GateDay.model_validate({**fields, **more})


def came(of: GateDay) -> DayCame:
    payload = encode(of)
    return DayCame(of, payload.decode(), digest(payload), receipt=7)


class PowerCutError(Exception):
    """`effects_left` came to an end: the rest of the step's effects never happen. The test calls `cut_power()`."""


@dataclass
class Sound:
    """What came out of the loudspeaker for one Play; ends early when the power or the player is cut."""

    token: str
    say: str
    begins: datetime
    ends: datetime
    whole: bool


class Rig:
    """A gate whose clock stands `before_s` before 11:30 when it wakes."""

    def __init__(self, before_s: float = 60.0, *, bound_s: float | None = 0.1, renders: bool = True) -> None:
        self.utc, self.monotonic_s, self.bound_s = at(-before_s), 1000.0, bound_s
        self.renders = renders
        self.journal: list[bytes] = []
        self.heard: list[tuple[float, str]] = []
        self.effects: list[Effect] = []
        self.effects_left: int | None = None
        self.skew_s = 0.0
        self.sounds: list[Sound] = []
        self.on_effect: Callable[[Effect], None] = lambda _: None
        """Called after each effect: its write is durable, its sound begun."""
        self.on_step: Callable[[GateEvent], None] = lambda _: None
        """Called before each step."""
        self.lengths_s: dict[str, float] = {}
        self.answers: Callable[[Play], tuple[str, float]] = lambda _: ("whole", LENGTH_S)
        """What the loudspeaker does: whole, failed, silent, never (no answer), late (too late an answer)."""
        self.rendering: Callable[[str], tuple[float, float | None]] = lambda say: (
            0.5,
            self.lengths_s.get(say, LENGTH_S),
        )
        """After how long a sentence is ready, and its length; None: it could not be made."""
        self._coming: list[tuple[float, int, GateEvent]] = []
        self._n = 0
        self._write(Opened(log="0badcafe"))
        self.wake()

    # Life -----------------------------------------------------------------------------------------

    def wake(self) -> None:
        """The process starts: what it knows is what the journal says."""
        self.state = State(HERE, "test", self.replayed())
        self.send(Woke())

    def replayed(self) -> Book:
        """The book as the journal tells it."""
        book = Book()
        for line in self.journal:
            book = apply(book, ENTRY.validate_json(line))
        return book

    def cut_power(self, for_s: float = 0.0) -> None:
        """No effect, no answer, no time as a process knows it; then a new start."""
        self._coming.clear()
        self._silence()
        self.effects_left = None
        self.utc += timedelta(seconds=for_s)
        self.monotonic_s += for_s
        self.wake()

    def send(self, event: GateEvent) -> None:
        self.on_step(event)
        self.state, effects = step(self.state, self.now(), event)
        for effect in effects:
            if self.effects_left is not None:
                if self.effects_left == 0:
                    raise PowerCutError
                self.effects_left -= 1
            self._perform(effect)
            self.on_effect(effect)

    def run(self, until_s: float) -> None:
        """Let time pass until `until_s` after 11:30."""
        while self.utc < at(until_s):
            due_s = min([wake(self.state, self.now()), *(one[0] for one in self._coming[:1])])
            self._advance(min(due_s, self.monotonic_s + (at(until_s) - self.utc).total_seconds()))
            if self._coming and self._coming[0][0] <= self.monotonic_s:
                self.send(heapq.heappop(self._coming)[2])
            else:
                self.send(Tick())

    def now(self) -> Instant:
        return Instant(self.utc + timedelta(seconds=self.skew_s), self.monotonic_s, self.bound_s)

    # What came of it ------------------------------------------------------------------------------

    @property
    def records(self) -> list[Record]:
        written = (effect.entry for effect in self.effects if isinstance(effect, Write))
        return [entry.record for entry in written if isinstance(entry, Recorded)]

    def results(self) -> list[tuple[str, int, str, bool]]:
        """(class, attempt, result, final) of every record, in order."""
        return [(one.cue.split("/")[2], one.attempt, one.result, one.final) for one in self.records]

    def classes(self) -> list[tuple[float, str]]:
        """(seconds after 11:30, class number) of what was heard."""
        return [(round(at_s, 2), say.split("级")[1].split("班")[0]) for at_s, say in self.heard if "班" in say]

    def problems(self) -> list[str]:
        return sorted(self.state.book.problems)

    def lights(self) -> report.Lights:
        return report.lights(self.state, self.now())

    def published(self, what: str) -> list[Publish]:
        return [one for one in self.effects if isinstance(one, Publish) and one.what == what]

    # Hands ----------------------------------------------------------------------------------------

    def _perform(self, effect: Effect) -> None:
        self.effects.append(effect)
        match effect:
            case Write(entry):
                self._write(entry)
            case Play():
                self._play(effect)
            case Render(says, _) if self.renders:
                for say in says:
                    after_s, length_s = self.rendering(say)
                    why = "" if length_s else "engine died"
                    self._later(self.monotonic_s + after_s, Rendered(say, length_s, why))
            case Cut():
                self._cut()
            case _:
                pass

    def _play(self, play: Play) -> None:
        result, length_s = self.answers(play)
        began_s = self.monotonic_s + limits.PLAYER_START_MS / 1000
        began = self.utc + timedelta(seconds=limits.PLAYER_START_MS / 1000)
        audible = began + timedelta(seconds=limits.CLIP_SILENCE_MS / 1000)
        if result != "silent":
            self.heard.append(((audible - NOON).total_seconds(), play.say))
            ends = began + timedelta(seconds=length_s)
            self.sounds.append(Sound(play.token, play.say, audible, ends, whole=result != "failed"))
        if result == "silent":
            self._later(began_s + length_s, PlayerAnswered(play.token, "failed", None, "no card"))
        elif result == "late":
            after_s = length_s + limits.PLAYED_GRACE_S + 1
            self._later(began_s + after_s, PlayerAnswered(play.token, "whole", began_s, ""))
        elif result != "never":
            self._later(began_s + length_s, PlayerAnswered(play.token, result, began_s, ""))

    def _cut(self) -> None:
        """The player lets go within 50 ms; one that would never have answered does not now."""
        self._silence()
        playing = [one for one in self._coming if isinstance(one[2], PlayerAnswered) and one[2].result == "whole"]
        for one in playing:
            self._coming.remove(one)
            heapq.heapify(self._coming)
            assert isinstance(one[2], PlayerAnswered)
            self._later(self.monotonic_s + 0.02, replace(one[2], result="cut"))

    def _silence(self) -> None:
        for sound in self.sounds[-1:]:
            if sound.ends > self.utc:
                sound.ends, sound.whole = self.utc, False

    def _write(self, entry: Entry) -> None:
        line = ENTRY.dump_json(entry, by_alias=True)
        self.journal = [line] if isinstance(entry, Whole) else [*self.journal, line]

    def _later(self, at_s: float, event: GateEvent) -> None:
        self._n += 1
        heapq.heappush(self._coming, (at_s, self._n, event))

    def _advance(self, to_s: float) -> None:
        assert to_s >= self.monotonic_s
        self.utc += timedelta(seconds=to_s - self.monotonic_s)
        self.monotonic_s = to_s


def linked() -> Linked:
    return Linked(up=True)
