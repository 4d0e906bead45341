"""The whole centre, but for the network and the hours: real store, broker in memory, and a gate that is none of ours."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from broker.agenda import Tick
from broker.centre import Centre, Parts, PlanChanged
from broker.store import Store
from broker.wire.messages import digest
from broker.wire.transport import Arrived, TransportEvent
from broker.wire.transport_memory import MemoryBroker, MemoryTransport
from centre_rig import LOG
from config import limits
from config.clock_fake import FakeClock
from config.errors import BadInputError, OutsideError
from config.lint import read
from config.plan import Plan, WindowEntry
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

    def event_of(self, seq: int, *records: object) -> dict[str, object]:
        base = {"v": 1, "school": "shifan", "gate": self.name, "log": LOG, "seq": seq, "presses": [], "problems": []}
        return {**base, "records": records}

    def event(self, seq: int, *records: object) -> None:
        self.say("event", self.event_of(seq, *records))

    def took(self) -> list[tuple[str, Any]]:
        """What came since the last time."""
        came, self.came = self.came, []
        return came


class School:
    """A centre, its broker and two gates. Everything moves in `go`."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock(TEN, error_s=0.1)
        self.broker = MemoryBroker(self.clock)
        self.folder = folder
        self.said: list[str] = []
        self.start()
        self.east, self.west = self.gate("east"), self.gate("west")
        self.go()

    def start(self, text: str = TEXT, source: Any = "owner") -> None:
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


@pytest.fixture
def school(tmp_path: Path) -> School:
    return School(tmp_path)


def record(cue: str, **changes: object) -> dict[str, object]:
    made = {
        "cue": cue, "attempt": 1, "revision": 1, "result": "announced", "final": True,
        "planned": "2026-11-25T03:30:00Z", "actual": "2026-11-25T03:30:00.012Z", "ended": "2026-11-25T03:30:05Z",
        "bound_s": 0.1, "slip_s": 0, "source": "timer", "volume_pct": 80, "heard": "yes",
    }  # fmt: skip
    return {**made, **changes}


HORIZON = [f"day/2026-11-{25 + n}" if n < 6 else f"day/2026-12-{n - 5:02}" for n in range(14)]


# Days ---------------------------------------------------------------------------------------------


def test_a_gate_that_connects_finds_two_days_cached_and_gets_fourteen_and_an_ack(school: School) -> None:
    cached = [what for what, message in school.east.took() if message is not None]
    assert cached == HORIZON[:2]
    school.east.days.clear()
    school.east.status()
    school.go()
    came = school.east.took()
    assert [what for what, _ in came] == [*HORIZON, "ack"]
    assert [message["revision"] for what, message in came[:-1]] == [1] * 14
    assert came[-1] == ("ack", {"v": 1, "log": LOG, "seq": 0})
    assert school.west.took()[:2] != []


def test_a_gate_that_has_everything_gets_the_ack_alone(school: School) -> None:
    school.settle_in()
    school.east.status()
    school.go()
    assert [what for what, _ in school.east.took()] == ["ack"]


def test_a_plan_change_reaches_only_the_gate_it_touches(school: School) -> None:
    school.settle_in()
    school.plan('notice = "晚自习放学，请家长等候。"', 'notice = "晚自习放学，请家长在东门等候。"')
    came = school.east.took()
    assert sorted({what for what, _ in came}) == sorted([*HORIZON, "ack"])
    assert {message["revision"] for what, message in came if what != "ack"} == {2}
    assert school.west.took() == []


def test_a_plan_that_says_the_same_changes_nothing(school: School) -> None:
    school.settle_in()
    school.plan('contact = "教务处"', 'contact = "教务处 0635"')
    assert (school.east.took(), school.west.took()) == ([], [])
    assert "0635" in (school.store.plan() or "")


