"""The QR code of the demo: where there is room for it, and never without the words that no phone can follow it."""

import io
from collections.abc import Iterator

import pytest
import segno

from deploy.demo_qr import NOTE, address
from deploy.demo_screen import Screen
from terminal_double import Terminal

URL = "http://127.0.0.1:45678/"


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    made = Terminal()
    yield made
    made.close()


def test_what_is_printed_is_the_code_of_the_address(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    first, *drawn, last = address(URL, Screen(terminal.out)).splitlines()
    assert (first, last) == (f"页面 page: {URL}", NOTE)
    light = {"█": (1, 1), "▀": (1, 0), "▄": (0, 1), " ": (0, 0)}
    halves = [[[light[one][half] for one in line] for line in drawn] for half in (0, 1)]
    rows = [row for pair in zip(*halves, strict=True) for row in pair]
    wanted = [[1 - dark for dark in row] for row in segno.make_qr(URL).matrix_iter(border=2)]
    assert rows[: len(wanted)] == wanted


def test_colours_make_it_right_on_any_terminal_and_only_where_they_are_wanted(terminal: Terminal) -> None:
    lines = address(URL, Screen(terminal.out)).splitlines()[1:-1]
    assert all(line.startswith("\x1b[97;40m") and line.endswith("\x1b[0m") for line in lines)


@pytest.mark.parametrize(("columns", "there"), [(29, True), (28, False)])
def test_without_room_there_is_the_address_alone(columns: int, there: bool, terminal: Terminal) -> None:
    terminal.resize(columns)
    assert ("█" in address(URL, Screen(terminal.out))) == there


def test_without_a_terminal_there_is_the_address_alone() -> None:
    assert address(URL, Screen(io.StringIO())) == f"页面 page: {URL}\n{NOTE}"
    assert "手机扫码还打不开" in NOTE
