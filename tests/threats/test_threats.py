"""Every entry of threats.toml that is facts, as the reader has it, and the limits of reading."""

from __future__ import annotations

import socket
from typing import NoReturn

import pytest

from guiju.intake import BadInput, Limits, read
from guiju.keys import GJ, TAXONOMY
from tests.threats.corpus import FACTS, HERE, Threat

KNOWN = frozenset(
    {GJ + name for name in ("value", "date", "metric", "identifier", "name", "Measurement", "Act", "Submission")}
    | {GJ + name for name in ("asOf", "reportedIn", "FinancialAssetInvestmentCompany")}
    | {TAXONOMY + "metric/net-assets"}
)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> NoReturn:
        raise AssertionError("reading must fetch nothing")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.parametrize("threat", [threat for threat in FACTS if threat.refused or not threat.served], ids=str)
def test_threat(threat: Threat) -> None:
    sent = [(threat.name, threat.body, None)]
    if not threat.refused:
        facts = read(sent, known_terms=lambda: KNOWN)
        assert len(facts.ignored) == threat.ignored
        assert all(each.where and each.why.zh and each.why.en for each in facts.ignored)
        assert facts.triples
        return
    with pytest.raises(BadInput) as caught:
        read(sent, known_terms=lambda: KNOWN)
    problems = caught.value.problems
    assert [each for each in problems if threat.refused in f"{each.what.en} {each.do.en}"], problems
    assert all(each.what.zh and each.do.zh and each.do.en for each in problems)
    assert (threat.where or problems[0].where) in {each.where for each in problems}


def test_every_file_is_listed() -> None:
    files = {threat.name for threat in FACTS if threat.name.startswith("data/")}
    assert files == {f"data/{path.name}" for path in (HERE / "data").iterdir()}


S = "<https://example.org/a> <https://example.org/p> "


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
    with pytest.raises(BadInput, match="longer than 16 MiB"):
        read([("a.ttl", f"{S}1 .{'#' * 17 * 1024**2}".encode(), None)])


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
