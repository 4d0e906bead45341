"""A window of calls at speed while the gate's network is bad: it has the day, so the calls come; the records are right.

`FANGXUE_NIGHT=1`: the link stays half open for 60 s, until keepalive found it and every new attempt vanished too.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path

from audio.recorder import Recorder
from fault_proxy import FaultProxy, Shaken
from onsets import onsets_s
from process_rig import CLOCK, Program, School, now

NIGHT = bool(os.environ.get("FANGXUE_NIGHT"))
HALF_OPEN_S = 60.0


def school_of(folder: Path, *, first_s: float, calls: int) -> School:
    """Calls 3 s apart: only the class is named, so that the sentence fits."""
    school = School(folder, first=now() + timedelta(seconds=first_s), every_s=3, classes=calls)
    plan = folder / "plan.toml"
    plan.write_text(plan.read_text("utf-8") + '[sentences]\ncall = "{classes}"\n', "utf-8")
    return school


def settled(school: School) -> Program:
    """A gate that has its day, its clips and the time, before the first call."""
    gate = school.gate()
    school.wait_status(lambda status: not status.check and status.bound_s is not None)
    assert now() < school.first, "this machine is too slow for the test"
    return gate


def called_in_time_and_once(
    school: School, records: list[dict[str, object]], recorder: Recorder, file: Path, calls: int
) -> None:
    """What the centre has and what was heard: each class of the window once, at its instant."""
    assert [(one["result"], one["final"], one["attempt"]) for one in records] == [
        *[("missed", True, 0)] * calls,  # of the window before the gate began
        *[("announced", True, 1)] * calls,
    ]
    planned = [school.first + timedelta(seconds=3 * n) for n in range(calls)]
    assert [datetime.fromisoformat(str(one["planned"])) for one in records[calls:]] == planned
    recorder.close()
    assert recorder.begins_utc is not None
    heard = [recorder.begins_utc + timedelta(seconds=onset_s) for onset_s in onsets_s(file)]
    off_s = [(one - other).total_seconds() for one, other in zip(heard, planned, strict=True)]
    own = [str(one["actual"]) for one in records[calls:]]
    assert [abs(one) < 0.15 for one in off_s] == [True] * calls, f"heard {off_s} s off; the gate itself says {own}"


def test_messages_doubled_five_seconds_late_and_out_of_order_change_nothing(tmp_path: Path, recorder: Recorder) -> None:
    school = school_of(tmp_path, first_s=11, calls=5)
    with school.centre(), FaultProxy(school.port) as proxy:
        assert school.kind == "mosquitto"
        school.port = proxy.port
        gate = settled(school)
        shaken = Shaken(5, 5.0)
        proxy.shake(shaken)
        records = school.wait_records(final=10)
        assert gate.end() == 0, gate.said
    assert shaken.publishes > 10
    assert not [line for line in gate.said if "未连接" in line], "late messages are no lost link"
    called_in_time_and_once(school, records, recorder, tmp_path / "gate.wav", 5)


def test_a_half_open_link_costs_no_call_and_no_record(tmp_path: Path, recorder: Recorder) -> None:
    school = school_of(tmp_path, first_s=10, calls=3)
    with school.centre(), FaultProxy(school.port) as proxy:
        school.port = proxy.port
        gate = settled(school)
        proxy.half_open()
        begun_s = CLOCK.monotonic_s()
        gate.wait_for("播报 三年级三班")
        if NIGHT:
            gate.wait_for("未连接")  # its keepalive found the dead peer
            school.wait_status(lambda status: status.link == "lost")  # so did the broker's
            proxy.last(HALF_OPEN_S - (CLOCK.monotonic_s() - begun_s))
        assert [one for one in school.records() if one["final"] and "/noon/" in one["cue"]] == []
        proxy.heal()
        if not NIGHT:
            gate.wait_for("未连接")
        gate.wait_for("已连接")
        records = school.wait_records(final=6)
        assert gate.end() == 0, gate.said
    called_in_time_and_once(school, records, recorder, tmp_path / "gate.wav", 3)
