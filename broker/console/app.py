"""REST and the page, on FastAPI: what is asked goes to the centre by the line, what is known comes by the feed."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from fastapi.staticfiles import StaticFiles
from pydantic import ValidationError

from broker.console.feed import Feed, Framed
from broker.console.guard import Guard
from broker.console.line import Line
from broker.console.page import Page
from broker.situation import RefusedError
from broker.view import View
from broker.wish import AlertAnswer, AlertWish, Answer, Choice, Chosen, Wish
from config import limits
from config.errors import BadInputError, OutsideError
from config.findings import words
from config.parsing import T
from config.parsing import made as parsed
from config.types import Frozen, Name, Utc

_HERE = Path(__file__).parent


class TimeConfirmed(Frozen):
    """An owner says that the time is right. `shown`, the time that was compared, must be the centre's."""

    by: Name
    shown: Utc | None = None


class Refusal(Frozen):
    """Why nothing was done. `ask_again`: the same wish with `confirmed` true would do it."""

    code: str
    text: str
    ask_again: bool


class Lines(Frozen):
    """What a wish would do, a line for each cue."""

    lines: tuple[str, ...]


class Vouched(Frozen):
    """Whether the time counts now; false where the settings trust the kernel alone."""

    vouched: bool
    server_time: Utc


def made(line: Line, feed: Feed, port: int) -> Guard:
    """The whole application, behind its guard."""
    app = FastAPI(
        title="放学 Fangxue", version="1", openapi_url="/v1/openapi.json", docs_url=None, redoc_url=None,
        summary="One school's day: its state, and what staff change of it. Loopback only.",
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )  # fmt: skip
    _errors(app)
    _reading(app, line, feed)
    _asking(app, line)
    app.mount("/static", StaticFiles(directory=_HERE / "static"), name="static")
    names = ("127.0.0.1", "localhost", "[::1]")
    return Guard(app, [f"{name}:{port}" for name in names])


def _reading(app: FastAPI, line: Line, feed: Feed) -> None:
    page = Page(_HERE / "templates")

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    async def now() -> HTMLResponse:
        return HTMLResponse(page.whole(await line.view()))

    @app.get("/page/events", include_in_schema=False)
    async def page_events() -> Response:
        return await _stream(line, feed, page.event)

    @app.get("/v1/state", responses={200: {"model": View}, **_ERRORS}, summary="The whole state, now")
    async def state() -> Response:
        return _json(await line.view())

    @app.get(
        "/v1/events", response_class=StreamingResponse, summary="The whole state at each change, as server-sent events",
        responses={200: {"content": {"text/event-stream": {}}}, **_ERRORS},
    )  # fmt: skip
    async def events() -> Response:
        return await _stream(line, feed, _event)


def _asking(app: FastAPI, line: Line) -> None:
    @app.post("/v1/changes", responses={200: {"model": Answer}, **_ERRORS}, openapi_extra=_takes(Wish))
    async def change(request: Request) -> Response:
        """Do it, once for its `key`: the same key again gives the same answer and changes nothing."""
        return _json(await line.submit(await _taken(request, Wish)))

    @app.post("/v1/changes/preview", responses={200: {"model": Lines}, **_ERRORS}, openapi_extra=_takes(Wish))
    async def preview(request: Request) -> Response:
        """What it would do; nothing is changed."""
        return _json(Lines(lines=await line.preview(await _taken(request, Wish))))

    @app.post("/v1/days/choose", responses={200: {"model": Chosen}, **_ERRORS}, openapi_extra=_takes(Choice))
    async def choose(request: Request) -> Response:
        """Gates hold newer days than the centre issued: keep those, or replace them. Once for a `key`."""
        return _json(await line.choose(await _taken(request, Choice)))

    @app.post("/v1/alerts", responses={200: {"model": AlertAnswer}, **_ERRORS}, openapi_extra=_takes(AlertWish))
    async def alert(request: Request) -> Response:
        """Raise an alert at every gate, or clear it. Once for a `key`; a clear is asked twice."""
        return _json(await line.alert(await _taken(request, AlertWish)))

    @app.post("/v1/time/confirm", responses={200: {"model": Vouched}, **_ERRORS}, openapi_extra=_takes(TimeConfirmed))
    async def confirm(request: Request) -> Response:
        """An owner compared the centre's time with a good clock. It counts for six days."""
        said = await _taken(request, TimeConfirmed)

        def check(view: View) -> None:
            off_s = 0.0 if said.shown is None else abs((view.server_time - said.shown).total_seconds())
            if off_s > limits.PAGE_TIME_OFF_S:
                raise RefusedError("time_moved", f"页面显示的时间与中心相差 {off_s:.0f} 秒；请刷新页面后再核对")

        view = await line.confirm_time(said.by, check)
        return _json(Vouched(vouched=view.vouched, server_time=view.server_time))


