"""Random groups of companies, and who controls whom in them, worked out in another way than the queries do.

A group is a list of plain facts. ``turtle`` writes them as a submission; ``controlled`` and ``scope`` answer from the
facts alone, with exact fractions and a worklist: nothing of the queries is used.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

HALF = Fraction(1, 2)
EARLIER, TODAY, LATER = "2011-06-30", "2012-12-31", "2014-03-31"

SPLITS = (
    ["0.1", "0.15", "0.25"],
    ["0.1", "0.15", "0.2499"],
    ["0.2", "0.3"],
    ["0.2", "0.2999999999"],
    ["0.05", "0.05", "0.1", "0.1", "0.2"],
    ["0.333333", "0.166667"],
    ["0.5"],
    ["0.4999"],
    ["0.51"],
    ["0.6"],
    ["0.6", "0.4"],
    ["0.3", "0.21"],
    ["0.25", "0.25", "0.5"],
    ["0.07", "0.43", "0.3"],
    ["0.7", "0.1", "0.2"],
    ["0.05"],
    ["0.2", "0.1"],
)
"""Shares that several holders have in one entity: many make exactly a half, or just miss it."""


@dataclass(frozen=True)
class Fact:
    """A dated relation: ``kind`` is its class, ``one`` and ``other`` its two sides, ``third`` the other investor.

    ``stated`` is what else it says: properties by local name, with decimals and names of policies as text.
    """

    name: str
    kind: str
    one: str
    other: str
    submission: str
    stated: tuple[tuple[str, str], ...] = ()
    third: str = ""
    start: str = ""
    end: str = ""

    def says(self, name: str) -> Fraction | None:
        return next((Fraction(value) for key, value in self.stated if key == name), None)

    def in_force(self, day: str) -> bool:
        return (not self.start or self.start <= day) and (not self.end or self.end > day)


@dataclass
class Group:
    """Asset management companies, whatever they may control, and the facts; ``days`` gives each submission's day."""

    space: str
    companies: list[str]
    entities: list[str]
    days: dict[str, str]
    facts: list[Fact] = field(default_factory=list)
    kinds: dict[str, set[str]] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    decisions: list[tuple[str, str, str, str]] = field(default_factory=list)


def groups(seed: int, number: int, size: Callable[[random.Random], int]) -> list[Group]:
    """As many random groups; the same for the same seed."""
    chance = random.Random(seed)
    return [_group(chance, f"g{seed}x{count}", size(chance)) for count in range(number)]


def _group(chance: random.Random, space: str, size: int) -> Group:
    companies = [f"amc{number}" for number in range(chance.choice([1, 1, 1, 1, 2, 3]))]
    entities = [f"e{number}" for number in range(size)]
    days = {"s": chance.choice([TODAY, TODAY, EARLIER])}
    if chance.random() < 0.25:
        days["t"] = chance.choice([EARLIER, TODAY])
    group = Group(space, companies, entities, days)
    outside = ["outsider", "stranger"]
    tree = chance.random() < 0.4
    for submission in days:
        for number, entity in enumerate(entities):
            # In a tree those above hold what is below, as deep as it goes; else anybody anybody, in circles.
            _stakes(
                chance,
                group,
                (companies + entities[:number])[-3:] if tree else companies + entities + outside,
                entity,
                submission,
            )
        for company in companies if chance.random() < 0.2 else []:
            _stakes(chance, group, companies + entities + outside, company, submission)
    if len(days) == 1:
        _scope_facts(chance, group)
    return group


