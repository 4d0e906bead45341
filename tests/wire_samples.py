"""One good message of each kind as plain data, and the plan that ships as an example."""

import json
from pathlib import Path
from typing import Any

from broker.wire.messages import Ack, Alert, Ask, Event, LiveCue, Status, Time
from config.changes import Change
from config.day import GateDay
from config.types import Frozen

ROOT = Path(__file__).resolve().parent.parent
PLAN = (ROOT / "deploy/examples/shifan.toml").read_text("utf-8")

CUE: dict[str, Any] = {
    "id": "2026-11-25/noon/g3c1/call",
    "window": "noon",
    "at": "2026-11-25T03:30:00Z",
    "until": "2026-11-25T03:31:00Z",
    "kind": "call",
    "classes": ["g3c1"],
    "say": "请注意，三年级一班正在放学。",
    "repeat": 2,
    "light": "go",
    "released": None,
    "state": "planned",
}
WINDOW: dict[str, Any] = {
    "id": "noon",
    "kind": "dismissal",
    "name": "午放学",
    "opens": "2026-11-25T03:25:00Z",
    "closes": "2026-11-25T03:55:00Z",
    "pacing": "timed",
    "every_s": 45.0,
    "rest_s": 3.0,
    "max_wait_s": 90.0,
    "on_timeout": "pass_over",
    "gain_db": 0.0,
}
HOLD = {"id": "button/1", "from": "2026-11-25T03:31:00Z", "to": None, "why": None, "by": "east"}
DAY: dict[str, Any] = {
    "v": 1,
    "school": "shifan",
    "gate": "east",
    "date": "2026-11-25",
    "zone": "Asia/Shanghai",
    "revision": 3,
    "issued_at": "2026-11-24T16:00:00Z",
    "day_type": "normal",
    "mode": "live",
    "quiet": [{"id": "exam", "from": "2026-11-25T06:00:00Z", "to": None}],
    "holds": [HOLD],
    "windows": [WINDOW],
    "cues": [CUE, {**CUE, "id": "2026-11-25/noon/g3c2/call", "at": "2026-11-25T03:30:45.500Z", "classes": ["g3c2"]}],
    "readings": [{"text": "茌平", "pinyin": "chí píng"}],
    "gain_db": 0.0,
    "caps": [{"from": "2026-11-25T04:30:00Z", "to": "2026-11-25T06:00:00Z", "gain_db": -10.0}],
}
ALERT: dict[str, Any] = {
    "v": 1,
    "school": "shifan",
    "seq": 1764041400000,
    "id": "a1",
    "action": "return",
    "clears": None,
    "status": "drill",
    "say": "演练：请返回校内。",
    "raised_at": "2026-11-25T03:30:00.250Z",
    "until": None,
    "by": "教务处",
}
STATUS: dict[str, Any] = {
    "v": 1,
    "school": "shifan",
    "gate": "east",
    "start": 4,
    "log": "0badcafe",
    "link": "up",
    "doing": "idle",
    "days": {"2026-11-25": {"revision": 3, "digest": "0123456789abcdef"}},
    "alert_seq": 0,
    "now": None,
    "next": "2026-11-25/noon/g3c1/call",
    "waiting": [],
    "holds": ["button/1"],
    "slip": {"noon": 12.5},
    "bound_s": 0.012,
    "check": ["clock", "player"],
    "problems": 0,
    "version": "0.1.0",
    "reads_v": 1,
}
RECORD: dict[str, Any] = {
    "cue": "2026-11-25/noon/g3c1/call",
    "attempt": 1,
    "revision": 3,
    "result": "announced",
    "final": True,
    "planned": "2026-11-25T03:30:00Z",
    "actual": "2026-11-25T03:30:00.003Z",
    "ended": "2026-11-25T03:30:11Z",
    "bound_s": 0.012,
    "slip_s": 0.0,
    "source": "timer",
    "volume_pct": 80,
    "heard": "unknown",
}
PRESS: dict[str, Any] = {
    "id": "east/0badcafe-7",
    "button": "hold",
    "at": "2026-11-25T03:31:00Z",
    "target": None,
    "ends": [],
    "result": "done",
}
PROBLEM = {
    "id": "clock/1",
    "code": "clock_unknown",
    "args": {"bound_s": "31"},
    "opened_at": "2026-11-25T03:31:00Z",
    "closed_at": None,
}
EVENT: dict[str, Any] = {
    "v": 1,
    "school": "shifan",
    "gate": "east",
    "log": "0badcafe",
    "seq": 17,
    "records": [RECORD],
    "presses": [PRESS],
    "problems": [PROBLEM],
}
CHANGE: dict[str, Any] = {
    "v": 1,
    "n": 1,
    "key": "phone-7/1",
    "at": "2026-11-25T03:28:00Z",
    "by": "王老师",
    "why": "雨",
    "kind": "delay",
    "gate": "east",
    "from_gate": None,
    "window": "noon",
    "class": "g3c1",
    "cues": ["2026-11-25/noon/g3c1/call"],
    "ids": [],
    "delay_s": 300.0,
    "from": None,
    "to": None,
    "text": None,
    "undoes": None,
    "day_type": None,
}
CLOCK = {"v": 1, "start": 4, "n": 1}
GOOD: dict[str, tuple[type[Frozen], dict[str, Any]]] = {
    "day": (GateDay, DAY),
    "cue": (
        LiveCue,
        {"v": 1, "sent_at": "2026-11-25T03:29:58Z", "revision": 3, "due": CUE["at"], "window": WINDOW, "cue": CUE},
    ),
    "alert": (Alert, ALERT),
    "ack": (Ack, {"v": 1, "log": "0badcafe", "seq": 17}),
    "time": (
        Time,
        {**CLOCK, "received_at": "2026-11-25T03:29:58Z", "sent_at": "2026-11-25T03:29:58.001Z", "error_s": None},
    ),
    "ask": (Ask, CLOCK),
    "status": (Status, STATUS),
    "event": (Event, EVENT),
    "change": (Change, CHANGE),
}


def line(message: object) -> bytes:
    """As a program of any make would write it."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
