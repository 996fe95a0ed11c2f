"""Engines held against each other on invented facts: who votes, what is compared, and who decides where they differ.

pySHACL is the definition. The engine on Oxigraph, which is fast enough to vote on everything, and TopBraid are
witnesses; where one of them differs from the product, the definition is asked, and a difference that the definition
shares with the product is the witness's own, and counted as that.
"""

from __future__ import annotations

import logging
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from pyoxigraph import NamedNode, Triple

from guiju import completion, engines, keys
from guiju.derivation import derive
from guiju.engines import Result
from guiju.knowledge import Knowledge
from guiju.verdicts import selected
from tests import casework, oxigraph_engine, topbraid
from tests.bent import SUBCLASS, TYPE, Batch, Draw, Values, ends
from tests.toy import GOLDEN, Toy, read

Pair = tuple[str, str, str]
"""Shape, component and target."""
NODE = keys.SH + "NodeConstraintComponent"
DEFINITION, OXIGRAPH, TOPBRAID = "pySHACL", "Oxigraph", "TopBraid"
_AIMS = NamedNode(keys.SH + "targetClass")


def pairs(batch: Batch) -> set[Pair]:
    """What is to be judged: each target of each shape by each component, of shapes that it points to as well."""
    shapes = completion.index(batch.shapes)
    owner = {
        name: component.value
        for component, about in list(shapes.items())
        if isinstance(component, NamedNode) and completion.COMPONENT in about.get(TYPE.value, ())
        for name in completion.parameters(shapes, component)
    }
    instances: dict[object, set[str]] = {}
    below: dict[object, set[object]] = {}
    for subject, predicate, value in batch.facts:
        if predicate == TYPE and isinstance(subject, NamedNode):
            instances.setdefault(value, set()).add(subject.value)
        if predicate == SUBCLASS:
            below.setdefault(value, set()).add(subject)

    def components(shape: object) -> set[str]:
        about = shapes.get(shape, {})  # type: ignore[call-overload]
        own = {owner[name] for name in about if name in owner}
        return own.union(*(components(nested) for nested in about.get(keys.SH + "node", ())))

    found = set()
    for shape, about in list(shapes.items()):
        classes: set[object] = set()
        fresh: set[object] = set(about.get(keys.SH + "targetClass", ()))
        while fresh:
            classes |= fresh
            fresh = set[object]().union(*(below.get(one, ()) for one in fresh)) - classes
        things = set[str]().union(*(instances.get(one, ()) for one in classes))
        if things and isinstance(shape, NamedNode):
            found |= {(shape.value, component, thing) for component in components(shape) for thing in things}
    return found


@dataclass
class Tally:
    """What came of a comparison, by component."""

    pairs: Counter[str] = field(default_factory=Counter)
    results: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    """Of the pairs, those of shapes that the columns left to the definition, at least in part."""
    compared: dict[str, Counter[str]] = field(default_factory=dict)
    """The pairs on which each witness, and the definition, voted."""
    differing: dict[str, Counter[str]] = field(default_factory=dict)
    """The pairs on which a witness differed from product and definition, which agreed."""
    wrong: list[str] = field(default_factory=list)
    """Where the product differs from the definition: none may be."""
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, batch: Batch, product: set[Result], left: dict[str, str], votes: dict[str, set[Result]]) -> None:
        """Take in a batch: what the product found, what it left, and what others found."""
        judged = pairs(batch)
        owner = {(shape, thing): component for shape, component, thing in judged}
        self.pairs.update(component for _, component, _ in judged)
        self.left.update(component for shape, component, _ in judged if shape in left)
        self.reasons.update(set(left.values()))
        self.results.update(_component(result, owner) for result in product)
        for voter, found in votes.items():
            self.compared.setdefault(voter, Counter()).update(component for _, component, _ in judged)
            if voter == DEFINITION:
                self.decide(product, found)
            else:
                differing = (_component(result, owner) for result in found ^ product)
                self.differing.setdefault(voter, Counter()).update(differing)

    def decide(self, product: set[Result], definition: set[Result]) -> None:
        """Note where the product is not what the definition says."""
        self.wrong += [f"{'product' if r in product else 'definition'} only: {r}" for r in sorted(product ^ definition)]

    def least(self, voter: str, components: Iterable[str]) -> int:
        """On how many pairs of each component a voter has voted at least."""
        return min(self.compared.get(voter, Counter())[component] for component in components)


