"""What every answer carries: the headers that keep a browser safe, reading from other origins, and HEAD for GET."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_NOTHING = "default-src 'none'"
_PAGE = "style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
POLICIES = {
    "page": f"{_NOTHING}; {_PAGE}",
    "page-with-script": f"{_NOTHING}; script-src 'self'; connect-src 'self'; {_PAGE}",
    "drawing": f"{_NOTHING}; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    # The editor of queries writes one sheet of style as it starts, always the same; the hash is that sheet's.
    "editor": f"{_NOTHING}; script-src 'self'; connect-src 'self'; "
    + _PAGE.replace("style-src 'self'", "style-src 'self' 'sha256-zCK2EVMoPc04mRF/g5CotUvxbJPWS+8V0b+s9ptqQIk='"),
}
"""What a page may load, by the name of the policy. None lets script stand in a page, or anything from elsewhere."""
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    # Of ours only: without it a browser hides the origin of our own forms, and tells others the address of a report.
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_EXPOSED = "ETag, Link, X-Total-Count, Location, Content-Location, Retry-After, X-Request-ID"
POSTED = "/sparql"
"""The one path on which other origins may POST: a query changes nothing and says nothing of the one who asks."""
_PRIVATE = ("/submissions", "/api/v1/submissions", "/metrics")
"""Paths below which no other origin reads anything, whoever the visitor is."""


def policy(name: str) -> dict[str, str]:
    """The header that gives a response one of ``POLICIES``; without it a page has ``page``, an SVG ``drawing``."""
    return {"Content-Security-Policy": POLICIES[name]}


class Headers:
    """The layer around all that answers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        method, path = scope["method"], scope["path"].removeprefix(scope.get("root_path", ""))
        allowed = "GET, HEAD, POST" if path == POSTED else "GET, HEAD"
        private = any(path == one or path.startswith(f"{one}/") for one in _PRIVATE)
        asks_leave = method == "OPTIONS" and any(
            name == b"access-control-request-method" for name, _ in scope["headers"]
        )

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                drawn = headers.get("content-type", "").startswith("image/svg+xml")
                for name, value in {**_ALWAYS, **policy("drawing" if drawn else "page")}.items():
                    headers.setdefault(name, value)
                if private:
                    headers["Cross-Origin-Resource-Policy"] = "same-origin"
                    headers.setdefault("Cache-Control", "no-store")
                elif method in allowed.split(", "):
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
