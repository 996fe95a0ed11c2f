"""Facts as columns: for each predicate its subjects and objects, sorted both ways."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pyoxigraph import Triple

from guiju.columnar.terms import Ids, Kind, Terms

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Lookup:
    """What stands on the other side of each key: ``values[starts[k]:starts[k + 1]]`` belong to ``keys[k]``."""

    keys: Ids
    starts: Rows
    values: Ids

    @classmethod
    def of(cls, keys: Ids, values: Ids) -> Lookup:
        order = np.lexsort((values, keys))
        distinct, first = np.unique(keys[order], return_index=True)
        return cls(distinct, np.append(first, len(keys)).astype(np.int64), values[order])

    def find(self, ids: Ids) -> tuple[Rows, Ids]:
        """For each id all that belongs to it: the places of the ids, repeated as need be, and the values."""
        if not len(self.keys) or not len(ids):
            return np.empty(0, np.int64), np.empty(0, np.int32)
        place = np.minimum(np.searchsorted(self.keys, ids), len(self.keys) - 1)
        hit = np.flatnonzero(self.keys[place] == ids)
        place = place[hit]
        counts = self.starts[place + 1] - self.starts[place]
        ends = np.cumsum(counts)
        offsets = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)
        return np.repeat(hit, counts), self.values[np.repeat(self.starts[place], counts) + offsets]

    @property
    def width(self) -> float:
        """How many values a key has on average."""
        return len(self.values) / max(len(self.keys), 1)


class Relation:
    """The pairs of subject and object of one predicate, each once."""

    def __init__(self, subjects: Ids, objects: Ids, kinds: NDArray[np.int8]) -> None:
        self.pairs = np.unique(joined(subjects, objects))
        self.subjects = (self.pairs >> 32).astype(np.int32)
        self.objects = (self.pairs & 0xFFFFFFFF).astype(np.int32)
        self.odd = bool((kinds == Kind.ODD).any())
        """Whether an object is a literal that must not be compared."""

    def __len__(self) -> int:
        return len(self.pairs)

    @cached_property
    def by_subject(self) -> Lookup:
        return Lookup.of(self.subjects, self.objects)

    @cached_property
    def by_object(self) -> Lookup:
        return Lookup.of(self.objects, self.subjects)

    def holds(self, subjects: Ids, objects: Ids) -> NDArray[np.bool_]:
        """Which of the pairs are facts."""
        return among(self.pairs, joined(subjects, objects))


class Facts:
    """A set of triples, by predicate, over a dictionary of terms."""

    def __init__(self, triples: Iterable[Triple]) -> None:
        self.terms = Terms()
        self.relations: dict[int, Relation] = {}
        self.add(triples)

    def add(self, triples: Iterable[Triple]) -> None:
        """Take in more triples."""
        rows = self.terms.encode(triples)
        rows = rows[np.argsort(rows[:, 1], kind="stable")]
        predicates, first = np.unique(rows[:, 1], return_index=True)
        for predicate, own in zip(predicates.tolist(), np.split(rows, first[1:]), strict=bool(len(rows))):
            subjects, objects = np.ascontiguousarray(own[:, 0]), np.ascontiguousarray(own[:, 2])
            known = self.relations.get(predicate)
            if known is not None:
                subjects, objects = np.append(known.subjects, subjects), np.append(known.objects, objects)
            self.relations[predicate] = Relation(subjects, objects, self.terms.kinds(objects))


def joined(left: Ids, right: Ids) -> Rows:
    """Two columns as one of twice the width."""
    return (left.astype(np.int64) << 32) | right.astype(np.int64)


def among(pairs: Rows, wanted: Rows) -> NDArray[np.bool_]:
    """Which of the wanted stand in a sorted column."""
    if not len(pairs):
        return np.zeros(len(wanted), np.bool_)
    place = np.minimum(np.searchsorted(pairs, wanted), len(pairs) - 1)
    return np.asarray(pairs[place] == wanted)


def reached(starts: Ids, lookup: Lookup, none: bool) -> Rows:
    """Each start with all that it leads to, step after step, as a sorted column of pairs; with ``none`` also itself."""
    fresh = np.unique(joined(starts, starts))
    seen = fresh if none else fresh[:0]
    while len(fresh):
        rows, found = lookup.find((fresh & 0xFFFFFFFF).astype(np.int32))
        fresh = np.setdiff1d(joined((fresh[rows] >> 32).astype(np.int32), found), seen)
        seen = np.union1d(seen, fresh)
    return seen
