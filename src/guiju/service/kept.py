"""The store of this service: opened with it, and what a judging leaves is put there by :func:`keep` and ``keeper``."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from hashlib import sha256
from math import nan
from typing import Any

from guiju.service import jobs, metrics
from guiju.service.jobs import Job
from guiju.service.problems import Problem
from guiju.service.settings import settings
from guiju.service.store import Record, Refused, StoreError, Submissions
from guiju.service.store.opening import opened

_UNNAMED = "stdin"
_store: Submissions | None = None


@asynccontextmanager
async def running(_: Any = None) -> AsyncIterator[None]:
    """The store, from the start of the service to its end. BadSettings where the one that was set cannot be used."""
    global _store
    before, found = _store, await asyncio.to_thread(opened, settings())
    _store = found
    metrics.kept(lambda: _number(found))
    try:
        yield
    finally:
        metrics.kept(None)
        _store = before
        await asyncio.to_thread(found.close)


def store() -> Submissions:
    """The kept submissions; to be asked in a thread. Problem 503 before the service is ready.

    A StoreError of theirs is answered as a problem of its own, see :mod:`guiju.api`.
    """
    if _store is None:
        raise Problem(503, "starting", "服务尚未就绪。 The service is not ready.", {"Retry-After": "1"})
    return _store


def lines(id_: str) -> list[bytes]:
    """The statements of a kept submission, see :mod:`guiju.keeping`; to be asked in a thread.

    Problem 404 where there are none: one that was found a moment ago may have been deleted since.
    """
    found = store().lines(id_)
    if not found:
        raise unknown()
    return found


def unknown() -> Problem:
    """That there is no such submission."""
    return Problem(
        404,
        "no-submission",
        "没有这次报送；未保存的过后就消失。 There is no such submission; one that is not kept goes after a while.",
    )


async def keeper(job: Job, text: str) -> None:
    """Keep what was judged, under the job's id. Problem 403 where nothing is kept here, 503 where the store fails."""
    try:
        await asyncio.to_thread(_add, store(), job, text)
    except StoreError as error:
        off = isinstance(error, Refused)
        raise Problem(403 if off else 503, "store-off" if off else "store", str(error)) from None


async def keep(job: Job) -> None:
    """Keep a job that is done, for which nobody had asked before. Problems as :func:`keeper`, and as judging has."""
    await jobs.keep(job, keeper)


def _number(kept: Submissions) -> float:
    """How many are kept; no number where the store does not say."""
    try:
        return kept.total()
    except StoreError:
        return nan


def _add(kept: Submissions, job: Job, text: str) -> None:
    said = json.loads(text)
    institution = said["institution"] or {}
    option = "--document="
    sent, form = (job.facts, job.form) if job.patch is None else (job.patch, jobs.PATCH)
    record = Record(
        id=job.id,
        name="" if job.name == _UNNAMED else job.name,
        received=job.created,
        sha256=sha256(sent).hexdigest(),
        bytes=len(sent),
        form=form,
        as_of=date.fromisoformat(said["asOf"]) if said["asOf"] else None,
        documents=tuple(each.removeprefix(option) for each in job.arguments if each.startswith(option)),
        engine=said["engine"],
        version=said["version"],
        counts=said["summary"],
        institution=institution.get("iri"),
        institution_name=institution.get("name", ""),
    )
    kept.add(record, said["graph"].encode())
