"""All shapes at once: each constraint component runs once, over all that use it and all their targets.

A shape that states something besides targets, parameters of components and ``sh:node`` is not understood; a component
whose validator is not supported, or meets data that the columns do not decide, is not run. Both are named, and left
to another engine.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from pyoxigraph import BlankNode, NamedNode, Triple

from guiju import keys
from guiju.columnar.facts import Facts, joined
from guiju.columnar.parser import parse
from guiju.columnar.plan import Select
from guiju.columnar.run import Engine
from guiju.columnar.table import Table
from guiju.columnar.terms import Ids, Term, Unsupported
from guiju.completion import COMPONENT, NODE_SHAPE, Index, parameters
from guiju.progress import Progress, at, unheard

NODE = keys.SH + "NodeConstraintComponent"
_UNDERSTOOD = {keys.SH + name for name in ("targetClass", "node", "severity", "message", "name", "order")}
_ROWS = 1 << 20
"""How many pairs of shape and target a component runs over at once; memory is what limits them."""

Found = tuple[str, str, str, str]
"""Shape, focus node, component, severity."""


@dataclass(frozen=True)
class Outcome:
    """What was found, and which shapes must be left to another engine, each with the reason."""

    results: set[Found]
    declined: dict[str, str] = field(default_factory=dict)
    pairs: dict[str, int] = field(default_factory=dict)
    """How many pairs of shape and target each component ran over."""


@dataclass(frozen=True)
class _Use:
    """A constraint on the targets of a shape: by the shape itself, or by one that it points to with sh:node."""

    shape: str
    reported: str
    values: tuple[Term, ...]


def validate(triples: Iterable[Triple], shapes: Index, progress: Progress = unheard) -> Outcome:
    """Validate facts (with conclusions) against completed shapes."""
    facts = Facts()
    facts.take_in(triples)
    return _Validation(facts, shapes).outcome(progress)


class _Validation:
    def __init__(self, facts: Facts, shapes: Index) -> None:
        self._facts, self._shapes = facts, shapes
        self._engine = Engine(facts.terms, facts.relations)
        self._declined: dict[str, str] = {}
        self._names = {
            subject.value: parameters(shapes, subject)
            for subject, about in list(shapes.items())
            if isinstance(subject, NamedNode) and COMPONENT in about.get(keys.RDF + "type", ())
        }
        self._owner = {name: component for component, names in self._names.items() for name in names}

    def outcome(self, progress: Progress) -> Outcome:
        uses = self._uses()
        found: set[Found] = set()
        pairs = {}
        for number, (component, own) in enumerate(uses.items(), 1):
            progress(at("validating", number, len(uses)))
            try:
                broken, pairs[component] = self._broken(component, own)
            except Unsupported as reason:
                self._declined |= {use.shape: f"{keys.local(component)}: {reason}" for use in own}
            else:
                found |= broken
        # A shape is reported by one engine only, so that its results are those of one reading.
        kept = {result for result in found if result[0] not in self._declined}
        return Outcome(kept, self._declined, pairs)

    def _uses(self) -> dict[str, list[_Use]]:
        """The uses of every component, by all shapes with a target."""
        found: dict[str, list[_Use]] = defaultdict(list)
        for shape, about in self._shapes.items():
            if not isinstance(shape, NamedNode) or NODE_SHAPE not in about.get(keys.RDF + "type", ()):
                continue
            try:
                own = list(self._constraints(shape, shape, ()))
            except Unsupported as reason:
                self._declined[shape.value] = str(reason)
            else:
                for component, use in own:
                    found[component].append(use)
        return found

    def _constraints(
        self, shape: NamedNode, root: NamedNode, above: tuple[NamedNode, ...]
    ) -> Iterator[tuple[str, _Use]]:
        if shape in above:
            raise Unsupported(f"{shape.value} points back at itself")
        about = self._shapes.get(shape, {})
        for name in about:
            if name.startswith(keys.SH) and name not in _UNDERSTOOD:
                raise Unsupported(f"sh:{keys.local(name)}")
        for component in dict.fromkeys(self._owner[name] for name in about if name in self._owner):
            names = self._names[component]
            if len(names) > 1 and any(len(about.get(name, ())) != 1 for name in names):
                raise Unsupported(f"{keys.local(component)} without one value for each parameter")
            reported = NODE if above else component
            for value in about[names[0]]:
                values = (value, *(about[name][0] for name in names[1:]))
                yield component, _Use(root.value, reported, values)
        for nested in about.get(keys.SH + "node", ()):
            if not isinstance(nested, NamedNode):
                raise Unsupported("sh:node with a shape that has no name")
            yield from self._constraints(nested, root, (*above, shape))

    def _broken(self, component: str, uses: list[_Use]) -> tuple[set[Found], int]:
        """What a component finds, and over how many pairs of shape and target it ran."""
        names = [keys.local(name) for name in self._names[component]]
        plan = parse(self._text(component), frozenset((*names, "this")))
        if not isinstance(plan, Select) or plan.names != ("this",):
            raise Unsupported("a validator that does not select $this and nothing else")
        found: set[Found] = set()
        done = 0
        for part in self._parts(uses):
            table = self._targets([uses[place] for place, _ in part], [targets for _, targets in part], names)
            done += table.length
            broken = self._engine.solutions(plan.group, table)
            pairs = np.unique(joined(broken["#use"], broken["this"]))
            said = [self._said(uses[place]) for place, _ in part]
            focuses = self._facts.terms.texts((pairs & 0xFFFFFFFF).astype(np.int32))
            for use, focus in zip((pairs >> 32).tolist(), focuses, strict=True):
                shape, reported, severity = said[use]
                found.add((shape, focus, reported, severity))
        return found, done

    def _said(self, use: _Use) -> tuple[str, str, str]:
        severity = self._shapes[NamedNode(use.shape)].get(keys.SH + "severity")
        return use.shape, use.reported, severity[0].value if severity else keys.SH + "Violation"

    def _parts(self, uses: list[_Use]) -> Iterator[list[tuple[int, Ids]]]:
        """The uses, each with its targets, in parts that fit in memory."""
        part: list[tuple[int, Ids]] = []
        rows = 0
        for place, use in enumerate(uses):
            targets = self._instances(use.shape)
            if part and rows + len(targets) > _ROWS:
                yield part
                part, rows = [], 0
            part.append((place, targets))
            rows += len(targets)
        if part:
            yield part

    def _targets(self, uses: list[_Use], targets: list[Ids], names: list[str]) -> Table:
        counts = [len(ids) for ids in targets]
        columns = {
            "#use": np.repeat(np.arange(len(uses), dtype=np.int32), counts),
            "this": np.concatenate(targets),
        }
        for place, name in enumerate(names):
            numbers = [self._facts.terms.number(use.values[place]) for use in uses]
            columns[name] = np.repeat(np.array(numbers, np.int32), counts)
        return Table(columns, sum(counts))

    def _instances(self, shape: str) -> Ids:
        """The things in the target classes of a shape, and in their subclasses as the facts state them."""
        terms, relations = self._facts.terms, self._facts.relations
        types = relations.get(terms.find(NamedNode(keys.RDF + "type")))
        below = relations.get(terms.find(NamedNode(keys.RDFS + "subClassOf")))
        classes = {terms.find(target) for target in self._shapes[NamedNode(shape)].get(keys.SH + "targetClass", ())}
        fresh = classes
        while below is not None and fresh:
            fresh = set(below.by_object.find(np.array(sorted(fresh), np.int32))[1].tolist()) - classes
            classes = classes | fresh
        if types is None:
            return np.empty(0, np.int32)
        return np.unique(types.by_object.find(np.array(sorted(classes), np.int32))[1])

    def _text(self, component: str) -> str:
        about = self._shapes[NamedNode(component)]
        validators = _nodes(about.get(keys.SH + "nodeValidator", ()))
        if len(validators) != 1 or about.keys() & {keys.SH + "validator", keys.SH + "propertyValidator"}:
            raise Unsupported("a component with other than one validator for nodes")
        stated = self._shapes.get(validators[0], {})
        if keys.SH + "select" not in stated:
            raise Unsupported("a validator without sh:select")
        prefixes = ""
        for source in _nodes(stated.get(keys.SH + "prefixes", ())):
            for declaration in _nodes(self._shapes.get(source, {}).get(keys.SH + "declare", ())):
                prefix, iri = (self._shapes[declaration][keys.SH + name][0].value for name in ("prefix", "namespace"))
                prefixes += f"PREFIX {prefix}: <{iri}>\n"
        return prefixes + stated[keys.SH + "select"][0].value


def _nodes(terms: Iterable[Term]) -> list[NamedNode | BlankNode]:
    return [term for term in terms if isinstance(term, NamedNode | BlankNode)]
