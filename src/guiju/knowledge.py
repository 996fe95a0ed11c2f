"""The knowledge base: ontology, taxonomies, documents, norms and completed shapes in one store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions, RdfFormat, Store, Triple, Variable, parse

from guiju import calendar, completion, keys
from guiju.paths import data_root
from guiju.sparql import nested, reads

if TYPE_CHECKING:
    from guiju.columnar.columns import Known

Row = dict[str, NamedNode | Literal]
Texts = dict[str, dict[str, str]]
"""Texts by predicate and language."""


class Period(NamedTuple):
    """From which day until before which a shape applies, as ISO 8601 writes them, and the key of its document."""

    shape: str
    document: str
    begins: str | None
    ends: str | None


class Knowledge:
    """All that Guiju holds as data, read once from a data folder.

    ``triples`` is ontology, taxonomies, documents and norms; ``shapes`` the components, the completed
    shapes and their companions. Both are also in ``store``, in its default graph.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or data_root()

    @cached_property
    def background(self) -> list[Triple]:
        """The vocabulary, the taxonomies and the law's own requirements: what derivations need."""
        ontology = self.root / "ontology"
        found = list(_read(sorted([*ontology.glob("*.ttl"), *ontology.glob("taxonomies/*.ttl")])))
        return found + list(completion.names(found))

    @cached_property
    def vocabulary(self) -> list[Triple]:
        """The background without its words, which are most of it and which only readers need."""
        return [t for t in self.background if not (isinstance(t.object, Literal) and t.object.language)]

    @cached_property
    def documents(self) -> list[Triple]:
        """Documents, provisions and norms, with the citations of the provisions."""
        found = list(_read(sorted((self.root / "ontology" / "documents").rglob("*.ttl"))))
        return [*found, *completion.citations(found), *completion.names(found)]

    @property
    def triples(self) -> list[Triple]:
        return self.background + self.documents

    @cached_property
    def authored_shapes(self) -> list[Triple]:
        """The shapes as their authors wrote them."""
        return list(_read(sorted((self.root / "shapes").rglob("*.ttl"))))

    @cached_property
    def shapes(self) -> list[Triple]:
        """The shapes with all that follows from their key, norm and components."""
        return completion.complete(self.authored_shapes, self.triples)

    @cached_property
    def parameters(self) -> dict[NamedNode, frozenset[str]]:
        """The parameters of every constraint component, companions' included."""
        about = completion.index(self.shapes)
        return {
            subject: frozenset(completion.parameters(about, subject))
            for subject, stated in list(about.items())
            if isinstance(subject, NamedNode) and completion.COMPONENT in stated.get(keys.RDF + "type", ())
        }

    @cached_property
    def asked(self) -> tuple[list[Triple], list[Triple]]:
        """What of the knowledge base the queries for verdicts, their subjects and explanations read, and the rest.

        Where one of them has a variable for a predicate, it asks of what is judged, which is none of ours.
        """
        queries = [self.query("verdicts"), self.query("subjects"), *self.within("explain").values()]
        read = {keys.RDF + "type"}.union(*map(reads, queries))
        parts: tuple[list[Triple], list[Triple]] = [], []
        for triple in chain(self.triples, self.shapes):
            parts[triple.predicate.value not in read].append(triple)
        return parts

    @cached_property
    def columns(self) -> Known:
        """Of the vocabulary, of what is asked, and of the shapes, the columns."""
        # Imported here: what does not judge need not wait for numpy.
        from guiju.columnar.columns import Known

        return Known.of(self.vocabulary, self.asked[0], self.calendar.triples(), self.shapes)

    @cached_property
    def store(self) -> Store:
        store = Store()
        fill(store, self.triples)
        fill(store, self.shapes)
        return store

    @cached_property
    def periods(self) -> list[Period]:
        """When each shape applies, as ``queries/shapes-in-force.rq`` has it."""
        query = self.query("shapes-in-force")
        store, read = Store(), reads(query)
        # A judgement needs this before all else, and to fill a store with everything takes it as long as deriving does.
        for triples in (self.documents, self.shapes):
            fill(store, (triple for triple in triples if triple.predicate.value in read))

        def value(row: Row, name: str) -> str | None:
            return row[name].value if name in row else None

        return [
            Period(
                row["shape"].value,
                row["document"].value.removeprefix(keys.ID),
                value(row, "from"),
                value(row, "until"),
            )
            for row in select(store, query)
        ]

    def said(self, iri: str) -> Texts:
        """What documents, provisions and norms say of themselves in words."""
        return self._texts.get(iri, {})

    @cached_property
    def _texts(self) -> dict[str, Texts]:
        found: dict[str, Texts] = {}
        for subject, predicate, value in self.documents:
            if isinstance(subject, NamedNode) and isinstance(value, Literal) and value.language:
                found.setdefault(subject.value, {}).setdefault(predicate.value, {})[value.language] = value.value
        return found

    @cached_property
    def terms(self) -> frozenset[str]:
        """Every IRI of our vocabulary and taxonomies that the data defines."""
        return frozenset(
            triple.subject.value
            for triple in self.background
            if isinstance(triple.subject, NamedNode) and triple.subject.value.startswith((keys.GJ, keys.TAXONOMY))
        )

    @cached_property
    def words(self) -> frozenset[str]:
        """The properties whose values are terms of ours, not things that are reported."""
        kinds = {t.object for t in self.background if t.predicate.value == keys.RDF + "type"}
        ranges, takes = keys.RDFS + "range", keys.GJ + "takesTerms"
        return frozenset(
            t.subject.value
            for t in self.background
            if isinstance(t.subject, NamedNode)
            and ((t.predicate.value == ranges and t.object in kinds) or t.predicate.value == takes)
        )

    @cached_property
    def concluded(self) -> frozenset[bytes]:
        """The classes, properties and metrics that only a derivation may conclude, as N-Triples writes them."""
        return frozenset(
            str(triple.subject).encode()
            for triple in self.background
            if triple.predicate.value == keys.GJ + "concludedOnly" and isinstance(triple.subject, NamedNode)
        )

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {
            triple.subject.value: int(triple.object.value)
            for triple in self.documents
            if triple.predicate.value == keys.GJ + "position"
            and isinstance(triple.subject, NamedNode)
            and isinstance(triple.object, Literal)
        }

    def position(self, key: keys.Key) -> int:
        """Where a key's provision stands in its document; 0 for a document or one not known."""
        return self._positions.get(key.place, 0)

    @cached_property
    def calendar(self) -> calendar.Calendar:
        """The working days of the years whose calendars are held."""
        return calendar.read(self.root / "ontology" / "calendars")

    @cached_property
    def queries(self) -> dict[str, str]:
        """The text of every query file by its name, ``verdicts`` or ``explain/Deadline``; files of a folder ordered."""
        folder = self.root / "queries"
        return {
            file.relative_to(folder).with_suffix("").as_posix(): file.read_text(encoding="utf-8")
            for file in sorted(folder.rglob("*.rq"))
        }

    def query(self, name: str) -> str:
        """The text of a query file, by its name."""
        return self.queries[name]

    def within(self, folder: str) -> dict[str, str]:
        """The text of the query files in a folder of ``queries/``, not of those further below, by their stems."""
        return {
            name.removeprefix(f"{folder}/"): text
            for name, text in self.queries.items()
            if name.rpartition("/")[0] == folder
        }

    def select(self, query: str, store: Store | None = None) -> list[Row]:
        """The rows of a SELECT over the knowledge base (or another store), unbound values left out."""
        return list(select(store or self.store, query))


