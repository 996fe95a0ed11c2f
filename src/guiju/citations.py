"""Citations as a lawyer writes them, from the ids of provisions."""

from __future__ import annotations

_DIGITS = "零一二三四五六七八九"
_ZH = {
    "prt": "第{}部分", "chp": "第{}章", "sec": "第{}节", "art": "第{}条", "para": "第{}款",
    "item": "第（{}）项", "subitem": "第{}目", "point": "第（{}）点", "leaf": "第{}",
}  # fmt: skip
_EN = {"prt": "Part {}", "chp": "Chapter {}", "sec": "Section {}", "art": "art. {}"}
_ARABIC = {"subitem", "point", "leaf"}


def chinese_number(number: int) -> str:
    """1 to 9999 in Chinese numerals: 10 is 十, 21 is 二十一, 105 is 一百零五."""
    if not 0 < number < 10_000:
        raise ValueError(f"{number} is outside 1 to 9999")
    text, pending_zero = "", False
    for power, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // power % 10
        if digit:
            text += ("零" if pending_zero and text else "") + _DIGITS[digit] + unit
            pending_zero = False
        else:
            pending_zero = True
    return text.removeprefix("一") if 10 <= number < 20 else text


def cite(provision: str, title_zh: str, title_en: str) -> tuple[str, str]:
    """The citation of a provision id such as ``art_39__para_2``, in Chinese and English.

    An article with one paragraph only is still cited with its paragraph where the id names it.
    """
    zh, en = f"《{title_zh}》", ""
    for step in provision.split("__"):
        kind, _, number = step.partition("_")
        whole = int(number) if number.isdigit() else None
        shown = number if whole is None or kind in _ARABIC else chinese_number(whole)
        zh += _ZH.get(kind, "第{}").format(shown)
        en += _EN[kind].format(number) if kind in _EN else f"({number})"
    return zh, f"{title_en}, {en}"
