"""Intragroup transactions against a second method: random groups in plain Python, written from articles 30, 31 and 34.

The queries conclude who is a party as of the submission's day and look back to the day of each transaction. Here
everything is worked out again on the day of the transaction itself, from the relations in force on it, so that the
two agree only if the look back is right. Votes are counted in ten-thousandths, in integers.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
from pyoxigraph import NamedNode, RdfFormat, Triple, parse

from guiju import keys
from guiju.derivation import derive
from guiju.knowledge import Knowledge

AS_OF = date(2012, 12, 31)
HALF = 5000
PATTERNS = ("Holding", "PotentialVotes", "VotingAgreement", "GovernanceRights", "ControlAgreement", "Influence")
TRANSFERS = (
    "loan",
    "asset-sale",
    "guarantee-provision",
    "entrusted-disposal",
    "structured-transaction",
    "resource-transfer",
)
OTHERS = ("disclosure", "liquidity-netting")
SHARES = (500, 1000, 1500, 2000, 2500, 3000, 4999, 5000, 5001, 6000, 10000)
DAYS = tuple(AS_OF - timedelta(days=30 * back) for back in range(13))
DEFINED, APPROVED = "major-as-defined-by-regulator", "approval-required-by-regulator"
LARGE, EFFECT, CONFIRMED = "intragroup-large-amount", "intragroup-major-effect", "between-intragroup-parties"
PREFIXES = """
@prefix act: <https://w3id.org/guiju/taxonomy/act/> .
@prefix criterion: <https://w3id.org/guiju/taxonomy/criterion/> .
@prefix feature: <https://w3id.org/guiju/taxonomy/feature/> .
@prefix gj: <https://w3id.org/guiju/ontology#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""


@dataclass(frozen=True)
class Link:
    """A relation: ``kind`` is Holding, SignificantInfluence, JointControl or ControlAgreement; ``votes`` in 1/10000."""

    kind: str
    upper: str
    lower: str
    votes: int
    start: date | None
    end: date | None

    def on(self, day: date) -> bool:
        return (self.start is None or self.start <= day) and (self.end is None or self.end > day)


@dataclass(frozen=True)
class Deal:
    """A reported act: its features and findings are True, False or absent."""

    name: str
    kind: str
    actors: tuple[str, ...]
    counterparties: tuple[str, ...]
    day: date | None
    features: dict[str, bool] = field(hash=False)
    findings: dict[str, bool] = field(hash=False)


