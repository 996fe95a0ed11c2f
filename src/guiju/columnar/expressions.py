"""Expressions over whole columns: numbers exact at any length, errors as SPARQL has them, nothing guessed.

A value is a column with a mask of the rows that have one; the others are errors or unbound, which filters treat alike.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyoxigraph import NamedNode

from guiju.columnar.plan import (
    All,
    Arithmetic,
    Call,
    Compare,
    Const,
    Either,
    Exists,
    Expression,
    Not,
    OneOf,
    Var,
    mentioned,
)
from guiju.columnar.table import Mask, Table
from guiju.columnar.terms import UNBOUND, Ids, Kind, Terms, Unsupported, boolean, decimal, integer, string, written

_LIMIT = 2**62
_POWERS = tuple(10**power for power in range(256))
_IRI = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/#?&=+-]+")
_ONE_OF = re.compile(rb"\[[/#:;,]+\]")
_PLAIN = re.compile(rb"[A-Za-z0-9 _:/#-]+")
_EPOCH = 719163
"""The number of 1 January 1970."""
DIGITS, BITS = 18, 127
"""How many decimals a number has and how long it can be, all its decimals included, where derivations compute it."""


def marked(*kinds: int) -> NDArray[np.bool_]:
    """For each kind whether it is one of some, to be looked up by a column of kinds."""
    return np.array([kind in kinds for kind in range(Kind.ODD + 1)], np.bool_)


_NUMBERS = marked(Kind.INTEGER, Kind.DECIMAL)
_TRUE_OR_FALSE = marked(Kind.BOOLEAN, Kind.INTEGER, Kind.DECIMAL)
_UNDECIDED = marked(Kind.ODD, Kind.STRING, Kind.TEXT)
_UNCOUNTED = marked(Kind.ODD, Kind.DATE)
_WORDS = marked(Kind.STRING, Kind.TEXT)

Places = NDArray[np.int64]
Exact = NDArray[Any]
"""Integers: of 64 bits, or Python's own where one of them might not fit."""


@dataclass(slots=True)
class Nodes:
    """Terms by their numbers; ``UNBOUND`` where there is none."""

    ids: Ids

    @property
    def valid(self) -> Mask:
        return np.asarray(self.ids != UNBOUND)


@dataclass(slots=True)
class Numbers:
    """Integers, each divided by ten as often as ``scale`` says; ``whole`` marks those of type xsd:integer."""

    values: Exact
    scale: int
    valid: Mask
    whole: Mask


@dataclass(slots=True)
class Truths:
    values: Mask
    valid: Mask


@dataclass(slots=True)
class Texts:
    """Texts in UTF-8; IRIs where they are named so."""

    values: list[bytes]
    valid: Mask
    iris: bool = False


Value = Nodes | Numbers | Truths | Texts
Seen = Callable[[Exists, Table], Mask]


