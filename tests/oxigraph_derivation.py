"""The derivations on an Oxigraph store: an independent voter on what follows from facts, and by which query."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from pyoxigraph import BlankNode, NamedNode, QueryTriples, Store, Triple

from guiju import keys
from guiju.derivation import BACKGROUND, strata
from guiju.knowledge import Knowledge, fill
from guiju.sparql import EVERYTHING, nested, reads

_TYPE = NamedNode(keys.RDF + "type")
_CONCLUSION = NamedNode(keys.GJ + "Conclusion")
_Node = NamedNode | BlankNode | Triple


def derive(facts: Iterable[Triple], days: Iterable[Triple], knowledge: Knowledge) -> dict[Triple, str]:
    """Each conclusion with the query that concluded it first; ``days`` are the calendar days of the facts."""
    store, known = Store(), set(facts)
    fill(store, known)
    fill(store, chain(knowledge.vocabulary, days), BACKGROUND)
    origin: dict[Triple, str] = {}
    complete: set[_Node] = set()
    for queries in strata(knowledge):
        due = list(queries)
        while due:
            fresh: dict[Triple, str] = {}
            for name in due:
                found = store.query(nested(queries[name]), use_default_graph_as_union=True)
                assert isinstance(found, QueryTriples)
                for triple in found:
                    if triple not in known and triple.subject not in complete:
                        fresh.setdefault(triple, name)
            fill(store, fresh)
            known.update(fresh)
            origin.update(fresh)
            complete.update(t.subject for t in fresh if t.predicate == _TYPE and t.object == _CONCLUSION)
            concluded = {EVERYTHING, *(t.predicate.value for t in fresh)} if fresh else set()
            concluded |= {t.object.value for t in fresh if t.predicate == _TYPE and isinstance(t.object, NamedNode)}
            due = [name for name, text in queries.items() if reads(text) & concluded]
    return origin
