"""Submissions of any number and size, made by varying the bundled samples: the same seed gives the same facts.

A submission takes an institution of a sample, or a part of its group, and draws from what the sample tells of it:
proceedings from their first act to the last filing, measurements, findings, arrangements, with the same again in
earlier years where there is room. A few of what was drawn is then changed: a day moved, a sum scaled, a judgement turned
round, a feature denied, a fact or a part of it left out. So the facts are as varied as the law that the samples were
written for, and sound, in breach or incomplete by turns; now and then two submissions speak of one outsider.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from math import log

from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from guiju import keys
from guiju.knowledge import Knowledge
from guiju.paths import samples

NAMESPACE = "https://example.org/benchmark/"
TRIPLES = 118
"""How many triples an institution has on average."""
INSTITUTIONS = 12
"""How many institutions a group has on average."""
_FIGURES = 6
"""How many figures of somebody are told together: a ratio wants two, consecutive years three."""
_OWN, _END = "\0", "\1"
"""Around the name of something of the submission's own, in a text that every submission takes for itself."""
_PREFIXES = {
    "gj": keys.GJ,
    "rdf": keys.RDF,
    "rdfs": keys.RDFS,
    "xsd": keys.XSD,
    **{
        scheme: f"{keys.TAXONOMY}{scheme}/"
        for scheme in ("act", "arrangement", "criterion", "feature", "fund", "metric", "post", "unit")
    },
}
_REPEATABLE = frozenset({"Act", "Leg", "Finding", "Measurement"})
"""What can have been the same in an earlier year; to hold shares twice would be something else."""
_SIDE = frozenset(
    {"NaturalPerson", "Product", "Branch", "SupervisoryAuthority", "CentralSupervisor", "LocalSupervisoryOffice"}
)
"""Who comes along with the facts that speak of it, and is not counted."""
_FACTORS = ("0", "0.5", "0.99", "1.01", "2", "10", "-1")
_DAYS = (1, 7, 40, 200, 500)
_SHARES = ("equityShare", "votingShare")
_KEPT = ("type", "basis", "instant", "periodEnd", "replaces")
"""What can be left out of no fact, though the vocabulary does not require it of a class."""
_CHANGED = 0.1
"""How many of the facts drawn are changed."""
_OPEN = 0.7
"""How many of the patterns a submission does not call complete, though its sample does."""
_SHARED = 0.05
"""How many of the submissions speak of somebody that the one before speaks of, too."""

Statement = tuple[str, NamedNode | Literal]
Node = tuple[Statement, ...]


@dataclass(frozen=True)
class Profile:
    """What is varied: samples, each with how often it is taken, and whether a submission is about a group."""

    samples: tuple[tuple[str, float], ...]
    parent: str
    group: bool


PROFILES = {
    "aic": Profile((("sound-company", 0.75), ("company-in-trouble", 0.25)), "FinancialAssetInvestmentCompany", False),
    "amc": Profile((("amc-group", 1.0),), "FinancialAssetManagementCompany", True),
}


def submissions(profile: str, institutions: int, seed: int = 0, turtle: bool = False) -> Iterator[str]:
    """The text of so many institutions' submissions, one after the other: N-Triples, or Turtle after its prefixes.

    ``profile`` is a key of :data:`PROFILES`: of ``aic`` each institution has a submission, of ``amc`` each group.
    """
    chosen, rng = PROFILES[profile], random.Random(seed)
    if turtle:
        yield "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in {"": NAMESPACE, **_PREFIXES}.items()) + "\n"
    number = 0
    while institutions > 0:
        count = min(institutions, _about(rng, INSTITUTIONS)) if chosen.group else 1
        name, _ = rng.choices(chosen.samples, [often for _, often in chosen.samples])[0]
        yield _drawn(_sample(name, chosen.parent), count, rng).text(
            f"{profile}{number}", f"{profile}{number - 1}", turtle
        )
        institutions, number = institutions - count, number + 1


def _about(rng: random.Random, mean: int) -> int:
    """A size as sizes are: many below the mean, few far above."""
    return max(1, round(rng.lognormvariate(log(mean) - 0.18, 0.6)))


