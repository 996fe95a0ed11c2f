"""Control, investment and scope in groups: against an independent method, at the limits, and their proofs."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from graphlib import TopologicalSorter
from itertools import chain, combinations

import pytest
from pyoxigraph import NamedNode, RdfFormat, Triple, parse

from guiju import keys
from guiju.derivation import Derived, derive
from guiju.knowledge import Knowledge
from tests.groups import HEAD, Fact, Group, Reading, controlled, groups, scope, turtle

BASE = "https://example.org/"
ITEM = keys.NORM + "amc-consolidated-supervision-2011/art_8__para_1__item_"
WAYS = {
    ITEM + "1.majority-of-votes",
    ITEM + "2__subitem_1.votes-by-agreement",
    ITEM + "2__subitem_2.power-over-policy",
    ITEM + "2__subitem_3.board-appointments",
    ITEM + "2__subitem_4.board-votes",
    ITEM + "4.actual-control",
}
MANY = [(seed, 250, 2, 8) for seed in range(4)] + [(10, 12, 20, 60), (11, 1, 300, 300)]
"""Random groups, more than a thousand: a seed, how many, and how many entities each has at the least and at the most."""


def _random(seed: int, number: int, least: int, most: int) -> list[Group]:
    return groups(seed, number, lambda chance: chance.randint(least, most))


def _derived(text: str, knowledge: Knowledge) -> Derived:
    return derive([quad.triple for quad in parse(HEAD + text, format=RdfFormat.TURTLE)], knowledge)


def _relations(derived: Derived) -> dict[str, dict[str, set[str]]]:
    """What was concluded in our vocabulary: property, subject, objects, without the base of the test data."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for subject, predicate, value in derived.origin:
        if isinstance(subject, NamedNode) and isinstance(value, NamedNode) and subject.value.startswith(BASE):
            name = predicate.value.removeprefix(keys.GJ)
            found[name][subject.value.removeprefix(BASE)].add(value.value.removeprefix(BASE))
    return found


def _of_conclusions(derived: Derived, name: str) -> dict[NamedNode, list[NamedNode]]:
    """The values that conclusion nodes have for a property of our vocabulary."""
    found: dict[NamedNode, list[NamedNode]] = defaultdict(list)
    for subject, predicate, value in derived.origin:
        if predicate.value == keys.GJ + name and isinstance(subject, NamedNode) and isinstance(value, NamedNode):
            found[subject].append(value)
    return found


@pytest.mark.parametrize("many", MANY, ids=lambda many: f"{many[1]} of up to {many[3]}")
def test_the_queries_and_an_independent_method_agree(many: tuple[int, int, int, int], knowledge: Knowledge) -> None:
    """On who is controlled, in scope and affiliated; and no proof leads back to itself."""
    every = _random(*many)
    derived = _derived("".join(map(turtle, every)), knowledge)
    found = _relations(derived)
    for group in every:
        for company in group.companies:
            expected = scope(group, company) if len(group.days) == 1 else {"groupControls": controlled(group, company)}
            subject = f"{group.space}/{company}"
            got = {name: {o.removeprefix(group.space + "/") for o in found[name][subject]} for name in expected}
            assert got == expected, subject
    if many[1] >= 250:
        norms = _of_conclusions(derived, "underNorm")
        concludes = _of_conclusions(derived, "concludes")
        control = NamedNode(keys.GJ + "groupControls")
        assert {norm.value for node, all in norms.items() if control in concludes[node] for norm in all} == WAYS
    rests = _of_conclusions(derived, "restsOn")
    assert sum(on in rests for all in rests.values() for on in all) > 10
    TopologicalSorter({node: [on for on in all if on in rests] for node, all in rests.items()}).prepare()


def test_the_independent_method_finds_the_smallest_group() -> None:
    """Of all sets that have whoever their members control, it is the one that lies in every other."""
    for group in groups(99, 150, lambda chance: chance.randint(1, 5)):
        for company in group.companies:
            smallest = set()
            for day in set(group.days.values()):
                reading, others = Reading(group, day), sorted({*group.entities, *group.companies} - {company})
                sets = chain.from_iterable(combinations(others, size) for size in range(len(others) + 1))
                closed = [
                    set(some)
                    for some in sets
                    if not any(reading.controls({company, *some}, other) for other in others if other not in some)
                ]
                smallest |= set.intersection(*closed)
            assert controlled(group, company) == smallest


