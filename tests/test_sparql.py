"""Nested queries: what they look like, and that every query of the house still answers the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import NamedNode, Quad, QueryTriples, RdfFormat, Store, parse

from guiju.derivation import BACKGROUND
from guiju.knowledge import Knowledge
from guiju.sparql import nested
from tests.benchmarks.generate import submissions

ROOT = Path(__file__).parent.parent
DERIVATIONS = sorted((ROOT / "queries" / "derive").glob("*.rq"))


@pytest.mark.parametrize(
    "written, wanted",
    [
        pytest.param(
            "SELECT * { ?a :p ?b FILTER NOT EXISTS { ?c :q ?a ; :r 0.5 , \"}\"@en . FILTER (?c<?b) } }",
            'SELECT * { ?a :p ?b FILTER NOT EXISTS { ?c :q ?a . FILTER (?c<?b) FILTER EXISTS { ?c :r 0.5 .'
            ' FILTER EXISTS { ?c :r "}"@en . } } } }',
            id="patterns, each after what it follows from",
        ),
        pytest.param(
            "ASK { ?a :p ?b FILTER EXISTS { ?x a :X . ?x (:q/:r)* ?a } }",
            "ASK { ?a :p ?b FILTER EXISTS { ?x (:q/:r)* ?a . FILTER EXISTS { ?x a :X . } } }",
            id="what is bound leads first",
        ),
        pytest.param(
            "ASK { ?a :p ?b FILTER EXISTS { ?x ^:q/<http://r/s>/a ?a , ?b . ?x :p|(:q/:r) ?b } }",
            "ASK { ?a :p ?b FILTER EXISTS { ?between2 a ?a . FILTER EXISTS { ?between1 <http://r/s> ?between2 ."
            " FILTER EXISTS { ?x ^:q ?between1 . FILTER EXISTS { ?x :p|(:q/:r) ?b . FILTER EXISTS { ?x ^:q ?between3 ."
            " FILTER EXISTS { ?between3 <http://r/s> ?between4 . FILTER EXISTS { ?between4 a ?b . } } } } } } } }",
            id="a path step by step, from the end that is known",
        ),
        pytest.param(
            "ASK { ?a :p ?b BIND (EXISTS { { ?x :q ?a } UNION { ?x :r ?a . ?x :s ?b } FILTER (?x != ?b) } AS ?c) }",
            "ASK { ?a :p ?b BIND (EXISTS { FILTER (EXISTS { ?x :q ?a . FILTER (?x != ?b) } ||"
            " EXISTS { ?x :r ?a . FILTER (?x != ?b) FILTER EXISTS { ?x :s ?b . } }) } AS ?c) }",
            id="each branch of a union for itself",
        ),
        pytest.param(
            "ASK { ?a :p ?b FILTER EXISTS { ?x :q ?a . ?x :r ?c OPTIONAL { ?x :s ?d } } }",
            "ASK { ?a :p ?b FILTER EXISTS { ?x :q ?a . ?x :r ?c OPTIONAL { ?x :s ?d } } }",
            id="other clauses are left alone",
        ),
        pytest.param(
            "ASK { { ?x :p ?y } UNION { ?a :p ?b FILTER EXISTS { ?x :r ?c . ?x :q ?a } } }",
            "ASK { { ?x :p ?y } UNION { ?a :p ?b FILTER EXISTS { ?x :q ?a . FILTER EXISTS { ?x :r ?c . } } } }",
            id="a branch knows nothing of the other",
        ),
        pytest.param(
            "ASK { ?a :p ?b # EXISTS { ?x }\n FILTER (!EXISTS { GRAPH :g { ?a :q ?c FILTER NOT EXISTS { ?c :r ?d . ?d :s ?e } } }) }",
            "ASK { ?a :p ?b FILTER (!EXISTS { GRAPH :g { ?a :q ?c FILTER NOT EXISTS { ?c :r ?d . FILTER EXISTS { ?d :s ?e . } } } }) }",
            id="within what is left alone",
        ),
    ],
)  # fmt: skip
def test_nested(written: str, wanted: str) -> None:
    assert nested(written).split() == wanted.split()
    Store().query(nested("PREFIX : <urn:x:> " + written))


def test_what_is_replaced_by_values_is_bound() -> None:
    query = "SELECT $this { $this :p ?a FILTER EXISTS { ?x :r ?y . ?x :q $value } }"
    wanted = "SELECT $this { $this :p ?a FILTER EXISTS { ?x :q $value . FILTER EXISTS { ?x :r ?y . } } }"
    assert nested(query, frozenset({"value"})).split() == wanted.split()


@pytest.fixture(scope="module")
def store(knowledge: Knowledge) -> Store:
    """A submission with half of what follows from it, so that every query has something to find."""
    store = Store()
    facts = parse(submissions(1, scale=0.2), format=RdfFormat.TURTLE)
    store.extend(Quad(*quad.triple) for quad in facts)
    store.extend(Quad(triple.subject, triple.predicate, triple.object, BACKGROUND) for triple in knowledge.background)
    for file in DERIVATIONS:
        store.extend(Quad(*triple) for triple in _conclusions(store, file.read_text(encoding="utf-8")))
    return store


@pytest.mark.parametrize("file", DERIVATIONS, ids=lambda file: file.stem)
def test_a_derivation_concludes_the_same(file: Path, store: Store) -> None:
    text = file.read_text(encoding="utf-8")
    assert set(_conclusions(store, text)) == set(_conclusions(store, nested(text)))


def test_there_is_something_to_conclude(store: Store) -> None:
    assert list(store.quads_for_pattern(None, NamedNode("https://w3id.org/guiju/ontology#concludes"), None))


def _conclusions(store: Store, query: str) -> QueryTriples:
    found = store.query(query, use_default_graph_as_union=True)
    assert isinstance(found, QueryTriples)
    return found
