"""What staff did today, folded into the day: plan + changes in, whole list of cues out."""

import random
from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations

import pytest

from config import limits
from config.changes import Change, applied, standing
from config.day import GateDay
from gate_rig import DATE, at, call, day, window

BASE = day(call(1, 0), call(2, 20), call(3, 40), call(4, 60))
WEST = BASE.but(gate="west")


def own(n: int) -> str:
    return call(n, 0).id


def change(n: int, kind: str, at_s: float = -100, **more: object) -> Change:
    return Change.model_validate({"v": 1, "n": n, "key": f"k{n}", "at": at(at_s), "by": "王老师", "kind": kind, **more})


def cues(*changes: Change, base: GateDay = BASE) -> list[tuple[str, float, str]]:
    """(class, seconds after 11:30, state) of every cue, in order."""
    (made,) = applied([base], changes)
    return [(cue.id.split("/", 2)[2], (cue.at - at(0)).total_seconds(), cue.state) for cue in made.cues]


PLANNED = [(f"c{n}/call", 20.0 * (n - 1), "planned") for n in (1, 2, 3, 4)]
DELAY = change(1, "delay", window="noon", cues=(own(2), own(3), own(4)), delay_s=120)
SKIP = change(2, "skip", cues=(own(3),))


def test_no_change_changes_nothing() -> None:
    assert applied([BASE, WEST], []) == (BASE, WEST)


def test_a_delay_moves_the_rest_that_staff_saw_and_keeps_distances() -> None:
    assert cues(DELAY) == [PLANNED[0], *((name, at_s + 120, state) for name, at_s, state in PLANNED[1:])]
    (made,) = applied([BASE], [DELAY])
    assert [cue.until - cue.at for cue in made.cues] == [timedelta(seconds=60)] * 4


def test_two_delays_add_up_and_an_earlier_start_is_a_negative_one() -> None:
    earlier = change(2, "delay", cues=(own(4),), delay_s=-30)
    assert cues(DELAY, earlier)[2] == ("c4/call", 150.0, "planned")


def test_a_skipped_class_is_cancelled_and_stays_in_the_day() -> None:
    assert cues(SKIP) == [PLANNED[0], PLANNED[1], ("c3/call", 40.0, "cancelled"), PLANNED[3]]


def test_a_hold_is_open_at_every_gate_until_a_resume_names_it() -> None:
    hold, resume = change(5, "hold", 10, why="下雨"), change(6, "resume", 70, ids=("change-5",))
    held = applied([BASE, WEST], [hold])
    assert [[(one.id, one.begins, one.to, one.why) for one in made.holds] for made in held] == [
        [("change-5", at(10), None, "下雨")]
    ] * 2
    assert [made.holds[0].to for made in applied([BASE, WEST], [hold, resume])] == [at(70), at(70)]


def test_a_hold_of_one_gate_leaves_the_other_alone_and_a_resume_of_another_id_ends_nothing() -> None:
    changes = [change(5, "hold", 10, gate="east"), change(6, "resume", 70, ids=("change-4", "button-1"))]
    east, west = applied([BASE, WEST], changes)
    assert ([hold.to for hold in east.holds], west.holds) == ([None], ())


PRESSED = change(5, "hold", 10, gate="east", ids=("east/0123abcd-7",))
RESUMED = change(6, "resume", 70, gate="east", ids=("east/0123abcd-7",))
"""A hold by the button of the east gate, and its end on a page."""


def holds(*changes: Change, of: GateDay = BASE) -> list[tuple[str, float, float | None]]:
    """(id, from, to) in seconds after 11:30."""
    (made,) = applied([of], changes)
    return [
        (hold.id, (hold.begins - at(0)).total_seconds(), (hold.to - at(0)).total_seconds() if hold.to else None)
        for hold in made.holds
    ]


def test_a_resume_that_comes_before_the_press_it_ends_gives_the_same_hold() -> None:
    assert holds(RESUMED) == [("east/0123abcd-7", 70, 70)]
    ended = [("east/0123abcd-7", 10, 70)]
    late = PRESSED.but(n=9)
    assert holds(PRESSED, RESUMED) == holds(RESUMED, late) == holds(late, RESUMED) == ended
    assert applied([BASE], [PRESSED, RESUMED]) == applied([BASE], [RESUMED, late])


def test_a_resume_that_names_a_number_of_the_future_does_not_end_the_hold_that_gets_it() -> None:
    assert holds(change(2, "resume", 5, ids=("change-1", "change-3")), change(3, "hold", 10)) == [
        ("change-3", 10, None)
    ]


