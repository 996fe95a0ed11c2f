"""Queries as text into plans: the part of SPARQL that ``queries/`` and the constraint components use.

What is not understood is refused by name (``Unsupported``), never passed over. rdflib's parser takes 40 ms for a
query of the components, this one less than one; a cold start has 50 of them to read.
"""

from __future__ import annotations

import re
from functools import cache

from pyoxigraph import Literal, NamedNode

from guiju import keys
from guiju.columnar import plans
from guiju.columnar.plan import (
    Aggregate,
    All,
    Arithmetic,
    Bind,
    Call,
    Chain,
    Choice,
    Compare,
    Const,
    Construct,
    Either,
    Exists,
    Expression,
    Group,
    Grouped,
    Link,
    Minus,
    Node,
    Not,
    OneOf,
    Optional,
    Path,
    Pattern,
    Reach,
    Repeat,
    Select,
    Step,
    Union,
    Values,
    Var,
    checked,
    reverse,
)
from guiju.columnar.prepared import PLANS
from guiju.columnar.terms import Term, Unsupported

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<comment>\#[^\n]*)
    | (?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
    | (?P<string>\"{3}|'{3}|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    | (?P<var>[?$]\w+)
    | (?P<number>[0-9]*\.[0-9]+|[0-9]+)(?!\w)
    | (?P<language>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
    | (?P<name>(?:[A-Za-z][\w-]*)?:(?:[\w](?:[\w.-]*[\w-])?)?)
    | (?P<word>[A-Za-z_]\w*)
    | (?P<sign>\^\^|&&|\|\||!=|<=|>=|\S)
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_COMPARISONS = ("=", "!=", "<=", ">=", "<", ">")
_FUNCTIONS = {
    "ABS": 1,
    "BOUND": 1,
    "COALESCE": 0,
    "CONCAT": 0,
    "DATATYPE": 1,
    "DAY": 1,
    "FLOOR": 1,
    "IF": 3,
    "IRI": 1,
    "ISIRI": 1,
    "ISLITERAL": 1,
    "LANG": 1,
    "MONTH": 1,
    "REPLACE": 3,
    "SHA1": 1,
    "STR": 1,
    "STRSTARTS": 2,
    "YEAR": 1,
}
"""How many operands a function has; 0 for any number."""
_CONCAT = "GROUP_CONCAT"
_AGGREGATES = ("COUNT", "MAX", "MIN", "SUM", _CONCAT)
_CAST = "xsd:integer"
_INTEGER = NamedNode(keys.XSD + "integer")
_TYPE = Const(NamedNode(keys.RDF + "type"))


@cache
def parse(text: str, given: frozenset[str] = frozenset()) -> Select | Construct:
    """The plan of a query; ``given`` names the variables that have a value from outside.

    Raises Unsupported, naming what it is, for anything that the columns do not run.
    """
    if known := PLANS.get((text, given)):
        return plans.read(known)
    plan = _Parser(text).query()
    checked(plan.group, given)
    return plan


def written(text: str, given: frozenset[str] = frozenset()) -> bytes:
    """The plan of a query, or why it has none, for ``PLANS`` of another process."""
    try:
        return plans.written(parse(text, given))
    except Unsupported as reason:
        return plans.written(reason)


class _Parser:
    def __init__(self, text: str) -> None:
        found = ((match.lastgroup or "", match[0].lstrip()) for match in _TOKEN.finditer(text))
        self._tokens = [(kind, token) for kind, token in found if kind != "comment"]
        self._at = 0
        self._prefixes: dict[str, str] = {}
        self._fresh = 0
        self._aggregates: list[Aggregate] = []

    def query(self) -> Select | Construct:
        while self._take("PREFIX"):
            prefix, iri = self._next()[1], self._next()[1]
            self._prefixes[prefix.removesuffix(":")] = iri[1:-1]
        if self._take("CONSTRUCT"):
            template = self._template()
            self._take("WHERE")
            plan: Select | Construct = Construct(template, self._group())
        else:
            plan = self._select()
        if self._at < len(self._tokens):
            raise Unsupported(self._word())
        return plan

    def _select(self) -> Select:
        above, self._aggregates = self._aggregates, []
        self._expect("SELECT")
        distinct, names = self._take("DISTINCT"), []
        computed: list[Bind] = []
        while self._kind() == "var" or self._sees("("):
            if self._sees("("):
                computed.append(self._bind())
                names.append(computed[-1].name)
            else:
                names.append(self._next()[1][1:])
        if not names:
            raise Unsupported(f"SELECT {self._word()}")
        self._take("WHERE")
        group = self._modified(self._group(), computed)
        self._aggregates = above
        order = None
        if self._take("ORDER"):
            self._expect("BY")
            order = self._primary()
            if distinct or not isinstance(order, Call) or order.name != "STR" or self._text() not in ("}", ""):
                raise Unsupported("ORDER BY other than one text")
        return Select(tuple(names), group, distinct, order)

    def _modified(self, group: Group, computed: list[Bind]) -> Group:
        """What GROUP BY, HAVING and LIMIT make of the group of a SELECT, and what its columns compute."""
        by: list[str] | None = None
        having: list[Expression] = []
        if self._take("GROUP"):
            self._expect("BY")
            by = []
            while self._kind() == "var":
                by.append(self._next()[1][1:])
            if not by or self._sees("("):
                raise Unsupported("GROUP BY of something computed")
        if self._take("HAVING"):
            having += _conjuncts(self._primary())
        if self._take("LIMIT") and (by is not None or not self._aggregates or int(self._next()[1]) < 1):
            raise Unsupported("LIMIT of more than one solution")
        if any(aggregate.function == _CONCAT for aggregate in self._aggregates) and not _in_order(group):
            raise Unsupported(f"{_CONCAT} of what is in no order")
        if by is not None or self._aggregates:
            grouped = Grouped(None if by is None else tuple(by), tuple(self._aggregates), group)
            return Group((grouped, *computed), tuple(having))
        # They see what the whole group came to, its filters applied.
        return Group((Union((group,)), *computed), ()) if computed else group

    def _template(self) -> tuple[Pattern, ...]:
        group = self._group()
        patterns = tuple(step for step in group.steps if isinstance(step, Pattern))
        if patterns != group.steps or group.filters:
            raise Unsupported("CONSTRUCT with more than triples")
        return patterns

    def _group(self) -> Group:
        steps: list[Step] = []
        filters: list[Expression] = []
        self._expect("{")
        if self._sees("SELECT"):
            steps.append(self._select())
        while not self._take("}"):
            if self._take("FILTER"):
                filters += _conjuncts(self._primary())
            elif self._take("OPTIONAL"):
                steps.append(Optional(self._group()))
            elif self._take("MINUS"):
                steps.append(Minus(self._group()))
            elif self._take("BIND"):
                steps.append(self._bind())
            elif self._take("VALUES"):
                steps.append(self._values())
            elif self._sees("{"):
                steps += self._union()
            elif not self._take("."):
                steps += self._triples()
        return Group(tuple(steps), tuple(filters))

    def _union(self) -> list[Step]:
        branches = [self._group()]
        while self._take("UNION"):
            branches.append(self._group())
        if len(branches) == 1 and not branches[0].filters and len(branches[0].steps) == 1:
            alone = branches[0].steps[0]
            if isinstance(alone, Pattern | Select | Values | Union):
                return [alone]
        return [Union(tuple(branches))]

    def _bind(self) -> Bind:
        self._expect("(")
        value = self._expression()
        self._expect("AS")
        name = self._next()[1][1:]
        self._expect(")")
        return Bind(value, name)

    def _values(self) -> Values:
        names, rows = [], []
        single = not self._take("(")
        while self._kind() == "var":
            names.append(self._next()[1][1:])
        if not single:
            self._expect(")")
        self._expect("{")
        while not self._take("}"):
            if not single:
                self._expect("(")
            row: list[Term | None] = []
            for _ in names:
                value = None if self._take("UNDEF") else self._node()
                if isinstance(value, Var):
                    raise Unsupported("a variable in VALUES")
                row.append(value.term if value else None)
            if not single:
                self._expect(")")
            rows.append(tuple(row))
        return Values(tuple(names), tuple(rows))

    def _triples(self) -> list[Step]:
        """``s p o , o2 ; q r``"""
        found: list[Step] = []
        subject = self._node()
        while True:
            path = self._path()
            while True:
                found += self._steps(subject, path, self._node())
                if not self._take(","):
                    break
            while self._take(";"):
                pass
            if self._text() in (".", "{", "}") or (self._kind() == "word" and self._text() != "a"):
                return found

    def _path(self) -> Path:
        if self._kind() == "var":
            return Link(self._node())
        paths = [self._sequence()]
        while self._take("|"):
            paths.append(self._sequence())
        return paths[0] if len(paths) == 1 else Choice(tuple(paths))

    def _sequence(self) -> Path:
        paths = [self._step()]
        while self._take("/"):
            paths.append(self._step())
        return paths[0] if len(paths) == 1 else Chain(tuple(paths))

    def _step(self) -> Path:
        turned = self._take("^")
        if self._text() in ("!", "^"):
            raise Unsupported(f"a path with {self._text()}")
        if self._take("("):
            path = self._path()
            self._expect(")")
        else:
            path = Link(_TYPE if self._take("a") else self._node())
        if self._text() in ("*", "+", "?"):
            sign = self._next()[1]
            path = Repeat(path, sign != "+", sign != "?")
        return reverse(path) if turned else path

    def _steps(self, subject: Node, path: Path, value: Node) -> list[Step]:
        """The steps that lead from a subject along a path to a value; of several ways each counts."""
        if isinstance(path, Link):
            start, end = (subject, value) if path.forward else (value, subject)
            return [Pattern(start, path.predicate, end)]
        if isinstance(path, Repeat):
            return [Reach(subject, path, value)]
        if isinstance(path, Choice):
            return [Union(tuple(Group(tuple(self._steps(subject, one, value)), ()) for one in path.paths))]
        found: list[Step] = []
        for number, part in enumerate(path.paths):
            following = value
            if number < len(path.paths) - 1:
                self._fresh += 1
                following = Var(f"/{self._fresh}")
            found += self._steps(subject, part, following)
            subject = following
        return found

    def _node(self) -> Node:
        kind, token = self._next()
        if kind == "var":
            return Var(token[1:])
        if kind == "iri":
            return Const(NamedNode(token[1:-1]))
        if kind == "name":
            return Const(NamedNode(self._expanded(token)))
        if kind == "number":
            return Const(_number(token))
        if token in ("-", "+") and self._kind() == "number":
            return Const(_number(token.removeprefix("+") + self._next()[1]))
        if kind == "string":
            return Const(self._literal(token))
        if token in ("true", "false"):
            return Const(Literal(token == "true"))
        raise Unsupported(f"{token} where a term was expected")

    def _literal(self, token: str) -> Literal:
        if len(token) == 3 and token in ('"""', "'''"):
            raise Unsupported("a string in three quotes")
        text = re.sub(r"\\(.)", lambda found: _unescaped(found[1]), token[1:-1])
        if self._kind() == "language":
            return Literal(text, language=self._next()[1][1:])
        if self._take("^^"):
            datatype = self._node()
            if isinstance(datatype, Const) and isinstance(datatype.term, NamedNode):
                return Literal(text, datatype=datatype.term)
            raise Unsupported("a datatype that is not an IRI")
        return Literal(text)

    def _expanded(self, token: str) -> str:
        prefix, _, name = token.partition(":")
        if prefix not in self._prefixes:
            raise Unsupported(f"the prefix {prefix}:, which is not declared")
        return self._prefixes[prefix] + name

    def _expression(self) -> Expression:
        values = [self._and()]
        while self._take("||"):
            values.append(self._and())
        return values[0] if len(values) == 1 else Either(tuple(values))

    def _and(self) -> Expression:
        values = [self._comparison()]
        while self._take("&&"):
            values.append(self._comparison())
        return values[0] if len(values) == 1 else All(tuple(values))

    def _comparison(self) -> Expression:
        left = self._sum()
        if self._text() in _COMPARISONS:
            return Compare(self._next()[1], left, self._sum())
        negated = self._take("NOT")
        if not self._take("IN"):
            if negated:
                raise Unsupported(f"NOT {self._word()}")
            return left
        self._expect("(")
        values: list[Expression] = []
        while not self._take(")"):
            values.append(self._expression())
            self._take(",")
        names = tuple(one for one in values if isinstance(one, Const) and isinstance(one.term, NamedNode))
        found: Expression = OneOf(left, names)
        if len(names) < len(values):
            found = Either(tuple(Compare("=", left, value) for value in values))
        return Not(found) if negated else found

    def _sum(self) -> Expression:
        left = self._product()
        while self._text() in ("+", "-"):
            left = Arithmetic(self._next()[1], left, self._product())
        return left

    def _product(self) -> Expression:
        left = self._primary()
        while self._text() in ("*", "/"):
            left = Arithmetic(self._next()[1], left, self._primary())
        return left

    def _primary(self) -> Expression:
        if self._take("("):
            inner = self._expression()
            self._expect(")")
            return inner
        if self._take("!"):
            return Not(self._primary())
        if self._take("NOT"):
            self._expect("EXISTS")
            return Not(Exists(self._group()))
        if self._take("EXISTS"):
            return Exists(self._group())
        if self._kind() == "word" and self._text() not in ("true", "false"):
            return self._call()
        node = self._node()
        if self._sees("("):
            if node != Const(_INTEGER):
                raise Unsupported(f"the function {self._tokens[self._at - 1][1]}")
            return Call(_CAST, self._operands(_CAST, 1))
        return node

    def _call(self) -> Expression:
        name = self._next()[1].upper()
        if name in _AGGREGATES:
            return self._aggregate(name)
        if name not in _FUNCTIONS:
            raise Unsupported(name)
        return Call(name, self._operands(name, _FUNCTIONS[name]))

    def _aggregate(self, function: str) -> Var:
        self._expect("(")
        distinct = self._take("DISTINCT")
        value = None if function == "COUNT" and not distinct and self._take("*") else self._expression()
        separator = " " if function == _CONCAT else ""
        if self._take(";"):
            self._expect("separator")
            self._expect("=")
            separator = self._literal(self._next()[1]).value
        self._expect(")")
        if function == _CONCAT and distinct:
            raise Unsupported(f"{_CONCAT} of distinct values")
        self._fresh += 1
        self._aggregates.append(Aggregate(f"+{self._fresh}", function, value, distinct, separator))
        return Var(self._aggregates[-1].name)

    def _operands(self, name: str, number: int) -> tuple[Expression, ...]:
        values = []
        self._expect("(")
        while not self._take(")"):
            values.append(self._expression())
            if not self._sees(")"):
                self._expect(",")
        if number and len(values) != number:
            raise Unsupported(f"{name} of {len(values)} values")
        return tuple(values)

    def _kind(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    def _text(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _word(self) -> str:
        return " ".join(token for _, token in self._tokens[self._at : self._at + 2]) or "the end of the query"

    def _sees(self, token: str) -> bool:
        return self._text() == token or (self._kind() == "word" and self._text().upper() == token)

    def _take(self, token: str) -> bool:
        found = self._sees(token)
        self._at += found
        return found

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise Unsupported(f"{self._word()} where {token} was expected")

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise Unsupported("the end of the query")
        self._at += 1
        return self._tokens[self._at - 1]


def _in_order(group: Group) -> bool:
    """Whether the solutions of a group are those of a SELECT that puts them in order, and nothing else."""
    alone = group.steps[0] if len(group.steps) == 1 and not group.filters else None
    return isinstance(alone, Select) and alone.order is not None


def _conjuncts(expression: Expression) -> tuple[Expression, ...]:
    """A filter lets through what each part of its AND lets through."""
    if isinstance(expression, All):
        return tuple(part for value in expression.values for part in _conjuncts(value))
    return (expression,)


def _number(token: str) -> Literal:
    return Literal(token, datatype=NamedNode(keys.XSD + ("decimal" if "." in token else "integer")))


def _unescaped(letter: str) -> str:
    if letter not in _ESCAPES:
        raise Unsupported(f"the escape \\{letter}")
    return _ESCAPES[letter]
