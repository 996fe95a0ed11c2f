"""Tables of solutions: a column of term numbers for each variable, and as many rows as there are solutions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guiju.columnar.terms import UNBOUND, Ids

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Table:
    """Columns of one length; a variable without a column is bound in no row."""

    columns: dict[str, Ids]
    length: int

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def __getitem__(self, name: str) -> Ids:
        """A column, or one of nothing but ``UNBOUND``."""
        found = self.columns.get(name)
        return np.full(self.length, UNBOUND, np.int32) if found is None else found

    def take(self, rows: Rows) -> Table:
        """Some rows, in the order given, one as often as it is given."""
        return Table({name: column[rows] for name, column in self.columns.items()}, len(rows))

    def where(self, mask: Mask) -> Table:
        """The rows that a mask marks."""
        return self if mask.all() else self.take(np.flatnonzero(mask))

    def extended(self, name: str, column: Ids) -> Table:
        """The table with another column."""
        return Table({**self.columns, name: column}, self.length)

    def only(self, names: Iterable[str]) -> Table:
        """The table without its other columns; all rows remain."""
        return Table({name: self.columns[name] for name in names if name in self.columns}, self.length)

    def without(self, *names: str) -> Table:
        """The table without some columns."""
        return self.only(name for name in self.columns if name not in names)

    def distinct(self) -> tuple[Table, Rows]:
        """Each row once, and for each row of this table which of those it is."""
        if not self.length:
            return self, np.empty(0, np.int64)
        which = np.zeros(self.length, np.int64)
        count = 1
        for column in self.columns.values():
            width = int(column.max()) + 2
            if count * width > np.iinfo(np.int64).max:
                _, which = np.unique(which, return_inverse=True)
                count = int(which.max()) + 1
            which = which * width + (column + 1)
            count *= width
        _, first, which = np.unique(which, return_index=True, return_inverse=True)
        return self.take(first), which.astype(np.int64)


UNIT = Table({}, 1)
"""The one solution that binds nothing."""


def together(tables: list[Table]) -> Table:
    """The rows of several tables one after another."""
    if len(tables) == 1:
        return tables[0]
    names = dict.fromkeys(name for table in tables for name in table.columns)
    columns = {name: np.concatenate([table[name] for table in tables]) for name in names}
    return Table(columns, sum(table.length for table in tables))


def matching(left: Table, right: Table) -> tuple[Rows, Rows]:
    """The pairs of rows that agree in the columns that both tables have; none of those may hold ``UNBOUND``."""
    shared = [name for name in left.columns if name in right]
    both = together([left.only(shared), right.only(shared)])
    _, which = both.distinct() if shared else (both, np.zeros(both.length, np.int64))
    mine, theirs = which[: left.length], which[left.length :]
    order = np.argsort(theirs, kind="stable")
    first = np.searchsorted(theirs[order], mine, "left")
    counts = np.searchsorted(theirs[order], mine, "right") - first
    ends = np.cumsum(counts)
    offsets = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)
    return np.repeat(np.arange(left.length), counts), order[np.repeat(first, counts) + offsets]