def test_whatever_number_a_press_and_its_ends_got_the_holds_are_the_same() -> None:
    told = [
        PRESSED,
        RESUMED,
        change(7, "resume", 65, ids=("east/0123abcd-7", "east/0123abcd-9", "west/0123abcd-1")),
        change(8, "hold", 20, gate="east", ids=("east/0123abcd-9",)),
    ]
    seen = {
        applied([BASE, WEST], [one.but(n=n + 1) for n, one in enumerate(order)])[0].model_dump_json()
        for order in permutations(told)
    }
    assert len(seen) == 1
    assert holds(*told) == [("east/0123abcd-7", 10, 65), ("east/0123abcd-9", 20, 65)]


def test_a_resume_of_another_gates_button_is_not_in_this_gates_day() -> None:
    everywhere = change(6, "resume", 70, ids=("east/0123abcd-7", "change-4", "eastern/0123abcd-7"))
    assert holds(everywhere, of=WEST) == []
    assert holds(everywhere) == [("east/0123abcd-7", 70, 70)]


def test_of_two_ends_the_earlier_counts_whichever_came_first() -> None:
    button = change(8, "resume", 40, gate="east", ids=("east/0123abcd-7",))
    assert holds(PRESSED, RESUMED, button) == holds(PRESSED, button, RESUMED) == [("east/0123abcd-7", 10, 40)]
    early = change(8, "resume", 5, gate="east", ids=("east/0123abcd-7",))  # by a clock that is behind
    assert holds(PRESSED, early) == [("east/0123abcd-7", 10, 10)]


def test_an_undone_hold_is_ended_for_absence_ends_nothing() -> None:
    hold = change(1, "hold", 10, why="雨")
    assert holds(hold, change(2, "undo", 30, undoes=1)) == [("change-1", 10, 30)]
    assert holds(PRESSED, change(6, "undo", 30, undoes=5)) == [("east/0123abcd-7", 10, 30)]


def test_an_undone_resume_does_not_open_a_hold_again() -> None:
    undo = change(7, "undo", 90, undoes=6)
    assert holds(PRESSED, RESUMED, undo) == [("east/0123abcd-7", 10, 70)]
    assert standing([RESUMED, undo]) == [RESUMED]


def test_above_its_limit_a_day_forgets_the_holds_that_ended_first() -> None:
    most = limits.HOLDS_MAX
    opened = [change(n, "hold", n) for n in range(1, most + 3)]
    resumed = change(999, "resume", 500, ids=("change-2", "change-4", "change-5"))
    assert [name for name, _, _ in holds(*opened, resumed)] == [
        hold for n in range(1, most + 3) if (hold := f"change-{n}") not in ("change-2", "change-4")
    ]
    assert len(holds(*opened)) == most
    strange = [change(n, "resume", n, ids=tuple(f"east/{n}-{k}" for k in range(most))) for n in range(1, 4)]
    assert [name for name, _, _ in holds(*strange)] == sorted(f"east/3-{k}" for k in range(most))
    assert len(holds(*strange, *[one.but(n=one.n + 10) for one in opened])) == most


def test_a_class_called_now_moves_its_own_cue_and_is_marked_as_released() -> None:
    now = change(7, "call", 25, **{"class": "c4"}, cues=(own(4),), gate="east", text=BASE.cues[3].say)
    (made,) = applied([BASE], [now])
    assert cues(now) == [PLANNED[0], PLANNED[1], ("c4/call", 25.0, "planned"), PLANNED[2]]
    assert [cue.released for cue in made.cues] == [None, None, at(25), None]


def test_a_class_called_again_or_outside_a_window_gets_a_cue_of_its_own() -> None:
    again = change(7, "call", 200, cues=(f"{own(1)}#2",), gate="east")
    outside = change(8, "call", 4000, **{"class": "c9"}, cues=(f"{DATE}/none/c9/call",), gate="east", text="请注意。")
    assert cues(again, outside)[4:] == [("c1/call#2", 200.0, "planned"), ("c9/call", 4000.0, "planned")]


def test_a_repeat_is_said_once_under_its_own_id() -> None:
    (made,) = applied([day(call(1, 0, repeat=3))], [change(3, "repeat", 90, cues=(f"{own(1)}#2",), gate="east")])
    assert [(cue.id, cue.repeat, cue.say) for cue in made.cues][1:] == [(f"{own(1)}#2", 1, BASE.cues[0].say)]


def test_a_notice_is_named_by_its_change_and_belongs_to_no_window() -> None:
    (made,) = applied([BASE], [change(9, "notice", 30, text="请家长退到黄线外。")])
    notice = made.cues[2]
    assert (notice.id, notice.window, notice.kind, notice.at) == (f"{DATE}/none/n9/notice", None, "notice", at(30))


