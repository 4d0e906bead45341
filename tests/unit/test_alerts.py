"""Alerts at the centre: one stands, numbers only rise, a clear names what it ends, and each gate gets what it lacks."""

from datetime import datetime, timedelta

import pytest

from broker.alerts import astray, clearable, has, newest, proposed, standing, wanted
from broker.desk import propose
from broker.situation import RefusedError, Situation
from broker.wire.messages import Alert, Status
from broker.wish import AlertWish, Wish
from centre_rig import status
from config.timetable import timetable
from gate_rig import DATE, NOON, at
from plan_samples import plan

PLAN = plan(("[calendar]", '[alerts]\nevacuate = "请从北门疏散。"\n[calendar]'))
MS = round(NOON.timestamp() * 1000)


def ask(action: str, **more: object) -> AlertWish:
    return AlertWish.model_validate({"key": "k1", "by": "王老师", "action": action, **more})


def drill(action: str = "return", ends_s: float = 300.0) -> AlertWish:
    return ask(action, drill=True, until=at(ends_s))


def after(*wishes: AlertWish, statuses: dict[str, Status] | None = None) -> tuple[Alert, ...]:
    """What is known after these, one a second."""
    known: tuple[Alert, ...] = ()
    for n, wish in enumerate(wishes):
        known += proposed(PLAN, known, seen(wish, known, statuses or {}, at(n)), statuses or {}, at(n))
    return known


def seen(wish: AlertWish, known: tuple[Alert, ...], statuses: dict[str, Status], when: datetime) -> AlertWish:
    """A clear of what stands, as the page that is up to date asks it."""
    return wish.but(clears=clearable(known, statuses, when)) if wish.action == "clear" else wish


def refused(known: tuple[Alert, ...], wish: AlertWish, when: datetime = NOON + timedelta(seconds=30)) -> str:
    with pytest.raises(RefusedError) as caught:
        proposed(PLAN, known, wish, {}, when)
    assert str(caught.value)
    return caught.value.code


CLEAR = ask("clear", confirmed=True)


def test_an_actual_stands_until_it_is_cleared_by_its_name() -> None:
    raised = after(ask("evacuate"))
    (alert,) = raised
    assert (alert.seq, alert.id, alert.status, alert.until, alert.by) == (MS, f"alert-{MS}", "actual", None, "王老师")
    assert alert.say == "请从北门疏散。"
    assert standing(raised, at(10**6)) == alert
    cleared = after(ask("evacuate"), CLEAR)
    assert (cleared[1].action, cleared[1].clears, cleared[1].status) == ("clear", alert.id, "actual")
    assert standing(cleared, at(5)) is None


def test_a_drill_says_first_that_it_is_one_and_is_over_by_itself() -> None:
    known = after(drill("return"))
    assert known[0].say == "现在是演练。请注意，请全体同学立即返回校内。"
    assert (standing(known, at(299)), standing(known, at(300))) == (known[0], None)
    assert wanted(known, None, at(300)) is None
    assert refused(known, CLEAR, at(300)) == "no_alert"


@pytest.mark.parametrize(
    ("known", "wish", "code"),
    [
        (after(ask("return")), drill(), "actual_stands"),
        (after(), ask("clear"), "no_alert"),
        (after(ask("return")), ask("clear", clears=MS), "sure"),
        (after(ask("return")), ask("clear"), "unnamed"),
        (after(ask("return")), CLEAR, "unnamed"),
        (after(ask("return"), ask("evacuate")), CLEAR.but(clears=MS), "other_alert"),
        (after(), ask("return", until=at(300)), "no_until"),
        (after(), ask("return", drill=True), "bad_until"),
        (after(), drill(ends_s=20), "bad_until"),
        (after(), drill(ends_s=30 + 3601), "bad_until"),
        (after(ask("return"), CLEAR), CLEAR, "no_alert"),
    ],
)
def test_what_cannot_be_is_refused(known: tuple[Alert, ...], wish: AlertWish, code: str) -> None:
    assert refused(known, wish) == code


def test_an_actual_replaces_a_drill_and_another_actual() -> None:
    known = after(drill(), ask("return"), ask("evacuate"))
    assert [alert.action for alert in known if standing(known, at(9)) == alert] == ["evacuate"]


@pytest.mark.parametrize(
    ("told", "seq"), [(0, MS), (MS + 5000, MS + 5001), (2**53 - 1, MS)], ids=["never", "restored backup", "absurd"]
)
def test_a_number_is_above_all_that_gates_know(told: int, seq: int) -> None:
    assert after(ask("return"), statuses={"east": status(alert_seq=told)})[0].seq == seq


def test_a_yes_to_the_end_of_a_drill_does_not_end_the_evacuation_that_came_meanwhile() -> None:
    known = after(drill())
    yes = ask("clear", clears=known[0].seq, confirmed=True)
    known += proposed(PLAN, known, ask("evacuate"), {}, at(20))
    with pytest.raises(RefusedError, match="现在是“疏散”警报，不是您看到的那一个") as caught:
        proposed(PLAN, known, yes, {}, at(21))
    assert (caught.value.code, caught.value.ask_again) == ("other_alert", False)
    assert standing(known, at(21)) == known[1]


