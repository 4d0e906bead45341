"""The rendering child of a real gate hangs: no call waits for it, and the gate does not leave it behind."""

import os
import signal
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from audio.recorder import Recorder
from onsets import onsets_s
from process_rig import CLOCK, WITHIN_S, Program, School, now
from sound_card import children

NOTICE = "全体老师请到会议室。"
LATE_MAX_S = 0.25
END_MAX_S = 10.0
"""Far below the time for which a rendering child may be silent."""


def stopped_renderer(gate: Program) -> int:
    """The process id of the next rendering child, which hangs from now on."""
    tick, end_s = threading.Event(), CLOCK.monotonic_s() + WITHIN_S
    while CLOCK.monotonic_s() < end_s:
        for child in children(gate.process.pid):
            if b"audio.render_child" in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(child, signal.SIGSTOP)
                return child
        tick.wait(0.005)
    raise AssertionError("nothing was rendered")


def test_a_renderer_that_hangs_delays_no_call_and_goes_with_its_gate(tmp_path: Path, recorder: Recorder) -> None:
    school = School(tmp_path, first=now() + timedelta(seconds=15), every_s=6, classes=3)
    with school.centre():
        gate = school.gate()
        school.wait_status(lambda status: len(status.days) > 1 and not status.check)
        url = f"http://127.0.0.1:{school.page}"
        asking = Program("change", "notice", "--url", url, "--by", "王老师", "--gate", "east", "--text", NOTICE)
        child = stopped_renderer(gate)
        assert asking.end(0) == 0, asking.said
        assert now() < school.first, "the machine was too slow: the notice came too late to show anything"
        records = [one for one in school.wait_records(final=6) if "/noon/" in one["cue"]]
        assert children(gate.process.pid).count(child) == 1
        assert NOTICE not in "".join(gate.said)
        told_s = CLOCK.monotonic_s()
        assert gate.end() == 0, gate.said
        assert CLOCK.monotonic_s() - told_s < END_MAX_S
    assert not Path(f"/proc/{child}").exists()
    assert [(one["result"], one["heard"], one["final"]) for one in records] == [("announced", "yes", True)] * 3
    begins = recorder.begins_utc
    assert begins is not None
    sounds = [(begins - school.first).total_seconds() + at_s for at_s in onsets_s(tmp_path / "gate.wav")]
    assert sounds == [pytest.approx(at_s, abs=LATE_MAX_S) for at_s in (0, 6, 12)]
