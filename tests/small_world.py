"""Every interleaving of a few events at one gate, breadth first over the real `step`; two states that differ in nothing
that matters are one.

A node is the gate's state, the instant, and the sound that is on its way. From each node every event of the alphabet
happens, and for each that writes, also a power cut after every entry it wrote.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from broker.wire.messages import Alert
from config import limits
from config.clock import Instant
from config.day import GateDay, Hold, Pacing
from edge.alphabet import (
    AlertCame,
    ButtonMoved,
    Cut,
    Effect,
    GateEvent,
    Linked,
    Play,
    PlayerAnswered,
    Rendered,
    State,
    Tick,
    Woke,
    Write,
)
from edge.book import Begun, Book, Opened, Recorded, Said, apply
from edge.gate import step, wake
from edge.report import lights
from gate_rig import HERE, at, call, came, day, window

LENGTH_S = 3.0
START_S = -8.0
END_S = 60.0
WAIT_S = 20.0
"""What "time passes" is at most, when nothing happens."""


@dataclass(frozen=True)
class Node:
    """`plays`: how often each attempt sounded; `whole`: cues that were said whole; `path`: how it came to this."""

    state: State
    at_s: float
    bound_s: float | None = 0.1
    playing: tuple[str, float] | None = None
    plays: tuple[tuple[str, int], ...] = ()
    whole: frozenset[str] = frozenset()
    path: tuple[str, ...] = ()

    def now(self) -> Instant:
        return Instant(at(self.at_s), 1000.0 + self.at_s, self.bound_s)

    def key(self) -> object:
        """What can make a difference to what follows."""
        state, book = self.state, self.state.book
        durable = (
            tuple((one.day.revision, one.holds) for one in book.days.values()), sorted(book.attempts.items()),
            sorted(book.unknown.items()), sorted(book.open), sorted(book.said), book.done, sorted(book.unheard),
            sorted(book.slips.items()), sorted((of, one.hold.to) for of, one in book.own.items()),
            sorted(book.released), book.passed, book.alert and book.alert.alert.id, book.silenced,
        )  # fmt: skip
        held = (str(state.doing), state.held, round(max(state.free_from_s - 1000 - self.at_s, 0), 2), state.gaps)
        waited = tuple((cue, round(s, 1)) for cue, s in sorted(state.waited.items()))
        return (durable, held, waited, str(self.playing), round(self.at_s, 2), self.bound_s, self.plays).__repr__()


class BrokenError(AssertionError):
    """A rule that does not hold, with the shortest way to it."""


@dataclass
class World:
    """Breadth first, to a depth or a number of nodes. `arrows`: (doing, event, doing after), for the diagram."""

    pacing: Pacing = "timed"
    alphabet: str = "TDHRBNACPXYFS"
    arrows: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def run(self, depth: int, nodes: int = 10**9) -> tuple[int, int]:
        """(states, depth reached whole). Raises BrokenError."""
        level, known = [self.start()], set[object]()
        for reached in range(depth):
            following = []
            for node in level:
                for made in self.after(node):
                    key = made.key()
                    if key not in known:
                        known.add(key)
                        following.append(made)
                if len(known) > nodes:
                    return len(known), reached
            level = following
        return len(known), depth

    def start(self) -> Node:
        node = self._woken(apply(Book(), Opened(log="0badcafe")), START_S, ())
        node, _ = self.feed(node, Linked(up=True))
        node, _ = self.feed(node, came(self.day(1)))
        for say in sorted({cue.say for cue in self.day(1).cues} | {"返回"}):
            node, _ = self.feed(node, Rendered(say, LENGTH_S))
        return node

    def day(self, revision: int, *holds: Hold, skip: bool = False) -> GateDay:
        calls = [call(1, 0, until_s=15, repeat=2), call(2, 10, until_s=15, state="cancelled" if skip else "planned")]
        more = {"opens": at(-5), "pacing": self.pacing, "max_wait_s": 8.0, "on_timeout": "pass_over", "rest_s": 1.0}
        return day(*calls, revision=revision, holds=holds, noon=window(closes_s=40).but(**more))

    # What may happen ------------------------------------------------------------------------------

    def after(self, node: Node) -> Iterator[Node]:
        if node.at_s > END_S:
            return
        for letter in self.alphabet:
            yield from self.happened(node, letter)

    def happened(self, node: Node, letter: str) -> Iterator[Node]:
        """The node after it, and one for a power cut after each entry that was written meanwhile."""
        books: list[tuple[Book, float]] = []
        made = self._event(replace(node, path=(*node.path, letter)), letter, books)
        if made is not None:
            yield made
            if letter != "P":
                for book, at_s in books[:-1]:
                    yield self._woken(book, at_s + 2, (*made.path, "cut"), made)

    def _event(self, node: Node, letter: str, books: list[tuple[Book, float]]) -> Node | None:
        holds = {hold.id: hold for one in node.state.book.days.values() for hold in one.holds}
        revision = max([one.day.revision for one in node.state.book.days.values()], default=0) + 1
        hold = Hold.model_validate({"id": "office", "from": at(0), "to": None, "why": None, "by": "王老师"})
        match letter:
            case "T":
                return self._passes(node, books)
            case "D" if revision < 4:
                return self.feed(node, came(self.day(revision, *holds.values(), skip=True)), books)[0]
            case "H" if "office" not in holds:
                return self.feed(node, came(self.day(revision, hold)), books)[0]
            case "R" if "office" in holds and holds["office"].to is None:
                return self.feed(node, came(self.day(revision, hold.but(to=at(max(node.at_s, 0))))), books)[0]
            case "B" | "N":
                return self._pressed(node, letter, books)
            case "A" if node.state.book.alert_seq == 0:
                return self.feed(node, _alert(1), books)[0]
            case "C" if node.state.book.alert is not None:
                return self.feed(node, _alert(2, action="clear", clears="a1"), books)[0]
            case "P":
                return self._woken(node.state.book, node.at_s + 4, node.path, node)
            case "X" | "Y" if (node.bound_s is None) == (letter == "Y"):
                return self.feed(replace(node, bound_s=0.1 if letter == "Y" else None), Tick(), books)[0]
            case "S" if node.playing is not None:  # it stalls, and never answers
                return replace(node, playing=None)
            case "F" if node.playing is not None:
                token, _ = node.playing
                return self.feed(node, PlayerAnswered(token, "failed", 1000.0 + node.at_s, "no card"), books)[0]
            case _:
                return None

    def _passes(self, node: Node, books: list[tuple[Book, float]]) -> Node:
        """Until what the gate does or knows has changed."""
        first, until_s = node, node.at_s + WAIT_S
        while node.at_s < until_s:
            due_s = min(wake(node.state, node.now()) - 1000.0, *(node.playing or ("", until_s))[1:], until_s)
            node = replace(node, at_s=max(due_s, node.at_s + 0.001))
            event: GateEvent = Tick()
            if node.playing is not None and node.playing[1] <= node.at_s:
                result = "cut" if node.playing[0] == node.state.cutting else "whole"
                event = PlayerAnswered(node.playing[0], result, 1000.0 + node.playing[1] - LENGTH_S, "")
            node, _ = self.feed(node, event, books)
            changed = type(node.state.doing) is not type(first.state.doing) or node.state.held != first.state.held
            if changed or len(node.state.book.outbox) != len(first.state.book.outbox):
                break
        return node

    def _pressed(self, node: Node, letter: str, books: list[tuple[Book, float]]) -> Node:
        for down in (True, False):
            moved = ButtonMoved("hold" if letter == "B" else "next", down, 1000.0 + node.at_s)
            node, _ = self.feed(node, moved, books)
            node = replace(node, at_s=node.at_s + limits.DEBOUNCE_S)
            node, _ = self.feed(node, Tick(), books)
        return replace(node, at_s=node.at_s + limits.PRESS_AGAIN_S)

    # The gate -------------------------------------------------------------------------------------

    def feed(
        self, node: Node, event: GateEvent, books: list[tuple[Book, float]] | None = None
    ) -> tuple[Node, tuple[Effect, ...]]:
        before = node.state
        after, effects = step(before, node.now(), event)
        if type(before.doing) is not type(after.doing):
            names = type(before.doing).__name__, type(event).__name__, type(after.doing).__name__
            self.arrows[names] += 1
        book, playing = before.book, node.playing
        if isinstance(event, PlayerAnswered) and playing is not None and event.token == playing[0]:
            playing = None
        plays, whole = dict(node.plays), node.whole
        for effect in effects:
            match effect:
                case Write(entry):
                    book = apply(book, entry)
                    if books is not None:
                        books.append((book, node.at_s))
                    if isinstance(entry, Said):
                        whole |= {entry.cue}
                    if isinstance(entry, Begun | Recorded):
                        _record_is_true(node, entry, whole)
                case Play(token=token):
                    plays[token] = plays.get(token, 0) + 1
                    _may_sound(replace(node, state=after), book, token, plays, whole)
                    playing = (token, node.at_s + LENGTH_S)
                case Cut() if playing is not None:
                    playing = (playing[0], node.at_s + 0.02)
                case _:
                    pass
        made = replace(node, state=after, playing=playing, plays=tuple(sorted(plays.items())), whole=whole)
        _lamps_are_true(made)
        if book != after.book:
            raise BrokenError(f"{made.path}: the book is not what was written")
        return made, effects

    def _woken(self, book: Book, at_s: float, path: tuple[str, ...], before: Node | None = None) -> Node:
        old = before or Node(State(HERE, "test", book), at_s)
        says = sorted({cue.say for cue in self.day(1).cues} | {"返回"})
        state = State(HERE, "test", book, clips=dict.fromkeys(says, LENGTH_S))
        made = replace(old, state=state, at_s=at_s, playing=None, path=path)
        made, _ = self.feed(made, Woke())
        made, _ = self.feed(made, Linked(up=True))
        return made


def _alert(seq: int, **more: object) -> AlertCame:
    fields = {
        "v": 1, "school": HERE.school, "seq": seq, "id": f"a{seq}", "action": "return", "clears": None,
        "status": "actual", "say": "返回", "raised_at": at(0), "until": None, "by": "王老师",
    }  # fmt: skip
    return AlertCame(Alert.model_validate({**fields, **more}), receipt=1)


def diagram(arrows: Counter[tuple[str, str, str]]) -> str:
    """What a gate does next, as Mermaid draws it: each arrow was walked by the real `step`."""
    merged: dict[tuple[str, str], set[str]] = {}
    for before, event, after in arrows:
        merged.setdefault((before, after), set()).add(event)
    rows = [f"    {one} --> {other}: {', '.join(sorted(events))}" for (one, other), events in sorted(merged.items())]
    return "\n".join(["stateDiagram-v2", "    [*] --> Idle", *rows])


# The rules --------------------------------------------------------------------------------------------


def _may_sound(node: Node, book: Book, token: str, plays: dict[str, int], whole: frozenset[str]) -> None:
    cue = token.partition("|")[0]
    if cue.startswith("alert-"):
        if book.alert is None or book.silenced:
            raise BrokenError(f"{node.path}: an alert sounds that does not stand, or was silenced")
        return
    attempts = len([one for one in plays if one.startswith(f"{cue}|")])
    problems = {
        "sounds and is not begun in the journal": cue not in book.open,
        "in a hold or an alert": node.state.held or book.alert is not None,
        "begun again after a whole saying": cue in whole and plays[token] == 1,
        "said oftener than planned": plays[token] > 2,
        "begun a third time": attempts > limits.ATTEMPTS_MAX + node.path.count("A"),  # an alert cuts, a person resumes
        "without a clock": node.bound_s is None,
        "before or after its window": not -5 <= node.at_s + 0.18 <= 40 + limits.HOLD_MOVES_MAX_S,
    }
    for what, broken in problems.items():
        if broken:
            raise BrokenError(f"{node.path} at {node.at_s:.2f}: {cue}: {what}")


def _record_is_true(node: Node, entry: Begun | Recorded, whole: frozenset[str]) -> None:
    record = entry.record
    if record.result in ("announced", "late") and record.cue not in whole:
        raise BrokenError(f"{node.path}: {record.cue} announced and not heard whole")
    if record.final and record.result == "missed" and record.cue in whole:
        raise BrokenError(f"{node.path}: {record.cue} missed and was heard")
    if record.cue in node.state.book.done and isinstance(entry, Recorded) and record.final:
        raise BrokenError(f"{node.path}: {record.cue} has two ends")


def _lamps_are_true(node: Node) -> None:
    shown = lights(node.state, node.now())
    red = "fast" if node.state.book.alert else "on" if node.state.held else "off"
    if shown.red != red:
        raise BrokenError(f"{node.path}: the lamp is {shown.red}, not {red}")