def test_a_plan_changed_back_is_a_newer_revision_not_an_old_one(school: School) -> None:
    school.settle_in()
    school.plan("every_s = 45", "every_s = 60")
    school.plan("v = 1", "v = 1")
    assert [message["revision"] for what, message in school.east.took() if what == HORIZON[5]] == [2, 3]


def test_a_plan_no_message_can_carry_changes_nothing(school: School) -> None:
    school.settle_in()
    before = school.centre.state
    plan, _ = read(TEXT, "plan.toml")
    fields = {name: getattr(plan, name) for name in type(plan).model_fields}
    noon = {name: getattr(plan.windows[0], name) for name in type(plan.windows[0]).model_fields}
    noon = {**noon, "opens": "12:00", "closes": "11:00", "starts": None}
    bad = Plan(**{**fields, "windows": (WindowEntry(**noon),)})
    with pytest.raises(BadInputError, match="排不出放学表"):
        school.centre.handle(PlanChanged(bad, "bad"))
    school.go(1)
    assert school.store.plan() == TEXT
    assert (school.centre.state, school.east.took(), school.west.took()) == (before, [], [])


def test_a_plan_the_disk_does_not_take_changes_nothing_not_even_at_midnight(school: School) -> None:
    school.settle_in()
    fill(school.store)
    with pytest.raises(OutsideError, match="full"):
        school.plan("every_s = 45", "every_s = 60 # " + "x" * 50_000)
    school.go(1)
    assert (school.east.took(), school.west.took()) == ([], [])
    unfill(school.store)
    school.clock.advance(14 * 3600)
    school.go(1)
    tomorrow = [message for what, message in school.east.took() if what == HORIZON[2]]
    assert [message["revision"] for message in tomorrow] == [1]


def test_a_centre_that_starts_again_keeps_revisions_and_numbers(school: School) -> None:
    school.settle_in()
    school.plan("every_s = 45", "every_s = 60")
    school.settle_in()
    school.east.event(7, record("2026-11-25/noon/g1c1/call"))
    school.go()
    assert school.east.took() == [("ack", {"v": 1, "log": LOG, "seq": 7})]
    school.stop()
    school.start(TEXT.replace("every_s = 45", "every_s = 60"))
    school.go(2)
    school.east.took()
    school.east.status()
    school.go()
    assert school.east.took() == [("ack", {"v": 1, "log": LOG, "seq": 7})]
    assert {one["revision"] for one in school.east.days.values()} == {2}


def test_a_centre_that_lost_its_store_sends_no_older_day_and_takes_records_again(school: School) -> None:
    school.settle_in()
    school.plan("every_s = 45", "every_s = 60")
    school.settle_in()
    school.stop()
    school.folder = school.folder / "new"
    school.start()
    school.go(2)
    school.east.took()
    school.east.status()
    school.go()
    assert school.east.took() == [("ack", {"v": 1, "log": LOG, "seq": 0})]
    assert len([line for line in school.said if "newer-at-gate: shifan/east" in line]) == 14
    school.plan('closes = "11:55"', 'closes = "11:58"')
    assert {message["revision"] for what, message in school.east.took() if what != "ack"} == {3}


def test_a_day_written_by_another_version_is_issued_anew(school: School) -> None:
    school.settle_in()
    payload = (school.store.day(school.centre.state.gates[0], TEN.date()) or b"").replace(b'"v":1,', b'"v":2,')
    school.store.keep_days([(school.centre.state.gates[0], TEN.date(), 5, payload)])
    school.stop()
    school.start()
    school.go(2)
    school.east.status()
    school.go()
    assert school.east.days["2026-11-25"]["revision"] == 6


def test_a_gate_that_claims_an_absurd_revision_does_not_stop_the_plan(school: School) -> None:
    school.settle_in()
    school.east.status(days={"2026-11-27": {"revision": 2**53 - 1, "digest": "0" * 16}})
    school.go(2)
    school.plan("every_s = 45", "every_s = 60")
    assert school.centre.state.days[school.centre.state.gates[0], TEN.date() + timedelta(days=2)].day.revision == 2


