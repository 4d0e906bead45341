"""An alert on a phone: no stray tap raises one, a thumb kept down does, once; nothing under the dialog is tapped."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from broker.console.server import Console
from config.clock import SystemClock
from config.settings import ConsoleSettings
from console_rig import NOW, FakeCentre, Now
from process_rig import free_port


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def centre() -> FakeCentre:
    return FakeCentre()


@pytest.fixture
def page(browser: Browser, centre: FakeCentre) -> Iterator[Page]:
    console = Console(centre, Now(), ConsoleSettings(port=free_port()), SystemClock().monotonic_s, print)
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True, locale="zh-CN"
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.clock.install(time=NOW)
    page.goto(console.url)
    page.clock.pause_at(NOW + timedelta(minutes=1))  # a slow machine keeps no button down for longer
    page.locator("[data-alarm]").tap()
    yield page
    context.close()
    console.stop()


def keep_down(page: Page, for_ms: int) -> None:
    """A real touch of the red button: the click that follows it falls where the finger was."""
    box = page.locator("#fire").bounding_box()
    assert box is not None
    finger = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    session = page.context.new_cdp_session(page)
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [finger]})
    page.clock.run_for(for_ms)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.clock.run_for(1000)


def test_taps_and_short_touches_raise_nothing(page: Page, centre: FakeCentre) -> None:
    expect(page.locator("#fire")).to_be_disabled()
    page.locator("#alarm button[value=evacuate]").tap()
    expect(page.locator("#fire")).to_contain_text("真警报“疏散”")
    for for_ms in (50, 1000, 50, 1000):
        keep_down(page, for_ms)
    assert (centre.alarms, centre.wishes) == ([], [])
    expect(page.locator("#alarm")).to_be_visible()
    page.locator("#alarm button[value=no]").tap()
    expect(page.locator("#alarm")).to_be_hidden()


def test_a_thumb_kept_down_raises_it_once_without_a_name_and_taps_nothing_else(page: Page, centre: FakeCentre) -> None:
    page.locator("#alarm button[value=return]").tap()
    watch = "window.under = 0; addEventListener('click', (e) => under += !e.target.closest('#alarm'), true)"
    page.evaluate(watch)
    keep_down(page, 1300)
    expect(page.locator("#done")).to_contain_text("已保存并发出")
    assert page.evaluate("window.under") == 0
    expect(page.locator("#alarm")).to_be_hidden()
    (wish,) = centre.alarms
    assert (wish.action, wish.drill, wish.until, wish.by) == ("return", False, None, "页面（未写姓名）")
    assert centre.wishes == []


def test_a_drill_needs_a_name_and_has_its_end(page: Page, centre: FakeCentre) -> None:
    for _ in range(2):
        page.locator("#alarm button[value=return]").tap()
        page.locator("#drill").check()
        expect(page.locator("#fire")).to_contain_text("演练“返回校内”")
        keep_down(page, 1300)
        expect(page.locator("#alarm")).to_be_hidden()
        if not centre.alarms:
            expect(page.locator("#done")).to_contain_text("姓名")
            page.fill("#by", "李主任")
            page.locator("[data-alarm]").tap()
            expect(page.locator("#drill")).not_to_be_checked()
    expect(page.locator("#done")).to_contain_text("已保存并发出")
    (wish,) = centre.alarms
    assert (wish.by, wish.drill) == ("李主任", True)
    assert wish.until is not None


def test_every_button_of_the_dialog_is_large_enough(page: Page) -> None:
    for button in page.locator("#alarm button, #alarm input").all():
        box = button.bounding_box()
        assert box is not None
        assert min(box["height"], box["width"]) >= 64
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
