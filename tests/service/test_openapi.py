"""The description of the API: valid, complete, and true of a running server."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from openapi_spec_validator import validate
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from guiju import api, library
from guiju.paths import data_root
from tests.service.server import Server

DESCRIPTION: dict[str, Any] = api.app.openapi()
OPERATIONS = [
    (method.upper(), path, operation)
    for path, item in DESCRIPTION["paths"].items()
    for method, operation in item.items()
]
NAMES = [f"{method} {path}" for method, path, _ in OPERATIONS]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
QUESTIONS = "/api/v1/queries/"


@schemathesis.serializer("application/sparql-query")
def _query(_: Any, value: Any) -> bytes:
    return str(value).encode(errors="replace")


@schemathesis.serializer(
    "text/turtle",
    "application/n-triples",
    "application/n-quads",
    "application/trig",
    "application/rdf+xml",
    "application/rdf-patch",
)
def _facts(_: Any, value: Any) -> bytes:
    return str(value).encode(errors="replace")


def test_the_description_is_valid() -> None:
    validate(DESCRIPTION)


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=NAMES)
def test_every_operation_is_described(method: str, path: str, operation: dict[str, Any]) -> None:
    assert re.search(r"[\u4e00-\u9fff].* [A-Za-z]", operation["summary"]), "a summary in Chinese and English"
    assert operation["description"]
    assert {tag["name"] for tag in DESCRIPTION["tags"]} >= set(operation["tags"]) != set()
    for status, answered in operation["responses"].items():
        assert answered["description"], status
        if status >= "400":
            reference = answered["content"]["application/problem+json"]["schema"]["$ref"]
            assert reference == "#/components/schemas/ProblemDetails"
    reads_parameters = any(each["in"] == "query" for each in operation["parameters"]) and path.startswith("/api/")
    assert not reads_parameters or "422" in operation["responses"]


def test_every_question_is_a_path_with_typed_parameters() -> None:
    types = {"xsd:date": {"type": "string", "format": "date"}, "xsd:integer": {"type": "integer"}}
    for question in library.catalogue(data_root()):
        item = DESCRIPTION["paths"][QUESTIONS + question.name]
        assert list(item) == ["post" if question.about_facts else "get"]
        (operation,) = item.values()
        described = {each["name"]: each for each in operation["parameters"]}
        assert set(described) == {param.name for param in question.params} | {"limit", "offset"}
        for param in question.params:
            found = described[param.name]
            assert found["required"] == (param.default is None)
            assert param.about in found["description"]
            wanted = types.get(param.type, {"type": "string"})
            assert {name: found["schema"].get(name) for name in wanted} == wanted
        row = operation["responses"]["200"]["content"]["application/json"]["schema"]["items"]
        assert row["required"] == list(question.returns)


def _examples(operation: dict[str, Any], path: str) -> str:
    """The address that the examples of an operation give."""
    query = {}
    for each in operation["parameters"]:
        if examples := each["schema"].get("examples"):
            if each["in"] == "path":
                path = path.replace(f"{{{each['name']}}}", quote(examples[0]))
            else:
                query[each["name"]] = examples[0]
    return path + ("?" + urlencode(query, doseq=True) if query else "")


@pytest.mark.parametrize(
    ("path", "operation"),
    [(path, operation) for method, path, operation in OPERATIONS if method == "GET"],
    ids=[path for method, path, _ in OPERATIONS if method == "GET"],
)
def test_examples_work(server: Server, path: str, operation: dict[str, Any]) -> None:
    address = _examples(operation, path)
    assert "{" not in address, "every part of the path has an example"
    answer = server.get(address)
    # The id of a submission that is kept stands in no example.
    wanted = {404} if "/submissions/{" in path else {200, 303}
    assert answer.status in wanted, answer.text[:500]
    if path.startswith(QUESTIONS) and "?" in address:
        assert json.loads(answer.body), "an example has an answer"


def _asked_at_random() -> set[str]:
    """Every operation; of the questions, which one route answers, the first with each kind of parameters."""
    found = {f"{method} {path}" for method, path, _ in OPERATIONS if not path.startswith(QUESTIONS)}
    alike: dict[object, str] = {}
    for question in library.catalogue(data_root()):
        kinds = frozenset((param.type, param.default is None) for param in question.params)
        method = "POST" if question.about_facts else "GET"
        alike.setdefault((method, kinds), f"{method} {QUESTIONS}{question.name}")
    return found | set(alike.values())


def test_the_server_keeps_to_the_description(server: Server) -> None:
    """Random requests, right and wrong, at every operation: no fault of ours, and no answer that is not described."""
    schema: Any = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    asked, wanted = set(), _asked_at_random()

    def ask(case: Any) -> None:
        asked.add(f"{case.method} {case.path}")
        case.call_and_validate(checks=CHECKS, timeout=60)

    for found in schema.get_all_operations():
        operation = found.ok()
        if f"{operation.method.upper()} {operation.path}" not in wanted:
            continue
        described = DESCRIPTION["paths"][operation.path][operation.method.lower()]
        may_be_wrong = any(each["in"] == "query" for each in described["parameters"]) or "requestBody" in described
        for mode in schemathesis.GenerationMode:
            if mode is schemathesis.GenerationMode.NEGATIVE and not may_be_wrong:
                continue
            try:
                settings(
                    max_examples=2,
                    deadline=None,
                    derandomize=True,
                    database=None,
                    phases=[Phase.generate],
                    suppress_health_check=list(HealthCheck),
                )(given(case=operation.as_strategy(generation_mode=mode))(ask))()
            except Unsatisfiable:
                # A text that may be anything cannot be wrong.
                assert mode is schemathesis.GenerationMode.NEGATIVE
    assert asked == wanted
