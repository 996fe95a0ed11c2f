"""Rows as CSV that a spreadsheet opens safely."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

_FORMULA = frozenset("=+@\t\r-")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII)


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The rows below their columns, no cell a formula; begins with the mark without which Chinese is misread."""
    return "\ufeff" + lines([columns]) + lines(rows)


def lines(rows: Iterable[Sequence[str]]) -> str:
    """Rows as lines of CSV, no cell a formula."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([inert(cell) for cell in row] for row in rows)
    return text.getvalue()


def inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: one that begins like it, and is no number, gets a quote."""
    return f"'{cell}" if cell[:1] in _FORMULA and not _NUMBER.fullmatch(cell) else cell
