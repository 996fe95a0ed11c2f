"""Proofs: every conclusion in words, down to facts with their places; long chains, shared grounds and circles included."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from pyoxigraph import Literal, NamedNode, Triple

from guiju import api, cli, keys, proofs
from guiju.columnar.columns import Columns
from guiju.console import print_proofs
from guiju.derivation import Derived, derive
from guiju.knowledge import Knowledge
from guiju.paper import Paper
from guiju.proofs import Proofs, UnknownSubject
from guiju.submission import Submission, receive
from tests import casework
from tests.test_cli import SAMPLES, _run

GROUPS = Path(__file__).parent / "golden" / "groups"
SMALL, WAYS = GROUPS / "small.ttl", GROUPS / "ways.ttl"
ITEM = "amc-consolidated-supervision-2011/art_8__para_1__item_1.majority-of-votes"


def _proofs(submission: Submission, knowledge: Knowledge, *relations: str) -> Proofs:
    """The proofs of all conclusions, or of those that conclude one of the relations."""
    derived = derive(submission.triples, knowledge)
    store = proofs.conclusions_store(derived, knowledge)
    wanted = {
        t.subject.value
        for t in derived.triples
        if t.predicate.value == keys.GJ + "concludes" and isinstance(t.object, NamedNode)
        if not relations or t.object.value.removeprefix(keys.GJ) in relations
        if isinstance(t.subject, NamedNode)
    }
    roots = [node for node in proofs.conclusions(store, knowledge) if node in wanted]
    return proofs.prove(store, derived, knowledge, roots)


def _printed(found: Proofs, submission: Submission, why: bool = True) -> str:
    out = StringIO()
    print_proofs(Paper(out), found, why, submission.place)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


@pytest.fixture(scope="module")
def small(knowledge: Knowledge) -> Submission:
    return receive([(SMALL.name, SMALL.read_bytes(), "turtle")], knowledge)


GOLDEN = """
为什么 Why  甲资产管理公司 集团控制：C公司
  1  甲资产管理公司 集团控制：A公司  甲资产管理公司 controls as a group: A公司
     依据 under  《金融资产管理公司并表监管指引（试行）》第八条第一款第（一）项  {item}
     事实 fact  甲资产管理公司持有A公司60%股权  甲资产管理公司 holds 60% of the equity in A公司  ← small.ttl:31
     计算 sum  计入的表决权：60%  votes counted: 60%
  2  甲资产管理公司 集团控制：B公司  甲资产管理公司 controls as a group: B公司
     依据 under  《金融资产管理公司并表监管指引（试行）》第八条第一款第（一）项  {item}
     由 from  第 1 步 step 1：甲资产管理公司 集团控制：A公司
     事实 fact  A公司持有B公司30%股权  A公司 holds 30% of the equity in B公司  ← small.ttl:37
     事实 fact  甲资产管理公司持有B公司21%股权  甲资产管理公司 holds 21% of the equity in B公司  ← small.ttl:43
     计算 sum  计入的表决权：30% + 21% = 51%  votes counted: 30% + 21% = 51%
  3 ∴  甲资产管理公司 集团控制：C公司  甲资产管理公司 controls as a group: Company C
     依据 under  《金融资产管理公司并表监管指引（试行）》第八条第一款第（一）项  {item}
     由 from  第 2 步 step 2：甲资产管理公司 集团控制：B公司
     事实 fact  B公司持有C公司50%股权，自2010-01-01  B公司 holds 50% of the equity in Company C, from 2010-01-01  ← small.ttl:49
     计算 sum  计入的表决权：50%  votes counted: 50%

已见第 1 步 see step 1：甲资产管理公司 集团控制：A公司

