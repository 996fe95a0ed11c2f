"""Invented facts and shapes for every constraint component, aimed at the places where engines could part.

What a component looks at, its own queries say: their patterns are filled in with invented terms, several times for one
target, and where a filter compares, the value is put at the boundary, just below or just above it. Then facts are left
out, said twice, contradicted, crossed between targets or led back to themselves. A component that is added is covered
by what it says. The same seed gives the same facts.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from guiju import completion, keys
from guiju.columnar import plan
from guiju.columnar.parser import parse
from guiju.columnar.terms import Term, written
from guiju.knowledge import Knowledge

Env = dict[str, Term]
TYPE = NamedNode(keys.RDF + "type")
SUBCLASS = NamedNode(keys.RDFS + "subClassOf")
INTEGER, DECIMAL, DATE, BOOLEAN, DOUBLE = (
    NamedNode(keys.XSD + name) for name in ("integer", "decimal", "date", "boolean", "double")
)
_REPORTED = NamedNode(keys.GJ + "reportedIn")
_ITSELF = NamedNode(keys.GJ + "itself")
_ENDINGS = ("é", "机构", "\uff21", "\U00020bb7", "%20")
"""Names are in all scripts, and are put in an order by their letters."""
_TARGETS = 12
"""Targets of each shape; some of what is said of one is said of another, too."""


class Values(Enum):
    """Which literals are invented."""

    PLAIN = "plain"
    """What the check of a submission lets through: 18 digits before the point and nine after it."""
    WIDE = "wide"
    """Any length: thirty digits, differences of 1e-18."""
    ODD = "odd"
    """Also what is of a wrong type, ill-typed, floating, or has a time zone."""


_SMALL = [Fraction(text) for text in ("0", "1", "-1", "0.1", "0.15", "0.5", "8", "100", "1e10", "0.000000001")]
_LARGE = [Fraction(text) for text in ("999999999999999999.999999999", "-999999999999999999", "123456789012345678.9")]
_WIDEST = [Fraction(edge) for edge in (2**62, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 123456789012345678901234567890)]
_WIDEST += [Fraction("0.000000000000000001"), Fraction("-98765432109876543210.123456789012345678")]
_LONGEST = [Literal(f"0.{'0' * zeros}1", datatype=DECIMAL) for zeros in (98, 99, 100)]
_LONGEST += [Literal(f"-{'9' * 300}.5", datatype=DECIMAL)]
"""Longer than what is drawn: a hundred decimals and one more, three hundred digits."""
_STEPS = [Fraction(text) for text in ("0", "0", "0", "1e-9", "-1e-9", "1", "-1", "100", "-100")]
_FINE = [*_STEPS, *(Fraction(text) for text in ("1e-18", "-1e-18"))]
_INTEGERS = [0, 1, -1, 2, 7, 242_217_29, 242_170_1, 737_000, 10**9]
_DAYS = [
    date(2018, 7, 1),
    date(2020, 2, 29),
    date(2019, 2, 28),
    date(2018, 10, 1),
    date(2018, 9, 30),
    date.min,
    date.max,
]
ODD: list[Literal | NamedNode] = [
    Literal("abc", datatype=DECIMAL),
    Literal("", datatype=DECIMAL),
    Literal("1e3", datatype=DECIMAL),
    Literal("soon", datatype=INTEGER),
    Literal("1.0", datatype=INTEGER),
    Literal("2020-02-30", datatype=DATE),
    Literal("-0001-01-01", datatype=DATE),
    Literal("0000-01-01", datatype=DATE),
    Literal("2020-1-1", datatype=DATE),
    Literal("2020-01-01Z", datatype=DATE),
    Literal("2020-01-01+08:00", datatype=DATE),
    Literal("10000-01-01", datatype=DATE),
    Literal("2020-01-01T00:00:00", datatype=NamedNode(keys.XSD + "dateTime")),
    Literal("1", datatype=BOOLEAN),
    Literal("true", datatype=BOOLEAN),
    Literal("yes", datatype=BOOLEAN),
    Literal("1.5", datatype=DOUBLE),
    Literal("1", datatype=DOUBLE),
    Literal("INF", datatype=NamedNode(keys.XSD + "float")),
    Literal("5", datatype=NamedNode(keys.XSD + "int")),
    Literal("5", datatype=NamedNode(keys.XSD + "nonNegativeInteger")),
    Literal("5"),
    Literal("五", language="zh"),
    Literal("5", datatype=NamedNode("urn:x:own")),
    Literal("2020-01-01", datatype=DATE),
    Literal("5", datatype=INTEGER),
    Literal("5.0", datatype=DECIMAL),
    NamedNode("urn:x:thing"),
]
"""Literals of which a query that compares them makes nothing, or not what one thinks."""


@dataclass(frozen=True)
class Batch:
    """Facts and completed shapes, ready for an engine."""

    facts: list[Triple]
    shapes: list[Triple]


def together(batches: Iterable[Batch]) -> Batch:
    """Batches of several components as one."""
    facts: list[Triple] = []
    shapes: dict[Triple, None] = {}
    for batch in batches:
        facts += batch.facts
        shapes |= dict.fromkeys(batch.shapes)
    return Batch(facts, list(shapes))


class Draw:
    """Draws literals, and bends facts; ``days`` are those at which a calendar ends."""

    def __init__(self, rng: random.Random, values: Values, days: Iterable[date] = ()) -> None:
        self.rng, self.wide = rng, values is Values.WIDE
        self._days = [*_DAYS, *days]
        self._odd = rng.choice(ODD) if values is Values.ODD else None

    def any(self, datatype: NamedNode) -> Literal:
        """A literal of a datatype: a common one, or one of the longest."""
        if datatype == DATE:
            return Literal(self.rng.choice(self._days).isoformat(), datatype=DATE)
        if datatype == INTEGER:
            pool = _INTEGERS + ([10**30 + 7, -(10**20)] if self.wide else [])
            return Literal(str(self.rng.choice(pool)), datatype=INTEGER)
        if self.wide and self.rng.random() < 0.1:
            return self.rng.choice(_LONGEST)
        return self.literal(self.rng.choice(_SMALL * 2 + _LARGE + (_WIDEST * 3 if self.wide else [])), DECIMAL)

    def bound(self) -> Literal:
        """A number that a text could set."""
        return self.literal(self.rng.choice(_SMALL + (_WIDEST if self.wide else [])), DECIMAL)

    def beside(self, value: Fraction, datatype: NamedNode) -> Literal:
        """A number or day, or the next below or above."""
        if datatype == DECIMAL:
            moved = value + self.rng.choice(_FINE if self.wide else _STEPS)
            return self.literal(-moved if self.rng.random() < 0.05 else moved, DECIMAL)
        return self.literal(value + self.rng.choice((0, 0, 0, 1, -1, 100, -100)), datatype)

    def literal(self, value: Fraction, datatype: NamedNode) -> Literal:
        """The literal of a number, cut to the digits that there may be; days by their number."""
        if datatype == DATE:
            return Literal(date.fromordinal(min(max(int(value), 1), date.max.toordinal())).isoformat(), datatype=DATE)
        scale = 0 if datatype == INTEGER else 27 if self.wide else 9
        number = int(value * 10**scale // 1)
        if not self.wide:
            number = max(min(number, 10 ** (18 + scale) - 1), 1 - 10 ** (18 + scale))
        return Literal(written(number, scale), datatype=datatype)

    def bent(self, triples: Sequence[Triple]) -> Iterator[Triple]:
        """Facts left out, said twice, on the edge, about something else, or leading back to themselves."""
        resources: dict[str, list[Term]] = defaultdict(list)
        for triple in triples:
            resources[triple.predicate.value].append(triple.object)
        for triple in triples:
            subject, predicate, value = triple
            chance = self.rng.random()
            if chance < 0.03:
                continue
            if isinstance(value, Literal):
                yield Triple(subject, predicate, self._otherwise(value))
                if chance < 0.12:
                    yield Triple(subject, predicate, self._edge(value))
                if self._odd is not None and chance > 0.9:
                    yield Triple(subject, predicate, self._odd)
                continue
            yield triple
            if chance > 0.98:
                yield triple
            if isinstance(subject, Triple):
                continue
            if chance < 0.07:
                yield Triple(subject, predicate, self.rng.choice(resources[predicate.value]))
            elif predicate == TYPE:
                continue
            elif chance < 0.085 and isinstance(value, NamedNode):
                yield Triple(value, predicate, subject)
            elif chance < 0.1:
                yield Triple(subject, predicate, subject)
            elif self._odd is not None and chance > 0.98:
                yield Triple(subject, predicate, self._odd)

    def _otherwise(self, value: Literal) -> Literal:
        """The same number, now and then written in another way."""
        if value.datatype not in (INTEGER, DECIMAL) or not _plain(value.value) or self.rng.random() < 0.9:
            return value
        text = value.value.lstrip("+")
        sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
        sign = sign or self.rng.choice(("", "+"))
        if value.datatype == DECIMAL:
            digits += self.rng.choice(("", "0", "000")) if "." in digits else self.rng.choice(("", ".0"))
        return Literal(f"{sign}{self.rng.choice(('', '0', '00'))}{digits}", datatype=value.datatype)

    def _edge(self, value: Literal) -> Literal:
        """A value that is the next to it, its contrary, or at an end of what there is."""
        kind = value.datatype
        if kind not in (INTEGER, DECIMAL, DATE):
            return value
        if self.rng.random() < 0.25:
            return self.any(kind)
        number = _exact(value)
        return value if number is None else self.beside(number, kind)


class Bender:
    """Invents batches for the components of a knowledge base."""

    def __init__(self, knowledge: Knowledge) -> None:
        stated = [t for t in knowledge.authored_shapes if not _within_shapes(t)]
        self._stated = completion.index(stated)
        self._said = completion.index(knowledge.vocabulary)
        self.days = ends(knowledge.calendar.first, knowledge.calendar.last)
        self.components = sorted(
            subject.value
            for subject, about in self._stated.items()
            if completion.COMPONENT in about.get(keys.RDF + "type", ()) and isinstance(subject, NamedNode)
        )

    def batch(self, component: str, rng: random.Random, shapes: int = 6, values: Values = Values.PLAIN) -> Batch:
        """So many shapes of a component, and targets for each, with facts that the component looks at."""
        draw = Draw(rng, values, self.days)
        authored = list(self._component(NamedNode(component)))
        facts: list[Triple] = []
        queries = self._queries(NamedNode(component))
        name = keys.local(component)
        slug = re.sub("(?<=[a-z])(?=[A-Z])", "-", name).lower()
        for number in range(shapes):
            shape = NamedNode(f"{keys.SHAPE}bent-rules-2018/art_{number + 1}.{slug}")
            target = NamedNode(f"urn:x:{name}:class:{number}")
            given = self._parameters(NamedNode(component), draw)
            stated = [shape]
            if number and rng.random() < 0.25:
                stated.append(NamedNode(f"{shape.value}-inner"))
                authored.append(Triple(shape, NamedNode(keys.SH + "node"), stated[-1]))
            for one in stated:
                authored += [
                    Triple(one, TYPE, completion.NODE_SHAPE),
                    Triple(one, NamedNode(keys.SH + "severity"), NamedNode(keys.SH + "Violation")),
                ]
            aims = {target, NamedNode(f"urn:x:{name}:class:{number - 1}")} if rng.random() < 0.15 else {target}
            authored += [Triple(shape, NamedNode(keys.SH + "targetClass"), one) for one in sorted(aims, key=str)]
            authored += [Triple(stated[-1], NamedNode(name), value) for name, value in given.items()]
            env = {keys.local(name): value for name, value in given.items()}
            facts += self._institutions(f"urn:x:{name}:{number}", target, queries, env, draw)
        return Batch(list(draw.bent(facts)), completion.complete(authored, []))

    def _institutions(
        self, name: str, target: NamedNode, queries: list[plan.Group], env: Env, draw: Draw
    ) -> Iterator[Triple]:
        rng = draw.rng
        nodes = _Nodes(rng)
        # Engines that cross what several patterns give take long where each gives much.
        often = (0, 1, 1, 2, 2, 3) if max(_patterns(query) for query in queries) < 12 else (0, 1, 1, 1, 1, 2)
        for number in range(_TARGETS):
            this = NamedNode(f"{name}:{number}")
            yield Triple(this, TYPE, target)
            if rng.random() < 0.9:
                report = NamedNode(f"{name}:report:{number % 2}")
                nodes.said[this, _REPORTED].append(report)
                yield Triple(this, _REPORTED, report)
            nodes.of(this)
            for _ in range(rng.choice(often)):
                filler = _Filler(draw, self._said, nodes)
                # What breaks a norm takes most: it is aimed at as often as all else.
                query = queries[0] if rng.random() < 0.5 else rng.choice(queries)
                yield from filler.group(query, {**env, "this": this})

    def _component(self, component: NamedNode) -> Iterator[Triple]:
        """What is said of a component, and the prefixes of its queries."""
        ontology = NamedNode(keys.GJ.removesuffix("#"))
        fresh: list[NamedNode | BlankNode] = [component, ontology]
        seen = set(fresh)
        while fresh:
            subject = fresh.pop()
            for predicate, objects in self._stated[subject].items():
                for value in objects:
                    yield Triple(subject, NamedNode(predicate), value)
                    if isinstance(value, BlankNode) and value not in seen:
                        seen.add(value)
                        fresh.append(value)

    def _queries(self, component: NamedNode) -> list[plan.Group]:
        about = self._stated[component]
        (validator,) = about[keys.SH + "nodeValidator"]
        assert isinstance(validator, BlankNode)
        texts = [*self._stated[validator][keys.SH + "select"]]
        texts += [*about.get(keys.GJ + "notKnownWhen", ()), *about.get(keys.GJ + "notTriggeredWhen", ())]
        given = frozenset(("this", *(keys.local(name) for name in completion.parameters(self._stated, component))))
        return [parse(f"PREFIX gj: <{keys.GJ}>\n{text.value}", given).group for text in texts]

    def _parameters(self, component: NamedNode, draw: Draw) -> dict[str, Term]:
        found: dict[str, Term] = {}
        for parameter in self._stated[component][keys.SH + "parameter"]:
            assert isinstance(parameter, BlankNode)
            about = self._stated[parameter]
            (path,), (expected,) = about[keys.SH + "path"], about[keys.GJ + "expects"]
            found[path.value] = self._parameter(expected.value, draw)
        return found

    def _parameter(self, expected: str, draw: Draw) -> Term:
        if expected == keys.XSD + "decimal":
            return draw.bound()
        if expected == keys.XSD + "integer":
            return Literal(str(draw.rng.choice((0, 1, 2, 3, 4, 5, 6, 10, 12, -1))), datatype=INTEGER)
        if expected == keys.XSD + "date":
            return draw.any(DATE)
        if expected == keys.RDF + "Property" and draw.rng.random() < 0.4:
            return _ITSELF
        known = sorted(
            (
                subject
                for subject, about in self._said.items()
                if isinstance(subject, NamedNode) and any(t.value == expected for t in about.get(keys.RDF + "type", ()))
            ),
            key=str,
        )
        # Terms that are few mean something to a query (operators, units of time); of concepts any will do.
        if 0 < len(known) < 8:
            return draw.rng.choice(known)
        return NamedNode(f"urn:x:{keys.local(expected)}:{draw.rng.randrange(9)}")


class _Nodes:
    """The things that facts speak of: new ones, and again and again the same."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._known: list[NamedNode] = []
        self._count = 0
        self.said: dict[tuple[NamedNode, NamedNode], list[Term]] = defaultdict(list)
        """What was said already, by subject and predicate."""

    def of(self, this: NamedNode) -> None:
        """From now on things are invented for a target."""
        self._known = [*self._known[-4:], this]
        self._this = this

    def one(self) -> NamedNode:
        """A thing: more often than not a new one."""
        if self._rng.random() < 0.85:
            self._count += 1
            ending = self._rng.choice(_ENDINGS) if self._rng.random() < 0.1 else ""
            self._known.append(NamedNode(f"{self._this.value}:{self._count}{ending}"))
            return self._known[-1]
        return self._rng.choice(self._known)


