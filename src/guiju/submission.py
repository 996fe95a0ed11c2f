"""From what was sent to facts that can be judged: read, checked, and freed of what data may not say."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from pyoxigraph import Literal, NamedNode, Store, Triple

from guiju import intake, keys
from guiju.columnar.columns import Columns
from guiju.columnar.parser import parse
from guiju.columnar.plan import Select
from guiju.columnar.terms import UNBOUND, Rows, Unsupported
from guiju.intake import BadInput, Facts, Ignored, InputInfo, Problem, Source, Text
from guiju.knowledge import Knowledge, Row, fill, select
from guiju.progress import Progress, at, unheard

_log = logging.getLogger(__name__)

BLANK = "urn:guiju:blank:"
"""What the IRI begins with that is given to a blank node; it means something within one reading only."""
_UNNAMED = "（未命名 unnamed）"
_BLANK = BLANK.encode()
_OWN, _NOT_OWN = b"<urn:guiju:", f"<{BLANK}".encode()
"""How IRIs of what derivations conclude and judgement says begin, and those of blank nodes.

A stranger could otherwise add grounds, or verdicts, or speak of what is concluded from somebody else's facts.
"""
_TYPE = f"<{keys.RDF}type>".encode()
_CONCLUDED = Text("此类归属或属性只能由推导得出。", "Only a derivation may conclude this.")


@dataclass(frozen=True)
class Submission:
    """Facts that passed every check, without blank nodes, and where each stands in the input."""

    columns: Columns
    rows: Rows
    """The facts in the order of reading, doubles included, by the numbers of their terms in ``columns``."""
    inputs: list[InputInfo]
    ignored: list[Ignored]
    place: Callable[[str], str | None]

    @cached_property
    def triples(self) -> list[Triple]:
        """The facts in the order of reading, each once."""
        return list(dict.fromkeys(self.columns.terms.decoded(self.rows)))


def receive(
    sources: Sequence[Source],
    knowledge: Knowledge,
    input_format: str | None = None,
    progress: Progress = unheard,
    limits: intake.Limits | None = None,
) -> Submission:
    """Facts that can be judged: those of :func:`read`, checked as a whole by :func:`check`.

    Raises BadInput with every problem, its place and its cure.
    """
    submission = read(sources, knowledge, input_format, progress, limits)
    check(submission.columns, submission.place, knowledge, progress)
    return submission


def read(
    sources: Sequence[Source],
    knowledge: Knowledge,
    input_format: str | None = None,
    progress: Progress = unheard,
    limits: intake.Limits | None = None,
) -> Submission:
    """Read sources through :func:`guiju.intake.read`, each statement checked for itself.

    Raises BadInput. What only derivations may conclude is left out and listed in ``ignored``.
    """
    progress(at("reading"))
    facts = intake.read(sources, known_terms=lambda: knowledge.terms, input_format=input_format, limits=limits)
    columns = Columns(knowledge.columns)
    kept, ignored = _without_conclusions(facts, knowledge)
    used = np.zeros(len(facts.terms), np.bool_)
    used[kept] = True
    texts = (facts.terms[number] for number in np.flatnonzero(used).tolist())
    named = [b"<%b%b>" % (_BLANK, text[2:]) if text[:1] == b"_" else text for text in texts]
    numbers = np.zeros(len(facts.terms), np.int32)
    numbers[used] = columns.terms.numbers(named)
    rows = numbers[kept]
    columns.told.add(rows)
    return Submission(columns, rows, facts.inputs, facts.ignored + ignored, lambda iri: place(facts, iri))


def check(
    facts: Columns,
    place: Callable[[str], str | None],
    knowledge: Knowledge,
    progress: Progress = unheard,
) -> None:
    """Look through facts with ``queries/intake``; ``place`` says where an IRI is stated. Raises BadInput.

    Problems come in the order in which the facts speak of their subjects.
    """
    problems: list[Problem] = []
    queries, asked = knowledge.within("intake"), _Questions(facts, knowledge)
    most = intake.MAX_PROBLEMS
    for number, (name, query) in enumerate(queries.items(), 1):
        progress(at("checking", number, len(queries)))
        problems += [_problem(row, place) for row in asked.rows(name, query, most + 1 - len(problems))]
        if len(problems) > most:
            break
    if problems:
        raise BadInput(problems[:most], complete=len(problems) <= most)


def _problem(row: Row, place: Callable[[str], str | None]) -> Problem:
    subject = row["subject"].value
    named = "" if subject.startswith(BLANK) else f" <{subject}>"
    return Problem(
        (place(subject) or "输入 input") + named,
        Text(row["zh"].value, row["en"].value),
        Text(row["doZh"].value, row["doEn"].value),
    )


class _Questions:
    """Questions about facts and vocabulary: asked of the columns, or, where these do not run one, of a store."""

    def __init__(self, columns: Columns, knowledge: Knowledge) -> None:
        self._columns, self._knowledge = columns, knowledge

    def rows(self, name: str, query: str, most: int) -> list[Row]:
        """The first rows in the order in which the facts speak of ``?subject``."""
        terms = self._columns.terms
        try:
            plan = parse(query)
            if not isinstance(plan, Select):
                raise Unsupported("a query that is not a SELECT")
            table = self._columns.checking.select(plan)
        except Unsupported as reason:
            _log.info("%s 由库回答 is answered from a store, as the columns do not run it: %s", name, reason)
            return heapq.nsmallest(most, select(self._store, query), key=lambda row: terms.find(row["subject"]))
        table = table.take(np.argsort(table["subject"], kind="stable")[:most])
        values = [terms.terms(table[variable].tolist()) for variable in plan.names]
        return [dict(zip(plan.names, row, strict=True)) for row in zip(*values, strict=True)]

    @cached_property
    def _store(self) -> Store:
        store = Store()
        fill(store, self._columns.terms.decoded(self._columns.told.rows()))
        fill(store, self._knowledge.vocabulary)
        return store


def _without_conclusions(facts: Facts, knowledge: Knowledge) -> tuple[Rows, list[Ignored]]:
    """The rows of facts without what only derivations may conclude, and each statement of that kind once."""
    own = np.array([text.startswith(_OWN) and not text.startswith(_NOT_OWN) for text in facts.terms], np.bool_)
    concluded = np.array([text in knowledge.concluded for text in facts.terms], np.bool_)
    subjects, predicates, objects = facts.rows.T
    words = np.where(predicates == _number(_TYPE, facts.terms), objects, predicates)
    wrong = own[subjects] | own[objects] | concluded[words]
    ignored = []
    for row in dict.fromkeys(zip(*facts.rows[wrong].T.tolist(), words[wrong].tolist(), strict=True)):
        subject, word = facts.terms[row[0]], facts.terms[row[3]]
        thing = subject if own[row[0]] else facts.terms[row[2]] if own[row[2]] else word
        ignored.append(Ignored(facts.place(_name(subject)) or "", _name(thing), _CONCLUDED))
    return facts.rows[~wrong], ignored


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


def _name(text: bytes) -> str:
    """An IRI, or a blank node as ``_:f1b2``, from how N-Triples writes it."""
    return text.strip(b"<>").decode()


def _number(text: bytes, terms: list[bytes]) -> int:
    try:
        return terms.index(text)
    except ValueError:
        return UNBOUND
