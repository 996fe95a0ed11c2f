"""Citations as a lawyer writes them, from the ids of provisions."""

from __future__ import annotations

import re
from collections.abc import Mapping

from guiju.keys import Key
from guiju.numerals import NUMERAL, to_chinese, to_int

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


_STEP = re.compile(rf"第({NUMERAL})(编|部分|章|节|条|款|目)|第?[（(]({NUMERAL})[）)]项?|第({NUMERAL})项")
_KIND = {"编": "prt", "部分": "prt", "章": "chp", "节": "sec", "条": "art", "款": "para", "目": "subitem"}


def read_citation(text: str, titles: Mapping[str, str]) -> list[Key]:
    """The keys that a citation may mean, best first; one a document where it names no 《title》.

    ``titles`` maps Chinese titles to document ids. An item cited without its paragraph (第七条第（一）项)
    is read as of the first paragraph. Empty where the text is no citation.
    """
    title = re.search(r"《(.+?)》", text)
    rest = text[title.end() :] if title else text
    steps = []
    for match in _STEP.finditer(rest):
        if match[1]:
            steps.append((_KIND[match[2]], to_int(match[1])))
        else:
            steps.append(("item", to_int(match[3] or match[4])))
    if any(kind == "item" for kind, _ in steps) and not any(kind == "para" for kind, _ in steps):
        at = next(i for i, (kind, _) in enumerate(steps) if kind == "item")
        steps.insert(at, ("para", 1))
    if any(kind == "art" for kind, _ in steps):
        steps = [step for step in steps if step[0] not in {"prt", "chp", "sec"}]
    provision = "__".join(f"{kind}_{number}" for kind, number in steps) or None
    if title is None:
        return [Key(document, provision) for document in titles.values()] if provision else []
    name = title[1]
    return [Key(document, provision) for known, document in titles.items() if name == known or known.startswith(name)]
