"""What must be sent next, to whom: `step(state, now, event) -> (state, effects)`, the gate's twin at the centre. Pure.

State, not deltas: a gate says what it holds, and is sent what is missing or old. Nothing is sent because it was once
forgotten, and nothing needs the broker to remember. The clock decides only while somebody vouches for it. Of a date
of which a gate holds a newer day than was issued nothing is sent until a person chose whose day counts.
"""

import math
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from broker import alerts
from broker.due import due, held, silent_from, slips_of, windows_at
from broker.issued import Issued, Key, Newer, is_newer, newer
from broker.wire import topics
from broker.wire.messages import Ack, Alert, Ask, Event, LiveCue, Status, Time
from broker.wire.topics import Address
from config import limits
from config.clock import Instant
from config.day import GateDay
from config.types import Frozen


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed."""


@dataclass(frozen=True, slots=True)
class Linked:
    up: bool


@dataclass(frozen=True, slots=True)
class DaysIssued:
    """What was folded: every gate of the plan, and each day of the horizon; `today` by the school's clocks.

    `kept`: dates for which a person chose the gates' own days.
    """

    gates: tuple[Address, ...]
    days: tuple[Issued, ...]
    today: date
    kept: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class StatusCame:
    address: Address
    status: Status


@dataclass(frozen=True, slots=True)
class AskCame:
    address: Address
    ask: Ask
    received: datetime


@dataclass(frozen=True, slots=True)
class EventCame:
    """From a gate's outbox; acknowledged once it is stored."""

    address: Address
    event: Event


@dataclass(frozen=True, slots=True)
class EventStored:
    """Everything up to `seq` of this log is durable here."""

    address: Address
    log: str
    seq: int


@dataclass(frozen=True, slots=True)
class AlertsKept:
    """All that are known, by number; what is new among them is durable."""

    alerts: tuple[Alert, ...]


AgendaEvent = AlertsKept | Tick | Linked | DaysIssued | StatusCame | AskCame | EventCame | EventStored


@dataclass(frozen=True, slots=True)
class Send:
    topic: str
    message: Frozen | bytes
    retain: bool = False


@dataclass(frozen=True, slots=True)
class Store:
    address: Address
    event: Event


@dataclass(frozen=True, slots=True)
class Settle:
    """The window (None: what stands outside windows) is over: what has no final record is unreported."""

    address: Address
    day: GateDay
    window: str | None


@dataclass(frozen=True, slots=True)
class Complain:
    """Something a person should know."""

    code: str
    text: str


Effect = Send | Store | Settle | Complain


@dataclass(frozen=True, slots=True)
class State:
    """`seqs`: what is stored of each gate's log; `unanswered`: gates whose status waits for its answer;
    `alerted`: the number of the alert that stands at the broker for a gate, 0 for none.
    """

    gates: tuple[Address, ...] = ()
    days: dict[Key, Issued] = field(default_factory=dict)
    today: date | None = None
    kept: frozenset[date] = frozenset()
    link_up: bool = False
    statuses: dict[Address, Status] = field(default_factory=dict)
    status_at_s: dict[Address, float] = field(default_factory=dict)
    seqs: dict[tuple[Address, str], int] = field(default_factory=dict)
    unanswered: frozenset[Address] = frozenset()
    answered_s: dict[Address, float] = field(default_factory=dict)
    cached: dict[str, str] = field(default_factory=dict)
    alerts: tuple[Alert, ...] = ()
    alerted: dict[Address, int] = field(default_factory=dict)
    live: frozenset[str] = frozenset()
    settled: frozenset[str] = frozenset()
    complained: frozenset[str] = frozenset()


