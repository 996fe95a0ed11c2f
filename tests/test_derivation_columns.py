"""Derivations on columns conclude what Oxigraph concludes, each triple by the same query."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, Triple, parse

from guiju.derivation import derive
from guiju.knowledge import Knowledge
from guiju.submission import skolemised
from tests import casework, groups, oxigraph_derivation
from tests.benchmarks.generate import submissions

SAMPLES = sorted((Path(__file__).parent.parent / "src" / "guiju" / "samples").glob("*.ttl"))


def _read(text: str | bytes) -> list[Triple]:
    return skolemised([quad.triple for quad in parse(text, format=RdfFormat.TURTLE)])


def _same(facts: list[Triple], knowledge: Knowledge) -> int:
    """How many conclusions there are, which both draw."""
    derived = derive(facts, knowledge)
    assert derived.origin == oxigraph_derivation.derive(derived.facts, derived.calendar_days, knowledge)
    return len(derived.origin)


@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: file.stem)
def test_of_a_sample(file: Path, knowledge: Knowledge, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "guiju.derivation"):
        assert _same(_read(file.read_bytes()), knowledge)
    assert not caplog.records, "a query was left to a store"


def test_of_generated_submissions(knowledge: Knowledge) -> None:
    assert _same(_read(submissions(2, scale=0.2)), knowledge)


@pytest.mark.parametrize("part", range(4))
def test_of_all_cases(part: int, knowledge: Knowledge, caplog: pytest.LogCaptureFixture) -> None:
    """The cases of many shapes together, as one set of facts."""
    facts = [triple for folder in casework.FOLDERS[part::4] for triple in casework.facts(folder)]
    with caplog.at_level(logging.INFO, "guiju.derivation"):
        assert _same(facts, knowledge) > len(facts)
    assert not caplog.records, "a query was left to a store"


@pytest.mark.parametrize("seed", [5, 6])
def test_of_random_groups(seed: int, knowledge: Knowledge) -> None:
    found = groups.groups(seed, 30, lambda chance: chance.randint(2, 9))
    assert _same(_read(groups.HEAD + "".join(map(groups.turtle, found))), knowledge)