# The clock ----------------------------------------------------------------------------------------


def asked(school: School, n: int) -> dict[str, Any]:
    school.east.took()
    school.east.say("ask", {"v": 1, "start": 1, "n": n})
    school.go()
    [(what, answer)] = school.east.took()
    assert what == "time"
    assert isinstance(answer, dict)
    return answer


def test_a_question_is_answered_with_the_instants_it_came_and_left(school: School) -> None:
    school.settle_in()
    assert asked(school, 3) == {
        "v": 1, "start": 1, "n": 3, "received_at": "2026-11-25T02:00:04Z", "sent_at": "2026-11-25T02:00:04Z",
        "error_s": 0.1,
    }  # fmt: skip


def test_a_step_of_the_wall_clock_ends_an_owners_word_also_after_a_restart(school: School) -> None:
    school.settle_in()
    school.clock.error_s = None
    assert asked(school, 1)["error_s"] is None
    school.centre.confirm_time("李主任")
    assert asked(school, 2)["error_s"] == pytest.approx(limits.OWNER_ERROR_S)
    school.clock.step(3600)
    assert asked(school, 3)["error_s"] is None
    assert school.alarm.checks == 1
    school.stop()
    school.start()
    school.go(1)
    assert asked(school, 4)["error_s"] is None


def test_an_owners_word_survives_a_restart_and_not_a_week(school: School) -> None:
    school.clock.error_s = None
    school.centre.confirm_time("李主任")
    school.stop()
    school.clock.advance(24 * 3600)
    school.start()
    school.go(1)
    assert asked(school, 1)["error_s"] == pytest.approx(limits.OWNER_ERROR_S + 4.32, abs=0.01)
    school.clock.advance(7 * 24 * 3600)
    school.go(1)
    assert asked(school, 2)["error_s"] is None


def test_a_cue_goes_to_its_gate_once_and_two_seconds_ahead(school: School) -> None:
    school.settle_in()
    school.clock.advance(88 * 60)
    school.go(120, step_s=0.5)
    live = [message for what, message in school.east.took() if what == "cue"]
    assert [(one["cue"]["id"], one["due"], one["sent_at"]) for one in live] == [
        ("2026-11-25/noon/g1c1/call", "2026-11-25T03:30:00Z", "2026-11-25T03:29:58Z")
    ]
    assert [message["cue"]["classes"] for what, message in school.west.took() if what == "cue"] == [["g2c1"]]


def test_the_alarm_is_set_to_the_next_cue(school: School) -> None:
    school.clock.advance(89 * 60 + 30)
    school.go()
    assert school.alarm.at == TEN + timedelta(minutes=90, seconds=-2)


def test_a_new_date_brings_its_last_day_and_clears_yesterdays_cache(school: School) -> None:
    school.settle_in()
    school.clock.advance(14 * 3600)
    school.go(1)
    came = [(what, message and message.get("revision")) for what, message in school.east.took()]
    assert came == [("day/2026-11-25", None), ("day/2026-11-27", 1), ("day/2026-12-09", 1), ("ack", None)]
    cached = sorted(topic.split("/down/")[1] for topic in school.broker.retained if "/east/down/" in topic)
    assert cached == ["day/2026-11-26", "day/2026-11-27"]


# The books ----------------------------------------------------------------------------------------


def test_what_a_dead_gate_did_not_report_is_written_down_and_replaced_when_it_comes(school: School) -> None:
    school.settle_in()
    school.east.event(1, record("2026-11-25/noon/g1c1/call"))
    school.go()
    school.clock.advance(117 * 60)
    school.go(60)

    def results() -> dict[str, str]:
        return {f"{at.gate} {one.cue.split('/')[2]}": one.result for at, one in school.store.records(TEN.date())}

    assert results() == {
        "east g1c1": "announced", "east g1c2": "unreported", "west g2c1": "unreported", "west g2c2": "unreported",
    }  # fmt: skip
    school.west.event(4, record("2026-11-25/noon/g2c2/call", result="missed", actual=None, ended=None, heard="no"))
    school.go()
    assert results()["west g2c2"] == "missed"


