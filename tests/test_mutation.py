"""The measurement of the cases: what it changes in a shape, and that it tells cases that notice from cases that do not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from guiju import keys
from guiju.knowledge import Knowledge
from tests import casework
from tests.benchmarks.mutation import Derivations, Mutations, equivalents

_REPORT = casework.CASES / "aic-measures-2018" / "art_39__para_2.report-to-supervisory-board"
_APPROVAL = casework.CASES / "aic-measures-2018" / "art_39__para_2.board-approval"
_RATIO = "amc-consolidated-supervision-2011/art_21__para_1.distressed-asset-minimum"
_COMPOSITE = "aic-measures-2018/art_8__para_1.main-shareholder-conditions"


@pytest.fixture(scope="module")
def mutations(knowledge: Knowledge) -> Mutations:
    return Mutations(knowledge)


def test_a_deadline_is_changed_in_each_of_its_parts(mutations: Mutations) -> None:
    changes = {mutant.change for mutant in mutations.of(casework.shape(_REPORT), casework.facts(_REPORT))}
    assert changes >= {
        "without deadlineFrom deadlineTo deadlineLength deadlineUnit",
        "deadlineLength 10 → 9",
        "deadlineLength 10 → 11",
        "deadlineUnit WorkingDay → Day",
        "deadlineUnit WorkingDay → Month",
        "deadlineFrom board-approval → report-to-supervisory-board, deadlineTo report-to-supervisory-board → board-approval",
        "targetClass MajorRelatedPartyTransaction → AICRelatedPartyTransaction",
        "without scope",
    }


def test_a_ratio_and_a_composite_are_changed_in_each_of_their_parts(mutations: Mutations) -> None:
    ratio = {mutant.change for mutant in mutations.of(keys.parse(_RATIO).shape, [])}
    assert {"ratioBound 0.08 → 0.07", "ratioBound 0.08 → 0.09", "ratioOperator AtLeast → MoreThan"} <= ratio
    assert "ratioMoment Latest → LastFiscalYear" in ratio
    parts = {mutant.change for mutant in mutations.of(keys.parse(_COMPOSITE).shape, [])}
    assert "node without art_8__para_1__item_2.prudential-indicators" in parts


def test_a_case_that_is_missing_leaves_a_mutant_unnoticed(mutations: Mutations, tmp_path: Path) -> None:
    assert all(finding.noticed for finding in mutations.noticed(_REPORT))
    folder = tmp_path / _REPORT.parent.name / _REPORT.name
    shutil.copytree(_REPORT, folder)
    cases = folder / "cases.ttl"
    text = cases.read_text(encoding="utf-8")
    day_late = '"2018-10-11"^^xsd:date'
    assert text.count(day_late) == 1
    cases.write_text(text.replace(day_late, '"2018-10-12"^^xsd:date'), encoding="utf-8")
    assert {f.change for f in mutations.noticed(folder) if not f.noticed} == {"deadlineLength 10 → 11"}


def test_a_derivation_is_changed_and_noticed_by_the_cases_that_it_concludes_for(knowledge: Knowledge) -> None:
    derivations = Derivations(knowledge, [_APPROVAL])
    found = list(derivations.noticed("40-major-related-party-transactions"))
    noticed = {finding.change.split(": ")[1]: finding.noticed for finding in found}
    assert noticed["0.05 → 0.06"], "a case at exactly 5% is no longer major"
    assert noticed["0.05 → 0.04"], "a case just below 5% is major all of a sudden"
    assert not any(finding.noticed for finding in derivations.noticed("40-founding-periods"))


def test_an_exception_names_a_mutant_that_there_is(mutations: Mutations) -> None:
    for key, change in equivalents():
        folder = casework.CASES / key
        found = {mutant.change for mutant in mutations.of(casework.shape(folder), casework.facts(folder))}
        assert change in found, f"{key} has no mutant {change}"
