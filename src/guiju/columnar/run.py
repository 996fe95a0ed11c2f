"""Groups over tables: every step runs for all solutions at once.

A pattern is looked up in the sorted columns of its predicate for all rows of the table together; an EXISTS is asked
once for each different set of values that it can see; filters run as soon as what they speak of is bound.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import count

import numpy as np
from pyoxigraph import NamedNode

from guiju.columnar.expressions import Evaluator, marked
from guiju.columnar.facts import NONE, Lookup, Pairs, Places, Relation, among, joined, reached
from guiju.columnar.grouping import aggregated
from guiju.columnar.plan import (
    Bind,
    Chain,
    Choice,
    Const,
    Construct,
    Exists,
    Expression,
    Group,
    Grouped,
    Minus,
    Node,
    Optional,
    Path,
    Pattern,
    Reach,
    Repeat,
    Select,
    Step,
    Union,
    Values,
    Var,
    certain,
    possible,
    reverse,
)
from guiju.columnar.table import UNIT, Mask, Table, matching, together
from guiju.columnar.terms import UNBOUND, Ids, Kind, Rows, Terms, Unsupported, once

_Widths = dict[tuple[int, bool, bool, bool, bool], float]


class Engine:
    """Runs plans over facts."""

    def __init__(self, terms: Terms, relations: Mapping[int, Relation], bounded: bool = False) -> None:
        """``bounded``: see :class:`Evaluator`; decimals of one value are one term then."""
        self._terms, self._relations = terms, relations
        self._evaluator = Evaluator(terms, self._seen, bounded)
        self._apart = marked(Kind.ODD) if bounded else marked(Kind.DECIMAL, Kind.ODD)
        self._hidden = (f"#{number}" for number in count())

    def predicates(self) -> Iterator[int]:
        """The predicates of the facts."""
        return iter(self._relations)

    def related(self, predicate: int) -> Relation:
        """What is related by a predicate."""
        return self._relations.get(predicate, NONE)

    def select(self, plan: Select) -> Table:
        """The solutions of a SELECT, by its columns."""
        found = self.solutions(plan.group, UNIT)
        if plan.order is not None:
            texts = self._evaluator.column(plan.order, found)
            if (texts == UNBOUND).any():
                raise Unsupported("an order by what may be an error")
            found = found.take(np.argsort(self._evaluator.placed(texts), kind="stable"))
        gaps = found.gaps
        if gaps is not None:
            gaps = gaps.union(name for name in plan.names if name not in found)
        table = Table({name: found[name] for name in plan.names}, found.length, gaps)
        return table.distinct()[0] if plan.distinct else table

    def construct(self, plan: Construct) -> Rows:
        """The triples of a CONSTRUCT, each as often as it is said; what would be none is left out."""
        found = self.solutions(plan.group, UNIT)
        parts = [np.empty((0, 3), np.int32)]
        if not found.length:
            return parts[0]
        named = {name: self._terms.kinds(found[name]) == Kind.RESOURCE for name in found.columns}
        for pattern in plan.template:
            rows = np.empty((found.length, 3), np.int32)
            right = np.ones(found.length, np.bool_)
            for place, node in enumerate((pattern.subject, pattern.predicate, pattern.object)):
                if isinstance(node, Const):
                    rows[:, place] = self._terms.numbers((node.written,))[0]
                    continue
                rows[:, place] = column = found[node.name]
                right &= column != UNBOUND
                if place < 2:
                    right &= named.get(node.name, False)
            parts.append(rows if right.all() else rows[right])
        return np.concatenate(parts)

    def solutions(self, group: Group, table: Table) -> Table:
        """The solutions of a group that agree with a row of a table, with all that the row has, for each row."""
        if len(group.steps) > 1 and any(self._absent(pattern) for pattern in group.stated):
            return _nothing(table, group.possible)
        bound = set(table.columns).difference(table.open(group.possible))
        waiting, steps = list(group.asks), list(group.steps)
        widths: _Widths = {}
        table, waiting = self._filtered(waiting, bound, table)
        while steps and table.length:
            step = steps.pop(self._next(steps, table.columns.keys(), widths)) if len(steps) > 1 else steps.pop()
            table = self._step(step, table)
            bound |= certain(step)
            if waiting:
                table, waiting = self._filtered(waiting, bound, table)
        if not table.length:
            return _nothing(table, group.possible)
        for expression, _ in waiting:
            table = table.where(self._evaluator.holds(expression, table))
        return table

    def _absent(self, pattern: Pattern) -> bool:
        """Whether there is nothing at all that a pattern could match."""
        assert isinstance(pattern.predicate, Const)
        relation = self._relation(pattern.predicate)
        if relation is None:
            return True
        value = pattern.object
        if not isinstance(value, Const) or not isinstance(value.term, NamedNode):
            return False
        return not len(relation.by_object.one(self._terms.place(value.written)))

    def _filtered(
        self, waiting: list[tuple[Expression, frozenset[str]]], bound: set[str], table: Table
    ) -> tuple[Table, list[tuple[Expression, frozenset[str]]]]:
        """Apply the filters for which all is there that the group can bind."""
        later = []
        for expression, needed in waiting:
            if needed <= bound:
                table = table.where(self._evaluator.holds(expression, table))
            else:
                later.append((expression, needed))
        return table, later

    def _next(self, steps: Sequence[Step], bound: AbstractSet[str], widths: _Widths) -> int:
        """Which step comes next: of the patterns that stand together the narrowest, else the first."""
        least, found = 0.0, 0
        for place, step in enumerate(steps):
            if not isinstance(step, Pattern | Reach):
                break
            subject = not isinstance(step.subject, Var) or step.subject.name in bound
            value = not isinstance(step.object, Var) or step.object.name in bound
            # What has nothing to do with the solutions so far would be crossed with them.
            apart = bool(bound) and possible(step).isdisjoint(bound)
            along = isinstance(step, Reach) or isinstance(step.predicate, Const) or step.predicate.name in bound
            asked = id(step), subject, value, apart, along
            width = widths.get(asked)
            if width is None:
                width = widths[asked] = self._width(step, subject, value, along) * (1e6 if apart else 1)
            if not place or width < least:
                least, found = width, place
        return found

    def _width(self, step: Pattern | Reach, subject: bool, value: bool, along: bool) -> float:
        """About how many solutions a pattern has for each row, by what of it is known."""
        if isinstance(step, Reach):
            return 8 if subject or value else 1e12
        if not isinstance(step.predicate, Const):
            return 4 if along and (subject or value) else 1e9
        relation = self._relation(step.predicate)
        if relation is None:
            return 0
        if subject and value:
            return 0.5
        if isinstance(step.object, Const):
            return len(relation.by_object.one(self._terms.place(step.object.written)))
        if subject or value:
            return (relation.by_subject if subject else relation.by_object).width
        return len(relation)

    def _relation(self, predicate: Const) -> Relation | None:
        return self._relations.get(self._terms.place(predicate.written))

    def _step(self, step: Step, table: Table) -> Table:
        if isinstance(step, Pattern):
            if table.gaps is not None and not table.gaps:
                return self._pattern(step, table)
            return together([self._pattern(step, part) for part in _without_gaps(table, possible(step))])
        if isinstance(step, Reach):
            return together([self._reach(step, part) for part in _without_gaps(table, possible(step))])
        if isinstance(step, Union):
            begun = ((self.solutions(start, table), rests) for start, rests in step.parts)
            return together([self.solutions(rest, found) for found, rests in begun for rest in rests])
        if isinstance(step, Optional):
            return self._optional(step.group, table)
        if isinstance(step, Bind):
            return table.extended(step.name, self._evaluator.column(step.value, table))
        if isinstance(step, Minus):
            return self._minus(self.solutions(step.group, UNIT), table)
        if isinstance(step, Values):
            return _joined(table, self._values(step))
        if isinstance(step, Grouped):
            return _joined(table, aggregated(step, self.solutions(step.group, UNIT), self._evaluator))
        return _joined(table, self.select(step))

    def _optional(self, group: Group, table: Table) -> Table:
        hidden = next(self._hidden)
        found = self.solutions(group, table.extended(hidden, np.arange(table.length, dtype=np.int32), whole=True))
        alone = np.ones(table.length, np.bool_)
        alone[found[hidden]] = False
        return together([found.without(hidden), table.where(alone)])

    def _minus(self, removed: Table, table: Table) -> Table:
        shared = [name for name in removed.columns if name in table]
        if removed.open(shared) or table.open(shared):
            raise Unsupported("MINUS over a variable that may be unbound")
        if not shared or not removed.length:
            return table
        rows, _ = matching(table, removed.only(shared).distinct()[0])
        kept = np.ones(table.length, np.bool_)
        kept[rows] = False
        return table.where(kept)

    def _values(self, values: Values) -> Table:
        number = self._terms.number
        columns = {
            name: np.array([UNBOUND if row[place] is None else number(row[place]) for row in values.rows], np.int32)  # type: ignore[arg-type]
            for place, name in enumerate(values.names)
        }
        return Table(columns, len(values.rows))

    def _seen(self, exists: Exists, table: Table) -> Mask:
        """For which rows the group has a solution."""
        group = exists.group
        if len(group.steps) == 1 and not group.filters and isinstance(group.steps[0], Pattern):
            found = self._there(group.steps[0], table)
            if found is not None:
                return found
        hidden = next(self._hidden)
        asked, which = table.only(sorted(group.mentioned)).distinct()
        found_ = self.solutions(group, asked.extended(hidden, np.arange(asked.length, dtype=np.int32), whole=True))
        seen = np.zeros(asked.length, np.bool_)
        seen[found_[hidden]] = True
        return seen[which]

    def _there(self, pattern: Pattern, table: Table) -> Mask | None:
        """For which rows there is a triple of a pattern; None where that is not said in one lookup."""
        subject, predicate, value = pattern.subject, pattern.predicate, pattern.object
        if not isinstance(predicate, Const) or subject == value or table.open(possible(pattern)):
            return None
        relation = self._relation(predicate)
        if relation is None:
            return np.zeros(table.length, np.bool_)
        subjects, values = self._ends_of(pattern, relation, table)
        if isinstance(subjects, int) or isinstance(values, int):
            if isinstance(subjects, int) and isinstance(values, int):
                return np.full(table.length, bool(among(relation.by_subject.one(subjects), _single(values))[0]))
            some = relation.by_subject.one(subjects) if isinstance(subjects, int) else relation.by_object.one(values)  # type: ignore[arg-type]
            column = values if isinstance(subjects, int) else subjects
            return np.full(table.length, bool(len(some))) if column is None else among(some, column)  # type: ignore[arg-type]
        if subjects is not None and values is not None:
            return relation.holds(subjects, values)
        if subjects is not None:
            return relation.by_subject.has(subjects)
        return np.full(table.length, True) if values is None else relation.by_object.has(values)

    def _ends_of(self, pattern: Pattern, relation: Relation, table: Table) -> tuple[Ids | int | None, Ids | int | None]:
        """What a pattern looks for as subject and as object: a column, one term, or whatever there is."""
        subject, value = (
            self._terms.place(node.written) if isinstance(node, Const) else table.columns.get(node.name)
            for node in (pattern.subject, pattern.object)
        )
        if isinstance(value, int):
            if not isinstance(pattern.object, Const) or not isinstance(pattern.object.term, NamedNode):
                self._comparable(_single(value), relation)
        elif value is not None:
            self._comparable(value, relation)
        return subject, value

    def _pattern(self, pattern: Pattern, table: Table) -> Table:
        if isinstance(pattern.predicate, Const):
            relation = self._relation(pattern.predicate)
            return self._related(pattern, relation, table) if relation else _nothing(table, possible(pattern))
        predicate = table.columns.get(pattern.predicate.name)
        if predicate is None:
            if pattern.predicate in (pattern.subject, pattern.object):
                raise Unsupported("a pattern whose predicate is its subject or object, too")
            found = [
                _with(one, pattern.predicate, np.full(one.length, number, np.int32))
                for number, relation in self._relations.items()
                if (one := self._related(pattern, relation, table)).length
            ]
        else:
            found = [
                self._related(pattern, relation, table.where(predicate == number))
                for number in once(predicate).tolist()
                if (relation := self._relations.get(number)) is not None
            ]
        return together(found) if found else _nothing(table, possible(pattern))

    def _related(self, pattern: Pattern, relation: Relation, table: Table) -> Table:
        subject, value = self._ends_of(pattern, relation, table)
        if isinstance(subject, int):
            return _chosen(table, relation.by_subject.one(subject), value, pattern.object)
        if isinstance(value, int):
            return _chosen(table, relation.by_object.one(value), subject, pattern.subject)
        if subject is not None and value is not None:
            return table.where(relation.holds(subject, value))
        if subject is not None:
            rows, found = relation.by_subject.find(subject)
            return _with(table.take(rows), pattern.object, found)
        if value is not None:
            rows, found = relation.by_object.find(value)
            return _with(table.take(rows), pattern.subject, found)
        assert isinstance(pattern.subject, Var) and isinstance(pattern.object, Var)
        one, other = relation.subjects, relation.objects
        if pattern.subject == pattern.object:
            same = one[one == other]
            return table.crossed({pattern.subject.name: same}, len(same))
        return table.crossed({pattern.subject.name: one, pattern.object.name: other}, len(relation))

    def _reach(self, step: Reach, table: Table) -> Table:
        # A path of no steps leads from a term to itself, be it in the facts or not.
        subject, value = (
            np.full(table.length, self._terms.number(node.term), np.int32)
            if isinstance(node, Const)
            else table.columns.get(node.name)
            for node in (step.subject, step.object)
        )
        if subject is not None and value is not None:
            pairs = self._ends(step.path, once(subject))
            return table.where(among(pairs, joined(subject, value)))
        path: Path = step.path
        start, other = subject, step.object
        if start is None:
            start, path, other = value, reverse(path), step.subject
        if start is None:
            raise Unsupported("a path with * or + between two unknowns")
        rows, found = Lookup.of(self._ends(path, once(start))).find(start)
        return _with(table.take(rows), other, found)

    def _ends(self, path: Path, starts: Ids) -> Pairs:
        """Each start with all that a repeated path leads to from there, as a sorted column of pairs."""
        assert isinstance(path, Repeat)
        return reached(starts, lambda ids: self._follow(path.path, ids), path.none, path.many)

    def _follow(self, path: Path, starts: Ids) -> tuple[Places, Ids]:
        """Where a path leads to from each of some starts: the places of the starts, and the ends."""
        if isinstance(path, Repeat):
            return Lookup.of(self._ends(path, once(starts))).find(starts)
        if isinstance(path, Chain):
            places, ends = np.arange(len(starts)), starts
            for part in path.paths:
                some, ends = self._follow(part, ends)
                places = places[some]
            return places, ends
        if isinstance(path, Choice):
            ways = [self._follow(part, starts) for part in path.paths]
            return np.concatenate([places for places, _ in ways]), np.concatenate([ends for _, ends in ways])
        if not isinstance(path.predicate, Const):
            raise Unsupported("a path along a variable")
        relation = self._relation(path.predicate) or NONE
        self._comparable(starts, relation)
        return (relation.by_subject if path.forward else relation.by_object).find(starts)

    def _comparable(self, ids: Ids, relation: Relation) -> None:
        """Engines differ on whether literals that are written in two ways are one term."""
        known = ids[ids != UNBOUND]
        kinds = self._terms.kinds(known)
        literals = len(known) < len(ids) or kinds.any()
        if literals and (relation.odd or self._apart[kinds].any()):
            raise Unsupported("a pattern that looks for a literal that can be written in several ways")


def _single(number: int) -> Ids:
    return np.array([number], np.int32)


def _chosen(table: Table, some: Ids, column: Ids | int | None, node: Node) -> Table:
    """The rows for which a node is one of some sorted terms: what is in its column, one term, or each of them."""
    if isinstance(column, int):
        return table if among(some, _single(column))[0] else _nothing(table, frozenset())
    if column is not None:
        return table.where(among(some, column))
    assert isinstance(node, Var)
    return table.crossed({node.name: some}, len(some))


def _with(table: Table, node: Node, column: Ids) -> Table:
    return table.extended(node.name, column, whole=True) if isinstance(node, Var) else table


def _nothing(table: Table, names: frozenset[str]) -> Table:
    return Table({name: np.empty(0, np.int32) for name in (*table.columns, *names)}, 0, frozenset())


def _without_gaps(table: Table, names: frozenset[str]) -> list[Table]:
    """The rows by which of some columns they leave unbound, each part without the columns that are unbound in it."""
    parts = [table]
    for name in table.open(names):
        masks = [(part, part[name] != UNBOUND) for part in parts if name in part]
        parts = [part.where(mask) for part, mask in masks] + [part.where(~mask).without(name) for part, mask in masks]
    return parts


def _joined(left: Table, right: Table) -> Table:
    """The pairs of solutions that agree."""
    shared = [name for name in right.columns if name in left]
    if not shared:
        return left.crossed(right.columns, right.length, right.gaps)
    if left.open(shared) or right.open(shared):
        raise Unsupported("a join over a variable that may be unbound")
    rows, others = matching(left, right)
    columns = {name: column[rows] for name, column in left.columns.items()}
    columns |= {name: column[others] for name, column in right.columns.items() if name not in left}
    gaps = None if left.gaps is None or right.gaps is None else left.gaps | right.gaps
    return Table(columns, len(rows), gaps)
