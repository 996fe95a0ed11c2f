"""Every IRI of ours dereferences, in every format alike; what is offered is described, and nothing is let out or in."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient
from pyoxigraph import (
    CanonicalizationAlgorithm,
    Dataset,
    Literal,
    NamedNode,
    Quad,
    QuerySolutions,
    RdfFormat,
    Store,
    Triple,
    parse,
)
from rdflib import Graph
from rdflib.compare import isomorphic

from guiju import api, keys, tables
from guiju.library import Answer as Answered
from guiju.library import catalogue
from guiju.service import answers, describe, html, linked
from guiju.service.datasets import spaces
from guiju.service.held import Held, held
from guiju.service.negotiation import GRAPHS
from tests.service.server import Server

AIC = "aic-measures-2018"
PROVISION = f"id/{AIC}/art_39__para_2"
NORM = f"norm/{AIC}/art_39__para_2.report-to-supervisory-board"
SHAPE = NORM.replace("norm/", "shape/")
FORMATS = {
    "text/turtle": RdfFormat.TURTLE,
    "application/ld+json": RdfFormat.JSON_LD,
    "application/n-triples": RdfFormat.N_TRIPLES,
    "application/rdf+xml": RdfFormat.RDF_XML,
}
SOME = [
    f"id/{AIC}", PROVISION, "id/agent/cbirc", "id/external/company-law", "id/calendar/2018", NORM, SHAPE,
    f"{SHAPE}/not-known", "taxonomy/act/disclosure", "taxonomy/metric/scheme", "ontology/not-known",
]  # fmt: skip


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(api.app, follow_redirects=False) as found:
        yield found


def _place(iri: str) -> str:
    """Where a client that follows what is answered finds the description of an IRI."""
    path = urlsplit(iri).path.removeprefix("/guiju")
    return f"/about{path}" if path.startswith(("/id/", "/norm/", "/taxonomy/")) else path


def _canonical(text: bytes, media: str) -> frozenset[str]:
    dataset = Dataset(Quad(*triple) for triple in _triples(text, media))
    dataset.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return frozenset(map(str, dataset))


def _triples(text: bytes, media: str) -> set[Triple]:
    return {quad.triple for quad in parse(text, format=FORMATS[media])}


def _text(triple: Triple) -> str:
    """The object of a statement, without language or datatype."""
    assert not isinstance(triple.object, Triple)
    return triple.object.value


# Dereferencing.


def test_every_iri_of_ours_dereferences() -> None:
    """Whatever IRI of ours stands anywhere in what is held is known, and is told of in its document."""
    terms = {term.value for triple in held().triples for term in triple if isinstance(term, NamedNode)}
    ours = {iri for iri in terms if iri.startswith(keys.BASE)}
    assert len(ours) > 4_000
    unknown = {iri for iri in ours if not describe.exists(iri.partition("#")[0] if "#" in iri else iri)}
    assert not unknown
    in_modules = {iri: {t for d in describe.describe(iri) for t in d} for iri in describe.MODULES}
    untold = {iri for iri in ours if "#" in iri and NamedNode(iri) not in in_modules.get(iri.partition("#")[0], set())}
    # Names in use as predicates alone are told of by nothing but their use.
    assert not {iri for iri in untold if NamedNode(iri) in held().of or NamedNode(iri) in held().to}


@pytest.mark.parametrize("path", SOME)
def test_a_thing_leads_to_its_description(server: Server, path: str) -> None:
    answer = server.get(f"/{path}", "text/turtle")
    if path.startswith(("shape/", "ontology")):
        assert answer.status == 200
    else:
        assert (answer.status, answer.body) == (303, b"")
        assert answer.headers["location"] == f"/about/{path}"
        answer = server.get(answer.headers["location"], "text/turtle")
    assert (answer.status, answer.media) == (200, "text/turtle")
    subject = NamedNode(keys.BASE + path)
    if path != "ontology/not-known":
        said = {
            t
            for t in held().triples
            if t.subject == subject and t.predicate.value not in (f"{keys.GJ}zh", f"{keys.GJ}en")
        }
        assert said, "nothing is held of it"
        found = {t for t in _triples(answer.body, "text/turtle") if t.subject == subject}
        assert {str(t.predicate) for t in found} == {str(t.predicate) for t in said}
        assert len(found) == len(said)


@pytest.mark.parametrize("path", [*SOME, "ontology"])
def test_all_formats_say_the_same(client: TestClient, path: str) -> None:
    place = _place(keys.BASE + path)
    said = {}
    for media, ending in GRAPHS.items():
        negotiated = client.get(place, headers={"accept": media})
        fixed = client.get(f"{place}.{ending}")
        assert negotiated.status_code == fixed.status_code == 200
        assert negotiated.content == fixed.content
        assert negotiated.headers["content-location"] == f"{place}.{ending}"
        said[media] = _canonical(negotiated.content, media)
    assert len(set(said.values())) == 1
    page = client.get(place, headers={"accept": "text/html"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.content == client.get(f"{place}.html").content


def test_a_description_tells_what_points_to_the_thing_and_what_it_is_called(client: TestClient) -> None:
    found = _triples(client.get(f"/about/{PROVISION}.ttl").content, "text/turtle")
    norm, place = NamedNode(keys.BASE + NORM), NamedNode(keys.BASE + PROVISION)
    assert Triple(norm, NamedNode(f"{keys.GJ}statedIn"), place) in found
    called = {(t.subject, _text(t)) for t in found if t.predicate.value == f"{keys.RDFS}label"}
    assert (norm, "重大关联交易报告监事会") in called
    assert (NamedNode(f"{keys.GJ}statedIn"), "stated in") in called
    referred = _triples(client.get(f"/about/id/{AIC}/art_31.ttl").content, "text/turtle")
    assert any(t.predicate.value == f"{keys.GJ}refersTo" and _text(t).endswith("/art_31") for t in referred)
    shape = _triples(client.get(f"/about/{NORM}.ttl").content, "text/turtle")
    assert Triple(NamedNode(keys.BASE + SHAPE), NamedNode(f"{keys.GJ}enforces"), norm) in shape


def test_a_scheme_may_be_asked_for_by_its_short_address(client: TestClient) -> None:
    for path in ("/taxonomy/act", "/taxonomy/act/"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/about/taxonomy/act/scheme")


@pytest.mark.parametrize(
    "path",
    [
        "/id/no-such-document", f"/id/{AIC}/art_999", f"/norm/{AIC}/art_39__para_2.no-such-norm", "/shape/x",
        "/taxonomy/act/no-such-act", "/about/ontology/x", "/about/nothing", "/id/", "/about/id/agent",
        "/id/..%2f..%2fetc/passwd", "/about/%00", "/about/id/%3Cscript%3E", "/void.exe", "/ontology.exe",
    ],
)  # fmt: skip
def test_what_is_not_there_is_404(server: Server, path: str) -> None:
    answer = server.get(path)
    assert (answer.status, answer.media) == (404, "application/problem+json")
    assert json.loads(answer.body)["detail"]


def test_a_mistaken_key_is_told_its_neighbours(client: TestClient) -> None:
    said = client.get(f"/id/{AIC}/art_39__para_9").json()["detail"]
    assert f"{AIC}/art_39__para_" in said.partition("near it")[2]


# Negotiation.


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, "text/html"),
        ("*/*", "text/html"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("text/turtle", "text/turtle"),
        ("text/turtle;q=0.8, application/ld+json;q=0.9", "application/ld+json"),
        ("application/*", "application/ld+json"),
        ("application/*, application/ld+json;q=0", "application/n-triples"),
        ("text/html;q=0, */*;q=0.1", "text/turtle"),
        ("application/rdf+xml;q=0.3, text/*;q=0.2", "application/rdf+xml"),
        ("TEXT/TURTLE", "text/turtle"),
        (";;;", "text/html"),
        ("text/turtle" + ";q=1, text/turtle" * 1_000, "text/html"),
    ],
)
def test_negotiation(client: TestClient, accept: str | None, media: str) -> None:
    headers = {"accept": accept} if accept else {"accept": ""}
    answer = client.get(f"/about/{NORM}", headers=headers)
    assert answer.headers["content-type"].split(";")[0] == media
    assert answer.headers["vary"] == "Accept"


def test_what_cannot_be_had_is_406_with_what_can(client: TestClient) -> None:
    answer = client.get(f"/about/{NORM}", headers={"accept": "image/png, text/html;q=0"})
    assert answer.status_code == 406
    assert all(media in answer.json()["detail"] for media in ("text/html", *GRAPHS))


def test_what_is_unchanged_is_not_sent_again(client: TestClient) -> None:
    tags = {media: client.get(f"/about/{NORM}", headers={"accept": media}).headers["etag"] for media in GRAPHS}
    assert len(set(tags.values())) == len(GRAPHS), "a tag is of one format"
    assert all(re.fullmatch(r'"[0-9a-f]+"', tag) for tag in tags.values()), "strong"
    tag = tags["text/turtle"]
    for held_tags in (tag, f'"x", {tag}', f"W/{tag}", "*"):
        answer = client.get(f"/about/{NORM}", headers={"accept": "text/turtle", "if-none-match": held_tags})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == tag
    other = client.get(f"/about/{NORM}", headers={"accept": "text/turtle", "if-none-match": '"x"'})
    assert other.status_code == 200


@pytest.mark.parametrize("path", [f"/about/{NORM}", f"/{NORM}", "/api/v1/health", "/void", "/about/nothing"])
def test_head_is_get_without_a_body(server: Server, path: str) -> None:
    got, headed = server.ask("GET", path), server.ask("HEAD", path)
    assert (headed.status, headed.body) == (got.status, b"")
    assert headed.headers["content-length"] == got.headers["content-length"] == str(len(got.body))


def test_the_same_everywhere_and_every_time(server: Server, client: TestClient) -> None:
    """Two processes give the same bytes: a cache in front of several is of use."""
    for path in (f"/about/{SHAPE}", "/ontology", "/dump.nq.gz", f"/about/id/{AIC}"):
        for media in ("text/turtle", "application/rdf+xml", "application/ld+json", "text/html"):
            accept = "*/*" if path.startswith("/dump") else media
            place = _place(keys.BASE.rstrip("/") + path.removeprefix("/about")) if "/about/shape" in path else path
            assert (
                server.get(place, accept).headers["etag"]
                == client.get(place, headers={"accept": accept}).headers["etag"]
            )


# The law of a day.


@pytest.mark.parametrize(
    ("path", "day", "state", "words"),
    [
        (PROVISION, "2018-06-28", "InForce-notInForce", "尚未施行：自 2018-06-29 起"),
        (PROVISION, "2018-06-29", "InForce-inForce", "已施行（自 2018-06-29 起；来源没有记载其失效）"),
        (NORM, "2018-06-28", "InForce-notInForce", "尚未施行"),
        (SHAPE, "2018-06-29", "InForce-inForce", "已施行"),
        (f"id/{AIC}", "2018-06-29", "InForce-inForce", "已施行"),
        ("id/amc-opinions-2025", "2026-01-01", None, "是否施行不详"),
    ],
)
def test_as_of(client: TestClient, path: str, day: str, state: str | None, words: str) -> None:
    answer = client.get(f"/{path}?as-of={day}", headers={"accept": "text/turtle"})
    if answer.status_code == 303:
        assert answer.headers["location"].endswith(f"?as-of={day}")
        answer = client.get(answer.headers["location"], headers={"accept": "text/turtle"})
    found = _triples(answer.content, "text/turtle")
    states = {_text(t) for t in found if t.predicate.value == f"{keys.ELI}in_force"}
    assert states == ({f"{keys.ELI}{state}"} if state else set())
    assert any(isinstance(t.object, Literal) and words in t.object.value for t in found)
    page = client.get(f"{_place(keys.BASE + path)}?as-of={day}", headers={"accept": "text/html"}).text
    assert words in page


def test_a_norm_has_dates_of_its_own_and_an_end() -> None:
    """On invented data: the norm's own first day, and the day on which it ceases, which is not one of them."""

    real = held().library.knowledge
    norm = NamedNode(keys.BASE + NORM)
    store = Store()
    store.extend(real.store)
    for name, day in (("appliesFrom", "2019-01-01"), ("appliesUntil", "2020-01-01")):
        value = Literal(day, datatype=NamedNode(f"{keys.XSD}date"))
        store.add(Quad(norm, NamedNode(keys.GJ + name), value))
    query = real.query("provisions/in-force")
    states = {}
    for day in ("2018-12-31", "2019-01-01", "2019-12-31", "2020-01-01"):
        bound = query.replace("?place", str(norm)).replace("?on", f'"{day}"^^<{keys.XSD}date>')
        bound = re.sub(r"SELECT[^\n]*", "SELECT ?state", bound)
        found = store.query(bound)
        assert isinstance(found, QuerySolutions)
        states[day] = [row["state"].value for row in found]
    assert list(states.values()) == [["not-yet"], ["in-force"], ["in-force"], ["no-longer"]]


