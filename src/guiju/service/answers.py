"""Lists as JSON, as CSV that a spreadsheet can open safely, and, where their values are terms, as JSON-LD.

A list comes whole, or in parts (``limit``, ``offset``): the header ``X-Total-Count`` says how many entries the
whole has, and Link where the next part, the one before and the first are. In JSON a text stands in both languages; a
cell of CSV has room for the one that the request prefers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response
from pyoxigraph import BlankNode, Literal, NamedNode

from guiju import keys, library
from guiju.service import language
from guiju.service.negotiation import choose, respond
from guiju.tables import as_csv

JSON, CSV, JSON_LD = "application/json", "text/csv", "application/ld+json"
MOST = 1_000_000
"""More entries than a list has."""
_RESULT_SET = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"


@dataclass(frozen=True)
class Part:
    """Which part of a list is asked for: at most ``limit`` entries (None for all) after the first ``offset``."""

    limit: int | None = None
    offset: int = 0


def _part(
    limit: Annotated[
        int | None, Query(ge=1, le=MOST, description="至多几项，不填则为全部。 At most so many entries; or else all.")
    ] = None,
    offset: Annotated[int, Query(ge=0, le=MOST, description="跳过前几项。 So many entries are passed over.")] = 0,
) -> Part:
    return Part(limit, offset)


InParts = Annotated[Part, Depends(_part)]
"""The type of a route's parameter for the part asked for."""
PARTS = frozenset({"limit", "offset"})
"""The parameters that choose a part."""


def parameters(request: Request) -> dict[str, str]:
    """The parameters of a question: all but those that choose a part of its answer."""
    return {name: value for name, value in request.query_params.items() if name not in PARTS}


def table(request: Request, answer: library.Answer, part: Part) -> Response:
    """The part asked for of the answer to a question, in the format preferred. Problem 406 where there is none."""
    media = choose(request, (JSON, CSV, JSON_LD))
    shown = library.Answer(answer.columns, answer.rows[_within(part)])
    write = {JSON: _json, CSV: csv_of, JSON_LD: _json_ld}[media]
    return respond(request, write(shown), media, headers=around(request, len(answer.rows), part))


def entries(
    request: Request, found: Sequence[Mapping[str, Any]], part: Part, total: int | None = None, **options: Any
) -> Response:
    """The part asked for of a list of JSON objects, as JSON or CSV; ``options`` are those of ``respond``.

    Where ``total`` is given, ``found`` is that part already, of so many. Problem 406 for another format.
    """
    media = choose(request, (JSON, CSV))
    shown = found[_within(part)] if total is None else found
    headers = around(request, len(found) if total is None else total, part)
    if media == JSON:
        return respond(request, as_json(shown), media, headers={**headers, **BOTH}, **options)
    tongue = language.preferred(request) or "zh"
    headers = {**headers, "Content-Language": tongue, "Vary": "Accept, Accept-Language"}
    rows = [_flat(entry, request) for entry in shown]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    body = as_csv(columns, ([row.get(name, "") for name in columns] for row in rows)).encode()
    return respond(request, body, media, headers=headers, **options)


BOTH = {"Content-Language": "zh, en"}
"""The header of an answer whose texts stand in both languages."""


def as_json(value: Any) -> bytes:
    """A value as JSON for programs."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def around(request: Request, total: int, part: Part) -> dict[str, str]:
    """The headers of a part of a list with ``total`` entries."""
    headers = {"X-Total-Count": str(total)}
    if part.limit is None:
        return headers
    links = []
    for name, offset, there in (
        ("first", 0, part.offset > 0),
        ("prev", max(0, part.offset - part.limit), part.offset > 0),
        ("next", part.offset + part.limit, part.offset + part.limit < total),
    ):
        if there:
            place = request.url.include_query_params(offset=offset)
            links.append(f'<{place.path}?{place.query}>; rel="{name}"')
    return {**headers, "Link": ", ".join(links)} if links else headers


def _within(part: Part) -> slice:
    return slice(part.offset, None if part.limit is None else part.offset + part.limit)


def _flat(entry: Mapping[str, Any], request: Request, before: str = "") -> dict[str, str]:
    """An object as the cells of a row: ``issuer.label``; of a text in two languages the one preferred."""
    cells: dict[str, str] = {}
    for name, value in entry.items():
        if isinstance(value, Mapping) and set(value) == {"zh", "en"}:
            cells[before + name] = language.one(value, request)
        elif isinstance(value, Mapping):
            cells.update(_flat(value, request, f"{before}{name}."))
        elif isinstance(value, (list, tuple)):
            cells[before + name] = "; ".join(
                one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in value
            )
        else:
            cells[before + name] = "" if value is None else str(value)
    return cells


def _json(answer: library.Answer) -> bytes:
    return as_json(answer.objects())


def csv_of(answer: library.Answer) -> bytes:
    """The answer to a question as CSV, in UTF-8 with the mark by which a spreadsheet knows it."""
    return as_csv(answer.columns, answer.table()).encode()


def _json_ld(answer: library.Answer) -> bytes:
    """As the W3C's vocabulary of result sets has it, with whole terms: what is an IRI, a language, a datatype."""
    rows = [
        {"binding": [{"variable": name, "value": _term(term)} for name, term in pairs if term is not None]}
        for pairs in (zip(answer.columns, row, strict=True) for row in answer.rows)
    ]
    context = {"@vocab": _RESULT_SET, "solution": {"@id": "solution", "@container": "@list"}}
    whole = {
        "@context": context,
        "@type": "ResultSet",
        "resultVariable": list(answer.columns),
        "solution": rows,
    }
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def _term(term: library.Term) -> dict[str, str]:
    if isinstance(term, NamedNode):
        return {"@id": term.value}
    if isinstance(term, BlankNode):
        return {"@id": f"_:{term.value}"}
    if isinstance(term, Literal):
        if term.language:
            return {"@value": term.value, "@language": term.language}
        datatype = term.datatype.value
        plain = {"@value": term.value}
        return plain if datatype == keys.XSD + "string" else {**plain, "@type": datatype}
    return {"@value": str(term)}
