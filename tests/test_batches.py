"""Judged in batches, in one process or several, facts come to the same verdicts as at once."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from pyoxigraph import RdfFormat, parse

from guiju.batches import Asked, judged
from guiju.intake import BadInput
from guiju.knowledge import Knowledge
from guiju.pieces import FORMATS
from guiju.report import Report
from guiju.submission import Submission, receive
from guiju.tasks import validated
from guiju.verdicts import Verdict, assess
from tests.benchmarks import vary

_MOST = 250
RDF = {"turtle": RdfFormat.TURTLE, "ntriples": RdfFormat.N_TRIPLES, "jsonld": RdfFormat.JSON_LD}


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Companies and groups, in two files; an institution of the one is spoken of in the other."""
    folder = tmp_path_factory.mktemp("facts")
    for profile, name in (("aic", "companies.nt"), ("amc", "groups.ttl")):
        texts = vary.submissions(profile, 8, seed=3, turtle=name.endswith("ttl"))
        (folder / name).write_text("".join(texts), encoding="utf-8")
    with (folder / "companies.nt").open("a", encoding="utf-8") as more:
        holding = (
            "_:h <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{gj}Holding> .\n_:h <{gj}holder> <{own}amc0-amc> .\n"
            "_:h <{gj}held> <{own}aic0-aic> .\n_:h <{gj}reportedIn> <{own}aic0-report-2020> .\n"
        )
        more.write(holding.format(gj="https://w3id.org/guiju/ontology#", own=vary.NAMESPACE))
    return [str(folder / name) for name in ("companies.nt", "groups.ttl")]


@pytest.fixture(scope="module")
def submission(facts: list[str], knowledge: Knowledge) -> Submission:
    return receive(facts, knowledge)


@pytest.fixture(scope="module")
def at_once(facts: list[str], knowledge: Knowledge) -> list[Verdict]:
    return assess(receive(facts, knowledge).columns, knowledge).verdicts


def _verdicts(report: Report) -> list[Verdict]:
    return report.assessment.verdicts


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_verdicts_of_batches_are_those_of_all_at_once(
    jobs: int, submission: Submission, at_once: list[Verdict], knowledge: Knowledge
) -> None:
    found = list(judged(submission, knowledge, Asked(), _verdicts, most=_MOST, jobs=jobs))
    assert len(found) > 5
    every = [verdict for batch in found for verdict in batch]

    def key(verdict: Verdict) -> tuple[str, str, str]:
        return verdict.submission, verdict.shape, verdict.subject

    assert sorted(every, key=key) == sorted(at_once, key=key)


@pytest.mark.parametrize("format_", ["text", *FORMATS])
def test_a_report_in_batches_says_what_one_on_all_at_once_says(
    format_: str, facts: list[str], knowledge: Knowledge
) -> None:
    outcomes = frozenset({"failed", "inapplicable"})
    texts, counted = [], []
    for most in (1_000_000, _MOST):
        out = StringIO()
        counted.append(validated(facts, knowledge, out, format_, outcomes, most=most).counted)
        texts.append(out.getvalue())
    assert counted[0] == counted[1]
    if format_ in RDF:
        assert _stated(texts[0], RDF[format_]) == _stated(texts[1], RDF[format_])
    else:
        assert texts[0] == texts[1]


def _stated(text: str, form: RdfFormat) -> tuple[int, set[str]]:
    """How many statements there are, and all that they say but for what each blank node is called."""
    triples = [quad.triple for quad in parse(text.encode(), format=form)]
    return len(triples), {re.sub(r"_:\w+", "_:", str(triple)) for triple in triples}


def test_what_cannot_be_judged_is_told_and_nothing_is_written(facts: list[str], knowledge: Knowledge) -> None:
    out = StringIO()
    wrong = b"<urn:m> a <https://w3id.org/guiju/ontology#Measurement> ."
    with pytest.raises(BadInput, match="urn:m"):
        validated([*facts, ("m.ttl", wrong, None)], knowledge, out, "json", frozenset({"failed"}), most=_MOST)
    assert out.getvalue() == ""


def test_the_law_is_that_of_one_day_for_all(submission: Submission, knowledge: Knowledge) -> None:
    days = set(judged(submission, knowledge, Asked(), lambda report: report.assessment.as_of, most=_MOST))
    assert [str(day) for day in days] == ["2021-03-31"]
