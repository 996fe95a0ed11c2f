"""The pages of the workbench that are no description of one thing: where to begin, search, comparison, coverage.

A page is an answer of the library and its questions in a template; what is said of one thing stands on the page of
its IRI (:mod:`guiju.service.linked`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from pyoxigraph import Literal, NamedNode

from guiju import keys, library
from guiju.service import answers, datasets, html, network_picture, reading
from guiju.service.held import held
from guiju.service.negotiation import GRAPHS, choose, respond
from guiju.service.problems import Problem
from guiju.service.reading import is_class, law, rows
from guiju.service.search import FACETS, find
from guiju.show import UnknownKey, excerpt

router = APIRouter(include_in_schema=False)
PART, ROWS = 40, 200
"""Hits of a search and rows of an answer on a page."""


@router.get("/", response_class=Response)
def home(request: Request) -> Response:
    """Where to begin: every document with its state. As RDF, the description of the datasets."""
    media = choose(request, ["text/html", *GRAPHS])
    if media != "text/html":
        return datasets.described(request, media)
    return shown(request, "home.html", documents=_documents(date.today().isoformat()))


@router.get("/network/{document}/{provision}", response_class=Response)
def connected(request: Request, document: str, provision: str) -> Response:
    """What a provision is connected with, drawn and listed; where Accept asks for it, the drawing alone."""
    media = choose(request, ["text/html", "image/svg+xml"])
    key = held().library.resolve(f"{document}/{provision}"[:500])
    found = network_picture.connected(keys.Key(key.document, key.provision), request.scope.get("root_path", ""))
    if media != "text/html":
        return respond(request, found["drawing"].encode(), media)
    return shown(request, "network.html", **found)


@router.get("/compare", response_class=Response)
def compare(request: Request, a: str = "", b: str = "", topic: str = "") -> Response:
    """Two documents or provisions side by side; with a topic, only what has every word of it."""
    words = topic[:200].split()
    sides = [_side(text[:500], words) for text in (a, b)]
    documents = _documents(date.today().isoformat())
    return shown(request, "compare.html", sides=sides, topic=" ".join(words), words=words, documents=documents)


def _side(asked: str, words: list[str]) -> dict[str, Any]:
    """One side of a comparison: the law at a place, or why there is none."""
    side: dict[str, Any] = {"asked": asked.strip(), "error": "", "key": "", "name": {}, "parts": []}
    if not side["asked"]:
        return side
    try:
        key = held().library.resolve(side["asked"])
    except UnknownKey as error:
        return {**side, "error": str(error)}
    place = keys.Key(key.document, key.provision)
    zh, en = html.name(NamedNode(place.place))
    parts = [part for entry in law(str(place)) for part in _said(entry) if all(_has(part, word) for word in words)]
    return {**side, "key": str(place), "name": {"zh": zh, "en": en}, "parts": parts}


def _said(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A provision and all below it, those that say something themselves."""
    if entry["text"] or entry["summary"] or entry["norms"]:
        yield entry
    for below in entry["provisions"]:
        yield from _said(below)


def _has(entry: dict[str, Any], word: str) -> bool:
    norms = (norm[part]["zh"] + norm[part]["en"] for norm in entry["norms"] for part in ("label", "definition"))
    summary = entry["summary"] or {"zh": "", "en": ""}
    return word.casefold() in "\n".join([entry["text"] or "", *summary.values(), *norms]).casefold()


@router.get("/search", response_class=Response)
def search(request: Request, q: str = "", offset: int = 0) -> Response:
    """Law, norms and terms in which every word occurs, narrowed by facets; every choice is in the address."""
    words = q[:200]
    given = {facet: request.query_params.get(facet, "")[:200] for facet in FACETS}
    chosen = {facet: value for facet, value in given.items() if value}
    found = find(words, chosen)
    start = min(max(offset, 0), max(len(found.hits) - 1, 0)) // PART * PART
    place = None
    if words.strip() and not chosen:
        try:
            place = held().library.resolve(words)
        except UnknownKey:
            place = None

    def address(**changed: str) -> str:
        wanted = {"q": words, **chosen, **changed}
        return "?" + urlencode({name: value for name, value in wanted.items() if value or name == "q"})

    return shown(
        request,
        "search.html",
        q=words,
        words=words.split(),
        chosen=chosen,
        found=found,
        hits=found.hits[start : start + PART],
        start=start,
        part=PART,
        place=_named_place(place) if place else None,
        address=address,
        titles={document["key"]: document["title"] for document in held().library.documents()},
        excerpt=excerpt,
    )


def _named_place(key: keys.Key) -> dict[str, str]:
    iri = key.norm if key.slug else key.place
    zh, en = html.name(NamedNode(iri))
    words = held().library.show(key).get("text") if key.provision and not key.slug else None
    return {"iri": iri, "zh": zh, "en": en, "words": excerpt(words or "", [], 90)}


