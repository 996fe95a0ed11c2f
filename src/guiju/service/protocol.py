"""``/sparql``: the SPARQL 1.1 Protocol, query only, over everything that is held.

There is one dataset: all that is held is its default graph, and parameters and clauses that choose another are refused
rather than passed over. Its named graphs are the kept submissions, each there for the queries that name it in full
(``<urn:uuid:…>``), so that ``GRAPH ?g`` ranges over those named and lists nobody else's. Without a query, the endpoint
describes itself (SPARQL 1.1 Service Description). Errors are problem details: 400 for a query that is not one or is
refused, 403 for an answer that is too large (it is never cut), 406, 413 and 415 as HTTP has them, 503 when all workers
are busy or the query was not done by its deadline.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response
from pyoxigraph import BlankNode, Literal, NamedNode, Triple
from starlette.exceptions import HTTPException

from guiju import keeping, keys
from guiju.service import editor, guard, kept, metrics, openapi, querying
from guiju.service.describe import tidy, write
from guiju.service.gone import unless_gone
from guiju.service.held import held
from guiju.service.negotiation import GRAPHS, choose, respond
from guiju.service.pool import Busy, Died, Limits, Pool, Reply, TooSlow
from guiju.service.problems import Problem
from guiju.service.settings import settings

BODY = 1024 * 1024
"""Bytes of a request's body."""
_TABLES = {
    "application/sparql-results+json": "json",
    "application/sparql-results+xml": "xml",
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
    "application/json": "json",
    "application/xml": "xml",
    "text/xml": "xml",
}
_GRAPHS = {
    "text/turtle": "turtle",
    "application/n-triples": "ntriples",
    "application/rdf+xml": "rdfxml",
    "application/ld+json": "jsonld",
    "application/x-turtle": "turtle",
    "text/plain": "ntriples",
    "application/xml": "rdfxml",
    "application/json": "jsonld",
}
MOST, GRAPH_BYTES = 8, 64 * 1024 * 1024
"""Kept submissions that one query may name, and bytes of their graphs together."""
_SUBMISSION = re.compile(r"<urn:uuid:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})>")
_NAMED_GRAPHS = {
    "zh": "保存的报送各为一个命名图；查询以完整 IRI（<urn:uuid:…>）写出哪一次，就能看到哪一次。",
    "en": "Kept submissions are named graphs; a query sees those whose IRIs (<urn:uuid:…>) it writes out in full.",
}
_DATASET = ("default-graph-uri", "named-graph-uri", "using-graph-uri", "using-named-graph-uri")
_FORM, _DIRECT = "application/x-www-form-urlencoded", "application/sparql-query"


@asynccontextmanager
async def _running(_: Any) -> AsyncIterator[dict[str, Pool]]:
    data = await asyncio.to_thread(lambda: held().quads)
    pool = Pool(querying.__name__, lambda: data, _limits())
    pool.start()
    try:
        with metrics.watched("queries", pool):
            yield {"pool": pool}
    finally:
        await pool.close()


def _limits() -> Limits:
    set_ = settings()
    return Limits(set_.sparql_workers, set_.sparql_waiting, set_.sparql_deadline, set_.sparql_memory, set_.sparql_bytes)


