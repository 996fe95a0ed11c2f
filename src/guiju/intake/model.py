"""What reading gives: the facts and where they stand, or the problems and their cures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import pyoxigraph as ox

from guiju.intake.written import Rows

MAX_PROBLEMS = 20
"""Reading stops at this many problems."""


class Text(NamedTuple):
    """One sentence in Chinese and English."""

    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.zh} {self.en}"


@dataclass(frozen=True)
class Limits:
    """How much one reading accepts; the defaults hold about ten thousand small submissions."""

    bytes: int = 512 * 1024 * 1024
    """Of one input."""
    triples: int = 5_000_000
    """Of all inputs together."""
    depth: int = 64
    """Of brackets or elements within each other."""
    literal: int = 100_000
    """Characters of one literal."""
    iri: int = 2_048
    """Characters of one IRI."""
    declared: int = 256
    """Base addresses of one Turtle text, and attributes of one XML element, namespaces included."""
    ignored: int = 1_000
    """Statements listed as ignored; the rest are counted in one last entry."""


@dataclass(frozen=True)
class Problem:
    """Why an input was refused: where (``file.ttl:12``), what is wrong, and what to do."""

    where: str
    what: Text
    do: Text

    def __str__(self) -> str:
        return f"{self.where}: {self.what.zh}{self.do.zh}\n  {self.what.en} {self.do.en}"


class BadInput(ValueError):
    """Input that was refused, with at most :data:`MAX_PROBLEMS` problems.

    ``complete`` is False where reading stopped because there were too many.
    """

    def __init__(self, problems: list[Problem], complete: bool = True) -> None:
        self.problems = problems
        self.complete = complete
        rest = "" if complete else "\n还有更多问题，未列出。 There are more, not listed."
        super().__init__("\n".join(map(str, problems)) + rest)


class Problems:
    """Collects problems and raises BadInput when there are too many, or at the end if any."""

    def __init__(self) -> None:
        self._found: dict[Problem, None] = {}

    def add(self, where: str, what: Text, do: Text) -> None:
        """Note a problem once; BadInput when it is one too many to go on."""
        self._found[Problem(where, what, do)] = None
        if len(self._found) >= MAX_PROBLEMS:
            raise BadInput(list(self._found), complete=False)

    def settle(self) -> None:
        """BadInput with what was found, if anything was."""
        if self._found:
            raise BadInput(list(self._found))

    def __len__(self) -> int:
        return len(self._found)


@dataclass(frozen=True)
class InputInfo:
    """One input that was read: ``triples`` counts its statements, ignored ones and doubles included."""

    name: str
    sha256: str
    triples: int
    format: str


@dataclass(frozen=True)
class Ignored:
    """A statement that was left out of the facts, and why."""

    where: str
    what: str
    why: Text


@dataclass(frozen=True)
class Changed:
    """A literal whose characters were normalised to Unicode NFC."""

    where: str
    before: str
    after: str


@dataclass(frozen=True)
class Facts:
    """Facts of all inputs merged into one graph.

    Blank nodes of different inputs are kept apart: the second of the first input is ``_:f1b2``.
    """

    terms: list[bytes]
    """All that the inputs speak of, each once, as N-Triples writes it."""
    rows: Rows
    """The facts in the order of reading, doubles included: of each, where in ``terms`` its three terms are."""
    inputs: list[InputInfo]
    ignored: list[Ignored]
    changed: list[Changed]
    locate: Callable[[str], str | None] = field(repr=False, compare=False)

    @cached_property
    def triples(self) -> list[ox.Triple]:
        """The facts in the order of reading, each once."""
        written = self.terms
        lines = b"".join(
            b"%b %b %b .\n" % (written[subject], written[predicate], written[value])
            for subject, predicate, value in self.rows.tolist()
        )
        return list(dict.fromkeys(quad.triple for quad in ox.parse(lines, format=ox.RdfFormat.N_TRIPLES)))

    def place(self, subject: ox.NamedNode | ox.BlankNode | str) -> str | None:
        """Where a subject is first stated: ``file.ttl:12``; the file's name alone where the line is not known.

        ``subject`` is a node, an IRI, or a blank node written ``_:f1b2``. None where no input states it.
        """
        if isinstance(subject, ox.NamedNode):
            subject = subject.value
        return self.locate(str(subject))
