"""A look at a SPARQL query before the engine sees it: its form, its depth, and what is not done here.

It reads tokens, not grammar, each letter a few times at most. What it lets through wrongly meets the limits of the
worker, which has no network and is killed at its deadline; what it refuses, it refuses with the reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LENGTH = 100_000
"""Characters of one query."""
DEPTH = 64
"""Brackets of any kind within each other."""
STEPS = 2_000
"""Groups, clauses and operators: what an engine makes a tree of, and walks by recursion."""

_TOKEN = re.compile(
    r"""
      (?P<space>[\s﻿]+ | \#[^\n\r]*+)
    | (?P<iri><[^<>"{}|^`\\\x00-\x20]*+>)
    | (?P<string>\"{3}(?:[^"\\]|\\.|"(?!""))*+\"{3} | '{3}(?:[^'\\]|\\.|'(?!''))*+'{3}
        | "(?:[^"\\\n\r]|\\.)*+" | '(?:[^'\\\n\r]|\\.)*+')
    | (?P<variable>[?$]\w++)
    | (?P<tag>@[A-Za-z]++(?:-[A-Za-z0-9]++)*+)
    | (?P<name>(?:[^\W\d_][\w·-]*+|_)?+:(?:[\w:·-]|\.(?=[\w:·%\\-])|%[0-9A-Fa-f]{2}|\\.)*+)
    | (?P<word>[^\W\d_][\w·-]*+|_\w*+)
    | (?P<number>[0-9]++(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+)
    | (?P<open>[({\[]) | (?P<shut>[)}\]])
    | (?P<step>\|\||&&|[!|/^+*=<>-])
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_FORMS = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
_UPDATES = frozenset({"INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH"})
_CLAUSES = frozenset({"UNION", "OPTIONAL", "MINUS", "FILTER", "BIND", "GRAPH", "VALUES", "NOT", "IN"})


@dataclass(frozen=True)
class Text:
    """A reason in Chinese and English."""

    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.zh} {self.en}"


class Refused(ValueError):
    """A query that is not run; ``code`` names the reason for programs, the message gives it in both languages."""

    def __init__(self, code: str, why: Text) -> None:
        super().__init__(str(why))
        self.code = code


def form(query: str) -> str:
    """The form of a query, ``SELECT``, ``ASK``, ``CONSTRUCT`` or ``DESCRIBE``.

    Raises Refused for what is too long or too deep, for updates, SERVICE, FROM, and what is no query at all.
    """
    if len(query) > LENGTH:
        raise Refused(
            "query-too-long",
            Text(f"查询超过 {LENGTH} 个字符。", f"The query is longer than {LENGTH} characters."),
        )
    found, depth, steps, grouped = "", 0, 0, False
    for match in _TOKEN.finditer(query):
        kind, token = match.lastgroup, match[0]
        depth = _deeper(kind, token, depth)
        grouped = grouped or token == "{"
        if kind == "word":
            found = _word(token.upper(), found, grouped)
        elif kind == "iri" and "service" in token.partition(")")[2].lower():
            # Where "<" is an operator, a comment that holds ">" can make a clause look like an IRI.
            raise _service()
        steps += kind in {"step", "open"} or (kind == "word" and token.upper() in _CLAUSES)
        if steps > STEPS:
            raise Refused(
                "query-too-complex",
                Text(
                    f"查询中的组、子句与运算符超过 {STEPS} 个；请改用 VALUES 或分次查询。",
                    f"The query has more than {STEPS} groups, clauses and operators; use VALUES, or ask in parts.",
                ),
            )
    if not found:
        raise Refused(
            "not-a-query",
            Text(
                "不是 SPARQL 查询：没有 SELECT、ASK、CONSTRUCT 或 DESCRIBE。",
                "Not a SPARQL query: it has none of SELECT, ASK, CONSTRUCT and DESCRIBE.",
            ),
        )
    return found


def _deeper(kind: str | None, token: str, depth: int) -> int:
    """The depth after a token; where ``<`` may be an operator, the brackets in what looks like an IRI count."""
    highest = depth
    if kind == "open":
        highest = depth = depth + 1
    elif kind == "shut":
        depth = max(0, depth - 1)
    elif kind == "iri":
        highest = depth + token.count("(")
        depth = max(0, highest - token.count(")"))
    if highest > DEPTH:
        raise Refused(
            "query-too-deep",
            Text(f"括号嵌套超过 {DEPTH} 层。", f"The brackets of the query nest deeper than {DEPTH}."),
        )
    return depth


def _word(word: str, found: str, grouped: bool) -> str:
    """The form that is known after a bare word."""
    if "SERVICE" in word:
        raise _service()
    if not found and word in _UPDATES:
        raise Refused(
            "update-refused",
            Text(f"此处只接受查询，不接受更新（{word}）。", f"Only queries are answered here, not updates ({word})."),
        )
    if found and not grouped and word == "FROM":
        raise Refused(
            "dataset-refused",
            Text(
                "不接受 FROM：知识库只有一个数据集，全部在默认图中。",
                "FROM is refused: the knowledge base is one dataset, all of it in the default graph.",
            ),
        )
    return word if not found and word in _FORMS else found


def _service() -> Refused:
    return Refused(
        "service-refused",
        Text(
            "不接受 SERVICE：此处不向任何别处发出请求。",
            "SERVICE is refused: nothing is requested from anywhere else here.",
        ),
    )
