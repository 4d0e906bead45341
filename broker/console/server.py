"""uvicorn on a thread of its own beside the centre's loop: no signal handlers, and no open stream holds up a stop."""

import asyncio
import errno
import signal
import socket
import threading
from collections.abc import Callable
from types import FrameType

import uvicorn

from broker.console.app import made
from broker.console.feed import Feed
from broker.console.line import Box, Counter, Line
from config import limits
from config.errors import OutsideError
from config.settings import ConsoleSettings


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, feed: Feed) -> None:
        super().__init__(config)
        self._feed = feed
        self.loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        await super().startup(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._feed.stop()
        super().handle_exit(sig, frame)


class Console:
    """The running console. `stir` after the centre handled something, on the centre's thread."""

    def __init__(
        self, counter: Counter, box: Box, settings: ConsoleSettings, monotonic_s: Callable[[], float],
        log: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._feed = Feed(counter, box, monotonic_s)
        self.stir = self._feed.stir
        self._socket = _bound(settings)
        self.url = f"http://{_named(settings.host)}:{settings.port}/"
        app = made(Line(counter, box, log, limits.CONSOLE_ANSWER_S), self._feed, settings.port)
        config = uvicorn.Config(
            app, lifespan="off", log_config=None, log_level="warning", access_log=False, ws="none", http="h11",
            loop="asyncio", proxy_headers=False, server_header=False,
            limit_concurrency=limits.CONSOLE_CONNECTIONS_MAX, timeout_graceful_shutdown=int(limits.CONSOLE_STOP_S),
        )  # fmt: skip
        self._server = _Server(config, self._feed)
        self._thread = threading.Thread(target=self._serve, args=(log,), name="console", daemon=True)
        self._thread.start()
        log(f"页面 page: {self.url}")

    def alive(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        """Open streams end at once, open answers within `CONSOLE_STOP_S`."""
        loop = self._server.loop
        if loop is None or loop.is_closed():
            self._server.should_exit = True
        else:
            loop.call_soon_threadsafe(self._server.handle_exit, signal.SIGTERM, None)
        self._thread.join(limits.CONSOLE_STOP_S + 3)

    def _serve(self, log: Callable[[str], None]) -> None:
        try:
            self._server.run([self._socket])
        except BaseException as error:  # noqa: BLE001 - the top of a thread; the calls of the day go on without a page
            log(f"问题 problem console: {type(error).__name__} {error}")


def _bound(settings: ConsoleSettings) -> socket.socket:
    """Taken before the thread starts, so that a port in use is said at the start. Raises OutsideError."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_named(settings.host).strip("[]"), settings.port))
        listener.listen(limits.CONSOLE_CONNECTIONS_MAX)
    except OSError as error:
        listener.close()
        busy = "已被别的程序占用 is in use" if error.errno == errno.EADDRINUSE else str(error)
        message = (
            f"页面端口 {settings.host}:{settings.port} {busy}：停掉那个程序，或在中心设置的 [console] 里换一个 port。"
            "Stop that program, or choose another port under [console] in the centre's settings"
        )
        raise OutsideError(message) from error
    return listener


def _named(host: str) -> str:
    return {"localhost": "127.0.0.1", "::1": "[::1]"}.get(host, host)
