"""Whether the cases notice a wrong shape: every shape is changed in one place at a time, and its cases judged again.

``python -m tests.benchmarks.mutation [DOCUMENT] [--shape KEY]`` prints, for each document, how many such mutants there
are, how many of them the cases notice (an outcome is no longer what a name promises, or something else fails), and
those that nothing notices. Mutants that mean the same as their shape are listed in ``mutation-exceptions.toml``, each
with a reason; they are left out of the share.

What is changed follows from what the components expect of their parameters, so no shape is known here:

- a number by the smallest step that matters (1 where it is whole, 0.01 or less where it is a proportion), up and down;
- a date by a day; an operator to the one that treats the limit itself differently; a unit, basis or moment to others;
- a concept to the broader one, and to another of its scheme: one that the cases speak of, if they speak of any;
- two kinds or metrics of one constraint for each other; a class to its contrary; a property to another;
- the target to its contrary and to the scope; the scope dropped;
- a whole constraint dropped, and a part of a composite.

The severity of a shape follows from its norm and is not changed.

``python -m tests.benchmarks.mutation --derivations [QUERY]`` does the same with the queries of ``queries/derive`` (those
whose names begin so): a number by the smallest step, a comparison to the one that treats the bound itself differently.
A mutant of a query counts as noticed when the cases of any shape notice it, among those for which it concludes anything.
"""

from __future__ import annotations

import argparse
import copy
import re
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import permutations
from pathlib import Path

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from guiju import engines, keys
from guiju.columnar.columns import Columns
from guiju.completion import COMPONENT, Term, complete, index, parameters
from guiju.derivation import Derived, derive, strata
from guiju.knowledge import Knowledge
from guiju.sparql import reads
from guiju.verdicts import judge
from tests import casework

EXCEPTIONS = Path(__file__).with_name("mutation-exceptions.toml")

_TYPE = NamedNode(keys.RDF + "type")
_TARGET, _SCOPE, _NODE = keys.SH + "targetClass", keys.GJ + "scope", keys.SH + "node"
_BROADER, _IN_SCHEME = keys.SKOS + "broader", keys.SKOS + "inScheme"
_SAME_BUT_FOR_THE_LIMIT = {"AtLeast": "MoreThan", "MoreThan": "AtLeast", "AtMost": "LessThan", "LessThan": "AtMost"}
_NUMBER_OR_COMPARISON = re.compile(r"""(?<![\w#"$?.:/<-])\d+(?:\.\d+)?(?![\w".:/-])|(?<= )[<>]=?(?= )""")
_COMPARISONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
_PROPERTY, _CLASS = keys.RDF + "Property", keys.OWL + "Class"

Stated = dict[str, list[Term]]
"""What is stated of a shape: its values by predicate IRI."""


@dataclass(frozen=True)
class Mutant:
    """A shape changed in one place: what is stated of it then, and the change in words."""

    change: str
    stated: Stated


@dataclass(frozen=True)
class Finding:
    """A mutant of a shape, by the shape's key, and whether its cases notice."""

    shape: str
    change: str
    noticed: bool


