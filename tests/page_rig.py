"""A phone, and a school of two real gates for it: what the tests of the page are made of."""

import json
import queue
import random
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from uuid import uuid4

from playwright.sync_api import Browser, Locator, Page, expect

from broker.wire import topics
from broker.wire.messages import decode
from broker.wire.transport import Arrived, TransportEvent
from broker.wire.transport_paho import PahoTransport
from config import limits
from config.day import GateDay
from config.findings import clock as text_of
from process_rig import CLOCK, WITHIN_S, ZONE, Program, School, now

SHOTS = Path(__file__).parent.parent / "var" / "screenshots"
SHOTS.mkdir(parents=True, exist_ok=True)
GATES = {"east": "东门", "west": "西门"}


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


def shoot(page: Page, name: str) -> None:
    """A picture of the screen, for people to look at."""
    page.screenshot(path=SHOTS / f"{name}.png")


def button(page: Page, name: str, gate: str | None = None) -> Locator:
    """By its words; on the card of a gate, when one is named."""
    inside: Page | Locator = page if gate is None else page.get_by_role("region", name=GATES[gate])
    return inside.get_by_role("button", name=name)


def undo(page: Page, n: int) -> Locator:
    """The button beside a change."""
    return page.locator(f"""button[data-wish*='"undoes": {n}}}']""")


def tile(page: Page, cls: str) -> Locator:
    """The button of a class in the grid."""
    return page.locator(f"button[data-region=class-{cls}]")


def done(page: Page, what: str) -> None:
    """Until the page says that this was done, at both gates."""
    expect(page.locator("#done p")).to_have_text(what, timeout=20_000)
    expect(page.locator("#done")).to_contain_text("2/2 校门已确认", timeout=20_000)


def watch_answers(page: Page) -> None:
    """From now on the page measures, by its own clock, each tap until 2/2; `answered_ms` reads the last one."""
    page.evaluate("""() => {
        const box = document.getElementById("done");
        const tapped = () => { window.tappedAt = performance.now(); window.answered = null; };
        document.addEventListener("click", tapped, true);
        new MutationObserver(() => {
            if (window.answered === null && box.textContent.includes("2/2 校门已确认"))
                window.answered = performance.now() - window.tappedAt;
        }).observe(box, { childList: true, subtree: true, characterData: true });
    }""")


def answered_ms(page: Page) -> float:
    return float(page.evaluate("window.answered"))


