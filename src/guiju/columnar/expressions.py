"""Expressions over whole columns: numbers exact at any length, errors as SPARQL has them, nothing guessed.

A value is a column with a mask of the rows that have one; the others are errors or unbound, which filters treat alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyoxigraph import Literal, NamedNode

from guiju import keys
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
    Var,
    mentioned,
)
from guiju.columnar.table import Mask, Table
from guiju.columnar.terms import UNBOUND, Ids, Kind, Terms, Unsupported, written

_LIMIT = 2**62
_POWERS = tuple(10**power for power in range(256))
_NUMBERS = (Kind.INTEGER, Kind.DECIMAL)

Exact = NDArray[Any]
"""Integers: of 64 bits, or Python's own where one of them might not fit."""


@dataclass(frozen=True)
class Nodes:
    """Terms by their numbers; ``UNBOUND`` where there is none."""

    ids: Ids

    @property
    def valid(self) -> Mask:
        return np.asarray(self.ids != UNBOUND)


@dataclass(frozen=True)
class Numbers:
    """Integers, each divided by ten as often as ``scale`` says; ``whole`` marks those of type xsd:integer."""

    values: Exact
    scale: int
    valid: Mask
    whole: Mask


@dataclass(frozen=True)
class Truths:
    values: Mask
    valid: Mask


@dataclass(frozen=True)
class Texts:
    values: NDArray[np.object_]
    valid: Mask


Value = Nodes | Numbers | Truths | Texts
Seen = Callable[[Exists, Table], Mask]


