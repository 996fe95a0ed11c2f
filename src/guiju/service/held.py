"""What the server holds, read once: the knowledge base with its alignments and calendars, in one fixed order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, RdfFormat, Triple, parse, serialize

from guiju import keys
from guiju.compiled import Compiled
from guiju.show import Library

Node = NamedNode | BlankNode
Term = NamedNode | BlankNode | Literal
NAMES = frozenset({keys.GJ + "zh", keys.GJ + "en"})
"""Doubles of the labels, which spare queries a search; a description leaves them out."""


class Held:
    """All statements, indexed from both ends. Blank nodes are named alike in every process: answers can be cached."""

    def __init__(self, library: Library) -> None:
        self.library = library

    @cached_property
    def alignments(self) -> dict[str, list[Triple]]:
        """The statements of each alignment file, by its name."""
        folder = self.library.knowledge.root / "ontology" / "alignments"
        return {file.stem: list(_read(file)) for file in sorted(folder.glob("*.ttl"))}

    @cached_property
    def triples(self) -> list[Triple]:
        """Every statement once: ontology, taxonomies, law, norms, completed shapes, alignments, calendars."""
        knowledge = self.library.knowledge
        found = [*knowledge.triples, *knowledge.shapes]
        found += [triple for triples in self.alignments.values() for triple in triples]
        for file in sorted((knowledge.root / "ontology" / "calendars").glob("*.ttl")):
            found += _read(file)
        named: dict[Term, BlankNode] = {}

        def same(term: Term) -> Term:
            return named.setdefault(term, BlankNode(f"b{len(named)}")) if isinstance(term, BlankNode) else term

        renamed = (Triple(same(s), p, same(o)) for s, p, o in found)  # type: ignore[arg-type]
        return list(dict.fromkeys(renamed))

    @cached_property
    def of(self) -> dict[Node, list[tuple[NamedNode, Term]]]:
        """What is said of each thing."""
        index: dict[Node, list[tuple[NamedNode, Term]]] = defaultdict(list)
        for subject, predicate, value in self.triples:
            index[subject].append((predicate, value))
        return dict(index)

    @cached_property
    def to(self) -> dict[Node, list[tuple[Node, NamedNode]]]:
        """What points to each thing."""
        index: dict[Node, list[tuple[Node, NamedNode]]] = defaultdict(list)
        for subject, predicate, value in self.triples:
            if not isinstance(value, Literal):
                index[value].append((subject, predicate))
        return dict(index)

    @cached_property
    def quads(self) -> bytes:
        """Everything as N-Quads."""
        graph = DefaultGraph()
        return serialize((Quad(s, p, o, graph) for s, p, o in self.triples), format=RdfFormat.N_QUADS) or b""

    @cached_property
    def prefixes(self) -> dict[str, str]:
        """The prefixes of answers: ours, one for each taxonomy, and those of the vocabularies used."""
        schemes = {
            node.value.removeprefix(keys.TAXONOMY).split("/")[0]
            for node in self.of
            if isinstance(node, NamedNode) and node.value.startswith(keys.TAXONOMY)
        }
        ours = {scheme: f"{keys.TAXONOMY}{scheme}/" for scheme in sorted(schemes)}
        return {**ours, **FOREIGN}


FOREIGN = {
    "gj": keys.GJ, "gj-not-known": keys.NOT_KNOWN, "gj-not-triggered": keys.NOT_TRIGGERED,
    "sh": keys.SH, "eli": keys.ELI, "earl": keys.EARL, "dcterms": keys.DCTERMS, "skos": keys.SKOS,
    "rdf": keys.RDF, "rdfs": keys.RDFS, "owl": keys.OWL, "xsd": keys.XSD,
    "foaf": "http://xmlns.com/foaf/0.1/", "void": "http://rdfs.org/ns/void#", "dcat": "http://www.w3.org/ns/dcat#",
    "sd": "http://www.w3.org/ns/sparql-service-description#", "vann": "http://purl.org/vocab/vann/",
}  # fmt: skip


def _read(file: Path) -> Iterator[Triple]:
    for quad in parse(path=str(file), format=RdfFormat.TURTLE, rename_blank_nodes=True):
        yield quad.triple


@cache
def library() -> Library:
    """The library of this process, over the data that was installed with the package."""
    return Library(Compiled())


@cache
def held() -> Held:
    """What this process holds."""
    return Held(library())
