"""What has to be judged together, and what need not: facts that speak of the same thing, directly or through others.

A corporate group is such a group: whoever holds, controls, guarantees or deals with somebody speaks of both. Nothing
that a verdict rests on lies outside the group, except what the knowledge base says to all: two facts that have only
its own terms or values in common say nothing about each other. The queries and components are held to that by the
tests. Large data are divided by it, and what changes is judged again by it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Hashable, Iterable, Iterator, Mapping
from typing import Generic, TypeVar

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from guiju import keys

_TYPE = keys.RDF + "type"

Name = TypeVar("Name", bound=Hashable)


class Union(Generic[Name]):
    """Names, each of which belongs to one set with those that it was joined with."""

    def __init__(self) -> None:
        self._above: dict[Name, Name] = {}

    def top(self, name: Name) -> Name:
        """The one that stands for all of a set; a name that is new is a set of its own."""
        above = self._above
        found = above.setdefault(name, name)
        while found != name:
            # Each step halves the way for who comes after.
            above[name] = found = above[found]
            name, found = found, above[found]
        return found

    def join(self, one: Name, other: Name) -> None:
        """Make one set of two; the first stands for it."""
        first, second = self.top(one), self.top(other)
        if first != second:
            self._above[second] = first

    def __iter__(self) -> Iterator[Name]:
        return iter(self._above)


def things(
    triple: Triple, words: Container[str], known: Container[str] = frozenset()
) -> Iterator[NamedNode | BlankNode]:
    """What a fact speaks of and thereby ties together: its subject, and its object where that is a thing.

    A class is none, nor is a term of ours where terms are meant: ``words`` are the properties that take them
    (:attr:`guiju.knowledge.Knowledge.words`). ``known`` are IRIs that tie nobody together. What is said of a term of
    ours is no fact.
    """
    subject, predicate, value = triple
    if isinstance(subject, NamedNode) and subject.value.startswith(keys.BASE):
        return
    if not isinstance(subject, NamedNode) or subject.value not in known:
        yield subject
    if isinstance(value, Literal) or predicate.value == _TYPE:
        return
    if isinstance(value, NamedNode):
        iri = value.value
        if iri in known or (iri.startswith(keys.BASE) and (predicate.value in words or not _ours(predicate))):
            return
    yield value


def parted(triples: Iterable[Triple], words: Container[str]) -> list[list[Triple]]:
    """Facts in groups that can be judged apart, each in the order given, by the first of each."""
    joined: Union[NamedNode | BlankNode] = Union()
    facts = list(triples)
    for triple in facts:
        for thing in things(triple, words):
            joined.join(triple.subject, thing)  # type: ignore[arg-type]
    found: dict[NamedNode | BlankNode, list[Triple]] = defaultdict(list)
    for triple in facts:
        found[joined.top(triple.subject)].append(triple)  # type: ignore[arg-type]
    return list(found.values())


def groups(units: Iterable[str], shared: Iterable[Iterable[str]]) -> list[list[str]]:
    """The units in groups: those of one set in ``shared`` belong together. Units and groups in the order of names."""
    joined: Union[str] = Union()
    for unit in units:
        joined.top(unit)
    for together in shared:
        first, *others = together
        for other in others:
            joined.join(first, other)
    members: dict[str, list[str]] = defaultdict(list)
    for unit in sorted(joined):
        members[joined.top(unit)].append(unit)
    return sorted(members.values())


def packed(found: Iterable[list[str]], sizes: Mapping[str, int], most: int) -> dict[str, tuple[int, int]]:
    """For each unit its bucket and its group, by number.

    A bucket is judged at once, and holds groups of ``most`` statements in all, or a single group that has more.
    """
    units = list(found)
    buckets = filled((sum(sizes[unit] for unit in group) for group in units), most)
    return {
        unit: (bucket, number)
        for number, (group, bucket) in enumerate(zip(units, buckets, strict=True))
        for unit in group
    }


def filled(sizes: Iterable[int], most: int) -> list[int]:
    """For each group, in order, the number of its bucket, which holds ``most`` in all or a single group of more."""
    buckets, bucket, held = [], 0, 0
    for size in sizes:
        if held and held + size > most:
            bucket, held = bucket + 1, 0
        held += size
        buckets.append(bucket)
    return buckets


def _ours(predicate: NamedNode) -> bool:
    return predicate.value.startswith(keys.BASE)
