"""Where in an input something stands; looked for when it is asked for, as most of the time nobody does."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from guiju.intake import iris
from guiju.intake.scan import Lines
from guiju.intake.source import Taken
from guiju.intake.written import Numbers

_BY_LINES = frozenset({"turtle", "trig", "ntriples", "nquads"})


class Part:
    """One input: its text, what it states things about, and how its blank nodes are called."""

    def __init__(self, taken: Taken, number: int) -> None:
        self.name = taken.name
        self.subjects: NDArray[np.int32] = np.empty(0, np.int32)
        """The numbers of what it states things about, sorted."""
        self._prefix = f"_:f{number}b".encode()
        self._labels: list[bytes] = []
        self._names: dict[bytes, bytes] = {}
        self._taken = taken if taken.format in _BY_LINES else None
        self._literals: dict[str, int | None] = {}

    def own(self, label: bytes) -> bytes:
        """Our name of a blank node that the sender calls ``label``, a new one where it has none."""
        name = self._names.get(label)
        if name is None:
            self._labels.append(label)
            name = self._names[label] = b"%b%d" % (self._prefix, len(self._labels))
        return name

    def of_subject(self, subject: str) -> str:
        """The place of the first statement about an IRI or one of our blank nodes."""
        line = self._lines.subjects.get(self._sent(subject)) if self._lines else None
        return f"{self.name}:{line}" if line else self.name

    def of_term(self, iri: str, subject: str) -> str:
        """The place where an IRI is first mentioned, or that of the subject."""
        line = self._lines.mentions.get(iri) if self._lines else None
        return f"{self.name}:{line}" if line else self.of_subject(subject)

    def of_literal(self, value: str, subject: str) -> str:
        """The place where a value is first written, or that of the subject."""
        if value not in self._literals:
            self._literals[value] = self._lines.of_literal(value) if self._lines else None
        line = self._literals[value]
        return f"{self.name}:{line}" if line else self.of_subject(subject)

    def _sent(self, subject: str) -> str:
        """What the sender calls a subject."""
        number = subject.removeprefix(self._prefix.decode()) if subject.startswith("_:") else ""
        return self._labels[int(number) - 1].decode() if number.isdecimal() else subject

    @cached_property
    def _lines(self) -> Lines | None:
        return Lines(self._taken, iris.BASE_IRI) if self._taken else None


class Places:
    """Where things are first stated in all inputs."""

    def __init__(self, parts: list[Part], numbers: Numbers) -> None:
        self._parts, self._numbers = parts, numbers
        self._found: dict[str, str | None] = {}

    def __call__(self, subject: str) -> str | None:
        if subject not in self._found:
            self._found[subject] = self._look(subject)
        return self._found[subject]

    def _look(self, subject: str) -> str | None:
        number = self._numbers.get((subject if subject.startswith("_:") else f"<{subject}>").encode())
        if number is None:
            return None
        return next((part.of_subject(subject) for part in self._parts if _has(part.subjects, number)), None)


def _has(numbers: NDArray[np.int32], number: int) -> bool:
    at = int(np.searchsorted(numbers, number))
    return at < len(numbers) and int(numbers[at]) == number
