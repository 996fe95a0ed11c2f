"""A kept session: facts that are judged once, and after each change only as far as the change can be felt.

Verdicts on facts that share no thing cannot influence each other (:mod:`guiju.groups`), so a session holds its facts in
parts. A change judges the parts that it touches, joins or divides; all other verdicts stay. One thing concerns all
parts: the day of the law is that of the latest submission, and where another day brings other norms into force,
everything is judged again.
"""

from __future__ import annotations

import marshal
import zlib
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count

import numpy as np
from pyoxigraph import BlankNode, NamedNode, Triple

from guiju import engines, keys, rdf
from guiju.columnar.columns import Columns
from guiju.columnar.facts import Facts
from guiju.columnar.parts import batches, parts, tied
from guiju.columnar.terms import UNBOUND, Ids, Rows, Terms, once
from guiju.intake import MAX_PROBLEMS, BadInput, Problem, Text
from guiju.judgement import PARTS
from guiju.knowledge import Knowledge
from guiju.submission import Submission, check, read
from guiju.verdicts import OUTCOMES, Part, Verdict, assess, in_force, order

BATCH = 20_000
"""Facts that are judged at once where everything is judged; a part that has more is judged alone."""
_NOBODY = -1
_UNNAMED = Text("空白节点在此没有所指。", "A blank node means nothing here.")
_NAME = Text("请写其 IRI。", "Write the IRI of the thing.")
_NOT_THERE = Text("没有这条语句，无从删去。", "The statement is not there, so it cannot be removed.")
_COMPARE = Text("请与现有事实核对。", "Compare it with the facts that are held.")
_LEAVE_OUT = Text("请删去这条语句。", "Leave the statement out.")

_Row = tuple[int, str, str, str, str | None, tuple[tuple[tuple[str, str, str | None], ...], ...]]
"""A verdict: the number of its shape, norm and severity; subject, submission, outcome, reason, and its explanation."""


@dataclass(frozen=True)
class Changed:
    """What a change came to: verdicts that are new, that are gone, and pairs of before and after where one differs.

    Each list is in the order of a report. A verdict is the same only where its explanation is, too.
    """

    new: list[Verdict]
    gone: list[Verdict]
    differing: list[tuple[Verdict, Verdict]]

    def __len__(self) -> int:
        return len(self.new) + len(self.gone) + len(self.differing)


