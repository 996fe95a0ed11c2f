"""The HTTP API: a few generic routes over the same functions as the command. Answers come from the data.

What a stranger sends to be validated, explained or drawn is handled by the command in a process of its own, with a
cap on memory and time, so that nothing hostile is parsed in the server.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse

from guiju import __version__, library
from guiju.service import (
    access,
    answers,
    assets,
    bodies,
    datasets,
    headers,
    judge,
    linked,
    metrics,
    operations,
    pages,
    problems,
    protocol,
    validation,
)
from guiju.service.held import library as _library
from guiju.show import UnknownKey

_NAME = r"^[^\x00-\x1f\x7f]{1,1000}$"


@asynccontextmanager
async def _lifespan(_: FastAPI) -> AsyncIterator[None]:
    await asyncio.to_thread(lambda: _library().documents())
    yield


app = FastAPI(
    title="Guiju 规矩",
    version=__version__,
    summary="Chinese financial regulation as data: law, norms, shapes and verdicts.",
    lifespan=_lifespan,
    # The generated pages load scripts from elsewhere; the description itself is at /openapi.json.
    docs_url=None,
    redoc_url=None,
)
for layer in (operations.Operations, headers.Headers, access.Asked, bodies.Bodies, operations.Faults)[::-1]:
    app.add_middleware(layer)
problems.install(app, {UnknownKey: 404, library.UnknownQuestion: 404, library.LibraryError: 400})
for offered in (assets, pages, validation, linked, datasets, protocol, metrics):
    app.include_router(offered.router)


@app.get("/api/v1/health")
async def health() -> dict[str, str]:
    """That the server answers, and its version."""
    return {"status": "ok", "version": __version__}


@app.get("/api/v1/documents")
def documents() -> list[dict[str, Any]]:
    """Every document, without its provisions."""
    return _library().documents()


@app.get("/api/v1/documents/{document}")
def document(document: str) -> dict[str, Any]:
    """A document and its structure."""
    found = _library()
    return found.show(found.resolve(document))


@app.get("/api/v1/provisions/{document}/{provision}")
def provision(document: str, provision: str) -> dict[str, Any]:
    """A provision, all below it, its norms, and its references in both directions."""
    found = _library()
    return found.show(found.resolve(f"{document}/{provision}"))


@app.get("/api/v1/norms/{document}/{norm}")
def norm(document: str, norm: str) -> dict[str, Any]:
    """A norm with its reading, relations, shape and cases."""
    found = _library()
    key = found.resolve(f"{document}/{norm}")
    if not key.slug:
        raise HTTPException(404, f"{key} is a provision; norms under it: {', '.join(found.norms(key))}")
    return found.show(key)


@app.get("/api/v1/shapes/{document}/{shape}")
def shape(document: str, shape: str) -> dict[str, Any]:
    """The completed shape of a norm."""
    shown = norm(document, shape)["shape"]
    if not shown:
        raise HTTPException(404, f"{document}/{shape} is not encoded as a shape; see its norm for why")
    return dict(shown)


@app.get("/api/v1/needs/{key:path}")
def needs(key: str) -> list[dict[str, Any]]:
    """The facts that the norms under a key or citation need, with Turtle to fill in."""
    found = _library()
    return found.needs(found.resolve(key))


@app.get("/api/v1/search")
def search(
    q: Annotated[str, Query(min_length=1, max_length=200)],
    limit: Annotated[int, Query(ge=1, le=200)] = 20,
) -> list[dict[str, Any]]:
    """Law, norms and terms in which every word of ``q`` occurs."""
    return _library().search(q, limit)


@app.get("/api/v1/queries")
def queries() -> list[dict[str, Any]]:
    """The query library: every question with its parameters."""
    return [
        {
            "name": question.name,
            "zh": question.zh,
            "en": question.en,
            "about": question.about,
            "parameters": [
                {"name": p.name, "type": p.type, "about": p.about, "default": p.default} for p in question.params
            ],
            "returns": list(question.returns),
        }
        for question in library.catalogue(_library().knowledge.root)
    ]


@app.get("/api/v1/queries/{name:path}", response_model=list[dict[str, str | None]], responses=answers.RESPONSES)
def ask(name: str, request: Request) -> Response:
    """The answer to a question; its parameters are the request's. JSON, or CSV or JSON-LD where Accept asks for it.

    With ``limit`` and ``offset`` a part of it; the header Link leads to the next.
    """
    return answers.table(request, library.ask(_library().knowledge, name, answers.parameters(request)))


@app.get("/api/v1/coverage")
def coverage_summary() -> list[dict[str, str | None]]:
    """How much of each document is encoded."""
    return _rows("coverage/documents", {})


@app.get("/api/v1/coverage/{document}")
def coverage(document: str) -> list[dict[str, str | None]]:
    """The state of each provision of a document."""
    _library().resolve(document)
    return _rows("coverage/provisions", {"document": document})


@app.post("/api/v1/validate")
async def validate(
    request: Request,
    as_of: Annotated[str | None, Query(pattern=r"^\d{4}-\d{2}-\d{2}$")] = None,
    outcomes: Annotated[str, Query(pattern=r"^[A-Za-z,]{1,80}$")] = "all",
    document: Annotated[list[str] | None, Query()] = None,
) -> JSONResponse:
    """The report on the facts in the body; its media type says their format (Turtle where it says none)."""
    arguments = ["--format", "json", "--outcomes", outcomes]
    arguments += ["--as-of", as_of] if as_of else []
    for name in document or ():
        arguments += ["--document", name]
    return JSONResponse(json.loads(await _answer(request, "validate", arguments)))


@app.post("/api/v1/explain")
async def explain(
    request: Request,
    subject: Annotated[str | None, Query(pattern=_NAME)] = None,
    norm: Annotated[str | None, Query(pattern=_NAME)] = None,
    why: bool = True,
    as_of: Annotated[str | None, Query(pattern=r"^\d{4}-\d{2}-\d{2}$")] = None,
    outcomes: Annotated[str, Query(pattern=r"^[A-Za-z,]{1,80}$")] = "failed,cantTell",
) -> JSONResponse:
    """What was concluded from the facts in the body, of a subject or under a norm, with the proof of it."""
    arguments = ["--format", "json", "--outcomes", outcomes, *(["--why"] if why else [])]
    for option, value in (("subject", subject), ("norm", norm), ("as-of", as_of)):
        arguments += [f"--{option}={value}"] if value else []
    return JSONResponse(json.loads(await _answer(request, "explain", arguments)))


@app.post("/api/v1/graph", response_class=Response, responses={200: {"content": {"image/svg+xml": {}}}})
async def graph(
    request: Request,
    company: Annotated[str | None, Query(pattern=_NAME)] = None,
    most: Annotated[int | None, Query(ge=1, le=1000)] = None,
) -> Response:
    """The group of an asset management company, from the facts in the body, as SVG."""
    arguments = [f"--company={company}"] if company else []
    arguments += [f"--most={most}"] if most else []
    return Response(await _answer(request, "graph", arguments), media_type="image/svg+xml")


async def _answer(request: Request, command: str, arguments: list[str]) -> str:
    """What a command prints on the facts in the body, run in a process of its own."""
    facts = await judge.whole(request.stream())
    media = request.headers.get("content-type", "text/turtle").split(";")[0].strip()
    return await judge.answer(command, arguments, facts, media)


def _rows(name: str, params: dict[str, str]) -> list[dict[str, str | None]]:
    return library.ask(_library().knowledge, name, params).objects()
