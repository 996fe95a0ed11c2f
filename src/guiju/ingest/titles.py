"""The titles by which a text may cite a document, read from the Turtle that describes them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyoxigraph

from guiju import keys

_NAMES = (keys.DCTERMS + "title", keys.DCTERMS + "alternative")


def known_titles(documents: Path) -> Mapping[str, str]:
    """The IRI of each document under ``documents``, by its Chinese titles (without 《》).

    ``documents`` is ``ontology/documents``: its ``external.ttl`` and every ``*/document.ttl`` are
    read. Raises SyntaxError where one of them is not Turtle.
    """
    found: dict[str, str] = {}
    for path in [documents / "external.ttl", *sorted(documents.glob("*/document.ttl"))]:
        if not path.exists():
            continue
        for quad in pyoxigraph.parse(path=path, format=pyoxigraph.RdfFormat.TURTLE):
            subject, name = quad.subject, quad.object
            if quad.predicate.value not in _NAMES or not isinstance(name, pyoxigraph.Literal):
                continue
            if name.language == "zh" and isinstance(subject, pyoxigraph.NamedNode):
                found[name.value] = subject.value
    return found
