"""The server and the browser that the tests of the service share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Error, sync_playwright

from guiju.service import judge
from guiju.service.settings import settings
from tests.service.server import Server, serving


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server with the default settings, but a worker's deadline that a test can wait for."""
    with serving(GUIJU_SPARQL_DEADLINE="4", GUIJU_SPARQL_WORKERS="2") as found:
        yield found


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The app of this process takes only small submissions."""
    monkeypatch.setenv("GUIJU_JUDGE_BYTES", "100")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """The app of this process, which must have been started, judges only what is judged at once."""
    assert judge._pool is not None
    monkeypatch.setattr(judge._pool, "limits", replace(judge._pool.limits, deadline=0.01))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The Chromium of this machine; who needs one says why it is skipped where there is none."""
    installed = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        try:
            found = playwright.chromium.launch(executable_path=installed, args=["--no-sandbox"])
        except Error as error:
            pytest.skip(f"no Chromium to be had: {str(error).splitlines()[0]}")
        yield found
        found.close()
