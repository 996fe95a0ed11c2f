"""Verdicts: what every norm in force comes to for everything in its scope, and why.

The definition is ``queries/verdicts.rq`` over the results of a SHACL engine; the explanations are the
queries in ``queries/explain``, one a component. Python only carries rows from one to the other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from pyoxigraph import Literal, NamedNode, Store, Triple

from guiju import engines, keys
from guiju.columnar.columns import Columns
from guiju.columnar.facts import NONE
from guiju.columnar.terms import once
from guiju.columnar.validate import Results
from guiju.derivation import Derived, derive
from guiju.judgement import OUTCOMES, Judgement, Part, Verdict
from guiju.knowledge import Knowledge, fill
from guiju.progress import Progress, at, unheard

__all__ = [
    "OUTCOMES",
    "Assessment",
    "Part",
    "Verdict",
    "assess",
    "in_force",
    "judge",
    "latest_day",
    "order",
    "selected",
    "stated_day",
]


@dataclass(frozen=True)
class Assessment:
    """All verdicts on one set of facts as of a day, with what they were drawn from."""

    as_of: date | None
    derived: Derived
    validation: engines.Validation
    judgement: Judgement
    engine: str

    @cached_property
    def verdicts(self) -> list[Verdict]:
        """All of them, by submission, then in the order of the law, then by subject."""
        return self.judgement.verdicts()

    def of(self, outcomes: Collection[str]) -> list[Verdict]:
        """The verdicts of some outcomes, in the same order."""
        return self.judgement.verdicts(outcomes)

    @property
    def results(self) -> list[engines.Result]:
        """What the shapes reported, sorted."""
        return engines.listed(self.validation.results, self.judgement.columns.terms)

    @cached_property
    def store(self) -> Store:
        """Facts, conclusions, verdicts and the whole knowledge base."""
        columns, knowledge, store = self.judgement.columns, self.judgement.knowledge, Store()
        for rows in (columns.told.rows(), columns.days.rows()):
            fill(store, columns.terms.decoded(rows))
        fill(store, knowledge.triples)
        fill(store, knowledge.shapes)
        fill(store, self.judgement.statements())
        return store

    def summary(self) -> dict[str, int]:
        """How many verdicts of each outcome."""
        return {
            outcome: sum(count for (said, _), count in self.judgement.counted.items() if said == outcome)
            for outcome in OUTCOMES
        }


def assess(
    facts: Columns | Iterable[Triple],
    knowledge: Knowledge,
    *,
    as_of: date | None = None,
    documents: Iterable[str] | None = None,
    engine: str = engines.DEFAULT,
    explained: Collection[str] = OUTCOMES,
    progress: Progress = unheard,
) -> Assessment:
    """Derive, validate, judge and explain.

    ``facts`` without blank nodes, in columns (see :func:`guiju.submission.receive`), which take in what is derived and
    judged, or as triples; ``as_of`` picks the law of a
    day, and is the submissions' own day where it is None; ``documents`` limits which documents' norms are asked,
    ``explained`` of which outcomes verdicts are explained.
    """
    derived = derive(facts, knowledge, progress)
    columns = derived.columns
    when = as_of or latest_day(columns)
    shapes = in_force(knowledge, when, documents)
    validation = engines.validate(columns, shapes, knowledge, engine, progress)
    progress(at("judging"))
    judgement = Judgement(columns, validation.results, shapes, knowledge)
    judgement.explain(explained, progress)
    return Assessment(when, derived, validation, judgement, engine)


def judge(
    columns: Columns, results: Sequence[engines.Result] | Results, shapes: Sequence[str], knowledge: Knowledge
) -> Judgement:
    """The verdicts, not yet explained, on what was derived and found, in columns made of the same knowledge base."""
    if not isinstance(results, Results):
        results = engines.as_columns(results, columns.terms)
    return Judgement(columns, results, shapes, knowledge)


def in_force(knowledge: Knowledge, when: date | None, documents: Iterable[str] | None = None) -> list[str]:
    """The shapes whose norms apply on a day (any day where it is None), of the documents given or of all.

    A document whose first day is not known is left out, unless it is asked for by name. Raises ValueError
    for a document that the knowledge base does not have.
    """
    periods = knowledge.periods
    known = {period.document for period in periods}
    documents = set(documents or ())
    wanted = documents or known
    if wanted - known:
        raise ValueError(
            f"no shapes for {', '.join(sorted(wanted - known))}; there are some for {', '.join(sorted(known))}"
        )
    day = when.isoformat() if when else None
    return [
        period.shape
        for period in periods
        if period.document in wanted
        and (documents or period.begins)
        and (day is None or period.begins is None or period.begins <= day)
        and (day is None or period.ends is None or day < period.ends)
    ]


def selected(knowledge: Knowledge, shapes: Iterable[str]) -> list[Triple]:
    """The completed shapes given, their companions and those nested in them, and the components they use."""
    return engines.selected(knowledge.shapes, dict.fromkeys(knowledge.columns.shapes.with_(shapes)))


def order(verdict: Verdict, knowledge: Knowledge) -> tuple[str, str, int, str]:
    """What verdicts are sorted by in a report: submission, document, place in the document, norm and subject."""
    key = verdict.key
    return verdict.submission, key.document, knowledge.position(key), f"{verdict.norm} {verdict.subject}"


def stated_day(triple: Triple) -> str:
    """The day as of which a submission speaks, where that is what a statement says; else an empty text."""
    says, when = triple.predicate.value == keys.GJ + "asOf", triple.object
    return when.value if says and isinstance(when, Literal) else ""


def latest_day(columns: Columns) -> date | None:
    """The latest day as of which a submission speaks."""
    days = once(columns.told.relations.get(columns.terms.find(NamedNode(keys.GJ + "asOf")), NONE).objects)
    day = max((term.value for term in columns.terms.terms(days.tolist()) if isinstance(term, Literal)), default="")
    return date.fromisoformat(day) if day else None
