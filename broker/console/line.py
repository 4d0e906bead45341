"""The web's only way to the centre: a callable on its inbox, an answer in a Future."""

import asyncio
import queue
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol, TypeVar

from broker.view import View
from broker.wish import AlertAnswer, AlertWish, Answer, Choice, Chosen, Wish
from config.errors import FangxueError, OutsideError

T = TypeVar("T")


class Counter(Protocol):
    """What the console asks of a centre, on the centre's own thread."""

    def submit(self, wish: Wish) -> Answer: ...
    def preview(self, wish: Wish) -> tuple[str, ...]: ...
    def choose(self, choice: Choice) -> Chosen: ...
    def alert(self, wish: AlertWish) -> AlertAnswer: ...
    def confirm_time(self, by: str) -> None: ...
    def view(self) -> View: ...


class Box(Protocol):
    """The centre's inbox: what is put there runs on its loop, in order."""

    def put_nowait(self, item: Callable[[], None], /) -> None: ...


class NoAnswerError(OutsideError):
    """The centre did not take it in time, or its inbox is full. Asking again with the same key is safe."""


class Line:
    """Asks the centre. `log` takes a line for people; a fault of ours in one wish must not end the calls of a day."""

    def __init__(self, counter: Counter, box: Box, log: Callable[[str], None], answer_s: float) -> None:
        self._counter = counter
        self._box = box
        self._log = log
        self._answer_s = answer_s

    async def submit(self, wish: Wish) -> Answer:
        """Raises RefusedError, OutsideError, NoAnswerError."""
        return await self._ask(lambda: self._counter.submit(wish))

    async def preview(self, wish: Wish) -> tuple[str, ...]:
        return await self._ask(lambda: self._counter.preview(wish))

    async def choose(self, choice: Choice) -> Chosen:
        return await self._ask(lambda: self._counter.choose(choice))

    async def alert(self, wish: AlertWish) -> AlertAnswer:
        return await self._ask(lambda: self._counter.alert(wish))

    async def view(self) -> View:
        return await self._ask(self._counter.view)

    async def confirm_time(self, by: str, check: Callable[[View], None]) -> View:
        """`check` sees the centre's time first and may refuse. The view afterwards says whether it counts."""

        def confirmed() -> View:
            check(self._counter.view())
            self._counter.confirm_time(by)
            return self._counter.view()

        return await self._ask(confirmed)

    async def _ask(self, do: Callable[[], T]) -> T:
        asked: Future[T] = Future()
        try:
            self._box.put_nowait(lambda: self._run(asked, do))
        except queue.Full:
            raise NoAnswerError("中心太忙，没有保存；请再试一次") from None
        try:
            # Cancelled by the limit, what was not begun is not begun any more.
            return await asyncio.wait_for(asyncio.wrap_future(asked), self._answer_s)
        except TimeoutError:
            wait = f"{self._answer_s:.0f} 秒"
            raise NoAnswerError(f"中心 {wait}内没有回答，不知道是否已保存；再试一次不会重复") from None

    def _run(self, asked: Future[T], do: Callable[[], T]) -> None:
        """On the centre's thread."""
        if not asked.set_running_or_notify_cancel():
            return
        try:
            asked.set_result(do())
        except FangxueError as error:
            asked.set_exception(error)
        except Exception as error:  # noqa: BLE001 - one wish that meets a fault of ours must not end the calls of a day
            self._log(f"问题 problem console: {type(error).__name__} {error}")
            asked.set_exception(error)