class Mutations:
    """The mutants of the shapes of a knowledge base."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self._shapes = index(knowledge.authored_shapes)
        self._terms = index(knowledge.background)
        self._known = index(knowledge.documents)
        self._components = {
            subject: parameters(self._shapes, subject)
            for subject, about in list(self._shapes.items())
            if isinstance(subject, NamedNode) and COMPONENT in about.get(keys.RDF + "type", ())
        }
        described = [
            (self._shapes[node][keys.SH + "path"][0].value, self._shapes[node])
            for component in self._components
            for node in self._shapes[component][keys.SH + "parameter"]
            if isinstance(node, BlankNode)
        ]
        self._expects = {path: about[keys.GJ + "expects"][0].value for path, about in described}
        self._pure = {path for path, about in described if about.get(keys.GJ + "countedIn")}

    def of(self, shape: str, facts: Iterable[Triple]) -> Iterator[Mutant]:
        """The mutants of a shape; the facts are its cases', in which a concept that they confuse is sought."""
        stated = self._stated(shape)
        spoken = {triple.object for triple in facts if isinstance(triple.object, NamedNode)}
        for component in (names for names in self._components.values() if names[0] in stated):
            yield _without(stated, component)
            for name in component:
                for value in self._others(name, stated[name][0], stated, spoken):
                    yield _with(stated, {name: value})
            for one, other in permutations(component, 2):
                if one < other and self._expects[one] == self._expects[other] == _kind_of_pair(self._expects[one]):
                    yield _with(stated, {one: stated[other][0], other: stated[one][0]})
        for part in stated.get(_NODE, []):
            rest = [value for value in stated[_NODE] if value != part]
            yield Mutant(f"{_words(_NODE)} without {_words(part.value)}", {**stated, _NODE: rest})
        yield from self._retargeted(stated)

    def noticed(self, folder: Path) -> Iterator[Finding]:
        """Whether the cases of a folder notice each mutant of its shape. Raises AssertionError where they fail as it is."""
        shape, key = casework.shape(folder), casework.name(folder)
        facts = casework.facts(folder)
        # The first is no mutant: under another name a shape must judge as it does under its own.
        mutants = [Mutant("nothing", self._stated(shape)), *self.of(shape, facts)]
        twins = {f"{shape}-mutant-{number}": mutant for number, mutant in enumerate(mutants)}
        bench = _Bench(self, shape, {twin: mutant.stated for twin, mutant in twins.items()})
        derived = derive(facts, self.knowledge)
        results = engines.run(derived.triples, bench.shapes)
        verdicts = judge(bench.told(derived), results, list(twins), bench).verdicts()
        outcomes: dict[str, dict[str, str]] = {twin: {} for twin in twins}
        for verdict in verdicts:
            outcomes[verdict.shape][verdict.subject] = verdict.outcome
        noticed = {twin: bool(casework.mistakes(facts, outcomes[twin])) for twin in twins}
        unchanged, *changed = twins
        assert not noticed[unchanged], f"{key} fails its cases as it is"
        for twin in changed:
            yield Finding(key, twins[twin].change, noticed[twin])

    def twin(self, shape: str, twin: str, stated: Stated) -> tuple[list[Triple], list[Triple]]:
        """What is stated of a shape under another name, and of its norm under the norm's: triples of either."""
        norm, other = NamedNode(keys.parse(shape).norm), NamedNode(keys.parse(twin).norm)
        return _triples(NamedNode(twin), stated), _triples(other, self._known[norm])

    def authored(self, shape: str) -> list[Triple]:
        """What the authors wrote of a shape, of those nested in it and of the components that they all use."""
        wanted, queue = dict[NamedNode | BlankNode, None](), [NamedNode(shape)]
        while queue:
            wanted[queue[0]] = None
            queue += [node for node in self._shapes[queue.pop(0)].get(_NODE, []) if isinstance(node, NamedNode)]
        used = {name for each in wanted for name in self._shapes[each]}
        components = [component for component, names in self._components.items() if names[0] in used]
        # The ontology declares the prefix that the components use.
        for subject in (*components, NamedNode(keys.GJ.removesuffix("#"))):
            nodes = [node for values in self._shapes[subject].values() for node in values]
            wanted |= dict.fromkeys([subject, *(node for node in nodes if isinstance(node, BlankNode))])
        return [triple for node in wanted for triple in _triples(node, self._shapes[node])]

    @cached_property
    def law(self) -> list[Triple]:
        """What ``queries/verdicts.rq`` and the completion of shapes read of vocabulary and law."""
        read = reads(self.knowledge.query("verdicts")) | {keys.GJ + "force"}
        wanted = {keys.GJ + "otherwise", keys.GJ + "document", keys.ELI + "first_date_entry_in_force"}
        return [
            triple
            for triple in self.knowledge.triples
            if triple.predicate.value in wanted
            or (triple.predicate.value in read and str(triple.subject).startswith(f"<{keys.NORM}"))
        ]

    def _stated(self, shape: str) -> Stated:
        return dict(self._shapes[NamedNode(shape)])

    def _retargeted(self, stated: Stated) -> Iterator[Mutant]:
        target, scope = stated[_TARGET][0], stated.get(_SCOPE, [None])[0]
        assert isinstance(target, NamedNode)
        for contrary in self._terms[target].get(keys.GJ + "otherwise", []):
            yield _with(stated, {_TARGET: contrary})
        if scope is not None and scope != target:
            yield _with(stated, {_TARGET: scope})
            yield _without(stated, [_SCOPE])

    def _others(self, name: str, value: Term, stated: Stated, spoken: set[NamedNode]) -> Iterator[Term]:
        expected = self._expects[name]
        if isinstance(value, Literal):
            yield from _moved(value, name in self._pure)
        elif expected == keys.GJ + "Operator":
            yield NamedNode(keys.GJ + _SAME_BUT_FOR_THE_LIMIT[value.value.removeprefix(keys.GJ)])
        elif expected == _CLASS:
            yield from (
                other for other in (stated[n][0] for n in stated if self._expects.get(n) == _CLASS) if other != value
            )
        elif expected == _PROPERTY:
            yield next(other for other in self._properties if other != value)
        elif isinstance(value, NamedNode) and self._terms[value].get(_IN_SCHEME):
            yield from self._concepts(value, expected, spoken)
        else:
            yield from (other for other in self._instances(expected) if other != value)

    def _concepts(self, value: NamedNode, expected: str, spoken: set[NamedNode]) -> Iterator[Term]:
        broader = [term for term in self._terms[value].get(_BROADER, []) if isinstance(term, NamedNode)]
        yield from broader
        scheme = [other for other in self._instances(expected) if other not in (value, *broader)]
        near = [other for other in scheme if set(broader) & set(self._terms[other].get(_BROADER, []))]
        yield from ([other for other in scheme if other in spoken] or near or scheme)[:1]

    def _instances(self, expected: str) -> list[NamedNode]:
        return [
            subject
            for subject, about in list(self._terms.items())
            if isinstance(subject, NamedNode) and NamedNode(expected) in about.get(keys.RDF + "type", ())
        ]

    @cached_property
    def _properties(self) -> list[Term]:
        names = {name for name, expected in self._expects.items() if expected == _PROPERTY}
        counted = Counter(value for about in self._shapes.values() for name in names for value in about.get(name, ()))
        return [value for value, _ in sorted(counted.items(), key=lambda item: (-item[1], item[0].value))]


