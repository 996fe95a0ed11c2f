"""Proofs: why something was concluded, step by step, down to the facts and where they stand.

What rests on what is said by the queries in ``queries/explain/links``, and what it says by those in
``queries/explain/words``. Python only walks from one to the next, without recursion: a chain may be of any length.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from pyoxigraph import Literal, NamedNode, Quad, Store, Triple

from guiju import keys
from guiju.completion import TYPE
from guiju.derivation import Derived
from guiju.intake import Text
from guiju.knowledge import Knowledge, Row, fill, select
from guiju.report import Report
from guiju.submission import Submission, names

_IN_PROOF = NamedNode(keys.GJ + "InProof")


class UnknownSubject(ValueError):
    """Nothing in the data is so called, or several things are."""


@dataclass
class Statement:
    """A conclusion, a verdict or a fact in words; ``on`` are the statements it rests on, none for a fact.

    ``circular`` names those of ``on`` that rest in turn on this one. ``parts`` is what else there is to say: sums of a
    conclusion; limit, facts, gaps and cures of a verdict.
    """

    node: str
    text: Text
    under: list[tuple[keys.Key, Text]] = field(default_factory=list)
    parts: list[tuple[str, Text]] = field(default_factory=list)
    on: list[str] = field(default_factory=list)
    circular: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Proofs:
    """The proofs of ``roots``: every statement once, each after those that it rests on."""

    roots: list[str]
    statements: dict[str, Statement]

    def is_step(self, said: Statement) -> bool:
        """Whether a statement is no plain fact: it rests on something, or was concluded under a norm."""
        return bool(said.on or said.under)

    def json(self, submission: Submission, why: bool = True) -> dict[str, Any]:
        """The proofs as JSON data: flat, since a chain may be longer than readers of JSON care to nest.

        Without ``why``, only what was concluded and judged, without what it rests on.
        """
        shown = self.statements if why else {root: self.statements[root] for root in self.roots}
        return {
            "roots": self.roots,
            "statements": [
                {
                    "node": said.node,
                    **said.text._asdict(),
                    "under": [{"norm": key.norm, "citation": cited._asdict()} for key, cited in said.under],
                    "parts": [{"part": part, **text._asdict()} for part, text in said.parts],
                    "restsOn": said.on,
                    "circular": said.circular,
                    "place": submission.place(said.node),
                }
                for said in shown.values()
            ],
        }


def explained(report: Report, subject: str | None, key: keys.Key | None, outcomes: Collection[str]) -> Proofs:
    """The proofs of all that was concluded of or for a subject (IRI, name or last part of the IRI) and judged of it.

    ``key`` keeps what is under a place in the law or a norm; ``outcomes`` says which verdicts. Without a subject:
    every conclusion, and the verdicts under ``key``. Raises UnknownSubject for a name that nothing or several bear.
    """
    assessment, knowledge = report.assessment, report.knowledge
    thing = None if subject is None else subject_called(subject, assessment.derived.facts)
    judged = {
        verdict.iri: verdict
        for verdict in assessment.verdicts
        if verdict.outcome in outcomes
        and (verdict.subject == thing if thing else key is not None)
        and (key is None or verdict.key.within(key))
    }
    roots = [*conclusions(assessment.store, knowledge, thing, key), *judged]
    proofs = prove(assessment.store, assessment.derived, knowledge, roots)
    for iri, verdict in judged.items():
        for name in ("limit", "facts", "missing", "remedy"):
            proofs.statements[iri].parts += [(name, part.text) for part in getattr(verdict, name)]
    return proofs


def conclusions_store(derived: Derived, knowledge: Knowledge) -> Store:
    """Facts, conclusions and all knowledge in one store, for proofs and pictures that need no verdicts."""
    store = Store()
    fill(store, derived.triples)
    fill(store, knowledge.triples)
    return store


def prove(store: Store, derived: Derived, knowledge: Knowledge, roots: Iterable[str]) -> Proofs:
    """The proofs of conclusions or verdicts, by their IRIs; ``store`` holds all that they are drawn from.

    Adds to the store which nodes the proofs reach, and how the things in the data are called.
    """
    roots = list(dict.fromkeys(roots))
    links = _links(store, knowledge)
    reached = _reached(roots, links)
    fill(store, names(derived.facts))
    store.extend(Quad(NamedNode(node), TYPE, _IN_PROOF) for node in reached)
    said = {node: Statement(node, Text("", "")) for node in reached}
    for folder in ("words", "otherwise"):
        for row in _rows(store, knowledge, folder):
            statement, part = said.get(row["node"].value), row["part"].value
            if statement is None:  # the data said so, not we
                continue
            text = Text(row["zh"].value, row["en"].value)
            if part == "says":
                statement.text = min(statement.text, text, key=lambda one: (not one.zh, one.zh))
            elif part == "under":
                statement.under.append((keys.parse(row["norm"].value), text))
            else:
                statement.parts.append((part, text))
        # What is in words by now is asked no further.
        for node in reached:
            if said[node].text.zh:
                store.remove(Quad(NamedNode(node), TYPE, _IN_PROOF))
    for statement in said.values():
        if not statement.text.zh:
            last = keys.local(statement.node)
            statement.text = Text(last, last)
    for node, statement in said.items():
        statement.under = sorted(set(statement.under), key=lambda cited: knowledge.position(cited[0]))
        # Earlier conclusions first, then the facts; each in the order of their words.
        statement.on = sorted(links[node], key=lambda on: (not links[on], said[on].text.zh, on))
    return Proofs(roots, {node: said[node] for node in _in_order(roots, said)})


def conclusions(
    store: Store, knowledge: Knowledge, subject: str | None = None, key: keys.Key | None = None
) -> list[str]:
    """The conclusions drawn of a subject or for it (of anything, where it is None), under a place in the law or a norm.

    In the order of the law.
    """
    found: dict[str, tuple[Any, ...]] = {}
    for row in select(store, knowledge.query("conclusions")):
        sides = {row["thing"].value, row["for"].value if "for" in row else None}
        norm = keys.parse(row["norm"].value) if "norm" in row else None
        if (subject is None or subject in sides) and (key is None or (norm is not None and norm.within(key))):
            order = (norm.document, knowledge.position(norm), str(norm)) if norm else ("", 0, "")
            node = row["conclusion"].value
            found[node] = min(found.get(node, (order,)), (order,))
    return sorted(found, key=lambda node: (found[node], node))


def subject_called(text: str, facts: Iterable[Triple]) -> str:
    """The IRI of what is so called in the data: by its IRI, its name, or the last part of its IRI.

    Raises UnknownSubject, with the nearest names or with all that are so called.
    """
    called: dict[str, set[str]] = defaultdict(set)
    for triple in facts:
        if isinstance(triple.subject, NamedNode):
            iri = triple.subject.value
            called[iri].add(iri)
            called[keys.local(iri)].add(iri)
            if isinstance(triple.object, Literal) and triple.predicate.value in _LABELS:
                called[triple.object.value].add(iri)
    found = sorted(called.get(text, ()))
    if not found:
        near = get_close_matches(text, called, 5, 0.4) or sorted(name for name in called if text in name)[:5]
        raise UnknownSubject(
            f"数据中没有“{text}”。最接近的是：{'、'.join(near) or '（无）'}。 "
            f"Nothing in the data is called {text!r}; the nearest are {', '.join(near) or '(none)'}."
        )
    if len(found) > 1:
        raise UnknownSubject(
            f"有 {len(found)} 个对象称为“{text}”，请写 IRI：{'、'.join(found)}。 "
            f"{len(found)} things are called {text!r}; write the IRI of one: {', '.join(found)}."
        )
    return found[0]


_LABELS = (keys.RDFS + "label", keys.SKOS + "prefLabel")


def _links(store: Store, knowledge: Knowledge) -> defaultdict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for row in _rows(store, knowledge, "links"):
        found[row["node"].value].append(row["on"].value)
    return found


def _rows(store: Store, knowledge: Knowledge, folder: str) -> Iterator[Row]:
    """The rows of all queries in a folder of ``queries/explain``; not those without words."""
    for query in knowledge.within(f"explain/{folder}").values():
        for row in select(store, query):
            if "on" in row or {"zh", "en"} <= row.keys():
                yield row


def _reached(roots: list[str], links: defaultdict[str, list[str]]) -> list[str]:
    found = dict.fromkeys(roots)
    queue = list(roots)
    while queue:
        for on in links[queue.pop()]:
            if on not in found:
                found[on] = None
                queue.append(on)
    return list(found)


def _in_order(roots: list[str], said: dict[str, Statement]) -> list[str]:
    """Every statement after those it rests on; where they rest on each other in a circle, that is noted."""
    done: dict[str, None] = {}
    under_way: set[str] = set()
    for root in roots:
        stack = [(root, iter(said[root].on))]
        under_way.add(root)
        while stack:
            node, rest = stack[-1]
            on = next(rest, None)
            if node in done:
                stack.pop()
            elif on is None:
                stack.pop()
                under_way.discard(node)
                done[node] = None
            elif on in under_way:
                if on not in said[node].circular:
                    said[node].circular.append(on)
            elif on not in done:
                under_way.add(on)
                stack.append((on, iter(said[on].on)))
        under_way.discard(root)
    return list(done)