@pytest.mark.parametrize(
    ("path", "day"),
    [(PROVISION, "2018-02-30"), (PROVISION, "yesterday"), (PROVISION, "20180629"), ("id/agent/cbirc", "2018-06-29"),
     ("taxonomy/act/disclosure", "2018-06-29")],
)  # fmt: skip
def test_a_day_that_is_none_and_things_without_days_are_422(client: TestClient, path: str, day: str) -> None:
    answer = client.get(f"/about/{path}?as-of={day}")
    assert (answer.status_code, answer.json()["errors"][0]["where"]) == (422, ["query", "as-of"])


# JSON-LD.


def test_json_ld_stands_by_itself_and_agrees_with_the_whole_context(client: TestClient) -> None:
    whole = client.get("/context.jsonld")
    assert whole.headers["content-type"] == "application/ld+json"
    assert "max-age" in whole.headers["cache-control"]
    context = whole.json()["@context"]
    for path in SOME:
        part = json.loads(client.get(f"{_place(keys.BASE + path)}.jsonld").content)
        assert part["@context"].items() <= context.items()
        assert len(part["@context"]) < len(context) / 2
        other = json.dumps({**part, "@context": context}).encode()
        media = "application/ld+json"
        assert _canonical(json.dumps(part).encode(), media) == _canonical(other, media)


