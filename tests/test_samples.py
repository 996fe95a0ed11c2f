"""The bundled samples, judged: which outcomes each is there to show, line by line against ``tests/golden/samples``.

A golden file has a line for every verdict: outcome, key of the norm and local name of the subject, in that order and
sorted. After a change of law or sample that is meant, ``python -m tests.test_samples`` writes them anew; read the diff.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from guiju.knowledge import Knowledge
from guiju.submission import receive
from guiju.verdicts import Verdict, assess

SAMPLES = sorted((Path(__file__).parents[1] / "src" / "guiju" / "samples").glob("*.ttl"))
GOLDEN = Path(__file__).parent / "golden" / "samples"
SOUND, TROUBLED, REAL, GROUP = "sound-company", "company-in-trouble", "debt-equity-swap-qa-2018", "amc-group"
LAW = {GROUP: "amc-consolidated-supervision-2011"}
"""The document whose norms are asked of a sample, where it is not the 2018 measures."""

Judged = dict[str, list[Verdict]]


@pytest.fixture(scope="module")
def judged(knowledge: Knowledge) -> Judged:
    """The verdicts on every sample."""
    return {file.stem: _judge(file, knowledge) for file in SAMPLES}


def test_these_are_the_samples() -> None:
    assert [file.stem for file in SAMPLES] == [GROUP, TROUBLED, REAL, SOUND]


@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: file.stem)
def test_verdicts_are_the_golden_ones(file: Path, judged: Judged) -> None:
    wanted = (GOLDEN / f"{file.stem}.txt").read_text(encoding="utf-8").splitlines()
    assert list(_lines(judged[file.stem])) == wanted


def test_the_sound_company_keeps_every_rule(judged: Judged) -> None:
    assert {verdict.outcome for verdict in judged[SOUND]} == {"passed", "inapplicable"}
    assert len(_norms(judged[SOUND], "passed")) >= 290


def test_the_troubled_company_breaks_rules_in_many_ways(judged: Judged) -> None:
    failed = [verdict for verdict in judged[TROUBLED] if verdict.outcome == "failed"]
    assert len(_norms(judged[TROUBLED], "failed")) >= 40
    assert {verdict.severity for verdict in failed} == {"violation", "warning", "info"}
    assert all(_norms(judged[TROUBLED], outcome) for outcome in ("passed", "cantTell", "inapplicable"))
    for verdict in failed:
        assert verdict.facts or verdict.chain, f"{verdict.key} does not say what it rests on"
        assert verdict.limit, f"{verdict.key} does not say what it asks for"
        assert verdict.remedy, f"{verdict.key} does not say what would put it right"


def test_the_group_is_mostly_in_order_and_its_faults_say_what_to_do(judged: Judged) -> None:
    outcomes = [verdict.outcome for verdict in judged[GROUP]]
    assert outcomes.count("passed") > 10 * outcomes.count("failed") > 100
    assert 0 < outcomes.count("cantTell") < 10
    for verdict in judged[GROUP]:
        if verdict.outcome == "failed":
            assert (verdict.facts or verdict.chain) and verdict.limit, verdict.key
            assert verdict.remedy, verdict.key
            assert not any("使其属于" in part.text.zh for part in verdict.remedy), f"{verdict.key} names a class only"


def test_the_real_text_leaves_nearly_everything_open(judged: Judged) -> None:
    outcomes = [verdict.outcome for verdict in judged[REAL]]
    assert "failed" not in outcomes
    assert outcomes.count("passed") < 5
    early = [v for v in judged[REAL] if v.because and v.because.endswith("BeforeEntryIntoForce")]
    assert {verdict.outcome for verdict in early} == {"inapplicable"}


def _judge(file: Path, knowledge: Knowledge) -> list[Verdict]:
    facts = receive([str(file)], knowledge).triples
    return assess(facts, knowledge, documents=[LAW.get(file.stem, "aic-measures-2018")]).verdicts


def _lines(verdicts: list[Verdict]) -> Iterator[str]:
    yield from sorted(f"{v.outcome}\t{v.key}\t{v.subject.rsplit('/', 1)[-1]}" for v in verdicts)


def _norms(verdicts: list[Verdict], outcome: str) -> set[str]:
    return {verdict.norm for verdict in verdicts if verdict.outcome == outcome}


if __name__ == "__main__":
    the_knowledge = Knowledge()
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for sample in SAMPLES:
        text = "\n".join(_lines(_judge(sample, the_knowledge))) + "\n"
        (GOLDEN / f"{sample.stem}.txt").write_text(text, encoding="utf-8")
