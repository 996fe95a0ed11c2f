"""Submissions in a SPARQL 1.1 store elsewhere, one request for each that is added; see :mod:`guiju.remote`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pyoxigraph import BlankNode, NamedNode, Quad, RdfFormat, Store, serialize

from guiju.remote import Remote, RemoteError
from guiju.service.store.base import Row, StoreError

Some = TypeVar("Some")


class Elsewhere:
    """The store that ``remote`` speaks with."""

    def __init__(self, remote: Remote) -> None:
        self.remote = remote

    def select(self, query: str) -> list[Row]:
        """See :class:`~guiju.service.store.base.Backend`."""
        rows = _told(lambda: self.remote.select(query))
        return [{name: value for name, value in row.items() if not isinstance(value, BlankNode)} for row in rows]

    def put(self, graph: NamedNode, ntriples: bytes) -> None:
        """See :class:`~guiju.service.store.base.Backend`."""
        _told(lambda: self.remote.put(graph, ntriples))

    def graph(self, graph: NamedNode) -> list[bytes]:
        """See :class:`~guiju.service.store.base.Backend`."""
        # Stores spell values each in its own way.
        spelled = Store()
        spelled.bulk_extend(Quad(*triple) for triple in _told(lambda: self.remote.graph(graph)))
        triples = (quad.triple for quad in spelled)
        return sorted((serialize(triples, format=RdfFormat.N_TRIPLES) or b"").splitlines())

    def drop(self, graph: NamedNode) -> None:
        """See :class:`~guiju.service.store.base.Backend`."""
        _told(lambda: self.remote.drop(graph))

    def close(self) -> None:
        """See :class:`~guiju.service.store.base.Backend`."""
        self.remote.close()


def _told(ask: Callable[[], Some]) -> Some:
    try:
        return ask()
    except RemoteError as error:
        raise StoreError(error.zh, error.en) from None
