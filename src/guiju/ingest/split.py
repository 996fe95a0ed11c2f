"""Splits the text of a Chinese regulation into its provisions.

The text is read a line at a time. A *marker* opens a provision: 第一章, 第一节, 第一条, 一、,
（一）, 1., (1), i., a) or Q1:. A line without one is a paragraph (款), or the rest of a sentence
that was broken at the end of the line before. What a marker belongs to depends on the form of
the text, see `Form`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from guiju.numerals import NUMERAL, to_chinese, to_int

Form = Literal["auto", "articles", "outline", "opinions", "questions"]
"""How a text is built.

- ``articles``: 第一条, 第二条, ... numbered through the text, in chapters and sections or without;
- ``outline``: 一、（一）1.(1) below chapters or alone;
- ``opinions``: 一、二、 with （一）（二） counted through the whole text, cited as articles;
- ``questions``: Q1:, Q2:, ... with their answers;
- ``auto``: found from the text.
"""


class IngestError(ValueError):
    """The text cannot be split without guessing; ``line`` (from 1) says where, None for all."""

    def __init__(self, line: int | None, zh: str, en: str) -> None:
        self.line = line
        where_zh, where_en = (f"第{line}行：", f"line {line}: ") if line else ("", "")
        super().__init__(f"{where_zh}{zh}\n{where_en}{en}")


@dataclass(frozen=True)
class Provision:
    """One provision: ``art_39__para_2``, its kind, the provision it is part of, and its words.

    ``kind`` is chp, sec, prt, art, para, item, subitem, point or leaf; ``number`` is its Arabic
    number; a provision has a ``heading`` or a ``text``, or neither (an article whose words are its
    paragraphs'); ``line`` is the line of the source where it begins.
    """

    id: str
    kind: str
    parent: str | None
    number: str
    heading: str
    text: str
    line: int


@dataclass(frozen=True)
class Split:
    """What a text holds: its provisions in order, and the lines before the first (title, date)."""

    form: Form
    provisions: tuple[Provision, ...]
    preamble: tuple[str, ...]


_N = f"(?P<n>{NUMERAL})"
_MARKERS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern + r"\s*(?P<rest>.*)"))
    for kind, pattern in (
        ("chp", f"第(?:{_N})章"),
        ("sec", f"第(?:{_N})节"),
        ("art", f"第(?:{_N})条"),
        ("question", r"[▌■●]?\s*(?:Q|问)\s*(?P<n>[0-9]{1,9})\s*[:：.、．]"),
        ("prt", r"(?P<n>[一二三四五六七八九十百]{1,9})、"),
        ("item", r"[（(](?P<n>[一二三四五六七八九十百]{1,9})[）)]"),
        ("subitem", r"(?P<n>[0-9]{1,9})\s*[.．、](?![0-9](?![0-9]{3}年))"),
        ("point", r"[（(](?P<n>[0-9]{1,9})[）)]"),
        ("roman", r"(?P<n>[ivx]{1,9})[.．、](?![A-Za-z])"),
        ("leaf", r"(?P<n>[a-z])[)）][.．]?"),
        ("leaf", r"(?P<n>[①-⑳])"),
    )
)
_ROMAN = {"i": 1, "v": 5, "x": 10}
_RANK = {"chp": 0, "sec": 1, "prt": 2, "art": 3, "para": 5, "item": 6, "subitem": 7, "point": 8}
_RANK["leaf"] = 9
_IN_ARTICLE_PRT = 5.5  # 一、 inside an article stands between 款 and （一）

_FINISHED = "。；;：:！？!?”’）)"
_PAUSES = "，、,"
_CITED = re.compile(r"第|[的和与及或、，至到]|以及|规定|之")
_CITED_FIRST = re.compile(rf"第(?:{NUMERAL})[款项]|第[（(](?:{NUMERAL})[）)]|(?:[、和与及或至]|以及)第|规定的")
_CONTENTS = re.compile(r"目\s*[录次]")
_LEADER = re.compile(r"[\s.·…．]*[0-9]+\s*$")
_GLUED = re.compile(r"(第(?:" + NUMERAL + r")[章节][^。，；：]{1,30}?)(第(?:" + NUMERAL + r")[节条].*)")
_TITLE = re.compile(r"【(?P<title>[^】]+)】\s*(?P<rest>.*)")
_NAMES = {"chp": "章", "sec": "节", "art": "条", "prt": "部分", "question": "问"}
_ENGLISH = {"chp": "chapter", "sec": "section", "art": "article", "prt": "part"}


@dataclass
class _Line:
    """A logical line: a marker (or a plain paragraph, ``kind`` empty) and its words."""

    number: int
    kind: str
    n: int
    words: str


@dataclass
class _Node:
    id: str
    kind: str
    rank: float
    n: int
    line: int
    parent: _Node | None
    heading: str = ""
    text: str = ""
    children: list[_Node] = field(default_factory=list)

    def count(self, kind: str) -> int:
        return sum(child.kind == kind for child in self.children)

    def last(self, kind: str) -> int:
        """The number of the last child of the kind, 0 where there is none."""
        return next((c.n for c in reversed(self.children) if c.kind == kind), 0)


def split(text: str, form: Form = "auto") -> Split:
    """Split ``text`` into its provisions, in order, parents first.

    Raises IngestError where a chapter, article or part is missing or stands twice, where two
    provisions would have one address, and where the text has no provision at all.
    """
    raw = _without_contents(list(_raw_lines(text)))
    if not raw:
        raise IngestError(
            None,
            "文本为空；请提供法规全文。",
            "the text is empty; give the regulation's full text.",
        )
    found = _form(raw) if form == "auto" else form
    lines = _logical(raw, found)
    start = next((i for i, line in enumerate(lines) if line.kind), len(lines))
    if start == len(lines):
        raise IngestError(
            None,
            "没有找到任何条文（第一条、一、或 Q1:）；请检查文本是否完整。",
            "no provision (第一条, 一、 or Q1:) was found; check that the text is complete.",
        )
    preamble = [line.words for line in lines[:start]]
    if found in ("outline", "opinions"):  # sentences before 一、 belong to the document
        body = next((i for i, w in enumerate(preamble) if w.endswith("。")), start)
        preamble, start = preamble[:body], body
    return Split(found, tuple(_Builder(found).build(lines[start:])), tuple(preamble))


def _raw_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, with their number; a heading glued to the next is cut off."""
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        line = line.strip(" \t\u3000\u00a0")
        while glued := _GLUED.fullmatch(line):
            yield number, glued[1].strip()
            line = glued[2]
        if line:
            yield number, line


def _marker(line: str) -> tuple[str, int, str] | None:
    """The kind, number and words of a line that opens a provision."""
    for kind, pattern in _MARKERS:
        if match := pattern.fullmatch(line):
            n, rest = match["n"], match["rest"].strip()
            if kind == "roman":
                values = [_ROMAN[c] for c in n]
                later = [*values[1:], 0]
                total = sum(-v if v < w else v for v, w in zip(values, later, strict=True))
                return "point", total, rest
            if kind == "leaf":
                return kind, (ord(n) - 0x245F if ord(n) > 127 else ord(n) - 96), rest
            return kind, to_int(n), rest
    return None


def _without_contents(lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Drop a table of contents: headings that come again, with nothing but headings between."""
    title = next((i for i, (_, line) in enumerate(lines) if _CONTENTS.fullmatch(line)), None)
    lines = [line for i, line in enumerate(lines) if i != title]
    for top in ("chp", "prt"):
        firsts = [i for i, (_, line) in enumerate(lines) if (m := _marker(line)) and m[:2] == (top, 1)]
        if len(firsts) < 2:
            continue
        between = [_LEADER.sub("", line) for _, line in lines[firsts[0] : firsts[1]]]
        markers = [_marker(line) for line in between]
        if all(m and len(m[2]) <= 40 and not m[2].endswith("。") for m in markers) and any(
            m and m[:2] == (top, 2) for m in markers
        ):
            return lines[: firsts[0]] + lines[firsts[1] :]
    return lines


def _form(lines: list[tuple[int, str]]) -> Form:
    markers = [m for _, line in lines if (m := _marker(line))]
    kinds = {kind for kind, _, _ in markers}
    if "art" in kinds:
        return "articles"
    if "question" in kinds:
        return "questions"
    items = [n for kind, n, _ in markers if kind == "item"]
    parts = sum(kind == "prt" for kind, _, _ in markers)
    if parts > 1 and "chp" not in kinds and len(items) > 1 and items == [*range(1, len(items) + 1)]:
        return "opinions"
    return "outline"


def _unfinished(line: _Line, form: Form) -> bool:
    """Whether the sentence of a line goes on in the next one."""
    words = line.words
    if not words or words[-1] in _FINISHED or line.kind in ("chp", "sec", "question"):
        return False
    if words[-1] in _PAUSES:
        return True
    if form in ("outline", "opinions") and line.kind in ("prt", "item"):
        enough = 30  # a shorter one is a heading
    else:
        enough = 12 if form == "articles" else 20
    return len(words) >= enough and any(c in words for c in "，。；：、")


def _logical(raw: list[tuple[int, str]], form: Form) -> list[_Line]:
    """Join the lines of a broken sentence, so that each line left is one provision's."""
    lines: list[_Line] = []
    article = 0
    for number, words in raw:
        marker = _marker(words)
        if marker and marker[0] in ("chp", "sec", "art") and _CITED_FIRST.match(marker[2]):
            marker = None  # a sentence that begins with a citation: 第五条第一款规定的……
        if lines and _unfinished(lines[-1], form):
            cited = marker and marker[0] in ("chp", "sec", "art", "item") and _CITED.match(marker[2])
            skips = marker and marker[0] == "art" and marker[1] != article + 1
            if not marker or cited or skips:
                last = lines[-1]
                gap = " " if (last.words[-1] + words[0]).isascii() else ""
                lines[-1] = replace(last, words=last.words + gap + words)
                continue
        if not marker:
            lines.append(_Line(number, "", 0, words))
            continue
        kind, n, rest = marker
        if form == "opinions" and kind == "item":
            kind = "art"
        if kind == "question":
            kind = "art"
        if kind == "art":
            article = n
        lines.append(_Line(number, kind, n, rest))
    return lines


class _Builder:
    """Hangs each line below the provision it belongs to."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.open: list[_Node] = []  # from the outermost to the innermost
        self.nodes: list[_Node] = []
        self.taken: dict[str, int] = {}
        self.articles = 0
        self.article_line = 0

    def build(self, lines: list[_Line]) -> Iterator[Provision]:
        for line in lines:
            if line.kind:
                self._add(line)
            else:
                self._paragraph(line.number, line.words)
        for node in self.nodes:
            may_head = node.kind in ("prt", "item") and node.children and node.text
            if may_head and node.text[-1] not in _FINISHED:
                node.heading, node.text = node.text, ""
            parent = node.parent.id if node.parent else None
            yield Provision(node.id, node.kind, parent, str(node.n), node.heading, node.text, node.line)

    def _add(self, line: _Line) -> None:
        kind, n = line.kind, line.n
        rank: float = _RANK[kind]
        inside = [node.kind for node in self.open]
        if kind == "prt" and "art" in inside and "prt" not in inside[: inside.index("art")]:
            rank = _IN_ARTICLE_PRT
        if kind == "art":
            self._count(n, line.number)
        parent = self._parent(kind, rank, n)
        if kind in ("chp", "sec", "prt"):
            before = parent.last(kind) if parent else self._last_top(kind)
            if n != before + 1:
                self._refuse(kind, n, before, line.number, self._line_of(parent, kind, n))
        stem = f"{kind}_{n}" if parent is None or kind == "art" else f"{parent.id}__{kind}_{n}"
        node = self._open(stem, kind, rank, n, line.number, parent)
        words = line.words
        if kind in ("chp", "sec"):
            node.heading = re.sub(r"(?<=[一-鿿])[\s\u3000]+(?=[一-鿿])", "", words)
        elif kind != "art":
            node.text = words
        elif self.form == "questions":
            node.heading = words
        else:
            if title := _TITLE.fullmatch(words):
                node.heading, words = title["title"], title["rest"]
            elif self.form == "opinions":
                stop = words.find("。")
                if stop < 0:
                    node.heading, words = words, ""
                elif stop < len(words) - 1:
                    node.heading, words = words[:stop], words[stop + 1 :].strip()
            if words:
                self._paragraph(line.number, words)

    def _parent(self, kind: str, rank: float, n: int) -> _Node | None:
        while self.open and self.open[-1].rank >= rank:
            self.open.pop()
        parent = self.open[-1] if self.open else None
        if self.form == "articles" and parent and parent.kind == "para" and parent.last(kind) != n - 1:
            # a list may go on after a paragraph that interrupts it
            siblings = parent.parent.children if parent.parent else []
            earlier = [p for p in siblings if p.kind == "para" and n > 1 and p.last(kind) == n - 1]
            if earlier:
                self.open[-1] = parent = earlier[-1]
        return parent

    def _paragraph(self, number: int, words: str) -> None:
        if self.form == "articles":
            while self.open and self.open[-1].rank > _RANK["art"]:
                self.open.pop()
        parent = self.open[-1] if self.open else None
        n = (parent.count("para") if parent else self._last_top("para")) + 1
        stem = f"{parent.id}__para_{n}" if parent else f"para_{n}"
        node = self._open(stem, "para", _RANK["para"], n, number, parent)
        node.text = words
        if self.form != "articles":  # here a paragraph holds no list
            self.open.pop()

    def _open(self, stem: str, kind: str, rank: float, n: int, line: int, parent: _Node | None) -> _Node:
        if stem in self.taken:
            raise IngestError(
                line,
                f"{stem} 重复，已见于第{self.taken[stem]}行；请核对编号后重试。",
                f"{stem} stands twice, first in line {self.taken[stem]}; correct the numbering.",
            )
        self.taken[stem] = line
        node = _Node(stem, kind, rank, n, line, parent)
        if parent:
            parent.children.append(node)
        self.nodes.append(node)
        self.open.append(node)
        return node

    def _last_top(self, kind: str) -> int:
        return next((x.n for x in reversed(self.nodes) if x.kind == kind and not x.parent), 0)

    def _line_of(self, parent: _Node | None, kind: str, n: int) -> int | None:
        same = (x for x in self.nodes if x.kind == kind and x.parent is parent and x.n == n)
        return next((x.line for x in same), None)

    def _count(self, n: int, line: int) -> None:
        if n != self.articles + 1:
            self._refuse("art", n, self.articles, line, self.taken.get(f"art_{n}"))
        self.articles, self.article_line = n, line

    def _refuse(self, kind: str, n: int, before: int, line: int, first: int | None) -> None:
        def zh(k: int) -> str:
            if not 0 < k < 10000 or (kind == "art" and self.form == "questions"):
                return f"Q{k}" if self.form == "questions" else f"第{k}{_NAMES[kind]}"
            if kind == "art" and self.form == "opinions":
                return f"（{to_chinese(k)}）"
            return f"{to_chinese(k)}、" if kind == "prt" else f"第{to_chinese(k)}{_NAMES[kind]}"

        name = _ENGLISH[kind]
        if first is not None:
            raise IngestError(
                line,
                f"{zh(n)}重复，已见于第{first}行；请删去或改正其中之一后重试。",
                f"{name} {n} stands twice, first in line {first}; remove or correct one of them.",
            )
        if n > before + 1:
            after = f"{zh(before)}之后" if before else "开头"
            raise IngestError(
                line,
                f"缺少{zh(before + 1)}：{after}直接出现{zh(n)}；请补上缺少的内容或改正编号后重试。",
                f"{name} {before + 1} is missing: {name} {n} follows "
                f"{f'{name} {before}' if before else 'the beginning'}; "
                "supply what is missing or correct the number.",
            )
        raise IngestError(
            line,
            f"{zh(n)}的次序不对：它前面是{zh(before)}；请改正编号后重试。",
            f"{name} {n} is out of order: it follows {name} {before}; correct the number.",
        )
