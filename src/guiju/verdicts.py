"""Verdicts: what every norm in force comes to for everything in its scope, and why.

The definition is ``queries/verdicts.rq`` over the results of a SHACL engine; the explanations are the
queries in ``queries/explain``, one a component. Python only carries rows from one to the other.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from pyoxigraph import Literal, NamedNode, Store, Triple

from guiju import engines, keys
from guiju.derivation import Derived, derive
from guiju.evidence import Evidence
from guiju.intake import Text
from guiju.knowledge import Knowledge, Row
from guiju.progress import Progress, at, unheard

OUTCOMES = ("passed", "failed", "cantTell", "inapplicable")
_TYPE = NamedNode(keys.RDF + "type")
_BY_SHAPE, _SUBJECT, _ON_NORM, _BECAUSE = (
    NamedNode(keys.GJ + name) for name in ("byShape", "subject", "onNorm", "because")
)
_OUTCOME = NamedNode(keys.EARL + "outcome")
_NESTED = NamedNode(keys.SH + "node")


@dataclass(frozen=True)
class Part:
    """A fact, limit, gap or cure in an explanation; ``node`` is the fact's IRI where it is one."""

    text: Text
    node: str | None = None


@dataclass
class Verdict:
    """The outcome of one norm for one subject, with its explanation."""

    shape: str
    norm: str
    subject: str
    submission: str
    outcome: str
    severity: str
    because: str | None
    facts: list[Part] = field(default_factory=list)
    missing: list[Part] = field(default_factory=list)
    limit: list[Part] = field(default_factory=list)
    remedy: list[Part] = field(default_factory=list)
    chain: list[Part] = field(default_factory=list)

    @property
    def key(self) -> keys.Key:
        return keys.parse(self.norm)

    @property
    def iri(self) -> str:
        """An IRI that is the same whenever the same shape judges the same subject."""
        digest = hashlib.sha256(f"{self.shape} {self.subject}".encode()).hexdigest()[:24]
        return f"urn:guiju:verdict:{digest}"


@dataclass(frozen=True)
class Assessment:
    """All verdicts on one set of facts as of a day, with what they were drawn from."""

    as_of: date | None
    verdicts: list[Verdict]
    derived: Derived
    results: list[engines.Result]
    evidence: Evidence
    engine: str

    @property
    def store(self) -> Store:
        """Facts, conclusions, verdicts and the whole knowledge base."""
        return self.evidence.store

    def summary(self) -> dict[str, int]:
        """How many verdicts of each outcome."""
        counted = Counter(verdict.outcome for verdict in self.verdicts)
        return {outcome: counted[outcome] for outcome in OUTCOMES}


def assess(
    facts: Iterable[Triple],
    knowledge: Knowledge,
    *,
    as_of: date | None = None,
    documents: Iterable[str] | None = None,
    engine: str = engines.DEFAULT,
    explained: Collection[str] = OUTCOMES,
    progress: Progress = unheard,
) -> Assessment:
    """Derive, validate, judge and explain.

    ``facts`` without blank nodes (see :func:`guiju.submission.skolemised`); ``as_of`` picks the law of a
    day, and is the submissions' own day where it is None; ``documents`` limits which documents' norms are asked,
    ``explained`` of which outcomes verdicts are explained.
    """
    derived = derive(facts, knowledge, progress)
    when = as_of or _latest_day(derived.facts)
    shapes = in_force(knowledge, when, documents)
    results = engines.run(derived.triples, selected(knowledge, shapes), engine, progress)
    progress(at("judging"))
    verdicts, evidence = judge(derived, results, shapes, knowledge, engine)
    explain(verdicts, evidence, knowledge, progress, explained)
    verdicts.sort(key=lambda verdict: order(verdict, knowledge))
    return Assessment(when, verdicts, derived, results, evidence, engine)


def judge(
    derived: Derived,
    results: list[engines.Result],
    shapes: list[str],
    knowledge: Knowledge,
    engine: str = engines.DEFAULT,
) -> tuple[list[Verdict], Evidence]:
    """The verdicts, not yet explained, that ``queries/verdicts.rq`` gives; and what they were drawn from."""
    evidence = _evidence(knowledge, derived, results, shapes, engine)
    verdicts = [_verdict(row) for row in evidence.select(knowledge.query("verdicts"))]
    return verdicts + _untargeted(verdicts, shapes, evidence), evidence


