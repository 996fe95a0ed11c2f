"""Every entry of threats.toml, and the inputs that are too large to keep as files."""

from __future__ import annotations

import socket
import tomllib
from pathlib import Path
from typing import Any, NoReturn

import pytest

from guiju.intake import BadInput, Limits, read
from guiju.keys import GJ, TAXONOMY

HERE = Path(__file__).parent
THREATS = tomllib.loads((HERE / "threats.toml").read_text(encoding="utf-8"))["threat"]
KNOWN = frozenset(
    {GJ + name for name in ("value", "date", "metric", "identifier", "name", "Measurement", "Act")}
    | {TAXONOMY + "metric/net-assets"}
)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> NoReturn:
        raise AssertionError("reading must fetch nothing")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.parametrize("threat", THREATS, ids=lambda threat: threat["file"].removeprefix("data/"))
def test_threat(threat: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE)
    if "refused" not in threat:
        facts = read([threat["file"]], known_terms=lambda: KNOWN)
        assert len(facts.ignored) == threat["ignored"]
        assert all(each.where and each.why.zh and each.why.en for each in facts.ignored)
        assert len(facts.triples) == 1
        return
    with pytest.raises(BadInput) as caught:
        read([threat["file"]], known_terms=lambda: KNOWN)
    problems = caught.value.problems
    assert [each for each in problems if threat["refused"] in f"{each.what.en} {each.do.en}"], problems
    assert all(each.what.zh and each.do.zh and each.do.en for each in problems)
    assert threat.get("where", problems[0].where) in {each.where for each in problems}


def test_every_file_is_listed() -> None:
    assert {threat["file"] for threat in THREATS} == {f"data/{path.name}" for path in (HERE / "data").iterdir()}


S = "<https://example.org/a> <https://example.org/p> "


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("blank.ttl", S + "[" * 100_000),
        ("blank-closed.ttl", S + "[ <https://example.org/p> " * 200 + "1" + " ]" * 200 + " ."),
        ("list.ttl", S + "(" * 100_000),
        ("hidden-by-quotes.ttl", "@prefix e: <https://example.org/> .\ne:a\\' e:p " + "[" * 100_000 + " '"),
        ("hidden-by-iri.trig", "<https://example.org/'> <https://example.org/p> " + "[" * 100_000 + "'"),
        ("triple-terms.nt", S + "<<( " * 100_000),
        ("array.jsonld", '{"@id": "https://example.org/a", "https://example.org/p": ' + "[" * 100_000),
        ("object.jsonld", '{"https://example.org/p": ' * 100_000 + "1" + "}" * 100_000),
        ("context.jsonld", '{"@context": ' + "[" * 5_000 + "]" * 5_000 + "}"),
        (
            "element.rdf",
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="https://example.org/">'
            + "<rdf:Description><e:p>" * 50_000,
        ),
    ],
)
def test_nesting(name: str, text: str) -> None:
    """Threats 5 and 6, for data: depth is seen before the parser sees it."""
    with pytest.raises(BadInput, match="nest deeper than 64"):
        read([(name, text.encode(), None)])


def test_brackets_in_texts_are_no_nesting() -> None:
    text = S + '"' + "[" * 1_000 + '" . # ' + "(" * 1_000 + f"\n{S}'''" + "{" * 1_000 + "'''."
    assert len(read([("a.ttl", text.encode(), None)]).triples) == 2


def test_bytes() -> None:
    """Threat 20: the size is looked at before the content."""
    with pytest.raises(BadInput, match="larger than 100 bytes"):
        read([("a.ttl", (S * 9).encode(), None)], limits=Limits(bytes=100))


def test_statements() -> None:
    text = S + ", ".join(map(str, range(50))) + " ."
    assert len(read([("a.ttl", text.encode(), None)], limits=Limits(triples=50)).triples) == 50
    with pytest.raises(BadInput, match="more than 49 statements"):
        read([("a.ttl", text.encode(), None)], limits=Limits(triples=49))


def test_long_things() -> None:
    with pytest.raises(BadInput, match="longer than 10 characters"):
        read([("a.ttl", f'{S}"{"x" * 11}" .'.encode(), None)], limits=Limits(literal=10))
    with pytest.raises(BadInput, match="longer than 2048 characters"):
        read([("a.ttl", f"{S}<https://example.org/{'x' * 2048}> .".encode(), None)])


def test_no_more_problems_than_a_reader_reads() -> None:
    text = "".join(f'{S}"x{number}"^^<http://www.w3.org/2001/XMLSchema#decimal> .\n' for number in range(1_000))
    with pytest.raises(BadInput) as caught:
        read([("a.nt", text.encode(), None)])
    assert len(caught.value.problems) == 20
    assert not caught.value.complete
    assert "There are more" in str(caught.value)


def test_ignored_statements_are_counted_when_not_listed() -> None:
    shapes = "".join(f"<https://example.org/s{n}> <http://www.w3.org/ns/shacl#minCount> {n} .\n" for n in range(30))
    facts = read([("a.ttl", (shapes + S + "1 .").encode(), None)], limits=Limits(ignored=10))
    assert len(facts.ignored) == 11
    assert "20 more statements" in facts.ignored[-1].what
