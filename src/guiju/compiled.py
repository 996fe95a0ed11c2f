"""The knowledge base as it was compiled before, kept in the user's cache folder; nothing changes but the time it takes.

What is kept under a name is good for one state of the data and the code: the name holds a digest of version, paths,
sizes and times of change of every file that goes into it. It is N-Triples and JSON, from which nothing is executed,
each file with a digest of its own; a file that is missing, cut off or altered is made again. Only a folder that is the
user's own and closed to others is used.

``GUIJU_CACHE`` names another folder, or is ``off``.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path

import pyoxigraph
from pyoxigraph import RdfFormat, Triple, parse

from guiju import __version__, rdf, sparql
from guiju.knowledge import Knowledge

VARIABLE, OFF = "GUIJU_CACHE", "off"
STATES = 4
"""Of how many states of data and code files are kept; older ones go when a new one is written."""
_PARTS = ("ontology", "shapes", "queries")
_log = logging.getLogger(__name__)


class Compiled(Knowledge):
    """A knowledge base that need not be compiled anew, with the same content as :class:`Knowledge`."""

    @cached_property
    def background(self) -> list[Triple]:
        return self._triples("background", lambda: super(Compiled, self).background)

    @cached_property
    def documents(self) -> list[Triple]:
        return self._triples("documents", lambda: super(Compiled, self).documents)

    @cached_property
    def shapes(self) -> list[Triple]:
        return self._triples("shapes", lambda: super(Compiled, self).shapes)

    @cached_property
    def queries(self) -> dict[str, str]:
        """The text of every query file; how each is best asked is known from now on."""
        found = super().queries
        name = "queries.json"
        if (body := self._read(name)) is not None:
            sparql.recall(json.loads(body))
        else:
            self._write(name, json.dumps(sparql.prepared(found.values()), ensure_ascii=False).encode())
        return found

    def _triples(self, name: str, make: Callable[[], list[Triple]]) -> list[Triple]:
        if (body := self._read(f"{name}.nt")) is not None:
            return [quad.triple for quad in parse(body, format=RdfFormat.N_TRIPLES)]
        made = make()
        self._write(f"{name}.nt", rdf.ntriples(made).encode())
        return made

    @cached_property
    def _state(self) -> str:
        """A digest of all that goes into what is kept."""
        code = (entry for entry in os.scandir(Path(__file__).parent) if entry.name.endswith(".py"))
        found = [entry for part in _PARTS for entry in _files(self.root / part)]
        stats = ((entry.path, entry.stat()) for entry in (*found, *code))
        about = [(path, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns) for path, stat in stats]
        return hashlib.sha256(repr((__version__, pyoxigraph.__version__, sorted(about))).encode()).hexdigest()[:32]

    @cached_property
    def _folder(self) -> Path | None:
        return _own_folder()

    def _read(self, name: str) -> bytes | None:
        """What is kept under a name, or None where that is nothing or not what was written."""
        if self._folder is None:
            return None
        try:
            head, _, body = (self._folder / f"{self._state}-{name}").read_bytes().partition(b"\n")
        except OSError:
            return None
        return body if head == _head(body) else None

    def _write(self, name: str, body: bytes) -> None:
        """Keep something under a name: the whole of it or nothing, also for who reads at the same time."""
        if self._folder is None:
            return
        try:
            with tempfile.NamedTemporaryFile(dir=self._folder, prefix="new-", delete=False) as file:
                try:
                    file.write(_head(body) + b"\n" + body)
                    file.close()
                    os.replace(file.name, self._folder / f"{self._state}-{name}")
                except OSError:
                    Path(file.name).unlink(missing_ok=True)
                    raise
            _forget(self._folder)
        except OSError as error:
            _unusable(self._folder, str(error))
            self.__dict__["_folder"] = None


def _head(body: bytes) -> bytes:
    """The first line of a file, a comment in N-Triples."""
    return b"# " + hashlib.sha256(body).hexdigest().encode()


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    waiting = [str(folder)] if folder.is_dir() else []
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir():
                    waiting.append(entry.path)
                else:
                    yield entry


def _own_folder() -> Path | None:
    """The folder to keep things in, made where it is not there; None where there shall be none or it cannot be used."""
    stated = os.environ.get(VARIABLE, "")
    if stated == OFF:
        return None
    if stated:
        folder = Path(stated)
    else:
        from platformdirs import user_cache_path

        folder = user_cache_path("guiju", appauthor=False)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        about = folder.lstat()
    except OSError as error:
        _unusable(folder, str(error))
        return None
    if hasattr(os, "getuid") and (about.st_uid != os.getuid() or about.st_mode & 0o077):
        _unusable(folder, "须为本人所有且权限为 0700 it must be yours, with mode 0700")
        return None
    return folder


def _unusable(folder: Path, why: str) -> None:
    _log.warning(
        "缓存 %s 不能使用（%s），每次须重新编译；可设 %s 为另一文件夹或 off。 "
        "The cache cannot be used, so all is compiled each time; set %s to another folder, or to off.",
        folder, why, VARIABLE, VARIABLE,
    )  # fmt: skip


def _forget(folder: Path) -> None:
    """Remove what is kept of all states but the newest, and what a writer that was killed left behind long ago."""
    states: dict[str, list[os.DirEntry[str]]] = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            states.setdefault(entry.name.partition("-")[0], []).append(entry)
    newest = sorted(states, key=lambda state: max(_changed(entry) for entry in states[state]), reverse=True)
    for state in newest[STATES:]:
        for entry in states[state]:
            Path(entry.path).unlink(missing_ok=True)


def _changed(entry: os.DirEntry[str]) -> float:
    try:
        return entry.stat().st_mtime
    except FileNotFoundError:
        return 0.0
