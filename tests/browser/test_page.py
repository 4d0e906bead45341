"""The page in a real browser: a tap is done once, what it shows is true or says that it is not, and it fits a phone."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from broker.console.server import Console
from config.clock import SystemClock
from config.settings import ConsoleSettings
from console_rig import FakeCentre, Now, held, state
from process_rig import School, free_port, now

CLOCK = SystemClock()
SHOTS = os.environ.get("FANGXUE_SHOTS")
SIZES = [(390, 844), (360, 740)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        yield browser
        browser.close()


def phone(browser: Browser, url: str, width: int = 390, height: int = 844, *, clock: bool = False) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": height}, device_scale_factor=2, is_mobile=True, has_touch=True,
        locale="zh-CN", timezone_id="Asia/Shanghai",
    )  # fmt: skip
    page = context.new_page()
    page.set_default_timeout(20_000)
    if clock:
        page.clock.install()
    page.goto(url)
    return page


@pytest.fixture
def centre() -> FakeCentre:
    return FakeCentre()


@pytest.fixture
def console(centre: FakeCentre) -> Iterator[Console]:
    made = Console(centre, Now(), ConsoleSettings(port=free_port()), CLOCK.monotonic_s, print)
    yield made
    made.stop()


def shoot(page: Page, tmp_path: Path, name: str) -> None:
    page.screenshot(path=Path(SHOTS or tmp_path) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("shown", ["open", "held"])
def test_it_fits_a_phone(
    browser: Browser, console: Console, *, centre: FakeCentre, size: tuple[int, int], shown: str, tmp_path: Path
) -> None:
    centre.shown = state() if shown == "open" else held()
    page = phone(browser, console.url, *size)
    expect(page.locator("#clock")).to_contain_text("11:31")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    buttons = page.locator("button:visible, input:visible").all()
    assert len(buttons) > 15
    for button in buttons:
        box = button.bounding_box()
        assert box is not None
        assert min(box["height"], box["width"]) >= 64, button.inner_text()
    shoot(page, tmp_path, f"{shown}-{size[0]}")


def test_a_call_outside_a_window_is_asked_twice(
    browser: Browser, centre: FakeCentre, console: Console, tmp_path: Path
) -> None:
    page = phone(browser, console.url)
    page.get_by_role("button", name="三年级一班").tap()
    expect(page.locator("#done")).to_contain_text("请先在上面写上您的姓名")
    assert centre.wishes == []
    page.locator("#by").fill("王老师")
    page.get_by_role("button", name="三年级一班").tap()
    expect(page.locator("#ask")).to_contain_text("仍要叫三年级一班吗")
    shoot(page, tmp_path, "ask")
    page.get_by_role("button", name="仍要叫").tap()
    expect(page.locator("#done")).to_contain_text("2/2 校门已确认")
    assert [(one.cls, one.by, one.confirmed) for one in centre.wishes] == [
        ("g3c1", "王老师", False), ("g3c1", "王老师", True),
    ]  # fmt: skip


def test_a_lost_answer_is_asked_for_with_the_same_key_and_a_double_tap_is_one(
    browser: Browser, centre: FakeCentre, console: Console
) -> None:
    page = phone(browser, console.url)
    page.locator("#by").fill("王老师")
    lost = iter([True])

    def lose(route: Route) -> None:
        if next(lost, False):
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/v1/changes", lose)
    page.get_by_role("button", name="重播").first.dblclick()
    expect(page.locator("#done")).to_contain_text("2/2 校门已确认")
    assert [one.kind for one in centre.wishes] == ["repeat", "repeat"]
    assert len({one.key for one in centre.wishes}) == 1


def test_a_page_without_news_locks_itself_and_says_what_to_do(
    browser: Browser, console: Console, tmp_path: Path
) -> None:
    page = phone(browser, console.url, clock=True)
    expect(page.get_by_role("button", name="暂停").first).to_be_enabled()
    expect(page.locator("#stale")).to_be_hidden()
    console.stop()
    page.clock.run_for(13_000)
    expect(page.locator("#stale")).to_contain_text("按墙上的放学表人工叫班")
    assert page.locator("button[data-wish]:enabled").count() == 0
    shoot(page, tmp_path, "stale")


def test_the_time_is_confirmed_on_the_page(browser: Browser, centre: FakeCentre, console: Console) -> None:
    centre.shown = held()
    page = phone(browser, console.url)
    expect(page.get_by_text("时间没有人确认")).to_be_visible()
    page.locator("#by").fill("李主任")
    page.get_by_role("button", name="时间正确").first.tap()
    expect(page.locator("#done")).to_contain_text("已记下")
    assert centre.confirmed == ["李主任"]


def test_a_tap_holds_a_real_gate(browser: Browser, tmp_path: Path) -> None:
    school = School(tmp_path, first=now() + timedelta(seconds=1200), every_s=20, classes=4)
    with school.centre():
        school.gate()
        school.wait_status(lambda status: school.on in status.days)
        page = phone(browser, f"http://127.0.0.1:{school.page}/")
        expect(page.locator("[data-region=top]")).to_contain_text("1/1 校门已确认")
        page.locator("#by").fill("王老师")
        for button, word in (("暂停", "已暂停"), ("恢复", "待命")):
            page.get_by_role("button", name=button).tap()
            expect(page.locator("#done")).to_contain_text(button)
            expect(page.locator("#done")).to_contain_text("1/1 校门已确认")
            expect(page.locator(".pill")).to_have_text(word)
        expect(page.locator("#changes")).to_contain_text("王老师")
        shoot(page, tmp_path, "real")
