"""What every answer carries: the headers that keep a browser safe, reading from other origins, and HEAD for GET."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_DRAWING = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_EXPOSED = "ETag, Link, X-Total-Count, Location, Content-Location, Retry-After"
POSTED = "/sparql"
"""The one path on which other origins may POST: a query changes nothing and says nothing of the one who asks."""


class Headers:
    """The outermost layer of the app."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        method, path = scope["method"], scope["path"].removeprefix(scope.get("root_path", ""))
        allowed = "GET, HEAD, POST" if path == POSTED else "GET, HEAD"
        asks_leave = method == "OPTIONS" and any(
            name == b"access-control-request-method" for name, _ in scope["headers"]
        )

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                drawn = headers.get("content-type", "").startswith("image/svg+xml")
                for name, value in {**_ALWAYS, "Content-Security-Policy": _DRAWING if drawn else _POLICY}.items():
                    headers.setdefault(name, value)
                if method in allowed:
                    headers["Access-Control-Allow-Origin"] = "*"
                    headers["Access-Control-Expose-Headers"] = _EXPOSED
            elif method == "HEAD" and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        if asks_leave:
            method = "GET"
            leave = {
                "Access-Control-Allow-Methods": allowed,
                "Access-Control-Allow-Headers": "Accept, Content-Type, If-None-Match",
                "Access-Control-Max-Age": "86400",
            }
            raw = [(name.lower().encode(), value.encode()) for name, value in leave.items()]
            await sent({"type": "http.response.start", "status": 204, "headers": raw})
            await sent({"type": "http.response.body", "body": b""})
            return
        # Every GET answers HEAD: with its headers, the length included, and without its body.
        await self.app({**scope, "method": "GET"} if method == "HEAD" else scope, receive, sent)
