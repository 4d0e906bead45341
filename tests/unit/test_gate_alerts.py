"""Alerts at a gate: at once, again and again, over a power cut, until a clear that names them."""

from datetime import timedelta

import pytest

from broker.wire.messages import Status
from config import limits
from config.alerts import SENTENCES, sentence
from config.day import Quiet
from crossing_rig import SAY, alert, clear, drill
from edge.alphabet import AlertCame, ButtonMoved, Cut, Render, Tick
from edge.report import Lights
from gate_rig import LENGTH_S, PowerCutError, Rig, at, call, came, day, linked

DAY = day(call(1, 0), call(2, 20), call(3, 40), call(4, 60))


def ready(before_s: float = 60.0, *quiet: Quiet) -> Rig:
    rig = Rig(before_s)
    rig.send(linked())
    rig.send(came(day(*DAY.cues, quiet=quiet)))
    return rig


def times(rig: Rig, say: str = SAY) -> list[float]:
    return [round(begun_s, 1) for begun_s, said in rig.heard if said == say]


def keep_down(rig: Rig, for_s: float = 12.0) -> None:
    rig.send(ButtonMoved("hold", True, rig.monotonic_s))
    begun_s = (rig.utc - at(0)).total_seconds()
    rig.run(begun_s + for_s)
    rig.send(ButtonMoved("hold", False, rig.monotonic_s))
    rig.run(begun_s + for_s + 0.1)


def test_it_cuts_a_sentence_and_speaks_three_times_and_then_every_30_s() -> None:
    rig = ready()
    rig.run(2)
    rig.send(alert())
    assert isinstance([one for one in rig.effects if isinstance(one, Cut)][-1], Cut)
    assert rig.lights() == Lights(red="fast", amplifier=True)
    rig.run(160)
    assert (round(rig.heard[1][0], 1), rig.heard[1][1]) == (2.2, sentence("return", "actual"))  # its own was not ready
    assert times(rig)[:6] == [9.2, 16.3, 46.3, 76.3, 106.3, 136.3]
    assert [name for _, name in rig.classes()] == ["1"]
    assert rig.results() == [("c1", 1, "cut_short", False)]


def test_the_shipped_sentence_speaks_while_its_own_is_not_ready() -> None:
    rig = ready()
    rig.rendering = lambda _: (1000, 4.0)
    rig.run(-30)
    rig.send(alert())
    rig.run(0)
    assert rig.heard[0][1] == sentence("return", "actual")
    assert rig.heard[0][0] + 30 < 1.0
    assert set(SENTENCES) <= rig.state.clips.keys()


def test_after_the_clear_a_hold_stays_until_a_person_resumes_and_what_was_cut_is_said_again() -> None:
    rig = ready()
    rig.run(2)
    rig.send(alert())
    rig.run(30)
    rig.send(clear(2))
    assert rig.lights().red == "on"
    rig.run(50)
    assert (rig.state.held, [hold.id for hold in _holds(rig)]) == (True, ["east/alert-1"])
    rig.send(ButtonMoved("hold", True, rig.monotonic_s))
    rig.run(51)
    assert not rig.state.held
    rig.run(160)
    assert [name for _, name in rig.classes()] == ["1", "1", "2", "3", "4"]
    assert rig.results()[:2] == [("c1", 1, "cut_short", False), ("c1", 2, "announced", True)]


def test_a_class_that_was_cut_and_never_came_to_its_turn_again_is_not_recorded_as_unheard() -> None:
    rig = ready()
    rig.run(2)
    rig.send(alert())
    rig.run(limits.HOLD_MOVES_MAX_S + 1510)  # nobody comes before the window's end, moved as far as it goes
    rig.send(clear(2))
    rig.send(ButtonMoved("hold", True, rig.monotonic_s))
    rig.run(limits.HOLD_MOVES_MAX_S + 1520)
    ends = [(one.attempt, one.result, one.final, one.heard) for one in rig.records if "/c1/" in one.cue]
    assert ends == [(1, "cut_short", False, "unknown"), (1, "interrupted", True, "unknown")]


def _holds(rig: Rig) -> list:  # type: ignore[type-arg]  # of Hold
    return [one.hold for one in rig.state.book.own.values() if one.hold.to is None]


def test_a_power_cut_at_every_effect_leaves_an_alert_that_speaks_or_one_that_was_not_confirmed() -> None:
    for n in range(12):
        rig = ready()
        rig.run(2)
        rig.effects_left = n
        try:
            rig.send(alert())
            rig.run(30)
        except PowerCutError:
            pass
        rig.cut_power()
        rig.run(60)
        statuses = [one.message for one in rig.published("status") if isinstance(one.message, Status)]
        confirmed = any(one.alert_seq == 1 for one in statuses)
        stands = rig.state.book.alert is not None
        assert stands == (rig.lights().red == "fast") == any(at_s > 30 for at_s in times(rig))
        assert stands or not confirmed


def test_it_speaks_again_after_a_power_cut_without_waiting_for_anything() -> None:
    rig = ready()
    rig.send(alert())
    rig.run(0)
    rig.bound_s = None
    rig.cut_power(for_s=3600)
    begun = rig.utc
    rig.run(3700)
    later = [begun_s for begun_s, _ in rig.heard if begun_s >= (begun - at(0)).total_seconds()]
    assert later[0] - (begun - at(0)).total_seconds() < 2
    assert len(later) == 3 + 2


