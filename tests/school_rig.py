"""A whole centre without network and hours: real store, broker in memory, a clock by hand, gates by contract alone."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from broker.agenda import Tick
from broker.centre import Centre, Parts, PlanChanged
from broker.store import Store
from broker.wire.messages import digest
from broker.wire.transport import Arrived, TransportEvent
from broker.wire.transport_memory import MemoryBroker, MemoryTransport
from centre_rig import LOG
from config.clock_fake import FakeClock
from config.lint import read
from config.settings import ClockSettings

TEXT = """v = 1
[school]
id = "shifan"
name = "示范小学"
contact = "教务处"
[gates.east]
name = "东门"
[gates.west]
name = "西门"
[zones.a]
name = "A区"
gate = "east"
[zones.b]
name = "B区"
gate = "west"
[[classes]]
id = "g1"
grade = "一年级"
count = 2
zone = "a"
[[classes]]
id = "g2"
grade = "二年级"
count = 2
zone = "b"
[[windows]]
id = "noon"
name = "午放学"
kind = "dismissal"
opens = "11:25"
starts = "11:30"
closes = "11:55"
every_s = 45
[[windows]]
id = "evening"
name = "晚自习放学"
kind = "evening"
opens = "18:00"
closes = "18:30"
gates = ["east"]
notice = "晚自习放学，请家长等候。"
[calendar]
terms = [{ from = "2026-09-01", to = "2027-01-22" }]
weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
"""
_TICK = Tick()
TEN = datetime(2026, 11, 25, 2, tzinfo=UTC)
"""10:00 by the school's clocks."""


@dataclass
class FakeAlarm:
    """Remembers what it was set to."""

    at: datetime | None = None
    checks: int = 0

    def set(self, at: datetime) -> None:
        self.at = at

    def check(self) -> None:
        self.checks += 1


@dataclass
class ForeignGate:
    """A gate by the contract alone: plain payloads, no model of ours. It keeps days, and says so when told to."""

    name: str
    transport: MemoryTransport
    clock: FakeClock
    days: dict[str, dict[str, Any]] = field(default_factory=dict)
    came: list[tuple[str, Any]] = field(default_factory=list)

    def receive(self, event: TransportEvent) -> None:
        if not isinstance(event, Arrived):
            return
        what = event.topic.split("/down/")[1]
        if not event.payload:
            self.came.append((what, None))
        else:
            message = json.loads(event.payload)
            self.came.append((what, message))
            if what.startswith("day/") and message["revision"] > self.days.get(what[4:], {"revision": 0})["revision"]:
                self.days[what[4:]] = {"revision": message["revision"], "digest": digest(event.payload)}
        self.transport.accept(event.receipt)

    def say(self, what: str, message: object, *, retain: bool = False) -> None:
        self.transport.publish(f"fangxue/v1/shifan/{self.name}/up/{what}", json.dumps(message).encode(), retain=retain)

    def status_now(self) -> dict[str, object]:
        return {
            "v": 1, "school": "shifan", "gate": self.name, "start": 1, "log": LOG, "link": "up", "doing": "idle",
            "days": self.days, "alert_seq": 0, "now": None, "next": None, "waiting": [], "holds": [], "slip": {},
            "bound_s": None, "check": [], "problems": 0, "version": "9-foreign", "reads_v": 1,
        }  # fmt: skip

    def status(self, **changes: object) -> None:
        self.say("status", {**self.status_now(), **changes}, retain=True)

    def event_of(self, seq: int, *records: object, presses: Sequence[object] = ()) -> dict[str, object]:
        base = {"v": 1, "school": "shifan", "gate": self.name, "log": LOG, "seq": seq, "problems": []}
        return {**base, "records": records, "presses": presses}

    def event(self, seq: int, *records: object, presses: Sequence[object] = ()) -> None:
        self.say("event", self.event_of(seq, *records, presses=presses))

    def press(self, seq: int, at: str = "2026-11-25T02:00:00Z", **changes: object) -> dict[str, object]:
        """Of the button `hold`; it opened a hold unless `ends` names some."""
        own = f"{self.name}/{LOG}-{seq}"
        return {"id": own, "button": "hold", "at": at, "target": None, "ends": [], "result": "done", **changes}

    def took(self) -> list[tuple[str, Any]]:
        """What came since the last time."""
        came, self.came = self.came, []
        return came


