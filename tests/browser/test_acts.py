"""Acts from phones at two real gates: one tap is one Change, whoever taps beside it, and an undo restores the day."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from config.day import GateDay
from config.timetable import issued
from page_rig import TwoGates, button, done, phone, shoot, tile, undo
from process_rig import ZONE

LONG = "校车晚到请大家在操场等候" * 4 + "请注意安全谢谢大家"


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoGates]:
    made = TwoGates(tmp_path_factory.mktemp("school"), every_s=60, classes=4)
    with made.open():
        yield made


@pytest.fixture
def page(browser: Browser, school: TwoGates) -> Iterator[Page]:
    made = opened(browser, school, "王老师")
    yield made
    made.context.close()


def opened(browser: Browser, school: TwoGates, by: str) -> Page:
    made = phone(browser, school.url)
    made.locator("#by").fill(by)
    expect(made.locator("[data-region=top]")).to_contain_text("2/2 校门已确认")
    return made


def changes(school: TwoGates) -> list[tuple[str, str]]:
    """Kind and person of each change, the newest first."""
    return [(one["kind"], one["by"]) for one in school.state()["changes"]]


# Undo ---------------------------------------------------------------------------------------------


def delay(school: TwoGates, page: Page) -> None:
    button(page, "顺延", "east").tap()
    done(page, "东门顺延 2 分")


def skip(school: TwoGates, page: Page) -> None:
    button(page, "本班暂缓", "west").tap()
    done(page, "四年级一班暂缓")


def extend(school: TwoGates, page: Page) -> None:
    assert school.wish(kind="extend", window="noon", delay_s=600)[0] == 200


def reroute(school: TwoGates, page: Page) -> None:
    page.get_by_label("班级").select_option("三年级二班")
    page.get_by_label("校门", exact=True).select_option("西门")
    button(page, "换门").tap()
    done(page, "三年级二班换到西门")


def move(school: TwoGates, page: Page) -> None:
    page.get_by_label("先叫").select_option("三年级四班")
    page.get_by_label("后叫").select_option("三年级二班")
    button(page, "换先后").tap()
    done(page, "三年级四班换到三年级二班前面")


def close_gate(school: TwoGates, page: Page) -> None:
    page.get_by_label("班级").select_option("西门全部")
    page.get_by_label("校门", exact=True).select_option("东门")
    button(page, "换门").tap()
    expect(page.locator("#ask p")).to_have_text("西门还没叫的 4 个班都改到东门叫？")
    page.locator("#ask button[value=yes]").tap()
    done(page, "西门全部换到东门")


def longer(school: TwoGates, page: Page) -> None:
    button(page, "延长 10 分").tap()
    done(page, "午放学延长 10 分")


def undone(school: TwoGates, page: Page) -> None:
    """The newest change is undone from the page."""
    undo(page, school.state()["changes"][0]["n"]).tap()
    expect(page.locator("#done p")).to_contain_text("撤销")
    expect(page.locator("#done")).to_contain_text("2/2 校门已确认")


@pytest.mark.parametrize("act", [delay, skip, extend, longer, reroute, close_gate, move])
def test_an_undo_before_its_instant_restores_the_day(
    act: Callable[[TwoGates, Page], None], school: TwoGates, page: Page
) -> None:
    days, shown = school.days(), page_of(school)
    act(school, page)
    assert timetable(school.days()) != timetable(days)
    assert page_of(school) != shown
    undone(school, page)
    assert timetable(school.days()) == timetable(days)
    assert page_of(school) == shown
    if act is delay:
        shoot(page, "after-undo")


def test_a_notice_is_said_at_the_time_of_today_that_was_written(school: TwoGates, page: Page) -> None:
    days = school.days()
    later = (school.first + timedelta(minutes=10)).astimezone(ZONE).replace(second=0, microsecond=0)
    page.get_by_label("通知的话").fill("校车晚到，请在操场等候。")
    page.get_by_label("时刻").fill(f"{later:%H:%M}")
    page.get_by_label("在哪个门播").select_option("东门")
    page.get_by_label("时刻").press("Enter")  # no tap
    assert school.days() == days
    button(page, "插播通知").tap()
    done(page, f"{later:%H:%M} 东门插播通知")
    expect(page.get_by_label("通知的话")).to_have_value("")  # a second tap does not say it again
    expect(page.locator("#changes")).to_contain_text("插播通知 “校车晚到，请在操场等候。” 东门")
    (made,) = [cue for cue in school.days()["east"].cues if cue.kind == "notice"]
    assert (made.at, made.say) == (later, "校车晚到，请在操场等候。")
    assert school.days()["west"].cues == days["west"].cues
    page.get_by_label("时刻").scroll_into_view_if_needed()
    shoot(page, "notice")
    undone(school, page)
    assert timetable(school.days()) == timetable(days)
    button(page, "插播通知").tap()
    expect(page.locator("#done .bad")).to_contain_text("请写上通知的话")


def page_of(school: TwoGates) -> list[object]:
    """What the page shows of the timetable."""
    state = school.state()
    return [state["window"]["closes"], *((one["id"], one["state"], one["at"]) for one in state["classes"])]


def timetable(days: dict[str, GateDay]) -> list[GateDay]:
    """Without when and as what they were issued."""
    return [issued(day, 0, day.windows[0].opens) for day in days.values()]


def test_a_hold_is_ended_by_a_resume_and_the_day_is_what_it_was(school: TwoGates, page: Page) -> None:
    days = school.days()
    button(page, "暂停", "east").tap()
    done(page, "东门暂停")
    n = school.state()["changes"][0]["n"]
    code, answer = school.wish(kind="undo", undoes=n)
    assert (code, "恢复" in answer["text"]) == (409, True)
    expect(button(page, "全部校门暂停")).to_be_visible()
    button(page, "恢复", "east").tap()
    done(page, "东门恢复")
    after = school.days()
    assert [(day.cues, day.windows) for day in after.values()] == [(day.cues, day.windows) for day in days.values()]
    assert [hold.to is None for hold in after["east"].holds] == [False]
    assert after["west"] == days["west"]


def test_a_day_type_is_shown_before_it_is_meant_and_quiet_is_ended_where_it_was_begun(
    school: TwoGates, page: Page
) -> None:
    days = school.days()
    button(page, "停课…").tap()
    expect(page.locator("#ask p")).to_contain_text("今天改成“停课”？")
    expect(page.locator("#ask p")).to_contain_text("东门 日型 正常 → 停课")
    shoot(page, "day-type-asked")
    page.locator("#ask button[value=no]").tap()
    assert school.days() == days
    button(page, "东门静音").tap()
    page.locator("#ask button[value=yes]").tap()
    done(page, "东门静音")
    expect(page.locator("[data-region=gate-east]")).to_contain_text("静音：只亮灯，不出声")
    page.locator(".today").scroll_into_view_if_needed()
    shoot(page, "today")
    assert [span.to for span in school.days()["east"].quiet] == [None]
    button(page, "东门结束静音").tap()
    done(page, "东门结束静音")
    assert [span.to is None for span in school.days()["east"].quiet] == [False]


# Two taps, two people -----------------------------------------------------------------------------


def test_a_double_tap_is_one_change_also_when_the_button_changes_under_the_thumb(
    browser: Browser, school: TwoGates
) -> None:
    page = phone(browser, school.url, clock=True)
    page.locator("#by").fill("王老师")
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 60)
    known = changes(school)
    hold = button(page, "全部校门暂停")
    hold.dblclick()
    done(page, "全部暂停")
    resume = button(page, "全部校门恢复")
    expect(resume).to_be_disabled()  # it came to where the thumb still is
    box = resume.bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.clock.run_for(1000)
    expect(resume).to_be_enabled()
    assert changes(school) == [("hold", "王老师"), *known]
    resume.tap()
    done(page, "全部恢复")
    assert changes(school) == [("resume", "王老师"), ("hold", "王老师"), *known]
    page.context.close()


def at_once(first: Page, second: Page, what: Callable[[Page], None]) -> None:
    """Both tap before the centre heard of either: their requests wait for each other."""
    waiting: list[Route] = []
    for one in (first, second):
        one.route("**/v1/changes", lambda route: waiting.append(route))
        with one.expect_request("**/v1/changes"):
            what(one)
    for route in waiting:
        route.continue_()
    for one in (first, second):
        one.unroute("**/v1/changes")


def test_two_people_hold_at_once_and_one_resume_ends_both(browser: Browser, school: TwoGates, page: Page) -> None:
    other = opened(browser, school, "李老师")
    known = changes(school)
    at_once(page, other, lambda one: button(one, "全部校门暂停").tap())
    done(page, "全部暂停")
    done(other, "全部暂停")
    assert sorted(changes(school)[:2]) == [("hold", "李老师"), ("hold", "王老师")]
    assert changes(school)[2:] == known
    expect(page.get_by_role("region", name="东门")).to_contain_text("李老师")
    at_once(page, other, lambda one: button(one, "全部校门恢复").tap())
    done(page, "全部恢复")
    expect(other.locator("#done .bad")).to_contain_text("没有这个暂停：它已经结束")
    shoot(other, "refused")
    assert changes(school)[0] == ("resume", "王老师")
    assert len(changes(school)) == len(known) + 3
    school.wait(lambda state: not any(gate["holds"] for gate in state["gates"]))
    other.context.close()


def test_two_people_skip_the_same_class_at_once(browser: Browser, school: TwoGates, page: Page) -> None:
    other = opened(browser, school, "李老师")
    known = changes(school)
    at_once(page, other, lambda one: button(one, "本班暂缓", "west").tap())
    done(page, "四年级一班暂缓")
    expect(other.locator("#done .bad")).to_contain_text("四年级一班已经暂缓")
    assert changes(school) == [("skip", "王老师"), *known]
    expect(tile(other, "g4c1")).to_contain_text("暂缓")
    other.context.close()


# Behind a sentence (last: it goes on for half a minute) -------------------------------------------


def test_what_waits_behind_a_sentence_is_undone_and_the_sentence_itself_is_not(school: TwoGates, page: Page) -> None:
    said = school.wish(kind="notice", text=LONG)[1]["n"]
    school.wait(lambda state: all(gate["now"] == LONG for gate in state["gates"]))
    days, shown = school.days(), page_of(school)
    assert school.wish(kind="notice", text="请注意，校车到了。")[0] == 200
    assert timetable(school.days()) != timetable(days)
    undone(school, page)
    tile(page, "g3c3").tap()
    done(page, "叫三年级三班")
    assert page_of(school) != shown
    undone(school, page)
    assert timetable(school.days()) == timetable(days)
    assert page_of(school) == shown
    undo(page, said).tap()
    expect(page.locator("#done .bad")).to_contain_text("已经播出或正在播，撤销不了")
    assert {gate["now"] for gate in school.state()["gates"]} == {LONG}
