"""Which law applies on a day, and what each outcome says of itself."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from guiju import engines
from guiju.derivation import derive, strata
from guiju.knowledge import Knowledge
from guiju.progress import Step
from guiju.verdicts import OUTCOMES, Verdict, assess, in_force, judge, selected
from tests import casework

LATE = next(f for f in casework.FOLDERS if f.name == "art_39__para_2.report-to-supervisory-board")
COMPOSITE = next(f for f in casework.FOLDERS if f.name == "art_10__para_1.unsuitable-shareholder")


@pytest.fixture(scope="module")
def verdicts(knowledge: Knowledge) -> dict[tuple[str, str], Verdict]:
    found = assess(casework.facts(LATE), knowledge).verdicts
    return {(v.key.slug or "", v.subject.rsplit("/", 1)[-1]): v for v in found}


def test_within_a_stage_work_tells_how_far_it_has_come(knowledge: Knowledge) -> None:
    steps: list[Step] = []
    assess(casework.facts(LATE), knowledge, progress=steps.append)
    assert len([step for step in steps if step.stage == "deriving"]) == len(strata(knowledge))
    assert len([step for step in steps if step.stage == "explaining"]) == len(knowledge.within("explain"))
    done = [step.done for step in steps]
    assert done == sorted(done)
    assert len(set(done)) > 50


def test_the_law_of_a_day(knowledge: Knowledge) -> None:
    measures = ["aic-measures-2018"]
    assert not in_force(knowledge, date(2018, 6, 28), measures)
    assert len(in_force(knowledge, date(2018, 6, 29), measures)) > 200
    assert not in_force(knowledge, date(2011, 3, 7))
    assert in_force(knowledge, date(2011, 3, 8))


def test_law_whose_first_day_is_not_known_is_applied_only_when_asked_for(knowledge: Knowledge) -> None:
    undated = "/amc-opinions-2025/"
    assert not [shape for shape in in_force(knowledge, date(2026, 1, 1)) if undated in shape]
    assert [shape for shape in in_force(knowledge, date(2026, 1, 1), ["amc-opinions-2025"]) if undated in shape]


def test_a_document_that_is_not_there_is_named(knowledge: Knowledge) -> None:
    with pytest.raises(ValueError, match="aic-measures-2018"):
        in_force(knowledge, None, ["no-such-document"])


def test_a_late_report_says_when_it_was_due(verdicts: dict[tuple[str, str], Verdict]) -> None:
    late = verdicts["report-to-supervisory-board", "bad-a-day-late"]
    assert late.outcome == "failed"
    assert any("2018-10-10" in part.text.zh for part in late.remedy)
    assert any("2018-10-11" in part.text.zh and part.node for part in late.facts)
    assert any("第三十九条第二款" in part.text.zh for part in late.chain)


def test_what_is_missing_is_named(verdicts: dict[tuple[str, str], Verdict]) -> None:
    unknown = verdicts["report-to-supervisory-board", "unknown-whether-major"]
    assert unknown.outcome == "cantTell"
    assert any("重大关联交易" in part.text.zh for part in unknown.missing)
    unreported = verdicts["report-to-supervisory-board", "unknown-no-report"]
    assert any("报告监事会" in part.text.zh for part in unreported.missing)


def test_what_does_not_apply_says_why(verdicts: dict[tuple[str, str], Verdict]) -> None:
    ordinary = verdicts["report-to-supervisory-board", "inapplicable-ordinary"]
    assert any("一般关联交易" in part.text.zh for part in ordinary.chain)


def test_every_part_of_every_explanation_is_bilingual(verdicts: dict[tuple[str, str], Verdict]) -> None:
    for verdict in verdicts.values():
        for part in [*verdict.facts, *verdict.missing, *verdict.limit, *verdict.remedy, *verdict.chain]:
            assert part.text.zh
            assert part.text.en
        if verdict.outcome == "failed":
            assert verdict.remedy, verdict.norm
        if verdict.outcome == "cantTell":
            assert verdict.missing, verdict.norm


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_verdicts_of_one_outcome_are_explained_as_among_all(outcome: str, knowledge: Knowledge) -> None:
    facts = [fact for folder in (LATE, COMPOSITE) for fact in casework.facts(folder)]
    every, some = (assess(facts, knowledge, explained=explained) for explained in (OUTCOMES, {outcome}))
    wanted = [verdict for verdict in every.verdicts if verdict.outcome == outcome]
    assert [verdict for verdict in some.verdicts if verdict.outcome == outcome] == wanted
    assert some.summary() == every.summary()
    assert set(some.store) == set(every.store)


@pytest.mark.parametrize("folder", [LATE, COMPOSITE, *casework.FOLDERS[50::120]], ids=casework.name)
def test_what_no_question_reads_changes_no_answer(folder: Path, knowledge: Knowledge) -> None:
    """Verdicts and explanations from what the queries are said to read, and from all that there is."""
    facts, found = casework.facts(folder), []
    whole = Knowledge()
    whole.__dict__.update(knowledge.__dict__, asked=([*knowledge.triples, *knowledge.shapes], []))
    del whole.__dict__["columns"]
    for held in (knowledge, whole):
        derived, shapes = derive(facts, held), in_force(held, None)
        results = engines.run(derived.triples, selected(held, shapes))
        judgement = judge(derived.columns, results, shapes, held)
        judgement.explain()
        subjects = judgement.select(held.query("subjects"))
        found.append((sorted(map(str, judgement.verdicts())), sorted(str(sorted(row.items())) for row in subjects)))
    assert found[0] == found[1]


def test_derivations_run_in_strata_and_reach_a_fixpoint(knowledge: Knowledge) -> None:
    facts = casework.facts(LATE)
    derived = derive(facts, knowledge)
    assert set(derived.origin).isdisjoint(facts)
    assert set(derived.origin.values()) <= {name for stratum in strata(knowledge) for name in stratum}
    again = derive([*facts, *derived.origin], knowledge)
    assert not set(again.origin) - set(derived.origin)
