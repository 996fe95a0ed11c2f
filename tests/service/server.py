"""A real server on loopback for the tests, and what a test asks of it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import IO, NamedTuple

SRC = Path(__file__).parents[2] / "src"


class Answer(NamedTuple):
    """What came back; ``headers`` by lower-case name."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def media(self) -> str:
        return self.headers.get("content-type", "").split(";")[0]

    @property
    def text(self) -> str:
        return self.body.decode()


class Server:
    """A server at ``127.0.0.1:port``; ``pid`` is its process."""

    def __init__(self, port: int, process: subprocess.Popen[bytes], log: IO[bytes]) -> None:
        self.port, self.pid, self.process, self._log = port, process.pid, process, log
        self.url = f"http://127.0.0.1:{port}"

    def log(self) -> str:
        """What it has written to standard error."""
        return os.pread(self._log.fileno(), 10_000_000, 0).decode()

    def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        """One request on a connection of its own; nothing is followed."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, dict(headers or {}))
            got = connection.getresponse()
            return Answer(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read())
        finally:
            connection.close()

    def get(self, path: str, accept: str | None = None, **headers: str) -> Answer:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("GET", path, {**({"Accept": accept} if accept else {}), **given})

    def workers(self, kind: str = "querying") -> set[int]:
        """The processes that run queries for this server, or judge (``handling``)."""
        return {number for number in children(self.pid) if f"guiju.service.{kind}".encode() in command(number)}

    def copies(self) -> set[int]:
        """The copies of workers that have a job, of either kind."""
        return {copy for number in children(self.pid) for copy in children(number)}


def children(parent: int) -> set[int]:
    """The processes that a process has started and that still run."""
    try:
        return {int(number) for number in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()}
    except OSError:
        return set()


def command(number: int) -> bytes:
    """The command line of a process; empty where it has gone."""
    try:
        return Path(f"/proc/{number}/cmdline").read_bytes()
    except OSError:
        return b""


@contextmanager
def serving(*command: str, **environment: str) -> Iterator[Server]:
    """A server with these settings in its environment, ended with its workers when the test is done.

    It is started by hand, as ``python -m uvicorn`` does, or by another ``command``.
    """
    path = os.pathsep.join([str(SRC), *filter(None, [os.environ.get("PYTHONPATH")])])
    log = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the server has ended
    # What it keeps is not put where whoever runs the tests keeps his own.
    folder = tempfile.TemporaryDirectory()
    process = subprocess.Popen(
        [sys.executable, "-m", *(command or ("uvicorn", "guiju.api:app")), "--port", "0"],
        env={**os.environ, "PYTHONPATH": path, "GUIJU_STORE": folder.name, **environment}, stderr=log,
    )  # fmt: skip
    try:
        yield Server(_port(log, process), process, log)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()
        folder.cleanup()


def _port(log: IO[bytes], process: subprocess.Popen[bytes]) -> int:
    """The port that the log names."""
    said = b""

    def told() -> bool:
        nonlocal said
        said = os.pread(log.fileno(), 100_000, 0)
        return process.poll() is not None or b"http://127.0.0.1:" in said

    within(60, told)
    found = re.search(rb"http://127\.0\.0\.1:(\d+)", said)
    assert found, f"the server did not start:\n{said.decode()}"
    return int(found[1])


def within(seconds: float, is_so: object) -> bool:
    """Whether a call gives something true before the time is over."""
    assert callable(is_so)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if is_so():
            return True
        time.sleep(0.05)
    return False
