"""A gate's real process is killed and comes back while no centre and no broker answers: it still knows the time."""

import signal
import threading
from datetime import timedelta
from pathlib import Path

from process_rig import CLOCK, WITHIN_S, School, now


def wait_for_anchor(journal: Path) -> None:
    tick, end_s = threading.Event(), CLOCK.monotonic_s() + WITHIN_S
    while b'"anchored"' not in journal.read_bytes():
        assert CLOCK.monotonic_s() < end_s, "the gate kept no time"
        tick.wait(0.05)


def test_a_gate_killed_and_started_while_the_centre_is_away_calls_at_the_instant(tmp_path: Path) -> None:
    school = School(tmp_path, first=now() + timedelta(seconds=25), every_s=5, classes=1)
    with school.centre():
        gate = school.gate()
        school.wait_status(lambda status: status.bound_s is not None and len(status.days) > 0)
        wait_for_anchor(tmp_path / "gate" / "journal")
        assert gate.end(signal.SIGKILL) == -signal.SIGKILL
    gate = school.gate()
    try:
        called = gate.wait_for(r"(\d\d:\d\d:\d\d) 播报 .*三年级一班")
    finally:
        gate.end(signal.SIGKILL)
    lead = school.first - timedelta(seconds=1)
    assert f"{lead:%H:%M:%S}" <= called[1] <= f"{school.first:%H:%M:%S}", gate.said
