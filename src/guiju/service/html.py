"""A description as a page: small, Chinese first, without script and without any address outside.

What a page shows is what the data says, property by property, under the names that the data gives them. Templates
escape every text; an IRI becomes a link only where it is ours, and then to this server.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from pyoxigraph import BlankNode, Literal, NamedNode

from guiju import keys
from guiju.report import grouped
from guiju.service.assets import static
from guiju.service.describe import MODULES, pages
from guiju.service.held import NAMES, Node, Term, held

_HERE = Path(__file__).parent
_MANY = 12
"""So many values of a property are shown at once; where there are more, they unfold."""
_NAMED_BY = (
    keys.DCTERMS + "bibliographicCitation",
    keys.DCTERMS + "title",
    keys.SKOS + "prefLabel",
    keys.RDFS + "label",
    keys.SH + "name",
)
_LAST = 99
_REPEATED = (keys.NOT_KNOWN, keys.NOT_TRIGGERED)


@dataclass(frozen=True)
class Value:
    """One value on a page: a text, a link (``href``), or the rows of a blank node."""

    zh: str = ""
    en: str = ""
    lang: str = ""
    code: str = ""
    href: str = ""
    iri: str = ""
    note: str = ""
    rows: list[Row] = field(default_factory=list)


@dataclass(frozen=True)
class Row:
    """A property and its values; ``code`` is its short name."""

    zh: str
    en: str
    code: str
    iri: str
    values: list[Value]

    @property
    def many(self) -> bool:
        return len(self.values) > _MANY


@dataclass(frozen=True)
class Section:
    """A thing on a page: ``anchor`` is its fragment."""

    anchor: str
    iri: str
    zh: str
    en: str
    rows: list[Row]
    pointing: list[Row]


@cache
def _environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals.update(
        term=term,
        backwards=backwards,
        norm_name=norm_name,
        anchor=anchor,
        grouped=grouped,
        href=href,
        marked=marked,
        static=static,
    )
    return found


def term(local: str | None) -> dict[str, str]:
    """The names of one of our terms, by the last part of its IRI."""
    zh, en = name(NamedNode(keys.GJ + local)) if local else ("", "")
    return {"zh": zh, "en": en}


def backwards(of: str) -> dict[str, str]:
    """The names of a property, by its IRI or, where it is ours, the last part of it, read from its other end."""
    zh, en = _inverse_name(NamedNode(of if ":" in of else keys.GJ + of))
    return {"zh": zh, "en": en}


def norm_name(key: str) -> dict[str, str]:
    """The names of a norm, by its key."""
    zh, en = name(NamedNode(keys.parse(key).norm))
    return {"zh": zh, "en": en}


def anchor(key: str) -> str:
    """The fragment of a provision or norm on the page of its document or article: its key within the document."""
    return key.partition("/")[2]


def marked(text: str, words: Sequence[str]) -> Markup:
    """The text with every one of the words marked, whatever its case; everything else in it is escaped."""
    parts = [part for word in words for part in word.split()]
    if not parts:
        return Markup(escape(text))
    either = re.compile("|".join(re.escape(part) for part in sorted(parts, key=len, reverse=True)), re.IGNORECASE)
    shown, end = Markup(), 0
    for match in either.finditer(text):
        shown += escape(text[end : match.start()]) + Markup("<mark>{}</mark>").format(match[0])
        end = match.end()
    return shown + escape(text[end:])


def render(template: str, **values: Any) -> bytes:
    """A template of ``templates/``, filled in."""
    return _environment().get_template(template).render(**values).encode()


def as_json(value: Any) -> bytes:
    """A value as JSON for programs that people also look at."""
    return json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"


def page(iri: str, said: Iterable[Any], root: str, template: str = "thing.html", **more: Any) -> bytes:
    """The page about a thing; ``said`` are sentences on the day asked about, ``root`` is the server's mount point.

    A ``template`` that extends ``thing.html`` says what there is to read of it, from ``more``.
    """
    path = iri.removeprefix(keys.BASE)
    if iri in MODULES:
        mentioned = dict.fromkeys([*held().of, *held().to])
        own = [n for n in mentioned if isinstance(n, NamedNode) and n.value.startswith(MODULES[iri])]
        sections = [_section(NamedNode(iri), root, pointing=False)] if NamedNode(iri) in held().of else []
        ordered = sorted(own, key=lambda node: node.value.casefold())
        # A term that nothing is said of, such as a component's parameter, is told by what points to it.
        sections += [_section(node, root, pointing=node not in held().of) for node in ordered]
        title = sections[0] if sections and sections[0].iri == iri else Section("", iri, path, path, [], [])
    else:
        sections = [_section(NamedNode(iri), root, pointing=True)]
        title = sections[0]
    return render(
        template,
        title=title,
        sections=sections,
        contents=len(sections) > 1,
        said=[{"lang": text.language, "text": text.value} for text in said],
        root=root,
        document=f"{root}/{described_at(iri)}",
        up=_up(iri, root),
        **more,
    )


def _up(iri: str, root: str) -> list[Value]:
    """The way down to a thing: what it is part of or stated in, outermost first."""
    steps: list[Value] = []
    node: Term | None = NamedNode(iri)
    upward = (keys.ELI + "is_part_of", keys.GJ + "statedIn", keys.GJ + "enforces", keys.SKOS + "inScheme")
    while isinstance(node, NamedNode) and len(steps) < 10:
        said = held().of.get(node, ())
        node = next((value for predicate, value in said if predicate.value in upward), None)
        if isinstance(node, NamedNode):
            steps.insert(0, _value(node, root))
    return steps


def _section(node: NamedNode, root: str, pointing: bool) -> Section:
    zh, en = name(node)
    said = [(p, v) for p, v in held().of.get(node, ()) if p.value not in NAMES]
    # What a companion shape says repeats its shape.
    to = [(s, p) for s, p in held().to.get(node, ()) if pointing and not p.value.startswith(_REPEATED)]
    return Section(
        anchor=node.value.rpartition("#")[2] if "#" in node.value else "",
        iri=node.value,
        zh=zh,
        en=en,
        rows=[row for row in _rows(said, root) if {value.zh for value in row.values} != {zh, en}],
        pointing=_rows([(p, s) for s, p in _owners(to)], root, inverse=True),
    )


def _owners(to: Iterable[tuple[Node, NamedNode]]) -> list[tuple[Node, NamedNode]]:
    """Who points to a thing; for a blank node, the thing that it belongs to."""
    found: list[tuple[Node, NamedNode]] = []
    for subject, predicate in to:
        if isinstance(subject, BlankNode):
            found += _owners(held().to.get(subject, ()))
        else:
            found.append((subject, predicate))
    return list(dict.fromkeys(found))


def _rows(said: Iterable[tuple[NamedNode, Term | Node]], root: str, inverse: bool = False) -> list[Row]:
    by: dict[NamedNode, list[Value]] = {}
    for predicate, value in said:
        by.setdefault(predicate, []).append(_value(value, root))
    rows = []
    for predicate, values in by.items():
        zh, en = _inverse_name(predicate) if inverse else name(predicate)
        rows.append((_rank(predicate, inverse), Row(zh, en, short(predicate.value), predicate.value, values)))
    return [row for _, row in sorted(rows, key=lambda pair: pair[0])]


def _value(value: Term, root: str) -> Value:
    if isinstance(value, Literal):
        long = "\n" in value.value
        shown = "" if value.language or value.datatype.value == keys.XSD + "string" else short(value.datatype.value)
        return Value(zh=value.value, lang=value.language or "", code="pre" if long else "", note=shown)
    if isinstance(value, BlankNode):
        return Value(rows=_rows(held().of.get(value, ()), root))
    zh, en = name(value)
    return Value(zh=zh, en=en, code=short(value.value), iri=value.value, href=href(value.value, root))


def href(iri: str, root: str) -> str:
    """The address of a thing of ours on this server; empty for everything else."""
    if not iri.startswith(keys.BASE):
        return ""
    whole, mark, anchor = iri.partition("#")
    return f"{root}/{described_at(whole)}{mark}{anchor}"


def described_at(iri: str) -> str:
    """The path on this server of the document that describes a thing of ours."""
    path = iri.removeprefix(keys.BASE)
    return path if path.startswith(("shape/", "ontology")) else f"about/{path}"


def name(node: NamedNode) -> tuple[str, str]:
    """The names of a thing in Chinese and English; its short name where it has none."""
    found = _labels().get(node.value) or {}
    for predicate in _NAMED_BY:
        texts = {
            v.language or "": v.value
            for p, v in held().of.get(node, ())
            if p.value == predicate and isinstance(v, Literal)
        }
        found = texts or found
        if texts:
            break
    return name_of(found or {"": short(node.value)})


def name_of(texts: dict[str, str]) -> tuple[str, str]:
    """The Chinese and the English of texts by language, either of which stands in for a missing Chinese one."""
    return texts.get("zh") or texts.get("en") or next(iter(texts.values())), texts.get("en", "")


def short(iri: str) -> str:
    """An IRI as prefix and name where it has a prefix of ours; a key for what has one; else whole."""
    for namespace in (keys.ID, keys.NORM, keys.SHAPE):
        if iri.startswith(namespace):
            return iri.removeprefix(namespace)
    for prefix, namespace in held().prefixes.items():
        if iri.startswith(namespace):
            return f"{prefix}:{iri.removeprefix(namespace)}"
    return iri


@cache
def _labels() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for subject, predicate, value in pages():
        if isinstance(subject, NamedNode) and predicate.value == keys.RDFS + "label" and isinstance(value, Literal):
            found.setdefault(subject.value, {})[value.language or ""] = value.value
    return found


@cache
def _inverses() -> dict[str, tuple[dict[str, str], int]]:
    """The names and places of properties read from their other end."""
    by: dict[BlankNode, tuple[list[str], dict[str, str], list[int]]] = {}
    for subject, predicate, value in pages():
        if isinstance(subject, BlankNode):
            of, texts, order = by.setdefault(subject, ([], {}, []))
            if predicate.value == keys.OWL + "inverseOf" and isinstance(value, NamedNode):
                of.append(value.value)
            elif isinstance(value, Literal) and value.language:
                texts[value.language] = value.value
            elif isinstance(value, Literal):
                order.append(int(value.value))
    return {of[0]: (texts, order[0] if order else _LAST) for of, texts, order in by.values() if of}


def _inverse_name(predicate: NamedNode) -> tuple[str, str]:
    texts, _ = _inverses().get(predicate.value, ({}, 0))
    zh, en = name(predicate)
    return texts.get("zh", f"以其为“{zh}”"), texts.get("en", f"is “{en or short(predicate.value)}” of")


@cache
def _orders() -> dict[str, int]:
    return {
        subject.value: int(value.value)
        for subject, predicate, value in pages()
        if isinstance(subject, NamedNode) and predicate.value == keys.SH + "order" and isinstance(value, Literal)
    }


def _rank(predicate: NamedNode, inverse: bool) -> int:
    if inverse:
        return _inverses().get(predicate.value, ({}, _LAST))[1]
    return _orders().get(predicate.value, _LAST)
