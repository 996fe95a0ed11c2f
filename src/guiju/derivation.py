"""Derivations: what follows from the facts, stratum by stratum, by the queries in ``queries/derive``.

A file is ``<stratum>-<topic>.rq``. The queries of a stratum run together to their fixpoint before the
next begins, so negation only looks at what is settled. No query is known here by name.

A stratum runs in passes: all its queries see the same facts and conclusions, and only then is what they conclude
added. A conclusion node (``gj:Conclusion``) is complete with the pass that draws it: nothing that a later pass or
stratum says of it is taken in. What it rests on was thus there before it, and a proof never leads back to itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, groupby

from pyoxigraph import BlankNode, Literal, NamedNode, QueryTriples, Store, Triple

from guiju import keys
from guiju.knowledge import Knowledge, fill
from guiju.progress import Progress, at, unheard
from guiju.sparql import EVERYTHING, nested, reads

BACKGROUND = NamedNode("urn:guiju:background")
"""The named graph that holds vocabulary, taxonomies and calendar days while queries run."""

_TYPE = NamedNode(keys.RDF + "type")
_CONCLUSION = NamedNode(keys.GJ + "Conclusion")


@dataclass(frozen=True)
class Derived:
    """The facts with what follows from them.

    ``origin`` gives, for each concluded triple, the stem of the query that concluded it first.
    """

    facts: list[Triple]
    origin: dict[Triple, str]
    calendar_days: list[Triple] = field(default_factory=list)

    @property
    def triples(self) -> Iterator[Triple]:
        """Facts first, then conclusions in the order they were drawn."""
        yield from self.facts
        yield from self.origin


@dataclass(frozen=True)
class _Query:
    """A derivation, ready to run, and the predicates and classes on which its conclusions depend."""

    name: str
    text: str
    reads: frozenset[str]

    @classmethod
    def of(cls, name: str, text: str) -> _Query:
        return cls(name, nested(text), reads(text))


def derive(facts: Iterable[Triple], knowledge: Knowledge, progress: Progress = unheard) -> Derived:
    """Run all strata over the facts."""
    facts = list(facts)
    store = Store()
    fill(store, facts)
    days = list(_calendar_days(facts, knowledge))
    fill(store, chain(knowledge.vocabulary, days), BACKGROUND)
    origin: dict[Triple, str] = {}
    known = set(facts)
    complete: set[NamedNode | BlankNode | Triple] = set()
    every = strata(knowledge)
    for number, stratum in enumerate(every, 1):
        progress(at("deriving", number, len(every)))
        queries = [_Query.of(name, text) for name, text in stratum.items()]
        due = queries
        while due:
            concluded = _pass(store, due, known, origin, complete)
            due = [query for query in queries if query.reads & concluded]
    return Derived(facts, origin, days)


def strata(knowledge: Knowledge) -> list[dict[str, str]]:
    """The derivation queries of each stratum, by the stems of their files, in the order in which they run."""
    by_number = groupby(knowledge.within("derive").items(), key=lambda query: query[0].split("-")[0])
    return [dict(queries) for _, queries in by_number]


def _pass(
    store: Store,
    queries: list[_Query],
    known: set[Triple],
    origin: dict[Triple, str],
    complete: set[NamedNode | BlankNode | Triple],
) -> set[str]:
    """Run queries over the same facts, then add what they conclude; what it takes to depend on that.

    ``complete`` holds the conclusion nodes of earlier passes, of which nothing more is concluded.
    """
    fresh: dict[Triple, str] = {}
    for query in queries:
        found = store.query(query.text, use_default_graph_as_union=True)
        if not isinstance(found, QueryTriples):
            raise TypeError(f"queries/derive/{query.name}.rq: a derivation is a CONSTRUCT query")
        for triple in found:
            if triple not in known and triple.subject not in complete:
                fresh.setdefault(triple, query.name)
    fill(store, fresh)
    known.update(fresh)
    origin.update(fresh)
    complete.update(t.subject for t in fresh if t.predicate == _TYPE and t.object == _CONCLUSION)
    concluded = {triple.predicate.value for triple in fresh}
    if keys.RDF + "type" in concluded:
        concluded |= {t.object.value for t in fresh if t.predicate.value == keys.RDF + "type"}  # type: ignore[union-attr]
    return concluded | {EVERYTHING} if concluded else concluded


def _calendar_days(facts: list[Triple], knowledge: Knowledge) -> Iterator[Triple]:
    """The calendar days that the facts mention, each with its indexes."""
    dates = {
        t.object.value for t in facts if isinstance(t.object, Literal) and t.object.datatype.value == keys.XSD + "date"
    }
    if not dates:
        return
    integer = NamedNode(keys.XSD + "integer")
    for text in sorted(dates):
        indexes = knowledge.calendar.index(date.fromisoformat(text))
        if indexes is None:
            continue
        day = NamedNode(f"urn:guiju:day:{text}")
        yield Triple(
            day,
            NamedNode(keys.GJ + "day"),
            Literal(text, datatype=NamedNode(keys.XSD + "date")),
        )
        for name, number in zip(("workingDayFloor", "workingDayCeiling"), indexes, strict=True):
            yield Triple(day, NamedNode(keys.GJ + name), Literal(str(number), datatype=integer))
