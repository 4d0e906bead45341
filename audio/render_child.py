"""The rendering child: sentences in, clips in the store. A process of its own, because speech engines hang and crash.

    python -P -m audio.render_child --engine pyttsx3|kokoro|kokoro-man|tone|recorded --folder DIR
        [--recorded DIR] [--model DIR]

stdin: a line a batch, {"says": […], "own": {text: pinyin}}, sentences and the school's own readings. stdout: first
{"identity": …}, then one line a sentence: {"say": …, "length_s": …} or {"say": …, "why": …}; an empty why: this engine
has nothing for it; {"done": true} after a batch. An engine that is not right says {"why": …} alone and ends with 1. It
dies with its parent.
"""

import argparse
import ctypes
import gc
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TextIO

from audio.clips import ENGINES, Clips
from audio.reading import read
from audio.syllables import Reading
from audio.synthesizer import Spoken, Synthesizer
from audio.synthesizer_kokoro import VOICES, KokoroSynthesizer
from audio.synthesizer_pyttsx3 import Pyttsx3Synthesizer
from audio.synthesizer_recorded import RecordedSynthesizer
from audio.synthesizer_tone import ToneSynthesizer
from audio.wav_file import read_wav
from config.errors import BadInputError, OutsideError
from config.limits import RENDER_NICE

_PR_SET_PDEATHSIG = 1
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_KEPT_BYTES = 32 * 1024 * 1024
"""The most that the C library takes for the second."""
_WORK = ".work-"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="audio.render_child", description="Render sentences into clips.")
    parser.add_argument("--engine", choices=[*sorted(ENGINES), "recorded"], required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--recorded", type=Path, help="the school's recordings, for their engine")
    parser.add_argument("--model", type=Path, help="a folder with the model of kokoro, in place of its packages")
    options = parser.parse_args(arguments)
    # The kernel's word, not a thread of ours: it also ends a child that hangs inside the engine.
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # Sound is a megabyte an array: given back and fetched anew each time, the kernel's part is half of the work.
    for option in (_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD):
        libc.mallopt(option, _KEPT_BYTES)
    os.nice(RENDER_NICE)
    gc.disable()  # it would look through the dictionary again and again while that is read; a batch leaves no cycles
    answers = _stdout_for_answers()
    synthesizer: Synthesizer | None = None
    try:
        for request in map(json.loads, sys.stdin):
            if synthesizer is None:
                synthesizer = _engine(options.engine, options.recorded, options.model, request["own"])
                synthesizer.check()
                _answer(answers, identity=synthesizer.identity)
            clips = Clips(options.folder, synthesizer.identity, request["own"])
            _render(synthesizer, clips, request["says"], request["own"], partial(_answer_say, answers))
            _answer(answers, done=True)
    except OSError as error:  # also of a disk that is full while the engine writes
        _answer(answers, why=str(error))
        return 1
    return 0


def _stdout_for_answers() -> TextIO:
    """The real stdout; what engines print ("Audio saved to …") goes nowhere from here on."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    return answers


def _answer(answers: TextIO, **fields: str | float | bool) -> None:
    print(json.dumps(fields, ensure_ascii=False), file=answers, flush=True)


def _answer_say(answers: TextIO, say: str, result: float | str) -> None:
    _answer(answers, say=say, **({"length_s": result} if isinstance(result, float) else {"why": result}))


def _engine(name: str, recorded: Path | None, model: Path | None, own: Mapping[str, str]) -> Synthesizer:
    if name == "recorded":
        assert recorded is not None, "--recorded is missing"
        return RecordedSynthesizer(recorded, own)
    if name in VOICES:
        return KokoroSynthesizer(name, model)
    return Pyttsx3Synthesizer() if name == "pyttsx3" else ToneSynthesizer()


def _render(
    synthesizer: Synthesizer,
    clips: Clips,
    says: Sequence[str],
    own: Mapping[str, str],
    answer: Callable[[str, float | str], None],
) -> None:
    """Answer each sentence with its clip's length, or why there is none; those in the store first, without speaking."""
    work = _work_folder(clips.folder)
    try:
        missing: dict[Reading, list[str]] = {}  # sentences that are read alike are spoken once
        for say in says:
            found = _found(clips, say, own, work)
            if isinstance(found, tuple):
                missing.setdefault(found, []).append(say)
            else:
                answer(say, found)

        def finish(spoken: Spoken) -> None:
            for say in missing[spoken.reading]:
                answer(say, _published(say, spoken, clips, work))

        with ThreadPoolExecutor(1) as finisher:  # one becomes a clip while the engine speaks the next
            jobs = [finisher.submit(finish, spoken) for spoken in synthesizer.speak(tuple(missing), work)]
        for job in jobs:
            job.result()  # an error there is one here
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _found(clips: Clips, say: str, own: Mapping[str, str], work: Path) -> float | str | Reading:
    """The length of a sentence's clip, or why it cannot have one, or the reading that is still to be spoken."""
    try:
        if (length_s := clips.length_s(say)) is not None:
            return length_s
        reading = read(say, own)
        shared_s = clips.share(say, reading, work)
    except (BadInputError, OutsideError) as error:
        return str(error)
    return reading if shared_s is None else shared_s


def _published(say: str, spoken: Spoken, clips: Clips, work: Path) -> float | str:
    if spoken.wav is None:
        return spoken.why
    from audio.mastering import clip_of  # noqa: PLC0415 (numpy takes 0.1 s: meanwhile the engine speaks on)

    try:
        if (shared_s := clips.share(say, spoken.reading, work)) is not None:
            return shared_s
        return clips.publish(say, spoken.reading, clip_of(read_wav(spoken.wav), len(spoken.reading)), work)
    except OutsideError as error:
        return str(error)


def _work_folder(store: Path) -> Path:
    """A folder of this process inside the store; those that killed children left are removed."""
    work = store / f"{_WORK}{os.getpid()}"
    try:
        store.mkdir(parents=True, exist_ok=True)
        for old in store.glob(f"{_WORK}*"):
            if not Path("/proc", old.name.removeprefix(_WORK)).exists() or old == work:
                shutil.rmtree(old, ignore_errors=True)
        work.mkdir()
    except OSError as error:
        message = f"the folder of clips {store} cannot be written: {error}"
        raise OutsideError(message) from error
    return work


if __name__ == "__main__":
    sys.exit(main())
