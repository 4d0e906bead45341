"""A plan with 27 different mistakes: one run finds each, with file, place, value and remedy, in two languages."""

from pathlib import Path

import pytest

import fangxue
from plan_samples import AFTER, CALL, GATES, MORNING, NOON, changed, found

MORE = """[groups.bus1]
name = "1号校车"
members = ["g1", "g77"]
[groups.bus2]
kind = "buss"
members = ["g1"]
[day_types.wed]
name = "星期三"
[day_types.rain]
name = "雨天"
places = { g1 = "hal" }
[day_types.exam]
name = "考试"
quiet = [{ from = "8:00", to = "09:00" }]
[alerts]
evacuate = ""
[sentence]
[sentences]
"""
TEXT = changed(
    ("v = 1\n", "v = 2\n"),
    ("[sentences]\n", MORE),
    (CALL, 'call = "放学"'),
    (GATES, GATES + '[gates.south]\nname = "东门"\ncampus = "n"\n'),
    ('name = "C区"\ngate = "east"', 'name = "C区"\ngate = "eats"'),
    ('name = "F区"', 'name = ""'),
    ('count = 6\nzone = "b"', 'count = 6\nzone = "bb"'),
    ('count = 6\nzone = "d"', 'count = 6\nkind = "klass"\nzone = "d"'),
    ('count = 6\nzone = "e"', 'count = 60\nzone = "e"'),
    ('count = 6\nzone = "f"', 'count = 6\ncolour = "red"\nzone = "f"'),
    ('opens = "07:20"', 'opens = "7:20"'),
    (MORNING, MORNING + "\nrepeat = 9"),
    (NOON, NOON.replace("45", '"45"')),
    ('notice = "下午好，请从人行道有序进校。"\n', ""),
    ('gates = ["east"]', 'gates = ["east", "north"]'),
    (AFTER, AFTER.replace('"g6"]', '"g9"]') + '\ncalls = [{ who = ["bus1"] }]\n[windows.on.rian]\nrepeat = 1'),
    ('[calendar.dates."2026-10-10"]', '[calendar.dates."2026-10-32"]'),
    ('zone = "Asia/Shanghai"', 'zone = "Asia/Shanghay"'),
)
WRONG = [
    ("v", "v", "2"),
    ("same_name", "gates.south", "东门"),
    ("no_such", "gates.south.campus", "n"),
    ("no_such", "zones.c.gate", "eats"),
    ("bad_text", "zones.f.name", '""'),
    ("no_such", "classes.g2.zone", "bb"),
    ("bad_choice", "classes.g4.kind", '"klass"'),
    ("bad_range", "classes.g5.count", "60"),
    ("unknown_key", "classes.g6.colour", ""),
    ("no_such", "groups.bus1.members[1]", "g77"),
    ("bad_choice", "groups.bus2.kind", '"buss"'),
    ("reserved", "day_types.wed", "wed"),
    ("no_such", "day_types.rain.places.g1", "hal"),
    ("bad_time", "day_types.exam.quiet[0].from", '"8:00"'),
    ("bad_time", "windows.morning.opens", '"7:20"'),
    ("bad_range", "windows.morning.repeat", "9"),
    ("bad_type", "windows.noon.every_s", '"45"'),
    ("notice", "windows.afternoon.notice", ""),
    ("no_such", "windows.evening.gates[1]", "north"),
    ("no_such", "windows.after-school.order[5]", "g9"),
    ("at_or_after", "windows.after-school.calls[0]", ""),
    ("no_such", "windows.after-school.on.rian", "rian"),
    ("template", "sentences.call", "放学"),
    ("unknown_key", "sentence", ""),
    ("bad_text", "alerts.evacuate", '""'),
    ("zone_name", "school.zone", '"Asia/Shanghay"'),
]


def test_every_mistake_of_a_bad_plan_is_found_in_one_run() -> None:
    assert sorted(one for one in found(TEXT) if not one[1].startswith("calendar")) == sorted(WRONG)
    assert [one[1] for one in found(TEXT) if one[1].startswith("calendar")] == ["calendar.dates.2026-10-32"]


@pytest.mark.parametrize(("lang", "level"), [("zh_CN.UTF-8", "错误"), ("C.UTF-8", "error")])
def test_the_command_says_them_all_with_their_remedy(
    lang: str, level: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", lang)
    file = tmp_path / "plan.toml"
    file.write_text(TEXT, "utf-8")
    assert fangxue.main(["plan", "check", str(file)]) == 2
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert (out, len(lines)) == ("", len(WRONG) + 1)
    assert all(line.startswith(f"{file}: {level} ") and " → " in line for line in lines)
