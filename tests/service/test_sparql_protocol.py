"""``/sparql`` as the SPARQL 1.1 Protocol has it, with real clients, and with queries meant to do harm.

The first part is the query half of the W3C's protocol tests, each by its W3C name. Where one asks for a dataset of
its own or for an update, the refusal that the endpoint documents is asserted instead.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

import pytest
from pyoxigraph import NamedNode, QueryResultsFormat, QuerySolutions, RdfFormat, Store, parse, parse_query_results
from rdflib import Graph, Literal, URIRef
from rdflib.plugins.stores.sparqlstore import SPARQLStore

from guiju import keys
from guiju.service import guard, querying, worker
from guiju.service.held import held
from tests.service.server import SRC, Answer, Server, serving, within
from tests.service.watch import canary

FORM = "application/x-www-form-urlencoded"
DIRECT = "application/sparql-query"
JSON, XML = "application/sparql-results+json", "application/sparql-results+xml"
EVERYTHING = "SELECT * { ?s ?p ?o }"
STUCK = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


def _get(server: Server, query: str, accept: str | None = JSON, **more: str) -> Answer:
    return server.get("/sparql?" + urlencode({"query": query, **more}), accept)


def _post(server: Server, media: str | None, body: str | bytes, accept: str | None = JSON, at: str = "") -> Answer:
    headers = {"Accept": accept} if accept else {}
    if media:
        headers["Content-Type"] = media
    return server.ask("POST", f"/sparql{at}", headers, body.encode() if isinstance(body, str) else body)


def _true(answer: Answer) -> bool:
    assert answer.status == 200, answer.text
    return bool(json.loads(answer.body)["boolean"])


def _refused(answer: Answer, code: str, status: int = 400) -> None:
    assert answer.media == "application/problem+json"
    assert answer.status == status, answer.text
    assert json.loads(answer.body)["code"] in code.split(), answer.text


# The W3C's tests of the protocol, by name.


def test_query_get(server: Server) -> None:
    assert _true(_get(server, "ASK {}"))


def test_query_post_form(server: Server) -> None:
    assert _true(_post(server, FORM, "query=ASK%20%7B%7D"))


def test_query_post_direct(server: Server) -> None:
    assert _true(_post(server, DIRECT, "ASK {}"))


_DATA1, _DATA2 = (quote(f"http://kasei.us/2009/09/sparql/data/data{n}.rdf", safe="") for n in (1, 2))


@pytest.mark.parametrize(
    ("name", "method", "parameters"),
    [
        ("query_dataset_default_graphs_get", "GET", f"default-graph-uri={_DATA1}&default-graph-uri={_DATA2}"),
        ("query_dataset_default_graphs_post", "POST", f"default-graph-uri={_DATA1}&default-graph-uri={_DATA2}"),
        ("query_dataset_named_graphs_post", "POST", f"named-graph-uri={_DATA1}&named-graph-uri={_DATA2}"),
        ("query_dataset_named_graphs_get", "GET", f"named-graph-uri={_DATA1}&named-graph-uri={_DATA2}"),
        ("query_dataset_full", "POST", f"default-graph-uri={_DATA1}&named-graph-uri={_DATA2}"),
    ],
    ids=lambda value: value if value.startswith("query_") else "",
)
def test_query_dataset(server: Server, name: str, method: str, parameters: str) -> None:
    """There is one dataset; a client that asks for another is told so, and not answered from this one."""
    query = quote("ASK { ?s ?p ?o }", safe="")
    if method == "GET":
        _refused(server.get(f"/sparql?query={query}&{parameters}", JSON), "dataset-refused")
    else:
        _refused(_post(server, DIRECT, "ASK { ?s ?p ?o }", at=f"?{parameters}"), "dataset-refused")
        _refused(_post(server, FORM, f"query={query}&{parameters}"), "dataset-refused")


def test_query_multiple_dataset(server: Server) -> None:
    parameters = f"?default-graph-uri={_DATA1}"
    _refused(_post(server, DIRECT, "ASK FROM <http://example.org/g> { ?s ?p ?o }", at=parameters), "dataset-refused")
    _refused(_post(server, DIRECT, "ASK FROM <http://example.org/g> { ?s ?p ?o }"), "dataset-refused")
    _refused(_get(server, "SELECT * FROM NAMED <http://example.org/g> WHERE { ?s ?p ?o }"), "dataset-refused")


def test_query_content_type_select(server: Server) -> None:
    answer = _post(server, DIRECT, "SELECT (1 AS ?value) {}", f"{XML}, {JSON};q=0.1")
    assert (answer.status, answer.media) == (200, XML)
    assert ElementTree.fromstring(answer.body).findtext(".//{*}literal") == "1"


def test_query_content_type_ask(server: Server) -> None:
    answer = _post(server, DIRECT, "ASK {}", XML)
    assert (answer.status, answer.media) == (200, XML)
    assert ElementTree.fromstring(answer.body).findtext("{*}boolean") == "true"


@pytest.mark.parametrize(
    "query",
    ["DESCRIBE <http://example.org/>", "CONSTRUCT { <s> <p> 1 } WHERE {}"],
    ids=["query_content_type_describe", "query_content_type_construct"],
)
def test_query_content_type_describe_and_construct(server: Server, query: str) -> None:
    answer = _post(server, DIRECT, query, "application/rdf+xml")
    assert (answer.status, answer.media) == (200, "application/rdf+xml")
    assert len(list(parse(answer.body, format=RdfFormat.RDF_XML))) == query.startswith("CONSTRUCT")


def test_bad_query_method(server: Server) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        answer = server.ask(method, "/sparql?query=ASK%20%7B%7D")
        assert (answer.status, answer.media) == (405, "application/problem+json")


def test_bad_multiple_queries(server: Server) -> None:
    two = "query=ASK%20%7B%7D&query=SELECT%20%2A%20%7B%7D"
    _refused(server.get(f"/sparql?{two}", JSON), "several-queries")
    _refused(_post(server, FORM, two), "several-queries")
    _refused(_post(server, FORM, "query=ASK%20%7B%7D", at="?query=ASK%20%7B%7D"), "several-queries")
    _refused(_post(server, DIRECT, "ASK {}", at="?query=ASK%20%7B%7D"), "several-queries")


def test_bad_query_wrong_media_type(server: Server) -> None:
    _refused(_post(server, "text/plain", "ASK {}"), "media-type", 415)


def test_bad_query_missing_form_type(server: Server) -> None:
    _refused(_post(server, None, "query=ASK%20%7B%7D"), "media-type", 415)


def test_bad_query_missing_direct_type(server: Server) -> None:
    _refused(_post(server, None, "ASK {}"), "media-type", 415)


def test_bad_query_non_utf8(server: Server) -> None:
    _refused(_post(server, f"{DIRECT}; charset=UTF-16", "ASK {}".encode("utf-16")), "charset", 415)
    _refused(_post(server, DIRECT, "ASK {}".encode("utf-16")), "not-utf-8")
    _refused(server.get("/sparql?query=ASK%20%7B%7D%23%FF", JSON), "parameters")
    assert _true(_post(server, f'{DIRECT}; charset="UTF-8"', "ASK {}"))


def test_bad_query_syntax(server: Server) -> None:
    answer = _get(server, "ASK {")
    _refused(answer, "syntax")
    assert "1:6" in answer.text, "says where"


@pytest.mark.parametrize(
    ("name", "method", "media", "body"),
    [
        ("bad_update_get", "GET", None, "update=CLEAR%20ALL"),
        ("bad_multiple_updates", "POST", FORM, "update=CLEAR%20NAMED&update=CLEAR%20DEFAULT"),
        ("bad_update_wrong_media_type", "POST", "text/plain", "CLEAR NAMED"),
        ("bad_update_missing_form_type", "POST", None, "update=CLEAR%20NAMED"),
        ("bad_update_non_utf8", "POST", "application/sparql-update; charset=UTF-16", "CLEAR NAMED"),
        ("bad_update_syntax", "POST", FORM, "update=CLEAR%20XYZ"),
        ("bad_update_dataset_conflict", "POST", FORM, "using-named-graph-uri=http%3A%2F%2Fexample%2F&update=CLEAR"),
        # The rest are good updates, and none is done here.
        ("update_post_form", "POST", FORM, "update=CLEAR%20ALL"),
        ("update_post_direct", "POST", "application/sparql-update", "CLEAR ALL"),
        ("update_base_uri", "POST", "application/sparql-update", "INSERT DATA { <a> <b> <c> }"),
        ("update_dataset_default_graph", "POST", FORM, f"using-graph-uri={_DATA1}&update=CLEAR%20ALL"),
        ("update_dataset_default_graphs", "POST", FORM, f"using-graph-uri={_DATA1}&using-graph-uri={_DATA2}&update=X"),
        ("update_dataset_named_graphs", "POST", FORM, f"using-named-graph-uri={_DATA1}&update=CLEAR%20ALL"),
        ("update_dataset_full", "POST", FORM, f"using-graph-uri={_DATA1}&using-named-graph-uri={_DATA2}&update=X"),
    ],
    ids=lambda value: value if value and value.startswith(("bad_", "update_")) else "",
)
def test_no_update(server: Server, name: str, method: str, media: str | None, body: str) -> None:
    answer = server.get(f"/sparql?{body}", JSON) if method == "GET" else _post(server, media, body)
    assert answer.status in {400, 415}
    assert answer.media == "application/problem+json"
    assert json.loads(answer.body)["code"] in {"update-refused", "media-type"}


@pytest.mark.parametrize(
    "update",
    [
        "CLEAR ALL",
        "INSERT DATA { <http://e/a> <http://e/b> 1 }",
        "LOAD <file:///etc/passwd>",
        "DELETE WHERE { ?s ?p ?o }",
    ],
)
def test_an_update_sent_as_a_query_is_refused_by_name(server: Server, update: str) -> None:
    _refused(_post(server, DIRECT, f"# a comment\nPREFIX e: <http://e/>\n{update}"), "update-refused")


# Formats.


@pytest.mark.parametrize(
    ("media", "format_"),
    [
        (JSON, QueryResultsFormat.JSON),
        (XML, QueryResultsFormat.XML),
        ("text/tab-separated-values", QueryResultsFormat.TSV),
    ],
)
def test_select_formats(server: Server, media: str, format_: QueryResultsFormat) -> None:
    query = f"SELECT ?s ?o {{ ?s <{keys.GJ}text> ?o }} ORDER BY ?s LIMIT 7"
    answer = _get(server, query, media)
    assert (answer.status, answer.media) == (200, media)
    found = parse_query_results(answer.body, format=format_)
    assert isinstance(found, QuerySolutions)
    rows = [(row["s"], row["o"]) for row in found]
    here = Store()
    here.extend([q for q in parse(held().quads, format=RdfFormat.N_QUADS) if q.predicate.value == f"{keys.GJ}text"])
    expected = here.query(query)
    assert isinstance(expected, QuerySolutions)
    assert rows == [(row["s"], row["o"]) for row in expected]


def test_select_as_csv(server: Server) -> None:
    answer = _get(server, 'SELECT (1 AS ?a) ("一,二" AS ?b) {}', "text/csv")
    assert (answer.media, answer.text) == ("text/csv", 'a,b\r\n1,"一,二"\r\n')


@pytest.mark.parametrize(
    ("media", "format_"),
    [
        ("text/turtle", RdfFormat.TURTLE),
        ("application/n-triples", RdfFormat.N_TRIPLES),
        ("application/rdf+xml", RdfFormat.RDF_XML),
        ("application/ld+json", RdfFormat.JSON_LD),
    ],
)
def test_construct_formats(server: Server, media: str, format_: RdfFormat) -> None:
    query = f"CONSTRUCT {{ ?s <{keys.GJ}force> ?o }} WHERE {{ ?s <{keys.GJ}force> ?o }}"
    answer = _get(server, query, media)
    assert (answer.status, answer.media) == (200, media)
    found = {quad.triple for quad in parse(answer.body, format=format_)}
    assert found == {triple for triple in held().triples if triple.predicate.value == f"{keys.GJ}force"}


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, JSON),
        ("*/*", JSON),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("text/*", "text/csv"),
        ("application/json", "application/json"),
        (f"{XML};q=0.5, text/csv;q=0.6", "text/csv"),
        ("application/sparql-results+json;q=0, */*;q=0.1", XML),
        ("not a media type", JSON),
    ],
)
def test_negotiation(server: Server, accept: str | None, media: str) -> None:
    answer = _get(server, "ASK {}", accept)
    assert (answer.status, answer.media) == (200, media)
    assert answer.headers["vary"] == "Accept"


def test_what_cannot_be_had_is_406_with_what_can(server: Server) -> None:
    for query, accept, there in (("ASK {}", "text/turtle", JSON), ("DESCRIBE <x:y>", JSON, "text/turtle")):
        answer = _get(server, query, accept)
        assert answer.status == 406
        assert there in json.loads(answer.body)["detail"]


def test_what_is_no_xml_name_is_not_written_as_xml(server: Server) -> None:
    answer = _get(server, "CONSTRUCT { <x:s> <http://example.org/1> 1 } WHERE {}", "application/rdf+xml")
    _refused(answer, "not-as-rdf-xml", 406)


def test_equal_answers_are_sent_once(server: Server) -> None:
    query = f"CONSTRUCT {{ ?s <{keys.GJ}force> ?o }} WHERE {{ ?s <{keys.GJ}force> ?o }}"
    tags = {_get(server, query, "text/turtle").headers["etag"] for _ in range(6)}
    assert len(tags) == 1, "equal, whichever worker answers"
    again = server.get("/sparql?" + urlencode({"query": query}), "text/turtle", If_None_Match=tags.pop())
    assert (again.status, again.body) == (304, b"")


def test_without_a_query_the_endpoint_describes_itself(server: Server) -> None:
    sd = "http://www.w3.org/ns/sparql-service-description#"
    found = {quad.triple for quad in parse(server.get("/sparql", "text/turtle").body, format=RdfFormat.TURTLE)}
    by = {(triple.predicate.value, str(triple.object)) for triple in found}
    assert (sd + "endpoint", f"<{server.url}/sparql>") in by
    assert (sd + "supportedLanguage", f"<{sd}SPARQL11Query>") in by
    counted = next(triple.object for triple in found if triple.predicate.value.endswith("void#triples"))
    rows = json.loads(_get(server, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }").body)["results"]["bindings"]
    assert counted.value == rows[0]["n"]["value"]
    _refused(_post(server, FORM, "x=1"), "no-query")


def test_other_origins_may_ask(server: Server) -> None:
    leave = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    answer = server.ask("OPTIONS", "/sparql", leave)
    assert answer.status == 204
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "Content-Type" in answer.headers["access-control-allow-headers"]
    assert _get(server, "ASK {}").headers["access-control-allow-origin"] == "*"
    assert "POST" not in server.ask("OPTIONS", "/api/v1/validate", leave).headers["access-control-allow-methods"]


# Real clients.

NORMS = f"SELECT ?norm {{ ?norm <{keys.GJ}force> <{keys.GJ}InPrinciple> }} ORDER BY ?norm"


def _expected() -> list[str]:
    wanted = (NamedNode(f"{keys.GJ}force"), NamedNode(f"{keys.GJ}InPrinciple"))
    return sorted(t.subject.value for t in held().triples if (t.predicate, t.object) == wanted)  # type: ignore[union-attr]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("wanted", ["json", "xml"])
def test_sparqlwrapper(server: Server, method: str, wanted: str) -> None:
    from SPARQLWrapper import JSON as AS_JSON
    from SPARQLWrapper import XML as AS_XML
    from SPARQLWrapper import SPARQLWrapper

    client = SPARQLWrapper(f"{server.url}/sparql")
    client.setMethod(method)
    client.setQuery(NORMS)
    client.setReturnFormat(AS_JSON if wanted == "json" else AS_XML)
    found: Any = client.queryAndConvert()
    if wanted == "json":
        rows = [row["norm"]["value"] for row in found["results"]["bindings"]]
    else:
        rows = [node.firstChild.data for node in found.getElementsByTagName("uri")]
    assert rows == _expected() != []


# The client itself uses what rdflib is to drop.
@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
def test_sparqlwrapper_reads_a_graph_and_an_error(server: Server) -> None:
    from SPARQLWrapper import SPARQLWrapper
    from SPARQLWrapper.SPARQLExceptions import QueryBadFormed

    client = SPARQLWrapper(f"{server.url}/sparql")
    client.setQuery(f"CONSTRUCT {{ ?n <{keys.GJ}force> ?f }} WHERE {{ ?n <{keys.GJ}force> ?f }}")
    graph: Any = client.queryAndConvert()
    assert len(graph) == sum(t.predicate.value == f"{keys.GJ}force" for t in held().triples)
    client.setQuery("SELECT * {")
    with pytest.raises(QueryBadFormed, match="SPARQL"):
        client.queryAndConvert()


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
def test_rdflib_store(server: Server, method: Any) -> None:
    graph = Graph(SPARQLStore(f"{server.url}/sparql", method=method))
    assert [str(row[0]) for row in graph.query(NORMS)] == _expected()  # type: ignore[index]
    place = URIRef(f"{keys.ID}aic-measures-2018/art_39__para_2")
    texts = list(graph.objects(place, URIRef(f"{keys.GJ}text")))
    assert len(texts) == 1
    assert isinstance(texts[0], Literal)
    assert "10个工作日" in texts[0]


def test_curl(server: Server) -> None:
    base = ["curl", "--silent", "--show-error", "--fail-with-body"]
    url = f"{server.url}/sparql"
    forms = (
        ["--get", "--data-urlencode", f"query={NORMS}", "-H", "Accept: text/csv", url],
        ["--data-urlencode", f"query={NORMS}", "-H", "Accept: text/csv", url],
        ["-H", f"Content-Type: {DIRECT}", "--data-binary", NORMS, "-H", "Accept: text/csv", url],
    )
    for form in forms:
        done = subprocess.run([*base, *form], capture_output=True, text=True, check=True)
        assert done.stdout.split() == ["norm", *_expected()]
    done = subprocess.run([*base, "--head", f"{url}?query=ASK%7B%7D"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("HTTP/1.1 200")


# Harm beyond the entries of tests/threats.


@pytest.mark.parametrize(
    "text",
    ["a." * 49_000, "a-" * 49_000, "_a" * 49_000, ":" * 99_000, "<" + ")" * 98_000 + ">", "<a" * 49_000, "'" * 99_000,
     '"""' + "x" * 98_000, "a:%" * 33_000, "1." * 49_000, "#\n" * 49_000],
    ids=lambda text: text[:5],
)  # fmt: skip
def test_long_tokens_are_seen_through_once(server: Server, text: str) -> None:
    """A scan that went back over what it has read would not be done before the client gives up."""
    answer = _post(server, DIRECT, f"SELECT * {{ {text}")
    assert (answer.status, answer.media) == (400, "application/problem+json")


