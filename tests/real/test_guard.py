"""A guard alone: the button holds without a network and over a power cut, and the office learns of it afterwards."""

import json
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from process_rig import CLOCK, WITHIN_S, Program, School, free_port, now


def asked(school: School) -> dict[str, Any]:
    with urlopen(f"http://127.0.0.1:{school.page}/v1/state", timeout=WITHIN_S) as answer:
        state: dict[str, Any] = json.loads(answer.read())
    return state


def test_a_hold_pressed_without_a_network_survives_a_power_cut_and_becomes_a_change_of_the_guard(
    tmp_path: Path,
) -> None:
    school = School(tmp_path, first=now() + timedelta(seconds=15), every_s=5, classes=3)
    settings = tmp_path / "centre.toml"
    settings.write_text(settings.read_text().replace("v = 1\n", f"v = 1\nembedded_port = {free_port()}\n"))
    with school.centre() as centre:
        gate = school.gate()
        school.wait_status(lambda status: len(status.days) > 1 and not status.check)
        centre.end(signal.SIGKILL)
        gate.wait_for("未连接")
        gate.process.send_signal(signal.SIGUSR1)
        gate.wait_for("红灯亮")
        gate.end(signal.SIGKILL)
    assert now() < school.first, "the machine was too slow: the hold came too late to show anything"
    with school.centre():
        pressed = school.gate()
        pressed.wait_for("红灯亮")
        own = school.wait_status(lambda status: bool(status.holds)).holds
        assert [one.startswith("east/") for one in own] == [True]
        end_s = CLOCK.monotonic_s() + WITHIN_S
        while not (changes := [one for one in asked(school)["changes"] if one["by"] == "门卫"]):
            assert CLOCK.monotonic_s() < end_s, "the press never became a change"
            school.wait_status(lambda _: True)
        assert [(one["kind"], one["gate"]) for one in changes] == [("hold", "east")]
        confirmed = school.wait_status(lambda status: status.holds == own and now() > school.first)
        assert (confirmed.now, confirmed.doing) == (None, "held")
        url = f"http://127.0.0.1:{school.page}"
        program = Program("change", "resume", "--url", url, "--by", "王老师", "--gate", "east", "--ids", own[0])
        assert program.end(0) == 0, program.said
        school.wait_status(lambda status: status.holds == ())
        records = school.wait_records(final=6)
    called = [(str(one["cue"]).split("/")[2], one["result"]) for one in records if "/noon/" in str(one["cue"])]
    assert called == [("g3c1", "announced"), ("g3c2", "announced"), ("g3c3", "announced")]
