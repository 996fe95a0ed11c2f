"""What a parser reads, as N-Triples that are cut into terms, so that each term is looked at once.

A Python object for each statement would take longer to make than the statement to read, write and cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from operator import attrgetter

import numpy as np
import pyoxigraph as ox
from numpy.typing import NDArray

Rows = NDArray[np.int32]
"""Statements: the numbers of subject, predicate and object in each row."""

_CHUNK = 1 << 18
"""Bytes that are cut at once: of more, what is looked up next is no longer near the processor."""
_TRIPLE = attrgetter("triple")


class Numbers(dict[bytes, int]):
    """Terms as N-Triples writes them, numbered in the order in which they are first asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[bytes] = []

    def __missing__(self, text: bytes) -> int:
        number = self[text] = len(self.texts)
        self.texts.append(text)
        return number

    def of(self, texts: Iterable[bytes]) -> NDArray[np.int32]:
        """The numbers of some terms, new ones where they have none."""
        return np.fromiter(map(self.__getitem__, texts), np.int32)


def statements(data: bytes, format_: ox.RdfFormat, base: str, take: Callable[[list[bytes]], None]) -> None:
    """Parse a text, and hand its statements on, some at a time: as lines of N-Triples, but for the dot at their end.

    Graphs are left out. Raises what parsing and ``take`` raise; what was stated before has then been handed on.
    """
    sink = _Sink(take)
    parsed = ox.parse(data, format=format_, base_iri=base)
    try:
        ox.serialize(
            map(_TRIPLE, parsed) if format_.supports_datasets else parsed,
            sink,  # type: ignore[arg-type]  # nothing but its write and flush is called
            format=ox.RdfFormat.N_TRIPLES,
        )
    finally:
        sink.finish()


def rows(lines: list[bytes], numbers: Numbers) -> Rows:
    """Statements as they are handed on by :func:`statements`, as rows of numbers."""
    return numbers.of(chain.from_iterable([line.split(b" ", 2) for line in lines])).reshape(-1, 3)


class _Sink:
    """A file to write N-Triples to, of which whole lines are handed on."""

    def __init__(self, take: Callable[[list[bytes]], None]) -> None:
        self._take = take
        self._held: list[bytes] = []
        self._size, self._enough = 0, _CHUNK
        self._failure: BaseException | None = None

    def write(self, data: bytes) -> int:
        # Who writes may write on when it was told of a failure, and may say nothing of one.
        if self._failure is None:
            self._held.append(data)
            self._size += len(data)
            if self._size >= self._enough:
                self._hand_on()
        return len(data)

    def flush(self) -> None:
        """Nothing: what is held is handed on at the end."""

    def finish(self) -> None:
        if self._failure is None:
            self._hand_on()
        if self._failure is not None:
            raise self._failure

    def _hand_on(self) -> None:
        *lines, rest = b"".join(self._held).split(b" .\n")
        # A long line is looked through again only when it has doubled.
        self._held, self._size, self._enough = [rest], len(rest), max(_CHUNK, 2 * len(rest))
        try:
            self._take(lines)
        except BaseException as failure:
            self._failure = failure
            raise