router = APIRouter(lifespan=_running)
_OPERATION: dict[str, Any] = {
    "tags": ["linked data"],
    "response_class": Response,
    "responses": {
        **openapi.texts(dict.fromkeys([*_TABLES, *_GRAPHS, "text/html"]), 400, 406, 413, 503),
        **openapi.problems(403),
    },
}
_READ: dict[str, Any] = {
    **_OPERATION,
    "responses": {
        **_OPERATION["responses"],
        303: {"description": "浏览器：见编辑器。 A browser is led to the editor where there is no query."},
    },
}
_EXAMPLE = "SELECT * { ?norm <https://w3id.org/guiju/ontology#force> <https://w3id.org/guiju/ontology#InPrinciple> }"
_QUERY = {
    "name": "query",
    "in": "query",
    "description": "SPARQL 1.1 查询；没有则为服务描述。 A SPARQL 1.1 query; without one, the service description.",
    # A longer one has no room in an address, and is sent by POST.
    "schema": {"type": "string", "maxLength": 8_000, "examples": [_EXAMPLE]},
}
_BODY = {
    "required": True,
    "content": {
        _FORM: {
            "schema": {
                "type": "object",
                "required": ["query"],
                "properties": {"query": {"type": "string", "examples": [_EXAMPLE]}},
            }
        },
        _DIRECT: {"schema": {"type": "string", "examples": [_EXAMPLE]}},
    },
}


@router.get("/sparql", summary="SPARQL 查询 A SPARQL query", openapi_extra={"parameters": [_QUERY]}, **_READ)
async def by_get(request: Request) -> Response:
    """The answer to the SPARQL query ``query``; without one, what the endpoint is."""
    query = _query(_pairs(request.scope["query_string"]))
    if query is None:
        if _by_a_browser(request):
            place = request.scope.get("root_path", "") + editor.PLACE
            return Response(status_code=303, headers={"Location": place, "Vary": "Accept"})
        return _itself(request)
    return await _shown(request, query)


@router.post(
    "/sparql",
    summary="SPARQL 查询 A SPARQL query",
    openapi_extra={"requestBody": _BODY},
    **{**_OPERATION, "responses": {**_OPERATION["responses"], **openapi.problems(415)}},
)
async def by_post(request: Request) -> Response:
    """The answer to the SPARQL query in the body: a form with ``query``, or the query itself."""
    media, *parameters = [part.strip() for part in request.headers.get("content-type", "").lower().split(";")]
    beside = _query(_pairs(request.scope["query_string"]))
    if media not in {_FORM, _DIRECT}:
        said = "缺少媒体类型" if not media else f"不接受 {media}"
        raise Problem(
            415,
            "media-type",
            f"{said}；请用 {_FORM} 或 {_DIRECT}。 Send a query as {_FORM} or {_DIRECT}.",
            {"Accept-Post": f"{_FORM}, {_DIRECT}"},
        )
    if any(
        one.startswith("charset=") and one.strip('"') not in ("charset=utf-8", 'charset="utf-8') for one in parameters
    ):
        raise Problem(415, "charset", "查询须为 UTF-8。 A query is sent in UTF-8.")
    body = await _body(request)
    if media == _DIRECT:
        if beside is not None:
            raise _several()
        try:
            return await _answer(request, body.decode("utf-8"))
        except UnicodeDecodeError:
            raise Problem(400, "not-utf-8", "查询不是 UTF-8。 The query is not UTF-8.") from None
    query = _query(_pairs(body))
    if query is None:
        raise Problem(400, "no-query", "表单中没有 query 参数。 The form has no parameter 'query'.")
    if beside is not None:
        raise _several()
    return await _shown(request, query)


def _by_a_browser(request: Request) -> bool:
    """Whether a page is wanted rather than anything for programs."""
    try:
        return choose(request, [*_TABLES, *_GRAPHS, "text/html"]) == "text/html"
    except HTTPException:
        return False


async def _shown(request: Request, query: str) -> Response:
    """The answer; for a browser as a page, or the editor with what is wrong."""
    if not _by_a_browser(request):
        return await _answer(request, query)
    try:
        form = await _form(query)
        graph = form in {"CONSTRUCT", "DESCRIBE"}
        reply = await _asked(request, query, "turtle" if graph else "page")
        if len(reply.body) > querying.PAGE_BYTES:
            raise _too_large(querying.PAGE_BYTES)
    except Problem as wrong:
        return editor.shown(request, query, error=str(wrong.detail), status=wrong.status_code)

    def written() -> bytes:
        found = {"turtle": tidy(reply.body, "text/turtle").decode()} if graph else json.loads(reply.body)
        return editor.answered(request, query, found)

    body = await asyncio.to_thread(written)
    return respond(request, body, "text/html", cached="no-cache")


