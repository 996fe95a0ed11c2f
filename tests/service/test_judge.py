"""Strangers' facts in the workers: the same answers as the command, and nothing that stops or outlives them."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest

from guiju.paths import samples
from tests.service.server import SRC, Answer, Server, children, serving, within

SAMPLES = samples()
TURTLE = {"Content-Type": "text/turtle"}
SMALL = b"""@prefix gj: <https://w3id.org/guiju/ontology#> .
<urn:x:submission> a gj:Submission ; gj:asOf "2018-12-31"^^<http://www.w3.org/2001/XMLSchema#date> .
<urn:x:company> a gj:FinancialAssetInvestmentCompany ; gj:reportedIn <urn:x:submission> ."""
"""What is judged at once."""
LONG = b"@prefix gj: <https://w3id.org/guiju/ontology#> .\n" + b"".join(
    b"<urn:x:s%d> a gj:Submission ; gj:asOf '2018-12-31'^^<http://www.w3.org/2001/XMLSchema#date> .\n"
    b"<urn:x:c%d> a gj:FinancialAssetInvestmentCompany ; gj:reportedIn <urn:x:s%d> .\n" % (n, n, n)
    for n in range(600)
)
"""What is judged for longer than any test waits."""


@pytest.fixture(scope="module")
def judging() -> Iterator[Server]:
    limits = {"WORKERS": "1", "WAITING": "1", "MEMORY": str(1200 * 1024**2), "BYTES": "400000"}
    with serving(**{f"GUIJU_JUDGE_{name}": most for name, most in limits.items()}, GUIJU_SPARQL_WORKERS="1") as found:
        yield found


def _post(server: Server, path: str, facts: bytes) -> Answer:
    return server.ask("POST", path, TURTLE, facts)


def _worker(server: Server) -> int:
    found = server.workers("handling")
    assert len(found) == 1
    return found.pop()


def _busy(server: Server) -> bool:
    return bool(children(_worker(server)))


def _command(*arguments: str, facts: bytes) -> tuple[int, str]:
    """The exit code of the command on facts, and what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "guiju", *arguments],
        input=facts,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(SRC)},
        check=False,
    )
    return done.returncode, done.stdout.decode()


@pytest.mark.parametrize(
    "sample, command, options",
    [
        *((name, "validate", {"outcomes": "all"}) for name in SAMPLES),
        (
            "company-in-trouble",
            "validate",
            {"outcomes": "failed", "as-of": "2018-07-31", "document": "aic-measures-2018"},
        ),
        ("company-in-trouble", "explain", {"why": "true"}),
        ("amc-group", "explain", {"why": "false", "norm": "amc-consolidated-supervision-2011/art_8"}),
        ("amc-group", "graph", {"most": "50"}),
    ],
)
def test_the_answer_is_what_the_command_prints(
    judging: Server, sample: str, command: str, options: dict[str, str]
) -> None:
    facts = SAMPLES[sample].read_bytes()
    query = "&".join(f"{name}={value}" for name, value in options.items())
    answer = _post(judging, f"/api/v1/{command}?{query}", facts)
    assert answer.status == 200, answer.text
    why = ["--why"] if options.pop("why", "") == "true" else []
    given = [f"--{name}={value}" for name, value in options.items()]
    form = [] if command == "graph" else ["--format=json"]
    code, printed = _command(command, "-", "--input-format=turtle", *form, *given, *why, facts=facts)
    assert code in {0, 1, 2}
    assert answer.text == printed


def test_every_format_and_the_defining_engine_are_there_without_a_file(judging: Server) -> None:
    answer = judging.ask("POST", "/api/v1/validate?outcomes=failed", {**TURTLE, "Accept": "text/turtle"}, SMALL)
    assert answer.status == 200, answer.text
    assert answer.media == "text/turtle"
    defined = _post(judging, "/api/v1/validate?engine=pyshacl&document=amc-opinions-2025", SMALL)
    assert defined.status == 200, defined.text
    assert json.loads(defined.body)["engine"] == "pyshacl"


