"""The files that go with the pages, from ``static/``: each at an address that changes with its content.

So a browser keeps a file for good and still sees a new one at once. A template writes
``{{ static("guiju.css", root) }}``. What others have written lies in a folder of its own with its licence;
``static/README.md`` names it with its version and checksum.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter, Request, Response

from guiju.service.negotiation import respond
from guiju.service.problems import Problem

router = APIRouter(include_in_schema=False)
FOLDER = Path(__file__).parent / "static"
_MEDIA = {".css": "text/css", ".svg": "image/svg+xml", ".js": "text/javascript", ".txt": "text/plain"}
_A_YEAR = "public, max-age=31536000, immutable"


@cache
def _held() -> dict[str, tuple[bytes, str, str]]:
    """Every file by its path below ``static/``: its bytes, its media type, and the mark of its content."""
    found = {}
    for file in sorted(FOLDER.rglob("*")):
        if file.suffix in _MEDIA:
            body = file.read_bytes()
            name = file.relative_to(FOLDER).as_posix()
            found[name] = (body, _MEDIA[file.suffix], sha256(body).hexdigest()[:12])
    return found


def static(name: str, root: str) -> str:
    """The address of a file by its path below ``static/``; ``root`` is the server's mount point. KeyError for none."""
    return f"{root}/static/{_held()[name][2]}/{name}"


@router.get("/static/{mark}/{name:path}", response_class=Response)
def file(request: Request, mark: str, name: str) -> Response:
    """A file; for good under its own mark, and only for now under one that it had before."""
    if name not in _held():
        raise Problem(404, "unknown", "没有这个文件。 There is no such file.")
    body, media, own = _held()[name]
    return respond(request, body, media, cached=_A_YEAR if mark == own else "no-cache")