class _Filler:
    """Fills in what a query asks for; what is bound once stays, so that joins hold."""

    def __init__(self, draw: Draw, said: completion.Index, nodes: _Nodes) -> None:
        self._draw, self._rng, self._said, self._nodes = draw, draw.rng, said, nodes
        self._compared: list[plan.Compare] = []

    def group(self, group: plan.Group, env: Env) -> Iterator[Triple]:
        """Triples for the patterns of a group, and for some of the groups in its filters; ``env`` grows."""
        inner: list[plan.Group] = []
        for expression in group.filters:
            self._choose(expression, inner)
        yield from self._steps(group, env)
        for asked in inner:
            yield from self.group(asked, dict(env))

    def _steps(self, group: plan.Group, env: Env) -> Iterator[Triple]:
        for step in group.steps:
            if isinstance(step, plan.Pattern):
                yield from self._pattern(step, env)
            elif isinstance(step, plan.Union):
                yield from self.group(self._rng.choice(step.branches), env)
            elif isinstance(step, plan.Optional):
                yield from self.group(step.group, env)
            elif isinstance(step, plan.Bind):
                if isinstance(step.value, plan.Var) and step.value.name in env:
                    env[step.name] = env[step.value.name]
            else:
                raise NotImplementedError(f"facts for {type(step).__name__}")

    def _choose(self, expression: plan.Expression, inner: list[plan.Group]) -> None:
        """Note what an expression compares, and some of the groups for which it asks."""
        if isinstance(expression, plan.Compare):
            self._compared.append(expression)
        elif isinstance(expression, plan.Exists):
            if self._rng.random() < 0.8:
                inner.append(expression.group)
        elif isinstance(expression, plan.Not) and isinstance(expression.value, plan.Exists):
            if self._rng.random() < 0.3:
                inner.append(expression.value.group)
        elif isinstance(expression, plan.Either):
            self._choose(self._rng.choice(expression.values), inner)
        else:
            for part in plan.parts(expression):
                self._choose(part, inner)

    def _pattern(self, pattern: plan.Pattern, env: Env) -> Iterator[Triple]:
        predicate = _of(pattern.predicate, env)
        assert isinstance(predicate, NamedNode), "a predicate is known before its pattern"
        subject = self._node(pattern.subject, env)
        assert isinstance(subject, NamedNode)
        known = self._said.get(subject, {}).get(predicate.value, [])
        again = self._nodes.said[subject, predicate]
        if isinstance(pattern.object, plan.Var) and pattern.object.name not in env:
            if known:
                env[pattern.object.name] = self._rng.choice(known)
            elif again and self._rng.random() < 0.8:
                env[pattern.object.name] = self._rng.choice(again)
        (datatype,) = self._said.get(predicate, {}).get(keys.RDFS + "range", [None])
        if isinstance(datatype, NamedNode) and datatype in (INTEGER, DECIMAL, DATE):
            value = self._literal(pattern.object, datatype, env)
        else:
            value = self._node(pattern.object, env)
        again.append(value)
        yield Triple(subject, predicate, value)

    def _node(self, node: plan.Node, env: Env) -> Term:
        known = _of(node, env)
        if known is None:
            assert isinstance(node, plan.Var)
            equal = [term for one in self._compared if (term := _equal(one, node.name, env)) is not None]
            known = self._rng.choice(equal) if equal and self._rng.random() < 0.9 else self._nodes.one()
            env[node.name] = known
        return known

    def _literal(self, node: plan.Node, datatype: NamedNode, env: Env) -> Term:
        known = _of(node, env)
        if known is None:
            assert isinstance(node, plan.Var)
            known = env[node.name] = self._value(node.name, datatype, env)
        return known

    def _value(self, name: str, datatype: NamedNode, env: Env) -> Literal:
        """A value at the boundary of a comparison that decides it, or else any."""
        roots = [root for one in self._compared if (root := _root(one, name, env)) is not None]
        if not roots or self._rng.random() < 0.1:
            return self._draw.any(datatype)
        return self._draw.beside(self._rng.choice(roots), datatype)


