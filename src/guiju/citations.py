"""Citations as a lawyer writes them, from the ids of provisions."""

from __future__ import annotations

from guiju.numerals import to_chinese

_ZH = {
    "prt": "第{}部分", "chp": "第{}章", "sec": "第{}节", "art": "第{}条", "para": "第{}款",
    "item": "第（{}）项", "subitem": "第{}目", "point": "第（{}）点", "leaf": "第{}",
}  # fmt: skip
_EN = {"prt": "Part {}", "chp": "Chapter {}", "sec": "Section {}", "art": "art. {}"}
_ARABIC = {"subitem", "point", "leaf"}


def cite(provision: str, title_zh: str, title_en: str) -> tuple[str, str]:
    """The citation of a provision id such as ``art_39__para_2``, in Chinese and English.

    An article with one paragraph only is still cited with its paragraph where the id names it.
    """
    zh, en = f"《{title_zh}》", ""
    for step in provision.split("__"):
        kind, _, number = step.partition("_")
        whole = int(number) if number.isdigit() else None
        shown = number if whole is None or kind in _ARABIC else to_chinese(whole)
        zh += _ZH.get(kind, "第{}").format(shown)
        en += _EN[kind].format(number) if kind in _EN else f"({number})"
    return zh, f"{title_en}, {en}"
