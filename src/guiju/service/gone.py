"""Work that ends with the wish for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from starlette.requests import ClientDisconnect, Request

Some = TypeVar("Some")


async def unless_gone(request: Request, work: Awaitable[Some]) -> Some:
    """What the work gives; it is ended, and ClientDisconnect raised, when whoever asked has gone away meanwhile.

    The body of the request must have been read: what comes after it is only that the client has gone.
    """
    done = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({done, gone}, return_when=asyncio.FIRST_COMPLETED)
        if done.done():
            return done.result()
        raise ClientDisconnect
    finally:
        for each in (done, gone):
            each.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
