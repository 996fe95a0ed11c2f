"""The description of the API at ``/openapi.json``: what a route cannot say of itself.

Every status that a route can answer with stands there with its media type and schema; the questions of the library
are each a path of their own with typed parameters, made from their headers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from guiju import library
from guiju.paths import data_root
from guiju.service import schema
from guiju.service.negotiation import GRAPHS

Responses = dict[int | str, dict[str, Any]]
LONGEST = 1_000
"""Characters of a parameter of a question."""
QUESTION = "/api/v1/queries/{name}"
"""The path of the one route that answers every question."""
_REF = "#/components/schemas/"
_PROBLEM = {"application/problem+json": {"schema": {"$ref": f"{_REF}ProblemDetails"}}}
_TEXT: dict[str, Any] = {"schema": {"type": "string"}}
_JSON: dict[str, Any] = {"schema": {"type": ["object", "array"]}}
_STATUS = {
    304: "未变化。 Not changed since the entity tag that was sent.",
    303: "见 Location 所指的地址。 See the address in Location.",
    400: "不能使用。 What was sent cannot be used; the detail says what, where, and what to do.",
    401: "需要密钥。 A key is needed.",
    403: "拒绝。 Refused.",
    404: "没有。 There is no such thing; where something is near, the detail names it.",
    406: "没有所要的格式。 Not in the format asked for; the detail says which there are.",
    405: "此处不接受该方法。 Not a method of this address.",
    408: "没有及时到齐。 The body was not there in time.",
    409: "冲突。 In conflict with what is there.",
    413: "太大。 Too large.",
    415: "不接受此媒体类型。 Not a media type that is read.",
    421: "本服务不以此名称提供。 The server does not go by that name.",
    422: "参数不合要求。 A parameter is unknown or not as it should be; the problem names it.",
    500: "规矩自身的错误。 Our own fault.",
    503: "忙，或没有及时完成。 Busy, or not done in time; Retry-After says when to try again where that helps.",
}
_TAG = {"ETag": {"description": "实体标签。 The entity tag.", "schema": {"type": "string"}}}
_PARTS = {
    "X-Total-Count": {"description": "全部有几项。 How many entries there are.", "schema": {"type": "integer"}},
    "Link": {"description": "前后各部分。 Where the other parts are (RFC 8288).", "schema": {"type": "string"}},
}
LOCATION = {"Location": {"description": "其地址。 Its address.", "schema": {"type": "string"}}}
"""The headers of an answer that tells where something is now."""
_TYPES: dict[str, dict[str, Any]] = {
    "xsd:date": {"type": "string", "format": "date"},
    "xsd:integer": {"type": "integer"},
}
_SUCH_AS = re.compile(r"such as (\S+)")


def problems(*statuses: int) -> Responses:
    """The problems that a route can answer with."""
    return {status: {"description": _STATUS[status], "content": _PROBLEM} for status in statuses}


def thing(model: Any, *others: int) -> Responses:
    """A thing as JSON, and its description as RDF."""
    return {
        200: {"model": model, "headers": _TAG, "content": content(GRAPHS)},
        304: {"description": _STATUS[304]},
        **problems(404, 406, 422, *others),
    }


def listing(model: Any, *others: int, json_ld: bool = False) -> Responses:
    """A list as JSON and CSV, in parts; ``json_ld`` where it is the answer to a question."""
    medias = ["text/csv", "application/ld+json"] if json_ld else ["text/csv"]
    return {
        200: {"model": model, "headers": {**_TAG, **_PARTS}, "content": content(medias)},
        304: {"description": _STATUS[304]},
        **problems(406, 422, *others),
    }


def answer(question: library.Question, *others: int) -> dict[str, Any]:
    """What a route that answers one question says of itself: ``responses``, and its parameters."""
    found = listing(None, *others, json_ld=True)
    del found[200]["model"]
    found[200] |= {
        "description": "OK",
        "content": {"application/json": {"schema": _rows(question)}, **found[200]["content"]},
    }
    return {"responses": found, "openapi_extra": {"parameters": [_parameter(each) for each in question.params]}}


def _rows(question: library.Question) -> dict[str, Any]:
    row = {
        "type": "object",
        "additionalProperties": False,
        "required": list(question.returns),
        "properties": {name: {"type": ["string", "null"]} for name in question.returns},
    }
    return {"type": "array", "items": row}


def texts(medias: Iterable[str], *others: int) -> Responses:
    """A text in one of several formats, with an entity tag."""
    return {
        200: {"description": "OK", "headers": _TAG, "content": content(medias)},
        304: {"description": _STATUS[304]},
        **problems(*others),
    }


def content(medias: Iterable[str]) -> dict[str, Any]:
    """Texts and JSON of these media types, of which no more is said."""
    return {media: _JSON if media.endswith("json") else _TEXT for media in medias}


def segment(name: str, example: str) -> dict[str, Any]:
    """What a route says of a part of its path that its function does not take."""
    schema = {"type": "string", "examples": [example]}
    return {"parameters": [{"name": name, "in": "path", "required": True, "schema": schema}]}


def allowed(request: Request) -> list[str]:
    """The methods that the path of a request has, as they are described; none where it is not described."""
    path = getattr(request.scope.get("route"), "path_format", "")
    if path == QUESTION:
        path = QUESTION.replace("{name}", request.path_params.get("name", ""))
    found = {method.upper() for method in request.app.openapi()["paths"].get(path, ())}
    return sorted(found | ({"HEAD"} if "GET" in found else set()))


def name(route: APIRoute) -> str:
    """The name of a route's operation, by which generated clients call it."""
    return "_".join([*sorted(route.methods or ()), *re.findall(r"\w+", route.path_format)]).lower()


