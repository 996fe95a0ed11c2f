"""``/api/v1/validate``, ``explain`` and ``graph``: what the command does, on facts that are sent.

The facts are the body, in any format that the command reads, or the files of a form. They are judged in a process of
their own and not kept.
"""

from __future__ import annotations

import asyncio
import json
from copy import deepcopy
from pathlib import PurePath
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.datastructures import UploadFile

from guiju import library
from guiju.intake.source import NAMES
from guiju.service import answers, jobs, judge, language, openapi, schema
from guiju.service.answers import InParts
from guiju.service.forms import limited, sound
from guiju.service.gone import unless_gone
from guiju.service.held import held
from guiju.service.negotiation import choose
from guiju.service.parameters import NAME, AsOf, JudgedSo, Outcomes, only_known, refuse_unknown
from guiju.service.problems import Problem

router = APIRouter(tags=["facts"], dependencies=[Depends(only_known)], lifespan=jobs.running)
asking = APIRouter(tags=["questions"])
"""The route of the questions, which refuses unknown parameters itself."""
_REPORTS = {
    "application/json": "json",
    "text/turtle": "turtle",
    "application/ld+json": "jsonld",
    "application/n-triples": "ntriples",
    "text/csv": "csv",
}
"""The formats of a report by their media types."""
_FORM = "multipart/form-data"
FILES = 20
"""Files of one form."""
_PROBLEMS = openapi.problems(400, 406, 413, 415, 422, 503)
_EXAMPLE = """@prefix gj: <https://w3id.org/guiju/ontology#> .
@prefix : <https://example.org/my-data/> .
:submission a gj:Submission ; gj:asOf "2018-12-31"^^<http://www.w3.org/2001/XMLSchema#date> .
:company a gj:FinancialAssetInvestmentCompany ; gj:reportedIn :submission .
"""
FACTS: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "事实；媒体类型说明其格式。 The facts; the media type says their format.",
        "content": {
            "text/turtle": {"schema": {"type": "string"}, "example": _EXAMPLE},
            **{
                media: {"schema": {"type": "string"}}
                for media in (
                    "application/n-triples",
                    "application/n-quads",
                    "application/trig",
                    "application/ld+json",
                    "application/rdf+xml",
                )
            },
        },
    }
}
"""What routes that take facts as their body say of it."""
_FILES: dict[str, Any] = deepcopy(FACTS)
"""What those that take several files say of it."""
_FILES["requestBody"]["description"] = (
    "事实；媒体类型说明其格式，表单中的文件也可由文件名说明。 "
    "The facts; the media type says their format, or of a form's file its name."
)
_FILES["requestBody"]["content"][_FORM] = {
    "schema": {
        "type": "object",
        "required": ["file"],
        "properties": {
            "file": {
                "type": "array",
                "minItems": 1,
                "maxItems": FILES,
                "items": {"type": "string", "contentMediaType": "application/octet-stream"},
            }
        },
    }
}


@router.post(
    "/api/v1/validate",
    summary="检验事实 Judge facts",
    response_class=Response,
    openapi_extra=_FILES,
    responses={
        200: {
            "description": "检验报告 The report",
            "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/report"}},
                **openapi.content([media for media in _REPORTS if media != "application/json"]),
            },
        },
        **_PROBLEMS,
    },
)
async def validate(request: Request, judged: JudgedSo, outcomes: Outcomes = "all") -> Response:
    """The report on the facts: for every norm that applies a verdict, with citation, facts, limit and cure.

    As CSV, a verdict a row, its texts in the language that Accept-Language prefers.
    """
    media = choose(request, list(_REPORTS))
    tongue = language.preferred(request) or "zh"
    arguments = [f"--format={_REPORTS[media]}", f"--outcomes={outcomes}", f"--language={tongue}", *judged.arguments()]
    return _said(await _run(request, "validate", arguments), media)