class Evaluator:
    """Computes expressions; ``seen`` says for which rows of a table an EXISTS holds.

    ``bounded`` takes what is longer than ``DIGITS`` or ``BITS`` for an error, and cuts quotients there, as Oxigraph
    does, by which derivations are defined; otherwise numbers are of any length, and few quotients are taken.
    """

    def __init__(self, terms: Terms, seen: Seen, bounded: bool = False) -> None:
        self._terms, self._seen, self._bounded = terms, seen, bounded

    def holds(self, expression: Expression, table: Table) -> Mask:
        """The rows that a filter lets through."""
        found = self._truths(expression, table)
        return found.values & found.valid

    def column(self, expression: Expression, table: Table) -> Ids:
        """The term numbers of what an expression comes to; ``UNBOUND`` where it is an error."""
        if isinstance(expression, Var):
            return table[expression.name]
        # A text is put together once for all rows that have the same parts.
        names = sorted(mentioned(expression) & table.columns.keys())
        if not names:
            return np.repeat(self.ids(self._value(expression, Table({}, 1))), table.length)
        asked, which = table.only(names).distinct()
        return self.ids(self._value(expression, asked))[which]

    def ids(self, value: Value) -> Ids:
        """A value as a column of term numbers."""
        if isinstance(value, Nodes):
            return value.ids
        if isinstance(value, Truths):
            no, yes = self._terms.numbers([boolean(False), boolean(True)])
            return np.where(value.valid, np.where(value.values, np.int32(yes), np.int32(no)), np.int32(UNBOUND))
        made: list[bytes]
        if isinstance(value, Texts):
            made = [b"<%b>" % text for text in value.values] if value.iris else [string(text) for text in value.values]
        else:
            pairs = zip(value.values.tolist(), value.whole.tolist(), strict=True)
            scale, power = value.scale, 10**value.scale
            made = [integer(number // power) if whole else decimal(number, scale) for number, whole in pairs]
        numbers = np.array(self._terms.numbers(made), np.int32)
        return np.where(value.valid, numbers, np.int32(UNBOUND))

    def integers(self, values: Exact) -> Ids:
        """Whole numbers as a column of term numbers."""
        return np.array(self._terms.numbers([integer(value) for value in values.tolist()]), np.int32)

    def _value(self, expression: Expression, table: Table) -> Value:
        if isinstance(expression, Var):
            return Nodes(table[expression.name])
        if isinstance(expression, Const):
            return Nodes(np.full(table.length, self._terms.number(expression.term), np.int32))
        if isinstance(expression, Arithmetic):
            return self._arithmetic(expression, table)
        if isinstance(expression, Call) and expression.name != "BOUND":
            return self._call(expression, table)
        return self._truths(expression, table)

    def _truths(self, expression: Expression, table: Table) -> Truths:
        if isinstance(expression, Not):
            inner = self._truths(expression.value, table)
            return Truths(~inner.values, inner.valid)
        if isinstance(expression, All | Either):
            return self._junction(expression.values, isinstance(expression, Either), table)
        if isinstance(expression, Exists):
            return Truths(self._seen(expression, table), np.ones(table.length, np.bool_))
        if isinstance(expression, Compare):
            return self._comparison(expression, table)
        if isinstance(expression, OneOf):
            return self._one_of(expression, table)
        if isinstance(expression, Call) and expression.name == "BOUND":
            (variable,) = expression.values
            if not isinstance(variable, Var):
                raise Unsupported("BOUND of something other than a variable")
            return Truths(table[variable.name] != UNBOUND, np.ones(table.length, np.bool_))
        return self._effective(self._value(expression, table))

    def _junction(self, expressions: tuple[Expression, ...], either: bool, table: Table) -> Truths:
        """AND and OR: a row that one operand decides is not asked of the others."""
        values = np.full(table.length, not either)
        valid = np.ones(table.length, np.bool_)
        for expression in expressions:
            open_ = np.flatnonzero(~(valid & (values == either)))
            if not len(open_):
                break
            found = self._truths(expression, table if len(open_) == table.length else table.take(open_))
            decided = found.valid & (found.values == either)
            values[open_] = np.where(decided, either, values[open_])
            valid[open_] = decided | (valid[open_] & found.valid)
        return Truths(values, valid)

    def _comparison(self, expression: Compare, table: Table) -> Truths:
        if expression.operator in ("=", "!="):
            for one, other in ((expression.left, expression.right), (expression.right, expression.left)):
                if isinstance(one, Const) and isinstance(one.term, NamedNode) and isinstance(other, Var):
                    ids = table[other.name]
                    same = ids == self._terms.number(one.term)
                    return Truths(same if expression.operator == "=" else ~same, ids != UNBOUND)
        left, right = self._value(expression.left, table), self._value(expression.right, table)
        return self._compared(expression.operator, left, right)

    def _one_of(self, expression: OneOf, table: Table) -> Truths:
        value = self._value(expression.value, table)
        if not isinstance(value, Nodes):
            raise Unsupported("IN of something computed")
        values = np.zeros(table.length, np.bool_)
        for const in expression.terms:
            values |= value.ids == self._terms.number(const.term)
        return Truths(values, value.valid)

    def _effective(self, value: Value) -> Truths:
        """The effective boolean value."""
        if isinstance(value, Truths):
            return value
        if isinstance(value, Numbers):
            return Truths(np.asarray(value.values != 0, np.bool_), value.valid)
        if isinstance(value, Texts):
            return Truths(np.array([text != b"" for text in value.values], np.bool_), value.valid)
        kinds, valid = self._terms.kinds(value.ids), value.valid
        if _UNDECIDED[kinds[valid]].any():
            raise Unsupported("the truth of a literal that is neither a number nor a boolean")
        numbers, _ = self._terms.values(value.ids)
        has = valid & _TRUE_OR_FALSE[kinds]
        return Truths(np.asarray(numbers != 0, np.bool_) & has, has)

    def _call(self, call: Call, table: Table) -> Value:
        if call.name == "COALESCE":
            return self._coalesced(call.values, table)
        if call.name == "IF":
            return self._if(call.values, table)
        if call.name == "CONCAT":
            return self._concatenated([self._value(value, table) for value in call.values], table.length)
        if call.name == "REPLACE":
            return self._replaced(call, table)
        if call.name == "STRSTARTS":
            return self._begins(call, table)
        (inner,) = call.values
        if call.name == "FLOOR" and isinstance(inner, Arithmetic) and inner.operator == "/":
            return self._floor_of_quotient(inner, table)
        value = self._value(inner, table)
        if call.name == "STR":
            return self._str(value)
        if call.name == "LANG":
            return self._language(value)
        if call.name == "SHA1":
            texts = self._texts(value)
            return Texts([hashlib.sha1(text).hexdigest().encode() for text in texts.values], texts.valid)
        if call.name in ("DATATYPE", "ISLITERAL"):
            return self._datatype(value) if call.name == "DATATYPE" else self._is_literal(value)
        if call.name in ("IRI", "ISIRI"):
            return self._named(value) if call.name == "IRI" else self._is_named(value)
        if call.name in ("ABS", "FLOOR", "xsd:integer"):
            if isinstance(value, Nodes):
                self._only_numbers(value)
            numbers = self.numbers(value)
            if call.name == "ABS":
                return self.within(Numbers(np.abs(numbers.values), numbers.scale, numbers.valid, numbers.whole))
            whole, rest = _divided(numbers.values, 10**numbers.scale)
            if call.name == "FLOOR":
                return Numbers(whole, 0, numbers.valid, numbers.whole)
            whole = whole + ((whole < 0) & (rest != 0))
            return self.within(Numbers(whole, 0, numbers.valid, np.ones(table.length, np.bool_)))
        return self._part_of_date(call.name, value)

    def _if(self, expressions: tuple[Expression, ...], table: Table) -> Value:
        condition, then, otherwise = expressions
        decided = self._truths(condition, table)
        if not (decided.values & decided.valid).any():
            return _masked(self._value(otherwise, table), decided.valid)
        if (decided.values | ~decided.valid).all():
            return _masked(self._value(then, table), decided.valid)
        yes, no = self._alike([self._value(then, table), self._value(otherwise, table)])
        return _masked(_chosen(decided.values, yes, no), decided.valid)

    def _str(self, value: Value) -> Texts:
        if isinstance(value, Texts):
            return Texts(value.values, value.valid)
        if isinstance(value, Numbers):
            return Texts([written(number, value.scale).encode() for number in value.values.tolist()], value.valid)
        return self._words(self.ids(value))

    def _words(self, ids: Ids) -> Texts:
        valid = np.asarray(ids != UNBOUND)
        if valid.all():
            return Texts(self._terms.words(ids), valid)
        found = iter(self._terms.words(ids[valid]))
        return Texts([next(found) if has else b"" for has in valid.tolist()], valid)

    def _language(self, value: Value) -> Texts:
        if not isinstance(value, Nodes):
            raise Unsupported("LANG of something computed")
        valid = value.valid & (self._terms.kinds(value.ids) != Kind.RESOURCE)
        found = iter(self._terms.languages(value.ids[valid]))
        return Texts([next(found) if has else b"" for has in valid.tolist()], valid)

    def _named(self, value: Value) -> Value:
        if isinstance(value, Nodes) and not self._terms.kinds(value.ids).any():
            return value
        texts = self._texts(value)
        for text, valid in zip(texts.values, texts.valid.tolist(), strict=True):
            if valid and not _IRI.fullmatch(text):
                raise Unsupported("an IRI that is relative or has letters beyond ASCII")
        return Texts(texts.values, texts.valid, iris=True)

    def _is_named(self, value: Value) -> Truths:
        if not isinstance(value, Nodes):
            raise Unsupported("isIRI of something computed")
        return Truths(self._terms.named(value.ids), value.valid)

    def _is_literal(self, value: Value) -> Truths:
        if not isinstance(value, Nodes):
            raise Unsupported("isLiteral of something computed")
        return Truths(self._terms.kinds(value.ids) != Kind.RESOURCE, value.valid)

    def _datatype(self, value: Value) -> Nodes:
        if not isinstance(value, Nodes):
            raise Unsupported("DATATYPE of something computed")
        once, which = np.unique(value.ids, return_inverse=True)
        return Nodes(self._terms.datatypes(once)[which])

    def _begins(self, call: Call, table: Table) -> Truths:
        asked, which = table.only(sorted(mentioned(call) & table.columns.keys())).distinct()
        if asked.columns:
            table = asked
        text, beginning = (self._texts(self._value(value, table)) for value in call.values)
        pairs = zip(text.values, beginning.values, strict=True)
        found = Truths(
            np.array([one.startswith(other) for one, other in pairs], np.bool_), text.valid & beginning.valid
        )
        return Truths(found.values[which], found.valid[which]) if asked.columns else found

    def _replaced(self, call: Call, table: Table) -> Texts:
        value, old, new = call.values
        if not isinstance(old, Const) or not isinstance(new, Const):
            raise Unsupported("REPLACE by something computed")
        pattern, by = (self._terms.words(np.array([self._terms.number(one.term)], np.int32))[0] for one in (old, new))
        # What is replaced may be all up to where some letters, or one of several, stand last.
        until = pattern.startswith(b"^.*")
        pattern = pattern.removeprefix(b"^.*")
        one_of = until and _ONE_OF.fullmatch(pattern)
        if not (one_of or _PLAIN.fullmatch(pattern)) or (by and not _PLAIN.fullmatch(by)):
            raise Unsupported("REPLACE of more than plain letters")
        ends = [bytes((letter,)) for letter in pattern[1:-1]] if one_of else [pattern]
        texts = self._texts(self._value(value, table))
        if until:
            if any(b"\n" in text for text in texts.values):
                raise Unsupported("REPLACE up to some letters in a text of several lines")
            last = [max((text.rfind(end) + len(end) if end in text else -1) for end in ends) for text in texts.values]
            cut = [text if at < 0 else by + text[at:] for text, at in zip(texts.values, last, strict=True)]
            return Texts(cut, texts.valid)
        return Texts([text.replace(pattern, by) for text in texts.values], texts.valid)

    def _concatenated(self, values: list[Value], length: int) -> Texts:
        valid, tagged = np.ones(length, np.bool_), np.ones(length, np.bool_)
        parts: list[list[bytes]] = []
        for value in values:
            if isinstance(value, Texts):
                if value.iris:
                    raise Unsupported("CONCAT of an IRI")
                texts, tagged = value, tagged & False
            elif isinstance(value, Nodes):
                kinds = self._terms.kinds(value.ids)
                if (kinds[value.valid] == Kind.ODD).any():
                    raise Unsupported("CONCAT of a literal that is neither a plain number nor a plain text")
                tagged = tagged & (kinds == Kind.TEXT)
                texts = self._words(np.where(_WORDS[kinds], value.ids, np.int32(UNBOUND)))
            else:
                raise Unsupported("CONCAT of numbers or truths")
            valid &= texts.valid
            parts.append(texts.values)
        if (valid & tagged).any():
            raise Unsupported("CONCAT of nothing but texts with a language")
        return Texts(list(map(b"".join, zip(*parts, strict=True))), valid)

    def _part_of_date(self, name: str, value: Value) -> Numbers:
        if not isinstance(value, Nodes):
            raise Unsupported(f"{name} of something computed")
        kinds = self._terms.kinds(value.ids)
        if (kinds[value.valid] == Kind.ODD).any():
            raise Unsupported(f"{name} of a literal that is no plain date")
        valid = value.valid & (kinds == Kind.DATE)
        days = (self._terms.values(value.ids)[0] - _EPOCH).astype("datetime64[D]")
        months = days.astype("datetime64[M]")
        if name == "DAY":
            numbers = (days - months.astype("datetime64[D]")).astype(np.int64) + 1
        else:
            years = months.astype("datetime64[Y]")
            numbers = years.astype(np.int64) + 1970
            if name == "MONTH":
                numbers = months.astype(np.int64) - years.astype("datetime64[M]").astype(np.int64) + 1
        return Numbers(numbers, 0, valid, np.ones(len(days), np.bool_))

    def _floor_of_quotient(self, quotient: Arithmetic, table: Table) -> Numbers:
        """Exact, unlike the quotient itself, of which engines keep more digits or fewer."""
        upper = self.numbers(self._value(quotient.left, table))
        lower = self.numbers(self._value(quotient.right, table))
        first, second = _aligned(upper, lower)
        none = np.asarray(second == 0, np.bool_)
        whole, _ = _divided(first, np.where(none, 1, second))
        return Numbers(whole, 0, upper.valid & lower.valid & ~none, np.zeros(table.length, np.bool_))

    def _alike(self, values: list[Value]) -> list[Value]:
        """The values as columns of one kind."""
        if all(isinstance(value, Nodes) for value in values):
            return values
        if all(isinstance(value, Texts) and not value.iris for value in values):
            return values
        return [Nodes(self.ids(value)) for value in values]

    def _coalesced(self, expressions: tuple[Expression, ...], table: Table) -> Value:
        """The first value that is no error."""
        found = self._value(expressions[0], table)
        for expression in expressions[1:]:
            if found.valid.all():
                break
            found, other = self._alike([found, self._value(expression, table)])
            found = _chosen(found.valid, found, other)
        return found

    def _arithmetic(self, expression: Arithmetic, table: Table) -> Numbers:
        left = self.numbers(self._value(expression.left, table))
        right = self.numbers(self._value(expression.right, table))
        valid, whole = left.valid & right.valid, left.whole & right.whole
        if expression.operator == "/":
            return self._cut_quotient(left, right) if self._bounded else self._quotient(left, right)
        if expression.operator == "*":
            values = _fitting(left.values, right.values, largest(left.values) * largest(right.values))
            return self.within(Numbers(values[0] * values[1], left.scale + right.scale, valid, whole))
        mine, theirs = _aligned(left, right)
        values = _fitting(mine, theirs, largest(mine) + largest(theirs))
        total = values[0] + values[1] if expression.operator == "+" else values[0] - values[1]
        return self.within(Numbers(total, max(left.scale, right.scale), valid, whole))

    def within(self, numbers: Numbers) -> Numbers:
        """Numbers without those that are too long where numbers are bounded."""
        if not self._bounded:
            return numbers
        values, scale, valid = numbers.values, numbers.scale, numbers.valid
        if scale > DIGITS:
            power = 10 ** (scale - DIGITS)
            cut, rest = _divided(values, power)
            values, scale, valid = cut, DIGITS, valid & np.asarray(rest == 0, np.bool_)
        longest = largest(values)
        if longest >= 2**63 and numbers.whole.any():
            power = 10**scale
            fits = [-(2**63) <= value // power < 2**63 for value in values.tolist()]
            valid = valid & (np.array(fits, np.bool_) | ~numbers.whole)
        if longest * 10 ** (DIGITS - scale) >= 2**BITS:
            limit = 2**BITS // 10 ** (DIGITS - scale)
            valid = valid & np.array([abs(value) <= limit for value in values.tolist()], np.bool_)
        return Numbers(values, scale, valid, numbers.whole)

    def summable(self, values: Exact, scale: int, which: Places, groups: int) -> None:
        """Refuse sums that might be too long on the way: in which order numbers are added is not said."""
        if self._bounded:
            totals = np.zeros(groups, object)
            np.add.at(totals, which, np.abs(values))
            if largest(totals) >= min(2**63 * 10**scale, 2**BITS // 10 ** (DIGITS - scale)):
                raise Unsupported("a sum that may be too long on the way")

    def _quotient(self, left: Numbers, right: Numbers) -> Numbers:
        """Only by a power of ten: of other quotients engines keep more digits or fewer."""
        power = int(right.values[0]) if len(right.values) else 1
        if power not in _POWERS or (right.values != power).any() or right.scale:
            raise Unsupported("division by something other than a power of ten")
        none = np.zeros(len(left.values), np.bool_)
        return Numbers(left.values, left.scale + _POWERS.index(power), left.valid & right.valid, none)

    def _cut_quotient(self, left: Numbers, right: Numbers) -> Numbers:
        """Quotients cut after ``DIGITS`` decimals, and errors where too few digits of them can be had."""
        uppers, lowers = (_raised(numbers, DIGITS).tolist() for numbers in (left, right))
        found = [_cut(upper, lower) for upper, lower in zip(uppers, lowers, strict=True)]
        valid = np.array([value is not None for value in found], np.bool_)
        values = np.array([value or 0 for value in found], object)
        return Numbers(values, DIGITS, left.valid & right.valid & valid, np.zeros(len(found), np.bool_))

    def numbers(self, value: Value) -> Numbers:
        """A column as numbers; what is none is an error."""
        if isinstance(value, Numbers):
            return value
        if not isinstance(value, Nodes):
            raise Unsupported(f"arithmetic with {type(value).__name__.lower()}")
        kinds, valid = self._terms.kinds(value.ids), value.valid
        if _UNCOUNTED[kinds[valid]].any():
            raise Unsupported("arithmetic with a literal that is neither a plain number nor a plain text")
        return self._scaled(value.ids, valid & _NUMBERS[kinds])

    def ordered(self, ids: Ids) -> tuple[Exact, NDArray[np.int8]]:
        """What numbers, days and truths are compared by, and of which kind each is."""
        return self._scaled(ids, ids != UNBOUND).values, self._terms.kinds(ids)

    def plain(self, ids: Ids) -> list[bytes]:
        """What texts without a language say, in UTF-8. Raises Unsupported for other values."""
        if (ids == UNBOUND).any() or (self._terms.kinds(ids) != Kind.STRING).any():
            raise Unsupported("texts with a language, or what is no text, put together")
        return self._terms.words(ids)

    def placed(self, ids: Ids) -> Exact:
        """Of texts or of IRIs, their places in the order of letters."""
        once, which = np.unique(ids, return_inverse=True)
        words = self._terms.words(once)
        places = np.empty(len(once), np.int64)
        places[sorted(range(len(once)), key=words.__getitem__)] = np.arange(len(once))
        return places[which]

    def _scaled(self, ids: Ids, valid: Mask) -> Numbers:
        values, scales = self._terms.values(ids if valid.all() else np.where(valid, ids, np.int32(UNBOUND)))
        scale = int(scales.max(initial=0))
        if self._bounded and (scale > DIGITS or values.dtype == object):
            self._held(values, scales, ids)
        if scale and (scales != scale).any():
            missing = scale - scales.astype(np.int64)
            if values.dtype == object or scale > 18 or largest(values) * _POWERS[scale] >= _LIMIT:
                values = values.astype(object)
                values = values * np.array(_POWERS[: scale + 1], object)[missing]
            else:
                values = values * np.array(_POWERS[: scale + 1], np.int64)[missing]
        return Numbers(values, scale, valid, np.asarray(self._terms.kinds(ids) == Kind.INTEGER))

    def _held(self, values: Exact, scales: NDArray[np.int8], ids: Ids) -> None:
        """Oxigraph holds a longer number as a text."""
        for value, scale, kind in zip(values.tolist(), scales.tolist(), self._terms.kinds(ids).tolist(), strict=True):
            decimals = 0 if scale > DIGITS else DIGITS - scale
            held = -(2**63) <= value < 2**63 if kind == Kind.INTEGER else abs(value) * 10**decimals < 2**BITS
            if not held or scale > DIGITS:
                raise Unsupported("a number that is too long")

    def _compared(self, operator: str, left: Value, right: Value) -> Truths:
        if isinstance(left, Nodes) and isinstance(right, Nodes):
            return self._nodes_compared(operator, left.ids, right.ids)
        if isinstance(left, Texts) or isinstance(right, Texts):
            mine, theirs = self._texts(left), self._texts(right)
            pairs = zip(mine.values, theirs.values, strict=True)
            compare = _OPERATORS[operator]
            return Truths(np.array([compare(a, b) for a, b in pairs], np.bool_), mine.valid & theirs.valid)
        if isinstance(left, Truths) or isinstance(right, Truths):
            raise Unsupported("a comparison of truths")
        self._only_numbers(left)
        self._only_numbers(right)
        numbers, others = self.numbers(left), self.numbers(right)
        first, second = _aligned(numbers, others)
        return Truths(np.asarray(_OPERATORS[operator](first, second), np.bool_), numbers.valid & others.valid)

    def _only_numbers(self, value: Value) -> None:
        if isinstance(value, Nodes):
            kinds = self._terms.kinds(value.ids)[value.valid]
            if not _NUMBERS[kinds].all():
                raise Unsupported("a comparison of a number with something else")

    def _texts(self, value: Value) -> Texts:
        if isinstance(value, Texts) and not value.iris:
            return value
        if not isinstance(value, Nodes) or (self._terms.kinds(value.ids)[value.valid] != Kind.STRING).any():
            raise Unsupported("a comparison of a text with something else")
        return self._words(value.ids)

    def _nodes_compared(self, operator: str, left: Ids, right: Ids) -> Truths:
        mine, theirs = self._terms.kinds(left), self._terms.kinds(right)
        compare = _OPERATORS[operator]
        both = (left != UNBOUND) & (right != UNBOUND)
        values, valid = np.zeros(len(left), np.bool_), both.copy()
        for kind in (Kind.RESOURCE, Kind.DATE, Kind.BOOLEAN):
            same = both & (mine == kind) & (theirs == kind)
            if not same.any():
                continue
            both &= ~same
            if kind == Kind.RESOURCE:
                if operator in ("=", "!="):
                    values[same] = compare(left[same], right[same])
                else:
                    valid &= ~same
            else:
                values[same] = compare(self._terms.values(left[same])[0], self._terms.values(right[same])[0])
        if operator in ("=", "!="):
            # A resource is no literal.
            apart = both & ((mine == Kind.RESOURCE) | (theirs == Kind.RESOURCE))
            values[apart] = operator == "!="
            both &= ~apart
        if not both.any():
            return Truths(values, valid)
        counted = both & _NUMBERS[mine] & _NUMBERS[theirs]
        if counted.any():
            every = counted.all()
            one, other = (left, right) if every else (left[counted], right[counted])
            has = counted if every else counted[counted]
            values[counted] = compare(*_aligned(self._scaled(one, has), self._scaled(other, has)))
        worded = both & (mine == Kind.STRING) & (theirs == Kind.STRING)
        if worded.any():
            pairs = zip(self._terms.words(left[worded]), self._terms.words(right[worded]), strict=True)
            values[worded] = [compare(a, b) for a, b in pairs]
        if (both & ~counted & ~worded).any():
            raise Unsupported("a comparison of values that are not of one kind")
        return Truths(values, valid)


_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _chosen(first: Mask, yes: Value, no: Value) -> Value:
    """Row by row the one or the other, both of one kind."""
    if isinstance(yes, Texts) and isinstance(no, Texts):
        pairs = zip(first.tolist(), yes.values, no.values, strict=True)
        return Texts([one if chosen else other for chosen, one, other in pairs], np.where(first, yes.valid, no.valid))
    assert isinstance(yes, Nodes) and isinstance(no, Nodes)
    return Nodes(np.where(first, yes.ids, no.ids))


def _masked(value: Value, valid: Mask) -> Value:
    if isinstance(value, Nodes):
        return value if valid.all() else Nodes(np.where(valid, value.ids, np.int32(UNBOUND)))
    return replace(value, valid=value.valid & valid)


def _cut(upper: int, lower: int) -> int | None:
    """A quotient of numbers with ``DIGITS`` decimals, both as integers, with as many decimals."""
    if not lower:
        return None
    # As many zeros more as the one can have, and fewer as the other has: what is gained must make up the decimals.
    gained, most = 0, abs(upper)
    while most and most * 10 < 2**BITS:
        most, gained = most * 10, gained + 1
    spared, least = 0, abs(lower)
    while least % 10 == 0:
        least, spared = least // 10, spared + 1
    if gained + spared < DIGITS:
        return None
    quotient = abs(upper) * 10**DIGITS // abs(lower)
    return None if quotient >= 2**BITS else -quotient if (upper < 0) != (lower < 0) else quotient


def _divided(values: Exact, by: Exact | int) -> tuple[Exact, Exact]:
    """The next whole number below each quotient, and what remains."""
    if isinstance(by, int) and by >= _LIMIT:
        values = values.astype(object)
    return values // by, values % by


def largest(values: Exact) -> int:
    """How far from zero a number of a column is at most."""
    if not len(values):
        return 0
    return max(abs(int(values.max())), abs(int(values.min())))


def _fitting(left: Exact, right: Exact, largest: int) -> tuple[Exact, Exact]:
    """Both columns, with Python's own integers where what comes of them might be too long for 64 bits."""
    if largest < _LIMIT and left.dtype != object and right.dtype != object:
        return left, right
    return left.astype(object), right.astype(object)


def _aligned(left: Numbers, right: Numbers) -> tuple[Exact, Exact]:
    """The integers of both at one scale."""
    scale = max(left.scale, right.scale)
    return _raised(left, scale), _raised(right, scale)


def _raised(numbers: Numbers, scale: int) -> Exact:
    power = 10 ** (scale - numbers.scale)
    if power == 1:
        return numbers.values
    too_long = largest(numbers.values) * power >= _LIMIT or power >= _LIMIT
    raised: Exact = (numbers.values.astype(object) if too_long else numbers.values) * power
    return raised
