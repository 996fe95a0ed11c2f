"""A kept session: after every change its verdicts are those of judging everything again, and only differences are told."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from datetime import date

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from guiju import keys
from guiju.columnar.parts import parts
from guiju.intake import BadInput
from guiju.judgement import PARTS
from guiju.knowledge import Knowledge
from guiju.submission import Submission, receive
from guiju.validator import Changed, Validator
from guiju.verdicts import Verdict, assess
from tests.benchmarks import vary
from tests.changing import Changes

Seen = Counter[tuple[object, ...]]


def seen(verdicts: Iterable[Verdict]) -> Seen:
    """Verdicts as values, all that they say included."""
    return Counter(
        (
            v.shape, v.norm, v.subject, v.submission, v.outcome, v.severity, v.because,
            *(tuple((*part.text, part.node) for part in getattr(v, name)) for name in PARTS),
        )
        for v in verdicts
    )  # fmt: skip


def facts(knowledge: Knowledge, profile: str, institutions: int, seed: int, place: str = "") -> Submission:
    """Invented submissions; those of another ``place`` have nothing in common with them."""
    text = "".join(vary.submissions(profile, institutions, seed)).replace(vary.NAMESPACE, vary.NAMESPACE + place)
    return receive([("facts.nt", text.encode(), "ntriples")], knowledge)


def follow(mirror: Seen, changed: Changed) -> None:
    """Do to a set of verdicts what a change says."""
    mirror -= seen(changed.gone) + seen(before for before, _ in changed.differing)
    mirror += seen(changed.new) + seen(after for _, after in changed.differing)


@pytest.mark.parametrize(("profile", "institutions", "changes"), [("aic", 4, 32), ("amc", 3, 16)])
def test_after_changes_all_is_as_judged_anew(
    profile: str, institutions: int, changes: int, knowledge: Knowledge
) -> None:
    session, mirror, drawn = begin(knowledge, profile, institutions, seed=1)
    refused = told = 0
    while changes:
        # What goes wrong once stays wrong; the benchmark looks after every change.
        look = changes % 4 == 0
        change = drawn.draw()
        before = set(session.facts())
        try:
            changed = session.change(change.added, change.removed)
        except BadInput:
            refused += 1
            assert set(session.facts()) == before
            assert seen(session.verdicts()) == mirror
            continue
        drawn.took(change)
        follow(mirror, changed)
        after = before.difference(change.removed).union(change.added)
        assert set(session.facts()) == after
        if look:
            anew = assess(after, knowledge)
            assert mirror == seen(anew.verdicts), change
            assert (session.as_of, session.summary()) == (anew.as_of, anew.summary())
        told += bool(changed)
        changes -= 1
    assert seen(session.verdicts()) == mirror
    assert told > 3


def begin(knowledge: Knowledge, profile: str, institutions: int, seed: int) -> tuple[Validator, Seen, Changes]:
    """A session, the verdicts in it, and changes of it."""
    submission = facts(knowledge, profile, institutions, seed)
    further = facts(knowledge, profile, institutions, seed + 1, "further/")
    rng = random.Random(seed)
    session = Validator(submission, knowledge)
    part = parts(further.rows, further.columns.terms, knowledge.words)
    more = [further.columns.terms.decoded(further.rows[part == number]) for number in range(part.max() + 1)]
    return session, seen(session.verdicts()), Changes(list(session.facts()), rng, more)


def test_facts_that_share_nothing_are_judged_alike_together_and_apart(knowledge: Knowledge) -> None:
    for profile, institutions in (("aic", 12), ("amc", 15)):
        submission = facts(knowledge, profile, institutions, seed=7)
        whole = assess(submission.triples, knowledge)
        part = parts(submission.rows, submission.columns.terms, knowledge.words)
        assert part.max() > 0
        alone = Seen()
        for number in range(part.max() + 1):
            own = submission.columns.terms.decoded(submission.rows[part == number])
            alone += seen(assess(own, knowledge, as_of=whole.as_of).verdicts)
        assert alone == seen(whole.verdicts)


GJ, EX = keys.GJ, "https://example.org/x/"
HEAD = (
    f"@prefix : <{EX}> . @prefix gj: <{GJ}> . @prefix act: <{keys.TAXONOMY}act/> .\n"
    f"@prefix metric: <{keys.TAXONOMY}metric/> . @prefix unit: <{keys.TAXONOMY}unit/> .\n"
    "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
)
COMPANY = """
:s{n} a gj:Submission ; gj:asOf "{day}"^^xsd:date ; gj:completeFor gj:Act , gj:Holding .
:a{n} a gj:FinancialAssetInvestmentCompany ; gj:reportedIn :s{n} .
:m{n} a gj:Measurement ; gj:about :a{n} ; gj:metric metric:registered-capital ; gj:value {value} ; gj:unit unit:CNY ;
    gj:instant "2018-12-31"^^xsd:date ; gj:reportedIn :s{n} .
