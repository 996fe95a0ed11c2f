"""The log on standard error: a line for each thing that happened, as text or as JSON (``GUIJU_LOG``).

What a stranger sent is not in it: of an exception only its kind and its place are told, for its message may quote
facts. No value can begin a line of its own.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that is being answered; empty outside of one."""
_FRAMES, _LONGEST = 30, 10_000
_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@contextmanager
def kept(form: str) -> Iterator[None]:
    """Log so while the server runs, other libraries' messages too; ``form`` is ``text`` or ``json``."""
    if any(isinstance(each, _Errors) for each in logging.getLogger().handlers):
        # Another app of this process does so already.
        yield
        return
    handler = _Errors()
    handler.setFormatter(_Line(as_json=form == "json"))
    root, loop = logging.getLogger(), asyncio.get_running_loop()
    level, theirs = (
        root.level,
        {name: logging.getLogger(name) for name in ("uvicorn", "uvicorn.error", "uvicorn.access")},
    )
    before = {name: (one.handlers, one.propagate) for name, one in theirs.items()}
    for name, one in theirs.items():
        # The server's own line for a request has the address as a stranger wrote it: there is ours instead.
        one.handlers, one.propagate = [], name != "uvicorn.access"
    logging.getLogger("uvicorn").setLevel(logging.INFO)
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    loop.set_exception_handler(_lost)
    try:
        yield
    finally:
        loop.set_exception_handler(None)
        root.removeHandler(handler)
        root.setLevel(level)
        for name, (handlers, propagate) in before.items():
            theirs[name].handlers, theirs[name].propagate = handlers, propagate


class _Errors(logging.StreamHandler[TextIO]):
    """Writes to what standard error is at that moment."""

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, _: TextIO) -> None:
        pass


class _Line(logging.Formatter):
    def __init__(self, as_json: bool) -> None:
        super().__init__()
        self.as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage()[:_LONGEST],
        }
        if request_id.get():
            said["request"] = request_id.get()
        said |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1]:
            said["error"] = told(record.exc_info[1])
        if self.as_json:
            return json.dumps(said)
        head = [said.pop("time"), said.pop("level"), said.pop("logger"), said.pop("message")]
        line = " ".join([*head, *(f"{name}={value}" for name, value in said.items() if value not in (None, ""))])
        return _BREAKS.sub(lambda found: f"\\x{ord(found[0]):02x}", line)


def told(error: BaseException) -> str:
    """Kind and place of an exception and of what caused it, without its message."""
    parts: list[str] = []
    seen: set[int] = set()
    here: BaseException | None = error
    while here is not None and id(here) not in seen:
        seen.add(id(here))
        frames = traceback.extract_tb(here.__traceback__)[-_FRAMES:]
        places = " > ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
        # What the system says of its own errors names no fact.
        why = f" ({here.strerror})" if isinstance(here, OSError) and here.strerror else ""
        parts.append(f"{type(here).__module__}.{type(here).__qualname__}{why} at {places}")
        here = here.__cause__ or here.__context__
    return "; from ".join(parts)


def _lost(_: asyncio.AbstractEventLoop, what: dict[str, Any]) -> None:
    """What the event loop has to say of an exception that nobody awaited: without the message, as everywhere."""
    error = what.get("exception")
    said = f": {told(error)}" if isinstance(error, BaseException) else ""
    logging.getLogger("guiju").error("event loop: %s%s", what.get("message", ""), said)
