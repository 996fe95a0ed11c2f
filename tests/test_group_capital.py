"""Group capital and leverage against plain arithmetic: random groups, worked out with fractions and by other methods.

Shares are summed over all chains, each followed by itself; circles are found by reachability. What the derivations
conclude of a thousand groups must be the same figures, no more and no fewer. Decimals end after eighteen places there,
so the random shares are short enough to be exact, and a long chain is held to a bound of its own.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import pytest
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from guiju import keys
from guiju.derivation import derive
from guiju.knowledge import Knowledge

DAY, EARLIER = "2012-12-31", "2012-09-30"
PREFIXES = f"""
@prefix : <https://example.org/> .
@prefix act: <{keys.TAXONOMY}act/> .
@prefix gj: <{keys.GJ}> .
@prefix metric: <{keys.TAXONOMY}metric/> .
@prefix unit: <{keys.TAXONOMY}unit/> .
@prefix xsd: <{keys.XSD}> .
"""
REGULATED = ("CommercialBank", "TrustCompany", "InsuranceCompany", "SecuritiesCompany", "FinancialLeasingCompany")
FREE = ("NonFinancialEnterprise", "FundManagementCompany")
KINDS = (*REGULATED, *FREE, *FREE, "LegalPerson")
BASES = {
    "Consolidated": "group",
    "Solo": "solo",
    "FinancialSubsidiariesCombined": "financial-subsidiaries",
    "AllSubsidiariesCombined": "all-subsidiaries",
}

Key = tuple[str, str, str]
"""Metric, entity and basis of a figure."""


@dataclass
class Group:
    """A random group: its company is entity 0. Shares and money are exact; None is what is not reported."""

    name: str
    kinds: list[str]
    holdings: list[tuple[int, int, Fraction | None]] = field(default_factory=list)
    stated: dict[int, Fraction] = field(default_factory=dict)
    figures: dict[tuple[int, str, str], Fraction] = field(default_factory=dict)
    late: set[int] = field(default_factory=set)
    liquidated: set[int] = field(default_factory=set)
    listed: set[int] = field(default_factory=set)
    complete: set[str] = field(default_factory=set)

    def turtle(self) -> Iterator[str]:
        """The facts."""
        patterns = "".join(f" ; gj:completeFor gj:{pattern}" for pattern in sorted(self.complete))
        yield f':{self.name} a gj:Submission ; gj:asOf "{DAY}"^^xsd:date{patterns} .'
        reported = f"gj:reportedIn :{self.name} ."
        for number, kind in enumerate(self.kinds):
            yield f":{self.name}-{number} a gj:{kind} ; {reported}"
        for holder, held, share in self.holdings:
            stated = "gj:votingShare 0.6" if share is None else f"gj:equityShare {decimal(share)}"
            yield f"[] a gj:Holding ; gj:holder :{self.name}-{holder} ; gj:held :{self.name}-{held} ; {stated} ; {reported}"
        given = [(about, metric, basis, value, "CNY") for (about, metric, basis), value in self.figures.items()]
        given += [(about, "effective-shareholding", "Solo", share, "pure") for about, share in self.stated.items()]
        for about, metric, basis, value, unit in given:
            day = EARLIER if about in self.late and unit == "CNY" else DAY
            yield (
                f"[] a gj:Measurement ; gj:about :{self.name}-{about} ; gj:metric metric:{metric} ; gj:basis gj:{basis} ;"
                f' gj:instant "{day}"^^xsd:date ; gj:value {decimal(value)} ; gj:unit unit:{unit} ; {reported}'
            )
        for number in sorted(self.liquidated):
            yield (
                f"[] a gj:Act ; gj:kind act:entry-into-liquidation ; gj:object :{self.name}-{number} ;"
                f' gj:date "{EARLIER}"^^xsd:date ; {reported}'
            )
        for number in sorted(self.listed):
            yield (
                f"[] a gj:Consolidation ; gj:consolidator :{self.name}-0 ;"
                f" gj:consolidated :{self.name}-{number} ; {reported}"
            )


def decimal(value: Fraction) -> str:
    """A fraction as the literal of a decimal; it must have one of eighteen places at most."""
    scaled = value * 10**18
    assert scaled.denominator == 1
    sign, digits = "-" if scaled < 0 else "", str(abs(scaled.numerator)).rjust(19, "0")
    return f"{sign}{digits[:-18]}.{digits[-18:].rstrip('0') or '0'}"


def cents(chance: random.Random, most: int) -> Fraction:
    return Fraction(chance.randrange(100 * most), 100)


def at_random(name: str, chance: random.Random) -> Group:
    """A company with up to six entities: trees, several chains to one entity, circles, and holes in what is reported."""
    size = chance.randint(0, 6)
    group = Group(name, ["FinancialAssetManagementCompany", *(chance.choice(KINDS) for _ in range(size))])
    for held in range(1, size + 1):
        if chance.random() < 0.85:
            group.holdings.append((chance.randrange(held), held, Fraction(chance.randint(45, 90), 100)))
        for _ in range(chance.choice((0, 0, 1, 2))):
            group.holdings.append((chance.randrange(held), held, Fraction(chance.randint(1, 40), 100)))
    if size > 1 and chance.random() < 0.25:
        one, other = sorted(chance.sample(range(1, size + 1), 2))
        group.holdings += [(one, other, Fraction(1, 10)), (other, one, Fraction(chance.randint(1, 20), 100))]
    if size and chance.random() < 0.1:
        group.holdings.append((0, chance.randint(1, size), None))
    for number in range(1, size + 1):
        if chance.random() < 0.15:
            group.stated[number] = Fraction(chance.randint(1, 99), 100)
        if (group.kinds[number] in REGULATED and chance.random() < 0.9) or chance.random() < 0.1:
            group.figures[number, "minimum-capital-requirement", "Solo"] = cents(chance, 10**10)
        if chance.random() < 0.5:
            group.figures[number, "regulatory-capital", "Solo"] = cents(chance, 10**10)
        if chance.random() < 0.03:
            group.late.add(number)
        if chance.random() < 0.15:
            group.liquidated.add(number)
        if chance.random() < 0.6:
            group.listed.add(number)
    if chance.random() < 0.95:
        group.figures[0, "minimum-capital-requirement", "Solo"] = cents(chance, 10**11)
    for metric, likely in (
        ("minimum-capital-deductions", 0.5), ("core-capital", 0.7), ("supplementary-capital", 0.7), ("capital-deductions", 0.4),
        ("qualified-capital", 0.5), ("brokerage-business-assets", 0.5),
    ):  # fmt: skip
        if chance.random() < likely:
            group.figures[0, metric, "Consolidated"] = cents(chance, 10**11)
    if chance.random() < 0.5:
        group.figures[0, "capital-investments-in-subsidiaries", "Solo"] = cents(chance, 10**10)
    for basis in BASES:
        for metric in ("net-assets", "total-assets", "net-core-capital", "adjusted-assets"):
            if chance.random() < 0.5:
                sign = -1 if metric == "net-assets" and chance.random() < 0.1 else 1
                group.figures[0, metric, basis] = sign * cents(chance, 10**12)
    group.complete = {pattern for pattern in ("Holding", "Measurement", "Consolidation") if chance.random() < 0.85}
    return group


def controlled(group: Group) -> set[int]:
    """The entities of which the company and those that it controls have half the votes or more."""
    found: set[int] = set()
    while True:
        votes: dict[int, Fraction] = {}
        for holder, held, share in group.holdings:
            if holder == 0 or holder in found:
                votes[held] = votes.get(held, Fraction()) + (Fraction(6, 10) if share is None else share)
        grown = {held for held, sum_ in votes.items() if sum_ >= Fraction(1, 2)}
        if grown == found:
            return found
        found = grown


def reachable(links: set[tuple[int, int]], size: int) -> set[tuple[int, int]]:
    """The pairs between which there is a chain of links."""
    closure = set(links)
    for middle in range(size):
        closure |= {(a, d) for a, b in closure if b == middle for c, d in closure if c == middle}
    return closure


def shares(group: Group, members: set[int]) -> dict[int, Fraction]:
    """Effective shares, summed over all chains that lead up to the company or to an entity whose share is given."""
    inside = [one for one in group.holdings if one[1] in members and (one[0] == 0 or one[0] in members)]
    size = len(group.kinds)
    closure = reachable({(holder, held) for holder, held, _ in inside}, size)
    circular = {number for number in range(size) if (number, number) in closure}
    vague = {held for _, held, share in inside if share is None}
    given = {number: share for number, share in group.stated.items() if number in circular | vague}

    def known(number: int) -> bool:
        if number == 0 or number in given:
            return True
        if number in circular | vague:
            # A circle opens where one of its members has its share given, on every way round.
            return number not in vague and opened(number, set())
        return all(known(holder) for holder, held, _ in inside if held == number)

    def opened(number: int, passed: set[int]) -> bool:
        if number == 0 or number in given:
            return True
        if number in passed or number in vague:
            return False
        return all(opened(holder, passed | {number}) for holder, held, _ in inside if held == number)

    def chains(number: int) -> Fraction:
        if number == 0 or number in given:
            return given.get(number, Fraction(1))
        return sum((chains(holder) * share for holder, held, share in inside if held == number and share), Fraction())

    return {number: chains(number) for number in members if known(number)}


def expected(group: Group) -> dict[Key, Fraction]:
    """The figures that follow from a group, by the articles and their readings."""
    found: dict[Key, Fraction] = {}
    members = controlled(group)
    owned = shares(group, members) if "Holding" in group.complete else {}
    for number, share in owned.items():
        found["effective-shareholding", str(number), ""] = share
    all_measured = "Measurement" in group.complete
    parts: list[Fraction | None] = []
    own = group.figures.get((0, "minimum-capital-requirement", "Solo"))
    if own is not None:
        found["pro-rata-minimum-capital", "0", "Solo"] = own
    for number in sorted(members):
        minimum = group.figures.get((number, "minimum-capital-requirement", "Solo"))
        capital = group.figures.get((number, "regulatory-capital", "Solo"))
        out = number in group.liquidated and number not in group.listed
        part: Fraction | None = None
        counted = False
        if out and "Consolidation" in group.complete:
            part = Fraction()
        elif minimum is not None:
            counted = number in owned and not out
            part = minimum * owned[number] if counted else None
        elif group.kinds[number] in FREE:
            part = Fraction()
        if part is not None:
            found["pro-rata-minimum-capital", str(number), "Solo"] = part
        parts.append(None if counted and number in group.late else part)
        if minimum is not None and capital is not None and number in owned:
            found["pro-rata-excess-capital", str(number), "Solo"] = max(capital - minimum, Fraction()) * owned[number]

    def of_company(metric: str, basis: str) -> Fraction | None:
        return group.figures.get((0, metric, basis))

    def or_none(metric: str, basis: str) -> Fraction | None:
        value = of_company(metric, basis)
        return Fraction() if value is None and all_measured else value

    deducted = or_none("minimum-capital-deductions", "Consolidated")
    if own is not None and deducted is not None and "Holding" in group.complete and None not in parts:
        whole = own + sum((part for part in parts if part is not None), Fraction()) - deducted
        found["group-minimum-capital-requirement", "0", "Consolidated"] = whole
    core, more = of_company("core-capital", "Consolidated"), of_company("supplementary-capital", "Consolidated")
    if core is not None and more is not None:
        found["core-and-supplementary-capital", "0", "Consolidated"] = core + more
        less = or_none("capital-deductions", "Consolidated")
        if less is not None and of_company("qualified-capital", "Consolidated") is None:
            found["qualified-capital", "0", "Consolidated"] = core + more - less
    brokerage = or_none("brokerage-business-assets", "Consolidated")
    enterprises_only = all(group.kinds[number] == "NonFinancialEnterprise" for number in members)
    if brokerage is None and "Holding" in group.complete and enterprises_only:
        brokerage = Fraction()
    taken = {"Consolidated": brokerage, "Solo": or_none("capital-investments-in-subsidiaries", "Solo")}
    for basis, calibre in BASES.items():
        total, net = of_company("total-assets", basis), of_company("net-assets", basis)
        if total is not None and basis in taken:
            away = taken[basis]
            total = None if away is None else total - away
            if total is not None:
                found["assets-countable-for-leverage", "0", basis] = total
        if total is not None and total > 0 and net is not None:
            investments = taken["Solo"] if basis == "Solo" else None
            found[f"{calibre}-net-asset-ratio", "0", basis] = (net - (investments or 0)) / total
        upper, lower = of_company("net-core-capital", basis), of_company("adjusted-assets", basis)
        if upper is not None and lower:
            found[f"{calibre}-core-capital-ratio", "0", basis] = upper / lower
    return found


def concluded(triples: list[Triple]) -> dict[str, dict[Key, Fraction]]:
    """The computed figures of all groups, by the group's name."""
    about: dict[NamedNode, dict[str, str]] = {}
    for triple in triples:
        if isinstance(triple.subject, NamedNode) and triple.subject.value.startswith("urn:guiju:figure:"):
            value = triple.object
            assert isinstance(value, (NamedNode, Literal))
            known = about.setdefault(triple.subject, {})
            name = triple.predicate.value.removeprefix(keys.GJ)
            assert name not in ("standardValue", "about", "metric") or name not in known, "a figure has one value"
            known[name] = value.value
    found: dict[str, dict[Key, Fraction]] = {}
    for known in about.values():
        metric = known["metric"].removeprefix(f"{keys.TAXONOMY}metric/")
        name, number = known["about"].removeprefix("https://example.org/").rsplit("-", 1)
        if metric == "effective-shareholding" and number == "0":
            continue
        key = (metric, number, known.get("basis", "").removeprefix(keys.GJ))
        found.setdefault(name, {})[key] = Fraction(known["standardValue"])
    return found


