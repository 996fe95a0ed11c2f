"""Plans of queries that another process read, so that this one need not; they are asked for by text."""

from __future__ import annotations

PLANS: dict[tuple[str, frozenset[str]], bytes] = {}
"""By query and the variables that have a value from outside, as :mod:`guiju.columnar.plans` writes them."""
NEEDS: dict[str, list[list[str]]] = {}
"""Of a CONSTRUCT the alternatives of which it needs one, as :class:`guiju.columnar.needs.Needs` has them."""
