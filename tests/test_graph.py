"""The picture of a group: complete, well-formed whatever the data say, and legible, which geometry can judge."""

from __future__ import annotations

import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from fastapi.testclient import TestClient
from pyoxigraph import Store

from guiju import api, cli, drawing, picture
from guiju.derivation import Derived, derive
from guiju.graph import Entity, Group, Link, NoPicture, company_called, group
from guiju.knowledge import Knowledge
from guiju.proofs import UnknownSubject, conclusions_store
from guiju.submission import receive
from tests.test_cli import SAMPLES, _run
from tests.test_proofs import SMALL, WAYS

SVG = "{http://www.w3.org/2000/svg}"
AMC_GROUP = SAMPLES / "amc-group.ttl"
HEAD = """@prefix : <https://example.org/x/> .
@prefix gj: <https://w3id.org/guiju/ontology#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
:s a gj:Submission ; gj:asOf "2012-12-31"^^xsd:date .
"""


@cache
def _derived(source: Path | str, knowledge: Knowledge) -> tuple[Store, Derived]:
    given = str(source) if isinstance(source, Path) else ("stdin.ttl", (HEAD + source).encode(), "turtle")
    derived = derive(receive([given], knowledge).triples, knowledge)
    return conclusions_store(derived, knowledge), derived


def _group(source: Path | str, knowledge: Knowledge, most: int = 200) -> Group:
    store, derived = _derived(source, knowledge)
    return group(store, knowledge, company_called(None, derived), most)


@pytest.fixture(scope="module")
def sample(knowledge: Knowledge) -> Group:
    return _group(AMC_GROUP, knowledge)


# What is drawn.


@dataclass
class _Drawn:
    """An SVG taken apart: rectangles by IRI, texts in them, labels, and lines as lists of corners."""

    root: ET.Element

    def of(self, kind: str) -> list[ET.Element]:
        return [g for g in self.root.iter(f"{SVG}g") if g.get("class") == kind]

    def iris(self, kind: str) -> list[str]:
        return [g.get("data-iri", "") for g in self.of(kind)]

    def box(self, iri: str) -> ET.Element:
        return next(g for g in self.of("entity") if g.get("data-iri") == iri)


def _drawn(text: str) -> _Drawn:
    return _Drawn(ET.fromstring(text))


@pytest.mark.parametrize("source", [SMALL, WAYS, AMC_GROUP], ids=lambda file: file.stem)
def test_every_entity_and_link_is_drawn_once(source: Path, knowledge: Knowledge) -> None:
    found = _group(source, knowledge)
    drawn = _drawn(picture.svg(found))
    assert Counter(drawn.iris("entity")) == Counter(entity.iri for entity in found.entities)
    assert Counter(drawn.iris("link")) == Counter(link.iri for link in found.links)
    assert max(Counter(drawn.iris("link")).values()) == 1
    assert len(drawn.of("label")) == len(found.links)


def test_the_small_group_says_all_that_a_lawyer_asks(knowledge: Knowledge) -> None:
    found = _group(SMALL, knowledge)
    drawn = _drawn(picture.svg(found))
    assert {iri.rsplit("/", 1)[-1] for iri in drawn.iris("entity")} == {"amc", "a", "b", "c", "other"}
    assert "ended" not in {iri.rsplit("/", 1)[-1] for iri in drawn.iris("link")}, "it ended that day"
    labels = [label.findtext(f"{SVG}text") for label in drawn.of("label")]
    assert sorted(map(str, labels)) == ["21%", "30%", "40%", "50%", "50%", "60%"]
    text = " ".join(drawn.box("https://example.org/small-group/b").itertext())
    for said in ("B公司", "集团控制：第八条第一款第（一）项", "集团计入表决权 51%"):
        assert said in text
    assert drawn.root.findtext(f"{SVG}title") == "甲资产管理公司集团图 Group of 甲资产管理公司"
    assert "60%：甲资产管理公司 → A公司" in str(drawn.root.findtext(f"{SVG}desc"))
    assert "2012-12-31" in " ".join(drawn.root.itertext())
    assert "《金融资产管理公司并表监管指引（试行）》" in " ".join(drawn.root.itertext())