def ends(first: date, last: date) -> list[date]:
    """The days at the ends of a calendar: the first and the last that it holds, and those outside of it."""
    day = timedelta(1)
    return [first, last, first - day, last + day, first + day, last - day]


def _plain(text: str) -> bool:
    return text.lstrip("+-").replace(".", "", 1).isdecimal()


def _exact(value: Literal) -> Fraction | None:
    """What a literal is worth, a day as its number; None for what is no plain number or day."""
    if value.datatype in (INTEGER, DECIMAL) and _plain(value.value):
        return Fraction(Decimal(value.value))
    if value.datatype == DATE and len(value.value) == 10:
        return Fraction(date.fromisoformat(value.value).toordinal())
    return None


def _of(node: plan.Node, env: Env) -> Term | None:
    return node.term if isinstance(node, plan.Const) else env.get(node.name)


def _root(comparison: plan.Compare, name: str, env: Env) -> Fraction | None:
    """Where both sides of a comparison are equal, of the one variable that has no value yet."""

    def difference(value: int) -> Fraction | None:
        sides = [_number(side, env, name, value) for side in (comparison.left, comparison.right)]
        return None if sides[0] is None or sides[1] is None else sides[0] - sides[1]

    at_none, at_one = difference(0), difference(1)
    if at_none is None or at_one is None or at_none == at_one:
        return None
    return at_none / (at_none - at_one)


