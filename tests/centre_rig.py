"""What the centre's tests are made of: days, statuses, records and events of a small school."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from broker.agenda import Issued
from broker.wire.messages import Event, Held, Record, Status, digest, encode
from broker.wire.topics import Address
from config.clock import Instant
from config.day import Cue, GateDay, Window

TODAY = date(2026, 11, 25)
EAST, WEST = Address("shifan", "east"), Address("shifan", "west")
LOG = "0123abcd"
OPENS = datetime(2026, 11, 25, 3, 25, tzinfo=UTC)
"""11:25 by the school's clocks; the first call is five minutes later."""


def instant(after_s: float, *, bound_s: float | None = 0.1, monotonic_s: float | None = None) -> Instant:
    """So many seconds after the window of TODAY opened."""
    at = OPENS + timedelta(seconds=after_s)
    return Instant(at, 1000.0 + after_s if monotonic_s is None else monotonic_s, bound_s)


def cue(on: date, subject: str, after_s: float, **changes: Any) -> Cue:
    at = OPENS + (on - TODAY) + timedelta(seconds=after_s)
    fields: dict[str, Any] = {
        "id": f"{on}/noon/{subject}/call", "window": "noon", "at": at, "until": at + timedelta(seconds=60),
        "kind": "call", "classes": (subject,), "say": f"请注意，{subject}正在放学。", "repeat": 1, "light": "go",
        "released": None, "state": "planned",
    }  # fmt: skip
    return Cue(**{**fields, **changes})


def window(on: date, *, closes_s: float = 1800.0, **changes: Any) -> Window:
    opens = OPENS + (on - TODAY)
    fields: dict[str, Any] = {
        "id": "noon", "kind": "dismissal", "name": "午放学", "opens": opens,
        "closes": opens + timedelta(seconds=closes_s), "pacing": "timed", "every_s": 45.0, "rest_s": 3.0,
        "max_wait_s": 0.0, "on_timeout": "pass_over", "gain_db": 0.0,
    }  # fmt: skip
    return Window(**{**fields, **changes})


def day(
    address: Address = EAST,
    on: date = TODAY,
    revision: int = 1,
    cues: Sequence[Cue] | None = None,
    windows: Sequence[Window] | None = None,
) -> GateDay:
    return GateDay(
        v=1, school=address.school, gate=address.gate, date=on, zone="Asia/Shanghai", revision=revision,
        issued_at=OPENS, day_type="normal", mode="live", quiet=(), holds=(),
        windows=tuple(windows) if windows is not None else (window(on),),
        cues=tuple(cues) if cues is not None else (cue(on, "g1c1", 300), cue(on, "g1c2", 345)),
    )  # fmt: skip


def issued(of: GateDay) -> Issued:
    payload = encode(of)
    return Issued(of, payload, digest(payload))


def held(*days: Issued) -> dict[date, Held]:
    return {one.day.date: Held(revision=one.day.revision, digest=one.digest) for one in days}


def status(address: Address = EAST, days: dict[date, Held] | None = None, **changes: Any) -> Status:
    fields: dict[str, Any] = {
        "v": 1, "school": address.school, "gate": address.gate, "start": 1, "log": LOG, "link": "up", "doing": "idle",
        "days": days or {}, "alert_seq": 0, "now": None, "next": None, "waiting": (), "holds": (), "slip": {},
        "bound_s": 0.1, "check": (), "problems": 0, "version": "0.1.0", "reads_v": 1,
    }  # fmt: skip
    return Status(**{**fields, **changes})


def record(subject: str = "g1c1", attempt: int = 1, on: date = TODAY, **changes: Any) -> Record:
    at = OPENS + (on - TODAY) + timedelta(seconds=300)
    fields: dict[str, Any] = {
        "cue": f"{on}/noon/{subject}/call", "attempt": attempt, "revision": 1, "result": "announced", "final": True,
        "planned": at, "actual": at, "ended": at + timedelta(seconds=5), "bound_s": 0.1, "slip_s": 0.0,
        "source": "timer", "volume_pct": 80, "heard": "yes",
    }  # fmt: skip
    return Record(**{**fields, **changes})


def event(address: Address = EAST, seq: int = 1, *records: Record, **changes: Any) -> Event:
    fields: dict[str, Any] = {
        "v": 1, "school": address.school, "gate": address.gate, "log": LOG, "seq": seq,
        "records": records, "presses": (), "problems": (),
    }  # fmt: skip
    return Event(**{**fields, **changes})
