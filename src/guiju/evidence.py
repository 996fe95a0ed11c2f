"""What verdicts are drawn from: facts, conclusions, the knowledge base and results, in columns that can be asked."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

import numpy as np
from pyoxigraph import Literal, NamedNode, Store

from guiju import keys
from guiju.columnar.columns import Columns
from guiju.columnar.parser import parse
from guiju.columnar.plan import Select
from guiju.columnar.table import Table
from guiju.columnar.terms import NAMELESS, UNBOUND, Ids, Unsupported, once
from guiju.knowledge import Row, fill, select
from guiju.sparql import EVERYTHING, reads

_NAMELESS = NAMELESS.decode()
_log = logging.getLogger(__name__)


class Evidence:
    """Questions asked of the columns of a judgement, or, where these do not run one, of a store with what it reads."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns

    def table(self, query: str) -> Table:
        """The rows of a SELECT, in any order, by the numbers of their terms."""
        try:
            plan = parse(query)
            if not isinstance(plan, Select):
                raise Unsupported("a query that is not a SELECT")
            return self.columns.judging.select(plan)
        except Unsupported as reason:
            _log.info("由库回答 is answered from the store, as the columns do not run it: %s", reason)
            return self._from_store(query)

    def select(self, query: str) -> Iterator[Row]:
        """The rows of a SELECT, in any order; each maps a variable's name to its value."""
        table, terms = self.table(query), self.columns.terms
        found = once(np.concatenate([np.empty(0, np.int32), *table.columns.values()]))
        found = found[found != UNBOUND]
        by = dict(zip(found.tolist(), terms.terms(found.tolist()), strict=True))
        for row in zip(*(column.tolist() for column in table.columns.values()), strict=True):
            yield {name: by[number] for name, number in zip(table.columns, row, strict=True) if number != UNBOUND}

    def _from_store(self, query: str) -> Table:
        columns, terms, store = self.columns, self.columns.terms, Store()
        # Classes that a query names are among what it reads, but not that something is of them.
        read = reads(query) | {keys.RDF + "type"}
        predicates = [terms.place(f"<{name}>".encode()) for name in read]
        terms.name(columns.stated.rows()[:, 0])
        for part in (columns.told, columns.days, columns.asked, columns.stated):
            found = part.rows()
            if EVERYTHING not in read:
                found = found[np.isin(found[:, 1], predicates)]
            fill(store, terms.decoded(found))
        rows = list(select(store, query))
        names = dict.fromkeys(name for row in rows for name in row)
        return Table({name: self._numbers([row.get(name) for row in rows]) for name in names}, len(rows))

    def _numbers(self, values: Iterable[NamedNode | Literal | None]) -> Ids:
        terms = self.columns.terms
        found = []
        for value in values:
            if value is None:
                found.append(UNBOUND)
            elif value.value.startswith(_NAMELESS) and terms.find(value) == UNBOUND:
                found.append(int(value.value.removeprefix(_NAMELESS)))
            else:
                found.append(terms.number(value))
        return np.array(found, np.int32)