def test_what_cannot_be_used_is_told_as_the_command_tells_it(judging: Server) -> None:
    for path, facts, words in (
        ("validate", b"x", "Syntax error"),
        ("validate?document=no-such", SMALL, "no-such"),
        ("explain?subject=nobody", SMALL, "nobody"),
        ("explain?norm=aic-measures-2018/art_999", SMALL, "art_999"),
        ("graph", SMALL, "no asset management company"),
    ):
        answer = _post(judging, f"/api/v1/{path}", facts)
        assert answer.status in {400, 404, 422}, answer.text
        assert words in answer.text
        assert not within(0.1, lambda: _busy(judging))


def test_a_worker_has_three_pipes_and_no_way_to_a_fourth(judging: Server) -> None:
    """Nothing is a socket, and the kernel gives no further descriptor, which a file and a socket both need."""
    for number in (_worker(judging), *judging.workers()):
        folder = Path(f"/proc/{number}")
        assert {name: os.readlink(folder / "fd" / name).split(":")[0] for name in os.listdir(folder / "fd")} == {
            "0": "pipe", "1": "pipe", "2": "/dev/null",
        }  # fmt: skip
        limits = (folder / "limits").read_text()
        for name, most in (("Max open files", "3"), ("Max file size", "0"), ("Max core file size", "0")):
            line = next(line for line in limits.splitlines() if line.startswith(name))
            assert line.removeprefix(name).split()[:2] == [most, most]
        environment = (folder / "environ").read_bytes()
        assert b"GUIJU_JUDGE" not in environment


def test_a_worker_that_is_killed_in_the_middle_is_made_up_for(judging: Server) -> None:
    number = _worker(judging)
    with ThreadPoolExecutor(1) as threads:
        for victim in ("copy", "worker"):
            asked = threads.submit(_post, judging, "/api/v1/validate", LONG)
            assert within(60, lambda: _busy(judging))
            os.kill(children(number).pop() if victim == "copy" else number, signal.SIGKILL)
            answer = asked.result()
            assert (answer.status, json.loads(answer.body)["code"]) == (503, "too-heavy")
    assert judging.get("/api/v1/health").status == 200
    assert _post(judging, "/api/v1/validate", SMALL).status == 200
    assert _worker(judging) != number


def test_a_full_queue_says_when_to_come_again_and_who_goes_away_makes_room(judging: Server) -> None:
    assert _post(judging, "/api/v1/validate", SMALL).status == 200
    number = _worker(judging)
    held = []
    for _ in range(2):
        held.append(HTTPConnection("127.0.0.1", judging.port, timeout=60))
        held[-1].request("POST", "/api/v1/validate", LONG, TURTLE)
    assert within(60, lambda: _busy(judging))
    assert within(60, lambda: _post(judging, "/api/v1/validate", b"").status == 503)
    refused = _post(judging, "/api/v1/validate", SMALL)
    assert (refused.status, json.loads(refused.body)["code"], refused.headers["retry-after"]) == (503, "busy", "5")
    assert judging.get("/api/v1/health").status == 200
    for each in held:
        each.close()
    assert within(20, lambda: not _busy(judging)), "nobody waits for it any more"
    assert within(20, lambda: _post(judging, "/api/v1/validate", SMALL).status == 200)
    assert _worker(judging) == number


def test_limits_of_memory_and_size_are_told(judging: Server) -> None:
    worker = _worker(judging)
    most = resource.prlimit(worker, resource.RLIMIT_AS)
    # Little more than it has: so a copy needs too much without this machine being filled.
    room = int(Path(f"/proc/{worker}/statm").read_text().split()[0]) * resource.getpagesize() + 48 * 1024**2
    resource.prlimit(worker, resource.RLIMIT_AS, (room, most[1]))
    heavy = _post(judging, "/api/v1/validate", LONG)
    assert (heavy.status, json.loads(heavy.body)["code"]) == (503, "too-heavy")
    # A worker that had no room itself was replaced.
    with suppress(ProcessLookupError):
        resource.prlimit(worker, resource.RLIMIT_AS, most)
    assert _post(judging, "/api/v1/validate", SMALL).status == 200
    large = _post(judging, "/api/v1/validate", SMALL + b"#" * 400_000)
    assert (large.status, json.loads(large.body)["code"]) == (413, "body-too-large")
