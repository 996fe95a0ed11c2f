"""Derivations: what follows from the facts, stratum by stratum, by the queries in ``queries/derive``.

A file is ``<stratum>-<topic>.rq``. The queries of a stratum run together to their fixpoint before the
next begins, so negation only looks at what is settled. No query is known here by name.

A stratum runs in passes: all its queries see the same facts and conclusions, and only then is what they conclude
added. A conclusion node (``gj:Conclusion``) is complete with the pass that draws it: nothing that a later pass or
stratum says of it is taken in. What it rests on was thus there before it, and a proof never leads back to itself.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, groupby

import numpy as np
from pyoxigraph import NamedNode, QueryTriples, Store, Triple

from guiju import keys
from guiju.columnar.columns import Columns
from guiju.columnar.facts import Facts, among
from guiju.columnar.needs import needs
from guiju.columnar.parser import parse
from guiju.columnar.plan import Construct
from guiju.columnar.terms import Ids, Rows, Unsupported, once
from guiju.knowledge import Knowledge, fill
from guiju.progress import Progress, at, unheard
from guiju.sparql import EVERYTHING, nested, reads

BACKGROUND = NamedNode("urn:guiju:background")
"""The named graph that holds vocabulary, taxonomies and calendar days where queries run on a store."""

_TYPE = NamedNode(keys.RDF + "type")
_CONCLUSION = NamedNode(keys.GJ + "Conclusion")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Derived:
    """The facts with what follows from them: ``columns.told`` holds both."""

    columns: Columns
    given: Facts
    """The facts alone."""
    drawn: Rows
    """The conclusions in the order in which they were drawn."""
    by: Ids
    """For each of them the place in ``names`` of the query that concluded it first."""
    names: Sequence[str]

    @cached_property
    def facts(self) -> list[Triple]:
        """The facts, with their numbers written in one way."""
        return self.columns.terms.decoded(self.given.rows())

    @cached_property
    def origin(self) -> dict[Triple, str]:
        """For each concluded triple, in the order in which they were drawn, the query that concluded it first."""
        conclusions = self.columns.terms.decoded(self.drawn)
        return dict(zip(conclusions, map(self.names.__getitem__, self.by.tolist()), strict=True))

    @cached_property
    def calendar_days(self) -> list[Triple]:
        """The days of the calendar, each with its indexes."""
        return self.columns.terms.decoded(self.columns.days.rows())

    @property
    def triples(self) -> Iterator[Triple]:
        """Facts first, then conclusions in the order they were drawn."""
        yield from self.facts
        yield from self.origin


def derive(facts: Columns | Iterable[Triple], knowledge: Knowledge, progress: Progress = unheard) -> Derived:
    """Run all strata over the facts; columns take in what follows."""
    columns = facts if isinstance(facts, Columns) else Columns(knowledge.columns)
    if not isinstance(facts, Columns):
        columns.told.take_in(facts)
    given = columns.told.copy(columns.terms)
    run = _Run(columns)
    every = strata(knowledge)
    for number, stratum in enumerate(every, 1):
        progress(at("deriving", number, len(every)))
        run.stratum(stratum)
    return Derived(columns, given, *run.found, list(chain.from_iterable(every)))


def strata(knowledge: Knowledge) -> list[dict[str, str]]:
    """The derivation queries of each stratum, by the stems of their files, in the order in which they run."""
    by_number = groupby(knowledge.within("derive").items(), key=lambda query: query[0].split("-")[0])
    return [dict(queries) for _, queries in by_number]


class _Run:
    """The strata over the columns of one judgement, and what they have drawn so far."""

    def __init__(self, columns: Columns) -> None:
        self._columns, self._terms = columns, columns.terms
        self._type, self._conclusion = self._terms.number(_TYPE), self._terms.number(_CONCLUSION)
        self._store: _Store | None = None
        self._drawn: list[Rows] = []
        self._by: list[Ids] = []
        self._before = 0
        """How many queries the strata before this one have."""
        self._complete = np.empty(0, np.int32)
        """The conclusion nodes of earlier passes, of which nothing more is concluded."""
        self._there = self._named(columns.deriving.predicates())
        """The predicates and classes of which there is something: a query runs in vain without those that it needs."""
        types = columns.deriving.related(self._type)
        self._there |= self._classes(types.by_object.keys)

    @property
    def found(self) -> tuple[Rows, Ids]:
        """All conclusions, and for each of them the query that drew it first."""
        nothing = np.empty((0, 3), np.int32), np.empty(0, np.int32)
        return np.concatenate([nothing[0], *self._drawn]), np.concatenate([nothing[1], *self._by])

    def stratum(self, queries: dict[str, str]) -> None:
        """Run the queries until nothing new follows."""
        due = list(queries)
        while due:
            concluded = self._pass(queries, due)
            due = [name for name in queries if _reads(queries[name]) & concluded] if concluded else []
        self._before += len(queries)

    def _pass(self, queries: dict[str, str], due: list[str]) -> set[str]:
        """Run queries over the same facts, then add what they conclude; what it takes to depend on that."""
        order = {name: self._before + place for place, name in enumerate(queries)}
        found = [(order[name], self._concluded(name, queries[name])) for name in due]
        found = [(place, rows) for place, rows in found if len(rows)]
        if not found:
            return set()
        rows = np.concatenate([own for _, own in found])
        by = np.repeat(np.array([place for place, _ in found], np.int32), [len(own) for _, own in found])
        open_ = ~among(self._complete, rows[:, 0])
        rows, by = rows[open_], by[open_]
        fresh = self._columns.told.take(rows)
        rows, by = rows[fresh], by[fresh]
        self._drawn.append(rows)
        self._by.append(by)
        typed = rows[rows[:, 1] == self._type]
        nodes = typed[typed[:, 2] == self._conclusion, 0]
        if len(nodes):
            self._complete = once(np.append(self._complete, nodes))
        predicates, classes = self._named(once(rows[:, 1])), self._classes(once(typed[:, 2]))
        self._there |= predicates | classes
        names = {name.removeprefix("a ") for name in predicates | classes}
        return names | {EVERYTHING} if names else names

    def _concluded(self, name: str, text: str) -> Rows:
        """What a query concludes from all that is known, not only what is new."""
        try:
            if not needs(text).met(self._there):
                return np.empty((0, 3), np.int32)
            plan = parse(text)
            if isinstance(plan, Construct):
                return self._columns.deriving.construct(plan)
        except Unsupported as reason:
            _log.info("queries/derive/%s.rq 由库推导 runs on a store, as the columns do not run it: %s", name, reason)
            if self._store is None:
                self._store = _Store(self._columns)
            return self._store.concluded(name, text)
        raise TypeError(_WRONG.format(name))

    def _named(self, ids: Iterable[int]) -> set[str]:
        return set(self._terms.names(np.fromiter(ids, np.int32)))

    def _classes(self, ids: Ids) -> set[str]:
        return {f"a {name}" for name in self._terms.names(ids)}


def _reads(text: str) -> frozenset[str]:
    """All that the conclusions of a query can depend on."""
    try:
        return needs(text).reads
    except Unsupported:
        return reads(text)


class _Store:
    """Oxigraph with all that is known, for what the columns do not run; made only where there is such a thing."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._store = Store()
        self._has = Facts(columns.terms)
        for facts in (columns.vocabulary, columns.days):
            fill(self._store, columns.terms.decoded(facts.rows()), BACKGROUND)

    def concluded(self, name: str, text: str) -> Rows:
        """What a CONSTRUCT query concludes."""
        fill(self._store, self._columns.terms.decoded(self._has.add(self._columns.told.rows())))
        found = self._store.query(nested(text), use_default_graph_as_union=True)
        if not isinstance(found, QueryTriples):
            raise TypeError(_WRONG.format(name))
        return self._columns.terms.encode(found)


_WRONG = "queries/derive/{}.rq: a derivation is a CONSTRUCT query"
