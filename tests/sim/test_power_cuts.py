"""The power is cut before and after every effect of a day with twelve calls, and the journal at every byte.

The day is lived once; at each effect it is copied, the copy loses its power and lives the rest. A journal that is cut
inside a line is the journal before that line, and a damaged tail: the file itself is cut at every byte to show it.
By day a sample; `FANGXUE_NIGHT=1` takes all.
"""

import copy
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

import pytest

from config.day import Hold
from edge.alphabet import Effect, GateEvent, Linked, PartFailed, Play, Tick, Write
from edge.book import ENTRY
from edge.journal import FileJournal, _line
from gate_checks import Checks
from gate_rig import Rig, at, call, came, day, window

NIGHT = bool(os.environ.get("FANGXUE_NIGHT"))
CLOSES_S = 330.0
END_S = 230.0
AGAIN_S = 0.5
"""A gate that is back hears after this what it did not accept."""
PLAYER = {1: "never", 3: "silent", 6: "failed", 9: "never"}
"""What the loudspeaker does with the first attempt of these classes."""


def hold(to_s: float | None) -> Hold:
    fields = {"id": "h1", "from": at(0), "to": None if to_s is None else at(to_s), "why": None, "by": "王老师"}
    return Hold.model_validate(fields)


CALLS = [call(n, n * 12.0, repeat=1 + n % 2, until_s=45) for n in range(12)]
LATER = sorted(
    [*CALLS[:5], call(5, 60, state="cancelled"), call(6, 90, until_s=45), *CALLS[7:]], key=lambda one: (one.at, one.id)
)
"""One is cancelled, and one moved behind the others."""
DAYS = [
    day(*CALLS, noon=window(closes_s=CLOSES_S)),
    day(*LATER, revision=2, noon=window(closes_s=CLOSES_S), holds=(hold(None),)),
    day(*LATER, revision=3, noon=window(closes_s=CLOSES_S), holds=(hold(43),)),
]
PLAN: list[tuple[float, list[GateEvent]]] = [
    (-15.0, [came(DAYS[0]), Linked(up=True)]),
    (30.0, [came(DAYS[1])]),
    (43.0, [came(DAYS[2])]),
    (END_S, [Tick()]),
]


def answers(play: Play) -> tuple[str, float]:
    cue, _, attempt = play.token.rpartition("|")
    return PLAYER.get(int(cue.split("/c")[1].split("/")[0]), "whole") if attempt == "1" else "whole", 3.0


@dataclass
class Day:
    """A day that is lived, and its copies: `next` is the place in PLAN, `events` what is left to be sent there."""

    rig: Rig = field(default_factory=lambda: Rig(before_s=20))
    next: int = 0
    events: list[GateEvent] = field(default_factory=list)

    def begin(self) -> "Day":
        self.rig.answers, self.rig.rendering = answers, lambda _: (0.5, 3.0)
        self.checks = Checks(self.rig)
        self.checks.issued = {given.revision: given for given in DAYS}
        return self

    def live(self) -> None:
        while self.events or self.next < len(PLAN):
            if self.events:
                self.rig.send(self.events.pop(0))
                continue
            at_s, events = PLAN[self.next]
            self.rig.run(at_s)
            self.next, self.events = self.next + 1, list(events)

    def copied(self) -> "Day":
        """All that can change is copied; states and entries are frozen."""
        rig = copy.copy(self.rig)
        for name in ("journal", "heard", "effects", "_coming"):
            setattr(rig, name, list(getattr(rig, name)))
        rig.sounds = [copy.copy(sound) for sound in rig.sounds]
        made = Day(rig, self.next, list(self.events))
        made.checks = copy.copy(self.checks)
        made.checks.rig = rig
        for name, value in vars(made.checks).items():
            if isinstance(value, dict | set | list):
                setattr(made.checks, name, value.copy())
        rig.on_step, rig.on_effect = made.checks.step, made.checks.effect
        return made

    def cut(self, off_s: float, *, torn: bool) -> None:
        """The power goes here; then the rest of the day. `torn`: an entry was being written."""
        self.checks.say("power cut")
        self.rig.cut_power(off_s)
        if torn:
            self.rig.send(PartFailed("journal-damaged", "1 lines could not be read"))
        self.rig.run((self.rig.utc - at(0)).total_seconds() + AGAIN_S)
        self.events = [*PLAN[max(self.next - 1, 0)][1], *self.events]
        self.live()
        self.checks.finish()


def lived(first: int, stride: int, off_s: float) -> Iterator[tuple[int, Effect, Day]]:
    """Every `stride`th effect of the day, and the day as it stands before it happens; at the end the day itself."""
    whole, cuts = Day().begin(), []
    seen = len(whole.rig.effects)

    def effect(done: Effect) -> None:
        whole.checks.effect(done)
        n = len(whole.rig.effects) - seen
        if n % stride == first:
            cuts.append((n, whole.copied()))

    whole.rig.on_effect = effect
    cuts.append((0, whole.copied()))
    whole.live()
    whole.checks.finish()
    following = [*whole.rig.effects[seen:], Write(ENTRY.validate_json(whole.rig.journal[-1]))]
    for n, cut in cuts:
        yield n, following[n], cut


SAMPLES = [(0, 1, off_s) for off_s in (0.0, 6.0, 40.0)] if NIGHT else [(0, 6, 0.0), (2, 6, 6.0), (4, 6, 40.0)]


@pytest.mark.parametrize(("first", "stride", "off_s"), SAMPLES)
def test_the_power_is_cut_before_and_after_every_effect_of_a_day(first: int, stride: int, off_s: float) -> None:
    last = 0
    for n, coming, cut in lived(first, stride, off_s):
        try:
            cut.cut(off_s, torn=isinstance(coming, Write))
        except AssertionError as error:
            told = "\n".join(cut.checks.trace)
            raise AssertionError(f"power cut for {off_s} s before effect {n}, {coming}: {error}\n{told}") from error
        last = n
    assert last + stride > 150


def test_cut_at_every_byte_the_journal_of_the_day_is_what_was_whole_and_goes_on(tmp_path: Path) -> None:
    lived = Day().begin()
    lived.live()
    lines = [_line(entry) for entry in lived.rig.journal]
    whole, ends = b"".join(lines), list(accumulate(map(len, lines)))
    file = tmp_path / "journal"
    for length in range(0, len(whole), 1 if NIGHT else 211):
        file.write_bytes(whole[:length])
        journal = FileJournal(file)
        entries, damaged = journal.read()
        before = sum(end <= length for end in ends)
        assert (entries, damaged) == (lived.rig.journal[:before], int(length not in (0, *ends)))
        journal.append(b'{"more": 1}')
        journal.close()
        assert file.read_bytes() == b"".join([*lines[:before], _line(b'{"more": 1}')])
    assert len(lines) >= 60
