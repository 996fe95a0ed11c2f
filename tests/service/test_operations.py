"""What an operator sees of the server, and how it ends: its log, its ids, its numbers, its signals."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from guiju import api
from guiju.paths import samples
from guiju.service import linked, logs
from guiju.service.headers import POLICIES, policy
from guiju.service.settings import settings
from tests.service.server import Server, children, serving, within

ONE = {"GUIJU_SPARQL_WORKERS": "1", "GUIJU_JUDGE_WORKERS": "1", "GUIJU_STORE": "off"}
STUCK = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
SECRET = "某某秘密事实-secret"


@pytest.fixture(scope="module")
def logged() -> Iterator[Server]:
    with serving("guiju", "serve", **ONE, GUIJU_LOG="json", GUIJU_ARRIVAL="2", GUIJU_SPARQL_WORKER="1") as found:
        yield found


def _lines(server: Server) -> list[dict[str, Any]]:
    return [json.loads(line) for line in server.log().splitlines() if line.startswith("{")]


def _of(server: Server, request: str) -> list[dict[str, Any]]:
    """The lines of a request; the last of them may be written after the answer."""
    assert within(10, lambda: any(one.get("request") == request and "status" in one for one in _lines(server)))
    return [one for one in _lines(server) if one.get("request") == request]


# The log.


def test_a_request_has_one_line_with_the_template_of_its_route(logged: Server) -> None:
    answer = logged.get("/about/norm/aic-measures-2018/art_39__para_2.board-approval?as-of=2019-01-01", "text/turtle")
    (line,) = _of(logged, answer.headers["x-request-id"])
    assert (line["method"], line["route"], line["status"]) == ("GET", "/about/{path:path}", 200)
    assert (line["level"], line["logger"], line["bytes"]) == ("info", "guiju.requests", len(answer.body))
    assert line["seconds"] > 0


def test_what_a_stranger_sent_is_not_in_the_log(logged: Server) -> None:
    sent = SECRET.encode()
    quoted = "".join(f"%{byte:02X}" for byte in sent)
    answers = [
        logged.get(f"/search?q={quoted}"),
        logged.get(f"/{quoted}"),
        logged.get(f"/about/{quoted}", Authorization=f"Bearer {quoted}", Cookie=quoted, Referer=f"http://x/{quoted}"),
        logged.ask("POST", f"/sparql?{quoted}=1", {"Content-Type": "application/sparql-query"}, b"ASK { '" + sent),
        logged.ask("POST", "/api/v1/validate", {"Content-Type": "text/turtle"}, b"<a> <b> '" + sent),
        logged.ask("POST", "/validate", {"Content-Type": "application/x-www-form-urlencoded"}, b"facts=" + sent),
        logged.ask(quoted, "/"),
    ]
    for answer in answers:
        _of(logged, answer.headers["x-request-id"])
    for form in (SECRET, json.dumps(SECRET)[1:-1], "secret", quoted, quoted.lower()):
        assert form not in logged.log()


@pytest.mark.parametrize(
    "given",
    ["short", "x" * 65, "an id\twith space", 'a"b,c":1}{"d', "ids/with/slashes", "", "\x85abcdefgh", "${jndi:x}y"],
)
def test_an_id_that_is_no_plain_token_is_not_taken(logged: Server, given: str) -> None:
    found = logged.ask("GET", "/api/v1/health", {"X-Request-ID": given}).headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{32}", found)


def test_an_error_names_the_id_under_which_the_log_has_it(logged: Server) -> None:
    given = "proxy-4711.abc"
    api_, page = logged.get("/nothing", X_Request_ID=given), logged.get("/nothing", "text/html", X_Request_ID=given)
    assert api_.headers["x-request-id"] == given
    assert json.loads(api_.body)["request"] == given
    assert f"<code>{given}</code>" in page.text
    assert within(10, lambda: [one.get("status") for one in _of(logged, given)] == [404, 404])


def test_the_start_tells_of_settings_that_are_none(logged: Server) -> None:
    assert any("GUIJU_SPARQL_WORKERS?" in one["message"] for one in _lines(logged))


def test_our_own_fault_is_logged_with_its_place_and_without_what_it_quotes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        try:
            raise KeyError(SECRET)
        except KeyError as error:
            raise ValueError(f"{SECRET}\nsecond line") from error

    monkeypatch.setattr(linked, "_known", fail)
    monkeypatch.setenv("GUIJU_LOG", "text")
    settings.cache_clear()
    with TestClient(api.app) as client:
        answer = client.get("/about/norm/aic-measures-2018/art_39__para_2.board-approval")
    told = [line for line in capsys.readouterr().err.splitlines() if answer.headers["x-request-id"] in line]
    assert answer.status_code == 500
    assert answer.json()["request"] == answer.headers["x-request-id"]
    assert answer.headers["content-security-policy"] == POLICIES["page"]
    assert len(told) == 2
    assert "builtins.ValueError" in told[0]
    assert "builtins.KeyError" in told[0]
    assert "test_operations.py" in told[0]
    assert "status=500" in told[1]
    assert SECRET not in answer.text + "".join(told)
    assert "second line" not in "".join(told)


def test_no_value_begins_a_line_of_its_own() -> None:
    record = logging.LogRecord("x", 20, "", 0, "one\ntwo\u2028three\x85four", None, None)
    record.fields = {"value": "five\rsix\x1b[31m"}
    for as_json in (True, False):
        line = logs._Line(as_json).format(record)
        assert len(line.splitlines()) == 1
        assert "\x1b" not in line


# Numbers.


def _numbers(server: Server) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    text = server.get("/metrics").text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def _one(numbers: dict[tuple[str, frozenset[tuple[str, str]]], float], name: str, **labels: str) -> float:
    return numbers.get((name, frozenset(labels.items())), 0.0)


def test_requests_are_counted_by_route_method_and_status(logged: Server) -> None:
    labels = {"route": "/api/v1/health", "method": "GET"}
    before = _numbers(logged)
    for _ in range(3):
        logged.get("/api/v1/health")
    assert within(10, lambda: _one(_numbers(logged), "guiju_requests_total", **labels, status="200")
                  == _one(before, "guiju_requests_total", **labels, status="200") + 3)  # fmt: skip
    after = _numbers(logged)
    counted = _one(after, "guiju_request_seconds_count", **labels)
    assert counted == _one(after, "guiju_request_seconds_bucket", **labels, le="+Inf")
    assert counted == _one(before, "guiju_request_seconds_count", **labels) + 3
    assert _one(after, "process_resident_memory_bytes") > 10_000_000


def test_nothing_that_was_sent_becomes_a_label(logged: Server) -> None:
    logged.ask("FROBNICATE", "/")
    before = len(_numbers(logged))
    for number in range(30):
        logged.get(f"/about/nothing-{number}")
        logged.get(f"/nothing/{number}?a={number}")
        logged.ask(f"METHOD{number}", "/")
    assert len(_numbers(logged)) < before + 40, "a row for a route and a status, not one for each request"
    routes = {dict(labels).get("route", "") for _, labels in _numbers(logged)}
    assert "/about/{path:path}" in routes
    assert not any("nothing" in route for route in routes)


def test_workers_and_their_queue_are_told() -> None:
    with serving(**ONE, GUIJU_SPARQL_WAITING="1", GUIJU_SPARQL_DEADLINE="3") as server:
        said = {"kind": "queries"}
        assert within(30, lambda: _one(_numbers(server), "guiju_workers", **said, state="idle") == 1)
        with ThreadPoolExecutor(3) as threads:
            for _ in range(2):
                threads.submit(_ask, server, STUCK)
            assert within(10, lambda: _one(_numbers(server), "guiju_waiting", **said) == 1)
            assert _one(_numbers(server), "guiju_workers", **said, state="busy") == 1
            assert _ask(server, STUCK) == 503
        numbers = _numbers(server)
        assert _one(numbers, "guiju_refused_total", **said) >= 1
        assert _one(numbers, "guiju_jobs_total", **said, end="too_slow") >= 1


# Its end.


def _ask(server: Server, query: str) -> int:
    return server.ask("POST", "/sparql", {"Content-Type": "application/sparql-query"}, query.encode()).status


def _begun(server: Server, threads: ThreadPoolExecutor) -> Any:
    """A query that runs until its deadline, and is under way."""
    assert _ask(server, "ASK {}") == 200
    found = threads.submit(_ask, server, STUCK)
    assert within(10, lambda: server.copies())
    return found


def _gone(processes: set[int]) -> bool:
    return within(20, lambda: all(_state(number) in {"", "Z"} for number in processes))


def _state(number: int) -> str:
    """How the kernel has a process: R runs, S sleeps, Z has ended; empty for none."""
    try:
        return Path(f"/proc/{number}/status").read_text().partition("State:\t")[2][:1]
    except OSError:
        return ""


def test_told_to_end_it_lets_what_is_under_way_finish_and_exits_with_0() -> None:
    facts = samples()["company-in-trouble"].read_bytes()
    with (
        serving("guiju", "serve", **ONE, GUIJU_LOG="json", GUIJU_SPARQL_DEADLINE="4") as server,
        ThreadPoolExecutor(2) as threads,
    ):
        assert within(120, lambda: _one(_numbers(server), "guiju_workers", kind="facts", state="idle") == 1)
        query = _begun(server, threads)
        judged = threads.submit(server.ask, "POST", "/api/v1/validate", {"Content-Type": "text/turtle"}, facts)
        assert within(20, lambda: len(server.copies()) == 2), "both are under way"
        processes = children(server.pid) | server.copies()
        os.kill(server.pid, signal.SIGTERM)
        assert within(10, lambda: not _open(server)), "nobody new is let in"
        assert judged.result(30).status == 200
        assert query.result(30) == 503, "it was answered: at its own deadline"
        assert server.process.wait(30) == 0
        assert _gone(processes)
        assert not [line for line in server.log().splitlines() if json.loads(line)["level"] == "error"]


def test_killed_it_leaves_no_worker_behind() -> None:
    with serving(**ONE, GUIJU_SPARQL_DEADLINE="300") as server, ThreadPoolExecutor(1) as threads:
        under_way = _begun(server, threads)
        assert within(30, lambda: len(children(server.pid)) == 2)
        processes = children(server.pid) | server.copies()
        assert len(processes) == 3
        os.kill(server.pid, signal.SIGKILL)
        assert under_way.exception(20) is not None
        assert _gone(processes)


def test_what_takes_longer_than_the_grace_is_ended() -> None:
    with (
        serving("guiju", "serve", **ONE, GUIJU_SPARQL_DEADLINE="300", GUIJU_GRACE="1") as server,
        ThreadPoolExecutor(1) as threads,
    ):
        under_way = _begun(server, threads)
        processes = children(server.pid) | server.copies()
        os.kill(server.pid, signal.SIGTERM)
        assert server.process.wait(30) == 0
        assert _gone(processes)
        assert under_way.exception(10) is not None or under_way.result() >= 500
        assert SECRET not in server.log()


def test_a_second_signal_ends_all_at_once() -> None:
    with (
        serving("guiju", "serve", **ONE, GUIJU_SPARQL_DEADLINE="300", GUIJU_GRACE="300") as server,
        ThreadPoolExecutor(1) as threads,
    ):
        under_way = _begun(server, threads)
        processes = children(server.pid) | server.copies()
        os.kill(server.pid, signal.SIGTERM)
        assert within(10, lambda: not _open(server))
        assert server.process.poll() is None
        os.kill(server.pid, signal.SIGINT)
        assert server.process.wait(10) == 128 + signal.SIGINT
        assert _gone(processes)
        assert under_way.exception(10) is not None


def test_a_connection_on_which_no_request_begins_is_closed(logged: Server) -> None:
    silent, dripping = (socket.create_connection(("127.0.0.1", logged.port), 30) for _ in range(2))
    with silent, dripping:
        dripping.sendall(b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n")
        assert within(20, lambda: _closed(silent))
        assert within(20, lambda: _closed(dripping, b"X-Drip: x\r\n"))
        assert _open(logged)


def test_of_bodies_under_way_no_more_is_held_than_there_is_room_for() -> None:
    half, head = (
        b"# " + b"x" * 700_000,
        b"POST /api/v1/validate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n",
    )
    with serving(**ONE, GUIJU_BODIES=str(1024**2)) as server:
        with socket.create_connection(("127.0.0.1", server.port), 30) as first:
            first.sendall(head + half)
            assert within(30, lambda: _one(_numbers(server), "guiju_body_bytes") == len(half))
            answer = server.ask("POST", "/api/v1/validate", {"Content-Type": "text/turtle"}, half)
            assert (answer.status, json.loads(answer.body)["code"]) == (503, "busy")
            assert answer.headers["retry-after"]
            assert _open(server)
        assert within(30, lambda: _one(_numbers(server), "guiju_body_bytes") == 0), "one that has gone away leaves"
        alone = server.ask("POST", "/sparql", {"Content-Type": "application/sparql-query"}, b"ASK {} #" + half[:90_000])
        assert alone.status == 200


def _closed(connection: socket.socket, drip: bytes = b"") -> bool:
    """Whether the other end has closed it; ``drip`` is sent meanwhile."""
    connection.settimeout(0.2)
    try:
        connection.sendall(drip)
        return not connection.recv(100)
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def _open(server: Server) -> bool:
    try:
        return server.get("/api/v1/health").status == 200
    except OSError:
        return False


# What a page may load.


def test_no_policy_lets_a_script_stand_in_a_page_or_anything_come_from_elsewhere() -> None:
    allowed = {"'none'", "'self'", "data:"}
    for name, text in POLICIES.items():
        rules = {rule.split()[0]: set(rule.split()[1:]) for rule in text.split("; ")}
        assert rules["default-src"] == {"'none'"}
        assert rules["base-uri"] == {"'none'"}
        assert rules.get("script-src", {"'none'"}) <= {"'none'", "'self'"}
        assert rules["frame-ancestors"] <= {"'none'", "'self'"}
        styles = rules.pop("style-src")
        # A drawing has styles in it and nothing else; of the editor's own sheet the hash is named.
        hashed = {one for one in styles if one.startswith("'sha256-")}
        assert styles - hashed <= {"'self'"} or name == "drawing"
        assert not hashed or name == "editor"
        assert all(values <= allowed for values in rules.values())
        assert policy(name) == {"Content-Security-Policy": text}


def test_what_is_private_is_read_by_no_other_origin(logged: Server) -> None:
    answer = logged.get("/metrics", Origin="http://evil.example")
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-store"
    asked = {"Origin": "http://evil.example", "Access-Control-Request-Method": "GET"}
    assert "access-control-allow-origin" not in logged.ask("OPTIONS", "/metrics", asked).headers
    assert logged.ask("OPTIONS", "/sparql", asked).headers["access-control-allow-origin"] == "*"
