"""Keep, list, find, read and delete submissions; where the graphs are is left to the backend."""

from __future__ import annotations

import threading
from collections import deque

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, serialize

from guiju import keeping, keys
from guiju.service.store import record as records
from guiju.service.store.base import Backend, StoreError
from guiju.service.store.questions import written
from guiju.service.store.record import Record, iri_of

_TRIPLES = "http://rdfs.org/ns/void#triples"
_REMEMBERED = 1_000
"""Deleted ids, by which one that is still to be added is known."""
Records = list[Record]
Lines = list[bytes]
"""Statements in N-Triples, each with its full stop and without its end of line."""


class Submissions:
    """The kept submissions. Every method may take a while and raise StoreError: call them in a thread.

    An ``id`` that is no UUID is one that nothing is kept under.
    """

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self._adding = threading.Lock()
        self._deleted: deque[str] = deque(maxlen=_REMEMBERED)

    def add(self, record: Record, ntriples: bytes) -> bool:
        """Keep a submission: its description, with ``ntriples``, the statements of facts and report.

        They come from :func:`guiju.keeping.kept`. Whatever they say, it is said in this submission's graph. False, and
        nothing is changed, where the id is taken already; or was deleted, while its judging came to an end.
        """
        described = _ntriples(list(record.triples()))
        count = described.count(b"\n") + 1 + ntriples.count(b"\n")
        whole = described + _counted(record.id, count) + b"\n" + ntriples
        with self._adding:
            if record.id in self._deleted or self.find(record.id):
                return False
            self.backend.put(iri_of(record.id), whole)
        return True

    def list(self, limit: int, offset: int = 0) -> Records:
        """A part of the list, the newest first."""
        return [records.read(row) for row in self.backend.select(written("list", {}, limit, offset))]

    def find(self, id_: str) -> Record | None:
        """What is known of a submission, None where it is not kept."""
        if not _sound(id_):
            return None
        rows = self.backend.select(written("list", {"submission": iri_of(id_)}))
        return records.read(rows[0]) if rows else None

    def total(self) -> int:
        """How many are kept."""
        rows = self.backend.select(written("total", {}))
        return int(rows[0]["total"].value) if rows else 0

    def earlier(self, id_: str) -> str | None:
        """The id of the last earlier submission of the same institution, None where there is none."""
        if not _sound(id_):
            return None
        rows = self.backend.select(written("latest", {"submission": iri_of(id_)}))
        return rows[0]["earlier"].value.removeprefix("urn:uuid:") if rows else None

    def graph(self, id_: str) -> bytes:
        """Its graph as N-Quads, in the order of their bytes; empty where it is not kept."""
        return keeping.named(self.lines(id_), id_)

    def lines(self, id_: str) -> Lines:
        """Its statements as lines of N-Triples, see :mod:`guiju.keeping`; none where it is not kept.

        StoreError where they are not as many as were added: a store that adds by and by has lost some.
        """
        lines = self.backend.graph(iri_of(id_)) if _sound(id_) else []
        if lines and _counted(id_, len(lines)) not in lines:
            raise StoreError(
                f"报送 {id_} 在存储中不完整，只有 {len(lines)} 条语句；请删除后重新报送。",
                f"The submission {id_} is not whole in the store: there are {len(lines)} statements. "
                "Delete it, and send it again.",
            )
        return lines

    def delete(self, id_: str) -> bool:
        """Forget a submission; False where it is not kept."""
        if not _sound(id_):
            return False
        with self._adding:
            self._deleted.append(id_)
            if not self.find(id_):
                return False
            self.backend.drop(iri_of(id_))
        return True

    def close(self) -> None:
        """Let go of the store; nothing is asked afterwards."""
        self.backend.close()


def _counted(id_: str, count: int) -> bytes:
    """The statement of a description that says how many its graph has, itself included."""
    number = Literal(str(count), datatype=NamedNode(keys.XSD + "integer"))
    return f"{iri_of(id_)} <{_TRIPLES}> {number} .".encode()


def _ntriples(triples: list[Triple]) -> bytes:
    return serialize(triples, format=RdfFormat.N_TRIPLES) or b""


def _sound(id_: str) -> bool:
    try:
        iri_of(id_)
    except ValueError:
        return False
    return True
