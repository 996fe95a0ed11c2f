"""What is said of a thing, and the texts of a graph.

The description of a thing is every statement about it, what its blank nodes say, every statement that points to
it, and the names of all that these mention; so a client needs one request to read it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse, serialize

from guiju import keys
from guiju.service.held import FOREIGN, NAMES, Held, Node, Term, held

_FORMATS = {
    "text/turtle": RdfFormat.TURTLE,
    "application/n-triples": RdfFormat.N_TRIPLES,
    "application/rdf+xml": RdfFormat.RDF_XML,
}
_LABELS = frozenset(
    NamedNode(name)
    for name in (
        keys.SKOS + "prefLabel",
        keys.RDFS + "label",
        keys.DCTERMS + "title",
        keys.DCTERMS + "bibliographicCitation",
    )
)
_ONTOLOGY = keys.GJ.removesuffix("#")
MODULES = {name.removesuffix("#"): name for name in (keys.GJ, keys.NOT_KNOWN, keys.NOT_TRIGGERED)}
"""The documents whose terms are told apart by what follows ``#``, each with the beginning of its terms."""


def exists(iri: str, data: Held | None = None) -> bool:
    """Whether anything is said of the thing, or anything points to it."""
    found = data or held()
    return iri in MODULES or NamedNode(iri) in found.of or NamedNode(iri) in found.to


def describe(iri: str, data: Held | None = None) -> list[Triple]:
    """The description of a thing, its own statements first; of an ontology document, of all its terms.

    A thing of which nothing is known has an empty description.
    """
    found = data or held()
    if iri in MODULES:
        triples = list(_module(iri, found))
    else:
        triples = [*_own(NamedNode(iri), found), *_pointing(NamedNode(iri), found)]
    triples = list(dict.fromkeys(triples))
    return list(dict.fromkeys([*triples, *_names(triples, found)]))


def _own(node: Node, found: Held, seen: frozenset[Node] = frozenset()) -> Iterator[Triple]:
    """The statements about a node and about the blank nodes that it leads to."""
    for predicate, value in found.of.get(node, ()):
        if predicate.value not in NAMES:
            yield Triple(node, predicate, value)
            if isinstance(value, BlankNode) and value not in seen:
                yield from _own(value, found, seen | {node})


def _pointing(node: Node, found: Held) -> Iterator[Triple]:
    """The statements that point to a node; those of a blank node with the path from the thing that it belongs to."""
    for subject, predicate in found.to.get(node, ()):
        if isinstance(subject, BlankNode):
            yield from _pointing(subject, found)
        yield Triple(subject, predicate, node)


def _module(iri: str, found: Held) -> Iterator[Triple]:
    terms = [node for node in found.of if isinstance(node, NamedNode) and node.value.startswith(MODULES[iri])]
    yield from _own(NamedNode(iri), found)
    for term in sorted(terms, key=lambda term: term.value):
        yield from _own(term, found)
    if iri == _ONTOLOGY:
        # Axioms about several terms, such as that classes are disjoint, belong to no term.
        for node in found.of:
            if isinstance(node, BlankNode) and node not in found.to:
                yield from _own(node, found)


def _names(triples: list[Triple], found: Held) -> Iterator[Triple]:
    for term in dict.fromkeys(term for triple in triples for term in triple):
        if isinstance(term, NamedNode):
            for predicate, value in found.of.get(term, ()):
                if predicate in _LABELS:
                    yield Triple(term, predicate, value)


def write(triples: Iterable[Triple], media: str) -> bytes:
    """The triples as a text of the media type, with the prefixes of this house."""
    if media == "application/ld+json":
        return json_ld(list(triples))
    return tidy(serialize(triples, format=_FORMATS[media], prefixes=held().prefixes) or b"", media)


def tidy(text: bytes, media: str) -> bytes:
    """A text of the engine's with its prefixes in order, and of a Turtle text only those that it uses.

    The engine gives them in another order each time, and equal texts are to have equal entity tags.
    """
    if media == "application/rdf+xml":
        head, mark, rest = text.partition(b"<rdf:RDF ")
        names, end, body = rest.partition(b">")
        return head + mark + b" ".join(sorted(names.split())) + end + body if mark else text
    if media != "text/turtle":
        return text
    declared, start = [], 0
    while text.startswith(b"@prefix ", start):
        end_of_line = text.index(b"\n", start) + 1
        declared.append(text[start:end_of_line])
        start = end_of_line
    body = text[start:]
    return b"".join(line for line in sorted(declared) if line[8:].split(b" ")[0] in body) + b"\n" + body


# JSON-LD


@cache
def pages() -> list[Triple]:
    """The terms of other vocabularies that our data uses: their kinds, their names, their order on a page."""
    return [quad.triple for quad in parse(path=str(Path(__file__).with_name("pages.ttl")), format=RdfFormat.TURTLE)]