class _Sample:
    """A sample taken apart: its nodes by name, whom it is about, and the facts in episodes that belong together."""

    def __init__(self, name: str, parent: str) -> None:
        file = samples()[name]
        space, nodes = "", defaultdict[str, list[Statement]](list)
        for quad in parse(path=str(file), format=RdfFormat.TURTLE):
            assert isinstance(quad.subject, NamedNode) and isinstance(quad.object, (NamedNode, Literal))
            space = quad.subject.value.rpartition("/")[0] + "/"
            nodes[quad.subject.value].append((quad.predicate.value, quad.object))
        self.space = space
        self.nodes: dict[str, Node] = {iri.removeprefix(space): tuple(said) for iri, said in nodes.items()}
        below, self.required = _vocabulary()
        kinds = {
            name: {above for own in _classes(said) for above in below.get(own, {own})}
            for name, said in self.nodes.items()
        }
        self.submission = next(name for name, found in kinds.items() if "Submission" in found)
        self.entities = {name for name, found in kinds.items() if "Entity" in found}
        self.side = {name for name in self.entities if kinds[name] & _SIDE}
        self.parent = next(name for name in self.entities if parent in kinds[name])
        self.measured = Counter(map(_measured, self.nodes.values()))
        # A value that the sample has of several years would meet itself there.
        self.repeatable = {
            name
            for name, found in kinds.items()
            if found & _REPEATABLE and ("Measurement" not in found or self.measured[_measured(self.nodes[name])] == 1)
        }
        self.episodes = self._together()
        self.whom = {episode: self._spoken_of(episode) for episode in self.episodes}
        self.relations = [
            episode
            for episode in self.episodes
            if len(self.whom[episode] - self.side) > 1 and not self.repeatable.intersection(episode)
        ]

    def others(self, name: str) -> Iterator[str]:
        """What a node speaks of, itself and its submission left out."""
        for _, value in self.nodes[name]:
            other = value.value.removeprefix(self.space)
            if isinstance(value, NamedNode) and other in self.nodes and other not in (name, self.submission):
                yield other

    def _together(self) -> list[tuple[str, ...]]:
        """Facts that speak of each other, directly or through others: proceedings with all that is said of them."""
        facts = [name for name in self.nodes if name not in self.entities and name != self.submission]
        top = {name: name for name in facts}

        def first(name: str) -> str:
            while top[name] != name:
                name = top[name]
            return name

        for name in facts:
            for other in self.others(name):
                if other in top:
                    top[first(name)] = first(other)
        for about in {_measured(self.nodes[name])[0] for name in facts} - {None}:
            figures = [name for name in facts if _measured(self.nodes[name])[0] == about]
            for place, name in enumerate(figures):
                top[first(name)] = first(figures[place - place % _FIGURES])
        found = defaultdict[str, list[str]](list)
        for name in facts:
            found[first(name)].append(name)
        return [tuple(episode) for episode in found.values()]

    def _spoken_of(self, episode: tuple[str, ...]) -> frozenset[str]:
        """The entities of an episode, and those that are needed to describe them."""
        found: set[str] = set()
        waiting = {other for name in episode for other in self.others(name)} & self.entities
        while waiting:
            found |= waiting
            waiting = {other for name in waiting for other in self.others(name)} & self.entities - found
        return frozenset(found)

    @cache  # noqa: B019 (samples are few, and live as long as the process)
    def said(self, name: str, years: int, turtle: bool) -> str:
        """A node as a text, ``years`` earlier than in the sample."""
        return self.written(_named(name, years), self.earlier(name, years), turtle)

    @cache  # noqa: B019
    def earlier(self, name: str, years: int) -> Node:
        """What is said of a fact, so many years earlier; what it says of other facts, it says of those of that year."""
        facts = self.repeatable
        return tuple(
            (predicate, _years_before(value, years))
            if isinstance(value, Literal)
            else (predicate, NamedNode(self.space + _named(other, years)))
            if (other := value.value.removeprefix(self.space)) in facts
            else (predicate, value)
            for predicate, value in self.nodes[name]
        )

    def written(self, name: str, node: Node, turtle: bool) -> str:
        """Statements about a name, for any submission to take for its own."""
        if not turtle:
            return "".join(
                f"{_OWN}{name}{_END} <{predicate}> {self._term(value, False)} .\n" for predicate, value in node
            )
        said = " ;\n    ".join(f"{_short(predicate)} {self._term(value, True)}" for predicate, value in node)
        return f"{_OWN}{name}{_END} {said} .\n\n"

    def _term(self, value: NamedNode | Literal, turtle: bool) -> str:
        if isinstance(value, NamedNode):
            if value.value.startswith(self.space):
                return f"{_OWN}{value.value.removeprefix(self.space)}{_END}"
            return _short(value.value) if turtle else str(value)
        if turtle and value.language is None and value.datatype.value != keys.XSD + "string":
            return f'"{value.value}"^^{_short(value.datatype.value)}'
        return str(value)


