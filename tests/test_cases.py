"""Every shape against its own cases, in pySHACL, which is the definition, and in columns.

A case's expectation is in its name: ``good-…`` passes, ``bad-…`` fails, ``unknown-…`` is not known and
``inapplicable-…`` does not apply. Nothing else in the folder may fail.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import NamedNode

from guiju import engines, keys
from guiju.derivation import derive
from guiju.knowledge import Knowledge
from guiju.verdicts import Verdict, judge, selected
from tests import casework


@pytest.mark.parametrize("folder", casework.FOLDERS, ids=casework.name)
def test_shape_passes_and_catches_its_cases(folder: Path, knowledge: Knowledge) -> None:
    shape = casework.shape(folder)
    shapes = selected(knowledge, [shape])
    assert NamedNode(shape) in {t.subject for t in shapes}, f"no shape {shape}"
    facts = casework.facts(folder)
    derived = derive(facts, knowledge)
    results = engines.run(derived.triples, shapes)
    assert results == engines.run(derived.triples, shapes, engines.PYSHACL), "the engines disagree"
    # A composite is explained by its parts, so they are judged with it.
    parts = [name for name in casework.shapes_in(shapes) if name != shape]
    judgement = judge(derived.columns, results, [shape, *parts], knowledge)
    judgement.explain()
    verdicts = [verdict for verdict in judgement.verdicts() if verdict.shape == shape]
    outcomes = {verdict.subject: verdict.outcome for verdict in verdicts}
    mistakes = casework.mistakes(facts, outcomes)
    assert not mistakes, f"outcomes that differ from the names, or failures without one: {mistakes}"
    assert {"passed", "failed", "cantTell"} <= set(outcomes.values()), "needs good-, bad- and unknown- cases"
    silent = {verdict.subject.rsplit("/", 1)[-1]: gap for verdict in verdicts if (gap := _unexplained(verdict))}
    assert not silent, f"explanations that say too little: {silent}"


def _unexplained(verdict: Verdict) -> str | None:
    if verdict.outcome == "failed":
        return next((f"no {part}" for part in ("limit", "remedy") if not getattr(verdict, part)), None)
    if verdict.outcome == "cantTell" and not verdict.missing:
        return "nothing is named as missing"
    return "no reason" if verdict.outcome == "inapplicable" and not verdict.chain else None


def test_every_shape_has_cases(knowledge: Knowledge) -> None:
    shapes = {
        str(keys.parse(t.subject.value))
        for t in knowledge.authored_shapes
        if isinstance(t.subject, NamedNode) and t.subject.value.startswith(keys.SHAPE)
    }
    folders = {casework.name(folder) for folder in casework.FOLDERS}
    assert shapes == folders, f"without cases: {shapes - folders}; without shape: {folders - shapes}"
