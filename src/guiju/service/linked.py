"""Every IRI of ours dereferences: the paths behind ``https://w3id.org/guiju/``.

A law, a provision, a norm, an authority and a concept are no documents: what can be sent is a description of them. So,
as "Cool URIs for the Semantic Web" has it, ``/id/…``, ``/norm/…`` and ``/taxonomy/…`` answer 303 and name the
description, ``/about/…``, whose address is the thing's with one segment before it. A shape and the ontology are
documents of RDF themselves and are answered where they are. Hash terms are told within their ontology document.

A description is negotiated (HTML, Turtle, JSON-LD, N-Triples, RDF/XML); with an ending, ``.ttl`` and so on, it
is that format. ``?as-of=2018-12-31`` adds whether the document, provision or norm was in force on that day.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from pyoxigraph import Literal, NamedNode, Triple

from guiju import keys
from guiju.service import datasets, describe, html, openapi, reading
from guiju.service.held import held
from guiju.service.negotiation import GRAPHS, choose, respond
from guiju.service.parameters import AsOf
from guiju.service.problems import Problem
from guiju.show import UnknownKey

router = APIRouter()
ABOUT = keys.BASE + "about/"
LICENCE = "https://www.apache.org/licenses/LICENSE-2.0"
_FOAF = "http://xmlns.com/foaf/0.1/"
_OFFERS = ["text/html", *GRAPHS]
_ENDINGS = {**{ending: media for media, ending in GRAPHS.items()}, "html": "text/html"}
_SAID = {
    "in-force": ("{on} 已施行（自 {start} 起{end}）。", "In force on {on} (from {start}{end_en})."),
    "not-yet": ("{on} 尚未施行：自 {start} 起施行。", "Not yet in force on {on}: from {start}."),
    "no-longer": ("{on} 已失效：{until} 起失效。", "No longer in force on {on}: until {until}, that day excluded."),
    "not-known": (
        "{on} 是否施行不详：来源没有载明施行日期。",
        "Not known whether in force on {on}: the source gives no first day.",
    ),
}
_ELI_STATE = {"in-force": "InForce-inForce", "not-yet": "InForce-notInForce", "no-longer": "InForce-notInForce"}


_A_NORM = "aic-measures-2018/art_39__para_2.board-approval"
_THING: dict[str, Any] = {
    "tags": ["linked data"],
    "summary": "文件、条文、规范、概念 A thing",
    "status_code": 303,
    "response_class": Response,
    "responses": {
        303: {"description": "描述在 Location。 Its description is at Location."},
        **openapi.problems(404, 422),
    },
}
_DESCRIPTION: dict[str, Any] = {
    "tags": ["linked data"],
    "response_class": Response,
    "responses": openapi.texts(_OFFERS, 404, 406, 422),
}


@router.get("/id/{path:path}", openapi_extra=openapi.segment("path", "aic-measures-2018/art_39"), **_THING)
@router.get("/norm/{path:path}", openapi_extra=openapi.segment("path", _A_NORM), **_THING)
@router.get("/taxonomy/{path:path}", openapi_extra=openapi.segment("path", "metric/registered-capital"), **_THING)
def thing(request: Request, as_of: AsOf = None) -> Response:
    """A document, provision, authority, norm or concept: see the description of it."""
    path = _path(request).removesuffix("/")
    if path.startswith("taxonomy/") and path.count("/") == 1:
        path += "/scheme"
    _known(keys.BASE + path)
    asked = f"?as-of={as_of}" if as_of else ""
    place = f"{request.scope.get('root_path', '')}/about/{quote(path)}{asked}"
    return Response(status_code=303, headers={"Location": place, "Cache-Control": "public, max-age=3600"})


@router.get(
    "/shape/{path:path}",
    summary="形状 A shape",
    openapi_extra=openapi.segment("path", _A_NORM),
    **_DESCRIPTION,
)
def shape(request: Request, as_of: AsOf = None) -> Response:
    """A shape: RDF itself, in the format asked for."""
    path, ending = _split(_path(request))
    return _described(request, keys.BASE + path, ending, as_of)


_PART = openapi.segment("path", "not-known")
_ENDING = openapi.segment("ending", "ttl")


@router.get("/ontology", summary="本体 The ontology", **_DESCRIPTION)
@router.get("/ontology.{ending}", summary="本体 The ontology", openapi_extra=_ENDING, **_DESCRIPTION)
@router.get("/ontology/{path:path}", summary="本体的一部分 A part of the ontology", openapi_extra=_PART, **_DESCRIPTION)
def ontology(request: Request) -> Response:
    """An ontology document: RDF itself, in the format asked for."""
    path, ending = _split(_path(request))
    return _described(request, keys.BASE + path, ending, None)


@router.get(
    "/about/{path:path}",
    summary="一物的描述 The description of a thing",
    openapi_extra=openapi.segment("path", "id/aic-measures-2018/art_39"),
    **_DESCRIPTION,
)
def about(request: Request, as_of: AsOf = None) -> Response:
    """The description of a thing, in the format asked for."""
    path, ending = _split(_path(request).removeprefix("about/"))
    return _described(request, keys.BASE + path, ending, as_of)


@router.get(
    "/context.jsonld",
    summary="JSON-LD 上下文 The JSON-LD context",
    **{**_DESCRIPTION, "responses": openapi.texts(["application/ld+json"])},
)
def json_ld_context(request: Request) -> Response:
    """The whole context of our JSON-LD; every answer carries the part that it uses, so nobody has to fetch it."""
    return respond(request, html.as_json({"@context": describe.context()}), "application/ld+json")


def _path(request: Request) -> str:
    """The path of the request below the mount point, without its first slash."""
    whole: str = request.scope["path"]
    return whole.removeprefix(request.scope.get("root_path", "")).removeprefix("/")


def _split(path: str) -> tuple[str, str | None]:
    """A path and, where it ends in one and names nothing as it is, the media type of its ending."""
    stem, _, ending = path.rpartition(".")
    if ending in _ENDINGS and stem and not describe.exists(keys.BASE + path):
        return stem, _ENDINGS[ending]
    return path, None


def _known(iri: str) -> None:
    """Problem 404, with what is near for a key, where nothing of the IRI is held."""
    try:
        if describe.exists(iri):
            return
        if iri.startswith((keys.ID, keys.NORM, keys.SHAPE)):
            held().library.resolve(iri)
    except UnknownKey as error:
        raise Problem(404, "unknown", str(error)) from None
    except ValueError:
        pass
    raise Problem(404, "unknown", f"没有 {iri}。 There is no {iri}.")


def _described(request: Request, iri: str, ending: str | None, as_of: date | None) -> Response:
    _known(iri)
    return described(request, iri, ending or choose(request, _OFFERS), as_of)


def described(request: Request, iri: str, media: str, as_of: date | None) -> Response:
    """The description of a thing that is known, in a format of ``GRAPHS`` or as a page.

    With a day, also whether it was in force then; problem 422 for a thing of which that cannot be asked.
    """
    day = as_of.isoformat() if as_of else None
    root = request.scope.get("root_path", "")
    body = _body(iri, media, day, root)
    document_path = html.described_at(iri)
    asked = f"?as-of={day}" if day else ""
    links = [
        f'<{root}/{quote(document_path)}.{name}{asked}>; rel="alternate"; type="{kind}"'
        for name, kind in _ENDINGS.items()
    ]
    links += [f'<{iri}>; rel="describes"', f'<{LICENCE}>; rel="license"']
    chosen = next(name for name, kind in _ENDINGS.items() if kind == media)
    headers = {"Link": ", ".join(links), "Content-Location": f"{root}/{quote(document_path)}.{chosen}{asked}"}
    return respond(request, body, media, headers=headers)


@lru_cache(maxsize=128)
def _body(iri: str, media: str, day: str | None, root: str) -> bytes:
    """The description as a text; the same for everybody, so kept."""
    force = [*in_force(iri, day)] if day else []
    triples = [*_of_document(iri, day), *force, *describe.describe(iri)]
    if media == "text/html":
        said = [value for _, predicate, value in force if predicate.value == keys.RDFS + "comment"]
        return reading.page(iri, said, root, day)
    return describe.write(triples, media)


def _of_document(iri: str, day: str | None) -> list[Triple]:
    """What is said of the description itself; an ontology document says it of itself in the data."""
    if iri in describe.MODULES or iri.startswith(keys.SHAPE):
        return []
    node = NamedNode(_document(iri, day))
    within = max((begins for begins in datasets.spaces_of_datasets() if iri.startswith(begins)), key=len)
    return [
        Triple(node, NamedNode(keys.RDF + "type"), NamedNode(_FOAF + "Document")),
        Triple(node, NamedNode(datasets.VOID + "inDataset"), datasets.spaces_of_datasets()[within]),
        Triple(node, NamedNode(_FOAF + "primaryTopic"), NamedNode(iri)),
        Triple(node, NamedNode(keys.DCTERMS + "license"), NamedNode(LICENCE)),
    ]


def _document(iri: str, day: str | None) -> str:
    asked = f"?as-of={day}" if day else ""
    return iri.replace(keys.BASE, ABOUT, 1) + asked


def state(iri: str, day: str) -> dict[str, Any]:
    """Whether a document, provision, norm or shape was in force on the day: as data, and ``said`` in words.

    Problem 422 for a thing of which that cannot be asked.
    """
    key = iri if not iri.startswith(keys.SHAPE) else iri.replace(keys.SHAPE, keys.NORM, 1)
    rows = reading.rows("provisions/in-force", ("place", key), ("on", day))
    if not rows:
        said = "只用于文件、条文、规范和形状。 It is for documents, provisions, norms and shapes."
        raise RequestValidationError([{"loc": ("query", "as-of"), "msg": said, "type": "parameter"}])
    found, start, until = rows[0]["state"], rows[0]["from"], rows[0]["until"]
    values = {
        "on": day,
        "start": start,
        "until": until,
        "end": f"，至 {until} 前一日止" if until else "；来源没有记载其失效",
        "end_en": f", until {until}, that day excluded" if until else "; the source records no end",
    }
    texts = {language: text.format(**values) for language, text in zip(("zh", "en"), _SAID[found], strict=True)}
    return {"on": day, "state": found, "since": start or None, "until": until or None, "said": texts}


def in_force(iri: str, day: str) -> list[Triple]:
    """The same as statements about the description, and as ELI has it about the thing."""
    found = state(iri, day)
    node = NamedNode(_document(iri, day))
    triples = [
        Triple(node, NamedNode(keys.RDFS + "comment"), Literal(said, language=language))
        for language, said in found["said"].items()
    ]
    triples.append(Triple(node, NamedNode(keys.DCTERMS + "valid"), Literal(day, datatype=NamedNode(keys.XSD + "date"))))
    if found["state"] in _ELI_STATE:
        as_eli = NamedNode(keys.ELI + _ELI_STATE[found["state"]])
        triples.append(Triple(NamedNode(iri), NamedNode(keys.ELI + "in_force"), as_eli))
    return triples