@dataclass(frozen=True)
class World:
    """A group with what it reports: which companies, whose class, which relations, acts and claims of completeness."""

    number: int
    companies: list[str]
    classes: dict[str, str]
    links: list[Link]
    deals: list[Deal]
    complete: frozenset[str]

    # The law, on a day.

    def _in_force(self, day: date, *kinds: str) -> list[Link]:
        return [link for link in self.links if link.kind in kinds and link.on(day)]

    def controlled(self, company: str, day: date) -> set[str]:
        """Article 8(1)1: half of the votes, the company's and those of whom it controls."""
        members = {company}
        while True:
            votes: Counter[str] = Counter()
            for link in self._in_force(day, "Holding"):
                if link.upper in members and link.upper != link.lower:
                    votes[link.lower] += link.votes
            grown = members | {name for name, sum_ in votes.items() if sum_ >= HALF}
            if grown == members:
                return members - {company}
            members = grown

    def parties(self, company: str, day: date) -> set[str]:
        """Article 31: the company, whom it controls, and whom either influences; persons and policy swaps are none."""
        members = self.controlled(company, day) | {company}
        influenced = {
            link.lower for link in self._in_force(day, "SignificantInfluence", "JointControl") if link.upper in members
        }
        return {
            name for name in members | influenced if self.classes[name] not in {"NaturalPerson", "PolicySwapEnterprise"}
        }

    def _holds(self, upper: str, lower: str, day: date) -> bool:
        """Whether somebody holds shares in somebody, directly or through others."""
        reached, new = set(), {upper}
        while new:
            reached |= new
            new = {link.lower for link in self._in_force(day, "Holding") if link.upper in new} - reached
        return lower in reached - {upper}

    def powerful(self, company: str, day: date) -> set[str]:
        """Article 30(1): shareholders other than subsidiaries that control or influence the company or a subsidiary."""
        inside = self.controlled(company, day) | {company}
        found: set[str] = set()
        while True:
            more = {
                link.upper
                for link in self._in_force(day, "SignificantInfluence", "JointControl", "ControlAgreement")
                if link.lower in inside | (found if link.kind == "ControlAgreement" else set())
                and self._holds(link.upper, link.lower, day)
                and link.upper not in self.companies
            }
            for member in inside | found:
                votes: Counter[str] = Counter()
                for link in self._in_force(day, "Holding"):
                    if link.lower == member != link.upper:
                        votes[link.upper] += link.votes
                more |= {name for name, sum_ in votes.items() if sum_ >= HALF}
            more -= inside
            if more <= found:
                return found
            found |= more

    def pair_is_intragroup(self, company: str, one: str, two: str, day: date) -> bool:
        parties, own = self.parties(company, day), self.controlled(company, day) | {company}
        powerful = self.powerful(company, day)
        excluded = (one in own and two in powerful) or (two in own and one in powerful)
        return one != two and one in parties and two in parties and not excluded

    def truth(self, deal: Deal, day: date) -> bool:
        """Whether the relations reported make the transaction intragroup on a day."""
        return any(
            self.pair_is_intragroup(company, one, two, day)
            for company in self.companies
            for one in deal.actors
            for two in deal.counterparties
        )

    def ruled_out(self, deal: Deal, day: date) -> bool:
        """Whether it cannot be intragroup on a day, whatever else is not reported."""
        return not any(
            self._may_be(company, one, two, day)
            for company in self.companies
            for one in deal.actors
            for two in deal.counterparties
        )

    def _may_be(self, company: str, one: str, two: str, day: date) -> bool:
        if self.pair_is_intragroup(company, one, two, day):
            return True
        parties, own = self.parties(company, day), self.controlled(company, day) | {company}
        powerful = self.powerful(company, day)
        if one == two or (one in own and two in powerful) or (two in own and one in powerful):
            return False
        unknown = [name for name in (one, two) if name not in parties]
        if len(unknown) == 2:
            return False  # neither side is known to belong to this company's group
        never = any(self.classes[name] in {"NaturalPerson", "PolicySwapEnterprise"} for name in unknown)
        return not never and not self.complete >= set(PATTERNS)

    def is_candidate(self, deal: Deal) -> bool:
        sides = {*deal.actors, *deal.counterparties}
        return deal.kind in TRANSFERS and any(sides & self.parties(company, AS_OF) for company in self.companies)

    def is_settled(self, deal: Deal) -> bool:
        """Whether nothing can have changed between the transaction and the day of the submission."""
        if deal.day == AS_OF:
            return True
        return not any(link.start or (link.end and link.end <= AS_OF) for link in self.links)

    # As data.

    def iri(self, name: str) -> str:
        return f"https://example.org/world/{self.number}/{name}"

    def turtle(self) -> Iterator[str]:
        own = f"<{self.iri('submission')}>"
        claims = "".join(f" ; gj:completeFor gj:{pattern}" for pattern in sorted(self.complete))
        yield f'{own} a gj:Submission ; gj:asOf "{AS_OF}"^^xsd:date{claims} .'
        for name, kind in self.classes.items():
            yield f"<{self.iri(name)}> a gj:{kind} ; gj:reportedIn {own} ."
        for link in self.links:
            properties = {
                "Holding": ("holder", "held"),
                "ControlAgreement": ("controller", "controlled"),
            }.get(link.kind, ("influencer", "influenced"))
            said = f"a gj:{link.kind} ; gj:{properties[0]} <{self.iri(link.upper)}> ; gj:{properties[1]} <{self.iri(link.lower)}>"
            if link.kind == "Holding":
                said += f" ; gj:{'votingShare' if link.votes % 2 else 'equityShare'} {link.votes // 10000}.{link.votes % 10000:04}"
            said += "".join(
                f' ; gj:{name} "{day}"^^xsd:date' for name, day in (("from", link.start), ("until", link.end)) if day
            )
            yield f"[] {said} ; gj:reportedIn {own} ."
        for deal in self.deals:
            act = f"<{self.iri(deal.name)}>"
            said = f"{act} a gj:Act ; gj:kind act:{deal.kind} ; gj:reportedIn {own}"
            said += "".join(f" ; gj:actor <{self.iri(name)}>" for name in deal.actors)
            said += "".join(f" ; gj:counterparty <{self.iri(name)}>" for name in deal.counterparties)
            said += f' ; gj:date "{deal.day}"^^xsd:date' if deal.day else ""
            said += "".join(
                f" ; gj:{'feature' if has else 'lacksFeature'} feature:{name}" for name, has in deal.features.items()
            )
            yield said + " ."
            for criterion, met in deal.findings.items():
                yield (
                    f"[] a gj:Finding ; gj:about {act} ; gj:criterion criterion:{criterion} ;"
                    f' gj:judgement gj:{"Met" if met else "NotMet"} ; gj:date "{AS_OF}"^^xsd:date ; gj:reportedIn {own} .'
                )


