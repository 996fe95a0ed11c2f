"""Derivations on columns conclude what Oxigraph concludes, each triple by the same query."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, QueryTriples, RdfFormat, Store, Triple, parse

from guiju import keys
from guiju.columnar.facts import Facts
from guiju.columnar.parser import parse as planned
from guiju.columnar.plan import Construct
from guiju.columnar.run import Engine
from guiju.columnar.terms import Unsupported
from guiju.derivation import derive
from guiju.knowledge import Knowledge, fill
from guiju.submission import skolemised
from tests import casework, groups, oxigraph_derivation
from tests.benchmarks.generate import submissions

SAMPLES = sorted((Path(__file__).parent.parent / "src" / "guiju" / "samples").glob("*.ttl"))


def _read(text: str | bytes) -> list[Triple]:
    return skolemised([quad.triple for quad in parse(text, format=RdfFormat.TURTLE)])


def _same(facts: list[Triple], knowledge: Knowledge) -> int:
    """How many conclusions there are, which both draw."""
    derived = derive(facts, knowledge)
    assert derived.origin == oxigraph_derivation.derive(derived.facts, derived.calendar_days, knowledge)
    return len(derived.origin)


@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: file.stem)
def test_of_a_sample(file: Path, knowledge: Knowledge, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "guiju.derivation"):
        assert _same(_read(file.read_bytes()), knowledge)
    assert not caplog.records, "a query was left to a store"


def test_of_generated_submissions(knowledge: Knowledge) -> None:
    assert _same(_read(submissions(2, scale=0.2)), knowledge)


@pytest.mark.parametrize("part", range(4))
def test_of_all_cases(part: int, knowledge: Knowledge, caplog: pytest.LogCaptureFixture) -> None:
    """The cases of many shapes together, as one set of facts."""
    facts = [triple for folder in casework.FOLDERS[part::4] for triple in casework.facts(folder)]
    with caplog.at_level(logging.INFO, "guiju.derivation"):
        assert _same(facts, knowledge) > len(facts)
    assert not caplog.records, "a query was left to a store"


@pytest.mark.parametrize("seed", [5, 6])
def test_of_random_groups(seed: int, knowledge: Knowledge) -> None:
    found = groups.groups(seed, 30, lambda chance: chance.randint(2, 9))
    assert _same(_read(groups.HEAD + "".join(map(groups.turtle, found))), knowledge)


STEPS = """
PREFIX gj: <https://w3id.org/guiju/ontology#>
PREFIX : <urn:toy:>
CONSTRUCT { ?thing :reached ?name . ?conclusion a gj:Conclusion ; gj:restsOn ?link , ?before . }
WHERE {
    ?link :from ?before ; :to ?thing . ?before :reached ?since .
    BIND (MD5(STR(?thing)) AS ?name)
    BIND (IRI(CONCAT("urn:toy:", ?name)) AS ?conclusion)
}
"""
NAMES = """
PREFIX : <urn:toy:>
CONSTRUCT { ?thing :namedFrom ?before } WHERE { ?link :from ?before ; :to ?thing . ?thing :reached ?name }
"""


def test_what_columns_do_not_run_runs_on_a_store_beside_them(
    tmp_path: Path, knowledge: Knowledge, caplog: pytest.LogCaptureFixture
) -> None:
    toy = Knowledge(tmp_path)
    toy.__dict__ |= {"background": knowledge.background, "columns": knowledge.columns}
    (tmp_path / "queries" / "derive").mkdir(parents=True)
    (tmp_path / "ontology" / "calendars").mkdir(parents=True)
    for name, text in (("10-steps", STEPS), ("10-names", NAMES)):
        (tmp_path / "queries" / "derive" / f"{name}.rq").write_text(text, encoding="utf-8")
    links = "".join(f":l{n} :from :e{n} ; :to :e{n + 1} ." for n in range(5))
    with caplog.at_level(logging.INFO, "guiju.derivation"):
        assert _same(_read(f'@prefix : <urn:toy:> . :e0 :reached "" . {links} :l5 :from :e5 ; :to :e2 .'), toy) == 26
    assert {record.getMessage().split()[0] for record in caplog.records} == {"queries/derive/10-steps.rq"}


_DECIMALS = st.builds(
    lambda value, scale: f"{'-' if value < 0 else ''}{abs(value) // 10**scale}.{abs(value) % 10**scale:0{scale}}",
    st.one_of(st.integers(-(2**126), 2**126), st.integers(-(10**9), 10**9)),
    st.integers(1, 18),
).filter(lambda text: abs(int(text.replace(".", ""))) * 10 ** (18 - len(text.partition(".")[2])) < 2**127)
_NUMBERS = st.one_of(
    st.integers(-(2**63), 2**63 - 1).map(Literal),
    st.sampled_from([0, 1, -1, 3, 10**6, 2**62]).map(Literal),
    _DECIMALS.map(lambda text: Literal(text, datatype=NamedNode(keys.XSD + "decimal"))),
)
ARITHMETIC = """
CONSTRUCT {
    ?x <urn:sum> ?sum ; <urn:difference> ?difference ; <urn:product> ?product ; <urn:quotient> ?quotient ;
        <urn:floor> ?floor ; <urn:size> ?size ; <urn:same> ?same ; <urn:total> ?total ; <urn:whole> ?whole .
}
WHERE {
    ?x <urn:a> ?a ; <urn:b> ?b .
    BIND (?a + ?b AS ?sum)
    BIND (?a - ?b AS ?difference)
    BIND (?a * ?b AS ?product)
    BIND ((?a - 1) / ?b AS ?quotient)
    BIND (FLOOR(?a * 1000.0) * 0.001 AS ?floor)
    BIND (ABS(?b) AS ?size)
    BIND (COALESCE(?product = ?a, ?product > ?b, "none") AS ?same)
    OPTIONAL { SELECT ?x (SUM(?v) AS ?total) { { ?x <urn:a> ?v } UNION { ?x <urn:b> ?v } } GROUP BY ?x }
    OPTIONAL { SELECT (SUM(?w) AS ?whole) { ?y <urn:b> ?w } }
}
"""


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(_NUMBERS, _NUMBERS), min_size=1, max_size=6))
def test_numbers_are_computed_as_far_as_oxigraph_does(pairs: list[tuple[Literal, Literal]]) -> None:
    triples = [
        Triple(NamedNode(f"urn:x:{place}"), NamedNode(name), value)
        for place, pair in enumerate(pairs)
        for name, value in zip(("urn:a", "urn:b"), pair, strict=True)
    ]
    facts, store = Facts(), Store()
    facts.take_in(triples)
    fill(store, triples)
    plan, found = planned(ARITHMETIC), store.query(ARITHMETIC)
    assert isinstance(plan, Construct) and isinstance(found, QueryTriples)
    try:
        own = Engine(facts.terms, facts.relations, bounded=True).construct(plan)
    except Unsupported as reason:
        # Which sum is an error depends on the order in which it is made.
        assert "on the way" in str(reason) and sum(_size(value) for pair in pairs for value in pair) >= 2**63
    else:
        assert set(facts.terms.decoded(own)) == set(found)


def _size(value: Literal) -> int:
    return abs(int(value.value.partition(".")[0])) + 1
