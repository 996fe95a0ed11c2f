"""``/api/v1/validate``, ``explain`` and ``graph``: what the command does, on facts that are sent.

The facts are the body, in any format that the command reads. They are judged in a process of their own and not kept.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from guiju.service import jobs, judge, openapi, schema
from guiju.service.gone import unless_gone
from guiju.service.negotiation import choose
from guiju.service.parameters import NAME, AsOf, JudgedSo, Outcomes, only_known

router = APIRouter(tags=["facts"], dependencies=[Depends(only_known)], lifespan=jobs.running)
_REPORTS = {"application/json": "json", "text/turtle": "turtle"}
"""The formats of a report by their media types."""
_PROBLEMS = openapi.problems(400, 406, 413, 422, 503)
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


@router.post(
    "/api/v1/validate",
    summary="检验事实 Judge facts",
    response_class=Response,
    openapi_extra=FACTS,
    responses={
        200: {
            "description": "检验报告 The report",
            "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/report"}},
                **{media: {"schema": {"type": "string"}} for media in _REPORTS if media != "application/json"},
            },
        },
        **_PROBLEMS,
    },
)
async def validate(request: Request, judged: JudgedSo, outcomes: Outcomes = "all") -> Response:
    """The report on the facts: for every norm that applies a verdict, with citation, facts, limit and cure."""
    media = choose(request, list(_REPORTS))
    arguments = [f"--format={_REPORTS[media]}", f"--outcomes={outcomes}", *judged.arguments()]
    return _said(await _run(request, "validate", arguments), media)


@router.post(
    "/api/v1/explain",
    summary="推导了什么，为什么 What was concluded, and why",
    response_class=Response,
    openapi_extra=FACTS,
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
    openapi_extra=FACTS,
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


async def _run(request: Request, command: str, arguments: list[str]) -> str:
    facts = await judge.whole(request.stream())
    media = request.headers.get("content-type", "text/turtle").split(";")[0].strip()
    return await unless_gone(request, judge.answer(command, arguments, facts, media))


def _said(text: str, media: str) -> Response:
    """What was found of a stranger's facts, which nobody else is to be given."""
    return Response(text, media_type=media, headers={"Cache-Control": "no-store", "Vary": "Accept"})