def facts(groups: list[Group]) -> list[Triple]:
    text = PREFIXES + "\n".join(line for group in groups for line in group.turtle())
    return [quad.triple for quad in parse(text, format=RdfFormat.TURTLE)]


def differences(group: Group, found: dict[Key, Fraction]) -> list[str]:
    wanted = expected(group)
    wrong = [f"{group.name}: {key} missing" for key in wanted.keys() - found.keys()]
    wrong += [f"{group.name}: {key} not expected" for key in found.keys() - wanted.keys()]
    for key in wanted.keys() & found.keys():
        # A quotient ends after the eighteenth place; all else is exact.
        slack = Fraction(1, 10**16) if key[0].endswith("-ratio") else 0
        if abs(wanted[key] - found[key]) > slack:
            wrong.append(f"{group.name}: {key} is {found[key]}, not {wanted[key]}")
    return wrong


@pytest.mark.parametrize("seed", range(20))
def test_figures_of_random_groups(seed: int, knowledge: Knowledge) -> None:
    chance = random.Random(seed)
    groups = [at_random(f"g{seed}x{number}", chance) for number in range(50)]
    found = concluded(list(derive(facts(groups), knowledge).origin))
    wrong = [line for group in groups for line in differences(group, found.get(group.name, {}))]
    assert not wrong, f"{len(wrong)} differences:\n" + "\n".join(wrong[:20])


