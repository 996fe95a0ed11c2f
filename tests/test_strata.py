"""The shortcuts of derivation against the plain way: every query of a stratum again, until nothing new follows."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import pytest
from pyoxigraph import QueryTriples, RdfFormat, Store, Triple, parse

from guiju.derivation import BACKGROUND, derive, strata
from guiju.knowledge import Knowledge, fill
from guiju.sparql import EVERYTHING, reads
from guiju.submission import skolemised
from tests import casework
from tests.benchmarks.generate import submissions

SAMPLES = sorted((Path(__file__).parent.parent / "src" / "guiju" / "samples").glob("*.ttl"))
_GJ = "https://w3id.org/guiju/ontology#"
_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


def _plainly(facts: list[Triple], knowledge: Knowledge, days: list[Triple]) -> set[Triple]:
    """What follows, with no query left out of a pass and none rewritten."""
    store, known = Store(), set(facts)
    fill(store, facts)
    fill(store, knowledge.background, BACKGROUND)
    fill(store, days, BACKGROUND)
    for _, files in groupby(strata(knowledge.root), key=lambda file: file.name.split("-")[0]):
        queries = [file.read_text(encoding="utf-8") for file in files]
        while fresh := {triple for query in queries for triple in _construct(store, query)} - known:
            fill(store, fresh)
            known |= fresh
    return known - set(facts)


def _construct(store: Store, query: str) -> QueryTriples:
    found = store.query(query, use_default_graph_as_union=True)
    assert isinstance(found, QueryTriples)
    return found


def _facts(file: Path) -> list[Triple]:
    return skolemised([quad.triple for quad in parse(path=str(file), format=RdfFormat.TURTLE)])


@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: file.stem)
def test_nothing_is_missed_in_a_sample(file: Path, knowledge: Knowledge) -> None:
    derived = derive(_facts(file), knowledge)
    assert set(derived.origin) == _plainly(derived.facts, knowledge, derived.calendar_days)


def test_nothing_is_missed_in_generated_submissions(knowledge: Knowledge) -> None:
    facts = [quad.triple for quad in parse(submissions(2, scale=0.1), format=RdfFormat.TURTLE)]
    derived = derive(facts, knowledge)
    assert set(derived.origin) == _plainly(facts, knowledge, derived.calendar_days)


@pytest.mark.parametrize("folder", casework.FOLDERS[::10], ids=casework.name)
def test_nothing_is_missed_in_a_case(folder: Path, knowledge: Knowledge) -> None:
    derived = derive(casework.facts(folder), knowledge)
    assert set(derived.origin) == _plainly(derived.facts, knowledge, derived.calendar_days)


@pytest.mark.parametrize(
    "where, wanted",
    [
        pytest.param("?a gj:b/^gj:c+ ?d ; <urn:e> gj:f", {_GJ + "b", _GJ + "c", "urn:e", _GJ + "f"}, id="names"),
        pytest.param("?a a gj:B , gj:C", {_GJ + "B", _GJ + "C"}, id="classes by name"),
        pytest.param("?a gj:b/a gj:C", {_GJ + "b", _GJ + "C"}, id="a class at the end of a path"),
        pytest.param("?a a ?b", {_TYPE}, id="any class"),
        pytest.param("?a a gj:B , ?c", {_TYPE, _GJ + "B"}, id="any class among others"),
        pytest.param("?a a/gj:b+ ?c", {_TYPE, _GJ + "b"}, id="a class on the way"),
        pytest.param("?a ?b ?c", {EVERYTHING}, id="any predicate"),
        pytest.param("?a gj:b ?c ; ?d ?e", {EVERYTHING, _GJ + "b"}, id="any predicate of the same subject"),
        pytest.param("gj:a ?b gj:c", {EVERYTHING, _GJ + "a", _GJ + "c"}, id="any predicate between names"),
        pytest.param("VALUES (?a ?b ?c) { (gj:d 1 2) } ?a gj:e ?b", {_GJ + "d", _GJ + "e"}, id="a table"),
        pytest.param("?a gj:b ?c FILTER (?c < 5 && ?c > 3)", {_GJ + "b"}, id="a filter"),
    ],
)
def test_reads(where: str, wanted: set[str]) -> None:
    query = f"PREFIX gj: <{_GJ}>\nCONSTRUCT {{ ?a gj:written ?b }} WHERE {{ {where} }}"
    assert reads(query) == wanted
