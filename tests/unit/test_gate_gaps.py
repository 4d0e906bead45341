"""What a gate did not know for a while, a clock, a resume, an extension, costs no class that a person kept waiting."""

from collections.abc import Sequence

import pytest

from broker.wire.messages import Ack, Event
from config.day import Cue
from crossing_rig import CALLS, alert, clear, drill, hold, lock, names, press, ready, statuses
from edge.alphabet import AckCame, Refused, TimeKept
from edge.sources import Anchored
from gate_rig import Rig, at, call, came, day, linked, window

ALL = ["1", "2", "3", "4"]
SHORT = window(closes_s=90)


def without_a_clock(rig: Rig, from_s: float, to_s: float) -> None:
    rig.run(from_s)
    rig.bound_s = None
    rig.run(to_s)
    rig.bound_s = 0.1


def missed(rig: Rig) -> list[str]:
    return [cls for cls, _, result, _ in rig.results() if result == "missed"]


def test_a_clock_that_steps_in_a_hold_loses_nobody_whom_the_hold_kept() -> None:
    rig = ready(today=day(*CALLS, holds=(hold(),)))
    rig.run(200)
    rig.bound_s, rig.skew_s = None, 1.0
    rig.run(201)
    rig.bound_s, rig.skew_s = 0.1, 0.0
    rig.run(202)
    rig.send(came(day(*CALLS, revision=2, holds=(hold(203),))))
    rig.run(400)
    assert (names(rig), missed(rig)) == (ALL, [])


def test_a_clock_that_flickers_loses_nobody_who_waits_for_the_loudspeaker() -> None:
    crowd = [call(n, 0, until_s=30) for n in range(1, 9)]
    rig = ready(today=day(*crowd))
    without_a_clock(rig, 20, 20.3)
    rig.run(200)
    assert (len(names(rig)), missed(rig)) == (8, [])


def test_who_came_due_without_a_clock_moves_nothing_and_is_missed() -> None:
    rig = ready()
    without_a_clock(rig, 30, 110)
    rig.run(300)
    assert (names(rig), rig.state.book.slips) == (["1", "2", "4"], {})


@pytest.mark.parametrize("told_s", [20, 95, 130])
def test_a_resume_that_comes_late_ends_the_hold_when_it_comes(told_s: float) -> None:
    """Nobody was called here until then, whatever the office thought: the window is as much longer."""
    rig = ready(today=day(*CALLS, noon=SHORT, holds=(hold(),)))
    rig.run(told_s)
    rig.send(came(day(*CALLS, noon=SHORT, revision=2, holds=(hold(10),))))
    rig.run(400)
    assert (names(rig), missed(rig)) == (ALL, [])


def test_the_time_of_an_alert_that_was_replaced_counts_from_the_first() -> None:
    rig = ready(today=day(*CALLS, noon=SHORT))
    rig.run(10)
    rig.send(alert(1))
    rig.run(95)
    rig.send(alert(2, action="evacuate", say="请立即疏散。"))
    rig.run(100)
    rig.send(clear(3, of="a2"))
    press(rig)
    rig.run(400)
    assert (names(rig), missed(rig)) == (ALL, [])


@pytest.mark.parametrize(("own", "called"), [("change-2", ["1", "2", "3", "4"]), ("plan-2", ["1"])])
def test_quiet_that_a_person_began_does_not_close_the_time_that_a_hold_added(own: str, called: list[str]) -> None:
    noon = window(closes_s=95)
    rig = ready(today=day(*CALLS, noon=noon, holds=(hold(),)))
    rig.run(90)
    quiet = (lock(96, 110).but(id=own),)
    rig.send(came(day(*CALLS, noon=noon, revision=2, holds=(hold(90),), quiet=quiet)))
    rig.run(400)
    said = {one.cue.split("/")[2][1:] for one in rig.records if one.result in ("announced", "late", "suppressed")}
    assert sorted(said) == called


def crowded(cues: Sequence[Cue], closes_s: float, drill_s: float) -> Rig:
    """A drill moves the calls behind the end of their window."""
    rig = ready(today=day(*cues, noon=window(closes_s=closes_s)))
    rig.run(10)
    rig.send(drill(until_s=drill_s))
    rig.run(closes_s + 5)
    return rig


