"""What a gate remembers over a power cut: entries of its journal, and `apply`, the only way they change the book. Pure.

`step` and the replay after a start use the same `apply`, so what was written is what is known.
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from broker.wire.messages import Alert, Counter, Digest, Log, Press, Problem, Record, decode
from config import limits
from config.day import GateDay, Hold
from config.pacing import NEVER
from config.types import CueId, Day, Frozen, Id, Seconds, Slug, Utc
from edge import holds
from edge.sources import Anchored, ChipSet


class Opened(Frozen):
    """Who writes the journal: its first line, and another one where a copy of it was found to go on elsewhere."""

    kind: Literal["opened"] = "opened"
    v: Literal[1] = 1
    log: Log


class Started(Frozen):
    """A process start."""

    kind: Literal["started"] = "started"
    start: Counter


class Kept(Frozen):
    """A day as it came, digest and all. `at`: when; None: nobody vouched for the time."""

    kind: Literal["kept"] = "kept"
    at: Utc | None = None
    digest: Digest
    payload: Annotated[str, Field(max_length=limits.GATE_DAY_MAX_BYTES)]


class Begun(Frozen):
    """Written before the sound: the record that is true if nothing more is ever heard of this attempt."""

    kind: Literal["begun"] = "begun"
    record: Record


class Said(Frozen):
    """One saying was heard whole: the call is announced, whatever happens now."""

    kind: Literal["said"] = "said"
    cue: CueId
    ended: Utc


class Recorded(Frozen):
    """The end of an attempt, or of a cue that never had one."""

    kind: Literal["recorded"] = "recorded"
    seq: Counter
    record: Record
    until: Utc | None = None
    """Of a cue that nobody heard: a revision with a later `until` reopens it."""


class Reopened(Frozen):
    """A newer day gives a missed or cancelled cue another instant."""

    kind: Literal["reopened"] = "reopened"
    cue: CueId


class Noted(Frozen):
    """A problem opened or closed."""

    kind: Literal["noted"] = "noted"
    seq: Counter
    problem: Problem


class Pressed(Frozen):
    """A button at the gate. A hold that it opened is of the school's date `on`; None: nobody vouched for the time."""

    kind: Literal["pressed"] = "pressed"
    seq: Counter
    press: Press
    on: Day | None


Reported = Recorded | Noted | Pressed
"""What the centre is told, and acknowledges."""


class Slipped(Frozen):
    """A window's calls move by this from now on."""

    kind: Literal["slipped"] = "slipped"
    window: Annotated[str, Field(max_length=64)]
    slip_s: Seconds


class Acked(Frozen):
    """The centre has everything up to `seq`; it may go back after the centre lost its store."""

    kind: Literal["acked"] = "acked"
    seq: Counter


class Released(Frozen):
    """A call waited for a person long enough and goes by the clock."""

    kind: Literal["released"] = "released"
    cue: CueId
    at: Utc


class Alerted(Frozen):
    """An alert that came, at an instant, or a clear. The hold that an actual one leaves is called after `gate`.

    `first`: the number of the actual that it replaced; `at` is that one's then.
    """

    kind: Literal["alerted"] = "alerted"
    alert: Alert
    at: Utc
    first: Counter = 0
    gate: Slug
    on: Day | None


class Cleared(Frozen):
    """A drill came to its end."""

    kind: Literal["cleared"] = "cleared"
    id: Id


class Stopped(Frozen):
    """A message that stopped this program; met again it is set aside."""

    kind: Literal["stopped"] = "stopped"
    key: Digest


class Forgot(Frozen):
    """Everything of dates before this one is over, and acknowledged long ago."""

    kind: Literal["forgot"] = "forgot"
    before: Day


@dataclass(frozen=True, slots=True)
class Stored:
    """A day the gate holds. `holds`: also those that an older revision opened and no newer one ended."""

    day: GateDay
    digest: str
    holds: tuple[Hold, ...] = ()


@dataclass(frozen=True, slots=True)
class Own:
    """A hold of the gate's own: its button's stands for its date; an alert's, without one, until a person ends it."""

    hold: Hold
    on: date | None


@dataclass(frozen=True, slots=True)
class Release:
    """A call that was let go at the gate, by whom."""

    at: datetime
    source: Literal["guard", "timer"]


