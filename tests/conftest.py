"""Fixtures that all tests share."""

from __future__ import annotations

import pytest

from guiju.knowledge import Knowledge


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    """The knowledge base of this checkout, read once."""
    return Knowledge()
