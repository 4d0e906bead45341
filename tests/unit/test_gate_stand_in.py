"""A clip that is not as it should be: the gate plays it, tells people, and asks again."""

from datetime import timedelta

import pytest

from audio.renderer import Rendered as Clip
from config import limits
from config.alerts import SENTENCES
from edge.alphabet import Render, Rendered
from edge.cli import _answers
from edge.inbox import Inbox
from gate_rig import DATE, Rig, at, call, came, day

SAY = call(1, 0).say
CHIPING = ({"text": "茌平", "pinyin": "chí píng"},)
WHY = "pyttsx3: no espeak-ng"
NOTICE = call(1, 0, id=f"{DATE}/noon/n1/notice", kind="notice", classes=(), say="今天下午有家长会。")


def asked(rig: Rig) -> list[tuple[str, ...]]:
    """Beside the alerts, which wait all the time here."""
    says = [effect.says for effect in rig.effects if isinstance(effect, Render)]
    return [tuple(say for say in one if say not in SENTENCES) for one in says]


def test_a_class_is_called_by_the_recording_that_names_none_and_people_are_told() -> None:
    rig = Rig(renders=False)
    rig.send(came(day(call(1, 0))))
    rig.send(Rendered(SAY, 5.0, WHY, stand_in=True))
    assert rig.problems() == ["clip"]
    rig.run(20)
    assert rig.classes() == [(0.0, "1")]
    assert ("c1", 1, "announced", True) in rig.results()


def test_it_is_asked_for_again_and_the_problem_ends_with_the_real_one() -> None:
    rig = Rig(before_s=600, renders=False)
    rig.send(came(day(call(1, 0))))
    rig.send(Rendered(SAY, 5.0, WHY, stand_in=True))
    before = len(asked(rig))
    rig.run(-600 + limits.RENDER_RETRY_S + 2)
    assert asked(rig)[before:] == [(SAY,)]
    assert rig.problems() == ["clip"]
    rig.send(Rendered(SAY, 6.0))
    assert (rig.problems(), rig.state.clips[SAY]) == ([], 6.0)
    rig.run(-200)
    assert asked(rig)[before:] == [(SAY,)]


def test_all_sentences_are_asked_for_again_when_the_school_reads_something_otherwise() -> None:
    rig = Rig(before_s=600)
    rig.send(came(day(call(1, 0))))
    rig.run(-500)
    before = len(asked(rig))
    rig.send(came(day(call(1, 0), revision=2, readings=CHIPING)))
    (again,) = [effect for effect in rig.effects if isinstance(effect, Render)][before:]
    assert SAY in again.says
    assert again.readings == {"茌平": "chí píng"}
    assert SAY in rig.state.clips  # until then it is said as it was
    rig.run(-400)
    rig.send(came(day(call(1, 0), revision=3, readings=CHIPING)))
    assert len(asked(rig)) == before + 1


def test_the_day_that_was_issued_last_says_how_sentences_are_read() -> None:
    rig = Rig(before_s=600)
    rig.send(came(day(call(1, 0), issued_at=at(-60), readings=CHIPING)))
    rig.send(came(day(date=DATE + timedelta(days=1), issued_at=at(-90), windows=())))
    assert rig.state.readings == {"茌平": "chí píng"}


def test_a_real_one_that_comes_unasked_ends_the_problem_too() -> None:
    rig = Rig(before_s=600, renders=False)
    rig.send(came(day(call(1, 0))))
    rig.send(Rendered(SAY, 5.0, WHY, stand_in=True))
    rig.send(Rendered(SAY, 6.0))
    before = len(asked(rig))
    assert rig.problems() == []
    rig.run(-400)
    assert asked(rig)[before:] == []


def test_a_clip_of_a_lower_rung_is_played_told_and_asked_for_less_often() -> None:
    rig = Rig(before_s=600, renders=False)
    rig.send(came(day(call(1, 0))))
    rig.send(Rendered(SAY, 6.0, "recorded: 一班.wav"))
    before = len(asked(rig))
    assert rig.problems() == ["clip"]
    rig.run(20)
    assert rig.classes() == [(0.0, "1")]
    assert asked(rig)[before:] == []
    rig.run(-600 + limits.RENDER_BETTER_S + 2)
    assert asked(rig)[before:] == [(SAY,)]


def test_nothing_stands_in_for_a_notice() -> None:
    """A class is leaving, it would say."""
    rig = Rig(renders=False)
    rig.send(came(day(NOTICE)))
    rig.send(Rendered(NOTICE.say, 6.0))
    rig.send(Rendered(NOTICE.say, 5.0, WHY, stand_in=True))
    assert (NOTICE.say in rig.state.clips, rig.problems()) == (False, ["clip"])
    rig.run(90)
    assert rig.heard == []


def test_nothing_stands_in_for_a_notice_that_is_about_to_be_said_and_the_gate_goes_on() -> None:
    rig = Rig(renders=False)
    rig.send(came(day(NOTICE)))
    rig.send(Rendered(NOTICE.say, 6.0))
    rig.run(-0.3)
    rig.send(Rendered(NOTICE.say, 5.0, WHY, stand_in=True))
    rig.run(20)
    assert [say for _, say in rig.heard] == [NOTICE.say]


def test_the_log_says_once_which_rungs_failed(capsys: pytest.CaptureFixture[str]) -> None:
    inbox = Inbox()
    answered = _answers(inbox)
    for why in (WHY, WHY, "", WHY):
        answered(Clip(SAY, 5.0, None, why, stand_in=bool(why)))
    assert capsys.readouterr().out == f"语音 voice: {SAY} {WHY}\n" * 2
    assert inbox.get(0) == Rendered(SAY, 5.0, WHY, stand_in=True)