def test_each_way_of_control_has_its_own_line(knowledge: Knowledge) -> None:
    drawn = _drawn(picture.svg(_group(WAYS, knowledge)))
    looks = {}
    for link in drawn.of("link"):
        name, line = str(link.findtext(f"{SVG}title")).split(" ")[0], link.find(f"{SVG}path")
        assert line is not None
        if line.get("stroke") != "#8a8a8a":
            looks[name] = (line.get("stroke-dasharray"), line.get("stroke-width"))
    assert set(looks) == {"持股", "潜在表决权", "表决权协议", "治理权利", "控制协议", "担保"}
    assert len(set(looks.values())) == len(looks), "told apart without colour"
    labels = {str(label.findtext(f"{SVG}text")) for label in drawn.of("label")}
    assert {
        "潜在20%",
        "协议25%",
        "定政策",
        "任免4/7",
        "董事会5/9票",
        "股10% 票20%",
        "控制协议",
        "担保",
        "未报比例",
    } <= labels


def test_standings_differ_without_colour(sample: Group) -> None:
    drawn = _drawn(picture.svg(sample))
    looks = {}
    for entity in sample.entities:
        rect = drawn.box(entity.iri).find(f"{SVG}rect")
        assert rect is not None
        looks[entity.standing] = (rect.get("stroke-dasharray"), rect.get("stroke-width"), rect.get("rx"))
    assert {"company", "scope", "omitted", "invested", "outside"} <= set(looks)
    assert len(set(looks.values())) == len(looks)


def test_a_holding_in_oneself_is_written_in_the_box(knowledge: Knowledge) -> None:
    own = """:a a gj:FinancialAssetManagementCompany ; gj:reportedIn :s .
    :h a gj:Holding ; gj:holder :a ; gj:held :a ; gj:equityShare 0.05 ; gj:reportedIn :s ."""
    drawn = _drawn(picture.svg(_group(own, knowledge)))
    assert "持有自身：5%" in " ".join(drawn.root.itertext())


def test_the_picture_says_what_the_company_does_not_list(sample: Group) -> None:
    notes = {entity.iri.rsplit("/", 1)[-1]: entity.notes for entity in sample.entities if entity.standing == "scope"}
    missing = {name for name, said in notes.items() if "报送：未列入并表范围" in said}
    assert "media" in missing, "it must be consolidated, and the sample's company leaves it out"
    assert all(("报送：已列入并表范围" in said) is (name not in missing) for name, said in notes.items())


# What strangers may write.


HOSTILE = "</text><script>alert(1)</script>&amp;\"'<![CDATA[]]>" + "W" * 300 + "集" * 300


def test_hostile_names_stay_text(knowledge: Knowledge) -> None:
    name = HOSTILE.replace('"', '\\"')
    data = f""":a a gj:FinancialAssetManagementCompany ; rdfs:label "{name}"@zh ; gj:reportedIn :s .
    <https://example.org/x/%3Cscript%3E?a&b='c'> a gj:LegalPerson ; rdfs:label "{name}" ; gj:reportedIn :s .
    :h a gj:Holding ; gj:holder :a ; gj:held <https://example.org/x/%3Cscript%3E?a&b='c'> ; gj:equityShare 0.6 ; gj:reportedIn :s ."""
    text = picture.svg(_group(data, knowledge))
    drawn = _drawn(text)
    assert "<script" not in text
    assert {element.tag for element in drawn.root.iter()} == {
        SVG + tag for tag in ("svg", "title", "desc", "rect", "g", "path", "text")
    }
    assert "</text><script>alert(1)</script>" in " ".join(drawn.root.itertext())
    assert _overlaps(drawn) == []


def test_characters_that_xml_cannot_hold_are_replaced() -> None:
    made = Group(Entity("urn:a", "甲\u0001\uffff乙", "", "", "company"), [], [], [], 0, "")
    made.entities.append(made.company)
    assert "甲\ufffd\ufffd乙" in " ".join(_drawn(picture.svg(made)).root.itertext())


def test_nothing_refers_outside(sample: Group) -> None:
    drawn = _drawn(picture.svg(sample))
    for element in drawn.root.iter():
        assert not any("href" in name or name.startswith("on") or name == "style" for name in element.attrib)
        assert not any("url(" in value for value in element.attrib.values())


