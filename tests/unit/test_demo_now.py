"""The demo's 现在: the page's words for every state, and a reader that outlives its centre."""

import io
import itertools
import queue
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import pytest

from broker.console.server import Console
from broker.view import View
from config import limits
from config.settings import ConsoleSettings
from console_rig import NOW, FakeCentre, gate, held, state
from console_rig import Now as Box
from deploy.demo_now import LOST, Now, Stream, block, told
from deploy.demo_screen import Screen
from process_rig import CLOCK, WITHIN_S, free_port


def test_the_block_has_a_row_for_each_gate_and_one_for_the_window() -> None:
    assert block(state()) == [
        "东门  已叫 2/12  待命                 下一个 三年级三班 还有 0:45",
        "西门  已叫 3/12  正在叫班 四年级三班  下一个 请注意，三年级三班正在放学。 还有 0:45",
        "午放学 离结束 25:00  2/2 校门已确认  变更：顺延 2 分 东门 王老师",
    ]


def test_a_hold_says_by_whom_and_counts_no_time() -> None:
    assert block(held()) == [
        "东门  已叫 2/12  已暂停           下一个 三年级三班",
        "西门  已叫 2/12  待命 四年级三班  下一个 请注意，三年级三班正在放学。 还有 0:45",
        "午放学 离结束 25:00  1/2 校门已确认  时间没有人确认，校门不会自动叫班  暂停：东门 王老师：校车没到",
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"link": "never", "age_s": None, "next": None, "next_at": None}, "东门  已叫 2/12  从未连接"),
        ({"link": "lost"}, "东门  已叫 2/12  没有消息  下一个 三年级三班 还有 0:45"),
        ({"check": ("clips", "clock")}, "东门  已叫 2/12  待命 自检不正常：语音 时间  下一个 三年级三班 还有 0:45"),
        ({"next_at": NOW + timedelta(seconds=0.2)}, "东门  已叫 2/12  待命  下一个 三年级三班 还有 0:01"),
        ({"next_at": NOW - timedelta(seconds=5)}, "东门  已叫 2/12  待命  下一个 三年级三班 还有 0:00"),
        ({"next_at": NOW + timedelta(minutes=61)}, "东门  已叫 2/12  待命  下一个 三年级三班 还有 1:01:00"),
    ],
)
def test_a_row_says_what_the_page_says(changes: dict[str, object], words: str) -> None:
    assert block(state(gates=(gate("east", **changes),)))[0] == words


def test_before_the_window_and_after_the_last_one() -> None:
    window = state().window
    assert window is not None
    before = state(window=window.but(open=False, opens=NOW + timedelta(seconds=20)), changes=())
    assert block(before)[-1] == "午放学 离开始 0:20  2/2 校门已确认"
    assert block(state(window=None, changes=()))[-1] == "今天没有放学时段了  2/2 校门已确认"


def test_without_a_terminal_a_line_comes_when_a_gate_changed_and_none_when_only_time_passed() -> None:
    out = io.StringIO()
    now = Now(Screen(out))
    later = {"server_time": NOW + timedelta(seconds=1)}
    for view in (state(), state(**later), held(), held(), None, None, held()):
        now.take(view)
    east = "[现在] 东门 已暂停（王老师：校车没到），下一个 三年级三班 11:31:45，已叫 2/12"
    west = "[现在] 西门 待命 四年级三班，下一个 请注意，三年级三班正在放学。 11:31:45，已叫 2/12"
    assert out.getvalue().splitlines() == [
        "[现在] 东门 待命，下一个 三年级三班 11:31:45，已叫 2/12",
        "[现在] 西门 正在叫班 四年级三班，下一个 请注意，三年级三班正在放学。 11:31:45，已叫 3/12",
        east, west, f"[现在] {LOST}", east, west,
    ]  # fmt: skip
    assert list(told(state())) == ["east", "west"]


@contextmanager
def console(port: int) -> Iterator[tuple[FakeCentre, Console]]:
    centre, ticks_s = FakeCentre(), itertools.count()
    made = Console(centre, Box(), ConsoleSettings(port=port), lambda: float(next(ticks_s)), lambda _: None)
    try:
        yield centre, made
    finally:
        made.stop()


def until(came: "queue.Queue[View | None]", wanted: View | None) -> None:
    while came.get(timeout=WITHIN_S) != wanted:
        pass


def test_the_stream_brings_each_state_and_comes_back_after_its_centre() -> None:
    port, came = free_port(), queue.Queue[View | None]()
    with Stream(port, came.put).reading():
        assert came.get(timeout=WITHIN_S) is None  # it came before its centre
        with console(port) as (centre, made):
            until(came, state())
            centre.shown = held()
            made.stir()
            until(came, held())
        until(came, None)
        with console(port):
            until(came, state())


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 503 \r\ncontent-length: 0\r\n\r\n", b"HTTP/1.1 200 \r\n\r\ndata: {\n\n"]
)
def test_whatever_answers_the_stream_asks_again_and_ends_when_told(answer: bytes) -> None:
    came = queue.Queue[View | None]()
    with socket.create_server(("127.0.0.1", 0)) as listener, ExitStack() as hanging:
        listener.settimeout(WITHIN_S)
        with Stream(listener.getsockname()[1], came.put).reading():
            with listener.accept()[0] as asked:
                assert asked.recv(4096).startswith(b"GET /v1/events")
                asked.sendall(answer)
            assert came.get(timeout=WITHIN_S) is None
            hanging.enter_context(listener.accept()[0])  # it asked again and gets no answer
            ends_s = CLOCK.monotonic_s()
        assert CLOCK.monotonic_s() - ends_s < limits.STALE_S
    assert came.empty()
