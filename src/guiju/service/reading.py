"""What there is to read on the page of a document, a provision, a norm or a concept, beside the bare statements.

It is what :mod:`guiju.show` and the questions of the library answer, arranged for a template; other things have the
page of :mod:`guiju.service.html`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from pyoxigraph import NamedNode

from guiju import keys, library
from guiju.service import html, network_picture
from guiju.service.held import held

Entry = dict[str, Any]
Row = dict[str, str]


@lru_cache(maxsize=400)
def rows(question: str, *given: tuple[str, str]) -> list[Row]:
    """The answer to a question of the library, a row as texts by column; kept, since what is held does not change."""
    return answer(question, *given).records()


@lru_cache(maxsize=64)
def answer(question: str, *given: tuple[str, str]) -> library.Answer:
    """The answer to a question about what is held, kept as ``rows`` is: some take half a second, which anybody may ask.

    Raises the LibraryErrors of :func:`guiju.library.ask`.
    """
    return library.ask(held().library.knowledge, question, dict(given))


def page(iri: str, said: Iterable[Any], root: str, day: str | None = None) -> bytes:
    """The page about a thing; ``day`` is the day asked about, ``said`` sentences on it."""
    if iri.startswith((keys.ID, keys.NORM)):
        try:
            key = keys.parse(iri)
        except ValueError:
            return html.page(iri, said, root)
        if not known(iri):
            return html.page(iri, said, root)
        if key.slug:
            return html.page(iri, said, root, "norm.html", day=day, **_norm(key, root))
        if key.provision:
            return html.page(iri, said, root, "provision.html", day=day, **_provision(key, root))
        return html.page(iri, said, root, "document.html", day=day, **_document(key))
    if iri.startswith(keys.TAXONOMY) and not iri.endswith("/scheme"):
        return html.page(iri, said, root, "concept.html", **_concept(iri))
    return html.page(iri, said, root)


def known(iri: str) -> bool:
    """Whether the IRI is that of a document, provision or norm that is held."""
    wanted = {keys.GJ + "Document", keys.GJ + "Provision"}
    said = held().of.get(NamedNode(iri), ())
    kinds = {getattr(value, "value", "") for predicate, value in said if predicate.value == keys.RDF + "type"}
    return bool(kinds & wanted) or (iri.startswith(keys.NORM) and bool(kinds))


def _document(key: keys.Key) -> Entry:
    entry = held().library.show(key)
    states = {row["provision"]: row["state"] for row in rows("coverage/provisions", ("document", str(key)))}
    return {"entry": entry, "law": law(str(key)), "states": states}


@lru_cache(maxsize=32)
def law(place: str) -> list[Entry]:
    """The provisions directly below a document, or the one provision, each with all below it."""
    found = held().library
    key = keys.parse(place)
    if key.provision:
        return [found.show(key)]
    return [found.show(keys.parse(part["key"])) for part in found.show(key)["contents"]]


def _provision(key: keys.Key, root: str) -> Entry:
    found = held().library
    entry = linked(found.show(key), root)
    articles = list(_articles(found.show(keys.Key(key.document))["contents"]))
    place = next((n for n, one in enumerate(articles) if one == f"{key.document}/{key.article}"), None)
    around: tuple[str | None, str | None] = (None, None)
    if place is not None:
        around = (
            articles[place - 1] if place else None,
            articles[place + 1] if place + 1 < len(articles) else None,
        )
    whole = f"{key.document}/{key.article}"
    return {
        "entry": entry,
        "before_this": _cited(around[0]),
        "after_this": _cited(around[1]),
        "whole": None if whole == str(key) else _cited(whole),
        **network_picture.connected(key, root),
    }


def _cited(key: str | None) -> Entry | None:
    if key is None:
        return None
    zh, en = html.name(NamedNode(keys.parse(key).place))
    return {"key": key, "citation": {"zh": zh, "en": en}}


def _articles(contents: list[Entry]) -> Iterator[str]:
    """The keys of the parts of a document that have no parts of their own, in the order of the law."""
    for part in contents:
        if part["contents"]:
            yield from _articles(part["contents"])
        else:
            yield part["key"]


def linked(entry: Entry, root: str) -> Entry:
    """A provision whose norms' parameters lead to what they name."""
    return {
        **entry,
        "norms": [linked_norm(norm, root) for norm in entry["norms"]],
        "provisions": [linked(below, root) for below in entry["provisions"]],
    }


def linked_norm(norm: Entry, root: str) -> Entry:
    """A norm whose parameters lead to what they name."""
    if not norm["shape"]:
        return norm
    components = [
        {**component, "parameters": [{**p, "href": _concept_href(p["value"], root)} for p in component["parameters"]]}
        for component in norm["shape"]["components"]
    ]
    return {**norm, "shape": {**norm["shape"], "components": components}}


def _concept_href(iri: str, root: str) -> str:
    if iri.startswith(keys.TAXONOMY):
        return html.href(iri, root)
    return f"{root}/terms/{iri.removeprefix(keys.GJ)}" if is_class(iri) else ""


def is_class(iri: str) -> bool:
    """Whether the IRI is that of a class of ours."""
    wanted = (NamedNode(keys.RDF + "type"), NamedNode(keys.OWL + "Class"))
    return iri.startswith(keys.GJ) and wanted in held().of.get(NamedNode(iri), ())


def _norm(key: keys.Key, root: str) -> Entry:
    found = held().library
    norm = linked_norm(found.show(key), root)
    provision = found.show(keys.Key(key.document, key.provision))
    cases = []
    for name in norm["shape"]["cases"] if norm["shape"] else ():
        file = found.knowledge.root / name
        cases.append({"name": name, "text": file.read_text(encoding="utf-8")})
    uses = [row for row in rows("norms/terms", ("document", key.document)) if row["norm"] == str(key) and row["class"]]
    classes: dict[str, list[Row]] = {}
    for row in uses:
        classes.setdefault(row["class"], []).extend([row] if row["user"] else [])
    return {"norm": norm, "provision": provision, "cases": cases, "needs": found.needs(key), "classes": classes}


def _concept(iri: str) -> Entry:
    """Every norm that uses a concept, by document, with the numbers that its shape states."""
    try:
        concept = ("concept", iri)
        numbers = {row["norm"]: row["numbers"] for row in rows("norms/compare", concept)}
        serving = rows("norms/serving", concept)
    except library.LibraryError:
        return {"serving": [], "documents": {}}
    found: dict[str, list[Entry]] = {}
    for row in serving:
        stated = [number.partition(" ") for number in numbers.get(row["norm"], "").split("; ") if number]
        found.setdefault(row["document"], []).append({**row, "numbers": [(name, value) for name, _, value in stated]})
    return {"serving": serving, "documents": found}