def test_an_extension_after_the_end_brings_back_who_no_longer_fitted_because_all_had_slipped() -> None:
    rig = crowded(CALLS, 90, drill_s=70)
    assert missed(rig) == ["c3", "c4"]
    rig.send(came(day(*CALLS, revision=2, noon=window(closes_s=400))))
    rig.run(300)
    assert names(rig) == ALL


def test_a_later_slip_brings_back_nobody_who_was_too_late() -> None:
    rig = ready(today=day(*CALLS))
    without_a_clock(rig, 30, 110)
    rig.run(112)
    assert missed(rig) == ["c3"]
    rig.send(came(day(*CALLS, call(5, 130), revision=2, holds=(hold(own="h2", begins_s=112),))))
    rig.run(200)
    rig.send(came(day(*CALLS, call(5, 130), revision=3, holds=(hold(200, own="h2", begins_s=112),))))
    rig.run(400)
    assert "3" not in names(rig)


def test_who_no_longer_fits_is_named_anew_when_it_is_somebody_else() -> None:
    rig = ready(today=day(*CALLS, noon=window(closes_s=70)))
    rig.send(came(day(*(call(n, 20 * n + 5) for n in range(4)), revision=2, noon=window(closes_s=60))))
    rig.run(1)
    first = rig.state.book.problems["window-short"]
    rig.send(came(day(*(call(n, 20 * n + 5) for n in range(4)), revision=3, noon=window(closes_s=40))))
    rig.run(2)
    second = rig.state.book.problems["window-short"]
    assert (first.args["why"], second.args["why"]) == ("c3", "c2 c3")
    assert first.id != second.id


def test_a_name_too_many_is_not_said_anew_with_every_step() -> None:
    rig = ready(today=day(*(call(n, 5 + n / 10) for n in range(90)), noon=window(closes_s=5)))
    rig.run(1)
    first = rig.state.book.problems["window-short"]
    rig.run(4)
    assert rig.state.book.problems["window-short"].id == first.id


@pytest.mark.parametrize(("bound_s", "speaks"), [(None, False), (0.1, True)])
def test_a_drill_that_a_start_finds_is_silent_until_the_time_is_known(bound_s: float | None, speaks: bool) -> None:
    rig = ready(today=day())
    rig.run(10)
    rig.send(drill(until_s=600))
    rig.run(15)
    known = len(rig.heard)
    assert known > 0
    rig.bound_s = bound_s
    rig.cut_power(for_s=5)
    rig.run(60)
    assert (len(rig.heard) > known) == speaks


def test_a_log_that_went_on_elsewhere_goes_on_here_under_another_name() -> None:
    """A copied card, or a full disk and a power cut: what is told under a number that is taken would never arrive."""
    rig = ready()
    rig.run(100)
    book = rig.state.book
    rig.send(AckCame(Ack(v=1, log=book.log, seq=book.seq + 7), receipt=1))
    rig.run(101)
    assert rig.state.book.log != book.log
    assert statuses(rig)[-1].log == rig.state.book.log
    told = rig.published("event")[-1].message
    assert isinstance(told, Event)
    assert (told.log, len(told.records)) == (rig.state.book.log, 4)
    assert rig.replayed().log == rig.state.book.log


def test_a_message_that_was_refused_is_no_problem_once_a_good_one_came() -> None:
    rig = Rig()
    rig.send(linked())
    for what in ("ack", "time", "cue"):
        rig.send(Refused(what, "not JSON", receipt=3))
    assert rig.problems() == ["refused-ack", "refused-cue", "refused-time"]
    rig.send(AckCame(Ack(v=1, log=rig.state.book.log, seq=0), receipt=1))
    rig.send(TimeKept(Anchored(source="centre", boot="b", utc=at(0), monotonic_s=1.0, error_s=0.1, wall_s=0.0)))
    assert rig.problems() == ["refused-cue"]


def test_a_drill_that_follows_another_at_once_lasts_its_own_time() -> None:
    rig = ready(today=day())
    rig.bound_s = None
    rig.run(10)
    rig.send(drill(1, until_s=30, raised_at=at(0)))
    rig.run(25)
    rig.send(drill(2, until_s=40, raised_at=at(10)))
    rig.run(50)
    assert rig.lights().red == "fast"
    rig.run(56)
    assert rig.lights().red != "fast"