def step(state: State, now: Instant, event: AgendaEvent) -> tuple[State, tuple[Effect, ...]]:
    """One event. `now.bound_s` None: nobody vouches for the centre's clock; then no live cue leaves it."""
    turn = _Turn(state, now)
    match event:
        case Tick():
            pass
        case Linked():
            # What stands at the broker now is anybody's guess: sent anew, or cleared, once it is up.
            turn.set(link_up=event.up, cached=dict.fromkeys(state.cached, ""), alerted={})
        case AlertsKept(known):
            turn.set(alerts=known)
        case DaysIssued():
            _days_issued(turn, event)
        case StatusCame():
            _status_came(turn, event)
        case AskCame(address, ask, received):
            sent_at, error_s = now.utc, now.bound_s
            answer = Time(v=1, start=ask.start, n=ask.n, received_at=received, sent_at=sent_at, error_s=error_s)
            turn.effects.append(Send(topics.down(address, "time"), answer))
        case EventCame(address, message):
            turn.effects.append(Store(address, message))
        case EventStored(address, log, seq):
            turn.set(seqs={**state.seqs, (address, log): seq})
            turn.effects.append(Send(topics.down(address, "ack"), Ack(v=1, log=log, seq=seq)))
    if turn.state.link_up:
        _alert(turn)
        silent = silent_dates(turn.state, now)
        _cache(turn, silent)
        _answer(turn, silent)
        _live(turn, silent)
    _settle(turn)
    return turn.state, tuple(turn.effects)


def wake(state: State, now: Instant) -> datetime:
    """When the next `Tick` could change something; `LOST_AFTER_S` ahead at most."""
    times = [at for address, issued in _in_order(state) for at in _instants(state, now, address, issued.day)]
    latest = now.utc + timedelta(seconds=limits.LOST_AFTER_S)
    soon = [now.utc + timedelta(seconds=limits.STATUS_LEAST_S)] if state.unanswered else []
    drill = alerts.standing(state.alerts, now.utc)
    soon += [drill.until] if drill is not None and drill.until is not None else []
    return min([latest, *soon, *(at for at in times if at > now.utc)])


def asked(state: State, now: Instant) -> tuple[Newer, ...]:
    """The days at gates that this centre did not issue, and of which nobody chose yet."""
    if state.today is None:
        return ()
    found = newer(state.days, state.statuses, state.today, now.utc)
    return tuple(one for one in found if one.on not in state.kept)


def silent_dates(state: State, now: Instant) -> frozenset[date]:
    """No day and no live cue leaves for these."""
    return state.kept | {one.on for one in asked(state, now)}


class _Turn:
    def __init__(self, state: State, now: Instant) -> None:
        self.state, self.now = state, now
        self.effects: list[Effect] = []

    def set(self, **changes: Any) -> None:  # noqa: ANN401 - the fields of State, checked by replace()
        self.state = replace(self.state, **changes)

    def complain(self, code: str, text: str) -> None:
        """Once a day for each reason."""
        if f"{code} {text}" not in self.state.complained and len(self.state.complained) < limits.INBOX_MAX:
            self.set(complained=self.state.complained | {f"{code} {text}"})
            self.effects.append(Complain(code, text))


def _days_issued(turn: _Turn, event: DaysIssued) -> None:
    days = {(one.address, one.day.date): one for one in event.days}
    changed = {
        key for key, one in days.items() if (old := turn.state.days.get(key)) is None or old.digest != one.digest
    }
    seen = frozenset(turn.state.statuses) & {address for address, _ in changed}
    if turn.state.today is None:  # what an earlier process left at the broker is cleared
        past = [event.today - timedelta(days=n + 1) for n in range(limits.HORIZON_DAYS)]
        turn.set(
            cached={
                topics.day(address, on): ""
                for address in event.gates
                for on in (*past, *sorted(event.kept.difference(past)))
            }
        )
    if event.today != turn.state.today:
        first = str(event.today - timedelta(days=1))
        turn.set(
            live=frozenset(key for key in turn.state.live if key.split(" ")[1] >= first),
            settled=frozenset(key for key in turn.state.settled if key.split(" ")[1] >= first),
            complained=frozenset(),
        )
    turn.set(
        gates=event.gates,
        days=days,
        today=event.today,
        kept=event.kept,
        unanswered=turn.state.unanswered | seen,
        answered_s={},
    )


