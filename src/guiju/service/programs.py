"""The API for programs, ``/api/v1``: a few generic routes over the law and the library of questions.

A thing is JSON, or its description as RDF; a list is JSON or CSV, in parts. What a list holds is the answer to a
question of the library, so a new article, metric or question needs no route. Nothing here changes but with the
installed version: every answer has an entity tag.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError

from guiju import __version__, keys, library
from guiju.paths import data_root
from guiju.service import answers, linked, openapi, reading, schema
from guiju.service.answers import BOTH, JSON, InParts
from guiju.service.describe import write
from guiju.service.held import held
from guiju.service.negotiation import GRAPHS, choose, respond
from guiju.service.parameters import AsOf, only_known
from guiju.service.problems import Problem
from guiju.show import UnknownKey

router = APIRouter()
strict = APIRouter(dependencies=[Depends(only_known)])
"""The routes whose parameters are all in their description."""
TAGS = [
    {"name": "law", "description": "法律：文件、条文、规范、形状。 The law: documents, provisions, norms, shapes."},
    {"name": "terms", "description": "用语：指标、制度安排与其他概念。 Terms: metrics, arrangements, other concepts."},
    {"name": "questions", "description": "问题库：queries/ 中的每个问题。 The library: every question in queries/."},
    {"name": "facts", "description": "对报送的事实作判断。 Facts that are sent are judged."},
    {"name": "submissions", "description": "保存的报送。 Submissions that are kept, with their reports."},
    {"name": "linked data", "description": "关联数据与 SPARQL。 Linked data and SPARQL."},
    {"name": "service", "description": "服务自身。 The service itself."},
]
_DOCUMENT = Annotated[str, Path(examples=["aic-measures-2018"], max_length=200)]
_PROVISION = Annotated[str, Path(examples=["art_39__para_2"], max_length=300)]
_NORM = Annotated[str, Path(examples=["art_39__para_2.report-to-supervisory-board"], max_length=300)]
_SCHEME = Annotated[str, Path(examples=["metric"], max_length=100)]
_CONCEPT = Annotated[str, Path(examples=["registered-capital"], max_length=200)]


@router.get(
    "/api/v1/health",
    tags=["service"],
    summary="服务在答 The server answers",
    responses={200: {"model": schema.Health}},
    response_class=Response,
)
async def health() -> Response:
    """That the server answers, and its version."""
    body = answers.as_json({"status": "ok", "version": __version__})
    return Response(body, media_type=JSON, headers={"Cache-Control": "no-store"})


@router.get("/openapi.json", include_in_schema=False, response_class=Response)
def description(request: Request) -> Response:
    """The description of the API, with the server's mount point."""
    root = request.scope.get("root_path", "")
    whole = request.app.openapi()
    return respond(request, answers.as_json({**whole, "servers": [{"url": root or "/"}]}), JSON)


@strict.get(
    "/api/v1/documents",
    tags=["law"],
    summary="收录的文件 The documents that are held",
    responses=openapi.listing(list[schema.DocumentEntry]),
    response_class=Response,
)
def documents(request: Request, part: InParts) -> Response:
    """Every document with title, kind, issuer, number and dates, without its provisions."""
    return answers.entries(request, held().library.documents(), part)


@strict.get(
    "/api/v1/documents/{document}",
    tags=["law"],
    summary="一份文件及其结构 A document and its structure",
    responses=openapi.thing(schema.Document),
    response_class=Response,
)
def document(request: Request, document: _DOCUMENT, as_of: AsOf = None) -> Response:
    """A document, its parts down to articles, and how many norms it states; its provisions have paths of their own."""
    key = _key(document)
    if key.provision:
        raise _other(key, "provisions")
    return _thing(request, key.place, as_of, lambda: held().library.show(key))


