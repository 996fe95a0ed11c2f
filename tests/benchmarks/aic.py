"""How long a judgement takes, step by step, on invented submissions under the 2018 measures.

``python -m tests.benchmarks.aic`` prints a table for 1, 10 and 100 institutions; other numbers can be given instead.
No test depends on these times.
"""

from __future__ import annotations

import sys
from itertools import pairwise
from time import perf_counter

from guiju import engines
from guiju.derivation import derive
from guiju.knowledge import Knowledge
from guiju.submission import receive
from guiju.verdicts import explain, in_force, judge, selected
from tests.benchmarks.generate import submissions

_STEPS = ("parse", "derive", "validate", "judge+explain")


def measure(knowledge: Knowledge, institutions: int) -> tuple[int, int, list[float]]:
    """Triples, verdicts, and the seconds that each step took, for so many institutions."""
    source = ("facts.ttl", submissions(institutions).encode(), "turtle")
    times = [perf_counter()]
    facts = receive([source], knowledge).triples
    times.append(perf_counter())
    derived = derive(facts, knowledge)
    times.append(perf_counter())
    shapes = in_force(knowledge, None)
    results = engines.run(derived.triples, selected(knowledge, shapes))
    times.append(perf_counter())
    verdicts, store = judge(derived, results, shapes, knowledge)
    explain(verdicts, store, knowledge)
    times.append(perf_counter())
    return len(facts), len(verdicts), [after - before for before, after in pairwise(times)]


def main(sizes: list[int]) -> None:
    """Print the table."""
    started = perf_counter()
    knowledge = Knowledge()
    _ = knowledge.store
    print(f"knowledge base loaded in {perf_counter() - started:.2f} s\n")
    print(f"{'institutions':>12} {'triples':>8} {'verdicts':>8}", *(f"{step:>13}" for step in _STEPS))
    for size in sizes:
        triples, verdicts, seconds = measure(knowledge, size)
        print(f"{size:>12} {triples:>8} {verdicts:>8}", *(f"{taken:>13.2f}" for taken in seconds), flush=True)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [1, 10, 100])
