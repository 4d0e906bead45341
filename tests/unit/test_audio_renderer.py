"""The renderer: each sentence has one answer, whatever the rendering child does, and no child outlives its parent."""

import json
import os
import queue
import select
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict, Unpack

import pytest

import audio
from audio.clips import ENGINES, Clips
from audio.renderer import Rendered, Renderer
from audio.shipped import STAND_IN_CLIP
from audio.syllables import toned
from audio.synthesizer_tone import decode
from audio.wav_file import length_s, read_wav
from config.clock import SystemClock
from config.limits import RENDER_WAITING_MAX

LIMIT_S = 60.0
CLOCK = SystemClock()
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(audio.__path__[0]).parent)}
SAYS = tuple(f"{grade}年级{number}班" for grade in "一二三" for number in "一二三四五六")
IDENTITY = json.dumps({"identity": ENGINES["tone"]})


CHILD = (sys.executable, "-P", "-m", "audio.render_child")


def child(engine: str, folder: Path) -> list[str]:
    return [*CHILD, "--engine", engine, "--folder", str(folder)]


def shell(script: str) -> list[str]:
    """A child that reads its request and then does as it likes."""
    return ["/bin/sh", "-c", f"read -r request; {script}"]


class Options(TypedDict, total=False):
    command: Sequence[str]
    timeout_s: float
    check_s: float
    recorded: Path


class Asked:
    """A renderer and its answers as they come."""

    def __init__(self, folder: Path, engine: str, options: Options) -> None:
        self.answers: queue.Queue[Rendered] = queue.Queue()
        options.setdefault("timeout_s", LIMIT_S)
        self.renderer = Renderer(engine, folder, self.answers.put, **options)

    def __call__(self, says: Sequence[str]) -> list[Rendered]:
        self.renderer.render(says)
        return self.next(len(set(says)))

    def next(self, count: int) -> list[Rendered]:
        return [self.answers.get(timeout=LIMIT_S) for _ in range(count)]


@contextmanager
def asking(folder: Path, *, engine: str = "tone", **options: Unpack[Options]) -> Iterator[Asked]:
    asked = Asked(folder, engine, options)
    try:
        yield asked
    finally:
        asked.renderer.close()


def fallen(say: str, why: str) -> Rendered:
    """The answer when the only engine failed."""
    return Rendered(say, length_s(STAND_IN_CLIP), STAND_IN_CLIP, f"tone: {why}", stand_in=True)


@pytest.mark.parametrize("engine", ["pyttsx3", "tone"])
def test_each_sentence_becomes_a_clip(engine: str, tmp_path: Path) -> None:
    with asking(tmp_path / "store", engine=engine) as asked:
        answers = asked(SAYS[:10])
        asked(SAYS[:1])  # answered after the child before it has ended, and tidied up

    clips = Clips(tmp_path / "store", ENGINES[engine])
    assert {answer.say: (answer.length_s, answer.clip, answer.why) for answer in answers} == {
        say: (clips.length_s(say), clips.path(say), "") for say in SAYS[:10]
    }
    assert None not in {answer.length_s for answer in answers}
    assert {path.suffix for path in (tmp_path / "store").iterdir()} == {".wav"}


def test_a_sentence_that_cannot_be_spoken_fails_alone(tmp_path: Path) -> None:
    with asking(tmp_path) as asked:
        answers = {answer.say: answer for answer in asked(["一班", "，", "二班"])}

    assert answers["，"].stand_in
    assert "没有可以读的字" in answers["，"].why
    assert answers["一班"].clip
    assert answers["二班"].clip


def test_sentences_of_one_reading_are_spoken_once(tmp_path: Path) -> None:
    with asking(tmp_path) as asked:
        answers = asked(["三年级一班", "3年级1班", "三年级（1）班"])

    assert len({answer.clip.resolve() for answer in answers if answer.clip}) == 1
    assert [answer.why for answer in answers] == ["", "", ""]


def test_a_school_s_own_reading_is_what_is_said(tmp_path: Path) -> None:
    answers: queue.Queue[Rendered] = queue.Queue()
    renderer = Renderer("tone", tmp_path, answers.put)
    try:
        renderer.render(["莘班"], {"莘": "xīn"})
        clip = answers.get(timeout=LIMIT_S).clip
    finally:
        renderer.close()

    assert clip is not None
    assert toned(tuple(one for _, one in decode(read_wav(clip)))) == "xin1 ban1"


