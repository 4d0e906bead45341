"""The fallback ladder, rung by rung with real files: never silence, never a wrong class, and why is always said."""

import os
import select
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from audio.clips import Clips
from audio.ladder import Ladder
from audio.reading import read
from audio.renderer import Rendered, Renderer
from audio.samples import amplified
from audio.shipped import ALERTS, STAND_IN_CLIP
from audio.synthesizer_tone import encode
from audio.wav_file import length_s, read_wav, write_wav
from config.alerts import SENTENCES
from config.limits import RENDER_BATCH
from ladder_rig import CRASHES, HANGS, LIMIT_S, OTHER, SAY, Asked, Bench, rotten


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def stand_in(say: str, why: str) -> Rendered:
    return Rendered(say, length_s(STAND_IN_CLIP), STAND_IN_CLIP, why, stand_in=True)


@pytest.mark.parametrize(
    ("voice", "recorded", "engines"),
    [
        ("pyttsx3", False, ["pyttsx3"]),
        ("pyttsx3", True, ["recorded", "pyttsx3"]),
        ("kokoro", False, ["kokoro", "pyttsx3"]),
        ("kokoro-man", True, ["recorded", "kokoro-man", "pyttsx3"]),
        ("tone", False, ["tone"]),  # for trials: it speaks for nobody, nobody speaks for it
        ("tone", True, ["recorded", "tone"]),
    ],
)
def test_the_rungs_of_each_setting(voice: str, recorded: bool, engines: list[str], tmp_path: Path) -> None:
    ladder = Ladder(voice, tmp_path, recorded=tmp_path if recorded else None)

    assert [rung.engine for rung in ladder.rungs] == engines


# The rungs ----------------------------------------------------------------------------------------


def test_the_first_rung_is_the_school_s_recording(bench: Bench) -> None:
    with bench.asking(recorded=bench.speaks("recorded", SAY)) as asked:
        [answer] = asked(SAY)
        played = asked.renderer.path(SAY)

    assert (answer.clip, answer.why, answer.stand_in) == (bench.clips("recorded").path(SAY), "", False)
    assert played == answer.clip
    assert bench.started.read_text() == "recorded\n"


def test_what_nobody_recorded_is_spoken_by_the_engine_without_a_word(bench: Bench) -> None:
    with bench.asking(recorded=bench.knows_none("recorded", SAY), pyttsx3=bench.speaks("pyttsx3", SAY)) as asked:
        [answer] = asked(SAY)
        assert (answer.clip, answer.why, answer.stand_in) == (bench.clips("pyttsx3").path(SAY), "", False)
        assert asked.renderer.path(SAY) == answer.clip


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (CRASHES, "recorded: the rendering child ended with -11"),
        (HANGS, "recorded: the rendering child was silent for 1.5 s"),
    ],
)
def test_of_a_broken_rung_the_next_says_the_same_sentence(bench: Bench, broken: str, why: str) -> None:
    with bench.asking(recorded=broken, pyttsx3=bench.speaks("pyttsx3", SAY), timeout_s=1.5) as asked:
        [answer] = asked(SAY)

    assert answer == Rendered(SAY, bench.clips("pyttsx3").length_s(SAY), bench.clips("pyttsx3").path(SAY), why)


def test_below_the_last_rung_is_the_recording_that_names_no_class(bench: Bench) -> None:
    with bench.asking(recorded=CRASHES, pyttsx3='read -r request; echo \'{"why": "no espeak-ng"}\'') as asked:
        [answer] = asked(SAY)
        assert answer == stand_in(SAY, "recorded: the rendering child ended with -11; pyttsx3: no espeak-ng")
        assert asked.renderer.path(SAY) == STAND_IN_CLIP
    assert read_wav(STAND_IN_CLIP)


