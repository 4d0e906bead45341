"""The page in an alert, and where people pace: what stands there, in words, and what its buttons ask."""

import html
import json
import re
from datetime import timedelta
from typing import Any

import pytest

from broker.console.app import _HERE
from broker.console.page import Page
from broker.view import AlertView, HoldView, MissingView, StandingView, View
from console_rig import NOW, Rig, classes, gate, state

PAGE = Page(_HERE / "templates")


def alert(action: str = "evacuate", status: str = "actual", **more: object) -> AlertView:
    made = {"seq": 7, "action": action, "status": status, "say": "请疏散。", "at": NOW, "until": None, "by": "李主任"}
    return AlertView.model_validate({**made, **more})


def stands(one: AlertView, *missing: MissingView) -> StandingView:
    return StandingView(alert=one, confirmed=2 - len(missing), missing=missing)


def region(view: View, name: str) -> str:
    return re.sub(r"<[^>]*>", "", PAGE.regions(view)[name])


def wishes(view: View, name: str) -> list[dict[str, Any]]:
    return [json.loads(html.unescape(one)) for one in re.findall(r"data-wish='([^']*)'", PAGE.regions(view)[name])]


def test_an_alert_stands_on_the_page_with_who_raised_it_and_which_gate_is_missing() -> None:
    view = state(alert=stands(alert(), MissingView(gate="west", name="西门", age_s=42.0)), alerts=(alert(),), clears=7)
    text = region(view, "alert")
    for word in ("■ 警报：疏散", "李主任 发出", "1/2 校门已确认", "西门未确认，42 秒没有消息", "解除…"):
        assert word in text
    assert wishes(view, "alert") == [{"action": "clear", "clears": 7}]
    assert "警报：疏散 真警报" in " ".join(region(view, "changes").split())
    assert region(state(), "alert").strip() == ""


def test_a_drill_says_so_and_until_when() -> None:
    view = state(alert=stands(alert("return", "drill", until=NOW + timedelta(minutes=5))))
    text = region(view, "alert")
    assert ("◇ 演练：返回校内" in text, "11:36:00 自动结束" in text, "■" in text) == (True, True, False)


def test_after_the_clear_the_page_says_that_the_gates_are_still_held() -> None:
    hold = HoldView(id="east/alert-7", since=NOW, by="警报", why="已解除，等人恢复")
    view = state(alert=stands(alert("clear")), gates=(gate("east", doing="held", holds=(hold,)), gate("west")))
    assert "各门仍暂停，确认安全后按“恢复”。" in region(view, "alert")
    assert "警报：已解除，等人恢复" in region(view, "gate-east")
    assert wishes(view, "act-east")[0] == {"kind": "resume", "gate": "east", "ids": ["east/alert-7"]}
    assert "仍暂停" not in region(state(alert=stands(alert("clear", "drill"))), "alert")


def test_a_gate_in_an_alert_that_the_centre_forgot_is_named() -> None:
    view = state(strays=("西门",), clears=5)
    assert "西门正在播警报" in region(view, "alert")
    assert wishes(view, "alert") == [{"action": "clear", "clears": 5}]


@pytest.mark.parametrize(("pacing", "word"), [("guarded", "按键放行"), ("ready", "整队放行")])
def test_where_people_pace_the_main_button_lets_the_next_class_go_and_no_time_is_promised(
    pacing: str, word: str
) -> None:
    paced = tuple(one.but(pacing=pacing, at=None) for one in classes())
    gates = (
        gate("east", pacing=pacing, next_class="g3c4", next_at=None),
        gate("west", pacing=pacing, next_class="g4c4", next_at=None, released=("四年级三班",)),
    )
    view = state(classes=paced, gates=gates)
    assert wishes(view, "act-east")[0] == {"kind": "release", "gate": "east", "class": "g3c4", "window": "noon"}
    assert "放行下一班三年级四班" in "".join(region(view, "act-east").split())
    assert word in region(view, "gate-east")
    assert "data-left" not in PAGE.regions(view)["gate-east"]
    assert ("四年级三班，等校门叫到" in region(view, "act-west"), wishes(view, "act-west")[0]["kind"]) == (True, "hold")
    ready = PAGE.regions(view)["class-g3c4"]
    assert ("data-first" in ready, "待放行" in ready) == (pacing == "ready", True)


def test_in_a_hold_nobody_is_let_go() -> None:
    hold = HoldView(id="change-1", since=NOW, by="王", why=None)
    view = state(gates=(gate("east", pacing="guarded", next_class="g3c4", holds=(hold,)), gate("west")))
    assert [one["kind"] for one in wishes(view, "act-east")][:1] == ["resume"]


def test_an_alert_over_rest() -> None:
    rig = Rig()
    wish = {"key": "k1", "by": "李主任", "action": "return", "drill": True, "until": "2026-11-25T03:40:00Z"}
    answer = rig.post(wish, "/v1/alerts")
    assert (answer.status_code, answer.json()["seq"], rig.centre.alarms[0].drill) == (200, 7, True)
    asked = rig.post({"key": "k2", "by": "李主任", "action": "clear"}, "/v1/alerts")
    assert (asked.status_code, asked.json()["ask_again"]) == (409, True)
    assert rig.post({**wish, "by": ""}, "/v1/alerts").status_code == 422
    assert rig.post(wish, "/v1/alerts", origin="http://evil.example").status_code == 403
