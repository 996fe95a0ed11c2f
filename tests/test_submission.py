"""What is refused, what is ignored, and where things stand."""

from __future__ import annotations

import random
from typing import NoReturn

import pytest
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from guiju import intake, keys
from guiju.columnar.columns import Columns
from guiju.columnar.terms import Unsupported
from guiju.intake import BadInput
from guiju.knowledge import Knowledge
from guiju.paths import samples
from guiju.submission import check, receive, skolemised
from guiju.verdicts import assess

HEAD = """
@prefix : <https://example.org/x/> .
@prefix act: <https://w3id.org/guiju/taxonomy/act/> .
@prefix gj: <https://w3id.org/guiju/ontology#> .
@prefix metric: <https://w3id.org/guiju/taxonomy/metric/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix unit: <https://w3id.org/guiju/taxonomy/unit/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
:s a gj:Submission ; gj:asOf "2018-12-31"^^xsd:date .
:a a gj:FinancialAssetInvestmentCompany ; gj:reportedIn :s .
"""


def _read(turtle: str, knowledge: Knowledge) -> list[str]:
    return [
        f"{item.where} {item.what}" for item in receive([("x.ttl", (HEAD + turtle).encode(), None)], knowledge).ignored
    ]


@pytest.mark.parametrize(
    ("turtle", "says"),
    [
        (":m a gj:Measurement ; gj:about :a ; gj:reportedIn :s .", "gj:metric"),
        (
            ":m a gj:Measurement ; gj:about :a ; gj:metric metric:net-assets ; gj:value 1 ; gj:unit unit:CNY ;"
            " gj:reportedIn :s .",
            "gj:instant",
        ),
        (
            ":m a gj:Measurement ; gj:about :a ; gj:metric metric:pro-rata-excess-capital ; gj:value 1.0 ; gj:unit unit:CNY ;"
            ' gj:instant "2018-12-31"^^xsd:date ; gj:reportedIn :s .',
            "超额资本",
        ),
        (":t a gj:Act ; gj:kind act:disclosure .", "gj:reportedIn"),
        (":t a gj:Act ; gj:kind act:disclosure ; gj:reportedIn :other .", "gj:Submission"),
        (":t a gj:Act ; gj:kind act:disclosure , act:due-diligence ; gj:reportedIn :s ; gj:date 2018 .", "xsd:date"),
        (':a gj:actor "x" .', "IRI"),
        (":q gj:value 10 .", "gj:…"),
        (
            ":m a gj:Measurement ; gj:about :a ; gj:metric metric:net-assets , metric:total-assets ; gj:value 1 ;"
            ' gj:unit unit:CNY ; gj:instant "2018-06-30"^^xsd:date ; gj:reportedIn :s .',
            "gj:metric 有多个值",
        ),
        (
            "".join(
                f":m{n} a gj:Measurement ; gj:about :a ; gj:metric metric:net-assets ; gj:value {n} ; gj:unit unit:CNY ;"
                ' gj:instant "2018-06-30"^^xsd:date ; gj:reportedIn :s .\n'
                for n in (1, 2)
            ),
            "gj:replaces",
        ),
        (":t a gj:Acct ; gj:reportedIn :s .", "gj:Act"),
    ],
)
def test_facts_that_cannot_be_used_are_refused_with_their_cure(turtle: str, says: str, knowledge: Knowledge) -> None:
    with pytest.raises(BadInput) as caught:
        _read(turtle, knowledge)
    assert says in str(caught.value)
    assert "x.ttl" in str(caught.value)


def test_what_only_derivations_conclude_is_ignored_and_said_to_be(knowledge: Knowledge) -> None:
    ignored = _read(
        ":t a gj:Act , gj:MajorRelatedPartyTransaction ; gj:kind act:related-party-transaction ; gj:actor :a ;"
        " gj:reportedIn :s ; gj:closedFor gj:Act . :a sh:deactivated true .",
        knowledge,
    )
    assert any("MajorRelatedPartyTransaction" in line for line in ignored)
    assert any("closedFor" in line for line in ignored)
    assert any("deactivated" in line for line in ignored)


