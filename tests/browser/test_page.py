"""The page in a real browser: a tap is done once, what it shows is true or says that it is not, and it fits a phone."""

import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from broker.console.server import Console
from broker.view import UncalledView
from config.clock import SystemClock
from config.settings import ConsoleSettings
from console_rig import NOON, FakeCentre, Now, classes, gate, held, state
from page_rig import TwoGates, phone, shoot
from process_rig import WITHIN_S, free_port

CLOCK = SystemClock()
SIZES = [(390, 844), (360, 740)]
CONTRAST = """() => {
    const parts = (color) => color.match(/[\\d.]+/g).map(Number);
    const over = (top, below) => top.slice(0, 3).map((c, n) => c * (top[3] ?? 1) + below[n] * (1 - (top[3] ?? 1)));
    const light = (color) => [0.2126, 0.7152, 0.0722].reduce((sum, weight, n) => {
        const part = color[n] / 255;
        return sum + weight * (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    }, 0);
    const stale = document.body.classList.contains("stale"), found = [];
    const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (words.nextNode()) {
        const node = words.currentNode, own = node.parentElement;
        if (!node.data.trim() || !own.checkVisibility() || (!stale && own.closest("button:disabled"))) continue;
        const around = [];
        for (let one = own; one; one = one.parentElement) around.unshift(getComputedStyle(one));
        let back = [255, 255, 255], seen = 1;
        for (const style of around) { back = over(parts(style.backgroundColor), back); seen *= style.opacity; }
        const ink = over([...over(parts(getComputedStyle(own).color), back), seen], back);
        const [dark, bright] = [light(ink), light(back)].sort((a, b) => a - b);
        const contrast = (bright + 0.05) / (dark + 0.05);
        if (contrast < 4.5) found.push(`${node.data.trim()} ${contrast.toFixed(1)}`);
    }
    return found;
}"""


@pytest.fixture
def centre() -> FakeCentre:
    return FakeCentre()


@pytest.fixture
def console(centre: FakeCentre) -> Iterator[Console]:
    made = Console(centre, Now(), ConsoleSettings(port=free_port()), CLOCK.monotonic_s, print)
    yield made
    made.stop()


AFTERNOON = NOON.but(id="afternoon", name="下午放学")
SHOWN = {
    "open": state(),
    "held": held(),
    "lost": state(gates=(gate("east", link="lost", age_s=95.0, confirmed=False), gate("west", check=("clock",)))),
    "one gate": state(
        gates=(gate("east"),), confirmed=1, classes=tuple(one for one in classes() if one.gate == "east")
    ),
    "uncalled": state(
        uncalled=tuple(
            UncalledView(class_id=one.id, name=one.name, gate=one.gate, window="noon", unreported=one.gate == "west")
            for one in classes()[4:9]
        ),
        gates=(
            gate("east", next="请注意，一年级四班、二年级十二班、三年级四班正在放学。"),
            gate("west", window=AFTERNOON),
        ),
        classes=tuple(
            one.but(together=("一年级四班", "二年级十二班")) if one.id == "g3c3" else one for one in classes()
        ),
    ),
    "over": state(
        window=None,
        gates=tuple(gate(own, next=None, next_at=None, window=None) for own in ("east", "west")),
        classes=tuple(one.but(state="none", at=None, window=None) for one in classes()),
    ),
}


@pytest.mark.parametrize("shown", SHOWN)
def test_it_fits_a_phone_and_can_be_read_in_the_sun(
    browser: Browser, console: Console, centre: FakeCentre, shown: str
) -> None:
    centre.shown = SHOWN[shown]
    page = phone(browser, console.url)
    expect(page.locator("#clock")).to_contain_text("11:31")
    everywhere = {"one gate": 0, "held": 2}.get(shown, 1)
    assert page.get_by_role("button", name="全部校门").count() == everywhere
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert fits(page)
        shoot(page, {"open": "now", "one gate": "one"}.get(shown, shown) + f"-{width}")
    assert faint(page) == []
    page.get_by_role("button", name="三年级四班").tap()  # without a name: the words come up from below
    expect(page.locator("#done")).to_contain_text("请先在上面写上您的姓名")
    assert fits(page)
    assert faint(page) == []


def fits(page: Page) -> bool:
    """Nothing sticks out, and a thumb in the rain meets every button; each has words."""
    for button in page.locator("button:visible, input:visible").all():
        box = button.bounding_box()
        assert box is not None
        assert min(box["height"], box["width"]) >= 64, button.inner_text()
        assert button.get_attribute("aria-label") or button.inner_text() or button.get_attribute("id") == "by"
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def faint(page: Page) -> list[str]:
    """Text with a contrast below 4.5 (WCAG AA). What is disabled may be fainter, but not while all of it is."""
    found: list[str] = page.evaluate(CONTRAST)
    return found


