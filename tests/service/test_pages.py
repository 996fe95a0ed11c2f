"""The workbench: what its pages show is what the data and the questions say, and nothing a stranger sends is markup."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from fastapi.testclient import TestClient

from guiju import api, keys, library, paths
from guiju.report import grouped
from guiju.service import access, html, reports, search
from guiju.service.held import held
from guiju.service.reading import rows
from guiju.service.settings import settings
from tests.service.server import within
from tests.service.test_linked import _Page as Page

AIC, AMC = "aic-measures-2018", "amc-consolidated-supervision-2011"
HTML = {"accept": "text/html"}
CASES = Path(__file__).parents[1] / "cases" / AIC
FACTS = (CASES / "art_39__para_2.report-to-supervisory-board" / "cases.ttl").read_text(encoding="utf-8")
EVIL = '</textarea></p><script>alert(1)</script><img src=x onerror="alert(1)">'
PLACES = [
    "/", f"/about/id/{AIC}", f"/about/id/{AIC}/art_39", f"/about/id/{AMC}/art_8", "/about/id/bank-npl-rules-1",
    f"/about/norm/{AIC}/art_39__para_2.major-transaction", "/about/taxonomy/metric/net-assets",
    "/search?q=%E8%B5%84%E6%9C%AC", "/search", "/terms", "/terms/MajorRelatedPartyTransaction", "/validate", "/coverage",
    "/queries", "/queries/norms/deadlines?ask=1", f"/compare?a={AIC}&b={AMC}&topic=%E5%85%B3%E8%81%94%E4%BA%A4%E6%98%93",
    "/nothing",
]  # fmt: skip


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(api.app, follow_redirects=False) as found:
        yield found


def _text(client: TestClient, path: str, status: int = 200) -> str:
    answer = client.get(path, headers=HTML)
    assert answer.status_code == status, path
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer.text


def _words(text: str) -> str:
    """What a page says, without its markup."""
    return " ".join(unescape(re.sub(r"<[^>]+>", "", text)).split())


@pytest.mark.parametrize("path", PLACES)
def test_a_page_needs_no_script_and_nothing_from_outside(client: TestClient, path: str) -> None:
    page = Page(_text(client, path, 404 if path == "/nothing" else 200))
    assert not {"script", "iframe", "img", "object", "style"} & set(page.tags)
    assert not page.handlers
    assert page.tags.count("h1") == page.tags.count("main") == 1
    assert not [link for _, link in page.links if not link.startswith(("/", "#", "?"))]
    assert {link[1:] for _, link in page.links if link.startswith("#")} <= page.ids


@pytest.mark.parametrize("path", PLACES)
def test_what_is_english_is_marked_so(client: TestClient, path: str) -> None:
    text = _text(client, path, 404 if path == "/nothing" else 200)
    assert text.startswith('<!doctype html>\n<html lang="zh-Hans">')
    for tag in re.findall(r'<\w+[^>]* class="(?:[^"]* )?en(?: [^"]*)?"[^>]*>', text):
        assert ' lang="en"' in tag, tag


@pytest.mark.parametrize("path", PLACES)
def test_every_link_of_a_page_leads_somewhere(client: TestClient, path: str) -> None:
    page = Page(_text(client, path, 404 if path == "/nothing" else 200))
    inside = sorted({link.partition("#")[0] for tag, link in page.links if link.startswith("/") and tag != "form"})
    for link in inside[:: max(1, len(inside) // 12)]:
        assert client.get(link, headers=HTML).status_code == 200, link


# Where to begin.


def test_the_first_page_says_of_every_document_how_far_it_is_encoded(client: TestClient) -> None:
    text = _text(client, "/")
    items = re.findall(r"<li>\s*<h3>.*?</li>", text, re.DOTALL)
    covered = {row["document"]: row for row in rows("coverage/documents")}
    assert len(items) == len(covered) == 15
    for item in items:
        found = re.search(r"/about/id/([\w-]+)", item)
        assert found
        row = covered[found[1]]
        state = "编码完整" if row["complete"] == "true" else "部分编码" if int(row["norms"]) else "仅有结构"
        assert state in item
        assert f"{row['provisions']} 处条文，{row['norms']} 项规范" in item
    dated = next(item for item in items if f"/about/id/{AIC}" in item)
    assert "自2018-06-29施行" in dated
    assert "现行状态不详" in dated
    assert "施行日期不详" in next(item for item in items if "/about/id/amc-opinions-2025" in item)


def test_the_first_page_is_data_for_programs(client: TestClient) -> None:
    assert client.get("/", headers={"accept": "text/turtle"}).text.count("void:Dataset") > 3


# Reading.


@pytest.mark.parametrize("document", [AIC, AMC, "bank-npl-rules-1"])
def test_a_document_can_be_read_whole_and_linked_to_anywhere(client: TestClient, document: str) -> None:
    text = _text(client, f"/about/id/{document}")
    page = Page(text)
    said = _words(text)
    contents = rows("provisions/contents", ("document", document))
    assert len(contents) > 30
    for row in contents:
        assert row["provision"].partition("/")[2] in page.ids
        assert " ".join(row["words"].split()) in said
    norms = held().library.norms(keys.Key(document))
    leads = {link.partition("#")[2] for _, link in page.links}
    assert {key.partition("/")[2] for key in norms} <= leads


def test_an_article_shows_its_norms_with_limits_readings_and_reasons(client: TestClient) -> None:
    text = _text(client, f"/about/id/{AIC}/art_39")
    said, page = _words(text), Page(text)
    library_ = held().library
    norms = [library_.show(keys.parse(key)) for key in library_.norms(keys.parse(f"{AIC}/art_39"))]
    assert len(norms) > 5
    for norm in norms:
        assert norm["key"].partition("/")[2] in page.ids
        for shown in (norm["definition"], norm["reading"] or norm["definition"]):
            assert " ".join(shown["zh"].split()) in said
            assert " ".join(shown["en"].split()) in said
        if norm["shape"]:
            assert f"/shape/{norm['key']}" in {link for _, link in page.links}
        else:
            assert norm["notEncoded"]["label"]["zh"] in said
    assert "期限：10" in said
    assert "单位：工作日" in said


def test_references_are_shown_in_both_directions(client: TestClient) -> None:
    to, source = f"/about/id/{AIC}/art_31", f"/about/id/{AIC}/art_26__para_2"
    there = _text(client, source)
    assert re.search(r"<dt>引用 .*?</dd>", there, re.DOTALL)
    assert to in {link for _, link in Page(there).links}
    back = re.search(r"<dt>被引用于 .*?</dd>", _text(client, to), re.DOTALL)
    assert back
    assert source in back[0]


def test_articles_lead_to_their_neighbours(client: TestClient) -> None:
    links = [link for _, link in Page(_text(client, f"/about/id/{AIC}/art_39__para_2")).links]
    assert {f"/about/id/{AIC}/art_{number}" for number in (38, 39, 40)} <= set(links)


def test_a_norm_shows_the_facts_it_needs_and_its_cases(client: TestClient) -> None:
    key = f"{AIC}/art_39__para_2.report-to-supervisory-board"
    said = _words(_text(client, f"/about/norm/{key}"))
    assert " ".join(held().library.needs(keys.parse(key))[0]["skeleton"].split()) in said
    assert " ".join(FACTS.split()) in said


def test_a_page_says_whether_it_was_in_force(client: TestClient) -> None:
    assert "2018-06-28 尚未施行" in _text(client, f"/about/id/{AIC}/art_39?as-of=2018-06-28")
    assert 'value="2018-06-28"' in _text(client, f"/about/id/{AIC}/art_39?as-of=2018-06-28")


def test_two_places_stand_side_by_side(client: TestClient) -> None:
    text = _text(client, f"/compare?a={quote('《金融资产投资公司管理办法（试行）》第三十九条')}&b={AMC}&topic=关联交易")
    left, right = text.split("<section")[1:3]
    assert "<mark>关联交易</mark>" in left
    assert "<mark>关联交易</mark>" in right
    shown = re.findall(rf'<h3><a href="/about/id/({AMC}/[\w]+)"', right)
    wanted = [row["provision"] for row in rows("provisions/search", ("words", "关联交易"), ("document", AMC))]
    assert set(wanted) <= set(shown)
    assert len(shown) < len(rows("provisions/contents", ("document", AMC))) / 2


def test_a_wrong_place_is_told_where_it_was_written(client: TestClient) -> None:
    text = _text(client, f"/compare?a={AIC}&b=no-such-law/art_1")
    wrong = re.search(r'id="wrong-b">([^<]+)', text)
    assert wrong
    assert "no-such-law/art_1" in wrong[1]
    assert 'aria-describedby="wrong-b"' in text
    assert "wrong-a" not in text


# Searching.


def _hits(text: str) -> list[str]:
    listed = text.partition('<ol class="hits"')[2].partition("</ol>")[0]
    return re.findall(r"<code>([^<]+)</code>", listed)


def test_search_finds_two_characters_and_marks_them(client: TestClient) -> None:
    text = _text(client, "/search?q=债券")
    assert _hits(text)
    assert text.count("<mark>债券</mark>") >= len(_hits(text))
    assert f"：{len(held().library.search('债券', search.ALL))} 条" in text


def test_a_facet_narrows_to_as_many_as_it_says_and_keeps_the_words(client: TestClient) -> None:
    found = search.find("资本", {})
    for facet, values in found.facets.items():
        for value, count in values[:3]:
            narrowed = search.find("资本", {facet: value})
            assert len(narrowed.hits) == count
            assert all(value in hit.values[facet] for hit in narrowed.hits)
    links = {unescape(link) for _, link in Page(_text(client, "/search?q=资本&document=" + AIC)).links}
    narrower = [link for link in links if "document=" in link and "modality=" in link]
    assert narrower
    assert all(f"q={quote('资本')}" in link for link in narrower)


def test_facets_of_norms_are_what_the_data_says() -> None:
    tested = {hit.entry["key"] for hit in search.find("", {"state": "tested"}).hits}
    library_ = held().library
    every = [key for one in library_.documents() for key in library_.norms(keys.parse(one["key"]))]
    assert tested == {key for key in every if library_.show(keys.parse(key))["shape"]}
    chosen = {"component": "DeadlineComponent", "document": AIC, "modality": "Obligation"}
    deadlines = {row["norm"] for row in rows("norms/deadlines", ("document", AIC))}
    found = {hit.entry["key"] for hit in search.find("", chosen).hits}
    assert found
    assert found <= deadlines


def test_hits_come_in_parts(client: TestClient) -> None:
    first, second = (_hits(_text(client, f"/search?q=公司&offset={at}")) for at in (0, 40))
    assert len(first) == len(second) == 40
    assert not set(first) & set(second)
    assert _hits(_text(client, "/search?q=公司&offset=999999999"))


def test_a_citation_leads_to_its_place(client: TestClient) -> None:
    text = _text(client, f"/search?q={quote('《金融资产投资公司管理办法（试行）》第三十九条第二款')}")
    assert f'直接前往 <span class="en" lang="en">Go to</span> <a href="/about/id/{AIC}/art_39__para_2">' in text


@pytest.mark.parametrize(
    ("text", "words", "marked"),
    [
        ("关联交易", ["关联"], "<mark>关联</mark>交易"),
        ("Board board", ["BOARD"], "<mark>Board</mark> <mark>board</mark>"),
        ("a<b>&", ["b"], "a&lt;<mark>b</mark>&gt;&amp;"),
        ("a<b>", ["<b>"], "a<mark>&lt;b&gt;</mark>"),
        ("资本金", ["资本", "资本金"], "<mark>资本金</mark>"),
        ("1+1", ["+", ".*"], "1<mark>+</mark>1"),
        ("x", [], "x"),
    ],
)
def test_words_are_marked_and_all_else_escaped(text: str, words: list[str], marked: str) -> None:
    assert str(html.marked(text, words)) == marked


@pytest.mark.parametrize(
    "path", ["/search?q={}", "/search?q=x&bearer={}", "/search?q=资本&document={}&kind={}&state={}", "/compare?a={}&b={}&topic={}", "/queries/norms/binding?ask=1&on={}",
             "/terms/{}", "/queries/{}", "/about/id/{}"],
)  # fmt: skip
def test_what_is_asked_is_never_markup(client: TestClient, path: str) -> None:
    answer = client.get(path.replace("{}", quote(EVIL, safe="")), headers=HTML)
    assert answer.status_code in {200, 404}
    page = Page(answer.text)
    assert not {"script", "img"} & set(page.tags)
    assert not page.handlers


# Terms.


@pytest.mark.parametrize("concept", ["metric/net-assets", "metric/registered-capital", "act/disclosure"])
def test_a_concept_shows_every_norm_that_uses_it(client: TestClient, concept: str) -> None:
    links = {link for _, link in Page(_text(client, f"/about/taxonomy/{concept}")).links}
    serving = rows("norms/serving", ("concept", keys.TAXONOMY + concept))
    assert serving
    assert {f"/about/norm/{row['norm']}" for row in serving} <= links


def test_numbers_stand_beside_the_norms(client: TestClient) -> None:
    assert "10,000,000,000" in _text(client, "/about/taxonomy/metric/registered-capital")


def test_a_defined_term_shows_the_norms_by_their_role(client: TestClient) -> None:
    text = _text(client, "/terms/MajorRelatedPartyTransaction")
    found = {row["norm"] for row in rows("norms/turning-on", ("class", "MajorRelatedPartyTransaction"))}
    assert f"{AIC}/art_39__para_2.major-transaction" in found
    assert {f"/about/norm/{key}" for key in found} <= {link for _, link in Page(text).links}
    _text(client, "/terms/NoSuchThing", 404)


def test_every_concept_is_listed(client: TestClient) -> None:
    links = {link for _, link in Page(_text(client, "/terms")).links}
    concepts = {row["concept"] for row in rows("norms/concepts")}
    assert len(concepts) > 500
    assert {"/about/taxonomy/" + concept.replace(":", "/", 1) for concept in concepts} <= links


# Coverage and questions.


def test_the_map_has_a_cell_for_every_provision(client: TestClient) -> None:
    cells = re.findall(r'<a class="cell (\w+)" href="/about/id/([^"]+)"', _text(client, "/coverage"))
    states = {row["provision"]: row["state"] for row in rows("coverage/provisions")}
    assert len(states) > 1_000
    assert {place: state for state, place in cells} == states


def test_every_question_has_a_page_with_its_parameters(client: TestClient) -> None:
    questions = library.catalogue(held().library.knowledge.root)
    listed = {link for _, link in Page(_text(client, "/queries")).links}
    assert {f"/queries/{question.name}" for question in questions} <= listed
    for question in questions:
        if question.name.startswith("norms/"):
            text = _text(client, f"/queries/{question.name}")
            assert {f'name="{param.name}"' for param in question.params} <= set(re.findall(r'name="\w+"', text))


def test_an_answer_is_a_table(client: TestClient) -> None:
    text = _text(client, f"/queries/norms/deadlines?document={AIC}&ask=1")
    wanted = rows("norms/deadlines", ("document", AIC))
    assert text.count("<tr>") == len(wanted) + 1
    assert {f"/about/norm/{row['norm']}" for row in wanted} <= {link for _, link in Page(text).links}
    json = next(link for _, link in Page(text).links if link.startswith("/api/"))
    assert client.get(json).json()[0]["norm"] == wanted[0]["norm"]


def test_a_wrong_parameter_is_told_with_an_example(client: TestClient) -> None:
    text = _text(client, "/queries/norms/binding?ask=1&institution=CommercialBank&on=soon")
    assert "soon" in text
    assert "2018-07-01" in text
    assert 'role="alert"' in text


# Judging.


def _post(client: TestClient, file: tuple[str, bytes] | None = None, **fields: str | list[str]) -> str:
    """The address of what was sent, when it is judged."""
    answer = client.post("/validate", data=fields, files={"file": file or ("", b"")})
    assert answer.status_code == 303, answer.text
    return _settled(client, answer.headers["location"])


def _settled(client: TestClient, address: str) -> str:
    """The address, when nothing goes on there any more."""
    assert within(60, lambda: 'id="progress"' not in client.get(address).text)
    return address


def _send(client: TestClient, file: tuple[str, bytes] | None = None, **fields: str | list[str]) -> tuple[int, str]:
    """The page at which what was sent arrives."""
    answer = client.get(_post(client, file, **fields))
    return answer.status_code, answer.text


def _judged(client: TestClient, facts: str) -> Any:
    """The report on facts as programs have it."""
    return client.post("/api/v1/validate", content=facts.encode(), headers={"content-type": "text/turtle"}).json()


def test_pasted_facts_are_judged_as_programs_have_them_judged(client: TestClient) -> None:
    address = _post(client, facts=FACTS)
    report = _judged(client, FACTS)
    text = client.get(address).text
    for outcome, label in (
        ("failed", "不符合"),
        ("passed", "符合"),
        ("cantTell", "不能判断"),
        ("inapplicable", "不适用"),
    ):
        assert f">{label} {report['summary'][outcome]} <" in text
    assert _listed(text) == Counter(
        verdict["outcome"] for verdict in report["verdicts"] if verdict["outcome"] in {"failed", "cantTell"}
    )
    said = _words(text)
    failed = [verdict for verdict in report["verdicts"] if verdict["outcome"] == "failed"]
    assert len(failed) > 3
    for verdict in failed:
        assert " ".join(grouped(verdict["remedy"]["zh"]).split()) in said
        assert verdict["text"] in said
        for fact in verdict["facts"]:
            assert f"← {fact['place']}" in said
    given_back = re.search(r"<textarea[^>]*>(.*?)</textarea>", client.get(address + "/again").text, re.DOTALL)
    assert given_back
    assert unescape(given_back[1]).strip() == FACTS.strip()
    assert client.get(address + "/report.json").json() == report
    assert client.get(address + "/facts").content.replace(b"\r\n", b"\n").strip() == FACTS.strip().encode()


def _listed(text: str) -> Counter[str]:
    """How many verdicts of each outcome a report lists."""
    return Counter(re.findall(r'<details class="verdict (\w+)"', text))


def test_a_report_is_narrowed_by_its_address(client: TestClient) -> None:
    address = _post(client, sample="company-in-trouble")
    verdicts = client.get(address + "/report.json").json()["verdicts"]
    some = next(verdict for verdict in verdicts if verdict["outcome"] == "failed" and verdict["severity"] == "warning")

    def narrowed(**choice: str | list[str]) -> Counter[str]:
        return _listed(client.get(address, params=choice).text)

    def wanted(**parts: str) -> Counter[str]:
        return Counter(
            verdict["outcome"]
            for verdict in verdicts
            if verdict["outcome"] in {"failed", "cantTell"}
            and all(verdict[name] == value for name, value in parts.items())
        )

    assert narrowed(entity=some["entity"]) == wanted(entity=some["entity"])
    assert narrowed(severity="warning") == wanted(severity="warning", outcome="failed")
    assert narrowed(words=some["provision"] + ".") == Counter(
        verdict["outcome"]
        for verdict in verdicts
        if some["provision"] + "." in verdict["norm"] and verdict["outcome"] in {"failed", "cantTell"}
    )
    assert narrowed(outcome="passed", document=AIC) == Counter(
        verdict["outcome"] for verdict in verdicts if verdict["outcome"] == "passed" and AIC in verdict["norm"]
    )
    for nonsense in ({"outcome": "x"}, {"severity": "x"}, {"offset": "x"}, {"offset": "²"}, {"unfolded": "x"}):
        assert narrowed(**nonsense) == wanted()
    assert not narrowed(entity="urn:nobody")
    assert '" open>' in client.get(address, params={"unfolded": "1"}).text


def test_a_file_is_judged_by_its_ending(client: TestClient) -> None:
    from pyoxigraph import RdfFormat, parse, serialize

    text = serialize(parse(FACTS, format=RdfFormat.TURTLE), format=RdfFormat.N_TRIPLES)
    assert text
    answer = client.get(_post(client, ("../../x.nt", text)) + "/report.json")
    assert answer.headers["content-disposition"] == 'attachment; filename="report.json"'
    assert answer.json()["summary"] == _judged(client, FACTS)["summary"]
    status, page = _send(client, ("x.rdf", b"<not-rdf/>"))
    assert status == 400
    assert '<option value="rdfxml" selected>' in page


def test_facts_that_cannot_be_used_are_told_where_they_were_written(client: TestClient) -> None:
    status, text = _send(client, facts="this is not turtle", as_of="2018-12-31")
    assert status == 400
    assert ">this is not turtle</textarea>" in text
    assert 'value="2018-12-31"' in text
    error = re.search(r'role="alert"[^>]*>([^<]+)', text)
    assert error
    assert "1" in error[1]
    assert 'aria-describedby="wrong"' in text
    assert _send(client, facts=FACTS, as_of="2018-02-31")[0] == 400
    for wrong in ({"facts": " "}, {"facts": FACTS, "as_of": "soon"}, {"facts": FACTS, "sample": "../README"}):
        answer = client.post("/validate", data=wrong)
        assert (answer.status_code, 'role="alert"' in answer.text) == (400, True)


def test_hostile_facts_stay_text(client: TestClient) -> None:
    hostile = FACTS + (
        '\n<javascript:alert(2)> a <https://w3id.org/guiju/ontology#FinancialAssetInvestmentCompany> ;\n'
        f'  <http://www.w3.org/2000/01/rdf-schema#label> {EVIL!r}@zh .\n'
    )  # fmt: skip
    status, text = _send(client, facts=hostile)
    page = Page(text)
    assert status in {200, 400}
    assert not {"script", "img"} & set(page.tags)
    assert not page.handlers
    assert not [link for _, link in page.links if "javascript" in link]
    assert EVIL not in text


def test_a_name_that_is_markup_is_shown_as_it_is(client: TestClient) -> None:
    name = EVIL.replace('"', "'")
    facts = f"""@prefix gj: <https://w3id.org/guiju/ontology#> .
        <urn:x:report> a gj:Submission ; gj:asOf "2018-12-31"^^<http://www.w3.org/2001/XMLSchema#date> .
        <urn:x:company> a gj:FinancialAssetInvestmentCompany ; gj:reportedIn <urn:x:report> ;
            <http://www.w3.org/2000/01/rdf-schema#label> "{name}"@zh ."""
    status, text = _send(client, facts=facts)
    page = Page(text)
    assert status == 200
    assert not {"script", "img"} & set(page.tags)
    assert not page.handlers
    text = client.get(_post(client, facts=facts), params={"outcome": ["failed", "cantTell", "inapplicable"]}).text
    assert not Page(text).handlers and "script" not in Page(text).tags
    headings = re.findall(r"<h2[^>]*>([^<]*)</h2>", text)
    assert any(unescape(heading).startswith(name) for heading in headings)