@cache
def terms() -> dict[str, tuple[str, dict[str, str]]]:
    """Of each property, by its IRI, the key it has in JSON-LD and the definition of that key.

    A property of ours is known by its name, one of another vocabulary by prefix and name: no key depends on which
    others there are.
    """
    found = {}
    foreign: dict[NamedNode, list[tuple[NamedNode, Term]]] = {}
    for subject, predicate, value in pages():
        if isinstance(subject, NamedNode):
            foreign.setdefault(subject, []).append((predicate, value))
    ours = {n: said for n, said in held().of.items() if isinstance(n, NamedNode) and n.value.startswith(keys.GJ)}
    for stated in (ours, foreign):
        for node, said in sorted(stated.items(), key=lambda each: each[0].value):
            kinds = {value.value for predicate, value in said if predicate.value == keys.RDF + "type"}
            if not any(kind.startswith(keys.OWL) and kind.endswith("Property") for kind in kinds):
                continue
            ranges = [value.value for predicate, value in said if predicate.value == keys.RDFS + "range"]
            definition = {"@id": _curie(node.value)}
            if keys.OWL + "ObjectProperty" in kinds:
                definition["@type"] = "@id"
            elif keys.RDF + "langString" in ranges:
                definition["@container"] = "@language"
            elif ranges and ranges[0] not in _NATIVE:
                definition["@type"] = _curie(ranges[0])
            name = node.value.removeprefix(keys.GJ)
            found[node.value] = (definition["@id"] if ":" in name or name in _TAKEN else name, definition)
    return found


_TAKEN = frozenset({"id", "type", *FOREIGN})
_NATIVE = {keys.XSD + "string", keys.XSD + "integer", keys.XSD + "boolean"}
_INTEGER = re.compile(r"0|-?[1-9]\d{0,14}")


@cache
def context() -> dict[str, Any]:
    """The whole JSON-LD context. It grows with the vocabulary; what it says of a key does not change."""
    return {
        "id": "@id",
        "type": "@type",
        **FOREIGN,
        **dict(terms().values()),
    }


def json_ld(triples: list[Triple]) -> bytes:
    """The triples as compact JSON-LD, with the part of :func:`context` that it uses: it stands by itself."""
    used: set[str] = set()
    nodes: dict[str, dict[str, Any]] = {}
    for subject, predicate, value in triples:
        node = nodes.setdefault(_name(subject, used), {})
        if predicate.value == keys.RDF + "type":
            node.setdefault("type", []).append(_name(value, used))
            continue
        name, definition = terms().get(predicate.value, ("", {}))
        if definition.get("@container") and not (isinstance(value, Literal) and value.language):
            # The whole IRI is no key of the context, so the value is read as it is written.
            name, definition = predicate.value, {}
        elif name:
            used |= {name, definition["@id"].split(":")[0], definition.get("@type", "@").split(":")[0]}
        else:
            name = _curie(predicate.value)
            used.add(name.split(":")[0])
        if definition.get("@container") and isinstance(value, Literal) and value.language:
            node.setdefault(name, {}).setdefault(value.language, []).append(value.value)
        else:
            node.setdefault(name, []).append(_value(value, definition, used))
    whole = context()
    graph = [{"id": name, **{key: _few(value) for key, value in node.items()}} for name, node in nodes.items()]
    kept = {key: value for key, value in whole.items() if key in used or key in {"id", "type"}}
    text = {"@context": kept, "@graph": graph}
    return json.dumps(text, ensure_ascii=False, indent=1).encode() + b"\n"


def _few(value: Any) -> Any:
    if isinstance(value, dict):
        return {language: _few(texts) for language, texts in value.items()}
    return value[0] if len(value) == 1 else value


def _value(value: Any, definition: dict[str, str], used: set[str]) -> Any:
    if not isinstance(value, Literal):
        name = _name(value, used)
        return name if definition.get("@type") == "@id" else {"id": name}
    if value.language:
        return {"@value": value.value, "@language": value.language}
    datatype = value.datatype.value
    if "@type" in definition:
        if definition["@type"] == _curie(datatype):
            return value.value
    elif datatype == keys.XSD + "string":
        return value.value
    elif datatype == keys.XSD + "integer" and _INTEGER.fullmatch(value.value):
        return int(value.value)
    elif datatype == keys.XSD + "boolean" and value.value in {"true", "false"}:
        return value.value == "true"
    if datatype == keys.XSD + "string":
        return {"@value": value.value}
    used.add(_curie(datatype).split(":")[0])
    return {"@value": value.value, "@type": _curie(datatype)}


def _name(term: Any, used: set[str]) -> str:
    if isinstance(term, BlankNode):
        return f"_:{term.value}"
    name = _curie(str(term.value))
    used.add(name.split(":")[0])
    return name


def _curie(iri: str) -> str:
    """An IRI as prefix and name where a prefix fits and the name is plain, otherwise whole."""
    for prefix, namespace in FOREIGN.items():
        if iri.startswith(namespace) and re.fullmatch(r"[\w.-]+", iri.removeprefix(namespace)):
            return f"{prefix}:{iri.removeprefix(namespace)}"
    return iri
