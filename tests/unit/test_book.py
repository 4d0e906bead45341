"""The book: what each entry of the journal changes, and nothing else."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from broker.wire.messages import Problem, Record
from config.day import Hold
from edge.book import (
    Acked,
    Begun,
    Book,
    Entry,
    Forgot,
    Kept,
    Noted,
    Opened,
    Recorded,
    Reopened,
    Said,
    Slipped,
    Started,
    apply,
)
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


BEGUN = Begun(record=record())
SAID = Said(cue=CUE, ended=at(6))
DONE = Recorded(seq=4, record=record(result="announced", final=True, heard="yes"))
UNKNOWN = Recorded(seq=4, record=record())
SILENT = Recorded(seq=4, record=record(heard="no", actual=None))
MISSED = Recorded(seq=4, record=record(attempt=0, result="missed", final=True, heard="no", actual=None), until=LATER)
OPEN = Noted(seq=5, problem=problem())
CLOSED = Noted(seq=6, problem=problem(closed=True))
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
        (Reopened(cue=CUE), {}),
    ],
    ids=lambda case: type(case).__name__,
)  # fmt: skip
def test_an_entry_changes_what_it_names_and_nothing_else(entry: Entry, changes: dict[str, object]) -> None:
    assert apply(FULL, entry) == replace(FULL, **changes)  # type: ignore[arg-type]  # fields of Book


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
    assert {field.name for field in fields(Book)} == seen | {"problems", "outbox"}