@pytest.mark.parametrize(
    "query",
    [
        'PREFIX service: <http://example.org/> SELECT ?service { ?service service:service "SERVICE { FROM" }',
        "SELECT * { ?s <http://example.org/service/from> ?o } # SERVICE <x> FROM",
        "SELECT * { ?s ?p ''' SERVICE ' (((( ''' }",
        'SELECT * { VALUES (?a ?b) { (<http://e/(a)#x> <http://e/b#y>) } FILTER(?a<?b) FILTER("x" < "y") }',
        "BASE <http://e/> SELECT ?insert { ?insert <clear> ?load }",
    ],
)
def test_words_in_names_and_texts_are_not_clauses(server: Server, query: str) -> None:
    assert _get(server, query).status == 200


def test_a_worker_reaches_nothing() -> None:
    """Were SERVICE let through, the kernel would still give the worker no socket and no file."""
    env = {**os.environ, "PYTHONPATH": str(SRC)}
    job = {"id": "1", "format": "json", "base": "http://e/", "prefixes": {}, "deadline": 10, "bytes": 10_000}
    kind = [worker.__name__, querying.__name__, str(1024**3), str(os.getpid())]
    with canary() as watched:
        queries = (f"SELECT * {{ SERVICE <http://{watched.server}/> {{ ?s ?p ?o }} }}", "ASK {}")
        bodies = [query.encode() for query in queries]
        sent = worker.head({}) + b"".join(worker.head({**job, "length": len(body)}, [body]) + body for body in bodies)
        done = subprocess.run(
            [sys.executable, "-P", "-m", *kind], input=sent, env=env, capture_output=True, check=False
        )
        assert done.returncode == 0
        assert b"Too many open files" in done.stdout
        assert b'"boolean":true' in done.stdout
        assert not watched.disturbed()