def test_extend_moves_the_end_of_each_gate_by_so_much_and_never_earlier() -> None:
    west = BASE.but(gate="west", windows=(window(closes_s=3000),))
    later, earlier = (change(n, "extend", window="noon", delay_s=by_s) for n, by_s in ((3, 500), (4, -100)))
    made = applied([BASE, west], [later, earlier])
    assert [one.windows for one in made] == [(window(closes_s=2000),), (window(closes_s=3500),)]


UNDOABLE = [
    DELAY,
    SKIP,
    change(1, "call", cues=(own(4),), gate="east"),
    change(1, "notice", text="请等一等。"),
    change(1, "extend", window="noon", delay_s=500),
]


@pytest.mark.parametrize("done", UNDOABLE, ids=lambda one: str(one.kind))
def test_an_undo_before_its_instant_restores_the_day_exactly(done: Change) -> None:
    undo = change(done.n + 1, "undo", -90, undoes=done.n)
    assert applied([BASE], [done]) != (BASE,)
    assert applied([BASE], [done, undo]) == (BASE,)


def test_what_an_undo_brings_back_after_its_instant_goes_behind_the_rest() -> None:
    skipped = change(1, "skip", cues=(own(1),))
    assert cues(skipped, change(2, "undo", 30, undoes=1)) == [*PLANNED[1:], ("c1/call", 80.0, "planned")]


def test_and_not_before_undo_plus_five_seconds() -> None:
    skipped = change(1, "skip", cues=(own(4),))
    brought = cues(skipped, change(2, "undo", 500, undoes=1))[3]
    assert brought == ("c4/call", 500.0 + limits.BACK_AFTER_S, "planned")


def test_a_delay_after_an_undo_moves_from_where_that_brought_it_back() -> None:
    skipped, undo = change(1, "skip", cues=(own(1),)), change(2, "undo", 30, undoes=1)
    later = change(3, "delay", 40, cues=(own(3), own(4), own(1)), delay_s=60)
    assert cues(skipped, undo, later)[-1] == ("c1/call", 140.0, "planned")
    assert cues(later, undo, skipped) == cues(skipped, undo, later)


def test_a_delay_undone_in_the_middle_moves_only_what_would_be_in_the_past() -> None:
    undone = cues(DELAY, change(2, "undo", 30, undoes=1))
    assert undone == [PLANNED[0], PLANNED[2], PLANNED[3], ("c2/call", 80.0, "planned")]


def test_who_came_from_another_gate_behind_a_delay_is_not_missed_when_that_is_undone() -> None:
    """East is late, a class is sent there and stands behind the delayed calls; then east is not late after all."""
    west = day(call(9, 300)).but(gate="west")
    late = change(1, "delay", -30, gate="east", window="noon", cues=tuple(map(own, (1, 2, 3, 4))), delay_s=600)
    sent = change(2, "reroute", 60, gate="east", cues=(own(9),))

    def at_east(*changes: Change) -> dict[str, float]:
        made, _ = applied([BASE, west], changes)
        return {cue.classes[0]: (cue.at - at(0)).total_seconds() for cue in made.cues}

    assert at_east(late, sent)["c9"] == 680.0
    assert at_east(late, sent, change(3, "undo", 100, undoes=1))["c9"] == 300.0
    back = at_east(late, sent, change(3, "undo", 480, undoes=1))
    assert back["c9"] > 480
    assert len({*back.values()}) == 5


def test_a_gate_that_closes_sends_its_own_part_of_a_group_alone() -> None:
    """A group is called at three gates under one id; the parts of the others stay."""
    parts = [
        day(call(1, 0).but(classes=(f"c{n}",))).but(gate=gate) for n, gate in ((1, "east"), (2, "west"), (3, "north"))
    ]
    closes = change(1, "reroute", -60, gate="west", from_gate="east", cues=(own(1),))
    made = applied(parts, [closes])
    assert [[one.classes for one in of.cues] for of in made] == [[], [("c2",), ("c1",)], [("c3",)]]


@pytest.mark.parametrize(("says", "called"), [("步行的", ["乘车的", "步行的"]), ("乘车的", ["乘车的"])])
def test_who_leaves_two_ways_is_called_both_ways_at_one_gate_too(says: str, called: list[str]) -> None:
    walk, car = day(call(1, 0).but(say=says)), day(call(1, 0).but(say="乘车的")).but(gate="west")
    made = applied([walk, car], [change(1, "reroute", -60, gate="west", cues=(own(1),))])
    assert [[one.say for one in of.cues] for of in made] == [[], called]


