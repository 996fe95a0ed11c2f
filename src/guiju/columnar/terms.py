"""Terms as integers: a dictionary of RDF terms, with what each literal is worth in typed columns.

A number is an integer and a power of ten, never a float; a date is a day's number. Literals that engines are known to
take in different ways (floating point, time zones, derived and ill-typed values) are ``ODD``: they can be stored and
passed on, and whoever would compare or join them gets ``Unsupported`` instead of a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import chain, islice
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Triple, parse, serialize

from guiju import keys

Number = TypeVar("Number", bound=np.generic)
Term = NamedNode | BlankNode | Literal | Triple
Ids = NDArray[np.int32]
Rows = NDArray[np.int32]
"""Triples: the numbers of subject, predicate and object in each row."""
NAMELESS = b"urn:guiju:nameless:"
"""What the IRI begins with, for those who must write it, of a resource that has no name; its number follows."""
Column = NDArray[Any]
UNBOUND = -1
"""What stands in a column of term numbers where a variable has no value."""


class Unsupported(Exception):
    """Something that the columns do not decide; the text names it."""


class Kind:
    """What a term is to a comparison; plain integers, for they are asked for at every step."""

    RESOURCE = 0
    STRING = 1
    INTEGER = 2
    DECIMAL = 3
    BOOLEAN = 4
    DATE = 5
    TEXT = 6
    ODD = 7


_INTEGER = re.compile(rb"[+-]?[0-9]+")
_DECIMAL = re.compile(rb"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_DATE = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PLAIN = re.compile(rb'[^"\\\x00-\x1f\x7f]*')
_BOOLEANS = {b"true": 1, b"1": 1, b"false": 0, b"0": 0}
_INTEGERS, _DECIMALS, _BOOLEAN, _DATES = (
    f"<{keys.XSD}{name}>".encode() for name in ("integer", "decimal", "boolean", "date")
)
_STRING, _TAGGED = Literal("").datatype, Literal("", language="en").datatype
_CHUNK = 1 << 16
"""Triples that are taken apart at once."""
_LONGEST = 4000
"""Python makes integers of about as many digits."""
_WIDTH = 10**18
"""Numbers below always fit in a column; a longer one is kept aside, exactly."""


class Terms:
    """A growing dictionary: a number for each term, and from the number what the term is worth.

    A term is known by how N-Triples writes it. Two literals that write one integer, decimal or boolean in two ways
    have one number.
    """

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._written: list[bytes] = []
        self._kinds = np.full(1024, Kind.ODD, np.int8)
        self._values = np.zeros(1024, np.int64)
        self._scales = np.zeros(1024, np.int8)
        self._long: dict[int, int] = {}

    def copy(self) -> Terms:
        """The same terms under the same numbers; what is added to either is not in the other."""
        other = Terms()
        other._numbers, other._written, other._long = self._numbers.copy(), self._written.copy(), self._long.copy()
        other._kinds, other._values, other._scales = self._kinds.copy(), self._values.copy(), self._scales.copy()
        return other

    def state(self) -> tuple[list[bytes], dict[bytes, int], dict[int, int], Column, Column, Column]:
        """All that it holds: the terms in order, the numbers of those written otherwise, and the columns of values."""
        also = {text: number for text, number in self._numbers.items() if self._written[number] != text}
        # One row behind the terms, which an unbound place reads; more would be written to where others read.
        kinds, values, scales = (column[: len(self) + 1] for column in (self._kinds, self._values, self._scales))
        return self._written, also, self._long, kinds, values, scales

    @classmethod
    def of_state(
        cls,
        terms: list[bytes],
        also: dict[bytes, int],
        long: dict[int, int],
        kinds: Column,
        values: Column,
        scales: Column,
    ) -> Terms:
        """What :meth:`state` gave, as a dictionary; the columns may be read-only."""
        made = cls()
        made._written, made._long = terms, long
        made._numbers = dict(zip(terms, range(len(terms)), strict=True))
        made._numbers.update(also)
        made._kinds, made._values, made._scales = kinds, values, scales
        return made

    def __len__(self) -> int:
        return len(self._written)

    def __getitem__(self, number: int) -> Term:
        return self.terms((number,))[0]

    def number(self, term: Term) -> int:
        """The number of a term, a new one where it has none."""
        return self.numbers((str(term).encode(),))[0]

    def find(self, term: Term) -> int:
        """The number of a term, or ``UNBOUND`` where it has none."""
        return self.place(str(term).encode())

    def place(self, text: bytes) -> int:
        """The number of a term as N-Triples writes it, or ``UNBOUND`` where it has none."""
        found = self._numbers.get(text)
        if found is None:
            return self._numbers.get(_read(text)[0], UNBOUND) if text[:1] == b'"' else UNBOUND
        return found

    def numbers(self, texts: Sequence[bytes]) -> list[int]:
        """The numbers of terms as N-Triples writes them (and pyoxigraph does), new ones where they have none."""
        known = self._numbers
        fresh = [text for text in dict.fromkeys(texts) if text not in known]
        if fresh:
            self._add(fresh)
        return list(map(known.__getitem__, texts))

    def nameless(self, count: int) -> Ids:
        """Numbers of new resources that no fact speaks of; they can be joined and passed on, but not written."""
        first = len(self._written)
        self._grow(count)
        self._written += [b""] * count
        self._kinds[first : first + count] = Kind.RESOURCE
        return np.arange(first, first + count, dtype=np.int32)

    def name(self, ids: Ids) -> None:
        """Give names, by which they can be written, but not looked up, to those that have none."""
        for number in ids.tolist():
            self._written[number] = self._written[number] or b"<%b%d>" % (NAMELESS, number)

    def encode(self, triples: Iterable[Triple] | Iterable[Quad]) -> Rows:
        """Triples as rows of three numbers."""
        # A term of a Python triple takes longer to make and look up than its N-Triples to write, cut and look up.
        rest, found = iter(triples), []
        while chunk := list(islice(rest, _CHUNK)):
            text = serialize(chunk, format=RdfFormat.N_TRIPLES)  # type: ignore[arg-type]  # they are of one kind
            found.append(self.encoded(text or b""))
        return np.concatenate(found) if found else np.empty((0, 3), np.int32)

    def encoded(self, ntriples: bytes) -> Rows:
        """N-Triples, written as pyoxigraph writes them, as rows of three numbers."""
        parts = list(chain.from_iterable([line.split(b" ", 2) for line in ntriples.split(b" .\n")[:-1]]))
        return np.array(self.numbers(parts), np.int32).reshape(-1, 3)

    def taken(self, rows: Rows, other: Terms) -> Rows:
        """Rows by the numbers of another dictionary, by those of this one."""
        distinct, places = np.unique(rows, return_inverse=True)
        written_ = other._written
        own = np.array(self.numbers([written_[number] for number in distinct.tolist()]), np.int32)
        return own[places].reshape(rows.shape)

    def decoded(self, rows: Rows) -> list[Triple]:
        """The triples that rows of three numbers stand for."""
        written_ = self._written
        lines = b"".join(b"%b %b %b .\n" % (written_[s], written_[p], written_[o]) for s, p, o in rows.tolist())
        return [quad.triple for quad in parse(lines, format=RdfFormat.N_TRIPLES)]

    def terms(self, ids: Iterable[int]) -> list[Term]:
        """The terms of some numbers."""
        written_ = self._written
        lines = b"".join(b"<urn:x> <urn:x> %b .\n" % written_[number] for number in ids)
        return [quad.object for quad in parse(lines, format=RdfFormat.N_TRIPLES)]

    def names(self, ids: Ids) -> list[str]:
        """The IRIs of resources, and the labels of blank nodes."""
        written_ = self._written
        return [written_[number].strip(b"<>").removeprefix(b"_:").decode() for number in ids.tolist()]

    def named(self, ids: Ids) -> NDArray[np.bool_]:
        """Which terms are IRIs."""
        return np.array([number >= 0 and self._written[number][:1] == b"<" for number in ids.tolist()], np.bool_)

    def kinds(self, ids: Ids) -> NDArray[np.int8]:
        """The ``Kind`` of each term; what it says where there is none means nothing."""
        return self._kinds[: len(self._written) + 1][ids]

    def values(self, ids: Ids) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
        """Numbers as integers and how many of their digits are decimals; days of dates, 0 and 1 of booleans.

        The integers are Python's own where one of them is too long for a column.
        """
        # One row more than there are terms: an unbound place reads the last one.
        rows = len(self._written) + 1
        values, scales = self._values[:rows][ids], self._scales[:rows][ids]
        if self._long and not self._long.keys().isdisjoint(once(ids).tolist()):
            exact = values.astype(object)
            for number, value in self._long.items():
                exact[ids == number] = value
            return exact, scales
        return values, scales

    def texts(self, ids: Ids) -> list[str]:
        """What ``STR`` says of each term; raises Unsupported for a blank node."""
        return [text.decode() for text in self.words(ids)]

    def words(self, ids: Ids) -> list[bytes]:
        """What ``STR`` says of each term, in UTF-8; raises Unsupported for a blank node."""
        texts = list(map(self._written.__getitem__, ids.tolist()))
        heads = b"".join([text[:2] for text in texts])
        if b"<<" not in heads and not heads[::2].strip(b"<"):
            return [text[1:-1] for text in texts]
        if b"<<" not in heads and not heads[::2].strip(b'<"') and b"\\" not in b"".join(texts):
            # Quotes do not stand in a datatype or a language.
            return [
                text[1:-1] if text[-1:] == b'"' or text[:1] == b"<" else text[1 : text.rindex(b'"')] for text in texts
            ]
        found = []
        for number, text in zip(ids.tolist(), texts, strict=True):
            if text[:1] == b'"':
                inner = text[1 : text.rindex(b'"')]
                if b"\\" in inner:
                    inner = self[number].value.encode()  # type: ignore[union-attr]
                found.append(inner)
            elif text[:1] == b"<" and text[:2] != b"<<":
                found.append(text[1:-1])
            else:
                raise Unsupported("STR of a blank node")
        return found

    def languages(self, ids: Ids) -> list[bytes]:
        """The language of each term, an empty text where it has none."""
        written_ = self._written
        texts = (written_[number] for number in ids.tolist())
        return [b"" if text[:1] != b'"' or text[-1:] in b'">' else text[text.rindex(b"@") + 1 :] for text in texts]

    def datatypes(self, ids: Ids) -> Ids:
        """The number of the datatype of each term, ``UNBOUND`` where it is no literal."""
        found = []
        for number in ids.tolist():
            text = self._written[number] if number != UNBOUND else b""
            if text[:1] != b'"':
                found.append(UNBOUND)
            elif text[-1:] == b">":
                found.append(self.numbers((text[text.rindex(b'"') + 3 :],))[0])
            else:
                found.append(self.number(_STRING if text[-1:] == b'"' else _TAGGED))
        return np.array(found, np.int32)

    def _add(self, fresh: list[bytes]) -> None:
        self._grow(len(fresh))
        kinds, values, scales, known = self._kinds, self._values, self._scales, self._numbers
        number = len(self._written)
        for text in fresh:
            if text in known:
                continue
            if text[:1] == b'"':
                own, kind, value, scale = _read(text)
                if own != text:
                    if own not in known:
                        self._numbers[own] = number
                    else:
                        known[text] = known[own]
                        continue
                kinds[number], scales[number] = kind, min(scale, 127)
                if -_WIDTH < value < _WIDTH:
                    values[number] = value
                else:
                    self._long[number] = value
            else:
                own = text
                kinds[number] = Kind.RESOURCE
            known[text] = number
            self._written.append(own)
            number += 1

    def _grow(self, count: int) -> None:
        """Make room for more terms, and one row behind them."""
        needed, room = len(self._written) + count + 1, len(self._kinds)
        if needed > room:
            more = max(needed, 2 * room) - room
            self._kinds = np.append(self._kinds, np.full(more, Kind.ODD, np.int8))
            self._values = np.append(self._values, np.zeros(more, np.int64))
            self._scales = np.append(self._scales, np.zeros(more, np.int8))


def _read(text: bytes) -> tuple[bytes, int, int, int]:
    """How a literal that stands for all that mean the same is written, its kind, and its value with its decimals."""
    if text[:1] != b'"':
        return text, Kind.RESOURCE, 0, 0
    if text[-1:] == b'"':
        return text, Kind.STRING, 0, 0
    if text[-1:] != b">":
        return text, Kind.TEXT, 0, 0
    inner, _, datatype = text[1:].rpartition(b'"^^')
    if len(inner) > _LONGEST:
        return text, Kind.ODD, 0, 0
    if datatype == _INTEGERS and _INTEGER.fullmatch(inner):
        value = int(inner)
        return integer(value), Kind.INTEGER, value, 0
    if datatype == _DECIMALS and _DECIMAL.fullmatch(inner):
        return _decimal(inner.decode())
    if datatype == _BOOLEAN and inner in _BOOLEANS:
        value = _BOOLEANS[inner]
        return boolean(bool(value)), Kind.BOOLEAN, value, 0
    if datatype == _DATES and _DATE.fullmatch(inner):
        try:
            return text, Kind.DATE, date.fromisoformat(inner.decode()).toordinal(), 0
        except ValueError:
            pass
    return text, Kind.ODD, 0, 0


def once(column: NDArray[Number]) -> NDArray[Number]:
    """The values of a column, each once, sorted."""
    # numpy's own unique takes ten times as long for many of them, as it hashes them first.
    column = np.sort(column)
    new = np.empty(len(column), np.bool_)
    new[:1] = True
    np.not_equal(column[1:], column[:-1], out=new[1:])
    return column[new]


def integer(value: int) -> bytes:
    """A whole number as N-Triples writes it."""
    return b'"%d"^^%b' % (value, _INTEGERS)


def decimal(value: int, scale: int) -> bytes:
    """A decimal as N-Triples writes it."""
    return b'"%b"^^%b' % (written(value, scale).encode(), _DECIMALS)


def boolean(value: bool) -> bytes:
    """A truth as N-Triples writes it."""
    return b'"%b"^^%b' % (b"true" if value else b"false", _BOOLEAN)


def string(text: bytes) -> bytes:
    """A text as N-Triples writes it."""
    return b'"%b"' % text if _PLAIN.fullmatch(text) else str(Literal(text.decode())).encode()


def _decimal(text: str) -> tuple[bytes, int, int, int]:
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    if len(fraction) > 100:
        return b'"%b"^^%b' % (text.encode(), _DECIMALS), Kind.ODD, 0, 0
    value = int(whole.lstrip("+-") + fraction or "0")
    value = -value if text.startswith("-") else value
    return decimal(value, len(fraction)), Kind.DECIMAL, value, len(fraction)


def written(value: int, scale: int) -> str:
    """A decimal as text, without zeros at its end."""
    digits = str(abs(value)).rjust(scale + 1, "0")
    whole, fraction = digits[: len(digits) - scale], digits[len(digits) - scale :].rstrip("0")
    return ("-" if value < 0 else "") + whole + ("." + fraction if fraction else "")
