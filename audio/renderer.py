"""Renders sentences without blocking: batches go to a rendering child, answers come back on a thread of its own.

Each sentence asked for gets exactly one answer, whatever the child does: hang, crash, talk nonsense, or nothing.
"""

import json
import os
import select
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audio.clips import ENGINES, Clips
from audio.reading import NO_OWN
from config.limits import RENDER_BATCH, RENDER_TIMEOUT_S, RENDER_WAITING_MAX


@dataclass(frozen=True, slots=True)
class Rendered:
    """One sentence's answer: its clip and length, or None and why."""

    say: str
    length_s: float | None
    clip: Path | None
    why: str = ""


class Renderer:
    """`on_rendered` is called once a sentence, on the renderer's thread or inside `render`. `clips` needs no engine."""

    def __init__(
        self,
        engine: str,
        folder: Path,
        on_rendered: Callable[[Rendered], None],
        *,
        own: Mapping[str, str] = NO_OWN,
        timeout_s: float = RENDER_TIMEOUT_S,
        command: Sequence[str] | None = None,
    ) -> None:
        """`own`: the school's readings; `command`: another child in place of ours; it may be silent for `timeout_s`."""
        assert engine in ENGINES, f"no engine {engine}"
        self.clips = Clips(folder, ENGINES[engine], own)
        self._own = dict(own)
        ours = (sys.executable, "-P", "-m", "audio.render_child", "--engine", engine, "--folder", str(folder))
        self._command = command or ours
        self._on_rendered = on_rendered
        self._timeout_s = timeout_s
        self._changed = threading.Condition()
        self._waiting: list[str] = []  # with those of the batch in the child first
        self._child: subprocess.Popen[bytes] | None = None
        self._closed = False
        # The child dies with the *thread* that started it (PR_SET_PDEATHSIG), so this one outlives every child.
        self._thread = threading.Thread(target=self._run, name="renderer", daemon=True)
        self._thread.start()

    def render(self, says: Sequence[str]) -> None:
        """Ask for clips; does not block. A sentence already asked for and not answered yet is not asked twice."""
        refused = []
        with self._changed:
            assert not self._closed, "the renderer was closed"
            for say in dict.fromkeys(says):
                if say in self._waiting:
                    continue
                if len(self._waiting) >= RENDER_WAITING_MAX:
                    refused.append(say)
                else:
                    self._waiting.append(say)
            self._changed.notify_all()
        for say in refused:
            self._on_rendered(Rendered(say, None, None, f"more than {RENDER_WAITING_MAX} sentences wait"))

    def close(self) -> None:
        """Kill the child, answer what waits, and end; may be called twice."""
        with self._changed:
            self._closed = True
            if self._child is not None:
                self._child.kill()
            self._changed.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    break
                batch = tuple(self._waiting[:RENDER_BATCH])
            missing = [say for say in batch if not self._answered_from_store(say)]
            if missing:
                self._render_batch(missing)
        for say in tuple(self._waiting):
            self._answer(say, "the renderer was closed")

    def _answered_from_store(self, say: str) -> bool:
        if self.clips.length_s(say) is None:
            return False
        self._answer(say, "")
        return True

    def _render_batch(self, batch: Sequence[str]) -> None:
        """One child for a batch. Whatever it leaves unanswered is answered with the reason."""
        left = list(batch)
        try:
            child = self._started()
        except OSError as error:
            why = f"the rendering child does not start: {error}"
        else:
            if child is None:
                return
            try:
                why = self._conversation(child, left)
            finally:
                child.kill()
                child.wait()
                with self._changed:
                    self._child = None
                for pipe in (child.stdin, child.stdout):
                    assert pipe is not None
                    pipe.close()
        for say in left:
            self._answer(say, why)

    def _started(self) -> subprocess.Popen[bytes] | None:
        """The child, with the packages of this very checkout; None when we were closed meanwhile."""
        paths = (str(Path(__file__).resolve().parents[1]), os.environ.get("PYTHONPATH", ""))
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        with self._changed:
            if self._closed:
                return None
            self._child = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
                bufsize=0,
                start_new_session=True,  # Ctrl-C is for us; we end the child
            )
            return self._child

    def _conversation(self, child: subprocess.Popen[bytes], left: list[str]) -> str:
        """Ask for the sentences `left`, and take each off as it is answered. Returns why the rest is not."""
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write(json.dumps({"says": left, "own": self._own}).encode())  # limited: a pipe holds it
            child.stdin.close()
        except OSError as error:
            return f"the rendering child took no request: {error}"
        answers = select.poll()
        answers.register(child.stdout, select.POLLIN)
        pending = b""
        while True:
            if not answers.poll(self._timeout_s * 1000):
                return f"the rendering child was silent for {self._timeout_s:g} s"
            received = os.read(child.stdout.fileno(), 65536)
            if not received:  # waited for also when all is answered: the child tidies up
                return f"the rendering child ended with {child.wait()}"
            *lines, pending = (pending + received).split(b"\n")
            for line in lines:
                why = self._take(line, left)
                if why:
                    return why

    def _take(self, line: bytes, left: list[str]) -> str:
        """One line of the child. Returns why nothing more can be expected of it, or nothing."""
        try:
            answer: Any = json.loads(line)
        except ValueError:
            answer = None
        match answer:
            case {"identity": identity}:
                return "" if identity == self.clips.identity else f"the rendering child speaks as {identity}"
            case {"say": str(say), "length_s": float()} if say in left:
                left.remove(say)
                # Our own look at the file is what counts.
                self._answer(say, "the rendering child stored no clip")
            case {"say": str(say), "why": str(why)} if say in left:
                left.remove(say)
                self._answer(say, why)
            case {"why": str(why)}:
                return why
            case _:
                return f"the rendering child talks nonsense: {line[:100]!r}"
        return ""

    def _answer(self, say: str, why: str) -> None:
        """The one answer of a sentence: its clip if the store has it, else why not."""
        length_s = self.clips.length_s(say)
        clip = self.clips.path(say) if length_s is not None else None
        with self._changed:
            self._waiting.remove(say)
        self._on_rendered(Rendered(say, length_s, clip, "" if clip else why or "the clip is gone"))
