"""The Turtle that ``guiju needs`` prints: data may state it, and where it is whole the norm it is for is met."""

from __future__ import annotations

import re

import pytest
from pyoxigraph import NamedNode, Triple

from guiju import keys
from guiju.knowledge import Knowledge
from guiju.show import Library
from guiju.submission import receive
from guiju.verdicts import assess

DOCUMENTS = ("aic-measures-2018", "amc-opinions-2025", "amc-consolidated-supervision-2011")
GROUPS = DOCUMENTS[-1]
TAXONOMIES = ("act", "arrangement", "criterion", "feature", "fund", "metric", "post", "unit")
PREFIXES = f"@prefix gj: <{keys.GJ}> .\n@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n" + "".join(
    f"@prefix {name}: <{keys.TAXONOMY}{name}/> .\n" for name in TAXONOMIES
)


@pytest.fixture(scope="module")
def library(knowledge: Knowledge) -> Library:
    return Library(knowledge)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_skeleton_states_what_only_a_derivation_concludes(
    document: str, library: Library, knowledge: Knowledge
) -> None:
    concluded = {
        triple.subject.value.replace(keys.GJ, "gj:")
        for triple in knowledge.triples
        if triple.predicate.value == keys.GJ + "concludedOnly" and isinstance(triple.subject, NamedNode)
    }
    assert concluded
    for need in library.needs(keys.parse(document)):
        stated = set(re.findall(r"gj:\w+", re.sub(r"#.*", "", need["skeleton"])))
        assert not stated & concluded, f"{need['norm']} asks for {stated & concluded}"


def test_a_skeleton_for_a_class_that_is_concluded_leads_to_it(library: Library, knowledge: Knowledge) -> None:
    needs = [need for need in library.needs(keys.parse(GROUPS)) if need["iri"].endswith("#RequiredClassComponent")]
    assert len(needs) > 20
    facts, subjects = [], {}
    for number, need in enumerate(needs):
        base = f"https://example.org/needs/{number}/"
        turtle = f"@prefix : <{base}> .\n{PREFIXES}{need['skeleton']}"
        submission = receive([("needs.ttl", turtle.encode(), "turtle")], knowledge)
        assert not submission.ignored, need["norm"]
        facts += [triple for triple in submission.triples if "urn:guiju:blank" not in str(triple)]
        facts += _apart(submission.triples, number)
        subjects[str(keys.parse(need["norm"])), f"{base}subject"] = "none"
    for verdict in assess(facts, knowledge, documents=[GROUPS]).verdicts:
        if (str(verdict.key), verdict.subject) in subjects:
            subjects[str(verdict.key), verdict.subject] = verdict.outcome
    assert {key: outcome for (key, _), outcome in subjects.items() if outcome != "passed"} == {}


def _apart(triples: list[Triple], number: int) -> list[Triple]:
    """The triples on what has no name, whose made-up names are told apart by a number."""
    return [
        Triple(NamedNode(f"{triple.subject.value}-{number}"), triple.predicate, triple.object)
        for triple in triples
        if isinstance(triple.subject, NamedNode) and "urn:guiju:blank" in triple.subject.value
    ]
