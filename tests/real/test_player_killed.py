"""The player of a real gate is killed in a sentence: that is recorded, the class called again, the next in time."""

import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from audio.reading import read
from audio.synthesizer_tone import decode
from config.limits import CLIP_RATE_HZ
from process_rig import School, now
from sound_card import DEVICE, SoundCard, children


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundCard]:
    made = SoundCard(tmp_path)
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(made.config))
    yield made
    made.close()


def test_a_player_killed_in_a_sentence_is_told_and_the_class_is_called_once_more(
    tmp_path: Path, card: SoundCard
) -> None:
    school = School(tmp_path, first=now() + timedelta(seconds=12), every_s=20, classes=2)
    school.player = f'kind = "alsa"\ncard = "{DEVICE}"'
    with school.centre():
        gate = school.gate()
        gate.wait_for("播报 .*三年级一班")
        card.wait_taken(card.taken + round(2.0 * CLIP_RATE_HZ))
        for child in children(gate.process.pid):
            if b"aplay" in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")[0]:
                os.kill(child, signal.SIGKILL)
        gate.wait_for("播报 .*三年级一班")
        records = school.wait_records(final=4)[2:]
        assert gate.end() == 0, gate.said
    assert [
        (one["cue"].split("/")[2], one["attempt"], one["result"], one["heard"], one["final"]) for one in records
    ] == [
        ("g3c1", 1, "interrupted", "unknown", False),
        ("g3c1", 2, "announced", "yes", True),
        ("g3c2", 1, "announced", "yes", True),
    ]
    said = [one for _, one in decode(card.time_line().samples)]
    whole = [list(read(f"请注意，三年级{n}班正在放学。")) for n in "一二"]
    assert said[-len(whole[0] + whole[1]) :] == whole[0] + whole[1]
    assert 0 < len(said) - len(whole[0] + whole[1]) < len(whole[0])
