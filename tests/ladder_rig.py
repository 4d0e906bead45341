"""A ladder whose engines are shell scripts: clips that lie ready, and children that speak, hang or crash."""

import json
import queue
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from audio import synthesizer_recorded
from audio.clips import ENGINES, Clips
from audio.mastering import chime
from audio.reading import read
from audio.renderer import Rendered, Renderer
from audio.samples import amplified

LIMIT_S = 60.0
SAY = "三年级一班正在放学。"
OTHER = "三年级二班正在放学。"
HANGS = "read -r request; exec sleep 1000"
CRASHES = "read -r request; kill -SEGV $$"


class Bench:
    """A store, and engines whose clips lie ready: `speaks` is what the child of an engine does that works."""

    def __init__(self, folder: Path) -> None:
        self.store, self.recordings, self._made = folder / "store", folder / "recordings", folder / "made"
        self.recordings.mkdir()
        self.started = folder / "started"

    def identity(self, engine: str) -> str:
        return synthesizer_recorded.identity(self.recordings) if engine == "recorded" else ENGINES[engine]

    def clips(self, engine: str) -> Clips:
        return Clips(self.store, self.identity(engine))

    def publish(self, engine: str, say: str, folder: Path) -> None:
        work = folder / ".work-0"
        work.mkdir(parents=True, exist_ok=True)
        Clips(folder, self.identity(engine)).publish(say, read(say), amplified(chime(), -len(engine)), work)
        work.rmdir()

    def speaks(self, engine: str, *says: str) -> str:
        made = self._made / engine
        for say in says:
            self.publish(engine, say, made)
        lines = [{"identity": self.identity(engine)}, *({"say": say, "length_s": 0.8} for say in says)]
        return f"mkdir -p {self.store}; cp -a {made}/. {self.store}; read -r request; echo '{self._lines(lines)}'"

    def knows_none(self, engine: str, *says: str) -> str:
        """What a child says that has no recording."""
        lines = [{"identity": self.identity(engine)}, *({"say": say, "why": ""} for say in says)]
        return f"read -r request; echo '{self._lines(lines)}'"

    def _lines(self, lines: Sequence[object]) -> str:
        return "\n".join(map(json.dumps, lines))

    @contextmanager
    def asking(
        self,
        *,
        voice: str = "pyttsx3",
        recorded: str = "",
        kokoro: str = CRASHES,
        pyttsx3: str = CRASHES,
        timeout_s: float = LIMIT_S,
        check_s: float = LIMIT_S,
        meanwhile: bool = True,
    ) -> Iterator["Asked"]:
        """`recorded`, `kokoro`, `pyttsx3`: what the child of that engine does; without recordings and another voice
        the ladder has one rung.
        """
        cases = f"recorded) {recorded or 'exit 9'};; kokoro) {kokoro};; *) {pyttsx3};;"
        script = f'echo "$1" >>{self.started}; case "$1" in {cases} esac'
        asked = Asked()
        asked.renderer = Renderer(
            voice,
            self.store,
            asked.answers.put,
            meanwhile=meanwhile,
            recorded=self.recordings if recorded else None,
            command=["/bin/sh", "-c", script],
            timeout_s=timeout_s,
            check_s=check_s,
        )
        try:
            yield asked
        finally:
            asked.renderer.close()


class Asked:
    renderer: Renderer

    def __init__(self) -> None:
        self.answers: queue.Queue[Rendered] = queue.Queue()

    def __call__(self, *says: str) -> list[Rendered]:
        self.renderer.render(says)
        return [self.next() for _ in says]

    def next(self) -> Rendered:
        return self.answers.get(timeout=LIMIT_S)


def rotten(clip: Path) -> None:
    content = bytearray(clip.read_bytes())
    content[len(content) // 2] ^= 1
    clip.resolve().write_bytes(content)