def _world(number: int, dice: random.Random) -> World:
    names = [f"e{at}" for at in range(dice.randint(3, 8))]
    companies = ["amc", *(["amc2"] if dice.random() < 0.25 else [])]
    kinds = ["LegalPerson"] * 7 + ["NaturalPerson", "PolicySwapEnterprise", "TrustCompany"]
    classes = {name: dice.choice(kinds) for name in names} | dict.fromkeys(companies, "FinancialAssetManagementCompany")
    everyone = companies + names
    dated = dice.random() < 0.5

    def period() -> tuple[date | None, date | None]:
        if not dated or dice.random() < 0.6:
            return None, None
        start = dice.choice([None, *DAYS, AS_OF + timedelta(days=1)])
        end = dice.choice([None, *DAYS, AS_OF + timedelta(days=1)])
        return (start, end) if not (start and end) or start < end else (end, start)

    def link(kind: str, uppers: list[str], lowers: list[str]) -> Link:
        # Persons and policy swaps hold, but nobody holds a person.
        lower = dice.choice([name for name in lowers if classes[name] != "NaturalPerson"] or companies)
        return Link(kind, dice.choice(uppers), lower, dice.choice(SHARES), *period())

    links: list[Link] = []
    for _ in range(dice.randint(2, 3 * len(names))):
        found = link("Holding", everyone + companies * 2, everyone)
        # Two statements of one holder on one day would be alternatives, not parts.
        if all((found.upper, found.lower) != (other.upper, other.lower) for other in links):
            links.append(found)
    for _ in range(dice.randint(0, 3)):
        links.append(link(dice.choice(["SignificantInfluence", "JointControl"]), everyone + companies, everyone))
    world = World(number, companies, classes, links, [], _claims(dice))
    # Agreements that give outsiders control; those of a group's own members would be article 8's to judge.
    ever = {
        name for company in companies for day in [*DAYS, AS_OF] for name in world.controlled(company, day) | {company}
    }
    outsiders = [name for name in names if name not in ever]
    if outsiders and dice.random() < 0.3:
        links.append(link("ControlAgreement", outsiders, everyone))
    for at in range(dice.randint(3, 6)):
        among = sorted(world.parties("amc", AS_OF)) if dice.random() < 0.5 else everyone
        world.deals.append(_deal(f"deal{at}", among if len(among) > 1 else everyone, dice))
    return world


def _claims(dice: random.Random) -> frozenset[str]:
    held = set(PATTERNS) if dice.random() < 0.6 else set(dice.sample(PATTERNS, dice.randint(0, 5)))
    return frozenset(held | {pattern for pattern in ("Feature", "Finding") if dice.random() < 0.25})


def _deal(name: str, everyone: list[str], dice: random.Random) -> Deal:
    def said(options: tuple[str, ...], chance: float) -> dict[str, bool]:
        return {option: dice.random() < 0.4 for option in options if dice.random() < chance}

    findings = said((LARGE, EFFECT), 0.7) | said((CONFIRMED,), 0.15)
    actors = tuple(dice.sample(everyone, 2 if dice.random() < 0.1 else 1))
    counterparties = tuple(dice.sample(everyone, 2 if dice.random() < 0.1 else 1)) if dice.random() < 0.95 else ()
    day = dice.choice([None, AS_OF, AS_OF, *DAYS])
    kind = dice.choice(OTHERS) if dice.random() < 0.05 else dice.choice(TRANSFERS)
    return Deal(name, kind, actors, counterparties, day, said((DEFINED, APPROVED), 0.8), findings)


