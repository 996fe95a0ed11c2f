"""Forms with files, which may be large but not too large."""

from __future__ import annotations

from fastapi import Request
from starlette.types import Message

from guiju.service import judge
from guiju.service.settings import settings


def limited(request: Request) -> Request:
    """The same request, whose body raises Problem 413 as soon as it is larger than facts may be."""
    so_far, most = 0, settings().judge_bytes

    async def receive() -> Message:
        nonlocal so_far
        message = await request.receive()
        so_far += len(message.get("body", b""))
        if so_far > most:
            raise judge.too_large()
        return message

    return Request(request.scope, receive)


def sound(text: str) -> str:
    """A text without the halves of letters that a strange charset of a form can leave, which nothing can write."""
    return text.encode(errors="replace").decode()