def test_too_much_is_refused_on_the_page(client: TestClient, small: None) -> None:
    answer = client.post("/validate", data={"facts": FACTS + "#" * 10_000})
    assert (answer.status_code, "100 字节" in answer.text) == (413, True)


def test_what_takes_too_long_is_told_on_the_page(client: TestClient, hasty: None) -> None:
    status, text = _send(client, facts=FACTS)
    assert (status, 'role="alert"' in text) == (503, True)


@pytest.mark.parametrize(
    ("media", "body"),
    [
        ("multipart/form-data; boundary=b; charset=unicode_escape",
         b'--b\r\nContent-Disposition: form-data; name="facts"\r\n\r\nx \\ud800\r\n--b--\r\n'),
        ("multipart/form-data; boundary=b; charset=no-such", b'--b\r\nContent-Disposition: form-data; name="facts"\r\n\r\nx'),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"--b\r\n" * 1_000),
        ("application/x-www-form-urlencoded", b"facts=%ff%fe&as_of=%00"),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % number for number in range(5_000))),
        ("application/json", b"{}"),
        ("", b""),
    ],
)  # fmt: skip
def test_a_form_that_is_none_is_refused_on_the_page(client: TestClient, media: str, body: bytes) -> None:
    answer = client.post("/validate", content=body, headers={"content-type": media} if media else {})
    if answer.status_code == 303:
        answer = client.get(_settled(client, answer.headers["location"]))
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text


