"""Fixtures that all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from rdflib.plugins.sparql import processor
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery

from guiju.knowledge import Knowledge

# No test keeps anything where whoever runs it keeps his own.
os.environ["GUIJU_STORE"] = "off"


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    """The knowledge base of this checkout, read once."""
    return Knowledge()


@pytest.fixture(scope="session", autouse=True)
def _kept_apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What commands keep of the knowledge base, they keep among what tests write, once for all workers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GUIJU_CACHE", str(tmp_path_factory.getbasetemp().parent / "guiju-cache"))
        yield


@pytest.fixture(scope="session", autouse=True)
def _queries_parsed_once() -> Iterator[None]:
    """pySHACL has rdflib parse a validator anew for each focus node, which is nearly all the time it takes.

    A translated query may be evaluated again and again, with other bindings; so each is translated once.
    """
    known: dict[tuple[object, ...], Any] = {}

    def once(text: Any, base: str | None = None, namespaces: Any = None) -> Any:
        key = (text, base, *sorted((namespaces or {}).items()))
        if key not in known:
            known[key] = translateQuery(parseQuery(text), base, namespaces)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(processor, "parseQuery", lambda text: text)
        patch.setattr(processor, "translateQuery", once)
        yield
