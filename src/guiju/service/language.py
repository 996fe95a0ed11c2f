"""Which of our two languages a client prefers, Chinese or English, as its Accept-Language says (RFC 9110).

JSON and RDF hold both. Where only one has room, in a cell of CSV, it is the one preferred, and Chinese where none is;
the sentence of a problem is in both unless one is preferred.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.requests import Request

_LONGEST = 1_000
"""Characters of the header that are read; a longer one is as none."""
_RANGE = re.compile(
    r"\s*(?P<tag>\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q\s*=\s*(?P<q>[01](?:\.\d{0,3})?)\s*)?", re.ASCII
)
_BOTH = re.compile(r"(?P<zh>.*?[。！])\s(?P<en>.+)", re.DOTALL)


def preferred(request: Request) -> str | None:
    """``zh`` or ``en``, the one that is preferred; None where the request has no preference between the two."""
    header = ",".join(request.headers.getlist("accept-language"))
    if len(header) > _LONGEST:
        return None
    wishes: dict[str, float] = {}
    for part in header.split(","):
        if found := _RANGE.fullmatch(part):
            primary = found["tag"].split("-")[0].lower()
            wishes[primary] = max(wishes.get(primary, 0.0), float(found["q"] or 1))
    zh, en = (wishes.get(language, wishes.get("*", 0.0)) for language in ("zh", "en"))
    if zh == en:
        return None
    return "zh" if zh > en else "en"


def one(text: Mapping[str, str], request: Request) -> str:
    """The one of a text's languages ``zh`` and ``en`` that is preferred; the other where it is missing."""
    first, second = ("en", "zh") if preferred(request) == "en" else ("zh", "en")
    return text[first] or text[second]


def sentence(text: str, request: Request) -> str:
    """What is preferred of a text for people, which says it in Chinese and, after its first 。 or ！, in English.

    The whole text where neither is preferred, or where it is no such text.
    """
    language = preferred(request)
    found = _BOTH.fullmatch(text)
    return found[language] if language and found and text.count("\n") == 0 else text