已见第 2 步 see step 2：甲资产管理公司 集团控制：B公司""".replace("{item}", ITEM)


def test_a_proof_goes_from_the_facts_to_the_conclusion(small: Submission, knowledge: Knowledge) -> None:
    found = _proofs(small, knowledge, "groupControls")
    last = next(root for root in found.roots if found.statements[root].text.zh.endswith("C公司"))
    ordered = [
        last,
        *(root for root in sorted(found.roots, key=lambda node: found.statements[node].text.zh) if root != last),
    ]
    derived = derive(small.triples, knowledge)
    again = proofs.prove(proofs.conclusions_store(derived, knowledge), derived, knowledge, ordered)
    assert _printed(again, small) == GOLDEN


def test_a_statement_stands_once_and_after_what_it_rests_on(small: Submission, knowledge: Knowledge) -> None:
    found = _proofs(small, knowledge)
    seen: set[str] = set()
    for node, said in found.statements.items():
        assert set(said.on) - set(said.circular) <= seen
        seen.add(node)
    assert set(found.roots) <= seen
    assert not any(said.circular for said in found.statements.values())


@pytest.mark.parametrize(
    ("of", "sums"),
    [
        ("协议公司", ["计入的表决权：30% + 依协议 25% = 55%"]),
        ("认股公司", ["计入的表决权：(45% + 20%) ÷ 120% = 54.16%"]),
        ("表决公司", ["计入的表决权：20%"]),
    ],
)
def test_sums_are_shown(of: str, sums: list[str], knowledge: Knowledge) -> None:
    found = _proofs(receive([str(WAYS)], knowledge), knowledge, "groupControls")
    said = next(s for s in found.statements.values() if s.text.zh == f"甲资产管理公司 集团控制：{of}")
    assert [text.zh for part, text in said.parts if part == "sum"] == sums


def test_every_way_of_control_names_its_provision(knowledge: Knowledge) -> None:
    found = _proofs(receive([str(WAYS)], knowledge), knowledge, "groupControls")
    cited = {found.statements[root].text.zh.split("：")[1]: found.statements[root].under for root in found.roots}
    assert {name: [key.provision for key, _ in under] for name, under in cited.items()} == {
        "协议公司": ["art_8__para_1__item_2__subitem_1"],
        "政策公司": ["art_8__para_1__item_2__subitem_2"],
        "董事会公司": ["art_8__para_1__item_2__subitem_3"],
        "表决公司": ["art_8__para_1__item_2__subitem_4"],
        "认股公司": ["art_8__para_1__item_1"],
        "实际控制公司": ["art_8__para_1__item_4"],
    }


def _worded(found: Proofs) -> None:
    """Every statement says something in both languages, every conclusion of it under a norm, every fact has words."""
    for said in found.statements.values():
        short = said.node.rsplit("/", 1)[-1].rsplit("#", 1)[-1]
        assert said.text.zh and said.text.en
        if said.node.startswith("urn:guiju:conclusion:"):
            assert said.under, f"no citation: {said.text.zh}"
            assert said.text.zh != short, f"no words: {said}"
        assert "urn:guiju:" not in said.text.zh + said.text.en


@pytest.mark.parametrize("sample", sorted(SAMPLES.glob("*.ttl")), ids=lambda file: file.stem)
def test_all_that_is_concluded_of_a_sample_is_put_in_words(sample: Path, knowledge: Knowledge) -> None:
    submission = receive([str(sample)], knowledge)
    found = _proofs(submission, knowledge)
    assert found.roots
    _worded(found)
    for said in found.statements.values():
        if not found.is_step(said) and not said.node.startswith(keys.BASE):
            assert submission.place(said.node), f"a proof ends in a fact that was reported, not in {said}"
            assert said.text.zh != said.node.rsplit("/", 1)[-1], f"no words: {said}"


def test_all_kinds_of_conclusion_are_put_in_words(knowledge: Knowledge) -> None:
    """Those of a tenth of the cases of the law, in one store."""
    facts = [triple for folder in casework.FOLDERS[::10] for triple in casework.facts(folder)]
    derived = derive(facts, knowledge)
    store = proofs.conclusions_store(derived, knowledge)
    found = proofs.prove(store, derived, knowledge, proofs.conclusions(store, knowledge))
    assert len({key for said in found.statements.values() for key, _ in said.under}) > 40
    _worded(found)


# Chains, shared grounds, circles.


def _conclusion(name: str, of: str, *on: str) -> list[Triple]:
    node = NamedNode(f"urn:guiju:conclusion:{name}")
    stated = [
        (keys.RDF + "type", keys.GJ + "Conclusion"),
        (keys.GJ + "concludedOf", f"https://example.org/{of}"),
        (keys.GJ + "concludes", keys.GJ + "AMCSubsidiary"),
        (keys.GJ + "underNorm", keys.NORM + ITEM),
        *((keys.GJ + "restsOn", ground) for ground in on),
    ]
    return [Triple(node, NamedNode(predicate), NamedNode(value)) for predicate, value in stated]


def _planted(knowledge: Knowledge, concluded: list[Triple], *roots: str) -> Proofs:
    things = {t.object for t in concluded if t.predicate.value == keys.GJ + "concludedOf"}
    facts = [
        Triple(thing, NamedNode(keys.RDFS + "label"), Literal(thing.value.rsplit("/", 1)[-1]))
        for thing in things
        if isinstance(thing, NamedNode)
    ]
    columns = Columns(knowledge.columns)
    columns.told.take_in(facts)
    given = columns.told.copy(columns.terms)
    drawn = columns.told.take_in(concluded)
    derived = Derived(columns, given, drawn, np.zeros(len(drawn), np.int32), ["planted"])
    store = proofs.conclusions_store(derived, knowledge)
    return proofs.prove(store, derived, knowledge, [f"urn:guiju:conclusion:{root}" for root in roots])


def test_a_long_chain_is_a_list(small: Submission, knowledge: Knowledge) -> None:
    levels = 1500
    chain = [
        triple
        for n in range(levels)
        for triple in _conclusion(str(n), f"e{n}", *([f"urn:guiju:conclusion:{n - 1}"] if n else []))
    ]
    found = _planted(knowledge, chain, str(levels - 1))
    assert len(found.statements) == levels
    lines = _printed(found, small).splitlines()
    assert lines[1].startswith("为什么 Why  e1499")
    assert lines[-1].startswith("     由 from  第 1499 步 step 1499：e1498 属于：")
    assert max(len(line) - len(line.lstrip()) for line in lines) <= 5
    assert json.loads(json.dumps(found.json(small)))["statements"][-1]["restsOn"] == [
        f"urn:guiju:conclusion:{levels - 2}"
    ]


def test_a_circle_is_said_and_does_not_go_on(small: Submission, knowledge: Knowledge) -> None:
    circle = [
        *_conclusion("a", "a", "urn:guiju:conclusion:b"),
        *_conclusion("b", "b", "urn:guiju:conclusion:c"),
        *_conclusion("c", "c", "urn:guiju:conclusion:a", "urn:guiju:conclusion:c"),
    ]
    found = _planted(knowledge, circle, "a")
    assert [said.node[-1] for said in found.statements.values()] == ["c", "b", "a"]
    assert sorted(node[-1] for node in found.statements["urn:guiju:conclusion:c"].circular) == ["a", "c"]
    assert _printed(found, small).count("循环 circular") == 2


def test_what_proofs_share_is_printed_once(small: Submission, knowledge: Knowledge) -> None:
    shared = [
        *_conclusion("base", "base"),
        *_conclusion("left", "left", "urn:guiju:conclusion:base"),
        *_conclusion("right", "right", "urn:guiju:conclusion:base"),
        *_conclusion("top", "top", "urn:guiju:conclusion:left", "urn:guiju:conclusion:right"),
    ]
    text = _printed(_planted(knowledge, shared, "top", "right"), small)
    steps = [line.split()[-1] for line in text.splitlines() if line.strip()[:1].isdigit()]
    assert len(steps) == 4
    assert text.count("第 1 步") == 2
    assert "已见第 3 步" in text


# Names, and what strangers may say.


def test_subjects_go_by_name_last_part_or_iri(small: Submission) -> None:
    for name in ("C公司", "Company C", "c", "https://example.org/small-group/c"):
        assert proofs.subject_called(name, small.triples) == "https://example.org/small-group/c"
    assert proofs.subject_called("乙投资者", small.triples).endswith("/other")
    with pytest.raises(UnknownSubject, match="A公司"):
        proofs.subject_called("A公", small.triples)
    double = [
        *small.triples,
        Triple(NamedNode("https://example.org/2"), NamedNode(keys.RDFS + "label"), Literal("C公司")),
    ]
    with pytest.raises(UnknownSubject, match=r"2 things are called.*https://example\.org/2"):
        proofs.subject_called("C公司", double)


def test_a_stranger_cannot_add_grounds_to_a_conclusion(small: Submission, knowledge: Knowledge) -> None:
    node = next(root for root in _proofs(small, knowledge, "groupControls").roots)
    forged = f"<{node}> <{keys.GJ}restsOn> <https://example.org/small-group/forged> ; a <{keys.GJ}Conclusion> .\n"
    again = receive([("small.ttl", SMALL.read_bytes() + forged.encode(), "turtle")], knowledge)
    assert {item.what for item in again.ignored} == {node}
    assert _proofs(again, knowledge).statements.keys() == _proofs(small, knowledge).statements.keys()


def test_a_stranger_cannot_put_facts_into_a_proof(small: Submission, knowledge: Knowledge) -> None:
    said = f"<https://example.org/small-group/other> a <{keys.GJ}InProof> ; <{keys.GJ}zh> 'forged' .\n"
    again = receive([("small.ttl", SMALL.read_bytes() + said.encode(), "turtle")], knowledge)
    found = _proofs(again, knowledge, "groupControls")
    assert found.statements.keys() == _proofs(small, knowledge, "groupControls").statements.keys()


@pytest.mark.parametrize(
    ("key", "other", "below"),
    [
        ("aic-measures-2018/art_39__para_2.disclosure", "aic-measures-2018", True),
        ("aic-measures-2018/art_39__para_2.disclosure", "aic-measures-2018/art_39", True),
        ("aic-measures-2018/art_39__para_2.disclosure", "aic-measures-2018/art_39__para_2", True),
        ("aic-measures-2018/art_39__para_2.disclosure", "aic-measures-2018/art_39__para_2.disclosure", True),
        ("aic-measures-2018/art_39__para_2.disclosure", "aic-measures-2018/art_39__para_2.other", False),
        ("aic-measures-2018/art_39__para_2.disclosure", "aic-measures-2018/art_3", False),
        ("aic-measures-2018/art_39__para_2.disclosure", "amc-opinions-2025", False),
        ("aic-measures-2018", "aic-measures-2018/art_3", False),
        ("aic-measures-2018", "aic-measures-2018", True),
    ],
)
def test_a_key_is_below_another_or_not(key: str, other: str, below: bool) -> None:
    assert keys.parse(key).within(keys.parse(other)) is below


# The command and the API.


def test_the_command_explains() -> None:
    done = _run("explain", str(SMALL), "--subject", "C公司", "--norm", ITEM, "--why")
    assert done.returncode == cli.OK, done.stderr
    assert "计入的表决权：30% + 21% = 51%" in done.stdout
    assert "small.ttl:43" in done.stdout
    done = _run("explain", str(SMALL), "--norm", "《金融资产管理公司并表监管指引（试行）》第八条第一款第（一）项")
    assert done.stdout.count("集团控制：") == 3
    assert "计入的表决权" not in done.stdout, "without --why, no proofs"


def test_the_command_explains_verdicts_too() -> None:
    done = _run(
        "explain", str(SAMPLES / "company-in-trouble.ttl"), "--norm", "aic-measures-2018/art_39__para_2", "--why"
    )
    assert done.returncode == cli.OK, done.stderr
    assert "不符合：" in done.stdout
    assert "要求 limit" in done.stdout
    assert "重大关联交易" in done.stdout


def test_the_command_says_what_it_does_not_know() -> None:
    done = _run("explain", str(SMALL), "--subject", "丁公司")
    assert done.returncode == cli.BAD_INPUT
    assert "丁公司" in done.stderr and "Traceback" not in done.stderr
    done = _run("explain", str(SMALL), "--subject", "other", "--norm", ITEM)
    assert done.returncode == cli.OK
    assert "没有推导出结论" in done.stdout


def test_a_report_says_how_to_ask_why() -> None:
    assert "guiju explain FILE --subject NAME --why" in _run("validate", str(SMALL)).stdout


def test_the_api_explains() -> None:
    with TestClient(api.app) as client:
        sent = {"content": SMALL.read_bytes(), "headers": {"content-type": "text/turtle"}}
        found = client.post("/api/v1/explain", params={"subject": "C公司", "norm": ITEM}, **sent)  # type: ignore[arg-type]
        assert found.status_code == 200, found.text
        said = {statement["node"]: statement for statement in found.json()["statements"]}
        root = said[found.json()["roots"][0]]
        assert root["under"][0]["citation"]["zh"].endswith("第八条第一款第（一）项")
        assert all(node in said for node in root["restsOn"])
        assert client.post("/api/v1/explain", params={"subject": "丁公司"}, **sent).status_code == 400  # type: ignore[arg-type]
        assert client.post("/api/v1/explain", params={"subject": "--help\0"}, **sent).status_code == 422  # type: ignore[arg-type]
        assert client.post("/api/v1/explain", params={"subject": "--help"}, **sent).status_code == 400  # type: ignore[arg-type]
