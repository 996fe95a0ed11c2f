"""The answer to a question of the library as JSON, as CSV that a spreadsheet can open safely, or as JSON-LD."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

from fastapi import Request, Response
from pyoxigraph import BlankNode, Literal, NamedNode

from guiju import keys, library
from guiju.service.negotiation import choose, respond

_FORMATS = ("application/json", "text/csv", "application/ld+json")
RESPONSES: dict[int | str, dict[str, Any]] = {200: {"content": {media: {} for media in _FORMATS}}}
"""What OpenAPI is told of it."""
_RESULT_SET = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"
_FORMULA = re.compile(r"[=+@\t\r-]")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII)


def table(request: Request, answer: library.Answer) -> Response:
    """The answer in the format that the request prefers; 406 where there is none."""
    media = choose(request, _FORMATS)
    write = {"application/json": _json, "text/csv": _csv, "application/ld+json": _json_ld}[media]
    return respond(request, write(answer), media)


def _json(answer: library.Answer) -> bytes:
    rows = [
        dict(zip(answer.columns, [None if term is None else library.shown(term) for term in row], strict=True))
        for row in answer.rows
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()


def _csv(answer: library.Answer) -> bytes:
    """With a byte order mark, without which spreadsheets misread Chinese."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(answer.columns)
    writer.writerows([inert(cell) for cell in row] for row in answer.table())
    return text.getvalue().encode("utf-8-sig")


def inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: one that begins like it, and is no number, gets a quote."""
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell


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
