"""The server that the tests of linked data and of the protocol share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.service.server import Server, serving


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server with the default settings, but a worker's deadline that a test can wait for."""
    with serving(GUIJU_SPARQL_DEADLINE="4", GUIJU_SPARQL_WORKERS="2") as found:
        yield found
