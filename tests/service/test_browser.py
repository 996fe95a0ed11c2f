"""The journeys through the workbench in a real Chromium: by mouse, by keyboard, without script, narrow and on paper.

On each journey nothing is said on the console, nobody else is asked for anything, and where it stops axe finds nothing
serious and the page is no wider than a telephone.

They are skipped where there is no Chromium; ``apt-get install chromium`` brings one, or ``playwright install chromium``.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.service.server import Server

AIC = "aic-measures-2018"
TELEPHONE = ViewportSize(width=390, height=800)
SLOW = 60_000
"""Milliseconds that a judgement may take on a busy machine."""
FACTS = Path(__file__).parents[1] / "cases" / AIC / "art_39__para_2.report-to-supervisory-board" / "cases.ttl"
READ = [
    "/", f"/about/id/{AIC}", f"/about/id/{AIC}/art_39", f"/about/norm/{AIC}/art_39__para_2.board-approval",
    "/about/taxonomy/metric/registered-capital", "/terms/MajorRelatedPartyTransaction", "/search?q=资本",
    f"/compare?a={AIC}/art_39&b=nothing&topic=董事会", "/coverage", "/queries/norms/deadlines?ask=1", "/validate",
    "/terms", "/queries", "/void.html",
]  # fmt: skip


class Seen:
    """A page, and what it said and asked for that it should not."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page, self.server = page, server
        self.wrong: list[str] = []
        page.set_default_timeout(SLOW)
        page.on("console", lambda message: self.wrong.append(message.text))
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("request", lambda request: self._asked(request.url))

    def _asked(self, url: str) -> None:
        if not url.startswith(self.server.url + "/"):
            self.wrong.append(url)

    def go(self, path: str) -> Page:
        self.page.goto(self.server.url + path)
        return self.page

    def stop(self) -> None:
        """Look about: axe finds nothing serious, and on a telephone nothing sticks out of the page."""
        page = self.page
        found = Axe().run(page).response["violations"]
        serious = [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in {"serious", "critical"}]
        assert not serious, page.url
        size = page.viewport_size
        page.set_viewport_size(TELEPHONE)
        assert page.evaluate("document.documentElement.scrollWidth") <= TELEPHONE["width"], page.url
        assert size
        page.set_viewport_size(size)


@pytest.fixture
def seen(browser: Browser, server: Server) -> Iterator[Seen]:
    """A page of 1280 by 900 where no script runs; at the end nothing was asked of anybody else."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, java_script_enabled=False, accept_downloads=True
    )
    found = Seen(context.new_page(), server)
    yield found
    assert not found.wrong
    context.close()


@pytest.fixture
def plain(browser: Browser, server: Server) -> Iterator[Seen]:
    """The same with script, which only what tests ask of a page needs; by then nothing was said on the console."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    found = Seen(context.new_page(), server)
    yield found
    assert not found.wrong
    context.close()


def test_an_article_is_found_by_its_citation_and_read(plain: Seen) -> None:
    page = plain.go("/")
    page.get_by_label("在原文、规范与用语中检索").fill("《金融资产投资公司管理办法（试行）》第三十九条第二款")
    page.get_by_role("button", name="检索").click()
    expect(page.locator(".said .law")).to_contain_text("重大关联交易应当经董事会批准")
    plain.stop()
    page.locator(".said").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("《金融资产投资公司管理办法（试行）》第三十九条第二款")
    assert page.locator(".norm").count() > 3
    expect(page.locator(".norm").first.locator(".reading")).to_be_visible()
    page.get_by_role("link", name="《金融资产投资公司管理办法（试行）》第三十九条", exact=True).click()
    expect(page.locator("#art_39__para_2 > p.law")).to_contain_text("自批准之日起10个工作日内")
    page.locator("nav.around a").last.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("第四十条")
    plain.stop()


def test_the_network_leads_on(plain: Seen) -> None:
    page = plain.go(f"/about/id/{AIC}/art_26__para_2")
    drawing = page.get_by_role("region", name="关联网络图")
    expect(drawing.get_by_role("link", name="第二十七条第三款").first).to_be_visible()
    drawing.get_by_role("link", name="第三十一条第一款").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("第三十一条第一款")
    page.get_by_role("link", name="单独一页").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("关联网络")
    plain.stop()
    page.set_viewport_size(TELEPHONE)
    expect(page.get_by_role("region", name="关联网络图")).to_be_hidden()
    page.locator("ul.outline").get_by_role("link", name="第二十六条第二款").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("第二十六条第二款")