# Legible: boxes, labels and lines keep out of each other's way.

Rect = tuple[float, float, float, float]


def _rect(element: ET.Element | None) -> Rect:
    assert element is not None
    x, y, width, height = (float(element.get(name, "nan")) for name in ("x", "y", "width", "height"))
    return x, y, x + width, y + height


def _meet(one: Rect, other: Rect) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _stretches(path: str) -> Iterator[Rect]:
    """The level and upright parts of a line, as rectangles without thickness."""
    x = y = 0.0
    for command, numbers in re.findall(r"([MHVQ]) ([\d. -]+)", path):
        values = [float(number) for number in numbers.split()]
        to = (x, values[0]) if command == "V" else (values[0], y) if command == "H" else (values[-2], values[-1])
        if command in "HV":
            yield min(x, to[0]), min(y, to[1]), max(x, to[0]), max(y, to[1])
        x, y = to


def _overlaps(drawn: _Drawn) -> list[str]:
    """All that stands where something else stands, or sticks out of its box or the picture."""
    found = []
    boxes = {g.get("data-iri"): _rect(g.find(f"{SVG}rect")) for g in drawn.of("entity")}
    labels = [_rect(g.find(f"{SVG}rect")) for g in drawn.of("label")]
    lines = [[*_stretches(path.get("d", ""))] for g in drawn.of("link") for path in g.findall(f"{SVG}path")[:1]]
    places = list(boxes.values())
    for number, one in enumerate(places):
        found += [f"boxes {one} {other}" for other in places[number + 1 :] if _meet(one, other)]
        found += [f"label {label} in box {one}" for label in labels if _meet(one, label)]
        found += [f"line {part} through box {one}" for line in lines for part in line if _meet(_inner(one), part)]
    for number, label in enumerate(labels):
        found += [f"labels {label} {other}" for other in labels[number + 1 :] if _meet(label, other)]
        for other, line in enumerate(lines):
            if other != number:
                found += [f"line {part} through label {label}" for part in line if _meet(_inner(label), part)]
    for g in drawn.of("entity"):
        x, top, right, bottom = boxes[g.get("data-iri")]
        for text in g.findall(f"{SVG}text"):
            size, at = float(text.get("font-size", "0")), float(text.get("y", "nan"))
            if not (top <= at - size and at <= bottom and drawing.width_of(text.text or "", size) <= right - x - 10):
                found.append(f"text {text.text} out of its box")
    width, height = float(drawn.root.get("width", "0")), float(drawn.root.get("height", "0"))
    inside = all(x >= 0 and right <= width and top >= 0 and bottom <= height for x, top, right, bottom in places)
    return found if inside else [*found, "a box out of the picture"]


def _inner(rect: Rect) -> Rect:
    return rect[0] + 1.5, rect[1] + 1.5, rect[2] - 1.5, rect[3] - 1.5


@pytest.mark.parametrize("source", [SMALL, WAYS, AMC_GROUP], ids=lambda file: file.stem)
def test_nothing_overlaps(source: Path, knowledge: Knowledge) -> None:
    assert _overlaps(_drawn(picture.svg(_group(source, knowledge)))) == []


KINDS = ["Holding", "Holding", "Holding", "PotentialVotes", "VotingAgreement", "GovernanceRights", "Guarantee"]
STANDINGS = ["scope", "omitted", "controlled", "invested", "outside"]


