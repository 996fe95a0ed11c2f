"""Search with facets: the hits of the library's search, and of all norms, told apart by what the data says of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from guiju import keys
from guiju.service.held import held
from guiju.service.reading import rows

FACETS = ("kind", "document", "modality", "force", "bearer", "state", "component")
"""What a search can be narrowed by, one value of each; all but the first two are of norms only."""
ALL = 10_000
"""More hits than there are things to find."""


@dataclass(frozen=True)
class Hit:
    """Something found: an entry of :meth:`guiju.show.Library.search`, and its values by facet."""

    entry: dict[str, Any]
    values: Mapping[str, frozenset[str]]

    def fits(self, chosen: Mapping[str, str], but: str = "") -> bool:
        """Whether it has every value chosen, those of the facet ``but`` aside."""
        return all(value in self.values.get(facet, ()) for facet, value in chosen.items() if facet != but)


@dataclass(frozen=True)
class Found:
    """The hits of a search, best first, and for each facet its values with the number of hits that each would give."""

    hits: list[Hit]
    facets: dict[str, list[tuple[str, int]]]


def find(words: str, chosen: Mapping[str, str]) -> Found:
    """What has every word and every value chosen. Without words, every norm is looked through."""
    library = held().library
    entries = library.search(words, ALL) if words.split() else _every_norm()
    hits = [Hit(entry, _values(entry)) for entry in entries]
    facets = {}
    for facet in FACETS:
        counted = Counter(
            value for hit in hits if hit.fits(chosen, but=facet) for value in hit.values.get(facet, ()) if value
        )
        facets[facet] = sorted(counted.items(), key=lambda each: (-each[1], each[0]))
    return Found([hit for hit in hits if hit.fits(chosen)], facets)


def _values(entry: dict[str, Any]) -> dict[str, frozenset[str]]:
    values = {"kind": frozenset({entry["kind"]})}
    if entry["kind"] == "norm":
        return {**values, **_facets_of_norms().get(entry["key"], {})}
    if entry["kind"] == "provision":
        values["document"] = frozenset({keys.parse(entry["key"]).document})
    return values


@cache
def _facets_of_norms() -> dict[str, dict[str, frozenset[str]]]:
    found: dict[str, dict[str, frozenset[str]]] = {}
    for row in rows("norms/facets"):
        values = found.setdefault(row["norm"], {})
        for facet in FACETS:
            if row.get(facet):
                values[facet] = values.get(facet, frozenset()) | {row[facet]}
    return found


@cache
def _every_norm() -> list[dict[str, Any]]:
    """All norms as entries of a search, in the order of the law."""
    library = held().library
    found = []
    for key in _facets_of_norms():
        norm = library.show(keys.parse(key))
        found.append(
            {"kind": "norm", "key": key, "iri": norm["iri"], "label": norm["label"], "text": norm["definition"]}
        )
    return found
