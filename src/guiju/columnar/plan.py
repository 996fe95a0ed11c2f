"""What a query says, as data: groups of steps with filters, and expressions.

A step takes a table of solutions and gives one; a group takes its steps one after another, each seeing what those
before it bound. :func:`checked` refuses the queries for which that is not what SPARQL says, by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from inspect import get_annotations
from typing import Any, ClassVar, TypeVar, dataclass_transform

from guiju.columnar.terms import Term, Unsupported

_Node = TypeVar("_Node")


def _kept(function: Callable[[_Node], frozenset[str]]) -> Callable[[_Node], frozenset[str]]:
    """Find out what a function says of a part of a plan only once: the same plan is run again and again."""
    name = f"_{function.__name__}"

    def kept(part: _Node) -> frozenset[str]:
        found: frozenset[str] | None = part.__dict__.get(name)
        if found is None:
            found = part.__dict__[name] = function(part)
        return found

    return kept


@dataclass_transform(frozen_default=True)
class Part:
    """What a plan is made of: it has the fields that its class names, which do not change.

    It is what a frozen dataclass is, without the code that is compiled for each of these when they are imported.
    """

    fields: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        cls.fields = tuple(get_annotations(cls))

    def __init__(self, *values: Any, **named: Any) -> None:
        # What is left out is what the class says.
        self.__dict__.update(zip(self.fields, values, strict=False), **named)

    def __eq__(self, other: object) -> bool:
        return self is other or (type(self) is type(other) and self._values() == other._values())

    def __hash__(self) -> int:
        return hash((type(self), self._values()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self._values()}"

    def _values(self) -> tuple[Any, ...]:
        return tuple([getattr(self, name) for name in self.fields])


class Var(Part):
    name: str


class Const(Part):
    """A term."""

    term: Term

    @cached_property
    def written(self) -> bytes:
        """The term as N-Triples writes it."""
        return str(self.term).encode()


Node = Var | Const


class Not(Part):
    value: Expression


class Either(Part):
    values: tuple[Expression, ...]


class All(Part):
    values: tuple[Expression, ...]


class Compare(Part):
    operator: str
    left: Expression
    right: Expression


class OneOf(Part):
    """Whether a value is one of some IRIs."""

    value: Expression
    terms: tuple[Const, ...]


class Arithmetic(Part):
    operator: str
    left: Expression
    right: Expression


class Call(Part):
    name: str
    values: tuple[Expression, ...]


class Exists(Part):
    group: Group


Expression = Var | Const | Not | Either | All | Compare | OneOf | Arithmetic | Call | Exists


class Pattern(Part):
    """One triple pattern."""

    subject: Node
    predicate: Node
    object: Node


class Link(Part):
    """A path of one step along a predicate."""

    predicate: Node
    forward: bool = True


class Chain(Part):
    """Paths one after another."""

    paths: tuple[Path, ...]


class Choice(Part):
    """One of several paths."""

    paths: tuple[Path, ...]


class Repeat(Part):
    """A path once, or with ``many`` as often as it leads on; with ``none`` also not at all."""

    path: Path
    none: bool
    many: bool


Path = Link | Chain | Choice | Repeat


class Reach(Part):
    """A path that may be taken more than once or not at all, between two terms; each pair once."""

    subject: Node
    path: Repeat
    object: Node


class Union(Part):
    """The solutions of each branch; a group in braces of its own is a union of one."""

    branches: tuple[Group, ...]

    @cached_property
    def parts(self) -> tuple[tuple[Group, tuple[Group, ...]], ...]:
        """The branches that begin with the same patterns together: these, and how each of them goes on.

        What begins alike has the same solutions up to there, and they are found once.
        """
        alike: dict[Step | None, list[Group]] = {}
        for branch in self.branches:
            alike.setdefault(branch.steps[0] if branch.steps else None, []).append(branch)
        found = []
        for branches in alike.values():
            same = 0
            if len(branches) > 1:
                first = branches[0].steps
                while all(
                    same < len(branch.steps) and isinstance(first[same], Pattern) and branch.steps[same] == first[same]
                    for branch in branches
                ):
                    same += 1
            rests = tuple(Group(branch.steps[same:], branch.filters) if same else branch for branch in branches)
            found.append((Group(branches[0].steps[:same], ()), rests))
        return tuple(found)


class Optional(Part):
    group: Group


class Minus(Part):
    group: Group


class Bind(Part):
    value: Expression
    name: str


class Values(Part):
    names: tuple[str, ...]
    rows: tuple[tuple[Term | None, ...], ...]


class Aggregate(Part):
    """What is computed over the solutions of a group; ``value`` is None for ``COUNT(*)``."""

    name: str
    function: str
    value: Expression | None
    distinct: bool
    separator: str = ""
    """What stands between texts that are put together."""


class Grouped(Part):
    """A solution for each set of values of some variables; one for all where ``by`` is None, be there any or none."""

    by: tuple[str, ...] | None
    aggregates: tuple[Aggregate, ...]
    group: Group


class Select(Part):
    """A SELECT, of a query or within one: the names of its columns, and where they come from."""

    names: tuple[str, ...]
    group: Group
    distinct: bool
    order: Expression | None = None
    """The text by which its solutions stand in order."""


Step = Pattern | Reach | Union | Optional | Minus | Bind | Values | Select | Grouped


class Group(Part):
    """Steps in the order in which they are written, and the filters that hold over all of them."""

    steps: tuple[Step, ...]
    filters: tuple[Expression, ...]

    @cached_property
    def certain(self) -> frozenset[str]:
        """The variables that every solution binds."""
        return frozenset().union(*(certain(step) for step in self.steps))

    @cached_property
    def possible(self) -> frozenset[str]:
        """The variables that a solution may bind."""
        return frozenset().union(*(possible(step) for step in self.steps))

    @cached_property
    def stated(self) -> tuple[Pattern, ...]:
        """The patterns with a predicate of their own that every solution matches."""
        return tuple(s for s in self.steps if isinstance(s, Pattern) and isinstance(s.predicate, Const))

    @cached_property
    def asks(self) -> tuple[tuple[Expression, frozenset[str]], ...]:
        """Each filter with those variables it speaks of that a solution may bind."""
        return tuple((expression, mentioned(expression) & self.possible) for expression in self.filters)

    @cached_property
    def mentioned(self) -> frozenset[str]:
        """All variables that a value from outside can meet."""
        found = [mentioned(expression) for expression in self.filters]
        for step in self.steps:
            if isinstance(step, Bind):
                found.append(mentioned(step.value))
            if isinstance(step, Optional | Minus):
                found.append(step.group.mentioned)
            if isinstance(step, Union):
                found += [branch.mentioned for branch in step.branches]
        return self.possible.union(*found)


class Construct(Part):
    """A CONSTRUCT: patterns to fill in, and where their variables come from."""

    template: tuple[Pattern, ...]
    group: Group


def reverse(path: Path) -> Path:
    """A path from its end to its beginning."""
    if isinstance(path, Link):
        return Link(path.predicate, not path.forward)
    if isinstance(path, Chain):
        return Chain(tuple(reverse(part) for part in reversed(path.paths)))
    if isinstance(path, Choice):
        return Choice(tuple(reverse(part) for part in path.paths))
    return Repeat(reverse(path.path), path.none, path.many)


@_kept
def certain(step: Step) -> frozenset[str]:
    """The variables that a step binds in every solution."""
    if isinstance(step, Union):
        return frozenset.intersection(*(branch.certain for branch in step.branches))
    if isinstance(step, Select):
        return step.group.certain.intersection(step.names)
    if isinstance(step, Grouped):
        return step.group.certain.intersection(step.by or ())
    if isinstance(step, Values):
        return frozenset(
            name for place, name in enumerate(step.names) if all(row[place] is not None for row in step.rows)
        )
    return possible(step) if isinstance(step, Pattern | Reach) else frozenset()


@_kept
def possible(step: Step) -> frozenset[str]:
    """The variables that a step may bind."""
    if isinstance(step, Pattern):
        return frozenset(n.name for n in (step.subject, step.predicate, step.object) if isinstance(n, Var))
    if isinstance(step, Reach):
        return frozenset(n.name for n in (step.subject, step.object) if isinstance(n, Var))
    if isinstance(step, Grouped):
        return frozenset(step.by or ()).union(aggregate.name for aggregate in step.aggregates)
    if isinstance(step, Union):
        return frozenset().union(*(branch.possible for branch in step.branches))
    if isinstance(step, Optional):
        return step.group.possible
    if isinstance(step, Bind):
        return frozenset((step.name,))
    return frozenset() if isinstance(step, Minus) else frozenset(step.names)


@_kept
def mentioned(expression: Expression) -> frozenset[str]:
    """All variables of an expression, those in EXISTS included."""
    if isinstance(expression, Var):
        return frozenset((expression.name,))
    if isinstance(expression, Exists):
        return expression.group.mentioned
    return frozenset().union(*(mentioned(part) for part in parts(expression)))


def parts(expression: Expression) -> tuple[Expression, ...]:
    """The expressions that an expression is made of."""
    if isinstance(expression, Not | OneOf):
        return (expression.value,)
    if isinstance(expression, Either | All | Call):
        return expression.values
    if isinstance(expression, Compare | Arithmetic):
        return expression.left, expression.right
    return ()


def checked(group: Group, given: frozenset[str] = frozenset()) -> None:
    """Raise Unsupported where a group, run from left to right, could mean something else than SPARQL says.

    ``given`` variables have a value from outside everywhere, as those of an EXISTS and the parameters of a
    constraint have. Any other is seen by a group within the group only where that group binds it itself.
    """
    _checked(group, given, frozenset(), frozenset())


def _checked(group: Group, given: frozenset[str], outside: frozenset[str], seen: frozenset[str]) -> None:
    """``outside``: what the table may bind beside the group; ``seen``: what of it the group's own filters may see."""
    bound: frozenset[str] = frozenset()
    maybe: frozenset[str] = frozenset()
    for step in group.steps:
        around = outside | maybe
        if isinstance(step, Union):
            for branch in step.branches:
                _checked(branch, given, around, frozenset())
        elif isinstance(step, Optional):
            _refuse(step.group.mentioned & outside - bound - given, "OPTIONAL")
            _checked(step.group, given, around, around)
        elif isinstance(step, Minus):
            # What stands beside the group is in the table, too, and would count as shared.
            _refuse(step.group.possible & outside - bound | step.group.mentioned & given, "MINUS")
            checked(step.group)
        elif isinstance(step, Bind):
            _expression(step.value, given, outside, bound, maybe)
            _refuse({step.name} & (around | given), "BIND")
        elif isinstance(step, Select | Grouped):
            _refuse(step.group.mentioned & given, "SELECT")
            checked(step.group)
        bound, maybe = bound | certain(step), maybe | possible(step)
    for expression in group.filters:
        _expression(expression, given, outside - seen, bound, maybe | seen)


def _expression(
    expression: Expression,
    given: frozenset[str],
    hidden: frozenset[str],
    bound: frozenset[str],
    visible: frozenset[str],
) -> None:
    _refuse(mentioned(expression) & hidden - bound - given, "FILTER or BIND")
    for exists in _exists(expression):
        # What is bound where an EXISTS stands is put in everywhere in it.
        checked(exists.group, given | visible)


def _exists(expression: Expression) -> Iterator[Exists]:
    if isinstance(expression, Exists):
        yield expression
    for part in parts(expression):
        yield from _exists(part)


def _refuse(names: frozenset[str] | set[str], where: str) -> None:
    if names:
        raise Unsupported(f"scope of ?{min(names)} in {where}")
