"""SHACL engines: from facts and completed shapes to validation results.

pySHACL defines the report. The default runs the same validators as the components state them, each for all
targets of a shape in one SPARQL query on Oxigraph; it knows components, ``sh:targetClass`` and ``sh:node``, and
leaves any shape that uses more to pySHACL. The columnar engine (``guiju.columnar``, numpy) runs each validator once
for all shapes that use it, and leaves to the default any shape that it does not understand or whose data it does not
decide; it logs which, and why. The tests hold all of them, and TopBraid, to the same results.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from decimal import localcontext

from pyoxigraph import BlankNode, NamedNode, QuerySolutions, Store, Triple

from guiju import keys, rdf, sparql
from guiju.completion import COMPONENT, NODE_SHAPE, TYPE, Index, Term, index, parameters
from guiju.knowledge import fill
from guiju.progress import Progress, at, unheard

OXIGRAPH, COLUMNAR, PYSHACL = "oxigraph", "columnar", "pyshacl"
ENGINES = (OXIGRAPH, COLUMNAR, PYSHACL)
DEFAULT = OXIGRAPH
_NODE = keys.SH + "NodeConstraintComponent"
_UNDERSTOOD = {keys.SH + name for name in ("targetClass", "node", "severity", "message", "name", "order")}
_DIGITS = 1000
"""With how many digits pySHACL computes: more than any product of two numbers of a submission has."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, order=True)
class Result:
    """One validation result: which shape reported which focus node, by which component, how severely."""

    shape: str
    focus: str
    component: str
    severity: str


def run(
    facts: Iterable[Triple], shapes: Iterable[Triple], engine: str = DEFAULT, progress: Progress = unheard
) -> list[Result]:
    """Validate facts (with conclusions) against completed shapes; results sorted, without repeats.

    Raises ValueError for an engine that is not one of ``ENGINES`` or not installed, and RuntimeError where the
    engine itself reports a failure.
    """
    if engine not in ENGINES:
        raise ValueError(f"没有引擎 {engine}。 There is no engine {engine!r}; use one of {', '.join(ENGINES)}.")
    progress(at("validating"))
    facts, shapes = list(facts), list(shapes)
    if engine == PYSHACL:
        found = _pyshacl(facts, shapes)
    elif engine == COLUMNAR:
        found = _columnar(facts, shapes, progress)
    else:
        found = _oxigraph(facts, shapes, progress)
    return sorted(found, key=lambda result: (result.shape, result.focus, result.component, result.severity))


def _columnar(facts: list[Triple], shapes: list[Triple], progress: Progress) -> set[Result]:
    try:
        from guiju.columnar.validate import validate
    except ModuleNotFoundError as missing:
        raise ValueError(
            f"columnar 引擎需要 {missing.name}：安装 guiju[columnar]。 "
            f"The engine columnar needs {missing.name}: install guiju[columnar]."
        ) from missing
    outcome = validate(facts, index(shapes), progress)
    for shape, reason in sorted(outcome.declined.items()):
        _log.info("%s 由默认引擎检验 is left to the default engine: %s", shape, reason)
    found = {Result(*result) for result in outcome.results}
    return found | _oxigraph(facts, shapes, progress, outcome.declined) if outcome.declined else found


def _oxigraph(
    facts: list[Triple], shapes: list[Triple], progress: Progress, only: Container[str] | None = None
) -> set[Result]:
    """What the validators find on Oxigraph, and pySHACL for what is left to it; of all shapes, or some."""
    oxigraph = _Oxigraph(facts, index(shapes), only)
    found = set(oxigraph.results(progress))
    if foreign := oxigraph.foreign:
        found |= {result for result in _pyshacl(facts, shapes) if result.shape in foreign}
    return found


class _Oxigraph:
    def __init__(self, facts: Iterable[Triple], shapes: Index, only: Container[str] | None) -> None:
        self._shapes = shapes
        facts = list(facts)
        self._store = Store()
        fill(self._store, facts)
        self._present = {fact.object for fact in facts if fact.predicate == TYPE}
        self._components = {
            subject.value: self._component(subject, about)
            for subject, about in shapes.items()
            if isinstance(subject, NamedNode) and COMPONENT in about.get(keys.RDF + "type", ())
        }
        named = [
            subject
            for subject, about in shapes.items()
            if isinstance(subject, NamedNode)
            and NODE_SHAPE in about.get(keys.RDF + "type", ())
            and (only is None or subject.value in only)
        ]
        self.foreign = {shape.value for shape in named if not self._understood(shape)}
        self._own = [shape for shape in named if shape.value not in self.foreign]

    def results(self, progress: Progress) -> Iterator[Result]:
        for number, shape in enumerate(self._own, 1):
            progress(at("validating", number, len(self._own)))
            severity = self._shapes[shape][keys.SH + "severity"][0].value
            for target in self._shapes[shape][keys.SH + "targetClass"]:
                # Most shapes have nothing to look at in most submissions, and to ask takes longer than to see that.
                if target not in self._present:
                    continue
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
            if isinstance(nested, NamedNode):
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
        validator = next(_nodes(about[keys.SH + "nodeValidator"]))
        select = self._shapes[validator][keys.SH + "select"][0].value
        aimed = select.replace("WHERE {", "WHERE {\n    $this a $targetClass .", 1)
        bound = frozenset(keys.local(name) for name in names)
        return names, sparql.nested(f"PREFIX gj: <{keys.GJ}>\n{aimed}", bound)

    def _understood(self, shape: NamedNode) -> bool:
        about = self._shapes[shape]
        return (
            all(name in _UNDERSTOOD for name in about if name.startswith(keys.SH))
            and keys.SH + "targetClass" in about
            and all(
                self._understood(node)
                for node in _nodes(about.get(keys.SH + "node", ()))
                if isinstance(node, NamedNode)
            )
        )


def _nodes(terms: Iterable[Term]) -> Iterator[NamedNode | BlankNode]:
    return (term for term in terms if isinstance(term, (NamedNode, BlankNode)))


def _pyshacl(facts: Iterable[Triple], shapes: Iterable[Triple]) -> set[Result]:
    # Imported here: the import alone is felt by who waits for an answer.
    import pyshacl
    from rdflib import Graph, URIRef
    from rdflib.namespace import SH

    data = Graph().parse(data=rdf.ntriples(facts), format="nt11")
    shape_graph = Graph().parse(data=rdf.ntriples(shapes), format="nt11")
    # rdflib computes with Python's decimals, which round to 28 digits unless told otherwise.
    with localcontext() as exact:
        exact.prec = _DIGITS
        _, report, text = pyshacl.validate(data, shacl_graph=shape_graph, advanced=True)
    if not isinstance(report, Graph):
        raise RuntimeError(f"pySHACL could not validate: {text}")
    found = set()
    # Not every result in a report is one of the report: with sh:detail, what a nested shape found stands there, too.
    for result in report.objects(None, SH.result):
        shape, focus = report.value(result, SH.sourceShape), report.value(result, SH.focusNode)
        component = report.value(result, SH.sourceConstraintComponent)
        severity = report.value(result, SH.resultSeverity)
        if isinstance(shape, URIRef) and shape.startswith(keys.SHAPE):
            found.add(Result(str(shape), str(focus), str(component), str(severity)))
    return found