def test_a_killed_child_is_an_answer_and_no_zombie(bench: Bench, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pid")
    with bench.asking(pyttsx3=f"read -r request; echo $$ >{tmp_path}/pid; {HANGS}") as asked:
        asked.renderer.render([SAY])
        pid = int(line_of(tmp_path / "pid"))
        os.kill(pid, 9)
        assert asked.next() == stand_in(SAY, "pyttsx3: the rendering child ended with -9")

    assert not Path(f"/proc/{pid}").exists()


def line_of(fifo: Path) -> str:
    end = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        poll = select.poll()
        poll.register(end, select.POLLIN)
        assert poll.poll(LIMIT_S * 1000), "nobody wrote"
        return os.read(end, 100).decode()
    finally:
        os.close(end)


def test_a_full_disk_leaves_what_ships(bench: Bench) -> None:
    """No file of the child may grow: what a full disk says, EFBIG for ENOSPC. Files of no bytes and links still can."""
    child = f"ulimit -f 0; exec {sys.executable} -P -m audio.render_child --engine tone --folder {bench.store}"
    asked = Asked()
    asked.renderer = Renderer("tone", bench.store, asked.answers.put, command=["/bin/sh", "-c", child])
    try:
        [answer] = asked(SAY)
    finally:
        asked.renderer.close()

    assert answer.stand_in
    assert "File too large" in answer.why
    assert bench.clips("tone").length_s(SAY) is None
    assert sorted(bench.store.glob("*")) == []


def test_a_store_that_cannot_exist_leaves_what_ships(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file in its place")
    asked = Asked()
    asked.renderer = Renderer("tone", tmp_path / "store", asked.answers.put)
    try:
        [answer] = asked(SAY)
        assert answer.stand_in
        assert asked.renderer.path(SAY) == STAND_IN_CLIP
    finally:
        asked.renderer.close()


def test_of_a_dead_engine_two_batches_are_waited_for_and_the_rest_is_answered_at_once(bench: Bench) -> None:
    says = [f"三年级{number}班" for number in range(1, 41)]
    with bench.asking() as asked:
        answers = asked(*says)

    assert [answer.say for answer in answers] == says
    assert all(answer.stand_in for answer in answers)
    assert {answer.why for answer in answers[16:]} == {"pyttsx3: it failed a moment ago"}
    assert bench.started.read_text() == "pyttsx3\n" * 2


def test_an_engine_that_came_back_speaks_again(bench: Bench) -> None:
    """The gate asks again for what was not made as it should be."""
    works = bench.started.parent / "works"
    script = f"if test -e {works}; then {bench.speaks('pyttsx3', SAY)}; else {CRASHES}; fi"
    with bench.asking(pyttsx3=script) as asked:
        assert asked(SAY)[0].stand_in
        works.touch()
        [answer] = asked(SAY)
        assert (answer.clip, answer.why) == (bench.clips("pyttsx3").path(SAY), "")
        assert asked.renderer.path(SAY) == answer.clip


# Alerts -------------------------------------------------------------------------------------------


def test_alerts_speak_with_an_empty_cache_before_all_else_and_without_an_engine(bench: Bench) -> None:
    with bench.asking(pyttsx3=HANGS) as asked:
        asked.renderer.render([*(f"{number}班" for number in range(1, 10)), *SENTENCES])
        answers = [asked.next() for _ in SENTENCES]

    assert answers == [Rendered(say, length_s(ALERTS[say]), ALERTS[say]) for say in SENTENCES]


def test_an_alert_that_nobody_recorded_does_not_wait_for_the_engine(bench: Bench) -> None:
    with bench.asking(recorded=bench.knows_none("recorded", SENTENCES[0], SAY), pyttsx3=HANGS) as asked:
        asked.renderer.render([SAY, SENTENCES[0]])
        assert asked.next() == Rendered(SENTENCES[0], length_s(ALERTS[SENTENCES[0]]), ALERTS[SENTENCES[0]])


def test_an_alert_does_not_wait_for_recordings_that_hang(bench: Bench) -> None:
    """A gate that starts again in an alert must not be silent until the child is given up."""
    with bench.asking(recorded=HANGS) as asked:
        assert asked(SENTENCES[0]) == [Rendered(SENTENCES[0], length_s(ALERTS[SENTENCES[0]]), ALERTS[SENTENCES[0]])]


def test_a_name_that_cannot_be_said_otherwise_is_said_as_before(bench: Bench) -> None:
    """The office corrects a reading while the engine is broken: the clip of yesterday is still right enough."""
    with bench.asking(pyttsx3=bench.speaks("pyttsx3", SAY)) as asked:
        [first] = asked(SAY)
        asked.renderer.render([SAY], {"三年级": "sān jí"})
        again = asked.next()
        assert (again.clip, again.length_s, again.stand_in) == (first.clip, first.length_s, False)
        assert "stored no clip" in again.why
        assert asked.renderer.path(SAY) == first.clip


def test_what_is_urgent_is_made_before_what_waits(bench: Bench) -> None:
    later = [f"{n}班" for n in range(1, 2 * RENDER_BATCH)]
    with bench.asking(pyttsx3=HANGS) as asked:
        asked.renderer.render(later)
        asked.renderer.render([SAY, *reversed(later)])
        waiting = list(asked.renderer._waiting)
        assert waiting[RENDER_BATCH:] == [SAY, *later[RENDER_BATCH:][::-1]]
        assert sorted([*later, SAY]) == sorted(waiting)


def test_an_alert_that_the_school_recorded_comes_first(bench: Bench) -> None:
    say = SENTENCES[0]
    with bench.asking(recorded=bench.speaks("recorded", say)) as asked:
        [first] = asked(say)
        assert first == Rendered(say, length_s(ALERTS[say]), ALERTS[say])  # until the recording is there
        answer = asked.next()
        assert answer.clip is not None
        assert answer.clip == bench.clips("recorded").path(say) == asked.renderer.path(say)
        answer.clip.unlink()
        assert asked.renderer.path(say) == ALERTS[say]


# What the disk did --------------------------------------------------------------------------------


def truncated(clip: Path) -> None:
    os.truncate(clip, clip.stat().st_size // 2)


def emptied(clip: Path) -> None:
    os.truncate(clip, 0)


def gone(clip: Path) -> None:
    clip.resolve().unlink()


DAMAGES = [rotten, truncated, emptied, gone]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_clip_is_rendered_again_when_it_is_asked_for(bench: Bench, damage: Callable[[Path], None]) -> None:
    bench.publish("pyttsx3", SAY, bench.store)
    damage(bench.clips("pyttsx3").path(SAY))

    with bench.asking(pyttsx3=bench.speaks("pyttsx3", SAY)) as asked:
        [answer] = asked(SAY)

    assert (answer.why, answer.stand_in) == ("", False)
    assert bench.clips("pyttsx3").whole_s(SAY) == answer.length_s
    assert bench.started.read_text() == "pyttsx3\n"


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_clip_that_is_damaged_while_it_is_in_use_is_found_and_answered_again(
    bench: Bench, damage: Callable[[Path], None]
) -> None:
    for say in (SAY, OTHER):
        bench.publish("pyttsx3", say, bench.store)
    with bench.asking(pyttsx3=bench.speaks("pyttsx3", SAY), check_s=0.01) as asked:
        asked(SAY, OTHER)
        damage(bench.clips("pyttsx3").path(SAY))
        assert asked.next() == Rendered(SAY, bench.clips("pyttsx3").length_s(SAY), bench.clips("pyttsx3").path(SAY))
    assert bench.clips("pyttsx3").whole_s(SAY)
    assert bench.started.read_text() == "pyttsx3\n"
    assert asked.answers.empty()


def test_a_clip_that_vanished_is_asked_for_when_it_is_to_be_played(bench: Bench) -> None:
    bench.publish("pyttsx3", SAY, bench.store)
    with bench.asking(pyttsx3=bench.speaks("pyttsx3", SAY)) as asked:
        [answer] = asked(SAY)
        gone(bench.clips("pyttsx3").path(SAY))
        assert asked.renderer.path(SAY) == answer.clip  # which the player reports
        assert asked.next() == answer


# A new version of an engine -----------------------------------------------------------------------


def test_another_version_of_the_engine_renders_anew(bench: Bench) -> None:
    work = bench.store / ".work-0"
    work.mkdir(parents=True)
    Clips(bench.store, "pyttsx3/of last year").publish(SAY, read(SAY), encode(read(OTHER)), work)
    with bench.asking(pyttsx3=bench.speaks("pyttsx3", SAY)) as asked:
        [answer] = asked(SAY)

    assert answer.clip == bench.clips("pyttsx3").path(SAY)
    assert bench.started.read_text() == "pyttsx3\n"


def test_a_child_of_another_version_is_not_believed(bench: Bench) -> None:
    with bench.asking(pyttsx3='read -r request; echo \'{"identity": "pyttsx3/of last year"}\'') as asked:
        assert asked(SAY) == [stand_in(SAY, "pyttsx3: the rendering child speaks as pyttsx3/of last year")]


# A real recording ---------------------------------------------------------------------------------


def test_a_real_recording_is_mastered_and_one_that_is_no_good_says_so(bench: Bench) -> None:
    write_wav(bench.recordings / "三年级一班正在放学.wav", encode(read(SAY)))
    write_wav(bench.recordings / os.fsdecode("校车.wav".encode("gbk")), encode(read(SAY)))  # from a Windows machine
    write_wav(bench.recordings / "三年级二班正在放学.wav", amplified(encode(read(OTHER)), -80))
    asked = Asked()
    asked.renderer = Renderer("tone", bench.store, asked.answers.put, recorded=bench.recordings)
    try:
        good, bad = sorted(asked(SAY, OTHER), key=lambda answer: answer.say != SAY)
    finally:
        asked.renderer.close()

    assert good == Rendered(SAY, bench.clips("recorded").whole_s(SAY), bench.clips("recorded").path(SAY))
    assert bad.clip == bench.clips("tone").path(OTHER)
    assert bad.why == "recorded: the speech engine gave silence"
