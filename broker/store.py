"""The centre's store: plans, issued days, records, confirmations of the time. SQLAlchemy Core over SQLite.

One thread uses it. A transaction is durable when its call returns; what comes twice stands once.
"""

import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Column,
    Engine,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    create_engine,
    delete,
    event,
    func,
    select,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import SQLAlchemyError

from broker.wire.messages import Alert, Event, Problem, Record
from broker.wire.topics import Address
from config import limits
from config.changes import Change
from config.errors import OutsideError
from config.types import written

_META = MetaData()
_PLANS = Table("plans", _META, Column("n", Integer, primary_key=True), Column("text", String, nullable=False))
_DAYS = Table(
    "days",
    _META,
    Column("gate", String, primary_key=True),
    Column("date", String, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("payload", String, nullable=False),
    Column("crc", Integer, nullable=False),
)
_RECORDS = Table(
    "records",
    _META,
    Column("gate", String, primary_key=True),
    Column("cue", String, primary_key=True),
    Column("log", String, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("date", String, nullable=False, index=True),
    Column("seq", Integer, nullable=False),
    Column("payload", String, nullable=False),
    Column("crc", Integer, nullable=False),
)
_PROBLEMS, _PRESSES = (
    Table(
        name,
        _META,
        Column("gate", String, primary_key=True),
        Column("id", String, primary_key=True),
        Column("seq", Integer, nullable=False),
        Column("payload", String, nullable=False),
        Column("crc", Integer, nullable=False),
    )
    for name in ("problems", "presses")
)
_LOGS = Table(
    "logs",
    _META,
    Column("gate", String, primary_key=True),
    Column("log", String, primary_key=True),
    Column("seq", Integer, nullable=False),
)
_CONFIRMED = Table(
    "confirmations",
    _META,
    Column("at", String, primary_key=True),
    Column("by", String, nullable=False),
    Column("wall_s", Float, nullable=False),
)
_CHANGES = Table(
    "changes",
    _META,
    Column("n", Integer, primary_key=True),
    Column("key", String, nullable=False, unique=True),
    Column("date", String, nullable=False, index=True),
    Column("payload", String, nullable=False),
    Column("crc", Integer, nullable=False),
)
_CHOICES = Table(
    "choices",
    _META,
    Column("n", Integer, primary_key=True),
    Column("key", String, nullable=False),
    Column("date", String, nullable=False),
    Column("keep", Integer, nullable=False),
    Column("at", String, nullable=False),
    Column("by", String, nullable=False),
)
_ALERTS = Table(
    "alerts",
    _META,
    Column("seq", Integer, primary_key=True),
    Column("key", String, nullable=False, index=True),
    Column("date", String, nullable=False, index=True),
    Column("payload", String, nullable=False),
    Column("crc", Integer, nullable=False),
)
_STOPPED = Table("stopped", _META, Column("n", Integer, primary_key=True), Column("key", String, nullable=False))
_NO_LOG = ""
"""The log of what the centre itself wrote: `unreported`."""


def _newest(table: Table) -> Any:  # noqa: ANN401 - the statement's type depends on the database
    """Put a row in, or over one that is not newer."""
    made = insert(table)
    changed = {column.name: made.excluded[column.name] for column in table.columns if not column.primary_key}
    keys = list(table.primary_key)
    return made.on_conflict_do_update(index_elements=keys, set_=changed, where=table.c.seq <= made.excluded.seq)


# Made once: SQLAlchemy takes three times as long to make a statement as to carry it out.
_ISSUED, _CHANGED = insert(_DAYS), insert(_CHANGES)
_GATE, _DATE, _KEY, _LOG = (bindparam(name, type_=String()) for name in ("gate", "date", "key", "log"))
_DAY = select(_DAYS.c.payload, _DAYS.c.crc).where(_DAYS.c.gate == _GATE, _DAYS.c.date == _DATE)
_DAY = _DAY.order_by(_DAYS.c.revision.desc()).limit(1)
_REVISION = select(func.max(_DAYS.c.revision)).where(_DAYS.c.gate == _GATE, _DAYS.c.date == _DATE)
_GATES_ON = select(_DAYS.c.gate).where(_DAYS.c.date == _DATE).distinct()
_CHANGES_ON = select(_CHANGES.c.payload, _CHANGES.c.crc).where(_CHANGES.c.date == _DATE).order_by(_CHANGES.c.n)
_CHANGE_OF = select(_CHANGES.c.payload).where(_CHANGES.c.key == _KEY)
_LAST_N = select(func.max(_CHOICES.c.at), select(func.max(_CHANGES.c.n)).scalar_subquery())
_SEQS = select(_LOGS.c.gate, _LOGS.c.log, _LOGS.c.seq)
_SEQ = select(_LOGS.c.seq).where(_LOGS.c.gate == _GATE, _LOGS.c.log == _LOG)
_STANDING = select(_PROBLEMS.c.payload, _PROBLEMS.c.crc).where(
    _PROBLEMS.c.gate == _GATE,
    _PROBLEMS.c.id.startswith(bindparam("of_log")),
    func.json_extract(_PROBLEMS.c.payload, "$.closed_at").is_(None),
)
_STANDING = _STANDING.order_by(_PROBLEMS.c.seq.desc()).limit(limits.PROBLEMS_SHOWN)
_RECORDS_ON = select(_RECORDS.c.gate, _RECORDS.c.payload, _RECORDS.c.crc).where(_RECORDS.c.date == _DATE)
_RECORDS_ON = _RECORDS_ON.order_by(_RECORDS.c.gate, _RECORDS.c.cue, _RECORDS.c.attempt)
_NEWEST = {table: _newest(table) for table in (_RECORDS, _PROBLEMS, _PRESSES)}
_REPORTED = delete(_RECORDS).where(
    _RECORDS.c.gate == _GATE, _RECORDS.c.cue == bindparam("of_cue"), _RECORDS.c.log == _NO_LOG
)
_REACHED = insert(_LOGS)
_REACHED = _REACHED.on_conflict_do_update(
    index_elements=list(_LOGS.primary_key), set_={"seq": func.max(_LOGS.c.seq, _REACHED.excluded.seq)}
)


Row = dict[str, Any]
DayRow = tuple[Address, date, int, bytes]
"""An issued day: whose, of when, its revision, and the message as it was sent."""


class Store:
    """One SQLite file, made when missing. Every method raises OutsideError when the disk does not do its part."""

    def __init__(self, file: Path) -> None:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"store {file}: {error.strerror}; give the centre a folder it may write"
            raise OutsideError(message) from error
        try:
            self._engine = _opened(file, _durable)
        except OutsideError:
            self._engine = _opened(file, _alone)

    def close(self) -> None:
        self._engine.dispose()

    def plan(self) -> str | None:
        """The newest plan that was accepted."""
        rows = self._rows(select(_PLANS.c.text).order_by(_PLANS.c.n.desc()).limit(1))
        return rows[0][0] if rows else None

    def keep_plan(self, text: str) -> None:
        """A plan that differs from the newest is a new version."""
        if text != self.plan():
            self._write((insert(_PLANS), [{"text": text}]))

    def day(self, address: Address, on: date) -> bytes | None:
        """The newest revision of a gate's day, as it was sent; None also when its row is damaged."""
        rows = self._rows(_DAY, gate=str(address), date=on.isoformat())
        return rows[0][0].encode() if rows and _crc(rows[0][0]) == rows[0][1] else None

    def gates(self, on: date) -> tuple[Address, ...]:
        """Those that a day of this date was ever issued to."""
        rows = self._rows(_GATES_ON, date=on.isoformat())
        return tuple(Address(*row[0].split("/")) for row in rows)

    def revision(self, address: Address, on: date) -> int:
        """The highest revision ever issued; 0 when none was."""
        return self._rows(_REVISION, gate=str(address), date=on.isoformat())[0][0] or 0

    def keep_days(self, days: Sequence[DayRow]) -> None:
        """All of them, or none."""
        self._write((_ISSUED, _day_rows(days)))

    def keep_change(self, on: date, change: Change, days: Sequence[DayRow] = ()) -> None:
        """Once a key; `n` is its own. The days that follow from it in the same transaction."""
        self._write((_CHANGED, [_change_row(on, change)]), (_ISSUED, _day_rows(days)))

    def changes(self, on: date) -> tuple[Change, ...]:
        """What was changed of a date, in order. A damaged row is left out."""
        rows = self._rows(_CHANGES_ON, date=on.isoformat())
        return tuple(Change.model_validate_json(payload) for payload, crc in rows if _crc(payload) == crc)

    def change_of(self, key: str) -> Change | None:
        """The change that was made under this key."""
        rows = self._rows(_CHANGE_OF, key=key)
        return Change.model_validate_json(rows[0][0]) if rows else None

    def next_n(self) -> int:
        """The number of the next change.

        Gates know holds and notices of numbers that a restored backup forgot. Nobody made a change a second for ever:
        after a choice it goes on above the seconds of its instant.
        """
        chosen, last = self._rows(_LAST_N)[0]
        least = int(datetime.fromisoformat(chosen).timestamp()) if chosen else 0
        return max(last or 0, least) + 1

    def keep_choice(
        self, key: str, by: str, at: datetime, dates: Sequence[date], *, keep: bool, days: Sequence[DayRow]
    ) -> None:
        """A person chose whose days of these dates count; the days that follow from it in the same transaction."""
        made = {"key": key, "by": by, "at": written(at), "keep": keep}
        rows = [{**made, "date": on.isoformat()} for on in dates]
        self._write((insert(_CHOICES), rows), (_ISSUED, _day_rows(days)))

    def kept(self) -> frozenset[date]:
        """The dates for which the newest choice was to keep the gates' own days."""
        rows = self._rows(select(_CHOICES.c.date, _CHOICES.c.keep).order_by(_CHOICES.c.n))
        newest = {date.fromisoformat(on): bool(keep) for on, keep in rows}
        return frozenset(on for on, keep in newest.items() if keep)

    def choice_of(self, key: str) -> tuple[date, ...]:
        """The dates that were chosen about under this key."""
        rows = self._rows(select(_CHOICES.c.date).where(_CHOICES.c.key == key).order_by(_CHOICES.c.n))
        return tuple(date.fromisoformat(on) for (on,) in rows)

    def keep_alerts(self, key: str, on: date, alerts: Sequence[Alert]) -> None:
        """What was asked under one key: all of it, or none."""
        rows = [
            {"seq": one.seq, "key": key, "date": on.isoformat(), **_checked(one.model_dump_json())} for one in alerts
        ]
        self._write((insert(_ALERTS), rows))

    def alerts(self, on: date | None = None, key: str | None = None) -> tuple[Alert, ...]:
        """The newest, by number; of one date, or asked under one key. A damaged row is left out."""
        query = select(_ALERTS.c.payload, _ALERTS.c.crc).order_by(_ALERTS.c.seq.desc()).limit(limits.ALERTS_KEPT)
        query = query if on is None else query.where(_ALERTS.c.date == on.isoformat())
        query = query if key is None else query.where(_ALERTS.c.key == key)
        rows = [payload for payload, crc in self._rows(query) if _crc(payload) == crc]
        return tuple(Alert.model_validate_json(payload) for payload in reversed(rows))

    def keep_stopped(self, key: str) -> None:
        """A message that stopped the program, by its digest."""
        self._write((insert(_STOPPED), [{"key": key}]))

    def stopped(self) -> frozenset[str]:
        """The newest of them: met again, they are set aside."""
        rows = self._rows(select(_STOPPED.c.key).order_by(_STOPPED.c.n.desc()).limit(limits.STOPPED_MAX))
        return frozenset(key for (key,) in rows)

    def seqs(self) -> dict[tuple[Address, str], int]:
        """What is stored of each gate's log."""
        rows = self._rows(_SEQS)
        return {(Address(*gate.split("/")), log): seq for gate, log, seq in rows}

    def keep_event(self, address: Address, message: Event, changes: Sequence[tuple[date, Change]] = ()) -> int:
        """All of it, what it changes and the log's `seq` in one transaction; the highest `seq` that is stored now.

        An old event that comes again late overwrites nothing newer.
        """
        gate, log, seq = str(address), message.log, message.seq
        self._write(
            (_CHANGED, [_change_row(on, change) for on, change in changes]),
            (_NEWEST[_RECORDS], [_record_row(gate, log, seq, record) for record in message.records]),
            (_REPORTED, [{"gate": gate, "of_cue": record.cue} for record in message.records if record.final]),
            *(
                (
                    _NEWEST[table],
                    [{"gate": gate, "id": one.id, "seq": seq, **_checked(one.model_dump_json())} for one in told],
                )
                for table, told in ((_PROBLEMS, message.problems), (_PRESSES, message.presses))
            ),
            (_REACHED, [{"gate": gate, "log": log, "seq": seq}]),
        )
        return int(self._rows(_SEQ, gate=gate, log=log)[0][0])

    def problems(self, address: Address, log: str) -> tuple[Problem, ...]:
        """Those that stand at a gate, the oldest first; of its log of today: what an older one told nobody closes."""
        rows = self._rows(_STANDING, gate=str(address), of_log=f"{log}-")
        return tuple(Problem.model_validate_json(payload) for payload, crc in reversed(rows) if _crc(payload) == crc)

    def keep_unreported(self, address: Address, records: Sequence[Record]) -> None:
        """For cues without a final record; one that comes later takes their place."""
        self._write((_NEWEST[_RECORDS], [_record_row(str(address), _NO_LOG, 0, record) for record in records]))

    def records(self, on: date) -> list[tuple[Address, Record]]:
        """All records of cues of a date, by gate, cue, attempt. A damaged row is left out."""
        rows = self._rows(_RECORDS_ON, date=on.isoformat())
        return [
            (Address(*gate.split("/")), Record.model_validate_json(payload))
            for gate, payload, crc in rows
            if _crc(payload) == crc
        ]

    def confirm(self, at: datetime, by: str, wall_s: float) -> None:
        """An owner compared the centre's time with a watch at this instant. `wall_s`: wall less monotonic clock."""
        self._write((insert(_CONFIRMED).on_conflict_do_nothing(), [{"at": written(at), "by": by, "wall_s": wall_s}]))

    def unconfirm(self) -> None:
        """The clock was stepped: no earlier confirmation counts, also after a restart."""
        self._write((delete(_CONFIRMED), [{}]))

    def confirmed(self) -> tuple[datetime, float] | None:
        """The newest confirmation that nobody took back: its instant, and wall less monotonic clock then."""
        newest = self._rows(select(_CONFIRMED.c.at, _CONFIRMED.c.wall_s).order_by(_CONFIRMED.c.at.desc()).limit(1))
        return next(((datetime.fromisoformat(at), wall_s) for at, wall_s in newest), None)

    def _rows(self, query: Any, **bound: str) -> list[Any]:  # noqa: ANN401 - SQLAlchemy's own type of a query is private
        try:
            with self._engine.connect() as connection:
                return list(connection.execute(query, bound))
        except SQLAlchemyError as error:
            raise _outside(error) from error

    def _write(self, *statements: tuple[Any, Sequence[Row]]) -> None:
        """Each statement with each of its rows: all of it, or nothing."""
        try:
            with self._engine.begin() as connection:
                for statement, rows in statements:
                    if rows:
                        connection.execute(statement, rows)
        except SQLAlchemyError as error:
            raise _outside(error) from error


def _opened(file: Path, connected: Callable[[Any, object], None]) -> Engine:
    engine = create_engine(URL.create("sqlite", database=str(file)))
    event.listen(engine, "connect", connected)
    try:
        _META.create_all(engine)
    except SQLAlchemyError as error:
        engine.dispose()
        raise _outside(error) from error
    return engine


def _alone(connection: Any, of: object) -> None:  # noqa: ANN401 - the driver's own connection
    """A full disk has no room for what processes share (`-shm`): read all the same, and until the end no other can."""
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    _durable(connection, of)


def _durable(connection: Any, _: object) -> None:  # noqa: ANN401 - the driver's own connection
    """Written is durable, also after a power cut."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


def _day_rows(days: Sequence[DayRow]) -> list[Row]:
    return [
        {"gate": str(address), "date": on.isoformat(), "revision": revision, **_checked(payload.decode())}
        for address, on, revision, payload in days
    ]


def _change_row(on: date, change: Change) -> Row:
    payload = change.model_dump_json(by_alias=True)
    return {"n": change.n, "key": change.key, "date": on.isoformat(), **_checked(payload)}


def _record_row(gate: str, log: str, seq: int, record: Record) -> Row:
    key = {"gate": gate, "cue": record.cue, "log": log, "attempt": record.attempt, "seq": seq}
    return {**key, "date": record.cue.split("/")[0], **_checked(record.model_dump_json())}


def _checked(payload: str) -> Mapping[str, object]:
    """SQLite does not notice a flipped bit; the checksum does."""
    return {"payload": payload, "crc": _crc(payload)}


def _crc(payload: str) -> int:
    return zlib.crc32(payload.encode())


def _outside(error: SQLAlchemyError) -> OutsideError:
    return OutsideError(f"store: {str(error).splitlines()[0][:200]}")
