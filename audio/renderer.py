"""Renders sentences without blocking: batches go to a rendering child, answers come back on a thread of its own. A
child lives until nothing waits for it: to start one takes longer than to speak a batch.

Each sentence asked for gets an answer, whatever the children do: hang, crash, talk nonsense, or nothing. What
one engine does not speak the next of the ladder does, and below the last is what ships. Between batches the clips in
use are read back from the disk; one that is broken is rendered again, and answered again.

A slow engine is not waited for: the next one speaks first, and when nothing else waits the slow one speaks it too, and
the sentence is answered again. Its child is ended as soon as something else comes.
"""

import contextlib
import json
import os
import select
import subprocess
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audio.clips import prune
from audio.ladder import SLOW, Ladder, Rung
from audio.reading import NO_OWN
from audio.shipped import ALERTS
from audio.wav_file import length_s
from config.errors import OutsideError
from config.limits import (
    CLIP_CHECK_S,
    CLIPS_KNOWN_MAX,
    RENDER_BATCH,
    RENDER_FAILURES_MAX,
    RENDER_SLOW_TIMES,
    RENDER_TIMEOUT_S,
    RENDER_WAITING_MAX,
)

DONE = b'{"done": true}'
"""The child's last line of a batch."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """One sentence's answer: its clip and length, or None. `why`: which rungs of the ladder failed, and how.

    `stand_in`: the clip is the shipped one that names no class; it may stand in for a class call, for nothing else.
    """

    say: str
    length_s: float | None
    clip: Path | None
    why: str = ""
    stand_in: bool = False


class Renderer:
    """`on_rendered` is called once a sentence, on the renderer's thread or inside `render`. `path` needs no engine."""

    def __init__(
        self,
        engine: str,
        folder: Path,
        on_rendered: Callable[[Rendered], None],
        *,
        recorded: Path | None = None,
        model: Path | None = None,
        meanwhile: bool = True,
        timeout_s: float = RENDER_TIMEOUT_S,
        check_s: float = CLIP_CHECK_S,
        command: Sequence[str] = (sys.executable, "-P", "-m", "audio.render_child"),
    ) -> None:
        """`recorded`: a folder of its recordings, which come first; `model`: a folder
        with the model of kokoro; `meanwhile`: another engine speaks while a slow one has not. `command`: another child
        in place of ours, which is given the same options; it may be silent for `timeout_s`.
        """
        self._ladder = Ladder(engine, folder, recorded)
        self._model = model
        self._meanwhile = meanwhile
        self._command = command
        self._on_rendered = on_rendered
        self._timeout_s = timeout_s
        self._check_s = check_s
        self._changed = threading.Condition()
        self._waiting: list[str] = []  # with those of the batch in the child first
        self._later: list[str] = []  # what a slow engine is still to speak
        self._improving = self._hurried = False  # at work on them; something else came that cannot wait
        self._whys: dict[str, list[str]] = {}  # of the batch
        self._failures: Counter[str] = Counter()
        self._known: dict[str, Rung | Path] = {}  # what each sentence was answered with; the last asked for last
        self._to_check: deque[str] = deque()
        self._children: dict[str, subprocess.Popen[bytes]] = {}  # by engine, between batches idle
        self._closed = False
        # The child dies with the *thread* that started it (PR_SET_PDEATHSIG), so this one outlives every child.
        self._thread = threading.Thread(target=self._run, name="renderer", daemon=True)
        self._thread.start()

    def path(self, say: str) -> Path:
        """What is to be played now. A clip that vanished since it was answered is asked for again."""
        if (path := self._ladder.path(say)) is not None:
            return path
        known = self._known.get(say)
        if isinstance(known, Rung) and known.clips.length_s(say) is not None:
            return known.clips.path(say)  # as it was read before
        if isinstance(known, Path):
            return known
        if say in ALERTS:
            return ALERTS[say]
        if known is not None:
            self._again(say)
        return self._ladder.rungs[0].clips.path(say)

    def render(self, says: Sequence[str], own: Mapping[str, str] = NO_OWN) -> None:
        """Ask for clips, the most urgent first; does not block. A sentence already asked for and not answered yet comes
        in its new place, and is not asked twice.

        `own`: the school's readings from now on. What waits is read by them too; who has other clips asks again.
        """
        refused = []
        with self._changed:
            assert not self._closed, "the renderer was closed"
            if own != self._ladder.own:
                self._ladder = self._ladder.reading(own)
                self._hurry(always=True)
            wanted = sorted(dict.fromkeys(says), key=lambda say: say not in ALERTS)  # they ship: at once
            for say in wanted:
                if say in self._waiting:
                    continue
                if len(self._waiting) >= RENDER_WAITING_MAX:
                    refused.append(say)
                else:
                    self._waiting.append(say)
                    self._hurry()
            # A notice for now goes before next week; what is in the child stays first.
            place = {say: n for n, say in enumerate(wanted)}
            self._waiting[RENDER_BATCH:] = sorted(
                self._waiting[RENDER_BATCH:], key=lambda say: place.get(say, len(place))
            )
            self._changed.notify_all()
        for say in refused:
            self._on_rendered(Rendered(say, None, None, f"more than {RENDER_WAITING_MAX} sentences wait"))

    def close(self) -> None:
        """Kill the child, answer what waits, and end; may be called twice."""
        with self._changed:
            self._closed = True
            for child in self._children.values():
                child.kill()
            self._changed.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._later or self._closed, self._check_s)
                if self._closed:
                    break
                hurried, self._hurried = self._hurried, False
                self._improving = not self._waiting
                batch = tuple((self._waiting or self._later)[:RENDER_BATCH])
            if hurried:
                self._end(tuple(self._children))  # killed, and perhaps between two batches
            if batch:
                self._walk(batch)
            else:
                self._failures.clear()
                self._check_next()
        self._end(tuple(self._children))
        for say in tuple(self._waiting):
            self._answer(Rendered(say, None, None, "the renderer was closed"))

    def _walk(self, batch: Sequence[str]) -> None:
        """Down the ladder, until each sentence of the batch is answered."""
        self._whys = {say: [] for say in batch}
        self._ship(())
        for say in [say for say in self._whys if say in ALERTS and say not in self._known]:
            self._know(say, ALERTS[say])  # until the recording is there, or the better voice
            with contextlib.suppress(OutsideError):
                self._on_rendered(Rendered(say, length_s(ALERTS[say]), ALERTS[say]))
        for rung in self._ladder.rungs:
            left = [say for say in self._whys if rung in self._ladder.rungs_of(say)]
            missing = [say for say in left if not self._answered_from(rung, say)]
            if rung.slow and self._meanwhile and not self._improving:
                self._put_off(missing)
            elif missing:
                self._render_batch(rung, missing)
            if self._closed:
                return
            self._ship((rung,))
        if not self._waiting:
            self._end([engine for engine in self._children if not (self._later and engine in SLOW)])
            kept = [rung.clips.path(say) for say in self._known for rung in self._ladder.rungs]
            kept += [known.clips.path(say) for say, known in self._known.items() if isinstance(known, Rung)]
            prune(self._ladder.folder, kept)

    def _put_off(self, says: Sequence[str]) -> None:
        """They go on to the next rung; who has one of them, spoken by any, is answered when the slow one has tried."""
        self._later.extend([say for say in says if say not in self._later][: RENDER_WAITING_MAX - len(self._later)])
        for say in [say for say in says if say in self._later]:
            known = self._known.get(say)
            if say in ALERTS if isinstance(known, Path) else known in self._ladder.rungs and known.clips.length_s(say):
                del self._whys[say]
                with self._changed:
                    self._waiting.remove(say)

    def _hurry(self, *, always: bool = False) -> None:
        """What is only better can wait, and what is read wrongly is no use: end its child, under the lock. What it has
        not spoken is asked for again.
        """
        self._hurried = self._hurried or self._improving or always
        if self._hurried:
            for child in self._children.values():
                child.kill()

    def _check_next(self) -> None:
        """One of the clips in use, read back from the disk."""
        if not self._to_check:
            self._to_check.extend(self._known)
        if self._to_check:
            say = self._to_check.popleft()
            rung = self._known.get(say)
            if isinstance(rung, Rung) and rung.clips.whole_s(say) is None:
                self._again(say)

    def _again(self, say: str) -> None:
        with self._changed:
            if say not in self._waiting:
                self._waiting.append(say)
                self._hurry()
                self._changed.notify_all()

    def _answered_from(self, rung: Rung, say: str) -> bool:
        """Whether a rung's store has the clip, whole; then it is the answer."""
        if (whole_s := rung.clips.whole_s(say)) is None:
            return False
        rung.clips.touch(say)
        with self._changed:
            if rung not in self._ladder.rungs:  # by readings of a moment ago
                return False
            self._know(say, rung)
            self._settle(say)
        self._on_rendered(Rendered(say, whole_s, rung.clips.path(say), "; ".join(self._whys.pop(say))))
        return True

    def _ship(self, below: tuple[Rung, ...]) -> None:
        """What ships, for the sentences whose last rung that was."""
        for say in tuple(self._whys):
            if self._ladder.rungs_of(say)[-1:] == below:
                self._answer_shipped(say)

    def _answer_shipped(self, say: str) -> None:
        """What ships; but a name that is read as before is better than none: its clip goes on."""
        known = self._known.get(say)
        if isinstance(known, Rung) and (whole_s := known.clips.whole_s(say)) is not None:
            self._answer(Rendered(say, whole_s, known.clips.path(say), "; ".join(self._whys.pop(say))))
            return
        shipped, whys, stand_in = self._ladder.shipped(say), self._whys.pop(say), say not in ALERTS
        try:
            answer = Rendered(say, length_s(shipped), shipped, "; ".join(whys), stand_in)
        except OutsideError as error:
            answer = Rendered(say, None, None, "; ".join((*whys, str(error))))
        self._know(say, shipped)
        self._answer(answer)

    def _know(self, say: str, what: Rung | Path) -> None:
        self._known.pop(say, None)
        self._known[say] = what
        if len(self._known) > CLIPS_KNOWN_MAX:
            del self._known[next(iter(self._known))]

    def _answer(self, answer: Rendered) -> None:
        with self._changed:
            self._settle(answer.say)
        self._on_rendered(answer)

    def _settle(self, say: str) -> None:
        for asked in (self._waiting, self._later) if self._improving else (self._waiting,):
            if say in asked:
                asked.remove(say)

    # The child of an engine -----------------------------------------------------------------------

    def _render_batch(self, rung: Rung, batch: Sequence[str]) -> None:
        """A batch to the engine's child. What it leaves unanswered has the reason, and goes on to the next rung."""
        if self._failures[rung.engine] >= RENDER_FAILURES_MAX:
            self._fall(rung, batch, "it failed a moment ago")
            return
        left = list(batch)
        try:
            child = self._children.get(rung.engine) or self._started(rung.engine)
        except OSError as error:
            why = f"the rendering child does not start: {error}"
        else:
            why = self._conversation(rung, child, left) if child is not None else "the renderer was closed"
            if why and child is not None:
                self._end((rung.engine,))
        if self._hurried:
            for say in left:
                del self._whys[say]
            return
        self._failures[rung.engine] = self._failures[rung.engine] + 1 if left else 0
        self._fall(rung, left, why)

    def _end(self, engines: Iterable[str]) -> None:
        """Children that broke off, or have nothing more to do."""
        for engine in engines:
            with self._changed:
                child = self._children.pop(engine)
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                assert pipe is not None
                pipe.close()

    def _fall(self, rung: Rung, says: Iterable[str], why: str) -> None:
        """To the next rung, with a word; without one when this engine was never to speak them."""
        for say in says:
            if why:
                self._whys[say].append(f"{rung.engine}: {why}")

    def _started(self, engine: str) -> subprocess.Popen[bytes] | None:
        """The child, with the packages of this very checkout; None when we were closed or hurried meanwhile."""
        paths = (str(Path(__file__).resolve().parents[1]), os.environ.get("PYTHONPATH", ""))
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        with self._changed:
            if self._closed or self._hurried:
                return None
            self._children[engine] = child = subprocess.Popen(
                (*self._command, *self._options(engine)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
                bufsize=0,
                start_new_session=True,  # Ctrl-C is for us; we end the child
            )
            return child

    def _options(self, engine: str) -> Sequence[str]:
        options = ("--engine", engine, "--folder", str(self._ladder.folder))
        if engine in SLOW and self._model is not None:
            return (*options, "--model", str(self._model))
        return (*options, "--recorded", str(self._ladder.recorded)) if engine == "recorded" else options

    def _conversation(self, rung: Rung, child: subprocess.Popen[bytes], left: list[str]) -> str:
        """Ask for the sentences `left`, and take each off as it is answered. Returns why no more can be asked of it."""
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            asked = json.dumps({"says": left, "own": dict(rung.clips.own)})
            child.stdin.write(asked.encode() + b"\n")  # a pipe holds it
        except OSError as error:
            return f"the rendering child took no request: {error}"
        answers = select.poll()
        answers.register(child.stdout, select.POLLIN)
        pending, silent_s = b"", self._timeout_s * (RENDER_SLOW_TIMES if rung.slow else 1)
        while True:
            if not answers.poll(silent_s * 1000):
                return f"the rendering child was silent for {silent_s:g} s"
            received = os.read(child.stdout.fileno(), 65536)
            if not received:
                return f"the rendering child ended with {child.wait()}"
            *lines, pending = (pending + received).split(b"\n")
            for line in lines:
                if line == DONE and not left:  # waited for: the child tidied up
                    return ""
                why = self._take(rung, line, left)
                if why:
                    return why

    def _take(self, rung: Rung, line: bytes, left: list[str]) -> str:
        """One line of the child. Returns why nothing more can be expected of it, or nothing."""
        try:
            answer: Any = json.loads(line)
        except ValueError:
            answer = None
        match answer:
            case {"identity": identity}:
                return "" if identity == rung.clips.identity else f"the rendering child speaks as {identity}"
            case {"say": str(say), "length_s": float()} if say in left:
                left.remove(say)
                if not self._answered_from(rung, say):  # our own look at the file is what counts
                    self._fall(rung, [say], "the rendering child stored no clip")
            case {"say": str(say), "why": str(why)} if say in left:
                left.remove(say)
                self._fall(rung, [say], why)
            case {"why": str(why)}:
                return why
            case _:
                return f"the rendering child talks nonsense: {line[:100]!r}"
        return ""
