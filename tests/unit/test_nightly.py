"""The night's table and its exit status, with parts that take no night: what failed, hung or is missing is told."""

import os
import re
import select
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import nightly
from nightly import PARTS, Part, main

TESTS = Path(nightly.__file__).parent


def part(name: str, code: str, limit_s: float = 60.0, *needs: str, **environ: str) -> Part:
    return Part(name, (sys.executable, "-c", code), limit_s, needs, environ)


GOOD = part("good", "print('==== 3 passed, 1 skipped in 0.5s ====')")
BAD = part("bad", "print('==== 1 failed, 2 passed in 0.5s ===='); raise SystemExit(1)")
LACKS = part("lacks", "print('missing: sudo apt install mosquitto'); raise SystemExit(3)")
ABSENT = part("absent", "", 60.0, "tests/nightly.py", "tests/sim/test_no_such_*.py")
NO_PROGRAM = Part("no-program", ("no-such-program-here",), 60.0)
HANGS = part("hangs", "import signal; print('begun', flush=True); signal.pause()", 1.0)


def table(said: str) -> list[tuple[str, str, str]]:
    """Part, result and figures of each row."""
    rows = said[said.rindex("\npart ") :].strip().splitlines()[2:]
    cells = [re.split(r" {2,}", row) for row in rows]
    return [(cell[0], cell[1], cell[3] if len(cell) > 3 else "") for cell in cells]


@pytest.fixture(autouse=True)
def _signals() -> object:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ([GOOD], 0),
        ([GOOD, BAD], 1),
        ([HANGS], 1),
        ([GOOD, LACKS], 3),
        ([ABSENT], 3),
        ([NO_PROGRAM], 3),
        ([LACKS, BAD, ABSENT], 1),
    ],
    ids=lambda of: "-".join(one.name for one in of) if isinstance(of, list) else None,
)
def test_the_exit_status_is_the_worst_that_happened(parts: list[Part], status: int) -> None:
    assert main([], parts) == status


def test_each_part_is_a_row_whatever_became_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    main([], [GOOD, BAD, LACKS, ABSENT, NO_PROGRAM, HANGS])
    assert table(capsys.readouterr().out) == [
        ("good", "passed", "3 passed, 1 skipped"),
        ("bad", "FAILED", "1 failed, 2 passed"),
        ("lacks", "not run", "missing: sudo apt install mosquitto"),
        ("absent", "not there", "no tests/sim/test_no_such_*.py"),
        ("no-program", "not run", "[Errno 2] No such file or directory: 'no-such-program-here'"),
        ("hangs", "TOO LONG", "more than 1 s"),
    ]


def test_a_part_gets_its_own_switches_and_nobody_elses(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FANGXUE_FUZZ", "night:7")
    code = "import os; print(sorted(item for item in os.environ.items() if item[0].startswith('FANGXUE_')))"
    assert main([], [part("world", code, 60.0, FANGXUE_SEEDS="20000")]) == 0
    assert "[('FANGXUE_SEEDS', '20000')]" in capsys.readouterr().out


def test_only_what_was_asked_for_runs_and_an_unknown_part_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["good"], [GOOD, BAD]) == 0
    assert [row[0] for row in table(capsys.readouterr().out)] == ["good"]
    with pytest.raises(SystemExit) as ended:
        main(["goood"], [GOOD, BAD])
    assert ended.value.code == 2
    assert "there are good bad" in capsys.readouterr().err