def test_an_event_the_disk_does_not_take_is_not_acknowledged_until_it_does(school: School) -> None:
    school.settle_in()
    records = [record(f"2026-11-25/noon/g1c1/call#{n}") for n in range(2, 22)]
    fill(school.store)
    school.east.event(20, *records)
    school.go()
    assert school.east.took() == []
    assert school.said[-1].startswith("问题 problem store: store: ")
    unfill(school.store)
    school.east.event(20, *records)
    school.go()
    assert school.east.took() == [("ack", {"v": 1, "log": LOG, "seq": 20})]


def test_a_midnight_without_a_disk_goes_on_with_the_days_it_has_and_catches_up(school: School) -> None:
    school.settle_in()
    school.store.close()
    broken = break_store(school)
    school.clock.advance(14 * 3600)
    school.go(3)
    assert [what for what, message in school.east.took() if message] == ["day/2026-11-27"]
    assert asked(school, 1)["error_s"] == pytest.approx(0.1)
    broken()
    school.go(limits.STATUS_EVERY_S + 2)
    assert "day/2026-12-09" in [what for what, message in school.east.took() if message]
    unreported = {one.cue for _, one in school.store.records(TEN.date()) if one.result == "unreported"}
    assert len(unreported) == 5


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


# Garbage ------------------------------------------------------------------------------------------


def garbage(rng: random.Random, good: list[bytes]) -> bytes:
    """Noise, or a good message with something wrong in it."""
    payload = bytearray(rng.choice(good))
    match rng.randrange(6):
        case 0:
            return rng.randbytes(rng.randrange(200))
        case 1:
            return bytes(payload[: rng.randrange(len(payload))])
        case 2:
            payload[rng.randrange(len(payload))] ^= 1 << rng.randrange(8)
            return bytes(payload).replace(b'"v": 1', b'"v": 2')
        case 3:
            return b"[" * rng.randrange(1, 20_000)
        case 4:
            message = json.loads(payload)
            message[rng.choice(list(message))] = rng.choice(
                [None, -1, 2**70, 1e400, "\u202e", "x" * 20_000, [[]], {"a": 1}]
            )
            return json.dumps(message).encode()
        case _:
            message = json.loads(payload)
            del message[rng.choice(list(message))]
            return json.dumps(message).encode()


WHATS = ["status", "event", "ask", "nothing", "day/2026-11-25", "cue"]


@pytest.mark.parametrize("seed", range(4))
def test_garbage_on_every_topic_changes_nothing(seed: int, school: School) -> None:
    rng = random.Random(seed)
    school.settle_in()
    good = [
        json.dumps(message).encode()
        for message in (
            school.east.status_now(),
            school.east.event_of(1, record("2026-11-25/noon/g1c1/call")),
            {"v": 1, "start": 1, "n": 1},
        )
    ]
    before = (school.centre.state, school.store.records(TEN.date()), school.store.seqs())
    for n in range(250):
        where = rng.choice(["shifan/east", "shifan/west", "shifan/north", "other/east"])
        topic = f"fangxue/v1/{where}/{rng.choice(['up', 'down'])}/{rng.choice(WHATS)}"
        payload = garbage(rng, good)
        try:
            school.centre.handle(Arrived(topic, payload, retained=False, receipt=n, monotonic_s=0.0))
        except Exception as error:  # noqa: BLE001 - told with its seed
            pytest.fail(f"seed {seed}, message {n}, {topic} {payload[:200]!r}: {type(error).__name__} {error}")
        after = (school.centre.state, school.store.records(TEN.date()), school.store.seqs())
        assert after == before, f"seed {seed}, message {n}, {topic} {payload[:200]!r}"
    school.go()
    assert (school.east.took(), school.west.took()) == ([], [])
