"""GROUP BY: a table of solutions for each set of values, and sums, counts, extremes and texts of them, exact."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from guiju.columnar.expressions import Evaluator, Exact, Nodes, Numbers, Texts, largest
from guiju.columnar.plan import Aggregate, Grouped
from guiju.columnar.table import Mask, Table
from guiju.columnar.terms import UNBOUND, Ids, Kind, Unsupported, once

_Which = NDArray[np.int64]


def aggregated(step: Grouped, table: Table, evaluator: Evaluator) -> Table:
    """The solutions of a grouped step, from those of its group."""
    if step.by is None:
        found, which = Table({}, 1), np.zeros(table.length, np.int64)
    else:
        found, which = Table({name: table[name] for name in step.by}, table.length).distinct()
    for aggregate in step.aggregates:
        column = _column(aggregate, table, which, found.length, evaluator)
        found = found.extended(aggregate.name, column)
    return found


def _column(aggregate: Aggregate, table: Table, which: _Which, count: int, evaluator: Evaluator) -> Ids:
    if aggregate.value is None:
        return evaluator.integers(np.bincount(which, minlength=count))
    ids = evaluator.column(aggregate.value, table)
    if aggregate.distinct:
        once, _ = Table({"group": which.astype(np.int32), "value": ids}, table.length).distinct()
        which, ids = once["group"].astype(np.int64), once["value"]
    if aggregate.function == "GROUP_CONCAT":
        return _joined(ids, which, count, evaluator, aggregate.separator)
    valid = ids != UNBOUND
    if aggregate.function == "COUNT":
        return evaluator.integers(np.bincount(which[valid], minlength=count))
    # One error among its values makes the whole of a group an error.
    sound = np.ones(count, np.bool_)
    sound[which[~valid]] = False
    which, ids = which[valid], ids[valid]
    if aggregate.function == "SUM":
        return _sums(ids, which, sound, evaluator)
    return _extremes(ids, which, sound, evaluator, aggregate.function == "MIN")


def _sums(ids: Ids, which: _Which, sound: Mask, evaluator: Evaluator) -> Ids:
    numbers = evaluator.numbers(Nodes(ids))
    sound[which[~numbers.valid]] = False
    whole = np.ones(len(sound), np.bool_)
    whole[which[~numbers.whole]] = False
    values = numbers.values
    if largest(values) * max(len(values), 1) >= 2**62:
        values = values.astype(object)
        evaluator.summable(values, numbers.scale, which, len(sound))
    totals: Exact = np.zeros(len(sound), values.dtype)
    np.add.at(totals, which, values)
    return evaluator.ids(evaluator.within(Numbers(totals, numbers.scale, sound, whole)))


def _joined(ids: Ids, which: _Which, count: int, evaluator: Evaluator, separator: str) -> Ids:
    """The texts of each group one after another, in the order of the rows."""
    parts: list[list[bytes]] = [[] for _ in range(count)]
    for place, text in zip(which.tolist(), evaluator.plain(ids), strict=True):
        parts[place].append(text)
    between = separator.encode()
    return evaluator.ids(Texts([between.join(part) for part in parts], np.ones(count, np.bool_)))


def _extremes(ids: Ids, which: _Which, sound: Mask, evaluator: Evaluator, least: bool) -> Ids:
    """The greatest or least value of each group."""
    values, kinds = evaluator.ordered(ids)
    if len(ids) and (kinds == kinds[0]).all() and kinds[0] in (Kind.STRING, Kind.RESOURCE):
        values, kinds = evaluator.placed(ids), np.full(len(ids), Kind.INTEGER, np.int8)
    if values.dtype == object:
        order = np.array(sorted(range(len(ids)), key=lambda row: (which[row], values[row])), np.int64)
    else:
        order = np.lexsort((values, which))
    which, ids, values, kinds = which[order], ids[order], values[order], kinds[order]
    last = np.append(which[1:] != which[:-1], np.ones(min(len(which), 1), np.bool_))
    first = np.append(np.ones(min(len(which), 1), np.bool_), which[1:] != which[:-1])
    for kind in once(kinds).tolist():
        if kind not in (Kind.INTEGER, Kind.DECIMAL, Kind.DATE) or (kind == Kind.DATE and (kinds != kind).any()):
            raise Unsupported("the greatest of values that are neither numbers nor days")
    if ((values[1:] == values[:-1]) & ~last[:-1] & (ids[1:] != ids[:-1])).any():
        raise Unsupported("the greatest of numbers that are equal and written in two ways")
    found = np.full(len(sound), UNBOUND, np.int32)
    chosen = first if least else last
    found[which[chosen]] = ids[chosen]
    return np.where(sound, found, np.int32(UNBOUND))
