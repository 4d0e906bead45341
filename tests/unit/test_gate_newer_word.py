"""What a newer day or live cue says counts from then on: in the lead, beside the day, and over a power cut."""

import pytest

from broker.wire.messages import LiveCue
from config.day import Cue, GateDay, Hold, Window
from crossing_rig import alert, clear, press
from edge.alphabet import Leading, LiveCame
from edge.view import in_force
from gate_rig import DATE, PowerCutError, Rig, at, call, came, day, window

OTHER = "请注意，三年级9班正在放学。"


def live(cue: Cue, due_s: float, of: Window) -> LiveCame:
    return LiveCame(LiveCue(v=1, sent_at=at(due_s - 2), revision=9, due=at(due_s), window=of, cue=cue), receipt=9)


@pytest.mark.parametrize(
    ("newer", "heard"),
    [
        pytest.param(day(call(1, 0), noon=window(pacing="guarded"), revision=2), [], id="nobody has released it"),
        pytest.param(day(call(1, 0), noon=window(closes_s=-0.5), revision=2), [], id="its window is over"),
        pytest.param(day(call(1, 0, say=OTHER), revision=2), [0.3], id="other words"),
        pytest.param(day(call(1, 0, repeat=2), revision=2), [0.3, 7.2], id="twice"),
        pytest.param(day(call(1, 0), call(2, 60), revision=2), [0.0], id="the same"),
        pytest.param(day(call(1, 0), noon=window(closes_s=900), revision=2), [0.0], id="a window that ends later"),
    ],
)
def test_a_revision_in_the_lead_still_counts(newer: GateDay, heard: list[float]) -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0), call(8, 1200, say=OTHER))))  # the clip of the other words is there
    rig.run(-0.3)
    assert isinstance(rig.state.doing, Leading)
    rig.send(came(newer))
    rig.run(50)
    assert [round(at_s, 1) for at_s, say in rig.heard if say == newer.cues[0].say] == heard
    assert [say for _, say in rig.heard if say != newer.cues[0].say] == []


def test_what_a_live_cue_calls_keeps_the_closing_words_waiting() -> None:
    close = call(9, 30, kind="close", id=f"{DATE}/noon/all/close", classes=(), say="放学结束，校门关闭。")
    rig = Rig()
    rig.send(came(day(call(1, 0), call(2, 20), close)))
    rig.run(15)
    rig.send(live(call(2, 60), 60, window()))
    rig.run(200)
    assert [say for _, say in rig.heard] == [call(1, 0).say, call(2, 0).say, close.say]


@pytest.mark.parametrize("comes", [False, True])
def test_a_live_cue_is_called_in_its_window_as_holds_moved_it(comes: bool) -> None:
    noon, cues = window(closes_s=400), (call(1, 0), call(2, 260), call(3, 280))

    def hold(to: float | None) -> Hold:
        return Hold.model_validate({"id": "h1", "from": at(250), "to": to and at(to), "why": None, "by": "王老师"})

    rig = Rig()
    rig.send(came(day(*cues, noon=noon)))
    rig.run(250)
    rig.send(came(day(*cues, noon=noon, revision=2, holds=(hold(None),))))
    rig.run(390)
    rig.send(came(day(*cues, noon=noon, revision=3, holds=(hold(390),))))
    rig.run(400)
    due_s = 280 + rig.state.book.slips[f"{DATE}/noon"]
    assert due_s > 400
    rig.run(due_s - 2)
    if comes:
        rig.send(live(cues[2], due_s, noon))
    rig.run(800)
    assert [name for _, name in rig.classes()] == ["1", "2", "3"]


def test_a_missed_class_that_is_moved_is_called_also_when_the_power_goes_behind_the_day() -> None:
    rig = Rig()
    rig.send(came(day(call(1, 0), call(2, 200))))
    rig.run(-5)
    rig.cut_power(for_s=105)
    rig.run(110)
    assert rig.results() == [("c1", 0, "missed", True)]
    rig.effects_left = 1
    with pytest.raises(PowerCutError):
        rig.send(came(day(call(1, 150), call(2, 200), revision=2)))
    rig.cut_power(for_s=10)
    rig.run(400)
    assert [name for _, name in rig.classes()] == ["1", "2"]


def test_a_class_without_a_clip_is_missed_and_moves_nobody() -> None:
    rig = Rig()
    rig.rendering = lambda say: (0.5, None if "年级1班" in say else 6.0)
    rig.send(came(day(*(call(n, 20 * n) for n in range(1, 6)))))
    rig.run(1600)
    assert rig.classes() == [(20.0 * n, str(n)) for n in range(2, 6)]
    assert ("c1", 0, "missed", True) in rig.results()
    assert rig.state.book.slips == {}


@pytest.mark.parametrize("known", [False, True])
def test_a_live_call_is_passed_over_once(known: bool) -> None:
    noon = window(pacing="guarded", max_wait_s=30, on_timeout="pass_over")
    rig = Rig()
    if known:
        rig.send(came(day(call(1, 0), call(2, 20), noon=noon)))
    rig.run(5)
    rig.send(alert())
    rig.send(live(call(1, 0, released=at(5)), 5, noon))
    rig.run(10)
    rig.send(clear())
    rig.run(80)  # longer than a release counts
    press(rig)
    rig.run(300)
    assert [one[2] for one in rig.results() if one[0] == "c1"] == ["passed_over"]


MIDNIGHT_S = 12.5 * 3600
LATE = window(pacing="guarded").but(id="late", opens=at(MIDNIGHT_S - 1800), closes=at(MIDNIGHT_S + 900))


def late(n: int, at_s: float) -> Cue:
    return call(n, MIDNIGHT_S + at_s).but(id=f"{DATE}/late/c{n}/call", window="late")


@pytest.mark.parametrize("phase_s", [0.0, 0.5])
def test_what_nobody_let_go_in_a_window_over_midnight_is_missed(phase_s: float) -> None:
    rig = Rig(before_s=-(MIDNIGHT_S - 2400 + phase_s))
    rig.send(came(day(late(1, -600), late(2, 200), noon=LATE)))
    rig.run(MIDNIGHT_S + 1000)
    assert in_force(rig.state, rig.now()) == []
    assert rig.results() == [("c1", 0, "missed", True), ("c2", 0, "missed", True)]


def test_an_alerts_hold_that_was_resumed_moves_its_window_also_past_midnight() -> None:
    noon = LATE.but(pacing="timed", opens=at(MIDNIGHT_S - 3600), closes=at(MIDNIGHT_S + 600))
    rig = Rig(before_s=-(MIDNIGHT_S - 4000))
    rig.send(came(day(late(1, -3000), late(2, -900), late(3, -100), noon=noon)))
    rig.run(MIDNIGHT_S - 2900)
    rig.send(alert())
    rig.run(MIDNIGHT_S - 2890)
    rig.send(clear())
    rig.run(MIDNIGHT_S - 400)
    press(rig)
    rig.run(MIDNIGHT_S + 4000)
    assert [name for _, name in rig.classes()] == ["1", "2", "3"]
