"""A slow engine on the ladder: nobody waits for it, and it is heard as soon as it has spoken."""

import os
from pathlib import Path

import pytest

from audio.renderer import Rendered, Renderer
from audio.shipped import ALERTS
from audio.wav_file import length_s
from config.alerts import SENTENCES
from config.limits import RENDER_SLOW_TIMES
from ladder_rig import HANGS, OTHER, SAY, Asked, Bench, rotten


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_what_the_slow_voice_has_not_spoken_yet_the_next_one_says_meanwhile(bench: Bench) -> None:
    with bench.asking(
        voice="kokoro", kokoro=bench.speaks("kokoro", SAY), pyttsx3=bench.speaks("pyttsx3", SAY)
    ) as asked:
        first, better = *asked(SAY), asked.next()

        assert (first.clip, first.why) == (bench.clips("pyttsx3").path(SAY), "")
        assert (better.clip, better.why) == (bench.clips("kokoro").path(SAY), "")
        assert asked.renderer.path(SAY) == better.clip
        assert asked(SAY) == [better]
    assert bench.started.read_text() == "pyttsx3\nkokoro\n"
    assert asked.answers.empty()


def test_what_comes_while_the_slow_voice_speaks_does_not_wait_for_it(bench: Bench, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "speaks")
    kokoro = (
        f"if mkdir {tmp_path}/once; then echo >{tmp_path}/speaks; {HANGS}; fi; {bench.speaks('kokoro', SAY, OTHER)}"
    )
    with bench.asking(voice="kokoro", kokoro=kokoro, pyttsx3=bench.speaks("pyttsx3", SAY, OTHER)) as asked:
        asked(SAY)
        (tmp_path / "speaks").read_text()
        [other] = asked(OTHER)
        better = [asked.next(), asked.next()]

    assert other.clip == bench.clips("pyttsx3").path(OTHER)
    assert [(one.clip, one.why) for one in better] == [(bench.clips("kokoro").path(say), "") for say in (SAY, OTHER)]
    assert bench.started.read_text() == "pyttsx3\nkokoro\nkokoro\n"


def test_a_slow_voice_that_is_not_there_is_told_once_and_again_when_it_is_asked_for(bench: Bench) -> None:
    missing = 'cat >/dev/null; echo \'{"why": "no model"}\''
    with bench.asking(voice="kokoro", kokoro=missing, pyttsx3=bench.speaks("pyttsx3", SAY)) as asked:
        first, told = *asked(SAY), asked.next()
        again = asked(SAY)

    assert (first.clip, first.why) == (bench.clips("pyttsx3").path(SAY), "")
    assert (told.clip, told.why) == (first.clip, "kokoro: no model")
    assert again == [told]  # not first without a word: the Problem would close and open again
    assert bench.started.read_text() == "pyttsx3\nkokoro\nkokoro\n"


def test_an_alert_speaks_at_once_as_it_ships_and_then_in_the_slow_voice(bench: Bench) -> None:
    alert = SENTENCES[0]
    with bench.asking(voice="kokoro", kokoro=bench.speaks("kokoro", alert)) as asked:
        first, better = *asked(alert), asked.next()

    assert first == Rendered(alert, length_s(ALERTS[alert]), ALERTS[alert])
    assert (better.clip, better.why) == (bench.clips("kokoro").path(alert), "")


def test_a_broken_clip_of_the_slow_voice_is_said_by_the_next_one_until_it_is_whole(bench: Bench) -> None:
    bench.publish("kokoro", SAY, bench.store)
    with bench.asking(
        voice="kokoro", kokoro=bench.speaks("kokoro", SAY), pyttsx3=bench.speaks("pyttsx3", SAY), check_s=0.01
    ) as asked:
        asked(SAY)
        rotten(bench.clips("kokoro").path(SAY))
        answers = [asked.next(), asked.next()]

    assert [answer.clip for answer in answers] == [bench.clips(engine).path(SAY) for engine in ("pyttsx3", "kokoro")]


def test_who_wants_to_hear_the_slow_voice_waits_for_it(bench: Bench) -> None:
    with bench.asking(voice="kokoro", kokoro=bench.speaks("kokoro", SAY), meanwhile=False) as asked:
        [answer] = asked(SAY)

    assert (answer.clip, answer.why) == (bench.clips("kokoro").path(SAY), "")


def test_a_slow_voice_may_be_silent_for_longer(bench: Bench) -> None:
    with bench.asking(
        voice="kokoro", kokoro=HANGS, pyttsx3=bench.speaks("pyttsx3", SAY), timeout_s=0.3, meanwhile=False
    ) as asked:
        [answer] = asked(SAY)

    assert answer.why == f"kokoro: the rendering child was silent for {0.3 * RENDER_SLOW_TIMES:g} s"


def test_the_child_of_the_neural_voice_is_given_its_model(bench: Bench, tmp_path: Path) -> None:
    given = tmp_path / "given"
    asked = Asked()
    asked.renderer = Renderer(
        "kokoro-man",
        bench.store,
        asked.answers.put,
        model=tmp_path / "model",
        meanwhile=False,
        command=["/bin/sh", "-c", f'echo "$@" >>{given}; exit 1', "sh"],
    )
    try:
        asked(SAY)
    finally:
        asked.renderer.close()

    store = f"--folder {bench.store}"
    assert given.read_text() == f"--engine kokoro-man {store} --model {tmp_path}/model\n--engine pyttsx3 {store}\n"
