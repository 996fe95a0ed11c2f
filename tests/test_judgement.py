"""The verdicts' definition against a second one, in plain Python; and reports that do not depend on the facts' order."""

from __future__ import annotations

import random
from collections import defaultdict
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest
from pyoxigraph import NamedNode, RdfFormat, Triple, parse

from guiju import engines, keys
from guiju.completion import CITATION, index
from guiju.derivation import Derived, derive
from guiju.engines import Result
from guiju.knowledge import Knowledge
from guiju.submission import receive
from guiju.verdicts import assess, in_force, judge, selected
from tests import casework
from tests.benchmarks.generate import submissions

SAMPLE = Path(__file__).parents[1] / "src" / "guiju" / "samples" / "company-in-trouble.ttl"
# Among them one whose norm reaches back, and some whose act is older than the norm.
FOLDERS = [f for n, f in enumerate(casework.FOLDERS) if n % 40 == 0 or f.name.startswith("art_65")]
DOCUMENTS = ["aic-measures-2018", "amc-consolidated-supervision-2011", "amc-opinions-2025"]

Ruling = tuple[str, str, str, str, str | None]


def _invented() -> list[Triple]:
    return [quad.triple for quad in parse(submissions(2, scale=0.1), format=RdfFormat.TURTLE)]


@pytest.fixture(scope="module")
def facts(knowledge: Knowledge) -> list[Triple]:
    """A sample, cases of many norms, and invented submissions, all in one."""
    cases = [triple for folder in FOLDERS for triple in casework.facts(folder)]
    return [*receive([str(SAMPLE)], knowledge).triples, *cases, *_invented()]


def test_verdicts_are_those_of_a_second_definition(facts: list[Triple], knowledge: Knowledge) -> None:
    derived = derive(facts, knowledge)
    shapes = in_force(knowledge, None, DOCUMENTS)
    results = engines.run(derived.triples, selected(knowledge, shapes))
    verdicts = judge(derived.columns, results, shapes, knowledge).verdicts()
    found = [
        (v.shape, v.subject, v.submission, v.outcome, v.because)
        for v in verdicts
        if v.because != keys.GJ + "NothingInScope"
    ]
    assert len(found) == len(set(found))
    assert set(found) == _rulings(derived, results, shapes, knowledge)
    assert {outcome for *_, outcome, _ in found} == {"passed", "failed", "cantTell", "inapplicable"}
    reasons = {because for *_, because in found}
    assert {None, keys.GJ + "BeforeEntryIntoForce", keys.GJ + "NotTriggered"} < reasons


@pytest.mark.parametrize("seed", range(2))
def test_no_report_depends_on_the_order_of_the_facts(seed: int, knowledge: Knowledge) -> None:
    ordered = [*receive([str(SAMPLE)], knowledge).triples, *_invented()]
    mixed = random.Random(seed).sample(ordered, len(ordered))
    verdicts = assess(ordered, knowledge).verdicts
    assert any(len(verdict.facts) > 2 for verdict in verdicts)
    assert assess(mixed, knowledge).verdicts == verdicts


def test_a_conclusion_under_two_norms_cites_each_in_both_languages(knowledge: Knowledge) -> None:
    submission = receive([str(SAMPLE.with_name("amc-group.ttl"))], knowledge)
    verdicts = assess(submission.triples, knowledge, documents=["amc-consolidated-supervision-2011"]).verdicts
    chains = {part.text for verdict in verdicts for part in verdict.chain}
    cited = {text: (text.zh.partition("，依据")[2], text.en.partition(", under ")[2]) for text in chains}
    places = index(knowledge.documents).values()
    pairs = {tuple(term.value for term in about.get(CITATION.value, ())) for about in places}
    assert {pair for pair in cited.values() if any(pair)} <= pairs
    norms: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for text, pair in cited.items():
        norms[text.zh.partition("，依据")[0]].add(pair)
    assert max(map(len, norms.values())) > 1


def _rulings(derived: Derived, results: list[Result], shapes: list[str], knowledge: Knowledge) -> set[Ruling]:
    """What ``queries/verdicts.rq`` says in its header, worked out one subject after the other."""
    about, known, stated = index(derived.triples), index(knowledge.triples), index(knowledge.shapes)
    members: dict[str, set[str]] = defaultdict(set)
    for triple in derived.triples:
        if triple.predicate.value == keys.RDF + "type":
            members[triple.object.value].add(triple.subject.value)  # type: ignore[union-attr]
    reported: dict[str, set[str]] = defaultdict(set)
    for result in results:
        reported[result.shape].add(result.focus)
    begins = _begins(knowledge)
    found = set()
    for shape in shapes:
        key, terms = keys.parse(shape), stated[NamedNode(shape)]
        first = (
            None if key.norm in begins.back else begins.own.get(key.norm, begins.general.get(keys.ID + key.document))
        )
        targets = [term.value for term in terms[keys.SH + "targetClass"]]
        scopes = [term.value for term in terms.get(keys.GJ + "scope", ())]
        for target, scope in product(targets, scopes) if scopes else zip(targets, targets, strict=True):
            contrary = next((term.value for term in known[NamedNode(target)].get(keys.GJ + "otherwise", ())), None)
            for subject in members[scope]:
                own = about[NamedNode(subject)]
                date = next((day.value for day in own.get(keys.GJ + "date", ())), None)
                because: str | None = None
                if date and first and date < first:
                    outcome, because = "inapplicable", keys.GJ + "BeforeEntryIntoForce"
                elif contrary and subject in members[contrary]:
                    outcome, because = "inapplicable", contrary
                elif subject not in members[target]:
                    outcome, because = "cantTell", target
                elif subject in reported[shape]:
                    outcome = "failed"
                elif subject in reported[f"{shape}/not-known"]:
                    outcome = "cantTell"
                elif subject in reported[f"{shape}/not-triggered"]:
                    outcome, because = "inapplicable", keys.GJ + "NotTriggered"
                else:
                    outcome = "passed"
                for submission in own.get(keys.GJ + "reportedIn", ()):
                    found.add((shape, subject, submission.value, outcome, because))
    return found


class _Begins(NamedTuple):
    """The norms that reach back, and the first days of norms and of documents."""

    back: set[str]
    own: dict[str, str]
    general: dict[str, str]


def _begins(knowledge: Knowledge) -> _Begins:
    found = _Begins(set(), {}, {})
    for triple in knowledge.documents:
        subject, predicate, value = (term.value for term in triple)
        if predicate == keys.GJ + "reachesBack" and value == "true":
            found.back.add(subject)
        elif predicate == keys.GJ + "appliesFrom":
            found.own[subject] = value
        elif predicate == keys.ELI + "first_date_entry_in_force":
            found.general[subject] = value
    return found
