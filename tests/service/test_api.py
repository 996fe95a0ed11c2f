"""The HTTP API: a few generic routes, the same answers as the command, errors that say what to do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from guiju import api
from tests.test_cli import BELOW


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
