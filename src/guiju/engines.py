"""SHACL engines: from facts and completed shapes to validation results.

pySHACL defines the report. The default runs the same validators over columns (``guiju.columnar``), each once for all
shapes that use it and all their targets. It understands components, ``sh:targetClass`` and ``sh:node``, and compares
values on which no two engines differ; a shape that states more, and a target with other values, is left to pySHACL,
and the validation says which, and why. The tests hold both, a third engine of their own, and TopBraid to the
same results.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import localcontext
from typing import TYPE_CHECKING

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from guiju import keys, rdf
from guiju.completion import COMPONENT, TYPE, Index, index, parameters
from guiju.intake import Text
from guiju.progress import Progress, at, unheard
from guiju.sparql import EVERYTHING, reads

if TYPE_CHECKING:
    from guiju.columnar.columns import Columns
    from guiju.columnar.facts import Facts
    from guiju.columnar.run import Engine
    from guiju.columnar.terms import Ids, Terms
    from guiju.columnar.validate import Outcome, Results, Shapes
    from guiju.knowledge import Knowledge

COLUMNAR, PYSHACL = "columnar", "pyshacl"
ENGINES = (COLUMNAR, PYSHACL)
DEFAULT = COLUMNAR
_TARGETS = {keys.SH + name for name in ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf", "target")}
_CLASSES = {keys.RDFS + "Class", keys.OWL + "Class"}
_ALWAYS_READ = {TYPE.value, keys.RDFS + "subClassOf"}
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


@dataclass(frozen=True, order=True)
class Left:
    """A shape that the columns left to pySHACL, for all that it aims at or so many things, and why."""

    shape: str
    targets: int | None
    why: str

    @property
    def text(self) -> Text:
        """The same as a sentence."""
        few = self.targets is not None
        zh = f"{self.targets} 个对象由 pySHACL 检验" if few else "由 pySHACL 检验"
        en = f"{self.targets} of its targets were judged by pySHACL" if few else "judged by pySHACL"
        return Text(f"{zh}，因为列式引擎不判断：{self.why}", f"{en}, as the columns do not decide: {self.why}")


def added(one: Iterable[Left], other: Iterable[Left]) -> tuple[Left, ...]:
    """What is left of two parts of the facts, as of the whole of them."""
    by: dict[str, Left] = {}
    for each in (*one, *other):
        before = by.get(each.shape)
        if before and before.targets is not None and each.targets is not None:
            each = replace(before, targets=before.targets + each.targets)
        elif before and before.targets is None:
            each = before
        by[each.shape] = each
    return tuple(sorted(by.values(), key=lambda each: each.shape))


@dataclass(frozen=True)
class Validation:
    """What validation found, as columns, and what of it pySHACL decided in place of the default engine."""

    results: Results
    left: tuple[Left, ...] = ()


def run(
    facts: Iterable[Triple], shapes: Iterable[Triple], engine: str = DEFAULT, progress: Progress = unheard
) -> list[Result]:
    """Validate facts (with conclusions) against completed shapes; results sorted, without repeats.

    Raises ValueError for an engine that is not one of ``ENGINES``, and RuntimeError where pySHACL reports a failure.
    """
    facts, shapes = list(facts), list(shapes)
    if _checked(engine) == PYSHACL:
        progress(at("validating"))
        return sorted(_pyshacl(facts, shapes))
    from guiju.columnar.facts import Facts
    from guiju.columnar.run import Engine
    from guiju.columnar.validate import Shapes

    told = Facts()
    told.take_in(facts)
    prepared = Shapes.of(index(shapes), told.terms)
    found = _columnar(
        Engine(told.terms, told.relations), told, prepared, prepared.places.keys(), lambda: shapes, progress
    )
    return listed(found.results, told.terms)


def validate(
    columns: Columns,
    wanted: Iterable[str],
    knowledge: Knowledge,
    engine: str = DEFAULT,
    progress: Progress = unheard,
) -> Validation:
    """Validate what is told in columns against some shapes of the knowledge base, and all that are run with them.

    Raises as :func:`run` does.
    """
    names = columns.shapes.with_(wanted)
    if _checked(engine) == PYSHACL:
        progress(at("validating"))
        told = columns.terms.decoded(columns.told.rows())
        found = _pyshacl(told, selected(knowledge.shapes, dict.fromkeys(names)))
        return Validation(as_columns(found, columns.terms))
    return _columnar(columns.validating, columns.told, columns.shapes, names, lambda: knowledge.shapes, progress)


def as_columns(results: Iterable[Result], terms: Terms) -> Results:
    """Results by the numbers of what they name."""
    import numpy as np

    from guiju.columnar.validate import Results

    texts = [
        f"<{name}>".encode()
        for found in results
        for name in (found.shape, found.focus, found.component, found.severity)
    ]
    rows = np.array(terms.numbers(texts), np.int32).reshape(-1, 4)
    return Results.of([(rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3])])


def listed(results: Results, terms: Terms) -> list[Result]:
    """Results by name, sorted."""
    return sorted(Result(*row) for row in zip(*map(terms.names, results.columns), strict=True))


def selected(shapes: list[Triple], targets: Mapping[str, Collection[NamedNode] | None]) -> list[Triple]:
    """Of completed shapes those named, aimed at the things given (None: at what they aim at), with all they need.

    What else they point to aims at nothing; of the components there are those that they use.
    """
    about = index(shapes)
    reached = _below(map(NamedNode, targets), about)
    used = {name for node in reached for name in about[node]}
    reached |= _below((node for node in _components(about) if used.intersection(parameters(about, node))), about)
    chosen = []
    for triple in shapes:
        subject, predicate, value = triple
        if subject not in reached:
            continue
        aims = predicate.value in _TARGETS or (predicate == TYPE and str(value)[1:-1] in _CLASSES)
        own = isinstance(subject, NamedNode) and subject.value in targets
        if not aims or (own and targets[subject.value] is None):
            chosen.append(triple)
    aimed_at = NamedNode(keys.SH + "targetNode")
    return chosen + [Triple(NamedNode(name), aimed_at, node) for name, nodes in targets.items() for node in nodes or ()]


def _components(about: Index) -> list[NamedNode]:
    return [
        subject
        for subject, stated in about.items()
        if isinstance(subject, NamedNode) and COMPONENT in stated.get(TYPE.value, ())
    ]


def _below(nodes: Iterable[NamedNode | BlankNode], about: Index) -> set[NamedNode | BlankNode]:
    """Some nodes, and all that they lead to."""
    found: set[NamedNode | BlankNode] = set()
    waiting = list(nodes)
    while waiting:
        if (node := waiting.pop()) in about and node not in found:
            found.add(node)
            waiting += [value for values in about[node].values() for value in values if not isinstance(value, Literal)]
    return found


def _checked(engine: str) -> str:
    if engine not in ENGINES:
        raise ValueError(f"没有引擎 {engine}。 There is no engine {engine!r}; use one of {', '.join(ENGINES)}.")
    return engine


def _columnar(
    engine: Engine,
    told: Facts,
    shapes: Shapes,
    names: Collection[str],
    triples: Callable[[], list[Triple]],
    progress: Progress,
) -> Validation:
    from guiju.columnar.validate import Results, validate

    outcome = validate(engine, told.terms, told.relations, shapes, names, progress)
    if not outcome.reasons:
        return Validation(outcome.results)
    left = tuple(
        Left(shape, len(outcome.targets[shape]) if shape in outcome.targets else None, reason)
        for shape, reason in sorted(outcome.reasons.items())
    )
    for each in left:
        _log.info("%s 由 pySHACL 检验 is left to pySHACL: %s", each.shape, each.why)
    targets = {shape: _named(told.terms, outcome.targets.get(shape)) for shape in outcome.reasons}
    found = _pyshacl(_read_by_left(told, shapes, outcome), selected(triples(), targets))
    # Where a shape could not be aimed at the targets that are left, pySHACL looked at all.
    again = [name for name, nodes in targets.items() if nodes is None and name in outcome.targets]
    kept = outcome.results.without(told.terms.numbers([f"<{name}>".encode() for name in again]))
    own = as_columns(found, told.terms)
    return Validation(Results.of([kept.columns, own.columns]), left)


def _named(terms: Terms, targets: Ids | None) -> list[NamedNode] | None:
    """Targets by name; None for all, and where one has none, by which pySHACL could be told of it."""
    if targets is None:
        return None
    found = terms.terms(targets.tolist())
    named = [node for node in found if isinstance(node, NamedNode)]
    return named if len(named) == len(found) else None


def _read_by_left(told: Facts, shapes: Shapes, outcome: Outcome) -> list[Triple]:
    """The facts that shapes which are left can look at."""
    import numpy as np

    rows = told.rows()
    if outcome.reasons.keys() == outcome.targets.keys():
        # They are made of nothing but components.
        places = [shapes.places[name] for name in outcome.targets]
        asked = {
            uses.filled(use, told.terms)
            for uses in shapes.uses
            for use in np.flatnonzero(np.isin(uses.shapes, places)).tolist()
        }
        read = _ALWAYS_READ.union(*map(reads, asked))
        if EVERYTHING not in read:
            predicates = [told.terms.place(f"<{name}>".encode()) for name in read]
            rows = rows[np.isin(rows[:, 1], predicates)]
    return told.terms.decoded(rows)


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
        try:
            _, report, text = pyshacl.validate(data, shacl_graph=shape_graph, advanced=True)
        except Exception as error:  # rdflib raises what comes of it where it is to compute with an ill-typed literal.
            raise RuntimeError(f"pySHACL could not validate: {type(error).__name__}: {error}") from error
    if not isinstance(report, Graph):
        raise RuntimeError(f"pySHACL could not validate: {text}")
    found = set()
    # Not every result in a report is one of the report: with sh:detail, what a nested shape found stands there, too.
    for result in report.objects(None, SH.result):
        shape, focus = report.value(result, SH.sourceShape), report.value(result, SH.focusNode)
        component = report.value(result, SH.sourceConstraintComponent)
        severity = report.value(result, SH.resultSeverity)
        if isinstance(shape, URIRef):
            found.add(Result(str(shape), str(focus), str(component), str(severity)))
    return found
