"""The tests of the W3C that use only SHACL Core: the columns give the right answer, or leave the shape by name.

They are read from ``../shared/w3c-shacl``, or where ``GUIJU_W3C`` says (they are the W3C's, under a licence of their
own), and skipped where they are not there.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyshacl
import pytest
from pyoxigraph import RdfFormat, Triple, parse
from rdflib import RDF, Graph, Namespace, Node, URIRef
from rdflib.namespace import SH

from guiju import engines
from guiju.engines import Result
from tests.equality import left

CORE = Path(os.environ.get("GUIJU_W3C", Path(__file__).parents[2] / "shared" / "w3c-shacl")) / "core"
_MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
_SHT = Namespace("http://www.w3.org/ns/shacl-test#")
_COMPARED = (SH.focusNode, SH.resultPath, SH.value, SH.sourceConstraintComponent, SH.resultSeverity, SH.sourceShape)


@dataclass(frozen=True)
class Case:
    """A test of the W3C: files of data and shapes, and the report that is right."""

    data: Path
    shapes: Path
    manifest: Graph
    report: Node

    @property
    def expected(self) -> Counter[Result]:
        """The results that name their shape."""
        results = (
            Result(*(str(self.manifest.value(result, name)) for name in _NAMES))
            for result in self.manifest.objects(self.report, SH.result)
            if isinstance(self.manifest.value(result, SH.sourceShape), URIRef)
        )
        return Counter(map(_without_labels, set(results)))


_NAMES = (SH.sourceShape, SH.focusNode, SH.sourceConstraintComponent, SH.resultSeverity)
_LABEL = re.compile(r"[Nn][0-9a-f]{20,}(b[0-9]+)?|[0-9a-f]{20,}")


def _without_labels(result: Result) -> Result:
    """A result with what is not the same from one reading to the next taken off: the label of a node without a name."""
    return replace(result, focus="_:") if _LABEL.fullmatch(result.focus) else result


def _case(file: Path) -> Case:
    graph = Graph().parse(file, publicID=file.as_uri())
    (test,) = graph.subjects(RDF.type, _SHT.Validate)
    action, report = graph.value(test, _MF.action), graph.value(test, _MF.result)
    assert report is not None
    data, shapes = (
        Path(str(graph.value(action, part)).removeprefix("file://")) for part in (_SHT.dataGraph, _SHT.shapesGraph)
    )
    return Case(data, shapes, graph, report)


FILES = {
    f"{file.parent.name}/{file.stem}": file for file in sorted(CORE.rglob("*.ttl")) if "mf:result" in file.read_text()
}
OTHERWISE = {"property/uniqueLang-002": 'pySHACL takes "1"^^xsd:boolean for true'}
"""Where the definition itself says something else than the W3C."""


@pytest.mark.skipif(not FILES, reason=f"the tests of the W3C are not in {CORE}")
@pytest.mark.filterwarnings("ignore:Parsing weird boolean")
@pytest.mark.parametrize("name", FILES)
def test_the_answer_is_right_or_the_shape_is_left_by_name(name: str) -> None:
    case = _case(FILES[name])
    with left() as declined, _reports() as reports:
        found = engines.run(_triples(case.data), _triples(case.shapes), engines.COLUMNAR)
    assert all(declined.values()), "each with a reason"
    # What names no shape is not in a result of ours, but in the report on what was left.
    assert declined or not any(case.manifest.objects(case.report, SH.result)), "no shape is passed over in silence"
    right = all(_compared(report, root) == _compared(case.manifest, case.report) for report, root in reports)
    assert right == (name not in OTHERWISE)
    assert (Counter(map(_without_labels, found)) == case.expected) == right
    assert len(reports) == bool(declined)


@contextmanager
def _reports() -> Iterator[list[tuple[Graph, Node]]]:
    """The reports that pySHACL gives, each with the node that stands for it."""
    found: list[tuple[Graph, Node]] = []
    validate = pyshacl.validate

    def heard(*arguments: Any, **options: Any) -> Any:
        answer = validate(*arguments, **options)
        (root,) = answer[1].subjects(RDF.type, SH.ValidationReport)
        found.append((answer[1], root))
        return answer

    with patch.object(pyshacl, "validate", heard):
        yield found


def _triples(file: Path) -> list[Triple]:
    found = parse(path=str(file), format=RdfFormat.TURTLE, base_iri=file.as_uri())
    return [quad.triple for quad in found]


def _compared(graph: Graph, report: Node) -> Counter[tuple[str, ...]]:
    """What the W3C compares: whether all conforms, and each result with its path; of nodes without a name, that."""
    (conforms,) = graph.objects(report, SH.conforms)
    results = list(graph.objects(report, SH.result))
    found = Counter(tuple(_written(graph, graph.value(result, name)) for name in _COMPARED) for result in results)
    return found + Counter([(str(conforms),)])


def _written(graph: Graph, node: Node | None) -> str:
    if node is None or isinstance(node, URIRef):
        return str(node)
    about = sorted((str(p), _written(graph, o)) for p, o in graph.predicate_objects(node) if (node, p, o) in graph)
    return str(about) if about else node.n3() if not str(node.n3()).startswith("_:") else "_:"
