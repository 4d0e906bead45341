"""kill -9 at chosen points of a cue, and anywhere in a window: the recorded sound and the records tell the same story.

Never said again but for the one permitted repetition, never silent without a record. The gates are children of
killed_gates.py and live side by side; FANGXUE_NIGHT kills a hundred times in a window.
"""

import json
import math
import os
import random
import signal
import subprocess
import sys
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from audio.recorder import Recorder
from audio.wav_file import write_wav
from broker.wire.messages import Record
from config import limits
from config.day import Cue
from edge.book import ENTRY, Begun, Book, Entry, Kept, Opened, Recorded, apply
from edge.journal import FileJournal
from gate_rig import call, came, day, window
from killed_gates import LENGTH_S, FastClock
from onsets import sounds_s
from process_rig import CLOCK, WITHIN_S

NIGHT = bool(os.environ.get("FANGXUE_NIGHT"))
HERE = Path(__file__).resolve().parent
SPEED = 1.5
TONE_S = LENGTH_S - limits.CLIP_SILENCE_MS / 1000
NEAR_S = 0.6
"""How far a sound and its record may be apart; a busy machine delivers late what was played in time."""
FIRST_S = -4.0
"""The first call, seconds from 11:30; every clock begins at 11:29:50, and a gate waits three seconds after a start."""
Doom = tuple[str, float]

ONCE = [(1, "announced", True)]
ANEW = [(1, "late", True)]
AGAIN = [(1, "interrupted", False), (2, "late", True)]
POINTS: tuple[tuple[Doom, tuple[int, ...], list[tuple[int, str, bool]]], ...] = (
    (("before begun", 0), (2,), ANEW),
    (("half begun", 0), (2,), ANEW),
    (("unsynced begun", 0), (2,), AGAIN),
    (("after begun", 0), (2,), AGAIN),
    (("after begun", 0.2), (2,), AGAIN),
    (("before play 1", 0), (2,), AGAIN),
    (("after play 1", 0), (2, 3), AGAIN),
    (("after play 1", 0.3), (2, 3), AGAIN),
    (("after play 1", 0.5), (2, 3), AGAIN),
    (("before said", 0), (3,), AGAIN),
    (("half said", 0), (3,), AGAIN),
    (("unsynced said", 0), (1,), ONCE),
    (("after said", 0), (1,), ONCE),
    (("after said", 0.4), (1, 2), ONCE),
    (("before play 2", 0), (1,), ONCE),
    (("after play 2", 0.35), (1, 2), ONCE),
    (("before recorded", 0), (2,), ONCE),
    (("half recorded", 0), (2,), ONCE),
    (("unsynced recorded", 0), (2,), ONCE),
    (("after recorded", 0), (2,), ONCE),
    (("before event", 0), (2,), ONCE),
    (("after event", 0), (2,), ONCE),
)
"""Where a gate is killed while it says a call twice; how many sayings are heard in all, and its records.

Two numbers where the kill races with the loudspeaker: a busy machine is late with the one or the other.
"""


@dataclass
class Gate:
    """A gate that was killed, and what is left of it."""

    folder: Path
    cues: tuple[Cue, ...]
    dooms: Sequence[Doom]

    def prepare(self) -> None:
        self.folder.mkdir()
        journal = FileJournal(self.folder / "journal")
        journal.read()
        given = came(day(*self.cues, noon=window(closes_s=600, every_s=4)))
        entries: list[Entry] = [Opened(log="0badcafe"), Kept(digest=given.digest, payload=given.payload)]
        for entry in entries:
            journal.append(ENTRY.dump_json(entry, by_alias=True))
        journal.close()

    def look(self, begins: datetime, ended: list[int]) -> None:
        self.ended = ended
        found = sounds_s(self.folder / "gate.wav")
        self.sounds = [(begins + timedelta(seconds=start), end - start) for start, end in found]
        journal = FileJournal(self.folder / "journal")
        lines, self.damaged = journal.read()
        journal.close()
        self.entries = [ENTRY.validate_json(line) for line in lines]
        self.book = Book()
        for entry in self.entries:
            self.book = apply(self.book, entry)

    def records(self, cue: str) -> list[Record]:
        return [one.record for one in self.entries if isinstance(one, Recorded) and one.record.cue == cue]

    def begun(self) -> list[tuple[datetime, str]]:
        """When each attempt was to be heard, and whose it was."""
        begun = (one.record for one in self.entries if isinstance(one, Begun))
        return [(one.actual, one.cue) for one in begun if one.actual is not None]


@contextmanager
def listening(gates: Sequence[Gate], clock: FastClock) -> Iterator[list[Recorder]]:
    recorders = [Recorder(gate.folder / "gate.fifo", gate.folder / "gate.wav", clock) for gate in gates]
    try:
        for recorder in recorders:
            recorder.start()
        yield recorders
    finally:
        for recorder in recorders:
            recorder.close()


