"""The shortcuts of derivation against the plain way: every query of a stratum again, until nothing new follows."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import NamedNode, QueryTriples, RdfFormat, Store, Triple, parse

from guiju.derivation import BACKGROUND, derive, strata
from guiju.knowledge import Knowledge, fill
from guiju.sparql import EVERYTHING, reads
from guiju.submission import skolemised
from tests import casework, groups
from tests.benchmarks.generate import submissions

SAMPLES = sorted((Path(__file__).parent.parent / "src" / "guiju" / "samples").glob("*.ttl"))
_GJ = "https://w3id.org/guiju/ontology#"
CONCLUSION = NamedNode(_GJ + "Conclusion")
_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


def _plainly(facts: list[Triple], knowledge: Knowledge, days: list[Triple]) -> set[Triple]:
    """What follows, with no query left out of a pass and none rewritten; what is said late of a conclusion left out."""
    store, concluded = Store(), set[Triple]()
    fill(store, facts)
    fill(store, knowledge.background, BACKGROUND)
    fill(store, days, BACKGROUND)
    for stratum in strata(knowledge):
        queries = list(stratum.values())
        while True:
            drawn = {triple.subject for triple in concluded if triple.object == CONCLUSION}
            found = {triple for query in queries for triple in _construct(store, query)}
            fresh = {triple for triple in found if triple.subject not in drawn} - concluded - set(facts)
            if not fresh:
                break
            fill(store, fresh)
            concluded |= fresh
    return concluded


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


def test_nothing_is_missed_in_random_groups(knowledge: Knowledge) -> None:
    text = groups.HEAD + "".join(map(groups.turtle, groups.groups(5, 25, lambda chance: chance.randint(2, 8))))
    derived = derive([quad.triple for quad in parse(text, format=RdfFormat.TURTLE)], knowledge)
    assert set(derived.origin) == _plainly(derived.facts, knowledge, derived.calendar_days)


REACHED = """
PREFIX gj: <https://w3id.org/guiju/ontology#>
PREFIX : <urn:toy:>
CONSTRUCT {
    ?thing a :Reached .
    ?conclusion a gj:Conclusion ; gj:concludedOf ?thing ; gj:restsOn ?link , ?earlier .
}
WHERE {
    ?link :from ?before ; :to ?thing .
    ?before a :Reached .
    OPTIONAL { ?earlier gj:concludedOf ?before }
    BIND (IRI(CONCAT(STR(?thing), "-reached")) AS ?conclusion)
}
"""


def test_a_conclusion_in_a_circle_rests_on_nothing_later(tmp_path: Path, knowledge: Knowledge) -> None:
    """A start, two ways from it to one thing, and from there a circle back to that thing."""
    toy = Knowledge(tmp_path)
    toy.__dict__ |= {"background": knowledge.background, "columns": knowledge.columns}
    (tmp_path / "queries" / "derive").mkdir(parents=True)
    (tmp_path / "ontology" / "calendars").mkdir(parents=True)
    (tmp_path / "queries" / "derive" / "10-reached.rq").write_text(REACHED, encoding="utf-8")
    links = {"in": ("start", "one"), "also-in": ("start", "one"), "on": ("one", "two"), "back": ("two", "one")}
    text = "@prefix : <urn:toy:> . :start a :Reached ."
    text += "".join(f":{link} :from :{one} ; :to :{other} ." for link, (one, other) in links.items())
    derived = derive([quad.triple for quad in parse(text, format=RdfFormat.TURTLE)], toy)
    rests: dict[str, set[str]] = {}
    for triple in derived.origin:
        if triple.predicate.value == _GJ + "restsOn":
            rests.setdefault(str(triple.subject)[9:-1], set()).add(str(triple.object)[9:-1])
    assert rests == {"one-reached": {"in", "also-in"}, "two-reached": {"on", "one-reached"}}


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
