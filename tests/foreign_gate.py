"""A gate as somebody else would write it, from docs/wire/ alone: paho, json, hashlib. It speaks no word; it records.

What has no answer yet is sent again whenever `until` has waited for a second.
"""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from paho.mqtt.client import Client, MQTTMessage

import foreign_contract as contract
from foreign_contract import WITHIN_S, Message, instant, line, seconds, text


class ForeignGate:
    """`utc`, `monotonic_s`: this machine's clocks. `wrong`: what the schemas found in what came."""

    def __init__(
        self, school: str, gate: str, port: int, utc: Callable[[], datetime], monotonic_s: Callable[[], float]
    ) -> None:
        self.school, self.gate, self.port = school, gate, port
        self._utc, self._monotonic_s = utc, monotonic_s
        self._came = threading.Condition()
        self._root = contract.root(school, gate)
        self.wrong: list[str] = []
        self.days: dict[str, Message] = {}
        self.held: dict[str, Message] = {}
        self.days_came = 0
        self.lives: list[tuple[datetime, Message]] = []
        self.records: list[Message] = []
        self.seq = self.acked = 0
        self.answered = False
        self.offset_s, self.error_s = 0.0, float("inf")
        self.sent: list[int] = []
        """The `seq` of each event that left, repetitions too."""
        self._asked: dict[int, float] = {}
        self._client = contract.client(f"{school}/{gate}")
        self._client.on_connect = self._connected
        self._client.on_subscribe = self._subscribed
        self._client.on_message = self._arrived

    # Life -----------------------------------------------------------------------------------------

    def connect(self) -> None:
        self._client.will_set(f"{self._root}/up/status", line(self._status("lost")), qos=1, retain=True)
        self._client.connect("127.0.0.1", self.port, keepalive=15)
        self._client.loop_start()

    def vanish(self) -> None:
        """Without a goodbye, as when the power goes."""
        sock = self._client.socket()
        assert not isinstance(sock, str | None)
        sock.close()
        self._client.loop_stop()

    def now(self) -> datetime:
        """The school's time."""
        return self._utc() + seconds(self.offset_s)

    def until(self, good: Callable[[], Any]) -> None:
        """Waits; what was not answered goes out again each second."""
        with self._came:
            for _ in range(int(WITHIN_S)):
                if self._came.wait_for(good, 1.0):
                    return
                self._again()
        raise AssertionError(f"not within {WITHIN_S} s; wrong: {self.wrong}, held: {self.held}, acked: {self.acked}")

    def wait_until(self, at: datetime) -> None:
        with self._came:
            self._came.wait_for(lambda: False, max(0.0, (at - self.now()).total_seconds()))

    def _again(self) -> None:
        if not self.answered:
            self.tell_status()
        if self.acked < self.seq:
            self._tell_records()

    # What it says ---------------------------------------------------------------------------------

    def tell_status(self) -> None:
        self._say("status", self._status("up"), retain=True)

    def ask(self) -> None:
        n = len(self._asked) + 1
        self._asked[n] = self._monotonic_s()
        self._say("ask", {"v": 1, "start": 1, "n": n})

    def record(self, cue: Message, result: str, actual: datetime | None) -> None:
        self.seq += 1
        day = self.days[cue["id"][:10]]
        self.records.append({
            "cue": cue["id"], "attempt": 1 if actual else 0, "revision": day["revision"], "result": result,
            "final": True, "planned": cue["at"], "actual": text(actual) if actual else None,
            "ended": text(actual + seconds(1)) if actual else None, "bound_s": self.error_s, "slip_s": 0,
            "source": "live" if actual else "timer", "volume_pct": 80, "heard": "yes" if actual else "no",
        })  # fmt: skip
        self._tell_records()

    def _tell_records(self) -> None:
        """All that is not acknowledged, at most 20 in one."""
        records = self.records[self.acked : self.acked + 20]
        last = self.acked + len(records)
        self.sent.append(last)
        head = {"v": 1, "school": self.school, "gate": self.gate, "log": "f0e1d2c3", "seq": last}
        self._say("event", {**head, "records": records, "presses": [], "problems": []})

    def _status(self, link: str) -> Message:
        return {
            "v": 1, "school": self.school, "gate": self.gate, "start": 1, "log": "f0e1d2c3", "link": link,
            "doing": "idle", "days": self.held, "alert_seq": 0, "now": None, "next": None, "waiting": [], "holds": [],
            "slip": {}, "bound_s": None if self.error_s > 1e6 else self.error_s, "check": [], "problems": 0,
            "version": "foreign-1", "reads_v": 1,
        }  # fmt: skip

    def _say(self, what: str, message: Message, *, retain: bool = False) -> None:
        self._client.publish(f"{self._root}/up/{what}", line(message), qos=1, retain=retain)

    # What it hears, on paho's thread --------------------------------------------------------------

    def _connected(self, mqtt: Client, *_: object) -> None:
        mqtt.subscribe(f"{self._root}/down/#", qos=1)

    def _subscribed(self, *_: object) -> None:
        self.tell_status()

    def _arrived(self, _: Client, __: object, arrived: MQTTMessage) -> None:
        what, _on, date = arrived.topic.removeprefix(f"{self._root}/down/").partition("/")
        if not arrived.payload:
            return  # a cache was cleared: nothing to do with what is held here
        payload = bytes(arrived.payload)
        message, wrong = contract.read(what, payload)
        with self._came:
            self.wrong += wrong
            if not wrong:
                self._take(what, date, message, payload)
            self._came.notify_all()

    def _take(self, what: str, date: str, message: Message, payload: bytes) -> None:
        match what:
            case "day":
                self.days_came += 1
                if message["revision"] > self.held.get(date, {"revision": -1})["revision"]:
                    self.days[date] = message
                    self.held = {
                        **self.held, date: {"revision": message["revision"], "digest": contract.digest(payload)}
                    }  # fmt: skip
            case "cue":
                self.lives.append((self.now(), message))
            case "ack" if message["log"] == "f0e1d2c3":
                self.answered = True
                self.acked = message["seq"]
            case "time" if message["start"] == 1 and message["n"] in self._asked and message["error_s"] is not None:
                self._timed(message)

    def _timed(self, message: Message) -> None:
        sent_at = instant(message["sent_at"])
        kept_s = (sent_at - instant(message["received_at"])).total_seconds()
        way_s = max(0.0, self._monotonic_s() - self._asked[message["n"]] - kept_s) / 2
        if way_s + message["error_s"] + 0.002 < self.error_s:
            self.error_s = round(way_s + message["error_s"] + 0.002, 3)
            self.offset_s = (sent_at + seconds(way_s) - self._utc()).total_seconds()
