"""What a stranger, or a careless client, does to the connection, the address, the headers and the body."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from guiju import paths
from tests.service.server import Answer, Server, serving, within
from tests.service.watch import Page, family, process, warm

HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
TURTLE = {"Content-Type": "text/turtle"}
LAW = "amc-opinions-2025"
KEY = "aic-measures-2018/art_39__para_2"
EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{1337*1331}}"
STUCK = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?a != ?g) }"
MIB = 1024**2


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    limits = {"GUIJU_ARRIVAL": "1.5", "GUIJU_SPARQL_DEADLINE": "3"}
    with serving(**limits, GUIJU_STORE=str(tmp_path_factory.mktemp("kept"))) as found:
        warm(found)
        yield found


@pytest.fixture(autouse=True)
def _alive(server: Server) -> Iterator[None]:
    yield
    assert server.get("/api/v1/health").status == 200


def raw(server: Server, sent: bytes, *, shut: bool = False, seconds: float = 20) -> bytes:
    """What comes back for bytes, up to the end of the connection or of the time; empty where it is broken off."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as connection:
        back = b""
        with suppress(TimeoutError, ConnectionError):
            connection.sendall(sent)
            if shut:
                connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                back += part
        return back


def request(line: str, headers: str = "", body: bytes = b"", end: str = "Connection: close\r\n") -> bytes:
    return f"{line} HTTP/1.1\r\nHost: 127.0.0.1\r\n{end}{headers}\r\n".encode("latin-1") + body


# Framing.

POST = "POST /api/v1/validate"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (request(POST, "Content-Length: 3\r\nContent-Length: 4\r\n", b"abcd"), {400}),
        (request(POST, "Content-Length: -3\r\n", b"abc"), {400}),
        (request(POST, "Content-Length: +3\r\n", b"abc"), {400}),
        (request(POST, "Content-Length: 3, 4\r\n", b"abcd"), {400}),
        (request(POST, "Content-Length: 99999999999999999999999\r\n", b"abc"), {400, 413}),
        (request(POST, "Content-Length: 209715200\r\n", b"abc"), {413}),
        (request(POST, "Expect: 100-continue\r\nContent-Length: 209715200\r\n"), {413}),
        (request(POST, "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", b"3\r\nabc\r\n0\r\n\r\n"), {400}),
        (request(POST, "Transfer-Encoding: gzip, chunked\r\n", b"3\r\nabc\r\n0\r\n\r\n"), {400, 501}),
        (request(POST, "Transfer-Encoding: chunked\r\n", b"zz\r\nabc\r\n0\r\n\r\n"), {400}),
        (request(POST, "Transfer-Encoding: chunked\r\n", b"-3\r\nabc\r\n0\r\n\r\n"), {400}),
        (request(POST, "Content-Encoding: gzip\r\nContent-Length: 3\r\n", b"abc"), {415}),
        (request(POST, "Content-Encoding: x, gzip\r\nContent-Length: 3\r\n", b"abc"), {415}),
        (request("GET /", "X : a\r\n"), {400}),
        (request("GET /", "X: a\0b\r\n"), {400}),
        (request("GET /", "Host: 127.0.0.1\r\n"), {400}),
        (request("GET /", "X: " + "a" * 200_000 + "\r\n"), {400, 431}),
        (request("GET /" + "a" * 1_000_000), {400, 414}),
        (b"GET / HTTP/1.1\r\n\r\n", {400}),
        (b"GET /\r\n\r\n", {400}),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 200, {400}),
        (b"\0" * 100_000, {400}),
        (request("GET /api/v1/health", "".join(f"X-{n}: a\r\n" for n in range(3_000))), {200}),
        (request("get /api/v1/health"), {405}),
        (request("CONNECT 127.0.0.1:1"), {400, 404, 405, 421}),
        (request("GET http://evil.example/id/aic-measures-2018"), {400, 404, 421}),
        (request("OPTIONS *"), {200, 204, 400, 404, 405}),
        (request("GET /api/v1/health", "Upgrade: websocket\r\nConnection: upgrade\r\n"), {200, 400, 426}),
    ],
    ids=range(28),
)
def test_framing(server: Server, sent: bytes, status: set[int]) -> None:
    back = raw(server, sent)
    # What breaks off a connection before all was sent may lose the answer on its way.
    if len(sent) > 100_000 and not back:
        return
    said = re.match(rb"HTTP/1\.1 (\d{3}) ", back)
    assert said, back[:200]
    assert int(said[1]) in status, back[:300]


