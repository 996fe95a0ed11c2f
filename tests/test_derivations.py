"""Derivations that no shape aims at, each on facts that lead to its conclusion and on facts that just do not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, RdfFormat, parse

from guiju import keys
from guiju.derivation import derive
from guiju.knowledge import Knowledge

HEAD = """
@prefix : <https://example.org/derived/> .
@prefix act: <https://w3id.org/guiju/taxonomy/act/> .
@prefix gj: <https://w3id.org/guiju/ontology#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
:s a gj:Submission ; gj:asOf "2020-12-31"^^xsd:date .
:aic a gj:FinancialAssetInvestmentCompany ; gj:reportedIn :s .
:bank a gj:CommercialBank ; gj:reportedIn :s .
:trust a gj:TrustCompany ; gj:reportedIn :s .
:fund-house a gj:LegalPerson ; gj:reportedIn :s .
:stranger a gj:LegalPerson ; gj:reportedIn :s .
:kin a gj:Affiliation ; gj:party :bank ; gj:affiliate :fund-house ; gj:reportedIn :s .
"""


def _swap(name: str, actor: str, creditor: str) -> str:
    return (
        f":{name} a gj:Act ; gj:kind act:claim-conversion ; gj:actor :{actor} ; gj:counterparty :{creditor} ;"
        f' gj:date "2020-06-01"^^xsd:date ; gj:reportedIn :s .\n'
    )


def _matter(name: str, kind: str, company: str, day: str) -> str:
    return (
        f":{name} a gj:Act ; gj:kind act:{kind} ; gj:actor :stranger ; gj:object :{company} ;"
        f' gj:date "{day}"^^xsd:date ; gj:reportedIn :s .\n'
    )


@pytest.mark.parametrize(
    ("concluded", "facts", "expected"),
    [
        (
            "SwapUnderMeasuresByReference",
            _swap("by-trust", "trust", "bank")
            + _swap("by-kin", "fund-house", "bank")
            + _swap("by-aic", "aic", "bank")
            + _swap("by-bank", "bank", "bank")
            + _swap("by-stranger", "stranger", "bank"),
            {"by-trust", "by-kin"},
        ),
        (
            "SwapOfNonBankClaim",
            _swap("of-trust", "aic", "trust") + _swap("of-bank", "aic", "bank") + _swap("by-trust", "trust", "trust"),
            {"of-trust"},
        ),
        ("CompanyOpenToCoerciveMeasures", _matter("m", "solvency-problem", "aic", "2018-06-29"), {"aic"}),
        ("CompanyOpenToCoerciveMeasures", _matter("m", "solvency-problem", "aic", "2018-06-28"), set()),
        ("CompanyOpenToCoerciveMeasures", _matter("m", "solvency-problem", "trust", "2019-01-01"), set()),
        ("CompanyOpenToCoerciveMeasures", _matter("m", "disclosure", "aic", "2019-01-01"), set()),
    ],
)
def test_what_is_concluded(concluded: str, facts: str, expected: set[str], knowledge: Knowledge) -> None:
    triples = [quad.triple for quad in parse(HEAD + facts, format=RdfFormat.TURTLE)]
    derived = derive(triples, knowledge)
    found = {
        t.subject.value.rsplit("/", 1)[-1]
        for t in derived.origin
        if isinstance(t.subject, NamedNode)
        and t.object == NamedNode(keys.GJ + concluded)
        and t.predicate.value == keys.RDF + "type"
    }
    assert found == expected
    traced = {t.object for t in derived.origin if t.predicate.value == keys.GJ + "concludedOf"}
    assert {NamedNode(f"https://example.org/derived/{name}") for name in expected} <= traced


def test_every_concluded_class_names_its_norm_or_its_derivation(knowledge: Knowledge) -> None:
    """What only derivations conclude is named by one of them, itself or as a kind of a class that is."""
    queries = "".join(file.read_text(encoding="utf-8") for file in (knowledge.root / "queries/derive").glob("*.rq"))
    proofs = "".join(file.read_text(encoding="utf-8") for file in (knowledge.root / "queries/explain").rglob("*.rq"))
    wider: dict[str, set[str]] = {}
    for t in knowledge.background:
        if t.predicate.value == keys.RDFS + "subClassOf" and isinstance(t.subject, NamedNode):
            wider.setdefault(t.subject.value, set()).update({t.object.value} if isinstance(t.object, NamedNode) else ())

    def named(iri: str) -> bool:
        name = re.split("[#/]", iri)[-1]
        return bool(re.search(rf"\b(gj|metric):{name}(?![\w-])", queries + proofs)) or any(
            named(above) for above in wider.get(iri, ()) if above in concluded
        )

    concluded = {
        t.subject.value
        for t in knowledge.background
        if t.predicate.value == keys.GJ + "concludedOnly" and isinstance(t.subject, NamedNode)
    }
    assert not {iri for iri in concluded if not named(iri)}


def test_a_query_that_is_no_construct_is_named(tmp_path: Path, knowledge: Knowledge) -> None:
    broken = Knowledge(tmp_path)
    broken.__dict__ |= {"background": knowledge.background, "columns": knowledge.columns}
    folder = tmp_path / "queries" / "derive"
    folder.mkdir(parents=True)
    (folder / "10-wrong.rq").write_text("SELECT * { ?s ?p ?o }", encoding="utf-8")
    with pytest.raises(TypeError, match=r"10-wrong\.rq"):
        derive([], broken)
