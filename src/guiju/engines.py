"""SHACL engines: from facts and completed shapes to validation results.

pySHACL is the definition of the report; pySHACL-turbo has the same interface and gives the same results
faster. Both are imported only when used, since the import alone is felt by who waits for an answer.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass

from pyoxigraph import Triple

from guiju import keys, rdf

ENGINES = {"turbo": "pyshacl_turbo", "pyshacl": "pyshacl"}
DEFAULT = "turbo"


@dataclass(frozen=True, order=True)
class Result:
    """One validation result: which shape reported which focus node, by which component, how severely."""

    shape: str
    focus: str
    component: str
    severity: str


def run(facts: Iterable[Triple], shapes: Iterable[Triple], engine: str = DEFAULT) -> list[Result]:
    """Validate facts (with conclusions) against completed shapes; results sorted, without repeats.

    Raises ValueError for an engine that is not one of ``ENGINES``, and RuntimeError where the engine
    itself reports a failure.
    """
    if engine not in ENGINES:
        raise ValueError(f"engine {engine!r} is not known; use one of {', '.join(ENGINES)}")
    from rdflib import Graph, URIRef
    from rdflib.namespace import RDF, SH

    module = importlib.import_module(ENGINES[engine])
    data, shape_graph = Graph(), Graph()
    data.parse(data=rdf.ntriples(facts), format="nt11")
    shape_graph.parse(data=rdf.ntriples(shapes), format="nt11")
    _, report, text = module.validate(data, shacl_graph=shape_graph, advanced=True)
    if not isinstance(report, Graph):
        raise RuntimeError(f"{engine} could not validate: {text}")
    found = set()
    for result in report.subjects(RDF.type, SH.ValidationResult):
        shape, focus = report.value(result, SH.sourceShape), report.value(result, SH.focusNode)
        component = report.value(result, SH.sourceConstraintComponent)
        severity = report.value(result, SH.resultSeverity)
        if isinstance(shape, URIRef) and shape.startswith(keys.SHAPE):
            found.add(Result(str(shape), str(focus), str(component), str(severity)))
    return sorted(found)