@strict.get(
    "/api/v1/provisions/{document}/{provision}",
    tags=["law"],
    summary="一处条文 A provision",
    responses=openapi.thing(schema.Provision),
    response_class=Response,
)
def provision(request: Request, document: _DOCUMENT, provision: _PROVISION, as_of: AsOf = None) -> Response:
    """A provision, all below it, its norms, and its references in both directions."""
    key = _key(f"{document}/{provision}")
    if key.slug:
        raise _other(key, "norms")
    return _thing(request, key.place, as_of, lambda: held().library.show(key))


@strict.get(
    "/api/v1/norms/{document}/{norm}",
    tags=["law"],
    summary="一项规范 A norm",
    responses=openapi.thing(schema.Norm),
    response_class=Response,
)
def norm(request: Request, document: _DOCUMENT, norm: _NORM, as_of: AsOf = None) -> Response:
    """A norm with its reading, relations, shape and cases."""
    key = _norm(f"{document}/{norm}")
    return _thing(request, key.norm, as_of, lambda: held().library.show(key))


@strict.get(
    "/api/v1/shapes/{document}/{shape}",
    tags=["law"],
    summary="一个形状 A shape",
    responses=openapi.thing(schema.Shape),
    response_class=Response,
)
def shape(request: Request, document: _DOCUMENT, shape: _NORM, as_of: AsOf = None) -> Response:
    """The completed shape of a norm: of what it is asked, and what it says."""
    key = _norm(f"{document}/{shape}")
    found = held().library.show(key)["shape"]
    if not found:
        raise Problem(
            404,
            "not-encoded",
            f"{key} 没有形状，原因见该规范。 {key} is not encoded as a shape; see its norm for why.",
        )
    return _thing(request, key.shape, as_of, lambda: dict(found))


@strict.get(
    "/api/v1/needs/{document}",
    tags=["law"],
    summary="一份文件需要哪些事实 The facts that a document needs",
    responses=openapi.listing(list[schema.Need], 404),
    response_class=Response,
)
def needs_of_document(request: Request, document: _DOCUMENT, part: InParts) -> Response:
    """The facts that the norms of a document need, with Turtle to fill in."""
    return answers.entries(request, held().library.needs(_key(document)), part)


@strict.get(
    "/api/v1/needs/{document}/{place}",
    tags=["law"],
    summary="一处条文或规范需要哪些事实 The facts that a provision or norm needs",
    responses=openapi.listing(list[schema.Need], 404),
    response_class=Response,
)
def needs(request: Request, document: _DOCUMENT, place: _NORM, part: InParts) -> Response:
    """The facts that the norms under a provision, or one norm, need, with Turtle to fill in."""
    return answers.entries(request, held().library.needs(_key(f"{document}/{place}")), part)


@strict.get(
    "/api/v1/search",
    tags=["law"],
    summary="检索 Search",
    responses=openapi.listing(list[schema.Hit]),
    response_class=Response,
)
def search(
    request: Request,
    q: Annotated[
        str,
        Query(
            min_length=1,
            max_length=200,
            description="词，以空格分隔；两个字的也可以。 Words, separated by spaces.",
            examples=["监事会"],
        ),
    ],
    limit: Annotated[int, Query(ge=1, le=200, description="至多几项。 At most so many hits.")] = 20,
    offset: Annotated[int, Query(ge=0, le=answers.MOST, description="跳过前几项。 So many are passed over.")] = 0,
) -> Response:
    """Law, norms and terms in which every word occurs, best first."""
    return answers.entries(request, held().library.search(q, answers.MOST), answers.Part(limit, offset))


@strict.get(
    "/api/v1/bundle",
    tags=["law"],
    summary="全部本体与形状 All of ontology and shapes",
    responses=openapi.texts(GRAPHS, 406, 422),
    response_class=Response,
)
def bundle(request: Request) -> Response:
    """Ontology, law, components and completed shapes as one graph, for any SHACL-SPARQL engine. Some megabytes."""
    media = choose(request, list(GRAPHS))
    return respond(request, _bundle(media), media)