@pytest.mark.parametrize("seq", [1, 0])
def test_a_copy_or_an_older_one_changes_nothing(seq: int) -> None:
    rig = ready()
    rig.send(alert())
    rig.send(clear(2))
    book = rig.state.book
    rig.send(alert(seq))
    assert rig.state.book == book


def test_a_clear_of_another_alert_clears_nothing_and_is_a_problem() -> None:
    rig = ready()
    rig.send(alert())
    rig.send(clear(2, of="a9"))
    assert (rig.lights().red, rig.problems()) == ("fast", ["refused-alert"])
    rig.send(clear(3))
    assert (rig.lights().red, rig.problems()) == ("on", [])


def test_a_drill_ends_by_itself_leaves_no_hold_and_keeps_the_distances() -> None:
    rig = ready()
    rig.run(10)
    rig.send(drill())
    rig.run(95)
    assert rig.lights().red == "fast"
    rig.run(101)
    assert (rig.lights().red, rig.state.held) == ("off", False)
    rig.run(200)
    begun = [begun_s for begun_s, name in rig.classes() if name in ("2", "3", "4")]
    assert len(begun) == 3
    assert begun[0] >= 100 + limits.REST_S
    assert begun[2] - begun[1] == pytest.approx(20)


def test_a_drill_without_a_clock_ends_after_its_length() -> None:
    rig = Rig(bound_s=None)
    rig.send(drill())
    rig.run(30)
    assert rig.lights().red == "fast"
    rig.run(41)  # 100 s after it came
    assert rig.lights().red == "off"


def test_a_drill_never_takes_the_place_of_an_actual_and_an_actual_takes_its() -> None:
    rig = ready()
    rig.send(alert(1))
    rig.send(drill(2))
    assert (rig.state.book.alert_seq, getattr(rig.state.book.alert, "alert", alert().alert).status) == (2, "actual")
    other = ready()
    other.send(drill(1))
    other.run(-55)
    other.send(alert(2, action="evacuate", say="疏散"))
    other.run(0)
    assert other.heard[-1][1] == "疏散"
    assert len([one for one in other.effects if isinstance(one, Cut)]) == 1


def test_a_drill_that_is_over_is_confirmed_and_never_heard() -> None:
    rig = ready(before_s=-200)
    rig.send(drill())
    rig.run(240)
    assert (rig.state.book.alert, rig.state.book.alert_seq, times(rig, f"现在是演练。{SAY}")) == (None, 1, [])


@pytest.mark.parametrize(("came_in", "heard"), [(alert(), True), (drill(), False)])
def test_in_quiet_only_an_actual_alert_speaks(came_in: AlertCame, heard: bool) -> None:
    lock = Quiet.model_validate({"id": "q", "from": at(-3600), "to": None})
    rig = ready(60.0, lock)
    rig.run(-30)
    rig.send(came_in)
    rig.run(0)
    assert (rig.lights().red, bool(rig.heard)) == ("fast", heard)


def test_hold_kept_down_silences_the_voice_and_not_the_light_also_over_a_power_cut() -> None:
    rig = ready()
    rig.send(alert())
    rig.run(-20)
    keep_down(rig)
    heard = len(rig.heard)
    rig.cut_power(for_s=5)
    rig.run(300)
    assert (len(rig.heard), rig.lights()) == (heard, Lights(red="fast", amplifier=False))
    presses = [entry.press for entry in rig.state.book.outbox if entry.kind == "pressed"]
    assert [(one.button, one.result) for one in presses] == [("hold", "refused"), ("silence", "done")]
    rig.send(alert(2, action="evacuate", say="疏散"))
    rig.run(310)
    assert rig.heard[-1][1] == "疏散"  # another alert has its voice again


def test_a_player_that_fails_or_hangs_is_tried_again_and_told() -> None:
    for result in ("failed", "silent", "never"):
        rig = ready()
        rig.answers = lambda _, result=result: (result, 4.0)  # type: ignore[misc]  # one result a round
        rig.send(alert())
        rig.run(20)
        assert rig.problems() == ["player"]
        rig.answers = lambda _: ("whole", 4.0)
        rig.run(90)
        assert rig.problems() == []


def test_a_sentence_whose_clip_is_broken_gives_way_to_the_shipped_one_and_is_made_anew() -> None:
    """The clip lies on a bad part of the disk: its header can be read, its sound cannot."""
    rig = ready()
    own, shipped = "请大家立即返回校内。", sentence("return", "actual")
    rig.answers = lambda play: ("silent", 4.0) if play.say == own else ("whole", 4.0)
    rig.send(alert(say=own))
    rig.run(20)
    asked = [effect.says for effect in rig.effects if isinstance(effect, Render)]
    assert own in asked[-1]
    assert rig.heard[0][1] == shipped
    assert rig.heard[0][0] < 10
    rig.answers = lambda _: ("whole", 4.0)
    rig.run(90)
    assert rig.heard[-1][1] == own
    assert rig.problems() == []


def test_nothing_is_missed_or_slips_while_it_stands() -> None:
    rig = ready()
    rig.send(alert())
    rig.run(300)
    assert (rig.results(), rig.state.book.slips) == ([], {})
    rig.send(clear(2))
    rig.utc += timedelta(seconds=0)
    rig.send(Tick())
    rig.run(330)
    assert rig.results() == []


def test_a_sentence_whose_first_saying_was_whole_is_announced() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0, repeat=2))))
    rig.run(LENGTH_S + 3)
    rig.send(alert())
    assert rig.results() == [("c1", 1, "announced", True)]