def test_from_a_norm_to_its_shape_its_cases_and_back(plain: Seen) -> None:
    page = plain.go(f"/about/norm/{AIC}/art_39__para_2.board-approval")
    page.locator(".norm").get_by_role("link", name="样例 cases").click()
    page.locator("details", has_text="cases.ttl").first.locator("summary").click()
    expect(page.locator("pre").filter(has_text="good-").first).to_be_visible()
    plain.stop()
    page.locator(".norm").get_by_role("link", name="形状 shape").click()
    assert page.url.endswith(f"/shape/{AIC}/art_39__para_2.board-approval")
    expect(page.get_by_role("heading", level=1)).to_contain_text("重大关联交易经董事会批准")
    plain.stop()
    page.get_by_role("link", name="重大关联交易经董事会批准").first.click()
    expect(page.locator("p.law")).to_contain_text("重大关联交易应当经董事会批准")


def test_two_characters_are_searched_for_and_narrowed(seen: Seen) -> None:
    page = seen.go("/search?q=资本")
    expect(page.locator("ol.hits mark").first).to_have_text("资本")
    page.locator("aside.facets").get_by_role("link", name="规范 norm").click()
    page.locator("aside.facets").get_by_role("link", name="金融资产投资公司管理办法（试行）").click()
    page.locator("aside.facets").get_by_role("link", name="义务 obligation").click()
    hits = page.locator("ol.hits > li")
    expect(page.locator("[aria-current]")).to_have_count(3)
    assert 0 < hits.count() < 15
    expect(hits.first).to_contain_text("资本")
    page.get_by_role("link", name="去掉 remove").first.click()
    expect(page.locator("[aria-current]")).to_have_count(2)


def test_two_provisions_are_compared(plain: Seen) -> None:
    page = plain.go(f"/about/id/{AIC}/art_39")
    page.get_by_role("link", name="与另一处对照").click()
    page.get_by_label("右").fill("《金融资产管理公司并表监管指引（试行）》第三十条")
    page.get_by_role("button", name="对照 Compare").click()
    sides = page.locator(".pairs > section")
    expect(sides.first).to_contain_text("金融资产投资公司应当建立严格的关联交易管理制度")
    expect(sides.last).to_contain_text("本指引所称集团内部交易是指")
    page.get_by_label("只看含有").fill("董事会")
    page.get_by_role("button", name="对照 Compare").click()
    expect(sides.first.locator("mark").first).to_have_text("董事会")
    expect(sides.last).to_contain_text("没有含有“董事会”的条文")
    plain.stop()


def test_from_the_contents_to_a_paragraph(seen: Seen) -> None:
    page = seen.go(f"/about/id/{AIC}")
    page.locator(".toc").get_by_role("link", name="第三十九条", exact=True).click()
    expect(page.locator("#art_39")).to_be_in_viewport()
    page.goto(f"{seen.server.url}/about/id/{AIC}/art_39#art_39__para_2")
    expect(page.locator("#art_39__para_2 p.law")).to_be_in_viewport()


