"""Keys and IRIs: the one place where an IRI is built from a key or read back into one.

A *key* is what a lawyer's citation becomes: ``aic-measures-2018`` (a document),
``aic-measures-2018/art_39__para_2`` (a provision) or
``aic-measures-2018/art_39__para_2.report-deadline`` (a norm, and its shape).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

BASE = "https://w3id.org/guiju/"
GJ = BASE + "ontology#"
ID = BASE + "id/"
NORM = BASE + "norm/"
SHAPE = BASE + "shape/"
TAXONOMY = BASE + "taxonomy/"
NOT_KNOWN = BASE + "ontology/not-known#"
NOT_TRIGGERED = BASE + "ontology/not-triggered#"

SH = "http://www.w3.org/ns/shacl#"
EARL = "http://www.w3.org/ns/earl#"
ELI = "http://data.europa.eu/eli/ontology#"
DCTERMS = "http://purl.org/dc/terms/"
SKOS = "http://www.w3.org/2004/02/skos/core#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
OWL = "http://www.w3.org/2002/07/owl#"
XSD = "http://www.w3.org/2001/XMLSchema#"

_KEY = re.compile(
    r"(?P<document>[a-z][a-z0-9-]*)"
    r"(?:/(?P<provision>[a-z]+_[0-9a-z]+(?:__[a-z]+_[0-9a-z]+)*)(?:\.(?P<slug>[a-z0-9-]+))?)?"
)


@dataclass(frozen=True, order=True)
class Key:
    """A place in the law, and where ``slug`` is set, one norm that it states."""

    document: str
    provision: str | None = None
    slug: str | None = None

    def __str__(self) -> str:
        text = self.document
        if self.provision:
            text += "/" + self.provision
        if self.slug:
            text += "." + self.slug
        return text

    @property
    def article(self) -> str | None:
        """The file that holds the key, without its ending: ``art_39``."""
        return self.provision.split("__")[0] if self.provision else None

    @property
    def place(self) -> str:
        """The provision's IRI, or the document's where the key names a whole document."""
        return ID + str(Key(self.document, self.provision))

    @property
    def norm(self) -> str:
        """The norm's IRI; ValueError where the key names none."""
        return NORM + self._with_slug()

    @property
    def shape(self) -> str:
        """The shape's IRI; ValueError where the key names no norm."""
        return SHAPE + self._with_slug()

    def within(self, other: Key) -> bool:
        """Whether the key is the other or below it: a norm or provision of a document, provision or norm."""
        if other.slug or self.document != other.document:
            return self == other
        return other.provision is None or f"{self.provision}__".startswith(f"{other.provision}__")

    def _with_slug(self) -> str:
        if not self.slug:
            raise ValueError(f"{self}: a provision, not a norm; add its slug, as in {self}.slug")
        return str(self)


def local(iri: str) -> str:
    """The last part of an IRI: what follows its last ``/`` or ``#``."""
    return re.split("[#/]", iri)[-1]


def parse(text: str) -> Key:
    """Read a key, or any of our IRIs under ``id/``, ``norm/`` and ``shape/``.

    Raises ValueError, with an example of the right form, for anything else.
    """
    for namespace in (ID, NORM, SHAPE):
        text = text.removeprefix(namespace)
    match = _KEY.fullmatch(text)
    if not match:
        raise ValueError(
            f"{text!r} is not a key; write a document, provision or norm such as "
            "aic-measures-2018, aic-measures-2018/art_39__para_2 or its norm's full key"
        )
    return Key(match["document"], match["provision"], match["slug"])
