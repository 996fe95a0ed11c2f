"""What follows from keys, norms and components, so that nobody has to write it: citations and completed shapes.

An author gives a shape its target and its parameters. Its norm, name, severity, order and message come from
the shared key; its companions, which report what is not known or not triggered, from its components.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from guiju import keys
from guiju.citations import cite

Term = NamedNode | BlankNode | Literal
Index = dict[NamedNode | BlankNode, dict[str, list[Term]]]

TYPE = NamedNode(keys.RDF + "type")
NODE_SHAPE = NamedNode(keys.SH + "NodeShape")
COMPONENT = NamedNode(keys.SH + "ConstraintComponent")
CITATION = NamedNode(keys.DCTERMS + "bibliographicCitation")
_SEVERITY = {"Strict": "Violation", "InPrinciple": "Warning", "Encouraged": "Info", "Optional": "Violation"}
_COMPANIONS = {
    "not-known": (keys.NOT_KNOWN, "notKnownWhen", "NotKnown"),
    "not-triggered": (keys.NOT_TRIGGERED, "notTriggeredWhen", "NotTriggered"),
}


def index(triples: Iterable[Triple]) -> Index:
    """Triples by subject and predicate IRI."""
    found: Index = defaultdict(lambda: defaultdict(list))
    for triple in triples:
        found[triple.subject][triple.predicate.value].append(triple.object)  # type: ignore[index, arg-type]
    return found


def citations(triples: Iterable[Triple]) -> Iterator[Triple]:
    """The citation of every provision, ``dcterms:bibliographicCitation`` in Chinese and English."""
    by = index(triples)
    for subject, about in by.items():
        document = next(iter(about.get(keys.GJ + "document", ())), None)
        if not isinstance(subject, NamedNode) or not isinstance(document, NamedNode):
            continue
        titles = _by_language(by[document].get(keys.DCTERMS + "title", ()))
        provision = keys.parse(subject.value).provision
        if provision:
            zh, en = cite(provision, titles.get("zh", ""), titles.get("en", ""))
            yield Triple(subject, CITATION, Literal(zh, language="zh"))
            yield Triple(subject, CITATION, Literal(en, language="en"))


def names(triples: Iterable[Triple]) -> Iterator[Triple]:
    """The name of every term, norm and concept as ``gj:zh`` and ``gj:en``, one plain text each.

    They spare every explanation the search among labels of all languages.
    """
    for subject, about in index(triples).items():
        labels = about.get(keys.SKOS + "prefLabel") or about.get(keys.RDFS + "label") or ()
        for language, text in _by_language(labels).items():
            if language in {"zh", "en"}:
                yield Triple(subject, NamedNode(keys.GJ + language), Literal(text))


def complete(authored: list[Triple], knowledge: list[Triple]) -> list[Triple]:
    """The authored shapes and components, with everything that follows from them.

    Raises ValueError for a shape outside ``https://w3id.org/guiju/shape/``.
    """
    shapes, known = index(authored), index(knowledge)
    components = {
        subject: parameters(shapes, subject)
        for subject, about in shapes.items()
        if isinstance(subject, NamedNode) and COMPONENT in about[keys.RDF + "type"]
    }
    done = list(authored)
    for component, names_ in components.items():
        done += _companion_components(shapes, component, names_)
    owner = {name: component for component, names in components.items() for name in names}
    for shape, about in shapes.items():
        if NODE_SHAPE in about[keys.RDF + "type"] and isinstance(shape, NamedNode):
            done += _from_norm(shape, about, known)
            done += _companion_shapes(shape, about, shapes, owner)
    return done


def _from_norm(shape: NamedNode, about: dict[str, list[Term]], known: Index) -> Iterator[Triple]:
    if not shape.value.startswith(keys.SHAPE):
        raise ValueError(f"{shape.value}: a shape's IRI starts with {keys.SHAPE}")
    key = keys.parse(shape.value)
    norm, place = NamedNode(key.norm), NamedNode(key.place)
    yield Triple(shape, NamedNode(keys.GJ + "enforces"), norm)
    for label in known[norm].get(keys.RDFS + "label", ()):
        yield Triple(shape, NamedNode(keys.SH + "name"), label)
    if keys.SH + "severity" not in about:
        for force in known[norm].get(keys.GJ + "force", ()):
            level = _SEVERITY[force.value.removeprefix(keys.GJ)]
            yield Triple(shape, NamedNode(keys.SH + "severity"), NamedNode(keys.SH + level))
    for position in known[place].get(keys.GJ + "position", ()):
        yield Triple(shape, NamedNode(keys.SH + "order"), position)
    cited = _by_language(known[place].get(CITATION.value, ()))
    duty = _by_language(known[norm].get(keys.SKOS + "definition", ()))
    for language, joint in (("zh", "："), ("en", ": ")):
        if language in cited and language in duty:
            text = cited[language] + joint + duty[language]
            yield Triple(shape, NamedNode(keys.SH + "message"), Literal(text, language=language))


def _companion_shapes(
    shape: NamedNode, about: dict[str, list[Term]], shapes: Index, owner: dict[str, NamedNode]
) -> Iterator[Triple]:
    nested = [node for node in about.get(keys.SH + "node", ()) if isinstance(node, NamedNode)]
    for suffix, (namespace, declaration, severity) in _COMPANIONS.items():
        companion = companion_of(shape, suffix)
        body = [
            Triple(companion, NamedNode(renamed(name, namespace)), value)
            for name, values in about.items()
            if name in owner and keys.GJ + declaration in shapes[owner[name]]
            for value in values
        ]
        if suffix == "not-known":
            body += [Triple(companion, NamedNode(keys.SH + "node"), companion_of(node, suffix)) for node in nested]
        if body:
            yield from body
            yield Triple(companion, TYPE, NODE_SHAPE)
            yield Triple(companion, NamedNode(keys.GJ + "companionOf"), shape)
            yield Triple(companion, NamedNode(keys.SH + "severity"), NamedNode(keys.GJ + severity))
            for target in about.get(keys.SH + "targetClass", ()):
                yield Triple(companion, NamedNode(keys.SH + "targetClass"), target)


def _companion_components(shapes: Index, component: NamedNode, parameter_names: list[str]) -> Iterator[Triple]:
    for namespace, declaration, _ in _COMPANIONS.values():
        for query in shapes[component].get(keys.GJ + declaration, ()):
            twin = NamedNode(renamed(component.value, namespace))
            yield Triple(twin, TYPE, COMPONENT)
            for name in parameter_names:
                parameter = BlankNode()
                yield Triple(twin, NamedNode(keys.SH + "parameter"), parameter)
                yield Triple(parameter, NamedNode(keys.SH + "path"), NamedNode(renamed(name, namespace)))
            validator = BlankNode()
            yield Triple(twin, NamedNode(keys.SH + "nodeValidator"), validator)
            yield Triple(validator, TYPE, NamedNode(keys.SH + "SPARQLSelectValidator"))
            yield Triple(validator, NamedNode(keys.SH + "prefixes"), NamedNode(keys.GJ.removesuffix("#")))
            yield Triple(validator, NamedNode(keys.SH + "select"), query)


def companion_of(shape: NamedNode, suffix: str) -> NamedNode:
    """The IRI of a shape's companion, ``not-known`` or ``not-triggered``."""
    return NamedNode(f"{shape.value}/{suffix}")


def renamed(name: str, namespace: str) -> str:
    """The same local name in a companion namespace, so that no two components share a parameter."""
    return namespace + name.removeprefix(keys.GJ)


def parameters(shapes: Index, component: NamedNode) -> list[str]:
    """The IRIs of a constraint component's parameters."""
    return [
        path.value
        for parameter in shapes[component].get(keys.SH + "parameter", ())
        if isinstance(parameter, (NamedNode, BlankNode))
        for path in shapes[parameter][keys.SH + "path"]
    ]


def _by_language(literals: Iterable[Term]) -> dict[str, str]:
    return {
        literal.language: literal.value for literal in literals if isinstance(literal, Literal) and literal.language
    }
