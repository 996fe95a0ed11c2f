"""The kind of worker that handles strangers' facts: it holds the knowledge base, and has done everything once."""

from __future__ import annotations

import codecs
import importlib
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID

from pyoxigraph import RdfFormat, parse, serialize

from guiju import engines, intake, pieces, tasks
from guiju.compiled import Compiled
from guiju.graph import NoPicture
from guiju.intake import Source
from guiju.intake.source import FORMATS
from guiju.keeping import kept
from guiju.progress import DONE, Progress, Step
from guiju.proofs import explained
from guiju.service.worker import Handler, Say
from guiju.show import Library, UnknownKey
from guiju.verdicts import OUTCOMES, in_force, selected

_FACTS = b"""@prefix gj: <https://w3id.org/guiju/ontology#> . @prefix : <urn:x:> .
:submission a gj:Submission ; gj:asOf "2018-12-31"^^<http://www.w3.org/2001/XMLSchema#date> .
:company a gj:FinancialAssetManagementCompany ; gj:reportedIn :submission .
:investor a gj:FinancialAssetInvestmentCompany ; gj:reportedIn :submission .
:holding a gj:Holding ; gj:holder :company ; gj:held :investor ; gj:reportedIn :submission ."""
"""What is judged, explained, drawn and kept before strangers' facts are."""
_CODECS = ("ascii", "idna", "latin-1", "punycode", "unicode_escape", "utf-8-sig", "utf-16", "utf-32")
_APART = 0.1
"""Seconds between two frames of progress within a stage."""


def load(_: bytes) -> Handler:
    """Read and do all once; a job is ``inputs`` with name, size and form, the ``command`` and its ``arguments``."""
    library = Library(Compiled())
    _warm(library)

    def handle(job: dict[str, Any], body: bytes, say: Say) -> tuple[dict[str, Any], list[bytes]]:
        heard = _throttled(say)
        try:
            texts = tasks.run(job["command"], job["arguments"], list(_inputs(job, body)), library, heard)
        except ValueError as error:
            return {"error": "bad-input", "message": str(error)}, []
        heard(DONE)
        return {}, [text.encode() for text in texts]

    return handle


def _inputs(job: dict[str, Any], body: bytes) -> Iterator[Source]:
    """The inputs of a job, which its frame holds one after the other."""
    start = 0
    for name, size, form in job["inputs"]:
        yield name, body[start : start + size], form
        start += size


def _warm(library: Library) -> None:
    """Whatever is read, imported or made when it is first needed is needed here, while files can be opened."""
    for name in _CODECS:
        codecs.lookup(name)
    # numpy imports it at its first look for what an array has twice.
    importlib.import_module("numpy.ma")
    with suppress(UnknownKey):
        library.resolve("aic-measures-2018/art_0")
    quads = list(parse(_FACTS, format=RdfFormat.TURTLE))
    for name, format_ in FORMATS.items():
        same = serialize((quad.triple for quad in quads), format=format_) or b""
        intake.read([("facts", same, name)], known_terms=lambda: library.knowledge.terms)
    sources = [("facts", _FACTS, "turtle")]
    documents = sorted({period.document for period in library.knowledge.periods})
    report = tasks.judged(sources, library.knowledge, documents=documents)
    few = selected(library.knowledge, in_force(library.knowledge, None)[:1])
    engines.run(report.assessment.derived.triples, few, engines.PYSHACL)
    for format_name in pieces.FORMATS:
        tasks.written(report, format_name, frozenset(OUTCOMES), "zh")
    kept(report, str(UUID(int=0)))
    same = serialize((quad.triple for quad in quads), format=RdfFormat.N_TRIPLES) or b""
    change = b"D %b .\nA %b .\n" % ((str(quads[0].triple).encode(),) * 2)
    tasks.run("validate", ["--patched"], [("facts", same, "ntriples"), ("patch", change, None)], library)
    pieces.as_json(explained(report, None, library.resolve(documents[0]), OUTCOMES).json(report.submission))
    with suppress(NoPicture):
        # Where igraph is not installed, that is what a picture is answered with.
        tasks.drawn(sources, library.knowledge)
    tasks.answered(report, "institutions/summary", {}, library.knowledge)


def _throttled(say: Say) -> Progress:
    """Progress as frames: every stage, and within it one now and then."""
    last: tuple[str, float] = ("", 0.0)

    def heard(step: Step) -> None:
        nonlocal last
        now = time.monotonic()
        if step.stage != last[0] or now - last[1] >= _APART:
            last = step.stage, now
            say(step._asdict())

    return heard