def test_what_a_proof_rests_on_is_enough(knowledge: Knowledge) -> None:
    """Each of many conclusions on control follows again from the facts of its proof alone."""
    some = _random(12, 100, 2, 8)
    derived = _derived("".join(map(turtle, some)), knowledge)
    rests, of, to = (_of_conclusions(derived, name) for name in ("restsOn", "concludedOf", "concludedFor"))
    concludes = _of_conclusions(derived, "concludes")
    every = {f"{BASE}{group.space}/": group for group in some}
    control = NamedNode(keys.GJ + "groupControls")
    nodes = sorted((node for node in of if concludes[node] == [control]), key=lambda node: node.value)
    text, expected = "", set()
    for number, node in enumerate(random.Random(7).sample(nodes, 150)):
        space, company = to[node][0].value.rsplit("/", 1)
        group = every[space + "/"]
        proof = {fact.value.removeprefix(space + "/") for fact in _grounds(node, rests)}
        text += turtle(group, [fact for fact in group.facts if fact.name in proof], f"proof{number}")
        expected.add((f"proof{number}/{company}", f"proof{number}/{of[node][0].value.rsplit('/', 1)[1]}"))
    found = _relations(_derived(text, knowledge))["groupControls"]
    missing = {(company, entity) for company, entity in expected if entity not in found[company]}
    assert not missing


def _grounds(node: NamedNode, rests: dict[NamedNode, list[NamedNode]]) -> set[NamedNode]:
    """The facts at the bottom of a proof."""
    found, waiting = set(), [node]
    while waiting:
        for ground in rests[waiting.pop()]:
            if ground not in found:
                found.add(ground)
                waiting += [ground] if ground in rests else []
    return {ground for ground in found if ground not in rests}


def _holding(number: int, holder: str, held: str, **stated: str) -> Fact:
    return Fact(f"h{number}", "Holding", holder, held, "s", tuple(stated.items()))


def _shares(*pairs: tuple[str, str]) -> list[Fact]:
    """Holdings of e1 by the holders and shares given."""
    return [_holding(number, holder, "e1", equityShare=share) for number, (holder, share) in enumerate(pairs)]


def _more(kind: str, one: str = "amc0", third: str = "", submission: str = "s", **stated: str) -> Fact:
    name = f"{kind}-{one}-{third}-{submission}-{'-'.join(stated.values())}".replace(" ", "-")
    start, end = stated.pop("start", ""), stated.pop("end", "")
    return Fact(name, kind, one, "e1", submission, tuple(stated.items()), third, start, end)