def test_a_reading_that_comes_later_makes_the_clip_anew_and_until_then_the_old_one_plays(tmp_path: Path) -> None:
    answers: queue.Queue[Rendered] = queue.Queue()
    renderer = Renderer("tone", tmp_path, answers.put)

    def heard(*says: str) -> dict[str, str]:
        clips = {one.say: one.clip for one in (answers.get(timeout=LIMIT_S) for _ in says) if one.clip}
        return {say: toned(tuple(one for _, one in decode(read_wav(clip)))) for say, clip in clips.items()}

    try:
        renderer.render(["莘班", "一班"])
        assert heard("莘班", "一班") == {"莘班": "shen1ban1", "一班": "yi1ban1"}
        old = renderer.path("莘班"), renderer.path("一班")
        renderer.render([], {"莘": "xīn"})
        assert (renderer.path("莘班"), renderer.path("一班")) == old  # nothing is silent meanwhile
        renderer.render(["莘班", "一班"], {"莘": "xīn"})
        assert heard("莘班", "一班") == {"莘班": "xin1 ban1", "一班": "yi1ban1"}
        assert renderer.path("莘班") != old[0]
        assert renderer.path("一班") == old[1]
    finally:
        renderer.close()


def test_what_waits_for_its_clip_is_read_by_the_newest_readings(tmp_path: Path) -> None:
    answers: queue.Queue[Rendered] = queue.Queue()
    renderer = Renderer("tone", tmp_path, answers.put)
    try:
        for pinyin in ("xīn", "xìn", "xín"):  # faster than any child
            renderer.render(["莘班"], {"莘": pinyin})
        clip = answers.get(timeout=LIMIT_S).clip
    finally:
        renderer.close()

    assert clip is not None
    assert toned(tuple(one for _, one in decode(read_wav(clip)))) == "xin2 ban1"
    assert answers.empty()


def test_what_is_in_the_store_is_answered_without_a_child(tmp_path: Path) -> None:
    with asking(tmp_path) as asked:
        asked(SAYS)

    with asking(tmp_path, command=shell(f"touch {tmp_path}/started")) as asked:
        answers = asked(SAYS)

    assert all(answer.clip for answer in answers)
    assert not (tmp_path / "started").exists()


def test_a_sentence_asked_for_twice_is_answered_once(tmp_path: Path) -> None:
    with asking(tmp_path) as asked:
        asked.renderer.render(SAYS)
        asked.renderer.render(SAYS)
        asked.renderer.render(["一班", "一班"])
        answers = asked.next(len(SAYS) + 1)

    assert Counter(answer.say for answer in answers) == dict.fromkeys((*SAYS, "一班"), 1)
    assert asked.answers.empty()


def test_a_silent_child_is_killed_and_the_next_batch_goes_on(tmp_path: Path) -> None:
    with asking(tmp_path / "made") as asked:
        made = asked(SAYS[8:])  # so that the second child only copies, which takes a hundredth of the limit
    spoken = "\n".join(json.dumps({"say": one.say, "length_s": one.length_s}) for one in made[:8])
    speaks = f"cp -a {tmp_path}/made/. {tmp_path}/store; echo '{IDENTITY}\n{spoken}'"
    (tmp_path / "store").mkdir()

    script = f"if mkdir {tmp_path}/hung 2>/dev/null; then exec sleep 1000; fi; {speaks}"
    with asking(tmp_path / "store", command=shell(script), timeout_s=2) as asked:
        answers = asked(SAYS)

    assert answers[:8] == [fallen(say, "the rendering child was silent for 2 s") for say in SAYS[:8]]
    assert {answer.say: answer.why for answer in answers[8:]} == dict.fromkeys(SAYS[8:], "")


def nonsense(text: str) -> str:
    return f"the rendering child talks nonsense: {text.encode()!r}"


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("exit 3", "the rendering child ended with 3"),
        ("kill -SEGV $$", "the rendering child ended with -11"),
        ("echo Audio saved", nonsense("Audio saved")),
        (
            f"""echo '{json.dumps({"say": "九班", "length_s": 1.0})}'""",
            nonsense('{"say": "\\u4e5d\\u73ed", "length_s": 1.0}'),
        ),
        ("""echo '{"identity": "another voice"}'""", "the rendering child speaks as another voice"),
        ("""echo '{"why": "no voice"}'; exit 1""", "no voice"),
    ],
)
def test_a_child_that_breaks_off_fails_its_sentences_with_the_reason(script: str, why: str, tmp_path: Path) -> None:
    with asking(tmp_path, command=shell(script)) as asked:
        answers = asked(SAYS[:3])

    assert answers == [fallen(say, why) for say in SAYS[:3]]


def test_a_child_that_claims_a_clip_is_not_believed(tmp_path: Path) -> None:
    claim = json.dumps({"say": SAYS[0], "length_s": 4.0})

    with asking(tmp_path, command=shell(f"echo '{IDENTITY}'; echo '{claim}'")) as asked:
        answers = asked(SAYS[:2])

    assert answers == [
        fallen(SAYS[0], "the rendering child stored no clip"),
        fallen(SAYS[1], "the rendering child ended with 0"),
    ]