class TwoGates(School):
    """`classes` at the east gate (三年级) and as many at the west (四年级), `every_s` apart from `first` on."""

    def __init__(self, folder: Path, *, every_s: float, classes: int, after_s: float = 200) -> None:
        self.every_s, self.classes = every_s, classes
        self.programs: dict[str, Program] = {}
        self._came: queue.Queue[GateDay] = queue.Queue()
        self._days: dict[str, GateDay] = {}
        super().__init__(folder, first=now() + timedelta(seconds=after_s), every_s=every_s, classes=classes)

    def write_plan(self, first: datetime, every_s: float, classes: int) -> None:
        """The window has been open for a minute or more."""
        midnight = datetime.combine(self.on, datetime.min.time(), ZONE)
        starts_s = int((first - midnight).total_seconds())
        (self.folder / "plan.toml").write_text(f"""
v = 1
[school]
id = "lab"
name = "示范小学"
contact = "教务处"
[gates.east]
name = "东门"
[gates.west]
name = "西门"
[zones.a]
name = "A区"
gate = "east"
[zones.b]
name = "B区"
gate = "west"
[[classes]]
id = "g3"
grade = "三年级"
count = {classes}
zone = "a"
[[classes]]
id = "g4"
grade = "四年级"
count = {classes}
zone = "b"
[[windows]]
id = "noon"
name = "午放学"
kind = "dismissal"
opens = "{text_of(starts_s - 240)}"
starts = "{text_of(starts_s)}"
closes = "{text_of(starts_s + 1800)}"
every_s = {every_s}
rest_s = 1
repeat = 1
[sentences]
call = "{{classes}}放学。"
[calendar]
terms = [{{ from = "{self.on - timedelta(days=9)}", to = "{self.on + timedelta(days=30)}" }}]
national = "none"
weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
""")

    @contextmanager
    def open(self) -> Iterator[Program]:
        """The centre, and both gates with the day."""
        with self.centre() as centre:
            centre.wait_for("页面 page")
            for gate in GATES:
                self._start(gate)
            self.wait(lambda state: state["confirmed"] == 2 and not any(one["check"] for one in state["gates"]))
            yield centre

    def begin(self, centre: Program, after_s: float) -> None:
        """The first call is moved to so many seconds from now."""
        self.first = (now() + timedelta(seconds=after_s + 1)).replace(microsecond=0)
        self.write_plan(self.first, self.every_s, self.classes)
        centre.process.send_signal(signal.SIGHUP)
        opens = (self.first - timedelta(seconds=240)).timestamp()
        self.wait(lambda state: state["confirmed"] == 2 and _at(state["window"]["opens"]).timestamp() == opens)

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self._asked("GET", "/v1/state")[1]
        return found

    def wait(self, good: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first state that is good; looked at with every event of the stream, as another program would."""
        end_s, state = CLOCK.monotonic_s() + WITHIN_S, None
        with closing(HTTPConnection("127.0.0.1", self.page, timeout=WITHIN_S)) as line:
            line.request("GET", "/v1/events")
            for row in line.getresponse():
                if row.startswith(b"data: "):
                    state = json.loads(row[6:])
                    if good(state):
                        return dict(state)
                assert CLOCK.monotonic_s() < end_s, f"no such state in {WITHIN_S} s; the last was {state}"
        raise AssertionError("the stream ended")

    def wish(self, **wanted: object) -> tuple[int, dict[str, Any]]:
        """What another person asks by REST: the status and the answer."""
        return self._asked("POST", "/v1/changes", {"key": f"rest-{uuid4()}", "by": "李老师", **wanted})

    def days(self) -> dict[str, GateDay]:
        """The day of each gate as it was sent: of the revision that the page shows."""
        wanted = {gate["id"]: gate["revision"] for gate in self.state()["gates"]}
        while {gate: day.revision for gate, day in self._days.items()} != wanted:
            day = self._came.get(timeout=WITHIN_S)
            self._days[day.gate] = day
        return dict(self._days)

    def called(self, gate: str) -> list[str]:
        """The log of a gate's lamps and sentences, in order."""
        found = (re.search(r"(播报|灯灭|.灯[亮慢快]).*", line) for line in self.programs[gate].said)
        return [one.group() for one in found if one]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.page}/"

    def _asked(self, method: str, path: str, body: dict[str, object] | None = None) -> tuple[int, dict[str, Any]]:
        with closing(HTTPConnection("127.0.0.1", self.page, timeout=WITHIN_S)) as line:
            payload = json.dumps(body).encode() if body else None
            line.request(method, path, payload, {"Content-Type": "application/json"})
            answer = line.getresponse()
            return answer.status, json.loads(answer.read())

    def _start(self, gate: str) -> None:
        settings = self.folder / f"{gate}.toml"
        settings.write_text(
            f'v = 1\nschool = "lab"\ngate = "{gate}"\ndata = "{gate}"\nvoice = "tone"\n'
            f'[broker]\nport = {self.port}\n[player]\nkind = "null"\n[panel]\nkind = "mock"\n'
        )
        self.programs[gate] = Program("gate", "--settings", str(settings))
        self._gates.append(self.programs[gate])

    @contextmanager
    def _watched(self) -> Iterator[None]:
        filters = [topics.down(topics.Address("lab", gate), f"day/{self.on}") for gate in GATES]
        watch = PahoTransport("watch", "127.0.0.1", self.port, filters, None, clock=CLOCK, random=random.Random())

        def take(event: TransportEvent) -> None:
            if isinstance(event, Arrived):
                watch.accept(event.receipt)
                self._came.put(decode(event.payload, GateDay, limits.GATE_DAY_MAX_BYTES))

        watch.start(take)
        try:
            yield
        finally:
            watch.stop()


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
