"""What the knowledge base holds under a key: the law, its norms, readings, shapes, cases and references."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from guiju import keys
from guiju.citations import read_citation
from guiju.completion import CITATION, COMPONENT, Index, Term, index, parameters
from guiju.intake import Text
from guiju.knowledge import Knowledge

_ELI_PART_OF = keys.ELI + "is_part_of"
_RELATIONS = ("exceptionTo", "overrides", "disapplies", "composedOf")


class UnknownKey(ValueError):
    """A key or citation that names nothing in the knowledge base; the message says what is near."""


class Library:
    """Looks things up by key, citation or words; everything it gives is plain JSON data."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge

    @cached_property
    def about(self) -> Index:
        return index([*self.knowledge.triples, *self.knowledge.shapes])

    @cached_property
    def _inverse(self) -> dict[tuple[str, str], list[str]]:
        wanted = {_ELI_PART_OF, *(keys.GJ + name for name in ("refersTo", "statedIn", *_RELATIONS))}
        found: dict[tuple[str, str], list[str]] = {}
        for triple in self.knowledge.documents:
            if triple.predicate.value in wanted and isinstance(triple.object, NamedNode):
                pair = (triple.predicate.value, triple.object.value)
                found.setdefault(pair, []).append(_iri(triple))
        return found

    @cached_property
    def titles(self) -> dict[str, str]:
        """Every document's id by its Chinese title."""
        return {
            self._text(iri, keys.DCTERMS + "title").zh: iri.removeprefix(keys.ID) for iri in self._of_type("Document")
        }

    def documents(self) -> list[dict[str, Any]]:
        """Every document with title, kind, number and dates, without its provisions."""
        return [self._document(iri) for iri in sorted(self._of_type("Document"))]

    def resolve(self, text: str) -> keys.Key:
        """A key, one of our IRIs, or a citation such as 第三十九条第二款 (with or without 《title》).

        A citation without a title is looked for in every document; UnknownKey where none or several
        have it, and for anything that names nothing.
        """
        text = text.strip()
        if re.search(r"[《第]", text):
            found = [key for key in read_citation(text, self.titles) if self._exists(key.place)]
            if len(found) == 1:
                return found[0]
            near = "、".join(map(str, found)) or "无 none"
            raise UnknownKey(
                f"“{text}”对应 {len(found)} 处：{near}。请写明《文件名》。 "
                f"{text!r} names {len(found)} places; give the document's title or a key."
            )
        try:
            key = keys.parse(text)
        except ValueError as error:
            raise UnknownKey(f"“{text}”不是键或引文。 {error}") from error
        iri = key.norm if key.slug else key.place
        if not self._exists(iri):
            raise UnknownKey(f"没有 {key}。 There is no {key}; near it: {', '.join(self._near(key))}.")
        return key

    def show(self, key: keys.Key) -> dict[str, Any]:
        """What is held under a key: a norm, a provision with all below it, or a document's structure."""
        if key.slug:
            return self._norm(key.norm)
        return self._provision(key.place) if key.provision else self._document(key.place, whole=True)

    def norms(self, key: keys.Key) -> list[str]:
        """The keys of the norms under a key, in the order of the law."""
        if key.slug:
            return [str(key)]
        prefix = str(key)
        found = [keys.parse(iri) for iri in self._of_norms() if _below(str(keys.parse(iri)), prefix)]
        return [str(k) for k in sorted(found, key=lambda k: (self.knowledge.position(k), str(k)))]

    def search(self, words: str, limit: int = 50) -> list[dict[str, Any]]:
        """Law, norms and terms in which every word occurs, best first; any language, any word length."""
        wanted = [word.casefold() for word in words.split()]
        hits = []
        for weight, entry, text in self._searchable:
            if wanted and all(word in text for word in wanted):
                count = sum(text.count(word) for word in wanted)
                hits.append((weight, -count / (len(text) + 50), entry["key"], entry))
        return [entry for *_, entry in sorted(hits, key=lambda hit: hit[:3])[:limit]]

    @cached_property
    def _searchable(self) -> list[tuple[int, dict[str, Any], str]]:
        entries = []
        for iri in self._of_norms():
            label, definition = (
                self._text(iri, keys.RDFS + "label"),
                self._text(iri, keys.SKOS + "definition"),
            )
            reading = self._text(iri, keys.GJ + "reading")
            entries.append((1, "norm", str(keys.parse(iri)), iri, label, definition, f"{label}{definition}{reading}"))
        for iri in self._of_type("Provision"):
            text = self._text(iri, keys.GJ + "text")
            text = text if text.zh else self._text(iri, keys.GJ + "summary")
            heading = self._text(iri, keys.GJ + "heading")
            cited = self._text(iri, CITATION.value)
            if text.zh or heading.zh:
                body = f"{text}{heading}"
                entries.append((2, "provision", str(keys.parse(iri)), iri, cited, text if text.zh else heading, body))
        for subject, properties in self.about.items():
            if isinstance(subject, NamedNode) and subject.value.startswith((keys.GJ, keys.TAXONOMY)):
                name = keys.SKOS + "prefLabel" if keys.SKOS + "prefLabel" in properties else keys.RDFS + "label"
                label = self._text(subject.value, name)
                definition = self._text(subject.value, keys.SKOS + "definition")
                short = subject.value.removeprefix(keys.BASE)
                entries.append((0, "term", short, subject.value, label, definition, f"{label}{definition}{short}"))
        return [
            (
                weight,
                {"kind": kind, "key": key, "iri": iri, "label": label._asdict(), "text": text._asdict()},
                f"{key} {body}".casefold(),
            )
            for weight, kind, key, iri, label, text, body in entries
        ]

    def _document(self, iri: str, whole: bool = False) -> dict[str, Any]:
        found: dict[str, Any] = {
            "key": iri.removeprefix(keys.ID),
            "iri": iri,
            "title": self._text(iri, keys.DCTERMS + "title")._asdict(),
            "kind": self._named(iri, "documentKind"),
            "issuer": self._named(iri, "issuer"),
            "number": self._value(iri, keys.GJ + "documentNumber"),
            "issued": self._value(iri, keys.ELI + "date_document"),
            "inForceFrom": self._value(iri, keys.ELI + "first_date_entry_in_force"),
            "status": self._named(iri, "status"),
        }
        if whole:
            found["norms"] = len(self.norms(keys.parse(iri)))
            found["contents"] = [self._outline(child) for child in self._children(iri)]
        return found

    def _outline(self, iri: str) -> dict[str, Any]:
        return {
            "key": str(keys.parse(iri)),
            "citation": self._text(iri, CITATION.value)._asdict(),
            "heading": self._text(iri, keys.GJ + "heading").zh or None,
            "contents": [self._outline(c) for c in self._children(iri) if self._divides(c)],
        }

    def _divides(self, iri: str) -> bool:
        return (self._value(iri, keys.GJ + "provisionKind") or "").rsplit("#", 1)[-1] in {
            "Part", "Chapter", "Section", "Article",
        }  # fmt: skip

    def _provision(self, iri: str) -> dict[str, Any]:
        return {
            "key": str(keys.parse(iri)),
            "iri": iri,
            "citation": self._text(iri, CITATION.value)._asdict(),
            "kind": self._named(iri, "provisionKind"),
            "heading": self._text(iri, keys.GJ + "heading").zh or None,
            "text": self._text(iri, keys.GJ + "text").zh or None,
            "summary": self._text(iri, keys.GJ + "summary")._asdict()
            if self._text(iri, keys.GJ + "summary").zh
            else None,
            "refersTo": self._links(self._objects(iri, keys.GJ + "refersTo")),
            "cites": [self._text(i, keys.DCTERMS + "title")._asdict() for i in self._objects(iri, keys.ELI + "cites")],
            "referredToBy": self._links(self._inverse.get((keys.GJ + "refersTo", iri), [])),
            "norms": [self._norm(norm) for norm in self._stated(iri)],
            "provisions": [self._provision(child) for child in self._children(iri)],
        }

    def _norm(self, iri: str) -> dict[str, Any]:
        key = keys.parse(iri)
        types = [t.removeprefix(keys.GJ) for t in self._objects(iri, keys.RDF + "type")]
        shape = key.shape if self._exists(key.shape) else None
        return {
            "key": str(key),
            "iri": iri,
            "modality": types[0] if types else None,
            "force": (self._value(iri, keys.GJ + "force") or "").removeprefix(keys.GJ) or None,
            "bearer": self._named(iri, "bearer"),
            "label": self._text(iri, keys.RDFS + "label")._asdict(),
            "definition": self._text(iri, keys.SKOS + "definition")._asdict(),
            "reading": self._text(iri, keys.GJ + "reading")._asdict()
            if self._text(iri, keys.GJ + "reading").zh
            else None,
            "citation": self._text(key.place, CITATION.value)._asdict(),
            "provision": str(keys.Key(key.document, key.provision)),
            "notEncoded": self._named(iri, "notEncoded"),
            "exclusionNote": note._asdict() if (note := self._text(iri, keys.GJ + "exclusionNote")).zh else None,
            "relations": {
                name: [str(keys.parse(other)) for other in self._objects(iri, keys.GJ + name)]
                for name in _RELATIONS
                if self._objects(iri, keys.GJ + name)
            },
            "relatedFrom": {
                name: [str(keys.parse(other)) for other in others]
                for name in _RELATIONS
                if (others := self._inverse.get((keys.GJ + name, iri), []))
            },
            "shape": self.shape(shape) if shape else None,
        }

    def is_concept(self, iri: str) -> bool:
        """Whether the IRI is that of a concept, or of a scheme of concepts."""
        try:
            return iri.startswith(keys.TAXONOMY) and self._exists(iri)
        except ValueError:  # It is no IRI.
            return False

    def concept(self, iri: str) -> dict[str, Any]:
        """A concept: its names, its definition, the concepts next to it; of a scheme its names."""
        return {
            "key": short(iri),
            "iri": iri,
            "scheme": short(self._value(iri, keys.SKOS + "inScheme") or iri),
            "label": self._label(NamedNode(iri)),
            "definition": self._text(iri, keys.SKOS + "definition")._asdict(),
            "broader": [short(other) for other in self._objects(iri, keys.SKOS + "broader")],
            "narrower": [short(other) for other in self._narrower.get(iri, [])],
        }

    @cached_property
    def _narrower(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for subject in self.about:
            if isinstance(subject, NamedNode) and subject.value.startswith(keys.TAXONOMY):
                for broader in self._objects(subject.value, keys.SKOS + "broader"):
                    found.setdefault(broader, []).append(subject.value)
        return found

    def shape(self, iri: str) -> dict[str, Any]:
        """A completed shape: target, scope, severity, components with their parameters, and its cases."""
        key = keys.parse(iri)
        return {
            "key": str(key),
            "iri": iri,
            "target": self._named(iri, "targetClass", keys.SH),
            "scope": self._named(iri, "scope"),
            "severity": (self._value(iri, keys.SH + "severity") or "").removeprefix(keys.SH).lower(),
            "requires": [str(keys.parse(node)) for node in self._objects(iri, keys.SH + "node")],
            "components": list(self._components(iri)),
            "cases": [file.relative_to(self.knowledge.root).as_posix() for file in self._cases(key)],
        }

    def needs(self, key: keys.Key) -> list[dict[str, Any]]:
        """For every enforced norm under a key: what each component asks for, and a Turtle skeleton."""
        needed = []
        for norm in self.norms(key):
            shape = keys.parse(norm).shape
            if not self._exists(shape):
                continue
            target = self._value(shape, keys.GJ + "scope") or self._value(shape, keys.SH + "targetClass") or ""
            for component in self._components(shape):
                needed.append(
                    {
                        "norm": norm,
                        "citation": self._text(keys.parse(norm).place, CITATION.value)._asdict(),
                        "subject": self._labelled(target),
                        **component,
                        "skeleton": self._skeleton(component, target, self._value(shape, keys.SH + "targetClass")),
                    }
                )
        return needed

    def _skeleton(self, component: dict[str, Any], target: str, aimed: str | None) -> str:
        """Turtle to fill in. Data cannot state a concluded class; such a class brings what leads to it."""
        classes = [p["value"] for p in component["parameters"] if p["value"].startswith(keys.GJ)]
        asked = "".join(self._value(iri, keys.GJ + "skeleton") or "" for iri in classes)
        ground = self._value(aimed, keys.GJ + "skeleton") if aimed else None
        text = (ground or "") + (asked or self._value(component["iri"], keys.GJ + "skeleton") or "")
        for parameter in component["parameters"]:
            # A metric that is only computed cannot be reported: its inputs stand in place of its measurement.
            concept = parameter["value"].startswith(keys.TAXONOMY)
            inputs = self._value(parameter["value"], keys.GJ + "skeleton") if concept else None
            if inputs:
                measurement = rf"\[\] [^\[]*?\${parameter['name']}\b[^\[]*?\$submission \.\n"
                text = re.sub(measurement, "", text) + inputs.lstrip()
        for parameter in sorted(component["parameters"], key=lambda p: -len(p["name"])):
            # Where the text names no basis, any will do; the legal entity alone is the plainest to fill in.
            value = keys.GJ + "Solo" if parameter["value"] == keys.GJ + "AnyBasis" else parameter["value"]
            text = text.replace("$" + parameter["name"], short(value))
        text = text.replace("$this", ":subject").replace("$submission", ":submission").strip()
        return (
            ':submission a gj:Submission ; gj:asOf "2018-12-31"^^xsd:date .\n'
            f":subject a {self._stated_class(target)} ; gj:reportedIn :submission .\n{text}"
        )

    def _stated_class(self, iri: str) -> str:
        """How data says that something is of a class: the nearest class that is not concluded."""
        queue = [iri]
        for candidate in queue:
            kinds = self._objects(candidate, keys.GJ + "forKind")
            if kinds:
                return f'gj:Act ; gj:kind {short(kinds[0])} ; gj:actor :institution ; gj:date "2018-07-01"^^xsd:date'
            if self._value(candidate, keys.GJ + "concludedOnly") is None:
                return short(candidate)
            queue += self._objects(candidate, keys.RDFS + "subClassOf")
        return short(iri)

    @cached_property
    def _parameters(self) -> dict[str, list[str]]:
        """The parameters of every component that shapes are written in; its companions are left out."""
        return {
            subject.value: parameters(self.about, subject)
            for subject, properties in list(self.about.items())
            if isinstance(subject, NamedNode)
            and subject.value.startswith(keys.GJ)
            and COMPONENT in properties.get(keys.RDF + "type", ())
        }

    def _components(self, shape: str) -> Iterator[dict[str, Any]]:
        stated = self.about[NamedNode(shape)]
        for component, names in self._parameters.items():
            if all(name in stated for name in names):
                yield {
                    "component": self._text(component, keys.RDFS + "label")._asdict(),
                    "iri": component,
                    "definition": self._text(component, keys.SKOS + "definition")._asdict(),
                    "parameters": [
                        {
                            "name": name.removeprefix(keys.GJ),
                            "value": stated[name][0].value,
                            "label": self._label(stated[name][0]),
                        }
                        for name in names
                    ],
                }

    def _cases(self, key: keys.Key) -> list[Path]:
        folder = self.knowledge.root / "tests" / "cases" / str(key)
        return sorted(folder.glob("*.ttl"))

    def _of_type(self, name: str) -> list[str]:
        wanted = NamedNode(keys.GJ + name)
        return [
            s.value
            for s, about in self.about.items()
            if isinstance(s, NamedNode) and wanted in about.get(keys.RDF + "type", ())
        ]

    def _of_norms(self) -> list[str]:
        return sorted(s.value for s in self.about if isinstance(s, NamedNode) and s.value.startswith(keys.NORM))

    def _stated(self, iri: str) -> list[str]:
        found = self._inverse.get((keys.GJ + "statedIn", iri), [])
        return sorted(found, key=lambda norm: (int(self._value(norm, keys.GJ + "ordinal") or 0), norm))

    def _children(self, iri: str) -> list[str]:
        found = self._inverse.get((_ELI_PART_OF, iri), [])
        return sorted(found, key=lambda child: self.knowledge.position(keys.parse(child)))

    def _exists(self, iri: str) -> bool:
        return NamedNode(iri) in self.about

    def _near(self, key: keys.Key) -> list[str]:
        from difflib import get_close_matches

        known = [
            str(keys.parse(iri)) for iri in [*self._of_type("Provision"), *self._of_norms(), *self._of_type("Document")]
        ]
        return get_close_matches(str(key), known, 3, 0.5) or ["aic-measures-2018"]

    def _links(self, iris: Iterable[str]) -> list[dict[str, Any]]:
        return [{"key": str(keys.parse(iri)), "citation": self._text(iri, CITATION.value)._asdict()} for iri in iris]

    def _named(self, iri: str, name: str, namespace: str = keys.GJ) -> dict[str, Any] | None:
        value = self._value(iri, namespace + name)
        return self._labelled(value) if value else None

    def _labelled(self, iri: str) -> dict[str, Any]:
        return {"iri": iri, "label": self._label(NamedNode(iri))}

    def _label(self, term: Term) -> dict[str, str]:
        if isinstance(term, NamedNode):
            for name in (keys.SKOS + "prefLabel", keys.RDFS + "label"):
                if name in self.about[term]:
                    return self._text(term.value, name)._asdict()
        return {"zh": term.value, "en": term.value}

    def _objects(self, iri: str, predicate: str) -> list[str]:
        return [term.value for term in self.about[NamedNode(iri)].get(predicate, ()) if not isinstance(term, BlankNode)]

    def _value(self, iri: str, predicate: str) -> str | None:
        return next(iter(self._objects(iri, predicate)), None)

    def _text(self, iri: str, predicate: str) -> Text:
        found = {
            term.language: term.value
            for term in self.about[NamedNode(iri)].get(predicate, ())
            if isinstance(term, Literal)
        }
        return Text(found.get("zh", ""), found.get("en", ""))


def short(value: str) -> str:
    """An IRI of ours as a prefixed name (``gj:Month``, ``act:disclosure``); anything else as it is."""
    if value.startswith(keys.GJ):
        return "gj:" + value.removeprefix(keys.GJ)
    if value.startswith(keys.TAXONOMY):
        return value.removeprefix(keys.TAXONOMY).replace("/", ":", 1)
    return value


def excerpt(text: str, words: Sequence[str], around: int = 40) -> str:
    """At most about twice ``around`` letters of a text, from shortly before the first of the words in it."""
    found = [at for word in words for part in word.split() if (at := text.casefold().find(part.casefold())) >= 0]
    if not found or len(text) <= 2 * around:
        return text[: 2 * around]
    start = max(0, min(found) - around // 2)
    return ("…" if start else "") + text[start : start + 2 * around] + ("…" if start + 2 * around < len(text) else "")


def prefixed(turtle: str) -> str:
    """A skeleton with the prefixes that it uses: Turtle that can be read."""
    used = sorted(set(re.findall(r"(?<![\w:])([a-z]+):(?=[\w-])", turtle)))
    spaces = {"gj": keys.GJ, "xsd": keys.XSD}
    lines = [f"@prefix {name}: <{spaces.get(name, f'{keys.TAXONOMY}{name}/')}> ." for name in used]
    return "\n".join(["@prefix : <https://example.org/my-data/> .", *lines, "", turtle])


def _below(key: str, prefix: str) -> bool:
    return key == prefix or key.startswith((prefix + "/", prefix + "__", prefix + "."))


def _iri(triple: Triple) -> str:
    return triple.subject.value if isinstance(triple.subject, NamedNode) else str(triple.subject)