def _status_came(turn: _Turn, event: StatusCame) -> None:
    """A will of an older process start is late, and ignored; a gate that speaks lives, though its card is a copy with
    fewer starts. A will was written when the gate connected: all but that it is lost is as the gate itself said last.
    """
    state, status, at_s = turn.state, event.status, turn.now.monotonic_s
    if event.address not in state.gates or (status.school, status.gate) != (event.address.school, event.address.gate):
        turn.complain("unknown-gate", str(event.address))
        return
    last = state.statuses.get(event.address)
    if status.link == "lost" and last is not None and last.log == status.log and last.start > status.start:
        return
    if last is not None and status.link == "lost" and (last.log, last.start) == (status.log, status.start):
        status, at_s = last.but(link="lost", doing="idle", now=None), state.status_at_s[event.address]
    turn.set(
        statuses={**state.statuses, event.address: status},
        status_at_s={**state.status_at_s, event.address: at_s},
    )
    if status.link == "up":
        turn.set(unanswered=turn.state.unanswered | {event.address})


def _answer(turn: _Turn, silent: frozenset[date]) -> None:
    """What a gate lacks, then the ack that ends the answer; at most once a second."""
    for address in sorted(turn.state.unanswered, key=str):
        since_s = turn.now.monotonic_s - turn.state.answered_s.get(address, -math.inf)
        status = turn.state.statuses.get(address)
        if since_s < limits.STATUS_LEAST_S or status is None:
            continue
        alert = alerts.wanted(turn.state.alerts, status, turn.now.utc)
        if alert is not None and status.alert_seq < alert.seq:
            turn.effects.append(Send(topics.down(address, "alert"), alert, retain=True))
        for issued in _lacking(turn, address, status, silent):
            retain = issued.day.date in _cached(turn.state)
            turn.effects.append(Send(topics.day(address, issued.day.date), issued.payload, retain=retain))
        seq = turn.state.seqs.get((address, status.log), 0)
        turn.effects.append(Send(topics.down(address, "ack"), Ack(v=1, log=status.log, seq=seq)))
        turn.set(
            unanswered=turn.state.unanswered - {address},
            answered_s={**turn.state.answered_s, address: turn.now.monotonic_s},
        )


def _alert(turn: _Turn) -> None:
    """To every gate, as state: before all days, and whatever question is open. One that holds a newer one keeps it."""
    known = turn.state.alerts
    for address in turn.state.gates if known else ():
        status = turn.state.statuses.get(address)
        alert = alerts.wanted(known, status, turn.now.utc)
        seq, ours = (alert.seq if alert else 0), status is None or status.alert_seq <= known[-1].seq
        if ours and turn.state.alerted.get(address) != seq:
            turn.effects.append(Send(topics.down(address, "alert"), alert or b"", retain=True))
            turn.set(alerted={**turn.state.alerted, address: seq})


def _lacking(turn: _Turn, address: Address, status: Status, silent: frozenset[date]) -> list[Issued]:
    """The days of the horizon that a gate has not, or has older. One that holds a newer one is left alone."""
    lacking = []
    for (owner, on), issued in sorted(turn.state.days.items(), key=lambda item: (str(item[0][0]), item[0][1])):
        held = status.days.get(on)
        if owner != address or (held is not None and held.digest == issued.digest):
            continue
        if held is not None and is_newer(held, issued) and on not in turn.state.kept:
            turn.complain("newer-at-gate", f"{address} {on}: {held.revision} > {issued.day.revision}")
        if not is_newer(held, issued) and on not in silent:
            lacking.append(issued)
    return lacking


def _newer_at_gate(state: State, address: Address, issued: Issued) -> bool:
    status = state.statuses.get(address)
    return status is not None and is_newer(status.days.get(issued.day.date), issued)


