"""What has to be judged together is found in columns as it is found fact by fact."""

from __future__ import annotations

import random
from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from guiju import groups, keys
from guiju.columnar.parts import batches, parts
from guiju.columnar.terms import Terms
from guiju.knowledge import Knowledge
from tests.benchmarks import vary

BELOW = NamedNode(keys.GJ + "follows")
KINDS = NamedNode(keys.GJ + "kind"), NamedNode(keys.RDF + "type"), NamedNode("urn:own"), BELOW


def _both(triples: list[Triple], words: frozenset[str]) -> tuple[set[frozenset[Triple]], set[frozenset[Triple]]]:
    terms = Terms()
    rows = terms.encode(triples)
    found = defaultdict[int, set[Triple]](set)
    for triple, part in zip(triples, parts(rows, terms, words).tolist(), strict=True):
        found[part].add(triple)
    return {frozenset(group) for group in groups.parted(triples, words)}, set(map(frozenset, found.values()))


@pytest.mark.parametrize("seed", range(20))
def test_random_facts_fall_into_the_same_parts(seed: int, knowledge: Knowledge) -> None:
    chance = random.Random(seed)
    count = chance.choice([3, 10, 60])
    own = [NamedNode(f"urn:thing:{number}") for number in range(count)]
    ours: list[NamedNode | Literal] = [
        NamedNode(keys.GJ + "Act"),
        NamedNode(f"{keys.TAXONOMY}act/board-approval"),
        Literal("1"),
        Literal("urn:x"),
    ]
    triples = [Triple(chance.choice(own), chance.choice(KINDS), chance.choice([*own, *ours])) for _ in range(count)]
    one, other = _both(triples, knowledge.words)
    assert one == other


@pytest.mark.parametrize("profile", vary.PROFILES)
def test_submissions_fall_into_the_same_parts(profile: str, knowledge: Knowledge) -> None:
    text = "".join(vary.submissions(profile, 80, seed=4)).encode()
    one, other = _both([quad.triple for quad in parse(text, format=RdfFormat.N_TRIPLES)], knowledge.words)
    assert one == other
    assert len(one) > 4


def test_a_long_chain_is_one_part() -> None:
    things = [NamedNode(f"urn:thing:{number}") for number in range(5000)]
    random.Random(1).shuffle(things)
    chain = [Triple(one, BELOW, other) for one, other in pairwise(things)]
    terms = Terms()
    assert not parts(terms.encode(chain), terms, frozenset()).any()


def test_batches_hold_whole_parts_and_no_more_than_they_may() -> None:
    part = np.array([0, 1, 0, 2, 3, 3, 3, 3, 4, 4], np.int32)
    found = [places.tolist() for places in batches(part, 3)]
    assert found == [[0, 1, 2], [3], [4, 5, 6, 7], [8, 9]]
    assert batches(part[:0], 3) == []