def _pairs(text: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100)
    except (UnicodeDecodeError, ValueError):
        raise Problem(
            400,
            "parameters",
            "参数须为按百分号编码的 UTF-8，且不多于 100 个。 Parameters are percent-encoded UTF-8, at most 100.",
        ) from None


def _query(pairs: list[tuple[str, str]]) -> str | None:
    names = [name for name, _ in pairs]
    if "update" in names:
        raise Problem(
            400, "update-refused", "此处只接受查询，不接受更新。 Only queries are answered here, not updates."
        )
    for name in _DATASET:
        if name in names:
            raise Problem(
                400,
                "dataset-refused",
                f"不接受 {name}：知识库只有一个数据集，全部在默认图中。 "
                f"{name} is refused: the knowledge base is one dataset, all of it in the default graph.",
            )
    found = [value for name, value in pairs if name == "query"]
    if len(found) > 1:
        raise _several()
    return found[0] if found else None


def _several() -> Problem:
    return Problem(400, "several-queries", "一次只能有一个 query。 One 'query' at a time.")


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY:
            raise Problem(413, "body-too-large", f"请求体超过 {BODY} 字节。 The body is larger than {BODY} bytes.")
    return bytes(body)


async def _answer(request: Request, query: str) -> Response:
    formats = _GRAPHS if await _form(query) in {"CONSTRUCT", "DESCRIBE"} else _TABLES
    media = choose(request, list(formats))
    reply = await _asked(request, query, formats[media])
    kind = {"turtle": "text/turtle", "rdfxml": "application/rdf+xml"}.get(formats[media], media)
    # An answer may be large; the server goes on while it is looked through.
    return await asyncio.to_thread(lambda: respond(request, tidy(reply.body, kind), media))


async def _form(query: str) -> str:
    try:
        return await asyncio.to_thread(guard.form, query)
    except guard.Refused as error:
        raise Problem(413 if error.code == "query-too-long" else 400, error.code, str(error)) from None


async def _asked(request: Request, query: str, format_: str) -> Reply:
    """What a worker answers to a stranger's query, which sees the graphs of the kept submissions that it names."""
    return await run(request, query, format_, await asyncio.to_thread(_graphs, query))


def _graphs(query: str) -> bytes:
    """The graphs of those kept submissions that a query names in full, as N-Quads. Problem 403 for too many."""
    named = dict.fromkeys(_SUBMISSION.findall(query))
    if not named:
        return b""
    found, store = b"", kept.store()
    for number, id_ in enumerate(named):
        found += keeping.named(keeping.statements(store.lines(id_), id_), id_)
        if len(found) > GRAPH_BYTES or number >= MOST:
            raise Problem(
                403,
                "graphs-too-large",
                f"一次至多问 {MOST} 次报送，合计 {GRAPH_BYTES} 字节。 "
                f"One query may name {MOST} submissions, of {GRAPH_BYTES} bytes together.",
            )
    return found


