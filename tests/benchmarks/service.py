"""How the service bears load, hostile input and a long run, on this machine: ``python -m tests.benchmarks.service``.

One server on loopback with the default settings, but short deadlines, and a small client of our own beside it on the
same processors. Printed are requests a second and the time of an answer (median, 99th percentile); the time of
``/api/v1/health`` while every worker is stuck and both queues are full; how long each hostile entry took; and what
server and workers hold in memory before and after a long run. ``--requests`` says how many requests that run has.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import PurePath
from tempfile import TemporaryDirectory
from urllib.parse import quote

from guiju import paths
from guiju.intake.source import NAMES
from tests.service.server import Server, serving, within
from tests.service.watch import family
from tests.threats.corpus import FACTS, QUERIES

HTML = {"Accept": "text/html"}
TURTLE = {"Content-Type": "text/turtle"}
STUCK = "/sparql?query=" + quote("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?a != ?g) }")
SPARQL, JUDGE = 5.0, 30.0
"""Seconds of the deadlines."""


@dataclass(frozen=True)
class Ask:
    """One request."""

    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass
class Told:
    """The answers to a number of requests: their seconds and their statuses."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def at(self, share: float) -> float:
        """Milliseconds within which that share was answered."""
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Client:
    """A connection that stays open; opened again where the server has closed it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, one: Ask) -> int:
        """The status of the answer, read to its end."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._streams
        body = one.body or b""
        lines = [f"{'GET' if one.body is None else 'POST'} {one.path} HTTP/1.1", "Host: 127.0.0.1"]
        lines += [f"{name}: {value}" for name, value in one.headers.items()]
        lines += [f"Content-Length: {len(body)}"] if one.body is not None else []
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = head.partition("content-length: ")[2].partition("\r\n")[0]
        await reader.readexactly(int(length or 0))
        if "connection: close" in head:
            self.close()
        return int(head.split(" ", 2)[1])

    def close(self) -> None:
        if self._streams:
            self._streams[1].close()
        self._streams = None


async def load(port: int, asks: Iterable[Ask], at_once: int) -> tuple[Told, float]:
    """Every request, so many at once; what was told, and the seconds that all took."""
    told, left = Told(), iter(asks)

    async def work() -> None:
        client = Client(port)
        for one in left:
            began = time.perf_counter()
            told.statuses[await client.ask(one)] += 1
            told.seconds.append(time.perf_counter() - began)
        client.close()

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(at_once)))
    return told, time.perf_counter() - began


def kinds() -> dict[str, tuple[list[Ask], int, int]]:
    """What is asked: requests in turn, how many in all, and how many at once."""
    samples = {name: file.read_bytes() for name, file in paths.samples().items()}
    articles = [Ask(f"/about/id/aic-measures-2018/art_{number}", HTML) for number in range(1, 60)]
    words = [Ask(f"/search?q={quote(word)}", HTML) for word in ("资本", "关联交易", "董事会", "capital", "股权 收购")]
    questions = [
        Ask("/api/v1/queries/coverage/documents", {"Accept": "text/csv"}),
        Ask("/api/v1/queries/coverage/provisions?document=aic-measures-2018"),
        Ask("/api/v1/norms/aic-measures-2018/art_39__para_2.report-to-supervisory-board"),
    ]
    sparql = [
        Ask("/sparql?query=" + quote(f"SELECT ?s ?o {{ ?s a ?o . FILTER(?o != <urn:{number}>) }} LIMIT 50"))
        for number in range(20)
    ]
    return {
        "pages of articles": (articles, 1000, 8),
        "search": (words, 200, 8),
        "questions and norms": (questions, 400, 8),
        "SPARQL": (sparql, 400, 8),
        "judging sound-company": ([Ask("/api/v1/validate", TURTLE, samples["sound-company"])], 20, 2),
        "judging company-in-trouble": ([Ask("/api/v1/validate", TURTLE, samples["company-in-trouble"])], 20, 2),
        "judging amc-group": ([Ask("/api/v1/validate", TURTLE, samples["amc-group"])], 10, 2),
    }


async def under_load(server: Server) -> None:
    print(f"\n{'':28}{'requests':>9}{'at once':>8}{'a second':>10}{'p50 ms':>9}{'p99 ms':>9}  answers")
    for name, (asks, number, at_once) in kinds().items():
        await load(server.port, asks[:5], 1)
        told, seconds = await load(server.port, islice(cycle(asks), number), at_once)
        figures = f"{number:9}{at_once:8}{number / seconds:10.1f}{told.at(0.5):9.1f}{told.at(0.99):9.1f}"
        print(f"{name:28}{figures}  {dict(told.statuses)}")


