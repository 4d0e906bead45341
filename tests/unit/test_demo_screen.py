"""The demo's screen on a pseudo-terminal: the log scrolls, the block stays below it, whatever the width."""

import io
from collections.abc import Iterator

import pytest

from deploy.demo_screen import Screen, cells, cut, padded
from terminal_double import Terminal, width

BLOCK = ("东门  已叫 1/18  正在叫班 三年级一班  下一个 三年级二班 还有 0:09", "午放学 离结束 9:51  2/2 校门已确认")


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    monkeypatch.setenv("TERM", "xterm")
    made = Terminal()
    yield made
    made.close()


def test_the_block_stays_below_the_lines_and_changes_in_place(terminal: Terminal) -> None:
    screen = Screen(terminal.out)
    screen.print("first")
    screen.show(BLOCK)
    screen.print("second")
    screen.show(("new",))
    screen.print("third")
    terminal.until(lambda rows: rows == ["first", "second", "third", "new"])


def test_taken_away_it_leaves_a_clean_line_and_the_cursor(terminal: Terminal) -> None:
    screen = Screen(terminal.out)
    screen.print("first")
    screen.show(BLOCK)
    screen.show(())
    screen.print("已中断 stopped")
    terminal.until(lambda rows: rows == ["first", "已中断 stopped", ""])
    assert "\x1b[?25l" not in terminal.raw


@pytest.mark.parametrize("columns", [1, 2, 10, 33, 34, 35, 79, 80, 200])
def test_no_line_of_the_block_wraps(columns: int, terminal: Terminal) -> None:
    terminal.resize(columns)
    screen = Screen(terminal.out)
    screen.show(BLOCK)
    screen.print("e")
    fitting = [max((line[:n] for n in range(len(line) + 1) if width(line[:n]) < columns), key=len) for line in BLOCK]
    terminal.until(lambda rows: rows == ["e", *fitting])


@pytest.mark.parametrize("columns", [12, 25, 31, 40, 60, 120])
def test_a_window_that_changes_its_width_keeps_the_log_and_one_block(columns: int, terminal: Terminal) -> None:
    screen = Screen(terminal.out)
    screen.print("above")
    screen.show(BLOCK)
    terminal.until(lambda rows: rows[-1] == BLOCK[-1])
    terminal.resize(columns)
    screen.print("below")
    rows = terminal.until(lambda rows: "below" in rows and rows[-1] == cut(BLOCK[-1], columns - 1))
    assert rows[:2] == ["above", "below"]
    assert len(rows) == 4


def test_a_low_window_keeps_the_first_rows(terminal: Terminal) -> None:
    terminal.resize(80, 2)
    screen = Screen(terminal.out)
    screen.show(BLOCK)
    screen.print("log")
    terminal.until(lambda rows: rows == ["log", BLOCK[0]])


def test_without_a_terminal_there_are_lines_alone(monkeypatch: pytest.MonkeyPatch, terminal: Terminal) -> None:
    out = io.StringIO()
    screen = Screen(out)
    screen.show(BLOCK)
    screen.print("line")
    assert out.getvalue() == "line\n"
    monkeypatch.setenv("TERM", "dumb")
    assert not Screen(terminal.out).live
    monkeypatch.delenv("TERM")
    assert not Screen(terminal.out).live


def test_chinese_takes_two_columns_and_a_doubtful_character_too() -> None:
    assert [cells(text) for text in ("东门", "a1", "，", "“”", "e\u0301", "ｱ")] == [4, 2, 2, 4, 1, 1]
    assert [cut("三年级a", n) for n in (0, 1, 2, 5, 6, 7)] == ["", "", "三", "三年", "三年级", "三年级a"]
    assert padded("东", 4) + "|" == "东  |"
