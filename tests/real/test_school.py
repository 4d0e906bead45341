"""Broker, centre and gate as real processes: a class is called, heard, recorded; killed gates tell the truth."""

import signal
import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from audio.reading import read
from audio.recorder import Recorder
from audio.synthesizer_tone import decode
from audio.wav_file import read_wav
from onsets import onsets_s
from process_rig import School, now

BROKERS = {"mosquitto": None, "in-process": "/nowhere"}
"""PATH of the centre: mosquitto is taken when it is there."""


def heard(recorder: Recorder, file: Path) -> list[datetime]:
    recorder.close()
    assert recorder.begins_utc is not None
    return [recorder.begins_utc + timedelta(seconds=onset_s) for onset_s in onsets_s(file)]


def results(records: list[dict[str, object]]) -> list[tuple[str, object, object, object]]:
    return [(str(one["cue"]).split("/")[2], one["attempt"], one["result"], one["final"]) for one in records]


@pytest.mark.parametrize("kind", BROKERS)
def test_a_class_is_called_at_its_instant_heard_and_recorded_once(
    kind: str, tmp_path: Path, recorder: Recorder
) -> None:
    school = School(tmp_path, first=now() + timedelta(seconds=12), every_s=5, classes=3, path=BROKERS[kind])
    with (tmp_path / "plan.toml").open("a", encoding="utf-8") as plan:
        plan.write('[readings]\n"放学" = "fāng xué"\n')  # how this school reads it
    with school.centre():
        assert school.kind == kind
        gate = school.gate()
        records = school.wait_records(final=6)[3:]  # the first three were missed before it began
        assert gate.end() == 0, gate.said
        last = school.wait_status(lambda status: status.link == "closed")
    assert results(records) == [(f"g3c{n}", 1, "announced", True) for n in (1, 2, 3)]
    assert last.problems == 0
    sounds = heard(recorder, tmp_path / "gate.wav")
    said = [one for n in "一二三" for one in read(f"请注意，三年级{n}班正在放学。", {"放学": "fāng xué"})]
    assert [one for _, one in decode(read_wav(tmp_path / "gate.wav"))] == said
    planned = [datetime.fromisoformat(str(one["planned"])) for one in records]
    actual = [datetime.fromisoformat(str(one["actual"])) for one in records]
    assert planned == [school.first + timedelta(seconds=5 * n) for n in range(3)]
    assert [abs((one - other).total_seconds()) < 0.15 for one, other in zip(sounds, planned, strict=True)] == [True] * 3
    assert [abs((one - other).total_seconds()) < 0.15 for one, other in zip(sounds, actual, strict=True)] == [True] * 3
    assert [live.cue.classes for live in school.lives] == [("g3c1",), ("g3c2",), ("g3c3",)]


def test_a_gate_started_two_minutes_late_and_killed_twice_tells_the_truth(tmp_path: Path, recorder: Recorder) -> None:
    """Passed calls are missed; killed in a sentence it is said once more; killed between two nothing is said twice."""
    school = School(tmp_path, first=now() + timedelta(seconds=15), every_s=10, classes=3)
    with school.centre():
        gate = school.gate()
        gate.wait_for("播报 .*三年级一班")
        _sounding(recorder)
        assert gate.end(signal.SIGKILL) == -signal.SIGKILL
        gate = school.gate()
        gate.wait_for("播报 .*三年级二班")
        gate.wait_for("灯灭")
        assert gate.end(signal.SIGKILL) == -signal.SIGKILL
        gate = school.gate()
        records = school.wait_records(final=6)
        assert gate.end() == 0, gate.said
    assert results(records) == [
        ("g3c1", 0, "missed", True),
        ("g3c2", 0, "missed", True),
        ("g3c3", 0, "missed", True),
        ("g3c1", 1, "interrupted", False),
        ("g3c1", 2, "late", True),
        ("g3c2", 1, "announced", True),
        ("g3c3", 1, "announced", True),
    ]
    sounds = [(one - school.first).total_seconds() for one in heard(recorder, tmp_path / "gate.wav")]
    assert len(sounds) == 4
    assert [sounds[0], *sounds[2:]] == [pytest.approx(at_s, abs=0.15) for at_s in (0, 10, 20)]


def _sounding(recorder: Recorder) -> None:
    """Until half a second of the sentence came out of the gate. A leap is the silence that is filled in before it."""
    tick, last_s = threading.Event(), recorder._written_s()
    begun_s = None
    for _ in range(1000):
        written_s = recorder._written_s()
        if written_s - last_s > 0.2:
            begun_s = written_s
        if begun_s is not None and written_s > begun_s + 0.5:
            return
        last_s = written_s
        tick.wait(0.01)
    raise AssertionError("the gate stayed silent")
