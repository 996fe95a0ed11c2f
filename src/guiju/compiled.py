"""The knowledge base as it was compiled before, kept in the user's cache folder; nothing changes but the time it takes.

What is kept under a name is good for one state of the data and the code: the name holds a digest of version, paths,
sizes and times of change of every file that goes into it. It is N-Triples, JSON and columns of numbers, from which
nothing is executed, each file with a digest of its own; a file that is missing, cut off or altered is made again. Only
a folder that is the user's own and closed to others is used.

A judgement needs no triple of the knowledge base, only what follows from it: columns, plans of queries, words.

``GUIJU_CACHE`` names another folder, or is ``off``.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pyoxigraph
from pyoxigraph import RdfFormat, Triple, parse

from guiju import __version__, rdf, sparql
from guiju.columnar.prepared import NEEDS, PLANS
from guiju.knowledge import Knowledge, Period, Texts

if TYPE_CHECKING:
    from guiju.columnar.columns import Known

VARIABLE, OFF = "GUIJU_CACHE", "off"
STATES = 4
"""Of how many states of data and code files are kept; older ones go when a new one is written."""
Thing = TypeVar("Thing")
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
    def columns(self) -> Known:
        from guiju.columnar import kept

        return self._kept("columns", lambda: super(Compiled, self).columns, kept.written, kept.read)

    @cached_property
    def periods(self) -> list[Period]:
        return [Period(*row) for row in self._json("periods", lambda: super(Compiled, self).periods)]

    @cached_property
    def terms(self) -> frozenset[str]:
        return frozenset(self._json("terms", lambda: sorted(super(Compiled, self).terms)))

    @cached_property
    def concluded(self) -> frozenset[bytes]:
        found = self._json("concluded", lambda: sorted(text.decode() for text in super(Compiled, self).concluded))
        return frozenset(text.encode() for text in found)

    @cached_property
    def _positions(self) -> dict[str, int]:
        found: dict[str, int] = self._json("positions", lambda: super(Compiled, self)._positions)
        return found

    def said(self, iri: str) -> Texts:
        if iri not in self._read_texts:
            line = self._lines.get(iri.encode())
            self._read_texts[iri] = json.loads(line) if line else {}
        return self._read_texts[iri]

    @cached_property
    def _read_texts(self) -> dict[str, Texts]:
        return {}

    @cached_property
    def _lines(self) -> dict[bytes, bytes]:
        """What documents and norms say, a line of JSON for each; most judgements speak of few of them."""

        def make() -> dict[bytes, bytes]:
            return {iri.encode(): _as_json(texts) for iri, texts in super(Compiled, self)._texts.items()}

        def write(found: dict[bytes, bytes]) -> bytes:
            return b"\n".join(b"%b %b" % line for line in found.items())

        def read(body: bytes) -> dict[bytes, bytes]:
            return dict(line.split(b" ", 1) for line in body.split(b"\n"))

        return self._kept("texts", make, write, read)

    @cached_property
    def queries(self) -> dict[str, str]:
        """The text of every query file; what each reads and needs, and its plan over columns, is known from now on."""

        def make() -> dict[str, str]:
            return super(Compiled, self).queries

        def written(found: dict[str, str]) -> bytes:
            from guiju.columnar import parser

            about = [[name, text, sorted(sparql.reads(text)), _needs(text)] for name, text in found.items()]
            return b"\n".join((_as_json(about), *map(parser.written, found.values())))

        def read(body: bytes) -> dict[str, str]:
            head, *plans = body.split(b"\n")
            found = {}
            for (name, text, about, needs), plan in zip(json.loads(head), plans, strict=True):
                found[name] = text
                sparql.remember(text, about)
                PLANS[text, frozenset()] = plan
                if needs is not None:
                    NEEDS[text] = needs
            return found

        return self._kept("queries", make, written, read)

    def _triples(self, name: str, make: Callable[[], list[Triple]]) -> list[Triple]:
        return self._kept(
            f"{name}.nt",
            make,
            lambda found: rdf.ntriples(found).encode(),
            lambda body: [quad.triple for quad in parse(body, format=RdfFormat.N_TRIPLES)],
        )

    def _json(self, name: str, make: Callable[[], Any]) -> Any:
        return self._kept(f"{name}.json", make, _as_json, json.loads)

    def _kept(
        self, name: str, make: Callable[[], Thing], write: Callable[[Thing], bytes], read: Callable[[bytes], Thing]
    ) -> Thing:
        """What is kept under a name, or else made, and kept from now on."""
        if (body := self._read(name)) is not None:
            return read(body)
        made = make()
        self._write(name, write(made))
        return made

    @cached_property
    def _state(self) -> str:
        """A digest of all that goes into what is kept."""
        package = Path(__file__).parent
        folders = (*(self.root / part for part in _PARTS), package / "columnar")
        code = (entry for entry in os.scandir(package) if entry.name.endswith(".py"))
        found = (entry for folder in folders for entry in _files(folder) if not entry.name.endswith(".pyc"))
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
        import tempfile

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


def _needs(text: str) -> tuple[list[list[str]], list[str]] | None:
    """What a query needs and reads, where the columns run it."""
    from guiju.columnar.needs import needs
    from guiju.columnar.terms import Unsupported

    try:
        return needs(text).listed()
    except Unsupported:
        return None


def _as_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


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
