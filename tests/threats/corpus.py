"""The entries of threats.toml, as the bytes that are sent."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
_CALLED, _OPENED = b"localhost:9/", b"/etc/passwd"
"""What the entries name as a server and as a file that nobody may call or open."""


@dataclass(frozen=True)
class Threat:
    """One entry: what it is, what is sent, and what has to be said of it. README.md tells the fields."""

    number: int
    shows: str
    name: str = ""
    body: bytes = b""
    query: str = ""
    refused: str = ""
    served: str = ""
    where: str = ""
    ignored: int | None = None
    code: str = ""
    status: int = 0

    def __str__(self) -> str:
        return f"{self.number:02d} {self.shows}"

    def aimed(self, server: str, file: str) -> bytes:
        """The body, or the query, with another server (``127.0.0.1:1234``) and another file to reach for."""
        sent = self.query.encode() if self.query else self.body
        return sent.replace(_CALLED, f"{server}/".encode()).replace(_OPENED, file.encode())


def _threat(entry: dict[str, Any]) -> Threat:
    known = {name: value for name, value in entry.items() if name not in {"file", "made", "query"}}
    if "query" in entry:
        return Threat(**known, query=_text(entry["query"]))
    if "made" in entry:
        return Threat(**known, body=_text(entry["made"]).encode())
    return Threat(**known, name=entry["file"], body=(HERE / entry["file"]).read_bytes())


def _text(parts: str | list[str | list[Any]]) -> str:
    """A text, or one made of parts, each alone or with the number of times that it stands."""
    if isinstance(parts, str):
        return parts
    return "".join(part if isinstance(part, str) else part[0] * part[1] for part in parts)


THREATS = [_threat(entry) for entry in tomllib.loads((HERE / "threats.toml").read_text(encoding="utf-8"))["threat"]]
FACTS = [threat for threat in THREATS if not threat.query]
QUERIES = [threat for threat in THREATS if threat.query]