"""
CAPITAL = f"{keys.NORM}aic-measures-2018/art_11__para_1.minimum-registered-capital"


def companies(knowledge: Knowledge, *days: str) -> Validator:
    """A session with a company for each day, all with too little capital."""
    text = HEAD + "".join(COMPANY.format(n=n, day=day, value="1.0") for n, day in enumerate(days))
    return Validator(receive([("x.ttl", text.encode(), None)], knowledge), knowledge)


def triple(subject: str, predicate: str, value: NamedNode | Literal) -> Triple:
    return Triple(NamedNode(EX + subject), NamedNode(GJ + predicate), value)


def amount(value: str) -> Literal:
    return Literal(value, datatype=NamedNode(keys.XSD + "decimal"))


def day(value: str) -> Literal:
    return Literal(value, datatype=NamedNode(keys.XSD + "date"))


def capital(verdicts: Iterable[Verdict]) -> dict[str, str]:
    return {v.subject.removeprefix(EX): v.outcome for v in verdicts if v.norm == CAPITAL}


def test_a_change_tells_what_is_other_than_before_and_nothing_else(knowledge: Knowledge) -> None:
    session = companies(knowledge, "2018-12-31", "2018-12-31")
    assert capital(session.verdicts()) == {"a0": "failed", "a1": "failed"}
    changed = session.change([triple("m0", "value", amount("10000000000.0"))], [triple("m0", "value", amount("1.00"))])
    assert not changed.new and not changed.gone
    assert {after.subject for _, after in changed.differing} == {EX + "a0"}
    outcomes = {after.norm: (before.outcome, after.outcome) for before, after in changed.differing}
    assert outcomes[CAPITAL] == ("failed", "passed")
    assert capital(session.verdicts()) == {"a0": "passed", "a1": "failed"}


def test_parts_join_and_divide(knowledge: Knowledge) -> None:
    session = companies(knowledge, "2018-12-31", "2018-12-31")
    holding = [
        Triple(NamedNode(EX + "h"), NamedNode(keys.RDF + "type"), NamedNode(GJ + "Holding")),
        triple("h", "holder", NamedNode(EX + "a0")), triple("h", "held", NamedNode(EX + "a1")),
        triple("h", "equityShare", amount("0.6")), triple("h", "votingShare", amount("0.6")),
        triple("h", "from", day("2018-07-01")), triple("h", "reportedIn", NamedNode(EX + "s0")),
    ]  # fmt: skip
    before = seen(session.verdicts())
    there = session.change(holding)
    assert {verdict.subject for verdict in there.new} | {after.subject for _, after in there.differing}
    assert seen(session.verdicts()) == seen(assess(session.facts(), knowledge).verdicts) != before
    back = session.change([], holding)
    assert seen(back.gone) == seen(there.new)
    assert seen(session.verdicts()) == before


def test_the_law_of_another_day_is_asked_of_everybody(knowledge: Knowledge) -> None:
    session = companies(knowledge, "2018-01-31", "2018-01-31")
    assert session.as_of == date(2018, 1, 31)
    assert capital(session.verdicts()) == {}
    changed = session.change([triple("s1", "asOf", day("2018-12-31"))], [triple("s1", "asOf", day("2018-01-31"))])
    assert session.as_of == date(2018, 12, 31)
    assert capital(changed.new).keys() == {"a0", "a1"}
    assert seen(session.verdicts()) == seen(assess(session.facts(), knowledge).verdicts)


def test_to_send_what_is_there_changes_nothing(knowledge: Knowledge) -> None:
    session = companies(knowledge, "2018-12-31")
    there = triple("m0", "value", amount("1.0"))
    assert not session.change([there])
    assert not session.change([there, there], [there])


def test_everything_can_go_and_come_again(knowledge: Knowledge) -> None:
    session = companies(knowledge, "2018-12-31")
    held, before = list(session.facts()), seen(session.verdicts())
    gone = session.change([], held)
    assert seen(gone.gone) == before
    assert session.summary() == dict.fromkeys(session.summary(), 0)
    assert session.as_of is None
    assert seen(session.change(held).new) == before


@pytest.mark.parametrize(
    ("added", "removed", "says"),
    [
        ([Triple(BlankNode("x"), NamedNode(GJ + "kind"), NamedNode(EX + "y"))], [], "blank node"),
        ([], [Triple(NamedNode(EX + "a0"), NamedNode(GJ + "kind"), BlankNode("x"))], "blank node"),
        ([], [triple("m0", "value", amount("2.0"))], "not there"),
        ([], [triple("nobody", "value", amount("2.0"))], "not there"),
        ([], [triple("m0", "value", amount("1.0"))], "gj:value"),
        ([triple("m0", "value", amount("2.0"))], [], "more than one value"),
        ([triple("m0", "valeu", amount("2.0"))], [], "gj:valeu"),
        ([triple("m0", "until", Literal("soon", datatype=NamedNode(keys.XSD + "date")))], [], "soon"),
        ([triple("a0", "controls", NamedNode(EX + "b"))], [], "derivation"),
        ([Triple(NamedNode(GJ + "kind"), NamedNode(GJ + "singleValued"), Literal(False))], [], "no statement"),
        ([], [triple("s0", "asOf", day("2018-12-31"))], "day"),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_all_as_it_was(
    added: list[Triple], removed: list[Triple], says: str, knowledge: Knowledge
) -> None:
    session = companies(knowledge, "2018-12-31")
    before, facts_before = seen(session.verdicts()), set(session.facts())
    with pytest.raises(BadInput, match=says):
        session.change(added, removed)
    assert (seen(session.verdicts()), set(session.facts())) == (before, facts_before)
    assert not session.change()