async def run(request: Request, query: str, format_: str, graphs: bytes = b"") -> Reply:
    """What a worker answers, in one of its formats; ``graphs`` are N-Quads that this query sees besides.

    Problem 403 for an answer that is too large, 400 for a query that is none, 503 where all are busy, or it takes too
    long or too much.
    """
    pool: Pool | None = getattr(request.state, "pool", None)
    if pool is None:
        raise Problem(503, "starting", "服务尚未就绪。 The service is not ready.", {"Retry-After": "1"})
    base = keys.BASE + "sparql"
    try:
        text = query.encode()
        job = {"format": format_, "base": base, "prefixes": held().prefixes, "length": len(text)}
        reply = await unless_gone(request, pool.ask(job, text + graphs))
    except Busy:
        raise Problem(
            503, "busy", "所有查询进程都在忙，请稍后再试。 Every worker is busy; try again.", {"Retry-After": "5"}
        ) from None
    except TooSlow:
        seconds = f"{pool.limits.deadline:g}"
        raise Problem(
            503,
            "too-slow",
            f"查询在 {seconds} 秒内没有完成，已中止；请缩小范围。 "
            f"Not done within {seconds} seconds, and ended; ask for less at once.",
        ) from None
    except Died:
        raise Problem(
            503,
            "too-heavy",
            f"查询所需内存超过 {pool.limits.memory} 字节或嵌套过深，已中止；请缩小范围。 "
            f"The query needed more than {pool.limits.memory} bytes, or nested too deep, and was ended; ask for less.",
        ) from None
    if reply.error:
        raise _failed(reply, pool.limits)
    return reply


def _too_large(most: int) -> Problem:
    return Problem(
        403,
        "answer-too-large",
        f"结果超过 {most} 字节，不予截断；请用 LIMIT 和 OFFSET 分页。 "
        f"The answer has more than {most} bytes and is not cut short; page with LIMIT and OFFSET.",
    )


def _failed(reply: Reply, limits: Limits) -> Problem:
    if reply.error == "syntax":
        # The engine lists classes of letters among what it expected; they help nobody.
        said = re.sub(r",? \[(?:'[^\]]*|_)\]", "", reply.message)
        return Problem(400, "syntax", f"SPARQL 语法错误。 The query is not SPARQL: {said[:600]}")
    if reply.error == "answer-too-large":
        return _too_large(limits.bytes)
    if reply.error == "not-as-rdf-xml":
        return Problem(
            406,
            "not-as-rdf-xml",
            "结果不能写成 RDF/XML：有谓词不是 XML 名称。 "
            "The answer cannot be written as RDF/XML: a predicate is no XML name; ask for Turtle.",
        )
    if reply.error == "out-of-memory":
        return Problem(503, "too-heavy", "查询所需内存过多。 The query needed too much memory; ask for less.")
    return Problem(400, "evaluation", f"查询不能求值。 The query cannot be evaluated: {reply.message[:600]}")


def _itself(request: Request) -> Response:
    """The service description."""
    media = choose(request, list(GRAPHS))
    sd, formats = "http://www.w3.org/ns/sparql-service-description#", "http://www.w3.org/ns/formats/"
    service, dataset, graph = NamedNode(keys.BASE + "sparql"), BlankNode("dataset"), BlankNode("graph")
    named = ("SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV",
             "Turtle", "N-Triples", "RDF_XML", "JSON-LD")  # fmt: skip
    kind = NamedNode(keys.RDF + "type")
    endpoint = NamedNode(str(request.url.replace(query="", fragment="")))
    triples = [
        Triple(service, kind, NamedNode(sd + "Service")),
        Triple(service, NamedNode(sd + "endpoint"), endpoint),
        Triple(service, NamedNode(sd + "supportedLanguage"), NamedNode(sd + "SPARQL11Query")),
        *(Triple(service, NamedNode(sd + "resultFormat"), NamedNode(formats + name)) for name in named),
        Triple(service, NamedNode(sd + "defaultDataset"), dataset),
        Triple(dataset, kind, NamedNode(sd + "Dataset")),
        Triple(dataset, NamedNode(sd + "defaultGraph"), graph),
        *(
            Triple(dataset, NamedNode(keys.DCTERMS + "description"), Literal(said, language=language))
            for language, said in _NAMED_GRAPHS.items()
        ),
        Triple(graph, kind, NamedNode(sd + "Graph")),
        Triple(
            graph,
            NamedNode("http://rdfs.org/ns/void#triples"),
            Literal(str(len(held().triples)), datatype=NamedNode(keys.XSD + "integer")),
        ),
    ]
    return respond(request, write(triples, media), media)
