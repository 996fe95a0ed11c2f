"""A second engine, for the tests: the components' validators on Oxigraph, a shape for all its targets at once.

It shares nothing with the columnar engine but what the components say, and is fast enough to vote on everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pyoxigraph import BlankNode, NamedNode, QuerySolutions, Store, Triple

from guiju import keys, sparql
from guiju.completion import COMPONENT, NODE_SHAPE, TYPE, Term, index, parameters
from guiju.engines import Result
from guiju.knowledge import fill

_NODE = keys.SH + "NodeConstraintComponent"
_UNDERSTOOD = {keys.SH + name for name in ("targetClass", "node", "severity", "message", "name", "order")}


def results(facts: Iterable[Triple], shapes: Iterable[Triple]) -> set[Result]:
    """What completed shapes report of facts (with conclusions).

    Raises ValueError for a shape that states more than ``sh:targetClass``, ``sh:node`` and parameters of components.
    """
    return set(_Validation(list(facts), shapes).results())


class _Validation:
    def __init__(self, facts: list[Triple], shapes: Iterable[Triple]) -> None:
        self._shapes = index(shapes)
        self._store = Store()
        fill(self._store, facts)
        self._present = {fact.object for fact in facts if fact.predicate == TYPE}
        self._components = {
            subject.value: self._component(subject, about)
            for subject, about in list(self._shapes.items())
            if isinstance(subject, NamedNode) and COMPONENT in about.get(keys.RDF + "type", ())
        }

    def results(self) -> Iterator[Result]:
        named = (subject for subject in list(self._shapes) if isinstance(subject, NamedNode))
        for shape in named:
            about = self._shapes[shape]
            if NODE_SHAPE not in about.get(keys.RDF + "type", ()):
                continue
            if more := {name for name in about if name.startswith(keys.SH)} - _UNDERSTOOD:
                raise ValueError(f"{shape.value}: {', '.join(sorted(more))}")
            severity = about[keys.SH + "severity"][0].value
            for target in about.get(keys.SH + "targetClass", ()):
                # Most shapes have nothing to look at in most submissions, and to ask takes longer than to see that.
                if target in self._present:
                    for focus, component in self._broken(shape, str(target)):
                        yield Result(shape.value, focus, component, severity)

    def _broken(self, shape: NamedNode, target: str) -> Iterator[tuple[str, str]]:
        about = self._shapes[shape]
        for component, (names, query) in self._components.items():
            if names[0] in about:
                values = {keys.local(name): str(about[name][0]) for name in names}
                for focus in self._select(query, {**values, "targetClass": target}):
                    yield focus, component
        for nested in about.get(keys.SH + "node", ()):
            assert isinstance(nested, NamedNode)
            for focus in {focus for focus, _ in self._broken(nested, target)}:
                yield focus, _NODE

    def _select(self, query: str, values: dict[str, str]) -> Iterator[str]:
        # Pre-binding as SHACL-SPARQL defines it, everywhere in the query; $this stays a variable.
        text = re.sub(r"\$(\w+)", lambda name: values.get(name[1], "?" + name[1]), query)
        found = self._store.query(text)
        assert isinstance(found, QuerySolutions)
        for solution in found:
            yield solution["this"].value

    def _component(self, component: NamedNode, about: dict[str, list[Term]]) -> tuple[list[str], str]:
        names = parameters(self._shapes, component)
        validator = about[keys.SH + "nodeValidator"][0]
        assert isinstance(validator, NamedNode | BlankNode)
        select = self._shapes[validator][keys.SH + "select"][0].value
        aimed = select.replace("WHERE {", "WHERE {\n    $this a $targetClass .", 1)
        bound = frozenset(keys.local(name) for name in names)
        return names, sparql.nested(f"PREFIX gj: <{keys.GJ}>\n{aimed}", bound)