def test_a_group_is_drawn_and_proved(client: TestClient) -> None:
    address = _post(client, sample="amc-group")
    text = client.get(address + "/picture").text
    assert "<svg " in text
    assert "恒岳银行股份有限公司" in text
    drawn = client.get(address + "/picture.svg")
    assert drawn.headers["content-type"] == "image/svg+xml"
    assert drawn.text.strip() in text
    text = client.get(address + "/proofs", params={"subject": "中岳物流有限公司"}).text
    steps = re.findall(r'<li id="n(\d+)">(.*?)</ul>', text, re.DOTALL)
    assert len(steps) > 2
    for number, step in steps:
        assert all(int(earlier) < int(number) for earlier in re.findall(r'href="#n(\d+)"', step))
    assert "∴" in text
    assert 'role="alert"' in client.get(address + "/proofs", params={"subject": "无此主体"}).text
    assert 'role="alert"' in client.get(_post(client, facts=FACTS) + "/picture").text


def test_the_library_is_asked_about_a_submission(client: TestClient) -> None:
    address = _post(client, sample="amc-group")
    questions = {one.name for one in library.catalogue(held().library.knowledge.root) if "institutions/" in one.name}
    listed = {link for _, link in Page(client.get(address + "/queries").text).links}
    assert {f"{address}/queries/{name}" for name in questions} <= listed
    text = client.get(f"{address}/queries/institutions/holdings").text
    found = list(csv.reader(client.get(f"{address}/queries/institutions/holdings?ask=1&as=csv").text.splitlines()))
    assert text.count("<tr>") == len(found) > 5
    some = found[1][0]
    narrowed = client.get(f"{address}/queries/institutions/holdings", params={"ask": "1", "holder": some}).text
    assert narrowed.count("<tr>") == 1 + sum(row[0] == some for row in found[1:])
    wrong = client.get(f"{address}/queries/institutions/holdings", params={"ask": "1", "holder": "no iri"})
    assert (wrong.status_code, 'role="alert"' in wrong.text) == (200, True)
    assert client.get(f"{address}/queries/institutions/nothing").status_code == 404


