"""Questions asked of triples by their columns: rows as :func:`guiju.knowledge.select` gives them."""

from __future__ import annotations

from collections.abc import Iterable

from pyoxigraph import Literal, NamedNode, Triple

from guiju.columnar.facts import Facts
from guiju.columnar.parser import parse
from guiju.columnar.plan import Select
from guiju.columnar.run import Engine
from guiju.columnar.terms import UNBOUND, Unsupported

Row = dict[str, NamedNode | Literal]


class Columns:
    """Triples that can be asked and added to."""

    def __init__(self, triples: Iterable[Triple]) -> None:
        self._facts = Facts()
        self.add(triples)
        self._engine = Engine(self._facts.terms, self._facts.relations)

    def add(self, triples: Iterable[Triple]) -> None:
        """Take in more triples."""
        self._facts.take_in(triples)

    def select(self, query: str) -> list[Row]:
        """The rows of a SELECT, each with its values by name; raises Unsupported for what the columns do not run."""
        plan = parse(query)
        if not isinstance(plan, Select):
            raise Unsupported("a query that is not a SELECT")
        table = self._engine.select(plan)
        terms = self._facts.terms
        rows: list[Row] = []
        for numbers in zip(*(table[name].tolist() for name in plan.names), strict=True):
            row: Row = {}
            for name, number in zip(plan.names, numbers, strict=True):
                if number != UNBOUND:
                    row[name] = terms[number]  # type: ignore[assignment]
            rows.append(row)
        return rows
