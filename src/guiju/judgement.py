"""Verdicts and their explanations as columns, as ``queries/verdicts.rq`` and ``queries/explain`` give them.

Objects are made of them only for what somebody reads.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from pyoxigraph import NamedNode, Triple

from guiju import keys
from guiju.columnar.columns import Columns
from guiju.columnar.facts import NONE, Places, among, joined
from guiju.columnar.table import Mask, Table, together
from guiju.columnar.terms import UNBOUND, Ids, once
from guiju.columnar.validate import Results
from guiju.evidence import Evidence
from guiju.intake import Text
from guiju.knowledge import Knowledge, Row
from guiju.progress import Progress, at, unheard

OUTCOMES = ("passed", "failed", "cantTell", "inapplicable")
PARTS = ("facts", "missing", "limit", "remedy", "chain")
"""What an explanation consists of."""
_TYPE = keys.RDF + "type"
_STATED = {
    "shape": keys.GJ + "byShape",
    "subject": keys.GJ + "subject",
    "norm": keys.GJ + "onNorm",
    "outcome": keys.EARL + "outcome",
    "because": keys.GJ + "because",
}
"""How the queries are told of a verdict."""
_OF_RESULT = tuple(
    keys.SH + name for name in ("sourceShape", "focusNode", "sourceConstraintComponent", "resultSeverity")
)
_COLUMNS = ("shape", "norm", "subject", "submission", "outcome", "severity", "because")


class Part(NamedTuple):
    """A fact, limit, gap or cure in an explanation; ``node`` is the fact's IRI where it is one."""

    text: Text
    node: str | None = None


@dataclass(slots=True)
class Verdict:
    """The outcome of one norm for one subject, with its explanation."""

    shape: str
    norm: str
    subject: str
    submission: str
    outcome: str
    severity: str
    because: str | None
    facts: Sequence[Part] = ()
    missing: Sequence[Part] = ()
    limit: Sequence[Part] = ()
    remedy: Sequence[Part] = ()
    chain: Sequence[Part] = ()

    @property
    def key(self) -> keys.Key:
        return keys.parse(self.norm)

    @property
    def iri(self) -> str:
        """An IRI that is the same whenever the same shape judges the same subject."""
        digest = hashlib.sha256(f"{self.shape} {self.subject}".encode()).hexdigest()[:24]
        return f"urn:guiju:verdict:{digest}"


@dataclass(frozen=True)
class _Parts:
    """The parts of all explanations, in order of verdict: what each is (a place in ``PARTS``), its texts and fact."""

    verdict: Ids
    name: Ids
    zh: Ids
    en: Ids
    node: Ids