def test_numbers_rise_though_the_clock_goes_back() -> None:
    known = after(ask("return"))
    assert proposed(PLAN, known, ask("evacuate"), {}, at(-3600))[0].seq == known[0].seq + 1


def test_a_gate_that_missed_a_replacement_is_sent_the_clear_of_what_it_still_holds() -> None:
    first, second, *clears = after(ask("return"), ask("evacuate"), CLEAR)
    known = (first, second, *clears)
    assert [one.clears for one in clears] == [second.id, first.id]
    for state, expected in (
        (None, clears[0]),
        (status(alert_seq=first.seq, doing="alert"), clears[0]),
        (status(alert_seq=clears[0].seq, doing="alert"), clears[1]),
        (status(alert_seq=clears[1].seq, doing="held"), clears[0]),  # it has more than that
    ):
        assert wanted(known, state, at(9)) == expected
    assert not has(clears[0], status(alert_seq=clears[0].seq, doing="alert"))
    assert has(clears[0], status(alert_seq=clears[1].seq, doing="held"))
    assert newest(known) == clears[0]


def test_a_gate_that_heard_a_drill_before_the_clear_is_sent_the_clear_in_the_drill_and_after_it() -> None:
    first, second, *clears = after(ask("return"), ask("evacuate"), CLEAR)
    (exercise,) = proposed(PLAN, (first, second, *clears), drill(), {}, at(4))
    known = (first, second, *clears, exercise)
    assert wanted(known, None, at(9)) == exercise
    assert wanted(known, status(alert_seq=first.seq, doing="alert"), at(9)) == clears[0]
    assert wanted(known, status(alert_seq=clears[1].seq, doing="alert"), at(9)) == exercise
    astray = status(alert_seq=exercise.seq, doing="alert")
    for when_s in (9, 300):
        turns = [wanted(known, astray, at(when_s + 30 * n)) for n in range(2)]
        assert sorted(map(str, turns)) == sorted(map(str, clears))
    assert wanted(known, status(alert_seq=exercise.seq, doing="held"), at(300)) is None
    known += proposed(PLAN, known, seen(CLEAR, known, {}, at(20)), {}, at(20))
    assert wanted(known, status(alert_seq=known[-1].seq, doing="alert"), at(25)) in clears
    assert wanted(known, status(alert_seq=known[-1].seq, doing="held"), at(25)) == known[-1]


def test_an_alert_that_a_restored_centre_forgot_is_named_by_its_number_and_cleared() -> None:
    forgotten = {"east": status(alert_seq=MS + 77, doing="alert"), "west": status(alert_seq=MS + 77)}
    assert astray((), forgotten) == {"east": f"alert-{MS + 77}"}
    named = seen(CLEAR, (), forgotten, at(0))
    assert named.clears == MS + 77
    assert [one.clears for one in proposed(PLAN, (), named, forgotten, at(0))] == [f"alert-{MS + 77}"]
    with pytest.raises(RefusedError, match="不能演练"):
        proposed(PLAN, (), drill(), forgotten, at(0))


def wish(kind: str, **more: object) -> Wish:
    return Wish.model_validate({"key": "k1", "by": "王老师", "kind": kind, **more})


ORDINARY = (
    wish("resume", ids=("change-1",)), wish("call", **{"class": "g3c1"}), wish("delay", window="noon", delay_s=60),
    wish("notice", text="请稍候"), wish("undo", undoes=1), wish("release", **{"class": "g3c1"}), wish("repeat"),
)  # fmt: skip


@pytest.mark.parametrize("one", ORDINARY, ids=[one.kind for one in ORDINARY])
def test_while_an_actual_stands_nothing_but_a_hold_is_taken(one: Wish) -> None:
    days = timetable(PLAN, DATE)
    here = Situation(PLAN, DATE, days, alerts=after(ask("return")))
    with pytest.raises(RefusedError, match="解除") as caught:
        propose(here, one, 1, at(20))
    assert caught.value.code == "alert"
    assert propose(here, wish("hold"), 1, at(20)).kind == "hold"
    calm = Situation(PLAN, DATE, days, alerts=after(ask("return"), CLEAR))
    assert propose(calm, wish("notice", text="请稍候"), 1, at(20)).kind == "notice"


def test_in_a_drill_only_what_would_be_said_now_is_refused() -> None:
    here = Situation(PLAN, DATE, timetable(PLAN, DATE), alerts=after(drill()))
    for one in (wish("notice", text="请稍候"), wish("call", **{"class": "g3c1"}), wish("repeat")):
        with pytest.raises(RefusedError, match="正在演练") as caught:
            propose(here, one, 1, at(20))
        assert caught.value.code == "drill"
    assert propose(here, wish("notice", text="请稍候", **{"from": at(600)}), 1, at(20)).kind == "notice"
    assert propose(here, wish("delay", window="noon", delay_s=60), 1, at(20)).kind == "delay"
