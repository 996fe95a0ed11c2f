"""Groups over tables: every step runs for all solutions at once.

A pattern is looked up in the sorted columns of its predicate for all rows of the table together; an EXISTS is asked
once for each different set of values that it can see; filters run as soon as what they speak of is bound.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import count

import numpy as np

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
    mentioned,
    possible,
    reverse,
)
from guiju.columnar.table import UNIT, Mask, Table, matching, together
from guiju.columnar.terms import UNBOUND, Ids, Kind, Rows, Terms, Unsupported


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
        table = Table({name: found[name] for name in plan.names}, found.length)
        return table.distinct()[0] if plan.distinct else table

    def construct(self, plan: Construct) -> Rows:
        """The triples of a CONSTRUCT, each as often as it is said; what would be none is left out."""
        found = self.solutions(plan.group, UNIT)
        rows = np.empty((len(plan.template), found.length, 3), np.int32)
        for triples, pattern in zip(rows, plan.template, strict=True):
            for place, node in enumerate((pattern.subject, pattern.predicate, pattern.object)):
                triples[:, place] = self._terms.number(node.term) if isinstance(node, Const) else found[node.name]
        flat = rows.reshape(-1, 3)
        named = self._terms.kinds(flat[:, :2]) == Kind.RESOURCE
        said: Rows = flat[(flat != UNBOUND).all(axis=1) & named.all(axis=1)]
        return said

    def solutions(self, group: Group, table: Table) -> Table:
        """The solutions of a group that agree with a row of a table, with all that the row has, for each row."""
        bound = table.columns.keys() - {n for n in table.columns if n in group.possible and (table[n] == UNBOUND).any()}
        waiting = list(group.filters)
        steps = list(group.steps)
        table, waiting = self._filtered(waiting, group, bound, table)
        while steps and table.length:
            step = steps.pop(self._next(steps, table.columns.keys()))
            table = self._step(step, table)
            bound |= certain(step)
            table, waiting = self._filtered(waiting, group, bound, table)
        if not table.length:
            return _nothing(table, group.possible)
        for expression in waiting:
            table = table.where(self._evaluator.holds(expression, table))
        return table

    def _filtered(
        self, waiting: list[Expression], group: Group, bound: AbstractSet[str], table: Table
    ) -> tuple[Table, list[Expression]]:
        """Apply the filters for which all is there that the group can bind."""
        later = []
        for expression in waiting:
            if mentioned(expression) & group.possible <= bound:
                table = table.where(self._evaluator.holds(expression, table))
            else:
                later.append(expression)
        return table, later

    def _next(self, steps: Sequence[Step], bound: AbstractSet[str]) -> int:
        """Which step comes next: of the patterns that stand together the narrowest, else the first."""
        together_ = 0
        while together_ < len(steps) and isinstance(steps[together_], Pattern | Reach):
            together_ += 1
        return min(range(together_), key=lambda place: self._width(steps[place], bound), default=0)

    def _width(self, pattern: Step, bound: AbstractSet[str]) -> float:
        """About how many solutions a pattern has for each row."""
        assert isinstance(pattern, Pattern | Reach)
        subject, value = (isinstance(node, Const) or node.name in bound for node in (pattern.subject, pattern.object))
        if isinstance(pattern, Reach):
            return 8 if subject or value else 1e12
        # What has nothing to do with the solutions so far would be crossed with them.
        apart = 1e6 if bound and not possible(pattern) & bound else 1.0
        if isinstance(pattern.predicate, Const):
            relation = self._relations.get(self._terms.find(pattern.predicate.term))
            if relation is None:
                return 0
            if subject and value:
                return 0.5
            if isinstance(pattern.object, Const):
                return apart * len(
                    relation.by_object.find(np.array([self._terms.find(pattern.object.term)], np.int32))[0]
                )
            if subject or value:
                return apart * (relation.by_subject if subject else relation.by_object).width
            return apart * len(relation)
        return 4 if pattern.predicate.name in bound and (subject or value) else 1e9 * apart

    def _step(self, step: Step, table: Table) -> Table:
        if isinstance(step, Pattern):
            return together([self._pattern(step, part) for part in _without_gaps(table, possible(step))])
        if isinstance(step, Reach):
            return together([self._reach(step, part) for part in _without_gaps(table, possible(step))])
        if isinstance(step, Union):
            return together([self.solutions(branch, table) for branch in step.branches])
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
        found = self.solutions(group, table.extended(hidden, np.arange(table.length, dtype=np.int32)))
        alone = np.ones(table.length, np.bool_)
        alone[found[hidden]] = False
        return together([found.without(hidden), table.where(alone)])

    def _minus(self, removed: Table, table: Table) -> Table:
        shared = [name for name in removed.columns if name in table]
        if any((one[name] == UNBOUND).any() for one in (removed, table) for name in shared):
            raise Unsupported("MINUS over a variable that may be unbound")
        if not shared or not removed.length:
            return table
        rows, _ = matching(table, removed.only(shared).distinct()[0])
        kept = np.ones(table.length, np.bool_)
        kept[rows] = False
        return table.where(kept)

    def _values(self, values: Values) -> Table:
        columns = {
            name: np.array(
                [UNBOUND if row[place] is None else self._terms.number(row[place]) for row in values.rows],  # type: ignore[arg-type]
                np.int32,
            )
            for place, name in enumerate(values.names)
        }
        return Table(columns, len(values.rows))

    def _seen(self, exists: Exists, table: Table) -> Mask:
        """For which rows the group has a solution."""
        hidden = next(self._hidden)
        asked, which = table.only(sorted(exists.group.mentioned)).distinct()
        found = self.solutions(exists.group, asked.extended(hidden, np.arange(asked.length, dtype=np.int32)))
        seen = np.zeros(asked.length, np.bool_)
        seen[found[hidden]] = True
        return seen[which]

    def _pattern(self, pattern: Pattern, table: Table) -> Table:
        if isinstance(pattern.predicate, Const):
            relation = self._relations.get(self._terms.find(pattern.predicate.term))
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
                for number in np.unique(predicate).tolist()
                if (relation := self._relations.get(number)) is not None
            ]
        return together(found) if found else _nothing(table, possible(pattern))

    def _related(self, pattern: Pattern, relation: Relation, table: Table) -> Table:
        subject, value = self._bound(pattern.subject, table), self._bound(pattern.object, table)
        if value is not None:
            self._comparable(value, relation)
        if subject is not None and value is not None:
            return table.where(relation.holds(subject, value))
        if subject is not None:
            rows, found = relation.by_subject.find(subject)
            return _with(table.take(rows), pattern.object, found)
        if value is not None:
            rows, found = relation.by_object.find(value)
            return _with(table.take(rows), pattern.subject, found)
        rows = np.repeat(np.arange(table.length), len(relation))
        subjects, objects = np.tile(relation.subjects, table.length), np.tile(relation.objects, table.length)
        if pattern.subject == pattern.object:
            same = subjects == objects
            return _with(table.take(rows[same]), pattern.subject, subjects[same])
        return _with(_with(table.take(rows), pattern.subject, subjects), pattern.object, objects)

    def _reach(self, step: Reach, table: Table) -> Table:
        # A path of no steps leads from a term to itself, be it in the facts or not.
        subject, value = (
            np.full(table.length, self._terms.number(node.term), np.int32)
            if isinstance(node, Const)
            else table.columns.get(node.name)
            for node in (step.subject, step.object)
        )
        if subject is not None and value is not None:
            pairs = self._ends(step.path, np.unique(subject))
            return table.where(among(pairs, joined(subject, value)))
        path: Path = step.path
        start, other = subject, step.object
        if start is None:
            start, path, other = value, reverse(path), step.subject
        if start is None:
            raise Unsupported("a path with * or + between two unknowns")
        rows, found = Lookup.of(self._ends(path, np.unique(start))).find(start)
        return _with(table.take(rows), other, found)

    def _ends(self, path: Path, starts: Ids) -> Pairs:
        """Each start with all that a repeated path leads to from there, as a sorted column of pairs."""
        assert isinstance(path, Repeat)
        return reached(starts, lambda ids: self._follow(path.path, ids), path.none, path.many)

    def _follow(self, path: Path, starts: Ids) -> tuple[Places, Ids]:
        """Where a path leads to from each of some starts: the places of the starts, and the ends."""
        if isinstance(path, Repeat):
            return Lookup.of(self._ends(path, np.unique(starts))).find(starts)
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
        relation = self._relations.get(self._terms.find(path.predicate.term), NONE)
        self._comparable(starts, relation)
        return (relation.by_subject if path.forward else relation.by_object).find(starts)

    def _bound(self, node: Node, table: Table) -> Ids | None:
        if isinstance(node, Const):
            return np.full(table.length, self._terms.find(node.term), np.int32)
        return table.columns.get(node.name)

    def _comparable(self, ids: Ids, relation: Relation) -> None:
        """Engines differ on whether literals that are written in two ways are one term."""
        kinds = self._terms.kinds(ids[ids != UNBOUND])
        if self._apart[kinds].any() or (relation.odd and kinds.any()):
            raise Unsupported("a pattern that looks for a literal that can be written in several ways")


def _with(table: Table, node: Node, column: Ids) -> Table:
    return table.extended(node.name, column) if isinstance(node, Var) else table


def _nothing(table: Table, names: frozenset[str]) -> Table:
    return Table({name: np.empty(0, np.int32) for name in (*table.columns, *names)}, 0)


def _without_gaps(table: Table, names: frozenset[str]) -> list[Table]:
    """The rows by which of some columns they leave unbound, each part without the columns that are unbound in it."""
    parts = [table]
    for name in names:
        if name in table and (table[name] == UNBOUND).any():
            masks = [(part, part[name] != UNBOUND) for part in parts if name in part]
            parts = [part.where(mask) for part, mask in masks] + [
                part.where(~mask).without(name) for part, mask in masks
            ]
    return parts


def _joined(left: Table, right: Table) -> Table:
    """The pairs of solutions that agree."""
    shared = [name for name in right.columns if name in left]
    if any((one[name] == UNBOUND).any() for one in (left, right) for name in shared):
        raise Unsupported("a join over a variable that may be unbound")
    rows, others = matching(left, right)
    found = left.take(rows)
    for name, column in right.columns.items():
        found = found.extended(name, column[others])
    return found