@dataclass(frozen=True)
class _Drawn:
    """What was drawn for one submission: nodes as they are in the sample, and those that were changed."""

    sample: _Sample
    plain: list[tuple[str, int]]
    changed: dict[str, Node]
    shared: str | None

    def text(self, own: str, before: str, turtle: bool) -> str:
        """The submission, its names beginning with ``own``; what it shares begins with ``before``."""
        text = "".join(self.sample.written(name, node, turtle) for name, node in self.changed.items())
        text += "".join(self.sample.said(name, years, turtle) for name, years in self.plain)
        start, end = (":", "") if turtle else (f"<{NAMESPACE}", ">")
        if self.shared:
            text = text.replace(f"{_OWN}{self.shared}{_END}", f"{start}{before}-{self.shared}{end}")
        return text.replace(_OWN, f"{start}{own}-").replace(_END, end)


def _drawn(sample: _Sample, institutions: int, rng: random.Random) -> _Drawn:
    """A submission about so many institutions of a sample."""
    entities = {sample.parent}
    _grow(sample, entities, institutions, rng)
    room = sum(_about(rng, TRIPLES) for _ in range(institutions)) - len(sample.nodes[sample.submission])
    room -= sum(len(sample.nodes[name]) for name in entities)
    plain: list[tuple[str, int]] = []
    changed = {sample.submission: _less_complete(sample.nodes[sample.submission], rng)}
    for episode, years in _episodes(sample, entities, institutions, rng):
        if room <= 0:
            break
        here = sample.whom[episode]
        room -= sum(len(sample.nodes[name]) for name in (*episode, *(here - entities)))
        entities |= here
        if rng.random() < _CHANGED * len(episode):
            after = _changed(sample, episode, years, rng)
            changed |= {_named(name, years): node for name, node in after.items()}
        else:
            plain += [(name, years) for name in episode]
    # Whose figures stand in both submissions would have two values of one.
    figures = {whom.value.removeprefix(sample.space) for whom, *_ in sample.measured if whom}
    outsiders = sorted(entities - {sample.parent} - sample.side - figures)
    return _Drawn(
        sample,
        plain + [(name, 0) for name in sorted(entities)],
        changed,
        rng.choice(outsiders) if outsiders and rng.random() < _SHARED else None,
    )


def _grow(sample: _Sample, entities: set[str], institutions: int, rng: random.Random) -> None:
    """Take in those who are related to whom there is, until there are enough."""
    while len(entities) < institutions:
        near = [whom for r in sample.relations if (whom := sample.whom[r] - sample.side) & entities and whom - entities]
        if not near:
            return
        entities |= rng.choice(near)


def _episodes(
    sample: _Sample, entities: set[str], institutions: int, rng: random.Random
) -> Iterator[tuple[tuple[str, ...], int]]:
    """What is told of the entities, in the order in which it is taken: relations, then the rest, then earlier years."""
    fits: Callable[[frozenset[str]], bool] = lambda whom: institutions == 1 or whom - sample.side <= entities  # noqa: E731
    related = set(sample.relations)
    if institutions > 1:
        yield from ((episode, 0) for episode in sample.relations if fits(sample.whom[episode]))
    else:
        main = [r for r in sample.relations if sample.parent in sample.whom[r]][:1]
        yield from ((episode, 0) for episode in main)
        related = set(main)
    rest = [episode for episode in sample.episodes if episode not in related and fits(sample.whom[episode])]
    for years in range(10):
        again = [episode for episode in rest if not years or sample.repeatable.issuperset(episode)]
        rng.shuffle(again)
        yield from ((episode, years) for episode in again)


def _less_complete(submission: Node, rng: random.Random) -> Node:
    return tuple(s for s in submission if s[0] != keys.GJ + "completeFor" or rng.random() >= _OPEN)


