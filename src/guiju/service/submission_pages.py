"""The pages of one submission: its progress, its report, and what can be had of it besides; and those that are kept.

A submission has one address from the moment it is sent. Until it is judged the page there tells how far that is; then
it is the report. What is not kept is forgotten after a while; what is kept is shown as it was judged, not judged again.
Whoever knows the address may read it: nobody can guess one.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from markupsafe import Markup
from pyoxigraph import NamedNode
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from guiju import __version__, keeping, keys, library
from guiju.intake.source import NAMES
from guiju.service import answers, headers, html, jobs, judge, kept, reports, submissions
from guiju.service.access import trusted, writing
from guiju.service.held import held
from guiju.service.jobs import Job
from guiju.service.problems import Problem
from guiju.service.store import Record
from guiju.service.validation import Asked, form_page, how, keeps, text_of
from guiju.tables import as_csv

router = APIRouter(include_in_schema=False)
PART, ROWS = 40, 200
"""Submissions of the list, and rows of an answer, on a page."""
_DELAY = 700
"""Milliseconds after which a page with script asks how far it is."""
_UNNAMED = "stdin"
"""The name of facts that were pasted."""
_ENDED = "已取消，没有检验。 It was cancelled and is not judged."
_FILES = {
    "turtle": ("text/turtle", "facts.ttl"),
    "ntriples": ("application/n-triples", "facts.nt"),
    "nquads": ("application/n-quads", "facts.nq"),
    "trig": ("application/trig", "facts.trig"),
    "jsonld": ("application/ld+json", "facts.jsonld"),
    "rdfxml": ("application/rdf+xml", "facts.rdf"),
}


@dataclass(frozen=True)
class Submission:
    """What every page of a submission tells of it.

    ``until`` is when it goes, empty where it is kept; ``trouble`` says why it was not kept though it should have been.
    """

    id: str
    name: str
    received: str
    sha256: str
    size: int
    documents: tuple[str, ...]
    version: str
    kept: bool
    until: str
    trouble: str = ""


@dataclass(frozen=True)
class Found:
    """A submission that is under way or just done (``job``), or kept (``record``), or both."""

    job: Job | None
    record: Record | None

    @property
    def id(self) -> str:
        return self.record.id if self.record else self._job.id

    @property
    def _job(self) -> Job:
        assert self.job is not None
        return self.job

    @property
    def shown(self) -> Submission:
        if self.record:
            one = self.record.json()
            return Submission(
                self.id, one["name"], one["received"], one["sha256"], one["bytes"],
                tuple(one["documents"]), one["version"], True, "",
            )  # fmt: skip
        job = self._job
        return Submission(
            job.id, "" if job.name == _UNNAMED else job.name, _stamp(job.created), sha256(job.facts).hexdigest(),
            len(job.facts), tuple(_given(job, "document")), __version__, False, _time(job.until),
            str(job.problem.detail) if job.problem else "",
        )  # fmt: skip

    @property
    def arguments(self) -> list[str]:
        """How it was judged, as arguments of the command."""
        if self.job:
            return list(self.job.arguments)
        one = self.record.json() if self.record else {}
        return how(one["asOf"] or "", one["documents"])

    def report(self) -> reports.Report:
        """The report of all outcomes as JSON; takes a while. Problem 409 where there is none yet."""
        if self.job and self.job.result is not None:
            return dict(json.loads(self.job.result))
        if self.record:
            return keeping.report_json(kept.lines(self.id), self.id)
        raise Problem(409, "not-judged", "还没有检验完。 This is not judged yet.")

    def facts(self) -> tuple[bytes, str]:
        """The facts and their format: as they were sent, or as they were judged where only those are kept."""
        if self.job:
            return self.job.facts, self.job.form
        lines = keeping.facts(kept.lines(self.id), self.id)
        return b"".join(line + b"\n" for line in lines), "ntriples"


@router.get("/submissions", response_class=Response, dependencies=[Depends(trusted)])
async def listed(request: Request, offset: int = 0) -> Response:
    """Those that are kept, the latest first."""
    store = kept.store()
    total = await asyncio.to_thread(store.total)
    start = min(max(offset, 0), max(total - 1, 0)) // PART * PART
    records = await asyncio.to_thread(store.list, PART, start)
    return _page(
        request,
        "submissions.html",
        records=[_listed(record) for record in records],
        total=total,
        start=start,
        part=PART,
        names={"failed": ("不符合", "failed"), "cantTell": ("不能判断", "not known"), "passed": ("符合", "passed")},
    )


def _listed(record: Record) -> dict[str, Any]:
    one = record.json()
    institution = one["institution"]["name"] if one["institution"] else ""
    return {**one, "as_of": one["asOf"], "institution": institution}


@router.get("/submissions/{id_}", response_class=Response)
async def submission(request: Request, id_: str) -> Response:
    """How far the judging is, or the report, or what was wrong with the facts and a form to mend them."""
    found = await _found(id_)
    job = found.job
    if job and job.under_way:
        waiting: dict[str, Any] = {"zh": "等待空闲的进程", "en": "waiting for a free worker", "done": 0}
        stage = job.progress if job.state == "running" else waiting
        return _page(
            request,
            "progress.html",
            found,
            delay=_DELAY,
            percent=round(100 * stage["done"]),
            stage=stage,
            headers=headers.policy("page-with-script"),
        )
    if job and job.state == "failed":
        why = job.problem
        page = form_page(request, _again(found), str(why.detail) if why else _ENDED)
        # Script puts in its place only what is no error.
        if why and "hx-request" not in request.headers:
            page.status_code = why.status_code
            page.headers.update(why.headers or {})
        return page
    report = await asyncio.to_thread(found.report)
    choice = reports.Choice.of(request.query_params)
    arranged = await asyncio.to_thread(reports.arranged, report, choice)
    return await asyncio.to_thread(_page, request, "submission.html", found, report=report, **arranged)


@router.post("/submissions/{id_}/cancel", response_class=Response)
async def cancel(request: Request, id_: str) -> Response:
    """End a judging that is under way; its facts are given back to be changed."""
    found = await _found(id_)
    if not found.job or not found.job.under_way:
        return _to(request, f"/submissions/{id_}")
    asked = _again(found)
    jobs.cancel(found.job)
    return form_page(request, asked, _ENDED)


@router.post("/submissions/{id_}/keep", response_class=Response, dependencies=[Depends(writing)])
async def keep(request: Request, id_: str) -> Response:
    """Keep a submission for good, as it was judged."""
    found = await _found(id_)
    if found.job and not found.record:
        await kept.keep(found.job)
    return _to(request, f"/submissions/{id_}")


@router.get("/submissions/{id_}/delete", response_class=Response)
async def about_to_delete(request: Request, id_: str) -> Response:
    """Whether it is to be deleted indeed."""
    return _page(request, "delete.html", await _found(id_))


@router.post("/submissions/{id_}/delete", response_class=Response)
async def delete(request: Request, id_: str) -> Response:
    """Forget a submission; one that is kept only for whoever may write."""
    found = await _found(id_)
    if found.record:
        await writing(await trusted(request))
        await asyncio.to_thread(kept.store().delete, id_)
    if found.job:
        jobs.cancel(found.job)
    return _to(request, "/submissions" if found.record else "/validate")


@router.get("/submissions/{id_}/again", response_class=Response)
async def again(request: Request, id_: str) -> Response:
    """The form with the facts and options of a submission, to be changed and judged anew."""
    return form_page(request, await asyncio.to_thread(_again, await _found(id_)))


def _again(found: Found) -> Asked:
    facts, form = found.facts()
    given = [argument.removeprefix("--").partition("=") for argument in found.arguments]
    return Asked(
        text=text_of(facts),
        chosen=NAMES.get(form, ""),
        as_of=next((value for name, _, value in given if name == "as-of"), ""),
        documents=[value for name, _, value in given if name == "document"],
    )


@router.get("/submissions/{id_}/report.json", response_class=Response)
async def as_json(id_: str) -> Response:
    """The report of all outcomes, a file for programs."""
    report = await asyncio.to_thread((await _found(id_)).report)
    text = await asyncio.to_thread(json.dumps, report, ensure_ascii=False, indent=1)
    return _file(text, "application/json", "report.json")


@router.get("/submissions/{id_}/report.ttl", response_class=Response)
async def as_turtle(id_: str) -> Response:
    """The report in SHACL and EARL."""
    found = await _found(id_)
    if found.record:
        lines = await asyncio.to_thread(kept.lines, id_)
        # N-Triples is Turtle.
        return _file(b"".join(line + b"\n" for line in keeping.report(lines, id_)), "text/turtle", "report.ttl")
    arguments = ["--format=turtle", "--outcomes=all", *found.arguments]
    return _file(await _asked(found, "validate", *arguments), "text/turtle", "report.ttl")


@router.get("/submissions/{id_}/facts", response_class=Response)
async def facts(id_: str) -> Response:
    """The facts as a file."""
    sent, form = await asyncio.to_thread((await _found(id_)).facts)
    return _file(sent, *_FILES.get(NAMES.get(form, ""), ("application/octet-stream", "facts")))


@router.get("/submissions/{id_}/proofs", response_class=Response)
async def proofs(request: Request, id_: str, subject: str = "") -> Response:
    """What was concluded of a subject, or what failed, proved down to the facts."""
    found = await _found(id_)
    subject = _plain(subject)
    of = [f"--subject={subject}"] if subject else []
    day = [argument for argument in found.arguments if argument.startswith("--as-of=")]
    try:
        text = await _asked(found, "explain", "--format=json", "--why", "--outcomes=failed,cantTell", *day, *of)
        values = await asyncio.to_thread(lambda: _steps(json.loads(text)))
        problem = ""
    except HTTPException as wrong:
        values, problem = {"steps": [], "said": {}, "numbers": {}, "roots": frozenset()}, str(wrong.detail)
    return await asyncio.to_thread(
        _page, request, "submission_proofs.html", found, subject=subject, problem=problem, **values
    )


@router.get("/submissions/{id_}/picture", response_class=Response)
async def picture(request: Request, id_: str, company: str = "") -> Response:
    """The group of an asset management company of the submission."""
    found = await _found(id_)
    company = _plain(company)
    drawn, problem = "", ""
    try:
        drawn = await _asked(found, "graph", *([f"--company={company}"] if company else []))
    except HTTPException as wrong:
        problem = str(wrong.detail)
    # What the command draws is well-formed and escaped, whatever the facts say.
    return _page(request, "submission_picture.html", found, company=company, problem=problem, picture=Markup(drawn))


@router.get("/submissions/{id_}/picture.svg", response_class=Response)
async def picture_alone(id_: str, company: str = "") -> Response:
    """The same as a file."""
    of = [f"--company={_plain(company)}"] if company else []
    return _file(await _asked(await _found(id_), "graph", *of), "image/svg+xml", "group.svg")


@router.get("/submissions/{id_}/changes", response_class=Response)
async def changes(request: Request, id_: str, since: str = "") -> Response:
    """What got better and what got worse since another submission that is kept."""
    found = await _found(id_)
    if not found.record:
        return _page(request, "changes.html", found, since=None, others=[], problem="")
    others, comparison, problem = await _others(request, id_), None, ""
    try:
        comparison = await submissions.compared(request, id_, since[:36])
    except Problem as wrong:
        if wrong.status_code == 401:
            # So that a browser asks for the key.
            raise
        problem = str(wrong.detail)
    by: dict[str, list[submissions.Change]] = {kind: [] for kind in submissions.KINDS}
    for change in comparison.changes if comparison else ():
        by[change.kind].append(change)
    earlier = comparison.earlier.json() if comparison else None
    return await asyncio.to_thread(
        _page, request, "changes.html", found, since=earlier, others=others, problem=problem, changes=by
    )


async def _others(request: Request, id_: str) -> list[dict[str, Any]]:
    """The latest of the others that are kept, for whoever may list them; none for everybody else."""
    try:
        await trusted(request)
    except Problem:
        return []
    return [record.json() for record in await asyncio.to_thread(kept.store().list, PART) if record.id != id_]


@router.get("/submissions/{id_}/queries", response_class=Response)
async def questions(request: Request, id_: str) -> Response:
    """The questions that can be asked of a submission."""
    asked = [one for one in library.catalogue(held().library.knowledge.root) if one.name.startswith("institutions/")]
    return _page(request, "submission_queries.html", await _found(id_), questions=asked)


@router.get("/submissions/{id_}/queries/institutions/{name}", response_class=Response)
async def question(request: Request, id_: str, name: str, offset: int = 0) -> Response:
    """A question as a form, and its answer from the facts, what follows from them, and the verdicts."""
    found = await _found(id_)
    wanted = library.find(held().library.knowledge.root, f"institutions/{name}")
    given = {param.name: _plain(request.query_params.get(param.name, "")) for param in wanted.params}
    filled = {name: value for name, value in given.items() if value}
    problem, columns, rows = "", [], []
    if "ask" in request.query_params or not any(param.default is None for param in wanted.params):
        arguments = [f"--question={wanted.name}", *(f"--param={name}={value}" for name, value in filled.items())]
        try:
            text = await _asked(found, "ask", *arguments, *found.arguments)
            answer = await asyncio.to_thread(json.loads, text)
            columns, rows = answer["columns"], answer["rows"]
        except HTTPException as wrong:
            problem = str(wrong.detail)
    if columns and request.query_params.get("as") == "csv":
        body = as_csv(columns, ([cell["text"] for cell in row] for row in rows)).encode()
        return _file(body, answers.CSV, f"institutions-{name}.csv")
    start = min(max(offset, 0), max(len(rows) - 1, 0)) // ROWS * ROWS

    def address(at: int, form: str = "") -> str:
        more = {"ask": "1", **({"as": form} if form else {"offset": str(at)})}
        return "?" + urlencode({**filled, **more})

    return _page(
        request,
        "submission_query.html",
        found,
        question=wanted,
        given=given,
        problem=problem,
        columns=columns,
        cells=[[_cell(cell) for cell in row] for row in rows[start : start + ROWS]],
        total=len(rows),
        start=start,
        part=ROWS,
        address=address,
        examples=library.TYPES,
    )


def _cell(cell: dict[str, str]) -> dict[str, str]:
    """A value of an answer: what is ours by its name, what is a stranger's by the last part of its IRI."""
    iri = cell["iri"]
    if iri.startswith(keys.BASE):
        return {**cell, "name": html.name(NamedNode(iri))[0]}
    return {**cell, "text": keys.local(iri) or iri} if iri else cell