def test_random_groups_are_of_all_sorts() -> None:
    groups = [
        at_random(f"g{seed}x{n}", chance) for seed in range(20) for chance in [random.Random(seed)] for n in range(50)
    ]
    assert len(groups) == 1000
    figures = [expected(group) for group in groups]
    minimums = sum(("group-minimum-capital-requirement", "0", "Consolidated") in found for found in figures)
    assert 200 < minimums < 800, "group minimums that follow, and that do not"
    members = [controlled(group) for group in groups]
    settled = [shares(group, inside) for group, inside in zip(groups, members, strict=True)]
    assert any(len(inside) > len(known) for inside, known in zip(members, settled, strict=True)), (
        "shares that do not follow"
    )
    assert sum(bool(group.liquidated & inside) for group, inside in zip(groups, members, strict=True)) > 50
    for metric in (
        "qualified-capital",
        "pro-rata-excess-capital",
        "solo-net-asset-ratio",
        "all-subsidiaries-core-capital-ratio",
    ):
        assert sum(any(key[0] == metric for key in found) for found in figures) > 50, metric


def test_a_long_chain_is_cut_off_only_beyond_what_counts(knowledge: Knowledge) -> None:
    """Sixty levels at 99.37%: far more decimals than eighteen, and the group's minimum is right to a fen."""
    length, share = 60, Fraction(9937, 10000)
    group = Group(
        "chain", ["FinancialAssetManagementCompany", *["CommercialBank"] * length], complete={"Holding", "Measurement"}
    )
    group.holdings = [(number, number + 1, share) for number in range(length)]
    for number in range(length + 1):
        group.figures[number, "minimum-capital-requirement", "Solo"] = Fraction(1234567890123 + number, 100)
    found = concluded(list(derive(facts([group]), knowledge).origin))["chain"]
    wanted = expected(group)
    assert found.keys() == wanted.keys()
    for key, value in wanted.items():
        bound = Fraction(3 * length, 10**18) if key[0] == "effective-shareholding" else Fraction(1, 1000)
        assert 0 <= value - found[key] < bound, key


@pytest.mark.parametrize("share", ["0.123456789012345678", "0.1234567891", "0.5", "1.0"])
def test_shares_of_many_digits(share: str, knowledge: Knowledge) -> None:
    group = Group("digits", ["FinancialAssetManagementCompany", "CommercialBank", "TrustCompany"], complete={"Holding"})
    group.holdings = [(0, 1, Fraction("0.512345678901234567")), (0, 2, Fraction("0.6")), (1, 2, Fraction(share))]
    found = concluded(list(derive(facts([group]), knowledge).origin))["digits"]
    value = found["effective-shareholding", "2", ""]
    wanted = expected(group)["effective-shareholding", "2", ""]
    assert 0 <= wanted - value <= Fraction(3, 10**18)
    assert value == wanted or (wanted * 10**18).denominator != 1, "exact where there are places enough"