def test_a_program_that_is_missing_is_an_answer(tmp_path: Path) -> None:
    with asking(tmp_path, command=["/nowhere/python"]) as asked:
        (answer,) = asked(["一班"])

    assert answer.why.startswith("tone: the rendering child does not start")


def test_a_store_that_cannot_be_written_is_an_answer(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file in its place")

    with asking(tmp_path / "store") as asked:
        (answer,) = asked(["一班"])

    assert "cannot be written" in answer.why


def test_more_sentences_than_may_wait_are_refused_at_once(tmp_path: Path) -> None:
    says = [f"{number}班" for number in range(RENDER_WAITING_MAX + 2)]
    with asking(tmp_path, command=shell("exec sleep 1000")) as asked:
        asked.renderer.render(says)
        refused = asked.next(2)

    assert refused == [Rendered(say, None, None, f"more than {RENDER_WAITING_MAX} sentences wait") for say in says[-2:]]


def test_closing_kills_the_child_and_answers_what_waited(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pid")
    with asking(tmp_path, command=shell(f"echo '{IDENTITY}'; echo $$ >{tmp_path}/pid; exec sleep 1000")) as asked:
        asked.renderer.render(SAYS)
        pid = written(tmp_path / "pid")
        closing_s = CLOCK.monotonic_s()
        asked.renderer.close()
        assert CLOCK.monotonic_s() - closing_s < LIMIT_S / 3  # it does not wait for the silent child
        answers = asked.next(len(SAYS))

    assert answers == [Rendered(say, None, None, "the renderer was closed") for say in SAYS]
    assert not Path("/proc", pid).exists()


def written(fifo: Path) -> str:
    """The line that a child writes into a pipe."""
    end = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        poll = select.poll()
        poll.register(end, select.POLLIN)
        assert poll.poll(LIMIT_S * 1000), "the child wrote nothing"
        return os.read(end, 100).decode().strip()
    finally:
        os.close(end)


def test_what_a_killed_child_left_is_removed_by_the_next(tmp_path: Path) -> None:
    dead = subprocess.Popen(["/bin/true"])
    dead.wait()
    (tmp_path / f".work-{dead.pid}").mkdir()
    (tmp_path / f".work-{os.getpid()}").mkdir()  # of a process that lives

    with asking(tmp_path) as asked:
        asked(["一班"])
        asked(["一班"])  # answered after the child before it has ended

    assert {path.name for path in tmp_path.iterdir() if path.suffix != ".wav"} == {f".work-{os.getpid()}"}


def test_a_child_dies_with_its_killed_parent_even_while_it_hangs(tmp_path: Path) -> None:
    """The child is stopped, as if it hung, so nothing but the kernel can end it."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, json.dumps({"says": SAYS * 20, "own": {}}), *child("tone", tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=ENVIRONMENT,
    )
    with parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        ended = os.pidfd_open(pid)
        try:
            parent.kill()
            poll = select.poll()
            poll.register(ended, select.POLLIN)
            assert poll.poll(LIMIT_S * 1000), f"the child {pid} outlives its parent"
        finally:
            os.close(ended)


PARENT = """
import os, signal, subprocess, sys
child = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdin.write(sys.argv[1].encode())
child.stdin.close()
child.stdout.readline()  # it announced itself, and renders
os.kill(child.pid, signal.SIGSTOP)
print(child.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("program", ["edge.cli", "broker.cli", "audio.cli"])
def test_a_gate_carries_neither_the_speech_engine_nor_what_only_rendering_needs(program: str) -> None:
    heavy = ("pyttsx3", "espeakng_loader", "pypinyin", "onnxruntime", "numpy", "audio.mastering", "audio.resampling")
    code = (
        f"import {program}, sys; assert 'audio.reading' in sys.modules; print([m for m in {heavy} if m in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=LIMIT_S, check=True, env=ENVIRONMENT
    )

    assert done.stdout.strip() == "[]"


def test_the_child_answers_in_lines_and_nothing_else_on_stdout(tmp_path: Path) -> None:
    """pyttsx3 prints on stdout."""
    done = subprocess.run(
        child("pyttsx3", tmp_path),
        input=json.dumps({"says": ["三年级一班", "𠮷班"], "own": {}}),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=True,
        env=ENVIRONMENT,
    )

    identity, refused, spoken, last = map(json.loads, done.stdout.splitlines())
    assert last == {"done": True}
    assert identity == {"identity": ENGINES["pyttsx3"]}
    assert spoken == {"say": "三年级一班", "length_s": Clips(tmp_path, ENGINES["pyttsx3"]).length_s("三年级一班")}
    assert refused["say"] == "𠮷班"
    assert "读不出的字符：𠮷" in refused["why"]