@dataclass(frozen=True, slots=True)
class Book:
    """Everything durable. `attempts`: the last attempt of each cue; `unknown`: how many of them ended unknown, 0 of a
    cue that an alert cut;
    `open`: attempts without an end; `done`: cues of which nothing more will be said;
    `unheard`: those of them that nobody heard, with their `until`; `lines`: of the journal, since it was made new.
    """

    log: str = "00000000"
    start: int = 0
    seq: int = 0
    acked: int = 0
    days: dict[date, Stored] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)
    open: dict[str, Begun] = field(default_factory=dict)
    said: dict[str, Said] = field(default_factory=dict)
    done: frozenset[str] = frozenset()
    unheard: dict[str, datetime] = field(default_factory=dict)
    slips: dict[str, float] = field(default_factory=dict)
    own: dict[str, Own] = field(default_factory=dict)
    released: dict[str, Release] = field(default_factory=dict)
    passed: frozenset[str] = frozenset()
    alert: Alerted | None = None
    alert_seq: int = 0
    silenced: bool = False
    problems: dict[str, Problem] = field(default_factory=dict)
    outbox: tuple[Reported, ...] = ()
    stopped: tuple[str, ...] = ()
    anchored: Anchored | None = None
    chip_set: ChipSet | None = None
    lines: int = 0


class Whole(Frozen):
    """The book itself: the first line of a journal that was made new, so that it does not grow for ever."""

    kind: Literal["whole"] = "whole"
    book: Book


Entry = Annotated[
    Opened | Started | Kept | Begun | Said | Recorded | Reopened | Noted | Pressed | Released | Slipped | Acked
    | Alerted | Cleared | Stopped | Anchored | ChipSet | Forgot | Whole,
    Field(discriminator="kind"),
]  # fmt: skip
ENTRY: TypeAdapter[Entry] = TypeAdapter(Entry)


def apply(book: Book, entry: Entry) -> Book:
    """The book after one entry."""
    book = replace(book, lines=book.lines + 1)
    match entry:
        case Opened():  # of a journal whose first line was lost it names the rest
            return replace(book, log=entry.log)
        case Started():
            return replace(book, start=entry.start)
        case Kept():
            day = decode(entry.payload.encode(), GateDay, limits.GATE_DAY_MAX_BYTES)
            known = holds.newer(holds_of(book, day.date), day.holds, entry.at)
            ends = {hold.id: hold for hold in known if hold.to is not None}
            own = {of: Own(ends.get(of, one.hold), one.on) for of, one in book.own.items()}
            days = {of: replace(one, holds=holds.ended(one.holds, ends)) for of, one in book.days.items()}
            return replace(book, days={**days, day.date: Stored(day, entry.digest, known)}, own=own)
        case Begun():
            cue = entry.record.cue
            return replace(book, open={**book.open, cue: entry}, attempts={**book.attempts, cue: entry.record.attempt})
        case Said():
            return replace(book, said={**book.said, entry.cue: entry})
        case Recorded():
            return _recorded(book, entry)
        case Reopened():
            unheard = {cue: until for cue, until in book.unheard.items() if cue != entry.cue}
            return replace(book, done=book.done - {entry.cue}, unheard=unheard)
        case Noted():
            problems = {**book.problems, entry.problem.code: entry.problem}
            if entry.problem.closed_at is not None:
                del problems[entry.problem.code]
            return replace(book, seq=entry.seq, problems=problems, outbox=_outbox(book, entry))
        case Pressed():
            return _pressed(book, entry)
        case Slipped():
            return replace(book, slips={**book.slips, entry.window: entry.slip_s})
        case Acked():
            return replace(book, acked=entry.seq)
        case Released():
            return replace(book, released={**book.released, entry.cue: Release(entry.at, "timer")})
        case Alerted():
            return _alerted(book, entry)
        case Cleared():
            over = book.alert is not None and book.alert.alert.id == entry.id
            return replace(book, alert=None, silenced=False) if over else book
        case Stopped():
            return replace(book, stopped=(*book.stopped, entry.key)[-limits.STOPPED_MAX :])
        case Anchored():
            return replace(book, anchored=entry)
        case ChipSet():
            return replace(book, chip_set=entry)
        case Forgot():
            return _forgotten(book, entry.before)
        case Whole():
            return replace(entry.book, lines=1)


def holds_of(book: Book, on: date) -> tuple[Hold, ...]:
    """All holds of a date at this gate, open and ended: the day's, and its own button's."""
    stored = book.days.get(on)
    holds = stored.holds if stored else ()
    known = {hold.id for hold in holds}
    return (*holds, *(own.hold for of, own in book.own.items() if own.on in (on, None) and of not in known))