NIGHT = """
import signal, sys
from nightly import Part, main
hangs = Part("hangs", (sys.executable, "-c", sys.argv[1]), 600)
raise SystemExit(main([], [hangs, Part("after", ("true",), 600)]))
"""
DEAF = """
import os, signal, subprocess
deaf = subprocess.Popen(["sleep", "600"], preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background of a shell it would be ignored
try:
    print("pids", os.getpid(), deaf.pid, flush=True)
    signal.pause()
except KeyboardInterrupt:
    open(os.environ["TIDIED"], "w").close()
"""
"""A child that tidies up at Ctrl-C, and whose own child does not hear it."""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_what_runs_and_still_prints_the_table(number: signal.Signals, tmp_path: Path) -> None:
    tidied = tmp_path / "tidied"
    environ = {**os.environ, "PYTHONPATH": f"{TESTS}:{TESTS.parent}", "TIDIED": str(tidied)}
    with subprocess.Popen(
        [sys.executable, "-c", NIGHT, DEAF], env=environ, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as night:
        assert night.stdout is not None
        line = next(text for text in night.stdout if text.startswith("pids"))
        ends = [os.pidfd_open(int(pid)) for pid in line.split()[1:]]
        night.send_signal(number)
        said = night.stdout.read()
        assert night.wait(60) == 130
    assert tidied.exists()
    for end in ends:
        poll = select.poll()
        poll.register(end, select.POLLIN)
        assert poll.poll(10_000), "a child of the night lives on"
        os.close(end)
    assert table(said) == [("hangs", "not run", "stopped"), ("after", "not run", "stopped")]


def test_the_night_ends_before_two_hours_are_over(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert nightly.NIGHT_S == 7200
    names = "test fuzz network sound cuts depth planted mutation bench voice world"
    assert [part.name for part in PARTS] == names.split()
    monkeypatch.setattr(nightly, "NIGHT_S", 1.0)
    assert main([], [replace(HANGS, limit_s=60.0), GOOD]) == 1
    assert [row[:2] for row in table(capsys.readouterr().out)] == [("hangs", "TOO LONG"), ("good", "TOO LONG")]


PLANTED = "tests/test_planted.py::test_a_planted_bug_is_found"
TABLE = ["… gate, idle: memory: 1.91 (1.91..1.91)", "gate  MiB RSS  41.3 (41.3..41.3)  -", "REFUSED tap: 3 of 6 pairs"]
HEARD = [
    "… kokoro-man 2.1 480 5 dB 20 0.062 ",
    "engine      s a sentence  MB   noise  hits of 20  pinyin errors  not heard",
    "kokoro-man  2.1           480  none   20          0.000",
    "kokoro-man  2.1           480  5 dB   20          0.062",
    "call beside kokoro: 110.5 (110.1..112.0) ms, alone 109.9 (109..111) ms, 8 pairs; none later by more than 3.4 ms",
]
RATIOS = [
    "survived edge/gate.py:100 step",
    "edge/gate.py: 96.2 % of 52 killed (killed 50, survived 2)",
    "config/pacing.py: 91.0 % of 60 killed (hangs 1, killed 54)",
]


@pytest.mark.parametrize(
    ("figures", "lines", "said"),
    [
        (nightly.of_pytest, ["..F", "==== 1 failed, 2 passed in 1.2s ===="], "1 failed, 2 passed"),
        (nightly.of_pytest, ["12 passed, 1 skipped in 61.20s (0:01:01)"], "12 passed, 1 skipped"),
        (nightly.of_pytest, ["killed"], ""),
        (
            nightly.of_days,
            ["40 passed in 2000.00s"],
            f"40 passed; {nightly.DAYS:,} days of night {nightly.TONIGHT}, {nightly.DAYS / 2000:.1f} a second",
        ),
        (nightly.of_planted, [f"{PLANTED}[a-b] PASSED [ 50%]", f"{PLANTED}[c] PASSED [100%]"], "2 of 2 red"),
        (
            nightly.of_planted,
            [f"{PLANTED}[a-b] PASSED [ 50%]", f"{PLANTED}[c] FAILED [100%]", f"FAILED {PLANTED}[c] - why"],
            "1 of 2 red; passed over: c",
        ),
        (nightly.of_mutation, RATIOS, "gate 96.2 %, pacing 91.0 %"),
        (nightly.of_bench, TABLE, "1 rows, 1 refused"),
        (nightly.of_voice, HEARD, "kokoro-man 20/20 0.062, none later by more than 3.4 ms"),
    ],
)  # fmt: skip
def test_a_part_is_told_in_figures(figures: nightly.Figures, lines: list[str], said: str) -> None:
    assert figures(lines, 2000.0) == said
