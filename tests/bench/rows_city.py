"""More than a day: a school's year, beside `json` on the same bytes; a city's schools in turn, beside a few of them."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from bench.row import NoSampleError, Row
from bench.rows_pure import ON, a_time_ms
from broker.wire.messages import encode
from config.lint import read
from config.plan_read import draft
from config.timetable import timetable
from school_samples import FOLDER, beside

HERE = Path(__file__).resolve()
FIRST, DAYS = date(2026, 9, 1), 365
CITY, FEW = 2202, 22


@contextmanager
def rows(_: Path, pairs: int) -> Iterator[list[Row]]:
    plan = read((FOLDER / "primary.toml").read_text("utf-8"), "primary.toml")[0]
    assert plan is not None
    dates = [FIRST + timedelta(days=n) for n in range(DAYS)]
    year = [b"[" + b",".join(encode(day) for day in timetable(plan, on)) + b"]" for on in dates]
    yield [
        Row(
            f"a year: {len(plan.classes)} classes, {DAYS} days", "ms",
            f"json.loads + dumps of its {sum(map(len, year)) / 2**20:.1f} MiB", pairs,
            lambda: a_time_ms(lambda: [timetable(plan, on) for on in dates]),
            lambda: a_time_ms(lambda: [json.dumps(json.loads(day), ensure_ascii=False) for day in year]),
        ),
        Row(
            f"plan read and day made, {CITY:,} schools in turn: memory", "MiB peak RSS", f"the same of {FEW}", 1,
            lambda: peak_mib(CITY), lambda: peak_mib(FEW),
        ),
    ]  # fmt: skip


def peak_mib(schools: int) -> float:
    """The most that a process of its own took, MiB."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, HERE.parents[1:3]))}
    code = f"from {__name__} import in_turn; print(in_turn({schools}))"
    told = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False)
    if told.returncode:
        raise NoSampleError(told.stderr)
    return float(told.stdout)


def in_turn(schools: int) -> float:
    """Read so many plans and make a day of each; the peak of this process, MiB."""
    text, size = beside("city-school.toml").decode(), 0
    for n in range(schools):
        own = text.replace('"hongqi"', f'"hongqi-{n}"').replace("红旗小学", f"红旗第{n}小学")
        made, findings = draft(own, beside)
        assert not findings, findings
        size += sum(len(encode(day)) for day in timetable(made.plan(), ON))
    assert size > schools * 1000, "a day without calls is no day"
    peak = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())  # ru_maxrss begins at the parent's
    assert peak is not None
    return int(peak[1]) / 1024
