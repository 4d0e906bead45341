"""The gate as a process: told to end in a sentence, told so twice; how soon after its start it is ready."""

import os
import signal
import socket
import zlib
from datetime import timedelta
from pathlib import Path

from audio.recorder import Recorder
from config import limits
from edge.book import ENTRY, Begun, Book, Entry, Kept, Opened, Recorded, Said, apply
from edge.journal import FileJournal
from gate_rig import DATE, Rig, call, came, day
from process_rig import CLOCK, WITHIN_S, Program, School, now

SETTINGS = (
    'v = 1\nschool = "shifan"\ngate = "east"\ndata = "gate"\nvoice = "tone"\n'
    '[broker]\nport = 9\n[player]\nkind = "null"\n[panel]\nkind = "mock"\n'
)
READY_CPU_S = 1.5
"""Half of what a gate has: 0.35 s is seen here, and a Pi is slower. Of the processor: neighbours do not count."""


def test_told_to_end_it_ends_with_its_sentence_told_twice_it_cuts_and_both_are_recorded_so(
    tmp_path: Path, recorder: Recorder
) -> None:
    school = School(tmp_path, first=now() + timedelta(seconds=12), every_s=12, classes=3)
    with school.centre():
        gate = school.gate()
        gate.wait_for("播报 .*三年级一班")
        assert gate.end() == 0, gate.said
        gate = school.gate()
        gate.wait_for("播报 .*三年级二班")
        gate.process.send_signal(signal.SIGTERM)
        gate.wait_for("说完这一句就结束")
        assert gate.end() == 0, gate.said
        gate = school.gate()
        records = school.wait_records(final=6)[3:]
        gate.process.send_signal(signal.SIGINT)
        assert gate.end(0) == 0, gate.said
    assert [(one["cue"].split("/")[2], one["attempt"], one["result"], one["final"]) for one in records] == [
        ("g3c1", 1, "announced", True),
        ("g3c2", 1, "interrupted", False),
        ("g3c2", 2, "late", True),
        ("g3c3", 1, "announced", True),
    ]


def test_a_second_gate_on_one_folder_is_refused_and_a_killed_one_leaves_it_free(tmp_path: Path) -> None:
    (tmp_path / "gate.toml").write_text(SETTINGS)
    run = ("gate", "--settings", str(tmp_path / "gate.toml"))
    first = Program(*run)
    first.wait_for("灯")
    second = Program(*run)
    second.wait_for(f"{tmp_path / 'gate'}：另一个校门程序正在用这个文件夹")
    assert (second.process.wait(WITHIN_S), first.process.poll()) == (1, None)
    assert first.end(signal.SIGKILL) == -signal.SIGKILL
    third = Program(*run)
    third.wait_for("灯")
    third.end(signal.SIGKILL)
    assert replayed(tmp_path / "gate/journal")[0].start == 2


def test_a_log_that_cannot_be_written_stops_no_gate(tmp_path: Path) -> None:
    (tmp_path / "gate.toml").write_text(SETTINGS)
    onto_a_full_disk = "import os, fangxue; os.dup2(os.open('/dev/full', os.O_WRONLY), 1); fangxue.main()"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(tmp_path / "notify"))
        supervisor.settimeout(WITHIN_S)
        told = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "2000000"}
        gate = Program("gate", "--settings", str(tmp_path / "gate.toml"), start=("-c", onto_a_full_disk), more=told)
        try:
            assert [supervisor.recv(100) for _ in range(2)] == [b"READY=1", b"WATCHDOG=1"]
        finally:
            gate.end()


def test_it_is_ready_within_three_seconds_with_a_long_journal(tmp_path: Path) -> None:
    long_journal(tmp_path / "gate/journal")
    (tmp_path / "gate.toml").write_text(SETTINGS)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(tmp_path / "notify"))
        supervisor.settimeout(60)
        told = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "2000000"}
        started_s = CLOCK.monotonic_s()
        gate = Program("gate", "--settings", str(tmp_path / "gate.toml"), more=told)
        try:
            assert supervisor.recv(100) == b"READY=1"
            took_s, cpu_s = CLOCK.monotonic_s() - started_s, cpu_of(gate.process.pid)
            assert supervisor.recv(100) == b"WATCHDOG=1"
        finally:
            assert gate.end() == 0, gate.said
    assert cpu_s < READY_CPU_S, f"ready after {took_s:.2f} s, {cpu_s:.2f} s of the processor"
    book, damaged = replayed(tmp_path / "gate/journal")
    assert (book.start, len(book.days), len(book.done) > 600, damaged) == (1, 14, True, 0)


def replayed(file: Path) -> tuple[Book, int]:
    book, journal = Book(), FileJournal(file)
    lines, damaged = journal.read()
    journal.close()
    for line in lines:
        book = apply(book, ENTRY.validate_json(line))
    return book, damaged


def cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def long_journal(file: Path) -> None:
    """Two weeks of 60 classes, and 2,000 lines: no more, the journal is made new above that."""
    rig = Rig()
    rig.send(came(day(call(1, 0))))
    rig.run(30)
    entries = [ENTRY.validate_json(line) for line in rig.journal]
    begun = next(entry for entry in entries if isinstance(entry, Begun))
    said = next(entry for entry in entries if isinstance(entry, Said))
    recorded = next(entry for entry in entries if isinstance(entry, Recorded))
    written: list[Entry] = [Opened(log="0badcafe")]
    for ahead in range(14):
        on = DATE + timedelta(days=ahead)
        cues = [call(n, 20 * n, id=f"{on}/noon/c{n}/call") for n in range(1, 61)]
        other = came(day(*cues, date=on))
        written.append(Kept(digest=other.digest, payload=other.payload))
    for n in range(1, (limits.JOURNAL_LINES_MAX - 20) // 3):
        cue = f"{DATE}/noon/x{n}/call"
        begin, end = begun.record.but(cue=cue), recorded.record.but(cue=cue)
        written += [Begun(record=begin), Said(cue=cue, ended=said.ended), recorded.but(seq=n, record=end)]
    lines = [ENTRY.dump_json(entry, by_alias=True) for entry in written]
    file.parent.mkdir()
    file.write_bytes(b"".join(b"%08x %s\n" % (zlib.crc32(line), line) for line in lines))
