"""A window of a real gate on a real ALSA, from the samples its card played: right class, in order, in time, none cut.

Only the last class is cut, by an alert, which is heard at once.

With FANGXUE_NIGHT it is as long as a large school's.
"""

import os
import queue
import random
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

from audio.clips import ENGINES, Clips
from audio.mastering import loudness_lufs
from audio.reading import read
from audio.samples import SAMPLE_BYTES, Samples
from audio.synthesizer_tone import decode
from audio.wav_file import read_wav
from broker.wire import topics
from broker.wire.messages import Alert, encode
from broker.wire.transport import LinkUp, TransportEvent
from broker.wire.transport_paho import PahoTransport
from config.alerts import sentence
from config.limits import CLIP_LUFS, CLIP_RATE_HZ, CLIP_SILENCE_MS
from process_rig import CLOCK, WITHIN_S, School, now
from sound_card import DEVICE, SoundCard

NIGHT = bool(os.environ.get("FANGXUE_NIGHT"))
ONES = "一二三四五六七八九"
NUMBERS = (
    (*ONES, "十", *(f"十{one}" for one in ONES), "二十", *(f"二十{one}" for one in ONES[:5])) if NIGHT else ONES[:6]
)
SAYS = [f"请注意，三年级{number}班正在放学。" for number in NUMBERS]
CUT_SAY = SAYS.pop()
ALERT_SAY = sentence("evacuate", "actual")
EVERY_S = 4
STARTS_S = 0.05
SOON_S = 0.1
"""From the last sample of the class that was cut to the first of the alert."""
NEAR_S = 0.15
"""From a planned instant, on a busy machine."""
IN_TIME = 0.8
"""The share that must start in `STARTS_S`: other programs are busy too, and a fault of ours delays all."""


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundCard]:
    made = SoundCard(tmp_path)
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(made.config))
    yield made
    made.close()


@contextmanager
def raiser(port: int) -> Iterator[PahoTransport]:
    """Somebody who may publish at the school's broker."""
    came: queue.Queue[TransportEvent] = queue.Queue()
    line = PahoTransport("raiser", "127.0.0.1", port, [], None, clock=CLOCK, random=random.Random())
    line.start(came.put)
    try:
        while not isinstance(came.get(timeout=WITHIN_S), LinkUp):
            pass
        yield line
    finally:
        line.stop()


def alert() -> bytes:
    return encode(
        Alert(
            v=1, school="lab", seq=1, id="a1", action="evacuate", clears=None, status="actual", say=ALERT_SAY,
            raised_at=CLOCK.utc(), until=None, by="测试",
        )
    )  # fmt: skip


def test_a_window_is_heard_as_it_was_planned(tmp_path: Path, card: SoundCard) -> None:
    count = len(SAYS) + 1
    school = School(tmp_path, first=now() + timedelta(seconds=10), every_s=EVERY_S, classes=count)
    plan = tmp_path / "plan.toml"
    plan.write_text(plan.read_text().replace("every_s = 10\n", "every_s = 2\n"))  # else a long early window is too long
    school.player = f'kind = "alsa"\ncard = "{DEVICE}"'
    effects_s = []
    with school.centre(), raiser(school.port) as line:
        gate = school.gate()
        for say in SAYS:
            gate.wait_for(f"播报 {say}")
            effects_s.append(gate.found_at_s)
        gate.wait_for(f"播报 {CUT_SAY}")
        card.wait_taken(card.taken + round(0.5 * CLIP_RATE_HZ))
        card.hole_s = 0.01  # else what is late would seem to be in time
        line.publish(topics.down(topics.Address("lab", "east"), "alert"), alert())
        gate.wait_for(f"播报 {ALERT_SAY}")
        gate.wait_for(f"播报 {ALERT_SAY}")  # so the first was whole
        records = school.wait_records(final=count + len(SAYS))[count:]  # the early window was missed before it began
        assert gate.end() == 0, gate.said
    utc = CLOCK.utc() - timedelta(seconds=CLOCK.monotonic_s())
    heard = array("h", card.heard)
    made = Clips(tmp_path / "gate" / "clips", ENGINES["tone"])
    *clips, cut, spoken = [read_wav(made.path(say)) for say in (*SAYS, CUT_SAY, ALERT_SAY)]

    results = [(one["attempt"], one["result"], one["final"]) for one in records]
    assert results == [*[(1, "announced", True)] * len(SAYS), (1, "cut_short", False)]
    begins = whole(heard, clips)
    end = begins[-1] + len(clips[-1])
    assert_in_time([card.instant_s(begin) for begin in begins], effects_s, utc, school, records)
    assert_said(heard[:end], begins)

    alert_at = place(heard, spoken, end)
    cut_at = place(heard, cut[: round(0.4 * CLIP_RATE_HZ)], end)
    assert cut_at < alert_at < cut_at + len(cut), "the class was called to its end"
    assert heard[cut_at:alert_at] == cut[: alert_at - cut_at]
    assert card.instant_s(alert_at) - card.instant_s(alert_at - 1) <= SOON_S


def assert_in_time(
    starts_s: list[float], effects_s: list[float], utc: datetime, school: School, records: list[dict[str, Any]]
) -> None:
    """After the gate's effect, near the planned instant, and when the record says. `utc`: of monotonic 0."""
    late_s = [start_s - effect_s for start_s, effect_s in zip(starts_s, effects_s, strict=True)]
    assert len([one for one in late_s if one <= STARTS_S]) >= IN_TIME * len(SAYS), late_s
    audible = [utc + timedelta(seconds=start_s + CLIP_SILENCE_MS / 1000) for start_s in starts_s]
    planned = [school.first + timedelta(seconds=EVERY_S * number) for number in range(len(SAYS))]
    assert apart_s(audible, planned) < NEAR_S
    told = [datetime.fromisoformat(one["actual"]) for one in records]
    assert apart_s(audible, told[: len(SAYS)]) < NEAR_S


def assert_said(heard: Samples, begins: list[int]) -> None:
    """The classes, in their order, each as loud as it should be."""
    syllables = decode(heard)
    assert [one for _, one in syllables] == [one for say in SAYS for one in read(say)]
    firsts = accumulate((len(read(say)) for say in SAYS[:-1]), initial=0)
    for first, end in zip(firsts, [*begins[1:], len(heard)], strict=True):
        assert abs(loudness_lufs(heard[round(syllables[first][0] * CLIP_RATE_HZ) : end]) - CLIP_LUFS) < 1.0


def whole(heard: Samples, clips: list[Samples]) -> list[int]:
    """Where each clip begins, sample for sample, one after the other; before them and between them is silence."""
    begins, end = [], 0
    for clip in clips:
        begins.append(place(heard, clip, end))
        assert not any(heard[end : begins[-1]]), "something else sounded between two clips"
        end = begins[-1] + len(clip)
    return begins


def place(heard: Samples, clip: Samples, after: int) -> int:
    at = heard.tobytes().find(clip.tobytes(), after * SAMPLE_BYTES)
    assert at >= 0, "a clip is not there whole"
    return at // SAMPLE_BYTES


def apart_s(some: list[datetime], others: list[datetime]) -> float:
    """The most."""
    return max(abs((one - other).total_seconds()) for one, other in zip(some, others, strict=True))
