"""What engines that do not derive are given: ``python -m tests.benchmarks.derived PROFILE SIZE FACTS DERIVED SHAPES``."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

from guiju import rdf
from guiju.compiled import Compiled
from guiju.derivation import derive
from guiju.submission import receive
from guiju.verdicts import in_force, selected, stated_day
from tests.benchmarks.generate import write


def main(profile: str, institutions: int, facts: Path, derived: Path, shapes: Path) -> None:
    """Write facts, facts with conclusions, and the completed shapes in force on the day of the facts."""
    write(profile, institutions, facts)
    knowledge = Compiled()
    found = derive(receive([str(facts)], knowledge).triples, knowledge)
    with derived.open("w", encoding="utf-8") as file:
        file.writelines(f"{triple} .\n" for triple in found.triples)
    day = date.fromisoformat(max(map(stated_day, found.facts)))
    stated = selected(knowledge, in_force(knowledge, day))
    shapes.write_text(rdf.ntriples(stated), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *map(Path, sys.argv[3:6]))