def lived(folder: Path, gates: Sequence[Gate]) -> None:
    """All of them, side by side, to their ends."""
    tone = [round(9000 * math.sin(n / limits.CLIP_RATE_HZ * 2 * math.pi * 880)) for n in range(_frames(TONE_S))]
    write_wav(folder / "clip.wav", array("h", [*[0] * _frames(limits.CLIP_SILENCE_MS / 1000), *tone]))
    for gate in gates:
        gate.prepare()
    paths = os.pathsep.join([str(HERE.parent), str(HERE.parent.parent)])
    program = [sys.executable, "-P", str(HERE.parent / "killed_gates.py")]
    with subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": paths}
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        clock = FastClock(CLOCK.monotonic_s(), SPEED)
        asked = [{"folder": str(gate.folder), "lives": gate.dooms} for gate in gates]
        line = json.dumps({"origin_s": clock.origin_s, "speed": SPEED, "gates": asked})
        with listening(gates, clock) as recorders:
            said, _ = process.communicate(f"{line}\n", timeout=WITHIN_S * (1 + NIGHT))
    assert process.returncode == 0
    ended = json.loads(said)
    for gate, recorder in zip(gates, recorders, strict=True):
        assert recorder.begins_utc is not None
        gate.look(recorder.begins_utc, ended[str(gate.folder)])


def _frames(seconds: float) -> int:
    return round(seconds * limits.CLIP_RATE_HZ)


def truth(gate: Gate) -> None:
    """What must hold wherever a gate was killed."""
    begun = gate.begun()
    whose: dict[str, list[tuple[datetime, float]]] = {cue.id: [] for cue in gate.cues}
    for sound in gate.sounds:
        instant, of = min(begun, key=lambda one: abs((one[0] - sound[0]).total_seconds()))
        saying_s = (sound[0] - instant).total_seconds()
        assert -NEAR_S < saying_s < NEAR_S + gate.cues[0].repeat - 1 + TONE_S, f"{sound} is nobody's: {begun}"
        whose[of].append(sound)
    for one, other in pairwise(gate.sounds):
        assert (other[0] - one[0]).total_seconds() > one[1] + limits.SAYING_GAP_S - NEAR_S, f"{one} {other}"
    for cue in gate.cues:
        records, sounds = gate.records(cue.id), whose[cue.id]
        assert [one.final for one in records] == [False] * (len(records) - 1) + [True], f"{cue.id}: {records}"
        attempts = [instant for instant, own in begun if own == cue.id]
        assert len(attempts) <= limits.ATTEMPTS_MAX, f"{cue.id} was begun {len(attempts)} times"
        assert len(sounds) <= cue.repeat + (len(attempts) > 1), f"{cue.id}: {sounds}"
        last = records[-1]
        if last.result in ("announced", "late"):
            assert any(length_s > TONE_S * 0.9 for _, length_s in sounds), f"{last}: {sounds}"
            assert last.actual is not None
            assert any(abs((begins - last.actual).total_seconds()) < NEAR_S for begins, _ in sounds), f"{last} {sounds}"
        if last.heard == "no":
            assert sounds == []
        assert last.result in ("announced", "late", "interrupted", "missed")


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Gate], list[Gate]]:
    """One gate for each point of a cue; and some that say a window and are killed anywhere in it."""
    folder = tmp_path_factory.mktemp("gates")
    once = (call(1, FIRST_S, repeat=2),)
    points = [Gate(folder / f"point-{n}", once, [doom]) for n, (doom, _, _) in enumerate(POINTS)]
    source = random.Random(20261125)
    calls, kills, gates = (12, 5, 20) if NIGHT else (3, 2, 5)
    cues = tuple(call(n, FIRST_S + 2.5 * n) for n in range(calls))
    anywhere = [("born", source.uniform(2.5, 6.0)) for _ in range(kills * gates)]
    windows = [Gate(folder / f"window-{n}", cues, anywhere[kills * n : kills * (n + 1)]) for n in range(gates)]
    lived(folder, [*points, *windows])
    return points, windows


@pytest.mark.parametrize("n", range(len(POINTS)), ids=[f"{doom[0]} +{doom[1]}" for doom, _, _ in POINTS])
def test_killed_at_this_point_of_a_cue_it_is_said_once_more_at_most_and_recorded(
    killed: tuple[list[Gate], list[Gate]], n: int
) -> None:
    gate, (_, sayings, records) = killed[0][n], POINTS[n]
    truth(gate)
    assert gate.ended == [-signal.SIGKILL, 0]
    assert [(one.attempt, one.result, one.final) for one in gate.records(gate.cues[0].id)] == records
    assert len(gate.sounds) in sayings, f"{gate.sounds}"
    assert gate.damaged == 0, "a torn tail is cut off before anything is appended"


def test_killed_anywhere_in_a_window_the_records_tell_what_was_heard(killed: tuple[list[Gate], list[Gate]]) -> None:
    for gate in killed[1]:
        truth(gate)
    kills = sum(gate.ended.count(-signal.SIGKILL) for gate in killed[1])
    assert kills >= (90 if NIGHT else 8), [gate.ended for gate in killed[1]]
