"""`fangxue say`: how a sentence is read, and how it sounds, before a gate says it."""

import argparse
import queue
import sys
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from audio.clips import ENGINES
from audio.reading import NO_OWN, checked, read
from audio.renderer import Rendered, Renderer
from audio.syllables import marked
from audio.wav_file import read_wav, write_wav
from config.errors import BadInputError, OutsideError
from config.limits import PLAN_MAX_BYTES, RENDER_SLOW_TIMES, RENDER_TIMEOUT_S


def say(argv: Sequence[str]) -> int:
    """Show the reading, write the clip. Raises BadInputError for what cannot be read, OutsideError without sound."""
    parser = argparse.ArgumentParser(prog="fangxue say", description="读音与试听 how a sentence is read and sounds")
    parser.add_argument("text", metavar="TEXT", help="一句话 a sentence")
    parser.add_argument("--show", action="store_true", help="显示带声调的拼音 print the pinyin; so without --out")
    parser.add_argument("--out", type=Path, metavar="FILE.wav", help="写成声音文件 write what a gate would play")
    parser.add_argument("--voice", choices=sorted(ENGINES), default="pyttsx3", help="语音 the engine (pyttsx3)")
    parser.add_argument("--model", type=Path, metavar="DIR", help="kokoro 的模型目录 a folder with the model of kokoro")
    parser.add_argument("--readings", type=Path, metavar="FILE.toml", help="自定读音 own readings, see docs/voice.md")
    options = parser.parse_args(argv)
    own = NO_OWN if options.readings is None else _own(options.readings)
    reading = read(options.text, own)
    if options.show or options.out is None:
        encoding = sys.stdout.encoding  # a terminal that lacks a sign shows its number
        print(marked(reading).encode(encoding, "backslashreplace").decode(encoding))
    if options.out is not None:
        _render(options, own)
    return 0


def _own(file: Path) -> Mapping[str, str]:
    """The table [readings] of a file. Raises BadInputError with all that is wrong in it."""
    try:
        with file.open("rb") as stream:
            table = tomllib.loads(stream.read(PLAN_MAX_BYTES).decode("utf-8-sig")).get("readings")
    except (OSError, ValueError) as error:
        message = f"{file}：读不了（{error}）。请检查文件名；内容是 UTF-8 的 TOML，写法见 docs/voice.md。"
        raise BadInputError(message) from error
    if not isinstance(table, dict) or not all(isinstance(pinyin, str) for pinyin in table.values()):
        message = f'{file}：缺少 [readings]，或读音没有加引号。例如：[readings] 下一行写 "茌平" = "chí píng"。'
        raise BadInputError(message)
    return checked(table)


def _render(options: argparse.Namespace, own: Mapping[str, str]) -> None:
    """The clip of a sentence, made by the child that a gate uses, as a file. Raises OutsideError.

    What another engine had to speak is written too, and why is told.
    """
    out: Path = options.out
    answers: queue.Queue[Rendered] = queue.Queue()
    with tempfile.TemporaryDirectory() as folder:
        renderer = Renderer(options.voice, Path(folder), answers.put, model=options.model, meanwhile=False)
        try:
            renderer.render([options.text], own)
            answer = answers.get(
                timeout=2 * RENDER_SLOW_TIMES * RENDER_TIMEOUT_S
            )  # the renderer always answers, and sooner
        finally:
            renderer.close()
        if answer.clip is None or answer.stand_in:  # in place of it a gate would play what names no class
            raise OutsideError(answer.why)
        if answer.why:
            print(answer.why, file=sys.stderr)
        try:
            write_wav(out, read_wav(answer.clip))
        except OSError as error:
            message = f"{out}：写不了（{error.strerror}） cannot be written"
            raise OutsideError(message) from error
