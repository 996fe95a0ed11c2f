"""RDF Patch (https://afs.github.io/rdf-patch/): what to add to facts and what to take out of them, a line each.

Of what the format has, additions (``A``), deletions (``D``), headers and the marks of one transaction are read. A patch
names every statement that it touches, and can neither ask for others nor fetch any, as an update in SPARQL can.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from pyoxigraph import DefaultGraph, NamedNode, RdfFormat, Triple, parse

from guiju.columnar.terms import UNBOUND, Terms
from guiju.intake import BadInput, Problem, Text
from guiju.intake.model import Problems

_IGNORED = frozenset({"H", "TX", "TC"})
_STATEMENT = Text("请写 A 或 D，然后是一条 N-Triples 语句。", "Write A or D, and then a statement as N-Triples has it.")


@dataclass(frozen=True)
class Step:
    """One line: a statement to add, or to take out."""

    where: str
    added: bool
    statement: Triple


def read(name: str, body: bytes) -> list[Step]:
    """The steps of a patch in their order; ``name`` is what it is called in problems. Raises BadInput."""
    steps, problems = [], Problems()
    try:
        lines = body.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise BadInput([Problem(name, _NOT_UTF_8, _STATEMENT)]) from None
    for number, line in enumerate(lines, 1):
        where = f"{name}:{number}"
        code, _, rest = line.strip().partition(" ")
        if not code or code.startswith("#") or code in _IGNORED:
            continue
        if code not in ("A", "D"):
            problems.add(where, _UNREAD, _STATEMENT)
            continue
        try:
            quads = list(parse(rest, format=RdfFormat.N_QUADS))
        except SyntaxError as error:
            said = error.msg or str(error)
            problems.add(where, Text(f"语法错误：{said}。", f"Syntax error: {said}."), _STATEMENT)
            continue
        if len(quads) != 1 or not isinstance(quads[0].graph_name, DefaultGraph):
            problems.add(where, _ONE, _STATEMENT)
        elif not all(isinstance(end, NamedNode) for end in (quads[0].subject, *_resource(quads[0].object))):
            problems.add(where, _UNNAMED, _NAME)
        else:
            steps.append(Step(where, code == "A", quads[0].triple))
    problems.settle()
    return steps


def applied(facts: Iterable[Triple], steps: Iterable[Step]) -> list[Triple]:
    """Facts after the steps, one after the other. Raises BadInput where one takes out what is not there.

    Numbers are compared by their values: whoever takes out ``1.0`` takes out ``1.00``.
    """
    terms, problems = Terms(), Problems()
    held = dict.fromkeys(map(tuple, terms.encode(facts).tolist()))
    for step in steps:
        if step.added:
            held[tuple(terms.encode([step.statement])[0].tolist())] = None
            continue
        row = tuple(terms.find(term) for term in step.statement)
        if UNBOUND in row or row not in held:
            problems.add(step.where, _NOT_THERE, _COMPARE)
        else:
            del held[row]
    problems.settle()
    return terms.decoded(np.array(list(held), np.int32).reshape(-1, 3))


def _resource(term: object) -> list[object]:
    return [] if hasattr(term, "datatype") else [term]


_NOT_UTF_8 = Text("不是 UTF-8 文字。", "It is no text in UTF-8.")
_UNREAD = Text("此行不是可读的变更。", "The line is no change that is read.")
_ONE = Text("应为一条不带图名的语句。", "It should be one statement, without a graph.")
_UNNAMED = Text("空白节点在此没有所指。", "A blank node means nothing here.")
_NAME = Text("请写其 IRI（保存的报送中各有一个）。", "Write its IRI; in a kept submission each has one.")
_NOT_THERE = Text("没有这条语句，无从删去。", "The statement is not there, so it cannot be taken out.")
_COMPARE = Text("请与保存的事实核对。", "Compare it with the facts that are kept.")
