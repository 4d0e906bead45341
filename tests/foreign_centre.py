"""A centre as somebody else would write it, from docs/wire/ alone: paho, json, hashlib. One gate, days made by hand."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from paho.mqtt.client import Client, MQTTMessage

import foreign_contract as contract
from foreign_contract import WITHIN_S, Message, line, seconds, text


class ForeignCentre:
    """`days`: payloads by date. `deaf`: so many events are lost before one is acknowledged."""

    def __init__(self, school: str, gate: str, port: int, utc: Callable[[], datetime], days: dict[str, bytes]) -> None:
        self._utc, self._came = utc, threading.Condition()
        self._root = contract.root(school, gate)
        self.days = days
        self.deaf = 0
        self.wrong: list[str] = []
        self.statuses: list[Message] = []
        self.events: list[Message] = []
        self.records: dict[tuple[str, int], Message] = {}
        self._stored: dict[str, int] = {}
        self._client = contract.client("centre")
        self._client.on_connect = lambda mqtt, *_: mqtt.subscribe("fangxue/v1/+/+/up/#", qos=1)
        self._client.on_message = self._arrived
        self._client.connect("127.0.0.1", port, keepalive=15)
        self._client.loop_start()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def until(self, good: Callable[[], Any]) -> None:
        with self._came:
            came = self._came.wait_for(good, WITHIN_S)
        assert came, (
            f"not within {WITHIN_S} s; wrong: {self.wrong}, records: {self.records}, last: {self.statuses[-1:]}"
        )

    def confirmed(self) -> bool:
        """The gate says that it holds just these days."""
        held = self.statuses[-1]["days"] if self.statuses else {}
        return all(held.get(on, {}).get("digest") == contract.digest(payload) for on, payload in self.days.items())

    def _say(self, what: str, payload: bytes, *, retain: bool = False) -> None:
        self._client.publish(f"{self._root}/down/{what}", payload, qos=1, retain=retain)

    # On paho's thread -----------------------------------------------------------------------------

    def _arrived(self, _: Client, __: object, arrived: MQTTMessage) -> None:
        at, what = self._utc(), arrived.topic.removeprefix(f"{self._root}/up/")
        message, wrong = contract.read(what, bytes(arrived.payload))
        with self._came:
            self.wrong += wrong
            match what:
                case "status":
                    self.statuses.append(message)
                    if message["link"] == "up":
                        self._answer(message)
                case "ask":
                    head = {"v": 1, "start": message["start"], "n": message["n"], "received_at": text(at)}
                    self._say("time", line({**head, "sent_at": text(self._utc()), "error_s": 0.05}))
                case "event":
                    self._event(message)
            self._came.notify_all()

    def _answer(self, status: Message) -> None:
        for on, payload in self.days.items():
            if status["days"].get(on, {}).get("digest") != contract.digest(payload):
                self._say(f"day/{on}", payload, retain=True)
        self._acknowledge(status["log"])

    def _event(self, event: Message) -> None:
        self.events.append(event)
        if self.deaf > 0:
            self.deaf -= 1
            return
        for record in event["records"]:
            self.records[record["cue"], record["attempt"]] = record
        self._stored[event["log"]] = max(event["seq"], self._stored.get(event["log"], 0))
        self._acknowledge(event["log"])

    def _acknowledge(self, log: str) -> None:
        self._say("ack", line({"v": 1, "log": log, "seq": self._stored.get(log, 0)}))


def day(root: tuple[str, str], date: str, first: datetime, every_s: float, calls: int) -> Message:
    """One window of calls at a gate (school, gate), each said once."""
    closes = first + seconds(every_s * calls + 600)
    window = {
        "id": "noon", "kind": "dismissal", "name": "午放学", "opens": text(first - seconds(5)), "closes": text(closes),
        "pacing": "timed", "every_s": every_s, "rest_s": 1, "max_wait_s": 90, "on_timeout": "pass_over", "gain_db": 0,
    }  # fmt: skip
    cues = [
        {
            "id": f"{date}/noon/c{n}/call", "window": "noon", "at": text(at := first + seconds(n * every_s)),
            "until": text(at + seconds(60)), "kind": "call", "classes": [f"c{n}"],
            "say": f"三年级{'一二三四五'[n]}班。", "repeat": 1, "light": "go", "released": None,
            "state": "planned",
        }
        for n in range(calls)
    ]  # fmt: skip
    return {
        "v": 1, "school": root[0], "gate": root[1], "date": date, "zone": "Asia/Shanghai", "revision": 1,
        "issued_at": text(first - seconds(3600)), "day_type": "normal", "mode": "live", "quiet": [], "holds": [],
        "windows": [window], "cues": cues,
    }  # fmt: skip
