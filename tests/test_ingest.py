"""The parser of regulations, feature by feature, on texts made up for the purpose."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guiju.ingest import (
    DocumentMeta,
    IngestError,
    ingest_text,
    known_titles,
    references,
    split,
    write_turtle,
)
from guiju.numerals import to_chinese, to_int


def ids(text: str) -> list[str]:
    return [p.id for p in ingest_text(text, "toy-rules")]


def words(text: str) -> dict[str, str]:
    return {p.id: p.heading or p.text for p in ingest_text(text, "toy-rules")}


def test_numerals_read_back_what_they_write() -> None:
    assert [to_chinese(n) for n in (1, 10, 12, 20, 101, 110, 111)] == [
        "一", "十", "十二", "二十", "一百零一", "一百一十", "一百一十一",
    ]  # fmt: skip
    assert all(to_int(to_chinese(n)) == n for n in range(1, 10000))
    assert to_int("一百一十") == 110 and to_int("27") == 27 and to_int("一九九○") == 1990
    with pytest.raises(ValueError, match="numeral"):
        to_int("甲")
    with pytest.raises(ValueError, match="9999"):
        to_chinese(0)


def test_articles_in_chapters_and_sections_are_numbered_through() -> None:
    text = """第一章 总则
第一条 甲。
第二章 业务
第一节 收购
第二条 乙。
第二节 转让
第三条 丙。"""
    provisions = ingest_text(text, "toy-rules")
    assert [(p.id, p.kind, p.parent) for p in provisions] == [
        ("chp_1", "chp", None),
        ("art_1", "art", "chp_1"),
        ("art_1__para_1", "para", "art_1"),
        ("chp_2", "chp", None),
        ("chp_2__sec_1", "sec", "chp_2"),
        ("art_2", "art", "chp_2__sec_1"),
        ("art_2__para_1", "para", "art_2"),
        ("chp_2__sec_2", "sec", "chp_2"),
        ("art_3", "art", "chp_2__sec_2"),
        ("art_3__para_1", "para", "art_3"),
    ]
    assert [p.line for p in provisions] == [1, 2, 2, 3, 4, 5, 5, 6, 7, 7]


def test_a_heading_may_be_glued_to_what_follows() -> None:
    found = words("第一章总则第一条为规范甲，制定本办法。\n第二条本办法所称乙是丙。")
    assert found["chp_1"] == "总则"
    assert found["art_1__para_1"] == "为规范甲，制定本办法。"
    assert found["art_2__para_1"] == "本办法所称乙是丙。"


def test_spaces_inside_a_heading_go() -> None:
    assert words("第一章　总　则\n第一条　甲。")["chp_1"] == "总则"


def test_an_article_may_stand_on_its_own_line_and_have_a_title() -> None:
    found = words("第一条\n甲。\n第二条 【范围】乙。")
    assert (found["art_1"], found["art_1__para_1"]) == ("", "甲。")
    assert (found["art_2"], found["art_2__para_1"]) == ("范围", "乙。")


def test_lists_go_below_their_paragraph() -> None:
    text = """第一条 应当符合下列条件：
