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
from guiju.service.problems import Problem

_FORMATS = ("application/json", "text/csv", "application/ld+json")
RESPONSES: dict[int | str, dict[str, Any]] = {200: {"content": {media: {} for media in _FORMATS}}}
"""What OpenAPI is told of it."""
_PART = {"limit": 1, "offset": 0}
"""The parameters that choose a part of an answer, each with the least that it may be."""
_RESULT_SET = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"
_FORMULA = re.compile(r"[=+@\t\r-]")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII)


def parameters(request: Request) -> dict[str, str]:
    """The parameters of the question: all but ``limit`` and ``offset``, which choose a part of its answer."""
    return {name: value for name, value in request.query_params.items() if name not in _PART}


def table(request: Request, answer: library.Answer) -> Response:
    """The answer, or the part asked for, in the format that the request prefers.

    The header ``X-Total-Count`` says how many rows the whole has, and Link where the next part is. Problem 400 for
    a ``limit`` below 1 or an ``offset`` below 0, 406 for a format that there is not.
    """
    media = choose(request, _FORMATS)
    limit, offset = (_number(request, name, least) for name, least in _PART.items())
    start = offset or 0
    end = len(answer.rows) if limit is None else start + limit
    headers = {"X-Total-Count": str(len(answer.rows))}
    if end < len(answer.rows):
        following = request.url.include_query_params(offset=end)
        headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
    write = {"application/json": _json, "text/csv": _csv, "application/ld+json": _json_ld}[media]
    part = library.Answer(answer.columns, answer.rows[start:end])
    return respond(request, write(part), media, headers=headers)


def _number(request: Request, name: str, least: int) -> int | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or int(text) < least:
        raise Problem(400, name, f"{name} 应为不小于 {least} 的整数。 {name} is a whole number, at least {least}.")
    return int(text)


def _json(answer: library.Answer) -> bytes:
    return json.dumps(answer.objects(), ensure_ascii=False, separators=(",", ":")).encode()


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
