"""Arithmetic is exact as far as the lexical check admits numbers, and numbers beyond it are refused, not lost."""

from __future__ import annotations

import pytest

from guiju.engines import ENGINES
from guiju.intake import BadInput
from guiju.knowledge import Knowledge
from guiju.submission import receive
from guiju.verdicts import assess

TURTLE = """
@prefix : <https://example.org/exact/> .
@prefix gj: <https://w3id.org/guiju/ontology#> .
@prefix metric: <https://w3id.org/guiju/taxonomy/metric/> .
@prefix unit: <https://w3id.org/guiju/taxonomy/unit/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
:s a gj:Submission ; gj:asOf "2018-12-31"^^xsd:date .
:a a gj:FinancialAssetInvestmentCompany ; gj:reportedIn :s .
:paid a gj:Measurement ; gj:about :a ; gj:metric metric:paid-in-capital ; gj:basis gj:Solo ;
    gj:instant "2018-12-31"^^xsd:date ; gj:value %s ; gj:unit unit:CNY ; gj:reportedIn :s .
:registered a gj:Measurement ; gj:about :a ; gj:metric metric:registered-capital ; gj:basis gj:Solo ;
    gj:instant "2018-12-31"^^xsd:date ; gj:value %s ; gj:unit unit:CNY ; gj:reportedIn :s .
"""


def _outcome(paid: str, registered: str, engine: str, knowledge: Knowledge) -> str:
    submission = receive([("x.ttl", (TURTLE % (paid, registered)).encode(), None)], knowledge)
    verdicts = assess(submission.triples, knowledge, documents=["aic-measures-2018"], engine=engine).verdicts
    return next(v.outcome for v in verdicts if v.key.slug == "paid-in-full")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("paid", "registered", "outcome"),
    [
        ("10000000000.000000001", "10000000000.000000001", "passed"),
        ("10000000000.000000000", "10000000000.000000001", "failed"),
        ("999999999999999999.999999999", "999999999999999999.999999999", "passed"),
        ("999999999999999999.999999998", "999999999999999999.999999999", "failed"),
        ("999999999999999999", "999999999999999999", "passed"),
        ("999999999999999998", "999999999999999999", "failed"),
        ("0.3", "0.3", "passed"),
        ("0.1", "0.1000000000000", "passed"),
    ],
)
def test_the_last_digit_counts(paid: str, registered: str, outcome: str, engine: str, knowledge: Knowledge) -> None:
    assert _outcome(paid, registered, engine, knowledge) == outcome


@pytest.mark.parametrize("value", ["1000000000000000000", "1000000000000000000.5", "0.1234567891", "1e3"])
def test_numbers_that_an_engine_could_lose_are_refused(value: str, knowledge: Knowledge) -> None:
    with pytest.raises(BadInput, match=r"x\.ttl"):
        _outcome(value, "1", "columnar", knowledge)