def _judged(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text("检验报告", timeout=SLOW)


def test_a_sample_is_judged_watched_filtered_and_proved(plain: Seen) -> None:
    page = plain.go("/validate")
    page.get_by_role("button", name="company-in-trouble").click()
    address = page.url
    expect(page.get_by_role("heading", level=1)).to_contain_text("正在检验")
    expect(page.get_by_role("progressbar", name="进度")).to_be_visible()
    plain.stop()
    _judged(page)
    assert page.url == address
    expect(page).to_have_title(re.compile("检验报告"))
    plain.stop()
    failed, unknown = page.locator(".verdict.failed"), page.locator(".verdict.cantTell")
    assert failed.count() > 50 and unknown.count() > 10
    expect(failed.first.locator("dl")).to_be_hidden()
    failed.first.locator("summary").click()
    expect(failed.first.locator("dl")).to_contain_text("改正")
    page.get_by_label("不能判断").uncheck()
    page.get_by_label("词语或规范的键").fill("第三十九条")
    page.get_by_role("button", name="筛选").click()
    expect(unknown).to_have_count(0)
    assert 0 < failed.count() < 10
    page.get_by_role("link", name="全部展开").click()
    expect(failed.first.locator("dl")).to_be_visible()
    expect(page.locator(".verdicts")).to_contain_text("关联交易")
    with page.expect_download() as downloaded:
        page.get_by_role("link", name="JSON").click()
    assert downloaded.value.suggested_filename == "report.json"
    page.get_by_role("link", name="对它的推导的证明").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("推导的证明")
    expect(page.locator("ol.proof > li").first).to_contain_text("依据")
    page.get_by_role("link", name="提问 Questions").click()
    page.get_by_role("link", name="谁持有谁的多少股权和表决权？").click()
    assert page.locator("tbody tr").count() > 2
    plain.stop()


def test_without_script_a_page_waits_by_itself(seen: Seen) -> None:
    page = seen.go("/validate")
    page.get_by_label("或选择文件").set_input_files(FACTS)
    page.get_by_label("金融资产投资公司管理办法（试行）").check()
    page.get_by_role("button", name="检验 Validate").click()
    _judged(page)
    expect(page.locator("body")).to_contain_text("cases.ttl")
    expect(page.locator(".verdict.failed").first).to_be_visible()
    page.get_by_role("link", name="改后再检验").click()
    assert page.locator("#facts").input_value().strip() == FACTS.read_text(encoding="utf-8").strip()
    expect(page.get_by_label("金融资产投资公司管理办法（试行）")).to_be_checked()


def test_a_mistake_is_shown_where_it_was_made_and_mended(plain: Seen) -> None:
    page = plain.go("/validate")
    text = FACTS.read_text(encoding="utf-8")
    page.get_by_label("粘贴事实").fill(text.replace(" ;", " ; ; ,", 1))
    page.get_by_role("button", name="检验 Validate").click()
    expect(page.get_by_role("alert")).to_contain_text("stdin:", timeout=SLOW)
    expect(page.get_by_label("粘贴事实")).to_have_value(re.compile("; ; ,"))
    plain.stop()
    page.get_by_label("粘贴事实").fill(text)
    page.get_by_role("button", name="检验 Validate").click()
    _judged(page)


def test_what_is_kept_is_found_again_compared_and_deleted(plain: Seen, browser: Browser) -> None:
    text = FACTS.read_text(encoding="utf-8")
    page = plain.go("/validate")
    page.get_by_label("粘贴事实").fill(text)
    page.get_by_role("button", name="检验 Validate").click()
    _judged(page)
    expect(page.locator(".keeping")).to_contain_text("未保存")
    page.get_by_role("button", name="保存 Keep").click()
    expect(page.locator(".keeping")).to_contain_text("永久链接", timeout=SLOW)
    first = page.url
    said = page.locator("main").inner_text()

    other = browser.new_context()
    again = Seen(other.new_page(), plain.server)
    again.page.goto(first)
    assert again.page.locator("main").inner_text() == said
    assert not again.wrong
    other.close()

    page.get_by_role("link", name="改后再检验").click()
    page.get_by_label("粘贴事实").fill(_later(text))
    page.get_by_label("保存 Keep").check()
    page.get_by_role("button", name="检验 Validate").click()
    _judged(page)
    second = page.url
    page.get_by_role("link", name="比较 Changes").click()
    page.locator("#since").select_option(first.rpartition("/")[2])
    page.get_by_role("button", name="比较").click()
    expect(page.locator("section.change").first).to_be_visible()
    expect(page.locator(".badge.better")).to_have_text(re.compile("变好 [1-9]"))
    plain.stop()
    page.goto(plain.server.url + "/submissions")
    expect(page.locator("ul.documents > li")).to_have_count(2)
    plain.stop()
    for address in (first, second):
        page.goto(address)
        page.get_by_role("link", name="删除").click()
        page.get_by_role("button", name="删除").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("保存的报送")
    expect(page.locator("main")).to_contain_text("还没有保存的报送")
    assert plain.server.get(first.removeprefix(plain.server.url), "text/html").status == 404


def _later(text: str) -> str:
    """The facts a breach less and one more: what was a day late is in time, and what was in time is late."""
    return text.replace('"2018-10-11"', '"2018-10-0x"').replace('"2018-10-09"', '"2018-10-11"').replace("0x", "09")


def test_from_the_map_to_a_gap(plain: Seen) -> None:
    page = plain.go("/coverage")
    gap = page.locator("#bank-npl-rules-1 a.gap").first
    expect(gap).to_have_text("缺")
    plain.stop()
    gap.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("商业银行不良资产管理办法（范本1）")
    expect(page.locator(".summary").first).to_contain_text("（摘要）")
    page.go_back()
    page.locator(f'#{AIC} a[href$="/{AIC}/art_39__para_2"]').click()
    expect(page.locator(".badge.tested").first).to_contain_text("可由数据检验")


def test_a_question_is_asked_and_its_answer_taken_along(plain: Seen) -> None:
    page = plain.go("/queries")
    page.get_by_role("link", name="某类机构在某日受哪些规范约束？").click()
    page.locator("#p-institution").fill("FinancialAssetInvestmentCompany")
    page.locator("#p-on").fill("2018-07-01")
    page.get_by_role("button", name="问 Ask").click()
    expect(page.locator("tbody tr").first).to_contain_text("《金融资产投资公司管理办法（试行）》")
    plain.stop()
    with page.expect_download() as downloaded:
        page.get_by_role("link", name="CSV").click()
    assert downloaded.value.suggested_filename == "norms-binding.csv"
    table = list(csv.DictReader(Path(downloaded.value.path()).read_text(encoding="utf-8-sig").splitlines()))
    assert f"{AIC}/art_39__para_2.board-approval" in {row["norm"] for row in table}


def test_a_query_is_written_from_an_example(plain: Seen) -> None:
    page = plain.go("/")
    page.get_by_role("link", name="SPARQL").click()
    page.get_by_role("link", name="有哪些期限，自何时起、至何事、多长？").click()
    tab = page.locator(".yasgui .tabPanel.active")
    tab.locator(".yasqe_queryButton").click()
    expect(tab.locator(".yasr a", has_text="aic-measures-2018").first).to_be_visible(timeout=SLOW)
    plain.stop()


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_the_window(plain: Seen, width: int) -> None:
    plain.page.set_viewport_size({"width": width, "height": 800})
    for path in READ:
        page = plain.go(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(plain: Seen, scheme: str) -> None:
    plain.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    # The longest pages are made of the same parts as the others; in the dark only the colours differ.
    shorter = [path for path in READ if path not in {f"/about/id/{AIC}", "/terms", "/coverage"}]
    for path in shorter if scheme == "light" else shorter[::2]:
        found = Axe().run(plain.go(path)).response["violations"]
        serious = [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in {"serious", "critical"}]
        assert not serious, path


def test_a_report_prints_whole(plain: Seen) -> None:
    page = plain.go("/validate")
    page.get_by_label("粘贴事实").fill(FACTS.read_text(encoding="utf-8"))
    page.get_by_role("button", name="检验 Validate").click()
    _judged(page)
    page.emulate_media(media="print")
    expect(page.locator("header.site")).to_be_hidden()
    expect(page.locator(".about")).to_contain_text("地址")
    expect(page.get_by_text(page.url)).to_be_visible()
    folded = page.locator(".verdict:not([open]) dl")
    assert folded.count() > 0
    expect(folded.first).to_be_visible()


def test_facts_are_judged_and_a_verdict_is_read_by_keyboard(plain: Seen) -> None:
    page = plain.go("/validate")
    _tab_to(page, "#facts")
    page.keyboard.insert_text(FACTS.read_text(encoding="utf-8"))
    _tab_to(page, "main button.first")
    page.keyboard.press("Enter")
    _judged(page)
    _tab_to(page, ".verdict summary")
    page.keyboard.press("Enter")
    expect(page.locator(".verdict[open] dl").first).to_be_visible()
    _tab_to(page, ".verdict[open] dd a")


def _tab_to(page: Page, selector: str) -> None:
    """Press Tab until something of the kind has the focus, which is then to be seen."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            expect(page.locator(":focus")).to_be_in_viewport()
            return
    raise AssertionError(f"the keyboard does not lead to {selector}")


def test_the_keyboard_is_enough(plain: Seen) -> None:
    page = plain.go("/")
    page.keyboard.press("Tab")
    expect(page.locator("a.skip")).to_be_focused()
    expect(page.locator("a.skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("监事会")
    page.keyboard.press("Enter")
    expect(page.locator("ol.hits mark").first).to_have_text("监事会")