# The reader itself uses what it is to drop.
@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
@pytest.mark.parametrize("path", SOME)
def test_another_reader_of_json_ld_agrees(client: TestClient, path: str) -> None:
    place = _place(keys.BASE + path)
    graphs = [
        Graph().parse(data=client.get(place + end).text, format=name)
        for end, name in ((".jsonld", "json-ld"), (".nt", "nt"))
    ]
    assert len(graphs[0]) > 5
    assert isomorphic(*graphs)


def test_json_ld_is_compact(client: TestClient) -> None:
    graph = json.loads(client.get(f"/about/{NORM}.jsonld").content)["@graph"]
    node = next(node for node in graph if node["id"] == keys.BASE + NORM)
    assert node["rdfs:label"] == {"zh": "重大关联交易报告监事会", "en": "report to the board of supervisors"}
    assert node["statedIn"] == keys.BASE + PROVISION
    assert (node["type"], node["ordinal"]) == ("gj:Obligation", 4)


def test_json_ld_keeps_every_kind_of_value() -> None:
    """Values that the context would read otherwise are written out: none changes on its way."""
    thing, text = NamedNode("https://example.org/a"), f"{keys.RDFS}label"
    values: list[tuple[str, Literal | NamedNode]] = [
        (text, Literal("x")),
        (text, Literal("一", language="zh")),
        (text, Literal("二", language="zh")),
        (text, NamedNode("https://example.org/b")),
        (f"{keys.GJ}statedIn", Literal("https://example.org/c")),
        (f"{keys.GJ}position", Literal("007", datatype=NamedNode(f"{keys.XSD}integer"))),
        (f"{keys.GJ}position", Literal("7", datatype=NamedNode(f"{keys.XSD}integer"))),
        (f"{keys.GJ}position", Literal("12345678901234567890", datatype=NamedNode(f"{keys.XSD}integer"))),
        (f"{keys.GJ}value", Literal("1.50", datatype=NamedNode(f"{keys.XSD}decimal"))),
        (f"{keys.GJ}from", Literal("2018-06-29", datatype=NamedNode(f"{keys.XSD}date"))),
        (f"{keys.GJ}from", Literal("2018-06-29")),
        (f"{keys.GJ}concludedOnly", Literal("true", datatype=NamedNode(f"{keys.XSD}boolean"))),
        (f"{keys.GJ}concludedOnly", Literal("1", datatype=NamedNode(f"{keys.XSD}boolean"))),
        ("https://example.org/p/1", Literal("f", language="fr")),
        ("https://example.org/p/1", Literal("@type")),
        (f"{keys.RDF}type", NamedNode("https://example.org/C")),
    ]
    triples = [Triple(thing, NamedNode(name), value) for name, value in values]
    assert _triples(describe.json_ld(triples), "application/ld+json") == set(triples)


