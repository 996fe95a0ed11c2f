"""The kind of worker that runs strangers' queries: it holds the data in a store, and nothing else of this package."""

from __future__ import annotations

import io
import json
from typing import Any
from xml.etree import ElementTree

import pyoxigraph as ox

from guiju.service.worker import Handler

_TABLES = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
}
_GRAPHS = {
    "turtle": ox.RdfFormat.TURTLE,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
}

PAGE_ROWS, PAGE_BYTES, CELL = 500, 4 * 1024 * 1024, 2_000
"""Rows and bytes of an answer on a page, and letters of one of its values."""


def load(data: bytes) -> Handler:
    """A store of the N-Quads; a job is a query with its ``format``, ``base`` and ``prefixes``.

    What follows the query's ``length`` in the body is N-Quads that are there for this query only.
    """
    store = ox.Store()
    store.extend(ox.parse(data, format=ox.RdfFormat.N_QUADS))
    store.optimize()

    def handle(job: dict[str, Any], body: bytes, _: object) -> tuple[dict[str, Any], list[bytes]]:
        length = job["length"]
        if len(body) > length:
            # This process is a copy that ends with the query.
            store.extend(ox.parse(body[length:], format=ox.RdfFormat.N_QUADS))
        header, found = answer(store, body[:length].decode(), job)
        return header, [found]

    return handle


def answer(store: ox.Store, query: str, job: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The answer to one query in the format ``job["format"]``, whole, or an error that says why there is none."""
    sink = _Sink(job["bytes"])
    try:
        found = store.query(query, base_iri=job["base"])
        if job["format"] == "page" and not isinstance(found, ox.QueryTriples):
            sink.write(_page(found))
        elif isinstance(found, ox.QueryTriples):
            ox.serialize(found, sink, format=_GRAPHS[job["format"]], prefixes=job["prefixes"])
        else:
            found.serialize(sink, format=_TABLES[job["format"]])
        body = sink.getvalue()
        if job["format"] == "rdfxml":
            ElementTree.fromstring(body)
    except SyntaxError as error:
        if isinstance(error, ElementTree.ParseError):
            return {"error": "not-as-rdf-xml", "message": str(error)}, b""
        return {"error": "syntax", "message": str(error)}, b""
    except _TooLarge:
        return {"error": "answer-too-large", "message": f"{job['bytes']} bytes"}, b""
    except (OSError, ValueError, RuntimeError) as error:
        return {"error": "evaluation", "message": str(error)}, b""
    return {}, body


def _page(found: ox.QuerySolutions | ox.QueryBoolean) -> bytes:
    """What a page shows of an answer, as JSON: its first rows and how many it has."""
    if isinstance(found, ox.QueryBoolean):
        return json.dumps({"boolean": bool(found)}).encode()
    columns = [variable.value for variable in found.variables]
    rows: list[list[dict[str, str] | None]] = []
    total = 0
    for solution in found:
        total += 1
        if total <= PAGE_ROWS:
            rows.append([_cell(solution[column]) for column in columns])
    body = json.dumps({"columns": columns, "rows": rows, "total": total}, ensure_ascii=False).encode()
    if len(body) > PAGE_BYTES:
        raise _TooLarge
    return body


def _cell(term: Any) -> dict[str, str] | None:
    if term is None:
        return None
    if isinstance(term, ox.NamedNode):
        return {"type": "uri", "value": term.value}
    text = term.value if isinstance(term, ox.Literal) else str(term)
    return {"type": "text", "value": text if len(text) <= CELL else text[:CELL] + "…"}


class _TooLarge(Exception):
    """The answer has more bytes than it may have."""


class _Sink(io.BytesIO):
    """Takes bytes up to a number, so that an answer is given whole or not at all."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def write(self, data: Any, /) -> int:
        if self.tell() + len(data) > self.most:
            raise _TooLarge
        return super().write(data)
