"""The HTTP API: a few generic routes, the same answers as the command, errors that say what to do."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from pyoxigraph import NamedNode, RdfFormat, Triple, parse

from guiju import api, keys, library
from guiju.paths import samples
from guiju.service.held import held
from guiju.service.negotiation import GRAPHS
from guiju.service.openapi import example_of
from tests.test_cli import BELOW

AIC = "aic-measures-2018"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(api.app) as found:
        yield found


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/api/v1/health", "ok"),
        ("/api/v1/documents", "aic-measures-2018"),
        ("/api/v1/documents/aic-measures-2018", "art_39"),
        ("/api/v1/provisions/aic-measures-2018/art_39__para_2", "10个工作日"),
        ("/api/v1/norms/aic-measures-2018/art_39__para_2.disclosure", "Obligation"),
        ("/api/v1/shapes/aic-measures-2018/art_39__para_2.disclosure", "requiredAct"),
        ("/api/v1/needs/aic-measures-2018/art_39__para_2", "skeleton"),
        ("/api/v1/search?q=监事", "art_39__para_2"),
        ("/api/v1/queries", "norms/deadlines"),
        ("/api/v1/queries/norms/deadlines", "10"),
        ("/api/v1/coverage", "aic-measures-2018"),
        ("/api/v1/coverage/aic-measures-2018", "art_11__para_1"),
    ],
)
def test_routes_answer(client: TestClient, path: str, says: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert says in answer.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/documents/nothing", 404),
        ("/api/v1/provisions/aic-measures-2018/art_999", 404),
        ("/api/v1/norms/aic-measures-2018/art_39__para_2", 404),
        ("/api/v1/shapes/aic-measures-2018/art_39__para_2.major-transaction", 404),
        ("/api/v1/queries/no/such", 404),
        ("/api/v1/queries/norms/deadlines?no=1", 422),
        ("/api/v1/search", 422),
        ("/api/v1/provisions/..%2F..%2Fetc/passwd", 404),
    ],
)
def test_what_is_not_there_is_said(client: TestClient, path: str, status: int) -> None:
    assert client.get(path).status_code == status


def test_a_submission_is_judged(client: TestClient) -> None:
    answer = client.post(
        "/api/v1/validate?outcomes=failed", content=BELOW.encode(), headers={"content-type": "text/turtle"}
    )
    assert answer.status_code == 200, answer.text
    assert any(v["provision"] == "aic-measures-2018/art_11__para_1" for v in answer.json()["verdicts"])


@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        (b"", "text/turtle", 400),
        (b"not turtle", "text/turtle", 400),
        (b"(" * 100_000, "text/turtle", 400),
        (b'{"@context": "https://example.org/context"}', "application/ld+json", 400),
        (b"<!DOCTYPE x><x/>", "application/rdf+xml", 400),
        (b"x", "application/x-unknown", 400),
    ],
)
def test_bad_bodies_are_refused(client: TestClient, body: bytes, media: str, status: int) -> None:
    answer = client.post("/api/v1/validate", content=body, headers={"content-type": media})
    assert answer.status_code == status, answer.text


def test_a_body_that_is_too_large_is_refused(client: TestClient, small: None) -> None:
    assert client.post("/api/v1/validate", content=BELOW.encode()).status_code == 413


def test_a_validation_that_takes_too_long_is_ended(client: TestClient, hasty: None) -> None:
    assert client.post("/api/v1/validate", content=BELOW.encode()).status_code == 503
    assert client.get("/api/v1/health").status_code == 200


def _get(client: TestClient, path: str, **headers: str) -> Response:
    return client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


THINGS = [
    "documents/aic-measures-2018",
    "provisions/aic-measures-2018/art_39__para_2",
    "norms/aic-measures-2018/art_39__para_2.disclosure",
    "shapes/aic-measures-2018/art_39__para_2.disclosure",
    "terms/metric/registered-capital",
    "metrics/registered-capital",
    "arrangements/internal-audit",
]
LISTS = ["documents", "provisions", "norms", "shapes", "terms", "terms/metric", "metrics", "arrangements", "queries",
         "coverage", "coverage/aic-measures-2018", "needs/aic-measures-2018/art_11", "search?q=资本"]  # fmt: skip


@pytest.mark.parametrize("path", THINGS)
def test_a_thing_is_json_or_its_description(client: TestClient, path: str) -> None:
    plain = _get(client, f"/api/v1/{path}")
    assert plain.headers["content-type"] == "application/json"
    assert plain.headers["content-language"] == "zh, en"
    iri = plain.json()["iri"]
    found = {}
    for media in GRAPHS:
        answer = _get(client, f"/api/v1/{path}", accept=media)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].split(";")[0] == media
        found[media] = {str(triple) for triple in rdf(answer.content, media) if str(triple.subject) == f"<{iri}>"}
        assert found[media]
    assert len({frozenset(told) for told in found.values()}) == 1
    assert _get(client, f"/api/v1/{path}", accept="image/png").status_code == 406
    again = _get(client, f"/api/v1/{path}", if_none_match=plain.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", LISTS)
def test_a_list_is_json_or_csv_and_comes_in_parts(client: TestClient, path: str) -> None:
    joint = "&" if "?" in path else "?"
    whole = _get(client, f"/api/v1/{path}{joint}limit=200")
    entries, total = whole.json(), int(whole.headers["x-total-count"])
    assert entries
    assert len(entries) == min(total, 200)
    table = list(csv.reader(io.StringIO(_get(client, f"/api/v1/{path}{joint}limit=200", accept="text/csv").text)))
    assert len(table) == len(entries) + 1
    second = _get(client, f"/api/v1/{path}{joint}limit=1&offset=1")
    assert second.json() == entries[1:2]
    assert second.headers["x-total-count"] == str(total)
    assert ("next" in second.links) == (total > 2)
    assert client.get(second.links["prev"]["url"]).json() == entries[:1]


def test_a_list_holds_what_the_data_holds(client: TestClient) -> None:
    found = {row["concept"].partition(":")[2] for row in client.get("/api/v1/metrics").json()}
    wanted = {
        node.value.removeprefix(f"{keys.TAXONOMY}metric/")
        for node in held().of
        if isinstance(node, NamedNode) and node.value.startswith(f"{keys.TAXONOMY}metric/")
    }
    assert found == wanted - {"scheme"}
    capital = client.get("/api/v1/metrics/registered-capital").json()
    assert "aic-measures-2018/art_11__para_1.minimum-registered-capital" in {row["norm"] for row in capital["norms"]}
    norms = client.get("/api/v1/norms?modality=Prohibition").json()
    assert {row["modality"] for row in norms} == {"Prohibition"}
    assert {row["document"] for row in client.get("/api/v1/norms?document=aic-measures-2018").json()} == {AIC}


@pytest.mark.parametrize("path", THINGS[:4])
def test_a_thing_is_told_whether_it_was_in_force(client: TestClient, path: str) -> None:
    assert client.get(f"/api/v1/{path}").json()["inForce"] is None
    before = client.get(f"/api/v1/{path}?as-of=2018-06-28").json()["inForce"]
    assert (before["state"], before["since"], before["until"]) == ("not-yet", "2018-06-29", None)
    assert client.get(f"/api/v1/{path}?as-of=2018-06-29").json()["inForce"]["state"] == "in-force"


def test_the_bundle_is_ontology_law_and_shapes(client: TestClient) -> None:
    answer = _get(client, "/api/v1/bundle", accept="application/n-triples")
    triples = rdf(answer.content, "application/n-triples")
    knowledge = held().library.knowledge
    assert len(triples) == len({*knowledge.triples, *knowledge.shapes})
    assert _get(client, "/api/v1/bundle", if_none_match=answer.headers["etag"], accept="text/turtle").status_code == 200
    same = _get(client, "/api/v1/bundle", if_none_match=answer.headers["etag"], accept="application/n-triples")
    assert same.status_code == 304


@pytest.mark.parametrize(
    "path",
    ["documents?as-of=2018-12-31", "documents/aic-measures-2018?as_of=2018-12-31", "search?q=资本&page=2", "bundle?x=",
     "norms?no=1", "queries/norms/binding?on=2018-07-01", "queries/norms/binding?institution=Nothing&on=2018-07-01",
     "queries/norms/binding?institution=FinancialAssetInvestmentCompany&on=20180701", "metrics?limit=0",
     "norms?document=%00", f"norms?document={'x' * 1001}", "documents/aic-measures-2018?as-of=2018-02-30"],
)  # fmt: skip
def test_a_parameter_that_is_wrong_is_named(client: TestClient, path: str) -> None:
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 422, answer.text
    (wrong,) = answer.json()["errors"]
    assert wrong["where"][0] == "query"
    assert wrong["where"][1] in path + "institution"


@pytest.mark.parametrize(
    ("accept_language", "language"),
    [
        (None, None), ("en", "en"), ("en-GB,en;q=0.8", "en"), ("zh-Hans-CN", "zh"), ("fr, *;q=0.1", None),
        ("en;q=0.4, zh;q=0.5", "zh"), ("zh;q=0, en;q=0.1", "en"), ("*;q=0.5, zh;q=0.1", "en"), ("zh, en", None),
        ("nonsense;;q=x, en", "en"), ("x" * 2000, None), ("fr", None),
    ],
)  # fmt: skip
def test_one_language_is_given_where_one_is_preferred(
    client: TestClient, accept_language: str | None, language: str | None
) -> None:
    headers = {"accept-language": accept_language} if accept_language else {"accept-language": ""}
    detail = client.get("/api/v1/documents/nothing", headers=headers).json()["detail"]
    assert ("没有" in detail) == (language != "en")
    assert ("There is no" in detail) == (language != "zh")
    answer = client.get("/api/v1/documents", headers={**headers, "accept": "text/csv"})
    assert answer.headers["content-language"] == (language or "zh")
    assert "Accept-Language" in answer.headers["vary"]
    assert ("金融资产投资公司管理办法" in answer.text) == (language != "en")
    assert set(client.get("/api/v1/documents", headers=headers).json()[0]["title"]) == {"zh", "en"}


def test_what_is_elsewhere_is_said(client: TestClient) -> None:
    for path, there in (
        ("documents/aic-measures-2018%2Fart_39", "/api/v1/provisions/aic-measures-2018/art_39"),
        ("provisions/aic-measures-2018/art_39__para_2.disclosure", "/api/v1/norms/"),
        ("norms/aic-measures-2018/art_39__para_2", "art_39__para_2.disclosure"),
    ):
        answer = client.get(f"/api/v1/{path}")
        assert answer.status_code == 404
        assert there in answer.json()["detail"] or "%2F" in path


def test_a_report_is_written_in_every_format(client: TestClient) -> None:
    def judged(accept: str, **headers: str) -> Response:
        given = {"accept": accept, "content-type": "text/turtle", **headers}
        answer = client.post("/api/v1/validate?outcomes=failed", content=BELOW.encode(), headers=given)
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        return answer

    verdicts = judged("application/json").json()["verdicts"]
    assert verdicts
    table = list(csv.DictReader(io.StringIO(judged("text/csv").text.removeprefix("\ufeff"))))
    assert [row["norm"] for row in table] == [v["norm"].removeprefix(keys.NORM) for v in verdicts]
    assert [row["citation"] for row in table] == [v["citation"]["zh"] for v in verdicts]
    english = list(csv.DictReader(io.StringIO(judged("text/csv", **{"accept-language": "en"}).text)))
    assert [row["citation"] for row in english] == [v["citation"]["en"] for v in verdicts]
    graphs = {media: rdf(judged(media).content, media) for media in GRAPHS if media != "application/rdf+xml"}
    assert len({len(set(graph)) for graph in graphs.values()}) == 1
    outcome = NamedNode(keys.EARL + "outcome")
    for graph in graphs.values():
        assert sum(triple.predicate == outcome for triple in graph) == len(verdicts)
    assert client.post("/api/v1/validate", content=b"", headers={"accept": "image/png"}).status_code == 406


def test_several_files_are_judged_together(client: TestClient) -> None:
    other = "<https://example.org/other/submission>"
    kind = f"{other} <{keys.RDF}type> <{keys.GJ}Submission> ."
    day = f'{other} <{keys.GJ}asOf> "2018-12-31"^^<{keys.XSD}date> .'
    sent = [
        ("file", ("below.ttl", BELOW.encode(), "application/octet-stream")),
        ("file", ("more.nt", kind.encode(), "text/plain")),
        ("file", ("day", day.encode(), "application/n-triples")),
    ]
    answer = client.post("/api/v1/validate?outcomes=failed", files=sent)
    assert answer.status_code == 200, answer.text
    inputs = answer.json()["inputs"]
    assert [info["name"] for info in inputs] == ["below.ttl", "more.nt", "day"]
    assert [info["triples"] for info in inputs][1:] == [1, 1]
    alone = client.post("/api/v1/validate", files=sent[1:2])
    assert alone.status_code == 400
    assert "more.nt:1" in alone.json()["detail"]
    assert client.post("/api/v1/validate", files=[("other", ("x.ttl", b"x"))]).json()["code"] == "no-facts"
    assert client.post("/api/v1/validate", files=sent * 10).status_code == 400


def test_a_question_about_facts_is_asked_of_facts(client: TestClient) -> None:
    place = "/api/v1/queries/institutions/verdicts?wanted=failed"
    answer = client.post(place, content=BELOW.encode(), headers={"content-type": "text/turtle"})
    assert answer.status_code == 200, answer.text
    assert {row["outcome"] for row in answer.json()} == {"earl:failed"}
    assert answer.headers["x-total-count"] == str(len(answer.json()))
    refused = client.get(place)
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert client.post("/api/v1/queries/norms/deadlines", content=b"x").status_code == 405
    assert client.post(f"{place}&no=1", content=BELOW.encode()).status_code == 422


def test_examples_of_questions_about_facts_are_in_the_sample() -> None:
    facts = rdf(samples()["amc-group"].read_bytes(), "text/turtle")
    for question in library.catalogue(held().library.knowledge.root):
        if question.about_facts:
            wanted = {NamedNode(example_of(param)) for param in question.params if param.default is None}
            assert wanted <= {triple.subject for triple in facts}, question.name


def rdf(body: bytes, media: str) -> list[Triple]:
    return [quad.triple for quad in parse(body, format=RdfFormat.from_media_type(media))]
