"""The documents of the ontology: complete, in order, word for word, and linked.

Some tests compare with the source texts, which are not part of this repository; they look for them
in ``../shared/corpus`` or where ``GUIJU_CORPUS`` says, and are skipped where they are not there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from functools import cache
from pathlib import Path

import pyoxigraph
import pytest

from guiju import keys
from guiju.ingest import ingest_text, known_titles, references
from guiju.ingest.write import GENERIC_HEADINGS, KINDS
from guiju.numerals import to_chinese

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = ROOT / "ontology" / "documents"
CORPUS = Path(os.environ.get("GUIJU_CORPUS", ROOT.parent / "shared" / "corpus"))
with_sources = pytest.mark.skipif(
    not (CORPUS / "provisions.tsv").exists(),
    reason=f"the source texts are not in {CORPUS}; set GUIJU_CORPUS to where they are",
)

OFFICIAL = {
    "aic-measures-2018": 249,
    "amc-consolidated-supervision-2011": 285,
    "amc-opinions-2025": 37,
    "finance-company-rating-2007": 202,
    "online-fund-sales-it-2009": 154,
    "shanghai-fie-complaints-1989": 66,
}
UNOFFICIAL = {
    "bank-npl-rules-1": 166,
    "bank-npl-rules-2": 25,
    "bank-npl-rules-3": 20,
    "bank-npl-rules-4": 28,
    "bank-npl-rules-5": 26,
    "bank-npl-rules-6": 24,
    "bank-npl-rules-7": 22,
    "bank-npl-rules-8": 22,
    "debt-equity-swap-qa-2018": 61,
}
ALL = OFFICIAL | UNOFFICIAL
PAPERS = {
    "现场检查意见书",
    "行政处罚决定书",
    "不良资产尽职调查报告",
    "贷后管理报告",
    "清收进度报告",
}
"""Papers that an institution writes: named in 《》, and not documents that could be cited."""

Node = pyoxigraph.NamedNode | pyoxigraph.Literal
Row = tuple[str, str, str | None, str, str]
"""A provision's id, kind, parent, heading and text."""


@cache
def triples(document: str) -> dict[str, dict[str, list[Node]]]:
    """The statements of one document's folder: the objects, by subject and predicate."""
    found: dict[str, dict[str, list[Node]]] = defaultdict(lambda: defaultdict(list))
    for path in sorted((DOCUMENTS / document).glob("*.ttl")):
        for quad in pyoxigraph.parse(path=path, format=pyoxigraph.RdfFormat.TURTLE):
            ends = isinstance(quad.object, pyoxigraph.NamedNode | pyoxigraph.Literal)
            if isinstance(quad.subject, pyoxigraph.NamedNode) and ends:
                found[quad.subject.value][quad.predicate.value].append(quad.object)
    return found


def value(document: str, subject: str, name: str, language: str | None = None) -> str:
    """The one value of a property, or an empty text."""
    values = [
        node.value
        for node in triples(document)[subject].get(name, [])
        if language is None or getattr(node, "language", None) == language
    ]
    assert len(values) <= 1, f"{subject} has {len(values)} values of {name}"
    return values[0] if values else ""


@cache
def bundled(document: str) -> list[Row]:
    """The provisions of a document as the ontology has them, in order."""
    whole = f"{keys.ID}{document}"
    kinds = {keys.GJ + name: kind for kind, name in KINDS.items()}
    rows: list[tuple[int, Row]] = []
    for subject in list(triples(document)):
        if not subject.startswith(whole + "/"):
            continue
        parent = value(document, subject, keys.ELI + "is_part_of")
        assert value(document, subject, keys.GJ + "document") == whole
        row = (
            subject.removeprefix(whole + "/"),
            kinds[value(document, subject, keys.GJ + "provisionKind")],
            None if parent == whole else parent.removeprefix(whole + "/"),
            value(document, subject, keys.GJ + "heading", "zh"),
            value(document, subject, keys.GJ + "text", "zh"),
        )
        rows.append((int(value(document, subject, keys.GJ + "position")), row))
    rows.sort()
    assert [position for position, _ in rows] == [*range(1, len(rows) + 1)]
    return [row for _, row in rows]


def links(document: str, name: str) -> dict[str, list[str]]:
    """For each provision (by id) the ends of its links, without the part that is the document's."""
    whole = f"{keys.ID}{document}/"
    return {
        subject.removeprefix(whole): [node.value.removeprefix(whole) for node in found[name]]
        for subject, found in triples(document).items()
        if subject.startswith(whole) and name in found
    }