def compare(batch: Batch, tally: Tally, voters: Iterable[str]) -> None:
    """Put a batch to the product and to some of the others; where they differ, to the definition.

    A batch on which the definition fails, as pySHACL does where it has to compute with some ill-typed literals, is
    counted among the reasons alone.
    """
    try:
        with left() as reasons:
            product = set(engines.run(batch.facts, batch.shapes, engines.COLUMNAR))
        votes = {voter: _VOTERS[voter](batch) for voter in voters}
    except RuntimeError as failure:
        tally.reasons[str(failure)] += 1
        return
    tally.add(batch, product, reasons, votes)
    doubtful = {result.shape for found in votes.values() for result in found ^ product}
    if DEFINITION not in votes and doubtful:
        asked = Batch(batch.facts, [t for t in batch.shapes if t.predicate != _AIMS or t.subject.value in doubtful])  # type: ignore[union-attr]
        tally.decide({result for result in product if result.shape in doubtful}, _definition(asked))


def _definition(batch: Batch) -> set[Result]:
    return set(engines.run(batch.facts, batch.shapes, engines.PYSHACL))


def _oxigraph(batch: Batch) -> set[Result]:
    return oxigraph_engine.results(batch.facts, batch.shapes)


def _topbraid(batch: Batch) -> set[Result]:
    with TemporaryDirectory() as folder:
        return set(topbraid.run(batch.facts, batch.shapes, Path(folder)))


_VOTERS: dict[str, Callable[[Batch], set[Result]]] = {
    DEFINITION: _definition,
    OXIGRAPH: _oxigraph,
    TOPBRAID: _topbraid,
}


class _Heard(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.left: dict[str, str] = {}

    def emit(self, record: logging.LogRecord) -> None:
        shape, _, reason = record.getMessage().partition(" ")
        self.left[shape] = re.sub(r"^.*?: ", "", reason)


@contextmanager
def left() -> Iterator[dict[str, str]]:
    """Which shapes the columns leave to the definition, with the reason: as the engine says it."""
    heard, log = _Heard(), logging.getLogger(engines.__name__)
    level = log.level
    log.addHandler(heard)
    log.setLevel(logging.INFO)
    try:
        yield heard.left
    finally:
        log.removeHandler(heard)
        log.setLevel(level)


def real(knowledge: Knowledge, rng: random.Random, folders: int = 3) -> Batch:
    """Cases of some shapes of the law, bent before the derivations and after them."""
    chosen = rng.sample(casework.FOLDERS, folders)
    facts = [t for folder in chosen for t in casework.facts(folder)]
    shapes = selected(knowledge, [casework.shape(folder) for folder in chosen])
    return Batch(_bent(facts, knowledge, rng), shapes)


def toy(rng: random.Random) -> Batch:
    """The invented submission against the invented law, bent likewise."""
    knowledge = Toy()
    return Batch(_bent(read([GOLDEN / "submission.ttl"]), knowledge, rng), knowledge.shapes)


def _bent(facts: list[Triple], knowledge: Knowledge, rng: random.Random) -> list[Triple]:
    draw = Draw(rng, Values.PLAIN, ends(knowledge.calendar.first, knowledge.calendar.last))
    return list(draw.bent(list(derive(draw.bent(facts), knowledge).triples)))


def _component(result: Result, owner: dict[tuple[str, str], str]) -> str:
    """The component of a result; of one that a nested shape gave, that of the nested shape."""
    return owner[result.shape, result.focus] if result.component == NODE else result.component
