"""Centre and gate as real processes behind a real broker: payloads that nobody should send, and then a window."""

import json
import random
import threading
from datetime import timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from config import limits
from fuzz_payloads import NIGHT, payloads
from process_rig import School, now
from wire_samples import GOOD

TOPICS = (
    "down/day/2020-01-06", "down/day/{today}", "down/day/x", "down/cue", "down/ack", "down/time", "down/alert",
    "down/other", "up/status", "up/event", "up/ask", "up/other",
)  # fmt: skip
EACH = 400 if NIGHT else 40
LIMIT_S = 60.0


def good(topic: str) -> Any:  # noqa: ANN401 - any JSON
    """A message of this gate, of a date long past and of a cue that is cancelled: what is taken of it calls nobody."""
    kind = topic.split("/")[1]
    text = json.dumps(GOOD[kind if kind in GOOD else "ask"][1], ensure_ascii=False)
    for old, new in (("2026-11-25", "2020-01-06"), ('"shifan"', '"lab"'), ('"planned"', '"cancelled"')):
        text = text.replace(old, new)
    return json.loads(text)


def flood(port: int, today: str) -> int:
    """Sends them all from a client of no name; how many, once the broker has them."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="nobody")
    up = threading.Event()
    client.on_connect = lambda *_: up.set()
    client.connect("127.0.0.1", port)
    client.loop_start()
    assert up.wait(LIMIT_S)
    sent = [
        client.publish(f"fangxue/v1/lab/east/{topic.format(today=today)}", payload.data, qos=1)
        for topic in TOPICS
        for payload in islice(payloads(f"real {topic}", partial(_of, good(topic))), EACH)
        if len(payload.data) < limits.BROKER_PACKET_MAX_BYTES - 1024  # above it the broker throws the sender out
    ]
    for one in sent:
        one.wait_for_publish(LIMIT_S)
        assert one.is_published()
    client.disconnect()
    client.loop_stop()
    return len(sent)


def _of(message: object, _: random.Random) -> object:
    return message


def noon(school: School) -> list[dict[str, Any]]:
    """The window's final records, asked for until they are there: what watches the topics is itself fed nonsense."""
    for _ in range(100):  # each asks a program of its own, which takes about a second
        found = [one for one in school.records() if f"{school.on}/noon" in str(one["cue"]) and one["final"]]
        if len(found) >= 2:
            return found
    raise AssertionError("the window was not called")


def test_programs_that_were_sent_anything_stay_up_and_the_window_is_called(tmp_path: Path) -> None:
    school = School(tmp_path, first=now() + timedelta(seconds=14), every_s=5, classes=2)
    with school.centre() as centre:
        gate = school.gate()
        school.wait_status(lambda status: not status.check and status.bound_s is not None)
        assert flood(school.port, str(school.on)) > EACH * (len(TOPICS) - 1)
        records = noon(school)
        assert (gate.process.poll(), centre.process.poll()) == (None, None)
        assert not [line for line in (*gate.said, *centre.said) if "Traceback" in line]
        assert any("拒收" in line for line in centre.said)
        assert gate.end() == 0, gate.said
    assert [(one["result"], one["final"]) for one in records] == [("announced", True)] * 2