class _Bench(Knowledge):
    """As much of a knowledge base as a shape and its mutants need, in which each mutant enforces a norm of its own."""

    def __init__(self, mutations: Mutations, shape: str, twins: dict[str, Stated]) -> None:
        super().__init__(mutations.knowledge.root)
        pairs = [mutations.twin(shape, twin, stated) for twin, stated in twins.items()]
        law = [*mutations.law, *(triple for _, norm in pairs for triple in norm)]
        authored = [*mutations.authored(shape), *(triple for stated, _ in pairs for triple in stated)]
        # These stand in the place of what a knowledge base would read from its files.
        self.__dict__.update(background=[], documents=law, shapes=complete(authored, law))

    def told(self, derived: Derived) -> Columns:
        """What was derived with the whole knowledge base, over this one."""
        columns = Columns(self.columns)
        columns.told.take_in(derived.triples)
        return columns


class Derivations:
    """The mutants of the derivation queries of a knowledge base."""

    def __init__(self, knowledge: Knowledge, folders: list[Path]) -> None:
        self._mutations = Mutations(knowledge)
        self._knowledge = knowledge
        self._facts = {casework.name(folder): casework.facts(folder) for folder in folders}
        self._folders: dict[str, dict[str, None]] = defaultdict(dict)
        names = list(self._facts)
        for some in (names[first : first + 30] for first in range(0, len(names), 30)):
            origin = derive([triple for key in some for triple in self._facts[key]], knowledge).origin
            for triple, query in origin.items():
                place = str(triple.subject)[1:].removeprefix(casework.NAMESPACE).rsplit("/", 1)[0]
                if place in self._facts:
                    self._folders[query][place] = None

    def of(self, text: str) -> Iterator[tuple[str, str]]:
        """The mutants of a query: the change in words, and the query changed."""
        for number, line in enumerate(text.splitlines(keepends=True), start=1):
            if not line.startswith("#"):
                start = sum(len(each) for each in text.splitlines(keepends=True)[: number - 1])
                for found in _NUMBER_OR_COMPARISON.finditer(line):
                    for other in self._others(found[0]):
                        at = slice(start + found.start(), start + found.end())
                        yield (
                            f"{number}:{found.start() + 1}: {found[0]} → {other}",
                            text[: at.start] + other + text[at.stop :],
                        )

    def noticed(self, query: str) -> Iterator[Finding]:
        """Whether any cases notice each mutant of a query, by the name of its file without the ending."""
        queries, place = self._knowledge.queries, f"derive/{query}"
        changed = copy.copy(self._knowledge)
        for change, mutant in self.of(queries[place]):
            changed.__dict__["queries"] = {**queries, place: mutant}
            yield Finding(query, change, any(self._fails(key, changed) for key in self._folders[query]))

    def _fails(self, key: str, changed: Knowledge) -> bool:
        shape, facts = keys.parse(key).shape, self._facts[key]
        bench = _Bench(self._mutations, shape, {})
        derived = derive(facts, changed)
        results = engines.run(derived.triples, bench.shapes)
        verdicts = judge(bench.told(derived), results, [shape], bench).verdicts()
        return bool(casework.mistakes(facts, {v.subject: v.outcome for v in verdicts if v.shape == shape}))

    def _others(self, token: str) -> list[str]:
        if token in _COMPARISONS:
            return [_COMPARISONS[token]]
        datatype = NamedNode(keys.XSD + ("decimal" if "." in token else "integer"))
        return [
            moved.value for moved in _moved(Literal(token, datatype=datatype), "." in token) if moved.value[0] != "-"
        ]