def _stakes(chance: random.Random, group: Group, holders: list[str], entity: str, submission: str) -> None:
    def add(kind: str, one: str, stated: dict[str, str], third: str = "", dated: float = 0.1) -> None:
        start = chance.choice(["", EARLIER, TODAY, LATER, LATER]) if chance.random() < dated else ""
        end = chance.choice(["", EARLIER, TODAY, LATER]) if chance.random() < dated else ""
        name = f"{submission}-{entity}-{len(group.facts)}"
        group.facts.append(Fact(name, kind, one, entity, submission, tuple(stated.items()), third, start, end))

    def somebody() -> str:
        # Near the top most of the time, so that chains of control come about.
        return chance.choice(group.companies if chance.random() < 0.3 else holders)

    for share in chance.choice(SPLITS):
        case = chance.random()
        stated = {"equityShare": share}
        if case < 0.1:
            stated = {"votingShare": share, "equityShare": chance.choice(["0", "0.3", "0.9"])}
        elif case < 0.15:
            stated = {"votingShare": share}
        elif case < 0.18:
            stated = {}
        elif case < 0.2:
            stated = {"equityShare": "0"}
        add("Holding", somebody(), stated)
    if chance.random() < 0.2:
        kind = chance.choice(["PotentialVotes", "DilutivePotentialVotes"])
        add(kind, somebody(), {"votingShare": chance.choice(["0.1", "0.2", "0.3", "0.5", "1"])}, dated=0.5)
    if chance.random() < 0.15:
        investors = [fact.one for fact in group.facts if fact.other == entity and fact.kind == "Holding"]
        for _ in range(chance.choice([1, 1, 2])):
            given: dict[str, str] = (
                {} if chance.random() < 0.5 else {"votingShare": chance.choice(["0.1", "0.25", "0.3"])}
            )
            add("VotingAgreement", somebody(), given, third=chance.choice([*investors, "outsider"]))
    while chance.random() < 0.2:
        stated = chance.choice(
            [
                {"decides": "FinancialPolicy OperatingPolicy"},
                {"decides": "FinancialPolicy"},
                {"decides": "OperatingPolicy"},
                {"boardSeats": "7", "seatsAppointedAndRemoved": chance.choice(["2", "3", "4"])},
                {"boardSeats": "8", "seatsAppointedAndRemoved": chance.choice(["2", "4", "5"])},
                {"seatsAppointedAndRemoved": "4"},
                {"boardVotes": "10", "boardVotesHeld": chance.choice(["3", "5", "6"])},
            ]
        )
        add("GovernanceRights", somebody(), stated)
    if chance.random() < 0.04:
        add("ControlAgreement", somebody(), {})


def _scope_facts(chance: random.Random, group: Group) -> None:
    day = group.days["s"]
    for entity in group.entities:
        group.kinds[entity] = set(chance.choice([(), (), ("FinancialInstitution",), ("NonFinancialEnterprise",)]))
        if chance.random() < 0.05:
            group.closed.add(entity)
        while chance.random() < 0.05:
            kind = chance.choice(["inclusion", "removal"])
            group.decisions.append((kind, chance.choice(group.companies), entity, chance.choice([EARLIER, day, LATER])))
        if chance.random() < 0.1:
            kinds = f"LongTermRepaymentGuarantee {chance.choice(['IrrevocableGuarantee', 'RevocableGuarantee'])}"
            guarantor = chance.choice(group.entities)
            end = chance.choice(["", "", day, LATER])
            name = f"guarantee-{len(group.facts)}"
            group.facts.append(Fact(name, kinds, guarantor, entity, "s", end=end))


SIDES = {
    "Holding": ("holder", "held"),
    "PotentialVotes": ("holder", "held"),
    "DilutivePotentialVotes": ("holder", "held"),
    "VotingAgreement": ("exercisedBy", "held"),
    "GovernanceRights": ("controller", "controlled"),
    "ControlAgreement": ("controller", "controlled"),
}

