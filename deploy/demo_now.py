"""现在 in the terminal: the page's state, from the centre's public stream, in the page's words. No second truth."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from zoneinfo import ZoneInfo

from broker.console.page import CHECKS, KINDS, about, calling, following, hold_words, state_of
from broker.view import GateView, View
from config import limits
from deploy.demo_screen import Screen, cells, padded

AGAIN_S = 2.0
"""After this a lost centre is asked again, as the stream tells browsers."""
LOST = "中心没有消息，正在重新连接 no news from the centre, asking again"
_OK = 200


class Now:
    """Shows each state on the screen: as its block, or as a line when a gate's state changed."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._told: dict[str, str] = {}

    def take(self, view: View | None) -> None:
        """None: the centre does not answer. What it said last is no longer shown as the state."""
        if self._screen.live:
            self._screen.show([LOST] if view is None else block(view))
            return
        news = {"": LOST} if view is None else told(view)
        for name, line in news.items():
            if self._told.get(name) != line:
                self._screen.print(f"[现在] {line}")
        self._told = news


class Stream:
    """The centre's event stream on a thread: every state goes to `take`, and None whenever there is no answer."""

    def __init__(self, port: int, take: Callable[[View | None], None]) -> None:
        self._port, self._take = port, take
        self._over = threading.Event()
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._read, name="now", daemon=True)

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._over.set()
            if (open_now := self._socket) is not None:
                with contextlib.suppress(OSError):  # it may have ended by itself
                    open_now.shutdown(socket.SHUT_RDWR)
            self._thread.join(limits.STALE_S)

    def _read(self) -> None:
        while not self._over.is_set():
            with contextlib.suppress(OSError, HTTPException, ValueError):  # gone, silent, or cut within a state
                self._read_once()
            if not self._over.is_set():
                self._take(None)
                self._over.wait(AGAIN_S)

    def _read_once(self) -> None:
        """Until the stream ends. Raises OSError also when nothing came for as long as the page waits."""
        with contextlib.closing(HTTPConnection("127.0.0.1", self._port, timeout=limits.STALE_S)) as centre:
            centre.connect()
            self._socket = centre.sock
            if self._over.is_set():  # the end came before there was a socket to shut
                return
            centre.request("GET", "/v1/events")
            answer = centre.getresponse()
            if answer.status != _OK:
                return
            for line in answer:
                if line.startswith(b"data: "):
                    view = View.model_validate_json(line.removeprefix(b"data: "))
                    if self._over.is_set():
                        return
                    self._take(view)


# Lines --------------------------------------------------------------------------------------------


def block(view: View) -> list[str]:
    """A row for each gate, in columns, and one for the window with what stands in the way or was changed last."""
    rows = [(gate.name, _said(gate), _doing(view, gate), _next(view, gate)) for gate in view.gates]
    widths = [max(map(cells, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(padded, row, widths)).rstrip() for row in rows]
    return [*lines, "  ".join([*_window(view), *_news(view)])]


def told(view: View) -> dict[str, str]:
    """A line for each gate; it stays the same while nothing but time passes."""
    zone = ZoneInfo(view.zone)
    lines = {}
    for gate in view.gates:
        at = f" {gate.next_at.astimezone(zone):%H:%M:%S}" if gate.next_at else ""
        coming = f"，下一个 {_name_of_next(view, gate)}{at}" if gate.next else ""
        holds = f"（{hold_words(gate)}）" if gate.holds else ""
        lines[gate.id] = f"{gate.name} {_doing(view, gate)}{holds}{coming}，{_said(gate)}"
    return lines


def _said(gate: GateView) -> str:
    return f"已叫 {gate.said}/{gate.total}"


def _doing(view: View, gate: GateView) -> str:
    checks = f"自检不正常：{' '.join(CHECKS.get(one, one) for one in gate.check)}" if gate.check else ""
    return " ".join(filter(None, (state_of(gate)[1], calling(view, gate), checks)))


def _name_of_next(view: View, gate: GateView) -> str:
    found = following(view, gate)
    return found.name if found else gate.next or ""


def _next(view: View, gate: GateView) -> str:
    if not gate.next:
        return ""
    left = f" 还有 {_left(gate.next_at, view)}" if gate.next_at and not gate.holds else ""
    return f"下一个 {_name_of_next(view, gate)}{left}"


def _window(view: View) -> Iterator[str]:
    if view.window is None:
        yield "今天没有放学时段了"
    elif view.window.open:
        yield f"{view.window.name} 离结束 {_left(view.window.closes, view)}"
    else:
        yield f"{view.window.name} 离开始 {_left(view.window.opens, view)}"
    yield f"{view.confirmed}/{len(view.gates)} 校门已确认"


def _news(view: View) -> Iterator[str]:
    """What holds up the calls; else the newest change."""
    if not view.vouched:
        yield "时间没有人确认，校门不会自动叫班"
    if holds := [f"{gate.name} {hold_words(gate)}" for gate in view.gates if gate.holds]:
        yield f"暂停：{'；'.join(holds)}"
    elif view.changes:
        newest = view.changes[0]
        yield f"变更：{KINDS.get(newest.kind, newest.kind)} {about(view, newest)} {newest.by}"


def _left(until: datetime, view: View) -> str:
    """As the page counts: whole seconds, rounded up."""
    left_s = max(0, -int((view.server_time - until).total_seconds() // 1))
    hours, minutes, seconds = left_s // 3600, left_s // 60 % 60, left_s % 60
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