def _kind_of_pair(expected: str) -> str | None:
    """The expectation itself, where two values of that kind can be taken for each other."""
    return expected if expected in {keys.GJ + "ActKind", keys.GJ + "Metric"} else None


def _moved(value: Literal, proportion: bool) -> Iterator[Literal]:
    if value.datatype.value == keys.XSD + "date":
        day = date.fromisoformat(value.value)
        moved = [(day + timedelta(days=step)).isoformat() for step in (-1, 1)]
    else:
        number = Decimal(value.value)
        digits = number.as_tuple().exponent
        last = Decimal(1).scaleb(digits) if isinstance(digits, int) and number % 1 else Decimal(1)
        step = min(last, Decimal("0.01")) if proportion and value.datatype.value == keys.XSD + "decimal" else last
        moved = [str(number - step), str(number + step)]
    yield from (Literal(text, datatype=value.datatype) for text in moved)


def _with(stated: Stated, values: dict[str, Term]) -> Mutant:
    changes = [f"{_words(name)} {_words(stated[name][0].value)} → {_words(v.value)}" for name, v in values.items()]
    return Mutant(", ".join(changes), {**stated, **{name: [value] for name, value in values.items()}})


def _without(stated: Stated, names: list[str]) -> Mutant:
    words = " ".join(_words(name) for name in names)
    return Mutant(f"without {words}", {name: values for name, values in stated.items() if name not in names})


def _words(iri: str) -> str:
    """A name as short as a reader knows it: what follows the last ``#`` or ``/`` of an IRI; a number as it is."""
    return iri.rsplit("#", 1)[-1].rsplit("/", 1)[-1]


def _triples(node: NamedNode | BlankNode, stated: Stated) -> list[Triple]:
    return [Triple(node, NamedNode(name), value) for name, values in stated.items() for value in values]


def equivalents(file: Path = EXCEPTIONS) -> dict[tuple[str, str], str]:
    """The mutants that mean the same as their shape: the reason, by the shape's key and the change in words."""
    read = tomllib.loads(file.read_text(encoding="utf-8"))
    return {(entry["shape"], entry["change"]): entry["en"] for entry in read.get("equivalent", [])}


def main(arguments: list[str]) -> int:
    """Print the table and the mutants that nothing notices; 1 where an exception is not needed or not there."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.mutation")
    parser.add_argument("document", nargs="?", help="a document's key")
    parser.add_argument("--derivations", nargs="?", const="", help="queries instead of shapes: how their names begin")
    parser.add_argument("--shape", help="a shape's key, or how it begins")
    chosen = parser.parse_args(arguments)
    folders = [
        folder
        for folder in casework.FOLDERS
        if chosen.document in (None, folder.parent.name) and casework.name(folder).startswith(chosen.shape or "")
    ]
    if chosen.derivations is not None:
        return _derivations(Knowledge(), folders, chosen.derivations)
    mutations, same = Mutations(Knowledge()), equivalents()
    found = [finding for folder in folders for finding in mutations.noticed(folder)]
    names = {casework.name(folder) for folder in folders}
    unneeded = {pair for pair in same if pair[0] in names} - {(f.shape, f.change) for f in found if not f.noticed}
    open_ = [finding for finding in found if not finding.noticed and (finding.shape, finding.change) not in same]
    print(f"{'document':<36}{'mutants':>9}{'same':>6}{'noticed':>9}{'share':>8}")
    for document in sorted({finding.shape.split("/")[0] for finding in found}):
        of = [finding for finding in found if finding.shape.startswith(f"{document}/")]
        noticed = sum(finding.noticed for finding in of)
        alike = sum((finding.shape, finding.change) in same for finding in of)
        share = f"{noticed / (len(of) - alike):>8.1%}" if len(of) > alike else f"{'':>8}"
        print(f"{document:<36}{len(of):>9}{alike:>6}{noticed:>9}{share}")
    for finding in open_:
        print(f"not noticed: {finding.shape}: {finding.change}")
    for key, change in sorted(unneeded):
        print(f"an exception that is not needed: {key}: {change}")
    return 1 if unneeded else 0


def _derivations(knowledge: Knowledge, folders: list[Path], prefix: str) -> int:
    derivations = Derivations(knowledge, folders)
    names = [name for stratum in strata(knowledge) for name in stratum if name.startswith(prefix)]
    print(f"{'query':<48}{'mutants':>9}{'noticed':>9}")
    for name in names:
        found = list(derivations.noticed(name))
        if found:
            print(f"{name:<48}{len(found):>9}{sum(finding.noticed for finding in found):>9}", flush=True)
        for finding in found:
            if not finding.noticed:
                print(f"not noticed: {finding.shape}: {finding.change}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
