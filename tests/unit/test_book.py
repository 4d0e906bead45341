"""The book: what each entry of the journal changes, and nothing else."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from broker.wire.messages import Press, Problem, Record
from config import limits
from config.day import Hold
from edge.book import (
    ENTRY,
    Acked,
    Begun,
    Book,
    Entry,
    Forgot,
    Kept,
    Noted,
    Opened,
    Own,
    Pressed,
    Recorded,
    Reopened,
    Said,
    Slipped,
    Started,
    Stopped,
    Whole,
    apply,
    holds_of,
)
from edge.sources import Anchored, ChipSet
from gate_rig import DATE, at, call, came, day

CUE = call(1, 0).id
OLD = "2026-11-20/noon/c1/call"
LATER = at(90)


def record(**changes: object) -> Record:
    made = {
        "cue": CUE, "attempt": 1, "revision": 1, "result": "interrupted", "final": False, "planned": at(0),
        "actual": at(0), "ended": None, "bound_s": 0.1, "slip_s": 0.0, "source": "timer", "volume_pct": 100,
        "heard": "unknown",
    }  # fmt: skip
    return Record.model_validate({**made, **changes})


def problem(code: str = "player", *, closed: bool = False) -> Problem:
    return Problem(id=f"p-{code}", code=code, args={}, opened_at=at(0), closed_at=at(9) if closed else None)


def kept(revision: int, *holds: Hold) -> Kept:
    sent = came(day(call(1, 0), revision=revision, holds=holds))
    return Kept(digest=sent.digest, payload=sent.payload)


def hold(to_s: float | None) -> Hold:
    to = None if to_s is None else at(to_s)
    return Hold.model_validate({"id": "h1", "from": at(0), "to": to, "why": None, "by": "王老师"})


def press(button: str, *ends: str, seq: int = 4, at_s: float = 0, result: str = "done") -> Press:
    fields = {"id": f"east/0badcafe-{seq}", "button": button, "at": at(at_s), "target": None}
    return Press.model_validate({**fields, "ends": ends, "result": result})


def own_hold(to_s: float | None = None) -> Hold:
    to = None if to_s is None else at(to_s)
    return Hold.model_validate({"id": "east/0badcafe-4", "from": at(0), "to": to, "why": None, "by": "门卫"})


BEGUN = Begun(record=record())
SAID = Said(cue=CUE, ended=at(6))
DONE = Recorded(seq=4, record=record(result="announced", final=True, heard="yes"))
UNKNOWN = Recorded(seq=4, record=record())
SILENT = Recorded(seq=4, record=record(heard="no", actual=None))
MISSED = Recorded(seq=4, record=record(attempt=0, result="missed", final=True, heard="no", actual=None), until=LATER)
ANCHORED = Anchored(source="centre", boot="b", utc=at(0), monotonic_s=9.5, error_s=0.1, wall_s=-1.5)
CHIP_SET = ChipSet(chip="c", utc=at(0), error_s=1.1)
OPEN = Noted(seq=5, problem=problem())
CLOSED = Noted(seq=6, problem=problem(closed=True))
REFUSED = Pressed(seq=4, press=press("next", result="refused"), on=DATE)
HELD = Pressed(seq=4, press=press("hold"), on=DATE)
FULL = Book(
    log="0badcafe", start=2, seq=3, acked=1, attempts={CUE: 1}, open={CUE: BEGUN}, said={CUE: SAID}, slips={"x": 1.0},
    problems={"clip": problem("clip")},
)  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "changes"),
    [
        (Opened(log="00000001"), {"log": "00000001"}),
        (Started(start=9), {"start": 9}),
        (Begun(record=record(attempt=2)), {"open": {CUE: Begun(record=record(attempt=2))}, "attempts": {CUE: 2}}),
        (Said(cue=CUE, ended=at(7)), {"said": {CUE: Said(cue=CUE, ended=at(7))}}),
        (DONE, {"seq": 4, "open": {}, "said": {}, "done": frozenset({CUE}), "outbox": (DONE,)}),
        (UNKNOWN, {"seq": 4, "open": {}, "said": {}, "unknown": {CUE: 1}, "outbox": (UNKNOWN,)}),
        (SILENT, {"seq": 4, "open": {}, "said": {}, "outbox": (SILENT,)}),
        (
            MISSED,
            {"seq": 4, "open": {}, "said": {}, "attempts": {CUE: 0}, "done": frozenset({CUE}),
             "unheard": {CUE: LATER}, "outbox": (MISSED,)},
        ),
        (OPEN, {"seq": 5, "problems": {**FULL.problems, "player": problem()}, "outbox": (OPEN,)}),
        (CLOSED, {"seq": 6, "outbox": (CLOSED,)}),
        (Slipped(window="y", slip_s=2.5), {"slips": {"x": 1.0, "y": 2.5}}),
        (Acked(seq=0), {"acked": 0}),
        (Stopped(key="0123456789abcdef"), {"stopped": ("0123456789abcdef",)}),
        (ANCHORED, {"anchored": ANCHORED}),
        (CHIP_SET, {"chip_set": CHIP_SET}),
        (Reopened(cue=CUE), {}),
        (REFUSED, {"seq": 4, "outbox": (REFUSED,)}),
        (HELD, {"seq": 4, "own": {"east/0badcafe-4": Own(own_hold(), DATE)}, "outbox": (HELD,)}),
    ],
    ids=lambda case: type(case).__name__,
)  # fmt: skip
def test_an_entry_changes_what_it_names_and_nothing_else(entry: Entry, changes: dict[str, object]) -> None:
    assert apply(FULL, entry) == replace(FULL, lines=1, **changes)  # type: ignore[arg-type]  # fields of Book


def test_a_reopened_cue_is_neither_done_nor_unheard() -> None:
    book = apply(apply(FULL, MISSED), Reopened(cue=CUE))
    assert (book.done, book.unheard, book.outbox) == (frozenset(), {}, (MISSED,))


def test_unknown_ends_are_counted() -> None:
    book = apply(apply(FULL, UNKNOWN), Recorded(seq=5, record=record(attempt=2)))
    assert (book.unknown, book.attempts) == ({CUE: 2}, {CUE: 2})


@pytest.mark.parametrize(
    ("days", "standing"),
    [
        ([()], []),
        ([(hold(None),)], [None]),
        ([(hold(None),), ()], [None]),  # absence ends nothing
        ([(hold(None),), (hold(9),)], [at(9)]),
        ([(hold(9),), (hold(None),)], [at(9)]),  # an ended one never opens again
    ],
)
def test_a_newer_day_adds_holds_and_ends_those_it_names(days: list[tuple[Hold, ...]], standing: list[object]) -> None:
    book = Book()
    for revision, holds in enumerate(days, 1):
        book = apply(book, kept(revision, *holds))
    stored = book.days[DATE]
    assert ([one.to for one in stored.holds], stored.day.revision) == (standing, len(days))


OWN = own_hold().id


def run(*entries: Entry) -> Book:
    book = Book()
    for entry in entries:
        book = apply(book, entry)
    return book


@pytest.mark.parametrize(
    ("entries", "ends"),
    [
        ([HELD], None),
        ([HELD, kept(1)], None),  # a delay published meanwhile lifts nothing
        ([kept(1), HELD, kept(2), kept(3)], None),
        ([HELD, kept(1, own_hold())], None),  # the centre heard of it
        ([HELD, kept(1, own_hold(9))], at(9)),  # the page ended it
        ([HELD, kept(1, own_hold()), kept(2, own_hold(9))], at(9)),
        ([HELD, Pressed(seq=5, press=press("hold", OWN, seq=5, at_s=7), on=DATE)], at(7)),
        ([HELD, Pressed(seq=5, press=press("hold", OWN, seq=5, at_s=7), on=DATE), kept(1, own_hold())], at(7)),
        ([HELD, kept(1, own_hold()), Pressed(seq=5, press=press("hold", OWN, seq=5, at_s=7), on=DATE)], at(7)),
    ],
)
def test_a_hold_of_the_gates_own_stands_until_a_person_ends_it(entries: list[Entry], ends: object) -> None:
    assert [(one.id, one.to) for one in holds_of(run(*entries), DATE)] == [(OWN, ends)]


def test_a_press_ends_the_centres_hold_too_and_no_newer_day_opens_it_again() -> None:
    book = run(kept(1, hold(None)), Pressed(seq=5, press=press("hold", "h1", seq=5, at_s=7), on=DATE))
    assert [(one.id, one.to) for one in holds_of(book, DATE)] == [("h1", at(7))]
    assert holds_of(apply(book, kept(2, hold(None))), DATE) == holds_of(book, DATE)


def test_a_hold_of_the_gates_own_is_of_its_date_or_of_every_date_when_nobody_knew_it() -> None:
    tomorrow = DATE + timedelta(days=1)
    dated, dateless = run(HELD), run(HELD.but(on=None))
    assert [len(holds_of(book, tomorrow)) for book in (dated, dateless)] == [0, 1]
    after = [apply(book, Forgot(before=tomorrow)) for book in (dated, dateless)]
    assert [len(book.own) for book in after] == [0, 1]
    ended = Pressed(seq=5, press=press("hold", OWN, seq=5), on=None)
    assert apply(apply(dateless, ended), Forgot(before=tomorrow)).own == {}


def test_the_outbox_and_the_own_holds_have_a_limit() -> None:
    book = run(*(HELD.but(seq=n, press=press("hold", seq=n)) for n in range(1, limits.HOLDS_MAX + 30)))
    assert list(book.own)[-1] == f"east/0badcafe-{limits.HOLDS_MAX + 29}"
    assert len(book.own) == limits.HOLDS_MAX
    full = replace(book, outbox=(REFUSED,) * limits.OUTBOX_MAX)
    assert apply(full, HELD).outbox == (*full.outbox[1:], HELD)


def test_a_journal_made_new_holds_everything() -> None:
    book = run(
        Opened(log="0badcafe"), kept(1, hold(None)), BEGUN, SAID, DONE, MISSED, OPEN, HELD, Acked(seq=3),
        Slipped(window=f"{DATE}/noon", slip_s=2.5), ANCHORED, CHIP_SET,
    )  # fmt: skip
    whole = ENTRY.validate_json(ENTRY.dump_json(Whole(book=book), by_alias=True))
    assert apply(Book(), whole) == replace(book, lines=1)


def test_forgot_keeps_the_newer_dates_and_everything_that_is_not_acknowledged() -> None:
    old = record(cue=OLD, planned=at(-5 * 86400), actual=None)
    ancient = record(cue=OLD, planned=at(-30 * 86400), actual=None)
    lines: list[Entry] = [
        kept(1),
        Recorded(seq=1, record=ancient),
        Recorded(seq=2, record=old),
        Recorded(seq=3, record=ancient, until=LATER),
        Recorded(seq=4, record=record(final=True)),
        Slipped(window="2026-11-20/noon", slip_s=1),
        Slipped(window=f"{DATE}/noon", slip_s=2),
        Acked(seq=2),
        Forgot(before=DATE),
    ]
    book = Book()
    for line in lines:
        book = apply(book, line)
    assert [one.seq for one in book.outbox] == [2, 3, 4]
    assert (set(book.days), book.slips, book.done) == ({DATE}, {f"{DATE}/noon": 2.0}, frozenset({CUE}))
    assert (book.attempts, book.unknown, book.unheard) == ({CUE: 1}, {CUE: 1}, {})
    after = apply(book, Forgot(before=DATE + timedelta(days=1)))
    assert (after.days, after.slips, after.attempts, len(after.outbox)) == ({}, {}, {}, 3)


def test_every_field_of_the_book_is_seen_by_a_test_here() -> None:
    seen = {"log", "start", "seq", "acked", "days", "attempts", "unknown", "open", "said", "done", "unheard", "slips"}
    seen |= {"problems", "outbox", "own", "lines", "stopped", "released", "passed", "alert", "alert_seq", "silenced"}
    seen |= {"anchored", "chip_set"}
    assert {field.name for field in fields(Book)} == seen