@router.get("/terms", response_class=Response)
def terms(request: Request) -> Response:
    """Metrics, arrangements and the other concepts by scheme, and the classes that the law defines."""
    schemes: dict[str, dict[str, Any]] = {}
    for row in rows("norms/concepts"):
        iri = keys.TAXONOMY + row["scheme"].replace(":", "/", 1)
        zh, en = html.name(NamedNode(iri))
        scheme = schemes.setdefault(iri, {"iri": iri, "zh": zh, "en": en, "concepts": []})
        scheme["concepts"].append(row)
    defined: dict[str, dict[str, str]] = {}
    for row in rows("norms/terms"):
        if row["class"]:
            defined.setdefault(row["class"], row)
    return shown(request, "terms.html", schemes=list(schemes.values()), defined=list(defined.values()))


@router.get("/terms/{name}", response_class=Response)
def defined_term(request: Request, name: str) -> Response:
    """A class of the ontology and every norm that turns on it, by its role there."""
    iri = keys.GJ + name
    if not name.isalnum() or not is_class(iri):
        raise Problem(404, "unknown", f"没有用语 {name[:100]}。 There is no term {name[:100]}.")
    by: dict[str, list[dict[str, str]]] = {}
    for row in rows("norms/turning-on", ("class", iri)):
        by.setdefault(row["role"], []).append(row)
    said = held().of[NamedNode(iri)]
    definition = {
        value.language: value.value
        for predicate, value in said
        if predicate.value == keys.SKOS + "definition" and isinstance(value, Literal)
    }
    above = [
        value.value.removeprefix(keys.GJ)
        for predicate, value in said
        if predicate.value == keys.RDFS + "subClassOf" and is_class(value.value)
    ]
    return shown(request, "term.html", name=name, definition=definition, above=above, by=by)


@router.get("/coverage", response_class=Response)
def coverage(request: Request) -> Response:
    """Every provision of every document as a cell that says whether it is encoded and leads to it."""
    cells: dict[str, list[dict[str, str]]] = {}
    for row in rows("coverage/provisions"):
        cells.setdefault(keys.parse(row["provision"]).document, []).append(row)
    reasons = rows("coverage/reasons")
    return shown(request, "coverage.html", documents=rows("coverage/documents"), cells=cells, reasons=reasons)


@router.get("/queries", response_class=Response)
def queries(request: Request) -> Response:
    """The query library, by folder."""
    folders: dict[str, list[library.Question]] = {}
    for question in library.catalogue(held().library.knowledge.root):
        folders.setdefault(question.name.partition("/")[0], []).append(question)
    return shown(request, "queries.html", folders=folders)


@router.get("/queries/{name:path}", response_class=Response)
def query(request: Request, name: str, offset: int = 0) -> Response:
    """A question as a form and, once its parameters are given, the answer as a table."""
    knowledge = held().library.knowledge
    question = library.find(knowledge.root, name)
    given = {param.name: request.query_params.get(param.name, "")[:1000] for param in question.params}
    asked = "ask" in request.query_params or not any(param.default is None for param in question.params)
    answer, error = None, None
    if asked:
        try:
            answer = reading.answer(name, *((name, value) for name, value in given.items() if value))
        except library.LibraryError as wrong:
            error = wrong
    if answer and request.query_params.get("as") == "csv":
        file = question.name.replace("/", "-") + ".csv"
        attached = {"Content-Disposition": f'attachment; filename="{file}"'}
        return respond(request, answers.csv_of(answer), answers.CSV, headers=attached)
    found = answer.rows if answer else []
    start = min(max(offset, 0), max(len(found) - 1, 0)) // ROWS * ROWS
    wanted = {name: value for name, value in given.items() if value}
    return shown(
        request,
        "query.html",
        question=question,
        given=given,
        answer=answer,
        error=error,
        cells=[[_cell(term) for term in row] for row in found[start : start + ROWS]],
        start=start,
        part=ROWS,
        about_facts=question.about_facts,
        asked=urlencode(wanted),
        address=lambda at: "?" + urlencode({**wanted, "ask": "1", "offset": str(at)}),
        examples=library.TYPES,
    )


def _cell(term: library.Term | None) -> dict[str, str]:
    """A value of an answer: as text, and where it leads."""
    iri = term.value if isinstance(term, NamedNode) else ""
    return {"text": library.shown(term), "iri": iri, "name": html.name(term)[0] if isinstance(term, NamedNode) else ""}


def shown(request: Request, template: str, **values: Any) -> Response:
    """A page of the workbench."""
    return respond(request, html.render(template, root=request.scope.get("root_path", ""), **values), "text/html")


@lru_cache(maxsize=2)
def _documents(today: str) -> list[dict[str, Any]]:
    """Every document, with how far it is encoded and whether it is in force today."""
    covered = {row["document"]: row for row in rows("coverage/documents")}
    found = []
    for document in held().library.documents():
        key = document["key"]
        row = covered.get(key)
        counts = {name: int(row[name]) if row else 0 for name in ("provisions", "norms", "enforcedNorms")}
        in_force = rows("provisions/in-force", ("place", key), ("on", today))
        state = in_force[0]["state"] if in_force else ""
        found.append({**document, **counts, "complete": bool(row and row["complete"] == "true"), "state": state})
    return found