# Pages.


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.ids: set[str] = set()
        self.handlers: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in {"href", "src", "action"}:
                self.links.append((tag, value or ""))
            elif name == "id":
                self.ids.add(value or "")
            elif name.startswith("on") or name == "style":
                self.handlers.append(name)


@pytest.mark.parametrize("path", [*SOME, "ontology", "void"])
def test_a_page_has_no_script_and_leads_only_to_what_is_here(client: TestClient, path: str) -> None:
    place = _place(keys.BASE + path) if path != "void" else "/void.html"
    answer = client.get(place, headers={"accept": "text/html"})
    page = _Page(answer.text)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert not {"script", "iframe", "img", "object"} & set(page.tags)
    assert not page.handlers
    assert page.tags.count("h1") == 1
    outside = [link for _, link in page.links if not link.startswith(("/", "#"))]
    assert not outside
    inside = sorted({link.partition("#")[0] for _, link in page.links if link.startswith("/")})
    assert len(inside) >= 5
    for link in inside[:40]:
        assert client.get(link).status_code == 200, link
    assert {link[1:] for _, link in page.links if link.startswith("#")} <= page.ids


def test_every_term_has_its_place_on_the_page(client: TestClient) -> None:
    """The fragment of a term's IRI leads a browser to what is said of it."""
    for module, prefix in describe.MODULES.items():
        page = _Page(client.get(f"/{module.removeprefix(keys.BASE)}", headers={"accept": "text/html"}).text)
        terms = {node.value for node in [*held().of, *held().to] if isinstance(node, NamedNode)}
        wanted = {iri.removeprefix(prefix) for iri in terms if iri.startswith(prefix)}
        assert wanted
        assert wanted <= page.ids