@pytest.mark.parametrize("name", ["conclusion:0a1b", "figure:0a1b", "verdict:0a1b", "group:0a1b", "day:2018-12-31"])
def test_nobody_speaks_of_what_is_concluded_from_others(name: str, knowledge: Knowledge) -> None:
    said = f'<urn:guiju:{name}> gj:about :a . :f gj:follows <urn:guiju:{name}> ; gj:date "2018-12-31"^^xsd:date .'
    act = " :f a gj:Act ; gj:kind act:related-party-transaction ; gj:actor :a ; gj:reportedIn :s ."
    assert sum(f"urn:guiju:{name}" in line for line in _read(said + act, knowledge)) == 2


def test_the_name_of_a_blank_node_is_no_conclusion(knowledge: Knowledge) -> None:
    act = "a gj:Act ; gj:kind act:related-party-transaction ; gj:actor :a ; gj:reportedIn :s ."
    assert not _read(f"<urn:guiju:blank:f1b1> {act} :f gj:follows <urn:guiju:blank:f1b1> ; {act}", knowledge)


def test_a_misspelt_class_never_means_that_all_is_well(knowledge: Knowledge) -> None:
    with pytest.raises(BadInput, match="FinancialAssetInvestmentCompany"):
        _read(":b a gj:FinancialAssetInvestmentCompny ; gj:reportedIn :s .", knowledge)


def test_nothing_in_scope_is_not_applicable_and_not_passed(knowledge: Knowledge) -> None:
    turtle = ':s a gj:Submission ; gj:asOf "2018-12-31"^^xsd:date .\n:p a gj:NaturalPerson ; gj:reportedIn :s .'
    head = HEAD.split(":s a")[0]
    submission = receive([("x.ttl", (head + turtle).encode(), None)], knowledge)
    summary = assess(submission.triples, knowledge).summary()
    assert summary["inapplicable"] > 200
    assert summary["passed"] == summary["failed"] == 0


def test_columns_and_store_refuse_the_same(knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MAX_PROBLEMS", 10**6)
    rng = random.Random(0)
    facts = [quad.triple for quad in parse(path=str(samples()["company-in-trouble"]), format=RdfFormat.TURTLE)]
    refused = 0
    for _ in range(60):
        bent = skolemised(_bent(facts, rng))
        found = _problems(bent, knowledge)
        with monkeypatch.context() as patch:
            patch.setattr("guiju.submission.parse", _declines)
            assert found == _problems(bent, knowledge)
        refused += bool(found)
    assert 30 < refused < 60


def test_sound_facts_are_checked_without_a_store(knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guiju.submission.select", _declines)
    for file in samples().values():
        receive([file], knowledge)


def _declines(*given: object) -> NoReturn:
    raise Unsupported("a test")


def _problems(facts: list[Triple], knowledge: Knowledge) -> set[str]:
    columns = Columns(knowledge.columns)
    columns.told.take_in(facts)
    try:
        check(columns, lambda iri: None, knowledge)
    except BadInput as refused:
        return set(map(str, refused.problems))
    return set()


def _bent(facts: list[Triple], rng: random.Random) -> list[Triple]:
    """The facts with a few statements left out, and a few that say something else, too or instead."""
    kept = [fact for fact in facts if rng.random() > 0.002]
    others = [
        Literal("x"),
        Literal("x", language="zh"),
        Literal("5", datatype=NamedNode(keys.XSD + "integer")),
        Literal("5.0", datatype=NamedNode(keys.XSD + "decimal")),
        Literal("5.25", datatype=NamedNode(keys.XSD + "decimal")),
        Literal("2019-01-31", datatype=NamedNode(keys.XSD + "date")),
        Literal("2019-01-31T00:00:00", datatype=NamedNode(keys.XSD + "dateTime")),
        NamedNode("https://example.org/other"),
        *(fact.object for fact in rng.choices(facts, k=3)),
    ]
    for fact in rng.choices(kept, k=rng.randrange(4)):
        if rng.random() < 0.5:
            kept.remove(fact)
        kept.append(Triple(fact.subject, fact.predicate, rng.choice(others)))
    return kept