async def stuck(server: Server, seconds: float = 15.0) -> None:
    """The health of a server with both kinds of workers stuck and both queues full."""
    # Few bytes, so that to send them is not what is measured, and many statements.
    heavy = Ask("/api/v1/validate", TURTLE, b"<urn:a> <urn:p> " + b",".join(b"%d" % n for n in range(200_000)) + b" .")
    end, told, refused = time.perf_counter() + seconds, Told(), Counter[int]()

    async def press(one: Ask) -> None:
        client = Client(server.port)
        while time.perf_counter() < end:
            refused[await client.ask(one)] += 1
            await asyncio.sleep(0.5)
        client.close()

    pressing = [asyncio.ensure_future(press(one)) for one in [Ask(STUCK)] * 24 + [heavy] * 20]
    await asyncio.sleep(2)
    client = Client(server.port)
    while time.perf_counter() < end:
        began = time.perf_counter()
        told.statuses[await client.ask(Ask("/api/v1/health"))] += 1
        told.seconds.append(time.perf_counter() - began)
        await asyncio.sleep(0.02)
    for one in pressing:
        one.cancel()
    await asyncio.gather(*pressing, return_exceptions=True)
    print(
        f"\nhealth while all workers are stuck: {len(told.seconds)} times, p50 {told.at(0.5):.1f} ms, "
        f"p99 {told.at(0.99):.1f} ms, longest {told.at(1):.1f} ms, {dict(told.statuses)}; the rest {dict(refused)}"
    )


async def hostile(server: Server) -> None:
    """How long each entry takes, against its deadline and half a second."""
    took: dict[int, list[tuple[float, str]]] = {}
    client = Client(server.port)
    asks = [
        (each, Ask("/sparql", {"Content-Type": "application/sparql-query"}, each.query.encode()), SPARQL)
        for each in QUERIES
    ] + [
        (each, Ask("/api/v1/validate", {"Content-Type": NAMES.get(PurePath(each.name).suffix[1:], "x/y")}, each.body), JUDGE)
        for each in FACTS
    ]  # fmt: skip
    late = 0
    for threat, one, deadline in asks:
        began = time.perf_counter()
        await client.ask(one)
        seconds = time.perf_counter() - began
        took.setdefault(threat.number, []).append((seconds, threat.shows))
        late += seconds > deadline + 0.5
    client.close()
    print(f"\nhostile entries: {len(asks)}, of which {late} took longer than their deadline and half a second")
    print(f"{'threat':>8}{'entries':>9}{'longest s':>11}  which")
    for number, found in sorted(took.items()):
        seconds, shows = max(found)
        print(f"{number:8}{len(found):9}{seconds:11.2f}  {shows}")


async def long_run(server: Server, number: int) -> None:
    """What is held before and after many requests of every kind, the hostile ones too."""
    small = [each for each in FACTS if len(each.body) < 100_000 and each.ignored is None]
    judged = [Ask("/api/v1/validate", {"Content-Type": NAMES.get(PurePath(each.name).suffix[1:], "x/y")}, each.body) for each in small]  # fmt: skip
    queries = [Ask("/sparql?query=" + quote(f"SELECT * {{ ?s ?p {n} }}")) for n in range(50)]
    pages = [ask for asks, _, _ in list(kinds().values())[:4] for ask in asks]
    pages += [Ask(f"/nothing/{n}", HTML) for n in range(50)]
    turns = (islice(cycle(one), number) for one in (pages, queries, judged, pages))
    asks = [each for turn in zip(*turns, strict=True) for each in turn][:number]
    whole = paths.samples()["sound-company"].read_bytes()
    asks[::100] = [Ask("/api/v1/validate", TURTLE, whole)] * len(asks[::100])
    await load(server.port, asks[: number // 10], 4)
    print(f"\n{'':24}{'server MiB':>11}{'workers MiB':>12}{'processes':>10}{'files':>7}")
    show: Callable[[str], None] = lambda when: print(f"{when:24}{_held(server)}")  # noqa: E731
    show("warm")
    for part in range(4):
        told, _ = await load(server.port, asks[part * number // 4 : (part + 1) * number // 4], 4)
        show(f"after {(part + 1) * number // 4} requests")
        assert max(told.statuses) < 504


def _held(server: Server) -> str:
    own, *workers = family(server.pid)
    mib = 1024**2
    return f"{own.memory / mib:11.1f}{sum(one.memory for one in workers) / mib:12.1f}{len(workers) + 1:10}{len(own.files):7}"


async def measure(server: Server, requests: int) -> None:
    await under_load(server)
    await stuck(server)
    await asyncio.sleep(SPARQL + 2)
    await hostile(server)
    await long_run(server, requests)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=2_000)
    requests = parser.parse_args().requests
    with TemporaryDirectory() as store:
        limits = {"GUIJU_SPARQL_DEADLINE": str(SPARQL), "GUIJU_JUDGE_DEADLINE": str(JUDGE), "GUIJU_STORE": store}
        with serving("guiju", "serve", **limits) as server:
            assert within(120, lambda: server.ask("POST", "/api/v1/validate", TURTLE, b"").status == 400)
            asyncio.run(measure(server, requests))


if __name__ == "__main__":
    main()
