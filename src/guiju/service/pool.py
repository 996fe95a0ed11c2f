"""A few warm workers that handle what strangers sent, each within its memory and its deadline.

Nothing of a stranger's is handled in the server. The queue before the workers is bounded: who comes when it is full is
told so. :mod:`guiju.service.worker` says what a worker is, and what passes between it and the pool.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import sys
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from guiju.service import worker

_LOG = logging.getLogger(__name__)
_GRACE = 1.0
"""Seconds after which a worker that should have answered, or ended its copy, is itself ended."""
_SELDOM = 60
"""Seconds between two attempts to start a worker that does not start, after the first few."""
_HEADER = 1024 * 1024
"""Bytes of a frame's header at most: what a copy sends may be anything."""
_CHUNK = 256 * 1024
_PASSED_ON = (
    "GUIJU_CACHE",
    "HOME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LD_LIBRARY_PATH",
    "PATH",
    "TMPDIR",
    "TZ",
    "XDG_CACHE_HOME",
)
"""What a worker sees of the environment: no key and no password."""
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"}
"""A process forks safely where no library has threads beside it."""

Progress = Callable[[dict[str, Any]], None]
Some = TypeVar("Some")


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
    """The job was not done by its deadline, and was ended."""


class Died(Exception):
    """The job needed more memory or stack than there is, or its worker was ended from outside."""


@dataclass(frozen=True)
class Reply:
    """What a worker answered: the parts of a body, or the ``error`` by name with the engine's ``message``."""

    parts: list[bytes]
    error: str | None = None
    message: str = ""

    @property
    def body(self) -> bytes:
        """The body of an answer of one part."""
        return self.parts[0]


@dataclass
class Counts:
    """What a pool has seen since it was started."""

    done: int = 0
    busy: int = 0
    too_slow: int = 0
    died: int = 0
    cancelled: int = 0
    started: int = 0


@dataclass
class Pool:
    """Workers of one kind: ``kind`` is the module that they load, with the data that ``snapshot`` gives.

    To be started and closed in one event loop.
    """

    kind: str
    snapshot: Callable[[], bytes]
    limits: Limits
    counts: Counts = field(default_factory=Counts)

    def __post_init__(self) -> None:
        self._idle: asyncio.Queue[_Worker] = asyncio.Queue()
        self._all: set[_Worker] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._inside = 0
        self._closed = False

    def start(self) -> None:
        """Begin to start the workers, one after the other; jobs wait for the first."""
        self._begin(self._start_all())

    async def close(self) -> None:
        """End every worker, and with it the job that it has."""
        self._closed = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(each.kill() for each in list(self._all)))
        self._all.clear()

    @property
    def full(self) -> bool:
        """Whether one more job would be refused."""
        return self._inside >= self.limits.workers + self.limits.waiting

    @property
    def inside(self) -> int:
        """Jobs that wait or run."""
        return self._inside

    @property
    def idle(self) -> int:
        """Workers that are ready and have no job."""
        return self._idle.qsize()

    def ask(
        self,
        job: Mapping[str, Any],
        body: bytes,
        progress: Progress | None = None,
        begun: Callable[[], None] = lambda: None,
    ) -> asyncio.Task[Reply]:
        """Hand a job to a worker: its place is taken at once, or Busy raised; the answer is to be awaited.

        ``job`` is what the worker's kind wants to know beside the body; ``begun`` is called when a worker has it.
        The task raises Busy after too long a wait, TooSlow or Died; to cancel it ends the job.
        """
        if self.full:
            self.counts.busy += 1
            raise Busy
        self._inside += 1
        task = self._begin(self._asked(job, body, progress, begun))
        # A task that is cancelled before it has begun gives its place back, too.
        task.add_done_callback(self._leave)
        return task

    def _leave(self, _: asyncio.Task[Reply]) -> None:
        self._inside -= 1

    async def _asked(
        self, job: Mapping[str, Any], body: bytes, progress: Progress | None, begun: Callable[[], None]
    ) -> Reply:
        try:
            async with asyncio.timeout(self.limits.deadline):
                chosen = await self._ready()
        except TimeoutError:
            self.counts.busy += 1
            raise Busy from None
        begun()
        return await self._run(chosen, job, body, progress)

    async def _run(self, chosen: _Worker, job: Mapping[str, Any], body: bytes, progress: Progress | None) -> Reply:
        name = secrets.token_hex(16)
        header = {**job, "id": name, "deadline": self.limits.deadline, "bytes": self.limits.bytes}
        answer: asyncio.Task[tuple[Reply | None, str]] | None = None
        broken = True
        try:
            async with asyncio.timeout(self.limits.deadline + _GRACE):
                await chosen.send(header, body)
                answer = self._begin(chosen.answer(name, self.limits.bytes, progress))
                # Frames are read to their end even where nobody awaits them any more.
                reply, end = await asyncio.shield(answer)
            broken = False
        except TimeoutError:
            self.counts.too_slow += 1
            raise TooSlow from None
        except (asyncio.IncompleteReadError, ConnectionError, _Nonsense):
            self.counts.died += 1
            raise Died from None
        except asyncio.CancelledError:
            self.counts.cancelled += 1
            if answer and not self._closed:
                broken = False
                self._begin(self._settle(chosen, answer))
            raise
        finally:
            if broken:
                if answer:
                    answer.cancel()
                self._replace(chosen)
        self._idle.put_nowait(chosen)
        if end == "too-slow":
            self.counts.too_slow += 1
            raise TooSlow
        if end != "done" or reply is None:
            self.counts.died += 1
            raise Died
        self.counts.done += 1
        return reply

    async def _settle(self, chosen: _Worker, answer: asyncio.Task[tuple[Reply | None, str]]) -> None:
        """End the job that nobody awaits any more, and have the worker back."""
        chosen.cancel()
        try:
            await asyncio.wait_for(answer, _GRACE)
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError, _Nonsense):
            self._replace(chosen)
        else:
            self._idle.put_nowait(chosen)

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
            self._begin(self._start(broken))

    def _begin(self, work: Coroutine[Any, Any, Some]) -> asyncio.Task[Some]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _start_all(self) -> None:
        for _ in range(self.limits.workers):
            await self._start()

    async def _start(self, broken: _Worker | None = None) -> None:
        if broken:
            await broken.kill()
        for attempt in count():
            try:
                started = await _Worker.start(self.kind, self.limits.memory)
                self._all.add(started)
                await started.load(self.snapshot())
            except (OSError, asyncio.IncompleteReadError, _Nonsense):
                _LOG.exception("a worker of %s did not start; trying again", self.kind)
                await asyncio.sleep(min(2**attempt, _SELDOM))
            else:
                self.counts.started += 1
                self._idle.put_nowait(started)
                return


