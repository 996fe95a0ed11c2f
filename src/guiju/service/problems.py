"""Errors, the same for every route: status, title, and a detail that says what to do.

For programs they are problem details (RFC 9457), for a browser a page. Their text is Chinese and then English, or the
one of the two that Accept-Language prefers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import mimeparse
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from guiju.service import language, openapi
from guiju.service.logs import request_id

_MEDIA = "application/problem+json"


class Problem(HTTPException):
    """An error with a name for programs: the member ``code`` of the answer."""

    def __init__(self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail, dict(headers or {}))
        self.code = code


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    """An answer of the media type ``application/problem+json``; ``more`` are further members of it.

    The member ``request`` is the id under which the log has the request, and which whoever asked can quote.
    """
    known = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    body = {**known, **more, "request": request_id.get() or None}
    text = json.dumps({name: value for name, value in body.items() if value is not None}, ensure_ascii=False)
    return Response(text, status, {**(headers or {}), "Cache-Control": "no-store"}, _MEDIA)


def answered(
    request: Request, status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    """The problem as a page where a browser asks for one, else as problem details; programs' paths have no pages."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    if path == "/sparql" or path.startswith("/api/") or not _wants_page(request):
        return problem(status, language.sentence(detail, request), headers, **more)
    # The pages know of the problems.
    from guiju.service import html

    body = html.render(
        "problem.html",
        root=request.scope.get("root_path", ""),
        status=status,
        title=HTTPStatus(status).phrase,
        detail=detail,
        request=request_id.get(),
    )
    return Response(body, status, {**(headers or {}), "Cache-Control": "no-store"}, "text/html; charset=utf-8")


def _wants_page(request: Request) -> bool:
    accept = ",".join(request.headers.getlist("accept")).lower()
    try:
        # Of two that are wanted alike the last is taken.
        return len(accept) < 2_000 and mimeparse.best_match(["text/html", _MEDIA], accept) == "text/html"
    except mimeparse.MimeTypeParseException:
        return False


def install(app: FastAPI, known: Mapping[type[Exception], int]) -> None:
    """Have the app answer every error so: those that routes raise, bad parameters, unknown paths.

    ``known`` gives the status of errors whose message says what is to be done.
    """

    async def _of_known(request: Request, error: Exception) -> Response:
        return answered(request, next(known[kind] for kind in type(error).__mro__ if kind in known), str(error))

    for kind in known:
        app.add_exception_handler(kind, _of_known)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(RequestValidationError, _of_parameters)


async def _of_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code < 400 or error.status_code in {204, 304}:
        return Response(status_code=error.status_code, headers=error.headers)
    code = getattr(error, "code", None)
    detail, headers = str(error.detail), dict(error.headers or {})
    if code is None and error.status_code == 404:
        detail = "没有这个地址；地址见 /openapi.json。 There is nothing at this address; /openapi.json lists them."
    if error.status_code == 405:
        headers["Allow"] = ", ".join(openapi.allowed(request)) or headers.get("Allow", "")
        detail = f"此处不接受该方法；可用 {headers['Allow']}。 Not a method of this address; it has {headers['Allow']}."
    return answered(request, error.status_code, detail, headers, code=code)


async def _of_parameters(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    wrong = [{"where": [str(step) for step in each["loc"]], "what": each["msg"]} for each in error.errors()]
    said = "; ".join(f"{'.'.join(each['where'])}: {each['what']}" for each in wrong)
    return answered(request, 422, f"参数不合要求。 A parameter is not as it should be: {said}", errors=wrong)


def ours(request: Request) -> Response:
    """The problem of our own fault; the log says more under the same id."""
    return answered(
        request, 500, "规矩自身的错误，请附请求编号报告。 Our own fault; please report it with the id of the request."
    )