HEAD = """
@prefix act: <https://w3id.org/guiju/taxonomy/act/> .
@prefix gj: <https://w3id.org/guiju/ontology#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""


def turtle(group: Group, facts: list[Fact] | None = None, space: str = "") -> str:
    """The group as Turtle without its head; with some of its facts only, and under another name, if these are given."""
    base = f"https://example.org/{space or group.space}/"

    def iri(name: str) -> str:
        return f"<{base}{name}>"

    lines = [f'{iri(name)} a gj:Submission ; gj:asOf "{day}"^^xsd:date .' for name, day in group.days.items()]
    for name in group.companies:
        lines.append(f"{iri(name)} a gj:FinancialAssetManagementCompany ; gj:reportedIn {iri('s')} .")
    for name in [*group.entities, "outsider", "stranger"]:
        kinds = " , ".join(f"gj:{kind}" for kind in sorted({"LegalPerson"} | group.kinds.get(name, set())))
        lines.append(f"{iri(name)} a {kinds} ; gj:reportedIn {iri('s')} .")
    for fact in group.facts if facts is None else facts:
        one, other = SIDES.get(fact.kind, ("guarantor", "guaranteed"))
        kinds = " , ".join(f"gj:{kind}" for kind in fact.kind.split())
        said = [f"a {kinds}", f"gj:{one} {iri(fact.one)}", f"gj:{other} {iri(fact.other)}"]
        said += [f"gj:otherInvestor {iri(fact.third)}"] if fact.third else []
        for key, value in fact.stated:
            values = [f"gj:{name}" for name in value.split()] if key == "decides" else [f'"{value}"^^xsd:decimal']
            said += [f"gj:{key} {text}" for text in values]
        said += [f'gj:{key} "{day}"^^xsd:date' for key, day in (("from", fact.start), ("until", fact.end)) if day]
        lines.append(f"{iri(fact.name)} {' ; '.join(said)} ; gj:reportedIn {iri(fact.submission)} .")
    if facts is None:
        lines += [
            f'{iri("closure-of-" + name)} a gj:Act ; gj:kind act:closure ; gj:object {iri(name)} ; gj:date "{EARLIER}"^^xsd:date'
            f" ; gj:reportedIn {iri('s')} ."
            for name in sorted(group.closed)
        ]
        lines += (
            [f"{iri('supervisor')} a gj:SupervisoryAuthority ; gj:reportedIn {iri('s')} ."] if group.decisions else []
        )
        lines += [
            f"{iri(f'decision-{number}')} a gj:Act ; gj:kind act:scope-{kind}-decision ; gj:actor {iri('supervisor')} ;"
            f' gj:recipient {iri(company)} ; gj:object {iri(entity)} ; gj:date "{date}"^^xsd:date ; gj:reportedIn {iri("s")} .'
            for number, (kind, company, entity, date) in enumerate(group.decisions)
        ]
    return "\n".join(lines) + "\n"


class Reading:
    """Article 8 of the guideline on the facts of a group that are in force on a day."""

    def __init__(self, group: Group, day: str) -> None:
        self.about: dict[str, list[Fact]] = defaultdict(list)
        for fact in group.facts:
            if group.days[fact.submission] == day and fact.in_force(day) and not self._nothing(fact):
                self.about[fact.other].append(fact)

    @staticmethod
    def _nothing(fact: Fact) -> bool:
        """A holding that is stated, but of nothing."""
        stated = [value for key in ("equityShare", "votingShare") if (value := fact.says(key)) is not None]
        return bool(stated) and not any(stated)

    def stakes(self, entity: str) -> Iterator[Fact]:
        """Holdings and potential votes in an entity; what two submissions tell twice counts once, in full."""
        told: dict[tuple[str, bool], dict[str, list[Fact]]] = defaultdict(lambda: defaultdict(list))
        for fact in self.about[entity]:
            if fact.kind in ("Holding", "PotentialVotes", "DilutivePotentialVotes") and fact.one != entity:
                told[fact.one, fact.kind == "Holding"][fact.submission].append(fact)
        for versions in told.values():
            yield from min(versions.items(), key=lambda item: (-sum(map(votes, item[1])), item[0]))[1]

    def controls(self, members: set[str], entity: str) -> bool:
        """Whether those who belong to a group have, all together, control of an entity."""
        own = [fact for fact in self.stakes(entity) if fact.one in members]
        if not own:
            return False
        in_all = 1 + sum((votes(fact) for fact in own if fact.kind == "DilutivePotentialVotes"), Fraction())
        together = sum(map(votes, own), Fraction())
        if together >= HALF * in_all or any(fact.one in members for fact in self._of(entity, "ControlAgreement")):
            return True
        rights = self._of(entity, "GovernanceRights")
        policies = {
            policy for fact in rights if fact.one in members for policy in dict(fact.stated).get("decides", "").split()
        }
        return (
            together + self._agreed(members, entity) >= HALF * in_all
            or len(policies) == 2
            or self._most_of_board(members, rights, "seatsAppointedAndRemoved", "boardSeats")
            or self._most_of_board(members, rights, "boardVotesHeld", "boardVotes")
        )

    def _of(self, entity: str, kind: str) -> list[Fact]:
        return [fact for fact in self.about[entity] if fact.kind == kind]

    @staticmethod
    def _most_of_board(members: set[str], rights: list[Fact], part: str, whole: str) -> bool:
        all_there_are = max((value for fact in rights if (value := fact.says(whole)) is not None), default=None)
        most: dict[str, Fraction] = {}
        for fact in rights:
            if fact.one in members and (value := fact.says(part)) is not None:
                most[fact.one] = max(most.get(fact.one, Fraction()), value)
        return all_there_are is not None and sum(most.values()) > HALF * all_there_are

    def _agreed(self, members: set[str], entity: str) -> Fraction:
        """The votes that agreements with other investors give to a group in an entity."""
        agreements = [fact for fact in self._of(entity, "VotingAgreement") if fact.one in members]
        total = Fraction()
        for investor in {fact.third for fact in agreements}:
            holdings = [
                fact for fact in self.stakes(entity) if fact.one == investor and fact.kind == "Holding" and votes(fact)
            ]
            has = sum(map(votes, holdings), Fraction())
            with_investor = [fact for fact in agreements if fact.third == investor]
            given: dict[str, Fraction] = defaultdict(Fraction)
            for fact in with_investor:
                given[fact.one] = max(given[fact.one], fact.says("votingShare") or Fraction())
            stated = sum(given.values(), Fraction())
            everything = any(fact.says("votingShare") is None for fact in with_investor)
            if not holdings:
                total += stated
            elif investor not in members:
                total += has if everything else min(stated, has)
        return total


def votes(fact: Fact) -> Fraction:
    """The votes of a holding, as its equity where it does not state them, or of potential votes."""
    stated = fact.says("votingShare")
    return (fact.says("equityShare") or Fraction()) if stated is None else stated


def controlled(group: Group, company: str) -> set[str]:
    """Whom a company controls, on any of the days of the submissions."""
    found: set[str] = set()
    for day in set(group.days.values()):
        reading, members = Reading(group, day), {company}
        linked = defaultdict(set)
        for about in reading.about.values():
            for fact in about:
                linked[fact.one].add(fact.other)
                if fact.third:
                    linked[fact.third].add(fact.other)
        waiting = set(linked[company])
        while waiting:
            entity = waiting.pop()
            if entity not in members and reading.controls(members, entity):
                members.add(entity)
                waiting |= linked[entity]
        found |= members - {company}
    return found


def scope(group: Group, company: str) -> dict[str, set[str]]:
    """What follows for the scope of consolidation in a group of one submission: property by property, who."""
    day = group.days["s"]
    members = controlled(group, company)
    reading = Reading(group, day)
    invested = {
        entity for entity in reading.about if any(f.one in members | {company} for f in reading.stakes(entity))
    } - {company}
    last: dict[str, dict[str, str]] = {}
    for kind, decided, entity, date in group.decisions:
        if decided == company and date <= day:
            last.setdefault(entity, {})[kind] = max(date, last.get(entity, {}).get(kind, ""))
    included = {entity for entity, dates in last.items() if dates.get("inclusion", "") > dates.get("removal", "")}
    removed = {entity for entity, dates in last.items() if dates.get("removal", "") > dates.get("inclusion", "")}
    left_out = (group.closed & (members | invested) | removed) - included
    guaranteed = {
        fact.other
        for fact in group.facts
        if fact.kind == "LongTermRepaymentGuarantee IrrevocableGuarantee"
        and fact.in_force(day)
        and fact.one in members
        and "FinancialInstitution" in group.kinds[fact.one]
        and "NonFinancialEnterprise" in group.kinds[fact.other]
    }
    must = included | ((members | guaranteed) - left_out)
    return {
        "groupControls": members,
        "invests": invested,
        "mayLeaveOut": left_out,
        "mustConsolidate": must,
        "affiliatedInstitution": members | must,
    }
