"""What must be there for a query to have a solution at all, and what its solutions depend on.

Most derivations have nothing to do in most submissions, and need not run again whatever else was concluded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, reduce
from itertools import product

from guiju import keys
from guiju.columnar.parser import parse
from guiju.columnar.plan import (
    Bind,
    Chain,
    Choice,
    Const,
    Exists,
    Expression,
    Group,
    Grouped,
    Link,
    Path,
    Pattern,
    Reach,
    Repeat,
    Select,
    Step,
    Union,
    Values,
    parts,
)
from guiju.columnar.prepared import NEEDS
from guiju.sparql import EVERYTHING

_MOST = 64
"""Of more alternatives than this no account is kept."""
_TYPE = keys.RDF + "type"

_Ways = frozenset[frozenset[str]]
_ANYHOW: _Ways = frozenset({frozenset()})


@dataclass(frozen=True)
class Needs:
    """What a query cannot do without, and all that its answers depend on."""

    ways: _Ways
    """Alternatives, each a set of predicates by their IRIs, and of classes by theirs after ``a``."""
    reads: frozenset[str]
    """Predicates and classes; ``rdf:type`` where a class is a variable, ``EVERYTHING`` where a predicate is one."""

    def listed(self) -> tuple[list[list[str]], list[str]]:
        """As ``NEEDS`` has them."""
        return sorted(map(sorted, self.ways)), sorted(self.reads)

    def met(self, there: set[str]) -> bool:
        """Whether one of the alternatives is among what is there."""
        return any(way <= there for way in self.ways)


@cache
def needs(text: str) -> Needs:
    """What a CONSTRUCT needs; it concludes nothing where that is not met. Raises Unsupported as :func:`parse` does.

    Where that was found out before, the query need not be read.
    """
    if (found := NEEDS.get(text)) is not None:
        ways, reads = found
        return Needs(frozenset(map(frozenset, ways)), frozenset(reads))
    group = parse(text).group
    return Needs(_least(_of_group(group)), frozenset(_read_by(group)))


def _read_by(group: Group) -> Iterator[str]:
    for step in group.steps:
        if isinstance(step, Pattern):
            named = step.predicate.term.value if isinstance(step.predicate, Const) else EVERYTHING  # type: ignore[union-attr]
            aimed = named == _TYPE and isinstance(step.object, Const)
            yield step.object.term.value if aimed else named  # type: ignore[union-attr]
        elif isinstance(step, Reach):
            yield from _read_along(step.path)
        elif isinstance(step, Bind):
            yield from _read_in(step.value)
        elif isinstance(step, Union):
            for branch in step.branches:
                yield from _read_by(branch)
        elif not isinstance(step, Values):
            yield from _read_by(step.group)
            values = [aggregate.value for aggregate in step.aggregates] if isinstance(step, Grouped) else []
            for value in values:
                yield from _read_in(value) if value is not None else ()
    for expression in group.filters:
        yield from _read_in(expression)


def _read_in(expression: Expression) -> Iterator[str]:
    if isinstance(expression, Exists):
        yield from _read_by(expression.group)
    for part in parts(expression):
        yield from _read_in(part)


def _read_along(path: Path) -> Iterator[str]:
    if isinstance(path, Link):
        yield path.predicate.term.value if isinstance(path.predicate, Const) else EVERYTHING  # type: ignore[union-attr]
    else:
        for part in (path.path,) if isinstance(path, Repeat) else path.paths:
            yield from _read_along(part)


def _of_group(group: Group) -> _Ways:
    found = [_of_step(step) for step in group.steps] + [_of_filter(expression) for expression in group.filters]
    return reduce(_both, found, _ANYHOW)


def _of_step(step: Step) -> _Ways:
    if isinstance(step, Pattern):
        if not isinstance(step.predicate, Const):
            return _ANYHOW
        name = step.predicate.term.value  # type: ignore[union-attr]
        if name == _TYPE and isinstance(step.object, Const):
            return frozenset({frozenset({f"a {step.object.term.value}"})})  # type: ignore[union-attr]
        return frozenset({frozenset({name})})
    if isinstance(step, Reach):
        return _of_path(step.path)
    if isinstance(step, Union):
        return _either(_of_group(branch) for branch in step.branches)
    if isinstance(step, Select) or (isinstance(step, Grouped) and step.by is not None):
        return _of_group(step.group)
    return _ANYHOW


def _of_filter(expression: Expression) -> _Ways:
    return _of_group(expression.group) if isinstance(expression, Exists) else _ANYHOW


def _of_path(path: Path) -> _Ways:
    if isinstance(path, Link):
        return frozenset({frozenset({path.predicate.term.value})}) if isinstance(path.predicate, Const) else _ANYHOW  # type: ignore[union-attr]
    if isinstance(path, Chain):
        return reduce(_both, map(_of_path, path.paths), _ANYHOW)
    if isinstance(path, Choice):
        return _either(map(_of_path, path.paths))
    return _ANYHOW if path.none else _of_path(path.path)


def _both(some: _Ways, others: _Ways) -> _Ways:
    if len(some) * len(others) > _MOST:
        return some
    return _least(frozenset(one | other for one, other in product(some, others)))


def _either(alternatives: Iterable[_Ways]) -> _Ways:
    found: _Ways = frozenset().union(*alternatives)
    return found if len(found) <= _MOST else _ANYHOW


def _least(ways: _Ways) -> _Ways:
    """Without the alternatives that ask for more than another does."""
    return frozenset(way for way in ways if not any(other < way for other in ways))
