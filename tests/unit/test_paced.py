"""The desk where people pace: who may be let go, why not, and who is shown as next."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from broker.desk import propose
from broker.preview import described
from broker.situation import RefusedError, Situation
from broker.view import view
from broker.wire.messages import Record, Status
from broker.wish import Wish
from centre_rig import record, status
from config.changes import Change, applied
from config.clock import Instant
from config.timetable import timetable
from gate_rig import DATE, NOON, at
from plan_samples import AFTER, plan
from plan_samples import NOON as NOON_KEYS

PLAN = plan((NOON_KEYS, NOON_KEYS + '\npacing = "guarded"'), (AFTER, AFTER + '\npacing = "ready"'))
DAYS = timetable(PLAN, DATE)
HERE = Situation(PLAN, DATE, DAYS)
FIRST, SECOND = (f"{DATE}/noon/g3c{n}/call" for n in (1, 2))
FIVE = NOON + timedelta(hours=5)
"""16:30, when the first class of the ready window is due."""


def wish(kind: str, **more: object) -> Wish:
    return Wish.model_validate({"key": "k1", "by": "王老师", "kind": kind, **more})


def heard() -> Record:
    return record(cue=FIRST)


def let(*changes: Change, **more: object) -> Situation:
    days = applied(DAYS, changes)
    return Situation(PLAN, DATE, days, changes, **more)  # type: ignore[arg-type]  # fields of a situation


def release(of: str = "g3c1", kind: str = "release", **more: object) -> Wish:
    return wish(kind, **{"class": of, **more})


def refused(here: Situation, one: Wish, when: datetime) -> str:
    with pytest.raises(RefusedError) as caught:
        propose(here, one, 9, when)
    return caught.value.code


def says(**changes: Any) -> dict[str, Status]:  # noqa: ANN401 - fields of a model, which checks them
    return {"east": status(**changes)}


def test_a_release_names_one_call_and_says_when_it_was_let_go() -> None:
    change = propose(HERE, release(), 1, at(20))
    assert (change.gate, change.window, change.cls, change.cues) == ("east", "noon", "g3c1", (FIRST,))
    then = applied(DAYS, [change])
    assert [cue.released for cue in then[0].cues if cue.id in (FIRST, SECOND)] == [at(20), None]
    assert described(PLAN, DAYS, then) == ("三年级一班 等放行（排在 11:30:00） → 11:30:20 放行 东门",)


def test_an_undo_before_the_call_takes_the_release_away_and_afterwards_it_is_too_late() -> None:
    change = propose(HERE, release(), 1, at(20))
    undo = propose(let(change), wish("undo", undoes=1), 2, at(25))
    assert applied(DAYS, [change, undo]) == DAYS
    for late in (let(change, statuses=says(now=FIRST)), let(change, records={f"east {FIRST}": (heard(),)})):
        assert refused(late, wish("undo", undoes=1), at(25)) == "already_spoken"


SKIP = propose(HERE, wish("skip", window="noon", **{"class": "g3c1"}), 1, at(0))
HOLD = propose(HERE, wish("hold", gate="east"), 1, at(0))
GONE = propose(HERE, release(), 1, at(20))


@pytest.mark.parametrize(
    ("here", "one", "when", "code"),
    [
        (HERE, release(), NOON - timedelta(minutes=6), "outside"),
        (HERE, release(), NOON + timedelta(hours=1), "outside"),
        (HERE, release(gate="west"), at(20), "not_paced"),
        (HERE, release("g9"), at(20), "no_class"),
        (HERE, release("g3c1", "ready"), FIVE - timedelta(minutes=21), "outside"),
        (HERE, release("g3c1", "ready", window="noon"), at(20), "not_ready"),
        (let(SKIP), release(), at(20), "skipped"),
        (let(HOLD), release(), at(20), "held"),
        (let(statuses=says(holds=("east/alert-7",))), release(), at(20), "held"),
        (let(records={f"east {FIRST}": (heard(),)}), release(), at(20), "already_spoken"),
        (let(statuses=says(now=FIRST)), release(), at(20), "already_spoken"),
        (let(GONE), release(), at(25), "already_released"),
        (let(GONE), release("g3c2"), at(25), "one_waits"),
        (let(statuses=says(waiting=(FIRST,))), release("g3c2"), at(25), "one_waits"),
    ],
)
def test_who_cannot_be_let_go_is_refused_with_a_remedy(here: Situation, one: Wish, when: datetime, code: str) -> None:
    assert refused(here, one, when) == code


def test_a_release_that_counts_no_more_may_be_given_again() -> None:
    again = propose(let(GONE), release(), 2, at(81))
    assert [cue.released for cue in applied(DAYS, [GONE, again])[0].cues if cue.id == FIRST] == [at(81)]


def test_a_timed_window_has_nobody_to_let_go() -> None:
    timed = Situation(plan(), DATE, timetable(plan(), DATE))
    assert refused(timed, release(), at(20)) == "not_paced"
    assert applied(timed.days, [GONE]) == timed.days  # the plan was changed meanwhile


def test_classes_report_ready_also_shortly_before_and_several_at_once() -> None:
    first = propose(HERE, release("g1c1", "ready"), 1, FIVE - timedelta(minutes=10))
    second = propose(let(first), release("g1c2", "ready"), 2, FIVE - timedelta(minutes=9))
    assert first.cues == (f"{DATE}/after-school/g1c1/call",)
    assert second.window == "after-school"


def shown(here: Situation, when: datetime) -> list[tuple[str, str]]:
    made = view(here, Instant(when, 0.0, 0.1), {})
    return [
        (one.name, one.state) for one in made.classes if one.state not in ("none", "waiting") and one.gate == "east"
    ]


def test_who_is_next_is_what_the_gate_says_and_no_time_is_promised() -> None:
    here = let(statuses=says(next=SECOND))
    made = view(here, Instant(at(20), 0.0, 0.1), {})
    east = made.gates[0]
    assert (east.pacing, east.next_class, east.next_at, east.released) == ("guarded", "g3c2", None, ())
    assert {one.at for one in made.classes} == {None}
    assert shown(here, at(20)) == [("三年级二班", "next")]


def test_of_a_gate_that_never_said_anything_the_queue_rule_says_who_is_next() -> None:
    made = view(HERE, Instant(at(20), 0.0, 0.1), {})
    assert (made.gates[0].next_class, shown(HERE, at(20))) == ("g3c1", [("三年级一班", "next")])
    record = heard().but(result="passed_over", final=False, heard="no")
    passed = view(let(records={f"east {FIRST}": (record,)}), Instant(at(20), 0.0, 0.1), {})
    assert passed.gates[0].next_class == "g3c2"


def test_who_was_let_go_is_shown_so_until_it_is_called() -> None:
    here = let(GONE, statuses=says(next=FIRST))
    made = view(here, Instant(at(25), 0.0, 0.1), {})
    assert (made.gates[0].released, made.gates[0].next_class) == (("三年级一班",), "g3c2")
    assert shown(here, at(25)) == [("三年级一班", "released")]
    assert view(here, Instant(at(90), 0.0, 0.1), {}).gates[0].released == ()
