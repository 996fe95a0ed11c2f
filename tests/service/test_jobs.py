"""Judgings under way: their states and progress, what is kept of them, and how many there may be."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from guiju.paths import samples
from guiju.service import jobs, judge
from guiju.service.jobs import Job
from guiju.service.problems import Problem
from guiju.service.settings import settings
from tests.service.test_judge import LONG, SMALL

IN_TROUBLE = samples()["company-in-trouble"].read_bytes()
_LOOP = asyncio.Runner()


@pytest.fixture(scope="module", autouse=True)
def _running() -> Iterator[None]:
    """One loop with one worker for all of these tests."""
    patch = pytest.MonkeyPatch()
    for name, value in (("WORKERS", "1"), ("WAITING", "3")):
        patch.setenv(f"GUIJU_JUDGE_{name}", value)
    settings.cache_clear()
    running = jobs.running()
    _LOOP.run(running.__aenter__())
    yield
    _LOOP.run(running.__aexit__(None, None, None))
    _LOOP.close()
    patch.undo()
    settings.cache_clear()


@pytest.fixture(autouse=True)
def _none_left() -> Iterator[None]:
    yield
    _do(lambda: _all_cancelled())


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No more than two are held."""
    monkeypatch.setenv("GUIJU_JOBS", "2")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


async def _all_cancelled() -> None:
    for job in list(jobs._jobs.values()):
        jobs.cancel(job)
    await _until(lambda: not jobs._tasks)


def _do(test: Callable[[], Awaitable[None]]) -> None:
    _LOOP.run(asyncio.wait_for(test(), 120))


async def _until(is_so: Callable[[], object]) -> None:
    while not is_so():
        await asyncio.sleep(0.02)


class _Kept:
    """A keeper, and what it was given; ``fails`` is raised instead."""

    def __init__(self, fails: Exception | None = None) -> None:
        self.fails = fails
        self.records: list[dict[str, Any]] = []

    async def __call__(self, job: Job, record: str) -> None:
        if self.fails:
            raise self.fails
        self.records.append(json.loads(record))


def test_a_judging_is_followed_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, str, float]] = []

    def watched(job: Job, name: str, value: object) -> None:
        object.__setattr__(job, name, value)
        if name in ("state", "progress"):
            seen.append((job.state, job.progress["stage"], job.progress["done"]))

    async def test() -> None:
        job = jobs.submit(IN_TROUBLE, "text/turtle", name="事实\n.ttl", arguments=["--document=aic-measures-2018"])
        assert (job.state, job.progress["done"], job.until, job.keep) == ("waiting", 0, None, False)
        assert jobs.find(job.id) is job
        seen.append((job.state, job.progress["stage"], job.progress["done"]))
        # Whoever looks now and then may miss a stage.
        monkeypatch.setattr(Job, "__setattr__", watched)
        await _until(lambda: not job.under_way)
        states, stages, done = zip(*seen, strict=True)
        assert list(dict.fromkeys(states)) == ["waiting", "running", "done"]
        assert list(dict.fromkeys(stages)) == [
            "reading", "checking", "deriving", "validating", "judging", "explaining", "writing", "done",
        ]  # fmt: skip
        assert list(done) == sorted(done)
        assert (done[0], done[-1]) == (0, 1)
        assert all(job.progress[language] for language in ("zh", "en"))
        report = json.loads(job.result or "")
        assert report["inputs"][0]["name"] == "事实.ttl"
        assert {verdict["outcome"] for verdict in report["verdicts"]} > {"passed", "failed"}
        assert {verdict["provision"].split("/")[0] for verdict in report["verdicts"]} == {"aic-measures-2018"}
        assert job.until is not None
        assert timedelta(minutes=59) < job.until - datetime.now(UTC) < timedelta(hours=1)

    _do(test)


def test_a_judging_that_cannot_be_says_why() -> None:
    async def test() -> None:
        job = jobs.submit(b"x", "text/turtle")
        await _until(lambda: not job.under_way)
        assert (job.state, job.result) == ("failed", None)
        assert job.problem is not None
        assert job.problem.status_code == 400
        assert "Syntax error" in job.problem.detail
        assert jobs.find(job.id) is job

    _do(test)