def _equal(comparison: plan.Compare, name: str, env: Env) -> Term | None:
    """The thing that a comparison asks whether a variable is."""
    sides = [comparison.left, comparison.right]
    if comparison.operator != "=" or plan.Var(name) not in sides:
        return None
    sides.remove(plan.Var(name))
    found = _of(sides[0], env) if isinstance(sides[0], plan.Var | plan.Const) else None
    return None if isinstance(found, Literal) else found


def _number(expression: plan.Expression, env: Env, name: str, value: int) -> Fraction | None:
    """What an expression comes to, days as their numbers, where the variable ``name`` has a value."""
    if isinstance(expression, plan.Var) and expression.name == name:
        return Fraction(value)
    if isinstance(expression, plan.Var | plan.Const):
        term = _of(expression, env)
        return _exact(term) if isinstance(term, Literal) else None
    if isinstance(expression, plan.Arithmetic):
        left, right = (_number(side, env, name, value) for side in (expression.left, expression.right))
        if left is None or right is None:
            return None
        if expression.operator == "*":
            return left * right
        return left + right if expression.operator == "+" else left - right
    return None


def _patterns(group: plan.Group) -> int:
    """How many patterns stand together in a group, or in one within it."""
    inner = [exists.group for expression in group.filters for exists in _asked(expression)]
    inner += [branch for step in group.steps if isinstance(step, plan.Union) for branch in step.branches]
    own = sum(isinstance(step, plan.Pattern) for step in group.steps)
    return max([own, *(_patterns(one) for one in inner)])


def _asked(expression: plan.Expression) -> Iterator[plan.Exists]:
    if isinstance(expression, plan.Exists):
        yield expression
    for part in plan.parts(expression):
        yield from _asked(part)


def _within_shapes(triple: Triple) -> bool:
    return isinstance(triple.subject, NamedNode) and triple.subject.value.startswith(keys.SHAPE)