class Validator:
    """Facts and the verdicts on them, which are always those that a judgement of all facts at once would give."""

    def __init__(
        self,
        facts: Submission | Iterable[Triple],
        knowledge: Knowledge,
        *,
        as_of: date | None = None,
        documents: Sequence[str] | None = None,
        engine: str = engines.DEFAULT,
    ) -> None:
        """Judge facts as :func:`guiju.submission.receive` gives them.

        The other arguments are those of :func:`guiju.verdicts.assess`. Raises what that raises.
        """
        self._knowledge, self._documents, self._engine, self._given = knowledge, documents, engine, as_of
        self._verdicts = _Verdicts(knowledge)
        self._parts: dict[int, _Held] = {}
        self._numbers = count()
        self._outcomes: Counter[str] = Counter()
        if isinstance(facts, Submission):
            self._terms, rows = facts.columns.terms, facts.rows
        else:
            self._terms = Terms()
            rows = self._terms.encode(facts)
        self._says_day = self._terms.number(NamedNode(keys.GJ + "asOf"))
        self._part_of = np.full(len(self._terms), _NOBODY, np.int32)
        rows = Facts(self._terms).add(rows)
        self._days = self._stated(rows)
        self._shapes = self._in_force(self.as_of)
        for places in batches(parts(rows, self._terms, knowledge.words), BATCH):
            for group, verdicts in self._judged(rows[places], self._columns(rows[places]), self.as_of):
                self._hold(group, verdicts)

    @property
    def as_of(self) -> date | None:
        """The day whose law is applied: the one given, or that of the latest submission."""
        return self._day(self._days)

    def summary(self) -> dict[str, int]:
        """How many verdicts of each outcome."""
        return {outcome: self._outcomes[outcome] for outcome in OUTCOMES}

    def facts(self) -> Iterator[Triple]:
        """All facts; those that are judged together stand together."""
        for part in self._parts.values():
            yield from self._terms.decoded(part.facts)

    def verdicts(self) -> Iterator[Verdict]:
        """All verdicts; those on facts that are judged together stand together, in the order of a report."""
        for part in self._parts.values():
            yield from self._verdicts.made(part.verdicts())

    def change(self, added: Iterable[Triple] = (), removed: Iterable[Triple] = ()) -> Changed:
        """Take statements out, then others in, and tell which verdicts are not what they were.

        To add what is there does nothing. Raises BadInput, with everything left as it was, for blank nodes, for a
        statement to be removed that is not there, and where what is added, or what it is then part of, would be
        refused or left out by :func:`guiju.submission.receive`.
        """
        new, out = self._admitted(list(added)), self._found(list(removed))
        touched = self._parts_of(np.concatenate((new, out))).tolist()
        before = np.concatenate((new[:0], *(self._parts[number].facts for number in touched)))
        after = _changed(before, new, out)
        if after is None:
            return Changed([], [], [])
        columns = self._columns(after)
        if len(after):
            check(columns, lambda iri: None, self._knowledge)

        days = self._days - self._stated(before) + self._stated(after)
        as_of = self._day(days)
        shapes = self._in_force(as_of)
        judged = self._judged(after, columns, as_of)
        difference = _Difference()
        difference.take(
            (row for number in touched for row in self._parts[number].verdicts()),
            (row for _, verdicts in judged for row in verdicts),
        )
        again = self._again(set(touched), as_of, difference) if shapes != self._shapes else {}

        # Nothing can fail from here on, and nothing has changed before.
        self._days, self._shapes = days, shapes
        for number in touched:
            self._release(number)
        for number, part in again.items():
            self._outcomes.subtract(_outcomes(self._parts[number].verdicts()))
            self._outcomes.update(_outcomes(part.verdicts()))
        self._parts.update(again)
        for group, verdicts in judged:
            self._hold(group, verdicts)
        return difference.told(self._verdicts)

    def _day(self, days: Counter[str]) -> date | None:
        return self._given or (date.fromisoformat(max(days)) if days else None)

    def _stated(self, rows: Rows) -> Counter[str]:
        """The days as of which submissions speak."""
        return Counter(self._terms.texts(rows[rows[:, 1] == self._says_day, 2]))

    def _in_force(self, day: date | None) -> list[str]:
        return in_force(self._knowledge, day, self._documents)

    def _admitted(self, triples: list[Triple]) -> Rows:
        """Statements to add, as reading gives them. BadInput for what is refused or would be left out."""
        _refuse_unnamed(triples)
        if not triples:
            return np.empty((0, 3), np.int32)
        taken = read([("added", rdf.ntriples(triples).encode(), "ntriples")], self._knowledge)
        _refuse((item.what, item.why, _LEAVE_OUT) for item in taken.ignored)
        return self._terms.taken(taken.rows, taken.columns.terms)

    def _found(self, triples: list[Triple]) -> Rows:
        """Statements to remove. BadInput for what is not there."""
        _refuse_unnamed(triples)
        rows = np.array([[self._terms.find(term) for term in triple] for triple in triples], np.int32).reshape(-1, 3)
        held: dict[int, set[tuple[int, ...]]] = {}
        missing = []
        for triple, row in zip(triples, rows.tolist(), strict=True):
            number = self._part(row[0]) if UNBOUND not in row else _NOBODY
            if number != _NOBODY and number not in held:
                held[number] = set(map(tuple, self._parts[number].facts.tolist()))
            if tuple(row) not in held.get(number, ()):
                missing.append((triple, _NOT_THERE, _COMPARE))
        _refuse(missing)
        return rows

    def _part(self, thing: int) -> int:
        return int(self._part_of[thing]) if thing < len(self._part_of) else _NOBODY

    def _parts_of(self, rows: Rows) -> Ids:
        """The parts of what statements speak of."""
        things = self._things(rows)
        found: Ids = self._part_of[things[things < len(self._part_of)]]
        return once(found[found != _NOBODY])

    def _things(self, rows: Rows) -> Ids:
        return once(np.concatenate((rows[:, 0], tied(rows, self._terms, self._knowledge.words))))

    def _columns(self, rows: Rows) -> Columns:
        """Facts over a dictionary of their own, which is let go with what is concluded from them."""
        columns = Columns(self._knowledge.columns)
        columns.told.add(columns.terms.taken(rows, self._terms))
        return columns

    def _judged(self, rows: Rows, columns: Columns, day: date | None) -> list[tuple[Rows, list[_Row]]]:
        """The parts of facts, each with the verdicts on it; ``columns`` are those facts."""
        # Whatever takes its time with the size of a dictionary is done with the small one.
        terms, words = columns.terms, self._knowledge.words
        own = terms.taken(rows, self._terms)
        part, ties = parts(own, terms, words), tied(own, terms, words)
        things, first = np.unique(np.concatenate((own[:, 0], ties)), return_index=True)
        part_of = dict(zip(terms.names(things), np.tile(part, 2)[first].tolist(), strict=True))
        groups = [rows[part == number] for number in range(part.max(initial=-1) + 1)]
        verdicts: list[list[_Row]] = [[] for _ in groups]
        found = assess(columns, self._knowledge, as_of=day, documents=self._documents, engine=self._engine)
        for verdict in found.verdicts:
            verdicts[part_of[verdict.submission]].append(self._verdicts.row(verdict))
        return list(zip(groups, verdicts, strict=True))

    def _again(self, but: Container[int], day: date | None, difference: _Difference) -> dict[int, _Held]:
        """All other parts with their verdicts under the law of another day."""
        found: dict[int, _Held] = {}
        others = [number for number in self._parts if number not in but]
        part = np.repeat(np.arange(len(others), dtype=np.int32), [len(self._parts[number].facts) for number in others])
        for places in batches(part, BATCH):
            numbers = [others[place] for place in once(part[places]).tolist()]
            rows = np.concatenate([self._parts[number].facts for number in numbers])
            judged = self._judged(rows, self._columns(rows), day)
            for number, (group, verdicts) in zip(numbers, judged, strict=True):
                difference.take(self._parts[number].verdicts(), verdicts)
                found[number] = _Held.of(group, verdicts)
        return found

    def _hold(self, group: Rows, verdicts: list[_Row]) -> None:
        number = next(self._numbers)
        self._parts[number] = _Held.of(group, verdicts)
        if len(self._part_of) < len(self._terms):
            more = np.full(len(self._terms) - len(self._part_of) + len(self._terms) // 4, _NOBODY, np.int32)
            self._part_of = np.concatenate((self._part_of, more))
        self._part_of[self._things(group)] = number
        self._outcomes.update(_outcomes(verdicts))

    def _release(self, number: int) -> None:
        part = self._parts.pop(number)
        self._part_of[self._things(part.facts)] = _NOBODY
        self._outcomes.subtract(_outcomes(part.verdicts()))


@dataclass(frozen=True)
class _Held:
    """Facts that are judged together, and the verdicts on them in few bytes."""

    facts: Rows
    _verdicts: bytes

    @classmethod
    def of(cls, facts: Rows, verdicts: list[_Row]) -> _Held:
        return cls(facts.copy(), zlib.compress(marshal.dumps(verdicts), 1))

    def verdicts(self) -> list[_Row]:
        found: list[_Row] = marshal.loads(zlib.decompress(self._verdicts))
        return found


class _Verdicts:
    """Verdicts as rows and back; what many verdicts share has a number."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self._numbers: dict[tuple[str, str, str], int] = {}
        self._heads: list[tuple[str, str, str]] = []

    def row(self, verdict: Verdict) -> _Row:
        head = verdict.shape, verdict.norm, verdict.severity
        number = self._numbers.setdefault(head, len(self._heads))
        if number == len(self._heads):
            self._heads.append(head)
        explained = tuple(
            tuple((part.text.zh, part.text.en, part.node) for part in getattr(verdict, name)) for name in PARTS
        )
        return number, verdict.subject, verdict.submission, verdict.outcome, verdict.because, explained

    def verdict(self, row: _Row) -> Verdict:
        number, subject, submission, outcome, because, explained = row
        shape, norm, severity = self._heads[number]
        parts = (tuple(Part(Text(zh, en), node) for zh, en, node in texts) for texts in explained)
        return Verdict(shape, norm, subject, submission, outcome, severity, because, *parts)

    def made(self, rows: Iterable[_Row]) -> list[Verdict]:
        """In the order of a report."""
        return sorted(map(self.verdict, rows), key=lambda verdict: order(verdict, self.knowledge))


class _Difference:
    """What verdicts were and are, as far as they differ."""

    def __init__(self) -> None:
        self._was: list[_Row] = []
        self._is: list[_Row] = []

    def take(self, was: Iterable[_Row], now: Iterable[_Row]) -> None:
        """Add verdicts from before and after; those that are in both do not matter."""
        before, after = Counter(was), Counter(now)
        self._was += (before - after).elements()
        self._is += (after - before).elements()

    def told(self, verdicts: _Verdicts) -> Changed:
        """The differences; two verdicts of one shape on one subject in one submission are a before and an after."""
        before: dict[tuple[object, ...], list[_Row]] = defaultdict(list)
        for row in sorted(self._was, key=repr):
            before[row[:3]].append(row)
        new, pairs = [], []
        for row in sorted(self._is, key=repr):
            if same := before.get(row[:3]):
                pairs.append((verdicts.verdict(same.pop(0)), verdicts.verdict(row)))
            else:
                new.append(row)
        pairs.sort(key=lambda pair: order(pair[1], verdicts.knowledge))
        return Changed(verdicts.made(new), verdicts.made(row for left in before.values() for row in left), pairs)


def _changed(before: Rows, new: Rows, out: Rows) -> Rows | None:
    """Facts after a change, those that stay first; None where they are the same."""
    had, gone = dict.fromkeys(map(tuple, before.tolist())), set(map(tuple, out.tolist()))
    added = dict.fromkeys(map(tuple, new.tolist()))
    after = dict.fromkeys(row for row in had if row not in gone or row in added) | added
    return None if after == had else np.array(list(after), np.int32).reshape(-1, 3)


def _refuse_unnamed(triples: Iterable[Triple]) -> None:
    _refuse(
        (triple, _UNNAMED, _NAME)
        for triple in triples
        if isinstance(triple.subject, BlankNode) or isinstance(triple.object, BlankNode)
    )


def _refuse(found: Iterable[tuple[object, Text, Text]]) -> None:
    """BadInput for statements, each with what is wrong and what to do, if there are any."""
    problems = [Problem(str(statement), what, do) for statement, what, do in found]
    if problems:
        raise BadInput(problems[:MAX_PROBLEMS], complete=len(problems) <= MAX_PROBLEMS)


def _outcomes(rows: Iterable[_Row]) -> Counter[str]:
    return Counter(outcome for _, _, _, outcome, _, _ in rows)