class Evaluator:
    """Computes expressions; ``seen`` says for which rows of a table an EXISTS holds."""

    def __init__(self, terms: Terms, seen: Seen) -> None:
        self._terms, self._seen = terms, seen

    def holds(self, expression: Expression, table: Table) -> Mask:
        """The rows that a filter lets through."""
        found = self._truths(expression, table)
        return found.values & found.valid

    def column(self, expression: Expression, table: Table) -> Ids:
        """The term numbers of what an expression comes to; ``UNBOUND`` where it is an error."""
        # A text is put together once for all rows that have the same parts.
        asked, which = table.only(sorted(mentioned(expression))).distinct()
        return self._ids(self._value(expression, asked))[which]

    def _ids(self, value: Value) -> Ids:
        if isinstance(value, Nodes):
            return value.ids
        made: list[Literal]
        if isinstance(value, Texts):
            made = [Literal(text) for text in value.values.tolist()]
        elif isinstance(value, Truths):
            made = [Literal(truth) for truth in value.values.tolist()]
        else:
            pairs = zip(value.values.tolist(), value.whole.tolist(), strict=True)
            made = [_literal(number, value.scale, whole) for number, whole in pairs]
        numbers = [self._terms.number(term) for term in made]
        return np.where(value.valid, np.array(numbers, np.int32), np.int32(UNBOUND))

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
            left, right = self._value(expression.left, table), self._value(expression.right, table)
            return self._compared(expression.operator, left, right)
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

    def _effective(self, value: Value) -> Truths:
        """The effective boolean value."""
        if isinstance(value, Truths):
            return value
        if isinstance(value, Numbers):
            return Truths(np.asarray(value.values != 0, np.bool_), value.valid)
        if isinstance(value, Texts):
            return Truths(np.array([text != "" for text in value.values], np.bool_), value.valid)
        kinds, valid = self._terms.kinds(value.ids), value.valid
        if np.isin(kinds[valid], (Kind.ODD, Kind.STRING, Kind.TEXT)).any():
            raise Unsupported("the truth of a literal that is neither a number nor a boolean")
        numbers, _ = self._terms.values(value.ids)
        has = valid & np.isin(kinds, (Kind.BOOLEAN, *_NUMBERS))
        return Truths(np.asarray(numbers != 0, np.bool_) & has, has)

    def _call(self, call: Call, table: Table) -> Value:
        if call.name == "COALESCE":
            return self._coalesced([self._value(value, table) for value in call.values])
        if call.name == "IF":
            condition, then, otherwise = call.values
            decided = self._truths(condition, table)
            yes, no = self._alike([self._value(then, table), self._value(otherwise, table)])
            return _masked(_chosen(decided.values, yes, no), decided.valid)
        if call.name == "CONCAT":
            return self._concatenated([self._value(value, table) for value in call.values], table.length)
        (inner,) = call.values
        if call.name == "FLOOR" and isinstance(inner, Arithmetic) and inner.operator == "/":
            return self._floor_of_quotient(inner, table)
        value = self._value(inner, table)
        if call.name == "STR":
            return self._str(value)
        if call.name == "LANG":
            return self._language(value)
        if call.name in ("FLOOR", "xsd:integer"):
            if isinstance(value, Nodes):
                self._only_numbers(value)
            numbers = self._numbers(value)
            whole, rest = _divided(numbers.values, 10**numbers.scale)
            if call.name == "FLOOR":
                return Numbers(whole, 0, numbers.valid, numbers.whole)
            whole = whole + ((whole < 0) & (rest != 0))
            return Numbers(whole, 0, numbers.valid, np.ones(table.length, np.bool_))
        return self._part_of_date(call.name, value)

    def _str(self, value: Value) -> Texts:
        if isinstance(value, Texts):
            return value
        if isinstance(value, Numbers):
            written_ = [written(number, value.scale) for number in value.values.tolist()]
            return Texts(np.array(written_, object), value.valid)
        ids = self._ids(value)
        valid = np.asarray(ids != UNBOUND)
        texts = np.full(len(ids), "", object)
        texts[valid] = self._terms.texts(ids[valid])
        return Texts(texts, valid)

    def _language(self, value: Value) -> Texts:
        if not isinstance(value, Nodes):
            raise Unsupported("LANG of something computed")
        texts = np.full(len(value.ids), "", object)
        texts[value.valid] = self._terms.languages(value.ids[value.valid])
        return Texts(texts, value.valid & (self._terms.kinds(value.ids) != Kind.RESOURCE))

    def _concatenated(self, values: list[Value], length: int) -> Texts:
        valid, tagged = np.ones(length, np.bool_), np.ones(length, np.bool_)
        parts: list[list[str]] = []
        for value in values:
            if isinstance(value, Texts):
                texts, tagged = value, tagged & False
            elif isinstance(value, Nodes):
                kinds = self._terms.kinds(value.ids)
                if (kinds[value.valid] == Kind.ODD).any():
                    raise Unsupported("CONCAT of a literal that is neither a plain number nor a plain text")
                tagged = tagged & (kinds == Kind.TEXT)
                worded = value.valid & np.isin(kinds, (Kind.STRING, Kind.TEXT))
                texts = self._str(Nodes(np.where(worded, value.ids, np.int32(UNBOUND))))
            else:
                raise Unsupported("CONCAT of numbers or truths")
            valid &= texts.valid
            parts.append(texts.values.tolist())
        if (valid & tagged).any():
            raise Unsupported("CONCAT of nothing but texts with a language")
        return Texts(np.array(["".join(row) for row in zip(*parts, strict=True)], object), valid)

    def _part_of_date(self, name: str, value: Value) -> Numbers:
        if not isinstance(value, Nodes):
            raise Unsupported(f"{name} of something computed")
        kinds = self._terms.kinds(value.ids)
        if (kinds[value.valid] == Kind.ODD).any():
            raise Unsupported(f"{name} of a literal that is no plain date")
        valid = value.valid & (kinds == Kind.DATE)
        days = self._terms.values(value.ids)[0]
        numbers = np.zeros(len(days), np.int64)
        numbers[valid] = [getattr(date.fromordinal(day), name.lower()) for day in days[valid].tolist()]
        return Numbers(numbers, 0, valid, np.ones(len(days), np.bool_))

    def _floor_of_quotient(self, quotient: Arithmetic, table: Table) -> Numbers:
        """Exact, unlike the quotient itself, of which engines keep more digits or fewer."""
        upper = self._numbers(self._value(quotient.left, table))
        lower = self._numbers(self._value(quotient.right, table))
        first, second = _aligned(upper, lower)
        none = np.asarray(second == 0, np.bool_)
        whole, _ = _divided(first, np.where(none, 1, second))
        return Numbers(whole, 0, upper.valid & lower.valid & ~none, np.zeros(table.length, np.bool_))

    def _alike(self, values: list[Value]) -> list[Value]:
        """The values as columns of one kind."""
        if all(isinstance(value, Texts) for value in values) or all(isinstance(value, Nodes) for value in values):
            return values
        return [Nodes(self._ids(value)) for value in values]

    def _coalesced(self, values: list[Value]) -> Value:
        """The first value that is no error."""
        found, *others = self._alike(values)
        for value in others:
            found = _chosen(found.valid, found, value)
        return found

    def _arithmetic(self, expression: Arithmetic, table: Table) -> Numbers:
        left = self._numbers(self._value(expression.left, table))
        right = self._numbers(self._value(expression.right, table))
        valid, whole = left.valid & right.valid, left.whole & right.whole
        if expression.operator == "/":
            return self._quotient(left, right)
        if expression.operator == "*":
            values = _fitting(left.values, right.values, _largest(left.values) * _largest(right.values))
            return Numbers(values[0] * values[1], left.scale + right.scale, valid, whole)
        mine, theirs = _aligned(left, right)
        values = _fitting(mine, theirs, _largest(mine) + _largest(theirs))
        total = values[0] + values[1] if expression.operator == "+" else values[0] - values[1]
        return Numbers(total, max(left.scale, right.scale), valid, whole)

    def _quotient(self, left: Numbers, right: Numbers) -> Numbers:
        """Only by a power of ten: of other quotients engines keep more digits or fewer."""
        power = int(right.values[0]) if len(right.values) else 1
        if power not in _POWERS or (right.values != power).any() or right.scale:
            raise Unsupported("division by something other than a power of ten")
        none = np.zeros(len(left.values), np.bool_)
        return Numbers(left.values, left.scale + _POWERS.index(power), left.valid & right.valid, none)

    def _numbers(self, value: Value) -> Numbers:
        """A column as numbers; what is none is an error."""
        if isinstance(value, Numbers):
            return value
        if not isinstance(value, Nodes):
            raise Unsupported(f"arithmetic with {type(value).__name__.lower()}")
        kinds, valid = self._terms.kinds(value.ids), value.valid
        if np.isin(kinds[valid], (Kind.ODD, Kind.DATE)).any():
            raise Unsupported("arithmetic with a literal that is neither a plain number nor a plain text")
        return self._scaled(value.ids, valid & np.isin(kinds, _NUMBERS))

    def _scaled(self, ids: Ids, valid: Mask) -> Numbers:
        values, scales = self._terms.values(np.where(valid, ids, np.int32(UNBOUND)))
        scale = int(scales.max(initial=0))
        missing = scale - scales.astype(np.int64)
        if missing.any():
            if values.dtype == object or scale > 18 or _largest(values) * _POWERS[scale] >= _LIMIT:
                values = values.astype(object)
                values = values * np.array(_POWERS[: scale + 1], object)[missing]
            else:
                values = values * np.array(_POWERS[: scale + 1], np.int64)[missing]
        return Numbers(values, scale, valid, np.asarray(self._terms.kinds(ids) == Kind.INTEGER))

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
        numbers, others = self._numbers(left), self._numbers(right)
        first, second = _aligned(numbers, others)
        return Truths(np.asarray(_OPERATORS[operator](first, second), np.bool_), numbers.valid & others.valid)

    def _only_numbers(self, value: Value) -> None:
        if isinstance(value, Nodes):
            kinds = self._terms.kinds(value.ids)[value.valid]
            if not np.isin(kinds, _NUMBERS).all():
                raise Unsupported("a comparison of a number with something else")

    def _texts(self, value: Value) -> Texts:
        if isinstance(value, Texts):
            return value
        if not isinstance(value, Nodes) or (self._terms.kinds(value.ids)[value.valid] != Kind.STRING).any():
            raise Unsupported("a comparison of a text with something else")
        texts = np.full(len(value.ids), "", object)
        texts[value.valid] = self._terms.texts(value.ids[value.valid])
        return Texts(texts, value.valid)

    def _nodes_compared(self, operator: str, left: Ids, right: Ids) -> Truths:
        mine, theirs = self._terms.kinds(left), self._terms.kinds(right)
        compare = _OPERATORS[operator]
        both = (left != UNBOUND) & (right != UNBOUND)
        values, valid = np.zeros(len(left), np.bool_), both.copy()
        resources = both & (mine == Kind.RESOURCE) & (theirs == Kind.RESOURCE)
        if operator in ("=", "!="):
            values[resources] = (left == right)[resources] == (operator == "=")
        else:
            valid &= ~resources
        counted = both & np.isin(mine, _NUMBERS) & np.isin(theirs, _NUMBERS)
        for kind in (Kind.DATE, Kind.BOOLEAN):
            same = both & (mine == kind) & (theirs == kind)
            if same.any():
                values[same] = _OPERATORS[operator](
                    self._terms.values(left[same])[0], self._terms.values(right[same])[0]
                )
            both &= ~same
        if counted.any():
            numbers, others = (
                self._scaled(left[counted], counted[counted]),
                self._scaled(right[counted], counted[counted]),
            )
            values[counted] = _OPERATORS[operator](*_aligned(numbers, others))
        worded = both & (mine == Kind.STRING) & (theirs == Kind.STRING)
        if worded.any():
            pairs = zip(self._terms.texts(left[worded]), self._terms.texts(right[worded]), strict=True)
            values[worded] = [compare(a, b) for a, b in pairs]
        if (both & ~resources & ~counted & ~worded).any():
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


