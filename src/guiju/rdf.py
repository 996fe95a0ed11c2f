"""Triples as text, with the prefixes of this house."""

from __future__ import annotations

from collections.abc import Iterable

from pyoxigraph import RdfFormat, Triple, serialize

from guiju import keys

PREFIXES = {
    "gj": keys.GJ, "sh": keys.SH, "eli": keys.ELI, "earl": keys.EARL, "dcterms": keys.DCTERMS,
    "skos": keys.SKOS, "rdfs": keys.RDFS, "owl": keys.OWL, "xsd": keys.XSD,
}  # fmt: skip


def turtle(triples: Iterable[Triple]) -> str:
    """The triples as one Turtle text that stands by itself."""
    return (serialize(triples, format=RdfFormat.TURTLE, prefixes=PREFIXES) or b"").decode("utf-8")


def ntriples(triples: Iterable[Triple]) -> str:
    """The triples as N-Triples."""
    return (serialize(triples, format=RdfFormat.N_TRIPLES) or b"").decode("utf-8")


def jsonld(triples: Iterable[Triple]) -> str:
    """The triples as JSON-LD that stands by itself."""
    return (serialize(triples, format=RdfFormat.JSON_LD, prefixes=PREFIXES) or b"").decode("utf-8")