def describe(app: FastAPI) -> dict[str, Any]:
    """The whole description, made once."""
    if app.openapi_schema:
        return app.openapi_schema
    found = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=app.description,
        tags=app.openapi_tags,
        license_info=app.license_info,
        routes=app.routes,
    )
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(_own(TypeAdapter(schema.ProblemDetails).json_schema(ref_template=_REF + "{model}")))
    schemas.update(_report())
    found["paths"] = {
        path: operations for before, item in found["paths"].items() for path, operations in _expanded(before, item)
    }
    for item in found["paths"].values():
        for method, operation in item.items():
            _common(method, operation)
    app.openapi_schema = found
    return found


def _own(made: dict[str, Any]) -> dict[str, Any]:
    below: dict[str, Any] = made.pop("$defs", {})
    return {**below, made["title"]: made}


def _report() -> dict[str, Any]:
    """The schema of a report, with what it defines as components of ours."""
    text = (Path(library.__file__).parent / "report.schema.json").read_text(encoding="utf-8")
    whole = json.loads(re.sub(r'"#/\$defs/(\w+)"', rf'"{_REF}report-\1"', text))
    below = whole.pop("$defs")
    del whole["$schema"], whole["$id"]
    return {"report": whole, **{f"report-{name}": each for name, each in below.items()}}


def _common(method: str, operation: dict[str, Any]) -> None:
    """What every route can answer, whatever it is for."""
    parameters = operation.setdefault("parameters", [])
    if "security" in operation:
        # Who is on this machine needs no key, unless the operator has set one.
        operation["security"] = [{}, *operation["security"]]
    for each in parameters:
        # What may be left out is left out; there is no null in an address.
        kinds = [kind for kind in each["schema"].pop("anyOf", ()) if kind != {"type": "null"}]
        each["schema"] |= kinds[0] if kinds else {}
        each["schema"].pop("title", None)
    statuses = (421, 500) if method == "get" else (403, 408, 413, 415, 421, 500)
    for status, said in problems(*statuses).items():
        operation["responses"].setdefault(str(status), said)
    for answered in operation["responses"].values():
        if answered["description"] == "Successful Response":
            answered["description"] = "成功。 Done."
    operation["responses"] = dict(sorted(operation["responses"].items()))


def _expanded(path: str, item: dict[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    """The path itself; instead of the one for all questions, one for each: asked of the law, or of facts."""
    if path != QUESTION:
        return [(path, item)]
    return [
        (
            path.replace("{name}", question.name),
            {
                method: _asked(question, each)
                for method, each in item.items()
                if (method == "post") == question.about_facts
            },
        )
        for question in library.catalogue(data_root())
    ]


def _asked(question: library.Question, operation: dict[str, Any]) -> dict[str, Any]:
    """The operation of one question."""
    found = deepcopy(operation)
    found["responses"]["200"]["content"]["application/json"]["schema"] = _rows(question)
    others = [each for each in found["parameters"] if each["in"] == "query"]
    return {
        **found,
        "summary": f"{question.zh} {question.en}",
        "description": question.about,
        "operationId": "_".join([operation["operationId"], *re.findall(r"\w+", question.name)]),
        "parameters": [*(_parameter(each) for each in question.params), *others],
    }


def example_of(param: library.Param) -> str:
    """A value that a parameter can have: the one that its description names, or one of its type."""
    found = _SUCH_AS.search(param.about)
    return found[1].rstrip(";,") if found else library.TYPES[param.type]


def _parameter(param: library.Param) -> dict[str, Any]:
    """A parameter of a question with its type, its default and an example."""
    kind: dict[str, Any] = dict(_TYPES.get(param.type, {"type": "string", "maxLength": LONGEST}))
    if param.default is not None and param.type not in _TYPES:
        kind["default"] = param.default
    if param.default is None or _SUCH_AS.search(param.about):
        kind["examples"] = [example_of(param)]
    any_of = "（* 为任意 any）" if param.default == library.ANY else ""
    return {
        "name": param.name,
        "in": "query",
        "required": param.default is None,
        "description": f"{param.about}{any_of} [{param.type}]",
        "schema": kind,
    }
