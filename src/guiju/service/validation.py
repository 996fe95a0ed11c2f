"""The page on which facts are pasted or uploaded; what comes of them has an address of its own.

Facts go through :mod:`guiju.service.jobs`, as those that programs send do; their page is that of
:mod:`guiju.service.submission_pages`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from fastapi import APIRouter, Request, Response
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from guiju import keys
from guiju.intake.source import NAMES
from guiju.paths import samples
from guiju.service import html, jobs, kept
from guiju.service.access import trusted, writing
from guiju.service.forms import limited, sound
from guiju.service.held import held
from guiju.service.problems import Problem
from guiju.service.settings import settings
from guiju.service.store.opening import OFF
from guiju.show import prefixed

router = APIRouter(include_in_schema=False)
GIVEN_BACK = 400_000
"""Bytes of facts that a page gives back, to be changed and sent again."""
_FIELDS = 60
FORMATS = {
    "turtle": "Turtle", "ntriples": "N-Triples", "nquads": "N-Quads", "trig": "TriG", "jsonld": "JSON-LD",
    "rdfxml": "RDF/XML",
}  # fmt: skip
"""The formats that facts are read in, by the names that the command takes."""


@dataclass
class Asked:
    """What was filled in: the facts, how they are to be judged, and whether they are to be kept."""

    text: str = ""
    facts: bytes = b""
    form: str = "turtle"
    chosen: str = ""
    as_of: str = ""
    documents: list[str] = field(default_factory=list)
    name: str = ""
    keep: bool = False


@router.get("/validate", response_class=Response)
def ask(request: Request, norm: str = "") -> Response:
    """The form; ``norm`` is a key or citation whose facts are to be filled in."""
    asked = Asked()
    if norm:
        library = held().library
        needed = library.needs(library.resolve(norm[:500]))
        asked.text = prefixed(needed[0]["skeleton"]) if needed else ""
    return form_page(request, asked)


@router.post("/validate", response_class=Response)
async def send(request: Request) -> Response:
    """Have the facts judged, and lead to their page; where that cannot be, the form again, with what is wrong."""
    asked = Asked()
    try:
        await _read(request, asked)
        if asked.keep:
            await writing(await trusted(request))
        keeper = kept.keeper if asked.keep else None
        arguments = how(asked.as_of, asked.documents)
        job = jobs.submit(asked.facts, asked.form, name=asked.name, arguments=arguments, keep=keeper)
    except HTTPException as wrong:
        found = form_page(request, asked, str(wrong.detail))
        found.status_code = wrong.status_code
        found.headers.update(wrong.headers or {})
        return found
    address = f"{request.scope.get('root_path', '')}/submissions/{job.id}"
    return RedirectResponse(address, 303, {"Cache-Control": "no-store"})


def how(as_of: str, documents: Sequence[str]) -> list[str]:
    """How facts are to be judged, as arguments of the command."""
    return [*([f"--as-of={as_of}"] if as_of else []), *(f"--document={key}" for key in documents)]


def keeps() -> bool:
    """Whether anything can be kept here."""
    return settings().writing == "on" and settings().store != OFF


def form_page(request: Request, asked: Asked, error: str = "") -> Response:
    """The form, filled in; ``error`` is what was wrong with what was sent."""
    body = html.render(
        "validate.html",
        root=request.scope.get("root_path", ""),
        asked=asked,
        error=error,
        formats=FORMATS,
        samples=list(samples()),
        keeps=keeps(),
        minutes=round(settings().jobs_seconds / 60),
        documents=[one for one in held().library.documents() if held().library.norms(keys.parse(one["key"]))],
    )
    return Response(body, media_type="text/html", headers={"Cache-Control": "no-store"})


async def _read(request: Request, asked: Asked) -> None:
    """Fill in what was asked from the form. Problem 400 or 413 for what cannot be used."""
    most = settings().judge_bytes
    async with limited(request).form(max_files=1, max_fields=_FIELDS, max_part_size=most) as form:

        def text(name: str) -> str:
            value = form.get(name)
            return sound(value) if isinstance(value, str) else ""

        asked.chosen = text("format") if text("format") in FORMATS else ""
        asked.as_of, asked.keep = text("as_of").strip()[:10], text("keep") == "1"
        known = {document["key"] for document in held().library.documents()}
        asked.documents = [str(one) for one in form.getlist("document") if one in known]
        asked.text, asked.form = text("facts"), asked.chosen or "turtle"
        asked.facts = asked.text.encode()
        upload, sample = form.get("file"), text("sample")
        if sample:
            if sample not in samples():
                raise Problem(400, "sample", "没有这个样例。 There is no such sample.")
            asked.name, asked.facts, asked.form = f"{sample}.ttl", samples()[sample].read_bytes(), "turtle"
        elif isinstance(upload, UploadFile) and upload.filename:
            ending = PurePath(upload.filename).suffix.removeprefix(".").lower()[:20]
            asked.name, asked.facts = sound(upload.filename[:200]), await upload.read()
            asked.form = asked.chosen or (ending if ending.isalnum() else "turtle")
            # Given back as text, the facts have no ending any more.
            asked.chosen = asked.chosen or NAMES.get(ending, "")
        if asked.name:
            asked.text = text_of(asked.facts)
    if asked.as_of and not re.fullmatch(r"\d{4}-\d\d-\d\d", asked.as_of, re.ASCII):
        raise Problem(400, "as-of", "日期应如 2018-12-31。 A day is written as 2018-12-31.")
    if not asked.facts.strip():
        raise Problem(400, "no-facts", "没有事实：请粘贴，或选择一个文件。 No facts: paste them, or choose a file.")


def text_of(facts: bytes) -> str:
    """Facts as a text that can be changed and sent again; empty where they are too large or no text."""
    try:
        return facts.decode() if len(facts) <= GIVEN_BACK else ""
    except UnicodeDecodeError:
        return ""
