"""Answers in the format that the client prefers, and once only: media types, entity tags, 304 and 406."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

import mimeparse
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

GRAPHS = {
    "text/turtle": "ttl",
    "application/ld+json": "jsonld",
    "application/n-triples": "nt",
    "application/rdf+xml": "rdf",
}
"""The media types of a graph, ours first, each with the ending of its file."""
_LONGEST = 2_000
"""Characters of an Accept header that is read; a longer one is as none."""
_AN_HOUR = "public, max-age=3600"


def choose(request: Request, offers: Sequence[str]) -> str:
    """The one of the offers, the best first, that the request's Accept prefers; the first where it has none.

    Quality values and wildcards count as RFC 9110 has them; a header that cannot be read, or is too long to be
    meant, is as none. Raises
    HTTPException 406, with a list of the offers, where none will do.
    """
    accept = ",".join(request.headers.getlist("accept")).strip().lower()
    if not accept or len(accept) > _LONGEST:
        return offers[0]
    try:
        found = mimeparse.best_match(list(reversed(offers)), accept)
    except mimeparse.MimeTypeParseException:
        return offers[0]
    if not found:
        raise HTTPException(
            406,
            f"没有所要的格式；可用 {'、'.join(offers)}。 Not in the format asked for; there is {', '.join(offers)}.",
        )
    return str(found)


def respond(
    request: Request, body: bytes, media: str, *, headers: Mapping[str, str] | None = None, cached: str = _AN_HOUR
) -> Response:
    """The body with a strong entity tag made of it, or 304 where the client has it already.

    ``cached`` is the Cache-Control. A body that was negotiated says so: Vary is always set.
    """
    tag = f'"{sha256(media.encode() + body).hexdigest()[:32]}"'
    every = {"ETag": tag, "Cache-Control": cached, "Vary": "Accept", **(headers or {})}
    if request.method in {"GET", "HEAD"} and _has(request, tag):
        return Response(status_code=304, headers=every)
    # The type of a text in UTF-8 says so; what is not text has no such parameter.
    shown = f"{media}; charset=utf-8" if media.startswith("text/") else media
    return Response(body, headers={**every, "Content-Type": shown})


def _has(request: Request, tag: str) -> bool:
    held = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    return tag in held or held == ["*"]
