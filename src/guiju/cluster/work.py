"""What an executor does: judge a bucket of groups, and give its verdicts as rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import groupby
from typing import Any

import pyarrow as pa
from pyoxigraph import NamedNode

from guiju.compiled import Compiled
from guiju.intake import BadInput, Problem
from guiju.knowledge import Knowledge
from guiju.submission import BLANK, receive
from guiju.verdicts import Part, Verdict, assess, stated_day

REFUSED = "refused"
"""The outcome of a group that cannot be judged: a row for each problem, with its place and its cure."""
PARTS = ("facts", "missing", "limit", "remedy", "chain")
_PART = pa.list_(pa.struct([("zh", pa.string()), ("en", pa.string()), ("node", pa.string())]))
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("submission", "norm", "shape", "subject", "outcome", "severity", "because")),
        ("asOf", pa.date32()),
        *((name, _PART) for name in PARTS),
    ]
)
"""A verdict; its explanation is lists of texts in Chinese and English, each with the fact it speaks of."""
_TEXTS = "array<struct<zh: string, en: string, node: string>>"
ROWS = (
    "submission string, norm string, shape string, subject string, outcome string, severity string, because string, "
    f"asOf date, {', '.join(f'{name} {_TEXTS}' for name in PARTS)}"
)
"""The same for Spark."""

Sent = tuple[str, bytes, str | None]


@dataclass(frozen=True)
class Options:
    """How to judge: the law of which day and of which documents, by which engine, with what reference data."""

    as_of: date | None
    documents: tuple[str, ...]
    engine: str
    reference: tuple[Sent, ...]
    known: frozenset[str]
    """The things that the reference data describes; they are judged once, with the reference data alone."""


def judged(options: Options, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The verdicts on buckets, from their rows (bucket, group, unit, source, content, form) in the order of buckets."""
    rows = (row for batch in batches for row in batch.to_pylist())
    for _, bucket in groupby(rows, key=lambda row: row["bucket"]):
        by: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for row in bucket:
            by[row["group"]].append(row)
        yield pa.RecordBatch.from_pylist(list(_verdicts(options, by)), schema=SCHEMA)


def on_reference(options: Options) -> pa.Table:
    """The verdicts on what the reference data describes."""
    found = _assessed(options, ()) if options.reference else []
    return pa.Table.from_pylist(list(found), schema=SCHEMA)


def _verdicts(options: Options, by: dict[int, list[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    rows = [row for number in sorted(by) for row in by[number]]
    try:
        yield from list(_assessed(options, rows))
    except BadInput as wrong:
        if len(by) > 1:
            # Only the group that is wrong is refused; the others are judged without it.
            for number, alone in sorted(by.items()):
                yield from _verdicts(options, {number: alone})
        else:
            yield from (_refusal(problem, options) for problem in wrong.problems)


def _assessed(options: Options, rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    knowledge = _knowledge()
    submission = receive([*options.reference, *_sources(rows)], knowledge)
    found = assess(
        submission.columns,
        knowledge,
        as_of=options.as_of,
        documents=options.documents or None,
        engine=options.engine,
    )
    # A blank node has its name within what is read at once only.
    scope = min((row["unit"] for row in rows), default="reference")
    for verdict in found.verdicts:
        if not rows or verdict.subject not in options.known:
            yield _row(verdict, found.as_of, scope)


def _sources(rows: Iterable[dict[str, Any]]) -> list[Sent]:
    """Files as they are, and the statements of one file together, in an order that does not depend on the cluster."""
    files: list[Sent] = []
    lines: dict[str, list[bytes]] = defaultdict(list)
    for row in rows:
        if row["source"] == row["unit"]:
            files.append((row["source"], row["content"], row["form"] or None))
        else:
            lines[row["source"]].append(row["content"])
    return sorted(files) + [(name, b"".join(sorted(found)), "nquads") for name, found in sorted(lines.items())]


def _row(verdict: Verdict, as_of: date | None, scope: str) -> dict[str, Any]:
    def told(iri: str | None) -> str | None:
        return f"{BLANK}{scope}:{iri.removeprefix(BLANK)}" if iri and iri.startswith(BLANK) else iri

    def texts(parts: Sequence[Part]) -> list[dict[str, str | None]]:
        return [{**part.text._asdict(), "node": told(part.node)} for part in parts]

    return {
        "submission": told(verdict.submission),
        "norm": verdict.norm,
        "shape": verdict.shape,
        "subject": told(verdict.subject),
        "outcome": verdict.outcome,
        "severity": verdict.severity,
        "because": verdict.because,
        "asOf": as_of,
        **{name: texts(getattr(verdict, name)) for name in PARTS},
    }


def _refusal(problem: Problem, options: Options) -> dict[str, Any]:
    return {
        "subject": problem.where,
        "outcome": REFUSED,
        "asOf": options.as_of,
        **{name: [] for name in PARTS},
        "facts": [{**problem.what._asdict(), "node": None}],
        "remedy": [{**problem.do._asdict(), "node": None}],
    }


@cache
def _knowledge() -> Knowledge:
    """The knowledge base of this executor's process, read once."""
    return Compiled()


def words() -> frozenset[str]:
    """The properties that take terms of ours."""
    return _knowledge().words


def described(reference: Sequence[Sent]) -> tuple[frozenset[str], str | None]:
    """What reference data describes, and the latest day it speaks of. Raises BadInput."""
    if not reference:
        return frozenset(), None
    triples = receive(list(reference), _knowledge()).triples
    day = max(map(stated_day, triples))
    return frozenset(t.subject.value for t in triples if isinstance(t.subject, NamedNode)), day or None
