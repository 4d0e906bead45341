"""Checkers that see every step and effect of a gate on its rig: what must hold on any day, whatever happens to it.

They know the days and live cues that were handed in, the rig's true time and the journal; nothing of `step` itself.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

from broker.wire.messages import LiveCue, Record, decode
from config import limits
from config.alerts import SENTENCES
from config.day import Cue, GateDay, Window
from config.pacing import windows_now
from edge.alphabet import Effect, GateEvent, LiveCame, Play, Tick, Woke, Write
from edge.book import ENTRY, Begun, Book, Kept, Recorded, Reopened, Said, Slipped, apply
from edge.gate import wake
from gate_rig import DATE, NOON, Rig, Sound

EPS = timedelta(milliseconds=5)
LEAD = timedelta(milliseconds=limits.LEAD_MS)


@dataclass
class Checks:
    """Watches one rig. `finish()` looks at the day as a whole."""

    rig: Rig
    issued: dict[int, GateDay] = field(default_factory=dict)
    lives: dict[str, LiveCue] = field(default_factory=dict)
    opened: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    trace: list[str] = field(default_factory=list)
    begun: dict[tuple[str, int], Record] = field(default_factory=dict)
    finals: Counter[str] = field(default_factory=Counter)
    reopens: Counter[str] = field(default_factory=Counter)
    said: set[str] = field(default_factory=set)
    plays: Counter[str] = field(default_factory=Counter)
    book: Book = field(default_factory=Book)
    lines: int = 0
    steps_in: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.rig.on_step, self.rig.on_effect = self.step, self.effect
        self.catch_up()

    # Each step ------------------------------------------------------------------------------------

    def step(self, event: GateEvent) -> None:
        rig = self.rig
        if isinstance(event, Woke):  # the power was cut: what was not written is lost
            assert rig.state.book == rig.replayed()
            self.lives.clear()
        assert rig.state.book == self.catch_up(), "the book is not what the journal tells"
        if isinstance(event, LiveCame) and event.live.revision > self.revision():
            standing = self.lives.setdefault(event.live.cue.id, event.live)
            self.lives[event.live.cue.id] = max(event.live, standing, key=lambda live: live.revision)
        if isinstance(event, Tick):
            self.steps_in[int(rig.monotonic_s)] += 1
            assert self.steps_in[int(rig.monotonic_s)] < 40, "it never sleeps"
        now = rig.now()
        assert wake(rig.state, now) <= now.monotonic_s + limits.TICK_MAX_S
        self.bounded()
        self.say(type(event).__name__)

    def take_holds(self, day: GateDay) -> None:
        """A newer day adds holds and ends those it names; absence ends nothing, an ended id never opens again."""
        self.opened |= {hold.id for hold in day.holds if hold.to is None} - self.ended
        self.ended |= {hold.id for hold in day.holds if hold.to is not None}
        self.opened -= self.ended

    def catch_up(self) -> Book:
        if len(self.rig.journal) < self.lines:  # made new
            self.lines = 0
        for line in self.rig.journal[self.lines :]:
            self.book = apply(self.book, ENTRY.validate_json(line))
        self.lines = len(self.rig.journal)
        return self.book

    def revision(self) -> int:
        stored = list(self.rig.state.book.days.values())
        return stored[0].day.revision if stored else 0

    def bounded(self) -> None:
        state, book = self.rig.state, self.rig.state.book
        cues = {cue.id for day in self.issued.values() for cue in day.cues} | set(self.lives)
        says = {cue.say for day in self.issued.values() for cue in day.cues}
        assert len(state.lives) <= limits.LIVE_MAX
        assert len(book.open) <= 1
        for ids in (book.attempts, book.unknown, book.said, book.done, book.unheard, state.lives):
            assert set(ids) <= cues
        assert len(book.slips) <= 1
        assert set(state.clips) | set(state.asked) <= says | set(SENTENCES)
        assert len(book.problems) < 10
        assert len(book.outbox) < 400

    def say(self, what: str) -> None:
        self.trace.append(f"{(self.rig.utc - NOON).total_seconds():9.3f} {what}")
        del self.trace[:-40]

    # Each effect ----------------------------------------------------------------------------------

    def effect(self, effect: Effect) -> None:
        match effect:
            case Play():
                self.say(f"Play {effect.token}")
                self.played(effect)
            case Write(Begun(record=record)):
                self.say(f"Begun {record.cue} {record.attempt}")
                self.begins(record)
            case Write(Recorded(record=record)):
                self.say(f"Recorded {record.cue} {record.attempt} {record.result} {record.heard} {record.final}")
                self.recorded(record)
            case Write(Reopened(cue=cue)):
                self.reopens[cue] += 1
                self.say(f"Reopened {cue}")
            case Write(Kept(payload=payload)):  # a day counts from here on: before, a power cut would lose it
                self.take_holds(decode(payload.encode(), GateDay))
            case Write(Said(cue=cue)):
                self.said.add(cue)
                self.say(f"Said {cue}")
            case Write(Slipped(slip_s=slip_s)):
                self.say(f"Slipped {slip_s}")
                self.slips(slip_s)
            case _:
                pass

    def played(self, play: Play) -> None:
        cue, _, attempt = play.token.rpartition("|")
        record = self.begun.get((cue, int(attempt)))
        assert record is not None, f"{play.token} sounds and was not begun in the journal"
        assert self.trusted(), "a sentence without a clock"
        assert not self.opened, f"a sentence in a hold: {self.opened}"
        self.plays[play.token] += 1
        if self.plays[play.token] == 1:
            late = self.rig.utc + timedelta(milliseconds=limits.PLAY_AHEAD_MS) - (record.actual or self.rig.utc)
            assert abs(late) < timedelta(milliseconds=50), f"{play.token}: not when it said"

    def begins(self, record: Record) -> None:
        cue, window = self.version(record)
        assert self.trusted(), "begun without a clock"
        assert not self.opened, "begun in a hold"
        assert cue.state == "planned"
        assert record.actual is not None
        assert record.actual >= cue.at + timedelta(seconds=record.slip_s) - EPS, "too early"
        assert record.actual <= cue.until + timedelta(seconds=record.slip_s) + EPS, "too late"
        assert window is None or record.actual <= window.closes + EPS, "after the window"
        before = [key for key in self.begun if key[0] == record.cue]
        assert record.attempt == 1 + max([key[1] for key in before], default=0)
        assert record.cue not in self.said, "said again after a whole saying"
        self.begun[record.cue, record.attempt] = record
        self.in_order(record)

    def in_order(self, record: Record) -> None:
        """Nothing that could be said now comes before it, by (at + slip, id)."""
        state = self.rig.state
        mine = (record.planned + timedelta(seconds=record.slip_s), record.cue)
        audible = self.rig.utc + LEAD
        for stored in state.book.days.values():
            for cue in stored.day.cues:
                free = cue.id not in state.book.done and cue.id not in self.lives and cue.state == "planned"
                slip = timedelta(seconds=state.book.slips.get(cue.id.rsplit("/", 2)[0], 0.0))
                window = self.window(cue)
                ends = min(cue.until + slip, window.closes if window else cue.until + slip)
                if free and cue.say in state.clips and cue.at + slip <= audible and ends >= audible:
                    assert (cue.at + slip, cue.id) >= mine, f"{cue.id} was before it"

    def recorded(self, record: Record) -> None:
        if record.final:
            self.finals[record.cue] += 1
        if record.result == "missed":
            cue, window = self.version(record)
            assert self.trusted(), "missed without a clock"
            assert not self.opened, "missed in a hold"
            ends = cue.until + timedelta(seconds=record.slip_s)
            ends = min(ends, window.closes) if window else ends
            assert self.rig.utc + LEAD + timedelta(seconds=limits.REST_S) > ends, "missed before its end"
        assert (record.actual is None) or record.heard != "no" or record.result == "suppressed"

    def slips(self, slip_s: float) -> None:
        assert self.trusted(), "a slip without a clock"
        first = min(cue.at for day in self.issued.values() for cue in day.cues)
        assert slip_s <= (self.rig.utc - first).total_seconds() + 10, "a slip larger than the lateness"

    def trusted(self) -> bool:
        return self.rig.bound_s is not None and self.rig.bound_s <= limits.TOLERANCE_S

    def version(self, record: Record) -> tuple[Cue, Window | None]:
        """The cue as its record's revision had it, which is the newest the gate has."""
        live = self.lives.get(record.cue)
        if live is not None and live.revision == record.revision:
            return live.cue, live.window
        assert record.revision == self.revision(), "not by the newest day"
        day = self.issued[record.revision]
        cue = next(one for one in day.cues if one.id == record.cue)
        return cue, self.window(cue)

    def window(self, cue: Cue) -> Window | None:
        """A cue's window with the end that holds gave it."""
        stored = self.rig.state.book.days[DATE]
        return windows_now(stored.day, stored.holds, self.rig.utc).get(cue.window or "")

    def last_s(self) -> float:
        """Seconds after 11:30 at which the last window closes, with the time of holds."""
        stored = self.rig.state.book.days.values()
        closes = [w.closes for one in stored for w in windows_now(one.day, one.holds, self.rig.utc).values()]
        return max([(at - NOON).total_seconds() for at in closes], default=0.0)

    # The whole day --------------------------------------------------------------------------------

    def finish(self) -> None:
        """After a calm end with power, clock and day."""
        assert self.rig.state.book == self.catch_up() == self.rig.replayed()
        sounds = defaultdict(list)
        for sound in self.rig.sounds:
            sounds[sound.token.rpartition("|")[0]].append(sound)
        for stored in self.rig.state.book.days.values():
            for cue in stored.day.cues:
                if cue.state == "planned":
                    assert self.finals[cue.id] == 1 + self.reopens[cue.id], f"{cue.id}: {self.finals[cue.id]} finals"
        records: dict[str, list[Record]] = defaultdict(list)
        for record in self.rig.records:
            records[record.cue].append(record)
        for cue_id in {*sounds, *records}:
            self.truth(cue_id, sounds[cue_id], records[cue_id])
        for one, other in pairwise(self.rig.sounds):
            gap_s = limits.SAYING_GAP_S if one.token == other.token else limits.REST_S
            assert (other.begins - one.ends).total_seconds() >= gap_s - 0.01, f"{one} {other}: no silence between"

    def truth(self, cue_id: str, sounds: list[Sound], records: list[Record]) -> None:
        repeat = max(cue.repeat for day in self.issued.values() for cue in day.cues if cue.id == cue_id)
        attempts = Counter(sound.token for sound in sounds)
        assert len(attempts) <= limits.ATTEMPTS_MAX, f"{cue_id} was begun {len(attempts)} times"
        assert all(n <= repeat for n in attempts.values()), f"{cue_id}: {attempts}"
        last = records[-1]
        announced = last.result in ("announced", "late")
        assert announced == (cue_id in self.said), f"{cue_id}: {last} {sounds}"
        assert not announced or any(sound.whole for sound in sounds), f"{cue_id} is announced and was not heard"
        for record in records:
            sounded = [sound for sound in sounds if sound.token == f"{cue_id}|{record.attempt}"]
            assert record.heard != "no" or not sounded, f"{cue_id} was heard: {record}"
        if announced:
            heard = [sound for sound in sounds if sound.token == f"{cue_id}|{last.attempt}"]
            assert last.actual is not None
            assert abs(last.actual - heard[0].begins) < timedelta(seconds=0.1), f"{last} {heard}"
