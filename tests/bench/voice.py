"""`./run bench voice`: how well each engine is heard, by a recogniser that has no idea of classes.

20 sentences that are easily taken for each other, as a gate plays them, clean and in pink noise. A hit: what was heard
is nearer to the sentence that was said than to any of the others. The error rate counts syllables, tones apart. Then a
gate's calls while the neural voice renders, and alone. Exit status 1 when an engine cannot speak.
"""

import argparse
import math
import queue
import resource
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from audio.mastering import chime
from audio.renderer import Rendered, Renderer
from audio.samples import Samples
from audio.wav_file import read_wav
from bench import beside
from bench.ear import Ear, errors, pinyin
from bench.figures import table
from config.clock import SystemClock
from config.limits import CLIP_RATE_HZ, CLIP_SILENCE_MS

CLOCK = SystemClock()
ENGINES = ("pyttsx3", "kokoro", "kokoro-man")
CLASSES = (
    *("三年级一班", "三年级七班", "三年级四班", "三年级十班", "三年级十一班", "三年级十七班", "三年级十四班"),
    *("三年级十二班", "四年级一班", "四年级十班", "一年级一班", "一年级七班", "七年级一班", "七年级七班"),
    *("七年级十一班", "初一四班", "高一七班", "二年级二班", "六年级九班", "六年级六班"),
)
SAYS = tuple(f"请注意，{one}正在放学。" for one in CLASSES)
NOISES_DB = (math.inf, 10.0, 5.0, 0.0)
LIMIT_S = 600.0
PAIRS = 8
"""Calls beside the neural voice, and as many alone."""
_OPENING = round(CLIP_SILENCE_MS / 1000 * CLIP_RATE_HZ) + len(chime())


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="./run bench voice", description=__doc__)
    parser.add_argument("engines", nargs="*", metavar="ENGINE", help=f"only these: {' '.join(ENGINES)}")
    parser.add_argument("--seed", type=int, default=7, metavar="N", help="of the noise")
    options = parser.parse_args(argv)
    if unknown := [name for name in options.engines if name not in ENGINES]:
        parser.error(f"no such engine: {' '.join(unknown)}; there are {' '.join(ENGINES)}")
    lines: list[Sequence[str]] = [("engine", "s a sentence", "MB", "noise", "hits of 20", "pinyin errors", "not heard")]
    failed: list[str] = []
    calls: list[str] = []
    with tempfile.TemporaryDirectory(prefix="fangxue-voice-") as folder:
        ear = Ear(Path(folder))
        for engine in options.engines or ENGINES:
            spoken, each_s, why = rendered(engine, Path(folder) / engine)
            if why:
                failed.append(f"REFUSED {engine}: {why}")
                continue
            for line in heard(ear, spoken, options.seed):
                lines.append((engine, f"{each_s:.1f}", f"{_largest_mb()}", *line))
                sys.stderr.write(f"… {' '.join(lines[-1])}\n")
        if not options.engines:
            beside_it = Path(folder) / "beside"
            beside_it.mkdir()
            calls = beside.lines(beside_it, PAIRS, options.seed)
    sys.stdout.write("\n".join(["", f"seed {options.seed}", "", table(lines), "", *calls, *failed, ""]))
    return 1 if any(line.startswith("REFUSED") for line in (*calls, *failed)) else 0


def rendered(engine: str, folder: Path) -> tuple[list[Samples], float, str]:
    """What a gate would play, without the chime; the seconds of one; or why there is none."""
    answers: queue.Queue[Rendered] = queue.Queue()
    renderer = Renderer(engine, folder, answers.put, meanwhile=False)
    began_s = CLOCK.monotonic_s()
    try:
        renderer.render(SAYS)
        made = {answer.say: answer for answer in (answers.get(timeout=LIMIT_S) for _ in SAYS)}
    finally:
        renderer.close()
    if why := next((answer.why for answer in made.values() if answer.why), ""):
        return [], 0.0, why
    clips = [made[say].clip for say in SAYS]
    return [read_wav(clip)[_OPENING:] for clip in clips if clip], (CLOCK.monotonic_s() - began_s) / len(SAYS), ""


def heard(ear: Ear, spoken: Sequence[Samples], seed: int) -> Iterator[tuple[str, ...]]:
    """For each noise: its name, hits, error rate, and the classes that were taken for others."""
    meant = [pinyin(say) for say in SAYS]
    for noise_db in NOISES_DB:
        wrong, missed = 0, []
        for n, samples in enumerate(spoken):
            words = pinyin(ear.hears(samples, noise_db, seed + n))
            far = [errors(words, one) for one in meant]
            wrong += far[n]
            if far[n] > min(far) or far.count(far[n]) > 1:
                missed.append(CLASSES[n])
        noise = "none" if math.isinf(noise_db) else f"{noise_db:g} dB"
        rate = wrong / sum(map(len, meant))
        yield noise, str(len(SAYS) - len(missed)), f"{rate:.3f}", " ".join(missed)


def _largest_mb() -> int:
    """Of the rendering children so far."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024


if __name__ == "__main__":
    sys.exit(main())
