"""What must hold on any day: checkers that see every effect, and know nothing of the inside of `step`.

A checker is a function that takes what was seen and tells what is wrong; `CHECKERS` lists those that look at each
effect, `AT_THE_END` those that look at the day as a whole.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TypeGuard

from broker.wire import topics
from broker.wire.messages import Ack, LiveCue, Record, decode, digest
from config import limits
from config.changes import Change
from config.day import GateDay
from edge.book import ENTRY, Begun, Entry, Kept, Slipped, Whole
from world import DATE, GATES, START, Plays, Renders, Sends, Started, Told, What, World, Wrote, address
from world_book import GateBook, hold_of, split
from world_machines import CentreMachine, GateMachine

AHEAD_S = limits.PLAY_AHEAD_MS / 1000
EPS_S = 0.05
A_MINUTE_MAX = {"day": 300, "status": 40, "event": 40, "ask": 40, "time": 40, "ack": 80, "cue": 20, "alert": 40}
"""Messages of a kind between the centre and one gate; 151 days and 41 acks are the most that was seen."""
ENTRIES_MAX = 160
"""In a gate's journal after a day; 80 are the most that was seen."""


class Watch:
    """The books of a world's gates, the sounds, and what was sent; updated before any checker looks."""

    def __init__(self, world: World, gates: dict[str, GateMachine], centre: CentreMachine) -> None:
        self.world, self.gates, self.centre = world, gates, centre
        self.books = {gate: GateBook() for gate in GATES}
        self.wholes: dict[str, GateBook] = {}
        """What each gate wrote when it made its journal anew."""
        self.holds: dict[str, tuple[Change, ...]] = {}
        """By digest of a day: the holds and resumes that were made when it was first sent."""
        self.done_s: dict[str, float] = {}
        """By key of a hold or resume: the true instant of it, whatever the centre's clock said."""
        self.sounds: dict[str, list[tuple[float, str, int]]] = {gate: [] for gate in GATES}
        """(true instant of the first audible sample, token, index in the player's `heard`)."""
        self.sent: Counter[tuple[str, str, int]] = Counter()
        self.sent_lives: dict[str, dict[str, LiveCue]] = {gate: {} for gate in GATES}
        """By cue: the newest word for now that went to a gate, whether it came or not."""
        self.disk_failed: set[str] = set()
        self.started: dict[str, float] = {}
        self.checkers = CHECKERS

    def look(self, where: str, what: What) -> Iterator[tuple[str, str]]:
        if where == "other":  # a second centre by mistake: what it does to the gates is seen there
            return
        self.saw(where, what)
        for checker in self.checkers:
            yield from ((checker.__name__, found) for found in checker(self, where, what))

    def saw(self, where: str, what: What) -> None:
        book = self.books.get(where)
        if isinstance(what, Started):
            self.started[where] = self.world.t
        match what:
            case Started() if book is not None:
                self.books[where] = self.replayed(where)
            case Wrote(entry, durable) if book is not None:
                self.take(where, book, entry)
                if not durable:
                    self.disk_failed.add(where)
            case Plays(token, True):
                self.sounds[where].append((self.world.t + AHEAD_S, token, len(self.gates[where].player.heard) - 1))
            case Renders(say) if book is not None:
                book.rendered.add(say)
            case Sends(topic, payload):
                self.sent[self.minute(topic)] += 1
                if payload and f"/down/day/{DATE}" in topic and digest(payload) not in self.holds:
                    changes = self.centre.store.changes(DATE)
                    self.holds[digest(payload)] = tuple(one for one in changes if one.kind in ("hold", "resume"))
                    for change in self.holds[digest(payload)]:
                        self.done_s.setdefault(change.key, self.world.t)
            case Told("store keep_change"):  # it may be sent much later
                for change in self.centre.store.changes(DATE):
                    self.done_s.setdefault(change.key, self.world.t)
            case _:
                pass

    def replayed(self, gate: str) -> GateBook:
        """A journal that was made anew begins with all that was known then, also what no line of it had taken."""
        book = GateBook()
        for line in self.gates[gate].disk.entries:
            entry = ENTRY.validate_json(line)
            book = self.wholes[gate].afresh() if isinstance(entry, Whole) else book
            self.take(gate, book, entry)
        return book

    def take(self, gate: str, book: GateBook, entry: Entry) -> None:
        match entry:
            case Kept(digest=of, payload=payload):
                day = decode(payload.encode(), GateDay, limits.GATE_DAY_MAX_BYTES)
                if day.date == DATE:
                    book.day = day
                    self.take_holds(gate, book, self.holds.get(of, ()))
            case Whole():
                self.wholes[gate] = book.afresh()
            case _:
                book.take(entry, self.world.t)

    def take_holds(self, gate: str, book: GateBook, changes: tuple[Change, ...]) -> None:
        """From the changes themselves, not from the fold: a hold ends by a resume that names it, by nothing else."""
        begun: dict[str, float] = {}
        book.held_s = 0.0
        for change in changes:
            if change.gate not in (None, gate):
                continue
            if change.kind == "hold":
                begun[hold_of(change)] = self.done_s[change.key]
                continue
            for own in change.ids:
                if own in begun:
                    book.held_s += self.done_s[change.key] - begun.pop(own)
                    book.ended.add(own)
                elif own in book.own:
                    book.end(own, START + timedelta(seconds=self.done_s[change.key]))
        book.opened |= set(begun)

    # Each effect ----------------------------------------------------------------------------------

    def journal_before_sound(self, where: str, what: What) -> Iterator[str]:
        if calls(what) and where not in self.disk_failed:
            begun = (Begun(record=record) for record in self.books[where].begun.values())
            lines = set(self.gates[where].disk.entries)
            if not any(
                split(what.token) == (one.record.cue, one.record.attempt) and one.model_dump_json().encode() in lines
                for one in begun
            ):
                yield f"{what.token} sounds and is not in the journal"

    def once(self, where: str, what: What) -> Iterator[str]:
        if not calls(what):
            return
        cue, _ = split(what.token)
        tokens = list(dict.fromkeys(token for _, token, _ in self.sounds[where] if split(token)[0] == cue))
        most = limits.ATTEMPTS_MAX + 2 * (where in self.disk_failed) + self.books[where].cut[cue]
        if len(tokens) > most:
            yield f"{cue} is heard in {len(tokens)} attempts"
        book, known = self.books[where], self.books[where].cue(cue)
        if cue in book.done:
            yield f"{cue} is said after its final record"
        sayings = [token for _, token, _ in self.sounds[where]].count(what.token)
        if sayings > (known.repeat if known else 1) and where not in self.disk_failed:
            yield f"{what.token} is said {sayings} times"
        if cue in book.said and sayings <= 1 and what.sounds:
            yield f"{cue} is said again after a whole saying"

    def at_one_gate(self, where: str, what: What) -> Iterator[str]:
        if isinstance(what, Plays) and what.token.split("|")[0].endswith("/call"):
            other = next(gate for gate in GATES if gate != where)
            cue, _ = split(what.token)
            if any(split(token)[0] == cue for _, token, _ in self.sounds[other]):
                yield f"{cue} is called at two gates"

    def in_time(self, where: str, what: What) -> Iterator[str]:
        """By the true time; what the gate may be off is what it says itself. Whether a live cue came nobody knows."""
        if not calls(what) or self.repeated(where, what):
            return
        book, (of, _) = self.books[where], split(what.token)
        words = [one for one in (book.day.cues if book.day else ()) if one.id == of]
        if (live := self.sent_lives[where].get(of)) and (book.day is None or live.revision > book.day.revision):
            words.append(live.cue)
        if not words:
            yield f"{of} is said and stands in no day"
            return
        cue, first = max(words, key=book.ends), min(words, key=lambda one: one.at)
        runtime = self.gates[where].runtime
        assert runtime is not None, "it plays"
        now = runtime.now()
        if now.bound_s is None or (now.bound_s > limits.TOLERANCE_S and not book.by_hand(cue)):
            yield f"{of} is said without a clock"
            return
        audible = self.world.utc + timedelta(seconds=AHEAD_S)
        off_s = (now.utc - self.world.utc).total_seconds()
        if abs(off_s) > now.bound_s + 0.01:
            yield f"its clock is {off_s:.3f} s off, and it says {now.bound_s:.3f}"
        far = timedelta(seconds=now.bound_s + EPS_S)
        if audible > book.ends(cue) + far:
            yield f"{of} is said {audible - book.ends(cue)} after its end"
        if not book.by_hand(cue) and audible < first.at + timedelta(seconds=book.slip_s(first)) - far:
            yield f"{of} is said {first.at + timedelta(seconds=book.slip_s(first)) - audible} before its instant"
        if all(one.state != "planned" for one in words):
            yield f"{of} is said and was cancelled"

    def held(self, where: str, what: What) -> Iterator[str]:
        """After a hold reached a gate nothing begins there until a resume names it."""
        if calls(what) and (holds := self.books[where].held):
            yield f"{what.token} begins in {sorted(holds)}"

    def rest(self, where: str, what: What) -> Iterator[str]:
        sounds = self.sounds.get(where, [])
        if not isinstance(what, Plays) or not what.sounds or len(sounds) < 2:
            return
        _, token, n = sounds[-2]
        before = self.gates[where].player.heard[n]
        silence_s = self.gates[where].clock.monotonic_s() + AHEAD_S - before.ends_s
        least_s = limits.SAYING_GAP_S if token == what.token else limits.REST_S
        if not calls(what):  # an alert cuts, and is said again after a pause; a new process waits for nothing
            again = split(token)[0] == split(what.token)[0] and not what.token.endswith("|1")
            least_s = limits.SAYING_GAP_S if again else 0.0
        if silence_s < least_s - EPS_S:
            yield f"{what.token} begins {silence_s:.2f} s after {token}"

    def order(self, where: str, what: What) -> Iterator[str]:
        """Of the calls of a window that could be said now, the first by (at, id) is."""
        if not isinstance(what, Wrote) or not isinstance(what.entry, Begun):
            return
        book, record = self.books[where], what.entry.record
        mine = book.cue(record.cue)
        if mine is None or book.day is None or mine.kind != "call" or mine.released or mine.id in book.lives:
            return
        if book.by_hand(mine):
            return
        audible = self.world.utc + timedelta(milliseconds=limits.LEAD_MS)
        for cue in book.day.cues:
            if (
                cue.kind == "call" and cue.window == mine.window and cue.released is None and cue.state == "planned"
                and cue.id not in book.done and cue.id not in book.lives and cue.say in book.rendered
                and book.ends(cue) > audible + timedelta(seconds=1) and (cue.at, cue.id) < (mine.at, mine.id)
            ):  # fmt: skip
                yield f"{mine.id} begins, and {cue.id} was before it"

    def slip(self, where: str, what: What) -> Iterator[str]:
        """The slip is how late one call of the window is: never a sum."""
        if not isinstance(what, Wrote) or not isinstance(what.entry, Slipped):
            return
        runtime, day = self.gates[where].runtime, self.books[where].day
        if runtime is None or day is None:
            return
        utc, slip_s = runtime.now().utc, what.entry.slip_s
        cues = (*day.cues, *(live.cue for live in self.sent_lives[where].values()))
        lates_s = [(utc - cue.at).total_seconds() - slip_s for cue in cues if cue.kind == "call"]
        # Set as it is known when the gate will be heard: after the rest, or after a hold and the lead.
        free = (limits.LEAD_MS / 1000, limits.REST_S)
        if not any(free[0] - EPS_S < -late_s < free[1] + EPS_S for late_s in lates_s):
            yield f"a slip of {slip_s} s is how late no call is"

    def live_cue(self, where: str, what: What) -> Iterator[str]:
        """The centre's word for now: never without a clock, never in a hold."""
        if isinstance(what, Sends) and what.topic.endswith("/down/cue"):
            live = decode(what.payload, LiveCue)
            topic = topics.parse(what.topic)
            assert self.centre.centre is not None
            assert topic is not None
            now = self.centre.centre.now()
            if now.bound_s is None or now.bound_s > limits.TOLERANCE_S:
                yield f"{live.cue.id} is sent without a clock"
            elif abs((now.utc - self.world.utc).total_seconds()) > now.bound_s + 0.01:
                yield f"the centre's clock is {now.utc - self.world.utc} off"
            open_holds: set[str] = set()
            for change in self.centre.store.changes(DATE):
                if change.kind == "hold" and change.gate in (None, topic.address.gate):
                    open_holds.add(hold_of(change))
                open_holds -= set(change.ids) if change.kind == "resume" else set()
            if open_holds:
                yield f"{live.cue.id} is sent in {sorted(open_holds)}"
            book = self.books[topic.address.gate]
            standing = book.lives.get(live.cue.id)
            if standing is None or standing.revision < live.revision:
                book.lives[live.cue.id] = live
            self.sent_lives[topic.address.gate][live.cue.id] = live

    def acked(self, where: str, what: What) -> Iterator[str]:
        """The centre acknowledges what it has stored, nothing else."""
        if isinstance(what, Sends) and what.topic.endswith("/down/ack"):
            ack, topic = decode(what.payload, Ack), topics.parse(what.topic)
            assert topic is not None
            stored = self.centre.store.seqs().get((topic.address, ack.log), 0)
            if ack.seq > stored:
                yield f"{ack.seq} of {topic.address.gate} is acknowledged, and {stored} is stored"

    def bounded(self, where: str, what: What) -> Iterator[str]:
        if isinstance(what, Sends):
            gate, kind, _ = self.minute(what.topic)
            if (sent := self.sent[self.minute(what.topic)]) > A_MINUTE_MAX[kind]:
                yield f"{sent} of {kind} in a minute, {gate}"
        if isinstance(what, Wrote) and len(self.gates[where].disk.entries) > ENTRIES_MAX:
            yield f"{len(self.gates[where].disk.entries)} entries in a day"

    def minute(self, topic: str) -> tuple[str, str, int]:
        """What is counted: the gate, the kind, the minute."""
        parsed = topics.parse(topic)
        assert parsed is not None
        return parsed.address.gate, parsed.what, int(self.world.t // 60)

    def repeated(self, where: str, what: Plays) -> bool:
        """A second saying of the same attempt."""
        return [token for _, token, _ in self.sounds[where]].count(what.token) > int(what.sounds)

    # The day as a whole ---------------------------------------------------------------------------

    def soon_well(self) -> Iterator[str]:
        """A little after the last fault whoever is up again knows the time: nobody waits minutes for it."""
        since_s = max(self.started.get(name, self.world.t) for name in ("centre", *GATES))
        if all(machine.up for machine in self.world.machines) and self.world.t - since_s > limits.STATUS_EVERY_S / 2:
            yield from (
                f"{gate} has no time from a centre that is vouched for"
                for gate in GATES
                if (runtime := self.gates[gate].runtime) and runtime.now().bound_s is None
            )

    def finish(self, restored: bool) -> Iterator[str]:
        """After a calm end: everything on, connected, vouched for, no hold."""
        yield from (f"silent: {found}" for found in self.silent(lost=restored))
        yield from (f"records: {found}" for gate in GATES for found in self.records(gate))
        yield from (f"converged: {found}" for found in self.converged() if not restored)

    def silent(self, *, lost: bool) -> Iterator[str]:
        """Every planned cue of a gate has an end in the centre's records.

        `lost`: a restored store may lack records that the gate was told are safe: an event that comes before the gate
        was told otherwise is taken, and the gap before it is not seen. The same is so of a seq that a full disk did not
        keep over a power cut. Known, and open.
        """
        records: dict[str, list[Record]] = defaultdict(list)
        for owner, record in self.centre.store.records(DATE):
            records[f"{owner.gate} {record.cue}"].append(record)
        for gate in GATES:
            payload = self.centre.store.day(address(gate), DATE)
            assert payload is not None
            for cue in decode(payload, GateDay, limits.GATE_DAY_MAX_BYTES).cues:
                ends = [one for one in records[f"{gate} {cue.id}"] if one.final or one.result == "unreported"]
                if cue.state == "planned" and not ends:
                    yield f"{gate} {cue.id} has no end"
                told = lost or gate in self.disk_failed or any(one.final for one in ends)
                if self.gates[gate].up and not told and cue.state == "planned":
                    yield f"{gate} {cue.id} is unreported by a gate that lives"

    def records(self, gate: str) -> Iterator[str]:
        """Records equal what the loudspeaker did."""
        heard = defaultdict(list)
        for true, token, n in self.sounds[gate]:
            heard[token].append((true, self.gates[gate].player.heard[n]))
        last: dict[str, Record] = {}
        for owner, record in self.centre.store.records(DATE):
            if owner.gate != gate or record.result == "unreported" or gate in self.disk_failed:
                continue  # after a power cut attempts without a journal are counted anew
            sounds = heard[f"{record.cue}|{record.attempt}"]
            last[record.cue] = record
            if record.heard == "no" and sounds:
                yield f"{record.cue} was heard, and its record says no"
            if record.result in ("announced", "late"):
                if not any(sound.whole for _, sound in sounds):
                    yield f"{record.cue} is {record.result}, and was not heard whole"
                elif (
                    record.actual is None
                    or abs((record.actual - START - timedelta(seconds=sounds[0][0])).total_seconds())
                    > (record.bound_s or 0) + 0.1
                ):
                    yield f"{record.cue} was heard at {sounds[0][0]:.3f}, and its record says {record.actual}"
        for cue, record in last.items():
            if (
                gate not in self.disk_failed
                and record.result in ("missed", "cancelled")
                and any(split(token)[0] == cue for token in heard if heard[token])
            ):
                yield f"{cue} is {record.result} and was heard"

    def converged(self) -> Iterator[str]:
        assert self.centre.centre is not None
        view = self.centre.centre.view()
        for gate in view.gates:
            machine = self.gates[gate.id]
            day = self.books[gate.id].day
            if machine.up and not gate.confirmed:
                yield f"{gate.id} holds {day and day.revision}, the centre has {gate.revision}, and it is not confirmed"
            if not machine.up and gate.link == "up":
                yield f"{gate.id} is dead, and the centre says up"
            if machine.up and gate.link != "up":
                yield f"{gate.id} lives, and the centre says {gate.link}"
        keys = Counter(change.key for change in self.centre.store.changes(DATE))
        yield from (f"{n} changes of the key {key}" for key, n in keys.items() if n > 1)


CHECKERS: tuple[Callable[[Watch, str, What], Iterator[str]], ...] = (
    Watch.journal_before_sound,
    Watch.once,
    Watch.at_one_gate,
    Watch.in_time,
    Watch.held,
    Watch.rest,
    Watch.order,
    Watch.slip,
    Watch.live_cue,
    Watch.acked,
    Watch.bounded,
)


def calls(what: What) -> TypeGuard[Plays]:
    """A sentence of the day, and no alert."""
    return isinstance(what, Plays) and not what.token.startswith("alert-")
