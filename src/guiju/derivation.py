"""Derivations: what follows from the facts, stratum by stratum, by the queries in ``queries/derive``.

A file is ``<stratum>-<topic>.rq``. The queries of a stratum run together to their fixpoint before the
next begins, so negation only looks at what is settled. No query is known here by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from pathlib import Path

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, QueryTriples, Store, Triple

from guiju import calendar, keys
from guiju.knowledge import Knowledge
from guiju.sparql import nested

BACKGROUND = NamedNode("urn:guiju:background")
"""The named graph that holds vocabulary, taxonomies and calendar days while queries run."""


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


def derive(facts: Iterable[Triple], knowledge: Knowledge) -> Derived:
    """Run all strata over the facts."""
    facts = list(facts)
    store = Store()
    store.extend(Quad(t.subject, t.predicate, t.object, DefaultGraph()) for t in facts)
    days = list(_calendar_days(facts, knowledge.root))
    store.extend(Quad(t.subject, t.predicate, t.object, BACKGROUND) for t in knowledge.background)
    store.extend(Quad(t.subject, t.predicate, t.object, BACKGROUND) for t in days)
    origin: dict[Triple, str] = {}
    known = set(facts)
    for _, files in groupby(strata(knowledge.root), key=lambda file: file.name.split("-")[0]):
        queries = [(file.stem, nested(file.read_text(encoding="utf-8"))) for file in files]
        while _pass(store, queries, known, origin):
            pass
    return Derived(facts, origin, days)


def strata(root: Path) -> list[Path]:
    """The derivation queries in the order in which they run."""
    return sorted((root / "queries" / "derive").glob("*.rq"))


def _pass(store: Store, queries: list[tuple[str, str]], known: set[Triple], origin: dict[Triple, str]) -> bool:
    fresh: dict[Triple, str] = {}
    for name, text in queries:
        found = store.query(text, use_default_graph_as_union=True)
        if not isinstance(found, QueryTriples):
            raise TypeError(f"queries/derive/{name}.rq: a derivation is a CONSTRUCT query")
        for triple in found:
            if triple not in known:
                fresh.setdefault(triple, name)
    store.extend(Quad(t.subject, t.predicate, t.object, DefaultGraph()) for t in fresh)
    known.update(fresh)
    origin.update(fresh)
    return bool(fresh)


def _calendar_days(facts: list[Triple], root: Path) -> Iterator[Triple]:
    """The calendar days that the facts mention, each with its indexes."""
    dates = {
        t.object.value for t in facts if isinstance(t.object, Literal) and t.object.datatype.value == keys.XSD + "date"
    }
    if not dates:
        return
    working = calendar.read(root / "ontology" / "calendars")
    integer = NamedNode(keys.XSD + "integer")
    for text in sorted(dates):
        indexes = working.index(date.fromisoformat(text))
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
