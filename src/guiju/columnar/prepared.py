"""Plans of queries that another process read, so that this one need not; they are asked for by text."""

from __future__ import annotations

PLANS: dict[tuple[str, frozenset[str]], bytes] = {}
"""By query and the variables that have a value from outside, as :mod:`guiju.columnar.plans` writes them."""
NEEDS: dict[str, tuple[list[list[str]], list[str]]] = {}
"""What a query needs and reads, as :class:`guiju.columnar.needs.Needs` lists it."""
