"""A store that answers badly is an error, whatever it says: cut, partial, late, no JSON, no result."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from threading import Event
from urllib.parse import parse_qs

import pytest
from pyoxigraph import Literal, NamedNode

from guiju.remote import PAGE, Access, Remote, RemoteError
from tests.service.stores import Lie, drips, free_port, lying, says

GRAPH = NamedNode("urn:uuid:00000000-0000-4000-8000-000000000000")
SELECT = "PREFIX e: <https://example.org/>\nSELECT ?s WHERE { ?s a e:Thing }"


def _table(*rows: object, names: tuple[str, ...] = ("s",)) -> str:
    return json.dumps({"head": {"vars": list(names)}, "results": {"bindings": list(rows)}})


def _iri(value: str) -> dict[str, object]:
    return {"s": {"type": "uri", "value": value}}


def _number(number: int) -> dict[str, object]:
    return {
        "counted": {"type": "literal", "value": str(number), "datatype": "http://www.w3.org/2001/XMLSchema#integer"}
    }


def _query(body: bytes) -> str:
    return parse_qs(body.decode())["query"][0]


def _counts(count: int, *rows: object) -> Lie:
    """A store that counts so many rows and gives these."""

    def lie(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        counting = "COUNT(*)" in _query(body)
        said = _table(_number(count), names=("counted",)) if counting else _table(*rows)
        says(said)(handler, body)

    return lie


GOOD = _table(_iri("urn:a"), _iri("urn:b"))
BAD: dict[str, tuple[Lie, str]] = {
    "cut behind the count": (_counts(3, _iri("urn:a")), "cut"),
    "more than counted": (_counts(1, _iri("urn:a"), _iri("urn:b")), "cut"),
    "JSON that ends early": (says(GOOD[:-9]), "not-json"),
    "rows, then an error as text": (says(GOOD[:-3] + "\nQuery timed out"), "not-json"),
    "an error as text with 200": (says("Query timed out", "text/plain"), "media-type"),
    "an error as text that claims to be JSON": (says("Query timed out"), "not-json"),
    "a page": (says("<html></html>", "text/html"), "media-type"),
    "XML": (says("<sparql/>", "application/sparql-results+xml"), "media-type"),
    "a body shorter than announced": (says(GOOD, Content_Length=str(len(GOOD) + 5)), "unreachable"),
    "Virtuoso's mark of a part": (says(GOOD, X_SQL_State="S1TAT"), "partial"),
    "a number that is none": (says(GOOD.replace('"urn:a"', "NaN")), "not-json"),
    "a member twice": (says(GOOD.replace('"head"', '"head": {}, "head"')), "not-json"),
    "JSON so deep that it ends a reader": (says("[" * 100_000), "not-json"),
    "bytes that are no UTF-8": (says(b"\xff" + GOOD.encode()), "not-json"),
    "a list": (says("[]"), "unsound"),
    "an answer to ASK": (says('{"head": {}, "boolean": true}'), "unsound"),
    "no head": (says('{"results": {"bindings": []}}'), "unsound"),
    "a variable that was not announced": (says(_table({"t": {"type": "uri", "value": "urn:a"}})), "unsound"),
    "an IRI that is none": (says(_table(_iri("no iri"))), "unsound"),
    "a term of no type": (says(_table({"s": {"value": "urn:a"}})), "unsound"),
    "a term without value": (says(_table({"s": {"type": "uri"}})), "unsound"),
    "a value that is no text": (says(_table({"s": {"type": "literal", "value": 1}})), "unsound"),
    "a language and a datatype": (
        says(_table({"s": {"type": "literal", "value": "a", "xml:lang": "en", "datatype": "urn:d"}})),
        "unsound",
    ),
    "404": (says("nothing here", "text/plain", 404), "http-404"),
    "500 with rows": (says(GOOD, status=500), "http-500"),
    "another address": (says("", status=302, Location="http://example.org/"), "http-302"),
    "nothing": (lambda handler, body: None, "unreachable"),
}


@pytest.mark.parametrize("lie, code", BAD.values(), ids=BAD)
def test_a_bad_answer_is_an_error(lie: Lie, code: str) -> None:
    with lying(lie) as address, pytest.raises(RemoteError) as error:
        Remote(address, seconds=5).select(SELECT)
    assert error.value.code == code
    assert error.value.zh and error.value.en


def test_a_good_answer_is_its_rows() -> None:
    rows: tuple[dict[str, object], ...] = (
        {"s": {"type": "literal", "value": "一", "xml:lang": "zh"}},
        {"s": {"type": "typed-literal", "value": "1", "datatype": "urn:d"}},
        {},
    )
    with lying(_counts(3, *rows)) as address:
        found = Remote(address).select(SELECT)
    assert found == [{"s": Literal("一", language="zh")}, {"s": Literal("1", datatype=NamedNode("urn:d"))}, {}]


def test_what_drips_is_too_slow() -> None:
    with lying(drips(GOOD, 0.1)) as address, pytest.raises(RemoteError) as error:
        Remote(address, seconds=0.4).select(SELECT)
    assert error.value.code == "too-slow"


def test_what_does_not_begin_is_too_slow() -> None:
    over = Event()

    def lie(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        over.wait(20)

    with lying(lie) as address:
        with pytest.raises(RemoteError) as error:
            Remote(address, seconds=0.3).select(SELECT)
        over.set()
    assert error.value.code == "too-slow"


def test_nobody_there() -> None:
    with pytest.raises(RemoteError) as error:
        Remote(f"http://127.0.0.1:{free_port()}").ask("ASK {}")
    assert error.value.code == "unreachable"


@pytest.mark.parametrize(
    "wrong", ["file:///etc/passwd", "ftp://example.org/", "http://", "http://user:word@example.org/", "example.org"]
)
def test_an_address_that_cannot_be_used(wrong: str) -> None:
    with pytest.raises(ValueError) as error:
        Remote(wrong)
    assert "word" not in str(error.value)


@pytest.mark.parametrize(
    "access, header",
    [
        (Access(), None),
        (Access(user="规", password="矩"), "Basic 6KeEOuefqQ=="),
        (Access(user="u", token="t"), "Bearer t"),
    ],
)
def test_access_is_said_and_not_shown(access: Access, header: str | None) -> None:
    heard: list[str | None] = []

    def lie(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        heard.append(handler.headers["Authorization"])
        says('{"head": {}, "boolean": true}')(handler, body)

    with lying(lie) as address:
        assert Remote(address, access=access).ask("ASK {}")
    assert heard == [header]
    assert "矩" not in repr(access) and "token" not in repr(access)


Pages = Callable[[int, int], int]
"""How many of the rows that are asked for, from which on, a store gives."""


def _paging(count: int, gives: Pages, doubled: bool = False, counts: list[int] | None = None) -> Lie:
    """A store with so many statements in its graph, which gives of each page what ``gives`` says."""
    left = list(counts or [])

    def lie(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        query = _query(body)
        if "COUNT(*)" in query:
            said = _table(_number(left.pop(0) if left else count), names=("counted",))
        else:
            found = re.search(r"LIMIT (\d+) OFFSET (\d+)$", query)
            assert found
            start = 0 if doubled else int(found[2])
            term = {"type": "uri", "value": "urn:p"}
            said = _table(
                *(
                    {"s": {"type": "uri", "value": f"urn:s:{start + number}"}, "p": term, "o": term}
                    for number in range(gives(int(found[1]), int(found[2])))
                ),
                names=("s", "p", "o"),
            )
        says(said)(handler, body)

    return lie


MANY = 2 * PAGE + 17


def test_a_graph_of_several_pages_is_read_whole() -> None:
    with lying(_paging(MANY, lambda limit, offset: limit)) as address:
        assert len(Remote(address).graph(GRAPH)) == MANY


@pytest.mark.parametrize(
    "lie",
    [
        _paging(MANY, lambda limit, offset: min(limit, 1_000)),
        _paging(MANY, lambda limit, offset: limit if offset == 0 else 0),
        _paging(MANY, lambda limit, offset: limit - (offset > PAGE)),
        _paging(MANY, lambda limit, offset: limit, doubled=True),
        _paging(MANY, lambda limit, offset: limit, counts=[MANY, MANY + 1]),
    ],
    ids=["cut at a thousand", "only the first page", "one short", "the same page again", "changed meanwhile"],
)
def test_a_graph_that_is_not_whole_is_an_error(lie: Lie) -> None:
    with lying(lie) as address, pytest.raises(RemoteError) as error:
        Remote(address).graph(GRAPH)
    assert error.value.code == "cut"


def _writing(counted: list[int], status: int = 204, text: str = "") -> tuple[Lie, list[str]]:
    """A store that says this to what is written, and counts so afterwards; and the methods and updates it saw."""
    seen: list[str] = []

    def lie(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        if handler.headers["Accept"] == "application/sparql-results+json":
            says(_table(_number(counted.pop(0)), names=("counted",)))(handler, body)
        else:
            seen.append(f"{handler.command} {body.decode().split('{')[0].strip()}".strip())
            says(text, "text/plain", status)(handler, body)

    return lie, seen


TAKEN_BACK = ["POST INSERT DATA", f"POST DROP SILENT GRAPH {GRAPH}"]
STATEMENTS = b"<urn:a> <urn:b> <urn:c> .\n<urn:a> <urn:b> <urn:d> .\n"


def test_what_was_written_is_counted() -> None:
    lie, seen = _writing([2])
    with lying(lie) as address:
        Remote(address, update=address).put(GRAPH, STATEMENTS)
    assert seen == ["POST INSERT DATA"]


@pytest.mark.parametrize(
    "counted, requests",
    [([0, 0], ["POST INSERT DATA"]), ([1, 1, 0], TAKEN_BACK), ([3, 3, 0], TAKEN_BACK)],
    ids=["none", "one of two", "one too many"],
)
def test_what_was_not_written_whole_is_an_error_and_taken_back(counted: list[int], requests: list[str]) -> None:
    lie, seen = _writing(counted, 200, "Error: out of space")
    with lying(lie) as address, pytest.raises(RemoteError) as error:
        Remote(address, update=address).put(GRAPH, STATEMENTS)
    assert error.value.code == "not-written"
    assert seen == requests and not counted


def test_what_the_store_refuses_is_an_error() -> None:
    lie, _ = _writing([0], 507, "Error: out of space")
    with lying(lie) as address, pytest.raises(RemoteError, match="out of space") as error:
        Remote(address, graphs=address).put(GRAPH, STATEMENTS)
    assert error.value.code == "http-507"


def test_what_was_not_removed_is_an_error() -> None:
    lie, seen = _writing([2, 2], 200, "no")
    with lying(lie) as address, pytest.raises(RemoteError) as error:
        Remote(address, graphs=address).drop(GRAPH)
    assert error.value.code == "not-removed"
    assert seen == ["DELETE"]