@cache
def source(document: str) -> tuple[tuple[str, str, str, str], ...]:
    lines = (CORPUS / "provisions.tsv").read_text(encoding="utf-8").split("\n")[1:]
    cells = [line.split("\t") for line in lines if line]
    return tuple((c[1], c[2], c[3], c[4]) for c in cells if c[0] == document)


def test_all_documents_are_there() -> None:
    assert {path.parent.name for path in DOCUMENTS.glob("*/document.ttl")} == set(ALL)
    assert sum(ALL.values()) == 1387


@pytest.mark.parametrize("document", ALL)
def test_a_document_has_its_provisions_with_their_parents_before_them(document: str) -> None:
    rows = bundled(document)
    assert len(rows) == ALL[document]
    seen: set[str | None] = {None}
    for name, kind, parent, _, _ in rows:
        assert parent in seen, f"{name} stands before its parent {parent}"
        assert name.split("__")[-1].startswith(kind + "_")
        subject = f"{keys.ID}{document}/{name}"
        assert value(document, subject, keys.GJ + "number") == name.rsplit("_", 1)[1]
        assert keys.parse(subject).provision == name
        seen.add(name)


@pytest.mark.parametrize("document", ALL)
def test_a_provision_is_in_the_file_that_its_key_names(document: str) -> None:
    folder = DOCUMENTS / document
    names = {path.stem for path in folder.glob("*.ttl")}
    for path in folder.glob("*.ttl"):
        first = path.read_text(encoding="utf-8").split("\n", 1)[0]
        assert first.endswith(f"({document if path.stem == 'document' else path.stem})"), path
        for quad in pyoxigraph.parse(path=path, format=pyoxigraph.RdfFormat.TURTLE):
            iri = getattr(quad.subject, "value", "")
            if iri.startswith(f"{keys.ID}{document}/"):
                root = keys.parse(iri).article
                assert path.stem == (root if root in names else "document"), iri


@pytest.mark.parametrize("document", ALL)
def test_a_document_says_what_it_is(document: str) -> None:
    whole = f"{keys.ID}{document}"
    assert value(document, whole, keys.ELI + "id_local") == document
    for language in ("zh", "en"):
        assert value(document, whole, keys.DCTERMS + "title", language)
        assert value(document, whole, keys.GJ + "statusSource", language)
    official = value(document, whole, keys.GJ + "documentKind").endswith("Text")
    assert official == (document in OFFICIAL)


@pytest.mark.parametrize("document", OFFICIAL)
def test_the_parser_reads_back_the_text_of_an_official_document(document: str) -> None:
    """The bundled provisions, laid out as a regulation, split into the same provisions."""
    rows = bundled(document)
    marks = {"chp": "第{}章 ", "sec": "第{}节 ", "art": "第{}条 ", "prt": "{}、", "item": "（{}）"}
    plain = {"subitem": "{}.", "point": "({})", "para": ""}
    if document == "amc-opinions-2025":
        marks["art"] = "（{}）"
    lines: list[str] = []
    for name, kind, parent, heading, text in rows:
        n = int(name.rsplit("_", 1)[1])
        mark = marks[kind].format(to_chinese(n)) if kind in marks else plain[kind].format(n)
        if kind == "para" and n == 1 and str(parent).startswith("art_"):
            head = rows[[row[0] for row in rows].index(str(parent))][3]
            lines[-1] += ("。" if head else "") + text
        else:
            lines.append(mark + heading + text)
    found = ingest_text("\n".join(lines), document)
    assert [(p.id, p.kind, p.parent, p.heading, p.text) for p in found] == rows


@pytest.mark.parametrize(
    ("document", "provision", "targets"),
    [
        ("aic-measures-2018", "art_26__para_2", ["art_27__para_3", "art_31"]),
        (
            "aic-measures-2018",
            "art_8__para_2",
            [f"art_8__para_1__item_{n}" for n in (1, 2, 3, 4, 6, 7, 8)],
        ),
        ("aic-measures-2018", "art_11__para_2", ["art_11__para_1"]),
        ("aic-measures-2018", "art_14__para_2", ["art_14__para_1"]),
        ("aic-measures-2018", "art_16__para_3", ["art_16__para_2"]),
        (
            "aic-measures-2018",
            "art_23__para_2",
            [f"art_23__para_1__item_{n}" for n in (1, 2, 3, 4)],
        ),
    ],
)
def test_references_in_the_law_are_links(document: str, provision: str, targets: list[str]) -> None:
    assert sorted(links(document, keys.GJ + "refersTo")[provision]) == sorted(targets)


