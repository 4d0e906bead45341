"""The sheet on the wall: every class and instant, whom to ring, nothing that could run; what a plan says is escaped."""

from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

import fangxue
from broker.wall import Printed, page
from config.plan import Plan
from config.timetable import timetable, zones
from plan_days import AFTERNOON, RAIN, SMALL, WEDNESDAY, call, change, taken
from plan_samples import changed
from wire_samples import ROOT

SAMPLE = str(ROOT / "deploy/examples/shifan.toml")
AT = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)


class Seen(HTMLParser):
    """What a browser makes of it: tags with their attributes, and the text a gate."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.gates: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "section":
            self.gates.append("")

    def handle_data(self, data: str) -> None:
        if self.gates:
            self.gates[-1] += data


def printed(made: Plan, *changes: object, closed: str = "") -> Seen:
    days = timetable(made, WEDNESDAY, changes)  # type: ignore[arg-type] # Changes, as `change` makes them
    return Seen(page(Printed(made, days, zones(made, WEDNESDAY, changes), "1a2b3c4d", AT, closed)))  # type: ignore[arg-type] # the same


def test_every_class_stands_with_instant_and_zone_on_the_page_of_its_gate() -> None:
    east, west = printed(taken(SMALL, AFTERNOON)).gates
    for text in ("东门", "实验小学", "2026年11月25日 星期三", "正常", "下午放学 16:25–16:45"):
        assert text in east
    assert "16:30一年级一班A区" in east
    assert "16:31一年级二班A区" in east
    assert "二年级" not in east
    assert "16:31二年级二班B区" in west


def test_it_says_what_the_lamps_mean_whom_to_ring_and_which_plan_it_is_of() -> None:
    for gate in printed(taken(SMALL, AFTERNOON)).gates:
        for lamp in ("绿灯慢闪", "绿灯亮", "红灯亮", "红灯快闪", "黄灯亮"):
            assert lamp in gate
        assert "电话 教务处" in gate
        assert "方案版本 1a2b3c4d　打印于 2026-11-20 09:30" in gate


def test_a_rainy_sheet_shows_where_they_wait_today_and_a_skipped_class_is_struck_out() -> None:
    made = taken(SMALL, AFTERNOON, RAIN)
    rain = change(made, 1, "day_type", "07:00", day_type="rain")
    skip = change(made, 2, "skip", "07:01", cues=(call("afternoon", "g2c1"),))
    days = timetable(made, WEDNESDAY, (rain, skip))
    html = page(Printed(made, days, zones(made, WEDNESDAY, (rain, skip)), "v", AT))
    assert "雨天" in html
    assert "<time>16:31</time><b>一年级二班</b><span>体育馆</span>" in html
    assert '<li class="off"><time>16:32</time><b>二年级一班</b>' in html


@pytest.mark.parametrize(("pacing", "words"), [("guarded", "next 键放行"), ("ready", "整队完成后放行")])
def test_where_people_pace_the_instant_is_only_the_order(pacing: str, words: str) -> None:
    east, _ = printed(taken(SMALL, AFTERNOON.replace("every_s", f'pacing = "{pacing}"\nevery_s'))).gates
    assert words in east
    assert "（16:30）一年级一班" in east


def test_a_day_without_school_says_why_and_whom_to_ask() -> None:
    made = taken(SMALL, AFTERNOON)
    closed = change(made, 1, "day_type", "07:00", day_type="closed")
    for gate in printed(made, closed, closed="停课：台风 <b>").gates:
        assert "停课：台风 <b>" in gate
        assert "教务处" in gate


def test_nothing_of_a_plan_can_run_and_nothing_is_loaded() -> None:
    evil = """<script>alert(1)</script><img src="//x" onerror='x'>"""
    made = taken(SMALL, AFTERNOON)
    school = made.school.but(name=evil[:60], contact=evil[:60], owners=(evil[:60], "b"))
    classes = tuple(one.but(name=evil[:60]) for one in made.classes)
    gates = tuple(one.but(name=evil[:60]) for one in made.gates)
    zoned = tuple(one.but(name=evil[:60]) for one in made.zones)
    made = made.but(school=school, classes=classes, gates=gates, zones=zoned)
    seen = printed(made)
    assert not seen.tags & {"script", "img", "link", "iframe", "object"}
    assert seen.attributes <= {"lang", "charset", "class"}
    assert evil[:60] in seen.gates[0]
    days = timetable(made, WEDNESDAY)
    plain = Printed(made, days, zones(made, WEDNESDAY), "v", AT)
    assert "url(" not in page(plain)
    assert "http" not in page(replace(plain, version="v"))


def test_the_command_writes_the_file_and_says_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "wall.html"
    assert fangxue.main(["plan", "day", SAMPLE, "--date", "2026-11-25", "--print", str(out)]) == 0
    assert capsys.readouterr() == ("", "")
    seen = Seen(out.read_text("utf-8"))
    assert [sum(gate.count(f"{one}班") for one in "一二三四五六") for gate in seen.gates] == [36, 36]
    assert fangxue.main(["plan", "day", SAMPLE, "--date", "2026-11-25", "--print", str(tmp_path)]) == 2
    assert "Is a directory" in capsys.readouterr().err


def test_the_version_is_of_the_plan_as_a_centre_keeps_it(tmp_path: Path) -> None:
    sheets = []
    for n, text in enumerate([changed(), changed(), changed(('name = "C区"', 'name = "D 区"'))]):
        file, out = tmp_path / f"{n}.toml", tmp_path / f"{n}.html"
        file.write_text(text, "utf-8")
        assert fangxue.main(["plan", "day", str(file), "--date", "2026-11-25", "--print", str(out)]) == 0
        sheets.append(out.read_text("utf-8").split("方案版本 ")[1][:8])
    assert sheets[0] == sheets[1] != sheets[2]
