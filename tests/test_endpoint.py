"""Facts in a SPARQL store are judged as from a file: against the real servers, and against one that cuts its answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from pyoxigraph import NamedNode, Quad, RdfFormat, Store, Triple, parse, serialize

from guiju import endpoint, keys, remote
from guiju.cli import run
from guiju.endpoint import facts
from guiju.intake import read
from guiju.paths import samples
from guiju.remote import Remote, RemoteError
from guiju.submission import skolemised
from tests.service import stores

GRAPH = NamedNode("https://example.org/graph/one")
SAMPLE = samples()["sound-company"]


@pytest.fixture(scope="module", params=["oxigraph", "virtuoso"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remote]:
    """A store with the facts of a sample in one graph, something of no concern beside them, and another graph."""
    if request.param == "virtuoso" and stores.VIRTUOSO is None:
        pytest.skip("Virtuoso is not installed (Debian: virtuoso-opensource-7)")
    with getattr(stores, request.param)(tmp_path_factory.mktemp(request.param)) as at:
        found = Remote(at.query, at.update, at.graphs)
        beside = Triple(NamedNode("urn:x"), NamedNode("https://example.org/else"), NamedNode("urn:y"))
        found.put(GRAPH, serialize([*_sample(), beside], format=RdfFormat.N_TRIPLES) or b"")
        found.put(NamedNode("https://example.org/graph/two"), b"<urn:a> <urn:b> <urn:c> .\n")
        yield Remote(at.query)
        found.close()


def _sample() -> list[Triple]:
    return skolemised([quad.triple for quad in parse(path=str(SAMPLE), format=RdfFormat.TURTLE)])


def _spelled(triples: list[Triple]) -> set[Quad]:
    """The statements with every value spelled in one way; stores do so in theirs."""
    found = Store()
    found.bulk_extend(Quad(*triple) for triple in triples)
    return set(found)


@pytest.mark.parametrize("page", [100, 100_000])
def test_the_facts_of_a_graph_are_those_that_were_put_there(
    store: Remote, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "PAGE", page)
    monkeypatch.setattr(endpoint, "PAGE", page)
    # No shape reads a comment.
    expected = [triple for triple in _sample() if triple.predicate.value != keys.RDFS + "comment"]
    assert _spelled(read([facts(store, GRAPH)]).triples) == _spelled(expected)


def test_a_graph_with_nothing_to_judge_is_said_to_be_so(store: Remote) -> None:
    for graph in ("https://example.org/graph/two", "https://example.org/graph/none"):
        with pytest.raises(ValueError, match="no facts to be judged"):
            facts(store, NamedNode(graph))


def test_the_command_judges_what_lies_in_a_store(
    store: Remote, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ran(*arguments: str) -> tuple[object, dict[str, object]]:
        monkeypatch.setattr("sys.argv", ["guiju", "validate", *arguments, "--format=json", "--outcomes=all"])
        return run(), json.loads(capsys.readouterr().out)

    code, from_store = ran(f"--sparql-endpoint={store.query}", f"--graph={GRAPH.value}")
    expected, from_file = ran(str(SAMPLE))
    assert code == expected
    assert from_store["summary"] == from_file["summary"]


def test_a_store_that_cuts_its_answers_is_no_source() -> None:
    """It counts what there is, and gives fewer rows, with status 200."""

    def lie(request: BaseHTTPRequestHandler, body: bytes) -> None:
        query = parse_qs(body.decode())["query"][0]
        row: dict[str, dict[str, str]]
        if "?counted" in query:
            row = {"counted": {"type": "literal", "value": "1" if "GROUP BY" in query else "12"}}
        elif "GROUP BY" in query:
            name = "https://w3id.org/guiju/ontology#asOf"
            row = {"p": {"type": "uri", "value": name}, "n": {"type": "literal", "value": "12"}}
        else:
            day = {"type": "literal", "value": "2020-01-01"}
            row = {"s": {"type": "uri", "value": "urn:s"}, "p": {"type": "uri", "value": "urn:p"}, "o": day}
        answer = json.dumps({"head": {"vars": list(row)}, "results": {"bindings": [row]}}).encode()
        request.send_response(200)
        request.send_header("Content-Type", "application/sparql-results+json")
        request.send_header("Content-Length", str(len(answer)))
        request.end_headers()
        request.wfile.write(answer)

    with stores.lying(lie) as address, pytest.raises(RemoteError, match="cut"):
        facts(Remote(address), None)


def test_files_or_a_store_and_not_both(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for arguments in ([], [str(Path("x.ttl")), "--sparql-endpoint=http://127.0.0.1:1/"]):
        monkeypatch.setattr("sys.argv", ["guiju", "validate", *arguments])
        assert run() == 3
        assert "--sparql-endpoint" in capsys.readouterr().err
