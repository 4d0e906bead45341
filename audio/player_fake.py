"""A player on a virtual clock: it sounds, fails, stalls and vanishes as told; nothing moves but in `turn()`."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from audio.player import OnPlayed, Played
from audio.wav_file import length_s
from config import limits
from config.clock import Clock
from config.errors import OutsideError

Outcome = Literal["whole", "fails", "silent", "stalls", "vanishes"]
"""fails: breaks off half-way and says so. silent: not one sample, and says so. stalls: sounds to the end, says nothing
until it is cut. vanishes: not one sample, not one word.
"""


@dataclass(slots=True)
class Sound:
    """What came out of the loudspeaker for one `play`: monotonic instants of the clip, `ends_s` of what was heard."""

    token: str
    clip: Path
    gain_db: float
    begins_s: float
    ends_s: float
    whole: bool


class FakePlayer:
    """`outcome` is asked at each `play`; `fault` is what `check()` says; `heard` is what sounded, in order."""

    def __init__(self, on_played: OnPlayed, clock: Clock, length_s: Callable[[Path], float] = length_s) -> None:
        self.outcome: Callable[[str], Outcome] = lambda _: "whole"
        self.fault = ""
        self.heard: list[Sound] = []
        self._on_played = on_played
        self._clock = clock
        self._length_s = length_s
        self._playing = ""
        self._sound: Sound | None = None
        self._answer: tuple[float, Played] | None = None

    @property
    def due_s(self) -> float | None:
        """Monotonic instant at which `turn()` has an answer."""
        return None if self._answer is None else self._answer[0]

    def turn(self) -> None:
        """Give the answer that is due."""
        if self._answer is not None and self._answer[0] <= self._clock.monotonic_s():
            self._end(self._answer[1])

    def play(self, token: str, clip: Path, gain_db: float) -> None:
        assert not self._playing, f"{self._playing} still plays"
        self._playing = token
        asked_s = self._clock.monotonic_s()
        try:
            whole_s = self._length_s(clip)
        except OutsideError as error:
            self._answer = asked_s, Played(token, "failed", None, str(error))
            return
        outcome = self.outcome(token)
        begins_s = asked_s + limits.PLAYER_START_MS / 1000
        ends_s = begins_s + (whole_s / 2 if outcome == "fails" else whole_s)
        if outcome in ("whole", "fails", "stalls"):
            self._sound = Sound(token, clip, gain_db, begins_s, ends_s, whole=outcome != "fails")
            self.heard.append(self._sound)
        answers: dict[Outcome, tuple[float, Played]] = {
            "whole": (ends_s, Played(token, "whole", begins_s)),
            "fails": (ends_s, Played(token, "failed", begins_s, "it broke off")),
            "silent": (begins_s, Played(token, "failed", None, "no card")),
        }
        self._answer = answers.get(outcome)

    def cut(self) -> None:
        if not self._playing:
            return
        self._silence()
        began_s = None if self._sound is None else self._sound.begins_s
        if began_s is not None or self._answer is not None:
            self._end(Played(self._playing, "cut", began_s))
        self._playing = ""

    def check(self) -> str:
        return self.fault

    def close(self) -> None:
        self.cut()

    def lose_power(self) -> None:
        """Silence, and no answer: nobody is left to hear it."""
        self._silence()
        self._playing, self._sound, self._answer = "", None, None

    def _silence(self) -> None:
        now_s, sound = self._clock.monotonic_s(), self._sound
        if sound is not None and now_s < sound.ends_s:
            sound.ends_s, sound.whole = max(now_s, sound.begins_s), False

    def _end(self, played: Played) -> None:
        self._playing, self._sound, self._answer = "", None, None
        self._on_played(played)
