"""Bodies of requests as they arrive: how long one may take, how large it may say it is, and that it is plain.

A body is only ever read by the route that wants it. This layer refuses one that announces too much before a byte of
it is read, one that is packed, and one whose length is told in two ways, of which a proxy before us may believe the
other; it ends the wait for one that only drips; and of all that are under way it holds no more than there is room for.
"""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from guiju.service import judge, metrics
from guiju.service.problems import Problem, answered
from guiju.service.settings import settings

_CLOSED = {"Connection": "close"}


class Bodies:
    """The layer before the routes. Problems 400, 408, 413, 415 and 503."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refused = _refused(Headers(scope=scope))
        if refused:
            told = answered(Request(scope), refused.status_code, refused.detail, refused.headers, code=refused.code)
            await told(scope, receive, send)
            return
        loop = asyncio.get_running_loop()
        end, arrived, own = 0.0, False, 0

        async def received() -> Message:
            nonlocal end, arrived, own
            # What comes after the body is that the client has gone, which may be long.
            if arrived:
                return await receive()
            end = end or loop.time() + settings().arrival
            try:
                message = await asyncio.wait_for(receive(), max(0.0, end - loop.time()))
            except TimeoutError:
                arrived = True
                raise Problem(
                    408,
                    "body-late",
                    f"请求体在 {settings().arrival:g} 秒内没有到齐。 "
                    f"The body was not there within {settings().arrival:g} seconds.",
                    _CLOSED,
                ) from None
            arrived = not message.get("more_body", False)
            size = len(message.get("body", b""))
            own += size
            self._hold(size)
            # One alone is let in, as far as it goes.
            if self._held > settings().bodies and self._held > own:
                arrived = True
                raise Problem(
                    503,
                    "busy",
                    "同时发来的内容太多，请稍后再试。 Too much is being sent at once; try again.",
                    {"Retry-After": "5", **_CLOSED},
                )
            return message

        try:
            await self.app(scope, received, send)
        finally:
            self._hold(-own)

    def _hold(self, more: int) -> None:
        self._held += more
        metrics.BODIES.set(self._held)


def _refused(headers: Headers) -> Problem | None:
    """Why a body is not read at all, going by what is said of it."""
    length = headers.get("content-length", "0")
    if "transfer-encoding" in headers and "content-length" in headers:
        return Problem(
            400, "framing", "长度说明了两次。 Its length is told twice: Transfer-Encoding and Content-Length.", _CLOSED
        )
    if headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        return Problem(415, "content-encoding", "请求体不得压缩。 The body is sent without compression.")
    if length.isascii() and length.isdigit() and int(length[:20]) > settings().judge_bytes:
        return judge.too_large()
    return None
