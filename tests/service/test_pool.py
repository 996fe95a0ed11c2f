"""The pool and its workers, with a kind of worker that does its worst."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from guiju.service.pool import Busy, Died, Limits, Pool, Reply, TooSlow
from tests.service import probe
from tests.service.server import children, command

ROOT = Path(__file__).parents[2]
MIB = 1024**2
SMALL = Limits(workers=1, waiting=1, deadline=30.0, memory=1024 * MIB, bytes=4 * MIB)


@pytest.fixture(autouse=True)
def _found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers find this folder."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("GUIJU_STORE_PASSWORD", "secret")


@asynccontextmanager
async def _pool(limits: Limits = SMALL, data: bytes = b"0") -> AsyncIterator[Pool]:
    pool = Pool(probe.__name__, lambda: data, limits)
    pool.start()
    try:
        yield pool
    finally:
        await pool.close()
        assert not _workers(), "no worker outlives its pool"


def _ask(pool: Pool, do: str, body: bytes = b"x", **more: Any) -> asyncio.Task[Reply]:
    return pool.ask({"do": do}, body, **more)


def _run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 60))


async def _until(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not is_so():
            await asyncio.sleep(0.02)


def _workers() -> set[int]:
    # Other tests of this process have servers of their own.
    return {number for number in children(os.getpid()) if probe.__name__.encode() in command(number)}


def test_what_is_asked_is_answered_in_parts() -> None:
    async def test() -> None:
        async with _pool() as pool:
            for size in (0, 1, 3 * MIB):
                reply = await _ask(pool, "echo", b"x" * size)
                assert [len(part) for part in reply.parts] == [size, len(str(size))]
            too_much = await _ask(pool, "echo", b"x" * (4 * MIB))
            assert too_much.error == "answer-too-large"
            assert (pool.inside, pool.idle, pool.counts.done) == (0, 1, 4)

    _run(test)


def test_nothing_that_a_job_leaves_reaches_the_next() -> None:
    async def test() -> None:
        async with _pool() as pool:
            assert [(await _ask(pool, "leave", body)).body for body in (b"a", b"b")] == [b"", b""]

    _run(test)


def test_the_kernel_gives_a_worker_neither_socket_nor_file(tmp_path: Path) -> None:
    async def test() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(0.2)
            async with _pool(data=str(listener.getsockname()[1]).encode()) as pool:
                reply = await _ask(pool, "reach", str(tmp_path / "written").encode())
            with pytest.raises(TimeoutError):
                listener.accept()
        assert reply.body == b"connect 24, pair 24, read 24, write 24, list 24, pipe 24, run 24"
        assert not list(tmp_path.iterdir())

    _run(test)


def test_a_worker_is_told_no_secret() -> None:
    async def test() -> None:
        async with _pool() as pool:
            await _ask(pool, "echo")
            (number,) = _workers()
            assert b"secret" not in Path(f"/proc/{number}/environ").read_bytes()

    _run(test)


@pytest.mark.parametrize("deed", ["sleep", "spin"])
def test_what_takes_too_long_is_ended_and_the_worker_stays(deed: str) -> None:
    async def test() -> None:
        async with _pool(Limits(1, 1, 0.5, 1024 * MIB, MIB)) as pool:
            await _until(lambda: pool.idle)
            before = _workers()
            with pytest.raises(TooSlow):
                await _ask(pool, deed)
            assert (await _ask(pool, "echo")).body == b"x"
            assert _workers() == before
            assert pool.counts.too_slow == 1

    _run(test)


def test_what_needs_too_much_memory_is_told() -> None:
    async def test() -> None:
        async with _pool() as pool:
            assert (await _ask(pool, "allocate")).error == "out-of-memory"
            assert (await _ask(pool, "echo")).body == b"x"

    _run(test)


def test_a_crash_is_told_by_its_place_and_not_by_what_was_sent() -> None:
    async def test() -> None:
        async with _pool() as pool:
            reply = await _ask(pool, "raise", "秘密 secret".encode())
            assert reply.error == "crash"
            assert "RuntimeError" in reply.message and "_raise" in reply.message
            assert "secret" not in reply.message
            with pytest.raises(Died):
                await _ask(pool, "exit")
            assert (await _ask(pool, "echo")).body == b"x"

    _run(test)


def test_a_copy_or_a_worker_that_is_killed_is_made_up_for() -> None:
    async def test() -> None:
        async with _pool() as pool:
            await _until(lambda: pool.idle)
            (first,) = _workers()
            for copy in (True, False):
                asked = _ask(pool, "sleep")
                await _until(lambda: children(first))
                os.kill(children(first).pop() if copy else first, signal.SIGKILL)
                with pytest.raises(Died):
                    await asked
            assert (await _ask(pool, "echo")).body == b"x"
            (second,) = _workers()
            assert second != first
            # One that is killed while it has nothing to do is not handed a job.
            os.kill(second, signal.SIGKILL)
            await _until(lambda: not _workers() or second not in _workers())
            await _until(lambda: _dead(pool))
            assert (await _ask(pool, "echo")).body == b"x"
            assert pool.counts.started == 3

    _run(test)


def _dead(pool: Pool) -> bool:
    return not any(worker.alive for worker in pool._all)


def test_a_full_queue_refuses_at_once_and_takes_again() -> None:
    async def test() -> None:
        async with _pool() as pool:
            asked = [_ask(pool, "sleep"), _ask(pool, "echo")]
            assert pool.full
            with pytest.raises(Busy):
                _ask(pool, "echo")
            await _until(lambda: not pool.idle and pool.counts.started)
            asked[0].cancel()
            assert (await asked[1]).body == b"x"
            assert (pool.inside, pool.counts.busy, pool.counts.cancelled) == (0, 1, 1)

    _run(test)


def test_who_waits_too_long_is_told_so() -> None:
    async def test() -> None:
        async with _pool(Limits(1, 3, 2.0, 1024 * MIB, MIB)) as pool:
            await _until(lambda: pool.idle)
            asked = [_ask(pool, "sleep") for _ in range(4)]
            found = await asyncio.gather(*asked, return_exceptions=True)
            assert {type(one) for one in found} == {TooSlow, Busy}
            assert (await _ask(pool, "echo")).body == b"x"

    _run(test)


@pytest.mark.parametrize("when", ["at once", "while it waits", "while it runs"])
def test_who_goes_away_ends_the_job(when: str) -> None:
    async def test() -> None:
        async with _pool() as pool:
            await _until(lambda: pool.idle)
            (number,) = _workers()
            first = _ask(pool, "sleep") if when == "while it waits" else None
            if first:
                await _until(lambda: children(number))
            heard: list[dict[str, Any]] = []
            asked = _ask(pool, "sleep", progress=heard.append)
            if when == "while it runs":
                await _until(lambda: heard)
            elif first:
                await asyncio.sleep(0.05)
            asked.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asked
            if first:
                first.cancel()
            await _until(lambda: not children(number) and pool.idle == 1)
            assert (await _ask(pool, "echo")).body == b"x"
            assert _workers() == {number}, "the same worker, warm as before"

    _run(test)


def test_a_copy_that_was_taken_over_speaks_for_no_other() -> None:
    async def test() -> None:
        async with _pool() as pool:
            assert (await _ask(pool, "forge", b"own")).body == b"own"
            assert (await _ask(pool, "echo", b"next")).body == b"next"
            with pytest.raises(Died):
                await _ask(pool, "babble")
            assert (await _ask(pool, "echo", b"after")).body == b"after"

    _run(test)


def test_progress_is_heard_before_the_answer() -> None:
    async def test() -> None:
        async with _pool() as pool:
            heard: list[dict[str, Any]] = []
            begun: list[bool] = []
            asked = _ask(pool, "sleep", progress=heard.append, begun=lambda: begun.append(True))
            await _until(lambda: heard)
            assert (heard, begun) == ([{"done": 0.5}], [True])
            asked.cancel()

    _run(test)