def test_a_worker_that_needs_too_much_memory_is_ended() -> None:
    limits = {"GUIJU_SPARQL_WORKERS": "1", "GUIJU_SPARQL_MEMORY": str(300 * 1024**2), "GUIJU_SPARQL_DEADLINE": "30"}
    with serving(**limits) as server:
        assert _true(_get(server, "ASK {}"))
        heavy = (
            "SELECT (COUNT(DISTINCT ?x) AS ?n) { ?a ?b ?c . ?d ?e ?f BIND (CONCAT(STR(?a), STR(?c), STR(?f)) AS ?x) }"
        )
        _refused(_get(server, heavy), "too-heavy", 503)
        assert _true(_get(server, "ASK {}"))


def test_stuck_queries_stop_nothing_else() -> None:
    """Threat 20: the queue is bounded, the health of the server is answered meanwhile, and nobody is left behind."""
    with serving(GUIJU_SPARQL_WORKERS="2", GUIJU_SPARQL_WAITING="2", GUIJU_SPARQL_DEADLINE="5") as server:
        assert _true(_get(server, "ASK {}"))
        assert within(20, lambda: len(server.workers()) == 2)
        before = server.workers()
        with ThreadPoolExecutor(12) as threads:
            stuck = [threads.submit(_get, server, STUCK) for _ in range(10)]
            assert within(20, lambda: any(one.done() for one in stuck))
            assert server.get("/api/v1/health").status == 200
            assert not all(one.done() for one in stuck), "health was answered while queries were stuck"
            codes = [json.loads(one.result().body)["code"] for one in stuck]
        assert {one.result().status for one in stuck} == {503}
        assert set(codes) == {"busy", "too-slow"}
        told = [one.result().headers.get("retry-after") for one in stuck]
        assert [code == "busy" for code in codes] == [bool(wait) for wait in told]
        assert server.workers() == before, "what was stuck was ended, and its worker stays warm"
        assert within(5, lambda: not server.copies())
        assert _true(_get(server, "ASK {}"))


