"""What a statement may say in words that are not the sender's: ours, SHACL's, RDF's."""

from __future__ import annotations

import difflib
from collections.abc import Callable

from guiju.intake.literals import Trouble
from guiju.intake.model import Text
from guiju.keys import GJ, RDF, TAXONOMY

_RDF_TERMS = frozenset(
    (
        "type",
        "first",
        "rest",
        "nil",
        "value",
        "subject",
        "predicate",
        "object",
        "reifies",
        "Property",
        "Statement",
        "List",
        "Bag",
        "Seq",
        "Alt",
        "langString",
        "dirLangString",
        "XMLLiteral",
        "HTML",
        "JSON",
        "CompoundLiteral",
        "language",
        "direction",
        "PlainLiteral",
    )
)
SHACL = Text("数据不能带有 SHACL 语句。", "Data cannot bring SHACL statements.")
IMPORTS = Text("不按数据的指示导入任何内容。", "Nothing is imported because data says so.")
OURS = Text("数据不能改动规矩自己的词汇和规范。", "Data cannot redefine Guiju's own terms, norms and shapes.")
"""Why a statement is left out of the facts: something of SHACL, ``owl:imports``, or a subject of ours."""


class Vocabulary:
    """Tells a misspelt term; ``known`` gives the IRIs of our terms and is called once, if at all."""

    def __init__(self, known: Callable[[], frozenset[str]] | None) -> None:
        self._known = known
        self._terms: frozenset[str] | None = None

    def has(self, iri: str) -> bool:
        """Whether an IRI may be used as a term: it is one, or in none of the namespaces that are known here."""
        if iri.startswith(RDF):
            name = iri[len(RDF) :]
            return name in _RDF_TERMS or name.removeprefix("_").isdecimal()
        if self._known is None or not iri.startswith((GJ, TAXONOMY)):
            return True
        if self._terms is None:
            self._terms = self._known()
        return iri in self._terms

    def trouble(self, iri: str) -> Trouble | None:
        """What is wrong with an IRI that is used as a term, or None."""
        if self.has(iri):
            return None
        if iri.startswith(RDF):
            name = iri[len(RDF) :]
            return _unknown("rdf:" + name, _nearest(name, _RDF_TERMS, "rdf:"))
        assert self._terms is not None
        namespace = iri[: max(iri.rfind("#"), iri.rfind("/")) + 1]
        names = {term[len(namespace) :] for term in self._terms if term.startswith(namespace)}
        near = _nearest(iri[len(namespace) :], names, _short(namespace))
        if near is None:
            near = _nearest(_short(iri), {_short(term) for term in self._terms}, "")
        return _unknown(_short(iri), near)


def _short(iri: str) -> str:
    if iri.startswith(GJ):
        return "gj:" + iri[len(GJ) :]
    return iri[len(TAXONOMY) :].replace("/", ":", 1) if iri.startswith(TAXONOMY) else iri


def _nearest(name: str, names: frozenset[str] | set[str], prefix: str) -> str | None:
    found = difflib.get_close_matches(name, sorted(names), n=1)
    if not found:
        found = [other for other in sorted(names) if other.lower() == name.lower()]
    return prefix + found[0] if found else None


def _unknown(name: str, near: str | None) -> Trouble:
    what = Text(f"没有词汇 {name}。", f"There is no term {name}.")
    if near is None:
        return what, Text("请查阅词汇表。", "Look it up in the vocabulary.")
    return what, Text(f"是否指 {near}？", f"Did you mean {near}?")
