"""Programs of other people, written from docs/wire/ alone, against ours: one plays the gate, one plays the centre."""

import ast
import json
import os
import signal
import sys
import urllib.request
from datetime import timedelta
from pathlib import Path
from typing import Any

from broker.embedded import start_broker
from foreign_centre import ForeignCentre, day
from foreign_contract import digest, instant, line
from foreign_gate import ForeignGate
from process_rig import CLOCK, Program, School, now

FOREIGN = sorted(Path(__file__).parent.parent.glob("foreign_*.py"))


def test_the_foreign_programs_import_nothing_of_ours() -> None:
    modules = set[str]()
    for file in FOREIGN:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0
                modules.add((node.module or "").partition(".")[0])
            elif isinstance(node, ast.Import):
                modules |= {one.name.partition(".")[0] for one in node.names}
    assert modules - sys.stdlib_module_names == {"foreign_contract", "jsonschema", "paho"}
    assert len(FOREIGN) == 3


def test_a_foreign_gate_goes_through_a_window_with_our_centre(tmp_path: Path) -> None:
    school = School(tmp_path, first=now() + timedelta(seconds=10), every_s=3, classes=3)
    with school.centre() as centre:
        gate = ForeignGate("lab", "east", school.port, CLOCK.utc, CLOCK.monotonic_s)
        gate.connect()
        gate.until(lambda: gate.answered)
        assert len(gate.held) == 14
        gate.tell_status()
        gate.until(lambda: _east(school)["confirmed"])
        came = gate.days_came
        for _ in range(4):
            gate.ask()
        gate.until(lambda: gate.error_s < 3)
        assert abs(gate.offset_s) < 0.1  # one machine
        today = gate.days[str(school.on)]
        early = [cue for cue in today["cues"] if cue["window"] == "early"]
        for cue in early:
            gate.record(cue, "missed", None)
        for n in range(3):
            gate.until(lambda: len(gate.lives) > n)  # noqa: B023 - called before n changes
            at, live = gate.lives[n]
            assert 0.5 < (instant(live["due"]) - at).total_seconds() < 2.5
            assert live["cue"] == [cue for cue in today["cues"] if cue["window"] == "noon"][n]
            gate.wait_until(instant(live["due"]))
            if n == 2:
                os.kill(centre.process.pid, signal.SIGSTOP)  # nobody acknowledges the last one
            gate.record(live["cue"], "announced", gate.now())
        gate.until(lambda: gate.sent.count(6) == 3)
        assert gate.acked == 5
        os.kill(centre.process.pid, signal.SIGCONT)
        gate.until(lambda: gate.acked == 6)
        records = school.wait_records(final=6)
        gate.vanish()
        school.wait_status(lambda status: status.link == "lost")
    assert gate.wrong == []
    assert gate.days_came == came, "what was confirmed is not sent again"
    assert len(gate.lives) == 3
    assert [{key: one[key] for key in one if key != "gate"} for one in records] == [
        _as_kept(one) for one in gate.records
    ]


def _east(school: School) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{school.page}/v1/state", timeout=30) as answer:
        (gate,) = json.load(answer)["gates"]
    return dict(gate)


def _as_kept(record: dict[str, Any]) -> dict[str, Any]:
    """Instants without empty milliseconds."""
    return {key: value.replace(".000Z", "Z") if isinstance(value, str) else value for key, value in record.items()}


def test_a_foreign_centre_leads_our_gate_through_a_window(tmp_path: Path) -> None:
    broker = start_broker(tmp_path / "broker")
    assert broker.kind == "mosquitto"
    first = now().replace(microsecond=0) + timedelta(seconds=12)
    today = day(("lab", "east"), str(first.date()), first, 3, 3)
    centre = ForeignCentre("lab", "east", broker.port, CLOCK.utc, {today["date"]: line(today)})
    centre.deaf = 1
    (tmp_path / "gate.toml").write_text(
        'v = 1\nschool = "lab"\ngate = "east"\ndata = "gate"\nvoice = "tone"\n'
        f'[broker]\nport = {broker.port}\n[player]\nkind = "null"\n[panel]\nkind = "mock"\n'
    )
    gate = Program("gate", "--settings", str(tmp_path / "gate.toml"))
    try:
        centre.until(centre.confirmed)
        assert centre.statuses[-1]["days"] == {today["date"]: {"revision": 1, "digest": digest(line(today))}}
        centre.until(lambda: len(centre.records) == 3)
        assert gate.end() == 0, gate.said
        centre.until(lambda: centre.statuses[-1]["link"] == "closed")
    finally:
        gate.end(signal.SIGKILL)
        centre.close()
        broker.stop()
    assert centre.wrong == []
    records = sorted(centre.records.values(), key=lambda one: str(one["cue"]))
    assert [(one["cue"], one["attempt"], one["result"], one["final"], one["planned"]) for one in records] == [
        (cue["id"], 1, "announced", True, cue["at"].replace(".000Z", "Z")) for cue in today["cues"]
    ]
    off_s = [(instant(one["actual"]) - instant(one["planned"])).total_seconds() for one in records]
    assert [abs(one) < 0.2 for one in off_s] == [True] * 3, off_s
    assert centre.events[1]["seq"] >= centre.events[0]["seq"], "what nobody acknowledged comes again"
    assert [one["cue"] for one in centre.events[1]["records"][: len(centre.events[0]["records"])]] == [
        one["cue"] for one in centre.events[0]["records"]
    ]
