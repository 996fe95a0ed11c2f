"""Every entry of threats.toml, sent to a running server by each way that leads in."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import urlencode

import pytest

from guiju.intake.source import NAMES
from tests.service.server import Answer, Server, serving, within
from tests.service.watch import Canary, Page, canary, family, warm
from tests.threats.corpus import FACTS, QUERIES, Threat

MIB = 1024**2
LAW = "amc-opinions-2025"
"""The document with the fewest shapes: facts that are read are also judged."""
HTML = "text/html,application/xhtml+xml,*/*;q=0.1"
MEDIA = {
    "ttl": "text/turtle", "nt": "application/n-triples", "trig": "application/trig", "jsonld": "application/ld+json",
    "rdf": "application/rdf+xml", "owl": "application/rdf+xml",
}  # fmt: skip


def _chosen(threat: Threat) -> str:
    """The format that a form names for what is pasted; empty for what nobody can paste: other formats, and no text."""
    try:
        threat.body.decode()
    except UnicodeDecodeError:
        return ""
    return NAMES.get(PurePath(threat.name).suffix[1:], "")


@pytest.fixture(scope="module")
def aim() -> Iterator[Canary]:
    with canary() as found:
        yield found


@pytest.fixture(scope="module")
def server(aim: Canary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server; when every entry was sent, it has as many processes and files as before."""
    store = tmp_path_factory.mktemp("kept")
    limits = {"GUIJU_SPARQL_DEADLINE": "2", "GUIJU_SPARQL_MEMORY": str(700 * MIB), "GUIJU_STORE": str(store)}
    with serving(**limits) as found:
        warm(found)
        before, files = family(found.pid), _open(found, store)
        yield found
        assert within(10, lambda: len(family(found.pid)) == len(before)), family(found.pid)
        # The store opens files as it grows.
        assert within(10, lambda: _open(found, store) <= files), (before[0].files, family(found.pid)[0].files)


def _open(server: Server, but: Path) -> int:
    """How many files and connections the server has open, those below a folder left aside."""
    return sum(not name.startswith(str(but)) for name in family(server.pid)[0].files)


@pytest.fixture(autouse=True)
def _as_it_was(server: Server, aim: Canary) -> Iterator[None]:
    yield
    assert server.get("/api/v1/health").status == 200
    assert not aim.disturbed()


@pytest.mark.parametrize("threat", FACTS, ids=str)
def test_facts_judged(threat: Threat, server: Server, aim: Canary) -> None:
    answer, said = _sent(threat, server, f"/api/v1/validate?document={LAW}", aim)
    if threat.ignored is None:
        assert (answer.status, said["code"]) == (threat.status or 400, threat.code or "bad-input")
        assert (threat.served or threat.refused) in said["detail"]
    else:
        assert answer.status == 200
        assert len(said["ignored"]) == threat.ignored


@pytest.mark.parametrize("threat", FACTS, ids=str)
def test_facts_kept(threat: Threat, server: Server, aim: Canary) -> None:
    answer, said = _sent(threat, server, f"/api/v1/submissions?document={LAW}", aim)
    if threat.ignored is None:
        assert (answer.status, said["code"]) == (threat.status or 400, threat.code or "bad-input")
        assert (threat.served or threat.refused) in said["detail"]
        return
    assert answer.status == 201
    place = answer.headers["location"]
    for part in ("", "/report", "/facts"):
        for media in ("application/json", "text/turtle", "application/rdf+xml", "application/ld+json"):
            shown = server.get(place + part, media)
            assert shown.status in {200, 406}
            assert aim.secret not in shown.text
    assert not Page(server.get(place.removeprefix("/api/v1"), HTML).text).harm
    assert server.ask("DELETE", place).status == 204
    assert server.get(place).status == 404


def _sent(threat: Threat, server: Server, path: str, aim: Canary) -> tuple[Answer, dict[str, Any]]:
    ending = PurePath(threat.name).suffix[1:]
    media = MEDIA.get(ending, f"application/{ending}")
    answer = server.ask("POST", path, {"Content-Type": media}, threat.aimed(aim.server, aim.file))
    assert aim.secret not in answer.text
    return answer, json.loads(answer.body)


@pytest.mark.parametrize("threat", [threat for threat in FACTS if _chosen(threat)], ids=str)
def test_facts_pasted(threat: Threat, server: Server, aim: Canary) -> None:
    _on_a_page(threat, page(server, form(threat.aimed(aim.server, aim.file), _chosen(threat))), aim)


@pytest.mark.parametrize("threat", FACTS, ids=str)
def test_facts_uploaded(threat: Threat, server: Server, aim: Canary) -> None:
    _on_a_page(threat, page(server, form(threat.aimed(aim.server, aim.file), name=threat.name)), aim)


def _on_a_page(threat: Threat, answer: Answer, aim: Canary) -> None:
    said = unescape(answer.text)
    if threat.ignored is None:
        assert answer.status == (threat.status or 400)
        assert (threat.served or threat.refused if threat.body.strip() else "No facts") in said
    else:
        assert answer.status == 200
    assert not Page(answer.text).harm
    assert aim.secret not in said


@pytest.mark.parametrize("threat", QUERIES, ids=str)
def test_queries_posted(threat: Threat, server: Server, aim: Canary) -> None:
    query = threat.aimed(aim.server, aim.file)
    _of_a_query(threat, server.ask("POST", "/sparql", {"Content-Type": "application/sparql-query"}, query), aim)


@pytest.mark.parametrize("threat", [threat for threat in QUERIES if len(threat.query) < 10_000], ids=str)
def test_queries_in_an_address(threat: Threat, server: Server, aim: Canary) -> None:
    query = threat.aimed(aim.server, aim.file)
    _of_a_query(threat, server.get("/sparql?" + urlencode({"query": query})), aim)


def _of_a_query(threat: Threat, answer: Answer, aim: Canary) -> None:
    assert answer.status == threat.status
    said = json.loads(answer.body)
    if threat.code:
        assert said["code"] in threat.code.split()
        assert said["detail"]
    else:
        assert "results" in said or "boolean" in said
    assert aim.secret not in answer.text


def form(body: bytes, chosen: str = "", name: str = "") -> tuple[str, bytes]:
    """A form of the page as its media type and body: facts pasted in a format chosen, or a file with a name."""
    mark = os.urandom(12).hex()
    head = f'; filename="{name}"\r\nContent-Type: application/octet-stream' if name else ""
    parts = [(f'name="{"file" if name else "facts"}"{head}', body), ('name="format"', chosen.encode())]
    parts.append(('name="document"', LAW.encode()))
    sent = b"".join(
        f"--{mark}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + text + b"\r\n" for head, text in parts
    )
    return f"multipart/form-data; boundary={mark}", sent + f"--{mark}--\r\n".encode()


def page(server: Server, sent: tuple[str, bytes]) -> Answer:
    """The page that answers a form: the form again, or the page of the submission once it is judged."""
    answer = server.ask("POST", "/validate", {"Content-Type": sent[0], "Accept": HTML}, sent[1])
    if answer.status != 303:
        return answer
    place = answer.headers["location"]
    assert re.fullmatch(r"/submissions/[0-9a-f-]{36}", place)
    assert within(30, lambda: json.loads(server.get(f"/api/v1{place}").body)["state"] in {"done", "failed"})
    return server.get(place, HTML)
