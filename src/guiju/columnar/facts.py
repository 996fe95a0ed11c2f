"""Facts as columns: for each predicate its subjects and objects, sorted both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyoxigraph import Triple

from guiju.columnar.terms import Ids, Kind, Number, Rows, Terms, once

Pairs = NDArray[np.int64]
"""Two numbers as one of twice the width."""
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Lookup:
    """What stands on the other side of each key: ``values[starts[k]:starts[k + 1]]`` belong to ``keys[k]``."""

    keys: Ids
    starts: Places
    values: Ids

    @classmethod
    def of(cls, pairs: Pairs) -> Lookup:
        """``pairs`` of key and value (see :func:`joined`), sorted."""
        keys = (pairs >> 32).astype(np.int32)
        starts = np.flatnonzero(np.append(np.ones(min(len(keys), 1), np.bool_), keys[1:] != keys[:-1]))
        return cls(keys[starts], np.append(starts, len(keys)), (pairs & 0xFFFFFFFF).astype(np.int32))

    def find(self, ids: Ids) -> tuple[Places, Ids]:
        """For each id all that belongs to it: the places of the ids, repeated as need be, and the values."""
        if not len(self.keys) or not len(ids):
            return np.empty(0, np.int64), np.empty(0, np.int32)
        place = np.minimum(self.keys.searchsorted(ids), len(self.keys) - 1)
        hit = (self.keys[place] == ids).nonzero()[0]
        place = place[hit]
        begin = self.starts[place]
        counts = self.starts[place + 1] - begin
        if not len(hit):
            return hit, self.values[:0]
        if int(counts.max()) == 1:
            return hit, self.values[begin]
        ends = counts.cumsum()
        places = (begin - ends + counts).repeat(counts) + np.arange(ends[-1])
        return hit.repeat(counts), self.values[places]

    def counts(self, ids: Ids) -> Places:
        """How many values belong to each id."""
        if not len(self.keys):
            return np.zeros(len(ids), np.int64)
        place = np.minimum(np.searchsorted(self.keys, ids), len(self.keys) - 1)
        return np.where(self.keys[place] == ids, self.starts[place + 1] - self.starts[place], 0)

    def one(self, number: int) -> Ids:
        """What belongs to one id, sorted."""
        place = self.keys.searchsorted(np.int32(number))
        if place == len(self.keys) or self.keys[place] != number:
            return self.values[:0]
        return self.values[self.starts[place] : self.starts[place + 1]]

    def has(self, ids: Ids) -> NDArray[np.bool_]:
        """To which ids something belongs."""
        return among(self.keys, ids)

    @cached_property
    def width(self) -> float:
        """How many values a key has on average."""
        return len(self.values) / max(len(self.keys), 1)


class Relation:
    """The pairs of subject and object of one predicate, each once; it does not change."""

    def __init__(self, pairs: Pairs, odd: bool) -> None:
        """``pairs`` sorted, each once (see :func:`joined`)."""
        self.pairs = pairs
        self.odd = odd
        """Whether an object is a literal that must not be compared."""

    def __len__(self) -> int:
        return len(self.pairs)

    @cached_property
    def subjects(self) -> Ids:
        return (self.pairs >> 32).astype(np.int32)

    @cached_property
    def objects(self) -> Ids:
        return (self.pairs & 0xFFFFFFFF).astype(np.int32)

    @cached_property
    def turned(self) -> Pairs:
        """The pairs the other way round, sorted."""
        return np.sort(joined(self.objects, self.subjects))

    @cached_property
    def by_subject(self) -> Lookup:
        return Lookup.of(self.pairs)

    @cached_property
    def by_object(self) -> Lookup:
        return Lookup.of(self.turned)

    def holds(self, subjects: Ids, objects: Ids) -> NDArray[np.bool_]:
        """Which of the pairs are facts."""
        return among(self.pairs, joined(subjects, objects))

    def and_(self, pairs: Pairs, odd: bool) -> Relation:
        """With more pairs, which are sorted and none of which it has."""
        found = Relation(_merged(self.pairs, pairs), self.odd or odd)
        if "turned" in self.__dict__:
            turned = np.sort(joined((pairs & 0xFFFFFFFF).astype(np.int32), (pairs >> 32).astype(np.int32)))
            found.__dict__["turned"] = _merged(self.turned, turned)
        return found


NONE = Relation(np.empty(0, np.int64), odd=False)


class Facts:
    """A set of triples, by predicate, over a dictionary of terms."""

    def __init__(self, terms: Terms | None = None) -> None:
        self.terms = Terms() if terms is None else terms
        self.relations: dict[int, Relation] = {}

    def __len__(self) -> int:
        return sum(map(len, self.relations.values()))

    def copy(self, terms: Terms) -> Facts:
        """The same facts over a dictionary that gives their terms the same numbers; neither changes with the other."""
        other = Facts(terms)
        other.relations = dict(self.relations)
        return other

    def take_in(self, triples: Iterable[Triple]) -> Rows:
        """Take in more triples; see :meth:`add`."""
        return self.add(self.terms.encode(triples))

    def add(self, rows: Rows) -> Rows:
        """Take in more triples, as rows of numbers; those that are new, each once."""
        return rows[self.take(rows)]

    def take(self, rows: Rows) -> Places:
        """Take in more triples; the places of those that are new, of equal ones the first, in order."""
        fresh = [np.empty(0, np.int64)]
        order = np.argsort(rows[:, 1], kind="stable")
        predicates, first = np.unique(rows[order, 1], return_index=True)
        for predicate, own in zip(predicates.tolist(), np.split(order, first[1:]), strict=bool(len(rows))):
            pairs, place = np.unique(joined(rows[own, 0], rows[own, 2]), return_index=True)
            known = self.relations.get(predicate, NONE)
            if len(known):
                new = ~among(known.pairs, pairs)
                pairs, place = pairs[new], place[new]
            if not len(pairs):
                continue
            odd = bool((self.terms.kinds((pairs & 0xFFFFFFFF).astype(np.int32)) == Kind.ODD).any())
            self.relations[predicate] = known.and_(pairs, odd)
            fresh.append(own[place])
        return np.sort(np.concatenate(fresh))

    def rows(self) -> Rows:
        """All triples, in order of predicate."""
        parts = [np.empty((0, 3), np.int32)]
        for predicate, relation in self.relations.items():
            constant = np.full(len(relation), predicate, np.int32)
            parts.append(np.stack((relation.subjects, constant, relation.objects), axis=1))
        return np.concatenate(parts)


class Together(Mapping[int, Relation]):
    """The relations of several sets of facts over one dictionary, as they are at the time of asking."""

    def __init__(self, *parts: Facts) -> None:
        self._parts = parts
        self._made: dict[int, tuple[list[Relation], Relation]] = {}

    def __getitem__(self, predicate: int) -> Relation:
        found: Relation | None = self.get(predicate)
        if found is None:
            raise KeyError(predicate)
        return found

    def get(self, predicate: int, default: Any = None) -> Any:
        # Not by way of __getitem__: plans ask for a relation at every step, and for many that are not there.
        own = [relation for part in self._parts if (relation := part.relations.get(predicate)) is not None]
        if len(own) < 2:
            return own[0] if own else default
        made = self._made.get(predicate)
        # A relation does not change, so what was made of the same ones is what would be made again.
        if made is None or len(made[0]) != len(own) or any(a is not b for a, b in zip(made[0], own, strict=True)):
            found, *others = sorted(own, key=len, reverse=True)
            for other in others:
                found = found.and_(other.pairs[~among(found.pairs, other.pairs)], other.odd)
            made = self._made[predicate] = own, found
        return made[1]

    def __iter__(self) -> Iterator[int]:
        return iter(dict.fromkeys(chain.from_iterable(part.relations for part in self._parts)))

    def __len__(self) -> int:
        return len(set(self))


def _merged(left: Pairs, right: Pairs) -> Pairs:
    """Two sorted columns as one."""
    if not len(left) or not len(right):
        return left if len(left) else right
    return np.insert(left, np.searchsorted(left, right), right)


def joined(left: Ids, right: Ids) -> Pairs:
    """Two columns as one of twice the width."""
    return (left.astype(np.int64) << 32) | right.astype(np.int64)


def among(column: NDArray[Number], wanted: NDArray[Number]) -> NDArray[np.bool_]:
    """Which of the wanted stand in a sorted column."""
    if not len(column):
        return np.zeros(len(wanted), np.bool_)
    place = np.minimum(column.searchsorted(wanted), len(column) - 1)
    return np.asarray(column[place] == wanted)


def reached(starts: Ids, follow: Callable[[Ids], tuple[Places, Ids]], none: bool, many: bool = True) -> Pairs:
    """Each start with all that it leads to, as a sorted column of pairs; with ``none`` also itself.

    ``follow`` says for some terms where they lead to (see :meth:`Lookup.find`); with ``many`` it is asked of that, too.
    """
    fresh = once(joined(starts, starts))
    seen = fresh if none else fresh[:0]
    while len(fresh):
        rows, found = follow((fresh & 0xFFFFFFFF).astype(np.int32))
        fresh = once((fresh[rows] & ~0xFFFFFFFF) | found)
        fresh = fresh[~among(seen, fresh)]
        seen = _merged(seen, fresh)
        if not many:
            break
    return seen
