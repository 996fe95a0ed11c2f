"""All that one judgement knows, in columns over one dictionary of terms, from reading to explaining."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pyoxigraph import Triple

from guiju.columnar.facts import Facts, Together
from guiju.columnar.run import Engine
from guiju.columnar.terms import Terms
from guiju.columnar.validate import Shapes
from guiju.completion import index


@dataclass(frozen=True)
class Known:
    """What of the knowledge base derivations and questions read, encoded once for all judgements."""

    terms: Terms
    vocabulary: Facts
    """What derivations read."""
    asked: Facts
    """What the queries for verdicts and explanations read."""
    days: Facts
    """The days of the calendar, for both."""
    shapes: Shapes
    """The completed shapes."""

    @classmethod
    def of(
        cls,
        vocabulary: Iterable[Triple],
        asked: Iterable[Triple],
        days: Iterable[Triple],
        shapes: Iterable[Triple],
    ) -> Known:
        terms = Terms()
        parts = Facts(terms), Facts(terms), Facts(terms)
        for part, triples in zip(parts, (vocabulary, asked, days), strict=True):
            part.take_in(triples)
        return cls(terms, *parts, Shapes.of(index(shapes), terms))


class Columns:
    """The facts of one judgement, what follows from them, and what they are judged by.

    ``told`` is facts and conclusions; ``days`` the calendar, all of it, since an explanation may name a day that no
    fact does; ``stated`` what judging adds (shapes in force, results, verdicts).
    """

    def __init__(self, known: Known) -> None:
        # Terms of a stranger's facts are not to stay with the knowledge base.
        self.terms = known.terms.copy()
        self.vocabulary, self.asked = known.vocabulary.copy(self.terms), known.asked.copy(self.terms)
        self.shapes = known.shapes
        self.days = known.days.copy(self.terms)
        self.told, self.stated = Facts(self.terms), Facts(self.terms)
        self.checking = Engine(self.terms, Together(self.told, self.vocabulary), bounded=True)
        """Asked whether what was told can be used."""
        self.deriving = Engine(self.terms, Together(self.told, self.days, self.vocabulary), bounded=True)
        """Asked by derivations."""
        self.validating = Engine(self.terms, self.told.relations)
        """Asked by shapes, which look at nothing but facts and conclusions."""
        self.judging = Engine(self.terms, Together(self.told, self.days, self.asked, self.stated))
        """Asked for verdicts and explanations."""
