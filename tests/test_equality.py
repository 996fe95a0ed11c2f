"""The product is equal to the definition on what is invented to part them; ``tests.benchmarks.equality`` says more."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from guiju import completion, engines, keys
from guiju.columnar import validate
from guiju.knowledge import Knowledge
from tests import topbraid
from tests.bent import INTEGER, SUBCLASS, TYPE, Batch, Bender, Values, together
from tests.equality import DEFINITION, OXIGRAPH, TOPBRAID, Tally, compare, real, toy


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
    rng, plain, wide = random.Random(1), Tally(), Tally()
    for component in bender.components:
        compare(bender.batch(component, rng, 1), plain, [DEFINITION])
        compare(bender.batch(component, rng, 1, Values.WIDE), wide, [DEFINITION])
    assert not plain.wrong
    assert not plain.reasons, "what a submission may say is for the columns"
    assert not wide.wrong
    assert wide.left.total() < wide.pairs.total() / 2, "what has hundreds of digits may be left"
    assert {NamedNode(component) for component in plain.pairs + wide.pairs} == set(knowledge.parameters)


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


def test_products_are_exact_beyond_28_digits(knowledge: Knowledge) -> None:
    # The bound times the denominator is 104999999999999999.999999998005, of thirty digits: just above the numerator.
    text = f"""
        @prefix gj: <{keys.GJ}> .
        @prefix sh: <{keys.SH}> .
        <{keys.SHAPE}bent-rules-2018/art_1.exact> a sh:NodeShape ; sh:targetClass <urn:x:c> ; sh:severity sh:Violation ;
            gj:ratioNumerator <urn:x:n> ; gj:ratioDenominator <urn:x:d> ; gj:ratioBasis gj:Solo ; gj:ratioMoment gj:Latest ;
            gj:ratioOperator gj:AtLeast ; gj:ratioBound 0.105 ."""
    measured = (
        'gj:about <urn:x:1> ; gj:onBasis gj:Solo ; gj:moment gj:Latest ; gj:atTime "t" ; gj:standardUnit <urn:x:u>'
    )
    facts = f"""
        @prefix gj: <{keys.GJ}> .
        <urn:x:1> a <urn:x:c> .
        [] {measured} ; gj:metric <urn:x:n> ; gj:standardValue 104999999999999999.999999998 .
        [] {measured} ; gj:metric <urn:x:d> ; gj:standardValue 999999999999999999.999999981 ."""
    authored = [t for t in knowledge.authored_shapes if not str(t.subject).startswith(f"<{keys.SHAPE}")]
    shapes = completion.complete([*authored, *_read(text)], [])
    for engine in engines.ENGINES:
        assert [result.severity for result in engines.run(_read(facts), shapes, engine)] == [f"{keys.SH}Violation"]


def _read(text: str) -> list[Triple]:
    return [quad.triple for quad in parse(text, format=RdfFormat.TURTLE)]


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
    return _read(text)


_PATH_SHAPES = completion.complete(_path_shapes(), [])
_node = st.sampled_from(_NODES)
_facts = st.builds(Triple, _node, st.sampled_from([_P, _Q, SUBCLASS, TYPE]), _node) | st.builds(
    Triple, _node, st.just(_N), st.integers(0, 5).map(lambda n: Literal(str(n), datatype=INTEGER))
)


@pytest.mark.skipif(topbraid.missing() is not None, reason=str(topbraid.missing()))
def test_paths_and_classes_are_those_of_topbraid() -> None:
    rng, tally = random.Random(10), Tally()
    facts = [Triple(rng.choice(_NODES), rng.choice([_P, _Q, SUBCLASS, TYPE]), rng.choice(_NODES)) for _ in range(14)]
    facts += [Triple(node, _N, Literal(str(number), datatype=INTEGER)) for number, node in enumerate(_NODES)]
    facts += [Triple(node, TYPE, NamedNode("urn:x:all")) for node in _NODES]
    compare(Batch(facts, _PATH_SHAPES), tally, [DEFINITION, TOPBRAID])
    assert not tally.wrong
    assert not tally.reasons
    assert not any(differing.total() for differing in tally.differing.values())
    assert set(tally.results) == set(tally.pairs), "each finds something"


@settings(max_examples=25, deadline=None)
@given(st.lists(_facts, max_size=30), st.lists(_node, max_size=3))
def test_paths_and_classes_are_those_of_the_definition(facts: list[Triple], members: list[NamedNode]) -> None:
    everything = [*facts, *(Triple(node, TYPE, NamedNode("urn:x:all")) for node in members)]
    tally = Tally()
    compare(Batch(everything, _PATH_SHAPES), tally, [DEFINITION])
    assert not tally.wrong
    assert not tally.reasons


_EDGES = {
    "two values": "gj:requiredArrangement <urn:x:a> , <urn:x:b> .",
    "two components": "gj:requiredArrangement <urn:x:a> ; gj:forbiddenFeature <urn:x:b> .",
    "nothing": "sh:order 1 .",
    "nested": "sh:node <{0}art_2.inner> . <{0}art_2.inner> a sh:NodeShape ; gj:requiredArrangement <urn:x:a> .",
    "nested, and aimed at others": """sh:node <{0}art_2.inner> .
        <{0}art_2.inner> a sh:NodeShape ; sh:targetClass <urn:x:other> ; gj:requiredArrangement <urn:x:a> .""",
    "nested in two, and in those one": """sh:node <{0}art_2.one> , <{0}art_2.two> . <{0}art_2.one> a sh:NodeShape ;
        gj:forbiddenFeature <urn:x:b> ; sh:node <{0}art_3.last> . <{0}art_2.two> a sh:NodeShape ; sh:node <{0}art_3.last> .
        <{0}art_3.last> a sh:NodeShape ; gj:requiredArrangement <urn:x:a> .""",
    "nested without a name": "sh:node [ a sh:NodeShape ; gj:requiredArrangement <urn:x:a> ] .",
    "nested of no class": "sh:node <{0}art_2.inner> . <{0}art_2.inner> gj:requiredArrangement <urn:x:a> .",
    "switched off": "gj:requiredArrangement <urn:x:a> ; sh:deactivated true .",
    "aimed in two ways": "gj:requiredArrangement <urn:x:a> ; sh:targetNode <urn:x:3> , <urn:x:9> .",
    "aimed by a property": "gj:requiredArrangement <urn:x:a> ; sh:targetSubjectsOf gj:maintains .",
    "aimed at classes above": "gj:requiredArrangement <urn:x:a> ; sh:targetClass <urn:x:above> , <urn:x:top> .",
    "a class itself": "a <http://www.w3.org/2000/01/rdf-schema#Class> ; gj:requiredArrangement <urn:x:a> .",
    "Core": "gj:requiredArrangement <urn:x:a> ; sh:class <urn:x:other> .",
    "Core of a property": "sh:property <{0}art_2.p> . <{0}art_2.p> a sh:PropertyShape ; sh:path gj:maintains ; sh:minCount 2 .",
    "half of the parameters": "gj:forbiddenAct <urn:x:a> .",
    "two of one parameter": 'gj:forbiddenAct <urn:x:a> , <urn:x:b> ; gj:forbiddenActFrom "2018-01-01"^^xsd:date .',
    "a parameter that is a text": 'gj:requiredArrangement "a" .',
    "own severity": "gj:requiredArrangement <urn:x:a> ; sh:severity <urn:x:grave> .",
}
_EDGE_FACTS = """
@prefix gj: <https://w3id.org/guiju/ontology#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<urn:x:thing> rdfs:subClassOf <urn:x:above> . <urn:x:above> rdfs:subClassOf <urn:x:top> . <urn:x:top> rdfs:subClassOf <urn:x:thing> .
<urn:x:1> a <urn:x:thing> ; gj:reportedIn <urn:x:r> ; gj:closedFor gj:Arrangement .
<urn:x:2> a <urn:x:thing> , <urn:x:other> ; gj:reportedIn <urn:x:r> ; gj:maintains <urn:x:a> ; gj:hasFeature <urn:x:b> .
<urn:x:3> a <urn:x:above> , <urn:x:thing> ; gj:reportedIn <urn:x:r> ; gj:maintains <urn:x:b> , "a" ; gj:closedFor gj:Arrangement .
<urn:x:4> a <urn:x:other> ; gj:reportedIn <urn:x:r> ; gj:closedFor gj:Arrangement .
<urn:x:5> a <urn:x:thing> . <urn:x:6> gj:concerns <urn:x:1> ; gj:ofKind <urn:x:a> ; gj:date "2018-01-01"^^xsd:date .
"""


@pytest.mark.filterwarnings("ignore:.*:pyshacl.errors.ConstraintLoadWarning")
@pytest.mark.parametrize("case", _EDGES)
def test_what_a_shape_may_say_is_taken_as_the_definition_takes_it(case: str, knowledge: Knowledge) -> None:
    namespace = f"{keys.SHAPE}bent-rules-2018/"
    text = f"""
        @prefix gj: <https://w3id.org/guiju/ontology#> .
        @prefix sh: <http://www.w3.org/ns/shacl#> .
        @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
        <{namespace}art_1.edge> a sh:NodeShape ; sh:targetClass <urn:x:thing> ; {_EDGES[case].replace("{0}", namespace)}"""
    components = [t for t in knowledge.authored_shapes if not str(t.subject).startswith(f"<{keys.SHAPE}")]
    tally = Tally()
    compare(Batch(_read(_EDGE_FACTS), completion.complete(components + _read(text), [])), tally, [DEFINITION])
    assert not tally.wrong


def test_parts_of_any_size_give_the_same(bender: Bender, monkeypatch: pytest.MonkeyPatch) -> None:
    batches = [bender.batch(component, random.Random(5), 3) for component in bender.components]
    found = [engines.run(batch.facts, batch.shapes) for batch in batches]
    monkeypatch.setattr(validate, "_ROWS", 7)
    assert [engines.run(batch.facts, batch.shapes) for batch in batches] == found
