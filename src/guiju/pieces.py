"""A report as a text, put together of pieces: what is said of one submission, or to a reader of one entity.

Pieces of reports on parts of the facts, sorted by their names, make the report on all of them; a report that is not
in parts is written in the same way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from io import StringIO
from itertools import groupby
from typing import Any

from guiju import rdf
from guiju.paper import Paper
from guiju.report import COLUMNS, Overview, Report, row
from guiju.tables import as_csv, lines

TEXT = "text"
"""The format that is read; the others are for programs."""
RDF = ("turtle", "ntriples", "jsonld")
FORMATS = ("json", *RDF, "csv")
"""How a report is written for programs."""
_VERDICTS = '"verdicts": []'

Pieces = Iterator[tuple[str, str]]
"""Texts by names that order them; no two reports on parts of the facts have one of the same name, but for the last."""


def pieces(report: Report, format_: str, outcomes: Collection[str], language: str = "zh") -> Pieces:
    """The verdicts of some outcomes; ``language`` is that of the cells of CSV."""
    if format_ == TEXT:
        for entity, write in report.entities(outcomes):
            text = StringIO()
            write(Paper(text))
            yield entity, text.getvalue()
    elif format_ in RDF:
        _, serialize, cut = _rdf(format_)
        for name, stated in report.stated(outcomes):
            if stated:
                yield name, cut(serialize(stated))
    elif format_ == "csv":
        for submission, verdicts in groupby(report.verdicts(outcomes), lambda verdict: str(verdict["submission"])):
            yield submission, lines(row(verdict, language) for verdict in verdicts)
    else:
        for submission, written in report.lines(outcomes):
            yield submission, ",\n".join("    " + line for line in written)


def whole(overview: Overview, found: Iterable[str], format_: str) -> Iterator[str]:
    """The text of a report with the pieces found, in their order."""
    if format_ == TEXT:
        yield from found
        text = StringIO()
        overview.print(Paper(text))
        yield text.getvalue()
    elif format_ == "csv":
        yield as_csv(COLUMNS, ())
        yield from found
    elif format_ == "json":
        before, _, after = as_json({**overview.json(), "verdicts": []}).rpartition(_VERDICTS)
        yield f"{before}{_VERDICTS[:-1]}"
        number = -1
        for number, piece in enumerate(found):
            yield ("," if number else "") + "\n" + piece
        yield ("]" if number < 0 else "\n  ]") + after
    else:
        joint, serialize, cut = _rdf(format_)
        head = serialize(rdf.ntriples(overview.triples()))
        body = cut(head)
        before, _, after = head.rpartition(body)
        yield before + body
        for piece in found:
            yield joint + piece
        yield after + "\n"


def as_json(value: Any) -> str:
    """JSON data as the commands print it."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _rdf(format_: str) -> tuple[str, Callable[[str], str], Callable[[str], str]]:
    """What stands between pieces, what makes the format of N-Triples, and what leaves of that only the statements."""
    if format_ == "ntriples":
        return "", lambda text: text, lambda text: text
    if format_ == "turtle":
        return "", rdf.turtle_of, lambda text: text.split("\n", len(rdf.PREFIXES))[-1]
    return ",", rdf.jsonld_of, lambda text: text[text.index("[") + 1 : text.rindex("]")]
