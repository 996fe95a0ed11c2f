"""Keys, IRIs and citations: from one to the other and back."""

from __future__ import annotations

import pytest

from guiju import keys
from guiju.citations import cite, read_citation
from guiju.knowledge import Knowledge
from guiju.show import Library, UnknownKey

TITLES = {"金融资产投资公司管理办法（试行）": "aic-measures-2018", "某办法": "some-rules"}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("aic-measures-2018", keys.ID + "aic-measures-2018"),
        ("aic-measures-2018/art_39__para_2", keys.ID + "aic-measures-2018/art_39__para_2"),
        (keys.ID + "aic-measures-2018/art_8__para_1__item_3", keys.ID + "aic-measures-2018/art_8__para_1__item_3"),
        (keys.SHAPE + "aic-measures-2018/art_39__para_2.disclosure", keys.ID + "aic-measures-2018/art_39__para_2"),
    ],
)
def test_a_key_names_one_place(text: str, place: str) -> None:
    assert keys.parse(text).place == place


def test_norm_and_shape_differ_in_one_segment() -> None:
    key = keys.parse("aic-measures-2018/art_39__para_2.disclosure")
    assert key.norm.replace("/norm/", "/shape/") == key.shape
    assert key.article == "art_39"


@pytest.mark.parametrize("text", ["", "Art 39", "aic/art_39/para_2", "../etc/passwd", "aic-measures-2018/art_39."])
def test_what_is_no_key_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="aic-measures-2018/art_39__para_2"):
        keys.parse(text)


def test_a_provision_has_no_shape() -> None:
    with pytest.raises(ValueError, match="add its slug"):
        _ = keys.parse("aic-measures-2018/art_39").shape


@pytest.mark.parametrize(
    ("provision", "zh", "en"),
    [
        ("art_39__para_2", "《某办法》第三十九条第二款", "Some Rules, art. 39(2)"),
        ("art_8__para_1__item_3", "《某办法》第八条第一款第（三）项", "Some Rules, art. 8(1)(3)"),
        ("chp_2", "《某办法》第二章", "Some Rules, Chapter 2"),
        ("art_105", "《某办法》第一百零五条", "Some Rules, art. 105"),
    ],
)
def test_citations_read_as_a_lawyer_writes_them(provision: str, zh: str, en: str) -> None:
    assert cite(provision, "某办法", "Some Rules") == (zh, en)


@pytest.mark.parametrize(
    ("text", "keys_"),
    [
        ("《金融资产投资公司管理办法（试行）》第三十九条第二款", ["aic-measures-2018/art_39__para_2"]),
        ("《金融资产投资公司管理办法》第39条", ["aic-measures-2018/art_39"]),
        ("《某办法》第八条第（三）项", ["some-rules/art_8__para_1__item_3"]),
        ("《某办法》第八条第一款第三项", ["some-rules/art_8__para_1__item_3"]),
        ("第三十九条", ["aic-measures-2018/art_39", "some-rules/art_39"]),
        ("《没有的办法》第一条", []),
        ("你好", []),
    ],
)
def test_citations_are_read_back(text: str, keys_: list[str]) -> None:
    assert [str(key) for key in read_citation(text, TITLES)] == keys_


def test_every_provision_is_found_by_its_citation(knowledge: Knowledge) -> None:
    library = Library(knowledge)
    shown = library.show(keys.parse("aic-measures-2018/art_8"))
    queue = [shown]
    while queue:
        entry = queue.pop()
        assert str(library.resolve(entry["citation"]["zh"])) == entry["key"]
        queue += entry["provisions"]


def test_an_unknown_key_names_what_is_near(knowledge: Knowledge) -> None:
    library = Library(knowledge)
    with pytest.raises(UnknownKey, match="art_39__para_2"):
        library.resolve("aic-measures-2018/art_39__para_22")
    with pytest.raises(UnknownKey, match="第九百条"):
        library.resolve("第九百条")
