"""An alert reaches a real gate while a class is being called: how soon it is heard, from the samples of the card."""

import os
import queue
import random
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from audio.clips import ENGINES, Clips
from audio.samples import SAMPLE_BYTES
from audio.wav_file import read_wav
from broker.wire import topics
from broker.wire.messages import Alert, encode
from broker.wire.transport import LinkUp, TransportEvent
from broker.wire.transport_paho import PahoTransport
from config.alerts import sentence
from config.limits import CLIP_RATE_HZ
from process_rig import CLOCK, WITHIN_S, School, now
from sound_card import DEVICE, SoundCard

pytestmark = pytest.mark.skipif(not os.environ.get("FANGXUE_NIGHT"), reason="the player alone does it by day")
CALL, ALERT = "请注意，三年级一班正在放学。", sentence("evacuate", "actual")
SOON_S = 0.1


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundCard]:
    made = SoundCard(tmp_path, hole_s=0.01)  # else what is late would seem to be in time
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(made.config))
    yield made
    made.close()


@contextmanager
def centre_line(port: int) -> Iterator[PahoTransport]:
    """Whoever may publish at the school's broker."""
    came: queue.Queue[TransportEvent] = queue.Queue()
    line = PahoTransport("raiser", "127.0.0.1", port, [], None, clock=CLOCK, random=random.Random())
    line.start(came.put)
    try:
        while not isinstance(came.get(timeout=WITHIN_S), LinkUp):
            pass
        yield line
    finally:
        line.stop()


def test_an_alert_cuts_a_class_and_is_heard_within_100_ms(tmp_path: Path, card: SoundCard) -> None:
    school = School(tmp_path, first=now() + timedelta(seconds=10), every_s=5, classes=1)
    school.player = f'kind = "alsa"\ncard = "{DEVICE}"'
    alert = Alert(
        v=1, school="lab", seq=1, id="a1", action="evacuate", clears=None, status="actual", say=ALERT,
        raised_at=CLOCK.utc(), until=None, by="测试",
    )  # fmt: skip
    with school.centre(), centre_line(school.port) as line:
        gate = school.gate()
        gate.wait_for(f"播报 {CALL}")
        card.wait_taken(round(0.5 * CLIP_RATE_HZ))
        raised_s = CLOCK.monotonic_s()
        line.publish(topics.down(topics.Address("lab", "east"), "alert"), encode(alert))
        gate.wait_for(f"播报 {ALERT}")
        gate.wait_for(f"播报 {ALERT}")  # so the first was whole
    call, spoken = (read_wav(Clips(tmp_path / "gate" / "clips", ENGINES["tone"]).path(say)) for say in (CALL, ALERT))
    heard = array("h", card.heard)
    begin = heard.tobytes().find(spoken.tobytes()) // SAMPLE_BYTES
    assert 0 < begin < len(call), "the class was called to its end, or the alert is not there whole"
    assert heard[:begin] == call[:begin]
    ended_s, began_s = card.instant_s(begin - 1), card.instant_s(begin)
    assert began_s - ended_s <= SOON_S
    assert ended_s - raised_s <= 2 * SOON_S  # over the broker, durable, then cut