def test_to_keep_needs_the_key_where_there_are_keys(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key, line = access.new_key("analyst")
    (tmp_path / "keys").write_text(line + "\n", encoding="utf-8")
    monkeypatch.setenv("GUIJU_KEYS_FILE", str(tmp_path / "keys"))
    settings.cache_clear()
    try:
        address = _post(client, facts=FACTS)
        asked = client.post("/validate", data={"facts": FACTS, "keep": "1"})
        assert "</textarea>" in asked.text
        for answer in (asked, client.post(address + "/keep", headers=HTML), client.get("/submissions", headers=HTML)):
            assert (answer.status_code, answer.headers["www-authenticate"].split()[0]) == (401, "Basic")
        # These tests have no store: that is what stands in the way of whoever has the key.
        known = client.post(address + "/keep", headers=HTML, auth=("any", key))
        assert (known.status_code, "没有" in known.text or "不保存" in known.text) == (403, True)
        assert client.get(address).status_code == 200
    finally:
        monkeypatch.undo()
        settings.cache_clear()


def test_what_is_unknown_or_gone_is_told(client: TestClient) -> None:
    for place in ("nothing", "../x", "0b7c1a3e-7a3f-4d0e-9d2b-0f6c0b1a2c3d"):
        for part in ("", "/proofs", "/picture", "/queries", "/again", "/delete", "/report.json", "/changes"):
            assert client.get(f"/submissions/{quote(place, safe='')}{part}", headers=HTML).status_code == 404
    address = _post(client, facts=FACTS)
    assert client.post(address + "/delete").status_code == 303
    assert client.get(address, headers=HTML).status_code == 404


def test_a_judging_is_cancelled_and_its_facts_given_back(client: TestClient) -> None:
    answer = client.post("/validate", data={"sample": "company-in-trouble"})
    page = client.get(answer.headers["location"])
    assert 'id="progress"' in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]
    ended = client.post(answer.headers["location"] + "/cancel")
    assert "已取消" in ended.text
    assert "@prefix" in ended.text
    assert client.get(answer.headers["location"], headers=HTML).status_code == 404


