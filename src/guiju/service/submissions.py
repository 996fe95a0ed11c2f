"""``/api/v1/submissions``: facts that are judged and kept, with their report, and what changed between two of them.

To keep, to delete and to list needs leave to write. To read one needs its id only, which nobody can guess: its address
is a link that lasts, for whoever is given it.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from starlette.requests import ClientDisconnect

from guiju import keeping, keys
from guiju.service import answers, jobs, judge, kept, openapi, protocol, schema
from guiju.service.access import trusted, writing
from guiju.service.answers import InParts
from guiju.service.describe import tidy
from guiju.service.gone import unless_gone
from guiju.service.jobs import Job
from guiju.service.judging import FACTS
from guiju.service.negotiation import choose
from guiju.service.parameters import JudgedSo, only_known
from guiju.service.problems import Problem
from guiju.service.store import Record, iri_of
from guiju.service.store.questions import written

PART = 50
"""Submissions of the list that are given where the request does not say how many."""
_PLACE = "/api/v1/submissions"
_GRAPHS = {
    "text/turtle": "turtle",
    "application/ld+json": "jsonld",
    "application/n-triples": "ntriples",
    "application/rdf+xml": "rdfxml",
}
_PRIVATE = {"Cache-Control": "no-store"}
_ASYNC = re.compile(r"(?:^|[,;\s])respond-async(?:$|[,;\s])", re.IGNORECASE)
_EVERYTHING = "CONSTRUCT { ?s ?p ?o } WHERE { GRAPH ?g { ?s ?p ?o } }"

PATCHES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "RDF Patch：每行增（A）或删（D）一条语句。 RDF Patch: a line adds (A) or takes out (D) one.",
        "content": {
            jobs.PATCH: {
                "schema": {"type": "string"},
                "example": f'D <https://example.org/m> <{keys.GJ}value> "1.0"^^<{keys.XSD}decimal> .\n',
            }
        },
    }
}
"""What the route that changes a submission says of its body."""

router = APIRouter(prefix=_PLACE, tags=["submissions"], dependencies=[Depends(only_known)], lifespan=kept.running)
Name = Annotated[
    str, Query(pattern=r"^[^\x00-\x1f\x7f]{0,200}$", description="怎样称呼这次报送。 What it is to be called.")
]
Id = Annotated[
    str,
    Path(
        alias="id",
        max_length=36,
        description="报送的 UUID。 The submission's UUID.",
        examples=["00000000-0000-4000-8000-000000000000"],
    ),
]


@router.post(
    "",
    summary="检验并保存事实 Judge facts and keep them",
    status_code=201,
    dependencies=[Depends(writing)],
    openapi_extra=FACTS,
    responses={
        201: {"model": schema.Submission, "headers": openapi.LOCATION},
        202: {"model": schema.Submission, "headers": openapi.LOCATION, "description": "已受理。 Under way."},
        **openapi.problems(400, 401, 403, 413, 422, 503),
    },
)
async def submit(
    request: Request,
    judged: JudgedSo,
    name: Name = "",
) -> Response:
    """The facts in the body are judged and kept. With ``Prefer: respond-async`` the answer comes at once (202)."""
    facts = await judge.whole(request.stream())
    job = jobs.submit(facts, _form(request, "text/turtle"), name=name, arguments=judged.arguments(), keep=kept.keeper)
    if found := await _waited(request, job):
        return found
    return _json(_described(await _record(job.id)), 201, _place(request, job))


@router.get(
    "",
    summary="保存的报送 What is kept",
    dependencies=[Depends(trusted)],
    responses=openapi.listing(list[schema.Kept], 401, 403, 503),
)
async def listed(request: Request, part: InParts) -> Response:
    """The submissions that are kept, the newest first."""
    limit, store = part.limit or PART, kept.store()
    records = await asyncio.to_thread(store.list, limit, part.offset)
    total = await asyncio.to_thread(store.total)
    found = [record.json() for record in records]
    shown = answers.Part(limit, part.offset)
    return await asyncio.to_thread(answers.entries, request, found, shown, total, cached="no-store")


@router.get(
    "/{id}",
    summary="一次报送 A submission",
    responses={200: {"model": schema.Submission}, **openapi.problems(404, 422, 503)},
)
async def one(request: Request, id_: Id) -> Response:
    """What is kept of a submission; how far it is while it is judged, and why where it could not be."""
    job = jobs.find(id_)
    if job and not job.kept:
        return _json(_under_way(job))
    return _json(_described(await _record(id_)))


@router.delete(
    "/{id}",
    summary="删除一次报送 Delete a submission",
    status_code=204,
    response_class=Response,
    dependencies=[Depends(writing)],
    responses=openapi.problems(401, 403, 404, 422, 503),
)
async def delete(request: Request, id_: Id) -> Response:
    """Forget a submission: what is kept of it, or the judging under way."""
    job = jobs.find(id_)
    if job:
        jobs.cancel(job)
        if not job.keep:
            return Response(status_code=204)
    if not await asyncio.to_thread(kept.store().delete, id_) and not job:
        raise kept.unknown()
    return Response(status_code=204)


@router.get(
    "/{id}/report",
    summary="检验报告 Its report",
    response_class=Response,
    responses={
        200: {
            "description": "检验报告 The report",
            "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/report"}},
                **{media: {"schema": {"type": "string"}} for media in _GRAPHS},
            },
        },
        **openapi.problems(404, 406, 409, 422, 503),
    },
)
async def report(request: Request, id_: Id) -> Response:
    """The report as it was when the submission was judged: JSON, or in SHACL and EARL with its description."""
    media = choose(request, ["application/json", *_GRAPHS])
    await _record(id_)
    lines = await _lines(id_)
    if media == "application/json":
        text = await asyncio.to_thread(lambda: answers.as_json(keeping.report_json(lines, id_)))
        return _text(text, media)
    return await _written(request, media, keeping.report(lines, id_), id_)


@router.get(
    "/{id}/facts",
    summary="所报事实 Its facts",
    response_class=Response,
    responses={
        200: {"description": "事实 The facts", "content": {media: {"schema": {"type": "string"}} for media in _GRAPHS}},
        **openapi.problems(404, 406, 409, 422, 503),
    },
)
async def facts(request: Request, id_: Id) -> Response:
    """The facts as they were judged: what was ignored left out, and every blank node with a name."""
    media = choose(request, list(_GRAPHS))
    await _record(id_)
    return await _written(request, media, keeping.facts(await _lines(id_), id_), id_)


@router.get(
    "/{id}/changes",
    summary="与较早报送相比的变化 What changed since an earlier one",
    responses={200: {"model": schema.Changes}, **openapi.problems(401, 403, 404, 409, 422, 503)},
)
async def changes(
    request: Request,
    id_: Id,
    since: Annotated[
        str,
        Query(
            max_length=36,
            description="较早的一次；不填则为同一机构的上一次。 The earlier one, or else the last of its institution.",
        ),
    ] = "",
) -> Response:
    """The verdicts that changed, in the order of the law, each as it was and as it is.

    Without ``since`` it needs leave to list, since it tells of a submission that the request does not name.
    """
    return _json(_told(await compared(request, id_, since)))


@router.post(
    "/{id}/changes",
    summary="更改一次报送 Change a submission",
    status_code=201,
    dependencies=[Depends(writing)],
    openapi_extra=PATCHES,
    responses={
        201: {"model": schema.Changes, "headers": openapi.LOCATION},
        202: {"model": schema.Submission, "headers": openapi.LOCATION, "description": "已受理。 Under way."},
        **openapi.problems(400, 401, 403, 404, 409, 413, 415, 422, 503),
    },
)
async def change(request: Request, id_: Id, judged: JudgedSo, name: Name = "") -> Response:
    """A kept submission with the changes in the body is judged and kept as a new one; the verdicts that changed.

    The body is an RDF Patch: statements that are added (A) to the facts as they are kept, or taken out (D) of them,
    line by line; what is taken out must be there. The submission itself stays as it is. Where the request names no
    documents, those of the submission are asked. With `Prefer: respond-async` the answer comes at once (202).
    """
    if _form(request, "") != jobs.PATCH:
        raise Problem(415, "no-patch", f"请发送 {jobs.PATCH}。 Send {jobs.PATCH}.", {"Accept-Post": jobs.PATCH})
    patch = await judge.whole(request.stream())
    before = await _record(id_)
    facts = b"".join(line + b"\n" for line in keeping.facts(await _lines(id_), id_))
    how = replace(judged, documents=judged.documents or before.documents)
    job = jobs.submit(
        facts, "ntriples", patch=patch, name=name or before.name, arguments=how.arguments(), keep=kept.keeper
    )
    if found := await _waited(request, job):
        return found
    return _json(_told(await compared(request, job.id, id_)), 201, _place(request, job))


Kind = Literal["worse", "better", "new", "gone", "value", "other"]
KINDS: tuple[Kind, ...] = ("worse", "better", "new", "gone", "value", "other")
"""How a verdict can have changed, see ``queries/submissions/changes.rq``."""


@dataclass(frozen=True)
class Change:
    """One verdict that changed; ``before`` and ``after`` are as in a report, None where there is none."""

    kind: Kind
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    @property
    def verdict(self) -> dict[str, Any]:
        """The verdict as it is, or as it was where it is gone."""
        found = self.after or self.before
        assert found
        return found

    def json(self) -> dict[str, Any]:
        """The change for programs."""
        same = ("norm", "provision", "subject", "subjectName", "entity", "entityName", "citation", "message")
        differs = ("outcome", "because", "facts", "missing", "limit", "remedy")
        sides = {"before": self.before, "after": self.after}
        return {
            "change": self.kind,
            **{name: self.verdict[name] for name in same},
            **{name: side and {part: side[part] for part in differs} for name, side in sides.items()},
        }


@dataclass(frozen=True)
class Comparison:
    """Two kept submissions and the verdicts that changed, in the order of the law."""

    earlier: Record
    later: Record
    changes: list[Change]


async def compared(request: Request, id_: str, since: str = "") -> Comparison:
    """What changed since another kept submission; since the last of the same institution where none is named.

    The comparison is a query, run where strangers' queries are. Problem 404 or 409 where one of the two is not kept,
    401 or 403 where none is named by someone who may not list them.
    """
    store = kept.store()
    later = await _record(id_)
    other: str | None = since or None
    if other is None:
        # Whose earlier submission it was is not for everyone who has the address of this one.
        await trusted(request)
        other = await asyncio.to_thread(store.earlier, id_)
    if other is None:
        raise Problem(
            404,
            "nothing-earlier",
            "同一机构没有更早保存的报送；请用 since 指明一次。 "
            "No earlier submission of the same institution is kept; name one with since.",
        )
    earlier = await _record(other)
    graphs = [keeping.named(await _lines(each), each) for each in dict.fromkeys((later.id, earlier.id))]
    query = written("changes", {"earlier": iri_of(earlier.id), "later": iri_of(later.id)})
    reply = await protocol.run(request, query, "json", b"".join(graphs))
    return Comparison(earlier, later, await asyncio.to_thread(_changes, reply.body))


def _changes(answer: bytes) -> list[Change]:
    found = []
    for row in json.loads(answer)["results"]["bindings"]:
        before, after = (json.loads(row[name]["value"]) if name in row else None for name in ("was", "is"))
        found.append(Change(row["change"]["value"], before, after))
    return found


async def _waited(request: Request, job: Job) -> Response | None:
    """Wait until a job is kept; an answer where the request does not wait. Problem where it cannot be kept."""
    if _ASYNC.search(request.headers.get("prefer", "")):
        return _json(_under_way(job), 202, {**_place(request, job), "Preference-Applied": "respond-async"})
    try:
        await unless_gone(request, jobs.ended(job))
    except ClientDisconnect:
        jobs.cancel(job)
        raise
    if job.problem:
        jobs.cancel(job)
        raise job.problem
    return None


def _place(request: Request, job: Job) -> dict[str, str]:
    return {"Location": f"{request.scope.get('root_path', '')}{_PLACE}/{job.id}"}


def _form(request: Request, otherwise: str) -> str:
    """The media type of a body."""
    return request.headers.get("content-type", otherwise).split(";")[0].strip()


def _told(found: Comparison) -> dict[str, Any]:
    counts = {kind: sum(change.kind == kind for change in found.changes) for kind in KINDS}
    changes = [change.json() for change in found.changes]
    return {"since": found.earlier.json(), "to": found.later.json(), "counts": counts, "changes": changes}


async def _record(id_: str) -> Record:
    """A kept submission. Problem 404 where there is none, 409 where it is not kept, or not yet."""
    job = jobs.find(id_)
    if job and not job.kept:
        raise Problem(
            409,
            "under-way" if job.under_way else "not-kept",
            "还没有检验完。 It is not judged yet." if job.under_way else "这次报送没有保存。 It is not kept.",
        )
    record = await asyncio.to_thread(kept.store().find, id_)
    if record is None:
        raise kept.unknown()
    return record


async def _lines(id_: str) -> list[bytes]:
    return await asyncio.to_thread(kept.lines, id_)


async def _written(request: Request, media: str, lines: list[bytes], id_: str) -> Response:
    """Statements in a format. What is not as they are kept is written by a worker: they are a stranger's."""
    if media == "application/n-triples":
        return _text(b"".join(line + b"\n" for line in lines), media)
    reply = await protocol.run(request, _EVERYTHING, _GRAPHS[media], keeping.named(lines, id_))
    return _text(await asyncio.to_thread(tidy, reply.body, media), media)


def _described(record: Record) -> dict[str, Any]:
    return {"id": record.id, "state": "kept", "progress": None, "problem": None, "until": None, "kept": record.json()}


def _under_way(job: Job) -> dict[str, Any]:
    why = job.problem
    problem = {"status": why.status_code, "detail": str(why.detail), "code": why.code} if why else None
    return {
        "id": job.id,
        "state": job.state,
        "progress": job.progress,
        "problem": problem,
        "until": job.until.isoformat() if job.until else None,
        "kept": None,
    }


def _json(value: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    text = answers.as_json(value)
    return Response(text, status, {**_PRIVATE, **answers.BOTH, **(headers or {})}, "application/json")


def _text(text: bytes, media: str) -> Response:
    shown = f"{media}; charset=utf-8" if media.startswith("text/") else media
    return Response(text, headers={**_PRIVATE, "Vary": "Accept", "Content-Type": shown})
