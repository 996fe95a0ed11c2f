"""Queries translated once: what pySHACL spends nearly all its time on is to have rdflib parse a validator anew.

A translated query may be evaluated again and again, with other bindings, and gives the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from rdflib.plugins.sparql import processor
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery


@contextmanager
def once() -> Iterator[None]:
    """Within it rdflib translates every query text once."""
    known: dict[tuple[object, ...], Any] = {}

    def translated(text: Any, base: str | None = None, namespaces: Any = None) -> Any:
        key = (text, base, *sorted((namespaces or {}).items()))
        if key not in known:
            known[key] = translateQuery(parseQuery(text), base, namespaces)
        return known[key]

    with (
        patch.object(processor, "parseQuery", lambda text: text),
        patch.object(processor, "translateQuery", translated),
    ):
        yield
