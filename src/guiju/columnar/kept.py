"""What is known of the knowledge base in columns, as bytes and back: it need not be encoded, nor its validators parsed.

A line of JSON says what the parts are and how long; the columns follow as they lie in memory (little-endian), then
terms, as N-Triples writes them, and queries with their plans. Nothing is executed by reading it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import numpy as np

from guiju.columnar import parser
from guiju.columnar.columns import Known
from guiju.columnar.facts import Facts, Relation
from guiju.columnar.prepared import PLANS
from guiju.columnar.terms import Column, Terms
from guiju.columnar.validate import Shapes, Uses

_ALIGNED = 8


def written(known: Known) -> bytes:
    """All that is known, for :func:`read`."""
    shapes, parts = known.shapes, (known.vocabulary, known.asked, known.days)
    lines, also, long, *columns = known.terms.state()
    texts = [b"\n".join(lines)]
    columns += [relation.pairs for part in parts for relation in part.relations.values()]
    columns += [shapes.numbers, shapes.severities, shapes.targets]
    for uses in shapes.uses:
        columns += [uses.shapes, uses.reported, *uses.values]
        texts += [uses.text.encode(), b"" if uses.refused else parser.written(uses.text, uses.given)]
    about = {
        "also": [[text.decode(), number] for text, number in also.items()],
        "long": list(long.items()),
        "relations": [[[number, relation.odd] for number, relation in part.relations.items()] for part in parts],
        "uses": [[uses.component, uses.parameters, uses.refused] for uses in shapes.uses],
        "refused": shapes.refused,
        "beside": [[shapes.places[name] for name in shapes.beside[shape]] for shape in shapes.names],
        "columns": [(column.dtype.newbyteorder("<").str, len(column)) for column in columns],
        "texts": [len(text) for text in texts],
    }
    head = json.dumps(about, ensure_ascii=False).encode()
    # The columns begin where the widest of them may.
    body = [head, b" " * (-(len(head) + 1) % _ALIGNED), b"\n"]
    for column in columns:
        plain = column.astype(column.dtype.newbyteorder("<")).tobytes()
        body += [plain, bytes(-len(plain) % _ALIGNED)]
    return b"".join((*body, *texts))


def read(body: bytes) -> Known:
    """What :func:`written` wrote, over a dictionary of its own."""
    end = body.index(b"\n") + 1
    about = json.loads(body[:end])
    columns, at = _columns(body, end, about["columns"])
    texts = _texts(body, at, about["texts"])
    lines = next(texts).split(b"\n")
    also = {text.encode(): number for text, number in about["also"]}
    terms = Terms.of_state(lines, also, dict(about["long"]), *(next(columns) for _ in range(3)))
    parts = []
    for relations in about["relations"]:
        part = Facts(terms)
        part.relations = {number: Relation(next(columns), odd) for number, odd in relations}
        parts.append(part)
    numbers, severities, targets = (next(columns) for _ in range(3))
    names = tuple(terms.names(numbers))
    beside = {
        name: tuple(names[place] for place in places) for name, places in zip(names, about["beside"], strict=True)
    }
    uses = tuple(_uses(component, of, why, columns, texts) for component, of, why in about["uses"])
    shapes = Shapes(names, numbers, severities, targets, uses, about["refused"], beside)
    vocabulary, asked, days = parts
    return Known(terms, vocabulary, asked, days, shapes)


def _uses(
    component: str, parameters: Iterable[str], refused: str, columns: Iterator[Column], texts: Iterator[bytes]
) -> Uses:
    names, text, plan = tuple(parameters), next(texts).decode(), next(texts)
    shapes, reported, *values = (next(columns) for _ in range(2 + len(names)))
    found = Uses(component, names, text, refused, shapes, reported, tuple(values))
    if plan:
        PLANS[text, found.given] = plan
    return found


def _columns(body: bytes, at: int, kinds: Iterable[tuple[str, int]]) -> tuple[Iterator[Column], int]:
    """The columns that begin at a place, and where they end."""
    found: list[Column] = []
    for kind, length in kinds:
        found.append(np.frombuffer(body, kind, length, at))
        at += -(-found[-1].nbytes // _ALIGNED) * _ALIGNED
    return iter(found), at


def _texts(body: bytes, at: int, lengths: Iterable[int]) -> Iterator[bytes]:
    for length in lengths:
        yield body[at : at + length]
        at += length
