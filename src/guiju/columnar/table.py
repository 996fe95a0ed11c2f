"""Tables of solutions: a column of term numbers for each variable, and as many rows as there are solutions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guiju.columnar.terms import UNBOUND, Ids

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]


NONE: frozenset[str] = frozenset()


@dataclass(slots=True)
class Table:
    """Columns of one length; a variable without a column is bound in no row. It is not changed once it is made."""

    columns: dict[str, Ids]
    length: int
    gaps: frozenset[str] | None = None
    """The columns that may hold ``UNBOUND``; None where that is not known."""

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def __getitem__(self, name: str) -> Ids:
        """A column, or one of nothing but ``UNBOUND``."""
        found = self.columns.get(name)
        return np.full(self.length, UNBOUND, np.int32) if found is None else found

    def open(self, names: Iterable[str]) -> list[str]:
        """Those of some columns that hold ``UNBOUND``."""
        gaps = self.columns if self.gaps is None else self.gaps
        if not gaps:
            return []
        return [name for name in names if name in gaps and name in self.columns and (self[name] == UNBOUND).any()]

    def take(self, rows: Rows) -> Table:
        """Some rows, in the order given, one as often as it is given."""
        return Table({name: column[rows] for name, column in self.columns.items()}, len(rows), self.gaps)

    def where(self, mask: Mask) -> Table:
        """The rows that a mask marks."""
        rows = mask.nonzero()[0]
        return self if len(rows) == self.length else self.take(rows)

    def extended(self, name: str, column: Ids, whole: bool = False) -> Table:
        """The table with another column; ``whole`` says that it does not hold ``UNBOUND``."""
        gaps = self.gaps
        if gaps is not None:
            gaps = gaps - {name} if whole else gaps | {name}
        return Table({**self.columns, name: column}, self.length, gaps)

    def only(self, names: Iterable[str]) -> Table:
        """The table without its other columns; all rows remain."""
        columns = self.columns
        return Table({name: columns[name] for name in names if name in columns}, self.length, self.gaps)

    def without(self, *names: str) -> Table:
        """The table without some columns."""
        return self.only([name for name in self.columns if name not in names])

    def crossed(self, columns: dict[str, Ids], length: int, gaps: frozenset[str] | None = NONE) -> Table:
        """Each row with each row of some columns that the table does not have."""
        if not self.columns and self.length == 1:
            return Table(columns, length, gaps)
        own = {name: np.repeat(column, length) for name, column in self.columns.items()}
        others = {name: np.tile(column, self.length) for name, column in columns.items()}
        return Table({**own, **others}, self.length * length, _either(self.gaps, gaps))

    def distinct(self) -> tuple[Table, Rows]:
        """Each row once, and for each row of this table which of those it is."""
        if self.length < 2 or not self.columns:
            return self.take(np.zeros(min(self.length, 1), np.int64)), np.zeros(self.length, np.int64)
        first, which = _numbered(_key(list(self.columns.values())))
        return self.take(first), which


UNIT = Table({}, 1, NONE)
"""The one solution that binds nothing."""


def together(tables: list[Table]) -> Table:
    """The rows of several tables one after another."""
    some = [table for table in tables if table.length] or tables[:1]
    if len(some) == 1:
        return some[0]
    names = dict.fromkeys(name for table in some for name in table.columns)
    columns = {name: np.concatenate([table[name] for table in some]) for name in names}
    gaps: frozenset[str] | None = NONE
    for table in some:
        gaps = _either(gaps, table.gaps)
    if gaps is not None:
        gaps = gaps.union(name for name in names for table in some if name not in table.columns)
    return Table(columns, sum(table.length for table in some), gaps)


def matching(left: Table, right: Table) -> tuple[Rows, Rows]:
    """The pairs of rows that agree in the columns that both tables have; none of those may hold ``UNBOUND``."""
    shared = [name for name in left.columns if name in right]
    if not shared:
        return np.repeat(np.arange(left.length), right.length), np.tile(np.arange(right.length), left.length)
    key = _key([np.concatenate((left.columns[name], right.columns[name])) for name in shared])
    mine, theirs = key[: left.length], key[left.length :]
    order = np.argsort(theirs)
    theirs = theirs[order]
    first = np.searchsorted(theirs, mine, "left")
    counts = np.searchsorted(theirs, mine, "right") - first
    ends = np.cumsum(counts)
    offsets = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)
    return np.repeat(np.arange(left.length), counts), order[np.repeat(first, counts) + offsets]


def _either(some: frozenset[str] | None, others: frozenset[str] | None) -> frozenset[str] | None:
    return None if some is None or others is None else some | others


def _key(columns: list[Ids]) -> Rows:
    """A number for each row, the same for equal rows only."""
    key = columns[0].astype(np.int64)
    small = True
    for column in columns[1:]:
        if not small:
            key = _numbered(key)[1]
        key = (key << 32) | (column.astype(np.int64) & 0xFFFFFFFF)
        small = False
    return key


def _numbered(key: Rows) -> tuple[Rows, Rows]:
    """The places of one each of all different values, and for each value which of those it is."""
    order = np.argsort(key)
    key = key[order]
    new = np.empty(len(key), np.bool_)
    new[:1] = True
    np.not_equal(key[1:], key[:-1], out=new[1:])
    which = np.empty(len(key), np.int64)
    which[order] = np.cumsum(new) - 1
    return order[new], which
