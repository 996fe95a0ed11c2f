"""The outermost layer: settings checked before the start, an id and a line in the log for each request, and its count.

The innermost one, ``Faults``, turns what no route caught into a problem that names the id; the log has the rest.
"""

from __future__ import annotations

import logging
import re
import time
from contextlib import ExitStack
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from guiju.service import access, logs, metrics, problems
from guiju.service.settings import BadSettings, settings, unknown

_GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")
_REQUESTS = logging.getLogger("guiju.requests")
_LOG = logging.getLogger("guiju")
GONE = 499
"""The status in the log of an answer that nobody waited for."""


class Operations:
    """Around the app: what an operator needs to see, and nothing of what was sent."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """From start to end. Settings that cannot be used, or not together, fail it with a message, not a traceback."""
        failed: Message | None = None

        async def sent(message: Message) -> None:
            nonlocal failed
            if message["type"] == "lifespan.startup.failed":
                failed = message
            else:
                await send(message)

        with ExitStack() as until_the_end:
            try:
                access.check()
                until_the_end.enter_context(logs.kept(settings().log))
                for said in unknown():
                    _LOG.warning(said)
                await self.app(scope, receive, sent)
            except BadSettings as wrong:
                if failed is None:
                    await receive()
                await send({"type": "lifespan.startup.failed", "message": str(wrong)})
            except BaseException:
                if failed is not None:
                    await send(failed)
                raise

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = Headers(scope=scope).get("x-request-id", "")
        name = given if _GIVEN.fullmatch(given) else uuid4().hex
        state = scope.setdefault("state", {})
        began, status, size = time.perf_counter(), GONE, 0

        async def sent(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = name
            elif message["type"] == "http.response.body":
                size += len(message.get("body", b""))
            await send(message)

        token = logs.request_id.set(name)
        try:
            await self.app(scope, receive, sent)
        finally:
            seconds = time.perf_counter() - began
            route = state.get("route", "")
            method = metrics.method_of(scope)
            metrics.answered(route, method, status, seconds)
            fields = {
                "method": method,
                "route": route,
                "status": status,
                "seconds": round(seconds, 4),
                "bytes": size,
                "key": state.get("key", ""),
            }
            _REQUESTS.info("answered", extra={"fields": fields})
            logs.request_id.reset(token)


class Faults:
    """Next to the routes: notes which answered, and answers for one that failed in a way that nobody foresaw."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def sent(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, sent)
        except ClientDisconnect:
            _LOG.info("the client has gone away")
        except Exception as error:
            _LOG.error("failed: %s", logs.told(error))
            # Of an answer that has begun the server breaks the connection off, so that nobody takes it for whole.
            if not started:
                await problems.ours(Request(scope))(scope, receive, send)
        finally:
            scope["state"]["route"] = getattr(scope.get("route"), "path", "")
