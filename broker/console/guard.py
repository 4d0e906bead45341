"""The door of the console: which requests reach it at all. A browser tab is a way in, also on loopback. Plain ASGI."""

import json
from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from config import limits

_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}


class Guard:
    """Host (DNS rebinding), Origin and Sec-Fetch-Site (CSRF), JSON only, small bodies, headers for the browser."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self._app = app
        self._hosts = frozenset(hosts)
        self._origins = frozenset(f"http://{host}" for host in self._hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":  # a websocket: nothing here speaks it
            await self._http(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                names = {name.lower() for name, _ in message["headers"]}
                added = [
                    (name.encode(), value.encode()) for name, value in _HEADERS.items() if name.encode() not in names
                ]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        if (refusal := self._refusal(scope)) is not None:
            await _refuse(guarded, *refusal)
        elif scope["method"] in {"GET", "HEAD"}:
            await self._app(scope, receive, guarded)
        elif (body := await _body(receive)) is None:
            await _refuse(guarded, 413, "too_large", f"内容超过 {limits.CONSOLE_BODY_MAX_BYTES} 字节")
        else:
            await self._app(scope, _replay(body, receive), guarded)

    def _refusal(self, scope: Scope) -> tuple[int, str, str] | None:
        given: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            given.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        host = given.get("host", [])
        if len(host) != 1 or host[0].lower() not in self._hosts:
            return 421, "bad_host", f"这个地址不是本页的地址；请用 http://{min(self._hosts)}/ 打开"
        site = given.get("sec-fetch-site", ["none"])[0]
        if scope["method"] in {"GET", "HEAD"}:
            if scope["path"] != "/" and site not in {"same-origin", "none"}:
                return 403, "foreign_site", "别的网页不能读这里的内容"
            return None
        origins = given.get("origin", [])
        if any(origin.lower() not in self._origins for origin in origins) or site not in {"same-origin", "none"}:
            return 403, "foreign_origin", "别的网页不能替您操作；请在本页上点"
        kind = given.get("content-type", [""])[0].partition(";")[0].strip().lower()
        if scope["method"] == "POST" and kind != "application/json":
            return 415, "not_json", "只收 JSON：请加上 Content-Type: application/json"
        return None


async def _body(receive: Receive) -> bytes | None:
    """The whole body, or None when it is too long or the client has gone."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        size += len(message.get("body", b""))
        if size > limits.CONSOLE_BODY_MAX_BYTES:
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again


async def _refuse(send: Send, status: int, code: str, text: str) -> None:
    body = json.dumps({"code": code, "text": text, "ask_again": False}, ensure_ascii=False).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status == 413:  # noqa: PLR2004 - the rest of the body stays unread
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
