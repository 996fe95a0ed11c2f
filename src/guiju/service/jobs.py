"""Judgings that go on while whoever asked looks on: under way or just done, in memory, bounded, and soon forgotten.

:func:`submit` hands facts to a worker and gives a :class:`Job` at once; :func:`find` has it by its id, which nobody
can guess, until it is forgotten. What is to last goes through a keeper: told of a job that is done, with what is to be
kept of it. This module knows no store.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import uuid4

from guiju.progress import at
from guiju.service import judge
from guiju.service.pool import Reply
from guiju.service.problems import Problem
from guiju.service.settings import settings

_LOG = logging.getLogger(__name__)
State = Literal["waiting", "running", "done", "failed"]
PATCH = "application/rdf-patch"
"""The media type of a patch."""


@dataclass(eq=False)
class Job:
    """Facts that were sent to be judged, and what has come of it; or facts that were kept, and a ``patch`` of them.

    ``arguments`` are those of the command ``validate`` that say how (``--as-of=…``, ``--document=…``, ``--engine=…``);
    ``name`` is what the facts are called in the report. ``progress`` has ``stage``, ``zh``, ``en`` and ``done``, from
    0 to 1. ``result`` is the report on all outcomes as JSON text once ``state`` is ``done``; ``problem`` says why it
    is ``failed``, or, of one that is done, why it was not kept. ``kept`` is whether the keeper has it.
    """

    id: str
    facts: bytes
    form: str
    name: str
    arguments: tuple[str, ...]
    keep: bool
    created: datetime
    patch: bytes | None = None
    state: State = "waiting"
    progress: dict[str, Any] = field(default_factory=lambda: at("reading")._asdict())
    result: str | None = None
    problem: Problem | None = None
    kept: bool = False
    ended: datetime | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    @property
    def until(self) -> datetime | None:
        """When it is forgotten; None while it is under way."""
        return self.ended + timedelta(seconds=settings().jobs_seconds) if self.ended else None

    @property
    def under_way(self) -> bool:
        """Whether it waits or runs."""
        return self.ended is None

    @property
    def size(self) -> int:
        """Bytes that it holds."""
        return len(self.facts) + len(self.patch or b"") + len(self.result or "") * 2


Keeper = Callable[[Job, str], Awaitable[None]]
"""Keeps a job that is done; the text is what :func:`guiju.keeping.kept` says of it under its id, as JSON."""
_jobs: dict[str, Job] = {}
_tasks: dict[str, asyncio.Task[None]] = {}


@asynccontextmanager
async def running(app: Any = None) -> AsyncIterator[None]:
    """The workers that judge, and at the end: what is to be kept may still be finished, the rest is ended."""
    async with judge.running(app):
        try:
            yield
        finally:
            lasting = [_tasks[job.id] for job in _jobs.values() if job.keep and job.id in _tasks]
            if lasting:
                await asyncio.wait(lasting, timeout=settings().grace)
            rest = list(_tasks.values())
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)
            _jobs.clear()


def submit(
    facts: bytes,
    form: str,
    *,
    patch: bytes | None = None,
    name: str = "",
    arguments: Sequence[str] = (),
    keep: Keeper | None = None,
) -> Job:
    """Begin to judge facts; ``keep`` keeps the job when it is done. To be called in the event loop.

    ``form`` is the facts' media type, or the name or file ending of their format; ``patch`` is as :mod:`guiju.patch`
    has it, and comes with facts as they were kept. Problem 503 where the queue is full,
    or as much is under way as can be held.
    """
    job = Job(str(uuid4()), facts, form, _printable(name), tuple(arguments), keep is not None, datetime.now(UTC), patch)
    _make_room(job)
    work = _begin(job, "keep" if keep else "validate")
    _jobs[job.id] = job
    task = asyncio.get_running_loop().create_task(_run(job, work, keep))
    _tasks[job.id] = task
    # One that is cancelled before it has begun ends, too.
    task.add_done_callback(lambda _: _end(job, work))
    return job


def find(id_: str) -> Job | None:
    """The job of that id; None where there is none, or none any more."""
    _forget()
    return _jobs.get(id_)


async def ended(job: Job) -> None:
    """Wait until a job has ended; to stop waiting does not end it."""
    if task := _tasks.get(job.id):
        await asyncio.wait({task})


def cancel(job: Job) -> None:
    """End a job that is under way, and forget it."""
    task = _tasks.get(job.id)
    if task:
        task.cancel()
    _jobs.pop(job.id, None)


async def keep(job: Job, keeper: Keeper) -> None:
    """Keep a job that is done and was not to be kept at first: it is judged again, for all that is to be kept of it.

    Raises the Problem for which it cannot be; the job stays as it was.
    """
    async with job.lock:
        if job.kept:
            return
        _, record = await judge.finished(_begin(job, "keep"))
        await keeper(job, record.decode())
        job.keep = job.kept = True


def _begin(job: Job, command: str) -> asyncio.Task[Reply]:
    how = [*job.arguments, "--outcomes=all", "--format=json", f"--id={job.id}"]
    inputs = [(job.name, job.facts, job.form)]
    if job.patch is not None:
        how.append("--patched")
        inputs.append(("patch", job.patch, PATCH))

    def progress(told: dict[str, Any]) -> None:
        job.progress = told

    def begun() -> None:
        job.state = "running"

    if not job.under_way:
        return judge.begin(command, how, inputs)
    return judge.begin(command, how, inputs, progress, begun)


async def _run(job: Job, work: asyncio.Task[Reply], keeper: Keeper | None) -> None:
    try:
        parts = await judge.finished(work)
        # A long text is decoded while the server goes on.
        job.result = await asyncio.to_thread(parts[0].decode)
        if keeper:
            await _kept(job, keeper, parts[1].decode())
        job.state = "done"
    except Problem as problem:
        job.problem, job.state = problem, "failed"


def _end(job: Job, work: asyncio.Task[Reply]) -> None:
    work.cancel()
    if job.state != "done":
        job.state = "failed"
    job.ended = datetime.now(UTC)
    del _tasks[job.id]
    _make_room()


async def _kept(job: Job, keeper: Keeper, record: str) -> None:
    try:
        await keeper(job, record)
        job.kept = True
    except Problem as problem:
        job.problem = problem
    except Exception as error:
        # The report is there all the same.
        _LOG.error("a submission was not kept", exc_info=error)
        job.problem = Problem(500, "not-kept", "没有保存，可再试一次。 It was not kept; try once more.")


def _make_room(new: Job | None = None) -> None:
    """Forget the oldest that are done until all fits. Problem 503 where there is no room for a new one."""
    _forget()
    number, size = (1, new.size) if new else (0, 0)
    done = [job for job in _jobs.values() if not job.under_way]

    def fits(jobs: Sequence[Job]) -> bool:
        return len(jobs) + number <= settings().jobs and sum(job.size for job in jobs) + size <= settings().jobs_bytes

    if new and not fits([job for job in _jobs.values() if job.under_way]):
        raise judge.busy()
    while done and not fits(list(_jobs.values())):
        _jobs.pop(done.pop(0).id)


def _forget() -> None:
    now = datetime.now(UTC)
    for job in [job for job in _jobs.values() if job.until and job.until <= now]:
        del _jobs[job.id]


def _printable(name: str) -> str:
    return "".join(letter for letter in name if letter.isprintable())[:200] or "stdin"