async def _stream(line: Line, feed: Feed, framed: Framed) -> Response:
    if feed.full():
        return _refusal(503, "too_many", f"已有 {limits.CONSOLE_SUBSCRIBERS_MAX} 个页面打开；请关掉不用的页面")
    first = await line.view()
    events: AsyncIterator[bytes] = feed.stream(first, framed)
    return StreamingResponse(events, media_type="text/event-stream", headers={"x-accel-buffering": "no"})


def _event(view: View) -> bytes:
    return b"event: state\ndata: " + view.model_dump_json().encode() + b"\n\n"


# What goes wrong ----------------------------------------------------------------------------------


class _UnreadableError(BadInputError):
    """Not what this address takes; every fault in one text."""


def _errors(app: FastAPI) -> None:
    def handler(status: int, code: str) -> Callable[[Request, Exception], Awaitable[Response]]:
        async def answer(_: Request, error: Exception) -> Response:
            own = (error.code, error.ask_again) if isinstance(error, RefusedError) else (code, False)
            return _refusal(status, own[0], str(error), ask_again=own[1])

        return answer

    app.add_exception_handler(RefusedError, handler(409, "refused"))
    app.add_exception_handler(_UnreadableError, handler(422, "bad_wish"))
    app.add_exception_handler(BadInputError, handler(422, "bad_wish"))
    app.add_exception_handler(OutsideError, handler(503, "not_saved"))

    async def fault(_: Request, error: Exception) -> Response:
        if isinstance(error, ValidationError):  # the desk made a change that no Change can be
            return _refusal(422, "bad_wish", "这项变更的内容不完整或互相矛盾，没有保存")
        return _refusal(500, "fault", "程序出错，没有保存；请到中心的日志里看“问题 problem console”")

    app.add_exception_handler(ValidationError, fault)
    app.add_exception_handler(Exception, fault)


async def _taken(request: Request, model: type[T]) -> T:
    """The body as its model. Raises with the name of every bad field and what to write instead."""
    body = await request.body()
    try:
        raw = json.loads(body.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        message = "内容不是有效的 JSON"
        raise _UnreadableError(message) from error
    one, findings = parsed("", raw, model)
    if one is None:
        raise _UnreadableError("\n".join(words(finding, "zh") for finding in findings))
    return one


def _no_number(name: str) -> float:
    message = f"{name} is no number"
    raise ValueError(message)


def _json(one: Frozen) -> Response:
    return Response(one.model_dump_json(by_alias=True), media_type="application/json")


def _refusal(status: int, code: str, text: str, *, ask_again: bool = False) -> Response:
    return JSONResponse(Refusal(code=code, text=text, ask_again=ask_again).model_dump(), status_code=status)


def _takes(model: type[Frozen]) -> dict[str, Any]:
    schema = model.model_json_schema(by_alias=True)
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


_ERRORS: dict[int | str, dict[str, Any]] = {
    403: {"model": Refusal, "description": "another site asks"},
    409: {"model": Refusal, "description": "refused; nothing was changed"},
    413: {"model": Refusal, "description": "too long"},
    415: {"model": Refusal, "description": "not application/json"},
    421: {"model": Refusal, "description": "another host was meant"},
    422: {"model": Refusal, "description": "not readable as what is taken here; names the fields"},
    503: {"model": Refusal, "description": "not saved, or no answer; ask again with the same key"},
}
