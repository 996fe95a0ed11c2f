"""Reports: the same verdicts in every format of input and output, of the shape that the schema states."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pyoxigraph as ox
import pytest
from pyoxigraph import RdfFormat

from guiju import keys, pieces
from guiju.knowledge import Knowledge
from guiju.report import Report, grouped
from guiju.submission import receive
from guiju.tasks import written
from guiju.verdicts import OUTCOMES, assess
from tests import casework

SOURCE = next(f for f in casework.FOLDERS if f.name == "art_39__para_2.report-to-supervisory-board") / "cases.ttl"
FORMATS = {
    "turtle": RdfFormat.TURTLE,
    "ntriples": RdfFormat.N_TRIPLES,
    "nquads": RdfFormat.N_QUADS,
    "trig": RdfFormat.TRIG,
    "jsonld": RdfFormat.JSON_LD,
    "rdfxml": RdfFormat.RDF_XML,
}


def _report(sources: list[Any], knowledge: Knowledge) -> Report:
    submission = receive(sources, knowledge)
    return Report(assess(submission.triples, knowledge), submission, knowledge)


@pytest.fixture(scope="module")
def report(knowledge: Knowledge) -> Report:
    return _report([str(SOURCE)], knowledge)


def test_json_is_of_the_shape_that_its_schema_states(report: Report) -> None:
    schema = json.loads((Path(__file__).parents[1] / "src/guiju/report.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    data = report.json()
    jsonschema.validate(data, schema)
    assert sum(data["summary"].values()) == len(data["verdicts"])
    assert {verdict["outcome"] for verdict in data["verdicts"]} == set(OUTCOMES)


def test_json_can_be_limited_to_outcomes_and_still_counts_all(report: Report) -> None:
    data = report.json(["failed"])
    assert {verdict["outcome"] for verdict in data["verdicts"]} == {"failed"}
    assert data["summary"]["passed"] > 0


def test_facts_say_where_they_stand(report: Report) -> None:
    failed = [
        v for v in report.json()["verdicts"] if v["subject"].endswith("bad-a-day-late") and v["outcome"] == "failed"
    ]
    assert all(v["citation"]["zh"].startswith("《金融资产投资公司管理办法（试行）》第三十九条") for v in failed)
    assert any(part["place"] for v in failed for part in v["facts"])


def test_turtle_is_a_shacl_report_with_earl_outcomes(report: Report) -> None:
    graph = list(ox.parse(report.turtle(), format=RdfFormat.TURTLE))
    results = [q for q in graph if q.predicate.value == keys.SH + "sourceShape"]
    failed = [v for v in report.assessment.verdicts if v.outcome == "failed"]
    assert {q.object.value for q in results if isinstance(q.object, ox.NamedNode)} == {v.shape for v in failed}
    outcomes = [q for q in graph if q.predicate.value == keys.EARL + "outcome"]
    assert len(outcomes) == len(report.assessment.verdicts)


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_facts_in_any_format_give_the_same_verdicts(name: str, report: Report, knowledge: Knowledge) -> None:
    triples = [quad.triple for quad in ox.parse(path=str(SOURCE))]
    written = ox.serialize(triples, format=FORMATS[name])
    assert written is not None
    if name == "jsonld":
        # The serialiser leaves numbers to the reader; exact decimals are quoted, as the guards ask.
        written = _quoted(written)
    again = _report([("facts", written, name)], knowledge)
    expected = {(v.shape, v.subject): v.outcome for v in report.assessment.verdicts if "urn:" not in v.subject}
    found = {(v.shape, v.subject): v.outcome for v in again.assessment.verdicts if "urn:" not in v.subject}
    assert found == expected


def _quoted(written: bytes) -> bytes:
    return json.dumps(json.loads(written, parse_float=str), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("plain", "shown"),
    [
        ("10000000000 CNY", "10,000,000,000 CNY"),
        ("9999999999.5", "9,999,999,999.5"),
        ("2018-10-10", "2018-10-10"),
        ("0.123456", "0.123456"),
        ("12000", "12,000"),
        ("-120000000", "-120,000,000"),
        ("1234", "1234"),
    ],
)
def test_amounts_are_grouped_and_nothing_else_is(plain: str, shown: str) -> None:
    assert grouped(plain) == shown


def test_a_report_is_put_together_of_pieces(report: Report) -> None:
    for outcomes in (frozenset(OUTCOMES), frozenset({"failed"}), frozenset[str]()):
        assert json.loads(written(report, "json", outcomes)) == report.json(outcomes)
        assert written(report, "csv", outcomes, "en") == report.csv(outcomes, "en")
        for name in pieces.RDF:
            found = list(ox.parse(written(report, name, outcomes).encode(), format=FORMATS[name]))
            assert len(found) == len(list(report.triples(outcomes)))


def test_a_line_of_json_is_the_verdict(report: Report) -> None:
    lines = [line for _, own in report.lines() for line in own]
    assert lines == [json.dumps(verdict, ensure_ascii=False) for verdict in report.verdicts()]
    assert lines == [json.dumps(verdict, ensure_ascii=False) for verdict in report.json()["verdicts"]]


def test_a_report_says_what_pyshacl_judged_in_place_of_the_engine(knowledge: Knowledge) -> None:
    shape = casework.shape(SOURCE.parent)
    stricter = copy.copy(knowledge)
    stated = ox.Triple(ox.NamedNode(shape), ox.NamedNode(keys.SH + "nodeKind"), ox.NamedNode(keys.SH + "Literal"))
    stricter.__dict__["shapes"] = [*knowledge.shapes, stated]
    del stricter.__dict__["columns"]
    report = _report([str(SOURCE)], stricter)
    data = report.json()
    jsonschema.validate(
        data, json.loads((Path(__file__).parents[1] / "src/guiju/report.schema.json").read_text("utf-8"))
    )
    (left,) = data["left"]
    assert left["shape"] == shape
    assert left["targets"] is None
    assert "pySHACL" in left["why"]["zh"] and "sh:nodeKind" in left["why"]["en"]
    assert any(q.object == ox.Literal(f"<{shape}> {left['why']['zh']}", language="zh") for q in report.triples())
    asked = {v["subject"] for v in data["verdicts"] if v["shape"] == shape and v["outcome"] in {"passed", "failed"}}
    assert asked == {v["subject"] for v in data["verdicts"] if v["shape"] == shape and v["outcome"] == "failed"}
    assert not _report([str(SOURCE)], knowledge).json()["left"]
