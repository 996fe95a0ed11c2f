"""The process that handles what strangers sent: warm, with neither network nor files, and a fresh copy for every job.

Started by :mod:`guiju.service.pool` as ``-m guiju.service.worker KIND MEMORY PARENT``: the module of its kind, whose
``load`` makes all that its jobs need out of the first frame, the bytes of address space that it may use, and the number
of the process that started it. After that the kernel gives it no further descriptor, so that it opens no file and no
socket. Each further frame is a job.

For a job the process forks, and the copy handles it and ends. So nothing that a job leaves behind, in memory or in
state, reaches the next one; and a job that is too slow, too large or not wanted any more is killed without anything
being read again. The process itself never looks at what a stranger sent.

A frame is a JSON header and a body, each after its length as four bytes; the header says how long the ``parts`` of
the body are. A copy sends any number of frames with ``progress``, and one answer; when it has gone, the process sends
one with ``end``: how it ended. All bear the ``id`` of the job, which is a secret from the copies of other jobs.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import math
import os
import resource
import signal
import struct
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, Protocol

LENGTHS = struct.Struct(">II")
CANCEL = signal.SIGUSR1
"""The signal on which the job under way is ended."""
Say = Callable[[dict[str, Any]], None]
Handler = Callable[[dict[str, Any], bytes, Say], tuple[dict[str, Any], list[bytes]]]
"""From a job's header and body, and what takes its progress, to the header and the parts of the answer."""
_PR_SET_PDEATHSIG = 1


class Kind(Protocol):
    """What the module of a kind has."""

    def load(self, data: bytes) -> Handler:
        """Read, and do once, all that a job may need; gives what handles jobs."""
        ...


def main() -> None:
    """Load, lock, say so, and handle jobs until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The server, which answers for all of them, goes first.
    os.nice(5)
    _die_with(int(sys.argv[3]))
    memory = int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    kind: Kind = importlib.import_module(sys.argv[1])
    _, data = read(source)
    handle = kind.load(data)
    del data
    # What is held by now is held for good: it is not looked through for garbage, which would copy it for every job.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)
    lock()
    jobs = _Jobs(handle, sink)
    write(sink, {"ready": True})
    while True:
        try:
            job, body = read(source)
        except EOFError:
            return
        jobs.run(job, body)


def lock() -> None:
    """From here on: no further descriptor, so no file and no socket; nothing written to a file; silence."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    # The three standard descriptors are open; the kernel gives no fourth.
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))


class _Jobs:
    """Runs jobs one after the other, each in a copy of the process."""

    def __init__(self, handle: Handler, sink: BinaryIO) -> None:
        self._handle = handle
        self._sink = sink
        self._copy = 0
        self._why = ""
        signal.signal(signal.SIGALRM, self._end)
        signal.signal(CANCEL, self._end)

    def run(self, job: dict[str, Any], body: bytes) -> None:
        """Have a copy handle a job; when it has gone, say how: ``done``, ``too-slow``, ``cancelled`` or ``died``."""
        self._why = ""
        signal.pthread_sigmask(signal.SIG_BLOCK, {CANCEL})
        own = os.getpid()
        copy = os.fork()
        if not copy:
            _handle(self._handle, job, body, self._sink, own)
        self._copy = copy
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {CANCEL})
        signal.setitimer(signal.ITIMER_REAL, job["deadline"])
        _, status = os.waitpid(copy, 0)
        self._copy = 0
        signal.setitimer(signal.ITIMER_REAL, 0)
        write(self._sink, {"id": job["id"], "end": self._why or ("died" if status else "done")})

    def _end(self, number: int, _: object) -> None:
        if self._copy:
            self._why = "cancelled" if number == CANCEL else "too-slow"
            os.kill(self._copy, signal.SIGKILL)


def _handle(handle: Handler, job: dict[str, Any], body: bytes, sink: BinaryIO, parent: int) -> None:
    """What the copy does; it never returns."""
    code = 1
    try:
        _die_with(parent)
        for number in (signal.SIGALRM, CANCEL):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {CANCEL})
        # Should nothing else end it, the kernel does.
        seconds = math.ceil(job["deadline"]) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        header, parts = _answer(handle, job, body, lambda told: write(sink, {"id": job["id"], "progress": told}))
        write(sink, {**header, "id": job["id"]}, parts)
        code = 0
    finally:
        os._exit(code)


def _answer(handle: Handler, job: dict[str, Any], body: bytes, say: Say) -> tuple[dict[str, Any], list[bytes]]:
    try:
        header, parts = handle(job, body, say)
    except MemoryError:
        return {"error": "out-of-memory", "message": ""}, []
    except BaseException as error:  # an engine's panic, too, is to be told
        # Where, and not what: the message may hold what the stranger sent.
        where = "".join(traceback.format_tb(error.__traceback__))
        return {"error": "crash", "message": f"{where}{type(error).__module__}.{type(error).__qualname__}"}, []
    if sum(map(len, parts)) > job["bytes"]:
        return {"error": "answer-too-large", "message": f"{job['bytes']} bytes"}, []
    return header, parts


def _die_with(parent: int) -> None:
    """Have the kernel end this process with the one that started it, where it can (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # Of a parent that was gone by then the kernel does not tell.
    if os.getppid() != parent:
        os._exit(1)


def head(header: dict[str, Any], parts: Sequence[bytes] = ()) -> bytes:
    """All of a frame that stands before the parts of its body."""
    sizes = [len(part) for part in parts]
    text = json.dumps({**header, "parts": sizes} if len(sizes) > 1 else header).encode()
    return LENGTHS.pack(len(text), sum(sizes)) + text


def read(source: BinaryIO) -> tuple[dict[str, Any], bytes]:
    """The next frame; EOFError where the input has ended."""
    header, body = LENGTHS.unpack(_exactly(source, LENGTHS.size))
    return json.loads(_exactly(source, header)), _exactly(source, body)


def write(sink: BinaryIO, header: dict[str, Any], parts: Sequence[bytes] = ()) -> None:
    """Send a frame at once."""
    sink.write(head(header, parts))
    for part in parts:
        sink.write(part)
    sink.flush()


def _exactly(source: BinaryIO, length: int) -> bytes:
    data = source.read(length)
    if len(data) < length:
        raise EOFError
    return data


if __name__ == "__main__":
    main()
