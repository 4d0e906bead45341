"""`./run nightly`: every check, then the long variants, each with a time limit; at the end one table.

Exit status 0: all is well; 1: something failed; 3: nothing failed, but something could not run. Nothing is left out
silently: a part that cannot run is a row that says why. Ctrl-C ends what runs, and the table is printed all the same.
"""

import argparse
import contextlib
import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bench.figures import table
from config.clock import SystemClock

ROOT = Path(__file__).resolve().parent.parent
CLOCK = SystemClock()
NIGHT_S = 2 * 3600.0
"""All parts together; the limit of each is about half more than it takes; the days get what the others leave."""
END_S = 30.0
"""A part that was told to end takes its own children with it in this time, or is killed."""
CANNOT_RUN = 3
"""The exit status with which `./run` says that a package of the system is missing."""
CORES = len(os.sched_getaffinity(0))
DAYS = min(100_000, 10_000 * CORES)
"""So many as are lived in the time that the other parts leave."""
TONIGHT = CLOCK.utc().toordinal()
"""Every night lives other days; this number brings them back."""
PLAIN = ("-p", "no:cacheprovider")
PYTEST = ("pytest", "-q", *PLAIN)

Result = Literal["passed", "FAILED", "TOO LONG", "not there", "not run"]
Figures = Callable[[Sequence[str], float], str]
"""What a part's last lines, and its seconds, say in short."""


def of_pytest(lines: Sequence[str], _: float) -> str:
    """Its last sum, as `25 passed, 1 skipped`."""
    sums = [found[0] for line in lines if (found := re.search(r"\d+ (passed|failed|error|skipped).*(?= in )", line))]
    return sums[-1] if sums else ""


def of_days(lines: Sequence[str], took_s: float) -> str:
    return f"{of_pytest(lines, took_s)}; {DAYS:,} days of night {TONIGHT}, {DAYS / took_s:.1f} a second"


def of_planted(lines: Sequence[str], _: float) -> str:
    """Every planted bug by what became of it: `passed` is a bug that was found."""
    each = re.compile(r"^\S+::test_a_planted_bug_is_found\[([\w-]+)\] (PASSED|FAILED|ERROR)")
    told = [found.groups() for line in lines if (found := each.match(line))]
    missed = [name for name, what in told if what != "PASSED"]
    return f"{len(told) - len(missed)} of {len(told)} red" + (f"; passed over: {', '.join(missed)}" if missed else "")


def of_mutation(lines: Sequence[str], _: float) -> str:
    """The ratio of each file: how many of its mutants were killed."""
    ratios = re.compile(r"^\w+/(\w+)\.py: (\S+ %) of \d+ killed")
    return ", ".join(" ".join(found.groups()) for line in lines if (found := ratios.match(line)))


def of_bench(lines: Sequence[str], _: float) -> str:
    """The ratios of its rows stand in its table, which is above."""
    rows = [line for line in lines if re.search(r"\(\S+\.\.\S+\)", line) and not line.startswith("…")]
    return f"{len(rows)} rows, {len([line for line in lines if line.startswith('REFUSED')])} refused"


def of_voice(lines: Sequence[str], _: float) -> str:
    """Hits of 20 and pinyin errors of each engine at 5 dB, and what a call waits beside the neural one."""
    rows = [re.split(r" {2,}", line) for line in lines if not line.startswith("…")]
    heard = [f"{row[0]} {row[4]}/20 {row[5]}" for row in rows if len(row) > 5 and row[3] == "5 dB"]
    return ", ".join([*heard, *(line.rpartition("; ")[2] for line in lines if line.startswith("call beside"))])


@dataclass(frozen=True, slots=True)
class Part:
    """`command` runs in the checkout, at most `limit_s`; `needs`: globs of the files it is made of."""

    name: str
    command: tuple[str, ...]
    limit_s: float
    needs: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    figures: Figures = of_pytest


@dataclass(frozen=True, slots=True)
class Outcome:
    part: str
    result: Result
    figures: str = ""
    took_s: float = 0.0


FUZZ = "tests/*/test_fuzz_*.py"
MODEL = "tests/sim/test_gate_model.py"
NETWORK = "tests/real/test_proxy_*.py"
CUTS = ("tests/sim/test_power_cuts.py", "tests/real/test_kill.py", "tests/sim/test_gate_year.py")
SOUND = "tests/real/test_paced_card*.py"
DEPTH = ("tests/sim/test_small_worlds.py", "tests/sim/test_rearranged_days.py")
BUGS = "tests/planted/*.toml"
PARTS = (
    Part("test", (str(ROOT / "run"), "test"), 660),
    Part("fuzz", (*PYTEST, "-n", "2", FUZZ, MODEL), 600, (FUZZ, MODEL), {"FANGXUE_FUZZ": "night"}),
    Part("network", (*PYTEST, NETWORK), 240, (NETWORK,), {"FANGXUE_NIGHT": "1"}),
    Part("sound", (*PYTEST, "-n", "2", "--dist", "loadfile", SOUND), 400, (SOUND,), {"FANGXUE_NIGHT": "1"}),
    Part("cuts", (*PYTEST, "-n", "2", *CUTS), 180, CUTS, {"FANGXUE_NIGHT": "1"}),
    Part("depth", (*PYTEST, "-n", "2", *DEPTH), 420, DEPTH, {"FANGXUE_DEPTH": "6", "FANGXUE_NIGHT": "1"}),
    Part(
        "planted", ("pytest", "-v", *PLAIN, "tests/test_planted.py"), 540,
        (BUGS,), {"FANGXUE_NIGHT": "1"}, of_planted,
    ),
    Part(
        "mutation", (sys.executable, "-m", "mutate", "--sample", "22"), 480,
        ("tests/mutate.py", "tests/mutants_allowed.toml"), figures=of_mutation,
    ),
    Part("bench", (sys.executable, "-m", "bench"), 240, ("tests/bench/__main__.py",), figures=of_bench),
    Part("voice", (str(ROOT / "run"), "bench", "voice"), 1200, ("tests/bench/voice.py",), figures=of_voice),
    Part(
        "world", (*PYTEST, "-n", str(CORES), "--maxschedchunk", "1", "tests/sim/test_world.py"), 4800,
        ("tests/sim/test_world.py",), {"FANGXUE_SEEDS": f"{DAYS}:{TONIGHT}"}, of_days,
    ),
)  # fmt: skip


