"""What is kept of a report gives the facts and the report back, whatever the facts are about."""

from __future__ import annotations

import json

import pytest
from pyoxigraph import BlankNode, Quad, RdfFormat, Store, Triple, parse

from guiju import keeping, keys, tasks
from guiju.knowledge import Knowledge
from guiju.paths import samples
from guiju.report import Report

ID = "5f0e4a52-6a5e-4a0f-9d0b-0123456789ab"
OTHER = "5f0e4a52-6a5e-4a0f-9d0b-ba9876543210"
FACTS = f"""@prefix gj: <{keys.GJ}> . @prefix xsd: <{keys.XSD}> . @prefix : <urn:uuid:> .
:submission a gj:Submission ; gj:asOf "2019-12-31"^^xsd:date .
<urn:uuid:{OTHER}> a gj:FinancialAssetInvestmentCompany ; gj:reportedIn :submission ; gj:reportedAs "made up" .
<urn:guiju:verdict:1> <{keys.EARL}result> [] .
[] a gj:FinancialAssetInvestmentCompany ; gj:reportedIn :submission .
"""


def _report(facts: bytes, knowledge: Knowledge) -> Report:
    return tasks.judged([("facts.ttl", facts, "turtle")], knowledge, documents=["aic-measures-2018"])


def _lines(report: Report) -> list[bytes]:
    lines: list[bytes] = keeping.kept(report, ID)["graph"].encode().splitlines()
    return lines


@pytest.fixture(scope="module")
def reports(knowledge: Knowledge) -> dict[str, Report]:
    """The reports on a sample, and on odd facts."""
    sample = samples()["company-in-trouble"].read_bytes()
    return {name: _report(facts, knowledge) for name, facts in (("sample", sample), ("odd", FACTS.encode()))}


@pytest.mark.parametrize("name", ["sample", "odd"])
def test_facts_and_report_come_back(name: str, reports: dict[str, Report]) -> None:
    report = reports[name]
    lines = _lines(report)
    assert keeping.report_json(lines, ID) == json.loads(json.dumps(report.json()))
    # A value is kept, not its spelling: 8.50 is 8.5.
    sent = {quad.triple for quad in _store(report.submission.triples)}
    assert _parsed(keeping.facts(lines, ID)) == sent
    said = _parsed(keeping.report(lines, ID))
    assert len(said) >= len(set(report.triples())) and said.isdisjoint(sent)
    assert not any(isinstance(term, BlankNode) for triple in _parsed(lines) for term in (triple.subject, triple.object))


def test_the_same_report_is_kept_in_the_same_words(reports: dict[str, Report], knowledge: Knowledge) -> None:
    assert sorted(_lines(reports["odd"])) == sorted(_lines(_report(FACTS.encode(), knowledge)))


def test_a_report_that_lacks_a_verdict_is_not_given(reports: dict[str, Report]) -> None:
    lines = _lines(reports["odd"])
    worded = [line for line in lines if line not in keeping.statements(lines, ID)]
    assert len(worded) > 2
    for lost in worded[:3]:
        with pytest.raises(ValueError, match="whole"):
            keeping.report_json([line for line in lines if line != lost], ID)


def test_the_institution_is_the_one_that_most_verdicts_are_about(
    reports: dict[str, Report], knowledge: Knowledge
) -> None:
    found = {name: keeping.kept(report, ID)["institution"]["iri"] for name, report in reports.items()}
    # A node without a name is none that a later submission could be about.
    assert found == {"sample": "https://example.org/samples/company-in-trouble/aic", "odd": f"urn:uuid:{OTHER}"}
    nothing = _report(FACTS.split(f"<urn:uuid:{OTHER}>")[0].encode(), knowledge)
    assert keeping.kept(nothing, ID)["institution"] is None


def _store(triples: list[Triple]) -> Store:
    found = Store()
    found.extend(Quad(*triple) for triple in triples)
    return found


def _parsed(lines: list[bytes]) -> set[Triple]:
    return {quad.triple for quad in parse(b"\n".join(lines), format=RdfFormat.N_TRIPLES)}
