"""The only door for facts: read what a stranger sent, check it, and say where each thing came from.

:func:`read` takes files, bytes or standard input in Turtle, N-Triples, N-Quads, TriG, JSON-LD or
RDF/XML and gives :class:`Facts`, or raises :class:`BadInput` with every problem found. Nothing is
fetched, nothing is guessed: what could be read in two ways is refused with its cure.
"""

from guiju.intake.model import (
    MAX_PROBLEMS,
    BadInput,
    Changed,
    Facts,
    Ignored,
    InputInfo,
    Limits,
    Problem,
    Text,
)
from guiju.intake.reading import read
from guiju.intake.source import FORMATS, Source

__all__ = [
    "FORMATS",
    "MAX_PROBLEMS",
    "BadInput",
    "Changed",
    "Facts",
    "Ignored",
    "InputInfo",
    "Limits",
    "Problem",
    "Source",
    "Text",
    "read",
]