def _literal(number: int, scale: int, whole: bool) -> Literal:
    if whole:
        return Literal(str(number), datatype=NamedNode(keys.XSD + "integer"))
    return Literal(written(number, scale), datatype=NamedNode(keys.XSD + "decimal"))


def _chosen(first: Mask, yes: Value, no: Value) -> Value:
    """Row by row the one or the other, both of one kind."""
    if isinstance(yes, Texts) and isinstance(no, Texts):
        return Texts(np.where(first, yes.values, no.values), np.where(first, yes.valid, no.valid))
    assert isinstance(yes, Nodes) and isinstance(no, Nodes)
    return Nodes(np.where(first, yes.ids, no.ids))


def _masked(value: Value, valid: Mask) -> Value:
    if isinstance(value, Texts):
        return Texts(value.values, value.valid & valid)
    assert isinstance(value, Nodes)
    return Nodes(np.where(valid, value.ids, np.int32(UNBOUND)))


def _divided(values: Exact, by: Exact | int) -> tuple[Exact, Exact]:
    """The next whole number below each quotient, and what remains."""
    if isinstance(by, int) and by >= _LIMIT:
        values = values.astype(object)
    return values // by, values % by


def _largest(values: Exact) -> int:
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
    too_long = _largest(numbers.values) * power >= _LIMIT or power >= _LIMIT
    raised: Exact = (numbers.values.astype(object) if too_long else numbers.values) * power
    return raised