@strict.get(
    "/api/v1/terms/{scheme}/{concept}",
    tags=["terms"],
    summary="一个概念 A concept",
    responses=openapi.thing(schema.Concept),
    response_class=Response,
)
def concept(request: Request, scheme: _SCHEME, concept: _CONCEPT) -> Response:
    """A concept with every norm that uses it."""
    return _thing(request, _concept(scheme, concept), None, lambda: _entry(scheme, concept))


@strict.get(
    "/api/v1/queries",
    tags=["questions"],
    summary="问题库 The library of questions",
    responses=openapi.listing(list[schema.Question]),
    response_class=Response,
)
def queries(request: Request, part: InParts) -> Response:
    """Every question with its parameters; each is a path of its own."""
    found = [
        {
            "name": question.name,
            "zh": question.zh,
            "en": question.en,
            "about": question.about,
            "parameters": [
                {"name": p.name, "type": p.type, "about": p.about, "default": p.default} for p in question.params
            ],
            "returns": list(question.returns),
        }
        for question in library.catalogue(held().library.knowledge.root)
    ]
    return answers.entries(request, found, part)


@router.get(
    "/api/v1/queries/{name:path}",
    tags=["questions"],
    responses=openapi.listing(list[dict[str, str | None]], 404, json_ld=True),
    response_class=Response,
)
def ask(request: Request, name: str, part: InParts) -> Response:
    """The answer to a question of the library; its parameters are the request's."""
    if library.find(held().library.knowledge.root, name).about_facts:
        raise Problem(405, "of-facts", "", {"Allow": "POST"})
    return _answer(request, name, answers.parameters(request), part)


_LISTS = {
    "/api/v1/provisions": ("provisions/all", "law"),
    "/api/v1/norms": ("norms/all", "law"),
    "/api/v1/shapes": ("coverage/shapes", "law"),
    "/api/v1/terms": ("norms/schemes", "terms"),
    "/api/v1/coverage": ("coverage/documents", "law"),
}
"""Lists by their paths: each is the answer to a question, whose parameters it has."""


def _list(path: str, name: str, tag: str) -> None:
    question = library.find(data_root(), name)

    def listed(request: Request, part: InParts) -> Response:
        return _answer(request, name, answers.parameters(request), part)

    router.add_api_route(
        path,
        listed,
        name=path.rpartition("/")[2],
        tags=[tag],
        summary=f"{question.zh} {question.en}",
        description=question.about,
        response_class=Response,
        **openapi.answer(question),
    )


for _path, (_name, _tag) in _LISTS.items():
    _list(_path, _name, _tag)


@strict.get(
    "/api/v1/coverage/{document}",
    tags=["law"],
    summary="一份文件的编码状态 The coverage of a document",
    response_class=Response,
    **{**openapi.answer(library.find(data_root(), "coverage/provisions"), 404), "openapi_extra": None},
)
def coverage(request: Request, document: _DOCUMENT, part: InParts) -> Response:
    """The state of each provision of a document: encoded, excluded with a reason, or a gap."""
    key = _key(document)
    return _answer(request, "coverage/provisions", {"document": str(key)}, part)


_CONCEPTS = openapi.answer(library.find(data_root(), "norms/concepts"), 404)["responses"]


@strict.get(
    "/api/v1/terms/{scheme}",
    tags=["terms"],
    summary="一类概念 The concepts of a scheme",
    responses=_CONCEPTS,
    response_class=Response,
)
def concepts(request: Request, scheme: _SCHEME, part: InParts) -> Response:
    """The concepts of a scheme, each with the number of norms that use it."""
    _concept(scheme, "scheme")
    return _answer(request, "norms/concepts", {"scheme": f"{scheme}:scheme"}, part)


