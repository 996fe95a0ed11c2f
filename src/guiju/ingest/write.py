"""Writes a document and its provisions as Turtle, an article a file, laid out as turtlefmt does."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from guiju import keys
from guiju.numerals import to_chinese

from .references import References, Unresolved, references
from .split import Provision

DocumentKind = Literal["OfficialText", "SelfRegulatoryText", "ModelRules", "Commentary"]
"""What a document is. Only the wording of the first two is free to republish and written out."""

GENERIC_HEADINGS = frozenset({"总则", "附则"})
"""Chapter headings that every regulation has: written for every kind of document."""

KINDS: Mapping[str, str] = {
    "prt": "Part",
    "chp": "Chapter",
    "sec": "Section",
    "art": "Article",
    "para": "Paragraph",
    "item": "Item",
    "subitem": "Subitem",
    "point": "Point",
    "leaf": "Leaf",
}
"""The individual of ``gj:provisionKind`` for each kind of provision."""


@dataclass(frozen=True)
class DocumentMeta:
    """What is known of a document besides its text; None where the source does not say.

    ``issuer`` is the local name of an agent (``cbirc``), ``based_on`` are IRIs, ``status_source``
    says in Chinese and English why the status is what it is.
    """

    document: str
    title_zh: str
    title_en: str | None = None
    kind: DocumentKind = "OfficialText"
    issuer: str | None = None
    number: str | None = None
    issued: datetime.date | None = None
    in_force_from: datetime.date | None = None
    applicable_from: datetime.date | None = None
    based_on: Sequence[str] = ()
    status_source: tuple[str, str] = (
        "来源没有说明本文件目前是否有效。",
        "The source does not say whether the document is still in force.",
    )


@dataclass(frozen=True)
class Written:
    """The files written, and the references of the text that could not be resolved."""

    files: tuple[Path, ...]
    unresolved: tuple[Unresolved, ...]


def write_turtle(
    provisions: Sequence[Provision],
    meta: DocumentMeta,
    folder: Path,
    *,
    titles: Mapping[str, str] | None = None,
    summaries: Mapping[str, tuple[str, str]] | None = None,
) -> Written:
    """Write ``document.ttl`` and a file for each article (or each top-level unit) into ``folder``.

    ``titles`` gives the IRIs of the documents that may be cited, by title (see `known_titles`);
    ``summaries`` gives Chinese and English words of our own for a provision, by its id. The folder
    is made where it is not there. Raises FileExistsError, before anything is written, where a file
    already is, because norms are written by hand below the provisions.
    """
    linked = references(provisions, titles or {})
    files = {folder / name: body for name, body in _files(provisions, meta, linked, summaries or {})}
    for path in files:
        if path.exists():
            raise FileExistsError(
                f"{path} 已存在，可能含有手写的规范；请改用空文件夹。\n"
                f"{path} is already there and may hold norms written by hand; use an empty folder."
            )
    folder.mkdir(parents=True, exist_ok=True)
    for path, body in files.items():
        path.write_text(body, encoding="utf-8")
    return Written(tuple(files), linked.unresolved)


def _files(
    provisions: Sequence[Provision],
    meta: DocumentMeta,
    linked: References,
    summaries: Mapping[str, tuple[str, str]],
) -> Iterable[tuple[str, str]]:
    articled = any(p.kind == "art" for p in provisions)
    blocks: dict[str, list[str]] = {"document": [_document(meta)]}
    heads = {"document": f"{meta.title_zh} ({meta.document})"}
    for position, provision in enumerate(provisions, 1):
        root = provision.id.split("__")[0]
        name = root if not articled or root.startswith("art_") else "document"
        if name not in blocks:
            blocks[name] = []
            heads[name] = _head(provision, meta)
        blocks[name].append(_provision(provision, position, meta, linked, summaries))
    for name, parts in blocks.items():
        prefixes = ["d", "dcterms", "eli", "gj", "xsd"] if name == "document" else ["d", "eli", "gj", "n"]
        spaces = _prefixes(meta.document)
        # turtlefmt puts a blank before a comment in the first line, so we do too
        lines = [f" # {heads[name]}", *(f"@prefix {p}: <{spaces[p]}> ." for p in prefixes)]
        yield f"{name}.ttl", "\n".join(lines) + "\n\n" + "\n".join(parts)


def _prefixes(document: str) -> dict[str, str]:
    return {
        "d": f"{keys.ID}{document}/",
        "dcterms": keys.DCTERMS,
        "eli": keys.ELI,
        "gj": keys.GJ,
        "n": f"{keys.NORM}{document}/",
        "xsd": keys.XSD,
    }


def _head(provision: Provision, meta: DocumentMeta) -> str:
    number = to_chinese(int(provision.number))
    words = {"art": f"第{number}条", "chp": f"第{number}章", "prt": f"{number}、"}.get(provision.kind, f"第{number}款")
    if provision.kind == "art" and provision.heading.endswith(("?", "？")):
        words = f"问{provision.number}"
    elif provision.kind == "art" and (provision.parent or "").startswith("prt_"):
        words = f"（{number}）"
    heading = _heading(provision, meta)
    return f"{words}{' ' + heading if heading else ''} ({provision.id})"


def _heading(provision: Provision, meta: DocumentMeta) -> str:
    shown = _free(meta) or provision.heading in GENERIC_HEADINGS
    return provision.heading if shown else ""


def _free(meta: DocumentMeta) -> bool:
    return meta.kind in ("OfficialText", "SelfRegulatoryText")


def _document(meta: DocumentMeta) -> str:
    statements = [
        f"gj:documentKind gj:{meta.kind}",
        "dcterms:title " + " , ".join(_bilingual(meta.title_zh, meta.title_en)),
        f"eli:id_local {_quoted(meta.document)}",
    ]
    if meta.issuer:
        statements.append(f"gj:issuer <{keys.ID}agent/{meta.issuer}>")
    if meta.number:
        statements.append(f"gj:documentNumber {_quoted(meta.number)}")
    for name, date in (
        ("date_document", meta.issued),
        ("first_date_entry_in_force", meta.in_force_from),
        ("date_applicability", meta.applicable_from),
    ):
        if date:
            statements.append(f'eli:{name} "{date.isoformat()}"^^xsd:date')
    if meta.based_on:
        statements.append("eli:based_on " + " , ".join(f"<{iri}>" for iri in meta.based_on))
    statements.append("gj:status gj:StatusNotKnown")
    statements.append("gj:statusSource " + " , ".join(_bilingual(*meta.status_source)))
    types = "gj:Document , eli:LegalResource" if _free(meta) else "gj:Document"
    return _block(f"<{keys.ID}{meta.document}>", types, statements)


def _provision(
    provision: Provision,
    position: int,
    meta: DocumentMeta,
    linked: References,
    summaries: Mapping[str, tuple[str, str]],
) -> str:
    whole = f"<{keys.ID}{meta.document}>"
    parent = f"d:{provision.parent}" if provision.parent else whole
    statements = [
        f"gj:document {whole}",
        f"eli:is_part_of {parent}",
        f"gj:provisionKind gj:{KINDS[provision.kind]}",
        f"gj:number {_quoted(provision.number)}",
        f"gj:position {position}",
    ]
    if heading := _heading(provision, meta):
        statements.append(f"gj:heading {_quoted(heading)}@zh")
    if provision.text and _free(meta):
        statements.append(f"gj:text {_quoted(provision.text)}@zh")
    if summary := summaries.get(provision.id):
        statements.append("gj:summary " + " , ".join(_bilingual(*summary)))
    if targets := linked.provisions.get(provision.id):
        statements.append("gj:refersTo " + " , ".join(f"d:{target}" for target in targets))
    if cited := linked.documents.get(provision.id):
        statements.append("eli:cites " + " , ".join(f"<{iri}>" for iri in cited))
    return _block(f"d:{provision.id}", "gj:Provision , eli:LegalResourceSubdivision", statements)


def _block(subject: str, types: str, statements: Sequence[str]) -> str:
    return f"{subject} a {types} ;\n    " + " ;\n    ".join(statements) + " .\n"


def _bilingual(zh: str, en: str | None) -> list[str]:
    return [f"{_quoted(zh)}@zh", *([f"{_quoted(en)}@en"] if en else [])]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'
