"""What a stranger sent, handled by warm workers in processes of their own: what the command prints on facts.

The workers (:mod:`guiju.service.handling`) have neither network nor files. The queue before them is bounded.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from guiju.service import handling, metrics
from guiju.service.pool import Busy, Died, Limits, Pool, Progress, Reply, TooSlow
from guiju.service.problems import Problem
from guiju.service.settings import settings

_LOG = logging.getLogger(__name__)
_pool: Pool | None = None


@asynccontextmanager
async def running(_: Any = None) -> AsyncIterator[None]:
    """The workers, from the start of the service to its end."""
    global _pool
    of = settings()
    limits = Limits(of.judge_workers, of.judge_waiting, of.judge_deadline, of.judge_memory, of.judge_answer)
    before, pool = _pool, Pool(handling.__name__, lambda: b"", limits)
    pool.start()
    _pool = pool
    try:
        with metrics.watched("facts", pool):
            yield
    finally:
        _pool = before
        await pool.close()


Input = tuple[str, bytes, str]
"""Facts: what they are called, the bytes, and their media type, or the name or file ending of their format."""


async def answer(
    command: str, arguments: Sequence[str], inputs: Sequence[Input], progress: Progress | None = None
) -> str:
    """What a command prints on facts, as ``begin`` and ``finished`` have it; who stops awaiting ends the work."""
    return (await finished(begin(command, arguments, inputs, progress)))[0].decode()


def begin(
    command: str,
    arguments: Sequence[str],
    inputs: Sequence[Input],
    progress: Progress | None = None,
    begun: Callable[[], None] = lambda: None,
) -> asyncio.Task[Reply]:
    """Hand facts to a worker; what it gives is to be had of ``finished``, and to cancel it ends the work.

    ``command`` and ``arguments`` are those of :func:`guiju.tasks.run`. ``progress`` takes ``stage``, ``zh``, ``en`` and
    ``done`` (0 to 1, never less than before); ``begun`` is called when a worker has the facts. Problem 503 where the
    queue is full.
    """
    if _pool is None:
        raise Problem(503, "starting", "服务尚未就绪。 The service is not ready.", {"Retry-After": "1"})
    told = [(name, len(facts), form) for name, facts, form in inputs]
    job = {"command": command, "arguments": list(arguments), "inputs": told}
    try:
        return _pool.ask(job, b"".join(facts for _, facts, _ in inputs), progress, begun)
    except Busy:
        raise busy() from None


async def finished(work: asyncio.Task[Reply]) -> list[bytes]:
    """What a worker made of facts: the parts of its answer, of which the first is what the command prints.

    Problem 400 with the command's own words for facts or arguments that cannot be used, 413 for an answer that is too
    large, 500 for a fault of ours, 503 where the wait was too long, or the work took too long or too much memory.
    """
    limits = _pool.limits if _pool else None
    try:
        reply = await work
    except Busy:
        raise busy() from None
    except TooSlow:
        seconds = f"{limits.deadline:g}" if limits else "?"
        raise Problem(
            503,
            "too-slow",
            f"{seconds} 秒内没有完成，已中止；请少报一些。 "
            f"Not done within {seconds} seconds, and ended; send less at once.",
        ) from None
    except Died:
        raise _too_heavy() from None
    if reply.error == "bad-input":
        raise Problem(400, "bad-input", reply.message)
    if reply.error == "out-of-memory":
        raise _too_heavy()
    if reply.error == "answer-too-large":
        raise Problem(
            413,
            "answer-too-large",
            f"结果超过 {reply.message}；请少报一些，或只列出部分结论。 "
            f"The answer is larger than {reply.message}; send less at once, or ask for fewer outcomes.",
        )
    if reply.error:
        _LOG.error("a worker failed: %s", reply.message)
        raise Problem(
            500,
            "our-fault",
            "规矩自身的错误，请附请求编号报告。 Our own fault; please report it with the id of the request.",
        )
    return reply.parts


async def whole(stream: AsyncIterator[bytes]) -> bytes:
    """A body, read to its end; Problem 413 as soon as it is larger than it may be."""
    body, most = bytearray(), settings().judge_bytes
    async for chunk in stream:
        body += chunk
        if len(body) > most:
            raise too_large()
    return bytes(body)


def too_large() -> Problem:
    """The problem of a body that is larger than it may be."""
    most = settings().judge_bytes
    return Problem(
        413,
        "body-too-large",
        f"超过 {most} 字节，请分次报送。 The body is larger than {most} bytes; send it in parts.",
    )


def busy() -> Problem:
    """The problem of a full queue."""
    return Problem(503, "busy", "都在忙，请稍后再试。 All validators are busy; try again.", {"Retry-After": "5"})


def _too_heavy() -> Problem:
    return Problem(
        503,
        "too-heavy",
        "所需内存过多或嵌套过深，已中止；请少报一些。 "
        "It needed too much memory, or nested too deep, and was ended; send less at once.",
    )