def test_a_call_outside_a_window_is_asked_twice(browser: Browser, centre: FakeCentre, console: Console) -> None:
    page = phone(browser, console.url)
    page.get_by_role("button", name="三年级四班").tap()
    expect(page.locator("#done")).to_contain_text("请先在上面写上您的姓名")
    assert centre.wishes == []
    page.locator("#by").fill("王老师")
    page.get_by_role("button", name="三年级四班").tap()
    expect(page.locator("#ask")).to_contain_text("仍要叫三年级一班吗")
    shoot(page, "ask")
    page.get_by_role("button", name="仍要叫").tap()
    expect(page.locator("#done")).to_contain_text("2/2 校门已确认")
    assert [(one.cls, one.by, one.confirmed) for one in centre.wishes] == [
        ("g3c4", "王老师", False), ("g3c4", "王老师", True),
    ]  # fmt: skip


def test_a_question_that_comes_late_waits_until_the_open_one_is_answered(
    browser: Browser, centre: FakeCentre, console: Console
) -> None:
    page, slow = phone(browser, console.url), list[Route]()
    page.locator("#by").fill("王老师")
    page.route("**/v1/changes", lambda route: route.continue_() if slow else slow.append(route))
    page.get_by_role("button", name="三年级四班").tap()
    page.get_by_role("button", name="四年级四班").tap()
    expect(page.locator("#ask")).to_be_visible()
    with page.expect_response("**/v1/changes"):
        slow[0].continue_()
    for asked in ("g4c4", "g3c4"):
        page.get_by_role("button", name="仍要叫").tap()
        expect(page.locator("#done")).to_contain_text("2/2 校门已确认")
        assert [one.cls for one in centre.wishes if one.confirmed][-1] == asked
    expect(page.locator("#ask")).to_be_hidden()


def test_an_open_page_shows_a_rerouted_class_under_its_new_gate(browser: Browser, centre: FakeCentre) -> None:
    later = count(step=10.0)  # each state is news
    console = Console(centre, Now(), ConsoleSettings(port=free_port()), lambda: next(later), print)
    page, end_s = phone(browser, console.url), CLOCK.monotonic_s() + WITHIN_S
    while not page.evaluate("document.querySelector('[data-region=top]').shown"):
        assert CLOCK.monotonic_s() < end_s, "no stream"
    moved = {"g3c2": "west", "g4c1": "east"}
    for homes in (moved, dict.fromkeys((one.id for one in classes()), "west"), {}):
        centre.shown = state(classes=tuple(one.but(gate=homes.get(one.id, one.gate)) for one in classes()))
        console.stir()
        for own in ("east", "west"):
            wanted = [one.name for one in centre.shown.classes if one.gate == own]
            expect(page.locator(f"[data-home={own}] b")).to_have_text(wanted)
            expect(page.locator(f"[data-home={own}]")).to_be_visible(visible=bool(wanted))
    console.stop()


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


def test_a_page_without_news_locks_itself_says_what_to_do_and_comes_back_by_itself(
    browser: Browser, tmp_path: Path
) -> None:
    school = TwoGates(tmp_path, every_s=60, classes=4)
    with school.centre() as centre:
        centre.wait_for("页面 page")
        page = phone(browser, school.url, clock=True)
        expect(page.get_by_role("button", name="暂停").first).to_be_enabled()
        counted = page.locator("[data-left]").first
        expect(counted).to_have_text(re.compile(r"\d:\d\d"))
        page.clock.run_for(11_000)  # the news of each second go on
        expect(page.locator("#stale")).to_be_hidden()
    page.clock.run_for(13_000)
    expect(page.locator("#stale")).to_contain_text("按墙上的放学表人工叫班")
    assert page.locator("button[data-wish]:enabled, button[data-time]:enabled").count() == 0
    expect(counted).to_have_text("--:--")  # nothing is counted down that is not known
    assert fits(page)
    assert faint(page) == []
    shoot(page, "stale")
    with school.centre():
        expect(page.locator("#stale")).to_be_hidden(timeout=30_000)
        expect(page.get_by_role("button", name="暂停").first).to_be_enabled()
        expect(counted).to_have_text(re.compile(r"\d:\d\d"))


def test_the_time_is_confirmed_on_the_page(browser: Browser, centre: FakeCentre, console: Console) -> None:
    centre.shown = held()
    page = phone(browser, console.url)
    expect(page.get_by_text("时间没有人确认")).to_be_visible()
    page.locator("#by").fill("李主任")
    page.get_by_role("button", name="时间正确").first.tap()
    expect(page.locator("#done")).to_contain_text("已记下")
    assert centre.confirmed == ["李主任"]
