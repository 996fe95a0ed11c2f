"""The product against pySHACL, TopBraid and Oxigraph on facts invented for every constraint component.

``python -m tests.benchmarks.equality`` prints, for each component and each companion, on how many pairs of shape and
target who has voted, and who differed; it ends with 1 where the product differs from the definition anywhere. The same
seed gives the same facts. Oxigraph votes on numbers that a submission may have, TopBraid on numbers of any length, pySHACL
on both, on what is of a wrong type, and wherever a witness differs.
"""

from __future__ import annotations

import argparse
import logging
import random
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from time import process_time

from guiju import keys
from guiju.knowledge import Knowledge
from tests import parsed, topbraid
from tests.bent import Bender, Values, together
from tests.equality import DEFINITION, OXIGRAPH, TOPBRAID, Tally, compare, real, toy

_SHOWN = 5
"""Of the differences of one component, so many are printed."""
_FOLDERS = 12
"""Of the law, the cases of so many shapes are bent together."""
_LARGE, _SMALL, _SINGLE = 10, 4, 1
"""Shapes of a component in a batch: for Oxigraph, for those who are slow, and where one odd value spoils all."""


@dataclass(frozen=True)
class Asked:
    """How much is to be compared."""

    only: str
    pairs: int
    definition: int
    topbraid: int
    cases: int
    seed: int


def prove(knowledge: Knowledge, asked: Asked) -> Iterator[tuple[str, Tally]]:
    """Tallies with their headings: of each component and its companions, of all for TopBraid, of cases of the law."""
    bender = Bender(knowledge)
    components = [component for component in bender.components if asked.only in component]
    for component in components:
        rng, tally = random.Random(f"{asked.seed} {component}"), Tally()
        own = list(companions(knowledge, component))
        turn = 0
        while tally.least(DEFINITION, own) < asked.definition:
            values = list(Values)[turn % 3]
            batch = bender.batch(component, rng, _SINGLE if values is Values.ODD else _SMALL, values)
            compare(batch, tally, [DEFINITION, OXIGRAPH] if values is Values.PLAIN else [DEFINITION])
            turn += 1
        while tally.least(OXIGRAPH, own) < asked.pairs:
            compare(bender.batch(component, rng, _LARGE), tally, [OXIGRAPH])
        yield "", tally
    rng, tally = random.Random(asked.seed), Tally()
    own = [name for component in components for name in companions(knowledge, component)]
    while topbraid.missing() is None and tally.least(TOPBRAID, own) < asked.topbraid:
        batches = (bender.batch(component, rng, _SMALL, Values.WIDE) for component in components)
        compare(together(batches), tally, [TOPBRAID])
    yield "all at once", tally
    rng, tally = random.Random(asked.seed), Tally()
    for _ in range(asked.cases):
        for batch in (real(knowledge, rng, _FOLDERS), toy(rng)):
            compare(batch, tally, [DEFINITION, OXIGRAPH])
    yield "bent cases of the law, and the submission of the tests", tally


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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=20_000, help="pairs of each component for Oxigraph")
    parser.add_argument("--definition", type=int, default=400, help="pairs of each component for pySHACL")
    parser.add_argument("--topbraid", type=int, default=400, help="pairs of each component for TopBraid")
    parser.add_argument("--cases", type=int, default=20, help="how often cases of the law are bent")
    parser.add_argument("--only", default="", help="a part of a component's name")
    parser.add_argument("--seed", type=int, default=0)
    asked = Asked(**vars(parser.parse_args()))
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
        for heading, tally in prove(knowledge, asked):
            if heading and tally.pairs:
                print(heading)
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