def in_force(knowledge: Knowledge, when: date | None, documents: Iterable[str] | None = None) -> list[str]:
    """The shapes whose norms apply on a day (any day where it is None), of the documents given or of all.

    A document whose first day is not known is left out, unless it is asked for by name. Raises ValueError
    for a document that the knowledge base does not have.
    """
    rows = knowledge.periods
    known = {row["document"].value.removeprefix(keys.ID) for row in rows}
    documents = set(documents or ())
    wanted = documents or known
    if wanted - known:
        raise ValueError(
            f"no shapes for {', '.join(sorted(wanted - known))}; there are some for {', '.join(sorted(known))}"
        )
    day = when.isoformat() if when else None
    return [
        row["shape"].value
        for row in rows
        if row["document"].value.removeprefix(keys.ID) in wanted
        and (documents or "from" in row)
        and (day is None or "from" not in row or row["from"].value <= day)
        and (day is None or "until" not in row or day < row["until"].value)
    ]


def selected(knowledge: Knowledge, shapes: Iterable[str]) -> list[Triple]:
    """The completed shapes given, their companions and those nested in them, and the components they use."""
    by: dict[str, list[Triple]] = defaultdict(list)
    for triple in knowledge.shapes:
        if isinstance(triple.subject, NamedNode) and triple.subject.value.startswith(keys.SHAPE):
            by[triple.subject.value].append(triple)
    wanted, queue = set(), list(shapes)
    while queue:
        shape = queue.pop()
        if shape in by and shape not in wanted:
            wanted.add(shape)
            queue += [f"{shape}/{suffix}" for suffix in ("not-known", "not-triggered")]
            queue += [
                t.object.value
                for t in by[shape]
                if t.predicate.value == keys.SH + "node" and isinstance(t.object, NamedNode)
            ]
    used = {triple.predicate.value for shape in wanted for triple in by[shape]}
    return [
        triple
        for triple in knowledge.shapes
        if not isinstance(triple.subject, NamedNode)
        or (
            triple.subject.value in wanted
            if triple.subject.value.startswith(keys.SHAPE)
            else used.intersection(knowledge.parameters.get(triple.subject, used))
        )
    ]


def explain(
    verdicts: list[Verdict],
    evidence: Evidence,
    knowledge: Knowledge,
    progress: Progress = unheard,
    outcomes: Collection[str] = OUTCOMES,
) -> None:
    """Fill in facts, gaps, limits, cures and chains of the verdicts of some outcomes, from ``queries/explain``.

    The parts of an explanation stand in the order of the files, those of a file in that of their Chinese text.
    Verdicts on a subject that several submissions report have one IRI, and each gets the explanation. All verdicts
    are added to the evidence.
    """
    # What a composite norm came to is explained by what its parts came to, whatever that was.
    parts_of_others = {t.object.value for t in knowledge.shapes if t.predicate == _NESTED}  # type: ignore[union-attr]
    by_iri: dict[str, list[Verdict]] = defaultdict(list)
    others: list[Verdict] = []
    for verdict in verdicts:
        if verdict.outcome in outcomes or verdict.shape in parts_of_others:
            by_iri[verdict.iri].append(verdict)
        else:
            others.append(verdict)
    evidence.add([t for iri, same in by_iri.items() for verdict in same for t in _statements(iri, verdict)])
    queries = knowledge.within("explain")
    for number, query in enumerate(queries.values(), 1):
        progress(at("explaining", number, len(queries)))
        # An engine may find rows in any order; the reader of two reports should not see that.
        for iri, name, zh, en, fact in sorted(_explanations(evidence, query)):
            part = Part(Text(zh, en), fact or None)
            for verdict in by_iri[iri]:
                parts: list[Part] = getattr(verdict, name)
                if part not in parts:
                    parts.append(part)
    evidence.add([triple for verdict in others for triple in _statements(verdict.iri, verdict)])


