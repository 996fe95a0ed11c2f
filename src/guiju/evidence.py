"""What verdicts are drawn from: facts, conclusions, the knowledge base and results, which queries are asked of."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import chain

from pyoxigraph import Store, Triple

from guiju.engines import COLUMNAR
from guiju.knowledge import Row, fill, select

_log = logging.getLogger(__name__)


class Evidence:
    """Triples in a store, and for the columnar engine in columns, too.

    With that engine a question is answered from the columns, or, where they do not run it, from the store.
    """

    def __init__(self, sources: Iterable[Iterable[Triple]], rest: Iterable[Triple], engine: str) -> None:
        """``rest`` is what belongs to it, too, but no question put to :meth:`select` reads."""
        triples = [list(source) for source in sources]
        self._asked, self._rest = Store(), rest
        for source in triples:
            fill(self._asked, source)
        self._columns = None
        if engine == COLUMNAR:
            from guiju.columnar.answers import Columns

            self._columns = Columns(chain.from_iterable(triples))

    @cached_property
    def store(self) -> Store:
        """All of it in one store, for questions of every kind."""
        fill(self._asked, self._rest)
        return self._asked

    def add(self, triples: Sequence[Triple]) -> None:
        """Take in more triples."""
        fill(self._asked, triples)
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
        return select(self._asked, query)
