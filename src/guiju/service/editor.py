"""The page on which SPARQL is written, and an answer of ``/sparql`` as a page.

Without script it is a form that posts to ``/sparql``. With script yasgui takes its place: with our prefixes, our terms,
and this server as the only one to ask.
"""

from __future__ import annotations

import json
import re
from typing import Any

from fastapi import APIRouter, Request, Response
from pyoxigraph import NamedNode

from guiju import keys, library
from guiju.service import html
from guiju.service.headers import policy
from guiju.service.held import held
from guiju.service.negotiation import respond
from guiju.service.openapi import example_of

router = APIRouter(include_in_schema=False)
PLACE = "/sparql-editor"
_BEGIN = """PREFIX gj: <https://w3id.org/guiju/ontology#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?norm ?zh
WHERE {
    ?norm gj:force gj:InPrinciple ; rdfs:label ?zh .
    FILTER (LANG(?zh) = "zh")
}
LIMIT 20
"""
_LONGEST = 8_000
"""Characters of a query in an address; a longer one does not come with it."""


@router.get(PLACE, response_class=Response)
def page(request: Request, query: str = "", example: str = "") -> Response:
    """The editor, empty, or with a query or with a question of the library as an example."""
    name = ""
    if example:
        question = library.find(held().library.knowledge.root, example[:200])
        query, name = as_sparql(question), question.zh
    return shown(request, query[:_LONGEST] or _BEGIN, name)


def shown(request: Request, query: str, name: str = "", error: str = "", status: int = 200) -> Response:
    """The editor with a query in it, and what is wrong with it where something is."""
    body = html.render(
        "editor.html",
        root=request.scope.get("root_path", ""),
        query=query,
        name=name,
        error=error,
        folders=_examples(),
        prefixes=json.dumps(held().prefixes, ensure_ascii=False, sort_keys=True),
    )
    found = respond(request, body, "text/html", headers=policy("editor"), cached="no-store" if error else "no-cache")
    found.status_code = status if error else found.status_code
    return found


def answered(request: Request, query: str, answer: dict[str, Any]) -> bytes:
    """An answer as a page: ``columns``, ``rows`` and their ``total``, or ``boolean``, or a graph's ``turtle``."""
    rows = [[_cell(cell) for cell in row] for row in answer.get("rows", ())]
    return html.render("sparql.html", root=request.scope.get("root_path", ""), query=query, answer=answer, cells=rows)


def as_sparql(question: library.Question) -> str:
    """A question as a query that stands by itself: its parameters have the values of their examples."""
    params = {param.name: example_of(param) for param in question.params if param.default is None}
    values = library.bind(question, params, held().library.knowledge.store)
    given = "".join(f"    VALUES ?{variable.value} {{ {term} }}\n" for variable, term in values.items())
    return re.sub(r"(\bWHERE \{\n)", lambda match: match[1] + given, question.text, count=1)


def _examples() -> dict[str, list[library.Question]]:
    """The questions about what is held here, by folder; those about facts have none to be asked of."""
    folders: dict[str, list[library.Question]] = {}
    for question in library.catalogue(held().library.knowledge.root):
        folder = question.name.partition("/")[0]
        if folder != "hygiene" and not question.about_facts:
            folders.setdefault(folder, []).append(question)
    return folders


def _cell(cell: dict[str, str] | None) -> dict[str, str]:
    """A value of an answer: as text, and where it leads."""
    if not cell:
        return {"text": "", "iri": "", "name": ""}
    iri = cell["value"] if cell["type"] == "uri" else ""
    if not iri:
        return {"text": cell["value"], "iri": "", "name": ""}
    try:
        node = NamedNode(iri)
    except ValueError:
        return {"text": iri, "iri": "", "name": ""}
    ours = iri if iri.startswith(keys.BASE) else ""
    return {"text": html.short(iri), "iri": ours, "name": html.name(node)[0]}
