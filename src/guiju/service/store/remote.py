"""Submissions in a SPARQL 1.1 store elsewhere, one request for each that is added; see :mod:`guiju.remote`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from pyoxigraph import BlankNode, NamedNode, Quad, RdfFormat, Store, serialize

from guiju.remote import Remote, RemoteError
from guiju.service.store.base import Row, StoreError

_LOG = logging.getLogger(__name__)
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
        # The store's own words are for the operator.
        _LOG.error("the store did not do what was asked of it: %s: %s", error.code, error.en)
        raise StoreError(
            f"存储没有照办（{error.code}），请稍后再试。",
            f"The store did not do what was asked of it ({error.code}); try again later. The server's log says more.",
        ) from None