BOTH = "FinancialPolicy OperatingPolicy"
HALF_BOARD = {"boardSeats": "8", "seatsAppointedAndRemoved": "4"}
CASES: list[tuple[str, list[Fact], str]] = [
    ("a half in three parts", _shares(("amc0", "0.1"), ("amc0", "0.15"), ("amc0", "0.25")), "1.majority-of-votes"),
    ("just short of a half", _shares(("amc0", "0.1"), ("amc0", "0.15"), ("amc0", "0.2499999999999999")), ""),
    ("with all votes of a subsidiary", _shares(("amc0", "0.25"), ("sub", "0.25")), "1.majority-of-votes"),
    ("none of those of an entity that is no subsidiary", _shares(("amc0", "0.25"), ("kin", "0.25")), ""),
    ("votes, not equity", [_holding(0, "amc0", "e1", equityShare="0.9", votingShare="0.4")], ""),
    ("potential votes", [*_shares(("amc0", "0.3")), _more("PotentialVotes", votingShare="0.2")], "1.majority-of-votes"),
    ("of a subsidiary", [*_shares(("amc0", "0.3")), _more("PotentialVotes", "sub", votingShare="0.2")], "1.majority-of-votes"),
    ("of somebody else", [*_shares(("amc0", "0.3")), _more("PotentialVotes", "kin", votingShare="0.2")], ""),
    ("no more today", [*_shares(("amc0", "0.3")), _more("PotentialVotes", votingShare="0.2", end="2012-12-31")], ""),
    ("from today", [*_shares(("amc0", "0.3")), _more("PotentialVotes", votingShare="0.2", start="2012-12-31")], "1.majority-of-votes"),
    ("not yet", [*_shares(("amc0", "0.3")), _more("PotentialVotes", votingShare="0.2", start="2013-01-01")], ""),
    ("new votes make all votes more", [*_shares(("amc0", "0.35")), _more("DilutivePotentialVotes", votingShare="0.2")], ""),
    ("a half of all, new ones included", [*_shares(("amc0", "0.4")), _more("DilutivePotentialVotes", votingShare="0.2")], "1.majority-of-votes"),
    ("all of another investor's votes", [*_shares(("amc0", "0.2"), ("kin", "0.3")), _more("VotingAgreement", third="kin")], "2__subitem_1.votes-by-agreement"),
    ("a part of them", [*_shares(("amc0", "0.2"), ("kin", "0.4")), _more("VotingAgreement", third="kin", votingShare="0.3")], "2__subitem_1.votes-by-agreement"),
    ("not enough of them", [*_shares(("amc0", "0.2"), ("kin", "0.4")), _more("VotingAgreement", third="kin", votingShare="0.29")], ""),
    ("no more than there are", [*_shares(("amc0", "0.2"), ("kin", "0.29")), _more("VotingAgreement", third="kin", votingShare="0.4")], ""),
    ("no votes of its own", [*_shares(("kin", "0.6")), _more("VotingAgreement", third="kin")], ""),
    ("both policies", [*_shares(("amc0", "0.01")), _more("GovernanceRights", decides=BOTH)], "2__subitem_2.power-over-policy"),
    ("one policy", [*_shares(("amc0", "0.01")), _more("GovernanceRights", decides="OperatingPolicy")], ""),
    ("both policies without investment", [_more("GovernanceRights", decides=BOTH)], ""),
    ("both policies of a subsidiary", [*_shares(("amc0", "0.01")), _more("GovernanceRights", "sub", decides=BOTH)], "2__subitem_2.power-over-policy"),
    ("half of the board", [*_shares(("amc0", "0.3")), _more("GovernanceRights", boardSeats="8", seatsAppointedAndRemoved="4")], ""),
    ("most of the board", [*_shares(("amc0", "0.3")), _more("GovernanceRights", boardSeats="7", seatsAppointedAndRemoved="4")], "2__subitem_3.board-appointments"),
    ("most of the board together", [*_shares(("amc0", "0.3")), _more("GovernanceRights", boardSeats="7", seatsAppointedAndRemoved="2"), _more("GovernanceRights", "sub", boardSeats="7", seatsAppointedAndRemoved="2")], "2__subitem_3.board-appointments"),
    ("half of the votes on the board", [*_shares(("amc0", "0.3")), _more("GovernanceRights", boardVotes="10", boardVotesHeld="5")], ""),
    ("most of the votes on the board", [*_shares(("amc0", "0.3")), _more("GovernanceRights", boardVotes="10", boardVotesHeld="6")], "2__subitem_4.board-votes"),
    ("a control agreement", [*_shares(("amc0", "0.01")), _more("ControlAgreement")], "4.actual-control"),
    ("a control agreement without investment", [_more("ControlAgreement")], ""),
    ("most of the votes and of the board: the first item only", [*_shares(("amc0", "0.51")), _more("GovernanceRights", boardSeats="7", seatsAppointedAndRemoved="4")], "1.majority-of-votes"),
    ("exactly a half and most of the board: both items", [*_shares(("amc0", "0.5")), _more("GovernanceRights", boardSeats="7", seatsAppointedAndRemoved="4")], "1.majority-of-votes 2__subitem_3.board-appointments"),
    ("days do not add up", [*_shares(("amc0", "0.3")), Fact("x", "Holding", "amc0", "e1", "before", (("equityShare", "0.3"),))], ""),
    ("nor do two statements of one day", [*_shares(("amc0", "0.3")), Fact("x", "Holding", "amc0", "e1", "again", (("equityShare", "0.3"),))], ""),
    ("of which the greater counts", [*_shares(("amc0", "0.3")), Fact("x", "Holding", "amc0", "e1", "again", (("equityShare", "0.5"),))], "1.majority-of-votes"),
    ("but two holders do", [*_shares(("amc0", "0.3")), Fact("x", "Holding", "sub", "e1", "again", (("equityShare", "0.2"),))], "1.majority-of-votes"),
]  # fmt: skip