def _concluded(worlds: list[World], knowledge: Knowledge) -> dict[str, set[str]]:
    """The classes concluded of every act, by IRI."""
    data = PREFIXES + "\n".join(line for world in worlds for line in world.turtle())
    facts = [quad.triple for quad in parse(data, format=RdfFormat.TURTLE)]
    wanted = {
        NamedNode(keys.GJ + name): name
        for name in (
            "IntragroupTransaction",
            "TransactionOutsideGroup",
            "MajorIntragroupTransaction",
            "GeneralIntragroupTransaction",
            "GroupPartyTransaction",
        )
    }
    found: dict[str, set[str]] = {}
    for triple in derive(facts, knowledge).origin:
        if isinstance(triple, Triple) and triple.predicate.value == keys.RDF + "type" and triple.object in wanted:
            found.setdefault(triple.subject.value, set()).add(wanted[triple.object])  # type: ignore[union-attr, index]
    return found


def _place(classes: set[str]) -> str:
    """Whether a transaction was concluded to be inside, outside, or neither; never both."""
    inside, outside = "IntragroupTransaction" in classes, "TransactionOutsideGroup" in classes
    assert not (inside and outside), "both inside and outside"
    return "inside" if inside else "outside" if outside else "open"


@pytest.fixture(scope="module")
def worlds() -> list[World]:
    dice = random.Random(20110308)
    return [_world(number, dice) for number in range(300)]


@pytest.fixture(scope="module")
def concluded(worlds: list[World], knowledge: Knowledge) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for start in range(0, len(worlds), 20):
        found |= _concluded(worlds[start : start + 20], knowledge)
    return found


def _cases(worlds: list[World], concluded: dict[str, set[str]]) -> Iterator[tuple[World, Deal, set[str]]]:
    for world in worlds:
        for deal in world.deals:
            yield world, deal, concluded.get(world.iri(deal.name), set())


def test_candidates_are_transfers_with_a_party(worlds: list[World], concluded: dict[str, set[str]]) -> None:
    for world, deal, classes in _cases(worlds, concluded):
        assert ("GroupPartyTransaction" in classes) == world.is_candidate(deal), (world, deal)


def test_what_is_settled_is_exactly_as_the_law_says(worlds: list[World], concluded: dict[str, set[str]]) -> None:
    met: Counter[str] = Counter()
    for world, deal, classes in _cases(worlds, concluded):
        if not world.is_candidate(deal) or not world.is_settled(deal):
            continue
        if world.truth(deal, AS_OF):
            expected = "inside"
        elif deal.counterparties and world.ruled_out(deal, AS_OF):
            expected = "outside"
        else:
            expected = {True: "inside", False: "outside", None: "open"}[deal.findings.get(CONFIRMED)]
            if expected == "inside" and world.ruled_out(deal, AS_OF):
                expected = "open"  # without a counterparty there is nothing to confirm
        met[expected] += 1
        assert _place(classes) == expected, (world, deal)
    assert min(met[place] for place in ("inside", "outside", "open")) >= 50, met


def test_looking_back_is_never_wrong(worlds: list[World], concluded: dict[str, set[str]]) -> None:
    """Relations came and went since: what is concluded of an earlier day held on it, and often something is."""
    met: Counter[str] = Counter()
    for world, deal, classes in _cases(worlds, concluded):
        if world.is_settled(deal) or deal.day is None or CONFIRMED in deal.findings:
            continue
        place = _place(classes)
        met[place] += 1
        if place == "inside":
            assert world.truth(deal, deal.day), (world, deal)
        if place == "outside":
            assert not world.truth(deal, deal.day), (world, deal)
    assert min(met[place] for place in ("inside", "outside", "open")) >= 20, met


def test_major_and_general(worlds: list[World], concluded: dict[str, set[str]]) -> None:
    """Article 34: listed, or large with a possible major effect; general only where that is ruled out."""
    met: Counter[str] = Counter()
    for world, deal, classes in _cases(worlds, concluded):
        inside = "IntragroupTransaction" in classes
        listed = [
            deal.features.get(name, False if "Feature" in world.complete else None) for name in (DEFINED, APPROVED)
        ]
        weighty = [deal.findings.get(name, False if "Finding" in world.complete else None) for name in (LARGE, EFFECT)]
        if not inside:
            expected = "neither"
        elif True in listed or all(weighty):
            expected = "major"
        elif None not in listed and False in weighty:
            expected = "general"
        else:
            expected = "neither"
        major, general = "MajorIntragroupTransaction" in classes, "GeneralIntragroupTransaction" in classes
        assert not (major and general)
        assert ("major" if major else "general" if general else "neither") == expected, (world, deal)
        met[expected if inside else "outside"] += 1
    assert min(met[kind] for kind in ("major", "general", "neither")) >= 30, met


# Worked examples, each a sentence of the law.

