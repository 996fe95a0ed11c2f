"""All shapes at once: each constraint component runs once, over all that use it and all their targets.

A shape that states something besides targets, parameters of components and ``sh:node`` is not understood; a component
may meet data that the columns do not decide. The shapes, and the single targets, are named, and left to the definition.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from pyoxigraph import BlankNode, NamedNode

from guiju import keys
from guiju.columnar.facts import NONE, Lookup, Pairs, Places, Relation, among, joined, reached
from guiju.columnar.parser import parse
from guiju.columnar.plan import Group, Select
from guiju.columnar.run import Engine
from guiju.columnar.table import Table
from guiju.columnar.terms import Ids, Term, Terms, Unsupported, once
from guiju.completion import COMPONENT, NODE_SHAPE, Index, parameters
from guiju.progress import Progress, at, unheard

NODE = keys.SH + "NodeConstraintComponent"
_UNDERSTOOD = {keys.SH + name for name in ("targetClass", "node", "severity", "message", "name", "order")}
_CLASSES = {NamedNode(keys.RDFS + "Class"), NamedNode(keys.OWL + "Class")}
"""A shape of one of these aims at its own instances."""
_ROWS = 1 << 20
"""How many pairs of shape and target a component runs over at once; memory is what limits them."""
_TRIES = 128
"""How often a component may meet what the columns do not decide before all targets not yet looked at are left."""


@dataclass(frozen=True)
class Results:
    """Validation results, each once, by the numbers of shape, focus node, component and severity."""

    shape: Ids
    focus: Ids
    component: Ids
    severity: Ids

    def __len__(self) -> int:
        return len(self.shape)

    @property
    def columns(self) -> tuple[Ids, Ids, Ids, Ids]:
        return self.shape, self.focus, self.component, self.severity

    def without(self, shapes: Sequence[int]) -> Results:
        """The results but those of some shapes."""
        keep = ~np.isin(self.shape, shapes)
        return Results(*(column[keep] for column in self.columns))

    @classmethod
    def of(cls, rows: Sequence[tuple[Ids, Ids, Ids, Ids]]) -> Results:
        """Of several columns of results."""
        table = Table(
            {str(place): np.concatenate([np.empty(0, np.int32), *(row[place] for row in rows)]) for place in range(4)},
            sum(len(row[0]) for row in rows),
        ).distinct()[0]
        return cls(*(table[str(place)] for place in range(4)))


@dataclass(frozen=True)
class Outcome:
    """What was found, and what is left to the definition: shapes, all or some targets of each (by number)."""

    results: Results
    reasons: dict[str, str] = field(default_factory=dict)
    """Of every shape that is left, why."""
    targets: dict[str, Ids] = field(default_factory=dict)
    """Of a shape of which only some targets are left, those."""
    pairs: dict[str, int] = field(default_factory=dict)
    """How many pairs of shape and target each component ran over."""


@dataclass(frozen=True)
class Uses:
    """A component, and all its uses: by a shape itself, or by one that it points to with ``sh:node``."""

    component: str
    parameters: tuple[str, ...]
    text: str
    """The validator; empty where it has none that could be run, and ``refused`` says why."""
    refused: str
    shapes: Ids
    """The place of the shape among all, for each use."""
    reported: Ids
    """The component that a result names."""
    values: tuple[Ids, ...]
    """The values of each parameter."""

    @property
    def given(self) -> frozenset[str]:
        """The variables of the validator that have a value from outside."""
        return frozenset((*self.parameters, "this"))

    def filled(self, use: int, terms: Terms) -> str:
        """The validator with the values of one use in the place of its parameters."""
        values = {name: str(terms[int(column[use])]) for name, column in zip(self.parameters, self.values, strict=True)}
        return re.sub(r"\$(\w+)", lambda name: values.get(name[1], name[0]), self.text)

    @cached_property
    def group(self) -> Group:
        """What the validator asks. Raises Unsupported."""
        if self.refused:
            raise Unsupported(self.refused)
        plan = parse(self.text, self.given)
        if not isinstance(plan, Select) or plan.names != ("this",):
            raise Unsupported("a validator that does not select $this and nothing else")
        return plan.group


@dataclass(frozen=True)
class Shapes:
    """Completed shapes as columns, over the dictionary of terms that they were made with or a copy of it."""

    names: tuple[str, ...]
    numbers: Ids
    """The term of each shape, and of its severity."""
    severities: Ids
    targets: Pairs
    """Place of a shape and target class, sorted."""
    uses: tuple[Uses, ...]
    refused: dict[str, str]
    """Shapes that are not understood, and why."""
    beside: dict[str, tuple[str, ...]]
    """The shapes that are run with a shape: its companions, and those that it points to."""

    @cached_property
    def places(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.names)}

    def with_(self, wanted: Iterable[str]) -> frozenset[str]:
        """Some shapes and all that are run with them."""
        found: set[str] = set()
        waiting = [name for name in wanted if name in self.beside]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self.beside[name]
        return frozenset(found)

    @classmethod
    def of(cls, shapes: Index, terms: Terms) -> Shapes:
        """Prepare completed shapes; their terms are added to the dictionary."""
        return _Preparation(shapes, terms).shapes()


@dataclass(frozen=True)
class _Use:
    shape: str
    reported: str
    values: tuple[Term, ...]


class _Preparation:
    def __init__(self, shapes: Index, terms: Terms) -> None:
        self._shapes, self._terms = shapes, terms
        self._components = {
            subject.value: parameters(shapes, subject)
            for subject, about in list(shapes.items())
            if isinstance(subject, NamedNode) and COMPONENT in about.get(keys.RDF + "type", ())
        }
        self._owner = {name: component for component, names in self._components.items() for name in names}

    def shapes(self) -> Shapes:
        named = [
            shape
            for shape, about in self._shapes.items()
            if isinstance(shape, NamedNode) and (NODE_SHAPE in about.get(keys.RDF + "type", ()) or _aims(about))
        ]
        uses: dict[str, list[_Use]] = defaultdict(list)
        refused = {}
        for shape in named:
            try:
                own = list(self._constraints(shape, shape, ()))
            except Unsupported as reason:
                refused[shape.value] = str(reason)
            else:
                for component, use in own:
                    uses[component].append(use)
        names = tuple(shape.value for shape in named)
        places = {name: place for place, name in enumerate(names)}
        classes = [
            (places[shape.value], self._terms.number(target))
            for shape in named
            for target in self._shapes[shape].get(keys.SH + "targetClass", ())
        ]
        pairs = np.array(classes, np.int32).reshape(-1, 2)
        return Shapes(
            names,
            self._numbers(named),
            self._numbers([self._severity(shape) for shape in named]),
            once(joined(pairs[:, 0], pairs[:, 1])),
            tuple(self._uses(component, own, places) for component, own in uses.items()),
            refused,
            {shape.value: tuple(self._beside(shape, places)) for shape in named},
        )

    def _uses(self, component: str, uses: list[_Use], places: Mapping[str, int]) -> Uses:
        names = self._components[component]
        text = refused = ""
        try:
            text = self._text(component)
        except Unsupported as reason:
            refused = str(reason)
        return Uses(
            component,
            tuple(map(keys.local, names)),
            text,
            refused,
            np.array([places[use.shape] for use in uses], np.int32),
            self._numbers([NamedNode(use.reported) for use in uses]),
            tuple(self._numbers([use.values[place] for use in uses]) for place in range(len(names))),
        )

    def _numbers(self, terms: Iterable[Term]) -> Ids:
        return np.array([self._terms.number(term) for term in terms], np.int32)

    def _severity(self, shape: NamedNode) -> Term:
        return next(iter(self._shapes[shape].get(keys.SH + "severity", ())), NamedNode(keys.SH + "Violation"))

    def _beside(self, shape: NamedNode, places: Mapping[str, int]) -> Iterator[str]:
        for suffix in ("not-known", "not-triggered"):
            if (companion := f"{shape.value}/{suffix}") in places:
                yield companion
        for nested in self._shapes[shape].get(keys.SH + "node", ()):
            if isinstance(nested, NamedNode) and nested.value in places:
                yield nested.value

    def _constraints(
        self, shape: NamedNode, root: NamedNode, above: tuple[NamedNode, ...]
    ) -> Iterator[tuple[str, _Use]]:
        if shape in above:
            raise Unsupported(f"{shape.value} points back at itself")
        about = self._shapes.get(shape, {})
        types = about.get(keys.RDF + "type", ())
        for name in about:
            if name.startswith(keys.SH) and name not in _UNDERSTOOD:
                raise Unsupported(f"sh:{keys.local(name)}")
        if NODE_SHAPE not in types:
            raise Unsupported(f"{shape.value} is no sh:NodeShape")
        if not above and _CLASSES.intersection(types):
            raise Unsupported("a shape that is a class")
        for component in dict.fromkeys(self._owner[name] for name in about if name in self._owner):
            names = self._components[component]
            if any(len(about.get(name, ())) != 1 for name in names):
                raise Unsupported(f"{keys.local(component)} without one value for each parameter")
            values = tuple(about[name][0] for name in names)
            yield component, _Use(root.value, NODE if above else component, values)
        for nested in about.get(keys.SH + "node", ()):
            if not isinstance(nested, NamedNode):
                raise Unsupported("sh:node with a shape that has no name")
            yield from self._constraints(nested, root, (*above, shape))

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


def validate(
    engine: Engine,
    terms: Terms,
    relations: Mapping[int, Relation],
    shapes: Shapes,
    wanted: Collection[str] | None = None,
    progress: Progress = unheard,
) -> Outcome:
    """Validate facts (with conclusions) against some shapes, or all; ``engine`` runs over the same relations."""
    names = shapes.places.keys() if wanted is None else shapes.places.keys() & wanted
    places = np.array(sorted(shapes.places[name] for name in names), np.int32)
    targets = _instances(terms, relations, shapes, places)
    return _Validation(engine, shapes, targets).outcome(places, progress)


class _Validation:
    def __init__(self, engine: Engine, shapes: Shapes, targets: Lookup) -> None:
        self._engine, self._shapes, self._targets = engine, shapes, targets
        self._found: list[tuple[Ids, Ids, Ids]] = []
        """Place of the shape, focus node and component."""
        self._whole: dict[int, str] = {}
        """Shapes that are left, by their places, and why."""
        self._left: list[tuple[Pairs, str]] = []
        """Pairs of place and target that are left, and why."""

    def outcome(self, places: Ids, progress: Progress) -> Outcome:
        shapes = self._shapes
        wanted = np.zeros(len(shapes.names), np.bool_)
        wanted[places] = True
        self._whole = {shapes.places[name]: why for name, why in shapes.refused.items() if wanted[shapes.places[name]]}
        done = {}
        for number, uses in enumerate(shapes.uses, 1):
            progress(at("validating", number, len(shapes.uses)))
            own = np.flatnonzero(wanted[uses.shapes])
            if len(own):
                done[uses.component] = self._run(uses, own)
        # A target is reported by one engine only, so that its results are those of one reading.
        whole = np.array(sorted(self._whole), np.int32)
        left = once(np.concatenate([np.empty(0, np.int64), *(pairs for pairs, _ in self._left)]))
        left = left[~np.isin(left >> 32, whole)]
        found = []
        for place, focus, component in self._found:
            keep = ~(np.isin(place, whole) | among(left, joined(place, focus)))
            of = place[keep]
            found.append((shapes.numbers[of], focus[keep], component[keep], shapes.severities[of]))
        some = once(left >> 32).tolist()
        reasons = {place: why for pairs, why in reversed(self._left) for place in once(pairs >> 32).tolist()}
        reasons |= self._whole
        return Outcome(
            Results.of(found),
            {shapes.names[place]: reasons[place] for place in (*sorted(self._whole), *some)},
            {shapes.names[place]: (left[left >> 32 == place] & 0xFFFFFFFF).astype(np.int32) for place in some},
            done,
        )

    def _run(self, uses: Uses, own: Places) -> int:
        """Run a component for some of its uses; over how many pairs of shape and target it ran."""
        done = 0
        for part in self._parts(uses, own):
            rows, targets = self._targets.find(uses.shapes[part])
            if not len(rows):
                continue
            use = part[rows]
            columns = {"#use": use.astype(np.int32), "this": targets}
            columns |= {name: values[use] for name, values in zip(uses.parameters, uses.values, strict=True)}
            done += len(rows)
            try:
                group = uses.group
            except Unsupported as reason:
                self._whole |= dict.fromkeys(uses.shapes[part].tolist(), f"{keys.local(uses.component)}: {reason}")
                continue
            for broken in self._decided(uses, group, Table(columns, len(rows))):
                pairs = once(joined(broken["#use"], broken["this"]))
                use = pairs >> 32
                focus = (pairs & 0xFFFFFFFF).astype(np.int32)
                self._found.append((uses.shapes[use], focus, uses.reported[use]))
        return done

    def _parts(self, uses: Uses, own: Places) -> Iterator[Places]:
        """The uses in parts that, with their targets, fit in memory."""
        counts = self._targets.counts(uses.shapes[own])
        part = np.cumsum(counts) // _ROWS
        for number in once(part):
            yield own[part == number]

    def _decided(self, uses: Uses, group: Group, table: Table) -> Iterator[Table]:
        """What a validator finds, row by row of a table, where the columns decide it; the other targets are left."""
        waiting, tries = [table], 0
        while waiting:
            part = waiting.pop()
            try:
                yield self._engine.solutions(group, part)
            except Unsupported as reason:
                tries += 1
                # No row looks at what another one found: half of them are decided as they would be among all.
                order = once(part["this"])
                if tries < _TRIES and len(order) > 1:
                    first = part["this"] < order[len(order) // 2]
                    waiting += [part.where(first), part.where(~first)]
                else:
                    pairs = once(joined(uses.shapes[part["#use"]], part["this"]))
                    self._left.append((pairs, f"{keys.local(uses.component)}: {reason}"))


def _instances(terms: Terms, relations: Mapping[int, Relation], shapes: Shapes, places: Ids) -> Lookup:
    """The things in the target classes of shapes, and in their subclasses as the facts state them, by places."""
    types = relations.get(terms.find(NamedNode(keys.RDF + "type")), NONE)
    below = relations.get(terms.find(NamedNode(keys.RDFS + "subClassOf")), NONE)
    targets = Lookup.of(shapes.targets)
    rows, classes = targets.find(places)
    aimed = places[rows]
    if len(below):
        lower = Lookup.of(reached(once(classes), below.by_object.find, none=True))
        rows, classes = lower.find(classes)
        aimed = aimed[rows]
    rows, found = types.by_object.find(classes)
    return Lookup.of(once(joined(aimed[rows], found)))


def _aims(about: Mapping[str, Sequence[Term]]) -> bool:
    """Whether something has targets, and thus is a shape, of whatever class it says that it is."""
    return any(name.startswith(keys.SH + "target") for name in about)


def _nodes(terms: Iterable[Term]) -> list[NamedNode | BlankNode]:
    return [term for term in terms if isinstance(term, NamedNode | BlankNode)]
