"""The app: every route of the service behind its layers, and the description of them.

The routes are thin: answers come from the data. What a stranger sends is handled in processes of its own, with a cap
on memory and time, so that nothing hostile is parsed in the server.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI

from guiju import __version__, library
from guiju.service import (
    access,
    assets,
    bodies,
    datasets,
    editor,
    headers,
    judging,
    linked,
    metrics,
    openapi,
    operations,
    pages,
    problems,
    programs,
    protocol,
    submission_pages,
    submissions,
    validation,
)
from guiju.service.held import held
from guiju.service.store import Refused, StoreError
from guiju.show import UnknownKey


@asynccontextmanager
async def _lifespan(_: FastAPI) -> AsyncIterator[None]:
    await asyncio.to_thread(lambda: (held().library.documents(), app.openapi()))
    yield


app = FastAPI(
    title="Guiju 规矩",
    version=__version__,
    summary="中国金融监管规则即数据。 Chinese financial regulation as data: law, norms, shapes and verdicts.",
    license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    openapi_tags=programs.TAGS,
    lifespan=_lifespan,
    generate_unique_id_function=openapi.name,
    # The generated pages load scripts from elsewhere; the description itself is given by a route of ours.
    openapi_url=None,
)
app.openapi = partial(openapi.describe, app)  # type: ignore[method-assign]
for layer in (operations.Operations, headers.Headers, access.Asked, bodies.Bodies, operations.Faults)[::-1]:
    app.add_middleware(layer)
problems.install(
    app, {UnknownKey: 404, library.UnknownQuestion: 404, library.LibraryError: 400, Refused: 403, StoreError: 503}
)
# The store is the first to be opened and the last to be closed: what is judged at the end may still be kept.
for offered in (
    submissions,
    assets,
    pages,
    validation,
    submission_pages,
    programs,
    judging,
    linked,
    datasets,
    editor,
    protocol,
    metrics,
):
    app.include_router(offered.router)
app.include_router(judging.asking)