def test_a_body_that_is_shorter_than_it_says_is_no_request(server: Server) -> None:
    assert raw(server, request(POST, "Content-Length: 1000\r\n", b"abc"), shut=True) == b""


def test_what_is_packed_is_not_unpacked(server: Server) -> None:
    bomb = gzip.compress(b" " * 30_000_000)
    for path in ("/api/v1/validate", "/validate", "/sparql", "/api/v1/submissions"):
        answer = server.ask("POST", path, {**TURTLE, "Content-Encoding": "gzip"}, bomb)
        assert answer.status == 415


def test_many_small_chunks_are_one_body(server: Server) -> None:
    body = b"1\r\n \r\n" * 50_000 + b"0\r\n\r\n"
    back = raw(server, request(POST, "Content-Type: text/turtle\r\nTransfer-Encoding: chunked\r\n", body))
    assert b"holds no statement to use" in back


def test_requests_in_one_go_are_answered_in_order(server: Server) -> None:
    one = request("GET /api/v1/health", end="")
    back = raw(server, one * 100 + request("GET /about/id/no"))
    assert back.count(b"HTTP/1.1 200 OK") == 100
    assert back.count(b"HTTP/1.1 404") == 1
    assert back.rindex(b"HTTP/1.1 200") < back.index(b"HTTP/1.1 404")


