"""What the centre's tests are made of: days, statuses, records and events of a small school."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from broker.agenda import AgendaEvent, DaysIssued, Effect, Linked, Send, State, step
from broker.issued import Issued, as_issued
from broker.wire import topics
from broker.wire.messages import Ack, Event, Held, LiveCue, Record, Status, encode
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


def cue(on: date, subject: str, after_s: float, **changes: Any) -> Cue:  # noqa: ANN401 - fields of a model, which checks them
    at = OPENS + (on - TODAY) + timedelta(seconds=after_s)
    fields: dict[str, Any] = {
        "id": f"{on}/noon/{subject}/call", "window": "noon", "at": at, "until": at + timedelta(seconds=60),
        "kind": "call", "classes": (subject,), "say": f"请注意，{subject}正在放学。", "repeat": 1, "light": "go",
        "released": None, "state": "planned",
    }  # fmt: skip
    return Cue(**{**fields, **changes})


def window(on: date, *, closes_s: float = 1800.0, **changes: Any) -> Window:  # noqa: ANN401 - fields of a model, which checks them
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
    return as_issued(encode(of))


def held(*days: Issued) -> dict[date, Held]:
    return {one.day.date: Held(revision=one.day.revision, digest=one.digest) for one in days}


def status(
    address: Address = EAST,
    days: dict[date, Held] | None = None,
    **changes: Any,  # noqa: ANN401 - fields of a model, which checks them
) -> Status:
    fields: dict[str, Any] = {
        "v": 1, "school": address.school, "gate": address.gate, "start": 1, "log": LOG, "link": "up", "doing": "idle",
        "days": days or {}, "alert_seq": 0, "now": None, "next": None, "waiting": (), "holds": (), "slip": {},
        "bound_s": 0.1, "check": (), "problems": 0, "version": "0.1.0", "reads_v": 1,
    }  # fmt: skip
    return Status(**{**fields, **changes})


def record(subject: str = "g1c1", attempt: int = 1, on: date = TODAY, **changes: Any) -> Record:  # noqa: ANN401 - fields of a model, which checks them
    at = OPENS + (on - TODAY) + timedelta(seconds=300)
    fields: dict[str, Any] = {
        "cue": f"{on}/noon/{subject}/call", "attempt": attempt, "revision": 1, "result": "announced", "final": True,
        "planned": at, "actual": at, "ended": at + timedelta(seconds=5), "bound_s": 0.1, "slip_s": 0.0,
        "source": "timer", "volume_pct": 80, "heard": "yes",
    }  # fmt: skip
    return Record(**{**fields, **changes})


def event(address: Address = EAST, seq: int = 1, *records: Record, **changes: Any) -> Event:  # noqa: ANN401 - fields of a model, which checks them
    fields: dict[str, Any] = {
        "v": 1, "school": address.school, "gate": address.gate, "log": LOG, "seq": seq,
        "records": records, "presses": (), "problems": (),
    }  # fmt: skip
    return Event(**{**fields, **changes})


# The agenda ---------------------------------------------------------------------------------------

TOMORROW, YESTERDAY, LATER = (TODAY + timedelta(days=n) for n in (1, -1, 2))
EAST_TODAY, EAST_TOMORROW, EAST_LATER = (issued(day(EAST, on)) for on in (TODAY, TOMORROW, LATER))
WEST_TODAY = issued(day(WEST, TODAY, cues=()))
DAYS = (EAST_TODAY, EAST_TOMORROW, EAST_LATER, WEST_TODAY)
MORNING = -3600.0


def sent(one: Issued, *, retain: bool = False) -> Send:
    address = Address(one.day.school, one.day.gate)
    return Send(topics.day(address, one.day.date), one.payload, retain=retain)


def cleared(address: Address, on: date) -> Send:
    return Send(topics.day(address, on), b"", retain=True)


def ack(address: Address = EAST, seq: int = 0, log: str = LOG) -> Send:
    return Send(topics.down(address, "ack"), Ack(v=1, log=log, seq=seq))


def live(one: Issued, n: int, now: Instant, slip_s: float = 0.0, address: Address = EAST) -> Send:
    of = one.day.cues[n]
    message = LiveCue(
        v=1,
        sent_at=now.utc,
        revision=one.day.revision,
        due=of.at + timedelta(seconds=slip_s),
        window=one.day.windows[0],
        cue=of,
    )
    return Send(topics.down(address, "cue"), message)


def told(state: State, *steps: tuple[Instant, AgendaEvent]) -> tuple[State, list[Effect]]:
    """The state after all of it, and everything it was told to do."""
    effects: list[Effect] = []
    for now, what in steps:
        state, more = step(state, now, what)
        effects += more
    return state, effects


def running(*days: Issued, today: date = TODAY, at_s: float = MORNING) -> State:
    """Connected, everything cached, no gate heard of yet."""
    gates = (EAST, WEST)
    return told(State(), (instant(at_s), DaysIssued(gates, days or DAYS, today)), (instant(at_s), Linked(up=True)))[0]