def _changed(sample: _Sample, episode: tuple[str, ...], years: int, rng: random.Random) -> dict[str, Node]:
    """An episode with one of its facts changed or left out."""
    nodes = {name: sample.earlier(name, years) for name in episode}
    one = rng.choice(episode)
    ways = [way for said in enumerate(nodes[one]) for way in _ways(sample, one, *said)]
    way = rng.choice([*ways, None])
    if way is not None:
        place, after = way(rng)
        node = nodes[one]
        nodes[one] = node[:place] + ((after,) if after else ()) + node[place + 1 :]
        return nodes
    gone = {one}
    while True:
        # What cannot be told without a fact that is gone goes with it.
        nodes = {name: node for name, node in nodes.items() if name not in gone}
        lost = {sample.space + _named(name, years) for name in gone}
        gone |= {name for name, node in nodes.items() for p, v in node if v.value in lost and p in sample.required}
        if not gone & nodes.keys():
            return {name: tuple(s for s in node if s[1].value not in lost) for name, node in nodes.items()}


_Way = Callable[[random.Random], tuple[int, Statement | None]]


def _ways(sample: _Sample, name: str, place: int, statement: Statement) -> Iterator[_Way]:
    """In which ways a statement can be changed so that it still is one that can be read."""
    predicate, value = statement
    short = keys.local(predicate)
    if short == "judgement":
        other = "NotMet" if keys.local(value.value) == "Met" else "Met"
        yield lambda rng: (place, (predicate, NamedNode(keys.GJ + other)))
    elif short == "feature":
        yield lambda rng: (place, (keys.GJ + "lacksFeature", value))
    elif isinstance(value, Literal) and value.datatype.value == keys.XSD + "date" and short in ("date", "from"):
        yield lambda rng: (place, (predicate, _moved(value, rng.choice(_DAYS) * rng.choice((-1, 1)))))
    elif isinstance(value, Literal) and value.datatype.value == keys.XSD + "decimal":
        yield lambda rng: (place, (predicate, _scaled(value, short in _SHARES, rng.choice(_FACTORS))))
    elif predicate not in sample.required and short not in _KEPT:
        yield lambda rng: (place, None)


def _moved(day: Literal, days: int) -> Literal:
    moved = date.fromordinal(date.fromisoformat(day.value).toordinal() + days)
    return Literal(moved.isoformat(), datatype=day.datatype)


def _scaled(value: Literal, share: bool, factor: str) -> Literal:
    scaled = Decimal(value.value) * Decimal(factor)
    return Literal(f"{min(abs(scaled), Decimal(1)) if share else scaled:f}", datatype=value.datatype)


def _years_before(value: Literal, years: int) -> Literal:
    if not years or value.datatype.value != keys.XSD + "date":
        return value
    year, month, day = value.value.split("-")
    return Literal(f"{int(year) - years}-{month}-{min(day, '28') if month == '02' else day}", datatype=value.datatype)


def _measured(node: Node) -> tuple[NamedNode | Literal | None, ...]:
    """Of whom a node says how much of what on which basis; nothing where it is no measurement."""
    said = {keys.local(predicate): value for predicate, value in node}
    return tuple(said.get(name) for name in ("about", "metric", "basis")) if "metric" in said else (None,)


def _named(name: str, years: int) -> str:
    return f"{name}-{years}" if years else name


def _classes(node: Node) -> Iterator[str]:
    return (keys.local(value.value) for predicate, value in node if predicate == keys.RDF + "type")


def _short(iri: str) -> str:
    """An IRI as Turtle writes it with the prefixes."""
    space = iri[: max(iri.rfind("#"), iri.rfind("/")) + 1]
    name = next((name for name, known in _PREFIXES.items() if known == space), None)
    return f"<{iri}>" if name is None else f"{name}:{iri.removeprefix(space)}"


@cache
def _sample(name: str, parent: str) -> _Sample:
    return _Sample(name, parent)


@cache
def _vocabulary() -> tuple[dict[str, frozenset[str]], frozenset[str]]:
    """By class all classes that it is below, itself included; and every property that some class requires."""
    above, required = defaultdict[str, set[str]](set), set()
    for triple in Knowledge().background:
        if triple.predicate.value == keys.RDFS + "subClassOf" and isinstance(triple.object, NamedNode):
            assert isinstance(triple.subject, NamedNode)
            above[keys.local(triple.subject.value)].add(keys.local(triple.object.value))
        elif triple.predicate.value == keys.GJ + "requires":
            required.add(triple.object.value)  # type: ignore[union-attr]

    def all_above(name: str) -> frozenset[str]:
        return frozenset({name}.union(*(all_above(other) for other in above.get(name, ()))))

    return {name: all_above(name) for name in above}, frozenset(required)