def test_an_undo_is_not_undone() -> None:
    undo = change(3, "undo", -90, undoes=2)
    assert standing([SKIP, undo, change(4, "undo", -80, undoes=3)]) == []


def test_what_names_nothing_of_the_day_changes_nothing() -> None:
    strange = [
        change(1, "delay", cues=(f"{DATE}/noon/c77/call",), delay_s=60),
        change(2, "skip", cues=(f"{DATE}/evening/c1/call",)),
        change(3, "extend", window="evening", delay_s=9000),
        change(4, "call", cues=(f"{DATE}/evening/c1/call",), gate="east"),
        change(5, "resume", ids=("nobody",)),
        change(6, "undo", undoes=999),
        change(7, "ready", -100, **{"class": "c1"}),
    ]
    assert applied([BASE], strange) == (BASE,)


def test_the_same_set_gives_the_same_day_in_any_order_of_arrival() -> None:
    rng = random.Random(11)
    changes = some_changes(rng, 12)
    expected = applied([BASE, WEST], changes)
    for _ in range(50):
        rng.shuffle(changes)
        assert applied([BASE, WEST], changes) == expected


def test_the_fold_is_total_whatever_was_done() -> None:
    for seed in range(300):
        rng = random.Random(seed)
        for made in applied([BASE, WEST], some_changes(rng, 15)):
            again = GateDay.model_validate_json(made.model_dump_json(by_alias=True))
            assert again == made, f"seed {seed}"


def some_changes(rng: random.Random, most: int) -> list[Change]:
    return [some_change(rng, n) for n in range(1, rng.randrange(2, most))]


def some_change(rng: random.Random, n: int) -> Change:
    ids = [own(k) for k in range(1, 6)] + [f"{own(1)}#2", f"{DATE}/none/c9/call"]
    some: Sequence[str] = tuple(rng.sample(ids, rng.randrange(0, 4)))
    kind = rng.choice(["delay", "hold", "resume", "skip", "extend", "call", "repeat", "notice", "undo", "move"])
    more: dict[str, dict[str, object]] = {
        "delay": {"cues": some, "delay_s": rng.choice([-60.0, 30.0, 600.0])},
        "hold": {"ids": rng.choice([(), (f"east/0123abcd-{rng.randrange(3)}",)])},
        "resume": {"ids": (f"change-{rng.randrange(1, 15)}", f"east/0123abcd-{rng.randrange(3)}")},
        "skip": {"cues": some},
        "extend": {"window": rng.choice(["noon", "evening"]), "delay_s": rng.randrange(-100, 4000)},
        "call": {"cues": some[:1], "class": "c9", "text": rng.choice([None, "请注意。"])},
        "repeat": {"cues": some[:1]},
        "notice": {"text": "请注意。"},
        "undo": {"undoes": rng.randrange(1, 15)},
    }
    return change(n, kind, rng.randrange(-100, 2000), gate=rng.choice([None, "east", "west"]), **more.get(kind, {}))


def test_the_hold_of_an_alert_lasted_since_the_alert_was_raised() -> None:
    raised_ms = round(at(600).timestamp() * 1000)
    ids = (f"east/alert-{raised_ms}", f"west/alert-{raised_ms}")
    resume = change(1, "resume", 900, ids=ids)
    assert [holds(resume, of=of) for of in (BASE, WEST)] == [[(ids[0], 600.0, 900.0)], [(ids[1], 600.0, 900.0)]]
    friday = f"east/alert-{round(at(-3 * 86400).timestamp() * 1000)}"
    assert holds(change(1, "resume", 900, ids=(friday,))) == [(friday, -3 * 86400.0, 900.0)]
    for strange in ("east/alert-7", "east/alert-99999999999999", "east/alert-x"):
        assert holds(change(1, "resume", 900, ids=(strange,))) == [(strange, 900.0, 900.0)]


def test_a_release_lets_a_call_go_where_people_pace_and_the_newest_counts() -> None:
    paced = day(*BASE.cues, noon=window().but(pacing="ready"))
    first, again = change(1, "ready", 5, cues=(own(3),)), change(2, "release", 90, cues=(own(3),))
    (made,) = applied([paced], [first, again])
    assert [cue.released for cue in made.cues] == [None, None, at(90), None]
    assert [(cue.at, cue.until) for cue in made.cues] == [(cue.at, cue.until) for cue in paced.cues]
    undo = change(3, "undo", 95, undoes=2)
    assert applied([paced], [first, again, undo]) == applied([paced], [first])
    assert applied([BASE], [first]) == (BASE,)
