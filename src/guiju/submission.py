"""From what was sent to facts that can be judged: read, checked, and freed of what data may not say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode, Store, Triple

from guiju import intake, keys
from guiju.intake import BadInput, Facts, Ignored, InputInfo, Problem, Source, Text
from guiju.knowledge import Knowledge, fill, select
from guiju.progress import Progress, at, unheard

BLANK = "urn:guiju:blank:"
"""What the IRI begins with that is given to a blank node; it means something within one reading only."""
_UNNAMED = "（未命名 unnamed）"
_OWN = ("urn:guiju:conclusion:", "urn:guiju:figure:", "urn:guiju:verdict:")
"""IRIs of what derivations conclude and judgement says; a stranger could otherwise add grounds, or verdicts."""
_CONCLUDED = Text("此类归属或属性只能由推导得出。", "Only a derivation may conclude this.")


@dataclass(frozen=True)
class Submission:
    """Facts that passed every check, without blank nodes, and where each stands in the input."""

    triples: list[Triple]
    inputs: list[InputInfo]
    ignored: list[Ignored]
    place: Callable[[str], str | None]


def receive(
    sources: Sequence[Source], knowledge: Knowledge, input_format: str | None = None, progress: Progress = unheard
) -> Submission:
    """Facts that can be judged: those of :func:`read`, checked as a whole by :func:`check`.

    Raises BadInput with every problem, its place and its cure.
    """
    submission = read(sources, knowledge, input_format, progress)
    check(submission.triples, submission.place, knowledge, progress)
    return submission


def read(
    sources: Sequence[Source], knowledge: Knowledge, input_format: str | None = None, progress: Progress = unheard
) -> Submission:
    """Read sources through :func:`guiju.intake.read`, each statement checked for itself.

    Raises BadInput. What only derivations may conclude is left out and listed in ``ignored``.
    """
    progress(at("reading"))
    facts = intake.read(sources, known_terms=lambda: knowledge.terms, input_format=input_format)
    concluded = _concluded_only(knowledge)
    kept, ignored = [], list(facts.ignored)
    for triple in facts.triples:
        if isinstance(triple.subject, NamedNode) and triple.subject.value.startswith(_OWN):
            ignored.append(Ignored(facts.place(triple.subject) or "", triple.subject.value, _CONCLUDED))
            continue
        word = triple.object if triple.predicate.value == keys.RDF + "type" else triple.predicate
        if isinstance(word, NamedNode) and word.value in concluded:
            where = facts.place(triple.subject) or ""  # type: ignore[arg-type]
            ignored.append(Ignored(where, word.value, _CONCLUDED))
        else:
            kept.append(triple)
    return Submission(skolemised(kept), facts.inputs, ignored, lambda iri: place(facts, iri))


def check(
    triples: Iterable[Triple],
    place: Callable[[str], str | None],
    knowledge: Knowledge,
    progress: Progress = unheard,
) -> None:
    """Look through facts with ``queries/intake``; ``place`` says where an IRI is stated. Raises BadInput."""
    store = Store()
    fill(store, triples)
    fill(store, knowledge.vocabulary)
    problems = []
    queries = knowledge.within("intake")
    for number, query in enumerate(queries.values(), 1):
        progress(at("checking", number, len(queries)))
        for row in select(store, query):
            subject = row["subject"].value
            named = "" if subject.startswith(BLANK) else f" <{subject}>"
            problems.append(
                Problem(
                    (place(subject) or "输入 input") + named,
                    Text(row["zh"].value, row["en"].value),
                    Text(row["doZh"].value, row["doEn"].value),
                )
            )
    if problems:
        limit = intake.MAX_PROBLEMS
        raise BadInput(problems[:limit], complete=len(problems) <= limit)


def skolemised(triples: Sequence[Triple]) -> list[Triple]:
    """The same triples with every blank node given an IRI, so that reports can name it."""

    def name(term: object) -> object:
        blank = not isinstance(term, (NamedNode, Literal))
        return NamedNode(BLANK + str(term).removeprefix("_:")) if blank else term

    return [Triple(name(t.subject), t.predicate, name(t.object)) for t in triples]  # type: ignore[arg-type]


def names(triples: Iterable[Triple]) -> Iterator[Triple]:
    """What the things in the data are called, as ``gj:zh`` and ``gj:en``, one plain text each.

    A label of the other language, or of none, stands in for one that is missing, and the last part of the IRI for all.
    """
    labels: dict[NamedNode, dict[str, str]] = {}
    for triple in triples:
        for term in (triple.subject, triple.object):
            if isinstance(term, NamedNode) and not term.value.startswith(keys.BASE):
                labels.setdefault(term, {})
        if triple.predicate.value == keys.RDFS + "label" and isinstance(triple.object, Literal):
            language = (triple.object.language or "").split("-")[0]
            labels[triple.subject].setdefault(language, triple.object.value)  # type: ignore[index]
    for thing, by in labels.items():
        short = _UNNAMED if thing.value.startswith(BLANK) else keys.local(thing.value)
        other = next(iter(by.values()), short)
        for language in ("zh", "en"):
            text = by.get(language) or by.get("") or other
            yield Triple(thing, NamedNode(keys.GJ + language), Literal(text))


def place(facts: Facts, iri: str) -> str | None:
    """Where a fact stands, ``file.ttl:12``, for an IRI or the name given to a blank node."""
    return facts.place("_:" + iri.removeprefix(BLANK) if iri.startswith(BLANK) else iri)


def _concluded_only(knowledge: Knowledge) -> frozenset[str]:
    return frozenset(
        triple.subject.value
        for triple in knowledge.background
        if triple.predicate.value == keys.GJ + "concludedOnly" and isinstance(triple.subject, NamedNode)
    )
