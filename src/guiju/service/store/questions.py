"""The questions of ``queries/submissions``, written out with their parameters for any SPARQL 1.1 store."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from pyoxigraph import Literal, NamedNode

from guiju import library
from guiju.paths import data_root

_WHERE = re.compile(r"\bWHERE\s*\{")


@cache
def question(name: str) -> library.Question:
    """The question ``submissions/<name>``."""
    return library.read(data_root() / "queries" / "submissions" / f"{name}.rq", f"submissions/{name}")


def written(
    name: str, values: Mapping[str, NamedNode | Literal], limit: int | None = None, offset: int | None = None
) -> str:
    """The query with these parameters, bound where it begins and where each SELECT in it does; those left out are free.

    ``limit`` and ``offset`` choose a part of the answer. KeyError for a parameter that the question does not have.
    """
    found = question(name)
    known = {param.name for param in found.params}
    if unknown := values.keys() - known:
        raise KeyError(f"{found.name} has no parameter {', '.join(sorted(unknown))}")
    text = "\n".join(line for line in found.text.splitlines() if not line.startswith("#"))
    if values:
        bound = f"VALUES ({' '.join(f'?{each}' for each in values)}) {{ ({' '.join(map(str, values.values()))}) }}"
        text = _WHERE.sub(lambda match: f"{match[0]}\n    {bound}", text)
        # A graph whose name stands there is looked into, and not all of them.
        for each, value in values.items():
            text = text.replace(f"GRAPH ?{each} {{", f"GRAPH {value} {{ VALUES ?{each} {{ {value} }}")
    for word, number in (("LIMIT", limit), ("OFFSET", offset)):
        text += f"\n{word} {number:d}" if number is not None else ""
    return text