def test_each_way_of_control_at_its_limit(knowledge: Knowledge) -> None:
    days = {"s": "2012-12-31", "again": "2012-12-31", "before": "2011-12-31"}
    family = [_holding(90, "amc0", "sub", equityShare="0.5"), _holding(91, "amc0", "kin", equityShare="0.4")]
    text = "".join(
        turtle(Group(f"case{number}", ["amc0"], ["e1", "sub", "kin"], days, [*family, *facts]))
        for number, (_, facts, _) in enumerate(CASES)
    )
    derived = _derived(text, knowledge)
    of, norms, concludes = (_of_conclusions(derived, name) for name in ("concludedOf", "underNorm", "concludes"))
    control, found = NamedNode(keys.GJ + "groupControls"), defaultdict(set)
    for node, things in of.items():
        if concludes[node] == [control]:
            found[things[0].value].add(norms[node][0].value.removeprefix(ITEM))
    wrong = {
        name: found[f"{BASE}case{number}/e1"]
        for number, (name, _, ways) in enumerate(CASES)
        if found[f"{BASE}case{number}/e1"] != set(ways.split())
    }
    assert not wrong


def _chain(levels: int, share: str) -> Iterable[Fact]:
    yield _holding(0, "amc0", "e0", equityShare=share)
    for number in range(1, levels):
        yield _holding(number, f"e{number - 1}", f"e{number}", equityShare=share)


def test_a_chain_of_three_hundred_levels(knowledge: Knowledge) -> None:
    entities = [f"e{number}" for number in range(300)]
    facts = list(_chain(300, "0.5"))
    broken = [*facts[:200], _holding(200, "e199", "e200", equityShare="0.49"), *facts[201:]]
    whole, cut = (
        Group(name, ["amc0"], entities, {"s": "2012-12-31"}, some) for name, some in (("whole", facts), ("cut", broken))
    )
    found = _relations(_derived(turtle(whole) + turtle(cut), knowledge))["groupControls"]
    assert found["whole/amc0"] == {f"whole/e{number}" for number in range(300)}
    assert found["cut/amc0"] == {f"cut/e{number}" for number in range(200)}


def test_thirty_five_thousand_holdings(knowledge: Knowledge) -> None:
    entities = [f"e{number}" for number in range(17_500)]
    facts = [
        _holding(
            number, ("amc0", "e0")[number // 17_500], f"e{number % 17_500}", equityShare=("0.25", "0.2")[number % 2]
        )
        for number in range(35_000)
    ]
    facts[0] = _holding(0, "amc0", "e0", equityShare="0.5")
    found = _relations(_derived(turtle(Group("wide", ["amc0"], entities, {"s": "2012-12-31"}, facts)), knowledge))
    assert found["groupControls"]["wide/amc0"] == {f"wide/e{number}" for number in range(0, 17_500, 2)}
    assert found["invests"]["wide/amc0"] == {f"wide/e{number}" for number in range(17_500)}


def test_votes_in_oneself_do_not_count(knowledge: Knowledge) -> None:
    facts = [*_shares(("amc0", "0.4"), ("e1", "0.2"))]
    found = _relations(_derived(turtle(Group("own", ["amc0"], ["e1"], {"s": "2012-12-31"}, facts)), knowledge))
    assert not found["groupControls"]["own/amc0"]


def test_a_circle_that_nobody_enters_controls_nobody(knowledge: Knowledge) -> None:
    facts = [
        _holding(10, "e1", "e2", equityShare="0.9"),
        _holding(11, "e2", "e1", equityShare="0.6"),
        *_shares(("amc0", "0.4")),
    ]
    triples: list[Triple] = list(
        _derived(turtle(Group("ring", ["amc0"], ["e1", "e2"], {"s": "2012-12-31"}, facts)), knowledge).origin
    )
    assert not [triple for triple in triples if triple.predicate.value == keys.GJ + "groupControls"]
