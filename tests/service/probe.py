"""A kind of worker for tests: what strangers' facts and queries could do at worst, done outright."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from guiju.service import worker

Done = tuple[dict[str, Any], list[bytes]]
_left: list[str] = []


def load(data: bytes) -> worker.Handler:
    """The data is the port of a listener; the body of a job is a path that must not come to be."""

    def handle(job: dict[str, Any], body: bytes, say: worker.Say) -> Done:
        found: Done = _DEEDS[job["do"]](job, body, say)
        return found

    def reach(_: dict[str, Any], body: bytes, __: worker.Say) -> Done:
        found = []
        attempts: dict[str, Callable[[], object]] = {
            "connect": lambda: socket.create_connection(("127.0.0.1", int(data)), 1),
            "pair": socket.socketpair,
            "read": lambda: Path("/etc/hostname").read_bytes(),
            "write": lambda: Path(body.decode()).write_text("x"),
            "list": lambda: os.listdir("/"),
            "pipe": os.pipe,
            "run": lambda: subprocess.run(["/bin/true"], check=True),
        }
        for name, attempt in attempts.items():
            try:
                attempt()
            except OSError as error:
                found.append(f"{name} {error.errno}")
            else:
                found.append(f"{name} done")
        return {}, [", ".join(found).encode()]

    _DEEDS["reach"] = reach
    return handle


def _echo(_: dict[str, Any], body: bytes, __: worker.Say) -> Done:
    return {}, [body, str(len(body)).encode()]


def _sleep(_: dict[str, Any], __: bytes, say: worker.Say) -> Done:
    say({"done": 0.5})
    time.sleep(600)
    return {}, [b""]


def _spin(_: dict[str, Any], __: bytes, ___: worker.Say) -> Done:
    while True:
        pass


def _allocate(_: dict[str, Any], __: bytes, ___: worker.Say) -> Done:
    return {}, [bytes(10 * 1024**3)[:1]]


def _raise(_: dict[str, Any], body: bytes, __: worker.Say) -> Done:
    raise RuntimeError(body.decode())


def _exit(_: dict[str, Any], __: bytes, ___: worker.Say) -> Done:
    os._exit(3)


def _leave(_: dict[str, Any], body: bytes, __: worker.Say) -> Done:
    """What was left by those before."""
    before = ",".join(_left)
    _left.append(body.decode())
    return {}, [before.encode()]


def _forge(_: dict[str, Any], body: bytes, __: worker.Say) -> Done:
    """Answers for the next job, too, and says that this one is done before it is."""
    for name in ("1", "next", ""):
        worker.write(sys.stdout.buffer, {"id": name}, [b"forged"])
        worker.write(sys.stdout.buffer, {"id": name, "end": "done"})
    return {}, [body]


def _babble(_: dict[str, Any], __: bytes, ___: worker.Say) -> Done:
    sys.stdout.buffer.write(b"\xff" * 64)
    sys.stdout.buffer.flush()
    return {}, [b"never read"]


_DEEDS: dict[str, Callable[[dict[str, Any], bytes, worker.Say], Done]] = {
    "echo": _echo, "sleep": _sleep, "spin": _spin, "allocate": _allocate, "raise": _raise, "exit": _exit,
    "leave": _leave, "forge": _forge, "babble": _babble,
}  # fmt: skip