def test_pages_are_chinese_first(client: TestClient) -> None:
    text = client.get(f"/about/{PROVISION}.html").text
    assert '<html lang="zh-Hans">' in text
    assert text.index("《金融资产投资公司管理办法（试行）》第三十九条第二款") < text.index("art. 39(2)")
    assert "重大关联交易应当自批准之日起10个工作日内报告监事会" in text


def test_every_property_of_another_vocabulary_has_a_chinese_name() -> None:
    used = {triple.predicate for triple in held().triples if not triple.predicate.value.startswith(keys.BASE)}
    unnamed = {str(predicate) for predicate in used if not re.search("[一-鿿]", html.name(predicate)[0])}
    assert not unnamed, "name them in src/guiju/service/pages.ttl, so that a page can be read"


def test_no_text_becomes_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threat 21: what stands in a literal or an IRI stays text, and only our own IRIs are links."""
    evil = '</p><script>alert(1)</script><img src=x onerror="alert(1)">'
    node = NamedNode(f"{keys.ID}evil")
    triples = [
        Triple(node, NamedNode(f"{keys.RDFS}label"), Literal(evil, language="zh")),
        Triple(node, NamedNode(f"{keys.SKOS}definition"), Literal(evil + "\n" + evil)),
        Triple(node, NamedNode(f"{keys.DCTERMS}source"), NamedNode("javascript:alert(1)")),
        Triple(node, NamedNode("javascript:alert(2)"), Literal(evil, language="en")),
        Triple(NamedNode("javascript:alert(3)"), NamedNode(f"{keys.ELI}cites"), node),
    ]
    fake = Held(held().library)
    fake.__dict__.update(triples=triples, prefixes=held().prefixes)
    monkeypatch.setattr(html, "held", lambda: fake)
    page = _Page(html.page(node.value, [Literal(evil, language="zh")], "").decode())
    assert not {"script", "img"} & set(page.tags)
    assert not page.handlers
    assert not [link for _, link in page.links if "javascript" in link]


# Datasets.


def _count(store: Store, query: str) -> int:
    found = store.query(f"SELECT (COUNT(*) AS ?n) {{ {query} }}")
    assert isinstance(found, QuerySolutions)
    return int(next(iter(found))["n"].value)


def test_counts_are_those_of_the_data(server: Server) -> None:
    void, v = "http://rdfs.org/ns/void#", f"{keys.BASE}void#"
    said = _triples(server.get("/.well-known/void", "text/turtle").body, "text/turtle")
    of = {
        (t.subject.value, t.predicate.value.removeprefix(void)): _text(t)
        for t in said
        if isinstance(t.subject, NamedNode)
    }
    store = Store()
    store.bulk_load(gzip.decompress(server.get("/dump.nq.gz").body), format=RdfFormat.N_QUADS)
    assert len(store) == int(of[f"{v}guiju", "triples"]) == len(held().triples)
    distinct = "{ SELECT DISTINCT ?%s { ?s ?p ?o } }"
    for name, letter in (("properties", "p"), ("distinctSubjects", "s"), ("distinctObjects", "o")):
        assert int(of[f"{v}guiju", name]) == _count(store, distinct % letter)
    for dataset, begins in (
        ("norms", keys.NORM),
        ("documents", keys.ID),
        ("shapes", keys.SHAPE),
        ("taxonomies", keys.TAXONOMY),
    ):
        mine = f'?s ?p ?o FILTER (isIRI(?s) && STRSTARTS(STR(?s), "{begins}"))'
        things = f'{{ SELECT DISTINCT ?s {{ ?s a ?c FILTER STRSTARTS(STR(?s), "{begins}") }} }}'
        assert int(of[f"{v}{dataset}", "triples"]) >= _count(store, mine) > 0
        assert int(of[f"{v}{dataset}", "entities"]) == _count(store, things) > 0
    parts = {t.subject: t.object for t in said if t.predicate.value == f"{void}class"}
    sizes = {t.subject: int(_text(t)) for t in said if t.predicate.value == f"{void}entities" and t.subject in parts}
    assert len(sizes) == len(parts) > 20
    for node, kind in parts.items():
        assert sizes[node] == _count(store, f"?s a {kind} FILTER isIRI(?s)")


def test_alignments_are_linksets(server: Server) -> None:
    void, v = "http://rdfs.org/ns/void#", f"{keys.BASE}void#"
    said = _triples(server.get("/void", "text/turtle").body, "text/turtle")
    files = sorted((held().library.knowledge.root / "ontology" / "alignments").glob("*.ttl"))
    assert len(files) >= 7
    for file in files:
        links = {quad.triple for quad in parse(path=str(file), format=RdfFormat.TURTLE)}
        node, target = NamedNode(f"{v}alignment-{file.stem}"), NamedNode(f"{v}target-{file.stem}")
        about = {t.predicate.value: t.object for t in said if t.subject == node}
        assert getattr(about[f"{void}triples"], "value", None) == str(len(links))
        assert about[f"{void}objectsTarget"] == target
        begins = tuple(
            t.object.value
            for t in said
            if t.subject == target and t.predicate.value == f"{void}uriSpace" and isinstance(t.object, Literal)
        )
        assert all(urlsplit(one).netloc for one in begins)
        assert all(isinstance(link.object, NamedNode) and link.object.value.startswith(begins) for link in links)
    assert spaces(["http://e/a#x", "http://f/y", "http://e/a#y"]) == ["http://e/a#", "http://f/"]
    assert spaces(["http://e/ab/x", "http://e/ac/y"]) == ["http://e/"]


def test_what_is_said_of_access_is_true(server: Server) -> None:
    void, dcat = "http://rdfs.org/ns/void#", "http://www.w3.org/ns/dcat#"
    said = _triples(server.get("/.well-known/void", "text/turtle").body, "text/turtle")
    by: dict[str, list[str]] = {}
    for triple in said:
        by.setdefault(triple.predicate.value, []).append(_text(triple))
    dump = server.get(urlsplit(by[f"{void}dataDump"][0]).path)
    assert by[f"{void}dataDump"][0] == f"{server.url}/dump.nq.gz"
    assert (dump.status, dump.media, len(dump.body)) == (200, "application/gzip", int(by[f"{dcat}byteSize"][0]))
    assert "content-encoding" not in dump.headers
    asked = server.get(urlsplit(by[f"{void}sparqlEndpoint"][0]).path + "?query=ASK%7B%7D")
    assert asked.status == 200
    for example in by[f"{void}exampleResource"]:
        assert server.get(_place(example.partition("#")[0])).status == 200
        assert describe.exists(example)
    assert set(by[f"{keys.DCTERMS}license"]) == {linked.LICENCE}
    whole = NamedNode(f"{keys.BASE}void#guiju")
    assert any(t.subject == whole and t.predicate.value == f"{keys.DCTERMS}provenance" for t in said)
    told = _triples(server.get(f"/about/{NORM}", "text/turtle").body, "text/turtle")
    assert {_text(t) for t in told if t.predicate.value == f"{void}inDataset"} == {f"{keys.BASE}void#norms"}


# Answers to questions, errors and headers.


def test_a_question_is_answered_as_json_csv_and_json_ld(client: TestClient) -> None:
    place = f"/api/v1/queries/norms/deadlines?document={AIC}"
    rows = client.get(place).json()
    assert rows
    text = client.get(place, headers={"accept": "text/csv"})
    assert text.headers["content-type"] == "text/csv; charset=utf-8"
    table = list(csv.reader(io.StringIO(text.content.decode("utf-8-sig"))))
    assert table[0] == list(rows[0])
    assert table[1:] == [["" if value is None else value for value in row.values()] for row in rows]
    linked_rows = client.get(place, headers={"accept": "application/ld+json"}).content
    rs = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"
    found = _triples(linked_rows, "application/ld+json")
    assert {_text(t) for t in found if t.predicate.value == f"{rs}resultVariable"} == set(rows[0])
    values = {t.object for t in found if t.predicate.value == f"{rs}value"}
    assert NamedNode(keys.NORM + rows[0]["norm"]) in values
    bound = sum(t.predicate.value == f"{rs}binding" for t in found)
    assert bound == sum(value is not None for row in rows for value in row.values())
    assert client.get(place, headers={"accept": "image/png"}).status_code == 406


def test_an_answer_comes_in_parts(client: TestClient) -> None:
    place = f"/api/v1/queries/norms/deadlines?document={AIC}"
    whole = client.get(place)
    found, following = [], f"{place}&limit=3"
    while following:
        part = client.get(following)
        assert 1 <= len(part.json()) <= 3
        assert part.headers["x-total-count"] == str(len(whole.json()))
        found += part.json()
        following = part.links["next"]["url"] if "next" in part.links else ""
    assert found == whole.json()
    assert len(found) > 3
    assert client.get(f"{place}&offset=9999").json() == []
    for wrong in ("limit=0", "limit=x", "offset=-1", "limit=１"):
        answer = client.get(f"{place}&{wrong}")
        assert (answer.status_code, answer.json()["errors"][0]["where"]) == (422, ["query", wrong.partition("=")[0]])


def test_no_question_has_a_parameter_of_the_parts() -> None:
    names = {param.name for question in catalogue(held().library.knowledge.root) for param in question.params}
    assert not names & {"limit", "offset"}


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"), ("+SUM(A1)", "'+SUM(A1)"), ("-2+3", "'-2+3"), ("@SUM(A1)", "'@SUM(A1)"), ("\tx", "'\tx"),
        ("-5", "-5"), ("-0.05", "-0.05"), ("+3", "+3"), ("第三十九条", "第三十九条"), ("a=1", "a=1"), ("", ""),
    ],
)  # fmt: skip
def test_no_cell_is_a_formula(cell: str, written: str) -> None:
    """Threat 19."""
    assert tables.inert(cell) == written
    answer = Answered(("a",), [(Literal(cell),)])
    text = answers.csv_of(answer).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text, newline="")))[1:] == ([[written]] if cell else [[""]])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/documents/nothing", 404),
        ("GET", "/no/such/path", 404),
        ("DELETE", "/api/v1/health", 405),
        ("GET", "/api/v1/search", 422),
        ("GET", "/api/v1/queries/norms/deadlines?no=1", 422),
        ("GET", "/api/v1/queries/no/such", 404),
        ("GET", "/sparql?query=SELECT", 400),
    ],
)
def test_errors_are_problem_details(client: TestClient, method: str, path: str, status: int) -> None:
    answer = client.request(method, path)
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert answer.status_code == problem["status"] == status
    assert problem["type"] == "about:blank"
    assert problem["title"]
    assert isinstance(problem["detail"], str)
    if status == 422:
        assert problem["errors"][0]["where"] == ["query", "no" if "?no" in path else "q"]


def test_our_own_fault_is_a_problem_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(linked, "_known", fail)
    with TestClient(api.app, raise_server_exceptions=False) as found:
        answer = found.get(f"/about/{NORM}")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "secret" not in answer.text


@pytest.mark.parametrize("path", ["/api/v1/health", f"/about/{NORM}", "/nothing", "/sparql", "/openapi.json"])
def test_every_answer_carries_the_headers_of_safety(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in headers


def test_other_origins_do_not_read_what_is_sent_to_be_judged(client: TestClient) -> None:
    answer = client.post("/api/v1/validate", content=b"x", headers={"content-type": "text/plain"})
    assert "access-control-allow-origin" not in answer.headers


def test_it_may_stand_below_another_path() -> None:
    """Behind a proxy that serves it at ``/guiju``, every address that is given leads back to it."""
    with TestClient(api.app, root_path="/guiju", follow_redirects=False) as below:
        place = below.get(f"/guiju/{PROVISION}").headers["location"]
        assert place == f"/guiju/about/{PROVISION}"
        links = {link for _, link in _Page(below.get(place, headers={"accept": "text/html"}).text).links}
        assert links
        assert all(link.startswith(("/guiju/", "#")) for link in links)
        assert "/guiju/sparql>" in below.get("/guiju/void.ttl").text
        assert below.get("/guiju/sparql?query=ASK%7B%7D").json()["boolean"] is True


def test_the_service_is_described(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert {"/sparql", "/.well-known/void", "/id/{path}", "/about/{path}", "/dump.nq.gz"} <= set(paths)
