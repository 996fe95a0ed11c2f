"""Judged in batches, in one process or several, facts come to the same verdicts as at once."""

from __future__ import annotations

import pytest

from guiju.batches import Asked, judged
from guiju.knowledge import Knowledge
from guiju.report import Report
from guiju.submission import Submission, receive
from guiju.verdicts import Verdict, assess
from tests.benchmarks import vary

_MOST = 700


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Companies and groups, in two files; an institution of the one is spoken of in the other."""
    folder = tmp_path_factory.mktemp("facts")
    for profile, name in (("aic", "companies.nt"), ("amc", "groups.ttl")):
        texts = vary.submissions(profile, 25, seed=3, turtle=name.endswith("ttl"))
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


def test_the_law_is_that_of_one_day_for_all(submission: Submission, knowledge: Knowledge) -> None:
    days = set(judged(submission, knowledge, Asked(), lambda report: report.assessment.as_of, most=_MOST))
    assert [str(day) for day in days] == ["2021-03-31"]
