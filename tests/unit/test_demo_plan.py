"""The demo's plan: whatever the hour, it is a good plan whose first call is 20 s away."""

import importlib.util
from datetime import date, datetime, timedelta
from pathlib import Path
from types import ModuleType
from zoneinfo import ZoneInfo

import pytest

from config.lint import read
from config.timetable import timetable

FILE = Path(__file__).parents[2] / "deploy" / "demo.py"


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("demo_under_test", FILE)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


DEMO = loaded()


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Pacific/Kiritimati", "Europe/Berlin"])
@pytest.mark.parametrize("on", [date(2026, 11, 25), date(2026, 11, 28), date(2027, 12, 31), date(2028, 2, 29)])
def test_at_any_hour_of_any_day_the_first_call_is_twenty_seconds_away(zone: str, on: date, tmp_path: Path) -> None:
    sample, _ = read(DEMO.SAMPLE.read_text("utf-8").replace("Asia/Shanghai", zone), "sample")
    school = DEMO._School(tmp_path, sample, ZoneInfo(zone), 8300)
    for minute in [*range(0, 1440, 30), 1, 1438, 1439]:
        now = datetime.combine(on, datetime.min.time(), ZoneInfo(zone)) + timedelta(minutes=minute, seconds=57.5)
        for hours in (0, 2):
            day, first = school.write_plan(now, hours_ahead=hours)
            text = (tmp_path / "plan.toml").read_text("utf-8").replace("Asia/Shanghai", zone)
            plan, warnings = read(text, "plan.toml")
            calls = [one.cues[0].at for one in timetable(plan, day)]
            wait_s = (first - now).total_seconds() - hours * 3600
            assert (calls, day) == ([first, first], on)
            assert {one.code for one in warnings} <= {"neighbours"}  # a demo may be shown at any hour
            assert 20 <= wait_s <= 21
