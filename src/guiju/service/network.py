"""What a provision is connected with, two steps in each direction: the boxes and lines of its network.

The connections themselves are the answer of ``provisions/network``; here they are only followed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from pyoxigraph import Literal, NamedNode

from guiju import keys, library
from guiju.service import html
from guiju.service.held import held

STEPS = 2
"""How many connections are followed from the provision."""
OUT, IN = 1, -1
"""Towards what it is connected to, and towards what is connected to it."""


@dataclass(frozen=True)
class Connection:
    """A connection between two places by their keys; ``relation`` is the short name of its property.

    ``zh`` and ``en`` name it, read from the source.
    """

    source: str
    relation: str
    target: str
    zh: str = ""
    en: str = ""


@dataclass
class Place:
    """A provision or a document not held here, ``step`` connections away: below zero those that lead to the centre.

    ``through`` are the connections by which it is reached: the place one step nearer, and the connection itself,
    which may be one of that place's parts.
    """

    key: str
    step: int
    zh: str
    en: str
    words: str
    document: str
    through: list[tuple[str, Connection]] = field(default_factory=list)

    @property
    def foreign(self) -> bool:
        """Whether it is a document that is not held here."""
        return self.key.startswith("external/")


@dataclass(frozen=True)
class Network:
    """A centre and the places around it by step; a place that leads both ways stands on both sides."""

    centre: Place
    steps: dict[int, list[Place]]
    documents: dict[str, dict[str, str]]
    """The titles of the documents that the places belong to, the centre's first; "" is for what is not held."""
    names: dict[str, dict[str, str]]
    """The names of all relations there can be, in one order for every network."""

    def beyond(self, near: str, step: int) -> list[tuple[Place, list[dict[str, str]]]]:
        """The places of a step that are reached through one nearer, each with the names of what connects them."""
        found = []
        for place in self.steps[step]:
            ties = [self._read(each, step) for key, each in place.through if key == near]
            if ties:
                found.append((place, ties))
        return found

    def _read(self, each: Connection, step: int) -> dict[str, str]:
        """The names of a connection, read outwards from the centre."""
        return self.names[each.relation] if step > 0 else _backwards(each.relation)

    @property
    def relations(self) -> list[str]:
        """All relations there can be."""
        return list(self.names)

    def __bool__(self) -> bool:
        return any(self.steps.values())


def network(key: keys.Key) -> Network:
    """The network of a provision and of all its parts."""
    return around(str(key), connections())


@cache
def connections() -> tuple[Connection, ...]:
    """Every connection that is held."""
    rows = library.ask(held().library.knowledge, "provisions/network", {}).records()
    return tuple(Connection(row["from"], row["relation"], row["to"], row["zh"], row["en"]) for row in rows)


def around(centre: str, known: Iterable[Connection]) -> Network:
    """The places within ``STEPS`` of a centre by the connections given, in the order of the law."""
    every = list(known)
    middle = _place(centre, 0)
    steps: dict[int, list[Place]] = {step: [] for step in range(-STEPS, STEPS + 1)} | {0: [middle]}
    for way in (OUT, IN):
        seen = {centre}
        for step in range(1, STEPS + 1):
            found: dict[str, Place] = {}
            for near in steps[way * (step - 1)]:
                for each in every:
                    here, there = (each.source, each.target) if way == OUT else (each.target, each.source)
                    # What leads to a whole article leads to its paragraphs; what an article says, its chapter does not.
                    if not (within(here, near.key) or (way == IN and _of_one_article(near.key, here))):
                        continue
                    if there in seen or within(there, centre) or within(there, near.key):
                        continue
                    place = found.setdefault(there, _place(there, way * step))
                    place.through.append((near.key, each))
            seen |= set(found)
            steps[way * step] = sorted(found.values(), key=lambda place: _order(place, middle.document))
    del steps[0]
    documents: dict[str, dict[str, str]] = {middle.document: _title(middle.document)}
    for step in sorted(steps, key=abs):
        for place in steps[step]:
            documents.setdefault(place.document, _title(place.document))
    names = {each.relation: {"zh": each.zh, "en": each.en} for each in sorted(every, key=lambda each: each.relation)}
    return Network(middle, steps, documents, names)


def _backwards(relation: str) -> dict[str, str]:
    """The names of a relation, read from its target."""
    prefix, _, local = relation.rpartition(":")
    return html.backwards((keys.ELI if prefix else keys.GJ) + local)


def within(key: str, other: str) -> bool:
    """Whether a place is another or a part of it."""
    return key == other or key.startswith((other + "__", other + "/"))


def _of_one_article(key: str, whole: str) -> bool:
    """Whether a place is a part of another that is an article or less."""
    return within(key, whole) and whole.rpartition("/")[2].startswith("art_")


def _place(key: str, step: int) -> Place:
    node = NamedNode(keys.ID + key)
    zh, en = html.name(node)
    foreign = key.startswith("external/")
    words = {
        predicate.value: value.value
        for predicate, value in held().of.get(node, ())
        if isinstance(value, Literal) and value.language == "zh" and predicate.value in _WORDS
    }
    return Place(key, step, zh, en, next(iter(words.values()), ""), "" if foreign else key.partition("/")[0])


_WORDS = (keys.GJ + "text", keys.GJ + "summary")


def _title(document: str) -> dict[str, str]:
    if not document:
        return {"zh": "未收录的文件", "en": "not held here"}
    zh, en = html.name(NamedNode(keys.ID + document))
    return {"zh": zh, "en": en}


def _order(place: Place, first: str) -> tuple[bool, bool, str, int, str]:
    return place.foreign, place.document != first, place.document, _positions().get(place.key, 0), place.key


@cache
def _positions() -> dict[str, int]:
    """The place of each provision in its document."""
    return {
        subject.value.removeprefix(keys.ID): int(value.value)
        for subject, predicate, value in held().triples
        if predicate.value == keys.GJ + "position" and isinstance(subject, NamedNode) and isinstance(value, Literal)
    }
