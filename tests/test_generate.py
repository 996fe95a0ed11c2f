"""The facts that the benchmarks are run on are facts: read as any others, and of every kind."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, RdfFormat, parse

from guiju import keys
from guiju.completion import Index, index
from guiju.knowledge import Knowledge
from guiju.submission import receive
from guiju.verdicts import assess
from tests.benchmarks import vary
from tests.benchmarks.generate import write

OUTCOMES = {"passed", "failed", "cantTell"}


@pytest.fixture(scope="module")
def shapes(knowledge: Knowledge) -> Index:
    return index(knowledge.shapes)


@pytest.mark.parametrize("profile", vary.PROFILES)
def test_both_formats_say_the_same_and_a_seed_always_the_same(profile: str, tmp_path: Path) -> None:
    found = {}
    for name, seed in (("one.nt", 1), ("one.ttl", 1), ("again.nt", 1), ("two.nt", 2)):
        write(profile, 60, tmp_path / name, seed)
        form = RdfFormat.TURTLE if name.endswith("ttl") else RdfFormat.N_TRIPLES
        found[name] = {quad.triple for quad in parse(path=str(tmp_path / name), format=form)}
    assert found["one.nt"] == found["one.ttl"] == found["again.nt"]
    assert found["one.nt"] != found["two.nt"]


@pytest.mark.parametrize("profile", vary.PROFILES)
def test_an_institution_has_some_120_triples_however_many_there_are(profile: str) -> None:
    lengths = []
    for institutions in (1000, 2000):
        text = "".join(vary.submissions(profile, institutions))
        lengths.append(text.count("\n") / institutions)
    assert all(105 < length < 135 for length in lengths), lengths
    assert all(abs(after / before - 1) < 0.1 for before, after in pairwise(lengths))


@pytest.mark.parametrize(
    "profile, document", [("aic", "aic-measures-2018"), ("amc", "amc-consolidated-supervision-2011")]
)
def test_every_kind_of_shape_meets_facts_that_are_sound_in_breach_and_incomplete(
    profile: str, document: str, knowledge: Knowledge, shapes: Index
) -> None:
    sent = "".join(vary.submissions(profile, 500, seed=5)).encode()
    facts = receive([("facts.nt", sent, "ntriples")], knowledge)  # which refuses what could not be judged
    found = assess(facts.triples, knowledge, documents=[document], explained=())
    components = {name: component for component, names in knowledge.parameters.items() for name in names}
    outcomes = defaultdict[str, set[str]](set)
    for verdict in found.verdicts:
        for name in shapes[NamedNode(verdict.shape)]:
            if name in components:
                outcomes[keys.local(components[name].value)].add(verdict.outcome)
    missing = [(name, wanted) for name, seen in outcomes.items() for wanted in OUTCOMES - seen]
    # The rarest (both of two ratios too low, one stage before another) are left to chance.
    assert len(outcomes) > 8 and len(missing) < 3, missing