def fill(store: Store, triples: Iterable[Triple], graph: NamedNode | None = None) -> None:
    """Put triples in a graph of a store, by default its default graph."""
    # Half the time goes when triples are taken apart by order, the default graph is not named, and nothing is kept
    # for a rollback.
    if graph is None:
        store.bulk_extend(Quad(subject, predicate, value) for subject, predicate, value in triples)
    else:
        store.bulk_extend(Quad(subject, predicate, value, graph) for subject, predicate, value in triples)


def select(store: Store, query: str, **bindings: NamedNode | Literal) -> Iterator[Row]:
    """Run a SELECT; each row maps a variable's name to its value."""
    found = store.query(nested(query), substitutions={Variable(name): value for name, value in bindings.items()})
    if not isinstance(found, QuerySolutions):
        raise TypeError("the query is not a SELECT")
    names = [variable.value for variable in found.variables]
    for solution in found:
        yield {name: value for name, value in zip(names, solution, strict=True) if value is not None}


def _read(files: Iterable[Path]) -> Iterator[Triple]:
    for file in files:
        try:
            for quad in parse(path=str(file), format=RdfFormat.TURTLE, rename_blank_nodes=True):
                yield quad.triple
        except SyntaxError as error:
            raise SyntaxError(f"{file}: {error}") from error