def test_a_body_that_drips_is_not_waited_for(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(request(POST, "Content-Length: 1000\r\n", b"a"))
        back = b""
        with suppress(ConnectionError):
            while not back:
                with suppress(TimeoutError):
                    connection.settimeout(0.2)
                    back = connection.recv(4096)
                connection.sendall(b"a")
    assert back.startswith(b"HTTP/1.1 408")


def test_heads_that_drip_keep_nobody_else_waiting(tmp_path: Path) -> None:
    """As guiju serve runs it, such connections are also closed."""
    with serving("guiju", "serve", GUIJU_ARRIVAL="2", GUIJU_STORE="off") as own, ExitStack() as connections:
        before = len(family(own.pid)[0].files)
        held = []
        for _ in range(400):
            connection = connections.enter_context(socket.create_connection(("127.0.0.1", own.port), timeout=20))
            connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-")
            held.append(connection)
        assert own.get("/api/v1/health").status == 200
        end = time.monotonic() + 30
        while len(family(own.pid)[0].files) > before + 5 and time.monotonic() < end:
            for connection in held:
                with suppress(OSError):
                    connection.send(b"a")
            time.sleep(0.2)
        assert len(family(own.pid)[0].files) <= before + 5
        assert own.get("/api/v1/health").status == 200


# Addresses and names.

CLIMBING = [
    "/%2e%2e/%2e%2e/etc/passwd", "/../../etc/passwd", "/static/%2e%2e/worker.py", "/static/..%2fworker.py",
    "/static/%00", "/static/\\..\\worker.py", "/assets/../api.py", "/about/%2e%2e/%2e%2e/etc/passwd",
    "/about/id/..%5c..%5cetc", "/about/id/%c0%ae%c0%ae/", "/about/%00", "/%ff%fe", "/about/id/%0a", "/shape/%0d%0a",
    "/queries/../derive/10-ownership", "/api/v1/queries/..%2f..%2fpyproject", "/api/v1/queries/derive/10-ownership",
    "/api/v1/documents/%00", "/network/../../etc/passwd", "/ontology.%0a", "/taxonomy/%2e%2e",
    "/submissions/..%2f..%2fetc%2fpasswd", "/submissions/%3E%20%7B%7D", "/submissions/%00", "/submissions/" + "a" * 9_000,
    "/api/v1/submissions/..", "/api/v1/submissions/%3E%20%3Fs", "/api/v1/submissions/%00/report", "//evil.example/",
    "/id//evil.example", "/id/%2f%2fevil.example", "/norm/https:%2f%2fevil.example",
]  # fmt: skip


@pytest.mark.parametrize("path", CLIMBING)
def test_no_address_is_a_path(server: Server, path: str) -> None:
    for accept in ("*/*", HTML):
        back = raw(server, request(f"GET {path}", f"Accept: {accept}\r\n"))
        assert re.match(rb"HTTP/1\.1 (4\d\d|307) ", back), back[:200]
        assert b"root:" not in back
        assert b"import " not in back
        assert not re.search(rb"(?im)^location: *(//|(?!http://127\.0\.0\.1/)https?:)", back)


@pytest.mark.parametrize(
    "path",
    [
        f"/id/{KEY}%0d%0aX-Evil:%201", f"/norm/{KEY}.a%0d%0aSet-Cookie:%20a=b", f"/id/{KEY}?as-of=2018-01-01%0d%0aX-Evil:1",
        f"/about/id/{KEY}?as-of=2018-01-01%0d%0aX-Evil:%201", "/api/v1/queries/norms/facets?limit=1&x=%0d%0aX-Evil:1",
        "/api/v1/queries/provisions/external?limit=1&offset=1%0d%0aX-Evil:1", "/taxonomy/metric%0d%0aX-Evil:1",
        "/search?q=%0d%0aX-Evil:1", "/%0d%0aX-Evil:1",
    ],
)  # fmt: skip
def test_no_name_becomes_a_header(server: Server, path: str) -> None:
    head = raw(server, request(f"GET {path}")).partition(b"\r\n\r\n")[0]
    assert head.startswith(b"HTTP/1.1 ")
    assert not re.search(rb"(?im)^(x-evil|set-cookie)", head)


def test_a_request_is_told_its_id_and_no_other_header(server: Server) -> None:
    for given in ("a b", "x" * 5_000, "<script>", "a\tb", "é"):
        back = raw(server, request("GET /api/v1/health", f"X-Request-ID: {given}\r\n"))
        assert re.search(rb"(?im)^x-request-id: [0-9a-f]{32}\r$", back)


@pytest.mark.parametrize(
    "path", ["/.well-known/void", "/sparql", "/", f"/id/{KEY}", f"/about/id/{KEY}", "/openapi.json"]
)
def test_no_header_of_the_client_names_the_server(server: Server, path: str) -> None:
    """What is kept for all by a cache is not what one client makes it."""
    evil = {
        "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "javascript", "X-Forwarded-Prefix": "//evil.example",
        "X-Forwarded-Server": "evil.example", "Forwarded": "host=evil.example", "X-Original-URL": "/evil.example",
        "X-Rewrite-URL": "/evil.example", "X-HTTP-Method-Override": "DELETE", "X-Host": "evil.example",
    }  # fmt: skip
    given = server.ask("GET", path, {**evil, "Accept": "text/turtle, */*;q=0.1"})
    plain = server.ask("GET", path, {"Accept": "text/turtle, */*;q=0.1"})
    assert "evil.example" not in given.text + str(given.headers)
    assert (given.status, given.body) == (plain.status, plain.body)
    assert server.ask("GET", path, {"Host": "evil.example"}).status == 421


# What is sent back.

SHOWN = [
    "/search?q={}", "/search?q=a&document={}", "/search?q=a&kind={}", "/compare?a={}&b={}&topic={}", "/terms/{}",
    "/validate?norm={}", "/queries/provisions/text?provision={}", "/queries/norms/turning-on?class={}&ask=1",
    "/queries/{}", "/about/id/{}", "/about/{}", "/id/{}", "/{}", f"/about/id/{KEY}?as-of={{}}", "/network/{}",
    "/submissions/{}", "/sparql?query={}", "/coverage?x={}", "/search?offset={}", "/shape/{}", "/sparql-editor?query={}",
]  # fmt: skip


@pytest.mark.parametrize("path", SHOWN)
def test_what_is_asked_is_never_markup(server: Server, path: str) -> None:
    for evil in (EVIL, "javascript:alert(1)", "</textarea></title></style></script>" + EVIL, "\u202e\u2028" + EVIL):
        answer = server.get(path.replace("{}", quote(evil, safe="")), HTML)
        assert answer.status < 500
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "script-src 'unsafe" not in answer.headers["content-security-policy"]
        if answer.media == "text/html":
            assert not Page(answer.text).harm
            assert str(1337 * 1331) not in answer.text


GROUP = paths.samples()["amc-group"].read_text(encoding="utf-8")
NAME = re.compile(r'rdfs:label "([^"]+)"@zh')


def test_a_picture_of_hostile_names_holds_no_script(server: Server) -> None:
    evil = EVIL.replace('"', '\\"') + "]]><!--</svg>&#x1;"
    answer = server.ask(
        "POST", "/api/v1/graph", TURTLE, NAME.sub(f'rdfs:label "{evil}"@zh'.replace("\\", "\\\\"), GROUP).encode()
    )
    assert (answer.status, answer.media) == (200, "image/svg+xml")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    drawn = ElementTree.fromstring(answer.body)
    names = {element.tag.rpartition("}")[2] for element in drawn.iter()}
    assert not names & {"script", "foreignObject", "a", "image", "use", "animate", "set", "iframe"}
    assert not [name for element in drawn.iter() for name in element.attrib if name.lower().startswith("on")]
    assert "<script>" in "".join(drawn.itertext())


@pytest.mark.parametrize("start", ["=", "-2+3", "@", "\\t"])
def test_no_cell_of_a_table_of_strangers_is_a_formula(server: Server, start: str) -> None:
    """Threat 19: in what is written of the facts of a submission, whoever opens it."""
    facts = f"""@prefix gj: <https://w3id.org/guiju/ontology#> .
        @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
        <urn:x:report> a gj:Submission ; gj:asOf "2018-12-31"^^<http://www.w3.org/2001/XMLSchema#date> .
        <urn:x:company> a gj:FinancialAssetInvestmentCompany ; gj:reportedIn <urn:x:report> ;
            rdfs:label "{start}cmd|' /C calc'!A0"@zh ."""
    answer = server.ask("POST", f"/api/v1/validate?document={LAW}", {**TURTLE, "Accept": "text/csv"}, facts.encode())
    assert (answer.status, answer.media) == (200, "text/csv")
    rows = list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig"))))
    assert rows
    assert not [cell for row in rows for cell in row if re.match(r"[=+@\t\r-](?!\d+(\.\d+)?$)", cell)]


# Caches and parts.


def test_entity_tags_as_rfc_9110_has_them(server: Server) -> None:
    path = f"/about/id/{KEY}"
    tag = server.get(path, "text/turtle").headers["etag"]
    for given in (tag, f"W/{tag}", f'"a", {tag}', f'{tag} , "b"', "*", f'"a,b", W/{tag}', '"x",' * 1_000 + tag):
        assert server.get(path, "text/turtle", If_None_Match=given).status == 304
    for given in (tag.strip('"'), tag[:-2] + '"', f"w/{tag}x", '"', ",,,", f'"{tag}', ""):
        assert server.get(path, "text/turtle", If_None_Match=given).status == 200
    assert server.get(path, "application/n-triples", If_None_Match=tag).status == 200, "each format has its own"
    for ranged in ("bytes=0-0", "bytes=" + ",".join(f"{n}-{n}" for n in range(500)), "bytes=5-1", "x"):
        whole = server.get(path, "text/turtle", Range=ranged)
        assert (whole.status, whole.headers["etag"]) == (200, tag)


@pytest.mark.parametrize(
    "accept",
    ["text/turtle;q=0.1," * 3_000, ";;;,,,/;q=", "*/*;q=nan", "*/*;q=1e400", "*/*;q=-1", "a/b;" + "x=y;" * 400, "\xff/\xe9", "/" * 1_900,
     '*/*;a="' + "\\" * 1_500, "," * 1_900, "*/*" + ";q=1" * 400],
    ids=range(11),
)  # fmt: skip
def test_no_wish_is_too_strange(server: Server, accept: str) -> None:
    for path in (f"/about/id/{KEY}", "/sparql?query=ASK%7B%7D", "/api/v1/queries/coverage/documents", "/nothing"):
        sent = request(f"GET {path}", f"Accept: {accept}\r\nAccept-Language: {accept}\r\n")
        assert re.match(rb"HTTP/1\.1 (200|404|406) ", raw(server, sent))


# Our own code on long inputs: whoever waits for the answer gets it.

LONG = 50_000


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/documents/" + "a" * LONG,
        "/api/v1/provisions/aic-measures-2018/art_1" + "__para_1" * (LONG // 8),
        "/api/v1/needs/" + quote("第（" * (LONG // 18)),
        "/api/v1/needs/" + quote("《" * (LONG // 9)),
        "/api/v1/needs/" + quote("第" + "一" * (LONG // 9)),
        "/api/v1/queries/" + "provisions/" * (LONG // 11),
        f"/about/norm/{KEY}." + "board-" * (LONG // 6),
        "/search?q=" + quote("资 " * (LONG // 10)),
        "/search?q=" + "a%20" * 99,
        "/compare?topic=" + quote("资 " * 100) + "&a=aic-measures-2018&b=" + quote("第一百条" * 1_000),
        "/api/v1/queries/provisions/text?" + "&".join(f"p{n}=1" for n in range(5_000)),
        "/search?" + "&".join(f"q={n}" for n in range(8_000)),
        "/search?q=a&offset=" + "9" * LONG,
        "/api/v1/search?limit=" + "9" * 4_000 + "&q=a",
        f"/about/id/{KEY}?as-of=" + "9" * LONG,
    ],
    ids=lambda path: path[:40],
)
def test_long_names_are_answered(server: Server, path: str) -> None:
    answer = server.ask("GET", path)
    assert answer.status in {200, 400, 404, 414, 422}
    assert len(answer.body) < 2 * MIB


# Stuck workers, races, memory.


def test_health_is_answered_while_every_worker_is_stuck() -> None:
    """Threat 20: queries and judgings stuck, both queues full; who comes now is told so; nobody is left behind."""
    heavy = b"".join(f"<urn:a{n}> <urn:p> <urn:b{n}> .\n".encode() for n in range(300_000))
    limits = {
        "GUIJU_SPARQL_DEADLINE": "5", "GUIJU_SPARQL_WAITING": "2", "GUIJU_JUDGE_DEADLINE": "3", "GUIJU_JUDGE_WAITING": "2",
        "GUIJU_STORE": "off",
    }  # fmt: skip
    with serving(**limits) as own, ThreadPoolExecutor(24) as threads:
        warm(own)
        before = family(own.pid)
        queries = [threads.submit(own.get, f"/sparql?query={quote(STUCK)}") for _ in range(10)]
        judgings = [threads.submit(own.ask, "POST", "/api/v1/validate", TURTLE, heavy) for _ in range(10)]
        asked = 0
        while not all(one.done() for one in [*queries, *judgings]):
            assert own.get("/api/v1/health").status == 200
            assert own.get(f"/about/id/{KEY}").status == 200
            asked += 1
        assert asked > 3
        told = [one.result() for one in [*queries, *judgings]]
        assert {answer.status for answer in told} == {503}
        codes = [json.loads(answer.body)["code"] for answer in told]
        assert {"busy", "too-slow"} <= set(codes)
        assert all(
            answer.headers.get("retry-after") for answer, code in zip(told, codes, strict=True) if code == "busy"
        )
        assert within(20, lambda: len(family(own.pid)) <= len(before)), "nobody is left behind"
        warm(own)


def test_nobody_is_left_when_the_server_is_killed() -> None:
    with serving(GUIJU_STORE="off") as own, ThreadPoolExecutor(2) as threads:
        assert own.get("/sparql?query=ASK%7B%7D").status == 200
        stuck = threads.submit(own.get, f"/sparql?query={quote(STUCK)}")
        assert within(20, lambda: len(family(own.pid)) > 5 or own.copies())
        everyone = [one.pid for one in family(own.pid)]
        os.kill(own.pid, signal.SIGKILL)
        assert stuck.exception(20) is not None
        assert within(20, lambda: not any(process(one) for one in everyone))


def test_a_submission_is_there_or_not_while_it_is_deleted(server: Server) -> None:
    """Read, compared, deleted and deleted again at the same time: whole answers, or that there is none."""
    sample = paths.samples()["sound-company"].read_bytes()

    def kept() -> str:
        answer = server.ask("POST", f"/api/v1/submissions?document={LAW}", TURTLE, sample)
        assert answer.status == 201
        return answer.headers["location"]

    def read(place: str, part: str) -> Answer:
        return server.get(place + part, "application/json, */*;q=0.1")

    for _ in range(2):
        first, second = kept(), kept()
        parts = ("", "/report", "/facts", f"/changes?since={first.rpartition('/')[2]}")
        page = second.removeprefix("/api/v1")
        with ThreadPoolExecutor(12) as threads:
            reading = [threads.submit(read, second, part) for part in parts for _ in range(3)]
            reading += [threads.submit(server.get, page, HTML) for _ in range(3)]
            ends = [threads.submit(server.ask, "DELETE", second) for _ in range(3)]
            reading += [threads.submit(read, second, part) for part in parts for _ in range(3)]
            answers = [one.result() for one in reading]
            assert sorted(one.result().status for one in ends) == [204, 404, 404]
        assert {answer.status for answer in answers} <= {200, 404, 409}
        for answer in answers:
            if answer.status == 200 and answer.media == "application/json":
                json.loads(answer.body)
        assert read(second, "").status == 404
        assert server.ask("DELETE", first).status == 204


def test_memory_and_files_stay(server: Server) -> None:
    """Everything at once, again and again: what is held afterwards is what was held before."""
    sample = paths.samples()["sound-company"].read_bytes()

    def one(number: int) -> int:
        ways: list[Callable[[], Answer]] = [
            lambda: server.ask("POST", "/api/v1/validate", TURTLE, b"<a> <b> "),
            lambda: server.get(f"/sparql?query=SELECT%20*%20%7B%3Fs%20%3Fp%20{number}%7D"),
            lambda: server.get(f"/search?q={number}", HTML),
            lambda: server.get(f"/about/id/aic-measures-2018/art_{number}", HTML),
            lambda: server.get(f"/nothing/{number}" + "x" * 2_000, HTML),
            lambda: server.ask("POST", "/sparql", {"Content-Type": "application/sparql-query"}, b"x" * 90_000),
            lambda: server.get("/api/v1/queries/coverage/documents", "text/csv"),
            lambda: server.ask(
                "POST", "/api/v1/validate", {"Content-Type": "x/y", "Content-Encoding": "gzip"}, b"x" * 9_000
            ),
        ]
        return ways[number % len(ways)]().status

    def round_() -> None:
        assert server.ask("POST", f"/api/v1/validate?document={LAW}", TURTLE, sample).status == 200
        raw(server, request(POST, "Content-Length: 99\r\n", b"abc"), shut=True)
        with ThreadPoolExecutor(4) as threads:
            assert max(threads.map(one, range(64))) < 500

    round_()
    before = family(server.pid)
    round_()
    round_()
    after = family(server.pid)
    assert within(10, lambda: len(family(server.pid)) <= len(before))
    assert within(10, lambda: len(family(server.pid)[0].files) <= len(before[0].files) + 2)
    assert sum(one.memory for one in after) < sum(one.memory for one in before) + 48 * MIB
