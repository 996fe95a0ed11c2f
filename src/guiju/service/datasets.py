"""What is offered as data: VoID and DCAT at ``/.well-known/void``, and the dump.

Titles, licence and examples are in ``datasets.ttl``; everything that can be counted is counted.
"""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse

from guiju import keys
from guiju.service import html, openapi
from guiju.service.describe import write
from guiju.service.held import Held, Node, Term, held
from guiju.service.negotiation import GRAPHS, choose, respond
from guiju.service.problems import Problem

router = APIRouter()
VOID = "http://rdfs.org/ns/void#"
_DCAT = "http://www.w3.org/ns/dcat#"
_OURS = keys.BASE + "void#"
_TYPE = NamedNode(keys.RDF + "type")
_WHOLE = NamedNode(_OURS + "guiju")
_DUMP = "dump.nq.gz"


_VOID: dict[str, Any] = {
    "tags": ["linked data"],
    "summary": "数据集 The datasets",
    "response_class": Response,
    "responses": openapi.texts([*GRAPHS, "text/html"], 404, 406),
}


@router.get("/.well-known/void", **_VOID)
@router.get("/void", **_VOID)
def void(request: Request) -> Response:
    """What datasets there are, how large, under what licence, and how to get at them."""
    return described(request, choose(request, [*GRAPHS, "text/html"]))


@router.get("/void.{ending}", openapi_extra=openapi.segment("ending", "ttl"), **_VOID)
def void_as(request: Request) -> Response:
    """The same in one format."""
    ending = request.path_params["ending"]
    media = {**{end: media for media, end in GRAPHS.items()}, "html": "text/html"}.get(ending)
    if not media:
        raise Problem(404, "unknown", f"没有 void.{ending}。 There is no void.{ending}.")
    return described(request, media)


@router.get(
    f"/{_DUMP}",
    **{**_VOID, "summary": "全部数据 Everything that is held", "responses": openapi.texts(["application/gzip"])},
)
def dump(request: Request) -> Response:
    """Everything that is held, as N-Quads, compressed."""
    return respond(request, _compressed(), "application/gzip")


def described(request: Request, media: str) -> Response:
    """The description of the datasets in a format of ``GRAPHS``, or as a page."""
    root = request.scope.get("root_path", "")
    if media == "text/html":
        body = html.render(
            "void.html",
            root=root,
            schemes=_schemes(root),
            counts=[(*html.name_of(_titles(node)), html.href(space, root), counts) for node, space, counts in _sizes()],
            linksets=[(stem, len(triples)) for stem, triples in held().alignments.items()],
        )
    else:
        body = write(description(str(request.base_url).rstrip("/")), media)
    return respond(request, body, media, headers={"Content-Location": f"{root}/void"})


def description(server: str) -> list[Triple]:
    """VoID and DCAT of all datasets; ``server`` is the address at which this one was asked, without last slash."""
    found = list(_static())
    for node, _, counts in _sizes():
        found += [Triple(node, NamedNode(VOID + name), _number(count)) for name, count in counts.items()]
    for number, (kind, count) in enumerate(_classes()):
        part = BlankNode(f"class{number}")
        found += [
            Triple(_WHOLE, NamedNode(VOID + "classPartition"), part),
            Triple(part, NamedNode(VOID + "class"), kind),
            Triple(part, NamedNode(VOID + "entities"), _number(count)),
        ]
    found += _linksets()
    found += _access(server)
    place = {subject: number for number, subject in enumerate(dict.fromkeys(triple.subject for triple in found))}
    return sorted(found, key=lambda triple: place[triple.subject])


def _linksets() -> Iterator[Triple]:
    for stem, triples in held().alignments.items():
        node, target = NamedNode(f"{_OURS}alignment-{stem}"), NamedNode(f"{_OURS}target-{stem}")
        objects = [triple.object.value for triple in triples if isinstance(triple.object, NamedNode)]
        yield Triple(_WHOLE, NamedNode(VOID + "subset"), node)
        yield Triple(node, _TYPE, NamedNode(VOID + "Linkset"))
        for text, language in ((f"本体与 {stem} 的对应", "zh"), (f"Links from the ontology to {stem}", "en")):
            yield Triple(node, NamedNode(keys.DCTERMS + "title"), Literal(text, language=language))
        yield Triple(node, NamedNode(VOID + "subjectsTarget"), NamedNode(_OURS + "ontology"))
        yield Triple(node, NamedNode(VOID + "objectsTarget"), target)
        yield Triple(node, NamedNode(VOID + "triples"), _number(len(triples)))
        for predicate in dict.fromkeys(triple.predicate for triple in triples):
            yield Triple(node, NamedNode(VOID + "linkPredicate"), predicate)
        yield Triple(target, _TYPE, NamedNode(VOID + "Dataset"))
        for begins in spaces(objects):
            yield Triple(target, NamedNode(VOID + "uriSpace"), Literal(begins))