def _pressed(book: Book, entry: Pressed) -> Book:
    """A hold opens, or all those that it names end, in the days and of its own."""
    press = entry.press
    book = replace(book, seq=entry.seq, outbox=_outbox(book, entry))
    if press.result != "done":
        return book
    if press.button == "silence":
        return replace(book, silenced=True)
    if press.button == "next":
        assert press.target is not None, "what was released has a name"
        return replace(book, released={**book.released, press.target: Release(press.at, "guard")})
    if not press.ends:
        fields = {"id": press.id, "from": press.at, "to": None, "why": None, "by": "门卫"}
        own = {**book.own, press.id: Own(Hold.model_validate(fields), entry.on)}
        return replace(book, own=dict(list(own.items())[-limits.HOLDS_MAX :]))
    ends = set(press.ends)

    def ended(hold: Hold) -> Hold:
        return hold.but(to=press.at) if hold.id in ends and hold.to is None else hold

    return replace(
        book,
        own={of: Own(ended(one.hold), one.on) for of, one in book.own.items()},
        days={on: replace(one, holds=tuple(map(ended, one.holds))) for on, one in book.days.items()},
    )


def _alerted(book: Book, entry: Alerted) -> Book:
    alert, standing = entry.alert, book.alert
    book = replace(book, alert_seq=max(book.alert_seq, alert.seq))
    if alert.action != "clear":
        if standing is not None and standing.alert.status == alert.status == "actual":
            entry = entry.but(at=standing.at, first=standing.first or standing.alert.seq)
        replaces = standing is None or standing.alert.status == "drill" or alert.status == "actual"
        return replace(book, alert=entry, silenced=False) if replaces else book
    if standing is None or alert.clears != standing.alert.id:
        return book
    book = replace(book, alert=None, silenced=False)
    if standing.alert.status == "drill":
        return book
    seq = standing.first or standing.alert.seq
    fields = {"id": f"{entry.gate}/alert-{seq}", "from": standing.at, "to": None}
    hold = Hold.model_validate({**fields, "why": "警报已解除，等待恢复", "by": standing.alert.by})
    return replace(book, own={**book.own, hold.id: Own(hold, None)})


def _outbox(book: Book, entry: Reported) -> tuple[Reported, ...]:
    """With the entry; above the limit the oldest goes: acknowledged long ago, unless the centre is gone."""
    return (*book.outbox, entry)[-limits.OUTBOX_MAX :]


def _recorded(book: Book, entry: Recorded) -> Book:
    record = entry.record
    unknown = int(record.result == "interrupted" and record.heard != "no")
    sounded = unknown or record.result == "cut_short"
    return replace(
        book,
        seq=entry.seq,
        open={cue: begun for cue, begun in book.open.items() if cue != record.cue},
        said={cue: said for cue, said in book.said.items() if cue != record.cue},
        attempts={**book.attempts, record.cue: record.attempt},
        unknown={**book.unknown, record.cue: book.unknown.get(record.cue, 0) + unknown} if sounded else book.unknown,
        done=book.done | {record.cue} if record.final else book.done,
        passed=book.passed | {record.cue} if record.result == "passed_over" else book.passed,
        released={cue: one for cue, one in book.released.items() if cue != record.cue}
        if record.final
        else book.released,
        unheard={**book.unheard, record.cue: entry.until} if entry.until else book.unheard,
        outbox=_outbox(book, entry),
    )


def _forgotten(book: Book, before: date) -> Book:
    """Ids, slips and days begin with their date, so that text order is date order."""
    first = before.isoformat()
    old = before - timedelta(days=limits.OUTBOX_DAYS)
    return replace(
        book,
        days={of: stored for of, stored in book.days.items() if of >= before},
        attempts={cue: n for cue, n in book.attempts.items() if cue >= first},
        unknown={cue: n for cue, n in book.unknown.items() if cue >= first},
        done=frozenset(cue for cue in book.done if cue >= first),
        passed=frozenset(cue for cue in book.passed if cue >= first),
        released={cue: one for cue, one in book.released.items() if cue >= first},
        unheard={cue: until for cue, until in book.unheard.items() if cue >= first},
        slips={key: slip_s for key, slip_s in book.slips.items() if key >= first},
        own={of: one for of, one in book.own.items() if (one.on or (one.hold.to or NEVER).date()) >= before},
        outbox=tuple(one for one in book.outbox if one.seq > book.acked or _day(one) >= old),
    )


def _day(entry: Reported) -> date:
    match entry:
        case Recorded(record=record):
            return record.planned.date()
        case Noted(problem=problem):
            return problem.opened_at.date()
        case Pressed(press=press):
            return press.at.date()
