"""Make Oxigraph fast on EXISTS: the same query, written so that it follows the facts instead of crossing them.

Oxigraph orders the joins of a query, but not those inside ``EXISTS``: there every triple pattern is matched by itself
against all facts, and the matches are then crossed, for each row anew. As ``∃x, y: A(x) ∧ B(x, y)`` is
``∃x: A(x) ∧ ∃y: B(x, y)``, a pattern can be moved into an ``EXISTS`` of its own, where what the patterns before it
bound is known. Queries thus stay as their authors wrote them, and take time in the facts, not in their square.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import count

from guiju import keys

_TOKEN = re.compile(
    r"""(?P<skip>\s+|\#[^\n]*)
    |<[^<>"{}|^`\\\x00-\x20]*>
    |(?:\"{3}(?:[^\\]|\\.)*?\"{3}|'{3}(?:[^\\]|\\.)*?'{3}|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
     (?:@[\w-]+|\^\^(?:<[^<>\s]*>|[\w:.-]+))?
    |[?$]\w+|<=|>=
    |(?:[^\s{}();,"'<>?$\#.]|\.(?=\w))+
    |.""",
    re.VERBOSE | re.DOTALL,
)
_PREFIX = re.compile(r"\bPREFIX\s+([\w-]*):\s*<([^<>]*)>", re.IGNORECASE)
_EXISTS = re.compile(r"\bEXISTS\b", re.IGNORECASE)
_VARIABLE = re.compile(r"[?$](\w+)")
_NOT_NESTED = {"OPTIONAL", "BIND", "MINUS", "VALUES", "GRAPH", "SERVICE", "LATERAL", "SELECT"}

_nested: dict[tuple[str, frozenset[str]], str] = {}
_read_by: dict[str, frozenset[str]] = {}

EVERYTHING = "*"
"""What a query reads that has a variable for a predicate."""


@dataclass
class _Group:
    """What stands between two braces: tokens, each with the white space before it, and groups."""

    items: list[str | _Group] = field(default_factory=list)

    @cached_property
    def variables(self) -> set[str]:
        """The variables that it can bind: those outside of EXISTS."""
        found = set()
        for number, item in enumerate(self.items):
            if isinstance(item, str):
                found |= _variables(item)
            elif not number or _bare(self.items[number - 1]) != "EXISTS":
                found |= item.variables
        return found


@dataclass
class _Clauses:
    """An EXISTS group taken apart: triple patterns, filters, and the branches of a UNION."""

    patterns: list[str] = field(default_factory=list)
    filters: list[list[str | _Group]] = field(default_factory=list)
    branches: list[_Group] = field(default_factory=list)


def nested(query: str, bound: frozenset[str] = frozenset()) -> str:
    """The query with every pattern of an EXISTS group in an EXISTS of its own; its answers are the same.

    Patterns keep the order in which they are written, except that one that follows from what is bound comes before
    one that does not; ``bound`` names variables that are replaced by values before the query runs. A group with
    clauses other than patterns, filters and one UNION is left as it is.
    """
    if (query, bound) not in _nested:
        written = _text(_read(query), {"?" + name for name in bound}) if _EXISTS.search(query) else query
        _nested[query, bound] = written
    return _nested[query, bound]


def reads(query: str) -> frozenset[str]:
    """All that the answers to a query can depend on: predicates, and classes of things, by their IRIs.

    Holds ``rdf:type`` itself where a class is a variable, and ``EVERYTHING`` where a predicate is one.
    """
    if query not in _read_by:
        _read_by[query] = _find_read(query)
    return _read_by[query]


def remember(query: str, read: Iterable[str]) -> None:
    """Take over what :func:`reads` gave in another process: it need not be found out again."""
    _read_by[query] = frozenset(read)


def _find_read(query: str) -> frozenset[str]:
    prefixes = dict(_PREFIX.findall(query))
    tokens = [token.strip() for token in _tokens(query)]
    tokens = tokens[tokens.index("WHERE") + 1 if "WHERE" in tokens else 0 :]
    found, brackets = set(), [""]
    for number, token in enumerate(tokens):
        if token in ("{", "("):
            brackets.append(token)
        elif token in ("}", ")") and len(brackets) > 1:
            brackets.pop()
        if len(token) == 1 and token != "a":
            continue
        before, after = tokens[number - 1] if number else "", "".join(tokens[number + 1 : number + 2])
        if token[0] in "?$":
            if brackets[-1] != "(" and (before == ";" or (_is_term(before) and _is_term(after))):
                found.add(EVERYTHING)
            continue
        steps = re.split(r"[/|^()*+?!]", token) if token[0] not in "<\"'" else []
        if "a" in steps and (steps[-1] != "a" or _names_variable(tokens[number + 1 :])):
            found.add(keys.RDF + "type")
        if token[0] == "<" and token[-1] == ">":
            found.add(token[1:-1])
        for prefix, _, name in (step.partition(":") for step in steps if ":" in step):
            found.add(prefixes.get(prefix, prefix + ":") + name)
    return frozenset(found)


def _names_variable(objects: list[str]) -> bool:
    """Whether one of the objects that a list of tokens begins with is a variable."""
    commas = next((number for number in range(1, len(objects), 2) if objects[number] != ","), len(objects))
    return any(token[0] in "?$" for token in objects[:commas:2])


def _is_term(token: str) -> bool:
    return token != "" and (token[0] in "?$<\"'" or ":" in token) and token not in ("?", "<", "<=")


def _read(query: str) -> _Group:
    stack = [_Group()]
    for token in _tokens(query):
        bare = token.strip()
        if bare == "{":
            stack.append(_Group())
        elif bare == "}" and len(stack) > 1:
            closed = stack.pop()
            stack[-1].items.append(closed)
        else:
            stack[-1].items.append(token)
    return stack[0]


@cache
def _tokens(query: str) -> list[str]:
    """The tokens of a query, each with a space before it where there is white space or a comment."""
    found, space = [], ""
    for match in _TOKEN.finditer(query):
        if match["skip"]:
            space = " "
        else:
            found.append(space + match[0])
            space = ""
    return found


def _text(group: _Group, given: set[str]) -> str:
    """A group that is no EXISTS, or cannot be nested: as it is, but for the EXISTS in it."""
    return _items(group.items, given, given | group.variables)


def _items(items: list[str | _Group], given: set[str], seen: set[str]) -> str:
    """The text of items; an EXISTS or OPTIONAL sees all that they bind, another group only what was given."""
    written = ""
    for number, item in enumerate(items):
        before = _bare(items[number - 1]) if number else ""
        if isinstance(item, str):
            written += item
        elif before == "EXISTS":
            written += " { " + _exists(item, seen) + " }"
        else:
            written += " {" + _text(item, seen if before == "OPTIONAL" else given) + " }"
    return written


def _exists(group: _Group, seen: set[str]) -> str:
    clauses = _clauses(group, seen)
    return _text(group, seen) if clauses is None else _nest(clauses, seen)


def _nest(clauses: _Clauses, seen: set[str]) -> str:
    first = min(clauses.patterns, key=lambda pattern: _cost(pattern, seen), default=None)
    if clauses.branches and (first is None or _cost(first, seen)[0]):
        either = (_exists(_joined(branch, clauses), seen) for branch in clauses.branches)
        return "FILTER (" + " || ".join(f"EXISTS {{ {text} }}" for text in either) + ")"
    if first is None:
        return "".join(_items(one, seen, seen) for one in clauses.filters)
    patterns = [pattern for pattern in clauses.patterns if pattern is not first]
    seen = seen | _variables(first)
    last = not patterns and not clauses.branches
    ready = [one for one in clauses.filters if last or _used(one) <= seen]
    waiting = [one for one in clauses.filters if one not in ready]
    written = first + " ." + "".join(_items(one, seen, seen) for one in ready)
    if last:
        return written
    return written + " FILTER EXISTS { " + _nest(_Clauses(patterns, waiting, clauses.branches), seen) + " }"


def _joined(branch: _Group, clauses: _Clauses) -> _Group:
    """A branch of a UNION together with all that stands beside the UNION."""
    beside = "".join(f" . {pattern}" for pattern in clauses.patterns) + " ."
    return _Group(branch.items + _read(beside).items + [item for one in clauses.filters for item in one])


def _cost(pattern: str, seen: set[str]) -> tuple[bool, int]:
    """What a pattern is likely to cost: much where nothing that is bound leads to it."""
    named = _variables(pattern)
    return bool(named) and not named & seen, len(named - seen)


def _clauses(group: _Group, seen: set[str]) -> _Clauses | None:
    """The clauses of a group where some variables are bound; None where it has one of a kind not handled here."""
    if any(_bare(item) in _NOT_NESTED or _bare(item).startswith("[") for item in group.items):
        return None
    found, items = _Clauses(), list(group.items)
    while items:
        if _bare(items[0]) == "FILTER":
            length = _filter_length(items)
            found.filters.append(items[:length])
        elif isinstance(items[0], _Group):
            length = next((n for n in range(1, len(items), 2) if _bare(items[n]) != "UNION"), len(items))
            found.branches, before = [item for item in items[:length] if isinstance(item, _Group)], found.branches
            if before or len(found.branches) < 2:
                return None
        elif _bare(items[0]) == ".":
            length = 1
        else:
            ends = (n for n, item in enumerate(items) if isinstance(item, _Group) or _bare(item) in (".", "FILTER"))
            length = next(ends, len(items))
            patterns = _patterns([item for item in items[:length] if isinstance(item, str)])
            if patterns is None:
                return None
            for pattern in patterns:
                found.patterns += _steps(pattern, seen | _variables(" ".join(found.patterns)))
        items = items[length:]
    return found


def _patterns(tokens: list[str]) -> list[tuple[str, str, str]] | None:
    """``s p o , o2 ; q r`` as ``s p o``, ``s p o2`` and ``s q r``; None where an object is more than a token."""
    found = []
    for statement in _split(tokens[1:], ";"):
        first, *more = _split(statement, ",")
        predicate = "".join(first[:-1])
        for part in (first[-1:], *more):
            if not predicate or len(part) != 1 or part[0].strip() == ")":
                return None
            found.append((tokens[0].strip(), predicate.strip(), part[0].strip()))
    return found


def _steps(pattern: tuple[str, str, str], taken: set[str]) -> list[str]:
    """A pattern as text; ``s p/q o`` as the two patterns that Oxigraph, too, makes of it."""
    subject, path, value = pattern
    first, *others = _sequence(path)
    found = []
    for step in others:
        between = next(name for number in count(1) if (name := f"?between{number}") not in taken)
        found.append(f"{subject} {first} {between}")
        taken, subject, first = taken | {between}, between, step
    return [*found, f"{subject} {first} {value}"]


def _sequence(path: str) -> list[str]:
    """The steps ``p`` and ``q`` of a path ``p/q``; a path of another kind is one step."""
    steps, depth = [""], 0
    for part in re.findall(r"<[^<>]*>|.", path):
        depth += (part == "(") - (part == ")")
        if part == "|" and depth == 0:
            return [path]
        if part == "/" and depth == 0:
            steps.append("")
        else:
            steps[-1] += part
    return steps


def _filter_length(items: list[str | _Group]) -> int:
    """How many items a FILTER at the beginning takes up."""
    depth = 0
    for number, item in enumerate(items):
        depth += (_bare(item) == "(") - (_bare(item) == ")")
        if depth == 0 and (_bare(item) == ")" or isinstance(item, _Group)):
            return number + 1
    return len(items)


def _split(tokens: list[str], separator: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for token in tokens:
        if token.strip() == separator:
            parts.append([])
        else:
            parts[-1].append(token)
    return [part for part in parts if part]


def _used(items: list[str | _Group]) -> set[str]:
    found = set()
    for item in items:
        found |= _used(item.items) if isinstance(item, _Group) else _variables(item)
    return found


def _variables(text: str) -> set[str]:
    return {"?" + name for name in _VARIABLE.findall(text)} if "?" in text or "$" in text else set()


def _bare(item: str | _Group) -> str:
    return item.strip().upper() if isinstance(item, str) else ""
