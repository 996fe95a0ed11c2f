"""The scope of consolidation against another way of working it out: each institution by itself, from its own facts.

Control has a test of its own (``test_groups``); here it is direct votes of one half or none, so that what is tested is
articles 2 and 8 to 11 of the 2011 guideline beside it: exceptions, decisions, risk, guarantees, and what is reported.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from pyoxigraph import NamedNode, RdfFormat, parse

from guiju import keys
from guiju.derivation import Derived, derive
from guiju.knowledge import Knowledge

BASE = "https://example.org/scope/"
TODAY = "2012-12-31"
DAYS = ["2009-12-30", "2009-12-31", "2012-06-30", "2012-12-30", TODAY, "2013-01-01"]
HEAD = f"""
@prefix : <{BASE}> .
@prefix act: <https://w3id.org/guiju/taxonomy/act/> .
@prefix arrangement: <https://w3id.org/guiju/taxonomy/arrangement/> .
@prefix criterion: <https://w3id.org/guiju/taxonomy/criterion/> .
@prefix gj: <https://w3id.org/guiju/ontology#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
:full a gj:Submission ; gj:asOf "{TODAY}"^^xsd:date ; gj:completeFor gj:Holding , gj:PotentialVotes , gj:Consolidation .
:part a gj:Submission ; gj:asOf "{TODAY}"^^xsd:date .
:supervisor a gj:CentralSupervisor ; gj:reportedIn :full .
"""


@dataclass
class Institution:
    """What is reported of one institution and the company concerned; None for a day that is not said."""

    name: str
    company: str
    submission: str
    kinds: list[str]
    equity: str | None
    votes: str | None
    swap: str | None = None
    events: list[tuple[str, str | None]] = field(default_factory=list)
    sales: list[tuple[str | None, str | None]] = field(default_factory=list)
    plans: list[tuple[str | None, bool]] = field(default_factory=list)
    decisions: list[tuple[str, str | None]] = field(default_factory=list)
    guarantees: list[tuple[str, bool]] = field(default_factory=list)
    findings: dict[str, bool] = field(default_factory=dict)
    listed: bool = False


def _random(seed: int, number: int) -> list[Institution]:
    chance = random.Random(seed)

    def some(*values: str | None) -> str | None:
        return chance.choice(values)

    found = []
    for count in range(number):
        kinds = chance.choice(
            [
                ["LegalPerson"],
                ["ForeignLegalPerson"],
                ["DomesticLegalPerson"],
                ["NonFinancialEnterprise"],
                ["TrustCompany"],
                ["Product"],
                ["NonFinancialEnterprise", "ForeignLegalPerson"],
            ]
        )
        equity = some("0.5", "0.4999", "0.6", "0.1", "0.5", "0.6", None)
        votes = some("0.6", "0.2", "0.5") if equity is None or chance.random() < 0.2 else None
        submission = chance.choice(["full", "full", "part"])
        one = Institution(f"i{count}", f"{submission}-{count // 25}", submission, kinds, equity, votes)
        if equity is None and chance.random() < 0.5:
            one.votes = None
        if chance.random() < 0.3:
            one.swap = some(
                "ShortTermSwapHolding", "StagedSwapHolding", "StagedSwapHolding", "LongTermSwapHolding", "SwapHolding"
            )
            one.plans = [(some(*DAYS, None), chance.random() < 0.8) for _ in range(chance.choice([0, 1, 1, 2]))]
        if chance.random() < 0.1:
            kind = chance.choice(["closure", "declaration-of-bankruptcy", "entry-into-liquidation"])
            one.events.append((kind, some(TODAY, "2013-01-01", "2012-06-30", None)))
        if chance.random() < 0.2:
            one.sales.append(
                (some(*DAYS, None), some("2012-12-30", "2015-06-30", "2015-07-01", "2015-12-31", "2016-01-01", None))
            )
        while chance.random() < 0.15:
            one.decisions.append(
                (
                    chance.choice(["inclusion", "removal"]),
                    some(*DAYS[2:], DAYS[3], None if chance.random() < 0.3 else TODAY),
                )
            )
        while chance.random() < 0.2:
            one.guarantees.append(
                (chance.choice(["IrrevocableGuarantee", "RevocableGuarantee", ""]), chance.random() < 0.8)
            )
        for criterion in (
            "financial-risk-relevance",
            "reputational-risk-relevance",
            "fund-transfers-restricted",
            "institution-in-substance",
        ):
            if chance.random() < 0.3:
                one.findings[criterion] = chance.random() < 0.6
        one.listed = chance.random() < 0.5
        found.append(one)
    return found


def _date(name: str, day: str | None) -> str:
    return f' ; gj:{name} "{day}"^^xsd:date' if day else ""


def _companies(institutions: list[Institution]) -> str:
    """The companies, each with a financial subsidiary."""
    return "".join(
        f":{company}-amc a gj:FinancialAssetManagementCompany ; gj:reportedIn :{submission} .\n"
        f":{company}-bank a gj:CommercialBank ; gj:reportedIn :{submission} .\n"
        f"[] a gj:Holding ; gj:holder :{company}-amc ; gj:held :{company}-bank ; gj:equityShare 1.0 ; gj:reportedIn :{submission} .\n"
        for company, submission in sorted({(one.company, one.submission) for one in institutions})
    )


def _turtle(one: Institution) -> str:
    """The institution, and what the company and its financial subsidiary have to do with it."""
    name, company, within = one.name, one.company, f"gj:reportedIn :{one.submission} ."
    stated = "".join(
        f" ; gj:{key} {value}" for key, value in (("equityShare", one.equity), ("votingShare", one.votes)) if value
    )
    lines = [f":{name} a {' , '.join('gj:' + kind for kind in one.kinds)} ; {within}"]
    if one.equity or one.votes:
        lines.append(f"[] a gj:{one.swap or 'Holding'} ; gj:holder :{company}-amc ; gj:held :{name}{stated} ; {within}")
    lines += [
        f"[] a gj:Act ; gj:kind act:{kind} ; gj:object :{name}{_date('date', day)} ; {within}"
        for kind, day in one.events
    ]
    lines += [
        f"[] a gj:Act ; gj:kind act:decision-to-sell-institution ; gj:actor :{company}-amc ; gj:object :{name}"
        f"{_date('date', day)}{_date('plannedDay', planned)} ; {within}"
        for day, planned in one.sales
    ]
    lines += [
        f"[] a gj:Arrangement ; gj:kind arrangement:swap-exit-plan ; gj:maintainedBy :{company}-amc ; gj:covers :{name}"
        f"{_date('plannedDay', day)}{_date('until', None if force else TODAY)} ; {within}"
        for day, force in one.plans
    ]
    lines += [
        f"[] a gj:Act ; gj:kind act:scope-{kind}-decision ; gj:actor :supervisor ; gj:recipient :{company}-amc ;"
        f" gj:object :{name}{_date('date', day)} ; {within}"
        for kind, day in one.decisions
    ]
    lines += [
        f"[] a gj:LongTermRepaymentGuarantee{' , gj:' + kind if kind else ''} ; gj:guarantor :{company}-bank ; gj:guaranteed :{name}"
        f"{_date('until', None if force else TODAY)} ; {within}"
        for kind, force in one.guarantees
    ]
    lines += [
        f"[] a gj:Finding ; gj:about :{name} ; gj:criterion criterion:{criterion} ;"
        f' gj:judgement gj:{"Met" if met else "NotMet"} ; gj:date "2012-06-30"^^xsd:date ; {within}'
        for criterion, met in one.findings.items()
    ]
    if one.listed:
        lines.append(f"[] a gj:Consolidation ; gj:consolidator :{company}-amc ; gj:consolidated :{name} ; {within}")
    return "\n".join(lines) + "\n"


def _controlled(one: Institution) -> bool:
    return Fraction(one.votes or one.equity or "0") >= Fraction(1, 2)


def _three_years_on(day: str) -> str:
    then = date.fromisoformat(day)
    return then.replace(year=then.year + 3).isoformat()


def _sale(one: Institution, day: str | None, planned: str | None) -> bool | None:
    """Whether a decision to sell lets the institution be left out; None where that is open."""
    if day and (day > TODAY or _three_years_on(day) < TODAY or (planned and planned > _three_years_on(day))):
        return False
    enough = Fraction(one.equity) >= Fraction(1, 2) if one.equity else (None if one.votes else False)
    if enough is False:
        return None if one.submission == "part" and (one.equity or one.votes) else False
    return True if enough and day and planned else None


def _swap(one: Institution) -> bool | None:
    """Whether the holding from a swap lets the enterprise be left out; None where that is open."""
    if one.swap in (None, "LongTermSwapHolding") or not (one.equity or one.votes):
        return False
    days = [day for day, force in one.plans if force]
    if _controlled(one) and days and not any(day and day >= TODAY for day in days):
        return None if None in days else False
    return None if one.swap == "SwapHolding" else True


def _expected(one: Institution) -> dict[str, bool]:
    """What follows for the company: property by property, and class by class."""
    controlled, invested = _controlled(one), bool(one.equity or one.votes)
    legal = one.kinds != ["Product"]
    institution = legal or one.findings.get("institution-in-substance", False)
    dated = [(kind, day) for kind, day in one.decisions if day and day <= TODAY]
    last = max((day for _, day in dated), default="")
    latest = {kind for kind, day in dated if day == last}
    included, removed = latest == {"inclusion"}, latest == {"removal"}
    reasons: list[bool | None] = [None for _, day in one.decisions if not day]
    if invested and not included:
        reasons += [None if day is None else day <= TODAY for _, day in one.events]
        reasons += [_sale(one, *sale) for sale in one.sales] + [_swap(one)]
        if one.findings.get("fund-transfers-restricted") and "DomesticLegalPerson" not in one.kinds:
            reasons.append(True if "ForeignLegalPerson" in one.kinds else None)
    left_out, undecided = any(reasons) or removed, None in reasons
    firm = any(kind == "IrrevocableGuarantee" and force for kind, force in one.guarantees)
    risk = any(one.findings.get(f"{kind}-risk-relevance") for kind in ("financial", "reputational"))
    guaranteed = firm and "NonFinancialEnterprise" in one.kinds
    grounds = (controlled and institution) or (invested and not controlled and risk and institution) or guaranteed
    must = (included or (grounds and not left_out)) and not undecided
    return {
        "mayLeaveOut": left_out,
        "scopeUndecided": undecided,
        "mustConsolidate": must,
        "affiliatedInstitution": (controlled and institution) or must,
        "ConsolidatedInstitution": must and one.listed,
        "UnconsolidatedInstitution": must and not one.listed and one.submission == "full",
    }


def _derived(text: str, knowledge: Knowledge) -> Derived:
    return derive([quad.triple for quad in parse(HEAD + text, format=RdfFormat.TURTLE)], knowledge)


def test_the_queries_and_an_independent_method_agree(knowledge: Knowledge) -> None:
    institutions = _random(20110308, 1000)
    found: dict[str, set[str]] = defaultdict(set)
    text = _companies(institutions) + "".join(map(_turtle, institutions))
    for subject, predicate, value in _derived(text, knowledge).origin:
        if isinstance(subject, NamedNode) and isinstance(value, NamedNode):
            relation = predicate.value != keys.RDF + "type"
            name = (predicate if relation else value).value.removeprefix(keys.GJ)
            found[(value if relation else subject).value.removeprefix(BASE)].add(name)
    counted: Counter[tuple[str, bool]] = Counter()
    for one in institutions:
        expected = _expected(one)
        assert {name: name in found[one.name] for name in expected} == expected, one
        counted.update(expected.items())
    assert min(counted.values()) > 20, "what is compared comes out either way often enough"
    assert len(counted) == 12


def test_affiliated_institutions_of_article_two(knowledge: Knowledge) -> None:
    """A subsidiary abroad, also one that may be left out; an investee of risk relevance; no mere investee."""
    text = """