def test_samples_are_those_that_are_bundled(client: TestClient) -> None:
    text = _text(client, "/validate")
    assert set(re.findall(r'name="sample" value="([^"]+)"', text)) == set(paths.samples())
    assert "company-in-trouble" in paths.samples()


def test_the_facts_of_a_norm_are_there_to_be_filled_in(client: TestClient) -> None:
    text = _text(client, f"/validate?norm={AIC}/art_39__para_2.report-to-supervisory-board")
    assert "@prefix gj:" in text
    assert "act:board-approval" in text
    assert _text(client, "/validate?norm=nothing/art_1", 404)


# Errors.


def test_errors_are_pages_for_browsers_and_problems_for_programs(client: TestClient) -> None:
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    for path in ("/about/id/nothing", "/queries/no/such", "/nothing", "/search?offset=x"):
        answer = client.get(path, headers={"accept": browser})
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.status_code in {404, 422}
        for accept in ("*/*", "application/json", "text/html;q=0"):
            assert client.get(path, headers={"accept": accept}).headers["content-type"] == "application/problem+json"
    assert client.get("/api/v1/no", headers={"accept": browser}).headers["content-type"] == "application/problem+json"


def test_pages_below_another_path_lead_back_to_it() -> None:
    with TestClient(api.app, root_path="/guiju", follow_redirects=False) as below:
        for place in ("/", f"/about/id/{AIC}/art_39", "/search?q=资本", "/coverage", "/validate", "/terms", "/nothing"):
            links = {link for _, link in Page(below.get("/guiju" + place, headers=HTML).text).links}
            assert all(urlsplit(link).path.startswith("/guiju/") for link in links if not link.startswith(("#", "?")))


