"""Facts that share no thing cannot influence each other's verdicts: every query and validator, as it is written.

Large data are divided by this, and changes judged by it (:mod:`guiju.groups`). In each combination of branches of a
query, all variables that can be a reported thing must hang together by statements that tie things; where they hang
together only by a value, a class or a term of ours, one institution's facts could decide about another's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

import pytest
from rdflib import URIRef, Variable
from rdflib.paths import AlternativePath, InvPath, MulPath, SequencePath
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import BNode

from guiju import keys
from guiju.groups import Union
from guiju.knowledge import Knowledge

SAME = URIRef(keys.OWL + "sameAs")
"""What stands between two variables of which one is made of the other, or equal to it."""

Statement = tuple[Any, Any, Any]
Branch = tuple[list[Statement], list[Any]]
"""What every solution of a branch needs, and what is only asked after, or taken away."""


class Vocabulary:
    """What the ontology says of properties: which tie two things together, and which lead to terms of ours."""

    def __init__(self, knowledge: Knowledge) -> None:
        said = [tuple(str(term).strip("<>") for term in t) for t in knowledge.background if _named(t)]
        self._words = knowledge.words | {keys.RDF + "type", keys.RDFS + "subClassOf"}
        self._values = {s for s, p, o in said if p == keys.RDFS + "range" and o.startswith(keys.XSD)}
        self._values |= {s for s, p, o in said if p == keys.RDF + "type" and o == keys.OWL + "DatatypeProperty"}

    def ties(self, path: Any) -> bool:
        """Whether what stands on both sides of a path is tied together; a property that is a parameter is taken to."""
        if isinstance(path, URIRef):
            return str(path) not in self._words and str(path) not in self._values
        if isinstance(path, InvPath):
            return self.ties(path.arg)
        if isinstance(path, MulPath):
            return self.ties(path.path)
        if isinstance(path, AlternativePath | SequencePath):
            return all(map(self.ties, path.args))
        return isinstance(path, Variable)

    def word(self, path: Any) -> bool:
        """Whether a path leads to a term of ours."""
        if isinstance(path, MulPath):
            return self.word(path.path)
        if isinstance(path, AlternativePath):
            return all(map(self.word, path.args))
        return isinstance(path, URIRef) and str(path) in self._words


class Reader:
    """The combinations of branches of a query, each with one of the things it asks after at a time."""

    def __init__(self) -> None:
        self._fresh = 0

    def combinations(self, node: Any, outside: list[Statement] | None = None) -> Iterator[list[Statement]]:
        """The statements of each; what a name means within an EXISTS alone has a name of its own."""
        for statements, asked in self._branches(node):
            together = [*(outside or []), *statements]
            yield together
            for inner in asked:
                for found in self.combinations(inner, together):
                    local = _variables(found) - _variables(together)
                    self._fresh += 1
                    yield [tuple(_renamed(term, local, self._fresh) for term in one) for one in found]

    def _branches(self, node: Any) -> list[Branch]:
        if isinstance(node, list | tuple):
            found: list[Branch] = [([], [])]
            for part in node:
                found = [(s + more, a + asked) for (s, a), (more, asked) in product(found, self._branches(part))]
            return found
        if not isinstance(node, CompValue):
            return [([], [])]
        if node.name in ("Builtin_EXISTS", "Builtin_NOTEXISTS", "MinusGraphPattern"):
            return [([], [node.graph])]
        if node.name in ("BGP", "TriplesBlock"):
            return [(list(self._statements(node.triples)), [])]
        if node.name == "Union":
            return self._branches(node.p1) + self._branches(node.p2)
        if node.name == "GroupOrUnionGraphPattern":
            return [branch for graph in node.graph for branch in self._branches(graph)]
        if node.name == "Minus":
            return [(statements, [*asked, node.p2]) for statements, asked in self._branches(node.p1)]
        parts = [node[key] for key in node if key not in ("A", "PV", "_vars", "template")]
        return [(statements + list(_same(node)), asked) for statements, asked in self._branches(parts)]

    def _statements(self, triples: Iterable[Any]) -> Iterator[Statement]:
        for triple in triples:
            # Inside of EXISTS they stand one after the other, in threes.
            for at in range(0, len(triple), 3):
                subject, path, value = triple[at : at + 3]
                while isinstance(path, SequencePath):
                    self._fresh += 1
                    between = Variable(f"between{self._fresh}")
                    yield subject, path.args[0], between
                    rest = path.args[1:]
                    subject, path = between, rest[0] if len(rest) == 1 else SequencePath(*rest)
                yield subject, path, value


def apart(
    statements: list[Statement], vocabulary: Vocabulary, parameters: frozenset[str] = frozenset()
) -> list[list[str]]:
    """The sets of variables for reported things that nothing ties together; a single one where all is well."""
    # A parameter is a term of ours, and so is what stands for a property.
    words = set(parameters) | {str(p) for _, p, _ in statements if _free(p)}
    while True:
        more = {str(s) for s, p, _ in statements if isinstance(p, URIRef) and str(p).startswith((keys.SH, keys.SKOS))}
        more |= {str(o) for s, p, o in statements if vocabulary.word(p) or isinstance(s, URIRef) or str(s) in words}
        if more <= words:
            break
        words |= more
    tied: Union[str] = Union()
    for subject, path, value in statements:
        if _free(subject) and str(subject) not in words and path != SAME:
            tied.top(str(subject))
        if _free(subject) and _free(value) and words.isdisjoint((str(subject), str(value))) and vocabulary.ties(path):
            tied.join(str(subject), str(value))
    subjects = {str(s) for s, p, _ in statements if _free(s) and p != SAME}
    sets: dict[str, list[str]] = {}
    for name in tied:
        if name in subjects:
            sets.setdefault(tied.top(name), []).append(name)
    return sorted(map(sorted, sets.values()))


def _same(node: CompValue) -> Iterator[Statement]:
    """Between a variable and those that it is made of, where that is a thing's name; and what a filter says is equal."""
    if node.name in ("Extend", "Bind"):
        made = node.expr.name if isinstance(node.expr, CompValue) else ""
        if isinstance(node.expr, Variable) or made in ("Builtin_IRI", "Builtin_STR"):
            for term in sorted(_mentioned(node.expr)):
                yield Variable(term), SAME, node.var
    expr = node.get("expr") if node.name == "Filter" else None
    if isinstance(expr, CompValue) and expr.name == "RelationalExpression" and expr.op == "=":
        yield expr.expr, SAME, expr.other


