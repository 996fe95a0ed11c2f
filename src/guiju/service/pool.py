"""A few warm workers that run strangers' queries, each with its memory and its deadline; killed and replaced.

A query never runs in the server. The queue before the workers is bounded: who comes when it is full is told so.
"""

from __future__ import annotations

import asyncio
import json
import logging
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guiju.service import worker

_LOG = logging.getLogger(__name__)
_LENGTHS = struct.Struct(">II")


@dataclass(frozen=True)
class Limits:
    """What the workers of a pool are allowed; ``Settings`` says what each is."""

    workers: int
    waiting: int
    deadline: float
    memory: int
    bytes: int


class Busy(Exception):
    """Every worker is at work and the queue is full, or its wait was too long."""


class TooSlow(Exception):
    """The query was not done by its deadline; its worker was killed."""


class Died(Exception):
    """The worker ended while it ran the query: it needed more memory or stack than there is."""


@dataclass(frozen=True)
class Reply:
    """What a worker answered: a body, or the ``error`` by name with the engine's ``message``."""

    body: bytes
    error: str | None
    message: str


class Pool:
    """Workers over the data that ``snapshot`` gives as N-Quads; to be started and closed in one event loop."""

    def __init__(self, snapshot: Callable[[], bytes], limits: Limits) -> None:
        self.limits = limits
        self._snapshot = snapshot
        self._idle: asyncio.Queue[_Worker] = asyncio.Queue()
        self._all: set[_Worker] = set()
        self._starting: set[asyncio.Task[None]] = set()
        self._waiting = 0
        self._closed = False

    def start(self) -> None:
        """Begin to start the workers; queries wait for the first."""
        for _ in range(self.limits.workers):
            self._begin()

    async def close(self) -> None:
        """End every worker."""
        self._closed = True
        for task in list(self._starting):
            task.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
        await asyncio.gather(*(each.kill() for each in list(self._all)))
        self._all.clear()

    async def ask(self, query: str, format_: str, base: str, prefixes: dict[str, str]) -> Reply:
        """Run a query; ``format_`` is one of the worker's. Raises Busy, TooSlow or Died."""
        if self._waiting >= self.limits.waiting:
            raise Busy
        self._waiting += 1
        try:
            chosen = await asyncio.wait_for(self._ready(), self.limits.deadline)
        except TimeoutError:
            raise Busy from None
        finally:
            self._waiting -= 1
        job = {
            "format": format_,
            "base": base,
            "prefixes": prefixes,
            "deadline": self.limits.deadline,
            "bytes": self.limits.bytes,
        }
        healthy = False
        try:
            header, body = await asyncio.wait_for(chosen.ask(job, query.encode()), self.limits.deadline)
            healthy = True
        except TimeoutError:
            raise TooSlow from None
        except (asyncio.IncompleteReadError, ConnectionError):
            raise Died from None
        finally:
            if healthy:
                self._idle.put_nowait(chosen)
            else:
                self._replace(chosen)
        return Reply(body, header.get("error"), header.get("message", ""))

    async def _ready(self) -> _Worker:
        """A worker that is alive; one that something else has ended while it was idle is replaced."""
        while True:
            chosen = await self._idle.get()
            if chosen.alive:
                return chosen
            self._replace(chosen)

    def _replace(self, broken: _Worker) -> None:
        if not self._closed:
            self._all.discard(broken)
            self._begin(broken)

    def _begin(self, broken: _Worker | None = None) -> None:
        task = asyncio.get_running_loop().create_task(self._start(broken))
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)

    async def _start(self, broken: _Worker | None) -> None:
        if broken:
            await broken.kill()
        while True:
            try:
                started = await _Worker.start(self.limits.memory)
                self._all.add(started)
                await started.load(self._snapshot())
            except (OSError, asyncio.IncompleteReadError):
                _LOG.exception("a query worker did not start; trying again")
                await asyncio.sleep(1)
            else:
                self._idle.put_nowait(started)
                return


class _Worker:
    """One process, and the frames to and from it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    @classmethod
    async def start(cls, memory: int) -> _Worker:
        # By its path, not as a module: it needs nothing of this package. -P keeps its folder off the search path.
        command = (sys.executable, "-P", str(Path(worker.__file__)), str(memory))
        pipe = asyncio.subprocess.PIPE
        return cls(
            await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL)
        )

    @property
    def alive(self) -> bool:
        """Whether it still runs and its pipes are open."""
        sink = self.process.stdin
        return self.process.returncode is None and sink is not None and not sink.is_closing()

    async def load(self, data: bytes) -> None:
        """Give it the data; done when it is ready for queries."""
        await self.ask({}, data)

    async def ask(self, header: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        """Send a frame and read the one that answers it."""
        if self.process.stdin is None or self.process.stdout is None:
            raise ConnectionError("the worker has no pipes")
        self.process.stdin.write(worker.frame(header, body))
        await self.process.stdin.drain()
        lengths = await self.process.stdout.readexactly(_LENGTHS.size)
        first, second = _LENGTHS.unpack(lengths)
        head = await self.process.stdout.readexactly(first)
        return json.loads(head), await self.process.stdout.readexactly(second)

    async def kill(self) -> None:
        """End it, and wait until it is gone."""
        if self.process.returncode is None:
            try:
                self.process.kill()
            except ProcessLookupError:
                return
            await self.process.wait()
