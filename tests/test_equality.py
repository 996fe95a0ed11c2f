"""The product is equal to the definition on what is invented to part them; ``tests.benchmarks.equality`` says more."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from guiju import completion, keys
from guiju.knowledge import Knowledge
from tests import topbraid
from tests.bent import INTEGER, SUBCLASS, TYPE, Batch, Bender, Values, together
from tests.equality import DEFINITION, OXIGRAPH, TOPBRAID, Tally, compare, real, toy

_COMPONENTS = 23


@pytest.fixture(scope="module")
def bender(knowledge: Knowledge) -> Bender:
    return Bender(knowledge)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """rdflib tells of every literal that is ill-typed; here they are meant to be."""
    log = logging.getLogger("rdflib")
    level = log.level
    log.setLevel(logging.CRITICAL)
    yield
    log.setLevel(level)


def test_the_definition_says_the_same_of_every_component(bender: Bender, knowledge: Knowledge) -> None:
    assert len(bender.components) == _COMPONENTS
    tally, rng = Tally(), random.Random(1)
    for component in bender.components:
        for values in (Values.PLAIN, Values.WIDE):
            compare(bender.batch(component, rng, 1, values), tally, [DEFINITION])
    assert not tally.wrong
    assert not tally.reasons, "numbers of any length are for the columns"
    assert {NamedNode(component) for component in tally.pairs} == set(knowledge.parameters)


def test_oxigraph_says_the_same_of_every_component(bender: Bender) -> None:
    tally, rng = Tally(), random.Random(2)
    for component in bender.components:
        compare(bender.batch(component, rng, 12), tally, [OXIGRAPH])
    assert not tally.wrong
    assert not any(differing.total() for differing in tally.differing.values())
    for component, pairs in tally.pairs.items():
        assert 0 < tally.results[component] < pairs, component


@pytest.mark.filterwarnings("ignore:Parsing weird boolean", "ignore:NotImplemented should not be used")
def test_what_is_of_a_wrong_type_is_judged_as_the_definition_says(bender: Bender) -> None:
    tally = Tally()
    for name in ("MetricLimit", "ForbiddenAct", "LockUp", "ConsecutiveYears", "MetricRequirement"):
        for seed in range(8):
            compare(bender.batch(f"{keys.GJ}{name}Component", random.Random(seed), 1, Values.ODD), tally, [DEFINITION])
    assert not tally.wrong
    assert 0 < tally.left.total() < tally.pairs.total()


@pytest.mark.skipif(topbraid.missing() is not None, reason=str(topbraid.missing()))
def test_topbraid_says_the_same_of_every_component(bender: Bender) -> None:
    tally, rng = Tally(), random.Random(3)
    compare(
        together(bender.batch(component, rng, 1, Values.WIDE) for component in bender.components), tally, [TOPBRAID]
    )
    assert not tally.wrong
    assert not any(differing.total() for differing in tally.differing.values())
    assert tally.results.total() > 200


def test_bent_cases_of_the_law_are_judged_alike(knowledge: Knowledge) -> None:
    tally, rng = Tally(), random.Random(4)
    compare(toy(rng), tally, [DEFINITION, OXIGRAPH])
    for _ in range(3):
        compare(real(knowledge, rng, 2), tally, [DEFINITION, OXIGRAPH])
    assert not tally.wrong
    assert not any(differing.total() for differing in tally.differing.values())
    assert tally.results.total() > 20


_PATHS = """
@prefix gj: <https://w3id.org/guiju/ontology#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<https://w3id.org/guiju/ontology> sh:declare [ sh:prefix "gj" ; sh:namespace "https://w3id.org/guiju/ontology#"^^xsd:anyURI ] ,
    [ sh:prefix "rdfs" ; sh:namespace "http://www.w3.org/2000/01/rdf-schema#"^^xsd:anyURI ] .
"""
_VALIDATORS = {
    "Onward": "$this gj:p+ $thing .",
    "OnwardOrHere": "$this gj:p* $thing .",
    "Back": "$this ^gj:p $thing .",
    "BackAndOn": "$this ^gj:p/gj:q ?x . ?x gj:p* $thing .",
    "Either": "$this gj:p|gj:q $thing .",
    "Twice": "$this gj:p ?x . ?x gj:p $thing . FILTER (?x != $thing)",
    "Circle": "$this gj:p+ $this . $this gj:q ?any .",
    "Member": "$this gj:p ?x . ?x a ?class . ?class rdfs:subClassOf* $thing .",
    "MemberOfNone": "FILTER NOT EXISTS { $this a/rdfs:subClassOf* $thing . } $this gj:p ?x .",
    "NowhereElse": "$this gj:q ?x . FILTER NOT EXISTS { ?x gj:p* ?y . ?y gj:q $thing . }",
    "Contrary": "$this a ?one . ?one rdfs:subClassOf+ $thing . FILTER (?one != $thing)",
    "Value": "$this gj:p*/gj:n ?n . FILTER (?n > 1 && ?n < 4)",
}
"""What validators do with paths, the classes of things and the classes above them, $thing being a parameter."""
_NODES = [NamedNode(f"urn:x:{letter}") for letter in "abcde"]
_P, _Q, _N = (NamedNode(keys.GJ + name) for name in "pqn")


def _path_shapes() -> list[Triple]:
    text = _PATHS
    for name, where in _VALIDATORS.items():
        text += f"""
gj:{name}Component a sh:ConstraintComponent ; sh:parameter [ sh:path gj:of{name} ] ;
    sh:nodeValidator [ a sh:SPARQLSelectValidator ; sh:prefixes <https://w3id.org/guiju/ontology> ;
        sh:select "SELECT $this WHERE {{ {where.replace("$thing", f"$of{name}")} }}" ] .
"""
        for node in _NODES[:3]:
            key = f"bent-rules-2018/art_1.{name.lower()}-{node.value[-1]}"
            text += f"""
<{keys.SHAPE}{key}> a sh:NodeShape ; sh:targetClass {node} , <urn:x:all> ; sh:severity sh:Violation ; gj:of{name} {node} .
"""
    return [quad.triple for quad in parse(text, format=RdfFormat.TURTLE)]


_PATH_SHAPES = completion.complete(_path_shapes(), [])
_node = st.sampled_from(_NODES)
_facts = st.builds(Triple, _node, st.sampled_from([_P, _Q, SUBCLASS, TYPE]), _node) | st.builds(
    Triple, _node, st.just(_N), st.integers(0, 5).map(lambda n: Literal(str(n), datatype=INTEGER))
)


@settings(max_examples=25, deadline=None)
@given(st.lists(_facts, max_size=30), st.lists(_node, max_size=3))
def test_paths_and_classes_are_those_of_the_definition(facts: list[Triple], members: list[NamedNode]) -> None:
    everything = [*facts, *(Triple(node, TYPE, NamedNode("urn:x:all")) for node in members)]
    tally = Tally()
    compare(Batch(everything, _PATH_SHAPES), tally, [DEFINITION])
    assert not tally.wrong
    assert not tally.reasons
