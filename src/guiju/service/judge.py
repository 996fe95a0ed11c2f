"""What a stranger sent, handled by the command in a process of its own, capped in memory and time."""

from __future__ import annotations

import asyncio
import resource
import sys
from collections.abc import AsyncIterator, Sequence

from guiju.service.problems import Problem

MAX_BODY = 32 * 1024 * 1024
"""Bytes of one submission."""
MEMORY = 4 * 1024**3
"""Bytes of address space that one run may use."""
DEADLINE = 120.0
"""Seconds that one run may take."""
AT_ONCE = 2
"""Runs under way at the same time; one more is answered 503."""
_under_way = asyncio.Semaphore(AT_ONCE)


async def answer(command: str, arguments: Sequence[str], facts: bytes, form: str) -> str:
    """What a command prints on facts; ``form`` is their media type, or the name or file ending of their format.

    Problem 400 with the command's own words for facts that cannot be used, 503 where all are busy or it took too long.
    """
    if _under_way.locked():
        raise Problem(503, "busy", "都在忙，请稍后再试。 All validators are busy; try again.", {"Retry-After": "5"})
    async with _under_way:
        code, output, errors = await _guarded([command, "-", f"--input-format={form}", *arguments], facts)
    if code == 0 or (command == "validate" and code in {1, 2}):
        return output
    if code == 3:
        raise Problem(400, "bad-input", errors.strip())
    raise Problem(500, "our-fault", f"{command} 失败，详见服务器日志。 {command} failed; the server's log says why.")


async def whole(stream: AsyncIterator[bytes]) -> bytes:
    """A body, read to its end; Problem 413 as soon as it is larger than ``MAX_BODY``."""
    body = bytearray()
    async for chunk in stream:
        body += chunk
        if len(body) > MAX_BODY:
            raise too_large()
    return bytes(body)


def too_large() -> Problem:
    """The problem of a body that is larger than ``MAX_BODY``."""
    return Problem(
        413,
        "body-too-large",
        f"超过 {MAX_BODY} 字节，请分次报送。 The body is larger than {MAX_BODY} bytes; send it in parts.",
    )


async def _guarded(arguments: list[str], body: bytes) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "guiju", *arguments,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        preexec_fn=_limited,
    )  # fmt: skip
    try:
        output, errors = await asyncio.wait_for(process.communicate(body), DEADLINE)
    except TimeoutError:
        raise Problem(
            503,
            "too-slow",
            f"{DEADLINE:g} 秒内没有完成，请少报一些。 Not done within {DEADLINE:g} seconds; send less at once.",
        ) from None
    finally:
        # Also where whoever asked has gone away.
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, output.decode(), errors.decode()


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (int(DEADLINE) + 5, int(DEADLINE) + 5))
