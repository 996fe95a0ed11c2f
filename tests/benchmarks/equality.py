"""The product against pySHACL, TopBraid and Oxigraph on facts invented for every constraint component.

``python -m tests.benchmarks.equality`` prints, for each component and each companion, on how many pairs of shape and
target who has voted, and who differed; it ends with 1 where the product differs from the definition anywhere. The same
seed gives the same facts. ``--pairs`` is how many pairs of each are compared at least, by Oxigraph (numbers that a
submission may have) and TopBraid (numbers of any length); ``--definition``, on how many of them pySHACL votes.
"""

from __future__ import annotations

import argparse
import logging
import random
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from time import process_time

from guiju import keys
from guiju.knowledge import Knowledge
from tests import parsed, topbraid
from tests.bent import Bender, Values
from tests.equality import DEFINITION, OXIGRAPH, TOPBRAID, Tally, compare

_SHOWN = 5
"""Of the differences of one component, so many are printed."""
_LARGE, _MIDDLE, _SMALL, _SINGLE = 60, 10, 4, 1
"""Shapes in a batch: for Oxigraph, for TopBraid, for the definition, and where one odd value spoils all."""


def prove(
    knowledge: Knowledge, pairs: int, definition: int, wide: int, seed: int, only: str = ""
) -> Iterator[tuple[str, Tally]]:
    """The tally of each component (with its companions), and of shapes of the law and of the toy, as they are done."""
    bender = Bender(knowledge)
    for component in bender.components:
        name = keys.local(component)
        if only not in name:
            continue
        rng, tally = random.Random(f"{seed} {name}"), Tally()
        own = list(companions(knowledge, component))
        turn = 0
        while tally.least(DEFINITION, own) < definition:
            turn += 1
            values = (Values.PLAIN, Values.WIDE, Values.ODD)[turn % 3]
            batch = bender.batch(component, rng, _SINGLE if values is Values.ODD else _SMALL, values)
            compare(batch, tally, [DEFINITION, OXIGRAPH] if values is Values.PLAIN else [DEFINITION])
        while tally.least(OXIGRAPH, own) < pairs:
            compare(bender.batch(component, rng, _LARGE), tally, [OXIGRAPH])
        while topbraid.missing() is None and tally.least(TOPBRAID, own) < wide:
            compare(bender.batch(component, rng, _MIDDLE, Values.WIDE), tally, [TOPBRAID])
        yield name, tally


def companions(knowledge: Knowledge, component: str) -> Iterator[str]:
    """A component, and those that report what is not known or not triggered in its place."""
    name = keys.local(component)
    yield from sorted(node.value for node in knowledge.parameters if keys.local(node.value) == name)


def _line(component: str, tally: Tally) -> str:
    kind = "" if component.startswith(keys.GJ) else component.split("/")[-1].split("#")[0]
    columns = [
        f"{keys.local(component).removesuffix('Component')} {kind}".ljust(38),
        f"{tally.pairs[component]:9,}",
        f"{tally.results[component]:9,}",
        f"{tally.left[component]:7,}",
    ]
    for voter in (OXIGRAPH, DEFINITION, TOPBRAID):
        voted, differing = (part.get(voter, Counter())[component] for part in (tally.compared, tally.differing))
        columns.append(f"{voted:9,}{differing:6,}")
    return " ".join(columns)


def main() -> int:
    """Print the table; the exit status is 1 where the product is not what the definition is."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--pairs", type=int, default=20_000)
    asked.add_argument("--definition", type=int, default=400)
    asked.add_argument("--topbraid", type=int, default=1_000)
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--only", default="", help="a part of a component's name")
    given = asked.parse_args()
    # rdflib tells of every literal that is ill-typed; here they are meant to be.
    logging.getLogger("rdflib").setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore")
    knowledge = Knowledge()
    wrong: list[str] = []
    print(
        f"{'':38} {'pairs':>9} {'results':>9} {'left':>7} {'Oxigraph':>15} {'pySHACL':>15} {'TopBraid':>15}   (votes, differences)"
    )
    started = process_time()
    with parsed.once():
        for _, tally in prove(knowledge, given.pairs, given.definition, given.topbraid, given.seed, given.only):
            for component in sorted(tally.pairs):
                print(_line(component, tally))
            for reason, count in tally.reasons.items():
                print(f"    left in {count} batches: {reason}")
            for difference in tally.wrong[:_SHOWN]:
                print(f"    WRONG {difference}")
            sys.stdout.flush()
            wrong += tally.wrong
    print(f"{len(wrong)} differences of the product from the definition; {process_time() - started:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