:amc a gj:FinancialAssetManagementCompany ; gj:reportedIn :full .
:abroad a gj:ForeignLegalPerson ; gj:reportedIn :full .
:in-liquidation a gj:LegalPerson ; gj:reportedIn :full .
:relevant a gj:LegalPerson ; gj:reportedIn :full .
:investee a gj:LegalPerson ; gj:reportedIn :full .
:a a gj:Holding ; gj:holder :amc ; gj:held :abroad ; gj:equityShare 1.0 ; gj:reportedIn :full .
:b a gj:Holding ; gj:holder :amc ; gj:held :in-liquidation ; gj:equityShare 0.6 ; gj:reportedIn :full .
:c a gj:Holding ; gj:holder :amc ; gj:held :relevant ; gj:equityShare 0.2 ; gj:reportedIn :full .
:d a gj:Holding ; gj:holder :amc ; gj:held :investee ; gj:equityShare 0.2 ; gj:reportedIn :full .
:e a gj:Act ; gj:kind act:entry-into-liquidation ; gj:object :in-liquidation ; gj:date "2012-05-01"^^xsd:date ;
    gj:reportedIn :full .
:f a gj:Finding ; gj:about :relevant ; gj:criterion criterion:financial-risk-relevance ; gj:judgement gj:Met ;
    gj:date "2012-05-01"^^xsd:date ; gj:reportedIn :full .
"""
    affiliated = NamedNode(keys.GJ + "affiliatedInstitution")
    derived = _derived(text, knowledge)
    found = {t.object.value.removeprefix(BASE) for t in derived.origin if t.predicate == affiliated}  # type: ignore[union-attr]
    assert found == {"abroad", "in-liquidation", "relevant"}