def test_a_long_report_is_read_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "PART", 3)
    same = {"norm": f"{keys.NORM}{AIC}/art_1__para_1.a", "because": None, "severity": "violation", "subjectName": ""}
    words = {"citation": {"zh": "", "en": ""}, "message": {"zh": "", "en": ""}}
    verdicts = [
        {**same, **words, "outcome": outcome, "entity": entity, "entityName": entity}
        for entity, outcome in (("urn:a", "passed"), ("urn:a", "cantTell"), ("urn:b", "failed"), ("urn:b", "failed"))
    ]
    every = reports.Choice(outcomes=("failed", "cantTell", "passed", "inapplicable"))
    first = reports.arranged({"verdicts": verdicts}, every)
    assert [(one["name"], len(one["verdicts"])) for one in first["entities"]] == [("urn:b", 2), ("urn:a", 1)]
    assert first["entities"][0]["counts"] == {"failed": 2}
    assert (first["chosen"], first["before"], first["after"]) == (4, None, 3)
    rest = reports.arranged({"verdicts": verdicts}, replace(every, offset=first["after"]))
    assert [(one["name"], len(one["verdicts"])) for one in rest["entities"]] == [("urn:b", 0), ("urn:a", 1)]
    assert (rest["before"], rest["after"]) == (0, None)
    assert [(key, dict(counts)) for key, _, counts in first["by_document"]] == [
        (AIC, {"passed": 1, "cantTell": 1, "failed": 2})
    ]
