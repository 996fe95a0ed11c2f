"""The editor of SPARQL: in a real Chromium with script and without, and the answers of ``/sparql`` as pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from guiju import library
from guiju.service import editor, querying
from guiju.service.held import held
from guiju.service.openapi import example_of
from tests.service.server import Server

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
FORM = "application/x-www-form-urlencoded"
SLOW = 60_000
"""Milliseconds that an answer may take on a busy machine."""
EXAMPLES = [question for questions in editor._examples().values() for question in questions]


def _posted(server: Server, query: str) -> str:
    headers = {"Accept": BROWSER, "Content-Type": FORM}
    answer = server.ask("POST", "/sparql", headers, urlencode({"query": query}).encode())
    assert answer.media == "text/html"
    return answer.text


@pytest.mark.parametrize("question", EXAMPLES, ids=lambda question: question.name)
def test_an_example_gives_the_answer_of_the_question(server: Server, question: library.Question) -> None:
    params = {param.name: example_of(param) for param in question.params if param.default is None}
    wanted = library.ask(held().library.knowledge, question.name, params)
    body = urlencode({"query": editor.as_sparql(question)}).encode()
    headers = {"Accept": "application/sparql-results+json", "Content-Type": FORM}
    found = json.loads(server.ask("POST", "/sparql", headers, body).body)["results"]["bindings"]
    rows = {tuple(row.get(column, {}).get("value") for column in question.returns) for row in found}
    assert rows == {tuple(None if term is None else term.value for term in row) for row in wanted.rows}  # type: ignore[union-attr]


def test_a_browser_at_the_endpoint_is_led_to_the_editor(server: Server) -> None:
    answer = server.get("/sparql", BROWSER)
    assert (answer.status, answer.headers["location"]) == (303, "/sparql-editor")
    assert server.get("/sparql").media == "text/turtle"


def test_a_browser_has_its_answer_as_a_page(server: Server) -> None:
    many = _posted(server, "SELECT ?norm { ?norm <https://w3id.org/guiju/ontology#statedIn> ?place }")
    assert f"前 {querying.PAGE_ROWS} 行" in many
    assert many.count("<tr>") == querying.PAGE_ROWS + 1
    assert "否" in _posted(server, "ASK { FILTER (false) }")
    assert "&lt;b&gt;" in _posted(server, 'SELECT ("<b>" AS ?x) {}')
    assert "gj:Norm" in _posted(server, "PREFIX gj: <https://w3id.org/guiju/ontology#> DESCRIBE gj:Norm")


def test_a_mistake_is_shown_with_the_query(server: Server) -> None:
    headers = {"Accept": BROWSER, "Content-Type": FORM}
    answer = server.ask("POST", "/sparql", headers, urlencode({"query": "SELECT <b> {"}).encode())
    assert (answer.status, answer.media) == (400, "text/html")
    assert "SPARQL 语法错误" in answer.text
    assert "SELECT &lt;b&gt; {</textarea>" in answer.text
    assert server.get("/sparql-editor?example=no/such", BROWSER).status == 404


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """A page with script; at the end nothing was said on the console, and nothing asked of another origin."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    found, wrong = context.new_page(), []
    found.set_default_timeout(SLOW)
    found.on("console", lambda message: wrong.append(message.text))
    found.on("pageerror", lambda error: wrong.append(str(error)))
    found.on("request", lambda asked: None if asked.url.startswith(server.url + "/") else wrong.append(asked.url))
    yield found
    assert not wrong
    context.close()


def _run(page: Page) -> None:
    page.locator(".yasgui .tabPanel.active .yasqe_queryButton").click()
    chip = page.locator(".yasgui .tabPanel.active .yasr_response_chip")
    expect(chip).to_contain_text("results in", timeout=SLOW)


def test_an_example_is_run_changed_and_kept(page: Page, server: Server) -> None:
    page.goto(server.url + "/sparql-editor")
    page.get_by_text("编码状态").click()
    page.get_by_role("link", name="每份文件编码到什么程度？").click()
    expect(page.locator(".yasgui .tabsList")).to_contain_text("每份文件编码到什么程度？")
    _run(page)
    rows = page.locator(".yasgui .tabPanel.active .yasr table.dataTable tbody tr")
    expect(rows).to_have_count(15)
    led = page.locator(".yasr_results a[href$='/id/aic-measures-2018']").first.get_attribute("href")
    assert led == "/id/aic-measures-2018"
    page.goto(server.url + "/sparql-editor")
    expect(page.locator(".yasgui .tabsList")).to_contain_text("每份文件编码到什么程度？")


def test_terms_of_ours_are_completed(page: Page, server: Server) -> None:
    page.goto(server.url + "/sparql-editor")
    _run(page)
    page.locator(".tabPanel.active .CodeMirror-line", has_text="gj:force").click()
    page.keyboard.press("End")
    page.keyboard.type(" ?shape gj:requiredA")
    page.keyboard.press("Control+Space")
    expect(page.locator(".CodeMirror-hints")).to_contain_text("gj:requiredArrangement", timeout=SLOW)


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_serious(page: Page, server: Server, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(server.url + "/sparql-editor?example=norms/binding")
    _run(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page).response["violations"]
    assert not [each for each in found if each["impact"] in {"serious", "critical"}]


def test_no_script_is_needed(browser: Browser, server: Server) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto(server.url + "/sparql-editor?example=norms/schemes")
    page.get_by_role("button", name="查询 Run").click()
    expect(page.get_by_role("status")).to_contain_text("9 行")
    page.get_by_label("改一改再问").fill("SELECT nothing")
    page.get_by_role("button", name="查询 Run").click()
    expect(page.get_by_role("alert")).to_contain_text("SPARQL 语法错误")
    page.close()