@pytest.mark.parametrize("document", ALL)
def test_every_link_has_an_end(document: str) -> None:
    names = {row[0] for row in bundled(document)}
    for provision, targets in links(document, keys.GJ + "refersTo").items():
        assert set(targets) <= names, provision
    known = set(known_titles(DOCUMENTS).values())
    for provision, targets in links(document, keys.ELI + "cites").items():
        assert set(targets) <= known, provision
    whole = triples(document)[f"{keys.ID}{document}"]
    based_on = {node.value for node in whole.get(keys.ELI + "based_on", [])}
    assert based_on <= known
    cited = {target for targets in links(document, keys.ELI + "cites").values() for target in targets}
    assert based_on <= cited, "a legal basis is named in the text"


@pytest.mark.parametrize("document", OFFICIAL)
def test_the_links_are_those_that_the_words_say(document: str) -> None:
    texts = {row[0]: row[3] + row[4] for row in bundled(document)}
    titles = known_titles(DOCUMENTS)
    cites = links(document, keys.ELI + "cites")
    for name, text in texts.items():
        named = [t for t in re.findall(r"(?<!本)《([^》]+)》", text) if t not in PAPERS]
        assert sorted(cites.get(name, [])) == sorted({titles[t] for t in named}), name


@pytest.mark.parametrize("document", UNOFFICIAL)
def test_what_is_not_ours_to_publish_is_summarised(document: str) -> None:
    for name, _, _, heading, text in bundled(document):
        assert not text, f"{name} has the wording of the source"
        assert not heading or heading in GENERIC_HEADINGS, name
        for language in ("zh", "en"):
            subject = f"{keys.ID}{document}/{name}"
            assert value(document, subject, keys.GJ + "summary", language), name


def test_files_are_laid_out_as_turtlefmt_does() -> None:
    beside = Path(sys.executable).with_name("turtlefmt")
    command = str(beside) if beside.exists() else shutil.which("turtlefmt")
    if command is None:
        pytest.skip("turtlefmt is not installed; pip install turtlefmt")
    done = subprocess.run([command, "--check", str(DOCUMENTS)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@with_sources
@pytest.mark.parametrize("document", ALL)
def test_the_parser_reproduces_the_provisions_from_the_source(document: str) -> None:
    text = (CORPUS / f"{document}.txt").read_text(encoding="utf-8")
    found = ingest_text(text, document)
    rows = tuple((p.id, p.kind, p.parent or "", p.heading or p.text) for p in found)
    assert rows == source(document)


@with_sources
@pytest.mark.parametrize("document", ALL)
def test_nothing_that_the_source_refers_to_is_lost(document: str) -> None:
    text = (CORPUS / f"{document}.txt").read_text(encoding="utf-8")
    found = references(ingest_text(text, document), known_titles(DOCUMENTS))
    assert {u.words for u in found.unresolved} <= {f"《{paper}》" for paper in PAPERS}
    assert {k: sorted(v) for k, v in found.provisions.items()} == {
        k: sorted(v) for k, v in links(document, keys.GJ + "refersTo").items()
    }
    assert {k: sorted(v) for k, v in found.documents.items()} == {
        k: sorted(v) for k, v in links(document, keys.ELI + "cites").items()
    }


@with_sources
@pytest.mark.parametrize("document", OFFICIAL)
def test_an_official_document_is_bundled_word_for_word(document: str) -> None:
    rows = tuple((name, kind, parent or "", h or t) for name, kind, parent, h, t in bundled(document))
    assert rows == source(document)


@with_sources
@pytest.mark.parametrize("document", UNOFFICIAL)
def test_an_unofficial_document_is_bundled_by_its_structure(document: str) -> None:
    rows = [(name, kind, parent or "") for name, kind, parent, _, _ in bundled(document)]
    assert rows == [row[:3] for row in source(document)]


@with_sources
def test_no_wording_of_the_unofficial_documents_is_in_the_ontology() -> None:
    """No 20 characters in a row, but for titles in 《》 and what they quote from the law."""
    size = 20
    official = "\n".join((CORPUS / f"{document}.txt").read_text(encoding="utf-8") for document in OFFICIAL)
    runs: dict[str, str] = {}
    for document in UNOFFICIAL:
        text = (CORPUS / f"{document}.txt").read_text(encoding="utf-8")
        for passage in re.split(r"《[^》]*》|\n", text):
            for i in range(len(passage) - size + 1):
                if (run := passage[i : i + size]) not in official:
                    runs[run] = document
    assert runs
    for path in sorted((ROOT / "ontology").rglob("*.ttl")):
        words = path.read_text(encoding="utf-8")
        for i in range(len(words) - size + 1):
            run = words[i : i + size]
            assert run not in runs, f"{path} has {run!r}, from {runs[run]}"