def _explanations(evidence: Evidence, query: str) -> Iterator[tuple[str, str, str, str, str]]:
    """Verdict, part, Chinese and English text, and fact or an empty string, for each row that has both texts."""
    for row in evidence.select(query):
        zh, en, fact = row.get("zh"), row.get("en"), row.get("node")
        if zh and en:
            yield row["verdict"].value, row["part"].value, zh.value, en.value, fact.value if fact else ""


def _statements(iri: str, verdict: Verdict) -> Iterator[Triple]:
    node = NamedNode(iri)
    yield Triple(node, _BY_SHAPE, NamedNode(verdict.shape))
    yield Triple(node, _SUBJECT, NamedNode(verdict.subject))
    yield Triple(node, _ON_NORM, NamedNode(verdict.norm))
    yield Triple(node, _OUTCOME, NamedNode(keys.EARL + verdict.outcome))
    if verdict.because:
        yield Triple(node, _BECAUSE, NamedNode(verdict.because))


def _evidence(
    knowledge: Knowledge, derived: Derived, results: list[engines.Result], shapes: list[str], engine: str
) -> Evidence:
    in_force = NamedNode(keys.GJ + "ShapeInForce")
    stated = [Triple(NamedNode(shape), _TYPE, in_force) for shape in shapes]
    for number, result in enumerate(results):
        node = NamedNode(f"urn:guiju:result:{number}")
        stated += [
            Triple(node, NamedNode(keys.SH + name), NamedNode(value))
            for name, value in (
                ("sourceShape", result.shape),
                ("focusNode", result.focus),
                ("sourceConstraintComponent", result.component),
                ("resultSeverity", result.severity),
            )
        ]
    asked, rest = knowledge.asked
    return Evidence((derived.triples, asked, derived.calendar_days, stated), rest, engine)


def _verdict(row: Row) -> Verdict:
    because = row.get("because")
    return Verdict(
        shape=row["shape"].value,
        norm=row["norm"].value,
        subject=row["subject"].value,
        submission=row["submission"].value,
        outcome=row["outcome"].value.removeprefix(keys.EARL),
        severity=row["severity"].value.removeprefix(keys.SH).lower(),
        because=because.value if because else None,
    )


def _untargeted(verdicts: list[Verdict], shapes: list[str], evidence: Evidence) -> list[Verdict]:
    """For a shape with nothing in its scope in a submission: not applicable, said of the submission as a whole.

    What another submission reports does not matter: a verdict is the same whoever is judged at the same time.
    """
    judged = {(verdict.shape, verdict.submission) for verdict in verdicts}
    submissions = sorted(
        row["submission"].value
        for row in evidence.select(f"SELECT ?submission {{ ?submission a <{keys.GJ}Submission> }}")
    )
    severity = {
        row["shape"].value: row["severity"].value.removeprefix(keys.SH).lower()
        for row in evidence.select(f"SELECT ?shape ?severity {{ ?shape <{keys.SH}severity> ?severity }}")
    }
    return [
        Verdict(
            shape=shape,
            norm=keys.parse(shape).norm,
            subject=submission,
            submission=submission,
            outcome="inapplicable",
            severity=severity.get(shape, "violation"),
            because=keys.GJ + "NothingInScope",
        )
        for shape in shapes
        for submission in submissions
        if (shape, submission) not in judged
    ]


def order(verdict: Verdict, knowledge: Knowledge) -> tuple[str, str, int, str]:
    """What verdicts are sorted by in a report: submission, document, place in the document, norm and subject."""
    key = verdict.key
    return verdict.submission, key.document, knowledge.position(key), f"{verdict.norm} {verdict.subject}"


def stated_day(triple: Triple) -> str:
    """The day as of which a submission speaks, where that is what a statement says; else an empty text."""
    says, when = triple.predicate.value == keys.GJ + "asOf", triple.object
    return when.value if says and isinstance(when, Literal) else ""


def _latest_day(facts: list[Triple]) -> date | None:
    day = max(map(stated_day, facts), default="")
    return date.fromisoformat(day) if day else None