def test_one_that_is_to_last_is_kept_as_it_was_judged() -> None:
    async def test() -> None:
        keeper = _Kept()
        job = jobs.submit(SMALL, "text/turtle", keep=keeper)
        assert job.keep
        await _until(lambda: not job.under_way)
        assert (job.state, job.kept, job.problem) == ("done", True, None)
        (record,) = keeper.records
        assert record["summary"] == json.loads(job.result or "")["summary"]
        assert f"<urn:uuid:{job.id}>" in record["graph"]
        assert "<urn:x:company>" in record["graph"]

    _do(test)


def test_one_can_be_kept_afterwards() -> None:
    async def test() -> None:
        first, after = _Kept(), _Kept()
        job = jobs.submit(SMALL, "text/turtle", keep=first)
        await _until(lambda: not job.under_way)
        job.keep = job.kept = False
        await asyncio.gather(*(jobs.keep(job, after) for _ in range(3)))
        assert job.kept
        assert after.records == first.records

    _do(test)


@pytest.mark.parametrize("fails", [Problem(507, "full", "no room"), RuntimeError("secret")])
def test_a_keeper_that_fails_costs_no_report(fails: Exception) -> None:
    async def test() -> None:
        job = jobs.submit(SMALL, "text/turtle", keep=_Kept(fails))
        await _until(lambda: not job.under_way)
        assert (job.state, job.kept) == ("done", False)
        assert job.result
        assert job.problem is not None
        assert "secret" not in job.problem.detail

    _do(test)


@pytest.mark.parametrize("state", ["at once", "waiting", "running"])
def test_one_is_cancelled_and_forgotten(state: str) -> None:
    async def test() -> None:
        before = jobs.submit(LONG, "text/turtle") if state == "waiting" else None
        job = jobs.submit(LONG, "text/turtle")
        if state != "at once":
            await _until(lambda: (before or job).state == "running")
            assert job.state == state
        jobs.cancel(job)
        assert jobs.find(job.id) is None
        if before:
            jobs.cancel(before)
        assert judge._pool is not None
        pool = judge._pool
        await _until(lambda: not pool.inside and pool.idle and not jobs._tasks)
        assert job.state == "failed"

    _do(test)


def test_a_full_queue_refuses_one_at_once() -> None:
    async def test() -> None:
        for _ in range(4):
            jobs.submit(LONG, "text/turtle")
        with pytest.raises(Problem) as refused:
            jobs.submit(SMALL, "text/turtle")
        assert (refused.value.status_code, refused.value.code) == (503, "busy")
        assert len(jobs._jobs) == 4

    _do(test)


def test_the_oldest_that_is_done_makes_room(few: None) -> None:
    async def test() -> None:
        found = []
        for _ in range(3):
            found.append(jobs.submit(SMALL, "text/turtle"))
            await _until(lambda: not found[-1].under_way)
        assert [jobs.find(job.id) for job in found] == [None, *found[1:]]
        jobs.submit(LONG, "text/turtle")
        jobs.submit(LONG, "text/turtle")
        assert [jobs.find(job.id) for job in found] == [None, None, None]
        with pytest.raises(Problem, match="忙"):
            jobs.submit(SMALL, "text/turtle")

    _do(test)


def test_one_is_forgotten_after_its_time() -> None:
    async def test() -> None:
        job = jobs.submit(b"x", "text/turtle")
        await _until(lambda: not job.under_way)
        assert job.ended is not None
        job.ended -= timedelta(seconds=settings().jobs_seconds - 1)
        assert jobs.find(job.id) is job
        job.ended -= timedelta(seconds=1)
        assert jobs.find(job.id) is None

    _do(test)


def test_what_is_to_last_is_finished_when_the_service_ends() -> None:
    async def test() -> None:
        keeper = _Kept()
        async with jobs.running():
            kept, other = jobs.submit(SMALL, "text/turtle", keep=keeper), jobs.submit(LONG, "text/turtle")
        assert (kept.kept, len(keeper.records)) == (True, 1)
        assert (other.state, other.result) == ("failed", None)
        assert jobs.find(kept.id) is None

    _do(test)