def _mentioned(expr: Any) -> set[str]:
    return {str(term) for term in expr._vars} if isinstance(expr, CompValue) else {str(expr)}


def _renamed(term: Any, local: set[str], number: int) -> Any:
    return Variable(f"{term}_{number}") if _free(term) and str(term) in local else term


def _free(term: Any) -> bool:
    return isinstance(term, Variable | BNode)


def _variables(statements: Iterable[Statement]) -> set[str]:
    return {str(term) for s, _, o in statements for term in (s, o) if _free(term)}


def _named(triple: Any) -> bool:
    return all(type(term).__name__ == "NamedNode" for term in (triple.subject, triple.object))


KNOWN = {
    "derive/10-dates": "a day of the calendar is nobody's, and is found by the day that it is",
    "derive/30-requirements": "a requirement is the law's own, or of the same submission, or of the entity itself",
    "derive/41-firewalls": "a firewall is maintained by the bank or by the company",
    "derive/42-capital-paid": "a payment has one of the two for a party, or is of the same submission",
    "derive/43-bond-applications": "a requirement is the law's own, or of the same submission, or of the company itself",
    "derive/35-group-control-by-agreement": "all groups begin with one round, and one that has ended does not go on",
    "derive/35-group-control-by-rights": "all groups begin with one round, and one that has ended does not go on",
    "derive/35-group-control-by-votes": "all groups begin with one round, and one that has ended does not go on",
    "explain/Deadline": "a day of the calendar is nobody's, and is found by the day that it is",
    "explain/ForbiddenFinding": "findings are asked after only where there is something that they are on",
    "explain/RequiredClass": "classes are asked after only where there is something that has them",
    "explain/RequiredFinding": "findings are asked after only where there is something that they are on",
    "derive/47-effective-shares": "all groups begin with one round, and one that has ended does not go on",
}
"""Queries in which something hangs together otherwise, and how."""


@pytest.fixture(scope="module")
def vocabulary(knowledge: Knowledge) -> Vocabulary:
    return Vocabulary(knowledge)


def torn(text: str, vocabulary: Vocabulary, parameters: frozenset[str] = frozenset()) -> list[list[list[str]]]:
    """What in a query does not hang together."""
    algebra = translateQuery(parseQuery(text)).algebra
    found = (apart(statements, vocabulary, parameters) for statements in Reader().combinations(algebra.p))
    return [sets for sets in found if len(sets) > 1]


def test_nothing_is_concluded_or_said_of_facts_that_share_nothing(knowledge: Knowledge, vocabulary: Vocabulary) -> None:
    wrong = {
        f"{folder}/{name}": found[:2]
        for folder in ("derive", "explain", "intake")
        for name, text in knowledge.within(folder).items()
        if (found := torn(text, vocabulary))
    }
    assert not {name: sets for name, sets in wrong.items() if name not in KNOWN}
    assert wrong.keys() == KNOWN.keys(), "no longer needed"


def test_nothing_is_validated_against_facts_that_share_nothing(knowledge: Knowledge, vocabulary: Vocabulary) -> None:
    parameters = frozenset(keys.local(each) for names in knowledge.parameters.values() for each in names)
    texts = [t.object.value for t in knowledge.shapes if t.predicate.value == keys.SH + "select"]  # type: ignore[union-attr]
    assert len(texts) > 20
    for text in texts:
        assert not torn(f"PREFIX gj: <{keys.GJ}>\n{text}", vocabulary, parameters), text


@pytest.mark.parametrize(
    ("where", "together"),
    [
        ("?a gj:holder ?b . ?b a gj:Entity", True),
        ("?a gj:holder/gj:reportedIn ?b . ?c gj:reportedIn ?b", True),
        ("?a gj:date ?day . ?b gj:date ?day", False),
        ("?a gj:kind ?kind . ?b gj:kind ?kind", False),
        ("?a a ?class . ?b a ?class", False),
        ("?a gj:kind ?kind . ?kind gj:forKind ?other", True),
        ("?a gj:holder ?x . FILTER NOT EXISTS { ?b gj:value ?v }", False),
        ("?a gj:holder ?x . FILTER NOT EXISTS { ?b gj:holder ?x }", True),
        ("?a gj:holder ?x . OPTIONAL { ?b gj:held ?c }", False),
        ("?a gj:holder ?x . { ?b gj:held ?x } UNION { ?b gj:held ?y }", False),
        ("?a gj:holder ?x . MINUS { ?b gj:value ?x }", False),
        ("?a gj:holder ?x . BIND (?x AS ?y) ?b gj:held ?y", True),
    ],
)
def test_what_hangs_together_is_told(where: str, together: bool, vocabulary: Vocabulary) -> None:
    assert (not torn(f"PREFIX gj: <{keys.GJ}> SELECT * {{ {where} }}", vocabulary)) == together
