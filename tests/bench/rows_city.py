"""More than a day: a school's year, beside `json` on the same bytes; a city's schools in turn, beside a few of them."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from bench.row import NoSampleError, Row
from bench.rows_pure import a_time_ms
from broker.wire.messages import encode
from config.lint import read
from config.timetable import timetable
from wire_samples import ROOT

SCHOOLS = ROOT / "deploy/examples/schools"
FIRST, DAYS = date(2026, 9, 1), 365
CITY, FEW = 2202, 22
IN_TURN = """
import re, sys
from datetime import date
from pathlib import Path

from broker.wire.messages import encode
from config.plan_read import draft
from config.timetable import timetable

folder, schools = Path(sys.argv[1]), int(sys.argv[2])
text = (folder / "city-school.toml").read_text("utf-8")
size = 0
for n in range(schools):
    own = text.replace('"hongqi"', f'"hongqi-{n}"').replace("红旗小学", f"红旗第{n}小学")
    made, findings = draft(own, lambda name: (folder / name).read_bytes())
    assert not findings, findings
    size += sum(len(encode(day)) for day in timetable(made.plan(), date(2026, 11, 25)))
assert size > schools * 1000, "a day without calls is no day"
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024)  # ru_maxrss is the parent's
"""


@contextmanager
def rows(_: Path, pairs: int) -> Iterator[list[Row]]:
    plan = read((SCHOOLS / "primary.toml").read_text("utf-8"), "primary.toml")[0]
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
    """The most that a process of its own took."""
    command = [sys.executable, "-P", "-c", IN_TURN, str(SCHOOLS), str(schools)]
    told = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    if told.returncode:
        raise NoSampleError(told.stderr)
    return float(told.stdout)