（一）有章程；
（二）有下列情形之一：
1.甲；
2、乙：
(1)丙；
（2）丁。
前述条件由监管机构解释。"""
    assert ids(text)[1:] == [
        "art_1__para_1",
        "art_1__para_1__item_1",
        "art_1__para_1__item_2",
        "art_1__para_1__item_2__subitem_1",
        "art_1__para_1__item_2__subitem_2",
        "art_1__para_1__item_2__subitem_2__point_1",
        "art_1__para_1__item_2__subitem_2__point_2",
        "art_1__para_2",
    ]


def test_a_list_goes_on_after_a_paragraph_that_interrupts_it() -> None:
    assert ids("第一条 程序：\n(1)甲；\n(2)乙。\n插话一句。\n(3)丙。")[2:] == [
        "art_1__para_1__point_1",
        "art_1__para_1__point_2",
        "art_1__para_2",
        "art_1__para_1__point_3",
    ]


def test_a_list_with_a_number_left_out_stays_as_it_is() -> None:
    assert ids("第一条 职责：\n(1)甲；\n(3)乙。")[-1] == "art_1__para_1__point_3"


def test_an_old_law_may_list_with_一_inside_an_article() -> None:
    assert ids("第一条 条件如下：\n一、甲；\n二、乙。\n第二条 丙。")[2:4] == [
        "art_1__para_1__prt_1",
        "art_1__para_1__prt_2",
    ]


def test_a_decimal_is_not_a_number_of_a_list_but_a_year_may_follow_one() -> None:
    found = ids("Q1:如何?\n6.5%以上的股东须经审核。\n1.2017年成立甲。\nQ2:何时?\n1.乙。")
    assert found == ["art_1", "art_1__para_1", "art_1__subitem_1", "art_2", "art_2__subitem_1"]


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        (
            "第一条 投资者就经营中出现的分歧，提请有\n关主管机构协调解决的行为。\n第二条 乙。",
            "投资者就经营中出现的分歧，提请有关主管机构协调解决的行为。",
        ),
        (
            "第一条 公司使用募集的资金开展业务，不适用本办法\n第二条第一款和第三条。\n第二条 乙。",
            "公司使用募集的资金开展业务，不适用本办法第二条第一款和第三条。",
        ),
        (
            "第一条 股东应当符合本办法规定的各项条件，包括前款第\n（一）、（二）项。\n第二条 乙。",
            "股东应当符合本办法规定的各项条件，包括前款第（一）、（二）项。",
        ),
        (
            "第一条 公司应当遵守本办法的规定，并适用本办法关于股东的\n第七条。\n第二条 乙。",
            "公司应当遵守本办法的规定，并适用本办法关于股东的第七条。",
        ),
        ("第一条 甲，\n乙。\n第二条 乙。", "甲，乙。"),
        (
            "第一条 系统应当采用有关部门认可的加密方式，例如 SSL\nVPN。\n第二条 乙。",
            "系统应当采用有关部门认可的加密方式，例如 SSL VPN。",
        ),
    ],
)
def test_a_sentence_broken_over_two_lines_is_joined(text: str, joined: str) -> None:
    assert words(text)["art_1__para_1"] == joined
    assert "art_2" in words(text)


def test_a_paragraph_may_begin_with_a_citation() -> None:
    text = "第一条 甲。\n第一条第二款规定的乙除外。\n第三条和第四条适用。\n第二条 丙。"
    assert ids(text)[1:4] == ["art_1__para_1", "art_1__para_2", "art_1__para_3"]


def test_a_table_of_contents_is_not_the_text() -> None:
    text = """某某管理办法
（2020年1月1日公布）
目　录
第一章 总则……1
第二章 附则……5
第一章 总则
第一条 甲。
第二章 附则
第二条 乙。"""
    found = split(text)
    assert [p.id for p in found.provisions if p.kind == "chp"] == ["chp_1", "chp_2"]
    assert found.provisions[0].line == 6
    assert found.preamble == ("某某管理办法", "（2020年1月1日公布）")


def test_a_table_of_contents_of_parts_is_not_the_text() -> None:
    text = "一、目标\n二、措施\n一、目标\n要达到甲。\n二、措施\n要采取乙。"
    assert ids(text) == ["prt_1", "prt_1__para_1", "prt_2", "prt_2__para_1"]


def test_an_outline_hangs_each_paragraph_below_the_innermost_heading() -> None:
    text = """第一章 评价
一、资本
主要看资本。
（一）充足性
1.定量指标：
资本充足率
杠杆率
2.定性因素：
(1)满足以下要求：
净资产为正。
二、附带说明。"""
    assert [(p.id, bool(p.heading)) for p in ingest_text(text, "toy-rules")] == [
        ("chp_1", True),
        ("chp_1__prt_1", True),
        ("chp_1__prt_1__para_1", False),
        ("chp_1__prt_1__item_1", True),
        ("chp_1__prt_1__item_1__subitem_1", False),
        ("chp_1__prt_1__item_1__subitem_1__para_1", False),
        ("chp_1__prt_1__item_1__subitem_1__para_2", False),
        ("chp_1__prt_1__item_1__subitem_2", False),
        ("chp_1__prt_1__item_1__subitem_2__point_1", False),
        ("chp_1__prt_1__item_1__subitem_2__point_1__para_1", False),
        ("chp_1__prt_2", False),
    ]


def test_opinions_are_cited_by_the_numbers_that_run_through_them() -> None:
    text = """关于某事的意见
为做好某事，提出以下意见。
一、总体要求
（一）指导思想
坚持甲。
二、主要措施
（二）加强乙。做好乙的各项工作。"""
    found = split(text)
    assert found.form == "opinions"
    assert found.preamble == ("关于某事的意见",)
    assert [(p.id, p.parent, p.heading) for p in found.provisions] == [
        ("para_1", None, ""),
        ("prt_1", None, "总体要求"),
        ("art_1", "prt_1", "指导思想"),
        ("art_1__para_1", "art_1", ""),
        ("prt_2", None, "主要措施"),
        ("art_2", "prt_2", "加强乙"),
        ("art_2__para_1", "art_2", ""),
    ]


def test_questions_and_answers() -> None:
    text = """▌Q1:谁可以办理?
