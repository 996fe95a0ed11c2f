"""What verdicts are drawn from: facts, conclusions, the knowledge base and results, which queries are asked of."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from itertools import chain

from pyoxigraph import Store, Triple

from guiju.engines import COLUMNAR
from guiju.knowledge import Row, fill, select

_log = logging.getLogger(__name__)


class Evidence:
    """Triples in a store, and for the columnar engine in columns, too.

    With that engine a question is answered from the columns, or, where they do not run it, from the store.
    """

    def __init__(self, sources: Iterable[Iterable[Triple]], engine: str) -> None:
        triples = [list(source) for source in sources]
        self.store = Store()
        for source in triples:
            fill(self.store, source)
        self._columns = None
        if engine == COLUMNAR:
            from guiju.columnar.answers import Columns

            self._columns = Columns(chain.from_iterable(triples))

    def add(self, triples: Sequence[Triple]) -> None:
        """Take in more triples."""
        fill(self.store, triples)
        if self._columns is not None:
            self._columns.add(triples)

    def select(self, query: str) -> Iterable[Row]:
        """The rows of a SELECT, in any order; each maps a variable's name to its value."""
        if self._columns is not None:
            from guiju.columnar.terms import Unsupported

            try:
                return self._columns.select(query)
            except Unsupported as reason:
                _log.info("由库回答 is answered from the store, as the columns do not run it: %s", reason)
        return select(self.store, query)