def _cache(turn: _Turn, silent: frozenset[date]) -> None:
    """Today's and tomorrow's days stand at the broker; what was cached before is cleared."""
    dates = [on for on in _cached(turn.state) if on not in silent]
    wanted = {topics.day(address, on): issued for (address, on), issued in turn.state.days.items() if on in dates}
    cached = dict(turn.state.cached)
    for topic in [topic for topic in cached if topic not in wanted]:
        turn.effects.append(Send(topic, b"", retain=True))
        del cached[topic]
    for topic, issued in wanted.items():
        if cached.get(topic) != issued.digest and not _newer_at_gate(turn.state, issued.address, issued):
            turn.effects.append(Send(topic, issued.payload, retain=True))
            cached[topic] = issued.digest
    turn.set(cached=cached)


def _cached(state: State) -> tuple[date, ...]:
    return () if state.today is None else (state.today, state.today + timedelta(days=1))


def _live(turn: _Turn, silent: frozenset[date]) -> None:
    """Each cue that may be called leaves once, 2 s ahead of its instant at that gate; in a hold none does."""
    now = turn.now
    if now.bound_s is None or now.bound_s > limits.TOLERANCE_S:
        return
    if alerts.standing(turn.state.alerts, now.utc) is not None:
        return
    ahead = timedelta(seconds=limits.LIVE_AHEAD_S)
    for address, issued in _in_order(turn.state):
        if (
            held(turn.state.statuses.get(address), issued.day)
            or issued.day.date in silent
            or _newer_at_gate(turn.state, address, issued)
        ):
            continue
        slips = slips_of(turn.state.statuses.get(address), issued.day)
        for cue in issued.day.cues:
            if (at := due(issued.day, cue, slips)) is None or cue.state == "cancelled" or silent_from(issued.day, at):
                continue
            # What a person let go just now is already due; it may leave as long as it counts.
            last = at if cue.released is None else at + (cue.until - cue.at)
            key = f"{address} {cue.id} {issued.day.revision}"
            if at - ahead > now.utc or last < now.utc or key in turn.state.live:
                continue
            window, revision = issued.day.window(cue), issued.day.revision
            live = LiveCue(v=1, sent_at=now.utc, revision=revision, due=at, window=window, cue=cue)
            turn.effects.append(Send(topics.down(address, "cue"), live))
            turn.set(live=turn.state.live | {key})


def _settle(turn: _Turn) -> None:
    for address, issued in _in_order(turn.state):
        for window, at in _silent(turn.state, address, issued.day, turn.now.utc):
            key = f"{address} {issued.day.date} {window} {at}"  # a later end is settled once more
            if at <= turn.now.utc and key not in turn.state.settled:
                turn.effects.append(Settle(address, issued.day, window))
                turn.set(settled=turn.state.settled | {key})


def _silent(state: State, address: Address, day: GateDay, now: datetime) -> list[tuple[str | None, datetime]]:
    """When a gate should have told of each window, and of each cue outside windows."""
    windows = windows_at(day, state.statuses.get(address), state.alerts, now).values()
    outside: list[tuple[str | None, datetime]] = [(None, cue.until) for cue in day.cues if cue.window is None]
    ends = [*((window.id, window.closes) for window in windows), *outside]
    return [(window, at + timedelta(seconds=limits.UNREPORTED_AFTER_S)) for window, at in ends]


def _in_order(state: State) -> list[tuple[Address, Issued]]:
    """Yesterday's and today's days, gate by gate: what can be due now."""
    if state.today is None:
        return []
    rows = [(key, issued) for key, issued in state.days.items() if key[1] <= state.today]
    return [(address, issued) for (address, _), issued in sorted(rows, key=lambda row: (str(row[0][0]), row[0][1]))]


def _instants(state: State, now: Instant, address: Address, day: GateDay) -> list[datetime]:
    slips = slips_of(state.statuses.get(address), day)
    ahead = timedelta(seconds=limits.LIVE_AHEAD_S)
    live = [at - ahead for cue in day.cues if (at := due(day, cue, slips)) is not None]
    return [*live, *(at for _, at in _silent(state, address, day, now.utc))]
