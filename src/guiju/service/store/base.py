"""What a place that keeps graphs must be able to do, and how it fails."""

from __future__ import annotations

from typing import Protocol

from pyoxigraph import Literal, NamedNode

Row = dict[str, NamedNode | Literal]
"""A row of an answer: the bound variables by name."""


class StoreError(Exception):
    """The store did not do what was asked of it; ``zh`` and ``en`` say so to whoever asked."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} {en}")
        self.zh, self.en = zh, en


class Refused(StoreError):
    """Nothing is kept here; to try again does not help."""


class Backend(Protocol):
    """Named graphs, each put, read and dropped whole. Every call may raise StoreError; none is done by halves."""

    def select(self, query: str) -> list[Row]:
        """All rows of a SELECT over the named graphs."""

    def put(self, graph: NamedNode, ntriples: bytes) -> None:
        """Add a graph; when this returns it lasts, and until then it is not seen by anyone, nor a part of it.

        ``ntriples`` are statements without blank nodes, no two alike, in the spelling that Oxigraph gives values.
        """

    def graph(self, graph: NamedNode) -> list[bytes]:
        """The statements of a graph as lines of N-Triples, in the order of their bytes; none where there is no such."""

    def drop(self, graph: NamedNode) -> None:
        """Remove a graph; nothing happens where there is none."""

    def close(self) -> None:
        """Let go of files and connections; nothing is asked afterwards."""
