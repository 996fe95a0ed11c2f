"""A look at the text before and beside the parser: how deep it nests, and on which line things stand."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from io import BytesIO
from itertools import islice
from urllib.parse import urljoin

from guiju.intake.source import Taken

_LONG = r'"""(?:[^"\\]|\\.|"(?!""))*+"""' + r"|'''(?:[^'\\]|\\.|'(?!''))*+'''"
_SHORT = r'"(?:[^"\\\n\r]|\\.)*+"' + r"|'(?:[^'\\\n\r]|\\.)*+'"
_IRI = r'<[^<>"{}|^`\x00-\x20]*+>'
_TURTLE_BRACKETS = re.compile(
    rf"#[^\n\r]*+|{_LONG}|{_SHORT}|{_IRI}|\\.|(?P<open>[\[({{]|<<)|(?P<shut>[\])}}]|>>)", re.DOTALL
)
_JSON_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+"|(?P<open>[\[{])|(?P<shut>[\]}])', re.DOTALL)
_BASES = re.compile(
    rf"#[^\n\r]*+|{_LONG}|{_SHORT}|{_IRI}|\\.|(?P<base>(?<![\w:.-])base(?![\w:.-]))", re.DOTALL | re.IGNORECASE
)
_WORDS = rf"""
      (?P<comment>\#[^\n\r]*+)
    | (?P<string>{_LONG}|{_SHORT})
    | (?P<iri>{_IRI})
    | (?P<blank>_:[\w·-]++(?:\.++[\w·-]++)*+)
    | (?P<name>(?:[^\W\d_][\w·-]*+(?:\.++[\w·-]++)*+)?+:(?:(?:[\w:·-]|%[0-9A-Fa-f]{{2}}|\\.|\.++(?=[\w:·%\\-]))*+))
    | (?P<number>[+-]?(?:[0-9]++(?:\.[0-9]++)?+|\.[0-9]++)(?:[eE][+-]?[0-9]++)?+)
    | (?P<word>@?[A-Za-z][A-Za-z0-9-]*+)
"""
_TOKEN = re.compile(
    rf"""{_WORDS}
    | (?P<mark>[\[\](){{}}.])
    | (?P<stray>["'])
    | (?P<escape>\\.)
    """,
    re.DOTALL | re.VERBOSE,
)
_UNNAMED = re.sub(r"\?P<\w+>", "?:", _WORDS)
_REST = re.compile(rf"""(?:[\s;,]++ | {_UNNAMED} | \\. | [^\[\](){{}}."'])*+""", re.DOTALL | re.VERBOSE)
"""What stands in a statement up to the next mark."""
_FIRST = re.compile(rb"[ \t]*(<[^>]*>|_:[^\s<]+)")
"""What a line of N-Triples or N-Quads begins with."""


def too_deep(taken: Taken, limit: int) -> bool:
    """Whether brackets nest deeper than ``limit``, strings and comments left aside."""
    if sum(map(taken.data.count, (b"[", b"(", b"{", b"<<"))) <= limit:
        return False
    depth = 0
    for match in (_JSON_BRACKETS if taken.format == "jsonld" else _TURTLE_BRACKETS).finditer(taken.text):
        kind = match.lastgroup
        if kind == "open":
            depth += 1
            if depth > limit:
                return True
        elif kind == "shut":
            depth = max(0, depth - 1)
    return False


def too_many_bases(taken: Taken, limit: int) -> bool:
    """Whether a Turtle or TriG text may state more bases than ``limit``: each can make the next one longer."""
    if taken.format not in {"turtle", "trig"}:
        return False
    # Most texts that hold the word at all hold it within others; only these can follow it in a statement of a base.
    lower = taken.data.lower()
    if sum(lower.count(b"base" + mark) for mark in (b"<", b"#", b" ", b"\t", b"\r", b"\n")) <= limit:
        return False
    return sum(1 for _ in islice((one for one in _BASES.finditer(taken.text) if one["base"]), limit + 1)) > limit


class Lines:
    """On which line of a Turtle, TriG, N-Triples or N-Quads text something stands first."""

    def __init__(self, taken: Taken, base: str) -> None:
        self._taken, self._base = taken, base

    @cached_property
    def subjects(self) -> dict[str, int]:
        """Of each IRI and each blank node (``_:label``), the line of the first statement it begins."""
        if self._taken.format in {"ntriples", "nquads"}:
            return self._of_lines()
        found: dict[str, int] = {}
        for thing, at, first in self._read(all_=False):
            if first and thing not in found:
                found[thing] = self._line(at)
        return found

    @cached_property
    def mentions(self) -> dict[str, int]:
        """Of each IRI, the line of its first mention."""
        found: dict[str, int] = {}
        for thing, at, _ in self._read(all_=True):
            if thing not in found:
                found[thing] = self._line(at)
        return found

    def of_literal(self, value: str) -> int | None:
        """The line of the first literal written just so, in quotes or bare, if any is."""
        for quote in "\"'":
            at = self._text.find(f"{quote}{value}{quote}")
            if at >= 0:
                return self._line(at)
        bare = re.search(rf"(?<![\w.\"'+-]){re.escape(value)}(?![\w\"'])", self._text) if value else None
        return self._line(bare.start()) if bare else None

    @cached_property
    def _text(self) -> str:
        return self._taken.text

    @cached_property
    def _ends(self) -> list[int]:
        return [match.end() for match in re.finditer(r"\r\n|\r|\n", self._text)]

    def _line(self, at: int) -> int:
        return bisect_right(self._ends, at) + 1

    def _of_lines(self) -> dict[str, int]:
        """A statement is a line, and its subject the first on it."""
        found: dict[bytes, int] = {}
        data = self._taken.data
        # A list of all lines would take as much memory as the text again.
        lines = BytesIO(data) if data.count(b"\r") == data.count(b"\r\n") else data.splitlines()
        for number, line in enumerate(lines, 1):
            if (match := _FIRST.match(line)) and match[1] not in found:
                found[match[1]] = number
        things: dict[str, int] = {}
        for token, number in found.items():
            written = token.decode()
            things.setdefault(_resolve(self._base, written) if token[:1] == b"<" else written, number)
        return things

    def _read(self, all_: bool) -> Iterator[tuple[str, int, bool]]:
        """The IRIs and blank nodes of the text, where they stand, and whether they begin a statement.

        Without ``all_`` only those that begin one.
        """
        text, base = self._text, self._base
        prefixes: dict[str, str] = {}
        directive = pending = ""
        depth = at = 0
        start = True
        while True:
            if not start and not directive and not all_:
                rest = _REST.match(text, at)
                at = rest.end() if rest else at
            match = _TOKEN.search(text, at)
            if match is None:
                return
            kind, token, at = match.lastgroup, match.group(), match.end()
            if kind == "stray":
                return
            if kind == "mark":
                depth += (token in "[(") - (token in "])")
                if token in "{}" or (token == "." and depth <= 0):
                    start, depth = True, 0
                elif token in "[(":
                    start = False
            elif kind == "word" and start and token.lower().lstrip("@") in {"prefix", "base"}:
                directive = token
            elif directive and kind == "name":
                pending = token[:-1]
            elif directive and kind == "iri":
                iri = _resolve(base, token)
                if directive.lower().endswith("base"):
                    base = iri
                else:
                    prefixes[pending] = iri
                start = not directive.startswith("@")
                directive = ""
            elif kind in {"iri", "name", "blank"}:
                thing = (
                    token if kind == "blank" else _resolve(base, token) if kind == "iri" else _expand(prefixes, token)
                )
                yield thing, match.start(), start
                start = False


def _resolve(base: str, token: str) -> str:
    iri = re.sub(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})", _character, token[1:-1])
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", iri):
        return iri
    return urljoin(base, iri) + ("#" if iri.endswith("#") else "")


def _character(match: re.Match[str]) -> str:
    number = int(match[1] or match[2], 16)
    return chr(number) if number < 0x110000 else match[0]


def _expand(prefixes: dict[str, str], token: str) -> str:
    prefix, _, local = token.partition(":")
    if "\\" in local:
        local = re.sub(r"\\(.)", r"\1", local)
    return prefixes.get(prefix, prefix + ":") + local
