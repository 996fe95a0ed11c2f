"""The page on which facts are pasted or uploaded and judged, and the pages of what comes of it.

Facts go through :mod:`guiju.service.judge`, as those that programs send do. Nothing is kept: the page that answers
holds the facts that were pasted, so that they can be changed, judged again, drawn, or had in another format.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from fastapi import APIRouter, Request, Response
from markupsafe import Markup
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.types import Message

from guiju import keys
from guiju.intake.source import NAMES
from guiju.paths import samples
from guiju.service import html, judge
from guiju.service.held import held
from guiju.service.problems import Problem
from guiju.service.settings import settings
from guiju.show import prefixed
from guiju.verdicts import OUTCOMES

router = APIRouter(include_in_schema=False)
SHOWN = 2_000
"""Verdicts on a page; of more, a page says that there are more."""
KEPT = 400_000
"""Bytes of facts that a page gives back, to be changed and sent again."""
_FIELDS = 60
_FAILING = ("failed", "cantTell")
_AS_FILE = {
    "json": ("application/json", "report.json"),
    "turtle": ("text/turtle", "report.ttl"),
    "svg": ("image/svg+xml", "group.svg"),
}


@dataclass
class Asked:
    """What was filled in: the facts and how they are to be judged. ``outcomes`` are those to list."""

    text: str = ""
    facts: bytes = b""
    form: str = "turtle"
    chosen: str = ""
    as_of: str = ""
    documents: list[str] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=lambda: list(_FAILING))
    subject: str = ""
    output: str = "page"
    name: str = ""


@router.get("/validate", response_class=Response)
def ask(request: Request, norm: str = "") -> Response:
    """The form; ``norm`` is a key or citation whose facts are to be filled in."""
    asked = Asked()
    if norm:
        library = held().library
        needed = library.needs(library.resolve(norm[:500]))
        asked.text = prefixed(needed[0]["skeleton"]) if needed else ""
    return _page(request, "validate.html", asked)


@router.post("/validate", response_class=Response)
async def answer(request: Request) -> Response:
    """The facts judged, drawn or proved; where that cannot be, the form again, with what is wrong."""
    asked = Asked()
    try:
        await _read(request, asked)
        if asked.output in {"json", "turtle"}:
            return _file(asked, await _ran("validate", asked, f"--format={asked.output}", f"--outcomes={_list(asked)}"))
        if asked.output in {"picture", "svg"}:
            company = [f"--company={asked.subject}"] if asked.subject else []
            picture = await judge.answer("graph", company, asked.facts, asked.form)
            if asked.output == "svg":
                return _file(asked, picture)
            # What the command draws is well-formed and escaped, whatever the facts say.
            return _page(request, "picture.html", asked, picture=Markup(picture))
        if asked.output == "proofs":
            subject = [f"--subject={asked.subject}"] if asked.subject else []
            found = json.loads(await _ran("explain", asked, "--format=json", "--why", "--outcomes=failed", *subject))
            return _page(request, "proofs.html", asked, **_steps(found))
        report = json.loads(await _ran("validate", asked, "--format=json", f"--outcomes={_list(asked)}"))
    except HTTPException as wrong:
        found = _page(request, "validate.html", asked, error=str(wrong.detail))
        found.status_code = wrong.status_code
        found.headers.update(wrong.headers or {})
        return found
    return _page(request, "report.html", asked, report=report, **_arranged(report))


def _file(asked: Asked, text: str) -> Response:
    """An answer to be kept as a file."""
    media, name = _AS_FILE[asked.output]
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(text, media_type=media, headers=headers)


async def _ran(command: str, asked: Asked, *arguments: str) -> str:
    options = [f"--as-of={asked.as_of}"] if asked.as_of else []
    if command == "validate":
        options += [f"--document={name}" for name in asked.documents]
    return await judge.answer(command, [*options, *arguments], asked.facts, asked.form)


def _list(asked: Asked) -> str:
    return ",".join(asked.outcomes)


async def _read(request: Request, asked: Asked) -> None:
    """Fill in what was asked from the form. Problem 400 or 413 for what cannot be used."""
    so_far = 0

    async def receive() -> Message:
        nonlocal so_far
        message = await request.receive()
        so_far += len(message.get("body", b""))
        if so_far > settings().judge_bytes:
            raise judge.too_large()
        return message

    sent = Request(request.scope, receive)
    async with sent.form(max_files=1, max_fields=_FIELDS, max_part_size=settings().judge_bytes) as form:

        def text(name: str) -> str:
            value = form.get(name)
            return _sound(value) if isinstance(value, str) else ""

        asked.chosen = text("format") if text("format") in FORMATS else ""
        asked.as_of, asked.subject = text("as_of").strip()[:10], text("subject").strip()[:1000]
        asked.output = text("output") if text("output") in {*_AS_FILE, "picture", "proofs"} else "page"
        if prove := text("prove").strip()[:1000]:
            asked.output, asked.subject = "proofs", prove
        asked.outcomes = [one for one in OUTCOMES if one in form.getlist("outcomes")] or list(_FAILING)
        known = {document["key"] for document in held().library.documents()}
        asked.documents = [str(one) for one in form.getlist("document") if one in known]
        asked.text, asked.form = text("facts"), asked.chosen or "turtle"
        asked.facts = asked.text.encode()
        upload, sample = form.get("file"), text("sample")
        if sample:
            if sample not in samples():
                raise Problem(400, "sample", "没有这个样例。 There is no such sample.")
            asked.name, asked.facts, asked.form = sample, samples()[sample].read_bytes(), "turtle"
        elif isinstance(upload, UploadFile) and upload.filename:
            ending = PurePath(upload.filename).suffix.removeprefix(".").lower()[:20]
            asked.name, asked.facts = _sound(upload.filename[:200]), await upload.read()
            asked.form = asked.chosen or (ending if ending.isalnum() else "turtle")
            # Given back as text, the facts have no ending any more.
            asked.chosen = asked.chosen or NAMES.get(ending, "")
        if asked.name:
            asked.text = _as_text(asked.facts)
    if asked.as_of and not re.fullmatch(r"\d{4}-\d\d-\d\d", asked.as_of, re.ASCII):
        raise Problem(400, "as-of", "日期应如 2018-12-31。 A day is written as 2018-12-31.")
    if not asked.subject.isprintable():
        raise Problem(400, "subject", "名称含有不可用的字符。 The name has a character that cannot be used.")
    if not asked.facts.strip():
        raise Problem(400, "no-facts", "没有事实：请粘贴，或选择一个文件。 No facts: paste them, or choose a file.")


def _sound(text: str) -> str:
    """A text without the halves of letters that a strange charset of a form can leave, which nothing can write."""
    return text.encode(errors="replace").decode()


def _as_text(facts: bytes) -> str:
    """Facts as a text that can be changed and sent again; empty where they are too large or no text."""
    try:
        return facts.decode() if len(facts) <= KEPT else ""
    except UnicodeDecodeError:
        return ""


FORMATS = {
    "turtle": "Turtle", "ntriples": "N-Triples", "nquads": "N-Quads", "trig": "TriG", "jsonld": "JSON-LD",
    "rdfxml": "RDF/XML",
}  # fmt: skip
"""The formats that facts are read in, by the names that the command takes."""


def _page(request: Request, template: str, asked: Asked, error: str = "", **more: Any) -> Response:
    body = html.render(
        template,
        root=request.scope.get("root_path", ""),
        asked=asked,
        error=error,
        formats=FORMATS,
        outcomes=OUTCOMES,
        samples=list(samples()),
        documents=[one for one in held().library.documents() if held().library.norms(keys.parse(one["key"]))],
        **more,
    )
    return Response(body, media_type="text/html", headers={"Cache-Control": "no-store"})


def _arranged(report: dict[str, Any]) -> dict[str, Any]:
    """The verdicts of a report by entity, what fails most first; and how many there are by entity and by document."""
    entities: dict[str, dict[str, Any]] = {}
    documents: dict[str, Counter[str]] = {}
    titles = {one["key"]: one["title"] for one in held().library.documents()}
    for number, verdict in enumerate(report["verdicts"]):
        document = keys.parse(verdict["norm"]).document
        documents.setdefault(document, Counter())[verdict["outcome"]] += 1
        entity = entities.setdefault(
            verdict["entity"],
            {"iri": verdict["entity"], "name": verdict["entityName"], "counts": Counter(), "verdicts": []},
        )
        entity["counts"][verdict["outcome"]] += 1
        if number < SHOWN:
            place = list(documents).index(document)
            because = verdict["because"] or ""
            entity["verdicts"].append({**verdict, "place": place, "because": _reason(because)})
    return {
        "entities": sorted(entities.values(), key=lambda one: (-one["counts"]["failed"], -one["counts"]["cantTell"])),
        "by_document": [(key, titles[key], counts) for key, counts in documents.items()],
        "left_out": max(0, len(report["verdicts"]) - SHOWN),
    }


def _reason(iri: str) -> dict[str, str]:
    """The class or reason for which a norm does not apply, by its name."""
    if not iri.startswith(keys.GJ):
        return {"zh": iri, "en": iri}
    return html.term(iri.removeprefix(keys.GJ))


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
