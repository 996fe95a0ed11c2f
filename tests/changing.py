"""Random changes of facts: what a pipeline might send next, sound or not; the same seed gives the same changes.

Values, days, kinds and judgements change, facts come and go, holdings and dealings tie institutions together and part
them, submissions arrive and are withdrawn; now and then something is sent twice, or was never there.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pyoxigraph import Literal, NamedNode, Triple

from guiju import keys

_TYPE = NamedNode(keys.RDF + "type")
_DECIMAL, _DATE = NamedNode(keys.XSD + "decimal"), NamedNode(keys.XSD + "date")
_FACTORS = ("0", "-1", "999999999.99", "10000000000", "0.5", "1", "0.000000000000000001")
_DAYS = ("2012-02-29", "2018-06-28", "2018-06-29", "2019-10-01", "2020-12-31", "2021-03-31", "2026-12-31")
_CLASSES = (
    "CommercialBank", "ListedCompany", "UnlistedCompany", "NonFinancialEnterprise", "FinancialAssetInvestmentCompany",
    "FinancialAssetManagementCompany", "DomesticLegalPerson", "NaturalPerson",
)  # fmt: skip


@dataclass(frozen=True)
class Change:
    """What is sent: statements to add and to remove, and what it is meant to be."""

    kind: str
    added: list[Triple] = field(default_factory=list)
    removed: list[Triple] = field(default_factory=list)


class Changes:
    """Draws changes of the facts that it has seen; :meth:`took` tells it what became of one."""

    def __init__(self, facts: Sequence[Triple], rng: random.Random, further: Sequence[Sequence[Triple]]) -> None:
        """``further`` are the facts of submissions that are not yet there."""
        self._rng = rng
        self._about: dict[NamedNode, dict[Triple, None]] = defaultdict(dict)
        self._subjects: list[NamedNode] = []
        self._further = [list(each) for each in further]
        self._number = 0
        self._undone: list[Change] = []
        for triple in facts:
            self._add(triple)

    def took(self, change: Change) -> None:
        """A change was accepted."""
        for triple in change.removed:
            self._about[_subject(triple)].pop(triple, None)
        for triple in change.added:
            self._add(triple)
        self._undone.append(Change(f"undo {change.kind}", change.removed, change.added))

    def draw(self) -> Change:
        """The next change."""
        kinds: list[tuple[int, Callable[[], Change | None]]] = [
            (6, self._value), (4, self._day), (4, self._tie), (3, self._part), (3, self._class), (3, self._word),
            (3, self._without), (3, self._figure), (2, self._statement), (2, self._arrival), (1, self._withdrawal),
            (1, self._as_of), (2, self._again), (1, self._never_there), (4, self._undo), (2, self._complete),
        ]  # fmt: skip
        weights = [weight for weight, _ in kinds]
        while True:
            found = self._rng.choices(kinds, weights)[0][1]()
            if found is not None and (found.added or found.removed):
                return found

    def _add(self, triple: Triple) -> None:
        subject = _subject(triple)
        if subject not in self._about:
            self._subjects.append(subject)
        self._about[subject][triple] = None

    def _some(self, suits: Callable[[Triple], bool]) -> Triple | None:
        """A statement that suits, of one of some subjects; None where none of them has one."""
        for _ in range(60):
            found = [triple for triple in self._about[self._rng.choice(self._subjects)] if suits(triple)]
            if found:
                return self._rng.choice(found)
        return None

    def _replaced(self, kind: str, triple: Triple | None, value: NamedNode | Literal) -> Change | None:
        if triple is None:
            return None
        return Change(kind, [Triple(triple.subject, triple.predicate, value)], [triple])

    def _value(self) -> Change | None:
        found = self._some(lambda t: isinstance(t.object, Literal) and t.object.datatype == _DECIMAL)
        return self._replaced("value", found, Literal(self._rng.choice(_FACTORS), datatype=_DECIMAL))

    def _day(self) -> Change | None:
        found = self._some(lambda t: _is_day(t) and t.predicate.value != keys.GJ + "asOf")
        return self._replaced("day", found, Literal(self._rng.choice(_DAYS), datatype=_DATE))

    def _as_of(self) -> Change | None:
        found = self._some(lambda t: _is_day(t) and t.predicate.value == keys.GJ + "asOf")
        return self._replaced("as of", found, Literal(self._rng.choice(_DAYS), datatype=_DATE))

    def _word(self) -> Change | None:
        """A kind, criterion, judgement or basis becomes that of something else."""
        names = {keys.GJ + name for name in ("kind", "criterion", "judgement", "metric", "fundSource", "feature")}
        found = self._some(lambda t: t.predicate.value in names)
        other = self._some(lambda t: found is not None and t.predicate == found.predicate)
        return None if other is None else self._replaced("word", found, other.object)  # type: ignore[arg-type]

    def _class(self) -> Change | None:
        found = self._some(lambda t: t.predicate == _TYPE and t.object.value in {keys.GJ + c for c in _CLASSES})  # type: ignore[union-attr]
        if found is None:
            return None
        other = Triple(found.subject, _TYPE, NamedNode(keys.GJ + self._rng.choice(_CLASSES)))
        return Change("class", [other], [found] if self._rng.random() < 0.5 else [])

    def _complete(self) -> Change | None:
        found = self._some(lambda t: t.predicate.value == keys.GJ + "completeFor")
        return None if found is None else Change("no longer complete", [], [found])

    def _thing(self, *classes: str) -> tuple[NamedNode, NamedNode] | None:
        """Something of one of some classes, and its submission."""
        wanted = {keys.GJ + name for name in classes}
        found = self._some(lambda t: t.predicate == _TYPE and t.object.value in wanted)  # type: ignore[union-attr]
        if found is None:
            return None
        subject = _subject(found)
        reports = [t.object for t in self._about[subject] if t.predicate.value == keys.GJ + "reportedIn"]
        return (subject, reports[0]) if reports else None  # type: ignore[return-value]

    def _fact(self, class_: str, submission: NamedNode, **said: NamedNode | Literal) -> list[Triple]:
        self._number += 1
        node = NamedNode(f"https://example.org/change/{self._number}")
        return [
            Triple(node, _TYPE, NamedNode(keys.GJ + class_)),
            Triple(node, NamedNode(keys.GJ + "reportedIn"), submission),
            *(Triple(node, NamedNode(keys.GJ + name), value) for name, value in said.items()),
        ]

    def _tie(self) -> Change | None:
        """A holding, control, guarantee or affiliation between two that may have had nothing to do with each other."""
        one, other = self._thing(*_CLASSES), self._thing(*_CLASSES)
        if one is None or other is None:
            return None
        share = Literal(self._rng.choice(("0.2", "0.5", "0.51", "0.6")), datatype=_DECIMAL)
        since = Literal("2018-07-01", datatype=_DATE)
        choice = self._rng.randrange(4)
        if choice == 0:
            kinds: dict[str, NamedNode | Literal] = {
                "holder": one[0],
                "held": other[0],
                "equityShare": share,
                "votingShare": share,
                "from": since,
            }
            return Change("tie: holding", self._fact("Holding", one[1], **kinds))
        if choice == 1:
            return Change("tie: guarantee", self._fact("Guarantee", one[1], guarantor=one[0], guaranteed=other[0]))
        if choice == 2:
            return Change("tie: affiliation", self._fact("Affiliation", one[1], party=one[0], affiliate=other[0]))
        return Change("tie: reported twice", [Triple(one[0], NamedNode(keys.GJ + "reportedIn"), other[1])])

    def _part(self) -> Change | None:
        """A fact that ties two together goes."""
        names = {keys.GJ + name for name in ("held", "guaranteed", "affiliate", "counterparty", "follows")}
        found = self._some(lambda t: t.predicate.value in names)
        return None if found is None else Change("part", [], list(self._about[_subject(found)]))

    def _without(self) -> Change | None:
        """A finding, feature, arrangement, leg or act goes: what an exception or a duty rests on."""
        names = {keys.GJ + name for name in ("Finding", "Arrangement", "Leg", "Act", "Measurement", "Position")}
        found = self._some(lambda t: t.predicate == _TYPE and t.object.value in names)  # type: ignore[union-attr]
        return None if found is None else Change("without", [], list(self._about[_subject(found)]))

    def _figure(self) -> Change | None:
        about = self._thing(*_CLASSES)
        found = self._some(lambda t: t.predicate.value == keys.GJ + "metric")
        if about is None or found is None:
            return None
        return Change("figure", self._fact(
            "Measurement", about[1], about=about[0], metric=found.object,  # type: ignore[arg-type]
            basis=NamedNode(keys.GJ + "Solo"), unit=NamedNode(keys.TAXONOMY + "unit/CNY"),
            periodStart=Literal("2020-01-01", datatype=_DATE), periodEnd=Literal("2020-12-31", datatype=_DATE),
            value=Literal(self._rng.choice(_FACTORS), datatype=_DECIMAL),
        ))  # fmt: skip

    def _statement(self) -> Change | None:
        """Any statement goes; what is left may be refused."""
        found = self._some(lambda t: True)
        return None if found is None else Change("statement", [], [found])

    def _arrival(self) -> Change | None:
        return Change("arrival", self._further.pop()) if self._further else None

    def _withdrawal(self) -> Change | None:
        """A submission goes with all that is reported in it alone."""
        found = self._some(lambda t: t.predicate.value == keys.GJ + "asOf")
        if found is None:
            return None
        reported = Triple(found.subject, NamedNode(keys.GJ + "reportedIn"), found.subject).object
        gone = [
            triple
            for subject, about in self._about.items()
            if subject == found.subject
            or any(t.predicate.value == keys.GJ + "reportedIn" and t.object == reported for t in about)
            for triple in about
        ]
        return Change("withdrawal", [], gone)

    def _again(self) -> Change | None:
        found = self._some(lambda t: True)
        return None if found is None else Change("again", [found, found])

    def _never_there(self) -> Change | None:
        found = self._some(lambda t: True)
        if found is None:
            return None
        return Change("never there", [], [found, Triple(found.subject, found.predicate, Literal("never"))])

    def _undo(self) -> Change | None:
        return self._undone.pop(self._rng.randrange(len(self._undone))) if self._undone else None


def _subject(triple: Triple) -> NamedNode:
    assert isinstance(triple.subject, NamedNode)
    return triple.subject


def _is_day(triple: Triple) -> bool:
    return isinstance(triple.object, Literal) and triple.object.datatype == _DATE
