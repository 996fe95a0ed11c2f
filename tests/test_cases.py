"""Every shape against its own cases, in pySHACL, which is the definition, and in the default engine.

A case's expectation is in its name: ``good-…`` passes, ``bad-…`` fails, ``unknown-…`` is not known and
``inapplicable-…`` does not apply. Nothing else in the folder may fail.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, parse

from guiju import engines, keys
from guiju.derivation import derive
from guiju.knowledge import Knowledge
from guiju.submission import skolemised
from guiju.verdicts import judge, selected

CASES = Path(__file__).parent / "cases"
EXPECTED = {"good": "passed", "bad": "failed", "unknown": "cantTell", "inapplicable": "inapplicable"}
FOLDERS = sorted(folder for folder in CASES.glob("*/*") if folder.is_dir())


def _expected(subject: str) -> str | None:
    name = subject.rsplit("/", 1)[-1]
    return EXPECTED.get(name.split("-")[0])


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_shape_passes_and_catches_its_cases(folder: Path, knowledge: Knowledge) -> None:
    shape = keys.parse(f"{folder.parent.name}/{folder.name}").shape
    shapes = selected(knowledge, [shape])
    assert shape in {t.subject.value for t in shapes if hasattr(t.subject, "value")}, f"no shape {shape}"
    facts = skolemised([
        quad.triple
        for file in sorted(folder.glob("*.ttl"))
        for quad in parse(path=str(file), format=RdfFormat.TURTLE, rename_blank_nodes=True)
    ])
    named = {t.subject.value for t in facts if hasattr(t.subject, "value") and _expected(t.subject.value)}
    derived = derive(facts, knowledge)
    fast = engines.run(derived.triples, shapes, engines.DEFAULT)
    assert fast == engines.run(derived.triples, shapes, "pyshacl"), "the engines disagree"
    outcomes = {
        verdict.subject: verdict.outcome for verdict in judge(derived, fast, [shape], knowledge)[0]
    }
    wrong = {
        subject.rsplit("/", 1)[-1]: outcomes.get(subject, "not a subject of the shape")
        for subject in named
        if outcomes.get(subject) != _expected(subject)
    }
    assert not wrong, f"outcomes that differ from the names: {wrong}"
    stray = [s for s, outcome in outcomes.items() if outcome == "failed" and _expected(s) != "failed"]
    assert not stray, f"reported though not named bad-: {stray}"
    assert {"passed", "failed", "cantTell"} <= set(outcomes.values()), "needs good-, bad- and unknown- cases"


def test_every_shape_has_cases(knowledge: Knowledge) -> None:
    shapes = {
        str(keys.parse(t.subject.value))
        for t in knowledge.authored_shapes
        if hasattr(t.subject, "value") and t.subject.value.startswith(keys.SHAPE)
    }
    folders = {f"{folder.parent.name}/{folder.name}" for folder in FOLDERS}
    assert shapes == folders, f"without cases: {shapes - folders}; without shape: {folders - shapes}"
