"""A slow engine on the ladder: nobody waits for it, and it is heard as soon as it has spoken."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from audio.renderer import Rendered, Renderer
from audio.shipped import ALERTS
from audio.wav_file import length_s
from config.alerts import SENTENCES
from config.limits import RENDER_BATCH, RENDER_SLOW_TIMES
from ladder_rig import HANGS, OTHER, SAY, Asked, Bench, rotten


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def in_batches(bench: Bench, *batches: Sequence[str]) -> str:
    """A child of the slow voice that lives on; of all its requests together, the first finds the first batch spoken."""
    folder = bench.store.parent / "batches"
    for n, says in enumerate(batches, 1):
        for say in says:
            bench.publish("kokoro", say, folder / str(n))
        spoken = [{"say": say, "length_s": 0.8} for say in says]
        lines = [{"identity": bench.identity("kokoro")}, *spoken, {"done": True}]
        (folder / f"{n}.lines").write_text("\n".join(map(json.dumps, lines)) + "\n")
    one = f"echo >>{folder}/asked; n=$(wc -l <{folder}/asked); cp -a {folder}/$n/. {bench.store}; cat {folder}/$n.lines"
    return f"while read -r request; do {one}; done"


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


def test_the_slow_voice_is_loaded_once_for_all_that_waits_for_it(bench: Bench) -> None:
    says = [f"三年级{number}班" for number in range(1, RENDER_BATCH + 3)]
    for say in says:
        bench.publish("pyttsx3", say, bench.store)
    kokoro = in_batches(bench, says[:RENDER_BATCH], says[RENDER_BATCH:])
    with bench.asking(voice="kokoro", kokoro=kokoro) as asked:
        asked(*says)
        better = [asked.next() for _ in says]

    assert [(one.clip, one.why) for one in better] == [(bench.clips("kokoro").path(say), "") for say in says]
    assert bench.started.read_text() == "kokoro\n"


def test_a_child_that_was_ended_when_it_had_just_spoken_is_asked_nothing_more(bench: Bench) -> None:
    for say in (SAY, OTHER):
        bench.publish("pyttsx3", say, bench.store)
    asked = Asked()

    def ask_on(answer: Rendered) -> None:
        asked.answers.put(answer)
        if answer.clip == bench.clips("kokoro").path(SAY):
            asked.renderer.render([OTHER])

    command = ["/bin/sh", "-c", f'echo "$1" >>{bench.started}; {in_batches(bench, [SAY], [OTHER])}']
    asked.renderer = Renderer("kokoro", bench.store, ask_on, command=command)
    try:
        answers = [*asked(SAY), *(asked.next() for _ in range(3))]
    finally:
        asked.renderer.close()

    wanted = [(say, engine) for say in (SAY, OTHER) for engine in ("pyttsx3", "kokoro")]
    assert [(one.clip, one.why) for one in answers] == [(bench.clips(engine).path(say), "") for say, engine in wanted]
    assert bench.started.read_text() == "kokoro\nkokoro\n"


def test_what_comes_just_before_the_slow_voice_is_loaded_does_not_wait_for_it(bench: Bench) -> None:
    third = "三年级三班正在放学。"
    for say in (SAY, OTHER, third):
        bench.publish("pyttsx3", say, bench.store)
    asked = Asked()

    def ask_on(answer: Rendered) -> None:
        asked.answers.put(answer)
        if answer.clip == bench.clips("pyttsx3").path(OTHER):
            bench.publish("kokoro", SAY, bench.store)  # so that it is answered before a child starts
        elif answer.clip == bench.clips("kokoro").path(SAY):
            asked.renderer.render([third])

    command = ["/bin/sh", "-c", in_batches(bench, [OTHER, third])]
    asked.renderer = Renderer("kokoro", bench.store, ask_on, command=command)
    try:
        answers = [*asked(SAY, OTHER), *(asked.next() for _ in range(4))]
    finally:
        asked.renderer.close()

    wanted = [("pyttsx3", SAY), ("pyttsx3", OTHER), ("kokoro", SAY)]
    wanted += [("pyttsx3", third), ("kokoro", OTHER), ("kokoro", third)]
    assert [(one.clip, one.why) for one in answers] == [(bench.clips(engine).path(say), "") for engine, say in wanted]


def test_a_slow_voice_that_is_not_there_is_told_once_and_again_when_it_is_asked_for(bench: Bench) -> None:
    missing = 'read -r request; echo \'{"why": "no model"}\''
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
    bench.publish("pyttsx3", SAY, bench.store)
    with bench.asking(voice="kokoro", kokoro=HANGS, timeout_s=0.3, meanwhile=False) as asked:
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
