"""One SHACL engine, alone in its process: ``python -m tests.benchmarks.peer NAME FACTS SHAPES FOUND``.

It reads two files of N-Triples, validates, writes what it found to a third (a line for each focus node, shape and
component, sorted) and prints as JSON the seconds by the clock and of the processor, from the first byte read to the
report in hand, and the most memory held by then. Starting the interpreter and importing is not counted; starting Java is.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from time import perf_counter

from pyoxigraph import QuerySolutions, RdfFormat, Store, parse

MEMORY = 14
"""Gigabytes that an engine may take: others may be at work on the machine."""
Found = Iterable[tuple[str, str, str]]
Run = Callable[[Path, Path], Callable[[], Found]]
"""Loads and validates, and gives what reads the report: that is not measured."""

_RESULTS = """
PREFIX sh: <http://www.w3.org/ns/shacl#>
SELECT ?focus ?shape ?component WHERE {
    ?result a sh:ValidationResult ; sh:focusNode ?focus ; sh:sourceShape ?shape ; sh:sourceConstraintComponent ?component .
}
"""


def _parsing(facts: Path, _: Path) -> Callable[[], Found]:
    for _quad in parse(path=str(facts), format=RdfFormat.N_TRIPLES):
        pass
    return lambda: ()


def _as_the_command() -> None:
    """What ``guiju`` sets before it does anything (:func:`guiju.cli.run`)."""
    gc.set_threshold(1_000_000)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _guiju() -> Run:
    _as_the_command()
    import numpy as np

    from guiju import engines
    from guiju.columnar.columns import Columns
    from guiju.compiled import Compiled
    from guiju.intake import iris, written
    from guiju.verdicts import in_force, latest_day

    def run(facts: Path, _: Path) -> Callable[[], Found]:
        knowledge, numbers, rows = Compiled(), written.Numbers(), list[written.Rows]()

        def take(lines: list[bytes]) -> None:
            rows.append(written.rows(lines, numbers))

        written.statements(facts.read_bytes(), RdfFormat.N_TRIPLES, iris.BASE_IRI, take)
        columns = Columns(knowledge.columns)
        columns.told.add(np.array(columns.terms.numbers(numbers.texts), np.int32)[np.concatenate(rows)])
        validation = engines.validate(columns, in_force(knowledge, latest_day(columns)), knowledge)
        # The columns are the report, and count what was found.
        return lambda: (
            (result.focus, result.shape, result.component)
            for result in engines.listed(validation.results, columns.terms)
        )

    return run


def _whole() -> Run:
    """What ``guiju validate --format json`` does, from facts without conclusions to the written report."""
    _as_the_command()
    from guiju.compiled import Compiled
    from guiju.tasks import outcomes, validated

    def run(facts: Path, _: Path) -> Callable[[], Found]:
        with facts.with_suffix(".json").open("w", encoding="utf-8") as file:
            overview = validated([str(facts)], Compiled(), file, "json", outcomes("failed,cantTell"))
        return lambda: ((outcome, severity, str(count)) for (outcome, severity), count in overview.counted.items())

    return run


def _pyshacl() -> Run:
    import pyshacl
    from rdflib import Graph

    def run(facts: Path, shapes: Path) -> Callable[[], Found]:
        data, stated = (Graph().parse(path, format="nt11") for path in (facts, shapes))
        _, report, text = pyshacl.validate(data, shacl_graph=stated, advanced=True)
        if not isinstance(report, Graph):
            raise RuntimeError(text)
        return lambda: _of_report(report.serialize(format="turtle"))

    return run


def _topbraid() -> Run:
    from tests.topbraid import printed

    def run(facts: Path, shapes: Path) -> Callable[[], Found]:
        report = printed(facts, shapes, memory=f"{MEMORY - 2}g")
        return lambda: _of_report(report)

    return run


def _shifty() -> Run:
    import shifty

    def run(facts: Path, shapes: Path) -> Callable[[], Found]:
        _, report, _ = shifty.validate(facts, shapes, infer=False, sort_results=False, on_unsupported="error")
        return lambda: _of_report(report.serialize(format="turtle"))

    return run


def _turbo() -> Run:
    import pyshacl_turbo

    def run(facts: Path, shapes: Path) -> Callable[[], Found]:
        _, report, _ = pyshacl_turbo.validate(
            str(facts), shacl_graph=str(shapes), advanced=True, data_graph_format="nt", shacl_graph_format="nt"
        )
        return lambda: _of_report(report.serialize(format="turtle"))

    return run


def _rudof() -> Run:
    import pyrudof

    def run(facts: Path, shapes: Path) -> Callable[[], Found]:
        rudof = pyrudof.Rudof(pyrudof.RudofConfig())
        rudof.read_data(facts, pyrudof.RDFFormat.NTriples)
        rudof.read_shacl(shapes, pyrudof.ShaclFormat.NTriples)
        report = rudof.validate_shacl(pyrudof.ShaclValidationMode.Native)
        return lambda: (
            (entry.focus_node, entry.source_shape or "", entry.constraint_component) for entry in report.violations
        )

    return run


PEERS: dict[str, Callable[[], Run]] = {
    "parsing": lambda: _parsing,
    "guiju": _guiju,
    "guiju-whole": _whole,
    "topbraid": _topbraid,
    "shifty": _shifty,
    "pyshacl-turbo": _turbo,
    "rudof": _rudof,
    "pyshacl": _pyshacl,
}
"""By name, what imports an engine and gives the function that is measured."""


def _of_report(report: str) -> Found:
    store = Store()
    store.bulk_load(report.encode(), format=RdfFormat.TURTLE)
    found = store.query(_RESULTS)
    assert isinstance(found, QuerySolutions)
    for solution in found:
        yield solution["focus"].value, solution["shape"].value, solution["component"].value


def _processor() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _memory() -> int:
    """The most that this process has held, or a child of it that has ended: megabytes."""
    # What getrusage says of a process is at least what its parent held when it was begun.
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    own = int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])
    return max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) // 1024


def main(name: str, facts: Path, shapes: Path, found: Path) -> None:
    """Measure one engine on one pair of files."""
    if name != "topbraid":  # Java sets more aside than it takes, and has a limit of its own.
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY << 30, MEMORY << 30))
    run = PEERS[name]()
    processor, clock = _processor(), perf_counter()
    report = run(facts, shapes)
    measured = {"wall": perf_counter() - clock, "cpu": _processor() - processor, "memory": _memory()}
    lines = sorted({"\t".join(result) + "\n" for result in report()})
    with found.open("w", encoding="utf-8") as file:
        file.writelines(lines)
    print(json.dumps({**measured, "results": len(lines)}))


if __name__ == "__main__":
    main(sys.argv[1], *map(Path, sys.argv[2:5]))