class Judgement:
    """The verdicts on what is in columns, in the order in which they are read, each by the numbers of its terms.

    By submission, then in the order of the law, then by subject.
    """

    def __init__(self, columns: Columns, results: Results, shapes: Sequence[str], knowledge: Knowledge) -> None:
        """``shapes`` are those in force."""
        self.columns, self.knowledge = columns, knowledge
        self.evidence = Evidence(columns)
        self._force = np.array(columns.terms.numbers([f"<{shape}>".encode() for shape in shapes]), np.int32)
        self._results = results
        self._state_results(results)
        found = self.evidence.table(knowledge.query("verdicts")).only(_COLUMNS)
        self.table = self._ordered(together([found, self._untargeted(found)]))
        """``shape``, ``norm``, ``subject``, ``submission``, ``outcome``, ``severity`` and ``because`` of each."""
        pairs = joined(self.table["shape"], self.table["subject"])
        self._pairs, self._which = np.unique(pairs, return_inverse=True)
        """A verdict is known by shape and subject, also where several submissions report the subject."""
        self._nodes = columns.terms.nameless(len(self._pairs))
        self._first = int(self._nodes[0]) if len(self._nodes) else 0
        self._said = np.zeros(len(self._pairs), np.bool_)
        self._parts = _Parts(*(np.empty(0, np.int32) for _ in range(5)))

    def __len__(self) -> int:
        return self.table.length

    def of(self, outcomes: Collection[str]) -> Mask:
        """Which verdicts have some outcomes."""
        return np.isin(self.table["outcome"], self._outcomes(outcomes))

    @cached_property
    def counted(self) -> Counter[tuple[str, str]]:
        """How many verdicts there are of each outcome and severity."""
        kinds, counts = np.unique(joined(self.table["outcome"], self.table["severity"]), return_counts=True)
        outcome, severity = (kinds >> 32).astype(np.int32), (kinds & 0xFFFFFFFF).astype(np.int32)
        names = self.columns.terms.names
        return Counter(
            {
                (said.removeprefix(keys.EARL), how.removeprefix(keys.SH).lower()): count
                for said, how, count in zip(names(outcome), names(severity), counts.tolist(), strict=True)
            }
        )

    def verdicts(self, outcomes: Collection[str] = OUTCOMES) -> list[Verdict]:
        """The verdicts of some outcomes, with what explains them as far as :meth:`explain` was asked for it."""
        rows = np.flatnonzero(self.of(outcomes))
        names = self._names({name: self.table[name][rows] for name in _COLUMNS})
        said = {name: name.removeprefix(keys.EARL) for name in set(names["outcome"])}
        how = {name: name.removeprefix(keys.SH).lower() for name in set(names["severity"])}
        which = self._which[rows]
        parts, bounds = self._made(which)
        kinds = range(len(PARTS))
        return [
            Verdict(
                shape, norm, subject, submission, said[outcome], how[severity], because or None,
                *[tuple(parts[at[kind] : at[kind + 1]]) for kind in kinds],
            )
            for shape, norm, subject, submission, outcome, severity, because, *at in zip(
                *(names[name] for name in _COLUMNS), *bounds, strict=True
            )
        ]  # fmt: skip

    def explain(self, outcomes: Collection[str] = OUTCOMES, progress: Progress = unheard) -> None:
        """Find facts, gaps, limits, cures and chains of the verdicts of some outcomes, by ``queries/explain``.

        The parts of an explanation stand in the order of the files, those of a file in that of their Chinese text.
        Verdicts on a subject that several submissions report are explained as one.
        """
        wanted = np.zeros(len(self._pairs), np.bool_)
        wanted[self._which[self.of(outcomes)]] = True
        self.say(outcomes)
        # What a composite norm came to is explained by what its parts came to, whatever that was.
        relation = self.columns.asked.relations.get(self._number(keys.SH + "node"), NONE)
        self._say(np.isin(self.table["shape"], relation.objects))
        queries = self.knowledge.within("explain")
        found = []
        for number, query in enumerate(queries.values(), 1):
            progress(at("explaining", number, len(queries)))
            table = self.evidence.table(query)
            verdict = table["verdict"] - self._first
            keep = (table["zh"] != UNBOUND) & (table["en"] != UNBOUND) & wanted[verdict]
            table = table.extended("verdict", verdict).where(keep)
            if table.length:
                found.append(table.extended("file", np.full(table.length, number, np.int32)))
        if found:
            self._parts = self._sorted(together(found))

    def say(self, outcomes: Collection[str] = OUTCOMES) -> None:
        """Let the queries know of the verdicts of some outcomes."""
        self._say(self.of(outcomes))

    def select(self, query: str, outcomes: Collection[str] = OUTCOMES) -> Iterator[Row]:
        """The rows of a SELECT over all that was judged, verdicts of some outcomes included; see :class:`Evidence`."""
        self.say(outcomes)
        return self.evidence.select(query)

    def statements(self) -> Iterator[Triple]:
        """All that judging adds to facts and conclusions: shapes in force, results, and verdicts with their IRIs."""
        for shape in self.columns.terms.names(self._force):
            yield Triple(NamedNode(shape), NamedNode(_TYPE), NamedNode(keys.GJ + "ShapeInForce"))
        for number, row in enumerate(zip(*map(self.columns.terms.names, self._results.columns), strict=True)):
            for predicate, value in zip(_OF_RESULT, row, strict=True):
                yield Triple(NamedNode(f"urn:guiju:result:{number}"), NamedNode(predicate), NamedNode(value))
        for verdict in self.verdicts():
            node = NamedNode(verdict.iri)
            yield Triple(node, NamedNode(_STATED["shape"]), NamedNode(verdict.shape))
            yield Triple(node, NamedNode(_STATED["subject"]), NamedNode(verdict.subject))
            yield Triple(node, NamedNode(_STATED["norm"]), NamedNode(verdict.norm))
            yield Triple(node, NamedNode(_STATED["outcome"]), NamedNode(keys.EARL + verdict.outcome))
            if verdict.because:
                yield Triple(node, NamedNode(_STATED["because"]), NamedNode(verdict.because))

    def _state_results(self, results: Results) -> None:
        nodes = self.columns.terms.nameless(len(results))
        self.columns.stated.relations.clear()
        self._state(self._force, _TYPE, np.full(len(self._force), self._number(keys.GJ + "ShapeInForce"), np.int32))
        for predicate, values in zip(_OF_RESULT, results.columns, strict=True):
            self._state(nodes, predicate, values)

    def _state(self, subjects: Ids, predicate: str, values: Ids) -> None:
        constant = np.full(len(subjects), self._number(predicate), np.int32)
        self.columns.stated.add(np.stack((subjects, constant, values), axis=1))

    def _say(self, mask: Mask) -> None:
        which = self._which[mask]
        fresh = ~self._said[which]
        rows = np.flatnonzero(mask)[fresh]
        nodes = self._nodes[which[fresh]]
        for name, predicate in _STATED.items():
            values = self.table[name][rows]
            has = values != UNBOUND
            self._state(nodes[has], predicate, values[has])
        self._said[which] = True

    def _untargeted(self, found: Table) -> Table:
        """For a shape with nothing in its scope in a submission: not applicable, said of the submission as a whole.

        What another submission reports does not matter: a verdict is the same whoever is judged at the same time.
        """
        columns, number = self.columns, self._number
        types = columns.told.relations.get(number(_TYPE), NONE)
        submissions = types.by_object.find(np.array([number(keys.GJ + "Submission")], np.int32))[1]
        every = joined(np.repeat(self._force, len(submissions)), np.tile(submissions, len(self._force)))
        rest = every[~among(once(joined(found["shape"], found["submission"])), every)]
        shape, submission = (rest >> 32).astype(np.int32), (rest & 0xFFFFFFFF).astype(np.int32)
        return Table(
            {
                "shape": shape,
                "norm": self._stated_of(shape, keys.GJ + "enforces"),
                "subject": submission,
                "submission": submission,
                "outcome": np.full(len(rest), number(keys.EARL + "inapplicable"), np.int32),
                "severity": self._stated_of(shape, keys.SH + "severity"),
                "because": np.full(len(rest), number(keys.GJ + "NothingInScope"), np.int32),
            },
            len(rest),
        )

    def _stated_of(self, shapes: Ids, predicate: str) -> Ids:
        """The one thing that is stated of each shape."""
        lookup = self.columns.asked.relations.get(self._number(predicate), NONE).by_subject
        rows, values = lookup.find(shapes)
        found = np.full(len(shapes), UNBOUND, np.int32)
        found[rows] = values
        return found

    def _ordered(self, table: Table) -> Table:
        norms, which = _distinct(table["norm"])
        named = [(keys.parse(norm), norm) for norm in self.columns.terms.names(norms)]
        law = _ranks([(key.document, self.knowledge.position(key), norm) for key, norm in named])[which]
        by = [law, *(self._ranked(table[name]) for name in ("subject", "outcome", "because"))]
        return table.take(np.lexsort((*reversed(by), self._ranked(table["submission"]))))

    def _ranked(self, ids: Ids) -> Places:
        """The place of each among all by its text; what is unbound comes first."""
        found, which = _distinct(ids)
        return _ranks(self._words(found))[which]

    def _words(self, ids: Ids) -> list[bytes]:
        """What each of some terms, sorted, is as a text, in UTF-8, which sorts as texts do; empty for ``UNBOUND``."""
        has = ids != UNBOUND
        return [b""] * int(len(ids) - has.sum()) + self.columns.terms.words(ids[has])

    def _names(self, columns: dict[str, Ids]) -> dict[str, list[str]]:
        names = {}
        for name, ids in columns.items():
            found, which = _distinct(ids)
            texts = [word.decode() for word in self._words(found)]
            names[name] = [texts[place] for place in which.tolist()]
        return names

    def _sorted(self, table: Table) -> _Parts:
        """Parts in order, one that several queries give where the first gives it."""
        parts, which = _distinct(table["part"])
        name = np.array([PARTS.index(word.decode()) for word in self._words(parts)], np.int64)[which]
        ids, which = _distinct(np.concatenate([table["zh"], table["en"], table["node"]]))
        zh, en, node = np.split(_ranks(self._words(ids))[which], 3)
        # What is equal stands in the order of the files, as it does in the table.
        keys_ = (table["verdict"] * np.int64(len(PARTS)) + name, zh * np.int64(len(ids)) + en, node)
        order = np.lexsort(keys_[::-1])
        new = np.ones(len(order), np.bool_)
        new[1:] = np.logical_or.reduce([key[order[1:]] != key[order[:-1]] for key in keys_])
        order = order[new]
        files = int(table["file"].max()) + 1
        by = table["verdict"][order] * np.int64(files) + table["file"][order]
        order = order[np.argsort(by, kind="stable")]
        texts = (table[name_][order] for name_ in ("zh", "en", "node"))
        return _Parts(table["verdict"][order], name[order].astype(np.int32), *texts)

    def _made(self, wanted: Places) -> tuple[list[Part], list[list[int]]]:
        """What explains some verdicts; and where their parts of each kind begin, and the last end, a list a kind."""
        parts = self._parts
        asked = np.zeros(len(self._pairs), np.bool_)
        asked[wanted] = True
        rows = np.flatnonzero(asked[parts.verdict])
        kinds = np.int64(len(PARTS))
        of = parts.verdict[rows] * kinds + parts.name[rows]
        order = np.argsort(of, kind="stable")
        texts = self._names({name: getattr(parts, name)[rows[order]] for name in ("zh", "en", "node")})
        # Many verdicts share a part: a limit, what is missing.
        made: dict[tuple[str, str, str], Part] = {}
        found = []
        for said in zip(texts["zh"], texts["en"], texts["node"], strict=True):
            part = made.get(said)
            if part is None:
                part = made[said] = Part(Text(said[0], said[1]), said[2] or None)
            found.append(part)
        bounds = np.searchsorted(of[order], wanted[:, np.newaxis] * kinds + np.arange(kinds + 1))
        return found, bounds.T.tolist()

    def _outcomes(self, outcomes: Iterable[str]) -> list[int]:
        return [self._number(keys.EARL + outcome) for outcome in outcomes]

    def _number(self, iri: str) -> int:
        return self.columns.terms.numbers((f"<{iri}>".encode(),))[0]


def _distinct(ids: Ids) -> tuple[Ids, Places]:
    """The terms of a column, each once, sorted; and for each row which of them it is."""
    there = np.zeros(int(ids.max(initial=UNBOUND)) + 2, np.bool_)
    there[ids + 1] = True
    return (np.flatnonzero(there) - 1).astype(np.int32), (np.cumsum(there) - 1)[ids + 1]


def _ranks(values: Sequence[bytes] | Sequence[tuple[str, int, str]]) -> Places:
    """The place of each value among all; equal values have one."""
    order = {value: place for place, value in enumerate(sorted(set(values)))}  # type: ignore[type-var]
    return np.array([order[value] for value in values], np.int64)
