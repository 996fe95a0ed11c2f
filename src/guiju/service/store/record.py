"""What is known of a kept submission without opening it, as Python and as RDF."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from pyoxigraph import Literal, NamedNode, Triple

from guiju import keys
from guiju.service.store.base import Row
from guiju.verdicts import OUTCOMES

_PREFIX = "urn:uuid:"
_DCAT = "http://www.w3.org/ns/dcat#"
_FOAF = "http://xmlns.com/foaf/0.1/"


@dataclass(frozen=True)
class Record:
    """A kept submission. ``id`` is a UUID, which nobody can guess; ``received`` is in UTC.

    ``sha256`` and ``bytes`` are of what was sent, ``form`` its media type or format. ``as_of`` is the day whose law was
    applied; ``documents`` are the keys of those whose norms were asked, none for all. ``counts`` are the verdicts by
    outcome. ``institution`` is the IRI of the one that most verdicts are about, None where there is none with a
    name that lasts.
    """

    id: str
    name: str
    received: datetime
    sha256: str
    bytes: int
    form: str
    as_of: date | None
    documents: tuple[str, ...]
    engine: str
    version: str
    counts: Mapping[str, int]
    institution: str | None = None
    institution_name: str = ""

    def json(self) -> dict[str, Any]:
        """The record for programs."""
        return {
            "id": self.id,
            "graph": iri_of(self.id).value,
            "name": self.name,
            "received": _stamp(self.received),
            "sha256": self.sha256,
            "bytes": self.bytes,
            "form": self.form,
            "asOf": self.as_of.isoformat() if self.as_of else None,
            "documents": list(self.documents),
            "engine": self.engine,
            "version": self.version,
            "counts": {outcome: self.counts[outcome] for outcome in OUTCOMES},
            "institution": {"iri": self.institution, "name": self.institution_name} if self.institution else None,
        }

    def triples(self) -> Iterator[Triple]:
        """The description that stands in the submission's graph."""
        node = iri_of(self.id)

        def text(value: str) -> Literal:
            return Literal(value)

        def typed(value: object, datatype: str) -> Literal:
            return Literal(str(value), datatype=NamedNode(keys.XSD + datatype))

        said: list[tuple[str, Literal | NamedNode]] = [
            (keys.RDF + "type", NamedNode(keys.GJ + "KeptSubmission")),
            (keys.DCTERMS + "dateSubmitted", typed(_stamp(self.received), "dateTime")),
            (keys.DCTERMS + "format", text(self.form)),
            (_DCAT + "byteSize", typed(self.bytes, "integer")),
            (keys.GJ + "sha256", text(self.sha256)),
            (keys.GJ + "engine", text(self.engine)),
            (keys.GJ + "judgedBy", text(self.version)),
            *((keys.GJ + outcome, typed(self.counts[outcome], "integer")) for outcome in OUTCOMES),
            *((keys.GJ + "limitedTo", NamedNode(keys.ID + document)) for document in sorted(set(self.documents))),
        ]
        if self.name:
            said.append((keys.DCTERMS + "title", text(self.name)))
        if self.as_of:
            said.append((keys.GJ + "lawOf", typed(self.as_of.isoformat(), "date")))
        if self.institution:
            said.append((_FOAF + "primaryTopic", NamedNode(self.institution)))
            said.append((keys.GJ + "institutionName", text(self.institution_name)))
        for predicate, value in said:
            yield Triple(node, NamedNode(predicate), value)


def read(row: Row) -> Record:
    """The record that a row of ``queries/submissions/list.rq`` is."""

    def text(name: str) -> str:
        return row[name].value if name in row else ""

    return Record(
        id=text("submission").removeprefix(_PREFIX),
        name=text("name"),
        received=datetime.fromisoformat(text("received")).astimezone(UTC),
        sha256=text("sha256"),
        bytes=int(text("bytes")),
        form=text("form"),
        as_of=date.fromisoformat(text("day")[:10]) if "day" in row else None,
        documents=tuple(sorted(iri.removeprefix(keys.ID) for iri in text("documents").split())),
        engine=text("engine"),
        version=text("version"),
        counts={outcome: int(text(outcome)) for outcome in OUTCOMES},
        institution=text("institution") or None,
        institution_name=text("institutionName"),
    )


def iri_of(id_: str) -> NamedNode:
    """The IRI of a submission, which is also its graph's. ValueError for what is no UUID in its usual spelling."""
    if str(UUID(id_)) != id_:
        raise ValueError(f"{id_!r} is not a UUID in lower case with its hyphens")
    return NamedNode(_PREFIX + id_)


def _stamp(moment: datetime) -> str:
    """As XML Schema writes a moment, without zeros at the end of a fraction: stores spell it so themselves."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    return text.rstrip("0").rstrip(".") + "Z"