async def _found(id_: str) -> Found:
    """A submission by its id. Problem 404 where there is none, or none any more."""
    job = jobs.find(id_)
    # What is not kept is shown without asking the store, also where there is none, or it fails.
    found = Found(job, None if job and not job.kept else await asyncio.to_thread(kept.store().find, id_))
    if not found.job and not found.record:
        raise kept.unknown()
    return found


async def _asked(found: Found, command: str, *arguments: str) -> str:
    """What a command prints on the facts of a submission, in a process of its own."""
    sent, form = await asyncio.to_thread(found.facts)
    return await judge.answer(command, arguments, [(found.job.name if found.job else _UNNAMED, sent, form)])


def _steps(found: dict[str, Any]) -> dict[str, Any]:
    """The statements of proofs, numbered: what rests on something is a step, all else a fact."""
    said = {one["node"]: one for one in found["statements"]}
    steps = [one for one in found["statements"] if one["restsOn"] or one["under"]]
    return {
        "steps": steps,
        "said": said,
        "numbers": {one["node"]: number for number, one in enumerate(steps, 1)},
        "roots": frozenset(found["roots"]),
    }


def _page(
    request: Request, template: str, found: Found | None = None, headers: dict[str, str] | None = None, **more: Any
) -> Response:
    root = request.scope.get("root_path", "")
    if found:
        here = f"{root}/submissions/{found.id}"
        more |= {"one": found.shown, "here": here, "permalink": f"{request.url.scheme}://{request.url.netloc}{here}"}
    titles = {document["key"]: document["title"]["zh"] for document in held().library.documents()}
    body = html.render(template, root=root, titles=titles, keeps=keeps(), **more)
    # What a stranger sent is for the one who knows its address, and for no cache.
    return Response(body, media_type="text/html", headers={"Cache-Control": "no-store", **(headers or {})})


def _file(body: str | bytes, media: str, name: str) -> Response:
    attached = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(body, media_type=media, headers=attached)


def _to(request: Request, path: str) -> Response:
    return RedirectResponse(request.scope.get("root_path", "") + path, 303, {"Cache-Control": "no-store"})


def _plain(text: str) -> str:
    """A name or value that a form gave. Problem 400 for one with a character that cannot be used."""
    text = text.strip()[:1000]
    if not text.isprintable():
        raise Problem(400, "name", "名称含有不可用的字符。 The name has a character that cannot be used.")
    return text


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _time(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%H:%M UTC") if moment else ""


def _given(job: Job, option: str) -> list[str]:
    return [argument.partition("=")[2] for argument in job.arguments if argument.startswith(f"--{option}=")]
