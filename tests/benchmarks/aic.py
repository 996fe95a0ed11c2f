"""How long a judgement takes, step by step, on invented submissions under the 2018 measures.

``python -m tests.benchmarks.aic`` prints a table for 1, 10 and 100 institutions; other numbers can be given instead, and
before them the name of an engine.
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
from guiju.verdicts import explain, in_force, judge, selected
from tests.benchmarks.generate import submissions

_STEPS = ("parse", "derive", "validate", "judge", "explain")


def measure(knowledge: Knowledge, institutions: int, engine: str) -> tuple[int, int, list[float]]:
    """Triples, verdicts, and the seconds that each step took, for so many institutions."""
    source = ("facts.ttl", submissions(institutions).encode(), "turtle")
    times = [process_time()]
    facts = receive([source], knowledge).triples
    times.append(process_time())
    derived = derive(facts, knowledge)
    times.append(process_time())
    shapes = in_force(knowledge, None)
    results = engines.run(derived.triples, selected(knowledge, shapes), engine)
    times.append(process_time())
    verdicts, evidence = judge(derived, results, shapes, knowledge, engine)
    times.append(process_time())
    explain(verdicts, evidence, knowledge)
    times.append(process_time())
    return len(facts), len(verdicts), [after - before for before, after in pairwise(times)]


def _memory() -> str:
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return f"{kilobytes / 1024:>5.0f} MB"


def main(engine: str, sizes: list[int]) -> None:
    """Print the table."""
    started = process_time()
    knowledge = Knowledge()
    _ = knowledge.store
    print(f"engine {engine}; knowledge base loaded in {process_time() - started:.2f} s\n")
    print(f"{'institutions':>12} {'triples':>8} {'verdicts':>8}", *(f"{step:>13}" for step in _STEPS), f"{'memory':>8}")
    for size in sizes:
        triples, verdicts, seconds = measure(knowledge, size, engine)
        print(f"{size:>12} {triples:>8} {verdicts:>8}", *(f"{s:>13.2f}" for s in seconds), _memory(), flush=True)


if __name__ == "__main__":
    given = sys.argv[1:]
    chosen = given.pop(0) if given and not given[0].isdigit() else engines.DEFAULT
    main(chosen, [int(size) for size in given] or [1, 10, 100])