class School:
    """A centre, its broker and two gates. Everything moves in `go`."""

    def __init__(self, folder: Path, clock: FakeClock | None = None) -> None:
        self.clock = clock or FakeClock(TEN, error_s=0.1)
        self.broker = MemoryBroker(self.clock)
        self.folder = folder
        self.said: list[str] = []
        self.start()
        self.east, self.west = self.gate("east"), self.gate("west")
        self.go()

    def start(self, text: str = TEXT, source: Literal["kernel", "owner"] = "owner") -> None:
        self.alarm = FakeAlarm()
        self.store = Store(self.folder / "centre.sqlite")
        self.transport = MemoryTransport(self.broker, "centre", ["fangxue/v1/+/+/up/#"], None)
        parts = Parts(self.clock, self.store, self.transport, self.alarm, self.said.append)
        plan, _ = read(text, "plan.toml")
        self.centre = Centre(plan, text, ClockSettings(source=source), parts)
        self.transport.start(self.centre.handle)

    def stop(self) -> None:
        self.transport.stop()
        self.store.close()

    def gate(self, name: str) -> ForeignGate:
        transport = MemoryTransport(self.broker, f"shifan/{name}", [f"fangxue/v1/shifan/{name}/down/#"], None)
        made = ForeignGate(name, transport, self.clock)
        transport.start(made.receive)
        return made

    def go(self, seconds: float = 0.0, step_s: float = 1.0) -> None:
        """Time passes in steps, as in the loop: a look at the agenda after each."""
        self.broker.deliver()
        self.centre.handle(_TICK)
        self.broker.deliver()
        while seconds > 0:
            self.clock.advance(min(step_s, seconds))
            seconds -= step_s
            self.centre.handle(_TICK)
            self.broker.deliver()

    def settle_in(self) -> None:
        """Both gates have all days, and have said so."""
        for _ in range(2):
            self.east.status()
            self.west.status()
            self.go(2)
        self.east.took()
        self.west.took()

    def plan(self, old: str, new: str) -> None:
        assert TEXT.count(old) == 1
        text = TEXT.replace(old, new)
        self.centre.handle(PlanChanged(read(text, "plan.toml")[0], text))
        self.go()


def record(cue: str, **changes: object) -> dict[str, object]:
    made = {
        "cue": cue, "attempt": 1, "revision": 1, "result": "announced", "final": True,
        "planned": "2026-11-25T03:30:00Z", "actual": "2026-11-25T03:30:00.012Z", "ended": "2026-11-25T03:30:05Z",
        "bound_s": 0.1, "slip_s": 0, "source": "timer", "volume_pct": 80, "heard": "yes",
    }  # fmt: skip
    return {**made, **changes}


def fill(store: Store) -> None:
    with store._engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


def unfill(store: Store) -> None:
    with store._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")


def break_store(school: School) -> Callable[[], None]:
    """The folder of the store is gone, until the returned call brings it back."""
    away = school.folder.with_name("away")
    school.folder.rename(away)

    def back() -> None:
        away.rename(school.folder)

    return back


def asked(school: School, n: int) -> dict[str, Any]:
    """The centre's answer to a gate that asks for the time."""
    school.east.took()
    school.east.say("ask", {"v": 1, "start": 1, "n": n})
    school.go()
    [(what, answer)] = school.east.took()
    assert what == "time"
    assert isinstance(answer, dict)
    return answer