def _random_group(seed: int) -> Group:
    """A group of 2 to 200 entities: a tree with further links, several of a pair, cross-holdings and circles."""
    dice = random.Random(seed)
    count = dice.choice([2, 5, 12, 40, 90, 200])
    names = [f"第{n}号" + "长" * dice.randrange(20) + "公司" for n in range(count)]
    entities = [
        Entity(
            f"https://example.org/{n}",
            name,
            "",
            "法人",
            dice.choice(STANDINGS) if n else "company",
            ["某项"] * dice.randrange(4),
        )
        for n, name in enumerate(names)
    ]
    pairs = [(dice.randrange(max(1, min(n, 8))), n) for n in range(1, count)]
    pairs += [(dice.randrange(count), dice.randrange(count)) for _ in range(count // 2)]
    links = [
        Link(f"https://example.org/l{n}", dice.choice(KINDS), entities[a].iri, entities[b].iri, dice.choice(["5%", "股10% 票20%", "任免5/9 董事会6/9票"]), "")
        for n, (a, b) in enumerate(pairs)
    ]  # fmt: skip
    return Group(entities[0], entities, links, ["《某指引》"], 0, "2012-12-31")


@pytest.mark.parametrize("seed", range(20))
def test_nothing_overlaps_in_random_groups(seed: int) -> None:
    made = _random_group(seed)
    drawn = _drawn(picture.svg(made))
    assert _overlaps(drawn) == []
    assert len(drawn.of("entity")) == len(made.entities)
    assert len(drawn.of("link")) == sum(link.source != link.target for link in made.links)


def test_text_is_wrapped_and_nothing_is_lost() -> None:
    for text in (
        "",
        "甲",
        "恒岳一号股权投资基金（有限合伙）" * 3,
        "A Very Long Name of a Company Limited",
        "W" * 99,
        "a b",
    ):
        lines = drawing.wrapped(text, 100, 13)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
        assert all(drawing.width_of(line, 13) <= 100 for line in lines)


# Which company, how many, and what is missing.


def test_a_large_group_keeps_what_is_controlled_or_in_scope(sample: Group, knowledge: Knowledge) -> None:
    less = _group(AMC_GROUP, knowledge, most=len(sample.entities) - 1)
    assert {entity.standing for entity in less.entities} <= {"company", "scope", "omitted", "controlled"}
    assert less.left_out == len(sample.entities) - len(less.entities) > 0
    shown = " ".join(_drawn(picture.svg(less)).root.itertext())
    assert f"另有 {less.left_out} 个" in shown
    with pytest.raises(NoPicture, match=r"more than the 5 of one picture.*--most"):
        _group(AMC_GROUP, knowledge, most=5)


def test_the_company_must_be_clear(knowledge: Knowledge) -> None:
    two = "".join(
        f':{n} a gj:FinancialAssetManagementCompany ; rdfs:label "{n}公司"@zh ; gj:reportedIn :s .\n' for n in "ab"
    )
    store, derived = _derived(two, knowledge)
    with pytest.raises(NoPicture, match=r"--company.*example\.org/x/a"):
        company_called(None, derived)
    assert company_called("b公司", derived) == "https://example.org/x/b"
    with pytest.raises(UnknownSubject):
        company_called("丙", derived)
    _, none = _derived(":p a gj:NaturalPerson ; gj:reportedIn :s .", knowledge)
    with pytest.raises(NoPicture, match="gj:FinancialAssetManagementCompany"):
        company_called(None, none)
    store, _ = _derived(":p a gj:NaturalPerson ; gj:reportedIn :s .", knowledge)
    with pytest.raises(NoPicture, match="no asset management company"):
        group(store, knowledge, "https://example.org/x/p")


def test_without_igraph_the_cure_is_named(sample: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "igraph", None)
    with pytest.raises(NoPicture, match=r"pip install 'guiju\[graph\]'"):
        picture.svg(sample)


def test_the_command_draws(tmp_path: Path) -> None:
    out = tmp_path / "group.svg"
    done = _run("graph", str(SMALL), "--out", str(out))
    assert done.returncode == cli.OK, done.stderr
    assert "5 个主体" in done.stderr and not done.stdout
    assert _run("graph", str(SMALL)).stdout == out.read_text(encoding="utf-8")
    done = _run("graph", str(SMALL), "--company", "丁公司")
    assert done.returncode == cli.BAD_INPUT
    assert "丁公司" in done.stderr and "Traceback" not in done.stderr


def test_the_api_draws() -> None:
    with TestClient(api.app) as client:
        sent = {"content": SMALL.read_bytes(), "headers": {"content-type": "text/turtle"}}
        answer = client.post("/api/v1/graph", params={"company": "amc"}, **sent)  # type: ignore[arg-type]
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("image/svg+xml")
        assert len(_drawn(answer.text).of("entity")) == 5
        assert client.post("/api/v1/graph", params={"company": "--out=x"}, **sent).status_code == 400  # type: ignore[arg-type]
