"""The centre's store on real SQLite: what it says is kept is kept, what comes twice stands once, faults are told."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from broker.store import Store
from broker.wire.messages import Press, Problem, encode
from centre_rig import EAST, LOG, OPENS, TODAY, WEST, day, event, record
from config import limits
from config.changes import Change
from config.errors import OutsideError

UNREPORTED = record(attempt=0, result="unreported", final=False, actual=None, ended=None, heard="unknown")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "centre.sqlite"


@pytest.fixture
def store(file: Path) -> Iterator[Store]:
    made = Store(file)
    yield made
    made.close()


def sql(file: Path, statement: str) -> list[tuple[object, ...]]:
    """Past the store: to damage a row, or to see one."""
    connection = sqlite3.connect(file)
    try:
        with connection:
            return list(connection.execute(statement))
    finally:
        connection.close()


def after_power_cut(file: Path, to: Path) -> Store:
    """What the disk holds while the centre still runs, opened elsewhere. The shared memory of WAL does not survive."""
    to.mkdir()
    for name in (file.name, f"{file.name}-wal"):
        if (file.parent / name).exists():
            shutil.copy(file.parent / name, to / name)
    return Store(to / file.name)


# Plans and days -----------------------------------------------------------------------------------


def test_each_plan_that_differs_is_a_version_and_the_newest_counts(store: Store, file: Path) -> None:
    assert store.plan() is None
    for text in ("one", "one", "two", "two", "one"):
        store.keep_plan(text)
    assert store.plan() == "one"
    assert sql(file, "SELECT text FROM plans ORDER BY n") == [("one",), ("two",), ("one",)]


def test_the_newest_revision_of_a_day_is_the_day(store: Store) -> None:
    assert (store.day(EAST, TODAY), store.revision(EAST, TODAY)) == (None, 0)
    tomorrow = TODAY + timedelta(days=1)
    one, nine, ten = (encode(day(revision=n)) for n in (1, 9, 10))
    store.keep_days([(EAST, TODAY, 10, ten), (EAST, TODAY, 9, nine), (EAST, tomorrow, 1, one), (WEST, TODAY, 1, one)])
    assert (store.day(EAST, TODAY), store.revision(EAST, TODAY)) == (ten, 10)
    assert (store.day(WEST, tomorrow), store.revision(WEST, tomorrow)) == (None, 0)
    store.keep_days([])


def test_days_are_kept_all_or_none(store: Store) -> None:
    store.keep_days([(EAST, TODAY, 1, b"{}")])
    with pytest.raises(OutsideError, match="UNIQUE"):
        store.keep_days([(WEST, TODAY, 1, b"{}"), (EAST, TODAY, 1, b"{}")])
    assert store.revision(WEST, TODAY) == 0


def test_a_damaged_day_is_no_day_but_its_number_is_not_used_again(store: Store, file: Path) -> None:
    store.keep_days([(EAST, TODAY, 1, b'{"old":1}'), (EAST, TODAY, 2, b'{"new":1}')])
    sql(file, "UPDATE days SET payload = '{\"new\":0}' WHERE revision = 2")
    assert (store.day(EAST, TODAY), store.revision(EAST, TODAY)) == (None, 2)


# Events -------------------------------------------------------------------------------------------


def test_the_same_event_twice_stands_once(store: Store) -> None:
    told = event(EAST, 2, record("g1c1"), record("g1c2"))
    assert [store.keep_event(EAST, told), store.keep_event(EAST, told)] == [2, 2]
    assert store.records(TODAY) == [(EAST, record("g1c1")), (EAST, record("g1c2"))]
    assert store.seqs() == {(EAST, LOG): 2}


def test_seq_never_goes_back(store: Store) -> None:
    assert [store.keep_event(EAST, event(EAST, seq)) for seq in (5, 3, 6)] == [5, 5, 6]


def test_an_attempt_ends_once_whatever_comes_late(store: Store) -> None:
    begun, over = record(result="interrupted", final=False, heard="unknown"), record(result="interrupted", final=True)
    for seq, told in ((1, begun), (2, over), (1, begun)):
        store.keep_event(EAST, event(EAST, seq, told))
    assert store.records(TODAY) == [(EAST, over)]


def test_an_older_event_that_comes_late_still_brings_what_only_it_holds(store: Store) -> None:
    store.keep_event(EAST, event(EAST, 2, record("g1c2")))
    assert store.keep_event(EAST, event(EAST, 1, record("g1c1"))) == 2
    assert store.records(TODAY) == [(EAST, record("g1c1")), (EAST, record("g1c2"))]


def test_two_logs_of_one_gate_and_two_gates_do_not_mix(store: Store) -> None:
    first, second, west = record(volume_pct=1), record(volume_pct=2), record(volume_pct=3)
    store.keep_event(EAST, event(EAST, 9, first))
    store.keep_event(EAST, event(EAST, 1, second, log="f" * 8))
    store.keep_event(WEST, event(WEST, 4, west))
    assert store.records(TODAY) == [(EAST, first), (EAST, second), (WEST, west)]
    assert store.seqs() == {(EAST, LOG): 9, (EAST, "f" * 8): 1, (WEST, LOG): 4}


def test_problems_and_presses_are_kept_with_the_records(store: Store, file: Path) -> None:
    opened = Problem(id="p1", code="clock", args={"why": "no source"}, opened_at=OPENS, closed_at=None)
    closed = Problem(id="p1", code="clock", args={"why": "no source"}, opened_at=OPENS, closed_at=OPENS)
    press = Press(id="b1", button="next", at=OPENS, target=None, ends=(), result="refused")
    for seq, problem in ((1, opened), (2, closed), (1, opened)):
        store.keep_event(EAST, event(EAST, seq, presses=(press,), problems=(problem,)))
    assert sql(file, "SELECT gate, payload FROM problems") == [(str(EAST), closed.model_dump_json())]
    assert sql(file, "SELECT gate, payload FROM presses") == [(str(EAST), press.model_dump_json())]


def test_problems_that_stand_are_those_of_the_gate_and_of_its_log_that_nobody_closed(store: Store, file: Path) -> None:
    def problem(own: str, *, over: bool = False) -> Problem:
        at = OPENS if over else None
        return Problem(id=own, code="clip", args={"why": "x"}, opened_at=OPENS, closed_at=at)

    stands, later, older = problem(f"{LOG}-1"), problem(f"{LOG}-3"), problem(f"{'f' * 8}-2")
    store.keep_event(EAST, event(EAST, 1, problems=(stands, problem(f"{LOG}-2"))))
    store.keep_event(EAST, event(EAST, 2, problems=(problem(f"{LOG}-2", over=True),)))
    store.keep_event(EAST, event(EAST, 3, problems=(later,)))
    store.keep_event(EAST, event(EAST, 2, log="f" * 8, problems=(older,)))
    store.keep_event(WEST, event(WEST, 9, problems=(problem(f"{LOG}-9"),)))
    assert store.problems(EAST, LOG) == (stands, later)
    assert store.problems(EAST, "f" * 8) == (older,)
    sql(file, "UPDATE problems SET crc = crc + 1 WHERE id LIKE '%-1'")
    assert store.problems(EAST, LOG) == (later,)
    many = tuple(problem(f"{LOG}-{n}") for n in range(10, 30))
    store.keep_event(EAST, event(EAST, 30, problems=many))
    assert len(store.problems(EAST, LOG)) == limits.PROBLEMS_SHOWN


def test_records_are_those_of_the_date_by_gate_cue_and_attempt(store: Store) -> None:
    other = record(on=TODAY + timedelta(days=1))
    first, again = record(attempt=1, final=False), record(attempt=2)
    store.keep_event(WEST, event(WEST, 1, record("g4c1")))
    store.keep_event(EAST, event(EAST, 1, again, other, first))
    assert store.records(TODAY) == [(EAST, first), (EAST, again), (WEST, record("g4c1"))]


def test_a_damaged_record_is_left_out(store: Store, file: Path) -> None:
    store.keep_event(EAST, event(EAST, 2, record("g1c1"), record("g1c2")))
    sql(file, "UPDATE records SET payload = replace(payload, 'announced', 'late') WHERE cue LIKE '%g1c1%'")
    assert store.records(TODAY) == [(EAST, record("g1c2"))]


# Presses and choices ------------------------------------------------------------------------------


def pressed(n: int, **changes: object) -> Change:
    fields = {"v": 1, "n": n, "key": f"east/{LOG}-{n}", "at": OPENS, "by": "门卫", "kind": "hold", "gate": "east"}
    return Change.model_validate({**fields, "ids": (f"east/{LOG}-{n}",), **changes})


def test_an_event_and_what_it_changes_are_kept_together(store: Store) -> None:
    told = event(EAST, 2, record("g1c1"))
    assert store.keep_event(EAST, told, [(TODAY, pressed(1)), (TODAY - timedelta(days=1), pressed(2))]) == 2
    assert (store.changes(TODAY), store.changes(TODAY - timedelta(days=1))) == ((pressed(1),), (pressed(2),))
    assert (store.change_of(f"east/{LOG}-1"), store.next_n()) == (pressed(1), 3)


def test_an_event_whose_change_cannot_be_kept_is_not_kept(store: Store) -> None:
    store.keep_change(TODAY, pressed(1))
    with pytest.raises(OutsideError, match="UNIQUE"):
        store.keep_event(EAST, event(EAST, 2, record("g1c1")), [(TODAY, pressed(1))])
    assert (store.seqs(), store.records(TODAY), store.changes(TODAY)) == ({}, [], (pressed(1),))


def test_a_log_torn_anywhere_holds_a_change_with_its_event(store: Store, file: Path, tmp_path: Path) -> None:
    for seq in range(1, 4):
        store.keep_event(EAST, event(EAST, seq), [(TODAY, pressed(seq))])
    wal = file.parent / f"{file.name}-wal"
    whole, seen = wal.read_bytes(), set()
    for n, length in enumerate([*range(0, len(whole), 1777), len(whole)]):
        torn = tmp_path / f"torn{n}"
        torn.mkdir()
        shutil.copy(file, torn / file.name)
        (torn / wal.name).write_bytes(whole[:length])
        cut = Store(torn / file.name)
        kept = cut.seqs().get((EAST, LOG), 0)
        assert len(cut.changes(TODAY)) == kept
        seen.add(kept)
        cut.close()
    assert seen == {0, 1, 2, 3}


def test_the_newest_choice_of_a_date_counts_and_outlives_a_power_cut(store: Store, file: Path, tmp_path: Path) -> None:
    assert (store.kept(), store.choice_of("k1")) == (frozenset(), ())
    tomorrow = TODAY + timedelta(days=1)
    store.keep_choice("k1", "王老师", OPENS, [TODAY, tomorrow], keep=True, days=[])
    assert (store.kept(), store.choice_of("k1")) == (frozenset({TODAY, tomorrow}), (TODAY, tomorrow))
    store.keep_choice("k2", "李主任", OPENS, [TODAY], keep=False, days=[(EAST, TODAY, 13, encode(day()))])
    cut = after_power_cut(file, tmp_path / "cut")
    assert (cut.kept(), cut.revision(EAST, TODAY)) == (frozenset({tomorrow}), 13)
    cut.close()
    assert sql(file, "SELECT date, keep, by FROM choices ORDER BY n") == [
        (str(TODAY), 1, "王老师"), (str(tomorrow), 1, "王老师"), (str(TODAY), 0, "李主任"),
    ]  # fmt: skip


def test_a_choice_and_its_days_are_kept_together(store: Store) -> None:
    store.keep_days([(EAST, TODAY, 13, b"{}")])
    with pytest.raises(OutsideError, match="UNIQUE"):
        store.keep_choice("k1", "王", OPENS, [TODAY], keep=False, days=[(EAST, TODAY, 13, b"{}")])
    assert store.choice_of("k1") == ()


def test_after_a_choice_no_number_is_used_that_a_restored_backup_forgot(store: Store) -> None:
    store.keep_change(TODAY, pressed(3))
    assert store.next_n() == 4
    store.keep_choice("k1", "王", OPENS, [TODAY], keep=False, days=[])
    n = store.next_n()
    assert n == int(OPENS.timestamp()) + 1
    store.keep_change(TODAY, pressed(n))
    assert store.next_n() == n + 1


# Unreported ---------------------------------------------------------------------------------------


def test_unreported_is_replaced_by_the_final_record_that_comes_later(store: Store) -> None:
    store.keep_unreported(EAST, [UNREPORTED])
    store.keep_unreported(EAST, [UNREPORTED])
    store.keep_unreported(EAST, [])
    assert store.records(TODAY) == [(EAST, UNREPORTED)]
    store.keep_event(WEST, event(WEST, 1, record()))
    assert (EAST, UNREPORTED) in store.records(TODAY)
    store.keep_event(EAST, event(EAST, 1, record()))
    assert store.records(TODAY) == [(EAST, record()), (WEST, record())]


def test_unreported_stands_beside_an_attempt_whose_end_never_came(store: Store) -> None:
    begun = record(result="interrupted", final=False, heard="unknown")
    store.keep_unreported(EAST, [UNREPORTED])
    store.keep_event(EAST, event(EAST, 1, begun))
    assert store.records(TODAY) == [(EAST, UNREPORTED), (EAST, begun)]


def test_a_window_settled_again_tells_the_newer_plan(store: Store) -> None:
    moved = record(attempt=0, result="unreported", final=False, actual=None, ended=None, heard="unknown", revision=2)
    store.keep_unreported(EAST, [UNREPORTED])
    store.keep_unreported(EAST, [moved])
    assert store.records(TODAY) == [(EAST, moved)]


# Confirmations ------------------------------------------------------------------------------------


def test_the_newest_confirmation_counts_until_the_clock_is_stepped(store: Store, file: Path) -> None:
    assert store.confirmed() is None
    for hour in (2, 4, 3, 4):
        store.confirm(datetime(2026, 11, 25, hour, tzinfo=UTC), "李主任", 1e9 + hour)
    assert store.confirmed() == (datetime(2026, 11, 25, 4, tzinfo=UTC), 1e9 + 4)
    store.unconfirm()
    assert store.confirmed() is None
    other = Store(file)
    assert other.confirmed() is None
    other.close()


# Power cuts and disks -----------------------------------------------------------------------------


def test_what_was_acknowledged_survives_a_power_cut(store: Store, file: Path, tmp_path: Path) -> None:
    store.keep_plan("plan")
    store.keep_days([(EAST, TODAY, 1, encode(day()))])
    store.keep_unreported(EAST, [UNREPORTED])
    store.confirm(OPENS, "李主任", 1.5)
    for seq in range(1, 6):
        store.keep_event(EAST, event(EAST, seq, record(f"g1c{seq}")))
        cut = after_power_cut(file, tmp_path / f"cut{seq}")
        assert cut.seqs() == {(EAST, LOG): seq}
        assert [one.cue.split("/")[2] for _, one in cut.records(TODAY)] == [f"g1c{n}" for n in range(1, seq + 1)]
        assert (cut.plan(), cut.day(EAST, TODAY), cut.confirmed()) == ("plan", encode(day()), (OPENS, 1.5))
        cut.close()


def test_a_log_torn_anywhere_holds_records_and_number_together(store: Store, file: Path, tmp_path: Path) -> None:
    for seq in range(1, 4):
        store.keep_event(EAST, event(EAST, seq, record(f"g1c{seq}")))
    wal = file.parent / f"{file.name}-wal"
    whole, seen = wal.read_bytes(), set()
    for n, length in enumerate([*range(0, len(whole), 1777), len(whole)]):
        torn = tmp_path / f"torn{n}"
        torn.mkdir()
        shutil.copy(file, torn / file.name)
        (torn / wal.name).write_bytes(whole[:length])
        cut = Store(torn / file.name)
        kept = cut.seqs().get((EAST, LOG), 0)
        assert len(cut.records(TODAY)) == kept
        seen.add(kept)
        cut.close()
    assert seen == {0, 1, 2, 3}


def test_it_writes_to_the_disk_and_not_only_to_the_system(store: Store) -> None:
    with store._engine.connect() as connection:
        modes = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]
    assert modes == ["wal", 2]


def full(file: Path) -> Store:
    """A disk without room: SQLite refuses every new page."""
    made = Store(file)
    made.keep_plan("before")
    with made._engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    return made


BIG = encode(day()) * 20
WRITES: list[tuple[str, Callable[[Store], object]]] = [
    ("plan", lambda store: store.keep_plan("x" * 100_000)),
    ("days", lambda store: store.keep_days([(EAST, TODAY, 1, BIG), (EAST, TODAY, 2, BIG)])),
    ("event", lambda store: store.keep_event(EAST, event(EAST, 1, *(record(attempt=n) for n in range(1, 21))))),
    ("unreported", lambda store: store.keep_unreported(EAST, [record(f"c{n}", attempt=0) for n in range(40)])),
    ("press", lambda store: store.keep_event(EAST, event(), [(TODAY, pressed(n)) for n in range(1, 40)])),
    ("choice", lambda store: store.keep_choice("k", "王" * 64, OPENS, [TODAY] * 40, keep=True, days=[])),
]


@pytest.mark.parametrize(("name", "write"), WRITES, ids=[one[0] for one in WRITES])
def test_a_full_disk_is_told_and_what_was_kept_stays(name: str, write: Callable[[Store], object], file: Path) -> None:
    store = full(file)
    with pytest.raises(OutsideError, match="full"):
        write(store)
    assert (store.plan(), store.seqs(), store.records(TODAY), store.revision(EAST, TODAY)) == ("before", {}, [], 0)
    store.close()


READS: list[tuple[str, Callable[[Store], object]]] = [
    ("plan", lambda store: store.plan()),
    ("day", lambda store: store.day(EAST, TODAY)),
    ("revision", lambda store: store.revision(EAST, TODAY)),
    ("seqs", lambda store: store.seqs()),
    ("records", lambda store: store.records(TODAY)),
    ("confirmed", lambda store: store.confirmed()),
    ("confirm", lambda store: store.confirm(OPENS, "李主任", 1.5)),
    ("unconfirm", lambda store: store.unconfirm()),
    ("kept", lambda store: store.kept()),
    *WRITES,
]


@pytest.mark.parametrize(("name", "use"), READS, ids=[f"{n}-{one[0]}" for n, one in enumerate(READS)])
def test_a_file_that_lost_its_tables_is_told(
    name: str, use: Callable[[Store], object], store: Store, file: Path
) -> None:
    for table in ("plans", "days", "records", "logs", "confirmations", "choices"):
        sql(file, f"DROP TABLE {table}")
    with pytest.raises(OutsideError, match=r"store: .*no such table"):
        use(store)


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    file = tmp_path / "centre.sqlite"
    file.write_bytes(b"no database at all " * 500)
    with pytest.raises(OutsideError, match="not a database"):
        Store(file)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file stands there")
    with pytest.raises(OutsideError, match="give the centre a folder"):
        Store(tmp_path / "data" / "centre.sqlite")


def test_a_path_may_hold_what_addresses_do_not(tmp_path: Path) -> None:
    file = tmp_path / "放学 ?#%20" / "centre.sqlite"
    store = Store(file)
    store.keep_plan("plan")
    store.close()
    assert file.exists()
