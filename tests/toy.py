"""The invented knowledge base of ``tests/golden/knowledge``: small, and not touched by what the law's authors do.

It has the real vocabulary and components, and its own concepts, documents and shapes.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from pyoxigraph import RdfFormat, Store, Triple, parse

from guiju import completion
from guiju.knowledge import Knowledge
from guiju.submission import skolemised
from guiju.verdicts import assess

GOLDEN = Path(__file__).parent / "golden"
_OWN_TAXONOMIES = ("units.ttl", "exclusions.ttl")


def read(files: Iterable[Path]) -> list[Triple]:
    """The triples of Turtle files."""
    return [
        quad.triple
        for file in files
        for quad in parse(path=str(file), format=RdfFormat.TURTLE, rename_blank_nodes=True)
    ]


class Toy(Knowledge):
    """The invented knowledge base, with further Turtle files where a test plants something."""

    def __init__(self, planted: Iterable[Path] = ()) -> None:
        super().__init__()
        self.planted = read(planted)

    @cached_property
    def background(self) -> list[Triple]:
        ontology = self.root / "ontology"
        modules = [file for file in sorted(ontology.glob("*.ttl")) if file.name != "situations.ttl"]
        taxonomies = [ontology / "taxonomies" / name for name in _OWN_TAXONOMIES]
        return read([*modules, *taxonomies, GOLDEN / "knowledge" / "concepts.ttl"])

    @cached_property
    def documents(self) -> list[Triple]:
        found = read(sorted((GOLDEN / "knowledge").glob("toy-rules-*.ttl"))) + self.planted
        return found + list(completion.citations(found))

    @cached_property
    def authored_shapes(self) -> list[Triple]:
        files = [self.root / "shapes" / "components.ttl", GOLDEN / "knowledge" / "shapes.ttl"]
        return read(files) + self.planted

    def assessed(self, submission: Path = GOLDEN / "submission.ttl") -> Store:
        """The store of an assessment of an invented submission, its verdicts included."""
        return assess(skolemised(read([submission])), self).store
