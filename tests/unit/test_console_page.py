"""The page as it is first served: what it names, offers and keeps apart."""

import re
from pathlib import Path

import pytest

from broker.console.page import PROBLEMS
from broker.view import HoldView
from console_rig import NOW, Rig, classes, gate, held, restored, state

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_names_the_gate_that_is_missing_and_the_remedy_for_the_time() -> None:
    rig = Rig()
    rig.centre.shown = held()
    text = rig.ask("GET", "/").text
    assert "西门未确认，42 秒没有消息" in text
    assert "时间没有人确认" in text
    assert "王老师：校车没到" in text
    assert '"ids": ["change-7"]' in text
    assert "<script>" not in text


def test_the_page_says_what_stands_at_a_gate_why_and_since_when() -> None:
    rig = Rig()
    since = NOW.replace(day=24)
    told = (
        {"code": "player", "why": "card <Device> is gone", "since": since},
        {"code": "of-tomorrow", "why": "", "since": since},
    )
    rig.centre.shown = state(gates=(gate("east", problems=told), gate("west")))
    text = rig.ask("GET", "/").text
    assert "▲ 声音放不出来（11-24 11:31 起）：<small>card &lt;Device&gt; is gone</small>" in text
    assert "▲ of-tomorrow（11-24 11:31 起）<" in text


def test_every_problem_a_gate_can_have_has_words_on_the_page() -> None:
    """Codes as they stand in the gate's source."""
    sources = [path.read_text("utf-8") for path in (ROOT / "edge").glob("*.py")]
    found = {code for text in sources for code in re.findall(r"""(?:problem|PartFailed|_part)\("([\w-]+)\"""", text)}
    found |= {code for text in sources for code in re.findall(r'"(clock-\w+)": ', text)}
    found |= {"button-hold", "button-next"}
    assert len(found) > 14
    assert found <= PROBLEMS.keys()


def test_the_page_offers_the_day_types_quiet_and_another_gate() -> None:
    rig = Rig()
    text = rig.ask("GET", "/").text
    assert "日型：现在是正常" in text
    assert [f'{{"day_type": "{one}", "kind": "day_type"}}' in text for one in ("rain", "closed", "normal")] == [
        True, True, False,
    ]  # fmt: skip
    assert '{"gate": "east", "kind": "quiet"}' in text
    assert '<option value="g3c1">三年级一班</option>' in text
    quiet = ({"id": "change-4", "since": NOW, "to": None},)
    rig.centre.shown = state(gates=(gate("east", quiet=quiet, may_call=("三年级一班",)), gate("west")))
    text = rig.ask("GET", "/").text
    assert '{"gate": "east", "ids": ["change-4"], "kind": "quiet"}' in text
    assert "静音：只亮灯，不出声" in text
    assert "东门未确认，可能仍会播报：三年级一班。请打电话给门卫。" in text


def test_the_page_offers_another_order_a_notice_a_longer_window_and_a_gate_that_is_closed() -> None:
    text = Rig().ask("GET", "/").text
    assert {one in text for one in ('data-form="reroute"', 'data-form="move"', 'data-form="notice"')} == {True}
    assert '<option value="east" data-of="from_gate">东门全部</option>' in text
    assert '{"delay_s": 600, "kind": "extend", "window": "noon"}' in text
    alone = Rig()
    alone.centre.shown = state(gates=(gate("east", window=None),), classes=(), window=None)
    text = alone.ask("GET", "/").text
    assert ['data-form="reroute"' in text, 'data-form="move"' in text, '"extend"' in text] == [False, True, False]


@pytest.mark.parametrize(
    ("shown", "offers"),
    [("called", True), ("missed", True), ("calling", False), ("next", False), ("skipped", False), ("left", False)],
)
def test_who_was_called_may_be_reported_to_be_out(shown: str, offers: bool) -> None:
    rig = Rig()
    rig.centre.shown = state(classes=tuple(one.but(state=shown) for one in classes()[:1]))
    wish = '{"class": "g3c1", "kind": "left", "window": "noon"}'
    assert (wish in rig.ask("GET", "/").text) is offers


def test_the_page_asks_whose_days_count_and_says_for_which_dates() -> None:
    rig = Rig()
    assert "data-to" not in rig.ask("GET", "/").text
    rig.centre.shown = restored()
    text = rig.ask("GET", "/").text
    assert "校门上有比中心更新的放学表（东门 第 12 版，中心 第 3 版）。中心的数据可能是从旧备份恢复的。" in text
    assert "11月25日至11月26日共 2 天：选定以前" in text
    assert "11月29日：校门按自己的放学表走。" in text
    shown = '"dates": ["2026-11-25", "2026-11-26"]'
    wishes = [f'{{"choose": "{one}", {shown}}}' for one in ("keep", "mine")]
    assert [wish in text for wish in wishes] == [True, True]
    assert '{"choose": "mine", "dates": ["2026-11-29"]}' in text


def test_what_the_calendar_does_not_know_stands_on_the_page_with_whom_to_ask() -> None:
    rig = Rig()
    assert "请问" not in rig.ask("GET", "/").text
    rig.centre.shown = state(doubts=("没有 2027 年的节假日表；请问 教务处",))
    assert "▲ 没有 2027 年的节假日表；请问 教务处" in rig.ask("GET", "/").text


def test_a_hold_of_the_gates_own_button_is_said_to_be_one() -> None:
    rig = Rig()
    one = HoldView(id="east/0123abcd-7", since=None, by="门卫", why=None)
    rig.centre.shown = state(gates=(gate("east", doing="held", holds=(one,)),))
    text = rig.ask("GET", "/").text
    assert "■ 暂停：门卫（门口按键）" in text
    assert '"ids": ["east/0123abcd-7"]' in text


def test_text_of_people_is_never_markup() -> None:
    rig = Rig()
    rig.centre.shown = state(name="<b>&'\"", gates=(gate("east", now="<script>1</script>"),))
    text = rig.ask("GET", "/").text
    assert "<b>&'" not in text
    assert "<script>1" not in text