概述如下：
1.甲模式：
i.募资；
ii.投资：
a).定价；
b).交割。
Q2:何时办理?
1.随时。"""
    assert ids(text) == [
        "art_1",
        "art_1__para_1",
        "art_1__subitem_1",
        "art_1__subitem_1__point_1",
        "art_1__subitem_1__point_2",
        "art_1__subitem_1__point_2__leaf_1",
        "art_1__subitem_1__point_2__leaf_2",
        "art_2",
        "art_2__subitem_1",
    ]


@pytest.mark.parametrize(
    ("text", "line", "zh", "en"),
    [
        ("第一条 甲。\n第三条 乙。", 2, "缺少第二条", "article 2 is missing"),
        ("第二条 甲。", 1, "缺少第一条", "article 1 is missing"),
        ("第一条 甲。\n\n第一条 乙。", 3, "第一条重复，已见于第1行", "article 1 stands twice"),
        ("第一章 甲\n第一条 甲。\n第三章 乙\n第二条 乙。", 3, "缺少第二章", "chapter 2 is missing"),
        (
            "第一章 甲\n第一条 甲。\n第一章 乙\n第二条 乙。",
            3,
            "第一章重复",
            "chapter 1 stands twice",
        ),
        ("Q1:甲?\n1.乙。\nQ3:丙?\n1.丁。", 3, "缺少Q2", "article 2 is missing"),
        ("一、甲\n（一）乙。\n二、丙\n（二）丁。\n（四）戊。", 5, "（四）", "4"),
        ("一、甲。\n三、乙。", 2, "缺少二、", "part 2 is missing"),
        ("第一条 甲：\n（一）乙；\n（一）丙。", 3, "item_1 重复", "item_1 stands twice"),
    ],
)
def test_a_missing_or_doubled_number_is_refused(text: str, line: int, zh: str, en: str) -> None:
    form = "opinions" if "戊" in text else "auto"
    with pytest.raises(IngestError) as caught:
        ingest_text(text, "toy-rules", kind=form)  # type: ignore[arg-type]
    assert caught.value.line == line
    assert zh in str(caught.value) and en in str(caught.value)
    assert f"第{line}行" in str(caught.value) and f"line {line}" in str(caught.value)


@pytest.mark.parametrize("text", ["", " \n\u3000\n", "只有一句话。"])
def test_a_text_without_provisions_is_refused(text: str) -> None:
    with pytest.raises(IngestError) as caught:
        ingest_text(text, "toy-rules")
    assert caught.value.line is None


@pytest.mark.parametrize("document", ["", "Toy", "办法", "a/b", "a b", "1st", "a\n"])
def test_a_document_id_must_be_one(document: str) -> None:
    with pytest.raises(IngestError, match="document id"):
        ingest_text("第一条 甲。", document)


REFERRING = """第一章 总则
第一条 甲。
条件如下：
（一）一；
（二）二；
（三）三。
第二条 适用前条。
依照前款和第一条至第三条办理。
{}
第三条 丙。
丁。"""


@pytest.mark.parametrize(
    ("sentence", "targets"),
    [
        ("依照前款规定。", ["art_2__para_2"]),
        ("依照前两款规定。", ["art_2__para_1", "art_2__para_2"]),
        ("依照本条第一款规定。", ["art_2__para_1"]),
        ("依照第一款规定。", ["art_2__para_1"]),
        ("依照前条规定。", ["art_1"]),
        ("依照前条第二款规定。", ["art_1__para_2"]),
        ("依照本办法第三条第二款。", ["art_3__para_2"]),
        ("不适用第三条第二款和第一条。", ["art_3__para_2", "art_1"]),
        ("依照第三条第一款、第二款。", ["art_3__para_1", "art_3__para_2"]),
        ("依照第1条、第3条。", ["art_1", "art_3"]),
        (
            "第一条第二款第（一）、（三）项除外。",
            ["art_1__para_2__item_1", "art_1__para_2__item_3"],
        ),
        ("第一条第二款第二项除外。", ["art_1__para_2__item_2"]),
        ("第一条第（二）项除外。", ["art_1__para_2__item_2"]),
        (
            "第一条第二款第（一）至（三）项除外。",
            ["art_1__para_2__item_1", "art_1__para_2__item_2", "art_1__para_2__item_3"],
        ),
        ("第一条第二款第（二）项，第三条。", ["art_1__para_2__item_2", "art_3"]),
        ("依照第一章和本章。", ["chp_1"]),
        ("依照《某某法》第三条、第一条，参照第三条。", []),
        ("依照《某某法（试行）》（以下简称某法）第三条。", []),
        ("依照《某某法》和第三条。", ["art_3"]),
        ("按照本《办法》第三条。", ["art_3"]),
        ("第一项工作是丙。", []),
    ],
)
def test_references_are_resolved(sentence: str, targets: list[str]) -> None:
    provisions = ingest_text(REFERRING.format(sentence), "toy-rules")
    found = references(provisions, {"某某法": "x:law", "某某法（试行）": "x:trial"})
    expected = ["art_3"] if "参照" in sentence else targets
    assert list(found.provisions.get("art_2__para_3", ())) == expected
    assert found.provisions["art_2__para_1"] == ("art_1",)
    assert found.provisions["art_2__para_2"] == ("art_2__para_1", "art_1", "art_2", "art_3")
    assert not found.unresolved
    if "某某法" in sentence:
        assert found.documents["art_2__para_3"] in {("x:law",), ("x:trial",)}


@pytest.mark.parametrize("words", ["第九条", "第一条第五款", "第三条第（一）项", "《未知办法》"])
def test_what_cannot_be_resolved_is_said(words: str) -> None:
    provisions = ingest_text(REFERRING.format(f"依照{words}办理。"), "toy-rules")
    (unresolved,) = references(provisions, {}).unresolved
    assert (unresolved.provision, unresolved.words) == ("art_2__para_3", words)
    assert unresolved.why


def test_turtle_is_written_an_article_a_file(tmp_path: Path) -> None:
    provisions = ingest_text('第一章 总则\n第一条 称“甲”或"乙\\"。\n第二条 依前条。', "toy-rules")
    meta = DocumentMeta("toy-rules", "试验办法", "Toy Rules", number="试发〔2020〕1号")
    written = write_turtle(provisions, meta, tmp_path / "toy-rules")
    assert [path.name for path in written.files] == ["document.ttl", "art_1.ttl", "art_2.ttl"]
    assert written.files[1].read_text(encoding="utf-8").startswith(" # 第一条 (art_1)\n@prefix d:")
    assert 'gj:text "称“甲”或\\"乙\\\\\\"。"@zh' in written.files[1].read_text(encoding="utf-8")
    assert "gj:refersTo d:art_1 ." in written.files[2].read_text(encoding="utf-8")
    assert known_titles(tmp_path) == {"试验办法": "https://w3id.org/guiju/id/toy-rules"}


def test_turtle_does_not_write_over_what_is_there(tmp_path: Path) -> None:
    provisions = ingest_text("第一条 甲。", "toy-rules")
    meta = DocumentMeta("toy-rules", "试验办法")
    (tmp_path / "art_1.ttl").write_text("# norms\n", encoding="utf-8")
    with pytest.raises(FileExistsError, match="empty folder"):
        write_turtle(provisions, meta, tmp_path)
    assert not (tmp_path / "document.ttl").exists()


def test_the_wording_of_model_rules_is_not_written(tmp_path: Path) -> None:
    provisions = ingest_text("第一章 总则\n第一条 甲乙丙。\n第二章 丁戊\n第二条 己。", "toy-rules")
    meta = DocumentMeta("toy-rules", "范本", kind="ModelRules")
    summaries = {"art_1__para_1": ("我们的话", "Our words.")}
    written = write_turtle(provisions, meta, tmp_path, summaries=summaries)
    text = "".join(path.read_text(encoding="utf-8") for path in written.files)
    assert "甲乙丙" not in text and "丁戊" not in text and "gj:text" not in text
    assert 'gj:heading "总则"@zh' in text
    assert 'gj:summary "我们的话"@zh , "Our words."@en' in text


PIECES = ("第", "一", "二", "十", "0", "1", "99999", "条", "章", "节", "款", "项", "、", "（", "）")
PIECES_MORE = (
    "(",
    ")",
    ".",
    "Q",
    ":",
    "i",
    "a",
    "《",
    "》",
    "前",
    "本",
    "目录",
    "。",
    "，",
    "甲",
    "\n",
    " ",
)


@given(st.lists(st.sampled_from(PIECES + PIECES_MORE), max_size=60).map("".join))
def test_any_text_is_split_or_refused(text: str) -> None:
    """Nothing but IngestError comes out, addresses are unique, and parents come first."""
    try:
        provisions = ingest_text(text, "toy-rules")
    except IngestError:
        return
    seen: set[str | None] = {None}
    for provision in provisions:
        assert provision.id not in seen and provision.parent in seen
        seen.add(provision.id)
    for targets in references(provisions, {}).provisions.values():
        assert set(targets) <= seen
