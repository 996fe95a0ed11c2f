"""Triples as text, with the prefixes of this house."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pyoxigraph import Quad, RdfFormat, Triple, parse, serialize

from guiju import keys

PREFIXES = {
    "gj": keys.GJ, "sh": keys.SH, "eli": keys.ELI, "earl": keys.EARL, "dcterms": keys.DCTERMS,
    "skos": keys.SKOS, "rdfs": keys.RDFS, "owl": keys.OWL, "xsd": keys.XSD,
}  # fmt: skip


def read(ntriples: str) -> Iterator[Triple]:
    """The triples of a text in N-Triples."""
    return (quad.triple for quad in parse(ntriples, format=RdfFormat.N_TRIPLES))


def turtle(triples: Iterable[Triple]) -> str:
    """The triples as one Turtle text that stands by itself."""
    return _written(triples, RdfFormat.TURTLE)


def ntriples(triples: Iterable[Triple]) -> str:
    """The triples as N-Triples."""
    return (serialize(triples, format=RdfFormat.N_TRIPLES) or b"").decode("utf-8")


def jsonld(triples: Iterable[Triple]) -> str:
    """The triples as JSON-LD that stands by itself."""
    return _written(triples, RdfFormat.JSON_LD)


def turtle_of(ntriples: str) -> str:
    """What :func:`turtle` gives for a text in N-Triples, of which no Python objects are kept."""
    return _written(parse(ntriples, format=RdfFormat.N_TRIPLES), RdfFormat.TURTLE)


def jsonld_of(ntriples: str) -> str:
    """What :func:`jsonld` gives for a text in N-Triples."""
    return _written(parse(ntriples, format=RdfFormat.N_TRIPLES), RdfFormat.JSON_LD)


def _written(triples: Iterable[Triple] | Iterable[Quad], format_: RdfFormat) -> str:
    return (serialize(triples, format=format_, prefixes=PREFIXES) or b"").decode("utf-8")
