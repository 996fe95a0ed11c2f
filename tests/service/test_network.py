"""The network of a provision: true to the data in both directions, and a drawing in which nothing is hidden."""

from __future__ import annotations

import re
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest

from guiju import keys, library
from guiju.service import network_picture
from guiju.service.held import held
from guiju.service.network import Connection, Network, around, connections, network
from tests.service.server import Server

AIC = "aic-measures-2018"
SVG = "{http://www.w3.org/2000/svg}"


def _drawn(found: Network) -> ET.Element:
    return ET.fromstring(network_picture.svg(found, lambda place: f"/about/id/{place.key}"))


def _keys(found: Network, step: int) -> set[str]:
    return {place.key for place in found.steps[step]}


def test_what_the_words_refer_to_is_one_step_away() -> None:
    found = network(keys.parse(f"{AIC}/art_26"))
    said = library.ask(held().library.knowledge, "provisions/refers-to", {"place": f"{AIC}/art_26"}).records()
    assert said
    assert {row["target"] for row in said} <= _keys(found, 1)
    back = network(keys.parse(f"{AIC}/art_27__para_3"))
    assert f"{AIC}/art_26__para_2" in _keys(back, -1)
    assert f"{AIC}/art_26__para_2" in _keys(network(keys.parse(f"{AIC}/art_31__para_1")), -1), "by way of its article"


def test_both_directions_agree() -> None:
    places = {each.source for each in connections()} | {each.target for each in connections()}
    for key in sorted(place for place in places if place.startswith(AIC) and "item" in place):
        for place in network(keys.parse(key)).steps[1]:
            if not place.foreign and "/" in place.key and not key.startswith(place.key + "__"):
                assert key in _keys(network(keys.parse(place.key)), -1), (key, place.key)


def test_two_steps_and_no_third() -> None:
    chain = [Connection(f"{AIC}/art_{n}", "refersTo", f"{AIC}/art_{n + 1}", "引用", "refers to") for n in range(1, 9)]
    found = around(f"{AIC}/art_5", chain)
    assert {step: _keys(found, step) for step in found.steps} == {
        -2: {f"{AIC}/art_3"}, -1: {f"{AIC}/art_4"}, 1: {f"{AIC}/art_6"}, 2: {f"{AIC}/art_7"},
    }  # fmt: skip
    assert [ties for _, ties in found.beyond(f"{AIC}/art_6", 2)] == [[{"zh": "引用", "en": "refers to"}]]
    assert found.beyond(f"{AIC}/art_4", -2)[0][1] == [{"zh": "被引用于", "en": "referred to by"}]


def test_a_circle_ends_and_parts_are_the_whole() -> None:
    circle = [
        Connection(f"{AIC}/art_1__para_1", "refersTo", f"{AIC}/art_2__para_1"),
        Connection(f"{AIC}/art_2", "refersTo", f"{AIC}/art_1"),
        Connection(f"{AIC}/art_1__para_2", "refersTo", f"{AIC}/art_1__para_1"),
        Connection(f"{AIC}/art_11", "refersTo", f"{AIC}/art_3"),
    ]
    found = around(f"{AIC}/art_1", circle)
    assert _keys(found, 1) == {f"{AIC}/art_2__para_1"}
    assert _keys(found, -1) == {f"{AIC}/art_2"}
    assert not found.steps[2] and not found.steps[-2]
    assert not around(f"{AIC}/art_99", circle)


def _boxes(drawing: ET.Element) -> list[tuple[float, float, float, float]]:
    found = []
    for link in drawing.iter(f"{SVG}a"):
        at = next(iter(link.iter(f"{SVG}rect"))).attrib
        x, y, wide, high = (float(at[name]) for name in ("x", "y", "width", "height"))
        found.append((x, y, x + wide, y + high))
    return found


@pytest.mark.parametrize("many", [1, 7, 30, 200])
def test_a_drawing_hides_nothing(many: int) -> None:
    documents = [AIC, "amc-opinions-2025", "bank-npl-rules-1", "amc-consolidated-supervision-2011"]
    known = [Connection(f"{documents[n % 4]}/art_{n + 2}", "refersTo", f"{AIC}/art_1") for n in range(many)]
    known += [Connection(f"{AIC}/art_1", "eli:cites", "external/company-law")]
    known += [Connection(f"{AIC}/art_{2 + n}", "because", f"{AIC}/art_{4 * n + 6}") for n in range(0, many, 4)]
    found = around(f"{AIC}/art_1", known)
    drawing = _drawn(found)
    boxes = _boxes(drawing)
    width, height = (float(drawing.attrib[name]) for name in ("width", "height"))
    assert all(x >= 0 and y >= 0 and to <= width and down <= height for x, y, to, down in boxes)
    for (x1, y1, x2, y2), (a1, b1, a2, b2) in combinations(boxes, 2):
        assert x2 <= a1 or a2 <= x1 or y2 <= b1 or b2 <= y1, "two boxes overlap"
    places = 1 + sum(map(len, found.steps.values()))
    said = re.search(r"另有 (\d+) 处未画", "".join(drawing.itertext()))
    assert len(boxes) + (int(said[1]) if said else 0) == places
    assert (said is not None) == (many == 200)
    texts = {(text.text or "") for text in drawing.iter(f"{SVG}text")}
    assert "外" in texts and "本" in texts
    for link in drawing.iter(f"{SVG}a"):
        assert link.attrib["href"].startswith("/about/id/")
        assert link.findtext(f"{SVG}title")


def test_it_is_on_the_page_and_at_an_address_of_its_own(server: Server) -> None:
    address = f"/network/{AIC}/art_26"
    alone, drawing = server.get(address, "text/html"), server.get(address, "image/svg+xml")
    assert alone.status == drawing.status == 200
    assert drawing.media == "image/svg+xml"
    assert "default-src 'none'" in drawing.headers["content-security-policy"]
    root = ET.fromstring(drawing.body)
    assert f"/about/id/{AIC}/art_31" in {link.attrib["href"] for link in root.iter(f"{SVG}a")}
    page = server.get(f"/about/id/{AIC}/art_26", "text/html").text
    for text in (alone.text, page):
        assert drawing.text.strip() in text
        assert f'<a href="/about/id/{AIC}/art_31">第三十一条</a>' in text
    assert "没有同别处的关联" in server.get("/network/bank-npl-rules-7/art_8", "text/html").text
    assert server.get(f"/network/{AIC}/art_999", "text/html").status == 404
