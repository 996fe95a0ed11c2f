"""All cases of all shapes at once: the engines agree, and no case disturbs another."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from guiju import cli, engines, keys
from guiju.columnar import validate as columns
from guiju.derivation import Derived, derive
from guiju.knowledge import Knowledge
from guiju.submission import receive
from guiju.verdicts import selected
from tests import casework, oxigraph_engine, topbraid

CHUNK = 40
"""Folders that TopBraid sees at once: it starts slowly, and slows down with shapes times targets."""


@pytest.fixture(scope="module")
def everything(knowledge: Knowledge) -> Derived:
    return derive([t for folder in casework.FOLDERS for t in casework.facts(folder)], knowledge)


@pytest.fixture(scope="module")
def results(everything: Derived, knowledge: Knowledge) -> list[engines.Result]:
    with pytest.MonkeyPatch.context() as patch:
        # Nothing in the cases is left to the definition.
        patch.delattr(engines, "_pyshacl")
        return engines.run(everything.triples, knowledge.shapes)


def test_cases_are_reported_alike_among_all_others(results: list[engines.Result]) -> None:
    broken = {(result.shape, result.focus) for result in results if result.severity.startswith(keys.SH)}
    for folder in casework.FOLDERS:
        shape = casework.shape(folder)
        for subject in casework.subjects(casework.facts(folder)):
            if casework.expected(subject) in {"passed", "failed"}:
                assert ((shape, subject) in broken) == (casework.expected(subject) == "failed"), subject


@pytest.mark.skipif(topbraid.missing() is not None, reason=str(topbraid.missing()))
@pytest.mark.parametrize("start", range(0, len(casework.FOLDERS), CHUNK))
def test_topbraid_gives_the_same_results(start: int, knowledge: Knowledge, tmp_path: Path) -> None:
    folders = casework.FOLDERS[start : start + CHUNK]
    derived = derive([t for folder in folders for t in casework.facts(folder)], knowledge)
    shapes = selected(knowledge, [casework.shape(folder) for folder in folders])
    own = engines.run(derived.triples, shapes)
    witness = topbraid.run(derived.triples, shapes, tmp_path)
    only = Counter(f"ours only: {r.shape}" for r in set(own) - set(witness))
    only += Counter(f"TopBraid only: {r.shape}" for r in set(witness) - set(own))
    assert not only
    assert len(witness) > len(folders)


def test_a_second_engine_gives_the_same_results(
    everything: Derived, results: list[engines.Result], knowledge: Knowledge
) -> None:
    assert set(results) == oxigraph_engine.results(everything.triples, knowledge.shapes)
    assert {result.component for result in results} == {*_components(knowledge), columns.NODE}


def _components(knowledge: Knowledge) -> set[str]:
    return {component.value for component in knowledge.parameters}


def test_an_engine_that_is_not_known_is_named() -> None:
    with pytest.raises(ValueError, match="columnar, pyshacl"):
        engines.run([], [], "other")


@pytest.mark.skipif(topbraid.missing() is not None, reason=str(topbraid.missing()))
def test_the_bundle_and_the_derived_facts_are_all_that_another_engine_needs(
    knowledge: Knowledge, tmp_path: Path
) -> None:
    facts, shapes = tmp_path / "facts.ttl", tmp_path / "shapes.ttl"
    sample = Path(cli.__file__).parent / "samples" / "company-in-trouble.ttl"
    facts.write_text(_guiju("derive", str(sample)), encoding="utf-8")
    shapes.write_text(_guiju("bundle"), encoding="utf-8")
    submission = receive([str(sample)], knowledge)
    own = engines.run(derive(submission.triples, knowledge).triples, knowledge.shapes)
    assert topbraid.run_files(facts, shapes) == own


def _guiju(*arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "guiju", *arguments], capture_output=True, text=True, check=True
    ).stdout