def test_who_goes_away_ends_the_query(server: Server) -> None:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
    before = server.copies()
    connection.request("GET", "/sparql?" + urlencode({"query": STUCK}))
    assert within(20, lambda: server.copies() - before)
    connection.close()
    assert within(3, lambda: not server.copies() - before), "before its deadline"


def test_a_killed_worker_is_replaced(server: Server) -> None:
    assert within(20, lambda: len(server.workers()) == 2)
    for number in server.workers():
        os.kill(number, signal.SIGKILL)
    found = [_get(server, "ASK {}") for _ in range(4)]
    assert {answer.status for answer in found} <= {200, 503}
    assert within(20, lambda: _get(server, "ASK {}").status == 200)


def test_large_bodies_are_refused(server: Server) -> None:
    _refused(_post(server, DIRECT, "ASK {} #" + "x" * 2_000_000), "body-too-large", 413)
    _refused(_post(server, DIRECT, "ASK {} #" + "x" * 200_000), "query-too-long", 413)
    _refused(_post(server, FORM, "&".join(f"a{n}=1" for n in range(500))), "parameters")


def test_the_questions_of_the_library_pass_the_guard() -> None:
    files = sorted((held().library.knowledge.root / "queries").rglob("*.rq"))
    assert len(files) > 80
    assert {guard.form(file.read_text(encoding="utf-8")) for file in files} == {"SELECT", "CONSTRUCT"}
