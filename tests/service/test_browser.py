"""The journeys through the workbench in a real Chromium: by mouse, by keyboard, without script, narrow and on paper.

They are skipped where there is no Chromium; ``apt-get install chromium`` brings one, or ``playwright install chromium``.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from tests.service.server import Server

AIC = "aic-measures-2018"
SLOW = 60_000
"""Milliseconds that a judgement may take on a busy machine."""
FACTS = Path(__file__).parents[1] / "cases" / AIC / "art_39__para_2.report-to-supervisory-board" / "cases.ttl"
READ = [
    "/", f"/about/id/{AIC}", f"/about/id/{AIC}/art_39", f"/about/norm/{AIC}/art_39__para_2.board-approval",
    "/about/taxonomy/metric/registered-capital", "/terms/MajorRelatedPartyTransaction", "/search?q=资本",
    f"/compare?a={AIC}/art_39&b=nothing&topic=董事会", "/coverage", "/queries/norms/deadlines?ask=1", "/validate",
    "/terms", "/queries", "/void.html",
]  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    installed = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        try:
            found = playwright.chromium.launch(executable_path=installed, args=["--no-sandbox"])
        except Error as error:
            pytest.skip(f"no Chromium to be had: {str(error).splitlines()[0]}")
        yield found
        found.close()


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


def test_from_a_word_to_the_law(seen: Seen) -> None:
    page = seen.go("/")
    page.get_by_label("在原文、规范与用语中检索").fill("关联交易")
    page.get_by_role("button", name="检索").click()
    expect(page.locator("ol.hits mark").first).to_have_text("关联交易")
    page.locator("aside.facets").get_by_role("link", name="规范 norm").click()
    page.locator("aside.facets").get_by_role("link", name="金融资产投资公司管理办法（试行）").click()
    assert "q=" in page.url
    page.get_by_role("link", name="重大关联交易经董事会批准").click()
    expect(page.locator("p.law")).to_contain_text("重大关联交易应当自批准之日起10个工作日内报告监事会")
    expect(page.locator(".reading")).to_contain_text("批准应不晚于交易之日")
    page.locator("nav.place").get_by_role("link", name="第三十九条", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("《金融资产投资公司管理办法（试行）》第三十九条")
    page.get_by_role("link", name="第四十条 →").or_(page.locator("nav.around a").last).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("第四十条")


def test_from_the_contents_to_a_paragraph(seen: Seen) -> None:
    page = seen.go(f"/about/id/{AIC}")
    page.locator(".toc").get_by_role("link", name="第三十九条", exact=True).click()
    expect(page.locator("#art_39")).to_be_in_viewport()
    page.goto(f"{seen.server.url}/about/id/{AIC}/art_39#art_39__para_2")
    expect(page.locator("#art_39__para_2 p.law")).to_be_in_viewport()


def test_a_sample_is_judged_filtered_and_proved(seen: Seen) -> None:
    page = seen.go("/validate")
    page.get_by_role("button", name="company-in-trouble").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("检验报告")
    failed, unknown = page.locator(".verdict.failed"), page.locator(".verdict.cantTell")
    assert failed.count() > 50
    expect(unknown.first).to_be_visible()
    page.locator("#show-cantTell").uncheck()
    expect(unknown.first).to_be_hidden()
    expect(failed.first).to_be_visible()
    expect(failed.first.locator("dl")).to_be_hidden()
    failed.first.locator("summary").click()
    expect(failed.first.locator("dl")).to_contain_text("改正")
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="下载 JSON").click()
    assert downloaded.value.suggested_filename == "report.json"
    page.get_by_role("button", name="对它的推导的证明").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("推导的证明")
    expect(page.locator("ol.proof > li").first).to_contain_text("依据")


def test_a_file_is_uploaded_and_judged_again(seen: Seen) -> None:
    page = seen.go("/validate")
    page.get_by_label("或选择文件").set_input_files(FACTS)
    page.get_by_label("金融资产投资公司管理办法（试行）").check()
    page.get_by_role("button", name="检验 Validate").click()
    expect(page.locator("body")).to_contain_text("cases.ttl")
    expect(page.locator(".verdict.failed").first).to_be_visible()
    page.get_by_text("改一改再检验").click()
    assert page.locator("#facts").input_value().strip() == FACTS.read_text(encoding="utf-8").strip()


def test_a_mistake_is_shown_where_it_was_made(browser: Browser, server: Server) -> None:
    page = browser.new_page()
    page.goto(server.url + "/validate")
    page.get_by_label("粘贴事实").fill("not turtle")
    page.get_by_role("button", name="检验 Validate").click()
    expect(page.get_by_role("alert")).to_contain_text("stdin:1")
    expect(page.get_by_label("粘贴事实")).to_have_value("not turtle")
    page.close()


def test_from_the_map_to_the_text(seen: Seen) -> None:
    page = seen.go("/coverage")
    page.locator(f"#{AIC}").get_by_role("link", name="第三十九条第二款：由形状检验").or_(
        page.locator(f'#{AIC} a[href$="/{AIC}/art_39__para_2"]')
    ).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("《金融资产投资公司管理办法（试行）》第三十九条第二款")


def test_a_question_is_asked(seen: Seen) -> None:
    page = seen.go("/queries")
    page.get_by_role("link", name="某类机构在某日受哪些规范约束？").click()
    page.locator("#p-institution").fill("FinancialAssetInvestmentCompany")
    page.locator("#p-on").fill("2018-07-01")
    page.get_by_role("button", name="问 Ask").click()
    expect(page.locator("tbody tr").first).to_contain_text("《金融资产投资公司管理办法（试行）》")


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_the_window(plain: Seen, width: int) -> None:
    plain.page.set_viewport_size({"width": width, "height": 800})
    for path in READ:
        page = plain.go(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(plain: Seen, scheme: str) -> None:
    plain.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    # The longest pages are made of the same parts as the others.
    for path in (path for path in READ if path not in {f"/about/id/{AIC}", "/terms", "/coverage"}):
        found = Axe().run(plain.go(path)).response["violations"]
        serious = [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in {"serious", "critical"}]
        assert not serious, path


def test_the_report_is_accessible_and_prints_whole(plain: Seen) -> None:
    page = plain.go("/validate")
    page.get_by_role("button", name="company-in-trouble").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("检验报告")
    found = Axe().run(page).response["violations"]
    assert not [one["id"] for one in found if one["impact"] in {"serious", "critical"}]
    page.emulate_media(media="print")
    expect(page.locator("header.site")).to_be_hidden()
    expect(page.locator(".verdict.failed dl").first).to_be_visible()


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
