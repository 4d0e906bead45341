"""What the page shows on days of a real centre and two gates: each gate's own window, groups, who was missed."""

import json
import re
from pathlib import Path
from typing import Any

from broker.console.app import _HERE
from broker.console.page import Page
from situation_rig import PLAN, Situation

PAGE = Page(_HERE / "templates")
HIGH = """[[windows]]
id = "high"
name = "高年级放学"
kind = "dismissal"
opens = "11:32"
starts = "11:34"
closes = "12:10"
every_s = 60
repeat = 1
pacing = "guarded"
gates = ["west"]
"""
EVENING = '[[windows]]\nid = "evening"'
STAGGERED = PLAN.replace('name = "午放学"', 'name = "低年级放学"\ngates = ["east"]').replace(EVENING, HIGH + EVENING)
"""The east gate from 11:25 to 11:55 by the clock; the west gate from 11:32 to 12:10 by hand."""
GROUP = '[groups.bus]\nname = "校车"\nmembers = ["g1c7", "g2c2"]\nzone = "a"\n'
BUS = PLAN.replace("[[windows]]", f"{GROUP}[[windows]]", 1).replace(
    "every_s = 60\n", 'every_s = 60\norder = ["bus", "g1c1", "g1c2", "g1c3", "g1c4", "g1c5", "g1c6", "g1c8", "g2c1"]\n'
)


def words(school: Situation, region: str) -> str:
    return re.sub(r"\s+", "", re.sub(r"<[^>]*>", " ", PAGE.regions(school.page())[region]))


def wishes(school: Situation, region: str) -> list[dict[str, Any]]:
    return [
        json.loads(one) for one in re.findall(r"data-(?:wish|first)='([^']*)'", PAGE.regions(school.page())[region])
    ]


def states(school: Situation) -> dict[str, str]:
    return {one.id: one.state for one in school.page().classes}


def test_gates_whose_windows_overlap_each_show_and_run_their_own(tmp_path: Path) -> None:
    school = Situation(tmp_path, STAGGERED)
    school.until("11:34:30")
    west = school.shown("west")
    assert (west.pacing, west.next_class, west.said, west.total) == ("guarded", "g2c1", 0, 2)
    assert (states(school)["g1c5"], states(school)["g2c1"], states(school)["g2c2"]) == ("called", "next", "waiting")
    assert "高年级放学11:32–12:10" in words(school, "gate-west")
    for gate, window in (("east", "noon"), ("west", "high")):
        asked = {one["kind"]: one["window"] for one in wishes(school, f"act-{gate}") if "window" in one}
        assert asked == dict.fromkeys(("delay", "skip", *(["release"] if gate == "west" else [])), window)
    assert [one["window"] for one in wishes(school, "today") if one["kind"] == "extend"] == ["noon", "high"]
    school.ask("delay", gate="west", window="high", delay_s=120)
    school.ask("release", gate="west", window="high", **{"class": "g2c1"})
    school.go(20)
    assert states(school)["g2c1"] == "called"
    assert wishes(school, "class-g2c1")[0] == {"class": "g2c1", "kind": "left", "window": "high"}


def test_a_call_of_several_classes_names_them_all(tmp_path: Path) -> None:
    school = Situation(tmp_path, BUS)
    school.until("11:29:00")
    both = "一年级七班、二年级二班"
    assert f"下一个{both}" in words(school, "gate-east")
    assert f"本班暂缓{both}" in words(school, "act-east")
    assert f'data-name="{both}暂缓"' in PAGE.regions(school.page())["act-east"]
    assert words(school, "class-g2c2") == "二年级二班下一个与一年级七班一起"
    assert "一起" not in words(school, "class-g1c1")


def test_who_was_missed_and_called_again_was_called(tmp_path: Path) -> None:
    school = Situation(tmp_path)
    school.until("11:31:30")
    school.east.power_cut()
    school.until("11:35:10")
    school.east.power_back()
    school.go(5)
    assert states(school)["g1c3"] == "missed"
    school.ask("call", confirmed=True, **{"class": "g1c3"})
    assert states(school)["g1c3"] == "next"
    school.go(30)
    assert states(school)["g1c3"] == "called"


def uncalled(school: Situation) -> list[tuple[str, bool]]:
    return [(one.class_id, one.unreported) for one in school.page().uncalled]


def test_whom_a_gate_without_power_did_not_call_stays_on_the_page_until_somebody_sees_to_it(tmp_path: Path) -> None:
    school = Situation(tmp_path)
    school.until("11:31:30")
    school.east.power_cut()
    school.until("11:54:00")
    assert uncalled(school) == []
    school.until("11:57:30")
    rest = [f"g1c{n}" for n in range(3, 9)]
    assert uncalled(school) == [(own, True) for own in rest]
    assert words(school, "banner").startswith("▲午放学已结束，东门没有叫到：一年级三班、一年级四班、")
    assert words(school, "missed").startswith("午放学没有叫到·东门一年级三班校门未报告")
    school.ask(**wishes(school, "missed")[1])  # led out by hand, while the gate is dark
    assert uncalled(school) == [(own, True) for own in rest[1:]]
    school.east.power_back()
    school.go(10)
    assert uncalled(school) == [(own, False) for own in rest[1:]]
    assert "一年级四班未播" in words(school, "missed")
    call, out = wishes(school, "missed")[:2]
    school.ask(**out)
    school.ask(confirmed=True, **{**call, "class": "g1c5"})
    school.go(20)
    assert school.east.heard()[-1].endswith("一年级五班")
    assert uncalled(school) == [(own, False) for own in rest[3:]]


def test_who_was_not_called_is_named_also_while_the_next_window_runs_but_not_who_was_silent_on_purpose(
    tmp_path: Path,
) -> None:
    second = HIGH.replace("11:32", "11:55").replace("11:34", "11:57").replace("west", "east")
    school = Situation(tmp_path, PLAN.replace(EVENING, second + EVENING))
    school.until("11:33:30")
    school.ask("skip", **{"class": "g1c5"})
    school.east.power_cut()
    school.until("11:36:10")
    school.east.power_back()
    school.ask("quiet", gate="east", to="2026-11-25T03:37:30Z", confirmed=True)
    school.until("11:55:30")
    window = school.shown().window
    assert window is not None
    assert (window.id, uncalled(school)) == ("high", [("g1c6", False)])
