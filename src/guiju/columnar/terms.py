"""Terms as integers: a dictionary of RDF terms, with what each literal is worth in typed columns.

A number is an integer and a power of ten, never a float; a date is a day's number. Literals that engines are known to
take in different ways (floating point, time zones, derived and ill-typed values) are ``ODD``: they can be stored and
passed on, and whoever would compare or join them gets ``Unsupported`` instead of a guess.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable
from datetime import date
from enum import IntEnum
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse, serialize

from guiju import keys

Term = NamedNode | BlankNode | Literal | Triple
Ids = NDArray[np.int32]
UNBOUND = -1
"""What stands in a column of term numbers where a variable has no value."""


class Unsupported(Exception):
    """Something that the columns do not decide; the text names it."""


class Kind(IntEnum):
    """What a term is to a comparison."""

    RESOURCE = 0
    STRING = 1
    INTEGER = 2
    DECIMAL = 3
    BOOLEAN = 4
    DATE = 5
    TEXT = 6
    ODD = 7


_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_BOOLEANS = {"true": 1, "1": 1, "false": 0, "0": 0}
_INTEGER_TYPE = NamedNode(keys.XSD + "integer")
_DECIMAL_TYPE = NamedNode(keys.XSD + "decimal")
_BOOLEAN_TYPE = NamedNode(keys.XSD + "boolean")
_STRING, _INTEGERS, _DECIMALS, _BOOLEAN, _DATES = (
    keys.XSD + name for name in ("string", "integer", "decimal", "boolean", "date")
)
_CHUNK = 1 << 16
"""Triples that are taken apart at once."""
_WIDTH = 18
"""Digits that always fit in a column; a longer number is kept aside, exactly."""


class Terms:
    """A growing dictionary: a number for each term, and from the number what the term is worth.

    Two literals that write one integer, decimal or boolean in two ways have one number.
    """

    def __init__(self) -> None:
        self._numbers: dict[Term, int] = {}
        self._written: dict[bytes, int] = {}
        self._terms: list[Term] = []
        self._kinds, self._values, self._scales = array("b"), array("q"), array("b")
        self._long: dict[int, int] = {}
        self._frozen: tuple[NDArray[np.int8], NDArray[np.int64], NDArray[np.int8]] | None = None

    def __len__(self) -> int:
        return len(self._terms)

    def __getitem__(self, number: int) -> Term:
        return self._terms[number]

    def number(self, term: Term) -> int:
        """The number of a term, a new one where it has none."""
        found = self._numbers.get(term)
        if found is None:
            found = self._numbers[term] = self._add(term)
        return found

    def find(self, term: Term) -> int:
        """The number of a term, or ``UNBOUND`` where it has none."""
        found = self._numbers.get(term)
        if found is None and isinstance(term, Literal):
            return self._numbers.get(_read(term)[0], UNBOUND)
        return UNBOUND if found is None else found

    def encode(self, triples: Iterable[Triple]) -> NDArray[np.int32]:
        """Triples as rows of three numbers."""
        # A term of a Python triple takes longer to make and look up than its N-Triples to write, cut and look up.
        numbers, known = array("i"), self._written
        rest = iter(triples)
        while chunk := list(islice(rest, _CHUNK)):
            text = serialize(chunk, format=RdfFormat.N_TRIPLES) or b""
            parts = list(chain.from_iterable([line.split(b" ", 2) for line in text.split(b" .\n")[:-1]]))
            fresh = [part for part in dict.fromkeys(parts) if part not in known]
            lines = b"".join(b"<urn:x> <urn:x> %b .\n" % part for part in fresh)
            terms = (quad.object for quad in parse(lines, format=RdfFormat.N_TRIPLES))
            known.update((part, self.number(term)) for part, term in zip(fresh, terms, strict=True))
            numbers.extend(map(known.__getitem__, parts))
        return np.frombuffer(numbers, dtype=np.int32).reshape(-1, 3) if numbers else np.empty((0, 3), np.int32)

    def kinds(self, ids: Ids) -> NDArray[np.int8]:
        """The ``Kind`` of each term; what it says where there is none means nothing."""
        return self._columns()[0][ids]

    def values(self, ids: Ids) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
        """Numbers as integers and how many of their digits are decimals; days of dates, 0 and 1 of booleans.

        The integers are Python's own where one of them is too long for a column.
        """
        _, values, scales = self._columns()
        if self._long and not self._long.keys().isdisjoint(np.unique(ids).tolist()):
            exact = values[ids].astype(object)
            for number, value in self._long.items():
                exact[ids == number] = value
            return exact, scales[ids]
        return values[ids], scales[ids]

    def texts(self, ids: Ids) -> list[str]:
        """What ``STR`` says of each term; raises Unsupported for a blank node."""
        texts = []
        for number in ids.tolist():
            term = self._terms[number]
            if not isinstance(term, (NamedNode, Literal)):
                raise Unsupported("STR of a blank node")
            texts.append(term.value)
        return texts

    def languages(self, ids: Ids) -> list[str]:
        """The language of each term, an empty text where it has none."""
        terms = (self._terms[number] for number in ids.tolist())
        return [(term.language or "") if isinstance(term, Literal) else "" for term in terms]

    def _add(self, term: Term) -> int:
        kind, value, scale = Kind.RESOURCE, 0, 0
        if isinstance(term, Literal):
            own, kind, value, scale = _read(term)
            if own != term:
                return self.number(own)
        number = len(self._terms)
        self._terms.append(term)
        self._kinds.append(kind)
        self._scales.append(min(scale, 127))
        if len(str(abs(value))) > _WIDTH:
            self._long[number], value = value, 0
        self._values.append(value)
        return number

    def _columns(self) -> tuple[NDArray[np.int8], NDArray[np.int64], NDArray[np.int8]]:
        if self._frozen is None or len(self._frozen[0]) <= len(self._terms):
            # One row more than there are terms: an unbound place reads the last one.
            self._frozen = (
                np.append(np.frombuffer(self._kinds, np.int8), np.int8(Kind.ODD)),
                np.append(np.frombuffer(self._values, np.int64), np.int64(0)),
                np.append(np.frombuffer(self._scales, np.int8), np.int8(0)),
            )
        return self._frozen


def _read(literal: Literal) -> tuple[Literal, Kind, int, int]:
    """The literal that stands for all that mean the same, its kind, and its value with its decimals."""
    text, datatype = literal.value, literal.datatype.value
    if datatype == _STRING:
        return literal, Kind.STRING, 0, 0
    if literal.language is not None:
        return literal, Kind.TEXT, 0, 0
    if datatype == _INTEGERS and _INTEGER.fullmatch(text):
        return Literal(str(int(text)), datatype=_INTEGER_TYPE), Kind.INTEGER, int(text), 0
    if datatype == _DECIMALS and _DECIMAL.fullmatch(text):
        return _decimal(text)
    if datatype == _BOOLEAN and text in _BOOLEANS:
        value = _BOOLEANS[text]
        return Literal("true" if value else "false", datatype=_BOOLEAN_TYPE), Kind.BOOLEAN, value, 0
    if datatype == _DATES and _DATE.fullmatch(text):
        try:
            return literal, Kind.DATE, date.fromisoformat(text).toordinal(), 0
        except ValueError:
            pass
    return literal, Kind.ODD, 0, 0


def _decimal(text: str) -> tuple[Literal, Kind, int, int]:
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    if len(fraction) > 100:
        return Literal(text, datatype=_DECIMAL_TYPE), Kind.ODD, 0, 0
    value = int(whole.lstrip("+-") + fraction or "0")
    value = -value if text.startswith("-") else value
    return Literal(written(value, len(fraction)), datatype=_DECIMAL_TYPE), Kind.DECIMAL, value, len(fraction)


def written(value: int, scale: int) -> str:
    """A decimal as text, without zeros at its end."""
    digits = str(abs(value)).rjust(scale + 1, "0")
    whole, fraction = digits[: len(digits) - scale], digits[len(digits) - scale :].rstrip("0")
    return ("-" if value < 0 else "") + whole + ("." + fraction if fraction else "")
