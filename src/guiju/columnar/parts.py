"""What has to be judged together (:mod:`guiju.groups`), found for facts in columns."""

from __future__ import annotations

from collections.abc import Container

import numpy as np
from numpy.typing import NDArray
from pyoxigraph import NamedNode, Triple

from guiju import keys
from guiju.columnar.terms import Ids, Kind, Rows, Terms
from guiju.groups import filled, things

_SOMEBODY, _OTHER, _OURS = NamedNode("urn:x"), NamedNode("urn:y"), NamedNode(f"{keys.BASE}y")
_BASE = keys.BASE.encode()


def parts(rows: Rows, terms: Terms, words: Container[str]) -> Ids:
    """For each fact the part that it belongs to, parts numbered by their first facts.

    ``words`` are the properties that take terms of ours (:attr:`guiju.knowledge.Knowledge.words`). Facts of two parts
    say nothing about each other; nobody's own terms are a subject in ``rows``.
    """
    top = _joined(rows[:, 0], tied(rows, terms, words), len(terms))
    _, first, part = np.unique(top[rows[:, 0]], return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int32)
    rank[np.argsort(first)] = np.arange(len(first), dtype=np.int32)
    return rank[part]


def batches(part: Ids, most: int) -> list[NDArray[np.int64]]:
    """Facts in batches of whole parts: the places of each batch's facts, in their order.

    A batch has ``most`` facts in all, or a single part that has more.
    """
    batch = np.array(filled(np.bincount(part).tolist(), most), np.int32)[part]
    order = np.argsort(batch, kind="stable")
    return np.split(order, np.cumsum(np.bincount(batch))[:-1]) if len(part) else []


def tied(rows: Rows, terms: Terms, words: Container[str]) -> Ids:
    """What the subject of each fact is tied to: its object where that is a thing, else nothing but itself."""
    predicates, of = np.unique(rows[:, 1], return_inverse=True)
    # The rule stands in one place, and is asked there for each predicate and each kind of object.
    ties = np.array(
        [
            [len(list(things(Triple(_SOMEBODY, predicate, value), words))) > 1 for value in (_OTHER, _OURS)]  # type: ignore[arg-type]
            for predicate in terms.terms(predicates.tolist())
        ],
        np.bool_,
    ).reshape(-1, 2)
    objects = rows[:, 2]
    resources = terms.kinds(objects) == Kind.RESOURCE
    distinct, which = np.unique(objects[resources], return_inverse=True)
    ours = np.zeros(len(rows), np.int8)
    ours[resources] = np.array([text.startswith(_BASE) for text in terms.words(distinct)], np.int8)[which]
    return np.where(resources & ties[of, ours], objects, rows[:, 0])


def _joined(one: Ids, other: Ids, terms: int) -> Ids:
    """For each term the least of all that it is tied to, directly or through others."""
    top = np.arange(terms, dtype=np.int32)
    while True:
        left, right = top[one], top[other]
        apart = left != right
        if not apart.any():
            return top
        one, other = one[apart], other[apart]
        left, right = left[apart], right[apart]
        np.minimum.at(top, np.maximum(left, right), np.minimum(left, right))
        while (top[top] != top).any():
            top = top[top]