class _Nonsense(Exception):
    """A frame that is none."""


class _Worker:
    """One process, and the frames to and from it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    @classmethod
    async def start(cls, kind: str, memory: int) -> _Worker:
        pipe = asyncio.subprocess.PIPE
        # -P keeps the folder that we were started in off the search path.
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", worker.__name__, kind, str(memory), str(os.getpid())),
            stdin=pipe, stdout=pipe, env=_environment(),
        )  # fmt: skip
        return cls(process)

    @property
    def alive(self) -> bool:
        """Whether it still runs and its pipes are open."""
        sink = self.process.stdin
        return self.process.returncode is None and sink is not None and not sink.is_closing()

    async def load(self, data: bytes) -> None:
        """Give it the data; done when it is ready for jobs."""
        await self.send({}, data)
        await self._receive(0)

    async def send(self, header: dict[str, Any], body: bytes) -> None:
        """Give it a frame."""
        sink = self.process.stdin
        if sink is None:
            raise ConnectionError("the worker has no pipes")
        sink.write(worker.head(header, [body]))
        for at in range(0, len(body), _CHUNK):
            sink.write(body[at : at + _CHUNK])
            await sink.drain()
        await sink.drain()

    async def answer(self, name: str, most: int, progress: Progress | None) -> tuple[Reply | None, str]:
        """The answer to the job of that id, None where there is none, and how the copy that handled it ended."""
        reply = None
        while True:
            header, body = await self._receive(most)
            if header.get("id") != name:
                # A copy cannot speak for another's job.
                continue
            if "end" in header:
                return reply, str(header["end"])
            if "progress" in header:
                if progress:
                    progress(header["progress"])
            else:
                parts = _parts(body, header.get("parts", [len(body)]))
                reply = Reply(parts, header.get("error"), str(header.get("message", "")))

    def cancel(self) -> None:
        """End the job that it has, if it still has one; the end is told as that of any other."""
        if self.alive:
            self.process.send_signal(worker.CANCEL)

    async def _receive(self, most: int) -> tuple[dict[str, Any], bytes]:
        source = self.process.stdout
        if source is None:
            raise ConnectionError("the worker has no pipes")
        first, second = worker.LENGTHS.unpack(await source.readexactly(worker.LENGTHS.size))
        if first > _HEADER or second > most:
            raise _Nonsense
        try:
            header = json.loads(await source.readexactly(first))
        except ValueError:
            raise _Nonsense from None
        if not isinstance(header, dict):
            raise _Nonsense
        return header, await source.readexactly(second)

    async def kill(self) -> None:
        """End it, and wait until it is gone."""
        if self.process.returncode is None:
            try:
                self.process.kill()
            except ProcessLookupError:
                return
            await self.process.wait()


def _parts(body: bytes, sizes: list[int]) -> list[bytes]:
    """A body, taken apart."""
    found, at = [], 0
    for size in sizes:
        found.append(body[at : at + size])
        at += size
    return found


def _environment() -> dict[str, str]:
    package = str(Path(worker.__file__).parents[2])
    path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
    known = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {**known, **_ONE_THREAD, "PYTHONPATH": path, "PYTHONUTF8": "1"}