GROUP = """
@prefix : <https://example.org/worked/> .
@prefix fund: <https://w3id.org/guiju/taxonomy/fund/> .
@prefix metric: <https://w3id.org/guiju/taxonomy/metric/> .
@prefix unit: <https://w3id.org/guiju/taxonomy/unit/> .
:s a gj:Submission ; gj:asOf "2018-12-31"^^xsd:date ; gj:completeFor gj:Holding , gj:PotentialVotes , gj:VotingAgreement ,
    gj:GovernanceRights , gj:ControlAgreement , gj:Influence .
:amc a gj:FinancialAssetManagementCompany ; gj:reportedIn :s .
:trust a gj:TrustCompany ; gj:reportedIn :s .
:aic a gj:FinancialAssetInvestmentCompany ; gj:reportedIn :s .
:bank a gj:CommercialBank ; gj:reportedIn :s .
:investor a gj:LegalPerson ; gj:reportedIn :s .
[] a gj:Holding ; gj:holder :amc ; gj:held :trust ; gj:equityShare 1.0 ; gj:reportedIn :s .
[] a gj:Holding ; gj:holder :amc ; gj:held :aic ; gj:equityShare 0.6 ; gj:reportedIn :s .
[] a gj:Holding ; gj:holder :investor ; gj:held :amc ; gj:equityShare 0.2 ; gj:reportedIn :s .
[] a gj:SignificantInfluence ; gj:influencer :investor ; gj:influenced :amc ; gj:reportedIn :s .
:net a gj:Measurement ; gj:about :aic ; gj:metric metric:net-assets ; gj:basis gj:Solo ; gj:instant "2018-09-30"^^xsd:date ;
    gj:value 1000.0 ; gj:unit unit:CNY ; gj:reportedIn :s .
:leg a gj:Leg ; gj:legOf :deal ; gj:amount 50.0 ; gj:unit unit:CNY ; gj:fundSource fund:own-funds ; gj:provider :aic ;
    gj:reportedIn :s .
"""


@pytest.mark.parametrize(
    ("kind", "actor", "counterparty", "more", "expected"),
    [
        ("asset-sale", "amc", "trust", "", {"IntragroupTransaction"}),
        ("guarantee-provision", "trust", "aic", "", {"IntragroupTransaction"}),
        ("loan", "amc", "investor", "", {"TransactionOutsideGroup"}),
        ("asset-sale", "amc", "bank", "", {"TransactionOutsideGroup"}),
        ("loan", "bank", "investor", "", set()),
        ("disclosure", "amc", "trust", "", set()),
        (
            "loan",
            "amc",
            "trust",
            f"gj:feature feature:{DEFINED}",
            {"IntragroupTransaction", "MajorIntragroupTransaction"},
        ),
        (
            "loan",
            "amc",
            "trust",
            f"gj:feature feature:{APPROVED}",
            {"IntragroupTransaction", "MajorIntragroupTransaction"},
        ),
        ("loan", "amc", "trust", "gj:feature feature:disclosure-required-by-regulator", {"IntragroupTransaction"}),
        # 5% of net assets is major under article 39 of the measures for investment companies, and so it is here.
        ("related-party-transaction", "aic", "trust", "", {"IntragroupTransaction", "MajorIntragroupTransaction"}),
        ("related-party-transaction", "amc", "trust", "", {"IntragroupTransaction"}),
    ],
)
def test_worked_examples(
    kind: str, actor: str, counterparty: str, more: str, expected: set[str], knowledge: Knowledge
) -> None:
    act = f':deal a gj:Act ; gj:kind act:{kind} ; gj:actor :{actor} ; gj:counterparty :{counterparty} ; gj:date "2018-12-01"^^xsd:date'
    data = PREFIXES + GROUP + f"{act} ; {more + ' ;' if more else ''} gj:reportedIn :s ."
    facts = [quad.triple for quad in parse(data, format=RdfFormat.TURTLE)]
    wanted = {
        "IntragroupTransaction",
        "TransactionOutsideGroup",
        "MajorIntragroupTransaction",
        "GeneralIntragroupTransaction",
    }
    found = {
        triple.object.value.removeprefix(keys.GJ)
        for triple in derive(facts, knowledge).origin
        if triple.predicate.value == keys.RDF + "type"
        and triple.subject == NamedNode("https://example.org/worked/deal")
        and isinstance(triple.object, NamedNode)
    }
    assert found & wanted == expected
