"""Fixtures that all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from guiju.knowledge import Knowledge
from tests import parsed

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
    """pySHACL in a fraction of its time."""
    with parsed.once():
        yield
