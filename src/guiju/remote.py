"""A SPARQL 1.1 store elsewhere, read strictly: an answer is whole, or an error; never a part taken for the whole.

Stores answer 200 with what they had when the time was over, cut at a number of rows, or with an error as text. So
results are read as JSON only, every member of it is checked, and the number of rows is compared with a COUNT. So are
the statements of a graph, which come as N-Triples, or in pages in an order that no two statements share. What was
written is counted afterwards. Redirects are not followed, and nothing is asked of any other address.
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import urllib3
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse

from guiju import keys

Term = NamedNode | BlankNode | Literal
Row = dict[str, Term]

PAGE = 5_000
"""Statements asked for at once: below the number at which known stores cut an answer by default."""
MOST = 256 * 1024 * 1024
"""Bytes of one answer."""
_RESULTS = "application/sparql-results+json"
_TRIPLES = "application/n-triples"
_ORDER = "?s ?p MD5(STR(?o)) LANG(?o) STR(DATATYPE(?o))"
"""Of two different statements without blank nodes one comes first; some stores cannot order by long texts."""
_SELECT = re.compile(r"^\s*SELECT\b", re.MULTILINE)
_CHUNK = 64 * 1024
_SAID = 300
"""Characters of a store's own words in an error."""


class RemoteError(Exception):
    """The store did not answer as it must; ``code`` names how, for programs, ``zh`` and ``en`` what to do."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(f"{zh} {en}")
        self.code, self.zh, self.en = code, zh, en


@dataclass(frozen=True)
class Access:
    """How a store lets us in: a user with a password, or a token; nothing where both are empty."""

    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    def headers(self) -> dict[str, str]:
        """The header that says so."""
        if self.token:
            return {"Authorization": f"Bearer {self.token}"}
        if self.user:
            pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode("ascii")
            return {"Authorization": f"Basic {pair}"}
        return {}


class Remote:
    """A store by its addresses: ``query`` answers queries, ``update`` takes updates, ``graphs`` is its Graph Store.

    Writing needs one of the latter two, and prefers the Graph Store Protocol. ``seconds`` is how long one request may
    take to connect, to begin to answer, and to go on. ValueError for an address that is not http or https, or that
    carries a password.
    """

    def __init__(
        self, query: str, update: str = "", graphs: str = "", access: Access | None = None, seconds: float = 30
    ) -> None:
        for address in filter(None, (query, update, graphs)):
            parts = urlsplit(address)
            if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password:
                raise ValueError(f"{parts.scheme}://{parts.hostname}: an http or https address without user is needed")
        self.query, self.update, self.graphs = query, update, graphs
        self._headers = {"User-Agent": "guiju", **(access or Access()).headers()}
        self._seconds = seconds
        self._pool = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(seconds), maxsize=4, block=True)

    def close(self) -> None:
        """Let go of the connections."""
        self._pool.clear()

    def select(self, query: str) -> list[Row]:
        """All rows of a SELECT, as many as the store counts. RemoteError where it is not sure that these are all."""
        query = "\n".join(line for line in query.splitlines() if not line.lstrip().startswith("#"))
        match = _SELECT.search(query)
        if not match:
            raise ValueError("the query is not a SELECT at the beginning of a line")
        prologue, body = query[: match.start()], query[match.start() :]
        rows = self._rows(query)
        counted = self._count(f"{prologue}SELECT (COUNT(*) AS ?counted) WHERE {{ {{ {body} }} }}")
        if counted != len(rows):
            raise _cut(counted, len(rows))
        return rows

    def ask(self, query: str) -> bool:
        """The answer to an ASK."""
        answer = self._results(query)
        if not isinstance(answer.get("boolean"), bool) or not answer.keys() <= {"head", "boolean", "link"}:
            raise _unsound("no boolean")
        return bool(answer["boolean"])

    def count(self, graph: NamedNode | None = None, predicate: NamedNode | None = None) -> int:
        """How many statements a graph has, of one predicate or of all; the default graph where none is given."""
        return self._count(f"SELECT (COUNT(*) AS ?counted) WHERE {{ {_in(graph, predicate)} }}")

    def graph(self, graph: NamedNode | None = None, predicate: NamedNode | None = None) -> list[Triple]:
        """The statements of a graph, of one predicate or of all; of the default graph where none is given.

        Through the Graph Store at once; where there is none, it gives too few, or a predicate is given, in pages, and
        then with blank nodes in an answer of one page only. RemoteError where they are not as many as the store
        counted, before and after.
        """
        counted = self.count(graph, predicate)
        found = self._fetched(graph, counted) if self.graphs and predicate is None else {}
        if len(found) != counted:
            # Virtuoso gives the first ten thousand and says nothing.
            found = self._paged(_in(graph, predicate), counted)
        if len(found) != counted or self.count(graph, predicate) != counted:
            raise _cut(counted, len(found))
        return list(found)

    def _fetched(self, graph: NamedNode | None, counted: int) -> dict[Triple, None]:
        if not counted:
            # Such a graph does not exist for the protocol.
            return {}
        media, text = self._ask("GET", self._graph_address(graph), None, {"Accept": _TRIPLES})
        if media not in {_TRIPLES, "text/plain"}:
            raise _other_media(media, _TRIPLES, text)
        try:
            return dict.fromkeys(quad.triple for quad in parse(text, format=RdfFormat.N_TRIPLES))
        except SyntaxError as error:
            raise RemoteError(
                "not-n-triples",
                f"存储的回答不是完整的 N-Triples：{error}",
                f"The store's answer is no whole N-Triples: {error}",
            ) from None

    def _paged(self, pattern: str, counted: int) -> dict[Triple, None]:
        found: dict[Triple, None] = {}
        for offset in range(0, counted, PAGE):
            wanted = min(PAGE, counted - offset)
            # The order stands inside: some stores sort no more rows than they give.
            page = self._rows(
                f"SELECT ?s ?p ?o WHERE {{ {{ SELECT ?s ?p ?o WHERE {{ {pattern} }} ORDER BY {_ORDER} }} }}"
                f" LIMIT {wanted} OFFSET {offset}"
            )
            if len(page) != wanted:
                raise _cut(wanted, len(page))
            found.update((_triple(row), None) for row in page)
        blank = counted > PAGE and any(
            isinstance(term, BlankNode) for triple in found for term in (triple.subject, triple.object)
        )
        if blank:
            raise RemoteError(
                "blank-nodes",
                f"超过 {PAGE} 条语句的图含有空白节点，分页读取时无法对应；请改用 IRI。",
                f"A graph of more than {PAGE} statements has blank nodes, whose names change from page to page; "
                "give them IRIs.",
            )
        return found

    def put(self, graph: NamedNode, ntriples: bytes) -> None:
        """Make a graph of these statements, one a line, no two alike, without blank nodes, in one request.

        RemoteError where the store does not count as many afterwards; what there is of it is then dropped.
        """
        lines = ntriples.count(b"\n")
        try:
            if self.graphs:
                self._write("PUT", self._graph_address(graph), ntriples, _TRIPLES)
            else:
                text = b"INSERT DATA { GRAPH %s {\n%s} }" % (str(graph).encode(), ntriples)
                self._update(text)
            if (counted := self.count(graph)) != lines:
                raise RemoteError(
                    "not-written",
                    f"写入 {lines} 条语句后存储中有 {counted} 条，已撤回。",
                    f"Of {lines} statements written the store has {counted}; they were taken back.",
                )
        except RemoteError:
            self._take_back(graph)
            raise

    def drop(self, graph: NamedNode) -> None:
        """Remove a graph, if there is one. RemoteError where the store still has statements in it."""
        if not self.count(graph):
            return
        if self.graphs:
            self._write("DELETE", self._graph_address(graph), None, "")
        else:
            self._update(f"DROP SILENT GRAPH {graph}".encode())
        if counted := self.count(graph):
            raise RemoteError(
                "not-removed",
                f"删除后存储中仍有 {counted} 条语句。",
                f"After its removal the store has {counted} statements of the graph.",
            )

    def _take_back(self, graph: NamedNode) -> None:
        try:
            self.drop(graph)
        except RemoteError as error:
            # The first error is what the caller is told; nothing more can be done from here.
            error.add_note("what had been written could not be taken back")

    def _graph_address(self, graph: NamedNode | None) -> str:
        joint = "&" if "?" in self.graphs else "?"
        return f"{self.graphs}{joint}{'graph=' + quote(graph.value, safe='') if graph else 'default'}"

    def _update(self, text: bytes) -> None:
        if not self.update:
            raise ValueError("to write, an update or a graph store address is needed")
        self._write("POST", self.update, text, "application/sparql-update")

    def _count(self, query: str) -> int:
        rows = self._rows(query)
        if len(rows) != 1 or not isinstance(found := rows[0].get("counted"), Literal):
            raise _unsound("no count")
        if not re.fullmatch(r"\d{1,15}", found.value, re.ASCII):
            raise _unsound(f"a count of {found.value[:20]!r}")
        return int(found.value)

    def _rows(self, query: str) -> list[Row]:
        answer = self._results(query)
        head, results = answer.get("head"), answer.get("results")
        if not isinstance(head, dict) or not isinstance(results, dict) or "boolean" in answer:
            raise _unsound("no head or no results")
        names, bindings = head.get("vars"), results.get("bindings")
        if not isinstance(names, list) or not isinstance(bindings, list):
            raise _unsound("no vars or no bindings")
        if not all(isinstance(row, dict) and row.keys() <= set(names) for row in bindings):
            raise _unsound("a row with other variables")
        return [{name: _term(term) for name, term in row.items()} for row in bindings]

    def _results(self, query: str) -> dict[str, Any]:
        body = urlencode({"query": query}).encode("ascii")
        headers = {"Accept": _RESULTS, "Content-Type": "application/x-www-form-urlencoded"}
        media, text = self._ask("POST", self.query, body, headers)
        if media not in {_RESULTS, "application/json"}:
            raise _other_media(media, _RESULTS, text)
        try:
            answer = json.loads(text.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            raise RemoteError(
                "not-json", f"存储的回答不是完整的 JSON：{error}", f"The store's answer is no whole JSON: {error}"
            ) from None
        if not isinstance(answer, dict):
            raise _unsound("no object")
        return answer

    def _write(self, method: str, address: str, body: bytes | None, media: str) -> None:
        self._ask(method, address, body, {"Content-Type": media} if media else {})

    def _ask(self, method: str, address: str, body: bytes | None, headers: Mapping[str, str]) -> tuple[str, bytes]:
        """Media type and whole body of a good answer."""
        end = time.monotonic() + self._seconds
        try:
            response = self._pool.request(
                method, address, body=body, headers={**self._headers, **headers}, redirect=False, preload_content=False
            )
            try:
                text = b"".join(_bounded(response, end))
            finally:
                response.close()
        except urllib3.exceptions.NewConnectionError:
            # urllib3 counts it among what took too long.
            raise _broken("refused") from None
        except (urllib3.exceptions.TimeoutError, TimeoutError):
            raise RemoteError(
                "too-slow",
                f"存储在 {self._seconds:g} 秒内没有答完。",
                f"The store did not finish within {self._seconds:g} seconds.",
            ) from None
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise _broken(type(error).__name__) from None
        if not 200 <= response.status < 300:
            to = response.headers.get("Location", "")
            said = f"→ {to[:_SAID]}" if 300 <= response.status < 400 else _words(text)
            raise RemoteError(
                f"http-{response.status}",
                f"存储以 {response.status} 作答：{said}",
                f"The store answered {response.status}: {said}",
            )
        if "X-SQL-State" in response.headers:
            # Virtuoso, which had no more time and gives what it has.
            raise RemoteError("partial", "存储只给出了部分结果。", "The store gave a part of the answer only.")
        return response.headers.get("Content-Type", "").split(";")[0].strip().lower(), text


def _bounded(response: urllib3.BaseHTTPResponse, end: float) -> Iterator[bytes]:
    so_far = 0
    while chunk := response.read1(_CHUNK):
        so_far += len(chunk)
        if so_far > MOST:
            raise RemoteError(
                "too-large", f"存储的回答超过 {MOST} 字节。", f"The store's answer has more than {MOST} bytes."
            )
        if time.monotonic() > end:
            raise TimeoutError
        yield chunk


def _in(graph: NamedNode | None, predicate: NamedNode | None = None) -> str:
    pattern = f"?s {predicate} ?o BIND ({predicate} AS ?p)" if predicate else "?s ?p ?o"
    return f"GRAPH {graph} {{ {pattern} }}" if graph else pattern


def _triple(row: Row) -> Triple:
    if row.keys() != {"s", "p", "o"}:
        raise _unsound("a statement without its three parts")
    subject, predicate, value = row["s"], row["p"], row["o"]
    if isinstance(subject, Literal) or not isinstance(predicate, NamedNode):
        raise _unsound("a statement that is none")
    return Triple(subject, predicate, value)


def _term(term: Any) -> Term:
    """A term as the W3C's JSON has it, or as an older form of it, which Virtuoso still writes, does."""
    if not isinstance(term, dict) or not all(isinstance(value, str) for value in term.values()):
        raise _unsound("a term that is none")
    kind, value, rest = term.get("type"), term.get("value"), term.keys() - {"type", "value"}
    if value is None or rest - {"xml:lang", "datatype"}:
        raise _unsound("a term without value, or with more")
    try:
        if kind == "uri" and not rest:
            return NamedNode(value)
        if kind == "bnode" and not rest:
            return BlankNode(re.sub(r"[^A-Za-z0-9]", "x", value))
        if kind in {"literal", "typed-literal"}:
            datatype = term.get("datatype")
            if language := term.get("xml:lang"):
                if datatype not in (None, keys.RDF + "langString"):
                    raise _unsound("a literal with language and datatype")
                return Literal(value, language=language)
            return Literal(value, datatype=NamedNode(datatype)) if datatype else Literal(value)
    except ValueError as error:
        raise _unsound(str(error)) from None
    raise _unsound(f"a term of type {str(kind)[:20]!r}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member twice")
    return found


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no JSON")


def _broken(how: str) -> RemoteError:
    return RemoteError(
        "unreachable", f"与存储的连接失败或中断：{how}。", f"The connection to the store failed or broke off: {how}."
    )


def _words(text: bytes) -> str:
    """The first line of what a store said; some say the whole query behind it."""
    return " ".join(text.lstrip()[:_SAID].decode("utf-8", "replace").partition("\n")[0].split())


def _other_media(media: str, wanted: str, text: bytes) -> RemoteError:
    return RemoteError(
        "media-type",
        f"存储以 {media or '无类型'} 作答，而非 {wanted}：{_words(text)}",
        f"The store answered as {media or 'nothing'}, not as {wanted}: {_words(text)}",
    )


def _unsound(what: str) -> RemoteError:
    return RemoteError(
        "unsound", f"存储的回答不合 SPARQL 结果格式：{what}。", f"The store's answer is no SPARQL result: {what}."
    )


def _cut(counted: int, found: int) -> RemoteError:
    return RemoteError(
        "cut",
        f"存储计有 {counted} 行，却给出 {found} 行：回答被截断，或数据正在变动。",
        f"The store counts {counted} rows and gave {found}: the answer was cut, or the data changed meanwhile.",
    )
