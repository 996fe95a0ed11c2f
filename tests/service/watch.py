"""What a server has in hand, and a server and a file beside it that nobody should reach for."""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

from tests.service.server import Server, within

_SECRET = "canary-0b5f6a1c"
_OPEN, _ACCESS = 0x20, 0x1
"""Of inotify: the file was opened, the file was read."""


class Canary:
    """``server`` (``127.0.0.1:1234``) and ``file`` (a path) are to be named in what is sent."""

    def __init__(self, server: str, file: str, calls: list[str], watched: int) -> None:
        self.server, self.file, self.secret = server, file, _SECRET
        self._calls, self._watched = calls, watched

    def disturbed(self) -> list[str]:
        """Who called the server, and whether the file was opened; empty where nobody did."""
        try:
            opened = ["the file was opened"] if os.read(self._watched, 4096) else []
        except BlockingIOError:
            opened = []
        return [*self._calls, *opened]


@contextmanager
def canary() -> Iterator[Canary]:
    """A server that listens on loopback and a file that the kernel watches."""
    library = ctypes.CDLL(None, use_errno=True)
    calls: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener, TemporaryDirectory() as folder:
        file = Path(folder, "canary.ttl")
        file.write_text(f'<urn:canary> <urn:says> "{_SECRET}" .\n')
        watched = library.inotify_init1(os.O_NONBLOCK)
        assert library.inotify_add_watch(watched, os.fsencode(file), _OPEN | _ACCESS) >= 0, ctypes.get_errno()
        listener.settimeout(0.1)
        watching = True

        def watch() -> None:
            while watching:
                try:
                    connection, address = listener.accept()
                except TimeoutError:
                    continue
                calls.append(f"called from {address}")
                connection.close()

        thread = Thread(target=watch)
        thread.start()
        try:
            yield Canary(f"127.0.0.1:{listener.getsockname()[1]}", str(file), calls, watched)
        finally:
            watching = False
            thread.join()
            os.close(watched)


@dataclass(frozen=True)
class Process:
    """A process as the kernel has it; ``memory`` is what it holds of it, in bytes, ``files`` what it has open."""

    pid: int
    parent: int
    state: str
    memory: int
    files: tuple[str, ...]


def family(pid: int) -> list[Process]:
    """A process and all that come from it, itself first; empty where there is none."""
    pids = [int(entry.name) for entry in Path("/proc").glob("[0-9]*")]
    every = {one.pid: one for one in map(process, pids) if one}
    of, members = [pid], []
    for one in of:
        if one in every:
            members.append(every[one])
        of += [other.pid for other in every.values() if other.parent == one]
    return members


def process(pid: int) -> Process | None:
    """A process; None where there is none, or it has ended and was not yet waited for."""
    try:
        said = dict(
            line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line
        )
        if said["State"][0] in "ZX":
            return None
        memory = int(said["VmRSS"].split()[0]) * 1024
        files = tuple(os.readlink(f"/proc/{pid}/fd/{number}") for number in os.listdir(f"/proc/{pid}/fd"))
        return Process(pid, int(said["PPid"]), said["State"][0], memory, files)
    except (OSError, KeyError):
        return None


def warm(server: Server) -> None:
    """Wait until the workers of both kinds answer."""
    assert within(180, lambda: server.get("/sparql?query=ASK%7B%7D").status == 200)
    assert within(180, lambda: server.ask("POST", "/api/v1/validate", body=b"").status == 400)


class Page(HTMLParser):
    """What of a page could run: ``harm`` lists scripts and handlers, and addresses with a scheme that is no place."""

    _PLACES = ("", "http", "https", "mailto")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.harm: list[str] = []
        self._script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in {"iframe", "object", "embed", "base", "applet", "foreignobject", "animate", "set"}:
            self.harm.append(tag)
        if tag == "script":
            self._script = True
            if not given.get("src", "").startswith("/"):
                self.harm.append(f"script {given}")
        for name, value in given.items():
            scheme, colon, _ = value.strip().partition(":")
            place = not colon or "/" in scheme or scheme.lower() in self._PLACES or scheme[:1] in "#?"
            if name.startswith("on") or (name in {"href", "src", "action", "formaction", "xlink:href"} and not place):
                self.harm.append(f"{tag} {name}={value}")

    def handle_endtag(self, tag: str) -> None:
        self._script = self._script and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._script and data.strip():
            self.harm.append(f"script: {data[:80]}")
