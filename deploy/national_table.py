"""Makes the national table of China from `chinesecalendar`: the shipped module, or a file to import.

`python -m deploy.national_table > config/national_cn.py`, or with `--year 2027 > 2027.toml`.
"""

import argparse
import json
from collections.abc import Collection
from datetime import date, timedelta
from importlib.metadata import version

from chinese_calendar.constants import Holiday, holidays, workdays

from config.national import National, written

FIRST = 2024
"""Earlier years are nobody's timetable any more."""
_HEAD = '''"""China's holidays and worked weekends, as the State Council's office gives notice of them each November.

Made by deploy/national_table.py from chinesecalendar {version} (MIT); not written by hand.
"""

from config.national import table

_READ, _FAULTS = table("""{text}""")
assert _READ is not None, _FAULTS
CN = _READ
'''


def national(years: Collection[int], extends: str = "none") -> National:
    """These years as chinesecalendar has them; a year that it lacks is refused."""
    known = {on.year for on in holidays}
    if missing := sorted(set(years) - known):
        message = f"chinesecalendar {version('chinesecalendar')} has no {missing}: update it, the notice is of November"
        raise SystemExit(message)
    tables = [
        {
            "year": year,
            "holidays": _spans({on: name for on, name in holidays.items() if on.year == year}),
            "make_up": [
                {"on": on.isoformat(), "name": _chinese(name)}
                for on, name in sorted(workdays.items())
                if on.year == year
            ],
        }
        for year in sorted(years)
    ]
    raw = {"v": 1, "name": "国务院办公厅节假日安排", "extends": extends, "years": tables}
    return National.model_validate_json(json.dumps(raw))


def _spans(named: dict[date, str]) -> list[dict[str, str]]:
    """Days of one name that follow each other are one holiday."""
    spans: list[dict[str, str]] = []
    for on, name in sorted(named.items()):
        chinese, yesterday = _chinese(name), (on - timedelta(days=1)).isoformat()
        if spans and (spans[-1]["name"], spans[-1]["to"]) == (chinese, yesterday):
            spans[-1]["to"] = on.isoformat()
        else:
            spans.append({"name": chinese, "from": on.isoformat(), "to": on.isoformat()})
    return spans


def _chinese(name: str) -> str:
    return str(next(one.chinese for one in Holiday if one.value == name))


def module() -> str:
    """The text of config/national_cn.py."""
    years = {on.year for on in holidays if on.year >= FIRST}
    return _HEAD.format(version=version("chinesecalendar"), text=written(national(years)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="全国节假日表 the national table, from chinesecalendar")
    parser.add_argument("--year", type=int, help="只要这一年，写成导入文件 one year, as a file to import")
    year = parser.parse_args().year
    print(module() if year is None else written(national([year], extends="cn")), end="")
