"""Who may write: keys, requests over loopback and from elsewhere, the names of the server, and other sites."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient

from guiju.service import access, problems
from guiju.service.access import Asked, check, new_key, trusted, writing
from guiju.service.settings import BadSettings, settings
from tests.service.server import SRC, Server, serving, within

Set = Callable[..., None]
LOCAL = "http://127.0.0.1:8000"


@pytest.fixture
def set_(monkeypatch: pytest.MonkeyPatch) -> Iterator[Set]:
    """Sets what the environment says, anew."""

    def values(**given: str) -> None:
        for name, value in given.items():
            monkeypatch.setenv(f"GUIJU_{name.upper()}", value)
        settings.cache_clear()

    settings.cache_clear()
    yield values
    settings.cache_clear()


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, str]:
    """A file of keys, and the one key that it knows."""
    key, line = new_key("pipeline")
    file = tmp_path / "keys"
    file.write_text(f"# those who may write\n\n{line}\n", encoding="utf-8")
    return file, key


def _app() -> FastAPI:
    app = FastAPI()
    app.add_middleware(Asked)
    problems.install(app, {})

    @app.post("/api/v1/kept")
    @app.post("/kept")
    @app.post("/sparql")
    async def keep(who: Annotated[str, Depends(writing)]) -> str:
        return who

    @app.get("/listed")
    async def listed(who: Annotated[str, Depends(trusted)]) -> str:
        return who

    return app


def _client(base: str = LOCAL, client: str = "127.0.0.1") -> TestClient:
    return TestClient(_app(), base_url=base, client=(client, 50_000))


# Keys and their file.


def test_a_key_is_random_and_its_line_tells_nothing_of_it() -> None:
    (first, line), (second, _) = new_key("ops"), new_key("ops")
    assert first != second
    assert re.fullmatch(r"guiju_[\w-]{43}", first)
    assert line == f"{sha256(first.encode()).hexdigest()} ops"


@pytest.mark.parametrize("name", ["", "two words", "a\nb", "x" * 61, "<b>"])
def test_a_name_is_a_plain_word(name: str) -> None:
    with pytest.raises(ValueError, match="letters, digits"):
        new_key(name)


@pytest.mark.parametrize(
    "text, says",
    [
        ("guiju_notahash me\n", "keys:1"),
        (f"{'0' * 64} me\n{'0' * 64}\n", "keys:2"),
        (f"{'0' * 64} me and you\n", "keys:1"),
        ("\n# nobody\n", "holds no key"),
        ("\udcff", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used_stops_the_start(tmp_path: Path, set_: Set, text: str, says: str) -> None:
    file = tmp_path / "keys"
    file.write_bytes(text.encode(errors="surrogateescape"))
    set_(keys_file=str(file))
    with pytest.raises(BadSettings, match=says):
        check()


def test_a_file_that_is_not_there_or_anyone_may_write_to_stops_the_start(keys: tuple[Path, str], set_: Set) -> None:
    set_(keys_file=str(keys[0].with_name("other")))
    with pytest.raises(BadSettings, match="No such file"):
        check()
    set_(keys_file=str(keys[0]))
    check()
    keys[0].chmod(0o666)
    with pytest.raises(BadSettings, match="Anyone may write"):
        check()


def test_beyond_loopback_a_start_needs_keys(keys: tuple[Path, str], set_: Set) -> None:
    for host in ("127.0.0.1", "localhost", "::1", "127.9.9.9"):
        check(host)
    for host in ("0.0.0.0", "::", "192.0.2.1", ""):
        with pytest.raises(BadSettings, match="keys are required"):
            check(host)
    set_(writing="off")
    check("0.0.0.0")
    set_(writing="on", keys_file=str(keys[0]))
    check("0.0.0.0")


# Without keys: who asks.


@pytest.mark.parametrize(
    "end, host",
    [
        ("127.0.0.1", "127.0.0.1:8000"),
        ("127.0.0.1", "localhost"),
        ("127.0.0.1", "LOCALHOST.:8000"),
        ("127.0.0.1", "guiju.localhost:8000"),
        ("[::1]", "[::1]:8000"),
        ("[::ffff:127.0.0.1]", "127.0.0.1:8000"),
    ],
)
def test_without_keys_who_asks_over_loopback_may_write(set_: Set, end: str, host: str) -> None:
    with _client(f"http://{end}:8000", end.strip("[]")) as client:
        assert client.post("/kept", headers={"Host": host}).json() == ""
        assert client.get("/listed", headers={"Host": host}).json() == ""


@pytest.mark.parametrize(
    "base, client, headers",
    [
        ("http://10.1.2.3:8000", "10.1.2.9", {}),
        ("http://10.1.2.3:8000", "127.0.0.1", {}),
        ("http://10.1.2.3:8000", "10.1.2.9", {"Host": "localhost"}),
        ("http://10.1.2.3:8000", "127.0.0.1", {"Host": "localhost"}),
        (LOCAL, "10.1.2.9", {}),
        (LOCAL, "127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}),
        (LOCAL, "127.0.0.1", {"Forwarded": "for=127.0.0.1"}),
        (LOCAL, "127.0.0.1", {"Via": "1.1 proxy"}),
        ("http://unknown", "testclient", {}),
    ],
)
def test_without_keys_nobody_else_may(base: str, client: str, headers: dict[str, str], set_: Set) -> None:
    with _client(base, client) as found:
        for method, path in (("POST", "/kept"), ("GET", "/listed")):
            answer = found.request(method, path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "keys-required")


# With keys.


def test_a_key_is_a_bearer_token_or_the_password_of_any_user(keys: tuple[Path, str], set_: Set) -> None:
    file, key = keys
    set_(keys_file=str(file))
    basic = b64encode(f"anybody:{key}".encode()).decode()
    for base in (LOCAL, "http://10.1.2.3:8000"):
        with _client(base) as client:
            for header in (f"Bearer {key}", f"bearer {key}", f"Basic {basic}"):
                assert client.post("/kept", headers={"Authorization": header}).json() == "pipeline"
                assert client.get("/listed", headers={"Authorization": header}).json() == "pipeline"


def test_without_a_known_key_a_program_is_told_and_a_browser_is_asked(keys: tuple[Path, str], set_: Set) -> None:
    file, key = keys
    set_(keys_file=str(file))
    wrong = [
        "",
        "Bearer",
        f"Bearer {key}x",
        f"Bearer {key[:-1]}",
        f"Bearer {sha256(key.encode()).hexdigest()}",
        "Bearer pipeline",
        f"Token {key}",
        "Basic !!!",
        f"Basic {b64encode(key.encode()).decode()}",
        f"Basic {b64encode(b'a:' + bytes([255])).decode()}",
        f"Bearer {'x' * 60_000}",
    ]
    with _client() as client:
        for header in wrong:
            given = {"Authorization": header} if header else {}
            page, api = client.post("/kept", headers=given), client.post("/api/v1/kept", headers=given)
            assert (page.status_code, api.status_code) == (401, 401)
            assert page.headers["www-authenticate"].startswith("Basic ")
            assert api.headers["www-authenticate"].startswith("Bearer ")
            assert api.json()["code"] == "key"


def test_a_key_that_is_withdrawn_or_added_counts_at_once(keys: tuple[Path, str], set_: Set) -> None:
    file, key = keys
    set_(keys_file=str(file))
    other, line = new_key("second")
    with _client() as client:
        assert client.get("/listed", headers={"Authorization": f"Bearer {key}"}).json() == "pipeline"
        file.write_text(f"{line}\n", encoding="utf-8")
        assert client.get("/listed", headers={"Authorization": f"Bearer {key}"}).status_code == 401
        assert client.get("/listed", headers={"Authorization": f"Bearer {other}"}).json() == "second"
        file.write_text("", encoding="utf-8")
        assert client.get("/listed").status_code == 403, "a file without keys is not the same as no key needed"
        file.unlink()
        gone = client.get("/listed", headers={"Authorization": f"Bearer {other}"})
        assert (gone.status_code, gone.json()["code"]) == (503, "keys"), "nor is a file that has gone"


def test_every_line_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []

    def compare(held: str, given: str) -> bool:
        compared.append(held)
        return held == given

    monkeypatch.setattr("guiju.service.access.hmac.compare_digest", compare)
    key, line = new_key("first")
    known = [(line[:64], "first"), ("0" * 64, "second"), ("1" * 64, "third")]
    assert access._named(known, key) == "first"
    assert compared == [held for held, _ in known]


def test_where_writing_is_off_no_key_helps(keys: tuple[Path, str], set_: Set) -> None:
    set_(keys_file=str(keys[0]), writing="off")
    with _client() as client:
        given = {"Authorization": f"Bearer {keys[1]}"}
        answer = client.post("/kept", headers=given)
        assert (answer.status_code, answer.json()["code"]) == (403, "writing-off")
        assert client.get("/listed", headers=given).json() == "pipeline"


# The names of the server, and other sites.


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "0", "[::2]", "a b", ""]
)
def test_on_loopback_only_loopback_names_are_answered(set_: Set, host: str) -> None:
    with _client() as client:
        answer = client.get("/listed", headers={"Host": host})
        assert (answer.status_code, answer.json()["code"]) == (421, "host")


def test_other_names_are_those_that_the_operator_lists(set_: Set) -> None:
    set_(hosts="Rules.Example.org, 10.1.2.3")
    for base in (LOCAL, "http://10.1.2.3:8000"):
        with _client(base) as client:
            # It is the server's name, but nobody says who asks: this needs a key.
            assert client.get("/listed", headers={"Host": "rules.example.org:443"}).status_code == 403
            assert client.get("/listed", headers={"Host": "evil.example"}).status_code == 421
    with _client("http://10.1.2.3:8000") as client:
        assert client.get("/listed", headers={"Host": "localhost"}).status_code == 421


@pytest.mark.parametrize(
    "headers, refused",
    [
        ({"Sec-Fetch-Site": "cross-site"}, True),
        ({"Sec-Fetch-Site": "same-site"}, True),
        ({"Sec-Fetch-Site": "cross-site", "Origin": LOCAL}, True),
        ({"Origin": "http://evil.example"}, True),
        ({"Origin": "null"}, True),
        ({"Origin": "http://127.0.0.1:9999"}, True),
        ({"Origin": "http://localhost:8000"}, True),
        ({"Origin": LOCAL}, False),
        ({"Sec-Fetch-Site": "same-origin", "Origin": LOCAL}, False),
        ({"Sec-Fetch-Site": "none"}, False),
        ({}, False),
    ],
)
def test_what_another_site_has_a_browser_send_is_refused(set_: Set, headers: dict[str, str], refused: bool) -> None:
    with _client() as client:
        answer = client.post("/kept", headers=headers)
        assert answer.status_code == (403 if refused else 200)
        if refused:
            assert answer.json()["code"] == "cross-site"
        assert client.post("/sparql", headers=headers).status_code == 200, "a query changes nothing"


# A real server.


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    key, line = new_key("prometheus")
    file = tmp_path_factory.mktemp("keys") / "keys"
    file.write_text(line, encoding="utf-8")
    with serving(GUIJU_KEYS_FILE=str(file), GUIJU_SPARQL_WORKERS="1", GUIJU_STORE="off") as found:
        yield found, key


def test_a_server_with_keys_asks_for_one(guarded: tuple[Server, str]) -> None:
    server, key = guarded
    assert server.get("/metrics").status == 401
    assert server.get("/metrics", Authorization=f"Bearer {key}").status == 200
    assert within(10, lambda: "key=prometheus" in server.log()), "the log names the key, and has no more of it"
    assert key not in server.log()
    assert sha256(key.encode()).hexdigest() not in server.log()
    assert server.get("/api/v1/health").status == 200, "what is public needs none"
    assert server.ask("POST", "/validate", {"Origin": "http://evil.example"}).status == 403
    assert server.get("/", Host="evil.example").status == 421


def _guiju(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(SRC), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [sys.executable, "-m", *arguments], env={**os.environ, "PYTHONPATH": path, **environment},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_the_command_shows_a_key_once_and_prints_its_line() -> None:
    done = _guiju("guiju", "key", "pipeline")
    key = re.search(r"guiju_[\w-]{43}", done.stderr)
    assert done.returncode == 0
    assert key
    assert done.stdout == f"{sha256(key[0].encode()).hexdigest()} pipeline\n"


def test_a_start_that_would_not_be_safe_fails_with_a_message(tmp_path: Path) -> None:
    open_ = _guiju("guiju", "serve", "--host", "0.0.0.0", "--port", "0")
    assert open_.returncode == 3
    assert "GUIJU_KEYS_FILE" in open_.stderr
    # Of the settings of the store it is noticed only when it is opened that they do not go together.
    serve, by_hand = ("guiju", "serve", "--port", "0"), ("uvicorn", "guiju.api:app", "--port", "0")
    for command, name, value, says in (
        (serve, "GUIJU_KEYS_FILE", str(tmp_path / "none"), "No such file"),
        (by_hand, "GUIJU_KEYS_FILE", str(tmp_path / "none"), "No such file"),
        (by_hand, "GUIJU_STORE", "http://127.0.0.1:9/query", "GUIJU_STORE_UPDATE"),
    ):
        failed = _guiju(*command, **{name: value})
        assert failed.returncode == 3
        assert name in failed.stderr
        assert says in failed.stderr
        assert "Traceback" not in failed.stderr
