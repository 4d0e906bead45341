"""What a gate shows and says of itself: lamps, self-check and status are tables of (state, now)."""

from dataclasses import replace

import pytest

from broker.wire.messages import Alert, Event, Problem, Record
from config import limits
from config.clock import Instant
from config.day import Cue, GateDay, Hold
from edge import report
from edge.alphabet import Doing, Leading, Pausing, Publish, Saying, State
from edge.book import Alerted, Book, Kept, Noted, Recorded, Slipped, Stored, apply
from edge.report import Lights
from gate_rig import DATE, HERE, at, call, came, day, window

CALL = call(1, 0)
HOLD = Hold.model_validate({"id": "h1", "from": at(0), "to": None, "why": None, "by": "王老师"})
RECORD = Record(
    cue=CALL.id, attempt=1, revision=1, result="interrupted", final=False, planned=at(0), actual=at(0), ended=None,
    bound_s=0.1, slip_s=0, source="timer", volume_pct=100, heard="unknown",
)  # fmt: skip


def now(seconds: float = 0.0, bound_s: float | None = 0.1) -> Instant:
    return Instant(at(seconds), 5000.0 + seconds, bound_s)


def state(*codes: str, **changes: object) -> State:
    """A gate with the day, its clips and a link, and these problems."""
    book = kept(day(CALL, call(2, 20)))
    for seq, code in enumerate(codes, 1):
        made = Problem(id=f"p{seq}", code=code, args={}, opened_at=at(0), closed_at=None)
        book = apply(book, Noted(seq=seq, problem=made))
    clips = {CALL.say: 6.0, call(2, 20).say: 6.0}
    return replace(State(HERE, "test", book, clips=clips, link_up=True), **changes)  # type: ignore[arg-type]  # fields


def kept(of: GateDay) -> Book:
    sent = came(of)
    return apply(Book(log="0badcafe", start=3), Kept(digest=sent.digest, payload=sent.payload))


def called(result: str) -> State:
    """The first call has a record."""
    record = Record.model_validate({**dict(RECORD), "result": result, "final": result == "missed"})
    return state(book=apply(kept(day(CALL, call(2, 20))), Recorded(seq=1, record=record)))


def doing(kind: type[Leading], *, silent: bool = False, light: str = "go") -> Doing:
    cue = Cue.model_validate({**dict(CALL), "light": light})
    return kind(cue, window(), RECORD, 6000.0, silent=silent)


GO = Lights(green="on", amplifier=True)
LIGHTS = [
    (state(), now(-1200.1), Lights()),  # 15 minutes and more before the window opens
    (state(), now(-1199.9), Lights(green="slow")),
    (state(), now(-300.1), Lights(green="slow")),
    (state(), now(), Lights(green="slow")),  # until the first call: dark would mean that somebody must look
    (state(), now(1499.9), Lights(green="slow")),
    (state(), now(1500), Lights()),
    (called("interrupted"), now(20), Lights()),
    (called("missed"), now(20), Lights()),
    (state(book=kept(day(call(1, 0, state="cancelled")))), now(-300.1), Lights(green="slow")),
    (state(book=kept(day(call(1, 0, state="cancelled")))), now(-300), Lights()),  # nobody is called
    (state("panel"), now(-600), Lights()),  # not well: no promise
    (state(link_up=False), now(-600), Lights()),
    (state(clips={}), now(-600), Lights()),
    (state("player"), now(), Lights(amber="on")),
    (state(), now(bound_s=None), Lights(amber="on")),
    (state(), now(bound_s=limits.TOLERANCE_S), Lights(green="slow")),
    (state(), now(bound_s=limits.TOLERANCE_S + 0.1), Lights(amber="on")),
    (state(held=True), now(), Lights(red="on")),
    (state(held=True), now(bound_s=None), Lights(red="on")),
    (state(doing=doing(Leading)), now(), GO),
    (state(doing=doing(Saying)), now(), GO),
    (state(doing=doing(Pausing)), now(), GO),
    (state("player", doing=doing(Saying)), now(bound_s=None), GO),
    (state(doing=doing(Saying), held=True), now(), Lights(red="on", amplifier=True)),
    (state(doing=doing(Saying, silent=True)), now(), Lights(green="on")),
    (state(doing=doing(Saying, light="ready")), now(), GO),
    (state(doing=doing(Saying, light="stop")), now(), Lights(red="on", amplifier=True)),
    (state(doing=doing(Saying, light="off")), now(), Lights(amplifier=True)),
]


@pytest.mark.parametrize(("of", "when", "expected"), LIGHTS, ids=range(len(LIGHTS)))
def test_lights(of: State, when: Instant, expected: Lights) -> None:
    assert report.lights(of, when) == expected