@router.post(
    "/api/v1/explain",
    summary="推导了什么，为什么 What was concluded, and why",
    response_class=Response,
    openapi_extra=_FILES,
    responses={200: {"model": schema.Proofs}, **_PROBLEMS},
)
async def explain(
    request: Request,
    subject: Annotated[
        str | None, Query(pattern=NAME, description="名称、IRI 或其末段。 A name, an IRI or its last part.")
    ] = None,
    norm: Annotated[
        str | None, Query(pattern=NAME, description="键、IRI 或引文。 A key, an IRI or a citation.")
    ] = None,
    why: Annotated[bool, Query(description="逐步证明，直到事实。 Prove it, down to the facts.")] = True,
    as_of: AsOf = None,
    outcomes: Outcomes = "failed,cantTell",
) -> Response:
    """What was concluded from the facts and judged of them, of a subject or under a norm, with the proof of it."""
    choose(request, ["application/json"])
    arguments = ["--format=json", f"--outcomes={outcomes}", *(["--why"] if why else [])]
    for option, value in (("subject", subject), ("norm", norm), ("as-of", as_of)):
        arguments += [f"--{option}={value}"] if value else []
    return _said(await _run(request, "explain", arguments), "application/json")


@router.post(
    "/api/v1/graph",
    summary="集团图 The picture of a group",
    response_class=Response,
    openapi_extra=_FILES,
    responses={
        200: {"description": "SVG", "content": {"image/svg+xml": {"schema": {"type": "string"}}}},
        **_PROBLEMS,
    },
)
async def graph(
    request: Request,
    company: Annotated[
        str | None, Query(pattern=NAME, description="名称、IRI 或其末段。 A name, an IRI or its last part.")
    ] = None,
    most: Annotated[int | None, Query(ge=1, le=1000, description="至多画几个主体。 How many entities at most.")] = None,
) -> Response:
    """The group of an asset management company: who holds whom, what is in scope and why."""
    choose(request, ["image/svg+xml"])
    arguments = [f"--company={company}"] if company else []
    arguments += [f"--most={most}"] if most else []
    return _said(await _run(request, "graph", arguments), "image/svg+xml")


@asking.post(
    "/api/v1/queries/{name:path}",
    summary="就事实提问 Ask of facts",
    response_class=Response,
    openapi_extra=_FILES,
    responses={**openapi.listing(list[dict[str, str | None]], 400, 404, 413, 415, 503)},
)
async def ask(request: Request, name: str, part: InParts) -> Response:
    """The answer to a question about institutions, on the facts in the body, judged as of their own day."""
    question = library.find(held().library.knowledge.root, name)
    if not question.about_facts:
        raise Problem(405, "not-of-facts", "", {"Allow": "GET, HEAD"})
    given = answers.parameters(request)
    refuse_unknown(request, {param.name for param in question.params} | answers.PARTS)
    arguments = [f"--question={name}", *(f"--param={key}={value}" for key, value in given.items())]
    text = await _run(request, "ask", arguments)
    # It may be large; the server goes on while it is read and written.
    return await asyncio.to_thread(lambda: answers.entries(request, _rows(text), part, cached="no-store"))


def _rows(text: bytes) -> list[dict[str, str | None]]:
    found = json.loads(text)
    return [
        {name: cell["text"] or None for name, cell in zip(found["columns"], row, strict=True)} for row in found["rows"]
    ]


async def _run(request: Request, command: str, arguments: list[str]) -> bytes:
    """What the command prints, as the worker gave it: a long answer is neither read nor spelt anew in the server."""
    inputs = await _inputs(request)
    work = judge.begin(command, arguments, inputs)
    return (await unless_gone(request, judge.finished(work)))[0]


async def _inputs(request: Request) -> list[judge.Input]:
    """The facts that are sent: the body, or the files of a form. Problem 400 for a form without any."""
    media = request.headers.get("content-type", "text/turtle").split(";")[0].strip().lower()
    if media != _FORM:
        return [("stdin", await judge.whole(request.stream()), media)]
    async with limited(request).form(max_files=FILES, max_fields=0) as form:
        files = [each for each in form.getlist("file") if isinstance(each, UploadFile)]
        found = [(sound(each.filename or "file")[:200], await each.read(), _form_of(each)) for each in files]
    if not found:
        raise Problem(400, "no-facts", "表单没有名为 file 的文件。 The form has no file that is named 'file'.")
    return found


def _form_of(file: UploadFile) -> str:
    """The format of a file: by its media type where that says one, else by its name, else Turtle."""
    media = (file.content_type or "").split(";")[0].strip().lower()
    ending = PurePath(file.filename or "").suffix.removeprefix(".").lower()
    return media if media in NAMES else ending if ending in NAMES else "turtle"


def _said(text: bytes, media: str) -> Response:
    """What was found of a stranger's facts, which nobody else is to be given."""
    return Response(text, media_type=media, headers={"Cache-Control": "no-store", "Vary": "Accept, Accept-Language"})
