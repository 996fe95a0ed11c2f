"""How long a judgement takes, step by step, on invented submissions under the 2018 measures.

``python -m tests.benchmarks.aic`` prints a table for 1, 10 and 100 institutions; other numbers can be given instead, and
before them the name of an engine. ``explain`` explains what failed or is not known, ``all`` the other outcomes, too.
Times are seconds of the processor, which other work on the machine disturbs least; memory is the most that the process
has held so far, so sizes are best given from small to large. No test depends on either.
"""

from __future__ import annotations

import resource
import sys
from itertools import pairwise
from time import process_time

from guiju import engines
from guiju.derivation import derive
from guiju.knowledge import Knowledge
from guiju.submission import receive
from guiju.verdicts import in_force, judge
from tests.benchmarks.generate import submissions

_STEPS = ("parse", "derive", "validate", "judge", "explain", "all")


def measure(knowledge: Knowledge, institutions: int, engine: str) -> tuple[int, int, list[float]]:
    """Triples, verdicts, and the seconds that each step took, for so many institutions."""
    source = ("facts.ttl", submissions(institutions).encode(), "turtle")
    times = [process_time()]
    columns = receive([source], knowledge).columns
    triples = len(columns.told)
    times.append(process_time())
    derive(columns, knowledge)
    times.append(process_time())
    shapes = in_force(knowledge, None)
    results = engines.validate(columns, shapes, knowledge, engine).results
    times.append(process_time())
    judgement = judge(columns, results, shapes, knowledge)
    times.append(process_time())
    judgement.explain(("failed", "cantTell"))
    times.append(process_time())
    judgement.explain()
    times.append(process_time())
    return triples, len(judgement), [after - before for before, after in pairwise(times)]


def _memory() -> str:
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return f"{kilobytes / 1024:>5.0f} MB"


def main(engine: str, sizes: list[int]) -> None:
    """Print the table."""
    started = process_time()
    knowledge = Knowledge()
    _ = knowledge.columns, knowledge.periods, knowledge.queries
    print(f"engine {engine}; knowledge base loaded in {process_time() - started:.2f} s\n")
    print(f"{'institutions':>12} {'triples':>8} {'verdicts':>8}", *(f"{step:>13}" for step in _STEPS), f"{'memory':>8}")
    for size in sizes:
        triples, verdicts, seconds = measure(knowledge, size, engine)
        print(f"{size:>12} {triples:>8} {verdicts:>8}", *(f"{s:>13.2f}" for s in seconds), _memory(), flush=True)


if __name__ == "__main__":
    given = sys.argv[1:]
    chosen = given.pop(0) if given and not given[0].isdigit() else engines.DEFAULT
    main(chosen, [int(size) for size in given] or [1, 10, 100])