@pytest.mark.parametrize(
    ("of", "when", "expected"),
    [
        (state(), now(), ()),
        (state(), now(bound_s=None), ("clock",)),
        (state(), now(86400), ("day",)),
        (state(clips={CALL.say: 6.0}), now(), ("clips",)),
        (state(stand_ins=frozenset({CALL.say})), now(), ("clips",)),  # it would name no class
        (state(stand_ins=frozenset({"of yesterday"})), now(), ()),
        (state(link_up=False), now(), ("network",)),
        (state("player"), now(), ("player",)),
        (state("journal"), now(), ("journal",)),
        (state("panel"), now(), ("lights",)),
        (state("clip", "refused-day"), now(), ()),
        (
            replace(state("player", "journal", "panel", link_up=False), clips={}),
            now(bound_s=99),
            ("clock", "clips", "network", "player", "journal", "lights"),
        ),
    ],
)
def test_the_check_names_what_is_not_in_order(of: State, when: Instant, expected: tuple[str, ...]) -> None:
    assert report.check(of, when) == expected


def test_a_status_is_the_whole_picture() -> None:
    of = state("clip", doing=doing(Saying))
    of = replace(of, book=apply(of.book, Slipped(window=f"{DATE}/noon", slip_s=4.0)))
    made = report.status(of, now(25)).model_dump(exclude={"days"})
    assert made == {
        "v": 1, "school": "shifan", "gate": "east", "start": 3, "log": "0badcafe", "link": "up", "doing": "calling",
        "alert_seq": 0, "now": CALL.id, "next": call(2, 20).id, "waiting": (call(2, 20).id,), "holds": (),
        "slip": {"noon": 4.0}, "bound_s": 0.1, "check": (), "problems": 1, "version": "test", "reads_v": 1,
    }  # fmt: skip


def alerted() -> Book:
    fields = {
        "v": 1, "school": "shifan", "seq": 1, "id": "a1", "action": "return", "clears": None, "status": "actual",
        "say": "请返回。", "raised_at": at(0), "until": None, "by": "王老师",
    }  # fmt: skip
    entry = Alerted(alert=Alert.model_validate(fields), at=at(0), gate="east", on=None)
    return apply(Book(log="0badcafe", start=3), entry)


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (state(), "idle"),
        (state(doing=doing(Leading)), "calling"),
        (state(held=True), "held"),
        (state(held=True, doing=doing(Saying)), "calling"),  # the sentence ends first
        (state(held=True, book=alerted()), "alert"),
    ],
)
def test_what_a_gate_says_it_is_doing(of: State, expected: str) -> None:
    assert report.status(of, now()).doing == expected


def test_a_status_names_at_most_so_many_holds_and_waiting_calls_as_the_contract_takes() -> None:
    of = state()
    holds = tuple(Hold.model_validate({**_named(HOLD), "id": f"h{n}"}) for n in range(limits.HOLDS_MAX + 20))
    cues = tuple(call(n, 0.0) for n in range(100, 100 + limits.LIVE_MAX + 10))
    sent = came(day(*cues))
    stored = Stored(sent.day, sent.digest, holds)
    of = replace(of, book=replace(of.book, days={DATE: stored}))
    made = report.status(of, now())
    assert (len(made.holds), len(made.waiting)) == (limits.HOLDS_MAX, limits.LIVE_MAX)


def test_a_status_says_what_is_held_now_whatever_the_last_one_said() -> None:
    told, _ = report.due(state(), now(), [])
    assert told.status is not None
    newer = came(day(CALL, call(2, 20), revision=2))
    told = replace(told, book=apply(told.book, Kept(digest=newer.digest, payload=newer.payload)))
    held = report.status(told, now(1)).days[DATE]
    assert (held.revision, held.digest) == (2, newer.digest)


def _named(of: Hold) -> dict[str, object]:
    return {"id": of.id, "from": of.begins, "to": of.to, "why": of.why, "by": of.by}


def test_an_event_holds_the_oldest_and_no_more_than_its_limit() -> None:
    of = state()
    for seq in range(1, limits.EVENT_RECORDS_MAX + 8):
        of = replace(of, book=apply(of.book, Recorded(seq=seq, record=RECORD)))
    told, effects = report.due(replace(of, status_at_s=5000.0), now(), [])
    events = [one.message for one in effects if isinstance(one, Publish) and isinstance(one.message, Event)]
    assert [(one.seq, len(one.records)) for one in events] == [(limits.EVENT_RECORDS_MAX, limits.EVENT_RECORDS_MAX)]
    assert report.due(told, now(1), [])[1] == []