def spaces(iris: Iterable[str]) -> list[str]:
    """For each host, the longest beginning that its IRIs share, up to a ``/`` or ``#``."""
    by: dict[str, list[str]] = {}
    for iri in iris:
        by.setdefault(urlsplit(iri).netloc, []).append(iri)
    found = []
    for group in by.values():
        alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*group, strict=False))
        common = "".join(letters[0] for letters in alike)
        found.append(common[: max(common.rfind("/"), common.rfind("#")) + 1])
    return found


def _access(server: str) -> Iterator[Triple]:
    """Where the data is to be had."""
    endpoint, dumped = NamedNode(f"{server}/sparql"), NamedNode(f"{server}/{_DUMP}")
    service, file = NamedNode(_OURS + "endpoint"), NamedNode(_OURS + "dump")
    yield Triple(_WHOLE, NamedNode(VOID + "sparqlEndpoint"), endpoint)
    yield Triple(_WHOLE, NamedNode(VOID + "dataDump"), dumped)
    yield Triple(_WHOLE, NamedNode(_DCAT + "distribution"), file)
    yield Triple(file, _TYPE, NamedNode(_DCAT + "Distribution"))
    yield Triple(file, NamedNode(_DCAT + "downloadURL"), dumped)
    media = "https://www.iana.org/assignments/media-types/application/"
    yield Triple(file, NamedNode(_DCAT + "mediaType"), NamedNode(media + "n-quads"))
    yield Triple(file, NamedNode(_DCAT + "compressFormat"), NamedNode(media + "gzip"))
    yield Triple(file, NamedNode(_DCAT + "byteSize"), _number(len(_compressed()), "nonNegativeInteger"))
    yield Triple(NamedNode(_OURS + "catalog"), NamedNode(_DCAT + "service"), service)
    yield Triple(service, _TYPE, NamedNode(_DCAT + "DataService"))
    yield Triple(service, NamedNode(_DCAT + "endpointURL"), endpoint)
    yield Triple(service, NamedNode(_DCAT + "servesDataset"), _WHOLE)
    yield Triple(service, NamedNode(keys.DCTERMS + "conformsTo"), NamedNode("http://www.w3.org/TR/sparql11-protocol/"))


def _number(value: int, datatype: str = "integer") -> Literal:
    return Literal(str(value), datatype=NamedNode(keys.XSD + datatype))


@cache
def _static() -> list[Triple]:
    return [quad.triple for quad in parse(path=str(Path(__file__).with_name("datasets.ttl")), format=RdfFormat.TURTLE)]


def _titles(node: NamedNode) -> dict[str, str]:
    return {
        triple.object.language or "": triple.object.value
        for triple in _static()
        if triple.subject == node
        and triple.predicate.value == keys.DCTERMS + "title"
        and isinstance(triple.object, Literal)
    }


@cache
def spaces_of_datasets() -> dict[str, NamedNode]:
    """Each dataset by the beginning of its IRIs."""
    return {
        triple.object.value: triple.subject
        for triple in _static()
        if triple.predicate.value == VOID + "uriSpace"
        and isinstance(triple.object, Literal)
        and isinstance(triple.subject, NamedNode)
    }


@cache
def _sizes() -> list[tuple[NamedNode, str, dict[str, int]]]:
    """Of each dataset its IRI, where its IRIs begin, and its VoID counts by name."""
    data = held()
    return [
        (node, begins, _counts(data.triples if node == _WHOLE else _within(begins, data)))
        for begins, node in spaces_of_datasets().items()
    ]


def _within(begins: str, data: Held) -> Iterator[Triple]:
    """The statements of a dataset: those about its things, and about the blank nodes that only they lead to."""
    for triple in data.triples:
        owner: Node = triple.subject  # type: ignore[assignment]
        while isinstance(owner, BlankNode) and owner in data.to:
            owner = data.to[owner][0][0]
        if isinstance(owner, NamedNode) and owner.value.startswith(begins):
            yield triple


def _counts(triples: Iterable[Triple]) -> dict[str, int]:
    all_of = list(triples)
    typed = [triple for triple in all_of if triple.predicate == _TYPE]
    return {
        "triples": len(all_of),
        "entities": len({triple.subject for triple in typed if isinstance(triple.subject, NamedNode)}),
        "classes": len({triple.object for triple in typed}),
        "properties": len({triple.predicate for triple in all_of}),
        "distinctSubjects": len({triple.subject for triple in all_of}),
        "distinctObjects": len({triple.object for triple in all_of}),
    }


@cache
def _classes() -> list[tuple[Term, int]]:
    found: Counter[Term] = Counter(
        triple.object  # type: ignore[misc]
        for triple in held().triples
        if triple.predicate == _TYPE and isinstance(triple.subject, NamedNode)
    )
    return sorted(found.items(), key=lambda each: (-each[1], str(each[0])))


def _schemes(root: str) -> list[tuple[str, str, str]]:
    wanted = (_TYPE, NamedNode(keys.SKOS + "ConceptScheme"))
    nodes = [node for node, said in held().of.items() if wanted in said and isinstance(node, NamedNode)]
    return sorted((*html.name(node), html.href(node.value, root)) for node in nodes)


@cache
def _compressed() -> bytes:
    return gzip.compress(held().quads, mtime=0)