def _named(plural: str, scheme: str, zh: str, example: str) -> None:
    """The scheme under a name of its own."""

    def of_scheme(request: Request, part: InParts) -> Response:
        return concepts(request, scheme, part)

    def of_concept(request: Request) -> Response:
        return concept(request, scheme, request.path_params["concept"])

    strict.add_api_route(
        f"/api/v1/{plural}",
        of_scheme,
        name=plural,
        tags=["terms"],
        summary=f"{zh} {plural.capitalize()}",
        description=f"/api/v1/terms/{scheme}",
        responses=_CONCEPTS,
        response_class=Response,
    )
    strict.add_api_route(
        f"/api/v1/{plural}/{{concept}}",
        of_concept,
        name=scheme,
        tags=["terms"],
        summary=f"一项{zh} One of the {plural}",
        description=f"/api/v1/terms/{scheme}/…",
        openapi_extra=openapi.segment("concept", example),
        responses=openapi.thing(schema.Concept),
        response_class=Response,
    )


_named("metrics", "metric", "指标", "registered-capital")
_named("arrangements", "arrangement", "制度安排", "related-party-transaction-policy")
router.include_router(strict)


def _key(text: str) -> keys.Key:
    """The key of a place or norm that is held; UnknownKey, which is answered 404, for anything else."""
    try:
        return held().library.resolve(str(keys.parse(text)))
    except ValueError as wrong:
        raise wrong if isinstance(wrong, UnknownKey) else UnknownKey(f"“{text}”不是键。 {wrong}") from None


def _norm(text: str) -> keys.Key:
    key = _key(text)
    if not key.slug:
        found = ", ".join(held().library.norms(key))
        raise Problem(
            404,
            "not-a-norm",
            f"{key} 是条文，其规范为 {found or '无'}。 {key} is a provision; its norms: {found or 'none'}.",
        )
    return key


def _other(key: keys.Key, path: str) -> Problem:
    place = f"/api/v1/{path}/{key}"
    return Problem(404, "elsewhere", f"{key} 见 {place}。 {key} is found at {place}.")


def _thing(request: Request, iri: str, as_of: date | None, show: Callable[[], dict[str, Any]]) -> Response:
    """A thing as JSON or as RDF; with whether it was in force where that can be asked."""
    media = choose(request, [JSON, *GRAPHS])
    if media != JSON:
        return linked.described(request, iri, media, as_of)
    found = show()
    if not iri.startswith(keys.TAXONOMY):
        found = {**found, "inForce": linked.state(iri, as_of.isoformat()) if as_of else None}
    return respond(request, answers.as_json(found), media, headers={**BOTH, "Link": f'<{iri}>; rel="describes"'})


def _concept(scheme: str, name: str) -> str:
    """The IRI of a concept that is held."""
    iri = f"{keys.TAXONOMY}{scheme}/{name}"
    if not held().library.is_concept(iri):
        raise Problem(404, "unknown", f"没有概念 {scheme}/{name}。 There is no concept {scheme}/{name}.")
    return iri


def _entry(scheme: str, name: str) -> dict[str, Any]:
    found = held().library
    iri = f"{keys.TAXONOMY}{scheme}/{name}"
    used = library.ask(found.knowledge, "norms/serving", {"concept": iri}).objects()
    return {**found.concept(iri), "norms": used}


def _answer(request: Request, name: str, params: dict[str, str], part: InParts) -> Response:
    """The answer to a question; problem 422 that names a parameter which is unknown, missing or wrong."""
    long = [parameter for parameter, value in params.items() if len(value) > openapi.LONGEST]
    if long:
        said = f"超过 {openapi.LONGEST} 个字符。 Longer than {openapi.LONGEST} characters."
        raise RequestValidationError([{"loc": ("query", each), "msg": said, "type": "parameter"} for each in long])
    try:
        return answers.table(request, reading.answer(name, *sorted(params.items())), part)
    except library.BadParameter as wrong:
        raise RequestValidationError(
            [{"loc": ("query", wrong.parameter), "msg": str(wrong), "type": "parameter"}]
        ) from None


@lru_cache(maxsize=len(GRAPHS))
def _bundle(media: str) -> bytes:
    knowledge = held().library.knowledge
    return write([*knowledge.triples, *knowledge.shapes], media)