class Stopped(Exception):  # noqa: N818 - not an error: SIGTERM or Ctrl-C
    """Somebody has seen enough."""


def main(argv: Sequence[str] | None = None, parts: Sequence[Part] = PARTS) -> int:
    names = [part.name for part in parts]
    parser = argparse.ArgumentParser(prog="./run nightly", description="Every check and the long ones: below 2 hours.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"only these: {' '.join(names)}")
    asked = parser.parse_args(argv).parts
    if unknown := [name for name in asked if name not in names]:
        parser.error(f"no such part: {' '.join(unknown)}; there are {' '.join(names)}")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    wanted = [part for part in parts if not asked or part.name in asked]
    outcomes: list[Outcome] = []
    stopped, ends_s = False, CLOCK.monotonic_s() + NIGHT_S
    try:
        for part in wanted:
            _say(f"\n==> {part.name}")
            outcomes.append(outcome(part, min(part.limit_s, ends_s - CLOCK.monotonic_s())))
    except Stopped:
        stopped = True
        outcomes += [Outcome(part.name, "not run", "stopped") for part in wanted[len(outcomes) :]]
    _say(f"\n{told(outcomes)}")
    return 130 if stopped else status(outcomes)


def _stop(*_: object) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave a child behind
    raise Stopped


def outcome(part: Part, limit_s: float) -> Outcome:
    """Run it to its end or its limit."""
    if missing := [need for need in part.needs if not any(ROOT.glob(need))]:
        return Outcome(part.name, "not there", f"no {', '.join(missing)}")
    # A pattern is ours to fill in: no shell does it.
    command = [one for word in part.command for one in _filled(word)]
    began_s = CLOCK.monotonic_s()
    try:
        child = subprocess.Popen(
            command, cwd=ROOT, env=_environ(part), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        return Outcome(part.name, "not run", str(error))
    with ended(child):
        lines, in_time = _lines(child, began_s + limit_s)
    took_s = CLOCK.monotonic_s() - began_s
    if not in_time:
        return Outcome(part.name, "TOO LONG", f"more than {limit_s:.0f} s", took_s)
    if child.returncode == CANNOT_RUN:
        return Outcome(part.name, "not run", lines[-1] if lines else "", took_s)
    return Outcome(part.name, "FAILED" if child.returncode else "passed", part.figures(lines, took_s), took_s)


def _filled(word: str) -> list[str]:
    return sorted(str(file.relative_to(ROOT)) for file in ROOT.glob(word)) if "*" in word else [word]


def _environ(part: Part) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FANGXUE_")}
    return {**clean, "PYTHONUNBUFFERED": "1", **part.environ}


def _lines(child: subprocess.Popen[str], end_s: float) -> tuple[list[str], bool]:
    """What it printed last, which is printed again as it comes; and whether it ended in time."""
    said: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_read, args=(child, said), daemon=True).start()
    last: deque[str] = deque(maxlen=2000)
    try:
        while (line := said.get(timeout=max(0.0, end_s - CLOCK.monotonic_s()))) is not None:
            last.append(line.rstrip("\n"))
            _say(last[-1])
        child.wait(max(0.0, end_s - CLOCK.monotonic_s()))
    except (queue.Empty, subprocess.TimeoutExpired):
        return list(last), False
    return list(last), True


def _read(child: subprocess.Popen[str], said: "queue.Queue[str | None]") -> None:
    assert child.stdout is not None
    with child.stdout as lines:
        for line in lines:
            said.put(line)
    said.put(None)


@contextlib.contextmanager
def ended(child: subprocess.Popen[str]) -> Iterator[None]:
    """However it goes: nothing of it runs afterwards. Ctrl-C first, so that tests end their own children."""
    try:
        yield
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(END_S)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)  # also what outlived it
        child.wait()


def status(outcomes: Sequence[Outcome]) -> int:
    results = {one.result for one in outcomes}
    if results & {"FAILED", "TOO LONG"}:
        return 1
    return CANNOT_RUN if results & {"not there", "not run"} else 0


def told(outcomes: Sequence[Outcome]) -> str:
    """The one table."""
    rows = [(one.part, one.result, _took(one.took_s), one.figures) for one in outcomes]
    return table([("part", "result", "took", "figures"), *rows])


def _took(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
