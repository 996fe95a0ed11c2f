"""Plans as JSON and back, so that a query need be read once only; nothing is executed by reading one.

A part of a plan is a list: which kind it is, by its place among the kinds of this version of the code, and the values
of its fields. Tuples and terms are kinds, too.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from pyoxigraph import Literal, NamedNode

from guiju.columnar import plan
from guiju.columnar.plan import Const, Part, Var
from guiju.columnar.terms import Unsupported

Plan = plan.Select | plan.Construct


def written(found: Plan | Unsupported) -> bytes:
    """A plan, or why there is none for a query, in one line."""
    said = str(found) if isinstance(found, Unsupported) else _written(found)
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def read(line: bytes) -> Plan:
    """What :func:`written` wrote; raises Unsupported where that was no plan."""
    said = json.loads(line)
    if isinstance(said, str):
        raise Unsupported(said)
    found = _read(said)
    if not isinstance(found, Plan):
        raise TypeError("not the plan of a query")
    return found


def _written(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_PLACES[tuple], *map(_written, value)]
    if isinstance(value, NamedNode):
        return [_PLACES[NamedNode], value.value]
    if isinstance(value, Literal):
        return [_PLACES[Literal], value.value, value.language, value.datatype.value]
    if isinstance(value, Part):
        # Not what is found out about a part later, which is kept beside its fields.
        return [_PLACES[type(value)], *(_written(getattr(value, name)) for name in value.fields)]
    return value


def _read(value: Any) -> Any:
    if type(value) is not list:
        return value
    return _READ[value[0]](value)


@cache
def _named(iri: str) -> NamedNode:
    return NamedNode(iri)


@cache
def _const(iri: str) -> Const:
    return Const(_named(iri))


@cache
def _var(name: str) -> Var:
    return Var(name)


def _literal(said: list[Any]) -> Literal:
    _, text, language, datatype = said
    return Literal(text, language=language) if language else Literal(text, datatype=_named(datatype))


def _constant(said: list[Any]) -> Const:
    of = said[1]
    return _const(of[1]) if of[0] == _PLACES[NamedNode] else Const(_literal(of))


def _reader(kind: type[Part]) -> Callable[[list[Any]], Part]:
    """Puts a part together; field by field, which takes half the time that its class would."""
    names = tuple(enumerate(kind.fields, 1))

    def read(said: list[Any]) -> Part:
        made = object.__new__(kind)
        about = made.__dict__
        for place, name in names:
            value = said[place]
            about[name] = _READ[value[0]](value) if type(value) is list else value
        return made

    return read


_SHORT: dict[type, Callable[[list[Any]], Any]] = {
    tuple: lambda said: tuple([_READ[part[0]](part) if type(part) is list else part for part in said[1:]]),
    NamedNode: lambda said: _named(said[1]),
    Literal: _literal,
    Var: lambda said: _var(said[1]),
    Const: _constant,
}
_PARTS = tuple(
    kind for kind in vars(plan).values() if isinstance(kind, type) and issubclass(kind, Part) and kind is not Part
)
_KINDS = (*_SHORT, *(kind for kind in _PARTS if kind not in _SHORT))
_PLACES = {kind: place for place, kind in enumerate(_KINDS)}
_READ: list[Callable[[list[Any]], Any]] = [_SHORT.get(kind) or _reader(kind) for kind in _KINDS]
